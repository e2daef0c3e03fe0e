module Mne.Functional.Tests.IntegratorTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional

let double = Placement.float64

let vector (values: float list) =
    Tensor.ofArray double (List.toArray values)

/// x' = x − y − x r², y' = x + y − y r²: r' = r (1 − r²), φ' = 1, from r = 1/2 at t = 0.
let oscillator _ (y: Tensor) =
    let a, b = y[0], y[1]
    let stretch = 1.0 - a * a - b * b
    torch.stack ([| a * stretch - b; b * stretch + a |], 0L), ()

let oscillatorExact t =
    let r = 1.0 / sqrt (1.0 + 3.0 * exp (-2.0 * t))
    vector [ r * cos t; r * sin t ]

let problem tolerance field =
    Integrator.create field (Integrator.componentNorm tolerance tolerance)

let private decay rate _ (y: Tensor) = -rate * y, ()

[<Tests>]
let tests =
    testList
        "Integrator"
        [
            test "tolerance 1e-k gives an error of that size, k = 3..9, at the steps and between them" {
                use _ = torch.NewDisposeScope()

                for k in 3..9 do
                    let tolerance = 10.0 ** float -k

                    use trajectory =
                        Integrator.solve (problem tolerance oscillator) (oscillatorExact 0.0) (0.0, 3.0)

                    Expect.equal trajectory.Outcome Outcome.Completed "outcome"

                    let error =
                        List.max
                            [
                                for i in 0..200 ->
                                    let t = 0.015 * float i
                                    Check.size (Trajectory.evaluate t trajectory - oscillatorExact t)
                            ]

                    Expect.isTrue (error < 10.0 * tolerance && error > 0.1 * tolerance) $"k = {k}: {error:G3}"
            }

            Check.scoped "backwards in time" (fun () ->
                use trajectory =
                    Integrator.solve (problem 1e-9 oscillator) (oscillatorExact 5.0) (5.0, 1.0)

                Expect.equal trajectory.Outcome Outcome.Completed "outcome"
                Expect.equal trajectory.Stop 1.0 "stop"
                Expect.all trajectory.Segments (fun s -> s.Length < 0.0) "negative steps"

                for t in [ 5.0; 4.2; 2.5; 1.0 ] do
                    // Backwards, errors off the circle grow as e^{2·4} = 3000 at most.
                    Check.close 1e-5 $"t = {t}" (Trajectory.evaluate t trajectory) (oscillatorExact t))

            Check.scoped "forth and back again" (fun () ->
                let start = vector [ 0.3; -0.8 ]
                use forth = Integrator.solve (problem 1e-10 oscillator) start (-1.0, 1.0)

                use back =
                    Integrator.solve (problem 1e-10 oscillator) (Trajectory.evaluate 1.0 forth) (1.0, -1.0)

                Check.close 1e-7 "start" (Trajectory.evaluate -1.0 back) start)

            test "without its steps, a trajectory ends in the same bits, and holds no more than the last" {
                let solve keeps =
                    Integrator.solve
                        { problem 1e-8 oscillator with
                            KeepsSteps = keeps
                        }
                        (oscillatorExact 0.0)
                        (0.0, 40.0)

                Assert.frees (fun () ->
                    Scope.free (fun () ->
                        use all = solve true
                        let before = Engine.liveTensors ()
                        use last = solve false
                        Expect.isGreaterThan all.Segments.Length 50 "many steps"
                        Expect.equal last.Segments.Length 1 "one step"
                        Expect.isLessThan (Engine.liveTensors () - before) 12L "live tensors"
                        Expect.equal last.Records.Length all.Records.Length "as many records"
                        Check.identical "end" (Trajectory.evaluate 40.0 last) (Trajectory.evaluate 40.0 all)))
            }

            Check.scoped "a piece whose state cannot be made ends the run with what was reached" (fun () ->
                let problem = problem 1e-6 oscillator

                let restart i () (y: Tensor) =
                    if i = 2 then
                        raise (FieldRefused(fun _ -> Outcome.NonFinite "the new points"))

                    (), y

                let (), trajectory =
                    Integrator.solvePiecewise problem restart () (oscillatorExact 0.0) [ 0.0; 1.0; 2.0; 3.0 ]

                use trajectory = trajectory

                Expect.equal trajectory.Outcome (Outcome.NonFinite "the new points") "outcome"
                Expect.equal trajectory.Stop 2.0 "kept up to there"
                Check.close 1e-4 "y(2)" (Trajectory.evaluate 2.0 trajectory) (oscillatorExact 2.0))

            Check.scoped "a step to points where nothing can be computed is rejected" (fun () ->
                // y' = −y³ from 10⁴ on: the stages of a first step that is too long lie far beyond all powers.
                let field _ (y: Tensor) =
                    Guard.withinReach "points" (y.unsqueeze 1L)
                    -(y * y * y), ()

                use trajectory =
                    Integrator.solve
                        { problem 1e-6 field with
                            InitialStep = Some 1.0
                        }
                        (Tensor.ofArray double [| 1e4 |])
                        (0.0, 1.0)

                Expect.equal trajectory.Outcome Outcome.Completed "outcome"
                Expect.isGreaterThan trajectory.Rejected 0 "rejected"
                // y² = y₀² / (1 + 2 y₀² t)
                Check.close
                    1e-4
                    "y"
                    (Trajectory.evaluate 1.0 trajectory)
                    (Tensor.ofArray double [| 1e4 / sqrt (1.0 + 2e8) |]))

            Check.scoped "the records tell what happened" (fun () ->
                use trajectory =
                    Integrator.solve
                        { problem 1e-6 oscillator with
                            InitialStep = Some 5.0
                        }
                        (oscillatorExact 0.0)
                        (0.0, 4.0)

                let r = trajectory.Records
                Expect.equal r.Length trajectory.Segments.Length "one record per step"
                Expect.isGreaterThan trajectory.Rejected 0 "the first step is far too long"
                Expect.equal trajectory.Evaluations (1 + 6 * (r.Length + trajectory.Rejected)) "first same as last"
                Expect.floatClose Accuracy.high (r |> Array.sumBy _.Step) 4.0 "steps add up"
                Expect.equal r[r.Length - 1].Time 4.0 "exactly at the end"
                Expect.all r (fun r -> r.Error <= 1.0) "errors"

                for a, b in Array.pairwise trajectory.Segments do
                    Expect.floatClose Accuracy.veryHigh (Segment.stop a) b.Start "no gap"
                    Check.close 1e-14 "continuous" (Segment.evaluate b.Start a) b.Coefficients[0])

            Check.scoped "steps respect MaximumStep" (fun () ->
                use trajectory =
                    Integrator.solve
                        { problem 1e-3 (decay 1.0) with
                            MaximumStep = 0.1
                        }
                        (vector [ 1.0 ])
                        (0.0, 1.0)

                Expect.all trajectory.Records (fun r -> r.Step <= 0.1 * 1.0101) "steps")

            Check.scoped "too many steps: the solution up to there is kept" (fun () ->
                use trajectory =
                    Integrator.solve
                        { problem 1e-9 oscillator with
                            MaximumSteps = 7
                        }
                        (oscillatorExact 0.0)
                        (0.0, 100.0)

                match trajectory.Outcome with
                | Outcome.TooManySteps(t, 7) as outcome ->
                    Expect.equal trajectory.Stop t "stop"
                    Expect.equal (trajectory.Records.Length + trajectory.Rejected) 7 "steps"
                    Check.close 1e-7 "state" (Trajectory.evaluate t trajectory) (oscillatorExact t)
                    Expect.stringContains outcome.Advice "MaximumSteps" "advice"
                | other -> failtest $"{other}")

            Check.scoped "finite-time blow-up u' = u²: steps become too small just there" (fun () ->
                use trajectory =
                    Integrator.solve (problem 1e-6 (fun _ y -> y.square (), ())) (vector [ 1.0 ]) (0.0, 2.0)

                match trajectory.Outcome with
                | Outcome.StepTooSmall(t, _) as outcome ->
                    Expect.isLessThan (abs (t - 1.0)) 1e-4 $"t = {t}"
                    Check.close 1e-3 "until then" (Trajectory.evaluate 0.9 trajectory) (vector [ 10.0 ])
                    Expect.stringContains outcome.Advice "Tolerance" "advice"
                | other -> failtest $"{other}")

            Check.scoped "a run that stands still ends soon, unless small steps were asked for" (fun () ->
                // Stiff: steps of about 3e-9, whatever the accuracy.
                let stiff = problem 1e-3 (fun t (y: Tensor) -> -1e9 .* (y .- cos t), ())

                let solve problem =
                    Integrator.solve problem (vector [ 1.0 ]) (0.0, 2.0)

                use still = solve stiff

                match still.Outcome with
                | Outcome.StepTooSmall(t, _) as outcome ->
                    Expect.isTrue (t > 0.0 && t < 1e-5) $"t = {t}"
                    Expect.equal still.Records.Length 200 "steps"
                    Expect.stringContains outcome.Advice "out of reach" "advice"
                | other -> failtest $"{other}"

                use slow =
                    solve
                        { problem 1e-3 (fun _ y -> -y, ()) with
                            MaximumStep = 1e-8
                            MaximumSteps = 300
                        }

                Expect.isTrue slow.Outcome.IsTooManySteps $"{slow.Outcome}")

            Check.scoped "a field that is not a number: where, however small the step" (fun () ->
                let field t (y: Tensor) = (if t > 0.5 then y * nan else -y), ()

                use trajectory = Integrator.solve (problem 1e-6 field) (vector [ 1.0 ]) (0.0, 1.0)

                match trajectory.Outcome with
                | Outcome.NonFinite where ->
                    Expect.stringContains where "t = 0.5" "where"
                    Expect.isLessThan (abs (trajectory.Stop - 0.5)) 1e-6 "up to there"
                | other -> failtest $"{other}"

                use never =
                    Integrator.solve (problem 1e-6 (fun _ y -> y * nan, ())) (vector [ 1.0 ]) (0.0, 1.0)

                match never.Outcome with
                | Outcome.NonFinite where ->
                    Expect.equal never.Segments.Length 0 "no step"
                    Expect.equal never.Evaluations 1 "noticed at once"
                    Expect.stringContains where "t = 0" "where"
                | other -> failtest $"{other}"

                Check.refuses [ "no step was accepted" ] (fun () -> Trajectory.evaluate 0.0 never |> ignore))

            Check.scoped
                "a field that refuses to go on ends the run with its outcome at the time that was reached"
                (fun () ->
                    let field t (y: Tensor) =
                        if t > 0.25 then
                            raise (FieldRefused(fun t -> Outcome.SingularKernel(t, 17)))

                        -y, ()

                    use trajectory = Integrator.solve (problem 1e-6 field) (vector [ 1.0 ]) (0.0, 1.0)

                    match trajectory.Outcome with
                    | Outcome.SingularKernel(t, 17) as outcome ->
                        Expect.isLessThan (abs (t - 0.25)) 1e-6 "time"
                        Expect.stringContains outcome.Advice "Regularisation" "advice"
                    | other -> failtest $"{other}")

            Check.scoped "cancellation between and within steps" (fun () ->
                use source = new CancellationTokenSource()
                let mutable steps = 0

                use trajectory =
                    Integrator.solve
                        { problem 1e-9 oscillator with
                            Cancellation = source.Token
                            OnStep =
                                fun _ _ ->
                                    steps <- steps + 1

                                    if steps = 3 then
                                        source.Cancel()
                        }
                        (oscillatorExact 0.0)
                        (0.0, 100.0)

                match trajectory.Outcome with
                | Outcome.Cancelled t ->
                    Expect.equal trajectory.Segments.Length 3 "three steps"
                    Expect.equal t trajectory.Stop "time"
                    Check.close 1e-7 "state" (Trajectory.evaluate t trajectory) (oscillatorExact t)
                | other -> failtest $"{other}"

                use cancelled =
                    Integrator.solve
                        { problem 1e-9 oscillator with
                            Cancellation = source.Token
                        }
                        (oscillatorExact 0.0)
                        (0.0, 1.0)

                Expect.equal cancelled.Outcome (Outcome.Cancelled 0.0) "at once")

            test "a trajectory owns five tensors per step and nothing else; without them nothing is left" {
                let start = oscillatorExact 0.0
                let before = Assert.settledTensors ()

                for options in
                    [
                        id
                        fun (p: Integration<unit, unit>) -> { p with MaximumSteps = 5 }
                        fun (p: Integration<unit, unit>) -> { p with InitialStep = Some 5.0 }
                        fun (p: Integration<unit, unit>) ->
                            { p with
                                Events = [ Event.create "end" Direction.Falling (fun t _ -> 2.0 - t) ]
                            }
                    ] do
                    let trajectory =
                        Integrator.solve
                            (options (
                                problem 1e-6 (fun t y ->
                                    Scope.keepAll (fun (k, ()) -> [ k ]) (fun () -> oscillator t y))
                            ))
                            start
                            (0.0, 4.0)

                    Expect.equal (Engine.liveTensors () - before) (5L * int64 trajectory.Segments.Length) "owned"
                    (Trajectory.evaluate 0.1 trajectory).Dispose()
                    (trajectory :> IDisposable).Dispose()
                    Expect.equal (Engine.liveTensors ()) before "freed"

                start.Dispose()
            }

            Check.scoped "an interruption that nobody asked for is not taken for a cancellation" (fun () ->
                let field t (y: Tensor) =
                    if t > 0.25 then
                        raise (OperationCanceledException "the user's own")

                    -y, ()

                let error =
                    Assert.raises<OperationCanceledException>(fun () ->
                        Integrator.solve (problem 1e-6 field) (vector [ 1.0 ]) (0.0, 1.0) |> ignore)

                Expect.equal error.Message "the user's own" "as it was raised")

            Check.scoped "the context of a piece is what its restart made of the one before" (fun () ->
                // y' = the number of the piece; y is 0 again where a piece begins.
                let field (pieces: int list) : Field<int> =
                    fun _ y -> float pieces.Head * y.ones_like (), pieces.Head

                let own = problem 1e-6 (fun _ y -> y, 0)

                let problem =
                    {
                        Field = field
                        Norm = own.Norm
                        Method = own.Method
                        Controller = own.Controller
                        InitialStep = own.InitialStep
                        MaximumStep = own.MaximumStep
                        MaximumSteps = own.MaximumSteps
                        Events = own.Events
                        Examine = fun _ -> own.Examine()
                        OnStep = own.OnStep
                        OnState = ignore
                        Cancellation = own.Cancellation
                        KeepsSteps = own.KeepsSteps
                    }

                let restart i (pieces: int list) (y: Tensor) = i + 1 :: pieces, y.zeros_like ()

                let last, trajectory =
                    Integrator.solvePiecewise problem restart [] (vector [ 7.0 ]) [ 0.0; 1.0; 2.0; 3.0 ]

                use trajectory = trajectory
                Expect.equal last [ 3; 2; 1 ] "of the last piece"

                for t in [ 0.5; 1.5; 2.5 ] do
                    Check.close 1e-12 $"y({t})" (Trajectory.evaluate t trajectory) (vector [ 0.5 * (t + 0.5) ])

                Expect.all trajectory.Records (fun r -> float r.Note >= r.Time) "notes of the piece")

            testList
                "refuses"
                [
                    for name, span, parts in
                        [
                            "an empty time span", (1.0, 1.0), [ "t1"; "from 1 to 1"; "two different finite times" ]
                            "an endless time span", (0.0, infinity), [ "t1"; "finite" ]
                            "a time that is not a number", (nan, 1.0), [ "t1"; "finite" ]
                        ] do
                        Check.scoped name (fun () ->
                            Check.refuses parts (fun () ->
                                Integrator.solve (problem 1e-3 oscillator) (oscillatorExact 0.0) span |> ignore))

                    Check.scoped "initial values that are not finite" (fun () ->
                        Check.refuses [ "y"; "row 1" ] (fun () ->
                            Integrator.solve (problem 1e-3 oscillator) (vector [ 1.0; nan ]) (0.0, 1.0)
                            |> ignore))

                ]
        ]
