namespace Mne.Functional

/// <summary>
/// What a diffusion process makes of a density ρ_t: the equations of ρ_t (Fokker and Planck) and of its energy u_t = −log ρ_t, and the
/// probability flow that carries its samples without noise. Source: docs/mathematics.md, "Diffusions".
/// </summary>
[<RequireQualifiedAccess>]
module FokkerPlanck =

    /// b at time t, in the process's own time (N × d).
    let private driftAt (p: Process) (local: Local) : Tensor =
        let b = p.Drift (p.Schedule.Clock local.Time) local.Points
        Guard.vectors "Drift" (Tensor.rows local.Points) p.Dimension b
        b

    let private divergenceAt (p: Process) (local: Local) : Tensor =
        let divergence = p.DriftDivergence (p.Schedule.Clock local.Time) local.Points
        Guard.vector "DriftDivergence" (Tensor.rows local.Points) divergence
        divergence

    /// The derivatives of u from which ½ tr(D∇²u) is computed.
    let private curvatureNeeds (p: Process) =
        Noise.curvatureNeeds p.Dimension (Noise.Constant p.Diffusion)

    let private gradientNeeds (p: Process) =
        Set.toList (Jet.gradientRequest p.Dimension)

    /// ½ tr(D∇²u) (N).
    let private curvature (p: Process) (local: Local) : Tensor =
        Noise.curvature local.Time local.Points local.Jet (Noise.Constant p.Diffusion)

    /// D∇u (N × d).
    let private diffusedGradient (p: Process) (jet: Jet) : Tensor =
        Covariance.times p.Diffusion (Jet.gradient jet)

    /// <summary>
    /// The equation of the energy, ∂_t u = β (½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b), less its mean over the points: an
    /// additive constant of u does not matter, and should not cost accuracy.
    /// </summary>
    let energy (p: Process) : Term =
        let rightHandSide (local: Local) =
            let gradient = Jet.gradient local.Jet

            p.Schedule.Rate local.Time
            .* (curvature p local
                - 0.5 .* (gradient * diffusedGradient p local.Jet).sum 1L
                - (driftAt p local * gradient).sum 1L
                .+ divergenceAt p local)

        Term.custom "½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b" (curvatureNeeds p @ gradientNeeds p) rightHandSide
        |> Term.centred

    /// The equation of w = u − g where g solves the energy's equation and its gradient is known, (t, X (N × d)) ↦ (N × d):
    /// ∂_t w = β (½ tr(D∇²w) − ½ ∇wᵀD∇w − (b + D∇g)·∇w), less its mean over the points.
    let internal remainder (gradientOfKnown: float -> Tensor -> Tensor) (p: Process) : Term =
        let rightHandSide (local: Local) =
            let gradient = Jet.gradient local.Jet
            let known = gradientOfKnown local.Time local.Points

            p.Schedule.Rate local.Time
            .* (curvature p local
                - ((0.5 .* diffusedGradient p local.Jet
                    .+ driftAt p local
                    .+ Covariance.times p.Diffusion known)
                   * gradient)
                    .sum
                    1L)

        Term.custom "½ tr(D∇²w) − ½ ∇wᵀD∇w − (b + D∇g)·∇w" (curvatureNeeds p @ gradientNeeds p) rightHandSide
        |> Term.centred

    /// <summary>The equation of the density itself, ∂_t ρ = β (−∇·(bρ) + ½ ∇·(D∇ρ)) (Fokker and Planck).</summary>
    let density (p: Process) : Term =
        let rightHandSide (local: Local) =
            p.Schedule.Rate local.Time
            .* (curvature p local
                - (driftAt p local * Jet.gradient local.Jet).sum 1L
                - divergenceAt p local * Jet.value local.Jet)

        Term.custom "½ ∇·(D∇u) − ∇·(bu)" (curvatureNeeds p @ gradientNeeds p) rightHandSide

    /// <summary>
    /// The probability flow v_t = β (b + ½ D∇u) (N × d): it moves samples of ρ_0 to samples of ρ_t without noise.
    /// </summary>
    /// <param name="p">The diffusion process.</param>
    /// <param name="local">Time, points (N × d), u and the derivatives that the process needs.</param>
    let flow (p: Process) (local: Local) : Tensor =
        p.Schedule.Rate local.Time
        .* (driftAt p local .+ 0.5 .* diffusedGradient p local.Jet)

    /// <summary>∇·v_t = β (∇·b + ½ tr(D∇²u)) (N): along the flow d/dt log ρ_t(x_t) = −∇·v_t.</summary>
    /// <param name="p">The diffusion process.</param>
    /// <param name="local">Time, points (N × d), u and the derivatives that the process needs.</param>
    let flowDivergence (p: Process) (local: Local) : Tensor =
        p.Schedule.Rate local.Time .* (divergenceAt p local .+ curvature p local)

    /// <summary>Collocation points that move with the probability flow.</summary>
    let flowingPoints (p: Process) : PointDynamics =
        PointDynamics.Moving(gradientNeeds p, flow p)

    /// <summary>The derivatives of u that the flow and its divergence read.</summary>
    let flowNeeds (p: Process) : Set<Derivative> =
        Set.ofList (curvatureNeeds p @ gradientNeeds p)
