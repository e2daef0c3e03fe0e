namespace Mne.Functional

/// <summary>How an integration ended.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Outcome =
    /// <summary>The end of the time span was reached.</summary>
    | Completed
    /// <summary>The named event occurred.</summary>
    | StoppedByEvent of name: string * time: float
    /// <summary>The function of the named event was not a number.</summary>
    | EventNotANumber of name: string * time: float
    /// <summary>
    /// The error control asked for steps that round-off does not resolve, or, for 200 steps, for such that thirty times <c>MaximumSteps</c> of them
    /// (and three million) do not get to the end.
    /// </summary>
    | StepTooSmall of time: float * step: float
    /// <summary>The permitted number of steps was used up.</summary>
    | TooManySteps of time: float * steps: int
    /// <summary>Something was not a finite number, however small the step.</summary>
    | NonFinite of where: string
    /// <summary>The kernel of the collocation points could not be factorised, however small the step.</summary>
    | SingularKernel of time: float * size: int
    /// <summary>Cancellation was requested.</summary>
    | Cancelled of time: float

    /// <summary>One sentence: what happened and what to do about it.</summary>
    member outcome.Advice =
        match outcome with
        | Completed -> "Completed."
        | StoppedByEvent(name, t) -> $"Stopped at t = {t:G6} because the event \"{name}\" occurred."
        | EventNotANumber(name, t) ->
            $"At t = {t:G6} the function of the event \"{name}\" was not a number (NaN), so whether it occurred is unknown: make it a number for every state that a run can reach."
        | StepTooSmall(t, h) ->
            $"At t = {t:G6} the step fell to {h:G3}, with which the end is out of reach: unless the solution ends there (a blow-up, a shock), loosen Tolerance, raise Regularisation (a small λ makes the equation stiff), give the sketch more landmarks, or, for a very long time, raise MaximumSteps."
        | TooManySteps(t, n) ->
            $"{n} steps reached only t = {t:G6}: raise MaximumSteps, loosen Tolerance, or raise Regularisation (a small λ makes the equation stiff)."
        | NonFinite where ->
            $"{where}: check the equation, its functions and the initial value there, or keep the points where they are defined."
        | SingularKernel(t, n) ->
            $"At t = {t:G6} the kernel of {n} points or landmarks was not positive definite in floating point: raise Regularisation, use fewer landmarks, or float64."
        | Cancelled t -> $"Cancelled at t = {t:G6}, as was asked for."

/// <summary>Raised where a computation cannot give its result; it carries what happened and what to do.</summary>
exception EvolutionFailedException of outcome: Outcome * advice: string with
    override failure.Message = failure.advice

/// Raised by a vector field that has no value: the step is rejected, and ends the integration with this outcome of the time that
/// was reached if no smaller one succeeds.
exception internal FieldRefused of outcome: (float -> Outcome)
