namespace Mne.Functional

open System

/// Points that a Markov chain visited, or moved to.
type Chain =
    {
        /// The points (M × d), in order.
        Points: Tensor
        /// The fraction of proposals that were accepted.
        AcceptanceRate: float
    }

    interface IDisposable with
        member chain.Dispose() = chain.Points.Dispose()

/// The Metropolis-adjusted Langevin algorithm: x' = x − ½ H∇V + H^½ ξ, accepted with Metropolis and Hastings' probability.
/// Start from `MarkovChain.defaults`.
type LangevinOptions =
    {
        /// How many steps each point makes. Default 10.
        Steps: int
        /// H, the covariance of a step: about 1.6² d^{−1/3} times the covariance within a mode is best, which is so when a
        /// little over half of the proposals are accepted (Roberts and Rosenthal 1998). Default 0.1 I.
        Step: Diffusion
        /// Seed of noise and acceptance. Default 0.
        Seed: int
    }

/// Markov chains that leave the density ρ = e^{−V} / Z as it is.
[<RequireQualifiedAccess>]
module MarkovChain =

    /// Ten steps of covariance 0.1 I.
    let defaults =
        {
            Steps = 10
            Step = Isotropic 0.1
            Seed = 0
        }

    /// Independence Metropolis–Hastings: the draws are proposed in order, each accepted with probability
    /// min(1, w' / w). The chain has one point per draw, the first being the first draw; its distribution tends to ρ. Weights
    /// of paths (reverse SDE) serve as well as exact densities: the chain then is one on paths (Andrieu and Roberts 2009).
    ///
    /// <example><code>
    /// use chain = sampler |> Sampler.draw 4000 |> MarkovChain.independence 1
    /// chain.AcceptanceRate
    /// </code></example>
    let independence (seed: int) (draws: Draws) : Chain =
        let logWeights = Tensor.toArray draws.LogWeights
        let m = logWeights.Length
        Guard.atLeast "draws" 2 m

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

    /// Moves every point (M × d) by Langevin steps; if the points follow ρ, so do the moved ones, and otherwise each comes
    /// closer to ρ within its mode.
    /// Raises `ArgumentException` when options or points do not fit, or the energy is not finite at a proposal.
    ///
    /// <example><code>
    /// use chain = points |> MarkovChain.langevin { MarkovChain.defaults with Step = Isotropic 0.3 } target
    /// </code></example>
    let langevin (options: LangevinOptions) (target: Density) (points: Tensor) : Chain =
        Guard.atLeast "Steps" 1 options.Steps
        let d = target.Dimension
        Guard.points "points" d points
        Diffusion.check "Step" d options.Step
        let m = Tensor.rows points
        let placement = Placement.ofTensor points

        /// log of the density of a step from x, where V has the gradient g, to x' (M), up to a constant.
        let logTransition (x: Tensor) (g: Tensor) (x': Tensor) =
            -0.5
            * (Diffusion.whiten options.Step (x' - x + 0.5 * Diffusion.times options.Step g)).square().sum 1L

        let advance (x: Tensor, v: Tensor, g: Tensor, accepted: float) k =
            let moved =
                Scope.keepAll (fun (x, v, g, _) -> [ x; v; g ]) (fun () ->
                    let seed = Random.child k options.Seed
                    let ξ = Random.normal placement (Random.child 0 seed) [ m; d ]

                    let x' = x - 0.5 * Diffusion.times options.Step g + Diffusion.colour options.Step ξ

                    let v', g' = Diff.fgrad target.Energy x'
                    let logRatio = v - v' + logTransition x' g' x - logTransition x g x'

                    let accept =
                        (Random.uniform placement (Random.child 1 seed) [ m ]).log().le logRatio

                    let rows = accept.unsqueeze 1L

                    x'.where (rows, x),
                    v'.where (accept, v),
                    g'.where (rows, g),
                    accepted + Tensor.toFloat (accept.sum ()))

            for old in [ x; v; g ] do
                old.Dispose()

            moved

        Scope.keepAll (fun chain -> [ chain.Points ]) (fun () ->
            let v, g = Diff.fgrad target.Energy points

            let x, _, _, accepted =
                ((points.clone (), v, g, 0.0), [ 1 .. options.Steps ]) ||> List.fold advance

            {
                Points = x
                AcceptanceRate = accepted / float (m * options.Steps)
            })

    /// Weighted draws moved by Langevin steps, with the weights that they have: `langevin` for draws, with its acceptance rate.
    ///
    /// The weights stay right. They are proper for ρ: E[w f(x)] = Z E_ρ[f] for every f. A move by a transition K that leaves ρ
    /// invariant gives E[w f(x')] = E[w (Kf)(x)] = Z E_ρ[Kf] = Z E_ρ[f] (Del Moral, Doucet and Jasra 2006, with the reversed
    /// K as backward kernel). So log Z is the same number as before, while points come closer to ρ; a missed mode
    /// stays missed.
    let polish (options: LangevinOptions) (target: Density) (draws: Draws) : Draws * float =
        let chain = langevin options target draws.Points

        {
            Points = chain.Points
            LogProposal = Scope.keep (fun () -> -(target.Energy chain.Points) - draws.LogWeights)
            LogWeights = draws.LogWeights.alias ()
        },
        chain.AcceptanceRate
