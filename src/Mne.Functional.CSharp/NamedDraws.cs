namespace Mne.Functional.CSharp;

/// <summary>What a group of columns is: a number, a vector or a matrix with a name.</summary>
/// <example><code>Quantity[] quantities = [new("tau"), new("theta", 8)];</code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Quantity
{
    /// <summary>A quantity of this name: a number, a vector with one length, a matrix with two.</summary>
    public Quantity(string name, params IEnumerable<int> shape) => Inner = new(Bridge.Wanted(name), Bridge.List(shape));

    internal Quantity(Core.Quantity inner) => Inner = inner;

    internal Core.Quantity Inner { get; }

    /// <summary>As people call it, such as <c>"tau"</c>.</summary>
    public string Name => Inner.Name;

    /// <summary>Empty for a number, one length for a vector, two for a matrix, whose rows follow one another.</summary>
    public IReadOnlyList<int> Shape => [.. Inner.Shape];

    /// <inheritdoc/>
    public override string ToString() => Shape.Count == 0 ? Name : $"{Name}[{string.Join(",", Shape)}]";
}

/// <summary>Weighted draws of quantities with names. They own tensors; dispose of them.</summary>
/// <example><code>
/// using var named = NamedDraws.OfDraws(draws, "a", "b");
/// foreach (var (label, mean) in named.Labels.Zip(named.Mean()))
///     Console.WriteLine($"{label}: {mean}");
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class NamedDraws : IDisposable
{
    internal NamedDraws(Core.NamedDraws inner) => Inner = inner;

    internal Core.NamedDraws Inner { get; }

    /// <summary>
    /// Draws of the caller's: a row for each draw and a column for each number in the quantities (M × k), and log w (M), up to a constant; all 0
    /// where draws weigh the same. They own these tensors then.
    /// </summary>
    /// <exception cref="ArgumentException">There are not as many columns as numbers, not as many weights as rows, or two names are the same.</exception>
    /// <example><code>
    /// using var own = NamedDraws.Create([new("tau"), new("theta", 2)], Tensors.Normal(1, 100, 3), Tensors.Zeros(100));
    /// </code></example>
    public static NamedDraws Create(IEnumerable<Quantity> quantities, Tensor values, Tensor logWeights) =>
        new(Core.NamedDrawsModule.create(
            Bridge.List(quantities, quantity => quantity.Inner), Bridge.Wanted(values), Bridge.Wanted(logWeights)));

    /// <summary>
    /// Draws of coordinates without names, under these names: one for each coordinate, or none, for a vector <c>x</c>. They share points and
    /// weights with the draws, and are to be disposed of too.
    /// </summary>
    /// <exception cref="ArgumentException">There are more or fewer names than coordinates, or two are the same.</exception>
    public static NamedDraws OfDraws(Draws draws, params string[] names) =>
        new(Core.NamedDrawsModule.ofDraws(Bridge.List(names), Bridge.Wanted(draws).Inner));

    /// <summary>What the columns are, in their order.</summary>
    public IReadOnlyList<Quantity> Quantities => [.. Inner.Quantities.Select(quantity => new Quantity(quantity))];

    /// <summary>A row for each draw, a column for each number in the quantities (M × k).</summary>
    public Tensor Columns => Inner.Values;

    /// <summary>log w of the draws (M), up to a constant; all 0 where draws weigh the same.</summary>
    public Tensor LogWeights => Inner.LogWeights;

    /// <summary>
    /// A label for each column, as Stan writes them: <c>tau</c> for a number, <c>theta[1]</c>, <c>theta[2]</c>, … for a vector,
    /// <c>Sigma[1,2]</c> for a matrix.
    /// </summary>
    public IReadOnlyList<string> Labels => [.. Core.NamedDrawsModule.labels(Inner)];

    /// <summary>The draws of one quantity: (M), (M × n) or (M × n × m), by its shape.</summary>
    /// <example><code>using var a = named.Values("a");</code></example>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public Tensor Values(string name) => Core.NamedDrawsModule.values(Bridge.Wanted(name), Inner);

    /// <summary>The draws of some quantities, in the order in which they are named; to be disposed of too.</summary>
    /// <example><code>using var one = named.Select("a");</code></example>
    /// <exception cref="ArgumentException">There is no quantity of a name, a name comes twice, or there is none.</exception>
    public NamedDraws Select(params string[] names) => new(Core.NamedDrawsModule.select(Bridge.List(names), Inner));

    /// <summary>
    /// Draws chosen with probabilities in proportion to the weights, which weigh the same then: for programs that know no weights. Rows may repeat.
    /// To be disposed of too.
    /// </summary>
    /// <example><code>using var even = named.Resample(1_000, seed: 1);</code></example>
    /// <exception cref="ArgumentException">No draw has weight, or the count is not 1 or more.</exception>
    public NamedDraws Resample(int count, int seed = 0) => new(Core.NamedDrawsModule.resample(seed, count, Inner));

    /// <summary>The means, in the order of <see cref="Labels"/>.</summary>
    /// <exception cref="ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    public IReadOnlyList<Estimate> Mean() => Estimates(Core.Moments.mean(Inner));

    /// <summary>The standard deviations, in the order of <see cref="Labels"/>.</summary>
    /// <exception cref="ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    public IReadOnlyList<Estimate> Deviation() => Estimates(Core.Moments.deviation(Inner));

    /// <summary>The quantiles below which the share p lies, 0 to 1.</summary>
    /// <example><code>var medians = named.Quantile(0.5);</code></example>
    /// <exception cref="ArgumentException">p is not 0 to 1, a draw with weight has a value that is not finite, or no draw has weight.</exception>
    public IReadOnlyList<Estimate> Quantile(double p) => Estimates(Core.Moments.quantile(p, Inner));

    /// <summary>The shortest intervals that hold this share of the weight: of highest density, where there is one mode.</summary>
    /// <example><code>var (low, high) = named.Narrowest(0.9)[0];</code></example>
    /// <exception cref="ArgumentException">
    /// The mass is not between 0 and 1, a draw with weight has a value that is not finite, or no draw has weight.
    /// </exception>
    public IReadOnlyList<(double Low, double High)> Narrowest(double mass = 0.9) =>
        [.. Core.Moments.narrowest(mass, Inner).Select(interval => (interval.Item1, interval.Item2))];

    /// <summary>The covariance matrix (k × k), over 1 − Σw², which is unbiased for equal weights.</summary>
    /// <exception cref="ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    public double[,] Covariance() => Core.Moments.covariance(Inner);

    /// <summary>The correlations (k × k); NaN beside a column that is constant.</summary>
    /// <exception cref="ArgumentException">A draw with weight has a value that is not finite, or no draw has weight.</exception>
    public double[,] Correlation() => Core.Moments.correlation(Inner);

    /// <summary>
    /// Writes the draws as comma-separated text, a line of labels and <c>logWeight</c> and then a line per draw, and gives the file's full path.
    /// </summary>
    /// <example><code>named.SaveCsv("output/named.csv");</code></example>
    public string SaveCsv(string path) => Core.Export.namedCsv(Bridge.Wanted(path), Inner);

    /// <summary>
    /// Writes the draws as an Arrow file (Feather version 2), a column for each label and <c>logWeight</c>, a row per draw, and gives the file's full path.
    /// </summary>
    /// <exception cref="ArgumentException">Two columns would have one name, or the path is empty or that of a folder.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>named.SaveArrow("output/named.arrow");</code></example>
    public string SaveArrow(string path) => Core.Export.namedArrow(Bridge.Wanted(path), Inner);

    private static IReadOnlyList<Estimate> Estimates(IEnumerable<Core.Estimate> estimates) => [.. estimates.Select(Estimate.OfCore)];

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees their tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
