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
    | _ -> runTestsInAssemblyWithCLIArgs [ CLIArguments.Sequenced ] arguments
