(**
---
title: Compose an equation
category: Guide
categoryindex: 1
index: 2
---

# Compose an equation

An evolution equation ∂u/∂t = A(t, x, u) is a value, a `Term`: you write its right-hand side as it stands on paper. Here is one
of five terms, an Allen–Cahn equation in a wind, whose reaction is balanced so that the total of u does not change:

  ∂u/∂t = 0.02 ∂²u/∂x² − 0.5 ∂u/∂x + u − u³ − ⟨u − u³⟩

From the formula to numbers, in nine lines of F# Interactive (behind `#load "load.fsx"` and `open Mne.Functional`):
*)

(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
open Mne.Functional

(** *)

let reaction = Term.value - Term.pown 3 Term.value
let equation = 0.02 * Term.partial 0 2 - 0.5 * Term.partial 0 1 + reaction - Term.mean reaction
let circle = Domain.periodic [ (0.0, 2.0 * System.Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 24 Sine; Layer.dense 24 Sine ]
let points = Collocation.grid circle 96
let start = Regression.fit Run.quiet Regression.defaults network (fun x -> 0.2 + 0.5 * (2.0 * x.squeeze 1L).sin ()) points
let solution = Evolution.solve Run.quiet Evolution.defaults equation network points start (0.0, 2.0)
let u = solution |> Solution.evaluate 2.0 (Tensor.ofRows Placement.float64 [ [ 0.5 ]; [ 2.0 ]; [ 4.0 ] ])
printfn "%s at t = 2: u = %A" (Term.show equation) (Tensor.toArray u)

(**
That text is what a test of this project runs, and compares with a spectral solution of the same equation.

## What a right-hand side is made of

| on paper | as a term |
|---|---|
| u, 3.5 | `Term.value`, `Term.number 3.5` (or just `3.5` beside an operator) |
| ∂u/∂x₀, ∂³u/∂x₁³ (up to order 4) | `Term.partial 0 1`, `Term.partial 1 3` |
| ∂²u/∂x₀∂x₁, Δu, \|∇u\|² | `Term.mixed 0 1`, `Term.laplacian`, `Term.gradientNormSquared` |
| b(t, x)·∇u | `Term.transport "b" (fun t x -> …)`, N × d numbers at the points |
| c(t, x) | `Term.known "c" (fun t x -> …)`, N numbers at the points |
| a + b, a − b, a b, a / b, u³ | `a + b`, `a - b`, `a * b`, `a / b`, `Term.pown 3 Term.value` |
| sin(u), f(t, x, u) | `Term.map "sin" (fun v -> v.sin ()) Term.value`, `Term.pointwise "f" (fun t x v -> …) Term.value` |
| ⟨a⟩, the mean over the points | `Term.mean a`, `Term.weightedMean w a` |
| ∫ k(x, y) a(y) dy | `volume * Term.interaction "k" (fun x y -> …) a` |
| anything else | `Term.custom "name" [ derivatives ] (fun local -> …)` |

A term knows which derivatives it needs; they are computed together, exactly to round-off, in one pass through the network. And
it prints as mathematics:
*)

Term.show equation

(*** include-it ***)

(**
Coordinates count from 0, as in `∂₀u`. Many equations have a name already (`Equation.burgers`, `Equation.kortewegDeVries`,
`Equation.schroedinger` …): take its `Term`, or add to it.

## Systems

Where u has several components, the network ends in `Layer.outputs`, `Term.ofComponent` says which component a term is of, and
`Term.system` lists one right-hand side for each. The wave equation ∂²w/∂t² = Δw, as a system of w and its velocity v:
*)

let w, v = Term.ofComponent 0, Term.ofComponent 1
let wave = Term.system [ v Term.value; w Term.laplacian ]

let pair =
    Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine; Layer.outputs 2 ]

(**
The initial value then has a column for each component, and `Solution.ofComponent 1 solution` reads the velocity.

## Domains and boundary conditions

A network keeps the conditions of its domain exactly, at every time. Those of `Walls` hold for any equation: the change of u satisfies them at
points of the walls as it satisfies the equation at the collocation points.

| domain | how | limits |
|---|---|---|
| all of ℝ^d: `Domain.euclidean d` | nothing to keep | points have to be where u is of interest |
| a box: `Domain.box [ … ]` | no conditions | u near the walls follows from the equation alone |
| a box with `Wall.dirichlet`, `Wall.neumann`, `Wall.robin` among `Evolution.defaults.Walls` | u = g, ∂u/∂n = g or a u + b ∂u/∂n = g, at points of the walls | any equation; g depends on time and place; for one component or all; on one rank |
| a shape in a box: `Wall.dirichlet (Side.Shape distance) g`, … | the same at points of its boundary | collocation points lie inside: `Collocation.inside` |
| periodic: `Domain.periodic [ … ]` | sines and cosines of the coordinates | |
| u = 0 or ∂u/∂n = 0: `Domain.dirichlet`, `Domain.neumann` | odd or even reflection | all even (odd) derivatives vanish at that wall too: for equations that the reflection maps to themselves; others (advection, a source at a wall where u = 0) are refused, and want `Domain.box` and `Walls` |
| u = g on a boundary of any shape: `Network.dirichlet distance g` | g + distance · w, exactly | g does not depend on time; no conditions on derivatives |

Coordinates of all kinds mix: `Domain.create [ Periodic(0.0, 1.0); Bounded(0.0, 2.0, Dirichlet, Neumann); Real ]`. Those of
a domain are conditions of all components of u; `Wall.ofComponent` is for one. Which to take when: [which equation do I have?](which-equation.html)

## From a tolerance alone

Network, points, sketch, λ and steps can be left to the program: `AutomaticEvolution.solve` takes an equation, a bounded domain, the initial value and a
tolerance. It solves at two or more resolutions, and believes what their difference tells.
*)

let automatic =
    AutomaticEvolution.solve
        Run.quiet
        1e-3
        (0.1 * Term.laplacian + Term.value - Term.pown 2 Term.value)
        (Domain.periodic [ (0.0, 2.0 * System.Math.PI) ])
        (fun x -> 0.5 + 0.4 * x.squeeze(1L).cos ())
        (0.0, 1.0)

string automatic
(*** include-it ***)

(**
`scripts/automatic.fsx` puts what is believed beside what is true, for twelve problems. What it takes is a network of three layers behind a few harmonics, or a
sum of waves in one dimension where networks are lost. `AutomaticEvolution.solveWithWalls` takes conditions of [walls](which-equation.html) too. Shocks that
no diffusion smooths are beyond it.

## When something does not fit

A right-hand side of the wrong shape, a derivative that cannot be had, an axis that the domain does not have, a function that is
not periodic on a periodic domain: each raises an `ArgumentException` that says what was found and what was wanted. Where a number
is not finite, the run ends with the outcome `Outcome.NonFinite`, which names the point and the time:
*)

let broken =
    let overX = Term.value / Term.known "x" (fun _ x -> x.squeeze 1L)
    Evolution.trySolve Run.quiet Evolution.defaults overX network points start (0.0, 1.0)

broken.Outcome.Advice
(*** include-it ***)
