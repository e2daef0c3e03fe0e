using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace Mne.Functional.CSharp.Tests;

/// <summary>
/// A number reaches libtorch only by way of <c>Arithmetic</c>, which keeps TorchSharp's <c>Scalar</c> until the call is over. The
/// compiled code of the three libraries is read, instruction by instruction.
/// </summary>
public class ScalarTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value);

    public static TheoryData<string> Libraries => ["Mne.Functional", "Mne.Functional.Reporting", "Mne.Functional.CSharp"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Numbers_reach_libtorch_through_Arithmetic_only(string library)
    {
        var found =
            from type in Assembly.Load(library).GetTypes()
            where !IsArithmetic(type)
            from caller in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All))
            from callee in Called(caller)
            where TakesNumber(callee)
            select $"{type.FullName}.{caller.Name} calls {callee.DeclaringType!.Name}.{callee.Name}({string.Join(", ", callee.GetParameters().Select(p => p.ParameterType.Name))})";
        Assert.Empty(found.Distinct());
    }

    /// <summary>The sum of a tensor and a number, for one, makes a factor within, which nothing keeps.</summary>
    [Fact]
    public void Arithmetic_calls_nothing_that_makes_a_number_within()
    {
        var found =
            from type in Assembly.Load("Mne.Functional").GetTypes()
            where IsArithmetic(type)
            from caller in type.GetMethods(All)
            from callee in Called(caller)
            where IsTensors(callee) && MakesNumber(callee)
            select $"{type.FullName}.{caller.Name} calls {callee.DeclaringType!.Name}.{callee.Name}({string.Join(", ", callee.GetParameters().Select(p => p.ParameterType.Name))})";
        Assert.Empty(found.Distinct());
    }

    [Fact]
    public void A_use_elsewhere_is_found()
    {
        var caller = typeof(ScalarTests).GetMethod(nameof(Unprotected), All)!;
        var found = Called(caller).Where(TakesNumber).Select(callee => callee.Name);
        Assert.Equal(["op_Multiply", "op_Implicit", "clamp_min", "square", "op_Addition"], found);
    }

    private static torch.Tensor Unprotected(torch.Tensor x) => (2.0 * x).clamp_min(0.5).square() + x;

    private static bool IsArithmetic(Type type)
    {
        for (Type? outer = type; outer is not null; outer = outer.DeclaringType)
        {
            // F# puts closures of a file into a class of the file's name.
            if (outer.FullName is "Mne.Functional.Arithmetic" or "Mne.Functional.Held" or "<StartupCode$Mne-Functional>.$Arithmetic")
                return true;
        }

        return false;
    }

    private static bool TakesNumber(MethodBase callee)
    {
        if (callee.DeclaringType?.Assembly != typeof(torch).Assembly)
            return false;
        var parameters = callee.GetParameters().Select(p => p.ParameterType).ToArray();
        return parameters.Contains(typeof(Scalar))
            || (callee as MethodInfo)?.ReturnType == typeof(Scalar)
            || (callee.Name.StartsWith("op_", StringComparison.Ordinal)
                && parameters.Contains(typeof(torch.Tensor))
                && parameters.Any(p => p.IsPrimitive))
            || (IsTensors(callee) && MakesNumber(callee));
    }

    private static bool IsTensors(MethodBase method) =>
        !method.IsConstructor && (method.DeclaringType == typeof(torch.Tensor) || method.DeclaringType == typeof(torch));

    private static readonly Dictionary<MethodBase, bool> Known = [];

    /// <summary>Methods of a tensor that make a number within, as the sum of two tensors does, and square.</summary>
    private static bool MakesNumber(MethodBase method)
    {
        lock (Known)
        {
            if (Known.TryGetValue(method, out var known))
                return known;
            Known[method] = false; // while it is looked at
            return Known[method] = Called(method).Any(callee =>
                (callee as MethodInfo)?.ReturnType == typeof(Scalar)
                || (IsTensors(callee) && MakesNumber(callee)));
        }
    }

    private static IEnumerable<MethodBase> Called(MethodBase caller)
    {
        if (caller.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            var instruction = Codes[value];
            at += instruction.Size;
            if (instruction.OperandType == OperandType.InlineMethod)
            {
                yield return caller.Module.ResolveMethod(
                    BitConverter.ToInt32(code, at),
                    caller.DeclaringType!.GetGenericArguments(),
                    caller.IsGenericMethod ? caller.GetGenericArguments() : null)!;
            }

            at += instruction.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, at),
                _ => 4,
            };
        }
    }
}
