module Mne.Functional.Tests.AnnealedDrawsTests

open Expecto
open Mne.Functional
open Mne.Functional.Tests

/// Its integral is 1.
let private target =
    Density.gaussianMixture [ 0.7, [ 1.5; 0.0 ], 0.5; 0.3, [ -1.5; 0.5 ], 0.5 ]

let private options steps =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 12 Swish; Layer.dense 12 Swish ]
        Cover.FitPoints = 150
        Cover.Points = Some 150
        Cover.Refreshes = 8
        Evolve.Regularisation = 1e-6
        Evolve.Tolerance = 2e-2
        Fit.Steps = steps
        Draw.Tolerance = 1e-5
    }

/// With a fit so short that draws by the flow alone are poor.
let private poor =
    lazy (target |> Sampler.evolve Run.quiet (options 2) Process.ornsteinUhlenbeck)

let private never =
    { AnnealedDraws.defaults with
        Threshold = 0.0
        Stops = 4
        Groups = 2
    }

[<Tests>]
let tests =
    testList
        "AnnealedDraws"
        [
            test "without resampling, weights are those of the flow" {
                let sampler = poor.Value
                use annealed = sampler |> AnnealedDraws.draw Run.quiet never 100

                Scope.free (fun () ->
                    let draws = annealed.Draws

                    let expected =
                        -(target.Energy draws.Points)
                        - Sampler.logProposal Run.quiet draws.Points sampler
                    // As close as both follow the flow.
                    Expect.isLessThan (Check.size (expected - draws.LogWeights)) 1e-2 "log-weights")

                Expect.equal annealed.Resampled [] "nothing was resampled"
            }

            test "a poor sampler gives many effective draws, the weights of modes, and log Z within its error" {
                let sampler = poor.Value
                use plain = sampler |> Sampler.draw Run.quiet 2000

                use annealed =
                    sampler
                    |> AnnealedDraws.draw
                        Run.quiet
                        { AnnealedDraws.defaults with
                            Threshold = 0.9
                        }
                        2000

                let before, after =
                    Importance.effectiveSampleSize plain, Importance.effectiveSampleSize annealed.Draws

                Expect.isLessThan before 0.7 "plain draws are poor"
                Expect.isGreaterThan after 0.9 "annealed draws are not"
                Expect.isNonEmpty annealed.Resampled "it took resampling"
                let logZ = annealed.LogNormaliser
                Expect.isLessThan logZ.StandardError 0.1 "log Z's error"

                Expect.isLessThan
                    (abs logZ.Value)
                    (4.0 * logZ.StandardError + 1e-3)
                    $"log Z {logZ.Value} ± {logZ.StandardError}"

                let right =
                    annealed.Draws
                    |> Importance.expectation (fun x -> x.select(1L, 0L).GreaterThan(0.0).``to`` x.dtype)

                Expect.isLessThan (abs (right.Value - 0.7)) 0.06 "the weight of a mode"
            }

            test "resampling at every stop keeps log Z and moments right, over seeds" {
                let sampler = poor.Value

                let found =
                    [
                        for seed in 1..8 ->
                            use annealed =
                                sampler
                                |> AnnealedDraws.draw
                                    { Run.quiet with Seed = seed }
                                    { AnnealedDraws.defaults with
                                        Threshold = 1.0
                                        Stops = 6
                                        Moves = 2
                                        Groups = 4
                                    }
                                    200

                            annealed.LogNormaliser.Value,
                            annealed.LogNormaliser.StandardError,
                            (annealed.Draws |> Importance.expectation (fun x -> x.select (1L, 1L))).Value
                    ]

                let mean (values: float list) = List.average values

                let error (values: float list) =
                    sqrt (values |> List.averageBy (fun v -> (v - mean values) ** 2.0))
                    / sqrt (float values.Length - 1.0)

                let z = found |> List.map (fun (z, _, _) -> exp z)
                Expect.isLessThan (abs (mean z - 1.0)) (4.0 * error z) "Z is not biased"
                let y = found |> List.map (fun (_, _, y) -> y)
                Expect.isLessThan (abs (mean y - 0.15)) (4.0 * error y + 1e-2) "the mean of y"
                // What it says of its error is about what the seeds show.
                let said = found |> List.map (fun (_, e, _) -> e) |> mean
                let shown = error z * sqrt (float z.Length)
                Expect.isTrue (said > 0.4 * shown && said < 2.5 * shown) $"error {said} said, {shown} shown"
            }

            test "options out of range are refused" {
                let draw options =
                    using (poor.Value |> AnnealedDraws.draw Run.quiet options 10) ignore

                Check.refuses [ "Stops"; "found 0" ] (fun () ->
                    draw
                        { AnnealedDraws.defaults with
                            Stops = 0
                        })

                Check.refuses [ "Moves"; "found 0" ] (fun () ->
                    draw
                        { AnnealedDraws.defaults with
                            Moves = 0
                        })

                Check.refuses [ "Groups"; "found 1" ] (fun () ->
                    draw
                        { AnnealedDraws.defaults with
                            Groups = 1
                        })

                Check.refuses [ "Threshold"; "1.5" ] (fun () ->
                    draw
                        { AnnealedDraws.defaults with
                            Threshold = 1.5
                        })

                Check.refuses [ "Threshold" ] (fun () ->
                    draw
                        { AnnealedDraws.defaults with
                            Threshold = nan
                        })
            }
        ]
