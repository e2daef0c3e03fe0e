namespace Mne.Functional.CSharp;

/// <summary>Where a wall is.</summary>
public sealed class Side
{
    private Side(Core.Side inner) => Inner = inner;

    internal Core.Side Inner { get; }

    /// <summary>Both ends of all coordinates that are an interval.</summary>
    public static Side All { get; } = new(Core.Side.All);

    /// <summary>The low end of a coordinate that is an interval, counted from 0.</summary>
    public static Side Low(int axis) => new(Core.Side.NewLow(axis));

    /// <summary>The high end of a coordinate that is an interval, counted from 0.</summary>
    public static Side High(int axis) => new(Core.Side.NewHigh(axis));

    /// <summary>
    /// The boundary of a shape inside the domain: where a function X (N × d) ↦ (N) is 0. It is positive inside, like 1 − |x|², and has a slope
    /// on the boundary.
    /// </summary>
    /// <example><code>var circumference = Side.Shape(x => 1.0 - x.square().sum(1));</code></example>
    public static Side Shape(Func<Tensor, Tensor> distance) => new(Core.Side.NewShape(Bridge.Function(distance)));

    /// <inheritdoc/>
    public override string ToString() => Inner switch
    {
        Core.Side.Low low => $"Low({low.axis})",
        Core.Side.High high => $"High({high.axis})",
        { IsAll: true } => "All",
        { IsShape: true } => "Shape",
        _ => throw Bridge.Unknown(Inner),
    };
}

/// <summary>
/// A condition at a wall, for any equation: one of <see cref="EvolutionOptions.Walls"/>. The coordinate is an interval; bounded ones keep
/// their conditions by reflections, exactly and without points, for equations that these map to themselves. Values may depend on time and
/// place; normals n point out of the domain. A wall without a condition is free, as the outflow of a first-order equation wants it.
/// </summary>
/// <example><code>
/// // a bar that is heated at one end, insulated at the other
/// var options = new EvolutionOptions
/// {
///     Walls =
///     [
///         Wall.Dirichlet(Side.Low(0), (t, x) => Math.Sin(t) * torch.ones_like(x.select(1, 0))),
///         Wall.Neumann(Side.High(0), 0.0),
///     ],
/// };
/// </code></example>
public sealed class Wall
{
    internal Wall(Core.Wall inner) => Inner = inner;

    internal Core.Wall Inner { get; }

    /// <summary>The same number at all times and places: (t, X (M × d)) ↦ (M).</summary>
    /// <exception cref="ArgumentException">It is not finite.</exception>
    public static Func<double, Tensor, Tensor> Constant(double value) => Bridge.OfFunction(Core.WallModule.constant(value));

    /// <summary>u = g, (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</summary>
    /// <exception cref="ArgumentException">The axis is negative.</exception>
    public static Wall Dirichlet(Side side, Func<double, Tensor, Tensor> data) =>
        new(Core.WallModule.dirichlet(Bridge.Wanted(side).Inner, Bridge.Function(data)));

    /// <summary>u = g, a number.</summary>
    /// <exception cref="ArgumentException">The axis is negative, or the number not finite.</exception>
    public static Wall Dirichlet(Side side, double data) =>
        new(Core.WallModule.dirichlet(Bridge.Wanted(side).Inner, Core.WallModule.constant(data)));

    /// <summary>∂u/∂n = g, (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</summary>
    /// <exception cref="ArgumentException">The axis is negative.</exception>
    public static Wall Neumann(Side side, Func<double, Tensor, Tensor> data) =>
        new(Core.WallModule.neumann(Bridge.Wanted(side).Inner, Bridge.Function(data)));

    /// <summary>∂u/∂n = g, a number.</summary>
    /// <exception cref="ArgumentException">The axis is negative, or the number not finite.</exception>
    public static Wall Neumann(Side side, double data) =>
        new(Core.WallModule.neumann(Bridge.Wanted(side).Inner, Core.WallModule.constant(data)));

    /// <summary>a u + b ∂u/∂n = g, (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</summary>
    /// <exception cref="ArgumentException">The axis is negative, a weight is not finite, or b = 0.</exception>
    /// <example><code>
    /// // heat that is lost to surroundings of temperature 20 at the rate 2 (u − 20)
    /// var cooled = Wall.Robin(Side.High(0), 2.0, 1.0, Wall.Constant(40.0));
    /// </code></example>
    public static Wall Robin(Side side, double a, double b, Func<double, Tensor, Tensor> data) =>
        new(Core.WallModule.robin(Bridge.Wanted(side).Inner, a, b, Bridge.Function(data)));

    /// <summary>
    /// a u + b ∂u/∂n = g where a and b depend on time and place too: for a flux b ∂u/∂n + a u through which a drift carries something.
    /// </summary>
    /// <exception cref="ArgumentException">The axis is negative.</exception>
    /// <example><code>
    /// // a density with drift −x₁ along axis 0 and diffusion 0.1 that does not leave at the high end
    /// var closed = Wall.Varying(Side.High(0), (t, x) => x.select(1, 1), Wall.Constant(0.1), Wall.Constant(0.0));
    /// </code></example>
    public static Wall Varying(
        Side side, Func<double, Tensor, Tensor> a, Func<double, Tensor, Tensor> b, Func<double, Tensor, Tensor> data) =>
        new(Core.WallModule.varying(Bridge.Wanted(side).Inner, Bridge.Function(a), Bridge.Function(b), Bridge.Function(data)));

    /// <summary>The condition for one component of u only, counted from 0.</summary>
    /// <exception cref="ArgumentException">The index is negative.</exception>
    public Wall OfComponent(int index) => new(Core.WallModule.ofComponent(index, Inner));

    /// <summary>The condition at so many points of each wall, evenly spread; in one dimension a wall is a point.</summary>
    /// <exception cref="ArgumentException">The count is less than 1.</exception>
    public Wall AtPoints(int count) => new(Core.WallModule.atPoints(count, Inner));

    /// <inheritdoc/>
    public override string ToString() => Core.WallModule.show(Inner);
}
