module Mne.Functional.Tests.OwnMethodTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests.IntegratorTests

/// Implicit Euler for a Jacobian that does not change: two of Newton's steps for y₁ = y + h f(t + h, y₁). Its error is half the change of
/// the slope, with what is stiff damped as the method damps it.
let private implicitEuler (jacobian: float[,]) : Method =
    {
        Name = "implicit Euler"
        Order = 1
        EmbeddedOrder = 1
        Tableau = None
        Start = fun _ _ _ slope _ -> [ slope ]
        Step =
            fun f t y h memory ->
                let n = y.shape[0]

                let matrix = torch.eye (n, dtype = y.dtype) - h * Tensor.ofArray2D double jacobian

                let solve (b: Tensor) =
                    torch.linalg.solve(matrix, b.unsqueeze 1L).squeeze 1L

                let newton (z: Tensor) = z - solve (z - y - h * f (t + h) z)
                let next = newton (newton y)
                let slope = (next - y) / h

                {
                    Next = next
                    Error = solve (0.5 * h * (slope - memory.Head))
                    Order = 2
                    Segment = Segment.hermite t h (y, memory.Head) (next, slope)
                    Memory = [ slope ]
                }
    }

/// Stiff and linear: y₂ falls at the rate 1000, and y₁ follows it at the rate 1.
let private stiff = array2D [ [ -1.0; 1.0 ]; [ 0.0; -1000.0 ] ]

let private stiffField: Field<unit> =
    fun _ y -> (Tensor.ofArray2D double stiff).mv y, ()

let private stiffExact t =
    let fast = exp (-1000.0 * t)
    vector [ exp -t + (exp -t - fast) / 999.0; fast ]

/// Steps as the proportional–integral controller would have them, every third one halved: its memory is longer than that one's.
let private limping: Controller =
    let usual = Controller.proportionalIntegral

    let own =
        Controller.create "limping" (fun attempt memory ->
            let decision = usual.Adapt attempt memory.Tail
            let count = memory.Head + 1.0

            { decision with
                Step = (if count % 3.0 = 0.0 then 0.5 else 1.0) * decision.Step
                Memory = count :: decision.Memory
            })

    { own with
        Memory = 0.0 :: usual.Memory
    }

exception private Killed

/// Interrupts after every number of steps, takes a copy of the state up again, and compares with the whole run.
let private resumesAnywhere (problem: Integration<int, unit>) (y: Tensor) times =
    let restart _ context (y: Tensor) = context + 1, y
    let contextOfWhole, whole = Integrator.solvePiecewise problem restart 0 y times
    use whole = whole
    Expect.equal whole.Outcome Outcome.Completed "outcome"
    Expect.isGreaterThan whole.Records.Length 6 "steps"

    for steps in [ 1 .. whole.Records.Length - 1 ] do
        let copy (t: Tensor) = t.clone().DetachFromDisposeScope()
        let mutable kept = None

        let keep (state: Lazy<IntegratorState<int, unit>>) =
            let state = state.Value

            if state.Reached.Records.Length = steps then
                kept <-
                    Some
                        { state with
                            Y = copy state.Y
                            MethodMemory = List.map copy state.MethodMemory
                            Reached =
                                { state.Reached with
                                    Segments =
                                        [|
                                            for s in state.Reached.Segments ->
                                                { s with
                                                    Coefficients = Array.map copy s.Coefficients
                                                }
                                        |]
                                }
                        }

                raise Killed

        Assert.raises<exn>(fun () ->
            Integrator.solvePiecewise { problem with OnState = keep } restart 0 y times
            |> ignore)
        |> fun error -> Expect.equal error Killed "killed"

        let context, again =
            Integrator.resumePiecewise problem restart (Option.get kept) times

        use again = again
        Expect.equal context contextOfWhole "context"
        Expect.equal again.Records whole.Records $"records after {steps}"

        for a, b in Array.zip again.Segments whole.Segments do
            for a, b in Array.zip a.Coefficients b.Coefficients do
                Check.identical $"coefficients after {steps}" a b

let private withContext (problem: Integration<unit, unit>) : Integration<int, unit> =
    {
        Field = fun context -> fun t y -> let k, () = problem.Field () t y in k * (1.0 + 0.1 * float context), ()
        Norm = problem.Norm
        Method = problem.Method
        Controller = problem.Controller
        InitialStep = problem.InitialStep
        MaximumStep = problem.MaximumStep
        MaximumSteps = problem.MaximumSteps
        Events = problem.Events
        Examine = fun _ -> problem.Examine()
        OnStep = problem.OnStep
        OnState = ignore
        Cancellation = problem.Cancellation
        KeepsSteps = problem.KeepsSteps
    }

[<Tests>]
let tests =
    testList
        "Methods and controllers of one's own"
        [
            Check.scoped "an implicit method takes few steps where an explicit one takes many" (fun () ->
                let solve method =
                    Integrator.solve
                        { problem 1e-3 stiffField with
                            Method = method
                        }
                        (stiffExact 0.0)
                        (0.0, 5.0)

                use few = solve (implicitEuler stiff)
                use many = solve Method.dormandPrince54
                Expect.equal few.Outcome Outcome.Completed "outcome"

                for t in [ 0.01; 0.5; 1.0; 3.0; 5.0 ] do
                    let error = Check.size (Trajectory.evaluate t few - stiffExact t)
                    Expect.isLessThan error 0.02 $"error at {t}"

                Expect.isLessThan (10 * few.Records.Length) many.Records.Length "steps"
                let largest = few.Records |> Array.map _.Step |> Array.max

                Expect.isGreaterThan
                    largest
                    (20.0 * 3.3 / 1000.0)
                    "steps far beyond what an explicit method could take")

            Check.scoped "constant steps, whatever their error" (fun () ->
                use trajectory =
                    Integrator.solve
                        { problem 1e-12 oscillator with
                            Controller = Controller.constant 0.25
                        }
                        (oscillatorExact 0.0)
                        (0.0, 2.0)

                Expect.equal [ for r in trajectory.Records -> r.Step ] (List.replicate 8 0.25) "steps"
                Expect.isGreaterThan (trajectory.Records |> Array.map _.Error |> Array.min) 1.0 "not by the error"

                use never =
                    Integrator.solve
                        { problem 1e-3 (fun t y -> (if t > 0.9 then y * nan else -y), ()) with
                            Controller = Controller.constant 0.25
                        }
                        (vector [ 1.0 ])
                        (0.0, 2.0)

                Expect.equal never.Stop 0.75 "given up"
                Expect.equal never.Rejected 1 "at once"
                Expect.isTrue never.Outcome.IsNonFinite "outcome")

            Check.scoped "a controller keeps steps stable that the error would let grow" (fun () ->
                let usual = Controller.proportionalIntegral

                let stable =
                    Controller.create "stable" (fun attempt memory ->
                        let decision = usual.Adapt attempt memory

                        { decision with
                            Step = min decision.Step (3.0 / 1000.0)
                        })

                let solve controller =
                    Integrator.solve
                        { problem 1e-3 stiffField with
                            Controller = controller
                        }
                        (stiffExact 0.0)
                        (0.0, 0.5)

                use bounded = solve stable
                use free = solve usual
                Expect.equal bounded.Outcome Outcome.Completed "outcome"
                Expect.all bounded.Records (fun r -> r.Step <= 1.0101 * 3.0 / 1000.0) "never longer than is stable"
                Expect.isGreaterThan (free.Records |> Array.map _.Step |> Array.max) (3.3 / 1000.0) "longer at times")

            for name, problem in
                [
                    "Dormand and Prince's pair", problem 1e-5 oscillator
                    "Chebyshev's method",
                    { problem 1e-2 oscillator with
                        Method = Method.chebyshev 5
                    }
                    "a method in its turn of Chebyshev's",
                    { problem 1e-3 stiffField with
                        Method = Method.automatic
                    }
                    "an implicit method",
                    { problem 1e-2 stiffField with
                        Method = implicitEuler stiff
                    }
                    "a controller of one's own",
                    { problem 1e-4 oscillator with
                        Controller = limping
                    }
                ] do
                Check.scoped $"{name}: interrupted after any step and resumed, with the same bits" (fun () ->
                    let start = vector [ 1.0; 0.5 ]
                    resumesAnywhere (withContext problem) start [ 0.0; 0.8; 1.5 ])

            test "a method may return one tensor as several things, and the trajectory owns what is its own" {
                let careless =
                    {
                        Name = "careless"
                        Order = 1
                        EmbeddedOrder = 1
                        Tableau = None
                        Start = fun _ _ y slope _ -> [ y; slope; slope ]
                        Step =
                            fun f t y h memory ->
                                let next = y + h * memory[1]
                                let slope = f (t + h) next

                                {
                                    Next = next
                                    Error = slope
                                    Order = 2
                                    Segment =
                                        {
                                            Start = t
                                            Length = h
                                            Coefficients = [| y; next - y; memory[0]; next; next |]
                                        }
                                    Memory = [ next; slope; memory[2] ]
                                }
                    }

                for keeps in [ true; false ] do
                    Assert.frees (fun () ->
                        Scope.free (fun () ->
                            let before = Engine.liveTensors ()

                            let trajectory =
                                Scope.keepAll
                                    (fun (trajectory: Trajectory<unit>) ->
                                        [
                                            for s in trajectory.Segments do
                                                yield! s.Coefficients
                                        ])
                                    (fun () ->
                                        Integrator.solve
                                            { problem 1e-3 oscillator with
                                                Method = careless
                                                Controller = Controller.constant 0.1
                                                KeepsSteps = keeps
                                            }
                                            (oscillatorExact 0.0)
                                            (0.0, 1.0))

                            Expect.equal trajectory.Segments.Length (if keeps then 10 else 1) "segments"

                            Expect.equal
                                (Engine.liveTensors () - before)
                                (5L * int64 trajectory.Segments.Length)
                                "owned"

                            (Trajectory.evaluate 1.0 trajectory).Dispose()
                            (trajectory :> IDisposable).Dispose()
                            Expect.equal (Engine.liveTensors ()) before "freed"))
            }

            Check.scoped "a step of another shape, or without an interpolant, is refused" (fun () ->
                let usual = Method.dormandPrince54

                for change in
                    [
                        fun (p: Proposal) -> { p with Next = p.Next[0] }
                        fun p -> { p with Error = p.Error[0] }
                        fun p ->
                            { p with
                                Segment = { p.Segment with Coefficients = [||] }
                            }
                    ] do
                    Check.refuses [ "Method"; "Segment.hermite" ] (fun () ->
                        Integrator.solve
                            { problem 1e-3 oscillator with
                                Method =
                                    { usual with
                                        Tableau = None
                                        Step = fun f t y h memory -> usual.Step f t y h memory |> change
                                    }
                            }
                            (oscillatorExact 0.0)
                            (0.0, 1.0)
                        |> ignore))

            Check.scoped "a controller that asks for no step is refused" (fun () ->
                for step in [ 0.0; -0.1; nan ] do
                    Check.refuses [ "Controller"; "idle"; $"{step}" ] (fun () ->
                        Integrator.solve
                            { problem 1e-3 oscillator with
                                Controller =
                                    { Controller.constant 0.1 with
                                        Name = "idle"
                                        Adapt =
                                            fun _ _ ->
                                                {
                                                    Accept = true
                                                    Step = step
                                                    Memory = []
                                                }
                                    }
                            }
                            (oscillatorExact 0.0)
                            (0.0, 1.0)
                        |> ignore))
        ]
