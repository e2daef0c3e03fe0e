namespace Mne.Functional

open System

/// <summary>How to go from a formula to draws. Start from <c>Posterior.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type PosteriorOptions =
    {
        /// <summary>M, how many draws. Default 10,000.</summary>
        Count: int
        /// <summary>
        /// The efficiency (effective sample size over draws) that is enough: only below it a dearer route is tried. Default 0.5.
        /// </summary>
        Efficiency: float
        /// <summary>Particles of tempered sequential Monte Carlo. Default 4,000.</summary>
        Particles: int
        /// <summary>
        /// How an energy is evolved where a mixture alone does not reach the efficiency: minutes instead of seconds, for draws that are
        /// independent and a log Z with more digits than tempering gives. <c>Known</c> and <c>Cover.Start</c> are set by the program. None: no
        /// energy is evolved. Default None.
        /// </summary>
        Flow: SamplerOptions option
        /// <summary>
        /// How long it may take, up to 30 days: when so much time has passed since the beginning, no dearer route is begun, one under way is given up, and
        /// draws come from the best that there is, which <c>Plan</c> says. What comes before any route (search, tempered samples, a mixture) takes
        /// the seconds that it takes. Results then depend on how fast the machine is; several ranks cannot have one. None: no limit. Default None.
        /// </summary>
        Budget: TimeSpan option
    }
