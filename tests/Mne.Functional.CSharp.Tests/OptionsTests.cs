using System.Collections;
using System.Reflection;
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
        return method.Invoke(options, method.GetParameters().Length == 0 ? [] : [null, CancellationToken.None])!;
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
        PointDynamics => PointDynamics.Advected((t, x) => x),
        Tableau => Stepper.Chebyshev(3),
        Controller => new Controller { Safety = 0.5 },
        Start => Start.Cloud(1.0, 1.0),
        Placement => Placement.Float32,
        Covariance => Covariance.Isotropic(9.0),
        int[] => new[] { 1 },
        IEnumerable => new[] { new StopEvent("end", (t, θ, x) => 1.0) },
        _ when type == typeof(double?) => 0.25,
        _ when type == typeof(int?) => 50,
        _ when type == typeof(double[]) => new[] { 1.0 },
        _ when type == typeof(Tensor) => Tensors.Ones(2, 1),
        _ when type == typeof(Checkpoint) => new Checkpoint { Path = "run.h5" },
        _ => throw new NotSupportedException($"say in this test what another {type} is"),
    };

    /// <summary>The fields of the core's options, networks by what they are.</summary>
    private static Dictionary<string, object?> Fields(object core) =>
        core.GetType().GetProperties()
            .Where(p => p.Name is not ("Meter" or "Cancellation"))
            .ToDictionary(p => p.Name, p => core is Core.SamplerOptions { Network: var network } && p.Name == "Network"
                ? network.Invoke(Core.DomainModule.euclidean(1)).Description
                : p.GetValue(core));

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
    public void Progress_and_cancellation_reach_the_core()
    {
        using var source = new CancellationTokenSource();
        var told = new FacadeTests.Told();
        var report = Core.ProgressModule.started("fit", 0.0);
        var evolution = new EvolutionOptions().ToCore(told, source.Token);
        var regression = new RegressionOptions().ToCore(told, source.Token);
        var sampler = new SamplerOptions().ToCore(told, source.Token);
        evolution.Meter.Invoke(report);
        regression.Meter.Invoke(report);
        sampler.Meter.Invoke(report);
        Assert.Equal(3, told.Reports.Count);
        Assert.All([evolution.Cancellation, regression.Cancellation, sampler.Cancellation], t => Assert.Equal(source.Token, t));
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

        Assert.Equal(new(), EvolutionOptions.OfCore(new EvolutionOptions().ToCore(null, default)));
        var evolution = Changed<EvolutionOptions>("Events", "Checkpoint");
        Assert.Equal(evolution, EvolutionOptions.OfCore(evolution.ToCore(null, default)));
        var sampler = Changed<SamplerOptions>();
        var again = SamplerOptions.OfCore(sampler.ToCore(null, default));
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
            Twice(() => Stepper.Chebyshev(4)),
        ];
        Assert.All(pairs, pair =>
        {
            Assert.Equal(pair.Item1, pair.Item2);
            Assert.Equal(pair.Item1.GetHashCode(), pair.Item2.GetHashCode());
        });
        Assert.NotEqual(Domain.Box((0.0, 1.0)), Domain.Periodic((0.0, 1.0)));
        Assert.NotEqual(Layer.Dense(3, Activation.Gelu), Layer.Dense(3, Activation.Tanh));
    }
}
