using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>What is being done.</summary>
public enum Phase
{
    /// <summary>First points are looked for.</summary>
    Search,

    /// <summary>A network is fitted to a function.</summary>
    Fit,

    /// <summary>An equation is solved.</summary>
    Evolve,

    /// <summary>Draws are made.</summary>
    Draw,

    /// <summary>Work of the caller's own: see <see cref="Progress.Name"/>.</summary>
    Other,
}

/// <summary>A sign of life from a computation that lasts.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Progress
{
    internal Progress(Core.Progress inner) => Inner = inner;

    internal Core.Progress Inner { get; }

    /// <summary>What is being done.</summary>
    public Phase Phase => Inner.Phase.IsOther ? Phase.Other : Cases.Phase.OfCore(Inner.Phase);

    /// <summary>What is being done, in a word: "search", "fit", "evolve", "draw"; the name of work of the caller's own.</summary>
    public string Name => Inner.Phase.ToString();

    /// <summary>How much of the phase is done, from 0 to 1.</summary>
    public double Fraction => Inner.Fraction;

    /// <summary>The time t of the evolution; for a fit or a search, the number of the step.</summary>
    public double Time => Inner.Time;

    /// <summary>Steps accepted so far.</summary>
    public int Accepted => Inner.Accepted;

    /// <summary>Steps rejected so far.</summary>
    public int Rejected => Inner.Rejected;

    /// <summary>The current step size; NaN where there is none.</summary>
    public double Step => Inner.Step;

    /// <summary>Relative residual between the points; for a fit, its relative error; NaN where there is none.</summary>
    public double Residual => Inner.Residual;

    /// <summary>About the relative error of u that the missing points have made so far; NaN where there is none.</summary>
    public double Defect => Inner.Defect;

    /// <summary>Effective dimension of the last evaluation; NaN where there is none.</summary>
    public double EffectiveRank => Inner.EffectiveRank;

    /// <summary>Time since the phase began.</summary>
    public TimeSpan Elapsed => Inner.Elapsed;

    /// <summary>Estimate of the time that the phase still needs; null until 5 % is done.</summary>
    public TimeSpan? Remaining => Inner.Remaining is { } remaining ? remaining.Value : null;

    /// <summary>A sign of life from work of the caller's own, with an estimate of the time that it still needs.</summary>
    /// <param name="name">What is being done, in a word or two.</param>
    /// <param name="fraction">How much of it is done, from 0 to 1.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <example><code>
    /// using var progress = new ConsoleProgress();
    /// progress.Report(Progress.Of("quadrature", 0.5, TimeSpan.FromSeconds(2.0)));
    /// </code></example>
    public static Progress Of(string name, double fraction, TimeSpan elapsed) =>
        new(Core.ProgressModule.at(Core.Phase.NewOther(Bridge.Wanted(name)), double.NaN, fraction, elapsed));

    internal static FSharpFunc<Core.Progress, Unit> Meter(IProgress<Progress>? progress) =>
        progress is null
            ? Core.ProgressModule.silent
            : FuncConvert.FromAction<Core.Progress>(report => progress.Report(new Progress(report)));
}

/// <summary>How progress is shown on the console.</summary>
public enum Display
{
    /// <summary>One line per phase, rewritten in place: for a terminal.</summary>
    Live,

    /// <summary>Lines one below the other, at most one every two seconds: for logs and pipes.</summary>
    Plain,

    /// <summary>Only the closing line of each phase.</summary>
    Quiet,
}

/// <summary>
/// Shows progress on standard output. Disposing closes the lines of phases that did not finish: stopped by an event, cancelled, failed.
/// </summary>
/// <example><code>
/// Solution solution;
/// using (var progress = new ConsoleProgress())
///     solution = Evolution.Solve(equation, network, points, start, 0.0, 1.0, progress: progress);
/// </code></example>
public sealed class ConsoleProgress : IProgress<Progress>, IDisposable
{
    private readonly FSharpFunc<Core.Progress, Unit> meter;
    private readonly FSharpFunc<Unit, Unit> finish;

    /// <summary>In the given way; by default in the one that fits standard output.</summary>
    public ConsoleProgress(Display? display = null) =>
        (meter, finish) = Reporting.Terminal.startAs(
            display is Display shown ? Cases.Display.ToCore(shown, nameof(display)) : Reporting.Terminal.detect());

    /// <summary>Shows a report.</summary>
    public void Report(Progress value) => meter.Invoke(Bridge.Wanted(value).Inner);

    /// <summary>Closes the lines of phases that did not finish.</summary>
    public void Dispose() => finish.Invoke(null!);
}
