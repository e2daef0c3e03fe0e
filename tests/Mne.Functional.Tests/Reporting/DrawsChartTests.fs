module Mne.Functional.Tests.Reporting.DrawsChartTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests
open Mne.Functional.Tests.Reporting.Drawn

/// Five draws of a number and a vector; the fourth has no weight, and no value.
let private draws (logWeights: float list) =
    let rows =
        [
            [ 1.0; 10.0; 5.0 ]
            [ 2.0; 20.0; 6.0 ]
            [ 3.0; 30.0; 7.0 ]
            [ nan; nan; nan ]
            [ 4.0; 40.0; 8.0 ]
        ]

    NamedDraws.create
        [ { Name = "mu"; Shape = [] }; { Name = "<b>"; Shape = [ 2 ] } ]
        (Tensor.ofRows Placement.float64 (rows |> List.map Seq.ofList))
        (Tensor.ofArray Placement.float64 (Array.ofList logWeights))

let private even () = draws [ 0.0; 0.0; 0.0; -infinity; 0.0 ]
let private traces = Render.traces
let private trace i chart = List.item i (traces chart)

[<Tests>]
let tests =
    testList
        "DrawsChart"
        [
            Check.scoped "a corner has the names on its axes, and no draws without weight"
            <| fun () ->
                let chart = DrawsChart.corner (even ())
                let layout = Render.layout chart

                Expect.equal
                    [
                        for a in [ "xaxis4"; "xaxis5"; "xaxis6"; "yaxis2"; "yaxis4" ] -> text (a + ".title.text") layout
                    ]
                    [ "mu"; "&lt;b&gt;[1]"; "&lt;b&gt;[2]"; "&lt;b&gt;[1]"; "&lt;b&gt;[2]" ]
                    "names, without markup"

                Expect.equal
                    (numbers "x" (trace 1 chart) |> Array.distinct |> Array.sort)
                    [| 1.0; 2.0; 3.0; 4.0 |]
                    "draws"

                Check.refuses [ "draws"; "found 1"; "NamedDraws.select" ] (fun () ->
                    even () |> NamedDraws.select [ "mu" ] |> DrawsChart.corner |> ignore)

            Check.scoped "draws of outlying weight are marked among all others, and their share is said"
            <| fun () ->
                // One of four has 0.75 of the weight, more than 1/√5.
                let chart = DrawsChart.pairs (draws [ 0.0; 0.0; log 9.0; -infinity; 0.0 ])
                let cloud, marked = (trace 1 chart), (trace 2 chart)
                Expect.equal (numbers "x" cloud) [| 1.0; 2.0; 3.0; 4.0 |] "as drawn"
                Expect.equal (numbers "x" marked, numbers "y" marked) ([| 3.0 |], [| 30.0 |]) "marked"
                Expect.stringContains chart.Caption "1 with outlying weights, 75 % of all weight" "said"
                Expect.equal (text "showlegend" (Render.layout chart)) "False" "no legend"
                let none = DrawsChart.pairs (even ())
                Expect.equal none.Caption "No draw has an outlying weight." "none"
                Expect.hasLength (traces none) 6 "no marks"

            Check.scoped "a forest has an interval for each label, the first on top"
            <| fun () ->
                let summary = Summary.create 0.5 (even ())
                let chart = DrawsChart.forest summary
                let lines, medians = (trace 0 chart), (trace 1 chart)
                let entry = summary.Entries[1]
                Expect.equal (numbers "x" medians) [| for e in summary.Entries -> e.Median.Value |] "medians"
                Expect.equal (number "x[3]" lines, number "x[4]" lines) (entry.Lower.Value, entry.Upper.Value) "ends"
                Expect.equal (text "x[5]" lines) "" "a gap between them"
                Expect.equal (text "y[3]" lines, text "y[4]" lines) ("&lt;b&gt;[1]", "&lt;b&gt;[1]") "its label"
                Expect.equal (numbers "yaxis.range" (Render.layout chart)) [| 2.5; -0.5 |] "from top to bottom"

                let many =
                    { summary with
                        Entries = List.replicate 40 summary.Entries.Head
                    }

                Expect.isGreaterThan (Render.height (DrawsChart.forest many)) 900 "room for every label"

            Check.scoped "marginals are tiles with room between them, priors over them, named once in the legend"
            <| fun () ->
                let chart =
                    even ()
                    |> DrawsChart.marginals [ "mu", (fun _ -> 0.25); "<b>[2]", (fun _ -> 0.1) ]

                let all = traces chart

                Expect.equal
                    [ for t in all -> text "name" t ]
                    [ "posterior"; "prior"; "posterior"; "posterior"; "prior" ]
                    "panels"

                Expect.equal
                    [ for t in all -> (t.SelectToken "showlegend" |> isNull) ]
                    [ true; true; false; false; false ]
                    "in the legend once"

                Expect.isTrue (numbers "y" all[1] |> Array.forall ((=) 0.25)) "the density"
                let layout = Render.layout chart
                let left, right = numbers "xaxis.domain" layout, numbers "xaxis2.domain" layout
                Expect.isGreaterThan (right[0] - left[1]) 0.05 "room for numbers"
                Expect.equal (text "xaxis2.title.text" layout) "&lt;b&gt;[1]" "label"

                Check.refuses [ "priors"; "\"tau\"" ] (fun () ->
                    even () |> DrawsChart.marginals [ "tau", id ] |> ignore)

            Check.scoped "a check is a histogram with a line where the observation is"
            <| fun () ->
                let check =
                    {
                        Observed = 2.5
                        Replicated = [| 1.0; 2.0; 3.0; 4.0 |]
                        Probability = { Value = 0.5; StandardError = 0.25 }
                    }

                let chart = DrawsChart.check check
                Expect.equal (numbers "x" (trace 1 chart)) [| 2.5; 2.5 |] "line"
                Expect.equal (number "y[1]" (trace 1 chart)) (Array.max (numbers "y" (trace 0 chart))) "as high"
                Expect.stringContains chart.Caption "50.0 % of 4" "said"

            Check.scoped "outlines of data sets are those of densities, in the bins of the observations"
            <| fun () ->
                let observed = Check.normal 1 [ 50 ]
                let made = Check.normal 2 [ 90; 50 ]
                let chart = made |> DrawsChart.predictive observed
                let outlines, seen = (trace 0 chart), (trace 1 chart)
                let x, y = numbers "x" seen, numbers "y" seen

                // The steps begin and end on the ground, with an edge twice.
                let area = Array.sum [| for i in 1 .. x.Length - 3 -> y[i] * (x[i + 1] - x[i]) |]

                Expect.floatClose Accuracy.medium area 1.0 "area"
                let length = x.Length - 2
                let points = Seq.length (at "x" outlines)
                Expect.equal points (30 * (length + 1)) "thirty of them, with gaps"

                Check.refuses [ "observed"; "length 50" ] (fun () ->
                    made |> DrawsChart.predictive (Check.normal 1 [ 49 ]) |> ignore)

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    use made = draws [ 0.0; 0.0; 0.0; -infinity; 0.0 ]
                    DrawsChart.corner made |> ignore
                    DrawsChart.marginals [] made |> ignore
                    use observed = Tensor.ones Placement.float64 [ 4 ]
                    use data = Tensor.ones Placement.float64 [ 6; 4 ]
                    data |> DrawsChart.predictive observed |> ignore)
            }
        ]
