namespace Mne.Functional

open System
open System.Runtime.InteropServices

/// The native memory that freed tensors leave behind.
///
/// glibc before 2.38 (Debian 12, Ubuntu 22.04) hardly reuses the aligned blocks that libtorch asks it for: with five live tensors, a fit of
/// 240 steps at 1,000 points came to hold 11 GB. Giving back what is free costs milliseconds, so it is done when much has gathered.
module internal NativeMemory =

    [<DllImport("libc.so.6")>]
    extern int private malloc_trim(unativeint pad)

    /// What the process held when it last gave memory back; mutable, as the heap of the process is.
    let mutable private held = 0L

    /// Gives free memory back to the system where the process has grown much; to be called often in a long loop.
    let settle () =
        if OperatingSystem.IsLinux() then
            let now = Environment.WorkingSet

            if now > held + NativeEnvironment.slack then
                try
                    malloc_trim 0un |> ignore
                with
                | :? DllNotFoundException
                | :? EntryPointNotFoundException -> () // not glibc

                held <- Environment.WorkingSet
            else
                held <- min held now
