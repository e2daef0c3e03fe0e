module Mne.Functional.Tests.SdeTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.Tests

/// Mean and variance of a linear scheme in one dimension after n steps from t = 0 to 1, without sampling: a step is
/// x' = α x + γ + β ξ, and α, β, γ are read off.
let private momentsOf scheme n (mean, variance) (sde: Sde) =
    Scope.free (fun () ->
        let number x =
            Tensor.ofArray2D Placement.float64 (array2D [ [ x ] ])

        ((mean, variance), [ 0 .. n - 1 ])
        ||> List.fold (fun (m, v) k ->
            let span = float k / float n, float (k + 1) / float n

            let step x ξ =
                Tensor.toFloat ((Sde.step scheme span (number ξ) (number x) sde).squeeze())

            let γ = step 0.0 0.0
            let α, β = step 1.0 0.0 - γ, step 0.0 1.0 - γ
            α * m + γ, α * α * v + β * β))

let private order scheme sde exact =
    let error n =
        let m, v = momentsOf scheme n (1.0, 0.3) sde
        abs (m - fst exact), abs (v - snd exact)

    let m1, v1 = error 32
    let m2, v2 = error 64
    Math.Log2(m1 / m2), Math.Log2(v1 / v2)

[<Tests>]
let tests =
    testList
        "Sde"
        [
            test "weak orders, without sampling, in own and in changed time" {
                let p = Process.ornsteinUhlenbeckTo [ -0.4 ] (Covariance.Isotropic 1.7)

                for p in [ p; p |> Process.scheduled (Schedule.linear 0.3 2.0 1.0) ] do
                    let final =
                        Gaussian.create [ 1.0 ] [ [ 0.3 ] ]
                        |> Gaussian.push (p.Transition.Value(p.Schedule.Clock 1.0))

                    let exact = final.Mean[0], final.Covariance[0, 0]

                    for scheme, wanted in [ SdeScheme.EulerMaruyama, 1.0; SdeScheme.StochasticHeun, 2.0 ] do
                        let mean, variance = order scheme (Process.forward p) exact
                        Expect.floatClose { absolute = 0.15; relative = 0.0 } mean wanted $"{scheme}: mean"
                        Expect.floatClose { absolute = 0.15; relative = 0.0 } variance wanted $"{scheme}: variance"
            }

            test "forwards and back again: moments of both distributions" {
                Scope.free (fun () ->
                    let p =
                        Process.ornsteinUhlenbeckTo
                            [ 1.0; -0.5 ]
                            (Covariance.Full(array2D [ [ 2.0; 0.6 ]; [ 0.6; 0.5 ] ]))
                        |> Process.scheduled (Schedule.linear 0.2 1.8 1.5)

                    let start = Gaussian.create [ 0.5; -1.0 ] [ [ 0.8; 0.3 ]; [ 0.3; 0.5 ] ]

                    let at t =
                        start |> Gaussian.push (p.Transition.Value(p.Schedule.Clock t))

                    let n, times = 20_000, [ 0.0..0.05..1.5 ]

                    let check name (x: Tensor) (exact: Gaussian.Gaussian) =
                        let mean, variance = Gaussian.moments x

                        for k in 0..1 do
                            let v = exact.Covariance[k, k]

                            Expect.isLessThan
                                (abs (mean[k] - exact.Mean[k]))
                                (5.0 * sqrt (v / float n))
                                $"{name}: mean {k}"

                            Expect.isLessThan
                                (abs (variance[k] / v - 1.0))
                                (5.0 * sqrt (2.0 / float n))
                                $"{name}: variance {k}"

                    let drawn =
                        (Reference.normal [ 0.5; -1.0 ] (Covariance.Full(start.Covariance.ToArray()))).Draw
                            Placement.float64
                            1
                            n

                    let final = Process.forward p |> Sde.simulate SdeScheme.StochasticHeun 2 times drawn
                    check "forwards" final (at 1.5)

                    let gradient t x =
                        Jet.gradient (Gaussian.local (Gaussian.energy (at t)) (Jet.gradientRequest 2) t x).Jet

                    let back =
                        Process.reverse 1.5 gradient p
                        |> Sde.simulate SdeScheme.StochasticHeun 3 times final

                    check "backwards" back start)
            }

            test "the same seed gives the same path, and nothing leaks" {
                let sde = Process.forward (Process.ornsteinUhlenbeck 2)

                Assert.frees (fun () ->
                    use x = Random.normal Placement.float64 1 [ 10; 2 ]

                    let go seed =
                        Scope.free (fun () ->
                            sde
                            |> Sde.simulate SdeScheme.EulerMaruyama seed [ 0.0; 0.5; 1.0 ] x
                            |> Tensor.toArray)

                    Expect.equal (go 4) (go 4) "same"
                    Expect.notEqual (go 4) (go 5) "other")
            }

            test "times that do not increase and paths that explode are refused" {
                Scope.free (fun () ->
                    let x = Tensor.ones Placement.float64 [ 3; 1 ]
                    let ou = Process.forward (Process.ornsteinUhlenbeck 1)

                    let simulate times sde () =
                        sde |> Sde.simulate SdeScheme.EulerMaruyama 1 times x |> ignore

                    let explosive =
                        { ou with
                            Drift = fun _ x -> 1e30 * x * x.square ()
                        }

                    Assert.raises<ArgumentException>(simulate [ 0.0; 0.0 ] ou) |> ignore

                    Assert.raises<ArgumentException>(simulate [ 0.0; 1.0; 2.0; 3.0; 4.0; 5.0 ] explosive)
                    |> ignore)
            }
        ]
