namespace Mne.Functional

open System
open System.Globalization
open System.Net

/// A table of text: the first column names the rows and stands to the left, numbers to the right.
type internal Table =
    {
        Heading: string
        Columns: string list
        Lines: string list list
        /// Sentences under it.
        Notes: string list
    }

module internal Table =

    let private invariant = CultureInfo.InvariantCulture

    /// A number without an error, with so many significant digits; "–" for nan.
    let short (digits: int) (value: float) : string =
        if Double.IsNaN value then
            "–"
        elif Double.IsPositiveInfinity value then
            "∞"
        elif Double.IsNegativeInfinity value then
            "−∞"
        else
            value.ToString($"G{digits}", invariant).Replace("-", "−").Replace("E+", "e").Replace("E−", "e−")

    /// A number with the digits that its error leaves: as many as show two of the error.
    let within (error: float) (value: float) : string =
        let decimals =
            if error > 0.0 && Double.IsFinite error then
                1 - int (floor (log10 error))
            else
                99

        if Double.IsFinite value && abs value < 1e7 && decimals <= 8 then
            value.ToString($"F{max 0 decimals}", invariant).Replace("-", "−")
        else
            short 5 value

    /// An error with two digits.
    let error (error: float) : string = within error error

    /// A share of one, to three digits after the point.
    let share (value: float) : string =
        if Double.IsNaN value then
            "–"
        else
            value.ToString("F3", invariant)

    let percent (value: float) : string =
        (100.0 * value).ToString("G3", invariant)

    let text (table: Table) : string =
        let widths =
            table.Columns :: table.Lines
            |> List.map (List.map String.length)
            |> List.reduce (List.map2 max)

        let line (cells: string list) =
            (List.zip cells widths
             |> List.mapi (fun i (cell, width) -> if i = 0 then cell.PadRight width else cell.PadLeft width)
             |> String.concat "  ")
                .TrimEnd()

        [
            if table.Heading <> "" then
                table.Heading
            line table.Columns
            yield! List.map line table.Lines
            yield! table.Notes
        ]
        |> String.concat "\n"

    let html (table: Table) : string =
        let encode (text: string) = WebUtility.HtmlEncode text

        let row (tag: string) (cells: string list) =
            cells
            |> List.mapi (fun i cell ->
                let side = if i = 0 then "left" else "right"
                $"<{tag} style=\"text-align:{side}\">{encode cell}</{tag}>")
            |> String.concat ""
            |> sprintf "<tr>%s</tr>"

        let caption =
            if table.Heading = "" then
                ""
            else
                $"<caption style=\"text-align:left\">{encode table.Heading}</caption>"

        let body = table.Lines |> List.map (row "td") |> String.concat ""

        let notes =
            table.Notes |> List.map (encode >> sprintf "<p>%s</p>") |> String.concat ""

        let head = row "th" table.Columns
        $"<table>{caption}<thead>{head}</thead><tbody>{body}</tbody></table>{notes}"

    /// Text under a line that opens it.
    let folded (line: string) (text: string) : string =
        $"<details><summary>{WebUtility.HtmlEncode line}</summary><pre>{WebUtility.HtmlEncode text}</pre></details>"
