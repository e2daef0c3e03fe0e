using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>Between C# delegates and collections and those of F#.</summary>
internal static class Bridge
{
    public static FSharpFunc<A, B> Function<A, B>(Func<A, B> f) => FuncConvert.FromFunc(f);

    public static FSharpFunc<A, FSharpFunc<B, C>> Function<A, B, C>(Func<A, B, C> f) => FuncConvert.FromFunc(f);

    public static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> Function<A, B, C, D>(Func<A, B, C, D> f) =>
        FuncConvert.FromFunc(f);

    public static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, FSharpFunc<D, E>>>> Function<A, B, C, D, E>(Func<A, B, C, D, E> f) =>
        FuncConvert.FromFunc(f);

    public static FSharpFunc<Core.Local, Tensor> OfLocal(Func<Local, Tensor> f) =>
        Function<Core.Local, Tensor>(local => f(new Local(local)));

    public static FSharpList<Core.Derivative> Needs(IEnumerable<Derivative> needs) => List(needs.Select(d => d.Inner));

    /// <summary>C# functions of those of F#.</summary>
    public static Func<double, Tensor, Tensor> OfFunction(FSharpFunc<double, FSharpFunc<Tensor, Tensor>> f) =>
        (t, x) => f.Invoke(t).Invoke(x);

    public static FSharpList<T> List<T>(IEnumerable<T> items) => ListModule.OfSeq(items);

    public static FSharpOption<T> Option<T>(T? value) where T : struct =>
        value is T some ? FSharpOption<T>.Some(some) : FSharpOption<T>.None;

    public static FSharpOption<T> Option<T>(T? value) where T : class =>
        value is null ? FSharpOption<T>.None : FSharpOption<T>.Some(value);

    public static double? Nullable(FSharpOption<double>? value) => value is null ? null : value.Value;

    /// <summary>Runs a computation and turns the library's failure into the one of this namespace.</summary>
    public static T Run<T>(Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (Core.EvolutionFailedException failure)
        {
            var outcome = new Outcome(failure.outcome);
            throw outcome.Kind == OutcomeKind.Cancelled
                ? new OperationCanceledException(outcome.Advice, failure)
                : new EvolutionFailedException(outcome, failure);
        }
    }
}
