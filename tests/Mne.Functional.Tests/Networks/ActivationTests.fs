module Mne.Functional.Tests.ActivationTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// σ in plain floating-point numbers (GELU by numerical integration is in its own test).
let private scalar σ (a: float) =
    match σ with
    | Identity -> a
    | Tanh -> Math.Tanh a
    | Sine -> sin a
    | Swish -> a / (1.0 + exp -a)
    | Softplus -> Math.Log(1.0 + exp a)
    | Gelu -> nan
    | Square -> a * a

[<Tests>]
let tests =
    testList
        "Activation"
        [
            for σ in Oracle.activations do
                if σ <> Gelu then
                    Check.scoped $"%A{σ}: the value is the closed form" (fun () ->
                        let a = [| -5.0; -1.3; -0.2; 0.0; 0.7; 2.0; 6.0 |]

                        Check.close
                            1e-14
                            "σ"
                            (Activation.apply σ (Tensor.ofArray double a))
                            (Tensor.ofArray double (Array.map (scalar σ) a)))

                Check.scoped $"%A{σ}: each derivative is the slope of the one before" (fun () ->
                    let a, h = Tensor.linspace double -6.0 6.0 49, 1e-3

                    let at (shift: float) =
                        Activation.derivatives 4 σ (a + shift) |> List.toArray

                    let near, far, here = [| at h; at -h |], [| at (2.0 * h); at (-2.0 * h) |], at 0.0

                    for n in 1..4 do
                        // Fourth-order central differences: error h⁴ σ⁽ⁿ⁺⁵⁾/30 and round-off 1e-16/h.
                        let slope =
                            (8.0 * (near[0][n - 1] - near[1][n - 1]) - (far[0][n - 1] - far[1][n - 1]))
                            / (12.0 * h)

                        if Check.size here[n] > 0.0 then
                            Check.close 1e-10 $"order {n}" slope here[n]
                        else
                            Expect.isLessThan (Check.size slope) 1e-12 $"order {n} vanishes")

                Check.scoped $"%A{σ}: finite for large arguments, with the right limits" (fun () ->
                    let large = [| -1e30; -1e8; -1e3; -50.0; 50.0; 1e3; 1e8; 1e30 |]
                    let all = Activation.derivatives 4 σ (Tensor.ofArray double large)

                    for n, d in List.indexed all do
                        Expect.isTrue (Tensor.isFinite d) $"order {n} is finite"

                    let value, slope = Tensor.toArray all[0], Tensor.toArray all[1]

                    match σ with
                    | Swish
                    | Softplus
                    | Gelu ->
                        // A smooth hinge: 0 on the left, a on the right, slopes 0 and 1, no curvature.
                        for i, a in Array.indexed large do
                            Expect.floatClose Accuracy.high value[i] (max 0.0 a) $"σ({a})"
                            Expect.floatClose Accuracy.high slope[i] (if a > 0.0 then 1.0 else 0.0) $"σ'({a})"

                            for n in 2..4 do
                                Expect.isLessThan (Check.size (all[n][int64 i])) 1e-15 $"order {n} at {a}"
                    | Tanh ->
                        for i, a in Array.indexed large do
                            Expect.equal value[i] (float (sign a)) $"tanh {a}"
                            Expect.equal slope[i] 0.0 $"tanh' {a}"
                    | Sine -> Expect.all value (fun v -> abs v <= 1.0) "bounded"
                    | Identity -> Expect.equal value large "identity"
                    | Square ->
                        Expect.equal value (Array.map (fun a -> a * a) large) "a²"
                        Expect.equal slope (Array.map (fun a -> 2.0 * a) large) "2a")

                Check.scoped $"%A{σ}: fewer orders are the same numbers, and the dtype is kept" (fun () ->
                    let a = Tensor.linspace Placement.float32 -3.0 3.0 7
                    let all = Activation.derivatives 4 σ a

                    for n in 0..4 do
                        let some = Activation.derivatives n σ a
                        Expect.equal some.Length (n + 1) "count"
                        List.iteri2 (fun i x y -> Check.identical $"{n}/{i}" x y) some (List.truncate (n + 1) all))

            Check.scoped "GELU is a times the normal distribution function" (fun () ->
                // Φ(a) = 1/2 + ∫₀ᵃ φ by the trapezoidal rule of high accuracy: φ is analytic; Simpson with 2000 panels.
                let distribution a =
                    let n = 2000
                    let h = a / float n

                    let φ x =
                        exp (-0.5 * x * x) / sqrt (2.0 * Math.PI)

                    let sum =
                        Seq.sum
                            [
                                for i in 0..n ->
                                    φ (h * float i)
                                    * (if i = 0 || i = n then 1.0
                                       elif i % 2 = 1 then 4.0
                                       else 2.0)
                            ]

                    0.5 + sum * h / 3.0

                let a = [| -3.0; -0.5; 0.1; 1.7; 4.0 |]

                Check.close
                    1e-12
                    "gelu"
                    (Activation.apply Gelu (Tensor.ofArray double a))
                    (Tensor.ofArray double [| for a in a -> a * distribution a |]))

            Check.scoped "orders outside 0 to 4 are refused" (fun () ->
                let a = Tensor.ones double [ 2 ]

                for order in [ -1; 5 ] do
                    Check.refuses [ "order"; $"found {order}"; "0 to 4" ] (fun () ->
                        Activation.derivatives order Tanh a |> ignore))
        ]
