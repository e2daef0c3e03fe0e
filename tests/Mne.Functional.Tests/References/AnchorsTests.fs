module Mne.Functional.Tests.AnchorsReferenceTests

open System
open Expecto
open Mne.Functional.References

let private near tolerance name (expected: float) (found: float) =
    Expect.isLessThan (abs (found - expected)) tolerance $"{name}: {found}, wanted {expected}"

[<Tests>]
let tests =
    testList
        "References.Anchors"
        [
            test "the front of Burgers' equation from −sin πx is as steep as is published" {
                // 152.00516 at πt = 1.6037 (C. Basdevant et al., Computers and Fluids 14 (1986)).
                let t, ε = 1.6037 / Math.PI, 1e-5

                let slope =
                    (Anchors.burgersCanonical t ε - Anchors.burgersCanonical t -ε) / (2.0 * ε)

                near 1e-2 "slope" -152.00516 slope
            }

            test "Burgers' equation from −sin πx is solved where it is smooth" {
                let ν, t, x, ε = 0.01 / Math.PI, 0.3, 0.37, 1e-4
                let u = Anchors.burgersCanonical
                let rate = (u (t + ε) x - u (t - ε) x) / (2.0 * ε)
                let slope = (u t (x + ε) - u t (x - ε)) / (2.0 * ε)
                let curvature = (u t (x + ε) - 2.0 * u t x + u t (x - ε)) / (ε * ε)
                near 1e-5 "u_t" (ν * curvature - u t x * slope) rate
                near 1e-12 "the wall" 0.0 (u t 1.0)
            }

            test "the string keeps its ends and comes back" {
                let pulse x = exp (-(((x - 0.3) / 0.08) ** 2.0))
                let u = Anchors.wave pulse

                for t in [ 0.1; 0.7; 1.3 ] do
                    near 1e-9 "left" 0.0 (u t 0.0)
                    near 1e-9 "right" 0.0 (u t 1.0)

                near 1e-12 "after a period" (pulse 0.35) (u 2.0 0.35)
                near 1e-5 "after half of one, turned over" (-(pulse 0.35)) (u 1.0 0.65)
                near 1e-10 "halves run apart" (0.5 * pulse 0.3) (u 0.2 0.5)
            }

            test "without v, u of Gray and Scott's reaction relaxes and diffuses" {
                let n, length = 64, 2.5
                let k = 2.0 * Math.PI / length
                let start x = 1.0 + 0.1 * cos (k * x), 0.0

                let final, empty =
                    (Anchors.grayScott (0.01, 0.005) 0.04 0.06 length n 0.02 start [| 5.0 |])[0]

                for i in [ 0; 10; 33 ] do
                    let x = length * float i / float n
                    near 1e-8 "u" (1.0 + 0.1 * exp (-(0.04 + 0.01 * k * k) * 5.0) * cos (k * x)) final[i]
                    Expect.equal empty[i] 0.0 "v"
            }

            test "characteristics keep their energy, and swing slowly around x = π" {
                let times = [| 1.0; 3.0 |]
                let energy (x: float, v: float) = 0.5 * v * v + cos x
                let origins = Anchors.vlasovOrigins [| 2.0, 1.0; Math.PI + 1e-4, 0.0 |] times

                for row in origins do
                    near 1e-10 "energy" (energy (2.0, 1.0)) (energy row[0])

                near 1e-11 "place" (Math.PI + 1e-4 * cos 3.0) (fst origins[1].[1])
                near 1e-11 "velocity" (1e-4 * sin 3.0) (snd origins[1].[1])
            }

            test "the committor of a potential of x alone is ∫e^V, to second order" {
                let potential x _ = 2.0 * (x * x - 1.0) ** 2.0 + 0.5 * x
                let weight x = exp (potential x 0.0)

                let exact x =
                    Quadrature.trapezoid -1.0 x 2000 weight
                    / Quadrature.trapezoid -1.0 1.0 2000 weight

                let error n =
                    let q = Anchors.committor potential n

                    [ for i in 0..n -> abs (q[i, n / 4] - exact (-1.0 + 2.0 * float i / float n)) ]
                    |> List.max

                let coarse, fine = error 16, error 32
                Expect.isLessThan fine 2e-3 "error"
                near 0.5 "order" 2.0 (Math.Log2(coarse / fine))
            }
        ]
