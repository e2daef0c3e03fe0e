// From a formula to samples: four Gaussian modes in the plane, of which the program is told only the energy.
//     dotnet fsi scripts/quickstart.fsx --open      (without --open it only says where the picture is)
let () =
    printfn "Four modes from their formula. Loading the library and compiling the script take some seconds …" // before #load, so at once

#load "shared.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting

// So small a problem is as fast with one thread, and two would wait for each other beside any other program.
TorchSharp.torch.set_num_threads 1
let run = Terminal.run ()
let clock = Diagnostics.Stopwatch.StartNew()

// 1. The formula: an energy V with density e^{−V} (up to a factor). No data.
let modes =
    [
        0.4, [ 2.0; 2.0 ]
        0.3, [ -2.0; 2.0 ]
        0.2, [ 2.0; -2.0 ]
        0.1, [ -2.0; -2.0 ]
    ]

let target =
    Density.gaussianMixture [ for weight, mean in modes -> weight, mean, 0.6 ]

// 2. The sampler: fit the energy, evolve it through the Ornstein–Uhlenbeck process to a standard normal distribution.
let sampler =
    target |> Sampler.evolve run Sampler.defaults Process.ornsteinUhlenbeck

// 3. Draws: standard normal points carried back, with exact weights.
let count = 10_000
let draws = sampler |> Sampler.draw run count

let seconds = clock.Elapsed.TotalSeconds
let ess = Importance.effectiveSampleSize draws
let logZ = Importance.logNormaliser draws

/// The weight of the mode at (a, b): the probability of its quadrant.
let modeWeight (mean: float list) =
    draws
    |> Importance.expectation (fun x ->
        Scope.keep (fun () ->
            let signs = mean |> List.map (fun m -> float (sign m)) |> List.toArray
            // Both coordinates have the sign of the mode's: the sum of the signs is 2.
            ((x * Tensor.ofArray Placement.float64 signs).sign().sum 1L - 1.0).relu()))

let weights = [ for weight, mean in modes -> mean, weight, modeWeight mean ]

printfn ""
printfn $"%d{count} weighted draws from the formula alone, in {seconds:F1} s"
printfn $"  effective sample size  {100.0 * ess:F1} %% of the draws"
printfn $"  log Z                  {logZ.Value:F5} ± {logZ.StandardError:F5}   (exact: 0)"
printfn "  mode          weight found       exact"

for mean, exact, found in weights do
    printfn $"  ({mean[0], 2}, {mean[1], 2})      {found.Value:F4} ± {found.StandardError:F4}    {exact:F4}"

// 4. The picture.
let axis = [| -4.5 .. 0.1..4.5 |]

let density =
    let grid =
        Tensor.ofRows
            Placement.float64
            [
                for x in axis do
                    for y in axis -> [ x; y ]
            ]

    let values = (-(target.Energy grid)).exp() |> Tensor.toArray
    Array2D.init axis.Length axis.Length (fun i j -> values[i * axis.Length + j])

let shown = Importance.resample 1 2000 draws

let scatter =
    Chart.overlay [ Chart.contours "density" axis axis density; Chart.points "draws" shown ]
    |> Chart.titled "2,000 of the draws over the density"
    |> Chart.axes "x₁" "x₂"
    |> Chart.equalAspect

let bars =
    Chart.bars
        [| for mean, _, _ in weights -> $"({mean[0]}, {mean[1]})" |]
        [
            "exact", [| for _, exact, _ in weights -> exact |]
            "found", [| for _, _, found in weights -> found.Value |]
        ]
    |> Chart.titled "Weights of the modes"
    |> Chart.axes "mode" "weight"

Page.create
    "Four modes from their formula"
    "Minimal neural evolution of an energy through the Ornstein–Uhlenbeck process; draws are carried back by the probability flow and weighted."
    [ scatter; bars; diagnostics sampler.Energy.Solution ]
|> Page.withFigures
    [
        "effective sample size", $"{100.0 * ess:F1} %%"
        "log Z (exact: 0)", $"{logZ.Value:F4} ± {logZ.StandardError:F4}"
        "draws", $"{count}"
        "seconds", $"{seconds:F1}"
    ]
|> picture "quickstart"

printResult
    [
        "ess", ess
        "logZError", abs logZ.Value
        "elboGap", -Importance.evidenceLowerBound draws
        "modeWeightError", List.max [ for _, exact, found in weights -> abs (found.Value - exact) ]
        "seconds", seconds
    ]
