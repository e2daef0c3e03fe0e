module Mne.Functional.Tests.CheckpointTests

open System
open System.IO
open Expecto
open Mne.Functional
open Mne.Functional.Tests.Files

exception private Killed

/// Solves with checkpoints, is killed after `steps` steps, reads the last checkpoint and goes on.
let private killAndResume (options: EvolutionOptions) equation steps (t0, t1) =
    // At least ten steps, so that there is something to resume.
    let options = { options with MaximumStep = 0.1 }

    use whole =
        Evolution.solve Run.quiet options equation network points (start ()) (t0, t1)

    Expect.isGreaterThan whole.Trajectory.Records.Length (steps + 1) "steps of the whole run"

    withFile (fun path ->
        let write = Checkpoint.every (CheckpointInterval.Steps 2) path
        let count = ref 0

        let killed state =
            write state
            count.Value <- count.Value + 1

            if count.Value = steps then
                raise Killed

        Assert.raises<exn>(fun () ->
            Evolution.solve Run.quiet { options with Checkpoint = killed } equation network points (start ()) (t0, t1)
            |> ignore)
        |> fun error -> Expect.equal error Killed "killed"

        let state = Checkpoint.read path
        Expect.equal state.Integrator.Reached.Records.Length (steps / 2 * 2) "steps in the checkpoint"
        use resumed = Evolution.resume Run.quiet options equation state
        same resumed whole
        Expect.equal resumed.VectorField.Landmarks whole.VectorField.Landmarks "landmarks"

        Expect.equal
            (Directory.GetFiles(Path.GetDirectoryName path |> Unchecked.nonNull))
            [| path |]
            "no file but the checkpoint")

/// Fits with checkpoints, is killed after `steps` steps, reads the last checkpoint and goes on.
let private killAndResumeFit (options: RegressionOptions) collocation (from: Tensor option) steps =
    let fit options =
        match from with
        | Some start -> Regression.tryFitFrom Run.quiet options network sine collocation start
        | None -> Regression.tryFit Run.quiet options network sine collocation

    use whole = fit options
    Expect.isGreaterThan whole.Steps (steps + 1) "steps of the whole fit"

    withFile (fun path ->
        let write = Checkpoint.everyFit (CheckpointInterval.Steps 2) path
        let count = ref 0

        let killed state =
            write state
            count.Value <- count.Value + 1

            if count.Value = steps then
                raise Killed

        Assert.raises<exn>(fun () -> fit { options with Checkpoint = killed } |> ignore)
        |> fun error -> Expect.equal error Killed "killed"

        let state = Checkpoint.readFit path
        Expect.equal state.Steps (steps / 2 * 2) "steps in the checkpoint"
        use resumed = Regression.tryResume Run.quiet options network sine collocation state
        Check.identical "parameters" resumed.Parameters whole.Parameters
        Expect.equal resumed.Error whole.Error "error"
        Expect.equal resumed.ErrorAtPoints whole.ErrorAtPoints "error at the points"
        Expect.equal resumed.Steps whole.Steps "steps"
        Expect.equal resumed.Advice whole.Advice "advice")

let private drawn = Collocation.sequence circle 40

let private fits =
    testList
        "a fit that was killed and resumed has the bits of one that was not"
        [
            let options = { Regression.defaults with Steps = 15 }

            for name, collocation in [ "given points", points; "drawn points", drawn ] do
                for steps in [ 2; 3; 6 ] do
                    Check.scoped $"at {name}, after {steps} steps" (fun () ->
                        killAndResumeFit options collocation None steps)

                Check.scoped $"at {name}, from given parameters" (fun () ->
                    use start = Network.initial network 5
                    killAndResumeFit options collocation (Some start) 4)

                Check.scoped $"at {name}, asked to stop, from its last step" (fun () ->
                    withFile (fun path ->
                        use whole = Regression.tryFit Run.quiet options network sine collocation
                        use stop = new System.Threading.CancellationTokenSource()

                        let asked =
                            { Run.quiet with
                                Cancellation = stop.Token
                                Meter =
                                    fun report ->
                                        if report.Time = 5.0 then
                                            stop.Cancel()
                            }

                        // No interval would have written anything.
                        let saving =
                            { options with
                                Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1_000_000) path
                            }

                        Assert.raises<OperationCanceledException>(fun () ->
                            Regression.tryFit asked saving network sine collocation |> ignore)
                        |> ignore

                        let state = Checkpoint.readFit path
                        Expect.equal state.Steps 5 "the last step"
                        use resumed = Regression.tryResume Run.quiet options network sine collocation state
                        Check.identical "parameters" resumed.Parameters whole.Parameters))

                Check.scoped $"at {name}, and is refused with what is other" (fun () ->
                    withFile (fun path ->
                        use _ =
                            Regression.tryFit
                                Run.quiet
                                { options with
                                    Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1) path
                                }
                                network
                                sine
                                collocation

                        let refused part network g collocation =
                            Check.refuses [ part ] (fun () ->
                                Checkpoint.readFit path
                                |> Regression.tryResume Run.quiet options network g collocation
                                |> ignore)

                        refused "state" network (fun x -> 1.01 .* sine x) collocation
                        refused "state" network (sine >> _.square()) collocation
                        refused "state" network (fun x -> 0.01 .+ sine x) collocation

                        refused
                            "state"
                            (Network.create circle [ Layer.harmonics 2; Layer.dense 13 Sine ])
                            sine
                            collocation

                        let cosine = Network.create circle [ Layer.harmonics 2; Layer.dense 12 Tanh ]
                        refused "state" cosine sine collocation
                        refused "collocation" network sine (if name = "given points" then drawn else points)))

            Check.scoped "and leaves no tensor behind" (fun () ->
                withFile (fun path ->
                    use start = Network.initial network 5

                    for collocation in [ points; drawn ] do
                        Assert.frees (fun () ->
                            use whole =
                                Regression.tryFitFrom
                                    Run.quiet
                                    { options with
                                        Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1) path
                                    }
                                    network
                                    sine
                                    collocation
                                    start

                            use resumed =
                                Checkpoint.readFit path
                                |> Regression.tryResume Run.quiet options network sine collocation

                            Check.identical "parameters" resumed.Parameters whole.Parameters)))

            Check.scoped "and a file of something else is refused" (fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve
                            Run.quiet
                            { Files.options with
                                Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) path
                            }
                            equation
                            network
                            points
                            (start ())
                            (0.0, 0.1)

                    Check.refuses [ "holds a checkpoint"; "wanted a fit" ] (fun () ->
                        Checkpoint.readFit path |> ignore)))
        ]

let private checkpoints =
    testList
        "a run that was killed and resumed has the bits of one that was not"
        [
            Check.scoped "with fixed points" (fun () -> killAndResume options equation 5 (0.0, 1.0))

            Check.scoped "backwards" (fun () ->
                killAndResume options (-1.0 * Term.transport "b" (fun _ x -> x.ones_like ())) 3 (1.0, 0.0))

            Check.scoped "with moving points and functions in the equation" (fun () ->
                let options =
                    { options with
                        Points = PointDynamics.advected (fun t x -> t * x.ones_like ())
                    }

                killAndResume options (Term.known "s" (fun t x -> t * sine x) + 0.1 * Term.laplacian) 3 (0.0, 1.0))

            testList
                "with points drawn anew, between and at the draws"
                [
                    for sketch in [ options.Sketch; Sketch.Adaptive 1.2 ] do
                        for steps in [ 2; 3; 4; 5; 6; 7 ] ->
                            Check.scoped $"{sketch}, after {steps} steps" (fun () ->
                                let follow (local: Local) =
                                    let slope = (Jet.gradient local.Jet).norm 1
                                    slope.mean () + slope

                                let options =
                                    { options with
                                        Sketch = sketch
                                        Points =
                                            PointDynamics.redrawn
                                                0.25
                                                (Collocation.sequence circle 200)
                                                [ Derivative.Partial(0, 1) ]
                                                follow
                                    }

                                killAndResume options equation steps (0.0, 1.0))
                ]

            Check.scoped "and is refused with another equation or a file of something else" (fun () ->
                withFile (fun path ->
                    let options =
                        { options with
                            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) path
                        }

                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.5)

                    use state = Checkpoint.read path

                    Check.refuses [ "term"; "0.1 Δu + u − u³" ] (fun () ->
                        Evolution.resume Run.quiet options Term.laplacian state |> ignore)

                    Storage.saveSolution path "" solution |> ignore

                    Check.refuses [ "holds a solution"; "wanted a checkpoint" ] (fun () ->
                        Checkpoint.read path |> ignore)))

            Check.scoped "and is refused with other functions of the same names" (fun () ->
                withFile (fun path ->
                    let options =
                        { options with
                            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) path
                        }

                    let source (size: float) =
                        0.1 * Term.laplacian + Term.known "s" (fun t x -> size * t * sine x)

                    use whole =
                        Evolution.solve Run.quiet options (source 1.0) network points (start ()) (0.0, 0.5)

                    for size in [ -5.0; 1.001; nan ] do
                        Check.refuses [ "term"; "other values"; "began with" ] (fun () ->
                            use state = Checkpoint.read path
                            Evolution.resume Run.quiet options (source size) state |> ignore)

                    // Another rounding of the same function.
                    let again =
                        0.1 * Term.laplacian + Term.known "s" (fun t x -> (sine x * t / 3.0) * 3.0)

                    use resumed = Evolution.resume Run.quiet options again (Checkpoint.read path)
                    Expect.equal resumed.Trajectory.Stop whole.Trajectory.Stop "end"))

            Check.scoped "and a run whose checkpoints cannot be written goes on, and tries again" (fun () ->
                withFile (fun path ->
                    let folder = Path.GetDirectoryName path |> Unchecked.nonNull
                    let failures = Collections.Generic.List<exn>()
                    let attempts = ref 0

                    let solve checkpoint =
                        Evolution.solve
                            Run.quiet
                            { options with
                                MaximumStep = 0.1
                                Checkpoint = checkpoint
                            }
                            equation
                            network
                            points
                            (start ())
                            (0.0, 1.0)

                    use expected = solve ignore
                    // A file where the folder of the checkpoint should be, until the fifth attempt.
                    File.WriteAllText(folder, "in the way")

                    let write = Checkpoint.everyOr failures.Add (CheckpointInterval.Steps 1) path

                    use found =
                        solve (fun state ->
                            attempts.Value <- attempts.Value + 1

                            if attempts.Value = 5 then
                                File.Delete folder

                            write state)

                    same found expected
                    Expect.hasLength failures 4 "failures"
                    Expect.all failures (fun error -> error :? IOException) "of the disk"
                    use state = Checkpoint.read path
                    Expect.isGreaterThan state.Integrator.Reached.Records.Length 5 "written after that"
                    Expect.hasLength (Directory.GetFiles folder) 1 "files"

                    // Without a handler, a line on standard error, once.
                    let error, written = Console.Error, new StringWriter()
                    Console.SetError written

                    try
                        use found = solve (Checkpoint.every (CheckpointInterval.Steps 1) folder)
                        same found expected
                    finally
                        Console.SetError error

                    let lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    Expect.hasLength lines 1 "lines"
                    Expect.stringContains lines[0] "the run goes on" "line"
                    Expect.stringContains lines[0] folder "line"

                    // A handler that raises ends it.
                    Assert.raises<ArgumentException>(fun () ->
                        solve (Checkpoint.everyOr raise (CheckpointInterval.Steps 1) folder) |> ignore)
                    |> ignore))

            Check.scoped "and leaves no tensor behind" (fun () ->
                withFile (fun path ->
                    let start = start ()

                    let options =
                        { options with
                            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) path
                        }

                    Assert.frees (fun () ->
                        use solution =
                            Evolution.solve Run.quiet options equation network points start (0.0, 0.5)

                        use resumed = Evolution.resume Run.quiet options equation (Checkpoint.read path)
                        same resumed solution)))

            testCase "and intervals are positive"
            <| fun () ->
                Check.refuses [ "interval"; "at least 1" ] (fun () ->
                    Checkpoint.every (CheckpointInterval.Steps 0) "x" |> ignore)

                Check.refuses [ "interval"; "greater than 0" ] (fun () ->
                    Checkpoint.every (CheckpointInterval.Elapsed TimeSpan.Zero) "x" |> ignore)
        ]

[<Tests>]
let tests = testList "Storage" [ checkpoints; fits ]
