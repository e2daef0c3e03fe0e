namespace Mne.Functional.CSharp;

/// <summary>
/// Numbers and tensors in one formula, safely on several threads: what <c>2.0 * x</c> does in TorchSharp, to the same bits, but with the
/// number kept until libtorch has read it. The sum of two tensors and <c>square</c> have a number within, and belong here too.
/// </summary>
/// <example><code>var ring = Density.OfEnergy(2, x => x.norm(1).Minus(2.0).Square().Times(4.0));</code></example>
public static class Arithmetic
{
    /// <summary>x + a, element by element.</summary>
    public static Tensor Plus(this Tensor x, double a) => Core.Arithmetic.Plus(Bridge.Wanted(x), a);

    /// <summary>x + y, element by element: TorchSharp's own hands libtorch a factor 1 for y.</summary>
    public static Tensor Plus(this Tensor x, Tensor y) => Core.Arithmetic.Plus(Bridge.Wanted(x), Bridge.Wanted(y));

    /// <summary>x², element by element.</summary>
    public static Tensor Square(this Tensor x) => Core.Arithmetic.Square(Bridge.Wanted(x));

    /// <summary>x − a, element by element.</summary>
    public static Tensor Minus(this Tensor x, double a) => Core.Arithmetic.Minus(Bridge.Wanted(x), a);

    /// <summary>a − x, element by element.</summary>
    public static Tensor Minus(double a, Tensor x) => Core.Arithmetic.Minus(a, Bridge.Wanted(x));

    /// <summary>x a, element by element.</summary>
    public static Tensor Times(this Tensor x, double a) => Core.Arithmetic.Times(Bridge.Wanted(x), a);

    /// <summary>x / a, element by element.</summary>
    public static Tensor Over(this Tensor x, double a) => Core.Arithmetic.Over(Bridge.Wanted(x), a);

    /// <summary>a / x, element by element.</summary>
    public static Tensor Over(double a, Tensor x) => Core.Arithmetic.Over(a, Bridge.Wanted(x));

    /// <summary>x to a power, element by element.</summary>
    public static Tensor Power(this Tensor x, double exponent) => Core.Arithmetic.Power(Bridge.Wanted(x), exponent);

    /// <summary>x where it lies between the two numbers, and the nearer of them elsewhere.</summary>
    public static Tensor Clamp(this Tensor x, double least, double greatest) => Core.Arithmetic.Clamp(Bridge.Wanted(x), least, greatest);

    /// <summary>x, and the number where x is less.</summary>
    public static Tensor ClampMin(this Tensor x, double least) => Core.Arithmetic.ClampMin(Bridge.Wanted(x), least);

    /// <summary>x, and the number where x is greater.</summary>
    public static Tensor ClampMax(this Tensor x, double greatest) => Core.Arithmetic.ClampMax(Bridge.Wanted(x), greatest);

    /// <summary>Whether x &lt; a, element by element: a tensor of truth values.</summary>
    public static Tensor LessThan(this Tensor x, double a) => Core.Arithmetic.LessThan(Bridge.Wanted(x), a);

    /// <summary>Whether x &gt; a, element by element: a tensor of truth values.</summary>
    public static Tensor GreaterThan(this Tensor x, double a) => Core.Arithmetic.GreaterThan(Bridge.Wanted(x), a);

    /// <summary>x, and the number where <paramref name="mask"/>, a tensor of truth values, holds.</summary>
    public static Tensor MaskedFill(this Tensor x, Tensor mask, double a) =>
        Core.Arithmetic.MaskedFill(Bridge.Wanted(x), Bridge.Wanted(mask), a);
}
