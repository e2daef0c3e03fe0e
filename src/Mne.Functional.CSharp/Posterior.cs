namespace Mne.Functional.CSharp;

/// <summary>How to go from a formula to draws.</summary>
/// <example><code>
/// var more = new PosteriorOptions { Count = 40_000, Flow = SamplerOptions.Defaults with { Duration = 4.0 } };
/// var efficient = new PosteriorOptions { Efficiency = 0.9, Budget = TimeSpan.FromMinutes(1) };
/// </code></example>
public sealed record PosteriorOptions
{
    private static Core.PosteriorOptions Defaults => Core.PosteriorModule.defaults;

    /// <summary>M, how many draws. Default 10,000.</summary>
    public int Count { get; init; } = Defaults.Count;

    /// <summary>
    /// The efficiency (effective sample size over draws) that is enough: only below it a dearer route is tried. Default 0.5.
    /// </summary>
    public double Efficiency { get; init; } = Defaults.Efficiency;

    /// <summary>Particles of tempered sequential Monte Carlo. Default 4,000.</summary>
    public int Particles { get; init; } = Defaults.Particles;

    /// <summary>
    /// How an energy is evolved where a mixture alone does not reach the efficiency: minutes instead of seconds, for draws that are
    /// independent and a log Z with more digits than tempering gives. <c>Known</c> and <c>Cover.Start</c> are set by the program. Null: no
    /// energy is evolved. Default null.
    /// </summary>
    public SamplerOptions? Flow { get; init; } = Defaults.Flow is { } flow ? SamplerOptions.OfCore(flow.Value) : null;

    /// <summary>
    /// How long it may take, up to 30 days: when so much time has passed since the beginning, no dearer route is begun, one under way is given up,
    /// and draws come from the best that there is, which <see cref="Posterior.Plan"/> says. What comes before any route (search, tempered samples, a
    /// mixture) takes the seconds that it takes. Results then depend on how fast the machine is; several ranks cannot have one. Null: no limit. Default null.
    /// </summary>
    public TimeSpan? Budget { get; init; } = Defaults.Budget is { } budget ? budget.Value : null;

    internal Core.PosteriorOptions ToCore() =>
        new(Count, Efficiency, Particles, Bridge.Option(Flow?.ToCore()), Bridge.Option(Budget));
}

/// <summary>
/// What there is to know of a density of which only the formula was given: weighted draws, log Z, whether to trust them, and what the program
/// found and chose. It owns tensors; dispose of it.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Posterior : IDisposable
{
    internal Posterior(Core.Posterior inner) => (Inner, Draws) = (inner, new(inner.Draws));

    internal Core.Posterior Inner { get; }

    /// <summary>
    /// Weighted draws from a density of which only the formula is known, its log Z, and whether to trust them. The program looks for modes and
    /// independent coordinates, carries samples from a wide distribution to the target, fits a mixture to them, and, where draws from that are
    /// not efficient enough, evolves the energy with the mixture as its known part. What it found and chose is in <see cref="Plan"/>.
    /// </summary>
    /// <param name="target">The formula. Where its energy is +∞ or not a number, there is no density.</param>
    /// <param name="options">How many draws, how efficient, and how to evolve; null for the defaults.</param>
    /// <param name="run">Where numbers are (double precision on the CPU), and the seed of everything random; null for the default.</param>
    /// <param name="progress">Is told of every step.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <example><code>
    /// var banana = Density.OfEnergy(2, x =>
    /// {
    ///     var (a, b) = (x.select(1, 0), x.select(1, 1));
    ///     return a.Square().Times(0.5).Plus((b - a.Square()).Square().Times(2.0));
    /// });
    /// using var posterior = Posterior.Sample(banana);
    /// Console.WriteLine(posterior);
    /// </code></example>
    /// <exception cref="ArgumentException">Options do not fit, or the energy has the wrong shape, is −∞, or is finite nowhere near the origin.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Posterior Sample(
        Density target,
        PosteriorOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.PosteriorModule.sample(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(target).Inner)));

    /// <summary>More draws, by the same routes. The run's seed is that of the draws: take another than before.</summary>
    /// <example><code>using var more = posterior.Draw(10_000, new Run { Seed = 1 });</code></example>
    /// <exception cref="ArgumentException">There are fewer than 25 draws.</exception>
    /// <exception cref="EvolutionFailedException">A flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Draws Draw(
        int count, Run? run = null, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.PosteriorModule.draw(Run.ToCore(run, progress, cancellationToken), count, Inner)));

    /// <summary>
    /// log q at any points (M × d) in the coordinates of the formula, normalised: (M). With exact draws of the target it tells what the draws miss.
    /// </summary>
    /// <example><code>using var log = posterior.LogProposal(Tensors.Points(new[,] { { 0.0, 1.0 } }));</code></example>
    /// <exception cref="ArgumentException">Points do not fit, or draws were tempered, which leaves their density unknown.</exception>
    /// <exception cref="EvolutionFailedException">A flow cannot be followed from there.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Tensor LogProposal(Tensor points, Run? run = null, CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.PosteriorModule.logProposal(
            Run.ToCore(run, null, cancellationToken), Bridge.Wanted(points), Inner));

    /// <summary>
    /// Writes its draws, log Z, verdict and plan, and what it takes to draw more, to an HDF5 file and gives the file's full path. A file of that name
    /// is replaced at once and whole.
    /// </summary>
    public string Save(string path, string problem = "") => Core.Storage.savePosterior(path, problem, Inner);

    /// <summary>
    /// The posterior of a file. Its formula, a function, is given again and compared with what the file knows of it. The same seed gives the same
    /// further draws.
    /// </summary>
    /// <example><code>
    /// posterior.Save("output/posterior.h5", "two modes");
    /// using var again = Posterior.Open("output/posterior.h5", posterior.Target);
    /// </code></example>
    /// <exception cref="ArgumentException">The file is not one of a posterior, or the formula is not the one that it was made for.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    public static Posterior Open(string path, Density target) =>
        new(Core.Storage.openPosterior(Bridge.Wanted(target).Inner, path));

    /// <summary>What was asked about.</summary>
    public Density Target => new(Inner.Target);

    /// <summary>Weighted draws in the coordinates of the formula. They are the posterior's: do not dispose of them.</summary>
    public Draws Draws { get; }

    /// <summary>log Z = log ∫ e^{−V} dx with its standard error.</summary>
    public Estimate LogNormaliser => Estimate.OfCore(Inner.LogNormaliser);

    /// <summary>The effective sample size as a fraction of the draws.</summary>
    public Estimate Efficiency => Estimate.OfCore(Inner.Efficiency);

    /// <summary>What speaks against the result.</summary>
    public IReadOnlyList<Concern> Concerns => [.. Inner.Concerns.Select(Concern.OfCore)];

    /// <summary>The worst verdict of any concern.</summary>
    public Verdict Verdict => Cases.Verdict.OfCore(Inner.Verdict);

    /// <summary>What the program found and chose.</summary>
    public Plan Plan => new(Inner.Plan);

    /// <summary>At how many points the energy was evaluated, once for each gradient as well.</summary>
    public long Evaluations => Inner.Evaluations;

    /// <summary>How many of the draws lie where there is no density; they have the weight 0.</summary>
    public int WithoutDensity => Inner.WithoutDensity;

    /// <summary>A few lines of text: log Z, efficiency, verdict, concerns, plan.</summary>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
