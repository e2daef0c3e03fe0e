/// Functions of the caller's that change their arguments in place: nobody but they see it.
module Mne.Functional.Tests.LentTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// 2x + 1, and the same in place of x.
let private pure' (x: Tensor) : Tensor = x * 2.0 + 1.0

let private inPlace (x: Tensor) : Tensor =
    let number = Tensor.scalar (Placement.ofTensor x)
    x.mul_(number 2.0).add_(number 1.0)

let private first (x: Tensor) : Tensor = x.select (1L, 0L)
let private points () = Check.normal 3 [ 12; 2 ]
let private waves = Domain.periodic [ 0.0, 1.0; 0.0, 1.0 ]

let private network = Network.create waves [ Layer.harmonics 1; Layer.dense 6 Sine ]

let private start = Network.initial network 1

/// What an evolution of a few steps ends with.
let private evolve options (network: Network) term =
    use solution =
        Evolution.trySolve
            Run.quiet
            { options with
                EvolutionOptions.MaximumSteps = 3
            }
            term
            network
            (Collocation.given (Random.uniform double 2 [ 9; 2 ]))
            start
            (0.0, 0.5)

    let stop = Solution.stop solution
    [ Solution.parameters stop solution; Solution.points stop solution ]

/// The values of a term, and what it was given afterwards.
let private values (term: Term) =
    let x = points ()

    let local =
        {
            Time = 0.5
            Points = x
            Jet = Network.jet (Term.needs 2 term) network start x
        }

    [ Term.evaluate term local; x; local.Jet.Data ]

let private terms: (string * ((Tensor -> Tensor) -> Term)) list =
    [
        "Term.known", (fun change -> Term.known "f" (fun _ x -> first (change x)) + Term.value)
        "Term.transport", (fun change -> Term.transport "b" (fun _ x -> change x) + Term.value)
        "Term.pointwise",
        (fun change ->
            Term.pointwise "f" (fun _ x u -> first (change x) * change u) Term.value
            + Term.value)
        "Term.map", (fun change -> Term.map "f" (fun u -> (change u).sin()) Term.value + Term.value)
        "Term.interaction",
        (fun change ->
            Term.interaction "k" (fun x y -> (change x).mm((change y).t())) Term.value
            + Term.value)
        "Term.custom",
        (fun change ->
            Term.custom "f" [ Derivative.Laplacian ] (fun local ->
                first (change local.Points) * change (Jet.laplacian local.Jet)
                + change (Jet.value local.Jet))
            + Term.laplacian)
    ]

let private heat = 0.01 * Term.laplacian

let private moving points =
    evolve
        { Evolution.defaults with
            Points = points
        }
        network
        heat

/// (1 + θ₀) sin-like functions of both arguments, and a network made of one.
let private ofFunction (change: Tensor -> Tensor) =
    Network.ofFunction (Domain.euclidean 2) 3 (fun placement _ -> Tensor.ones placement [ 3 ]) (fun θ x ->
        let θ, x = change θ, change x
        θ[0] * (θ[1] * x.sum 1L + θ[2]).sin())

let private process' (change: Tensor -> Tensor) =
    Process.create 2 (fun _ x -> -(change x)) (fun _ x -> -2.0 * (change x).cos().sum 1L) (Covariance.Isotropic 2.0)

let private others: (string * ((Tensor -> Tensor) -> Tensor list)) list =
    let energy (change: Tensor -> Tensor) =
        Density.ofEnergy 2 (fun x -> (change x).square().square().sum 1L)

    [
        "Density.ofEnergy", (fun change -> let x = points () in [ (energy change).Energy x; x ])
        "the gradient of an energy", (fun change -> let x = points () in [ Diff.grad (energy change).Energy x; x ])
        "conditions at walls and shapes",
        (fun change ->
            let box = Domain.box [ 0.0, 1.0; 0.0, 1.0 ]
            let network = Network.create box [ Layer.dense 6 Tanh ]
            let g (x: Tensor) = change x |> first
            let always (x: Tensor) = change x * 0.0 |> first

            let walls =
                [
                    Wall.varying (Side.Low 0) (fun _ x -> g x) (fun _ x -> g x) (fun t x -> t * g x)
                    Wall.dirichlet (Side.Shape(fun x -> g x - 1.5)) (fun _ x -> always x)
                ]

            let x =
                Collocation.uniform box 40
                |> Collocation.inside (fun x -> g x - 1.6)
                |> Collocation.points double 3

            let given = x.clone ()
            let kept = WallPoints.create network x (0.0, 1.0) walls
            let stack, f = WallRows.stack network (network.Initial double 1) 0.3 x kept
            [ f; Tangent.squaredNorms (fst stack.Further.Value); x; given ])
        "Density.transformed",
        (fun change ->
            let x = points ()

            let map y =
                let y = change y in y.sinh (), y.cosh().log().sum 1L

            [ (energy id |> Density.transformed map).Energy x; x ])
        "chains",
        (fun change ->
            let x = points () in
            use chain = MarkovChain.langevin Run.quiet MarkovChain.defaults (energy change) x
            [ chain.Points.clone (); x ])
        "Regression",
        (fun change ->
            let x = Random.uniform double 2 [ 9; 2 ]
            let options = { Regression.defaults with Steps = 3 }

            use fitted =
                Regression.tryFit Run.quiet options network (fun x -> (first (change x)).sin()) (Collocation.given x)

            [ fitted.Parameters.clone (); x ])
        "PointDynamics.advected", (fun change -> moving (PointDynamics.advected (fun _ x -> 0.1 * change x)))
        "a velocity of points",
        (fun change ->
            moving (
                PointDynamics.Moving(
                    [],
                    (fun local -> 0.1 * change local.Points + (change (Jet.value local.Jet)).unsqueeze 1L)
                )
            ))
        "a monitor of points",
        (fun change ->
            moving (
                PointDynamics.redrawn 0.1 (Collocation.grid waves 8) [] (fun local ->
                    (change (first (change local.Points))).exp()
                    + (change (Jet.value local.Jet)).square())
            ))
        "points drawn by a function of the state",
        (fun change ->
            moving (
                PointDynamics.Redrawn
                    {
                        Times = fun _ -> [ 0.1 ]
                        Draw = fun field _ y _ -> 0.1 * VectorField.points field (change y)
                    }
            ))
        "an event",
        (fun change ->
            let event =
                StopEvent.create "never" Direction.Either (fun _ θ x ->
                    1e9 + Tensor.toFloat ((change θ).sum() + (change x).sum()))

            evolve
                { Evolution.defaults with
                    Events = [ event ]
                }
                network
                heat)
        "a drift", (fun change -> let x = points () in [ (process' change).Drift 0.0 x; x ])
        "the divergence of a drift", (fun change -> let x = points () in [ (process' change).DriftDivergence 0.0 x; x ])
        "a process simulated",
        (fun change ->
            let x = points ()

            [
                process' change
                |> Process.forward
                |> Sde.simulate SdeScheme.StochasticHeun 1 [ 0.0; 0.01; 0.02 ] x
                x
            ])
        "a stochastic equation of one's own",
        (fun change ->
            let x = points ()

            let sde =
                { Process.forward (process' id) with
                    Drift = fun _ x -> -(change x)
                }

            [ Sde.simulate SdeScheme.EulerMaruyama 1 [ 0.0; 0.01; 0.02 ] x sde; x ])
        "a process reversed",
        (fun change ->
            let x = points ()
            let back = Process.ornsteinUhlenbeck 2 |> Process.reverse 1.0 (fun _ x -> change x)
            [ back.Drift 0.5 x; x ])
        "Importance.expectation",
        (fun change ->
            let x = points ()
            let zeros = Tensor.zeros double [ 12 ]

            let draws =
                {
                    Points = x
                    LogProposal = zeros
                    LogWeights = zeros
                }

            let found = draws |> Importance.expectation (fun x -> first (change x))
            [ Tensor.ofArray double [| found.Value; found.StandardError |]; x ])
        "Diff",
        (fun change ->
            let x = points ()
            let f x = (change x).sin().prod -1L
            let g x = (change x).cos()

            [
                Diff.grad f x
                Diff.laplacian f x
                Diff.hessian f x
                Diff.jacobian g x
                Diff.divergence g x
                x
            ])
        "Diff where a gradient is wanted",
        (fun change ->
            let x = (points ()).requires_grad_ true
            let gradient = Diff.grad (fun x -> (change x).sin().prod -1L) x
            gradient.sum().backward()
            [ gradient; x; x.grad |> Option.ofObj |> Option.get ])
        "Network.ofFunction",
        (fun change ->
            let x, θ = points (), Check.normal 4 [ 3 ]
            let network = ofFunction change
            let jet = Network.jet (Set.singleton Derivative.Laplacian) network θ x
            [ jet.Data; Network.tangent network θ x |> Tangent.times θ; x; θ ])
        "Network.dirichlet",
        (fun change ->
            let x = points ()
            let f x = first (change x)

            [
                (network
                 |> Network.dirichlet f f
                 |> Network.jet (Set.singleton Derivative.Laplacian))
                    start
                    x
                |> _.Data
                x
            ])
        "a field of the integrator",
        (fun change ->
            let y = Check.normal 5 [ 3 ]
            let field _ (y: Tensor) = -(change y), ()

            use trajectory =
                Integrator.solve (Integrator.create field (Integrator.componentNorm 1e-6 1e-6)) y (0.0, 0.1)

            [ Trajectory.evaluate 0.1 trajectory; y ])
    ]

/// The same bits from both.
let private harmless name (run: (Tensor -> Tensor) -> Tensor list) =
    Check.scoped name (fun () ->
        List.iter2 (fun actual expected -> Check.identical name actual expected) (run inPlace) (run pure'))

[<Tests>]
let tests =
    testList
        "Lent"
        [
            for name, term in terms do
                harmless name (term >> values)
                harmless $"{name}, solved" (term >> fun term -> evolve Evolution.defaults network (0.01 * term))

            harmless "the velocity of characteristics" (fun change ->
                let term =
                    Term.transport "b" (fun _ x -> change x)
                    + Term.pointwise "f" (fun _ x v -> first (change x) * (change v).square()) (Term.partial 0 1)

                let x = points ()

                let local =
                    {
                        Time = 0.5
                        Points = x
                        Jet = Network.jet (Term.needs 2 term) network start x
                    }

                [ Term.gradientSensitivity term local; x; local.Jet.Data ])

            for name, run in others do
                harmless name run

            testCase "copies are freed" (fun () ->
                use x = points ()
                let density = Density.ofEnergy 2 (fun x -> (x.square ()).sum 1L)
                Assert.frees (fun () -> Scope.free (fun () -> density.Energy x |> ignore)))
        ]
