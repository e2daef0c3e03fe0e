namespace Mne.Functional

open System
open System.Diagnostics
open System.Threading

/// What an error of u is measured against.
type ErrorScale =
    /// The root mean square of u at the points.
    | Magnitude
    /// The root mean square of u less its mean: for energies, whose additive constant does not matter.
    | Spread

/// How to solve an evolution equation. Start from `Evolution.defaults`.
type EvolutionOptions =
    {
        /// How the minimal-norm problem is restricted. Default `Exact`.
        Sketch: Sketch
        /// λ, relative to the mean diagonal of the kernel: small is accurate, large is less stiff. Default 1e-10.
        Regularisation: float
        /// Local error that is tolerated, relative, in function space. Default 1e-6.
        Tolerance: float
        /// What errors are relative to. Default `Magnitude`.
        ErrorScale: ErrorScale
        /// What errors are relative to is not taken to be smaller than this: the size of u from which on errors matter. Default 0.
        SmallestScale: float
        /// How the points move. Default `Fixed`.
        Points: PointDynamics
        /// Seed for points that are drawn. Default 0.
        Seed: int
        /// Receives progress after every step. Default: silence.
        Meter: Meter
        /// Ends the run with the outcome `Cancelled`.
        Cancellation: CancellationToken
        /// Events that end the run: functions of (t, θ (p), X (N × d)) that are positive before the event.
        Events: (string * (float -> Tensor -> Tensor -> float)) list
        /// The Runge–Kutta pair. Default Dormand–Prince 5(4).
        Tableau: Tableau
        /// The step-size controller. Default proportional–integral.
        Controller: Controller
        /// The first step; None lets the program choose.
        InitialStep: float option
        /// Steps never exceed this. Default: no limit.
        MaximumStep: float
        /// Steps, accepted and rejected, never exceed this number. Default 100,000.
        MaximumSteps: int
        /// Called after every accepted step but the last with the state of the run, from which `Evolution.resume` goes on; see
        /// `Checkpoint.every`, which writes it to a file. Default: nothing.
        Checkpoint: Lazy<EvolutionState> -> unit
    }

/// A run between two steps: with the same options and equation, what follows depends on nothing else.
and EvolutionState =
    {
        /// The vector field that is integrated, with the network.
        VectorField: VectorField
        /// t1, where the run is to end.
        Stop: float
        /// What has been reached, and the state of the integrator there.
        Integrator: IntegratorState<FieldNote>
        /// The options that it was made with.
        Options: EvolutionOptions
        /// How long it has taken so far.
        Elapsed: TimeSpan
    }

    interface IDisposable with
        member state.Dispose() =
            (state.Integrator.Reached :> IDisposable).Dispose()
            state.Integrator.Y.Dispose()
            state.Integrator.Slope.Dispose()

/// The solution of an evolution equation: θ(t) and X(t) as functions of time, interpolated with order 4 between steps.
/// It owns tensors; dispose of it when it is no longer needed.
[<StructuredFormatDisplay("{Summary}")>]
type Solution =
    {
        /// The vector field that was integrated, with the network.
        VectorField: VectorField
        /// The joint state (θ, X) over time.
        Trajectory: Trajectory<FieldNote>
        /// The options that it was made with.
        Options: EvolutionOptions
        /// How long it took.
        Elapsed: TimeSpan
    }

    /// The parametric function class.
    member solution.Network = solution.VectorField.Network

    /// How the run ended.
    member solution.Outcome = solution.Trajectory.Outcome

    /// One line that says what it is; F# Interactive shows it in place of tensors.
    member solution.Summary =
        let trajectory = solution.Trajectory

        $"u(t, x) for t from {trajectory.Start} to {trajectory.Stop} in {trajectory.Records.Length} steps, {solution.Network.ParameterCount} parameters. {solution.Outcome.Advice}"

    override solution.ToString() = solution.Summary

    interface IDisposable with
        member solution.Dispose() =
            (solution.Trajectory :> IDisposable).Dispose()

/// Solutions of evolution equations.
[<RequireQualifiedAccess>]
module Solution =

    /// θ(t) (p). Raises `ArgumentException` when t lies outside the time span that was reached.
    let parameters (t: float) (solution: Solution) : Tensor =
        Trajectory.evaluatePart (0L, int64 solution.Network.ParameterCount) t solution.Trajectory

    /// X(t) (N × d), where the collocation points were.
    let points (t: float) (solution: Solution) : Tensor =
        let field = solution.VectorField
        let d = field.Network.Domain.Dimension

        Scope.keep (fun () ->
            let flat =
                Trajectory.evaluatePart
                    (int64 field.Network.ParameterCount, int64 (field.PointCount * d))
                    t
                    solution.Trajectory

            flat.view (int64 field.PointCount, int64 d))

    /// u and the requested derivatives at time t and the points X (M × d).
    let jet (request: Set<Derivative>) (t: float) (points: Tensor) (solution: Solution) : Jet =
        Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
            Network.jet request solution.Network (parameters t solution) points)

    /// u(t, x) at the points X (M × d): M, or M × m for m components.
    let evaluate (t: float) (points: Tensor) (solution: Solution) : Tensor =
        Scope.keep (fun () -> Network.value solution.Network (parameters t solution) points)

    /// One component of the solution, to be read like the solution of a single equation. It shares the solution's tensors:
    /// dispose of one of them only. Raises `ArgumentException` when u does not have the component.
    ///
    /// <example><code>let v = solution |> Solution.ofComponent 1 |> Solution.evaluate 0.5 points</code></example>
    let ofComponent (index: int) (solution: Solution) : Solution =
        let field = solution.VectorField

        { solution with
            VectorField =
                { field with
                    Network = Network.ofComponent index field.Network
                }
        }

    /// The accepted steps in numbers: time, step, error over tolerance, residual, effective rank.
    let steps (solution: Solution) = solution.Trajectory.Records

    /// The time that was reached.
    let stop (solution: Solution) = solution.Trajectory.Stop

/// Solves evolution equations by minimal neural evolution (Lindsey, arXiv 2502.03645).
[<RequireQualifiedAccess>]
module Evolution =

    /// Exact sketch, λ = 1e-10, tolerance 1e-6, fixed points.
    let defaults: EvolutionOptions =
        {
            Sketch = Exact
            Regularisation = 1e-10
            Tolerance = 1e-6
            ErrorScale = Magnitude
            SmallestScale = 0.0
            Points = Fixed
            Seed = 0
            Meter = Progress.silent
            Cancellation = CancellationToken.None
            Events = []
            Tableau = Stepper.dormandPrince54
            Controller = Controller.proportionalIntegral
            InitialStep = None
            MaximumStep = Double.PositiveInfinity
            MaximumSteps = 100_000
            Checkpoint = ignore
        }

    let private checkOptions (options: EvolutionOptions) =
        Guard.positive "Regularisation" options.Regularisation
        Guard.positive "Tolerance" options.Tolerance
        Guard.notNegative "SmallestScale" options.SmallestScale

        if not (options.MaximumStep > 0.0) then
            Guard.fail "MaximumStep" $"found {options.MaximumStep}, wanted a number greater than 0"

        Guard.atLeast "MaximumSteps" 1 options.MaximumSteps
        options.InitialStep |> Option.iter (Guard.positive "InitialStep")

    /// The vector field at the points X (N × d); an adaptive sketch gets the landmarks that θ and these points want.
    let private vectorField (options: EvolutionOptions) term (network: Network) (θ: Tensor) (x: Tensor) : VectorField =
        let n, m = Tensor.rows x, network.Outputs

        {
            Network = network
            Term = term
            Points = options.Points
            PointCount = n
            Landmarks =
                options.Sketch
                |> Sketch.resolve options.Regularisation m n (fun () -> Network.tangent network θ x)
                |> Sketch.landmarks network.Domain.Dimension m n
            Regularisation = options.Regularisation
        }

    /// Runs a vector field from t0 to t1, from the start (θ, X) or from a state of an earlier run.
    let private run
        (options: EvolutionOptions)
        (first: VectorField)
        (t0: float, t1: float)
        (from: Choice<Tensor, EvolutionState>)
        : Solution =
        let clock = Stopwatch.StartNew()

        let earlier, before =
            match from with
            | Choice1Of2 _ -> TimeSpan.Zero, 0
            | Choice2Of2 state -> state.Elapsed, state.Integrator.Reached.Records.Length

        let elapsed () = earlier + clock.Elapsed
        let accepted = ref before

        /// The vector field of the present piece.
        let present = ref first

        let report (step: StepRecord<FieldNote>) =
            accepted.Value <- accepted.Value + 1
            let fraction = (step.Time - t0) / (t1 - t0)

            options.Meter
                {
                    Phase = "evolve"
                    Fraction = fraction
                    Time = step.Time
                    Accepted = accepted.Value
                    Rejected = step.Rejected
                    Step = step.Step
                    Residual = step.Note.Residual
                    EffectiveRank = step.Note.EffectiveRank
                    Elapsed = elapsed ()
                    Remaining = Progress.remaining fraction (elapsed ())
                }

        let checkpoint (state: Lazy<IntegratorState<FieldNote>>) =
            options.Checkpoint(
                lazy
                    {
                        VectorField = present.Value
                        Stop = t1
                        Integrator = state.Value
                        Options = options
                        Elapsed = elapsed ()
                    }
            )

        let problem =
            {
                Field = VectorField.evaluate first
                Norm = VectorField.norm first (options.ErrorScale = Spread) options.SmallestScale options.Tolerance
                Tableau = options.Tableau
                Controller = options.Controller
                InitialStep = options.InitialStep
                MaximumStep = options.MaximumStep
                MaximumSteps = options.MaximumSteps
                Events =
                    [
                        for name, f in options.Events ->
                            {
                                Name = name
                                Function = fun t y -> f t (VectorField.parameters first y) (VectorField.points first y)
                            }
                    ]
                OnStep = report
                OnState = checkpoint
                KeepsSteps = true
                Cancellation = options.Cancellation
            }

        /// The times at which points are drawn anew, and how.
        let times, restart =
            match options.Points with
            | Fixed
            | Moving _ -> [ t0; t1 ], (fun _ y -> VectorField.evaluate first, y)
            | Redrawn redraw ->
                let low, high = min t0 t1, max t0 t1

                let between =
                    redraw.Times(t0, t1)
                    |> List.filter (fun t -> low < t && t < high)
                    |> List.distinct
                    |> List.sort

                let times = t0 :: (if t1 > t0 then between else List.rev between) @ [ t1 ]

                let place i (y: Tensor) =
                    let before = present.Value
                    let x = redraw.Draw before times[i] y (Random.child i options.Seed)
                    Guard.vectors "Draw" before.PointCount before.Network.Domain.Dimension x
                    Guard.finite "Draw" x
                    let θ = VectorField.parameters before y
                    present.Value <- vectorField options before.Term before.Network θ x
                    VectorField.evaluate present.Value, VectorField.pack θ x

                times, place

        let trajectory =
            Scope.keepAll
                (fun (trajectory: Trajectory<FieldNote>) ->
                    [
                        for s in trajectory.Segments do
                            yield! s.Coefficients
                    ])
                (fun () ->
                    match from with
                    | Choice1Of2 y -> Integrator.solvePiecewise problem restart y times
                    | Choice2Of2 state -> Integrator.resumePiecewise problem restart state.Integrator times)

        {
            VectorField = present.Value
            Trajectory = trajectory
            Options = options
            Elapsed = elapsed ()
        }

    /// Solves ∂_t u = A_t u from time t0 to t1 (t1 < t0 runs backwards) and returns what was reached, whatever the
    /// outcome: see `Solution.Outcome`.
    /// `term` is A_t u, `collocation` where it is imposed, `start` the parameters θ (p) at t0. For a system, `term` is a
    /// `Term.system` with a right-hand side for each component of the network.
    /// Raises `ArgumentException` for arguments that do not fit together, also when the network does not keep the boundary
    /// conditions of its domain, or is a function with a kink where a derivative is read.
    let trySolve
        (options: EvolutionOptions)
        (term: Term)
        (network: Network)
        (collocation: Collocation)
        (start: Tensor)
        (t0: float, t1: float)
        : Solution =
        checkOptions options
        Guard.vector "start" network.ParameterCount start
        Guard.finite "start" start

        if Term.components term <> network.Outputs then
            Guard.fail
                "term"
                $"right-hand sides: {Term.components term}, components of the network: {network.Outputs}; give Term.system one right-hand side per component, and end the network in Layer.outputs"

        if not (Double.IsFinite t0 && Double.IsFinite t1) || t0 = t1 then
            Guard.fail "t1" $"a time span from {t0} to {t1}; wanted two different finite times"

        options.Meter(Progress.started "evolve" t0)

        use y =
            Scope.keep (fun () ->
                let points = Collocation.points (Placement.ofTensor start) options.Seed collocation
                Guard.points "points" network.Domain.Dimension points
                Guard.finite "points" points
                Network.checkBoundary network start points
                Smoothness.check (VectorField.reads network.Domain.Dimension term options.Points) network start points
                VectorField.pack start points)

        let field =
            Scope.free (fun () ->
                let p = int64 network.ParameterCount

                y.narrow(0L, p, y.shape[0] - p).view(-1L, int64 network.Domain.Dimension)
                |> vectorField options term network start)

        run options field (t0, t1) (Choice1Of2 y)

    /// Goes on with a run from a state that `Checkpoint` has reported, to where it was to end, and returns what was reached,
    /// whatever the outcome. Options and equation are given again: with those of the first run, the solution has the bits that it
    /// would have had without the interruption. It takes the tensors of the state over; do not use the state afterwards.
    /// Raises `ArgumentException` when the equation reads differently, or the state does not fit the options.
    let tryResume (options: EvolutionOptions) (term: Term) (state: EvolutionState) : Solution =
        checkOptions options

        if Term.show term <> Term.show state.VectorField.Term then
            Guard.fail
                "term"
                $"found {Term.show term}, but the run was of {Term.show state.VectorField.Term}; give the equation that it began with"

        let before = state.VectorField

        let field =
            { before with
                Term = term
                Points = options.Points
                Landmarks =
                    match options.Sketch with
                    | Adaptive _ -> before.Landmarks // settled where points were last drawn
                    | sketch ->
                        sketch
                        |> Sketch.landmarks before.Network.Domain.Dimension before.Network.Outputs before.PointCount
                Regularisation = options.Regularisation
            }

        let reached = state.Integrator.Reached

        options.Meter
            { Progress.started "evolve" reached.Stop with
                Fraction = (reached.Stop - reached.Start) / (state.Stop - reached.Start)
                Accepted = reached.Records.Length
                Rejected = reached.Rejected
                Elapsed = state.Elapsed
            }

        run options field (reached.Start, state.Stop) (Choice2Of2 state)

    let private orRaise (solution: Solution) : Solution =
        match solution.Outcome with
        | Completed
        | StoppedByEvent _ -> solution
        | outcome ->
            (solution :> IDisposable).Dispose()
            raise (EvolutionFailedException(outcome, outcome.Advice))

    /// As `trySolve`, but raises `EvolutionFailedException`, which carries the outcome and its advice, unless the end or
    /// an event was reached.
    ///
    /// <example><code>
    /// let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
    /// let network = Network.create circle [ Layer.harmonics 2; Layer.dense 32 Sine; Layer.dense 32 Sine ]
    /// let points = Collocation.grid circle 128
    /// let start = Regression.fit Regression.defaults network (fun x -> x.squeeze(1L).sin ()) points
    /// let solution = Evolution.solve Evolution.defaults (0.1 * Term.laplacian) network points start (0.0, 1.0)
    /// </code></example>
    let solve options term network collocation start span : Solution =
        trySolve options term network collocation start span |> orRaise

    /// As `tryResume`, but raises `EvolutionFailedException` unless the end or an event was reached.
    let resume options term state : Solution = tryResume options term state |> orRaise
