namespace Mne.Functional

open System
open System.Diagnostics
open System.Threading

/// <summary>
/// What a computation is given beside its arguments: where its numbers are, the seed of everything random, who hears how it fares, who may
/// end it, and how much it may hold at a time. It is handed in where work is done and never kept in a result.
/// </summary>
/// <example><code>
/// let run = { Run.quiet with Seed = 7; Meter = fun report -> printfn $"{report.Phase} {report.Fraction:P0}" }
/// </code></example>
[<Notebooks.TypeFormatterSource>]
type Run =
    {
        /// <summary>Precision and device of what is made. Where a computation goes on from tensors that exist, theirs hold.</summary>
        Placement: Placement
        /// <summary>Seed of everything random: the same seed on the same machine with as many threads gives the same bits.</summary>
        Seed: int
        /// <summary>Receives signs of life, between steps and on the thread that computes.</summary>
        Meter: Meter
        /// <summary>Ends the computation within a step: see <c>Run.stopIfAsked</c>.</summary>
        Cancellation: CancellationToken
        /// <summary>At most this many points or draws are worked on together where each is followed on its own: memory is bounded by it.</summary>
        Rows: int
        /// <summary>The processes that work on it together: <c>Communicator.alone</c>, or the ranks of MPI, each of which calls the same
        /// functions with the same arguments and gets the same result.</summary>
        Communicator: Communicator
    }

/// <summary>What a computation is given beside its arguments.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Run =

    /// <summary>Double precision on the CPU, seed 0, no reports, never ended, 4,000 rows at a time.</summary>
    let quiet: Run =
        {
            Placement = Placement.float64
            Seed = 0
            Meter = Progress.silent
            Cancellation = CancellationToken.None
            Rows = 4000
            Communicator = Communicator.alone
        }

    /// <summary>The run on several ranks; signs of life come from rank 0 alone.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <param name="run">The run.</param>
    /// <example><code>
    /// let draws = Communicator.threads 2 (fun ranks -&gt; sampler |&gt; Sampler.draw (Run.quiet |&gt; Run.among ranks) 100)
    /// </code></example>
    let among (communicator: Communicator) (run: Run) : Run =
        { run with
            Communicator = communicator
            Meter = if communicator.Rank = 0 then run.Meter else Progress.silent
        }

    /// <summary>
    /// Raises <c>OperationCanceledException</c> once the run was asked to stop. There is one rule everywhere: what was asked to stop
    /// stops within a step and raises this, and nothing that is half made is returned as if it were whole. Functions that return an
    /// outcome (<c>Evolution.trySolve</c>) return <c>Outcome.Cancelled</c> with what was reached instead.
    /// </summary>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let stopIfAsked (run: Run) : unit =
        run.Cancellation.ThrowIfCancellationRequested()

    /// <summary>The run of a part, with a seed of its own.</summary>
    let internal part (index: int) (run: Run) : Run =
        { run with
            Seed = Seed.child index run.Seed
        }

    /// Says that a phase begins at the time t, and gives what makes its later signs of life: from a time t (or the number of a step) and
    /// the fraction done, by the clock of the phase.
    let internal phase (phase: Phase) (time: float) (run: Run) : float -> float -> Progress =
        let clock = Stopwatch.StartNew()
        run.Meter(Progress.started phase time)
        fun time fraction -> Progress.at phase time fraction clock.Elapsed

    /// What a computation gives within so much time, for which it is asked to stop; None where it did not end in time. With no limit it always
    /// ends. Raises `OperationCanceledException` where the run itself was asked to stop.
    let internal within (left: TimeSpan option) (compute: Run -> 'a) (run: Run) : 'a option =
        match left with
        | None -> Some(compute run)
        | Some left when left <= TimeSpan.Zero -> None
        | Some left ->
            use limit = CancellationTokenSource.CreateLinkedTokenSource run.Cancellation
            limit.CancelAfter left

            try
                Some(compute { run with Cancellation = limit.Token })
            with :? OperationCanceledException when not run.Cancellation.IsCancellationRequested ->
                None

    /// Raises `ArgumentException` for a run that cannot be.
    let internal check (run: Run) : unit =
        Guard.atLeast "Rows" 1 run.Rows
        run.Placement |> Placement.device |> ignore
