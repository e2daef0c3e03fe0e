// Equations with walls that no reflection keeps: values, slopes, both; depending on time and place; for one component or all; on
// intervals, beside periodic coordinates, around a disc. Against finite differences of our own or exact solutions.
// Numbers behind the script's name choose some of them, counted from 0.
#load "shared.fsx"
#load "../tests/Mne.Functional.Tests/References/Convergence.fs"
#load "../tests/Mne.Functional.Tests/References/FiniteDifferences.fs"
#load "../tests/Mne.Functional.Tests/Evolution/WalledProblems.fs"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests
open Shared

let run = Terminal.run ()
let chosen = numbersGiven [ 0 .. WalledProblems.all.Length - 1 ]
printfn $"""{"equation with its walls", -62} {"error", 8} {"steps", 6} {"seconds", 8}  defect"""

let errors =
    [
        for i in chosen do
            let problem = WalledProblems.all[i]

            let error, seconds =
                try
                    let (error, steps, doubt), seconds =
                        timed (fun () -> WalledProblems.error run problem)

                    printfn
                        $"{problem.Name, -62} {error, 8:E1} {steps, 6} {seconds, 8:F1}  {Option.defaultValue String.Empty doubt}"

                    error, seconds
                with failure ->
                    printfn $"{problem.Name, -62} {failure.Message}"
                    infinity, nan

            error
    ]

printResult
    [
        "equations", float errors.Length
        "good", float (errors |> List.filter (fun error -> error <= 1e-4) |> List.length)
        "worst", List.max errors
    ]
