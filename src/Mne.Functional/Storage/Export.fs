namespace Mne.Functional

open System
open System.Globalization
open System.IO
open System.Text

/// Numbers for other programs: text for spreadsheets, NumPy's format for Python.
[<RequireQualifiedAccess>]
module Export =

    let private create (path: string) : FileStream =
        if String.IsNullOrWhiteSpace path then
            Guard.fail "path" "found an empty path, wanted the name of a file"

        let full = Path.GetFullPath path

        match Path.GetDirectoryName full with
        | null -> Guard.fail "path" $"found the folder {full}, wanted the name of a file"
        | folder -> Directory.CreateDirectory folder |> ignore

        new FileStream(full, FileMode.Create)

    /// Writes draws as comma-separated text: a line of names x0, x1, …, logProposal, logWeight, then a line per draw, every number
    /// with as many digits as it takes to read the same bits back. Gives the file's full path.
    ///
    /// <example><code>draws |> Export.csv "output/draws.csv"</code></example>
    let csv (path: string) (draws: Draws) : string =
        use stream = create path
        use writer = new StreamWriter(stream, UTF8Encoding false)
        let points = Tensor.toArray2D draws.Points

        let columns =
            [
                for k in 0 .. Array2D.length2 points - 1 do
                    $"x{k}", points[*, k]

                "logProposal", Tensor.toArray draws.LogProposal
                "logWeight", Tensor.toArray draws.LogWeights
            ]

        let line (entries: string seq) =
            writer.Write(String.Join(",", entries) + "\n")

        line (List.map fst columns)

        for i in 0 .. Array2D.length1 points - 1 do
            line
                [
                    for _, values in columns -> values[i].ToString("R", CultureInfo.InvariantCulture)
                ]

        stream.Name

    /// Writes a tensor as a .npy file (format 1.0), to be read with `numpy.load`: float64 or float32, in its own shape, row by
    /// row. Gives the file's full path. Raises `ArgumentException` for other element types.
    ///
    /// <example><code>draws.Points |> Export.npy "output/points.npy"</code></example>
    let npy (path: string) (tensor: Tensor) : string =
        let precision = (Placement.ofTensor tensor).Precision
        use stream = create path
        use writer = new BinaryWriter(stream)

        let shape =
            match List.ofArray tensor.shape with
            | [ n ] -> $"({n},)"
            | shape -> shape |> List.map string |> String.concat ", " |> sprintf "(%s)"

        let kind = if precision = Float64 then "<f8" else "<f4"

        let description =
            $"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
        // Magic, version and length take 10 bytes; the data begin at a multiple of 64.
        let length = (10 + description.Length + 1 + 63) / 64 * 64 - 10
        writer.Write [| 0x93uy; byte 'N'; byte 'U'; byte 'M'; byte 'P'; byte 'Y'; 1uy; 0uy |]
        writer.Write(uint16 length)
        writer.Write(Encoding.ASCII.GetBytes(description.PadRight(length - 1) + "\n"))

        for value in Tensor.toArray tensor do
            match precision with
            | Float64 -> writer.Write value
            | Float32 -> writer.Write(float32 value)

        stream.Name
