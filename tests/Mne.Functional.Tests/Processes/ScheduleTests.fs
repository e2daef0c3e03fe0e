module Mne.Functional.Tests.ScheduleTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

/// The largest difference between the rate and the slope of the clock.
let private mismatch (schedule: Schedule) times =
    let ε = 1e-5

    [
        for t in times -> abs ((schedule.Clock(t + ε) - schedule.Clock(t - ε)) / (2.0 * ε) - schedule.Rate t)
    ]
    |> List.max

[<Tests>]
let tests =
    testList
        "Schedule"
        [
            test "uniform time is the process's own" {
                Expect.equal (Schedule.uniform.Clock 1.7) 1.7 "clock"
                Expect.equal (Schedule.uniform.Rate 1.7) 1.0 "rate"
            }

            Check.law 30 "a linear schedule begins and ends as told, and its clock is the integral of its rate"
            <| fun (a: byte) (b: byte) (c: byte) ->
                let first, last, T =
                    0.01 + float a / 50.0, 0.01 + float b / 50.0, 0.1 + float c / 50.0

                let schedule = Schedule.linear first last T

                abs (schedule.Rate 0.0 - first) < 1e-12
                && abs (schedule.Rate T - last) < 1e-12
                && abs (schedule.Clock T - 0.5 * (first + last) * T) < 1e-10
                && mismatch schedule [ 0.2 * T; 0.7 * T ] < 1e-6

            test "the clock of any rate is its integral" {
                let schedule = Schedule.ofRate (fun t -> 0.1 + t * t * exp -t)
                Expect.equal (schedule.Clock 0.0) 0.0 "start"
                // ∫₀ᵗ (0.1 + τ² e^{−τ}) dτ
                let exact t =
                    0.1 * t + 2.0 - exp -t * (t * t + 2.0 * t + 2.0)

                for t in [ 0.3; 1.0; 4.0 ] do
                    Expect.floatClose Accuracy.high (schedule.Clock t) (exact t) $"t = {t}"

                Expect.isLessThan (mismatch schedule [ 0.5; 2.0 ]) 1e-6 "rate"
            }

            test "a process runs through the same distributions, whatever its schedule" {
                let schedule = Schedule.linear 0.2 3.0 1.5

                let plain, scheduled =
                    Process.ornsteinUhlenbeck 2, Process.ornsteinUhlenbeck 2 |> Process.scheduled schedule

                Scope.free (fun () ->
                    let x, noise = Check.normal 1 [ 50; 2 ], Check.normal 3 [ 50; 2 ]
                    let t = 0.8

                    Check.close
                        1e-14
                        "carried"
                        (Process.carry t noise x scheduled)
                        (Process.carry (schedule.Clock t) noise x plain))
            }

            test "what is not positive is refused" {
                let refused name (body: unit -> unit) =
                    Expect.equal (Assert.raises<ArgumentException> body).ParamName name name

                refused "first" (fun () -> Schedule.linear 0.0 1.0 1.0 |> ignore)
                refused "last" (fun () -> Schedule.linear 1.0 nan 1.0 |> ignore)
                refused "T" (fun () -> Schedule.linear 1.0 1.0 -1.0 |> ignore)
                refused "rate" (fun () -> (Schedule.ofRate (fun t -> 1.0 - t)).Clock 2.0 |> ignore)
            }
        ]
