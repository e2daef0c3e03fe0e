#nowarn "3261"
namespace Mne.Functional

open System
open System.IO
open System.Runtime.InteropServices

/// Loads the native libtorch backend before TorchSharp asks for it.
///
/// TorchSharp 0.107's `libLibTorchSharp.so` was linked on a system with GCC 13+ and so asks for the
/// symbol versions GLIBCXX_3.4.30 and GLIBCXX_3.4.32, although it calls nothing that is new in 3.4.32.
/// On a system with an older libstdc++ (Debian 12, Ubuntu 22.04, RHEL 9) the dynamic loader refuses it.
/// There `ensure` makes a copy in a cache folder in which those two requirements are relaxed, and loads that.
module NativeTorch =

    /// Relaxes the needed symbol versions `names` in a 64-bit little-endian ELF image (in place);
    /// returns how many were relaxed.
    let internal relax (names: string list) (b: byte[]) =
        let u16 o = int (BitConverter.ToUInt16(b, o))
        let u32 o = BitConverter.ToInt32(b, o)
        let u64 o = int (BitConverter.ToInt64(b, o))

        let put16 o (v: int) =
            b.[o] <- byte v
            b.[o + 1] <- byte (v >>> 8)

        let text o =
            Text.Encoding.ASCII.GetString(b, o, Array.IndexOf(b, 0uy, o) - o)

        let sections = [ for i in 0 .. u16 0x3C - 1 -> u64 0x28 + i * u16 0x3A ]

        let ofType t =
            sections |> List.find (fun s -> u32 (s + 4) = t)

        let verneed, versym = ofType 0x6ffffffe, ofType 0x6fffffff
        let strings = u64 (List.item (u32 (verneed + 0x28)) sections + 0x18)

        let rec chain next o =
            o
            :: (match u32 (o + next) with
                | 0 -> []
                | d -> chain next (o + d))

        let aux =
            [
                for file in chain 12 (u64 (verneed + 0x18)) do
                    for a in chain 12 (file + u32 (file + 8)) do
                        if List.contains (text (strings + u32 (a + 8))) names then
                            a
            ]

        for a in aux do
            put16 (a + 4) (u16 (a + 4) ||| 2) // VER_FLG_WEAK: absence is no error
            let first, size = u64 (versym + 0x18), u64 (versym + 0x20)

            for o in first..2 .. first + size - 2 do
                if u16 o = u16 (a + 6) then
                    put16 o 1 // VER_NDX_GLOBAL: any version will do

        List.length aux

    let private libtorch = "libtorch_cpu.so"
    let private shim = "libLibTorchSharp.so"

    /// Folders that may hold the natives: beside the application or this library, or in the NuGet cache.
    let private folders () =
        let native d =
            Path.Combine(d, "runtimes", "linux-x64", "native")

        let here = Path.GetDirectoryName(typeof<TorchSharp.torch.Tensor>.Assembly.Location)

        let packages =
            match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
            | p -> p

        let version = typeof<TorchSharp.torch.Tensor>.Assembly.GetName().Version.ToString(3)

        [
            for d in
                [
                    here
                    AppContext.BaseDirectory
                    Path.GetDirectoryName(Reflection.Assembly.GetExecutingAssembly().Location)
                ] do
                native d
                d
            native (Path.Combine(packages, "torchsharp", version))
            native (Path.Combine(packages, "libtorch-cpu-linux-x64", "2.10.0"))
        ] // torch.__version__ would start TorchSharp

    let private load () =
        if
            OperatingSystem.IsLinux()
            && RuntimeInformation.ProcessArchitecture = Architecture.X64
        then
            let find name =
                folders ()
                |> List.map (fun d -> Path.Combine(d, name))
                |> List.tryFind File.Exists

            match find libtorch, find shim with
            | Some torch, Some original ->
                for name in [ libtorch; "libtorch.so" ] do
                    NativeLibrary.Load(Path.Combine(Path.GetDirectoryName torch, name)) |> ignore

                let ok, _ = NativeLibrary.TryLoad original

                if not ok then
                    let cache =
                        Path.Combine(
                            Environment.GetFolderPath(
                                Environment.SpecialFolder.LocalApplicationData,
                                Environment.SpecialFolderOption.Create
                            ),
                            "mne-functional"
                        )

                    let version = typeof<TorchSharp.torch.Tensor>.Assembly.GetName().Version.ToString(3)
                    let copy = Path.Combine(cache, version, shim)

                    if not (File.Exists copy) then
                        let image = File.ReadAllBytes original
                        relax [ "GLIBCXX_3.4.30"; "GLIBCXX_3.4.32" ] image |> ignore
                        Directory.CreateDirectory(Path.GetDirectoryName copy) |> ignore
                        let temporary = copy + "." + Guid.NewGuid().ToString "N"
                        File.WriteAllBytes(temporary, image)
                        File.Move(temporary, copy, true)

                    NativeLibrary.Load copy |> ignore
            | _ -> () // left to TorchSharp, which says what it misses

    let private once = lazy (load ())

    /// Makes sure that the native backend is loaded; cheap after the first call.
    let ensure () = once.Force()
