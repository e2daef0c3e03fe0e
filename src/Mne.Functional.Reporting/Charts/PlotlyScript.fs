namespace Mne.Functional.Reporting

open System.IO
open System.Reflection

/// Where a page has plotly.js from.
type internal PlotlyScript =
    /// The script itself, written into the page: it draws offline.
    | Embedded of string
    /// The address of the script: the page draws where there is a network.
    | Linked of string

module internal PlotlyScript =

    /// Where plotly.js is published; the version is that which the build fetches.
    let address = "https://cdn.plot.ly/plotly-cartesian-2.35.3.min.js"

    /// The script embedded by the build or, where npm was not at hand, the address of the same version.
    let available =
        lazy
            (match Assembly.GetExecutingAssembly().GetManifestResourceStream "plotly.js" with
             | null -> Linked address
             | stream ->
                 use reader = new StreamReader(stream)
                 Embedded(reader.ReadToEnd()))

    /// The script element.
    let element =
        function
        | Embedded script -> $"<script>{script}</script>"
        | Linked address -> $"<script src=\"{address}\"></script>"
