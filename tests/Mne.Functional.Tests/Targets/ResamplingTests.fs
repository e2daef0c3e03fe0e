module Mne.Functional.Tests.ResamplingTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Mne.Functional
open Mne.Functional.Tests

type private Case =
    {
        Shift: float
        Count: int
        Weights: float[]
    }

type private Cases =
    static member Case() =
        gen {
            let! shift = Gen.choose (0, 1000)
            let! count = Gen.choose (1, 60)
            let! weights = Gen.arrayOf (Gen.oneof [ Gen.constant 0; Gen.choose (1, 1000) ])
            let! positive = Gen.choose (1, 1000)

            return
                {
                    Shift = float shift / 1000.0
                    Count = count
                    Weights = Array.append (Array.map float weights) [| float positive |]
                }
        }
        |> Arb.fromGen

[<Tests>]
let tests =
    testList
        "Resampling"
        [
            Check.lawOf
                [ typeof<Cases> ]
                100
                "index i is chosen ⌊count wᵢ/Σw⌋ times or once more, in order, and never where the weight is 0"
                (fun case ->
                    let chosen = Resampling.systematic case.Shift case.Count case.Weights
                    let total = Array.sum case.Weights
                    Expect.equal chosen.Length case.Count "as many as asked for"
                    Expect.equal chosen (Array.sort chosen) "in order"

                    for i, w in Array.indexed case.Weights do
                        let times = chosen |> Array.filter ((=) i) |> Array.length |> float
                        let due = float case.Count * w / total
                        // A choice on the border of two, which the shifts 0 and 1 make, may fall to either.
                        Expect.isLessThan (abs (times - due)) (1.0 + 1e-9) $"{times} times for {due}"

                        if w = 0.0 then
                            Expect.equal times 0.0 "no weight")

            Check.lawOf
                [ typeof<Cases> ]
                30
                "over all shifts index i is chosen count wᵢ/Σw times on average"
                (fun case ->
                    let shifts = 500

                    let chosen =
                        [|
                            for k in 0 .. shifts - 1 do
                                yield! Resampling.systematic ((float k + 0.5) / float shifts) case.Count case.Weights
                        |]

                    for i, w in Array.indexed case.Weights do
                        let times = chosen |> Array.filter ((=) i) |> Array.length |> float
                        let due = float case.Count * w / Array.sum case.Weights

                        Expect.isLessThan
                            (abs (times / float shifts - due))
                            (2.0 / float shifts)
                            $"index {i} of {case}")

            test "bad weights are refused, whatever is wrong with them" {
                for weights in
                    [
                        [||]
                        [| 0.0; 0.0 |]
                        [| 1.0; nan |]
                        [| 1.0; -1.0 |]
                        [| infinity |]
                        [| 1e308; 1e308 |]
                    ] do
                    let refused =
                        Assert.raises<ArgumentException>(fun () -> Resampling.systematic 0.5 3 weights |> ignore)

                    Expect.equal refused.ParamName "weights" $"%A{weights}"

                for shift in [ -0.1; 1.1; nan ] do
                    Expect.equal
                        (Assert.raises<ArgumentException>(fun () -> Resampling.systematic shift 3 [| 1.0 |] |> ignore))
                            .ParamName
                        "shift"
                        "shift"
            }
        ]
