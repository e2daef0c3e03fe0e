(**
---
title: Evidence and model comparison
category: Guide
categoryindex: 1
index: 7
---

# Evidence and model comparison

Draws are where an analysis begins. This page goes from draws to a table, and compares two models of the same data: by their evidence, by how
well each predicts what it has not seen, and by the data that they make. The models are small enough for exact answers to stand beside.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
(** *)
open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting

/// Speeds of a cart in m/s at twelve times in s.
let t = Tensor.linspace Placement.float64 0.0 2.75 12

let y =
    [| 1.02; 1.06; 0.93; 1.12; 1.12; 0.98; 1.22; 1.03; 1.24; 1.10; 1.05; 1.28 |]
    |> Tensor.ofArray Placement.float64

(**
## Two models

Each is an energy: −log of prior times likelihood, **with all constants**, since log Z is to be compared. The speed is a + b t with errors of 0.1,
the priors of a and b are normal with deviations 2 and 1; the other model says that b = 0. A function gives the log-likelihood of each observation
(N × 12), which the energy sums and later questions use again.
*)

let logNormal (deviation: float) (x: Tensor) =
    (-0.5 / (deviation * deviation)) .* x.Square() .- (log deviation + 0.5 * log (2.0 * Math.PI))

let rising (ab: Tensor) =
    logNormal 0.1 (y - ab.narrow (1L, 0L, 1L) - ab.narrow (1L, 1L, 1L) * t)

let constant (a: Tensor) = logNormal 0.1 (y - a)

let energy likelihood (deviations: float list) =
    Density.ofEnergy deviations.Length (fun x ->
        let priors = deviations |> List.mapi (fun k s -> logNormal s (x.select (1L, int64 k)))
        -(priors |> List.fold (fun sum prior -> sum .+ prior) ((likelihood x: Tensor).sum 1L)))

let run = Run.quiet
let posterior = energy rising [ 2.0; 1.0 ] |> Posterior.sample run Posterior.defaults
let simple = energy constant [ 2.0 ] |> Posterior.sample run Posterior.defaults

(**
## A table

Names turn draws into quantities; `Summary.create` says what is known of each. The mean comes with its Monte Carlo error (±) and as many digits as
that leaves; ESS is the number of independent draws that would give the mean as precisely, which may be more than there are; "direction" is the
probability of the sign that is more probable. In a notebook the value shows as an HTML table; `summary.Entries` has the numbers.
*)

let named = posterior.Draws |> NamedDraws.ofDraws [ "a"; "b" ]
let summary = named |> Summary.create 0.9
printfn $"{summary}"
(*** include-output ***)

(**
`Moments` has means, deviations, quantiles, shortest intervals, covariances and correlations one by one:
*)

printfn $"correlation of a and b: {(Moments.correlation named)[0, 1]:F2}"
(*** include-output ***)

(**
## Evidence

`Posterior.sample` gives log Z with its error, which most samplers do not. `Evidence.compare` makes Bayes factors of it, and the probabilities of models that
were equally probable before; their errors come from those of log Z. It says in words how strong the evidence is (on the scale of Kass and Raftery), and if
the errors leave none.
*)

let evidence =
    Evidence.compare [ "constant", simple.LogNormaliser; "rising", posterior.LogNormaliser ]

printfn $"{evidence}"
(*** include-output ***)

(**
These models are linear and normal, so that log Z has an exact value, the log-density of y under a normal distribution:
*)

let exact (design: Tensor) (deviations: float list) =
    let scaled = design * Tensor.ofArray Placement.float64 (Array.ofList deviations)
    let covariance = scaled.mm (scaled.t ()) .+ 0.01 .* torch.eye (12, dtype = torch.float64)
    let root = Tensor.cholesky covariance
    let whitened = torch.linalg.solve_triangular (root, y.unsqueeze 1L, upper = false)
    -(0.5 * Tensor.toFloat (whitened.Square().sum ()) + Tensor.toFloat (root.diagonal().log().sum ()) + 6.0 * log (2.0 * Math.PI))

let one = torch.ones_like t
printfn $"constant {exact (one.unsqueeze 1L) [ 2.0 ]:F4}, rising {exact (Tensor.stack 1L [ one; t ]) [ 2.0; 1.0 ]:F4}"
(*** include-output ***)

(**
A Bayes factor judges the prior too: with a prior of b ten times as wide, the rising model would lose log 10 of it. What an energy leaves out, a constant of the
likelihood, say, is missing in log Z.

## Leave-one-out

How well does a model predict each observation from all others? `LeaveOneOut.create` answers from the draws of one posterior, by Pareto-smoothed importance
sampling (PSIS-LOO, [arXiv 1507.04544](https://arxiv.org/abs/1507.04544)): weights of the draws, over the likelihood of what is left out. k̂ tells for each
observation whether these draws can know; the text names those where they cannot.
*)

let loo = named |> LeaveOneOut.create (rising posterior.Draws.Points)
printfn $"{loo}"
(*** include-output ***)

(** Models are compared by paired differences of single observations, whose standard error is smaller than that of either sum. *)

let other =
    simple.Draws
    |> NamedDraws.ofDraws [ "a" ]
    |> LeaveOneOut.create (constant simple.Draws.Points)

printfn $"""{LeaveOneOut.compare [ "constant", other; "rising", loo ]}"""
(*** include-output ***)

(**
## Data that a model makes

`Predictive.draw` chooses draws in proportion to their weights and has a function of yours make data of each. A statistic that the model was not fitted to
tells most: here the largest step from one speed to the next.
*)

let data =
    named
    |> Predictive.draw 1 1000 (fun seed draws ->
        let column name = (NamedDraws.values name draws).unsqueeze 1L
        column "a" .+ column "b" * t .+ 0.1 .* Random.normal Placement.float64 seed [ 1000; 12 ])

let steps (y: Tensor) = (y.diff (1L, 1L)).abs().amax [| 1L |]
let check = data |> Predictive.check steps y
printfn $"largest step {check.Observed:F2}; as large in {100.0 * check.Probability.Value:F0} %% of the data sets"
(*** include-output ***)

(**
## Pictures

`DrawsChart` draws them, with the names on the axes: `corner` (histograms and clouds, by weight), `pairs` (draws as they were made, those of outlying weight marked),
`forest` (an interval for each label), `marginals` (with priors), `check` and `predictive` (observations beside data of the model). They are charts
like others, for pages and notebooks.
*)

let normal (s: float) (x: float) =
    exp (-0.5 * x * x / (s * s)) / (s * sqrt (2.0 * Math.PI))

Page.create
    "A cart"
    $"{evidence.Conclusions.Head}"
    [
        DrawsChart.corner named |> Chart.titled "Posterior"
        named |> DrawsChart.marginals [ "a", normal 2.0; "b", normal 1.0 ] |> Chart.titled "With priors"
        data |> DrawsChart.predictive y |> Chart.titled "Speeds" |> Chart.axes "speed in m/s" "density"
        DrawsChart.check check |> Chart.titled "Largest step" |> Chart.axes "step in m/s" "density"
    ]
|> Page.save "output/cart.html"
|> ignore

(**
## The same in C#

```csharp
using var posterior = Posterior.Sample(Rising);
using var named = NamedDraws.OfDraws(posterior.Draws, "a", "b");
var summary = Summary.Create(named);
Console.WriteLine(summary);
Console.WriteLine(Evidence.Compare(("constant", simple.LogNormaliser), ("rising", posterior.LogNormaliser)));
var loo = LeaveOneOut.Create(logLikelihood, named);        // (M × n)
Console.WriteLine(LeaveOneOut.Compare(("constant", other), ("rising", loo)));
using var data = Predictive.Draw(named, 1_000, (seed, draws) => draws.Values("a").unsqueeze(1) + …);
Chart.SavePage("output/cart.html", "A cart", "", DrawsChart.Corner(named), DrawsChart.Forest(summary));
```
*)
