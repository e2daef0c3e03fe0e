module Mne.Functional.Tests.Program

open Expecto

// One test at a time: libtorch uses every core by itself, and the count of live tensors is one for the process.
[<EntryPoint>]
let main arguments =
    match arguments with
    | [| argument; path |] when argument = KilledRun.argument ->
        KilledRun.child path
        0
    | [| argument; shift |] when argument = Determinism.argument ->
        Determinism.child shift
        0
    | _ when Array.tryHead arguments = Some "--ensemble" -> EnsembleTests.main (List.tail (List.ofArray arguments))
    | [| argument; "describe" |] when argument = Matrix.argument ->
        Matrix.describe ()
        0
    | [| argument; limit |] when argument = Matrix.argument ->
        Matrix.child (int limit)
        0
    | [| argument; repository; word |] when argument = Mutants.argument ->
        let tried, failed = Mutants.run repository word
        printfn $"{tried} {failed}"
        min failed 1
    | [| argument |] when argument = Trust.argument ->
        Trust.names |> List.iter System.Console.WriteLine
        0
    | [| argument; repository; name |] when argument = Trust.argument -> Trust.run repository name
    | _ -> runTestsInAssemblyWithCLIArgs [ CLIArguments.Sequenced ] arguments
