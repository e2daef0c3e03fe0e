namespace Mne.Functional.CSharp;

/// <summary>
/// σ of a stochastic differential equation dX = a(t, X) dt + σ(t, X) dW: the same everywhere, or a function of time and place. A
/// <see cref="Covariance"/> becomes noise that is the same everywhere by itself.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Noise
{
    internal Noise(Core.Noise inner) => Inner = inner;

    internal Core.Noise Inner { get; }

    /// <summary>D = σσᵀ is the same at all times and places.</summary>
    public static Noise Constant(Covariance diffusion) => new(Core.Noise.NewConstant(Bridge.Wanted(diffusion).Inner));

    /// <summary>Every coordinate has a source of its own, with the deviations σ: (t, X (N × d)) ↦ (N × d).</summary>
    /// <example><code>var relative = Noise.Diagonal((t, x) => 0.2 * x);</code></example>
    public static Noise Diagonal(Func<double, Tensor, Tensor> deviations) =>
        new(Core.Noise.NewDiagonal(Bridge.Function(deviations)));

    /// <summary>m sources, each of which may reach all coordinates, with σ: (t, X (N × d)) ↦ (N × d × m).</summary>
    public static Noise Full(int sources, Func<double, Tensor, Tensor> matrix) =>
        new(Core.Noise.NewFull(sources, Bridge.Function(matrix)));

    /// <summary>D = σσᵀ, the same at all times and places.</summary>
    public static implicit operator Noise(Covariance diffusion) => Constant(diffusion);
}

/// <summary>
/// A diffusion process whose noise may depend on the state, dX = b(t, X) dt + σ(t, X) dW in Itô's reading. Its equations are those of
/// <see cref="Kolmogorov"/>; samplers take a <see cref="Process"/>, whose noise is the same everywhere.
/// </summary>
/// <example><code>
/// // an oscillating pull towards 0, and noise that grows with the distance from there
/// var p = Diffusion.Create(1, (t, x) => -(1.0 + 0.5 * Math.Cos(t)) * x, Noise.Diagonal((t, x) => (0.1 + x.square()).sqrt()));
/// var density = Kolmogorov.Forward(p);
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Diffusion
{
    internal Diffusion(Core.Diffusion inner) => Inner = inner;

    internal Core.Diffusion Inner { get; }

    /// <summary>What messages call it.</summary>
    public string Name => Inner.Name;

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>σ.</summary>
    public Noise Noise => new(Inner.Noise);

    /// <summary>b at the points (N × d).</summary>
    /// <exception cref="ArgumentException">The time or a point is not finite, or points have another dimension; so for the others.</exception>
    public Tensor Drift(double t, Tensor points) => Inner.Drift.Invoke(t).Invoke(Checked(t, points));

    /// <summary>∇·b at the points (N).</summary>
    public Tensor DriftDivergence(double t, Tensor points) => Inner.DriftDivergence.Invoke(t).Invoke(Checked(t, points));

    /// <summary>∇·D at the points, (∇·D)_i = Σ_j ∂_j D_ij (N × d).</summary>
    public Tensor NoiseDivergence(double t, Tensor points) => Inner.NoiseDivergence.Invoke(t).Invoke(Checked(t, points));

    /// <summary>∇·∇·D at the points, Σ_ij ∂_i∂_j D_ij (N).</summary>
    public Tensor NoiseCurvature(double t, Tensor points) => Inner.NoiseCurvature.Invoke(t).Invoke(Checked(t, points));

    private Tensor Checked(double t, Tensor points)
    {
        Core.Guard.real(nameof(t), t);
        Core.Guard.points(nameof(points), Dimension, Bridge.Wanted(points));
        Core.Guard.finite(nameof(points), points);
        Core.Guard.withinReach(nameof(points), points);
        return points;
    }

    /// <summary>
    /// dX = b(t, X) dt + σ(t, X) dW in Itô's reading, with b: (t, X (N × d)) ↦ (N × d). ∇·b and the derivatives of D come from
    /// automatic differentiation.
    /// </summary>
    /// <exception cref="ArgumentException">The noise does not fit; when used, a function returns another shape.</exception>
    public static Diffusion Create(int dimension, Func<double, Tensor, Tensor> drift, Noise noise) =>
        new(Core.DiffusionModule.create(dimension, Bridge.Function(drift), Bridge.Wanted(noise).Inner));

    /// <summary>dX = b(t, X) dt + σ(t, X) ∘ dW in Stratonovich's reading, turned into Itô's.</summary>
    /// <example><code>
    /// // log X is Brownian motion
    /// var p = Diffusion.Stratonovich(1, (t, x) => torch.zeros_like(x), Noise.Diagonal((t, x) => 0.3 * x));
    /// </code></example>
    /// <exception cref="ArgumentException">The noise does not fit; when used, a function returns another shape.</exception>
    public static Diffusion Stratonovich(int dimension, Func<double, Tensor, Tensor> drift, Noise noise) =>
        new(Core.DiffusionModule.stratonovich(dimension, Bridge.Function(drift), Bridge.Wanted(noise).Inner));

    /// <summary>A process with noise that is the same everywhere, in time t, its schedule included.</summary>
    public static Diffusion OfProcess(Process process) => new(Core.DiffusionModule.ofProcess(Bridge.Wanted(process).Inner));

    /// <summary>
    /// Geometric Brownian motion dX_i = μ_i X_i dt + v_i X_i dW_i on X_i &gt; 0, the sources having the given correlation (d × d).
    /// </summary>
    /// <example><code>
    /// var two = Diffusion.GeometricBrownianMotion([0.05, 0.05], [0.2, 0.3], new double[,] { { 1.0, 0.5 }, { 0.5, 1.0 } });
    /// </code></example>
    /// <exception cref="ArgumentException">Numbers of another count, or a matrix that is not a correlation.</exception>
    public static Diffusion GeometricBrownianMotion(double[] rates, double[] volatilities, double[,] correlation) =>
        new(Core.DiffusionModule.geometricBrownianMotion(
            Bridge.List(rates), Bridge.List(volatilities), Bridge.Wanted(correlation)));

    /// <summary>dX = κ (θ − X) dt + ξ √X dW on X ≥ 0 (Cox, Ingersoll and Ross).</summary>
    /// <example><code>var rate = Diffusion.CoxIngersollRoss(reversion: 1.5, level: 0.04, volatility: 0.3);</code></example>
    /// <exception cref="ArgumentException">A number is not positive.</exception>
    public static Diffusion CoxIngersollRoss(double reversion, double level, double volatility) =>
        new(Core.DiffusionModule.coxIngersollRoss(reversion, level, volatility));

    /// <summary>
    /// A price e^X with a variance V: dX = (r − ½V) dt + √V dW₁, dV = κ (θ − V) dt + ξ √V dW₂, with sources of correlation ρ; points
    /// are (X, V) (Heston).
    /// </summary>
    /// <example><code>var market = Diffusion.Heston(rate: 0.02, reversion: 2.0, level: 0.04, volatility: 0.3, correlation: -0.7);</code></example>
    /// <exception cref="ArgumentException">A number is not finite or out of range.</exception>
    public static Diffusion Heston(double rate, double reversion, double level, double volatility, double correlation) =>
        new(Core.DiffusionModule.heston(rate, reversion, level, volatility, correlation));

    /// <summary>Lorenz's convection with noise of the size ε in all three coordinates.</summary>
    /// <example><code>var chaos = Diffusion.Lorenz(10.0, 28.0, 8.0 / 3.0, ε: 1.0);</code></example>
    /// <exception cref="ArgumentException">A number is not finite, or ε is negative.</exception>
    public static Diffusion Lorenz(double σ, double ρ, double β, double ε) => new(Core.DiffusionModule.lorenz(σ, ρ, β, ε));

    /// <summary>The process as a stochastic differential equation, whose paths can be simulated.</summary>
    /// <example><code>
    /// var rates = Diffusion.CoxIngersollRoss(1.5, 0.04, 0.3).Paths();
    /// using var begin = 0.04 * torch.ones(1000, 1, torch.float64);
    /// using var end = rates.Simulate(Enumerable.Range(0, 101).Select(k => 0.01 * k), begin, SdeScheme.Milstein, seed: 1);
    /// </code></example>
    public Sde Paths() => Sde.OfCore(Core.DiffusionModule.paths(Inner));
}

/// <summary>
/// The equations that belong to a diffusion, as terms: forward in time t the density of X_t and its energy; in the time to go τ = T − t,
/// from τ = 0 at the horizon T, expectations and the values of control problems. With u = 0 at a wall paths end there.
/// </summary>
public static class Kolmogorov
{
    /// <summary>The density of X_t, ρ_t = −∇·(bρ) + ½ Σ_ij ∂_i∂_j (D_ij ρ).</summary>
    /// <example><code>var rho = Kolmogorov.Forward(Diffusion.CoxIngersollRoss(1.5, 0.04, 0.3));</code></example>
    public static Term Forward(Diffusion diffusion) => new(Core.Kolmogorov.forward(Bridge.Wanted(diffusion).Inner));

    /// <summary>
    /// The energy u = −log ρ of that density. Where a constant added to u does not matter, take <see cref="Term.Centred"/> of it.
    /// </summary>
    public static Term Energy(Diffusion diffusion) => new(Core.Kolmogorov.energy(Bridge.Wanted(diffusion).Inner));

    /// <summary>
    /// The expectation u(τ, x) = E[g(X_T) | X_{T−τ} = x] in the time to go τ = T − t, from u(0, x) = g(x): u_τ = b·∇u + ½ tr(D∇²u).
    /// </summary>
    /// <example><code>
    /// var survival = Kolmogorov.Backward(1.0, Diffusion.OfProcess(Process.OrnsteinUhlenbeck(1)));
    /// </code></example>
    /// <exception cref="ArgumentException">The horizon is not finite.</exception>
    public static Term Backward(double horizon, Diffusion diffusion) =>
        new(Core.Kolmogorov.backward(horizon, Bridge.Wanted(diffusion).Inner));

    /// <summary>
    /// The same with killing, or discounting, at the rate r and a source s, both (t, X (N × d)) ↦ (N) in time t:
    /// u_τ = b·∇u + ½ tr(D∇²u) − r u + s (Feynman and Kac).
    /// </summary>
    /// <example><code>
    /// // the price of what is paid in half a year, at an interest of 5 %
    /// var stock = Diffusion.GeometricBrownianMotion([0.05], [0.2], new double[,] { { 1.0 } });
    /// var price = Kolmogorov.FeynmanKac(
    ///     0.5, (t, x) => 0.05 * torch.ones_like(x.squeeze(1)), (t, x) => torch.zeros_like(x.squeeze(1)), stock);
    /// </code></example>
    /// <exception cref="ArgumentException">The horizon is not finite; when used, a function returns another shape.</exception>
    public static Term FeynmanKac(
        double horizon, Func<double, Tensor, Tensor> killing, Func<double, Tensor, Tensor> source, Diffusion diffusion) =>
        new(Core.Kolmogorov.feynmanKac(
            horizon, Bridge.Function(killing), Bridge.Function(source), Bridge.Wanted(diffusion).Inner));

    /// <summary>
    /// The least expected cost of steering, min E[g(X_T) + ∫ (½|a|² + c)] for dX = (b + σa) dt + σ dW, in the time to go, with
    /// c: (t, X (N × d)) ↦ (N): u_τ = b·∇u + ½ tr(D∇²u) − ½ ∇uᵀD∇u + c (Hamilton, Jacobi and Bellman).
    /// </summary>
    /// <example><code>
    /// // u_τ = Δu − |∇u|²
    /// var brownian = Diffusion.Create(2, (t, x) => torch.zeros_like(x), Covariance.Isotropic(2.0));
    /// var value = Kolmogorov.HamiltonJacobiBellman(1.0, (t, x) => torch.zeros_like(x.select(1, 0)), brownian);
    /// </code></example>
    /// <exception cref="ArgumentException">The horizon is not finite; when used, a function returns another shape.</exception>
    public static Term HamiltonJacobiBellman(double horizon, Func<double, Tensor, Tensor> cost, Diffusion diffusion) =>
        new(Core.Kolmogorov.hamiltonJacobiBellman(horizon, Bridge.Function(cost), Bridge.Wanted(diffusion).Inner));

    /// <summary>
    /// The probability flow of an energy, b − ½ ∇·D + ½ D∇u (N × d): it moves samples of ρ_0 to samples of ρ_t without noise.
    /// </summary>
    public static Tensor Flow(Diffusion diffusion, Local local) =>
        Core.Kolmogorov.flow(Bridge.Wanted(diffusion).Inner, Bridge.Wanted(local).Inner);

    /// <summary>Collocation points that move with the probability flow of an energy.</summary>
    /// <example><code>
    /// var follow = Kolmogorov.FlowingPoints(Diffusion.Heston(0.02, 2.0, 0.04, 0.3, -0.7));
    /// </code></example>
    public static PointDynamics FlowingPoints(Diffusion diffusion) =>
        new(Core.Kolmogorov.flowingPoints(Bridge.Wanted(diffusion).Inner));
}
