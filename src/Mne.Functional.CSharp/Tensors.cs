namespace Mne.Functional.CSharp;

/// <summary>How precise the numbers are.</summary>
public enum Precision
{
    /// <summary>64 bits, unit round-off 2.2e-16.</summary>
    Float64,

    /// <summary>32 bits, unit round-off 1.2e-7: less memory and time for less accuracy.</summary>
    Float32,
}

/// <summary>The element type and the device of a computation.</summary>
/// <example><code>var onCard = Placement.Float64 with { CudaDevice = 0 };</code></example>
public sealed record Placement
{
    /// <summary>How precise the numbers are. Default <see cref="CSharp.Precision.Float64"/>.</summary>
    public Precision Precision { get; init; } = Precision.Float64;

    /// <summary>The index of the NVIDIA card to compute on. Default null: the processor.</summary>
    public int? CudaDevice { get; init; }

    /// <summary>Double precision on the processor: the default.</summary>
    public static Placement Float64 { get; } = new();

    /// <summary>Single precision on the processor.</summary>
    public static Placement Float32 { get; } = new() { Precision = Precision.Float32 };

    internal Core.Placement ToCore()
    {
        var onCpu = new Core.Placement(Cases.Precision.ToCore(Precision), Core.Device.Cpu);
        return CudaDevice is int index ? Core.PlacementModule.onCuda(index, onCpu) : onCpu;
    }

    /// <summary>The one given, or the default.</summary>
    internal static Core.Placement ToCore(Placement? placement) => (placement ?? Float64).ToCore();

    internal static Placement OfCore(Core.Placement placement) => new()
    {
        Precision = Cases.Precision.OfCore(placement.Precision),
        CudaDevice = placement.Device switch
        {
            Core.Device.Cuda cuda => cuda.index,
            { IsCpu: true } => null,
            var device => throw Bridge.Unknown(device),
        },
    };
}

/// <summary>Tensors from numbers and back. Points are the rows of an N × d tensor.</summary>
public static class Tensors
{
    /// <summary>Points (N × d), one per row.</summary>
    /// <example><code>var points = Tensors.Points(new double[,] { { 1.0, 2.0 }, { 3.0, 4.0 } });</code></example>
    public static Tensor Points(double[,] rows, Placement? placement = null) =>
        Core.TensorModule.ofArray2D(Placement.ToCore(placement), Bridge.Wanted(rows));

    /// <summary>Points of a line (N × 1).</summary>
    /// <example><code>var points = Tensors.Line(0.0, 0.5, 1.0);</code></example>
    public static Tensor Line(params double[] coordinates)
    {
        using var vector = Vector(Bridge.Wanted(coordinates));
        return vector.unsqueeze(1);
    }

    /// <summary>A vector (N).</summary>
    /// <example><code>var weights = Tensors.Vector([0.4, 0.6]);</code></example>
    public static Tensor Vector(double[] values, Placement? placement = null) =>
        Core.TensorModule.ofArray(Placement.ToCore(placement), Bridge.Wanted(values));

    /// <summary>Equidistant numbers from <paramref name="first"/> to <paramref name="last"/>, both included (N).</summary>
    /// <example><code>var grid = Tensors.Linspace(0.0, 1.0, 101).unsqueeze(1);    // points of a line (101 × 1)</code></example>
    public static Tensor Linspace(double first, double last, int count) =>
        Core.TensorModule.linspace(Core.PlacementModule.float64, first, last, count);

    /// <summary>Zeros of a shape.</summary>
    public static Tensor Zeros(params int[] shape) =>
        Core.TensorModule.zeros(Core.PlacementModule.float64, Bridge.List(shape));

    /// <summary>Ones of a shape.</summary>
    public static Tensor Ones(params int[] shape) =>
        Core.TensorModule.ones(Core.PlacementModule.float64, Bridge.List(shape));

    /// <summary>Standard normal numbers of a shape, from a seed.</summary>
    /// <example><code>var noise = Tensors.Normal(seed: 1, 100, 2);</code></example>
    public static Tensor Normal(int seed, params int[] shape) =>
        Core.Random.normal(Core.PlacementModule.float64, seed, Bridge.List(shape));

    /// <summary>Numbers uniform on [0, 1) of a shape, from a seed.</summary>
    /// <example><code>var points = 2.0 * Math.PI * Tensors.Uniform(seed: 1, 100, 2);</code></example>
    public static Tensor Uniform(int seed, params int[] shape) =>
        Core.Random.uniform(Core.PlacementModule.float64, seed, Bridge.List(shape));

    /// <summary>All elements, row by row, in double precision.</summary>
    public static double[] ToArray(Tensor tensor) => Core.TensorModule.toArray(Bridge.Wanted(tensor));

    /// <summary>The elements of a matrix in double precision.</summary>
    public static double[,] ToArray2D(Tensor tensor) => Core.TensorModule.toArray2D(Bridge.Wanted(tensor));

    /// <summary>The only element of a tensor, in double precision.</summary>
    public static double ToDouble(Tensor tensor) => Core.TensorModule.toFloat(Bridge.Wanted(tensor));

    /// <summary>
    /// L with L Lᵀ = A for each of some symmetric matrices (… × n × n), and NaN in place of L for those that are not positive definite: a density has no
    /// mass where its energy is not a number, whereas <c>torch.linalg.cholesky</c> throws for all if it fails for one.
    /// </summary>
    /// <example><code>using var root = Tensors.Cholesky(Tensors.Points(new[,] { { 2.0, 1.0 }, { 1.0, 2.0 } }));</code></example>
    /// <exception cref="ArgumentException">The last two dimensions are not equal.</exception>
    public static Tensor Cholesky(Tensor matrices) =>
        Bridge.Result(() => Core.TensorModule.cholesky(Bridge.Wanted(matrices)));

    /// <summary>Writes a tensor as a .npy file for <c>numpy.load</c>, and gives its full path.</summary>
    /// <example><code>Tensors.SaveNpy("output/points.npy", draws.Points);</code></example>
    public static string SaveNpy(string path, Tensor tensor) => Core.Export.npy(path, tensor);
}

/// <summary>What the library computes with.</summary>
public static class Engine
{
    /// <summary>
    /// Loads the native libraries. The library does so by itself; a program that touches TorchSharp before it calls this once.
    /// </summary>
    /// <exception cref="Core.NativeLibrariesMissingException">A native library is missing; the message names the package.</exception>
    public static void Start() => Core.NativeTorch.ensure();

    /// <summary>
    /// Names the libtorch to compute with in place of the packaged one, such as that of Python's torch on a machine with a GPU. It is loaded
    /// once: call this before anything that makes a tensor, or set the environment variable MNE_LIBTORCH.
    /// </summary>
    /// <param name="folder">The folder with libtorch's libraries, or one that has them in lib or torch/lib.</param>
    /// <example><code>
    /// if (Environment.GetEnvironmentVariable("TORCH_HOME") is { } torch)
    ///     Engine.UseLibtorch(torch);
    /// </code></example>
    /// <exception cref="Core.NativeLibrariesMissingException">There is no libtorch there.</exception>
    /// <exception cref="InvalidOperationException">Another one has been loaded.</exception>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static void UseLibtorch(string folder) => Core.Engine.useLibtorch(folder);

    /// <summary>A few lines for a bug report: versions, threads, devices, native libraries.</summary>
    /// <example><code>Console.WriteLine(Engine.Describe());</code></example>
    public static string Describe() => Core.Engine.describe();

    /// <summary>The number of tensors of this process that have been made and not yet freed.</summary>
    public static long LiveTensors => Core.Engine.liveTensors();
}
