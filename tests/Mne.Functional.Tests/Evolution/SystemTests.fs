/// Systems of equations, against exact solutions and what they conserve.
module Mne.Functional.Tests.SystemTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]

/// Trigonometric polynomials of degree 3 in each component: linear in θ.
let private polynomials m =
    Network.create circle [ Layer.harmonics 3; Layer.outputs m ]

/// Parameters of components Σ_k a_k sin(k x) + b_k cos(k x) + c, each given as (7 numbers) sin 1, cos 1, sin 2, …, constant.
let private coefficients (components: float list list) =
    let padded =
        components
        |> List.map (fun values -> values @ List.replicate (7 - values.Length) 0.0)

    Tensor.ofArray
        double
        [|
            for values in padded do
                yield! List.take 6 values
            for values in padded do
                values[6]
        |]

let private grid = Collocation.grid circle 24

let private fresh =
    lazy ((Tensor.linspace double 0.05 6.2 50).unsqueeze 1L).DetachFromDisposeScope()

let private precise =
    { Evolution.defaults with
        Regularisation = 1e-14
        Tolerance = 1e-8
    }

/// u(t, ·) of a component at the points.
let private at t index (points: Tensor) solution =
    solution |> Solution.ofComponent index |> Solution.evaluate t points

/// ψ = exp(−α x² + β x + γ) with complex α, β, γ: all Gaussian wave packets.
let private packets =
    Network.ofVectorFunction (Domain.euclidean 1) 2 6 (fun placement _ -> Tensor.ones placement [ 6 ]) (fun θ x ->
        let x = x.squeeze 1L

        let part (i: int64) : Tensor =
            -θ[i] * x.square () + θ[i + 2L] * x + θ[i + 4L]

        let size, phase = (part 0L).exp(), part 1L
        Tensor.stack 1L [ size * phase.cos (); size * phase.sin () ])

let private line =
    lazy ((Tensor.linspace double -2.0 2.0 7).unsqueeze 1L).DetachFromDisposeScope()

let private harmonic =
    Equation.schroedinger (fun _ x -> 0.5 * x.square().sum 1L) 0.0 1

let private free =
    Equation.schroedinger (fun _ x -> torch.zeros_like (x.squeeze 1L)) 0.0 1

/// Turning with a decay of the first harmonics: (u, v) = e^{−t/10} (cos(x − t), sin(x − t)).
let private turning t (x: Tensor) =
    let phase = x.squeeze 1L - t
    exp (-0.1 * t) * Tensor.stack 1L [ phase.cos (); phase.sin () ]

let private layered =
    Network.create circle [ Layer.harmonics 1; Layer.dense 12 Sine; Layer.dense 12 Sine; Layer.outputs 2 ]

let private fitted =
    lazy
        (let options =
            { Regression.defaults with
                Tolerance = 1e-5
            }

         (Regression.fit Run.quiet options layered (turning 0.0) (Collocation.grid circle 32)).DetachFromDisposeScope())

[<Tests>]
let tests =
    testList
        "System"
        [
            Check.scoped "wave equation: a standing wave, whose energy is conserved" (fun () ->
                let c = 1.5
                let start = coefficients [ [ 0.0; 0.0; 1.0 ]; [] ]

                use solution =
                    Evolution.solve Run.quiet precise (Equation.wave c 1).Term (polynomials 2) grid start (0.0, 3.0)

                let x = fresh.Value.squeeze 1L

                let energy t =
                    let points = Collocation.points double 0 grid

                    let w =
                        Jet.gradient (Solution.jet (Jet.gradientRequest 1) t points (Solution.ofComponent 0 solution))

                    let v = at t 1 points solution
                    Tensor.toFloat (v.square().mean() + c * c * w.square().mean())

                for t in [ 0.7; 3.0 ] do
                    let w = (2.0 * x).sin() * cos (2.0 * c * t)
                    let v = -2.0 * c * (2.0 * x).sin() * sin (2.0 * c * t)
                    Check.close 1e-6 "w" (at t 0 fresh.Value solution) w
                    Check.close 1e-6 "v" (at t 1 fresh.Value solution) v

                    Check.close 1e-6 "both" (Solution.evaluate t fresh.Value solution) (Tensor.stack 1L [ w; v ])

                    Expect.isLessThan (abs (energy t / energy 0.0 - 1.0)) 1e-6 "energy")

            testList
                "linear reaction and diffusion: e^{tM} for each Fourier mode"
                [
                    for seed in 1..4 do
                        Check.scoped $"seed {seed}" (fun () ->
                            let random = Check.normal seed [ 10 ] |> Tensor.toArray
                            let d = [| 0.1 + 0.3 * abs random[0]; 0.1 + 0.3 * abs random[1] |]
                            let r = Array2D.init 2 2 (fun i j -> random[2 + 2 * i + j])
                            let u i = Term.ofComponent i Term.value

                            let term =
                                Term.system
                                    [
                                        for i in 0..1 ->
                                            d[i] * Term.ofComponent i Term.laplacian + r[i, 0] * u 0 + r[i, 1] * u 1
                                    ]

                            let mode = 1 + seed % 3
                            let amplitude = random[6..7]

                            let start =
                                coefficients
                                    [
                                        for a in amplitude -> [ for k in 1..6 -> if k = 2 * mode - 1 then a else 0.0 ]
                                    ]

                            let t = 1.2

                            let matrix =
                                Tensor.ofArray2D
                                    double
                                    (Array2D.init 2 2 (fun i j ->
                                        t * (r[i, j] - if i = j then d[i] * float (mode * mode) else 0.0)))

                            let exact =
                                matrix.matrix_exp().mv(Tensor.ofArray double amplitude) |> Tensor.toArray

                            use solution =
                                Evolution.solve Run.quiet precise term (polynomials 2) grid start (0.0, t)

                            let wave = (float mode * fresh.Value.squeeze 1L).sin()

                            Check.close
                                1e-6
                                "u, v"
                                (Solution.evaluate t fresh.Value solution)
                                (Tensor.stack 1L [ exact[0] * wave; exact[1] * wave ]))
                ]

            testList
                "Schrödinger's equation: Gaussian packets, and the norm is conserved"
                [
                    for name, equation, start, exact in
                        [
                            // (Re, Im) of log ψ for the ground state displaced by x₀ = 1
                            "coherent state in a harmonic trap",
                            harmonic,
                            [| 0.5; 0.0; 1.0; 0.0; -0.5; 0.0 |],
                            fun t x -> -0.5 * (x - cos t) ** 2.0, -(0.5 * t + x * sin t - 0.25 * sin (2.0 * t))

                            // log ψ = −x²/2(1 + it) − ½ log(1 + it)
                            "free packet that spreads",
                            free,
                            [| 0.5; 0.0; 0.0; 0.0; 0.0; 0.0 |],
                            fun t x ->
                                let q = 1.0 + t * t
                                -0.5 * x * x / q - 0.25 * log q, 0.5 * x * x * t / q - 0.5 * atan t
                        ] do
                        Check.scoped name (fun () ->
                            let θ = Tensor.ofArray double start

                            use solution =
                                Evolution.solve
                                    Run.quiet
                                    { precise with Tolerance = 1e-6 }
                                    equation.Term
                                    packets
                                    (Collocation.given line.Value)
                                    θ
                                    (0.0, 1.0)

                            let wide = (Tensor.linspace double -9.0 9.0 181).unsqueeze 1L

                            let norm t =
                                Tensor.toFloat ((Solution.evaluate t wide solution).square().sum())

                            for t in [ 0.4; 1.0 ] do
                                let expected =
                                    [|
                                        for x in Tensor.toArray line.Value ->
                                            let size, phase = exact t x
                                            exp size * cos phase, exp size * sin phase
                                    |]

                                let column f =
                                    Tensor.ofArray double (Array.map f expected)

                                Check.close 1e-5 "real part" (at t 0 line.Value solution) (column fst)
                                Check.close 1e-5 "imaginary part" (at t 1 line.Value solution) (column snd)
                                Expect.isLessThan (abs (norm t / norm 0.0 - 1.0)) 1e-5 "norm")
                ]

            Check.scoped "Gross and Pitaevskii: a plane wave turns with k²/2 + gA²" (fun () ->
                let g, size, k, t = 0.8, 1.3, 2.0, 1.5

                let equation =
                    Equation.schroedinger (fun _ x -> torch.zeros_like (x.squeeze 1L)) g 1
                // A e^{2ix}: A cos 2x and A sin 2x.
                let start = coefficients [ [ 0.0; 0.0; 0.0; size ]; [ 0.0; 0.0; size ] ]

                use solution =
                    Evolution.solve Run.quiet precise equation.Term (polynomials 2) grid start (0.0, t)

                let phase = k * fresh.Value.squeeze 1L - (0.5 * k * k + g * size * size) * t
                Check.close 1e-6 "real part" (at t 0 fresh.Value solution) (size * phase.cos ())
                Check.close 1e-6 "imaginary part" (at t 1 fresh.Value solution) (size * phase.sin ()))

            Check.scoped "Gray and Scott: without space, the two rate equations" (fun () ->
                let feed, removal = 0.04, 0.06
                let equation = Equation.grayScott (2e-5, 1e-5) feed removal 1
                let u0, v0, t = 0.6, 0.3, 5.0

                let start =
                    coefficients [ List.replicate 6 0.0 @ [ u0 ]; List.replicate 6 0.0 @ [ v0 ] ]

                use solution =
                    Evolution.solve Run.quiet precise equation.Term (polynomials 2) grid start (0.0, t)

                // Runge and Kutta's classical method with small steps.
                let rate (u, v) =
                    -u * v * v + feed * (1.0 - u), u * v * v - (feed + removal) * v

                let along h (u, v) (du, dv) = u + h * du, v + h * dv
                let steps = 2000
                let h = t / float steps

                let step y _ =
                    let a = rate y
                    let b = rate (along (h / 2.0) y a)
                    let c = rate (along (h / 2.0) y b)
                    let d = rate (along h y c)

                    (y, [ a, h / 6.0; b, h / 3.0; c, h / 3.0; d, h / 6.0 ])
                    ||> List.fold (fun y (slope, weight) -> along weight y slope)

                let u, v = Seq.fold step (u0, v0) (seq { 1..steps })

                let same index (value: float) =
                    Check.close 1e-6 "uniform" (at t index fresh.Value solution) (0.0 * fresh.Value.squeeze 1L + value)

                same 0 u
                same 1 v)

            testList
                "a network of several layers, fitted in both components"
                [
                    for name, sketch in [ "all points", Sketch.Exact; "landmarks", Sketch.Landmarks 24 ] do
                        Check.scoped name (fun () ->
                            let start, x = fitted.Value, fresh.Value
                            Check.close 1e-4 "fit" (Network.value layered start x) (turning 0.0 x)

                            let drawn =
                                Regression.fitFrom
                                    Run.quiet
                                    { Regression.defaults with
                                        Steps = 4
                                        Sketch = sketch
                                    }
                                    layered
                                    (turning 0.3)
                                    (Collocation.uniform circle 48)
                                    start

                            let error θ =
                                Tensor.rms (Network.value layered θ x - turning 0.3 x)

                            Expect.isLessThan (error drawn) (0.3 * error start) "drawn points fit both components, too"
                            let u, v = Term.ofComponent 0, Term.ofComponent 1
                            let diffusion = 0.1 * Term.laplacian
                            let term = Term.system [ u diffusion + v Term.value; v diffusion - u Term.value ]

                            use solution =
                                Evolution.solve
                                    Run.quiet
                                    { Evolution.defaults with
                                        Sketch = sketch
                                        Tolerance = 1e-5
                                        Regularisation = 1e-8
                                    }
                                    term
                                    layered
                                    (Collocation.grid circle 48)
                                    start
                                    (0.0, 1.0)

                            Check.close 3e-4 "u, v" (Solution.evaluate 1.0 x solution) (turning 1.0 x))
                ]

            Check.scoped "a system of one equation is the equation, bit by bit" (fun () ->
                let start = coefficients [ [ 1.0; 0.5; -0.3 ] ]
                let term = 0.3 * Term.laplacian - Term.partial 0 1

                let solve term =
                    Evolution.solve Run.quiet precise term (polynomials 1) grid start (0.0, 0.5)

                use alone = solve term
                use asSystem = solve (Term.system [ term ])
                Check.identical "θ" (Solution.parameters 0.5 asSystem) (Solution.parameters 0.5 alone))

            Check.scoped "a component that is not finite is named" (fun () ->
                let term =
                    Term.system [ Term.value; Term.known "source" (fun _ x -> (x - 1.0).squeeze(1L).log()) ]

                use solution =
                    Evolution.trySolve
                        Run.quiet
                        precise
                        term
                        (polynomials 2)
                        grid
                        (coefficients [ [ 1.0 ]; [] ])
                        (0.0, 1.0)

                match solution.Outcome with
                | Outcome.NonFinite where ->
                    Expect.stringContains where "right-hand side in component 1" "component"
                    Expect.stringContains where "point 0, x = (0), t = 0" "point and time"
                | other -> failtest $"{other}")

            testList
                "refuses"
                [
                    let start = lazy (coefficients [ [ 1.0 ]; [] ]).DetachFromDisposeScope()

                    let solve options term network =
                        Evolution.trySolve Run.quiet options term network grid start.Value (0.0, 1.0)
                        |> ignore

                    for name, parts, body in
                        [
                            "one right-hand side for two components",
                            [ "term"; "right-hand sides: 1"; "components of the network: 2"; "Term.system" ],
                            fun () -> solve precise Term.laplacian (polynomials 2)

                            "three right-hand sides for two components",
                            [ "right-hand sides: 3"; "components of the network: 2"; "Layer.outputs" ],
                            fun () -> solve precise (Term.system (List.replicate 3 Term.value)) (polynomials 2)

                            "a component that does not exist",
                            [ "component 2"; "u has 2"; "0 to 1" ],
                            fun () ->
                                solve
                                    precise
                                    (Term.system [ Term.value; Term.ofComponent 2 Term.value ])
                                    (polynomials 2)

                            "a component of the network that does not exist",
                            [ "component -1"; "u has 2" ],
                            fun () -> Network.ofComponent -1 (polynomials 2) |> ignore

                            "the characteristics of a system",
                            [ "term"; "characteristics" ],
                            fun () ->
                                let wave = (Equation.wave 1.0 1).Term

                                solve
                                    { precise with
                                        Points = PointDynamics.characteristics 1 wave
                                    }
                                    wave
                                    (polynomials 2)

                            "one function for two components",
                            [ "g"; "24"; "24 × 2" ],
                            fun () ->
                                Regression.fit
                                    Run.quiet
                                    Regression.defaults
                                    (polynomials 2)
                                    (fun x -> x.squeeze 1L)
                                    grid
                                |> ignore

                            "two functions for one component",
                            [ "g"; "24 × 2"; "length 24" ],
                            fun () ->
                                Regression.fit
                                    Run.quiet
                                    Regression.defaults
                                    (polynomials 1)
                                    (fun x -> x.expand (x.shape[0], 2L))
                                    grid
                                |> ignore

                            "a vector function of one column for two components",
                            [ "f"; "3 × 1"; "3 × 2" ],
                            fun () ->
                                let network =
                                    Network.ofVectorFunction circle 2 1 (fun p _ -> Tensor.ones p [ 1 ]) (fun θ x ->
                                        θ[0] * x)

                                Network.value network (Tensor.ones double [ 1 ]) (Tensor.ones double [ 3; 1 ])
                                |> ignore

                            "a sum of networks with different components",
                            [ "networks"; "components"; "[2; 1]" ],
                            fun () -> Network.add [ polynomials 2; polynomials 1 ] |> ignore
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts body)
                ]

            test "systems print as mathematics" {
                Expect.equal (string (Equation.wave 2.0 1)) "wave: ∂u/∂t = (u₁, 4 Δu₀)" "wave"

                Expect.equal (Term.show harmonic.Term) "(−0.5 Δu₁ + V u₁, −(−0.5 Δu₀ + V u₀))" "Schrödinger"

                Expect.equal
                    (Term.show (Equation.grayScott (2e-5, 1e-5) 0.04 0.06 2).Term)
                    "(2E−05 Δu₀ − u₀ u₁² + 0.04 (1 − u₀), 1E−05 Δu₁ + u₀ u₁² − 0.1 u₁)"
                    "Gray and Scott"
            }
        ]
