/// Some of the calls with wrong arguments, the same in every run: all of them are in `.ci/trust`.
module Mne.Functional.Tests.MatrixTests

open Expecto

[<Tests>]
let tests =
    test "a call with a wrong argument is refused by an exception that names it, or gives a right value: a sample" {
        // So many as take a few seconds, spread over both APIs.
        let random = System.Random 1

        let endings, count, missing =
            Matrix.run 20_000 (fun count -> [ for _ in 1..80 -> random.Next count ])

        Expect.isGreaterThan count 2000 "calls in all"
        Expect.equal missing 0 $"public members that are not called: %A{Matrix.notCalled.Value}"
        Expect.isEmpty (endings |> List.filter (Matrix.isRight >> not)) "calls that ended otherwise"
    }
