using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Processes, samplers, chains and reports through the facade, against the core and exact formulas.</summary>
public class SamplingFacadeTests
{
    internal static readonly Density Target = Density.GaussianMixture((0.5, [-1.0, 0.0], 0.7), (0.5, [1.0, 0.0], 0.7));

    private static readonly SamplerOptions Small = FacadeTests.Small;

    internal static readonly SamplerOptions Brief = Small with
    {
        Duration = 1.0,
        Cover = new() { Points = 60, FitPoints = 60, Refreshes = 3 },
        Evolve = Small.Evolve with { Sketch = Sketch.Landmarks(30) },
    };

    private static readonly Core.Run Quiet = Core.RunModule.quiet;

    private static Core.Run Seeded(int seed) => Run.ToCore(new() { Seed = seed }, null, default);

    internal static readonly Lazy<Sampler> Made = new(() => Sampler.Evolve(Target, Small));

    internal static readonly Lazy<Conditional> Partly = new(() => Conditional.Evolve(Target, [0], Brief));

    internal static readonly Lazy<Marginal> InStages = new(() => Marginal.Evolve(Partly.Value, Brief));

    private static void Same(Tensor expected, Tensor found) => Assert.Equal(Tensors.ToArray(expected), Tensors.ToArray(found));

    [Fact]
    public void Options_reach_the_core()
    {
        Assert.Equal(Core.SamplerModule.defaults.Evolve.Method, new SamplerOptions().ToCore().Evolve.Method);
        Assert.Equal(Core.MethodModule.automatic.Name, (Small with { Evolve = new() }).ToCore().Evolve.Method.Name);
        Assert.Equal(4.0, (Small with { Cover = new() { Start = Start.Cloud(4.0, 1.0) } }).ToCore().Cover.Start.Spread);
        Assert.Equal(Core.ReportModule.defaults, new ReportOptions().ToCore());
        Assert.Equal(Core.MarkovChain.defaults, new LangevinOptions().ToCore());
        Assert.Equal(Core.ReverseSde.defaults, new ReverseOptions().ToCore());
        Assert.Equal(Core.AnnealedDraws.defaults, new AnnealedOptions().ToCore());
        Assert.Equal(1.5, Start.Cooled(new ChainOptions { Spread = 4.0, Temperature = 1.5 }).Temperature);
        Assert.Equal(4.0, Start.Cooled(new ChainOptions { Spread = 4.0 }).Spread);
        Assert.Equal([1, 0], new ChainOptions { Held = [1, 0] }.ToCore().Held);
        Assert.Equal(2.0, Start.Cloud(3.0, 2.0).Temperature);
    }

    [Fact]
    public void Processes_are_those_of_the_core()
    {
        using var x = Tensors.Normal(1, 5, 2);
        using var noise = Tensors.Normal(2, 5, 2);
        var ou = Process.OrnsteinUhlenbeck(2).Scheduled(Schedule.Linear(0.5, 1.5, 2.0));
        var core = Core.ProcessModule.scheduled(Core.ScheduleModule.linear(0.5, 1.5, 2.0), Core.ProcessModule.ornsteinUhlenbeck(2));
        using var later = ou.Carry(2.0, noise, x);
        Same(Core.ProcessModule.carry(2.0, noise, x, core), later);
        Assert.Equal(2.0, Schedule.Linear(0.5, 1.5, 2.0).Clock(2.0), 12);
        Assert.Equal(Math.Exp(-0.3), ou.Transition(0.3)!.Matrix[0, 0], 12);
        Assert.Null(Process.Langevin(Target).Transition(0.3));

        // U = ½|x|² is the Ornstein–Uhlenbeck process; √2 noise, drift −x.
        var potential = Density.OfEnergy(2, y => 0.5 * y.square().sum(1));
        foreach (var process in new[]
        {
            Process.Langevin(potential),
            Process.Create(2, (s, y) => -y, (s, y) => torch.full_like(y.select(1, 0), -2.0), Covariance.Isotropic(2.0)),
        })
        {
            using var expected = Process.OrnsteinUhlenbeck(2).Forward().Simulate([0.0, 0.1, 0.2], x, seed: 3);
            using var found = process.Forward().Simulate([0.0, 0.1, 0.2], x, seed: 3);
            Assert.True(torch.allclose(expected, found, 1e-10, 1e-12));
        }

        Assert.Equal(4, Process.UnderdampedLangevin(1.0, potential).Dimension);
        Assert.Equal(2.0, Process.PartialNoise([1], 2).Diffusion.Matrix(2)[1, 1]);
        Assert.Equal(0.0, Process.PartialNoise([1], 2).Diffusion.Matrix(2)[0, 0]);
        var known = Process.Langevin(potential).WithStationary(Reference.StandardNormal(2));
        using var density = known.Stationary!.LogDensity(x);
        Same(Core.ReferenceModule.standardNormal(2).LogDensity.Invoke(x), density);
        var brownian = Process
            .Create(1, (s, y) => torch.zeros_like(y), (s, y) => torch.zeros_like(y.squeeze(1)), Covariance.Isotropic(1.0))
            .WithTransition(s => new Transition(new double[,] { { 1.0 } }, [0.0], new double[,] { { s } }));
        using var moved = brownian.Carry(4.0, Tensors.Line(0.5), Tensors.Line(1.0));
        Assert.Equal(2.0, moved.item<double>(), 12);
        double[,] matrix = { { 2.0, 0.0 }, { 0.0, 2.0 } };
        var full = Covariance.Full(matrix);
        matrix[0, 0] = 5.0;
        full.Matrix(2)[1, 1] = 5.0;
        Assert.Equal(new double[,] { { 2.0, 0.0 }, { 0.0, 2.0 } }, full.Matrix(2));
        var shifted = Reference.Normal([1.0, -1.0], Covariance.Diagonal(4.0, 9.0));
        using var centre = Tensors.Points(new double[,] { { 1.0, -1.0 } });
        Assert.Equal(-Math.Log(2.0 * Math.PI * 6.0), shifted.LogDensity(centre).item<double>(), 12);
    }

    [Fact]
    public void Energies_evolve_through_a_process_of_ones_own()
    {
        // The energy of N(0, 2) stays a parabola under the Ornstein–Uhlenbeck process: variance 1 + e^{−2t}.
        var line = Domain.Euclidean(1);
        var parabola = Network.OfFunction(line, 2, seed => Tensors.Vector([0.25, 0.0]), (θ, x) => θ[0] * x.squeeze(1).square() + θ[1]);
        var ou = Process.OrnsteinUhlenbeck(1);
        using var start = Tensors.Vector([0.25, 0.0]);
        using var solution = Evolution.Solve(
            FokkerPlanck.Energy(ou), parabola, Collocation.Given(Tensors.Line(-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)), start, 0.0, 1.0,
            new() { Points = FokkerPlanck.FlowingPoints(ou), ErrorScale = ErrorScale.Spread, Regularisation = 1e-12 });
        Assert.Equal(0.5 / (1.0 + Math.Exp(-2.0)), solution.Parameters(1.0)[0].item<double>(), 1e-5);

        // v = −x + ∇u, ∇·v = −1 + Δu.
        using var x = Tensors.Line(1.5);
        var local = solution.Local(0.0, x, FokkerPlanck.FlowNeeds(ou));
        Assert.Equal(-1.5 + 0.75, FokkerPlanck.Flow(ou, local).item<double>(), 1e-9);
        Assert.Equal(-1.0 + 0.5, FokkerPlanck.FlowDivergence(ou, local).item<double>(), 1e-9);
        Assert.Equal(-1.0 * 2.0, ou.Forward().Drift(0.0, Tensors.Line(2.0)).item<double>(), 12);
        var reverse = ou.Reverse(1.0, (t, y) => 0.5 * y);
        Assert.Equal(1.5 - 2.0 * 0.75, reverse.Drift(1.0, x).item<double>(), 12);
        Assert.Contains("∇·(bu)", FokkerPlanck.Density(ou).ToString());
    }

    [Fact]
    public void Diffusions_with_noise_that_depends_on_the_state_are_those_of_the_core()
    {
        using var x = Tensors.Points(new double[,] { { 0.4, 0.3 }, { 0.9, 1.2 } });
        var own = Diffusion.Create(2, (t, y) => t - y, Noise.Diagonal((t, y) => y.exp()));
        Assert.Equal(-2.0, own.DriftDivergence(0.5, x)[0].item<double>(), 12);
        Assert.Equal(2.0 * Math.Exp(0.8), own.NoiseDivergence(0.5, x)[0, 0].item<double>(), 12);
        Assert.Equal(4.0 * (Math.Exp(0.8) + Math.Exp(0.6)), own.NoiseCurvature(0.5, x)[0].item<double>(), 12);
        Assert.Equal(0.5 - 0.4 + 0.5 * Math.Exp(0.8), Stratonovich(x)[0, 0].item<double>(), 12);
        Assert.Equal(0.5 - 0.4, own.Drift(0.5, x)[0, 0].item<double>(), 12);

        var heston = Diffusion.Heston(0.02, 2.0, 0.4, 0.3, -0.7);
        Assert.Equal("Heston", heston.Name);
        Assert.Equal(2, heston.Dimension);
        using var found = heston.Paths().Simulate([0.0, 0.1, 0.2], x, SdeScheme.EulerMaruyama, seed: 4);
        using var expected = Core.SdeModule.simulate(
            Core.SdeScheme.EulerMaruyama, 4, Bridge.List([0.0, 0.1, 0.2]), x,
            Core.DiffusionModule.paths(Core.DiffusionModule.heston(0.02, 2.0, 0.4, 0.3, -0.7)));
        Same(expected, found);
        var full = Diffusion.Create(2, (t, y) => -y, Noise.Full(1, (t, y) => y.unsqueeze(-1)));
        Assert.Equal(2.0 * 0.4 + 0.4, full.NoiseDivergence(0.0, x)[0, 0].item<double>(), 12);
        Assert.Equal(3, Diffusion.Lorenz(10.0, 28.0, 8.0 / 3.0, 1.0).Dimension);
        var two = Diffusion.GeometricBrownianMotion([0.1, 0.2], [0.3, 0.4], new double[,] { { 1.0, 0.5 }, { 0.5, 1.0 } });
        Assert.Equal(0.2 * 0.3, two.Drift(0.0, x)[0, 1].item<double>(), 12);
        Assert.Equal(-1.5, Diffusion.CoxIngersollRoss(1.5, 0.4, 0.3).DriftDivergence(0.0, x.narrow(1, 0, 1))[0].item<double>(), 12);

        static Tensor Stratonovich(Tensor x) =>
            Diffusion.Stratonovich(2, (t, y) => t - y, Noise.Diagonal((t, y) => y.exp())).Drift(0.5, x);
    }

    [Fact]
    public void Kolmogorovs_equations_evolve_as_those_of_the_core()
    {
        // E[X_T²] of the Ornstein–Uhlenbeck process with D = 2 is x² e^{−2τ} + 1 − e^{−2τ}.
        var parabola = Network.OfFunction(
            Domain.Euclidean(1), 2, seed => Tensors.Vector([1.0, 0.0]), (θ, x) => θ[0] * x.squeeze(1).square() + θ[1]);
        var ou = Diffusion.OfProcess(Process.OrnsteinUhlenbeck(1));
        var points = Collocation.Given(Tensors.Line(-2.0, -1.0, -0.5, 0.5, 1.0, 2.0));
        using var start = Tensors.Vector([1.0, 0.0]);
        using var second = Evolution.Solve(Kolmogorov.Backward(1.0, ou), parabola, points, start, 0.0, 1.0, new() { Regularisation = 1e-13 });
        Assert.Equal(Math.Exp(-2.0), second.Parameters(1.0)[0].item<double>(), 1e-5);
        Assert.Equal(1.0 - Math.Exp(-2.0), second.Parameters(1.0)[1].item<double>(), 1e-5);

        using var x = Tensors.Line(1.5);
        var local = second.Local(0.0, x, [Derivative.Partial(0), Derivative.Laplacian]);
        double At(Term term) => term.Evaluate(local).item<double>();
        Assert.Equal(2.0 - 2.0 * 1.5 * 1.5, At(Kolmogorov.Backward(1.0, ou)), 1e-9);
        Assert.Equal(
            2.0 - 4.5 - 0.1 * 2.25 + 0.7,
            At(Kolmogorov.FeynmanKac(1.0, (t, y) => 0.1 * torch.ones_like(y.squeeze(1)), (t, y) => 0.7 * torch.ones_like(y.squeeze(1)), ou)), 1e-9);
        Assert.Equal(
            2.0 - 4.5 - 9.0 + 1.0, At(Kolmogorov.HamiltonJacobiBellman(1.0, (t, y) => t * torch.ones_like(y.squeeze(1)), ou)), 1e-9);
        Assert.Equal(2.0 + 4.5 + 2.25, At(Kolmogorov.Forward(ou)), 1e-9);
        Assert.Equal(2.0 - 9.0 + 4.5 - 1.0, At(Kolmogorov.Energy(ou)), 1e-9);
        Assert.Equal(-1.5 + 3.0, Kolmogorov.Flow(ou, local).item<double>(), 1e-9);

        using var energy = Evolution.Solve(
            Kolmogorov.Energy(ou).Centred(), parabola, points, start, 0.0, 0.5,
            new() { Points = Kolmogorov.FlowingPoints(ou), ErrorScale = ErrorScale.Spread, Regularisation = 1e-12 });

        // Variance ½ at first.
        Assert.Equal(0.5 / (1.0 - 0.5 * Math.Exp(-1.0)), energy.Parameters(0.5)[0].item<double>(), 1e-5);
    }

    [Fact]
    public void A_linear_equation_without_noise_is_simulated_exactly_enough()
    {
        var decay = new Sde { Dimension = 1, Drift = (t, x) => -x, Noise = Covariance.Isotropic(0.0) };
        using var start = Tensors.Line(2.0);
        using var end = decay.Simulate(Enumerable.Range(0, 101).Select(k => 0.01 * k), start);
        Assert.Equal(2.0 * Math.Exp(-1.0), end.item<double>(), 1e-4);
        using var noise = Tensors.Line(0.0);
        using var euler = decay.Step(0.0, 0.1, noise, start, SdeScheme.EulerMaruyama);
        Assert.Equal(1.8, euler.item<double>(), 12);
    }

    [Fact]
    public void Draws_by_the_reverse_equation_and_its_chains_are_those_of_the_core()
    {
        var sampler = Made.Value;
        var options = new ReverseOptions { Steps = 20, Kernel = ReverseKernel.Euler };
        using var draws = ReverseSde.Draw(sampler, 100, options, new() { Seed = 3 });
        using var expected = Core.ReverseSde.draw(Seeded(3), new(Core.ReverseKernel.Euler, 20), 100, sampler.Inner);
        Same(expected.LogWeights, draws.LogWeights);

        var stops = new AnnealedOptions { Stops = 3, Threshold = 1.0, Moves = 2, Groups = 3 };
        using var annealed = AnnealedDraws.Draw(sampler, 90, stops, new() { Seed = 3 });
        using var coreAnnealed = Core.AnnealedDraws.draw(Seeded(3), stops.ToCore(), 90, sampler.Inner);
        Same(coreAnnealed.Draws.LogWeights, annealed.Draws.LogWeights);
        Assert.Equal(coreAnnealed.LogNormaliser.Value, annealed.LogNormaliser.Value);
        Assert.Equal([.. coreAnnealed.Resampled.Select(r => (r.Item1, r.Item2))], annealed.Resampled);

        using var chain = MarkovChain.Independence(draws, seed: 1);
        using var coreChain = Core.MarkovChain.independence(1, expected);
        Same(coreChain.Points, chain.Points);
        Assert.Equal(coreChain.AcceptanceRate, chain.AcceptanceRate);

        var langevin = new LangevinOptions { Steps = 3, Step = Covariance.Isotropic(0.3) };
        using var moved = MarkovChain.Langevin(Target, draws.Points, langevin, new() { Seed = 4 });
        using var coreMoved = Core.MarkovChain.langevin(Seeded(4), langevin.ToCore(), Target.Inner, draws.Points);
        Same(coreMoved.Points, moved.Points);
        var (polished, rate) = MarkovChain.Polish(Target, draws, langevin, new() { Seed = 4 });
        using (polished)
        {
            Assert.Equal(draws.LogNormaliser.Value, polished.LogNormaliser.Value, 12);
            Assert.Equal(moved.AcceptanceRate, rate);
        }

        using var start = Tensors.Normal(1, 4, 2);
        using var back = ReverseSde.Equation(sampler).Simulate([0.0, 0.1], start, SdeScheme.EulerMaruyama, seed: 2);
        Same(
            Core.SdeModule.simulate(
                Core.SdeScheme.EulerMaruyama, 2, Bridge.List([0.0, 0.1]), start, Core.ReverseSde.equation(sampler.Inner)),
            back);
    }

    [Fact]
    public void Samplers_are_standardised_passed_on_and_read()
    {
        var (options, process) = Sampler.Standardise(2.0, Target, Small);
        var (coreOptions, family) = Core.SamplerModule.standardise(Quiet, 2.0, Small.ToCore(), Target.Inner);
        Same(((Core.Start.Known)coreOptions.Cover.Start).points, ((Core.Start.Known)options.Cover.Start.Inner).points);
        Assert.Equal(Small, options with { Network = Small.Network, Cover = options.Cover with { Start = Small.Cover.Start } });
        Assert.Equal(
            family.Invoke(2).Transition!.Value.Invoke(1.0).Covariance, process(2).Transition(1.0)!.Covariance);
        Assert.Equal(
            coreOptions.Network.Invoke(Core.DomainModule.euclidean(2)).Description, options.Network(Domain.Euclidean(2)).Description);

        using var passed = Sampler.Passes(2, Target, Small with { Duration = 1.0, Fit = Small.Fit with { Steps = 4 } });
        Assert.Equal(1.0, passed.Energy.Solution.Stop);

        var sampler = Made.Value;
        using var points = Tensors.Normal(5, 20, 2);
        using var logProposal = sampler.LogProposal(points);
        Same(Core.SamplerModule.logProposal(Quiet, points, sampler.Inner), logProposal);
        var efficiency = Draws.ForwardEfficiency(-Target.Energy(points) - logProposal);
        Assert.InRange(efficiency, 0.01, 1.0);
        Assert.Equal([7L, 2L], sampler.Reference.Draw(7).shape);
    }

    [Fact]
    public void Energies_are_read_as_in_the_core()
    {
        var (energy, core) = (Made.Value.Energy, Made.Value.Inner.Energy);
        using var points = Tensors.Normal(5, 20, 2);
        Assert.Equal(3.0, energy.Duration);
        Same(Core.EnergyModule.value(0.3, points, core), energy.Value(0.3, points));
        Same(Core.EnergyModule.gradient(0.3, points, core), energy.Gradient(0.3, points));
        var (v, divergence) = energy.Flow(0.3, points);
        var local = energy.Local(0.3, points, FokkerPlanck.FlowNeeds(energy.Process));
        Same(FokkerPlanck.Flow(energy.Process, local), v);
        Same(FokkerPlanck.FlowDivergence(energy.Process, local), divergence);
        Same(energy.Value(0.3, points), local.Value);
    }

    [Fact]
    public void First_points_are_those_of_the_core()
    {
        using var covering = Cover.Points(Target, Small.Cover, new() { Seed = 2 })(9).Points(seed: 4);
        Same(Core.CollocationModule.points(
            Core.PlacementModule.float64, 4, Core.Cover.points(Seeded(2), Small.Cover.ToCore(), Target.Inner).Invoke(9)), covering);

        var options = new ChainOptions { Chains = 20, Cooling = 10, Sampling = 5 };
        var told = new FacadeTests.Told();
        using var pool = Chains.Pool(Target, options, new() { Seed = 2 }, told);
        Same(Core.Chains.pool(Seeded(2), options.ToCore(), Target.Inner), pool);
        Assert.All(told.Reports, report => Assert.Equal(Phase.Search, report.Phase));
        using var some = Collocation.OfPool(pool, 7).Points(seed: 1);
        Same(Core.CollocationModule.points(Core.PlacementModule.float64, 1, Core.CollocationModule.ofPool(pool, 7)), some);
        Assert.Equal([0, 1, 1, 2], Resampling.Systematic(0.5, 4, [1.0, 2.0, 1.0]));
    }

    [Fact]
    public void Placement_seed_and_rows_of_a_run_reach_the_work()
    {
        var run = new Run { Placement = Placement.Float32, Seed = 5, Rows = 7 };
        using var single = Sampler.Evolve(
            Target, Brief with { Evolve = Brief.Evolve with { Tolerance = 1e-2, Regularisation = 1e-4 } }, run: run);
        using var draws = single.Draw(20, run);
        Assert.Equal(torch.float32, draws.Points.dtype);
        using var others = single.Draw(20, run with { Seed = 6 });
        Assert.NotEqual(Tensors.ToArray(draws.Points), Tensors.ToArray(others.Points));
        var refused = Assert.Throws<ArgumentException>(() => single.Draw(20, run with { Rows = 0 }));
        Assert.Contains("Rows", refused.Message);
    }

    [Fact]
    public void Reports_say_what_those_of_the_core_say()
    {
        var sampler = Made.Value;
        using var samples = Tensors.Normal(9, 50, 2);
        var options = new ReportOptions { Count = 100, Samples = samples, Search = 3.0 };
        var report = sampler.Report(options);
        var core = Core.ReportModule.ofSampler(Quiet, options.ToCore(), sampler.Inner);
        Assert.Equal(Core.ReportModule.show(core), report.ToString());
        Assert.Equal(core.Efficiency.Value, report.Efficiency.Value);
        Assert.Equal(core.ForwardEfficiency!.Value, report.ForwardEfficiency);
        Assert.Equal(core.Concerns.Length, report.Concerns.Count);
        Assert.Equal(core.Verdict.ToString(), report.Verdict.ToString());
        Assert.NotEqual(CoverageKind.NotSearched, report.Coverage.Kind);
        using var draws = sampler.Draw(100);
        Assert.Equal(report.ParetoShape, Report.OfDraws(sampler, draws, options).ParetoShape);

        var student = Density.OfEnergy(1, x => 2.0 * (1.0 + x.square().sum(1) / 3.0).log());
        Assert.Equal(4.0, student.TailExponent(1.0)!.Value, 1e-3);
        Assert.Equal(double.PositiveInfinity, Target.TailExponent(1.0));
    }

    [Fact]
    public void A_sampler_has_a_page_and_draws_a_corner_plot()
    {
        var file = Path.Combine(Path.GetTempPath(), $"mne-csharp-{Guid.NewGuid():N}.html");
        try
        {
            var sampler = Made.Value;
            using var draws = sampler.Draw(100);
            Chart.SaveSamplerPage(file, "Two modes", sampler, draws, Report.OfDraws(sampler, draws, new() { Count = 100 }));
            Assert.Contains("Two modes", File.ReadAllText(file));
            Chart.Corner(["a", "b"], draws.Points, draws.Weights()).RangeX(-4.0, 4.0).Titled("Corner").Save(file);
            Assert.Contains("Corner", File.ReadAllText(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Concerns_come_with_their_kind_and_advice()
    {
        var concern = Concern.OfCore(Core.Concern.NewPoorFit(0.5));
        Assert.Equal(ConcernKind.PoorFit, concern.Kind);
        Assert.Equal(Verdict.Doubtful, concern.Verdict);
        Assert.Contains("Fit.Steps", concern.Advice);
        Assert.Equal(0.5, concern.Value);
        var missed = Concern.OfCore(Core.Concern.NewMissedMass(0.1, [1.0, 2.0]));
        Assert.Equal((0.1, null), (missed.Share, missed.Value));
        Assert.Equal([1.0, 2.0], missed.Point!);
        var heavy = Concern.OfCore(Core.Concern.NewHeavyWeights(0.8, 0.3));
        Assert.Equal((0.8, 0.3), (heavy.Value, heavy.Share));
        Assert.Equal(ConcernKind.FlowLost, Concern.OfCore(Core.Concern.NewFlowLost("x")).Kind);
        Assert.Equal(Verdict.Unreliable, Concern.OfCore(Core.Concern.NewImproperEnergy(0.5)).Verdict);
    }

    [Fact]
    public void Densities_are_drawn_in_two_stages()
    {
        var (conditional, marginal) = (Partly.Value, InStages.Value);
        using var draws = marginal.Draw(60, new() { Seed = 2 });
        Assert.Equal([60L, 2L], draws.Points.shape);
        Assert.InRange(draws.EffectiveSampleSize, 0.1, 1.0);
        Assert.Equal(1, marginal.Sampler.Energy.Process.Dimension);
        Assert.Same(conditional, marginal.Conditional);
        Assert.Equal(2, conditional.Sampler.Energy.Process.Dimension);

        using var given = conditional.Draw(40, [0.3]);
        using var first = given.Points.narrow(1, 0, 1);
        using var q = conditional.LogProposal([0.3], first);
        Same(Core.ConditionalModule.logProposal(Quiet, Bridge.List([0.3]), first, conditional.Inner), q);
        using var energy = conditional.Density([0.3]).Energy(first);
        using var whole = Target.Energy(given.Points);
        Assert.Equal(Tensors.ToArray(whole), Tensors.ToArray(energy));
        using var both = marginal.LogProposal(draws.Points);
        Same(Core.MarginalModule.logProposal(Quiet, draws.Points, marginal.Inner), both);

        var options = new ReportOptions { Count = 50 };
        Assert.Equal(
            Core.ReportModule.show(Core.ReportModule.ofConditional(Quiet, options.ToCore(), Bridge.List([0.3]), conditional.Inner)),
            conditional.Report([0.3], options).ToString());
        Assert.Equal(
            Core.ReportModule.show(Core.ReportModule.ofMarginal(Quiet, options.ToCore(), marginal.Inner)),
            marginal.Report(options).ToString());
    }

    [Fact]
    public void Transformed_densities_keep_their_mass()
    {
        // x = 2y: V(y) = ½(2y)² − log 2.
        var normal = Density.OfEnergy(1, x => 0.5 * x.square().sum(1));
        var wide = normal.Transformed(y => (2.0 * y, torch.full_like(y.squeeze(1), Math.Log(2.0))));
        using var y = Tensors.Line(0.0, 1.5);
        using var energy = wide.Energy(y);
        Assert.Equal([-Math.Log(2.0), 4.5 - Math.Log(2.0)], Tensors.ToArray(energy));
    }

    [Fact]
    public void Draws_of_the_callers_own_are_weighed()
    {
        using var draws = new Draws(Tensors.Line(1.0, 3.0), Tensors.Vector([0.0, 0.0]), Tensors.Vector([0.0, Math.Log(3.0)]));
        Assert.Equal(0.8, draws.EffectiveSampleSize, 12);
        Assert.Equal(2.5, draws.Expectation(x => x.squeeze(1)).Value, 12);
        Assert.Equal(Math.Log(2.0), draws.LogNormaliser.Value, 12);
    }

    [Fact]
    public void Pareto_tails_are_fitted_and_smoothed()
    {
        var pareto = new Pareto(0.5, 2.0);
        Assert.Equal(2.0 * (Math.Pow(0.1, -0.5) - 1.0) / 0.5, pareto.Quantile(0.9), 12);
        double[] exact = [.. Enumerable.Range(0, 400).Select(i => pareto.Quantile((i + 0.5) / 400.0))];
        var fitted = Pareto.Fit(exact);
        Assert.Equal(0.5, fitted.Shape, 0.05);
        var (smoothed, shape) = Pareto.Smooth([.. exact.Select(x => Math.Log(1.0 + x))]);
        Assert.Equal(400, smoothed.Length);
        Assert.InRange(shape, 0.3, 0.7);
        Assert.Equal(0.5, Pareto.Threshold(100), 12);
    }
}
