namespace Mne.Functional.Reporting

open Newtonsoft.Json.Linq

/// Something drawn into a panel.
type internal Layer =
    {
        /// Name in the legend; None where a colour bar or nothing names it.
        Legend: string option
        /// The traces, given the series colour of the layer, as plotly.js reads them.
        Traces: string -> JObject list
    }

/// One axis of a panel.
type internal Axis =
    {
        Label: string
        /// Logarithmic; values that are not positive are then gaps.
        Log: bool
        /// What is shown; None for all there is.
        Range: (float * float) option
        /// The axis bears names, not numbers.
        Names: bool
    }

/// A pair of axes with what is drawn on them.
type internal Panel =
    {
        Layers: Layer list
        X: Axis
        Y: Axis
        /// One unit is as long on both axes.
        Equal: bool
    }

/// Successive values of the series of a chart, with the time of each.
type internal Slices =
    {
        Times: float[]
        /// The y of every series at the time with the given index.
        At: int -> float[] list
    }

/// A chart: panels one above the other (mostly one) with a title. It is made by the functions of the module `Chart`
/// and is a value: it is drawn when it is saved or shown.
type Chart =
    internal
        {
            Title: string
            Caption: string
            Panels: Panel list
            Slices: Slices option
        }

module internal Model =

    let axis =
        {
            Label = ""
            Log = false
            Range = None
            Names = false
        }

    let chart layers =
        {
            Title = ""
            Caption = ""
            Panels =
                [
                    {
                        Layers = layers
                        X = axis
                        Y = axis
                        Equal = false
                    }
                ]
            Slices = None
        }

    let mapPanels change chart =
        { chart with
            Panels = List.map change chart.Panels
        }
