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

[<Tests>]
let tests =
    test "A process that is killed while it runs leaves a checkpoint that goes on to the same bits" {
        // A folder, since a file that was being written when the process died stays beside the checkpoint.
        let folder = Directory.CreateTempSubdirectory()
        let path = Path.Combine(folder.FullName, "run.h5")

        try
            let command = ProcessStartInfo("dotnet", RedirectStandardOutput = true)

            for part in [ Reflection.Assembly.GetExecutingAssembly().Location; argument; path ] do
                command.ArgumentList.Add part

            use running = Process.Start command |> Unchecked.nonNull

            Expect.stringStarts
                (string (running.StandardOutput.ReadLine()))
                "50 steps"
                "what it says before it is killed"
            // Somewhere in a step, or in the writing of a checkpoint.
            Thread.Sleep 20
            running.Kill()
            running.WaitForExit()
            Expect.notEqual running.ExitCode 0 "killed, not ended"

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
