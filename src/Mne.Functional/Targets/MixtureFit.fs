namespace Mne.Functional

open TorchSharp

/// Mixtures fitted to weighted points by expectation and maximisation (Dempster, Laird and Rubin 1977), with as many components as points that
/// the fit has not seen ask for.
[<RequireQualifiedAccess>]
module internal MixtureFit =

    /// Responsibilities, densities and covariances of all components at all points never take more numbers than this.
    let private mostNumbers = 20_000_000

    /// From log w (K), m (K × d) and C (K × d × d), on the CPU.
    let private mixtureOf (logWeights: Tensor) (means: Tensor) (covariances: Tensor) : Mixture =
        let weights = Tensor.toArray (logWeights.softmax 0L)
        let rows = Tensor.toArray2D means

        {
            Weights = weights
            Means = Array.init weights.Length (fun k -> rows[k, *])
            Covariances = Array.init weights.Length (fun k -> Tensor.toArray2D covariances[int64 k])
        }

    /// Moments of each component under responsibilities times weights r (K × N), whose sum is n, the number of points that they are worth.
    /// Covariances are drawn towards their own diagonal, by as many points as there are dimensions, and are a little wider than the points of
    /// few components: means that are known from few points are not known well.
    let private maximise (points: Tensor) (r: Tensor) : Tensor * Tensor * Tensor =
        let d = float points.shape[1]
        let n = r.sum 1L .+ 1e-300
        let means = r.matmul points / n.unsqueeze 1L
        let centred = points.unsqueeze 0L - means.unsqueeze 1L
        let scaled = r.sqrt().unsqueeze 2L * centred

        let second = scaled.transpose(1L, 2L).matmul scaled / n.unsqueeze(1L).unsqueeze 2L

        let own = second.diagonal (0L, 1L, 2L)
        // A width that no component falls below: a thousandth of that of all points.
        let floor = 1e-6 .* (points - points.mean [| 0L |]).Square().mean([| 0L |])
        let diagonal = (own .+ floor).diag_embed(0L, 1L, 2L)
        let share = (n / (n .+ d)).unsqueeze(1L).unsqueeze 2L
        let wider = ((n .+ d) / n).ClampMax(3.0).unsqueeze(1L).unsqueeze 2L
        n.log (), means, (share * second .+ (1.0 .- share) * diagonal) * wider

    /// One step of expectation and maximisation, and Σ w log q / Σ w before it; components worth less than `least` points are left out.
    let private advance (least: float) (worth: Tensor) (points: Tensor) (mixture: Mixture) : Mixture * float =
        Scope.free (fun () ->
            let normals = Normals.ofMixture (Placement.ofTensor points) mixture
            let terms = Normals.logTerms normals (Normals.whitened normals points)
            let total = terms.logsumexp (0L, keepdim = true)
            let r = (terms - total).exp() * worth
            let n = Tensor.toArray (r.sum 1L)

            let kept =
                [|
                    for k, count in Array.indexed n do
                        if count >= least || count = Array.max n then
                            k
                |]

            maximise points (Tensor.pick kept r) |||> mixtureOf,
            Tensor.toFloat ((total.squeeze 0L * worth).sum() / worth.sum ()))

    /// Less than this, gained by a step, is too little to go on for.
    let private enough = 1e-5

    /// Steps until they gain hardly anything, `steps` at most.
    let private refine (steps: int) (least: float) (worth: Tensor) (points: Tensor) (mixture: Mixture) : Mixture =
        let rec go k before mixture =
            let next, here = advance least worth points mixture

            if k + 1 >= steps || here - before < enough then
                next
            else
                go (k + 1) here next

        go 0 -infinity mixture

    /// Each component in two, a deviation apart along its longest axis.
    let private split (mixture: Mixture) : Mixture =
        Scope.free (fun () ->
            let normals = Normals.ofMixture Placement.float64 mixture
            let covariances = normals.Roots.matmul (normals.Roots.transpose (1L, 2L))
            let struct (λ, q) = torch.linalg.eigh covariances
            let last = λ.shape[1] - 1L
            let axis = q.select (2L, last) * (λ.select (1L, last)).sqrt().unsqueeze 1L
            let shift = 0.7 .* axis
            let narrower = covariances - 0.4 .* axis.unsqueeze 2L * axis.unsqueeze 1L
            let twice (t: Tensor) = Tensor.concatenate 0L [ t; t ]

            mixtureOf
                (twice normals.LogWeights)
                (Tensor.concatenate 0L [ normals.Means - shift; normals.Means .+ shift ])
                (twice narrower))

    /// Σ w log q / Σ w at points.
    let private score (weights: Tensor) (points: Tensor) (mixture: Mixture) : float =
        Scope.free (fun () ->
            let logs =
                Normals.logDensity (Normals.ofMixture (Placement.ofTensor points) mixture) points

            Tensor.toFloat ((weights * logs).sum() / weights.sum ()))

    /// The mixture closest to weighted points, from a first one: its components are split in two again and again while points that the fit does not
    /// see gain by it, `most` components at most. `steps`: how many steps each of the fits makes.
    let improve (most: int) (steps: int) (points: Tensor) (logWeights: Tensor) (first: Mixture) : Mixture =
        Scope.free (fun () ->
            let weights = logWeights.softmax 0L
            let worth = Tensor.toFloat (1.0 ./ weights.Square().sum())
            let rows, d = Tensor.rows points, int points.shape[1]

            let pick (of': int[]) =
                Tensor.pick of' points, Tensor.pick of' weights
            // Every third point judges.
            let seen, seenWeights =
                pick
                    [|
                        for i in 0 .. rows - 1 do
                            if i % 3 <> 2 then
                                i
                    |]

            let judging, judgingWeights =
                pick
                    [|
                        for i in 0 .. rows - 1 do
                            if i % 3 = 2 then
                                i
                    |]

            let seenWorth = seenWeights / seenWeights.sum () .* (worth * 2.0 / 3.0)
            let least = min 4.0 (0.5 * worth)

            let refined = refine steps least seenWorth seen

            let fits (mixture: Mixture) =
                mixture.Components <= most
                && mixture.Components * (rows * d + d * d) <= mostNumbers
                // Each component has to be told from some points.
                && float mixture.Components * float (2 + d) < worth

            /// Splits on while it pays; a split that does not may be followed by one that does.
            let rec grow misses last best bestScore =
                let next = split last

                if misses = 2 || not (fits next) then
                    best
                else
                    let next = refined next
                    let nextScore = score judgingWeights judging next

                    if nextScore > bestScore + 2e-3 then
                        grow 0 next next nextScore
                    else
                        grow (misses + 1) next best bestScore

            let start = refined first
            let best = grow 0 start start (score judgingWeights judging start)
            // The last words have all points.
            refine steps least (weights .* worth) points best)
