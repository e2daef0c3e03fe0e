using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>Between C# delegates and collections and those of F#. What is null is refused under the caller's name for it.</summary>
internal static class Bridge
{
    /// <summary>The value, which must not be null.</summary>
    public static T Wanted<T>([NotNull] T? value, [CallerArgumentExpression(nameof(value))] string name = "") where T : class
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    /// <summary>What a function of the caller's returned, which must not be null either.</summary>
    public static T Answered<T>(T value, string name) =>
        value is null ? throw new ArgumentNullException(name, $"{name}: the function returned null") : value;

    public static FSharpFunc<A, B> Function<A, B>(
        Func<A, B> f, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Wanted(f, name);
        return FuncConvert.FromFunc<A, B>(a => Answered(f(a), name));
    }

    public static FSharpFunc<A, FSharpFunc<B, C>> Function<A, B, C>(
        Func<A, B, C> f, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Wanted(f, name);
        return FuncConvert.FromFunc<A, B, C>((a, b) => Answered(f(a, b), name));
    }

    public static FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> Function<A, B, C, D>(
        Func<A, B, C, D> f, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Wanted(f, name);
        return FuncConvert.FromFunc<A, B, C, D>((a, b, c) => Answered(f(a, b, c), name));
    }

    public static FSharpFunc<Core.Local, Tensor> OfLocal(
        Func<Local, Tensor> f, [CallerArgumentExpression(nameof(f))] string name = "")
    {
        Wanted(f, name);
        return Function<Core.Local, Tensor>(local => f(new Local(local)), name);
    }

    /// <summary>A function of a seed as one of a placement and a seed: its tensor is brought there.</summary>
    public static FSharpFunc<Core.Placement, FSharpFunc<int, Tensor>> Placed(
        Func<int, Tensor> draw, [CallerArgumentExpression(nameof(draw))] string name = "")
    {
        Wanted(draw, name);
        return Function<Core.Placement, int, Tensor>((placement, seed) => Core.TensorModule.place(placement, Answered(draw(seed), name)), name);
    }

    /// <summary>The same for a function of a seed and something else.</summary>
    public static FSharpFunc<Core.Placement, FSharpFunc<int, FSharpFunc<A, Tensor>>> Placed<A>(
        Func<int, A, Tensor> draw, [CallerArgumentExpression(nameof(draw))] string name = "")
    {
        Wanted(draw, name);
        return Function<Core.Placement, int, A, Tensor>((placement, seed, a) => Core.TensorModule.place(placement, Answered(draw(seed, a), name)), name);
    }

    /// <summary>C# functions of those of F#.</summary>
    public static Func<A, B, C> OfFunction<A, B, C>(FSharpFunc<A, FSharpFunc<B, C>> f) => (a, b) => f.Invoke(a).Invoke(b);

    public static Func<A, B, C, D> OfFunction<A, B, C, D>(FSharpFunc<A, FSharpFunc<B, FSharpFunc<C, D>>> f) =>
        (a, b, c) => f.Invoke(a).Invoke(b).Invoke(c);

    public static FSharpList<T> List<T>(
        IEnumerable<T> items, [CallerArgumentExpression(nameof(items))] string name = "") =>
        ListModule.OfSeq(All(items, name));

    /// <summary>The items, none of which may be null.</summary>
    public static IEnumerable<T> All<T>(
        [NotNull] IEnumerable<T>? items, [CallerArgumentExpression(nameof(items))] string name = "") =>
        Wanted(items, name).Select(item => item is null ? throw new ArgumentNullException(name, $"{name}: found null among its items") : item);

    public static FSharpList<B> List<A, B>(
        IEnumerable<A> items, Func<A, B> each, [CallerArgumentExpression(nameof(items))] string name = "") =>
        ListModule.OfSeq(All(items, name).Select(each));

    public static FSharpList<Tuple<A, B>> Tuples<A, B>(
        IEnumerable<(A, B)> items, [CallerArgumentExpression(nameof(items))] string name = "") =>
        List(
            items,
            pair => pair.Item1 is null || pair.Item2 is null
                ? throw new ArgumentNullException(name, $"{name}: found null in one of its pairs")
                : pair.ToTuple(),
            name);

    public static FSharpOption<T> Option<T>(T? value) where T : struct =>
        value is T some ? FSharpOption<T>.Some(some) : FSharpOption<T>.None;

    public static FSharpOption<T> Option<T>(T? value) where T : class =>
        value is null ? FSharpOption<T>.None : FSharpOption<T>.Some(value);

    public static T? Nullable<T>(FSharpOption<T>? value) where T : struct => value is null ? null : value.Value;

    /// <summary>What is computed; the failure of an evolution or a fit becomes the one of this namespace.</summary>
    public static T Result<T>(Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (Core.EvolutionFailedException failure)
        {
            throw new EvolutionFailedException(new Outcome(failure.outcome), failure);
        }
        catch (Core.FitFailedException failure)
        {
            throw new FitFailedException(failure.error, failure.advice, failure);
        }
    }

    /// <summary>For a case of a union that the facade does not know.</summary>
    public static UnreachableException Unknown(object union) =>
        new($"{union} of {union.GetType()} has no counterpart in C#; add it to Mne.Functional.CSharp");
}
