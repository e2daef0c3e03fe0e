(**
---
title: Choose a stepper
category: Guide
categoryindex: 1
index: 3
---

# Choose a stepper

Steps are as long as the tolerance allows, or as long as they are stable. `Evolution.defaults` finds out which of the two holds and takes the
method that pays, so that most equations need no choice at all:

| What limits steps | Method | |
|---|---|---|
| nobody has asked yet | `Method.automatic` | the default of equations: takes turns as below, and is `dormandPrince54` to the bit where nothing is stiff |
| accuracy: waves, transport, dispersion, reactions | `Method.dormandPrince54` | order 5, six evaluations a step; stable to 3.3/ρ for diffusion, to 1/ρ for waves |
| diffusion, fourth derivatives, points drawn anew often | `Method.stabilised` | order 2, with as many evaluations as the root of the stiffness; the default of samplers |
| diffusion, with steps of about one size | `Method.chebyshev s` | the same with a fixed number of stages |
| something else | a `Method` of your own, explicit or implicit | a record of two functions; see its documentation |

ρ is the largest eigenvalue that the equation has on the tangents of the network: about ν k² for diffusion, k⁴ for a fourth derivative, c k for
waves, with k the largest wave number that the kernel keeps at the regularisation λ. So a larger λ, a network with fewer harmonics and fewer
landmarks make equations less stiff, and a little blunter.

## An equation with a fourth derivative

Kuramoto and Sivashinsky's equation, u_t = −u u_x − u_xx − u_xxxx, is stiff from the start.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
open System
open TorchSharp
open Mne.Functional

(** *)
let length = 22.0
let circle = Domain.periodic [ (0.0, length) ]
let equation = -(Term.value * Term.partial 0 1) - Term.partial 0 2 - Term.partial 0 4
let network = Network.create circle [ Layer.harmonics 4; Layer.dense 24 Sine; Layer.dense 24 Sine ]
let points = Collocation.grid circle 96

let initial (x: Tensor) =
    let y = (2.0 * Math.PI / length) .* x.squeeze 1L
    y.cos () * (1.0 .+ y.sin ())

let start = Regression.fit Run.quiet Regression.defaults network initial points

for method in [ Method.automatic; Method.stabilised; Method.dormandPrince54 ] do
    use solution =
        Evolution.solve
            Run.quiet
            { Evolution.defaults with
                Method = method
                Regularisation = 1e-9
                Tolerance = 1e-5
            }
            equation
            network
            points
            start
            (0.0, 1.0)

    let last = Array.last (Solution.steps solution)
    printfn $"{method.Name, -70} {(Solution.steps solution).Length, 4} steps, {last.Evaluations, 5} evaluations"
(*** include-output ***)

(**
## Signs to look for

* Steps that stay at one size, with rejected ones between, and a residual far below the tolerance: stability limits them. `Method.automatic`
  notices after a few dozen of them; with `dormandPrince54` the evolution creeps.
* Steps that grow and shrink with the solution: accuracy limits them, and a tolerance ten times larger saves a third of them at order 5, more than
  half at order 2.
* Damped oscillations, such as strong transport with a little diffusion, suit neither: Chebyshev's method is stable close to the real axis
  only. `Method.automatic` tries it more and more rarely there; more diffusion or a larger λ helps more than another method.
* Nothing helps when the solution itself changes that fast.
*)
