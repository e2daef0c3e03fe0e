namespace Mne.Functional

open System

/// <summary>Points that a Markov chain visited, or moved to.</summary>
[<Notebooks.TypeFormatterSource>]
type Chain =
    {
        /// <summary>The points (M × d), in order.</summary>
        Points: Tensor
        /// <summary>The fraction of proposals that were accepted.</summary>
        AcceptanceRate: float
    }

    interface IDisposable with
        member chain.Dispose() = chain.Points.Dispose()

/// <summary>
/// The Metropolis-adjusted Langevin algorithm: x' = x − ½ H∇V + H^½ ξ, accepted with Metropolis and Hastings'
/// probability. Start from <c>MarkovChain.defaults</c>.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type LangevinOptions =
    {
        /// <summary>How many steps each point makes. Default 10.</summary>
        Steps: int
        /// <summary>
        /// H, the covariance of a step: about 1.6² d^{−1/3} times the covariance within a mode is best, which is so
        /// when a little over half of the proposals are accepted (Roberts and Rosenthal 1998). Default <c>Covariance.Isotropic 0.1</c>.
        /// </summary>
        Step: Covariance
    }

/// <summary>Markov chains that leave the density ρ = e^{−V} / Z as it is.</summary>
[<RequireQualifiedAccess>]
module MarkovChain =

    /// <summary>Ten steps of covariance 0.1 I.</summary>
    let defaults: LangevinOptions =
        {
            Steps = 10
            Step = Covariance.Isotropic 0.1
        }

    /// <summary>
    /// Independence Metropolis–Hastings: the draws are proposed in order, each accepted with probability min(1, w' /
    /// w). The chain has one point per draw, the first being the first draw; its distribution tends to ρ. Weights of
    /// paths (reverse SDE) serve as well as exact densities: the chain then is one on paths (Andrieu and Roberts 2009).
    /// </summary>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <exception cref="T:System.ArgumentException">There are fewer than two draws, or a log-weight is not a number.</exception>
    /// <example><code>
    /// use chain = sampler |&gt; Sampler.draw Run.quiet 4000 |&gt; MarkovChain.independence 1
    /// chain.AcceptanceRate
    /// </code></example>
    let independence (seed: int) (draws: Draws) : Chain =
        Draws.check draws
        let logWeights = Tensor.toArray draws.LogWeights
        let m = logWeights.Length
        Guard.atLeast "draws" 2 m

        if Array.exists Double.IsNaN logWeights then
            Guard.fail
                "draws"
                "log-weights: found one that is not a number; leave out draws whose energy is not a number"

        let uniforms =
            Scope.free (fun () -> Tensor.toArray (Random.uniform Placement.float64 seed [ m ]))

        let visited =
            (0, [| 1 .. m - 1 |])
            ||> Array.scan (fun current proposed ->
                if log uniforms[proposed] < logWeights[proposed] - logWeights[current] then
                    proposed
                else
                    current)

        let accepted =
            visited |> Array.pairwise |> Array.filter (fun (a, b) -> a <> b) |> Array.length

        {
            Points = Tensor.pick visited draws.Points
            AcceptanceRate = float accepted / float (m - 1)
        }

    /// <summary>
    /// Moves every point by Langevin steps; if the points follow ρ, so do the moved ones, and otherwise each comes closer to ρ within its mode.
    /// </summary>
    /// <param name="run">Its seed is that of noise and acceptance; its cancellation ends the chain between steps.</param>
    /// <param name="options">How many steps, and how large.</param>
    /// <param name="target">ρ ∝ e^{−V}.</param>
    /// <param name="points">Where the chains begin (M × d).</param>
    /// <exception cref="T:System.ArgumentException">Options or points do not fit, or the energy is not finite at a proposal.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// use chain = samples |&gt; MarkovChain.langevin Run.quiet { MarkovChain.defaults with Step = Covariance.Isotropic 0.3 } target
    /// </code></example>
    let langevin (run: Run) (options: LangevinOptions) (target: Density) (points: Tensor) : Chain =
        Guard.within "Steps" 1 10_000_000 options.Steps
        Guard.points "points" target.Dimension points
        Covariance.check "Step" target.Dimension options.Step
        let m = Tensor.rows points

        let advance move (state: LangevinState, accepted: float) k =
            Run.stopIfAsked run

            let moved =
                Scope.keepAll (fst >> Langevin.tensors) (fun () ->
                    let next, accept = Langevin.step target move (Seed.child k run.Seed) state
                    next, accepted + Tensor.toFloat (accept.sum ()))

            for old in Langevin.tensors state do
                old.Dispose()

            moved

        Scope.keepAll (fun chain -> [ chain.Points ]) (fun () ->
            let move =
                {
                    Covariance = options.Step
                    Size = points.new_ones (1L, 1L)
                    Temperature = 1.0
                    Truncated = false
                }

            let last, accepted =
                ((Langevin.start target (points.clone ()), 0.0), [ 1 .. options.Steps ])
                ||> List.fold (advance move)

            {
                Points = last.Points
                AcceptanceRate = accepted / float (m * options.Steps)
            })

    /// <summary>
    /// Weighted draws moved by Langevin steps, with the weights that they have: <c>langevin</c> for draws, with its
    /// acceptance rate.
    /// <para>The weights stay right. They are proper for ρ: E[w f(x)] = Z E_ρ[f] for every f. A move by a transition K
    /// that leaves ρ invariant gives E[w f(x')] = E[w (Kf)(x)] = Z E_ρ[Kf] = Z E_ρ[f] (Del Moral, Doucet and Jasra
    /// 2006, with the reversed K as backward kernel). So log Z is the same number as before, while points come closer
    /// to ρ; a missed mode stays missed.</para>
    /// </summary>
    /// <param name="run">Placement, seed, meter and cancellation; <c>Run.quiet</c> where nothing is special.</param>
    /// <param name="options">Start from <c>MarkovChain.defaults</c>.</param>
    /// <param name="target">The density e^{−V}, up to its constant.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <exception cref="T:System.ArgumentException">Options or draws do not fit, or the energy is not finite at a proposal.</exception>
    let polish (run: Run) (options: LangevinOptions) (target: Density) (draws: Draws) : Draws * float =
        Draws.check draws
        let chain = langevin run options target draws.Points

        {
            Points = chain.Points
            LogProposal = Scope.keep (fun () -> -(target.Energy chain.Points) - draws.LogWeights)
            LogWeights = draws.LogWeights.alias ()
        },
        chain.AcceptanceRate
