namespace Mne.Functional

open System
open TorchSharp

/// <summary>How to make annealed draws. Start from <c>AnnealedDraws.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type AnnealedOptions =
    {
        /// <summary>
        /// K: draws stop on their way from T to 0 at the times T (1 − k/K)², k = 1 … K, where it is seen whether they still follow
        /// e^{−u_t}; the last of them is 0, where it is the target. Default 12.
        /// </summary>
        Stops: int
        /// <summary>
        /// Draws are resampled and moved where the effective sample size of their weights is less than this fraction of them: 0 to 1; before the
        /// last stop only where it is a tenth or more, since e^{−u_t} is to be believed there. Default 0.5.
        /// </summary>
        Threshold: float
        /// <summary>Moves of every draw where they are resampled. Default 4.</summary>
        Moves: int
        /// <summary>Groups of draws that share nothing: how much their log Z differ is its error. 2 or more. Default 8.</summary>
        Groups: int
    }

/// <summary>Annealed draws. They own tensors; dispose of them when they are no longer needed.</summary>
[<Notebooks.TypeFormatterSource>]
type Annealed =
    {
        /// <summary>
        /// The draws, with proper weights: E[w f(x)] = ∫ f e^{−V} for every f. Those of a group are not independent where it was resampled, so that
        /// errors come from the groups: <c>LogNormaliser</c>, not <c>Importance.logNormaliser</c>.
        /// </summary>
        Draws: Draws
        /// <summary>log Z, the log of the mean weight, with the error that the groups tell.</summary>
        LogNormaliser: Estimate
        /// <summary>The times at which draws were resampled and moved, from T downwards, and in how many of the groups.</summary>
        Resampled: (float * int) list
    }

    interface IDisposable with
        member annealed.Dispose() =
            (annealed.Draws :> IDisposable).Dispose()

/// <summary>
/// Draws along the probability flow that are weighed, resampled and moved on the way: sequential Monte Carlo (Del Moral, Doucet and Jasra 2006) whose
/// densities are those of a sampler, e^{−u_t}, and whose transport is its flow (as in annealed flow transport, Arbel, Matthews and Doucet 2021).
/// Errors of u_t are repaired where they arise, so that a sampler whose plain draws have few effective ones gives many.
/// </summary>
[<RequireQualifiedAccess>]
module AnnealedDraws =

    /// <summary>See <c>AnnealedOptions</c> for each default.</summary>
    let defaults: AnnealedOptions =
        {
            Stops = 12
            Threshold = 0.5
            Moves = 4
            Groups = 8
        }

    let private check (options: AnnealedOptions) =
        Guard.within "Stops" 1 100_000 options.Stops
        Guard.within "Moves" 1 100_000 options.Moves
        Guard.within "Groups" 2 10_000 options.Groups

        if not (options.Threshold >= 0.0 && options.Threshold <= 1.0) then
            Guard.fail "Threshold" $"found {options.Threshold}, wanted 0 to 1"

    /// Where weights are worth less than this, e^{−u_t} is something else than what draws follow, and says nothing of where they should be.
    let private believed = 0.1

    /// Where a group stands.
    type private Group =
        {
            Points: Tensor
            /// log of the density that the points follow, up to its mass (M).
            LogDensity: Tensor
            /// log of the estimate of that mass; 0 at the beginning.
            LogMass: float
            /// Times at which it was resampled, the latest first.
            Resampled: float list
        }

    let private held group = [ group.Points; group.LogDensity ]

    /// The sample size that weights are worth, as a fraction, and log of their mean.
    let private worth (logWeights: float[]) : float * float =
        let top = Array.max logWeights

        if Double.IsNegativeInfinity top then
            0.0, top
        else
            let w = logWeights |> Array.map (fun l -> exp (l - top))
            let n = float w.Length
            Array.sum w ** 2.0 / (n * Array.sumBy (fun w -> w * w) w), top + log (Array.average w)

    /// The group resampled by its weights for the density, and moved by steps that leave it as it is.
    let private renew (run: Run) (moves: int) (density: Density) (logWeights: Tensor) logMass t (group: Group) : Group =
        let m = Tensor.rows group.Points
        let w = Tensor.toArray (logWeights.softmax 0L)

        let shift =
            Tensor.toArray (Random.uniform Placement.float64 (Seed.child 0 run.Seed) [ 1 ])

        let mixture =
            let d = density.Dimension

            Mixture.normal (Array.zeroCreate d) (Covariance.matrix d (Covariance.Isotropic 1.0))
            |> MixtureFit.improve 1 1 group.Points logWeights
            |> MixtureFit.improve 8 8 group.Points logWeights

        let state =
            Langevin.start density (Tensor.pick (Resampling.systematic shift[0] m w) group.Points)

        let state, _ =
            (state, Tempering.firstSize density.Dimension)
            |> Tempering.move (Moves.Langevin moves) density (Seed.child 1 run.Seed, Seed.child 2 run.Seed) mixture

        {
            Points = state.Points
            LogDensity = -state.Energy
            LogMass = group.LogMass + logMass
            Resampled = t :: group.Resampled
        }

    /// One group from T to 0: its points, their log-weights, and when it was resampled.
    let private follow (run: Run) (options: AnnealedOptions) (report: int -> unit) (sampler: Sampler) (count: int) =
        let energy = sampler.Energy
        let T, reference = energy.Duration, Sampler.reference sampler

        let limits: Flow.Limits =
            {
                Tolerance = sampler.Options.Draw.ToleranceFor(Energy.placement energy, count)
                Steps = 10_000
            }

        let time k =
            T * (1.0 - float k / float options.Stops) ** 2.0

        /// e^{−u_t}, and the target at the end.
        let densityAt t =
            if t = 0.0 then
                sampler.Target
            else
                { sampler.Target with
                    Energy = fun x -> Guard.energies "energy" (Energy.differentiable t x energy)
                }

        let start =
            let points = reference.Draw (Energy.placement energy) (Seed.child 0 run.Seed) count

            {
                Points = points
                LogDensity = reference.LogDensity points
                LogMass = 0.0
                Resampled = []
            }

        let toNext (group: Group) k =
            let t = time k
            Run.stopIfAsked run

            let next =
                Scope.keepAll held (fun () ->
                    let points, logDensity =
                        let parts =
                            Rows.pieces run.Rows count
                            |> Rows.each (fun (x, l) -> [ x; l ]) (fun piece ->
                                (Rows.narrow piece group.Points, Rows.narrow piece group.LogDensity)
                                |> Flow.carry run limits ignore (time (k - 1), t) energy)

                        parts |> List.map fst |> Rows.join 0L, parts |> List.map snd |> Rows.join 0L

                    let group =
                        { group with
                            Points = points
                            LogDensity = logDensity
                        }

                    let density = densityAt t

                    let logWeights = -(density.Energy points) - logDensity

                    let share, logMass = worth (Tensor.toArray logWeights)

                    if share < options.Threshold && share > (if t = 0.0 then 0.0 else believed) then
                        group |> renew (Run.part k run) options.Moves density logWeights logMass t
                    else
                        group)

            for tensor in held group do
                tensor.Dispose()

            report k
            next

        let last = (start, [ 1 .. options.Stops ]) ||> List.fold toNext

        let logWeights =
            -(sampler.Target.Energy last.Points) - last.LogDensity .+ last.LogMass

        last.Points, logWeights, last.Resampled

    /// <summary>
    /// Draws by the flow, weighed on the way against e^{−u_t}: where weights have become too unequal, draws are resampled in proportion to
    /// them and moved by Langevin steps and by leaps between modes that leave e^{−u_t} as it is, at the end e^{−V}. The mean weight is an
    /// unbiased estimate of Z whatever the error of u, but for moves being fitted to the draws, which leaves a bias that vanishes with their number;
    /// without resampling, draws and weights are those of <c>Sampler.draw</c>. Where u has a hole
    /// that no point has seen, draws gather in it, all groups alike, and the estimate is too low by more than they tell: <c>Report.ofDraws</c>, which
    /// compares log Z with that of tempering, sees it.
    /// </summary>
    /// <param name="run">Other seeds give other draws; at most <c>Rows</c> of them are followed at a time. Precision and device are the sampler's.</param>
    /// <param name="options">Where to stop, when to resample, and how many groups.</param>
    /// <param name="count">M, how many; each group has as many as every other, and 25 at least, to which M is rounded up.</param>
    /// <param name="sampler">The sampler.</param>
    /// <returns>The draws with log Z and its error, and where they were resampled.</returns>
    /// <exception cref="T:System.ArgumentException">The process has no reference distribution, or an argument is out of range.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// use annealed = sampler |&gt; AnnealedDraws.draw Run.quiet AnnealedDraws.defaults 4000
    /// annealed.LogNormaliser, Importance.effectiveSampleSize annealed.Draws
    /// </code></example>
    let draw (run: Run) (options: AnnealedOptions) (count: int) (sampler: Sampler) : Annealed =
        check options
        Run.check run
        Guard.atLeast "count" 1 count
        Guard.fits "count" count sampler.Energy.Process.Dimension
        let groups = options.Groups
        // A mixture is fitted to the draws of a group.
        let share = max 25 ((count + groups - 1) / groups)
        let at = run |> Run.phase Phase.Draw sampler.Energy.Duration
        let seed = Stream.drawing Stream.Annealed run

        Scope.keepAll (fun annealed -> Draws.tensors annealed.Draws) (fun () ->
            use _ = torch.no_grad ()

            let parts =
                [
                    for g in 0 .. groups - 1 ->
                        let report k =
                            NativeMemory.settle ()
                            let done' = float k / float options.Stops

                            run.Meter
                                { at
                                      (sampler.Energy.Duration * (1.0 - done') ** 2.0)
                                      ((float g + done') / float groups) with
                                    Accepted = g * options.Stops + k
                                }

                        Scope.keepAll (fun (x, l, _) -> [ x; l ]) (fun () ->
                            follow { run with Seed = Seed.child g seed } options report sampler share)
                ]

            let points = parts |> List.map (fun (x, _, _) -> x) |> Tensor.concatenate 0L
            let logWeights = parts |> List.map (fun (_, l, _) -> l) |> Tensor.concatenate 0L

            let z =
                [|
                    for _, l, _ in parts -> Tensor.toFloat (l.logsumexp 0L) - log (float share)
                |]

            let top = Array.max z
            let relative = z |> Array.map (fun z -> exp (z - top))
            let mean = Array.average relative

            let variance =
                Array.sumBy (fun r -> (r / mean - 1.0) ** 2.0) relative / float (groups - 1)

            {
                Draws =
                    {
                        Points = points
                        LogProposal = -(sampler.Target.Energy points) - logWeights
                        LogWeights = logWeights
                    }
                LogNormaliser =
                    {
                        Value = top + log mean
                        StandardError = sqrt (variance / float groups)
                    }
                Resampled =
                    parts
                    |> List.collect (fun (_, _, times) -> times)
                    |> List.countBy id
                    |> List.sortDescending
            })
