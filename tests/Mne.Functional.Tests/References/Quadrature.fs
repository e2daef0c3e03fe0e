namespace Mne.Functional.References

open System
open MathNet.Numerics.Random

/// log Z = log ∫e^{ℓ}, and the mean (d) and covariance (d × d) of e^{ℓ}/Z.
type Moments =
    {
        LogZ: float
        Mean: float[]
        Covariance: float[][]
    }

/// Integrals of e^{ℓ(x)} by the trapezoidal rule on an interval or box wide enough for e^{ℓ} to vanish at its ends, where
/// the rule converges faster than any power of the spacing. Source: Trefethen and Weideman, SIAM Review 56 (2014).
[<RequireQualifiedAccess>]
module Quadrature =

    /// ∫f over [low, high] with n intervals.
    let trapezoid (low: float) (high: float) (n: int) (f: float -> float) : float =
        let h = (high - low) / float n
        let mutable sum = 0.5 * (f low + f high)

        for i in 1 .. n - 1 do
            sum <- sum + f (low + float i * h)

        h * sum

    /// log ∫e^{ℓ(x)} dx over [low, high], the intervals doubled until log Z changes by less than 1e-13 (relative to the
    /// larger of |log Z| and 1). Raises `NotConvergedException` beyond 2²⁰ intervals.
    let logIntegral (low: float) (high: float) (logDensity: float -> float) : float =
        let rec refine n previous =
            let values =
                Array.init (n + 1) (fun i -> logDensity (low + (high - low) * float i / float n))

            let top = Array.max values
            let ends = 0.5 * (exp (values[0] - top) + exp (values[n] - top))
            let inner = Seq.sum (seq { for i in 1 .. n - 1 -> exp (values[i] - top) })
            let current = top + log ((ends + inner) * (high - low) / float n)

            if abs (current - previous) <= 1e-13 * max 1.0 (abs current) then
                current
            elif n >= (1 <<< 20) then
                raise (
                    NotConvergedException(
                        $"log Z still changes by {current - previous} at {n} intervals; "
                        + "the density must be smooth and vanish at both ends: widen the interval"
                    )
                )
            else
                refine (2 * n) current

        refine 64 nan

    /// Moments of e^{ℓ} on a box given by (low, high, number of points) along each axis: meant for two or three axes, with
    /// the product of the numbers of points evaluations, on all cores. The box must hold nearly all of the mass.
    let moments (axes: (float * float * int)[]) (logDensity: float[] -> float) : Moments =
        let d = axes.Length
        let counts = axes |> Array.map (fun (_, _, n) -> n)
        let spacing = axes |> Array.map (fun (low, high, n) -> (high - low) / float (n - 1))

        let point index =
            let x = Array.zeroCreate d
            let mutable rest = index

            for k in d - 1 .. -1 .. 0 do
                let low, _, _ = axes[k]
                x[k] <- low + spacing[k] * float (rest % counts[k])
                rest <- rest / counts[k]

            x

        // End points count as much as inner ones: by assumption the density vanishes there.
        let values = Array.Parallel.init (Array.reduce (*) counts) (point >> logDensity)
        let top = Array.max values
        let mutable total = 0.0
        let mean = Array.zeroCreate d

        values
        |> Array.iteri (fun index value ->
            let weight = exp (value - top)

            if weight > 0.0 then
                total <- total + weight
                point index |> Array.iteri (fun k x -> mean[k] <- mean[k] + weight * x))

        let mean = mean |> Array.map (fun m -> m / total)
        let covariance = Array.init d (fun _ -> Array.zeroCreate d)

        values
        |> Array.iteri (fun index value ->
            let weight = exp (value - top) / total

            if weight > 0.0 then
                let z = Array.map2 (-) (point index) mean

                for i in 0 .. d - 1 do
                    for j in 0 .. d - 1 do
                        covariance[i][j] <- covariance[i][j] + weight * z[i] * z[j])

        {
            LogZ = top + log (total * Array.reduce (*) spacing)
            Mean = mean
            Covariance = covariance
        }

    /// A function that turns a uniform number into a draw from e^{ℓ}/Z on [low, high], by a table of the distribution
    /// function with 2¹⁷ intervals (its error is of the order of their squared length).
    let inverseDistribution (low: float) (high: float) (logDensity: float -> float) : float -> float =
        let n = 1 <<< 17
        let x = Array.init (n + 1) (fun i -> low + (high - low) * float i / float n)
        let logs = Array.map logDensity x
        let top = Array.max logs

        let sums =
            Array.pairwise logs
            |> Array.scan (fun sum (a, b) -> sum + 0.5 * (exp (a - top) + exp (b - top))) 0.0

        fun uniform ->
            let wanted = uniform * sums[n]
            let found = Array.BinarySearch(sums, wanted)
            let right = (if found >= 0 then found else ~~~found) |> max 1 |> min n
            let rise = sums[right] - sums[right - 1]

            let part =
                if rise > 0.0 then
                    (wanted - sums[right - 1]) / rise
                else
                    0.5

            x[right - 1] + part * (x[right] - x[right - 1])

/// The sampling targets of the project with what is known about them: normalisers, exact draws.
[<RequireQualifiedAccess>]
module Targets =

    let private standardNormal = 0.5 * log (2.0 * Math.PI)

    /// One coordinate of the tilted double wells: log ρ(x) = −2(x² − 1)² − 0.3x.
    let tiltedDoubleWell (x: float) : float =
        -2.0 * (x * x - 1.0) * (x * x - 1.0) - 0.3 * x

    /// First coordinate of a many-well pair: log ρ(x) = −x⁴ + 6x² + 0.5x (the second one is standard normal).
    let manyWellFirst (x: float) : float = -x * x * x * x + 6.0 * x * x + 0.5 * x

    /// log Z of the product of d tilted double wells.
    let tiltedDoubleWellsLogZ (d: int) : float =
        float d * Quadrature.logIntegral -5.0 5.0 tiltedDoubleWell

    /// log Z of the many-well target with that many pairs (d = 2 pairs).
    let manyWellLogZ (pairs: int) : float =
        float pairs * (Quadrature.logIntegral -6.0 6.0 manyWellFirst + standardNormal)

    /// n exact draws from the product of d tilted double wells, one per row.
    let sampleTiltedDoubleWells (seed: int) (d: int) (n: int) : float[][] =
        let random = MersenneTwister(seed, false)
        let draw = Quadrature.inverseDistribution -5.0 5.0 tiltedDoubleWell
        Array.init n (fun _ -> Array.init d (fun _ -> draw (random.NextDouble())))

    /// n exact draws from the many-well target, one per row: pair p in the columns 2p and 2p + 1.
    let sampleManyWell (seed: int) (pairs: int) (n: int) : float[][] =
        let random = MersenneTwister(seed, false)
        let draw = Quadrature.inverseDistribution -6.0 6.0 manyWellFirst

        Array.init n (fun _ ->
            Array.init (2 * pairs) (fun k ->
                if k % 2 = 0 then
                    draw (random.NextDouble())
                else
                    MathNet.Numerics.Distributions.Normal.Sample(random, 0.0, 1.0)))

    /// n exact draws from the funnel in d dimensions, x₀ ~ N(0, 3²), x_i ~ N(0, e^{x₀}), one per row.
    let sampleFunnel (seed: int) (d: int) (n: int) : float[][] =
        let random = MersenneTwister(seed, false)

        let normal deviation =
            MathNet.Numerics.Distributions.Normal.Sample(random, 0.0, deviation)

        Array.init n (fun _ ->
            let first = normal 3.0
            Array.init d (fun k -> if k = 0 then first else normal (exp (0.5 * first))))

    /// Four modes in the plane, σ = 0.6, weights .4 at (2, 2), .3 at (−2, 2), .2 at (2, −2), .1 at (−2, −2).
    let fourModes: Mixture =
        Mixture.isotropic
            0.36
            [| 0.4; 0.3; 0.2; 0.1 |]
            [| [| 2.0; 2.0 |]; [| -2.0; 2.0 |]; [| 2.0; -2.0 |]; [| -2.0; -2.0 |] |]

    /// Twenty-five modes in the plane on {−10, −5, 0, 5, 10}², variance 0.3, equal weights.
    let twentyFiveModes: Mixture =
        let axis = [| -10.0; -5.0; 0.0; 5.0; 10.0 |]
        Mixture.isotropic 0.3 (Array.create 25 0.04) (Array.allPairs axis axis |> Array.map (fun (x, y) -> [| x; y |]))
