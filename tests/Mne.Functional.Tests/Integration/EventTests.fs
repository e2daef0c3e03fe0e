module Mne.Functional.Tests.EventTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private vector (values: float list) =
    Tensor.ofArray double (List.toArray values)

/// A point on the unit circle: y = (cos t, sin t).
let private rotor: Field<unit> = fun _ y -> torch.stack ([| -y[1]; y[0] |], 0L), ()

let private circle (t: float) = vector [ cos t; sin t ]

let private solve tolerance maximumStep events span =
    Integrator.solve
        { Integrator.create rotor (Integrator.componentNorm tolerance tolerance) with
            Events = events
            MaximumStep = maximumStep
        }
        (circle (fst span))
        span

let private falling name f = Event.create name Direction.Falling f

/// The name and the time of the event that ended it.
let private stopped (trajectory: Trajectory<unit>) =
    match trajectory.Outcome with
    | Outcome.StoppedByEvent(name, t) ->
        Expect.equal trajectory.Stop t "stop"
        name, t
    | other -> failtest $"{other}"

let private expect name (time: float) trajectory =
    let found, t = stopped trajectory
    Expect.equal found name "name"
    Expect.isLessThan (abs (t - time)) 1e-7 $"found t = {t}, wanted {time}"

let private height _ (y: Tensor) = Tensor.toFloat y[1]

[<Tests>]
let tests =
    testList
        "Event"
        [
            Check.scoped "is located to the accuracy of the dense output, and the trajectory ends there" (fun () ->
                use trajectory =
                    solve 1e-9 infinity [ falling "low" (fun t y -> height t y + 0.5) ] (0.0, 10.0)

                expect "low" (7.0 * Math.PI / 6.0) trajectory
                Check.close 1e-7 "state" (Trajectory.evaluate trajectory.Stop trajectory) (circle trajectory.Stop)

                use back = solve 1e-9 infinity [ falling "early" (fun t _ -> t - 1.5) ] (3.0, 0.0)

                expect "early" 1.5 back

                use none = solve 1e-9 infinity [ falling "never" (fun _ _ -> 1.0) ] (0.0, 1.0)

                Expect.equal none.Outcome Outcome.Completed "no event")

            Check.scoped "of several, the first in time counts, whatever their order" (fun () ->
                let at name (time: float) = falling name (fun t _ -> time - t)

                for events in [ [ at "later" 2.01; at "sooner" 2.0 ]; [ at "sooner" 2.0; at "later" 2.01 ] ] do
                    use trajectory = solve 1e-3 infinity events (0.0, 10.0)
                    expect "sooner" 2.0 trajectory)

            Check.scoped "has a direction" (fun () ->
                // sin t falls at π, 3π, … and rises at 2π, 4π, …; it is positive at 0.5 and negative at 4.
                for direction, start, wanted in
                    [
                        Direction.Falling, 0.5, Math.PI
                        Direction.Either, 0.5, Math.PI
                        Direction.Rising, 4.0, 2.0 * Math.PI
                        Direction.Either, 4.0, 2.0 * Math.PI
                    ] do
                    use trajectory =
                        solve 1e-9 infinity [ Event.create "through" direction height ] (start, start + 20.0)

                    expect "through" wanted trajectory)

            Check.scoped "whose function is past 0 at the start has occurred there" (fun () ->
                for direction, start in [ Direction.Falling, 4.0; Direction.Rising, 0.5; Direction.Falling, 0.0 ] do
                    use trajectory =
                        solve 1e-6 infinity [ Event.create "past" direction height ] (start, start + 20.0)

                    Expect.equal (stopped trajectory) ("past", start) "at once"
                    Check.identical "state" (Trajectory.evaluate start trajectory) (circle start)

                // In either direction it waits for the function to leave 0.
                use trajectory =
                    solve 1e-9 infinity [ Event.create "through" Direction.Either height ] (0.0, 20.0)

                expect "through" Math.PI trajectory)

            Check.scoped "is seen when its function passes 0 there and back within one step" (fun () ->
                // Below 0 for 0.4 of a time unit, with steps of 1.
                let dip = falling "dip" (fun t _ -> abs (t - 2.5) - 0.2)
                use trajectory = solve 1e-1 1.0 [ dip ] (0.0, 5.0)
                let steps = trajectory.Records
                let last = trajectory.Segments[trajectory.Segments.Length - 1]
                Expect.isGreaterThan steps[steps.Length - 1].Step 0.5 "a long step"
                Expect.isGreaterThan (dip.Function last.Start (circle 0.0)) 0.0 "positive before"
                Expect.isGreaterThan (dip.Function (Segment.stop last) (circle 0.0)) 0.0 "positive after"
                expect "dip" 2.3 trajectory)

            Check.scoped "whose function is not a number is an outcome of its own, in its turn" (fun () ->
                let lost = falling "lost" (fun t _ -> if t >= 1.0 then nan else 1.0)

                for events in [ [ lost ]; [ falling "later" (fun t _ -> 1.5 - t); lost ] ] do
                    use trajectory = solve 1e-1 infinity events (0.0, 10.0)

                    match trajectory.Outcome with
                    | Outcome.EventNotANumber("lost", t) as outcome ->
                        Expect.isLessThan (abs (t - 1.0)) 1e-12 $"t = {t}"
                        Expect.equal trajectory.Stop t "stop"
                        Expect.stringContains outcome.Advice "\"lost\" was not a number" "advice"
                    | other -> failtest $"{other}"

                use sooner =
                    solve 1e-1 infinity [ lost; falling "sooner" (fun t _ -> 0.5 - t) ] (0.0, 10.0)

                expect "sooner" 0.5 sooner

                for direction in [ Direction.Falling; Direction.Rising; Direction.Either ] do
                    use never =
                        solve 1e-1 infinity [ Event.create "never" direction (fun _ _ -> nan) ] (0.0, 1.0)

                    Expect.equal never.Outcome (Outcome.EventNotANumber("never", 0.0)) "from the start")
        ]
