namespace Mne.Functional.Reporting

open Newtonsoft.Json.Linq

/// Colours and type of all charts. Series colours are those of Okabe and Ito, "Color universal design" (2008), chosen
/// to be told apart with every kind of colour vision; the scales grow evenly in lightness.
module internal Palette =

    /// Series colours, in the order in which they are given out.
    let series =
        [|
            "#0072b2"
            "#d55e00"
            "#009e73"
            "#cc79a7"
            "#e69f00"
            "#56b4e9"
            "#4d4d4d"
        |]

    let ink = "#1f2933"
    let faint = "#616e7c"
    let grid = "#e8ecf0"

    /// The series colour with the given number; after the last the first comes again.
    let colour index = series[index % series.Length]

    /// The colour as seen through: `opacity` from 0 to 1.
    let translucent (opacity: float) (hex: string) =
        let channel i =
            System.Convert.ToInt32(hex.Substring(i, 2), 16)

        let alpha =
            opacity.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)

        $"rgba({channel 1},{channel 3},{channel 5},{alpha})"

    let private scale (colours: string list) =
        colours
        |> List.mapi (fun i colour -> [| box (float i / float (colours.Length - 1)); box colour |])
        |> List.toArray

    /// For values of one sign: viridis.
    let sequential =
        scale
            [
                "#440154"
                "#482878"
                "#3e4989"
                "#31688e"
                "#26828e"
                "#1f9e89"
                "#35b779"
                "#6ece58"
                "#b5de2b"
                "#fde725"
            ]

    /// For values of both signs, white at zero.
    let diverging =
        scale
            [
                "#053061"
                "#2166ac"
                "#4393c3"
                "#92c5de"
                "#d1e5f0"
                "#f7f7f7"
                "#fddbc7"
                "#f4a582"
                "#d6604d"
                "#b2182b"
                "#67001f"
            ]

    /// For densities behind points: from nothing to a middle blue.
    let background =
        scale
            [
                "rgba(255,255,255,0)"
                "rgba(255,255,255,0)"
                "#dbe8f4"
                "#c2d8ec"
                "#a3c5e2"
                "#7fadd4"
            ]

    /// For weights of points in front of such a density.
    let weights = scale [ "#fdbe85"; "#fd8d3c"; "#e6550d"; "#a63603"; "#5f1f02" ]

    let font =
        "Inter, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif"

    /// The font of the numbers at ticks.
    let tickFont (size: int) : JObject =
        Json.object [ "size", size; "color", faint ]

    let private axis =
        Json.object
            [
                "automargin", true
                "showline", true
                "linecolor", "#9aa5b1"
                "linewidth", 1
                "ticks", "outside"
                "ticklen", 5
                "tickcolor", "#9aa5b1"
                "gridcolor", grid
                "zeroline", false
                "exponentformat", "power"
                "hoverformat", ".5~g"
                "tickfont", tickFont 12
                "title", Json.object [ "standoff", 12; "font", Json.object [ "size", 14; "color", ink ] ]
            ]

    /// What every layout has in common.
    let layout: JObject =
        Json.object
            [
                "font", Json.object [ "family", font; "size", 13; "color", ink ]
                "colorway", series
                "paper_bgcolor", "rgba(0,0,0,0)"
                "plot_bgcolor", "#ffffff"
                "margin", Json.object [ "l", 64; "r", 24; "t", 34; "b", 52 ]
                "hovermode", "closest"
                "hoverlabel", Json.object [ "namelength", -1; "font", Json.object [ "family", font ] ]
                "bargap", 0.28
                "bargroupgap", 0.08
                "modebar", Json.object [ "bgcolor", "rgba(0,0,0,0)"; "color", "#b8c2cc"; "activecolor", "#0072b2" ]
                "legend",
                Json.object
                    [
                        "orientation", "h"
                        "itemsizing", "constant"
                        "x", 0
                        "xanchor", "left"
                        "y", 1.02
                        "yanchor", "bottom"
                        "font", Json.object [ "size", 13 ]
                    ]
            ]

    /// What every axis has in common.
    let axisStyle: JObject = axis
