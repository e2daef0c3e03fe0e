namespace Mne.Functional.CSharp;

/// <summary>What holds at an end of an interval.</summary>
public enum Boundary
{
    /// <summary>u = 0.</summary>
    Dirichlet,

    /// <summary>∂u/∂x = 0.</summary>
    Neumann,
}

/// <summary>What one coordinate of space is.</summary>
/// <example><code>
/// // a rod: insulated at 0, held at 0 at its other end
/// var rod = Domain.Create(Coordinate.Bounded(0.0, 1.0, Boundary.Neumann, Boundary.Dirichlet));
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed record Coordinate
{
    private Coordinate(Core.Coordinate inner) => Inner = inner;

    internal Core.Coordinate Inner { get; }

    /// <summary>The whole real line.</summary>
    public static Coordinate Real { get; } = new(Core.Coordinate.Real);

    /// <summary>A circle: low and high are the same point.</summary>
    public static Coordinate Periodic(double low, double high) => new(Core.Coordinate.NewPeriodic(low, high));

    /// <summary>A bounded interval without conditions at its ends.</summary>
    public static Coordinate Interval(double low, double high) => new(Core.Coordinate.NewInterval(low, high));

    /// <summary>
    /// A bounded interval with a condition at each end, kept exactly by continuing u beyond its ends with a reflection. For equations that
    /// the reflection maps to themselves; for others, or for values other than 0, take an interval and <see cref="Network.Dirichlet"/>.
    /// </summary>
    public static Coordinate Bounded(double low, double high, Boundary atLow, Boundary atHigh) =>
        new(Core.Coordinate.NewBounded(low, high, Cases.Boundary.ToCore(atLow), Cases.Boundary.ToCore(atHigh)));

    internal static Coordinate OfCore(Core.Coordinate inner) => new(inner);

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>The space on which the unknown function lives: a product of lines, circles and intervals.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Domain
{
    internal Domain(Core.Domain inner) => Inner = inner;

    internal Core.Domain Inner { get; }

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>One entry per coordinate.</summary>
    public IReadOnlyList<Coordinate> Coordinates => [.. Inner.Coordinates.Select(Coordinate.OfCore)];

    /// <inheritdoc/>
    public override string ToString() => string.Join(" × ", Coordinates);

    /// <summary>The (low, high) of every coordinate of a bounded domain.</summary>
    /// <exception cref="ArgumentException">A coordinate is the whole real line.</exception>
    public (double Low, double High)[] Bounds() =>
        [.. Core.DomainModule.bounds(Inner).Select(b => (b.Item1, b.Item2))];

    /// <summary>Any mix of coordinates.</summary>
    /// <example><code>var channel = Domain.Create(Coordinate.Periodic(0.0, 4.0), Coordinate.Interval(-1.0, 1.0));</code></example>
    /// <exception cref="ArgumentException">There are none, or bounds are not finite and increasing.</exception>
    public static Domain Create(params Coordinate[] coordinates) =>
        new(Core.DomainModule.create(Bridge.List(coordinates, coordinate => coordinate.Inner)));

    /// <summary>All of ℝ^d.</summary>
    /// <exception cref="ArgumentException">d is less than 1.</exception>
    public static Domain Euclidean(int dimension) => new(Core.DomainModule.euclidean(dimension));

    /// <summary>A torus: every coordinate periodic with its (low, high).</summary>
    /// <example><code>var circle = Domain.Periodic((0.0, 2.0 * Math.PI));</code></example>
    /// <exception cref="ArgumentException">No bounds, or bounds that are not finite and increasing.</exception>
    public static Domain Periodic(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.periodic(Bridge.Tuples(bounds)));

    /// <summary>A box: every coordinate an interval (low, high).</summary>
    /// <exception cref="ArgumentException">No bounds, or bounds that are not finite and increasing.</exception>
    public static Domain Box(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.box(Bridge.Tuples(bounds)));

    /// <summary>A box with u = 0 at all walls; see <see cref="Coordinate.Bounded"/>.</summary>
    /// <example><code>var chord = Domain.Dirichlet((0.0, 1.0));</code></example>
    public static Domain Dirichlet(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.dirichlet(Bridge.Tuples(bounds)));

    /// <summary>A box through whose walls nothing flows, ∂u/∂n = 0; see <see cref="Coordinate.Bounded"/>.</summary>
    public static Domain Neumann(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.neumann(Bridge.Tuples(bounds)));

    /// <summary>The coordinates of both, those of this domain first.</summary>
    /// <example><code>var cylinder = Domain.Periodic((0.0, 1.0)).Times(Domain.Euclidean(1));</code></example>
    public Domain Times(Domain other) =>
        new(Core.DomainModule.create(Bridge.List(Inner.Coordinates.Concat(Bridge.Wanted(other).Inner.Coordinates))));
}

/// <summary>The nonlinearity between the layers of a network. All are smooth.</summary>
public enum Activation
{
    /// <summary>a: no nonlinearity.</summary>
    Identity,

    /// <summary>tanh a: bounded; for functions that level off.</summary>
    Tanh,

    /// <summary>sin a: for periodic and oscillating solutions.</summary>
    Sine,

    /// <summary>a / (1 + e^{−a}): for energies, whose tails grow polynomially.</summary>
    Swish,

    /// <summary>log(1 + e^a): a smooth hinge.</summary>
    Softplus,

    /// <summary>a Φ(a) with the normal distribution function Φ.</summary>
    Gelu,

    /// <summary>a²: a layer of it in front of the output gives quadratic forms, the energies of normal distributions, exactly.</summary>
    Square,
}

/// <summary>A layer of a network.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Layer
{
    private Layer(Core.Layer inner) => Inner = inner;

    internal Core.Layer Inner { get; }

    /// <summary>
    /// Sines and cosines of the periodic coordinates, and cosines of the bounded ones, up to the given harmonic; it comes first.
    /// </summary>
    public static Layer Harmonics(int count) => new(Core.LayerModule.harmonics(count));

    /// <summary>x ↦ (x − shift) / scale per coordinate; it comes first.</summary>
    public static Layer Normalise(double[] shift, double[] scale) =>
        new(Core.LayerModule.normalise(Bridge.List(shift), Bridge.List(scale)));

    /// <summary>h ↦ σ(W h + b) with <paramref name="width"/> units.</summary>
    public static Layer Dense(int width, Activation activation) =>
        new(Core.LayerModule.dense(width, Cases.Activation.ToCore(activation)));

    /// <summary>h ↦ h + block(h); the block keeps the width.</summary>
    public static Layer Residual(params Layer[] block) =>
        new(Core.LayerModule.residual(Bridge.List(block, layer => layer.Inner)));

    /// <summary>h ↦ (h, block(h)).</summary>
    public static Layer Concatenate(params Layer[] block) =>
        new(Core.LayerModule.concatenate(Bridge.List(block, layer => layer.Inner)));

    /// <summary>The components of u, for systems of equations; it comes last.</summary>
    /// <example><code>var network = Network.Create(circle, Layer.Harmonics(2), Layer.Dense(32, Activation.Sine), Layer.Outputs(2));</code></example>
    public static Layer Outputs(int count) => new(Core.LayerModule.outputs(count));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>
/// A parametric function u_θ on a domain. Parameters θ are one flat vector (p), points X the rows of an N × d tensor.
/// </summary>
/// <example><code>
/// var network = Network.Create(Domain.Euclidean(2), Layer.Dense(64, Activation.Tanh), Layer.Dense(64, Activation.Tanh));
/// var θ = network.Initial(seed: 1);
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Network
{
    internal Network(Core.Network inner) => Inner = inner;

    internal Core.Network Inner { get; }

    /// <summary>Where the function lives.</summary>
    public Domain Domain => new(Inner.Domain);

    /// <summary>m, the number of components of u.</summary>
    public int Outputs => Inner.Outputs;

    /// <summary>p, the length of θ.</summary>
    public int ParameterCount => Inner.ParameterCount;

    /// <summary>One line that says what the network is.</summary>
    public string Description => Inner.Description;

    /// <summary>
    /// A layered network on the domain; a linear map to the reals is put behind the layers, or to several components where they end in
    /// <see cref="Layer.Outputs"/>.
    /// </summary>
    /// <exception cref="ArgumentException">A layer does not fit.</exception>
    public static Network Create(Domain domain, params Layer[] layers) =>
        new(Core.NetworkModule.create(Bridge.Wanted(domain).Inner, Bridge.List(layers, layer => layer.Inner)));

    /// <summary>
    /// A network given as any differentiable function of θ (p) and points X (N × d) to values (N). Derivatives come from
    /// automatic differentiation: correct for everything, and slower than <see cref="Create"/>.
    /// </summary>
    /// <param name="domain">Where the function lives.</param>
    /// <param name="parameters">p.</param>
    /// <param name="initial">Parameters (p) from a seed.</param>
    /// <param name="function">(θ, X) ↦ values.</param>
    /// <example><code>
    /// // a Gaussian bump of free height, centre and width
    /// var bump = Network.OfFunction(Domain.Euclidean(1), 3, seed => Tensors.Normal(seed, 3),
    ///     (θ, x) => θ[0] * (-(x.squeeze(1) - θ[1]).square() * θ[2]).exp());
    /// </code></example>
    public static Network OfFunction(Domain domain, int parameters, Func<int, Tensor> initial, Func<Tensor, Tensor, Tensor> function) =>
        new(Core.NetworkModule.ofFunction(
            Bridge.Wanted(domain).Inner, parameters, Bridge.Placed(initial), Bridge.Function(function)));

    /// <summary>As <see cref="OfFunction"/>, for a function to m components: (θ (p), X (N × d)) ↦ N × m.</summary>
    /// <example><code>
    /// // a point that moves on a circle, seen from everywhere
    /// var rotor = Network.OfVectorFunction(Domain.Euclidean(1), 2, 1, seed => Tensors.Vector([0.0]),
    ///     (θ, x) => torch.stack([θ[0].cos() + 0.0 * x.squeeze(1), θ[0].sin() + 0.0 * x.squeeze(1)], 1));
    /// </code></example>
    public static Network OfVectorFunction(
        Domain domain, int outputs, int parameters, Func<int, Tensor> initial, Func<Tensor, Tensor, Tensor> function) =>
        new(Core.NetworkModule.ofVectorFunction(
            Bridge.Wanted(domain).Inner, outputs, parameters, Bridge.Placed(initial), Bridge.Function(function)));

    /// <summary>
    /// A layered network that reads only some coordinates and shares its weights between several such blocks:
    /// u(x) = Σ_b w(x_b).
    /// </summary>
    /// <example><code>
    /// // every site of a chain with its two neighbours
    /// var energy = Network.OfBlocks(Domain.Euclidean(3), [[2, 0, 1], [0, 1, 2], [1, 2, 0]], Layer.Dense(32, Activation.Swish));
    /// </code></example>
    public static Network OfBlocks(Domain domain, int[][] blocks, params Layer[] layers) =>
        new(Core.NetworkModule.ofBlocks(
            Bridge.Wanted(domain).Inner,
            Bridge.List(blocks, block => Bridge.List(block, nameof(blocks))),
            Bridge.List(layers, layer => layer.Inner)));

    /// <summary>The sum of networks on the same domain, each with its own weights.</summary>
    public static Network Add(params Network[] networks) =>
        new(Core.NetworkModule.add(Bridge.List(networks, network => network.Inner)));

    /// <summary>This network of shifted and scaled coordinates, u((x − shift) / scale).</summary>
    public Network Rescaled(double[] shift, double[] scale) =>
        new(Core.NetworkModule.rescaled(Bridge.List(shift), Bridge.List(scale), Inner));

    /// <summary>
    /// Prescribed values on a boundary of any shape: u(x) = data(x) + distance(x) w(x), where the distance vanishes on the boundary and
    /// nowhere else. Both map points (N × d) to N; data also to N × m for m components.
    /// </summary>
    /// <example><code>
    /// // u = 1 on the unit circle
    /// var disc = Domain.Box((-1.0, 1.0), (-1.0, 1.0));
    /// var network = Network.Create(disc, Layer.Dense(32, Activation.Tanh))
    ///     .Dirichlet(x => 1.0 - x.square().sum(1), x => torch.ones_like(x.select(1, 0)));
    /// </code></example>
    public Network Dirichlet(Func<Tensor, Tensor> distance, Func<Tensor, Tensor> data) =>
        new(Core.NetworkModule.dirichlet(Bridge.Function(distance), Bridge.Function(data), Inner));

    /// <summary>
    /// The even part, u(x) = w(x) + w(Rx): R reflects the given coordinates together, about the middle of a bounded or periodic one and
    /// about 0 on the real line. Solutions with the symmetry u(Rx) = u(x) keep it exactly.
    /// </summary>
    /// <example><code>var network = Network.Create(Domain.Euclidean(2), Layer.Dense(32, Activation.Swish)).Even(0).Even(1);</code></example>
    public Network Even(params int[] axes) => new(Core.NetworkModule.even(Bridge.List(axes), Inner));

    /// <summary>The odd part, u(x) = w(x) − w(Rx), for solutions with u(Rx) = −u(x); see <see cref="Even"/>.</summary>
    public Network Odd(params int[] axes) => new(Core.NetworkModule.odd(Bridge.List(axes), Inner));

    /// <summary>One component of u as a network of its own, with the same parameters.</summary>
    public Network OfComponent(int index) => new(Core.NetworkModule.ofComponent(index, Inner));

    /// <summary>Seeded initial parameters (p).</summary>
    public Tensor Initial(int seed = 0, Placement? placement = null) =>
        Inner.Initial.Invoke(Placement.ToCore(placement)).Invoke(seed);

    /// <summary>u_θ at the points: N, or N × m for m components.</summary>
    public Tensor Value(Tensor parameters, Tensor points) => Core.NetworkModule.value(Inner, parameters, points);

    /// <summary>∇u_θ at the points (N × d).</summary>
    public Tensor Gradient(Tensor parameters, Tensor points) => Core.NetworkModule.gradient(Inner, parameters, points);

    /// <summary>Δu_θ at the points (N).</summary>
    public Tensor Laplacian(Tensor parameters, Tensor points) => Core.NetworkModule.laplacian(Inner, parameters, points);

    /// <summary>u_θ and the given derivatives at the points.</summary>
    public Jet Jet(Tensor parameters, Tensor points, params IEnumerable<Derivative> derivatives) =>
        new(Core.NetworkModule.jet(Derivative.Set(derivatives), Inner, parameters, points));

    /// <summary>The tangent kernel K = J Jᵀ at the points (mN × mN), J = ∂u(x_i)/∂θ_j, component by component.</summary>
    public Tensor Kernel(Tensor parameters, Tensor points)
    {
        using var scope = TorchSharp.torch.NewDisposeScope();
        var tangent = Core.NetworkModule.tangent(Inner, parameters, points);
        return Core.TangentModule.kernel(tangent, tangent).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override string ToString() => Description;
}
