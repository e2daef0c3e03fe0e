using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Mne.Functional.CSharp;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>What the examples in documentation comments take for granted.</summary>
public abstract class ExampleNames
{
    public static readonly Domain circle = Domain.Periodic((0.0, 2.0 * Math.PI));
    public static readonly Domain line = Domain.Box((-1.0, 1.0));
    public static readonly Network network = Network.Create(circle, Layer.Harmonics(2), Layer.Dense(12, Activation.Sine));
    public static readonly Collocation points = Collocation.Grid(circle, 24);
    public static readonly Term term = 0.1 * Term.Laplacian, equation = term;
    public static readonly Tensor θ = network.Initial(seed: 1), start = θ, x = Tensors.Linspace(0.0, 6.0, 7).unsqueeze(1);
    public static readonly Solution solution =
        Evolution.Solve(equation, network, points, start, 0.0, 1.0, new EvolutionOptions { Tolerance = 1e-2, Regularisation = 1e-6 });

    /// <summary>Of two components.</summary>
    public static readonly Solution waves = Waves();

    public static readonly Density target = SamplingFacadeTests.Target, potential = Density.OfEnergy(1, x => 0.5 * x.square().sum(1));
    public static readonly Sampler sampler = SamplingFacadeTests.Made.Value;
    public static readonly Conditional conditional = SamplingFacadeTests.Partly.Value;
    public static readonly Marginal marginal = SamplingFacadeTests.InStages.Value;
    public static readonly Posterior posterior = PosteriorFacadeTests.Made.Value;
    public static readonly Draws draws = sampler.Draw(200);
    public static readonly NamedDraws named = NamedDraws.OfDraws(draws, "a", "b");
    public static readonly Tensor samples = Tensors.Normal(1, 200, 2);
    public static readonly Chart first = Chart.Lines(Series.Line("u", [0.0, 1.0], [1.0, 2.0])), second = first;

    public static readonly double error = 1.1e-5;

    private static Solution Waves()
    {
        var wave = Equation.Wave(speed: 1.0, dimension: 1);
        var two = Network.Create(wave.Domain, Layer.Harmonics(1), Layer.Dense(8, Activation.Sine), Layer.Outputs(2));
        using var first = two.Initial(seed: 1);
        return Evolution.Solve(wave.Term, two, Collocation.Grid(wave.Domain, 24), first, 0.0, 0.6,
            new EvolutionOptions { Tolerance = 1e-2, Regularisation = 1e-6 });
    }

    /// <summary>The files that examples open, in the present folder.</summary>
    public static void Prepare()
    {
        sampler.Save("output/modes.h5");
        conditional.Save("output/conditional.h5");
        marginal.Sampler.Save("output/marginal.h5");
    }
}

/// <summary>Every example in the documentation comments compiles, and those that take seconds run.</summary>
public class ExamplesTests
{
    /// <summary>Fits and evolutions at full size: they take minutes.</summary>
    private static readonly Regex Long = new(@"\b(Sampler|Conditional|Marginal)\.(Evolve|Passes|Standardise)\(");

    private static IEnumerable<(string Member, string Code)> Examples() =>
        from member in XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Mne.Functional.CSharp.xml")).Descendants("member")
        from example in member.Elements("example")
        select (Regex.Replace(member.Attribute("name")!.Value[2..], @"\(.*|``\d+|^Mne\.Functional\.CSharp\.", ""), example.Value.Trim('\n'));

    private static string Program((string Member, string Code)[] examples)
    {
        var program = new StringBuilder("""
            using Mne.Functional.CSharp;
            using TorchSharp;
            using Tensor = TorchSharp.torch.Tensor;

            public class Examples : Mne.Functional.CSharp.Tests.ExampleNames
            {

            """);
        foreach (var (index, (member, code)) in examples.Index())
            program.AppendLine($$"""
                public static {{(code.Contains("await ") ? "async Task" : "void")}} Example{{index}}()
                {
                #line 1 "{{member}}"
                {{code}}
                #line default
                }
                """);
        return program.AppendLine("}").ToString();
    }

    /// <summary>The assembly of a program that uses those of this test.</summary>
    private static Assembly Compile(string program, string folder)
    {
        var used = new[] { "Mne.Functional.CSharp", "Mne.Functional", "Mne.Functional.Reporting", "TorchSharp", "FSharp.Core", "Mne.Functional.CSharp.Tests" };
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        File.WriteAllText(Path.Combine(folder, "Examples.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <RestoreSources>{folder}</RestoreSources>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(used.Select(name => $"<Reference Include=\"{Path.Combine(AppContext.BaseDirectory, name)}.dll\" Private=\"false\" />"))}
              </ItemGroup>
            </Project>
            """);
        var host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        using var build = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(host, ["build", "--nologo", "--verbosity", "quiet", "-o", "built"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        })!;
        var said = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.True(build.ExitCode == 0, said);
        return Assembly.LoadFrom(Path.Combine(folder, "built", "Examples.dll"));
    }

    [Fact]
    public async Task Every_example_compiles_and_the_quick_ones_run()
    {
        var examples = Examples().ToArray();
        Assert.True(examples.Length > 50, $"{examples.Length} examples");
        var before = Environment.CurrentDirectory;
        var folder = Directory.CreateDirectory(FacadeTests.Scratch()).FullName;
        try
        {
            Environment.CurrentDirectory = folder;
            var type = Compile(Program(examples), folder).GetType("Examples", throwOnError: true)!;
            ExampleNames.Prepare();
            var failures = new List<string>();
            foreach (var (index, (member, code)) in examples.Index())
            {
                if (Long.IsMatch(code))
                    continue;
                using var scope = torch.NewDisposeScope();
                var error = await Record.ExceptionAsync(
                    () => type.GetMethod($"Example{index}")!.Invoke(null, null) as Task ?? Task.CompletedTask);
                if (error is not null)
                    failures.Add($"{member}: {(error.InnerException ?? error).Message}");
            }

            Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        }
        finally
        {
            Environment.CurrentDirectory = before;
            Directory.Delete(folder, true);
        }
    }
}
