using Mne.Functional.CSharp;
using TorchSharp;

// One test at a time: libtorch uses every core by itself.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Mne.Functional.CSharp.Tests;

/// <summary>The facade gives what the core gives, bit for bit, in the manner of C#.</summary>
public class FacadeTests
{
    private static readonly Domain Circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    private static readonly Network Net = Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
    private static readonly Collocation Points = Collocation.Grid(Circle, 24);
    private static readonly Term Equation1 = 0.1 * Term.Laplacian + Term.Value - Term.Value.Pow(3);
    private static readonly double[,] Probe = { { 0.3 }, { 2.0 }, { 5.5 } };

    private static readonly EvolutionOptions Options =
        new() { Tolerance = 1e-5, Regularisation = 1e-8, Sketch = Sketch.Landmarks(20) };

    internal static readonly SamplerOptions Small = new()
    {
        Network = domain => Network.Create(domain, Layer.Dense(16, Activation.Swish)),
        Cover = new() { Points = 120, FitPoints = 120, Refreshes = 12 },
        Fit = SamplerOptions.Defaults.Fit with { Steps = 10 },
        Evolve = SamplerOptions.Defaults.Evolve with { Sketch = Sketch.Landmarks(60), Regularisation = 1e-5, Tolerance = 1e-3 },
        Draw = new() { Tolerance = 1e-3 },
    };

    private static readonly Density Target = Density.GaussianMixture((0.5, [-1.0, 0.0], 0.7), (0.5, [1.0, 0.0], 0.7));

    private static Tensor Fitted() => Regression.Fit(Net, x => x.squeeze(1).sin(), Points, new() { Steps = 15 });

    internal sealed class Told : IProgress<Progress>
    {
        public List<Progress> Reports { get; } = [];

        public void Report(Progress value) => Reports.Add(value);
    }

    internal static string Scratch() => Path.Combine(Path.GetTempPath(), $"mne-csharp-{Environment.ProcessId}-{Guid.NewGuid():N}");

    [Fact]
    public void A_solution_has_the_bits_of_the_core()
    {
        var network = Core.NetworkModule.create(Circle.Inner, Bridge.List([
            Core.LayerModule.harmonics(2), Core.LayerModule.dense(12, Core.Activation.Sine)]));
        using var start = Fitted();
        using var expected = Core.Evolution.trySolve(
            Core.RunModule.quiet, Options.ToCore(), Equation1.Inner, network, Points.Inner, start, 0.0, 0.5);
        using var solution = Evolution.Solve(Equation1, Net, Points, start, 0.0, 0.5, Options);
        using var x = Tensors.Points(Probe);
        using var u = Core.SolutionModule.evaluate(0.3, x, expected);
        Assert.Equal(Tensors.ToArray(u), solution.Evaluate(0.3, Probe));
        Assert.Equal(OutcomeKind.Completed, solution.Outcome.Kind);
        Assert.Equal(0.5, solution.Stop);
        Assert.Equal(expected.Trajectory.Records.Length, solution.Steps.Count);
        Assert.Equal(0.5, solution.Steps[^1].Time);
    }

    [Fact]
    public void Defaults_of_options_are_those_of_the_core()
    {
        Assert.Equal(Core.Evolution.defaults.Tolerance, new EvolutionOptions().Tolerance);
        var evolution = new EvolutionOptions().ToCore();
        Assert.Equal(Core.Evolution.defaults.Regularisation, evolution.Regularisation);
        Assert.Equal(Core.Evolution.defaults.Sketch, evolution.Sketch);
        Assert.Equal(Core.Evolution.defaults.MaximumSteps, evolution.MaximumSteps);
        Assert.Equal(Core.Evolution.defaults.ErrorScale, evolution.ErrorScale);
        var fit = new RegressionOptions().ToCore();
        Assert.Equal(Core.Regression.defaults.Regularisation, fit.Regularisation);
        Assert.Equal(Core.Regression.defaults.Steps, fit.Steps);
        var sampler = new SamplerOptions().ToCore();
        Assert.Equal(Core.SamplerModule.defaults.Cover, sampler.Cover);
        Assert.Equal(RegressionOptions.OfCore(Core.SamplerModule.defaults.Fit), SamplerOptions.Defaults.Fit);
        Assert.Equal(EvolutionOptions.OfCore(Core.SamplerModule.defaults.Evolve), SamplerOptions.Defaults.Evolve);
        Assert.Equal(Core.SamplerModule.defaults.Draw, sampler.Draw);
        var run = Run.ToCore(null, null, default);
        Assert.Equal(Core.RunModule.quiet.Placement, run.Placement);
        Assert.Equal((Core.RunModule.quiet.Seed, Core.RunModule.quiet.Rows), (run.Seed, run.Rows));
        Assert.Equal(Core.Chains.defaults, new ChainOptions().ToCore());
        Assert.Equal(1e-4, (new EvolutionOptions() with { Tolerance = 1e-4 }).Tolerance);
    }

    [Fact]
    public void Terms_are_composed_with_operators_and_read_as_mathematics()
    {
        Assert.Equal("0.1 Δu + u − u³", Equation1.ToString());
        Assert.Equal("−6 u ∂₀u − ∂₀³u", (-6.0 * Term.Value * Term.Partial(0) - Term.Partial(0, 3)).ToString());
        Assert.Equal("1 − |∇u|²", (1.0 - Term.GradientNormSquared).ToString());
        var mixed = Term.Known("s", (t, x) => x.squeeze(1)) / 2.0 + 1.0 - Term.Transport("b", (t, x) => x) + Term.Mixed(0, 1).Mean();
        Assert.Equal("0.5 s + 1 − b·∇u + ⟨∂₀∂₁u⟩", mixed.ToString());
        Assert.Equal("Allen–Cahn: ∂u/∂t = 0.005 Δu + u − u³", Equation.AllenCahn(5e-3, 1).ToString());
    }

    [Fact]
    public void Equations_from_lambdas_are_those_from_terms()
    {
        using var start = Fitted();
        var custom = Term.Custom("heat", [Derivative.Laplacian], here => 0.1 * here[Derivative.Laplacian])
            + Term.Known("s", (t, x) => t * x.squeeze(1).cos());
        var composed = 0.1 * Term.Laplacian + Term.Known("s", (t, x) => t * x.squeeze(1).cos());
        using var one = Evolution.Solve(custom, Net, Points, start, 0.0, 0.3, Options);
        using var other = Evolution.Solve(composed, Net, Points, start, 0.0, 0.3, Options);
        Assert.Equal(other.Evaluate(0.3, Probe), one.Evaluate(0.3, Probe));
    }

    [Fact]
    public void TrySolve_gives_what_was_reached_and_Solve_throws_with_advice()
    {
        using var start = Fitted();
        var few = Options with { MaximumSteps = 2 };
        using var partial = Evolution.TrySolve(Equation1, Net, Points, start, 0.0, 5.0, few);
        Assert.False(partial.Outcome.Succeeded);
        Assert.Equal(OutcomeKind.TooManySteps, partial.Outcome.Kind);
        Assert.InRange(partial.Stop, 1e-6, 4.9);
        Assert.Contains("MaximumSteps", partial.Outcome.Advice);
        Assert.Equal((2, partial.Stop), (partial.Outcome.Steps, partial.Outcome.Time));
        Assert.Null(partial.Outcome.EventName);

        var failure = Assert.Throws<EvolutionFailedException>(
            () => Evolution.Solve(Equation1, Net, Points, start, 0.0, 5.0, few));
        Assert.Equal(OutcomeKind.TooManySteps, failure.Outcome.Kind);
        Assert.Equal(failure.Outcome.Advice, failure.Message);

        var zero = Options with { Events = [new StopEvent("half time", (t, θ, x) => 0.25 - t)] };
        using var stopped = Evolution.TrySolve(Equation1, Net, Points, start, 0.0, 0.5, zero);
        Assert.True(stopped.Outcome.Succeeded);
        Assert.Equal(OutcomeKind.StoppedByEvent, stopped.Outcome.Kind);
        Assert.Equal(("half time", stopped.Stop), (stopped.Outcome.EventName, stopped.Outcome.Time));
        Assert.Equal(Direction.Falling, stopped.Options.Events[0].Direction);
        Assert.Equal("half time", stopped.Options.Events[0].Name);
        Assert.Equal(Options, stopped.Options with { Events = Options.Events });

        var wrong = Assert.Throws<ArgumentException>(() => Evolution.Solve(Equation1, Net, Points, start, 0.0, 0.0));
        Assert.Contains("t1", wrong.Message);
    }

    [Fact]
    public void Solve_reports_progress()
    {
        using var start = Fitted();
        var told = new Told();
        using var solution = Evolution.Solve(Equation1, Net, Points, start, 0.0, 0.5, Options, progress: told);
        Assert.Equal(Phase.Evolve, told.Reports[0].Phase);
        Assert.Equal(1.0, told.Reports[^1].Fraction, 12);
        Assert.Equal(solution.Steps.Count, told.Reports[^1].Accepted);
    }

    [Fact]
    public void Solutions_are_saved_opened_and_resumed_to_the_same_bits()
    {
        var folder = Scratch();
        try
        {
            using var start = Fitted();
            var checkpoint = Path.Combine(folder, "run.h5");
            var options = Options with { Checkpoint = new Checkpoint { Path = checkpoint, EverySteps = 2 } };
            using var solution = Evolution.Solve(Equation1, Net, Points, start, 0.0, 1.0, options);
            var file = solution.Save(Path.Combine(folder, "solution.h5"), "a front");
            using var again = Solution.Open(file);
            using var resumed = Evolution.Resume(checkpoint, Equation1, Options);
            Assert.Equal(solution.Evaluate(0.9, Probe), again.Evaluate(0.9, Probe));
            Assert.Equal(solution.Evaluate(0.9, Probe), resumed.Evaluate(0.9, Probe));
            Assert.Equal(solution.Steps, resumed.Steps);
            Assert.Equal(Net.Description, again.Network.Description);

            // A folder is no file to write to: the run goes on.
            var failures = new List<Exception>();
            var blocked = new Checkpoint { Path = folder, EverySteps = 1, OnFailure = failures.Add };
            using var same = Evolution.Solve(Equation1, Net, Points, start, 0.0, 1.0, Options with { Checkpoint = blocked });
            Assert.Equal(solution.Evaluate(0.9, Probe), same.Evaluate(0.9, Probe));
            Assert.Equal(solution.Steps.Count - 1, failures.Count);
            Assert.All(failures, failure => Assert.Contains(folder, failure.Message));

            var fitted = Path.Combine(folder, "fit.h5");
            var fit = new RegressionOptions { Steps = 15, Checkpoint = new() { Path = fitted, EverySteps = 2 } };
            using var first = Regression.Fit(Net, x => x.squeeze(1).sin(), Points, fit);
            using var goneOn = Regression.Resume(fitted, Net, x => x.squeeze(1).sin(), Points, fit with { Checkpoint = null });
            Assert.Equal(first.data<double>().ToArray(), goneOn.data<double>().ToArray());
            Assert.Contains("state", Assert.Throws<ArgumentException>(() => Regression.TryResume(fitted, Net, x => x.squeeze(1).cos(), Points, fit)).Message);

            File.WriteAllBytes(file, File.ReadAllBytes(file)[..^1]);
            Assert.Contains("cut short", Assert.Throws<DamagedFileException>(() => Solution.Open(file)).Message);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void Samplers_draw_weigh_condition_and_are_reopened()
    {
        var folder = Scratch();
        try
        {
            var told = new Told();
            using var sampler = Sampler.Evolve(Target, Small, progress: told);
            Assert.Equal([Phase.Fit, Phase.Evolve], told.Reports.Select(r => r.Phase).Distinct());
            using var draws = sampler.Draw(200);
            using var expected = Core.SamplerModule.draw(Core.RunModule.quiet, 200, sampler.Inner);
            Assert.Equal(Tensors.ToArray(expected.Points), Tensors.ToArray(draws.Points));
            Assert.Equal(Core.Importance.effectiveSampleSize(expected), draws.EffectiveSampleSize);
            Assert.InRange(draws.EffectiveSampleSize, 0.2, 1.0);
            Assert.InRange(Math.Abs(draws.LogNormaliser.Value), 0.0, 5.0 * draws.LogNormaliser.StandardError + 1e-6);
            Assert.Equal(1.0, draws.Weights().Sum(), 10);
            Assert.Equal(1.0, draws.Expectation(x => torch.ones(200, torch.float64)).Value, 10);
            using var resampled = draws.Resample(50);
            Assert.Equal([50L, 2L], resampled.shape);

            using var other = Sampler.Open(sampler.Save(Path.Combine(folder, "s.h5")), Target);
            using var same = other.Draw(200, progress: told);
            Assert.Equal(Phase.Draw, told.Reports[^1].Phase);
            Assert.Equal(Tensors.ToArray(draws.LogWeights), Tensors.ToArray(same.LogWeights));

            using var stored = Draws.Open(draws.Save(Path.Combine(folder, "d.h5")));
            Assert.Equal(Tensors.ToArray(draws.Points), Tensors.ToArray(stored.Points));
            Assert.Equal(201, File.ReadAllLines(draws.SaveCsv(Path.Combine(folder, "d.csv"))).Length);
            Assert.True(new FileInfo(draws.SaveArrow(Path.Combine(folder, "d.arrow"))).Length > 200 * 4 * 8);

            var conditional = SamplingFacadeTests.Partly.Value;
            using var given = conditional.Draw(30, [0.5]);
            Assert.All(Tensors.ToArray(given.Points.select(1, 1)), y => Assert.Equal(0.5, y));
            Assert.Equal(1, conditional.Marginal().Dimension);
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void Values_say_what_they_are()
    {
        using var start = Fitted();
        using var solution = Evolution.Solve(Equation1, Net, Points, start, 0.0, 0.5, Options);
        Assert.StartsWith($"u(t, x) for t from 0 to 0.5 in {solution.Steps.Count} steps", solution.ToString());
        Assert.Equal("Periodic (0.0, 6.283185307) × Real", Circle.Times(Domain.Euclidean(1)).ToString());
        Assert.Contains("Sketch = Landmarks 20", Options.ToString());
        using var draws = new Draws(Tensors.Line(1.0, 3.0), Tensors.Vector([0.0, 0.0]), Tensors.Vector([0.0, 0.0]));
        Assert.Equal("2 weighted draws, d = 1", draws.ToString());
    }

    [Fact]
    public void Charts_are_saved_as_pages()
    {
        var folder = Scratch();
        try
        {
            double[] x = [0.0, 1.0, 2.0];
            var chart = Chart.Lines(Series.Line("u", x, [0.0, 1.0, 4.0]), Series.Dashed("exact", x, x))
                .Titled("Parabola").Axes("x (m)", "u");
            var html = File.ReadAllText(chart.Save(Path.Combine(folder, "chart.html")));
            Assert.Contains("Parabola", html);
            Assert.Contains("x (m)", html);
            var page = Chart.SavePage(
                Path.Combine(folder, "page.html"), "Two", "A page", chart, Chart.Bars(["a", "b"], ("found", [0.4, 0.6])));
            Assert.Contains("A page", File.ReadAllText(page));
            var figures = Chart.SavePage(page, "Two", "A page", [("relative error", "1e-4")], chart);
            Assert.Contains("<dt>relative error</dt><dd>1e-4</dd>", File.ReadAllText(figures));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void Unfinished_phases_are_closed_on_the_console()
    {
        var console = Console.Out;
        using var written = new StringWriter();
        try
        {
            Console.SetOut(written);
            using var progress = new ConsoleProgress(Display.Plain);
            progress.Report(new(Core.ProgressModule.started(Core.Phase.Evolve, 0.0)));
        }
        finally
        {
            Console.SetOut(console);
        }

        Assert.Contains("evolve  stopped at 0 % in", written.ToString());
    }

    [Fact]
    public void What_is_null_or_unknown_is_refused_by_name()
    {
        using var θ = Net.Initial();
        Assert.Throws<ArgumentNullException>("term", () => Evolution.Solve(null!, Net, Points, θ, 0.0, 1.0));
        Assert.Throws<ArgumentNullException>("start", () => Evolution.Solve(Equation1, Net, Points, null!, 0.0, 1.0));
        Assert.Throws<ArgumentNullException>("network", () => Regression.Fit(null!, x => x, Points));
        Assert.Throws<ArgumentNullException>("g", () => Regression.Fit(Net, null!, Points));
        Assert.Throws<ArgumentNullException>("target", () => Sampler.Evolve(null!));
        Assert.Throws<ArgumentNullException>("energy", () => Density.OfEnergy(1, null!));
        Assert.Throws<ArgumentNullException>("layers", () => Network.Create(Circle, null!));
        Assert.Throws<ArgumentNullException>("draw", () => Collocation.Drawn(1, null!));
        Assert.Throws<ArgumentNullException>("Sketch", () => new EvolutionOptions { Sketch = null! }.ToCore());
        Assert.Throws<ArgumentOutOfRangeException>("activation", () => Layer.Dense(3, (Activation)99));
        Assert.Throws<ArgumentOutOfRangeException>("atHigh", () => Coordinate.Bounded(0.0, 1.0, Boundary.Neumann, (Boundary)99));
        Assert.Throws<ArgumentOutOfRangeException>("display", () => new ConsoleProgress((Display)99));
        var scale = Assert.Throws<ArgumentOutOfRangeException>(
            () => new EvolutionOptions { ErrorScale = (ErrorScale)99 }.ToCore());
        Assert.Contains("ErrorScale: found 99, wanted one of Magnitude, Spread", scale.Message);
    }

    [Fact]
    public void Tensors_are_made_in_every_way()
    {
        Assert.Equal([0.0, 0.5, 1.0], Tensors.ToArray(Tensors.Linspace(0.0, 1.0, 3)));
        Assert.Equal(new double[2, 1], Tensors.ToArray2D(Tensors.Zeros(2, 1)));
        Assert.Equal([1.0, 1.0], Tensors.ToArray(Tensors.Ones(2)));
        Assert.All(Tensors.ToArray(Tensors.Uniform(seed: 1, 50, 2)), x => Assert.InRange(x, 0.0, 1.0));
        Assert.NotEqual(Tensors.ToArray(Tensors.Uniform(1, 5)), Tensors.ToArray(Tensors.Uniform(2, 5)));
    }

    [Fact]
    public void Networks_are_created_in_every_way()
    {
        var line = Domain.Euclidean(1);
        var bump = Network.OfFunction(
            line, 3, seed => Tensors.Normal(seed, 3), (θ, x) => θ[0] * (-(x.squeeze(1) - θ[1]).square() * θ[2]).exp());
        using var θ = Tensors.Vector([2.0, 1.0, 0.5]);
        using var x = Tensors.Line(1.0, 3.0);
        using var u = bump.Value(θ, x);
        Assert.Equal(2.0, Tensors.ToArray(u)[0], 12);
        Assert.Equal(2.0 * Math.Exp(-2.0), Tensors.ToArray(u)[1], 12);
        Assert.Equal(3, bump.ParameterCount);
        var blocks = Network.OfBlocks(Domain.Euclidean(3), [[0, 1], [1, 2]], Layer.Dense(4, Activation.Gelu));
        Assert.Equal(3, Network.Add(blocks, blocks).Domain.Dimension);
        Assert.Equal(blocks.ParameterCount, blocks.Rescaled([0, 0, 0], [1, 2, 3]).ParameterCount);
        Assert.Equal(2, Circle.Times(line).Dimension);
        Assert.Contains("Mne.Functional", Engine.Describe());
    }
}
