namespace Mne.Functional

open System
open System.Reflection
open System.Runtime.InteropServices
open TorchSharp

/// <summary>What the library computes with: versions, devices, threads, live tensors.</summary>
[<RequireQualifiedAccess>]
module Engine =

    [<DllImport("libc.so.6")>]
    extern nativeint private gnu_get_libc_version()

    /// The C library's version; empty where it is not the GNU one.
    let private glibc () =
        try
            if OperatingSystem.IsLinux() then
                $", glibc {Marshal.PtrToStringUTF8(gnu_get_libc_version ())}"
            else
                ""
        with
        | :? DllNotFoundException
        | :? EntryPointNotFoundException -> ""

    let private versionOf (assembly: Assembly) =
        match assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>() with
        | null -> "unknown"
        | attribute -> attribute.InformationalVersion

    /// <summary>
    /// Names the libtorch to compute with, in place of the packaged one: a release of libtorch, or that of Python's torch on a machine with
    /// a GPU, where no package of this platform brings CUDA. It has to be of a release whose interfaces TorchSharp's own library finds (that
    /// is built for 2.10), and it is loaded once: call this before anything that makes a tensor. The environment variable
    /// <c>MNE_LIBTORCH</c> does the same without a change of the program.
    /// </summary>
    /// <param name="folder">The folder with libtorch's libraries, or one that has them in <c>lib</c> or <c>torch/lib</c>.</param>
    /// <exception cref="T:Mne.Functional.NativeLibrariesMissingException">There is no libtorch there.</exception>
    /// <exception cref="T:System.InvalidOperationException">Another one has been loaded.</exception>
    /// <exception cref="T:System.ArgumentException">The name is empty.</exception>
    /// <example><code>
    /// match Environment.GetEnvironmentVariable "TORCH_HOME" with
    /// | null -> ()
    /// | folder -> Engine.useLibtorch folder
    /// </code></example>
    let useLibtorch (folder: string) : unit = NativeTorch.choose folder

    /// <summary>
    /// A few lines for a bug report: the versions of this library, TorchSharp, libtorch, .NET and the system,
    /// threads and devices, and which native libraries were loaded (the original or the relaxed copy, see
    /// <c>NativeTorch</c>).
    /// </summary>
    /// <exception cref="T:Mne.Functional.NativeLibrariesMissingException">A native library is missing or does not load.</exception>
    /// <example><code>printfn "%s" (Engine.describe ())</code></example>
    let describe () =
        let native = NativeTorch.loaded ()

        let cuda =
            if torch.cuda.is_available () then
                $"{torch.cuda.device_count ()} CUDA device(s)"
            else
                "no CUDA device"

        let shim = if native.Relaxed then "relaxed copy" else "original"

        // TorchSharp names the release that it was built for, whichever is loaded.
        let release =
            match native.NamedBy, NativeTorch.versionOf native.Libtorch with
            | Some _, Some version -> $"libtorch {version}, where {NativeTorch.libtorchVersion} was expected"
            | Some _, None -> $"libtorch of a release unknown, where {NativeTorch.libtorchVersion} was expected"
            | None, _ -> $"libtorch {torch.__version__}"

        let namedBy =
            match native.NamedBy with
            | Some by -> $", which {by} names"
            | None -> ""

        String.concat
            "\n"
            [
                $"Mne.Functional {versionOf (Assembly.GetExecutingAssembly())}"
                $"TorchSharp {NativeTorch.torchSharpVersion ()}, {release}"
                $".NET {Environment.Version} on {RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}{glibc ()}"
                $"{torch.get_num_threads ()} threads on {Environment.ProcessorCount} processors, {cuda}"
                $"libtorch from {native.Libtorch}{namedBy}"
                $"LibTorchSharp ({shim}) from {native.Shim}"
            ]

    /// <summary>
    /// The number of tensors of this process that have been made and not yet freed, on all threads.
    /// A loop that frees what it makes leaves this number as it found it.
    /// </summary>
    let liveTensors () = torch.Tensor.TotalCount
