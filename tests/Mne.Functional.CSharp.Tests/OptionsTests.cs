using System.Collections;
using System.Reflection;
using Microsoft.FSharp.Core;
using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Every option reaches the field of its name in the core, and options are values.</summary>
public class OptionsTests
{
    public static TheoryData<Type> Options() =>
        [.. typeof(Evolution).Assembly.GetExportedTypes().Where(t => t.Name.EndsWith("Options", StringComparison.Ordinal))];

    private static object Default(Type type) => Activator.CreateInstance(type)!;

    private static object ToCore(object options)
    {
        var method = options.GetType().GetMethod("ToCore", BindingFlags.Instance | BindingFlags.NonPublic)!;
        return method.Invoke(options, [])!;
    }

    /// <summary>Another value than the default.</summary>
    private static object Other(Type type, object? value) => value switch
    {
        Enum => Enum.GetValues(type).Cast<object>().First(v => !v.Equals(value)),
        double.PositiveInfinity => 2.0,
        double number => 0.5 * number + 0.125,
        bool flag => !flag,
        int number => number + 1,
        ValueTuple<double, double> pair => (0.5 * pair.Item1, 0.5 * pair.Item2),
        Func<Domain, Network> => (Func<Domain, Network>)(domain => Network.Create(domain, Layer.Dense(3, Activation.Tanh))),
        Sketch => Sketch.Landmarks(7),
        CoverOptions => new CoverOptions { Refreshes = 7 },
        RegressionOptions => new RegressionOptions { Steps = 7 },
        EvolutionOptions => new EvolutionOptions { Tolerance = 0.5 },
        DrawOptions => new DrawOptions { Tolerance = 0.5 },
        KnownPart => KnownPart.Mixture(Mixture.Normal([0.5], new[,] { { 2.0 } })),
        PointDynamics => PointDynamics.Advected((t, x) => x),
        Method => Method.Chebyshev(3),
        Controller => new Controller { Safety = 0.5 },
        Start => Start.Cloud(1.0, 1.0),
        Placement => Placement.Float32,
        Covariance => Covariance.Isotropic(9.0),
        int[] => new[] { 1 },
        string text => text + " too",
        IEnumerable when type == typeof(IReadOnlyList<Wall>) => new[] { Wall.Neumann(Side.All, 0.0) },
        IEnumerable => new[] { new StopEvent("end", (t, θ, x) => 1.0) },
        _ when type == typeof(double?) => 0.25,
        _ when type == typeof(int?) => 50,
        _ when type == typeof(double[]) => new[] { 1.0 },
        _ when type == typeof(TimeSpan?) => TimeSpan.FromMinutes(1),
        _ when type == typeof(SamplerOptions) => new SamplerOptions { Duration = 7.0 },
        _ when type == typeof(Tensor) => Tensors.Ones(2, 1),
        _ when type == typeof(Checkpoint) => new Checkpoint { Path = "run.h5" },
        _ => throw new NotSupportedException($"say in this test what another {type} is"),
    };

    /// <summary>The fields of the core's options; networks by what they are, options in options by their own fields.</summary>
    private static Dictionary<string, object?> Fields(object core) =>
        core.GetType().GetProperties().ToDictionary(p => p.Name, p => p.GetValue(core) switch
        {
            FSharpFunc<Core.Domain, Core.Network> network => network.Invoke(Core.DomainModule.euclidean(1)).Description,
            Core.EvolutionOptions or Core.RegressionOptions or Core.SamplerOptions => Lines(p.GetValue(core)!),
            FSharpOption<Core.SamplerOptions> flow => Lines(flow.Value),
            var value => value,
        });

    private static string Lines(object core) => string.Join('\n', Fields(core).Select(f => $"{f.Key} {f.Value}"));

    [Theory]
    [MemberData(nameof(Options))]
    public void Every_property_reaches_the_field_of_its_name(Type type)
    {
        var defaults = Fields(ToCore(Default(type)));
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var options = Default(type);
            property.SetValue(options, Other(property.PropertyType, property.GetValue(options)));
            var changed = Fields(ToCore(options)).Where(f => !Equals(f.Value, defaults[f.Key])).Select(f => f.Key);
            Assert.Equal([property.Name], changed);
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Equal_options_are_equal_values(Type type)
    {
        Assert.Equal(Default(type), Default(type));
        Assert.Equal(Default(type).GetHashCode(), Default(type).GetHashCode());
    }

    [Fact]
    public void A_run_reaches_the_core_with_progress_and_cancellation()
    {
        using var source = new CancellationTokenSource();
        var told = new FacadeTests.Told();
        var run = Run.ToCore(new() { Placement = Placement.Float32, Seed = 3, Rows = 5 }, told, source.Token);
        run.Meter.Invoke(Core.ProgressModule.started(Core.Phase.Search, 0.0));
        Assert.Equal(Phase.Search, Assert.Single(told.Reports).Phase);
        Assert.Equal(Placement.Float32.ToCore(), run.Placement);
        Assert.Equal((3, 5, source.Token), (run.Seed, run.Rows, run.Cancellation));
        Assert.Equal(new Run(), new Run());
    }

    [Fact]
    public void A_sampler_keeps_the_defaults_of_the_stages_that_are_not_named()
    {
        var options = new SamplerOptions { Cover = new() { Start = Start.Cooled() } };
        Assert.Equal(SamplerOptions.Defaults with { Network = options.Network, Cover = options.Cover }, options);
        Assert.NotEqual(new(), options.Fit);
        Assert.NotEqual(new(), options.Evolve);
        Assert.Null(new PosteriorOptions().Flow);
        Assert.Equal(Core.SamplerModule.defaults.Evolve.Tolerance, options.ToCore().Evolve.Tolerance);
    }

    [Fact]
    public void Options_of_the_core_are_read_as_they_were_given()
    {
        static T Changed<T>(params string[] left) where T : new()
        {
            var options = new T();
            foreach (var property in typeof(T).GetProperties().Where(p => p.SetMethod is not null && !left.Contains(p.Name)))
                property.SetValue(options, Other(property.PropertyType, property.GetValue(options)));
            return options;
        }

        Assert.Equal(new(), EvolutionOptions.OfCore(new EvolutionOptions().ToCore()));
        var evolution = Changed<EvolutionOptions>("Walls", "Events", "Checkpoint");
        Assert.Equal(evolution, EvolutionOptions.OfCore(evolution.ToCore()));
        var sampler = Changed<SamplerOptions>() with
        {
            Cover = Changed<CoverOptions>(),
            Fit = Changed<RegressionOptions>("Checkpoint"),
            Evolve = evolution,
            Draw = Changed<DrawOptions>(),
        };
        var again = SamplerOptions.OfCore(sampler.ToCore());
        Assert.Equal(sampler, again with { Network = sampler.Network });
        var line = Domain.Euclidean(1);
        Assert.Equal(sampler.Network(line).Description, again.Network(line).Description);
        Assert.Equal(FacadeTests.Small with { Network = sampler.Network },
            SamplingFacadeTests.Made.Value.Options with { Network = sampler.Network });
    }

    [Fact]
    public void What_is_described_alike_is_equal()
    {
        static (object, object) Twice(Func<object> make) => (make(), make());
        (object, object)[] pairs =
        [
            Twice(() => Domain.Periodic((0.0, 1.0)).Times(Domain.Euclidean(1))),
            Twice(() => Layer.Residual(Layer.Dense(3, Activation.Gelu))),
            Twice(() => Layer.Normalise([0.0], [2.0])),
            Twice(() => Sketch.Landmarks(5)),
            Twice(() => Start.Cooled(new ChainOptions { Centre = [1.0], Held = [0] })),
            Twice(() => Covariance.Full(new double[,] { { 1.0, 0.5 }, { 0.5, 1.0 } })),
            Twice(() => Method.Chebyshev(4)),
            Twice(() => KnownPart.Mixture(Mixture.Normal([1.0, 0.0], new[,] { { 1.0, 0.5 }, { 0.5, 1.0 } }))),
        ];
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.Item1, pair.Item2);
            Assert.Equal(pair.Item1.GetHashCode(), pair.Item2.GetHashCode());
        });
        Assert.NotEqual(KnownPart.Nothing, KnownPart.Normal);
        Assert.NotEqual(Mixture.Normal([1.0], new[,] { { 1.0 } }), Mixture.Normal([1.0], new[,] { { 2.0 } }));
        Assert.NotEqual(Domain.Box((0.0, 1.0)), Domain.Periodic((0.0, 1.0)));
        Assert.NotEqual(Layer.Dense(3, Activation.Gelu), Layer.Dense(3, Activation.Tanh));
    }
}
