using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>
/// A right-hand side A_t u of ∂_t u = A_t u, composed from derivatives of u, numbers, and functions of (t, x), with the usual
/// operators.
/// </summary>
/// <example><code>
/// var allenCahn = 5e-3 * Term.Laplacian + Term.Value - Term.Value.Pow(3);
/// Console.WriteLine(allenCahn);    // 0.005 Δu + u − u³
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Term
{
    internal Term(Core.Term inner) => Inner = inner;

    internal Core.Term Inner { get; }

    /// <summary>u.</summary>
    public static Term Value { get; } = new(Core.TermModule.value);

    /// <summary>Δu.</summary>
    public static Term Laplacian { get; } = new(Core.TermModule.laplacian);

    /// <summary>|∇u|².</summary>
    public static Term GradientNormSquared { get; } = new(Core.TermModule.gradientNormSquared);

    /// <summary>∂ⁿu/∂x_kⁿ, n from 1 to 4; axes count from 0.</summary>
    public static Term Partial(int axis, int order = 1) => new(Core.TermModule.partial(axis, order));

    /// <summary>∂²u/∂x_i∂x_j.</summary>
    public static Term Mixed(int i, int j) => new(Core.TermModule.mixed(i, j));

    /// <summary>A constant. Numbers become terms by themselves in sums and products.</summary>
    public static Term Number(double value) => new(Core.TermModule.number(value));

    /// <summary>A known function of time and points, (t, X (N × d)) ↦ (N).</summary>
    /// <example><code>var source = Term.Known("s", (t, x) => Math.Cos(t) * x.squeeze(1).sin());</code></example>
    public static Term Known(string name, Func<double, Tensor, Tensor> function) =>
        new(Core.TermModule.known(Bridge.Wanted(name), Bridge.Function(function)));

    /// <summary>b·∇u with a known velocity, (t, X (N × d)) ↦ (N × d).</summary>
    /// <example><code>var shift = -Term.Transport("b", (t, x) => torch.ones_like(x));</code></example>
    public static Term Transport(string name, Func<double, Tensor, Tensor> velocity) =>
        new(Core.TermModule.transport(Bridge.Wanted(name), Bridge.Function(velocity)));

    /// <summary>Anything that can be computed from the local values; it lists the derivatives that it reads.</summary>
    /// <example><code>
    /// var slope = Term.Custom("√(1 + u_x²)", [Derivative.Partial(0)], here => (1.0 + here[Derivative.Partial(0)].square()).sqrt());
    /// </code></example>
    public static Term Custom(string name, IEnumerable<Derivative> needs, Func<Local, Tensor> function) =>
        new(Core.TermModule.custom(Bridge.Wanted(name), Bridge.List(needs, need => need.Inner), Bridge.OfLocal(function)));

    /// <summary>
    /// Σ w a / Σ w over the points: the mean of <paramref name="term"/> under a density that the points do not follow by themselves.
    /// </summary>
    /// <example><code>var mean = Term.WeightedMean(Term.Value, Term.Known("x", (t, x) => x.squeeze(1)));    // ∫ x u / ∫ u on an even grid</code></example>
    public static Term WeightedMean(Term weight, Term term) =>
        new(Core.TermModule.weightedMean(Bridge.Wanted(weight).Inner, Bridge.Wanted(term).Inner));

    /// <summary>
    /// The mean over the points x_j of k(x_i, x_j) times the term at x_j: what all points together do to each (mean field). The
    /// kernel maps (X (N × d), Y (M × d)) to N × M.
    /// </summary>
    /// <example><code>
    /// // ∫ cos(x − y) u(y) dy on a circle with an even grid
    /// var force = 2.0 * Math.PI * Term.Interaction("cos", (x, y) => (x - y.t()).cos(), Term.Value);
    /// </code></example>
    public static Term Interaction(string name, Func<Tensor, Tensor, Tensor> kernel, Term term) =>
        new(Core.TermModule.interaction(Bridge.Wanted(name), Bridge.Function(kernel), Bridge.Wanted(term).Inner));

    /// <summary>The right-hand side of a system: that of component 0, of component 1, …</summary>
    /// <example><code>
    /// // the wave equation u_tt = Δu as a system of (u, v): u_t = v, v_t = Δu
    /// var wave = Term.System(Term.Value.OfComponent(1), Term.Laplacian);
    /// </code></example>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static Term System(params Term[] terms) => new(Core.TermModule.system(Bridge.List(terms, term => term.Inner)));

    /// <summary>How many right-hand sides the term holds: 1, or those of a system.</summary>
    public int Components => Core.TermModule.components(Inner);

    /// <summary>The derivatives of u that the term reads, in a space of d dimensions.</summary>
    public IReadOnlyList<Derivative> Needs(int dimension) => Derivative.List(Core.TermModule.needs(dimension, Inner));

    /// <summary>The values of the term at the points: N, or N × m for a system of m right-hand sides.</summary>
    /// <exception cref="ArgumentException">A function in it returns another shape than is due, or u lacks a component.</exception>
    public Tensor Evaluate(Local local) => Core.TermModule.evaluate(Inner, Bridge.Wanted(local).Inner);

    /// <summary>∂A/∂(∇u) at the points (N × d); its negative is the velocity of the characteristics.</summary>
    /// <exception cref="ArgumentException">The term is a system or has a custom part.</exception>
    public Tensor GradientSensitivity(Local local) => Core.TermModule.gradientSensitivity(Inner, Bridge.Wanted(local).Inner);

    /// <summary>
    /// The term of the component with the given index, counted from 0: every u in it is that component, unless one has been chosen
    /// inside already. Terms read component 0 where nothing is said.
    /// </summary>
    /// <example><code>var product = Term.Value.OfComponent(0) * Term.Laplacian.OfComponent(1);    // u₀ Δu₁</code></example>
    public Term OfComponent(int index) => new(Core.TermModule.ofComponent(index, Inner));

    /// <summary>This term to a whole power.</summary>
    /// <exception cref="ArgumentException">The power is negative.</exception>
    public Term Pow(int exponent) => new(Core.TermModule.pown(exponent, Inner));

    /// <summary>This term to any power, where it is positive.</summary>
    /// <example><code>var root = Term.Value.Pow(0.5);</code></example>
    public Term Pow(double exponent) => new(Core.Term.Pow(Inner, exponent));

    /// <summary>e to this term.</summary>
    public Term Exp() => new(Core.Term.Exp(Inner));

    /// <summary>The natural logarithm of this term.</summary>
    public Term Log() => new(Core.Term.Log(Inner));

    /// <summary>The square root of this term.</summary>
    public Term Sqrt() => new(Core.Term.Sqrt(Inner));

    /// <summary>The sine of this term.</summary>
    /// <example><code>var sineGordon = Term.System(Term.Value.OfComponent(1), Term.Laplacian - Term.Value.Sin());</code></example>
    public Term Sin() => new(Core.Term.Sin(Inner));

    /// <summary>The cosine of this term.</summary>
    public Term Cos() => new(Core.Term.Cos(Inner));

    /// <summary>The hyperbolic tangent of this term.</summary>
    public Term Tanh() => new(Core.Term.Tanh(Inner));

    /// <summary>
    /// ∇·(A ∇u): diffusion whose coefficient is a number, a known function of time and place, or a function of u and of other components; the
    /// derivatives of A are found by automatic differentiation.
    /// </summary>
    /// <example><code>
    /// var porous = Term.Diffusion(2.0 * Term.Value);                                            // ∇·(2u ∇u)
    /// var layered = Term.Diffusion(Term.Known("A", (t, x) => 1.0 + 0.5 * x.select(1, 0).sin()));
    /// </code></example>
    /// <exception cref="ArgumentException">A reads derivatives of u, or depends on u elsewhere.</exception>
    public static Term Diffusion(Term coefficient) => new(Core.TermModule.diffusion(Bridge.Wanted(coefficient).Inner));

    /// <summary>A function of the values of this term at every point, (N) ↦ (N).</summary>
    /// <example><code>var growth = Term.Value.Map("exp", u => u.exp());</code></example>
    public Term Map(string name, Func<Tensor, Tensor> function) =>
        new(Core.TermModule.map(Bridge.Wanted(name), Bridge.Function(function), Inner));

    /// <summary>A function of time, points and the values of this term there, (t, X (N × d), N) ↦ (N).</summary>
    /// <example><code>
    /// // growth up to a capacity that depends on the place
    /// var logistic = Term.Value.Pointwise("f", (t, x, u) => u * (1.0 + x.squeeze(1).square() - u));
    /// </code></example>
    public Term Pointwise(string name, Func<double, Tensor, Tensor, Tensor> function) =>
        new(Core.TermModule.pointwise(Bridge.Wanted(name), Bridge.Function(function), Inner));

    /// <summary>The mean of this term over the points.</summary>
    public Term Mean() => new(Core.TermModule.mean(Inner));

    /// <summary>This term less its mean over the points: for energies.</summary>
    public Term Centred() => new(Core.TermModule.centred(Inner));

    /// <summary>The sum.</summary>
    public static Term operator +(Term a, Term b) => new(a.Inner + b.Inner);

    /// <summary>The difference.</summary>
    public static Term operator -(Term a, Term b) => new(a.Inner - b.Inner);

    /// <summary>The negative.</summary>
    public static Term operator -(Term a) => new(-a.Inner);

    /// <summary>The product.</summary>
    public static Term operator *(Term a, Term b) => new(a.Inner * b.Inner);

    /// <summary>A multiple.</summary>
    public static Term operator *(double a, Term b) => new(a * b.Inner);

    /// <summary>A multiple.</summary>
    public static Term operator *(Term a, double b) => new(a.Inner * b);

    /// <summary>The term divided by a number.</summary>
    public static Term operator /(Term a, double b) => new(a.Inner / b);

    /// <summary>The quotient.</summary>
    public static Term operator /(Term a, Term b) => new(a.Inner / b.Inner);

    /// <summary>A number divided by the term.</summary>
    public static Term operator /(double a, Term b) => new(a / b.Inner);

    /// <summary>The sum with a constant.</summary>
    public static Term operator +(Term a, double b) => new(a.Inner + b);

    /// <summary>The sum with a constant.</summary>
    public static Term operator +(double a, Term b) => new(a + b.Inner);

    /// <summary>The difference with a constant.</summary>
    public static Term operator -(Term a, double b) => new(a.Inner - b);

    /// <summary>The difference with a constant.</summary>
    public static Term operator -(double a, Term b) => new(a - b.Inner);

    /// <summary>The term as mathematics, such as "0.005 Δu + u − u³".</summary>
    public override string ToString() => Core.TermModule.show(Inner);
}

/// <summary>A named evolution equation with the domain on which it is usually studied.</summary>
/// <example><code>Console.WriteLine(Equation.AllenCahn(5e-3, dimension: 1));    // Allen–Cahn: ∂u/∂t = 0.005 Δu + u − u³</code></example>
public sealed class Equation
{
    private readonly Core.Equation inner;

    private Equation(Core.Equation inner) => this.inner = inner;

    /// <summary>An equation of one's own.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="term">The right-hand side.</param>
    /// <param name="domain">The domain on which it is usually studied.</param>
    /// <param name="source">Where it comes from.</param>
    /// <example><code>
    /// var circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    /// var swiftHohenberg = new Equation(
    ///     "Swift–Hohenberg", -0.7 * Term.Value - 2.0 * Term.Laplacian - Term.Partial(0, 4) - Term.Value.Pow(3), circle);
    /// </code></example>
    public Equation(string name, Term term, Domain domain, string source = "") =>
        inner = new(Bridge.Wanted(name), Bridge.Wanted(term).Inner, Bridge.Wanted(domain).Inner, Bridge.Wanted(source));

    /// <summary>The usual name.</summary>
    public string Name => inner.Name;

    /// <summary>The right-hand side.</summary>
    public Term Term => new(inner.Term);

    /// <summary>The usual domain.</summary>
    public Domain Domain => new(inner.Domain);

    /// <summary>Where it comes from.</summary>
    public string Source => inner.Source;

    /// <summary>u_t = κ Δu, on [0, 2π)^d.</summary>
    public static Equation Heat(double diffusivity, int dimension) => new(Core.EquationModule.heat(diffusivity, dimension));

    /// <summary>u_t = −b(t, x)·∇u on ℝ^d; b maps (t, X (N × d)) to N × d.</summary>
    public static Equation Advection(Func<double, Tensor, Tensor> velocity, int dimension) =>
        new(Core.EquationModule.advection(Bridge.Function(velocity), dimension));

    /// <summary>u_t = ν Δu − u Σ_k ∂_k u, on [0, 2π)^d.</summary>
    public static Equation Burgers(double viscosity, int dimension) => new(Core.EquationModule.burgers(viscosity, dimension));

    /// <summary>u_t = ε Δu + u − u³, on [0, 2π)^d.</summary>
    public static Equation AllenCahn(double diffusivity, int dimension) =>
        new(Core.EquationModule.allenCahn(diffusivity, dimension));

    /// <summary>u_t = −6 u u_x − u_xxx, on [−20, 40).</summary>
    public static Equation KortewegDeVries { get; } = new(Core.EquationModule.kortewegDeVries);

    /// <summary>u_t = −u u_x − u_xx − u_xxxx, on [0, 32π).</summary>
    public static Equation KuramotoSivashinsky { get; } = new(Core.EquationModule.kuramotoSivashinsky);

    /// <summary>u_t = κ Δu + r u (1 − u), on [0, 2π)^d.</summary>
    public static Equation FisherKpp(double diffusivity, double rate, int dimension) =>
        new(Core.EquationModule.fisherKpp(diffusivity, rate, dimension));

    /// <summary>
    /// The density ρ of dX = b(t, X) dt + √(2κ) dW in ℝ^d: ρ_t = −∇·(b ρ) + κ Δρ, from the drift b, (t, X (N × d)) ↦ N × d, and its
    /// divergence, (t, X) ↦ N.
    /// </summary>
    /// <example><code>
    /// var relaxing = Equation.FokkerPlanckDensity(1.0, (t, x) => -x, (t, x) => torch.full_like(x.squeeze(1), -1.0), dimension: 1);
    /// </code></example>
    public static Equation FokkerPlanckDensity(
        double diffusivity, Func<double, Tensor, Tensor> drift, Func<double, Tensor, Tensor> divergence, int dimension) =>
        new(Core.EquationModule.fokkerPlanckDensity(diffusivity, Bridge.Function(drift), Bridge.Function(divergence), dimension));

    /// <summary>The energy u = −log ρ of the same diffusion: u_t = κ Δu − κ |∇u|² − b·∇u + ∇·b.</summary>
    public static Equation FokkerPlanckEnergy(
        double diffusivity, Func<double, Tensor, Tensor> drift, Func<double, Tensor, Tensor> divergence, int dimension) =>
        new(Core.EquationModule.fokkerPlanckEnergy(diffusivity, Bridge.Function(drift), Bridge.Function(divergence), dimension));

    /// <summary>u_t = κ Δu − ½ |∇u|² − V(x), with the potential V: X (N × d) ↦ N.</summary>
    public static Equation HamiltonJacobi(double diffusivity, Func<Tensor, Tensor> potential, int dimension) =>
        new(Core.EquationModule.hamiltonJacobi(diffusivity, Bridge.Function(potential), dimension));

    /// <summary>The wave equation w_tt = c² Δw as a system of w and its velocity v, on [0, 2π)^d.</summary>
    /// <example><code>
    /// var wave = Equation.Wave(speed: 1.0, dimension: 1);
    /// var network = Network.Create(wave.Domain, Layer.Harmonics(2), Layer.Dense(32, Activation.Sine), Layer.Outputs(2));
    /// </code></example>
    public static Equation Wave(double speed, int dimension) => new(Core.EquationModule.wave(speed, dimension));

    /// <summary>
    /// i ψ_t = −½ Δψ + V ψ + g |ψ|² ψ with ψ = a + i b as a system of (a, b), on [−8, 8)^d; V: (t, X (N × d)) ↦ N. With g ≠ 0 the
    /// equation of Gross and Pitaevskii.
    /// </summary>
    public static Equation Schroedinger(Func<double, Tensor, Tensor> potential, double interaction, int dimension) =>
        new(Core.EquationModule.schroedinger(Bridge.Function(potential), interaction, dimension));

    /// <summary>u_t = D_u Δu − u v² + F (1 − u), v_t = D_v Δv + u v² − (F + k) v, on [0, 2.5)^d.</summary>
    public static Equation GrayScott((double U, double V) diffusion, double feed, double removal, int dimension) =>
        new(Core.EquationModule.grayScott(diffusion.U, diffusion.V, feed, removal, dimension));

    /// <summary>Name and equation.</summary>
    public override string ToString() => inner.ToString();
}
