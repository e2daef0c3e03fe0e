namespace Mne.Functional.CSharp;

/// <summary>
/// What a computation is given beside its arguments: where its numbers are, the seed of everything random, and how much it may hold at a time.
/// It is handed in where work is done and never kept in a result; who hears of the work and who may end it are arguments of their own.
/// </summary>
/// <example><code>
/// var seventh = new Run { Seed = 7 };
/// using var solution = Evolution.Solve(equation, network, points, start, 0.0, 1.0, run: seventh);
/// </code></example>
public sealed record Run
{
    private static Core.Run Quiet => Core.RunModule.quiet;

    /// <summary>
    /// Precision and device of what is made. Where a computation goes on from tensors that exist, theirs hold. Default
    /// <see cref="CSharp.Placement.Float64"/>.
    /// </summary>
    public Placement Placement { get; init; } = Placement.OfCore(Quiet.Placement);

    /// <summary>Seed of everything random: the same seed on the same machine with as many threads gives the same bits. Default 0.</summary>
    public int Seed { get; init; } = Quiet.Seed;

    /// <summary>
    /// At most this many points or draws are worked on together where each is followed on its own: memory is bounded by it. Default 4,000.
    /// </summary>
    public int Rows { get; init; } = Quiet.Rows;

    /// <summary>
    /// The processes that work on it together, each of which calls the same functions with the same arguments and gets the same results. Default
    /// <see cref="CSharp.Communicator.Alone"/>.
    /// </summary>
    public Communicator Communicator { get; init; } = Communicator.Alone;

    /// <summary>The run given, or the default one, with who hears of it and who may end it.</summary>
    internal static Core.Run ToCore(Run? run, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        run ??= new();
        return new(
            placement: Bridge.Wanted(run.Placement).ToCore(),
            seed: run.Seed,
            meter: Progress.Meter(progress),
            cancellation: cancellation,
            rows: run.Rows,
            communicator: Bridge.Wanted(run.Communicator).Inner);
    }
}
