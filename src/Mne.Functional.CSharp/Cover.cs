namespace Mne.Functional.CSharp;

/// <summary>How to find points that cover a density: many short Markov chains, started far apart and cooled.</summary>
public sealed record ChainOptions
{
    private static Core.ChainOptions Defaults => Core.Chains.defaults;

    /// <summary>Standard deviation of the cloud in which the chains start. It has to reach every mode. Default 3.</summary>
    public double Spread { get; init; } = Defaults.Spread;

    /// <summary>The middle of that cloud. Default null: the origin.</summary>
    public double[]? Centre { get; init; }

    /// <summary>Number of chains. Default 1,000.</summary>
    public int Chains { get; init; } = Defaults.Chains;

    /// <summary>Steps of cooling. Default 150.</summary>
    public int Cooling { get; init; } = Defaults.Cooling;

    /// <summary>Steps from which points are taken. Default 50.</summary>
    public int Sampling { get; init; } = Defaults.Sampling;

    /// <summary>τ: the points follow e^{−V/τ}. Default 2.</summary>
    public double Temperature { get; init; } = Defaults.Temperature;

    /// <summary>Coordinates that stay where their chain starts, such as the logarithm of a scale on which all others hang. Default none.</summary>
    public int[] Held { get; init; } = [];

    internal Core.ChainOptions ToCore() => new(
        spread: Spread,
        centre: Bridge.Option(Centre is null ? null : Bridge.List(Centre)),
        chains: Chains,
        cooling: Cooling,
        sampling: Sampling,
        temperature: Temperature,
        held: Bridge.List(Held));
}

/// <summary>Where first points come from. They have to cover the density.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Start
{
    internal Start(Core.Start inner) => Inner = inner;

    internal Core.Start Inner { get; }

    /// <summary>A normal cloud around the origin, thinned by e^{−V/τ}: enough in few dimensions.</summary>
    /// <exception cref="ArgumentException">A number is not positive.</exception>
    public static Start Cloud(double spread, double temperature)
    {
        Core.Guard.positive(nameof(spread), spread);
        Core.Guard.positive(nameof(temperature), temperature);
        return new(Core.Start.NewCloud(spread, temperature));
    }

    /// <summary>Markov chains from scattered starts, cooled: for more dimensions.</summary>
    /// <exception cref="ArgumentException">The spread or the temperature is not positive.</exception>
    public static Start Cooled(ChainOptions? options = null)
    {
        var chains = options ?? new();
        Core.Guard.positive(nameof(chains.Spread), chains.Spread);
        Core.Guard.positive(nameof(chains.Temperature), chains.Temperature);
        return new(Core.Start.NewCooled(chains.ToCore()));
    }

    /// <summary>Points that the caller has (M × d). They stay the caller's, to be freed after the last sampler made of them.</summary>
    /// <exception cref="ArgumentException">The points are not finite, or were disposed of.</exception>
    public static Start Known(Tensor points)
    {
        Core.Guard.finite(nameof(points), Bridge.Wanted(points));
        return new(Core.Start.NewKnown(points));
    }

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>τ, the temperature of the points: 1 for points that the caller has.</summary>
    public double Temperature => Inner.Temperature;

    /// <summary>The standard deviation of the cloud that was searched; of the points themselves, where the caller has them.</summary>
    public double Spread => Inner.Spread;
}

/// <summary>Which points stand for a density.</summary>
/// <example><code>var chains = new CoverOptions { Start = Start.Cooled(new ChainOptions { Spread = 5.0 }), Points = 1200 };</code></example>
public sealed record CoverOptions
{
    private static Core.CoverOptions Defaults => Core.Cover.defaults;

    /// <summary>Where first points come from. Default <c>Start.Cloud(3, 2)</c>.</summary>
    public Start Start { get; init; } = new(Defaults.Start);

    /// <summary>Points of every step of the fit. Default 500.</summary>
    public int FitPoints { get; init; } = Defaults.FitPoints;

    /// <summary>
    /// N, the number of collocation points. Default null: the program chooses four times the effective rank of the fitted network's kernel
    /// at λ, but 500 to 1,600.
    /// </summary>
    public int? Points { get; init; } = Bridge.Nullable(Defaults.Points);

    /// <summary>
    /// n: the points stay, and are replaced by new ones at the times T (k/n)³, k = 1 … n − 1; with n = 1, and for processes without a
    /// known transition, the first points move with the flow all the way. Default 20.
    /// </summary>
    public int Refreshes { get; init; } = Defaults.Refreshes;

    internal Core.CoverOptions ToCore() => new(Bridge.Wanted(Start).Inner, FitPoints, Bridge.Option(Points), Refreshes);

    internal static CoverOptions OfCore(Core.CoverOptions options) => new()
    {
        Start = new(options.Start),
        FitPoints = options.FitPoints,
        Points = Bridge.Nullable(options.Points),
        Refreshes = options.Refreshes,
    };
}

/// <summary>Points that stand for a density of which only the energy is known.</summary>
public static class Cover
{
    /// <summary>Recipes for points that cover the target, by their number. The points are looked for once, here.</summary>
    /// <example><code>
    /// var covering = Cover.Points(target);
    /// using var first = covering(500).Points(seed: 1);    // 500 × d
    /// </code></example>
    /// <exception cref="ArgumentException">Options do not fit the target, or its energy is not finite where it is looked at.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Func<int, Collocation> Points(
        Density target,
        CoverOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var points = Core.Cover.points(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(target).Inner);
        return count => new(points.Invoke(count));
    }
}

/// <summary>Many short Markov chains, started far apart and cooled.</summary>
public static class Chains
{
    /// <summary>Points (M × d) at the temperature of the options: every fifth state of the sampling phase of every chain.</summary>
    /// <example><code>
    /// using var pool = Chains.Pool(target, new() { Spread = 5.0 });
    /// var points = Collocation.OfPool(pool, 1000);
    /// </code></example>
    /// <exception cref="ArgumentException">An option is out of range, or an energy is not finite where a chain gets to.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Tensor Pool(
        Density density,
        ChainOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Core.Chains.pool(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(density).Inner);
}
