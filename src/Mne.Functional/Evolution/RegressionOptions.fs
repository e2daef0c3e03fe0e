namespace Mne.Functional

/// <summary>How to fit a network to a function. Start from <c>Regression.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type RegressionOptions =
    {
        /// <summary>Steps at most. Default 200.</summary>
        Steps: int
        /// <summary>
        /// The fit ends once the relative root-mean-square error falls below this: at the given points, or on average
        /// over ten steps at points that were drawn anew. Default 1e-9.
        /// </summary>
        Tolerance: float
        /// <summary>
        /// Errors of each component are relative to its spread, or to this where it is larger: the size of g from which on
        /// errors matter. Default 0.
        /// </summary>
        SmallestScale: float
        /// <summary>
        /// μ, how much of the step before each step begins with (drawn points): what earlier points told is not
        /// forgotten. 0 to below 1. Default 0.95.
        /// </summary>
        Momentum: float
        /// <summary>
        /// λ at the first and at the last step, relative to the mean diagonal of the kernel; in between it falls
        /// geometrically (drawn points) or follows the progress (given points). Default 1e-2 and 1e-12.
        /// </summary>
        Regularisation: float * float
        /// <summary>How the minimal-norm problem is restricted (drawn points). Default <c>Exact</c>.</summary>
        Sketch: Sketch
    }
