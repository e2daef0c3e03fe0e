namespace Mne.Functional

/// <summary>
/// Importance weights: they remove the bias that an approximate sampler leaves (docs/mathematics.md §4 "Removing the
/// bias").
/// </summary>
[<RequireQualifiedAccess>]
module Importance =

    /// Standard error of the mean of independent values (M); nan for one value, which does not tell.
    let internal standardError (values: Tensor) : float =
        if Tensor.rows values < 2 then
            nan
        else
            Tensor.toFloat (values.std ()) / sqrt (float (Tensor.rows values))

    /// Raises unless log-weights (M) are whole: −∞ is a weight of 0; nan, +∞ and weights that are all 0 say nothing.
    let private check (logWeights: Tensor) : Tensor =
        let highest = Scope.free (fun () -> Tensor.toFloat (logWeights.max ())) // nan where any is

        if not (System.Double.IsFinite highest) then
            let missing = Scope.free (fun () -> Tensor.toFloat (logWeights.isnan().sum()))

            Guard.fail
                "draws"
                $"log-weights: {missing} of {Tensor.rows logWeights} are not a number, and the largest is {highest}; weights have to be finite and not all 0: leave out draws whose energy is not a number"

        logWeights

    /// The log-weights of draws that are whole.
    let private logWeights (draws: Draws) : Tensor =
        Draws.check draws
        check draws.LogWeights

    /// Weights in proportion to e^log-weights (M) that sum to one.
    let internal normalised (logWeights: Tensor) : float[] =
        Scope.free (fun () -> Tensor.toArray ((check logWeights).softmax 0L))

    /// <summary>The self-normalised weights, w / Σw (M).</summary>
    let weights (draws: Draws) : Tensor =
        Scope.keep (fun () -> (logWeights draws).softmax 0L)

    /// The efficiency of log-weights (M).
    let internal efficiencyOf (logWeights: Tensor) : Estimate =
        Scope.free (fun () ->
            let m = float (Tensor.rows logWeights)
            let w = m .* (check logWeights).softmax 0L
            let square = w.Square().mean()
            // The influence of one draw on (mean w)² / mean w², where mean w = 1.
            let influence = 2.0 .* w / square - w.Square() / square.Square()

            {
                Value = 1.0 / Tensor.toFloat square
                StandardError = standardError influence
            })

    /// <summary>
    /// The efficiency (Σw)² / (M Σw²) with its standard error by the delta method: the effective sample size as a
    /// fraction of the number of draws, 1 when every weight is the same.
    /// </summary>
    let efficiency (draws: Draws) : Estimate = efficiencyOf (logWeights draws)

    /// <summary>
    /// The effective sample size as a fraction of the number of draws: the value of <c>efficiency</c>.
    /// </summary>
    let effectiveSampleSize (draws: Draws) : float = (efficiency draws).Value

    /// <summary>
    /// k̂, the Pareto shape of the tail of the weights (arXiv 1507.02646): below ½ their variance is finite; up to 0.7
    /// estimates converge usefully; above, the largest weights rule and errors are larger than standard errors say.
    /// </summary>
    let paretoShape (draws: Draws) : float =
        snd (Pareto.smooth (Tensor.toArray (logWeights draws)))

    /// <summary>
    /// The draws with Pareto-smoothed weights (arXiv 1507.02646): less variance, for a small bias of log Z.
    /// They share points with the draws, and are to be disposed of too.
    /// </summary>
    let smooth (draws: Draws) : Draws =
        let smoothed, _ = Pareto.smooth (Tensor.toArray (logWeights draws))

        {
            Points = draws.Points.alias ()
            LogProposal = draws.LogProposal.alias ()
            LogWeights = Tensor.ofArray (Placement.ofTensor draws.LogWeights) smoothed
        }

    /// <summary>
    /// log Z = log mean w, with its standard error by the delta method. The mean of the weights is an unbiased estimate
    /// of Z whatever the approximation, as long as q covers ρ.
    /// </summary>
    let logNormaliser (draws: Draws) : Estimate =
        Scope.free (fun () ->
            let logWeights = logWeights draws
            let m = float (Tensor.rows logWeights)
            let value = Tensor.toFloat (logWeights.logsumexp 0L) - log m
            let relative = (logWeights .- value).exp()

            {
                Value = value
                StandardError = standardError relative
            })

    /// <summary>Mean log w: a lower bound of log Z in expectation; the gap is the divergence KL(q | ρ).</summary>
    let evidenceLowerBound (draws: Draws) : float =
        Scope.free (fun () -> Tensor.toFloat ((logWeights draws).mean()))

    /// <summary>
    /// Forward efficiency: the effective sample size of draws from q as points that follow the target itself see it, as
    /// a fraction. Unlike <c>efficiency</c> it falls to 0 when q misses a mode, which draws from q cannot know. It
    /// takes the log-weights log w = −V − log q at exact samples of the target (M). Over samples of ρ the mean of 1/w
    /// is 1/Z and that of w is ∫ ρ²/q, so it is 1 / (mean w · mean 1/w).
    /// </summary>
    let forwardEfficiency (logWeightsAtSamples: Tensor) : float =
        Guard.numbers "logWeightsAtSamples" logWeightsAtSamples
        Guard.vector "logWeightsAtSamples" (max 1 (int (logWeightsAtSamples.numel ()))) logWeightsAtSamples

        Scope.free (fun () ->
            let m = float (Tensor.rows logWeightsAtSamples)

            exp (
                2.0 * log m
                - Tensor.toFloat (logWeightsAtSamples.logsumexp 0L)
                - Tensor.toFloat ((-logWeightsAtSamples).logsumexp 0L)
            ))

    /// <summary>
    /// The self-normalised expectation of f under ρ with its standard error; f maps points (M × d) to values (M).
    /// </summary>
    /// <param name="f">Points (M × d) ↦ values (M).</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <exception cref="T:System.ArgumentException">f returns another shape, or numbers that are not finite.</exception>
    let expectation (f: Tensor -> Tensor) (draws: Draws) : Estimate =
        Scope.free (fun () ->
            Draws.check draws
            let values = Lent.one f draws.Points
            Guard.vector "f" (Tensor.rows draws.Points) values
            Guard.finite "f" values
            let w = weights draws
            let mean = (w * values).sum()

            {
                Value = Tensor.toFloat mean
                StandardError = sqrt (Tensor.toFloat ((w * (values - mean)).Square().sum()))
            })

    /// <summary>
    /// <c>count</c> points drawn with probabilities in proportion to the weights (systematic resampling): distributed
    /// as ρ, the more closely the more draws there are. Rows may repeat.
    /// </summary>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="count">How many points.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    let resample (seed: int) (count: int) (draws: Draws) : Tensor =
        Scope.keep (fun () ->
            let shift = Tensor.toFloat (Random.uniform Placement.float64 seed [ 1 ])

            Tensor.pick (Tensor.toArray (weights draws) |> Resampling.systematic shift count) draws.Points)
