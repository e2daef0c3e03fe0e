namespace Mne.Functional.Reporting

open Newtonsoft.Json.Linq

/// From a chart to what plotly.js draws.
module internal Render =

    let private suffix index =
        if index = 0 then "" else string (index + 1)

    /// Pixels that the chart wants in height.
    let height (chart: Chart) =
        match chart.Slices, chart.Panels.Length with
        | Some _, _ -> 500
        | None, 1 -> 420
        | None, panels -> 100 + 170 * panels

    /// The traces: each layer takes the next series colour of its panel.
    let traces (chart: Chart) : JObject list =
        chart.Panels
        |> List.mapi (fun index panel ->
            panel.Layers
            |> List.mapi (fun i layer ->
                layer.Traces(Palette.colour (index + i))
                |> List.map (
                    Json.add
                        [
                            "xaxis", Json.any ("x" + suffix index)
                            "yaxis", Json.any ("y" + suffix index)
                        ]
                ))
            |> List.concat)
        |> List.concat

    let private axis (axis: Axis) (more: (string * obj) list) =
        Palette.axisStyle
        |> Json.add
            [
                "title", Json.any (Json.object [ "text", Json.literal axis.Label ])
                if axis.Log then
                    "type", Json.any "log"
                    "nticks", Json.any 4
                if axis.Names then
                    "type", Json.any "category"
                match axis.Range with
                | Some(low, high) when axis.Log -> "range", Json.any [| log10 low; log10 high |]
                | Some(low, high) -> "range", Json.any [| low; high |]
                | None -> ()
            ]
        |> Json.add more

    let private playing (slices: Slices) =
        let frame duration =
            Json.object
                [
                    "mode", "immediate"
                    "fromcurrent", true
                    "frame", Json.object [ "duration", duration; "redraw", false ]
                    "transition", Json.object [ "duration", 0 ]
                ]

        let steps =
            slices.Times
            |> Array.mapi (fun i time ->
                Json.object
                    [
                        "label", Format.number time
                        "method", "animate"
                        "args", [| Json.any [| string i |]; Json.any (frame 0) |]
                    ])

        let nothing = JValue.CreateNull()

        let button label (target: obj) duration =
            Json.object
                [
                    "label", label
                    "method", "animate"
                    "args", [| target; Json.any (frame duration) |]
                ]

        // About six seconds from first to last, however many slices there are.
        let pace = max 20 (min 400 (6000 / slices.Times.Length))

        [
            "margin", Json.any (Json.object [ "b", 130 ])
            "sliders",
            Json.any
                [|
                    Json.object
                        [
                            "active", 0
                            "steps", steps
                            "x", 0.16
                            "len", 0.84
                            "xanchor", "left"
                            "y", -0.2
                            "yanchor", "top"
                            "pad", Json.object [ "t", 12; "b", 0 ]
                            "ticklen", 4
                            "minorticklen", 0
                            "bordercolor", "#cbd2d9"
                            "bgcolor", "#f5f7fa"
                            "font", Json.object [ "size", 11; "color", Palette.faint ]
                            "currentvalue",
                            Json.object
                                [
                                    "prefix", "t = "
                                    "xanchor", "right"
                                    "font", Json.object [ "size", 14; "color", Palette.ink ]
                                ]
                        ]
                |]
            "updatemenus",
            Json.any
                [|
                    Json.object
                        [
                            "type", "buttons"
                            "direction", "left"
                            "showactive", false
                            "x", 0
                            "xanchor", "left"
                            "y", -0.2
                            "yanchor", "top"
                            "pad", Json.object [ "t", 34; "r", 10 ]
                            "bgcolor", "#ffffff"
                            "bordercolor", "#cbd2d9"
                            "font", Json.object [ "size", 12 ]
                            "buttons", [| button "▶" nothing pace; button "❚❚" [| nothing |] 0 |]
                        ]
                |]
        ]

    /// The layout: axes of each panel, from top to bottom, and what all charts have in common.
    let layout (chart: Chart) : JObject =
        let count = chart.Panels.Length
        let gap = 0.06
        let share = (1.0 - gap * float (count - 1)) / float count

        let axes =
            chart.Panels
            |> List.mapi (fun i panel ->
                let bottom = float (count - 1 - i) * (share + gap)

                [
                    "xaxis" + suffix i,
                    Json.any (
                        axis
                            panel.X
                            [
                                "anchor", Json.any ("y" + suffix i)
                                if count > 1 && i < count - 1 then
                                    "matches", Json.any ("x" + suffix (count - 1))
                                    "showticklabels", Json.any false
                                if panel.Equal then
                                    "constrain", Json.any "domain"
                            ]
                    )
                    "yaxis" + suffix i,
                    Json.any (
                        axis
                            panel.Y
                            [
                                "anchor", Json.any ("x" + suffix i)
                                if count > 1 then
                                    "domain", Json.any [| bottom; min 1.0 (bottom + share) |]
                                if panel.Equal then
                                    "scaleanchor", Json.any ("x" + suffix i)
                                    "constrain", Json.any "domain"
                            ]
                    )
                ])
            |> List.concat

        let named (panel: Panel) =
            panel.Layers |> List.filter _.Legend.IsSome |> List.length

        let legend =
            chart.Panels
            |> List.exists (fun panel -> named panel > 1 || (named panel = 1 && panel.Layers.Length > 1))

        Palette.layout
        |> Json.add axes
        |> Json.add [ "showlegend", legend ]
        |> Json.add (chart.Slices |> Option.map playing |> Option.defaultValue [])

    /// The frames of an animation; none for other charts.
    let frames (chart: Chart) : JObject[] =
        match chart.Slices with
        | None -> [||]
        | Some slices ->
            slices.Times
            |> Array.mapi (fun i _ ->
                let values = slices.At i

                Json.object
                    [
                        "name", string i
                        "data", Json.any [| for y in values -> Json.object [ "y", y ] |]
                        "traces", Json.any [| 0 .. values.Length - 1 |]
                    ])
