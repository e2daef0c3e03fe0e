namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// The normal distribution closest to an energy: the simplest part of it that is known for all times (`KnownPart`). A sampler's network then
/// need only learn the rest: nothing for a normal distribution, and what fades with time for others. Far out, where there are no points, u_t grows
/// like the part.
[<RequireQualifiedAccess>]
module internal NormalPart =

    /// Bounds of C⁻¹ in units of the inverse covariance of the points. Points follow a tempered density, wider than the density itself,
    /// which gives 1 at the least: then N(m, C) is as wide as the points, also where the energy has modes and no one curvature.
    let private least = 1.0

    let private most = 10.0

    /// In more dimensions a coupled form has too many coefficients to be fitted: mean and covariance of the points stand for it.
    let private mostCoupled = 64

    /// Coordinates that have a quadratic form in common: all of them together with all products, or groups that are alike without any.
    type private Form =
        | Coupled
        | Separate of Set<int> list

    let private formOf (network: Network) : Form =
        if Network.couples network then
            Coupled
        else
            Separate(Network.alike network)

    /// Mean and covariance of the points, as far as the form goes.
    let private moments form (points: Tensor) : float[] * Matrix<float> =
        let d = int points.shape[1]

        match form with
        | Coupled ->
            let mean = points.mean [| 0L |]
            let centred = points - mean

            Tensor.toArray mean,
            centred.t().mm centred ./ float (Tensor.rows points - 1)
            |> Tensor.toArray2D
            |> Matrix.Build.DenseOfArray
        | Separate groups ->
            let mean, variance = Array.zeroCreate d, Array.zeroCreate d

            for group in groups do
                let values = points.t () |> Tensor.pick (Set.toArray group)

                for k in group do
                    mean[k] <- Tensor.toFloat (values.mean ())
                    variance[k] <- Tensor.toFloat (values.var ())

            mean, Matrix.Build.DenseOfDiagonalArray variance

    /// The linear and quadratic monomials of the form at y (M × d), as columns, and what their coefficients say: b and P of b·y + ½ yᵀPy.
    let private monomials form (y: Tensor) : Tensor list * (float[] -> float[] * Matrix<float>) =
        let d = int y.shape[1]
        let column k = y.select (1L, int64 k)

        match form with
        | Coupled when d > mostCoupled -> [], (fun _ -> Array.zeroCreate d, Matrix<float>.Build.Dense(d, d))
        | Coupled ->
            let pairs =
                [
                    for i in 0 .. d - 1 do
                        for j in i .. d - 1 -> i, j
                ]

            [
                for k in 0 .. d - 1 -> column k
                for i, j in pairs -> (if i = j then 0.5 else 1.0) .* column i * column j
            ],
            fun coefficients ->
                let p = Matrix<float>.Build.Dense(d, d)

                for n, (i, j) in List.indexed pairs do
                    p[i, j] <- coefficients[d + n]
                    p[j, i] <- coefficients[d + n]

                Array.take d coefficients, p
        | Separate groups ->
            [
                for group in groups do
                    let values = y.t () |> Tensor.pick (Set.toArray group)
                    values.sum 0L
                    0.5 .* values.Square().sum 0L
            ],
            fun coefficients ->
                let b, p = Array.zeroCreate d, Array.zeroCreate d

                for n, group in List.indexed groups do
                    for k in group do
                        b[k] <- coefficients[2 * n]
                        p[k] <- coefficients[2 * n + 1]

                b, Matrix.Build.DenseOfDiagonalArray p

    /// The coefficients c (k) of least |F c − v|² for features F (M × k) and values v (M), by a QR factorisation. A drop of damping, 1e-8 of
    /// the columns' length, decides where features depend on each other. (libtorch's own least squares give other last digits from call to call.)
    let private leastSquares (features: Tensor) (values: Tensor) : float[] =
        let f = Tensor.place Placement.float64 features
        let v = Tensor.place Placement.float64 values
        let lengths = f.Square().sum(0L).sqrt().ClampMin(1e-300)
        let k = int f.shape[1]

        let damped =
            Tensor.concatenate 0L [ f / lengths; 1e-8 .* torch.eye (k, dtype = f.dtype, device = f.device) ]

        let wanted = Tensor.concatenate 0L [ v; v.new_zeros (int64 k) ]
        let struct (q, r) = torch.linalg.qr damped

        let coefficients =
            torch.linalg.solve_triangular (r, q.t().mv(wanted).unsqueeze 1L, upper = true)

        Tensor.toArray (coefficients.squeeze 1L / lengths)

    /// The number of points that `fit` wants.
    let wanted (network: Network) =
        let d = network.Domain.Dimension

        match formOf network with
        | Coupled when d > mostCoupled -> 10 * d
        | Coupled -> 3 * (1 + d + d * (d + 1) / 2)
        | Separate groups -> 3 * (1 + 2 * groups.Length)

    /// The normal distribution whose energy is closest to V at the points (M × d), which cover the density, by least squares, with bounds for its
    /// width in every direction: exact for the energy of a normal distribution. Coordinates are coupled where the network, which is to learn the
    /// rest, takes them together; a sum over blocks of coordinates could not represent what is left of such a coupling. Source:
    /// docs/mathematics.md, "The normal part". Raises what the energy raises, `ArgumentException` where it is not finite.
    let fit (network: Network) (energy: Tensor -> Tensor) (points: Tensor) : Mixture =
        Scope.free (fun () ->
            let placement = Placement.ofTensor points
            let form = formOf network
            let mean, covariance = moments form points
            let d = mean.Length

            let scale =
                (covariance + 1e-12 * covariance.Trace() / float d * Matrix.Build.DenseIdentity d).Cholesky().Factor

            let centred = points - Tensor.ofArray placement mean

            let y = centred.mm ((Tensor.ofArray2D placement ((scale.Inverse()).ToArray())).t())

            let columns, meaning = monomials form y
            // From the normal distribution of the points: where they do not tell, it stays.
            let values = energy points - 0.5 .* y.Square().sum 1L
            let features = Tensor.stack 1L (values.ones_like () :: columns)

            let b, p = meaning (Array.tail (leastSquares features values))
            let evd = (p + Matrix.Build.DenseIdentity d).Evd Symmetricity.Symmetric
            let curvature = evd.EigenValues |> Seq.map _.Real |> Seq.toArray
            let slope = evd.EigenVectors.TransposeThisAndMultiply(Vector.Build.DenseOfArray b)

            let centre =
                curvature
                |> Array.mapi (fun k λ ->
                    if λ > least then
                        max -1.0 (min 1.0 (-slope[k] / λ))
                    else
                        0.0)

            let spread = curvature |> Array.map (fun λ -> 1.0 / max least (min most λ))

            let back = scale * evd.EigenVectors

            Mixture.normal
                ((Vector.Build.DenseOfArray mean + back * Vector.Build.DenseOfArray centre).ToArray())
                ((back * Matrix.Build.DenseOfDiagonalArray spread * back.Transpose()).ToArray()))
