module Mne.Functional.Tests.EvidenceTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

let private logZ value error : Estimate =
    { Value = value; StandardError = error }

[<Tests>]
let tests =
    testList
        "Evidence"
        [
            Check.law 60 "probabilities are in proportion to Z, the best model first, and shift with log Z"
            <| fun (a: int8) (b: int8) (c: int8) ->
                let values = [ for v in [ a; b; c ] -> float v / 16.0 ]

                let models shift =
                    List.zip [ "a"; "b"; "c" ] [ for v in values -> logZ (v + shift) 0.1 ]

                let found = (Evidence.compare (models 0.0)).Models
                let moved = (Evidence.compare (models -700.0)).Models
                let exact v = exp v / List.sumBy exp values

                for model, other in List.zip found moved do
                    Expect.floatClose Accuracy.high model.Probability.Value (exact model.LogNormaliser.Value) model.Name

                    Expect.floatClose
                        Accuracy.medium
                        other.Probability.StandardError
                        model.Probability.StandardError
                        "the same error"

                Expect.isTrue
                    (found
                     |> List.pairwise
                     |> List.forall (fun (p, q) -> p.LogNormaliser.Value >= q.LogNormaliser.Value))
                    "sorted"

                Expect.equal found.Head.LogBayesFactor (logZ 0.0 0.0) "the best against itself"

            test "errors are those that repeated estimates would have" {
                let exact, errors = [| -10.0; -10.4; -12.0 |], [| 0.05; 0.1; 0.03 |]

                let repeated =
                    let noise = Scope.free (fun () -> Tensor.toArray2D (Check.normal 3 [ 4000; 3 ]))

                    [|
                        for i in 0..3999 ->
                            Evidence.compare
                                [
                                    for k in 0..2 -> string k, logZ (exact[k] + errors[k] * noise[i, k]) errors[k]
                                ]
                    |]

                let one = Evidence.compare [ for k in 0..2 -> string k, logZ exact[k] errors[k] ]

                let spread (pick: EvidenceComparison -> float) =
                    let values = repeated |> Array.map pick
                    let mean = Array.average values
                    sqrt (values |> Array.averageBy (fun v -> (v - mean) ** 2.0))

                for k in 0..2 do
                    let pick (comparison: EvidenceComparison) =
                        comparison.Models |> List.find (fun model -> model.Name = string k)

                    Expect.floatClose
                        { absolute = 0.0; relative = 0.06 }
                        (pick one).Probability.StandardError
                        (spread (fun c -> (pick c).Probability.Value))
                        $"probability of {k}"

                    // The best may be another one in a repetition, hence the difference of log Z.
                    if k > 0 then
                        Expect.floatClose
                            { absolute = 0.0; relative = 0.06 }
                            (pick one).LogBayesFactor.StandardError
                            (spread (fun c ->
                                (pick c).LogNormaliser.Value
                                - (c.Models |> List.find (fun model -> model.Name = "0")).LogNormaliser.Value))
                            $"log Bayes factor of {k}"
            }

            test "words say how strong the evidence is, and when its errors leave none" {
                for apart, error, words in
                    [
                        0.5, 0.01, "hardly worth a mention"
                        2.0, 0.01, "is positive"
                        4.0, 0.01, "is strong"
                        9.0, 0.01, "is very strong"
                        2.0, 1.0, "cannot be told"
                        9.0, 0.7, "is mostly too low"
                    ] do
                    let comparison =
                        Evidence.compare [ "null", logZ -apart error; "full", logZ 0.0 error ]

                    Expect.stringContains comparison.Text words $"{apart} ± {error}"
                    Expect.stringContains comparison.Text "full" "the better one"

                let comparison =
                    Evidence.compare [ "null", logZ -73.21 0.012; "full", logZ -71.0 0.02 ]

                Expect.equal
                    comparison.Text
                    ("        log Z      ±  log Bayes factor      ±  probability      ±\n"
                     + "full  −71.000  0.020                 0      0        0.901  0.002\n"
                     + "null  −73.210  0.012            −2.210  0.023        0.099  0.002\n"
                     + "The evidence for full over null is positive (log Bayes factor 2.210 ± 0.023).")
                    "text"

                Expect.equal $"%A{comparison}" comparison.Text "in F# Interactive"
                Expect.stringContains comparison.Html "<table>" "HTML"
            }

            test "what cannot be compared is refused" {
                for models, parts in
                    [
                        [ "a", logZ 0.0 0.1 ], [ "found 1"; "two or more" ]
                        [ "a", logZ 0.0 0.1; "a", logZ 1.0 0.1 ], [ "\"a\""; "name of its own" ]
                        [ "a", logZ nan 0.1; "b", logZ 1.0 0.1 ], [ "\"a\""; "finite number" ]
                        [ "a", logZ 0.0 nan; "b", logZ 1.0 0.1 ], [ "finite standard error" ]
                    ] do
                    Check.refuses ("models" :: parts) (fun () -> Evidence.compare models |> ignore)
            }
        ]
