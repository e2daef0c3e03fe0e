module Mne.Functional.Tests.CollocationTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64
let private box = Domain.box [ -1.0, 3.0; 0.0, 0.5 ]
let private draw seed recipe = Collocation.points double seed recipe

/// Points within the bounds.
let private inside (domain: Domain) (points: Tensor) =
    let rows = Tensor.toArray2D points

    Domain.bounds domain
    |> List.iteri (fun k (low, high) ->
        for i in 0 .. Array2D.length1 rows - 1 do
            if not (rows[i, k] >= low && rows[i, k] <= high) then
                failtest $"point {i}, coordinate {k}: {rows[i, k]} outside [{low}, {high}]")

/// The L2 star discrepancy of points in the unit cube (Warnock's formula).
let private discrepancy (points: Tensor) =
    let x = Tensor.toArray2D points
    let n, d = Array2D.length1 x, Array2D.length2 x

    let product f =
        Seq.fold (fun p k -> p * f k) 1.0 (seq { 0 .. d - 1 })

    let single =
        Seq.sum [ for i in 0 .. n - 1 -> product (fun k -> (1.0 - x[i, k] * x[i, k]) / 2.0) ]

    let pairs =
        Seq.sum
            [
                for i in 0 .. n - 1 do
                    for j in 0 .. n - 1 -> product (fun k -> 1.0 - max x[i, k] x[j, k])
            ]

    sqrt (3.0 ** float -d - 2.0 / float n * single + pairs / float (n * n))

/// Two modes of width 0.3 at (−2, 0) and (2, 1).
let private twoModes (x: Tensor) : Tensor =
    let mode (a: float) (b: float) =
        let δ = x - Tensor.ofArray (Placement.ofTensor x) [| a; b |]
        -δ.square().sum 1L / (2.0 * 0.3 * 0.3)

    -torch.logsumexp(torch.stack ([| mode -2.0 0.0; mode 2.0 1.0 |], 1L), 1L)

[<Tests>]
let tests =
    testList
        "Collocation"
        [
            Check.scoped "a grid has the ends of intervals, and of circles only one" (fun () ->
                let points domain n =
                    Tensor.toArray (draw 0 (Collocation.grid domain n))

                Expect.equal (points (Domain.box [ -1.0, 1.0 ]) 5) [| -1.0; -0.5; 0.0; 0.5; 1.0 |] "interval"
                Expect.equal (points (Domain.periodic [ 0.0, 1.0 ]) 4) [| 0.0; 0.25; 0.5; 0.75 |] "circle"

                let mixed =
                    Domain.create [ Coordinate.Periodic(0.0, 1.0); Coordinate.Interval(0.0, 2.0) ]

                Expect.equal (points mixed 2) [| 0.0; 0.0; 0.0; 2.0; 0.5; 0.0; 0.5; 2.0 |] "product, last axis fastest"
                Expect.equal (Collocation.count (Collocation.grid mixed 3)) 9 "count")

            for name, recipe in [ "uniform", Collocation.uniform; "sequence", Collocation.sequence ] do
                Check.scoped $"{name}: in the domain, decided by the seed" (fun () ->
                    let recipe = recipe box 200
                    let one = draw 5 recipe
                    Expect.equal one.shape [| 200L; 2L |] "shape"
                    Expect.equal (Collocation.count recipe) 200 "count"
                    inside box one
                    Check.identical "the same seed" (draw 5 recipe) one
                    Expect.notEqual (Tensor.toArray (draw 6 recipe)) (Tensor.toArray one) "another seed"
                    let single = Collocation.points Placement.float32 5 recipe
                    Expect.equal single.dtype torch.ScalarType.Float32 "element type"
                    Check.close 1e-6 "the same points in float32" (Tensor.place double single) one
                    // The mean of 200 uniform numbers is within 5 standard errors of the middle.
                    Check.close 0.2 "middle" (one.mean [| 0L |]) (Tensor.ofArray double [| 1.0; 0.25 |]))

            Check.scoped "a sequence covers the cube more evenly than independent points" (fun () ->
                for d in [ 1; 2; 3 ] do
                    let cube = Domain.box (List.replicate d (0.0, 1.0))

                    let median recipe =
                        [ for seed in 1..7 -> discrepancy (draw seed (recipe cube 128)) ]
                        |> List.sort
                        |> List.item 3

                    Expect.isLessThan (median Collocation.sequence) (0.5 * median Collocation.uniform) $"d = {d}")

            Check.scoped "given points are the same for every seed" (fun () ->
                let points = Check.normal 1 [ 4; 2 ]
                Check.identical "points" (draw 1 (Collocation.given points)) points
                Check.identical "points" (draw 2 (Collocation.given points)) points)

            Check.scoped "tempered points cover every mode and its surroundings" (fun () ->
                let recipe = Collocation.tempered 2.0 [ 0.0; 0.0 ] [ 3.0; 3.0 ] twoModes 600
                let points = draw 1 recipe
                Check.identical "the same seed" (draw 1 recipe) points
                Expect.equal points.shape [| 600L; 2L |] "shape"

                let left =
                    points.index_select (0L, points.select(1L, 0L).less(0.0).nonzero().squeeze 1L)

                let share = float (Tensor.rows left) / 600.0
                Expect.isTrue (share > 0.4 && share < 0.6) $"share of the left mode: {share}"

                // e^{−V/2} has standard deviation 0.3 √2 around the mode; drawing without replacement widens a little.
                let width =
                    Tensor.rms (left - Tensor.ofArray double [| -2.0; 0.0 |]) / (0.3 * sqrt 2.0)

                Expect.isTrue (width > 0.9 && width < 1.3) $"width of the left mode over theory: {width}")

            Check.scoped "tempered points are where there is density: not where V is +∞ or no number" (fun () ->
                for outside in [ infinity; nan ] do
                    let half (x: Tensor) =
                        let x = x.squeeze 1L
                        torch.where (x.GreaterThan 0.0, 0.5 .* x.Square(), x.zeros_like () .+ outside)

                    let points = draw 1 (Collocation.tempered 2.0 [ 0.0 ] [ 3.0 ] half 600)
                    Expect.isGreaterThan (Tensor.toFloat (points.min ())) 0.0 $"{outside} outside"
                    Expect.isGreaterThan (Tensor.toFloat (points.max ())) 3.0 $"{outside} outside: as far as at τ = 2")

            testList
                "refuses"
                [
                    let tempered centre spread energy () =
                        draw 1 (Collocation.tempered 1.0 centre spread energy 100) |> ignore

                    for name, parts, call in
                        [
                            "a grid on the line",
                            [ "domain"; "unbounded" ],
                            fun () -> Collocation.grid (Domain.euclidean 1) 5 |> ignore
                            "a grid of one point",
                            [ "perAxis"; "found 1"; "at least 2" ],
                            fun () -> Collocation.grid box 1 |> ignore
                            "an enormous grid",
                            [ "perAxis"; "1e8"; "Collocation.sequence" ],
                            fun () -> Collocation.grid (Domain.box (List.replicate 9 (0.0, 1.0))) 10 |> ignore
                            "no uniform points", [ "count"; "found 0" ], fun () -> Collocation.uniform box 0 |> ignore
                            "a sequence on the line",
                            [ "domain"; "unbounded" ],
                            fun () -> Collocation.sequence (Domain.euclidean 2) 5 |> ignore
                            "a vector instead of points",
                            [ "points"; "shape 3"; "reshape" ],
                            fun () -> Collocation.given (Tensor.ones double [ 3 ]) |> ignore
                            "no points",
                            [ "points"; "no points"; "at least one row" ],
                            fun () -> Collocation.given (Tensor.ones double [ 0; 2 ]) |> ignore
                            "points that are not finite",
                            [ "points"; "first at row 1" ],
                            fun () ->
                                Collocation.given (Tensor.ofArray2D double (array2D [ [ 1.0 ]; [ nan ] ]))
                                |> ignore
                            "a temperature of 0",
                            [ "τ"; "found 0" ],
                            fun () -> Collocation.tempered 0.0 [ 0.0 ] [ 1.0 ] (fun x -> x.sum 1L) 5 |> ignore
                            "a spread for another dimension",
                            [ "spread"; "2 numbers"; "centre has 1" ],
                            fun () -> Collocation.tempered 1.0 [ 0.0 ] [ 1.0; 1.0 ] (fun x -> x.sum 1L) 5 |> ignore
                            "a negative spread",
                            [ "spread"; "-1" ],
                            fun () -> Collocation.tempered 1.0 [ 0.0 ] [ -1.0 ] (fun x -> x.sum 1L) 5 |> ignore
                            "an energy that returns N × 1",
                            [ "energy"; "N × 1"; "squeeze(1)" ],
                            tempered [ 0.0 ] [ 1.0 ] (fun x -> x.square ())
                            "an energy that is finite hardly anywhere",
                            [ "energy"; "finite in "; "of 20000 places"; "move the cloud" ],
                            tempered [ 0.0 ] [ 1.0 ] (fun x -> (x - 4.5).sqrt().squeeze 1L)
                            "an energy that is −∞",
                            [ "energy"; "found −∞"; "+∞ where there is no density" ],
                            tempered [ 0.0 ] [ 1.0 ] (fun x -> -infinity .* x.sign().squeeze 1L)
                            "a cloud that misses the density",
                            [
                                "spread"
                                "covers the density so badly"
                                "widen or move the cloud, raise τ, or"
                            ],
                            tempered [ 100.0; 0.0 ] [ 0.5; 0.5 ] twoModes
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts call)
                ]
        ]
