namespace Mne.Functional.Notebooks

open System.IO

/// <summary>Shows a value as the result of a cell of a notebook.</summary>
/// <param name="mimeType">As what: "text/html" or "text/plain".</param>
type Formatter(mimeType: string) =

    /// <summary>As what values are shown.</summary>
    member _.MimeType = mimeType

    /// <summary>Writes the value: tables and what it says of itself, or a line for each field, without functions and tensors.</summary>
    member _.Format(instance: obj, writer: TextWriter) : bool =
        writer.Write(
            if mimeType = "text/html" then
                Shown.html instance
            else
                Shown.text instance
        )

        true

/// <summary>What <c>TypeFormatterSourceAttribute</c> leads to.</summary>
type Formatters() =

    /// <summary>As HTML, and as text for where that is not read.</summary>
    member _.CreateTypeFormatters() : obj seq =
        [ Formatter "text/html"; Formatter "text/plain" ]
