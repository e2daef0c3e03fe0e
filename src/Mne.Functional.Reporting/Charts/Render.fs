namespace Mne.Functional.Reporting

open Newtonsoft.Json.Linq

/// From a chart to what plotly.js draws.
module internal Render =

    let private suffix index =
        if index = 0 then "" else string (index + 1)

    /// Whether panels side by side have numbers and labels of their own, which want room between them.
    let private apart (chart: Chart) =
        let rows, columns = Model.size chart

        columns > 1
        && chart.Panels
           |> List.exists (fun panel -> panel.X.Follows.IsNone && (panel.Row < rows - 1 || rows = 1))

    /// Pixels that the chart wants in height.
    let height (chart: Chart) =
        match chart.Slices, Model.size chart with
        | Some _, _ -> 500
        | None, (1, 1) ->
            match chart.Panels.Head.Y with
            // A line for each name.
            | {
                  Names = true
                  Range = Some(low, high)
              } -> max 420 (120 + 22 * int (abs (high - low)))
            | _ -> 420
        | None, (rows, 1) -> 100 + 170 * rows
        | None, (rows, _) when apart chart -> 100 + 250 * rows
        | None, (rows, _) -> 100 + 150 * rows

    /// Pixels that the chart wants in width, where panels side by side would be too narrow to read; 0 where it takes what there is.
    let width (chart: Chart) =
        match snd (Model.size chart) with
        | columns when columns > 2 -> columns * (if apart chart then 180 else 100)
        | _ -> 0

    /// Whether the label of the vertical axis says what the only layer of a panel in a stack is, so that the legend need not.
    let private saidByAxis (chart: Chart) (panel: Panel) =
        match Model.size chart, panel.Layers with
        | (rows, 1), [ _ ] -> rows > 1 && panel.Y.Label <> ""
        | _ -> false

    /// The traces: each layer takes the next series colour of its panel. Panels of a stack go on where those above ended.
    let traces (chart: Chart) : JObject list =
        let columns = snd (Model.size chart)

        let above =
            chart.Panels |> List.scan (fun count panel -> count + panel.Layers.Length) 0

        chart.Panels
        |> List.mapi (fun index panel ->
            let first = if columns = 1 then above[index] else 0

            panel.Layers
            |> List.mapi (fun i layer ->
                layer.Traces(Palette.colour (first + i))
                |> List.map (
                    Json.add
                        [
                            "xaxis", Json.any ("x" + suffix index)
                            "yaxis", Json.any ("y" + suffix index)
                            if saidByAxis chart panel then
                                "showlegend", Json.any false
                        ]
                ))
            |> List.concat)
        |> List.concat

    /// The decades (log₁₀) between which the positive numbers of a panel lie along "x" or "y"; None when there are none.
    let private decades (panel: Panel) (axis: Axis) (name: string) =
        match axis.Range with
        | Some(low, high) -> Some(log10 low, log10 high)
        | None ->
            let logs =
                [|
                    for layer in panel.Layers do
                        for trace in layer.Traces Palette.ink do
                            match trace[name] with
                            | :? JArray as values ->
                                for value in values do
                                    match value with
                                    | :? JValue as number ->
                                        match number.Value with
                                        | :? float as number when number > 0.0 -> log10 number
                                        | :? int64 as number when number > 0L -> log10 (float number)
                                        | _ -> ()
                                    | _ -> ()
                            | _ -> ()
                |]

            if logs.Length = 0 then
                None
            else
                Some(Array.min logs, Array.max logs)

    /// "0.05", "200", but "5×10⁻⁵".
    let private inWords (digit: int) (exponent: int) =
        let raised = $"10<sup>{exponent}</sup>".Replace("-", "−")

        if exponent >= -2 && exponent <= 3 then
            Format.number (float digit * 10.0 ** float exponent)
        elif digit = 1 then
            raised
        else
            $"{digit}×{raised}"

    /// Ticks of a logarithmic axis. Left to itself, plotly.js puts small digits 2 and 5 between the powers of ten where there are one or
    /// two decades, which are taken for numbers of their own.
    let private logTicks (extent: (float * float) option) : (string * obj) list =
        match extent with
        | Some(low, high) when high - low >= 0.9 && high - low < 2.0 ->
            let ticks =
                [|
                    for exponent in int (floor low) .. int (ceil high) do
                        for digit in [ 1; 2; 5 ] do
                            let at = float exponent + log10 (float digit)

                            if at > low - 0.05 && at < high + 0.05 then
                                digit, exponent
                |]

            [
                "tickmode", Json.any "array"
                "tickvals", Json.any [| for digit, exponent in ticks -> float digit * 10.0 ** float exponent |]
                "ticktext", Json.any [| for digit, exponent in ticks -> inWords digit exponent |]
            ]
        // Fewer ticks than this many per decade makes plotly.js label powers of ten alone, a quarter larger than other numbers.
        | Some(low, high) when high - low >= 2.0 ->
            [
                "nticks", Json.any (min 5 (int (floor ((high - low) / 0.71))))
                "tickfont", Json.any (Palette.tickFont 10)
            ]
        | _ -> [ "nticks", Json.any 5 ]

    let private axis (panel: Panel) (name: string) (axis: Axis) (more: (string * obj) list) =
        Palette.axisStyle
        |> Json.add
            [
                "title", Json.any (Json.object [ "text", Json.literal axis.Label ])
                if axis.Log then
                    "type", Json.any "log"
                    yield! logTicks (decades panel axis name)
                if axis.Names then
                    "type", Json.any "category"
                match axis.Range with
                | Some(low, high) when axis.Log -> "range", Json.any [| log10 low; log10 high |]
                | Some(low, high) -> "range", Json.any [| low; high |]
                | None -> ()
                match axis.Follows with
                | Some index -> "matches", Json.any (name + suffix index)
                | None -> ()
                if axis.Follows.IsSome || not axis.Numbered then
                    "showticklabels", Json.any false
                if not axis.Numbered then
                    "ticks", Json.any ""
            ]
        |> Json.add more

    /// How one slice follows another, `duration` milliseconds after it.
    let private frame duration =
        Json.object
            [
                "mode", "immediate"
                "fromcurrent", true
                "frame", Json.object [ "duration", duration; "redraw", false ]
                "transition", Json.object [ "duration", 0 ]
            ]

    /// A slider over the times.
    let private slider (slices: Slices) =
        let steps =
            slices.Times
            |> Array.mapi (fun i time ->
                Json.object
                    [
                        "label", Format.number time
                        "method", "animate"
                        "args", [| Json.any [| string i |]; Json.any (frame 0) |]
                    ])

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

    /// Buttons that play and pause.
    let private buttons (slices: Slices) =
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

    /// What a chart of successive slices has beside its panels.
    let private playing (slices: Slices) =
        [
            "margin", Json.any (Json.object [ "b", 130 ])
            "sliders", Json.any [| slider slices |]
            "updatemenus", Json.any [| buttons slices |]
        ]

    /// The part of the picture that place `index` of `count` takes, with gaps between.
    let private share (gap: float) (count: int) (index: int) =
        let length = (1.0 - gap * float (count - 1)) / float count
        let low = float index * (length + gap)
        [| low; min 1.0 (low + length) |]

    /// The layout: axes of each panel, and what all charts have in common.
    let layout (chart: Chart) : JObject =
        let rows, columns = Model.size chart
        let apart = apart chart

        let between =
            if apart then 0.07
            elif columns = 1 then 0.06
            else 0.02

        let below =
            if apart then
                min (0.8 / float rows) (70.0 / float (height chart))
            else
                between

        let axes =
            chart.Panels
            |> List.mapi (fun i panel ->
                [
                    "xaxis" + suffix i,
                    Json.any (
                        axis
                            panel
                            "x"
                            panel.X
                            [
                                "anchor", Json.any ("y" + suffix i)
                                if columns > 1 then
                                    "domain", Json.any (share between columns panel.Column)
                                if panel.Equal then
                                    "constrain", Json.any "domain"
                            ]
                    )
                    "yaxis" + suffix i,
                    Json.any (
                        axis
                            panel
                            "y"
                            panel.Y
                            [
                                "anchor", Json.any ("x" + suffix i)
                                if rows > 1 then
                                    "domain", Json.any (share below rows (rows - 1 - panel.Row))
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
