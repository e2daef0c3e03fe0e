module Mne.Functional.Tests.GuardTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// The check fails with an `ArgumentException` for the argument `name` whose message contains all the parts.
let private fails name (parts: string list) (check: unit -> unit) =
    let error = Assert.raises<ArgumentException> check
    Expect.equal error.ParamName name "argument"

    for part in $"{name}: " :: parts do
        Expect.stringContains error.Message part "message"

[<Tests>]
let tests =
    testList
        "Guard"
        [
            Check.property "positive accepts exactly the finite numbers above 0"
            <| fun (value: float) ->
                let passes =
                    try
                        Guard.positive "step" value
                        true
                    with :? ArgumentException ->
                        false

                passes = (value > 0.0 && value < infinity)

            test "positive names the number found" {
                fails "tolerance" [ "-1"; "greater than 0" ] (fun () -> Guard.positive "tolerance" -1.0)
                fails "tolerance" [ "NaN" ] (fun () -> Guard.positive "tolerance" nan)
            }

            test "atLeast" {
                Guard.atLeast "count" 2 2
                fails "count" [ "found 1"; "at least 2" ] (fun () -> Guard.atLeast "count" 2 1)
            }

            test "points: N × d" {
                use _ = torch.NewDisposeScope()
                Guard.points "points" 3 (Tensor.zeros double [ 5; 3 ])

                fails "points" [ "3 columns"; "dimension 2" ] (fun () ->
                    Guard.points "points" 2 (Tensor.zeros double [ 5; 3 ]))

                fails "points" [ "found the shape 5,"; "N × 1"; "reshape" ] (fun () ->
                    Guard.points "points" 1 (Tensor.zeros double [ 5 ]))

                fails "points" [ "a scalar" ] (fun () -> Guard.points "points" 1 (Tensor.scalar double 1.0))

                fails "points" [ "no points" ] (fun () -> Guard.points "points" 3 (Tensor.zeros double [ 0; 3 ]))
                fails "points" [ "null" ] (fun () -> Guard.points "points" 3 Unchecked.defaultof<Tensor>)
            }

            test "moderate, divisor: numbers whose powers are numbers" {
                Guard.moderate "shift" -1e99
                Guard.divisor "scale" 1e-99

                for value in [ nan; infinity; -1e101; 1e308 ] do
                    fails "shift" [ string value ] (fun () -> Guard.moderate "shift" value)

                for value in [ nan; 0.0; -1.0; 5e-324; 1e308 ] do
                    fails "scale" [ string value ] (fun () -> Guard.divisor "scale" value)
            }

            test "withinReach names the row; what is not finite passes" {
                use _ = torch.NewDisposeScope()

                let far value =
                    Tensor.ofRows double [ [ 1.0; 2.0 ]; [ 3.0; -value ]; [ 0.0; 1.0 ] ]

                for value in [ 1.0; 1e99; nan; infinity ] do
                    Guard.withinReach "points" (far value)

                let error =
                    Assert.raises<OutOfReach>(fun () -> Guard.withinReach "points" (far 1e308))

                Expect.equal error.ParamName "points" "argument"
                Expect.stringContains error.Message "points: found a coordinate of size 1E+308 in row 1" "message"
            }

            test "vector: one number per point" {
                use _ = torch.NewDisposeScope()
                Guard.vector "values" 4 (Tensor.zeros double [ 4 ])

                fails "values" [ "4 × 1"; "length 4"; "squeeze(1)" ] (fun () ->
                    Guard.vector "values" 4 (Tensor.zeros double [ 4; 1 ]))

                fails "values" [ "found the shape 3,"; "length 4" ] (fun () ->
                    Guard.vector "values" 4 (Tensor.zeros double [ 3 ]))
            }

            test "samePlacement names both arguments" {
                use _ = torch.NewDisposeScope()
                let a, b = Tensor.zeros double [ 1 ], Tensor.zeros Placement.float32 [ 1 ]
                Guard.samePlacement "points" a "parameters" a

                fails "points" [ "Float64"; "parameters is Float32" ] (fun () ->
                    Guard.samePlacement "points" a "parameters" b)
            }

            test "finite: counts what is not and says where the first is" {
                use _ = torch.NewDisposeScope()
                Guard.finite "values" (Tensor.ofRows double [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ])

                fails "values" [ "2 of 6 places"; "row 1" ] (fun () ->
                    Guard.finite "values" (Tensor.ofRows double [ [ 1.0; 2.0 ]; [ 3.0; nan ]; [ infinity; 4.0 ] ]))

                fails "values" [ "1 of 1 places"; "row 0" ] (fun () -> Guard.finite "values" (Tensor.scalar double nan))

                fails "values" [ "overflow" ] (fun () ->
                    Guard.finite "values" (Tensor.ofArray double [| 1e308; 1e308 |]))
            }

            test "a failed check leaves no tensor behind" {
                use _ = torch.NewDisposeScope()
                let bad = Tensor.ofArray double [| nan |]
                Assert.frees (fun () -> fails "values" [] (fun () -> Guard.finite "values" bad))
            }
        ]
