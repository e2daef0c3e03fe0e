namespace Mne.Functional

open TorchSharp

/// <summary>
/// σ of a stochastic differential equation dX = a(t, X) dt + σ(t, X) dW, and with it D = σσᵀ: the same everywhere, or a
/// function of time and place.
/// </summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Noise =
    /// <summary>D is the same at all times and places (additive noise).</summary>
    | Constant of Covariance
    /// <summary>
    /// Every coordinate has a source of its own: dX_k = … + σ_k(t, X) dW_k with σ: (t, X (N × d)) ↦ (N × d).
    /// </summary>
    | Diagonal of deviations: (float -> Tensor -> Tensor)
    /// <summary>
    /// m sources, each of which may reach all coordinates: dX_i = … + Σ_k σ_ik(t, X) dW_k with
    /// σ: (t, X (N × d)) ↦ (N × d × m).
    /// </summary>
    | Full of sources: int * matrix: (float -> Tensor -> Tensor)

/// What the noise does to vectors and to derivatives of u at points X (N × d).
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Noise =

    /// σ_k (N × d).
    let deviations (f: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        let σ = Lent.one (f t) x
        Guard.vectors "deviations" (Tensor.rows x) (int x.shape[1]) σ
        Guard.samePlacement "deviations" σ "points" x
        σ

    /// σ (N × d × m).
    let matrix (sources: int) (f: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        let σ = Lent.one (f t) x
        let wanted = [| x.shape[0]; x.shape[1]; int64 sources |]

        if σ.shape <> wanted then
            Guard.fail
                "matrix"
                $"found the shape {Guard.shapeName σ.shape}, wanted {Guard.shapeName wanted} (points × coordinates × sources)"

        Guard.samePlacement "matrix" σ "points" x
        σ

    /// Raises `ArgumentException` for noise that does not fit d dimensions, as far as can be seen without points.
    let check (name: string) (d: int) (noise: Noise) : unit =
        match noise with
        | Noise.Constant covariance -> Covariance.check name d covariance
        | Noise.Diagonal _ -> ()
        | Noise.Full(sources, _) -> Guard.within name 1 10_000 sources

    /// m, how many independent standard normal numbers a step wants for each point.
    let sources (d: int) (noise: Noise) : int =
        match noise with
        | Noise.Constant _
        | Noise.Diagonal _ -> d
        | Noise.Full(sources, _) -> sources

    /// σ ξ for standard normal numbers ξ (N × m).
    let colour (t: float) (x: Tensor) (ξ: Tensor) (noise: Noise) : Tensor =
        match noise with
        | Noise.Constant covariance -> Covariance.colour covariance ξ
        | Noise.Diagonal f -> deviations f t x * ξ
        | Noise.Full(m, f) -> (matrix m f t x).matmul(ξ.unsqueeze -1L).squeeze -1L

    /// D v for vectors v (N × d).
    let times (t: float) (x: Tensor) (v: Tensor) (noise: Noise) : Tensor =
        match noise with
        | Noise.Constant covariance -> Covariance.times covariance v
        | Noise.Diagonal f -> (deviations f t x).Square() * v
        | Noise.Full(m, f) ->
            let σ = matrix m f t x
            σ.matmul(σ.transpose(-1L, -2L).matmul(v.unsqueeze -1L)).squeeze -1L

    /// The derivatives of u from which ½ tr(D∇²u) is computed.
    let curvatureNeeds (d: int) (noise: Noise) : Derivative list =
        match noise with
        | Noise.Constant(Covariance.Isotropic _) -> [ Derivative.Laplacian ]
        | Noise.Constant(Covariance.Diagonal cs) ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        Derivative.Partial(k, 2)
            ]
        | Noise.Diagonal _ -> [ for k in 0 .. d - 1 -> Derivative.Partial(k, 2) ]
        | Noise.Constant(Covariance.Full _)
        | Noise.Full _ -> Set.toList (Jet.hessianRequest d)

    /// ½ tr(D∇²u) (N).
    let curvature (t: float) (x: Tensor) (jet: Jet) (noise: Noise) : Tensor =
        match noise with
        | Noise.Constant(Covariance.Isotropic c) -> 0.5 * c .* Jet.laplacian jet
        | Noise.Constant(Covariance.Diagonal cs) ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        0.5 * c .* Jet.get (Derivative.Partial(k, 2)) jet
            ]
            |> List.fold (fun sum term -> sum .+ term) ((Jet.value jet).zeros_like())
        | Noise.Constant(Covariance.Full matrix) ->
            let hessian = Jet.hessian jet

            0.5
            .* (hessian * Tensor.ofArray2D (Placement.ofTensor hessian) matrix).sum [| 1L; 2L |]
        | Noise.Diagonal f ->
            let along =
                [ for k in 0 .. int x.shape[1] - 1 -> Jet.get (Derivative.Partial(k, 2)) jet ]

            0.5 .* ((deviations f t x).Square() * Tensor.stack 1L along).sum 1L
        | Noise.Full(m, f) ->
            let σ = matrix m f t x
            // tr(σσᵀH) = Σ σ ∘ Hσ
            0.5 .* (σ * (Jet.hessian jet).matmul σ).sum [| 1L; 2L |]

    /// ∇·D, (∇·D)_i = Σ_j ∂_j D_ij (N × d), by automatic differentiation.
    let divergence (noise: Noise) (t: float) (x: Tensor) : Tensor =
        match noise with
        | Noise.Constant _ -> x.zeros_like ()
        | Noise.Diagonal f -> (x |> Diff.jacobian (fun x -> (deviations f t x).Square())).diagonal(0, 1, 2)
        | Noise.Full(m, f) ->
            let d = x.shape[1]

            let entries (x: Tensor) =
                let σ = matrix m f t x
                σ.matmul(σ.transpose (-1L, -2L)).flatten 1L

            (Diff.jacobian entries x).view(-1L, d, d, d).diagonal(0, 2, 3).sum -1L

    /// Σ_ij ∂_i∂_j D_ij (N), the divergence of a given ∇·D, by automatic differentiation.
    let curvatureOf (divergence: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        Diff.divergence (divergence t) x

    /// ½ Σ_jk σ_jk ∂_j σ_ik (N × d): what the drift of Stratonovich's reading lacks to be Itô's.
    let stratonovich (noise: Noise) (t: float) (x: Tensor) : Tensor =
        match noise with
        | Noise.Constant _ -> x.zeros_like ()
        | Noise.Diagonal f ->
            let σ, jacobian = Diff.fjacobian (deviations f t) x
            0.5 .* (σ * jacobian.diagonal (0, 1, 2))
        | Noise.Full(m, f) ->
            let d, m' = x.shape[1], int64 m
            let σ, jacobian = Diff.fjacobian (fun x -> (matrix m f t x).flatten 1L) x

            0.5
            .* (jacobian.view (-1L, d, m', d)
                * σ.view(-1L, d, m').transpose(1L, 2L).unsqueeze 1L)
                .sum
                [| 2L; 3L |]
