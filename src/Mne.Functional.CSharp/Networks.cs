namespace Mne.Functional.CSharp;

/// <summary>The space on which the unknown function lives: a product of lines, circles and intervals.</summary>
public sealed class Domain
{
    internal Domain(Core.Domain inner) => Inner = inner;

    internal Core.Domain Inner { get; }

    /// <summary>The space dimension d.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>All of ℝ^d.</summary>
    /// <exception cref="ArgumentException">d is less than 1.</exception>
    public static Domain Euclidean(int dimension) => new(Core.DomainModule.euclidean(dimension));

    /// <summary>A torus: every coordinate periodic with its (low, high).</summary>
    /// <example><code>var circle = Domain.Periodic((0.0, 2.0 * Math.PI));</code></example>
    /// <exception cref="ArgumentException">No bounds, or bounds that are not finite and increasing.</exception>
    public static Domain Periodic(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.periodic(Bridge.List(bounds.Select(b => Tuple.Create(b.Low, b.High)))));

    /// <summary>A box: every coordinate an interval (low, high).</summary>
    /// <exception cref="ArgumentException">No bounds, or bounds that are not finite and increasing.</exception>
    public static Domain Box(params (double Low, double High)[] bounds) =>
        new(Core.DomainModule.box(Bridge.List(bounds.Select(b => Tuple.Create(b.Low, b.High)))));

    /// <summary>The coordinates of both, those of this domain first.</summary>
    /// <example><code>var cylinder = Domain.Periodic((0.0, 1.0)).Times(Domain.Euclidean(1));</code></example>
    public Domain Times(Domain other) =>
        new(Core.DomainModule.create(Bridge.List(Inner.Coordinates.Concat(other.Inner.Coordinates))));
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
}

/// <summary>A layer of a network.</summary>
public sealed class Layer
{
    private Layer(Core.Layer inner) => Inner = inner;

    internal Core.Layer Inner { get; }

    /// <summary>Sines and cosines of the periodic coordinates up to the given harmonic; it comes first.</summary>
    public static Layer Harmonics(int count) => new(Core.LayerModule.harmonics(count));

    /// <summary>x ↦ (x − shift) / scale per coordinate; it comes first.</summary>
    public static Layer Normalise(double[] shift, double[] scale) =>
        new(Core.LayerModule.normalise(Bridge.List(shift), Bridge.List(scale)));

    /// <summary>h ↦ σ(W h + b) with <paramref name="width"/> units.</summary>
    public static Layer Dense(int width, Activation activation) =>
        new(Core.LayerModule.dense(width, activation switch
        {
            Activation.Identity => Core.Activation.Identity,
            Activation.Tanh => Core.Activation.Tanh,
            Activation.Sine => Core.Activation.Sine,
            Activation.Swish => Core.Activation.Swish,
            Activation.Softplus => Core.Activation.Softplus,
            Activation.Gelu => Core.Activation.Gelu,
            _ => throw new ArgumentException($"activation: found {activation}, wanted one of the named ones", nameof(activation)),
        }));

    /// <summary>h ↦ h + block(h); the block keeps the width.</summary>
    public static Layer Residual(params Layer[] block) =>
        new(Core.LayerModule.residual(Bridge.List(block.Select(l => l.Inner))));

    /// <summary>h ↦ (h, block(h)).</summary>
    public static Layer Concatenate(params Layer[] block) =>
        new(Core.LayerModule.concatenate(Bridge.List(block.Select(l => l.Inner))));
}

/// <summary>
/// A parametric function u_θ on a domain. Parameters θ are one flat vector (p), points X the rows of an N × d tensor.
/// </summary>
/// <example><code>
/// var network = Network.Create(Domain.Euclidean(2), Layer.Dense(64, Activation.Tanh), Layer.Dense(64, Activation.Tanh));
/// var θ = network.Initial(seed: 1);
/// </code></example>
public sealed class Network
{
    internal Network(Core.Network inner) => Inner = inner;

    internal Core.Network Inner { get; }

    /// <summary>Where the function lives.</summary>
    public Domain Domain => new(Inner.Domain);

    /// <summary>p, the length of θ.</summary>
    public int ParameterCount => Inner.ParameterCount;

    /// <summary>One line that says what the network is.</summary>
    public string Description => Inner.Description;

    /// <summary>A layered network from the domain to the reals; a linear map to one output is put behind the layers.</summary>
    /// <exception cref="ArgumentException">A layer does not fit.</exception>
    public static Network Create(Domain domain, params Layer[] layers) =>
        new(Core.NetworkModule.create(domain.Inner, Bridge.List(layers.Select(l => l.Inner))));

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
            domain.Inner,
            parameters,
            Bridge.Function<Core.Placement, int, Tensor>((placement, seed) => Core.TensorModule.place(placement, initial(seed))),
            Bridge.Function(function)));

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
            domain.Inner, Bridge.List(blocks.Select(Bridge.List)), Bridge.List(layers.Select(l => l.Inner))));

    /// <summary>The sum of networks on the same domain, each with its own weights.</summary>
    public static Network Add(params Network[] networks) =>
        new(Core.NetworkModule.add(Bridge.List(networks.Select(n => n.Inner))));

    /// <summary>This network of shifted and scaled coordinates, u((x − shift) / scale).</summary>
    public Network Rescaled(double[] shift, double[] scale) =>
        new(Core.NetworkModule.rescaled(Bridge.List(shift), Bridge.List(scale), Inner));

    /// <summary>Seeded initial parameters (p).</summary>
    public Tensor Initial(int seed = 0, Placement? placement = null) =>
        Inner.Initial.Invoke((placement ?? Placement.Float64).ToCore()).Invoke(seed);

    /// <summary>u_θ at the points (N).</summary>
    public Tensor Value(Tensor parameters, Tensor points) => Core.NetworkModule.value(Inner, parameters, points);

    /// <summary>∇u_θ at the points (N × d).</summary>
    public Tensor Gradient(Tensor parameters, Tensor points) => Core.NetworkModule.gradient(Inner, parameters, points);

    /// <summary>Δu_θ at the points (N).</summary>
    public Tensor Laplacian(Tensor parameters, Tensor points) => Core.NetworkModule.laplacian(Inner, parameters, points);

    /// <inheritdoc/>
    public override string ToString() => Description;
}
