using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>From a formula to draws through the facade: mixtures, known parts, posteriors and their plans, against the core.</summary>
public class PosteriorFacadeTests
{
    private static readonly Density Target = SamplingFacadeTests.Target;

    private static readonly Core.Run Quiet = Core.RunModule.quiet;

    /// <summary>Few particles and draws, and no energy evolved.</summary>
    internal static readonly PosteriorOptions Mixed = new() { Count = 100, Particles = 200, Flow = null };

    internal static readonly Lazy<Posterior> Made = new(() => Posterior.Sample(Target, Mixed));

    private static readonly Mixture Modes = new(
        [0.25, 0.75], [[-1.0, 0.0], [1.0, 0.5]], [new[,] { { 0.5, 0.1 }, { 0.1, 0.5 } }, new[,] { { 0.7, 0.0 }, { 0.0, 0.3 } }]);

    private static void Same(Tensor expected, Tensor found) => Assert.Equal(Tensors.ToArray(expected), Tensors.ToArray(found));

    private static void Same(Core.Posterior expected, Posterior found)
    {
        Same(expected.Draws.Points, found.Draws.Points);
        Same(expected.Draws.LogProposal, found.Draws.LogProposal);
        Same(expected.Draws.LogWeights, found.Draws.LogWeights);
        Assert.Equal((expected.LogNormaliser.Value, expected.LogNormaliser.StandardError), (found.LogNormaliser.Value, found.LogNormaliser.StandardError));
        Assert.Equal(expected.Efficiency.Value, found.Efficiency.Value);
        Assert.Equal(expected.Verdict.ToString(), found.Verdict.ToString());
        Assert.Equal(expected.Concerns.Select(c => c.Advice), found.Concerns.Select(c => c.Advice));
        Assert.Equal((expected.Evaluations, expected.WithoutDensity), (found.Evaluations, found.WithoutDensity));
    }

    [Fact]
    public void Mixtures_are_those_of_the_core_and_keep_their_numbers()
    {
        using var points = Tensors.Normal(3, 20, 2);
        using var log = Modes.LogDensity(points);
        Same(Core.MixtureModule.logDensity(points, Modes.Inner), log);
        using var drawn = Modes.Draw(30, seed: 4);
        Same(Core.MixtureModule.draw(Core.PlacementModule.float64, 4, 30, Modes.Inner), drawn);
        using var single = Modes.Draw(5, placement: Placement.Float32);
        Assert.Equal(torch.float32, single.dtype);

        var normal = Mixture.Normal([1.0, -1.0], new[,] { { 4.0, 0.0 }, { 0.0, 9.0 } });
        using var centre = Tensors.Points(new[,] { { 1.0, -1.0 } });
        using var there = normal.LogDensity(centre);
        Assert.Equal(-Math.Log(2.0 * Math.PI * 6.0), there.item<double>(), 12);

        double[] weights = [1.0];
        double[][] means = [[0.5]];
        double[][,] covariances = [new[,] { { 2.0 } }];
        var kept = new Mixture(weights, means, covariances);
        (weights[0], means[0][0], covariances[0][0, 0]) = (7.0, 7.0, 7.0);
        (kept.Weights[0], kept.Means[0][0], kept.Covariances[0][0, 0]) = (7.0, 7.0, 7.0);
        Assert.Equal(Mixture.Normal([0.5], new[,] { { 2.0 } }), kept);
        Assert.Equal((2, 2), (Modes.Components, Modes.Dimension));
        Assert.Throws<ArgumentException>(() => Modes.LogDensity(Tensors.Line(0.0)));
        Assert.Equal("means", Assert.Throws<ArgumentNullException>(() => new Mixture([1.0], [null!], covariances)).ParamName);
    }

    [Fact]
    public void A_mixture_is_carried_along_and_read()
    {
        var options = SamplingFacadeTests.Brief with { Known = KnownPart.Mixture(Modes) };
        using var sampler = Sampler.Evolve(Target, options);
        Assert.Equal(Modes, sampler.Energy.Known);
        Assert.Equal(KnownPart.Mixture(Modes), sampler.Options.Known);
        using var expected = Core.SamplerModule.evolve(Quiet, options.ToCore(), Sampler.Family(null), Target.Inner);
        using var points = Tensors.Normal(5, 20, 2);
        using var energy = sampler.Energy.Value(0.3, points);
        Same(Core.EnergyModule.value(0.3, points, expected.Energy), energy);

        Assert.Equal(1, SamplingFacadeTests.Made.Value.Energy.Known!.Components);
        using var whole = Sampler.Evolve(Target, options with { Known = KnownPart.Nothing });
        Assert.Null(whole.Energy.Known);
    }

    [Fact]
    public void A_posterior_has_the_bits_of_the_core()
    {
        var run = new Run { Seed = 3 };
        using var posterior = Posterior.Sample(Target, Mixed, run);
        using var expected = Core.PosteriorModule.sample(Run.ToCore(run, null, default), Mixed.ToCore(), Target.Inner);
        Same(expected, posterior);

        // log Z of a normalised mixture is 0.
        Assert.InRange(posterior.LogNormaliser.Value, -0.2, 0.2);
        using var more = posterior.Draw(60, new() { Seed = 5 });
        using var moreExpected = Core.PosteriorModule.draw(Run.ToCore(new() { Seed = 5 }, null, default), 60, expected);
        Same(moreExpected.Points, more.Points);
        Same(moreExpected.LogWeights, more.LogWeights);
        using var energy = Target.Energy(more.Points);
        using var same = posterior.Target.Energy(more.Points);
        Same(energy, same);
        Assert.Equal(0, posterior.WithoutDensity);

        // The second coordinate is the same in both modes.
        Assert.Equal([[0], [1]], posterior.Plan.Blocks.Select(block => block.Coordinates));
        Assert.Equal([2, 1], posterior.Plan.Blocks.Select(block => block.Modes));
        Assert.All(posterior.Plan.Blocks, block => Assert.Equal(Route.Mixture, block.Route));

        // Words, but for how long it took, are those of the core.
        static string Timeless(string text) => System.Text.RegularExpressions.Regex.Replace(text, @"\d+\.\d s\b", "");
        Assert.Equal(Timeless(expected.ToString()), Timeless(posterior.ToString()));
        Assert.Equal(Timeless(expected.Plan.ToString()), Timeless(posterior.Plan.ToString()));
    }

    [Fact]
    public void A_posterior_is_the_same_out_of_its_file()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("mne").FullName, "posterior.h5");
        Assert.Equal(path, Made.Value.Save(path, "two modes"));
        using var again = Posterior.Open(path, Target);
        Same(Made.Value.Inner, again);
        Assert.Equal(Made.Value.ToString(), again.ToString());
        using var found = again.Draw(30, new() { Seed = 2 });
        using var expected = Made.Value.Draw(30, new() { Seed = 2 });
        Same(expected.Points, found.Points);
        Assert.Throws<ArgumentException>(() => Posterior.Open(path, Density.GaussianMixture((1.0, [0.0, 0.0], 1.0))));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_budget_leaves_dearer_routes_out()
    {
        var never = Mixed with { Efficiency = 0.9999, Flow = SamplingFacadeTests.Brief, Budget = TimeSpan.FromTicks(1) };
        using var posterior = Posterior.Sample(Density.GaussianMixture((0.5, [-1.0, -0.7], 0.7), (0.5, [1.0, 0.7], 0.7)), never);
        var block = Assert.Single(posterior.Plan.Blocks);
        Assert.Equal(Route.Mixture, Assert.Single(block.Efficiencies).Route);
        Assert.Contains(block.Remarks, remark => remark.Contains("budget"));
        Assert.Contains("Budget", Assert.Throws<ArgumentException>(() => Posterior.Sample(Target, new() { Budget = TimeSpan.Zero })).Message);
    }

    [Fact]
    public void A_posterior_evolves_an_energy_where_a_mixture_is_not_enough()
    {
        // Coordinates that hang together; nothing is as efficient as this, so that every route is tried.
        var tilted = Density.GaussianMixture((0.5, [-1.0, -0.7], 0.7), (0.5, [1.0, 0.7], 0.7));
        var options = Mixed with { Efficiency = 0.9999, Flow = SamplingFacadeTests.Brief };
        var told = new FacadeTests.Told();
        using var posterior = Posterior.Sample(tilted, options, progress: told);
        using var expected = Core.PosteriorModule.sample(Quiet, options.ToCore(), tilted.Inner);
        Same(expected, posterior);
        Assert.Contains(told.Reports, report => report.Phase == Phase.Evolve);

        var (block, core) = (Assert.Single(posterior.Plan.Blocks), Assert.Single(expected.Plan.Blocks));
        Assert.Contains(Route.Flow, block.Efficiencies.Select(tried => tried.Route));
        Assert.Equal(core.Efficiencies.Select(tried => (tried.Item1.ToString(), tried.Item2)),
            block.Efficiencies.Select(tried => (tried.Route.ToString().ToLowerInvariant(), tried.Efficiency)));
        Assert.Equal(core.Evidence.Select(found => (found.Item1, found.Item2.Value)),
            block.Evidence.Select(found => (found.Way, found.LogNormaliser.Value)));
        Assert.Equal(core.Route.ToString(), block.Route.ToString().ToLowerInvariant());
        Assert.Equal([0, 1], block.Coordinates);
        Assert.Equal((core.Like, core.Modes, core.Temperatures, core.Components), (block.Like, block.Modes, block.Temperatures, block.Components));
        Assert.Equal(core.Remarks, block.Remarks);
        Assert.True(block.Elapsed > TimeSpan.Zero);
    }

    [Fact]
    public void Wrong_options_are_refused_by_their_names()
    {
        Assert.Contains("Count", Assert.Throws<ArgumentException>(() => Posterior.Sample(Target, new() { Count = 3 })).Message);
        Assert.Contains("Efficiency", Assert.Throws<ArgumentException>(() => Posterior.Sample(Target, new() { Efficiency = 1.5 })).Message);
        Assert.Contains("count", Assert.Throws<ArgumentException>(() => Made.Value.Draw(1)).Message);
        Assert.Equal("Known", Assert.Throws<ArgumentNullException>(
            () => Sampler.Evolve(Target, SamplingFacadeTests.Brief with { Known = null! })).ParamName);
        Assert.Equal("target", Assert.Throws<ArgumentNullException>(() => Posterior.Sample(null!)).ParamName);
    }

    [Fact]
    public void The_density_of_draws_is_known_at_any_point()
    {
        using var log = Made.Value.LogProposal(Made.Value.Draws.Points);
        Assert.Equal(Made.Value.Draws.LogProposal.data<double>().ToArray(), log.data<double>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Contains("points", Assert.Throws<ArgumentException>(() => Made.Value.LogProposal(torch.zeros(2, 7))).Message);
    }

    [Fact]
    public void A_blind_search_says_how_much_it_finds()
    {
        var concern = Concern.OfCore(Core.Concern.NewBlindSearch(0.05));
        Assert.Equal((ConcernKind.BlindSearch, Verdict.Doubtful, 0.05), (concern.Kind, concern.Verdict, concern.Value));
        Assert.Contains("5 %", concern.Advice);
    }

    [Fact]
    public void Evidence_that_differs_says_by_which_ways()
    {
        var concern = Concern.OfCore(Core.Concern.NewEvidenceDiffers(
            Tuple.Create("mixture", new Core.Estimate(1.0, 0.1)), Tuple.Create("tempered", new Core.Estimate(3.0, 0.2)), 8.9));
        Assert.Equal((ConcernKind.EvidenceDiffers, Verdict.Unreliable, 8.9), (concern.Kind, concern.Verdict, concern.Value));
        Assert.Equal(("mixture", new Estimate(1.0, 0.1)), concern.One);
        Assert.Equal(("tempered", new Estimate(3.0, 0.2)), concern.Other);
        Assert.Null(Concern.OfCore(Core.Concern.NewPoorFit(0.5)).One);
    }
}
