namespace Mne.Functional

open System

/// <summary>
/// The solution of an evolution equation: θ(t) and X(t) as functions of time, interpolated with order 4 between steps.
/// It owns tensors; dispose of it when it is no longer needed.
/// </summary>
[<StructuredFormatDisplay("{Summary}")>]
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

    /// <summary>One line that says what it is; F# Interactive shows it in place of tensors.</summary>
    member solution.Summary =
        let trajectory = solution.Trajectory

        $"u(t, x) for t from {trajectory.Start} to {trajectory.Stop} in {trajectory.Records.Length} steps, {solution.Network.ParameterCount} parameters. {solution.Outcome.Advice}"

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
    let jet (request: Set<Derivative>) (t: float) (points: Tensor) (solution: Solution) : Jet =
        Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
            Network.jet request solution.Network (parameters t solution) points)

    /// <summary>u(t, x) at the points X (M × d): M, or M × m for m components.</summary>
    /// <param name="t">Between the beginning and the time that was reached.</param>
    /// <param name="points">Points, one per row (M × d).</param>
    /// <param name="solution">What an evolution has reached.</param>
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

    /// <summary>The accepted steps in numbers: time, step, error over tolerance, residual, effective rank.</summary>
    let steps (solution: Solution) = solution.Trajectory.Records

    /// <summary>The time that was reached.</summary>
    let stop (solution: Solution) = solution.Trajectory.Stop
