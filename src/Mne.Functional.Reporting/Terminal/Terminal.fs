namespace Mne.Functional.Reporting

open System
open System.Diagnostics
open System.IO
open Mne.Functional
open Spectre.Console

/// How progress is shown.
type Display =
    /// One line per phase, rewritten in place: for a terminal.
    | Live
    /// Lines one below the other, at most one every two seconds per phase and a closing one: for logs and pipes.
    | Plain
    /// Only the closing line of each phase. (For nothing at all there is `Progress.silent`.)
    | Quiet

/// Where and when progress is shown; tests put their own writer and clock here.
type internal Screen =
    {
        Display: Display
        Writer: TextWriter
        /// Columns of the terminal, asked at every redraw since windows are resized.
        Width: unit -> int
        Unicode: bool
        /// The time since the screen was made.
        Now: unit -> TimeSpan
        /// Writes Spectre markup.
        Markup: string -> unit
    }

/// Progress on the terminal.
///
/// A meter shows the phases of a computation as they report: how far, t, step size, accepted and rejected steps,
/// residual, effective rank and the time left. Phases may follow one another or be nested; each leaves its closing
/// line. Meters keep no global state: each has its own phases, and two may not share a terminal at the same time.
[<RequireQualifiedAccess>]
module Terminal =

    let private interval =
        function
        | Live -> TimeSpan.FromSeconds 0.1
        | Plain
        | Quiet -> TimeSpan.FromSeconds 2.0

    let internal screen display : Screen =
        let console = AnsiConsole.Create(AnsiConsoleSettings())
        let watch = Stopwatch.StartNew()

        {
            Display = display
            Writer = Console.Out
            Width = fun () -> console.Profile.Width
            Unicode = console.Profile.Capabilities.Unicode
            Now = fun () -> watch.Elapsed
            Markup = fun line -> console.Markup line
        }

    /// A meter on the screen, and what closes the lines of the phases that did not finish.
    let internal start (screen: Screen) : Meter * (unit -> unit) =
        let gate = obj ()
        let mutable board = Board.empty
        let mutable drawn = 0

        // The lines of the open phases are the last on the screen; `closing` are written above them, to stay.
        let redraw closing (board: Board) =
            let width = screen.Width() - 1

            if drawn > 0 then
                screen.Writer.Write "\r"

            if drawn > 1 then
                screen.Writer.Write $"\u001b[{drawn - 1}A"

            for report in closing do
                screen.Writer.Write "\u001b[2K"
                screen.Markup(Line.liveClosing screen.Unicode width report)
                screen.Writer.WriteLine()

            board.Open
            |> List.iteri (fun i report ->
                if i > 0 then
                    screen.Writer.WriteLine()

                screen.Writer.Write "\u001b[2K"
                screen.Markup(Line.live screen.Unicode width report))

            drawn <- board.Open.Length
            screen.Writer.Flush()

        let write (line: string) =
            screen.Writer.WriteLine line
            screen.Writer.Flush()

        let show (change: Change option) =
            match screen.Display, change with
            | _, None -> ()
            | Live, Some(Show _) -> redraw [] board
            | Live, Some(Close report) -> redraw [ report ] board
            | Plain, Some(Show report) -> write (Line.plain report)
            | Quiet, Some(Show _) -> ()
            | (Plain | Quiet), Some(Close report) -> write (Line.plainClosing report)

        let meter report =
            lock gate (fun () ->
                let next, change =
                    Board.report (interval screen.Display) (screen.Now()) report board

                board <- next
                show change)

        let finish () =
            lock gate (fun () ->
                let unfinished = board.Open
                board <- Board.empty

                match screen.Display with
                | Live ->
                    if not unfinished.IsEmpty then
                        redraw unfinished board
                | Plain
                | Quiet -> unfinished |> List.iter (Line.plainClosing >> write))

        meter, finish

    /// How progress is best shown here: `Live` on a terminal that can move its cursor, `Plain` where standard output
    /// goes to a file, a pipe or a plain terminal.
    let detect () : Display =
        if
            not Console.IsOutputRedirected
            && AnsiConsole.Create(AnsiConsoleSettings()).Profile.Capabilities.Ansi
        then
            Live
        else
            Plain

    /// A meter that shows progress on standard output in the given way.
    /// <example><code>
    /// let options = { Evolution.defaults with Meter = Terminal.meterAs Quiet }
    /// </code></example>
    let meterAs (display: Display) : Meter = screen display |> start |> fst

    /// As `meterAs`, with a function that closes the lines of the phases that did not finish: for computations that `watch`
    /// cannot wrap, such as tasks.
    /// <example><code>
    /// let meter, close = Terminal.startAs (Terminal.detect ())
    /// </code></example>
    let startAs (display: Display) : Meter * (unit -> unit) = screen display |> start

    /// A meter that shows progress on standard output in the way that fits it (see `detect`).
    /// When the computation may end before a phase is complete (an event, an error), prefer `watch`, which closes
    /// the line of that phase.
    /// <example><code>
    /// let options = { Evolution.defaults with Meter = Terminal.meter () }
    /// </code></example>
    let meter () : Meter = meterAs (detect ())

    /// Runs a computation with a meter on standard output, and closes the lines of unfinished phases however it ends.
    /// <example><code>
    /// let slow (meter: Meter) = 6.0 * 7.0 // reports to the meter now and then
    /// let answer = Terminal.watch slow
    /// </code></example>
    let watch (compute: Meter -> 'a) : 'a =
        let meter, finish = startAs (detect ())

        try
            compute meter
        finally
            finish ()
