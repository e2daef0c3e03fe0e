module Mne.Functional.Tests.PredictiveTests

open System
open Expecto
open MathNet.Numerics.Statistics
open Mne.Functional
open Mne.Functional.Tests

let private simulate (n: int) (seed: int) (draws: NamedDraws) =
    let a = NamedDraws.values "a" draws
    a.unsqueeze 1L .+ Random.normal Placement.float64 seed [ int a.shape[0]; n ]

[<Tests>]
let tests =
    testList
        "Predictive"
        [
            Check.scoped "data of a conjugate model have the mean and the variance that they should"
            <| fun () ->
                // a ~ N(2, 0.5²), from weighted draws; an observation is N(a, 1).
                let draws = WeightedNormal.draws 2.0 0.5 1.5 1 20_000
                let data = draws |> Predictive.draw 3 20_000 (simulate 2)
                Expect.equal data.shape [| 20_000L; 2L |] "shape"
                let first = Tensor.toArray (data.select (1L, 0L))
                Expect.floatClose { absolute = 0.04; relative = 0.0 } (first.Mean()) 2.0 "mean"
                Expect.floatClose { absolute = 0.05; relative = 0.0 } (first.Variance()) 1.25 "variance"
                // Two observations share a.
                let second = Tensor.toArray (data.select (1L, 1L))
                Expect.floatClose { absolute = 0.05; relative = 0.0 } (first.Covariance second) 0.25 "covariance"

            Check.scoped "the same seed gives the same data, another one others"
            <| fun () ->
                let draws = WeightedNormal.draws 2.0 0.5 1.5 1 50

                let data seed =
                    draws |> Predictive.draw seed 30 (simulate 2)

                Check.identical "the same" (data 1) (data 1)
                Expect.isGreaterThan (Check.difference (data 2) (data 1)) 0.1 "others"

            Check.scoped "a statistic stands where it should among those of data sets"
            <| fun () ->
                let row (values: float list) =
                    Tensor.ofArray Placement.float64 (Array.ofList values)

                let made =
                    Tensor.stack 0L [ row [ 1.0; 2.0 ]; row [ 3.0; 4.0 ]; row [ 5.0; 6.0 ]; row [ 7.0; 8.0 ] ]

                let check = made |> Predictive.check (fun y -> y.sum 1L) (row [ 3.0; 4.0 ])
                Expect.equal check.Observed 7.0 "observed"
                Expect.equal check.Replicated [| 3.0; 7.0; 11.0; 15.0 |] "made"
                Expect.equal check.Probability.Value 0.75 "three of four are as large"
                Expect.floatClose Accuracy.high check.Probability.StandardError (sqrt (0.75 * 0.25 / 4.0)) "error"

            test "the probability of data that the model made itself is uniform" {
                let probabilities =
                    [|
                        for seed in 1..200 ->
                            Scope.free (fun () ->
                                let data = Random.normal Placement.float64 seed [ 201; 5 ]

                                (data.narrow (0L, 1L, 200L) |> Predictive.check (fun y -> y.std 1L) data[0L])
                                    .Probability.Value)
                    |]
                    |> Array.sort

                // Kolmogorov and Smirnov: above 1.63 / √200 once in a hundred times.
                let distance =
                    probabilities
                    |> Array.mapi (fun i p -> abs (p - (float i + 0.5) / 200.0))
                    |> Array.max

                Expect.isLessThan distance (1.63 / sqrt 200.0) "distance from uniform"
            }

            Check.scoped "what does not fit is refused"
            <| fun () ->
                let draws = WeightedNormal.draws 2.0 0.5 1.5 1 50
                let refused parts body = Check.refuses parts (body >> ignore)
                refused [ "count"; "found 0" ] (fun () -> Predictive.draw 1 0 (simulate 2) draws)

                refused [ "simulate"; "shape 30"; "a row of data for each of 30" ] (fun () ->
                    Predictive.draw 1 30 (fun _ draws -> NamedDraws.values "a" draws) draws)

                refused [ "simulate" ] (fun () ->
                    Predictive.draw 1 30 (fun _ draws -> draws.Values.log().neg().log()) draws)

                let data = Check.normal 1 [ 30; 4 ]

                refused [ "observed"; "length 4" ] (fun () ->
                    data |> Predictive.check (fun y -> y.sum 1L) (Check.normal 2 [ 5 ]))

                refused [ "statistic" ] (fun () -> data |> Predictive.check id (Check.normal 2 [ 4 ]))

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    use draws =
                        Scope.keepAll NamedDraws.tensors (fun () -> WeightedNormal.draws 1.0 1.0 1.0 1 100)

                    use data = draws |> Predictive.draw 1 20 (simulate 3)
                    use observed = Random.normal Placement.float64 1 [ 3 ]
                    data |> Predictive.check (fun y -> y.sum 1L) observed |> ignore)
            }
        ]
