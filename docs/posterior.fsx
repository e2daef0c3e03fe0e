(**
---
title: From a formula to draws
category: Guide
categoryindex: 1
index: 4
---

# From a formula to draws

`Posterior.sample` takes a formula and nothing else: no scale, no start, no options. It finds modes, units, correlations and independent
coordinates, draws, weighs, and says whether to trust the result.
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

/// A curved valley, far from the origin and long in one direction: V, points (N × 2) ↦ (N).
let valley =
    Density.ofEnergy 2 (fun x ->
        let a, b = (x.select (1L, 0L) .- 500.0) ./ 40.0, x.select (1L, 1L)
        0.5 .* a.Square() .+ 2.0 .* (b - 0.5 .* a.Square()).Square())

let posterior = Posterior.sample Run.quiet Posterior.defaults valley
printfn $"{posterior}"
(*** include-output ***)

(**
log Z has an exact value here, log (40 π). Expectations are weighted means, with their standard errors:
*)

let mean = posterior.Draws |> Importance.expectation (fun x -> x.select (1L, 0L))
printfn $"log Z = {posterior.LogNormaliser.Value:F4}, exactly {log (40.0 * System.Math.PI):F4}"
printfn $"mean of the first coordinate {mean.Value:F1} ± {mean.StandardError:F1}"
(*** include-output ***)

(**
## Where there is no density

An energy may be +∞, or not a number, where the density is zero: such places are never proposed twice, and draws that fall there have the
weight 0. Half of a normal distribution:
*)

let half =
    Density.ofEnergy 2 (fun x -> 0.5 .* x.Square().sum 1L - (x.sum 1L).sign().log ())

let halved = Posterior.sample Run.quiet Posterior.defaults half
printfn $"log Z = {halved.LogNormaliser.Value:F4}, exactly {log System.Math.PI:F4}; {halved.WithoutDensity} draws outside"
(*** include-output ***)

(**
A formula should not raise there: one point would end the run for all. For a Cholesky factor, which may not exist, `Tensor.cholesky` gives NaN.

## What it chose

`posterior.Plan` is a value: how many modes were found, how many components the mixture has, the efficiency of each route that was tried, and
log Z by each. Three routes lead to draws, and the first that is efficient enough is taken: a mixture alone; on request (`Flow = Some Sampler.defaults`,
minutes instead of seconds) the flow of an energy evolved by minimal neural evolution, of which the mixture is the known part; tempering from
the mixture, where that has less than 90 %. `Efficiency` in the options says from which efficiency on no dearer one is tried,
`Count` how many draws are made, and `Budget = Some (TimeSpan.FromMinutes 2.0)` from when on no dearer route is begun and one under way is given
up. `Storage.savePosterior` keeps all of it in a file: draws, log Z, verdict, plan, and what further draws take. `Posterior.draw` makes more of them later, and `Posterior.logProposal` tells their log-density at
any points: with exact draws of the target, where there are any, it says what the draws miss.

## What it cannot see

A mode that none of the thousands of places which the search looks at belongs to is missed, and nothing in the weights tells. Where several modes
are found, copies of them, strewn as they are and somewhat narrower, are planted into the density as a test; if the search finds hardly any of
those, the verdict is doubtful (`BlindSearch`). The search begins at
distances from 0.1 to 100 around the origin; a narrow mode at 10,000 is found only if something nearer leads there. Hierarchies in which one
coordinate is the scale of others (funnels) want a change of variables first (`Density.transformed`); without it the verdict says that they were
not solved.
*)
