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

    /// A histogram of each column of weighted values on the diagonal, a cloud of every two of them below it.
    let corner (names: string[]) (columns: float[][]) (weights: float[]) : Chart =
        // Resampled, so that the clouds show the weights too.
        let chosen = weights |> Resampling.systematic 0.5 (min 1600 weights.Length)

        let picked = [| for column in columns -> chosen |> Array.map (fun n -> column[n]) |]

        // What has weight is to be seen; a stray draw without any must not set the scale.
        let ranges =
            [|
                for shown in picked -> Some(Model.roomy (Array.min shown, Array.max shown))
            |]

        let last = names.Length - 1

        /// The panel in row i and column j ≤ i, row by row.
        let index i j = i * (i + 1) / 2 + j

        let panel i j =
            let layer =
                if i = j then
                    Traces.histogram names[i] (Bins.ofWeighted columns[i] weights)
                else
                    Traces.points $"{names[j]}, {names[i]}" picked[j] picked[i]

            { (Model.chart [ layer ]).Panels.Head with
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
