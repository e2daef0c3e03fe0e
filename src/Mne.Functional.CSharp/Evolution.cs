namespace Mne.Functional.CSharp;

/// <summary>Solves evolution equations by minimal neural evolution (Lindsey, arXiv 2502.03645).</summary>
public static class Evolution
{
    /// <summary>Solves ∂_t u = A_t u from one time to another (backwards when it is earlier).</summary>
    /// <param name="term">A_t u.</param>
    /// <param name="network">The parametric function class.</param>
    /// <param name="points">Where the equation is imposed.</param>
    /// <param name="start">θ (p) at the first time.</param>
    /// <param name="from">The first time.</param>
    /// <param name="to">The last time.</param>
    /// <param name="options">How to solve; null for the defaults.</param>
    /// <param name="run">Its seed is that of points that are drawn; null for the default.</param>
    /// <param name="progress">Is told after every step, on the thread that computes.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <example><code>
    /// var circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    /// var network = Network.Create(circle, Layer.Harmonics(2), Layer.Dense(32, Activation.Sine));
    /// var points = Collocation.Grid(circle, 64);
    /// var start = Regression.Fit(network, x => x.squeeze(1).sin(), points);
    /// using var solution = Evolution.Solve(0.1 * Term.Laplacian, network, points, start, 0.0, 1.0);
    /// </code></example>
    /// <exception cref="ArgumentException">Arguments do not fit together.</exception>
    /// <exception cref="EvolutionFailedException">Neither the end nor an event was reached.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Solution Solve(
        Term term,
        Network network,
        Collocation points,
        Tensor start,
        double from,
        double to,
        EvolutionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.Evolution.solve(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(term).Inner, Bridge.Wanted(network).Inner, Bridge.Wanted(points).Inner, Bridge.Wanted(start), from, to)));

    /// <summary>
    /// As <see cref="Solve"/>, but gives what was reached whatever happens, also after a cancellation; <see cref="Solution.Outcome"/> says
    /// how it ended. The solution is to be disposed of in every case, and so is what is returned, not an out parameter.
    /// </summary>
    /// <example><code>
    /// using var reached = Evolution.TrySolve(term, network, points, start, 0.0, 1.0);
    /// if (!reached.Outcome.Succeeded) Console.WriteLine(reached.Outcome.Advice);
    /// </code></example>
    /// <exception cref="ArgumentException">Arguments do not fit together, or the equation does not suit the walls of its domain, or is ill-posed by its constant coefficients.</exception>
    public static Solution TrySolve(
        Term term,
        Network network,
        Collocation points,
        Tensor start,
        double from,
        double to,
        EvolutionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Core.Evolution.trySolve(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(term).Inner, Bridge.Wanted(network).Inner, Bridge.Wanted(points).Inner, Bridge.Wanted(start), from, to));

    /// <summary>
    /// Goes on from a checkpoint (see <see cref="EvolutionOptions.Checkpoint"/>): with the options and the equation of the
    /// first run, the solution has the bits that it would have had without the interruption.
    /// </summary>
    /// <param name="path">The file of the checkpoint.</param>
    /// <param name="term">The equation, as before.</param>
    /// <param name="options">The options, as before.</param>
    /// <param name="network">The network, where it was one by <see cref="Network.OfFunction"/>.</param>
    /// <param name="run">The run, as before.</param>
    /// <param name="progress">Is told after every step.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="ArgumentException">The equation is another one, or the file is not a checkpoint.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="EvolutionFailedException">Neither the end nor an event was reached.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Solution Resume(
        string path,
        Term term,
        EvolutionOptions? options = null,
        Network? network = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => From(path, network, state => Core.Evolution.resume(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(term).Inner, state))));

    /// <summary>
    /// As <see cref="Resume"/>, but gives what was reached whatever happens, also after a cancellation; <see cref="Solution.Outcome"/> says
    /// how it ended. The solution is to be disposed of in every case.
    /// </summary>
    /// <exception cref="ArgumentException">The equation is another one, or the file is not a checkpoint.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static Solution TryResume(
        string path,
        Term term,
        EvolutionOptions? options = null,
        Network? network = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(From(path, network, state => Core.Evolution.tryResume(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(term).Inner, state)));

    /// <summary>Resumes from the state of a file, which is freed where that does not succeed.</summary>
    private static Core.Solution From(string path, Network? network, Func<Core.EvolutionState, Core.Solution> resume)
    {
        var state = network is null
            ? Core.Checkpoint.read(Bridge.Wanted(path))
            : Core.Checkpoint.readWith(network.Inner, Bridge.Wanted(path));
        try
        {
            return resume(state);
        }
        catch
        {
            ((IDisposable)state).Dispose();
            throw;
        }
    }
}
