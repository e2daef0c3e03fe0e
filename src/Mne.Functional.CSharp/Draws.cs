namespace Mne.Functional.CSharp;

/// <summary>A number and its standard error.</summary>
/// <param name="Value">The estimate.</param>
/// <param name="StandardError">Its standard error, from the draws themselves.</param>
public readonly record struct Estimate(double Value, double StandardError)
{
    internal static Estimate OfCore(Core.Estimate estimate) => new(estimate.Value, estimate.StandardError);

    internal Core.Estimate ToCore() => new(Value, StandardError);

    /// <summary>Value ± standard error.</summary>
    public override string ToString() =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value:G6} ± {StandardError:G2}");
}

/// <summary>
/// Draws from an approximation q of a density, with the weights that correct for the difference. They own tensors; dispose
/// of them.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Draws : IDisposable
{
    internal Draws(Core.Draws inner) => Inner = inner;

    internal Core.Draws Inner { get; }

    /// <summary>Draws of the caller's: points (M × d), log q (M) and log w = −V − log q (M). They own these tensors then.</summary>
    /// <exception cref="ArgumentException">A tensor is not made of floating-point numbers, or was disposed of.</exception>
    public Draws(Tensor points, Tensor logProposal, Tensor logWeights)
    {
        Core.Guard.numbers(nameof(points), Bridge.Wanted(points));
        Core.Guard.numbers(nameof(logProposal), Bridge.Wanted(logProposal));
        Core.Guard.numbers(nameof(logWeights), Bridge.Wanted(logWeights));
        Inner = new(points, logProposal, logWeights);
    }

    /// <summary>The points (M × d), distributed as q.</summary>
    public Tensor Points => Inner.Points;

    /// <summary>
    /// log q at the points (M), exact for the flow of <see cref="Sampler.Draw"/>. Where draws come with a path, by
    /// <see cref="ReverseSde.Draw"/> or <see cref="MarkovChain.Polish"/>, it is not log q, but e to it has the mean q(x) over the paths that
    /// end in x, and everything here holds as it stands.
    /// </summary>
    public Tensor LogProposal => Inner.LogProposal;

    /// <summary>log w = −V − <see cref="LogProposal"/> at the points (M): proper weights, E[w f(x)] = ∫ f e^{−V} for every f.</summary>
    public Tensor LogWeights => Inner.LogWeights;

    /// <summary>The self-normalised weights (M).</summary>
    public double[] Weights()
    {
        using var weights = Core.Importance.weights(Inner);
        return Tensors.ToArray(weights);
    }

    /// <summary>The effective sample size as a fraction of the number of draws.</summary>
    public double EffectiveSampleSize => Core.Importance.effectiveSampleSize(Inner);

    /// <summary>The effective sample size with its standard error.</summary>
    public Estimate Efficiency => Estimate.OfCore(Core.Importance.efficiency(Inner));

    /// <summary>log Z with its standard error: unbiased for Z whatever the approximation, as long as q covers ρ.</summary>
    public Estimate LogNormaliser => Estimate.OfCore(Core.Importance.logNormaliser(Inner));

    /// <summary>Mean log w: a lower bound of log Z in expectation.</summary>
    public double EvidenceLowerBound => Core.Importance.evidenceLowerBound(Inner);

    /// <summary>k̂, the Pareto shape of the tail of the weights: below 0.7 estimates converge usefully.</summary>
    public double ParetoShape => Core.Importance.paretoShape(Inner);

    /// <summary>
    /// The efficiency as points that follow the target itself see it, from the log-weights −V − log q at exact samples of the target (M):
    /// near 0 when a mode is missed, which draws cannot know.
    /// </summary>
    /// <example><code>var efficiency = Draws.ForwardEfficiency(-target.Energy(samples) - sampler.LogProposal(samples));</code></example>
    public static double ForwardEfficiency(Tensor logWeightsAtSamples) =>
        Core.Importance.forwardEfficiency(Bridge.Wanted(logWeightsAtSamples));

    /// <summary>The expectation of f under ρ; f maps points (M × d) to values (M).</summary>
    /// <example><code>var mean = draws.Expectation(x => x.select(1, 0));</code></example>
    public Estimate Expectation(Func<Tensor, Tensor> f) =>
        Estimate.OfCore(Core.Importance.expectation(Bridge.Function(f), Inner));

    /// <summary>Points drawn in proportion to the weights: distributed as ρ. Rows may repeat.</summary>
    public Tensor Resample(int count, int seed = 0) => Core.Importance.resample(seed, count, Inner);

    /// <summary>The draws with Pareto-smoothed weights; to be disposed of too.</summary>
    public Draws Smoothed() => new(Core.Importance.smooth(Inner));

    /// <summary>Writes points, log-densities and weights to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveDraws(path, problem, Inner);

    /// <summary>The draws of a file, bit for bit.</summary>
    /// <exception cref="ArgumentException">The file is not one of draws.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    public static Draws Open(string path) => new(Core.Storage.openDraws(path));

    /// <summary>Writes the draws as comma-separated text and gives the file's full path.</summary>
    public string SaveCsv(string path) => Core.Export.csv(Bridge.Wanted(path), Inner);

    /// <summary>
    /// Writes the draws as an Arrow file (Feather version 2), columns x0, x1, …, logProposal, logWeight, a row per draw, and gives the file's full path.
    /// </summary>
    /// <exception cref="ArgumentException">Draws are not whole, or the path is empty or that of a folder.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>draws.SaveArrow("output/draws.arrow");</code></example>
    public string SaveArrow(string path) => Core.Export.arrow(Bridge.Wanted(path), Inner);

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees their tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>Choices in proportion to weights.</summary>
public static class Resampling
{
    /// <summary>
    /// Systematic resampling: <paramref name="count"/> indices, in order, in proportion to the weights: index i appears ⌊count wᵢ/Σw⌋ or one
    /// time more.
    /// </summary>
    /// <param name="shift">Where in the first of the equal parts the first choice falls, 0 to 1: uniform at random for an unbiased choice.</param>
    /// <param name="count">How many indices, 1 or more.</param>
    /// <param name="weights">Numbers ≥ 0, not all 0; they need not sum to one.</param>
    /// <example><code>int[] chosen = Resampling.Systematic(0.5, 4, [1.0, 2.0, 1.0]);    // 0, 1, 1, 2</code></example>
    /// <exception cref="ArgumentException">The weights are empty, negative, not finite or all 0, or another argument is out of range.</exception>
    public static int[] Systematic(double shift, int count, double[] weights) =>
        Core.Resampling.systematic(shift, count, Bridge.Wanted(weights));
}
