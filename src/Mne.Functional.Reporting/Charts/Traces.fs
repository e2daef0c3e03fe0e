namespace Mne.Functional.Reporting

open Newtonsoft.Json.Linq
open XPlot.Plotly

/// The layers of charts, each made of one XPlot trace. Names are escaped here; arguments were checked before.
module internal Traces =

    let private layer legend (trace: string -> Trace) (more: (string * obj) list) : Layer =
        {
            Legend = legend
            Traces = fun colour -> [ Json.value (trace colour) :?> JObject |> Json.add more ]
        }

    let private colorbar name =
        "colorbar",
        Json.any (
            Json.object
                [
                    // The empty line keeps the title off the number at the upper end.
                    "title", Json.object [ "text", Json.any (Json.literal name + "<br>&nbsp;"); "side", "top" ]
                    "outlinewidth", 0
                    "thickness", 14
                    "exponentformat", "power"
                    "tickfont", Palette.tickFont 12
                ]
        )

    /// As plotly.js wants it: one row per y.
    let private rowPerY (z: float[,]) =
        Array2D.init (Array2D.length2 z) (Array2D.length1 z) (fun j i -> z[i, j])

    let series (series: Series) =
        let mode, dash =
            match series.Stroke with
            | Stroke.Solid -> "lines", "solid"
            | Stroke.Dashed -> "lines", "dash"
            | Stroke.Dotted -> "lines", "dot"
            | Stroke.Markers -> "markers", "solid"
            | Stroke.SolidWithMarkers -> "lines+markers", "solid"

        let trace colour : Trace =
            Scatter(
                x = series.X,
                y = series.Y,
                name = Json.literal series.Name,
                mode = mode,
                connectgaps = false,
                line = Line(color = colour, width = 2.2, dash = dash),
                marker = Marker(color = colour, size = 7)
            )

        layer (Some series.Name) trace []

    let points name (x: float[]) (y: float[]) =
        let size, opacity = if x.Length > 1500 then 3.5, 0.4 else 6.0, 0.55

        let trace colour : Trace =
            Scatter(
                x = x,
                y = y,
                name = Json.literal name,
                mode = "markers",
                marker = Marker(color = colour, size = size, opacity = opacity)
            )

        layer (Some name) trace []

    let weightedPoints name (x: float[]) (y: float[]) (weights: float[]) =
        let largest = Array.max weights
        let largest = if largest > 0.0 then largest else 1.0

        // Heavier points on top of lighter ones; area, not diameter, is what the eye compares.
        let order = Array.init x.Length id |> Array.sortBy (fun i -> weights[i])
        let pick (values: float[]) = order |> Array.map (fun i -> values[i])
        let size w = 3.0 + 11.0 * sqrt (w / largest)

        let trace _ : Trace =
            Scatter(
                x = pick x,
                y = pick y,
                name = Json.literal name,
                mode = "markers",
                showlegend = false,
                marker =
                    Marker(
                        color = pick weights,
                        size = (pick weights |> Array.map size),
                        cmin = 0.0,
                        cmax = largest,
                        colorscale = Palette.weights,
                        showscale = true,
                        opacity = 0.8,
                        line = Line(color = "#ffffff", width = 0.6)
                    )
            )

        layer None trace [ "marker", Json.any (Json.object [ colorbar name ]) ]

    let contours name (x: float[]) (y: float[]) (z: float[,]) =
        let trace _ : Trace =
            Contour(
                x = x,
                y = y,
                z = rowPerY z,
                name = Json.literal name,
                colorscale = Palette.background,
                ncontours = 10,
                showscale = false,
                line = Line(width = 0.7, color = "#6d9cc6")
            )

        layer None trace [ "zhoverformat", ".4~g" ]

    let heatmap name (x: float[]) (y: float[]) (z: float[,]) (low: float, high: float) =
        let signed = low < 0.0 && high > 0.0
        let extent = max -low high

        let trace _ : Trace =
            Heatmap(
                x = x,
                y = y,
                z = rowPerY z,
                name = Json.literal name,
                zmin = (if signed then -extent else low),
                zmax = (if signed then extent else high),
                zauto = false,
                colorscale = (if signed then Palette.diverging else Palette.sequential)
            )

        layer None trace [ colorbar name; "zhoverformat", Json.any ".4~g" ]

    let bars name (categories: string[]) (values: float[]) =
        let trace colour : Trace =
            Bar(
                x = Array.map Json.literal categories,
                y = values,
                name = Json.literal name,
                marker = Marker(color = colour)
            )

        layer (Some name) trace []

    /// Points that are to be seen among others.
    let outlying (x: float[]) (y: float[]) =
        let trace _ : Trace =
            Scatter(
                x = x,
                y = y,
                name = "large weight",
                mode = "markers",
                showlegend = false,
                marker =
                    Marker(
                        color = Palette.series[1],
                        size = 7,
                        opacity = 0.9,
                        line = Line(color = "#ffffff", width = 0.6)
                    )
            )

        layer None trace []

    /// A horizontal line for each label, from low to high.
    let intervals name (width: float) (labels: string[]) (low: float[]) (high: float[]) =
        let trace colour : Trace =
            Scatter(
                x = Array.collect id (Array.map2 (fun a b -> [| a; b; nan |]) low high),
                y = (labels |> Array.collect (fun label -> Array.replicate 3 (Json.literal label))),
                name = Json.literal name,
                mode = "lines",
                connectgaps = false,
                line = Line(color = colour, width = width)
            )

        layer (Some name) trace []

    /// A mark for each label.
    let places name (labels: string[]) (x: float[]) =
        let trace colour : Trace =
            Scatter(
                x = x,
                y = Array.map Json.literal labels,
                name = Json.literal name,
                mode = "markers",
                marker = Marker(color = colour, size = 8)
            )

        layer (Some name) trace []

    /// A vertical line over the whole panel, whose height is not known here.
    let upright name (x: float) (height: float) =
        let trace colour : Trace =
            Scatter(
                x = [| x; x |],
                y = [| 0.0; height |],
                name = Json.literal name,
                mode = "lines",
                line = Line(color = colour, width = 2.6)
            )

        layer (Some name) trace []

    /// Outlines of histograms that are all of one kind: faint, and named once.
    let outlines name (all: Bins[]) =
        let trace _ : Trace =
            Scatter(
                x = Array.collect (fun bins -> Array.append bins.Edges [| nan |]) all,
                y =
                    Array.collect
                        (fun bins -> Array.concat [ bins.Density; [| bins.Density[bins.Density.Length - 1]; nan |] ])
                        all,
                name = Json.literal name,
                mode = "lines",
                connectgaps = false,
                line = Line(color = Palette.translucent 0.35 Palette.series[0], width = 1.0, shape = "hv")
            )

        layer (Some name) trace []

    let histogram name (bins: Bins) =
        let last = bins.Density.Length

        // Steps from the ground up and back to it.
        let x = Array.concat [ [| bins.Edges[0] |]; bins.Edges; [| bins.Edges[last] |] ]
        let y = Array.concat [ [| 0.0 |]; bins.Density; [| bins.Density[last - 1]; 0.0 |] ]

        let trace colour : Trace =
            Scatter(
                x = x,
                y = y,
                name = Json.literal name,
                mode = "lines",
                fill = "tozeroy",
                fillcolor = Palette.translucent 0.25 colour,
                line = Line(color = colour, width = 1.2, shape = "hv")
            )

        layer (Some name) trace []
