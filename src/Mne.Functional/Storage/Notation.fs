namespace Mne.Functional

open System
open System.Collections
open System.Globalization
open System.Runtime.CompilerServices
open System.Text.Json.Nodes
open Microsoft.FSharp.Reflection

/// Descriptions (networks, equations, options) as JSON: any value made of unions, records, tuples, lists, arrays, options, sets
/// of derivatives, tensors, numbers and text. A union case is its name, or {"Name": [fields]}; a record an object; a number
/// the shortest decimal that reads back to the same bits. Functions are left out; what is read in their place raises. A method is its
/// tableau and a controller its gains; those that have none are their names, which do nothing when read.
module internal Notation =

    let private refuse (message: string) : 'a = Guard.fail "path" message

    let private number (value: float) : JsonNode | null =
        if Double.IsFinite value then
            JsonValue.Create value
        else
            JsonValue.Create(value.ToString("R", CultureInfo.InvariantCulture))

    let private isFloat t = t = typeof<float>

    /// Descriptions nest as deep as what they describe: an equation of n summands about 2 n levels deep. The limit is the stack.
    let private checkDepth () =
        try
            RuntimeHelpers.EnsureSufficientExecutionStack()
        with :? InsufficientExecutionStackException ->
            refuse
                "a description is nested too deep for a file (thousands of levels); write long sums of terms as a balanced tree, or as one Term.custom"

    /// The element type of a list, or None.
    let private elementOfList (t: Type) =
        if t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<_ list> then
            Some(t.GetGenericArguments()[0])
        else
            None

    let rec private encode (t: Type) (value: objnull) : JsonNode | null =
        checkDepth ()

        let array (items: (JsonNode | null) seq) =
            JsonArray(Seq.toArray items) :> JsonNode

        if FSharpType.IsFunction t then
            null
        elif t = typeof<Method> then
            let method = unbox<Method> value

            match method.Tableau with
            | Some tableau -> encode typeof<Tableau> tableau
            | None -> JsonValue.Create method.Name
        elif t = typeof<Controller> then
            let controller = unbox<Controller> value

            match controller.Gains with
            | Some gains -> encode typeof<Gains> gains
            | None -> JsonValue.Create controller.Name
        elif isFloat t then
            number (unbox value)
        elif t = typeof<int> then
            JsonValue.Create(unbox<int> value)
        elif t = typeof<bool> then
            JsonValue.Create(unbox<bool> value)
        elif t = typeof<string> then
            JsonValue.Create(unbox<string> value)
        elif t = typeof<TimeSpan> then
            JsonValue.Create((unbox<TimeSpan> value).ToString "c")
        elif t = typeof<Tensor> then
            let tensor = unbox<Tensor> value

            JsonObject(
                [
                    Generic.KeyValuePair("placement", encode typeof<Precision> (Placement.ofTensor tensor).Precision)
                    Generic.KeyValuePair("shape", array [ for n in tensor.shape -> JsonValue.Create n ])
                    Generic.KeyValuePair("values", array [ for v in Tensor.toArray tensor -> number v ])
                ]
            )
        elif t = typeof<float[,]> then
            let matrix = unbox<float[,]> value

            array
                [
                    for i in 0 .. Array2D.length1 matrix - 1 -> array [ for v in matrix[i, *] -> number v ]
                ]
        elif t = typeof<Set<Derivative>> then
            array [ for d in unbox<Set<Derivative>> value -> encode typeof<Derivative> d ]
        elif t.IsArray then
            let element = Option.ofObj (t.GetElementType()) |> Option.get
            array [ for item in (Unchecked.nonNull value :?> IEnumerable) -> encode element item ]
        elif (elementOfList t).IsSome then
            let element = (elementOfList t).Value
            array [ for item in (Unchecked.nonNull value :?> IEnumerable) -> encode element item ]
        elif FSharpType.IsTuple t then
            array (
                Seq.map2 encode (FSharpType.GetTupleElements t) (FSharpValue.GetTupleFields(Unchecked.nonNull value))
            )
        elif FSharpType.IsRecord t then
            JsonObject(
                [
                    for field in FSharpType.GetRecordFields t ->
                        Generic.KeyValuePair(
                            field.Name,
                            encode field.PropertyType (FSharpValue.GetRecordField(Unchecked.nonNull value, field))
                        )
                ]
            )
        elif FSharpType.IsUnion t then
            let case, fields = FSharpValue.GetUnionFields(value, t)

            if fields.Length = 0 then
                JsonValue.Create case.Name
            else
                let types = case.GetFields() |> Seq.map _.PropertyType
                JsonObject([ Generic.KeyValuePair(case.Name, array (Seq.map2 encode types fields)) ])
        else
            // Cancellation tokens and the like mean nothing in another process.
            null

    let private make (value: 'a) : objnull = box value

    /// What stands for a function that was not kept.
    let private lost _ =
        refuse
            "the value was read from a file, and functions are not kept in files: give the equation, network, target, method or controller with its functions again"

    /// A method without a tableau: the one of ours, or the caller's own, of which only the name is known.
    let private methodNamed (name: string) : Method =
        match
            [ Method.stabilised; Method.automatic ]
            |> List.tryFind (fun own -> own.Name = name)
        with
        | Some own -> own
        | None ->
            { Method.dormandPrince54 with
                Name = name
                Tableau = None
                Start = fun _ _ _ _ -> lost
                Step = fun _ _ _ _ -> lost
            }

    let private controllerNamed (name: string) : Controller = Controller.create name (fun _ -> lost)

    let private items (t: Type) (node: JsonNode | null) =
        match node with
        | :? JsonArray as array -> List.ofSeq array
        | _ -> refuse $"found %A{node} where the file should list values of {t.Name}"

    let rec private decode (t: Type) (node: JsonNode | null) : objnull =
        checkDepth ()

        if FSharpType.IsFunction t then
            FSharpValue.MakeFunction(t, lost)
        else
            match node with
            | null -> refuse $"the file has nothing where it should have a value of {t.Name}"
            | node ->
                if t = typeof<Method> then
                    match node with
                    | :? JsonObject -> make (Method.ofTableau (decodeAs<Tableau> node))
                    | _ -> make (methodNamed (node.GetValue<string>()))
                elif t = typeof<Controller> then
                    match node with
                    | :? JsonObject -> make (Controller.ofGains (decodeAs<Gains> node))
                    | _ -> make (controllerNamed (node.GetValue<string>()))
                elif isFloat t then
                    match node.GetValueKind() with
                    | Text.Json.JsonValueKind.String ->
                        Double.Parse(node.GetValue<string>(), CultureInfo.InvariantCulture)
                    | _ -> node.GetValue<float>()
                    |> make
                elif t = typeof<int> then
                    make (node.GetValue<int>())
                elif t = typeof<bool> then
                    make (node.GetValue<bool>())
                elif t = typeof<string> then
                    make (node.GetValue<string>())
                elif t = typeof<TimeSpan> then
                    make (TimeSpan.ParseExact(node.GetValue<string>(), "c", CultureInfo.InvariantCulture))
                elif t = typeof<Tensor> then
                    make (tensor node)
                elif t = typeof<float[,]> then
                    let rows = [| for row in items t node -> floats row |]
                    make (Array2D.init rows.Length rows[0].Length (fun i j -> rows[i][j]))
                elif t = typeof<Set<Derivative>> then
                    make (Set.ofList [ for item in items t node -> decodeAs<Derivative> item ])
                else
                    compound t node

    and private decodeAs<'a> (node: JsonNode | null) : 'a = unbox<'a>(decode typeof<'a> node)

    and private floats (node: JsonNode | null) : float[] =
        [| for item in items typeof<float[]> node -> decodeAs<float> item |]

    and private tensor (node: JsonNode) : Tensor =
        let placement =
            { Placement.float64 with
                Precision = decodeAs<Precision> node["placement"]
            }

        let shape =
            [| for n in items typeof<int[]> node["shape"] -> int64 (decodeAs<int> n) |]

        // A description outlives the scope in which it is read.
        ((Tensor.ofArray placement (floats node["values"])).reshape shape).DetachFromDisposeScope()

    /// Arrays, lists, tuples, records and unions: part by part.
    and private compound (t: Type) (node: JsonNode) : objnull =
        if t.IsArray then
            let element = Option.ofObj (t.GetElementType()) |> Option.get
            let values = items t node
            let result = Array.CreateInstance(element, values.Length)
            values |> List.iteri (fun i item -> result.SetValue(decode element item, i))
            make result
        elif (elementOfList t).IsSome then
            let element = (elementOfList t).Value
            let cases = FSharpType.GetUnionCases t
            let empty, cons = cases[0], cases[1]

            (items t node, FSharpValue.MakeUnion(empty, [||]))
            ||> List.foldBack (fun item rest -> FSharpValue.MakeUnion(cons, [| decode element item; rest |]))
        elif FSharpType.IsTuple t then
            let types = FSharpType.GetTupleElements t |> List.ofArray
            FSharpValue.MakeTuple(Array.ofList (List.map2 decode types (items t node)), t)
        elif FSharpType.IsRecord t then
            FSharpValue.MakeRecord(
                t,
                [|
                    for field in FSharpType.GetRecordFields t -> decode field.PropertyType node[field.Name]
                |]
            )
        elif FSharpType.IsUnion t then
            let name, fields =
                match node with
                | :? JsonObject as o when o.Count = 1 -> (Seq.head o).Key, items t (Seq.head o).Value
                | _ -> node.GetValue<string>(), []

            match FSharpType.GetUnionCases t |> Array.tryFind (fun case -> case.Name = name) with
            | Some case when case.GetFields().Length = fields.Length ->
                let types = [ for field in case.GetFields() -> field.PropertyType ]
                FSharpValue.MakeUnion(case, Array.ofList (List.map2 decode types fields))
            | _ ->
                refuse
                    $"the file has a {t.Name} \"{name}\", which this version of the library does not know; read it with the version that wrote it (attribute \"library\")"
        else
            refuse $"values of {t.Name} are not kept in files"

    /// The text of a value of the given type.
    let writeAs (t: Type) (value: objnull) : string =
        match encode t value with
        | null -> "null"
        | node ->
            node.ToJsonString(
                Text.Json.JsonSerializerOptions(
                    Encoder = Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                    MaxDepth = Int32.MaxValue
                )
            )

    /// A value of the given type from its text. Raises `ArgumentException` when the text does not describe one.
    let readAs (t: Type) (text: string) : objnull =
        let node =
            try
                JsonNode.Parse(text, documentOptions = Text.Json.JsonDocumentOptions(MaxDepth = Int32.MaxValue))
            with :? Text.Json.JsonException as error ->
                refuse $"a description in the file is damaged ({error.Message})"

        try
            decode t node
        with
        | :? InvalidOperationException
        | :? FormatException -> refuse $"the file has a description that does not describe a {t.Name}: {text}"

    /// The text of a value.
    let write (value: 'a) : string = writeAs typeof<'a> (box value)

    /// A value from its text.
    let read<'a> (text: string) : 'a = unbox<'a>(readAs typeof<'a> text)
