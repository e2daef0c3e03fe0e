namespace Mne.Functional.CSharp;

/// <summary>How a stochastic differential equation is stepped.</summary>
public enum SdeScheme
{
    /// <summary>One evaluation of the drift per step; weak order 1.</summary>
    EulerMaruyama,

    /// <summary>The trapezoidal rule for the drift with the noise in its predictor; weak order 2 for additive noise.</summary>
    StochasticHeun,

    /// <summary>
    /// Strong order 1 for noise of which each σ_k depends on its own coordinate only (<see cref="Noise.Diagonal"/>), and for additive
    /// noise.
    /// </summary>
    Milstein,
}

/// <summary>A stochastic differential equation dX = a(t, X) ds + σ(t, X) dW_s (Itô), where s = clock(t).</summary>
/// <example><code>
/// var decay = new Sde { Dimension = 1, Drift = (t, x) => -x, Noise = Covariance.Isotropic(2.0) };
/// using var x = decay.Simulate([0.0, 0.5, 1.0], Tensors.Line(0.0, 1.0), seed: 1);
/// </code></example>
public sealed record Sde
{
    /// <summary>The space dimension d.</summary>
    public required int Dimension { get; init; }

    /// <summary>a: (t, X (N × d)) ↦ (N × d), per unit of s.</summary>
    public required Func<double, Tensor, Tensor> Drift { get; init; }

    /// <summary>σ, per √s; a <see cref="Covariance"/> D = σσᵀ where it is the same everywhere.</summary>
    public required Noise Noise { get; init; }

    /// <summary>s as an increasing function of t: t itself, unless another one is given.</summary>
    public Func<double, double> Clock { get; init; } = t => t;

    internal Core.Sde ToCore() =>
        new(Dimension, Bridge.Function(Drift), Bridge.Wanted(Noise).Inner, Bridge.Function(Clock));

    internal static Sde OfCore(Core.Sde sde) => new()
    {
        Dimension = sde.Dimension,
        Drift = Bridge.OfFunction(sde.Drift),
        Noise = new(sde.Noise),
        Clock = sde.Clock.Invoke,
    };

    /// <summary>One step of X (N × d) with the given standard normal numbers, one for each point and source (N × m).</summary>
    /// <exception cref="ArgumentException">Shapes do not fit, or Milstein's step does not suit the noise.</exception>
    public Tensor Step(double from, double to, Tensor noise, Tensor points, SdeScheme scheme = SdeScheme.StochasticHeun) =>
        Core.SdeModule.step(
            Cases.SdeScheme.ToCore(scheme), from, to, Bridge.Wanted(noise), Bridge.Wanted(points), ToCore());

    /// <summary>X (N × d) at the last of the increasing times, from X at the first.</summary>
    /// <exception cref="ArgumentException">Points do not fit, times do not increase, the scheme does not suit the noise, or the path does not stay finite.</exception>
    public Tensor Simulate(IEnumerable<double> times, Tensor points, SdeScheme scheme = SdeScheme.StochasticHeun, int seed = 0) =>
        Core.SdeModule.simulate(
            Cases.SdeScheme.ToCore(scheme), seed, Bridge.List(times), Bridge.Wanted(points), ToCore());
}

/// <summary>The Gaussian step by which a process is run backwards.</summary>
public enum ReverseKernel
{
    /// <summary>The exact mean and covariance by Tweedie's formula, for processes with known transitions; weak order 2.</summary>
    Tweedie,

    /// <summary>Euler and Maruyama's step, for any process with noise in every coordinate that moves; weak order 1.</summary>
    Euler,
}

/// <summary>How to draw by the reverse stochastic differential equation.</summary>
/// <example><code>var fine = new ReverseOptions { Steps = 400 };</code></example>
public sealed record ReverseOptions
{
    private static Core.ReverseOptions Defaults => Core.ReverseSde.defaults;

    /// <summary>The step. Default <see cref="ReverseKernel.Tweedie"/>.</summary>
    public ReverseKernel Kernel { get; init; } = Cases.ReverseKernel.OfCore(Defaults.Kernel);

    /// <summary>n; steps end at the times T (k/n)², short where the energy changes fastest. Default 100.</summary>
    public int Steps { get; init; } = Defaults.Steps;

    internal Core.ReverseOptions ToCore() => new(Cases.ReverseKernel.ToCore(Kernel), Steps);
}

/// <summary>Draws by the reverse stochastic differential equation, with weights in path space.</summary>
public static class ReverseSde
{
    /// <summary>The reverse equation of a sampler, in τ = T − t.</summary>
    public static Sde Equation(Sampler sampler) => Sde.OfCore(Core.ReverseSde.equation(Bridge.Wanted(sampler).Inner));

    /// <summary>
    /// Draws whose weights compare the whole path with the process run forwards: E[w] = Z holds for any number of steps and any error
    /// of the energy.
    /// </summary>
    /// <example><code>
    /// using var draws = ReverseSde.Draw(sampler, 4000);
    /// Console.WriteLine(draws.LogNormaliser);
    /// </code></example>
    /// <exception cref="ArgumentException">The kernel does not suit the process, or points do not stay finite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Draws Draw(
        Sampler sampler,
        int count,
        ReverseOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ReverseSde.draw(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), count, Bridge.Wanted(sampler).Inner)));
}
