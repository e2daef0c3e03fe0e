/// Wrong values in place of a right one, found by its type: a level deeper in records, unions, tuples, lists, options and functions.
module Mne.Functional.Tests.Wrong

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections
open System.Linq.Expressions
open System.Reflection
open Microsoft.FSharp.Reflection
open TorchSharp
open Mne.Functional

/// What is wrong, which says what may come of it.
[<RequireQualifiedAccess>]
type Kind =
    /// null, or a tensor that was disposed of: refused.
    | Absent
    /// NaN: refused, or seen in the result.
    | NotANumber
    /// ±∞: refused, or a value.
    | Infinite
    /// 0, negative, empty, the largest and the smallest there are: refused, or a value without NaN.
    | Extreme
    /// Another number of dimensions, rows or columns: refused, or a value without NaN.
    | Shape
    /// Another type of elements: refused, or a value without NaN.
    | ElementType

type Wrong =
    {
        /// What was changed to what.
        Name: string
        Kind: Kind
        Value: unit -> obj
    }

let private wrong name kind (value: unit -> 'a) =
    {
        Name = name
        Kind = kind
        Value = fun () -> box (value ())
    }

let private floats =
    [
        "NaN", Kind.NotANumber, nan
        "∞", Kind.Infinite, infinity
        "-∞", Kind.Infinite, -infinity
        "0", Kind.Extreme, 0.0
        "-1", Kind.Extreme, -1.0
        "1e308", Kind.Extreme, 1e308
        "5e-324", Kind.Extreme, 5e-324
    ]

let private integers = [ 0; -1; Int32.MinValue; Int32.MaxValue ]

let private texts =
    [
        "empty", ""
        "blank", "  "
        "a folder", IO.Path.GetTempPath()
        "a NUL", "a\000b"
        "300 letters", String('x', 300)
    ]

/// The tensor, changed in shape, element type or values.
let private tensors (right: torch.Tensor) : Wrong list =
    let shape = right.shape
    let rank = shape.Length

    let put value () =
        let copy = right.detach().clone()
        copy.reshape(-1L).narrow(0L, 0L, 1L).FillInPlace value |> ignore
        copy

    let cast (dtype: torch.ScalarType) () = right.detach().``to`` dtype

    [
        wrong "disposed" Kind.Absent (fun () ->
            let copy = right.detach().clone()
            copy.Dispose()
            copy)
        wrong "with NaN" Kind.NotANumber (put nan)
        wrong "with ∞" Kind.Infinite (put infinity)
        wrong "with 1e308" Kind.Extreme (put 1e308)
        wrong "one dimension more" Kind.Shape (fun () -> right.detach().unsqueeze -1L)
        for dtype in
            [
                torch.ScalarType.Int64
                torch.ScalarType.Bool
                torch.ScalarType.ComplexFloat64
                torch.ScalarType.Float16
                torch.ScalarType.Float32
            ] do
            wrong (string dtype) Kind.ElementType (cast dtype)
        if rank > 0 then
            wrong "a scalar" Kind.Shape (fun () -> Tensor.scalar Placement.float64 1.0)
            wrong "no rows" Kind.Extreme (fun () -> right.detach().narrow(0L, 0L, 0L))

            wrong "a row more" Kind.Shape (fun () ->
                torch.cat (ResizeArray [ right.detach (); right.detach().narrow(0L, 0L, 1L) ], 0L))
        if rank > 1 then
            wrong "a vector" Kind.Shape (fun () -> right.detach().reshape -1L)
            wrong "no columns" Kind.Extreme (fun () -> right.detach().narrow(1L, 0L, 0L))

            wrong "a column more" Kind.Shape (fun () ->
                torch.cat (ResizeArray [ right.detach (); right.detach().narrow(1L, 0L, 1L) ], 1L))
    ]

let private call (f: obj) (argument: obj) =
    let invoke =
        f.GetType().GetMethods()
        |> Array.find (fun m -> m.Name = "Invoke" && m.GetParameters().Length = 1)

    invoke.Invoke(f, BindingFlags.DoNotWrapExceptions, null, [| argument |], null)

/// A curried function with its last result changed.
let rec private resultChanged (t: Type) (f: obj) (change: obj -> obj) : obj =
    let _, range = FSharpType.GetFunctionElements t

    FSharpValue.MakeFunction(
        t,
        fun argument ->
            let result = call f argument

            if FSharpType.IsFunction range then
                resultChanged range result change
            else
                change result
    )

let rec private lastResult (t: Type) =
    let _, range = FSharpType.GetFunctionElements t

    if FSharpType.IsFunction range then
        lastResult range
    else
        range

/// A delegate with its result changed.
let private delegateChanged (t: Type) (f: Delegate) (change: obj -> obj) : obj =
    let signature = t.GetMethod "Invoke" |> Unchecked.nonNull

    let parameters =
        signature.GetParameters()
        |> Array.map (fun p -> Expression.Parameter(p.ParameterType, p.Name))

    let run =
        Func<obj[], obj>(fun arguments ->
            change (f.Method.Invoke(f.Target, BindingFlags.DoNotWrapExceptions, null, arguments, null)))

    let boxed =
        parameters
        |> Array.map (fun p -> Expression.Convert(p, typeof<obj>) :> Expression)

    Expression
        .Lambda(
            t,
            Expression.Convert(
                Expression.Invoke(Expression.Constant run, Expression.NewArrayInit(typeof<obj>, boxed)),
                signature.ReturnType
            ),
            parameters
        )
        .Compile()

/// What a user's function raises, which has to come out as it is.
exception OfTheUser

let private nullable (t: Type) = not t.IsValueType

let private isList (t: Type) =
    t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<list<_>>

let private isOption (t: Type) =
    t.IsGenericType && t.GetGenericTypeDefinition() = typedefof<option<_>>

let private isTuple (t: Type) = FSharpType.IsTuple t

let private makeList (t: Type) (items: obj list) : obj =
    let cases = FSharpType.GetUnionCases t
    let empty = FSharpValue.MakeUnion(cases[0], [||])
    List.foldBack (fun item rest -> FSharpValue.MakeUnion(cases[1], [| item; rest |])) items empty

let private makeArray (t: Type) (items: obj list) : obj =
    let array =
        Array.CreateInstance(t.GetElementType() |> Unchecked.nonNull, items.Length)

    items |> List.iteri (fun i item -> array.SetValue(item, i))
    array

let private renamed name (one: Wrong) =
    { one with
        Name = (if name = "" then one.Name else $"{name} {one.Name}")
    }

let private wrap (make: obj -> obj) (one: Wrong) =
    { one with
        Value = fun () -> make (one.Value())
    }

/// Whether a value has parts that are worth changing: options, and small unions; not what was computed.
let private described (t: Type) =
    let name = t.Name

    FSharpType.IsTuple t
    || isOption t
    || ((FSharpType.IsRecord t)
        && (name.EndsWith("Options", StringComparison.Ordinal)
            || List.contains name [ "Run"; "Gains"; "Tableau"; "Draws"; "Pareto"; "Placement" ]))
    || (FSharpType.IsUnion t
        && List.contains
            name
            [
                "Sketch"
                "Start"
                "Covariance"
                "CheckpointInterval"
                "Coordinate"
                "Layer"
                "Device"
            ])
    || (t.Namespace = "Mne.Functional.CSharp"
        && (name.EndsWith("Options", StringComparison.Ordinal)
            || List.contains name [ "Run"; "Controller"; "Checkpoint"; "Sde"; "Transition"; "Pareto" ]))

/// The cases of unions beside the right one, with parts that can be changed.
let private alternatives: (Type * obj list) list =
    [
        typeof<Sketch>, [ Sketch.Adaptive 1.5 ]
        typeof<Start>, [ Start.Known(Random.normal Placement.float64 3 [ 30; 2 ]) ]
        typeof<Covariance>,
        [
            Covariance.Diagonal [ 1.0; 2.0 ]
            Covariance.Full(array2D [ [ 1.0; 0.2 ]; [ 0.2; 1.0 ] ])
        ]
        typeof<Coordinate>,
        [
            Coordinate.Periodic(0.0, 1.0)
            Coordinate.Bounded(0.0, 1.0, Boundary.Dirichlet, Boundary.Neumann)
        ]
    ]

/// Wrong values in place of a right one. null is one only in C#: F# of our kind has none.
let rec ofValue (nulls: bool) (depth: int) (t: Type) (right: obj) : Wrong list =
    let inner = ofValue nulls (depth - 1)

    [
        if nulls && nullable t && not (isOption t) then
            wrong "null" Kind.Absent (fun () -> null)

        if isNull right then
            ()
        elif t = typeof<float> || t = typeof<Nullable<float>> then
            for name, kind, value in floats do
                wrong name kind (fun () -> value)
        elif t = typeof<int> || t = typeof<Nullable<int>> then
            for value in integers do
                wrong (string value) Kind.Extreme (fun () -> value)
        elif t = typeof<int64> then
            for value in [ -1L; Int64.MinValue; Int64.MaxValue ] do
                wrong (string value) Kind.Extreme (fun () -> value)
        elif t = typeof<TimeSpan> then
            for value in [ TimeSpan.Zero; TimeSpan.MinValue; TimeSpan.MaxValue ] do
                wrong (string value) Kind.Extreme (fun () -> value)
        elif t = typeof<string> then
            for name, value in texts do
                wrong name Kind.Extreme (fun () -> value)
        elif t = typeof<torch.Tensor> then
            yield! tensors (unbox right)
        elif t = typeof<float[,]> then
            let a: float[,] = unbox right
            let n, m = Array2D.length1 a, Array2D.length2 a
            wrong "0 × 0" Kind.Extreme (fun () -> Array2D.zeroCreate<float> 0 0)
            wrong "a row more" Kind.Shape (fun () -> Array2D.init (n + 1) m (fun i j -> a[i % n, j]))
            wrong "a column more" Kind.Shape (fun () -> Array2D.init n (m + 1) (fun i j -> a[i, j % m]))

            for name, kind, value in floats do
                wrong $"[0,0] = {name}" kind (fun () ->
                    Array2D.mapi (fun i j v -> if i = 0 && j = 0 then value else v) a)
        elif FSharpType.IsFunction t then
            yield! functions nulls t right
        elif typeof<Delegate>.IsAssignableFrom t then
            yield! delegates nulls t (unbox right)
        elif isList t || t.IsArray then
            let items = [ for item in (right :?> IEnumerable) -> item ]
            let make = if t.IsArray then makeArray t else makeList t

            let element =
                if t.IsArray then
                    t.GetElementType() |> Unchecked.nonNull
                else
                    t.GetGenericArguments()[0]

            wrong "empty" Kind.Extreme (fun () -> make [])

            match items with
            | first :: rest ->
                wrong "one more" Kind.Shape (fun () -> make (items @ [ first ]))

                if not rest.IsEmpty then
                    wrong "one fewer" Kind.Shape (fun () -> make rest)

                for one in inner element first do
                    one |> wrap (fun value -> make (value :: rest)) |> renamed "[0]"
            | [] -> ()
        elif depth > 0 && described t then
            yield! parts nulls depth t right
    ]

and private functions nulls (t: Type) (right: obj) : Wrong list =
    let result = lastResult t

    let changed name kind change =
        wrong name kind (fun () -> resultChanged t right change)

    results nulls result changed

and private delegates nulls (t: Type) (right: Delegate) : Wrong list =
    let result = (t.GetMethod "Invoke" |> Unchecked.nonNull).ReturnType

    let changed name kind change =
        wrong name kind (fun () -> delegateChanged t right change)

    results nulls result changed

/// A function whose result is wrong, and one that raises.
and private results nulls (result: Type) (changed: string -> Kind -> (obj -> obj) -> Wrong) : Wrong list =
    [
        changed "that raises" Kind.Extreme (fun _ -> raise OfTheUser)

        if result = typeof<float> then
            for name, kind, value in floats do
                changed $"→ {name}" kind (fun _ -> box value)
        elif result = typeof<torch.Tensor> then
            let like (change: torch.Tensor -> torch.Tensor) (value: obj) : obj = box (change (unbox value))

            let put number =
                like (fun x ->
                    let copy = x.detach().clone()
                    copy.reshape(-1L).narrow(0L, 0L, 1L).FillInPlace number |> ignore
                    copy)

            if nulls then
                changed "→ null" Kind.Absent (fun _ -> null)

            // By arithmetic with what it was, so that derivatives are NaN too: those of a constant are 0.
            changed
                "→ NaN"
                Kind.NotANumber
                (like (fun x ->
                    let factor = x.detach().ones_like()
                    factor.reshape(-1L).narrow(0L, 0L, 1L).FillInPlace nan |> ignore
                    x * factor))

            changed "→ ∞" Kind.Infinite (put infinity)
            changed "→ a dimension more" Kind.Shape (like (fun x -> x.unsqueeze -1L))

            changed
                "→ a row less"
                Kind.Shape
                (like (fun x ->
                    if x.dim () = 0L then
                        x
                    else
                        x.narrow (0L, 0L, x.shape[0] - 1L)))

            changed "→ a scalar" Kind.Shape (like (fun x -> x.sum ()))
            changed "→ Float32" Kind.ElementType (like (fun x -> x.``to`` torch.ScalarType.Float32))
            changed "→ Int64" Kind.ElementType (like (fun x -> x.``to`` torch.ScalarType.Int64))
            changed "→ Bool" Kind.ElementType (like (fun x -> x.``to`` torch.ScalarType.Bool))
        elif nulls && nullable result && result <> typeof<unit> then
            changed "→ null" Kind.Absent (fun _ -> null)
    ]

/// A part at a time.
and private parts nulls depth (t: Type) (right: obj) : Wrong list =
    let inner = ofValue nulls (depth - 1)

    let each (names: string[]) (types: Type[]) (values: obj[]) (make: obj[] -> obj) =
        [
            for i in 0 .. values.Length - 1 do
                for one in inner types[i] values[i] do
                    one
                    |> wrap (fun value -> make (Array.updateAt i value values))
                    |> renamed names[i]
        ]

    let fieldsOf (fields: PropertyInfo[]) =
        fields |> Array.map _.Name, fields |> Array.map _.PropertyType

    [
        if FSharpType.IsTuple t then
            let types = FSharpType.GetTupleElements t
            let values = FSharpValue.GetTupleFields right

            yield!
                each (types |> Array.mapi (fun i _ -> $"part {i}")) types values (fun values ->
                    FSharpValue.MakeTuple(values, t))
        elif FSharpType.IsRecord t then
            let names, types = fieldsOf (FSharpType.GetRecordFields t)

            yield!
                each names types (FSharpValue.GetRecordFields right) (fun values -> FSharpValue.MakeRecord(t, values))
        elif FSharpType.IsUnion t then
            let others =
                alternatives |> List.tryFind (fun (other, _) -> other = t) |> Option.map snd

            for value in right :: Option.defaultValue [] others do
                let case, values = FSharpValue.GetUnionFields(value, t)
                let _, types = fieldsOf (case.GetFields())

                yield!
                    each (types |> Array.map (fun _ -> case.Name)) types values (fun values ->
                        FSharpValue.MakeUnion(case, values))
        else
            // An options class of the facade: a copy with one property set.
            for property in t.GetProperties(BindingFlags.Public ||| BindingFlags.Instance) do
                if property.CanWrite && property.GetIndexParameters().Length = 0 then
                    let value = property.GetValue right

                    let optional =
                        NullabilityInfoContext().Create(property).WriteState = NullabilityState.Nullable

                    for one in inner property.PropertyType value do
                        if not (optional && one.Name = "null") then
                            one
                            |> wrap (fun value ->
                                let copy =
                                    match t.GetMethod "<Clone>$" with
                                    | null -> right
                                    | clone -> clone.Invoke(right, [||]) |> Unchecked.nonNull

                                property.SetMethod
                                |> Unchecked.nonNull
                                |> fun set ->
                                    set.Invoke(copy, BindingFlags.DoNotWrapExceptions, null, [| value |], null)
                                |> ignore

                                copy)
                            |> renamed property.Name
    ]
