module Mne.Functional.Tests.NativeTorchTests

open System
open System.IO
open System.Runtime.InteropServices
open Expecto
open Mne.Functional

let private names = [ "GLIBCXX_3.4.30"; "GLIBCXX_3.4.32" ]

/// TorchSharp's own library, as the package brings it.
let private shim () =
    let folders = NativeTorch.folders NativeTorch.linux
    NativeTorch.locate NativeTorch.linux folders |> snd

let private inTemporaryFolder (test: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("mne-test-").FullName

    try
        test folder
    finally
        Directory.Delete(folder, true)

let private touch folder (files: string list) =
    for file in files do
        File.WriteAllText(Path.Combine(folder, file), "")

let private differences (a: byte[]) (b: byte[]) =
    Seq.zip a b |> Seq.filter (fun (x, y) -> x <> y) |> Seq.length

/// Entries of an ELF image's symbol version table that ask for one of the given versions, and the table's span.
/// Read here with BitConverter from the specification, not with the code under test.
let private sectionOfType (kind: uint32) (image: byte[]) =
    let table = int (BitConverter.ToUInt64(image, 0x28))

    Seq.init (int (BitConverter.ToUInt16(image, 0x3C))) (fun i -> table + 64 * i)
    |> Seq.find (fun header -> BitConverter.ToUInt32(image, header + 4) = kind)
    |> fun header ->
        let first = int (BitConverter.ToUInt64(image, header + 0x18))
        first, first + int (BitConverter.ToUInt64(image, header + 0x20))

let private onLinux =
    if
        OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture = Architecture.X64
    then
        testList
    else
        ptestList

[<Tests>]
let tests =
    testList
        "NativeTorch"
        [
            onLinux
                "relax"
                [
                    test "relaxes both requirements of the real library once" {
                        let original = File.ReadAllBytes(shim ())
                        let image, count = NativeTorch.relax names original
                        Expect.equal count 2 "requirements relaxed"
                        let again, further = NativeTorch.relax names image
                        Expect.equal further 0 "nothing left to relax"
                        Expect.isTrue (again.AsSpan().SequenceEqual image) "a second time changes nothing"
                    }

                    test "changes only the flags of two requirements and the versions of symbols" {
                        let original = File.ReadAllBytes(shim ())
                        let image, _ = NativeTorch.relax names original
                        Expect.equal image.Length original.Length "same size"

                        let neededFrom, neededTo = sectionOfType 0x6ffffffeu original
                        let versionsFrom, versionsTo = sectionOfType 0x6fffffffu original
                        let outside = Array.ofSeq (seq { 0 .. original.Length - 1 })

                        let elsewhere =
                            outside
                            |> Array.filter (fun i -> original[i] <> image[i])
                            |> Array.filter (fun i -> not (i >= neededFrom && i < neededTo))
                            |> Array.filter (fun i -> not (i >= versionsFrom && i < versionsTo))

                        Expect.isEmpty elsewhere "bytes outside the two version tables"

                        Expect.equal
                            (differences original[neededFrom .. neededTo - 1] image[neededFrom .. neededTo - 1])
                            2
                            "one flag byte per requirement"
                    }

                    test "leaves the argument alone and an unknown version unrelaxed" {
                        let original = File.ReadAllBytes(shim ())
                        let before = Array.copy original
                        let image, count = NativeTorch.relax [ "GLIBCXX_9.9.99" ] original
                        Expect.equal count 0 "no such requirement"
                        Expect.isTrue (image.AsSpan().SequenceEqual before) "image unchanged"
                        NativeTorch.relax names original |> ignore
                        Expect.isTrue (original.AsSpan().SequenceEqual before) "argument unchanged"
                    }

                    test "the relaxed library loads on this system" {
                        inTemporaryFolder (fun folder ->
                            NativeTorch.ensure ()
                            let copy = Path.Combine(folder, "relaxed.so")
                            let image, _ = NativeTorch.relax names (File.ReadAllBytes(shim ()))
                            Expect.isTrue (NativeTorch.place image copy) "written"
                            Expect.isTrue (fst (NativeLibrary.TryLoad copy)) "loaded")
                    }
                ]

            testList
                "locate"
                [
                    test "missing natives: the error names the packages and the folders searched" {
                        inTemporaryFolder (fun folder ->
                            let empty = Path.Combine(folder, "nothing here")

                            let error =
                                Assert.raises<NativeLibrariesMissingException>(fun () ->
                                    NativeTorch.locate NativeTorch.linux [ folder; empty ] |> ignore)

                            for part in
                                [
                                    "libtorch-cpu-linux-x64 2.10.0"
                                    "libtorch-cuda-12.8-linux-x64 2.10.0"
                                    folder
                                    empty
                                ] do
                                Expect.stringContains error.Message part "message"

                            Expect.isLessThan (error.Message.Split('\n').Length) 5 "a compact message")
                    }

                    test "each platform is told its own package" {
                        for platform, package in
                            [
                                NativeTorch.windows, "libtorch-cpu-win-x64"
                                NativeTorch.macOS, "libtorch-cpu-osx-arm64"
                            ] do
                            let error =
                                Assert.raises<NativeLibrariesMissingException>(fun () ->
                                    NativeTorch.locate platform [] |> ignore)

                            Expect.stringContains error.Message package "message"
                    }

                    test "libtorch there, but not TorchSharp's own library" {
                        inTemporaryFolder (fun folder ->
                            touch folder [ "libtorch_cpu.so" ]

                            let error =
                                Assert.raises<NativeLibrariesMissingException>(fun () ->
                                    NativeTorch.locate NativeTorch.linux [ folder ] |> ignore)

                            Expect.stringContains error.Message "libLibTorchSharp.so" "message")
                    }

                    test "takes the first folder, and the two libraries from different ones" {
                        inTemporaryFolder (fun folder ->
                            let ofName name =
                                Directory.CreateDirectory(Path.Combine(folder, name)).FullName

                            let a, b, c = ofName "a", ofName "b", ofName "c"
                            touch a [ "libLibTorchSharp.so" ]
                            touch b [ "libtorch_cpu.so" ]
                            touch c [ "libtorch_cpu.so"; "libLibTorchSharp.so" ]

                            Expect.equal
                                (NativeTorch.locate NativeTorch.linux [ a; b; c ])
                                (b, Path.Combine(a, "libLibTorchSharp.so"))
                                "libtorch from b, LibTorchSharp from a")
                    }

                    test "with the CUDA package its library is loaded before libtorch.so" {
                        inTemporaryFolder (fun folder ->
                            touch folder [ "libtorch.so"; "libtorch_cuda.so"; "libtorch_cpu.so"; "libc10.so" ]

                            Expect.equal
                                (NativeTorch.libraries NativeTorch.linux folder
                                 |> List.map (fun file -> FileInfo(file).Name))
                                [ "libtorch_cpu.so"; "libtorch_cuda.so"; "libtorch.so" ]
                                "order of loading")
                    }

                    test "a file that is no library: the error names it" {
                        match NativeTorch.current () with
                        | None -> skiptest "no natives for this platform"
                        | Some platform ->
                            inTemporaryFolder (fun folder ->
                                touch folder (List.map platform.FileName [ "torch_cpu"; "LibTorchSharp" ])

                                let error =
                                    Assert.raises<NativeLibrariesMissingException>(fun () ->
                                        NativeTorch.load platform [ folder ] [] None |> ignore)

                                let file = Path.Combine(folder, platform.FileName "torch_cpu")
                                Expect.stringContains error.Message file "message")
                    }

                    test "the release named in the message is the one that TorchSharp asks for" {
                        NativeTorch.ensure ()

                        Expect.stringStarts
                            TorchSharp.torch.__version__
                            NativeTorch.libtorchVersion
                            "libtorch's version"
                    }
                ]

            testList
                "a libtorch that the user names"
                [
                    test "is the folder itself, lib in it, or torch/lib in it, and its release is read from beside it" {
                        inTemporaryFolder (fun folder ->
                            let lib = Directory.CreateDirectory(Path.Combine(folder, "torch", "lib")).FullName
                            touch lib [ "libtorch_cpu.so" ]
                            let wheel = Path.Combine(folder, "torch")

                            for named in [ lib; wheel; folder ] do
                                Expect.equal (NativeTorch.within NativeTorch.linux "who" named) lib $"{named}"

                            Expect.equal (NativeTorch.versionOf lib) None "no file says it"
                            File.WriteAllText(Path.Combine(wheel, "build-version"), "2.10.0+cpu\n")
                            Expect.equal (NativeTorch.versionOf lib) (Some "2.10.0+cpu") "a release of libtorch"

                            File.WriteAllText(
                                Path.Combine(wheel, "version.py"),
                                "from typing import Optional\n__all__ = ['__version__']\n__version__ = '2.11.0+cu130'\n"
                            )

                            Expect.equal (NativeTorch.versionOf lib) (Some "2.11.0+cu130") "Python's package")
                    }

                    test "and its own copy of TorchSharp's library comes before the packaged one" {
                        match NativeTorch.current () with
                        | None -> skiptest "no natives for this platform"
                        | Some platform ->
                            inTemporaryFolder (fun folder ->
                                let own = platform.FileName "LibTorchSharp"
                                touch folder [ platform.FileName "torch_cpu"; own ]
                                let folders = NativeTorch.folders platform

                                // No library: it is refused by its name, so it was found first.
                                let error =
                                    Assert.raises<NativeLibrariesMissingException>(fun () ->
                                        NativeTorch.load platform folders [] (Some("who", folder)) |> ignore)

                                Expect.stringContains
                                    error.Message
                                    (Path.Combine(folder, platform.FileName "torch_cpu"))
                                    "the folder's libtorch")
                    }

                    test "that is not there is refused by whoever named it" {
                        let error =
                            Assert.raises<NativeLibrariesMissingException>(fun () ->
                                NativeTorch.within NativeTorch.linux "MNE_LIBTORCH" "/no/such/folder" |> ignore)

                        for part in [ "MNE_LIBTORCH"; "/no/such/folder"; "torch/lib" ] do
                            Expect.stringContains error.Message part "message"
                    }

                    test "after another was loaded is refused; the one that was loaded is not" {
                        let loaded = NativeTorch.loaded ()

                        inTemporaryFolder (fun folder ->
                            match NativeTorch.current () with
                            | None -> skiptest "no natives for this platform"
                            | Some platform ->
                                touch folder [ platform.FileName "torch_cpu" ]

                                let error =
                                    Assert.raises<InvalidOperationException>(fun () -> Engine.useLibtorch folder)

                                Expect.stringContains error.Message loaded.Libtorch "message"
                                Engine.useLibtorch loaded.Libtorch
                                Assert.raises<ArgumentException>(fun () -> Engine.useLibtorch " ") |> ignore)
                    }
                ]

            testList
                "cache"
                [
                    test "a broken copy is replaced, a good one kept" {
                        inTemporaryFolder (fun folder ->
                            let path = Path.Combine(folder, "version", "copy")
                            let image = Array.init 1000 byte
                            Expect.isTrue (NativeTorch.place image path) "written"
                            let written = File.GetLastWriteTimeUtc path
                            Expect.isTrue (NativeTorch.place image path) "kept"
                            Expect.equal (File.GetLastWriteTimeUtc path) written "not written again"

                            for broken in [ image[..499]; Array.map ((+) 1uy) image ] do
                                File.WriteAllBytes(path, broken)
                                Expect.isTrue (NativeTorch.place image path) "replaced"
                                Expect.equal (File.ReadAllBytes path) image "whole again"

                            Expect.equal
                                (Directory.GetFiles(Path.Combine(folder, "version")))
                                [| path |]
                                "no temporary file stays")
                    }

                    test "writers at the same time leave one whole copy" {
                        inTemporaryFolder (fun folder ->
                            let path = Path.Combine(folder, "copy")
                            let image = Array.init 2_000_000 byte

                            let placed =
                                Array.Parallel.init 8 (fun _ ->
                                    NativeTorch.place image path
                                    && File.ReadAllBytes(path).AsSpan().SequenceEqual image)

                            Expect.allEqual placed true "each saw the whole image"
                            Expect.equal (Directory.GetFiles folder) [| path |] "no temporary file stays")
                    }

                    test "a folder that cannot be made is no error" {
                        inTemporaryFolder (fun folder ->
                            // A file in the way stops every user, root too.
                            touch folder [ "file" ]
                            let path = Path.Combine(folder, "file", "cache", "copy")
                            Expect.isFalse (NativeTorch.place [| 1uy |] path) "not written")
                    }

                    test "the temporary folder comes after the user's cache" {
                        let caches = NativeTorch.caches ()
                        Expect.stringStarts (List.last caches) (Path.GetTempPath()) "last resort"

                        Expect.allEqual
                            (caches |> List.map (fun folder -> DirectoryInfo(folder).Name))
                            "0.107.0"
                            "one folder per version"
                    }

                    test "where a copy is needed, an unwritable cache falls back to the next" {
                        match NativeTorch.current () with
                        | Some platform when (NativeTorch.loaded ()).Relaxed ->
                            inTemporaryFolder (fun folder ->
                                touch folder [ "file" ]
                                let unwritable = Path.Combine(folder, "file", "cache")
                                let next = Path.Combine(folder, "next")
                                let folders = NativeTorch.folders platform
                                let loaded = NativeTorch.load platform folders [ unwritable; next ] None
                                Expect.stringStarts loaded.Shim next "copy in the second folder"

                                let error =
                                    Assert.raises<NativeLibrariesMissingException>(fun () ->
                                        NativeTorch.load platform folders [ unwritable ] None |> ignore)

                                Expect.stringContains error.Message unwritable "names the folder"
                                Expect.stringContains error.Message "GLIBCXX" "names the cause")
                        | _ -> skiptest "this system loads the original"
                    }
                ]
        ]
