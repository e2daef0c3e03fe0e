(**
---
title: Choose a network
category: Guide
categoryindex: 1
index: 3
---

# Choose a network

Minimal neural evolution wants many more parameters than points have information: the linear systems live in sample space, so
parameters cost little, and a rich class of functions keeps the residual small.

| Problem | Begin with |
|---|---|
| periodic equation in one dimension | `Layer.harmonics 2` to `4`, then two or three layers of 32 to 64 `Sine` units |
| an energy with polynomial tails (samplers) | two or three layers of 40 to 64 `Swish` units, which go on growing where there are no points; sines do not, and lose draws there |
| a quadratic form, exactly | one layer of `Square` units, by itself or in `Network.add` |
| a front or a plateau | `Tanh` |
| a domain far from 0 or of unequal sides | `Layer.normalise` first, or `Network.rescaled` around any network |
| a sum over particles, or a symmetric function | `Network.ofBlocks`: shared weights over blocks of coordinates |
| something known plus a correction | `Network.add` |
| a formula of your own | `Network.ofFunction`: any function of θ and x, slower; smooth, or an equation that reads a derivative beyond a kink is refused |
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

let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

(**
## Look at the fit before the evolution

What cannot be fitted cannot be evolved. A fit to fixed points is fast in one dimension; its error at points that it has not seen tells
whether the class is rich enough. `Regression.tryFit` returns it beside the parameters; `Regression.fit`, which returns only these, raises
where the fit is far from the function.
*)

let wave (x: Tensor) : Tensor = (x.squeeze(1L).sin() * 2.0).tanh()

let errorOf (layers: Layer list) =
    let network = Network.create circle layers

    use fitted =
        Regression.tryFit Run.quiet { Regression.defaults with Steps = 60 } network wave (Collocation.grid circle 64)

    network.ParameterCount, fitted.Error

for name, layers in
    [
        "one layer of 8", [ Layer.harmonics 2; Layer.dense 8 Sine ]
        "one layer of 32", [ Layer.harmonics 2; Layer.dense 32 Sine ]
        "two layers of 24", [ Layer.harmonics 2; Layer.dense 24 Sine; Layer.dense 24 Sine ]
    ] do
    let parameters, error = errorOf layers
    printfn $"{name, -18} {parameters, 5} parameters, error {error:E1}"
(*** include-output ***)

(**
On domains with periodic coordinates a network begins with `Layer.harmonics`, which makes it periodic; the library refuses
one that is not. More than two dimensions want points that are drawn anew at every step of the fit (`Collocation.uniform`,
`Collocation.sequence`, `Collocation.tempered`), since fixed points are fitted and the rest is not.

## Derivatives

Every network gives exact derivatives up to the fourth along an axis, mixed second ones and the Laplacian, without double
back-propagation:
*)

let network = Network.create circle [ Layer.harmonics 1; Layer.dense 16 Sine ]
let θ = Network.initial network 1
let x = Tensor.ofRows Placement.float64 [ [ 0.5 ]; [ 1.0 ] ]

let jet =
    Network.jet (Set.ofList [ Derivative.Partial(0, 3); Derivative.Laplacian ]) network θ x

printfn $"u_xxx = %A{Tensor.toArray (Jet.get (Derivative.Partial(0, 3)) jet)}"
(*** include-output ***)
