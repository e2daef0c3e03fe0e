namespace Mne.Functional

open System

/// <summary>
/// Evolution equations from a tolerance alone: network, points, sketch, λ and steps are chosen by the program, which solves the equation
/// at two or more resolutions and believes what their difference tells.
/// </summary>
[<RequireQualifiedAccess>]
module AutomaticEvolution =

    /// No more runs than these.
    let private mostRuns = 5

    /// Where solutions are compared: so many points, and so many times.
    let private comparedPoints = 1024

    let private comparedTimes = 16

    /// How far two solutions are apart, relative to the second.
    let private difference
        (run: Run)
        (domain: Domain)
        (t0: float, t1: float)
        (one: Solution)
        (other: Solution)
        : float =
        Scope.free (fun () ->
            let x =
                Collocation.points run.Placement (Seed.child -2 run.Seed) (Collocation.sequence domain comparedPoints)

            let squares =
                [
                    for k in 1..comparedTimes ->
                        let t =
                            if k = comparedTimes then
                                t1
                            else
                                t0 + (t1 - t0) * float k / float comparedTimes

                        Scope.free (fun () ->
                            let u, v = Solution.evaluate t x one, Solution.evaluate t x other
                            Tensor.rms (u - v) ** 2.0, Tensor.rms v ** 2.0)
                ]

            let size = squares |> List.sumBy snd
            let apart = squares |> List.sumBy fst
            if apart = 0.0 then 0.0 else sqrt (apart / size))

    /// How a run may end.
    type private Ended =
        | Arrived of Resolution * Solution
        /// Its steps shrank while the equation no longer held: so far it came. A finer run may do better.
        | Lost of units: int * time: float

    /// Whether a run is worth going on with: not where the equation does not hold between the points, by all of u, and steps are a hundredth of what they were.
    let private isLost (longest: float) (report: Progress) =
        report.Phase = Phase.Evolve
        && report.Defect > 1.0
        && report.Step < 0.01 * longest

    /// One run. `redrawn`: how often points follow fronts; `least`: units at least.
    let private solveOnce (run: Run) ε walls waves term domain initial span redrawn least : Ended =
        let λ = (0.5 * ε) ** 2.0

        let units, network, fitted =
            AutomaticChoice.start run ε waves domain (Term.components term) initial least

        use fitted = fitted
        let count = AutomaticChoice.points run λ domain network fitted.Parameters

        let dynamics =
            match redrawn with
            | Some every ->
                PointDynamics.redrawn
                    every
                    (Collocation.sequence domain (max 8192 (16 * count)))
                    (Set.toList (Jet.gradientRequest domain.Dimension))
                    AutomaticChoice.steep
            | None -> PointDynamics.Fixed

        let options =
            { Evolution.defaults with
                Sketch = Sketch.Adaptive 2.0
                Regularisation = λ
                Tolerance = ε / 20.0
                Points = dynamics
                Walls = walls
            }

        use enough =
            Threading.CancellationTokenSource.CreateLinkedTokenSource run.Cancellation

        let mutable longest = 0.0

        let meter (report: Progress) =
            run.Meter report

            if isLost longest report then
                enough.Cancel()
            elif report.Step > longest then
                longest <- report.Step

        let observed =
            { run with
                Meter = meter
                Cancellation = enough.Token
            }

        let solution =
            AutomaticChoice.covering run.Seed domain count (fun points ->
                Evolution.trySolve observed options term network points fitted.Parameters span)

        match solution.Outcome with
        | Outcome.Completed ->
            Arrived(
                {
                    Accuracy = ε
                    Waves = waves
                    Units = units
                    Parameters = network.ParameterCount
                    Points = count
                    Landmarks =
                        match solution.VectorField.Landmarks with
                        | Some rows -> rows.Length
                        | None -> count * network.Outputs
                    Regularisation = λ
                    Tolerance = options.Tolerance
                    Redrawn = redrawn
                    FitError = fitted.Error
                    Evaluations = solution.Trajectory.Evaluations
                    Defect = (Array.last solution.Trajectory.Records).Note.Defect
                    Difference = nan
                },
                solution
            )
        | outcome ->
            (solution :> IDisposable).Dispose()
            Run.stopIfAsked run

            match outcome with
            | Outcome.Cancelled t -> Lost(units, t)
            | outcome -> raise (EvolutionFailedException(outcome, outcome.Advice))

    /// The error of the finer of two runs from how far they are apart, d, and from how much better the equation holds between its points, q: errors
    /// that have nothing to do with each other would be d q / √(1 + q²), and those that are multiples of each other d q / (1 − q). What a kernel lets go
    /// is something of both, and so is the belief: their geometric mean.
    let private believed (coarse: Resolution) (fine: Resolution) : float =
        let measured = fine.Defect / coarse.Defect

        let q =
            if Double.IsFinite measured then
                measured |> max 0.05 |> min 0.9
            else
                fine.Accuracy / coarse.Accuracy

        max fine.FitError (fine.Difference * q / sqrt ((1.0 - q) * sqrt (1.0 + q * q)))

    /// <summary>As <c>solve</c>, with conditions at walls, which say what <c>EvolutionOptions.Walls</c> says.</summary>
    /// <param name="run">Placement, seed, meter and cancellation; the meter hears of every fit and every run.</param>
    /// <param name="tolerance">The error of u, relative to its root mean square over space and times, that is asked for; from 1e-8 to 0.1.</param>
    /// <param name="walls">What holds at the ends of intervals.</param>
    /// <param name="term">The right-hand side A_t u; a <c>Term.system</c> for several components.</param>
    /// <param name="domain">A bounded domain: the ends of an interval are walls.</param>
    /// <param name="initial">u0: points (N × d) ↦ N, or N × m for m components; it keeps the conditions at t0.</param>
    /// <param name="t0">Where it begins.</param>
    /// <param name="t1">Where it ends; t1 &lt; t0 runs backwards.</param>
    /// <returns>The solution of the last run, its believed error, and all runs.</returns>
    /// <exception cref="T:System.ArgumentException">The tolerance is out of range, the domain is not bounded, equation or walls do not suit it, or a wall is a shape.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">A run did not reach the end.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// // a bar whose ends are kept at 0 and 1
    /// let walls =
    ///     [ Wall.dirichlet (Side.Low 0) (Wall.constant 0.0); Wall.dirichlet (Side.High 0) (Wall.constant 1.0) ]
    ///
    /// let bar = Domain.box [ (0.0, 1.0) ]
    ///
    /// let result =
    ///     AutomaticEvolution.solveWithWalls Run.quiet 1e-2 walls (0.1 * Term.laplacian) bar (fun x -&gt; x.squeeze(1L).square ()) (0.0, 0.5)
    /// </code></example>
    let solveWithWalls
        (run: Run)
        (tolerance: float)
        (walls: Wall list)
        (term: Term)
        (domain: Domain)
        (initial: Tensor -> Tensor)
        (t0: float, t1: float)
        : AutomaticSolution =
        Run.check run

        if not (tolerance >= 1e-8 && tolerance <= 0.1) then
            Guard.fail "tolerance" $"found {tolerance}, wanted a relative error from 1e-8 to 0.1"

        Domain.bounds domain |> ignore

        if walls |> List.exists _.Side.IsShape then
            Guard.fail
                "walls"
                "found a shape, but points are laid over the whole domain; wanted the ends of intervals: take Evolution.solve with Collocation.inside and EvolutionOptions.Walls"

        let part (index: int) =
            { run with
                Seed = Seed.child index run.Seed
            }

        /// The next larger network, in any case: what is missing later may have been there at the beginning.
        let next waves units =
            AutomaticChoice.sizes waves
            |> List.tryFind (fun larger -> larger > units)
            |> Option.defaultValue units

        /// The first run that arrives: with a finer one after one that is lost, and with waves alone where that is lost too. Systems without any diffusion are
        /// stable for such a sum, which spans the same functions at all times.
        let rec first (attempt: int) ε waves least =
            match solveOnce (part attempt) ε walls waves term domain initial (t0, t1) None least with
            | Arrived(resolution, solution) -> attempt, resolution, solution
            | Lost(units, _) when attempt < 1 -> first (attempt + 1) (ε / 3.0) waves (next waves units)
            | Lost _ when not waves && domain.Dimension = 1 && AutomaticChoice.hasWaves domain ->
                first (attempt + 1) (3.0 * tolerance) true (AutomaticChoice.sizes true).Head
            | Lost(_, t) ->
                raise (
                    EvolutionFailedException(
                        Outcome.StepTooSmall(t, 0.0),
                        $"At t = {t:G6} steps shrank while the equation no longer held between the points, also with a finer network: u may steepen into a shock there, the equation may be ill-posed or ask for conditions at walls, or waves without any damping may have grown; take a network of your own with Evolution.solve."
                    )
                )

        /// Finer runs until the difference to the one before is small enough. Of the solutions the last one is kept.
        let rec refine (attempt: int) (runs: Resolution list) (last: Solution) : AutomaticSolution =
            let coarse = runs.Head

            let error =
                match runs with
                | fine :: coarse :: _ -> believed coarse fine
                | _ -> infinity

            let finish () =
                {
                    Solution = last
                    Error = error
                    Tolerance = tolerance
                    Runs = List.rev runs
                }

            if error <= tolerance || runs.Length = mostRuns then
                finish ()
            else
                let ε =
                    if Double.IsInfinity error then
                        coarse.Accuracy / 3.0
                    else
                        coarse.Accuracy * (0.7 * tolerance / error |> max 0.1 |> min 0.5)

                let finer =
                    try
                        solveOnce
                            (part attempt)
                            ε
                            walls
                            coarse.Waves
                            term
                            domain
                            initial
                            (t0, t1)
                            (AutomaticChoice.fronts run domain (t0, t1) last)
                            (next coarse.Waves coarse.Units)
                    with _ ->
                        (last :> IDisposable).Dispose()
                        reraise ()

                match finer with
                | Lost _ -> finish ()
                | Arrived(resolution, solution) ->
                    let apart =
                        try
                            difference run domain (t0, t1) last solution
                        finally
                            (last :> IDisposable).Dispose()

                    refine (attempt + 1) ({ resolution with Difference = apart } :: runs) solution

        let attempt, resolution, solution =
            first 0 (3.0 * tolerance) false (AutomaticChoice.sizes false).Head

        refine (attempt + 1) [ resolution ] solution

    /// <summary>
    /// Solves ∂_t u = A_t u with u(t0, x) = u0(x) on a bounded domain to a tolerance, and says how large the error is believed to be. What is
    /// chosen follows from the accuracy ε of a run: the smallest network that has the initial value to ε / 4, λ = (ε / 2)², four points and two
    /// landmarks for each direction of the tangent that λ leaves, steps to ε / 20; where u is steep, points follow. A run in which the equation no longer holds
    /// is given up; in one dimension a sum of waves then takes the place of the network. A run with three times the tolerance as
    /// its ε is compared with a finer one that has another network, other points and steps; as long as their difference says that the tolerance is not met, there
    /// is another, up to five. It costs about twice the time of the last run.
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; the meter hears of every fit and every run.</param>
    /// <param name="tolerance">The error of u, relative to its root mean square over space and times, that is asked for; from 1e-8 to 0.1.</param>
    /// <param name="term">The right-hand side A_t u; a <c>Term.system</c> for several components.</param>
    /// <param name="domain">A bounded domain: intervals, circles, walls.</param>
    /// <param name="initial">u0: points (N × d) ↦ N, or N × m for m components.</param>
    /// <param name="t0">Where it begins.</param>
    /// <param name="t1">Where it ends; t1 &lt; t0 runs backwards.</param>
    /// <returns>The solution of the last run, its believed error, and all runs. Where the tolerance is not met, it says so: see <c>Met</c>.</returns>
    /// <exception cref="T:System.ArgumentException">The tolerance is out of range, the domain is not bounded, or the equation does not suit it.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">A run did not reach the end.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
    /// let fisher = 0.1 * Term.laplacian + Term.value - Term.pown 2 Term.value
    /// let result = AutomaticEvolution.solve Run.quiet 1e-3 fisher circle (fun x -&gt; 0.5 + 0.4 * x.squeeze(1L).cos ()) (0.0, 1.0)
    /// printfn $"{result}"
    /// let u = result.Solution |&gt; Solution.evaluate 1.0 (Tensor.ofRows Placement.float64 [ [ 0.5 ] ])
    /// </code></example>
    let solve
        (run: Run)
        (tolerance: float)
        (term: Term)
        (domain: Domain)
        (initial: Tensor -> Tensor)
        (t0: float, t1: float)
        : AutomaticSolution =
        solveWithWalls run tolerance [] term domain initial (t0, t1)
