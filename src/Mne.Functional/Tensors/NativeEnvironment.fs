namespace Mne.Functional

open System
open System.Runtime.InteropServices

/// What the native libraries are told before they load.
///
/// Threads of libgomp, libtorch's OpenMP, spin while they wait for each other, for milliseconds. Where another program wants the same cores, the
/// one that all wait for is not running, and spinning keeps it from it: a sampler beside one other program took five to eight times as long
/// with two threads as with one. After some microseconds they had better sleep.
///
/// And what the heap keeps for the tensors that come next, in place of giving it back and asking for it again: a page that is asked for anew
/// costs more than the arithmetic on it. Blocks of up to 32 MB, the most that glibc allows, come from the heap.
module internal NativeEnvironment =

    [<DllImport("libc.so.6")>]
    extern int private setenv(string name, string value, int overwrite)

    [<DllImport("libc.so.6")>]
    extern int private mallopt(int parameter, int value)

    /// This much freed memory stays with the process.
    let slack = 512L <<< 20

    /// How often a waiting thread looks before it sleeps: some 50 µs.
    let spins = "10000"

    /// Whether the user has said how threads wait.
    let private waitingIsSettled () =
        [ "GOMP_SPINCOUNT"; "OMP_WAIT_POLICY" ]
        |> List.exists (fun name -> not (String.IsNullOrEmpty(Environment.GetEnvironmentVariable name)))

    /// Tells them. .NET's own variables are a copy, which libraries do not see.
    let prepare () : unit =
        if OperatingSystem.IsLinux() then
            try
                if not (waitingIsSettled ()) then
                    setenv ("GOMP_SPINCOUNT", spins, 1) |> ignore

                let trimThreshold, mmapThreshold = -1, -3
                mallopt (mmapThreshold, 32 <<< 20) |> ignore
                mallopt (trimThreshold, int slack) |> ignore
            with
            | :? DllNotFoundException
            | :? EntryPointNotFoundException -> () // not glibc
