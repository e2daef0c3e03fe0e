namespace Mne.Functional

open System

/// Draws from an approximation q of a density ρ = e^{−V} / Z, with what is needed to correct for the difference.
/// They own tensors; dispose of them when they are no longer needed.
type Draws =
    {
        /// The points (M × d), distributed as q.
        Points: Tensor
        /// log q at the points (M): exact for the flow that made them.
        LogProposal: Tensor
        /// log w = −V − log q at the points (M).
        LogWeights: Tensor
    }

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

    /// The self-normalised weights, w / Σw (M).
    let weights (draws: Draws) : Tensor =
        Scope.keep (fun () -> draws.LogWeights.softmax 0L)

    /// (Σw)² / Σw² as a fraction of the number of draws: 1 when every weight is the same.
    let effectiveSampleSize (draws: Draws) : float =
        Scope.free (fun () ->
            let w = weights draws
            1.0 / (Tensor.toFloat (w.square().sum()) * float (Tensor.rows w)))

    /// log Z = log mean w, with its standard error by the delta method. The mean of the weights is an unbiased estimate
    /// of Z whatever the approximation, as long as q covers ρ.
    let logNormaliser (draws: Draws) : Estimate =
        Scope.free (fun () ->
            let m = float (Tensor.rows draws.LogWeights)
            let value = Tensor.toFloat (draws.LogWeights.logsumexp 0L) - log m
            let relative = (draws.LogWeights - value).exp()

            {
                Value = value
                StandardError = Tensor.toFloat (relative.std ()) / sqrt m
            })

    /// Mean log w: a lower bound of log Z in expectation; the gap is the divergence KL(q | ρ).
    let evidenceLowerBound (draws: Draws) : float =
        Scope.free (fun () -> Tensor.toFloat (draws.LogWeights.mean ()))

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
