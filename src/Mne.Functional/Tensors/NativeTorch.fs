namespace Mne.Functional

open System
open System.Buffers.Binary
open System.IO
open System.Runtime.InteropServices
open System.Text

/// <summary>
/// The native libraries behind TorchSharp were not found, or the system refuses to load them.
/// The message says which package to reference or what stands in the way.
/// </summary>
type NativeLibrariesMissingException(message: string, inner: exn | null) =
    inherit Exception(message, inner)

/// <summary>
/// Loads the native libtorch backend before TorchSharp asks for it.
/// <para>TorchSharp 0.107's <c>libLibTorchSharp.so</c> was linked on a system with GCC 13+ and so asks for the symbol
/// versions GLIBCXX_3.4.30 and GLIBCXX_3.4.32, although it calls nothing that is new in 3.4.32. On a system with an
/// older libstdc++ (Debian 12, Ubuntu 22.04, RHEL 9) the dynamic loader refuses it. There <c>ensure</c> makes a copy in
/// a cache folder in which those two requirements are relaxed, and loads that.</para>
/// <para>The environment variable MNE_LIBTORCH, or <c>Engine.useLibtorch</c>, names another libtorch to load in place of the packaged one,
/// such as that of a Python package on a machine with a GPU.</para>
/// </summary>
module NativeTorch =

    /// The release of libtorch that TorchSharp 0.107 is built for.
    let internal libtorchVersion = "2.10.0"

    /// The version of the TorchSharp assembly. Asking `torch.__version__` would start TorchSharp.
    let internal torchSharpVersion () =
        match typeof<TorchSharp.torch.Tensor>.Assembly.GetName().Version with
        | null -> ""
        | version -> version.ToString 3

    /// A platform that has native packages: its runtime identifier, how it names library files, its NVIDIA package.
    type internal Platform =
        {
            Rid: string
            FileName: string -> string
            CudaPackage: string option
        }

        member this.CpuPackage = $"libtorch-cpu-{this.Rid}"

    let internal linux =
        {
            Rid = "linux-x64"
            FileName = fun library -> $"lib{library}.so"
            CudaPackage = Some "libtorch-cuda-12.8-linux-x64"
        }

    let internal windows =
        {
            Rid = "win-x64"
            FileName = fun library -> $"{library}.dll"
            CudaPackage = Some "libtorch-cuda-12.8-win-x64"
        }

    let internal macOS =
        {
            Rid = "osx-arm64"
            FileName = fun library -> $"lib{library}.dylib"
            CudaPackage = None
        }

    /// The platform of this process; None where TorchSharp has no native packages.
    let internal current () =
        match RuntimeInformation.ProcessArchitecture with
        | Architecture.X64 when OperatingSystem.IsLinux() -> Some linux
        | Architecture.X64 when OperatingSystem.IsWindows() -> Some windows
        | Architecture.Arm64 when OperatingSystem.IsMacOS() -> Some macOS
        | _ -> None

    /// What was loaded, and from where.
    type internal Loaded =
        {
            /// The folder of libtorch.
            Libtorch: string
            /// The file of TorchSharp's own native library.
            Shim: string
            /// Whether that file is a relaxed copy.
            Relaxed: bool
            /// Who named the folder of libtorch; None where it is the packaged one.
            NamedBy: string option
        }

    // The dynamic loader's last line is the one that names the cause.
    let private reason (error: exn) =
        error.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
        |> Array.tryLast
        |> Option.defaultValue error.Message

    let private missing platform found (folders: string list) =
        let cuda =
            match platform.CudaPackage with
            | Some package -> $" (for NVIDIA GPUs: {package} {libtorchVersion} instead)"
            | None -> ""

        let searched =
            folders |> List.map (fun folder -> $"\n  {folder}") |> String.concat ""

        NativeLibrariesMissingException(
            $"{found} not found. Add a reference to the package {platform.CpuPackage} {libtorchVersion}{cuda} "
            + $"to the application's project and build it again. Searched:{searched}",
            null
        )

    let private refused path (error: exn) =
        NativeLibrariesMissingException($"{path} was found, but does not load: {reason error}", error)

    /// The folders that may hold the natives: those that the runtime searches for the application, those
    /// beside the application and this library, and the NuGet cache (where F# Interactive leaves packages).
    let internal folders platform =
        let native folder =
            Path.Combine(folder, "runtimes", platform.Rid, "native")

        let ofAssembly (assembly: Reflection.Assembly) =
            match Path.GetDirectoryName assembly.Location with
            | null
            | "" -> AppContext.BaseDirectory // published as a single file
            | folder -> folder

        let packages =
            match Environment.GetEnvironmentVariable "NUGET_PACKAGES" with
            | null
            | "" -> Path.Combine(Environment.GetFolderPath Environment.SpecialFolder.UserProfile, ".nuget", "packages")
            | folder -> folder

        let searchedByRuntime =
            match AppContext.GetData "NATIVE_DLL_SEARCH_DIRECTORIES" with
            | :? string as list ->
                list.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                |> List.ofArray
            | _ -> []

        let besideAssemblies =
            [
                ofAssembly typeof<TorchSharp.torch.Tensor>.Assembly
                AppContext.BaseDirectory
                ofAssembly (Reflection.Assembly.GetExecutingAssembly())
            ]
            |> List.collect (fun folder -> [ native folder; folder ])

        let cached =
            [
                native (Path.Combine(packages, "torchsharp", torchSharpVersion ()))
                native (Path.Combine(packages, platform.CpuPackage, libtorchVersion))
            ]

        searchedByRuntime @ besideAssemblies @ cached
        |> List.map Path.TrimEndingDirectorySeparator
        |> List.distinct

    /// The folder of libtorch and the file of TorchSharp's native library: the first of each among the folders.
    /// Raises `NativeLibrariesMissingException` when either is in none of them.
    let internal locate platform (folders: string list) =
        let holding library =
            folders
            |> List.tryFind (fun folder -> File.Exists(Path.Combine(folder, platform.FileName library)))

        match holding "torch_cpu", holding "LibTorchSharp" with
        | Some libtorch, Some shim -> libtorch, Path.Combine(shim, platform.FileName "LibTorchSharp")
        | None, _ -> raise (missing platform "libtorch's native libraries were" folders)
        | Some _, None ->
            let file = platform.FileName "LibTorchSharp"
            raise (missing platform $"TorchSharp's native library {file} (package TorchSharp) was" folders)

    /// The environment variable that names a libtorch to take in place of the packaged one.
    let internal variable = "MNE_LIBTORCH"

    /// The folder that holds the libraries of a libtorch which a user names: that folder itself, or `lib` in it, where a release of
    /// libtorch and Python's torch have them, or `torch/lib`, in a folder of Python's packages. Raises `NativeLibrariesMissingException`
    /// where there is none.
    let internal within platform (by: string) (folder: string) : string =
        let file = platform.FileName "torch_cpu"

        let candidates =
            [ folder; Path.Combine(folder, "lib"); Path.Combine(folder, "torch", "lib") ]

        match
            candidates
            |> List.tryFind (fun folder -> File.Exists(Path.Combine(folder, file)))
        with
        | Some found -> Path.GetFullPath found
        | None ->
            let searched = candidates |> List.map (fun f -> $"\n  {f}") |> String.concat ""

            raise (
                NativeLibrariesMissingException(
                    $"{by} names {folder}, but {file} was not found there; name the folder of a libtorch, such as torch/lib of Python's package, "
                    + $"or none for the packaged one. Searched:{searched}",
                    null
                )
            )

    /// The version of the libtorch whose libraries are in the folder, from the file that its release or Python's package has beside them.
    let internal versionOf (folder: string) : string option =
        let read (file: string) (pick: string -> string option) =
            let path = Path.Combine(folder, "..", file)

            try
                if File.Exists path then
                    File.ReadAllLines path |> Array.tryPick pick
                else
                    None
            with
            | :? IOException
            | :? UnauthorizedAccessException -> None

        read "version.py" (fun line ->
            if line.StartsWith("__version__ =", StringComparison.Ordinal) then
                Some(line.Substring(line.IndexOf '=' + 1).Trim([| ' '; '\''; '"' |]))
            else
                None)
        |> Option.orElseWith (fun () -> read "build-version" (fun line -> Some(line.Trim())))

    /// The libraries of the folder in the order in which they are to be loaded; `torch_cuda` is there with the
    /// CUDA package only, and must be loaded for libtorch to see the devices.
    let internal libraries platform folder =
        [ "torch_cpu"; "torch_cuda"; "torch" ]
        |> List.map (fun library -> Path.Combine(folder, platform.FileName library))
        |> List.filter File.Exists

    /// Relaxes the needed symbol versions `names` in a 64-bit little-endian ELF image.
    /// Returns the relaxed image and how many requirements were relaxed that were not so before.
    let internal relax (names: string list) (original: byte[]) =
        let image = Array.copy original

        let u16 offset =
            int (BinaryPrimitives.ReadUInt16LittleEndian(ReadOnlySpan(image, offset, 2)))

        let u32 offset =
            BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(image, offset, 4))

        let u64 offset =
            int (BinaryPrimitives.ReadInt64LittleEndian(ReadOnlySpan(image, offset, 8)))

        let put16 offset (value: int) =
            BinaryPrimitives.WriteUInt16LittleEndian(Span(image, offset, 2), uint16 value)

        let text offset =
            Encoding.ASCII.GetString(image, offset, Array.IndexOf(image, 0uy, offset) - offset)

        // Section headers: e_shoff at 0x28, e_shentsize at 0x3A, e_shnum at 0x3C;
        // in each, sh_type at 4, sh_offset at 0x18, sh_size at 0x20, sh_link at 0x28.
        let sections = [ for i in 0 .. u16 0x3C - 1 -> u64 0x28 + i * u16 0x3A ]

        let ofType kind =
            sections |> List.find (fun section -> u32 (section + 4) = kind)

        let needed = ofType 0x6ffffffe // .gnu.version_r: the versions asked for, per library
        let versions = ofType 0x6fffffff // .gnu.version: the version index of each symbol
        let strings = u64 (sections[u32 (needed + 0x28)] + 0x18)

        // Records that each hold, at `next`, the distance to the one that follows (0 for none).
        let rec chain next record =
            record
            :: (match u32 (record + next) with
                | 0 -> []
                | distance -> chain next (record + distance))

        // Per library (vn_aux at 8, vn_next at 12) its versions (vna_flags at 4, vna_other at 6, vna_name at 8).
        let wanted =
            [
                for library in chain 12 (u64 (needed + 0x18)) do
                    for version in chain 12 (library + u32 (library + 8)) do
                        if
                            List.contains (text (strings + u32 (version + 8))) names
                            && u16 (version + 4) &&& 2 = 0
                        then
                            version
            ]

        for version in wanted do
            put16 (version + 4) (u16 (version + 4) ||| 2) // VER_FLG_WEAK: its absence is no error
            let first, size = u64 (versions + 0x18), u64 (versions + 0x20)

            for symbol in first..2 .. first + size - 2 do
                if u16 symbol = u16 (version + 6) then
                    put16 symbol 1 // VER_NDX_GLOBAL: any version will do

        image, List.length wanted

    /// Makes sure that the file holds exactly the image; false where it cannot be written.
    /// Other processes may do the same at the same time: the file appears complete or not at all.
    let internal place (image: byte[]) (path: string) =
        try
            if
                not (File.Exists path)
                || not (ReadOnlySpan(File.ReadAllBytes path).SequenceEqual(ReadOnlySpan image))
            then
                let temporary = $"{path}.{Guid.NewGuid():N}"

                match Path.GetDirectoryName path with
                | null -> ()
                | folder -> Directory.CreateDirectory folder |> ignore

                try
                    File.WriteAllBytes(temporary, image)
                    File.Move(temporary, path, true)
                finally
                    File.Delete temporary

            true
        with
        | :? IOException
        | :? UnauthorizedAccessException -> false

    /// Where the relaxed copy may be kept: the user's cache, else the temporary folder.
    let internal caches () =
        let ofUser =
            Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            )

        [
            if ofUser <> "" then
                Path.Combine(ofUser, "mne-functional")
            Path.Combine(Path.GetTempPath(), $"mne-functional-{Environment.UserName}")
        ]
        |> List.map (fun folder -> Path.Combine(folder, torchSharpVersion ()))

    /// Loads libtorch and TorchSharp's native library from the folders, the latter relaxed into one of the caches
    /// where the system's libstdc++ is older than it asks for. `named` is a libtorch to take in place of that of the folders, and who
    /// named it.
    let internal load platform folders (caches: string list) (named: (string * string) option) =
        let libtorch, shim =
            match named with
            | None -> locate platform folders
            // A folder of its own may bring the library that was built for it.
            | Some(by, folder) ->
                let own = within platform by folder
                own, snd (locate platform (own :: folders))

        let by = Option.map fst named

        for library in libraries platform libtorch do
            try
                NativeLibrary.Load library |> ignore
            with
            | :? DllNotFoundException
            | :? BadImageFormatException as error -> raise (refused library error)

        try
            NativeLibrary.Load shim |> ignore

            {
                Libtorch = libtorch
                Shim = shim
                Relaxed = false
                NamedBy = by
            }
        with
        | :? DllNotFoundException
        | :? BadImageFormatException as error ->
            let image, relaxed =
                if platform.Rid = linux.Rid then
                    relax [ "GLIBCXX_3.4.30"; "GLIBCXX_3.4.32" ] (File.ReadAllBytes shim)
                else
                    [||], 0

            if relaxed = 0 then
                raise (refused shim error)

            let copies =
                caches
                |> List.map (fun folder -> Path.Combine(folder, platform.FileName "LibTorchSharp"))

            match
                copies
                |> List.tryFind (fun copy -> place image copy && fst (NativeLibrary.TryLoad copy))
            with
            | Some copy ->
                {
                    Libtorch = libtorch
                    Shim = copy
                    Relaxed = true
                    NamedBy = by
                }
            | None ->
                let tried = String.concat ", " caches

                raise (
                    NativeLibrariesMissingException(
                        $"{shim} does not load ({reason error}), and no copy of it for this system could be put into "
                        + $"{tried} and loaded from there; make one of these folders writable and executable, "
                        + "or use a system with GCC 13's libstdc++ or newer",
                        error
                    )
                )

    /// What `useLibtorch` was given; mutable, as what a process has loaded is.
    let mutable private chosen: string option = None

    /// The libtorch that the user names, and by what.
    let private named () : (string * string) option =
        match chosen with
        | Some folder -> Some("Engine.useLibtorch", folder)
        | None ->
            match Environment.GetEnvironmentVariable variable with
            | null
            | "" -> None
            | folder -> Some(variable, folder)

    let private once =
        lazy
            (NativeEnvironment.prepare ()

             match current () with
             | Some platform -> load platform (folders platform) (caches ()) (named ())
             | None ->
                 raise (
                     NativeLibrariesMissingException(
                         $"TorchSharp has no native libraries for {RuntimeInformation.RuntimeIdentifier}; "
                         + $"use {linux.Rid}, {windows.Rid} or {macOS.Rid}",
                         null
                     )
                 ))

    /// What was loaded; loads it on the first call.
    let internal loaded () = once.Force()

    /// Names the libtorch to load; what `Engine.useLibtorch` does.
    let internal choose (folder: string) : unit =
        if String.IsNullOrWhiteSpace folder then
            raise (ArgumentException("folder: found an empty name, wanted the folder of a libtorch", nameof folder))

        let wanted =
            current ()
            |> Option.map (fun platform -> within platform "Engine.useLibtorch" folder)

        if once.IsValueCreated && Some once.Value.Libtorch <> wanted then
            raise (
                InvalidOperationException(
                    $"libtorch has been loaded from {once.Value.Libtorch}, and a process loads it once; call Engine.useLibtorch before anything that makes a tensor"
                )
            )

        chosen <- Some folder

    /// <summary>
    /// Makes sure that the native backend is loaded; cheap after the first call. Every function of this library that
    /// makes a tensor calls it; call it yourself before you use TorchSharp directly.
    /// </summary>
    /// <exception cref="T:Mne.Functional.NativeLibrariesMissingException">A native library is missing or does not
    /// load.</exception>
    let ensure () = loaded () |> ignore
