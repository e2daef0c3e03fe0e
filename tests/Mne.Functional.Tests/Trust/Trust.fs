/// The rows of `.ci/trust`: each tries something so often, prints what failed, and gives how much was tried and how much failed.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Trust

/// The argument that makes this program one of the rows.
let argument = "--trust"

let private rows: (string * (string -> int * int)) list =
    [
        "wrong arguments", (fun _ -> Matrix.whole ())
        "damaged files", (fun _ -> FuzzTests.trust 20_000)
        "kills", (fun _ -> KilledRun.trust 50)
        "numbers beside tensors on four threads",
        (fun _ ->
            let wrong, raised = ArithmeticTests.race 1_000_000
            1_000_000, wrong + raised)
        "pipelines in three processes", (fun _ -> Determinism.trust ())
        "leaks", (fun _ -> Repeated.leaks 60)
        "at once on four threads", (fun _ -> Repeated.concurrency 12)
        "mutants", (fun repository -> Mutants.run repository "")
    ]

/// The names of the rows, in order.
let names: string list = List.map fst rows

/// Runs a row; the last line that it prints is "tried failed".
let run (repository: string) (name: string) : int =
    let tried, failed =
        (rows |> List.find (fun (row, _) -> row = name) |> snd) repository

    printfn $"{tried} {failed}"
    if failed = 0 && tried > 0 then 0 else 1
