namespace Mne.Functional.CSharp;

/// <summary>
/// A mixture of normal distributions, Σ w_k N(m_k, C_k). A process with Gaussian transitions carries it along in closed form, so that a
/// sampler's network need only learn what the mixture misses.
/// </summary>
/// <example><code>
/// var modes = new Mixture([0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [new[,] { { 0.5, 0.0 }, { 0.0, 0.5 } }, new[,] { { 0.5, 0.0 }, { 0.0, 0.5 } }]);
/// var options = new SamplerOptions { Known = KnownPart.Mixture(modes) };
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed record Mixture
{
    internal Mixture(Core.Mixture inner) => Inner = inner;

    /// <summary>From w (K, positive, with the sum 1), m_k (K of length d) and C_k (K of d × d, positive definite).</summary>
    /// <exception cref="ArgumentException">
    /// There are not as many of each, weights are not positive with the sum 1, or a matrix is no covariance.
    /// </exception>
    public Mixture(double[] weights, double[][] means, double[][,] covariances)
    {
        Inner = Copy(Bridge.Wanted(weights), Bridge.Wanted(means), Bridge.Wanted(covariances));
        Core.MixtureModule.check(nameof(weights), Inner.Dimension, Inner);
    }

    internal Core.Mixture Inner { get; }

    /// <summary>K, the number of components.</summary>
    public int Components => Inner.Components;

    /// <summary>d, the dimension of space.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>w (K): positive, with the sum 1.</summary>
    public double[] Weights => Copy(Inner).Weights;

    /// <summary>m_k (K of length d).</summary>
    public double[][] Means => Copy(Inner).Means;

    /// <summary>C_k (K of d × d), positive definite.</summary>
    public double[][,] Covariances => Copy(Inner).Covariances;

    /// <summary>One normal distribution with the mean m (d) and the covariance C (d × d), positive definite.</summary>
    public static Mixture Normal(double[] mean, double[,] covariance) =>
        new([1.0], [Bridge.Wanted(mean)], [Bridge.Wanted(covariance)]);

    /// <summary>log Σ w_k N(x; m_k, C_k) at the points (N × d), normalised: (N).</summary>
    /// <example><code>
    /// var mixture = Mixture.Normal([0.0, 1.0], new[,] { { 1.0, 0.2 }, { 0.2, 2.0 } });
    /// using var log = mixture.LogDensity(Tensors.Normal(seed: 1, 100, 2));
    /// </code></example>
    /// <exception cref="ArgumentException">The points do not fit.</exception>
    public Tensor LogDensity(Tensor points) => Core.MixtureModule.logDensity(Bridge.Wanted(points), Inner);

    /// <summary>Independent draws (M × d): the same seed gives the same ones.</summary>
    /// <exception cref="ArgumentException">The count is not positive.</exception>
    public Tensor Draw(int count, int seed = 0, Placement? placement = null) =>
        Core.MixtureModule.draw(Placement.ToCore(placement), seed, count, Inner);

    private static Core.Mixture Copy(Core.Mixture mixture) => Copy(mixture.Weights, mixture.Means, mixture.Covariances);

    private static Core.Mixture Copy(double[] weights, double[][] means, double[][,] covariances) => new(
        weights: [.. weights],
        means: [.. means.Select(mean => Bridge.Wanted(mean, nameof(means)).ToArray())],
        covariances: [.. covariances.Select(matrix => (double[,])Bridge.Wanted(matrix, nameof(covariances)).Clone())]);

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>What of a sampler's energy is carried along in closed form, so that the network need only learn the rest, w_t = u_t − g_t.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record KnownPart
{
    internal KnownPart(Core.KnownPart inner) => Inner = inner;

    internal Core.KnownPart Inner { get; }

    /// <summary>Nothing: the network learns the whole energy.</summary>
    public static KnownPart Nothing { get; } = new(Core.KnownPart.Nothing);

    /// <summary>A normal distribution close to the target, which the sampler finds.</summary>
    public static KnownPart Normal { get; } = new(Core.KnownPart.Normal);

    /// <summary>A mixture close to the target, from the caller.</summary>
    public static KnownPart Mixture(Mixture mixture) => new(Core.KnownPart.NewMixture(Bridge.Wanted(mixture).Inner));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
