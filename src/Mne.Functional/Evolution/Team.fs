namespace Mne.Functional

open System
open System.IO
open System.Runtime.ExceptionServices
open System.Threading
open TorchSharp

/// The ranks that make an evaluation together, each of them at its own rows of the points (docs/mathematics.md, "On several ranks").
type internal Team =
    {
        Ranks: Communicator
        /// Whether this rank was asked to stop.
        Asked: unit -> bool
        /// Called on every rank once one of them was.
        Stop: unit -> unit
        /// Whether all ranks compute the same bits of the same numbers: on processors of one kind, with as many threads.
        Alike: bool
    }

    /// Whether there is nobody else.
    member team.IsAlone = team.Ranks.Size = 1

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Team =

    /// Nobody else.
    let alone: Team =
        {
            Ranks = Communicator.alone
            Asked = fun () -> false
            Stop = ignore
            Alike = true
        }

    /// A number for what decides the bits of a computation: the kind of the processor, and the number of threads.
    let private kind () : float =
        let processor =
            try
                File.ReadLines "/proc/cpuinfo"
                |> Seq.filter (fun line ->
                    line.StartsWith("model name", StringComparison.Ordinal)
                    || line.StartsWith("CPU part", StringComparison.Ordinal))
                |> Seq.tryHead
                |> Option.defaultValue ""
            with
            | :? IOException
            | :? UnauthorizedAccessException -> ""

        let mix (sum: int) (letter: char) = (31 * sum + int letter) &&& 0xFFFFF
        float (Seq.fold mix (torch.get_num_threads ()) processor)

    /// Whether a whole number, below a million, is the same on every rank.
    let same (ranks: Communicator) (number: float) : bool =
        let sums = [| number; number * number |]
        ranks.Sum sums
        float ranks.Size * sums[1] = sums[0] * sums[0]

    /// Of ranks of which each may be asked to stop by a token, with the token by which all are stopped at once.
    let ofRun (ranks: Communicator) (asked: CancellationToken) : Team * CancellationToken =
        if ranks.Size = 1 then
            alone, asked
        else
            let all = new CancellationTokenSource()

            {
                Ranks = ranks
                Asked = fun () -> asked.IsCancellationRequested
                Stop = all.Cancel
                Alike = same ranks (kind ())
            },
            all.Token

    /// Why an attempt at a step is refused; None for an error that ends the run.
    let private refusal (error: exn) : string option =
        match error with
        | FieldRefused outcome ->
            match outcome nan with
            | Outcome.NonFinite where -> Some where
            | other -> Some(string other)
        | KernelNotFactorised _
        | :? OutOfReach -> Some error.Message
        | _ -> None

    /// A part of an evaluation on every rank, with the sums over all of the numbers that it gives. What is refused on one is refused on all.
    let sum (length: int) (part: unit -> 'a * float[]) (team: Team) : 'a * float[] =
        if team.IsAlone then
            part ()
        else
            match Communicator.together team.Ranks team.Asked refusal length part with
            | Joint.Done result -> result
            | Joint.Stopped ->
                team.Stop()
                raise (OperationCanceledException "a rank was asked to stop")
            | Joint.Refused(Some own, _) ->
                ExceptionDispatchInfo.Throw own
                raise own
            | Joint.Refused(None, why) -> raise (FieldRefused(fun _ -> Outcome.NonFinite why))

    /// A part of an evaluation on every rank.
    let each (part: unit -> 'a) (team: Team) : 'a =
        team |> sum 0 (fun () -> part (), [||]) |> fst

    /// This rank's rows.
    let own (rows: Tensor) (team: Team) : Tensor =
        if team.IsAlone then
            rows
        else
            Rows.narrow (Rows.own team.Ranks (Tensor.rows rows)) rows

    /// The points that are landmarks of a sketch with a definite number of them, which is rank 0's.
    let landmarks (d: int) (n: int) (sketch: Sketch) (team: Team) : int[] =
        let s =
            match sketch with
            | Sketch.Landmarks s -> s
            | Sketch.Exact
            | Sketch.Adaptive _ -> n

        Sketch.Landmarks(int (Communicator.agree team.Ranks (float s)))
        |> Sketch.landmarks d 1 n
        |> Option.defaultWith (fun () -> Array.init n id)

    /// Each tensor (own rows × m) less its mean over the rows of all ranks.
    let centred (rows: Tensor list) (team: Team) : Tensor list =
        if team.IsAlone then
            rows |> List.map (fun values -> values - values.mean ([| 0L |], keepdim = true))
        else
            let counted = rows.Head.NewFull(1L, float (Tensor.rows rows.Head))
            let sums = counted :: [ for values in rows -> values.sum 0L ]
            let all = Communicator.sumAll team.Ranks sums
            List.map2 (fun (values: Tensor) (sum: Tensor) -> values - sum / all.Head) rows all.Tail

    /// The root mean square of all elements of several tensors, over the rows of all ranks, each made when its turn comes.
    let rms (rows: (unit -> Tensor) list) (team: Team) : float list =
        if team.IsAlone then
            [ for make in rows -> Scope.free (fun () -> Tensor.rms (make ())) ]
        else
            let numbers =
                [|
                    for make in rows do
                        yield!
                            Scope.free (fun () ->
                                let values: Tensor = make ()
                                [| Tensor.toFloat ((values * values).sum()); float (values.numel ()) |])
                |]

            team.Ranks.Sum numbers
            [ for k in 0 .. rows.Length - 1 -> sqrt (numbers[2 * k] / numbers[2 * k + 1]) ]

    /// The root mean square over all ranks of an error that each has at so many rows.
    let mean (rows: int) (error: float) (team: Team) : float =
        if team.IsAlone then
            error
        else
            let numbers = [| float rows * error * error; float rows |]
            team.Ranks.Sum numbers
            sqrt (numbers[0] / numbers[1])
