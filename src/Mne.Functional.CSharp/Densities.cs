namespace Mne.Functional.CSharp;

/// <summary>A probability density of which the formula is known up to a factor: ρ ∝ e^{−V}.</summary>
public sealed class Density
{
    internal Density(Core.Density inner) => Inner = inner;

    internal Core.Density Inner { get; }

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>V at the points (N).</summary>
    public Tensor Energy(Tensor points) => Inner.Energy.Invoke(points);

    /// <summary>The density e^{−V} up to a factor, from its energy V: points (N × d) ↦ (N).</summary>
    /// <example><code>var ring = Density.OfEnergy(2, x => 4.0 * (x.norm(1) - 2.0).square());</code></example>
    public static Density OfEnergy(int dimension, Func<Tensor, Tensor> energy) =>
        new(Core.DensityModule.ofEnergy(dimension, Bridge.Function(energy)));

    /// <summary>A mixture of normal distributions with weights, means and one standard deviation each.</summary>
    /// <example><code>
    /// var modes = Density.GaussianMixture((0.6, [2.0, 2.0], 0.6), (0.4, [-2.0, -2.0], 0.6));
    /// </code></example>
    public static Density GaussianMixture(params (double Weight, double[] Mean, double Deviation)[] components) =>
        new(Core.DensityModule.gaussianMixture(Bridge.List(
            components.Select(c => Tuple.Create(c.Weight, Bridge.List(c.Mean), c.Deviation)))));
}

/// <summary>A symmetric positive semi-definite matrix: a covariance, or D = σσᵀ of a diffusion.</summary>
public sealed class Covariance
{
    private Covariance(Core.Diffusion inner) => Inner = inner;

    internal Core.Diffusion Inner { get; }

    /// <summary>c I.</summary>
    public static Covariance Isotropic(double variance) => new(Core.Diffusion.NewIsotropic(variance));

    /// <summary>diag(c_1 … c_d); zeros leave coordinates without noise.</summary>
    public static Covariance Diagonal(params double[] variances) => new(Core.Diffusion.NewDiagonal(Bridge.List(variances)));

    /// <summary>Any symmetric positive semi-definite matrix.</summary>
    public static Covariance Full(double[,] matrix) => new(Core.Diffusion.NewFull(matrix));
}

/// <summary>A diffusion process that takes a density to a reference distribution.</summary>
public sealed class Process
{
    internal Process(Core.Process inner) => Inner = inner;

    internal Core.Process Inner { get; }

    /// <summary>What reports call it.</summary>
    public string Name => Inner.Name;

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>dX = −X ds + √2 dW; it forgets its start for the standard normal distribution.</summary>
    public static Process OrnsteinUhlenbeck(int dimension) => new(Core.ProcessModule.ornsteinUhlenbeck(dimension));

    /// <summary>dX = −(X − m) ds + √2 C^½ dW; it forgets its start for N(m, C).</summary>
    public static Process OrnsteinUhlenbeckTo(double[] mean, Covariance covariance) =>
        new(Core.ProcessModule.ornsteinUhlenbeckTo(Bridge.List(mean), covariance.Inner));

    /// <summary>dX = (A X + c) ds + σ dW with D = σσᵀ.</summary>
    public static Process Linear(double[,] matrix, double[] offset, Covariance diffusion) =>
        new(Core.ProcessModule.linear(matrix, Bridge.List(offset), diffusion.Inner));

    /// <summary>The process at a speed that grows linearly from <paramref name="first"/> at t = 0 to <paramref name="last"/> at t = T.</summary>
    /// <example><code>var slowAtFirst = Process.OrnsteinUhlenbeck(2).Scheduled(first: 0.2, last: 5.8, duration: 1.0);</code></example>
    public Process Scheduled(double first, double last, double duration) =>
        new(Core.ProcessModule.scheduled(Core.ScheduleModule.linear(first, last, duration), Inner));

    /// <summary>The process at any smooth positive speed β(t).</summary>
    public Process Scheduled(Func<double, double> rate) =>
        new(Core.ProcessModule.scheduled(Core.ScheduleModule.ofRate(Bridge.Function(rate)), Inner));
}
