namespace Mne.Functional

open System

/// Draws from an approximation q of a density ρ = e^{−V} / Z, with what is needed to correct for the difference.
/// They own tensors; dispose of them when they are no longer needed.
[<StructuredFormatDisplay("{Summary}")>]
type Draws =
    {
        /// The points (M × d), distributed as q.
        Points: Tensor
        /// log q at the points (M): exact for the flow that made them. Where draws come with a path (reverse SDE, Markov
        /// chain), log of the path's density over that of the path given its end point if the end had the density ρ: not
        /// log q, but e to it has the mean q(x) over those paths, and everything below holds as it stands.
        LogProposal: Tensor
        /// log w = −V − log q at the points (M): the weights are proper, E[w f(x)] = ∫ f e^{−V} for every f.
        LogWeights: Tensor
    }

    /// One line that says what they are; F# Interactive shows it in place of tensors.
    member draws.Summary =
        $"{draws.Points.shape[0]} weighted draws, d = {draws.Points.shape[1]}"

    override draws.ToString() = draws.Summary

    interface IDisposable with
        member draws.Dispose() =
            draws.Points.Dispose()
            draws.LogProposal.Dispose()
            draws.LogWeights.Dispose()

/// A number and its standard error.
[<Struct>]
type Estimate =
    {
        /// The estimate.
        Value: float
        /// Its standard error, from the draws themselves.
        StandardError: float
    }

/// Importance weights: they remove the bias that an approximate sampler leaves (MATH.md §4 "Removing the bias").
[<RequireQualifiedAccess>]
module Importance =

    /// Standard error of the mean of independent values (M); nan for one value, which does not tell.
    let internal standardError (values: Tensor) : float =
        if Tensor.rows values < 2 then
            nan
        else
            Tensor.toFloat (values.std ()) / sqrt (float (Tensor.rows values))

    /// The self-normalised weights, w / Σw (M).
    let weights (draws: Draws) : Tensor =
        Scope.keep (fun () -> draws.LogWeights.softmax 0L)

    /// The efficiency (Σw)² / (M Σw²) with its standard error by the delta method: the effective sample size as a fraction
    /// of the number of draws, 1 when every weight is the same.
    let efficiency (draws: Draws) : Estimate =
        Scope.free (fun () ->
            let m = float (Tensor.rows draws.LogWeights)
            let w = m * weights draws
            let square = w.square().mean()
            // The influence of one draw on (mean w)² / mean w², where mean w = 1.
            let influence = 2.0 * w / square - w.square () / square.square ()

            {
                Value = 1.0 / Tensor.toFloat square
                StandardError = standardError influence
            })

    /// The effective sample size as a fraction of the number of draws: the value of `efficiency`.
    let effectiveSampleSize (draws: Draws) : float = (efficiency draws).Value

    /// k̂, the Pareto shape of the tail of the weights (arXiv 1507.02646): below ½ their variance is finite; up to 0.7
    /// estimates converge usefully; above, the largest weights rule and errors are larger than standard errors say.
    let paretoShape (draws: Draws) : float =
        snd (Pareto.smooth (Tensor.toArray draws.LogWeights))

    /// The draws with Pareto-smoothed weights (arXiv 1507.02646): less variance, for a small bias of log Z.
    /// They share points with the draws, and are to be disposed of too.
    let smooth (draws: Draws) : Draws =
        let smoothed, _ = Pareto.smooth (Tensor.toArray draws.LogWeights)

        {
            Points = draws.Points.alias ()
            LogProposal = draws.LogProposal.alias ()
            LogWeights = Tensor.ofArray (Placement.ofTensor draws.LogWeights) smoothed
        }

    /// log Z = log mean w, with its standard error by the delta method. The mean of the weights is an unbiased estimate
    /// of Z whatever the approximation, as long as q covers ρ.
    let logNormaliser (draws: Draws) : Estimate =
        Scope.free (fun () ->
            let m = float (Tensor.rows draws.LogWeights)
            let value = Tensor.toFloat (draws.LogWeights.logsumexp 0L) - log m
            let relative = (draws.LogWeights - value).exp()

            {
                Value = value
                StandardError = standardError relative
            })

    /// Mean log w: a lower bound of log Z in expectation; the gap is the divergence KL(q | ρ).
    let evidenceLowerBound (draws: Draws) : float =
        Scope.free (fun () -> Tensor.toFloat (draws.LogWeights.mean ()))

    /// Forward efficiency: the effective sample size of draws from q as points that follow the target itself see it, as a
    /// fraction. Unlike `efficiency` it falls to 0 when q misses a mode, which draws from q cannot know. It takes the
    /// log-weights log w = −V − log q at exact samples of the target (M).
    /// Over samples of ρ the mean of 1/w is 1/Z and that of w is ∫ ρ²/q, so it is 1 / (mean w · mean 1/w).
    let forwardEfficiency (logWeightsAtSamples: Tensor) : float =
        Scope.free (fun () ->
            let m = float (Tensor.rows logWeightsAtSamples)

            exp (
                2.0 * log m
                - Tensor.toFloat (logWeightsAtSamples.logsumexp 0L)
                - Tensor.toFloat ((-logWeightsAtSamples).logsumexp 0L)
            ))

    /// The self-normalised expectation of f under ρ with its standard error; f maps points (M × d) to values (M).
    /// Raises `ArgumentException` when f returns another shape.
    let expectation (f: Tensor -> Tensor) (draws: Draws) : Estimate =
        Scope.free (fun () ->
            let values = f draws.Points
            Guard.vector "f" (Tensor.rows draws.Points) values
            let w = weights draws
            let mean = (w * values).sum()

            {
                Value = Tensor.toFloat mean
                StandardError = sqrt (Tensor.toFloat ((w * (values - mean)).square().sum()))
            })

    /// `count` points drawn with probabilities in proportion to the weights (systematic resampling): distributed as ρ, the
    /// more closely the more draws there are. Rows may repeat.
    let resample (seed: int) (count: int) (draws: Draws) : Tensor =
        Guard.atLeast "count" 1 count

        Scope.keep (fun () ->
            let cumulative = Tensor.toArray ((weights draws).cumsum 0L)
            let shift = Tensor.toFloat (Random.uniform Placement.float64 seed [ 1 ])
            let total = cumulative[cumulative.Length - 1]

            let index i =
                let found = Array.BinarySearch(cumulative, total * (float i + shift) / float count)
                min (cumulative.Length - 1) (if found >= 0 then found else ~~~found)

            Tensor.pick (Array.init count index) draws.Points)
