module Mne.Functional.Tests.BijectorTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References

/// Every kind, with the elements of a value that can be chosen freely, of the value as one row.
let private kinds: (string * Bijector * int list) list =
    let below n =
        [
            for i in 1 .. n - 1 do
                for j in 0 .. i - 1 -> i * n + j
        ]

    let lower n =
        [
            for i in 0 .. n - 1 do
                for j in 0..i -> i * n + j
        ]

    [
        "real", Bijector.real, [ 0 ]
        "positive", Bijector.positive, [ 0 ]
        "lower", Bijector.lower -3.0, [ 0 ]
        "upper", Bijector.upper 2.0, [ 0 ]
        "interval", Bijector.interval -2.0 5.0, [ 0 ]
        "unit", Bijector.unit, [ 0 ]
        "affine", Bijector.affine 3.0 0.25, [ 0 ]
        "ordered", Bijector.ordered 4, [ 0..3 ]
        "ordered, one", Bijector.ordered 1, [ 0 ]
        "positive ordered", Bijector.positiveOrdered 3, [ 0..2 ]
        "simplex", Bijector.simplex 4, [ 0..2 ]
        "correlation factor", Bijector.correlationCholesky 4, below 4
        "correlation", Bijector.correlation 4, below 4
        "covariance factor", Bijector.covarianceCholesky 3, lower 3
        "covariance", Bijector.covariance 3, lower 3
        "vector", Bijector.repeated [ 3 ] Bijector.positive, [ 0..2 ]
        "matrix", Bijector.repeated [ 2; 3 ] (Bijector.interval 0.0 4.0), [ 0..5 ]
        "rows of simplices", Bijector.repeated [ 2 ] (Bijector.simplex 3), [ 0; 1; 3; 4 ]
        "exponentials of an ordered vector",
        Bijector.ordered 3
        |> Bijector.andThen (Bijector.repeated [ 3 ] Bijector.positive),
        [ 0..2 ]
    ]

let private row (values: float list) : Tensor =
    Tensor.ofRows Placement.float64 [ values ]

let private flat (x: Tensor) : Tensor = x.reshape (x.shape[0], -1L)

/// The log-Jacobian by automatic differentiation of the elements that can be chosen freely.
let private automatic (bijector: Bijector) (free: int list) (y: Tensor) : Tensor =
    let value (y: Tensor) : Tensor =
        (flat (fst (bijector.Forward y))).index_select(1L, torch.tensor [| for i in free -> int64 i |])

    let struct (_, logDeterminant) = torch.linalg.slogdet (Diff.jacobian value y)
    logDeterminant

/// The value, in the shape of the bijector, and back.
let private shaped (bijector: Bijector) (values: float list list) : Tensor =
    (Tensor.ofRows Placement.float64 [ for row in values -> Seq.ofList row ]).reshape
        [| int64 values.Length; yield! List.map int64 bijector.Shape |]

[<Tests>]
let tests =
    testList
        "Bijector"
        [
            for name, bijector, free in kinds do
                Check.law
                    50
                    $"{name}: there and back to 1e-12, the log-Jacobian is that of autograd to 1e-10"
                    (fun seed ->
                        Scope.free (fun () ->
                            let y = 1.5 .* Check.normal seed [ 8; bijector.Dimension ]
                            let x, logJacobian = Bijector.forward bijector y
                            Expect.equal (List.ofArray x.shape) (8L :: List.map int64 bijector.Shape) "shape"
                            let back = Bijector.inverse bijector x

                            // A matrix tells y as far as its smallest eigenvalue is told by its elements.
                            let told =
                                match name with
                                | "correlation"
                                | "covariance" -> 1e-15 * Check.size (torch.linalg.cond x)
                                | _ -> 0.0

                            Expect.isLessThan (Check.size (back - y)) (1e-12 + told) "y again"
                            let again, _ = Bijector.forward bijector back
                            Expect.isLessThan (Check.size ((again - x) / (1.0 .+ x.abs ()))) 1e-12 "x again"

                            let apart = Check.size (logJacobian - automatic bijector free y)
                            Expect.isLessThan apart 1e-10 "log-Jacobian"))

            Check.scoped "numbers at the edges come back to 1e-12, relative to the distance from the bound" (fun () ->
                let next = 1.0 - Math.Pow(2.0, -53.0)

                for bijector, edge, values in
                    [
                        Bijector.real, 0.0, [ -1e300; 1e-300; 0.0; 700.0; -700.0 ]
                        Bijector.positive, 0.0, [ 1e-300; 1e-16; next; 1.0; 1e300 ]
                        Bijector.lower 0.0, 0.0, [ 1e-300; 1e300 ]
                        Bijector.upper 0.0, 0.0, [ -1e-300; -1e300 ]
                        Bijector.unit, 0.0, [ 1e-300; 1e-16; 0.5 ]
                        Bijector.unit, 1.0, [ 1.0 - 1e-3; 1.0 - Math.Pow(2.0, -30.0); next ]
                        Bijector.interval 0.0 2.0, 0.0, [ 1e-300; 1e-16; 1.0 ]
                        Bijector.interval -2.0 0.0, 0.0, [ -1e-300; -1e-16; -1.0 ]
                    ] do
                    let x = Tensor.ofArray Placement.float64 (Array.ofList values)
                    let again, _ = Bijector.forward bijector (Bijector.inverse bijector x)
                    // A distance from 1 is a multiple of 2^-53: that of one such is the closest there is.
                    let unit =
                        (x .- edge).abs() .+ (if edge = 0.0 then 0.0 else Math.Pow(2.0, -53.0) / 1e-12)

                    let off = ((again - x).abs() / unit).nan_to_num 0.0
                    Expect.isLessThan (Check.size off) 1.001e-12 $"{bijector}: {values}")

            Check.scoped
                "points at ±700 come back where the values can tell, and Jacobians are theirs everywhere"
                (fun () ->
                    let y = Tensor.ofRows Placement.float64 [ [ -700.0 ]; [ 700.0 ]; [ 1e-300 ] ]

                    let back bijector =
                        let x, logJacobian = Bijector.forward bijector y
                        Tensor.toArray (Bijector.inverse bijector x), Tensor.toArray logJacobian

                    let same name (actual: float[]) (expected: float[]) =
                        for a, e in Array.zip actual expected do
                            Expect.isLessThanOrEqual (abs (a - e)) (1e-12 * (1.0 + abs e)) name

                    let all = [| -700.0; 700.0; 1e-300 |]
                    same "positive" (fst (back Bijector.positive)) all
                    same "positive, Jacobian" (snd (back Bijector.positive)) all
                    // 1 − e^−700 is 1, the edge.
                    let saturated = fst (back Bijector.unit)
                    Expect.equal saturated[1] infinity "unit, the upper edge"
                    same "unit" [| saturated[0] |] [| all[0] |]
                    same "unit, Jacobian" (snd (back Bijector.unit)) [| -700.0; -700.0; -log 4.0 |]
                    let wide = Bijector.interval -3.0 4.0

                    same
                        "interval, Jacobian"
                        (snd (back wide))
                        [| for v in [ -700.0; -700.0; -log 4.0 ] -> v + log 7.0 |])

            Check.scoped "vectors and matrices at the edges" (fun () ->
                let there bijector (y: float list) =
                    let y = row y
                    let x, logJacobian = Bijector.forward bijector y
                    Expect.isTrue (Tensor.isFinite x && Tensor.isFinite logJacobian) $"{bijector}: finite"
                    Check.size ((Bijector.inverse bijector x - y) / (1.0 .+ y.abs ()))

                for bijector, y in
                    [
                        Bijector.ordered 3, [ 0.0; -700.0; -2.0 ]
                        Bijector.positiveOrdered 3, [ -700.0; -690.0; 300.0 ]
                        Bijector.simplex 3, [ -700.0; 0.3 ]
                        Bijector.simplex 3, [ 0.3; -700.0 ]
                        Bijector.correlationCholesky 3, [ 700.0; -700.0; 0.5 ]
                        Bijector.correlationCholesky 3, [ 1e-300; -1e-300; 700.0 ]
                        Bijector.correlationCholesky 2, [ -350.0 ]
                        Bijector.covarianceCholesky 2, [ 700.0; 1e-300; -700.0 ]
                        Bijector.covariance 2, [ 350.0; 0.5; -1.0 ]
                        Bijector.covariance 2, [ -350.0; 0.5; 1.0 ]
                    ] do
                    Expect.isLessThan (there bijector y) 1e-12 $"{bijector}: {y}"

                for bijector, x in
                    [
                        Bijector.simplex 3, [ 1e-300; 1.0; 1e-16 ]
                        Bijector.simplex 2, [ 1.0 - Math.Pow(2.0, -53.0); Math.Pow(2.0, -53.0) ]
                        Bijector.ordered 2, [ 0.0; 1e-300 ]
                        Bijector.positiveOrdered 2, [ 1e-300; 1e300 ]
                    ] do
                    let x = shaped bijector [ x ]
                    let again, _ = Bijector.forward bijector (Bijector.inverse bijector x)
                    Expect.isLessThan (Check.size ((again - x) / x.ClampMin 1e-305)) 1e-12 $"{bijector}")

            Check.scoped "Stan's simplex: 0 is the centre, its last element what is left" (fun () ->
                let x, _ = Bijector.forward (Bijector.simplex 4) (row [ 0.0; 0.0; 0.0 ])
                Check.close 1e-15 "centre" x (row [ 0.25; 0.25; 0.25; 0.25 ])
                // By the formula of the manual, one break after another.
                let y = [ 0.4; -1.2; 2.0 ]

                let pieces, rest =
                    (([], 1.0), List.indexed y)
                    ||> List.fold (fun (pieces, rest) (k, y) ->
                        let z = 1.0 / (1.0 + exp (-(y + log (1.0 / float (3 - k)))))
                        pieces @ [ rest * z ], rest - rest * z)

                let x, _ = Bijector.forward (Bijector.simplex 4) (row y)
                Check.close 1e-14 "pieces" x (row (pieces @ [ rest ])))

            Check.scoped "Stan's matrices: factors are filled by rows, correlations by columns" (fun () ->
                let z = [ 0.3; -0.5; 0.8 ]
                let y = row [ for z in z -> Math.Atanh z ]
                let l, _ = Bijector.forward (Bijector.correlationCholesky 3) y
                let l = Tensor.toArray2D (l.squeeze 0L)
                Expect.floatClose Accuracy.veryHigh l[1, 0] z[0] "L₂₁"
                Expect.floatClose Accuracy.veryHigh l[2, 0] z[1] "L₃₁"
                Expect.floatClose Accuracy.veryHigh l[2, 1] (z[2] * sqrt (1.0 - z[1] * z[1])) "L₃₂"
                let r, _ = Bijector.forward (Bijector.correlation 3) y
                let r = Tensor.toArray2D (r.squeeze 0L)
                Expect.floatClose Accuracy.veryHigh r[1, 0] z[0] "r₂₁"
                Expect.floatClose Accuracy.veryHigh r[2, 0] z[1] "r₃₁"

                Expect.floatClose
                    Accuracy.veryHigh
                    r[2, 1]
                    (z[0] * z[1] + z[2] * sqrt ((1.0 - z[0] * z[0]) * (1.0 - z[1] * z[1])))
                    "r₃₂")

            Check.scoped "densities of angles and directions keep their integral" (fun () ->
                let logZ bijector (logDensity: Tensor -> Tensor) =
                    let x = Tensor.linspace Placement.float64 -9.0 9.0 601
                    let grid = torch.cartesian_prod (x, x)
                    let value, logJacobian = Bijector.forward bijector grid

                    Tensor.toFloat ((logDensity value .+ logJacobian).logsumexp 0L)
                    + 2.0 * log (18.0 / 600.0)

                // ∫ exp(κ cos(φ − 2)) dφ = 2π I₀(κ), and an area of 2π.
                let mises = logZ Bijector.angle (fun φ -> 1.5 .* (φ .- 2.0).cos())
                let bessel = MathNet.Numerics.SpecialFunctions.BesselI0 1.5
                Expect.isLessThan (abs (mises - log (2.0 * Math.PI * bessel))) 1e-5 "angle"
                let area = logZ (Bijector.unitVector 2) (fun x -> x.new_zeros x.shape[0])
                Expect.isLessThan (abs (area - log (2.0 * Math.PI))) 1e-9 "circle"
                // On the sphere the length has the density of χ, which integrates to the area 4π.
                let _, logJacobian =
                    Bijector.forward (Bijector.unitVector 3) (row [ 0.6; 0.0; 0.8 ])

                let rays =
                    Quadrature.logIntegral 0.0 20.0 (fun r ->
                        2.0 * log (max r 1e-300) + Tensor.toFloat logJacobian + 0.5 - 0.5 * r * r)

                Expect.isLessThan (abs rays) 1e-9 "sphere: ∫ r² e^J dr = 1"
                let x = row [ 0.6; 0.0; 0.8 ]
                Check.close 1e-15 "direction" (fst (Bijector.forward (Bijector.unitVector 3) (3.0 .* x))) x
                let φ = Tensor.ofArray Placement.float64 [| -3.1; 0.2; 3.0 |]
                let again, _ = Bijector.forward Bijector.angle (Bijector.inverse Bijector.angle φ)
                Check.close 1e-15 "angle" again φ)

            test "values that do not keep the constraint are refused, with the row" {
                let refuse parts bijector (values: float list list) =
                    Check.refuses ("values: found" :: parts) (fun () ->
                        Bijector.inverse bijector (shaped bijector values) |> ignore)

                refuse [ "-1 in row 1"; "a positive number" ] Bijector.positive [ [ 1.0 ]; [ -1.0 ] ]
                refuse [ "1.5"; "between 0 and 1" ] Bijector.unit [ [ 1.5 ] ]
                refuse [ "between -1 and 2" ] (Bijector.interval -1.0 2.0) [ [ -1.5 ] ]
                refuse [ "greater than the one before" ] (Bijector.ordered 2) [ [ 1.0; 0.5 ] ]
                refuse [ "sum to 1" ] (Bijector.simplex 2) [ [ 0.5; 0.6 ] ]
                refuse [ "length 1" ] (Bijector.unitVector 2) [ [ 0.5; 0.6 ] ]
                refuse [ "angle" ] Bijector.angle [ [ 4.0 ] ]
                refuse [ "correlation" ] (Bijector.correlation 2) [ [ 1.0; 1.5; 1.5; 1.0 ] ]
                refuse [ "correlation" ] (Bijector.correlation 2) [ [ 1.0; 0.5; 0.4; 1.0 ] ]
                refuse [ "factor" ] (Bijector.correlationCholesky 2) [ [ 1.0; 0.0; 0.5; 0.5 ] ]
                refuse [ "factor" ] (Bijector.covarianceCholesky 2) [ [ 1.0; 0.5; 0.5; 1.0 ] ]
                refuse [ "covariance" ] (Bijector.covariance 2) [ [ 1.0; 2.0; 2.0; 1.0 ] ]
            }

            test "shapes and sizes that do not fit are refused" {
                let points = Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ] ]
                Check.refuses [ "y: found"; "M × 1" ] (fun () -> Bijector.forward Bijector.positive points |> ignore)

                Check.refuses [ "values: found"; "M × 3" ] (fun () ->
                    Bijector.inverse (Bijector.ordered 3) points |> ignore)

                Check.refuses [ "n: found 1" ] (fun () -> Bijector.simplex 1 |> ignore)
                Check.refuses [ "highest"; "greater than 2" ] (fun () -> Bijector.interval 2.0 1.0 |> ignore)
                Check.refuses [ "shape: found" ] (fun () -> Bijector.repeated [ 0 ] Bijector.real |> ignore)

                Check.refuses [ "second: it takes 1 numbers" ] (fun () ->
                    Bijector.ordered 2 |> Bijector.andThen Bijector.positive |> ignore)
            }

            test "nothing is left behind" {
                let factors = Bijector.correlationCholesky 3

                Assert.frees (fun () ->
                    use y = Tensor.ofRows Placement.float64 [ [ 0.1; 0.2; 0.3 ] ]
                    let x, logJacobian = Bijector.forward factors y
                    use x = x
                    use _ = logJacobian
                    use _ = Bijector.inverse factors x
                    ())
            }

            Check.scoped "second derivatives are those of differences" (fun () ->
                for name, bijector, _ in kinds do
                    let energy (y: Tensor) =
                        let x, logJacobian = bijector.Forward y
                        (flat x).sin().sum 1L .+ logJacobian

                    let y = 0.7 .* Check.normal 3 [ 2; bijector.Dimension ]
                    let h = 1e-5

                    let difference =
                        Tensor.stack
                            2L
                            [
                                for k in 0 .. bijector.Dimension - 1 ->
                                    let step =
                                        h
                                        .* (torch.eye (int64 bijector.Dimension, dtype = torch.float64))
                                            .narrow(0L, int64 k, 1L)

                                    (Diff.grad energy (y .+ step) - Diff.grad energy (y - step)) ./ (2.0 * h)
                            ]

                    Check.close 1e-7 name (Diff.hessian energy y) difference)
        ]
