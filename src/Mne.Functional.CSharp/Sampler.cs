using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>How to find points that cover a density: many short Markov chains, started far apart and cooled.</summary>
public sealed record ChainOptions
{
    private static Core.ChainOptions Defaults => Core.Chains.defaults;

    /// <summary>Standard deviation of the cloud in which the chains start. It has to reach every mode. Default 3.</summary>
    public double Spread { get; init; } = Defaults.Spread;

    /// <summary>The middle of that cloud; null is the origin.</summary>
    public double[]? Centre { get; init; }

    /// <summary>Number of chains. Default 1,000.</summary>
    public int Chains { get; init; } = Defaults.Chains;

    /// <summary>Steps of cooling. Default 150.</summary>
    public int Cooling { get; init; } = Defaults.Cooling;

    /// <summary>Steps from which points are taken. Default 50.</summary>
    public int Sampling { get; init; } = Defaults.Sampling;

    /// <summary>τ: the points follow e^{−V/τ}. Default 2.</summary>
    public double Temperature { get; init; } = Defaults.Temperature;

    internal Core.ChainOptions ToCore() => new(
        spread: Spread,
        centre: Centre is null
            ? FSharpOption<Microsoft.FSharp.Collections.FSharpList<double>>.None
            : FSharpOption<Microsoft.FSharp.Collections.FSharpList<double>>.Some(Bridge.List(Centre)),
        chains: Chains,
        cooling: Cooling,
        sampling: Sampling,
        temperature: Temperature);
}

/// <summary>Where the first points of a sampler come from. They have to cover the density.</summary>
public sealed class Start
{
    internal Start(Core.Start inner) => Inner = inner;

    internal Core.Start Inner { get; }

    /// <summary>A normal cloud around the origin, thinned by e^{−V/τ}: enough in few dimensions.</summary>
    public static Start Cloud(double spread, double temperature) => new(Core.Start.NewCloud(spread, temperature));

    /// <summary>Markov chains from scattered starts, cooled: for more dimensions.</summary>
    public static Start Cooled(ChainOptions? options = null) => new(Core.Start.NewCooled((options ?? new()).ToCore()));

    /// <summary>Points that the caller has (M × d).</summary>
    public static Start Known(Tensor points) => new(Core.Start.NewKnown(points));
}

/// <summary>How to make a sampler from a formula.</summary>
/// <example><code>
/// var options = new SamplerOptions { PointCount = 1200, Start = Start.Cooled() };
/// </code></example>
public sealed record SamplerOptions
{
    private static Core.SamplerOptions Defaults => Core.SamplerModule.defaults;

    /// <summary>The network for the energy, made for the domain ℝ^d. Default: two layers of 64 swish units.</summary>
    public Func<Domain, Network> Network { get; init; } = domain => new(Defaults.Network.Invoke(domain.Inner));

    /// <summary>N, the number of collocation points. Default 800.</summary>
    public int PointCount { get; init; } = Defaults.PointCount;

    /// <summary>How the minimal-norm problem is restricted. Default 300 landmarks.</summary>
    public Sketch Sketch { get; init; } = new(Defaults.Sketch);

    /// <summary>λ of the evolution. Default 1e-8.</summary>
    public double Regularisation { get; init; } = Defaults.Regularisation;

    /// <summary>Local error of the evolution that is tolerated, relative to the spread of the energy. Default 1e-3.</summary>
    public double Tolerance { get; init; } = Defaults.Tolerance;

    /// <summary>How often the points are replaced by new ones, less one. Default 10.</summary>
    public int Refreshes { get; init; } = Defaults.Refreshes;

    /// <summary>T: how long the process runs. Default 3.</summary>
    public double Duration { get; init; } = Defaults.Duration;

    /// <summary>Where the first points come from. Default: a cloud with standard deviation 3, τ = 2.</summary>
    public Start Start { get; init; } = new(Defaults.Start);

    /// <summary>Steps of the initial fit of the energy. Default 60.</summary>
    public int FitSteps { get; init; } = Defaults.FitSteps;

    /// <summary>Points of every step of the fit. Default 800.</summary>
    public int FitPointCount { get; init; } = Defaults.FitPointCount;

    /// <summary>λ at the first and the last step of the fit. Default 1e-3 and 1e-9.</summary>
    public (double First, double Last) FitRegularisation { get; init; } =
        (Defaults.FitRegularisation.Item1, Defaults.FitRegularisation.Item2);

    /// <summary>Local error tolerated when draws are carried back. Default 1e-5.</summary>
    public double DrawTolerance { get; init; } = Defaults.DrawTolerance;

    /// <summary>At most this many draws are carried back together. Default 4,000.</summary>
    public int DrawBatch { get; init; } = Defaults.DrawBatch;

    /// <summary>Precision and device. Default float64 on the processor.</summary>
    public Placement Placement { get; init; } = Placement.OfCore(Defaults.Placement);

    /// <summary>Seed of everything random. Default 0.</summary>
    public int Seed { get; init; } = Defaults.Seed;

    internal Core.SamplerOptions ToCore(IProgress<Progress>? progress, CancellationToken cancellation) => new(
        network: Bridge.Function<Core.Domain, Core.Network>(domain => Network(new Domain(domain)).Inner),
        pointCount: PointCount,
        sketch: Sketch.Inner,
        regularisation: Regularisation,
        tolerance: Tolerance,
        tableau: Defaults.Tableau,
        refreshes: Refreshes,
        duration: Duration,
        start: Start.Inner,
        fitSteps: FitSteps,
        fitPointCount: FitPointCount,
        fitRegularisation: Tuple.Create(FitRegularisation.First, FitRegularisation.Last),
        drawTolerance: DrawTolerance,
        drawBatch: DrawBatch,
        placement: Placement.ToCore(),
        seed: Seed,
        meter: Progress.Meter(progress),
        cancellation: cancellation);
}

/// <summary>
/// A sampler: the energy of a process that starts in a density known by formula and ends in a reference distribution. Draws
/// are carried from the end back to the start. It owns tensors; dispose of it.
/// </summary>
public sealed class Sampler : IDisposable
{
    internal Sampler(Core.Sampler inner) => Inner = inner;

    internal Core.Sampler Inner { get; }

    /// <summary>What is sampled.</summary>
    public Density Target => new(Inner.Target);

    /// <summary>The process that takes it to the reference distribution.</summary>
    public Process Process => new(Inner.Process);

    /// <summary>u_t for 0 ≤ t ≤ T.</summary>
    public Solution Solution => new(Inner.Solution);

    /// <summary>Relative error of the fit of u_0 at points that it has not seen.</summary>
    public double FitError => Inner.FitError;

    internal static FSharpFunc<int, Core.Process> Family(Func<int, Process>? process) =>
        Bridge.Function<int, Core.Process>(d => process is null ? Core.ProcessModule.ornsteinUhlenbeck(d) : process(d).Inner);

    /// <summary>Fits the energy at time 0 and evolves it, with its points, through the process to time T.</summary>
    /// <param name="target">What is to be sampled.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="process">The process in d dimensions; null for Ornstein and Uhlenbeck's.</param>
    /// <param name="progress">Is told after every step: phases "fit" and "evolve".</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <example><code>
    /// var target = Density.GaussianMixture((0.6, [2.0, 2.0], 0.6), (0.4, [-2.0, -2.0], 0.6));
    /// using var sampler = Sampler.Evolve(target);
    /// using var draws = sampler.Draw(4000);
    /// Console.WriteLine($"{draws.EffectiveSampleSize} {draws.LogNormaliser}");
    /// </code></example>
    /// <exception cref="ArgumentException">Options or the energy do not fit.</exception>
    /// <exception cref="EvolutionFailedException">The evolution did not reach T.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Sampler Evolve(
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Run(() => Core.SamplerModule.evolve(
            (options ?? new()).ToCore(progress, cancellationToken), Family(process), target.Inner)));

    /// <summary>As <see cref="Evolve"/>, on another thread.</summary>
    public static Task<Sampler> EvolveAsync(
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Evolve(target, options, process, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// As <see cref="Evolve"/>, for a target that is not of unit size around the origin: the first points are found, and network
    /// and process are shifted and scaled to them. <paramref name="width"/> is 1 or 2: more leaves room for narrow modes.
    /// </summary>
    /// <example><code>using var sampler = Sampler.EvolveStandardised(2.0, target, new SamplerOptions { Start = Start.Cooled() });</code></example>
    public static Sampler EvolveStandardised(
        double width,
        Density target,
        SamplerOptions? options = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Run(() =>
        {
            var (standardised, family) = Core.SamplerModule.standardise(
                width, (options ?? new()).ToCore(progress, cancellationToken), target.Inner);
            return Core.SamplerModule.evolve(standardised, family, target.Inner);
        }));

    /// <summary>The same sampler, which reports to and is ended by others.</summary>
    internal static Core.Sampler Heard(Core.Sampler sampler, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        var o = sampler.Options;
        return new(sampler.Target, sampler.Process, sampler.Solution, sampler.FitError, new Core.SamplerOptions(
            network: o.Network, pointCount: o.PointCount, sketch: o.Sketch, regularisation: o.Regularisation,
            tolerance: o.Tolerance, tableau: o.Tableau, refreshes: o.Refreshes, duration: o.Duration, start: o.Start, fitSteps: o.FitSteps, fitPointCount: o.FitPointCount,
            fitRegularisation: o.FitRegularisation, drawTolerance: o.DrawTolerance, drawBatch: o.DrawBatch,
            placement: o.Placement, seed: o.Seed, meter: Progress.Meter(progress), cancellation: cancellation));
    }

    /// <summary>Draws with exact log-densities and weights, by the probability flow; other seeds give other draws.</summary>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    public Draws Draw(int count, int seed = 0, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Run(() => Core.SamplerModule.drawSeeded(seed, count, Heard(Inner, progress, cancellationToken))));

    /// <summary>As <see cref="Draw"/>, on another thread.</summary>
    public Task<Draws> DrawAsync(
        int count, int seed = 0, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Draw(count, seed, progress, cancellationToken), cancellationToken);

    /// <summary>Draws by the reverse stochastic differential equation, in so many steps, with weights in path space.</summary>
    public Draws DrawByReverseSde(int count, int steps = 100, int seed = 0) =>
        new(Bridge.Run(() => Core.ReverseSde.drawSeeded(
            new Core.ReverseOptions(Core.ReverseSde.defaults.Kernel, steps), seed, count, Inner)));

    /// <summary>log q at any points (M × d), normalised: (M).</summary>
    public Tensor LogProposal(Tensor points) => Bridge.Run(() => Core.SamplerModule.logProposal(points, Inner));

    /// <summary>Whether to trust the sampler, in words: what was found, what speaks against it, what to do.</summary>
    /// <example><code>Console.WriteLine(sampler.Report());</code></example>
    public string Report() => Core.ReportModule.show(Bridge.Run(() => Core.ReportModule.ofSampler(Core.ReportModule.defaults, Inner)));

    /// <summary>Writes the sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveSampler(path, problem, Inner);

    /// <summary>
    /// The sampler of a file. Target and process are given again, since functions are not kept, and compared with what the file knows
    /// of them. The same seed gives the same draws as before.
    /// </summary>
    /// <example><code>using var again = Sampler.Open("output/modes.h5", target);</code></example>
    public static Sampler Open(string path, Density target, Func<int, Process>? process = null, Network? network = null) =>
        new(network is null
            ? Core.Storage.openSampler(Family(process), target.Inner, path)
            : Core.Storage.openSamplerWith(network.Inner, Family(process), target.Inner, path));

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>
/// Conditional densities ρ(a | b) for every b at once, by noising the coordinates a alone. It owns tensors; dispose of it.
/// </summary>
public sealed class Conditional : IDisposable
{
    private readonly Core.Conditional inner;

    private Conditional(Core.Conditional inner) => this.inner = inner;

    /// <summary>The coordinates a that are drawn.</summary>
    public IReadOnlyList<int> Drawn => [.. inner.Drawn];

    /// <summary>The coordinates b that are given.</summary>
    public IReadOnlyList<int> Given => [.. inner.Given];

    /// <summary>Noises the coordinates <paramref name="drawn"/> of the target: one evolution serves every condition.</summary>
    /// <example><code>
    /// using var conditional = Conditional.Evolve(target, [0]);      // x₀ given x₁
    /// using var draws = conditional.Draw(1000, [2.0]);              // x₁ = 2
    /// </code></example>
    public static Conditional Evolve(
        Density target,
        int[] drawn,
        SamplerOptions? options = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Run(() => Core.ConditionalModule.evolve(
            (options ?? new()).ToCore(progress, cancellationToken), Bridge.List(drawn), target.Inner)));

    /// <summary>As <see cref="Evolve"/>, on another thread.</summary>
    public static Task<Conditional> EvolveAsync(
        Density target,
        int[] drawn,
        SamplerOptions? options = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Evolve(target, drawn, options, progress, cancellationToken), cancellationToken);

    /// <summary>Draws of all coordinates with b = given, with exact conditional log-densities and weights.</summary>
    public Draws Draw(int count, double[] given, int seed = 0) =>
        new(Bridge.Run(() => Core.ConditionalModule.drawSeeded(seed, count, Bridge.List(given), inner)));

    /// <summary>The energy of the marginal density of b, up to a constant: b (M × number of given coordinates) ↦ (M).</summary>
    public Tensor MarginalEnergy(Tensor given) => Core.ConditionalModule.marginalEnergy(inner, given);

    /// <summary>The marginal density of b, to be sampled like any other.</summary>
    public Density Marginal() => new(Core.ConditionalModule.marginal(inner));

    /// <summary>Writes the conditional sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveConditional(path, problem, inner);

    /// <summary>The conditional sampler of a file; its target is given again.</summary>
    public static Conditional Open(string path, Density target) => new(Core.Storage.openConditional(target.Inner, path));

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)inner).Dispose();
}
