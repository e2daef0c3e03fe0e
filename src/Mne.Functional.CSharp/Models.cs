namespace Mne.Functional.CSharp;

/// <summary>A quantity that a model infers: its name, and what values it may have.</summary>
/// <example><code>
/// Parameter[] parameters = [Parameter.Real("mu"), Parameter.Positive("tau"), Parameter.Vector(8, "theta"), Parameter.Positive("sigma").Repeated(8)];
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Parameter
{
    internal Parameter(Core.Parameter inner) => Inner = inner;

    internal Core.Parameter Inner { get; }

    /// <summary>As formulas and tables call it, such as <c>"tau"</c>.</summary>
    public string Name => Inner.Name;

    /// <summary>What values it may have, and how ℝⁿ is brought there.</summary>
    public Bijector Bijector => new(Inner.Bijector);

    /// <summary>A quantity with any constraint.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static Parameter Create(Bijector bijector, string name) =>
        new(Core.ParameterModule.create(Bridge.Wanted(bijector).Inner, Bridge.Wanted(name)));

    /// <summary>Any number.</summary>
    public static Parameter Real(string name) => new(Core.ParameterModule.real(Bridge.Wanted(name)));

    /// <summary>A number greater than 0.</summary>
    public static Parameter Positive(string name) => new(Core.ParameterModule.positive(Bridge.Wanted(name)));

    /// <summary>A number greater than a bound.</summary>
    public static Parameter Lower(double bound, string name) => new(Core.ParameterModule.lower(bound, Bridge.Wanted(name)));

    /// <summary>A number less than a bound.</summary>
    public static Parameter Upper(double bound, string name) => new(Core.ParameterModule.upper(bound, Bridge.Wanted(name)));

    /// <summary>A number between two bounds.</summary>
    public static Parameter Interval(double lowest, double highest, string name) =>
        new(Core.ParameterModule.interval(lowest, highest, Bridge.Wanted(name)));

    /// <summary>A number between 0 and 1.</summary>
    public static Parameter Unit(string name) => new(Core.ParameterModule.unit(Bridge.Wanted(name)));

    /// <summary>A point on the circle, as an angle from −π to π.</summary>
    public static Parameter Angle(string name) => new(Core.ParameterModule.angle(Bridge.Wanted(name)));

    /// <summary>n numbers.</summary>
    public static Parameter Vector(int n, string name) => new(Core.ParameterModule.vector(n, Bridge.Wanted(name)));

    /// <summary>A matrix of numbers.</summary>
    public static Parameter Matrix(int rows, int columns, string name) =>
        new(Core.ParameterModule.matrix(rows, columns, Bridge.Wanted(name)));

    /// <summary>A direction: n numbers with the sum of squares 1.</summary>
    public static Parameter UnitVector(int n, string name) => new(Core.ParameterModule.unitVector(n, Bridge.Wanted(name)));

    /// <summary>n numbers in ascending order.</summary>
    public static Parameter Ordered(int n, string name) => new(Core.ParameterModule.ordered(n, Bridge.Wanted(name)));

    /// <summary>n positive numbers in ascending order.</summary>
    public static Parameter PositiveOrdered(int n, string name) => new(Core.ParameterModule.positiveOrdered(n, Bridge.Wanted(name)));

    /// <summary>n positive numbers that sum to 1.</summary>
    public static Parameter Simplex(int n, string name) => new(Core.ParameterModule.simplex(n, Bridge.Wanted(name)));

    /// <summary>A correlation matrix, n × n.</summary>
    public static Parameter Correlation(int n, string name) => new(Core.ParameterModule.correlation(n, Bridge.Wanted(name)));

    /// <summary>The Cholesky factor of a correlation matrix, n × n.</summary>
    public static Parameter CorrelationCholesky(int n, string name) =>
        new(Core.ParameterModule.correlationCholesky(n, Bridge.Wanted(name)));

    /// <summary>A covariance matrix, n × n.</summary>
    public static Parameter Covariance(int n, string name) => new(Core.ParameterModule.covariance(n, Bridge.Wanted(name)));

    /// <summary>The Cholesky factor of a covariance matrix, n × n.</summary>
    public static Parameter CovarianceCholesky(int n, string name) =>
        new(Core.ParameterModule.covarianceCholesky(n, Bridge.Wanted(name)));

    /// <summary>A vector, matrix or longer array of quantities of this kind, under its name.</summary>
    /// <example><code>var sigma = Parameter.Positive("sigma").Repeated(8);</code></example>
    /// <exception cref="ArgumentException">There is no length, or one below 1.</exception>
    public Parameter Repeated(params int[] shape) => new(Core.ParameterModule.repeated(Bridge.List(shape), Inner));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>
/// What a model's formula is given: a tensor for every quantity by its name, for M points at once. A number is a column (M × 1), a vector of n
/// numbers M × n, a matrix M × n × m, so that numbers and vectors meet data (n) in formulas as M × n.
/// </summary>
public sealed class ParameterValues
{
    internal ParameterValues(Core.ParameterValues inner) => Inner = inner;

    private Core.ParameterValues Inner { get; }

    /// <summary>The values of the quantity of that name (M × its shape; M × 1 for a number).</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public Tensor this[string name] => Inner[Bridge.Wanted(name)];

    /// <summary>The names, in the order of the alphabet.</summary>
    public IReadOnlyList<string> Names => [.. Inner.Names];
}

/// <summary>
/// What is to be inferred and how it is related to what was observed: parameters with names and constraints, and the logarithm of their density,
/// which is prior times likelihood. With it go quantities that are functions of parameters.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Model
{
    internal Model(Core.Model inner) => Inner = inner;

    internal Core.Model Inner { get; }

    /// <summary>
    /// A model. The log-density is a list of terms, of priors and of likelihoods, each a tensor with a row for every point (M × whatever): all
    /// their elements are summed. In the formula a number is a column (M × 1), so that it meets vectors and data as it should.
    /// </summary>
    /// <param name="parameters">What is inferred; one at least.</param>
    /// <param name="logDensity">Their values at M points ↦ terms of the logarithm of prior times likelihood.</param>
    /// <exception cref="ArgumentException">There are no parameters, or two have one name.</exception>
    /// <example><code>
    /// var effects = Tensors.Vector([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0]);
    /// var errors = Tensors.Vector([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0]);
    /// var schools = Model.Create(
    ///     [Parameter.Real("mu"), Parameter.Positive("tau"), Parameter.Vector(8, "eta")],
    ///     p =>
    ///     [
    ///         Distribution.Normal(p["mu"], 0.0, 5.0),
    ///         Distribution.HalfCauchy(p["tau"], 5.0),
    ///         Distribution.Normal(p["eta"], 0.0, 1.0),
    ///         Distribution.Normal(effects, p["mu"].Plus(p["tau"] * p["eta"]), errors),
    ///     ]);
    /// Console.WriteLine(schools);
    /// </code></example>
    public static Model Create(IEnumerable<Parameter> parameters, Func<ParameterValues, IEnumerable<Tensor>> logDensity)
    {
        Bridge.Wanted(logDensity);
        return new(Core.ModelModule.create(
            Bridge.List(parameters, parameter => parameter.Inner),
            Bridge.Function<Core.ParameterValues, Microsoft.FSharp.Collections.FSharpList<Tensor>>(
                values => Bridge.List(Bridge.Answered(logDensity(new(values)), nameof(logDensity)), nameof(logDensity)), nameof(logDensity))));
    }

    /// <summary>
    /// The model with one more quantity that is a function of those before: it comes with the draws, and may be anything with a row for every
    /// point, such as predictions, or the log-likelihood of each observation.
    /// </summary>
    /// <param name="name">As tables call it.</param>
    /// <param name="formula">Parameters and earlier derived quantities at M points ↦ its values (M × its shape; M or M × 1 for a number).</param>
    /// <example><code>
    /// var model = Model.Create([Parameter.Positive("sigma")], p => [Distribution.HalfNormal(p["sigma"], 1.0)]);
    /// var variance = model.Derived("variance", p => p["sigma"].Square());
    /// </code></example>
    /// <exception cref="ArgumentException">The name is empty or taken.</exception>
    public Model Derived(string name, Func<ParameterValues, Tensor> formula)
    {
        Bridge.Wanted(formula);
        return new(Core.ModelModule.derived(
            Bridge.Wanted(name), Bridge.Function<Core.ParameterValues, Tensor>(values => formula(new(values)), nameof(formula)), Inner));
    }

    /// <summary>
    /// The model given the value of a parameter: a conditional distribution of the others. Its log Z is that of the joint density at this value.
    /// </summary>
    /// <param name="name">The parameter.</param>
    /// <param name="values">Its numbers, one for a number; those of a matrix row by row.</param>
    /// <example><code>
    /// var model = Model.Create(
    ///     [Parameter.Real("mu"), Parameter.Positive("sigma")],
    ///     p => [Distribution.Normal(p["mu"], 0.0, p["sigma"]), Distribution.HalfNormal(p["sigma"], 1.0)]);
    /// var narrow = model.Conditioned("sigma", 0.1);
    /// </code></example>
    /// <exception cref="ArgumentException">
    /// There is no such parameter, or no other; or the value has another size or does not keep the constraint.
    /// </exception>
    public Model Conditioned(string name, params double[] values) =>
        new(Core.ModelModule.conditioned(Bridge.Wanted(name), Bridge.List(values), Inner));

    /// <summary>What is inferred.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. Inner.Parameters.Select(parameter => new Parameter(parameter))];

    /// <summary>d, how many numbers without constraint make all parameters.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>
    /// The density of the model on ℝᵈ, where nothing is constrained: that of the parameters times |det J|, so that log Z is that of the model.
    /// Where the log-density is not a number, there is no density.
    /// </summary>
    public Density Density => new(Core.ModelModule.density(Inner));

    /// <summary>Parameters and derived quantities at points without constraint (M × d), all with the same weight.</summary>
    /// <example><code>
    /// var model = Model.Create([Parameter.Positive("rate")], p => [Distribution.Gamma(p["rate"], 2.0, 1.0)]);
    /// using var named = model.Constrained(Tensors.Points(new[,] { { 0.0 }, { 1.0 } }));
    /// </code></example>
    /// <exception cref="ArgumentException">The points have another shape, or a derived quantity has not a row for every point.</exception>
    public NamedDraws Constrained(Tensor points) => new(Core.ModelModule.constrained(Bridge.Wanted(points), Inner));

    /// <summary>
    /// The points without constraint (M × d) of draws: for starting from them, or for comparing densities at draws of others. Other quantities
    /// than the parameters are passed over.
    /// </summary>
    /// <example><code>
    /// var model = Model.Create([Parameter.Unit("share")], p => [Distribution.Beta(p["share"], 2.0, 3.0)]);
    /// using var named = model.Constrained(Tensors.Points(new[,] { { 0.0 }, { 1.0 } }));
    /// using var again = model.Unconstrained(named);
    /// </code></example>
    /// <exception cref="ArgumentException">A parameter is not there, or a draw does not keep its constraint.</exception>
    public Tensor Unconstrained(NamedDraws draws) => Core.ModelModule.unconstrained(Bridge.Wanted(draws).Inner, Inner);

    /// <summary>
    /// Weighted draws of all quantities of the model, in their own units, with log Z and a verdict: <see cref="Posterior.Sample"/> of its density,
    /// brought back to its parameters. Draws with the weight 0 are left out.
    /// </summary>
    /// <param name="options">How many draws, how efficient, and how to evolve; null for the defaults.</param>
    /// <param name="run">Where numbers are (double precision on the CPU), and the seed of everything random; null for the default.</param>
    /// <param name="progress">Is told of every step.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <example><code>
    /// var heads = Tensors.Vector([1.0, 0.0, 1.0, 1.0]);
    /// var coin = Model.Create(
    ///     [Parameter.Unit("share")],
    ///     p => [Distribution.Beta(p["share"], 2.0, 2.0), Distribution.Bernoulli(heads, p["share"])]);
    /// using var inference = coin.Sample();
    /// Console.WriteLine(inference);
    /// </code></example>
    /// <exception cref="ArgumentException">Options do not fit, or the log-density has the wrong shape or is nowhere finite.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public Inference Sample(
        PosteriorOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ModelModule.sample(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Inner)));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>
/// What a model says of its quantities: weighted draws under their names, log Z, whether to trust them. It owns tensors; dispose of it.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Inference : IDisposable
{
    internal Inference(Core.Inference inner) => (Inner, Posterior, Draws) = (inner, new(inner.Posterior), new(inner.Draws));

    internal Core.Inference Inner { get; }

    /// <summary>What was asked about.</summary>
    public Model Model => new(Inner.Model);

    /// <summary>On the scale without constraint: log Z, verdict, concerns, plan. It is the inference's: do not dispose of it.</summary>
    public Posterior Posterior { get; }

    /// <summary>Weighted draws of parameters and derived quantities, in their own units. They are the inference's: do not dispose of them.</summary>
    public NamedDraws Draws { get; }

    /// <summary>The model, log Z, efficiency, verdict, concerns, plan.</summary>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}
