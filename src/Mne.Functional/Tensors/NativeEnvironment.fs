namespace Mne.Functional

open System
open System.Runtime.InteropServices

/// What the heap is told before libtorch loads: what it keeps for the tensors that come next, in place of giving it back and asking for it again.
/// A page that is asked for anew costs more than the arithmetic on it. Blocks of up to 32 MB, the most that glibc allows, come from the heap.
module internal NativeEnvironment =

    [<DllImport("libc.so.6")>]
    extern int private mallopt(int parameter, int value)

    /// This much freed memory stays with the process.
    let slack = 512L <<< 20

    /// Tells it.
    let prepare () : unit =
        if OperatingSystem.IsLinux() then
            try
                let trimThreshold, mmapThreshold = -1, -3
                mallopt (mmapThreshold, 32 <<< 20) |> ignore
                mallopt (trimThreshold, int slack) |> ignore
            with
            | :? DllNotFoundException
            | :? EntryPointNotFoundException -> () // not glibc
