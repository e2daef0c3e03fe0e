/// Bad input to the entry points: each row raises `ArgumentException` that names the argument, the value found and the
/// remedy. What single modules refuse is tested with them.
module Mne.Functional.Tests.BadInputTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64
let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]
let private network = Network.create circle [ Layer.harmonics 2 ]
let private grid = Collocation.grid circle 12
let private start () = Network.initial network 1
let private single (tensor: Tensor) = Tensor.place Placement.float32 tensor
let private ones shape = Tensor.ones double shape

let private evolve options collocation (θ: Tensor) span =
    Evolution.trySolve Run.quiet options Term.laplacian network collocation θ span
    |> ignore

let private options = Evolution.defaults
let private fit = Regression.defaults
let private sine (x: Tensor) = x.squeeze(1L).sin()

let private rows: (string * string * string list * (unit -> unit)) list =
    [
        // Evolution
        "λ = 0",
        "Regularisation",
        [ "found 0"; "greater than 0" ],
        fun () -> evolve { options with Regularisation = 0.0 } grid (start ()) (0.0, 1.0)

        "λ < 0",
        "Regularisation",
        [ "found -1"; "greater than 0" ],
        fun () -> evolve { options with Regularisation = -1.0 } grid (start ()) (0.0, 1.0)

        "a tolerance that is not a number",
        "Tolerance",
        [ "NaN"; "finite" ],
        fun () -> evolve { options with Tolerance = nan } grid (start ()) (0.0, 1.0)

        "t1 = t0", "t1", [ "from 2 to 2"; "different" ], fun () -> evolve options grid (start ()) (2.0, 2.0)
        "t1 = ∞", "t1", [ "finite" ], fun () -> evolve options grid (start ()) (0.0, infinity)

        "s > N",
        "Sketch",
        [ "Landmarks 13"; "12 points"; "1 to 12" ],
        fun () ->
            evolve
                { options with
                    Sketch = Sketch.Landmarks 13
                }
                grid
                (start ())
                (0.0, 1.0)

        "s = 0",
        "Sketch",
        [ "Landmarks 0"; "1 or more" ],
        fun () ->
            evolve
                { options with
                    Sketch = Sketch.Landmarks 0
                }
                grid
                (start ())
                (0.0, 1.0)

        "parameters of another network",
        "start",
        [ "shape 7"; "length 5" ],
        fun () -> evolve options grid (ones [ 7 ]) (0.0, 1.0)

        "parameters as a matrix",
        "start",
        [ "5 × 1"; "squeeze(1)" ],
        fun () -> evolve options grid (ones [ 5; 1 ]) (0.0, 1.0)

        "parameters that are not finite",
        "start",
        [ "not finite in 1 of 5 places"; "row 2" ],
        fun () -> evolve options grid (Tensor.ofArray double [| 1.0; 1.0; nan; 1.0; 1.0 |]) (0.0, 1.0)

        "integer parameters",
        "start",
        [ "Int64"; "Float64"; "to" ],
        fun () -> evolve options grid (torch.ones ([| 5L |], dtype = torch.ScalarType.Int64)) (0.0, 1.0)

        "points of another dimension",
        "points",
        [ "2 columns"; "dimension 1" ],
        fun () -> evolve options (Collocation.given (ones [ 6; 2 ])) (start ()) (0.0, 1.0)

        "an empty set of points",
        "points",
        [ "no points"; "at least one row" ],
        fun () ->
            evolve
                options
                (Collocation.Drawn(0, fun placement _ -> Tensor.zeros placement [ 0; 1 ]))
                (start ())
                (0.0, 1.0)

        "drawn points that are not finite",
        "points",
        [ "not finite"; "row 0" ],
        fun () -> evolve options (Collocation.Drawn(3, fun _ _ -> ones [ 3; 1 ] * nan)) (start ()) (0.0, 1.0)

        "no steps",
        "MaximumSteps",
        [ "found 0"; "at least 1" ],
        fun () -> evolve { options with MaximumSteps = 0 } grid (start ()) (0.0, 1.0)

        "a longest step of 0",
        "MaximumStep",
        [ "found 0" ],
        fun () -> evolve { options with MaximumStep = 0.0 } grid (start ()) (0.0, 1.0)

        "a negative first step",
        "InitialStep",
        [ "found -1" ],
        fun () -> evolve { options with InitialStep = Some -1.0 } grid (start ()) (0.0, 1.0)

        "a velocity for one point",
        "velocity",
        [ "1 rows"; "12 points" ],
        fun () ->
            let points = PointDynamics.Moving([], fun local -> local.Points.narrow (0L, 0L, 1L))
            evolve { options with Points = points } grid (start ()) (0.0, 1.0)

        "a velocity of another dimension",
        "velocity",
        [ "2 columns"; "dimension 1" ],
        fun () ->
            let points = PointDynamics.Moving([], fun local -> local.Points.expand (12L, 2L))
            evolve { options with Points = points } grid (start ()) (0.0, 1.0)

        "a derivative beyond the dimension",
        "derivatives",
        [ "axis 1"; "dimension 1" ],
        fun () ->
            Evolution.trySolve Run.quiet options (Term.partial 1 1) network grid (start ()) (0.0, 1.0)
            |> ignore

        "a time that was not reached",
        "t",
        [ "found 2"; "from 0 to 0.1" ],
        fun () ->
            use solution =
                Evolution.solve
                    Run.quiet
                    { options with Tolerance = 1e-2 }
                    Term.laplacian
                    network
                    grid
                    (start ())
                    (0.0, 0.1)

            Solution.parameters 2.0 solution |> ignore

        // Regression
        "a function that returns N × 1",
        "g",
        [ "12 × 1"; "squeeze(1)" ],
        fun () -> Regression.fit Run.quiet fit network _.sin() grid |> ignore
        "a function that is not finite",
        "g",
        [ "not finite"; "row 0" ],
        fun () ->
            Regression.fit Run.quiet fit network (fun x -> (x.squeeze 1L).log()) grid
            |> ignore

        "a function that is not finite at drawn points",
        "g",
        [ "not finite"; "row" ],
        fun () ->
            Regression.fit Run.quiet fit network (fun x -> (x.squeeze 1L - 3.0).sqrt()) (Collocation.uniform circle 20)
            |> ignore

        "λ = 0 at the end of a fit",
        "Regularisation",
        [ "found 0" ],
        fun () ->
            Regression.fit Run.quiet { fit with Regularisation = 1e-2, 0.0 } network sine grid
            |> ignore

        "λ < 0 at the beginning of a fit",
        "Regularisation",
        [ "found -0.1" ],
        fun () ->
            Regression.fit Run.quiet { fit with Regularisation = -0.1, 1e-9 } network sine grid
            |> ignore

        "a fit without steps",
        "Steps",
        [ "found 0" ],
        fun () -> Regression.fit Run.quiet { fit with Steps = 0 } network sine grid |> ignore
        "a fit with tolerance 0",
        "Tolerance",
        [ "found 0" ],
        fun () ->
            Regression.fit Run.quiet { fit with Tolerance = 0.0 } network sine grid
            |> ignore
        "a fit from other parameters",
        "start",
        [ "shape 3"; "length 5" ],
        fun () -> Regression.fitFrom Run.quiet fit network sine grid (ones [ 3 ]) |> ignore

        "a fit at points of another dimension",
        "points",
        [ "2 columns"; "dimension 1" ],
        fun () ->
            Regression.fit Run.quiet fit network (fun x -> x.sum 1L) (Collocation.given (ones [ 4; 2 ]))
            |> ignore

        "a fit with more landmarks than points",
        "Sketch",
        [ "Landmarks 30"; "20 points" ],
        fun () ->
            Regression.fit
                Run.quiet
                { fit with
                    Sketch = Sketch.Landmarks 30
                }
                network
                sine
                (Collocation.uniform circle 20)
            |> ignore

        // Network
        "points as a vector",
        "points",
        [ "shape 3"; "reshape" ],
        fun () -> Network.value network (start ()) (ones [ 3 ]) |> ignore
        "points without rows",
        "points",
        [ "no points" ],
        fun () -> Network.value network (start ()) (ones [ 0; 1 ]) |> ignore
        "parameters of the wrong length",
        "θ",
        [ "shape 4"; "length 5" ],
        fun () -> Network.gradient network (ones [ 4 ]) (ones [ 3; 1 ]) |> ignore
        "points of another element type",
        "points",
        [ "Float32"; "Float64"; "to" ],
        fun () -> Network.laplacian network (start ()) (single (ones [ 3; 1 ])) |> ignore
        "tangents of mixed element types",
        "points",
        [ "Float64"; "Float32" ],
        fun () -> Network.tangent network (single (start ())) (ones [ 3; 1 ]) |> ignore

        "a generic network that returns N × 1",
        "f",
        [ "3 × 1"; "squeeze(1)" ],
        fun () ->
            let generic =
                Network.ofFunction circle 1 (fun placement _ -> Tensor.ones placement [ 1 ]) (fun θ x -> x * θ[0])

            Network.value generic (ones [ 1 ]) (ones [ 3; 1 ]) |> ignore

        "a generic network without parameters",
        "parameters",
        [ "found 0"; "at least 1" ],
        fun () ->
            Network.ofFunction circle 0 (fun placement _ -> Tensor.ones placement [ 0 ]) (fun _ x -> x.squeeze 1L)
            |> ignore

        // Domain
        "no coordinates", "coordinates", [ "found none"; "at least one" ], fun () -> Domain.create [] |> ignore
        "dimension 0", "d", [ "found 0"; "at least 1" ], fun () -> Domain.euclidean 0 |> ignore
        "no bounds", "bounds", [ "found none" ], fun () -> Domain.periodic [] |> ignore
        "bounds in the wrong order",
        "bounds",
        [ "coordinate 1 runs from 2 to 1"; "low < high" ],
        fun () -> Domain.box [ 0.0, 1.0; 2.0, 1.0 ] |> ignore
        "an infinite period", "bounds", [ "finite" ], fun () -> Domain.periodic [ 0.0, infinity ] |> ignore
    ]

[<Tests>]
let tests =
    testList
        "Bad input"
        [
            for name, argument, parts, call in rows do
                Check.scoped name (fun () ->
                    let error = Assert.raises<ArgumentException> call
                    Expect.equal error.ParamName argument "the argument"

                    for part in parts do
                        Expect.stringContains error.Message part "the message")
        ]
