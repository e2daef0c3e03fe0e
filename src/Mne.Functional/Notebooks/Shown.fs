namespace Mne.Functional.Notebooks

open System
open System.Net
open System.Reflection
open System.Runtime.CompilerServices
open Microsoft.FSharp.Reflection
open Mne.Functional

/// What is shown of a value: never the functions and tensors inside it, which say nothing to a reader.
[<RequireQualifiedAccess>]
type internal Shown =
    | Text of string
    | Html of text: string * html: string
    | Fields of (string * Shown) list

module internal Shown =

    /// Rows of a table of draws; NamedDraws.select chooses others.
    let private mostRows = 50

    /// Whether somebody wrote what the type says of itself, which the compiler does for records and unions otherwise.
    let private speaks (kind: Type) =
        match kind.GetMethod("ToString", Type.EmptyTypes) with
        | null -> false
        | method ->
            method.DeclaringType <> typeof<obj>
            && not (method.IsDefined(typeof<CompilerGeneratedAttribute>, false))

    let private isFunction (kind: Type) =
        FSharpType.IsFunction kind || typeof<Delegate>.IsAssignableFrom kind

    let private tensor (tensor: Tensor) =
        match List.ofArray tensor.shape with
        | [] -> $"{tensor.dtype} number"
        | [ n ] -> $"{tensor.dtype} vector of {n}"
        | shape ->
            shape
            |> List.map string
            |> String.concat " × "
            |> sprintf "%O tensor, %s" tensor.dtype

    let private short (text: string) =
        if text.Length > 600 then text[..599] + " …" else text

    /// A row for each number, as summaries have them.
    let private summary (draws: NamedDraws) : Shown =
        let labels = NamedDraws.labels draws
        let text = string draws

        try
            let summary = Summary.create 0.9 draws

            let few =
                { summary with
                    Entries = List.truncate mostRows summary.Entries
                }

            let rest =
                if labels.Length > mostRows then
                    $"<p>… and {labels.Length - mostRows} more</p>"
                else
                    ""

            Shown.Html(text, few.Html + rest)
        // Draws that are not whole are looked at too.
        with :? ArgumentException as problem ->
            Shown.Text $"{text}\n{problem.Message}"

    /// What a value of the C# facade stands for.
    let private inner (kind: Type) =
        kind.GetProperty("Inner", BindingFlags.Instance ||| BindingFlags.NonPublic)

    let rec describe (value: obj | null) : Shown =
        match value with
        | null -> Shown.Text "none"
        | value ->
            let kind = value.GetType()

            match value with
            | :? Draws as draws ->
                let names = [ for k in 0 .. int draws.Points.shape[1] - 1 -> $"x{k}" ]

                match summary (NamedDraws.ofDraws names draws) with
                | Shown.Html(_, html) -> Shown.Html(string draws, html)
                | other -> other
            | :? NamedDraws as draws -> summary draws
            | :? Tensor as inside -> Shown.Text(tensor inside)
            | :? float as number -> Shown.Text(Table.short 6 number)
            | _ ->
                match kind.GetProperty "Html" with
                | null when isFunction kind -> Shown.Text "a function"
                // An option says something of itself, but spells out what is in it.
                | null when kind.IsGenericType && kind.GetGenericTypeDefinition() = typedefof<option<_>> ->
                    describe ((nonNull (kind.GetProperty "Value")).GetValue value)
                | null when not (isNull (inner kind)) -> describe ((nonNull (inner kind)).GetValue value)
                | null when speaks kind -> Shown.Text(string value)
                | null when FSharpType.IsRecord(kind, BindingFlags.Public ||| BindingFlags.NonPublic) ->
                    Shown.Fields
                        [
                            for field in FSharpType.GetRecordFields kind -> field.Name, describe (field.GetValue value)
                        ]
                | null -> Shown.Text(short $"%A{value}")
                | property ->
                    match property.GetValue value with
                    | :? string as html -> Shown.Html(string value, html)
                    | _ -> Shown.Text(string value)

    let rec private lines (indent: string) (shown: Shown) : string list =
        match shown with
        | Shown.Text text
        | Shown.Html(text, _) -> text.Split '\n' |> Array.map (fun line -> indent + line) |> List.ofArray
        | Shown.Fields fields ->
            [
                for name, value in fields do
                    match lines "" value with
                    | [ line ] -> $"{indent}{name}: {line}"
                    | _ ->
                        $"{indent}{name}:"
                        yield! lines (indent + "  ") value
            ]

    /// Some numbers in a row, of many those at the ends.
    let private row (values: float[]) : string =
        let numbers = Array.map (Table.short 6) values

        if numbers.Length > 12 then
            String.concat "  " [ yield! numbers[..5]; "…"; yield! numbers[numbers.Length - 6 ..] ]
        else
            String.concat "  " numbers

    /// The numbers of a vector or a matrix, of a large one those at the ends.
    let private numbers (values: Tensor) : string list =
        match List.ofArray values.shape with
        | []
        | [ _ ] -> [ row (Tensor.toArray values) ]
        | [ rows; _ ] ->
            let at (first: int64) count =
                [
                    for k in first .. first + count - 1L -> Scope.free (fun () -> row (Tensor.toArray values[k]))
                ]

            if rows > 12L then
                at 0L 6L @ [ "…" ] @ at (rows - 6L) 6L
            else
                at 0L rows
        | _ -> []

    /// A tensor by itself is shown with its numbers; inside a record its shape is enough.
    let private whole (value: obj) : Shown =
        match value with
        | :? Tensor as inside -> tensor inside :: numbers inside |> String.concat "\n" |> Shown.Text
        | _ -> describe value

    /// As text: what the value says of itself, or a line for each field.
    let text (value: obj) : string =
        lines "" (whole value) |> String.concat "\n"

    let rec private markup (shown: Shown) : string =
        match shown with
        | Shown.Html(_, html) -> html
        | Shown.Text text when text.Contains '\n' -> $"<pre>{WebUtility.HtmlEncode text}</pre>"
        | Shown.Text text -> $"<span>{WebUtility.HtmlEncode text}</span>"
        | Shown.Fields fields ->
            fields
            |> List.map (fun (name, value) ->
                $"<tr><th style=\"text-align:left;vertical-align:top\">{WebUtility.HtmlEncode name}</th><td style=\"text-align:left\">{markup value}</td></tr>")
            |> String.concat ""
            |> sprintf "<table><tbody>%s</tbody></table>"

    /// As HTML: a table where the value has one or is a record, text as it stands elsewhere.
    let html (value: obj) : string = markup (whole value)
