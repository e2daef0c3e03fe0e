/// What is public in both APIs and can be called with right arguments.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Surface

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Reflection
open Mne.Functional

type Callable =
    {
        /// Module.function, CSharp.Class.Member.
        Name: string
        Parameters: ParameterInfo[]
        /// Right arguments, made anew.
        Arguments: unit -> obj[]
        Call: obj[] -> obj
    }

/// What is not called, and why.
let private leftOut (owner: string) (name: string) =
    match owner, name with
    | "Guard", _ -> true // what checks
    | "Slices", _ -> true // indices in brackets: SlicesTests
    | ("Arithmetic" | "CSharp.Arithmetic"), _ -> true // TorchSharp's own operators by other names: they raise what it raises
    | ("VectorField" | "Trajectory" | "Segment" | "Tangent" | "Integrator"), _ -> true // inside evolutions: checked by what calls them
    | ("CSharp.Decision" | "CSharp.Segment" | "CSharp.Proposal"), "new" -> true // what a method or controller returns: checked where it is taken
    | ("NativeTorch" | "Terminal" | "ArithmeticOverloads" | "Engine" | "Scope"), _ -> true // nothing to be wrong
    | ("Chart" | "CSharp.Chart" | "Page"), ("show" | "Show") -> true // opens a browser
    | _,
      ("Dispose" | "ToString" | "GetHashCode" | "Equals" | "<Clone>$" | "Deconstruct" | "CompareTo" | "GetBaseException" | "GetObjectData" | "GetType") ->
        true
    // Other ranks, processes and signals: CommunicatorTests, EnsembleTests and PreemptionTests try these.
    | ("Communicator" | "CSharp.Communicator" | "CommunicationFailedException" | "Ensemble" | "CSharp.Ensemble" | "CSharp.Member" | "Preemption" | "CSharp.Preemption"),
      _ -> true
    | "Run", "among" -> true
    | ("Sampler" | "CSharp.Sampler"), ("resume" | "Resume" | "resumeFit" | "ResumeFit") -> true // wants a checkpoint: PreemptionTests
    | ("CSharp.ConsoleProgress" | "CSharp.Engine" | "CSharp.Progress"), _ -> true
    | _ -> false

let private ownerName (t: Type) =
    let name =
        if t.Name.EndsWith("Module", StringComparison.Ordinal) then
            t.Name.Substring(0, t.Name.Length - 6)
        else
            t.Name

    if t.Namespace = "Mne.Functional.CSharp" then
        $"CSharp.{name}"
    else
        name

let private close (m: MethodInfo) =
    if m.IsGenericMethodDefinition then
        m.MakeGenericMethod(m.GetGenericArguments() |> Array.map (fun _ -> typeof<unit>))
    else
        m

/// A right argument, or the default of one that is optional.
let private argument owner (p: ParameterInfo) : obj option =
    match Samples.tryFind owner (string p.Name) p.ParameterType with
    | None when p.HasDefaultValue ->
        Some(
            if isNull p.DefaultValue && p.ParameterType.IsValueType then
                Activator.CreateInstance p.ParameterType |> Unchecked.nonNull
            else
                p.DefaultValue |> Unchecked.nonNull
        )
    | found -> found

/// Public functions, members and constructors, each with right arguments if there is one for every parameter.
let all: Lazy<Result<Callable, string> list> =
    lazy
        [
            let everything =
                BindingFlags.Public
                ||| BindingFlags.Static
                ||| BindingFlags.Instance
                ||| BindingFlags.DeclaredOnly

            for assembly in
                [
                    typeof<Term>.Assembly
                    typeof<Reporting.Chart>.Assembly
                    typeof<CSharp.Term>.Assembly
                ] do
                for t in assembly.GetExportedTypes() do
                    let owner = ownerName t
                    let facade = t.Namespace = "Mne.Functional.CSharp"
                    let isModule = t.IsAbstract && t.IsSealed && not t.IsNested

                    let named (name: string) (parameters: ParameterInfo[]) (receiver: unit -> obj) call =
                        let full = $"{owner}.{name}"

                        let missing = parameters |> Array.filter (fun p -> (argument full p).IsNone)

                        if missing.Length > 0 then
                            let names =
                                missing
                                |> Array.map (fun p -> $"{p.Name}: {p.ParameterType}")
                                |> String.concat ", "

                            Error $"{full}: no right argument for {names}"
                        else
                            Ok
                                {
                                    Name = full
                                    Parameters = parameters
                                    Arguments = fun () -> parameters |> Array.map (fun p -> (argument full p).Value)
                                    Call = fun arguments -> call (receiver ()) arguments
                                }

                    if (isModule || facade) && not t.IsEnum && not (typeof<exn>.IsAssignableFrom t) then
                        for m in t.GetMethods everything do
                            if
                                not m.IsSpecialName
                                && not (leftOut owner m.Name)
                                && m.GetParameters().Length > 0
                            then
                                let m = close m

                                let receiver =
                                    if m.IsStatic then
                                        Some(fun () -> null)
                                    else
                                        Samples.tryFind $"{owner}.{m.Name}" "this" t
                                        |> Option.map (fun value () -> value)

                                match receiver with
                                | None -> Error $"{owner}.{m.Name}: no {t.Name}"
                                | Some receiver ->
                                    named m.Name (m.GetParameters()) receiver (fun this arguments ->
                                        m.Invoke(this, BindingFlags.DoNotWrapExceptions, null, arguments, null))

                        if facade then
                            for c in t.GetConstructors() do
                                if c.GetParameters().Length > 0 && not (leftOut owner "new") then
                                    named "new" (c.GetParameters()) (fun () -> null) (fun _ arguments ->
                                        c.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null))
        ]
