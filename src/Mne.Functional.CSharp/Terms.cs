using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>A local derivative of u. Axes count from 0.</summary>
public sealed class Derivative
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
}

/// <summary>What a right-hand side can see: time, points, and u with its derivatives there.</summary>
public sealed class Local
{
    private readonly Core.Local inner;

    internal Local(Core.Local inner) => this.inner = inner;

    /// <summary>t.</summary>
    public double Time => inner.Time;

    /// <summary>X (N × d).</summary>
    public Tensor Points => inner.Points;

    /// <summary>u at the points (N).</summary>
    public Tensor Value => Core.JetModule.value(inner.Jet);

    /// <summary>∇u at the points (N × d); ask for every first derivative.</summary>
    public Tensor Gradient => Core.JetModule.gradient(inner.Jet);

    /// <summary>A derivative that was asked for, at the points (N).</summary>
    public Tensor this[Derivative derivative] => Core.JetModule.get(derivative.Inner, inner.Jet);
}

/// <summary>
/// A right-hand side A_t u of ∂_t u = A_t u, composed from derivatives of u, numbers, and functions of (t, x), with the usual
/// operators.
/// </summary>
/// <example><code>
/// var allenCahn = 5e-3 * Term.Laplacian + Term.Value - Term.Value.Pow(3);
/// Console.WriteLine(allenCahn);    // 0.005 Δu + u − u³
/// </code></example>
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
        new(Core.TermModule.known(name, Bridge.Function(function)));

    /// <summary>b·∇u with a known velocity, (t, X (N × d)) ↦ (N × d).</summary>
    /// <example><code>var shift = -Term.Transport("b", (t, x) => torch.ones_like(x));</code></example>
    public static Term Transport(string name, Func<double, Tensor, Tensor> velocity) =>
        new(Core.TermModule.transport(name, Bridge.Function(velocity)));

    /// <summary>Anything that can be computed from the local values; it lists the derivatives that it reads.</summary>
    /// <example><code>
    /// var slope = Term.Custom("√(1 + u_x²)", [Derivative.Partial(0)], here => (1.0 + here[Derivative.Partial(0)].square()).sqrt());
    /// </code></example>
    public static Term Custom(string name, IEnumerable<Derivative> needs, Func<Local, Tensor> function) =>
        new(Core.TermModule.custom(
            name,
            Bridge.List(needs.Select(d => d.Inner)),
            Bridge.Function<Core.Local, Tensor>(local => function(new Local(local)))));

    /// <summary>This term to a whole power.</summary>
    /// <exception cref="ArgumentException">The power is negative.</exception>
    public Term Pow(int exponent) => new(Core.TermModule.pown(exponent, Inner));

    /// <summary>A function of the values of this term at every point, (N) ↦ (N).</summary>
    /// <example><code>var growth = Term.Value.Map("exp", u => u.exp());</code></example>
    public Term Map(string name, Func<Tensor, Tensor> function) =>
        new(Core.TermModule.map(name, Bridge.Function(function), Inner));

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

    /// <summary>Name and equation.</summary>
    public override string ToString() => inner.ToString();
}
