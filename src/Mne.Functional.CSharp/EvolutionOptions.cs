using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

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

    private Core.CheckpointInterval Interval => EverySteps is int steps
        ? Core.CheckpointInterval.NewSteps(steps)
        : Core.CheckpointInterval.NewElapsed(Every);

    internal FSharpFunc<Lazy<Core.EvolutionState>, Unit> ToCore() => OnFailure is null
        ? Core.Checkpoint.every(Interval, Bridge.Wanted(Path))
        : Core.Checkpoint.everyOr(FuncConvert.FromAction(OnFailure), Interval, Bridge.Wanted(Path));

    internal FSharpFunc<Lazy<Core.FitState>, Unit> ToCoreFit() => OnFailure is null
        ? Core.Checkpoint.everyFit(Interval, Bridge.Wanted(Path))
        : Core.Checkpoint.everyFitOr(FuncConvert.FromAction(OnFailure), Interval, Bridge.Wanted(Path));
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

    /// <summary>What holds at walls, for any equation. Reflections keep conditions of the domain without them. Default none.</summary>
    public IReadOnlyList<Wall> Walls { get; init; } = [];

    /// <summary>Events that end the run. Default none.</summary>
    public IReadOnlyList<StopEvent> Events { get; init; } = [];

    /// <summary>How steps are made. Default <see cref="Method.Automatic"/>.</summary>
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
        walls: Bridge.List(Walls, wall => wall.Inner),
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
        Walls = options.Walls.Select(wall => new Wall(wall)).ToArray(),
        Events = options.Events.Select(StopEvent.OfCore).ToArray(),
        Method = new(options.Method),
        Controller = Controller.OfCore(options.Controller),
        InitialStep = Bridge.Nullable(options.InitialStep),
        MaximumStep = options.MaximumStep,
        MaximumSteps = options.MaximumSteps,
    };
}
