// Conditionals for ten values of y and a marginal, each from one evolution under partial noise: four modes in the plane, and a random
// Gaussian in six dimensions.
//     dotnet fsi --optimize+ scripts/conditionals.fsx
#load "sampling.fsx"

open System
open MathNet.Numerics.LinearAlgebra
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

/// Half the sum of |found − exact| over 30 cells between mean ± 4 deviations: the total variation of histograms.
let totalVariation (values: float[]) (weights: float[]) (logDensity: float -> float) (mean: float) (deviation: float) =
    let low, width = mean - 4.0 * deviation, 8.0 * deviation / 30.0
    let found = Array.zeroCreate 30

    for x, w in Array.zip values weights do
        let cell = int (floor ((x - low) / width))

        if cell >= 0 && cell < 30 then
            found[cell] <- found[cell] + w

    let exact =
        [|
            for cell in 0..29 ->
                let a = low + width * float cell
                Quadrature.trapezoid a (a + width) 40 (logDensity >> exp)
        |]

    0.5 * Array.sum (Array.map2 (fun f e -> abs (f - e)) found exact)

/// Errors of one coordinate: of the mean in deviations, of the deviation, and the total variation.
let compare (k: int) (draws: Draws) (logDensity: float -> float) (mean: float) (deviation: float) =
    let values, weights = weighted k draws
    let found = Array.fold2 (fun sum w x -> sum + w * x) 0.0 weights values

    let variance =
        Array.fold2 (fun sum w x -> sum + w * (x - found) ** 2.0) 0.0 weights values

    [|
        abs (found - mean) / deviation
        abs (sqrt variance / deviation - 1.0)
        totalVariation values weights logDensity mean deviation
    |]

let worst (errors: float[] seq) = Seq.reduce (Array.map2 max) errors
let run = Terminal.run ()
let clock = Diagnostics.Stopwatch.StartNew()

// 1. Four modes: x₀ given x₁ = y, and x₁ by itself.
let mixture = Targets.fourModes

let oneCoordinate (mixture: Mixture) =
    (fun x -> Mixture.logDensity mixture [| x |]),
    Array.head (Mixture.mean mixture),
    sqrt (Array.head (Array.head (Mixture.covariance mixture)))

let values = [ -3.0; -2.4; -2.0; -1.3; -0.5; 0.4; 1.2; 2.0; 2.5; 3.1 ]
// The moments of n draws are known to n^{−1/2} of a deviation: a third of a per cent here.
let count = 100_000

let modes, modesMarginal, modesEss, slices =
    let options =
        { Sampler.defaults with
            Network = fun plane -> Network.create plane [ Layer.dense 40 Swish; Layer.dense 40 Swish ]
            Draw.Tolerance = 1e-4
            Duration = 4.0
        }

    use conditional = densityOf mixture |> Conditional.evolve run options [ 0 ]

    let rows =
        [
            for i, y in List.indexed values ->
                use draws = conditional |> Conditional.draw { run with Seed = i } count [ y ]

                let logDensity, mean, deviation =
                    oneCoordinate (Mixture.conditional [| 1, y |] mixture)

                let chart =
                    if y = -0.5 || y = 2.0 then
                        Some(histogram $"x₁ given x₂ = {y}" (weighted 0 draws) (-4.5, 4.5) logDensity)
                    else
                        None

                compare 0 draws logDensity mean deviation, Importance.effectiveSampleSize draws, chart
        ]

    use marginal = conditional |> Marginal.evolve run options Process.ornsteinUhlenbeck
    use draws = marginal |> Marginal.draw run count
    let logDensity, mean, deviation = oneCoordinate (Mixture.marginal [| 1 |] mixture)

    worst [ for errors, _, _ in rows -> errors ],
    compare 1 draws logDensity mean deviation,
    List.min [ for _, ess, _ in rows -> ess ],
    List.choose (fun (_, _, chart) -> chart) rows

// 2. A random Gaussian in six dimensions: x₀, x₁, x₂ given the others, and these by themselves.
let d = 6

let random =
    Matrix<float>.Build.DenseOfArray(Tensor.toArray2D (Random.normal Placement.float64 20 [ d; d ]))

let covariance =
    0.15 * random * random.Transpose() + 0.4 * Matrix<float>.Build.DenseIdentity d

let centre =
    Vector<float>.Build.DenseOfArray(Tensor.toArray (0.5 * Random.normal Placement.float64 21 [ d ]))

let gaussian =
    let precision = Tensor.ofArray2D Placement.float64 (covariance.Inverse().ToArray())
    let mean = Tensor.ofArray Placement.float64 (centre.ToArray())
    let level = 0.5 * (float d * log (2.0 * Math.PI) + log (covariance.Determinant()))

    Density.ofEnergy d (fun x ->
        Scope.keep (fun () ->
            let z = x - mean
            0.5 * (z.mm precision * z).sum 1L + level))

let half = d / 2
let cross = covariance.SubMatrix(0, half, half, half)
let given = covariance.SubMatrix(half, half, half, half)
let gain = cross * given.Inverse()

let conditionalCovariance =
    covariance.SubMatrix(0, half, 0, half) - gain * cross.Transpose()

let logNormal mean deviation x =
    -0.5 * ((x - mean) / deviation) ** 2.0
    - log deviation
    - 0.5 * log (2.0 * Math.PI)

let gaussians, gaussianMarginal, gaussianEss =
    let options =
        { Sampler.defaults with
            Network = fun space -> Network.create space [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
            Cover.Start = Start.Cloud(2.0, 2.0)
            Cover.Points = Some 1500
            Fit.Regularisation = 1e-3, 1e-11
            Evolve.Sketch = Sketch.Landmarks 400
            Evolve.Regularisation = 1e-10
            Evolve.Tolerance = 1e-4
            Draw.Tolerance = 1e-4
            Duration = 4.0
        }

    use conditional = gaussian |> Conditional.evolve run options [ 0 .. half - 1 ]

    let rows =
        [
            for i in 0..9 ->
                let y =
                    centre.SubVector(half, half)
                    + given.Cholesky().Factor
                      * Vector<float>
                          .Build.DenseOfArray(Tensor.toArray (Random.normal Placement.float64 (30 + i) [ half ]))

                use draws =
                    conditional |> Conditional.draw { run with Seed = i } count (List.ofSeq y)

                let mean = centre.SubVector(0, half) + gain * (y - centre.SubVector(half, half))

                worst
                    [
                        for k in 0 .. half - 1 ->
                            let deviation = sqrt conditionalCovariance[k, k]
                            compare k draws (logNormal mean[k] deviation) mean[k] deviation
                    ],
                Importance.effectiveSampleSize draws
        ]

    use marginal = conditional |> Marginal.evolve run options Process.ornsteinUhlenbeck
    use draws = marginal |> Marginal.draw run count

    worst (List.map fst rows),
    worst
        [
            for k in half .. d - 1 ->
                let deviation = sqrt covariance[k, k]
                compare k draws (logNormal centre[k] deviation) centre[k] deviation
        ],
    List.min (List.map snd rows)

let seconds = clock.Elapsed.TotalSeconds

let show name (errors: float[]) =
    printfn $"  %-36s{name} {100.0 * errors[0]:F2} %%        {100.0 * errors[1]:F2} %%        {errors[2]:F4}"

printfn $"the worst of ten conditions, {count} weighted draws each"
printfn "                                       mean          deviation     total variation"
show "four modes, conditionals" modes
show "four modes, marginal" modesMarginal
show "Gaussian in 6 dimensions, conditionals" gaussians
show "Gaussian in 6 dimensions, marginal" gaussianMarginal

finish
    "conditionals"
    "Conditionals and marginals"
    "One evolution under partial noise gives the conditional density for every condition, and the marginal."
    slices
    [
        "ess", min modesEss gaussianEss
        for name, errors in
            [
                "modes", modes
                "modesMarginal", modesMarginal
                "gaussian", gaussians
                "gaussianMarginal", gaussianMarginal
            ] do
            $"{name}MeanError", errors[0]
            $"{name}DeviationError", errors[1]
            $"{name}TotalVariation", errors[2]
        "seconds", seconds
    ]
