module Mne.Functional.Tests.EnsembleTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Mne.Functional

let private inFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "mne-ensemble-"

    try
        test folder.FullName
    finally
        folder.Delete true

let private circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

/// u at some points at the end of an evolution whose start depends on the seed; it writes a checkpoint at every step, and goes on from one.
let private evolve (until: float) (m: Member) =
    let file = m.File "run.h5"
    File.WriteAllText(m.File "process.txt", string Environment.ProcessId)

    let options =
        { Evolution.defaults with
            Tolerance = 1e-5
            Regularisation = 1e-6
            Controller = Controller.constant 1e-3
            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) file
        }

    use solution =
        if File.Exists file then
            Checkpoint.read file |> Evolution.resume m.Run options equation
        else
            Evolution.solve
                m.Run
                options
                equation
                network
                (Collocation.grid circle 24)
                (Network.initial network m.Run.Seed)
                (0.0, until)

    Scope.free (fun () ->
        let x = Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ 2.0 ] ]
        let u = Tensor.toArray (Solution.evaluate until x solution)
        [ "u(1)", u[0]; "u(2)", u[1] ])

let private run (folder: string) (until: string) (count: string) (rest: string list) : int =
    Ensemble.run
        Run.quiet
        { Ensemble.defaults with
            Folder = folder
            Processes = 2
        }
        rest
        (int count)
        (evolve (float until))
        (fun all ->
            for KeyValue(index, values) in all.Members do
                printfn $"{index} %A{values}")

/// What a process of its own does: see Program.
let main (arguments: string list) : int =
    match arguments with
    | folder :: until :: count :: rest -> run folder until count rest
    | _ -> failwith "a folder, a time, and how many"

/// Starting a process for each member takes seconds: a run of all tests has half of them.
let private count, kills =
    if Environment.GetEnvironmentVariable "MNE_AT_LENGTH" = "1" then
        8, 3
    else
        4, 2

let private start (folder: string) (until: string) =
    let start =
        ProcessStartInfo(
            "dotnet",
            [
                Reflection.Assembly.GetExecutingAssembly().Location
                "--ensemble"
                folder
                until
                string count
            ],
            RedirectStandardOutput = true,
            RedirectStandardError = true
        )

    start.Environment["OMP_NUM_THREADS"] <- "1"
    nonNull (System.Diagnostics.Process.Start start)

let private finish (job: System.Diagnostics.Process) : int * string =
    let errors = job.StandardError.ReadToEndAsync()
    let output = job.StandardOutput.ReadToEndAsync()

    if not (job.WaitForExit(TimeSpan.FromMinutes 3.0)) then
        job.Kill true
        failtest "the ensemble does not end"

    job.ExitCode, output.Result + errors.Result

[<Tests>]
let tests =
    testSequenced
    <| testList
        "Ensemble"
        [
            test "which job of how many: by arguments, by Slurm, by Kubernetes" {
                let environment pairs name = Map.tryFind name (Map pairs)
                let nothing = environment []
                Expect.equal (Ensemble.role [] nothing) None "none: it starts them"
                Expect.equal (Ensemble.role [ "x"; "--index"; "3"; "--of"; "8" ] nothing) (Some(3, Some 8)) "arguments"

                Expect.equal
                    (Ensemble.role
                        []
                        (environment
                            [
                                "SLURM_ARRAY_TASK_ID", "5"
                                "SLURM_ARRAY_TASK_MIN", "1"
                                "SLURM_ARRAY_TASK_COUNT", "8"
                            ]))
                    (Some(4, Some 8))
                    "Slurm, whose arrays may begin at 1"

                Expect.equal
                    (Ensemble.role [ "--of"; "4" ] (environment [ "JOB_COMPLETION_INDEX", "2" ]))
                    (Some(2, Some 4))
                    "Kubernetes"

                Check.refuses [ "--index"; "\"-1\"" ] (fun () -> Ensemble.role [ "--index"; "-1" ] nothing |> ignore)
            }

            test
                "jobs share the members, seeds differ, numbers come back to the bit, and what is done is not done again" {
                inFolder (fun folder ->
                    let options =
                        { Ensemble.defaults with
                            Folder = folder
                        }

                    let runs = ref []

                    let work (m: Member) =
                        runs.Value <- m.Index :: runs.Value

                        [
                            "seed", float m.Run.Seed
                            "third", 1.0 / 3.0
                            "nan", nan
                            "infinite", -infinity
                        ]

                    for job in [ 1; 0; 1 ] do
                        Expect.equal
                            (Ensemble.run Run.quiet options [ "--index"; string job; "--of"; "2" ] 5 work ignore)
                            0
                            "done"

                    Expect.equal (List.rev runs.Value) [ 1; 3; 0; 2; 4 ] "each once"
                    let all = Ensemble.gather options 6
                    Expect.equal (Map.count all.Members) 5 "five"
                    Expect.equal all.Missing (Map [ 5, "nothing was heard of it" ]) "and one that nobody ran"

                    let seeds = [ for KeyValue(_, values) in all.Members -> snd values[0] ]
                    Expect.equal (List.distinct seeds).Length 5 "seeds differ"

                    for KeyValue(_, values) in all.Members do
                        Expect.equal (snd values[1]) (1.0 / 3.0) "to the bit"
                        Expect.isTrue (Double.IsNaN(snd values[2])) "NaN"
                        Expect.equal (snd values[3]) -infinity "infinity")
            }

            test "a member that fails is reported, the others are kept, and another start runs what is missing" {
                inFolder (fun folder ->
                    let options =
                        { Ensemble.defaults with
                            Folder = folder
                        }

                    let fails = ref true

                    let work (m: Member) =
                        if m.Index = 1 && fails.Value then
                            failwith "too hot"

                        [ "index", float m.Index ]

                    let start () =
                        Ensemble.run Run.quiet options [ "--index"; "0"; "--of"; "1" ] 3 work ignore

                    Expect.equal (start ()) 1 "a failure"
                    let part = Ensemble.gather options 3
                    Expect.equal (Map.keys part.Members |> List.ofSeq) [ 0; 2 ] "the others"
                    Expect.equal part.Missing (Map [ 1, "too hot" ]) "and why"
                    fails.Value <- false
                    Expect.equal (start ()) 0 "done"
                    Expect.isTrue (Ensemble.gather options 3).Missing.IsEmpty "all")
            }

            test "an array of jobs in processes, some of them killed: the table of an uninterrupted run" {
                if not (OperatingSystem.IsLinux()) then
                    skiptest "reads /proc"

                inFolder (fun folder ->
                    let until = "0.02"
                    let whole = Path.Combine(folder, "whole")
                    // In this process, one after the other.
                    Expect.equal (run whole until (string count) [ "--index"; "0"; "--of"; "1" ]) 0 "whole"
                    let interrupted = Path.Combine(folder, "interrupted")
                    use job = start interrupted until
                    let victims = System.Collections.Generic.HashSet<int>()
                    let clock = Stopwatch.StartNew()

                    // Those that have a checkpoint and no result yet, each once.
                    while victims.Count < kills && not job.HasExited && clock.Elapsed.TotalMinutes < 2.0 do
                        for index in 0 .. count - 1 do
                            let file name =
                                Path.Combine(interrupted, $"{index:D5}-{name}")

                            if
                                victims.Count < kills
                                && File.Exists(file "run.h5")
                                && not (File.Exists(file "result.txt"))
                                && victims.Add index
                            then
                                let id = int (File.ReadAllText(file "process.txt"))
                                System.Diagnostics.Process.GetProcessById(id).Kill()

                        Thread.Sleep 1

                    let code, found = finish job
                    Expect.equal code 0 found
                    Expect.equal victims.Count kills $"so many were killed: {found}"

                    let table folder =
                        (Ensemble.gather
                            { Ensemble.defaults with
                                Folder = folder
                            }
                            count)
                            .Members

                    Expect.equal (table whole).Count count "all members"
                    Expect.equal (table interrupted) (table whole) "the same table, to the bit")
            }
        ]
