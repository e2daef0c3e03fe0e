// What weights repair: thirty samplers from networks too small for their target, raw and weighted, by the flow and by the reverse SDE.
//     dotnet fsi scripts/bias-removal.fsx
#load "shared.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting

let run = Terminal.run ()
let clock = Diagnostics.Stopwatch.StartNew()

// Two modes on the line; the mean is 0.6 and log Z is 0.
let target = Density.gaussianMixture [ 0.7, [ 1.5 ], 0.5; 0.3, [ -1.5 ], 0.5 ]

let exactMean = 0.7 * 1.5 - 0.3 * 1.5

// Far too coarse on purpose: few units, few points, few steps of the fit, a short run.
let coarse =
    { Sampler.defaults with
        Network = fun line -> Network.create line [ Layer.dense 8 Swish; Layer.dense 8 Swish ]
        Cover.Points = Some 50
        Cover.FitPoints = 50
        Fit.Steps = 8
        Fit.Regularisation = 1e-3, 1e-5
        Evolve.Sketch = Sketch.Exact
        Evolve.Regularisation = 1e-5
        Evolve.Tolerance = 1e-2
        Draw.Tolerance = 1e-3
        Duration = 2.0
    }

let seeds, count = 30, 2000

let reversed kernel run =
    ReverseSde.draw run { Kernel = kernel; Steps = 50 } count

let kinds =
    [
        "flow", (fun run -> Sampler.draw run count)
        "reverse SDE, Euler", reversed ReverseKernel.Euler
        "reverse SDE, Tweedie", reversed ReverseKernel.Tweedie
    ]

/// One kind of draws from one sampler.
type Found =
    {
        Ratio: float // Ẑ / Z
        Raw: float // mean of the draws
        Weighted: float // weighted mean
        Efficiency: float
        Gap: float // log Z less the evidence lower bound
    }

let measure (draws: Draws) =
    {
        Ratio = exp (Importance.logNormaliser draws).Value
        Raw = Scope.free (fun () -> Tensor.toFloat (draws.Points.mean ()))
        Weighted = (draws |> Importance.expectation (fun x -> x.squeeze 1L)).Value
        Efficiency = Importance.effectiveSampleSize draws
        Gap = -Importance.evidenceLowerBound draws
    }

/// The sampler of one seed.
let samplerOf seed =
    target
    |> Sampler.evolve { Run.quiet with Seed = seed } coarse Process.ornsteinUhlenbeck

let found =
    let done' = progress run (Phase.Other "samplers")

    [|
        for seed in 1..seeds ->
            use sampler = samplerOf seed

            let row =
                [|
                    for _, draw in kinds ->
                        use draws = sampler |> draw { Run.quiet with Seed = seed }
                        measure draws
                |]

            done' (float seed / float seeds)
            row
    |]

let all kind =
    found |> Array.map (fun row -> row[kind])

let rmsError pick kind =
    sqrt (all kind |> Array.averageBy (fun f -> (pick f - exactMean) ** 2.0))

printfn $"{seeds} samplers, {count} draws each; exact mean {exactMean}, exact Z 1"
printfn "                        Ẑ/Z                efficiency   error of the mean: raw   weighted"

for kind, (name, _) in List.indexed kinds do
    let ratio = all kind |> Array.map _.Ratio |> meanOf
    let efficiency = all kind |> Array.averageBy _.Efficiency

    printfn
        $"  %-20s{name}  {ratio.Value:F4} ± {ratio.StandardError:F4}   {100.0 * efficiency:F1} %%       {rmsError _.Raw kind:F4}                   {rmsError _.Weighted kind:F4}"

// What one of them makes of the target: raw draws, and draws with weights.
let worst =
    Array.zip [| 1..seeds |] (all 0)
    |> Array.maxBy (fun (_, one) -> abs (one.Raw - exactMean))
    |> fst

let histograms, report =
    use sampler = samplerOf worst
    use draws = sampler |> Sampler.draw { Run.quiet with Seed = worst } 20_000
    let x = [| -4.0 .. 0.02..4.0 |]

    let density =
        Scope.free (fun () -> (-(target.Energy(column x))).exp() |> Tensor.toArray)

    let exact =
        Chart.lines [ Series.dashed "exact" x density ] |> Chart.axes "x" "density"

    let histogram name weights =
        Chart.overlay [ Chart.weightedHistogram name (Tensor.toArray draws.Points) weights; exact ]
        |> Chart.axes "x" "density"

    let weights = Scope.free (fun () -> Tensor.toArray (Importance.weights draws))

    [
        histogram "raw draws" (Array.create weights.Length 1.0)
        |> Chart.titled "The most biased of the samplers: raw draws"
        histogram "weighted draws" weights
        |> Chart.titled "The same draws with their weights"
    ],
    Report.ofDraws Run.quiet Report.defaults sampler draws

printfn ""
printfn $"The most biased of them (seed {worst}):"
printfn $"{Report.show report}"

let index = [| 1.0 .. float seeds |]

let estimates =
    Chart.lines
        [
            Series.markers "raw" index (all 0 |> Array.map _.Raw)
            Series.markers "weighted" index (all 0 |> Array.map _.Weighted)
            Series.dashed "exact" [| 1.0; float seeds |] [| exactMean; exactMean |]
        ]
    |> Chart.titled "Mean of x from the flow's draws, raw and weighted"
    |> Chart.axes "seed" "mean"

let ratios =
    Chart.lines
        [
            for kind, (name, _) in List.indexed kinds do
                Series.markers name index (all kind |> Array.map _.Ratio)
            Series.dashed "exact" [| 1.0; float seeds |] [| 1.0; 1.0 |]
        ]
    |> Chart.titled "Ẑ / Z: unbiased, whatever the network"
    |> Chart.axes "seed" "Ẑ / Z"

Page.create
    "Removing the bias"
    $"{seeds} samplers from networks that are too small, raw and weighted: by the density that the flow gives its draws, and by the paths of the reverse SDE."
    (histograms @ [ estimates; ratios ])
|> picture "bias-removal"

printResult
    [
        for kind, key in [ 0, "flow"; 1, "euler"; 2, "tweedie" ] do
            let ratio = all kind |> Array.map _.Ratio |> meanOf
            $"{key}Ratio", ratio.Value
            $"{key}RatioStandardError", ratio.StandardError
            $"{key}Ess", all kind |> Array.averageBy _.Efficiency
            $"{key}ElboGap", all kind |> Array.averageBy _.Gap
            $"{key}RawError", rmsError _.Raw kind
            $"{key}WeightedError", rmsError _.Weighted kind
        "seconds", clock.Elapsed.TotalSeconds
    ]
