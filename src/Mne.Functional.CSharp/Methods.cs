using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>
/// An explicit embedded Runge–Kutta pair whose last stage is the first of the next step. <see cref="Method"/> steps by one.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Tableau
{
    internal Tableau(Core.Tableau inner) => Inner = inner;

    /// <summary>A pair of one's own.</summary>
    /// <param name="name">The usual name.</param>
    /// <param name="order">The order of the solution that is carried on.</param>
    /// <param name="embeddedOrder">The order of the solution that it is compared with.</param>
    /// <param name="nodes">c_i, where in the step each stage lies.</param>
    /// <param name="coupling">a_ij, row by row; the last row holds the weights b.</param>
    /// <param name="error">b_i − b̂_i: weights of the error estimate.</param>
    /// <param name="dense">d_i: weights of the quartic correction of the dense output; zeros leave Hermite's cubic.</param>
    /// <example><code>
    /// // Bogacki and Shampine's pair of order 3(2)
    /// var pair = new Tableau(
    ///     "Bogacki–Shampine 3(2)", order: 3, embeddedOrder: 2,
    ///     nodes: [0.0, 1.0 / 2, 3.0 / 4, 1.0],
    ///     coupling: [[], [1.0 / 2], [0.0, 3.0 / 4], [2.0 / 9, 1.0 / 3, 4.0 / 9]],
    ///     error: [-5.0 / 72, 1.0 / 12, 1.0 / 9, -1.0 / 8],
    ///     dense: [0.0, 0.0, 0.0, 0.0]);
    /// </code></example>
    public Tableau(
        string name, int order, int embeddedOrder, double[] nodes, double[][] coupling, double[] error, double[] dense) =>
        Inner = new(
            Bridge.Wanted(name), order, embeddedOrder, [.. Bridge.Wanted(nodes)],
            [.. Bridge.All(coupling).Select(row => row.ToArray())], [.. Bridge.Wanted(error)], [.. Bridge.Wanted(dense)]);

    internal Core.Tableau Inner { get; }

    /// <summary>The usual name.</summary>
    public string Name => Inner.Name;

    /// <summary>The order of the solution that is carried on.</summary>
    public int Order => Inner.Order;

    /// <summary>The order of the solution that it is compared with.</summary>
    public int EmbeddedOrder => Inner.EmbeddedOrder;

    /// <summary>c_i, where in the step each stage lies.</summary>
    public IReadOnlyList<double> Nodes => Array.AsReadOnly(Inner.Nodes);

    /// <summary>a_ij, row by row; the last row holds the weights b.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Coupling => [.. Inner.Coupling.Select(Array.AsReadOnly)];

    /// <summary>b_i − b̂_i: weights of the error estimate.</summary>
    public IReadOnlyList<double> Error => Array.AsReadOnly(Inner.Error);

    /// <summary>d_i: weights of the quartic correction of the dense output; zeros leave Hermite's cubic.</summary>
    public IReadOnlyList<double> Dense => Array.AsReadOnly(Inner.Dense);

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>How steps are made. Methods of equal tableaus are equal values.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed record Method
{
    internal Method(Core.Method inner) => Inner = inner;

    internal Core.Method Inner { get; }

    /// <summary>The usual name.</summary>
    public string Name => Inner.Name;

    /// <summary>The order of the solution that is carried on.</summary>
    public int Order => Inner.Order;

    /// <summary>The order of the solution that it is compared with.</summary>
    public int EmbeddedOrder => Inner.EmbeddedOrder;

    /// <summary>The Runge–Kutta pair that it steps by; null for a method of one's own.</summary>
    public Tableau? Tableau => Inner.Tableau is null ? null : new(Inner.Tableau.Value);

    /// <summary>Dormand and Prince's pair of order 5(4).</summary>
    public static Method DormandPrince54 { get; } = new(Core.MethodModule.dormandPrince54);

    /// <summary>
    /// The Runge–Kutta–Chebyshev method of order 2 with s stages: stable for negative real eigenvalues down to −0.65 (s² − 1) / h, for runs
    /// whose steps are limited by diffusion rather than accuracy.
    /// </summary>
    /// <example><code>var diffusive = new EvolutionOptions { Method = Method.Chebyshev(8), Tolerance = 1e-4 };</code></example>
    /// <exception cref="ArgumentException">Fewer than 3 stages.</exception>
    public static Method Chebyshev(int stages) => new(Core.MethodModule.chebyshev(stages));

    /// <summary>
    /// Runge–Kutta–Chebyshev of order 2 with as many stages as each step needs to be stable, from an estimate of the largest eigenvalue: what
    /// <see cref="Chebyshev"/> is with a fixed number of them. The default of samplers.
    /// </summary>
    /// <example><code>var diffusive = new EvolutionOptions { Method = Method.Stabilised, Tolerance = 1e-4 };</code></example>
    public static Method Stabilised { get; } = new(Core.MethodModule.stabilised);

    /// <summary>
    /// Dormand and Prince's pair where accuracy limits its steps, and <see cref="Stabilised"/> where stability does, as diffusion makes it do: found out
    /// by the stages themselves, and changed on the way as often as it pays. The default of evolutions.
    /// </summary>
    /// <example><code>var whatever = new EvolutionOptions { Method = Method.Automatic };</code></example>
    public static Method Automatic { get; } = new(Core.MethodModule.automatic);

    /// <summary>The method of a Runge–Kutta pair.</summary>
    /// <exception cref="ArgumentException">The parts of the tableau do not fit together.</exception>
    public static Method OfTableau(Tableau tableau) => new(Core.MethodModule.ofTableau(Bridge.Wanted(tableau).Inner));

    /// <summary>A method of one's own for y' = f(t, y), explicit or implicit; its functions are pure.</summary>
    /// <param name="name">What it is called, also in files, which keep no functions.</param>
    /// <param name="order">The order of the solution that is carried on.</param>
    /// <param name="embeddedOrder">The order of its error estimate less one: estimates go with the step size to this power plus one.</param>
    /// <param name="step">One step: (f, t, y, h, memory) ↦ proposal. h is negative when time runs backwards.</param>
    /// <param name="start">
    /// The memory with which a piece begins: (f, t, y, f(t, y), the memory at the end of the piece before, empty at first) ↦ memory; null for
    /// f(t, y) alone.
    /// </param>
    /// <example><code>
    /// // Euler's method, without an estimate of its error: to go with steps of one size
    /// var euler = Method.Create("Euler", order: 1, embeddedOrder: 1, (f, t, y, h, memory) =>
    /// {
    ///     var next = y + h * memory[0];
    ///     var slope = f(t + h, next);
    ///     return new(next, 0.0 * y, Segment.Hermite(t, h, y, memory[0], next, slope), [slope]);
    /// });
    /// var options = new EvolutionOptions { Method = euler, Controller = Controller.Constant(0.01) };
    /// </code></example>
    public static Method Create(
        string name,
        int order,
        int embeddedOrder,
        Func<Func<double, Tensor, Tensor>, double, Tensor, double, IReadOnlyList<Tensor>, Proposal> step,
        Func<Func<double, Tensor, Tensor>, double, Tensor, Tensor, IReadOnlyList<Tensor>, IReadOnlyList<Tensor>>? start = null)
    {
        Bridge.Wanted(step);
        start ??= (_, _, _, slope, _) => [slope];
        return new(new Core.Method(
            Bridge.Wanted(name), order, embeddedOrder, FSharpOption<Core.Tableau>.None,
            FuncConvert.FromFunc<FSharpFunc<double, FSharpFunc<Tensor, Tensor>>, double, Tensor, Tensor, FSharpList<Tensor>, FSharpList<Tensor>>(
                (f, t, y, slope, before) => Bridge.List(start(Bridge.OfFunction(f), t, y, slope, [.. before]))),
            FuncConvert.FromFunc<FSharpFunc<double, FSharpFunc<Tensor, Tensor>>, double, Tensor, double, FSharpList<Tensor>, Core.Proposal>(
                (f, t, y, h, memory) => Bridge.Answered(step(Bridge.OfFunction(f), t, y, h, [.. memory]), nameof(step)).ToCore(embeddedOrder + 1))));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>
/// Chooses step sizes from error estimates: a proportional–integral controller, steps of one size, or a rule of one's own.
/// </summary>
/// <example><code>var careful = new EvolutionOptions { Controller = new Controller { Safety = 0.8 } };</code></example>
public sealed record Controller
{
    private static Core.Gains Default => Core.ControllerModule.gains;

    /// <summary>One that is not proportional–integral, for which the gains mean nothing.</summary>
    private Core.Controller? Other { get; init; }

    /// <summary>Aim at this fraction of the step that the error would just allow. Default 0.9.</summary>
    public double Safety { get; init; } = Default.Safety;

    /// <summary>β: weight of the previous error; 0 is the elementary controller. Default 0.04.</summary>
    public double Integral { get; init; } = Default.Integral;

    /// <summary>A step is never shrunk below this factor at once. Default 0.2.</summary>
    public double Shrink { get; init; } = Default.Shrink;

    /// <summary>A step never grows by more than this factor at once. Default 5.</summary>
    public double Growth { get; init; } = Default.Growth;

    /// <summary>Steps of one size, whatever their error. A step that cannot be made ends the run.</summary>
    /// <exception cref="ArgumentException">The size is not positive.</exception>
    public static Controller Constant(double step) => OfCore(Core.ControllerModule.constant(step));

    /// <summary>A controller of one's own. It may ask another one for its decision (<see cref="Adapt"/>).</summary>
    /// <param name="name">What it is called, also in files, which keep no functions.</param>
    /// <param name="adapt">(attempt, memory) ↦ decision; pure.</param>
    /// <param name="first">The size of the first step; null lets the program choose.</param>
    /// <param name="memory">The memory at first; null for none.</param>
    /// <exception cref="ArgumentException">The first step is not a finite number greater than 0.</exception>
    /// <example><code>
    /// // Steps by the error, but no longer than the method is stable
    /// var usual = new Controller();
    /// var stable = Controller.Create("stable", (attempt, memory) =>
    /// {
    ///     var decision = usual.Adapt(attempt, memory);
    ///     return decision with { Step = Math.Min(decision.Step, 0.02) };
    /// });
    /// </code></example>
    public static Controller Create(
        string name,
        Func<Attempt, IReadOnlyList<double>, Decision> adapt,
        double? first = null,
        IReadOnlyList<double>? memory = null)
    {
        Bridge.Wanted(adapt);
        if (first is { } size)
            Core.Guard.positive(nameof(first), size);
        return OfCore(new(
            Bridge.Wanted(name), FSharpOption<Core.Gains>.None, Bridge.Option(first), Bridge.List(memory ?? []),
            Bridge.Function<Core.Attempt, FSharpList<double>, Core.Decision>(
                (attempt, known) => Bridge.Answered(adapt(Attempt.OfCore(attempt), [.. known]), nameof(adapt)).ToCore())));
    }

    /// <summary>What it makes of an attempt.</summary>
    /// <param name="attempt">A step that was tried.</param>
    /// <param name="memory">Its memory; empty at first.</param>
    public Decision Adapt(Attempt attempt, IReadOnlyList<double> memory) =>
        Decision.OfCore(ToCore().Adapt.Invoke(Bridge.Wanted(attempt).ToCore()).Invoke(Bridge.List(memory)));

    internal Core.Controller ToCore() => Other ?? Core.ControllerModule.ofGains(new(Safety, Integral, Shrink, Growth));

    internal static Controller OfCore(Core.Controller controller) =>
        controller.Gains is null
            ? new() { Other = controller }
            : new()
            {
                Safety = controller.Gains.Value.Safety,
                Integral = controller.Gains.Value.Integral,
                Shrink = controller.Gains.Value.Shrink,
                Growth = controller.Gains.Value.Growth,
            };
}
