namespace Mne.Functional

open System

/// A sign of life from a computation that lasts: where it is, how it fares, how long it may still take.
type Progress =
    {
        /// What is being done, in a word or two: "fit", "evolve", "draw".
        Phase: string
        /// How much of the phase is done, from 0 to 1.
        Fraction: float
        /// The time t of the evolution; for a fit, the number of the step.
        Time: float
        /// Steps accepted so far.
        Accepted: int
        /// Steps rejected so far.
        Rejected: int
        /// The current step size.
        Step: float
        /// Relative residual |Φγ − f| / |f| of the last evaluation (for a fit: relative error); nan where there is none.
        Residual: float
        /// Effective dimension tr((ΦᵀΦ + Nλκ)⁻¹ΦᵀΦ) of the last evaluation; nan where there is none.
        EffectiveRank: float
        /// Time since the phase began.
        Elapsed: TimeSpan
        /// Estimate of the time that the phase still needs; None until there is ground for one.
        Remaining: TimeSpan option
    }

/// Receives signs of life. It is called between steps, on the thread that computes, so it should be quick.
type Meter = Progress -> unit

/// Signs of life.
[<RequireQualifiedAccess>]
module Progress =

    /// Ignores every report: the default.
    let silent: Meter = ignore

    /// The first sign of life of a phase that begins at `time`.
    let started (phase: string) (time: float) : Progress =
        {
            Phase = phase
            Fraction = 0.0
            Time = time
            Accepted = 0
            Rejected = 0
            Step = nan
            Residual = nan
            EffectiveRank = nan
            Elapsed = TimeSpan.Zero
            Remaining = None
        }

    /// Time still needed when `fraction` of the work took `elapsed`; None before 1 % is done.
    let remaining (fraction: float) (elapsed: TimeSpan) =
        if fraction > 0.01 && fraction <= 1.0 then
            Some(elapsed * ((1.0 - fraction) / fraction))
        else
            None
