using Mne.Functional.CSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Who owns which tensors: what is disposed of is freed, and what is stored comes back whole.</summary>
public class OwnershipTests
{
    private static readonly Domain Circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    private static readonly Network Net = Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
    private static readonly EvolutionOptions Options = new() { Tolerance = 1e-5, Regularisation = 1e-8 };
    private static readonly Density Target = SamplingFacadeTests.Target;
    private static readonly Term Heat = 0.1 * Term.Laplacian;

    /// <summary>What is left of the tensors that an action made, when the garbage of others is gone.</summary>
    private static long Left(Action act)
    {
        act();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = Engine.LiveTensors;
        act();
        return Engine.LiveTensors - before;
    }

    private static void InFolder(Action<Func<string, string>> act)
    {
        var folder = FacadeTests.Scratch();
        try
        {
            act(name => Path.Combine(folder, name));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void Evolutions_leave_nothing_behind()
    {
        using var grid = Tensors.Linspace(0.0, 6.0, 24);
        using var given = grid.unsqueeze(1);
        var points = Collocation.Given(given);
        Assert.Equal(0, Left(() =>
        {
            using var start = Regression.Fit(Net, x => x.squeeze(1).sin(), points, new() { Steps = 5 });
            using var solution = Evolution.Solve(Heat, Net, points, start, 0.0, 0.2, Options);
            solution.Evaluate(0.1, new double[,] { { 1.0 } });
            using var u = solution.Evaluate(0.1, given);
            using var θ = solution.Parameters(0.1);
            using var kernel = Net.Kernel(θ, given);
        }));
    }

    [Fact]
    public void What_is_cancelled_or_fails_leaves_nothing_behind()
    {
        using var grid = Tensors.Linspace(0.0, 6.0, 24);
        using var given = grid.unsqueeze(1);
        using var start = Net.Initial();
        var points = Collocation.Given(given);
        var ended = new CancellationToken(true);
        Assert.Equal(0, Left(() => Assert.ThrowsAny<OperationCanceledException>(
            () => Regression.Fit(Net, x => x.squeeze(1).sin(), points, cancellationToken: ended))));
        Assert.Equal(0, Left(() => Assert.Throws<EvolutionFailedException>(
            () => Evolution.Solve(Heat, Net, points, start, 0.0, 9.0, Options with { MaximumSteps = 2 }))));

        InFolder(file =>
        {
            var checkpoint = Options with { MaximumSteps = 3, Checkpoint = new Checkpoint { Path = file("run.h5"), EverySteps = 1 } };
            Evolution.TrySolve(Heat, Net, points, start, 0.0, 9.0, checkpoint).Dispose();
            Assert.Equal(0, Left(() => Assert.Throws<ArgumentException>(() => Evolution.Resume(file("run.h5"), Term.Value, Options))));
            Assert.Equal(0, Left(() => Assert.Throws<ArgumentNullException>(
                () => Evolution.TryResume(file("run.h5"), null!, Options))));
        });
    }

    [Fact]
    public void Samplers_leave_nothing_behind()
    {
        Assert.Equal(0, Left(() =>
        {
            using var sampler = Sampler.Evolve(Target, SamplingFacadeTests.Brief);
            using var draws = sampler.Draw(30);
            draws.Weights();
            using var resampled = draws.Resample(5);
            using var smoothed = draws.Smoothed();
            using var logProposal = sampler.LogProposal(draws.Points);
            sampler.Report(new() { Count = 30 });
            using var chain = MarkovChain.Langevin(Target, draws.Points);
        }));
    }

    [Fact]
    public void Posteriors_leave_nothing_behind()
    {
        var ended = new CancellationToken(true);
        Assert.Equal(0, Left(() =>
        {
            using var posterior = Posterior.Sample(Target, PosteriorFacadeTests.Mixed);
            using var inference = ModelFacadeTests.Coin.Sample(PosteriorFacadeTests.Mixed);
            using var points = ModelFacadeTests.Coin.Unconstrained(inference.Draws);
            using var more = posterior.Draw(30, new() { Seed = 1 });
            Assert.ThrowsAny<OperationCanceledException>(() => Posterior.Sample(Target, PosteriorFacadeTests.Mixed, cancellationToken: ended));
        }));
    }

    [Fact]
    public void What_belongs_to_another_object_is_one_object()
    {
        var posterior = PosteriorFacadeTests.Made.Value;
        Assert.Same(posterior.Draws, posterior.Draws);
        var marginal = SamplingFacadeTests.InStages.Value;
        Assert.Same(marginal.Sampler, marginal.Sampler);
        Assert.Same(marginal.Conditional.Sampler, SamplingFacadeTests.Partly.Value.Sampler);
        Assert.Same(marginal.Sampler.Energy.Solution, marginal.Sampler.Energy.Solution);
    }

    [Fact]
    public void Solutions_of_functions_are_reopened_with_their_network() => InFolder(file =>
    {
        static Network Sine() =>
            Network.OfFunction(Circle, 1, seed => Tensors.Vector([1.0]), (θ, x) => θ[0] * x.squeeze(1).sin());
        using var start = Tensors.Vector([1.0]);
        using var solution = Evolution.Solve(Heat, Sine(), Collocation.Grid(Circle, 8), start, 0.0, 0.2, Options);
        var path = solution.Save(file("solution.h5"));
        Assert.Throws<ArgumentException>(() => Solution.Open(path));
        using var again = Solution.Open(path, Sine());
        double[,] x = { { 1.0 }, { 2.0 } };
        Assert.Equal(solution.Evaluate(0.1, x), again.Evaluate(0.1, x));
        Assert.Equal(solution.Outcome, again.Outcome);
    });

    [Fact]
    public void Conditionals_and_marginals_are_reopened_to_the_same_draws() => InFolder(file =>
    {
        var (conditional, marginal) = (SamplingFacadeTests.Partly.Value, SamplingFacadeTests.InStages.Value);
        using var again = Conditional.Open(conditional.Save(file("conditional.h5")), Target);
        using var both = new Marginal(again, Sampler.Open(marginal.Sampler.Save(file("marginal.h5")), again.Marginal()));
        Assert.Equal(conditional.Drawn, again.Drawn);
        using var given = conditional.Draw(20, [0.5], new() { Seed = 3 });
        using var sameGiven = again.Draw(20, [0.5], new() { Seed = 3 });
        Assert.Equal(Tensors.ToArray(given.LogWeights), Tensors.ToArray(sameGiven.LogWeights));
        using var draws = marginal.Draw(20, new() { Seed = 3 });
        using var same = both.Draw(20, new() { Seed = 3 });
        Assert.Equal(Tensors.ToArray(draws.LogWeights), Tensors.ToArray(same.LogWeights));
    });
}
