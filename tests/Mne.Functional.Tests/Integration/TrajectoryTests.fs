module Mne.Functional.Tests.TrajectoryTests

open Expecto
open Mne.Functional

let private vector (values: float list) =
    Tensor.ofArray Placement.float64 (List.toArray values)

let private decay tolerance span =
    Integrator.solve
        (Integrator.create (fun _ y -> -y, ()) (Integrator.componentNorm tolerance tolerance))
        (vector [ exp -(fst span) ])
        span

[<Tests>]
let tests =
    testList
        "Trajectory"
        [
            Check.scoped "every time is read from the step that it lies in" (fun () ->
                for span in [ 0.0, 3.0; 3.0, 0.0 ] do
                    use trajectory = decay 1e-8 span
                    Expect.isGreaterThan trajectory.Segments.Length 5 "steps"

                    for s in trajectory.Segments do
                        for τ in [ 0.0; 0.3; 1.0 ] do
                            let t = s.Start + τ * s.Length
                            Check.close 1e-7 $"t = {t}" (Trajectory.evaluate t trajectory) (vector [ exp -t ])
                            let whole = Segment.evaluate t s
                            Check.identical "part" (Segment.evaluatePart (0L, 1L) t s) whole)

            Check.scoped "Hermite's cubic is exact for cubics" (fun () ->
                let y t =
                    vector [ 1.0 - 2.0 * t + 3.0 * t ** 2.0 - 4.0 * t ** 3.0; t ** 3.0 ]

                let slope t =
                    vector [ -2.0 + 6.0 * t - 12.0 * t ** 2.0; 3.0 * t ** 2.0 ]

                for t, h in [ 0.5, 0.25; 0.5, -0.75 ] do
                    let segment = Segment.hermite t h (y t, slope t) (y (t + h), slope (t + h))
                    Expect.equal (Segment.stop segment) (t + h) "stop"

                    for τ in 0.0..0.1..1.0 do
                        Check.close 1e-14 $"τ = {τ}" (Segment.evaluate (t + τ * h) segment) (y (t + τ * h)))

            Check.scoped "times outside are refused" (fun () ->
                use trajectory = decay 1e-3 (0.0, 1.0)

                for t in [ -0.1; 1.1; nan ] do
                    Check.refuses [ "t"; string t; "from 0 to 1" ] (fun () ->
                        Trajectory.evaluate t trajectory |> ignore))
        ]
