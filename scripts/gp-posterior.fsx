// The hyperparameters of a Gaussian process on the annual flow of the Nile, 1871–1970: their posterior, with moments and evidence
// against quadrature on a grid in three dimensions.
//     dotnet fsi --optimize+ scripts/gp-posterior.fsx
#load "sampling.fsx"

open System
open System.IO
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Sampling

let table =
    File.ReadAllLines(Path.Combine(__SOURCE_DIRECTORY__, "..", "data", "nile.csv"))
    |> Array.filter (fun line -> line.Length > 0 && Char.IsDigit line[0])
    |> Array.map (fun line -> let cells = line.Split ',' in float cells[0], float cells[1])

let years, flow = Array.unzip table
let n = table.Length
let mean = Array.average flow

let deviation =
    sqrt ((flow |> Array.sumBy (fun f -> (f - mean) ** 2.0)) / float (n - 1))

/// The standardised series (n × 1), and squared distances in years (n × n).
let y =
    Tensor.ofRows Placement.float64 [ for f in flow -> [ (f - mean) / deviation ] ]

let distances =
    Tensor.ofArray2D Placement.float64 (Array2D.init n n (fun i j -> (years[i] - years[j]) ** 2.0))

let identity =
    Tensor.ofArray2D Placement.float64 (Array2D.init n n (fun i j -> if i = j then 1.0 else 0.0))

// θ = (log a, log ℓ, log σ): covariance a² e^{−r²/2ℓ²} + σ² of the standardised flow. Priors: log a ~ N(0, 1), log ℓ ~ N(log 10, 1),
// log σ ~ N(0, 1).
let priorMeans, priorDeviations = [| 0.0; log 10.0; 0.0 |], [| 1.0; 1.0; 1.0 |]

/// −log (likelihood × prior), both normalised, of some points θ.
let private energyOf (θ: Tensor) : Tensor =
    Scope.keep (fun () ->
        let parameter (k: int) =
            θ.select(1L, int64 k).exp().view(-1L, 1L, 1L)

        let a, ℓ, σ = parameter 0, parameter 1, parameter 2

        let covariance =
            a.square () * (-0.5 * distances / ℓ.square ()).exp()
            + (σ.square () + 1e-10) * identity

        let factor = torch.linalg.cholesky covariance

        let whitened =
            torch.linalg.solve_triangular (factor, y.expand (θ.shape[0], int64 n, 1L), upper = false)

        let logDeterminant = factor.diagonal(dim1 = 1L, dim2 = 2L).log().sum 1L

        let priors =
            (θ - Tensor.ofArray Placement.float64 priorMeans)
            / Tensor.ofArray Placement.float64 priorDeviations

        0.5 * whitened.square().sum [| 1L; 2L |]
        + logDeterminant
        + 0.5 * priors.square().sum 1L
        + 0.5 * float (n + 3) * log (2.0 * Math.PI)
        + Array.sumBy log priorDeviations)

// A hundred by a hundred numbers for each point: some points at a time.
let target =
    Density.ofEnergy 3 (fun θ ->
        Scope.keep (fun () ->
            Tensor.concatenate
                0L
                [
                    for first in 0..50 .. Tensor.rows θ - 1 ->
                        energyOf (θ.narrow (0L, int64 first, int64 (min 50 (Tensor.rows θ - first))))
                ]))

// The deviations are to be known to a fraction of a per cent.
let count = 60_000

let run = Terminal.run ()

let sampler, draws, seconds =
    target
    |> sampleStandardised
        run
        1.0
        { Sampler.defaults with
            Cover.Start = Start.Cloud(2.0, 2.0)
            Cover.Points = Some 500
            Cover.FitPoints = 500
            Fit.Steps = 60
            Draw.Tolerance = 1e-4
            Duration = 3.5
        }
        count

let moments (weights: float[]) (rows: float[,]) =
    let mean =
        Array.init 3 (fun k -> Array.sum (Array.mapi (fun i w -> w * rows[i, k]) weights))

    mean, Array.init 3 (fun k -> sqrt (Array.sum (Array.mapi (fun i w -> w * (rows[i, k] - mean[k]) ** 2.0) weights)))

let foundMean, foundDeviation =
    let _, weights = weighted 0 draws
    moments weights (Tensor.toArray2D draws.Points)

// Quadrature by the trapezoidal rule on a box that holds the posterior.
let axes =
    [|
        for k in 0..2 -> Array.init 40 (fun i -> foundMean[k] + foundDeviation[k] * (-6.0 + 12.0 * float i / 39.0))
    |]

let exactLogZ, exactMean, exactDeviation =
    let n = axes[0].Length

    let grid =
        Array2D.init (n * n * n) 3 (fun i k -> axes[k][[| i / (n * n); i / n % n; i % n |][k]])

    let done' = progress run (Phase.Other "quadrature")

    let logs =
        [|
            for slice in 0 .. n - 1 do
                yield!
                    Scope.free (fun () ->
                        grid[slice * n * n .. (slice + 1) * n * n - 1, *]
                        |> Tensor.ofArray2D Placement.float64
                        |> target.Energy
                        |> Tensor.toArray)
                    |> Array.map (~-)

                done' (float (slice + 1) / float n)
        |]

    let top = Array.max logs
    let total = logs |> Array.sumBy (fun l -> exp (l - top))
    let volume = axes |> Array.fold (fun v axis -> v * (axis[1] - axis[0])) 1.0

    let mean, deviation =
        moments (logs |> Array.map (fun l -> exp (l - top) / total)) grid

    top + log (total * volume), mean, deviation

printfn "Gaussian process on the Nile flows"
let results = figures exactLogZ draws
printfn "                 mean found     exact        deviation found     exact"

let names = [| "log amplitude"; "log length"; "log noise" |]

for k in 0..2 do
    printfn
        $"  %-14s{names[k]} {foundMean[k], 10:F4} {exactMean[k], 10:F4} {foundDeviation[k], 16:F4} {exactDeviation[k], 14:F4}"

let meanError =
    Array.map3 (fun found exact deviation -> abs (found - exact) / deviation) foundMean exactMean exactDeviation
    |> Array.max

let deviationError =
    Array.map2 (fun found exact -> abs (found / exact - 1.0)) foundDeviation exactDeviation
    |> Array.max

finish
    "gp-posterior"
    "Hyperparameters of a Gaussian process"
    "The posterior of amplitude, length scale (years) and noise of the annual flow of the Nile, standardised."
    [
        Chart.lines [ Series.line "flow" years flow ]
        |> Chart.axes "year" "flow (10⁸ m³)"
        |> Chart.titled "The series"
        Chart.corner (List.ofArray names) draws.Points (Tensor.toArray (Importance.weights draws))
        |> Chart.titled "Weighted draws"
        diagnostics sampler.Energy.Solution
    ]
    (results
     @ [ "meanError", meanError; "deviationError", deviationError; "seconds", seconds ])
