using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Tasks of computations that are to end early are cancelled, and leave nothing behind.</summary>
public class AsyncTests
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

    private static async Task Ends(Func<IProgress<Progress>, CancellationToken, Task> start, int accepted = 1)
    {
        using var source = new CancellationTokenSource();
        var task = start(new Canceller(source, accepted), source.Token);
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(task.IsCanceled);
        Assert.Equal(source.Token, cancelled.CancellationToken);
    }

    [Fact]
    public async Task Fits_and_evolutions_are_cancelled()
    {
        using var θ = Net.Initial();
        var long1 = new RegressionOptions { Steps = 100_000, Tolerance = 1e-300 };
        var drawn = Collocation.Uniform(Circle, 24);
        await Ends((p, c) => Regression.FitAsync(Net, Sine, drawn, long1, p, c));
        await Ends((p, c) => Regression.FitFromAsync(θ, Net, Sine, Points, long1, p, c));
        await Ends((p, c) => Evolution.SolveAsync(0.1 * Term.Laplacian, Net, Points, θ, 0.0, 50.0, Options, p, c));
    }

    [Fact]
    public async Task Samplers_and_draws_are_cancelled()
    {
        var sampler = SamplingFacadeTests.Made.Value;
        await Ends((p, c) => Sampler.EvolveAsync(Target, Small, progress: p, cancellationToken: c), accepted: 12);
        await Ends((p, c) => Sampler.PassesAsync(2, Target, Small, progress: p, cancellationToken: c));
        await Ends((p, c) => sampler.DrawAsync(50, progress: p, cancellationToken: c));
        await Ends((p, c) => ReverseSde.DrawAsync(sampler, 50, progress: p, cancellationToken: c));
        await Ends((p, c) => Report.OfSamplerAsync(sampler, new() { Count = 50 }, p, c));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Sampler.StandardiseAsync(2.0, Target, Small, cancellationToken: new CancellationToken(true)));

        // The sampler itself is as it was.
        using var draws = sampler.Draw(30);
        using var later = await sampler.DrawAsync(30);
        Assert.Equal(Tensors.ToArray(draws.Points), Tensors.ToArray(later.Points));
    }

    [Fact]
    public async Task Conditionals_and_marginals_are_drawn_from_and_cancelled()
    {
        var (conditional, marginal) = (SamplingFacadeTests.Partly.Value, SamplingFacadeTests.InStages.Value);
        await Ends((p, c) => Conditional.EvolveAsync(Target, [0], Small, p, c));
        await Ends((p, c) => Marginal.EvolveAsync(conditional, Small, progress: p, cancellationToken: c));
        await Ends((p, c) => conditional.DrawAsync(30, [0.5], progress: p, cancellationToken: c));
        await Ends((p, c) => marginal.DrawAsync(30, progress: p, cancellationToken: c));
        await Ends((p, c) => Report.OfConditionalAsync(conditional, [0.5], new() { Count = 30 }, p, c));
        await Ends((p, c) => Report.OfMarginalAsync(marginal, new() { Count = 30 }, p, c));
        var told = new FacadeTests.Told();
        using var draws = await marginal.DrawAsync(30, progress: told);
        Assert.Equal("draw", told.Reports[^1].Phase);
        var (polished, _) = await MarkovChain.PolishAsync(Target, draws);
        polished.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => MarkovChain.LangevinAsync(Target, draws.Points, cancellationToken: new CancellationToken(true)));
    }

    [Fact]
    public async Task What_a_cancelled_run_has_reached_is_kept_and_resumed()
    {
        var file = FacadeTests.Scratch() + ".h5";
        try
        {
            using var θ = Regression.Fit(Net, Sine, Points, new() { Steps = 15 });
            var options = Options with { Checkpoint = new Checkpoint { Path = file, EverySteps = 1 } };
            var heat = 0.1 * Term.Laplacian;
            using var source = new CancellationTokenSource();
            using var partial = await Evolution.TrySolveAsync(
                heat, Net, Points, θ, 0.0, 0.5, options, new Canceller(source, 2), source.Token);
            Assert.Equal(OutcomeKind.Cancelled, partial.Outcome.Kind);
            Assert.Equal(partial.Stop, partial.Outcome.Time);
            Assert.InRange(partial.Stop, 1e-6, 0.4);

            using var still = await Evolution.TryResumeAsync(file, heat, Options, cancellationToken: source.Token);
            Assert.Equal(OutcomeKind.Cancelled, still.Outcome.Kind);
            using var whole = await Evolution.ResumeAsync(file, heat, Options);
            using var expected = Evolution.Solve(heat, Net, Points, θ, 0.0, 0.5, Options);
            Assert.Equal(Tensors.ToArray(expected.Parameters(0.5)), Tensors.ToArray(whole.Parameters(0.5)));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
