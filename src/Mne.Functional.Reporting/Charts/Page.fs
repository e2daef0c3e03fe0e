namespace Mne.Functional.Reporting

open System
open System.Diagnostics
open System.IO
open System.Net
open Mne.Functional

/// <summary>
/// A page: a headline, a description, a table of figures and charts in a grid. Made by the module <c>Page</c>.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Page =
    internal
        {
            Title: string
            Description: string
            Figures: (string * string) list
            Charts: Chart list
        }

    /// <summary>One line that says what it is.</summary>
    override page.ToString() =
        $"page \"{page.Title}\" of {page.Charts.Length} charts: Page.save writes it, Page.show opens it"

/// <summary>Pages of charts, each one HTML file that needs nothing beside it.</summary>
[<RequireQualifiedAccess>]
module Page =

    /// <summary>
    /// A page with the given headline, description (may be "") and charts, two in a row on a wide window.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no chart.</exception>
    /// <example><code>
    /// Page.create "Four modes" "2,000 draws" [ Chart.points "draws" draws.Points; Chart.weightedHistogram "x₀" values weights ]
    /// |&gt; Page.withFigures [ "ESS", Format.number 0.995; "log Z error", Format.number 8e-4 ]
    /// |&gt; Page.save "output/four-modes.html"
    /// </code></example>
    let create (title: string) (description: string) (charts: Chart list) : Page =
        if charts.IsEmpty then
            Guard.fail (nameof charts) "found no chart, wanted at least one"

        {
            Title = title
            Description = description
            Figures = []
            Charts = charts
        }

    /// <summary>The page with a table of figures on top: a label and a value each (see <c>Format.number</c>).</summary>
    /// <example><code>page |&gt; Page.withFigures [ ("relative L2 error", Format.number 2.9e-5) ]</code></example>
    let withFigures (figures: (string * string) list) (page: Page) : Page = { page with Figures = figures }

    let private encode (text: string) = WebUtility.HtmlEncode text

    let private style =
        """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f5f7fa; color: #1f2933; line-height: 1.5; font-family: FONT; }
main { max-width: 1440px; margin: 0 auto; padding: 36px 28px 48px; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0; font-weight: 650; }
.description { margin: 10px 0 0; color: #52606d; max-width: 72ch; white-space: pre-line; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; }
.figures div { background: #fff; border: 1px solid #e4e7eb; border-radius: 10px; padding: 10px 18px 12px; min-width: 132px; }
.figures dt { font-size: 0.8rem; color: #616e7c; }
.figures dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.charts { display: grid; gap: 20px; grid-template-columns: minmax(0, 1fr); margin-top: 24px; }
.card { background: #fff; border: 1px solid #e4e7eb; border-radius: 12px; padding: 18px 18px 10px; display: flex;
  flex-direction: column; min-width: 0; margin: 0; box-shadow: 0 1px 2px rgba(31, 41, 51, 0.05); }
.card h2 { font-size: 1.05rem; font-weight: 620; margin: 0 6px; }
.card figcaption p { margin: 2px 6px 0; font-size: 0.88rem; color: #616e7c; }
.card figcaption { margin-bottom: 8px; }
.across { flex: 1 1 auto; display: flex; overflow-x: auto; }
.plot { flex: 1 1 auto; width: 100%; }
.plot .modebar { opacity: 0; transition: opacity 0.2s; }
.plot:hover .modebar { opacity: 1; }
.missing { padding: 24px; color: #9b1c1c; }
@media (min-width: 1080px) {
  .several { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .several .row { grid-column: 1 / -1; }
}
@media print { body { background: #fff; } .card { break-inside: avoid; box-shadow: none; } }
"""
            .Replace("FONT", Palette.font)

    let private draw =
        """
const plots = document.querySelectorAll('.plot');
const draw = () => charts.forEach((chart, i) => {
  if (!window.Plotly) {
    plots[i].innerHTML = '<p class="missing">This chart needs plotly.js, which could not be loaded: in a notebook run a cell with Notebook.plotly; elsewhere open the page with a network connection, or build Mne.Functional.Reporting where npm is present.</p>';
    return;
  }
  Plotly.newPlot(plots[i], chart.data, chart.layout, {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ['select2d', 'lasso2d', 'autoScale2d'],
    toImageButtonOptions: { filename: chart.name, scale: 2 }
  }).then(() => Plotly.addFrames(plots[i], chart.frames));
});
"""

    /// Which charts have a row to themselves: high ones, beside which another would be stretched, and those that would be alone in their row.
    let private rows (charts: Chart list) : bool list =
        let high chart = Render.height chart > 700

        let rec place (rest: Chart list) =
            match rest with
            | [] -> []
            | first :: second :: others when not (high first || high second) -> false :: false :: place others
            | _ :: others -> true :: place others

        place charts

    let private card single (row: bool) (chart: Chart) =
        let title =
            if chart.Title = "" then
                ""
            else
                $"<h2>{encode chart.Title}</h2>"

        let caption =
            if chart.Caption = "" then
                ""
            else
                $"<p>{encode chart.Caption}</p>"

        let height = Render.height chart + (if single then 140 else 0)

        let heading =
            if title + caption = "" then
                ""
            else
                $"<figcaption>{title}{caption}</figcaption>"

        let classes = if row then "card row" else "card"

        let size =
            match Render.width chart with
            | 0 -> $"min-height:{height}px"
            | width -> $"min-height:{height}px;min-width:{width}px"

        $"<figure class=\"{classes}\">{heading}<div class=\"across\"><div class=\"plot\" style=\"{size}\"></div></div></figure>"

    let private drawing (chart: Chart) =
        Json.object
            [
                "name", (if chart.Title = "" then "chart" else chart.Title)
                "data", Render.traces chart
                "layout", Render.layout chart
                "frames", Render.frames chart
            ]

    let internal htmlWith (script: PlotlyScript) (page: Page) : string =
        let figures =
            match page.Figures with
            | [] -> ""
            | figures ->
                figures
                |> List.map (fun (label, value) -> $"<div><dt>{encode label}</dt><dd>{encode value}</dd></div>")
                |> String.concat ""
                |> sprintf "<dl class=\"figures\">%s</dl>"

        let single = page.Charts.Length = 1

        // A page that is only a chart has that chart's title as its own.
        let header =
            [
                if page.Title <> "" then
                    $"<h1>{encode page.Title}</h1>"
                if page.Description <> "" then
                    $"<p class=\"description\">{encode page.Description}</p>"
                figures
            ]
            |> String.concat "\n"

        let windowTitle =
            [ page.Title; page.Charts.Head.Title; "Chart" ] |> List.find ((<>) "") |> encode

        let cards =
            List.map2 (card single) (rows page.Charts) page.Charts |> String.concat "\n"

        let data = page.Charts |> List.map drawing |> Json.value |> Json.text
        let columns = if single then "charts" else "charts several"

        $"<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<title>{windowTitle}</title>
<style>{style}</style>
{PlotlyScript.element script}
</head>
<body>
<main>
{header}
<section class=\"{columns}\">
{cards}
</section>
</main>
<script>
const charts = {data};
{draw}
{PlotlyScript.start script}
</script>
</body>
</html>
"

    /// <summary>
    /// The HTML of the page. plotly.js stands in it, so that it draws offline; if the library was built without npm,
    /// the page links that script instead.
    /// </summary>
    let html (page: Page) : string =
        htmlWith (PlotlyScript.available.Force()) page

    /// <summary>
    /// Writes the page to an HTML file, making folders that are missing, and gives the file's full path.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The path is empty.</exception>
    /// <example><code>page |&gt; Page.save "output/four-modes.html"</code></example>
    let save (path: string) (page: Page) : string =
        if String.IsNullOrWhiteSpace path then
            Guard.fail (nameof path) "found an empty path, wanted the name of an HTML file"

        if path.Contains '\000' then
            Guard.fail (nameof path) "found a path with a NUL character in it, wanted the name of an HTML file"

        let full = Path.GetFullPath path

        match Path.GetDirectoryName full with
        | null -> Guard.fail (nameof path) $"found the folder {full}, wanted the name of an HTML file"
        | folder -> Directory.CreateDirectory folder |> ignore

        File.WriteAllText(full, html page)
        full

    /// <summary>
    /// Writes the page to a temporary file, opens it in the browser and gives the file's full path.
    /// Where no browser can be started, it says on standard error which file to open.
    /// </summary>
    /// <example><code>page |&gt; Page.show</code></example>
    let show (page: Page) : string =
        let name = $"{Guid.NewGuid():N}.html"
        let path = save (Path.Combine(Path.GetTempPath(), "mne-functional", name)) page

        try
            use _ = Process.Start(ProcessStartInfo(path, UseShellExecute = true))
            ()
        with
        | :? ComponentModel.Win32Exception
        | :? PlatformNotSupportedException -> eprintfn "No browser could be started; open %s" path

        path
