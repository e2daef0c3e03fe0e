module Mne.Functional.Tests.Program

open Expecto

// One test at a time: libtorch uses every core by itself, and the count of live tensors is one for the process.
[<EntryPoint>]
let main arguments =
    runTestsInAssemblyWithCLIArgs [ CLIArguments.Sequenced ] arguments
