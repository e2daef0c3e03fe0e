using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>Jobs that a cluster ends before they are done, and that go on when it starts them again.</summary>
public static class Preemption
{
    /// <summary>The exit code that says "start me again": 75, a temporary failure.</summary>
    public static int ExitCode => Core.Preemption.exitCode;

    /// <summary>
    /// Runs a program with a token that is cancelled when the process gets SIGTERM, as jobs do that are preempted or out of time, or SIGUSR1 or
    /// SIGUSR2. An evolution or a fit with a checkpoint then writes its last step, whatever the interval.
    /// </summary>
    /// <param name="program">What to do.</param>
    /// <returns>The exit code: 0, or <see cref="ExitCode"/> where the program stopped because it was told to.</returns>
    /// <example><code>
    /// var code = Preemption.Run(stop => Evolution.Solve(equation, network, points, start, 0.0, 0.01, cancellationToken: stop).Dispose());
    /// </code></example>
    public static int Run(Action<CancellationToken> program)
    {
        Bridge.Wanted(program);
        return Core.Preemption.run(FuncConvert.FromAction((Core.Run run) => program(run.Cancellation)));
    }
}
