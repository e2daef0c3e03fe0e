using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>How an evolution ended.</summary>
public enum OutcomeKind
{
    /// <summary>The end of the time span was reached.</summary>
    Completed,

    /// <summary>An event occurred.</summary>
    StoppedByEvent,

    /// <summary>The function of an event was not a number.</summary>
    EventNotANumber,

    /// <summary>The error control asked for steps that round-off does not resolve.</summary>
    StepTooSmall,

    /// <summary>The permitted number of steps was used up.</summary>
    TooManySteps,

    /// <summary>Something was not a finite number.</summary>
    NonFinite,

    /// <summary>The kernel of the points could not be factorised.</summary>
    SingularKernel,

    /// <summary>Cancellation was requested.</summary>
    Cancelled,
}

/// <summary>How an evolution ended, with one sentence of advice. What does not belong to the kind of end is null.</summary>
/// <example><code>
/// if (solution.Outcome is { Kind: OutcomeKind.StoppedByEvent, EventName: var name, Time: var t })
///     Console.WriteLine($"{name} at t = {t}");
/// </code></example>
public sealed record Outcome
{
    internal Outcome(Core.Outcome inner) => Inner = inner;

    private Core.Outcome Inner { get; }

    /// <summary>How it ended.</summary>
    public OutcomeKind Kind => Inner switch
    {
        { IsCompleted: true } => OutcomeKind.Completed,
        { IsStoppedByEvent: true } => OutcomeKind.StoppedByEvent,
        { IsEventNotANumber: true } => OutcomeKind.EventNotANumber,
        { IsStepTooSmall: true } => OutcomeKind.StepTooSmall,
        { IsTooManySteps: true } => OutcomeKind.TooManySteps,
        { IsNonFinite: true } => OutcomeKind.NonFinite,
        { IsSingularKernel: true } => OutcomeKind.SingularKernel,
        { IsCancelled: true } => OutcomeKind.Cancelled,
        _ => throw Bridge.Unknown(Inner),
    };

    /// <summary>Whether the end or an event was reached.</summary>
    public bool Succeeded => Kind is OutcomeKind.Completed or OutcomeKind.StoppedByEvent;

    /// <summary>The time t at which it ended, where it did not complete; null where something was not finite.</summary>
    public double? Time => Inner switch
    {
        Core.Outcome.StoppedByEvent stopped => stopped.time,
        Core.Outcome.EventNotANumber undefined => undefined.time,
        Core.Outcome.StepTooSmall small => small.time,
        Core.Outcome.TooManySteps many => many.time,
        Core.Outcome.SingularKernel singular => singular.time,
        Core.Outcome.Cancelled cancelled => cancelled.time,
        _ => null,
    };

    /// <summary>The name of the event that stopped it, or whose function was not a number.</summary>
    public string? EventName => (Inner as Core.Outcome.StoppedByEvent)?.name ?? (Inner as Core.Outcome.EventNotANumber)?.name;

    /// <summary>The step that was too small.</summary>
    public double? Step => (Inner as Core.Outcome.StepTooSmall)?.step;

    /// <summary>The number of steps that was used up.</summary>
    public int? Steps => (Inner as Core.Outcome.TooManySteps)?.steps;

    /// <summary>What was not finite, and where.</summary>
    public string? Where => (Inner as Core.Outcome.NonFinite)?.where;

    /// <summary>The number of points or landmarks of the kernel that could not be factorised.</summary>
    public int? Size => (Inner as Core.Outcome.SingularKernel)?.size;

    /// <summary>What happened and what to do about it.</summary>
    public string Advice => Inner.Advice;

    /// <inheritdoc/>
    public override string ToString() => Advice;
}

/// <summary>Thrown where an evolution cannot give its result.</summary>
public sealed class EvolutionFailedException : Exception
{
    internal EvolutionFailedException(Outcome outcome, Exception inner) : base(outcome.Advice, inner) => Outcome = outcome;

    /// <summary>What happened and what to do about it.</summary>
    public Outcome Outcome { get; }
}

/// <summary>What an error of u is measured against.</summary>
public enum ErrorScale
{
    /// <summary>The root mean square of u at the points.</summary>
    Magnitude,

    /// <summary>The root mean square of u less its mean: for energies.</summary>
    Spread,
}

/// <summary>In which direction a function passes 0 when its event occurs.</summary>
public enum Direction
{
    /// <summary>From positive to 0 or below.</summary>
    Falling,

    /// <summary>From negative to 0 or above.</summary>
    Rising,

    /// <summary>Either way.</summary>
    Either,
}

/// <summary>
/// Stop when a function of (t, θ (p), X (N × d)) passes 0, as seen at nine times in every step. A falling (rising) event whose function
/// is 0 or below (above) at the start has occurred there.
/// </summary>
/// <param name="Name">What the outcome reports.</param>
/// <param name="Function">(t, θ, X) ↦ a number.</param>
/// <param name="Direction">The direction in which it passes 0. Default falling.</param>
public sealed record StopEvent(
    string Name, Func<double, Tensor, Tensor, double> Function, Direction Direction = Direction.Falling)
{
    internal Core.StopEvent ToCore() =>
        new(Bridge.Wanted(Name), Bridge.Function(Function), Cases.Direction.ToCore(Direction));

    internal static StopEvent OfCore(Core.StopEvent e) =>
        new(e.Name, Bridge.OfFunction(e.Function), Cases.Direction.OfCore(e.Direction));
}

/// <summary>Write the state of the run to a file while it lasts; see <see cref="Evolution.Resume"/>.</summary>
public sealed record Checkpoint
{
    /// <summary>The file; it is replaced at once and whole.</summary>
    public required string Path { get; init; }

    /// <summary>After every so many accepted steps; null to go by time.</summary>
    public int? EverySteps { get; init; }

    /// <summary>After the first step that ends later than this since the last time. Default 5 minutes.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Receives what went wrong when the file cannot be written; the run goes on, and the next interval tries again, unless this throws.
    /// Where it is null, a line on standard error says so.
    /// </summary>
    public Action<Exception>? OnFailure { get; init; }

    internal FSharpFunc<Lazy<Core.EvolutionState>, Unit> ToCore()
    {
        var interval = EverySteps is int steps
            ? Core.CheckpointInterval.NewSteps(steps)
            : Core.CheckpointInterval.NewElapsed(Every);
        return OnFailure is null
            ? Core.Checkpoint.every(interval, Bridge.Wanted(Path))
            : Core.Checkpoint.everyOr(FuncConvert.FromAction(OnFailure), interval, Bridge.Wanted(Path));
    }
}

/// <summary>How to solve an evolution equation. Equal options are equal values; lists and functions in them count by identity.</summary>
/// <example><code>
/// var options = new EvolutionOptions { Tolerance = 1e-7, Sketch = Sketch.Landmarks(256) };
/// var looser = options with { Tolerance = 1e-4 };
/// </code></example>
public sealed record EvolutionOptions
{
    private static Core.EvolutionOptions Defaults => Core.Evolution.defaults;

    /// <summary>How the minimal-norm problem is restricted. Default <see cref="Sketch.Exact"/>.</summary>
    public Sketch Sketch { get; init; } = new(Defaults.Sketch);

    /// <summary>λ, relative to the mean diagonal of the kernel: small is accurate, large is less stiff. Default 1e-10.</summary>
    public double Regularisation { get; init; } = Defaults.Regularisation;

    /// <summary>Local error that is tolerated, relative, in function space. Default 1e-6.</summary>
    public double Tolerance { get; init; } = Defaults.Tolerance;

    /// <summary>What errors are relative to. Default <see cref="ErrorScale.Magnitude"/>.</summary>
    public ErrorScale ErrorScale { get; init; } = Cases.ErrorScale.OfCore(Defaults.ErrorScale);

    /// <summary>What errors are relative to is not taken to be smaller than this. Default 0.</summary>
    public double SmallestScale { get; init; } = Defaults.SmallestScale;

    /// <summary>How the points move. Default <see cref="PointDynamics.Fixed"/>.</summary>
    public PointDynamics Points { get; init; } = new(Defaults.Points);

    /// <summary>Events that end the run. Default none.</summary>
    public IReadOnlyList<StopEvent> Events { get; init; } = [];

    /// <summary>How steps are made. Default <see cref="Method.DormandPrince54"/>.</summary>
    public Method Method { get; init; } = new(Defaults.Method);

    /// <summary>How step sizes are chosen. Default <c>new Controller()</c>.</summary>
    public Controller Controller { get; init; } = new();

    /// <summary>The first step. Default null: the program chooses.</summary>
    public double? InitialStep { get; init; }

    /// <summary>Steps never exceed this. Default: no limit.</summary>
    public double MaximumStep { get; init; } = Defaults.MaximumStep;

    /// <summary>Steps, accepted and rejected, never exceed this number. Default 100,000.</summary>
    public int MaximumSteps { get; init; } = Defaults.MaximumSteps;

    /// <summary>Writes the state of the run to a file while it lasts. Default null: nothing is written.</summary>
    public Checkpoint? Checkpoint { get; init; }

    internal Core.EvolutionOptions ToCore() => new(
        sketch: Bridge.Wanted(Sketch).Inner,
        regularisation: Regularisation,
        tolerance: Tolerance,
        errorScale: Cases.ErrorScale.ToCore(ErrorScale),
        smallestScale: SmallestScale,
        points: Bridge.Wanted(Points).Inner,
        events: Bridge.List(Events, e => e.ToCore()),
        method: Bridge.Wanted(Method).Inner,
        controller: Bridge.Wanted(Controller).ToCore(),
        initialStep: Bridge.Option(InitialStep),
        maximumStep: MaximumStep,
        maximumSteps: MaximumSteps,
        checkpoint: Checkpoint?.ToCore() ?? Defaults.Checkpoint);

    internal static EvolutionOptions OfCore(Core.EvolutionOptions options) => new()
    {
        Sketch = new(options.Sketch),
        Regularisation = options.Regularisation,
        Tolerance = options.Tolerance,
        ErrorScale = Cases.ErrorScale.OfCore(options.ErrorScale),
        SmallestScale = options.SmallestScale,
        Points = new(options.Points),
        Events = options.Events.Select(StopEvent.OfCore).ToArray(),
        Method = new(options.Method),
        Controller = Controller.OfCore(options.Controller),
        InitialStep = Bridge.Nullable(options.InitialStep),
        MaximumStep = options.MaximumStep,
        MaximumSteps = options.MaximumSteps,
    };
}

/// <summary>One accepted step in numbers.</summary>
/// <param name="Time">The time reached.</param>
/// <param name="Size">The size of the step.</param>
/// <param name="Error">The estimated error over the tolerance.</param>
/// <param name="Residual">|Jθ̇ − f| / |f|.</param>
/// <param name="EffectiveRank">The effective dimension of the kernel.</param>
/// <param name="Evaluations">Field evaluations so far.</param>
/// <param name="Rejected">Rejected steps so far.</param>
public sealed record Step(
    double Time, double Size, double Error, double Residual, double EffectiveRank, int Evaluations, int Rejected);

/// <summary>The solution of an evolution equation: θ(t) and X(t) as functions of time. It owns tensors; dispose of it.</summary>
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
            s.Time, s.Step, s.Error, s.Note.Residual, s.Note.EffectiveRank, s.Evaluations, s.Rejected))];

    /// <summary>The time at which it began.</summary>
    public double Start => Inner.Trajectory.Start;

    /// <summary>u(t, x) at the points X (M × d): M, or M × m for m components.</summary>
    /// <exception cref="ArgumentException">t lies outside the time span that was reached.</exception>
    public Tensor Evaluate(double t, Tensor points) => Core.SolutionModule.evaluate(t, Bridge.Wanted(points), Inner);

    /// <summary>u(t, x) at the points, one per row; for m components m numbers per point, one point after the other.</summary>
    /// <example><code>double[] u = solution.Evaluate(0.5, new double[,] { { 1.0 }, { 2.0 } });</code></example>
    public double[] Evaluate(double t, double[,] points)
    {
        using var x = Tensors.Points(points);
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
    /// <exception cref="ArgumentException">Arguments do not fit together.</exception>
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
