namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// One line about a phase, plain or as Spectre markup.
module internal Line =

    /// The fraction done, whatever a meter is told.
    let private share (report: Progress) =
        if Double.IsFinite report.Fraction then
            max 0.0 (min 1.0 report.Fraction)
        else
            0.0

    /// The phase as part of one line, whatever its caller has called it.
    let private phase (report: Progress) =
        string report.Phase |> String.map (fun c -> if Char.IsControl c then ' ' else c)

    let private percent (report: Progress) =
        // Rounded down: 100 % is said only of what is finished.
        $"{int (100.0 * share report)} %%"

    /// What is known of a phase, as pairs of a label and a value, most important first where room is short.
    let private quantities (report: Progress) =
        let isFit = report.Phase = Phase.Fit

        [
            3, (if isFit then "step" else "t"), Format.number report.Time
            4, (if isFit then "step size" else "step"), Format.number report.Step
            // Not every phase goes in steps.
            if report.Accepted + report.Rejected > 0 then
                6, "accepted", string report.Accepted
                6, "rejected", string report.Rejected
            2, (if isFit then "error" else "residual"), Format.number report.Residual
            2, "defect", Format.number report.Defect
            5, "rank", Format.number report.EffectiveRank
        ]
        |> List.filter (fun (_, _, value) -> value <> "–")

    let private left (report: Progress) =
        match report.Remaining with
        | Some span -> $"{Format.duration span} left"
        | None -> ""

    let private words (report: Progress) =
        quantities report |> List.map (fun (_, label, value) -> $"{label} {value}")

    let private join = List.filter ((<>) "") >> String.concat "  "

    /// A line for a log: "evolve  62 %  t 2.48  step 3.1e-3  …  12 s elapsed  7.0 s left".
    let plain (report: Progress) =
        [ phase report; percent report ]
        @ words report
        @ [ $"{Format.duration report.Elapsed} elapsed"; left report ]
        |> join

    let private isDoubtful (report: Progress) =
        report.Defect > FieldNote.TolerableDefect

    let private outcome (report: Progress) =
        if report.Fraction >= 1.0 then
            if isDoubtful report then "done, doubtfully," else "done"
        else
            $"stopped at {percent report}"

    /// What all phases so far took, where there was more than one.
    let private inAll =
        function
        | Some span -> $"{Format.duration span} in all"
        | None -> ""

    /// The closing line of a phase: "evolve  done in 19 s  t 4  …  31 s in all".
    let plainClosing (total: TimeSpan option) (report: Progress) =
        [ phase report; $"{outcome report} in {Format.duration report.Elapsed}" ]
        @ words report
        @ [ inAll total ]
        |> join

    let private escape (text: string) =
        text.Replace("[", "[[").Replace("]", "]]")

    let private bar unicode width (fraction: float) =
        let full = if unicode then "━" else "#"
        let rest = if unicode then "─" else "-"
        let filled = int (float width * fraction)
        $"[#2a9df4]{String.replicate filled full}[/][grey39]{String.replicate (width - filled) rest}[/]"

    let private brief =
        function
        | "accepted" -> "acc"
        | "rejected" -> "rej"
        | label -> label

    let private visibleWidth (columns: (string * string) list) =
        columns |> List.sumBy (fun (text, _) -> text.Length + 2)

    /// The columns (plain text for its width, markup) that fit into `width`: the least important go first.
    let private fit width (head: (string * string) list) (report: Progress) (tail: (string * string) list) =
        let columnsUpTo rank =
            head
            @ (quantities report
               |> List.filter (fun (importance, _, _) -> importance <= rank)
               |> List.map (fun (_, label, value) -> $"{brief label} {value}", $"[grey58]{brief label}[/] {value}"))
            @ tail

        [ 6..-1..1 ]
        |> List.map columnsUpTo
        |> List.tryFind (fun columns -> visibleWidth columns <= width)
        |> Option.defaultValue (columnsUpTo 0)
        |> List.filter (fun (text, _) -> text <> "")
        |> List.map snd
        |> String.concat "  "

    /// Mark and name, cut where it would leave no room for the bar and the time left.
    let private name unicode width mark colour (report: Progress) =
        let name = phase report
        let room = width / 2 - 15 |> min 24 |> max 7
        let rest = if unicode then "…" else "."

        let shown =
            if name.Length > room then
                name[.. room - 2] + rest
            else
                name.PadRight 7

        $"{mark} {shown}", $"[{colour}]{mark}[/] [bold]{escape shown}[/]"

    /// The line of a phase under way, as markup, for a terminal `width` columns wide.
    let live unicode width (report: Progress) =
        let barWidth =
            if width >= 130 then 24
            elif width >= 90 then 16
            else 8

        let done' = (percent report).PadLeft 5

        fit
            width
            [
                name unicode width (if unicode then "●" else "*") "#2a9df4" report
                String.replicate barWidth "x", bar unicode barWidth (share report)
                done', done'
            ]
            report
            [ left report, $"[#2a9df4]{left report}[/]" ]

    /// The line that a phase leaves behind, as markup.
    let liveClosing unicode width (total: TimeSpan option) (report: Progress) =
        let finished = report.Fraction >= 1.0 && not (isDoubtful report)

        let mark, colour =
            match finished, unicode with
            | true, true -> "✓", "green"
            | true, false -> "+", "green"
            | false, true -> "✗", "yellow"
            | false, false -> "x", "yellow"

        let result = $"{outcome report} in {Format.duration report.Elapsed}"

        fit
            width
            [ name unicode width mark colour report; result, result ]
            report
            [ inAll total, $"[grey58]{inAll total}[/]" ]
