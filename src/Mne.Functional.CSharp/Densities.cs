namespace Mne.Functional.CSharp;

/// <summary>A probability density of which the formula is known up to a factor: ρ ∝ e^{−V}.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Density
{
    internal Density(Core.Density inner) => Inner = inner;

    internal Core.Density Inner { get; }

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>V at the points (N).</summary>
    public Tensor Energy(Tensor points) => Inner.Energy.Invoke(Bridge.Wanted(points));

    /// <summary>The density e^{−V} up to a factor, from its energy V: points (N × d) ↦ (N).</summary>
    /// <example><code>var ring = Density.OfEnergy(2, x => 4.0 * (x.norm(1) - 2.0).square());</code></example>
    public static Density OfEnergy(int dimension, Func<Tensor, Tensor> energy) =>
        new(Core.DensityModule.ofEnergy(dimension, Bridge.Function(energy)));

    /// <summary>
    /// The density of y where x = g(y) has this density, with the same Z. <paramref name="map"/> gives g(y) (N × d) and
    /// log |det g'(y)| (N). It turns scales into positions, and power tails into exponential ones; draws are brought back by g and keep
    /// their weights.
    /// </summary>
    /// <example><code>
    /// // x = sinh y: as fine near 0 as before, and logarithmic far out
    /// var wide = target.Transformed(y => (y.sinh(), y.cosh().log().sum(1)));
    /// </code></example>
    public Density Transformed(Func<Tensor, (Tensor Point, Tensor LogDeterminant)> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new(Core.DensityModule.transformed(
            Bridge.Function<Tensor, Tuple<Tensor, Tensor>>(y => map(y).ToTuple()), Inner));
    }

    /// <summary>
    /// The exponent s with which the density falls, ρ ~ r^{−s}, in the slowest direction at 1,000 times the given length; infinite when it
    /// falls faster than any power, null when V overflows that far out. s &lt; d: it has no finite integral.
    /// </summary>
    public double? TailExponent(double length) => Bridge.Nullable(Core.ReportModule.tailExponent(length, Inner));

    /// <summary>A mixture of normal distributions with weights, means and one standard deviation each.</summary>
    /// <example><code>
    /// var modes = Density.GaussianMixture((0.6, [2.0, 2.0], 0.6), (0.4, [-2.0, -2.0], 0.6));
    /// </code></example>
    public static Density GaussianMixture(params (double Weight, double[] Mean, double Deviation)[] components) =>
        new(Core.DensityModule.gaussianMixture(Bridge.List(
            components, c => Tuple.Create(c.Weight, Bridge.List(c.Mean, nameof(components)), c.Deviation))));
}

/// <summary>A symmetric positive semi-definite matrix: a covariance, or D = σσᵀ of a diffusion.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Covariance
{
    internal Covariance(Core.Covariance inner) => Inner = inner;

    internal Core.Covariance Inner { get; }

    /// <summary>c I.</summary>
    public static Covariance Isotropic(double variance) => new(Core.Covariance.NewIsotropic(variance));

    /// <summary>diag(c_1 … c_d); zeros leave coordinates without noise.</summary>
    public static Covariance Diagonal(params double[] variances) => new(Core.Covariance.NewDiagonal(Bridge.List(variances)));

    /// <summary>Any symmetric positive semi-definite matrix.</summary>
    public static Covariance Full(double[,] matrix) => new(Core.Covariance.NewFull(Copy(Bridge.Wanted(matrix))));

    /// <summary>The matrix in d dimensions.</summary>
    public double[,] Matrix(int dimension) => Copy(Core.CovarianceModule.matrix(dimension, Inner));

    private static double[,] Copy(double[,] matrix) => (double[,])matrix.Clone();

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
