namespace Mne.Functional.CSharp;

/// <summary>Where draws come from.</summary>
public enum Route
{
    /// <summary>A mixture of normal distributions in closed form, with a tenth of heavier tails.</summary>
    Mixture,

    /// <summary>The probability flow of an evolved energy, of which the mixture is the known part.</summary>
    Flow,

    /// <summary>Tempered sequential Monte Carlo from the mixture to the target.</summary>
    Tempered,
}

/// <summary>What was found of, and chosen for, coordinates that are independent of all others.</summary>
public sealed class BlockPlan
{
    internal BlockPlan(Core.BlockPlan inner) => Inner = inner;

    private Core.BlockPlan Inner { get; }

    /// <summary>The coordinates, counted from 0.</summary>
    public IReadOnlyList<int> Coordinates => [.. Inner.Coordinates];

    /// <summary>
    /// The first block, counted from 0, whose density is the same function: what was found for that one is used again. Its own number
    /// where there is none before.
    /// </summary>
    public int Like => Inner.Like;

    /// <summary>How many modes the search found.</summary>
    public int Modes => Inner.Modes;

    /// <summary>How many temperatures led from wide draws to the target.</summary>
    public int Temperatures => Inner.Temperatures;

    /// <summary>K, the components of the mixture.</summary>
    public int Components => Inner.Components;

    /// <summary>The efficiency of each route that was tried.</summary>
    public IReadOnlyList<(Route Route, double Efficiency)> Efficiencies =>
        [.. Inner.Efficiencies.Select(tried => (Cases.Route.OfCore(tried.Item1), tried.Item2))];

    /// <summary>The route that is taken.</summary>
    public Route Route => Cases.Route.OfCore(Inner.Route);

    /// <summary>log Z by each way that was tried, with its error.</summary>
    public IReadOnlyList<(string Way, Estimate LogNormaliser)> Evidence =>
        [.. Inner.Evidence.Select(found => (found.Item1, Estimate.OfCore(found.Item2)))];

    /// <summary>What went wrong on the way, in words; nothing most often.</summary>
    public IReadOnlyList<string> Remarks => [.. Inner.Remarks];

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed => Inner.Elapsed;

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}

/// <summary>What the program found and chose, and why; in words by <see cref="ToString"/>.</summary>
/// <example><code>
/// foreach (var block in posterior.Plan.Blocks)
///     Console.WriteLine($"{block.Coordinates.Count} coordinates, {block.Modes} modes: {block.Route}");
/// </code></example>
public sealed class Plan
{
    internal Plan(Core.Plan inner) => Inner = inner;

    private Core.Plan Inner { get; }

    /// <summary>Blocks of coordinates that are independent of each other, as the formula's second derivatives tell.</summary>
    public IReadOnlyList<BlockPlan> Blocks => [.. Inner.Blocks.Select(block => new BlockPlan(block))];

    /// <summary>A few lines of text.</summary>
    public override string ToString() => Inner.ToString();
}
