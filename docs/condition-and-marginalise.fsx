(**
---
title: Condition and marginalise
category: Guide
categoryindex: 1
index: 6
---

# Condition and marginalise

Split the coordinates x = (a, b) and let noise act on a alone. One evolution then gives ρ(a | b) for every b, and the energy of
the marginal density of b.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
(** *)
open Mne.Functional

let target =
    Density.gaussianMixture [ 0.7, [ 1.0; 1.0 ], 0.6; 0.3, [ -1.0; -1.0 ], 0.6 ]

let options =
    { Sampler.defaults with
        Cover.Start = Start.Cloud(2.0, 2.0)
        Cover.Points = Some 300
        Cover.FitPoints = 300
        Cover.Refreshes = 12
        Fit.Steps = 40
        Evolve.Sketch = Sketch.Landmarks 150
        Evolve.Regularisation = 1e-6
        Draw.Tolerance = 1e-4
    }

let conditional = Conditional.evolve Run.quiet options [ 0 ] target // x₀ is drawn, x₁ is given

(** The mean of x₀ given x₁, against the exact one: *)

let exact y =
    let weight (w: float) m =
        w * exp (-0.5 * (y - m) ** 2.0 / 0.36)

    (weight 0.7 1.0 - weight 0.3 -1.0) / (weight 0.7 1.0 + weight 0.3 -1.0)

for y in [ -1.0; 0.0; 1.0 ] do
    let draws = conditional |> Conditional.draw Run.quiet 1000 [ y ]
    let mean = draws |> Importance.expectation (fun x -> x.select (1L, 0L))
    printfn $"E[x₀ | x₁ = {y, 2}] = {mean.Value:F3} ± {mean.StandardError:F3}, exactly {exact y:F3}"
(*** include-output ***)

(**
The marginal density of the given coordinates, up to a constant, as an energy:
*)

let b = Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ -1.0 ] ]
let energies = Conditional.marginalEnergy conditional b |> Tensor.toArray

printfn $"ρ(x₁ = 1) / ρ(x₁ = −1) = {exp (energies[1] - energies[0]):F2}, exactly {0.7 / 0.3:F2}"
(*** include-output ***)

(**
`Conditional.marginal` makes it a `Density`, to be sampled like any other. Whether to trust the draws for one condition, `Report.ofConditional`
says in words:
*)

conditional
|> Report.ofConditional Run.quiet { Report.defaults with Count = 500 } [ 0.0 ]
|> Report.show
|> printfn "%s"
(*** include-output ***)

(**

## Hierarchies

Where b is the scale on which all of a hangs, as in a funnel or a model with a variance of its own, no network sees both ends of
the density at once. Two stages do: `Conditional.evolve` with noise on a, then `Marginal.evolve`, which samples b from its marginal
energy; `Marginal.draw` draws both, with exact weights for the whole. Three things help, and `scripts/funnel.fsx` has them all:

* Given b, the coordinates a of a funnel are independent, and stay so under noise: a network that is a sum over pairs (b, a_k),
  `Network.ofBlocks`, is then exact at every time.
* The first points have to cover all of b. Tempered chains lose the narrow end; with `Held = [ 0 ]` in the options of `Chains`,
  the coordinate 0 stays where a chain starts, and the chain moves in the others.
* Scales become positions by x = δ sinh z: `Density.transformed`, whose draws keep their weights.
*)
