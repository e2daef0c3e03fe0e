/// Boundary conditions that networks keep exactly, and equations solved under them.
module Mne.Functional.Tests.BoundaryTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// The points with coordinate k moved to a place.
let private moved k (place: float) (points: Tensor) =
    let copy = points.clone ()
    copy.select(1L, int64 k).fill_ place |> ignore
    copy

let private precise =
    { Evolution.defaults with
        Regularisation = 1e-14
        Tolerance = 1e-8
    }

/// Cosines and sines alone: linear in θ.
let private waves domain =
    Network.create domain [ Layer.harmonics 4 ]

/// A start that the network represents exactly, and its solution at time t at new points, for u_t = term.
let private solveFrom domain perAxis term (initial: Tensor -> Tensor) t (points: Tensor) =
    let network, grid = waves domain, Collocation.grid domain perAxis

    let start =
        Regression.fit
            Run.quiet
            { Regression.defaults with
                Tolerance = 1e-10
            }
            network
            initial
            grid

    use solution = Evolution.solve Run.quiet precise term network grid start (0.0, t)
    Solution.evaluate t points solution

let private sine shift (k: float) (s: Tensor) = ((k - shift) * Math.PI * s).sin()
let private cosine shift (k: float) (s: Tensor) = ((k - shift) * Math.PI * s).cos()

let private column (k: int64) (x: Tensor) : Tensor = x.select (1L, int64 k)

/// A disc around which u = x.
let private disc =
    let inside =
        Network.create (Domain.box [ -1.0, 1.0; -1.0, 1.0 ]) [ Layer.dense 6 Tanh; Layer.dense 5 Sine ]

    inside
    |> Network.dirichlet (fun x -> 1.0 - x.square().sum 1L) (fun x -> column 0L x)

[<Tests>]
let tests =
    testList
        "Boundary"
        [
            Oracle.law "conditions hold at the ends, and reflections beyond them" 60 (fun a ->
                let θ, x = a.Parameters, a.Points 4 0
                let value points = Network.value a.Network θ points

                for k, coordinate in List.indexed a.Coordinates do
                    match coordinate with
                    | Coordinate.Bounded(low, high, atLow, atHigh) ->
                        for place, boundary in [ low, atLow; high, atHigh ] do
                            let mirrored = x.clone ()

                            mirrored.select(1L, int64 k).copy_(2.0 * place - x.select (1L, int64 k))
                            |> ignore

                            let wall = moved k place x

                            let jet =
                                Network.jet (Set.ofList [ for n in 1..4 -> Derivative.Partial(k, n) ]) a.Network θ wall

                            let size n =
                                Check.size (Jet.get (Derivative.Partial(k, n)) jet)
                                / (1.0 + Check.size jet.Data)

                            match boundary with
                            | Boundary.Dirichlet ->
                                Expect.isLessThan
                                    (Check.size (value wall))
                                    (1e-13 * (1.0 + Check.size jet.Data))
                                    "u = 0"

                                Check.close 1e-11 "odd" (value mirrored) -(value x)
                                Expect.isLessThan (size 2) 1e-12 "∂²u = 0"
                                Expect.isLessThan (size 4) 1e-12 "∂⁴u = 0"
                            | Boundary.Neumann ->
                                Check.close 1e-11 "even" (value mirrored) (value x)
                                Expect.isLessThan (size 1) 1e-12 "∂u = 0"
                                Expect.isLessThan (size 3) 1e-12 "∂³u = 0"
                    | _ -> ())

            testList
                "the heat equation on an interval: e^{−κω²t} for each mode"
                [
                    for name, low, high, mode, shift in
                        [
                            "u = 0 at both ends", Boundary.Dirichlet, Boundary.Dirichlet, sine 0.0, 0.0
                            "no flow through either end", Boundary.Neumann, Boundary.Neumann, cosine 1.0, 1.0
                            "u = 0 at the low end, no flow at the high end",
                            Boundary.Dirichlet,
                            Boundary.Neumann,
                            sine 0.5,
                            0.5
                            "no flow at the low end, u = 0 at the high end",
                            Boundary.Neumann,
                            Boundary.Dirichlet,
                            cosine 0.5,
                            0.5
                        ] do
                        Check.scoped name (fun () ->
                            // The interval [1, 3]: s = (x − 1)/2 runs from 0 to 1.
                            let domain = Domain.create [ Coordinate.Bounded(1.0, 3.0, low, high) ]
                            let κ, t, amplitudes = 0.2, 0.7, [ 1.0, 1.0; 2.0, -0.6; 3.0, 0.4 ]

                            let series t (x: Tensor) =
                                amplitudes
                                |> List.map (fun (k, a) ->
                                    let decay = exp (-κ * (0.5 * Math.PI * (k - shift)) ** 2.0 * t)
                                    a * decay * mode k ((column 0L x - 1.0) / 2.0))
                                |> List.reduce (fun a b -> a + b)

                            let x = (Tensor.linspace double 1.0 3.0 41).unsqueeze 1L
                            let u = solveFrom domain 16 (κ * Term.laplacian) (series 0.0) t x
                            Check.close 1e-6 "u" u (series t x))

                    Check.scoped "a layered network keeps u = 0 and finds the series" (fun () ->
                        let domain = Domain.dirichlet [ 0.0, 1.0 ]

                        let network =
                            Network.create domain [ Layer.harmonics 2; Layer.dense 16 Tanh; Layer.dense 16 Tanh ]

                        let series t (x: Tensor) =
                            let mode (k: float) (a: float) =
                                a * exp (-0.1 * (k * Math.PI) ** 2.0 * t) * (k * Math.PI * column 0L x).sin()

                            mode 1.0 1.0 + mode 2.0 0.5

                        let points = Collocation.grid domain 40

                        let start =
                            Regression.fit
                                Run.quiet
                                { Regression.defaults with
                                    Tolerance = 1e-6
                                }
                                network
                                (series 0.0)
                                points

                        let options =
                            { Evolution.defaults with
                                Regularisation = 1e-8
                                Tolerance = 1e-5
                            }

                        use solution =
                            Evolution.solve Run.quiet options (0.1 * Term.laplacian) network points start (0.0, 0.5)

                        let x = (Tensor.linspace double 0.0 1.0 33).unsqueeze 1L
                        let u = Solution.evaluate 0.5 x solution
                        Check.close 3e-4 "u" u (series 0.5 x)
                        Expect.isLessThan (abs (Tensor.toFloat (u.select (0L, 0L)))) 1e-14 "u(0)"
                        Expect.isLessThan (abs (Tensor.toFloat (u.select (0L, 32L)))) 1e-14 "u(1)")
                ]

            Check.scoped "walls around a circle: the heat equation on a cylinder" (fun () ->
                let domain =
                    Domain.create
                        [
                            Coordinate.Periodic(0.0, 2.0 * Math.PI)
                            Coordinate.Bounded(0.0, 1.0, Boundary.Dirichlet, Boundary.Neumann)
                        ]

                let exact t (x: Tensor) =
                    let decay k =
                        exp (-0.1 * ((0.5 * Math.PI) ** 2.0 + k) * t)

                    (0.5 * Math.PI * column 1L x).sin()
                    * (decay 0.0 + decay 1.0 * (column 0L x).cos())

                let x =
                    Tensor.stack 1L [ Tensor.linspace double 0.1 6.0 20; Tensor.linspace double 0.0 1.0 20 ]

                Check.close 1e-6 "u" (solveFrom domain 12 (0.1 * Term.laplacian) (exact 0.0) 1.0 x) (exact 1.0 x))

            Check.scoped "the wave equation on a string held at both ends" (fun () ->
                let domain = Domain.dirichlet [ 0.0, 1.0 ]
                let network = Network.create domain [ Layer.harmonics 3; Layer.outputs 2 ]
                let points = Collocation.grid domain 16

                let plucked (x: Tensor) =
                    let w = (Math.PI * column 0L x).sin() + 0.3 * (2.0 * Math.PI * column 0L x).sin()
                    Tensor.stack 1L [ w; torch.zeros_like w ]

                let start =
                    Regression.fit
                        Run.quiet
                        { Regression.defaults with
                            Tolerance = 1e-10
                        }
                        network
                        plucked
                        points
                // After one period 2L/c, as it was.
                use solution =
                    Evolution.solve Run.quiet precise (Equation.wave 2.0 1).Term network points start (0.0, 1.0)

                let x = (Tensor.linspace double 0.0 1.0 21).unsqueeze 1L
                Check.close 1e-6 "w, v" (Solution.evaluate 1.0 x solution) (plucked x))

            testList
                "prescribed values on a boundary of any shape"
                [
                    Check.scoped "values are those of the data, derivatives and tangent those of autograd" (fun () ->
                        let θ = Network.initial disc 3 + 0.1 * Check.normal 4 [ disc.ParameterCount ]
                        let angle = Tensor.linspace double 0.0 6.0 17
                        let circle = Tensor.stack 1L [ angle.cos (); angle.sin () ]
                        Check.close 1e-14 "on the circle" (Network.value disc θ circle) (angle.cos ())

                        let layers = [ Layer.dense 6 Tanh; Layer.dense 5 Sine ]

                        let formula (θ: Tensor) (x: Tensor) =
                            x.select (1L, 0L)
                            + (1.0 - x.square().sum 1L) * Oracle.forward disc.Domain layers θ x

                        let x = 0.5 * Check.normal 5 [ 6; 2 ]

                        let everything =
                            [
                                Derivative.Value
                                Derivative.Laplacian
                                Derivative.Mixed(0, 1)
                                Derivative.Partial(0, 4)
                                Derivative.Partial(1, 3)
                                Derivative.Partial(1, 4)
                            ]

                        let jet = Network.jet (Set.ofList everything) disc θ x

                        for derivative in everything do
                            Check.close
                                1e-11
                                $"%A{derivative}"
                                (Jet.get derivative jet)
                                (Oracle.local (formula θ) x derivative)

                        let j, v, w =
                            Oracle.jacobian formula θ x, Check.normal 6 [ 6 ], Check.normal 7 [ disc.ParameterCount ]

                        let generic =
                            Network.ofFunction
                                disc.Domain
                                disc.ParameterCount
                                disc.Initial
                                (Oracle.forward disc.Domain layers)
                            |> Network.dirichlet (fun x -> 1.0 - x.square().sum 1L) (fun x -> column 0L x)

                        for network in [ disc; generic ] do
                            let tangent = Network.tangent network θ x
                            Check.close 1e-11 "K" (Tangent.kernel tangent tangent) (j.mm (j.t ()))
                            Check.close 1e-11 "Jᵀv" (Tangent.transposeTimes v tangent) (j.t().mv v)
                            Check.close 1e-10 "J w" (Tangent.times w tangent) (j.mv w))

                    Check.scoped "each component has its own data" (fun () ->
                        let network =
                            Network.create (Domain.box [ 0.0, 1.0 ]) [ Layer.dense 5 Tanh; Layer.outputs 2 ]
                            |> Network.dirichlet (fun x -> column 0L x * (1.0 - column 0L x)) (fun x ->
                                torch.cat ([| x; 2.0 - x |], 1L))

                        let θ, x = Network.initial network 1, Check.normal 2 [ 5; 1 ]
                        let ends = Tensor.ofArray2D double (array2D [ [ 0.0 ]; [ 1.0 ] ])

                        Check.close
                            1e-14
                            "ends"
                            (Network.value network θ ends)
                            (Tensor.ofArray2D double (array2D [ [ 0.0; 2.0 ]; [ 1.0; 1.0 ] ]))

                        let value c θ x =
                            (Network.value network θ x).select(1L, int64 c)

                        let tangent = Network.tangent network θ x

                        let j =
                            Tensor.concatenate
                                0L
                                [
                                    for c in 0..1 ->
                                        Oracle.jacobian
                                            (fun θ x ->
                                                Jet.value (Jet.ofComponent c (network.Propagate Set.empty θ x)))
                                            θ
                                            x
                                ]

                        Check.close 1e-11 "K" (Tangent.kernel tangent tangent) (j.mm (j.t ())))

                    Check.scoped "a source between walls at 0 and 1: the steady parabola" (fun () ->
                        // u_t = u_xx + 2 with u(0) = 0, u(1) = 1 tends to x + x(1 − x); an odd reflection could not bend at the walls.
                        let network =
                            Network.create (Domain.box [ 0.0, 1.0 ]) [ Layer.dense 10 Tanh ]
                            |> Network.dirichlet (fun x -> column 0L x * (1.0 - column 0L x)) (column 0L)

                        let points = Collocation.grid (Domain.box [ 0.05, 0.95 ]) 24
                        let start = Regression.fit Run.quiet Regression.defaults network (column 0L) points

                        let options =
                            { Evolution.defaults with
                                Regularisation = 1e-6
                                Tolerance = 1e-4
                            }

                        use solution =
                            Evolution.solve Run.quiet options (Term.laplacian + 2.0) network points start (0.0, 1.0)

                        let x = (Tensor.linspace double 0.0 1.0 21).unsqueeze 1L
                        let s = column 0L x
                        Check.close 1e-3 "u" (Solution.evaluate 1.0 x solution) (s + s * (1.0 - s)))
                ]

            Check.scoped "grids stay half a step away from conditions" (fun () ->
                let points =
                    Collocation.points double 0 (Collocation.grid (Domain.neumann [ 0.0, 1.0 ]) 4)

                Expect.equal (Tensor.toArray points) [| 0.125; 0.375; 0.625; 0.875 |] "points")

            Check.scoped "round-off is not taken for a missed period where u is tiny at the first points" (fun () ->
                let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

                // A pulse at π, with a defect of 6e-15 between the ends.
                let pulse =
                    Network.ofFunction circle 1 (fun p _ -> Tensor.ones p [ 1 ]) (fun θ x ->
                        let s = column 0L x
                        θ[0] * ((-100.0 * ((s - Math.PI).cos() - 1.0).abs()).exp() + 1e-15 * s))

                use solution =
                    Evolution.trySolve
                        Run.quiet
                        { precise with InitialStep = Some 1.0 } // nothing moves: one step will do
                        (0.0 * Term.value)
                        pulse
                        (Collocation.grid circle 256)
                        (Tensor.ones double [ 1 ])
                        (0.0, 1.0)

                Expect.equal solution.Outcome Outcome.Completed "outcome")

            testList
                "refuses"
                [
                    let walls = Domain.dirichlet [ 0.0, 1.0; 0.0, 1.0 ]
                    let points = Collocation.given (Tensor.ones double [ 3; 1 ] * 0.3)

                    let evolve domain (f: Tensor -> Tensor) =
                        let network =
                            Network.ofFunction domain 1 (fun p _ -> Tensor.ones p [ 1 ]) (fun θ x ->
                                θ[0] * f (column 0L x))

                        Evolution.trySolve
                            Run.quiet
                            precise
                            Term.value
                            network
                            points
                            (Tensor.ones double [ 1 ])
                            (0.0, 1.0)
                        |> ignore

                    let on distance data =
                        let network =
                            Network.create (Domain.box [ 0.0, 1.0 ]) [] |> Network.dirichlet distance data

                        Network.value network (Network.initial network 1) (Tensor.ones double [ 3; 1 ])
                        |> ignore

                    for name, parts, body in
                        [
                            "conditions without harmonics",
                            [ "layers"; "would not keep them"; "Layer.harmonics"; "Network.dirichlet" ],
                            fun () -> Network.create walls [ Layer.dense 3 Tanh ] |> ignore

                            "blocks that do not see a Dirichlet end",
                            [ "blocks"; "[1]"; "coordinate 0"; "Dirichlet" ],
                            fun () -> Network.ofBlocks walls [ [ 0 ]; [ 1 ] ] [ Layer.harmonics 1 ] |> ignore

                            "rescaled conditions",
                            [ "network"; "boundary conditions" ],
                            fun () -> Network.rescaled [ 0.0; 0.0 ] [ 1.0; 1.0 ] (waves walls) |> ignore

                            "a function that does not vanish at a Dirichlet end",
                            [ "network"; "u = 0 at 1"; "coordinate 0"; "missed by 1" ],
                            fun () -> evolve (Domain.dirichlet [ 0.0, 1.0 ]) (fun x -> x)

                            "a function with a slope at a Neumann end",
                            [ "network"; "∂u/∂x = 0 at 0"; "missed by 3" ],
                            fun () -> evolve (Domain.neumann [ 0.0, 1.0 ]) (fun x -> 3.0 * x)

                            "a function that is not periodic",
                            [ "network"; "the period 2"; "missed by" ],
                            fun () -> evolve (Domain.periodic [ 0.0, 2.0 ]) (fun x -> x.exp ())

                            "a distance that is a matrix",
                            [ "distance"; "3 × 1"; "length 3" ],
                            fun () -> on id (column 0L)

                            "data that are not finite",
                            [ "data"; "not finite"; "row 0" ],
                            fun () -> on (column 0L) (fun x -> (column 0L x - 1.0).log())

                            "data for two components",
                            [ "data"; "3 × 2"; "length 3" ],
                            fun () -> on (column 0L) (fun x -> x.expand (3L, 2L))

                            "bounds the wrong way round",
                            [ "bounds"; "low < high" ],
                            fun () ->
                                Domain.create [ Coordinate.Bounded(1.0, 0.0, Boundary.Dirichlet, Boundary.Neumann) ]
                                |> ignore
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts body)
                ]
        ]
