namespace Mne.Functional.CSharp;

/// <summary>Points that a Markov chain visited, or moved to. They own a tensor; dispose of it.</summary>
public sealed class Chain : IDisposable
{
    private readonly Core.Chain inner;

    internal Chain(Core.Chain inner) => this.inner = inner;

    /// <summary>The points (M × d), in order; they are the chain's.</summary>
    public Tensor Points => inner.Points;

    /// <summary>The fraction of proposals that were accepted.</summary>
    public double AcceptanceRate => inner.AcceptanceRate;

    /// <summary>Frees the points.</summary>
    public void Dispose() => ((IDisposable)inner).Dispose();
}

/// <summary>The Metropolis-adjusted Langevin algorithm: x' = x − ½ H∇V + H^½ ξ, accepted with Metropolis and Hastings' probability.</summary>
/// <example><code>var wider = new LangevinOptions { Step = Covariance.Isotropic(0.3) };</code></example>
public sealed record LangevinOptions
{
    private static Core.LangevinOptions Defaults => Core.MarkovChain.defaults;

    /// <summary>How many steps each point makes. Default 10.</summary>
    public int Steps { get; init; } = Defaults.Steps;

    /// <summary>
    /// H, the covariance of a step; best where a little over half of the proposals are accepted.
    /// Default <c>Covariance.Isotropic(0.1)</c>.
    /// </summary>
    public Covariance Step { get; init; } = new(Defaults.Step);

    internal Core.LangevinOptions ToCore() => new(Steps, Bridge.Wanted(Step).Inner);
}

/// <summary>Markov chains that leave a density as it is.</summary>
public static class MarkovChain
{
    /// <summary>
    /// Independence Metropolis–Hastings: the draws are proposed in order, each accepted with probability min(1, w' / w).
    /// </summary>
    /// <example><code>
    /// using var chain = MarkovChain.Independence(draws, seed: 1);
    /// Console.WriteLine(chain.AcceptanceRate);
    /// </code></example>
    public static Chain Independence(Draws draws, int seed = 0) => new(Core.MarkovChain.independence(seed, Bridge.Wanted(draws).Inner));

    /// <summary>Moves every point (M × d) by Langevin steps that leave the target as it is; noise and acceptance have the run's seed.</summary>
    /// <exception cref="ArgumentException">Options or points do not fit, or the energy is not finite at a proposal.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Chain Langevin(
        Density target,
        Tensor points,
        LangevinOptions? options = null,
        Run? run = null,
        CancellationToken cancellationToken = default) =>
        new(Core.MarkovChain.langevin(
            Run.ToCore(run, null, cancellationToken),
            (options ?? new()).ToCore(),
            Bridge.Wanted(target).Inner,
            Bridge.Wanted(points)));

    /// <summary>
    /// Weighted draws moved by Langevin steps, with the weights that they have, which stay right; and the acceptance rate.
    /// </summary>
    /// <example><code>
    /// var (polished, acceptance) = MarkovChain.Polish(target, draws);
    /// using (polished) Console.WriteLine(acceptance);
    /// </code></example>
    /// <exception cref="ArgumentException">Options or draws do not fit, or the energy is not finite at a proposal.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static (Draws Draws, double AcceptanceRate) Polish(
        Density target,
        Draws draws,
        LangevinOptions? options = null,
        Run? run = null,
        CancellationToken cancellationToken = default)
    {
        var (polished, rate) = Core.MarkovChain.polish(
            Run.ToCore(run, null, cancellationToken),
            (options ?? new()).ToCore(),
            Bridge.Wanted(target).Inner,
            Bridge.Wanted(draws).Inner);
        return (new(polished), rate);
    }
}

/// <summary>A generalised Pareto distribution of numbers x ≥ 0, P(X > x) = (1 + k x / σ)^{−1/k}.</summary>
/// <param name="Shape">k: moments of order 1/k and higher are infinite.</param>
/// <param name="Scale">σ > 0.</param>
public readonly record struct Pareto(double Shape, double Scale)
{
    /// <summary>The value that is exceeded with probability 1 − p.</summary>
    public double Quantile(double p) => Core.ParetoModule.quantile(p, new(Shape, Scale));

    /// <summary>The distribution fitted to five or more numbers x ≥ 0, not all zero (Zhang and Stephens 2009).</summary>
    /// <exception cref="ArgumentException">Fewer numbers, negative ones, or only zeros.</exception>
    public static Pareto Fit(double[] exceedances)
    {
        var fitted = Core.ParetoModule.fit(Bridge.Wanted(exceedances));
        return new(fitted.Shape, fitted.Scale);
    }

    /// <summary>Pareto-smoothed log-weights, and the shape k̂ of their tail.</summary>
    public static (double[] LogWeights, double Shape) Smooth(double[] logWeights)
    {
        var (smoothed, shape) = Core.ParetoModule.smooth(Bridge.Wanted(logWeights));
        return (smoothed, shape);
    }

    /// <summary>The largest k̂ at which m weights can still be trusted.</summary>
    public static double Threshold(int count) => Core.ParetoModule.threshold(count);
}
