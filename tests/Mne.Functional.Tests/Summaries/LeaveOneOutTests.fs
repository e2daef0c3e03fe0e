module Mne.Functional.Tests.LeaveOneOutTests

open System
open Expecto
open MathNet.Numerics.Distributions
open Mne.Functional
open Mne.Functional.Tests

/// Observations N(a, 1) with the prior N(0, 4) of a.
let private observed =
    Scope.free (fun () -> Tensor.toArray (1.5 .+ Check.normal 7 [ 12 ]))

/// Mean and variance of a given some observations.
let private given (y: float[]) =
    let precision = 0.25 + float y.Length
    Array.sum y / precision, 1.0 / precision

let private predicted (y: float) (others: float[]) =
    let m, v = given others
    Normal.PDFLn(m, sqrt (1.0 + v), y)

let private without i (y: float[]) = Array.removeAt i y

let private exact (y: float[]) =
    y |> Array.mapi (fun i value -> predicted value (without i y))

let private logLikelihood (y: float[]) (draws: NamedDraws) =
    -0.5
    .* (Tensor.ofArray Placement.float64 y - (NamedDraws.values "a" draws).unsqueeze 1L).Square()
    .- 0.5 * log (2.0 * Math.PI)

/// From draws of a distribution so many times as wide as the posterior.
let private fromDraws (y: float[]) wide seed count =
    Scope.free (fun () ->
        let m, v = given y
        let draws = WeightedNormal.draws m (sqrt v) wide seed count
        LeaveOneOut.create (logLikelihood y draws) draws)

[<Tests>]
let tests =
    testList
        "LeaveOneOut"
        [
            test
                "the exact predictions of a conjugate model, with the error that is claimed, from weighted draws and equal ones" {
                for wide in [ 1.0; 1.5 ] do
                    let runs = [| for seed in 1..150 -> fromDraws observed wide seed 1000 |]

                    // Smoothing bounds the largest weights, at the price of a bias below the error of a thousand draws.
                    let sum = Array.sum (exact observed)
                    let mean = runs |> Array.averageBy _.Expected.Value

                    let spread =
                        sqrt (runs |> Array.averageBy (fun run -> (run.Expected.Value - mean) ** 2.0))

                    Expect.isLessThan (abs (mean - sum)) (0.5 * spread) $"wide {wide}: elpd {mean}, exactly {sum}"

                    Expect.floatClose
                        { absolute = 0.0; relative = 0.25 }
                        (runs |> Array.averageBy _.MonteCarloError)
                        spread
                        $"wide {wide}: error"

                    for i in 0 .. observed.Length - 1 do
                        let one = runs |> Array.averageBy (fun run -> run.Pointwise[i])
                        Expect.isLessThan (abs (one - (exact observed)[i])) 0.005 $"wide {wide}: observation {i}"

                    // log density of the observations given all of them, exactly.
                    let all = observed |> Array.sumBy (fun y -> predicted y observed)

                    Expect.isLessThan
                        (abs ((runs |> Array.averageBy _.Parameters.Value) - (all - sum)))
                        0.01
                        $"wide {wide}: effective parameters"

                    Expect.isTrue (runs |> Array.forall (fun run -> run.Doubts.IsEmpty)) "nothing against it"
            }

            test "standard errors are those of a sum over observations" {
                let run = fromDraws observed 1.0 1 4000
                let n = float observed.Length
                let mean = Array.average run.Pointwise

                let deviation =
                    sqrt ((run.Pointwise |> Array.sumBy (fun v -> (v - mean) ** 2.0)) / (n - 1.0))

                Expect.floatClose Accuracy.high run.Expected.StandardError (deviation * sqrt n) "elpd"
                Expect.floatClose Accuracy.high run.Expected.Value (Array.sum run.Pointwise) "the sum"
            }

            test "an observation far from all others is named, and the sum doubted" {
                let outlying = Array.append observed [| 14.0 |]
                let run = fromDraws outlying 1.0 2 2000
                Expect.equal run.Unreliable [ 12 ] "it is found"
                Expect.stringContains run.Text "1 of 13 observations (12; counted from 0)" "and named"
                Expect.isGreaterThan run.ParetoShapes[12] 0.7 "k̂"
                Expect.stringContains run.Html "<table>" "HTML"
                // Too few draws to tell any k̂.
                Expect.equal (fromDraws observed 1.0 2 20).Unreliable [ 0..11 ] "all, where draws are few"
            }

            test "models are compared by paired differences" {
                let wrong = observed |> Array.map (fun y -> y - 0.8)

                // The second model holds that observations were moved by 0.8: as if these others had been observed.
                let one = fromDraws observed 1.0 1 2000

                let other =
                    Scope.free (fun () ->
                        let m, v = given observed
                        let draws = WeightedNormal.draws m (sqrt v) 1.0 2 2000
                        LeaveOneOut.create (logLikelihood wrong draws) draws)

                let comparison = LeaveOneOut.compare [ "moved", other; "right", one ]
                let best, second = comparison.Models[0], comparison.Models[1]
                Expect.equal (best.Name, second.Name) ("right", "moved") "order"
                let differences = Array.map2 (-) other.Pointwise one.Pointwise
                Expect.floatClose Accuracy.high second.Difference.Value (Array.sum differences) "difference"
                let mean = Array.average differences

                Expect.floatClose
                    Accuracy.high
                    second.Difference.StandardError
                    (sqrt (12.0 / 11.0 * (differences |> Array.sumBy (fun d -> (d - mean) ** 2.0))))
                    "its error"

                Expect.equal best.Difference.Value 0.0 "the best"
                Expect.stringContains comparison.Text "With 12 observations" "few observations"
                let same = LeaveOneOut.compare [ "a", one; "b", fromDraws observed 1.0 5 2000 ]
                Expect.stringContains same.Text "about as well as each other" "the same model twice"

                let far =
                    { one with
                        Pointwise = one.Pointwise |> Array.map (fun e -> e - 1.0)
                        Expected.Value = one.Expected.Value - 12.0
                    }

                Expect.stringContains
                    (LeaveOneOut.compare [ "near", one; "far", far ]).Text
                    "near predicts better than far"
                    "a difference beyond its error"
            }

            Check.scoped "what does not fit is refused, and draws without weight may have any likelihood"
            <| fun () ->
                let draws = WeightedNormal.draws 1.0 1.0 1.0 1 100
                let log = logLikelihood observed draws

                let refused parts (log: Tensor) =
                    Check.refuses ("logLikelihood" :: parts) (fun () -> LeaveOneOut.create log draws |> ignore)

                refused [ "99 × 12"; "100 draws" ] (log.narrow (0L, 0L, 99L))
                refused [ "shape 100" ] (log.select (1L, 0L))
                let broken = log.clone ()
                broken[3L, 2L] <- Tensor.scalar Placement.float64 -infinity
                refused [ "observation 2 at draw 3"; "check the likelihood" ] broken

                let weights = draws.LogWeights.clone ()
                weights[3L] <- Tensor.scalar Placement.float64 -infinity
                let left = LeaveOneOut.create broken { draws with LogWeights = weights }
                Expect.isTrue (Double.IsFinite left.Expected.Value) "it has no weight"

                let loo = LeaveOneOut.create log draws

                for models, parts in
                    [
                        [ "a", loo ], [ "two or more" ]
                        [ "a", loo; "a", loo ], [ "name of its own" ]
                        [ "a", loo; "b", LeaveOneOut.create (log.narrow (1L, 0L, 5L)) draws ],
                        [ "\"b\" has 5 observations"; "same observations" ]
                    ] do
                    Check.refuses ("models" :: parts) (fun () -> LeaveOneOut.compare models |> ignore)

            test "nothing is left behind" {
                Assert.frees (fun () ->
                    use draws =
                        Scope.keepAll NamedDraws.tensors (fun () -> WeightedNormal.draws 1.0 1.0 1.0 1 100)

                    use log = Scope.keep (fun () -> logLikelihood observed draws)
                    LeaveOneOut.create log draws |> ignore)
            }
        ]
