module Mne.Functional.Tests.MixtureTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private mixture d =
    Mixture.blend
        [
            0.7, Mixture.normal (Array.init d (fun k -> float k - 3.0)) (Check.covariance 1 d)
            0.3, Mixture.normal (Array.init d (fun k -> 3.0 - 0.5 * float k)) (Check.covariance 2 d)
        ]

/// Mean and covariance of Σ w_k N(m_k, C_k).
let private moments (mixture: Mixture) =
    let d = mixture.Dimension

    let mean =
        Array.init d (fun i -> Array.fold2 (fun sum w (m: float[]) -> sum + w * m[i]) 0.0 mixture.Weights mixture.Means)

    mean,
    Array2D.init d d (fun i j ->
        Seq.sum
            [
                for k in 0 .. mixture.Components - 1 ->
                    mixture.Weights[k]
                    * (mixture.Covariances[k].[i, j]
                       + (mixture.Means[k].[i] - mean[i]) * (mixture.Means[k].[j] - mean[j]))
            ])

[<Tests>]
let tests =
    testList
        "Mixture"
        [
            Check.scoped "the log-density is that of the formula, component by component" (fun () ->
                let mixture = mixture 3
                let x = 2.0 .* Check.normal 5 [ 50; 3 ]

                let expected =
                    [
                        for k in 0..1 ->
                            let normal =
                                Reference.normal
                                    (List.ofArray mixture.Means[k])
                                    (Covariance.Full mixture.Covariances[k])

                            normal.LogDensity x .+ log mixture.Weights[k]
                    ]
                    |> Tensor.stack 0L

                Check.close 1e-11 "log q" (Mixture.logDensity x mixture) (expected.logsumexp 0L))

            Check.scoped "draws have the mixture's mean and covariance, and the same seed gives the same" (fun () ->
                let mixture = mixture 3
                let mean, covariance = moments mixture
                let x = mixture |> Mixture.draw Placement.float64 7 40_000
                // Five standard errors of 40,000 draws of deviation 3.
                Check.close 0.08 "mean" (x.mean [| 0L |]) (Tensor.ofArray Placement.float64 mean)
                Check.close 0.3 "covariance" ((x.t ()).cov()) (Tensor.ofArray2D Placement.float64 covariance)

                Expect.equal
                    (Tensor.toArray x)
                    (mixture |> Mixture.draw Placement.float64 7 40_000 |> Tensor.toArray)
                    "same bits")

            Check.scoped "heavy proposals are normalised densities" (fun () ->
                // ∫ q dx over the line by the trapezoidal rule; tails of ν = 3 beyond 2,000 deviations hold 1e-10.
                let proposal = MixtureProposal.create 0.5 (mixture 1)
                let u = Tensor.linspace Placement.float64 -9.0 9.0 20_001
                // x = sinh u
                let q =
                    (MixtureProposal.logDensity proposal (u.sinh().unsqueeze 1L)).exp() * u.cosh ()

                let integral = Tensor.toFloat (q.sum ()) * 18.0 / 20_000.0
                Expect.floatClose Accuracy.medium integral 1.0 "∫ q")

            Check.scoped "a fit finds the mixture that points came from, weights of points included" (fun () ->
                let truth = mixture 2
                let x = truth |> Mixture.draw Placement.float64 3 4000
                // Points of a twice as wide normal distribution, weighted to the mixture.
                let wide = Mixture.normal [| 0.0; 0.0 |] (array2D [ [ 25.0; 0.0 ]; [ 0.0; 25.0 ] ])
                let y = wide |> Mixture.draw Placement.float64 4 20_000
                let weights = Mixture.logDensity y truth - Mixture.logDensity y wide

                for name, points, logWeights in [ "equal weights", x, x.new_zeros 4000L; "unequal", y, weights ] do
                    let fitted = MixtureFit.improve 8 20 points logWeights wide
                    let fresh = truth |> Mixture.draw Placement.float64 5 4000

                    let divergence =
                        Tensor.toFloat ((Mixture.logDensity fresh truth - Mixture.logDensity fresh fitted).mean())

                    Expect.isLessThan divergence 0.01 name)

            Check.scoped "what is no mixture is refused, by name" (fun () ->
                let good = mixture 2

                for bad in
                    [
                        { good with Weights = [| 1.0 |] }
                        { good with Weights = [| 1.0; -0.1 |] }
                        { good with
                            Means = [| [| 1.0 |]; [| 2.0 |] |]
                        }
                        { good with
                            Covariances = [| good.Covariances[0]; array2D [ [ 1.0; 0.0 ]; [ 0.0; -1.0 ] ] |]
                        }
                    ] do
                    let refused =
                        Assert.raises<ArgumentException>(fun () -> Mixture.check "Known" 2 bad)

                    Expect.equal refused.ParamName "Known" $"%A{bad}")
        ]
