using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Computations that are to end early, on another thread, do: their tasks are cancelled.</summary>
public class CancellationTests
{
    private static readonly Domain Circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    private static readonly Network Net = Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
    private static readonly Collocation Points = Collocation.Grid(Circle, 24);
    private static readonly EvolutionOptions Options = new() { Tolerance = 1e-5, Regularisation = 1e-8 };
    private static readonly SamplerOptions Small = FacadeTests.Small;
    private static readonly Density Target = SamplingFacadeTests.Target;

    private static Tensor Sine(Tensor x) => x.squeeze(1).sin();

    /// <summary>Cancels once so many steps have been accepted.</summary>
    private sealed class Canceller(CancellationTokenSource source, int accepted) : IProgress<Progress>
    {
        public void Report(Progress value)
        {
            if (value.Accepted >= accepted)
                source.Cancel();
        }
    }

    private static async Task Ends(Func<IProgress<Progress>, CancellationToken, object> compute, int accepted = 1)
    {
        using var source = new CancellationTokenSource();
        var task = Task.Run(() => compute(new Canceller(source, accepted), source.Token), source.Token);
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Equal(source.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task Fits_and_evolutions_are_cancelled()
    {
        using var θ = Net.Initial();
        var long1 = new RegressionOptions { Steps = 100_000, Tolerance = 1e-100 };
        var drawn = Collocation.Uniform(Circle, 24);
        await Ends((p, c) => Regression.Fit(Net, Sine, drawn, long1, progress: p, cancellationToken: c));
        await Ends((p, c) => Regression.FitFrom(θ, Net, Sine, Points, long1, progress: p, cancellationToken: c));
        await Ends((p, c) => Evolution.Solve(0.1 * Term.Laplacian, Net, Points, θ, 0.0, 50.0, Options, progress: p, cancellationToken: c));
    }

    [Fact]
    public async Task Samplers_and_draws_are_cancelled()
    {
        var sampler = SamplingFacadeTests.Made.Value;
        await Ends((p, c) => Sampler.Evolve(Target, Small, progress: p, cancellationToken: c), accepted: 12);
        await Ends((p, c) => Sampler.Passes(2, Target, Small, progress: p, cancellationToken: c));
        await Ends((p, c) => sampler.Draw(50, progress: p, cancellationToken: c));
        await Ends((p, c) => ReverseSde.Draw(sampler, 50, progress: p, cancellationToken: c));
        await Ends((p, c) => AnnealedDraws.Draw(sampler, 50, progress: p, cancellationToken: c));
        await Ends((p, c) => Report.OfSampler(sampler, new() { Count = 50 }, progress: p, cancellationToken: c));
        var chains = new ChainOptions { Chains = 50 };
        await Ends((p, c) => Chains.Pool(Target, chains, progress: p, cancellationToken: c));
        var searched = new CoverOptions { Start = Start.Cooled(chains) };
        await Ends((p, c) => Cover.Points(Target, searched, progress: p, cancellationToken: c));
        await Ends((p, c) => Sampler.Standardise(2.0, Target, Small with { Cover = searched }, progress: p, cancellationToken: c));

        await Ends((p, c) => ModelFacadeTests.Coin.Sample(PosteriorFacadeTests.Mixed, progress: p, cancellationToken: c), accepted: 0);
        await Ends((p, c) => Posterior.Sample(Target, PosteriorFacadeTests.Mixed, progress: p, cancellationToken: c), accepted: 0);

        // What has nothing to report is cancelled all the same.
        var ended = new CancellationToken(true);
        using var points = Tensors.Normal(1, 20, 2);
        Assert.ThrowsAny<OperationCanceledException>(() => sampler.LogProposal(points, cancellationToken: ended));
        Assert.ThrowsAny<OperationCanceledException>(() => PosteriorFacadeTests.Made.Value.Draw(30, cancellationToken: ended));
        Assert.ThrowsAny<OperationCanceledException>(() => MarkovChain.Langevin(Target, points, cancellationToken: ended));

        // The sampler itself is as it was.
        using var draws = sampler.Draw(30);
        using var later = sampler.Draw(30);
        Assert.Equal(Tensors.ToArray(draws.Points), Tensors.ToArray(later.Points));
    }

    [Fact]
    public async Task Conditionals_and_marginals_are_drawn_from_and_cancelled()
    {
        var (conditional, marginal) = (SamplingFacadeTests.Partly.Value, SamplingFacadeTests.InStages.Value);
        await Ends((p, c) => Conditional.Evolve(Target, [0], Small, progress: p, cancellationToken: c));
        await Ends((p, c) => Marginal.Evolve(conditional, Small, progress: p, cancellationToken: c));
        await Ends((p, c) => conditional.Draw(30, [0.5], progress: p, cancellationToken: c));
        await Ends((p, c) => marginal.Draw(30, progress: p, cancellationToken: c));
        await Ends((p, c) => Report.OfConditional(conditional, [0.5], new() { Count = 30 }, progress: p, cancellationToken: c));
        await Ends((p, c) => Report.OfMarginal(marginal, new() { Count = 30 }, progress: p, cancellationToken: c));
        var told = new FacadeTests.Told();
        using var draws = marginal.Draw(30, progress: told);
        Assert.Equal(Phase.Draw, told.Reports[^1].Phase);
    }

    [Fact]
    public void What_a_cancelled_run_has_reached_is_kept_and_resumed()
    {
        var file = FacadeTests.Scratch() + ".h5";
        try
        {
            using var θ = Regression.Fit(Net, Sine, Points, new() { Steps = 15 });
            var options = Options with { Checkpoint = new Checkpoint { Path = file, EverySteps = 1 } };
            var heat = 0.1 * Term.Laplacian;
            using var source = new CancellationTokenSource();
            using var partial = Evolution.TrySolve(heat, Net, Points, θ, 0.0, 0.5, options, progress: new Canceller(source, 2), cancellationToken: source.Token);
            Assert.Equal(OutcomeKind.Cancelled, partial.Outcome.Kind);
            Assert.Equal(partial.Stop, partial.Outcome.Time);
            Assert.InRange(partial.Stop, 1e-6, 0.4);

            using var still = Evolution.TryResume(file, heat, Options, cancellationToken: source.Token);
            Assert.Equal(OutcomeKind.Cancelled, still.Outcome.Kind);
            using var whole = Evolution.Resume(file, heat, Options);
            using var expected = Evolution.Solve(heat, Net, Points, θ, 0.0, 0.5, Options);
            Assert.Equal(Tensors.ToArray(expected.Parameters(0.5)), Tensors.ToArray(whole.Parameters(0.5)));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
