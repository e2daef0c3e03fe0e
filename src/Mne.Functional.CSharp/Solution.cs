namespace Mne.Functional.CSharp;

/// <summary>One accepted step in numbers.</summary>
/// <param name="Time">The time reached.</param>
/// <param name="Size">The size of the step.</param>
/// <param name="Error">The estimated error over the tolerance.</param>
/// <param name="Residual">|Jθ̇ − f| / |f| at the points, for which it was solved.</param>
/// <param name="FreshResidual">|∂ₜu − A u| / |A u| at fresh points between them; NaN where it was not measured.</param>
/// <param name="Defect">∫ |∂ₜu − A u| / |u| dt so far at fresh points: about the relative error of u that the missing points have made.</param>
/// <param name="EffectiveRank">The effective dimension of the kernel.</param>
/// <param name="Evaluations">Field evaluations so far.</param>
/// <param name="Rejected">Rejected steps so far.</param>
public sealed record Step(
    double Time, double Size, double Error, double Residual, double FreshResidual, double Defect, double EffectiveRank,
    int Evaluations, int Rejected);

/// <summary>The solution of an evolution equation: θ(t) and X(t) as functions of time. It owns tensors; dispose of it.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Solution : IDisposable
{
    internal Solution(Core.Solution inner) => Inner = inner;

    internal Core.Solution Inner { get; }

    /// <summary>The parametric function class.</summary>
    public Network Network => new(Inner.Network);

    /// <summary>The options that it was made with, but for a checkpoint, of which nothing is known afterwards.</summary>
    public EvolutionOptions Options => EvolutionOptions.OfCore(Inner.Options);

    /// <summary>How the run ended.</summary>
    public Outcome Outcome => new(Inner.Outcome);

    /// <summary>The time that was reached.</summary>
    public double Stop => Core.SolutionModule.stop(Inner);

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed => Inner.Elapsed;

    /// <summary>The accepted steps in numbers.</summary>
    public IReadOnlyList<Step> Steps =>
        [.. Core.SolutionModule.steps(Inner).Select(s => new Step(
            s.Time, s.Step, s.Error, s.Note.Residual, s.Note.FreshResidual, s.Note.Defect, s.Note.EffectiveRank,
            s.Evaluations, s.Rejected))];

    /// <summary>
    /// About the relative error of u that the missing points have made (of its spread, where the error scale says so), and
    /// more than that where u is good: ∫ |∂ₜu − A u| / |u| dt at points between the collocation points. NaN where it was not measured.
    /// </summary>
    public double Defect => Inner.Defect;

    /// <summary>Why u may not solve the equation although the run is complete, and what to do; null where nothing speaks against it.</summary>
    public string? Doubt => Inner.Doubt?.Value;

    /// <summary>The time at which it began.</summary>
    public double Start => Inner.Trajectory.Start;

    /// <summary>u(t, x) at the points X (M × d): M, or M × m for m components.</summary>
    /// <exception cref="ArgumentException">t lies outside the time span that was reached.</exception>
    public Tensor Evaluate(double t, Tensor points) => Core.SolutionModule.evaluate(t, Bridge.Wanted(points), Inner);

    /// <summary>u(t, x) at the points, one per row; for m components m numbers per point, one point after the other.</summary>
    /// <example><code>double[] u = solution.Evaluate(0.5, new double[,] { { 1.0 }, { 2.0 } });</code></example>
    public double[] Evaluate(double t, double[,] points)
    {
        using var x = Tensors.Points(Bridge.Wanted(points));
        using var u = Evaluate(t, x);
        return Tensors.ToArray(u);
    }

    /// <summary>u and the given derivatives at time t and the points (M × d).</summary>
    /// <example><code>var slope = solution.Jet(0.5, x, Derivative.Partial(0))[Derivative.Partial(0)];</code></example>
    public Jet Jet(double t, Tensor points, params IEnumerable<Derivative> derivatives) =>
        new(Core.SolutionModule.jet(Derivative.Set(derivatives), t, Bridge.Wanted(points), Inner));

    /// <summary>What a right-hand side sees at time t and the points (M × d), with the given derivatives.</summary>
    /// <example><code>var right = term.Evaluate(solution.Local(0.5, x, term.Needs(dimension: 1)));</code></example>
    public Local Local(double t, Tensor points, params IEnumerable<Derivative> derivatives) =>
        new(new Core.Local(t, points, Core.SolutionModule.jet(Derivative.Set(derivatives), t, points, Inner)));

    /// <summary>
    /// One component, to be read like the solution of a single equation. It shares this solution's tensors: dispose of one of them only.
    /// </summary>
    /// <example><code>double[] v = waves.OfComponent(1).Evaluate(0.5, new double[,] { { 1.0 } });</code></example>
    public Solution OfComponent(int index) => new(Core.SolutionModule.ofComponent(index, Inner));

    /// <summary>θ(t) (p).</summary>
    public Tensor Parameters(double t) => Core.SolutionModule.parameters(t, Inner);

    /// <summary>X(t) (N × d), where the collocation points were.</summary>
    public Tensor Points(double t) => Core.SolutionModule.points(t, Inner);

    /// <summary>Writes the solution to an HDF5 file and gives its full path; <paramref name="problem"/> says what was solved.</summary>
    /// <example><code>
    /// solution.Save("output/heat.h5", "heat on a circle");
    /// using var again = Solution.Open("output/heat.h5");
    /// </code></example>
    public string Save(string path, string problem = "") => Core.Storage.saveSolution(path, problem, Inner);

    /// <summary>
    /// Writes u at the points (M × d) and times as comma-separated text, a line of names t, x0, x1, …, u (or u0, u1, …) and then a line for each point
    /// at each time, and gives the file's full path.
    /// </summary>
    /// <exception cref="ArgumentException">There are no times, one lies outside the time span that was reached, or the points do not fit.</exception>
    /// <example><code>
    /// using var x = Tensors.Points(new double[,] { { 1.0 }, { 2.0 } });
    /// solution.SaveCsv("output/heat.csv", [0.0, 0.5, 1.0], x);
    /// </code></example>
    public string SaveCsv(string path, IEnumerable<double> times, Tensor points) =>
        Core.Export.solutionCsv(Bridge.Wanted(path), Bridge.List(times), Bridge.Wanted(points), Inner);

    /// <summary>
    /// Writes u at the points (M × d) and times as an Arrow file (Feather version 2), columns t, x0, x1, …, u (or u0, u1, …), a row for each point at each
    /// time, and gives the file's full path.
    /// </summary>
    /// <exception cref="ArgumentException">There are no times, one lies outside the time span that was reached, the points do not fit, or the path is
    /// empty or that of a folder.</exception>
    /// <exception cref="IOException">The file cannot be written; the old one is as it was.</exception>
    /// <example><code>
    /// using var x = Tensors.Points(new double[,] { { 1.0 }, { 2.0 } });
    /// solution.SaveArrow("output/heat.arrow", [0.0, 0.5, 1.0], x);
    /// </code></example>
    public string SaveArrow(string path, IEnumerable<double> times, Tensor points) =>
        Core.Export.solutionArrow(Bridge.Wanted(path), Bridge.List(times), Bridge.Wanted(points), Inner);

    /// <summary>The solution of a file, to the same bits; give the network where it was one by <see cref="Network.OfFunction"/>.</summary>
    /// <exception cref="ArgumentException">The file is not one of a solution, or its network has to be given, or is another one.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    public static Solution Open(string path, Network? network = null) =>
        new(network is null ? Core.Storage.openSolution(path) : Core.Storage.openSolutionWith(network.Inner, path));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
