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

let chains = Cooled { Chains.defaults with Spread = 2.0 }

let options d =
    match d with
    | 2 -> { Sampler.defaults with Start = chains }
    | 5 ->
        { Sampler.defaults with
            PointCount = Some 2500
            FitPointCount = 1500
            FitSteps = 100
            Duration = 2.5
            DrawTolerance = 1e-4
            Start = chains
        }
    | d ->
        { Sampler.defaults with
            Network =
                fun space ->
                    Network.ofBlocks
                        space
                        [ for k in 0 .. d - 1 -> [ k ] ]
                        [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
            PointCount = Some 600
            FitPointCount = 400
            DrawTolerance = 1e-4
            Start = chains
        }

let run d =
    let target = target d

    let sampler, draws, seconds =
        target |> sample (options d) Process.ornsteinUhlenbeck 4000

    printfn $"{1 <<< d} wells in {d} dimensions"
    let results = figures (Targets.tiltedDoubleWellsLogZ d) draws
    let samples = points (Targets.sampleTiltedDoubleWells 1 d 1000)

    finish
        $"double-wells-{d}.html"
        $"{1 <<< d} wells"
        $"Draws from tilted double wells in {d} dimensions, from the formula alone."
        [
            histogram
                "The first coordinate"
                (Tensor.toArray (draws.Points.select (1L, 0L)))
                (Tensor.toArray (Importance.weights draws))
                (-2.5, 2.5)
                Targets.tiltedDoubleWell
            diagnostics sampler
        ]
        ([ ("dimension", float d) ]
         @ results
         @ forward samples sampler
         @ [ "seconds", seconds ])

match List.tail (List.ofArray fsi.CommandLineArgs) with
| [] -> [ 2; 5; 10 ]
| dimensions -> List.map int dimensions
|> List.iter run
