namespace Mne.Functional

open TorchSharp

/// <summary>
/// The equations that belong to a diffusion dX = b(t, X) dt + σ(t, X) dW, D = σσᵀ, as terms for <c>Evolution.solve</c>. Forward in
/// time t: the density ρ of X_t, and its energy −log ρ. In the time to go τ = T − t, from τ = 0 at the horizon T: expectations of what
/// the process will be worth, and the values of control problems. With u = 0 at a wall (<c>Domain.dirichlet</c>,
/// <c>Network.dirichlet</c>) paths end there: a density of those still inside, survival probabilities, exits; with ∂u/∂n = 0 they are
/// reflected (backward equations where σ does not turn the normal; forward ones where b does not cross the wall as well). Source:
/// docs/mathematics.md, "Diffusions".
/// </summary>
[<RequireQualifiedAccess>]
module Kolmogorov =

    let private gradientNeeds (p: Diffusion) =
        Set.toList (Jet.gradientRequest p.Dimension)

    let private curvatureNeeds (p: Diffusion) =
        Noise.curvatureNeeds p.Dimension p.Noise

    /// Checked: (N × d).
    let private vectors (p: Diffusion) name (f: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        let v = f t x
        Guard.vectors name (Tensor.rows x) p.Dimension v
        v

    let private drift (p: Diffusion) = vectors p "Drift" p.Drift

    /// Checked: (N).
    let private numbers name (f: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        let v = f t x
        Guard.vector name (Tensor.rows x) v
        v

    /// b − ∇·D (N × d), the velocity of the forward equations.
    let private forwardVelocity (p: Diffusion) t x =
        drift p t x - vectors p "NoiseDivergence" p.NoiseDivergence t x

    /// ∇·b − ½ ∇·∇·D (N).
    let private compression (p: Diffusion) t x =
        numbers "DriftDivergence" p.DriftDivergence t x
        - 0.5 .* numbers "NoiseCurvature" p.NoiseCurvature t x

    /// ½ tr(D∇²u), with D at the time that `clock` makes of the equation's.
    let private spreading (clock: float -> float) (p: Diffusion) : Term =
        Term.custom "½ tr(D∇²u)" (curvatureNeeds p) (fun local ->
            Noise.curvature (clock local.Time) local.Points local.Jet p.Noise)

    /// ½ ∇uᵀD∇u.
    let private steepness (clock: float -> float) (p: Diffusion) : Term =
        Term.custom "½ ∇uᵀD∇u" (gradientNeeds p) (fun local ->
            let gradient = Jet.gradient local.Jet

            0.5
            .* (gradient * Noise.times (clock local.Time) local.Points gradient p.Noise).sum 1L)

    /// <summary>
    /// The density of X_t, ρ_t = −∇·(bρ) + ½ Σ_ij ∂_i∂_j (D_ij ρ), in time t (Kolmogorov's forward equation, or Fokker and Planck's).
    /// </summary>
    /// <param name="p">The diffusion process.</param>
    /// <example><code>
    /// let rho = Kolmogorov.forward (Diffusion.coxIngersollRoss 1.5 0.04 0.3)
    /// </code></example>
    let forward (p: Diffusion) : Term =
        spreading id p
        - Term.transport "(b − ∇·D)" (forwardVelocity p)
        - Term.known "(∇·b − ½ ∇·∇·D)" (compression p) * Term.value

    /// <summary>
    /// The energy u = −log ρ of the density of X_t, in time t:
    /// u_t = ½ tr(D∇²u) − ½ ∇uᵀD∇u − (b − ∇·D)·∇u + ∇·b − ½ ∇·∇·D. Where a constant added to u does not matter, take
    /// <c>Term.centred</c> of it.
    /// </summary>
    /// <param name="p">The diffusion process.</param>
    /// <example><code>
    /// let u = Kolmogorov.energy (Diffusion.geometricBrownianMotion [ 0.05 ] [ 0.2 ] (array2D [ [ 1.0 ] ]))
    /// </code></example>
    let energy (p: Diffusion) : Term =
        spreading id p - steepness id p - Term.transport "(b − ∇·D)" (forwardVelocity p)
        + Term.known "(∇·b − ½ ∇·∇·D)" (compression p)

    /// <summary>
    /// The expectation u(τ, x) = E[g(X_T) | X_{T−τ} = x] in the time to go τ = T − t, from u(0, x) = g(x):
    /// u_τ = b·∇u + ½ tr(D∇²u) (Kolmogorov's backward equation). With u = 0 at walls and g = 1 it is the probability to survive for τ;
    /// with u = 0 on one set and u = 1 on another, it tends to the committor, the probability to reach the other first.
    /// </summary>
    /// <param name="T">The horizon, at which g is paid; only coefficients that depend on time see it.</param>
    /// <param name="p">The diffusion process.</param>
    /// <exception cref="T:System.ArgumentException">T is not finite.</exception>
    /// <example><code>
    /// let survival = Kolmogorov.backward 1.0 (Diffusion.ofProcess (Process.ornsteinUhlenbeck 1))
    /// </code></example>
    let backward (T: float) (p: Diffusion) : Term =
        Guard.real "T" T
        let clock τ = T - τ
        Term.transport "b" (fun τ x -> drift p (clock τ) x) + spreading clock p

    /// <summary>
    /// u(τ, x) = E[e^{−∫r} g(X_T) + ∫ e^{−∫r} s | X_{T−τ} = x] in the time to go τ = T − t, from u(0, x) = g(x):
    /// u_τ = b·∇u + ½ tr(D∇²u) − r u + s (Feynman and Kac). r kills paths, or discounts; s is paid on the way.
    /// </summary>
    /// <param name="T">The horizon, at which g is paid; only functions that depend on time see it.</param>
    /// <param name="killing">r: (t, points (N × d)) ↦ (N), in time t.</param>
    /// <param name="source">s: (t, points (N × d)) ↦ (N), in time t.</param>
    /// <param name="p">The diffusion process.</param>
    /// <exception cref="T:System.ArgumentException">T is not finite; when used, if a function returns another shape.</exception>
    /// <example><code>
    /// // the price of what is paid in half a year, at an interest of 5 %
    /// let stock = Diffusion.geometricBrownianMotion [ 0.05 ] [ 0.2 ] (array2D [ [ 1.0 ] ])
    /// let interest _ (x: Tensor) = 0.05 .* torch.ones_like (x.select (1L, 0L))
    /// let nothing _ (x: Tensor) = torch.zeros_like (x.select (1L, 0L))
    /// let price = stock |&gt; Kolmogorov.feynmanKac 0.5 interest nothing
    /// </code></example>
    let feynmanKac
        (T: float)
        (killing: float -> Tensor -> Tensor)
        (source: float -> Tensor -> Tensor)
        (p: Diffusion)
        : Term =
        backward T p - Term.known "r" (fun τ x -> killing (T - τ) x) * Term.value
        + Term.known "s" (fun τ x -> source (T - τ) x)

    /// <summary>
    /// The least expected cost of steering, u(τ, x) = min E[g(X_T) + ∫ (½|a|² + c)] over controls a of dX = (b + σa) dt + σ dW begun at
    /// X_{T−τ} = x, in the time to go τ = T − t, from u(0, x) = g(x): u_τ = b·∇u + ½ tr(D∇²u) − ½ ∇uᵀD∇u + c (Hamilton, Jacobi and
    /// Bellman). The best control is a = −σᵀ∇u. By Hopf and Cole e^{−u} obeys Feynman and Kac's equation with killing c and the terminal value e^{−g}.
    /// </summary>
    /// <param name="T">The horizon, at which g is paid; only functions that depend on time see it.</param>
    /// <param name="cost">c: (t, points (N × d)) ↦ (N), in time t.</param>
    /// <param name="p">The diffusion process without control.</param>
    /// <exception cref="T:System.ArgumentException">T is not finite; when used, if a function returns another shape.</exception>
    /// <example><code>
    /// // u_τ = Δu − |∇u|²
    /// let brownian = Diffusion.create 2 (fun _ x -&gt; torch.zeros_like x) (Noise.Constant(Covariance.Isotropic 2.0))
    /// let equation = brownian |&gt; Kolmogorov.hamiltonJacobiBellman 1.0 (fun _ x -&gt; torch.zeros_like (x.select (1L, 0L)))
    /// </code></example>
    let hamiltonJacobiBellman (T: float) (cost: float -> Tensor -> Tensor) (p: Diffusion) : Term =
        backward T p - steepness (fun τ -> T - τ) p
        + Term.known "c" (fun τ x -> cost (T - τ) x)

    /// <summary>
    /// The probability flow of an energy u_t = −log ρ_t, v_t = b − ½ ∇·D + ½ D∇u (N × d): it moves samples of ρ_0 to samples of ρ_t
    /// without noise.
    /// </summary>
    /// <param name="p">The diffusion process.</param>
    /// <param name="local">Time, points (N × d), u and its gradient.</param>
    let flow (p: Diffusion) (local: Local) : Tensor =
        let t, x = local.Time, local.Points

        drift p t x - 0.5 .* vectors p "NoiseDivergence" p.NoiseDivergence t x
        .+ 0.5 .* Noise.times t x (Jet.gradient local.Jet) p.Noise

    /// <summary>Collocation points that move with the probability flow of an energy.</summary>
    /// <param name="p">The diffusion process.</param>
    /// <example><code>
    /// let follow = Kolmogorov.flowingPoints (Diffusion.heston 0.02 2.0 0.04 0.3 -0.7)
    /// </code></example>
    let flowingPoints (p: Diffusion) : PointDynamics =
        PointDynamics.Moving(gradientNeeds p, flow p)
