(**
---
title: Coming from ArviZ
category: Guide
categoryindex: 1
index: 12
---

# Coming from ArviZ

ArviZ looks at draws that other programs have made. Here draws come with weights and with log Z, and what ArviZ computes from them is part of the library; files
take them to ArviZ and xarray where you want its pictures.

| ArviZ | Here |
|---|---|
| `InferenceData` | `NamedDraws` for draws; `InferenceData` for a file |
| `az.summary(idata, hdi_prob=0.9)` | `Summary.create 0.9 named` |
| `mcse_mean`, `mcse_sd` | `entry.Mean.StandardError`, `entry.Deviation.StandardError` |
| `hdi_5%`, `hdi_95%` | `entry.Narrowest` |
| `ess_bulk`, `ess_tail`, `r_hat` | `entry.EffectiveDraws`; draws are independent, and there is no `r_hat`: `summary.ParetoShape` (k̂) takes its place |
| `idata.posterior["theta"]` | `named \|> NamedDraws.values "theta"` |
| `az.extract(idata, var_names=[…])` | `named \|> NamedDraws.select […]` |
| `az.extract(idata, num_samples=1000)` | `named \|> NamedDraws.resample seed 1000` |
| `az.loo(idata)`, `pareto_k` | `LeaveOneOut.create logLikelihood named`, `loo.ParetoShapes` |
| `az.compare({…})` | `LeaveOneOut.compare […]`, and, by log Z, `Evidence.compare […]` |
| `az.bayes_factor` | `Evidence.compare`: from log Z, not from a density at one point |
| `az.plot_pair(idata, divergences=True)` | `DrawsChart.pairs named`: draws of outlying weight are marked |
| `az.plot_forest`, `az.plot_posterior`, `az.plot_dist_comparison` | `DrawsChart.forest`, `DrawsChart.corner`, `DrawsChart.marginals` |
| `az.plot_ppc`, `az.plot_bpv` | `DrawsChart.predictive`, `DrawsChart.check` |
| `az.to_netcdf(idata, path)` | `InferenceData.save path seed data` |

## A file for ArviZ
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

let posterior =
    Density.gaussianMixture [ 0.7, [ 0.0; 0.0; 1.0 ], 0.5; 0.3, [ 2.0; 1.0; -1.0 ], 0.5 ]
    |> Posterior.sample Run.quiet Posterior.defaults

let named =
    NamedDraws.create
        [ { Name = "tau"; Shape = [] }; { Name = "theta"; Shape = [ 2 ] } ]
        posterior.Draws.Points
        posterior.Draws.LogWeights

let y = Tensor.ofArray Placement.float64 [| 0.4; -0.2; 1.1; 0.3 |]

/// log p(yᵢ | θ) of each observation at each draw, up to a constant.
let logLikelihood =
    -0.5 .* (y - (NamedDraws.values "tau" named).unsqueeze 1L).Square()

let data =
    { InferenceData.ofDraws named with
        LogLikelihood = [ ("y", logLikelihood) ]
        ObservedData = [ ("y", y) ]
    }

data |> InferenceData.save "output/posterior.nc" 1 |> ignore

(**
In Python, `arviz.from_netcdf("output/posterior.nc")`, or with xarray alone:

```python
posterior = xarray.open_dataset("output/posterior.nc", group="posterior")
posterior.theta.dims      # ("chain", "draw", "theta_dim_0")
```

The groups are `posterior`, `log_likelihood`, `posterior_predictive` and `observed_data`, by ArviZ's schema, as netCDF-4, which is HDF5. Tests open such a file with
xarray, by h5netcdf and by netCDF4, where these are installed.

**Weights.** ArviZ knows none: it counts every draw once. Draws whose weights differ are therefore resampled in proportion to them, as many as there were. Copies of
a draw stay side by side, so that ArviZ's effective sample size, which looks at correlations along the chain, sees them for what they are; there is one
chain. Nothing else is lost by it than a little precision. To keep weights, use `Storage.saveDraws` (to be opened again here), CSV, or an Arrow file, which has the
same columns (`Export.namedArrow`, [read by pandas, polars, R and others](saving-and-resuming.html)):
*)

named |> Export.namedCsv "output/posterior.csv" |> ignore
printfn "%s" (System.IO.File.ReadAllLines("output/posterior.csv")[0])
(*** include-output ***)

(**
**Numbers that differ.** ArviZ's `hdi` and the shortest interval here agree to one draw in the count that they hold. The effective sample size here is that of the mean of each
quantity, from the weights and the values; for equal weights it is the number of draws. Standard errors are those of independent draws: for draws of
another program's chains, give `NamedDraws.create` draws that are thin enough to be independent.

## The same in C#

```csharp
using var named = NamedDraws.OfDraws(posterior.Draws, "tau", "a", "b");
Console.WriteLine(Summary.Create(named, mass: 0.9));
new InferenceData { Posterior = named, LogLikelihood = [("y", logLikelihood)], ObservedData = [("y", y)] }.Save("output/posterior.nc");
named.SaveCsv("output/posterior.csv");
named.SaveArrow("output/posterior.arrow");
```
*)
