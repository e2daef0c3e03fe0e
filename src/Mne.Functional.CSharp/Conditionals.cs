namespace Mne.Functional.CSharp;

/// <summary>
/// Conditional densities ρ(a | b) for every b at once, by noising the coordinates a alone. It owns tensors; dispose of it.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Conditional : IDisposable
{
    private Conditional(Core.Conditional inner) => (Inner, Sampler) = (inner, new(inner.Sampler));

    internal Core.Conditional Inner { get; }

    /// <summary>The evolution under partial noise. It is the conditional's: do not dispose of it.</summary>
    public Sampler Sampler { get; }

    /// <summary>The coordinates a that are drawn.</summary>
    public IReadOnlyList<int> Drawn => [.. Inner.Drawn];

    /// <summary>The coordinates b that are given.</summary>
    public IReadOnlyList<int> Given => [.. Inner.Given];

    /// <summary>Noises the coordinates <paramref name="drawn"/> of the target: one evolution serves every condition.</summary>
    /// <example><code>
    /// using var conditional = Conditional.Evolve(target, [0]);      // x₀ given x₁
    /// using var draws = conditional.Draw(1000, [2.0]);              // x₁ = 2
    /// </code></example>
    public static Conditional Evolve(
        Density target,
        int[] drawn,
        SamplerOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ConditionalModule.evolve(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.List(drawn), Bridge.Wanted(target).Inner)));

    /// <summary>Draws of all coordinates with b = given, with exact conditional log-densities and weights.</summary>
    /// <exception cref="ArgumentException">There is not one finite number for each coordinate that is given.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Draws Draw(
        int count,
        double[] given,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ConditionalModule.draw(
            Run.ToCore(run, progress, cancellationToken), count, Bridge.List(given), Inner)));

    /// <summary>ρ(a | b) for one b, up to a constant, as a density of the coordinates a in their order.</summary>
    /// <exception cref="ArgumentException">There is not one finite number for each coordinate that is given.</exception>
    public Density Density(double[] given) => new(Core.ConditionalModule.density(Bridge.List(given), Inner));

    /// <summary>log q(a | b) at any a (M × number of drawn coordinates) and one b, normalised: (M).</summary>
    /// <exception cref="ArgumentException">Points or given numbers do not fit.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed from there.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Tensor LogProposal(double[] given, Tensor points, Run? run = null, CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.ConditionalModule.logProposal(
            Run.ToCore(run, null, cancellationToken), Bridge.List(given), Bridge.Wanted(points), Inner));

    /// <summary>Whether to trust draws for one b, in words: what was found, what speaks against it, what to do.</summary>
    /// <example><code>Console.WriteLine(conditional.Report([2.0]));</code></example>
    public Report Report(
        double[] given,
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        CSharp.Report.OfConditional(this, given, options, run, progress, cancellationToken);

    /// <summary>The energy of the marginal density of b, up to a constant: b (M × number of given coordinates) ↦ (M).</summary>
    public Tensor MarginalEnergy(Tensor given) => Core.ConditionalModule.marginalEnergy(Inner, Bridge.Wanted(given));

    /// <summary>The marginal density of b, to be sampled like any other.</summary>
    public Density Marginal() => new(Core.ConditionalModule.marginal(Inner));

    /// <summary>Writes the conditional sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveConditional(path, problem, Inner);

    /// <summary>The conditional sampler of a file; its target is given again.</summary>
    public static Conditional Open(string path, Density target) =>
        new(Core.Storage.openConditional(Bridge.Wanted(target).Inner, path));

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>
/// A density ρ(a, b) drawn in two stages: b from its marginal, then a from its conditional. It owns the sampler of the marginal, and not
/// the conditional; dispose of both.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Marginal : IDisposable
{
    /// <summary>
    /// Of a conditional and a sampler of its <see cref="Conditional.Marginal"/>, such as those of files; it owns the sampler then.
    /// </summary>
    /// <example><code>
    /// var conditional = Conditional.Open("output/conditional.h5", target);
    /// var marginal = new Marginal(conditional, Sampler.Open("output/marginal.h5", conditional.Marginal()));
    /// </code></example>
    public Marginal(Conditional conditional, Sampler sampler) =>
        (Conditional, Sampler) = (Bridge.Wanted(conditional), Bridge.Wanted(sampler));

    internal Core.Marginal Inner => new(Conditional.Inner, Sampler.Inner);

    /// <summary>ρ(a | b) for every b, from which this was made.</summary>
    public Conditional Conditional { get; }

    /// <summary>A sampler of the marginal of b. It is the marginal's: do not dispose of it.</summary>
    public Sampler Sampler { get; }

    /// <summary>Evolves the marginal energy of b that partial noise left.</summary>
    /// <example><code>
    /// using var conditional = Conditional.Evolve(target, [0]);
    /// using var marginal = Marginal.Evolve(conditional);
    /// using var draws = marginal.Draw(4000);
    /// </code></example>
    public static Marginal Evolve(
        Conditional conditional,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(
            conditional,
            new(Bridge.Result(() => Core.MarginalModule.evolve(
                Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
                Sampler.Family(process),
                Bridge.Wanted(conditional).Inner)).Sampler));

    /// <summary>
    /// Draws of all coordinates with log q(b) + log q(a | b) and the weights of the target itself, which correct both stages.
    /// </summary>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Draws Draw(
        int count, Run? run = null, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.MarginalModule.draw(Run.ToCore(run, progress, cancellationToken), count, Inner)));

    /// <summary>log q(b) + log q(a | b) at points of all coordinates (M × d), normalised: (M).</summary>
    /// <exception cref="ArgumentException">Points do not fit.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed from there.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Tensor LogProposal(Tensor points, Run? run = null, CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.MarginalModule.logProposal(
            Run.ToCore(run, null, cancellationToken), Bridge.Wanted(points), Inner));

    /// <summary>Whether to trust draws of both stages, in words: what was found, what speaks against it, what to do.</summary>
    /// <example><code>Console.WriteLine(marginal.Report());</code></example>
    public Report Report(
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        CSharp.Report.OfMarginal(this, options, run, progress, cancellationToken);

    /// <summary>Frees the sampler of the marginal.</summary>
    public void Dispose() => Sampler.Dispose();
}
