namespace Mne.Functional

open System
open System.Threading

/// How to make a sampler from a formula. Start from `Sampler.defaults`.
type SamplerOptions =
    {
        /// Layers of the network for the energy. Default: two of 64 swish units.
        Layers: Layer list
        /// N, the number of collocation points. Default 800.
        PointCount: int
        /// How the minimal-norm problem is restricted. Default `Landmarks 300`.
        Sketch: Sketch
        /// λ of the evolution. Default 1e-8.
        Regularisation: float
        /// Local error of the evolution that is tolerated, relative to the spread of the energy. Default 1e-4.
        Tolerance: float
        /// T: how long the process runs; what is left of the start then is of size e^{−T}. Default 3.
        Duration: float
        /// Standard deviation of the cloud, per coordinate, from which the first points are chosen. It has to reach every
        /// mode. Default 3.
        Spread: float
        /// τ: the first points follow e^{−V/τ}. Default 2.
        Temperature: float
        /// Steps of the initial fit of the energy. Default 60.
        FitSteps: int
        /// λ at the first and the last step of the fit. Default 1e-3 and 1e-9.
        FitRegularisation: float * float
        /// Local error tolerated when draws are carried back. Default 1e-5.
        DrawTolerance: float
        /// At most this many draws are carried back together; memory is bounded by it. Default 4,000.
        DrawBatch: int
        /// Precision and device. Default float64 on the CPU.
        Placement: Placement
        /// Seed of everything random. Default 0.
        Seed: int
        /// Receives progress: phases "fit", "evolve" and "draw". Default: silence.
        Meter: Meter
        /// Ends the run.
        Cancellation: CancellationToken
    }

/// A sampler: the energy of a process that starts in a density known by formula and ends in a reference distribution,
/// for all times. Draws are carried from the end back to the start. It owns tensors; dispose of it when no longer needed.
type Sampler =
    {
        /// What is sampled.
        Target: Density
        /// The process that takes it to the reference distribution.
        Process: Process
        /// u_t for 0 ≤ t ≤ T.
        Solution: Solution
        /// Relative error of the fit of u_0 at points that it has not seen.
        FitError: float
        /// The options that it was made with.
        Options: SamplerOptions
    }

    interface IDisposable with
        member sampler.Dispose() =
            (sampler.Solution :> IDisposable).Dispose()

/// Samples from densities of which only the formula is known (Lindsey, arXiv 2502.03645; MATH.md §4).
[<RequireQualifiedAccess>]
module Sampler =

    /// See `SamplerOptions` for each default.
    let defaults: SamplerOptions =
        {
            Layers = [ Dense(64, Swish); Dense(64, Swish) ]
            PointCount = 800
            Sketch = Landmarks 300
            Regularisation = 1e-8
            Tolerance = 1e-4
            Duration = 3.0
            Spread = 3.0
            Temperature = 2.0
            FitSteps = 60
            FitRegularisation = 1e-3, 1e-9
            DrawTolerance = 1e-5
            DrawBatch = 4000
            Placement = Placement.float64
            Seed = 0
            Meter = Progress.silent
            Cancellation = CancellationToken.None
        }

    let private stationary (p: Process) : Reference =
        match p.Stationary with
        | Some reference -> reference
        | None ->
            Guard.fail
                "process"
                $"{p.Name} has no stationary distribution to draw from; use one that has, such as Process.ornsteinUhlenbeck"

    /// Fits the energy at time 0 and evolves it, with its points, through the process `family d` to time T.
    /// Raises `ArgumentException` for options or an energy that do not fit, `EvolutionFailedException` (with advice)
    /// when the evolution does not reach T.
    ///
    /// <example><code>
    /// let target = Density.gaussianMixture [ 0.5, [ -2.0; 0.0 ], 0.6; 0.5, [ 2.0; 0.0 ], 0.6 ]
    /// let sampler = Sampler.evolve Sampler.defaults Process.ornsteinUhlenbeck target
    /// let draws = sampler |> Sampler.draw 4000
    /// Importance.effectiveSampleSize draws, Importance.logNormaliser draws
    /// </code></example>
    let evolve (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        Guard.positive "Duration" options.Duration
        Guard.positive "Spread" options.Spread
        Guard.positive "Temperature" options.Temperature
        Guard.positive "DrawTolerance" options.DrawTolerance
        Guard.atLeast "PointCount" 2 options.PointCount
        Guard.atLeast "DrawBatch" 1 options.DrawBatch
        let d = target.Dimension
        let p = family d
        stationary p |> ignore

        if p.Dimension <> d then
            Guard.fail "family" $"a process in {p.Dimension} dimensions, but the density has {d}"

        let network = Network.create (Domain.euclidean d) options.Layers

        let collocation =
            Collocation.tempered
                options.Temperature
                (List.replicate d 0.0)
                (List.replicate d options.Spread)
                target.Energy
                options.PointCount

        let seed role = Random.child role options.Seed

        let fit =
            { Regression.defaults with
                Steps = options.FitSteps
                Regularisation = options.FitRegularisation
                Tolerance = 1e-8
                Seed = seed 1
                Meter = options.Meter
                Cancellation = options.Cancellation
            }

        let solution, error =
            Scope.keepAll
                (fun (solution: Solution, _) ->
                    [
                        for s in solution.Trajectory.Segments do
                            yield! s.Coefficients
                    ])
                (fun () ->
                    // An additive constant of the energy is free; the network need not learn it.
                    let level =
                        Scope.free (fun () ->
                            Tensor.toFloat (
                                (target.Energy(Collocation.points options.Placement (seed 2) collocation)).mean()
                            ))

                    let energy x = target.Energy x - level
                    let initial = network.Initial options.Placement (seed 3)
                    let start = Regression.fitFrom fit network energy collocation initial
                    let fresh = Collocation.points options.Placement (seed 4) collocation
                    let wanted = energy fresh

                    let error =
                        Tensor.rms (Network.value network start fresh - wanted)
                        / Tensor.rms (wanted - wanted.mean ())

                    let evolution =
                        { Evolution.defaults with
                            Sketch = options.Sketch
                            Regularisation = options.Regularisation
                            Tolerance = options.Tolerance
                            ErrorScale = Spread
                            Points = Process.flowingPoints p
                            Seed = seed 5
                            Meter = options.Meter
                            Cancellation = options.Cancellation
                        }

                    Evolution.solve
                        evolution
                        (Process.energyEquation p)
                        network
                        collocation
                        start
                        (0.0, options.Duration),
                    error)

        {
            Target = target
            Process = p
            Solution = solution
            FitError = error
            Options = options
        }

    /// The distribution at time T from which draws begin.
    let reference (sampler: Sampler) : Reference = stationary sampler.Process

    /// Time, points X (N × d), and u with the requested derivatives there: what equations and flows read.
    let local (request: Set<Derivative>) (t: float) (points: Tensor) (sampler: Sampler) : Local =
        {
            Time = t
            Points = points
            Jet = Solution.jet request t points sampler.Solution
        }

    /// Points and their log-densities, in one vector, carried along the probability flow from one time to another.
    let private carry
        (sampler: Sampler)
        (maximumSteps: int)
        (onStep: StepRecord<unit> -> unit)
        (points: Tensor, logDensity: Tensor)
        (span: float * float)
        : Tensor * Tensor =
        let p, d = sampler.Process, int64 sampler.Process.Dimension
        let m = points.shape[0]
        let positions (y: Tensor) = y.narrow(0L, 0L, m * d).view(m, d)
        let logDensities (y: Tensor) = y.narrow (0L, m * d, m)

        let join (x: Tensor) (l: Tensor) =
            Tensor.concatenate 0L [ x.reshape -1L; l ]

        let request = Process.flowNeeds p

        let field: Field<unit> =
            fun t y ->
                Scope.keep (fun () ->
                    let x = positions y

                    let local = local request t x sampler
                    join (Process.flow p local) (-(Process.flowDivergence p local))),
                ()

        use trajectory =
            Integrator.solve
                { Integrator.create field (fun y δ ->
                      Integrator.componentNorm sampler.Options.DrawTolerance sampler.Options.DrawTolerance y δ) with
                    OnStep = onStep
                    MaximumSteps = maximumSteps
                    Cancellation = sampler.Options.Cancellation
                }
                (join points logDensity)
                span

        match trajectory.Outcome with
        | Completed ->
            let y = Trajectory.evaluate (snd span) trajectory
            (positions y).clone(), (logDensities y).clone()
        | outcome -> raise (EvolutionFailedException(outcome, outcome.Advice))

    /// `count` draws with exact log-densities and weights: standard normal points at T, carried back to 0 by the
    /// probability flow with the density that the flow gives them. The seed makes them differ from other draws.
    /// Raises `EvolutionFailedException` when the flow cannot be followed back.
    let drawSeeded (seed: int) (count: int) (sampler: Sampler) : Draws =
        Guard.atLeast "count" 1 count
        let options = sampler.Options
        let clock = Diagnostics.Stopwatch.StartNew()
        let reference, stop = reference sampler, Solution.stop sampler.Solution
        options.Meter(Progress.started "draw" stop)

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let start =
                reference.Draw options.Placement (Random.child seed (Random.child 6 options.Seed)) count

            let batches =
                [
                    for first in 0 .. options.DrawBatch .. count - 1 ->
                        int64 first, int64 (min options.DrawBatch (count - first))
                ]

            let back =
                batches
                |> List.map (fun (first, length) ->
                    let onStep (step: StepRecord<unit>) =
                        let part = 1.0 - step.Time / stop
                        let fraction = (float first + part * float length) / float count

                        options.Meter
                            {
                                Phase = "draw"
                                Fraction = fraction
                                Time = step.Time
                                Accepted = step.Evaluations / 6 - step.Rejected
                                Rejected = step.Rejected
                                Step = step.Step
                                Residual = nan
                                EffectiveRank = nan
                                Elapsed = clock.Elapsed
                                Remaining = Progress.remaining fraction clock.Elapsed
                            }

                    Scope.keepAll (fun (x, l) -> [ x; l ]) (fun () ->
                        let points = start.narrow (0L, first, length)
                        carry sampler 100_000 onStep (points, reference.LogDensity points) (stop, 0.0)))

            let points = Tensor.concatenate 0L (List.map fst back)
            let logProposal = Tensor.concatenate 0L (List.map snd back)

            {
                Points = points
                LogProposal = logProposal
                LogWeights = -(sampler.Target.Energy points) - logProposal
            })

    /// `drawSeeded` with the seed 0.
    let draw (count: int) (sampler: Sampler) : Draws = drawSeeded 0 count sampler

    /// log q at any points (M × d), normalised: the density of the draws there, found by following the flow from 0 to T. With exact
    /// samples of the target it tells what draws cannot, whether q misses a part of it (`Importance.forwardEfficiency`).
    /// Raises `ArgumentException` when points do not fit, and `EvolutionFailedException` when the flow cannot be followed within 1,000
    /// steps, as happens at points where the energy was never fitted.
    ///
    /// <example><code>
    /// let logWeights = -(target.Energy samples) - Sampler.logProposal samples sampler
    /// Importance.forwardEfficiency logWeights
    /// </code></example>
    let logProposal (points: Tensor) (sampler: Sampler) : Tensor =
        Guard.points "points" sampler.Process.Dimension points
        let stop, batch = Solution.stop sampler.Solution, sampler.Options.DrawBatch

        Scope.keep (fun () ->
            Tensor.concatenate
                0L
                [
                    for first in 0..batch .. Tensor.rows points - 1 ->
                        Scope.keep (fun () ->
                            let x =
                                points.narrow (0L, int64 first, int64 (min batch (Tensor.rows points - first)))

                            let atStop, change =
                                carry sampler 1_000 ignore (x, x.new_zeros x.shape[0]) (0.0, stop)

                            (reference sampler).LogDensity atStop - change)
                ])
