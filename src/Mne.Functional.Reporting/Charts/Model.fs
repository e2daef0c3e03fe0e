namespace Mne.Functional.Reporting

open System
open Newtonsoft.Json.Linq
open Mne.Functional.Reporting.Notebooks

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
        /// The panel (its index) whose axis in this direction it follows; the numbers stand there alone.
        Follows: int option
        /// Numbers stand at the ticks.
        Numbered: bool
    }

/// A pair of axes with what is drawn on them.
type internal Panel =
    {
        Layers: Layer list
        X: Axis
        Y: Axis
        /// One unit is as long on both axes.
        Equal: bool
        /// Place in the grid of panels, from the top.
        Row: int
        /// Place in the grid of panels, from the left.
        Column: int
    }

/// Successive values of the series of a chart, with the time of each.
type internal Slices =
    {
        Times: float[]
        /// The y of every series at the time with the given index.
        At: int -> float[] list
    }

/// <summary>
/// A chart: panels in a grid (mostly one) with a title. It is made by the functions of the module <c>Chart</c>
/// and is a value: it is drawn when it is saved or shown, or when it is the result of a cell of a notebook.
/// </summary>
[<TypeFormatterSource>]
type Chart =
    internal
        {
            Title: string
            Caption: string
            Panels: Panel list
            Slices: Slices option
        }

    /// <summary>One line that says what it is.</summary>
    override chart.ToString() =
        let named =
            if chart.Title = "" then
                "chart"
            else
                $"chart \"{chart.Title}\""

        $"{named}: Chart.save writes it, Chart.show opens it"

module internal Model =

    let axis =
        {
            Label = ""
            Log = false
            Range = None
            Names = false
            Follows = None
            Numbered = true
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
                        Row = 0
                        Column = 0
                    }
                ]
            Slices = None
        }

    /// Rows and columns of the grid of panels.
    let size chart =
        1 + (chart.Panels |> List.map _.Row |> List.max), 1 + (chart.Panels |> List.map _.Column |> List.max)

    let mapPanels change chart =
        { chart with
            Panels = List.map change chart.Panels
        }

    let mapX change =
        mapPanels (fun panel -> { panel with X = change panel.X })

    let mapY change =
        mapPanels (fun panel -> { panel with Y = change panel.Y })

    /// Between what the numbers of all fields lie; None where there are none.
    let extent (fields: float[,] list) : (float * float) option =
        let finite =
            fields
            |> Seq.collect (fun field -> Seq.cast<float> field)
            |> Seq.filter Double.IsFinite
            |> Seq.toArray

        if finite.Length = 0 then
            None
        else
            Some(Array.min finite, Array.max finite)

    /// A range with room at both ends.
    let roomy (low: float, high: float) =
        let margin = if high > low then 0.06 * (high - low) else 1.0
        low - margin, high + margin
