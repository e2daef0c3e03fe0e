namespace Mne.Functional.CSharp;

/// <summary>
/// Log-densities of common distributions, with all their constants. Arguments are tensors or numbers that are broadcast against each other, as
/// parameters (M × 1, M × n) and data (n) of a model are; there is a log-density for each element, and −∞ where x cannot be. Where a parameter is
/// out of its range, it is NaN or of no meaning: parameters of a model keep theirs. All can be differentiated twice. Names of parameters follow
/// the Stan functions reference.
/// </summary>
/// <example><code>
/// var x = Tensors.Vector([-1.0, 0.0, 2.0]);
/// var logDensity = Distribution.Normal(x, 0.0, 1.0);                      // (3)
/// </code></example>
public static class Distribution
{
    /// <summary>The normal distribution, with density e^{−(x − μ)² / 2σ²} / σ√(2π).</summary>
    /// <param name="x">Where.</param>
    /// <param name="mean">μ.</param>
    /// <param name="deviation">σ &gt; 0.</param>
    public static Tensor Normal(Tensor x, Tensor mean, Tensor deviation) =>
        Core.Distribution.Normal(Bridge.Wanted(x), Bridge.Wanted(mean), Bridge.Wanted(deviation));

    /// <summary>The normal distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="deviation">σ &gt; 0, that of the whole distribution.</param>
    public static Tensor HalfNormal(Tensor x, Tensor deviation) =>
        Core.Distribution.HalfNormal(Bridge.Wanted(x), Bridge.Wanted(deviation));

    /// <summary>Student's t distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="degrees">ν &gt; 0, degrees of freedom.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor StudentT(Tensor x, Tensor degrees, Tensor location, Tensor scale) =>
        Core.Distribution.StudentT(Bridge.Wanted(x), Bridge.Wanted(degrees), Bridge.Wanted(location), Bridge.Wanted(scale));

    /// <summary>Student's t distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="degrees">ν &gt; 0, degrees of freedom.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor HalfStudentT(Tensor x, Tensor degrees, Tensor scale) =>
        Core.Distribution.HalfStudentT(Bridge.Wanted(x), Bridge.Wanted(degrees), Bridge.Wanted(scale));

    /// <summary>Cauchy's distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor Cauchy(Tensor x, Tensor location, Tensor scale) =>
        Core.Distribution.Cauchy(Bridge.Wanted(x), Bridge.Wanted(location), Bridge.Wanted(scale));

    /// <summary>Cauchy's distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor HalfCauchy(Tensor x, Tensor scale) =>
        Core.Distribution.HalfCauchy(Bridge.Wanted(x), Bridge.Wanted(scale));

    /// <summary>Laplace's distribution, the double exponential one.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor Laplace(Tensor x, Tensor location, Tensor scale) =>
        Core.Distribution.Laplace(Bridge.Wanted(x), Bridge.Wanted(location), Bridge.Wanted(scale));

    /// <summary>The logistic distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    public static Tensor Logistic(Tensor x, Tensor location, Tensor scale) =>
        Core.Distribution.Logistic(Bridge.Wanted(x), Bridge.Wanted(location), Bridge.Wanted(scale));

    /// <summary>The distribution of positive numbers whose logarithms are normal.</summary>
    /// <param name="x">Where.</param>
    /// <param name="mean">That of log x.</param>
    /// <param name="deviation">That of log x, greater than 0.</param>
    public static Tensor LogNormal(Tensor x, Tensor mean, Tensor deviation) =>
        Core.Distribution.LogNormal(Bridge.Wanted(x), Bridge.Wanted(mean), Bridge.Wanted(deviation));

    /// <summary>The gamma distribution, x^{α − 1} e^{−βx} β^α / Γ(α).</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">α &gt; 0.</param>
    /// <param name="rate">β &gt; 0.</param>
    public static Tensor Gamma(Tensor x, Tensor shape, Tensor rate) =>
        Core.Distribution.Gamma(Bridge.Wanted(x), Bridge.Wanted(shape), Bridge.Wanted(rate));

    /// <summary>The distribution of numbers whose inverses have a gamma distribution, x^{−α − 1} e^{−β/x} β^α / Γ(α).</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">α &gt; 0.</param>
    /// <param name="scale">β &gt; 0.</param>
    public static Tensor InverseGamma(Tensor x, Tensor shape, Tensor scale) =>
        Core.Distribution.InverseGamma(Bridge.Wanted(x), Bridge.Wanted(shape), Bridge.Wanted(scale));

    /// <summary>Weibull's distribution, k/λ (x/λ)^{k − 1} e^{−(x/λ)^k}.</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">k &gt; 0.</param>
    /// <param name="scale">λ &gt; 0.</param>
    public static Tensor Weibull(Tensor x, Tensor shape, Tensor scale) =>
        Core.Distribution.Weibull(Bridge.Wanted(x), Bridge.Wanted(shape), Bridge.Wanted(scale));

    /// <summary>The exponential distribution, β e^{−βx}.</summary>
    /// <param name="x">Where.</param>
    /// <param name="rate">β &gt; 0.</param>
    public static Tensor Exponential(Tensor x, Tensor rate) =>
        Core.Distribution.Exponential(Bridge.Wanted(x), Bridge.Wanted(rate));

    /// <summary>The beta distribution, x^{α − 1} (1 − x)^{β − 1} / B(α, β).</summary>
    /// <param name="x">Where.</param>
    /// <param name="first">α &gt; 0.</param>
    /// <param name="second">β &gt; 0.</param>
    public static Tensor Beta(Tensor x, Tensor first, Tensor second) =>
        Core.Distribution.Beta(Bridge.Wanted(x), Bridge.Wanted(first), Bridge.Wanted(second));

    /// <summary>The same density everywhere between two bounds.</summary>
    /// <param name="x">Where.</param>
    /// <param name="lowest">The lower bound.</param>
    /// <param name="highest">The upper bound.</param>
    public static Tensor Uniform(Tensor x, Tensor lowest, Tensor highest) =>
        Core.Distribution.Uniform(Bridge.Wanted(x), Bridge.Wanted(lowest), Bridge.Wanted(highest));

    /// <summary>The distribution of angles e^{κ cos(x − μ)} / 2πI₀(κ).</summary>
    /// <param name="x">Where, in radians.</param>
    /// <param name="location">μ.</param>
    /// <param name="concentration">κ &gt; 0.</param>
    public static Tensor VonMises(Tensor x, Tensor location, Tensor concentration) =>
        Core.Distribution.VonMises(Bridge.Wanted(x), Bridge.Wanted(location), Bridge.Wanted(concentration));

    /// <summary>The Poisson distribution of counts.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="rate">λ &gt; 0, their mean.</param>
    public static Tensor Poisson(Tensor x, Tensor rate) =>
        Core.Distribution.Poisson(Bridge.Wanted(x), Bridge.Wanted(rate));

    /// <summary>The Poisson distribution of counts, by the logarithm of their mean.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="logRate">log λ.</param>
    public static Tensor PoissonLog(Tensor x, Tensor logRate) =>
        Core.Distribution.PoissonLog(Bridge.Wanted(x), Bridge.Wanted(logRate));

    /// <summary>The negative binomial distribution of counts with the mean μ and the variance μ + μ²/φ.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="mean">μ &gt; 0.</param>
    /// <param name="dispersion">φ &gt; 0.</param>
    public static Tensor NegativeBinomial(Tensor x, Tensor mean, Tensor dispersion) =>
        Core.Distribution.NegativeBinomial(Bridge.Wanted(x), Bridge.Wanted(mean), Bridge.Wanted(dispersion));

    /// <summary>The negative binomial distribution of counts with the variance μ + μ²/φ, by the logarithm of the mean.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="logMean">log μ.</param>
    /// <param name="dispersion">φ &gt; 0.</param>
    public static Tensor NegativeBinomialLog(Tensor x, Tensor logMean, Tensor dispersion) =>
        Core.Distribution.NegativeBinomialLog(Bridge.Wanted(x), Bridge.Wanted(logMean), Bridge.Wanted(dispersion));

    /// <summary>The distribution of how many of so many trials succeed.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="trials">How many trials.</param>
    /// <param name="probability">That one succeeds.</param>
    public static Tensor Binomial(Tensor x, Tensor trials, Tensor probability) =>
        Core.Distribution.Binomial(Bridge.Wanted(x), Bridge.Wanted(trials), Bridge.Wanted(probability));

    /// <summary>The distribution of how many of so many trials succeed, by the log-odds of success.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="trials">How many trials.</param>
    /// <param name="logit">log p/(1 − p).</param>
    public static Tensor BinomialLogit(Tensor x, Tensor trials, Tensor logit) =>
        Core.Distribution.BinomialLogit(Bridge.Wanted(x), Bridge.Wanted(trials), Bridge.Wanted(logit));

    /// <summary>The distribution of 1 (success) and 0.</summary>
    /// <param name="x">0 or 1.</param>
    /// <param name="probability">That of 1.</param>
    public static Tensor Bernoulli(Tensor x, Tensor probability) =>
        Core.Distribution.Bernoulli(Bridge.Wanted(x), Bridge.Wanted(probability));

    /// <summary>The distribution of 1 (success) and 0, by the log-odds of success.</summary>
    /// <param name="x">0 or 1.</param>
    /// <param name="logit">log p/(1 − p).</param>
    public static Tensor BernoulliLogit(Tensor x, Tensor logit) =>
        Core.Distribution.BernoulliLogit(Bridge.Wanted(x), Bridge.Wanted(logit));

    /// <summary>The distribution of one of K categories.</summary>
    /// <param name="x">Categories, counted from 1 (…).</param>
    /// <param name="probabilities">A probability for each category (… × K).</param>
    public static Tensor Categorical(Tensor x, Tensor probabilities) =>
        Core.Distribution.Categorical(Bridge.Wanted(x), Bridge.Wanted(probabilities));

    /// <summary>The distribution of one of K categories, by logarithms of their probabilities up to a constant.</summary>
    /// <param name="x">Categories, counted from 1 (…).</param>
    /// <param name="logits">A number for each category (… × K).</param>
    public static Tensor CategoricalLogit(Tensor x, Tensor logits) =>
        Core.Distribution.CategoricalLogit(Bridge.Wanted(x), Bridge.Wanted(logits));

    /// <summary>Dirichlet's distribution on the simplex, ∏ xₖ^{αₖ − 1} / B(α).</summary>
    /// <param name="x">Numbers that sum to 1 (… × K).</param>
    /// <param name="concentration">αₖ &gt; 0 (… × K).</param>
    public static Tensor Dirichlet(Tensor x, Tensor concentration) =>
        Core.Distribution.Dirichlet(Bridge.Wanted(x), Bridge.Wanted(concentration));

    /// <summary>The normal distribution of vectors with the covariance L Lᵀ.</summary>
    /// <param name="x">Vectors (… × n).</param>
    /// <param name="mean">Their mean (… × n).</param>
    /// <param name="factor">L, lower triangular (… × n × n).</param>
    public static Tensor MultivariateNormalCholesky(Tensor x, Tensor mean, Tensor factor) =>
        Core.Distribution.MultivariateNormalCholesky(Bridge.Wanted(x), Bridge.Wanted(mean), Bridge.Wanted(factor));

    /// <summary>The normal distribution of vectors; NaN, which is no density, where the covariance is not positive definite.</summary>
    /// <param name="x">Vectors (… × n).</param>
    /// <param name="mean">Their mean (… × n).</param>
    /// <param name="covariance">Their covariance (… × n × n).</param>
    public static Tensor MultivariateNormal(Tensor x, Tensor mean, Tensor covariance) =>
        Core.Distribution.MultivariateNormal(Bridge.Wanted(x), Bridge.Wanted(mean), Bridge.Wanted(covariance));

    /// <summary>The distribution of Cholesky factors L whose correlation matrices have densities ∝ det^{η − 1} (D. Lewandowski, D. Kurowicka and H. Joe 2009), with respect to the elements of L below the diagonal.</summary>
    /// <param name="factor">L (… × n × n).</param>
    /// <param name="shape">η &gt; 0; 1 for the same density everywhere.</param>
    public static Tensor LkjCholesky(Tensor factor, Tensor shape) =>
        Core.Distribution.LkjCholesky(Bridge.Wanted(factor), Bridge.Wanted(shape));

    /// <summary>The distribution of correlation matrices with densities ∝ det^{η − 1} (D. Lewandowski, D. Kurowicka and H. Joe 2009).</summary>
    /// <param name="correlation">Correlation matrices (… × n × n).</param>
    /// <param name="shape">η &gt; 0; 1 for the same density everywhere.</param>
    public static Tensor Lkj(Tensor correlation, Tensor shape) =>
        Core.Distribution.Lkj(Bridge.Wanted(correlation), Bridge.Wanted(shape));
}
