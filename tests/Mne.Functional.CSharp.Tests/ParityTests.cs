using System.Reflection;
using Mne.Functional.CSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>Whatever the core offers, the facade offers under the same name, or it stands here why not.</summary>
public class ParityTests
{
    /// <summary>Modules of the core that C# programs have no use for: the machinery under evolutions, and derivatives, which TorchSharp has.</summary>
    private static readonly string[] Machinery =
        ["Activation", "Controller", "Diff", "Format", "Guard", "Hdf5", "Integrator", "Jet", "NativeTorch", "Notation", "Progress", "Random",
         "Scope", "Segment", "Sketch", "Tangent", "Trajectory", "VectorField"];

    /// <summary>Functions that are other members here.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["Checkpoint.every"] = "EvolutionOptions.Checkpoint",
        ["Checkpoint.read"] = "Evolution.Resume",
        ["Checkpoint.readWith"] = "Evolution.Resume",
        ["Chains.pool"] = "Sampler.CoveringPoints",
        ["Chains.recipe"] = "Sampler.CoveringPoints",
        ["Diffusion.matrix"] = "Covariance.Matrix",
        ["Export.csv"] = "Draws.SaveCsv",
        ["Export.npy"] = "Tensors.SaveNpy",
        ["Importance.smooth"] = "Draws.Smoothed",
        ["Network.tangent"] = "Network.Kernel",
        ["Page.create"] = "Chart.SavePage",
        ["Page.save"] = "Chart.SavePage",
        ["Placement.onCuda"] = "Placement.CudaDevice",
        ["Report.tailExponent"] = "Density.TailExponent",
        ["SamplerPage.create"] = "Chart.SaveSamplerPage",
        ["Storage.openConditional"] = "Conditional.Open",
        ["Storage.openDraws"] = "Draws.Open",
        ["Storage.openSampler"] = "Sampler.Open",
        ["Storage.openSamplerWith"] = "Sampler.Open",
        ["Storage.openSolution"] = "Solution.Open",
        ["Storage.openSolutionWith"] = "Solution.Open",
        ["Storage.saveConditional"] = "Conditional.Save",
        ["Storage.saveDraws"] = "Draws.Save",
        ["Storage.saveSampler"] = "Sampler.Save",
        ["Storage.saveSolution"] = "Solution.Save",
        ["Term.pown"] = "Term.Pow",
        ["Terminal.meter"] = "ConsoleProgress.Report",
        ["Terminal.meterAs"] = "ConsoleProgress.Report",
        ["Terminal.watch"] = "ConsoleProgress.Report",
    };

    /// <summary>Functions that C# programs write otherwise, or do not need.</summary>
    private static readonly HashSet<string> LeftOut =
    [
        "Diffusion.check", "Diffusion.colour", "Diffusion.scale", "Diffusion.times", "Diffusion.whiten", // inside processes
        "Page.html", "Page.show", "Page.withFigures", "Terminal.detect",                                 // one page, of charts
        "Network.ofRecipe",                                                                              // inside storage
        "Placement.epsilon", "Placement.ofTensor", "Stepper.step",                                       // inside evolutions
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
            let name = Pascal(function.Name.EndsWith("Seeded", StringComparison.Ordinal) ? function.Name[..^6] : function.Name)
            where function.Name is not ("defaults" or "show") && !LeftOut.Contains(key)
            let there = Elsewhere.GetValueOrDefault(key)?.Split('.')
                ?? [function.Module switch { "Importance" => "Draws", var module => module }, name]
            where !Has(there[0], there[1])
            select $"{key}: add {there[0]}.{there[1]} to the facade, or say in this test why not";
        Assert.Empty(missing);
    }

    [Fact]
    public void The_check_sees_functions()
    {
        var seen = Functions().Select(f => $"{f.Module}.{f.Name}").ToHashSet();
        Assert.Superset(new HashSet<string> { "Term.system", "Sampler.passes", "Stepper.chebyshev", "Network.even", "Chart.corner" }, seen);
        Assert.All(LeftOut.Concat(Elsewhere.Keys), key => Assert.Contains(key, seen));
    }
}
