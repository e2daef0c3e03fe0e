namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// What a report leads to.
type internal Change =
    /// The phase goes on, and it is time to show it.
    | Show of Progress
    /// The phase has come to its end.
    | Close of Progress

/// The phases under way: which report was the last of each, and when one was shown. A value; nothing is written here.
type internal Board =
    {
        /// Last report of each unfinished phase, in the order in which they began.
        Open: Progress list
        /// When each unfinished phase was last shown.
        Shown: Map<Phase, TimeSpan>
        /// The report that closed each finished phase.
        Closed: Map<Phase, Progress>
    }

module internal Board =

    let empty =
        {
            Open = []
            Shown = Map.empty
            Closed = Map.empty
        }

    /// A solver may say twice that it has finished; the second time is no new phase.
    let private isEcho (report: Progress) board =
        match Map.tryFind report.Phase board.Closed with
        | Some closed ->
            report.Time = closed.Time
            && report.Accepted = closed.Accepted
            && report.Elapsed >= closed.Elapsed
        | None -> false

    let private close (report: Progress) board =
        {
            Open = board.Open |> List.filter (fun r -> r.Phase <> report.Phase)
            Shown = Map.remove report.Phase board.Shown
            Closed = Map.add report.Phase report board.Closed
        }

    /// Takes in a report made at the time `now`. A phase is shown when it begins, then at most once per `interval`.
    let report (interval: TimeSpan) (now: TimeSpan) (report: Progress) (board: Board) : Board * Change option =
        let isOpen = board.Open |> List.exists (fun r -> r.Phase = report.Phase)

        if report.Fraction >= 1.0 then
            if not isOpen && isEcho report board then
                board, None
            else
                close report board, Some(Close report)
        else
            let due =
                match Map.tryFind report.Phase board.Shown with
                | Some shown -> now - shown >= interval
                | None -> true

            { board with
                Open =
                    if isOpen then
                        board.Open |> List.map (fun r -> if r.Phase = report.Phase then report else r)
                    else
                        board.Open @ [ report ]
                Shown =
                    if due then
                        Map.add report.Phase now board.Shown
                    else
                        board.Shown
            },
            (if due then Some(Show report) else None)
