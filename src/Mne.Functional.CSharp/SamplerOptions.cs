namespace Mne.Functional.CSharp;

/// <summary>How draws are made.</summary>
public sealed record DrawOptions
{
    private static Core.DrawOptions Given => Core.SamplerModule.defaults.Draw;

    /// <summary>
    /// Local error tolerated when draws are carried back: of log-densities, and of positions in units of their deviations, each by its root mean square
    /// over the draws. Default 1e-4. It holds for up to 10,000 draws; of M, where there are more, it is smaller by √(10,000 / M), as the
    /// error of their means is, so that more draws make log Z better.
    /// </summary>
    public double Tolerance { get; init; } = Given.Tolerance;

    internal Core.DrawOptions ToCore() => new(Tolerance);

    internal static DrawOptions OfCore(Core.DrawOptions options) => new() { Tolerance = options.Tolerance };
}

/// <summary>
/// How to make a sampler from a formula, stage by stage. Equal options are equal values; functions in them count by identity. A sampler fits and
/// evolves with other defaults than <c>new RegressionOptions()</c> and <c>new EvolutionOptions()</c> have: change those of
/// <see cref="Defaults"/>.
/// </summary>
/// <example><code>
/// var options = new SamplerOptions
/// {
///     Duration = 4.0,
///     Cover = new() { Start = Start.Cooled() },
///     Fit = SamplerOptions.Defaults.Fit with { Steps = 400 },
///     Evolve = SamplerOptions.Defaults.Evolve with { Sketch = Sketch.Landmarks(500) },
/// };
/// </code></example>
public sealed record SamplerOptions
{
    private static Core.SamplerOptions Given => Core.SamplerModule.defaults;

    /// <summary>The defaults, as <c>new SamplerOptions()</c> has them: where options of one of its stages begin.</summary>
    public static SamplerOptions Defaults { get; } = new();

    /// <summary>The network for the energy, made for the domain ℝ^d. Default: two layers of 48 swish units.</summary>
    public Func<Domain, Network> Network { get; init; } = domain => new(Given.Network.Invoke(domain.Inner));

    /// <summary>
    /// What is carried along in closed form, so that the network need only learn the rest of the energy: for processes with known transitions.
    /// Default <c>KnownPart.Normal</c>.
    /// </summary>
    public KnownPart Known { get; init; } = new(Given.Known);

    /// <summary>T: how long the process runs. Default 3.</summary>
    public double Duration { get; init; } = Given.Duration;

    /// <summary>Which points stand for the target. Default <c>new CoverOptions()</c>.</summary>
    public CoverOptions Cover { get; init; } = CoverOptions.OfCore(Given.Cover);

    /// <summary>
    /// The fit of the energy at time 0. Errors are relative to the spread of what the network is to learn; that of a normal distribution's
    /// energy, √(d/2), is taken where it is larger. Default <c>new RegressionOptions()</c> with <c>Steps</c> 240, <c>Tolerance</c> 2e-3,
    /// <c>Regularisation</c> 1e-3 and 1e-9.
    /// </summary>
    public RegressionOptions Fit { get; init; } = RegressionOptions.OfCore(Given.Fit);

    /// <summary>
    /// The evolution. Its points have to stay fixed: a sampler moves them itself. Default <c>new EvolutionOptions()</c> with <c>Method</c>
    /// <c>Method.Stabilised</c>, <c>Sketch</c> <c>Sketch.Adaptive(2)</c>, <c>Regularisation</c> 1e-9, <c>Tolerance</c> 2e-3,
    /// <c>ErrorScale</c> <see cref="ErrorScale.Spread"/>.
    /// </summary>
    public EvolutionOptions Evolve { get; init; } = EvolutionOptions.OfCore(Given.Evolve);

    /// <summary>The draws. Default <c>new DrawOptions()</c>.</summary>
    public DrawOptions Draw { get; init; } = DrawOptions.OfCore(Given.Draw);

    internal Core.SamplerOptions ToCore() => new(
        network: Bridge.Function<Core.Domain, Core.Network>(domain => Bridge.Wanted(Network)(new Domain(domain)).Inner),
        known: Bridge.Wanted(Known).Inner,
        duration: Duration,
        cover: Bridge.Wanted(Cover).ToCore(),
        fit: Bridge.Wanted(Fit).ToCore(),
        evolve: Bridge.Wanted(Evolve).ToCore(),
        draw: Bridge.Wanted(Draw).ToCore());

    internal static SamplerOptions OfCore(Core.SamplerOptions options) => new()
    {
        // One function for the default network, so that options which have it are equal.
        Network = ReferenceEquals(options.Network, Given.Network) ? Defaults.Network : domain => new(options.Network.Invoke(domain.Inner)),
        Known = new(options.Known),
        Duration = options.Duration,
        Cover = CoverOptions.OfCore(options.Cover),
        Fit = RegressionOptions.OfCore(options.Fit),
        Evolve = EvolutionOptions.OfCore(options.Evolve),
        Draw = DrawOptions.OfCore(options.Draw),
    };
}
