namespace Mne.Functional

open TorchSharp

/// <summary>
/// Means, deviations, quantiles and covariances of weighted draws: an entry for each column, in the order of <c>NamedDraws.labels</c>.
/// Standard errors are those of self-normalised estimates from independent draws (delta method; A. B. Owen, Monte Carlo theory,
/// methods and examples, §9.2).
/// </summary>
/// <example><code>
/// let named = draws |&gt; NamedDraws.ofDraws [ "a"; "b" ]
/// for label, mean in List.zip (NamedDraws.labels named) (Moments.mean named) do
///     printfn $"{label}: {mean.Value:F2} ± {mean.StandardError:F2}"
/// </code></example>
[<RequireQualifiedAccess>]
module Moments =

    let private each (statistic: Weighted -> 'a) (draws: NamedDraws) : 'a list =
        Weighted.columns draws |> Array.map (snd >> statistic) |> List.ofArray

    /// <summary>The means.</summary>
    /// <exception cref="T:System.ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    /// <example><code>Moments.mean named</code></example>
    let mean (draws: NamedDraws) : Estimate list = each Weighted.meanEstimate draws

    /// <summary>The standard deviations.</summary>
    /// <exception cref="T:System.ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    /// <example><code>Moments.deviation named</code></example>
    let deviation (draws: NamedDraws) : Estimate list = each Weighted.deviation draws

    /// <summary>
    /// The quantiles below which the share p lies, with errors from that of the distribution function (R. S. Woodruff 1952,
    /// J. Am. Stat. Assoc. 47:635–646).
    /// </summary>
    /// <param name="p">A probability, 0 to 1; ½ for the median.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">p is not 0 to 1, a draw with weight has a value that is not finite, or no draw has
    /// weight.</exception>
    /// <example><code>named |&gt; Moments.quantile 0.975</code></example>
    let quantile (p: float) (draws: NamedDraws) : Estimate list =
        Weighted.checkProbability p
        draws |> each (Weighted.quantiles [ p ] >> List.head)

    /// <summary>The shortest intervals that hold this share of the weight: of highest density, where there is one mode.</summary>
    /// <param name="mass">The share, between 0 and 1.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">The mass is not between 0 and 1, a draw with weight has a value that is not finite,
    /// or no draw has weight.</exception>
    /// <example><code>named |&gt; Moments.narrowest 0.9</code></example>
    let narrowest (mass: float) (draws: NamedDraws) : (float * float) list =
        Weighted.checkMass mass
        draws |> each (Weighted.narrowest mass)

    /// <summary>The covariance matrix (k × k), over 1 − Σw², which is unbiased for equal weights.</summary>
    /// <exception cref="T:System.ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    /// <example><code>let matrix = Moments.covariance named</code></example>
    let covariance (draws: NamedDraws) : float[,] =
        Weighted.columns draws |> ignore // checks

        Scope.free (fun () ->
            let weights = Importance.normalised draws.LogWeights
            let rows = weights |> Array.indexed |> Array.filter (fun (_, w) -> w > 0.0)

            let x =
                draws.Values
                |> Tensor.pick (Array.map fst rows)
                |> Tensor.place Placement.float64

            let w = (Tensor.ofArray Placement.float64 (Array.map snd rows)).unsqueeze 1L
            let centred = x - (w * x).sum(0L, keepdim = true)
            let concentration = rows |> Array.sumBy (fun (_, w) -> w * w)
            Tensor.toArray2D ((w * centred).t().mm centred ./ (1.0 - concentration)))

    /// <summary>The correlations (k × k); nan beside a column that is constant.</summary>
    /// <exception cref="T:System.ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    /// <example><code>let matrix = Moments.correlation named</code></example>
    let correlation (draws: NamedDraws) : float[,] =
        let c = covariance draws

        c
        |> Array2D.mapi (fun i j value ->
            if i = j && c[i, i] > 0.0 then
                1.0
            else
                value / sqrt (c[i, i] * c[j, j]) |> max -1.0 |> min 1.0)
