(**
---
title: Coming from DiffSharp
category: Guide
categoryindex: 1
index: 12
---

# Coming from DiffSharp

DiffSharp's vocabulary is here as the module `Diff`, over TorchSharp tensors. A function that gives one number per point of a batch is
differentiated at all points at once.

| DiffSharp | here |
|---|---|
| `dsharp.grad f x`, `dsharp.fgrad f x` | `Diff.grad f x`, `Diff.fgrad f x` |
| `dsharp.laplacian f x` | `Diff.laplacian f x` |
| `dsharp.hessian f x`, `dsharp.jacobian f x` | `Diff.hessian f x`, `Diff.jacobian f x` |
| `dsharp.jacobianv f x v` | `Diff.jacobianv f x v` |
| `dsharp.tensor [ … ]` | `Tensor.ofArray Placement.float64 [| … |]`, `Tensor.ofRows` |
| `dsharp.config(dtype, device)` | a `Placement` given to what makes tensors, in a `Run` where work is done; nothing global |
| `dsharp.seed 3` | a seed as an argument, or `{ Run.quiet with Seed = 3 }` |
| `x.sin()`, `x * y`, `x.sum()` | the same, from TorchSharp; dimensions are `1L`, shapes `int64` |
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

let f (x: Tensor) : Tensor = (x.square () * x.sin ()).sum 1L // (N × d) ↦ (N)
let x = Tensor.ofRows Placement.float64 [ [ 0.5; 1.0 ]; [ 1.5; 2.0 ] ]

printfn $"∇f at both points: %A{Tensor.toArray2D (Diff.grad f x)}"
printfn $"Δf at both points: %A{Tensor.toArray (Diff.laplacian f x)}"
(*** include-output ***)

(**
Differences to know:

* Tensors are native memory. What is made inside `Scope.keep` or `use _ = torch.NewDisposeScope()` is freed at its end; a loop that
  runs long opens a scope for each round.
* float64 is the default, not float32.
* Models are values: a `Network` holds no tensors, parameters θ are one vector that you pass.
* For networks, `Network.jet` is faster than `Diff`: it carries derivatives forward through the layers, up to the fourth.
* There is no optimiser and no training loop: `Regression.fit` takes natural-gradient steps.

## Numbers beside tensors, on several threads

`4.0 * x` is TorchSharp's. When another thread collects garbage in that very moment, TorchSharp may free the number while libtorch reads
it: the call raises, or computes with another number. With one thread that is very rare (the runtime has threads of its own), with four
threads and many collections about one evaluation in 100,000. Formulas that several threads evaluate, that run beside other threads (a
server, a notebook with work in the background) or for days are written with a dot wherever a number stands
beside a tensor. Precedence, gradients and bits are those of the plain operators:
*)

let ring (x: Tensor) : Tensor =
    4.0 .* (x.norm 1 .- 2.0).Square() .+ 0.1 .* x.Square().sum 1L

printfn $"%A{Tensor.toArray (ring x)}"
(*** include-output ***)

(**
The sum of two tensors and `square` have a number hidden within, hence `.+` and `Square`; `-`, `*` and `/` between two tensors have none
and stay as they are. Methods that take a number have safe ones as well: `x.Power 1.5`,
`x.Clamp(0.0, 1.0)`, `x.ClampMin 1e-3`, `x.LessThan 0.0`, `x.MaskedFill(mask, 0.0)`, and for what changes x itself `x.AddInPlace 1.0` and
`x.FillInPlace 0.0`. Nothing that the library could do protects the plain ones; all its own arithmetic is done in the safe way.

Write `x.mm m` for a product of matrices, not `x.matmul m`: where sizes or element types do not fit, `mm` raises, and `matmul` ends the
process.
*)
