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

    /// <summary>Errors of each component are relative to its spread, or to this where it is larger. Default 0.</summary>
    public double SmallestScale { get; init; } = Defaults.SmallestScale;

    /// <summary>How much of the step before each step begins with, at points that are drawn anew: 0 to below 1. Default 0.95.</summary>
    public double Momentum { get; init; } = Defaults.Momentum;

    /// <summary>λ at the first and at the last step. Default 1e-2 and 1e-12.</summary>
    public (double First, double Last) Regularisation { get; init; } =
        Defaults.Regularisation.ToValueTuple();

    /// <summary>How the minimal-norm problem is restricted (points that are drawn). Default <see cref="Sketch.Exact"/>.</summary>
    public Sketch Sketch { get; init; } = new(Defaults.Sketch);

    /// <summary>Writes the state of the fit to a file while it lasts. Default null: nothing is written.</summary>
    public Checkpoint? Checkpoint { get; init; }

    internal Core.RegressionOptions ToCore() => new(
        steps: Steps,
        tolerance: Tolerance,
        smallestScale: SmallestScale,
        momentum: Momentum,
        regularisation: Regularisation.ToTuple(),
        sketch: Bridge.Wanted(Sketch).Inner,
        checkpoint: Checkpoint?.ToCoreFit() ?? Defaults.Checkpoint);

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

/// <summary>
/// What a fit has reached: the parameters, and how far u is from the function. Errors are root-mean-square errors of each component,
/// relative to its spread (its size, where it is constant) or to <see cref="RegressionOptions.SmallestScale"/> where that is larger,
/// averaged over the components. It owns a tensor.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Fitted : IDisposable
{
    internal Fitted(Core.Fitted inner) => Inner = inner;

    internal Core.Fitted Inner { get; }

    /// <summary>θ (p).</summary>
    public Tensor Parameters => Inner.Parameters;

    /// <summary>
    /// The error at points that the fit has not seen: new ones of the recipe, or points between the given ones. NaN where the function
    /// has no values there.
    /// </summary>
    public double Error => Inner.Error;

    /// <summary>The error at the points themselves; of points that are drawn, at those of the last step, before it.</summary>
    public double ErrorAtPoints => Inner.ErrorAtPoints;

    /// <summary>Steps taken, rejected ones among them.</summary>
    public int Steps => Inner.Steps;

    /// <summary>Whether the tolerance was reached at the points, and ten times the tolerance at points that the fit has not seen.</summary>
    public bool Met => Inner.Met;

    /// <summary>One sentence: how good the fit is, and what to do where it is not.</summary>
    public string Advice => Inner.Advice;

    /// <inheritdoc/>
    public override string ToString() => Advice;

    /// <summary>Frees θ.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>Thrown by <see cref="Regression.Fit"/> where the fit is not of the function that was given.</summary>
public sealed class FitFailedException : Exception
{
    internal FitFailedException(double error, string advice, Exception inner) : base(advice, inner) => Error = error;

    /// <summary>The error that was reached, at points that the fit has not seen.</summary>
    public double Error { get; }
}

/// <summary>Fits a network to a function.</summary>
public static class Regression
{
    /// <summary>
    /// As <see cref="Fit"/>, but returns what was reached, however good: the parameters, and their error at points that the fit has not
    /// seen.
    /// </summary>
    /// <example><code>
    /// using var fitted = Regression.TryFit(network, x => x.squeeze(1).sin(), Collocation.Grid(circle, 128));
    /// Console.WriteLine($"{fitted.Error:E1} between the points. {fitted.Advice}");
    /// </code></example>
    /// <exception cref="ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Fitted TryFit(
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.Regression.tryFit(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner)));

    /// <summary>As <see cref="TryFit"/>, from given parameters instead of those of the seed; precision and device are theirs.</summary>
    public static Fitted TryFitFrom(
        Tensor start,
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.Regression.tryFitFrom(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner, Bridge.Wanted(start))));

    /// <summary>
    /// Parameters θ (p) with which the network comes close to g at the points; g maps points (N × d) to values: N, or N × m for a network
    /// of m components. Given points are fitted by Levenberg and Marquardt's method; points that are drawn are drawn anew at every step of
    /// a natural gradient, which is the right choice in more than two dimensions. Unit and origin of g do not matter: each component is
    /// fitted in a unit of its own, which is folded into the last layer.
    /// </summary>
    /// <example><code>
    /// var θ = Regression.Fit(network, x => x.squeeze(1).sin(), Collocation.Grid(circle, 128));
    /// </code></example>
    /// <exception cref="FitFailedException">The error at points that the fit has not seen is above 5 % and above 100 times the tolerance; the message says what to do.</exception>
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

    /// <summary>
    /// As <see cref="Resume"/>, but returns what was reached, however good; see <see cref="TryFit"/>.
    /// </summary>
    /// <param name="path">The file of the checkpoint.</param>
    /// <param name="network">As before.</param>
    /// <param name="g">The function, as before.</param>
    /// <param name="points">Where to fit, as before.</param>
    /// <param name="options">As before; null for the defaults.</param>
    /// <param name="run">As before; null for the default.</param>
    /// <param name="progress">Is told after every step.</param>
    /// <param name="cancellationToken">Ends the fit.</param>
    /// <exception cref="ArgumentException">The checkpoint is of another fit.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Fitted TryResume(
        string path,
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.Regression.tryResume(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner,
            Core.Checkpoint.readFit(Bridge.Wanted(path)))));

    /// <summary>
    /// Goes on with a fit from a checkpoint (see <see cref="RegressionOptions.Checkpoint"/>): with network, function, points, options and run of
    /// the first one, to the bits that it would have had without the interruption.
    /// </summary>
    /// <example><code>
    /// // "fit.h5" is what a Checkpoint in the options has left.
    /// Func&lt;Tensor&gt; goOn = () =&gt; Regression.Resume("fit.h5", network, x =&gt; x.squeeze(1).sin(), Collocation.Grid(circle, 128));
    /// </code></example>
    /// <param name="path">The file of the checkpoint.</param>
    /// <param name="network">As before.</param>
    /// <param name="g">The function, as before.</param>
    /// <param name="points">Where to fit, as before.</param>
    /// <param name="options">As before; null for the defaults.</param>
    /// <param name="run">As before; null for the default.</param>
    /// <param name="progress">Is told after every step.</param>
    /// <param name="cancellationToken">Ends the fit.</param>
    /// <exception cref="FitFailedException">As <see cref="Fit"/>.</exception>
    /// <exception cref="ArgumentException">The checkpoint is of another fit.</exception>
    /// <exception cref="DamagedFileException">It is not, byte for byte, what was written.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Tensor Resume(
        string path,
        Network network,
        Func<Tensor, Tensor> g,
        Collocation points,
        RegressionOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Bridge.Result(() => Core.Regression.resume(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(),
            Bridge.Wanted(network).Inner, Bridge.Function(g), Bridge.Wanted(points).Inner,
            Core.Checkpoint.readFit(Bridge.Wanted(path))));
}
