namespace Mne.Functional

open System
open System.Globalization
open System.IO
open System.Text

/// <summary>Numbers for other programs: text for spreadsheets, NumPy's format for Python.</summary>
[<RequireQualifiedAccess>]
module Export =

    /// A text between commas: in quotes where it has any of its own (RFC 4180).
    let private field (text: string) =
        if text.IndexOfAny [| ','; '"'; '\n'; '\r' |] >= 0 then
            let doubled = text.Replace("\"", "\"\"")
            $"\"{doubled}\""
        else
            text

    /// Columns of numbers under their names.
    let private table (path: string) (columns: (string * float[]) list) : string =
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

    /// <summary>
    /// Writes draws as comma-separated text: a line of names x0, x1, …, logProposal, logWeight, then a line per draw,
    /// every number with as many digits as it takes to read the same bits back. Gives the file's full path; a file of
    /// that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <example><code>draws |&gt; Export.csv "output/draws.csv"</code></example>
    let csv (path: string) (draws: Draws) : string =
        DrawsFile.check draws
        let points = Tensor.toArray2D draws.Points

        table
            path
            [
                for k in 0 .. Array2D.length2 points - 1 do
                    $"x{k}", points[*, k]

                "logProposal", Tensor.toArray draws.LogProposal
                "logWeight", Tensor.toArray draws.LogWeights
            ]

    /// <summary>
    /// Writes draws of quantities with names as comma-separated text: a line of their labels and <c>logWeight</c>, then a line per draw, every number
    /// with as many digits as it takes to read the same bits back; labels with a comma, such as <c>Sigma[1,2]</c>, stand in quotes. Gives the file's
    /// full path; a file of that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">Draws are not whole, or the path is empty.</exception>
    /// <example><code>named |&gt; Export.namedCsv "output/named.csv"</code></example>
    let namedCsv (path: string) (draws: NamedDraws) : string =
        NamedDraws.check draws
        let values = Tensor.toArray2D draws.Values

        table
            path
            [
                for k, label in List.indexed (NamedDraws.labels draws) do
                    label, values[*, k]

                "logWeight", Tensor.toArray draws.LogWeights
            ]

    /// <summary>
    /// Writes a solution as comma-separated text: a line of names t, x0, x1, …, u (or u0, u1, … for several components), then a line for each point at each
    /// time, every number with as many digits as it takes to read the same bits back. Gives the file's full path; a file of that name is
    /// replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="times">One or more times, each between the beginning and the time that was reached.</param>
    /// <param name="points">Points, one per row (M × d), the same at all times.</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">There are no times, one lies outside the time span that was reached, or the points do not fit.</exception>
    /// <example><code>solution |&gt; Export.solutionCsv "output/heat.csv" [ 0.0 .. 0.1 .. 1.0 ] (Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ 2.0 ] ])</code></example>
    let solutionCsv (path: string) (times: float list) (points: Tensor) (solution: Solution) : string =
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

        table
            path
            [
                "t", times |> List.map (Array.replicate m) |> Array.concat

                for k in 0 .. Array2D.length2 x - 1 do
                    $"x{k}", repeated x[*, k]

                for k in 0 .. outputs - 1 do
                    (if outputs = 1 then "u" else $"u{k}"), [| for i in k..outputs .. u.Length - 1 -> u[i] |]
            ]

    /// <summary>
    /// Writes a tensor as a .npy file (format 1.0), to be read with <c>numpy.load</c>: float64 or float32, in its own
    /// shape, row by row. Gives the file's full path.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="tensor">Of any shape, float64 or float32.</param>
    /// <exception cref="T:System.ArgumentException">For other element types.</exception>
    /// <example><code>draws.Points |&gt; Export.npy "output/points.npy"</code></example>
    let npy (path: string) (tensor: Tensor) : string =
        let precision = (Placement.ofTensor tensor).Precision

        let shape =
            match List.ofArray tensor.shape with
            | [ n ] -> $"({n},)"
            | shape -> shape |> List.map string |> String.concat ", " |> sprintf "(%s)"

        let kind = if precision = Precision.Float64 then "<f8" else "<f4"

        let description =
            $"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"

        WholeFile.write path (fun stream ->
            use writer = new BinaryWriter(stream, Encoding.ASCII, leaveOpen = true)
            // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
            let length = (10 + description.Length + 1 + 63) / 64 * 64 - 10
            writer.Write [| 0x93uy; byte 'N'; byte 'U'; byte 'M'; byte 'P'; byte 'Y'; 1uy; 0uy |]
            writer.Write(uint16 length)
            writer.Write(Encoding.ASCII.GetBytes(description.PadRight(length - 1) + "\n"))

            for value in Tensor.toArray tensor do
                match precision with
                | Precision.Float64 -> writer.Write value
                | Precision.Float32 -> writer.Write(float32 value))
