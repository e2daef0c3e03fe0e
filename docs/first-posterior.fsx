(**
---
title: Your first posterior
category: Guide
categoryindex: 1
index: 19
---

# Your first posterior

Eight schools measured what coaching does for the results of a test: an effect each, and how uncertain it is (D. B. Rubin 1981). How large are the effects, if the schools have
something in common, but not everything? A model names what is not known, says what values it may have, and lists the terms of its log-density.
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

let data =
    Data.ofJson """{ "J": 8, "y": [28, 8, -3, 7, -1, 1, 18, 12], "sigma": [15, 10, 16, 11, 9, 11, 10, 18] }"""

let model =
    Model.create
        [
            Parameter.real "mu"
            Parameter.positive "tau"
            Parameter.vector (Data.count "J" data) "eta"
        ]
        (fun p ->
            [
                Distribution.Normal(p["mu"], 0.0, 5.0)
                Distribution.HalfCauchy(p["tau"], 5.0)
                Distribution.Normal(p["eta"], 0.0, 1.0)
                Distribution.Normal(data["y"], p["mu"] .+ p["tau"] * p["eta"], data["sigma"])
            ])
    |> Model.derived "theta" (fun p -> p["mu"] .+ p["tau"] * p["eta"])

let schools = model |> Model.sample Run.quiet Posterior.defaults
printfn $"{schools}"
(*** include-output ***)

(**
That is all: no chains, no warm-up. Draws are independent and weighted, log Z is the evidence of the model, and the verdict says whether to trust them. They come
under the names of the model, in its units ([what the table says](evidence.html)):
*)

printfn $"{schools.Draws |> Summary.create 0.9}"
(*** include-output ***)

(**
## How a formula is written

A formula is given many points at once. A number of the model, `p["mu"]`, is a column (M × 1), a vector `p["eta"]` M × 8, and data keep the shape that they have, so that
`p["mu"] .+ p["tau"] * p["eta"]` and `Distribution.Normal(data["y"], …)` are M × 8: a log-density for each school. The list of terms is summed by the model, each with as many elements as it
has. Any tensor with a row for every point is a term: a distribution that is not among those of `Distribution` is a formula.

`.+` is the sum of two tensors ([why](coming-from-diffsharp.html)); functions of TorchSharp do the rest.

## Knowing one of them

The effects if the schools differed by a tau of 1, and what the data think of that: log Z of the conditioned model, as a function of tau, is the logarithm of the posterior
density of tau, up to a constant.
*)

let alike = model |> Model.conditioned "tau" [ 1.0 ]
let given = alike |> Model.sample Run.quiet Posterior.defaults
printfn $"{given.Posterior.LogNormaliser.Value:F3}"
(*** include-output ***)

(**
## Observations from files

`Data.json` reads the JSON that Stan reads, `Data.csv` tables with names in the first line. What is there is asked for by name, `data["y"]`; an entry that is not made of numbers is refused then, with its
name and its line.

For a linear regression, `Likelihood.linear` looks at the rows once: a million of them cost no more than a hundred thereafter.

Constraints are on [a page of their own](constraints.html); those who know Stan find its words [here](coming-from-stan.html).
*)
