namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// A mixture of normal distributions, Σ w_k N(m_k, C_k). A process with Gaussian transitions carries it along in closed form, so that a
/// sampler's network need only learn what the mixture misses.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Mixture =
    {
        /// <summary>w (K): positive, with the sum 1.</summary>
        Weights: float[]
        /// <summary>m_k (K of length d).</summary>
        Means: float[][]
        /// <summary>C_k (K of d × d), positive definite.</summary>
        Covariances: float[,][]
    }

    /// <summary>K, the number of components.</summary>
    member mixture.Components = mixture.Weights.Length

    /// <summary>d, the dimension of space.</summary>
    member mixture.Dimension =
        if mixture.Means.Length = 0 then
            0
        else
            mixture.Means[0].Length

/// A mixture in tensors of one placement, ready to be computed with.
type internal Normals =
    {
        /// log w_k (K).
        LogWeights: Tensor
        /// m_k (K × d).
        Means: Tensor
        /// L_k with C_k = L_k L_kᵀ (K × d × d).
        Roots: Tensor
        /// L_k⁻¹ (K × d × d).
        Whiteners: Tensor
    }

/// Mixtures in tensors. Functions are called inside a scope.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Normals =

    /// From log w (K), m (K × d) and C (K × d × d).
    let ofMoments (logWeights: Tensor) (means: Tensor) (covariances: Tensor) : Normals =
        let d = means.shape[1]
        let diagonal = covariances.diagonal(0L, 1L, 2L).diag_embed(0L, 1L, 2L)

        /// With as little of the diagonal as makes them positive definite in the precision at hand.
        let rec factorise jitter =
            let struct (l, failed) =
                torch.linalg.cholesky_ex (covariances .+ jitter .* diagonal)

            if Tensor.toFloat (failed.sum ()) = 0.0 then
                l
            elif jitter > 1e-3 then
                Guard.fail
                    "Covariances"
                    "found a matrix that is not positive definite; leave out directions that do not vary"
            else
                factorise (max 1e-14 (100.0 * jitter))

        let roots = factorise 0.0

        let identity =
            torch.eye(d, dtype = roots.dtype, device = roots.device).expand_as covariances

        {
            LogWeights = logWeights
            Means = means
            Roots = roots
            Whiteners = torch.linalg.solve_triangular (roots, identity, upper = false)
        }

    let ofMixture (placement: Placement) (mixture: Mixture) : Normals =
        ofMoments
            (Tensor.ofArray placement (Array.map log mixture.Weights))
            (Tensor.ofRows placement (Seq.map Seq.ofArray mixture.Means))
            (mixture.Covariances |> Seq.map (Tensor.ofArray2D placement) |> Tensor.stack 0L)

    let tensors (normals: Normals) =
        [ normals.LogWeights; normals.Means; normals.Roots; normals.Whiteners ]

    /// L_k⁻¹ (x − m_k) (K × N × d).
    let whitened (normals: Normals) (points: Tensor) : Tensor =
        (points.unsqueeze 0L - normals.Means.unsqueeze 1L).matmul(normals.Whiteners.transpose (1L, 2L))

    /// Σ log diag L_k⁻¹ (K).
    let private logScale (normals: Normals) : Tensor =
        normals.Whiteners.diagonal(0L, 1L, 2L).log().sum 1L

    /// log w_k N(x; m_k, C_k) (K × N) from the whitened points.
    let logTerms (normals: Normals) (whitened: Tensor) : Tensor =
        let d = float normals.Means.shape[1]

        (normals.LogWeights .+ logScale normals .- 0.5 * d * log (2.0 * Math.PI)).unsqueeze 1L
        - 0.5 .* whitened.Square().sum 2L

    /// log w_k T_ν(x; m_k, C_k) (K × N): multivariate Student distributions in place of normal ones.
    let private logStudentTerms (ν: float) (normals: Normals) (whitened: Tensor) : Tensor =
        let d = float normals.Means.shape[1]

        let constant =
            MathNet.Numerics.SpecialFunctions.GammaLn(0.5 * (ν + d))
            - MathNet.Numerics.SpecialFunctions.GammaLn(0.5 * ν)
            - 0.5 * d * log (ν * Math.PI)

        (normals.LogWeights .+ logScale normals .+ constant).unsqueeze 1L
        - 0.5 * (ν + d) .* (whitened.Square().sum 2L ./ ν).log1p()

    /// log Σ of terms at points, some rows at a time so that no K × N × d tensor is large.
    let private logSum (terms: Normals -> Tensor -> Tensor) (normals: Normals) (points: Tensor) : Tensor =
        let perRow = int (normals.Means.shape[0] * normals.Means.shape[1])

        Tensor.rows points
        |> Rows.pieces (Rows.within 4_000_000 perRow)
        |> Rows.map 0L (fun piece -> (terms normals (whitened normals (Rows.narrow piece points))).logsumexp 0L)

    /// log Σ w_k N(x; m_k, C_k) (N).
    let logDensity (normals: Normals) (points: Tensor) : Tensor = logSum logTerms normals points

    /// log Σ w_k T_ν(x; m_k, C_k) (N).
    let logStudentDensity (ν: float) (normals: Normals) (points: Tensor) : Tensor =
        logSum (logStudentTerms ν) normals points

    /// Component indices (M) in proportion to the weights, from uniform numbers.
    let private choose (placement: Placement) (seed: int) (count: int) (normals: Normals) : Tensor =
        let cumulative = normals.LogWeights.exp().cumsum 0L
        let uniform = Random.uniform placement seed [ count ] * cumulative[-1]

        // The last sum is not less than any of the numbers.
        torch.searchsorted (cumulative.narrow (0L, 0L, cumulative.shape[0] - 1L), uniform)

    /// Points from the components (M × d), given standard numbers (M × d), some rows at a time so that no M × d × d tensor is large.
    let draw (seed: int) (noise: Tensor) (normals: Normals) : Tensor =
        let d = int noise.shape[1]
        let chosen = choose (Placement.ofTensor noise) seed (Tensor.rows noise) normals

        Tensor.rows noise
        |> Rows.pieces (Rows.within 4_000_000 (d * d))
        |> Rows.map 0L (fun piece ->
            let k = Rows.narrow piece chosen

            (normals.Roots.index_select (0L, k)).matmul((Rows.narrow piece noise).unsqueeze 2L).squeeze 2L
            .+ normals.Means.index_select (0L, k))

    /// ∇g and, where wanted, what second derivatives of g = −log Σ w_k N_k are made from: responsibilities r (K × N) and a_k = C_k⁻¹ (x − m_k)
    /// (K × N × d).
    let slopes (normals: Normals) (points: Tensor) : Tensor * Tensor * Tensor =
        let z = whitened normals points
        let responsibility = (logTerms normals z).softmax 0L
        let a = z.matmul normals.Whiteners
        (responsibility.unsqueeze 2L * a).sum 0L, responsibility, a

    /// C_k⁻¹ (K × d × d).
    let precisions (normals: Normals) : Tensor =
        normals.Whiteners.transpose(1L, 2L).matmul normals.Whiteners

/// <summary>Mixtures of normal distributions.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Mixture =

    /// <summary>One normal distribution.</summary>
    /// <param name="mean">m (d).</param>
    /// <param name="covariance">C (d × d), positive definite.</param>
    let normal (mean: float[]) (covariance: float[,]) : Mixture =
        {
            Weights = [| 1.0 |]
            Means = [| mean |]
            Covariances = [| covariance |]
        }

    /// Rounding of weights that were added up, and no more.
    let private roundOff = 1e-6

    /// <summary>Raises unless it is a mixture in d dimensions.</summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="d">Dimension of space.</param>
    /// <param name="mixture">The mixture.</param>
    /// <exception cref="T:System.ArgumentException">Unless there are as many weights, means and covariances, at least one, weights are
    /// positive with the sum 1, means finite, and covariances symmetric without negative eigenvalues.</exception>
    let check (name: string) (d: int) (mixture: Mixture) : unit =
        let k = mixture.Components

        if k = 0 || mixture.Means.Length <> k || mixture.Covariances.Length <> k then
            Guard.fail
                name
                $"found {k} weights, {mixture.Means.Length} means and {mixture.Covariances.Length} covariances, wanted as many of each, and at least one"

        mixture.Weights |> Array.iter (Guard.positive name)
        let sum = Array.sum mixture.Weights

        if abs (sum - 1.0) > roundOff then
            Guard.fail name $"found weights with the sum {sum:G6}, wanted the sum 1; divide them by it"

        for mean, covariance in Array.zip mixture.Means mixture.Covariances do
            if mean.Length <> d then
                Guard.fail name $"found a mean of {mean.Length} numbers, wanted {d}"

            mean |> Array.iter (Guard.moderate name)
            Covariance.check name d (Covariance.Full covariance)

    /// With all deviations so many times as large.
    let internal widened (factor: float) (mixture: Mixture) : Mixture =
        { mixture with
            Covariances = mixture.Covariances |> Array.map (Array2D.map (fun c -> factor * factor * c))
        }

    /// Several in these proportions.
    let internal blend (parts: (float * Mixture) list) : Mixture =
        {
            Weights =
                [|
                    for share, mixture in parts do
                        yield! mixture.Weights |> Array.map (fun w -> share * w)
                |]
            Means =
                [|
                    for _, mixture in parts do
                        yield! mixture.Means
                |]
            Covariances =
                [|
                    for _, mixture in parts do
                        yield! mixture.Covariances
                |]
        }

    /// <summary>log Σ w_k N(x; m_k, C_k), normalised.</summary>
    /// <param name="points">X (N × d).</param>
    /// <param name="mixture">The mixture.</param>
    /// <returns>N.</returns>
    /// <exception cref="T:System.ArgumentException">The points do not fit, or it is no mixture (see <c>check</c>).</exception>
    /// <example><code>
    /// let mixture = Mixture.normal [| 0.0; 1.0 |] (array2D [ [ 1.0; 0.2 ]; [ 0.2; 2.0 ] ])
    /// let log = mixture |&gt; Mixture.logDensity (Random.normal Placement.float64 1 [ 100; 2 ])
    /// </code></example>
    let logDensity (points: Tensor) (mixture: Mixture) : Tensor =
        check "mixture" mixture.Dimension mixture
        Guard.points "points" mixture.Dimension points

        Scope.keep (fun () -> Normals.logDensity (Normals.ofMixture (Placement.ofTensor points) mixture) points)

    /// <summary>Independent draws.</summary>
    /// <param name="placement">Precision and device.</param>
    /// <param name="seed">Seed: the same seed gives the same draws.</param>
    /// <param name="count">M, how many.</param>
    /// <param name="mixture">The mixture.</param>
    /// <returns>M × d.</returns>
    /// <exception cref="T:System.ArgumentException">The count is not positive, or it is no mixture (see <c>check</c>).</exception>
    let draw (placement: Placement) (seed: int) (count: int) (mixture: Mixture) : Tensor =
        Guard.atLeast "count" 1 count
        check "mixture" mixture.Dimension mixture

        Scope.keep (fun () ->
            Normals.ofMixture placement mixture
            |> Normals.draw
                (Seed.child 0 seed)
                (Random.normal placement (Seed.child 1 seed) [ count; mixture.Dimension ]))
