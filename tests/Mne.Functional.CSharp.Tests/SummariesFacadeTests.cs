using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>What people leave with, by the facade: the core's numbers in C# types.</summary>
public class SummariesFacadeTests
{
    /// <summary>N(2, ½²) and N(−1, 1), from distributions 1.3 times as wide.</summary>
    private static NamedDraws Made()
    {
        using var noise = Tensors.Normal(3, 4000, 2); // before a scope of TorchSharp: the library loads libtorch
        using var scope = torch.NewDisposeScope();
        var z = noise.Times(1.3);
        var values = z * Tensors.Vector([0.5, 1.0]) + Tensors.Vector([2.0, -1.0]);
        var logWeights = z.Square().sum(1).Times(0.5 * (1.0 / 1.69 - 1.0));
        return NamedDraws.Create(
            [new("mu"), new("b")], values.MoveToOuterDisposeScope().DetachFromDisposeScope(), logWeights.DetachFromDisposeScope());
    }

    [Fact]
    public void A_summary_has_a_row_for_each_label_and_is_a_table()
    {
        using var draws = Made();
        Assert.Equal(["mu", "b"], draws.Labels);
        var summary = Summary.Create(draws, mass: 0.8);
        var mu = summary.Entry("mu");
        Assert.InRange(mu.Mean.Value, 2.0 - 4.0 * mu.Mean.StandardError, 2.0 + 4.0 * mu.Mean.StandardError);
        Assert.InRange(mu.Deviation.Value, 0.47, 0.53);
        Assert.InRange(mu.Upper.Value, 2.58, 2.70); // 2.64
        Assert.Equal(mu.Mean, draws.Mean()[0]);
        Assert.Equal(mu.Deviation, draws.Deviation()[0]);
        Assert.Equal(mu.Median, draws.Quantile(0.5)[0]);
        Assert.Equal(mu.Narrowest, draws.Narrowest(0.8)[0]);
        Assert.Equal(Math.Sqrt(draws.Covariance()[1, 1]), summary.Entries[1].Deviation.Value, 10);
        Assert.Equal(1.0, draws.Correlation()[0, 0]);
        Assert.StartsWith("4000 draws", summary.ToString(), StringComparison.Ordinal);
        Assert.Contains("<table>", summary.Html, StringComparison.Ordinal);
        Assert.Empty(summary.Doubts);
        Assert.Equal((0.8, 4000), (summary.Mass, summary.Draws));
    }

    [Fact]
    public void Quantities_are_chosen_and_resampled_by_name()
    {
        using var draws = Made();
        using var one = draws.Select("b");
        using var even = one.Resample(500, seed: 2);
        using var b = even.Values("b");
        Assert.Equal([500L], b.shape);
        Assert.Equal(0.0, even.LogWeights.abs().sum().item<double>());
        Assert.Contains("\"tau\"", Assert.Throws<ArgumentException>(() => draws.Values("tau")).Message, StringComparison.Ordinal);
        Assert.Equal([2, 3], new Quantity("Sigma", 2, 3).Shape);
    }

    [Fact]
    public void Models_are_compared_by_evidence_and_by_prediction()
    {
        var evidence = Evidence.Compare(("null", new Estimate(-73.0, 0.01)), ("full", new Estimate(-71.0, 0.02)));
        Assert.Equal("full", evidence.Models[0].Name);
        Assert.Equal(1.0 / (1.0 + Math.Exp(-2.0)), evidence.Models[0].Probability.Value, 12);
        Assert.Equal(-2.0, evidence.Models[1].LogBayesFactor.Value, 12);
        Assert.Contains("positive", Assert.Single(evidence.Conclusions), StringComparison.Ordinal);

        using var draws = Made();
        using var mu = draws.Values("mu");
        LeaveOneOut Of(double offset)
        {
            using var scope = torch.NewDisposeScope();
            return LeaveOneOut.Create((mu.unsqueeze(1).Plus(offset) - Tensors.Vector([1.8, 2.4, 2.9])).Square().Times(-0.5), draws);
        }

        var comparison = LeaveOneOut.Compare(("moved", Of(3.0)), ("right", Of(0.0)));
        Assert.Equal("right", comparison.Models[0].Name);
        Assert.Equal(0.0, comparison.Models[0].Difference.Value);
        Assert.Equal(comparison.Models[0].LeaveOneOut.Expected.Value, comparison.Models[0].LeaveOneOut.Pointwise.Sum(), 10);
        Assert.Equal(3, comparison.Models[1].LeaveOneOut.ParetoShapes.Count);
    }

    [Fact]
    public void Draws_go_to_files_of_other_programs()
    {
        using var draws = Made();
        using var y = Tensors.Vector([1.0, 2.0]);
        var folder = FacadeTests.Scratch();
        try
        {
            var data = new InferenceData { Posterior = draws, ObservedData = [("y", y)] };
            Assert.True(new FileInfo(data.Save(Path.Combine(folder, "posterior.nc"))).Length > 4000 * 16);
            Assert.StartsWith("mu,b,logWeight", File.ReadAllText(draws.SaveCsv(Path.Combine(folder, "draws.csv"))), StringComparison.Ordinal);
            Assert.Equal("ARROW1"u8.ToArray(), File.ReadAllBytes(draws.SaveArrow(Path.Combine(folder, "draws.arrow")))[..6]);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void Data_are_made_and_checked()
    {
        using var draws = Made();
        using var data = Predictive.Draw(
            draws, 300, (seed, chosen) => chosen.Values("mu").unsqueeze(1).Plus(Tensors.Normal(seed, 300, 4)), seed: 5);
        using var observed = Tensors.Vector([1.9, 2.2, 30.0, 2.1]);
        var largest = Predictive.Check(y => y.amax([1]), observed, data);
        Assert.Equal((30.0, 300, 0.0), (largest.Observed, largest.Replicated.Count, largest.Probability.Value));
        Assert.Equal("simulate", Assert.Throws<ArgumentNullException>(() => Predictive.Draw(draws, 3, null!)).ParamName);
    }

    /// <summary>What notebooks show of a value, found by names as they do it.</summary>
    private static Dictionary<string, string> Shown(object value)
    {
        var attribute = value.GetType().GetCustomAttributes(inherit: true).Single(a => a.GetType().Name == "TypeFormatterSourceAttribute");
        var source = (Type)attribute.GetType().GetProperty("FormatterSourceType")!.GetValue(attribute)!;
        var formatters = (IEnumerable<object>)source.GetMethod("CreateTypeFormatters")!.Invoke(Activator.CreateInstance(source), null)!;
        return formatters.ToDictionary(
            formatter => (string)formatter.GetType().GetProperty("MimeType")!.GetValue(formatter)!,
            formatter =>
            {
                using var writer = new StringWriter();
                Assert.Equal(true, formatter.GetType().GetMethod("Format")!.Invoke(formatter, [value, writer]));
                return writer.ToString();
            });
    }

    [Fact]
    public void Notebooks_show_values_of_the_facade_as_they_show_those_of_the_core()
    {
        using var points = Tensors.Points(new double[,] { { 0.0, 1.0 }, { 1.0, 2.0 }, { 2.0, 0.5 } });
        using var weights = Tensors.Vector([0.0, 0.0, 0.0]);
        using var draws = NamedDraws.Create([new Quantity("a"), new Quantity("b")], points.alias(), weights.alias());
        Assert.Contains("<td style=\"text-align:left\">b</td>", Shown(draws)["text/html"], StringComparison.Ordinal);
        Assert.Equal("Δu", Shown(Term.Laplacian)["text/plain"]);
        Assert.StartsWith("<iframe", Shown(Chart.Points("draws", points).Titled("Points"))["text/html"], StringComparison.Ordinal);
        Assert.Contains("Points", Shown(Chart.Points("draws", points).Titled("Points"))["text/plain"], StringComparison.Ordinal);
        Assert.Contains("plotly.js", Shown(Notebook.Plotly)["text/plain"], StringComparison.Ordinal);
    }
}
