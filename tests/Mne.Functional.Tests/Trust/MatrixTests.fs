/// Some of the calls with wrong arguments, the same in every run: all of them are in `.ci/trust`.
module Mne.Functional.Tests.MatrixTests

open Expecto

[<Tests>]
let tests =
    testList
        "Wrong arguments"
        [
            test "each is refused by a typed exception that names it, or gives a right value: a sample" {
                // So many as take some ten seconds, spread over both APIs.
                let random = System.Random 1

                let endings =
                    Matrix.run 20_000 (fun count -> [ for _ in 1..250 -> random.Next count ])

                Expect.isEmpty (endings |> List.filter (Matrix.isRight >> not)) "calls that ended otherwise"
            }

            test "everything public is called" {
                Expect.isEmpty Matrix.notCalled.Value "members without right arguments"
                Expect.isGreaterThan Matrix.count.Value 2000 "calls"
            }
        ]
