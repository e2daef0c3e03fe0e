// Many-well in 32 dimensions: 16 independent pairs, each with −log ρ = a⁴ − 6a² − ½a + ½b², 2^16 modes. The network is a sum over the
// pairs of one network with shared weights.
//     dotnet fsi --optimize+ scripts/many-well.fsx
#load "sampling.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let pairs = 16

let target =
    Density.ofEnergy (2 * pairs) (fun x ->
        let pair = x.view (x.shape[0], int64 pairs, 2L)
        let a, b = pair.select (2L, 0L), pair.select (2L, 1L)
        let square = a.square ()
        (square.square () - 6.0 * square - 0.5 * a + 0.5 * b.square ()).sum 1L)

let options =
    { Sampler.defaults with
        Network =
            fun space ->
                Network.ofBlocks
                    space
                    [ for k in 0 .. pairs - 1 -> [ 2 * k; 2 * k + 1 ] ]
                    [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
        Cover.Points = Some 1000
        Cover.FitPoints = 600
        Fit.Steps = 80
        Duration = 3.5
        Draw.Tolerance = 1e-4
        Cover.Start =
            Start.Cooled
                { Chains.defaults with
                    Chains = 500
                    Spread = 2.0
                }
    }

let sampler, draws, seconds =
    target |> sample (Terminal.run ()) options Process.ornsteinUhlenbeck 4000

printfn "many-well, 32 dimensions"
let results = figures (Targets.manyWellLogZ pairs) draws

finish
    "many-well"
    "Many-well"
    "Draws from 65,536 modes in 32 dimensions, from the formula alone."
    [
        histogram "The first coordinate" (weighted 0 draws) (-3.0, 3.0) Targets.manyWellFirst
        diagnostics sampler.Energy.Solution
    ]
    (results
     @ forward (points (Targets.sampleManyWell 1 pairs 1000)) sampler
     @ [ ("seconds", seconds) ])
