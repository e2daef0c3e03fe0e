namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// One accepted step and the interpolant on it: y(t₀ + τh) = c₀ + τ(c₁ + τ'(c₂ + τ(c₃ + τ' c₄))), τ' = 1 − τ.
/// </summary>
type Segment =
    {
        /// <summary>t₀.</summary>
        Start: float
        /// <summary>h, negative when time runs backwards.</summary>
        Length: float
        /// <summary>c₀ … c₄, each of the shape of y.</summary>
        Coefficients: Tensor[]
    }

/// <summary>One accepted step in numbers.</summary>
[<Notebooks.TypeFormatterSource>]
type StepRecord<'note> =
    {
        /// <summary>The time reached.</summary>
        Time: float
        /// <summary>The size of the step.</summary>
        Step: float
        /// <summary>The estimated error over the tolerance.</summary>
        Error: float
        /// <summary>Field evaluations so far.</summary>
        Evaluations: int
        /// <summary>Rejected steps so far.</summary>
        Rejected: int
        /// <summary>The note of the evaluation at the end of the step.</summary>
        Note: 'note
    }

/// <summary>The solution of an initial-value problem, interpolated between its steps.</summary>
type Trajectory<'note> =
    {
        /// <summary>Where it begins.</summary>
        Start: float
        /// <summary>Where it ends: the time that was reached.</summary>
        Stop: float
        /// <summary>The accepted steps, in order.</summary>
        Segments: Segment[]
        /// <summary>The accepted steps in numbers, in order.</summary>
        Records: StepRecord<'note>[]
        /// <summary>How it ended.</summary>
        Outcome: Outcome
        /// <summary>Field evaluations.</summary>
        Evaluations: int
        /// <summary>Rejected steps.</summary>
        Rejected: int
    }

    interface IDisposable with
        /// <summary>Frees the coefficients of all steps.</summary>
        member trajectory.Dispose() =
            for segment in trajectory.Segments do
                for c in segment.Coefficients do
                    c.Dispose()

/// <summary>Interpolation between steps.</summary>
[<RequireQualifiedAccess>]
module Segment =

    /// <summary>t₀ + h.</summary>
    let stop (segment: Segment) = segment.Start + segment.Length

    /// <summary>
    /// The part of y at time t that begins at <c>offset</c> and is <c>length</c> long, without computing the rest.
    /// </summary>
    /// <param name="offset">Where the part begins, counted from 0.</param>
    /// <param name="length">How many numbers the part has.</param>
    /// <param name="t">Within the step.</param>
    /// <param name="segment">One accepted step.</param>
    let evaluatePart (offset: int64, length: int64) (t: float) (segment: Segment) : Tensor =
        Scope.keep (fun () ->
            let τ = (t - segment.Start) / segment.Length
            let c = segment.Coefficients |> Array.map (fun c -> c.narrow (0L, offset, length))
            c[0] .+ τ .* (c[1] .+ (1.0 - τ) .* (c[2] .+ τ .* (c[3] .+ (1.0 - τ) .* c[4]))))

    /// <summary>y(t) for t within the step.</summary>
    /// <param name="t">Within the step.</param>
    /// <param name="segment">One accepted step.</param>
    let evaluate (t: float) (segment: Segment) : Tensor =
        evaluatePart (0L, segment.Coefficients[0].shape[0]) t segment

    /// <summary>Hermite's cubic on a step: an interpolant of order 3 for methods that have none of their own.</summary>
    /// <param name="t">Where the step begins.</param>
    /// <param name="h">Its size, negative when time runs backwards.</param>
    /// <param name="y">The value at its beginning.</param>
    /// <param name="slope">The slope there.</param>
    /// <param name="next">The value at its end.</param>
    /// <param name="nextSlope">The slope there.</param>
    /// <exception cref="T:System.ArgumentException">The four tensors are not vectors of one length.</exception>
    let hermite (t: float) (h: float) (y: Tensor, slope: Tensor) (next: Tensor, nextSlope: Tensor) : Segment =
        Guard.numbers "y" y
        let length = int (y.numel ())

        for name, tensor in [ "y", y; "slope", slope; "next", next; "nextSlope", nextSlope ] do
            Guard.vector name length tensor

        Scope.keepAll (fun segment -> List.ofArray segment.Coefficients) (fun () ->
            let difference = next - y
            let bend = h .* slope - difference

            {
                Start = t
                Length = h
                Coefficients =
                    [|
                        y.clone ()
                        difference
                        bend
                        difference - h .* nextSlope - bend
                        torch.zeros_like y
                    |]
            })

/// <summary>Trajectories.</summary>
[<RequireQualifiedAccess>]
module Trajectory =

    /// <summary>The part of y at time t that begins at <c>offset</c> and is <c>length</c> long.</summary>
    /// <param name="offset">Where the part begins, counted from 0.</param>
    /// <param name="length">How many numbers the part has.</param>
    /// <param name="t">Within the trajectory.</param>
    /// <param name="trajectory">The accepted steps.</param>
    /// <exception cref="T:System.ArgumentException">t lies outside the trajectory.</exception>
    let evaluatePart (offset: int64, length: int64) (t: float) (trajectory: Trajectory<'note>) : Tensor =
        let low, high =
            min trajectory.Start trajectory.Stop, max trajectory.Start trajectory.Stop

        let slack = 1e-12 * (high - low)

        if trajectory.Segments.Length = 0 then
            Guard.fail "trajectory" "no step was accepted, so there is nothing to evaluate; see the outcome"

        if not (t >= low - slack && t <= high + slack) then
            Guard.fail "t" $"found {t}, but the solution runs from {trajectory.Start} to {trajectory.Stop}"

        let forward = trajectory.Stop >= trajectory.Start

        let rec search low high =
            if low >= high then
                low
            else
                let middle = (low + high) / 2
                let stop = Segment.stop trajectory.Segments[middle]

                if (if forward then t <= stop else t >= stop) then
                    search low middle
                else
                    search (middle + 1) high

        trajectory.Segments[search 0 (trajectory.Segments.Length - 1)]
        |> Segment.evaluatePart (offset, length) t

    /// <summary>y(t).</summary>
    /// <param name="t">Within the trajectory.</param>
    /// <param name="trajectory">The accepted steps.</param>
    /// <exception cref="T:System.ArgumentException">t lies outside the trajectory.</exception>
    let evaluate (t: float) (trajectory: Trajectory<'note>) : Tensor =
        if trajectory.Segments.Length = 0 then
            Guard.fail "trajectory" "no step was accepted, so there is nothing to evaluate; see the outcome"

        evaluatePart (0L, trajectory.Segments[0].Coefficients[0].shape[0]) t trajectory
