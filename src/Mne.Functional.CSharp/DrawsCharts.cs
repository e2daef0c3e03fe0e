namespace Mne.Functional.CSharp;

/// <summary>
/// Charts of weighted draws of quantities with names, and of what is said of them. They are charts like others: see <see cref="Chart"/> for titles,
/// axes and files.
/// </summary>
/// <example><code>
/// Chart.SavePage("output/posterior.html", "Posterior", "", DrawsChart.Corner(named), DrawsChart.Forest(Summary.Create(named)));
/// </code></example>
public static class DrawsChart
{
    /// <summary>
    /// Every number as a weighted histogram, and every two of them as a cloud of points drawn in proportion to the weights; 2 to 8 columns.
    /// </summary>
    /// <exception cref="ArgumentException">There are not 2 to 8 columns, or a draw with weight has a value that is not finite.</exception>
    public static Chart Corner(NamedDraws draws) => new(Reporting.DrawsChart.corner(Bridge.Wanted(draws).Inner));

    /// <summary>
    /// As <see cref="Corner"/>, but with points as they were drawn, before weighting, and those marked whose weight is more than √M times the mean: where
    /// they lie, draws are too few.
    /// </summary>
    /// <exception cref="ArgumentException">There are not 2 to 8 columns, or a draw with weight has a value that is not finite.</exception>
    /// <example><code>DrawsChart.Pairs(named).Save("output/pairs.html");</code></example>
    public static Chart Pairs(NamedDraws draws) => new(Reporting.DrawsChart.pairs(Bridge.Wanted(draws).Inner));

    /// <summary>
    /// An interval for each number, one below the other: medians, and the quantiles between which the mass of the summary lies.
    /// </summary>
    public static Chart Forest(Summary summary) => new(Reporting.DrawsChart.forest(Bridge.Wanted(summary).Inner));

    /// <summary>
    /// The weighted histogram of each number (30 at most), three in a row, with its prior density where one is given: labels, such as <c>theta[1]</c>, and
    /// normalised densities.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// There are more than 30 columns, no column has such a label, or a draw with weight has a value that is not finite.
    /// </exception>
    /// <example><code>
    /// DrawsChart.Marginals(named, ("a", a => Math.Exp(-0.5 * a * a) / Math.Sqrt(2.0 * Math.PI))).Save("output/marginals.html");
    /// </code></example>
    public static Chart Marginals(NamedDraws draws, params (string Label, Func<double, double> Density)[] priors) =>
        new(Reporting.DrawsChart.marginals(
            Bridge.List(
                Bridge.Wanted(priors),
                prior => Tuple.Create(Bridge.Wanted(prior.Label, nameof(priors)), Bridge.Function(prior.Density, nameof(priors)))),
            Bridge.Wanted(draws).Inner));

    /// <summary>A statistic of what was observed, a line, beside those of data sets that a model made, a histogram.</summary>
    public static Chart Check(PredictiveCheck check) => new(Reporting.DrawsChart.check(Bridge.Wanted(check).Inner));

    /// <summary>
    /// The distribution of what was observed (n) beside those of up to 30 data sets that a model made (R × n), as outlines of histograms.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit, or numbers are not finite.</exception>
    /// <example><code>
    /// using var observed = Tensors.Normal(1, 40);
    /// using var made = Tensors.Normal(2, 500, 40);
    /// DrawsChart.Predictive(observed, made).Axes("y", "density").Save("output/predictive.html");
    /// </code></example>
    public static Chart Predictive(Tensor observed, Tensor replicated) =>
        new(Reporting.DrawsChart.predictive(Bridge.Wanted(observed), Bridge.Wanted(replicated)));
}
