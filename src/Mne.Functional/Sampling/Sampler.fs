namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// A sampler: the energy of a process that starts in a density known by formula and ends in a reference distribution,
/// for all times. Draws are carried from the end back to the start. It owns tensors; dispose of it when no longer needed.
/// </summary>
[<StructuredFormatDisplay("{Summary}"); Notebooks.TypeFormatterSource>]
type Sampler =
    {
        /// <summary>What is sampled.</summary>
        Target: Density
        /// <summary>u_t for 0 ≤ t ≤ T, from the target's energy to that of the reference distribution.</summary>
        Energy: Energy
        /// <summary>Relative error of the fit of u_0 at points that it has not seen.</summary>
        FitError: float
        /// <summary>The options that it was made with.</summary>
        Options: SamplerOptions
    }

    /// <summary>One line that says what it is; F# Interactive shows it in place of tensors.</summary>
    member sampler.Summary =
        $"a sampler, d = {sampler.Target.Dimension}, by {sampler.Energy.Process.Name} up to t = {sampler.Options.Duration}, whose fit at t = 0 is off by {100.0 * sampler.FitError:G3} %%"

    override sampler.ToString() = sampler.Summary

    interface IDisposable with
        member sampler.Dispose() =
            (sampler.Energy :> IDisposable).Dispose()

/// <summary>Samples from densities of which only the formula is known (Lindsey, arXiv 2502.03645; docs/mathematics.md, "Sampling").</summary>
[<RequireQualifiedAccess>]
module Sampler =

    /// <summary>See <c>SamplerOptions</c> for each default.</summary>
    let defaults: SamplerOptions =
        {
            Network = fun domain -> Network.create domain [ Layer.dense 48 Swish; Layer.dense 48 Swish ]
            Known = KnownPart.Normal
            Duration = 3.0
            Cover = Cover.defaults
            Fit =
                { Regression.defaults with
                    Steps = 240
                    Tolerance = 2e-3
                    Regularisation = 1e-3, 1e-9
                }
            Evolve =
                { Evolution.defaults with
                    Method = Method.stabilised
                    Sketch = Sketch.Adaptive 2.0
                    Regularisation = 1e-9
                    Tolerance = 2e-3
                    ErrorScale = ErrorScale.Spread
                }
            Draw = { Tolerance = 1e-4 }
        }

    /// The distribution at the end of the process.
    let private stationary (p: Process) : Reference =
        match p.Stationary with
        | Some reference -> reference
        | None ->
            Guard.fail
                "process"
                $"{p.Name} has no stationary distribution to draw from; use one that has, such as Process.ornsteinUhlenbeck"

    /// Raises `ArgumentException` for options that do not fit a density in d dimensions; the stage that they are of precedes their names.
    let internal check (stage: string) (d: int) (options: SamplerOptions) : unit =
        Guard.positive $"{stage}Duration" options.Duration
        Cover.check $"{stage}Cover." d options.Cover
        Regression.check $"{stage}Fit." options.Fit
        Evolution.check $"{stage}Evolve." options.Evolve
        Guard.positive $"{stage}Draw.Tolerance" options.Draw.Tolerance

        match options.Evolve.Points with
        | PointDynamics.Fixed -> ()
        | _ ->
            Guard.fail
                $"{stage}Evolve.Points"
                "found points that move or are drawn anew, but a sampler moves its points itself; leave Points Fixed, and see Cover.Refreshes"

        match options.Evolve.Sketch, options.Cover.Points with
        | Sketch.Landmarks s, points when s > defaultArg points Cover.most ->
            Guard.fail
                $"{stage}Evolve.Sketch"
                $"found Landmarks {s}, but there are at most {defaultArg points Cover.most} points; take fewer landmarks, or set Cover.Points"
        | _ -> ()

        match options.Known with
        | KnownPart.Mixture mixture -> Mixture.check $"{stage}Known" d mixture
        | KnownPart.Normal
        | KnownPart.Nothing -> ()

    /// The process and the network for a target, once everything about the options is known to fit.
    let private prepare (run: Run) (options: SamplerOptions) (family: int -> Process) (target: Density) =
        let d = target.Dimension
        Run.check run
        check "" d options
        let p = family d

        if p.Dimension <> d then
            Guard.fail "family" $"a process in {p.Dimension} dimensions, but the density has {d}"

        match options.Known with
        | KnownPart.Mixture _ when p.Transition.IsNone ->
            Guard.fail
                "Known"
                $"found a mixture, but {p.Name} has no known transition to carry it along; take KnownPart.Nothing, or a linear process"
        | KnownPart.Mixture _
        | KnownPart.Normal
        | KnownPart.Nothing -> ()

        let network = options.Network(Domain.euclidean d)

        if network.Domain.Dimension <> d || network.Outputs <> 1 then
            Guard.fail
                "Network"
                $"a network in {network.Domain.Dimension} dimensions with {network.Outputs} components, but the density has {d} and an energy has one"

        p, network

    /// Where a sampler in the making goes on from.
    [<RequireQualifiedAccess>]
    type private From =
        | Nothing
        | Fit of FitState
        | Evolution of EvolutionState

    /// As `evolve` or, from a state, `resume` or `resumeFit`, also along a process without a stationary distribution, as partial noise is.
    let private along (run: Run) options (family: int -> Process) (from: From) target : Sampler =
        let p, network = prepare run options family target
        NativeTorch.ensure ()

        Scope.keepAll (fun (sampler: Sampler) -> Solution.tensors sampler.Energy.Solution) (fun () ->
            let points =
                target |> Cover.points (Stream.run Stream.FirstPoints run) options.Cover

            run.Meter(Progress.started Phase.Fit 0.0)

            let fit =
                match from with
                | From.Fit state -> Some state
                | From.Nothing
                | From.Evolution _ -> None

            let part, θ, error = EnergyFit.fitEnergy run options p network points fit target

            let n = SamplerPoints.count run options network points θ

            let evolution = Stream.run Stream.Evolution run

            let evolve =
                { options.Evolve with
                    SmallestScale = max options.Evolve.SmallestScale (EnergyFit.normalSpread target.Dimension)
                    Points = SamplerPoints.dynamics options p part points n
                }

            let solution =
                match from with
                | From.Nothing
                | From.Fit _ ->
                    Evolution.solve
                        evolution
                        evolve
                        (Energy.equation p part)
                        network
                        (points n)
                        θ
                        (0.0, options.Duration)
                | From.Evolution state -> Evolution.resume evolution evolve (Energy.equation p part) state

            {
                Target = target
                Energy =
                    {
                        Process = p
                        Solution = solution
                        Known = part
                    }
                FitError = error
                Options = options
            })

    /// As `evolve`, also along a process without a stationary distribution, as partial noise is.
    let internal evolveAlong (run: Run) (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        along run options family From.Nothing target

    /// <summary>Fits the energy at time 0 and evolves it, with its points, through a process to time T.</summary>
    /// <param name="run">Where numbers are, the seed of everything random, and who hears of it and may end it: phases search, fit, evolve.</param>
    /// <param name="options">How to cover, fit, evolve and draw. All of them are checked before any work begins.</param>
    /// <param name="family">The process in so many dimensions; it needs a stationary distribution.</param>
    /// <param name="target">What to sample.</param>
    /// <exception cref="T:System.ArgumentException">Options do not fit, or an energy has the wrong shape or is not finite.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The evolution did not reach T; the message says what to do.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let target = Density.gaussianMixture [ 0.5, [ -2.0; 0.0 ], 0.6; 0.5, [ 2.0; 0.0 ], 0.6 ]
    /// let sampler = Sampler.evolve Run.quiet Sampler.defaults Process.ornsteinUhlenbeck target
    /// let draws = sampler |&gt; Sampler.draw Run.quiet 4000
    /// Importance.effectiveSampleSize draws, Importance.logNormaliser draws
    /// </code></example>
    let evolve (run: Run) (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        stationary (family target.Dimension) |> ignore
        evolveAlong run options family target

    /// <summary>
    /// Goes on with a sampler in the making whose evolution has left a checkpoint (<c>Evolve.Checkpoint</c>), to the bits that it would have
    /// had: first points and fit are made again, from the same seed, and the evolution goes on from the state.
    /// </summary>
    /// <param name="run">As before.</param>
    /// <param name="options">As before.</param>
    /// <param name="family">As before.</param>
    /// <param name="target">As before.</param>
    /// <param name="state">What <c>Checkpoint.read</c> gives; its tensors are taken over.</param>
    /// <exception cref="T:System.ArgumentException">The state is of another evolution, or options do not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The evolution did not reach T; the message says what to do.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let saving = { Sampler.defaults with Evolve.Checkpoint = Checkpoint.every (CheckpointInterval.Steps 20) "sampler-run.h5" }
    ///
    /// let goOn () =
    ///     Checkpoint.read "sampler-run.h5" |&gt; Sampler.resume Run.quiet saving Process.ornsteinUhlenbeck target
    /// </code></example>
    let resume run options (family: int -> Process) (target: Density) (state: EvolutionState) : Sampler =
        stationary (family target.Dimension) |> ignore
        along run options family (From.Evolution state) target

    /// <summary>
    /// Goes on with a sampler in the making whose fit has left a checkpoint (<c>Fit.Checkpoint</c>), to the bits that it would have had: first
    /// points are found again, from the same seed, the fit goes on from the state, and the evolution follows.
    /// </summary>
    /// <param name="run">As before.</param>
    /// <param name="options">As before.</param>
    /// <param name="family">As before.</param>
    /// <param name="target">As before.</param>
    /// <param name="state">What <c>Checkpoint.readFit</c> gives; its tensors are taken over.</param>
    /// <exception cref="T:System.ArgumentException">The state is of another fit, or options do not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The evolution did not reach T; the message says what to do.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let saving = { Sampler.defaults with Fit.Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 20) "sampler-fit.h5" }
    ///
    /// let goOn () =
    ///     Checkpoint.readFit "sampler-fit.h5" |&gt; Sampler.resumeFit Run.quiet saving Process.ornsteinUhlenbeck target
    /// </code></example>
    let resumeFit run options (family: int -> Process) (target: Density) (state: FitState) : Sampler =
        stationary (family target.Dimension) |> ignore
        along run options family (From.Fit state) target

    /// <summary>
    /// Options and process for a target that is not of unit size around the origin: the first points are found, the
    /// network sees coordinates shifted and scaled to mean 0 and standard deviation <c>width</c> of these points, and the process
    /// ends in a normal distribution of their mean, and of their standard deviation divided by <c>width</c>. Coordinates for which the
    /// network shares its weights (<c>Network.ofBlocks</c>) have one mean and one deviation.
    /// </summary>
    /// <param name="run">As for <c>Cover.points</c>.</param>
    /// <param name="width">1 to 3: more leaves room for narrow modes.</param>
    /// <param name="options">The options to adapt.</param>
    /// <param name="target">What to sample.</param>
    /// <exception cref="T:System.ArgumentException">Options do not fit the target.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let chains = { Sampler.defaults with Cover.Start = Start.Cooled Chains.defaults }
    /// let options, ornsteinUhlenbeck = Sampler.standardise Run.quiet 2.0 chains target
    /// let sampler = Sampler.evolve Run.quiet options ornsteinUhlenbeck target
    /// </code></example>
    let standardise (run: Run) (width: float) (options: SamplerOptions) (target: Density) =
        Guard.positive "width" width

        let first = target |> Cover.points (Stream.run Stream.FirstPoints run) options.Cover

        let pilot =
            SamplerPoints.drawn run first Stream.Pilot (max 2000 (4 * defaultArg options.Cover.Points Cover.fewest))

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
            Cover.Start = Start.Known pilot
            Network = options.Network >> Network.rescaled shift scale
        },
        fun (_: int) -> Process.ornsteinUhlenbeckTo shift (Covariance.Diagonal [ for s in scale -> s * s ])

    /// <summary>The distribution at time T from which draws begin.</summary>
    let reference (sampler: Sampler) : Reference = stationary sampler.Energy.Process

    /// Draws at time 0 from points (M × d) at time T and their log-density (M), some rows at a time.
    let internal drawFrom (run: Run) (sampler: Sampler) (start: Tensor, logDensity: Tensor) : Draws =
        Run.check run
        let energy = sampler.Energy
        let count, stop = Tensor.rows start, energy.Duration
        let at = run |> Run.phase Phase.Draw stop

        let limits: Flow.Limits =
            {
                Tolerance = sampler.Options.Draw.ToleranceFor(Energy.placement energy, count)
                Steps = 10_000
            }

        let report (piece: Piece) (step: StepRecord<unit>) =
            let fraction =
                (float piece.Start + (1.0 - step.Time / stop) * float piece.Length)
                / float count

            run.Meter
                { at step.Time fraction with
                    Accepted = step.Evaluations / 6 - step.Rejected
                    Rejected = step.Rejected
                    Step = step.Step
                }

        Draws.keep (fun () ->
            let back =
                Rows.shared run start [ [ energy.Process.Dimension ]; [] ] count (fun piece ->
                    let x, l =
                        (Rows.narrow piece start, Rows.narrow piece logDensity)
                        |> Flow.carry run limits (report piece) (stop, 0.0) energy

                    [ x; l ])

            Draws.weigh sampler.Target back[0] back[1])

    /// <summary>
    /// Draws with exact log-densities and weights: points of the reference distribution at T, carried back to 0 by the probability flow with
    /// the density that the flow gives them.
    /// </summary>
    /// <param name="run">Other seeds give other draws; at most <c>Rows</c> of them are followed at a time. Precision and device are the sampler's.</param>
    /// <param name="count">M, how many.</param>
    /// <param name="sampler">The sampler.</param>
    /// <exception cref="T:System.ArgumentException">The process has no reference distribution, or an argument is out of range.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let draw (run: Run) (count: int) (sampler: Sampler) : Draws =
        Guard.atLeast "count" 1 count
        Guard.fits "count" count sampler.Energy.Process.Dimension
        let reference = reference sampler

        Draws.keep (fun () ->
            let start =
                reference.Draw (Energy.placement sampler.Energy) (Stream.drawing Stream.Draws run) count

            drawFrom run sampler (start, reference.LogDensity start))

    /// log q at points (M × d), which the flow carries to T, where their log-density is known.
    let internal logProposalFrom (run: Run) (logDensityAtStop: Tensor -> Tensor) (points: Tensor) (sampler: Sampler) =
        let limits: Flow.Limits =
            {
                Tolerance = sampler.Options.Draw.ToleranceFor(Energy.placement sampler.Energy, Tensor.rows points)
                Steps = 1_000
            }

        Scope.keep (fun () ->
            Rows.shared run points [ [] ] (Tensor.rows points) (fun piece ->
                let x = Rows.narrow piece points

                let atStop, change =
                    (x, x.new_zeros x.shape[0])
                    |> Flow.carry run limits ignore (0.0, sampler.Energy.Duration) sampler.Energy

                [ logDensityAtStop atStop - change ])
            |> List.head)

    /// <summary>
    /// log q at any points, normalised: the density of the draws there, found by following the flow from 0 to T. With exact
    /// samples of the target it tells what draws cannot, whether q misses a part of it (<c>Importance.forwardEfficiency</c>).
    /// </summary>
    /// <param name="run">At most <c>Rows</c> points are followed at a time.</param>
    /// <param name="points">M × d.</param>
    /// <param name="sampler">The sampler.</param>
    /// <returns>M.</returns>
    /// <exception cref="T:System.ArgumentException">Points do not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">
    /// The flow cannot be followed within 1,000 steps, as happens at points where the energy was never fitted.
    /// </exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let logWeights = -(target.Energy samples) - Sampler.logProposal Run.quiet samples sampler
    /// Importance.forwardEfficiency logWeights
    /// </code></example>
    let logProposal (run: Run) (points: Tensor) (sampler: Sampler) : Tensor =
        Guard.points "points" sampler.Energy.Process.Dimension points
        logProposalFrom run (reference sampler).LogDensity points sampler

    /// <summary>
    /// The last of several samplers, each of which begins with the draws of the one before: for starts that cover the target badly,
    /// or with points where it has little mass. The earlier ones are disposed of.
    /// </summary>
    /// <param name="run">As for <c>evolve</c> and <c>draw</c>; every pass has a seed of its own.</param>
    /// <param name="count">How many samplers are made, 1 or more.</param>
    /// <param name="options">How; the start is that of the first.</param>
    /// <param name="family">The process in so many dimensions.</param>
    /// <param name="target">What to sample.</param>
    /// <exception cref="T:System.ArgumentException">As <c>evolve</c>.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">As <c>evolve</c> and <c>draw</c>.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let sampler = Sampler.passes Run.quiet 2 Sampler.defaults Process.ornsteinUhlenbeck target
    /// </code></example>
    let passes (run: Run) (count: int) (options: SamplerOptions) (family: int -> Process) (target: Density) : Sampler =
        Guard.within "count" 1 1000 count

        let next (before: Sampler) pass =
            use _ = before
            let run = Run.part pass run

            let wanted =
                4 * max (defaultArg options.Cover.Points Cover.most) options.Cover.FitPoints

            use draws = before |> draw run wanted

            evolve
                run
                { options with
                    Cover.Start = Start.Known(draws.Points.alias ())
                }
                family
                target

        (evolve run options family target, [ 2..count ]) ||> List.fold next
