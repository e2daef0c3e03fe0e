module Mne.Functional.Tests.DefectTests

open System
open Expecto
open Mne.Functional

let private double = Placement.float64
let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]
let private wall = Domain.dirichlet [ 0.0, 1.0 ]

let private rms (values: float[]) =
    sqrt (values |> Array.averageBy (fun v -> v * v))

/// The relative error of a solution at many points of an interval.
let private error (low, high) (exact: float -> float) t (solution: Solution) =
    let x = Array.init 200 (fun i -> low + (high - low) * (float i + 0.5) / 200.0)

    let u =
        Solution.evaluate t (Tensor.ofRows double [ for x in x -> [ x ] ]) solution
        |> Tensor.toArray

    let wanted = Array.map exact x
    rms (Array.map2 (-) u wanted) / rms wanted

let private solveFrom run (domain: Domain) fitPoints initial options equation points until =
    let layers = [ Layer.harmonics 2; Layer.dense 16 Sine; Layer.dense 16 Sine ]
    let network = Network.create domain layers

    let start =
        Regression.fit Run.quiet Regression.defaults network initial (Collocation.grid domain fitPoints)

    Evolution.solve run options equation network (Collocation.grid domain points) start (0.0, until)

let private options =
    { Evolution.defaults with
        Tolerance = 1e-5
    }

/// e^{sin x} carried around the circle.
let private advection run points =
    solveFrom run circle 64 (fun x -> x.squeeze(1L).sin().exp()) options (-1.0 * Term.partial 0 1) points 2.0

let private heat points =
    let initial (x: Tensor) =
        x.squeeze(1L).sin() + 0.5 * (2.0 * x.squeeze 1L).cos()

    solveFrom Run.quiet circle 64 initial options (0.2 * Term.laplacian) points 1.0

let private allenCahn points =
    solveFrom
        Run.quiet
        circle
        64
        (fun x -> x.squeeze(1L).sin())
        options
        (0.05 * Term.laplacian + Term.value - Term.pown 3 Term.value)
        points
        1.0

let private notes (solution: Solution) =
    Solution.steps solution |> Array.map _.Note

[<Tests>]
let tests =
    testList
        "Defect"
        [
            Check.scoped
                "fresh points lie between neighbours, everywhere on a circle, and never on the points"
                (fun () ->
                    let grid = Collocation.points double 0 (Collocation.grid circle 16)
                    let cell = 2.0 * Math.PI / 16.0

                    let fresh =
                        Array.concat
                            [
                                for seed in 1..200 -> Tensor.toArray (FreshPoints.between circle 16 seed grid)
                            ]

                    Expect.all fresh (fun x -> x >= 0.0 && x < 2.0 * Math.PI) "on the circle"
                    let place = fresh |> Array.map (fun x -> x / cell - floor (x / cell))
                    Expect.floatClose { absolute = 0.02; relative = 0.0 } (Array.average place) 0.5 "within the cells"
                    let counts = fresh |> Array.countBy (fun x -> int (x / cell)) |> Map.ofArray
                    Expect.all [ 0..15 ] (fun i -> abs (float counts[i] / 200.0 - 1.0) < 0.25) "in every cell"

                    Expect.equal
                        (Tensor.toArray (FreshPoints.between circle 16 7 grid))
                        (Tensor.toArray (FreshPoints.between circle 16 7 grid))
                        "by the seed")

            Check.scoped "fresh points reach the walls and not beyond, cross cells, and stay within a cloud" (fun () ->
                let grid = Collocation.points double 0 (Collocation.grid wall 10)

                let fresh =
                    Array.concat [ for seed in 1..100 -> Tensor.toArray (FreshPoints.between wall 10 seed grid) ]

                Expect.all fresh (fun x -> x >= 0.0 && x <= 1.0) "inside"
                Expect.isLessThan (Array.min fresh) 0.005 "at one wall"
                Expect.isGreaterThan (Array.max fresh) 0.995 "at the other"

                let box = Domain.box [ 0.0, 9.0; 0.0, 9.0 ]
                let lattice = Collocation.points double 0 (Collocation.grid box 10)

                let inside =
                    [
                        for seed in 1..50 do
                            yield!
                                Tensor.toArray2D (FreshPoints.between box 32 seed lattice)
                                |> Seq.cast<float>
                                |> Seq.chunkBySize 2
                    ]
                    |> List.filter (Array.forall (fun x -> abs (x - floor x - 0.5) < 0.3))

                Expect.isGreaterThan inside.Length 100 "in the middle of cells"

                let cloud = Random.normal double 1 [ 3000; 3 ]
                let between = FreshPoints.between (Domain.euclidean 3) 32 2 cloud
                Expect.equal between.shape [| 32L; 3L |] "as many"

                Expect.isLessThanOrEqual
                    (Tensor.toFloat (between.abs().max()))
                    (Tensor.toFloat (cloud.abs().max()))
                    "within the cloud")

            Check.scoped
                "the residual between the points is the one of the equation there, by the slope of the step"
                (fun () ->
                    use solution = advection Run.quiet 12
                    let last = Array.last (notes solution)
                    let stop = Solution.stop solution
                    let field = solution.VectorField

                    let y =
                        VectorField.pack (Solution.parameters stop solution) (Solution.points stop solution)

                    let seed = Seed.child ((notes solution).Length - 1) (Seed.child -1 Run.quiet.Seed)
                    let points = FreshPoints.between circle 12 seed (VectorField.points field y)
                    let defect = VectorField.residual field stop y points

                    let slope =
                        Solution.jet (Set.ofList [ Derivative.Partial(0, 1) ]) stop points solution

                    Expect.floatClose
                        Accuracy.medium
                        last.FreshResidual
                        (Tensor.rms defect / Tensor.rms (Jet.get (Derivative.Partial(0, 1)) slope))
                        "residual")

            Check.scoped "the defect is about the error that missing points make" (fun () ->
                let carried n =
                    use solution = advection Run.quiet n
                    solution.Defect, error (0.0, 2.0 * Math.PI) (fun x -> exp (sin (x - 2.0))) 2.0 solution

                let diffused n =
                    use solution = heat n

                    let exact x =
                        exp -0.2 * sin x + 0.5 * exp -0.8 * cos (2.0 * x)

                    solution.Defect, error (0.0, 2.0 * Math.PI) exact 1.0 solution

                for name, (defect, error) in
                    [
                        "advection, 8 points", carried 8
                        "advection, 12 points", carried 12
                        "heat, 8 points", diffused 8
                        "heat, 12 points", diffused 12
                    ] do
                    Expect.isGreaterThan error 1e-3 $"{name}: too few points"

                    Expect.isTrue
                        (defect > error / 10.0 && defect < 10.0 * error)
                        $"{name}: defect {defect:E1}, error {error:E1}")

            Check.scoped "a solution that is wrong between the points is complete and doubtful, and says so" (fun () ->
                use few = advection Run.quiet 6
                Expect.equal few.Outcome Outcome.Completed "the end is reached"
                Expect.isGreaterThan few.Defect FieldNote.TolerableDefect "defect"
                Expect.stringContains few.Summary "Completed. Doubtful: between the points" "summary"
                Expect.stringContains few.Summary "take more points; check at walls" "remedy"
                Expect.isLessThan (notes few |> Array.map _.Residual |> Array.max) 1e-6 "though not at the points")

            Check.scoped "a good solution is not doubtful" (fun () ->
                use solution = allenCahn 64
                Expect.equal solution.Doubt None "doubt"
                Expect.isLessThan solution.Defect 1e-2 "defect"
                Expect.stringEnds solution.Summary "parameters. Completed." "summary")

            Check.scoped
                "other seeds measure elsewhere, and change nothing else; the same seed gives the same bits"
                (fun () ->
                    use one = advection Run.quiet 12
                    use again = advection Run.quiet 12
                    use other = advection { Run.quiet with Seed = 5 } 12
                    Expect.equal (Solution.steps again) (Solution.steps one) "the same"
                    let fresh = notes >> Array.map _.FreshResidual
                    Expect.notEqual (fresh other) (fresh one) "elsewhere"

                    Expect.equal
                        (Tensor.toArray (Solution.parameters 2.0 other))
                        (Tensor.toArray (Solution.parameters 2.0 one))
                        "u")

            Check.scoped
                "means are over the collocation points, also where the equation is measured elsewhere"
                (fun () ->
                    use solution =
                        solveFrom
                            Run.quiet
                            circle
                            64
                            (fun x -> 1.0 + x.squeeze(1L).sin())
                            options
                            (Term.mean Term.value - Term.value)
                            48
                            0.5

                    Expect.isLessThan (notes solution |> Array.map _.FreshResidual |> Array.max) 1e-3 "residual")

            Check.scoped "what cannot be measured is said, and ends nothing" (fun () ->
                let table = Tensor.zeros double [ 48 ]

                use solution =
                    solveFrom
                        Run.quiet
                        circle
                        64
                        (fun x -> x.squeeze(1L).sin())
                        options
                        (0.1 * Term.laplacian
                         + Term.known "a table for 48 points" (fun _ _ -> table.clone ()))
                        48
                        0.1

                Expect.equal solution.Outcome Outcome.Completed "the end is reached"
                Expect.isTrue (Double.IsNaN solution.Defect) "not measured"
                Expect.stringContains solution.Summary "was not measured" "said")
        ]
