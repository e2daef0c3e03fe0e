using Microsoft.FSharp.Collections;
using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Systems, boundary conditions, point dynamics and steppers through the facade, against the core and exact formulas.</summary>
public class EquationFacadeTests
{
    private static readonly Domain Circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    private static readonly Collocation Points = Collocation.Grid(Circle, 32);
    private static readonly Network Pair =
        Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(16, Activation.Sine), Layer.Outputs(2));

    private static void Close(double[] expected, Tensor found, double tolerance = 1e-12) =>
        Assert.Equal(expected, Tensors.ToArray(found), (a, b) => Math.Abs(a - b) <= tolerance);

    [Fact]
    public void A_fit_says_what_it_has_reached_and_one_that_is_none_is_refused()
    {
        var points = Collocation.Grid(Circle, 48);
        var small = Network.Create(Circle, [Layer.Harmonics(1), Layer.Dense(3, Activation.Sine)]);
        Func<Tensor, Tensor> step = x => (x.squeeze(1) - 1.0).sign();
        using var scope = torch.NewDisposeScope();
        using var fitted = Regression.TryFit(small, step, points, new() { Steps = 10 });
        Assert.False(fitted.Met);
        Assert.True(fitted.Error > 0.05 && fitted.Parameters.numel() == small.ParameterCount);
        var refused = Assert.Throws<FitFailedException>(() => Regression.Fit(small, step, points, new() { Steps = 10 }));
        Assert.Equal(fitted.Error, refused.Error);
        Assert.StartsWith(fitted.Advice, refused.Message);
        using var again = Regression.TryFitFrom(fitted.Parameters, small, step, points, new() { Tolerance = 0.99 });
        Assert.True(again.Met);
        Assert.Equal(fitted.Parameters.data<double>().ToArray(), again.Parameters.data<double>().ToArray());
    }

    [Fact]
    public void A_system_solves_the_wave_equation()
    {
        var wave = Equation.Wave(speed: 2.0, dimension: 1);
        Assert.Equal("(u₁, 4 Δu₀)", wave.Term.ToString());
        Assert.Equal(wave.Term.ToString(), Term.System(Term.Value.OfComponent(1), 4.0 * Term.Laplacian).ToString());
        Assert.Equal(2, wave.Term.Components);
        Assert.Equal(2, Pair.Outputs);

        // w = sin x cos 2t, v = −2 sin x sin 2t.
        using var start = Regression.Fit(
            Pair, x => torch.stack([x.squeeze(1).sin(), torch.zeros_like(x.squeeze(1))], 1), Points, new() { Steps = 60 });
        using var solution = Evolution.Solve(wave.Term, Pair, Points, start, 0.0, 1.0, new() { Tolerance = 1e-5 });
        double[,] at = { { 0.5 }, { 2.0 } };
        var both = solution.Evaluate(1.0, at);
        var w = solution.OfComponent(0).Evaluate(1.0, at);
        var v = solution.OfComponent(1).Evaluate(1.0, at);
        Assert.Equal([w[0], v[0], w[1], v[1]], both);
        Assert.Equal(Math.Sin(0.5) * Math.Cos(2.0), w[0], 1e-3);
        Assert.Equal(-2.0 * Math.Sin(2.0) * Math.Sin(2.0), v[1], 1e-3);
    }

    [Fact]
    public void Named_equations_are_those_of_the_core()
    {
        static Tensor Zero(double t, Tensor x) => torch.zeros_like(x.select(1, 0));
        static Tensor Drift(double t, Tensor x) => -x;
        var zero = Bridge.Function<double, Tensor, Tensor>(Zero);
        var drift = Bridge.Function<double, Tensor, Tensor>(Drift);
        (Equation, Core.Equation)[] pairs =
        [
            (Equation.Wave(2.0, 2), Core.EquationModule.wave(2.0, 2)),
            (Equation.Schroedinger(Zero, 1.5, 1), Core.EquationModule.schroedinger(zero, 1.5, 1)),
            (Equation.GrayScott((2e-5, 1e-5), 0.03, 0.06, 2), Core.EquationModule.grayScott(2e-5, 1e-5, 0.03, 0.06, 2)),
            (Equation.FokkerPlanckDensity(0.5, Drift, Zero, 2), Core.EquationModule.fokkerPlanckDensity(0.5, drift, zero, 2)),
            (Equation.FokkerPlanckEnergy(0.5, Drift, Zero, 2), Core.EquationModule.fokkerPlanckEnergy(0.5, drift, zero, 2)),
            (Equation.HamiltonJacobi(0.1, x => x.sum(1), 2),
                Core.EquationModule.hamiltonJacobi(0.1, Bridge.Function<Tensor, Tensor>(x => x.sum(1)), 2)),
        ];
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.Item2.ToString(), pair.Item1.ToString());
            Assert.Equal(pair.Item2.Domain, pair.Item1.Domain.Inner);
        });
    }

    [Fact]
    public void Terms_have_the_values_that_their_formulas_say()
    {
        // u = sin x at four points of an even grid.
        var sine = Network.OfFunction(Circle, 1, seed => Tensors.Vector([1.0]), (θ, x) => θ[0] * x.squeeze(1).sin());
        using var θ = Tensors.Vector([1.0]);
        double[] x = [.. Enumerable.Range(0, 8).Select(i => Math.PI * i / 4.0)];
        using var points = Tensors.Line(x);
        using var solution = Evolution.Solve(0.0 * Term.Value, sine, Collocation.Given(points), θ, 0.0, 1.0);

        Tensor Value(Term term) => term.Evaluate(solution.Local(0.5, points, term.Needs(dimension: 1)));
        double[] Exact(Func<double, double> f) => [.. x.Select(f)];

        Close(Exact(a => Math.Sin(a) / (2.0 + Math.Cos(a))), Value(Term.Value / (Term.Partial(0) + 2.0)));
        Close(Exact(a => 1.0 / (2.0 + Math.Cos(a))), Value(1.0 / (Term.Partial(0) + 2.0)));
        Close(Exact(a => 0.5 + a + Math.Sin(a)), Value(Term.Value.Pointwise("f", (t, y, u) => t + y.squeeze(1) + u)));
        Close(Exact(_ => 0.5), Value(Term.WeightedMean(1.0 + Term.Value, Term.Value)));                    // ⟨u + u²⟩ / ⟨1 + u⟩
        Close(Exact(a => Math.PI * Math.Sin(a)),                                                           // ∫ cos(x − y) sin y dy
            Value(2.0 * Math.PI * Term.Interaction("cos", (y, z) => (y - z.t()).cos(), Term.Value)));
        var burgers = -(Term.Value * Term.Partial(0));
        Close(Exact(a => -Math.Sin(a)), burgers.GradientSensitivity(solution.Local(0.0, points, burgers.Needs(1))).squeeze(1));

        var jet = sine.Jet(θ, points, Derivative.Laplacian, Derivative.Partial(0, 3));
        Close(Exact(a => -Math.Sin(a)), jet.Laplacian);
        Close(Exact(a => -Math.Cos(a)), jet[Derivative.Partial(0, 3)]);
        Assert.Contains(Derivative.Partial(0), burgers.Needs(1));
        using var kernel = sine.Kernel(θ, points);
        Assert.Equal(Math.Sin(x[1]) * Math.Sin(x[2]), kernel[1, 2].item<double>(), 1e-12);
    }

    [Fact]
    public void Boundary_conditions_are_kept()
    {
        double[,] ends = { { 0.0 }, { 1.0 } };
        using var at = Tensors.Points(ends);

        var chord = Network.Create(Domain.Dirichlet((0.0, 1.0)), Layer.Harmonics(2), Layer.Dense(8, Activation.Tanh));
        using var θ = chord.Initial(1);
        Close([0.0, 0.0], chord.Value(θ, at));

        var rod = Domain.Create(Coordinate.Bounded(0.0, 1.0, Boundary.Neumann, Boundary.Dirichlet));
        Assert.Equal([Coordinate.Bounded(0.0, 1.0, Boundary.Neumann, Boundary.Dirichlet)], rod.Coordinates);
        Assert.Equal([(0.0, 1.0)], rod.Bounds());
        var mixed = Network.Create(rod, Layer.Harmonics(2), Layer.Dense(8, Activation.Tanh));
        using var η = mixed.Initial(2);
        Assert.Equal(0.0, mixed.Gradient(η, at)[0, 0].item<double>(), 1e-12);
        Assert.Equal(0.0, mixed.Value(η, at)[1].item<double>(), 1e-12);
        Assert.Equal(
            Core.DomainModule.neumann(Bridge.List([Tuple.Create(0.0, 1.0)])), Domain.Neumann((0.0, 1.0)).Inner);

        var free = Network.Create(Domain.Box((0.0, 1.0)), Layer.Dense(8, Activation.Tanh));
        using var ζ = free.Initial(3);
        var prescribed = free.Dirichlet(x => (x * (1.0 - x)).squeeze(1), x => 2.0 + x.squeeze(1));
        Close([2.0, 3.0], prescribed.Value(ζ, at));

        using var right = Tensors.Points(new double[,] { { 0.3, -1.0 } });
        using var left = Tensors.Points(new double[,] { { -0.3, -1.0 } });
        var plane = Network.Create(Domain.Euclidean(2), Layer.Dense(8, Activation.Swish));
        using var ξ = plane.Initial(4);
        Close(Tensors.ToArray(plane.Even(0).Value(ξ, right)), plane.Even(0).Value(ξ, left));
        Close(Tensors.ToArray(-plane.Odd(0).Value(ξ, right)), plane.Odd(0).Value(ξ, left));
    }

    [Fact]
    public void Networks_of_several_components_are_taken_apart()
    {
        var rotor = Network.OfVectorFunction(
            Domain.Euclidean(1), 2, 1, seed => Tensors.Vector([0.0]),
            (θ, x) => torch.stack([θ[0].cos() + 0.0 * x.squeeze(1), θ[0].sin() + 0.0 * x.squeeze(1)], 1));
        using var θ = Tensors.Vector([0.5]);
        using var x = Tensors.Line(3.0);
        Close([Math.Cos(0.5), Math.Sin(0.5)], rotor.Value(θ, x));
        Close([Math.Sin(0.5)], rotor.OfComponent(1).Value(θ, x));
        Close([Math.Sin(0.5)], rotor.Jet(θ, x).OfComponent(1).Value);
    }

    [Fact]
    public void Methods_controllers_and_point_dynamics_run_as_in_the_core()
    {
        var network = Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
        using var start = Regression.Fit(network, x => x.squeeze(1).sin(), Points, new() { Steps = 15 });
        var equation = 0.1 * Term.Laplacian;
        var candidates = Collocation.Grid(Circle, 256);

        // Every option by the core's own functions, against the same by the facade.
        void Same(EvolutionOptions facade, Func<Core.EvolutionOptions, Core.EvolutionOptions> core)
        {
            facade = facade with { Tolerance = 1e-4, Regularisation = 1e-8 };
            using var found = Evolution.Solve(equation, network, Points, start, 0.0, 0.4, facade);
            using var expected = Core.Evolution.solve(
                Core.RunModule.quiet, core(facade.ToCore()), equation.Inner, network.Inner, Points.Inner, start, 0.0, 0.4);
            using var θ = Core.SolutionModule.parameters(0.4, expected);
            Assert.Equal(Tensors.ToArray(θ), Tensors.ToArray(found.Parameters(0.4)));
            using var x = Core.SolutionModule.points(0.4, expected);
            Assert.Equal(Tensors.ToArray(x), Tensors.ToArray(found.Points(0.4)));
        }

        Core.EvolutionOptions With(
            Core.EvolutionOptions o, Core.PointDynamics? points = null, Core.Method? method = null, Core.Controller? controller = null) =>
            new(o.Sketch, o.Regularisation, o.Tolerance, o.ErrorScale, o.SmallestScale, points ?? o.Points, o.Walls, o.Events,
                method ?? o.Method, controller ?? o.Controller, o.InitialStep, o.MaximumStep, o.MaximumSteps, o.Checkpoint);

        Same(new() { Method = Method.Chebyshev(5) }, o => With(o, method: Core.MethodModule.chebyshev(5)));
        Same(new() { Controller = new Controller { Safety = 0.7 } }, o => With(o, controller: Core.ControllerModule.ofGains(new(0.7, 0.04, 0.2, 5.0))));
        Same(new() { Controller = Controller.Constant(0.05) }, o => With(o, controller: Core.ControllerModule.constant(0.05)));
        Same(
            new() { Points = PointDynamics.Steep(0.2, candidates) },
            o => With(o, points: Core.PointDynamicsModule.steep(0.2, candidates.Inner)));
        Same(
            new() { Points = PointDynamics.Residual(0.2, candidates) },
            o => With(o, points: Core.PointDynamicsModule.residual(0.2, candidates.Inner)));

        Same(
            new() { Points = PointDynamics.Advected((t, x) => torch.full_like(x, 0.1 * t)) },
            o => With(o, points: Core.PointDynamicsModule.advected(
                Bridge.Function<double, Tensor, Tensor>((t, x) => torch.full_like(x, 0.1 * t)))));
        var burgers = -(Term.Value * Term.Partial(0));
        Same(
            new() { Points = PointDynamics.Characteristics(1, burgers) },
            o => With(o, points: Core.PointDynamicsModule.characteristics(1, burgers.Inner)));
        Same(
            new() { Points = PointDynamics.Moving(Derivative.GradientRequest(1), here => 0.1 * here.Gradient) },
            o => With(o, points: Core.PointDynamics.NewMoving(
                Bridge.List([Core.Derivative.NewPartial(0, 1)]),
                Bridge.Function<Core.Local, Tensor>(here => 0.1 * Core.JetModule.gradient(here.Jet)))));
        Same(
            new() { Points = PointDynamics.Redrawn(0.2, candidates, [], here => 1.0 + here.Value.abs()) },
            o => With(o, points: Core.PointDynamicsModule.redrawn(
                0.2, candidates.Inner, Bridge.List<Core.Derivative>([]),
                Bridge.Function<Core.Local, Tensor>(here => 1.0 + Core.JetModule.value(here.Jet).abs()))));

        // Points that were drawn for t = 0.2 stay to the end.
        var refreshed = PointDynamics.Refreshed([0.2], (seed, t) => torch.full([32, 1], 1.0 + t, torch.float64));
        using var moved = Evolution.Solve(
            equation, network, Points, start, 0.0, 0.4, new() { Points = refreshed, Tolerance = 1e-4, Regularisation = 1e-6 });
        Close([.. Enumerable.Repeat(1.0, 32)], moved.Points(0.1));
        Close([.. Enumerable.Repeat(1.2, 32)], moved.Points(0.4));
        Assert.Equal(Core.MethodModule.automatic.Name, new EvolutionOptions().Method.Name);
        Assert.Equal(Core.Evolution.defaults.Controller, new EvolutionOptions().ToCore().Controller);
        Assert.Equal(Core.Evolution.defaults.Method, new EvolutionOptions().ToCore().Method);
    }

    [Fact]
    public void A_tableau_of_ones_own_runs_and_keeps_its_numbers()
    {
        double[] nodes = [0.0, 1.0 / 2, 3.0 / 4, 1.0];
        double[][] coupling = [[], [1.0 / 2], [0.0, 3.0 / 4], [2.0 / 9, 1.0 / 3, 4.0 / 9]];
        Tableau Pair() => new(
            "Bogacki–Shampine 3(2)", 3, 2, nodes, coupling, [-5.0 / 72, 1.0 / 12, 1.0 / 9, -1.0 / 8], [0.0, 0.0, 0.0, 0.0]);
        var pair = Pair();
        Assert.Equal(Pair(), pair);
        (nodes[1], coupling[1][0]) = (9.0, 9.0);
        Assert.NotEqual(Pair(), pair);
        Assert.Equal(0.5, pair.Nodes[1]);
        Assert.Equal(0.5, pair.Coupling[1][0]);
        Assert.Throws<NotSupportedException>(() => ((IList<double>)Method.DormandPrince54.Tableau!.Nodes)[0] = 1.0);

        // ∂u/∂t = −u for u = θ sin x.
        var sine = Network.OfFunction(Circle, 1, seed => Tensors.Vector([1.0]), (θ, x) => θ[0] * x.squeeze(1).sin());
        using var start = Tensors.Vector([1.0]);
        using var solution = Evolution.Solve(
            -Term.Value, sine, Points, start, 0.0, 1.0, new() { Method = Method.OfTableau(pair), Tolerance = 1e-4 });
        Close([Math.Exp(-1.0)], solution.Parameters(1.0), 1e-3);
    }

    [Fact]
    public void Methods_and_controllers_of_ones_own_run()
    {
        // ∂u/∂t = −u for u = θ sin x.
        var sine = Network.OfFunction(Circle, 1, seed => Tensors.Vector([1.0]), (θ, x) => θ[0] * x.squeeze(1).sin());
        using var start = Tensors.Vector([1.0]);
        Solution Solve(EvolutionOptions options) => Evolution.Solve(-Term.Value, sine, Points, start, 0.0, 1.0, options);

        // The midpoint rule remembers two tensors of its own; its error is the difference from Euler's method.
        var midpoint = Method.Create(
            "midpoint", order: 2, embeddedOrder: 1,
            (f, t, y, h, memory) =>
            {
                Assert.Equal(2, memory.Count);
                var slope = f(t + 0.5 * h, y + 0.5 * h * memory[0]);
                var next = y + h * slope;
                var last = f(t + h, next);
                return new(next, h * (slope - memory[0]), Segment.Hermite(t, h, y, memory[0], next, last), [last, memory[1]]);
            },
            (f, t, y, slope, before) => [slope, y]);
        Assert.Equal(("midpoint", 2, 1, null), (midpoint.Name, midpoint.Order, midpoint.EmbeddedOrder, midpoint.Tableau));
        using var solution = Solve(new() { Method = midpoint, Tolerance = 1e-4 });
        Close([Math.Exp(-1.0)], solution.Parameters(1.0), 1e-3);
        Close([Math.Exp(-0.35)], solution.Parameters(0.35), 1e-3);

        // No longer than 0.02, and every tenth step tried again at half its size.
        var usual = new Controller();
        var own = Controller.Create(
            "own",
            (attempt, memory) =>
            {
                var decision = usual.Adapt(attempt, [.. memory.Skip(1)]);
                var tries = memory[0] + 1.0;
                return tries % 10.0 == 0.0
                    ? new(false, 0.5 * attempt.Step, [tries, .. memory.Skip(1)])
                    : new(decision.Accept, Math.Min(0.02, decision.Step), [tries, .. decision.Memory]);
            },
            first: 0.01,
            memory: [0.0]);
        using var small = Solve(new() { Controller = own, Tolerance = 1e-4 });
        var steps = small.Steps;
        Close([Math.Exp(-1.0)], small.Parameters(1.0), 1e-6);
        Assert.Equal(0.01, steps[0].Size);
        Assert.All(steps, step => Assert.InRange(step.Size, 0.0, 1.0101 * 0.02));
        Assert.True(steps[^1].Rejected >= 5, $"{steps[^1].Rejected} rejected");

        Assert.Throws<ArgumentNullException>("adapt", () => Controller.Create("none", null!));
        Assert.Throws<ArgumentNullException>("step", () => Method.Create("none", 1, 1, null!));
    }

    [Fact]
    public void Equations_of_ones_own_have_a_name_and_a_domain()
    {
        var decay = new Equation("decay", -1.0 * Term.Value, Circle, "a textbook");
        Assert.Equal("decay: ∂u/∂t = −u", decay.ToString());
        Assert.Equal(Circle, decay.Domain);
        Assert.Equal("a textbook", decay.Source);
    }

    [Fact]
    public void A_run_that_fails_again_is_resumed_with_its_outcome()
    {
        var file = Path.Combine(Path.GetTempPath(), $"mne-csharp-resume-{Guid.NewGuid():N}.h5");
        try
        {
            var network = Network.Create(Circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
            using var start = Regression.Fit(network, x => x.squeeze(1).sin(), Points, new() { Steps = 15 });
            var options = new EvolutionOptions
            {
                Tolerance = 1e-5,
                Regularisation = 1e-8,
                MaximumSteps = 4,
                Checkpoint = new Checkpoint { Path = file, EverySteps = 1 },
            };
            using var first = Evolution.TrySolve(0.1 * Term.Laplacian, network, Points, start, 0.0, 9.0, options);
            Assert.False(first.Outcome.Succeeded);
            using var second = Evolution.TryResume(file, 0.1 * Term.Laplacian, options);
            Assert.False(second.Outcome.Succeeded);
            Assert.Equal(OutcomeKind.TooManySteps, second.Outcome.Kind);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Drawn_points_come_from_the_function_of_the_seed()
    {
        var drawn = Collocation.Drawn(5, seed => Tensors.Normal(seed, 5, 2));
        using var expected = Tensors.Normal(7, 5, 2);
        using var found = drawn.Points(seed: 7);
        Assert.Equal(5, drawn.Count);
        Assert.Equal(Tensors.ToArray(expected), Tensors.ToArray(found));
    }

    [Fact]
    public void Conditions_at_walls_hold()
    {
        using var scope = torch.NewDisposeScope();
        var line = Domain.Box((0.0, 1.0));
        var network = Network.Create(line, Layer.Normalise([0.5], [0.25]), Layer.Dense(16, Activation.Sine), Layer.Dense(16, Activation.Sine));
        var points = Collocation.Grid(line, 24);
        // u = e^{−t} sin x + x: u_t = u_xx.
        var start = Regression.Fit(network, x => x.squeeze(1).sin().Plus(x.squeeze(1)), points);
        Tensor Everywhere(Tensor x, double value) => torch.full_like(x.select(1, 0), value);
        double Slope(double t) => Math.Exp(-t) * Math.Cos(1.0) + 1.0;
        double Value(double t) => Math.Exp(-t) * Math.Sin(1.0) + 1.0;
        var low = Wall.Dirichlet(Side.Low(0), 0.0);
        foreach (var high in new[]
        {
            Wall.Dirichlet(Side.High(0), (t, x) => Everywhere(x, Value(t))),
            Wall.Neumann(Side.High(0), (t, x) => Everywhere(x, Slope(t))).OfComponent(0),
            Wall.Robin(Side.High(0), 2.0, 1.0, (t, x) => Everywhere(x, 2.0 * Value(t) + Slope(t))).AtPoints(1),
            Wall.Varying(Side.High(0), Wall.Constant(2.0), Wall.Constant(1.0), (t, x) => Everywhere(x, 2.0 * Value(t) + Slope(t))),
        })
        {
            var options = new EvolutionOptions { Walls = [low, high], Tolerance = 1e-5, Regularisation = 1e-9 };
            using var solution = Evolution.Solve(Term.Diffusion(Term.Number(1.0)), network, points, start, 0.0, 0.3, options);
            foreach (var x in new[] { 0.0, 0.5, 1.0 })
                Assert.Equal(Math.Exp(-0.3) * Math.Sin(x) + x, solution.Evaluate(0.3, new double[,] { { x } })[0], 4);
        }

        Assert.Equal("u = g at the low end of coordinate 0", low.ToString());
        Assert.Equal("a u[1] + b ∂u[1]/∂n = g at the ends of all intervals", Wall.Robin(Side.All, 1.0, 1.0, Wall.Constant(0.0)).OfComponent(1).ToString());
        Assert.Equal("Low(1), High(2), All, Shape", $"{Side.Low(1)}, {Side.High(2)}, {Side.All}, {Side.Shape(x => x.select(1, 0))}");
        Assert.Equal(13, Collocation.Grid(Domain.Box((-1.0, 1.0), (-1.0, 1.0)), 5).Inside(x => 1.0 - x.square().sum(1)).Count);
        Assert.Throws<ArgumentException>(() => Wall.Neumann(Side.Low(-1), 0.0));
    }

    [Fact]
    public void Terms_of_terms_are_those_of_the_core()
    {
        var u = Term.Value;
        var term = u.Exp() + u.Sin() * u.Cos() - u.Tanh() + (u + 2.0).Log() + (u + 2.0).Sqrt() + (u + 2.0).Pow(0.3) + Term.Diffusion(u * u);
        Assert.Equal("exp(u) + sin(u) cos(u) − tanh(u) + log(u + 2) + sqrt(u + 2) + power 0.3 of (u + 2) + ∇·(u u ∇u)", term.ToString());
        Assert.Throws<ArgumentException>(() => Term.Diffusion(Term.Laplacian));
    }
}
