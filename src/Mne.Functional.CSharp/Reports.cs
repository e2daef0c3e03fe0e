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

    /// <summary>Two ways to log Z differ by many of their standard errors.</summary>
    EvidenceDiffers,

    /// <summary>The search does not find modes that are planted as a test, and may have overlooked some of the density's own.</summary>
    BlindSearch,
}

/// <summary>What speaks against a result, how much, and what to do about it. What does not belong to the kind is null.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Verdict">How much it speaks against the result.</param>
/// <param name="Advice">What was found and what to do, in one or two sentences.</param>
public sealed record Concern(ConcernKind Kind, Verdict Verdict, string Advice)
{
    /// <summary>What to do.</summary>
    public string Advice { get; init; } = Bridge.Wanted(Advice);

    /// <summary>
    /// The number in question: the efficiency, the shape k̂ of the weights, the error of the fit, the exponent of the tails, by how many standard
    /// errors, taken together, two ways to log Z differ, or the part of planted modes that a search finds.
    /// </summary>
    public double? Value { get; init; }

    /// <summary>The share of the mass that is missed, or of the largest weight in the sum of all.</summary>
    public double? Share { get; init; }

    /// <summary>A point where mass is missed.</summary>
    public IReadOnlyList<double>? Point { get; init; }

    /// <summary>One of two ways to log Z that differ, and what it gave.</summary>
    public (string Way, Estimate LogNormaliser)? One { get; init; }

    /// <summary>The other way.</summary>
    public (string Way, Estimate LogNormaliser)? Other { get; init; }

    internal static Concern OfCore(Core.Concern concern)
    {
        Concern Of(ConcernKind kind, double? value = null, double? share = null, double[]? point = null) =>
            new(kind, Cases.Verdict.OfCore(concern.Verdict), concern.Advice)
            {
                Value = value,
                Share = share,
                Point = point is null ? null : Array.AsReadOnly(point),
            };

        return concern switch
        {
            Core.Concern.FewEffectiveDraws few => Of(ConcernKind.FewEffectiveDraws, few.efficiency),
            Core.Concern.HeavyWeights heavy => Of(ConcernKind.HeavyWeights, heavy.shape, heavy.largest),
            Core.Concern.MissedMass missed => Of(ConcernKind.MissedMass, null, missed.share, missed.point),
            Core.Concern.LowForwardEfficiency low => Of(ConcernKind.LowForwardEfficiency, low.efficiency),
            { IsFlowLost: true } => Of(ConcernKind.FlowLost),
            Core.Concern.PoorFit poor => Of(ConcernKind.PoorFit, poor.error),
            Core.Concern.HeavyTails tails => Of(ConcernKind.HeavyTails, tails.exponent),
            Core.Concern.ImproperEnergy improper => Of(ConcernKind.ImproperEnergy, improper.exponent),
            Core.Concern.EvidenceDiffers differs => Of(ConcernKind.EvidenceDiffers, differs.errors) with
            {
                One = (differs.one.Item1, Estimate.OfCore(differs.one.Item2)),
                Other = (differs.other.Item1, Estimate.OfCore(differs.other.Item2)),
            },
            Core.Concern.BlindSearch blind => Of(ConcernKind.BlindSearch, blind.recovered),
            _ => throw Bridge.Unknown(concern),
        };
    }
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
        { IsNotSearched: true } => new(CoverageKind.NotSearched, null),
        _ => throw Bridge.Unknown(coverage),
    };
}

/// <summary>What a report is made from.</summary>
/// <example><code>var thorough = new ReportOptions { Count = 10_000, Search = 6.0 };</code></example>
public sealed record ReportOptions
{
    private static Core.ReportOptions Defaults => Core.ReportModule.defaults;

    /// <summary>Draws that are made for it. Default 2,000.</summary>
    public int Count { get; init; } = Defaults.Count;

    /// <summary>
    /// Exact samples of the target (M × d), where there are any: the only sure check for missed modes. They stay the caller's. Default null.
    /// </summary>
    public Tensor? Samples { get; init; }

    /// <summary>
    /// The size of the density, in the units of its coordinates, as far as it is known: an independent search for mass that the sampler misses begins
    /// at distances of 0.1 to 100 times this from 0. Default null: the spread of the sampler's start.
    /// </summary>
    public double? Search { get; init; }

    internal Core.ReportOptions ToCore() => new(Count, Bridge.Option(Samples), Bridge.Option(Search));
}

/// <summary>Whether to trust a sampler's result, in numbers and, by <see cref="ToString"/>, in words.</summary>
/// <example><code>
/// var report = Report.OfSampler(sampler);
/// Console.WriteLine(report);
/// if (report.Verdict == Verdict.Unreliable) Console.WriteLine(report.Concerns[0].Advice);
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Report
{
    internal Report(Core.Report inner) => Inner = inner;

    internal Core.Report Inner { get; }

    /// <summary>The report on a sampler, from draws that are made for it.</summary>
    /// <exception cref="ArgumentException">There are fewer than 25 draws, or samples do not fit.</exception>
    /// <exception cref="EvolutionFailedException">Draws cannot be made.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Report OfSampler(
        Sampler sampler,
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ReportModule.ofSampler(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(sampler).Inner)));

    /// <summary>
    /// The report on the conditional density for one b, as a density of the coordinates a: samples in the options are of these.
    /// log Z is the logarithm of the unnormalised marginal at b.
    /// </summary>
    /// <exception cref="ArgumentException">There are fewer than 25 draws, or samples or given numbers do not fit.</exception>
    /// <exception cref="EvolutionFailedException">Draws cannot be made.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Report OfConditional(
        Conditional conditional,
        double[] given,
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ReportModule.ofConditional(
            Run.ToCore(run, progress, cancellationToken),
            (options ?? new()).ToCore(),
            Bridge.List(given),
            Bridge.Wanted(conditional).Inner)));

    /// <summary>The report on a density that is drawn in two stages; its error of the fit is the larger one of both.</summary>
    /// <exception cref="ArgumentException">There are fewer than 25 draws, or samples do not fit.</exception>
    /// <exception cref="EvolutionFailedException">Draws cannot be made.</exception>
    /// <exception cref="OperationCanceledException">Cancellation was requested.</exception>
    public static Report OfMarginal(
        Marginal marginal,
        ReportOptions? options = null,
        Run? run = null,
        IProgress<Progress>? progress = null,
        CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ReportModule.ofMarginal(
            Run.ToCore(run, progress, cancellationToken), (options ?? new()).ToCore(), Bridge.Wanted(marginal).Inner)));

    /// <summary>The report on given draws of a sampler.</summary>
    public static Report OfDraws(
        Sampler sampler, Draws draws, ReportOptions? options = null, Run? run = null, CancellationToken cancellationToken = default) =>
        new(Bridge.Result(() => Core.ReportModule.ofDraws(
            Run.ToCore(run, null, cancellationToken),
            (options ?? new()).ToCore(),
            Bridge.Wanted(sampler).Inner,
            Bridge.Wanted(draws).Inner)));

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

    /// <summary>s of ρ ~ r^{−s} in the slowest direction far out; infinite when ρ falls faster, null when V is finite nowhere there.</summary>
    public double? TailExponent => Bridge.Nullable(Inner.TailExponent);

    /// <summary>What speaks against the result.</summary>
    public IReadOnlyList<Concern> Concerns => [.. Inner.Concerns.Select(Concern.OfCore)];

    /// <summary>The worst verdict of any concern.</summary>
    public Verdict Verdict => Cases.Verdict.OfCore(Inner.Verdict);

    /// <summary>The report as text.</summary>
    public override string ToString() => Core.ReportModule.show(Inner);
}
