namespace Mne.Functional.CSharp;

/// <summary>A step that was tried, as a <see cref="Controller"/> is told.</summary>
/// <param name="Time">The time from which it was tried.</param>
/// <param name="Step">Its size, positive also when time runs backwards.</param>
/// <param name="Error">The estimated error over the tolerance, 1 being just tolerated; NaN when the step could not be made.</param>
/// <param name="Order">The error goes with the size of the step to this power.</param>
/// <param name="AfterRejection">Whether the attempt before, from the same time, was rejected.</param>
public sealed record Attempt(double Time, double Step, double Error, int Order, bool AfterRejection)
{
    internal Core.Attempt ToCore() => new(Time, Step, Error, Order, AfterRejection);

    internal static Attempt OfCore(Core.Attempt a) => new(a.Time, a.Step, a.Error, a.Order, a.AfterRejection);
}

/// <summary>What a <see cref="Controller"/> makes of an attempt.</summary>
/// <param name="Accept">Whether the step stands. One that could not be made never does, whatever is decided.</param>
/// <param name="Step">The size of the next attempt; 0 after a rejection gives up.</param>
/// <param name="Memory">What the controller is given next.</param>
public sealed record Decision(bool Accept, double Step, IReadOnlyList<double> Memory)
{
    internal Core.Decision ToCore() => new(Accept, Step, Bridge.List(Memory));

    internal static Decision OfCore(Core.Decision d) => new(d.Accept, d.Step, [.. d.Memory]);
}

/// <summary>
/// The interpolant on a step: y(t₀ + τh) = c₀ + τ(c₁ + τ'(c₂ + τ(c₃ + τ' c₄))), τ' = 1 − τ.
/// </summary>
/// <param name="Start">t₀.</param>
/// <param name="Length">h, negative when time runs backwards.</param>
/// <param name="Coefficients">c₀ … c₄, each of the shape of y.</param>
public sealed record Segment(double Start, double Length, IReadOnlyList<Tensor> Coefficients)
{
    /// <summary>Hermite's cubic: an interpolant of order 3 for methods that have none of their own.</summary>
    /// <param name="t">Where the step begins.</param>
    /// <param name="h">Its size, negative when time runs backwards.</param>
    /// <param name="y">The value at its beginning.</param>
    /// <param name="slope">The slope there.</param>
    /// <param name="next">The value at its end.</param>
    /// <param name="nextSlope">The slope there.</param>
    public static Segment Hermite(double t, double h, Tensor y, Tensor slope, Tensor next, Tensor nextSlope)
    {
        var cubic = Core.SegmentModule.hermite(
            t, h, Bridge.Wanted(y), Bridge.Wanted(slope), Bridge.Wanted(next), Bridge.Wanted(nextSlope));
        return new(cubic.Start, cubic.Length, cubic.Coefficients);
    }

    internal Core.Segment ToCore() => new(Start, Length, [.. Bridge.Wanted(Coefficients)]);
}

/// <summary>What one step of a <see cref="Method"/> proposes.</summary>
/// <param name="Next">y at the end of the step.</param>
/// <param name="Error">The estimated error of y, of the same shape; zeros from a method that has no estimate.</param>
/// <param name="Segment">The interpolant on the step.</param>
/// <param name="Memory">What the next step is given.</param>
/// <param name="Order">
/// The error goes with the size of the step to this power; null for one more than the method's <c>EmbeddedOrder</c>, which a method that changes its order
/// does not have at all steps.
/// </param>
public sealed record Proposal(Tensor Next, Tensor Error, Segment Segment, IReadOnlyList<Tensor> Memory, int? Order = null)
{
    internal Core.Proposal ToCore(int usual) =>
        new(Bridge.Wanted(Next), Bridge.Wanted(Error), Order ?? usual, Bridge.Wanted(Segment).ToCore(), Bridge.List(Memory));
}
