module Mne.Functional.Tests.Reporting.ChartTests

open System
open Expecto
open FsCheck
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests.Reporting.Drawn
open Mne.Functional.Tests

let private x = [| 0.0; 1.0; 2.0 |]

let private points =
    lazy (Tensor.ofRows Placement.float64 [ [ 0.0; 1.0 ]; [ 2.0; 3.0 ] ])

let private traces chart = Render.traces chart |> List.toArray

/// Calls that are refused, with the name of the argument that is at fault.
let private refused: (string * string * (unit -> Chart)) list =
    [
        "no series", "series", (fun () -> Chart.lines [])
        "fewer y than x", "series", (fun () -> Chart.lines [ Series.line "u" x [| 1.0 |] ])
        "an empty series", "series", (fun () -> Chart.lines [ Series.line "u" [||] [||] ])
        "points in three dimensions", "points", (fun () -> Chart.points "p" (Tensor.ones Placement.float64 [ 2; 3 ]))
        "fewer weights than points", "weights", (fun () -> Chart.weightedPoints "w" (points.Force()) [| 1.0 |])
        "a negative weight", "weights", (fun () -> Chart.weightedPoints "w" (points.Force()) [| 1.0; -1.0 |])
        "paths at one time", "positions", (fun () -> Chart.trajectories "p" [ points.Force() ])
        "paths of other points",
        "positions",
        (fun () -> Chart.trajectories "p" [ points.Force(); Tensor.ones Placement.float64 [ 3; 2 ] ])
        "z transposed", "z", (fun () -> Chart.contours "f" x [| 0.0; 1.0 |] (Array2D.zeroCreate 2 3))
        "no x", "x", (fun () -> Chart.contours "f" [||] x (Array2D.zeroCreate 0 3))
        "values of the wrong size", "values", (fun () -> Chart.heatmap "u" x x (Array2D.zeroCreate 3 2))
        "no categories", "categories", (fun () -> Chart.bars [||] [ "a", [||] ])
        "fewer values than categories", "groups", (fun () -> Chart.bars [| "a"; "b" |] [ "a", [| 1.0 |] ])
        "no groups", "groups", (fun () -> Chart.bars [| "a" |] [])
        "nothing to count", "values", (fun () -> Chart.histogram "h" [| nan |])
        "no values", "values", (fun () -> Chart.histogram "h" [||])
        "weights all zero", "weights", (fun () -> Chart.weightedHistogram "h" x [| 0.0; 0.0; 0.0 |])
        "no charts", "charts", (fun () -> Chart.overlay [])
        "a stack in a stack",
        "charts",
        (fun () ->
            let line = Chart.lines [ Series.line "u" x x ]
            Chart.stack [ Chart.stack [ line; line ]; line ])
        "no steps", "steps", (fun () -> Chart.diagnostics [||])
        "an empty range", "range", (fun () -> Chart.lines [ Series.line "u" x x ] |> Chart.rangeY (1.0, 1.0))
        "zero on a logarithmic axis",
        "range",
        (fun () -> Chart.lines [ Series.line "u" x x ] |> Chart.logY |> Chart.rangeY (0.0, 1.0))
        "one coordinate", "names", (fun () -> Chart.corner [ "a" ] (Tensor.ones Placement.float64 [ 3; 1 ]) x)
        "coordinates without a name",
        "points",
        (fun () -> Chart.corner [ "a"; "b" ] (Tensor.ones Placement.float64 [ 3; 3 ]) x)
        "no solutions", "solutions", (fun () -> Chart.animation x x [])
        "a solution of the wrong size", "solutions", (fun () -> Chart.animation x x [ "u", Array2D.zeroCreate 2 3 ])
    ]

[<Tests>]
let tests =
    testList
        "Reporting.Chart"
        [
            testList
                "bad arguments are named"
                [
                    for case, parameter, call in refused ->
                        testCase case
                        <| fun () ->
                            Expect.throwsC (fun () -> call () |> ignore) (function
                                | :? ArgumentException as error ->
                                    Expect.equal error.ParamName parameter "parameter"
                                    Expect.stringStarts error.Message (parameter + ": ") "message"
                                | other -> failtest $"wanted an ArgumentException, found {other}")
                ]

            testCase "a transposed grid is told so"
            <| fun () ->
                Expect.throwsC
                    (fun () -> Chart.contours "f" x [| 0.0; 1.0 |] (Array2D.zeroCreate 2 3) |> ignore)
                    (fun e -> Expect.stringContains e.Message "transpose it" "hint")

            testCase "z[i, j] is drawn at x[i], y[j]"
            <| fun () ->
                let y = [| 10.0; 20.0 |]
                let z = Array2D.init 3 2 (fun i j -> x[i] + y[j])
                let drawn = (traces (Chart.contours "f" x y z)).[0] |> at "z"
                // plotly.js: one row per y.
                for i in 0..2 do
                    for j in 0..1 do
                        Expect.equal (number $"[{j}][{i}]" drawn) z[i, j] $"({i}, {j})"

            testCase "values that are not finite become gaps"
            <| fun () ->
                let chart =
                    Chart.lines [ Series.line "u" [| 0.0; nan; 2.0 |] [| infinity; 1.0; -infinity |] ]

                Expect.equal ((traces chart).[0] |> at "y" |> Json.text) "[null,1.0,null]" "y"
                Expect.equal ((traces chart).[0] |> at "x" |> Json.text) "[0.0,null,2.0]" "x"

                let map = Chart.heatmap "u" [| 0.0 |] [| 0.0; 1.0 |] (array2D [ [ nan; 2.0 ] ])
                Expect.equal ((traces map).[0] |> at "z" |> Json.text) "[[null],[2.0]]" "z"

            testCase "a field's axes are labelled as its name says, and not otherwise"
            <| fun () ->
                let labels name =
                    let chart = Chart.heatmap name x x (Array2D.zeroCreate x.Length x.Length)
                    chart.Panels.Head.X.Label, chart.Panels.Head.Y.Label

                Expect.equal (labels "u(x, t)") ("x", "t") "over time"
                Expect.equal (labels "u(x, y)") ("x", "y") "over the plane"
                Expect.equal (labels "log ρ(a,b)") ("a", "b") "other names"
                Expect.equal (labels "u") ("", "") "nothing is said"
                Expect.equal (labels "u(x, y, 0.5)") ("", "") "three arguments"

            testCase "paths are drawn one after the other with gaps between, and marks where they end"
            <| fun () ->
                let later = Tensor.ofRows Placement.float64 [ [ 0.5; 1.5 ]; [ 2.5; 3.5 ] ]
                let drawn = traces (Chart.trajectories "p" [ points.Force(); later ])
                Expect.equal (at "x" drawn[0] |> Json.text) "[0.0,0.5,null,2.0,2.5,null]" "x of the paths"
                Expect.equal (at "y" drawn[0] |> Json.text) "[1.0,1.5,null,3.0,3.5,null]" "y of the paths"
                Expect.equal (numbers "x" drawn[1]) [| 0.5; 2.5 |] "ends"

            Check.property "drawn numbers keep nine digits"
            <| fun (NormalFloat value) ->
                let drawn = Json.value [| value |] |> number "[0]"
                abs (drawn - value) <= 1e-8 * abs value

            testCase "layers laid over each other get different colours, in order"
            <| fun () ->
                let chart =
                    Chart.overlay
                        [
                            Chart.contours "f" x x (Array2D.zeroCreate 3 3)
                            Chart.points "draws" (points.Force())
                            Chart.lines [ Series.dashed "u" x x ]
                        ]

                let drawn = traces chart
                Expect.equal [ for t in drawn -> text "type" t ] [ "contour"; "scatter"; "scatter" ] "back to front"
                Expect.notEqual (at "marker.color" drawn[1]) (at "line.color" drawn[2]) "colours"
                Expect.equal (text "line.dash" drawn[2]) "dash" "stroke"

            testCase "a signed field has white at zero, another one all its scale"
            <| fun () ->
                let ends values =
                    let trace = (traces (Chart.heatmap "u" [| 0.0; 1.0 |] [| 0.0 |] values))[0]
                    number "zmin" trace, number "zmax" trace

                Expect.equal (ends (array2D [ [ -1.0 ]; [ 3.0 ] ])) (-3.0, 3.0) "signed"
                Expect.equal (ends (array2D [ [ 1.0 ]; [ 3.0 ] ])) (1.0, 3.0) "positive"

            testCase "area of weighted points is in proportion to the weight, heavier ones in front"
            <| fun () ->
                let trace = (traces (Chart.weightedPoints "w" (points.Force()) [| 4.0; 1.0 |]))[0]
                Expect.equal (numbers "marker.color" trace) [| 1.0; 4.0 |] "order"
                Expect.equal (numbers "x" trace) [| 2.0; 0.0 |] "points follow their weights"
                let sizes = numbers "marker.size" trace |> Array.map (fun s -> s - 3.0)
                Expect.floatClose Accuracy.medium (sizes[1] / sizes[0]) 2.0 "diameter above the least"

            Check.property "a histogram has area one, whatever the values and weights"
            <| fun (NonEmptyArray(pairs: (NormalFloat * PositiveInt)[])) ->
                // Values so large that the bin width overflows or underflows are no data anyone draws.
                let values =
                    pairs |> Array.map (fun (NormalFloat v, _) -> Math.Clamp(v, -1e12, 1e12))

                let bins = Bins.ofWeighted values (pairs |> Array.map (fun (_, w) -> float w.Get))
                let widths = bins.Edges |> Array.pairwise |> Array.map (fun (a, b) -> b - a)
                let area = Array.map2 (*) widths bins.Density |> Array.sum

                abs (area - 1.0) < 1e-6
                && bins.Density.Length >= 5
                && bins.Density.Length <= 200

            testCase "the histogram of many normal draws is close to the normal density"
            <| fun () ->
                let random = Random 7

                let draws =
                    Array.init 20000 (fun _ ->
                        sqrt (-2.0 * log (1.0 - random.NextDouble()))
                        * cos (2.0 * Math.PI * random.NextDouble()))

                let bins = Bins.ofWeighted draws (Array.create draws.Length 1.0)

                let worst =
                    bins.Density
                    |> Array.mapi (fun i d ->
                        let middle = 0.5 * (bins.Edges[i] + bins.Edges[i + 1])
                        abs (d - exp (-0.5 * middle * middle) / sqrt (2.0 * Math.PI)))
                    |> Array.max

                // About 1,000 draws per bin in the middle: a standard deviation near 0.012, times 60 bins' worth of chances.
                Expect.isLessThan worst 0.05 "largest difference"

            testList
                "logarithmic axes have readable ticks"
                [
                    let layout values =
                        Chart.lines [ Series.line "u" x values ] |> Chart.logY |> Render.layout

                    testCase "over several decades, powers of ten alone"
                    <| fun () ->
                        let layout = layout [| 1e-6; 1e-4; 3e-3 |]
                        // plotly.js labels powers of ten alone from 0.7 decades per tick on.
                        Expect.isGreaterThan (log10 3e3 / number "yaxis.nticks" layout) 0.7 "decades per tick"

                    testCase "over little more than one decade, 1, 2 and 5 with their power of ten"
                    <| fun () ->
                        let layout = layout [| 4e-5; 1e-4; 6e-4 |]
                        let values = numbers "yaxis.tickvals" layout

                        for found, wanted in Array.zip values [| 5e-5; 1e-4; 2e-4; 5e-4 |] do
                            Expect.floatClose Accuracy.high found wanted "value"

                        Expect.equal
                            [ for i in 0..3 -> text $"yaxis.ticktext[{i}]" layout ]
                            [
                                "5×10<sup>−5</sup>"
                                "10<sup>−4</sup>"
                                "2×10<sup>−4</sup>"
                                "5×10<sup>−4</sup>"
                            ]
                            "text"

                    testCase "the range that is shown counts, not the values"
                    <| fun () ->
                        let layout =
                            Chart.lines [ Series.line "u" x [| 1e-9; 1.0; 2.0 |] ]
                            |> Chart.logY
                            |> Chart.rangeY (0.1, 1.0)
                            |> Render.layout

                        Expect.equal
                            [ for i in 0..3 -> text $"yaxis.ticktext[{i}]" layout ]
                            [ "0.1"; "0.2"; "0.5"; "1" ]
                            "short numbers as they are"
                ]

            testCase "no two curves of a stack have one colour, and the legend has those that no axis names"
            <| fun () ->
                let panel label names =
                    Chart.lines [ for name in names -> Series.line name x x ]
                    |> Chart.axes "t" label

                let drawn =
                    Chart.stack
                        [
                            panel "size" [ "size" ]
                            panel "residual" [ "a"; "b" ]
                            panel "rank" [ "rank" ]
                        ]
                    |> traces

                let colours = [ for t in drawn -> text "line.color" t ]
                Expect.equal (List.length (List.distinct colours)) 4 "colours"

                Expect.equal
                    [ for t in drawn -> t.SelectToken "showlegend" |> isNull ]
                    [ false; true; true; false ]
                    "in the legend"

            testCase "a corner plot has a histogram of each coordinate and a cloud of each pair, drawn by weight"
            <| fun () ->
                let points =
                    Tensor.ofRows Placement.float64 [ [ 0.0; 1.0; 2.0 ]; [ 10.0; 11.0; 12.0 ]; [ 20.0; 21.0; 22.0 ] ]

                let chart = Chart.corner [ "a"; "b"; "c" ] points [| 0.0; 3.0; 0.0 |]
                let traces, layout = traces chart, Render.layout chart

                // Row by row: a; a–b, b; a–c, b–c, c.
                Expect.equal
                    [ for t in traces -> text "mode" t ]
                    [ "lines"; "markers"; "lines"; "markers"; "markers"; "lines" ]
                    "panels"

                let cloud = traces[4]
                Expect.isTrue (numbers "x" cloud |> Array.forall ((=) 11.0)) "b of the only point with weight"
                Expect.isTrue (numbers "y" cloud |> Array.forall ((=) 12.0)) "c of the only point with weight"
                Expect.equal (text "xaxis.matches" layout, text "yaxis5.matches" layout) ("x4", "y4") "common axes"

                Expect.equal
                    [
                        for a in [ "xaxis4"; "xaxis5"; "xaxis6"; "yaxis2"; "yaxis4" ] -> text (a + ".title.text") layout
                    ]
                    [ "a"; "b"; "c"; "b"; "c" ]
                    "labels at the margins"

                let left, right = numbers "xaxis4.domain" layout, numbers "xaxis5.domain" layout
                let low, high = numbers "yaxis4.domain" layout, numbers "yaxis2.domain" layout
                Expect.isTrue (left[1] < right[0] && low[1] < high[0]) "no overlap"

            testCase "notebooks find a formatter of charts by name, and are given a frame with the chart in it"
            <| fun () ->
                let chart = Chart.lines [ Series.line "u" x x ] |> Chart.titled "In a cell"

                // As .NET Interactive does, which sees names only.
                let get name (it: obj) =
                    match it.GetType().GetProperty(name: string) with
                    | null -> failtest $"no {name}"
                    | property -> nonNull (property.GetValue it)

                let source =
                    typeof<Chart>.GetCustomAttributes true
                    |> Array.find (fun a -> a.GetType().Name = "TypeFormatterSourceAttribute")
                    |> get "FormatterSourceType"
                    :?> Type

                let formatters =
                    nonNull (
                        (nonNull (source.GetMethod "CreateTypeFormatters"))
                            .Invoke(Activator.CreateInstance source, [||])
                    )
                    :?> obj seq

                let shown =
                    [
                        for formatter in formatters do
                            use writer = new IO.StringWriter()

                            let said =
                                (nonNull (formatter.GetType().GetMethod "Format"))
                                    .Invoke(formatter, [| chart; writer |])

                            Expect.equal said (box true) "formatted"
                            get "MimeType" formatter :?> string, string writer
                    ]

                Expect.equal (List.map fst shown) [ "text/html"; "text/plain" ] "kinds"
                let html, text = snd shown[0], snd shown[1]
                Expect.stringStarts html "<iframe srcdoc=" "frame"
                Expect.stringContains html "In a cell" "title"
                Expect.stringContains text "In a cell" "title as text"

            testCase "plotly.js is in one cell of a notebook, and charts of others take it from there"
            <| fun () ->
                use writer = new IO.StringWriter()
                let html = Notebooks.Formatter "text/html"
                Expect.isTrue (html.Format(Chart.lines [ Series.line "u" x x ], writer)) "a chart"
                let chart = string writer
                Expect.isLessThan chart.Length 20_000 "small"
                Expect.stringContains chart "window.parent.mnePlotly" "taken from the notebook"
                Expect.stringContains chart PlotlyScript.address "or from its CDN"

                let handedOut = PlotlyScript.handedOut (Embedded "say('</script>')")
                Expect.stringContains handedOut "window.mnePlotly = \"say(" "a text"

                Expect.equal
                    (Text.RegularExpressions.Regex.Matches(handedOut, "</script>").Count)
                    1
                    "nothing of it ends the element"

                Expect.isFalse (html.Format("a text", writer)) "nothing else"

            testCase "diagnostics are four panels over a common time, three of them logarithmic, the residuals in one"
            <| fun () ->
                let step time residual fresh =
                    {
                        Time = time
                        Step = 1e-3
                        Error = 0.5
                        Evaluations = 6
                        Rejected = 0
                        Note =
                            {
                                Residual = residual
                                EffectiveRank = 120.0
                                FreshResidual = fresh
                                Defect = 1e-2 * time
                            }
                    }

                let chart = Chart.diagnostics [| step 0.1 1e-6 1e-3; step 0.2 2e-6 nan |]

                Expect.equal
                    [ for t in traces chart -> text "name" t, text "yaxis" t ]
                    [
                        "step size", "y"
                        "between the points", "y2"
                        "at the points", "y2"
                        "defect", "y3"
                        "effective rank", "y4"
                    ]
                    "panels"

                let layout = Render.layout chart

                Expect.equal
                    [ for a in [ "yaxis"; "yaxis2"; "yaxis3" ] -> text (a + ".type") layout ]
                    [ "log"; "log"; "log" ]
                    "log"

                Expect.equal
                    [ for a in [ "xaxis"; "xaxis2"; "xaxis3" ] -> text (a + ".matches") layout ]
                    [ "x4"; "x4"; "x4" ]
                    "time"

                Expect.equal
                    (text "xaxis4.title.text" layout, text "yaxis4.title.text" layout)
                    ("t", "effective rank")
                    "labels"

                let tops =
                    [
                        for a in [ "yaxis"; "yaxis2"; "yaxis3"; "yaxis4" ] -> numbers (a + ".domain") layout
                    ]

                for above, below in List.pairwise tops do
                    Expect.isTrue (above[0] > below[1]) "one below the other, without overlap"

            testCase "an animation has a frame per time and one vertical range for all"
            <| fun () ->
                let values = Array2D.init 3 2 (fun i k -> 10.0 * float k + float i)
                let chart = Chart.animation x [| 0.0; 0.5 |] [ "u", values; "exact", values ]
                let frames = Render.frames chart
                Expect.equal frames.Length 2 "frames"
                Expect.equal (numbers "data[1].y" frames[1]) [| 10.0; 11.0; 12.0 |] "second slice"
                let range = numbers "yaxis.range" (Render.layout chart)
                Expect.isTrue (range[0] < 0.0 && range[1] > 12.0) "range"
                Expect.equal (text "sliders[0].steps[1].label" (Render.layout chart)) "0.5" "slider"

            testCase "labels are text, not markup"
            <| fun () ->
                let chart = Chart.lines [ Series.line "a<b" x x ] |> Chart.axes "x & y" "<i>u</i>"
                Expect.equal (text "name" (traces chart).[0]) "a&lt;b" "name"
                Expect.equal (text "xaxis.title.text" (Render.layout chart)) "x &amp; y" "x"
                Expect.equal (text "yaxis.title.text" (Render.layout chart)) "&lt;i&gt;u&lt;/i&gt;" "y"

            testCase "a range on a logarithmic axis is given in its own values"
            <| fun () ->
                let chart =
                    Chart.lines [ Series.line "u" x x ] |> Chart.logY |> Chart.rangeY (1e-6, 1.0)

                Expect.equal (numbers "yaxis.range" (Render.layout chart)) [| -6.0; 0.0 |] "decades"
        ]
