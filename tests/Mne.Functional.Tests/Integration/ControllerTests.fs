module Mne.Functional.Tests.ControllerTests

open Expecto
open Mne.Functional

let private controller = Controller.proportionalIntegral

[<Tests>]
let tests =
    testList
        "Controller"
        [
            Check.property "factors stay within their limits, whatever the errors"
            <| fun (error: float) (previous: float) ->
                let error, previous = abs error, abs previous
                let rejected = Controller.afterRejected controller 5 error
                Expect.isTrue (rejected >= controller.Shrink && rejected <= 0.9) $"rejected: {rejected}"

                if error <= 1.0 && previous <= 1.0 then
                    let accepted = Controller.afterAccepted controller 5 error previous

                    Expect.isTrue
                        (accepted >= controller.Shrink && accepted <= controller.Growth)
                        $"accepted: {accepted}"

            test "larger errors give smaller steps" {
                let factors =
                    [
                        for e in [ 1e-6; 1e-3; 0.1; 1.0 ] -> Controller.afterAccepted controller 5 e 1.0
                    ]

                Expect.equal factors (List.sortDescending factors) "accepted"

                let factors =
                    [ for e in [ 1.5; 10.0; 1e3 ] -> Controller.afterRejected controller 5 e ]

                Expect.equal factors (List.sortDescending factors) "rejected"
            }

            test "without the integral part, the error would just be the safe one" {
                let elementary = { controller with Integral = 0.0 }
                let factor = Controller.afterAccepted elementary 5 0.1 1.0
                Expect.floatClose Accuracy.high (0.1 * (factor / elementary.Safety) ** 5.0) 1.0 "error h⁵"
            }

            test "an error that is not a number shrinks the step as far as permitted" {
                Expect.equal (Controller.afterRejected controller 5 nan) controller.Shrink "nan"
                Expect.equal (Controller.afterRejected controller 5 infinity) controller.Shrink "∞"
            }
        ]
