module Mne.Functional.Tests.PointDynamicsTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private line = Domain.euclidean 1

let private column (values: float list) : Tensor =
    (Tensor.ofArray double (List.toArray values)).unsqueeze 1L

/// a + b x + c x²: u_t = −u u_x keeps a + b x.
let private parabola =
    Network.ofFunction line 3 (fun placement _ -> Tensor.zeros placement [ 3 ]) (fun θ x ->
        let x = x.squeeze 1L
        θ[0] + θ[1] * x + θ[2] * x.square ())

/// A front tanh((x − θ₀)/w) of width w at θ₀.
let private front (width: float) =
    Network.ofFunction line 1 (fun placement _ -> Tensor.zeros placement [ 1 ]) (fun θ x ->
        ((x.squeeze 1L - θ[0]) / width).tanh())

let private precise =
    { Evolution.defaults with
        Regularisation = 1e-14
        Tolerance = 1e-8
    }

let private solve points term network (x: Tensor) (start: float list) span =
    Evolution.solve
        Run.quiet
        { precise with Points = points }
        term
        network
        (Collocation.given x)
        (Tensor.ofArray double (List.toArray start))
        span

let private candidates = Collocation.grid (Domain.box [ -2.0, 2.0 ]) 12001

/// The points of the first segment of a run that redraws them.
let private drawn points term network start count =
    let x = (Tensor.linspace double -2.0 2.0 count).unsqueeze 1L

    use solution =
        Evolution.solve
            Run.quiet
            { Evolution.defaults with
                Points = points
                InitialStep = Some 0.1
            }
            term
            network
            (Collocation.given x)
            (Tensor.ofArray double (List.toArray start))
            (0.0, 0.1)

    Tensor.toArray (Solution.points 0.05 solution)

let private still = Term.number 0.0

[<Tests>]
let tests =
    testList
        "PointDynamics"
        [
            Check.scoped "fixed points stay" (fun () ->
                let x = column [ -1.0; 0.0; 2.0; 3.0 ]

                use solution =
                    solve PointDynamics.Fixed (-1.0 * Term.partial 0 1) parabola x [ 1.0; 2.0; 0.5 ] (0.0, 1.0)

                Check.identical "X" (Solution.points 0.7 solution) x)

            Check.scoped "advected points follow the given velocity" (fun () ->
                // ẋ = t x: x = x₀ e^{t²/2}
                let x = column [ -1.0; 0.0; 2.0; 3.0 ]
                let dynamics = PointDynamics.advected (fun t x -> t * x)

                use solution =
                    solve dynamics (-1.0 * Term.partial 0 1) parabola x [ 1.0; 2.0; 0.5 ] (0.0, 1.0)

                Check.close 1e-6 "X" (Solution.points 1.0 solution) (x * exp 0.5)
                // u(t, x) = u₀(x − t)
                let y = x.squeeze 1L - 1.0
                Check.close 1e-6 "u" (Solution.evaluate 1.0 x solution) (1.0 + 2.0 * y + 0.5 * y.square ()))

            Check.scoped "u is constant along characteristics of Burgers' equation, which are straight" (fun () ->
                let term = -(Term.value * Term.partial 0 1)
                let x = column [ -1.0; -0.5; 0.4; 1.0 ]
                let a, b, t = 0.3, 0.5, 1.5

                use solution =
                    solve (PointDynamics.characteristics 1 term) term parabola x [ a; b; 0.0 ] (0.0, t)

                let u = a + b * x.squeeze 1L
                let arrived = Solution.points t solution
                Check.close 1e-6 "X" arrived (x + t * u.unsqueeze 1L)
                Check.close 1e-6 "u" (Solution.evaluate t arrived solution) u)

            Check.scoped "velocities of characteristics: −∂A/∂(∇u), against finite differences" (fun () ->
                let terms =
                    [
                        Term.transport "b" (fun t x -> x.sin () + t)
                        -0.5 * Term.gradientNormSquared
                        Term.value * Term.partial 0 1 - Term.pown 3 (Term.partial 0 1)
                        Term.partial 0 1 / (2.0 + Term.pown 2 (Term.partial 0 1))
                        Term.map "sin" (fun v -> v.sin ()) (Term.partial 0 1 + Term.value)
                        Term.pointwise "f" (fun t x v -> t * x.squeeze 1L * v.exp ()) (Term.partial 0 1)
                    ]

                let x = column [ -0.7; 0.2; 1.1 ]

                for term in terms do
                    // u = θ₀ + θ₁ x around x = 0 … with ∇u = θ₁, and u held at 1 at each point.
                    let local slope =
                        let data =
                            Tensor.stack 0L [ torch.ones_like x; torch.zeros_like x + (slope: float) ]

                        {
                            Time = 0.4
                            Points = x
                            Jet =
                                {
                                    Dimension = 1
                                    Channels = [ Derivative.Value; Derivative.Partial(0, 1) ]
                                    Data = data
                                }
                        }

                    let h = 1e-6

                    let slope =
                        (Term.evaluate term (local (0.6 + h)) - Term.evaluate term (local (0.6 - h)))
                        / (2.0 * h)

                    Check.close 1e-8 (Term.show term) ((Term.gradientSensitivity term (local 0.6)).squeeze 1L) slope)

            Check.scoped "points that are drawn anew have the density of the monitor" (fun () ->
                // Density in proportion to 1 + [x > 0]: two of three points on the right.
                let monitor (local: Local) =
                    let x = local.Points.squeeze 1L
                    1.0 + 0.5 * (1.0 + x.sign ())

                let points =
                    drawn (PointDynamics.redrawn 1.0 candidates [] monitor) still parabola [ 1.0; 0.0; 0.0 ] 60

                Expect.equal (points |> Array.filter (fun x -> x > 0.0) |> Array.length) 40 "right"
                let gaps = points |> Array.pairwise |> Array.map (fun (a, b) -> b - a)
                let left, right = gaps |> Array.take 18, gaps |> Array.skip 22
                Expect.isLessThan (Array.max left - Array.min left) 0.005 "even on the left"
                Expect.isLessThan (Array.max right - Array.min right) 0.005 "even on the right"
                Expect.floatClose Accuracy.low (Array.average left / Array.average right) 2.0 "half as dense")

            Check.scoped "where u is steep: half of the points in the front" (fun () ->
                let points =
                    drawn (PointDynamics.steep 1.0 candidates) still (front 0.05) [ 0.5 ] 200
                // ∫|u'| over the front is 2; within 3 widths of its centre lie 99.5 % of it, and 7.5 % of the others.
                let near = points |> Array.filter (fun x -> abs (x - 0.5) < 0.15) |> Array.length
                Expect.isTrue (abs (near - 107) <= 3) $"{near} points in the front")

            Check.scoped "where the equation is badly satisfied" (fun () ->
                // A front cannot grow: of u_t = bump the part that no shift of the front gives is the residual.
                let bump =
                    Term.known "bump" (fun _ x -> (-(x.squeeze 1L + 1.0).square() * 200.0).exp())

                let points =
                    drawn (PointDynamics.residual 1.0 candidates) bump (front 0.2) [ 0.5 ] 200

                let near = points |> Array.filter (fun x -> abs (x + 1.0) < 0.15) |> Array.length
                Expect.isTrue (abs (near - 107) <= 5) $"{near} points at the bump")

            Check.scoped
                "an adaptive sketch follows the points: more landmarks where they tell more directions apart"
                (fun () ->
                    // Of 1, x and x², points close to 0 know the first only.
                    let points =
                        PointDynamics.refreshed [ 0.5 ] (fun placement _ t ->
                            let reach = if t < 0.5 then 1e-6 else 1.0
                            (Tensor.linspace placement -reach reach 20).unsqueeze 1L)

                    let seen = ResizeArray()

                    use solution =
                        Evolution.solve
                            Run.quiet
                            { precise with
                                Points = points
                                Sketch = Sketch.Adaptive 2.0
                                Regularisation = 1e-6
                                MaximumStep = 0.25
                                Checkpoint =
                                    fun state ->
                                        let field = state.Value.VectorField
                                        seen.Add(state.Value.Integrator.Reached.Stop, field.Landmarks.Value.Length)
                            }
                            (Term.known "1" (fun _ x -> x.squeeze(1L).ones_like()))
                            parabola
                            (Collocation.given (Tensor.zeros double [ 20; 1 ]))
                            (Tensor.zeros double [ 3 ])
                            (0.0, 1.0)

                    for t, landmarks in seen do
                        Expect.equal
                            landmarks
                            (if t <= 0.5 then 2 else 6)
                            $"landmarks of the piece that ends with t = {t}"

                    Expect.isGreaterThan seen.Count 3 "checkpoints"
                    Expect.equal solution.VectorField.Landmarks.Value.Length 6 "in the end"

                    Check.close
                        1e-5
                        "u = t"
                        (Solution.parameters 1.0 solution)
                        (Tensor.ofArray double [| 1.0; 0.0; 0.0 |]))

            Check.scoped "the residual is that of the equation, at any point" (fun () ->
                // u = θ₀ + θ₁ x + θ₂ x² of u_t = x³: at the three points −1, 0, 1 the parabola is x, and x − x³ remains.
                let x, between = column [ -1.0; 0.0; 1.0 ], column [ -0.5; 0.3; 2.0 ]

                use solution =
                    solve
                        PointDynamics.Fixed
                        (Term.known "x³" (fun _ x -> x.squeeze(1L).pow(3.0.ToScalar())))
                        parabola
                        x
                        [ 0.0; 0.0; 0.0 ]
                        (0.0, 0.1)

                let y = VectorField.pack (Tensor.zeros double [ 3 ]) x
                let y' = between.squeeze 1L

                Check.close
                    1e-8
                    "x − x³"
                    (VectorField.residual solution.VectorField 0.0 y between)
                    ((y' - y' * y' * y').unsqueeze 1L))

            Check.scoped "a front that travels is followed, and the same seed gives the same points" (fun () ->
                let random = Collocation.uniform (Domain.box [ -2.0, 2.0 ]) 1000

                let run seed stop =
                    Evolution.solve
                        { Run.quiet with Seed = seed }
                        { precise with
                            Points = PointDynamics.steep 0.25 random
                        }
                        (-1.0 * Term.partial 0 1)
                        (front 0.05)
                        (Collocation.grid (Domain.box [ -2.0, 2.0 ]) 30)
                        (Tensor.ofArray double [| -0.5 |])
                        (0.0, stop)

                use one = run 1 1.0
                use two = run 1 0.5
                use other = run 2 0.5
                Check.identical "the same" (Solution.points 0.4 one) (Solution.points 0.4 two)

                Expect.isGreaterThan
                    (Check.difference (Solution.points 0.4 one) (Solution.points 0.4 other))
                    0.0
                    "other points"

                Expect.floatClose
                    Accuracy.medium
                    (Tensor.toFloat ((Solution.parameters 1.0 one).sum()))
                    0.5
                    "where the front is"

                for t, centre in [ 0.1, -0.5; 0.3, -0.25; 0.9, 0.25 ] do
                    let x = Tensor.toArray (Solution.points t one)
                    let near = x |> Array.filter (fun x -> abs (x - centre) < 0.15) |> Array.length
                    // An even spread has 2 of the 30 points there.
                    Expect.isGreaterThanOrEqual near 8 $"points around {centre} at t = {t}")

            testList
                "refuses"
                [
                    let run dynamics =
                        drawn dynamics still parabola [ 1.0; 0.0; 0.0 ] 20 |> ignore

                    let monitor f =
                        PointDynamics.redrawn 1.0 candidates [] (fun local -> f (local.Points.squeeze 1L))

                    for name, parts, body in
                        [
                            "no time between draws",
                            [ "every"; "found 0"; "greater than 0" ],
                            fun () -> PointDynamics.steep 0.0 candidates |> ignore

                            "a monitor of the wrong shape",
                            [ "Monitor"; "a scalar"; "length 12001" ],
                            fun () -> run (monitor (fun x -> x.sum ()))

                            "a monitor that is not finite",
                            [ "Monitor"; "not finite"; "row 0" ],
                            fun () -> run (monitor (fun x -> x.log ()))

                            "a negative monitor",
                            [ "Monitor"; "-2"; "t = 0"; "numbers ≥ 0" ],
                            fun () -> run (monitor id)

                            "more points than candidates",
                            [ "Candidates"; "12001 candidates for 20 points"; "more than once" ],
                            fun () -> run (monitor (fun x -> (-1e6 * x.square ()).exp()))

                            "candidates of another dimension",
                            [ "Candidates"; "2 columns"; "dimension 1" ],
                            fun () ->
                                run (PointDynamics.steep 1.0 (Collocation.grid (Domain.box [ 0.0, 1.0; 0.0, 1.0 ]) 9))

                            "refreshed points of another number",
                            [ "Draw"; "3 rows"; "20 points" ],
                            fun () -> run (PointDynamics.refreshed [] (fun p _ _ -> Tensor.zeros p [ 3; 1 ]))

                            "refreshed points that are not finite",
                            [ "Draw"; "not finite" ],
                            fun () -> run (PointDynamics.refreshed [] (fun p _ _ -> nan * Tensor.ones p [ 20; 1 ]))

                            "a velocity of the wrong shape",
                            [ "velocity"; "N × 1" ],
                            fun () -> run (PointDynamics.advected (fun _ x -> x.squeeze 1L))
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts body)
                ]

            Check.scoped "a velocity that is not finite ends the run, with point and time" (fun () ->
                use solution =
                    Evolution.trySolve
                        Run.quiet
                        { precise with
                            Points = PointDynamics.advected (fun _ x -> x.log ())
                        }
                        still
                        parabola
                        (Collocation.given (column [ 1.0; 0.0 ]))
                        (Tensor.zeros double [ 3 ])
                        (0.0, 1.0)

                match solution.Outcome with
                | Outcome.NonFinite where ->
                    Expect.stringContains where "velocity of the points" "what"
                    Expect.stringContains where "point 1, x = (0), t = 0" "where"
                | other -> failtest $"{other}")
        ]
