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

/// <summary>Where the first points of a sampler come from. They have to cover the density.</summary>
public sealed record Start
{
    internal Start(Core.Start inner) => Inner = inner;

    internal Core.Start Inner { get; }

    /// <summary>A normal cloud around the origin, thinned by e^{−V/τ}: enough in few dimensions.</summary>
    public static Start Cloud(double spread, double temperature) => new(Core.Start.NewCloud(spread, temperature));

    /// <summary>Markov chains from scattered starts, cooled: for more dimensions.</summary>
    public static Start Cooled(ChainOptions? options = null) => new(Core.Start.NewCooled((options ?? new()).ToCore()));

    /// <summary>Points that the caller has (M × d). They stay the caller's, to be freed after the last sampler made of them.</summary>
    public static Start Known(Tensor points) => new(Core.Start.NewKnown(Bridge.Wanted(points)));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>τ, the temperature of the points: 1 for points that the caller has.</summary>
    public double Temperature => Inner.Temperature;

    /// <summary>The standard deviation of the cloud that was searched; of the points themselves, where the caller has them.</summary>
    public double Spread => Inner.Spread;
}

/// <summary>How to make a sampler from a formula. Equal options are equal values; functions in them count by identity.</summary>
/// <example><code>
/// var options = new SamplerOptions { PointCount = 1200, Start = Start.Cooled() };
/// </code></example>
public sealed record SamplerOptions
{
    private static Core.SamplerOptions Defaults => Core.SamplerModule.defaults;

    /// <summary>The network for the energy, made for the domain ℝ^d. Default: two layers of 64 swish units.</summary>
    public Func<Domain, Network> Network { get; init; } = domain => new(Defaults.Network.Invoke(domain.Inner));

    /// <summary>
    /// Whether a normal distribution close to the target is carried along in closed form, and the network need only learn the rest of the
    /// energy. Default true.
    /// </summary>
    public bool NormalPart { get; init; } = Defaults.NormalPart;

    /// <summary>
    /// N, the number of collocation points; null lets the program choose: four times the effective rank of the fitted network's kernel at λ,
    /// but 800 to 1,600. Default null.
    /// </summary>
    public int? PointCount { get; init; } = Bridge.Nullable(Defaults.PointCount);

    /// <summary>How the minimal-norm problem is restricted. Default 300 landmarks.</summary>
    public Sketch Sketch { get; init; } = new(Defaults.Sketch);

    /// <summary>λ of the evolution. Default 1e-9.</summary>
    public double Regularisation { get; init; } = Defaults.Regularisation;

    /// <summary>Local error of the evolution that is tolerated, relative to the spread of the energy. Default 1e-3.</summary>
    public double Tolerance { get; init; } = Defaults.Tolerance;

    /// <summary>The Runge–Kutta method. Default Runge–Kutta–Chebyshev with 8 stages.</summary>
    public Tableau Tableau { get; init; } = new(Defaults.Tableau);

    /// <summary>
    /// n: the points stay, and are replaced by new ones at the times T (k/n)³, k = 1 … n − 1; with n = 1, and for processes without a
    /// known transition, the first points move with the flow all the way. Default 40.
    /// </summary>
    public int Refreshes { get; init; } = Defaults.Refreshes;

    /// <summary>T: how long the process runs. Default 3.</summary>
    public double Duration { get; init; } = Defaults.Duration;

    /// <summary>Where the first points come from. Default: a cloud with standard deviation 3, τ = 2.</summary>
    public Start Start { get; init; } = new(Defaults.Start);

    /// <summary>Steps of the initial fit of the energy, at most. Default 240.</summary>
    public int FitSteps { get; init; } = Defaults.FitSteps;

    /// <summary>
    /// The fit ends once its error at new points, relative to the spread of what the network is to learn, is below this. Default 2e-3.
    /// </summary>
    public double FitTolerance { get; init; } = Defaults.FitTolerance;

    /// <summary>Points of every step of the fit. Default 1,000.</summary>
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
        network: Bridge.Function<Core.Domain, Core.Network>(domain => Bridge.Wanted(Network)(new Domain(domain)).Inner),
        normalPart: NormalPart,
        pointCount: Bridge.Option(PointCount),
        sketch: Bridge.Wanted(Sketch).Inner,
        regularisation: Regularisation,
        tolerance: Tolerance,
        tableau: Bridge.Wanted(Tableau).Inner,
        refreshes: Refreshes,
        duration: Duration,
        start: Bridge.Wanted(Start).Inner,
        fitSteps: FitSteps,
        fitTolerance: FitTolerance,
        fitPointCount: FitPointCount,
        fitRegularisation: FitRegularisation.ToTuple(),
        drawTolerance: DrawTolerance,
        drawBatch: DrawBatch,
        placement: Bridge.Wanted(Placement).ToCore(),
        seed: Seed,
        meter: Progress.Meter(progress),
        cancellation: cancellation);

    internal static SamplerOptions OfCore(Core.SamplerOptions options) => new()
    {
        Network = domain => new(options.Network.Invoke(domain.Inner)),
        NormalPart = options.NormalPart,
        PointCount = Bridge.Nullable(options.PointCount),
        Sketch = new(options.Sketch),
        Regularisation = options.Regularisation,
        Tolerance = options.Tolerance,
        Tableau = new(options.Tableau),
        Refreshes = options.Refreshes,
        Duration = options.Duration,
        Start = new(options.Start),
        FitSteps = options.FitSteps,
        FitTolerance = options.FitTolerance,
        FitPointCount = options.FitPointCount,
        FitRegularisation = options.FitRegularisation.ToValueTuple(),
        DrawTolerance = options.DrawTolerance,
        DrawBatch = options.DrawBatch,
        Placement = Placement.OfCore(options.Placement),
        Seed = options.Seed,
    };
}

/// <summary>
/// A sampler: the energy of a process that starts in a density known by formula and ends in a reference distribution. Draws
/// are carried from the end back to the start. It owns tensors; dispose of it.
/// </summary>
public sealed class Sampler : IDisposable
{
    internal Sampler(Core.Sampler inner) => (Inner, Solution) = (inner, new(inner.Solution));

    internal Core.Sampler Inner { get; }

    /// <summary>What is sampled.</summary>
    public Density Target => new(Inner.Target);

    /// <summary>The process that takes it to the reference distribution.</summary>
    public Process Process => new(Inner.Process);

    /// <summary>
    /// w_t for 0 ≤ t ≤ T, the energy less its normal part (see <see cref="Local"/> for all of it). It is the sampler's: do not dispose of it.
    /// </summary>
    public Solution Solution { get; }

    /// <summary>The options that it was made with.</summary>
    public SamplerOptions Options => SamplerOptions.OfCore(Inner.Options);

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
        new(Bridge.Run(cancellationToken, () => Core.SamplerModule.evolve(
            (options ?? new()).ToCore(progress, cancellationToken), Family(process), Bridge.Wanted(target).Inner)));

    /// <summary>As <see cref="Evolve"/>, on another thread.</summary>
    public static Task<Sampler> EvolveAsync(
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Evolve(target, options, process, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// Options and process for a target that is not of unit size around the origin: the first points are found, and network and process
    /// are shifted and scaled to them. <paramref name="width"/> is 1 to 3: more leaves room for narrow modes.
    /// </summary>
    /// <example><code>
    /// var (options, process) = Sampler.Standardise(2.0, target, new SamplerOptions { Start = Start.Cooled() });
    /// using var sampler = Sampler.Evolve(target, options, process);
    /// </code></example>
    /// <exception cref="ArgumentException">Options do not fit the target.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static (SamplerOptions Options, Func<int, Process> Process) Standardise(
        double width,
        Density target,
        SamplerOptions? options = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        var (found, family) = Bridge.Run(cancellationToken, () => Core.SamplerModule.standardise(
            width, (options ?? new()).ToCore(progress, cancellationToken), Bridge.Wanted(target).Inner));
        return (SamplerOptions.OfCore(found), dimension => new(family.Invoke(dimension)));
    }

    /// <summary>As <see cref="Standardise"/>, on another thread.</summary>
    public static Task<(SamplerOptions Options, Func<int, Process> Process)> StandardiseAsync(
        double width,
        Density target,
        SamplerOptions? options = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Standardise(width, target, options, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// The last of several samplers, each of which begins with the draws of the one before: for starts that cover the target badly.
    /// </summary>
    /// <example><code>using var sampler = Sampler.Passes(2, target);</code></example>
    /// <exception cref="ArgumentException">Options or the energy do not fit.</exception>
    /// <exception cref="EvolutionFailedException">An evolution did not reach T, or draws could not be made.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Sampler Passes(
        int count,
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Run(cancellationToken, () => Core.SamplerModule.passes(
            count, (options ?? new()).ToCore(progress, cancellationToken), Family(process), Bridge.Wanted(target).Inner)));

    /// <summary>As <see cref="Passes"/>, on another thread.</summary>
    public static Task<Sampler> PassesAsync(
        int count,
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Passes(count, target, options, process, progress, cancellationToken), cancellationToken);

    /// <summary>A recipe for <paramref name="count"/> points that cover the target, as the options say.</summary>
    public static Collocation CoveringPoints(
        int count, Density target, SamplerOptions? options = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Run(cancellationToken, () => Core.SamplerModule.coveringPoints(
            (options ?? new()).ToCore(null, cancellationToken), Bridge.Wanted(target).Inner).Invoke(count)));

    /// <summary>The same sampler, which reports to and is ended by others than those that it was made with.</summary>
    internal Core.Sampler Heard(IProgress<Progress>? progress, CancellationToken cancellation) =>
        Core.SamplerModule.hearing(Progress.Meter(progress), cancellation, Inner);

    /// <summary>Draws with exact log-densities and weights, by the probability flow; other seeds give other draws.</summary>
    /// <exception cref="ArgumentException">The process has no reference distribution, or the count is not positive.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Draws Draw(int count, int seed = 0, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Run(cancellationToken, () => Core.SamplerModule.drawSeeded(seed, count, Heard(progress, cancellationToken))));

    /// <summary>As <see cref="Draw"/>, on another thread.</summary>
    public Task<Draws> DrawAsync(
        int count, int seed = 0, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        Task.Run(() => Draw(count, seed, progress, cancellationToken), cancellationToken);

    /// <summary>The distribution at time T from which draws begin.</summary>
    public Reference Reference => new(Core.SamplerModule.reference(Inner));

    /// <summary>What equations and flows read at time t and the points (M × d): the energy with the given derivatives.</summary>
    /// <example><code>var v = sampler.Process.Flow(sampler.Local(0.5, x, sampler.Process.FlowNeeds));</code></example>
    public Local Local(double t, Tensor points, params IEnumerable<Derivative> derivatives) =>
        new(Core.SamplerModule.local(Derivative.Set(derivatives), t, Bridge.Wanted(points), Inner));

    /// <summary>log q at any points (M × d), normalised: (M).</summary>
    /// <exception cref="ArgumentException">Points do not fit.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed from there.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Tensor LogProposal(Tensor points, CancellationToken cancellationToken = default) =>
        Bridge.Run(cancellationToken, () => Core.SamplerModule.logProposal(
            Bridge.Wanted(points), Heard(null, cancellationToken)));

    /// <summary>Whether to trust the sampler, in words: what was found, what speaks against it, what to do.</summary>
    /// <example><code>Console.WriteLine(sampler.Report());</code></example>
    public Report Report(
        ReportOptions? options = null, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        CSharp.Report.OfSampler(this, options, progress, cancellationToken);

    /// <summary>Writes the sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveSampler(path, problem, Inner);

    /// <summary>
    /// The sampler of a file. Target and process are given again, since functions are not kept, and compared with what the file knows
    /// of them. The same seed gives the same draws as before.
    /// </summary>
    /// <example><code>using var again = Sampler.Open("output/modes.h5", target);</code></example>
    public static Sampler Open(string path, Density target, Func<int, Process>? process = null, Network? network = null) =>
        new(network is null
            ? Core.Storage.openSampler(Family(process), Bridge.Wanted(target).Inner, path)
            : Core.Storage.openSamplerWith(network.Inner, Family(process), Bridge.Wanted(target).Inner, path));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
