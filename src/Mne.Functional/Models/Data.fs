namespace Mne.Functional

open System
open System.Globalization
open System.IO
open System.Text.Json

/// <summary>
/// Observations by name, as tensors in double precision: numbers (without dimensions), vectors (n), matrices (n × m) and longer arrays. They own their tensors.
/// </summary>
/// <example><code>
/// let data = Data.ofJson """{ "J": 2, "y": [28, 8], "sigma": [15, 10] }"""
/// let y, schools = data["y"], Data.count "J" data
/// </code></example>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Data internal (entries: Map<string, Result<Tensor, string>>) =

    /// <summary>What is there under that name.</summary>
    /// <exception cref="T:System.ArgumentException">There is nothing, or it is not made of numbers.</exception>
    member _.Item
        with get (name: string): Tensor =
            Guard.named "name" name

            match Map.tryFind name entries with
            | Some(Ok tensor) -> tensor
            | Some(Error reason) -> Guard.fail "name" $"\"{name}\": {reason}"
            | None ->
                let known =
                    entries |> Map.keys |> Seq.map (fun name -> $"\"{name}\"") |> String.concat ", "

                Guard.fail "name" $"found \"{name}\", wanted one of {known}"

    /// <summary>The names, in the order of the alphabet.</summary>
    member _.Names: string list = entries |> Map.keys |> List.ofSeq

    /// <summary>Names with their shapes.</summary>
    member data.Text =
        [
            for name, entry in Map.toSeq entries ->
                match entry with
                | Ok tensor when tensor.dim () = 0L -> name
                | Ok tensor -> $"{name} ({Guard.shapeName tensor.shape})"
                | Error _ -> $"{name} (no numbers)"
        ]
        |> String.concat ", "

    override data.ToString() = data.Text

    interface IDisposable with
        member _.Dispose() =
            for entry in entries.Values do
                entry |> Result.iter _.Dispose()

/// <summary>Observations from files.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Data =

    /// Numbers of an array, row by row, with its shape.
    type private Numbers = { Shape: int list; Values: float list }

    /// Stan's way to write what JSON has no numbers for.
    let private special (text: string) : float option =
        match text.ToLowerInvariant() with
        | "nan" -> Some nan
        | "inf"
        | "+inf"
        | "infinity"
        | "+infinity" -> Some infinity
        | "-inf"
        | "-infinity" -> Some -infinity
        | _ -> None

    let rec private read (element: JsonElement) : Result<Numbers, string> =
        match element.ValueKind with
        | JsonValueKind.Number ->
            Ok
                {
                    Shape = []
                    Values = [ element.GetDouble() ]
                }
        | JsonValueKind.String ->
            let text = element.GetString() |> Unchecked.nonNull

            match special text with
            | Some value -> Ok { Shape = []; Values = [ value ] }
            | None -> Error $"found the text \"{text}\", wanted numbers"
        | JsonValueKind.Array ->
            let parts = [ for part in element.EnumerateArray() -> read part ]

            match
                parts
                |> List.tryPick (function
                    | Error reason -> Some reason
                    | Ok _ -> None)
            with
            | Some reason -> Error reason
            | None ->
                let parts =
                    parts
                    |> List.choose (function
                        | Ok numbers -> Some numbers
                        | Error _ -> None)

                match parts |> List.map _.Shape |> List.distinct with
                | [] -> Ok { Shape = [ 0 ]; Values = [] }
                | [ shape ] ->
                    Ok
                        {
                            Shape = parts.Length :: shape
                            Values = parts |> List.collect _.Values
                        }
                | _ -> Error "found rows of different lengths, wanted rows of the same"
        | other -> Error $"found {other}, wanted numbers or arrays of numbers"

    let private tensor (numbers: Numbers) : Tensor =
        (Tensor.ofArray Placement.float64 (Array.ofList numbers.Values))
            .reshape(numbers.Shape |> List.map int64 |> Array.ofList)

    /// <summary>Observations from text in JSON as Stan reads it: an object whose entries are numbers, arrays, or arrays of arrays.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="T:System.ArgumentException">It is not an object of JSON. An entry that is not made of numbers is refused when it is asked for, by name.</exception>
    let ofJson (text: string) : Data =
        if isNull (box text) then
            Guard.fail "text" "found null, wanted JSON such as {\"y\": [1, 2]}"

        use document =
            try
                JsonDocument.Parse text
            with :? JsonException as error ->
                Guard.fail "text" $"this is not JSON: {error.Message}"

        if document.RootElement.ValueKind <> JsonValueKind.Object then
            Guard.fail "text" $"found {document.RootElement.ValueKind}, wanted an object such as {{\"y\": [1, 2]}}"

        new Data(
            Map.ofList
                [
                    for entry in document.RootElement.EnumerateObject() ->
                        entry.Name, read entry.Value |> Result.map tensor
                ]
        )

    /// The fields of a line; those in quotation marks may hold commas, and doubled quotation marks.
    let private fields (line: string) : string list =
        let rec go (i: int) (quoted: bool) (field: string) (before: string list) =
            if i = line.Length then
                List.rev (field.Trim() :: before)
            else
                match line[i] with
                | '"' when quoted && i + 1 < line.Length && line[i + 1] = '"' -> go (i + 2) true (field + "\"") before
                | '"' -> go (i + 1) (not quoted) field before
                | ',' when not quoted -> go (i + 1) false "" (field.Trim() :: before)
                | c -> go (i + 1) quoted (field + string c) before

        go 0 false "" []

    /// <summary>Observations from comma-separated text with names in its first line: a vector for each column of numbers.</summary>
    /// <param name="text">The text, with decimal points whatever the language of the system.</param>
    /// <exception cref="T:System.ArgumentException">There are no rows, rows differ in length, or two columns have one name. A column with something else than numbers is refused when it is asked for.</exception>
    let ofCsv (text: string) : Data =
        if isNull (box text) then
            Guard.fail "text" "found null, wanted lines of comma-separated numbers"

        let lines =
            text.ReplaceLineEndings("\n").Split '\n'
            |> Array.indexed
            |> Array.filter (fun (_, line) -> not (String.IsNullOrWhiteSpace line))

        if lines.Length < 2 then
            Guard.fail "text" $"found {lines.Length} lines, wanted names and one row at least"

        let names = fields (snd lines[0])

        match
            names
            |> List.countBy id
            |> List.tryFind (fun (name, count) -> count > 1 || name = "")
        with
        | Some("", _) -> Guard.fail "text" "a column has no name; give each one in the first line"
        | Some(name, _) -> Guard.fail "text" $"two columns are called \"{name}\"; give each a name of its own"
        | None -> ()

        let rows =
            lines[1..]
            |> Array.map (fun (number, line) ->
                let row = Array.ofList (fields line)

                if row.Length <> names.Length then
                    Guard.fail "text" $"line {number + 1} has {row.Length} fields, and there are {names.Length} names"

                number + 1, row)

        let column (k: int) : Result<Tensor, string> =
            let parsed =
                rows
                |> Array.map (fun (line, row) ->
                    match Double.TryParse(row[k], NumberStyles.Float, CultureInfo.InvariantCulture) with
                    | true, value -> Ok value
                    | _ -> Error $"found \"{row[k]}\" in line {line}, wanted a number in every row")

            match
                parsed
                |> Array.tryPick (function
                    | Error reason -> Some reason
                    | Ok _ -> None)
            with
            | Some reason -> Error reason
            | None ->
                parsed
                |> Array.map (Result.defaultValue nan)
                |> Tensor.ofArray Placement.float64
                |> Ok

        new Data(Map.ofList (names |> List.mapi (fun k name -> name, column k)))

    let private fileText (path: string) : string = File.ReadAllText(Guard.file path)

    /// <summary>Observations from a file of JSON as Stan reads it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="T:System.ArgumentException">It does not hold an object of JSON.</exception>
    /// <exception cref="T:System.IO.IOException">It cannot be read.</exception>
    /// <example><code>
    /// System.IO.File.WriteAllText("schools.json", """{ "J": 2, "y": [28, 8], "sigma": [15, 10] }""")
    /// let y = (Data.json "schools.json")["y"]
    /// </code></example>
    let json (path: string) : Data = ofJson (fileText path)

    /// <summary>Observations from a file of comma-separated numbers with names in its first line.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="T:System.ArgumentException">There are no rows, rows differ in length, or two columns have one name.</exception>
    /// <exception cref="T:System.IO.IOException">It cannot be read.</exception>
    /// <example><code>
    /// System.IO.File.WriteAllText("growth.csv", "age,height\n1,74.5\n2,86.2\n")
    /// let heights = (Data.csv "growth.csv")["height"]
    /// </code></example>
    let csv (path: string) : Data = ofCsv (fileText path)

    /// <summary>The number of that name.</summary>
    /// <param name="name">As the file has it.</param>
    /// <param name="data">Observations.</param>
    /// <exception cref="T:System.ArgumentException">There is none, or it is an array.</exception>
    let number (name: string) (data: Data) : float =
        let found = data[name]

        if found.numel () <> 1L then
            Guard.fail "name" $"\"{name}\" has the shape {Guard.shapeName found.shape}, wanted one number"

        Tensor.toFloat found

    /// <summary>The whole number of that name, such as how many observations there are.</summary>
    /// <param name="name">As the file has it.</param>
    /// <param name="data">Observations.</param>
    /// <exception cref="T:System.ArgumentException">There is none, or it is no whole number.</exception>
    let count (name: string) (data: Data) : int =
        let value = number name data

        if value <> Math.Round value || abs value > float Int32.MaxValue then
            Guard.fail "name" $"\"{name}\" is {value}, wanted a whole number"

        int value
