namespace Mne.Functional

/// <summary>How to go from a formula to draws. Start from <c>Posterior.defaults</c>.</summary>
type PosteriorOptions =
    {
        /// <summary>M, how many draws. Default 4,000.</summary>
        Count: int
        /// <summary>
        /// The efficiency (effective sample size over draws) that is enough: only below it a dearer route is tried. Default 0.5.
        /// </summary>
        Efficiency: float
        /// <summary>Particles of tempered sequential Monte Carlo. Default 4,000.</summary>
        Particles: int
        /// <summary>
        /// How an energy is evolved where a mixture alone does not reach the efficiency; <c>Known</c> and <c>Cover.Start</c> are set by the
        /// program. None: no energy is evolved. Default <c>Sampler.defaults</c> with
        /// <c>Cover.Points</c> 800, <c>Cover.Refreshes</c> 20, <c>Fit.Steps</c> 120, <c>Evolve.MaximumSteps</c> 200.
        /// </summary>
        Flow: SamplerOptions option
    }
