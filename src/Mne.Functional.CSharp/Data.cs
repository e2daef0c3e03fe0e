namespace Mne.Functional.CSharp;

/// <summary>
/// Observations by name, as tensors in double precision: numbers (without dimensions), vectors (n), matrices (n × m) and longer arrays. They own
/// their tensors; dispose of them.
/// </summary>
/// <example><code>
/// using var data = Data.OfJson("""{ "J": 2, "y": [28, 8], "sigma": [15, 10] }""");
/// var (y, schools) = (data["y"], data.Count("J"));
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Data : IDisposable
{
    internal Data(Core.Data inner) => Inner = inner;

    internal Core.Data Inner { get; }

    /// <summary>Observations from text in JSON as Stan reads it: an object whose entries are numbers, arrays, or arrays of arrays.</summary>
    /// <exception cref="ArgumentException">
    /// It is not an object of JSON. An entry that is not made of numbers is refused when it is asked for, by name.
    /// </exception>
    public static Data OfJson(string text) => new(Core.DataModule.ofJson(Bridge.Wanted(text)));

    /// <summary>
    /// Observations from comma-separated text with names in its first line and decimal points: a vector for each column of numbers.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// There are no rows, rows differ in length, or two columns have one name. A column with something else than numbers is refused when it is
    /// asked for.
    /// </exception>
    public static Data OfCsv(string text) => new(Core.DataModule.ofCsv(Bridge.Wanted(text)));

    /// <summary>Observations from a file of JSON as Stan reads it.</summary>
    /// <exception cref="ArgumentException">It does not hold an object of JSON.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Data Json(string path) => new(Core.DataModule.json(Bridge.Wanted(path)));

    /// <summary>Observations from a file of comma-separated numbers with names in its first line.</summary>
    /// <exception cref="ArgumentException">There are no rows, rows differ in length, or two columns have one name.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Data Csv(string path) => new(Core.DataModule.csv(Bridge.Wanted(path)));

    /// <summary>What is there under that name. It is the data's: do not dispose of it.</summary>
    /// <exception cref="ArgumentException">There is nothing, or it is not made of numbers.</exception>
    public Tensor this[string name] => Inner[Bridge.Wanted(name)];

    /// <summary>The number of that name.</summary>
    /// <exception cref="ArgumentException">There is none, or it is an array.</exception>
    public double Number(string name) => Core.DataModule.number(Bridge.Wanted(name), Inner);

    /// <summary>The whole number of that name, such as how many observations there are.</summary>
    /// <exception cref="ArgumentException">There is none, or it is no whole number.</exception>
    public int Count(string name) => Core.DataModule.count(Bridge.Wanted(name), Inner);

    /// <summary>The names, in the order of the alphabet.</summary>
    public IReadOnlyList<string> Names => [.. Inner.Names];

    /// <summary>Names with their shapes.</summary>
    public override string ToString() => Inner.ToString();

    /// <summary>Frees its tensors.</summary>
    public void Dispose() => ((IDisposable)Inner).Dispose();
}

/// <summary>Log-likelihoods of many observations.</summary>
public static class Likelihood
{
    /// <summary>
    /// The log-likelihood of a linear regression, responses that are normal about X β with the deviation σ. The observations are looked at once,
    /// when it is made: |y − X β|² = |R (β, −1)|² with R from the QR decomposition of X beside y, exactly; a million rows cost no more than a
    /// hundred thereafter.
    /// </summary>
    /// <param name="predictors">X (n × k), a row for each observation; an intercept is a column of ones.</param>
    /// <param name="responses">y (n).</param>
    /// <returns>A function of β (M × k) and σ (M × 1) that gives log-likelihoods (M × 1). It owns a small tensor.</returns>
    /// <example><code>
    /// var likelihood = Likelihood.Linear(Tensors.Points(new[,] { { 1.0, 0.0 }, { 1.0, 1.0 }, { 1.0, 2.0 } }), Tensors.Vector([0.1, 0.9, 2.1]));
    /// var regression = Model.Create(
    ///     [Parameter.Vector(2, "beta"), Parameter.Positive("sigma")],
    ///     p => [Distribution.HalfNormal(p["sigma"], 1.0), likelihood(p["beta"], p["sigma"])]);
    /// </code></example>
    /// <exception cref="ArgumentException">Shapes do not fit, or a number is not finite.</exception>
    public static Func<Tensor, Tensor, Tensor> Linear(Tensor predictors, Tensor responses) =>
        Bridge.OfFunction(Core.Likelihood.linear(Bridge.Wanted(predictors), Bridge.Wanted(responses)));
}
