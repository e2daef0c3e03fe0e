module Mne.Functional.Tests.Reporting.TerminalTests

open System
open System.IO
open Expecto
open FsCheck
open Spectre.Console
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests

let private seconds = TimeSpan.FromSeconds: float -> TimeSpan

let private report phase fraction elapsed =
    {
        Phase = phase
        Fraction = fraction
        Time = 4.0 * fraction
        Accepted = int (100.0 * fraction)
        Rejected = 3
        Step = 0.0031
        Residual = 1.23e-5
        Defect = nan
        EffectiveRank = 183.4
        Elapsed = seconds elapsed
        Remaining = Progress.remaining fraction (seconds elapsed)
    }

/// What a meter writes when it is given reports at the stated times.
let private written display finishing (reports: (float * Progress) list) =
    let writer = new StringWriter(NewLine = "\n")
    let mutable now = 0.0

    let meter, finish =
        Terminal.start
            {
                Display = display
                Writer = writer
                Width = fun () -> 120
                Unicode = true
                Now = fun () -> seconds now
                Markup = writer.Write
            }

    for time, progress in reports do
        now <- time
        meter progress

    if finishing then
        finish ()

    writer.ToString()

let private lines (text: string) =
    text.Split('\n', StringSplitOptions.RemoveEmptyEntries) |> Array.toList

/// What a terminal shows in the end: the escape sequences of the live display, carried out.
let private onScreen (text: string) =
    let rows = ResizeArray [ "" ]
    let mutable row, i = 0, 0

    while i < text.Length do
        match text[i] with
        | '\u001b' ->
            let close = text.IndexOfAny([| 'A'; 'K' |], i)

            if text[close] = 'A' then
                row <- row - int (text.Substring(i + 2, close - i - 2))
            else
                rows[row] <- ""

            i <- close + 1
        | '\r' -> i <- i + 1
        | '\n' ->
            row <- row + 1

            if row = rows.Count then
                rows.Add ""

            i <- i + 1
        | c ->
            rows[row] <- rows[row] + string c
            i <- i + 1

    List.ofSeq rows

[<Tests>]
let tests =
    testList
        "Reporting.Terminal"
        [
            testCase "a plain line says how far, how well and how long"
            <| fun () ->
                Expect.equal
                    (Line.plain (report Phase.Evolve 0.625 10.0))
                    "evolve  62 %  t 2.5  step 3.1e-3  accepted 62  rejected 3  residual 1.23e-5  rank 183  10 s elapsed  6.0 s left"
                    "line"

            testCase "a fit names its step and its error, and leaves out what there is not"
            <| fun () ->
                let fit =
                    { report Phase.Fit 0.5 1.0 with
                        Time = 40.0
                        EffectiveRank = nan
                        Remaining = None
                    }

                Expect.equal
                    (Line.plain fit)
                    "fit  50 %  step 40  step size 3.1e-3  accepted 50  rejected 3  error 1.23e-5  1.0 s elapsed"
                    "line"

            testCase "an evolution says what the missing points made of u, and is not done plainly where that is much"
            <| fun () ->
                let closing defect =
                    Line.plainClosing
                        None
                        { report Phase.Evolve 1.0 10.0 with
                            Defect = defect
                        }

                Expect.stringStarts (closing 0.02) "evolve  done in 10 s  t 4" "good"
                Expect.stringContains (closing 0.02) "residual 1.23e-5  defect 0.02  rank" "defect"
                Expect.stringStarts (closing 0.3) "evolve  done, doubtfully, in 10 s  t 4" "doubtful"
                Expect.stringStarts (closing nan) "evolve  done in 10 s  t 4" "unknown"

            testCase "100 % is not said before the end"
            <| fun () -> Expect.stringContains (Line.plain (report Phase.Evolve 0.9999 1.0)) " 99 % " "rounded down"

            testCase "plain lines come at once, then at most one in two seconds, then a closing one"
            <| fun () ->
                let reports =
                    [
                        for i in 0..100 -> 0.1 * float i, report Phase.Evolve (float i / 100.0) (0.1 * float i)
                    ]

                let lines = lines (written Display.Plain false reports)
                Expect.equal lines.Length 6 "at 0, 2, 4, 6 and 8 seconds, and at the end"
                Expect.stringContains lines[0] "evolve  0 %" "the first"
                Expect.stringContains lines[1] "evolve  20 %" "the second"
                Expect.stringStarts lines[5] "evolve  done in 10 s  t 4" "the last"

            testCase "each phase has its own two seconds and its own closing line"
            <| fun () ->
                let reports =
                    [
                        0.0, report Phase.Fit 0.1 0.0
                        0.5, report Phase.Fit 1.0 0.5
                        0.6, report Phase.Evolve 0.1 0.1
                        1.0, report Phase.Evolve 1.0 0.5
                    ]

                let starts =
                    lines (written Display.Plain true reports)
                    |> List.map (fun l -> l.Split("  ")[0..1] |> Array.toList)

                Expect.equal
                    starts
                    [
                        [ "fit"; "10 %" ]
                        [ "fit"; "done in 0.5 s" ]
                        [ "evolve"; "10 %" ]
                        [ "evolve"; "done in 0.5 s" ]
                    ]
                    "lines"

            testCase "a phase that did not finish is closed as stopped"
            <| fun () ->
                let lines = lines (written Display.Plain true [ 0.0, report Phase.Evolve 0.4 1.0 ])
                Expect.equal lines.Length 2 "a line and a closing one"
                Expect.stringStarts lines[1] "evolve  stopped at 40 % in 1.0 s" "closing line"

            testCase "a phase that says twice that it is done is closed once; a second run of it again"
            <| fun () ->
                let finished = report Phase.Draw 1.0 2.0
                Expect.equal (lines (written Display.Quiet true [ 0.0, finished; 0.1, finished ])).Length 1 "an echo"

                let again = report Phase.Draw 0.3 0.5

                Expect.equal
                    (lines (written Display.Quiet true [ 0.0, finished; 3.0, again; 3.5, finished ])).Length
                    2
                    "two runs"

            testCase "quiet shows closing lines only"
            <| fun () ->
                let reports =
                    [ for i in 0..10 -> float i, report Phase.Evolve (float i / 10.0) (float i) ]

                Expect.equal (lines (written Display.Quiet true reports)).Length 1 "one line"

            testCase "the last of several phases says how long all of them took, from when the first began"
            <| fun () ->
                let reports =
                    [
                        0.5, report Phase.Fit 0.1 0.5
                        2.0, report Phase.Fit 1.0 2.0
                        3.0, report Phase.Evolve 0.1 1.0
                        12.0, report Phase.Evolve 1.0 10.0
                    ]

                let closing = lines (written Display.Quiet true reports)
                Expect.isFalse (closing[0].Contains "in all") "one phase"
                Expect.stringEnds closing[1] "12 s in all" "two"
                let live = onScreen (written Display.Live true reports)
                Expect.stringContains live[1] "12 s in all" "live"

            testCase "nested phases live: each leaves one line, inner ones above the outer"
            <| fun () ->
                let reports =
                    [
                        0.0, report Phase.Search 0.0 0.0
                        0.2, report Phase.Fit 0.5 0.1
                        0.4, report Phase.Search 0.2 0.4
                        0.6, report Phase.Fit 1.0 0.4
                        0.8, report Phase.Evolve 0.3 0.1
                        1.0, report Phase.Evolve 1.0 0.3
                        1.2, report Phase.Search 1.0 1.2
                    ]

                let screen = onScreen (written Display.Live true reports)
                Expect.equal screen.Length 4 "three closing lines and the empty one under them"
                Expect.stringContains screen[0] "fit" "first finished"
                Expect.stringContains screen[1] "evolve" "second finished"
                Expect.stringContains screen[2] "search" "last finished"
                Expect.equal screen[3] "" "the cursor is on a fresh line"

                for line in screen[0..2] do
                    Expect.stringContains line "done in" "closing line"

            testCase "live, unfinished phases keep their line when the computation ends"
            <| fun () ->
                let screen =
                    onScreen (
                        written Display.Live true [ 0.0, report Phase.Fit 0.5 0.1; 0.2, report Phase.Evolve 0.3 0.1 ]
                    )

                Expect.equal screen.Length 3 "two lines and a fresh one"
                Expect.stringContains screen[0] "stopped at 50 %" "fit"
                Expect.stringContains screen[1] "stopped at 30 %" "evolve"

            Check.property "a live line fits the width of the terminal"
            <| fun (width: uint8) (NormalFloat fraction) ->
                let width = 45 + int width

                let visible =
                    Text.RegularExpressions.Regex.Replace(
                        Line.live true width (report Phase.Evolve fraction 12.0),
                        @"\[[^\]]*\]",
                        ""
                    )

                visible.Length <= width

            testCase "a fraction that is no number is shown as nothing done"
            <| fun () ->
                for fraction in [ nan; infinity; -infinity; -0.5 ] do
                    let odd =
                        { report Phase.Evolve 0.5 1.0 with
                            Fraction = fraction
                        }

                    Expect.stringContains (Line.plain odd) "  0 %  " $"plain {fraction}"
                    Expect.stringContains (Line.live true 120 odd) " 0 %" $"live {fraction}"

            testCase "work of the caller's own goes by its name"
            <| fun () ->
                let lines =
                    lines (written Display.Plain true [ 0.0, report (Phase.Other "quadrature") 0.5 1.0 ])

                Expect.stringStarts lines[0] "quadrature  50 %  t 2" "under way"
                Expect.stringStarts lines[1] "quadrature  stopped at 50 %" "stopped"

            testCase "markup in the name of a phase is shown, not obeyed"
            <| fun () ->
                let line = Line.live true 120 (report (Phase.Other "[red]x") 0.5 1.0)
                Expect.stringContains line "[bold][[red]]x" "escaped"

                // Through Spectre itself: what it cannot read, it raises.
                let writer = new StringWriter()

                let console =
                    AnsiConsole.Create(AnsiConsoleSettings(Ansi = AnsiSupport.No, Out = AnsiConsoleOutput writer))

                console.Profile.Width <- 200
                console.Markup line
                Expect.stringStarts (writer.ToString()) "● [red]x   ━" "as it is read on the screen"

            testCase "a name of many words or lines stays one line that fits the terminal"
            <| fun () ->
                let long = report (Phase.Other(String.replicate 20 "a long name\n")) 0.5 1.0
                Expect.equal (lines (Line.plain long + "\n")).Length 1 "one line in a log"

                for width in [ 45; 80; 200 ] do
                    let visible =
                        Text.RegularExpressions.Regex.Replace(Line.live true width long, @"\[[^\]]*\]", "")

                    Expect.isLessThanOrEqual visible.Length width $"{width} columns"
                    Expect.stringStarts visible "● a long" "its beginning"
        ]
