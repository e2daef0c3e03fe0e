/// Kinks in networks that are functions, where an equation reads a derivative that does not exist.
module Mne.Functional.Tests.SmoothnessTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private evolve placement d (term: Term) (f: Tensor -> Tensor) =
    let network =
        Network.ofFunction (Domain.euclidean d) 1 (fun p _ -> Tensor.ones p [ 1 ]) (fun θ x -> θ[0] * f x)

    use start = Tensor.ones placement [ 1 ]

    use solution =
        Evolution.trySolve
            Run.quiet
            { Evolution.defaults with
                InitialStep = Some 0.1 // nothing moves: one step will do
            }
            (0.0 * term)
            network
            (Collocation.given (Random.normal placement 1 [ 40; d ]))
            start
            (0.0, 0.1)

    solution.Outcome

let private column k (x: Tensor) = x.select (1L, k)

let private rows =
    testList
        "refuses"
        [
            for name, d, term, parts, f in
                [
                    "relu under a Laplacian",
                    1,
                    Term.laplacian,
                    [ "∂₀u jumps by 1"; "x = ("; "∂₀²u"; "tanh" ],
                    (fun x -> (column 0L x - 0.3).relu())
                    "a kink of the second coordinate",
                    2,
                    Term.laplacian,
                    [ "∂₁u jumps by 2"; "∂₁²u" ],
                    (fun x -> column 0L x + (column 1L x + 0.1).abs())
                    "a kink along a diagonal",
                    2,
                    Term.mixed 0 1,
                    [ "∂₀u jumps by"; "∂₀∂₁u" ],
                    (fun x -> (column 0L x + column 1L x).relu())
                    "a jump where a gradient is read",
                    1,
                    Term.partial 0 1,
                    [ "u jumps by 2"; "∂₀u" ],
                    (fun x -> (column 0L x - 0.2).sign())
                    "a kink of the second derivative",
                    1,
                    Term.partial 0 3,
                    [ "∂₀²u jumps by 2"; "∂₀³u" ],
                    (fun x -> (column 0L x).relu().square())
                    "a small kink beside a steep front",
                    1,
                    Term.laplacian,
                    [ "∂₀u jumps by" ],
                    (fun x -> (50.0 * column 0L x).tanh() + 0.5 * (column 0L x - 0.7).abs())
                ] do
                for precision, placement in [ "float64", double; "float32", Placement.float32 ] do
                    Check.scoped $"{name}, {precision}" (fun () ->
                        Check.refuses ("network" :: parts) (fun () -> evolve placement d term f |> ignore))
        ]

let private accepted =
    testList
        "accepts"
        [
            for name, d, term, f in
                [
                    "a kink whose first derivative is read", 1, Term.partial 0 1, (fun x -> (column 0L x - 0.3).relu())
                    "a steep front", 1, Term.laplacian, (fun (x: Tensor) -> (1000.0 * column 0L x).tanh())
                    "a fast wave", 1, Term.partial 0 4, (fun x -> (100.0 * column 0L x).sin())
                    "a polynomial in many dimensions", 12, Term.laplacian, (fun x -> x.square().square().sum 1L)
                    "a linear function", 2, Term.laplacian, (fun x -> column 0L x)
                    "a constant", 2, Term.laplacian, (fun x -> 0.0 * column 0L x + 1.0)
                ] do
                Check.scoped name (fun () -> Expect.equal (evolve double d term f) Outcome.Completed "outcome")
        ]

[<Tests>]
let tests = testList "Smoothness" [ rows; accepted ]
