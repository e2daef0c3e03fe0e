namespace Mne.Functional.Reporting.Notebooks

open System.IO
open System.Net
open Mne.Functional.Reporting

/// <summary>
/// Shows charts and pages as the result of a cell, in a frame of their own: their styles and scripts stay inside.
/// </summary>
type Formatter() =

    /// <summary>HTML.</summary>
    member _.MimeType = "text/html"

    /// <summary>Writes it; false for what is neither a chart nor a page.</summary>
    member _.Format(instance: obj, writer: TextWriter) : bool =
        let show (height: int) (page: Page) =
            let content = WebUtility.HtmlEncode(Page.html page)
            writer.Write $"<iframe srcdoc=\"{content}\" style=\"width:100%%;height:{height}px;border:0\"></iframe>"
            true

        match instance with
        | :? Chart as chart -> Page.create "" "" [ chart ] |> show (Render.height chart + 280)
        | :? Page as page -> show 900 page
        | _ -> false

/// <summary>What <c>TypeFormatterSourceAttribute</c> leads to.</summary>
type Formatters() =

    /// <summary>One for charts and pages.</summary>
    member _.CreateTypeFormatters() : obj seq = [ Formatter() ]
