module Mne.Functional.Tests.ControllerTests

open System
open Expecto
open Mne.Functional

let private controller = Controller.proportionalIntegral

/// The factor by which a step of size 1 changes, of order 5, and whether it stands.
let private factor (controller: Controller) afterRejection (error: float) (previous: float) =
    let decision =
        controller.Adapt
            {
                Time = 0.0
                Step = 1.0
                Error = error
                Order = 5
                AfterRejection = afterRejection
            }
            [ previous ]

    decision.Accept, decision.Step

[<Tests>]
let tests =
    testList
        "Controller"
        [
            testCase "a rejected step is tried again at safety · error^(−1/order)" (fun () ->
                let accepted, found = factor controller false 2.0 1e-4
                Expect.isFalse accepted "above the tolerance"
                Expect.floatClose Accuracy.high found (0.9 * 2.0 ** -0.2) "of the step")

            testCase "an accepted step is followed by one of safety · error^−(1/order − ¾ β) · previous^β" (fun () ->
                let accepted, found = factor controller false 0.5 0.1
                Expect.isTrue accepted "below the tolerance"
                Expect.floatClose Accuracy.high found (0.9 * 0.5 ** -(0.2 - 0.75 * 0.04) * 0.1 ** 0.04) "of the step")

            Check.property "factors stay within their limits, whatever the errors"
            <| fun (error: float) (previous: float) afterRejection ->
                let error = abs error
                let previous = if abs previous <= 1.0 then abs previous else 1.0
                let accepted, factor = factor controller afterRejection error previous
                Expect.equal accepted (error <= 1.0) "what is tolerated is accepted"
                let gains = Controller.gains

                let most =
                    if not accepted then 0.9
                    elif afterRejection then 1.0
                    else gains.Growth

                Expect.isTrue (factor >= gains.Shrink && factor <= most) $"{factor}"

            test "larger errors give smaller steps" {
                let factors errors =
                    [ for e in errors -> snd (factor controller false e 1.0) ]

                for errors in [ [ 1e-6; 1e-3; 0.1; 1.0 ]; [ 1.5; 10.0; 1e3 ] ] do
                    let factors = factors errors
                    Expect.equal factors (List.sortDescending factors) "in order"
                    Expect.isGreaterThan factors[0] (List.last factors) "not all the same"
            }

            test "without the integral part, the error would just be the safe one" {
                let elementary = Controller.ofGains { Controller.gains with Integral = 0.0 }

                let _, factor = factor elementary false 0.1 1.0
                Expect.floatClose Accuracy.high (0.1 * (factor / Controller.gains.Safety) ** 5.0) 1.0 "error h⁵"
            }

            test "an error that is not a number shrinks the step as far as permitted" {
                Expect.equal (factor controller false nan 1.0) (false, Controller.gains.Shrink) "nan"
                Expect.equal (factor controller false infinity 1.0) (false, Controller.gains.Shrink) "∞"
            }

            test "it remembers the error of the last step that stands" {
                let attempt error =
                    {
                        Time = 0.0
                        Step = 1.0
                        Error = error
                        Order = 5
                        AfterRejection = false
                    }

                Expect.equal (controller.Adapt (attempt 0.3) [ 0.7 ]).Memory [ 0.3 ] "accepted"
                Expect.equal (controller.Adapt (attempt 3.0) [ 0.7 ]).Memory [ 0.7 ] "rejected"
            }

            test "before it remembers anything, no error counts as the last one" {
                Expect.isEmpty controller.Memory "at first"

                let next memory =
                    (controller.Adapt
                        {
                            Time = 0.0
                            Step = 1.0
                            Error = 0.3
                            Order = 5
                            AfterRejection = false
                        }
                        memory)
                        .Step

                Expect.equal (next []) (next [ 1e-4 ]) "as after an exact step"
                Expect.isLessThan (next []) (next [ 1.0 ]) "not as after a bad one"
            }

            test "one of one's own has no gains, remembers nothing at first, and equals itself alone" {
                let own () =
                    Controller.create "own" controller.Adapt

                let one = own ()
                Expect.equal (one.Name, one.Gains, one.First, one.Memory) ("own", None, None, []) "fields"
                Expect.equal (factor one false 0.1 1.0) (factor controller false 0.1 1.0) "it decides"
                Expect.equal one one "itself"
                Expect.notEqual one (own ()) "another"
                Expect.notEqual one controller "the one that it asks"
            }

            test "a constant one accepts any error and keeps its step" {
                let constant = Controller.constant 0.25
                Expect.equal constant.First (Some 0.25) "first step"

                for error in [ 0.0; 1.0; 1e9 ] do
                    Expect.equal (factor constant false error 1.0) (true, 0.25) $"{error}"

                Expect.equal (factor constant false nan 1.0) (false, 0.0) "gives up"

                for step in [ 0.0; -1.0; nan; infinity ] do
                    Check.refuses [ "step" ] (fun () -> Controller.constant step |> ignore)
            }

            test "controllers of equal gains are equal, others only to themselves" {
                Expect.equal (Controller.ofGains Controller.gains) controller "the usual gains"
                let own = Controller.constant 0.5
                Expect.equal own own "itself"
                Expect.notEqual own (Controller.constant 0.5) "another"
            }
        ]
