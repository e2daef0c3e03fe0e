module Mne.Functional.Tests.OutcomeTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests.Waves

[<Tests>]
let tests =
    testList
        "Evolution.Outcome"
        [
            testList
                "outcomes: trySolve returns them with the solution up to there, solve raises them with advice"
                [
                    let waves = [ 1.0; 0.0; 0.0; 2.0 ]

                    for name, options, term, network, isIt, advice in
                        [
                            "too many steps",
                            { precise with MaximumSteps = 4 },
                            0.5 * Term.laplacian,
                            polynomial,
                            (function
                            | Outcome.TooManySteps(t, 4) -> t > 0.0
                            | _ -> false),
                            "raise MaximumSteps"

                            "not finite from the start",
                            precise,
                            Term.known "source" (fun _ x -> (x - 1.0).squeeze(1L).log()),
                            polynomial,
                            (function
                            | Outcome.NonFinite where ->
                                where.Contains "right-hand side" && where.Contains "point 0, x = (0), t = 0"
                            | _ -> false),
                            "check the equation"

                            "not finite after a while",
                            precise,
                            Term.known "source" (fun t x -> torch.zeros_like (x.squeeze 1L) + sqrt (1.0 - t)),
                            polynomial,
                            (function
                            | Outcome.NonFinite where -> where.Contains "t = 1"
                            | _ -> false),
                            "check the equation"

                            "finite-time blow-up",
                            { precise with Tolerance = 1e-5 },
                            Term.pown 2 Term.value,
                            polynomial,
                            (function
                            | Outcome.StepTooSmall(t, _) -> abs (t - 1.0) < 1e-3
                            | _ -> false),
                            "loosen Tolerance"

                            "a network that does not depend on its parameters",
                            precise,
                            Term.value,
                            Network.ofFunction circle 1 (fun placement _ -> Tensor.ones placement [ 1 ]) (fun θ x ->
                                (0.0 * θ[0] + x.squeeze 1L).sin()),
                            (function
                            | Outcome.SingularKernel(0.0, 24) -> true
                            | _ -> false),
                            "raise Regularisation"
                        ] do
                        Check.scoped name (fun () ->
                            // For u' = u² the constant 1, for everything else two waves.
                            let start =
                                if name = "finite-time blow-up" then
                                    [ 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 1.0 ]
                                else
                                    waves

                            let θ =
                                vector
                                    [
                                        for i in 0 .. network.ParameterCount - 1 ->
                                            start |> List.tryItem i |> Option.defaultValue 0.0
                                    ]

                            use partial = Evolution.trySolve Run.quiet options term network grid θ (0.0, 2.0)
                            Expect.isTrue (isIt partial.Outcome) $"{partial.Outcome}"
                            Expect.stringContains partial.Outcome.Advice advice "advice"

                            if (Solution.steps partial).Length > 0 then
                                let reached = Solution.stop partial
                                Expect.isTrue (reached > 0.0 && reached < 2.0) "up to there"
                                Expect.isTrue (Tensor.isFinite (Solution.parameters reached partial)) "finite"

                            let before = Assert.settledTensors ()

                            let failure =
                                Assert.raises<EvolutionFailedException>(fun () ->
                                    Evolution.solve Run.quiet options term network grid θ (0.0, 2.0) |> ignore)

                            Expect.isTrue (isIt failure.outcome) "the exception carries the outcome"
                            Expect.equal failure.Message failure.outcome.Advice "its message is the advice"
                            Expect.equal (Engine.liveTensors ()) before "nothing is left")
                ]

            Check.scoped
                "u_t = u², which is 1/(1 − t): it ends near t = 1, and the solution says that it may end there"
                (fun () ->
                    // One number, so that nothing but the equation decides.
                    let constant =
                        Network.ofFunction
                            (Domain.periodic [ 0.0, 2.0 * Math.PI ])
                            1
                            (fun placement _ -> Tensor.ones placement [ 1 ])
                            (fun θ x -> θ[0L] * torch.ones_like (x.select (1L, 0L)))

                    let solve (t1: float) =
                        Evolution.trySolve
                            Run.quiet
                            { Evolution.defaults with
                                MaximumSteps = 200
                            }
                            (Term.pown 2 Term.value)
                            constant
                            (Collocation.grid constant.Domain 4)
                            (Tensor.ones Placement.float64 [ 1 ])
                            (0.0, t1)

                    use whole = solve 2.0
                    Expect.notEqual whole.Outcome Outcome.Completed "not past the blow-up"
                    Expect.isTrue (abs (Solution.stop whole - 1.0) < 1e-2) $"it stops at {Solution.stop whole}"
                    Expect.stringContains whole.Summary "grows without bound or steepens into a shock" "what it says"
                    use before = solve 0.9
                    Expect.equal (before.Outcome, before.Doubt) (Outcome.Completed, None) "nothing is said before"

                    let u =
                        Tensor.toArray (Solution.evaluate 0.9 (Tensor.ones Placement.float64 [ 1; 1 ]) before)

                    Expect.floatClose Accuracy.medium u[0] 10.0 "1/(1 − 0.9)")

            Check.scoped "cancelled by the meter: the solution up to there" (fun () ->
                use source = new CancellationTokenSource()

                use solution =
                    Evolution.trySolve
                        { Run.quiet with
                            Cancellation = source.Token
                            Meter =
                                fun p ->
                                    if p.Accepted = 3 then
                                        source.Cancel()
                        }
                        precise
                        (0.5 * Term.laplacian)
                        polynomial
                        grid
                        (coefficients [ 1.0 ])
                        (0.0, 5.0)

                Assert.raises<OperationCanceledException>(fun () ->
                    Evolution.solve
                        { Run.quiet with
                            Cancellation = source.Token
                        }
                        precise
                        (0.5 * Term.laplacian)
                        polynomial
                        grid
                        (coefficients [ 1.0 ])
                        (0.0, 5.0)
                    |> ignore)
                |> ignore

                match solution.Outcome with
                | Outcome.Cancelled t ->
                    Expect.equal (Solution.steps solution).Length 3 "steps"
                    let exact = exp (-0.5 * t) * fresh.Value.squeeze(1L).sin()
                    Check.close 1e-6 "u" (Solution.evaluate t fresh.Value solution) exact
                | other -> failtest $"{other}")
        ]
