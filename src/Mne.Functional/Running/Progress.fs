namespace Mne.Functional

open System

/// <summary>What is being done.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Phase =
    /// <summary>First points are looked for.</summary>
    | Search
    /// <summary>A network is fitted to a function.</summary>
    | Fit
    /// <summary>An equation is solved.</summary>
    | Evolve
    /// <summary>Draws are made.</summary>
    | Draw
    /// <summary>Work of the caller's own, in a word or two: "quadrature".</summary>
    | Other of name: string

    /// <summary>The phase in a word: "search", "fit", "evolve", "draw"; the name of work of the caller's own.</summary>
    override phase.ToString() =
        match phase with
        | Search -> "search"
        | Fit -> "fit"
        | Evolve -> "evolve"
        | Draw -> "draw"
        | Other name -> name

/// <summary>A sign of life from a computation that lasts: where it is, how it fares, how long it may still take.</summary>
[<Notebooks.TypeFormatterSource>]
type Progress =
    {
        /// <summary>What is being done.</summary>
        Phase: Phase
        /// <summary>How much of the phase is done, from 0 to 1.</summary>
        Fraction: float
        /// <summary>The time t of the evolution; for a fit or a search, the number of the step.</summary>
        Time: float
        /// <summary>Steps accepted so far.</summary>
        Accepted: int
        /// <summary>Steps rejected so far.</summary>
        Rejected: int
        /// <summary>The current step size; nan where there is none.</summary>
        Step: float
        /// <summary>Relative residual |∂_t u − A_t u| / |A_t u| between the points (for a fit: relative error); nan where there is none.</summary>
        Residual: float
        /// <summary>About the relative error of u that the missing points have made so far; nan where there is none.</summary>
        Defect: float
        /// <summary>Effective dimension tr((ΦᵀΦ + Nλκ)⁻¹ΦᵀΦ) of the last evaluation; nan where there is none.</summary>
        EffectiveRank: float
        /// <summary>Time since the phase began.</summary>
        Elapsed: TimeSpan
        /// <summary>Estimate of the time that the phase still needs; None until 5 % is done.</summary>
        Remaining: TimeSpan option
    }

/// <summary>Receives signs of life. It is called between steps, on the thread that computes, so it should be quick.</summary>
type Meter = Progress -> unit

/// <summary>Signs of life.</summary>
[<RequireQualifiedAccess>]
module Progress =

    /// <summary>Ignores every report: the default.</summary>
    let silent: Meter = ignore

    /// <summary>The first sign of life of a phase.</summary>
    /// <param name="phase">What begins.</param>
    /// <param name="time">The time t at which an evolution begins; 0 for other phases.</param>
    let started (phase: Phase) (time: float) : Progress =
        {
            Phase = phase
            Fraction = 0.0
            Time = time
            Accepted = 0
            Rejected = 0
            Step = nan
            Residual = nan
            Defect = nan
            EffectiveRank = nan
            Elapsed = TimeSpan.Zero
            Remaining = None
        }

    /// <summary>
    /// Time still needed when a part of the work took so long; None before 5 % is done, while first steps and starting up say little
    /// about the rest.
    /// </summary>
    /// <param name="fraction">How much is done, from 0 to 1.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <exception cref="T:System.ArgumentException">The fraction is not a number.</exception>
    let remaining (fraction: float) (elapsed: TimeSpan) =
        if Double.IsNaN fraction then
            Guard.fail "fraction" "found NaN, wanted how much is done, from 0 to 1"

        if fraction >= 0.05 && fraction <= 1.0 then
            Some(elapsed * ((1.0 - fraction) / fraction))
        else
            None

    /// <summary>A sign of life where this much of a phase is done after so long.</summary>
    /// <param name="phase">What is being done.</param>
    /// <param name="time">The time t of an evolution, or the number of the step.</param>
    /// <param name="fraction">How much of the phase is done, from 0 to 1.</param>
    /// <param name="elapsed">How long it took.</param>
    let at (phase: Phase) (time: float) (fraction: float) (elapsed: TimeSpan) : Progress =
        { started phase time with
            Fraction = fraction
            Elapsed = elapsed
            Remaining = remaining fraction elapsed
        }
