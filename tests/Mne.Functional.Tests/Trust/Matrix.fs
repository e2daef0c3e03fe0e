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

/// A result that is a description is used, since what is wrong with it may show only then.
let rec private put (result: obj) : obj =
    let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

    let solve term points network options =
        let start = Network.initial network 1
        box (Evolution.trySolve Run.quiet { options with MaximumSteps = 20 } term network points start (0.0, 0.1))

    let network =
        Network.create circle [ Mne.Functional.Layer.harmonics 2; Mne.Functional.Layer.dense 4 Sine ]

    let options =
        { Evolution.defaults with
            Regularisation = 1e-6
            Tolerance = 1e-2
        }

    let grid = Collocation.grid circle 12

    match result with
    | :? Term as term ->
        let energy =
            Network.create (Domain.euclidean 2) [ Mne.Functional.Layer.dense 4 Tanh ]

        let plane = Collocation.given (Random.normal Placement.float64 1 [ 12; 2 ])

        let needsPlane =
            Term.needs 2 term
            |> Set.exists (function
                | Derivative.Partial(1, _) -> true
                | _ -> false)

        if needsPlane then
            solve term plane energy options
        else
            solve term grid network options
    | :? PointDynamics as dynamics -> solve Term.laplacian grid network { options with Points = dynamics }
    | :? Method as chosen -> solve Term.laplacian grid network { options with Method = chosen }
    | :? Controller as controller -> solve Term.laplacian grid network { options with Controller = controller }
    | :? Equation as equation -> box equation.Domain
    | :? Network as network ->
        let points = Random.uniform Placement.float64 1 [ 3; network.Domain.Dimension ]
        box (Network.laplacian network (Network.initial network 1) points)
    | :? Mne.Functional.Layer as layer ->
        let layers =
            match layer with
            | Mne.Functional.Layer.Harmonics _
            | Mne.Functional.Layer.Normalise _ -> [ layer; Mne.Functional.Layer.dense 3 Sine ]
            | _ -> [ Mne.Functional.Layer.harmonics 2; layer ]

        let domain =
            if layer.IsNormalise then
                Domain.box [ 0.0, 1.0 ]
            else
                circle

        put (Network.create domain layers)
    | :? Domain as domain when List.contains Coordinate.Real domain.Coordinates -> box domain.Coordinates
    | :? Domain as domain -> box (Collocation.grid domain 3 |> Collocation.points Placement.float64 1)
    | :? Collocation as collocation -> box (Collocation.points Placement.float64 1 collocation)
    | :? Density as density -> box (density.Energy(Tensor.ones Placement.float64 [ 3; density.Dimension ]))
    | :? Reference as reference -> box (reference.LogDensity(reference.Draw Placement.float64 1 3))
    | :? Sde as sde ->
        box (
            Sde.simulate
                SdeScheme.StochasticHeun
                1
                [ 0.0; 0.1 ]
                (Tensor.ones Placement.float64 [ 3; sde.Dimension ])
                sde
        )
    | :? Process as p ->
        let energy =
            solve
                (FokkerPlanck.energy p)
                (Collocation.given (Random.normal Placement.float64 1 [ 20; p.Dimension ]))
                (Network.create (Domain.euclidean p.Dimension) [ Mne.Functional.Layer.dense 4 Tanh ])
                options

        box (put (box (Process.forward p)), energy)
    | :? Schedule as schedule -> box [| schedule.Clock 0.5; schedule.Rate 0.5 |]
    | :? Covariance as covariance -> box (Covariance.matrix 2 covariance)
    | :? Tangent as tangent -> box (Tangent.kernel tangent tangent)
    | :? Jet as jet -> box (Jet.value jet)
    | :? Segment as segment -> box (Segment.evaluate segment.Start segment)
    | :? Chart as chart -> box (Chart.save (Path.Combine(Samples.folder.Value, "c.html")) chart)
    | :? Series as series -> put (Chart.lines [ series ])
    | :? Page as page -> box (Page.html page)
    | :? CSharp.Term as term when term.Needs 2 |> Seq.contains (CSharp.Derivative.Partial(1, 1)) ->
        let network =
            CSharp.Network.Create(CSharp.Domain.Euclidean 2, CSharp.Layer.Dense(4, CSharp.Activation.Tanh))

        let options =
            CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20, Regularisation = 1e-6)

        let plane = CSharp.Collocation.Given(Random.normal Placement.float64 1 [ 12; 2 ])
        box (CSharp.Evolution.TrySolve(term, network, plane, network.Initial 1, 0.0, 0.1, options))
    | :? CSharp.Term as term ->
        let circle = CSharp.Domain.Periodic(struct (0.0, 2.0 * Math.PI))
        let network = CSharp.Network.Create(circle, CSharp.Layer.Harmonics 2)
        let options = CSharp.EvolutionOptions(Tolerance = 1e-2, MaximumSteps = 20)
        let grid = CSharp.Collocation.Grid(circle, 12)
        box (CSharp.Evolution.TrySolve(term, network, grid, network.Initial 1, 0.0, 0.1, options))
    | :? CSharp.Network as network ->
        box (network.Value(network.Initial 1, Random.uniform Placement.float64 1 [ 3; network.Domain.Dimension ]))
    | :? CSharp.Collocation as collocation -> box (collocation.Points 1)
    | :? CSharp.Domain as domain when Seq.contains CSharp.Coordinate.Real domain.Coordinates -> box domain.Coordinates
    | :? CSharp.Domain as domain -> box (CSharp.Collocation.Grid(domain, 3).Points 1)
    | :? CSharp.Density as density -> box (density.Energy(Tensor.ones Placement.float64 [ 3; density.Dimension ]))
    | :? CSharp.Process as p -> put (p.Forward())
    | :? CSharp.Sde as sde -> box (sde.Simulate([ 0.0; 0.1 ], Tensor.ones Placement.float64 [ 3; sde.Dimension ]))
    | :? CSharp.Reference as reference -> box (reference.LogDensity(reference.Draw 3))
    | :? CSharp.Schedule as schedule -> box [| schedule.Clock 0.5 |]
    | :? CSharp.Covariance as covariance -> box (covariance.Matrix 2)
    | :? CSharp.Series as series -> put (CSharp.Chart.Lines series)
    | :? CSharp.Chart as chart -> box (chart.Save(Path.Combine(Samples.folder.Value, "c.html")))
    | other -> other

/// Whether a number in it is NaN.
let rec private seesNaN (depth: int) (result: obj) : bool =
    match result with
    | null -> false
    | :? float as value -> Double.IsNaN value
    | :? torch.Tensor as tensor ->
        (tensor.dtype = torch.ScalarType.Float64
         || tensor.dtype = torch.ScalarType.Float32)
        && Array.exists Double.IsNaN (Tensor.toArray tensor)
    | :? (float[]) as values -> Array.exists Double.IsNaN values
    | :? string -> false
    | :? IEnumerable as items ->
        depth > 0
        && items |> Seq.cast<obj> |> Seq.truncate 100 |> Seq.exists (seesNaN (depth - 1))
    | tuple when FSharpType.IsTuple(tuple.GetType()) ->
        FSharpValue.GetTupleFields tuple |> Array.exists (seesNaN (depth - 1))
    | record when depth > 0 && FSharpType.IsRecord(record.GetType()) ->
        FSharpValue.GetRecordFields record |> Array.exists (seesNaN (depth - 1))
    | :? CSharp.Draws as draws -> seesNaN depth draws.LogWeights
    | :? CSharp.Estimate as estimate -> Double.IsNaN estimate.Value
    | _ -> false

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

        let result = put (case.Callable.Call arguments)
        let visible = seesNaN 3 result

        match case.Wrong.Kind with
        | Kind.Absent -> "silent", "it was taken"
        | Kind.NotANumber when not visible -> "silent", "the NaN disappeared"
        | Kind.Extreme
        | Kind.Shape
        | Kind.ElementType when visible -> "silent", "NaN in the result"
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

/// Prints how many calls there are, and what of both APIs is not called.
let describe () : unit =
    for found in Surface.all.Value do
        match found with
        | Error reason -> printfn $"not called: {reason}"
        | Ok callable ->
            try
                use _ = torch.NewDisposeScope()
                put (callable.Call(callable.Arguments())) |> ignore
            with error ->
                printfn $"not right: {callable.Name}: {error.GetType().Name} {clean error.Message}"

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
        ProcessStartInfo(
            "dotnet",
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            RedirectStandardError = true
        )

    for part in [ Reflection.Assembly.GetExecutingAssembly().Location; argument; string limit ] do
        info.ArgumentList.Add part

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

/// Makes every call, prints those that did not end as calls have to, and gives how many were made and how many of those there are.
let whole () : int * int =
    let endings, _, missing = run 20_000 (fun count -> [ 0 .. count - 1 ])
    let wrong = endings |> List.filter (isRight >> not)

    for verdict, found in endings |> List.countBy _.Verdict do
        printfn $"{found} {verdict}"

    endings.Length, wrong.Length + missing
