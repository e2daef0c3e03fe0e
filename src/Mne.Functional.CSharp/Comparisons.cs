namespace Mne.Functional.CSharp;

/// <summary>One of several models that are compared by their evidence.</summary>
public sealed class ModelEvidence
{
    internal ModelEvidence(Core.ModelEvidence inner) => Inner = inner;

    private Core.ModelEvidence Inner { get; }

    /// <summary>What the model is called.</summary>
    public string Name => Inner.Name;

    /// <summary>log Z, the logarithm of the evidence.</summary>
    public Estimate LogNormaliser => Estimate.OfCore(Inner.LogNormaliser);

    /// <summary>log of the Bayes factor of this model against the best one: 0 for that, negative for others.</summary>
    public Estimate LogBayesFactor => Estimate.OfCore(Inner.LogBayesFactor);

    /// <summary>The posterior probability of the model if all were equally probable before.</summary>
    public Estimate Probability => Estimate.OfCore(Inner.Probability);
}

/// <summary>Models compared by their evidence, the best first.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class EvidenceComparison
{
    internal EvidenceComparison(Core.EvidenceComparison inner) => Inner = inner;

    private Core.EvidenceComparison Inner { get; }

    /// <summary>The models, the best first.</summary>
    public IReadOnlyList<ModelEvidence> Models => [.. Inner.Models.Select(model => new ModelEvidence(model))];

    /// <summary>What follows, in sentences: how strong the evidence is, and whether the errors of log Z leave any.</summary>
    public IReadOnlyList<string> Conclusions => [.. Inner.Conclusions];

    /// <summary>The table and what follows, as HTML.</summary>
    public string Html => Inner.Html;

    /// <summary>The table and what follows, as text.</summary>
    public override string ToString() => Inner.Text;
}

/// <summary>Models compared by their evidence Z, the probability (density) of the data under prior and likelihood.</summary>
public static class Evidence
{
    /// <summary>
    /// Bayes factors and posterior probabilities of models, which were equally probable before, from independent estimates of their log Z, with standard
    /// errors. The energies have to be those of normalised priors and likelihoods, constants included: what they leave out is missing in log Z.
    /// </summary>
    /// <param name="models">Names and log Z of two models or more.</param>
    /// <exception cref="ArgumentException">
    /// There are fewer than two models, two have the same name, or a log Z or its standard error is not finite.
    /// </exception>
    /// <example><code>
    /// Console.WriteLine(Evidence.Compare(("linear", new Estimate(-71.2, 0.01)), ("quadratic", new Estimate(-69.8, 0.02))));
    /// </code></example>
    public static EvidenceComparison Compare(params (string Name, Estimate LogNormaliser)[] models) =>
        new(Core.Evidence.compare(Bridge.List(
            Bridge.Wanted(models), model => Tuple.Create(Bridge.Wanted(model.Name, nameof(models)), model.LogNormaliser.ToCore()))));
}

/// <summary>How well a model predicts each observation from all others.</summary>
/// <example><code>
/// using var y = Tensors.Vector([0.3, -0.2, 1.1]);
/// using var a = named.Values("a");
/// using var logLikelihood = (y - a.unsqueeze(1)).Square().Times(-0.5).Minus(0.919);
/// Console.WriteLine(LeaveOneOut.Create(logLikelihood, named));
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class LeaveOneOut
{
    internal LeaveOneOut(Core.LeaveOneOut inner) => Inner = inner;

    private Core.LeaveOneOut Inner { get; }

    /// <summary>
    /// By Pareto-smoothed importance sampling from the draws of one posterior (arXiv 1507.04544). The weights that leave an observation out are those of the
    /// draws over its likelihood; k̂ sees what both make together.
    /// </summary>
    /// <param name="logLikelihood">log p(yᵢ | θ) of each observation at each draw (M × n). Draws without weight may have any.</param>
    /// <param name="draws">Weighted draws of the posterior of all observations; of them the weights are used.</param>
    /// <exception cref="ArgumentException">
    /// The log-likelihood has not a row for each draw, is not finite at a draw with weight, or no draw has weight.
    /// </exception>
    public static LeaveOneOut Create(Tensor logLikelihood, NamedDraws draws) =>
        new(Core.LeaveOneOutModule.create(Bridge.Wanted(logLikelihood), Bridge.Wanted(draws).Inner));

    /// <summary>
    /// Models compared by their elpd, with the standard errors of paired differences. A difference below 4 says little, and its standard error is
    /// unreliable for fewer than about a hundred observations (arXiv 2008.10296).
    /// </summary>
    /// <param name="models">Names and results of two models or more, for the same observations in the same order.</param>
    /// <exception cref="ArgumentException">
    /// There are fewer than two models, two have the same name, or they have different numbers of observations.
    /// </exception>
    public static PredictionComparison Compare(params (string Name, LeaveOneOut LeaveOneOut)[] models) =>
        new(Core.LeaveOneOutModule.compare(Bridge.List(
            Bridge.Wanted(models),
            model => Tuple.Create(Bridge.Wanted(model.Name, nameof(models)), Bridge.Wanted(model.LeaveOneOut, nameof(models)).Inner))));

    /// <summary>How many draws there were.</summary>
    public int Draws => Inner.Draws;

    /// <summary>
    /// Σ log p(yᵢ | all others), the expected log predictive density (elpd), with the standard error that comes from the observations, as if others could
    /// have been made.
    /// </summary>
    public Estimate Expected => Estimate.OfCore(Inner.Expected);

    /// <summary>By how much the log density of the observations themselves is larger: the effective number of parameters.</summary>
    public Estimate Parameters => Estimate.OfCore(Inner.Parameters);

    /// <summary>The standard error of the elpd that comes from the draws alone.</summary>
    public double MonteCarloError => Inner.MonteCarloError;

    /// <summary>log p(yᵢ | all others) of each observation (n).</summary>
    public IReadOnlyList<double> Pointwise => Array.AsReadOnly(Inner.Pointwise);

    /// <summary>k̂ of each observation (n): how heavy the tail of the weights is that leave it out.</summary>
    public IReadOnlyList<double> ParetoShapes => Array.AsReadOnly(Inner.ParetoShapes);

    /// <summary>The observations (counted from 0) whose k̂ is too large for their elpd to be trusted.</summary>
    public IReadOnlyList<int> Unreliable => [.. Inner.Unreliable];

    /// <summary>What speaks against the numbers, in sentences; none where nothing does.</summary>
    public IReadOnlyList<string> Doubts => [.. Inner.Doubts];

    /// <summary>The table as HTML.</summary>
    public string Html => Inner.Html;

    /// <summary>A few lines of text.</summary>
    public override string ToString() => Inner.Text;
}

/// <summary>One of several models that are compared by leaving out observations.</summary>
public sealed class ModelPrediction
{
    internal ModelPrediction(Core.ModelPrediction inner) => Inner = inner;

    private Core.ModelPrediction Inner { get; }

    /// <summary>What the model is called.</summary>
    public string Name => Inner.Name;

    /// <summary>How well it predicts.</summary>
    public LeaveOneOut LeaveOneOut => new(Inner.LeaveOneOut);

    /// <summary>
    /// elpd of this model less that of the best: 0 for that, negative for others. The standard error is that of the paired differences of single observations.
    /// </summary>
    public Estimate Difference => Estimate.OfCore(Inner.Difference);
}

/// <summary>Models compared by how well they predict each observation from all others, the best first.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class PredictionComparison
{
    internal PredictionComparison(Core.PredictionComparison inner) => Inner = inner;

    private Core.PredictionComparison Inner { get; }

    /// <summary>The models, the best first.</summary>
    public IReadOnlyList<ModelPrediction> Models => [.. Inner.Models.Select(model => new ModelPrediction(model))];

    /// <summary>What follows, in sentences.</summary>
    public IReadOnlyList<string> Conclusions => [.. Inner.Conclusions];

    /// <summary>The table and what follows, as HTML.</summary>
    public string Html => Inner.Html;

    /// <summary>The table and what follows, as text.</summary>
    public override string ToString() => Inner.Text;
}

/// <summary>A statistic of what was observed beside that of data which a model makes.</summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class PredictiveCheck
{
    internal PredictiveCheck(Core.PredictiveCheck inner) => Inner = inner;

    internal Core.PredictiveCheck Inner { get; }

    /// <summary>The statistic of the observations.</summary>
    public double Observed => Inner.Observed;

    /// <summary>The statistic of each of the data sets that the model made.</summary>
    public IReadOnlyList<double> Replicated => Array.AsReadOnly(Inner.Replicated);

    /// <summary>
    /// The share of data sets whose statistic is at least that of the observations (posterior predictive p-value): near 0 or 1, the model does not make
    /// what was observed.
    /// </summary>
    public Estimate Probability => Estimate.OfCore(Inner.Probability);
}

/// <summary>What a model predicts, and whether it makes data like those that were observed.</summary>
/// <example><code>
/// // Ten observations with the mean a and the deviation 1
/// using var data = Predictive.Draw(named, 500, (seed, chosen) => chosen.Values("a").unsqueeze(1).Plus(Tensors.Normal(seed, 500, 10)));
/// using var observed = Tensors.Normal(2, 10);
/// Console.WriteLine(Predictive.Check(y => y.std(1), observed, data).Probability);
/// </code></example>
public static class Predictive
{
    /// <summary>
    /// Data that a model makes from the draws of its posterior (posterior predictive draws): draws are chosen in proportion to their weights, and a function
    /// of yours makes a data set from each.
    /// </summary>
    /// <param name="draws">Weighted draws of the posterior.</param>
    /// <param name="count">How many data sets, R.</param>
    /// <param name="simulate">A seed and R draws, all of the same weight, ↦ R data sets of n numbers (R × n).</param>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <returns>The data sets (R × n).</returns>
    /// <exception cref="ArgumentException">
    /// No draw has weight, the count is not 1 or more, or the function returns another shape or numbers that are not finite.
    /// </exception>
    public static Tensor Draw(NamedDraws draws, int count, Func<int, NamedDraws, Tensor> simulate, int seed = 0)
    {
        Bridge.Wanted(simulate);
        return Core.Predictive.draw(
            seed,
            count,
            Bridge.Function<int, Core.NamedDraws, Tensor>((child, chosen) => simulate(child, new NamedDraws(chosen)), nameof(simulate)),
            Bridge.Wanted(draws).Inner);
    }

    /// <summary>Whether a model makes data like those that were observed, as far as one statistic tells.</summary>
    /// <param name="statistic">Data sets (R × n) ↦ a number for each (R).</param>
    /// <param name="observed">What was observed (n).</param>
    /// <param name="replicated">Data sets that the model made (R × n), as by <see cref="Draw"/>.</param>
    /// <exception cref="ArgumentException">
    /// The shapes do not fit, or the statistic returns another shape or numbers that are not finite.
    /// </exception>
    public static PredictiveCheck Check(Func<Tensor, Tensor> statistic, Tensor observed, Tensor replicated) =>
        new(Core.Predictive.check(Bridge.Function(statistic), Bridge.Wanted(observed), Bridge.Wanted(replicated)));
}
