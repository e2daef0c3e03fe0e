using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>
/// How the processes of one computation, called ranks, speak with each other. Every rank runs the same program; each method here is called by all of
/// them, in the same order, and returns when all have called it. That of MPI is made of what the package Mne.Functional.Mpi has:
/// <c>Mpi.Run(mpi => { var ranks = Communicator.Of(mpi.Rank, mpi.Size, mpi.Sum, mpi.Share, mpi.Barrier); … })</c>.
/// </summary>
/// <example><code>
/// var sums = Communicator.Threads(3, ranks =>
/// {
///     using var own = Tensors.Vector([ranks.Rank]);
///     using var sum = ranks.AllReduceSum(own);
///     return Tensors.ToArray(sum)[0];   // 0 + 1 + 2 on each
/// });
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Communicator
{
    private Communicator(Core.Communicator inner) => Inner = inner;

    internal Core.Communicator Inner { get; }

    /// <summary>Ranks of an engine of your own.</summary>
    /// <param name="rank">Which of the ranks this is, from 0.</param>
    /// <param name="size">How many there are.</param>
    /// <param name="sum">Replaces numbers by their sums over all ranks.</param>
    /// <param name="share">Replaces numbers by those of one rank.</param>
    /// <param name="barrier">Returns when every rank has come there.</param>
    /// <exception cref="ArgumentNullException">A function is null.</exception>
    public static Communicator Of(int rank, int size, Action<double[]> sum, Action<int, double[]> share, Action barrier) =>
        new(new Core.Communicator(
            name: "delegates",
            rank: rank,
            size: size,
            sum: FuncConvert.FromAction(Bridge.Wanted(sum)),
            share: FuncConvert.FromAction(Bridge.Wanted(share)),
            barrier: FuncConvert.FromAction(Bridge.Wanted(barrier))));

    /// <summary>The only rank: nothing is exchanged.</summary>
    public static Communicator Alone { get; } = new(Core.CommunicatorModule.alone);

    /// <summary>Which of the ranks this is, from 0.</summary>
    public int Rank => Inner.Rank;

    /// <summary>How many there are.</summary>
    public int Size => Inner.Size;

    /// <summary>The sum of a tensor over all ranks, which all get: each gives one of the same shape.</summary>
    /// <exception cref="Core.CommunicationFailedException">Another rank has ended.</exception>
    public Tensor AllReduceSum(Tensor tensor) =>
        Bridge.Result(() => Core.CommunicatorModule.allReduceSum(Bridge.Wanted(tensor), Inner));

    /// <summary>The tensor of rank 0, on every rank; all give one of the same shape.</summary>
    /// <exception cref="Core.CommunicationFailedException">Another rank has ended.</exception>
    public Tensor Broadcast(Tensor tensor) =>
        Bridge.Result(() => Core.CommunicatorModule.broadcast(Bridge.Wanted(tensor), Inner));

    /// <summary>Returns when every rank has come here.</summary>
    /// <exception cref="Core.CommunicationFailedException">Another rank has ended.</exception>
    public void Barrier() => Core.CommunicatorModule.barrier(Inner);

    /// <summary>The same ranks, and how many bytes of numbers this one has exchanged so far.</summary>
    public (Communicator Ranks, Func<long> Bytes) Counted()
    {
        var (ranks, bytes) = Core.CommunicatorModule.counted(Inner);
        return (new(ranks), () => bytes.Invoke(null!));
    }

    /// <summary>Runs a program on so many ranks that are threads of this process, to try how it behaves on several.</summary>
    /// <param name="size">How many ranks.</param>
    /// <param name="program">What each of them does.</param>
    /// <exception cref="ArgumentException">Fewer than one rank.</exception>
    /// <exception cref="AggregateException">The program threw on some ranks.</exception>
    public static T[] Threads<T>(int size, Func<Communicator, T> program) =>
        Core.CommunicatorModule.threads(size, Bridge.Function((Core.Communicator ranks) => program(new(ranks))));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
