module Mne.Functional.Tests.CommunicatorTests

open System
open Expecto
open FsCheck
open Mne.Functional

/// What threads raised, of which those that only waited say so.
let private raised (size: int) (program: Communicator -> unit) : exn list =
    try
        Communicator.threads size program |> ignore
        failtest "nothing was raised"
    with :? AggregateException as all ->
        List.ofSeq all.InnerExceptions

[<Tests>]
let tests =
    testList
        "Communicator"
        [
            test "sums over ranks are the same bits on each, in the order of ranks" {
                for size in 1..5 do
                    let own rank =
                        [| for i in 0..9 -> sin (float (10 * rank + i)) |]

                    let expected = [ 0 .. size - 1 ] |> List.map own |> List.reduce (Array.map2 (+))

                    for sums in
                        Communicator.threads size (fun ranks ->
                            let numbers = own ranks.Rank
                            ranks.Sum numbers
                            numbers) do
                        Expect.equal sums expected $"{size} ranks"
            }

            test "every rank has the tensor of rank 0, and sums of tensors, with their shape and element type" {
                let results =
                    Communicator.threads 3 (fun ranks ->
                        let own =
                            Tensor.place
                                Placement.float32
                                (Tensor.ofArray2D Placement.float64 (array2D [ [ float ranks.Rank ]; [ 0.25 ] ]))

                        let sum, first =
                            Communicator.allReduceSum own ranks, Communicator.broadcast own ranks

                        Communicator.barrier ranks
                        Expect.equal (Placement.ofTensor sum) Placement.float32 "element type"
                        Tensor.toArray2D sum, Tensor.toArray2D first)

                for sum, first in results do
                    Expect.equal sum (array2D [ [ 3.0 ]; [ 0.75 ] ]) "sum"
                    Expect.equal first (array2D [ [ 0.0 ]; [ 0.25 ] ]) "of rank 0"
            }

            test "alone, nothing is exchanged and nothing changes" {
                let x = Tensor.ofArray Placement.float64 [| 1.0; infinity; 3.0 |]
                Check.identical "sum" (Communicator.allReduceSum x Communicator.alone) x
                Check.identical "broadcast" (Communicator.broadcast x Communicator.alone) x
            }

            Check.property
                "each row has one rank, in order, and ranks have as many to one"
                (fun (PositiveInt size) (NonNegativeInt more) ->
                    let rows = size + more

                    let own =
                        [
                            for rank in 0 .. size - 1 ->
                                Rows.own
                                    { Communicator.alone with
                                        Rank = rank
                                        Size = size
                                    }
                                    rows
                        ]

                    Expect.equal
                        (own
                         |> List.collect (fun piece -> [ piece.Start .. piece.Start + piece.Length - 1 ]))
                        [ 0 .. rows - 1 ]
                        "rows"

                    let lengths = own |> List.map _.Length
                    Expect.isLessThanOrEqual (List.max lengths - List.min lengths) 1 "even")

            test "a rank that raises ends those that wait for it, which say who it was" {
                let errors =
                    raised 3 (fun ranks ->
                        if ranks.Rank = 1 then
                            invalidOp "no more"

                        ranks.Barrier())

                Expect.equal errors.Length 3 "all end"

                for error in errors do
                    match error with
                    | :? CommunicationFailedException ->
                        Expect.stringContains error.Message "rank 1 failed: no more" "message"
                    | :? InvalidOperationException -> ()
                    | _ -> failtest $"{error}"
            }

            test "ranks that give different counts of numbers are told" {
                let errors =
                    raised 2 (fun ranks -> ranks.Share 0 (Array.zeroCreate (1 + ranks.Rank)))

                Expect.isTrue (errors |> List.exists (fun e -> e :? CommunicationFailedException)) "told"
            }

            test "what one rank refuses all refuse, with its reason; what one fails at ends all" {
                let refusal (error: exn) =
                    match error with
                    | :? ArgumentException -> Some error.Message
                    | _ -> None

                let outcomes error =
                    Communicator.threads 3 (fun ranks ->
                        try
                            match
                                Communicator.together ranks (fun () -> false) refusal 1 (fun () ->
                                    if ranks.Rank = 2 then
                                        raise error

                                    ranks.Rank, [| 1.0 |])
                            with
                            | Joint.Done _ -> "done"
                            | Joint.Stopped -> "stopped"
                            | Joint.Refused(own, why) -> $"{own.IsSome} {why}"
                        with error ->
                            $"{error.GetType().Name} {error.Message}")

                Expect.equal
                    (outcomes (ArgumentException "too far"))
                    [| "False too far (on rank 2)"; "False too far (on rank 2)"; "True too far" |]
                    "refused"

                Expect.equal
                    (outcomes (TimeoutException "late"))
                    [|
                        "CommunicationFailedException rank 2 failed: late"
                        "CommunicationFailedException rank 2 failed: late"
                        "TimeoutException late"
                    |]
                    "failed"
            }

            test "one rank that is asked to stop stops all, and sums are those of all otherwise" {
                let work asked =
                    Communicator.threads 2 (fun ranks ->
                        match
                            Communicator.together
                                ranks
                                (fun () -> asked && ranks.Rank = 0)
                                (fun _ -> None)
                                1
                                (fun () -> (), [| float (ranks.Rank + 1) |])
                        with
                        | Joint.Done(_, sums) -> sums[0]
                        | _ -> nan)

                Expect.equal (work false) [| 3.0; 3.0 |] "sums"
                Expect.all (work true) Double.IsNaN "stopped"
            }

            test "bytes are counted, eight for a number" {
                let counted, bytes = Communicator.counted Communicator.alone
                counted.Sum [| 1.0; 2.0 |]
                counted.Share 0 [| 1.0 |]
                Expect.equal (bytes ()) 24L "bytes"
            }
        ]
