using System.Reflection;
using Mne.Functional.CSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>The facade shows no F# type: what C# developers see are classes, delegates, arrays and tensors.</summary>
public class SignatureTests
{
    private static readonly Assembly Facade = typeof(Evolution).Assembly;

    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Every type within a type: element types, type arguments.</summary>
    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.HasElementType)
            return Parts(type.GetElementType()!);
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static IEnumerable<(string Where, Type Type)> Signatures()
    {
        foreach (var type in Facade.GetExportedTypes())
        {
            if (type.BaseType is { } parent)
                yield return (type.Name, parent);
            foreach (var implemented in type.GetInterfaces())
                yield return (type.Name, implemented);
            foreach (var constructor in type.GetConstructors(Declared).Where(IsVisible))
                foreach (var parameter in constructor.GetParameters())
                    yield return ($"{type.Name}.new({parameter.Name})", parameter.ParameterType);
            foreach (var method in type.GetMethods(Declared).Where(IsVisible))
            {
                yield return ($"{type.Name}.{method.Name}", method.ReturnType);
                foreach (var parameter in method.GetParameters())
                    yield return ($"{type.Name}.{method.Name}({parameter.Name})", parameter.ParameterType);
            }

            foreach (var field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily))
                yield return ($"{type.Name}.{field.Name}", field.FieldType);
        }
    }

    [Fact]
    public void Public_signatures_are_made_of_own_types_tensors_and_the_base_library()
    {
        bool Allowed(Type type) =>
            type.Assembly == Facade
            || type == typeof(TorchSharp.torch.Tensor)
            || type.Assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal);

        var foreign = Signatures().Where(s => Parts(s.Type).Any(t => !Allowed(t))).Select(s => $"{s.Where}: {s.Type}");
        Assert.Empty(foreign);
    }

    [Fact]
    public void The_check_sees_signatures()
    {
        var seen = Signatures().Select(s => s.Where).ToHashSet();
        Assert.Contains("Evolution.Solve(options)", seen);
        Assert.Contains("Term.op_Multiply", seen);
        Assert.Contains("EvolutionOptions.get_Tolerance", seen);
        Assert.Contains("StopEvent.new(Function)", seen);
    }

    [Fact]
    public void Options_are_records_whose_every_property_can_be_set_with_init()
    {
        var options = Facade.GetExportedTypes()
            .Where(t => t.Name.EndsWith("Options", StringComparison.Ordinal) || t == typeof(Run)).ToArray();
        Assert.Equal(13, options.Length);
        foreach (var type in options)
        {
            Assert.NotNull(type.GetMethod("<Clone>$"));
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                Assert.True(
                    property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers()
                        .Contains(typeof(System.Runtime.CompilerServices.IsExternalInit)),
                    $"{type.Name}.{property.Name}");
        }
    }
}
