namespace Mne.Functional.CSharp;

/// <summary>How to make annealed draws.</summary>
/// <example><code>var careful = new AnnealedOptions { Stops = 24, Moves = 8 };</code></example>
public sealed record AnnealedOptions
{
    private static Core.AnnealedOptions Defaults => Core.AnnealedDraws.defaults;

    /// <summary>
    /// K: draws stop on their way from T to 0 at the times T (1 − k/K)², k = 1 … K, where it is seen whether they still follow
    /// e^{−u_t}; the last of them is 0, where it is the target. Default 12.
    /// </summary>
    public int Stops { get; init; } = Defaults.Stops;

    /// <summary>
    /// Draws are resampled and moved where the effective sample size of their weights is less than this fraction of them: 0 to 1; before the
    /// last stop only where it is a tenth or more, since e^{−u_t} is to be believed there. Default 0.5.
    /// </summary>
    public double Threshold { get; init; } = Defaults.Threshold;

    /// <summary>Moves of every draw where they are resampled. Default 4.</summary>
    public int Moves { get; init; } = Defaults.Moves;

    /// <summary>Groups of draws that share nothing: how much their log Z differ is its error. 2 or more. Default 8.</summary>
    public int Groups { get; init; } = Defaults.Groups;

    internal Core.AnnealedOptions ToCore() => new(Stops, Threshold, Moves, Groups);
}

/// <summary>Annealed draws. They own tensors; dispose of them.</summary>
public sealed class Annealed : IDisposable
{
    internal Annealed(Core.Annealed inner)
    {
        Draws = new(inner.Draws);
        LogNormaliser = Estimate.OfCore(inner.LogNormaliser);
        Resampled = [.. inner.Resampled.Select(found => (found.Item1, found.Item2))];
    }

    /// <summary>
    /// The draws, with proper weights. Those of a group are not independent where it was resampled, so that errors come from the groups:
    /// <see cref="LogNormaliser"/>, not that of the draws.
    /// </summary>
    public Draws Draws { get; }

    /// <summary>log Z, the log of the mean weight, with the error that the groups tell.</summary>
    public Estimate LogNormaliser { get; }

    /// <summary>The times at which draws were resampled and moved, from T downwards, and in how many of the groups.</summary>
    public IReadOnlyList<(double Time, int Groups)> Resampled { get; }

    /// <inheritdoc/>
    public void Dispose() => Draws.Dispose();
}

/// <summary>
/// Draws along the probability flow that are weighed against e^{−u_t}, resampled and moved on the way: errors of u_t are repaired where they
/// arise, so that a sampler whose plain draws have few effective ones gives many.
/// </summary>
public static class AnnealedDraws
{
    /// <summary>
    /// The draws, a few more where groups of 25 or more ask for it, with log Z, of which the mean weight is an estimate without bias whatever the
    /// error of u, but for moves being fitted to the draws; without resampling they are those of
    /// <see cref="Sampler.Draw"/>. Where u has a hole that no point has seen, draws gather in it, all groups alike, and the estimate is too low by
    /// more than they tell: a report on the draws, which compares log Z with that of tempering, sees it.
    /// </summary>
    /// <example><code>
    /// using var annealed = AnnealedDraws.Draw(sampler, 4000);
    /// Console.WriteLine($"{annealed.LogNormaliser}, {annealed.Draws.EffectiveSampleSize:P0}");
    /// </code></example>
    /// <exception cref="ArgumentException">The process has no reference distribution, or an argument is out of range.</exception>
    /// <exception cref="EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Annealed Draw(
        Sampler sampler,
        int count,
        AnnealedOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.AnnealedDraws.draw(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), count, Bridge.Wanted(sampler).Inner)));
}
