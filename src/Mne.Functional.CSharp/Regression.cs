namespace Mne.Functional.CSharp;

/// <summary>How to fit a network to a function.</summary>
/// <example><code>var careful = new RegressionOptions { Steps = 400 };</code></example>
public sealed record RegressionOptions
{
    private static Core.RegressionOptions Defaults => Core.Regression.defaults;

    /// <summary>Steps at most. Default 200.</summary>
    public int Steps { get; init; } = Defaults.Steps;

    /// <summary>The fit ends once the relative error falls below this. Default 1e-9.</summary>
    public double Tolerance { get; init; } = Defaults.Tolerance;

    /// <summary>Errors are relative to the spread of the function, or to this where it is larger. Default 0.</summary>
    public double SmallestScale { get; init; } = Defaults.SmallestScale;

    /// <summary>How much of the step before each step begins with, at points that are drawn anew: 0 to below 1. Default 0.95.</summary>
    public double Momentum { get; init; } = Defaults.Momentum;

    /// <summary>λ at the first and at the last step. Default 1e-2 and 1e-12.</summary>
    public (double First, double Last) Regularisation { get; init; } =
        Defaults.Regularisation.ToValueTuple();

    /// <summary>How the minimal-norm problem is restricted (points that are drawn). Default <see cref="Sketch.Exact"/>.</summary>
    public Sketch Sketch { get; init; } = new(Defaults.Sketch);

    internal Core.RegressionOptions ToCore() => new(
        steps: Steps,
        tolerance: Tolerance,
        smallestScale: SmallestScale,
        momentum: Momentum,
        regularisation: Regularisation.ToTuple(),
        sketch: Bridge.Wanted(Sketch).Inner);

    internal static RegressionOptions OfCore(Core.RegressionOptions options) => new()
    {
        Steps = options.Steps,
        Tolerance = options.Tolerance,
        SmallestScale = options.SmallestScale,
        Momentum = options.Momentum,
        Regularisation = options.Regularisation.ToValueTuple(),
        Sketch = new(options.Sketch),
    };
}

/// <summary>Fits a network to a function.</summary>
public static class Regression
{
    /// <summary>
    /// Parameters θ (p) with which the network comes close to g at the points; g maps points (N × d) to values: N, or N × m for a network
    /// of m components. Given points are fitted by Levenberg and Marquardt's method; points that are drawn are drawn anew at every step of
    /// a natural gradient, which is the right choice in more than two dimensions.
    /// </summary>
    /// <example><code>
    /// var θ = Regression.Fit(network, x => x.squeeze(1).sin(), Collocation.Grid(circle, 128));
    /// </code></example>
    /// <exception cref="ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Tensor Fit(
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.Regression.fit(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner));

    /// <summary>As <see cref="Fit"/>, from given parameters instead of those of the seed; precision and device are theirs.</summary>
    public static Tensor FitFrom(
        Tensor start,
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.Regression.fitFrom(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner, Bridge.Wanted(start)));
}
