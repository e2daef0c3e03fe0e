namespace Mne.Functional

open TorchSharp

/// <summary>What of a sampler's energy is carried along in closed form, so that the network need only learn the rest, w_t = u_t − g_t.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type KnownPart =
    /// <summary>Nothing: the network learns the whole energy.</summary>
    | Nothing
    /// <summary>A normal distribution close to the target, which the sampler finds (<c>NormalPart.fit</c>).</summary>
    | Normal
    /// <summary>A mixture close to the target, from the caller.</summary>
    | Mixture of Mixture

/// The energy of a mixture under a process with Gaussian transitions, g_t = −log Σ w_k N(m_k(t), C_k(t)): it solves the energy's equation, since that
/// of the density is linear (docs/mathematics.md, "A mixture in closed form"). Functions are called inside a scope.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal KnownPart =

    /// The mixture at time t, where the points are. Raises `ArgumentException` when the process has no known transition.
    let at (p: Process) (t: float) (points: Tensor) (part: Mixture) : Normals =
        let step = Process.transition t p
        let place = Tensor.ofArray2D Placement.float64
        let f = place step.Matrix
        let means = Tensor.ofRows Placement.float64 (Seq.map Seq.ofArray part.Means)
        let covariances = part.Covariances |> Seq.map place |> Tensor.stack 0L

        // Small matrices: factorised in double precision, whatever that of the points.
        let normals =
            Normals.ofMoments
                (Tensor.ofArray Placement.float64 (Array.map log part.Weights))
                (means.mm (f.t ()) .+ Tensor.ofArray Placement.float64 step.Offset)
                (f.matmul(covariances).matmul(f.t ()) .+ place step.Covariance)

        let placement = Placement.ofTensor points

        {
            LogWeights = Tensor.place placement normals.LogWeights
            Means = Tensor.place placement normals.Means
            Roots = Tensor.place placement normals.Roots
            Whiteners = Tensor.place placement normals.Whiteners
        }

    /// g at the points (N).
    let energy (g: Normals) (points: Tensor) : Tensor = -(Normals.logDensity g points)

    /// ∇g at the points (N × d).
    let gradient (g: Normals) (points: Tensor) : Tensor =
        let slope, _, _ = Normals.slopes g points
        slope

    /// The jet of w + g from that of w at the points.
    let add (g: Normals) (points: Tensor) (jet: Jet) : Jet =
        let slope, r, a = Normals.slopes g points
        let precisions = lazy Normals.precisions g

        /// ∂_i ∂_j g (N).
        let second (i: int) (j: int) =
            let i, j = int64 i, int64 j
            let own = precisions.Value.select(1L, i).select(1L, j).unsqueeze 1L

            (r * (own - a.select (2L, i) * a.select (2L, j))).sum 0L
            .+ slope.select (1L, i) * slope.select (1L, j)

        let channel derivative =
            match derivative with
            | Derivative.Value -> energy g points
            | Derivative.Partial(k, 1) -> slope.select (1L, int64 k)
            | Derivative.Partial(k, 2) -> second k k
            | Derivative.Partial _ when g.LogWeights.shape[0] = 1L -> points.new_zeros points.shape[0]
            | Derivative.Partial(_, n) ->
                Guard.fail "request" $"a derivative of order {n} of an energy with a mixture; ask for orders up to 2"
            | Derivative.Mixed(i, j) -> second i j
            | Derivative.Laplacian ->
                let traces = precisions.Value.diagonal(0L, 1L, 2L).sum(1L).unsqueeze 1L

                (r * (traces - a.Square().sum 2L)).sum 0L .+ slope.Square().sum 1L

        { jet with
            Data = jet.Data .+ (Tensor.stack 0L (List.map channel jet.Channels)).unsqueeze 2L
        }
