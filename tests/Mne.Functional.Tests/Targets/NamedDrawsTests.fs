module Mne.Functional.Tests.NamedDrawsTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

let private named () : NamedDraws =
    {
        Quantities =
            [
                { Name = "tau"; Shape = [] }
                { Name = "theta"; Shape = [ 2 ] }
                { Name = "Sigma"; Shape = [ 2; 2 ] }
            ]
        Values = Tensor.ofArray2D Placement.float64 (Array2D.init 3 7 (fun i j -> float (10 * i + j)))
        LogWeights = Tensor.ofArray Placement.float64 [| 0.0; log 2.0; -infinity |]
    }

[<Tests>]
let tests =
    testList
        "NamedDraws"
        [
            Check.scoped "labels are those of Stan, and values come in the shape of their quantity"
            <| fun () ->
                let draws = named ()

                Expect.equal
                    (NamedDraws.labels draws)
                    [
                        "tau"
                        "theta[1]"
                        "theta[2]"
                        "Sigma[1,1]"
                        "Sigma[1,2]"
                        "Sigma[2,1]"
                        "Sigma[2,2]"
                    ]
                    "labels"

                Expect.equal (NamedDraws.values "tau" draws).shape [| 3L |] "a number"
                Expect.equal (NamedDraws.values "theta" draws).shape [| 3L; 2L |] "a vector"
                let sigma = NamedDraws.values "Sigma" draws
                Expect.equal sigma.shape [| 3L; 2L; 2L |] "a matrix"
                Expect.equal (Tensor.toArray sigma[1L]) [| 13.0; 14.0; 15.0; 16.0 |] "its numbers"

            Check.scoped "coordinates get names, or are a vector"
            <| fun () ->
                use draws =
                    {
                        Points = Tensor.ones Placement.float64 [ 4; 2 ]
                        LogProposal = Tensor.zeros Placement.float64 [ 4 ]
                        LogWeights = Tensor.zeros Placement.float64 [ 4 ]
                    }

                let labels names =
                    draws |> NamedDraws.ofDraws names |> NamedDraws.labels

                Expect.equal (labels [ "a"; "b" ]) [ "a"; "b" ] "names"
                Expect.equal (labels []) [ "x[1]"; "x[2]" ] "none"
                Check.refuses [ "names"; "found 1"; "wanted 2" ] (fun () -> labels [ "a" ] |> ignore)
                Check.refuses [ "\"a\""; "2 quantities" ] (fun () -> labels [ "a"; "a" ] |> ignore)

            Check.scoped "chosen quantities keep values and weights, in the order of their names"
            <| fun () ->
                let draws = named ()
                let chosen = draws |> NamedDraws.select [ "theta"; "tau" ]
                Expect.equal (NamedDraws.labels chosen) [ "theta[1]"; "theta[2]"; "tau" ] "labels"
                Expect.equal (Tensor.toArray chosen.Values[2L]) [| 21.0; 22.0; 20.0 |] "values"
                Check.identical "weights" chosen.LogWeights draws.LogWeights

                for names, said in
                    [
                        [ "mu" ], "\"tau\", \"theta\", \"Sigma\""
                        [], "at least one"
                        [ "tau"; "tau" ], "twice"
                    ] do
                    Check.refuses [ said ] (fun () -> NamedDraws.select names draws |> ignore)

            Check.scoped "resampled draws weigh the same and come in proportion to their weights"
            <| fun () ->
                let draws = named ()
                let even = draws |> NamedDraws.resample 4 300
                Check.identical "weights" even.LogWeights (Tensor.zeros Placement.float64 [ 300 ])
                let counts = Tensor.toArray (NamedDraws.values "tau" even) |> Array.countBy id
                Expect.equal counts [| 0.0, 100; 10.0, 200 |] "a third, two thirds, none"

                Check.identical "the same seed, the same draws" (NamedDraws.resample 4 300 draws).Values even.Values

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    use draws = named ()
                    use one = draws |> NamedDraws.select [ "tau" ]
                    use two = draws |> NamedDraws.resample 1 5
                    use values = draws |> NamedDraws.values "theta"
                    ())
            }
        ]
