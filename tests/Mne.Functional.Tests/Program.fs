module Mne.Functional.Tests.Program

open Expecto

/// Some lists alone (`--only Search+Posterior`), or all others, for two programs that share the tests.
let private only, allBut = "--only", "--all-but"

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
    | _ ->
        match Array.tryFindIndex (fun a -> a = only || a = allBut) arguments with
        | None -> runTestsInAssemblyWithCLIArgs [ CLIArguments.Sequenced ] arguments
        | Some i ->
            let lists = arguments[i + 1].Split '+'

            Impl.testFromThisAssembly ()
            |> Option.get
            |> Test.filter "." (fun names -> Array.contains names.Head lists = (arguments[i] = only))
            |> runTestsWithCLIArgs [ CLIArguments.Sequenced ] (Array.append arguments[.. i - 1] arguments[i + 2 ..])
