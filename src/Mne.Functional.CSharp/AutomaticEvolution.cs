namespace Mne.Functional.CSharp;

/// <summary>One of the runs of an automatic evolution: what was chosen for it, and what came of it.</summary>
/// <param name="Accuracy">ε, the relative error that everything else was chosen for.</param>
/// <param name="Waves">Whether the network is a sum of waves and nothing else.</param>
/// <param name="Units">Units in each of the three layers of the network; of a sum of waves, how many in each coordinate.</param>
/// <param name="Parameters">p.</param>
/// <param name="Points">N.</param>
/// <param name="Landmarks">Landmarks, rows of the tangent; N where all points are.</param>
/// <param name="Regularisation">λ.</param>
/// <param name="Tolerance">The tolerance of steps.</param>
/// <param name="Redrawn">Time between draws of points where u is steep; null where points stay.</param>
/// <param name="FitError">The relative error of the initial value at points that its fit has not seen.</param>
/// <param name="Evaluations">Evaluations of the vector field.</param>
/// <param name="Defect">How badly the equation holds between the points, over the whole time.</param>
/// <param name="Difference">How far its solution is from that of the run before, relative; NaN of the first run.</param>
public sealed record Resolution(
    double Accuracy,
    bool Waves,
    int Units,
    int Parameters,
    int Points,
    int Landmarks,
    double Regularisation,
    double Tolerance,
    double? Redrawn,
    double FitError,
    int Evaluations,
    double Defect,
    double Difference)
{
    internal static Resolution OfCore(Core.Resolution inner) => new(
        inner.Accuracy,
        inner.Waves,
        inner.Units,
        inner.Parameters,
        inner.Points,
        inner.Landmarks,
        inner.Regularisation,
        inner.Tolerance,
        Bridge.Nullable(inner.Redrawn),
        inner.FitError,
        inner.Evaluations,
        inner.Defect,
        inner.Difference);
}

/// <summary>
/// A solution from a tolerance alone: u, the error that it is believed to have, and the runs that tell. It owns the tensors of the solution.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class AutomaticSolution : IDisposable
{
    internal AutomaticSolution(Core.AutomaticSolution inner) => Inner = inner;

    internal Core.AutomaticSolution Inner { get; }

    /// <summary>u(t, x), of the last run; disposed of with this.</summary>
    public Solution Solution => new(Inner.Solution);

    /// <summary>The error that u is believed to have, relative to its root mean square over space and times.</summary>
    public double Error => Inner.Error;

    /// <summary>The tolerance that was asked for.</summary>
    public double Tolerance => Inner.Tolerance;

    /// <summary>Whether the error is believed to be within the tolerance.</summary>
    public bool Met => Inner.Met;

    /// <summary>All runs, from the coarsest on.</summary>
    public IReadOnlyList<Resolution> Runs => [.. Inner.Runs.Select(Resolution.OfCore)];

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <inheritdoc/>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>
/// Evolution equations from a tolerance alone: network, points, sketch, λ and steps are chosen by the program, which solves the equation
/// at two or more resolutions and believes what their difference tells.
/// </summary>
public static class AutomaticEvolution
{
    /// <summary>
    /// Solves ∂_t u = A_t u with u(t0, x) = u0(x) on a bounded domain to a tolerance, and says how large the error is believed to be.
    /// It costs about twice the time of its last run.
    /// </summary>
    /// <param name="tolerance">The error of u, relative to its root mean square over space and times, that is asked for; from 1e-8 to 0.1.</param>
    /// <param name="term">The right-hand side A_t u; a <see cref="Term.System"/> for several components.</param>
    /// <param name="domain">A bounded domain: intervals, circles, walls.</param>
    /// <param name="initial">u0: points (N × d) to N values, or N × m for m components.</param>
    /// <param name="from">The first time.</param>
    /// <param name="to">The last time; an earlier one runs backwards.</param>
    /// <param name="run">Placement and seed; null for the default.</param>
    /// <param name="progress">Hears of every fit and every run.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <returns>The solution of the last run, its believed error, and all runs. Where the tolerance is not met, <see cref="AutomaticSolution.Met"/> says so.</returns>
    /// <example><code>
    /// var circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    /// var fisher = 0.1 * Term.Laplacian + Term.Value - Term.Value.Pow(2);
    /// using var result = AutomaticEvolution.Solve(1e-3, fisher, circle, x => x.squeeze(1).cos().Times(0.4).Plus(0.5), 0.0, 1.0);
    /// Console.WriteLine(result);
    /// double[] u = result.Solution.Evaluate(1.0, new double[,] { { 0.5 } });
    /// </code></example>
    /// <exception cref="ArgumentException">The tolerance is out of range, the domain is not bounded, or the equation does not suit it.</exception>
    /// <exception cref="EvolutionFailedException">A run did not reach the end.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static AutomaticSolution Solve(
        double tolerance,
        Term term,
        Domain domain,
        Func<Tensor, Tensor> initial,
        double from,
        double to,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.AutomaticEvolution.solve(
            Run.ToCore(run, progress, cancellationToken), tolerance,
            Bridge.Wanted(term).Inner, Bridge.Wanted(domain).Inner, Bridge.Function(initial), from, to)));

    /// <summary>
    /// As <see cref="Solve"/>, with conditions at walls, which say what <see cref="EvolutionOptions.Walls"/> says.
    /// </summary>
    /// <param name="tolerance">The error of u, relative to its root mean square over space and times, that is asked for; from 1e-8 to 0.1.</param>
    /// <param name="walls">What holds at the ends of intervals.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <param name="domain">A bounded domain: the ends of an interval are walls.</param>
    /// <param name="initial">u0, which keeps the conditions at the first time.</param>
    /// <param name="from">The first time.</param>
    /// <param name="to">The last time.</param>
    /// <param name="run">Placement and seed; null for the default.</param>
    /// <param name="progress">Hears of every fit and every run.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <example><code>
    /// var bar = Domain.Box((0.0, 1.0));
    /// Wall[] walls = [Wall.Dirichlet(Side.Low(0), Wall.Constant(0.0)), Wall.Dirichlet(Side.High(0), Wall.Constant(1.0))];
    /// using var result = AutomaticEvolution.SolveWithWalls(1e-2, walls, 0.1 * Term.Laplacian, bar, x => x.squeeze(1).square(), 0.0, 0.5);
    /// Console.WriteLine(result);
    /// </code></example>
    /// <exception cref="ArgumentException">The tolerance is out of range, the domain is not bounded, or equation or walls do not suit it.</exception>
    /// <exception cref="EvolutionFailedException">A run did not reach the end.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static AutomaticSolution SolveWithWalls(
        double tolerance,
        IEnumerable<Wall> walls,
        Term term,
        Domain domain,
        Func<Tensor, Tensor> initial,
        double from,
        double to,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.AutomaticEvolution.solveWithWalls(
            Run.ToCore(run, progress, cancellationToken), tolerance, Bridge.List(walls, wall => wall.Inner),
            Bridge.Wanted(term).Inner, Bridge.Wanted(domain).Inner, Bridge.Function(initial), from, to)));
}
