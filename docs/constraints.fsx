(**
---
title: Constraints
category: Guide
categoryindex: 1
index: 20
---

# Constraints

Samplers work on ℝⁿ. A `Bijector` brings ℝⁿ to the values that a quantity may have, with the logarithm of its Jacobian; a parameter of a model is a name with one.
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

let y = Tensor.ofRows Placement.float64 [ [ 0.0; 0.0 ]; [ 1.0; -1.0 ] ]
let shares, logJacobian = Bijector.forward (Bijector.simplex 3) y
printfn $"%A{Tensor.toArray2D shares}"
printfn $"log |det J| = %A{Tensor.toArray logJacobian}"
(*** include-output ***)

(**
| parameter | values | from |
|---|---|---|
| `Parameter.real` | any number | y |
| `Parameter.positive`, `lower`, `upper` | above 0, above or below a bound | e^y from the bound |
| `Parameter.unit`, `interval` | between 0 and 1, or two bounds | the logistic function |
| `Parameter.vector`, `matrix` | numbers | y |
| `Parameter.ordered`, `positiveOrdered` | vectors in ascending order | e^y for each step |
| `Parameter.simplex` | n numbers that sum to 1 | n − 1 numbers, by breaking a stick |
| `Parameter.correlation`, `correlationCholesky` | correlation matrices, their factors | tanh y as canonical partial correlations |
| `Parameter.covariance`, `covarianceCholesky` | covariance matrices, their factors | e^y on the diagonal of the factor |
| `Parameter.angle`, `unitVector` | angles, directions | the direction of a point, whose length has a distribution of its own |

`Parameter.positive "sigma" |> Parameter.repeated [ 8 ]` is a vector of eight, `Parameter.simplex 3 "rows" |> Parameter.repeated [ 2 ]` two simplices, 2 × 3.

The scales are those of the Stan reference manual (chapter "Constraint Transforms"); simplices are its stick-breaking, as in Stan until version 2.36. Angles and directions have one number more
than they need, and log Z is that of the direction alone.

## At the edges

Logarithms are computed as such: a positive number may be 1e-300, a share 1 − 1e-16, and both come back to 1e-12, relative to their distance from the nearer bound. A value on the edge itself is infinitely far out:
*)

let edge = Bijector.inverse Bijector.unit (Tensor.ofArray Placement.float64 [| 1e-300; 0.5; 1.0 |])
printfn $"%A{Tensor.toArray edge}"
(*** include-output ***)

(**
A value that does not keep the constraint is refused, with its row:
*)

try
    Bijector.inverse (Bijector.simplex 2) (Tensor.ofRows Placement.float64 [ [ 0.5; 0.6 ] ]) |> ignore
with :? System.ArgumentException as error ->
    printfn $"{error.Message}"
(*** include-output ***)

(**
## Constraints of one's own

`Bijector.andThen` puts one after the other; a record with the two functions is a bijector too. A density of one's own is brought to ℝⁿ by the same functions:
*)

let gamma = Density.ofEnergy 2 (fun x -> (x - 2.0 .* x.log ()).sum 1L)

let free =
    gamma |> Density.transformed (Bijector.forward (Bijector.repeated [ 2 ] Bijector.positive))

let posterior = Posterior.sample Run.quiet Posterior.defaults free
printfn $"log Z = {posterior.LogNormaliser.Value:F3}, exactly {2.0 * log 2.0:F3}"
(*** include-output ***)

(**
## There and back

`Model.unconstrained` gives the points without constraint of draws, such as those of another program; `Model.constrained` gives all quantities of a model at such points.
*)
