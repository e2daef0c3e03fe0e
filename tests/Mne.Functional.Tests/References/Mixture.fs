namespace Mne.Functional.References

open System
open MathNet.Numerics.Distributions
open MathNet.Numerics.Random

/// Σ_m Weights[m] N(Means[m], diag Variances[m]) in d dimensions.
type Mixture =
    {
        Weights: float[]
        Means: float[][]
        Variances: float[][]
    }

/// Gaussian mixtures with diagonal covariances: densities, exact draws, marginals, conditionals and moments.
[<RequireQualifiedAccess>]
module Mixture =

    let private logSumExp (values: float[]) =
        let top = Array.max values

        if Double.IsNegativeInfinity top then
            top
        else
            top + log (values |> Array.sumBy (fun v -> exp (v - top)))

    let private logGaussian mean variance x =
        let z = x - mean
        -0.5 * (z * z / variance + log (2.0 * Math.PI * variance))

    /// A mixture with one variance for every mode and coordinate.
    let isotropic (variance: float) (weights: float[]) (means: float[][]) : Mixture =
        {
            Weights = weights
            Means = means
            Variances = means |> Array.map (Array.map (fun _ -> variance))
        }

    /// log ρ(x), normalised; x has d coordinates.
    let logDensity (mixture: Mixture) (x: float[]) : float =
        Array.map3
            (fun weight mean variance -> log weight + Array.sum (Array.map3 logGaussian mean variance x))
            mixture.Weights
            mixture.Means
            mixture.Variances
        |> logSumExp

    /// n exact draws, one per row.
    let sample (seed: int) (n: int) (mixture: Mixture) : float[][] =
        let random = MersenneTwister(seed, false)

        Array.init n (fun _ ->
            let m = Categorical.Sample(random, mixture.Weights)

            Array.map2
                (fun mean variance -> Normal.Sample(random, mean, sqrt variance))
                mixture.Means[m]
                mixture.Variances[m])

    /// The distribution of the coordinates `axes`, in that order.
    let marginal (axes: int[]) (mixture: Mixture) : Mixture =
        let pick (row: float[]) = axes |> Array.map (fun k -> row[k])

        { mixture with
            Means = Array.map pick mixture.Means
            Variances = Array.map pick mixture.Variances
        }

    /// The distribution of the other coordinates, in order, where each coordinate k in `given` has the value beside it.
    let conditional (given: (int * float)[]) (mixture: Mixture) : Mixture =
        let axes, values = Array.unzip given
        let known = marginal axes mixture

        let logWeights =
            Array.map3
                (fun weight mean variance -> log weight + Array.sum (Array.map3 logGaussian mean variance values))
                known.Weights
                known.Means
                known.Variances

        let total = logSumExp logWeights

        let others =
            [| 0 .. mixture.Means[0].Length - 1 |]
            |> Array.filter (fun k -> not (Array.contains k axes))

        { marginal others mixture with
            Weights = logWeights |> Array.map (fun w -> exp (w - total))
        }

    /// The mean, d numbers.
    let mean (mixture: Mixture) : float[] =
        Array.map2 (fun w -> Array.map (fun m -> w * m)) mixture.Weights mixture.Means
        |> Array.reduce (Array.map2 (+))

    /// The covariance, d × d.
    let covariance (mixture: Mixture) : float[][] =
        let centre = mean mixture
        let d = centre.Length

        Array.init d (fun i ->
            Array.init d (fun j ->
                let mutable sum = 0.0

                for m in 0 .. mixture.Weights.Length - 1 do
                    let mu = mixture.Means[m]
                    let own = if i = j then mixture.Variances[m][i] else 0.0
                    sum <- sum + mixture.Weights[m] * ((mu[i] - centre[i]) * (mu[j] - centre[j]) + own)

                sum))

    /// The mode whose mean is nearest to x.
    let nearest (mixture: Mixture) (x: float[]) : int =
        let distance mean =
            Array.fold2 (fun sum a b -> sum + (a - b) * (a - b)) 0.0 mean x

        [| 0 .. mixture.Means.Length - 1 |]
        |> Array.minBy (fun m -> distance mixture.Means[m])
