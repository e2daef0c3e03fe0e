using System.Reflection;
using Microsoft.FSharp.Reflection;
using Mne.Functional.CSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Whatever the core offers, the facade offers under the same name, or it stands here why not.</summary>
public class ParityTests
{
    /// <summary>Modules of the core that C# programs have no use for: the machinery under evolutions, and derivatives, which TorchSharp has.</summary>
    private static readonly string[] Machinery =
        ["Activation", "Controller", "Diff", "Event", "Format", "Guard", "Hdf5", "Integrator", "Jet", "NativeTorch", "Notation", "Progress", "Random",
         "Scope", "Seed", "Segment", "Sketch", "Slices", "Tangent", "Trajectory", "VectorField"];

    /// <summary>Functions that are other members here.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["Checkpoint.every"] = "EvolutionOptions.Checkpoint",
        ["Checkpoint.everyOr"] = "Checkpoint.OnFailure",
        ["Checkpoint.everyFit"] = "RegressionOptions.Checkpoint",
        ["Checkpoint.everyFitOr"] = "Checkpoint.OnFailure",
        ["Checkpoint.read"] = "Evolution.Resume",
        ["Checkpoint.readFit"] = "Regression.Resume",
        ["Checkpoint.readWith"] = "Evolution.Resume",
        ["Export.csv"] = "Draws.SaveCsv",
        ["Export.solutionCsv"] = "Solution.SaveCsv",
        ["Export.namedCsv"] = "NamedDraws.SaveCsv",
        ["Export.arrow"] = "Draws.SaveArrow",
        ["Export.solutionArrow"] = "Solution.SaveArrow",
        ["Export.namedArrow"] = "NamedDraws.SaveArrow",
        ["Export.npy"] = "Tensors.SaveNpy",
        ["Importance.smooth"] = "Draws.Smoothed",
        ["InferenceData.ofDraws"] = "InferenceData.Posterior",
        ["Network.tangent"] = "Network.Kernel",
        ["Page.create"] = "Chart.SavePage",
        ["Page.save"] = "Chart.SavePage",
        ["Placement.onCuda"] = "Placement.CudaDevice",
        ["Report.tailExponent"] = "Density.TailExponent",
        ["SamplerPage.create"] = "Chart.SaveSamplerPage",
        ["Storage.openConditional"] = "Conditional.Open",
        ["Storage.openDraws"] = "Draws.Open",
        ["Storage.openPosterior"] = "Posterior.Open",
        ["Storage.openSampler"] = "Sampler.Open",
        ["Storage.openSamplerWith"] = "Sampler.Open",
        ["Storage.openSolution"] = "Solution.Open",
        ["Storage.openSolutionWith"] = "Solution.Open",
        ["Storage.saveConditional"] = "Conditional.Save",
        ["Storage.saveDraws"] = "Draws.Save",
        ["Storage.savePosterior"] = "Posterior.Save",
        ["Storage.saveSampler"] = "Sampler.Save",
        ["Storage.saveSolution"] = "Solution.Save",
        ["Term.pown"] = "Term.Pow",
        ["Page.withFigures"] = "Chart.SavePage",
        ["Terminal.meter"] = "ConsoleProgress.Report",
        ["Terminal.meterAs"] = "ConsoleProgress.Report",
        ["Terminal.startAs"] = "ConsoleProgress.Dispose",
        ["Terminal.watch"] = "ConsoleProgress.Dispose",
    };

    /// <summary>Functions that C# programs write otherwise, or do not need.</summary>
    private static readonly HashSet<string> LeftOut =
    [
        "Covariance.check", "Mixture.check", "Covariance.colour", "Covariance.scale", "Covariance.times", "Covariance.whiten", // inside processes
        "Page.html", "Page.show", "Terminal.detect",                                                          // pages are saved
        "Network.ofRecipe",                                                                                   // inside storage
        "Placement.epsilon", "Placement.ofTensor",                                                            // inside evolutions
        "Run.quiet", "Run.among", "Run.stopIfAsked", "Terminal.run",                                                       // new Run(), a token
        "StopEvent.create",                                                                                   // new StopEvent(…)
        "Arithmetic.AddInPlace", "Arithmetic.AddProductInPlace", "Arithmetic.FillInPlace", "Arithmetic.NewFull", "Arithmetic.NewCount",       // inside the core
        "ArithmeticOverloads.times", "ArithmeticOverloads.over", "ArithmeticOverloads.plus",                  // operators of F#
        "ArithmeticOverloads.minus", "ArithmeticOverloads.times$W", "ArithmeticOverloads.over$W",
        "ArithmeticOverloads.plus$W", "ArithmeticOverloads.minus$W",
    ];

    private static string Pascal(string name) => char.ToUpperInvariant(name[0]) + name[1..];

    /// <summary>The public functions and values of the modules of the core, as Module.name.</summary>
    private static IEnumerable<(string Module, string Name)> Functions() =>
        from module in typeof(Core.Term).Assembly.GetExportedTypes().Concat(typeof(Reporting.Chart).Assembly.GetExportedTypes())
        where module.IsAbstract && module.IsSealed && module.Namespace is "Mne.Functional" or "Mne.Functional.Reporting"
        let name = module.Name.EndsWith("Module", StringComparison.Ordinal) ? module.Name[..^6] : module.Name
        where !Machinery.Contains(name) && name != "Tensor" && !name.Contains('<')
        from member in module.GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        where member is PropertyInfo || (member is MethodInfo method && !method.IsSpecialName)
        select (name, member.Name);

    private static bool Has(string type, string member) =>
        typeof(Evolution).Assembly.GetExportedTypes().Any(t => t.Name == type && t.GetMember(member).Length > 0);

    [Fact]
    public void Every_function_of_the_core_has_its_member()
    {
        var missing =
            from function in Functions()
            let key = $"{function.Module}.{function.Name}"
            let name = Pascal(function.Name)
            where function.Name is not ("defaults" or "show") && !LeftOut.Contains(key)
            let there = Elsewhere.GetValueOrDefault(key)?.Split('.')
                ?? [function.Module switch { "Importance" => "Draws", "Moments" => "NamedDraws", var module => module }, name]
            where !Has(there[0], there[1])
            select $"{key}: add {there[0]}.{there[1]} to the facade, or say in this test why not";
        Assert.Empty(missing);
    }

    /// <summary>Unions that C# programs meet otherwise.</summary>
    private static readonly HashSet<string> OtherUnions =
    [
        "Block", "Tangent",   // inside evolutions
        "CheckpointInterval", // Checkpoint.Every, EverySteps
        "Device",             // Placement.CudaDevice
        "NetworkRecipe",      // inside storage
        "Term",               // made by functions
        "WallCondition",      // Wall.Dirichlet, Neumann, Robin, Varying
    ];

    /// <summary>Fields of unions that are properties of another name here.</summary>
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["Outcome.name"] = "EventName",
        ["Concern.efficiency"] = "Value",
        ["Concern.shape"] = "Value",
        ["Concern.error"] = "Value",
        ["Concern.exponent"] = "Value",
        ["Concern.errors"] = "Value",
        ["Concern.recovered"] = "Value",
        ["Concern.largest"] = "Share",
    };

    private static IEnumerable<Type> CoreTypes() =>
        typeof(Core.Term).Assembly.GetExportedTypes().Append(typeof(Reporting.Display)).Where(t => t.DeclaringType is null);

    private static Type? Facade(string name) => typeof(Evolution).Assembly.GetExportedTypes().SingleOrDefault(t => t.Name == name);

    private static Type[] Unions() =>
        [.. CoreTypes().Where(t => FSharpType.IsUnion(t, null) && !OtherUnions.Contains(t.Name))];

    [Fact]
    public void Every_case_of_a_union_has_its_value_or_factory()
    {
        foreach (var union in Unions())
        {
            var cases = FSharpType.GetUnionCases(union, null).Select(c => c.Name).Order();
            var name = union.Name;
            var values = new[] { Facade(name), Facade(name + "Kind") }.FirstOrDefault(t => t is { IsEnum: true });
            if (values is not null)
                Assert.Equal(cases, Enum.GetNames(values).Order());
            else
                Assert.All(cases, c => Assert.True(Has(name, c), $"{union.Name}.{c}: add {name}.{c} to the facade"));
        }

        string[] seen = [.. Unions().Select(u => u.Name)];
        Assert.Superset(new HashSet<string> { "Outcome", "Activation", "Layer", "Display", "Covariance", "Phase" }, seen.ToHashSet());
    }

    [Fact]
    public void Every_field_of_a_union_that_is_read_has_its_property()
    {
        foreach (var union in new[] { typeof(Core.Outcome), typeof(Core.Concern), typeof(Core.Coverage) })
            foreach (var field in FSharpType.GetUnionCases(union, null).SelectMany(c => c.GetFields()))
            {
                var name = Renamed.GetValueOrDefault($"{union.Name}.{field.Name}") ?? Pascal(field.Name);
                Assert.True(Has(union.Name, name), $"{union.Name}.{field.Name}: add {name}");
            }
    }

    [Fact]
    public void Enumerations_and_unions_are_turned_into_each_other()
    {
        var tables = typeof(Cases).GetFields(BindingFlags.Public | BindingFlags.Static);
        Assert.Equal(11, tables.Length);
        foreach (var table in tables)
        {
            var (toCore, ofCore) = (table.FieldType.GetMethod("ToCore")!, table.FieldType.GetMethod("OfCore")!);
            foreach (var value in Enum.GetValues(table.FieldType.GenericTypeArguments[0]))
            {
                if (value is Phase.Other)
                    continue; // comes with a name: see Progress.Name

                var union = toCore.Invoke(table.GetValue(null), [value, "value"]);
                Assert.Equal(value.ToString(), FSharpValue.GetUnionFields(union, union!.GetType(), null).Item1.Name);
                Assert.Equal(value, ofCore.Invoke(table.GetValue(null), [union]));
            }
        }
    }

    [Fact]
    public void Phases_have_the_names_of_the_core()
    {
        foreach (var phase in new[] { Core.Phase.Search, Core.Phase.Fit, Core.Phase.Evolve, Core.Phase.Draw })
        {
            var report = new Progress(Core.ProgressModule.started(phase, 0.0));
            Assert.Equal(Cases.Phase.OfCore(phase), report.Phase);
            Assert.Equal(phase.ToString(), report.Name);
        }

        var own = Progress.Of("quadrature", 0.5, TimeSpan.FromSeconds(2.0));
        Assert.Equal((Phase.Other, "quadrature", 0.5), (own.Phase, own.Name, own.Fraction));
        Assert.Equal(TimeSpan.FromSeconds(2.0), own.Remaining);
    }

    [Fact]
    public void Every_field_of_a_record_has_its_property()
    {
        string[] read =
        [
            "Annealed", "Attempt", "BlockPlan", "Decision", "Energy", "Estimate", "EvidenceComparison", "InferenceData", "LeaveOneOut", "Mixture", "ModelEvidence",
            "ModelPrediction", "Plan", "PredictionComparison", "PredictiveCheck", "Progress", "Proposal", "Quantity", "Report", "Run", "Sampler", "Sde",
            "Segment", "StopEvent", "Summary", "SummaryEntry", "Tableau", "Transition",
        ];
        var records = CoreTypes().Where(t => t.Name.EndsWith("Options", StringComparison.Ordinal) || read.Contains(t.Name)).ToArray();
        Assert.Equal(12 + read.Length, records.Length);
        foreach (var record in records)
        {
            // Progress and cancellation are arguments here.
            var fields = FSharpType.GetRecordFields(record, null).Select(f => f.Name).Except(["Meter", "Cancellation"]).Order();
            var properties = Facade(record.Name)!.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name);
            Assert.Equal(fields, record.Name.EndsWith("Options", StringComparison.Ordinal)
                ? properties.Order()
                : properties.Intersect(fields).Order());
        }
    }

    [Fact]
    public void The_check_sees_functions()
    {
        var seen = Functions().Select(f => $"{f.Module}.{f.Name}").ToHashSet();
        Assert.Superset(new HashSet<string> { "Term.system", "Sampler.passes", "Method.chebyshev", "Network.even", "Chart.corner" }, seen);
        Assert.All(LeftOut.Concat(Elsewhere.Keys), key => Assert.Contains(key, seen));
    }
}
