namespace Mne.Functional.CSharp;

/// <summary>
/// Ways between ℝⁿ and constrained quantities, with log-Jacobians. Scales without constraint are those of the Stan reference manual, chapter
/// "Constraint Transforms", so that numbers can be compared; simplices are its stick-breaking, the form of Stan until version 2.36.
/// </summary>
[Core.Notebooks.TypeFormatterSource]
public sealed class Bijector
{
    internal Bijector(Core.Bijector inner) => Inner = inner;

    internal Core.Bijector Inner { get; }

    /// <summary>n, how many numbers without constraint make one value.</summary>
    public int Dimension => Inner.Dimension;

    /// <summary>The shape of a value: empty for a number, one length for a vector, two for a matrix.</summary>
    public IReadOnlyList<int> Shape => [.. Inner.Shape];

    /// <summary>Every number: y itself.</summary>
    public static Bijector Real => new(Core.BijectorModule.real);

    /// <summary>A number greater than 0: e^y.</summary>
    public static Bijector Positive => new(Core.BijectorModule.positive);

    /// <summary>A number between 0 and 1: σ(y), with σ the logistic function.</summary>
    public static Bijector Unit => new(Core.BijectorModule.unit);

    /// <summary>
    /// A point on the circle as an angle from −π to π: that of a point in the plane (y₁, y₂) = r (cos, sin). There is no edge at ±π for a sampler
    /// to stop at. One number more than there is to know: r has the density r e^{−r²/2} beside that of the angle, so that log Z is that of the
    /// angle alone. <see cref="Inverse"/> gives the point with r = 1.
    /// </summary>
    public static Bijector Angle => new(Core.BijectorModule.angle);

    /// <summary>A number greater than a bound: bound + e^y.</summary>
    public static Bijector Lower(double bound) => new(Core.BijectorModule.lower(bound));

    /// <summary>A number less than a bound: bound − e^y.</summary>
    public static Bijector Upper(double bound) => new(Core.BijectorModule.upper(bound));

    /// <summary>A number between two bounds, lowest + (highest − lowest) σ(y), with σ the logistic function.</summary>
    /// <exception cref="ArgumentException">A bound is not finite, or the second is not the greater one.</exception>
    public static Bijector Interval(double lowest, double highest) => new(Core.BijectorModule.interval(lowest, highest));

    /// <summary>Every number, in a unit and from an origin of its own: offset + multiplier y.</summary>
    /// <exception cref="ArgumentException">A number is not finite, or the multiplier not greater than 0.</exception>
    public static Bijector Affine(double offset, double multiplier) => new(Core.BijectorModule.affine(offset, multiplier));

    /// <summary>
    /// A direction: a vector of length 1, y / |y|. As for <see cref="Angle"/>, |y| has a density of its own (that of χ with n degrees), and
    /// densities are with respect to area on the sphere. <see cref="Inverse"/> gives the vector itself.
    /// </summary>
    public static Bijector UnitVector(int n) => new(Core.BijectorModule.unitVector(n));

    /// <summary>Numbers in ascending order: x₁ = y₁, xₖ = xₖ₋₁ + e^{yₖ}.</summary>
    public static Bijector Ordered(int n) => new(Core.BijectorModule.ordered(n));

    /// <summary>Positive numbers in ascending order: x₁ = e^{y₁}, xₖ = xₖ₋₁ + e^{yₖ}.</summary>
    public static Bijector PositiveOrdered(int n) => new(Core.BijectorModule.positiveOrdered(n));

    /// <summary>
    /// Positive numbers that sum to 1, from n − 1 numbers: xₖ is the part σ(yₖ − log (n − k)) of what x₁ … xₖ₋₁ leave of 1 (stick-breaking). y = 0
    /// makes all of them 1/n.
    /// </summary>
    public static Bijector Simplex(int n) => new(Core.BijectorModule.simplex(n));

    /// <summary>
    /// The Cholesky factor L (n × n) of a correlation matrix L Lᵀ, from n (n − 1) / 2 numbers, row by row: tanh y are its canonical partial
    /// correlations (D. Lewandowski, D. Kurowicka and H. Joe 2009, Journal of Multivariate Analysis 100:1989–2001).
    /// </summary>
    public static Bijector CorrelationCholesky(int n) => new(Core.BijectorModule.correlationCholesky(n));

    /// <summary>
    /// A correlation matrix (n × n), from the tanh of n (n − 1) / 2 numbers, its canonical partial correlations, column by column. Densities are
    /// with respect to the elements below the diagonal.
    /// </summary>
    public static Bijector Correlation(int n) => new(Core.BijectorModule.correlation(n));

    /// <summary>
    /// The Cholesky factor L (n × n) of a covariance matrix L Lᵀ, from n (n + 1) / 2 numbers row by row, of which those on the diagonal are
    /// logarithms.
    /// </summary>
    public static Bijector CovarianceCholesky(int n) => new(Core.BijectorModule.covarianceCholesky(n));

    /// <summary>
    /// A covariance matrix L Lᵀ (n × n), from the numbers of <see cref="CovarianceCholesky"/>. Densities are with respect to the elements below
    /// and on the diagonal. Its elements are products: logarithms on the diagonal of L beyond ±350 are out of reach.
    /// </summary>
    public static Bijector Covariance(int n) => new(Core.BijectorModule.covariance(n));

    /// <summary>Vectors, matrices or longer arrays of this kind: the shape of the array stands before that of its elements.</summary>
    /// <example><code>
    /// var rates = Bijector.Positive.Repeated(3, 2);       // 3 × 2 positive numbers
    /// var rows = Bijector.Simplex(3).Repeated(3);         // 3 × 3, each row a simplex
    /// </code></example>
    /// <exception cref="ArgumentException">There is no length, or one below 1.</exception>
    public Bijector Repeated(params int[] shape) => new(Core.BijectorModule.repeated(Bridge.List(shape), Inner));

    /// <summary>
    /// One after the other: the values of the second at the values of this one, which are its numbers without constraint.
    /// </summary>
    /// <example><code>var scales = Bijector.Ordered(3).AndThen(Bijector.Positive.Repeated(3));</code></example>
    /// <exception cref="ArgumentException">This one does not make as many numbers as the second takes.</exception>
    public Bijector AndThen(Bijector second) => new(Core.BijectorModule.andThen(Bridge.Wanted(second).Inner, Inner));

    /// <summary>The values (M × shape) at points without constraint (M × n), and log |det J| (M).</summary>
    /// <example><code>
    /// // A gamma distribution for each of two numbers, as a density on the plane
    /// var gamma = Density.OfEnergy(2, x => (x - x.log().Times(2.0)).sum(1));
    /// var density = gamma.Transformed(Bijector.Positive.Repeated(2).Forward);
    /// </code></example>
    /// <exception cref="ArgumentException">The points have another shape.</exception>
    public (Tensor Values, Tensor LogJacobian) Forward(Tensor y)
    {
        var (values, logJacobian) = Core.BijectorModule.forward(Inner, Bridge.Wanted(y));
        return (values, logJacobian);
    }

    /// <summary>
    /// The points without constraint (M × n) of values that keep the constraint (M × shape); ±∞ for values on the edge of what is allowed. Sums
    /// that the constraint fixes may be off by 1e-8.
    /// </summary>
    /// <example><code>var y = Bijector.Simplex(3).Inverse(Tensors.Points(new[,] { { 0.5, 0.25, 0.25 } }));</code></example>
    /// <exception cref="ArgumentException">Values have another shape, or do not keep the constraint.</exception>
    public Tensor Inverse(Tensor values) => Core.BijectorModule.inverse(Inner, Bridge.Wanted(values));

    /// <inheritdoc/>
    public override string ToString() => Inner.ToString();
}
