// Tilted double wells, V = Σ 2 (x_k² − 1)² + 0.3 x_k, in 2, 5 and 10 dimensions: 2^d modes. In 2 and 5 dimensions the network is an
// ordinary one of all coordinates; in 10 it is a sum over the coordinates of one network with shared weights.
//     dotnet fsi --optimize+ scripts/double-wells.fsx          (or some of the dimensions: double-wells.fsx 2 10)
#load "sampling.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let target d =
    independent d (fun x -> 2.0 * (x.square () - 1.0).square() + 0.3 * x)

let fromChains =
    { Sampler.defaults with
        Cover.Start = Start.Cooled { Chains.defaults with Spread = 2.0 }
    }

let options d =
    match d with
    | 2 -> fromChains
    | 5 ->
        { fromChains with
            Cover.Points = Some 2500
            Cover.FitPoints = 1500
            Fit.Steps = 100
            Duration = 2.5
            Draw.Tolerance = 1e-4
        }
    | d ->
        { fromChains with
            Network =
                fun space ->
                    Network.ofBlocks
                        space
                        [ for k in 0 .. d - 1 -> [ k ] ]
                        [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
            Cover.Points = Some 600
            Cover.FitPoints = 400
            Draw.Tolerance = 1e-4
        }

let run = Terminal.run ()

for d in numbersGiven [ 2; 5; 10 ] do
    let sampler, draws, seconds =
        target d |> sample run (options d) Process.ornsteinUhlenbeck 4000

    printfn $"{1 <<< d} wells in {d} dimensions"
    let results = figures (Targets.tiltedDoubleWellsLogZ d) draws
    let samples = points (Targets.sampleTiltedDoubleWells 1 d 1000)

    finish
        $"double-wells-{d}"
        $"{1 <<< d} wells"
        $"Draws from tilted double wells in {d} dimensions, from the formula alone."
        [
            histogram "The first coordinate" (weighted 0 draws) (-2.5, 2.5) Targets.tiltedDoubleWell
            diagnostics sampler.Energy.Solution
        ]
        ([ ("dimension", float d) ]
         @ results
         @ forward samples sampler
         @ [ ("seconds", seconds) ])
