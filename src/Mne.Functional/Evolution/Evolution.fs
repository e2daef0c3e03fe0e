namespace Mne.Functional

open System
open System.Diagnostics

/// <summary>Solves evolution equations by minimal neural evolution (Lindsey, arXiv 2502.03645).</summary>
[<RequireQualifiedAccess>]
module Evolution =

    /// <summary>Exact sketch, λ = 1e-10, tolerance 1e-6, fixed points.</summary>
    let defaults: EvolutionOptions =
        {
            Sketch = Sketch.Exact
            Regularisation = 1e-10
            Tolerance = 1e-6
            ErrorScale = ErrorScale.Magnitude
            SmallestScale = 0.0
            Points = PointDynamics.Fixed
            Walls = []
            Events = []
            Method = Method.automatic
            Controller = Controller.proportionalIntegral
            InitialStep = None
            MaximumStep = Double.PositiveInfinity
            MaximumSteps = 100_000
            Checkpoint = ignore
        }

    /// Raises `ArgumentException` for options out of range; the stage that they are of precedes their names.
    let internal check (stage: string) (options: EvolutionOptions) : unit =
        Guard.positive $"{stage}Regularisation" options.Regularisation
        Guard.tolerance $"{stage}Tolerance" options.Tolerance
        Guard.notNegative $"{stage}SmallestScale" options.SmallestScale

        if not (options.MaximumStep > 0.0) then
            Guard.fail $"{stage}MaximumStep" $"found {options.MaximumStep}, wanted a number greater than 0"

        Guard.atLeast $"{stage}MaximumSteps" 1 options.MaximumSteps
        options.InitialStep |> Option.iter (Guard.positive $"{stage}InitialStep")
        Sketch.check $"{stage}Sketch" options.Sketch

    /// Raises `ArgumentException` for what several ranks cannot share.
    let private checkShared (ranks: Communicator) (options: EvolutionOptions) (points: int) : unit =
        if ranks.Size > 1 then
            if options.Sketch = Sketch.Exact then
                Guard.fail
                    "Sketch"
                    $"found Exact on {ranks.Size} ranks, which would exchange a kernel of {points} × {points} numbers; wanted Landmarks s or Adaptive, with which they exchange s²/2"

            if not options.Walls.IsEmpty then
                Guard.fail
                    "Walls"
                    $"found conditions at walls on {ranks.Size} ranks; wanted one rank, or walls that reflections keep (Coordinate.Bounded)"

            if points < ranks.Size then
                Guard.fail
                    "points"
                    $"found {points} for {ranks.Size} ranks, wanted one for each at least; start fewer ranks"

    /// The vector field at the points X (N × d); an adaptive sketch gets the landmarks that θ and these points want.
    let private vectorField
        (ranks: Communicator)
        (options: EvolutionOptions)
        (walls: WallPoints list)
        term
        (network: Network)
        (θ: Tensor)
        (x: Tensor)
        : VectorField =
        let n, m = Tensor.rows x, network.Outputs

        let sketch =
            options.Sketch
            |> Sketch.resolve options.Regularisation m n (fun () -> Network.tangent network θ x)

        // So many as rank 0 wants.
        let sketch =
            match sketch with
            | _ when ranks.Size = 1 -> sketch
            | Sketch.Landmarks s -> Sketch.Landmarks(int (Communicator.agree ranks (float s)))
            | Sketch.Exact
            | Sketch.Adaptive _ -> Sketch.Landmarks(int (Communicator.agree ranks (float n)))

        {
            Network = network
            Term = term
            Points = options.Points
            PointCount = n
            Landmarks = sketch |> Sketch.landmarks network.Domain.Dimension m n
            Regularisation = options.Regularisation
            Walls = walls
        }

    /// The times from t0 to t1 between which the points stay or move, and how each such piece begins: where points are drawn
    /// anew, with those and the vector field at them.
    let private pieces (run: Run) (options: EvolutionOptions) (t0: float, t1: float) =
        match options.Points with
        | PointDynamics.Fixed
        | PointDynamics.Moving _ -> [ t0; t1 ], (fun _ field y -> field, y)
        | PointDynamics.Redrawn redraw ->
            let low, high = min t0 t1, max t0 t1

            let between =
                redraw.Times(t0, t1)
                |> List.filter (fun t -> low < t && t < high)
                |> List.distinct
                |> List.sort

            let times = t0 :: (if t1 > t0 then between else List.rev between) @ [ t1 ]

            let restart i (before: VectorField) (y: Tensor) =
                let x = redraw.Draw before times[i] (y.clone ()) (Seed.child i run.Seed)
                Guard.vectors "Draw" before.PointCount before.Network.Domain.Dimension x
                Guard.finite "Draw" x

                let x =
                    if run.Communicator.Size = 1 then
                        x
                    else
                        Communicator.broadcast x run.Communicator

                let θ = VectorField.parameters before y
                let walls = WallPoints.among x before.Walls
                vectorField run.Communicator options walls before.Term before.Network θ x, VectorField.pack θ x

            times, restart

    let private progress (t0: float, t1: float) (elapsed: TimeSpan) accepted (step: StepRecord<FieldNote>) : Progress =
        let fraction = (step.Time - t0) / (t1 - t0)

        { Progress.at Phase.Evolve step.Time fraction elapsed with
            Accepted = accepted
            Rejected = step.Rejected
            Step = step.Step
            Residual = step.Note.FreshResidual
            Defect = step.Note.Defect
            EffectiveRank = step.Note.EffectiveRank
        }

    /// What is asked of the integrator. `field` has the network and the number of points of every piece.
    let private problem
        (run: Run)
        (options: EvolutionOptions)
        (field: VectorField)
        : Integration<VectorField, FieldNote> =
        let relativeToSpread = (options.ErrorScale = ErrorScale.Spread)
        let team, stop = Team.ofRun run.Communicator run.Cancellation

        {
            Field = VectorField.evaluateBy team
            Norm = VectorField.normBy team field relativeToSpread options.SmallestScale options.Tolerance
            Method = options.Method
            Controller = options.Controller
            InitialStep = options.InitialStep
            MaximumStep = options.MaximumStep
            MaximumSteps = options.MaximumSteps
            Events =
                [
                    for event in options.Events ->
                        Event.create event.Name event.Direction (fun t y ->
                            event.Function t (VectorField.parameters field y) (VectorField.points field y)
                            |> Communicator.agree run.Communicator)
                ]
            // No piece has the number −1.
            Examine = Defect.examine relativeToSpread options.SmallestScale (Seed.child -1 run.Seed)
            OnStep = fun _ _ -> ()
            OnState = ignore
            KeepsSteps = true
            Cancellation = stop
        }

    /// Runs a vector field over a time span; `integrate problem restart times` begins, or goes on after so much time.
    let private follow run (options: EvolutionOptions) field (t0: float, t1: float) (earlier: TimeSpan) integrate =
        let clock = Stopwatch.StartNew()
        let elapsed () = earlier + clock.Elapsed
        let times, restart = pieces run options (t0, t1)

        let checkpoint (state: Lazy<IntegratorState<VectorField, FieldNote>>) =
            // Every rank has the whole state; one writes it.
            if run.Communicator.Rank = 0 then
                let own =
                    lazy
                        {
                            Stop = t1
                            Integrator = state.Value
                            Options = options
                            Witness = VectorField.witness state.Value.Context state.Value
                            Elapsed = elapsed ()
                        }

                // The last word is there already.
                if state.IsValueCreated then
                    own.Force() |> ignore

                options.Checkpoint own

        let problem =
            { problem run options field with
                OnStep = fun accepted step -> run.Meter(progress (t0, t1) (elapsed ()) accepted step)
                OnState = checkpoint
            }

        let last, trajectory = integrate problem restart times

        {
            VectorField = last
            Trajectory = trajectory
            Options = options
            Elapsed = elapsed ()
        }

    /// <summary>
    /// Solves ∂_t u = A_t u from time t0 to t1 (t1 &lt; t0 runs backwards) and returns what was reached, whatever the
    /// outcome: see <c>Solution.Outcome</c>. <c>term</c> is A_t u, <c>collocation</c> where it is imposed, <c>start</c>
    /// the parameters θ (p) at t0. For a system, <c>term</c> is a <c>Term.system</c> with a right-hand side for each
    /// component of the network.
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; <c>Run.quiet</c> where nothing is special.</param>
    /// <param name="options">Start from <c>Evolution.defaults</c>.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="collocation">The N points at which the equation is imposed; p well above N is the rule.</param>
    /// <param name="start">Parameters θ (p) at the beginning; their element type and device are those of the
    /// result.</param>
    /// <param name="t0">Where it begins.</param>
    /// <param name="t1">Where it ends; t1 &lt; t0 runs backwards.</param>
    /// <exception cref="T:System.ArgumentException">For arguments that do not fit together, also when the network does
    /// not keep the boundary conditions of its domain, or is a function with a kink where a derivative is
    /// read; when walls are kept by a reflection that does not suit the equation (see <c>Coordinate.Bounded</c>); and when
    /// its coefficients show that it is ill-posed, as diffusion backwards in time is.</exception>
    let trySolve
        (run: Run)
        (options: EvolutionOptions)
        (term: Term)
        (network: Network)
        (collocation: Collocation)
        (start: Tensor)
        (t0: float, t1: float)
        : Solution =
        check "" options
        Guard.vector "start" network.ParameterCount start
        Guard.finite "start" start

        if Term.components term <> network.Outputs then
            Guard.fail
                "term"
                $"right-hand sides: {Term.components term}, components of the network: {network.Outputs}; give Term.system one right-hand side per component, and end the network in Layer.outputs"

        if not (Double.IsFinite t0 && Double.IsFinite t1) || t0 = t1 then
            Guard.fail "t1" $"a time span from {t0} to {t1}; wanted two different finite times"

        IllPosed.check network.Domain.Dimension term (t0, t1)

        run.Meter(Progress.started Phase.Evolve t0)

        use y =
            Scope.keep (fun () ->
                let points = Collocation.points (Placement.ofTensor start) run.Seed collocation
                Guard.points "points" network.Domain.Dimension points
                Guard.finite "points" points
                Boundary.check network start points
                Smoothness.check (VectorField.reads network.Domain.Dimension term options.Points) network start points
                Symmetry.check term network start points (t0, t1)
                checkShared run.Communicator options (Tensor.rows points)
                let y = VectorField.pack start points
                // The same on every rank, whatever its processor makes of the same seed.
                if run.Communicator.Size = 1 then
                    y
                else
                    Communicator.broadcast y run.Communicator)

        let field =
            Scope.free (fun () ->
                let p = int64 network.ParameterCount

                let x = y.narrow(0L, p, y.shape[0] - p).view(-1L, int64 network.Domain.Dimension)
                let walls = WallPoints.create network x (t0, t1) options.Walls
                vectorField run.Communicator options walls term network start x)

        Scope.free (fun () -> VectorField.checkWalls field t0 y)

        Scope.free (fun () -> VectorField.checkRowwise (fst (Team.ofRun run.Communicator run.Cancellation)) field t0 y)

        follow run options field (t0, t1) TimeSpan.Zero (fun problem restart times ->
            Integrator.solvePiecewise problem restart field y times)

    /// <summary>
    /// Goes on with a run from a state that <c>Checkpoint</c> has reported, to where it was to end, and returns what
    /// was reached, whatever the outcome. Options and equation are given again: with those of the first run, the
    /// solution has the bits that it would have had without the interruption. It takes the tensors of the state over;
    /// do not use the state afterwards.
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; <c>Run.quiet</c> where nothing is special.</param>
    /// <param name="options">Start from <c>Evolution.defaults</c>.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <param name="state">The state that a checkpoint has reported; its tensors are taken over.</param>
    /// <exception cref="T:System.ArgumentException">The equation reads differently or has other values, or the state
    /// does not fit the options.</exception>
    let tryResume (run: Run) (options: EvolutionOptions) (term: Term) (state: EvolutionState) : Solution =
        check "" options

        if Term.show term <> Term.show state.VectorField.Term then
            Guard.fail
                "term"
                $"found {Term.show term}, but the run was of {Term.show state.VectorField.Term}; give the equation that it began with"

        let before = state.VectorField
        checkShared run.Communicator options before.PointCount

        // As where the run began, with the points of the present piece.
        let walls =
            Scope.free (fun () ->
                let reached = state.Integrator.Reached
                let start = VectorField.points before reached.Segments[0].Coefficients[0]
                let now = VectorField.points before state.Integrator.Y

                options.Walls
                |> WallPoints.create before.Network start (reached.Start, state.Stop)
                |> match options.Points with
                   | PointDynamics.Redrawn _ -> WallPoints.among now
                   | PointDynamics.Fixed
                   | PointDynamics.Moving _ -> id)

        let field =
            { before with
                Term = term
                Points = options.Points
                Landmarks =
                    match options.Sketch with
                    | Sketch.Adaptive _ -> before.Landmarks // settled where points were last drawn
                    | sketch ->
                        sketch
                        |> Sketch.landmarks before.Network.Domain.Dimension before.Network.Outputs before.PointCount
                Regularisation = options.Regularisation
                Walls = walls
            }

        // Rounding, which differs between machines, is largest relative to A_t u where its parts cancel.
        let tolerance = sqrt (Placement.epsilon (Placement.ofTensor state.Integrator.Y))

        if not (Witness.agrees tolerance state.Witness (VectorField.witness field state.Integrator)) then
            Guard.fail
                "term"
                $"{Term.show term} has other values than in the run, by its functions; give the equation that it began with"

        let reached = state.Integrator.Reached

        run.Meter
            { Progress.started Phase.Evolve reached.Stop with
                Fraction = (reached.Stop - reached.Start) / (state.Stop - reached.Start)
                Accepted = reached.Records.Length
                Rejected = reached.Rejected
                Elapsed = state.Elapsed
            }

        follow run options field (reached.Start, state.Stop) state.Elapsed (fun problem restart times ->
            Integrator.resumePiecewise
                problem
                restart
                { state.Integrator with
                    Context = field
                }
                times)

    let private orRaise (run: Run) (solution: Solution) : Solution =
        match solution.Outcome with
        | Outcome.Completed
        | Outcome.StoppedByEvent _ -> solution
        | Outcome.Cancelled _ ->
            (solution :> IDisposable).Dispose()
            raise (OperationCanceledException run.Cancellation)
        | outcome ->
            (solution :> IDisposable).Dispose()
            raise (EvolutionFailedException(outcome, outcome.Advice))

    /// <summary>
    /// As <c>trySolve</c>, but raises <c>EvolutionFailedException</c>, which carries the outcome and its advice, unless
    /// the end or an event was reached.
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; <c>Run.quiet</c> where nothing is special.</param>
    /// <param name="options">Start from <c>Evolution.defaults</c>.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <param name="network">The parametric function u_θ.</param>
    /// <param name="collocation">The N points at which the equation is imposed; p well above N is the rule.</param>
    /// <param name="start">Parameters θ (p) at the beginning; their element type and device are those of the
    /// result.</param>
    /// <param name="span">t0 and t1; t1 &lt; t0 runs backwards.</param>
    /// <exception cref="T:System.ArgumentException">For arguments that do not fit together: see <c>trySolve</c>.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">Neither the end nor an event was reached.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop; what was reached is freed.</exception>
    /// <example><code>
    /// let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
    /// let network = Network.create circle [ Layer.harmonics 2; Layer.dense 32 Sine; Layer.dense 32 Sine ]
    /// let points = Collocation.grid circle 128
    /// let start = Regression.fit Run.quiet Regression.defaults network (fun x -&gt; x.squeeze(1L).sin ()) points
    /// let solution = Evolution.solve Run.quiet Evolution.defaults (0.1 * Term.laplacian) network points start (0.0, 1.0)
    /// </code></example>
    let solve run options term network collocation start span : Solution =
        trySolve run options term network collocation start span |> orRaise run

    /// <summary>
    /// As <c>tryResume</c>, but raises <c>EvolutionFailedException</c> unless the end or an event was reached.
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; <c>Run.quiet</c> where nothing is special.</param>
    /// <param name="options">Start from <c>Evolution.defaults</c>.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <param name="state">The state that a checkpoint has reported; its tensors are taken over.</param>
    /// <exception cref="T:System.ArgumentException">The equation reads differently or has other values, or the state
    /// does not fit the options.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">Neither the end nor an event was reached.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop; what was reached is freed.</exception>
    let resume run options term state : Solution =
        tryResume run options term state |> orRaise run
