module Mne.Functional.Tests.ParetoTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

/// n numbers spread as evenly as possible over a distribution.
let private ideal n (pareto: Pareto) =
    Array.init n (fun i -> Pareto.quantile ((float i + 0.5) / float n) pareto)

let private uniforms seed n =
    Scope.free (fun () -> Tensor.toArray (Random.uniform Placement.float64 seed [ n ]))

[<Tests>]
let tests =
    testList
        "Pareto"
        [
            Check.property "the quantile inverts the tail"
            <| fun (a: byte) (b: int8) (c: byte) ->
                let p, k, σ = float a / 256.0, float b / 100.0, 0.1 + float c / 50.0
                let x = Pareto.quantile p { Shape = k; Scale = σ }

                let tail =
                    if k = 0.0 then
                        exp (-x / σ)
                    else
                        (1.0 + k * x / σ) ** (-1.0 / k)

                abs (tail - (1.0 - p)) < 1e-9

            test "the fit finds known shapes and scales" {
                for k in [ -0.5; -0.2; 0.0; 0.2; 0.5; 0.7; 1.0; 1.5 ] do
                    for σ in [ 1e-6; 1.0; 300.0 ] do
                        let found = Pareto.fit (ideal 2000 { Shape = k; Scale = σ })
                        Expect.isLessThan (abs (found.Shape - k)) 0.03 $"shape {k}, scale {σ}"
                        Expect.isLessThan (abs (found.Scale / σ - 1.0)) 0.05 $"scale {σ}, shape {k}"
            }

            test "over random samples the fit is right on average, with the theoretical spread" {
                let n, k = 500, 0.5

                let shapes =
                    Array.init 60 (fun seed ->
                        (uniforms seed n
                         |> Array.map (fun u -> Pareto.quantile u { Shape = k; Scale = 2.0 })
                         |> Pareto.fit)
                            .Shape)

                let mean = Array.average shapes
                let deviation = sqrt (shapes |> Array.averageBy (fun s -> (s - mean) ** 2.0))
                // Asymptotic deviation of efficient estimates: (1 + k) / √n.
                let theory = (1.0 + k) / sqrt (float n)
                Expect.isLessThan (abs (mean - k)) (4.0 * theory / sqrt 60.0) "mean"
                Expect.isLessThan (deviation / theory) 1.4 "spread, at most"
                Expect.isGreaterThan (deviation / theory) 0.7 "spread, at least"
            }

            Check.law 40 "the fit scales with its data"
            <| fun (seed: byte) (c: byte) ->
                let x =
                    uniforms (int seed) 60
                    |> Array.map (fun u -> Pareto.quantile u { Shape = 0.4; Scale = 1.0 })

                let c = 10.0 ** (float c / 32.0 - 4.0)
                let one, other = Pareto.fit x, Pareto.fit (Array.map (fun x -> c * x) x)

                abs (one.Shape - other.Shape) < 1e-6
                && abs (other.Scale / (c * one.Scale) - 1.0) < 1e-6

            Check.law 40 "smoothing keeps the order, the bulk and the maximum, and shifts with the weights"
            <| fun (seed: byte) (shift: int8) ->
                let logs = uniforms (int seed) 400 |> Array.map (fun u -> -0.6 * log (1.0 - u))
                let smoothed, k = Pareto.smooth logs
                let shifted, k' = Pareto.smooth (logs |> Array.map (fun l -> l + float shift))
                let order = Array.init 400 id |> Array.sortBy (fun i -> logs[i])
                let sorted = order |> Array.map (fun i -> smoothed[i])

                Array.forall2 (fun (a: float) b -> a <= b) sorted[..398] sorted[1..]
                && order[..338] |> Array.forall (fun i -> smoothed[i] = logs[i])
                && Array.max smoothed <= Array.max logs + 1e-12
                && abs (k - k') < 1e-6
                && Array.forall2 (fun (a: float) b -> abs (a + float shift - b) < 1e-6) smoothed shifted

            test "k̂ finds the tail of weights" {
                for k in [ 0.2; 0.5; 0.9 ] do
                    let logs = uniforms 3 20_000 |> Array.map (fun u -> -k * log (1.0 - u))
                    Expect.isLessThan (abs (snd (Pareto.smooth logs) - k)) 0.15 $"k = {k}"
            }

            test "the shape of a tail of n weights is that of its fit, drawn towards ½ as by ten more" {
                for seed, k in [ 1, -0.3; 2, 0.1; 3, 0.9 ] do
                    let logs =
                        uniforms seed 400
                        |> Array.map (fun u -> log (((1.0 - u) ** -k - 1.0) / k + 1.0))

                    // The tail is a fifth of the weights, or 3 √M where that is less.
                    let sorted = logs |> Array.map (fun l -> exp (l - Array.max logs)) |> Array.sort
                    let cutoff = sorted[400 - 60 - 1]
                    let raw = Pareto.fit [| for w in sorted[400 - 60 ..] -> w - cutoff |]

                    Expect.floatClose
                        Accuracy.high
                        (snd (Pareto.smooth logs))
                        ((60.0 * raw.Shape + 5.0) / 70.0)
                        $"k = {k}"
            }

            test "equal weights have no tail, and few weights none that could be known" {
                Expect.equal (snd (Pareto.smooth (Array.create 100 -3.0))) 0.0 "equal"
                Expect.equal (snd (Pareto.smooth [| 1.0 .. 10.0 |])) infinity "few"
                Expect.floatClose Accuracy.high (Pareto.threshold 100) 0.5 "threshold at 100"
                Expect.floatClose Accuracy.high (Pareto.threshold 100_000) 0.7 "threshold at 100,000"
            }

            test "numbers that are no exceedances are refused" {
                for bad in
                    [
                        [| 1.0; 2.0 |]
                        [| 0.0; 0.0; 0.0; 0.0; 0.0 |]
                        [| -1.0; 1.0; 2.0; 3.0; 4.0 |]
                        [| 1.0; 2.0; 3.0; 4.0; infinity |]
                    ] do
                    let error = Assert.raises<ArgumentException>(fun () -> Pareto.fit bad |> ignore)
                    Expect.equal error.ParamName "exceedances" "argument"
            }
        ]
