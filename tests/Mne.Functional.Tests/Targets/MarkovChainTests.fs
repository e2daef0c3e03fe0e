module Mne.Functional.Tests.MarkovChainTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

let private skewed = Gaussian.create [ 0.5; -1.0 ] [ [ 0.8; 0.3 ]; [ 0.3; 0.5 ] ]
let private target = Density.ofEnergy 2 (Gaussian.energy skewed)

let private exact =
    Reference.normal [ 0.5; -1.0 ] (Covariance.Full(skewed.Covariance.ToArray()))

/// Draws of a wider normal distribution, weighted to the target.
let private wide seed count : Draws =
    let q = Reference.normal [ 0.0; 0.0 ] (Covariance.Isotropic 3.0)
    let x = q.Draw Placement.float64 seed count
    let logProposal = q.LogDensity x

    {
        Points = x
        LogProposal = logProposal
        LogWeights = -(target.Energy x) - logProposal
    }

let private expectMoments (effective: float) (x: Tensor) =
    let mean, variance = Gaussian.moments x

    for k in 0..1 do
        let v = skewed.Covariance[k, k]
        Expect.isLessThan (abs (mean[k] - skewed.Mean[k])) (5.0 * sqrt (v / effective)) $"mean {k}"
        Expect.isLessThan (abs (variance[k] / v - 1.0)) (5.0 * sqrt (2.0 / effective)) $"variance {k}"

[<Tests>]
let tests =
    testList
        "MarkovChain"
        [
            test "independence Metropolis–Hastings samples the target" {
                Scope.free (fun () ->
                    let draws = wide 1 40_000
                    let chain = MarkovChain.independence 2 draws
                    Expect.equal (Tensor.rows chain.Points) 40_000 "length"
                    Expect.isGreaterThan chain.AcceptanceRate 0.2 "accepted"
                    Expect.isLessThan chain.AcceptanceRate 0.7 "rejected"
                    // The largest weight rules how long the chain stays: some 5 draws here are worth one.
                    expectMoments 5_000.0 chain.Points)
            }

            test "with equal weights every proposal is accepted" {
                Scope.free (fun () ->
                    let x = exact.Draw Placement.float64 1 100
                    let l = exact.LogDensity x

                    let chain =
                        MarkovChain.independence
                            1
                            {
                                Points = x
                                LogProposal = l
                                LogWeights = l.zeros_like ()
                            }

                    Expect.equal chain.AcceptanceRate 1.0 "rate"
                    Expect.equal (Tensor.toArray chain.Points) (Tensor.toArray x) "the draws themselves")
            }

            test "Langevin steps leave the target as it is, however long" {
                Scope.free (fun () ->
                    let n = 20_000
                    let x = exact.Draw Placement.float64 3 n

                    for step in
                        [
                            Covariance.Isotropic 0.3
                            Covariance.Diagonal [ 1.2; 0.4 ]
                            Covariance.Full(array2D [ [ 1.6; 0.6 ]; [ 0.6; 1.0 ] ])
                        ] do
                        let chain =
                            MarkovChain.langevin
                                { Run.quiet with Seed = 4 }
                                { MarkovChain.defaults with
                                    Steps = 8
                                    Step = step
                                }
                                target
                                x

                        expectMoments (float n) chain.Points
                        Expect.isGreaterThan chain.AcceptanceRate 0.3 $"{step}: accepted"
                        Expect.isLessThan chain.AcceptanceRate 0.99 $"{step}: rejected")
            }

            test "Langevin steps bring points to the target from elsewhere" {
                Scope.free (fun () ->
                    let x = Random.normal Placement.float64 5 [ 5_000; 2 ] + 4.0

                    let chain =
                        MarkovChain.langevin
                            { Run.quiet with Seed = 6 }
                            { MarkovChain.defaults with
                                Steps = 60
                                Step = Covariance.Isotropic 0.5
                            }
                            target
                            x

                    expectMoments 5_000.0 chain.Points)
            }

            test "polished draws keep right weights" {
                Scope.free (fun () ->
                    let draws = wide 7 10_000

                    let options =
                        { MarkovChain.defaults with
                            Steps = 5
                            Step = Covariance.Isotropic 0.5
                        }

                    let polished, accepted = draws |> MarkovChain.polish Run.quiet options target
                    Expect.isGreaterThan accepted 0.3 "accepted"
                    Expect.equal (Tensor.toArray polished.LogWeights) (Tensor.toArray draws.LogWeights) "weights"
                    Expect.notEqual (Tensor.toArray polished.Points) (Tensor.toArray draws.Points) "moved"

                    for k in 0..1 do
                        let mean = polished |> Importance.expectation (fun x -> x.select (1L, int64 k))

                        let square =
                            polished
                            |> Importance.expectation (fun x -> (x.select (1L, int64 k) - skewed.Mean[k]).square())

                        Expect.isLessThan (abs (mean.Value - skewed.Mean[k])) (4.0 * mean.StandardError) $"mean {k}"

                        Expect.isLessThan
                            (abs (square.Value - skewed.Covariance[k, k]))
                            (4.0 * square.StandardError)
                            $"variance {k}"

                    let consistent =
                        -(target.Energy polished.Points) - polished.LogProposal - polished.LogWeights

                    Expect.isLessThan (Tensor.rms consistent) 1e-12 "log w = −V − log q")
            }

            test "the same seed gives the same chain, and nothing leaks" {
                Assert.frees (fun () ->
                    use x = exact.Draw Placement.float64 8 50
                    let options = { MarkovChain.defaults with Steps = 3 }

                    let go seed =
                        use chain = MarkovChain.langevin { Run.quiet with Seed = seed } options target x
                        Tensor.toArray chain.Points

                    Expect.equal (go 1) (go 1) "same"
                    Expect.notEqual (go 1) (go 2) "other")
            }
        ]
