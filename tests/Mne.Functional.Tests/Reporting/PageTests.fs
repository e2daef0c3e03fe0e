module Mne.Functional.Tests.Reporting.PageTests

open System
open System.IO
open System.Text.RegularExpressions
open Expecto
open Newtonsoft.Json.Linq
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests.Reporting.Drawn

let private chart =
    Chart.lines [ Series.line "u" [| 0.0; 1.0 |] [| nan; 0.123456789 |] ]

let private evil = "</script><script>alert(1)</script> & <b>"
let private embedded = Embedded "/* plotly */"

/// The charts as the page's own script has them.
let private data (html: string) =
    let found = Regex.Match(html, @"const charts = (.*);\n")
    JArray.Parse found.Groups[1].Value

let private external (html: string) =
    Regex.Matches(html, """(src|href)\s*=\s*["']?[^"'>\s]+|@import|url\(""")
    |> Seq.map string
    |> Seq.toList

let private inTemporaryFolder test =
    let folder = Directory.CreateTempSubdirectory "mne-functional-"

    try
        test folder.FullName
    finally
        folder.Delete true

[<Tests>]
let tests =
    testList
        "Reporting.Page"
        [
            testCase "with the script embedded, the page refers to nothing outside it"
            <| fun () -> Expect.isEmpty (external (Page.htmlWith embedded (Page.create "t" "d" [ chart ]))) "references"

            testCase "without it, the page links one file: the pinned plotly.js"
            <| fun () ->
                Expect.equal
                    (external (Page.htmlWith (Linked PlotlyScript.address) (Page.create "t" "d" [ chart ])))
                    [ "src=\"https://cdn.plot.ly/plotly-cartesian-2.35.3.min.js" ]
                    "references"

            testCase "the build embedded the version that is pinned, or nothing"
            <| fun () ->
                match PlotlyScript.available.Force() with
                | Embedded script ->
                    Expect.stringContains
                        (script.Substring(0, 200))
                        "plotly.js (cartesian - minified) v2.35.3"
                        "version"

                    Expect.isFalse
                        (script.Contains("</script", StringComparison.OrdinalIgnoreCase))
                        "no end of the element"
                | Shared -> failtest "a page of its own has a script"
                | Linked address -> Expect.equal address PlotlyScript.address "address"

            testCase "the page contains the data, and no NaN"
            <| fun () ->
                let html = Page.htmlWith embedded (Page.create "t" "d" [ chart; chart ])
                let charts = data html
                Expect.equal charts.Count 2 "charts"
                Expect.equal (number "[0].data[0].y[1]" charts) 0.123456789 "value"
                Expect.equal (at "[0].data[0].y[0]" charts).Type JTokenType.Null "gap"
                Expect.isFalse (html.Contains "NaN") "no NaN"

            testCase "high charts, and those that would be alone in their row, have a row to themselves"
            <| fun () ->
                let high = Chart.stack [ chart; chart; chart; chart ]

                let classes charts =
                    Regex.Matches(Page.htmlWith embedded (Page.create "t" "" charts), "class=\"(card[^\"]*)\"")
                    |> Seq.map (fun found -> found.Groups[1].Value)
                    |> Seq.toList

                Expect.equal (classes [ chart; chart ]) [ "card"; "card" ] "two in a row"
                Expect.equal (classes [ chart; chart; chart ]) [ "card"; "card"; "card row" ] "the last alone"

                Expect.equal
                    (classes [ chart; high; chart; chart ])
                    [ "card row"; "card row"; "card"; "card" ]
                    "beside a high one none is stretched"

            testCase "many panels side by side are not narrower on a phone than can be read"
            <| fun () ->
                let points =
                    Tensor.ofRows Placement.float64 [ for i in 0.0 .. 9.0 -> [ i; -i; i * i; 1.0 - i ] ]

                let corner = Chart.corner [ "a"; "b"; "c"; "d" ] points (Array.replicate 10 1.0)
                Expect.stringContains (Page.htmlWith embedded (Page.create "t" "" [ corner ])) "min-width:400px" "width"

                Expect.isFalse
                    ((Page.htmlWith embedded (Page.create "t" "" [ chart ])).Contains "min-width:0px")
                    "one panel"

            testCase "text is shown as it is: no title ends the script or starts another"
            <| fun () ->
                let drawn =
                    Chart.overlay [ chart; Chart.lines [ Series.line evil [| 0.0 |] [| 0.0 |] ] ]
                    |> Chart.titled evil
                    |> Chart.captioned evil
                    |> Chart.axes evil evil

                let html =
                    Page.create evil evil [ drawn ]
                    |> Page.withFigures [ evil, evil ]
                    |> Page.htmlWith embedded

                Expect.equal
                    (Regex.Matches(html, "<script", RegexOptions.IgnoreCase).Count)
                    2
                    "plotly.js and the drawing"

                Expect.equal (Regex.Matches(html, "</script", RegexOptions.IgnoreCase).Count) 2 "both closed once"
                Expect.isFalse (html.Contains "<b>") "no markup"

                Expect.stringContains
                    html
                    "<h1>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;</h1>"
                    "headline"

                Expect.equal (text "[0].name" (data html)) evil "name"

            testCase "figures stand in a table, in order"
            <| fun () ->
                let html =
                    Page.create "t" "" [ chart ]
                    |> Page.withFigures [ "ESS", Format.number 0.9951; "log Z error", Format.number 8.04e-4 ]
                    |> Page.htmlWith embedded

                Expect.stringContains
                    html
                    "<div><dt>ESS</dt><dd>0.995</dd></div><div><dt>log Z error</dt><dd>8.04e-4</dd></div>"
                    "figures"

            testCase "a file is written with the folders that it needs, and its full path given"
            <| fun () ->
                inTemporaryFolder
                <| fun folder ->
                    let path = Chart.save (Path.Combine(folder, "a", "b", "chart.html")) chart
                    Expect.equal path (Path.GetFullPath(Path.Combine(folder, "a", "b", "chart.html"))) "path"
                    Expect.equal (File.ReadAllText path) (Page.html (Page.create "" "" [ chart ])) "content"

            testCase "a page without charts and a file without a name are refused"
            <| fun () ->
                for parameter, call in
                    [
                        "charts", (fun () -> Page.create "t" "d" [] |> ignore)
                        "path", (fun () -> Chart.save " " chart |> ignore)
                    ] do
                    Expect.throwsC call (function
                        | :? ArgumentException as error -> Expect.equal error.ParamName parameter "parameter"
                        | other -> failtest $"wanted an ArgumentException, found {other}")
        ]
