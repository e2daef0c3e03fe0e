module Mne.Functional.Tests.ChainsTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests

let private few =
    { Chains.defaults with
        Chains = 200
        Cooling = 60
        Sampling = 25
    }

let private twoModes =
    Density.gaussianMixture [ 0.9, [ 4.0; 4.0 ], 0.5; 0.1, [ -4.0; -4.0 ], 0.5 ]

[<Tests>]
let tests =
    testList
        "Chains"
        [
            Check.scoped "as many points as said, the same for the same seed" (fun () ->
                let pool seed =
                    Chains.pool { Run.quiet with Seed = seed } few twoModes

                let one = pool 1
                Expect.equal one.shape [| 1000L; 2L |] "200 chains, 5 times"
                Check.identical "same seed" (pool 1) one
                Expect.notEqual (Tensor.toArray (pool 2)) (Tensor.toArray one) "another seed")

            Check.scoped "both modes are covered, far as they are apart and rare as one is" (fun () ->
                let x = Chains.pool { Run.quiet with Seed = 3 } few twoModes

                let near (mode: float) =
                    let distances = Tensor.toArray ((x - mode).square().sum 1L)
                    float (distances |> Array.filter (fun d -> d < 9.0) |> Array.length) / 1000.0

                Expect.isGreaterThan (near 4.0) 0.25 "one"
                Expect.isGreaterThan (near -4.0) 0.1 "the other"
                Expect.isGreaterThan (near 4.0 + near -4.0) 0.98 "nothing else")

            Check.scoped "within a mode points follow e^{−V/τ}" (fun () ->
                // V = x²/2 per coordinate, with one deviation of 2: variances τ and 4 τ.
                let target =
                    Density.ofEnergy 2 (fun x ->
                        0.5 * (x / Tensor.ofArray Placement.float64 [| 1.0; 2.0 |]).square().sum 1L)

                for τ in [ 1.0; 3.0 ] do
                    let x =
                        Chains.pool
                            { Run.quiet with Seed = 4 }
                            { few with
                                Chains = 1000
                                Temperature = τ
                            }
                            target

                    let _, variance = Gaussian.moments x
                    // 5,000 points that are correlated within each of 1,000 chains.
                    Expect.isLessThan (abs (variance[0] / τ - 1.0)) 0.15 $"τ = {τ}, variance {variance[0]}"
                    Expect.isLessThan (abs (variance[1] / (4.0 * τ) - 1.0)) 0.2 $"τ = {τ}, variance {variance[1]}")

            Check.scoped
                "coordinates that are held keep their start, and the others follow the density given them"
                (fun () ->
                    // x₁ given x₀ ~ N(0, e^{2 x₀}): a funnel, of which chains on both coordinates would lose the neck.
                    let funnel =
                        Density.ofEnergy 2 (fun x ->
                            let scale = x.select (1L, 0L)

                            0.5 * scale.square ()
                            + 0.5 * (x.select (1L, 1L) / scale.exp ()).square()
                            + scale)

                    let x =
                        Chains.pool
                            { Run.quiet with Seed = 6 }
                            { few with
                                Chains = 2000
                                Cooling = 100
                                Temperature = 1.0
                                Spread = 2.0
                                Held = [ 0 ]
                            }
                            funnel

                    let held = x.select (1L, 0L)
                    // All five states of a chain have the same start.
                    Expect.equal (Array.distinct (Tensor.toArray held)).Length 2000 "starts"

                    let mean, variance =
                        Gaussian.moments (Tensor.stack 1L [ held; x.select (1L, 1L) / held.exp () ])

                    Expect.isLessThan (abs mean[0]) 0.2 "mean of the starts, whose standard error is 0.045"
                    Expect.isLessThan (abs (variance[0] / 4.0 - 1.0)) 0.15 $"variance of the starts: {variance[0]}"

                    Expect.isLessThan
                        (abs (variance[1] - 1.0))
                        0.15
                        $"variance in units of the conditional's: {variance[1]}")

            Check.scoped "a cloud may lie elsewhere" (fun () ->
                let far = Density.gaussianMixture [ 1.0, [ 50.0; -20.0 ], 0.5 ]

                let x =
                    Chains.pool
                        { Run.quiet with Seed = 5 }
                        { few with
                            Centre = Some [ 48.0; -18.0 ]
                        }
                        far

                let mean, _ = Gaussian.moments x
                Expect.isLessThan (abs (mean[0] - 50.0) + abs (mean[1] + 20.0)) 0.3 "mean")

            Check.scoped "a recipe takes rows of the pool without repetition, others for every seed" (fun () ->
                let pool = Check.normal 1 [ 50; 2 ]
                let recipe = Collocation.ofPool pool 30
                Expect.equal (Collocation.count recipe) 30 "count"

                let rows seed =
                    Tensor.toArray ((Collocation.points Placement.float64 seed recipe).select(1L, 0L))

                let first = rows 1
                Expect.equal (Array.distinct first).Length 30 "distinct"
                let all = Tensor.toArray (pool.select (1L, 0L))
                Expect.isTrue (first |> Array.forall (fun v -> Array.contains v all)) "of the pool"
                Expect.equal (rows 1) first "same seed"
                Expect.notEqual (rows 2) first "another seed")

            test "bad options: the argument is named" {
                let refused name options =
                    let error =
                        Assert.raises<ArgumentException>(fun () ->
                            Chains.pool { Run.quiet with Seed = 1 } options twoModes |> ignore)

                    Expect.equal error.ParamName name name

                refused "Spread" { few with Spread = 0.0 }
                refused "Temperature" { few with Temperature = nan }
                refused "Chains" { few with Chains = 1 }
                refused "Cooling" { few with Cooling = 0 }
                refused "Sampling" { few with Sampling = 4 }
                refused "Centre" { few with Centre = Some [ 0.0 ] }
                refused "Held" { few with Held = [ 2 ] }
            }

            test "chains report every step, and end when they are cancelled" {
                let seen = ResizeArray<Progress>()

                (Chains.pool { Run.quiet with Meter = seen.Add } few twoModes).Dispose()
                Expect.equal seen.Count (1 + few.Cooling + few.Sampling) "reports"
                Expect.equal seen[seen.Count - 1].Fraction 1.0 "to the end"

                Assert.raises<OperationCanceledException>(fun () ->
                    (Chains.pool
                        { Run.quiet with
                            Cancellation = Threading.CancellationToken true
                        }
                        few
                        twoModes)
                        .Dispose())
                |> ignore
            }

            test "nothing leaks" {
                Assert.frees (fun () -> (Chains.pool { Run.quiet with Seed = 1 } few twoModes).Dispose())
            }
        ]
