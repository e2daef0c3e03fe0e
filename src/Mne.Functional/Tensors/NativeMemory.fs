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

    /// This much may lie idle.
    let private slack = 512L <<< 20

    [<DllImport("libc.so.6")>]
    extern int private mallopt(int parameter, int value)

    /// What the heap keeps for the tensors that come next, in place of giving it back and asking for it again: a page that is asked for anew
    /// costs more than the arithmetic on it. Blocks of up to 32 MB, the most that glibc allows, come from the heap.
    let private kept =
        lazy
            (if OperatingSystem.IsLinux() then
                 try
                     let trimThreshold, mmapThreshold = -1, -3
                     mallopt (mmapThreshold, 32 <<< 20) |> ignore
                     mallopt (trimThreshold, int slack) |> ignore
                 with
                 | :? DllNotFoundException
                 | :? EntryPointNotFoundException -> ()) // not glibc

    /// What the process held when it last gave memory back; mutable, as the heap of the process is.
    let mutable private held = 0L

    /// Gives free memory back to the system where the process has grown much; to be called often in a long loop.
    let settle () =
        kept.Force()

        if OperatingSystem.IsLinux() then
            let now = Environment.WorkingSet

            if now > held + slack then
                try
                    malloc_trim 0un |> ignore
                with
                | :? DllNotFoundException
                | :? EntryPointNotFoundException -> () // not glibc

                held <- Environment.WorkingSet
            else
                held <- min held now
