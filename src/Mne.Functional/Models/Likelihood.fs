namespace Mne.Functional

open TorchSharp

/// <summary>Log-likelihoods of many observations.</summary>
[<RequireQualifiedAccess>]
module Likelihood =

    /// <summary>
    /// The log-likelihood of a linear regression, responses that are normal about X β with the deviation σ. The observations are looked at once, when it is made:
    /// |y − X β|² = |R (β, −1)|² with R from the QR decomposition of X beside y, exactly; a million rows cost no more than a hundred thereafter.
    /// </summary>
    /// <param name="predictors">X (n × k), a row for each observation; an intercept is a column of ones.</param>
    /// <param name="responses">y (n).</param>
    /// <returns>A function of β (M × k) and σ (M × 1) that gives log-likelihoods (M × 1). It owns a small tensor.</returns>
    /// <exception cref="T:System.ArgumentException">Shapes do not fit, or a number is not finite.</exception>
    /// <example><code>
    /// let x = Tensor.ofRows Placement.float64 [ [ 1.0; 0.0 ]; [ 1.0; 1.0 ]; [ 1.0; 2.0 ] ]
    /// let y = Tensor.ofArray Placement.float64 [| 0.1; 0.9; 2.1 |]
    /// let likelihood = Likelihood.linear x y
    ///
    /// let line =
    ///     Model.create [ Parameter.vector 2 "beta"; Parameter.positive "sigma" ] (fun p -&gt;
    ///         [ Distribution.HalfNormal(p["sigma"], 1.0); likelihood p["beta"] p["sigma"] ])
    /// </code></example>
    let linear (predictors: Tensor) (responses: Tensor) : Tensor -> Tensor -> Tensor =
        Guard.cloud "predictors" predictors
        Guard.finite "predictors" predictors
        let n, k = int predictors.shape[0], predictors.shape[1]
        Guard.vector "responses" n responses
        Guard.samePlacement "responses" responses "predictors" predictors
        Guard.finite "responses" responses

        let r =
            Scope.keep (fun () ->
                let struct (_, r) =
                    torch.linalg.qr (
                        Tensor.concatenate 1L [ predictors.detach (); responses.detach().unsqueeze 1L ],
                        torch.linalg.QRMode.R
                    )

                r.t().contiguous())

        Scope.detach [ r ]

        fun coefficients deviation ->
            Guard.points "coefficients" (int k) coefficients
            Guard.numbers "deviation" deviation

            Scope.keep (fun () ->
                let rest = coefficients.mm (r.narrow (0L, 0L, k)) - r.narrow (0L, k, 1L)
                let deviation = deviation.reshape (-1L, 1L)

                -0.5 .* rest.Square().sum(1L, true) / deviation.Square()
                - float n .* deviation.log ()
                .- 0.5 * float n * LogDensity.log2π)
