/// Conditions at walls for any equation: their rows, their points, what is refused, and equations that no reflection suits.
module Mne.Functional.Tests.WallTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests.WalledProblems

let private double = Placement.float64
let private line = Domain.box [ 0.0, 1.0 ]
let private ux = Term.partial 0 1
let private column (x: Tensor) : Tensor = x.select (1L, 0L)

let private small =
    Network.create line [ Layer.normalise [ 0.5 ] [ 0.25 ]; Layer.dense 12 Sine; Layer.dense 12 Sine ]

// The references.

/// u = e^{−λ² t / 2} (cos λx + sin λx / λ): u_t = u_xx / 2, ∂u/∂n + u = 0 at 0, and what it is at 1.
let private cooling t x =
    let λ = 1.3
    exp (-0.5 * λ * λ * t) * (cos (λ * x) + sin (λ * x) / λ)

let private references =
    testList
        "finite differences"
        [
            testCase "agree with an exact solution, with a condition of both kinds and a value in time" (fun () ->
                let problem =
                    {
                        Rate = fun _ _ _ _ uxx -> [| 0.5 * uxx[0] |]
                        Ends =
                            [|
                                {
                                    A = 1.0
                                    B = 1.0
                                    Data = fun _ -> 0.0
                                },
                                {
                                    A = 1.0
                                    B = 0.0
                                    Data = fun t -> cooling t 1.0
                                }
                            |]
                        Start = fun x -> [| cooling 0.0 x |]
                        Diffusion = 0.5
                    }

                let found = FiniteDifferences.solve 20 [| 0.3; 0.7 |] problem

                for t, values in Array.zip [| 0.3; 0.7 |] found do
                    let exact = [| for i in 0..20 -> cooling t (float i / 20.0) |]
                    let error = Convergence.relativeL2 [| exact |] [| values[0] |]
                    Expect.isLessThan error 1e-6 $"t = {t}")
        ]

// Rows.

/// a u + b ∂u/∂n − g at the points of a wall, one component after the other, as jets have it.
let private defect (network: Network) (θ: Tensor) (rows: WallPoints) (a: float, b: float) : Tensor =
    let d = network.Domain.Dimension
    let x = Tensor.ofArray2D double rows.Points
    let jet = Network.jet (Jet.gradientRequest d) network θ x
    let normals = Tensor.ofArray2D double rows.Normals

    let slope =
        [
            for k in 0 .. d - 1 -> normals.narrow (1L, int64 k, 1L) * Jet.channel (Derivative.Partial(k, 1)) jet
        ]
        |> List.reduce (+)

    (a * Jet.channel Derivative.Value jet + b * slope).t().reshape -1L

/// The rows of a condition, applied to a direction, against differences of what the condition is of.
let private rowsOf name (network: Network) points side (a, b) =
    Check.scoped name (fun () ->
        let θ = network.Initial double 3
        let x = Collocation.points double 1 points
        let wall = Wall.varying side (Wall.constant a) (Wall.constant b) (Wall.constant 0.0)
        let walls = WallPoints.create network x (0.0, 1.0) [ wall ]
        let stack, _ = WallRows.stack network θ 0.2 x walls
        let direction = Random.normal double 4 [ network.ParameterCount ]
        let found = Tangent.times direction (fst stack.Further.Value)
        let ε = 1e-5

        let expected =
            [
                for rows in walls ->
                    (defect network (θ + ε * direction) rows (a, b)
                     - defect network (θ - ε * direction) rows (a, b))
                    / (2.0 * ε)
            ]
            |> Tensor.concatenate 0L

        Check.close 1e-7 "J w" found expected)

let private disc = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
let private roundness (x: Tensor) : Tensor = 1.0 - x.square().sum 1L

let private rows =
    testList
        "rows of a condition"
        [
            rowsOf "of a network of layers" small (Collocation.grid line 8) Side.All (2.0, 1.5)

            rowsOf
                "of two components"
                (Network.create line [ Layer.dense 6 Tanh; Layer.dense 6 Tanh; Layer.outputs 2 ])
                (Collocation.grid line 8)
                (Side.High 0)
                (0.5, 1.0)

            rowsOf
                "of a function"
                (Network.ofVectorFunction
                    line
                    2
                    3
                    (fun placement seed -> Random.normal placement seed [ 3 ])
                    (fun θ x ->
                        let x = column x

                        Tensor.stack 1L [ θ[0] * (θ[1] * x).sin() + θ[2] * x; (θ[2] * x).exp() * θ[0] ]))
                (Collocation.grid line 8)
                (Side.Low 0)
                (1.0, 2.0)

            rowsOf
                "around a disc, of an even sum of blocks"
                (Network.add
                    [
                        Network.create disc [ Layer.dense 6 Tanh ]
                        Network.ofBlocks disc [ [ 0 ]; [ 1 ] ] [ Layer.dense 5 Swish ]
                    ]
                 |> Network.even [ 0 ])
                (Collocation.inside roundness (Collocation.grid disc 7))
                (Side.Shape roundness)
                (0.0, 1.0)

            Check.scoped "follow the data, and make up for what is missing" (fun () ->
                let θ = small.Initial double 3
                let x = Collocation.points double 1 (Collocation.grid line 8)

                let walls =
                    [
                        Wall.dirichlet (Side.High 0) (fun t x -> sin (3.0 * t) * torch.ones_like (column x))
                    ]
                    |> WallPoints.create small x (0.0, 2.0)

                let u = Tensor.toFloat (Network.value small θ (Tensor.ofRows double [ [ 1.0 ] ]))
                let rate = walls.Head.Rate

                // At the ends of the run too, beyond which data need not exist.
                for t in [ 0.0; 1e-6; 0.7; 2.0 ] do
                    let _, f = WallRows.stack small θ t x walls

                    Expect.floatClose
                        Accuracy.high
                        (Tensor.toFloat f)
                        (3.0 * cos (3.0 * t) - rate * (u - sin (3.0 * t)))
                        $"t = {t}")
        ]

let private places =
    testList
        "points of walls"
        [
            Check.scoped "lie on all ends of a box, with normals that point outwards" (fun () ->
                let box =
                    Domain.create
                        [
                            Coordinate.Interval(-1.0, 2.0)
                            Coordinate.Periodic(0.0, 1.0)
                            Coordinate.Real
                        ]

                let network = Network.create box [ Layer.harmonics 1; Layer.dense 4 Tanh ]
                let x = Check.normal 1 [ 64; 3 ]

                let walls =
                    WallPoints.create
                        network
                        x
                        (0.0, 1.0)
                        [ Wall.neumann Side.All (Wall.constant 0.0) |> Wall.atPoints 20 ]

                Expect.equal
                    [ for rows in walls -> rows.Points[0, 0], rows.Normals[0, 0] ]
                    [ -1.0, -1.0; 2.0, 1.0 ]
                    "ends"

                for rows in walls do
                    Expect.equal (Array2D.length1 rows.Points) 20 "as many as wanted"
                    Expect.all [ for v in rows.Normals[*, 1..] |> Seq.cast<float> -> v ] ((=) 0.0) "along axis 0"

                    let low, high =
                        Tensor.toFloat (x.select(1L, 2L).min()), Tensor.toFloat (x.select(1L, 2L).max())

                    Expect.all rows.Points[*, 2] (fun v -> low <= v && v <= high) "as far as the points reach")

            Check.scoped "lie on a circle, evenly" (fun () ->
                let network = Network.create disc [ Layer.dense 4 Tanh ]
                let inside = Collocation.inside roundness (Collocation.grid disc 17)
                let x = Collocation.points double 1 inside

                let rows =
                    WallPoints.create
                        network
                        x
                        (0.0, 1.0)
                        [ Wall.dirichlet (Side.Shape roundness) (Wall.constant 0.0) ]
                    |> List.exactlyOne

                let m = Array2D.length1 rows.Points

                for i in 0 .. m - 1 do
                    let x, y = rows.Points[i, 0], rows.Points[i, 1]
                    Expect.floatClose Accuracy.high (x * x + y * y) 1.0 "radius"
                    Expect.floatClose Accuracy.high rows.Normals[i, 0] x "normal"
                    Expect.floatClose Accuracy.high rows.Normals[i, 1] y "normal"

                let angles =
                    [ for i in 0 .. m - 1 -> atan2 rows.Points[i, 1] rows.Points[i, 0] ]
                    |> List.sort

                let gaps =
                    (angles.Head + 2.0 * Math.PI - List.last angles)
                    :: [ for a, b in List.pairwise angles -> b - a ]

                Expect.isLessThan (List.max gaps) (4.0 * Math.PI / float m) "no large gap"

                let onCircle =
                    [ for i in rows.On -> Tensor.toArray x[int64 i] |> List.ofArray ] |> set

                Expect.equal
                    onCircle
                    (set [ [ 0.0; 1.0 ]; [ 0.0; -1.0 ]; [ 1.0; 0.0 ]; [ -1.0; 0.0 ] ])
                    "points of the grid on it")

            Check.scoped "points of a recipe inside a shape" (fun () ->
                let all = Collocation.sequence disc 50
                let some = Collocation.inside roundness all
                Expect.equal (Collocation.count some) 50 "as many as before"

                for seed in 1..3 do
                    let x = Collocation.points double seed some
                    Expect.equal x.shape [| 50L; 2L |] "shape"
                    Expect.isGreaterThanOrEqual (Tensor.toFloat ((roundness x).min())) 0.0 "inside"

                Check.identical "the same seed" (Collocation.points double 2 some) (Collocation.points double 2 some)
                let grid = Collocation.inside roundness (Collocation.grid disc 5)
                Expect.equal (Collocation.count grid) 13 "of a grid, those inside"

                Assert.raises<ArgumentException>(fun () ->
                    Collocation.inside (fun x -> -1.0 - column x * column x) (Collocation.grid disc 5)
                    |> ignore)
                |> fun error -> Expect.stringContains error.Message "shape" "names the argument")
        ]

// Evolutions.

let private withFile (body: string -> unit) =
    let folder = IO.Directory.CreateTempSubdirectory "walls"

    try
        body (IO.Path.Combine(folder.FullName, "run.h5"))
    finally
        folder.Delete true

let private options =
    { Evolution.defaults with
        Tolerance = 1e-5
        Regularisation = 1e-9
    }

let private fit (network: Network) (f: Tensor -> Tensor) points =
    Regression.fit
        Run.quiet
        { Regression.defaults with
            Tolerance = 1e-7
        }
        network
        f
        points

let private points = Collocation.grid line 24
let private pulse (x: Tensor) : Tensor = (3.0 * column x).sin()

/// u = sin 3(x − t), which comes in at one end and leaves at the other.
let private inflow side =
    Wall.dirichlet side (fun t x -> (3.0 * (column x - t)).sin())

let private relative t1 solution =
    let x = (Tensor.linspace double 0.0 1.0 41).unsqueeze 1L
    Check.difference (Solution.evaluate t1 x solution) ((3.0 * (x.squeeze 1L - t1)).sin())

let private evolutions =
    testList
        "evolutions"
        [
            Check.scoped "forwards and backwards in time" (fun () ->
                let start = fit small pulse points

                for t1, side in [ 0.5, Side.Low 0; -0.5, Side.High 0 ] do
                    let options =
                        { Evolution.defaults with
                            Walls = [ inflow side ]
                        }

                    use solution = Evolution.solve Run.quiet options -ux small points start (0.0, t1)
                    Expect.isLessThan (relative t1 solution) 2e-4 $"to {t1}"
                    Expect.isNone solution.Doubt "no doubt")

            Check.scoped "with landmarks as with all points" (fun () ->
                let start = fit small pulse points

                let solve sketch =
                    let options =
                        { options with
                            Walls = [ inflow (Side.Low 0) ]
                            Sketch = sketch
                        }

                    use solution = Evolution.solve Run.quiet options -ux small points start (0.0, 0.3)
                    Solution.evaluate 0.3 (Collocation.points double 1 points) solution

                Check.close 1e-3 "u" (solve (Sketch.Landmarks 20)) (solve Sketch.Exact))

            Check.scoped "of a network that is a function" (fun () ->
                // Linear in θ, and exact: a₀ + a₁ x + a₂ x² + a₃ x³.
                let cubic =
                    Network.ofFunction line 4 (fun placement _ -> Tensor.zeros placement [ 4 ]) (fun θ x ->
                        let x = column x
                        θ[0] + θ[1] * x + θ[2] * x * x + θ[3] * x * x * x)

                // u = x³ + 6 x t: u_t = u_xx, ∂u/∂n = 3 + 6t at 1, u = 0 at 0.
                let start = Tensor.ofArray double [| 0.0; 0.0; 0.0; 1.0 |]

                let options =
                    { options with
                        Tolerance = 1e-8
                        Walls =
                            [
                                Wall.dirichlet (Side.Low 0) (Wall.constant 0.0)
                                Wall.neumann (Side.High 0) (fun t x -> (3.0 + 6.0 * t) * torch.ones_like (column x))
                            ]
                    }

                use solution =
                    Evolution.solve Run.quiet options Term.laplacian cubic (Collocation.grid line 9) start (0.0, 0.5)

                Check.close
                    1e-6
                    "θ"
                    (Solution.parameters 0.5 solution)
                    (Tensor.ofArray double [| 0.0; 3.0; 0.0; 1.0 |]))

            Check.scoped "taken up from a checkpoint to the same bits" (fun () ->
                let start = fit small pulse points

                let options =
                    { options with
                        Walls = [ inflow (Side.Low 0) ]
                        MaximumStep = 0.05
                    }

                withFile (fun path ->
                    let write = Checkpoint.every (CheckpointInterval.Steps 4) path

                    use whole =
                        Evolution.solve
                            Run.quiet
                            { options with Checkpoint = write }
                            -ux
                            small
                            points
                            start
                            (0.0, 0.4)

                    use resumed = Evolution.resume Run.quiet options -ux (Checkpoint.read path)

                    Check.identical "θ" (Solution.parameters 0.4 resumed) (Solution.parameters 0.4 whole)))

            Check.scoped "leave no tensors behind" (fun () ->
                let start = fit small pulse points

                let solve () =
                    use _ =
                        Evolution.trySolve
                            Run.quiet
                            { options with
                                MaximumSteps = 3
                                Walls =
                                    [
                                        inflow (Side.Low 0)
                                        Wall.neumann (Side.High 0) (fun t x -> 3.0 * (3.0 * (column x - t)).cos())
                                    ]
                            }
                            (0.1 * Term.laplacian - ux)
                            small
                            points
                            start
                            (0.0, 0.4)

                    ()

                solve ()
                Assert.frees solve)

            Check.scoped "say that u does not hold what walls ask for" (fun () ->
                let start = fit small pulse points

                let options =
                    { options with
                        Walls =
                            [
                                inflow Side.All
                                Wall.neumann (Side.High 0) (Wall.constant -3.0) |> Wall.atPoints 1
                            ]
                        MaximumSteps = 200
                        Tolerance = 1e-3
                    }

                let said =
                    try
                        use solution =
                            Evolution.trySolve
                                Run.quiet
                                options
                                (0.05 * Term.laplacian - ux)
                                small
                                points
                                start
                                (0.0, 0.5)

                        Option.isSome solution.Doubt || solution.Outcome <> Outcome.Completed
                    with :? ArgumentException ->
                        true

                Expect.isTrue said "doubtful or refused")
        ]

let private good =
    [ "r4"; "no slope (b5)"; "a flux at the other"; "two species"; "disc" ]
    |> List.map (fun part -> all |> List.find (fun problem -> problem.Name.Contains part))

let private equations =
    testList
        "equations with walls"
        [
            for problem in good ->
                Check.scoped problem.Name (fun () ->
                    let error, _, doubt = WalledProblems.error Run.quiet problem
                    Expect.isLessThan error 1e-4 "relative error over space and times"
                    Expect.isNone doubt "no doubt")
        ]

let private refused =
    let refuse name (network: Network) walls (f: Tensor -> Tensor) parts =
        Check.scoped name (fun () ->
            let start = fit network f points

            let error =
                Assert.raises<ArgumentException>(fun () ->
                    use _ =
                        Evolution.trySolve
                            Run.quiet
                            { options with Walls = walls }
                            -ux
                            network
                            points
                            start
                            (0.0, 0.1)

                    ())

            for part in "Walls" :: parts do
                Expect.stringContains error.Message part "the message")

    let zero = Wall.constant 0.0

    let onlyInside =
        Network.create line [ Layer.dense 6 Tanh ]
        |> Network.dirichlet (fun x -> column x * (1.0 - column x)) (fun x -> torch.zeros_like (column x))

    testList
        "refused"
        [
            refuse
                "an axis that is not there"
                small
                [ Wall.dirichlet (Side.Low 1) zero ]
                pulse
                [ "coordinate 1"; "dimension 1" ]
            refuse
                "a component that is not there"
                small
                [ Wall.dirichlet Side.All zero |> Wall.ofComponent 1 ]
                pulse
                [ "component 1" ]
            refuse
                "a start that misses the wall"
                small
                [ Wall.dirichlet (Side.High 0) (Wall.constant 3.0) ]
                pulse
                [ "the high end"; "start" ]
            refuse
                "a shape that leaves points outside"
                small
                [ Wall.dirichlet (Side.Shape(fun x -> column x - 0.5)) zero ]
                pulse
                [ "outside"; "Collocation.inside" ]
            refuse
                "a network that cannot move there"
                onlyInside
                [ Wall.dirichlet Side.All zero ]
                (fun x -> column x * (1.0 - column x))
                [ "does not depend" ]
            refuse
                "data of another shape"
                small
                [
                    Wall.dirichlet Side.All (fun _ x -> torch.zeros ([| 3L; 2L |], dtype = x.dtype))
                ]
                pulse
                [ "3 × 2" ]

            Check.scoped "a coordinate without ends" (fun () ->
                for coordinate, part in
                    [
                        Coordinate.Periodic(0.0, 1.0), "no ends"
                        Coordinate.Bounded(0.0, 1.0, Boundary.Neumann, Boundary.Neumann), "Coordinate.Interval"
                    ] do
                    let network =
                        Network.create (Domain.create [ coordinate ]) [ Layer.harmonics 1; Layer.dense 4 Sine ]

                    let x = Collocation.points double 1 points

                    for side in [ Side.Low 0; Side.All ] do
                        let error =
                            Assert.raises<ArgumentException>(fun () ->
                                WallPoints.create network x (0.0, 1.0) [ Wall.dirichlet side zero ] |> ignore)

                        if not side.IsAll then
                            Expect.stringContains error.Message part "the message")

            Check.scoped "numbers that are none" (fun () ->
                let each: (string * (unit -> Wall)) list =
                    [
                        "value", (fun () -> Wall.dirichlet Side.All (Wall.constant nan))
                        "side", (fun () -> Wall.neumann (Side.Low -1) zero)
                        "a", (fun () -> Wall.robin Side.All infinity 1.0 zero)
                        "b", (fun () -> Wall.robin Side.All 1.0 0.0 zero)
                        "index", (fun () -> Wall.dirichlet Side.All zero |> Wall.ofComponent -1)
                        "count", (fun () -> Wall.dirichlet Side.All zero |> Wall.atPoints 0)
                    ]

                for name, make in each do
                    let error = Assert.raises<ArgumentException>(make >> ignore)
                    Expect.equal error.ParamName name "the argument")

            Check.scoped "data that are no numbers end the run" (fun () ->
                let start = fit small pulse points

                let walls =
                    [
                        Wall.dirichlet (Side.Low 0) (fun t x ->
                            if t > 0.05 then
                                nan * column x
                            else
                                (3.0 * (column x - t)).sin())
                    ]

                use solution =
                    Evolution.trySolve Run.quiet { options with Walls = walls } -ux small points start (0.0, 0.1)

                match solution.Outcome with
                | Outcome.NonFinite where -> Expect.stringContains where "wall" "names the wall"
                | other -> failtest $"{other}")

            Check.scoped
                "data that are no numbers where the run begins, and a start that misses data that are none later"
                (fun () ->
                    let start = fit small pulse points

                    let refused parts wall =
                        Check.refuses ("Walls" :: "the low end of coordinate 0" :: parts) (fun () ->
                            Evolution.trySolve
                                Run.quiet
                                { options with Walls = [ wall ] }
                                -ux
                                small
                                points
                                start
                                (0.0, 0.1)
                            |> ignore)

                    for value in [ nan; infinity ] do
                        let data _ x = value .* torch.ones_like (column x)

                        for wall in
                            [
                                Wall.dirichlet (Side.Low 0) data
                                Wall.neumann (Side.Low 0) data
                                Wall.varying (Side.Low 0) data (Wall.constant 1.0) zero
                            ] do
                            refused [ "where the run begins"; "finite" ] wall

                    Wall.dirichlet (Side.Low 0) (fun t x ->
                        (if t > 0.05 then nan else 5.0) .* torch.ones_like (column x))
                    |> refused [ "misses" ]

                    Check.refuses [ "Walls"; "found null" ] (fun () ->
                        Evolution.trySolve
                            Run.quiet
                            { options with
                                Walls = [ Wall.dirichlet (Side.Low 0) (fun _ _ -> Unchecked.defaultof<Tensor>) ]
                            }
                            -ux
                            small
                            points
                            start
                            (0.0, 0.1)
                        |> ignore))
        ]

[<Tests>]
let tests =
    testList "Walls" [ references; rows; places; evolutions; equations; refused ]
