using Microsoft.FSharp.Collections;

namespace Mne.Functional.CSharp;

/// <summary>A local derivative of u. Axes count from 0.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Derivative
{
    private Derivative(Core.Derivative inner) => Inner = inner;

    internal Core.Derivative Inner { get; }

    /// <summary>u itself.</summary>
    public static Derivative Value { get; } = new(Core.Derivative.Value);

    /// <summary>Δu.</summary>
    public static Derivative Laplacian { get; } = new(Core.Derivative.Laplacian);

    /// <summary>∂ⁿu/∂x_kⁿ for n = 1 to 4.</summary>
    public static Derivative Partial(int axis, int order = 1) => new(Core.Derivative.NewPartial(axis, order));

    /// <summary>∂²u/∂x_i∂x_j for i &lt; j.</summary>
    public static Derivative Mixed(int i, int j) => new(Core.Derivative.NewMixed(i, j));

    /// <summary>Every first derivative: what <see cref="Jet.Gradient"/> reads.</summary>
    public static IReadOnlyList<Derivative> GradientRequest(int dimension) => List(Core.JetModule.gradientRequest(dimension));

    /// <summary>Every second derivative: what <see cref="Jet.Hessian"/> reads.</summary>
    public static IReadOnlyList<Derivative> HessianRequest(int dimension) => List(Core.JetModule.hessianRequest(dimension));

    internal static IReadOnlyList<Derivative> List(IEnumerable<Core.Derivative> derivatives) =>
        [.. derivatives.Select(d => new Derivative(d))];

    internal static FSharpSet<Core.Derivative> Set(IEnumerable<Derivative> derivatives) =>
        SetModule.OfSeq(Bridge.List(derivatives, derivative => derivative.Inner));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>u and some of its derivatives at N points. Where u has m components, every shape ends in m.</summary>
/// <example><code>
/// var jet = network.Jet(θ, x, Derivative.Partial(0), Derivative.Partial(0, 2));
/// var (slope, curvature) = (jet[Derivative.Partial(0)], jet[Derivative.Partial(0, 2)]);
/// </code></example>
public class Jet
{
    private readonly Core.Jet jet;

    internal Jet(Core.Jet jet) => this.jet = jet;

    /// <summary>u at the points (N).</summary>
    public Tensor Value => Core.JetModule.value(jet);

    /// <summary>∇u at the points (N × d); ask for every first derivative.</summary>
    public Tensor Gradient => Core.JetModule.gradient(jet);

    /// <summary>Δu at the points (N); ask for it.</summary>
    public Tensor Laplacian => Core.JetModule.laplacian(jet);

    /// <summary>∇²u at the points (N × d × d); ask for every second derivative.</summary>
    public Tensor Hessian => Core.JetModule.hessian(jet);

    /// <summary>A derivative that was asked for, at the points (N).</summary>
    /// <exception cref="ArgumentException">It was not asked for.</exception>
    public Tensor this[Derivative derivative] => Core.JetModule.get(Bridge.Wanted(derivative).Inner, jet);

    /// <summary>The jet of one component of u.</summary>
    public Jet OfComponent(int index) => new(Core.JetModule.ofComponent(index, jet));
}

/// <summary>What a right-hand side can see: time, points, and u with its derivatives there.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Local : Jet
{
    internal Local(Core.Local inner) : base(inner.Jet) => Inner = inner;

    internal Core.Local Inner { get; }

    /// <summary>t.</summary>
    public double Time => Inner.Time;

    /// <summary>X (N × d).</summary>
    public Tensor Points => Inner.Points;
}
