namespace Mne.Functional.CSharp;

/// <summary>
/// Conditional densities ρ(a | b) for every b at once, by noising the coordinates a alone. It owns tensors; dispose of it.
/// </summary>
public sealed class Conditional : IDisposable
{
    private Conditional(Core.Conditional inner) => Inner = inner;

    internal Core.Conditional Inner { get; }

    /// <summary>The evolution under partial noise.</summary>
    public Sampler Sampler => new(Inner.Sampler);

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
    public Draws Draw(
        int count,
        double[] given,
        int seed = 0,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Run(() => Core.ConditionalModule.drawSeeded(
            seed,
            count,
            Bridge.List(given),
            new(Sampler.Heard(Inner.Sampler, progress, cancellationToken), Inner.Drawn, Inner.Given))));

    /// <summary>The energy of the marginal density of b, up to a constant: b (M × number of given coordinates) ↦ (M).</summary>
    public Tensor MarginalEnergy(Tensor given) => Core.ConditionalModule.marginalEnergy(Inner, given);

    /// <summary>The marginal density of b, to be sampled like any other.</summary>
    public Density Marginal() => new(Core.ConditionalModule.marginal(Inner));

    /// <summary>Writes the conditional sampler to an HDF5 file and gives its full path.</summary>
    public string Save(string path, string problem = "") => Core.Storage.saveConditional(path, problem, Inner);

    /// <summary>The conditional sampler of a file; its target is given again.</summary>
    public static Conditional Open(string path, Density target) => new(Core.Storage.openConditional(target.Inner, path));

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>
/// A density ρ(a, b) drawn in two stages: b from its marginal, then a from its conditional. It owns the second stage and not the first;
/// dispose of both.
/// </summary>
public sealed class Marginal : IDisposable
{
    private readonly Core.Marginal inner;

    private Marginal(Core.Marginal inner, Conditional conditional) => (this.inner, Conditional) = (inner, conditional);

    /// <summary>ρ(a | b) for every b.</summary>
    public Conditional Conditional { get; }

    /// <summary>A sampler of the marginal of b.</summary>
    public Sampler Sampler => new(inner.Sampler);

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
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(
            Bridge.Run(() => Core.MarginalModule.evolve(
                (options ?? new()).ToCore(progress, cancellationToken), Sampler.Family(process), conditional.Inner)),
            conditional);

    /// <summary>As <see cref="Evolve"/>, on another thread.</summary>
    public static Task<Marginal> EvolveAsync(
        Conditional conditional,
        SamplerOptions? options = null,
        Func<int, Process>? process = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Evolve(conditional, options, process, progress, cancellationToken), cancellationToken);

    /// <summary>
    /// Draws of all coordinates with log q(b) + log q(a | b) and the weights of the target itself, which correct both stages.
    /// </summary>
    public Draws Draw(int count, int seed = 0) => new(Bridge.Run(() => Core.MarginalModule.drawSeeded(seed, count, inner)));

    /// <summary>Frees the second stage.</summary>
    public void Dispose() => ((IDisposable)inner).Dispose();
}
