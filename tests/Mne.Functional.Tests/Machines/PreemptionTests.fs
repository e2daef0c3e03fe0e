module Mne.Functional.Tests.PreemptionTests

open System
open System.IO
open System.Runtime.InteropServices
open System.Threading
open Expecto
open Mne.Functional

[<DllImport("libc", SetLastError = true)>]
extern int private kill(int pid, int signal)

let private circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value
let private points = Collocation.grid circle 24

let private options =
    { Evolution.defaults with
        Tolerance = 1e-5
        Regularisation = 1e-6
    }

let private solve run options =
    Evolution.solve run options equation network points (Network.initial network 1) (0.0, 0.5)

let private inFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "mne-preemption-"

    try
        test (Path.Combine(folder.FullName, "run.h5"))
    finally
        folder.Delete true

/// Told by a signal after so many steps, and then asked for a step that lasts until it was heard.
let private toldAfter (steps: int) (signal: int) (run: Run) =
    { run with
        Meter =
            fun report ->
                if report.Accepted = steps then
                    kill (Environment.ProcessId, signal) |> ignore
                    run.Cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds 10.0) |> ignore
    }

let private onUnix name body =
    test name {
        if not (OperatingSystem.IsLinux()) then
            skiptest "signals of Linux"

        body ()
    }

[<Tests>]
let tests =
    testSequenced
    <| testList
        "Preemption"
        [
            for name, signal in [ "SIGTERM", 15; "SIGUSR1", 10; "SIGUSR2", 12 ] do
                onUnix ("the last step is written, and the next start goes on to the same bits: " + name) (fun () ->
                    inFolder (fun file ->
                        use whole = solve Run.quiet options
                        let expected = Scope.free (fun () -> Tensor.toArray (Solution.parameters 0.5 whole))

                        // No interval would have written anything.
                        let saving =
                            { options with
                                Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1_000_000) file
                            }

                        let code =
                            Preemption.run (fun run -> use _ = solve (toldAfter 3 signal run) saving in ())

                        Expect.equal code Preemption.exitCode "start me again"

                        use rest = Checkpoint.read file |> Evolution.resume Run.quiet options equation

                        Expect.equal
                            (Solution.steps rest).Length
                            (Solution.steps whole).Length
                            "no step is made twice"

                        let found = Scope.free (fun () -> Tensor.toArray (Solution.parameters 0.5 rest))
                        Expect.equal found expected "to the same bits"))

            test "a program that is done has the code 0, and one that fails fails" {
                Expect.equal (Preemption.run ignore) 0 "done"

                Assert.raises<InvalidOperationException>(fun () -> Preemption.run (fun _ -> invalidOp "no") |> ignore)
                |> ignore

                // Cancelled by itself, not told.
                Assert.raises<OperationCanceledException>(fun () ->
                    Preemption.run (fun _ -> raise (OperationCanceledException())) |> ignore)
                |> ignore
            }

            test "a run that is cancelled just after its points were drawn anew goes on from before, to the same bits" {
                inFolder (fun file ->
                    let moving =
                        { options with
                            Points =
                                PointDynamics.refreshed [ 0.1; 0.2 ] (fun placement seed _ ->
                                    Random.uniform placement seed [ 24; 1 ] .* (2.0 * Math.PI))
                        }

                    use whole = solve Run.quiet moving
                    let expected = Scope.free (fun () -> Tensor.toArray (Solution.parameters 0.5 whole))

                    for boundary in [ 0.1; 0.2 ] do
                        File.Delete file
                        use stop = new CancellationTokenSource()
                        let passed = ref false

                        // The first evaluation after the new points were drawn asks for the stop.
                        let asking =
                            { moving with
                                Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1_000_000) file
                                Points =
                                    PointDynamics.refreshed [ 0.1; 0.2 ] (fun placement seed t ->
                                        if t = boundary then
                                            passed.Value <- true
                                            stop.CancelAfter(TimeSpan.Zero)
                                            stop.Token.WaitHandle.WaitOne() |> ignore

                                        Random.uniform placement seed [ 24; 1 ] .* (2.0 * Math.PI))
                            }

                        use part =
                            Evolution.trySolve
                                { Run.quiet with
                                    Cancellation = stop.Token
                                }
                                asking
                                equation
                                network
                                points
                                (Network.initial network 1)
                                (0.0, 0.5)

                        Expect.isTrue (passed.Value && part.Outcome.IsCancelled) "cancelled there"
                        use rest = Checkpoint.read file |> Evolution.resume Run.quiet moving equation
                        let found = Scope.free (fun () -> Tensor.toArray (Solution.parameters 0.5 rest))
                        Expect.equal found expected "to the same bits")
            }

            test "a sampler in the making goes on to the same bits" {
                inFolder (fun file ->
                    let target = Density.gaussianMixture [ 0.5, [ -1.5 ], 0.6; 0.5, [ 1.5 ], 0.6 ]

                    let small =
                        { Sampler.defaults with
                            Network = fun domain -> Network.create domain [ Layer.dense 12 Swish ]
                            Cover.Points = Some 60
                            Cover.FitPoints = 100
                            Cover.Refreshes = 3
                            Fit.Steps = 10
                            Evolve.Sketch = Sketch.Landmarks 20
                            Evolve.Regularisation = 1e-5
                        }

                    let parametersOf (sampler: Sampler) =
                        let solution = sampler.Energy.Solution
                        Scope.free (fun () -> Tensor.toArray (Solution.parameters (Solution.stop solution) solution))

                    use whole = Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck target
                    use stop = new CancellationTokenSource()

                    let saving =
                        { small with
                            Evolve.Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1_000_000) file
                        }

                    let asked =
                        { Run.quiet with
                            Cancellation = stop.Token
                            Meter =
                                fun report ->
                                    if report.Phase = Phase.Evolve && report.Accepted = 4 then
                                        stop.Cancel()
                        }

                    Assert.raises<OperationCanceledException>(fun () ->
                        Sampler.evolve asked saving Process.ornsteinUhlenbeck target |> ignore)
                    |> ignore

                    use rest =
                        Checkpoint.read file
                        |> Sampler.resume Run.quiet small Process.ornsteinUhlenbeck target

                    Expect.equal (parametersOf rest) (parametersOf whole) "to the same bits"
                    Expect.equal rest.FitError whole.FitError "the fit too"

                    // While it fits.
                    File.Delete file
                    use stop = new CancellationTokenSource()

                    let fitting =
                        { small with
                            Fit.Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1_000_000) file
                        }

                    let asked =
                        { Run.quiet with
                            Cancellation = stop.Token
                            Meter =
                                fun report ->
                                    if report.Phase = Phase.Fit && report.Time = 4.0 then
                                        stop.Cancel()
                        }

                    Assert.raises<OperationCanceledException>(fun () ->
                        Sampler.evolve asked fitting Process.ornsteinUhlenbeck target |> ignore)
                    |> ignore

                    let state = Checkpoint.readFit file
                    Expect.equal state.Steps 4 "the last step of the fit"

                    use rest =
                        state |> Sampler.resumeFit Run.quiet small Process.ornsteinUhlenbeck target

                    Expect.equal (parametersOf rest) (parametersOf whole) "to the same bits"
                    Expect.equal rest.FitError whole.FitError "and the same fit")
            }
        ]
