namespace Mne.Functional

open System

/// <summary>What an error of u is measured against.</summary>
[<RequireQualifiedAccess>]
type ErrorScale =
    /// <summary>The root mean square of u at the points.</summary>
    | Magnitude
    /// <summary>
    /// The root mean square of u less its mean: for energies, whose additive constant does not matter.
    /// </summary>
    | Spread

/// <summary>
/// Ends a run when a function of time, parameters and points passes 0; see <c>Event</c> for when exactly.
/// </summary>
type StopEvent =
    {
        /// <summary>What the outcome reports.</summary>
        Name: string
        /// <summary>A function of (t, θ (p), X (N × d)).</summary>
        Function: float -> Tensor -> Tensor -> float
        /// <summary>The direction in which it passes 0.</summary>
        Direction: Direction
    }

/// <summary>Events that end an evolution.</summary>
[<RequireQualifiedAccess>]
module StopEvent =

    /// <summary>An event of one's own.</summary>
    /// <param name="name">What the outcome reports.</param>
    /// <param name="direction">The direction in which the function passes 0.</param>
    /// <param name="f">A function of (t, θ (p), X (N × d)).</param>
    /// <example><code>
    /// // Ends when the size of u at the points has fallen to 0.01.
    /// let small =
    ///     StopEvent.create "small" Direction.Falling (fun _ θ x -> Tensor.rms (Network.value network θ x) - 0.01)
    ///
    /// let options = { Evolution.defaults with Events = [ small ] }
    /// </code></example>
    let create (name: string) (direction: Direction) (f: float -> Tensor -> Tensor -> float) : StopEvent =
        {
            Name = name
            Function = f
            Direction = direction
        }

/// <summary>How to solve an evolution equation. Start from <c>Evolution.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type EvolutionOptions =
    {
        /// <summary>How the minimal-norm problem is restricted. Default <c>Exact</c>.</summary>
        Sketch: Sketch
        /// <summary>
        /// λ, relative to the mean diagonal of the kernel: small is accurate, large is less stiff. Default 1e-10.
        /// </summary>
        Regularisation: float
        /// <summary>Local error that is tolerated, relative, in function space. Default 1e-6.</summary>
        Tolerance: float
        /// <summary>What errors are relative to. Default <c>Magnitude</c>.</summary>
        ErrorScale: ErrorScale
        /// <summary>
        /// What errors are relative to is not taken to be smaller than this: the size of u from which on errors matter.
        /// Default 0.
        /// </summary>
        SmallestScale: float
        /// <summary>How the points move. Default <c>Fixed</c>.</summary>
        Points: PointDynamics
        /// <summary>
        /// What holds at walls, for any equation: see <c>Wall</c>. Reflections keep conditions of the domain without them. Default none.
        /// </summary>
        Walls: Wall list
        /// <summary>Events that end the run. Default none.</summary>
        Events: StopEvent list
        /// <summary>How steps are made. Default <c>Method.automatic</c>.</summary>
        Method: Method
        /// <summary>The step-size controller. Default <c>Controller.proportionalIntegral</c>.</summary>
        Controller: Controller
        /// <summary>The first step. Default None: the program chooses.</summary>
        InitialStep: float option
        /// <summary>Steps never exceed this. Default: no limit.</summary>
        MaximumStep: float
        /// <summary>Steps, accepted and rejected, never exceed this number. Default 100,000.</summary>
        MaximumSteps: int
        /// <summary>
        /// Called after every accepted step but the last with the state of the run, from which <c>Evolution.resume</c>
        /// goes on; see <c>Checkpoint.every</c>, which writes it to a file. Where the run is asked to stop, it is called once more, with a state
        /// that is there already (<c>IsValueCreated</c>). Of several ranks, rank 0 calls it. Unless it is set, nothing is called.
        /// </summary>
        Checkpoint: Lazy<EvolutionState> -> unit
    }

/// <summary>
/// A run between two steps: with the same options and equation, what follows depends on nothing else.
/// </summary>
and EvolutionState =
    {
        /// <summary>t1, where the run is to end.</summary>
        Stop: float
        /// <summary>
        /// What has been reached, and the state of the integrator there; its context is the vector field.
        /// </summary>
        Integrator: IntegratorState<VectorField, FieldNote>
        /// <summary>The options that it was made with.</summary>
        Options: EvolutionOptions
        /// <summary>A_t u at some of the points, by which the equation is known again.</summary>
        Witness: float[]
        /// <summary>How long it has taken so far.</summary>
        Elapsed: TimeSpan
    }

    /// <summary>The vector field that is integrated, with the network.</summary>
    member state.VectorField = state.Integrator.Context

    interface IDisposable with
        member state.Dispose() =
            (state.Integrator :> IDisposable).Dispose()
