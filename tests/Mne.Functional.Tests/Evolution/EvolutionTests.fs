module Mne.Functional.Tests.EvolutionTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests.Waves

/// A Gaussian bump a exp(−(x − c)²/2w) with θ = (a, c, w): nonlinear in θ, and closed under advection and diffusion.
let private bump =
    Network.ofFunction
        (Domain.euclidean 1)
        3
        (fun placement _ -> Tensor.ofArray placement [| 1.0; 0.0; 0.5 |])
        (fun θ x -> θ[0] * (-(x.squeeze 1L - θ[1]).square() / (2.0 * θ[2])).exp())

let private ν = 0.1

/// Diffusion in a wind to and fro: u_t = νΔu − 4 cos 4t u_x.
let private diffuse =
    ν * Term.laplacian
    + Term.transport "wind" (fun t x -> torch.zeros_like x - 4.0 * cos (4.0 * t))

/// θ(t) for the bump from (1, 0, ½): w = ½ + 2νt, a = √(½ / w), c = sin 4t.
let private bumpExact t =
    let w = 0.5 + 2.0 * ν * t
    vector [ sqrt (0.5 / w); sin (4.0 * t); w ]

let private rotation =
    PointDynamics.Moving(
        [],
        fun local -> Tensor.stack 1L [ -local.Points.select(1L, 1L); local.Points.select (1L, 0L) ]
    )

/// A small network with a start that it represents well: fitted once.
let private small =
    Network.create circle [ Layer.harmonics 1; Layer.dense 12 Sine; Layer.dense 12 Sine ]

let private fitted =
    lazy
        (let g (x: Tensor) =
            x.squeeze(1L).sin() + 0.3 * (2.0 * x.squeeze 1L).cos()

         let options =
             { Regression.defaults with
                 Tolerance = 1e-7
             }

         (Regression.fit Run.quiet options small g (Collocation.grid circle 48)).DetachFromDisposeScope())

/// Relative error of the small network for the heat equation at t = 1.
let private heatError options =
    use _ = torch.NewDisposeScope()
    let ν = 0.3

    use solution =
        Evolution.solve
            Run.quiet
            options
            (ν * Term.laplacian)
            small
            (Collocation.grid circle 48)
            fitted.Value
            (0.0, 1.0)

    let x = fresh.Value.squeeze 1L
    let exact = exp -ν * x.sin () + 0.3 * exp (-4.0 * ν) * (2.0 * x).cos()
    Check.difference (Solution.evaluate 1.0 fresh.Value solution) exact

[<Tests>]
let tests =
    testList
        "Evolution"
        [
            Check.scoped
                "tolerance 1e-k gives an error of that size, k = 3..9, for a nonlinear parametrisation"
                (fun () ->
                    let points = Collocation.given ((Tensor.linspace double -2.5 2.5 9).unsqueeze 1L)
                    let x = (Tensor.linspace double -2.0 2.0 40).unsqueeze 1L
                    let mutable previous = infinity

                    for k in 3..9 do
                        let tolerance = 10.0 ** float -k

                        use solution =
                            Evolution.solve
                                Run.quiet
                                { precise with Tolerance = tolerance }
                                diffuse
                                bump
                                points
                                (bumpExact 0.0)
                                (0.0, 2.0)

                        Expect.equal solution.Outcome Outcome.Completed "outcome"

                        let error =
                            List.max
                                [
                                    for t in 0.0..0.1..2.0 ->
                                        let exact = Network.value bump (bumpExact t) x
                                        Tensor.rms (Solution.evaluate t x solution - exact) / Tensor.rms exact
                                ]

                        Expect.isTrue (error < 10.0 * tolerance) $"k = {k}: {error:G3}"
                        Expect.isLessThan error previous $"k = {k}: smaller than before"
                        previous <- error)

            Check.scoped "the heat equation on the circle" (fun () ->
                use solution =
                    Evolution.solve
                        Run.quiet
                        precise
                        (0.5 * Term.laplacian)
                        polynomial
                        grid
                        (coefficients [ 1.0; 0.0; 0.0; 2.0 ])
                        (0.0, 1.5)

                for t in [ 0.0; 0.4; 1.5 ] do
                    let x = fresh.Value.squeeze 1L
                    let exact = exp (-0.5 * t) * x.sin () + 2.0 * exp (-2.0 * t) * (2.0 * x).cos()
                    Check.close 1e-7 $"u({t})" (Solution.evaluate t fresh.Value solution) exact

                let jet = Solution.jet (Set.singleton Derivative.Laplacian) 1.0 fresh.Value solution
                Expect.equal (Tensor.rows (Jet.laplacian jet)) 50 "derivatives of the solution")

            Check.scoped "advection with a velocity that depends on time" (fun () ->
                // u_t = −cos t u_x: u = g(x − sin t).
                let term = Term.transport "−cos t" (fun t x -> torch.zeros_like x - cos t)
                let start = coefficients [ 1.0; 0.0; 0.5; 0.0; 0.0; -0.25 ]

                use solution =
                    Evolution.solve Run.quiet precise term polynomial grid start (0.0, 4.0)

                for t in [ 1.0; 2.5; 4.0 ] do
                    let moved = fresh.Value - sin t

                    Check.close
                        1e-6
                        $"u({t})"
                        (Solution.evaluate t fresh.Value solution)
                        (Network.value polynomial start moved))

            Check.scoped "backwards in time" (fun () ->
                let term = -1.0 * Term.partial 0 1
                let start = coefficients [ 1.0; 0.0; 0.5 ]

                use solution =
                    Evolution.solve Run.quiet precise term polynomial grid start (1.0, -1.0)

                Check.close
                    1e-6
                    "u(−1)"
                    (Solution.evaluate -1.0 fresh.Value solution)
                    (Network.value polynomial start (fresh.Value + 2.0)))

            Check.scoped
                "a small network: the error falls with tolerance and with λ, and follows neither below the other"
                (fun () ->
                    let error tolerance λ =
                        heatError
                            { Evolution.defaults with
                                Tolerance = tolerance
                                Regularisation = λ
                            }

                    let byTolerance = [ for k in [ 2; 4; 6 ] -> error (10.0 ** float -k) 1e-10 ]
                    let byλ = [ for k in [ 3; 6; 10 ] -> error 1e-7 (10.0 ** float -k) ]
                    Expect.equal byTolerance (List.sortDescending byTolerance) "tolerance"
                    Expect.equal byλ (List.sortDescending byλ) "λ"
                    Expect.isLessThan (List.last byTolerance) 1e-5 "tolerance"
                    Expect.isLessThan (List.last byλ) 1e-5 "λ")

            Check.scoped "landmarks come close to the exact sketch" (fun () ->
                let solve sketch =
                    Evolution.solve
                        Run.quiet
                        { Evolution.defaults with
                            Sketch = sketch
                        }
                        (0.3 * Term.laplacian)
                        small
                        (Collocation.grid circle 48)
                        fitted.Value
                        (0.0, 1.0)

                use exact = solve Sketch.Exact
                use all = solve (Sketch.Landmarks 48)
                use half = solve (Sketch.Landmarks 24)

                let at (solution: Solution) =
                    Solution.evaluate 1.0 fresh.Value solution

                Check.identical "s = N" (at all) (at exact)
                Check.close 1e-4 "s = N / 2" (at half) (at exact)
                Expect.isGreaterThan (Check.difference (at half) (at exact)) 0.0 "but they are another sketch")

            Check.scoped "moving points follow their velocity, and the equation is still solved at fixed x" (fun () ->
                let plane = Domain.euclidean 2

                // |x − c|² bump: u = e^{−|x|²/2}(1 + θ…) would leave the class; a plane wave solves u_t = −a·∇u exactly.
                let wave =
                    Network.ofFunction plane 2 (fun placement _ -> Tensor.ones placement [ 2 ]) (fun θ x ->
                        θ[0] * (x.select (1L, 0L) + 2.0 * x.select (1L, 1L)).sin()
                        + θ[1] * (x.select (1L, 0L) + 2.0 * x.select (1L, 1L)).cos())

                let points = Check.normal 3 [ 12; 2 ]

                use solution =
                    Evolution.solve
                        Run.quiet
                        { precise with Points = rotation }
                        (-0.5 * Term.partial 0 1)
                        wave
                        (Collocation.given points)
                        (vector [ 1.0; 0.0 ])
                        (0.0, 2.0)

                for t in [ 0.5; 1.3; 2.0 ] do
                    let turn =
                        Tensor.ofArray2D double (array2D [ [ cos t; sin t ]; [ -(sin t); cos t ] ])

                    Check.close 1e-6 $"X({t})" (Solution.points t solution) (points.mm turn)
                    // sin(x + 2y − t/2)
                    Check.close
                        1e-6
                        $"θ({t})"
                        (Solution.parameters t solution)
                        (vector [ cos (0.5 * t); -(sin (0.5 * t)) ]))

            Check.scoped "the error of moving points is controlled even when u stands still" (fun () ->
                let points = Check.normal 3 [ 5; 2 ]

                let constant =
                    Network.ofFunction
                        (Domain.euclidean 2)
                        1
                        (fun placement _ -> Tensor.ones placement [ 1 ])
                        (fun θ x -> θ[0] * (0.0 * x.select (1L, 0L) + 1.0))

                use solution =
                    Evolution.solve
                        Run.quiet
                        { precise with Points = rotation }
                        (Term.number 0.0)
                        constant
                        (Collocation.given points)
                        (vector [ 1.0 ])
                        (0.0, 6.0)

                Check.close
                    1e-6
                    "X"
                    (Solution.points (2.0 * Math.PI |> min 6.0) solution)
                    (points.mm (Tensor.ofArray2D double (array2D [ [ cos 6.0; sin 6.0 ]; [ -(sin 6.0); cos 6.0 ] ])))

                Check.close 1e-12 "u" (Solution.parameters 6.0 solution) (vector [ 1.0 ]))

            Check.scoped "the same seed gives the same bits, another seed other points" (fun () ->
                let solve seed =
                    Evolution.solve
                        { Run.quiet with Seed = seed }
                        { Evolution.defaults with
                            Tolerance = 1e-4
                        }
                        (0.3 * Term.laplacian - Term.pown 3 Term.value)
                        small
                        (Collocation.sequence circle 40)
                        fitted.Value
                        (0.0, 0.2)

                use one = solve 4
                use two = solve 4
                use three = solve 5
                Check.identical "θ" (Solution.parameters 0.2 one) (Solution.parameters 0.2 two)
                Check.identical "X" (Solution.points 0.2 one) (Solution.points 0.2 two)

                Expect.notEqual
                    (Tensor.toArray (Solution.points 0.0 three))
                    (Tensor.toArray (Solution.points 0.0 one))
                    "points")

            Check.scoped "the meter hears of every accepted step, in sensible numbers" (fun () ->
                let reports = ResizeArray<Progress>()
                let mutable calls = 0

                // One evaluation fails, so that one step is rejected after part of its stages.
                let term =
                    0.5 * Term.laplacian
                    + Term.known "zero" (fun _ x ->
                        calls <- calls + 1
                        torch.zeros_like (x.squeeze 1L) + (if calls = 20 then nan else 0.0))

                use solution =
                    Evolution.solve
                        { Run.quiet with Meter = reports.Add }
                        precise
                        term
                        polynomial
                        grid
                        (coefficients [ 1.0; 0.0; 0.0; 2.0 ])
                        (0.0, 1.5)

                Expect.equal
                    (reports[0].Phase, reports[0].Fraction)
                    (Phase.Evolve, 0.0)
                    "a sign of life before the first step"

                let steps = Seq.tail reports |> Seq.toList
                Expect.equal steps.Length (Solution.steps solution).Length "one report per step"
                Expect.isGreaterThan steps.Length 3 "steps"

                for i, p in List.indexed steps do
                    Expect.equal p.Phase Phase.Evolve "phase"
                    Expect.equal p.Accepted (i + 1) "accepted"
                    Expect.isTrue (p.Step > 0.0 && p.Step <= 1.5) "step"
                    Expect.floatClose Accuracy.high p.Fraction (p.Time / 1.5) "fraction"
                    Expect.isTrue (p.Residual >= 0.0 && p.Residual < 1e-6) $"residual {p.Residual}"
                    Expect.isTrue (p.EffectiveRank > 6.99 && p.EffectiveRank < 7.01) $"rank {p.EffectiveRank}"

                Expect.equal (Seq.last reports).Rejected solution.Trajectory.Rejected "rejected"
                Expect.isGreaterThan solution.Trajectory.Rejected 0 "the failing step"
                Expect.equal (Seq.last reports).Fraction 1.0 "the end"
                Expect.equal (Seq.last reports).Remaining (Some TimeSpan.Zero) "nothing left"
                let times = reports |> Seq.map _.Time |> Seq.toList
                Expect.equal times (List.sort times) "in order")

            test "evolutions of five kinds leave what they returned and nothing else" {
                let start = coefficients [ 1.0; 0.0; 0.0; 2.0 ]
                fitted.Force() |> ignore
                let points = Collocation.sequence circle 16

                let run i =
                    let options =
                        match i with
                        | 0 -> precise
                        | 1 ->
                            { precise with
                                Sketch = Sketch.Landmarks 8
                                Regularisation = 1e-8
                            }
                        | 2 ->
                            { precise with
                                Points =
                                    PointDynamics.Moving(
                                        [ Derivative.Partial(0, 1) ],
                                        fun local -> Jet.gradient local.Jet
                                    )
                            }
                        | 3 -> { precise with MaximumSteps = 3 }
                        | _ ->
                            { precise with
                                Events = [ StopEvent.create "half" Direction.Falling (fun t _ _ -> 0.5 - t) ]
                            }

                    let term =
                        0.5 * Term.laplacian
                        - Term.transport "b" (fun t x -> (x + t).cos()) * Term.mean Term.value

                    Evolution.trySolve Run.quiet options term polynomial points start (0.0, 1.0)

                (run 0 :> IDisposable).Dispose()
                let before = Assert.settledTensors ()
                let solutions = [ for i in 0..4 -> run i ]

                let owned =
                    solutions
                    |> List.sumBy (fun s -> s.Trajectory.Segments |> Array.sumBy _.Coefficients.Length)

                Expect.isGreaterThan owned 0 "something is returned"
                Expect.equal (Engine.liveTensors () - before) (int64 owned) "what was returned"

                for solution in solutions do
                    (Solution.evaluate (Solution.stop solution) fresh.Value solution).Dispose()
                    (solution :> IDisposable).Dispose()

                Expect.equal (Engine.liveTensors ()) before "after disposal"
                start.Dispose()
            }

            Check.scoped "events see time, parameters and points" (fun () ->
                // The amplitude e^{−t/2} of sin x falls to ½ at t = 2 log 2.
                let event t (θ: Tensor) (x: Tensor) =
                    Expect.equal θ.shape [| 7L |] "θ"
                    Expect.equal x.shape [| 24L; 1L |] "X"
                    Expect.isTrue (t >= 0.0) "t"
                    Tensor.toFloat θ[0] - 0.5

                use solution =
                    Evolution.solve
                        Run.quiet
                        { precise with
                            Events = [ StopEvent.create "half" Direction.Falling event ]
                        }
                        (0.5 * Term.laplacian)
                        polynomial
                        grid
                        (coefficients [ 1.0 ])
                        (0.0, 5.0)

                match solution.Outcome with
                | Outcome.StoppedByEvent("half", t) ->
                    Expect.isLessThan (abs (t - 2.0 * log 2.0)) 1e-6 $"t = {t}"
                    Expect.equal (Solution.stop solution) t "stop"
                | other -> failtest $"{other}")

            Check.scoped "float32 all the way" (fun () ->
                let start = Tensor.place Placement.float32 (coefficients [ 1.0 ])

                use solution =
                    Evolution.solve
                        Run.quiet
                        { Evolution.defaults with
                            Tolerance = 1e-3
                            Regularisation = 1e-5
                        }
                        (0.5 * Term.laplacian)
                        polynomial
                        grid
                        start
                        (0.0, 1.0)

                let x = Tensor.place Placement.float32 fresh.Value
                let u = Solution.evaluate 1.0 x solution
                Expect.equal u.dtype torch.ScalarType.Float32 "element type"
                Check.close 3e-3 "u" (Tensor.place double u) (exp -0.5 * fresh.Value.squeeze(1L).sin()))
        ]
