namespace Mne.Functional.CSharp;

/// <summary>Named values y over x.</summary>
public sealed class Series
{
    private Series(Reporting.Series inner) => Inner = inner;

    internal Reporting.Series Inner { get; }

    /// <summary>A solid line through (x, y).</summary>
    public static Series Line(string name, double[] x, double[] y) => new(Reporting.SeriesModule.line(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y)));

    /// <summary>A dashed line, for what is to be compared with a solid one.</summary>
    public static Series Dashed(string name, double[] x, double[] y) => new(Reporting.SeriesModule.dashed(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y)));

    /// <summary>A dotted line, for bounds and guides.</summary>
    public static Series Dotted(string name, double[] x, double[] y) => new(Reporting.SeriesModule.dotted(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y)));

    /// <summary>A line with a marker at each value.</summary>
    public static Series LineWithMarkers(string name, double[] x, double[] y) =>
        new(Reporting.SeriesModule.lineWithMarkers(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y)));

    /// <summary>Markers at (x, y).</summary>
    public static Series Markers(string name, double[] x, double[] y) => new(Reporting.SeriesModule.markers(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y)));
}

/// <summary>
/// A chart: a value to be described, laid over others, and saved as one HTML file that draws offline.
/// </summary>
/// <example><code>
/// double[] x = [0.0, 1.0, 2.0], y = [0.0, 1.0, 4.0];
/// Chart.Lines(Series.Line("u", x, y)).Titled("Parabola").Axes("x", "u").Save("output/parabola.html");
/// </code></example>
[Reporting.Notebooks.TypeFormatterSource]
public sealed class Chart
{
    internal Chart(Reporting.Chart inner) => Inner = inner;

    internal Reporting.Chart Inner { get; }

    /// <summary>Lines and markers over x.</summary>
    public static Chart Lines(params Series[] series) =>
        new(Reporting.ChartModule.lines(Bridge.List(series, s => s.Inner)));

    /// <summary>Points of the plane (N × 2).</summary>
    public static Chart Points(string name, Tensor points) => new(Reporting.ChartModule.points(Bridge.Wanted(name), Bridge.Wanted(points)));

    /// <summary>Points of the plane (N × 2) with a weight each (N).</summary>
    public static Chart WeightedPoints(string name, Tensor points, double[] weights) =>
        new(Reporting.ChartModule.weightedPoints(Bridge.Wanted(name), Bridge.Wanted(points), Bridge.Wanted(weights)));

    /// <summary>Paths of points of the plane (M × 2 at each of successive times): the phase portrait of a flow.</summary>
    public static Chart Trajectories(string name, IEnumerable<Tensor> positions) =>
        new(Reporting.ChartModule.trajectories(Bridge.Wanted(name), Bridge.List(positions)));

    /// <summary>Filled contours of z[i, j] = f(x[i], y[j]).</summary>
    public static Chart Contours(string name, double[] x, double[] y, double[,] z) =>
        new(Reporting.ChartModule.contours(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(y), Bridge.Wanted(z)));

    /// <summary>A field in colours over x and t, values[i, k] = u(x[i], t[k]).</summary>
    public static Chart Heatmap(string name, double[] x, double[] t, double[,] values) =>
        new(Reporting.ChartModule.heatmap(Bridge.Wanted(name), Bridge.Wanted(x), Bridge.Wanted(t), Bridge.Wanted(values)));

    /// <summary>Bars side by side in each category.</summary>
    public static Chart Bars(string[] categories, params (string Name, double[] Values)[] groups) =>
        new(Reporting.ChartModule.bars([.. Bridge.All(categories)], Bridge.Tuples(groups)));

    /// <summary>Histogram of values as a density.</summary>
    public static Chart Histogram(string name, double[] values) => new(Reporting.ChartModule.histogram(Bridge.Wanted(name), Bridge.Wanted(values)));

    /// <summary>Histogram of weighted values as a density.</summary>
    public static Chart WeightedHistogram(string name, double[] values, double[] weights) =>
        new(Reporting.ChartModule.weightedHistogram(Bridge.Wanted(name), Bridge.Wanted(values), Bridge.Wanted(weights)));

    /// <summary>
    /// Every coordinate of weighted points (N × d, d from 2 to 8) as a histogram, and every two of them as a cloud.
    /// </summary>
    /// <example><code>Chart.Corner(["a", "b"], draws.Points, draws.Weights()).Save("output/corner.html");</code></example>
    public static Chart Corner(string[] names, Tensor points, double[] weights) =>
        new(Reporting.ChartModule.corner(Bridge.List(names), Bridge.Wanted(points), Bridge.Wanted(weights)));

    /// <summary>
    /// How an evolution fared: step size, relative residual between the points and at them, defect and effective rank over t.
    /// </summary>
    /// <exception cref="ArgumentException">No step was made.</exception>
    /// <example><code>Chart.Diagnostics(solution).Save("output/steps.html");</code></example>
    public static Chart Diagnostics(Solution solution) =>
        new(Reporting.ChartModule.diagnostics(Core.SolutionModule.steps(Bridge.Wanted(solution).Inner)));

    /// <summary>Slices of solutions over time with a slider: values[i, k] = u(x[i], t[k]).</summary>
    public static Chart Animation(double[] x, double[] t, params (string Name, double[,] Values)[] solutions) =>
        new(Reporting.ChartModule.animation(Bridge.Wanted(x), Bridge.Wanted(t), Bridge.Tuples(solutions)));

    /// <summary>Charts on the same axes, the first at the back.</summary>
    public static Chart Overlay(params Chart[] charts) => new(Reporting.ChartModule.overlay(Bridge.List(charts, chart => chart.Inner)));

    /// <summary>Charts one below the other with a common horizontal axis.</summary>
    public static Chart Stack(params Chart[] charts) => new(Reporting.ChartModule.stack(Bridge.List(charts, chart => chart.Inner)));

    /// <summary>The chart with a title.</summary>
    public Chart Titled(string title) => new(Reporting.ChartModule.titled(Bridge.Wanted(title), Inner));

    /// <summary>The chart with a line of explanation under its title.</summary>
    public Chart Captioned(string caption) => new(Reporting.ChartModule.captioned(Bridge.Wanted(caption), Inner));

    /// <summary>The chart with labels of the axes; say the units.</summary>
    public Chart Axes(string x, string y) => new(Reporting.ChartModule.axes(Bridge.Wanted(x), Bridge.Wanted(y), Inner));

    /// <summary>The chart with a logarithmic horizontal axis.</summary>
    public Chart LogX() => new(Reporting.ChartModule.logX(Inner));

    /// <summary>The chart with a logarithmic vertical axis.</summary>
    public Chart LogY() => new(Reporting.ChartModule.logY(Inner));

    /// <summary>The chart cut to low ≤ x ≤ high.</summary>
    public Chart RangeX(double low, double high) => new(Reporting.ChartModule.rangeX(low, high, Inner));

    /// <summary>The chart cut to low ≤ y ≤ high.</summary>
    public Chart RangeY(double low, double high) => new(Reporting.ChartModule.rangeY(low, high, Inner));

    /// <summary>The chart with one unit as long on both axes.</summary>
    public Chart EqualAspect() => new(Reporting.ChartModule.equalAspect(Inner));

    /// <summary>Writes the chart to an HTML file that draws offline, and gives the file's full path.</summary>
    public string Save(string path) => Reporting.ChartModule.save(path, Inner);

    /// <summary>Writes the chart to a temporary file, opens it in the browser and gives the file's full path.</summary>
    public string Show() => Reporting.ChartModule.show(Inner);

    /// <summary>Writes several charts to one HTML page, and gives the file's full path.</summary>
    public static string SavePage(string path, string title, string description, params Chart[] charts) =>
        SavePage(path, title, description, [], charts);

    /// <summary>The same with a table of figures on top: a label and a value each.</summary>
    /// <example><code>
    /// Chart.SavePage("output/waves.html", "Waves", "Two solitons", [("relative error", $"{error:G2}")], first, second);
    /// </code></example>
    public static string SavePage(
        string path, string title, string description, (string Label, string Value)[] figures, params Chart[] charts) =>
        Reporting.PageModule.save(
            path,
            Reporting.PageModule.withFigures(
                Bridge.Tuples(figures),
                Reporting.PageModule.create(Bridge.Wanted(title), Bridge.Wanted(description), Bridge.List(charts, chart => chart.Inner))));

    /// <summary>
    /// Writes a page on a sampler: draws, weights, the evolution, and the figures of its report with what speaks against it. Gives the
    /// file's full path.
    /// </summary>
    /// <example><code>Chart.SaveSamplerPage("output/ring.html", "A ring", sampler, draws, Report.OfDraws(sampler, draws));</code></example>
    public static string SaveSamplerPage(string path, string title, Sampler sampler, Draws draws, Report report) =>
        Reporting.PageModule.save(path, Reporting.SamplerPage.create(
            Bridge.Wanted(title), Bridge.Wanted(sampler).Inner, Bridge.Wanted(draws).Inner, Bridge.Wanted(report).Inner));
}

/// <summary>What notebooks need for charts.</summary>
[Reporting.Notebooks.TypeFormatterSource]
public sealed class Notebook
{
    private Notebook(Reporting.Notebooks.Plotly inner) => Inner = inner;

    internal Reporting.Notebooks.Plotly Inner { get; }

    /// <summary>
    /// plotly.js, to be the result of one cell: charts are the results of others, draw with it, and need no network. Where the library comes as a package,
    /// the cell that names it shows this by itself.
    /// </summary>
    public static Notebook Plotly => new(Reporting.Notebook.plotly);

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
