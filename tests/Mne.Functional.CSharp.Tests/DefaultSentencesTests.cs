using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.FSharp.Core;
using Mne.Functional.CSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>What the documentation says of a default is the default: in the option records of the core, and in those of the facade.</summary>
public class DefaultSentencesTests
{
    /// <summary>Where names in sentences are looked up: types, and modules of F#.</summary>
    private sealed record Api(Assembly Assembly, string Namespace)
    {
        private IEnumerable<Type> Named(string name) =>
            new[] { name, name + "Module" }.Select(n => Assembly.GetType($"{Namespace}.{n}")).OfType<Type>();

        /// <summary>The value of an expression such as Sketch.Adaptive 2, Method.Chebyshev(8) or new RegressionOptions(); of Exact, where it is a sketch.</summary>
        public object? Evaluate(string expression, Type expected)
        {
            if (Regex.Match(expression, @"^new (\w+)\(\)$") is { Success: true } made)
                return Named(made.Groups[1].Value).Select(Activator.CreateInstance).FirstOrDefault();

            var call = Regex.Match(expression, @"^(?:(?<type>\w+)\.)?(?<member>\w+)(?:[ (](?<arguments>[^()]+)\)?)?$");
            if (!call.Success)
                return null;
            var arguments = Regex.Matches(call.Groups["arguments"].Value, @"[^ ,]+").Select(m => m.Value).ToArray();
            var types = call.Groups["type"].Success ? Named(call.Groups["type"].Value) : [expected];
            string[] names = [call.Groups["member"].Value, "New" + call.Groups["member"].Value];
            return types
                .SelectMany(t => t.GetMembers(BindingFlags.Public | BindingFlags.Static).Where(m => names.Contains(m.Name)))
                .Select(member => member switch
                {
                    PropertyInfo property when arguments.Length == 0 => property.GetValue(null),
                    FieldInfo field when arguments.Length == 0 => field.GetValue(null),
                    MethodInfo method when method.GetParameters().Length == arguments.Length => method.Invoke(null,
                        [.. method.GetParameters().Zip(arguments, (p, a) => Convert.ChangeType(a, p.ParameterType, CultureInfo.InvariantCulture))]),
                    _ => null,
                })
                .FirstOrDefault(value => value is not null);
        }
    }

    private static readonly Api CoreApi = new(typeof(Core.EvolutionOptions).Assembly, "Mne.Functional");
    private static readonly Api FacadeApi = new(typeof(EvolutionOptions).Assembly, "Mne.Functional.CSharp");

    /// <summary>The default records of the core: values named defaults, and the parts of these.</summary>
    private static IEnumerable<object> CoreRecords()
    {
        static IEnumerable<object> Parts(object record) => record.GetType().GetProperties()
            .Where(p => p.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal)).Select(p => p.GetValue(record)!);

        var named = CoreApi.Assembly.GetExportedTypes()
            .Select(t => t.GetProperty("defaults", BindingFlags.Public | BindingFlags.Static)?.GetValue(null)).OfType<object>().ToArray();
        return named.Concat(named.SelectMany(Parts)).DistinctBy(r => r.GetType());
    }

    /// <summary>The records of the facade as they are made.</summary>
    private static IEnumerable<object> FacadeRecords() =>
        FacadeApi.Assembly.GetExportedTypes()
            .Where(t => t.GetMethod("<Clone>$") is not null && t.GetConstructor([]) is not null)
            .Select(t => Activator.CreateInstance(t)!);

    private static XElement[] Documented(Api api) =>
        [.. XDocument.Load(Path.ChangeExtension(api.Assembly.Location, ".xml"), LoadOptions.PreserveWhitespace).Descendants("member")];

    /// <summary>The text of a summary, with what it refers to by type and name.</summary>
    private static string Text(XElement member)
    {
        static string Plain(XNode node) => node switch
        {
            XElement { Name.LocalName: "see" } see =>
                string.Join('.', see.Attribute("cref")!.Value.Split(':')[1].Split('(')[0].Split('.')[^2..]),
            XElement element => string.Concat(element.Nodes().Select(Plain)),
            _ => ((XText)node).Value,
        };

        return Regex.Replace(Plain(member.Element("summary")!), @"\s+", " ").Replace("`", "").Trim();
    }

    /// <summary>What each sentence with the word says the default is: up to the end of the sentence, or to a colon before more about it.</summary>
    private static IEnumerable<string> Sentences(string text)
    {
        foreach (Match word in Regex.Matches(text, @"\bdefault\b", RegexOptions.IgnoreCase))
        {
            var said = Regex.Match(text[word.Index..], @"^default:? (?<value>.+?)(\.(\s|$)|: |; )", RegexOptions.IgnoreCase);
            yield return said.Success ? said.Groups["value"].Value : "";
        }
    }

    /// <summary>Whether the words name the value.</summary>
    private static bool Says(Api api, string words, object? value, Type type)
    {
        static bool Number(string words, double value) =>
            words == "no limit" ? double.IsPositiveInfinity(value) : double.TryParse(words, CultureInfo.InvariantCulture, out var said) && said == value;

        switch (value)
        {
            case FSharpOption<Core.SamplerOptions> some:
                return Says(api, words, some.Value, typeof(Core.SamplerOptions));
            case FSharpOption<int> some:
                return Number(words, some.Value);
            case null:
                return words is "None" or "none" or "null";
            case bool flag:
                return words == (flag ? "true" : "false");
            case int or double:
                return Number(words, Convert.ToDouble(value, CultureInfo.InvariantCulture));
            case TimeSpan time:
                return words == FormattableString.Invariant($"{time.TotalMinutes} minutes");
            case ITuple pair:
                return words.Split(" and ") is [var first, var second]
                    && Number(first, (double)pair[0]!) && Number(second, (double)pair[1]!);
            case IEnumerable items:
                return words == "none" && !items.Cast<object>().Any();
            case Func<Domain, Network> or FSharpFunc<Core.Domain, Core.Network>:
                var layers = Regex.Match(words, @"^two layers of (\d+) (\w+) units$");
                var line = Domain.Euclidean(1);
                return layers.Success
                    && Enum.TryParse<Activation>(layers.Groups[2].Value, ignoreCase: true, out var activation)
                    && int.Parse(layers.Groups[1].Value, CultureInfo.InvariantCulture) is var width
                    && Network.Create(line, Layer.Dense(width, activation), Layer.Dense(width, activation)).Description
                        == (value as Func<Domain, Network>)?.Invoke(line).Description
                            + (value as FSharpFunc<Core.Domain, Core.Network>)?.Invoke(line.Inner).Description;
        }

        if (Regex.Match(words, @"^(?<from>.+?) with (?<changes>.+)$") is not { Success: true } changed)
            return Equals(api.Evaluate(words, type), value);

        var changes = changed.Groups["changes"].Value.Split(", ").Select(c => c.Split(' ', 2)).ToDictionary(c => c[0], c => c[^1]);
        return api.Evaluate(changed.Groups["from"].Value, type) is { } from && Differs(api, from, value, changes);
    }

    /// <summary>Whether the value is the record with the changes that are named, also in its parts (Evolve.MaximumSteps), and no others.</summary>
    private static bool Differs(Api api, object from, object value, Dictionary<string, string> changes)
    {
        var properties = value.GetType().GetProperties();
        return changes.Keys.All(name => properties.Any(p => p.Name == name.Split('.')[0]))
            && properties.All(p =>
            {
                var (before, after) = (p.GetValue(from), p.GetValue(value));
                if (changes.TryGetValue(p.Name, out var said))
                    return Says(api, said, after, p.PropertyType);
                var within = changes.Where(c => c.Key.StartsWith(p.Name + ".", StringComparison.Ordinal))
                    .ToDictionary(c => c.Key[(p.Name.Length + 1)..], c => c.Value);
                return within.Count == 0 ? Equals(before, after) : Differs(api, before!, after!, within);
            });
    }

    /// <summary>What the documentation says wrongly, or so that it cannot be compared; and how many sentences there were.</summary>
    private static (List<string> Wrong, int Count) Compare(Api api, IEnumerable<object> records)
    {
        var documented = Documented(api).ToDictionary(m => m.Attribute("name")!.Value);
        var (wrong, count) = (new List<string>(), 0);
        foreach (var record in records)
            foreach (var property in record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                if (documented.TryGetValue($"P:{record.GetType().FullName}.{property.Name}", out var member))
                    foreach (var words in Sentences(Text(member)))
                    {
                        count++;
                        if (!Says(api, words, property.GetValue(record), property.PropertyType))
                            wrong.Add($"{record.GetType().FullName}.{property.Name}: says “{words}”, is {property.GetValue(record) ?? "null"}");
                    }

        return (wrong, count);
    }

    [Fact]
    public void Sentences_of_the_core_name_the_defaults()
    {
        var records = CoreRecords().ToArray();
        Assert.Equal(
            CoreApi.Assembly.GetExportedTypes().Where(t => t.Name.EndsWith("Options", StringComparison.Ordinal)).Select(t => t.Name).Order(),
            records.Select(r => r.GetType().Name).Order());
        var (wrong, count) = Compare(CoreApi, records);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.InRange(count, 40, 80);
    }

    [Fact]
    public void Sentences_of_the_facade_name_the_defaults()
    {
        var records = FacadeRecords().ToArray();
        Assert.Superset(
            CoreRecords().Select(r => r.GetType().Name).Append("Run").ToHashSet(), records.Select(r => r.GetType().Name).ToHashSet());
        var (wrong, count) = Compare(FacadeApi, records);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.InRange(count, 45, 90);
    }

    [Theory]
    [InlineData("Some number. Default 41.")]
    [InlineData("Some number. Default about 40.")]
    [InlineData("A number, 40 by default.")]
    [InlineData("A number; the default: forty.")]
    public void A_wrong_number_is_seen(string text) => Assert.False(Says(CoreApi, Assert.Single(Sentences(text)), 40, typeof(int)));

    [Theory]
    [InlineData("Sketch.Landmarks 300", false)]
    [InlineData("Sketch.Adaptive 3", false)]
    [InlineData("Sketch.Adaptive 2", true)]
    [InlineData("Adaptive 2", true)]
    [InlineData("adaptive", false)]
    public void A_wrong_case_is_seen(string words, bool right)
    {
        Assert.Equal(right, Says(CoreApi, words, Core.Sketch.NewAdaptive(2.0), typeof(Core.Sketch)));
        Assert.Equal(right, Says(FacadeApi, words, Sketch.Adaptive(2.0), typeof(Sketch)));
    }

    [Theory]
    [InlineData("new RegressionOptions() with Steps 240, Tolerance 2e-3, Regularisation 1e-3 and 1e-9", true)]
    [InlineData("new RegressionOptions() with Steps 250, Tolerance 2e-3, Regularisation 1e-3 and 1e-9", false)]
    [InlineData("new RegressionOptions() with Steps 240, Tolerance 2e-3", false)]
    [InlineData("new RegressionOptions() with Steps 240, Tolerance 2e-3, Regularisation 1e-3 and 1e-9, Pace 3", false)]
    public void A_wrong_change_of_a_record_is_seen(string words, bool right) =>
        Assert.Equal(right, Says(FacadeApi, words, SamplerOptions.Defaults.Fit, typeof(RegressionOptions)));

    [Theory]
    [InlineData("new SamplerOptions() with Evolve.MaximumSteps 400", true)]
    [InlineData("new SamplerOptions() with Evolve.MaximumSteps 500", false)]
    [InlineData("new SamplerOptions() with Evolve.MaximumSteps 400, Duration 4", false)]
    [InlineData("new SamplerOptions() with Evolve.Steps 400", false)]
    [InlineData("new SamplerOptions()", false)]
    public void A_wrong_change_within_a_record_is_seen(string words, bool right) =>
        Assert.Equal(right, Says(
            FacadeApi,
            words,
            SamplerOptions.Defaults with { Evolve = SamplerOptions.Defaults.Evolve with { MaximumSteps = 400 } },
            typeof(SamplerOptions)));

    [Fact]
    public void A_wrong_network_is_seen()
    {
        var type = typeof(Func<Domain, Network>);
        Assert.True(Says(FacadeApi, "two layers of 48 swish units", SamplerOptions.Defaults.Network, type));
        Assert.False(Says(FacadeApi, "two layers of 32 swish units", SamplerOptions.Defaults.Network, type));
        Assert.False(Says(FacadeApi, "two layers of 48 tanh units", SamplerOptions.Defaults.Network, type));
    }
}
