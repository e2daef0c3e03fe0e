// Twenty-five Gaussian modes on {−10, −5, 0, 5, 10}² with variance 0.3, from their energy alone: an ordinary network of both coordinates.
//     dotnet fsi --optimize+ scripts/gmm25.fsx
#load "sampling.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let mixture = Targets.twentyFiveModes
let target = densityOf mixture

let options, family =
    Sampler.standardise
        1.0
        { Sampler.defaults with
            Network =
                fun plane -> Network.create plane [ Layer.dense 96 Swish; Layer.dense 96 Swish; Layer.dense 96 Swish ]
            PointCount = 2500
            Sketch = Landmarks 600
            FitPointCount = 1500
            FitSteps = 120
            DrawTolerance = 1e-4
            Start =
                Cooled
                    { Chains.defaults with
                        Spread = 8.0
                        Temperature = 3.0
                    }
        }
        target

let sampler, draws, seconds = target |> sample options family 40_000

printfn "25 modes"
let results = figures 0.0 draws
let found, modeWeightError = modeWeights mixture draws
printfn $"  weights of the modes   {100.0 * Array.min found:F2} %% to {100.0 * Array.max found:F2} %%   (exact: 4 %%)"

finish
    "gmm25.html"
    "Twenty-five modes"
    "40,000 draws from the formula of 25 narrow Gaussian modes, and the weights that the modes have among them."
    [
        Chart.points "weighted draws, resampled" (Importance.resample 1 4000 draws)
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        Chart.bars
            [| for mean in mixture.Means -> $"({mean[0]}, {mean[1]})" |]
            [ "exact", mixture.Weights; "found", found ]
        |> Chart.titled "Weights of the modes"
        |> Chart.axes "mode" "weight"
        diagnostics sampler
    ]
    (results
     @ forward (points (Mixture.sample 1 2000 mixture)) sampler
     @ [ "modeWeightError", modeWeightError; "seconds", seconds ])
