namespace Mne.Functional

/// D = σσᵀ of a diffusion, constant in space.
type Diffusion =
    /// D = c I.
    | Isotropic of float
    /// D = diag(c_1 … c_d); zeros leave coordinates without noise.
    | Diagonal of float list
    /// Any symmetric positive semi-definite matrix.
    | Full of float[,]

/// A distribution that can be drawn from exactly and whose density is known.
type Reference =
    {
        /// Draws: placement, seed, count ↦ (N × d).
        Draw: Placement -> int -> int -> Tensor
        /// The normalised log-density: points (N × d) ↦ (N).
        LogDensity: Tensor -> Tensor
    }

/// A diffusion process dX = b_t(X) dt + σ dW (MATH.md §4).
type Process =
    {
        /// What `show` and reports call it.
        Name: string
        /// The space dimension d.
        Dimension: int
        /// b_t: (t, X (N × d)) ↦ (N × d).
        Drift: float -> Tensor -> Tensor
        /// ∇·b_t: (t, X) ↦ (N).
        DriftDivergence: float -> Tensor -> Tensor
        /// D = σσᵀ.
        Diffusion: Diffusion
        /// The distribution that the process forgets its start for, when there is one.
        Stationary: Reference option
    }

/// Diffusion processes, and what they make of an energy u_t = −log ρ_t: its equation, and the flow that carries samples.
[<RequireQualifiedAccess>]
module Process =

    /// The standard normal distribution in d dimensions.
    let standardNormal d : Reference =
        {
            Draw = fun placement seed count -> Random.normal placement seed [ count; d ]
            LogDensity =
                fun points ->
                    Scope.keep (fun () -> -0.5 * points.square().sum 1L - 0.5 * float d * log (2.0 * System.Math.PI))
        }

    /// A process with the drift b_t, its divergence, and D.
    /// Raises `ArgumentException` when D does not have d entries or rows, or has a negative entry on its diagonal.
    let create (d: int) drift driftDivergence (diffusion: Diffusion) : Process =
        Guard.atLeast "d" 1 d

        let diagonal =
            match diffusion with
            | Isotropic c -> List.replicate d c
            | Diagonal cs -> cs
            | Full matrix ->
                if Array2D.length2 matrix <> Array2D.length1 matrix then
                    Guard.fail "diffusion" "found a matrix that is not square, wanted d × d"

                List.init (Array2D.length1 matrix) (fun k -> matrix[k, k])

        if diagonal.Length <> d || diagonal |> List.exists (fun c -> not (c >= 0.0)) then
            Guard.fail "diffusion" $"found the diagonal %A{diagonal}, wanted {d} numbers that are not negative"

        {
            Name = "diffusion"
            Dimension = d
            Drift = drift
            DriftDivergence = driftDivergence
            Diffusion = diffusion
            Stationary = None
        }

    /// The Ornstein–Uhlenbeck process dX = −X dt + √2 dW; it forgets its start for the standard normal distribution.
    let ornsteinUhlenbeck (d: int) : Process =
        { create d (fun _ x -> -x) (fun _ x -> x.new_full (x.shape[0], -float d)) (Isotropic 2.0) with
            Name = "Ornstein–Uhlenbeck"
            Stationary = Some(standardNormal d)
        }

    /// Ornstein–Uhlenbeck noise in the given coordinates only; the others stay where they are.
    let partialNoise (noised: int list) (d: int) : Process =
        let mask = [ for k in 0 .. d - 1 -> if List.contains k noised then 1.0 else 0.0 ]

        let drift (x: Tensor) =
            -x * Tensor.ofArray (Placement.ofTensor x) (List.toArray mask)

        { create
              d
              (fun _ x -> drift x)
              (fun _ x -> x.new_full (x.shape[0], -List.sum mask))
              (Diagonal [ for m in mask -> 2.0 * m ]) with
            Name = $"Ornstein–Uhlenbeck in the coordinates %A{noised}"
        }

    /// The derivatives of u from which ½ tr(D∇²u) is computed.
    let private curvatureNeeds (p: Process) =
        match p.Diffusion with
        | Isotropic _ -> [ Laplacian ]
        | Diagonal cs ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        Partial(k, 2)
            ]
        | Full _ -> Set.toList (Jet.hessianRequest p.Dimension)

    let private gradientNeeds (p: Process) =
        Set.toList (Jet.gradientRequest p.Dimension)

    /// ½ tr(D∇²u) (N).
    let private curvature (p: Process) (jet: Jet) : Tensor =
        match p.Diffusion with
        | Isotropic c -> 0.5 * c * Jet.laplacian jet
        | Diagonal cs ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        0.5 * c * Jet.get (Partial(k, 2)) jet
            ]
            |> List.fold (fun sum term -> sum + term) ((Jet.value jet).zeros_like())
        | Full matrix ->
            let hessian = Jet.hessian jet

            0.5
            * (hessian * Tensor.ofArray2D (Placement.ofTensor hessian) matrix).sum [| 1L; 2L |]

    /// D∇u (N × d).
    let private diffusedGradient (p: Process) (jet: Jet) : Tensor =
        let gradient = Jet.gradient jet

        match p.Diffusion with
        | Isotropic c -> c * gradient
        | Diagonal cs -> gradient * Tensor.ofArray (Placement.ofTensor gradient) (List.toArray cs)
        | Full matrix -> gradient.mm (Tensor.ofArray2D (Placement.ofTensor gradient) matrix)

    /// The equation of the energy, ∂_t u = ½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b, less its mean over the points: an additive
    /// constant of u does not matter, and should not cost accuracy.
    let energyEquation (p: Process) : Term =
        let energy (local: Local) =
            let gradient, b = Jet.gradient local.Jet, p.Drift local.Time local.Points

            curvature p local.Jet
            - 0.5 * (gradient * diffusedGradient p local.Jet).sum 1L
            - (b * gradient).sum 1L
            + p.DriftDivergence local.Time local.Points

        Term.custom "½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b" (curvatureNeeds p @ gradientNeeds p) energy
        |> Term.centred

    /// The probability flow v_t = b + ½ D∇u (N × d): it moves samples of ρ_0 to samples of ρ_t without noise.
    let flow (p: Process) (local: Local) : Tensor =
        p.Drift local.Time local.Points + 0.5 * diffusedGradient p local.Jet

    /// ∇·v_t = ∇·b + ½ tr(D∇²u) (N): along the flow d/dt log ρ_t(x_t) = −∇·v_t.
    let flowDivergence (p: Process) (local: Local) : Tensor =
        p.DriftDivergence local.Time local.Points + curvature p local.Jet

    /// Collocation points that move with the probability flow.
    let flowingPoints (p: Process) : PointDynamics = Moving(gradientNeeds p, flow p)

    /// The derivatives of u that the flow and its divergence read.
    let flowNeeds (p: Process) : Set<Derivative> =
        Set.ofList (curvatureNeeds p @ gradientNeeds p)
