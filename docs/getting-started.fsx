(**
---
title: Getting started
category: Guide
categoryindex: 1
index: 1
---

# Getting started

You need the .NET 10 SDK. In a clone of the repository,

```sh
dotnet build -c Release
dotnet fsi scripts/quickstart.fsx
```

turns a formula into weighted samples and prints the path of a picture. A script of your own begins with
`#load "load.fsx"` when it lies in `scripts/`; from a package it begins with

- `#r "nuget: Mne.Functional.Reporting"`
- `#r "nuget: libtorch-cpu-linux-x64, 2.10.0"`, or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64, a CUDA package
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
(** *)
open System
open Mne.Functional

(**
## An evolution equation

An equation is a value: the right-hand side of ∂u/∂t = …, composed from terms.
*)

let heat = 0.1 * Term.laplacian
printfn $"∂u/∂t = {Term.show heat}"
(*** include-output ***)

(**
The unknown function is a network on a domain. `Collocation` says where the equation is imposed.
*)

let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 24 Sine ]
let points = Collocation.grid circle 64

(**
Fit the initial value, then let the parameters follow the equation. Points are the rows of an N × d tensor, here N × 1. Whatever does
work takes a `Run` first: where its numbers are, its seed, who hears of its progress and who may end it. `Run.quiet` has double precision,
the seed 0, and nobody listening.
*)

let start =
    Regression.fit Run.quiet Regression.defaults network (fun x -> x.squeeze(1L).sin()) points

let solution =
    Evolution.solve Run.quiet Evolution.defaults heat network points start (0.0, 1.0)

(**
The solution is a function of time and space. Here the exact one is known, e^{−0.1 t} sin x:
*)

let x = Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ 2.0 ] ]
let u = solution |> Solution.evaluate 1.0 x |> Tensor.toArray

for xi, ui in Array.zip [| 1.0; 2.0 |] u do
    printfn $"u({xi}, 1) = {ui:F6}, exactly {exp -0.1 * sin xi:F6}"
(*** include-output ***)

(**
## Samples from a formula

A density is given by its energy V, up to a constant: ρ ∝ e^{−V}. No data. (The numbers of points here are small, so that this page
builds in seconds; the defaults are better.)
*)

let ring = Density.ofEnergy 2 (fun x -> 4.0 * (x.norm 1 - 2.0).square())

let options =
    { Sampler.defaults with
        Cover.Points = Some 300
        Cover.FitPoints = 300
        Cover.Refreshes = 12
        Fit.Steps = 30
        Evolve.Sketch = Sketch.Landmarks 150
        Evolve.Regularisation = 1e-6
    }

let sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck ring
let draws = sampler |> Sampler.draw Run.quiet 1000
let logZ = Importance.logNormaliser draws

printfn $"effective sample size {100.0 * Importance.effectiveSampleSize draws:F0} %% of the draws"
printfn $"log Z = {logZ.Value:F3} ± {logZ.StandardError:F3}"
(*** include-output ***)

(**
Draws carry weights that remove the error of the sampler: every expectation is taken with them.
*)

let radius = draws |> Importance.expectation (fun x -> x.norm 1)
printfn $"mean radius {radius.Value:F3} ± {radius.StandardError:F3}"
(*** include-output ***)

(**
## See what it does

`Terminal.run ()`, of Mne.Functional.Reporting, is `Run.quiet` with progress on the terminal: phases, steps, the residual between the points
and the error that it may have made (see [trust the result](trust-and-weights.html)), and the time left.

    let run = Terminal.run ()
    let sampler = Sampler.evolve run Sampler.defaults Process.ornsteinUhlenbeck ring
    let draws = sampler |> Sampler.draw { run with Seed = 1 } 4000

Another seed gives other draws, and `{ run with Cancellation = token }` ends within a step when it is asked to
([steer a run](steer-a-run.html)). `Chart` makes pictures:
`Chart.points "draws" draws.Points |> Chart.save "ring.html"` gives one file that draws offline.

Next: [compose your own equation](compose-an-equation.html), [choose a network](choose-a-network.html),
[trust the result](trust-and-weights.html).
*)
