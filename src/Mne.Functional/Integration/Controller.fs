namespace Mne.Functional

open System

/// <summary>How a proportional–integral controller weighs errors and limits its answers.</summary>
[<Notebooks.TypeFormatterSource>]
type Gains =
    {
        /// <summary>Aim at this fraction of the step that the error would just allow.</summary>
        Safety: float
        /// <summary>β: weight of the previous error. 0 is the elementary controller.</summary>
        Integral: float
        /// <summary>A step is never shrunk below this factor at once.</summary>
        Shrink: float
        /// <summary>A step never grows by more than this factor at once.</summary>
        Growth: float
    }

/// <summary>A step that was tried.</summary>
type Attempt =
    {
        /// <summary>The time from which it was tried.</summary>
        Time: float
        /// <summary>Its size, positive also when time runs backwards.</summary>
        Step: float
        /// <summary>
        /// The estimated error over the tolerance, 1 being just tolerated; NaN when the step could not be made.
        /// </summary>
        Error: float
        /// <summary>The error goes with the size of the step to this power.</summary>
        Order: int
        /// <summary>Whether the attempt before, from the same time, was rejected.</summary>
        AfterRejection: bool
    }

/// <summary>What a controller makes of it.</summary>
type Decision =
    {
        /// <summary>Whether the step stands. One that could not be made never does, whatever is decided.</summary>
        Accept: bool
        /// <summary>The size of the next attempt; 0 after a rejection gives up.</summary>
        Step: float
        /// <summary>What the controller is given next.</summary>
        Memory: float list
    }

/// <summary>Chooses step sizes: a value with its own state, so that one of one's own is used like the ones here.</summary>
/// <example><code>
/// // Steps by the error, but no longer than the method is stable, where stiffness is known as a function of time.
/// let stable (stiffness: float -> float) =
///     Controller.create "stable" (fun attempt memory ->
///         let decision = Controller.proportionalIntegral.Adapt attempt memory
///         { decision with Step = min decision.Step (3.3 / stiffness attempt.Time) })
/// </code></example>
[<CustomEquality; NoComparison; Notebooks.TypeFormatterSource>]
type Controller =
    {
        /// <summary>What it is called.</summary>
        Name: string
        /// <summary>The gains of a proportional–integral controller, which files keep; None for every other.</summary>
        Gains: Gains option
        /// <summary>
        /// The size of the first step of every piece; None lets the integrator choose by the slope, or go on with the
        /// last one.
        /// </summary>
        First: float option
        /// <summary>The memory with which a piece begins.</summary>
        Memory: float list
        /// <summary>attempt ↦ memory ↦ decision; pure.</summary>
        Adapt: Attempt -> float list -> Decision
    }

    /// <summary>Controllers of equal gains are equal; others are equal to themselves.</summary>
    override controller.Equals other =
        match other with
        | :? Controller as other ->
            match controller.Gains, other.Gains with
            | Some one, Some two -> one = two
            | None, None -> obj.ReferenceEquals(controller, other)
            | _ -> false
        | _ -> false

    override controller.GetHashCode() = hash controller.Name
    override controller.ToString() = controller.Name

/// <summary>Step-size control.</summary>
[<RequireQualifiedAccess>]
module Controller =

    /// <summary>Safety 0.9, β 0.04, factors between 0.2 and 5.</summary>
    let gains =
        {
            Safety = 0.9
            Integral = 0.04
            Shrink = 0.2
            Growth = 5.0
        }

    /// The factor for the next step after an accepted one.
    let private afterAccepted gains (attempt: Attempt) (previous: float) =
        let α = 1.0 / float attempt.Order - 0.75 * gains.Integral

        let factor =
            gains.Safety
            * (max attempt.Error 1e-10) ** -α
            * (max previous 1e-4) ** gains.Integral

        let factor = factor |> max gains.Shrink |> min gains.Growth
        // Where a step has just failed, the next one does not grow.
        if attempt.AfterRejection then min 1.0 factor else factor

    /// The factor for another try after a rejected step; the smallest one when the error is not a number.
    let private afterRejected gains (attempt: Attempt) =
        let factor = gains.Safety * attempt.Error ** (-1.0 / float attempt.Order)

        if Double.IsFinite factor then
            factor |> max gains.Shrink |> min 0.9
        else
            gains.Shrink

    /// <summary>
    /// A proportional–integral controller (Gustafsson 1991; Hairer and Wanner, Solving Ordinary Differential Equations II, IV.2).
    /// Its memory is the error of the last accepted step, nothing before one.
    /// </summary>
    /// <param name="gains">How it weighs errors; start from <c>Controller.gains</c>.</param>
    let ofGains (gains: Gains) : Controller =
        {
            Name = "proportional–integral"
            Gains = Some gains
            First = None
            Memory = []
            Adapt =
                fun attempt memory ->
                    if attempt.Error <= 1.0 then
                        let previous = memory |> List.tryHead |> Option.defaultValue 1e-4

                        {
                            Accept = true
                            Step = attempt.Step * afterAccepted gains attempt previous
                            Memory = [ attempt.Error ]
                        }
                    else
                        {
                            Accept = false
                            Step = attempt.Step * afterRejected gains attempt
                            Memory = memory
                        }
        }

    /// <summary>The proportional–integral controller with the usual gains.</summary>
    let proportionalIntegral: Controller = ofGains gains

    /// <summary>
    /// A controller of one's own, which remembers nothing at first and lets the integrator choose the first step; for others, set
    /// <c>Memory</c> and <c>First</c>. It may ask another one, such as <c>Controller.proportionalIntegral</c>, for its decision.
    /// </summary>
    /// <param name="name">What it is called, also in files, which keep no functions.</param>
    /// <param name="adapt">attempt ↦ memory ↦ decision; pure.</param>
    /// <example><code>
    /// // Half of the step where the error would allow the whole.
    /// let careful =
    ///     Controller.create "careful" (fun attempt memory ->
    ///         let decision = Controller.proportionalIntegral.Adapt attempt memory
    ///         if decision.Accept then { decision with Step = 0.5 * decision.Step } else decision)
    /// </code></example>
    let create (name: string) (adapt: Attempt -> float list -> Decision) : Controller =
        {
            Name = name
            Gains = None
            First = None
            Memory = []
            Adapt = adapt
        }

    /// <summary>Steps of one size, whatever their error. A step that cannot be made ends the integration.</summary>
    /// <param name="step">The size, also of the first step.</param>
    /// <exception cref="T:System.ArgumentException">The size is not a finite number greater than 0.</exception>
    let constant (step: float) : Controller =
        Guard.positive "step" step

        let controller =
            create $"constant {step}" (fun attempt _ ->
                let made = not (Double.IsNaN attempt.Error)

                {
                    Accept = made
                    Step = if made then step else 0.0
                    Memory = []
                })

        { controller with First = Some step }
