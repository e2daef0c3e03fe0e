/// Walls that are kept by a reflection, and equations that suit them or do not.
module Mne.Functional.Tests.SymmetryTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private dirichlet = Domain.dirichlet [ 0.0, 1.0 ]
let private neumann = Domain.neumann [ 0.0, 1.0 ]

let private mixed =
    Domain.create [ Coordinate.Bounded(-1.0, 2.0, Boundary.Dirichlet, Boundary.Neumann) ]

/// A circle times an interval.
let private tube boundary =
    Domain.create
        [
            Coordinate.Periodic(0.0, 1.0)
            Coordinate.Bounded(0.0, 2.0, boundary, boundary)
        ]

let private u = Term.value
let private slope = Term.partial 0 1
let private column (k: int64) (x: Tensor) = x.select (1L, k)

let private known name f =
    Term.known name (fun _ x -> f (column 0L x))

let private cosine (x: Tensor) : Tensor = (Math.PI * x).cos()

/// The beginning of an evolution: at most one step.
let private beginFrom (network: Network) (start: Tensor) term =
    use solution =
        Evolution.trySolve
            Run.quiet
            { Evolution.defaults with
                MaximumSteps = 1
            }
            term
            network
            (Collocation.grid network.Domain (if network.Domain.Dimension = 1 then 24 else 5))
            start
            (0.0, 1e-3)

    solution.Outcome

let private network (domain: Domain) term =
    Network.create domain [ Layer.harmonics 3; Layer.dense 8 Sine; Layer.outputs (Term.components term) ]

let private advective diffusion = diffusion * Term.laplacian - slope

/// ∂(D ∂u) with D = 2 + sin 2x.
let private divergenceForm =
    known "D" (fun x -> 2.0 + (2.0 * x).sin()) * Term.laplacian
    + known "D'" (fun x -> 2.0 * (2.0 * x).cos()) * slope

let private rotation =
    Term.transport "b" (fun _ x -> Tensor.stack 1L [ 0.5 - column 1L x; column 0L x - 0.5 ])

let private refused: (string * Domain * Term * string list) list =
    [
        "advection, Dirichlet", dirichlet, -slope, [ "coordinate 0"; "∂₀u does not vanish"; "Wall.dirichlet" ]
        "advection, Neumann", neumann, -slope, [ "coordinate 0"; "∂₀u is not even"; "Interval"; "Wall.neumann" ]
        "advection at one Dirichlet and one Neumann end", mixed, -slope, [ "at -1 along" ]
        "advection and diffusion, Dirichlet", dirichlet, advective 0.5, [ "0.5 Δu − ∂₀u"; "∂₀u does not vanish" ]
        "advection and diffusion, Neumann", neumann, advective 0.1, [ "∂₀u is not even" ]
        "gravity between Neumann walls", neumann, Term.laplacian + 2.0 * slope + 0.5 * u, [ "2 ∂₀u is not even" ]
        "a source at a Dirichlet wall", dirichlet, Term.laplacian + Term.number 1.0, [ "it is 1 "; "1 does not vanish" ]
        "a source that is 0 at first",
        dirichlet,
        Term.laplacian + Term.known "f" (fun t x -> t * column 0L x),
        [ "f does not vanish" ]
        "a source with a slope at a Neumann wall",
        neumann,
        Term.laplacian + known "x" id,
        [ "the slope"; "x is not even" ]
        "a coefficient with a slope at a Neumann wall",
        neumann,
        Term.laplacian + known "V" id * u,
        [ "V u is not even" ]
        "variable diffusion, Dirichlet", dirichlet, divergenceForm, [ "D' ∂₀u does not vanish" ]
        "variable diffusion, Neumann", neumann, divergenceForm, [ "is not even" ]
        "variable diffusion in front of Δ alone, Neumann",
        neumann,
        known "D" (fun x -> 2.0 + (2.0 * x).sin()) * Term.laplacian,
        [ "D Δu is not even" ]
        "Korteweg–de Vries, Dirichlet", dirichlet, Equation.kortewegDeVries.Term, [ "∂₀³u" ]
        "Hamilton–Jacobi, Dirichlet", dirichlet, 0.1 * Term.laplacian - Term.gradientNormSquared, [ "|∇u|²" ]
        "Burgers, Neumann", neumann, (Equation.burgers 0.05 1).Term, [ "u ∂₀u is not even" ]
        "an Allen–Cahn equation with a bias, Dirichlet", dirichlet, u - Term.pown 3 u + Term.number 0.1, [ "0.1" ]
        "a custom term, Neumann",
        neumann,
        Term.custom "mine" [ Derivative.Partial(0, 1) ] (fun local -> Jet.get (Derivative.Partial(0, 1)) local.Jet),
        [ "mine is not even" ]
        "feed at a Dirichlet wall, a system",
        dirichlet,
        (Equation.grayScott (2e-5, 1e-5) 0.04 0.06 1).Term,
        [ "does not vanish" ]
        "advection of the second component",
        neumann,
        Term.system [ Term.laplacian; Term.ofComponent 1 slope ],
        [ "∂₀u₁ is not even" ]
        "a rotation in a Dirichlet box", Domain.dirichlet [ 0.0, 1.0; 0.0, 1.0 ], -rotation, [ "b·∇u" ]
        "advection towards the walls of a tube",
        tube Boundary.Neumann,
        Term.laplacian - Term.partial 1 1,
        [ "coordinate 1"; "∂₁u" ]
        "a source in a tube that is not the same along it",
        tube Boundary.Dirichlet,
        Term.laplacian + known "f" (fun x -> (2.0 * Math.PI * x).sin()),
        [ "coordinate 1"; "f does not vanish" ]
        "the mean as a source, Dirichlet", dirichlet, Term.laplacian + Term.mean (Term.pown 2 u), [ "Δu" ]
    ]

/// Not a number outside.
let private insideOnly (f: Tensor -> Tensor) (x: Tensor) : Tensor = f x + 0.0 * (x * (1.0 - x)).sqrt()

let private accepted: (string * Domain * Term) list =
    [
        for name, domain in [ "Dirichlet", dirichlet; "Neumann", neumann; "Dirichlet and Neumann", mixed ] do
            $"diffusion, {name}", domain, 0.1 * Term.laplacian
            $"Allen–Cahn, {name}", domain, (Equation.allenCahn 0.01 1).Term
            $"waves, {name}", domain, (Equation.wave 2.0 1).Term
            $"a free particle, {name}", domain, (Equation.schroedinger (fun _ x -> 0.0 * column 0L x) 1.0 1).Term
            $"growth less its mean, {name}", domain, Term.laplacian + (1.0 - Term.mean (Term.pown 2 u)) * u
        "a particle in a trap, Dirichlet",
        dirichlet,
        (Equation.schroedinger (fun _ x -> (column 0L x).square()) 0.0 1).Term
        "a coefficient that depends on x, Dirichlet",
        dirichlet,
        known "D" (fun x -> 1.0 + x) * Term.laplacian + known "x" id * u
        "a coefficient that is even and defined inside alone",
        neumann,
        known "D" (insideOnly (fun x -> 2.0 + cosine x)) * Term.laplacian
        "a source that vanishes and is defined inside alone",
        dirichlet,
        Term.laplacian + known "f" (insideOnly (fun x -> x * (1.0 - x)))
        "a coefficient with a pole at the walls",
        neumann,
        Term.laplacian + known "cot" (fun x -> cosine x / (Math.PI * x).sin()) * slope
        "Kuramoto–Sivashinsky, Dirichlet", dirichlet, Equation.kuramotoSivashinsky.Term
        "Burgers, Dirichlet", dirichlet, (Equation.burgers 0.05 1).Term
        "a population, Dirichlet", dirichlet, (Equation.fisherKpp 0.05 3.0 1).Term
        "a population, Neumann", neumann, (Equation.fisherKpp 0.05 3.0 1).Term
        "Gray–Scott, Neumann", neumann, (Equation.grayScott (2e-5, 1e-5) 0.04 0.06 1).Term
        "Hamilton–Jacobi, Neumann", neumann, 0.1 * Term.laplacian - Term.gradientNormSquared + known "V" cosine
        "a mean field, Neumann",
        neumann,
        Term.laplacian
        + Term.interaction "k" (fun x y -> (cosine x).mm((cosine y).t())) u
        "diffusion in a box", Domain.neumann [ 0.0, 1.0; 2.0, 5.0 ], Term.laplacian + Term.gradientNormSquared
        "advection along a tube", tube Boundary.Dirichlet, Term.laplacian - slope
        "a source along a Neumann tube",
        tube Boundary.Neumann,
        Term.laplacian + known "f" (fun x -> (2.0 * Math.PI * x).sin())
        "equal and opposite fluxes", neumann, slope + Term.laplacian - slope
    ]

let private exact (t: float) (x: Tensor) : Tensor =
    Math.Exp(-2.5 * t - 0.1 * Math.PI ** 2.0 * t)
    * (5.0 * (x - 1.0)).exp()
    * (Math.PI * x).sin()

[<Tests>]
let tests =
    testList
        "Symmetry"
        [
            testList
                "refuses"
                [
                    for name, domain, term, parts in refused do
                        for start, at in
                            [
                                "from u = 0", (fun (n: Network) -> Tensor.zeros double [ n.ParameterCount ])
                                "from some u", (fun n -> Network.initial n 7)
                            ] do
                            Check.scoped $"{name}, {start}" (fun () ->
                                let network = network domain term

                                Check.refuses ("term: " :: parts) (fun () ->
                                    beginFrom network (at network) term |> ignore))
                ]

            testList
                "accepts"
                [
                    for name, domain, term in accepted do
                        for placement in [ double; Placement.float32 ] do
                            Check.scoped $"{name}, %A{placement.Precision}" (fun () ->
                                let network = network domain term
                                beginFrom network (network.Initial placement 7) term |> ignore)
                ]

            Check.scoped "details finer than the distances from the wall are no fault" (fun () ->
                let network = Network.create dirichlet [ Layer.harmonics 40; Layer.dense 20 Sine ]
                let term = Equation.kuramotoSivashinsky.Term + Term.laplacian
                beginFrom network (Network.initial network 3) term |> ignore)

            Check.scoped "a network that keeps its wall without a reflection is not judged by one" (fun () ->
                let f (θ: Tensor) (x: Tensor) =
                    let x = column 0L x
                    x * (1.0 - x) * (θ[0] + θ[1] * x)

                let network =
                    Network.ofFunction dirichlet 2 (fun placement seed -> Random.normal placement seed [ 2 ]) f

                beginFrom network (Network.initial network 1) (advective 1.0) |> ignore)

            Check.scoped "a network that has no initial parameters is judged by its start" (fun () ->
                let network =
                    Network.ofFunction dirichlet 1 (fun _ _ -> failwith "none") (fun θ x ->
                        θ[0] * (Math.PI * column 0L x).sin())

                let start = Tensor.ones double [ 1 ]
                beginFrom network start Term.laplacian |> ignore
                Check.refuses [ "does not vanish" ] (fun () -> beginFrom network start -slope |> ignore))

            // What the message advises: u_t = 0.1 Δu − ∂₀u, whose u_xx does not vanish at the walls.
            Check.scoped "without the reflection, advection and diffusion come out right" (fun () ->
                let line = Domain.box [ 0.0, 1.0 ]

                let network =
                    Network.create line [ Layer.dense 16 Tanh; Layer.dense 16 Tanh ]
                    |> Network.dirichlet (fun x -> column 0L x * (1.0 - column 0L x)) (fun x ->
                        torch.zeros_like (column 0L x))

                let points = Collocation.grid line 32

                let start =
                    Regression.fit Run.quiet Regression.defaults network (fun x -> exact 0.0 (column 0L x)) points

                use solution =
                    Evolution.solve
                        Run.quiet
                        { Evolution.defaults with
                            Tolerance = 1e-5
                            Method = Method.chebyshev 8
                        }
                        (advective 0.1)
                        network
                        points
                        start
                        (0.0, 0.1)

                let x = (Tensor.linspace double 0.0 1.0 101).unsqueeze 1L

                Check.close 1e-3 "u" (Solution.evaluate 0.1 x solution) (exact 0.1 (x.squeeze 1L)))
        ]
