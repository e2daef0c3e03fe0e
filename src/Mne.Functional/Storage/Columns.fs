namespace Mne.Functional

open System
open System.Globalization
open System.IO
open System.Text
open Apache.Arrow.Ipc
open Apache.Arrow.Types

/// Columns of numbers, as many in each, under names that differ: a table for other programs, whatever the format of its file.
type internal Columns = (string * float[]) list

module internal Columns =

    let ofDraws (draws: Draws) : Columns =
        DrawsFile.check draws
        let points = Tensor.toArray2D draws.Points

        [
            for k in 0 .. Array2D.length2 points - 1 do
                $"x{k}", points[*, k]

            "logProposal", Tensor.toArray draws.LogProposal
            "logWeight", Tensor.toArray draws.LogWeights
        ]

    let ofNamed (draws: NamedDraws) : Columns =
        NamedDraws.check draws
        let values = Tensor.toArray2D draws.Values
        let names = NamedDraws.labels draws @ [ "logWeight" ]

        // Names of quantities differ, but a number may be called as a part of a vector is, or as the weights are.
        match names |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) ->
            Guard.fail "draws" $"{count} columns would be called \"{name}\"; give each quantity a name of its own"
        | None -> ()

        [
            for k, label in List.indexed names[.. names.Length - 2] do
                label, values[*, k]

            "logWeight", Tensor.toArray draws.LogWeights
        ]

    /// A row for each point at each time.
    let ofSolution (times: float list) (points: Tensor) (solution: Solution) : Columns =
        if times.IsEmpty then
            Guard.fail (nameof times) "found none, wanted one or more"

        Guard.points (nameof points) solution.Network.Domain.Dimension points
        let x = Tensor.toArray2D points
        let m, outputs = Array2D.length1 x, solution.Network.Outputs

        // Point by point at each time.
        let u =
            times
            |> List.map (fun t -> Scope.free (fun () -> solution |> Solution.evaluate t points |> Tensor.toArray))
            |> Array.concat

        let repeated (column: float[]) =
            times |> List.map (fun _ -> column) |> Array.concat

        [
            "t", times |> List.map (Array.replicate m) |> Array.concat

            for k in 0 .. Array2D.length2 x - 1 do
                $"x{k}", repeated x[*, k]

            for k in 0 .. outputs - 1 do
                (if outputs = 1 then "u" else $"u{k}"), [| for i in k..outputs .. u.Length - 1 -> u[i] |]
        ]

    /// A text between commas: in quotes where it has any of its own (RFC 4180).
    let private field (text: string) =
        if text.IndexOfAny [| ','; '"'; '\n'; '\r' |] >= 0 then
            let doubled = text.Replace("\"", "\"\"")
            $"\"{doubled}\""
        else
            text

    /// Comma-separated text.
    let csv (path: string) (columns: Columns) : string =
        WholeFile.write path (fun stream ->
            use writer = new StreamWriter(stream, UTF8Encoding false, leaveOpen = true)

            let line (entries: string seq) =
                writer.Write(String.Join(",", entries) + "\n")

            line (columns |> List.map (fst >> field))

            for i in 0 .. (snd columns.Head).Length - 1 do
                line
                    [
                        for _, values in columns -> values[i].ToString("R", CultureInfo.InvariantCulture)
                    ])

    /// So many numbers are in a record batch at most, where a row has no more: 8 MB.
    let private batch = 1 <<< 20

    /// Arrow's file format: float64, never null, in record batches; the library's version beside the names.
    let arrow (path: string) (columns: Columns) : string =
        let schema =
            Apache.Arrow.Schema(
                [
                    for name, _ in columns -> Apache.Arrow.Field(name, DoubleType.Default, nullable = false)
                ],
                dict [ "library", Hdf5.library ]
            )

        let rows = (snd columns.Head).Length
        let atOnce = max 1 (batch / columns.Length)

        WholeFile.write path (fun stream ->
            use writer = new ArrowFileWriter(stream, schema, leaveOpen = true)
            writer.WriteStart()

            for first in 0..atOnce .. rows - 1 do
                let count = min atOnce (rows - first)

                let part (values: float[]) : Apache.Arrow.IArrowArray =
                    let numbers =
                        Apache.Arrow.ArrowBuffer
                            .Builder<float>(count)
                            .Append(ReadOnlySpan(values, first, count))
                            .Build()

                    new Apache.Arrow.DoubleArray(numbers, Apache.Arrow.ArrowBuffer.Empty, count, 0, 0)

                use rows =
                    new Apache.Arrow.RecordBatch(schema, [ for _, values in columns -> part values ], count)

                writer.WriteRecordBatch rows

            writer.WriteEnd())
