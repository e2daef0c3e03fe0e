namespace Mne.Functional

open System
open System.Threading
open TorchSharp

/// Where the first points come from. They have to cover the density; the weights of its modes need not be right.
type Start =
    /// A normal cloud around the origin with this standard deviation per coordinate, thinned by the tempered weight
    /// e^{−V/τ} (`Collocation.tempered`): simple, and enough in few dimensions.
    | Cloud of spread: float * temperature: float
    /// Markov chains from scattered starts, cooled (`Chains`): for more dimensions.
    | Cooled of ChainOptions
    /// Points that the caller has (M × d), such as the draws of an earlier sampler; some of them are used at a time.
    | Known of points: Tensor

    /// τ, the temperature of the points: 1 for points that the caller has.
    member start.Temperature =
        match start with
        | Cloud(_, τ) -> τ
        | Cooled chains -> chains.Temperature
        | Known _ -> 1.0

    /// The standard deviation of the cloud that was searched; of the points themselves, where the caller has them.
    member start.Spread =
        match start with
        | Cloud(spread, _) -> spread
        | Cooled chains -> chains.Spread
        | Known points -> Scope.free (fun () -> Tensor.toFloat ((points.std 0L).max()))

/// How to make a sampler from a formula. Start from `Sampler.defaults`.
type SamplerOptions =
    {
        /// The network for the energy, made for the domain ℝ^d. Default: two layers of 64 swish units.
        Network: Domain -> Network
        /// Whether a normal distribution close to the target is carried along in closed form, and the network need only learn the
        /// rest of the energy (`NormalPart`): for processes with known transitions. Default true.
        NormalPart: bool
        /// N, the number of collocation points. None lets the program choose: four for every direction that the kernel of the fitted
        /// network has (its effective rank at λ), but 800 to 1,600; too few points leave a network free between them. Default None.
        PointCount: int option
        /// How the minimal-norm problem is restricted. Default `Adaptive 2.0`.
        Sketch: Sketch
        /// λ of the evolution. Default 1e-9.
        Regularisation: float
        /// Local error of the evolution that is tolerated, relative to the spread of the energy. Default 1e-3.
        Tolerance: float
        /// The Runge–Kutta method. Default: Runge–Kutta–Chebyshev with 8 stages, since diffusion limits most steps.
        Tableau: Tableau
        /// n: the points stay, and are replaced by new ones at the times T (k/n)³, k = 1 … n − 1, often at first, where the energy changes
        /// fastest. They are first points carried along by the process itself, whose transition has to be known; otherwise, and for
        /// n = 1, the first points move with the flow all the way. What one set of points does not see, others do: more of them are more
        /// accurate. Default 40.
        Refreshes: int
        /// T: how long the process runs; what is left of the start then is of size e^{−T}. Default 3.
        Duration: float
        /// Where the first points come from. Default: a cloud with standard deviation 3, τ = 2.
        Start: Start
        /// Steps of the initial fit of the energy, at most. Default 240.
        FitSteps: int
        /// The fit ends once its error at new points, relative to the spread of what the network is to learn, is below this; that of a
        /// normal distribution's energy is taken for the spread where it is larger. Default 2e-3.
        FitTolerance: float
        /// Points of every step of the fit. Default 1,000.
        FitPointCount: int
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
[<StructuredFormatDisplay("{Summary}")>]
type Sampler =
    {
        /// What is sampled.
        Target: Density
        /// The process that takes it to the reference distribution.
        Process: Process
        /// w_t for 0 ≤ t ≤ T, the energy less its normal part; all of it, u_t, where there is none. See `Sampler.local` for u_t.
        Solution: Solution
        /// The normal distribution whose energy is carried along in closed form.
        NormalPart: NormalPart option
        /// Relative error of the fit of u_0 at points that it has not seen.
        FitError: float
        /// The options that it was made with.
        Options: SamplerOptions
    }

    /// One line that says what it is; F# Interactive shows it in place of tensors.
    member sampler.Summary =
        $"a sampler, d = {sampler.Target.Dimension}, by {sampler.Process.Name} up to t = {sampler.Options.Duration}, whose fit at t = 0 is off by {100.0 * sampler.FitError:G3} %%"

    override sampler.ToString() = sampler.Summary

    interface IDisposable with
        member sampler.Dispose() =
            (sampler.Solution :> IDisposable).Dispose()

/// Samples from densities of which only the formula is known (Lindsey, arXiv 2502.03645; MATH.md §4).
[<RequireQualifiedAccess>]
module Sampler =

    /// See `SamplerOptions` for each default.
    let defaults: SamplerOptions =
        {
            Network = fun domain -> Network.create domain [ Dense(64, Swish); Dense(64, Swish) ]
            NormalPart = true
            PointCount = None
            Sketch = Adaptive 2.0
            Regularisation = 1e-9
            Tolerance = 1e-3
            Tableau = Stepper.chebyshev 8
            Refreshes = 40
            Duration = 3.0
            Start = Cloud(3.0, 2.0)
            FitSteps = 240
            FitTolerance = 2e-3
            FitPointCount = 1000
            FitRegularisation = 1e-3, 1e-9
            DrawTolerance = 1e-5
            DrawBatch = 4000
            Placement = Placement.float64
            Seed = 0
            Meter = Progress.silent
            Cancellation = CancellationToken.None
        }

    /// Between how many points the program chooses.
    let private fewestPoints = 800

    let private mostPoints = 1600

    /// The distribution at the end of the process.
    let private stationary (p: Process) : Reference =
        match p.Stationary with
        | Some reference -> reference
        | None ->
            Guard.fail
                "process"
                $"{p.Name} has no stationary distribution to draw from; use one that has, such as Process.ornsteinUhlenbeck"

    /// A recipe for points that cover the target, as many as asked for, as the options say.
    /// Raises `ArgumentException` when the points do not fit the target, `EvolutionFailedException` on cancellation.
    let coveringPoints (options: SamplerOptions) (target: Density) : int -> Collocation =
        let d = target.Dimension

        match options.Start with
        | Cloud(spread, τ) ->
            let zeros, spreads = List.replicate d 0.0, List.replicate d spread

            let pool =
                8 * max (defaultArg options.PointCount fewestPoints) options.FitPointCount

            Collocation.tempered τ zeros spreads target.Energy pool
            |> Collocation.points options.Placement (Random.child 7 options.Seed)
            |> Chains.recipe
        | Cooled chains ->
            try
                target
                |> Chains.poolOf
                    options.Meter
                    options.Cancellation
                    chains
                    options.Placement
                    (Random.child 7 options.Seed)
                |> Chains.recipe
            with :? OperationCanceledException ->
                let outcome = Cancelled 0.0
                raise (EvolutionFailedException(outcome, outcome.Advice))
        | Known points ->
            Guard.points "Start" d points
            Guard.finite "Start" points
            Chains.recipe points

    /// As `evolve`, also along a process without a stationary distribution, as partial noise is.
    let internal evolveAlong (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        Guard.positive "Duration" options.Duration
        Guard.positive "DrawTolerance" options.DrawTolerance
        Guard.positive "FitTolerance" options.FitTolerance
        Guard.atLeast "Refreshes" 1 options.Refreshes
        options.PointCount |> Option.iter (Guard.atLeast "PointCount" 2)
        Guard.atLeast "FitPointCount" 2 options.FitPointCount
        Guard.atLeast "DrawBatch" 1 options.DrawBatch
        let d = target.Dimension
        let p = family d

        if p.Dimension <> d then
            Guard.fail "family" $"a process in {p.Dimension} dimensions, but the density has {d}"

        let network = options.Network(Domain.euclidean d)

        if network.Domain.Dimension <> d then
            Guard.fail "Network" $"a network in {network.Domain.Dimension} dimensions, but the density has {d}"

        let seed role = Random.child role options.Seed
        NativeTorch.ensure ()
        use _ = torch.NewDisposeScope()
        let points = coveringPoints options target
        options.Meter(Progress.started "fit" 0.0)

        /// The standard deviation of the energy of a normal distribution.
        let normalSpread = sqrt (0.5 * float d)

        let level =
            // An additive constant of the energy is free; the network need not learn it.
            Scope.free (fun () ->
                let x = Collocation.points options.Placement (seed 2) (points options.FitPointCount)
                Tensor.toFloat ((target.Energy x).mean()))

        let part =
            if options.NormalPart && p.Transition.IsSome then
                let count = max options.FitPointCount (NormalPart.wanted network)

                Scope.free (fun () ->
                    Collocation.points options.Placement (seed 9) (points count)
                    |> NormalPart.fit network target.Energy
                    |> Some)
            else
                None

        /// What the network is to learn, w_0.
        let energy x =
            target.Energy x - level - NormalPart.known p part 0.0 x

        let fit =
            { Regression.defaults with
                Steps = options.FitSteps
                Regularisation = options.FitRegularisation
                Tolerance = options.FitTolerance
                SmallestScale = normalSpread
                Seed = seed 1
                Meter = options.Meter
                Cancellation = options.Cancellation
            }

        let start =
            Regression.fitFrom
                fit
                network
                energy
                (points options.FitPointCount)
                (network.Initial options.Placement (seed 3))

        let error =
            Scope.free (fun () ->
                let fresh =
                    Collocation.points options.Placement (seed 4) (points options.FitPointCount)

                let whole = target.Energy fresh

                Tensor.rms (Network.value network start fresh - energy fresh)
                / Tensor.rms (whole - whole.mean ()))

        let pointCount =
            match options.PointCount with
            | Some count -> count
            | None ->
                Scope.free (fun () ->
                    let x = Collocation.points options.Placement (seed 10) (points mostPoints)

                    let rank =
                        Network.tangent network start x |> Sketch.effectiveRank options.Regularisation

                    int (ceil (4.0 * rank)) |> max fewestPoints |> min mostPoints)

        let dynamics =
            match p.Transition with
            | Some _ when options.Refreshes > 1 ->
                let n = float options.Refreshes

                PointDynamics.refreshed
                    [ for k in 1.0 .. n - 1.0 -> options.Duration * (k / n) ** 3.0 ]
                    (fun placement seed t ->
                        Scope.keep (fun () ->
                            let first = Collocation.points placement (Random.child 0 seed) (points pointCount)

                            // Noise up to twice as large: draws reach farther out than so few points would.
                            let noise =
                                Random.normal placement (Random.child 1 seed) [ pointCount; d ]
                                * (1.0 + Random.uniform placement (Random.child 2 seed) [ pointCount; 1 ])

                            Process.carry t noise first p))
            | _ ->
                Moving(
                    Set.toList (Jet.gradientRequest d),
                    fun local ->
                        Process.flow
                            p
                            { local with
                                Jet = NormalPart.complete p part local.Time local.Points local.Jet
                            }
                )

        let evolution =
            { Evolution.defaults with
                Tableau = options.Tableau
                Sketch = options.Sketch
                Regularisation = options.Regularisation
                Tolerance = options.Tolerance
                ErrorScale = Spread
                SmallestScale = normalSpread
                Points = dynamics
                Seed = seed 5
                Meter = options.Meter
                Cancellation = options.Cancellation
            }

        let solution =
            Evolution.solve
                evolution
                (NormalPart.equation p part)
                network
                (points pointCount)
                start
                (0.0, options.Duration)

        for segment in solution.Trajectory.Segments do
            for coefficient in segment.Coefficients do
                coefficient.MoveToOuterDisposeScope() |> ignore

        {
            Target = target
            Process = p
            Solution = solution
            NormalPart = part
            FitError = error
            Options = options
        }

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
        stationary (family target.Dimension) |> ignore
        evolveAlong options family target

    /// Options and process for a target that is not of unit size around the origin: the first points are found, the
    /// network sees coordinates shifted and scaled to mean 0 and standard deviation `width` of these points, and the process
    /// ends in a normal distribution of their mean, and of their standard deviation divided by `width`. Coordinates for which the
    /// network shares its weights (`Network.ofBlocks`) have one mean and one deviation.
    /// `width` is 1 to 3: more leaves room for narrow modes.
    /// Raises `ArgumentException` when options do not fit the target.
    ///
    /// <example><code>
    /// let options, ornsteinUhlenbeck = Sampler.standardise 2.0 { Sampler.defaults with Start = Cooled Chains.defaults } target
    /// let sampler = Sampler.evolve options ornsteinUhlenbeck target
    /// </code></example>
    let standardise (width: float) (options: SamplerOptions) (target: Density) : SamplerOptions * (int -> Process) =
        Guard.positive "width" width

        let pilot =
            coveringPoints options target (max 2000 (4 * defaultArg options.PointCount fewestPoints))
            |> Collocation.points options.Placement (Random.child 8 options.Seed)

        // Weights that are shared fit every coordinate that they serve only where all of these are shifted and scaled alike.
        let places =
            Scope.free (fun () ->
                Map.ofList
                    [
                        for group in Network.alike (options.Network(Domain.euclidean target.Dimension)) do
                            let values = pilot.t () |> Tensor.pick (Set.toArray group)
                            let place = Tensor.toFloat (values.mean ()), Tensor.toFloat (values.std ()) / width

                            for k in group -> k, place
                    ])

        let shift, scale = List.unzip [ for k in 0 .. target.Dimension - 1 -> places[k] ]

        { options with
            Start = Known pilot
            Network = options.Network >> Network.rescaled shift scale
        },
        fun _ -> Process.ornsteinUhlenbeckTo shift (Diagonal [ for s in scale -> s * s ])

    /// The sampler with another meter and cancellation for what is done with it from now on. It shares the tensors of the first:
    /// dispose of one of them only.
    let hearing (meter: Meter) (cancellation: CancellationToken) (sampler: Sampler) : Sampler =
        { sampler with
            Options =
                { sampler.Options with
                    Meter = meter
                    Cancellation = cancellation
                }
        }

    /// The distribution at time T from which draws begin.
    let reference (sampler: Sampler) : Reference = stationary sampler.Process

    /// Time, points X (N × d), and u with the requested derivatives there: what equations and flows read.
    let local (request: Set<Derivative>) (t: float) (points: Tensor) (sampler: Sampler) : Local =
        {
            Time = t
            Points = points
            Jet =
                Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
                    Solution.jet request t points sampler.Solution
                    |> NormalPart.complete sampler.Process sampler.NormalPart t points)
        }

    /// Points and their log-densities, in one vector, carried along the probability flow from one time to another. Call it inside a scope.
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

        let reach =
            Reach.ofPoints
                [
                    Solution.points sampler.Solution.Trajectory.Start sampler.Solution
                    Solution.points (Solution.stop sampler.Solution) sampler.Solution
                ]

        let field: Field<unit> =
            fun t y ->
                Scope.keep (fun () ->
                    let x = positions y
                    let local = local request t (Reach.known reach x) sampler

                    let velocity, divergence =
                        Reach.confine reach x (Process.flow p local, Process.flowDivergence p local)

                    join velocity -divergence),
                ()

        let tolerance = sampler.Options.DrawTolerance

        use trajectory =
            Integrator.solve
                { Integrator.create field (Integrator.componentNorm tolerance tolerance) with
                    OnStep = onStep
                    MaximumSteps = maximumSteps
                    KeepsSteps = false
                    Cancellation = sampler.Options.Cancellation
                }
                (join points logDensity)
                span

        match trajectory.Outcome with
        | Completed ->
            let y = Trajectory.evaluate (snd span) trajectory
            (positions y).clone(), (logDensities y).clone()
        | outcome ->
            let advice =
                match outcome with
                | StepTooSmall(t, _)
                | TooManySteps(t, _) ->
                    $"At t = {t:G6} a point can no longer be followed along the flow, as happens where the energy was never fitted: let first points reach farther (Start), improve the fit (FitSteps), or loosen DrawTolerance."
                | _ -> outcome.Advice

            raise (EvolutionFailedException(outcome, advice))

    /// Draws at time 0 from points (M × d) at time T and their log-density (M), in batches of bounded memory.
    let internal drawFrom (sampler: Sampler) (start: Tensor, logDensity: Tensor) : Draws =
        let options = sampler.Options
        let clock = Diagnostics.Stopwatch.StartNew()
        let count, stop = Tensor.rows start, Solution.stop sampler.Solution
        options.Meter(Progress.started "draw" stop)

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let back =
                [
                    for first in 0 .. options.DrawBatch .. count - 1 do
                        let length = min options.DrawBatch (count - first)

                        let part (tensor: Tensor) =
                            tensor.narrow (0L, int64 first, int64 length)

                        let onStep (step: StepRecord<unit>) =
                            let fraction = (float first + (1.0 - step.Time / stop) * float length) / float count

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
                            carry sampler 10_000 onStep (part start, part logDensity) (stop, 0.0))
                ]

            let points = Tensor.concatenate 0L (List.map fst back)
            let logProposal = Tensor.concatenate 0L (List.map snd back)

            {
                Points = points
                LogProposal = logProposal
                LogWeights = -(sampler.Target.Energy points) - logProposal
            })

    /// `count` draws with exact log-densities and weights: points of the reference distribution at T, carried back to 0 by
    /// the probability flow with the density that the flow gives them. Other seeds give other draws.
    /// Raises `ArgumentException` when the process has no reference distribution, `EvolutionFailedException` when the flow
    /// cannot be followed back.
    let drawSeeded (seed: int) (count: int) (sampler: Sampler) : Draws =
        Guard.atLeast "count" 1 count
        let options, reference = sampler.Options, stationary sampler.Process

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let start =
                reference.Draw options.Placement (Random.child seed (Random.child 6 options.Seed)) count

            drawFrom sampler (start, reference.LogDensity start))

    /// `drawSeeded` with the seed 0.
    let draw (count: int) (sampler: Sampler) : Draws = drawSeeded 0 count sampler

    /// log q at points (M × d), which the flow carries to T, where their log-density is known.
    let internal logProposalFrom (logDensityAtStop: Tensor -> Tensor) (points: Tensor) (sampler: Sampler) : Tensor =
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

                            logDensityAtStop atStop - change)
                ])

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
        logProposalFrom (reference sampler).LogDensity points sampler

    /// The last of several samplers, each of which begins with the draws of the one before: for starts that cover the target badly,
    /// or with points where it has little mass. The earlier ones are disposed of.
    /// Raises as `evolve` and `draw` do.
    ///
    /// <example><code>
    /// let sampler = Sampler.passes 2 Sampler.defaults Process.ornsteinUhlenbeck target
    /// </code></example>
    let passes (count: int) (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        Guard.atLeast "count" 1 count

        let next (before: Sampler) pass =
            use _ = before

            let known =
                Scope.keep (fun () ->
                    use draws =
                        before
                        |> drawSeeded pass (4 * max (defaultArg options.PointCount mostPoints) options.FitPointCount)

                    draws.Points.clone ())

            evolve
                { options with
                    Start = Known known
                    Seed = Random.child pass options.Seed
                }
                family
                target

        (evolve options family target, [ 2..count ]) ||> List.fold next
