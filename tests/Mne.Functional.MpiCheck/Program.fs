/// What tests start on several ranks: `mpirun -n 3 dotnet Mne.Functional.MpiCheck.dll WORK …`. Rank 0 prints what it has found.
module Mne.Functional.MpiCheck.Program

open System
open System.Diagnostics
open Mne.Functional

/// The sum of 1, 2, … over ranks, and the numbers of the last rank.
let private sum (run: Run) =
    let ranks = run.Communicator
    let numbers = [| float (ranks.Rank + 1); 0.5 |]
    ranks.Sum numbers
    let shared = [| float ranks.Rank; 7.0 |]
    ranks.Share (ranks.Size - 1) shared
    ranks.Barrier()

    if ranks.Rank = 0 then
        printfn $"{ranks.Name}: {ranks.Size} ranks, sum {numbers[0]} {numbers[1]}, shared {shared[0]} {shared[1]}"

/// How long exchanges take.
let private latency (run: Run) =
    for count in [ 1; 1000; 131_000 ] do
        let numbers = Array.zeroCreate<float> count
        let clock = Stopwatch.StartNew()

        for _ in 1..100 do
            run.Communicator.Sum numbers

        if run.Communicator.Rank = 0 then
            printfn $"{count} numbers: {clock.Elapsed.TotalMilliseconds * 10.0:F1} µs"

/// The last rank raises, and the others wait.
let private raises (run: Run) =
    if run.Communicator.Rank = run.Communicator.Size - 1 then
        failwith "this rank gives up"

    run.Communicator.Barrier()

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | [ "sum" ] -> Mpi.run sum
    | [ "latency" ] -> Mpi.run latency
    | [ "raises" ] -> Mpi.run raises
    | _ -> eprintfn "MpiCheck sum | latency | raises"

    0
