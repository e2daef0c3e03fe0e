namespace Mne.Functional

/// <summary>How draws are made. Start from <c>Sampler.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type DrawOptions =
    {
        /// <summary>
        /// Local error tolerated when draws are carried back: of log-densities, and of positions in units of their deviations, each by its root mean square
        /// over the draws. Default 1e-4. It holds for up to 10,000 draws; of M, where there are more, it is smaller by √(10,000 / M), as the
        /// error of their means is, so that more draws make log Z better.
        /// </summary>
        Tolerance: float
    }

    /// The tolerance for so many draws, which single precision limits.
    member internal options.ToleranceFor(placement: Placement, count: int) : float =
        options.Tolerance * min 1.0 (sqrt (1e4 / float count))
        |> max (min options.Tolerance (256.0 * Placement.epsilon placement))

/// <summary>How to make a sampler from a formula, stage by stage. Start from <c>Sampler.defaults</c>.</summary>
/// <example><code>
/// let options =
///     { Sampler.defaults with
///         Duration = 4.0
///         Cover.Start = Start.Cooled Chains.defaults
///         Fit.Steps = 400
///         Evolve.Sketch = Sketch.Landmarks 500
///     }
/// </code></example>
[<Notebooks.TypeFormatterSource>]
type SamplerOptions =
    {
        /// <summary>The network for the energy, made for the domain ℝ^d. Default: two layers of 48 swish units.</summary>
        Network: Domain -> Network
        /// <summary>
        /// What is carried along in closed form, so that the network need only learn the rest of the energy: for processes with known transitions.
        /// Default <c>KnownPart.Normal</c>.
        /// </summary>
        Known: KnownPart
        /// <summary>T: how long the process runs; what is left of the start then is of size e^{−T}. Default 3.</summary>
        Duration: float
        /// <summary>Which points stand for the target. Default <c>Cover.defaults</c>.</summary>
        Cover: CoverOptions
        /// <summary>
        /// The fit of the energy at time 0. Errors are relative to the spread of what the network is to learn; that of a normal
        /// distribution's energy, √(d/2), is taken where it is larger. Default <c>Regression.defaults</c> with <c>Steps</c> 240,
        /// <c>Tolerance</c> 2e-3, <c>Regularisation</c> 1e-3 and 1e-9.
        /// </summary>
        Fit: RegressionOptions
        /// <summary>
        /// The evolution, of which diffusion limits most steps. <c>Points</c> has to stay <c>Fixed</c>: a sampler moves them itself. Default
        /// <c>Evolution.defaults</c> with <c>Method</c> <c>Method.stabilised</c>, <c>Sketch</c> <c>Sketch.Adaptive 2</c>,
        /// <c>Regularisation</c> 1e-9, <c>Tolerance</c> 2e-3, <c>ErrorScale</c> <c>ErrorScale.Spread</c>.
        /// </summary>
        Evolve: EvolutionOptions
        /// <summary>The draws.</summary>
        Draw: DrawOptions
    }
