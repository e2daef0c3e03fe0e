/// Equations with walls that no reflection keeps, each with a reference of its own: finite differences or an exact solution.
module Mne.Functional.Tests.WalledProblems

open System
open System.Numerics
open TorchSharp
open Mne.Functional
open Mne.Functional.References

type WalledProblem =
    {
        Name: string
        Domain: Domain
        Term: Term
        Walls: Wall list
        Network: Network
        Points: Collocation
        /// u at the beginning, for points (N × d): N, or N × m.
        Start: Tensor -> Tensor
        Stop: float
        Tolerance: float
        /// Times, points (M × d) and u there (for each time M numbers for each component).
        Reference: unit -> (float * float[][])[] * Tensor
    }

let private double = Placement.float64
let private u = Term.value
let private line = Domain.box [ 0.0, 1.0 ]

let private layers m =
    [
        Layer.normalise [ 0.5 ] [ 0.25 ]
        Layer.dense 32 Sine
        Layer.dense 32 Sine
        Layer.outputs m
    ]

/// A function of a number as one of points of the line.
let private onLine (f: float -> float[]) (x: Tensor) : Tensor =
    let rows =
        Tensor.toArray (x.select (1L, 0L)) |> Array.map (fun x -> f x :> float seq)

    (Tensor.ofRows double rows).squeeze -1L

let private inTime (g: float -> float) : float -> Tensor -> Tensor = fun t x -> Wall.constant (g t) t x

/// A condition at one end, in both languages.
let private atEnd side c (a, b, g) =
    let wall =
        if b = 0.0 then
            Wall.dirichlet side (inTime (fun t -> g t / a))
        elif a = 0.0 then
            Wall.neumann side (inTime (fun t -> g t / b))
        else
            Wall.robin side a b (inTime g)

    Wall.ofComponent c wall, { A = a; B = b; Data = g }

/// A problem on (0, 1) against finite differences; ends are a, b and g of a u + b ∂u/∂n = g for each component.
let private onInterval name stop diffusion n term rate ends (start: float -> float[]) =
    let sides =
        ends
        |> List.mapi (fun c (low, high) -> atEnd (Side.Low 0) c low, atEnd (Side.High 0) c high)

    {
        Name = name
        Domain = line
        Term = term
        Walls =
            [
                for low, high in sides do
                    yield! [ fst low; fst high ]
            ]
        Network = Network.create line (layers sides.Length)
        Points = Collocation.grid line 64
        Start = onLine start
        Stop = stop
        Tolerance = 1e-6
        Reference =
            fun () ->
                let times = [| 0.3 * stop; 0.6 * stop; stop |]

                let values =
                    {
                        Rate = rate
                        Ends = [| for low, high in sides -> snd low, snd high |]
                        Start = start
                        Diffusion = diffusion
                    }
                    |> FiniteDifferences.solve n times

                Array.zip times values, Tensor.ofRows double [ for i in 0..n -> [ float i / float n ] ]
    }

/// A problem with an exact solution (t, x) ↦ u.
let private exactly
    name
    domain
    network
    points
    stop
    term
    walls
    (fresh: unit -> Tensor)
    (exact: float -> Tensor -> Tensor)
    =
    {
        Name = name
        Domain = domain
        Term = term
        Walls = walls
        Network = network
        Points = points
        Start = exact 0.0
        Stop = stop
        Tolerance = 1e-6
        Reference =
            fun () ->
                let fresh = fresh ()

                [|
                    for t in [ 0.3 * stop; 0.6 * stop; stop ] -> t, [| Tensor.toArray (exact t fresh) |]
                |],
                fresh
    }

let private nothing = fun (_: float) -> 0.0
let private value g = 1.0, 0.0, g
let private slope g = 0.0, 1.0, g

let private first f =
    fun t x (u: float[]) (ux: float[]) (uxx: float[]) -> [| f t x u[0] ux[0] uxx[0] |]

let private one f = fun (x: float) -> [| f x |]
let private pi = Math.PI
let private ux = Term.partial 0 1

let private evenly () : Tensor =
    (Tensor.linspace double 0.0 1.0 101).unsqueeze 1L

/// A problem on (0, 1) with an exact solution.
let private onIntervalExactly name stop term walls exact =
    exactly
        name
        line
        (Network.create line (layers 1))
        (Collocation.grid line 64)
        stop
        term
        walls
        evenly
        (fun t (x: Tensor) -> exact t (x.flatten ()))

/// Im e^{it} sinh(√i x) / sinh √i, the heat that goes into a bar whose end has the temperature sin t.
let private heated t x =
    let root = Complex.Sqrt Complex.ImaginaryOne

    (Complex.Exp(Complex(0.0, t)) * Complex.Sinh(root * Complex(x, 0.0))
     / Complex.Sinh root)
        .Imaginary

let private tube =
    Domain.create [ Coordinate.Periodic(0.0, 1.0); Coordinate.Interval(0.0, 1.0) ]

/// e^{−(4π² − 1) t / 10} sin 2π(x − t) e^y + 1, and its derivative along y.
let private carried t (x: Tensor) : Tensor =
    let along, across = x.select (1L, 0L), x.select (1L, 1L)

    exp (-0.1 * (4.0 * pi * pi - 1.0) * t) .* (2.0 * pi .* (along .- t)).sin()
    * across.exp ()

let private disc = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]

let private roundness (x: Tensor) : Tensor = 1.0 .- x.Square().sum 1L

/// e^{ξ/2 + t/40}, ξ = x cos t + y sin t: turned once around by 2π, and spread by diffusion 0.1.
let private turned t (x: Tensor) : Tensor =
    (0.5 .* (cos t .* x.select (1L, 0L) .+ sin t .* x.select (1L, 1L)) .+ 0.025 * t).exp()

let all: WalledProblem list =
    [
        onIntervalExactly
            "advection and diffusion, u = 0 (r4)"
            0.2
            (0.1 * Term.laplacian - ux)
            [ Wall.dirichlet Side.All (Wall.constant 0.0) ]
            (fun t x -> exp (-(2.5 + 0.1 * pi * pi) * t) / 32.0 .* (5.0 .* x).exp() * (pi .* x).sin())
        onInterval
            "mild advection, u = 0 (b5)"
            0.5
            0.5
            80
            (0.5 * Term.laplacian - ux)
            (first (fun _ _ _ ux uxx -> 0.5 * uxx - ux))
            [ value nothing, value nothing ]
            (one (fun x -> sin (pi * x)))
        onInterval
            "Fisher, u = 0 (b5)"
            2.0
            0.05
            100
            (0.05 * Term.laplacian + 3.0 * u - 3.0 * Term.pown 2 u)
            (first (fun _ _ u _ uxx -> 0.05 * uxx + 3.0 * u * (1.0 - u)))
            [ value nothing, value nothing ]
            (one (fun x -> sin (pi * x)))
        onInterval
            "a source, u = 0 (b5)"
            0.5
            1.0
            80
            (Term.laplacian + Term.number 1.0)
            (first (fun _ _ _ _ uxx -> uxx + 1.0))
            [ value nothing, value nothing ]
            (one (fun x -> 0.1 * sin (pi * x)))
        onInterval
            "advection and diffusion, no slope (b5)"
            0.5
            0.1
            100
            (0.1 * Term.laplacian - ux)
            (first (fun _ _ _ ux uxx -> 0.1 * uxx - ux))
            [ slope nothing, slope nothing ]
            (one (fun x -> 0.5 - 0.5 * cos (2.0 * pi * x)))
        onInterval
            "variable diffusion, no slope (b5)"
            1.0
            0.2
            100
            (Term.known "D" (fun _ x -> 0.1 .+ 0.09 .* (2.0 .* x.squeeze 1L).sin())
             * Term.laplacian
             + Term.known "D'" (fun _ x -> 0.18 .* (2.0 .* x.squeeze 1L).cos()) * ux)
            (first (fun _ x _ ux uxx -> (0.1 + 0.09 * sin (2.0 * x)) * uxx + 0.18 * cos (2.0 * x) * ux))
            [ slope nothing, slope nothing ]
            (one (fun x -> cos (pi * x)))
        onInterval
            "Burgers, no slope (b5)"
            0.5
            0.05
            100
            (0.05 * Term.laplacian - u * ux)
            (first (fun _ _ u ux uxx -> 0.05 * uxx - u * ux))
            [ slope nothing, slope nothing ]
            (one (fun x -> 1.0 + 0.5 * cos (pi * x)))
        onIntervalExactly
            "heat, u = 0 and u = sin t"
            2.0
            Term.laplacian
            [
                Wall.dirichlet (Side.Low 0) (Wall.constant 0.0)
                Wall.dirichlet (Side.High 0) (inTime sin)
            ]
            (fun t x -> onLine (fun x -> [| heated t x |]) (x.unsqueeze 1L))
        onInterval
            "heat that is lost at one end, a flux at the other"
            1.0
            0.5
            60
            (0.5 * Term.laplacian + Term.known "s" (fun t x -> exp -t .* x.squeeze 1L))
            (first (fun t x _ _ uxx -> 0.5 * uxx + exp -t * x))
            [ (1.0, 1.0, (fun t -> 1.0 - t)), slope (fun t -> 0.5 * sin (2.0 * t)) ]
            (one (fun x -> 1.0 + 0.25 * x * x * (1.0 - x) * (1.0 - x)))
        onInterval
            "Burgers between 1 and 0"
            0.5
            0.1
            100
            (0.1 * Term.laplacian - u * ux)
            (first (fun _ _ u ux uxx -> 0.1 * uxx - u * ux))
            [ value (fun _ -> 1.0), value nothing ]
            (one (fun x -> 1.0 - x ** 2.0))
        onInterval
            "two species, each with its own conditions"
            1.0
            0.1
            80
            (Term.system
                [
                    0.1 * Term.laplacian - u * Term.ofComponent 1 u
                    Term.ofComponent 1 (0.05 * Term.laplacian) + u * Term.ofComponent 1 u
                    - 0.5 * Term.ofComponent 1 u
                ])
            (fun _ _ u _ uxx -> [| 0.1 * uxx[0] - u[0] * u[1]; 0.05 * uxx[1] + u[0] * u[1] - 0.5 * u[1] |])
            [
                value (fun t -> 1.0 + 0.2 * sin t), slope nothing
                slope nothing, (2.0, 1.0, nothing)
            ]
            (fun x -> [| 1.0; 0.5 * (1.0 - x * x) ** 2.0 |])
        onInterval
            "a reaction and a flux that grows"
            1.0
            0.2
            80
            (0.2 * Term.laplacian - Term.pown 3 u)
            (first (fun _ _ u _ uxx -> 0.2 * uxx - u * u * u))
            [ slope (fun t -> t * t), slope (fun t -> -sin t) ]
            (one (fun x -> cos (pi * x)))
        { onIntervalExactly
              "advection with an inflow"
              1.0
              (-ux)
              [ Wall.dirichlet (Side.Low 0) (inTime (fun t -> sin (-5.0 * t))) ]
              (fun t x -> (5.0 .* (x .- t)).sin()) with
            Tolerance = 1e-7
        }
        { exactly
              "advection around a tube, a slope and a value at its walls"
              tube
              (Network.create tube [ Layer.harmonics 1; Layer.dense 32 Sine; Layer.dense 32 Sine ])
              (Collocation.grid tube 16)
              0.3
              (0.1 * Term.laplacian - Term.partial 0 1)
              [
                  Wall.neumann (Side.Low 1) (fun t x -> -(carried t x))
                  Wall.dirichlet (Side.High 1) carried
              ]
              (fun () -> Collocation.sequence tube 200 |> Collocation.points double 1)
              carried with
            Tolerance = 1e-7
        }
        exactly
            "turning in a disc"
            disc
            (Network.create disc [ Layer.dense 32 Tanh; Layer.dense 32 Tanh ])
            (Collocation.inside roundness (Collocation.grid disc 17))
            0.5
            (0.1 * Term.laplacian
             - Term.transport "b" (fun _ x -> Tensor.stack 1L [ -(x.select (1L, 1L)); x.select (1L, 0L) ]))
            [ Wall.dirichlet (Side.Shape roundness) turned ]
            (fun () ->
                Collocation.inside roundness (Collocation.sequence disc 200)
                |> Collocation.points double 1)
            turned
    ]

/// The relative error over all times and components, the seconds of the fit and the evolution, the steps, and what the solution says of itself.
let error (run: Run) (problem: WalledProblem) =
    use _ = torch.NewDisposeScope()

    let start =
        Regression.fit run Regression.defaults problem.Network problem.Start problem.Points

    use solution =
        Evolution.solve
            run
            { Evolution.defaults with
                Walls = problem.Walls
                Tolerance = problem.Tolerance
            }
            problem.Term
            problem.Network
            problem.Points
            start
            (0.0, problem.Stop)

    let references, x = problem.Reference()

    let pairs =
        [|
            for t, values in references do
                let found = (Solution.evaluate t x solution).view(x.shape[0], -1L)

                for c in 0 .. values.Length - 1 do
                    values[c], Tensor.toArray (found.select (1L, int64 c))
        |]

    Convergence.relativeL2 (Array.map fst pairs) (Array.map snd pairs), (Solution.steps solution).Length, solution.Doubt
