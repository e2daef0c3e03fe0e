module Mne.Functional.Tests.SummaryTests

open System
open Expecto
open MathNet.Numerics.Distributions
open MathNet.Numerics.Statistics
open Mne.Functional
open Mne.Functional.Tests

let private of' (values: float[]) (logWeights: float[]) : NamedDraws =
    {
        Quantities = [ { Name = "a"; Shape = [] } ]
        Values = Tensor.ofArray2D Placement.float64 (Array2D.init values.Length 1 (fun i _ -> values[i]))
        LogWeights = Tensor.ofArray Placement.float64 logWeights
    }

let private equal (values: float[]) =
    of' values (Array.create values.Length -3.0)

let private numbers (seed: byte) count =
    Scope.free (fun () -> Tensor.toArray (Check.normal (int seed) [ count ]))

let private close = Expect.floatClose Accuracy.high

[<Tests>]
let tests =
    testList
        "Summary"
        [
            Check.law 50 "draws of the same weight have the statistics of their numbers (MathNet.Numerics)"
            <| fun (seed: byte) (p: byte) ->
                use draws = equal (numbers seed 31)
                let values = numbers seed 31
                let p = float p / 256.0
                close (Moments.mean draws).Head.Value (values.Mean()) "mean"
                close (Moments.mean draws).Head.StandardError (values.StandardDeviation() / sqrt 31.0) "its error"
                close (Moments.deviation draws).Head.Value (values.StandardDeviation()) "deviation"

                close
                    (draws |> Moments.quantile p).Head.Value
                    (values.QuantileCustom(p, QuantileDefinition.R5))
                    $"quantile {p}"

                close (Summary.create 0.9 draws).Entries.Head.EffectiveDraws 31.0 "effective draws"

            Check.law 50 "a draw of twice the weight is two draws"
            <| fun (seed: byte) ->
                let values = numbers seed 12
                let counts = [| for k in 0..11 -> 1 + (k + int seed) % 3 |]
                use weighted = of' values [| for count in counts -> log (float count) |]
                use repeated = equal (Array.collect id (Array.map2 Array.replicate counts values))
                let statistic (f: NamedDraws -> float) = f weighted, f repeated

                let same name f =
                    let a, b = statistic f
                    close a b name

                same "mean" (fun draws -> (Moments.mean draws).Head.Value)
                same "shortest interval, from" (fun draws -> fst (draws |> Moments.narrowest 0.6).Head)
                same "shortest interval, to" (fun draws -> snd (draws |> Moments.narrowest 0.6).Head)
                same "direction" (fun draws -> (Summary.create 0.5 draws).Entries.Head.Direction)

            Check.law 40 "statistics follow shifts and scales"
            <| fun (seed: byte) (c: byte) ->
                let c = 10.0 ** (float c / 32.0 - 4.0)
                let values, logWeights = numbers seed 60, numbers (seed + 1uy) 60
                use one = of' values logWeights
                use other = of' (values |> Array.map (fun v -> 3.0 * c + c * v)) logWeights
                let row draws = (Summary.create 0.8 draws).Entries.Head
                let a, b = row one, row other

                let moved (x: Estimate) (y: Estimate) name =
                    close ((y.Value - 3.0 * c) / c) x.Value name
                    close (y.StandardError / c) x.StandardError $"error of {name}"

                moved a.Mean b.Mean "mean"
                moved a.Lower b.Lower "lower"
                moved a.Median b.Median "median"
                moved a.Upper b.Upper "upper"
                close (b.Deviation.Value / c) a.Deviation.Value "deviation"
                close (b.Deviation.StandardError / c) a.Deviation.StandardError "error of deviation"
                close b.EffectiveDraws a.EffectiveDraws "effective draws"

            test
                "estimates have the exact means, and the errors that they claim are their spread, with weights and without" {
                for w in [ 1.0; 1.6 ] do
                    let summaries =
                        [|
                            for seed in 1..300 ->
                                Scope.free (fun () ->
                                    (WeightedNormal.draws 2.0 0.5 w seed 400 |> Summary.create 0.8).Entries.Head)
                        |]

                    let quantile p = Normal.InvCDF(2.0, 0.5, p)
                    WeightedNormal.right "mean" 2.0 (summaries |> Array.map _.Mean)
                    // The root of an unbiased variance has a bias of −s / (4 n), which 300 repetitions would see.
                    WeightedNormal.right
                        "variance"
                        0.25
                        [|
                            for s in summaries ->
                                {
                                    Value = s.Deviation.Value ** 2.0
                                    StandardError = 2.0 * s.Deviation.Value * s.Deviation.StandardError
                                }
                        |]

                    WeightedNormal.right "lower" (quantile 0.1) (summaries |> Array.map _.Lower)
                    WeightedNormal.right "median" 2.0 (summaries |> Array.map _.Median)
                    WeightedNormal.right "upper" (quantile 0.9) (summaries |> Array.map _.Upper)

                    // Effective draws: those of N(2, ½²) whose mean is as precise.
                    let ess = summaries |> Array.averageBy _.EffectiveDraws
                    let spread = (summaries |> Array.map _.Mean.Value).Variance()

                    Expect.floatClose
                        { absolute = 0.0; relative = 0.25 }
                        ess
                        (0.25 / spread)
                        $"effective draws, w = {w}"
            }

            Check.scoped "the shortest interval is that of highest density, and the direction a probability"
            <| fun () ->
                // An exponential distribution of deviation 1: its shortest interval begins at 0.
                let n = 20_000
                let values = Array.init n (fun i -> -log(1.0 - (float i + 0.5) / float n))
                let low, high = (equal values |> Moments.narrowest 0.9).Head
                Expect.isLessThan low 1e-4 "from 0"
                Expect.floatClose Accuracy.low high (-log 0.1) "to the quantile"
                let draws = WeightedNormal.draws 0.5 1.0 1.5 1 20_000
                let row = (Summary.create 0.9 draws).Entries.Head

                Expect.floatClose
                    { absolute = 0.01; relative = 0.0 }
                    row.Direction
                    (Normal.CDF(0.0, 1.0, 0.5))
                    "P(a > 0)"

                let low, high = row.Narrowest
                Expect.floatClose { absolute = 0.15; relative = 0.0 } low (0.5 - 1.645) "symmetric, low"
                Expect.floatClose { absolute = 0.15; relative = 0.0 } high (0.5 + 1.645) "symmetric, high"

            Check.scoped "covariances and correlations of weighted draws are those of the distribution"
            <| fun () ->
                let z = Check.normal 5 [ 40_000; 2 ]
                // (a, b) with variances 1 and 4 and the correlation 0.6, from a distribution 1.3 times as wide.
                let a = 1.3 .* z.select (1L, 0L)
                let b = 2.0 .* (0.6 .* a .+ 1.04 .* z.select (1L, 1L))

                let draws =
                    {
                        Quantities = [ { Name = "a"; Shape = [] }; { Name = "b"; Shape = [] } ]
                        Values = Tensor.stack 1L [ a; b .+ 7.0 ]
                        LogWeights = (0.5 * (1.0 - 1.69)) .* z.Square().sum 1L
                    }

                let c, r = Moments.covariance draws, Moments.correlation draws

                for found, exact in [ c[0, 0], 1.0; c[0, 1], 1.2; c[1, 0], 1.2; c[1, 1], 4.0; r[0, 1], 0.6 ] do
                    Expect.floatClose { absolute = 0.0; relative = 0.04 } found exact $"{exact}"

                Expect.equal r[0, 0] 1.0 "with itself"
                let deviations = Moments.deviation draws
                close (sqrt c[1, 1]) deviations[1].Value "the diagonal is that of the deviations"

            Check.scoped "what has no weight may be anything, what has may not"
            <| fun () ->
                let good = of' [| 1.0; 2.0; nan |] [| 0.0; 0.0; -infinity |]
                close (Moments.mean good).Head.Value 1.5 "mean"
                let covariance = Moments.covariance good
                close covariance[0, 0] 0.5 "variance"

                for statistic in
                    [
                        Moments.mean >> ignore
                        Moments.covariance >> ignore
                        Summary.create 0.9 >> ignore
                    ] do
                    Check.refuses [ "draws"; "a is NaN in draw 2"; "leave that draw out" ] (fun () ->
                        of' [| 1.0; 2.0; nan |] [| 0.0; 0.0; 0.0 |] |> statistic)

                Check.refuses [ "draws"; "log-weights" ] (fun () ->
                    of' [| 1.0; 2.0 |] [| nan; 0.0 |] |> Moments.mean |> ignore)

                for mass in [ 0.0; 1.0; nan ] do
                    Check.refuses [ "mass"; "between 0 and 1" ] (fun () -> Summary.create mass good |> ignore)

                Check.refuses [ "p"; "found 2" ] (fun () -> Moments.quantile 2.0 good |> ignore)

            Check.scoped "one draw with all the weight tells no errors"
            <| fun () ->
                let row =
                    (of' [| 1.0; 2.0 |] [| 0.0; -infinity |] |> Summary.create 0.9).Entries.Head

                Expect.equal row.Mean.Value 1.0 "mean"

                for error in
                    [
                        row.Mean.StandardError
                        row.Deviation.Value
                        row.Median.StandardError
                        row.EffectiveDraws
                    ] do
                    Expect.isTrue (Double.IsNaN error) "unknown"

            Check.scoped "a table, with as many digits as errors leave; what speaks against it stands below"
            <| fun () ->
                let draws =
                    {
                        Quantities = [ { Name = "tau"; Shape = [] }; { Name = "theta"; Shape = [ 2 ] } ]
                        Values =
                            Tensor.ofArray2D
                                Placement.float64
                                (Array2D.init 100 3 (fun i j ->
                                    match j with
                                    | 0 -> float (i + 1)
                                    | 1 -> -0.001 * float i
                                    | _ -> 2.0))
                        LogWeights = Tensor.zeros Placement.float64 [ 100 ]
                    }

                let summary = Summary.create 0.9 draws

                Expect.equal
                    summary.Text
                    ("100 draws, worth 100 by their weights\n"
                     + "             mean       ±      sd      5 %     50 %     95 %     narrowest 90 %  ESS  direction\n"
                     + "tau          50.5     2.9    29.0      5.5     50.5     95.5         1.0 … 90.0  100      1.000\n"
                     + "theta[1]  −0.0495  0.0029  0.0290  −0.0945  −0.0495  −0.0045  −0.0980 … −0.0090  100      0.990\n"
                     + "theta[2]        2       0       0        2        2        2              2 … 2    –      1.000")
                    "text"

                Expect.equal $"{summary}" summary.Text "as text"
                Expect.equal $"%A{summary}" summary.Text "in F# Interactive"
                Expect.stringContains summary.Html "<td style=\"text-align:left\">theta[1]</td>" "HTML"
                Expect.isEmpty summary.Doubts "nothing against it"

                let few =
                    Summary.create 0.9 (of' [| 1.0 .. 100.0 |] [| for k in 1..100 -> 0.3 * float k |])

                Expect.stringContains few.Text "The weights leave" "few draws"
                let heavy = [| for k in 1..2000 -> -1.2 * log ((float k - 0.5) / 2000.0) |]
                let tail = Summary.create 0.9 (of' (Array.init 2000 float) heavy)
                Expect.stringContains tail.Text "heavy tail" "heavy tail"
                Expect.equal (Summary.entry "tau" summary).Mean.Value 50.5 "by label"
                Check.refuses [ "label"; "\"tau\", \"theta[1]\"" ] (fun () -> Summary.entry "mu" summary |> ignore)

            Check.scoped "labels are text in HTML, and a notebook finds what shows them"
            <| fun () ->
                let summary =
                    { equal [| 1.0; 2.0 |] with
                        Quantities = [ { Name = "<b>"; Shape = [] } ]
                    }
                    |> Summary.create 0.9

                Expect.stringContains summary.Html "&lt;b&gt;" "encoded"

                let source =
                    typeof<Summary>.GetCustomAttributes false
                    |> Seq.pick (function
                        | :? Notebooks.TypeFormatterSourceAttribute as source -> Some source
                        | _ -> None)

                let formatters =
                    nonNull (Activator.CreateInstance(nonNull source.FormatterSourceType)) :?> Notebooks.Formatters

                let shown =
                    [
                        for formatter in formatters.CreateTypeFormatters() do
                            let formatter = formatter :?> Notebooks.Formatter
                            use writer = new IO.StringWriter()
                            Expect.isTrue (formatter.Format(summary, writer)) "shown"
                            formatter.MimeType, string writer
                    ]

                Expect.equal shown [ "text/html", summary.Html; "text/plain", summary.Text ] "as HTML, and as text"

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    use draws = equal [| 1.0 .. 40.0 |]
                    Summary.create 0.9 draws |> ignore
                    Moments.covariance draws |> ignore)
            }
        ]
