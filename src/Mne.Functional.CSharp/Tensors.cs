namespace Mne.Functional.CSharp;

/// <summary>How precise the numbers are.</summary>
public enum Precision
{
    /// <summary>64 bits, unit round-off 2.2e-16: the default.</summary>
    Float64,

    /// <summary>32 bits, unit round-off 1.2e-7: less memory and time for less accuracy.</summary>
    Float32,
}

/// <summary>The element type and the device of a computation.</summary>
/// <example><code>var onCard = Placement.Float64 with { CudaDevice = 0 };</code></example>
public sealed record Placement
{
    /// <summary>How precise the numbers are. Default: 64 bits.</summary>
    public Precision Precision { get; init; } = Precision.Float64;

    /// <summary>The index of the NVIDIA card to compute on; null for the processor.</summary>
    public int? CudaDevice { get; init; }

    /// <summary>Double precision on the processor: the default.</summary>
    public static Placement Float64 { get; } = new();

    /// <summary>Single precision on the processor.</summary>
    public static Placement Float32 { get; } = new() { Precision = Precision.Float32 };

    internal Core.Placement ToCore()
    {
        var onCpu = Precision == Precision.Float64 ? Core.PlacementModule.float64 : Core.PlacementModule.float32;
        return CudaDevice is int index ? Core.PlacementModule.onCuda(index, onCpu) : onCpu;
    }

    internal static Placement OfCore(Core.Placement placement) => new()
    {
        Precision = placement.Precision.IsFloat64 ? Precision.Float64 : Precision.Float32,
        CudaDevice = placement.Device is Core.Device.Cuda cuda ? cuda.index : null,
    };
}

/// <summary>Tensors from numbers and back. Points are the rows of an N × d tensor.</summary>
public static class Tensors
{
    /// <summary>Points (N × d), one per row.</summary>
    /// <example><code>var points = Tensors.Points(new double[,] { { 1.0, 2.0 }, { 3.0, 4.0 } });</code></example>
    public static Tensor Points(double[,] rows, Placement? placement = null) =>
        Core.TensorModule.ofArray2D((placement ?? Placement.Float64).ToCore(), rows);

    /// <summary>Points of a line (N × 1).</summary>
    /// <example><code>var points = Tensors.Line(0.0, 0.5, 1.0);</code></example>
    public static Tensor Line(params double[] coordinates) =>
        Core.TensorModule.ofArray(Core.PlacementModule.float64, coordinates).unsqueeze(1);

    /// <summary>A vector (N).</summary>
    /// <example><code>var weights = Tensors.Vector([0.4, 0.6]);</code></example>
    public static Tensor Vector(double[] values, Placement? placement = null) =>
        Core.TensorModule.ofArray((placement ?? Placement.Float64).ToCore(), values);

    /// <summary>Standard normal numbers of a shape, from a seed.</summary>
    /// <example><code>var noise = Tensors.Normal(seed: 1, 100, 2);</code></example>
    public static Tensor Normal(int seed, params int[] shape) =>
        Core.Random.normal(Core.PlacementModule.float64, seed, Bridge.List(shape));

    /// <summary>All elements, row by row, in double precision.</summary>
    public static double[] ToArray(Tensor tensor) => Core.TensorModule.toArray(tensor);

    /// <summary>The elements of a matrix in double precision.</summary>
    public static double[,] ToArray2D(Tensor tensor) => Core.TensorModule.toArray2D(tensor);

    /// <summary>The only element of a tensor, in double precision.</summary>
    public static double ToDouble(Tensor tensor) => Core.TensorModule.toFloat(tensor);

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

    /// <summary>A few lines for a bug report: versions, threads, devices, native libraries.</summary>
    /// <example><code>Console.WriteLine(Engine.Describe());</code></example>
    public static string Describe() => Core.Engine.describe();

    /// <summary>The number of tensors of this process that have been made and not yet freed.</summary>
    public static long LiveTensors => Core.Engine.liveTensors();
}
