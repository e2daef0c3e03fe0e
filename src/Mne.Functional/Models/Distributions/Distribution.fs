namespace Mne.Functional

open TorchSharp

/// <summary>
/// Log-densities of common distributions, with all their constants. Arguments are tensors or numbers that are broadcast against each other, as
/// parameters (M × 1, M × n) and data (n) of a model are; there is a log-density for each element, and −∞ where x cannot be. Where a parameter is out of its range, it
/// is NaN or of no meaning: parameters of a model keep theirs. NaN, as from sums that overflow, is no density. All can be differentiated twice. Names of parameters follow the Stan functions reference.
/// </summary>
/// <example><code>
/// let x = Tensor.ofArray Placement.float64 [| -1.0; 0.0; 2.0 |]
/// let logDensity = Distribution.Normal(x, 0.0, 1.0)                       // (3)
/// </code></example>
[<AbstractClass; Sealed>]
type Distribution =

    /// Tensors of floating-point numbers; whole numbers become such.
    static member private Numbers(name: string, value: Tensor) : Tensor =
        if
            not (isNull (box value))
            && not value.IsInvalid
            && not (value.is_floating_point ())
            && not (value.is_complex ())
        then
            value.``to`` torch.ScalarType.Float64
        else
            Guard.numbers name value
            value

    /// Tensors whose last dimension, or last two, are one thing: a vector, a square matrix.
    static member private Whole(name: string, value: Tensor, vector: bool) : Tensor =
        let value = Distribution.Numbers(name, value)
        let rank = value.shape.Length

        if vector && (rank < 1 || value.shape[rank - 1] = 0L) then
            Guard.fail name $"found the shape {Guard.shapeName value.shape}, wanted vectors (… × n)"

        if not vector && (rank < 2 || value.shape[rank - 1] <> value.shape[rank - 2]) then
            Guard.fail name $"found the shape {Guard.shapeName value.shape}, wanted square matrices (… × n × n)"

        value

    /// Raises unless shapes can be broadcast against each other.
    static member private Meet(shapes: (string * int64[]) list) : unit =
        let length = shapes |> List.map (fun (_, shape) -> shape.Length) |> List.max

        for k in 1..length do
            let sizes =
                [
                    for name, shape in shapes do
                        if shape.Length >= k && shape[shape.Length - k] <> 1L then
                            name, shape, shape[shape.Length - k]
                ]

            match sizes with
            | [] -> ()
            | (first, shape, size) :: rest ->
                match rest |> List.tryFind (fun (_, _, other) -> other <> size) with
                | Some(name, other, _) ->
                    Guard.fail
                        name
                        $"found the shape {Guard.shapeName other}, which does not meet that of {first}, {Guard.shapeName shape}: wanted sizes that are the same from the last on, or 1; a number of a model is M × 1, data are n"
                | None -> ()

    /// <summary>The normal distribution, with density e^{−(x − μ)² / 2σ²} / σ√(2π).</summary>
    /// <param name="x">Where.</param>
    /// <param name="mean">μ.</param>
    /// <param name="deviation">σ &gt; 0.</param>
    static member Normal(x: Tensor, mean: Tensor, deviation: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let mean = Distribution.Numbers("mean", mean)
            let deviation = Distribution.Numbers("deviation", deviation)
            Distribution.Meet [ "x", x.shape; "mean", mean.shape; "deviation", deviation.shape ]
            LogDensity.normal x mean deviation)

    /// <summary>The normal distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="deviation">σ &gt; 0, that of the whole distribution.</param>
    static member HalfNormal(x: Tensor, deviation: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let deviation = Distribution.Numbers("deviation", deviation)
            Distribution.Meet [ "x", x.shape; "deviation", deviation.shape ]
            LogDensity.half x (LogDensity.normal x (torch.zeros_like x) deviation))

    /// <summary>Student's t distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="degrees">ν &gt; 0, degrees of freedom.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    static member StudentT(x: Tensor, degrees: Tensor, location: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let degrees = Distribution.Numbers("degrees", degrees)
            let location = Distribution.Numbers("location", location)
            let scale = Distribution.Numbers("scale", scale)

            Distribution.Meet
                [
                    "x", x.shape
                    "degrees", degrees.shape
                    "location", location.shape
                    "scale", scale.shape
                ]

            LogDensity.studentT x degrees location scale)

    /// <summary>Student's t distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="degrees">ν &gt; 0, degrees of freedom.</param>
    /// <param name="scale">Greater than 0.</param>
    static member HalfStudentT(x: Tensor, degrees: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let degrees = Distribution.Numbers("degrees", degrees)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "degrees", degrees.shape; "scale", scale.shape ]
            LogDensity.half x (LogDensity.studentT x degrees (torch.zeros_like x) scale))

    /// <summary>Cauchy's distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    static member Cauchy(x: Tensor, location: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let location = Distribution.Numbers("location", location)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "location", location.shape; "scale", scale.shape ]
            LogDensity.cauchy x location scale)

    /// <summary>Cauchy's distribution about 0, of numbers x ≥ 0.</summary>
    /// <param name="x">Where.</param>
    /// <param name="scale">Greater than 0.</param>
    static member HalfCauchy(x: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "scale", scale.shape ]
            LogDensity.half x (LogDensity.cauchy x (torch.zeros_like x) scale))

    /// <summary>Laplace's distribution, the double exponential one.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    static member Laplace(x: Tensor, location: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let location = Distribution.Numbers("location", location)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "location", location.shape; "scale", scale.shape ]
            LogDensity.laplace x location scale)

    /// <summary>The logistic distribution.</summary>
    /// <param name="x">Where.</param>
    /// <param name="location">The centre.</param>
    /// <param name="scale">Greater than 0.</param>
    static member Logistic(x: Tensor, location: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let location = Distribution.Numbers("location", location)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "location", location.shape; "scale", scale.shape ]
            LogDensity.logistic x location scale)

    /// <summary>The distribution of positive numbers whose logarithms are normal.</summary>
    /// <param name="x">Where.</param>
    /// <param name="mean">That of log x.</param>
    /// <param name="deviation">That of log x, greater than 0.</param>
    static member LogNormal(x: Tensor, mean: Tensor, deviation: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let mean = Distribution.Numbers("mean", mean)
            let deviation = Distribution.Numbers("deviation", deviation)
            Distribution.Meet [ "x", x.shape; "mean", mean.shape; "deviation", deviation.shape ]
            LogDensity.logNormal x mean deviation)

    /// <summary>The gamma distribution, x^{α − 1} e^{−βx} β^α / Γ(α).</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">α &gt; 0.</param>
    /// <param name="rate">β &gt; 0.</param>
    static member Gamma(x: Tensor, shape: Tensor, rate: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let shape = Distribution.Numbers("shape", shape)
            let rate = Distribution.Numbers("rate", rate)
            Distribution.Meet [ "x", x.shape; "shape", shape.shape; "rate", rate.shape ]
            LogDensity.gamma x shape rate)

    /// <summary>The distribution of numbers whose inverses have a gamma distribution, x^{−α − 1} e^{−β/x} β^α / Γ(α).</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">α &gt; 0.</param>
    /// <param name="scale">β &gt; 0.</param>
    static member InverseGamma(x: Tensor, shape: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let shape = Distribution.Numbers("shape", shape)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "shape", shape.shape; "scale", scale.shape ]
            LogDensity.inverseGamma x shape scale)

    /// <summary>Weibull's distribution, k/λ (x/λ)^{k − 1} e^{−(x/λ)^k}.</summary>
    /// <param name="x">Where.</param>
    /// <param name="shape">k &gt; 0.</param>
    /// <param name="scale">λ &gt; 0.</param>
    static member Weibull(x: Tensor, shape: Tensor, scale: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let shape = Distribution.Numbers("shape", shape)
            let scale = Distribution.Numbers("scale", scale)
            Distribution.Meet [ "x", x.shape; "shape", shape.shape; "scale", scale.shape ]
            LogDensity.weibull x shape scale)

    /// <summary>The exponential distribution, β e^{−βx}.</summary>
    /// <param name="x">Where.</param>
    /// <param name="rate">β &gt; 0.</param>
    static member Exponential(x: Tensor, rate: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let rate = Distribution.Numbers("rate", rate)
            Distribution.Meet [ "x", x.shape; "rate", rate.shape ]
            LogDensity.exponential x rate)

    /// <summary>The beta distribution, x^{α − 1} (1 − x)^{β − 1} / B(α, β).</summary>
    /// <param name="x">Where.</param>
    /// <param name="first">α &gt; 0.</param>
    /// <param name="second">β &gt; 0.</param>
    static member Beta(x: Tensor, first: Tensor, second: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let first = Distribution.Numbers("first", first)
            let second = Distribution.Numbers("second", second)
            Distribution.Meet [ "x", x.shape; "first", first.shape; "second", second.shape ]
            LogDensity.beta x first second)

    /// <summary>The same density everywhere between two bounds.</summary>
    /// <param name="x">Where.</param>
    /// <param name="lowest">The lower bound.</param>
    /// <param name="highest">The upper bound.</param>
    static member Uniform(x: Tensor, lowest: Tensor, highest: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let lowest = Distribution.Numbers("lowest", lowest)
            let highest = Distribution.Numbers("highest", highest)
            Distribution.Meet [ "x", x.shape; "lowest", lowest.shape; "highest", highest.shape ]
            LogDensity.uniform x lowest highest)

    /// <summary>The distribution of angles e^{κ cos(x − μ)} / 2πI₀(κ).</summary>
    /// <param name="x">Where, in radians.</param>
    /// <param name="location">μ.</param>
    /// <param name="concentration">κ &gt; 0.</param>
    static member VonMises(x: Tensor, location: Tensor, concentration: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let location = Distribution.Numbers("location", location)
            let concentration = Distribution.Numbers("concentration", concentration)

            Distribution.Meet
                [
                    "x", x.shape
                    "location", location.shape
                    "concentration", concentration.shape
                ]

            LogDensity.vonMises x location concentration)

    /// <summary>The Poisson distribution of counts.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="rate">λ &gt; 0, their mean.</param>
    static member Poisson(x: Tensor, rate: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let rate = Distribution.Numbers("rate", rate)
            Distribution.Meet [ "x", x.shape; "rate", rate.shape ]
            LogDensity.poisson x rate)

    /// <summary>The Poisson distribution of counts, by the logarithm of their mean.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="logRate">log λ.</param>
    static member PoissonLog(x: Tensor, logRate: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let logRate = Distribution.Numbers("logRate", logRate)
            Distribution.Meet [ "x", x.shape; "logRate", logRate.shape ]
            LogDensity.poissonLog x logRate)

    /// <summary>The negative binomial distribution of counts with the mean μ and the variance μ + μ²/φ.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="mean">μ &gt; 0.</param>
    /// <param name="dispersion">φ &gt; 0.</param>
    static member NegativeBinomial(x: Tensor, mean: Tensor, dispersion: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let mean = Distribution.Numbers("mean", mean)
            let dispersion = Distribution.Numbers("dispersion", dispersion)
            Distribution.Meet [ "x", x.shape; "mean", mean.shape; "dispersion", dispersion.shape ]
            LogDensity.negativeBinomialLog x (mean.log ()) dispersion)

    /// <summary>The negative binomial distribution of counts with the variance μ + μ²/φ, by the logarithm of the mean.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="logMean">log μ.</param>
    /// <param name="dispersion">φ &gt; 0.</param>
    static member NegativeBinomialLog(x: Tensor, logMean: Tensor, dispersion: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let logMean = Distribution.Numbers("logMean", logMean)
            let dispersion = Distribution.Numbers("dispersion", dispersion)
            Distribution.Meet [ "x", x.shape; "logMean", logMean.shape; "dispersion", dispersion.shape ]
            LogDensity.negativeBinomialLog x logMean dispersion)

    /// <summary>The distribution of how many of so many trials succeed.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="trials">How many trials.</param>
    /// <param name="probability">That one succeeds.</param>
    static member Binomial(x: Tensor, trials: Tensor, probability: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let trials = Distribution.Numbers("trials", trials)
            let probability = Distribution.Numbers("probability", probability)
            Distribution.Meet [ "x", x.shape; "trials", trials.shape; "probability", probability.shape ]
            LogDensity.binomial x trials probability)

    /// <summary>The distribution of how many of so many trials succeed, by the log-odds of success.</summary>
    /// <param name="x">Counts from 0 on.</param>
    /// <param name="trials">How many trials.</param>
    /// <param name="logit">log p/(1 − p).</param>
    static member BinomialLogit(x: Tensor, trials: Tensor, logit: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let trials = Distribution.Numbers("trials", trials)
            let logit = Distribution.Numbers("logit", logit)
            Distribution.Meet [ "x", x.shape; "trials", trials.shape; "logit", logit.shape ]
            LogDensity.binomialLogit x trials logit)

    /// <summary>The distribution of 1 (success) and 0.</summary>
    /// <param name="x">0 or 1.</param>
    /// <param name="probability">That of 1.</param>
    static member Bernoulli(x: Tensor, probability: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let probability = Distribution.Numbers("probability", probability)
            Distribution.Meet [ "x", x.shape; "probability", probability.shape ]
            LogDensity.bernoulli x probability)

    /// <summary>The distribution of 1 (success) and 0, by the log-odds of success.</summary>
    /// <param name="x">0 or 1.</param>
    /// <param name="logit">log p/(1 − p).</param>
    static member BernoulliLogit(x: Tensor, logit: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let logit = Distribution.Numbers("logit", logit)
            Distribution.Meet [ "x", x.shape; "logit", logit.shape ]
            LogDensity.bernoulliLogit x logit)

    /// <summary>The distribution of one of K categories.</summary>
    /// <param name="x">Categories, counted from 1 (…).</param>
    /// <param name="probabilities">A probability for each category (… × K).</param>
    static member Categorical(x: Tensor, probabilities: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let probabilities = Distribution.Whole("probabilities", probabilities, true)

            Distribution.Meet
                [
                    "x", x.shape
                    "probabilities", probabilities.shape[.. probabilities.shape.Length - 2]
                ]

            LogDensity.categorical x probabilities)

    /// <summary>The distribution of one of K categories, by logarithms of their probabilities up to a constant.</summary>
    /// <param name="x">Categories, counted from 1 (…).</param>
    /// <param name="logits">A number for each category (… × K).</param>
    static member CategoricalLogit(x: Tensor, logits: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Numbers("x", x)
            let logits = Distribution.Whole("logits", logits, true)
            Distribution.Meet [ "x", x.shape; "logits", logits.shape[.. logits.shape.Length - 2] ]
            LogDensity.categoricalLogit x logits)

    /// <summary>Dirichlet's distribution on the simplex, ∏ xₖ^{αₖ − 1} / B(α).</summary>
    /// <param name="x">Numbers that sum to 1 (… × K).</param>
    /// <param name="concentration">αₖ &gt; 0 (… × K).</param>
    static member Dirichlet(x: Tensor, concentration: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Whole("x", x, true)
            let concentration = Distribution.Whole("concentration", concentration, true)
            Distribution.Meet [ "x", x.shape; "concentration", concentration.shape ]
            LogDensity.dirichlet x concentration)

    /// <summary>The normal distribution of vectors with the covariance L Lᵀ.</summary>
    /// <param name="x">Vectors (… × n).</param>
    /// <param name="mean">Their mean (… × n).</param>
    /// <param name="factor">L, lower triangular (… × n × n).</param>
    static member MultivariateNormalCholesky(x: Tensor, mean: Tensor, factor: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Whole("x", x, true)
            let mean = Distribution.Whole("mean", mean, true)
            let factor = Distribution.Whole("factor", factor, false)

            Distribution.Meet
                [
                    "x", x.shape
                    "mean", mean.shape
                    "factor", factor.shape[.. factor.shape.Length - 2]
                ]

            LogDensity.multivariateNormalCholesky x mean factor)

    /// <summary>The normal distribution of vectors; NaN, which is no density, where the covariance is not positive definite.</summary>
    /// <param name="x">Vectors (… × n).</param>
    /// <param name="mean">Their mean (… × n).</param>
    /// <param name="covariance">Their covariance (… × n × n).</param>
    static member MultivariateNormal(x: Tensor, mean: Tensor, covariance: Tensor) : Tensor =
        Scope.keep (fun () ->
            let x = Distribution.Whole("x", x, true)
            let mean = Distribution.Whole("mean", mean, true)
            let covariance = Distribution.Whole("covariance", covariance, false)

            Distribution.Meet
                [
                    "x", x.shape
                    "mean", mean.shape
                    "covariance", covariance.shape[.. covariance.shape.Length - 2]
                ]

            LogDensity.multivariateNormalCholesky x mean (Tensor.cholesky covariance))

    /// <summary>The distribution of Cholesky factors L whose correlation matrices have densities ∝ det^{η − 1} (D. Lewandowski, D. Kurowicka and H. Joe 2009), with respect to the elements of L below the diagonal.</summary>
    /// <param name="factor">L (… × n × n).</param>
    /// <param name="shape">η &gt; 0; 1 for the same density everywhere.</param>
    static member LkjCholesky(factor: Tensor, shape: Tensor) : Tensor =
        Scope.keep (fun () ->
            let factor = Distribution.Whole("factor", factor, false)
            let shape = Distribution.Numbers("shape", shape)
            Distribution.Meet [ "factor", factor.shape[.. factor.shape.Length - 3]; "shape", shape.shape ]
            LogDensity.lkjCholesky factor shape)

    /// <summary>The distribution of correlation matrices with densities ∝ det^{η − 1} (D. Lewandowski, D. Kurowicka and H. Joe 2009).</summary>
    /// <param name="correlation">Correlation matrices (… × n × n).</param>
    /// <param name="shape">η &gt; 0; 1 for the same density everywhere.</param>
    static member Lkj(correlation: Tensor, shape: Tensor) : Tensor =
        Scope.keep (fun () ->
            let correlation = Distribution.Whole("correlation", correlation, false)
            let shape = Distribution.Numbers("shape", shape)

            Distribution.Meet
                [
                    "correlation", correlation.shape[.. correlation.shape.Length - 3]
                    "shape", shape.shape
                ]

            LogDensity.lkj correlation shape)
