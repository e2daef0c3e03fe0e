// Neal's funnel in ten dimensions, x₀ ~ N(0, 3²), x_k given x₀ ~ N(0, e^{x₀}), from its energy alone and in two stages: noise in
// x₁ … x₉ alone leaves x₀ where it is, and gives the conditional for every x₀ and the marginal energy of x₀; then x₀ is sampled by itself.
// Scales from e^{−4.5} to e^{4.5} become positions by x_k = δ sinh z_k.
//     dotnet fsi --optimize+ scripts/funnel.fsx
#load "sampling.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Sampling

let d = 10

let funnel =
    Density.ofEnergy d (fun x ->
        let x0 = x.select (1L, 0L)
        let rest = x.narrow (1L, 1L, int64 (d - 1))

        x0.square () / 18.0
        + 0.5 * rest.square().sum 1L * (-x0).exp()
        + 0.5 * float (d - 1) * x0
        + 0.5 * float d * log (2.0 * Math.PI)
        + log 3.0)

/// x₀ = 4 z₀, x_k = δ sinh (4 z_k).
let δ, first, others = 0.03, 4.0, 4.0

let map (z: Tensor) =
    let z0, rest = z.narrow (1L, 0L, 1L), others * z.narrow (1L, 1L, int64 (d - 1))

    Tensor.concatenate 1L [ first * z0; δ * rest.sinh () ],
    log first
    + float (d - 1) * log (δ * others)
    + (rest.abs () + (-2.0 * rest.abs ()).exp().log1p() - log 2.0).sum 1L

let target = Density.transformed map funnel
let drawn = [ 1 .. d - 1 ]

let options =
    { Sampler.defaults with
        Network =
            fun space ->
                Network.add
                    [
                        Network.ofBlocks space [ [ 0 ] ] [ Layer.dense 16 Swish ]
                        Network.ofBlocks
                            space
                            [ for k in drawn -> [ 0; k ] ]
                            [ Layer.dense 64 Swish; Layer.dense 64 Swish ]
                    ]
        // Scales from e^{−4.5} to e^{4.5} are nothing like a normal distribution.
        Known = KnownPart.Nothing
        Cover.Points = Some 1600
        Cover.FitPoints = 1600
        Fit.Steps = 100
        // Errors of steps count: 2e-3, as by default, leaves 92 % of the draws in place of 98.5 %.
        Evolve.Tolerance = 1e-3
        Draw.Tolerance = 1e-4
        Cover.Start =
            Start.Cooled
                { Chains.defaults with
                    Chains = 800
                    Spread = 1.0
                    Cooling = 200
                    Held = [ 0 ]
                }
    }

let run = Terminal.run ()

let (conditional, draws), seconds =
    timed (fun () ->
        let conditional = target |> Conditional.evolve run options drawn
        let points = conditional.Sampler.Energy.Solution |> Solution.points 0.0

        let marginal =
            conditional
            |> Marginal.evolve
                run
                { Sampler.defaults with
                    // The marginal energy is known where the points of the conditional were.
                    Cover.Start = Start.Known(points.narrow(1L, 0L, 1L).clone())
                    Cover.Points = Some 200
                    Cover.FitPoints = 200
                    Fit.Steps = 40
                    Evolve.Sketch = Sketch.Exact
                }
                Process.ornsteinUhlenbeck

        conditional, marginal |> Marginal.draw run 8000)

printfn "funnel, 10 dimensions"
let results = figures 0.0 draws
let x0 = draws |> Importance.expectation (fun z -> first * z.select (1L, 0L))

let spread =
    draws |> Importance.expectation (fun z -> (first * z.select (1L, 0L)).square())

printfn
    $"  x₀                     {x0.Value:F3} ± {x0.StandardError:F3}, variance {spread.Value:F3} ± {spread.StandardError:F3}   (exact: 0, 9)"

finish
    "funnel"
    "The funnel"
    "Neal's funnel in ten dimensions, drawn from its formula in two stages: the marginal of x₀, then the rest given x₀."
    [
        histogram "x₀" (let z0, weights = weighted 0 draws in Array.map ((*) first) z0, weights) (-12.0, 12.0) (fun x ->
            -x * x / 18.0)
        Chart.points "weighted draws, resampled" ((fst (map (Importance.resample 1 2000 draws))).narrow(1L, 0L, 2L))
        |> Chart.titled "x₀ and x₁"
        |> Chart.axes "x₀" "x₁"
        diagnostics conditional.Sampler.Energy.Solution
    ]
    (results @ [ "meanError", abs x0.Value; "seconds", seconds ])
