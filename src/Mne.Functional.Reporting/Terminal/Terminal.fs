namespace Mne.Functional.Reporting

open System
open System.Diagnostics
open System.IO
open Mne.Functional
open Spectre.Console

/// <summary>How progress is shown.</summary>
[<RequireQualifiedAccess>]
type Display =
    /// <summary>One line per phase, rewritten in place: for a terminal.</summary>
    | Live
    /// <summary>
    /// Lines one below the other, at most one every two seconds per phase and a closing one: for logs and pipes.
    /// </summary>
    | Plain
    /// <summary>Only the closing line of each phase. (For nothing at all there is <c>Progress.silent</c>.)</summary>
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

/// <summary>
/// Progress on the terminal.
/// <para>A meter shows the phases of a computation as they report: how far, t, step size, accepted and rejected steps,
/// residual between the points and the defect that it has made (see <c>FieldNote</c>), effective rank and the time left.
/// Phases may follow one another or be nested; each leaves its closing
/// line. Meters keep no global state: each has its own phases, and two may not share a terminal at the same
/// time.</para>
/// </summary>
[<RequireQualifiedAccess>]
module Terminal =

    let private interval =
        function
        | Display.Live -> TimeSpan.FromSeconds 0.1
        | Display.Plain
        | Display.Quiet -> TimeSpan.FromSeconds 2.0

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
        let mutable began: TimeSpan option = None

        // Since the first phase began, where no other phase is under way and this one was not the only one.
        let total (board: Board) =
            match began with
            | Some began when board.Open.IsEmpty && board.Closed.Count > 1 -> Some(screen.Now() - began)
            | _ -> None

        // The lines of the open phases are the last on the screen; `closing` are written above them, to stay.
        let redraw closing (board: Board) =
            let width = screen.Width() - 1

            if drawn > 0 then
                screen.Writer.Write "\r"

            if drawn > 1 then
                screen.Writer.Write $"\u001b[{drawn - 1}A"

            for report in closing do
                screen.Writer.Write "\u001b[2K"
                screen.Markup(Line.liveClosing screen.Unicode width (total board) report)
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
            | Display.Live, Some(Show _) -> redraw [] board
            | Display.Live, Some(Close report) -> redraw [ report ] board
            | Display.Plain, Some(Show report) -> write (Line.plain report)
            | Display.Quiet, Some(Show _) -> ()
            | (Display.Plain | Display.Quiet), Some(Close report) -> write (Line.plainClosing (total board) report)

        let meter report =
            lock gate (fun () ->
                let next, change =
                    Board.report (interval screen.Display) (screen.Now()) report board

                board <- next

                if began.IsNone then
                    began <- Some(screen.Now() - report.Elapsed)

                show change)

        let finish () =
            lock gate (fun () ->
                let unfinished = board.Open
                board <- Board.empty

                match screen.Display with
                | Display.Live ->
                    if not unfinished.IsEmpty then
                        redraw unfinished board
                | Display.Plain
                | Display.Quiet -> unfinished |> List.iter (Line.plainClosing None >> write))

        meter, finish

    /// <summary>
    /// How progress is best shown here: <c>Live</c> on a terminal that can move its cursor, <c>Plain</c> where standard
    /// output goes to a file, a pipe or a plain terminal.
    /// </summary>
    let detect () : Display =
        if
            not Console.IsOutputRedirected
            && AnsiConsole.Create(AnsiConsoleSettings()).Profile.Capabilities.Ansi
        then
            Display.Live
        else
            Display.Plain

    /// <summary>A meter that shows progress on standard output in the given way.</summary>
    /// <example><code>
    /// let run = { Run.quiet with Meter = Terminal.meterAs Display.Quiet }
    /// </code></example>
    let meterAs (display: Display) : Meter = screen display |> start |> fst

    /// <summary>
    /// As <c>meterAs</c>, with a function that closes the lines of the phases that did not finish: for computations
    /// that <c>watch</c> cannot wrap, such as tasks.
    /// </summary>
    /// <example><code>
    /// let meter, close = Terminal.startAs (Terminal.detect ())
    /// </code></example>
    let startAs (display: Display) : Meter * (unit -> unit) = screen display |> start

    /// <summary>A meter that shows progress on standard output in the way that fits it (see <c>detect</c>).</summary>
    /// <example><code>
    /// let run = { Run.quiet with Meter = Terminal.meter () }
    /// </code></example>
    let meter () : Meter = meterAs (detect ())

    /// <summary>
    /// <c>Run.quiet</c> with progress on standard output: what a script hands in wherever work is done. Where a computation may end before
    /// a phase is complete (an event, an error), <c>watch</c> closes the line of that phase.
    /// </summary>
    /// <example><code>
    /// let run = Terminal.run ()
    /// let sampler = Density.gaussianMixture [ 1.0, [ 0.0; 0.0 ], 0.6 ] |&gt; Sampler.evolve run Sampler.defaults Process.ornsteinUhlenbeck
    /// let draws = sampler |&gt; Sampler.draw { run with Seed = 1 } 4000
    /// </code></example>
    let run () : Run = { Run.quiet with Meter = meter () }

    /// <summary>Runs a computation with progress on standard output, and closes the lines of unfinished phases however it ends.</summary>
    /// <param name="compute">The computation; it is given <c>Run.quiet</c> with a meter.</param>
    /// <example><code>
    /// let pool = Terminal.watch (fun run -&gt; Density.gaussianMixture [ 1.0, [ 0.0 ], 0.6 ] |&gt; Chains.pool run Chains.defaults)
    /// </code></example>
    let watch (compute: Run -> 'a) : 'a =
        let meter, finish = startAs (detect ())

        try
            compute { Run.quiet with Meter = meter }
        finally
            finish ()
