namespace Mne.Functional.Reporting

open System.IO
open System.Reflection

/// Where a page has plotly.js from.
type internal PlotlyScript =
    /// The script itself, written into the page: it draws offline.
    | Embedded of string
    /// The address of the script: the page draws where there is a network.
    | Linked of string
    /// The notebook around the page has the script (`Notebook.plotly`); where it does not, the page links it.
    | Shared

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
        | Shared -> ""

    /// What calls `draw ()` once the script is there. A notebook that is opened again may show its cells in any order, so charts wait.
    let start =
        function
        | Embedded _
        | Linked _ -> "draw();"
        | Shared ->
            """
const load = fill => { const script = document.createElement('script'); fill(script); document.head.append(script); };
const shared = () => { try { return window.parent.mnePlotly; } catch { return undefined; } };
const wait = left => {
  const source = shared();
  if (source) { load(script => script.textContent = source); draw(); }
  else if (left > 0) setTimeout(() => wait(left - 1), 200);
  else load(script => { script.src = 'ADDRESS'; script.onload = draw; script.onerror = draw; });
};
wait(15);
"""
                .Replace("ADDRESS", address)

    /// The element that hands the script to the charts of a notebook.
    let handedOut =
        function
        | Embedded script ->
            // As a text: each chart has a window of its own, in which it runs.
            let text = Json.text (Json.value script)
            $"<script>window.mnePlotly = {text};</script><span>Charts draw with plotly.js, which is in this cell.</span>"
        | Linked address -> $"<span>Charts draw with plotly.js from {address}, where there is a network.</span>"
        | Shared -> ""
