namespace Mne.Functional

open System
open System.Threading
open TorchSharp

/// <summary>Adaptive integration of initial-value problems with dense output.</summary>
[<RequireQualifiedAccess>]
module Integrator =

    /// <summary>Dormand–Prince 5(4) with a PI controller, up to 100,000 steps; give it a field and a norm.</summary>
    /// <param name="field">The vector field.</param>
    /// <param name="norm">(y, δ) ↦ the size of the error δ at the state y, over the tolerance.</param>
    let create (field: Field<'note>) (norm: Tensor -> Tensor -> float) : Integration<unit, 'note> =
        {
            Field = fun () t y -> field t (y.clone ())
            Norm = norm
            Method = Method.dormandPrince54
            Controller = Controller.proportionalIntegral
            InitialStep = None
            MaximumStep = Double.PositiveInfinity
            MaximumSteps = 100_000
            Events = []
            Examine = fun _ _ _ _ note -> note
            OnStep = fun _ _ -> ()
            OnState = ignore
            Cancellation = CancellationToken.None
            KeepsSteps = true
        }

    /// <summary>The usual norm for a vector y: rms of δ_i / (absolute + relative |y_i|).</summary>
    /// <param name="absolute">Absolute error tolerated, per component.</param>
    /// <param name="relative">Relative error tolerated, per component.</param>
    /// <param name="y">The state, one vector.</param>
    /// <param name="δ">The error of the state, one vector.</param>
    let componentNorm (absolute: float) (relative: float) (y: Tensor) (δ: Tensor) : float =
        Tensor.rms (δ / (absolute .+ relative .* y.abs ()))

    /// A state after a step that stood, from which a cancelled run can go on, with those of its tensors that nobody else holds.
    type private Stood<'context, 'note> =
        {
            State: Advance.State<'context, 'note>
            Copies: Tensor list
        }

    /// What stands once `next` has followed `state`. A rejected step has changed no tensor, but how the next is tried. Where a piece was entered,
    /// perhaps with other points, the state before it stands, whose tensors are about to be freed.
    let private stands (state: Advance.State<'context, 'note>) (next: Advance.State<'context, 'note>) stood =
        if next.AfterRejection || next.Accepted = 0 then
            stood
        elif next.Accepted = state.Accepted then
            stood
            |> Option.map (fun stood ->
                let copies =
                    [ for tensor in stood.State.Y :: stood.State.MethodMemory -> tensor.clone () ]

                {
                    State =
                        { stood.State with
                            Y = copies.Head
                            MethodMemory = copies.Tail
                        }
                    Copies = copies
                })
        else
            for before in Option.toList stood do
                for copy in before.Copies do
                    copy.Dispose()

            Some { State = next; Copies = [] }

    let rec private follow
        (run: Advance.Run<'context, 'note>)
        (stood: Stood<'context, 'note> option)
        (state: Advance.State<'context, 'note>)
        : 'context * Trajectory<'note> =
        let next =
            if state.Time = run.Times[state.Piece + 1] then
                Advance.enter run state
            elif state.Accepted + state.Rejected >= run.Problem.MaximumSteps then
                Advance.Ended(state, Outcome.TooManySteps(state.Time, run.Problem.MaximumSteps))
            elif Advance.standsStill run state then
                Advance.Ended(state, Outcome.StepTooSmall(state.Time, state.Step))
            else
                Advance.attempt run state

        match next with
        | Advance.Going next ->
            let stood = stands state next stood
            Advance.release run state next
            follow run stood next
        | Advance.Ended(last, outcome) ->
            match outcome, stood with
            | Outcome.Cancelled _, Some stood when stood.State.Accepted = last.Accepted ->
                let word = lazy (Advance.toGoOnFrom run stood.State)
                word.Force() |> ignore
                run.Problem.OnState word
            | _ -> ()

            last.Context, Advance.reached run last outcome

    /// Follows a run from a state, which is made in a scope that frees at the end all but the trajectory.
    let private start run (state: unit -> Advance.State<'context, 'note>) : 'context * Trajectory<'note> =
        Scope.keepAll
            (fun (_, trajectory: Trajectory<'note>) ->
                [
                    for segment in trajectory.Segments do
                        yield! segment.Coefficients
                ])
            (fun () -> follow run None (state ()))

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

    /// <summary>
    /// Integrates through the times t₀, t₁, … in pieces; <c>restart i context y</c> makes the context of piece i and
    /// the state with which it begins from the context and the state that were reached. The step size is carried on.
    /// Gives the context of the last piece and the trajectory. Never raises for numerical reasons: the outcome says how
    /// it ended, and the trajectory holds what was reached. Dispose of the trajectory when it is no longer needed.
    /// </summary>
    /// <param name="problem">The vector field and how it is integrated.</param>
    /// <param name="restart">(i, context, y) ↦ the context of piece i, and the state with which it begins.</param>
    /// <param name="context">What the vector field of the first piece is made with.</param>
    /// <param name="y">The state, one vector.</param>
    /// <param name="times">Where the pieces begin and end, in order; decreasing ones run backwards.</param>
    /// <exception cref="T:System.ArgumentException">Unless there are two or more finite times in order, and when y is
    /// not finite.</exception>
    let solvePiecewise
        (problem: Integration<'context, 'note>)
        (restart: int -> 'context -> Tensor -> 'context * Tensor)
        (context: 'context)
        (y: Tensor)
        (times: float list)
        : 'context * Trajectory<'note> =
        Guard.finite "y" y

        let run: Advance.Run<'context, 'note> =
            {
                Problem = problem
                Restart = restart
                Times = checkTimes times
            }

        // At the end of a piece before the first, from which the first is entered as every other.
        start run (fun () ->
            {
                Context = context
                Piece = -1
                Time = run.Times[0]
                Y = y.clone ()
                MethodMemory = []
                ControllerMemory = []
                Step = nan
                AfterRejection = false
                Segments = []
                Records = []
                Note = Unchecked.defaultof<'note>
                Accepted = 0
                Rejected = 0
                Evaluations = 0
            })

    /// <summary>
    /// Goes on from a state that <c>OnState</c> has reported, as <c>solvePiecewise</c> would have: with the same
    /// problem, context and times to the same bits. It takes the tensors of the state over; do not use them afterwards.
    /// </summary>
    /// <param name="problem">The vector field and how it is integrated.</param>
    /// <param name="restart">(i, context, y) ↦ the context of piece i, and the state with which it begins.</param>
    /// <param name="state">A state that <c>OnState</c> has reported; its tensors are taken over.</param>
    /// <param name="times">Where the pieces begin and end, in order; decreasing ones run backwards.</param>
    /// <exception cref="T:System.ArgumentException">For times as <c>solvePiecewise</c> does, or when the state lies
    /// outside them or is at the last one.</exception>
    let resumePiecewise
        (problem: Integration<'context, 'note>)
        (restart: int -> 'context -> Tensor -> 'context * Tensor)
        (state: IntegratorState<'context, 'note>)
        (times: float list)
        : 'context * Trajectory<'note> =
        let run: Advance.Run<'context, 'note> =
            {
                Problem = problem
                Restart = restart
                Times = checkTimes times
            }

        let reached, t, final = state.Reached, state.Reached.Stop, Array.last run.Times

        if (t - run.Times[0]) * (t - final) >= 0.0 || reached.Start <> run.Times[0] then
            Guard.fail
                "state"
                $"it began at {reached.Start} and stands at {t}, which is not the way from {run.Times[0]} to {final}"

        let holds (a, b) = (t - a) * (t - b) <= 0.0 && t <> a

        let take (tensor: Tensor) =
            let taken = tensor.alias ()
            tensor.Dispose()
            taken

        start run (fun () ->
            {
                Context = state.Context
                Piece = run.Times |> Array.pairwise |> Array.findIndex holds
                Time = t
                Y = take state.Y
                MethodMemory = List.map take state.MethodMemory
                ControllerMemory = state.ControllerMemory
                Step = state.Step
                AfterRejection = false
                Segments =
                    [
                        for segment in Array.rev reached.Segments ->
                            { segment with
                                Coefficients = Array.map take segment.Coefficients
                            }
                    ]
                Records = reached.Records |> Array.rev |> List.ofArray
                Note = (Array.last reached.Records).Note
                Accepted = reached.Records.Length
                Rejected = reached.Rejected
                Evaluations = reached.Evaluations
            })

    /// <summary>
    /// Integrates from y at t0 to t1 (backwards when t1 &lt; t0), in one piece: see <c>solvePiecewise</c>.
    /// </summary>
    /// <param name="problem">The vector field and how it is integrated.</param>
    /// <param name="y">The state, one vector.</param>
    /// <param name="t0">Where it begins.</param>
    /// <param name="t1">Where it ends; t1 &lt; t0 runs backwards.</param>
    /// <exception cref="T:System.ArgumentException">t0 or t1 is not finite or they are equal, or y is not
    /// finite.</exception>
    let solve (problem: Integration<unit, 'note>) (y: Tensor) (t0: float, t1: float) : Trajectory<'note> =
        if not (Double.IsFinite t0 && Double.IsFinite t1) || t0 = t1 then
            Guard.fail "t1" $"a time span from {t0} to {t1}; wanted two different finite times"

        solvePiecewise problem (fun _ () y -> (), y) () y [ t0; t1 ] |> snd
