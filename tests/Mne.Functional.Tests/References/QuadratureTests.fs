module Mne.Functional.Tests.QuadratureReferenceTests

open System
open Expecto
open Expecto.Flip
open FsCheck
open MathNet.Numerics.Distributions
open Mne.Functional.References
open Mne.Functional.Tests.Expected

[<Tests>]
let tests =
    testList
        "References.Quadrature and mixtures"
        [
            testCase "log integral of a Gaussian"
            <| fun _ ->
                Quadrature.logIntegral -20.0 24.0 (fun x -> 7.0 - 0.5 * (x - 2.0) ** 2.0)
                |> near 1e-12 "log Z" (7.0 + 0.5 * log tau)

            testCase "sixteen many-well pairs have the published normaliser"
            <| fun _ -> near 5e-7 "log Z" 164.695675 (Targets.manyWellLogZ 16)

            testCase "tilted double well agrees with Gauss–Legendre quadrature"
            <| fun _ ->
                let panels =
                    [
                        for i in -8 .. 7 ->
                            MathNet.Numerics.Integration.GaussLegendreRule.Integrate(
                                (fun x -> exp (Targets.tiltedDoubleWell x)),
                                float i / 2.0,
                                float (i + 1) / 2.0,
                                32
                            )
                    ]

                near 1e-12 "log Z" (log (List.sum panels)) (Targets.tiltedDoubleWellsLogZ 1)

            testCase "a density with a jump is refused with advice"
            <| fun _ ->
                Expect.throwsT<NotConvergedException> "jump" (fun () ->
                    Quadrature.logIntegral 0.0 1.0 (fun x -> if x < 0.3 then 0.0 else -5.0)
                    |> ignore)

            testCase "moments of a correlated Gaussian in three dimensions"
            <| fun _ ->
                // Precision matrix tridiagonal (−1, 2, −1): covariance min(i, j)(4 − max(i, j))/4, determinant 1/4.
                let centre = [| 0.5; -1.0; 2.0 |]

                let moments =
                    Quadrature.moments (centre |> Array.map (fun c -> c - 9.0, c + 8.5, 61)) (fun x ->
                        let z = Array.map2 (-) x centre

                        3.0
                        - 0.5
                          * (2.0 * (z[0] * z[0] + z[1] * z[1] + z[2] * z[2])
                             - 2.0 * (z[0] * z[1] + z[1] * z[2])))

                near 1e-11 "log Z" (3.0 + 1.5 * log tau - 0.5 * log 4.0) moments.LogZ
                nearAll 1e-11 "mean" centre moments.Mean

                for i in 1..3 do
                    nearAll
                        1e-11
                        $"row {i}"
                        [| for j in 1..3 -> float (min i j * (4 - max i j)) / 4.0 |]
                        moments.Covariance.[i - 1]

            testCase "the mixtures are normalised, with the moments they claim"
            <| fun _ ->
                for mixture, width in [ Targets.fourModes, 8.0; Targets.twentyFiveModes, 15.0 ] do
                    let moments =
                        Quadrature.moments [| -width, width, 201; -width, width, 201 |] (Mixture.logDensity mixture)

                    near 1e-11 "log Z" 0.0 moments.LogZ
                    nearAll 1e-10 "mean" (Mixture.mean mixture) moments.Mean
                    Array.iteri2 (fun i -> nearAll 1e-9 $"row {i}") (Mixture.covariance mixture) moments.Covariance

            Check.property "a marginal times its conditional is the joint density"
            <| fun (NormalFloat x) (NormalFloat y) (NormalFloat z) ->
                let wrap v = Math.IEEERemainder(v, 20.0)
                let x, y, z = wrap x, wrap y, wrap z
                let mixture = Problems.advection 3 0.4
                let joint = Mixture.logDensity mixture [| x; y; z |]
                let marginal = Mixture.marginal [| 2; 0 |] mixture
                let conditional = Mixture.conditional [| 2, z; 0, x |] mixture

                Mixture.logDensity marginal [| z; x |] + Mixture.logDensity conditional [| y |]
                |> near (1e-12 * (1.0 + abs joint)) "log density" joint

            testCase "draws from the four modes have their weights, and depend on the seed alone"
            <| fun _ ->
                let n = 20000
                let draws = Mixture.sample 1 n Targets.fourModes
                Expect.equal "same seed" draws (Mixture.sample 1 n Targets.fourModes)
                Expect.notEqual "other seed" draws (Mixture.sample 2 n Targets.fourModes)

                let counts =
                    draws |> Array.countBy (Mixture.nearest Targets.fourModes) |> Map.ofArray

                Targets.fourModes.Weights
                |> Array.iteri (fun m w ->
                    // Five standard errors, and the tails that lie nearer to another mode (0.1 % at 2/0.6 deviations).
                    near (5.0 * sqrt (w * (1.0 - w) / float n) + 1e-3) $"mode {m}" w (float counts[m] / float n))

                for k in 0..1 do
                    let variance = (Mixture.covariance Targets.fourModes).[k][k]

                    draws
                    |> Array.averageBy (fun x -> x[k])
                    |> near (5.0 * sqrt (variance / float n)) $"mean {k}" (Mixture.mean Targets.fourModes).[k]

            testCase "draws of the other targets follow their distributions"
            <| fun _ ->
                let n = 20000

                // Largest gap between the empirical and the exact distribution function, times √n: beyond 2.2 with
                // probability 1e-4 (Kolmogorov).
                let gap (distribution: float -> float) (draws: float[]) =
                    Array.sort draws
                    |> Array.mapi (fun i x -> abs (distribution x - (float i + 0.5) / float n))
                    |> Array.max
                    |> (*) (sqrt (float n))

                let byQuadrature low logDensity =
                    let total = Quadrature.trapezoid low -low 2000 (logDensity >> exp)

                    fun x -> Quadrature.trapezoid low x 300 (logDensity >> exp) / total

                let column k (draws: float[][]) = draws |> Array.map (fun x -> x[k])
                let normal x = Normal.CDF(0.0, 1.0, x)

                Targets.sampleTiltedDoubleWells 3 2 n
                |> column 1
                |> gap (byQuadrature -4.0 Targets.tiltedDoubleWell)
                |> atMost 2.2 "tilted double well"

                let wells = Targets.sampleManyWell 4 2 n

                wells
                |> column 2
                |> gap (byQuadrature -5.0 Targets.manyWellFirst)
                |> atMost 2.2 "many-well, first"

                wells |> column 3 |> gap normal |> atMost 2.2 "many-well, second"

                let funnel = Targets.sampleFunnel 5 3 n

                funnel
                |> Array.map (fun x -> x[0] / 3.0)
                |> gap normal
                |> atMost 2.2 "funnel, x0"

                funnel
                |> Array.map (fun x -> x[2] * exp (-0.5 * x[0]))
                |> gap normal
                |> atMost 2.2 "funnel, x2"
        ]
