(**
---
title: Which equation do I have?
category: Guide
categoryindex: 1
index: 2
---

# Which equation do I have?

An evolution is put together from a domain, conditions, a right-hand side, a network and points; the method of the steps is found by itself. This page goes from
a problem to these; [compose an equation](compose-an-equation.html) says what each of them can be.

| You have | Domain | Conditions | Right-hand side | Network | Steps |
|---|---|---|---|---|---|
| diffusion, reactions, waves on a circle or torus | `Domain.periodic` | – | `0.1 * Term.laplacian`, `Equation.allenCahn`, … | harmonics, then dense, `Sine` | default |
| heat, reactions that vanish with u, waves: u = 0 or no flux | `Domain.dirichlet`, `Domain.neumann` | kept by reflection | what the reflection maps to itself: `u − u³`, not `u − u²`, where u = 0 | harmonics, then dense | default |
| advection, sources, coefficients that depend on x, between walls | `Domain.box` | `Wall.dirichlet`, `Wall.neumann`, `Wall.robin` | anything | `Layer.normalise`, then dense | default |
| values or fluxes at walls that change in time | `Domain.box` | the same, with g(t, x) | anything | the same | default |
| advection with an inflow | `Domain.box` | `Wall.dirichlet` where it comes in, nothing where it leaves | `-Term.partial 0 1` | the same | default, tolerance 1e-7 |
| a tube: a circle times an interval | `Domain.create [ Periodic …; Interval … ]` | `Wall.…` at `Side.Low 1`, `Side.High 1` | anything | harmonics, then dense | default |
| a shape: a disc, a disc with a hole | `Domain.box` around it | `Wall.… (Side.Shape distance)` | anything | dense, `Tanh` | default |
| diffusion that depends on place or on u | any | any | `Term.diffusion (…)`, ∇·(A ∇u) | any | default |
| several species, Gray–Scott | any | `Wall.ofComponent` for each | `Term.system`, `Equation.grayScott` | ends in `Layer.outputs m` | default |
| second order in time: wave, Klein–Gordon, sine–Gordon | any | of u; those of v = u_t are their derivatives in time | `Term.system [ v; … ]` | `Layer.outputs 2` | default |
| a complex field: Schrödinger | periodic, or all of ℝ^d | – | `Equation.schroedinger` | `Layer.outputs 2` | `Method.dormandPrince54` |
| a density that drifts and diffuses | `Domain.euclidean` | – | `Equation.fokkerPlanckEnergy`, or a [sampler](sample.html) | dense, `Swish` | `Method.stabilised` |
| fourth derivatives: Kuramoto–Sivashinsky, a thin film | periodic | – | `Term.partial 0 4`, along one axis | harmonics, then dense | `Method.stabilised` |

## A flux at one end, a value that changes at the other
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
let line = Domain.box [ 0.0, 1.0 ]
let points = Collocation.grid line 48
let network = Network.create line [ Layer.normalise [ 0.5 ] [ 0.25 ]; Layer.dense 24 Sine; Layer.dense 24 Sine ]

// u_t = ∇·((0.2 + 0.1 u) ∇u) − u_x, heat that flows in at one end; the other follows a given temperature
let equation = Term.diffusion (0.2 + 0.1 * Term.value) - Term.partial 0 1

let walls =
    [ Wall.neumann (Side.Low 0) (fun t x -> Math.Sin t * torch.ones_like (x.select (1L, 0L)))
      Wall.dirichlet (Side.High 0) (fun t x -> (1.0 - 0.2 * t) * torch.ones_like (x.select (1L, 0L))) ]

let start = Regression.fit Run.quiet Regression.defaults network (fun x -> torch.ones_like (x.squeeze 1L)) points
let options = { Evolution.defaults with Walls = walls; Tolerance = 1e-5 }
let solution = Evolution.solve Run.quiet options equation network points start (0.0, 1.0)
let ends = Tensor.ofRows Placement.float64 [ [ 0.0 ]; [ 1.0 ] ]
printfn "u at the ends: %A" (Solution.evaluate 1.0 ends solution |> Tensor.toArray)
printfn "slope at 0: %.4f" (Solution.jet (Jet.gradientRequest 1) 1.0 ends solution |> Jet.gradient |> Tensor.toArray |> Array.head)

(**
The normal n points out of the domain, so that at the low end ∂u/∂n = −∂u/∂x. The start has to satisfy the conditions (where it does not, the run is refused); fit it at points that
reach the walls.

## In a disc

Points lie inside, conditions on the boundary of a function's shape:
*)
let around = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
let roundness (x: Tensor) = 1.0 .- x.Square().sum 1L
let inside = Collocation.grid around 11 |> Collocation.inside roundness
let plane = Network.create around [ Layer.dense 24 Tanh; Layer.dense 24 Tanh ]
let hill (x: Tensor) = (roundness x).Square()
let drum = Regression.fit Run.quiet Regression.defaults plane hill (Collocation.grid around 17)
let insulated = { Evolution.defaults with Walls = [ Wall.neumann (Side.Shape roundness) (Wall.constant 0.0) ]; Tolerance = 1e-4 }
let spread = Evolution.solve Run.quiet insulated (0.2 * Term.laplacian) plane inside drum (0.0, 1.0)
let centre = Tensor.ofRows Placement.float64 [ [ 0.0; 0.0 ] ]
printfn "at the centre: %.3f" (Solution.evaluate 1.0 centre spread |> Tensor.toFloat)

(**
Nothing leaves, so that u tends to the mean of its beginning, a third.

## Several unknowns

`Term.system` has a right-hand side for each component, `Wall.ofComponent` a condition for one. Gray and Scott's reaction is `Equation.grayScott`; an equation of
second order in time is one of two components. Sine–Gordon's, w_tt = w_xx − sin w:
*)
let w, v = Term.ofComponent 0, Term.ofComponent 1
let sineGordon = Term.system [ v Term.value; w (Term.laplacian - sin Term.value) ]
printfn "%s" (Term.show sineGordon)

(**
At walls, w = g(t) goes with v = g′(t): give both, each with `Wall.ofComponent`.

The curl of a velocity (u₀, u₁) is a term as well, as are powers, quotients and elementary functions of terms:
*)
let curl = Term.ofComponent 1 (Term.partial 0 1) - Term.ofComponent 0 (Term.partial 1 1)
let reaction = exp (-1 / (1 + Term.value ** 2))
printfn "%s, %s" (Term.show curl) (Term.show reaction)

(**
## What there is not

Fourth derivatives are those along an axis: Δ²u in one dimension is `Term.partial 0 4`, in more there is none. Conditions are linear in u and ∂u/∂n; walls do not move, and a run
with `Walls` is one of one rank. Shocks without diffusion want finite volumes.
*)
