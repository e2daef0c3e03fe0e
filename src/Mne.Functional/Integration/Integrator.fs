namespace Mne.Functional

open System
open System.Threading
open TorchSharp

/// How an integration ended.
type Outcome =
    /// The end of the time span was reached.
    | Completed
    /// The named event occurred.
    | StoppedByEvent of name: string * time: float
    /// The error control asked for steps that round-off does not resolve.
    | StepTooSmall of time: float * step: float
    /// The permitted number of steps was used up.
    | TooManySteps of time: float * steps: int
    /// Something was not a finite number, however small the step.
    | NonFinite of where: string
    /// The kernel of the collocation points could not be factorised, however small the step.
    | SingularKernel of time: float * size: int
    /// Cancellation was requested.
    | Cancelled of time: float

    /// One sentence: what happened and what to do about it.
    member outcome.Advice =
        match outcome with
        | Completed -> "Completed."
        | StoppedByEvent(name, t) -> $"Stopped at t = {t:G6} because the event \"{name}\" occurred."
        | StepTooSmall(t, h) ->
            $"At t = {t:G6} the step fell to {h:G3}: loosen Tolerance, raise Regularisation (a small λ makes the equation stiff), or give the sketch more landmarks."
        | TooManySteps(t, n) ->
            $"{n} steps reached only t = {t:G6}: raise MaximumSteps, loosen Tolerance, or raise Regularisation (a small λ makes the equation stiff)."
        | NonFinite where ->
            $"{where}: check the equation, its functions and the initial value there, or keep the points where they are defined."
        | SingularKernel(t, n) ->
            $"At t = {t:G6} the kernel of {n} points or landmarks was not positive definite in floating point: raise Regularisation, use fewer landmarks, or float64."
        | Cancelled t -> $"Cancelled at t = {t:G6}."

/// Raised where a computation cannot give its result; it carries what happened and what to do.
exception EvolutionFailedException of outcome: Outcome * advice: string with
    override failure.Message = failure.advice

/// Raised inside a vector field when something is not finite; the step is rejected.
exception internal FieldNotFinite of where: string

/// Raised inside an evolution when the sketched kernel cannot be factorised; the step is rejected.
exception internal KernelNotFactorised of size: int

/// Stop when g(t, y) falls to zero or below; the time is located on the dense output.
type Event =
    {
        /// What the outcome reports.
        Name: string
        /// g(t, y): positive before the event.
        Function: float -> Tensor -> float
    }

/// One accepted step in numbers.
type StepRecord<'note> =
    {
        /// The time reached.
        Time: float
        /// The size of the step.
        Step: float
        /// The estimated error over the tolerance.
        Error: float
        /// Field evaluations so far.
        Evaluations: int
        /// Rejected steps so far.
        Rejected: int
        /// The note of the evaluation at the end of the step.
        Note: 'note
    }

/// The solution of an initial-value problem, interpolated between its steps.
type Trajectory<'note> =
    {
        /// Where it begins.
        Start: float
        /// Where it ends: the time that was reached.
        Stop: float
        /// The accepted steps, in order.
        Segments: Segment[]
        /// The accepted steps in numbers, in order.
        Records: StepRecord<'note>[]
        /// How it ended.
        Outcome: Outcome
        /// Field evaluations.
        Evaluations: int
        /// Rejected steps.
        Rejected: int
    }

    interface IDisposable with
        /// Frees the coefficients of all steps.
        member trajectory.Dispose() =
            for segment in trajectory.Segments do
                for c in segment.Coefficients do
                    c.Dispose()

/// Where an integration stands between two steps: with the same problem, what follows depends on nothing else, so that it
/// can be taken up again from here to the same bits.
type IntegratorState<'note> =
    {
        /// What has been reached; it stops at the time t from which to go on.
        Reached: Trajectory<'note>
        /// y(t).
        Y: Tensor
        /// f(t, y).
        Slope: Tensor
        /// The size of the next step.
        Step: float
        /// The error of the last step over the tolerance: the controller's memory.
        Error: float
    }

/// An initial-value problem and how to integrate it.
type Integration<'note> =
    {
        /// y' = f(t, y); pure. y is a vector.
        Field: Field<'note>
        /// The size of an error δ at the state y, as a multiple of what is tolerated: norm y δ.
        Norm: Tensor -> Tensor -> float
        /// The Runge–Kutta pair.
        Tableau: Tableau
        /// The step-size controller.
        Controller: Controller
        /// The first step; None lets the program choose.
        InitialStep: float option
        /// Steps never exceed this.
        MaximumStep: float
        /// Accepted and rejected steps together never exceed this.
        MaximumSteps: int
        /// Events that end the integration.
        Events: Event list
        /// Called after every accepted step.
        OnStep: StepRecord<'note> -> unit
        /// Called after every accepted step that is not the last, with the state to go on from; its tensors live until
        /// the call returns, and are only gathered when the value is asked for.
        OnState: Lazy<IntegratorState<'note>> -> unit
        /// Ends the integration with the outcome `Cancelled`.
        Cancellation: CancellationToken
        /// Whether all steps are kept, to be evaluated in between; otherwise the trajectory has the last step only, and memory stays
        /// bounded however long it is.
        KeepsSteps: bool
    }

/// Trajectories.
[<RequireQualifiedAccess>]
module Trajectory =

    /// The part of y at time t that begins at `offset` and is `length` long.
    /// Raises `ArgumentException` when t lies outside the trajectory.
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

    /// y(t). Raises `ArgumentException` when t lies outside the trajectory.
    let evaluate (t: float) (trajectory: Trajectory<'note>) : Tensor =
        if trajectory.Segments.Length = 0 then
            Guard.fail "trajectory" "no step was accepted, so there is nothing to evaluate; see the outcome"

        evaluatePart (0L, trajectory.Segments[0].Coefficients[0].shape[0]) t trajectory

/// Adaptive integration of initial-value problems with dense output.
[<RequireQualifiedAccess>]
module Integrator =

    /// Dormand–Prince 5(4) with a PI controller, up to 100,000 steps; give it a field and a norm.
    let create (field: Field<'note>) (norm: Tensor -> Tensor -> float) : Integration<'note> =
        {
            Field = field
            Norm = norm
            Tableau = Stepper.dormandPrince54
            Controller = Controller.proportionalIntegral
            InitialStep = None
            MaximumStep = Double.PositiveInfinity
            MaximumSteps = 100_000
            Events = []
            OnStep = ignore
            OnState = ignore
            Cancellation = CancellationToken.None
            KeepsSteps = true
        }

    /// The usual norm for a vector y: rms of δ_i / (absolute + relative |y_i|).
    let componentNorm (absolute: float) (relative: float) (y: Tensor) (δ: Tensor) : float =
        Tensor.rms (δ / (absolute + relative * y.abs ()))

    /// The first step by the rule of Hairer, Nørsett and Wanner I, II.4, with one more evaluation.
    let private initialStep
        (problem: Integration<'note>)
        t0
        (direction: float)
        (span: float)
        (y: Tensor)
        (slope: Tensor)
        =
        Scope.free (fun () ->
            let d0, d1 = problem.Norm y y, problem.Norm y slope

            let guess =
                if d0 < 1e-5 || d1 < 1e-5 then
                    1e-6 * span
                else
                    0.01 * d0 / d1

            let guess = min guess span
            let next, _ = problem.Field (t0 + direction * guess) (y + direction * guess * slope)
            let d2 = problem.Norm y (next - slope) / guess
            let largest = max d1 d2

            let better =
                if largest <= 1e-15 then
                    max (1e-6 * span) (guess * 1e-3)
                else
                    (0.01 / largest) ** (1.0 / float (problem.Tableau.EmbeddedOrder + 1))

            if Double.IsFinite better then
                min (100.0 * guess) better
            else
                guess)

    /// What stopped a trial step.
    type private Failure =
        | NoNumber of string
        | NoKernel of int
        | Interrupted

    let private protect (compute: unit -> 'a) : Result<'a, Failure> =
        try
            Ok(compute ())
        with
        | FieldNotFinite where -> Error(NoNumber where)
        | KernelNotFactorised size -> Error(NoKernel size)
        | :? OperationCanceledException -> Error Interrupted

    let private outcomeOf t failure =
        match failure with
        | NoNumber where -> NonFinite where
        | NoKernel size -> SingularKernel(t, size)
        | Interrupted -> Cancelled t

    /// The first event within an accepted step: its name and its time.
    let private occurred (problem: Integration<'note>) (segment: Segment) =
        let stop = Segment.stop segment

        let locate (event: Event) =
            let g t =
                Scope.free (fun () -> event.Function t (Segment.evaluate t segment))

            if g stop > 0.0 then
                None
            else
                // Bisection: g(low) > 0 ≥ g(high).
                let rec bisect low high n =
                    let middle = 0.5 * (low + high)

                    if n = 0 then high
                    elif g middle > 0.0 then bisect middle high (n - 1)
                    else bisect low middle (n - 1)

                Some(event.Name, bisect segment.Start stop 50)

        problem.Events
        |> List.choose locate
        |> List.sortBy (fun (_, t) -> abs (t - segment.Start))
        |> List.tryHead

    /// Steps through the pieces of `times` from the state, in the middle of a piece or at the end of one; from y at the first
    /// time when there is no state. Owns the state's tensors, except those of the trajectory, which the result holds.
    let private run
        (problem: Integration<'note>)
        (restart: int -> Tensor -> Field<'note> * Tensor)
        (times: float[])
        (from: Choice<Tensor, IntegratorState<'note>>)
        : Trajectory<'note> =
        let origin, final = times[0], times[times.Length - 1]
        let direction = float (sign (final - origin))
        let order = problem.Tableau.EmbeddedOrder + 1

        let segments, records, before =
            match from with
            | Choice1Of2 _ -> ResizeArray(), ResizeArray(), (0, 0)
            | Choice2Of2 state ->
                let reached = state.Reached
                ResizeArray reached.Segments, ResizeArray reached.Records, (reached.Evaluations, reached.Rejected)

        let mutable evaluations = fst before
        let mutable rejected = snd before

        /// The vector field of the present piece.
        let mutable present = problem.Field

        let field t y =
            problem.Cancellation.ThrowIfCancellationRequested()
            evaluations <- evaluations + 1
            NativeMemory.settle ()
            present t y

        let counted = { problem with Field = field }

        let finish t outcome =
            {
                Start = origin
                Stop = t
                Segments = segments.ToArray()
                Records = records.ToArray()
                Outcome = outcome
                Evaluations = evaluations
                Rejected = rejected
            }

        /// Ends where the last accepted step ended.
        let abandon t (y: Tensor) (slope: Tensor) outcome =
            y.Dispose()
            slope.Dispose()
            finish t outcome

        /// From t within piece i, where `slope` is f(t, y).
        let rec advance i t (y: Tensor) (slope: Tensor) h previous justRejected =
            let stop = times[i + 1]
            let remaining = abs (stop - t)

            if records.Count + rejected >= problem.MaximumSteps then
                abandon t y slope (TooManySteps(t, problem.MaximumSteps))
            else
                // Stretch the last step a little rather than leave a crumb.
                let h = min h problem.MaximumStep
                let h = if remaining <= 1.01 * h then remaining else h

                let attempt =
                    protect (fun () -> Stepper.step problem.Tableau field t y slope (direction * h))

                let error =
                    match attempt with
                    | Ok proposal -> Scope.free (fun () -> problem.Norm y proposal.Error)
                    | Error _ -> nan

                match attempt with
                | Ok proposal when error <= 1.0 ->
                    let t' = if h = remaining then stop else t + direction * h

                    if not problem.KeepsSteps then
                        for earlier in segments do
                            for coefficient in earlier.Coefficients do
                                coefficient.Dispose()

                        segments.Clear()

                    segments.Add proposal.Segment
                    proposal.Error.Dispose()
                    slope.Dispose()
                    y.Dispose()

                    let record =
                        {
                            Time = t'
                            Step = h
                            Error = error
                            Evaluations = evaluations
                            Rejected = rejected
                            Note = proposal.Note
                        }

                    records.Add record
                    problem.OnStep record
                    let factor = Controller.afterAccepted problem.Controller order error previous
                    let factor = if justRejected then min 1.0 factor else factor

                    let ending =
                        match occurred problem proposal.Segment with
                        | Some(name, time) -> Some(finish time (StoppedByEvent(name, time)))
                        | None when t' = final -> Some(finish final Completed)
                        | None -> None

                    match ending with
                    | Some trajectory ->
                        proposal.Next.Dispose()
                        proposal.Slope.Dispose()
                        trajectory
                    | None ->
                        let h = h * factor

                        problem.OnState(
                            lazy
                                {
                                    Reached = finish t' Completed
                                    Y = proposal.Next
                                    Slope = proposal.Slope
                                    Step = h
                                    Error = error
                                }
                        )

                        proceed i t' proposal.Next proposal.Slope h error
                | Error Interrupted -> abandon t y slope (Cancelled t)
                | _ ->
                    rejected <- rejected + 1

                    match attempt with
                    | Ok proposal ->
                        for tensor in
                            proposal.Next
                            :: proposal.Slope
                            :: proposal.Error
                            :: List.ofArray proposal.Segment.Coefficients do
                            tensor.Dispose()
                    | Error _ -> ()

                    let smaller = h * Controller.afterRejected problem.Controller order error

                    if not (smaller >= 1e-13 * abs (stop - times[i])) then
                        match attempt with
                        | Error failure -> abandon t y slope (outcomeOf t failure)
                        | Ok _ when Double.IsNaN error ->
                            abandon t y slope (NonFinite $"the estimated error at t = {t:G6}")
                        | Ok _ -> abandon t y slope (StepTooSmall(t, smaller))
                    else
                        advance i t y slope smaller previous true

        /// After a step accepted in piece i: within it, or on to the next one.
        and proceed i t (y: Tensor) (slope: Tensor) h error =
            if t <> times[i + 1] then
                advance i t y slope h error false
            else
                slope.Dispose()
                enter (i + 1) y

        /// Enters piece i with the state that was reached, y.
        and enter i (y: Tensor) =
            let restarted =
                protect (fun () ->
                    Scope.keepAll (fun (_, start) -> [ start ]) (fun () ->
                        let field, start = restart i y
                        field, start.clone ()))

            y.Dispose()

            match restarted with
            | Error failure -> finish times[i] (outcomeOf times[i] failure)
            | Ok(field, start) ->
                present <- field
                depart i start

        /// Begins piece i from its state.
        and depart i (start: Tensor) =
            let t = times[i]
            let span = abs (times[i + 1] - t)

            match protect (fun () -> Scope.keepAll (fun (slope, _) -> [ slope ]) (fun () -> field t start)) with
            | Error failure ->
                start.Dispose()
                finish t (outcomeOf t failure)
            | Ok(slope, _) when not (Tensor.isFinite slope) ->
                abandon t start slope (NonFinite $"the vector field at t = {t:G6}")
            | Ok(slope, _) ->
                let first =
                    match records.Count, problem.InitialStep with
                    | 0, Some h -> Ok h
                    | 0, None -> protect (fun () -> initialStep counted t direction span start slope)
                    | 1, _ -> Ok records[0].Step
                    // The last step of a piece is cut short; the one before was chosen by the error.
                    | n, _ -> Ok(max records[n - 1].Step records[n - 2].Step)

                match first with
                | Error Interrupted -> abandon t start slope (Cancelled t)
                | Error _ -> advance i t start slope (1e-6 * span) 1e-4 false
                | Ok h -> advance i t start slope (min h span) 1e-4 false

        match from with
        | Choice1Of2 y -> enter 0 (y.clone().DetachFromDisposeScope())
        | Choice2Of2 state ->
            let t = state.Reached.Stop
            let within t (a, b) = (t - a) * (t - b) <= 0.0 && t <> a
            let i = times |> Array.pairwise |> Array.findIndex (within t)
            proceed i t (state.Y.DetachFromDisposeScope()) (state.Slope.DetachFromDisposeScope()) state.Step state.Error

    let private checkTimes (times: float list) =
        if times.Length < 2 then
            Guard.fail "times" $"found {times.Length}, wanted two or more"

        if not (List.forall Double.IsFinite times) then
            Guard.fail "times" $"found %A{times}, wanted finite times"

        let direction = sign (times[1] - times[0])

        for a, b in List.pairwise times do
            if a = b || sign (b - a) <> direction then
                Guard.fail "times" $"a time span from {a} to {b}; wanted different times in order"

        List.toArray times

    /// Integrates through the times t₀, t₁, … in pieces; `restart i y` makes the vector field of piece i and the state with which it
    /// begins from the state that was reached. The step size is carried on. Never raises for numerical reasons: the outcome says how it ended,
    /// and the trajectory holds what was reached. Dispose of the trajectory when it is no longer needed.
    /// Raises `ArgumentException` unless there are two or more finite times in order, and when y is not finite.
    let solvePiecewise
        (problem: Integration<'note>)
        (restart: int -> Tensor -> Field<'note> * Tensor)
        (y: Tensor)
        (times: float list)
        : Trajectory<'note> =
        Guard.finite "y" y
        run problem restart (checkTimes times) (Choice1Of2 y)

    /// Goes on from a state that `OnState` has reported, as `solvePiecewise` would have: with the same problem and times, and the vector
    /// field of the piece that the state lies in, to the same bits. It takes the tensors of the state over; do not use them afterwards.
    /// Raises `ArgumentException` for times as `solvePiecewise` does, or when the state lies outside them or is at the last one.
    let resumePiecewise
        (problem: Integration<'note>)
        (restart: int -> Tensor -> Field<'note> * Tensor)
        (state: IntegratorState<'note>)
        (times: float list)
        : Trajectory<'note> =
        let times' = checkTimes times
        let t = state.Reached.Stop

        if
            (t - times'[0]) * (t - times'[times'.Length - 1]) >= 0.0
            || state.Reached.Start <> times'[0]
        then
            Guard.fail
                "state"
                $"it began at {state.Reached.Start} and stands at {t}, which is not the way from {times'[0]} to {times'[times'.Length - 1]}"

        run problem restart times' (Choice2Of2 state)

    /// Integrates from y at t0 to t1 (backwards when t1 < t0), in one piece: see `solvePiecewise`.
    /// Raises `ArgumentException` when t0 or t1 is not finite or they are equal, or y is not finite.
    let solve (problem: Integration<'note>) (y: Tensor) (t0: float, t1: float) : Trajectory<'note> =
        if not (Double.IsFinite t0 && Double.IsFinite t1) || t0 = t1 then
            Guard.fail "t1" $"a time span from {t0} to {t1}; wanted two different finite times"

        solvePiecewise problem (fun _ y -> problem.Field, y) y [ t0; t1 ]
