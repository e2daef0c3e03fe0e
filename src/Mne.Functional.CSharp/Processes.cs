using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>
/// How fast a process runs: at time t it has run for s(t) = ∫₀ᵗ β of its own time, and passes through the same distributions.
/// </summary>
/// <example><code>
/// // slow at first, where the energy changes fastest; at t = 1 as far as at 3 before
/// var process = Process.OrnsteinUhlenbeck(2).Scheduled(Schedule.Linear(first: 0.2, last: 5.8, duration: 1.0));
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Schedule
{
    internal Schedule(Core.Schedule inner) => Inner = inner;

    internal Core.Schedule Inner { get; }

    /// <summary>β = 1: the process's own time.</summary>
    public static Schedule Uniform { get; } = new(Core.ScheduleModule.uniform);

    /// <summary>β grows linearly from <paramref name="first"/> at t = 0 to <paramref name="last"/> at t = T.</summary>
    public static Schedule Linear(double first, double last, double duration) =>
        new(Core.ScheduleModule.linear(first, last, duration));

    /// <summary>Any smooth positive rate β(t).</summary>
    public static Schedule OfRate(Func<double, double> rate) => new(Core.ScheduleModule.ofRate(Bridge.Function(rate)));

    /// <summary>β(t).</summary>
    public double Rate(double t) => Inner.Rate.Invoke(t);

    /// <summary>s(t).</summary>
    public double Clock(double t) => Inner.Clock.Invoke(t);
}

/// <summary>A distribution that can be drawn from exactly and whose density is known.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Reference
{
    internal Reference(Core.Reference inner) => Inner = inner;

    internal Core.Reference Inner { get; }

    /// <summary>From how to draw, (seed, count) ↦ points (N × d), and the normalised log-density, points (N × d) ↦ (N).</summary>
    public Reference(Func<int, int, Tensor> draw, Func<Tensor, Tensor> logDensity) =>
        Inner = new(Bridge.Placed(draw), Bridge.Function(logDensity));

    /// <summary>The standard normal distribution.</summary>
    public static Reference StandardNormal(int dimension) => new(Core.ReferenceModule.standardNormal(dimension));

    /// <summary>The normal distribution with the given mean and covariance.</summary>
    /// <exception cref="ArgumentException">The covariance is not positive definite, or does not fit the mean.</exception>
    public static Reference Normal(double[] mean, Covariance covariance) =>
        new(Core.ReferenceModule.normal(Bridge.List(mean), Bridge.Wanted(covariance).Inner));

    /// <summary>Draws (N × d).</summary>
    /// <exception cref="ArgumentException">The function that draws gives another shape.</exception>
    public Tensor Draw(int count, int seed = 0, Placement? placement = null)
    {
        var points = Inner.Draw.Invoke(Placement.ToCore(placement)).Invoke(seed).Invoke(count);
        Core.Guard.vectors("draw", count, points.dim() == 2 ? (int)points.shape[1] : 1, points);
        return points;
    }

    /// <summary>The normalised log-density at the points (N).</summary>
    /// <exception cref="ArgumentException">The points do not fit.</exception>
    public Tensor LogDensity(Tensor points)
    {
        Core.Guard.numbers(nameof(points), Bridge.Wanted(points));
        return Inner.LogDensity.Invoke(points);
    }
}

/// <summary>A Gaussian transition: given x, the distribution N(F x + c, Σ).</summary>
/// <param name="Matrix">F (d × d).</param>
/// <param name="Offset">c (d).</param>
/// <param name="Covariance">Σ (d × d).</param>
public sealed record Transition(double[,] Matrix, double[] Offset, double[,] Covariance)
{
    /// <summary>F (d × d).</summary>
    public double[,] Matrix { get; init; } = Bridge.Wanted(Matrix);

    /// <summary>c (d).</summary>
    public double[] Offset { get; init; } = Bridge.Wanted(Offset);

    /// <summary>Σ (d × d).</summary>
    public double[,] Covariance { get; init; } = Bridge.Wanted(Covariance);

    internal Core.Transition ToCore() => new(Bridge.Wanted(Matrix), Bridge.Wanted(Offset), Bridge.Wanted(Covariance));
}

/// <summary>A diffusion process dX = b_s(X) ds + σ dW_s; it takes a density to a reference distribution, where it has one.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Process
{
    internal Process(Core.Process inner) => Inner = inner;

    internal Core.Process Inner { get; }

    /// <summary>What reports call it.</summary>
    public string Name => Inner.Name;

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>D = σσᵀ.</summary>
    public Covariance Diffusion => new(Inner.Diffusion);

    /// <summary>The distribution that the process forgets its start for; null where there is none.</summary>
    public Reference? Stationary => Inner.Stationary is { } reference ? new(reference.Value) : null;

    /// <summary>A process with the drift b, (s, X (N × d)) ↦ (N × d), its divergence, (s, X) ↦ (N), and D.</summary>
    /// <example><code>
    /// // a particle in the potential Σ cos x_k
    /// var washboard = Process.Create(2, (s, x) => x.sin(), (s, x) => x.cos().sum(1), Covariance.Isotropic(2.0));
    /// </code></example>
    /// <exception cref="ArgumentException">D does not fit.</exception>
    public static Process Create(
        int dimension, Func<double, Tensor, Tensor> drift, Func<double, Tensor, Tensor> divergence, Covariance diffusion) =>
        new(Core.ProcessModule.create(dimension, Bridge.Function(drift), Bridge.Function(divergence), Bridge.Wanted(diffusion).Inner));

    /// <summary>dX = −X ds + √2 dW; it forgets its start for the standard normal distribution.</summary>
    public static Process OrnsteinUhlenbeck(int dimension) => new(Core.ProcessModule.ornsteinUhlenbeck(dimension));

    /// <summary>dX = −(X − m) ds + √2 C^½ dW; it forgets its start for N(m, C).</summary>
    public static Process OrnsteinUhlenbeckTo(double[] mean, Covariance covariance) =>
        new(Core.ProcessModule.ornsteinUhlenbeckTo(Bridge.List(mean), Bridge.Wanted(covariance).Inner));

    /// <summary>dX = (A X + c) ds + σ dW with D = σσᵀ.</summary>
    /// <example><code>
    /// // a damped oscillator: position and momentum, noise on the momentum
    /// var p = Process.Linear(new double[,] { { 0, 1 }, { -1, -2 } }, [0, 0], Covariance.Diagonal(0, 4));
    /// </code></example>
    public static Process Linear(double[,] matrix, double[] offset, Covariance diffusion) =>
        new(Core.ProcessModule.linear(Bridge.Wanted(matrix), Bridge.List(offset), Bridge.Wanted(diffusion).Inner));

    /// <summary>Ornstein and Uhlenbeck's noise in the given coordinates only; the others stay where they are.</summary>
    public static Process PartialNoise(int[] noised, int dimension) =>
        new(Core.ProcessModule.partialNoise(Bridge.List(noised), dimension));

    /// <summary>Overdamped Langevin dynamics in the potential U, dX = −∇U ds + √2 dW; its stationary density is e^{−U} / Z.</summary>
    /// <example><code>
    /// var potential = Density.OfEnergy(1, x => (x.square() - 1.0).square().sum(1));
    /// var process = Process.Langevin(potential);
    /// </code></example>
    public static Process Langevin(Density potential) => new(Core.ProcessModule.langevin(Bridge.Wanted(potential).Inner));

    /// <summary>
    /// Underdamped Langevin dynamics of (q, p) in 2d dimensions: dq = p ds, dp = (−∇U(q) − γ p) ds + √(2γ) dW; its stationary density is
    /// e^{−U(q) − |p|²/2} / Z.
    /// </summary>
    public static Process UnderdampedLangevin(double friction, Density potential) =>
        new(Core.ProcessModule.underdampedLangevin(friction, Bridge.Wanted(potential).Inner));

    /// <summary>The process run at another speed.</summary>
    public Process Scheduled(Schedule schedule) => new(Core.ProcessModule.scheduled(Bridge.Wanted(schedule).Inner, Inner));

    /// <summary>The process with the distribution that it forgets its start for, where the caller knows it.</summary>
    /// <example><code>var p = Process.Langevin(potential).WithStationary(Reference.StandardNormal(2));    // U = ½|x|²</code></example>
    public Process WithStationary(Reference reference) =>
        With(Bridge.Option(Bridge.Wanted(reference).Inner), Inner.Transition);

    /// <summary>
    /// The process with the distribution of X a time s (its own) later, given x, where the caller knows it: for drifts that are linear.
    /// </summary>
    /// <example><code>
    /// // Brownian motion, of which the points of a sampler can then be refreshed
    /// var brownian = Process.Create(1, (s, x) => torch.zeros_like(x), (s, x) => torch.zeros_like(x.squeeze(1)), Covariance.Isotropic(1.0))
    ///     .WithTransition(s => new Transition(new double[,] { { 1.0 } }, [0.0], new double[,] { { s } }));
    /// </code></example>
    public Process WithTransition(Func<double, Transition> transition)
    {
        ArgumentNullException.ThrowIfNull(transition);
        return With(
            Inner.Stationary,
            Bridge.Option(Bridge.Function<double, Core.Transition>(
                s => Bridge.Wanted(transition(s), nameof(transition)).ToCore(), nameof(transition))));
    }

    private Process With(
        FSharpOption<Core.Reference>? stationary, FSharpOption<FSharpFunc<double, Core.Transition>>? transition) =>
        new(new Core.Process(
            Inner.Name, Inner.Dimension, Inner.Drift, Inner.DriftDivergence, Inner.Diffusion, Inner.Schedule,
            stationary, transition));

    /// <summary>The distribution of X a time s (its own) later, given x; null where it is not known.</summary>
    public Transition? Transition(double s)
    {
        if (Inner.Transition is not { } known)
            return null;
        var at = known.Value.Invoke(s);
        return new(at.Matrix, at.Offset, at.Covariance);
    }

    /// <summary>X at time t given X at time 0 (N × d), by the known transition with the given standard normal noise (N × d).</summary>
    /// <exception cref="ArgumentException">The process has no known transition, or shapes do not fit.</exception>
    public Tensor Carry(double t, Tensor noise, Tensor points) => Core.ProcessModule.carry(t, noise, points, Inner);

    /// <summary>The process itself as a stochastic differential equation.</summary>
    /// <example><code>using var x = Process.OrnsteinUhlenbeck(2).Forward().Simulate([0.0, 0.1, 0.2], samples);</code></example>
    public Sde Forward() => Sde.OfCore(Core.ProcessModule.forward(Inner));

    /// <summary>
    /// The process run backwards from time T, in τ = T − t, given the gradient of the energy, (t, X (N × d)) ↦ (N × d).
    /// </summary>
    public Sde Reverse(double duration, Func<double, Tensor, Tensor> gradient) =>
        Sde.OfCore(Core.ProcessModule.reverse(duration, Bridge.Function(gradient), Inner));
}
