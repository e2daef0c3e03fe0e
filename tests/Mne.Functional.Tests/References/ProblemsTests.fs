module Mne.Functional.Tests.ProblemsReferenceTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open MathNet.Numerics.Distributions
open MathNet.Numerics.Random
open Mne.Functional.References
open Mne.Functional.Tests.Expected

[<Tests>]
let tests =
    testList
        "References.Problems"
        [
            Check.property "relativeL2 of a scaled solution is the scaling"
            <| fun (NormalFloat s) (PositiveInt n) ->
                let u = [| noise n 5; noise (n + 1) 5 |]
                let scaled = u |> Array.map (Array.map (fun v -> (1.0 + s) * v))
                near (1e-13 * (1.0 + abs s)) "relativeL2" (abs s) (Convergence.relativeL2 u scaled)

            testCase "relativeL2 refuses arrays of different shape by name"
            <| fun _ ->
                Expect.throwsT<ArgumentException> "shape" (fun () ->
                    Convergence.relativeL2 [| [| 1.0; 2.0 |] |] [| [| 1.0 |] |] |> ignore)

            testCase "extrapolation solves a pendulum of many periods to near round-off"
            <| fun _ ->
                let times = [| 1.0; 10.0; 100.0 |]

                let found =
                    Extrapolation.solve 1e-14 (fun _ y -> [| y[1]; -y[0] |]) [| 0.0; 1.0 |] times

                nearAll 1e-11 "sin" (Array.map sin times) (found |> Array.map (fun y -> y[0]))

            testCase "extrapolation gives up at a pole, and says where"
            <| fun _ ->
                let error =
                    try
                        Extrapolation.solve 1e-12 (fun _ y -> [| y[0] * y[0] |]) [| 1.0 |] [| 2.0 |]
                        |> ignore

                        ""
                    with :? NotConvergedException as e ->
                        e.Message

                Expect.stringContains "message" "at t = 0.99" error

            for d in [ 1; 3; 8 ] do
                testCase $"the moving trap in {d} dimensions follows its closed form"
                <| fun _ ->
                    // Along 1 the rates are 1 (mean) and 2 (variance), across it 1.25 and 2.5.
                    let times = Problems.saveTimes 8.0

                    let start =
                        Array.init d (fun k -> if d = 1 then 0.9 else 0.9 + 2.1 * float k / float (d - 1))

                    let centre = Array.average start

                    Array.zip times (Problems.movingTrap d times)
                    |> Array.iter (fun (t, (mean, covariance)) ->
                        let pulled =
                            1.875 * (1.0 - exp -t)
                            + 1.25 * (sin (Math.PI * t) - Math.PI * cos (Math.PI * t) + Math.PI * exp -t)
                              / (1.0 + Math.PI * Math.PI)

                        start
                        |> Array.map (fun m -> exp -t * centre + pulled + exp (-1.25 * t) * (m - centre))
                        |> fun exact -> nearAll 1e-11 $"mean at {t}" exact mean

                        let along = 0.01 + 0.09 * exp (-2.0 * t)
                        let across = 0.008 + 0.092 * exp (-2.5 * t)

                        for i in 0 .. d - 1 do
                            Array.init d (fun j -> (along - across) / float d + (if i = j then across else 0.0))
                            |> fun exact -> nearAll 1e-12 $"covariance at {t}, row {i}" exact covariance[i])

            testCase "particles in the moving trap have the mean and covariance of the moment equations"
            <| fun _ ->
                let d, count, steps, final = 3, 10000, 500, 1.0
                let random = MersenneTwister(11, false)
                let h = final / float steps
                let start = [| 0.9; 1.95; 3.0 |]

                let particles =
                    Array.init count (fun _ -> Array.init d (fun k -> Normal.Sample(random, start[k], sqrt 0.1)))

                // Euler and Maruyama, the drift taken from the problem's statement.
                for s in 0 .. steps - 1 do
                    let a = Problems.trapCentre ((float s + 0.5) * h)

                    for x in particles do
                        let own = Array.average x

                        for k in 0 .. d - 1 do
                            let drift = -(x[k] - a) - 0.25 * (x[k] - own)
                            x[k] <- x[k] + h * drift + Normal.Sample(random, 0.0, sqrt (2.0 * h / 100.0))

                let mean, covariance = (Problems.movingTrap d [| final |])[0]

                // Five standard errors of the sample, and the scheme's own error of order h.
                for i in 0 .. d - 1 do
                    let found = particles |> Array.averageBy (fun x -> x[i])
                    near (5.0 * sqrt (covariance[i][i] / float count) + 2.0 * h) $"mean {i}" mean.[i] found

                    for j in 0 .. d - 1 do
                        let found =
                            particles |> Array.averageBy (fun x -> (x[i] - mean[i]) * (x[j] - mean[j]))

                        let spread = sqrt (2.0 * covariance[i][i] * covariance[j][j] / float count)
                        near (5.0 * spread + h * 0.1) $"covariance {i}, {j}" covariance.[i].[j] found

            for d in [ 1; 5 ] do
                testCase $"advection in {d} dimensions satisfies its equation"
                <| fun _ ->
                    let t, h = 0.7, 1e-5

                    let density t x =
                        exp (Mixture.logDensity (Problems.advection d t) x)

                    let velocity =
                        Array.init d (fun index ->
                            let i = float (index + 1)
                            let w = 2.0 * (1.0 + (if d = 1 then 0.0 else (i - 1.0) / float (d - 1)))
                            i * sin (w * Math.PI * t) + 1.25 * i)

                    for x in Mixture.sample 4 10 (Problems.advection d t) do
                        let shifted k s =
                            x |> Array.mapi (fun j v -> if j = k then v + s else v)

                        let inTime = (density (t + h) x - density (t - h) x) / (2.0 * h)

                        let inSpace =
                            Array.init d (fun k ->
                                velocity[k] * (density t (shifted k h) - density t (shifted k -h)) / (2.0 * h))
                            |> Array.sum

                        // Central differences err by h²/6 times third derivatives.
                        near (1e-5 * (1.0 + abs inTime)) "u_t + a·∇u" -inSpace inTime
        ]
