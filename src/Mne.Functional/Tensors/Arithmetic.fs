namespace Mne.Functional

open System.ComponentModel
open System.Runtime.CompilerServices
open TorchSharp

/// TorchSharp hands a number to libtorch as a `Scalar`, an object with a finaliser that nothing refers to any more once
/// its address has been read: a garbage collection that another thread causes may free it while libtorch still reads it.
/// Here it is disposed of after the call, which keeps it until then, and leaves the finaliser nothing to do.
module private Held =

    let number (a: float) (call: Scalar -> Tensor) : Tensor =
        use a = a.ToScalar()
        call a

    let whole (a: int) (call: Scalar -> Tensor) : Tensor =
        use a = a.ToScalar()
        call a

    /// x + a: TorchSharp's sum of a tensor and a number makes a factor 1 for the number, which nothing keeps.
    let added (x: Tensor) (a: Scalar) : Tensor = whole 1 (fun one -> x.add (a, one))

/// <summary>
/// Numbers and tensors in one formula, safely: what <c>2.0 * x</c> does in TorchSharp, to the same bits, but with the number
/// kept until libtorch has read it. TorchSharp's own operators between a number and a tensor, its methods that take a
/// number, and those that make one within (the sum of two tensors, <c>square</c>) may fail or compute with another number when
/// several threads compute at once. In F# the operators
/// <c>.*</c>, <c>./</c>, <c>.+</c> and <c>.-</c> are the short way to write these; in C# the methods are extensions.
/// </summary>
/// <example><code>
/// let y = 1.0 .- 4.0 .* x.Square().ClampMin(1e-3).Power(1.5)
/// </code></example>
[<AbstractClass; Sealed; Extension>]
type Arithmetic =

    /// <summary>x + a, element by element.</summary>
    [<Extension>]
    static member Plus(x: Tensor, a: float) : Tensor = Held.number a (Held.added x)

    /// <summary>x + a, element by element.</summary>
    [<Extension>]
    static member Plus(x: Tensor, a: int) : Tensor = Held.whole a (Held.added x)

    /// <summary>a + x, element by element.</summary>
    static member Plus(a: float, x: Tensor) : Tensor = Held.number a (Held.added x)

    /// <summary>a + x, element by element.</summary>
    static member Plus(a: int, x: Tensor) : Tensor = Held.whole a (Held.added x)

    /// <summary>x + y, element by element: TorchSharp's own hands libtorch a factor 1 for y.</summary>
    [<Extension>]
    static member Plus(x: Tensor, y: Tensor) : Tensor =
        Held.whole 1 (fun one -> x.add (y, one))

    /// <summary>x − a, element by element.</summary>
    [<Extension>]
    static member Minus(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x - a)

    /// <summary>x − a, element by element.</summary>
    [<Extension>]
    static member Minus(x: Tensor, a: int) : Tensor = Held.whole a (fun a -> x - a)

    /// <summary>a − x, element by element.</summary>
    static member Minus(a: float, x: Tensor) : Tensor =
        use opposite = x.negative ()
        Held.number a (Held.added opposite)

    /// <summary>a − x, element by element.</summary>
    static member Minus(a: int, x: Tensor) : Tensor =
        use opposite = x.negative ()
        Held.whole a (Held.added opposite)

    /// <summary>x a, element by element.</summary>
    [<Extension>]
    static member Times(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x * a)

    /// <summary>x a, element by element.</summary>
    [<Extension>]
    static member Times(x: Tensor, a: int) : Tensor = Held.whole a (fun a -> x * a)

    /// <summary>a x, element by element.</summary>
    static member Times(a: float, x: Tensor) : Tensor = Held.number a (fun a -> a * x)

    /// <summary>a x, element by element.</summary>
    static member Times(a: int, x: Tensor) : Tensor = Held.whole a (fun a -> a * x)

    /// <summary>x / a, element by element.</summary>
    [<Extension>]
    static member Over(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x / a)

    /// <summary>x / a, element by element.</summary>
    [<Extension>]
    static member Over(x: Tensor, a: int) : Tensor = Held.whole a (fun a -> x / a)

    /// <summary>a / x, element by element.</summary>
    static member Over(a: float, x: Tensor) : Tensor = Held.number a (fun a -> a / x)

    /// <summary>a / x, element by element.</summary>
    static member Over(a: int, x: Tensor) : Tensor = Held.whole a (fun a -> a / x)

    /// <summary>x^exponent, element by element.</summary>
    [<Extension>]
    static member Power(x: Tensor, exponent: float) : Tensor =
        Held.number exponent (fun exponent -> x.pow exponent)

    /// <summary>x², element by element.</summary>
    [<Extension>]
    static member Square(x: Tensor) : Tensor = Held.whole 2 (fun two -> x.pow two)

    /// <summary>x where it lies between the two numbers, and the nearer of them elsewhere.</summary>
    [<Extension>]
    static member Clamp(x: Tensor, least: float, greatest: float) : Tensor =
        Held.number least (fun least -> Held.number greatest (fun greatest -> x.clamp (least, greatest)))

    /// <summary>x, and the number where x is less.</summary>
    [<Extension>]
    static member ClampMin(x: Tensor, least: float) : Tensor =
        Held.number least (fun least -> x.clamp_min least)

    /// <summary>x, and the number where x is greater.</summary>
    [<Extension>]
    static member ClampMax(x: Tensor, greatest: float) : Tensor =
        Held.number greatest (fun greatest -> x.clamp_max greatest)

    /// <summary>Whether x &lt; a, element by element: a tensor of truth values.</summary>
    [<Extension>]
    static member LessThan(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x.lt a)

    /// <summary>Whether x &gt; a, element by element: a tensor of truth values.</summary>
    [<Extension>]
    static member GreaterThan(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x.gt a)

    /// <summary>x, and the number where <c>mask</c>, a tensor of truth values, holds.</summary>
    [<Extension>]
    static member MaskedFill(x: Tensor, mask: Tensor, a: float) : Tensor =
        Held.number a (fun a -> x.masked_fill (mask, a))

    /// <summary>Adds the number to every element of x itself.</summary>
    [<Extension>]
    static member AddInPlace(x: Tensor, a: float) : Tensor =
        Held.number a (fun a -> Held.whole 1 (fun one -> x.add_ (a, one)))

    /// <summary>Adds y to x itself.</summary>
    [<Extension>]
    static member AddInPlace(x: Tensor, y: Tensor) : Tensor =
        Held.whole 1 (fun one -> x.add_ (y, one))

    /// <summary>Adds <c>factor</c> times y to x itself.</summary>
    [<Extension>]
    static member AddInPlace(x: Tensor, y: Tensor, factor: float) : Tensor =
        Held.number factor (fun factor -> x.add_ (y, alpha = factor))

    /// <summary>Adds <c>factor</c> times y z, element by element, to x itself: one pass over memory in place of two.</summary>
    [<Extension>]
    static member AddProductInPlace(x: Tensor, y: Tensor, z: Tensor, factor: float) : Tensor =
        Held.number factor (fun factor -> x.addcmul_ (y, z, factor))

    /// <summary>Makes every element of x itself the number.</summary>
    [<Extension>]
    static member FillInPlace(x: Tensor, a: float) : Tensor = Held.number a (fun a -> x.fill_ a)

    /// <summary>The number, so many times, with the element type and the device of x.</summary>
    [<Extension>]
    static member NewFull(x: Tensor, length: int64, a: float) : Tensor =
        Held.number a (fun a -> x.new_full (length, a))

    /// <summary>A matrix of the number, with the element type and the device of x.</summary>
    [<Extension>]
    static member NewFull(x: Tensor, rows: int64, columns: int64, a: float) : Tensor =
        Held.number a (fun a -> x.new_full (rows, columns, a))

    /// <summary>The numbers 0, 1, …, count − 1, with the element type and the device of x.</summary>
    [<Extension>]
    static member NewCount(x: Tensor, count: int) : Tensor =
        Held.number 0.0 (fun start ->
            Held.number (float count) (fun stop ->
                Held.number 1.0 (fun step -> torch.arange (start, stop, step, dtype = x.dtype, device = x.device))))

/// <summary>How the operators find their overload; not to be called.</summary>
[<EditorBrowsable(EditorBrowsableState.Never); RequireQualifiedAccess>]
module ArithmeticOverloads =

    // `^w` is Arithmetic, whose overloads decide; the result is a Tensor whichever it is, so that inference goes on.

    /// <summary>Arithmetic.Times for the two types.</summary>
    let inline times (_: ^w) (a: ^a) (b: ^b) : Tensor =
        ((^w or ^a or ^b): (static member Times: ^a * ^b -> Tensor) (a, b))

    /// <summary>Arithmetic.Over for the two types.</summary>
    let inline over (_: ^w) (a: ^a) (b: ^b) : Tensor =
        ((^w or ^a or ^b): (static member Over: ^a * ^b -> Tensor) (a, b))

    /// <summary>Arithmetic.Plus for the two types.</summary>
    let inline plus (_: ^w) (a: ^a) (b: ^b) : Tensor =
        ((^w or ^a or ^b): (static member Plus: ^a * ^b -> Tensor) (a, b))

    /// <summary>Arithmetic.Minus for the two types.</summary>
    let inline minus (_: ^w) (a: ^a) (b: ^b) : Tensor =
        ((^w or ^a or ^b): (static member Minus: ^a * ^b -> Tensor) (a, b))

/// <summary>
/// The operators between a number (float or int) and a tensor, either of them first, with the precedence of those without
/// the dot: <c>4.0 .* (r .- 2.0).square()</c>. Between two tensors there is <c>.+</c>
/// as well, because their sum has a hidden number; <c>*</c>, <c>/</c> and <c>-</c> between tensors have none.
/// </summary>
[<AutoOpen>]
module ArithmeticOperators =

    /// <summary>The product of a number and a tensor, element by element.</summary>
    let inline (.*) a b : Tensor =
        ArithmeticOverloads.times Unchecked.defaultof<Arithmetic> a b

    /// <summary>The quotient of a number and a tensor, or of a tensor and a number, element by element.</summary>
    let inline (./) a b : Tensor =
        ArithmeticOverloads.over Unchecked.defaultof<Arithmetic> a b

    /// <summary>The sum of a number and a tensor, or of two tensors, element by element.</summary>
    let inline (.+) a b : Tensor =
        ArithmeticOverloads.plus Unchecked.defaultof<Arithmetic> a b

    /// <summary>The difference of a number and a tensor, or of a tensor and a number, element by element.</summary>
    let inline (.-) a b : Tensor =
        ArithmeticOverloads.minus Unchecked.defaultof<Arithmetic> a b
