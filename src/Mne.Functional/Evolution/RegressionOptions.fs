namespace Mne.Functional

open System

/// <summary>
/// A fit between two steps: with the same network, function, points, options and seed, what follows depends on nothing else. It owns tensors.
/// </summary>
type FitState =
    {
        /// <summary>Steps taken.</summary>
        Steps: int
        /// <summary>θ (p), in the unit in which the fit measures the function.</summary>
        Parameters: Tensor
        /// <summary>The step before (p); of fits to drawn points.</summary>
        Change: Tensor option
        /// <summary>What the fit remembers of the steps before.</summary>
        Memory: float list
        /// <summary>θ (p) that the fit was given to begin with, where it was given any.</summary>
        Start: Tensor option
        /// <summary>Values of function and network at some of the points, by which both are known again.</summary>
        Witness: float[]
    }

    interface IDisposable with
        member state.Dispose() =
            state.Parameters.Dispose()
            state.Change |> Option.iter _.Dispose()
            state.Start |> Option.iter _.Dispose()

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
        /// <summary>
        /// Called after every step but the last with the state of the fit, from which <c>Regression.resume</c> goes on; see
        /// <c>Checkpoint.everyFit</c>, which writes it to a file. The tensors of the state are freed when it returns. Where the run is asked to
        /// stop, it is called once more, with a state that is there already (<c>IsValueCreated</c>). Of several ranks, rank 0 calls it. Unless
        /// it is set, nothing is called.
        /// </summary>
        Checkpoint: Lazy<FitState> -> unit
    }
