namespace Mne.Functional

open System
open TorchSharp

/// Formulas of log-densities, element by element, all constants included.
module internal LogDensity =

    let log2π = log (2.0 * Math.PI)

    /// −∞ where the mask holds. Most often it holds nowhere, and the values, of which there may be many for each x, need not be gone through.
    let private nothing (mask: Tensor) (value: Tensor) : Tensor =
        if Scope.free (fun () -> mask.any().item<bool>()) then
            value.MaskedFill(mask, -infinity)
        else
            value

    /// Nothing has a density where x is below, or above, the edge.
    let private above (least: float) (x: Tensor) (value: Tensor) : Tensor = nothing (x.LessThan least) value

    let private below (greatest: float) (x: Tensor) (value: Tensor) : Tensor = nothing (x.GreaterThan greatest) value

    /// Nothing has a density but whole numbers from 0 on.
    let private counts (x: Tensor) (value: Tensor) : Tensor =
        value |> nothing ((x - x.floor ()).GreaterThan 0.0) |> above 0.0 x

    let private notZero (x: Tensor) (value: Tensor) : Tensor =
        nothing (x.eq (torch.zeros_like x)) value

    let logSigmoid (x: Tensor) : Tensor = Bijecting.logSigmoid x

    /// log (1 + e^x).
    let softplus (x: Tensor) : Tensor = -(logSigmoid -x)

    let logBeta (a: Tensor) (b: Tensor) : Tensor =
        a.lgamma () .+ b.lgamma () - (a .+ b).lgamma()

    let normal (x: Tensor) (mean: Tensor) (deviation: Tensor) : Tensor =
        // The deviation is small beside x and what comes of it, which are gone through as few times as can be.
        (-(deviation.log ()) .- 0.5 * log2π)
        - ((x - mean) / (sqrt 2.0 .* deviation)).Square()

    /// Twice the density of what is symmetric about 0, for x ≥ 0.
    let half (x: Tensor) (value: Tensor) : Tensor = above 0.0 x (value .+ log 2.0)

    let studentT (x: Tensor) (degrees: Tensor) (location: Tensor) (scale: Tensor) : Tensor =
        let more = 0.5 .* (degrees .+ 1.0)

        more.lgamma ()
        - (0.5 .* degrees).lgamma()
        - 0.5 .* (Math.PI .* degrees).log()
        - scale.log ()
        - more * (((x - location) / scale).Square() / degrees).log1p()

    let cauchy (x: Tensor) (location: Tensor) (scale: Tensor) : Tensor =
        -((x - location) / scale).Square().log1p() - scale.log () .- log Math.PI

    let laplace (x: Tensor) (location: Tensor) (scale: Tensor) : Tensor =
        -((x - location) / scale).abs() - scale.log () .- log 2.0

    let logistic (x: Tensor) (location: Tensor) (scale: Tensor) : Tensor =
        Bijecting.logSlope ((x - location) / scale) - scale.log ()

    let logNormal (x: Tensor) (mean: Tensor) (deviation: Tensor) : Tensor =
        let log = x.log ()
        normal log mean deviation - log |> above 0.0 x |> notZero x

    let gamma (x: Tensor) (shape: Tensor) (rate: Tensor) : Tensor =
        shape * rate.log () - shape.lgamma () .+ (shape .- 1.0).xlogy x - rate * x
        |> above 0.0 x

    let inverseGamma (x: Tensor) (shape: Tensor) (scale: Tensor) : Tensor =
        shape * scale.log () - shape.lgamma () - (shape .+ 1.0) * x.log () - scale / x
        |> above 0.0 x
        |> notZero x

    let weibull (x: Tensor) (shape: Tensor) (scale: Tensor) : Tensor =
        let ratio = x / scale

        shape.log () - scale.log () .+ (shape .- 1.0).xlogy ratio - ratio.pow shape
        |> above 0.0 x

    let exponential (x: Tensor) (rate: Tensor) : Tensor = rate.log () - rate * x |> above 0.0 x

    let beta (x: Tensor) (first: Tensor) (second: Tensor) : Tensor =
        (first .- 1.0).xlogy x .+ torch.special.xlog1py (second .- 1.0, -x)
        - logBeta first second
        |> above 0.0 x
        |> below 1.0 x

    let uniform (x: Tensor) (lowest: Tensor) (highest: Tensor) : Tensor =
        let value = (x - x) - (highest - lowest).log()
        nothing ((x.lt lowest).logical_or(x.gt highest)) value

    let vonMises (x: Tensor) (location: Tensor) (concentration: Tensor) : Tensor =
        concentration * ((x - location).cos() .- 1.0)
        - (torch.special.i0e concentration).log()
        .- log2π

    let poisson (x: Tensor) (rate: Tensor) : Tensor =
        x.xlogy rate - rate - (x .+ 1.0).lgamma() |> counts x

    let poissonLog (x: Tensor) (logRate: Tensor) : Tensor =
        x * logRate - logRate.exp () - (x .+ 1.0).lgamma() |> counts x

    let negativeBinomialLog (x: Tensor) (logMean: Tensor) (dispersion: Tensor) : Tensor =
        let relative = logMean - dispersion.log ()

        (x .+ dispersion).lgamma() - dispersion.lgamma () - (x .+ 1.0).lgamma()
        .+ x * relative
        - (x .+ dispersion) * softplus relative
        |> counts x

    let private logChoose (n: Tensor) (k: Tensor) : Tensor =
        (n .+ 1.0).lgamma() - (k .+ 1.0).lgamma() - (n - k .+ 1.0).lgamma()

    /// Counts of at most n.
    let private among (n: Tensor) (x: Tensor) (value: Tensor) : Tensor = counts x (nothing (x.gt n) value)

    let binomial (x: Tensor) (trials: Tensor) (probability: Tensor) : Tensor =
        logChoose trials x
        .+ x.xlogy probability
        .+ torch.special.xlog1py (trials - x, -probability)
        |> among trials x

    let binomialLogit (x: Tensor) (trials: Tensor) (logit: Tensor) : Tensor =
        logChoose trials x .+ x * logSigmoid logit .+ (trials - x) * logSigmoid -logit
        |> among trials x

    let bernoulli (x: Tensor) (probability: Tensor) : Tensor =
        x.xlogy probability .+ torch.special.xlog1py (1.0 .- x, -probability)
        |> counts x
        |> below 1.0 x

    let bernoulliLogit (x: Tensor) (logit: Tensor) : Tensor =
        x * logSigmoid logit .+ (1.0 .- x) * logSigmoid -logit
        |> counts x
        |> below 1.0 x

    /// The logarithm that stands at place x (from 1 on) of the last dimension of `logs`; −∞ where there is no such place.
    let private chosen (x: Tensor) (logs: Tensor) : Tensor =
        let count = logs.shape[logs.shape.Length - 1]
        let lead = (Seq.head (torch.broadcast_tensors (x, logs.select (-1L, 0L)))).shape
        let places = (x .- 1.0).nan_to_num(-1.0).Clamp(0.0, float count - 1.0)

        let value =
            (logs.expand [| yield! lead; count |])
                .gather(-1L, places.``to``(torch.int64).expand(lead).unsqueeze -1L)
                .squeeze
                -1L

        let unknown =
            ((x.LessThan 1.0).logical_or(x.GreaterThan(float count))).logical_or((x - x.floor ()).GreaterThan 0.0)

        // NaN stays NaN.
        nothing (unknown.expand lead) value .+ (x - x).MaskedFill(unknown, 0.0)

    let categorical (x: Tensor) (probabilities: Tensor) : Tensor = chosen x (probabilities.log ())

    let categoricalLogit (x: Tensor) (logits: Tensor) : Tensor = chosen x (logits.log_softmax -1L)

    let dirichlet (x: Tensor) (concentration: Tensor) : Tensor =
        (concentration.sum -1L).lgamma() - concentration.lgamma().sum -1L
        .+ ((concentration .- 1.0).xlogy x).sum -1L

    let private diagonal (matrices: Tensor) : Tensor = matrices.diagonal (0L, -2L, -1L)

    let multivariateNormalCholesky (x: Tensor) (mean: Tensor) (factor: Tensor) : Tensor =
        let n = factor.shape[factor.shape.Length - 1]
        let off = (x - mean).unsqueeze -1L
        let whitened = torch.linalg.solve_triangular (factor, off, upper = false)

        -0.5 .* whitened.Square().sum([| -2L; -1L |]) - (diagonal factor).log().sum -1L
        .- 0.5 * float n * log2π

    /// log of what (1 − z²)^{α − 1} has to be divided by to integrate to 1 over −1 to 1, for each α (…), with lgamma of tensors.
    let private logSymmetricBeta (α: Tensor) : Tensor =
        (2.0 .* α .- 1.0) * Tensor.scalar (Placement.ofTensor α) (log 2.0)
        .+ logBeta α α

    /// log of the integral of det^{η − 1} over correlation matrices n × n, by canonical partial correlations: n − k of them belong to column k.
    let private lkjNormaliser (n: int64) (η: Tensor) : Tensor =
        [
            for k in 1L .. n - 1L -> float (n - k) .* logSymmetricBeta (η .+ 0.5 * float (n - 1L - k))
        ]
        |> List.reduce (fun (a: Tensor) b -> a .+ b)

    let lkjCholesky (factor: Tensor) (η: Tensor) : Tensor =
        let n = factor.shape[factor.shape.Length - 1]
        let logs = (diagonal factor).log()

        let powers =
            Tensor.ofArray (Placement.ofTensor factor) [| for k in 1L .. n -> float (n - k) - 2.0 |]

        (logs * (powers .+ (2.0 .* η).unsqueeze -1L)).sum -1L - lkjNormaliser n η

    let lkj (correlation: Tensor) (η: Tensor) : Tensor =
        let n = correlation.shape[correlation.shape.Length - 1]

        (η .- 1.0) * (2.0 .* (diagonal (Tensor.cholesky correlation)).log().sum -1L)
        - lkjNormaliser n η
