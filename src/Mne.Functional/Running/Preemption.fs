namespace Mne.Functional

open System
open System.Runtime.InteropServices
open System.Threading

/// <summary>Jobs that a cluster ends before they are done, and that go on when it starts them again.</summary>
[<RequireQualifiedAccess>]
module Preemption =

    /// <summary>The exit code that says "start me again": 75, which systems know as a temporary failure (sysexits.h, EX_TEMPFAIL).</summary>
    let exitCode = 75

    /// The signals by which jobs are told to end: SIGTERM, and those that Slurm sends ahead where it is asked to (--signal).
    let private signals =
        [
            PosixSignal.SIGTERM
            if OperatingSystem.IsLinux() then
                enum<PosixSignal> 10 // SIGUSR1
                enum<PosixSignal> 12 // SIGUSR2
        ]

    /// Calls `told` at each of the signals, which then do not end the process by themselves, until disposed of.
    let internal listen (told: unit -> unit) : IDisposable =
        let registrations =
            [
                for signal in signals ->
                    PosixSignalRegistration.Create(
                        signal,
                        fun context ->
                            context.Cancel <- true
                            told ()
                    )
            ]

        { new IDisposable with
            member _.Dispose() =
                for registration in registrations do
                    registration.Dispose()
        }

    /// <summary>
    /// Runs a program whose run is asked to stop when the process gets SIGTERM, as jobs do that are preempted or out of time, or SIGUSR1 or
    /// SIGUSR2, which Slurm sends ahead on request. An evolution or a fit with a checkpoint then writes its last step, whatever the interval,
    /// so that the next start goes on from there.
    /// </summary>
    /// <param name="program">What to do with the run.</param>
    /// <returns>The exit code: 0 where the program is done, <c>exitCode</c> where it stopped because it was told to.</returns>
    /// <example><code>
    /// let work (run: Run) =
    ///     let options = { Evolution.defaults with Checkpoint = Checkpoint.every (CheckpointInterval.Elapsed(TimeSpan.FromMinutes 10.0)) "front.h5" }
    ///     if System.IO.File.Exists "front.h5" then
    ///         Checkpoint.read "front.h5" |&gt; Evolution.resume run options equation
    ///     else
    ///         Evolution.solve run options equation network points start (0.0, 0.1)
    ///
    /// let code = Preemption.run (fun run -&gt; use _ = work run in ())   // the exit code of the program
    /// </code></example>
    let run (program: Run -> unit) : int =
        use told = new CancellationTokenSource()
        use _ = listen told.Cancel

        try
            program
                { Run.quiet with
                    Cancellation = told.Token
                }

            0
        with :? OperationCanceledException when told.IsCancellationRequested ->
            exitCode
