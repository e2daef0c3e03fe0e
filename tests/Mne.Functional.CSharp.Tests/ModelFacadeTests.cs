using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Models by the facade: constraints, densities, draws and data, against the core or against numbers.</summary>
public class ModelFacadeTests
{
    private static readonly Tensor Heads = Tensors.Vector([1.0, 0.0, 1.0, 1.0]);

    /// <summary>A share with the prior Beta(2, 2), of which three of four were seen: Beta(5, 3).</summary>
    internal static readonly Model Coin = Model.Create(
        [Parameter.Unit("share")], p => [Distribution.Beta(p["share"], 2.0, 2.0), Distribution.Bernoulli(Heads, p["share"])])
        .Derived("odds", p => p["share"] / p["share"].Times(-1.0).Plus(1.0));

    [Fact]
    public void A_model_is_sampled_in_its_own_units_with_its_evidence()
    {
        using var inference = Coin.Sample(new() { Count = 2000, Particles = 1000 });
        // Z = B(5, 3) / B(2, 2) = (1/105) / (1/6).
        var evidence = inference.Posterior.LogNormaliser;
        Assert.InRange(evidence.Value - Math.Log(6.0 / 105.0), -5.0 * evidence.StandardError, 5.0 * evidence.StandardError);
        Assert.Equal(["share", "odds"], inference.Draws.Labels);
        var mean = inference.Draws.Mean()[0];
        Assert.InRange(mean.Value - 5.0 / 8.0, -5.0 * mean.StandardError, 5.0 * mean.StandardError);
        Assert.Contains("share", inference.ToString());
        Assert.Equal(1, inference.Model.Dimension);

        using var expected = Core.ModelModule.sample(
            Run.ToCore(null, null, default), new PosteriorOptions { Count = 2000, Particles = 1000 }.ToCore(), Coin.Inner);
        Assert.Equal(Tensors.ToArray(expected.Draws.Values), Tensors.ToArray(inference.Draws.Columns));
    }

    [Fact]
    public void Points_are_constrained_and_found_again()
    {
        var model = Model.Create(
            [Parameter.Simplex(3, "p").Repeated(2), Parameter.CorrelationCholesky(2, "L"), Parameter.Interval(-1.0, 2.0, "c")],
            p => [p["p"].log(), p["L"], p["c"]]);
        Assert.Equal(6, model.Dimension);
        Assert.Equal(["p", "L", "c"], model.Parameters.Select(p => p.Name));
        using var points = Tensors.Normal(1, 5, 6);
        using var named = model.Constrained(points);
        using var again = model.Unconstrained(named);
        using var apart = (again - points).abs().max();
        Assert.InRange(apart.item<double>(), 0.0, 1e-12);
        Assert.Equal([2, 3], model.Parameters[0].Bijector.Shape);

        var given = model.Conditioned("c", 0.5);
        using var rest = points.narrow(1, 0, 5);
        using var energy = given.Density.Energy(rest);
        using var core = Core.ModelModule.density(given.Inner).Energy.Invoke(rest);
        Assert.Equal(Tensors.ToArray(core), Tensors.ToArray(energy));
    }

    [Fact]
    public void Bijectors_go_there_and_back()
    {
        Bijector[] kinds =
        [
            Bijector.Real, Bijector.Positive, Bijector.Unit, Bijector.Lower(1.0), Bijector.Upper(-1.0), Bijector.Interval(0.0, 3.0),
            Bijector.Affine(1.0, 2.0), Bijector.Ordered(3), Bijector.PositiveOrdered(3), Bijector.Simplex(3), Bijector.CorrelationCholesky(3),
            Bijector.Correlation(3), Bijector.CovarianceCholesky(2), Bijector.Covariance(2), Bijector.Positive.Repeated(2, 2),
            Bijector.Ordered(2).AndThen(Bijector.Positive.Repeated(2)),
        ];
        foreach (var kind in kinds)
        {
            using var y = Tensors.Normal(2, 4, kind.Dimension);
            var (values, logJacobian) = kind.Forward(y);
            using var again = kind.Inverse(values);
            using var apart = (again - y).abs().max();
            Assert.InRange(apart.item<double>(), 0.0, 1e-10);
            Assert.Equal([4, .. kind.Shape.Select(n => (long)n)], values.shape);
            Assert.Equal(4, logJacobian.shape[0]);
        }

        using var plane = Tensors.Points(new[,] { { 0.0, 2.0 } });
        Assert.Equal(Math.PI / 2.0, Tensors.ToArray(Bijector.Angle.Forward(plane).Values)[0], 12);
        Assert.Equal([0.0, 1.0], Tensors.ToArray(Bijector.UnitVector(2).Forward(plane).Values));
        Assert.Contains("positive", Assert.Throws<ArgumentException>(() => Bijector.Positive.Inverse(Tensors.Vector([-1.0]))).Message);
    }

    [Fact]
    public void Every_distribution_is_that_of_the_core()
    {
        using var one = Tensors.Vector([1.0, 1.0]);
        using var identity = torch.eye(2, dtype: torch.float64);
        foreach (var ours in typeof(Distribution).GetMethods().Where(m => m.IsStatic))
        {
            var core = typeof(Core.Distribution).GetMethod(ours.Name)!;
            Assert.Equal(core.GetParameters().Select(p => p.Name), ours.GetParameters().Select(p => p.Name));
            object[] arguments =
                [.. ours.GetParameters().Select(p => p.Name is "factor" or "covariance" or "correlation" ? identity : p.Name is "lowest" ? one - one : one)];
            Assert.Equal(
                Tensors.ToArray((torch.Tensor)core.Invoke(null, arguments)!), Tensors.ToArray((torch.Tensor)ours.Invoke(null, arguments)!));
        }

        Assert.Equal("deviation", Assert.Throws<ArgumentNullException>(() => Distribution.Normal(one, 0.0, null!)).ParamName);
    }

    [Fact]
    public void Data_are_read_by_name_and_regressions_look_at_rows_once()
    {
        using var data = Data.OfJson("""{ "n": 3, "y": [1, 2.5, 3], "x": [[1, 0], [1, 1], [1, 2]] }""");
        Assert.Equal((3, 3.0), (data.Count("n"), data.Number("n")));
        Assert.Equal([1.0, 2.5, 3.0], Tensors.ToArray(data["y"]));
        Assert.Equal(["n", "x", "y"], data.Names);
        var likelihood = Likelihood.Linear(data["x"], data["y"]);
        using var coefficients = Tensors.Points(new[,] { { 1.0, 1.0 }, { 0.0, 2.0 } });
        using var deviation = Tensors.Points(new[,] { { 0.5 }, { 2.0 } });
        using var found = likelihood(coefficients, deviation);
        using var rows = Distribution.Normal(data["y"], coefficients.mm(data["x"].t()), deviation);
        Assert.All(Tensors.ToArray(rows.sum(1)).Zip(Tensors.ToArray(found)), pair => Assert.Equal(pair.First, pair.Second, 10));
        using var table = Data.OfCsv("a,b\n1,x\n2,y\n");
        Assert.Equal([1.0, 2.0], Tensors.ToArray(table["a"]));
        Assert.Contains("line 2", Assert.Throws<ArgumentException>(() => table["b"]).Message);
    }

    [Fact]
    public void Null_is_refused_by_its_name()
    {
        Assert.Equal("parameters", Assert.Throws<ArgumentNullException>(() => Model.Create(null!, p => [])).ParamName);
        Assert.Equal("logDensity", Assert.Throws<ArgumentNullException>(() => Model.Create([Parameter.Real("a")], null!)).ParamName);
        Assert.Equal("formula", Assert.Throws<ArgumentNullException>(() => Coin.Derived("x", null!)).ParamName);
        Assert.Equal("text", Assert.Throws<ArgumentNullException>(() => Data.OfJson(null!)).ParamName);
    }
}
