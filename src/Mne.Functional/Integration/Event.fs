namespace Mne.Functional

open System

/// <summary>In which direction a function passes 0 when its event occurs.</summary>
[<RequireQualifiedAccess>]
type Direction =
    /// <summary>From positive to 0 or below.</summary>
    | Falling
    /// <summary>From negative to 0 or above.</summary>
    | Rising
    /// <summary>Either way.</summary>
    | Either

/// <summary>
/// Ends an integration when a function of time and state passes 0.
/// <para>The function is looked at at nine times, evenly spread over every accepted step, so that a passage there and
/// back again is seen when it lasts for an eighth of a step; <c>MaximumStep</c> bounds that. Of several events the
/// first in time counts, which is found on the dense output by bisection. A falling (rising) event whose function is 0
/// or below (above) at the start of a piece has occurred there; one in either direction waits for its function to leave
/// 0.</para>
/// </summary>
type Event =
    {
        /// <summary>What the outcome reports.</summary>
        Name: string
        /// <summary>g(t, y).</summary>
        Function: float -> Tensor -> float
        /// <summary>The direction in which it passes 0.</summary>
        Direction: Direction
    }

/// <summary>Events of integrations; those of evolutions are made by <c>StopEvent.create</c>.</summary>
[<RequireQualifiedAccess>]
module Event =

    /// <summary>An event of one's own.</summary>
    /// <param name="name">What the outcome reports.</param>
    /// <param name="direction">The direction in which the function passes 0.</param>
    /// <param name="f">g(t, y).</param>
    /// <example><code>
    /// // The first of two components falls to ½.
    /// let half = Event.create "half" Direction.Falling (fun _ y -> Tensor.toFloat y[0] - 0.5)
    /// </code></example>
    let create (name: string) (direction: Direction) (f: float -> Tensor -> float) : Event =
        {
            Name = name
            Function = f
            Direction = direction
        }

    /// Into so many parts a step is divided.
    let private parts = 8

    /// The end of an interval at whose start `before` holds and at whose end it does not, where it ceases to.
    let private bisect (before: float -> bool) (low: float) (high: float) : float =
        let rec halve low high n =
            let middle = 0.5 * (low + high)

            if n = 0 || middle = low || middle = high then high
            elif before middle then halve middle high (n - 1)
            else halve low middle (n - 1)

        halve low high 60

    /// When an event first occurs within a step, or its function is not a number, and which of the two.
    let private within (segment: Segment) (event: Event) : (float * Outcome) option =
        let g t =
            Scope.free (fun () -> event.Function t (Segment.evaluate t segment))

        let times =
            [
                for i in 0 .. parts - 1 -> segment.Start + segment.Length * float i / float parts
            ]
            @ [ Segment.stop segment ]

        /// The time when `side` g ceases to be positive; the interval from `low`, where it still is, comes first.
        let rec search side low times =
            let before t = side * g t > 0.0

            match times with
            | [] -> None
            | t :: later when before t -> search side (Some t) later
            | t :: _ ->
                let time =
                    match low with
                    | Some low -> bisect before low t
                    | None -> t

                if Double.IsNaN(g time) then
                    Some(time, Outcome.EventNotANumber(event.Name, time))
                else
                    Some(time, Outcome.StoppedByEvent(event.Name, time))

        match event.Direction with
        | Direction.Falling -> search 1.0 None times
        | Direction.Rising -> search -1.0 None times
        | Direction.Either ->
            match List.skipWhile (fun t -> g t = 0.0) times with
            | [] -> None
            | first :: _ as times -> search (if g first < 0.0 then -1.0 else 1.0) None times

    /// What ends an integration within a step, and when: the first of its events.
    let internal first (events: Event list) (segment: Segment) : (float * Outcome) option =
        match List.choose (within segment) events with
        | [] -> None
        | found -> Some(found |> List.minBy (fun (t, _) -> abs (t - segment.Start)))
