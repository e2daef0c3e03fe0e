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

        String.concat
            "\n"
            [
                $"Mne.Functional {versionOf (Assembly.GetExecutingAssembly())}"
                $"TorchSharp {NativeTorch.torchSharpVersion ()}, libtorch {torch.__version__}"
                $".NET {Environment.Version} on {RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}{glibc ()}"
                $"{torch.get_num_threads ()} threads on {Environment.ProcessorCount} processors, {cuda}"
                $"libtorch from {native.Libtorch}"
                $"LibTorchSharp ({shim}) from {native.Shim}"
            ]

    /// <summary>
    /// The number of tensors of this process that have been made and not yet freed, on all threads.
    /// A loop that frees what it makes leaves this number as it found it.
    /// </summary>
    let liveTensors () = torch.Tensor.TotalCount
