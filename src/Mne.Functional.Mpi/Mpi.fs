namespace Mne.Functional

open System
open System.Diagnostics
open System.Runtime.ExceptionServices
open System.Runtime.InteropServices
open System.Threading

/// <summary>The ranks of MPI for programs in C#, whose facade makes its <c>Communicator</c> of them.</summary>
[<Sealed; AllowNullLiteral>]
type MpiRanks internal (run: Run) =
    /// <summary>Which of the ranks this is, from 0.</summary>
    member _.Rank = run.Communicator.Rank

    /// <summary>How many there are.</summary>
    member _.Size = run.Communicator.Size

    /// <summary>Told on SIGTERM: for the cancellation of what is computed.</summary>
    member _.Stop = run.Cancellation

    /// <summary>Replaces the numbers by their sums over all ranks.</summary>
    member _.Sum(numbers: float[]) : unit = run.Communicator.Sum numbers

    /// <summary>Replaces the numbers by those of one rank.</summary>
    member _.Share(rank: int, numbers: float[]) : unit = run.Communicator.Share rank numbers

    /// <summary>Returns when every rank has come here.</summary>
    member _.Barrier() : unit = run.Communicator.Barrier()

/// <summary>
/// Runs a computation on the ranks of MPI: Open MPI, or MPICH and its relatives, whichever started the program. Exchanges do not block
/// within MPI, so that a rank that waits for one that has died hears of it, and says so.
/// </summary>
[<RequireQualifiedAccess>]
module Mpi =

    /// How long a rank that computes may go on before it says itself that another one is lost. Open MPI's launcher kills the others a second
    /// after it has told them to end.
    let private grace = TimeSpan.FromSeconds 0.7

    /// Whether ranks watch each other.
    let private watched () =
        match Environment.GetEnvironmentVariable Watch.variable with
        | null
        | ""
        | "on" -> true
        | "off" -> false
        | other -> Guard.fail Watch.variable $"found {other}, wanted on or off"

    /// In one piece: what follows may end this process, or the launcher close its ears, between two.
    let private sayLast (line: string) = Console.Error.WriteLine line

    let private sayWhy (rank: int) (size: int) (error: exn) =
        sayLast $"rank {rank} of {size}: {error.GetType().Name}: {error.Message}"

    /// A started MPI, and whether this rank was told to end.
    type private Session(library: MpiLibrary.Library) =
        let told = new CancellationTokenSource()
        let mutable begun = false

        /// Ends this process, whatever its other threads do: they may be within a function that never comes back.
        let kill () =
            Process.GetCurrentProcess().Kill()
            Thread.Sleep Timeout.Infinite

        let registration =
            Preemption.listen (fun () ->
                told.Cancel()

                // MPI's own beginning waits for all ranks, and hears of none that is lost.
                if not (Volatile.Read &begun) then
                    Thread.Sleep 5000

                    if not (Volatile.Read &begun) then
                        sayLast "CommunicationFailedException: this rank was told to end before all had begun"
                        kill ())

        let scratch = Marshal.AllocHGlobal 256

        let check (what: string) (code: int) =
            if code <> 0 then
                raise (CommunicationFailedException $"MPI's {what} failed: {MpiLibrary.explain library code}")

        let ask what (call: nativeint -> int) : int =
            Marshal.WriteInt32(scratch, 0)
            check what (call scratch)
            Marshal.ReadInt32 scratch

        do
            if ask "initialisation" library.Initialized.Invoke = 0 then
                // One thread at a time.
                check "initialisation" (library.Init.Invoke(0n, 0n, 2, scratch))

            check "error handler" (library.SetErrorHandler.Invoke(library.World, library.ReturnErrors))

        let rank = ask "rank" (fun answer -> library.Rank.Invoke(library.World, answer))
        let size = ask "size" (fun answer -> library.Size.Invoke(library.World, answer))

        /// Which rank was lost, once one is; and whether this rank has said so, by whichever of its threads came first.
        let mutable gone: CommunicationFailedException | null = null
        let mutable said = 0
        let nobody, thisThread, theWatch = 0, 1, 2

        let lost (other: int) =
            let error =
                CommunicationFailedException
                    $"rank {other} of {size} has ended, or its machine does not answer, while others were still at work. Go on from the last checkpoint"

            Volatile.Write(&gone, error)
            Thread.Sleep grace

            // The other thread computes, perhaps for long: there is nobody left whom it could give its result.
            if Interlocked.CompareExchange(&said, theWatch, nobody) = nobody then
                sayWhy rank size error
                kill ()

        let raiseWhereLost () =
            match Volatile.Read &gone with
            | null -> ()
            | error ->
                if Interlocked.CompareExchange(&said, thisThread, nobody) = theWatch then
                    Thread.Sleep Timeout.Infinite

                raise error

        let mutable watch: Watch option = None

        /// Begins an exchange and waits for its end: at first without giving the processor away, which would cost more than the exchange.
        let complete (what: string) (start: nativeint -> int) =
            let request, flag, status = scratch, scratch + 16n, scratch + 64n
            Marshal.WriteInt64(request, 0L)
            let clock = Stopwatch.StartNew()
            check what (start request)

            let finished () =
                check what (library.Test.Invoke(request, flag, status))
                Marshal.ReadInt32 flag <> 0

            while not (finished ()) do
                raiseWhereLost ()
                let waited = clock.Elapsed

                if waited.TotalMilliseconds < 0.2 then
                    Thread.SpinWait 20
                elif waited.TotalMilliseconds < 200.0 then
                    Thread.Yield() |> ignore
                else
                    Thread.Sleep 1

        let withPinned (numbers: float[]) (work: nativeint -> unit) =
            if numbers.Length > 0 then
                let pin = GCHandle.Alloc(numbers, GCHandleType.Pinned)

                try
                    work (pin.AddrOfPinnedObject())
                finally
                    pin.Free()

        member _.Told = told.Token

        member _.Communicator: Communicator =
            {
                Name = library.Kind
                Rank = rank
                Size = size
                Sum =
                    fun numbers ->
                        withPinned numbers (fun address ->
                            complete "sum" (fun request ->
                                library.Sum.Invoke(
                                    library.InPlace,
                                    address,
                                    numbers.Length,
                                    library.Double,
                                    library.Add,
                                    library.World,
                                    request
                                )))
                Share =
                    fun root numbers ->
                        withPinned numbers (fun address ->
                            complete "broadcast" (fun request ->
                                library.Share.Invoke(
                                    address,
                                    numbers.Length,
                                    library.Double,
                                    root,
                                    library.World,
                                    request
                                )))
                Barrier = fun () -> complete "barrier" (fun request -> library.Barrier.Invoke(library.World, request))
            }

        /// From here on, ranks that are lost are noticed.
        member session.Begin() =
            if size > 1 && watched () then
                watch <- Some(Watch.start session.Communicator lost)

            Volatile.Write(&begun, true)

        /// Ends MPI in order, which waits for the others: first where one that is lost is noticed.
        member session.Finish() =
            session.Communicator.Barrier()
            watch |> Option.iter _.Leave()
            registration.Dispose()

            if ask "end" library.Finalized.Invoke = 0 then
                check "end" (library.Finalize.Invoke())

        /// Ends every rank.
        member _.Abort(code: int) =
            library.Abort.Invoke(library.World, code) |> ignore
            // Where MPI returns all the same.
            exit code

    let private describe (library: MpiLibrary.Library) = $"{library.Kind} ({library.Path})"

    /// <summary>Which MPI would be used, and from which library.</summary>
    /// <exception cref="T:Mne.Functional.MpiMissingException">There is none.</exception>
    let library () : string = describe (MpiLibrary.find ())

    /// <summary>
    /// Runs a program on every rank that mpirun has started. Each calls the same functions with the run that it is given, and gets the same
    /// results; rank 0 writes files. The run ends in order on SIGTERM, as preempted jobs do. Where the program raises on a rank, that rank
    /// says so on standard error and ends all others; where a rank dies, the others say that it has, as
    /// <c>CommunicationFailedException</c>, and end within seconds: those that wait raise it, those that compute are ended. MPICH's launcher
    /// leaves them the time if it is told to (docs/machines.md). Call it once in a process.
    /// </summary>
    /// <param name="program">What each rank does with the run, whose <c>Communicator</c> is that of MPI.</param>
    /// <returns>What the program returns.</returns>
    /// <exception cref="T:Mne.Functional.MpiMissingException">No MPI was found.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let run (program: Run -> 'a) : 'a =
        let session = Session(MpiLibrary.find ())

        let run =
            { Run.quiet with
                Cancellation = session.Told
            }
            |> Run.among session.Communicator

        try
            session.Begin()

            let result =
                try
                    Ok(program run)
                with :? OperationCanceledException as stopped ->
                    // All ranks stop together.
                    Error(ExceptionDispatchInfo.Capture stopped)

            session.Finish()

            match result with
            | Ok result -> result
            | Error stopped ->
                stopped.Throw()
                raise stopped.SourceException
        with
        | :? OperationCanceledException -> reraise ()
        | error ->
            let ranks = session.Communicator
            sayWhy ranks.Rank ranks.Size error

            // The others say so too, before they are ended.
            if error :? CommunicationFailedException then
                Thread.Sleep 2000

            session.Abort 1

    /// <summary>As <c>run</c>, from C#.</summary>
    /// <param name="program">What each rank does.</param>
    /// <exception cref="T:Mne.Functional.MpiMissingException">No MPI was found.</exception>
    [<CompiledName "Run">]
    let runAction (program: Action<MpiRanks>) : unit =
        run (fun run -> program.Invoke(MpiRanks run))
