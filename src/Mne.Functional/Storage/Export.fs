namespace Mne.Functional

open System.IO
open System.Text

/// <summary>Numbers for other programs: text for spreadsheets, Arrow for tables of any length, NumPy's format for Python.</summary>
[<RequireQualifiedAccess>]
module Export =

    /// <summary>
    /// Writes draws as comma-separated text: a line of names x0, x1, …, logProposal, logWeight, then a line per draw,
    /// every number with as many digits as it takes to read the same bits back. Gives the file's full path; a file of
    /// that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <example><code>draws |&gt; Export.csv "output/draws.csv"</code></example>
    let csv (path: string) (draws: Draws) : string =
        Columns.ofDraws draws |> Columns.csv path

    /// <summary>
    /// Writes draws as an Arrow file (IPC file format, also called Feather version 2), for pandas, polars, DuckDB, R and Julia: columns x0, x1, …, logProposal,
    /// logWeight of float64 without nulls, a row per draw, in record batches of at most 8 MB; numbers keep their bits, NaN and ∞ too. The metadata of the schema
    /// have the library and its version under <c>library</c>. Gives the file's full path; a file of that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws: points (M × d), log q (M) and log-weights (M).</param>
    /// <exception cref="T:System.ArgumentException">Draws are not whole, or the path is empty or that of a folder.</exception>
    /// <exception cref="T:System.IO.IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>draws |&gt; Export.arrow "output/draws.arrow"</code></example>
    let arrow (path: string) (draws: Draws) : string =
        Columns.ofDraws draws |> Columns.arrow path

    /// <summary>
    /// Writes draws of quantities with names as comma-separated text: a line of their labels and <c>logWeight</c>, then a line per draw, every number
    /// with as many digits as it takes to read the same bits back; labels with a comma, such as <c>Sigma[1,2]</c>, stand in quotes. Gives the file's
    /// full path; a file of that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">Draws are not whole, two columns would have one name, or the path is empty.</exception>
    /// <example><code>named |&gt; Export.namedCsv "output/named.csv"</code></example>
    let namedCsv (path: string) (draws: NamedDraws) : string =
        Columns.ofNamed draws |> Columns.csv path

    /// <summary>
    /// Writes draws of quantities with names as an Arrow file as <c>Export.arrow</c> does: a column of float64 for each label, such as
    /// <c>tau</c>, <c>theta[1]</c> or <c>Sigma[1,2]</c>, and <c>logWeight</c>, a row per draw. Gives the file's full path; a file of that name is replaced whole
    /// or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">Draws are not whole, two columns would have one name, or the path is empty or that of a folder.</exception>
    /// <exception cref="T:System.IO.IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>named |&gt; Export.namedArrow "output/named.arrow"</code></example>
    let namedArrow (path: string) (draws: NamedDraws) : string =
        Columns.ofNamed draws |> Columns.arrow path

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
        Columns.ofSolution times points solution |> Columns.csv path

    /// <summary>
    /// Writes a solution as an Arrow file as <c>Export.arrow</c> does: columns t, x0, x1, …, u (or u0, u1, … for several components) of
    /// float64, a row for each point at each time. Gives the file's full path; a file of that name is replaced whole or not at all.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="times">One or more times, each between the beginning and the time that was reached.</param>
    /// <param name="points">Points, one per row (M × d), the same at all times.</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">There are no times, one lies outside the time span that was reached, the points do not fit, or the path is
    /// empty or that of a folder.</exception>
    /// <exception cref="T:System.IO.IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>solution |&gt; Export.solutionArrow "output/heat.arrow" [ 0.0 .. 0.1 .. 1.0 ] (Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ 2.0 ] ])</code></example>
    let solutionArrow (path: string) (times: float list) (points: Tensor) (solution: Solution) : string =
        Columns.ofSolution times points solution |> Columns.arrow path

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
