using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>
/// A sampler: the energy of a process that starts in a density known by formula and ends in a reference distribution. Draws
/// are carried from the end back to the start. It owns tensors; dispose of it.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Sampler : IDisposable
{
    internal Sampler(Core.Sampler inner) => (Inner, Energy) = (inner, new(inner.Energy));

    internal Core.Sampler Inner { get; }

    /// <summary>What is sampled.</summary>
    public Density Target => new(Inner.Target);

    /// <summary>u_t for 0 ≤ t ≤ T, from the target's energy to that of the reference distribution. It is freed with the sampler.</summary>
    public Energy Energy { get; }

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
    /// <param name="run">Where numbers are, and the seed of everything random; null for the default.</param>
    /// <param name="progress">Is told after every step: phases <see cref="Phase.Search"/>, <see cref="Phase.Fit"/> and <see cref="Phase.Evolve"/>.</param>
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
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.SamplerModule.evolve(
            Run.ToCore(run, progress, cancellationToken),
            (options ?? new()).ToCore(),
            Family(process),
            Bridge.Wanted(target).Inner)));

    /// <summary>
    /// Goes on with a sampler in the making whose evolution has left a checkpoint: first points and fit are made again from the same seed, and the
    /// evolution goes on from the file. Target, options, process and run are those of before.
    /// </summary>
    /// <example><code>
    /// // "sampler.h5" is what Checkpoints in the options' Evolve has left.
    /// Func&lt;Sampler&gt; goOn = () =&gt; Sampler.Resume("sampler.h5", target);
    /// </code></example>
    /// <param name="path">The file of the checkpoint.</param>
    /// <param name="target">What is to be sampled.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="process">The process in d dimensions; null for Ornstein and Uhlenbeck's.</param>
    /// <param name="run">Where numbers are, and the seed of everything random; null for the default.</param>
    /// <param name="progress">Is told after every step.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ArgumentException">The checkpoint is of another evolution.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="EvolutionFailedException">The evolution did not reach T.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Sampler Resume(
        string path,
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.SamplerModule.resume(
            Run.ToCore(run, progress, cancellationToken),
            (options ?? new()).ToCore(),
            Family(process),
            Bridge.Wanted(target).Inner,
            Core.Checkpoint.read(Bridge.Wanted(path)))));

    /// <summary>
    /// Goes on with a sampler in the making whose fit has left a checkpoint: first points are found again from the same seed, the fit goes on from
    /// the file, and the evolution follows. Target, options, process and run are those of before.
    /// </summary>
    /// <example><code>
    /// // "fit.h5" is what a Checkpoint in the options' Fit has left.
    /// Func&lt;Sampler&gt; goOn = () =&gt; Sampler.ResumeFit("fit.h5", target);
    /// </code></example>
    /// <param name="path">The file of the checkpoint.</param>
    /// <param name="target">What is to be sampled.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="process">The process in d dimensions; null for Ornstein and Uhlenbeck's.</param>
    /// <param name="run">Where numbers are, and the seed of everything random; null for the default.</param>
    /// <param name="progress">Is told after every step.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ArgumentException">The checkpoint is of another fit.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="EvolutionFailedException">The evolution did not reach T.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Sampler ResumeFit(
        string path,
        Density target,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.SamplerModule.resumeFit(
            Run.ToCore(run, progress, cancellationToken),
            (options ?? new()).ToCore(),
            Family(process),
            Bridge.Wanted(target).Inner,
            Core.Checkpoint.readFit(Bridge.Wanted(path)))));

    /// <summary>
    /// Options and process for a target that is not of unit size around the origin: the first points are found, and network and process
    /// are shifted and scaled to them. <paramref name="width"/> is 1 to 3: more leaves room for narrow modes.
    /// </summary>
    /// <example><code>
    /// var (options, process) = Sampler.Standardise(2.0, target, new SamplerOptions { Cover = new() { Start = Start.Cooled() } });
    /// using var sampler = Sampler.Evolve(target, options, process);
    /// </code></example>
    /// <exception cref="ArgumentException">Options do not fit the target.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static (SamplerOptions Options, Func<int, Process> Process) Standardise(
        double width,
        Density target,
        SamplerOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new();
        var (found, family) = Core.SamplerModule.standardise(
            Run.ToCore(run, progress, cancellationToken), width, options.ToCore(), Bridge.Wanted(target).Inner);
        // The options that were given, as values, with the two that standardising changes.
        return (
            options with
            {
                Network = domain => new(found.Network.Invoke(domain.Inner)),
                Cover = options.Cover with { Start = new(found.Cover.Start) },
            },
            dimension => new(family.Invoke(dimension)));
    }

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
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.SamplerModule.passes(
            Run.ToCore(run, progress, cancellationToken),
            count,
            (options ?? new()).ToCore(),
            Family(process),
            Bridge.Wanted(target).Inner)));

    /// <summary>Draws with exact log-densities and weights, by the probability flow; other seeds of the run give other draws.</summary>
    /// <example><code>using var others = sampler.Draw(4000, new Run { Seed = 1 });</code></example>
    /// <exception cref="ArgumentException">The process has no reference distribution, or the count is not positive.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Draws Draw(
        int count, Run? run = null, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.SamplerModule.draw(Run.ToCore(run, progress, cancellationToken), count, Inner)));

    /// <summary>The distribution at time T from which draws begin.</summary>
    public Reference Reference => new(Core.SamplerModule.reference(Inner));

    /// <summary>log q at any points (M × d), normalised: (M).</summary>
    /// <exception cref="ArgumentException">Points do not fit.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed from there.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Tensor LogProposal(Tensor points, Run? run = null, CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.SamplerModule.logProposal(
            Run.ToCore(run, null, cancellationToken), Bridge.Wanted(points), Inner));

    /// <summary>Whether to trust the sampler, in words: what was found, what speaks against it, what to do.</summary>
    /// <example><code>Console.WriteLine(sampler.Report());</code></example>
    public Report Report(
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        CSharp.Report.OfSampler(this, options, run, progress, cancellationToken);

    /// <summary>Writes the sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveSampler(path, problem, Inner);

    /// <summary>
    /// The sampler of a file. Target and process are given again, since functions are not kept, and compared with what the file knows
    /// of them. The same seed gives the same draws as before.
    /// </summary>
    /// <example><code>using var again = Sampler.Open("output/modes.h5", target);</code></example>
    /// <exception cref="ArgumentException">The file is not one of a sampler, or target or process are not what it was made for.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    public static Sampler Open(string path, Density target, Func<int, Process>? process = null, Network? network = null) =>
        new(network is null
            ? Core.Storage.openSampler(Family(process), Bridge.Wanted(target).Inner, path)
            : Core.Storage.openSamplerWith(network.Inner, Family(process), Bridge.Wanted(target).Inner, path));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
