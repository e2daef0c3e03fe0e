module Mne.Functional.Tests.EngineTests

open System
open System.IO
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional

[<Tests>]
let tests =
    testList
        "Engine"
        [
            test "describe gives versions, threads, devices and files" {
                let text = Engine.describe ()
                let version = typeof<Placement>.Assembly.GetName().Version |> string

                for part in
                    [
                        $"Mne.Functional {version[.. version.LastIndexOf '.' - 1]}"
                        "TorchSharp 0.107.0"
                        $"libtorch {NativeTorch.libtorchVersion}"
                        $"{torch.get_num_threads ()} threads"
                        "CUDA"
                        (NativeTorch.loaded ()).Shim
                    ] do
                    Expect.stringContains text part "description"

                Expect.equal (text.Split('\n').Length) 6 "a few lines"
            }

            test "the files described are those of this process" {
                if not (OperatingSystem.IsLinux()) then
                    skiptest "reads /proc"

                let native = NativeTorch.loaded ()
                let maps = File.ReadAllText "/proc/self/maps"
                // A link in the output folder stands for a file in the package cache; a copy in the cache is no link.
                let target =
                    match FileInfo(native.Shim).ResolveLinkTarget true with
                    | null -> native.Shim
                    | file -> file.FullName

                Expect.stringContains maps target "mapped into memory"
            }

            test "liveTensors counts what is made and what is freed" {
                let before = Assert.settledTensors ()
                let a = Tensor.ones Placement.float64 [ 3 ]
                Expect.equal (Engine.liveTensors ()) (before + 1L) "one made"

                using (torch.NewDisposeScope()) (fun _ ->
                    a.exp().sin() |> ignore
                    Expect.equal (Engine.liveTensors ()) (before + 3L) "two more")

                Expect.equal (Engine.liveTensors ()) (before + 1L) "the scope's end frees them"
                a.Dispose()
                Expect.equal (Engine.liveTensors ()) before "all freed"
            }

            test "liveTensors counts the tensors of other threads" {
                let before = Assert.settledTensors ()
                let mutable made = None
                let thread = Thread(fun () -> made <- Some(Tensor.ones Placement.float64 [ 3 ]))
                thread.Start()
                thread.Join()
                Expect.equal (Engine.liveTensors ()) (before + 1L) "made there, seen here"
                Option.iter (fun (tensor: Tensor) -> tensor.Dispose()) made
                Expect.equal (Engine.liveTensors ()) before "freed"
            }
        ]
