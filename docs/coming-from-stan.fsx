(**
---
title: Coming from Stan
category: Guide
categoryindex: 1
index: 21
---

# Coming from Stan

A model is a value of F#: no language of its own, no compiler to wait for, no chains. What a Stan program says in blocks, `Model.create` says in a list and a function.

| Stan | here |
|---|---|
| `data { … }`, a JSON file | `Data.json path`, `data["y"]`, `Data.count "N" data` |
| `real mu;` | `Parameter.real "mu"` |
| `real<lower=0> sigma;` | `Parameter.positive "sigma"` |
| `real<lower=a, upper=b> x;` | `Parameter.interval a b "x"` |
| `vector[8] theta;` | `Parameter.vector 8 "theta"` |
| `vector<lower=0>[8] s;` | `Parameter.positive "s" \|> Parameter.repeated [ 8 ]` |
| `ordered[K]`, `positive_ordered[K]`, `simplex[K]`, `unit_vector[K]` | `Parameter.ordered`, `positiveOrdered`, `simplex`, `unitVector` |
| `array[N] simplex[K] p;` | `Parameter.simplex k "p" \|> Parameter.repeated [ n ]` |
| `corr_matrix`, `cholesky_factor_corr`, `cov_matrix`, `cholesky_factor_cov` | `Parameter.correlation`, `correlationCholesky`, `covariance`, `covarianceCholesky` |
| `mu ~ normal(0, 5);` | `Distribution.Normal(p["mu"], 0.0, 5.0)`, a term of the list |
| `tau ~ cauchy(0, 5);` with `<lower=0>` | `Distribution.HalfCauchy(p["tau"], 5.0)`, whose constant counts in log Z |
| `y ~ bernoulli_logit(alpha + beta * x);` | `Distribution.BernoulliLogit(y, p["alpha"] .+ p["beta"] * x)` |
| `normal_id_glm` | `Likelihood.linear x y p["beta"] p["sigma"]` |
| `target += …;` | any tensor with a row for every point, as a term |
| `transformed parameters`, `generated quantities` | `Model.derived "theta" (fun p -> …)` |
| `vector[N] log_lik` | the same: `Model.derived "log_lik" (fun p -> Distribution.Normal(y, …))` |
| `fit$draws("theta")` | `NamedDraws.values "theta" inference.Draws`; labels are Stan's, `theta[1]` |
| Rhat, divergences | `inference.Posterior.Verdict` and `Concerns` |
| bridge sampling | `inference.Posterior.LogNormaliser`: log Z comes with every call |

Three things are different:

* **Formulas are batched.** `p["mu"]` is a column (M × 1) of M values at once, `p["theta"]` M × 8; data keep their shape. What is a loop over observations in Stan is one expression. Loops over time stay loops.
* **Constants count.** Densities are normalised, and terms are not dropped, so that log Z is the evidence. An improper prior, no term at all for a parameter, gives a log Z that is only defined up to a constant.
* **Draws have weights.** They are independent, and come from an approximation whose error the weights remove. `Importance`, `NamedDraws` and summaries take them into account.

A logistic regression, whole:
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
    Data.ofCsv
        """dose,died
-0.86,0
-0.30,0
-0.05,1
0.73,1
0.20,0
0.90,1"""

let logistic =
    Model.create [ Parameter.real "alpha"; Parameter.real "beta" ] (fun p ->
        [
            Distribution.StudentT(p["alpha"], 3.0, 0.0, 2.5)
            Distribution.StudentT(p["beta"], 3.0, 0.0, 2.5)
            Distribution.BernoulliLogit(data["died"], p["alpha"] .+ p["beta"] * data["dose"])
        ])
    |> Model.derived "half" (fun p -> -p["alpha"] / p["beta"])

let inference = logistic |> Model.sample Run.quiet Posterior.defaults
printfn $"{inference}"
(*** include-output ***)
