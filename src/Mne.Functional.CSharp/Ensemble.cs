using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>How the members of an ensemble are run.</summary>
public sealed record EnsembleOptions
{
    private static Core.EnsembleOptions Defaults => Core.EnsembleModule.defaults;

    /// <summary>Where results and checkpoints of the members are kept: "ensemble", unless another folder is named.</summary>
    public string Folder { get; init; } = Defaults.Folder;

    /// <summary>So many processes at a time where this machine runs the members: as many as it has processors, unless said otherwise.</summary>
    public int Processes { get; init; } = Defaults.Processes;

    /// <summary>A member that fails is tried so often in all. Default 3.</summary>
    public int Attempts { get; init; } = Defaults.Attempts;

    internal Core.EnsembleOptions ToCore() => new(Bridge.Wanted(Folder), Processes, Attempts);
}

/// <summary>One of the computations of an ensemble.</summary>
public sealed class Member
{
    private readonly Core.Member inner;

    internal Member(Core.Member inner) => this.inner = inner;

    /// <summary>Which one, from 0.</summary>
    public int Index => inner.Index;

    /// <summary>A seed of the member's own.</summary>
    public int Seed => inner.Run.Seed;

    /// <summary>Asks to stop where the job is told to end.</summary>
    public CancellationToken Stop => inner.Run.Cancellation;

    /// <summary>A file of the member's own in the folder of the ensemble, by a name.</summary>
    public string File(string name) => inner.File.Invoke(Bridge.Wanted(name));
}

/// <summary>What the members of an ensemble have found.</summary>
public sealed class Gathered
{
    internal Gathered(Core.Gathered inner)
    {
        Members = inner.Members.ToDictionary(
            m => m.Key, m => (IReadOnlyDictionary<string, double>)m.Value.ToDictionary(v => v.Item1, v => v.Item2));
        Missing = inner.Missing.ToDictionary(m => m.Key, m => m.Value);
    }

    /// <summary>The numbers of each member that is done, by its index.</summary>
    public IReadOnlyDictionary<int, IReadOnlyDictionary<string, double>> Members { get; }

    /// <summary>Why each of the others is not done.</summary>
    public IReadOnlyDictionary<int, string> Missing { get; }
}

/// <summary>
/// Many computations that differ in a seed or a parameter, each in a process of its own: on this machine, or as the jobs of an array on a cluster. What
/// a member found is a file, so that members that are done are never run again.
/// </summary>
public static class Ensemble
{
    /// <summary>
    /// The main method of a program that runs an ensemble. Started by itself, it starts itself once for every member, tries those that fail again, and
    /// hands what they found to <paramref name="finish"/>. Started as job i of n (<c>--index i --of n</c>, or the variables of Slurm's arrays and of indexed
    /// jobs of Kubernetes), it runs members i, i + n, … and ends.
    /// </summary>
    /// <param name="options">Where results are kept, how many processes, how many attempts.</param>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="count">How many members there are.</param>
    /// <param name="work">What a member does: numbers with names.</param>
    /// <param name="finish">What is done with the numbers of all, where this process has started them.</param>
    /// <param name="run">Placement, and a seed from which each member gets its own.</param>
    /// <returns>The exit code: 0 where all is done, 1 where a member failed, <see cref="Preemption.ExitCode"/> where a job was told to end.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <example><code>
    /// var code = Ensemble.Run(new() { Folder = "output/seeds" }, ["--index", "0", "--of", "1"], 3,
    ///     member => new Dictionary&lt;string, double&gt; { ["seed"] = member.Seed },
    ///     all => Console.WriteLine(all.Members.Count));
    /// </code></example>
    public static int Run(
        EnsembleOptions options,
        IEnumerable<string> arguments,
        int count,
        Func<Member, IReadOnlyDictionary<string, double>> work,
        Action<Gathered> finish,
        Run? run = null)
    {
        Bridge.Wanted(finish);
        return Core.EnsembleModule.run(
            CSharp.Run.ToCore(run, null, default),
            Bridge.Wanted(options).ToCore(),
            Bridge.All(arguments),
            count,
            Bridge.Function((Core.Member member) =>
                ListModule.OfSeq(Bridge.Wanted(work)(new(member)).Select(v => Tuple.Create(v.Key, v.Value)))),
            FuncConvert.FromAction((Core.Gathered all) => finish(new(all))));
    }

    /// <summary>What the members have found so far.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static Gathered Gather(EnsembleOptions options, int count) =>
        new(Core.EnsembleModule.gather(Bridge.Wanted(options).ToCore(), count));
}
