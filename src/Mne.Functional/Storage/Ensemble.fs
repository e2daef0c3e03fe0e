namespace Mne.Functional

open System
open System.Collections.Concurrent
open System.Diagnostics
open System.Globalization
open System.IO
open System.Threading

/// <summary>How the members of an ensemble are run. Start from <c>Ensemble.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type EnsembleOptions =
    {
        /// <summary>Where results and checkpoints of the members are kept: "ensemble", unless another folder is named.</summary>
        Folder: string
        /// <summary>So many processes at a time where this machine runs the members: as many as it has processors, unless said otherwise.</summary>
        Processes: int
        /// <summary>A member that fails is tried so often in all. Default 3.</summary>
        Attempts: int
    }

/// <summary>One of the computations of an ensemble.</summary>
type Member =
    {
        /// <summary>Which one, from 0.</summary>
        Index: int
        /// <summary>A run with a seed of the member's own, which is asked to stop where the job is told to end.</summary>
        Run: Run
        /// <summary>A file of the member's own in the folder of the ensemble, by a name, for checkpoints and whatever it has to say.</summary>
        File: string -> string
    }

/// <summary>What the members of an ensemble have found.</summary>
[<Notebooks.TypeFormatterSource>]
type Gathered =
    {
        /// <summary>The numbers of each member that is done, by its index.</summary>
        Members: Map<int, (string * float) list>
        /// <summary>Why each of the others is not done: its last error, or that nothing was heard of it.</summary>
        Missing: Map<int, string>
    }

/// <summary>
/// Many computations that differ in a seed or a parameter, each in a process of its own: on this machine, or as the jobs of an array on a
/// cluster. What a member found is a file, so that members that are done are never run again, those that failed are, and a job that was killed
/// goes on from its own checkpoint.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Ensemble =

    /// <summary>In the folder "ensemble", a process for each processor, three attempts.</summary>
    let defaults: EnsembleOptions =
        {
            Folder = "ensemble"
            Processes = Environment.ProcessorCount
            Attempts = 3
        }

    /// Which of how many jobs this process is; None where it is to start them.
    let internal role (arguments: string list) (environment: string -> string option) : (int * int option) option =
        let number name (text: string) =
            match Int32.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, n -> n
            | _ -> Guard.fail name $"found \"{text}\", wanted a whole number, 0 or greater"

        let rec after name rest =
            match rest with
            | found :: value :: _ when found = name -> Some(number name value)
            | _ :: rest -> after name rest
            | [] -> None

        let ofEnvironment name =
            environment name |> Option.map (number name)

        match after "--index" arguments with
        | Some index -> Some(index, after "--of" arguments)
        | None ->
            match ofEnvironment "SLURM_ARRAY_TASK_ID" with
            | Some task ->
                let first = ofEnvironment "SLURM_ARRAY_TASK_MIN" |> Option.defaultValue 0
                Some(task - first, ofEnvironment "SLURM_ARRAY_TASK_COUNT")
            | None ->
                ofEnvironment "JOB_COMPLETION_INDEX"
                |> Option.map (fun index -> index, after "--of" arguments)

    let private fileOf (options: EnsembleOptions) (index: int) (name: string) =
        Path.Combine(options.Folder, $"{index:D5}-{name}")

    let private resultOf options index = fileOf options index "result.txt"

    let private write (path: string) (values: (string * float) list) : unit =
        for name, _ in values do
            if name = "" || name.IndexOfAny [| '\t'; '\n'; '\r' |] >= 0 then
                Guard.fail "work" $"found the name \"{name}\" of a number, wanted one line without tabs"

        WholeFile.write path (fun stream ->
            use writer = new StreamWriter(stream, leaveOpen = true)

            for name, value in values do
                let number = value.ToString("R", CultureInfo.InvariantCulture)
                writer.Write $"{name}\t{number}\n"

            writer.Write "whole\n")
        |> ignore

    /// The numbers of a member that is done.
    let private read (path: string) : (string * float) list option =
        if not (File.Exists path) then
            None
        else
            match File.ReadAllLines path |> List.ofArray |> List.rev with
            | "whole" :: lines ->
                Some
                    [
                        for line in List.rev lines ->
                            let parts = line.Split '\t'
                            parts[0], Double.Parse(parts[1], CultureInfo.InvariantCulture)
                    ]
            | _ -> None

    /// One member, unless it is done already. Its error is left in a file.
    let private attempt (options: EnsembleOptions) (run: Run) (work: Member -> (string * float) list) index : int =
        if (read (resultOf options index)).IsSome then
            0
        else
            let trouble = fileOf options index "error.txt"

            try
                Preemption.run (fun told ->
                    work
                        {
                            Index = index
                            Run =
                                { Run.part index run with
                                    Cancellation = told.Cancellation
                                }
                            File = fileOf options index
                        }
                    |> write (resultOf options index)

                    File.Delete trouble)
            with error ->
                Console.Error.WriteLine $"member {index}: {error.GetType().Name}: {error.Message}"
                File.WriteAllText(trouble, error.Message)
                1

    /// <summary>What the members have found so far.</summary>
    /// <param name="options">Where.</param>
    /// <param name="count">How many members there are.</param>
    /// <exception cref="T:System.ArgumentException">An option is out of range.</exception>
    let gather (options: EnsembleOptions) (count: int) : Gathered =
        Guard.atLeast "count" 1 count

        let found = [ for index in 0 .. count - 1 -> index, read (resultOf options index) ]

        let trouble index =
            let path = fileOf options index "error.txt"

            if File.Exists path then
                File.ReadAllText path
            else
                "nothing was heard of it"

        {
            Members =
                Map
                    [
                        for index, values in found do
                            for values in Option.toList values -> index, values
                    ]
            Missing =
                Map
                    [
                        for index, values in found do
                            if values.IsNone then
                                index, trouble index
                    ]
        }

    /// This program, started once more for a member, with one thread.
    let private child (index: int) (count: int) : ProcessStartInfo =
        let self = Environment.GetCommandLineArgs() |> List.ofArray

        let host =
            match Environment.ProcessPath with
            | null ->
                Guard.fail
                    "work"
                    "this process has no file that could be started again; run members as jobs with --index"
            | path -> path

        // `dotnet program.dll …` or F# Interactive is a host with a program; others are the program.
        let program =
            if Path.GetFileNameWithoutExtension host = "dotnet" then
                self.Head :: self.Tail
            else
                self.Tail

        let start =
            ProcessStartInfo(host, program @ [ "--index"; string index; "--of"; string count ], UseShellExecute = false)

        start.Environment["OMP_NUM_THREADS"] <- "1"
        start

    /// A member that is told to end so often is left for another day.
    let private mostTold = 100

    /// Members in processes of this machine, some at a time; one that ends without a result is tried again.
    let private locally (options: EnsembleOptions) (count: int) : unit =
        let waiting =
            ConcurrentQueue
                [
                    for index in 0 .. count - 1 do
                        if (read (resultOf options index)).IsNone then
                            index
                ]

        let follow () =
            let mutable going = true

            while going do
                match waiting.TryDequeue() with
                | false, _ -> going <- false
                | true, index ->
                    let mutable failed, told = 0, 0

                    while failed < options.Attempts
                          && told < mostTold
                          && (read (resultOf options index)).IsNone do
                        use job = nonNull (Process.Start(child index count))
                        job.WaitForExit()

                        // One that was told to end is no failure.
                        if job.ExitCode = Preemption.exitCode then
                            told <- told + 1
                        else
                            failed <- failed + 1

        let threads = [ for _ in 1 .. min options.Processes count -> Thread follow ]

        for thread in threads do
            thread.Start()

        for thread in threads do
            thread.Join()

    /// <summary>
    /// The main function of a program that runs an ensemble. Started by itself, it starts itself once for every member, some at a time and with
    /// one thread each, tries those that fail again, and hands what they found to <c>finish</c>. Started as job i of n, by the arguments
    /// <c>--index i --of n</c> or by the variables of an array of Slurm (SLURM_ARRAY_TASK_ID) or an indexed job of Kubernetes
    /// (JOB_COMPLETION_INDEX), it runs members i, i + n, i + 2n, … and ends. Members that are done are not run again, so that starting it once more
    /// runs what is missing.
    /// </summary>
    /// <param name="run">Placement, and a seed from which each member gets its own.</param>
    /// <param name="options">Where results are kept, how many processes, how many attempts.</param>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="count">How many members there are.</param>
    /// <param name="work">What a member does: from its index, run and files to numbers with names.</param>
    /// <param name="finish">What is done with the numbers of all, where this process has started them.</param>
    /// <returns>The exit code: 0 where all is done, 1 where a member has failed, <c>Preemption.exitCode</c> where a job was told to end.</returns>
    /// <exception cref="T:System.ArgumentException">An option or argument is out of range.</exception>
    /// <example><code>
    /// let work (m: Member) =
    ///     let x = Random.normal m.Run.Placement m.Run.Seed [ 100 ]
    ///     [ "mean", Tensor.toFloat (x.mean ()) ]
    ///
    /// let code =
    ///     Ensemble.run Run.quiet { Ensemble.defaults with Folder = "seeds" } [ "--index"; "0"; "--of"; "1" ] 8 work (fun all -&gt;
    ///         for KeyValue(index, values) in all.Members do
    ///             printfn $"{index}: %A{values}")
    /// </code></example>
    let run
        (run: Run)
        (options: EnsembleOptions)
        (arguments: string seq)
        (count: int)
        (work: Member -> (string * float) list)
        (finish: Gathered -> unit)
        : int =
        Guard.atLeast "count" 1 count
        Guard.atLeast "Processes" 1 options.Processes
        Guard.atLeast "Attempts" 1 options.Attempts

        if String.IsNullOrWhiteSpace options.Folder then
            Guard.fail "Folder" "found an empty name, wanted a folder for the results"

        Directory.CreateDirectory options.Folder |> ignore
        let arguments = List.ofSeq arguments

        let set name =
            match Environment.GetEnvironmentVariable name with
            | null
            | "" -> None
            | value -> Some value

        match role arguments set with
        | Some(index, jobs) ->
            let jobs = defaultArg jobs count

            if jobs < 1 || index >= jobs then
                Guard.fail "--index" $"found job {index} of {jobs}, wanted 0 to one less than the number of jobs"

            // The first code that is not 0; a job that was told to end begins no other member.
            let rec go member' code =
                if member' >= count || code = Preemption.exitCode then
                    code
                else
                    let next = attempt options run work member'

                    go
                        (member' + jobs)
                        (if code = 0 || next = Preemption.exitCode then
                             next
                         else
                             code)

            go index 0
        | None ->
            locally options count
            let all = gather options count
            finish all

            for KeyValue(index, why) in all.Missing do
                Console.Error.WriteLine $"member {index} is missing: {why}"

            if all.Missing.IsEmpty then 0 else 1
