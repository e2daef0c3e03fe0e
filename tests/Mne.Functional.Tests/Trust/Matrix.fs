/// Everything public, called with one wrong argument at a time: each call raises a typed exception that names what is wrong, or gives a
/// right value. Calls are made in a process of their own, which says how each ended, so that one that aborts or hangs is counted too.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Matrix

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Text.RegularExpressions
open System.Threading
open Microsoft.FSharp.Reflection
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests.Wrong

/// The argument that makes this program a process that makes some of the calls.
let argument = "--wrong-arguments"

type private Case =
    {
        Callable: Surface.Callable
        Parameter: int
        Wrong: Wrong
    }

    member this.Name =
        $"{this.Callable.Name}({this.Callable.Parameters[this.Parameter].Name}: {this.Wrong.Name})"

let private cases: Lazy<Case[]> =
    lazy
        [|
            for found in Surface.all.Value do
                match found with
                | Error _ -> ()
                | Ok callable ->
                    // Not in a scope: wrong values are made of these.
                    let right = callable.Arguments()
                    let facade = callable.Name.StartsWith("CSharp.", StringComparison.Ordinal)

                    for i in 0 .. right.Length - 1 do
                        let p = callable.Parameters[i]

                        for wrong in Wrong.ofValue (facade && not p.HasDefaultValue) 2 p.ParameterType right[i] do
                            {
                                Callable = callable
                                Parameter = i
                                Wrong = wrong
                            }
        |]

/// Whether a function writes or draws all that it is given as it is, NaN too, or does not read that part of draws.
let private keepsAll (case: Case) : bool =
    let name = case.Callable.Name

    List.exists (fun (word: string) -> name.Contains word) [ "save"; "Save"; "Export."; "Chart."; "Series."; "Page" ]
    // No numbers come of it.
    || List.contains
        name
        [
            "Tensor.rows"
            "Tensor.pick"
            "Tensor.isFinite"
            "Placement.ofTensor"
            "Format.number"
        ]
    // Where an energy is not a number there is no density, as its documentation says.
    || List.contains
        name
        [
            "Density.ofEnergy"
            "CSharp.Density.OfEnergy"
            "CSharp.Density.Energy"
            "Collocation.tempered"
            "CSharp.Collocation.Tempered"
            "Model.create"
            "CSharp.Model.Create"
        ]
    || (case.Callable.Parameters[case.Parameter].ParameterType = typeof<Draws>
        && not (case.Wrong.Name.StartsWith("LogWeights", StringComparison.Ordinal)))

/// A log-density is NaN where a parameter is out of its range, or sums overflow, as the documentation of all of them says: there is no density.
let private saysNaN (case: Case) : bool =
    case.Callable.Name.Contains "Distribution."

/// An exception as whoever called has to understand it: what it names stands before a colon.
let private isHelpful (case: Case) (error: exn) =
    let path = case.Callable.Parameters[case.Parameter].ParameterType = typeof<string>

    match error with
    | :? ArgumentNullException as e -> e.ParamName = case.Callable.Parameters[case.Parameter].Name
    | :? ArgumentException as e ->
        not (String.IsNullOrEmpty e.ParamName)
        && e.Message.StartsWith(e.ParamName + ":", StringComparison.Ordinal)
    | :? EvolutionFailedException
    | :? FitFailedException
    | :? CSharp.EvolutionFailedException
    | :? CSharp.FitFailedException -> case.Wrong.Kind <> Kind.Absent
    | OfTheUser -> case.Wrong.Name.Contains "raises"
    | :? DamagedFileException
    | :? IOException
    | :? UnauthorizedAccessException -> path
    | _ -> false

let private isHuge (case: Case) =
    case.Wrong.Name.Contains(string Int32.MaxValue)

/// Arguments whose work can be ended: a call that asks for too much of it is, and that is a right answer.
let private cancelled (source: CancellationTokenSource) (arguments: obj[]) =
    arguments
    |> Array.map (fun argument ->
        match argument with
        | :? Run as run -> box { run with Cancellation = source.Token }
        | :? CancellationToken -> box source.Token
        | other -> other)

let private judge (case: Case) : string * string =
    use _ = torch.NewDisposeScope()
    use source = new CancellationTokenSource()

    try
        let arguments =
            case.Callable.Arguments()
            |> Array.updateAt case.Parameter (case.Wrong.Value())
            |> cancelled source

        if isHuge case then
            source.CancelAfter 3000

        let result = Used.put (case.Callable.Call arguments)
        let visible = Used.seesNaN 3 result || Used.isSaid result

        match case.Wrong.Kind with
        | Kind.Absent -> "silent", "it was taken"
        | Kind.NotANumber when not (visible || keepsAll case) -> "silent", "the NaN disappeared"
        | Kind.Extreme
        | Kind.Shape
        | Kind.ElementType when visible && not (Used.isSaid result || saysNaN case) -> "silent", "NaN in the result"
        | _ -> "value", ""
    with
    | :? OperationCanceledException when source.IsCancellationRequested -> "value", "stopped"
    | error when isHelpful case error -> "refused", $"{error.Message}"
    | error ->
        let where =
            match error.StackTrace with
            | null -> ""
            | trace -> (trace.Split '\n' |> Array.head).Trim()

        "unhelpful", $"{error.GetType().Name}: {error.Message} {where}"

let private clean (text: string) =
    let line = text.ReplaceLineEndings(" ").Replace('\t', ' ')
    if line.Length > 400 then line.Substring(0, 400) else line

/// Public members for which no right arguments are known.
let notCalled: Lazy<string list> =
    lazy
        [
            for found in Surface.all.Value do
                match found with
                | Error reason -> reason
                | Ok _ -> ()
        ]

[<Struct>]
type private Limits = { Soft: uint64; Hard: uint64 }

[<DllImport("libc", EntryPoint = "setrlimit")>]
extern int private setLimits(int resource, Limits& limits)

/// No more than so many bytes beside what the process has: a call that asks for all the memory there is must not take it from others.
let private bound (bytes: uint64) : unit =
    if OperatingSystem.IsLinux() then
        let pages = (File.ReadAllText("/proc/self/statm").Split ' ')[0]
        let most = uint64 pages * uint64 Environment.SystemPageSize + bytes
        let mutable limits = { Soft = most; Hard = most }
        setLimits (9, &limits) |> ignore // 9: RLIMIT_AS

/// Makes the calls with the numbers that are read from the standard input, and writes a line before and after each.
let child (limit: int) : unit =
    let out = Console.Out
    out.WriteLine $"{cases.Value.Length}\t{notCalled.Value.Length}"
    out.Flush()
    bound (4UL <<< 30)
    let mutable line = Console.In.ReadLine()

    while not (isNull line) do
        let index = int (line |> Unchecked.nonNull)
        let case = cases.Value[index]
        out.WriteLine $"{index}\tbegun\t{case.Name}"
        out.Flush()
        let mutable outcome = "", ""
        let clock = Stopwatch.StartNew()
        let thread = Thread((fun () -> outcome <- judge case), 16777216)
        thread.IsBackground <- true
        thread.Start()
        let ended = thread.Join limit
        let verdict, message = if ended then outcome else "hung", $"> {limit} ms"
        out.WriteLine $"{index}\t{verdict}\t{case.Name}\t{clock.ElapsedMilliseconds}\t{clean message}"
        out.Flush()

        if not ended then
            exit 77

        line <- Console.In.ReadLine()

/// Functions whose right arguments are refused, among those so called: whatever was wrong in place of one of them, it would not be tried.
let private notRight (isChosen: string -> bool) : string list =
    [
        for found in Surface.all.Value do
            match found with
            | Ok callable when isChosen callable.Name ->
                try
                    use _ = torch.NewDisposeScope()
                    Used.put (callable.Call(callable.Arguments())) |> ignore
                with error when not (callable.Name = "Placement.onCuda" && not (torch.cuda.is_available ())) ->
                    $"{callable.Name}: {error.GetType().Name} {clean error.Message}"
            | _ -> ()
    ]

/// Prints how many calls there are, and what of both APIs is not called.
let describe () : unit =
    for reason in notCalled.Value do
        printfn $"not called: {reason}"

    for reason in notRight (fun _ -> true) do
        printfn $"not right: {reason}"

    printfn $"{cases.Value.Length} calls"

type Ending =
    {
        Verdict: string
        Name: string
        Message: string
    }

/// Whether a call ended as calls have to.
let isRight (ending: Ending) =
    ending.Verdict = "refused" || ending.Verdict = "value"

/// A process that makes calls, how many calls there are, and how many public members it knows no right arguments for.
let private start (limit: int) : Diagnostics.Process * int * int =
    let info =
        // So much memory is there for it, as the runtime knows, and with it the library, which refuses what cannot be held.
        ProcessStartInfo(
            "dotnet",
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            RedirectStandardError = true
        )

    for part in [ Reflection.Assembly.GetExecutingAssembly().Location; argument; string limit ] do
        info.ArgumentList.Add part

    info.Environment["DOTNET_GCHeapHardLimit"] <- "0x100000000"
    let running = Diagnostics.Process.Start info |> Unchecked.nonNull
    running.ErrorDataReceived.Add ignore
    running.BeginErrorReadLine()

    match running.StandardOutput.ReadLine() with
    | null -> failwith "The process that makes the calls does not start."
    | line ->
        let parts = line.Split '\t'
        running, int parts[0], int parts[1]

/// So many calls are made by one process: results that are nobody's stay in it.
let private turn = 400

/// Makes the calls that `chosen` picks among so many, in as many processes as it takes, `limit` milliseconds for each. Gives how they ended,
/// how many there are in all, and how many public members are not called since no right arguments are known.
let run (limit: int) (chosen: int -> int list) : Ending list * int * int =
    let next () =
        let running, _, _ = start limit
        running

    let close (running: Diagnostics.Process) =
        running.StandardInput.Close()
        running.WaitForExit()
        running.Dispose()

    let ended (ending: Ending) =
        if not (isRight ending) then
            printfn $"{ending.Verdict}\t{ending.Name}\t{ending.Message}"

        ending

    let rec go (running: Diagnostics.Process) (rest: int list) (done': Ending list) =
        match rest with
        | [] ->
            close running
            List.rev done'
        | index :: rest ->
            running.StandardInput.WriteLine index
            running.StandardInput.Flush()
            let begun = running.StandardOutput.ReadLine()

            let name =
                match begun with
                | null -> string index
                | line -> line.Split('\t')[2]

            match running.StandardOutput.ReadLine() with
            | null ->
                running.WaitForExit()

                let ending =
                    {
                        Verdict = "aborted"
                        Name = name
                        Message = $"exit code {running.ExitCode}"
                    }

                go (next ()) rest (ended ending :: done')
            | line ->
                let parts = line.Split '\t'

                let ending =
                    {
                        Verdict = parts[1]
                        Name = parts[2]
                        Message = parts[4]
                    }

                let running =
                    if parts[1] = "hung" then
                        next ()
                    elif done'.Length % turn = turn - 1 then
                        close running
                        next ()
                    else
                        running

                go running rest (ended ending :: done')

    let running, count, missing = start limit
    go running (chosen count) [], count, missing

/// Makes every call, or those whose names the regular expression in TRUST_ONLY matches, prints those that did not end as calls have to, and
/// gives how many were made and how many of those there are; a function whose right arguments are refused is one more.
let whole () : int * int =
    let isChosen =
        match Environment.GetEnvironmentVariable "TRUST_ONLY" with
        | null
        | "" -> fun _ -> true
        | pattern -> fun index -> Regex.IsMatch(cases.Value[index].Name, pattern)

    let endings, _, missing =
        run 20_000 (fun count -> List.filter isChosen [ 0 .. count - 1 ])

    let wrong = endings |> List.filter (isRight >> not)

    for verdict, found in endings |> List.countBy _.Verdict do
        printfn $"{found} {verdict}"

    let chosen =
        set
            [
                for index in 0 .. cases.Value.Length - 1 do
                    if isChosen index then
                        cases.Value[index].Callable.Name
            ]

    let refused = notRight chosen.Contains

    for reason in refused do
        printfn $"not right: {reason}"

    endings.Length, wrong.Length + missing + refused.Length
