namespace Mne.Functional.CSharp;

/// <summary>Where an equation is imposed, or a function fitted: a recipe for N points.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Collocation
{
    internal Collocation(Core.Collocation inner) => Inner = inner;

    internal Core.Collocation Inner { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Count} points";

    /// <summary>N.</summary>
    public int Count => Core.CollocationModule.count(Inner);

    /// <summary>The points for a seed (N × d); given points do not depend on it.</summary>
    public Tensor Points(int seed = 0, Placement? placement = null) =>
        Core.CollocationModule.points(Placement.ToCore(placement), seed, Inner);

    /// <summary>Points that the caller has (N × d). They stay the caller's, to be freed after the last use of the recipe.</summary>
    /// <exception cref="ArgumentException">They are not a matrix of finite numbers.</exception>
    public static Collocation Given(Tensor points) => new(Core.CollocationModule.given(Bridge.Wanted(points)));

    /// <summary>Points from a function of the seed, which gives <paramref name="count"/> of them (N × d), new ones for every seed.</summary>
    /// <example><code>var cloud = Collocation.Drawn(500, seed => Tensors.Normal(seed, 500, 2));</code></example>
    public static Collocation Drawn(int count, Func<int, Tensor> draw) =>
        new(Core.Collocation.NewDrawn(count, Bridge.Placed(draw)));

    /// <summary>
    /// Equidistant points, <paramref name="perAxis"/> along every coordinate of a bounded domain, N = perAxis^d in all. On a periodic
    /// coordinate the end, which is the beginning again, is left out; on an interval both ends are included; where a coordinate is
    /// bounded by conditions, points are half a step away from its ends.
    /// </summary>
    /// <exception cref="ArgumentException">A coordinate is the whole real line, or points are fewer than 2 or far too many.</exception>
    public static Collocation Grid(Domain domain, int perAxis) =>
        new(Core.CollocationModule.grid(Bridge.Wanted(domain).Inner, perAxis));

    /// <summary>Independent points, uniform on a bounded domain, new for every seed.</summary>
    public static Collocation Uniform(Domain domain, int count) =>
        new(Core.CollocationModule.uniform(Bridge.Wanted(domain).Inner, count));

    /// <summary>A low-discrepancy sequence on a bounded domain, shifted anew for every seed.</summary>
    public static Collocation Sequence(Domain domain, int count) =>
        new(Core.CollocationModule.sequence(Bridge.Wanted(domain).Inner, count));

    /// <summary>
    /// The points of this recipe that lie inside a shape: where a function, (N × d) ↦ (N), is positive or 0. A recipe that draws points goes on
    /// drawing until it has as many as before.
    /// </summary>
    /// <example><code>var disc = Collocation.Grid(Domain.Box((-1.0, 1.0), (-1.0, 1.0)), 17).Inside(x => 1.0 - x.square().sum(1));</code></example>
    /// <exception cref="ArgumentException">No point lies inside.</exception>
    public Collocation Inside(Func<Tensor, Tensor> shape) => new(Core.CollocationModule.inside(Bridge.Function(shape), Inner));

    /// <summary>Points that cover the density e^{−V}, from a normal cloud thinned with e^{−V/τ}; none where V is +∞ or not a number.</summary>
    public static Collocation Tempered(double temperature, double[] centre, double[] spread, Func<Tensor, Tensor> energy, int count) =>
        new(Core.CollocationModule.tempered(
            temperature, Bridge.List(centre), Bridge.List(spread), Bridge.Function(energy), count));

    /// <summary>
    /// A recipe that takes rows of a pool (M × d) at random, without repetition as far as the pool goes, others for every seed. The pool stays
    /// the caller's, to be freed after the last use of the recipe.
    /// </summary>
    /// <example><code>var some = Collocation.OfPool(Tensors.Normal(seed: 1, 5000, 2), 300);</code></example>
    /// <exception cref="ArgumentException">There is no pool, or the count is less than 1.</exception>
    public static Collocation OfPool(Tensor pool, int count) => new(Core.CollocationModule.ofPool(Bridge.Wanted(pool), count));

    /// <summary>The points of this recipe for one seed, the same ones whenever they are asked for.</summary>
    public Collocation FixedBy(int seed) => new(Core.CollocationModule.fixedBy(seed, Inner));
}

/// <summary>How the collocation points move while the parameters evolve.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record PointDynamics
{
    internal PointDynamics(Core.PointDynamics inner) => Inner = inner;

    internal Core.PointDynamics Inner { get; }

    /// <summary>The points stay where they are.</summary>
    public static PointDynamics Fixed { get; } = new(Core.PointDynamics.Fixed);

    /// <summary>The points move with a known velocity, (t, X (N × d)) ↦ (N × d).</summary>
    public static PointDynamics Advected(Func<double, Tensor, Tensor> velocity) =>
        new(Core.PointDynamicsModule.advected(Bridge.Function(velocity)));

    /// <summary>The points move along the characteristics of the equation.</summary>
    public static PointDynamics Characteristics(int dimension, Term term) =>
        new(Core.PointDynamicsModule.characteristics(dimension, Bridge.Wanted(term).Inner));

    /// <summary>The points move with a velocity (N × d) from the local values of u.</summary>
    public static PointDynamics Moving(IEnumerable<Derivative> needs, Func<Local, Tensor> velocity) =>
        new(Core.PointDynamics.NewMoving(Bridge.List(needs, need => need.Inner), Bridge.OfLocal(velocity)));

    /// <summary>
    /// The points are drawn anew every so often from the candidates, in proportion to a positive monitor function of u.
    /// </summary>
    public static PointDynamics Redrawn(
        double every, Collocation candidates, IEnumerable<Derivative> needs, Func<Local, Tensor> monitor) =>
        new(Core.PointDynamicsModule.redrawn(
            every, Bridge.Wanted(candidates).Inner, Bridge.List(needs, need => need.Inner), Bridge.OfLocal(monitor)));

    /// <summary>
    /// As <see cref="Redrawn"/>, where u is steep: half of the points evenly, half in proportion to |∇u|.
    /// </summary>
    /// <example><code>var follow = new EvolutionOptions { Points = PointDynamics.Steep(0.1, Collocation.Grid(line, 8192)) };</code></example>
    public static PointDynamics Steep(double every, Collocation candidates) =>
        new(Core.PointDynamicsModule.steep(every, Bridge.Wanted(candidates).Inner));

    /// <summary>
    /// As <see cref="Redrawn"/>, where the equation is badly satisfied: half of the points evenly, half in proportion to the residual
    /// |∂_t u − A_t u|.
    /// </summary>
    public static PointDynamics Residual(double every, Collocation candidates) =>
        new(Core.PointDynamicsModule.residual(every, Bridge.Wanted(candidates).Inner));

    /// <summary>
    /// The points are drawn anew at the given times, and at the start, by a recipe for any time: <paramref name="draw"/> maps a seed and a
    /// time to points (N × d).
    /// </summary>
    /// <param name="times">When, after the start.</param>
    /// <param name="draw">(seed, t) ↦ points.</param>
    /// <example><code>
    /// var widening = PointDynamics.Refreshed([0.1, 0.3], (seed, t) => Math.Sqrt(1 + 2 * t) * Tensors.Normal(seed, 200, 1));
    /// </code></example>
    public static PointDynamics Refreshed(IEnumerable<double> times, Func<int, double, Tensor> draw) =>
        new(Core.PointDynamicsModule.refreshed(Bridge.List(times), Bridge.Placed(draw)));

    /// <inheritdoc/>
    public override string ToString() => Inner switch
    {
        { IsFixed: true } => "Fixed",
        { IsMoving: true } => "Moving",
        { IsRedrawn: true } => "Redrawn",
        _ => throw Bridge.Unknown(Inner),
    };
}

/// <summary>How the minimal-norm problem is restricted.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Sketch
{
    internal Sketch(Core.Sketch inner) => Inner = inner;

    internal Core.Sketch Inner { get; }

    /// <summary>Not at all: the tangents of all N points.</summary>
    public static Sketch Exact { get; } = new(Core.Sketch.Exact);

    /// <summary>To the tangents of s of the N points.</summary>
    public static Sketch Landmarks(int count) => new(Core.Sketch.NewLandmarks(count));

    /// <summary>
    /// To as many tangents as so many times the effective rank of the kernel where the evolution begins, and again wherever its points are
    /// drawn anew; 1.5 to 2 is enough.
    /// </summary>
    public static Sketch Adaptive(double ratio) => new(Core.Sketch.NewAdaptive(ratio));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
