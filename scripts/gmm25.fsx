// Twenty-five Gaussian modes on {−10, −5, 0, 5, 10}² with variance 0.3, from their energy alone. The network is a sum over the two
// coordinates of one network with shared weights, as the energy is. Three layers of swish resolve the narrow modes and keep the energy
// growing outside of them, where there are no points; sines fit better inside, and lose draws outside.
//     dotnet fsi --optimize+ scripts/gmm25.fsx
#load "sampling.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let mixture = Targets.twentyFiveModes
let target = densityOf mixture

let options =
    { Sampler.defaults with
        Network =
            fun plane ->
                Network.ofBlocks
                    plane
                    [ [ 0 ]; [ 1 ] ]
                    [ Layer.dense 64 Swish; Layer.dense 64 Swish; Layer.dense 64 Swish ]
        Cover.Start =
            Start.Cooled
                { Chains.defaults with
                    Spread = 8.0
                    Temperature = 1.3
                }
        Cover.Points = Some 1000
        Cover.FitPoints = 1000
        Cover.Refreshes = 40
        Fit.Steps = 300
        Fit.Regularisation = 1e-6, 1e-10
        Evolve.Sketch = Sketch.Landmarks 150
        Evolve.Regularisation = 1e-7
        Evolve.Tolerance = 1e-3
        Draw.Tolerance = 1e-4
    }

// Three: the noise is then narrower than the modes are apart, until they have come together.
let sampler, draws, seconds =
    target |> sampleStandardised (Terminal.run ()) 3.0 options 40_000

printfn "25 modes"
let results = figures 0.0 draws
let found, modeWeightError = modeWeights mixture draws
printfn $"  weights of the modes   {100.0 * Array.min found:F2} %% to {100.0 * Array.max found:F2} %%   (exact: 4 %%)"

finish
    "gmm25"
    "Twenty-five modes"
    "40,000 draws from the formula of 25 narrow Gaussian modes, and the weights that the modes have among them."
    [
        Chart.points "weighted draws, resampled" (Importance.resample 1 4000 draws)
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        modeChart mixture found
        diagnostics sampler.Energy.Solution
    ]
    (results
     @ forward (points (Mixture.sample 1 2000 mixture)) sampler
     @ [ "modeWeightError", modeWeightError; "seconds", seconds ])
