// Four Gaussian modes in the plane with weights .4, .3, .2 and .1, from their energy alone.
//     dotnet fsi --optimize+ scripts/four-modes.fsx
#load "sampling.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let target = densityOf Targets.fourModes

let options =
    { Sampler.defaults with
        Duration = 4.0 // the modes' common mean dies out like e^{−T}
    }

let sampler, draws, seconds =
    target |> sample (Terminal.run ()) options Process.ornsteinUhlenbeck 20_000

let found, modeWeightError = modeWeights Targets.fourModes draws
printfn "four modes"
let results = figures 0.0 draws
let samples = points (Mixture.sample 1 2000 Targets.fourModes)

for mean, exact, found in Array.zip3 Targets.fourModes.Means Targets.fourModes.Weights found do
    printfn $"  mode at ({mean[0], 2}, {mean[1], 2})       {found:F4}   (exact: {exact:F4})"

finish
    "four-modes"
    "Four modes"
    "20,000 draws from the formula of four Gaussian modes, and the weights that the modes have among them."
    [
        Chart.points "weighted draws, resampled" (Importance.resample 1 2000 draws)
        |> Chart.titled "2,000 weighted draws, resampled"
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        modeChart Targets.fourModes found
        diagnostics sampler.Energy.Solution
    ]
    (results
     @ forward samples sampler
     @ [ "modeWeightError", modeWeightError; "seconds", seconds ])
