namespace Mne.Functional.CSharp;

/// <summary>What draws say of one number.</summary>
public sealed class SummaryEntry
{
    internal SummaryEntry(Core.SummaryEntry inner) => Inner = inner;

    private Core.SummaryEntry Inner { get; }

    /// <summary>Its label, such as <c>theta[1]</c>.</summary>
    public string Label => Inner.Label;

    /// <summary>The mean, with its Monte Carlo standard error.</summary>
    public Estimate Mean => Estimate.OfCore(Inner.Mean);

    /// <summary>The standard deviation.</summary>
    public Estimate Deviation => Estimate.OfCore(Inner.Deviation);

    /// <summary>The quantile below which half of what the mass leaves lies: 5 % for a mass of 0.9.</summary>
    public Estimate Lower => Estimate.OfCore(Inner.Lower);

    /// <summary>The median.</summary>
    public Estimate Median => Estimate.OfCore(Inner.Median);

    /// <summary>The quantile above which the other half of what the mass leaves lies.</summary>
    public Estimate Upper => Estimate.OfCore(Inner.Upper);

    /// <summary>The shortest interval that holds the mass: of highest density, where there is one mode.</summary>
    public (double Low, double High) Narrowest => (Inner.Narrowest.Item1, Inner.Narrowest.Item2);

    /// <summary>How many independent draws without weights would give the mean as precisely; NaN where the number is constant.</summary>
    public double EffectiveDraws => Inner.EffectiveDraws;

    /// <summary>The larger one of the probabilities of being positive and of being negative (probability of direction).</summary>
    public double Direction => Inner.Direction;
}

/// <summary>What draws say of each of their quantities: as a table by <see cref="ToString"/>, as HTML in notebooks, as records.</summary>
/// <example><code>
/// var summary = Summary.Create(named);
/// Console.WriteLine(summary);
/// Console.WriteLine(summary.Entry("a").Mean);
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Summary
{
    internal Summary(Core.Summary inner) => Inner = inner;

    internal Core.Summary Inner { get; }

    /// <summary>
    /// Mean, deviation, quantiles, shortest interval, effective draws and probability of direction of each number, with Monte Carlo standard errors for
    /// independent draws. Draws without weight may have any values.
    /// </summary>
    /// <param name="draws">Weighted draws.</param>
    /// <param name="mass">The share of the probability that intervals hold, between 0 and 1: 0.9 for the quantiles 5 % and 95 %.</param>
    /// <exception cref="ArgumentException">
    /// The mass is not between 0 and 1, a draw with weight has a value that is not finite, or no draw has weight.
    /// </exception>
    public static Summary Create(NamedDraws draws, double mass = 0.9) =>
        new(Core.SummaryModule.create(mass, Bridge.Wanted(draws).Inner));

    /// <summary>The share of the probability that intervals hold.</summary>
    public double Mass => Inner.Mass;

    /// <summary>How many draws there are.</summary>
    public int Draws => Inner.Draws;

    /// <summary>Their effective sample size by the weights alone, as a fraction.</summary>
    public Estimate Efficiency => Estimate.OfCore(Inner.Efficiency);

    /// <summary>k̂ of the weights: above 0.7 errors are larger than standard errors say.</summary>
    public double ParetoShape => Inner.ParetoShape;

    /// <summary>The share of the largest weight in the sum of all.</summary>
    public double LargestWeight => Inner.LargestWeight;

    /// <summary>One for each number, in the order of the columns.</summary>
    public IReadOnlyList<SummaryEntry> Entries => [.. Inner.Entries.Select(entry => new SummaryEntry(entry))];

    /// <summary>What is said of one number, by its label, such as <c>theta[1]</c>.</summary>
    /// <exception cref="ArgumentException">There is none of that label.</exception>
    public SummaryEntry Entry(string label) => new(Core.SummaryModule.entry(Bridge.Wanted(label), Inner));

    /// <summary>What speaks against the numbers, in sentences; none where nothing does.</summary>
    public IReadOnlyList<string> Doubts => [.. Inner.Doubts];

    /// <summary>The table as HTML.</summary>
    public string Html => Inner.Html;

    /// <summary>The table as text, a row for each number; means to two digits of their errors.</summary>
    public override string ToString() => Inner.Text;
}
