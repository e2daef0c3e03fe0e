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

    /// <summary>
    /// The error control asked for steps that round-off does not resolve, or, for 200 steps, for such that thirty times <c>MaximumSteps</c> of them (and
    /// three million) do not get to the end.
    /// </summary>
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
