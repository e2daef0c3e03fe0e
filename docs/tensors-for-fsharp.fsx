(**
---
title: Tensors for F# people
category: Guide
categoryindex: 1
index: 12
---

# Tensors for F# people

Formulas are written with TorchSharp's tensors. They are made for C# and Python; this page is about what F# expects and does not find there, and
what to write instead. Points are the rows of an N × d tensor, and a formula gives one number per row: all rows at once, no loops.

| What one tries | What happens | What to write |
|---|---|---|
| `x[*, 0]`, `x[..9, *]` | works | a column (N), ten rows |
| `exp x`, `sin x`, `abs x`, `log x` | not compiled: F#'s functions want numbers | `x.exp ()`, `x.sin ()`, `x.abs ()`, `x.log ()` |
| `x ** 3.0`, `x.pow 1.5` | not compiled: no such operator; several `pow` | `x.Power 3.0`, `x.Square ()` |
| `x < 1.0` | not compiled: tensors have no order | `x.LessThan 1.0`, `x.GreaterThan 1.0`; two tensors: `x.lt y`, `x.gt y` |
| `if x < 1.0 then … else …` | decides once, not for each row | `torch.where (x.LessThan 1.0, a, b)`, behind `open TorchSharp` |
| `x = y` | compares references | `x.equal y`; numbers: `Tensor.toArray x = Tensor.toArray y` |
| `x.sum 1`, `x.sum [| 1 |]` | sums over a type of element; not compiled | `x.sum 1L`, `x.sum [| 1L |]`: dimensions are `int64` |
| `x.norm 1L` | not compiled: this one wants an `int` | `x.norm 1` |
| `max x 0.0`, `min x y` | not compiled | `x.ClampMin 0.0`, `x.ClampMax 1.0`; two tensors: `torch.minimum (x, y)` |
| `2.0 * x`, `x + 1.0` | works | in programs with several threads `2.0 .* x`, `x .+ 1.0`: see below |
| `0.0`, where a tensor is wanted | not compiled | `Tensor.scalar Placement.float64 0.0`, `x.zeros_like ()`, `x.ones_like ()` |
| `[ a; b ]` as columns | – | `Tensor.stack 1L [ a; b ]` |
| `x @ m`, `x * m` | lists are joined; element by element | `x.mm m` |
| `x.[0]`, `for row in x` | slow: a tensor each | whole columns; numbers once with `Tensor.toArray2D x` |
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
open TorchSharp

let x = Tensor.ofRows Placement.float64 [ [ 0.5; 2.0 ]; [ 1.5; -1.0 ]; [ -1.0; 0.5 ] ]

(**
## Columns and rows

Ends are included, as everywhere in F#. A slice shares the numbers of its tensor, costs nothing, and derivatives go through it.
*)

printfn $"a column: %A{Tensor.toArray x[*, 0]}"
printfn $"two rows: %A{Tensor.toArray2D x[..1, *]}"
(*** include-output ***)

(**
With it a formula reads like the formula: Rosenbrock's valley, (1 − a)² + 10 (b − a²)².
*)

let valley (x: Tensor) : Tensor =
    let a, b = x[*, 0], x[*, 1]
    (1.0 - a).Square() + 10.0 * (b - a.Square()).Square()

printfn $"%A{Tensor.toArray (valley x)}"
(*** include-output ***)

(**
## Powers and functions

They are methods. Annotate the type of a tensor where F# cannot know it, as in `fun (x: Tensor) -> …`; in `Density.ofEnergy` and whatever
else of the library takes a function, it does.
*)

printfn $"|a|^1.5: %A{Tensor.toArray (x[*, 0].abs().Power 1.5)}"
printfn $"e^b:     %A{Tensor.toArray (x[*, 1].exp ())}"
(*** include-output ***)

(**
## Cases

A comparison gives a tensor of truth values, and `torch.where` takes for each row the one or the other. Both are computed everywhere: where one has no
value, such as log a for a < 0, its derivative is not a number even where the other is taken. Keep the argument in range first.
*)

let a = x[*, 0]
let huber = torch.where (a.abs().LessThan 1.0, 0.5 * a.Square(), a.abs () - 0.5)
printfn $"Huber:  %A{Tensor.toArray huber}"

let logarithm = torch.where (a.GreaterThan 0.0, a.ClampMin(1e-300).log (), a.zeros_like ())
printfn $"log or 0: %A{Tensor.toArray logarithm}"
(*** include-output ***)

(**
No density somewhere is an energy of +∞ there: `energy.MaskedFill(x[*, 0].LessThan 0.0, infinity)`.

## Constants

Numbers beside tensors are taken as they are. A matrix or a vector of data is made once, outside of the function:
*)

let precision = Tensor.ofRows Placement.float64 [ [ 2.0; 0.5 ]; [ 0.5; 1.0 ] ]
let quadratic (x: Tensor) : Tensor = 0.5 * (x.mm precision * x).sum 1L
printfn $"½ xᵀPx: %A{Tensor.toArray (quadratic x)}"
(*** include-output ***)

(**
`vector * x` multiplies each row of x by the vector, column by column; to scale row by row, make the vector a column: `scale.unsqueeze 1L * x`.

## Numbers on several threads

`4.0 * x` is TorchSharp's own; in a program where other threads run beside, write `4.0 .* x`, `x .+ 1.0`, `x .- y`: the
same bits, safely ([why](coming-from-diffsharp.html)). The library does so everywhere.

## Memory

Tensors live outside the memory that .NET collects. In a script this matters in loops only: what a round makes is freed at the end of
`Scope.keep (fun () -> …)`, which keeps the result.
*)

let mean =
    Scope.keep (fun () -> (valley x).mean())

printfn $"{Tensor.toFloat mean:F3}"
(*** include-output ***)
