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
        | Cancelled t -> $"Cancelled at t = {t:G6}; the solution up to there is kept."

/// Raised where a computation cannot give its result; it carries what happened and what to do.
exception EvolutionFailedException of outcome: Outcome * advice: string with
    override failure.Message = failure.advice

/// Raised inside a vector field when something is not finite; the step is rejected.
exception internal FieldNotFinite of where: string

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
        /// Ends the integration with the outcome `Cancelled`.
        Cancellation: CancellationToken
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
            Cancellation = CancellationToken.None
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

    /// Integrates from y at t0 to t1 (backwards when t1 < t0). Never raises for numerical reasons: the outcome says how
    /// it ended, and the trajectory holds what was reached. Dispose of the trajectory when it is no longer needed.
    /// Raises `ArgumentException` when t0 or t1 is not finite or they are equal, or y is not finite.
    let solve (problem: Integration<'note>) (y: Tensor) (t0: float, t1: float) : Trajectory<'note> =
        if not (Double.IsFinite t0 && Double.IsFinite t1) || t0 = t1 then
            Guard.fail "t1" $"a time span from {t0} to {t1}; wanted two different finite times"

        Guard.finite "y" y
        let direction, span = float (sign (t1 - t0)), abs (t1 - t0)
        let smallest = 1e-13 * span
        let order = problem.Tableau.EmbeddedOrder + 1
        let segments, records = ResizeArray<Segment>(), ResizeArray<StepRecord<'note>>()
        let mutable evaluations = 0
        let mutable rejected = 0

        let field t y =
            problem.Cancellation.ThrowIfCancellationRequested()
            evaluations <- evaluations + 1
            problem.Field t y

        let counted = { problem with Field = field }

        let finish t outcome =
            {
                Start = t0
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

        let rec advance t (y: Tensor) (slope: Tensor) h previous justRejected =
            let remaining = abs (t1 - t)

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
                    let t' = if h = remaining then t1 else t + direction * h
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
                        | None when t' = t1 -> Some(finish t1 Completed)
                        | None -> None

                    match ending with
                    | Some trajectory ->
                        proposal.Next.Dispose()
                        proposal.Slope.Dispose()
                        trajectory
                    | None -> advance t' proposal.Next proposal.Slope (h * factor) error false
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

                    if not (smaller >= smallest) then
                        match attempt with
                        | Error failure -> abandon t y slope (outcomeOf t failure)
                        | Ok _ when Double.IsNaN error ->
                            abandon t y slope (NonFinite $"the estimated error at t = {t:G6}")
                        | Ok _ -> abandon t y slope (StepTooSmall(t, smaller))
                    else
                        advance t y slope smaller previous true

        let y0 = y.clone().DetachFromDisposeScope()

        match protect (fun () -> Scope.keepAll (fun (slope, _) -> [ slope ]) (fun () -> field t0 y0)) with
        | Error failure ->
            y0.Dispose()
            finish t0 (outcomeOf t0 failure)
        | Ok(slope, _) when not (Tensor.isFinite slope) ->
            abandon t0 y0 slope (NonFinite $"the vector field at t = {t0:G6}")
        | Ok(slope, _) ->
            let first =
                match problem.InitialStep with
                | Some h -> Ok h
                | None -> protect (fun () -> initialStep counted t0 direction span y0 slope)

            match first with
            | Error Interrupted -> abandon t0 y0 slope (Cancelled t0)
            | Error _ -> advance t0 y0 slope (1e-6 * span) 1e-4 false
            | Ok h -> advance t0 y0 slope (min h span) 1e-4 false

    /// Integrates through the times t₀, t₁, … in pieces; `restart i y` makes the state with which piece i begins from the
    /// one that was reached. The step size is carried on. Raises `ArgumentException` unless there are two times or more.
    let solvePiecewise
        (problem: Integration<'note>)
        (restart: int -> Tensor -> Tensor)
        (y: Tensor)
        (times: float list)
        : Trajectory<'note> =
        if times.Length < 2 then
            Guard.fail "times" $"found {times.Length}, wanted two or more"

        let append (first: Trajectory<'note>) (second: Trajectory<'note>) =
            { second with
                Start = first.Start
                Segments = Array.append first.Segments second.Segments
                Records = Array.append first.Records second.Records
                Evaluations = first.Evaluations + second.Evaluations
                Rejected = first.Rejected + second.Rejected
            }

        let piece i (before: Trajectory<'note> option) (t0, t1) =
            let evaluations, rejected, accepted =
                match before with
                | Some b -> b.Evaluations, b.Rejected, b.Records.Length
                | None -> 0, 0, 0

            let count (record: StepRecord<'note>) =
                { record with
                    Evaluations = record.Evaluations + evaluations
                    Rejected = record.Rejected + rejected
                }

            let state =
                match before with
                | Some b -> Trajectory.evaluate t0 b
                | None -> y

            let start = Scope.keep (fun () -> restart i state)

            let trajectory =
                solve
                    { problem with
                        InitialStep =
                            before
                            |> Option.bind (fun b -> Array.tryLast b.Records)
                            |> Option.map (fun last ->
                                // The last step of a piece is cut short; the one before was chosen by the error.
                                match before with
                                | Some b when b.Records.Length > 1 ->
                                    max last.Step b.Records[b.Records.Length - 2].Step
                                | _ -> last.Step)
                            |> Option.orElse problem.InitialStep
                        MaximumSteps = max 1 (problem.MaximumSteps - accepted - rejected)
                        OnStep = count >> problem.OnStep
                    }
                    start
                    (t0, t1)

            start.Dispose()
            before |> Option.iter (fun _ -> state.Dispose())

            let trajectory =
                { trajectory with
                    Records = Array.map count trajectory.Records
                }

            match before with
            | Some b -> append b trajectory
            | None -> trajectory

        let rec go i before pieces =
            match pieces with
            | span :: rest ->
                let trajectory = piece i before span

                if trajectory.Outcome = Completed then
                    go (i + 1) (Some trajectory) rest
                else
                    trajectory, i
            | [] -> before |> Option.get, i

        go 0 None (List.pairwise times) |> fst
