namespace Mne.Functional

open TorchSharp

/// Coordinates y in which a density has about unit size and no correlations: x = m + L y.
type internal Whitening =
    {
        /// m (d).
        Shift: float[]
        /// L (d × d), lower triangular.
        Scale: float[,]
    }

/// Affine coordinates. Points and densities of one are taken to the other here and nowhere else.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Whitening =

    /// Coordinates in units of `length`.
    let scaled (length: float) (d: int) : Whitening =
        {
            Shift = Array.zeroCreate d
            Scale = Array2D.init d d (fun i j -> if i = j then length else 0.0)
        }

    /// The caller's coordinates.
    let none (d: int) : Whitening = scaled 1.0 d

    /// From a mean (d) and a covariance (d × d), whose coordinates may differ in unit by many orders of magnitude.
    let private ofMoments (mean: Tensor) (covariance: Tensor) : Whitening =
        let size = covariance.diagonal().sqrt()
        let correlation = covariance / size.unsqueeze 0L / size.unsqueeze 1L
        let identity = torch.eye (mean.shape[0], dtype = mean.dtype, device = mean.device)

        /// With as little of the identity as makes it positive definite in the precision at hand.
        let rec root jitter =
            let struct (l, failed) =
                torch.linalg.cholesky_ex (correlation .+ jitter .* identity)

            if Tensor.toFloat failed = 0.0 then
                l
            else
                root (max 1e-15 (100.0 * jitter))

        {
            Shift = Tensor.toArray mean
            Scale = Tensor.toArray2D (size.unsqueeze 1L * root 0.0)
        }

    /// In which points (N × d) have the mean 0 and the covariance I.
    let ofPoints (points: Tensor) : Whitening =
        Scope.free (fun () ->
            let points = Tensor.place Placement.float64 points
            ofMoments (points.mean [| 0L |]) ((points.t ()).cov().reshape(points.shape[1], points.shape[1])))

    /// The moments of a mixture. Call it inside a scope.
    let private moments (mixture: Mixture) : Tensor * Tensor =
        let weights = Tensor.ofArray Placement.float64 mixture.Weights
        let means = Tensor.ofRows Placement.float64 (Seq.map Seq.ofArray mixture.Means)
        let mean = weights.unsqueeze(0L).mm(means).squeeze 0L
        let centred = means - mean

        let within =
            mixture.Covariances
            |> Array.map2 (fun w c -> w .* Tensor.ofArray2D Placement.float64 c) mixture.Weights
            |> Array.reduce (fun a b -> a .+ b)

        mean, within .+ (centred * weights.unsqueeze 1L).t().mm centred

    /// In which a mixture has.
    let ofMixture (mixture: Mixture) : Whitening =
        Scope.free (fun () -> moments mixture ||> ofMoments)

    /// The normal distribution with the moments of a mixture.
    let whole (mixture: Mixture) : Mixture =
        Scope.free (fun () ->
            let mean, covariance = moments mixture
            Mixture.normal (Tensor.toArray mean) (Tensor.toArray2D covariance))

    let private shift placement whitening =
        Tensor.ofArray placement whitening.Shift

    let private scale placement whitening =
        Tensor.ofArray2D placement whitening.Scale

    /// log |det L|.
    let logDeterminant (whitening: Whitening) : float =
        Seq.sum [ for k in 0 .. whitening.Shift.Length - 1 -> log (abs whitening.Scale[k, k]) ]

    /// x from y (N × d).
    let back (whitening: Whitening) (y: Tensor) : Tensor =
        let placement = Placement.ofTensor y
        y.mm ((scale placement whitening).t()) .+ shift placement whitening

    /// y from x (N × d).
    let apply (whitening: Whitening) (x: Tensor) : Tensor =
        let placement = Placement.ofTensor x
        let centred = (x - shift placement whitening).t()

        torch.linalg.solve_triangular(scale placement whitening, centred, upper = false).t().contiguous()

    /// The density of y, with the same Z.
    let density (whitening: Whitening) (target: Density) : Density =
        let constant = logDeterminant whitening

        { target with
            Energy = fun y -> target.Energy(back whitening y) .- constant
        }

    /// The coordinates of one within those of another, as coordinates by themselves.
    let within (outer: Whitening) (inner: Whitening) : Whitening =
        Scope.free (fun () ->
            {
                Shift =
                    Tensor.toArray (
                        (back outer (Tensor.ofRows Placement.float64 [ Seq.ofArray inner.Shift ])).squeeze 0L
                    )
                Scale = Tensor.toArray2D ((scale Placement.float64 outer).mm(scale Placement.float64 inner))
            })

    /// A mixture in y.
    let mixture (whitening: Whitening) (mixture: Mixture) : Mixture =
        Scope.free (fun () ->
            let means = Tensor.ofRows Placement.float64 (Seq.map Seq.ofArray mixture.Means)
            let rows = Tensor.toArray2D (apply whitening means)

            let covariance (c: float[,]) =
                let l = scale Placement.float64 whitening

                let half =
                    torch.linalg.solve_triangular (l, Tensor.ofArray2D Placement.float64 c, upper = false)

                let whole = torch.linalg.solve_triangular (l, half.t (), upper = false)
                Tensor.toArray2D (0.5 .* (whole .+ whole.t ()))

            { mixture with
                Means = Array.init mixture.Components (fun k -> rows[k, *])
                Covariances = Array.map covariance mixture.Covariances
            })
