namespace Mne.Functional

open System

/// <summary>
/// The solution of an evolution equation: θ(t) and X(t) as functions of time, interpolated with order 4 between steps.
/// It owns tensors; dispose of it when it is no longer needed.
/// </summary>
[<StructuredFormatDisplay("{Summary}"); Notebooks.TypeFormatterSource>]
type Solution =
    {
        /// <summary>The vector field that was integrated, with the network.</summary>
        VectorField: VectorField
        /// <summary>The joint state (θ, X) over time.</summary>
        Trajectory: Trajectory<FieldNote>
        /// <summary>The options that it was made with.</summary>
        Options: EvolutionOptions
        /// <summary>How long it took.</summary>
        Elapsed: TimeSpan
    }

    /// <summary>The parametric function class.</summary>
    member solution.Network = solution.VectorField.Network

    /// <summary>How the run ended.</summary>
    member solution.Outcome = solution.Trajectory.Outcome

    /// <summary>
    /// About the relative error of u that the missing points have made (of its spread, where <c>ErrorScale</c> says so):
    /// ∫ |∂_t u − A_t u| / |u| dt at points between the collocation points, for which nothing was solved; too large, up
    /// to hundreds of times where u is good, as such errors decay and cancel. The steps' own errors come to it. nan where it was not measured,
    /// 0 before the first step.
    /// </summary>
    member solution.Defect: float =
        match Array.tryLast solution.Trajectory.Records with
        | Some last -> last.Note.Defect
        | None -> 0.0

    /// Whether the error control gave up before the end.
    member private solution.EndsEarly =
        match solution.Outcome with
        | Outcome.StepTooSmall _
        | Outcome.TooManySteps _
        | Outcome.NonFinite _ -> true
        | _ -> false

    /// <summary>
    /// Why u may not solve the equation although the run is complete, and what to do: the defect is above a fifth
    /// (<c>FieldNote.TolerableDefect</c>) or was not measured. Where the run ended early, whether the solution itself may end there.
    /// None where nothing speaks against it.
    /// </summary>
    member solution.Doubt: string option =
        let rows = solution.VectorField.PointCount * solution.Network.Outputs
        let steps = solution.Trajectory.Records |> Array.map (fun record -> abs record.Step)

        match Array.tryLast solution.Trajectory.Records with
        | None -> None
        | Some last when solution.EndsEarly && abs last.Step < 1e-2 * Array.max steps ->
            Some
                $"Doubtful: the steps shrank from {Array.max steps:G3} to {abs last.Step:G3} on the way to t = {solution.Trajectory.Stop:G6}, as they do where u grows without bound or steepens into a shock; if it does, the solution ends near there, and more steps do not pass it."
        | Some last when Double.IsNaN last.Note.Defect ->
            Some
                "Doubtful: whether the equation holds between the points was not measured, as there is only one point, or a function of the equation has no values elsewhere."
        | Some last when last.Note.Defect > FieldNote.TolerableDefect ->
            let size =
                if last.Note.Defect < 1.0 then
                    $"{100.0 * last.Note.Defect:F0} %% of its size"
                else
                    "all of its size"

            let remedy =
                if last.Note.EffectiveRank > 0.5 * float rows then
                    "take more points; check at walls that the equation lets u do what the domain asks for, and whether u steepens into a shock, past which no points suffice without diffusion"
                else
                    "give the network more parameters, the sketch more landmarks or a smaller λ, or check that points lie where u matters"

            Some
                $"Doubtful: between the points the equation holds so badly that u may be off by {size} (effective rank {last.Note.EffectiveRank:F0} of {rows} rows); {remedy}."
        | Some _ -> None

    /// <summary>One line that says what it is; F# Interactive shows it in place of tensors.</summary>
    member solution.Summary =
        let trajectory = solution.Trajectory

        [
            Some
                $"u(t, x) for t from {trajectory.Start} to {trajectory.Stop} in {trajectory.Records.Length} steps, {solution.Network.ParameterCount} parameters."
            Some solution.Outcome.Advice
            solution.Doubt
        ]
        |> List.choose id
        |> String.concat " "

    override solution.ToString() = solution.Summary

    interface IDisposable with
        member solution.Dispose() =
            (solution.Trajectory :> IDisposable).Dispose()

/// <summary>Solutions of evolution equations.</summary>
[<RequireQualifiedAccess>]
module Solution =

    /// <summary>θ(t) (p).</summary>
    /// <param name="t">Between the beginning and the time that was reached.</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">t lies outside the time span that was reached.</exception>
    let parameters (t: float) (solution: Solution) : Tensor =
        Trajectory.evaluatePart (0L, int64 solution.Network.ParameterCount) t solution.Trajectory

    /// <summary>X(t) (N × d), where the collocation points were.</summary>
    /// <param name="t">Between the beginning and the time that was reached.</param>
    /// <param name="solution">What an evolution has reached.</param>
    let points (t: float) (solution: Solution) : Tensor =
        let field = solution.VectorField
        let d = field.Network.Domain.Dimension

        Scope.keep (fun () ->
            let flat =
                Trajectory.evaluatePart
                    (int64 field.Network.ParameterCount, int64 (field.PointCount * d))
                    t
                    solution.Trajectory

            flat.view (int64 field.PointCount, int64 d))

    /// <summary>u and the requested derivatives at time t and the points X (M × d).</summary>
    /// <param name="request">The derivatives that are wanted.</param>
    /// <param name="t">Between the beginning and the time that was reached.</param>
    /// <param name="points">Points, one per row (M × d).</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">t lies outside the time span that was reached, or the points do not fit or lie beyond 1e100.</exception>
    let jet (request: Set<Derivative>) (t: float) (points: Tensor) (solution: Solution) : Jet =
        Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
            Network.jet request solution.Network (parameters t solution) points)

    /// <summary>u(t, x) at the points X (M × d): M, or M × m for m components.</summary>
    /// <param name="t">Between the beginning and the time that was reached.</param>
    /// <param name="points">Points, one per row (M × d).</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">t lies outside the time span that was reached, or the points do not fit or lie beyond 1e100.</exception>
    let evaluate (t: float) (points: Tensor) (solution: Solution) : Tensor =
        Scope.keep (fun () -> Network.value solution.Network (parameters t solution) points)

    /// <summary>
    /// One component of the solution, to be read like the solution of a single equation. It shares the solution's
    /// tensors: dispose of one of them only.
    /// </summary>
    /// <param name="index">The component, counted from 0.</param>
    /// <param name="solution">What an evolution has reached.</param>
    /// <exception cref="T:System.ArgumentException">u does not have the component.</exception>
    /// <example><code>let v = waves |&gt; Solution.ofComponent 1 |&gt; Solution.evaluate 0.5 x</code></example>
    let ofComponent (index: int) (solution: Solution) : Solution =
        let field = solution.VectorField

        { solution with
            VectorField =
                { field with
                    Network = Network.ofComponent index field.Network
                }
        }

    /// What a solution holds: its coefficients.
    let internal tensors (solution: Solution) : Tensor list =
        [
            for segment in solution.Trajectory.Segments do
                yield! segment.Coefficients
        ]

    /// <summary>
    /// The accepted steps in numbers: time, step, error over tolerance, and in their notes the residual at the points and
    /// between them, the effective rank, and the defect so far.
    /// </summary>
    let steps (solution: Solution) = solution.Trajectory.Records

    /// <summary>The time that was reached.</summary>
    let stop (solution: Solution) = solution.Trajectory.Stop
