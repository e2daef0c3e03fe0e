namespace Mne.Functional.CSharp;

/// <summary>
/// An explicit embedded Runge–Kutta pair whose last stage is the first of the next step. <see cref="Stepper"/> has the usual ones.
/// </summary>
public sealed record Tableau
{
    /// <summary>The usual name.</summary>
    public required string Name { get; init; }

    /// <summary>The order of the solution that is carried on.</summary>
    public required int Order { get; init; }

    /// <summary>The order of the solution that it is compared with.</summary>
    public required int EmbeddedOrder { get; init; }

    /// <summary>c_i, where in the step each stage lies.</summary>
    public required double[] Nodes { get; init; }

    /// <summary>a_ij, row by row; the last row holds the weights b.</summary>
    public required double[][] Coupling { get; init; }

    /// <summary>b_i − b̂_i: weights of the error estimate.</summary>
    public required double[] Error { get; init; }

    /// <summary>d_i: weights of the quartic correction of the dense output; zeros leave Hermite's cubic.</summary>
    public required double[] Dense { get; init; }

    internal Core.Tableau ToCore() => new(Name, Order, EmbeddedOrder, Nodes, Coupling, Error, Dense);

    internal static Tableau OfCore(Core.Tableau tableau) => new()
    {
        Name = tableau.Name,
        Order = tableau.Order,
        EmbeddedOrder = tableau.EmbeddedOrder,
        Nodes = tableau.Nodes,
        Coupling = tableau.Coupling,
        Error = tableau.Error,
        Dense = tableau.Dense,
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Runge–Kutta methods.</summary>
public static class Stepper
{
    /// <summary>Dormand and Prince's pair of order 5(4): the default of evolutions.</summary>
    public static Tableau DormandPrince54 { get; } = Tableau.OfCore(Core.Stepper.dormandPrince54);

    /// <summary>
    /// The Runge–Kutta–Chebyshev method of order 2 with s stages: stable for negative real eigenvalues down to −0.65 (s² − 1) / h, for runs
    /// whose steps are limited by diffusion rather than accuracy.
    /// </summary>
    /// <example><code>var diffusive = new EvolutionOptions { Tableau = Stepper.Chebyshev(8), Tolerance = 1e-4 };</code></example>
    /// <exception cref="ArgumentException">Fewer than 3 stages.</exception>
    public static Tableau Chebyshev(int stages) => Tableau.OfCore(Core.Stepper.chebyshev(stages));
}

/// <summary>Chooses step sizes from error estimates: a proportional–integral controller.</summary>
/// <example><code>var careful = new EvolutionOptions { Controller = new Controller { Safety = 0.8 } };</code></example>
public sealed record Controller
{
    private static Core.Controller Default => Core.ControllerModule.proportionalIntegral;

    /// <summary>Aim at this fraction of the step that the error would just allow. Default 0.9.</summary>
    public double Safety { get; init; } = Default.Safety;

    /// <summary>β: weight of the previous error; 0 is the elementary controller. Default 0.04.</summary>
    public double Integral { get; init; } = Default.Integral;

    /// <summary>A step is never shrunk below this factor at once. Default 0.2.</summary>
    public double Shrink { get; init; } = Default.Shrink;

    /// <summary>A step never grows by more than this factor at once. Default 5.</summary>
    public double Growth { get; init; } = Default.Growth;

    internal Core.Controller ToCore() => new(Safety, Integral, Shrink, Growth);
}
