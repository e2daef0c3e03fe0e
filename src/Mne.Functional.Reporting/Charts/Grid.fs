namespace Mne.Functional.Reporting

open Mne.Functional

/// Panels put together: on the same axes, one below the other, in a triangle.
module internal Grid =

    /// All layers on the axes of the first panel; the rest is as in `first`.
    let overlay (panels: Panel list) (first: Chart) : Chart =
        { first with
            Panels =
                [
                    { panels.Head with
                        Layers = panels |> List.collect _.Layers
                    }
                ]
        }

    /// One panel below the other over the horizontal axis of the last; the rest is as in `first`.
    let stack (panels: Panel list) (first: Chart) : Chart =
        let last = panels.Length - 1

        { first with
            Panels =
                panels
                |> List.mapi (fun i panel ->
                    { panel with
                        Row = i
                        X =
                            if i = last then
                                panel.X
                            else
                                { panel.X with
                                    Label = ""
                                    Follows = Some last
                                }
                    })
        }

    /// Panels in a triangle: on the diagonal those of each name, below it those of every two; ranges are common to rows and columns.
    let private triangle
        (names: string[])
        (ranges: (float * float) option[])
        (diagonal: int -> Reporting.Layer list)
        (cloud: int -> int -> Reporting.Layer list)
        : Chart =
        let last = names.Length - 1

        /// The panel in row i and column j ≤ i, row by row.
        let index i j = i * (i + 1) / 2 + j

        let panel i j =
            { (Model.chart (if i = j then diagonal i else cloud i j)).Panels.Head with
                Row = i
                Column = j
                X =
                    { Model.axis with
                        Label = (if i = last then names[j] else "")
                        Range = ranges[j]
                        Follows = (if i = last then None else Some(index last j))
                    }
                Y =
                    { Model.axis with
                        Label = (if j = 0 && i > 0 then names[i] else "")
                        Range = (if i = j then None else ranges[i])
                        Follows = (if j > 0 && j < i then Some(index i 0) else None)
                        Numbered = (i <> j)
                    }
            }

        { Model.chart [] with
            Panels =
                [
                    for i in 0..last do
                        for j in 0..i do
                            panel i j
                ]
        }

    /// What has to be seen of a column.
    let private range (shown: float[]) =
        Some(Model.roomy (Array.min shown, Array.max shown))

    /// Which of weighted draws to show, so that clouds show the weights too; a stray draw without any must not set the scale.
    let private chosen (weights: float[]) =
        weights |> Resampling.systematic 0.5 (min 1600 weights.Length)

    /// The range of values that weights leave.
    let weightedRange (values: float[]) (weights: float[]) =
        range (chosen weights |> Array.map (fun n -> values[n]))

    /// A histogram of each column of weighted values on the diagonal, a cloud of every two of them below it.
    let corner (names: string[]) (columns: float[][]) (weights: float[]) : Chart =
        let chosen = chosen weights

        let picked = [| for column in columns -> chosen |> Array.map (fun n -> column[n]) |]

        triangle
            names
            (Array.map range picked)
            (fun i -> [ Traces.histogram names[i] (Bins.ofWeighted columns[i] weights) ])
            (fun i j -> [ Traces.points $"{names[j]}, {names[i]}" picked[j] picked[i] ])

    /// As `corner`, but with draws as they were made, and some of them marked.
    let marked (names: string[]) (columns: float[][]) (weights: float[]) (mark: int[]) : Chart =
        let m = weights.Length
        let step = max 1 (m / 1600)
        let pick (rows: int[]) (column: float[]) = rows |> Array.map (fun n -> column[n])
        let shown = columns |> Array.map (pick [| 0..step .. m - 1 |])
        let outlying = columns |> Array.map (pick mark)

        triangle
            names
            (Array.map range (Array.map2 Array.append shown outlying))
            (fun i -> [ Traces.histogram names[i] (Bins.ofWeighted columns[i] weights) ])
            (fun i j ->
                [
                    { Traces.points $"{names[j]}, {names[i]}" shown[j] shown[i] with
                        Legend = None
                    }
                    if mark.Length > 0 then
                        Traces.outlying outlying[j] outlying[i]
                ])

    /// Panels row by row, so many in a row, each with axes of its own. What has the same name in several is in the legend once.
    let tiles (columns: int) (panels: Panel list) : Chart =
        let named = System.Collections.Generic.HashSet<string>()

        let once (layer: Reporting.Layer) =
            match layer.Legend with
            | Some name when not (named.Add name) ->
                { layer with
                    Traces = layer.Traces >> List.map (Json.add [ "showlegend", Json.any false ])
                }
            | _ -> layer

        { Model.chart [] with
            Panels =
                panels
                |> List.mapi (fun i panel ->
                    { panel with
                        Row = i / columns
                        Column = i % columns
                        Layers = List.map once panel.Layers
                    })
        }
