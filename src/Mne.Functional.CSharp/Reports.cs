using Microsoft.FSharp.Core;

namespace Mne.Functional.CSharp;

/// <summary>How far a result can be trusted.</summary>
public enum Verdict
{
    /// <summary>Nothing speaks against it.</summary>
    Reliable,

    /// <summary>Weighted estimates may be used with care: errors can be larger than their standard errors say.</summary>
    Doubtful,

    /// <summary>Do not use it.</summary>
    Unreliable,
}

/// <summary>What speaks against a result.</summary>
public enum ConcernKind
{
    /// <summary>The weights leave less than a tenth of the draws.</summary>
    FewEffectiveDraws,

    /// <summary>The tail of the weights is so heavy that the largest rule.</summary>
    HeavyWeights,

    /// <summary>A part of the target is at least ten times too rare.</summary>
    MissedMass,

    /// <summary>Exact samples of the target say that the sampler hardly reaches a part of it.</summary>
    LowForwardEfficiency,

    /// <summary>The flow could not be followed from points where the target has mass.</summary>
    FlowLost,

    /// <summary>The fitted energy is off.</summary>
    PoorFit,

    /// <summary>The density falls only like a power of the distance.</summary>
    HeavyTails,

    /// <summary>The density has no finite integral.</summary>
    ImproperEnergy,
}

/// <summary>What speaks against a result, how much, and what to do about it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Verdict">How much it speaks against the result.</param>
/// <param name="Advice">What was found and what to do, in one or two sentences.</param>
public sealed record Concern(ConcernKind Kind, Verdict Verdict, string Advice)
{
    internal static Concern OfCore(Core.Concern concern) => new(
        concern switch
        {
            { IsFewEffectiveDraws: true } => ConcernKind.FewEffectiveDraws,
            { IsHeavyWeights: true } => ConcernKind.HeavyWeights,
            { IsMissedMass: true } => ConcernKind.MissedMass,
            { IsLowForwardEfficiency: true } => ConcernKind.LowForwardEfficiency,
            { IsFlowLost: true } => ConcernKind.FlowLost,
            { IsPoorFit: true } => ConcernKind.PoorFit,
            { IsHeavyTails: true } => ConcernKind.HeavyTails,
            _ => ConcernKind.ImproperEnergy,
        },
        Report.OfCore(concern.Verdict),
        concern.Advice);
}

/// <summary>How target mass that a sampler misses was looked for.</summary>
public enum CoverageKind
{
    /// <summary>By samples of the target that an independent search found.</summary>
    Searched,

    /// <summary>At the points that the sampler began with; mass that they miss as well is not seen.</summary>
    AtFirstPoints,

    /// <summary>Not at all: no search was possible.</summary>
    NotSearched,
}

/// <summary>The share of the target's mass that a sampler makes at least ten times too rare, and how it was looked for.</summary>
/// <param name="Kind">How it was looked for.</param>
/// <param name="Missed">The share; null where none was looked for.</param>
public sealed record Coverage(CoverageKind Kind, double? Missed)
{
    internal static Coverage OfCore(Core.Coverage coverage) => coverage switch
    {
        Core.Coverage.Searched searched => new(CoverageKind.Searched, searched.missed),
        Core.Coverage.AtFirstPoints first => new(CoverageKind.AtFirstPoints, first.missed),
        _ => new(CoverageKind.NotSearched, null),
    };
}

/// <summary>What a report is made from.</summary>
/// <example><code>var thorough = new ReportOptions { Count = 10_000, Search = 6.0 };</code></example>
public sealed record ReportOptions
{
    private static Core.ReportOptions Defaults => Core.ReportModule.defaults;

    /// <summary>Draws that are made for it. Default 2,000.</summary>
    public int Count { get; init; } = Defaults.Count;

    /// <summary>Exact samples of the target (M × d), where there are any: the only sure check for missed modes.</summary>
    public Tensor? Samples { get; init; }

    /// <summary>Standard deviation of the cloud around 0 that searches for missed mass; null is the spread of the sampler.</summary>
    public double? Search { get; init; }

    /// <summary>Seed. Default 0.</summary>
    public int Seed { get; init; } = Defaults.Seed;

    internal Core.ReportOptions ToCore() =>
        new(Count, Samples is null ? FSharpOption<Tensor>.None : FSharpOption<Tensor>.Some(Samples), Bridge.Option(Search), Seed);
}

/// <summary>Whether to trust a sampler's result, in numbers and, by <see cref="ToString"/>, in words.</summary>
/// <example><code>
/// var report = Report.OfSampler(sampler);
/// Console.WriteLine(report);
/// if (report.Verdict == Verdict.Unreliable) Console.WriteLine(report.Concerns[0].Advice);
/// </code></example>
public sealed class Report
{
    internal Report(Core.Report inner) => Inner = inner;

    internal Core.Report Inner { get; }

    /// <summary>The report on a sampler, from draws that are made for it.</summary>
    public static Report OfSampler(Sampler sampler, ReportOptions? options = null) =>
        new(Bridge.Run(() => Core.ReportModule.ofSampler((options ?? new()).ToCore(), sampler.Inner)));

    /// <summary>The report on given draws of a sampler.</summary>
    public static Report OfDraws(Sampler sampler, Draws draws, ReportOptions? options = null) =>
        new(Bridge.Run(() => Core.ReportModule.ofDraws((options ?? new()).ToCore(), sampler.Inner, draws.Inner)));

    /// <summary>The number of draws.</summary>
    public int Count => Inner.Count;

    /// <summary>The effective sample size as a fraction of the draws.</summary>
    public Estimate Efficiency => Estimate.OfCore(Inner.Efficiency);

    /// <summary>k̂ of the weights.</summary>
    public double ParetoShape => Inner.ParetoShape;

    /// <summary>The share of the largest weight in the sum of all.</summary>
    public double LargestWeight => Inner.LargestWeight;

    /// <summary>log Z.</summary>
    public Estimate LogNormaliser => Estimate.OfCore(Inner.LogNormaliser);

    /// <summary>Mean log w; log Z less this is the divergence KL(q | ρ).</summary>
    public Estimate EvidenceLowerBound => Estimate.OfCore(Inner.EvidenceLowerBound);

    /// <summary>The relative error of the fitted energy.</summary>
    public double FitError => Inner.FitError;

    /// <summary>The efficiency seen from exact samples, where these were given.</summary>
    public double? ForwardEfficiency => Bridge.Nullable(Inner.ForwardEfficiency);

    /// <summary>Target mass that the sampler misses.</summary>
    public Coverage Coverage => Coverage.OfCore(Inner.Coverage);

    /// <summary>s of ρ ~ r^{−s} in the slowest direction far out; infinite when ρ falls faster, null when V overflows there.</summary>
    public double? TailExponent => Bridge.Nullable(Inner.TailExponent);

    /// <summary>What speaks against the result.</summary>
    public IReadOnlyList<Concern> Concerns => [.. Inner.Concerns.Select(Concern.OfCore)];

    /// <summary>The worst verdict of any concern.</summary>
    public Verdict Verdict => OfCore(Inner.Verdict);

    internal static Verdict OfCore(Core.Verdict verdict) =>
        verdict.IsReliable ? Verdict.Reliable : verdict.IsDoubtful ? Verdict.Doubtful : Verdict.Unreliable;

    /// <summary>The report as text.</summary>
    public override string ToString() => Core.ReportModule.show(Inner);
}
