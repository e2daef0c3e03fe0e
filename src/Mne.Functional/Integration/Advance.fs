namespace Mne.Functional

open System
open TorchSharp

/// How an integration goes on from where it stands: into the next piece, or by one step.
module internal Advance =

    /// The first step by the rule of Hairer, Nørsett and Wanner I, II.4, with one more evaluation.
    let private initialStep norm order (f: Slope) t0 (direction: float) (span: float) (y: Tensor) (slope: Tensor) =
        Scope.free (fun () ->
            let d0, d1 = norm y y, norm y slope

            let guess =
                if d0 < 1e-5 || d1 < 1e-5 then
                    1e-6 * span
                else
                    0.01 * d0 / d1

            let guess = min guess span
            let next = f (t0 + direction * guess) (y .+ direction * guess .* slope)
            let d2 = norm y (next - slope) / guess
            let largest = max d1 d2

            let better =
                if largest <= 1e-15 then
                    max (1e-6 * span) (guess * 1e-3)
                else
                    (0.01 / largest) ** (1.0 / float order)

            if Double.IsFinite better then
                min (100.0 * guess) better
            else
                guess)

    /// What does not change during a run.
    type Run<'context, 'note> =
        {
            Problem: Integration<'context, 'note>
            Restart: int -> 'context -> Tensor -> 'context * Tensor
            /// The pieces lie between these.
            Times: float[]
        }

        member run.Direction = float (sign (run.Times[1] - run.Times[0]))

        /// The error of a first step goes with its size to this power.
        member run.Order = run.Problem.Method.EmbeddedOrder + 1

    /// Where a run stands: at a time, before its next attempt.
    type State<'context, 'note> =
        {
            Context: 'context
            /// Time lies within this piece, or at its end.
            Piece: int
            Time: float
            Y: Tensor
            MethodMemory: Tensor list
            ControllerMemory: float list
            Step: float
            /// Whether the last attempt was rejected.
            AfterRejection: bool
            /// The newest first.
            Segments: Segment list
            /// The newest first.
            Records: StepRecord<'note> list
            /// The note of the last evaluation of the field.
            Note: 'note
            Accepted: int
            Rejected: int
            Evaluations: int
        }

    /// Where a step leads.
    type Next<'context, 'note> =
        | Going of State<'context, 'note>
        | Ended of State<'context, 'note> * Outcome

    let reached (run: Run<'context, 'note>) (state: State<'context, 'note>) outcome : Trajectory<'note> =
        {
            Start = run.Times[0]
            Stop = state.Time
            Segments = state.Segments |> List.rev |> List.toArray
            Records = state.Records |> List.rev |> List.toArray
            Outcome = outcome
            Evaluations = state.Evaluations
            Rejected = state.Rejected
        }

    /// The outcome with which a computation could not be made at time t, in place of its value. An interruption that was not asked for
    /// by the token of the run is a failure like any other, and not caught.
    let private attempting (run: Run<'context, 'note>) (t: float) (compute: unit -> 'a) : Result<'a, Outcome> =
        try
            Ok(compute ())
        with
        | FieldRefused outcome -> Error(outcome t)
        | :? OutOfReach as error -> Error(Outcome.NonFinite $"At t = {t:G6}, {error.Message}")
        | :? OperationCanceledException when run.Problem.Cancellation.IsCancellationRequested ->
            Error(Outcome.Cancelled t)

    /// The vector field as plain slopes, and what became of it: how often it was evaluated, and the last note.
    let private observed (run: Run<'context, 'note>) context (note: 'note) : Slope * (unit -> int * 'note) =
        let seen = ref (0, note)
        let field = run.Problem.Field context

        let slope t y =
            run.Problem.Cancellation.ThrowIfCancellationRequested()
            NativeMemory.settle ()
            seen.Value <- fst seen.Value + 1, snd seen.Value
            let slope, note = field t y
            seen.Value <- fst seen.Value, note
            slope

        slope, (fun () -> seen.Value)

    /// The size of the first step of a piece.
    let private firstStep
        (run: Run<'context, 'note>)
        (state: State<'context, 'note>)
        f
        span
        (y: Tensor)
        (slope: Tensor)
        =
        match run.Problem.InitialStep, run.Problem.Controller.First, state.Records with
        | Some h, _, []
        | _, Some h, _ -> Ok h
        // What was asked for at the end of the piece before.
        | _, _, _ :: _ -> Ok state.Step
        | None, None, [] ->
            let byRule () =
                initialStep run.Problem.Norm run.Order f state.Time run.Direction span y slope

            match attempting run state.Time byRule with
            | Error(Outcome.Cancelled _ as cancelled) -> Error cancelled
            | Error _ -> Ok(1e-6 * span)
            | Ok h -> Ok h

    /// Enters the piece at whose beginning the run stands: its context, its state, the first slope and the first step.
    let enter (run: Run<'context, 'note>) (state: State<'context, 'note>) : Next<'context, 'note> =
        let t, piece = state.Time, state.Piece + 1

        let survivors next =
            match next with
            | Going state -> state.Y :: state.MethodMemory
            | Ended _ -> []

        Scope.keepAll survivors (fun () ->
            let restarted =
                attempting run t (fun () ->
                    let context, y = run.Restart piece state.Context state.Y
                    context, y.clone ())

            match restarted with
            | Error outcome -> Ended(state, outcome)
            | Ok(context, y) ->
                let span = abs (run.Times[piece + 1] - t)
                let f, seen = observed run context state.Note

                let departed =
                    attempting run t (fun () -> f t y)
                    |> Result.bind (fun slope ->
                        if Tensor.isFinite slope then
                            Ok slope
                        else
                            Error(Outcome.NonFinite $"the vector field at t = {t:G6}"))
                    |> Result.bind (fun slope ->
                        firstStep run state f span y slope
                        |> Result.bind (fun h ->
                            attempting run t (fun () ->
                                h,
                                [
                                    for m in run.Problem.Method.Start f t y slope state.MethodMemory -> m.alias ()
                                ])))

                let evaluations, note = seen ()

                let state =
                    { state with
                        Context = context
                        Note = note
                        Evaluations = state.Evaluations + evaluations
                    }

                match departed with
                | Error outcome -> Ended(state, outcome)
                | Ok(h, memory) ->
                    Going
                        { state with
                            Piece = piece
                            Y = y
                            MethodMemory = memory
                            ControllerMemory = run.Problem.Controller.Memory
                            Step = min h span
                            AfterRejection = false
                        })

    /// What became of an attempt: a proposal, whose tensors nobody else holds, or why there is none.
    type private Trial<'note> =
        {
            Proposal: Result<Proposal, Outcome>
            Error: float
            Decision: Decision
            Note: 'note
            Evaluations: int
        }

        /// The proposal, if it stands.
        member trial.Accepted =
            match trial.Proposal with
            | Ok proposal when trial.Decision.Accept && not (Double.IsNaN trial.Error) -> Some proposal
            | _ -> None

    /// The proposal with handles of its own: a method may return a tensor twice, or one that it was given.
    let private own (y: Tensor) (proposal: Proposal) : Proposal =
        if
            proposal.Next.shape <> y.shape
            || proposal.Error.shape <> y.shape
            || proposal.Segment.Coefficients.Length <> 5
        then
            Guard.fail
                "Method"
                $"a step to the shape {Guard.shapeName proposal.Next.shape} with an error of the shape {Guard.shapeName proposal.Error.shape} and {proposal.Segment.Coefficients.Length} coefficients of the interpolant; wanted the shape {Guard.shapeName y.shape} of y, and five coefficients (see Segment.hermite)"

        { proposal with
            Next = proposal.Next.alias ()
            Memory = [ for m in proposal.Memory -> m.alias () ]
            Segment =
                { proposal.Segment with
                    Coefficients = [| for c in proposal.Segment.Coefficients -> c.alias () |]
                }
        }

    /// Tries a step of size h.
    let private tryStep (run: Run<'context, 'note>) (state: State<'context, 'note>) h : Trial<'note> =
        let survivors (trial: Trial<'note>) =
            match trial.Accepted with
            | Some p -> p.Next :: p.Memory @ List.ofArray p.Segment.Coefficients
            | None -> []

        Scope.keepAll survivors (fun () ->
            let f, seen = observed run state.Context state.Note

            let proposal =
                attempting run state.Time (fun () ->
                    run.Problem.Method.Step f state.Time state.Y (run.Direction * h) state.MethodMemory
                    |> own state.Y)

            let error =
                match proposal with
                | Ok proposal -> Scope.free (fun () -> run.Problem.Norm state.Y proposal.Error)
                | Error _ -> nan

            let decision =
                run.Problem.Controller.Adapt
                    {
                        Time = state.Time
                        Step = h
                        Error = error
                        Order =
                            match proposal with
                            | Ok proposal -> proposal.Order
                            | Error _ -> run.Order
                        AfterRejection = state.AfterRejection
                    }
                    state.ControllerMemory

            let evaluations, note = seen ()

            {
                Proposal = proposal
                Error = error
                Decision = decision
                Note = note
                Evaluations = state.Evaluations + evaluations
            })

    /// What is to be known of a run after a step that stands, to go on from there.
    let toGoOnFrom (run: Run<'context, 'note>) (state: State<'context, 'note>) : IntegratorState<'context, 'note> =
        {
            Reached = reached run state Outcome.Completed
            Context = state.Context
            Y = state.Y
            MethodMemory = state.MethodMemory
            ControllerMemory = state.ControllerMemory
            Step = state.Step
        }

    /// What follows a step that stands: of size h, where `wished` was asked for and the piece had no more to give.
    let private accept
        (run: Run<'context, 'note>)
        (state: State<'context, 'note>)
        (h, wished)
        time
        trial
        (proposal: Proposal)
        =
        let problem = run.Problem

        // The error of a step that was cut short does not tell how long the next may be: what was asked for stands.
        let step =
            if h < wished && trial.Decision.Step >= h then
                wished
            else
                trial.Decision.Step

        if not (trial.Decision.Step > 0.0) then
            Guard.fail
                "Controller"
                $"{problem.Controller.Name} asks for a next step of {trial.Decision.Step}, wanted a number greater than 0"

        let note, interrupted =
            let before = state.Records |> List.tryHead |> Option.map _.Note

            let examined =
                attempting run time (fun () ->
                    problem.Examine state.Context state.Accepted before proposal.Segment trial.Note)

            match examined with
            | Ok note -> note, None
            | Error outcome -> trial.Note, Some outcome

        let record =
            {
                Time = time
                Step = h
                Error = trial.Error
                Evaluations = trial.Evaluations
                Rejected = state.Rejected
                Note = note
            }

        let next: State<'context, 'note> =
            { state with
                Time = time
                Y = proposal.Next
                MethodMemory = proposal.Memory
                ControllerMemory = trial.Decision.Memory
                Step = step
                AfterRejection = false
                Segments = proposal.Segment :: (if problem.KeepsSteps then state.Segments else [])
                Records = record :: state.Records
                Note = trial.Note
                Accepted = state.Accepted + 1
                Evaluations = trial.Evaluations
            }

        problem.OnStep next.Accepted record

        match interrupted, Event.first problem.Events proposal.Segment with
        | Some outcome, _ -> Ended(next, outcome)
        | None, Some(time, outcome) -> Ended({ next with Time = time }, outcome)
        | None, None when time = Array.last run.Times -> Ended(next, Outcome.Completed)
        | None, None ->
            problem.OnState(lazy (toGoOnFrom run next))
            Going next

    /// What follows a step that does not stand: a smaller one, or the end where none is left.
    let private reject (run: Run<'context, 'note>) (state: State<'context, 'note>) trial =
        let smaller = trial.Decision.Step
        let span = abs (run.Times[state.Piece + 1] - run.Times[state.Piece])

        let next: State<'context, 'note> =
            { state with
                ControllerMemory = trial.Decision.Memory
                Step = smaller
                AfterRejection = true
                Note = trial.Note
                Rejected = state.Rejected + 1
                Evaluations = trial.Evaluations
            }

        if smaller >= 1e-13 * span then
            Going next
        else
            match trial.Proposal with
            | Error outcome -> Ended(next, outcome)
            | Ok _ when Double.IsNaN trial.Error ->
                Ended(next, Outcome.NonFinite $"the estimated error at t = {state.Time:G6}")
            | Ok _ -> Ended(next, Outcome.StepTooSmall(state.Time, smaller))

    /// One attempt within a piece.
    let attempt (run: Run<'context, 'note>) (state: State<'context, 'note>) : Next<'context, 'note> =
        let stop = run.Times[state.Piece + 1]
        let remaining = abs (stop - state.Time)
        let wished = min state.Step run.Problem.MaximumStep
        // Stretch the last step a little rather than leave a crumb, and share what is left where it is less than two steps.
        let h =
            if remaining <= 1.01 * wished then remaining
            elif remaining < 2.0 * wished then 0.5 * remaining
            else wished

        let trial = tryStep run state h

        match trial.Accepted, trial.Proposal with
        | Some proposal, _ ->
            let time =
                if h = remaining then
                    stop
                else
                    state.Time + run.Direction * h

            accept run state (h, wished) time trial proposal
        | None, Error(Outcome.Cancelled _ as cancelled) ->
            Ended(
                { state with
                    Evaluations = trial.Evaluations
                },
                cancelled
            )
        | None, _ -> reject run state trial

    /// So many steps tell the pace of a run.
    let private pacing = 200

    /// Whether the error control has kept steps so small for long that the end is far out of reach: thirty times as many steps as are permitted,
    /// or as are by default, would not get there.
    let standsStill (run: Run<'context, 'note>) (state: State<'context, 'note>) : bool =
        match state.Records |> List.tryItem (pacing - 1) with
        | None -> false
        | Some before ->
            let pace = abs (state.Time - before.Time) / float (pacing - 1)
            let remaining = abs (Array.last run.Times - state.Time)

            pace < 0.5 * run.Problem.MaximumStep
            && 30.0 * float (max 100_000 run.Problem.MaximumSteps) * pace < remaining

    /// Frees what a state held and the next one does not.
    let release (run: Run<'context, 'note>) (before: State<'context, 'note>) (after: State<'context, 'note>) =
        if not (obj.ReferenceEquals(before.Y, after.Y)) then
            for tensor in before.Y :: before.MethodMemory do
                tensor.Dispose()

        if not (run.Problem.KeepsSteps || obj.ReferenceEquals(before.Segments, after.Segments)) then
            for segment in before.Segments do
                for coefficient in segment.Coefficients do
                    coefficient.Dispose()
