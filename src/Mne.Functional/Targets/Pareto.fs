namespace Mne.Functional

open System

/// <summary>A generalised Pareto distribution of numbers x ≥ 0, P(X &gt; x) = (1 + k x / σ)^{−1/k}.</summary>
[<Struct; Notebooks.TypeFormatterSource>]
type Pareto =
    {
        /// <summary>
        /// k: moments of order 1/k and higher are infinite; no more than 0 when tails are exponential or shorter.
        /// </summary>
        Shape: float
        /// <summary>σ &gt; 0.</summary>
        Scale: float
    }

/// <summary>
/// The generalised Pareto distribution, which the largest of many numbers follow whatever their distribution.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Pareto =

    /// <summary>The value that is exceeded with probability 1 − p.</summary>
    /// <param name="p">A probability, from 0 to below 1.</param>
    /// <param name="pareto">The distribution.</param>
    /// <exception cref="T:System.ArgumentException">p is not 0 to 1.</exception>
    let quantile (p: float) (pareto: Pareto) : float =
        if p < 0.0 || p > 1.0 then
            Guard.fail "p" $"found {p}, wanted a probability, 0 to 1"

        if abs pareto.Shape < 1e-12 then
            -pareto.Scale * log (1.0 - p)
        else
            pareto.Scale * ((1.0 - p) ** -pareto.Shape - 1.0) / pareto.Shape

    /// <summary>
    /// The distribution fitted to five or more numbers x ≥ 0, not all zero, by the posterior mean under the profile
    /// likelihood of θ = −k/σ (J. Zhang and M. A. Stephens 2009, Technometrics 51:316–325).
    /// </summary>
    /// <exception cref="T:System.ArgumentException">For fewer numbers, negative ones, or only zeros.</exception>
    let fit (exceedances: float[]) : Pareto =
        Guard.atLeast "exceedances" 5 exceedances.Length
        let x = Array.sort exceedances
        let n = x.Length

        if not (x[0] >= 0.0 && Double.IsFinite x[n - 1] && x[n - 1] > 0.0) then
            Guard.fail
                "exceedances"
                $"found numbers from {x[0]} to {x[n - 1]}, wanted finite numbers from 0 on, not all 0"

        let largest = x[n - 1]
        // The first quartile sets the scale of the prior; where it is zero (ties), a part of the maximum does.
        let quartile =
            max x[max 0 (int (floor (float n / 4.0 + 0.5)) - 1)] (1e-10 * largest)

        let shape θ =
            x |> Array.averageBy (fun x -> Math.Log(1.0 - θ * x))

        let grid = 30 + int (sqrt (float n))

        let candidates =
            Array.init grid (fun i -> 1.0 / largest + (1.0 - sqrt (float grid / (float i + 0.5))) / (3.0 * quartile))

        let logLikelihood θ =
            let k = shape θ
            // As θ → 0 the distribution becomes exponential, and −θ/k the reciprocal of the mean.
            let rate = if abs k < 1e-14 then 1.0 / Array.average x else -θ / k
            float n * (log rate - k - 1.0)

        let logs = Array.map logLikelihood candidates
        let top = Array.max logs
        let weights = logs |> Array.map (fun l -> exp (l - top))

        let θ =
            (Array.fold2 (fun sum w θ -> sum + w * θ) 0.0 weights candidates)
            / Array.sum weights

        let k = shape θ

        {
            Shape = k
            Scale = if abs k < 1e-14 then Array.average x else -k / θ
        }

    /// How many of the m largest weights make up the tail (Vehtari et al., arXiv 1507.02646, §3).
    let private tailLength m =
        int (ceil (min (0.2 * float m) (3.0 * sqrt (float m))))

    /// <summary>
    /// Pareto-smoothed importance weights (Vehtari, Simpson, Gelman, Yao and Gabry, arXiv 1507.02646): the tail of the
    /// weights is replaced by the expected order statistics of the Pareto distribution fitted to it, no weight becoming
    /// larger than the largest was. Returns smoothed log-weights and the shape k̂ of the tail, drawn a little towards ½
    /// as there. k̂ is infinite when there are fewer than 25 weights, too few to tell, and 0 when the largest are all
    /// equal.
    /// </summary>
    let smooth (logWeights: float[]) : float[] * float =
        let m = logWeights.Length
        let length = tailLength m

        if length < 5 then
            Array.copy logWeights, Double.PositiveInfinity
        else
            let order = Array.init m id |> Array.sortBy (fun i -> logWeights[i])
            let top = logWeights[order[m - 1]]
            let cutoff = exp (logWeights[order[m - length - 1]] - top)
            let tail = order[m - length ..]
            let exceedances = tail |> Array.map (fun i -> exp (logWeights[i] - top) - cutoff)

            if exceedances[length - 1] <= 1e-12 then
                Array.copy logWeights, 0.0
            else
                let raw = fit exceedances
                let n = float length

                let fitted =
                    { raw with
                        Shape = (n * raw.Shape + 10.0 * 0.5) / (n + 10.0)
                    }

                let smoothed = Array.copy logWeights

                tail
                |> Array.iteri (fun rank i ->
                    let expected = cutoff + quantile ((float rank + 0.5) / n) fitted
                    smoothed[i] <- top + min 0.0 (log expected))

                smoothed, fitted.Shape

    /// <summary>
    /// The largest k̂ at which m weights can still be trusted, min(1 − 1/log₁₀ m, 0.7) (arXiv 1507.02646, §3.2.4).
    /// </summary>
    let threshold (m: int) : float =
        Guard.atLeast "m" 1 m
        min 0.7 (1.0 - 1.0 / log10 (float m))
