namespace Mne.Functional.Reporting.Notebooks

open System.IO
open System.Net
open System.Reflection
open Mne.Functional.Reporting

/// <summary>plotly.js as the result of a cell: <c>Notebook.plotly</c>.</summary>
[<TypeFormatterSource>]
type Plotly internal (html: string) =
    /// <summary>The element that holds the script.</summary>
    member _.Html = html

    /// <summary>One line that says what it is.</summary>
    override _.ToString() =
        "plotly.js, for the charts of this notebook"

module internal Cell =

    /// A page in a frame of its own: its styles and scripts stay inside, but the script that draws comes from the notebook.
    let private frame (height: int) (page: Page) =
        let content = WebUtility.HtmlEncode(Page.htmlWith Shared page)
        $"<iframe srcdoc=\"{content}\" style=\"width:100%%;height:{height}px;border:0\"></iframe>"

    let ofChart (chart: Chart) =
        Page.create "" "" [ chart ] |> frame (Render.height chart + 330)

    let ofPage (page: Page) = frame 900 page

/// <summary>
/// Shows charts and pages as the result of a cell, in a frame of their own: their styles and scripts stay inside.
/// </summary>
/// <param name="mimeType">As what: "text/html" or "text/plain".</param>
type Formatter(mimeType: string) =

    /// <summary>As what they are shown.</summary>
    member _.MimeType = mimeType

    /// <summary>Writes it; false for what is neither a chart nor a page.</summary>
    member _.Format(instance: obj, writer: TextWriter) : bool =
        // A value of the C# facade stands for one of these.
        let shown =
            match instance.GetType().GetProperty("Inner", BindingFlags.Instance ||| BindingFlags.NonPublic) with
            | null -> instance
            | inner -> inner.GetValue instance |> Option.ofObj |> Option.defaultValue instance

        let html =
            match shown with
            | :? Chart as chart -> Some(fun () -> Cell.ofChart chart)
            | :? Page as page -> Some(fun () -> Cell.ofPage page)
            | :? Plotly as plotly -> Some(fun () -> plotly.Html)
            | _ -> None

        match html with
        | None -> false
        | Some html ->
            writer.Write(if mimeType = "text/html" then html () else string shown)
            true

/// <summary>What <c>TypeFormatterSourceAttribute</c> leads to.</summary>
type Formatters() =

    /// <summary>As HTML, and as text for where that is not read.</summary>
    member _.CreateTypeFormatters() : obj seq =
        [ Formatter "text/html"; Formatter "text/plain" ]

namespace Mne.Functional.Reporting

/// <summary>Charts in notebooks.</summary>
[<RequireQualifiedAccess>]
module Notebook =

    /// <summary>
    /// plotly.js, to be the result of one cell: charts are the results of others, draw with it, and need no network. Where the library comes as a package,
    /// the cell that names it shows this by itself.
    /// </summary>
    /// <example><code>Notebook.plotly</code></example>
    let plotly =
        Notebooks.Plotly(PlotlyScript.handedOut (PlotlyScript.available.Force()))
