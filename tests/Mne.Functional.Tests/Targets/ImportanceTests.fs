module Mne.Functional.Tests.ImportanceTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

/// Draws of N(0, s²) for the target e^{−x²/2} / 3, with log Z = log(√2π / 3).
let private wide (s: float) seed count : Draws =
    let x = s * Random.normal Placement.float64 seed [ count; 1 ]
    let square = x.square().sum 1L
    let logProposal = -0.5 * square / (s * s) - log s - 0.5 * log (2.0 * Math.PI)

    {
        Points = x
        LogProposal = logProposal
        LogWeights = -0.5 * square - log 3.0 - logProposal
    }

let private exactLogZ = 0.5 * log (2.0 * Math.PI) - log 3.0

let private weighted (logWeights: float[]) : Draws =
    let m = logWeights.Length

    {
        Points = Tensor.ofArray2D Placement.float64 (Array2D.init m 1 (fun i _ -> float i))
        LogProposal = Tensor.zeros Placement.float64 [ m ]
        LogWeights = Tensor.ofArray Placement.float64 logWeights
    }

[<Tests>]
let tests =
    testList
        "Importance"
        [
            test "estimates lie within their standard errors, and these are the spread over repetitions" {
                let estimates =
                    [|
                        for seed in 1..100 ->
                            Scope.free (fun () ->
                                let draws = wide 1.5 seed 500

                                Importance.logNormaliser draws,
                                Importance.efficiency draws,
                                Importance.expectation (fun x -> x.square().sum 1L) draws)
                    |]

                // For N(0, s²) against N(0, 1) the efficiency is √(2s² − 1) / s².
                let efficiency = sqrt (2.0 * 2.25 - 1.0) / 2.25

                let check name exact (values: Estimate[]) =
                    let mean = values |> Array.averageBy _.Value
                    let deviation = sqrt (values |> Array.averageBy (fun e -> (e.Value - mean) ** 2.0))
                    let claimed = values |> Array.averageBy _.StandardError
                    Expect.isLessThan (abs (mean - exact)) (4.0 * deviation / 10.0) $"{name}: value"
                    Expect.floatClose { absolute = 0.0; relative = 0.3 } claimed deviation $"{name}: standard error"

                check "log Z" exactLogZ (estimates |> Array.map (fun (z, _, _) -> z))
                check "efficiency" efficiency (estimates |> Array.map (fun (_, e, _) -> e))
                check "variance" 1.0 (estimates |> Array.map (fun (_, _, v) -> v))
            }

            test "the standard error of the efficiency is that of the jackknife" {
                for seed, spread in [ 1, 0.1; 2, 0.3; 3, 0.6 ] do
                    let m = 2000
                    let logs = Scope.free (fun () -> Tensor.toArray (spread .* Check.normal seed [ m ]))

                    use draws =
                        {
                            Points = Check.normal 9 [ m; 1 ]
                            LogProposal = Tensor.zeros Placement.float64 [ m ]
                            LogWeights = Tensor.ofArray Placement.float64 logs
                        }

                    let w = logs |> Array.map exp
                    let sum, squares = Array.sum w, w |> Array.sumBy (fun w -> w * w)

                    let without =
                        [| for w in w -> (sum - w) ** 2.0 / (float (m - 1) * (squares - w * w)) |]

                    let mean = Array.average without

                    let error =
                        sqrt (float (m - 1) / float m * Array.sumBy (fun e -> (e - mean) ** 2.0) without)

                    let found = Importance.efficiency draws
                    Expect.floatClose Accuracy.high found.Value (sum * sum / (float m * squares)) "value"
                    Expect.floatClose { absolute = 0.0; relative = 0.05 } found.StandardError error $"spread {spread}"
            }

            test "forward efficiency: exact for Gaussians, 0 for a missed mode" {
                Scope.free (fun () ->
                    let logWeights (s: float) (x: Tensor) =
                        let square = x.square().sum 1L
                        -0.5 * square + 0.5 * square / (s * s)

                    let samples = Random.normal Placement.float64 1 [ 20_000; 1 ]
                    let found = Importance.forwardEfficiency (logWeights 1.5 samples)
                    // 1 / (E_ρ[w] E_ρ[1/w]) is the same number as the efficiency where both are finite.
                    Expect.isLessThan (abs (found - sqrt 3.5 / 2.25)) 0.02 "Gaussian"
                    let missed = Tensor.concatenate 0L [ samples; samples + 8.0 ]

                    let both =
                        (Tensor.stack 0L [ -0.5 * missed.square().sum 1L; -0.5 * (missed - 8.0).square().sum 1L ])
                            .logsumexp
                            0L

                    let forward = Importance.forwardEfficiency (both + 0.5 * missed.square().sum 1L)
                    Expect.isLessThan forward 1e-6 "missed")
            }

            Check.property "resampling takes each row as often as its weight says, to within one"
            <| fun (logs: FsCheck.NonEmptyArray<int8>) (seed: byte) (count: byte) ->
                Scope.free (fun () ->
                    let logs = logs.Get |> Array.map (fun l -> float l / 16.0)
                    let count = 1 + int count
                    let draws = weighted logs
                    let w = Tensor.toArray (Importance.weights draws)

                    let taken =
                        Importance.resample (int seed) count draws
                        |> Tensor.toArray
                        |> Array.countBy int
                        |> Map.ofArray

                    w
                    |> Array.indexed
                    |> Array.forall (fun (i, w) ->
                        let times = taken |> Map.tryFind i |> Option.defaultValue 0
                        abs (float times - w * float count) < 1.0 + 1e-9))

            Check.property "weights do not depend on the factor in front of the density"
            <| fun (logs: FsCheck.NonEmptyArray<int8>) (shift: int8) ->
                Scope.free (fun () ->
                    let logs = logs.Get |> Array.map (fun l -> float l / 16.0)

                    let one, other =
                        weighted logs, weighted (logs |> Array.map (fun l -> l + float shift))

                    let close (a: float) b = abs (a - b) < 1e-9

                    close (Importance.effectiveSampleSize one) (Importance.effectiveSampleSize other)
                    && close
                        ((Importance.logNormaliser one).Value + float shift)
                        (Importance.logNormaliser other).Value
                    && Importance.effectiveSampleSize one <= 1.0 + 1e-12)

            test "draws that are not whole are refused: weights that are not numbers or all 0, and unequal lengths" {
                Scope.free (fun () ->
                    let refused (draws: Draws) =
                        for use' in
                            [
                                fun () -> Importance.effectiveSampleSize draws |> ignore
                                fun () -> Importance.logNormaliser draws |> ignore
                                fun () -> Importance.evidenceLowerBound draws |> ignore
                                fun () -> Importance.paretoShape draws |> ignore
                                fun () -> Importance.expectation (fun x -> x.sum 1L) draws |> ignore
                                fun () -> Importance.resample 1 5 draws |> ignore
                            ] do
                            Expect.equal (Assert.raises<ArgumentException> use').ParamName "draws" "named"

                    refused (weighted [| 0.0; nan; 1.0 |])
                    refused (weighted [| 0.0; infinity |])
                    refused (weighted [| -infinity; -infinity |])
                    let whole = weighted [| 0.0; 1.0; 2.0 |]

                    refused
                        { whole with
                            LogWeights = Tensor.ofArray Placement.float64 [| 0.0; 1.0 |]
                        }

                    // A weight of 0 is no fault.
                    let half = weighted [| 0.0; -infinity; 0.0; -infinity |]
                    Expect.floatClose Accuracy.high (Importance.effectiveSampleSize half) 0.5 "half of the draws")
            }

            test "smoothed weights: less spread where the tail is heavy, and nothing leaks" {
                Assert.frees (fun () ->
                    let values smooth =
                        [|
                            for seed in 1..60 ->
                                Scope.free (fun () ->
                                    // The proposal is too narrow: P(w > z) ~ z^{−1/k} with k = 1 − 0.7² = 0.51.
                                    let draws = wide 0.7 seed 1000
                                    let used = if smooth then Importance.smooth draws else draws
                                    (Importance.logNormaliser used).Value)
                        |]

                    let deviation (v: float[]) =
                        sqrt (Array.averageBy (fun x -> (x - exactLogZ) ** 2.0) v)

                    Expect.isLessThan (deviation (values true)) (deviation (values false)) "error of log Z")

                let k = Scope.free (fun () -> Importance.paretoShape (wide 0.7 1 20_000))
                Expect.isLessThan (abs (k - 0.51)) 0.2 "k̂"
            }
        ]
