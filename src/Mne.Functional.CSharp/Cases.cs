using System.Runtime.CompilerServices;

namespace Mne.Functional.CSharp;

/// <summary>The values of an enumeration, each with the case of the F# union that it stands for.</summary>
internal sealed class Cases<TEnum, TCore>(params (TEnum Value, TCore Case)[] pairs)
    where TEnum : struct, Enum
    where TCore : class
{
    public TCore ToCore(TEnum value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        foreach (var pair in pairs)
            if (pair.Value.Equals(value))
                return pair.Case;
        throw new ArgumentOutOfRangeException(
            name, $"{name}: found {value}, wanted one of {string.Join(", ", Enum.GetNames<TEnum>())}");
    }

    public TEnum OfCore(TCore union)
    {
        foreach (var pair in pairs)
            if (pair.Case.Equals(union))
                return pair.Value;
        throw Bridge.Unknown(union);
    }
}

/// <summary>The enumerations of this namespace and the unions of F#.</summary>
internal static class Cases
{
    public static readonly Cases<Activation, Core.Activation> Activation = new(
        (CSharp.Activation.Identity, Core.Activation.Identity),
        (CSharp.Activation.Tanh, Core.Activation.Tanh),
        (CSharp.Activation.Sine, Core.Activation.Sine),
        (CSharp.Activation.Swish, Core.Activation.Swish),
        (CSharp.Activation.Softplus, Core.Activation.Softplus),
        (CSharp.Activation.Gelu, Core.Activation.Gelu),
        (CSharp.Activation.Square, Core.Activation.Square));

    public static readonly Cases<Boundary, Core.Boundary> Boundary = new(
        (CSharp.Boundary.Dirichlet, Core.Boundary.Dirichlet),
        (CSharp.Boundary.Neumann, Core.Boundary.Neumann));

    public static readonly Cases<Direction, Core.Direction> Direction = new(
        (CSharp.Direction.Falling, Core.Direction.Falling),
        (CSharp.Direction.Rising, Core.Direction.Rising),
        (CSharp.Direction.Either, Core.Direction.Either));

    public static readonly Cases<Display, Reporting.Display> Display = new(
        (CSharp.Display.Live, Reporting.Display.Live),
        (CSharp.Display.Plain, Reporting.Display.Plain),
        (CSharp.Display.Quiet, Reporting.Display.Quiet));

    public static readonly Cases<ErrorScale, Core.ErrorScale> ErrorScale = new(
        (CSharp.ErrorScale.Magnitude, Core.ErrorScale.Magnitude),
        (CSharp.ErrorScale.Spread, Core.ErrorScale.Spread));

    public static readonly Cases<Phase, Core.Phase> Phase = new(
        (CSharp.Phase.Search, Core.Phase.Search),
        (CSharp.Phase.Fit, Core.Phase.Fit),
        (CSharp.Phase.Evolve, Core.Phase.Evolve),
        (CSharp.Phase.Draw, Core.Phase.Draw));

    public static readonly Cases<Precision, Core.Precision> Precision = new(
        (CSharp.Precision.Float64, Core.Precision.Float64),
        (CSharp.Precision.Float32, Core.Precision.Float32));

    public static readonly Cases<ReverseKernel, Core.ReverseKernel> ReverseKernel = new(
        (CSharp.ReverseKernel.Tweedie, Core.ReverseKernel.Tweedie),
        (CSharp.ReverseKernel.Euler, Core.ReverseKernel.Euler));

    public static readonly Cases<Route, Core.Route> Route = new(
        (CSharp.Route.Mixture, Core.Route.Mixture),
        (CSharp.Route.Flow, Core.Route.Flow),
        (CSharp.Route.Tempered, Core.Route.Tempered));

    public static readonly Cases<SdeScheme, Core.SdeScheme> SdeScheme = new(
        (CSharp.SdeScheme.EulerMaruyama, Core.SdeScheme.EulerMaruyama),
        (CSharp.SdeScheme.StochasticHeun, Core.SdeScheme.StochasticHeun),
        (CSharp.SdeScheme.Milstein, Core.SdeScheme.Milstein));

    public static readonly Cases<Verdict, Core.Verdict> Verdict = new(
        (CSharp.Verdict.Reliable, Core.Verdict.Reliable),
        (CSharp.Verdict.Doubtful, Core.Verdict.Doubtful),
        (CSharp.Verdict.Unreliable, Core.Verdict.Unreliable));
}
