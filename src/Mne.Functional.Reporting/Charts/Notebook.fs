namespace Mne.Functional.Reporting.Notebooks

open System.IO
open System.Net
open Mne.Functional.Reporting

/// Shows charts and pages as the result of a cell, in a frame of their own: their styles and scripts stay inside.
type Formatter() =

    /// HTML.
    member _.MimeType = "text/html"

    /// Writes it; false for what is neither a chart nor a page.
    member _.Format(instance: obj, writer: TextWriter) : bool =
        let show (height: int) (page: Page) =
            let content = WebUtility.HtmlEncode(Page.html page)
            writer.Write $"<iframe srcdoc=\"{content}\" style=\"width:100%%;height:{height}px;border:0\"></iframe>"
            true

        match instance with
        | :? Chart as chart -> Page.create "" "" [ chart ] |> show (Render.height chart + 280)
        | :? Page as page -> show 900 page
        | _ -> false

/// What `TypeFormatterSourceAttribute` leads to.
type Formatters() =

    /// One for charts and pages.
    member _.CreateTypeFormatters() : obj seq = [ Formatter() ]
