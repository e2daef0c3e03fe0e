/// A run in a process of its own that is killed while it runs, and resumed here.
module Mne.Functional.Tests.KilledRun

open System
open System.Diagnostics
open System.IO
open System.Threading
open Expecto
open Mne.Functional

/// The argument that makes this program the process that is to be killed.
let argument = "--evolve-until-killed"

let private circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine ]

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

/// At least two hundred steps, so that there is much to do when the process is killed after fifty.
let private options =
    { Evolution.defaults with
        MaximumStep = 0.005
    }

let private evolve options =
    use start = Network.initial network 1
    Evolution.solve Run.quiet options equation network (Collocation.grid circle 64) start (0.0, 1.0)

/// Evolves with a checkpoint in the file after every step, and says when it has made the 50th, to be killed then.
let child (path: string) : unit =
    let steps = ref 0
    let write = Checkpoint.every (CheckpointInterval.Steps 1) path

    evolve
        { options with
            Checkpoint =
                fun state ->
                    steps.Value <- steps.Value + 1
                    write state

                    if steps.Value = 50 then
                        printfn "50 steps"
        }
    |> ignore

/// Starts the process, lets it make its 50 steps and so many milliseconds more, and kills it; whether it was killed and did not end.
let private kill (path: string) (milliseconds: int) : bool =
    let command = ProcessStartInfo("dotnet", RedirectStandardOutput = true)

    for part in [ Reflection.Assembly.GetExecutingAssembly().Location; argument; path ] do
        command.ArgumentList.Add part

    use running = Process.Start command |> Unchecked.nonNull
    Expect.stringStarts (string (running.StandardOutput.ReadLine())) "50 steps" "what it says before it is killed"
    Thread.Sleep milliseconds
    running.Kill()
    running.WaitForExit()
    running.ExitCode <> 0

let private finalBits (solution: Solution) =
    Scope.free (fun () -> Tensor.toArray (Solution.parameters (Solution.stop solution) solution))

/// Kills so many processes at random moments and goes on from what each has left; how many there were and how many did not reach the bits
/// of a run that was left alone. A process that ended before it was killed is begun again.
let trust (count: int) : int * int =
    let folder = Directory.CreateTempSubdirectory "mne-killed"
    let random = System.Random 1
    use whole = evolve options
    let expected = finalBits whole

    try
        let rec killed path =
            if not (kill path (random.Next 1500)) then
                File.Delete path
                killed path

        let failed =
            [
                for k in 1..count do
                    let path = Path.Combine(folder.FullName, $"{k}.h5")
                    killed path

                    let right =
                        try
                            let state = Checkpoint.read path
                            use resumed = Evolution.resume Run.quiet options equation state

                            (Solution.steps resumed).Length = (Solution.steps whole).Length
                            && finalBits resumed = expected
                        with error ->
                            printfn $"{error.Message}"
                            false

                    if not right then
                        printfn $"not the same after kill {k}"
                        k
            ]

        count, failed.Length
    finally
        folder.Delete true

[<Tests>]
let tests =
    test "A process that is killed while it runs leaves a checkpoint that goes on to the same bits" {
        // A folder, since a file that was being written when the process died stays beside the checkpoint.
        let folder = Directory.CreateTempSubdirectory()
        let path = Path.Combine(folder.FullName, "run.h5")

        try
            // Somewhere in a step, or in the writing of a checkpoint.
            Expect.isTrue (kill path 20) "killed, not ended"

            use whole = evolve options
            let state = Checkpoint.read path
            Expect.isLessThan state.Integrator.Reached.Stop 1.0 "not at the end"
            use resumed = Evolution.resume Run.quiet options equation state
            Expect.equal (Solution.steps resumed).Length (Solution.steps whole).Length "steps"
            use expected = Solution.parameters 1.0 whole
            use found = Solution.parameters 1.0 resumed
            Check.identical "parameters at the end" found expected
        finally
            folder.Delete true
    }
