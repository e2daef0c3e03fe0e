namespace Mne.Functional

open System
open System.Runtime.ExceptionServices
open System.Threading

/// <summary>Ranks can no longer work together: one of them failed, ended or was told to end while others waited for it.</summary>
type CommunicationFailedException(message: string, inner: exn | null) =
    inherit Exception(message, inner)

    /// <summary>With a message alone.</summary>
    new(message: string) = CommunicationFailedException(message, null)

/// <summary>
/// How the processes of one computation, called ranks, speak with each other. Every rank runs the same program; each function here is called
/// by all of them, in the same order, and returns when all have called it. <c>Communicator.alone</c> is the only rank there is; the package
/// Mne.Functional.Mpi has one of MPI, and <c>Communicator.threads</c> one of threads, for tests.
/// </summary>
[<NoEquality; NoComparison; StructuredFormatDisplay("{Name}")>]
type Communicator =
    {
        /// <summary>What carries the numbers, in a word or two.</summary>
        Name: string
        /// <summary>Which of the ranks this is, from 0.</summary>
        Rank: int
        /// <summary>How many there are.</summary>
        Size: int
        /// <summary>Replaces the numbers by their sums over all ranks, which give as many each.</summary>
        Sum: float[] -> unit
        /// <summary>Replaces the numbers by those of one rank; all give as many.</summary>
        Share: int -> float[] -> unit
        /// <summary>Returns when every rank has come here.</summary>
        Barrier: unit -> unit
    }

    override communicator.ToString() =
        $"rank {communicator.Rank} of {communicator.Size}, {communicator.Name}"

/// What became of work that every rank did a part of.
[<RequireQualifiedAccess>]
type internal Joint<'a> =
    /// All parts are done.
    | Done of 'a
    /// Some rank refused, and says why; what its own part raised, where this is one of them.
    | Refused of own: exn option * why: string
    /// Some rank was asked to stop.
    | Stopped

/// <summary>Several processes that work on one computation.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Communicator =

    /// <summary>The only rank: nothing is exchanged.</summary>
    let alone: Communicator =
        {
            Name = "alone"
            Rank = 0
            Size = 1
            Sum = ignore
            Share = fun _ _ -> ()
            Barrier = ignore
        }

    /// Several tensors through one exchange of numbers in double precision, and back where they were.
    let private exchange (numbers: float[] -> unit) (tensors: Tensor list) : Tensor list =
        let flat = tensors |> List.map Tensor.toArray |> Array.concat
        numbers flat

        let sizes = tensors |> List.map (fun tensor -> int (tensor.numel ()))
        let starts = List.scan (+) 0 sizes

        [
            for tensor, start, size in List.zip3 tensors (List.truncate sizes.Length starts) sizes ->
                (Tensor.ofArray (Placement.ofTensor tensor) (Array.sub flat start size)).reshape tensor.shape
        ]

    /// The sums of several tensors over all ranks, in one exchange.
    let internal sumAll (communicator: Communicator) (tensors: Tensor list) : Tensor list =
        if communicator.Size = 1 then
            tensors
        else
            exchange communicator.Sum tensors

    /// <summary>The sum of a tensor over all ranks, which all get: each gives one of the same shape.</summary>
    /// <param name="tensor">This rank's part.</param>
    /// <param name="communicator">The ranks.</param>
    /// <exception cref="T:Mne.Functional.CommunicationFailedException">Another rank has ended.</exception>
    /// <example><code>
    /// let mean (own: Tensor) = (Communicator.allReduceSum own Communicator.alone) ./ float Communicator.alone.Size
    /// </code></example>
    let allReduceSum (tensor: Tensor) (communicator: Communicator) : Tensor =
        Scope.keep (fun () -> (sumAll communicator [ tensor ]).Head.clone())

    /// <summary>The tensor of rank 0, on every rank; all give one of the same shape.</summary>
    /// <param name="tensor">What rank 0 has; of others, only the shape matters.</param>
    /// <param name="communicator">The ranks.</param>
    /// <exception cref="T:Mne.Functional.CommunicationFailedException">Another rank has ended.</exception>
    let broadcast (tensor: Tensor) (communicator: Communicator) : Tensor =
        Scope.keep (fun () ->
            if communicator.Size = 1 then
                tensor.clone ()
            else
                (exchange (communicator.Share 0) [ tensor ]).Head)

    /// <summary>Returns when every rank has come here.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <exception cref="T:Mne.Functional.CommunicationFailedException">Another rank has ended.</exception>
    let barrier (communicator: Communicator) : unit = communicator.Barrier()

    /// Rank 0's number, which decides for all.
    let internal agree (communicator: Communicator) (value: float) : float =
        if communicator.Size = 1 then
            value
        else
            let numbers = [| value |]
            communicator.Share 0 numbers
            numbers[0]

    /// The text of one rank, on every rank.
    let internal tell (communicator: Communicator) (teller: int) (text: string) : string =
        let length = [| float text.Length |]
        communicator.Share teller length

        let letters =
            Array.init (int length[0]) (fun i -> if i < text.Length then float text[i] else 0.0)

        communicator.Share teller letters
        String(letters |> Array.map char)

    /// A part of some work on every rank, and the sums of the numbers that it gives, so many on each, over all ranks. All learn what became of
    /// it, so that none waits for one that has left: `refusal` says of what a part raised whether it only refuses this attempt, and why;
    /// anything else ends all. `asked` says whether this rank was asked to stop.
    let internal together
        (communicator: Communicator)
        (asked: unit -> bool)
        (refusal: exn -> string option)
        (length: int)
        (part: unit -> 'a * float[])
        : Joint<'a * float[]> =
        let own =
            try
                Ok(part ())
            with error ->
                Error error

        let why =
            match own with
            | Ok _ -> None
            | Error error -> refusal error

        // What stops because it was asked to does not fail.
        let asked = asked ()

        let stopped =
            match own with
            | Error(:? OperationCanceledException) -> asked
            | _ -> false

        let refused = why.IsSome
        let failed = own.IsError && not refused && not stopped
        let count condition = if condition then 1.0 else 0.0

        // What became of the part, behind its numbers: one exchange for both.
        let numbers =
            Array.append
                (match own with
                 | Ok(_, numbers) -> numbers
                 | Error _ -> Array.zeroCreate length)
                [| count refused; count failed; count asked |]

        communicator.Sum numbers

        /// The first rank that something holds for, and what it says.
        let first condition text =
            let who =
                Array.init communicator.Size (fun rank -> count (rank = communicator.Rank && condition))

            communicator.Sum who
            let rank = Array.findIndex (fun n -> n > 0.0) who
            rank, tell communicator rank text

        if numbers[length + 1] > 0.0 then
            let rank, message =
                first
                    failed
                    (match own with
                     | Error error -> error.Message
                     | Ok _ -> "")

            match own with
            | Error error when failed -> ExceptionDispatchInfo.Throw error
            | _ -> ()

            raise (CommunicationFailedException $"rank {rank} failed: {message}")
        elif numbers[length + 2] > 0.0 then
            Joint.Stopped
        elif numbers[length] > 0.0 then
            let rank, message = first refused (defaultArg why "")

            match own with
            | Error error -> Joint.Refused(Some error, message)
            | Ok _ -> Joint.Refused(None, $"{message} (on rank {rank})")
        else
            match own with
            | Ok(value, _) -> Joint.Done(value, Array.truncate length numbers)
            | Error error -> raise error

    /// <summary>The same ranks, and how many bytes of numbers this one has given to be summed and has sent or received of others.</summary>
    /// <param name="communicator">The ranks.</param>
    /// <returns>Ranks to compute with, and the number of bytes so far.</returns>
    /// <example><code>
    /// let counted, bytes = Communicator.counted Communicator.alone
    /// counted.Sum [| 1.0; 2.0 |]
    /// printfn $"{bytes ()} bytes"   // 16
    /// </code></example>
    let counted (communicator: Communicator) : Communicator * (unit -> int64) =
        let bytes = [| 0L |]

        let add (numbers: float[]) =
            Interlocked.Add(&bytes[0], 8L * int64 numbers.Length) |> ignore

        { communicator with
            Sum =
                fun numbers ->
                    add numbers
                    communicator.Sum numbers
            Share =
                fun rank numbers ->
                    add numbers
                    communicator.Share rank numbers
        },
        fun () -> Interlocked.Read &bytes[0]

    /// What threads that are ranks have in common: a place for each one's numbers, and a barrier that a failure opens.
    type private Meeting(size: int) =
        let gate = obj ()
        let mutable waiting = 0
        let mutable round = 0L
        let mutable failure: string option = None
        member val Numbers: float[][] = Array.create size [||]

        /// Comes once all have come.
        member _.Wait() =
            let check () =
                match failure with
                | Some message -> raise (CommunicationFailedException message)
                | None -> ()

            lock gate (fun () ->
                check ()
                waiting <- waiting + 1

                if waiting = size then
                    waiting <- 0
                    round <- round + 1L
                    Monitor.PulseAll gate
                else
                    let mine = round

                    while round = mine && failure.IsNone do
                        Monitor.Wait gate |> ignore

                    if round = mine then
                        check ())

        member _.Fail(message: string) =
            lock gate (fun () ->
                if failure.IsNone then
                    failure <- Some message

                Monitor.PulseAll gate)

    /// <summary>
    /// Runs a program on so many ranks that are threads of this process: to try how a program behaves on several ranks, not to be faster, for
    /// libtorch has threads of its own.
    /// </summary>
    /// <param name="size">How many ranks.</param>
    /// <param name="program">What each of them does.</param>
    /// <returns>What the program returned on each rank.</returns>
    /// <exception cref="T:System.ArgumentException">Fewer than one rank.</exception>
    /// <exception cref="T:System.AggregateException">The program raised on some ranks; the others, which waited for these, raised
    /// <c>CommunicationFailedException</c>.</exception>
    /// <example><code>
    /// let sums = Communicator.threads 3 (fun ranks -&gt; let one = [| 1.0 |] in ranks.Sum one; one[0])   // 3, 3, 3
    /// </code></example>
    let threads (size: int) (program: Communicator -> 'a) : 'a[] =
        Guard.atLeast "size" 1 size
        let meeting = Meeting size

        let rank (rank: int) : Communicator =
            /// All numbers are laid out before any is changed, and read before the next are.
            let exchange (numbers: float[]) (combine: float[][] -> float[]) =
                meeting.Numbers[rank] <- Array.copy numbers
                meeting.Wait()
                let result = combine meeting.Numbers
                meeting.Wait()

                if result.Length <> numbers.Length then
                    let found = $"rank {rank} gave {numbers.Length} numbers, and others {result.Length}"
                    meeting.Fail found
                    raise (CommunicationFailedException found)

                Array.blit result 0 numbers 0 numbers.Length

            {
                Name = "threads"
                Rank = rank
                Size = size
                Sum = fun numbers -> exchange numbers (Array.reduce (Array.map2 (+)))
                Share = fun root numbers -> exchange numbers (fun all -> all[root])
                Barrier = fun () -> meeting.Wait()
            }

        let results = Array.create size (Error(Exception "not begun"))

        let work index =
            results[index] <-
                try
                    Ok(program (rank index))
                with error ->
                    meeting.Fail $"rank {index} failed: {error.Message}"
                    Error error

        let threads =
            [| for index in 0 .. size - 1 -> Thread((fun () -> work index), 16 <<< 20) |]

        for thread in threads do
            thread.Start()

        for thread in threads do
            thread.Join()

        match
            results
            |> Array.choose (function
                | Error error -> Some error
                | Ok _ -> None)
        with
        | [||] ->
            [|
                for result in results do
                    match result with
                    | Ok value -> value
                    | Error error -> raise error
            |]
        | errors -> raise (AggregateException errors)
