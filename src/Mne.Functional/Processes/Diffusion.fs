namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// <summary>
/// A diffusion process whose noise may depend on the state, dX = b(t, X) dt + σ(t, X) dW in Itô's reading, with D = σσᵀ. Its
/// equations are those of <c>Kolmogorov</c>. Samplers take a <c>Process</c>, whose noise is the same everywhere.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Diffusion =
    {
        /// <summary>What <c>show</c> and messages call it.</summary>
        Name: string
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>b: (t, X (N × d)) ↦ (N × d).</summary>
        Drift: float -> Tensor -> Tensor
        /// <summary>σ.</summary>
        Noise: Noise
        /// <summary>∇·b: (t, X) ↦ (N).</summary>
        DriftDivergence: float -> Tensor -> Tensor
        /// <summary>∇·D, (∇·D)_i = Σ_j ∂_j D_ij: (t, X) ↦ (N × d).</summary>
        NoiseDivergence: float -> Tensor -> Tensor
        /// <summary>∇·∇·D = Σ_ij ∂_i∂_j D_ij: (t, X) ↦ (N).</summary>
        NoiseCurvature: float -> Tensor -> Tensor
    }

/// <summary>Diffusion processes whose noise may depend on the state, some of them by name.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Diffusion =

    /// The drift at points, checked.
    let private checkedDrift d (drift: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
        let b = Lent.one (drift t) x
        Guard.vectors "drift" (Tensor.rows x) d b
        Guard.samePlacement "drift" b "points" x
        b

    let private make (d: int) (drift: float -> Tensor -> Tensor) (noise: Noise) : Diffusion =
        let noiseDivergence = Noise.divergence noise

        {
            Name = "diffusion"
            Dimension = d
            Drift = drift
            Noise = noise
            DriftDivergence = fun t x -> Diff.divergence (drift t) x
            NoiseDivergence = noiseDivergence
            NoiseCurvature =
                match noise with
                | Noise.Constant _ -> fun _ x -> x.NewFull(x.shape[0], 0.0)
                | _ -> Noise.curvatureOf noiseDivergence
        }

    /// <summary>
    /// dX = b(t, X) dt + σ(t, X) dW in Itô's reading. ∇·b and the derivatives of D come from automatic differentiation, d and d²
    /// passes for each; where a formula is known, put it in their place: <c>{ p with DriftDivergence = … }</c>.
    /// </summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="drift">b: (t, points (N × d)) ↦ (N × d), differentiable.</param>
    /// <param name="noise">σ, twice differentiable.</param>
    /// <exception cref="T:System.ArgumentException">The noise does not fit d; when used, if a function returns another
    /// shape.</exception>
    /// <example><code>
    /// // an oscillating pull towards 0, and noise that grows with the distance from there
    /// let p = Diffusion.create 1 (fun t x -&gt; -(1.0 + 0.5 * cos t) .* x) (Noise.Diagonal(fun _ x -&gt; (0.1 .+ x.Square()).sqrt ()))
    /// </code></example>
    let create (d: int) (drift: float -> Tensor -> Tensor) (noise: Noise) : Diffusion =
        Guard.within "d" 1 10_000 d
        Noise.check "noise" d noise
        make d (checkedDrift d drift) noise

    /// <summary>
    /// dX = b(t, X) dt + σ(t, X) ∘ dW in Stratonovich's reading, as the limit of noise with a short memory has it. In Itô's reading, in
    /// which the result is, the drift is b_i + ½ Σ_jk σ_jk ∂_j σ_ik (Gardiner, Handbook of Stochastic Methods, §4.3.6).
    /// </summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="drift">b: (t, points (N × d)) ↦ (N × d), differentiable.</param>
    /// <param name="noise">σ, three times differentiable.</param>
    /// <exception cref="T:System.ArgumentException">The noise does not fit d; when used, if a function returns another
    /// shape.</exception>
    /// <example><code>
    /// // log X is Brownian motion
    /// let p = Diffusion.stratonovich 1 (fun _ x -&gt; torch.zeros_like x) (Noise.Diagonal(fun _ x -&gt; 0.3 .* x))
    /// </code></example>
    let stratonovich (d: int) (drift: float -> Tensor -> Tensor) (noise: Noise) : Diffusion =
        Guard.within "d" 1 10_000 d
        Noise.check "noise" d noise
        let drift = checkedDrift d drift
        make d (fun t x -> drift t x .+ Noise.stratonovich noise t x) noise

    /// <summary>A process with noise that is the same everywhere, in time t, its schedule included.</summary>
    /// <param name="p">The process.</param>
    /// <example><code>let p = Diffusion.ofProcess (Process.ornsteinUhlenbeck 2)</code></example>
    let ofProcess (p: Process) : Diffusion =
        let rate, clock = p.Schedule.Rate, p.Schedule.Clock

        let noise =
            if obj.ReferenceEquals(p.Schedule, Schedule.uniform) then
                Noise.Constant p.Diffusion
            else
                let root (x: Tensor) =
                    Covariance.colour p.Diffusion (torch.eye (int64 p.Dimension, dtype = x.dtype, device = x.device))

                Noise.Full(
                    p.Dimension,
                    fun t x -> (sqrt (rate t) .* root x).expand(x.shape[0], int64 p.Dimension, int64 p.Dimension)
                )

        { make p.Dimension (fun t x -> rate t .* p.Drift (clock t) x) noise with
            Name = p.Name
            DriftDivergence = fun t x -> rate t .* p.DriftDivergence (clock t) x
            NoiseDivergence = fun _ x -> x.zeros_like ()
            NoiseCurvature = fun _ x -> x.NewFull(x.shape[0], 0.0)
        }

    /// <summary>
    /// The process as a stochastic differential equation, whose paths <c>Sde.simulate</c> makes: an independent check on whatever its
    /// equations say.
    /// </summary>
    /// <param name="p">The diffusion process.</param>
    /// <example><code>
    /// let rates = Diffusion.paths (Diffusion.coxIngersollRoss 1.5 0.04 0.3)
    /// let x = rates |&gt; Sde.simulate SdeScheme.Milstein 1 [ 0.0 .. 0.01 .. 1.0 ] (0.04 .* Tensor.ones Placement.float64 [ 1000; 1 ])
    /// </code></example>
    let paths (p: Diffusion) : Sde =
        {
            Dimension = p.Dimension
            Drift = p.Drift
            Noise = p.Noise
            Clock = id
        }

    /// √x that is 0 below 0, with derivatives that are 0 there and at 0.
    let private root (x: Tensor) : Tensor = x.ClampMin(1e-300).sqrt()

    /// <summary>
    /// Geometric Brownian motion dX_i = μ_i X_i dt + v_i X_i dW_i with correlated sources, on X_i &gt; 0: prices with constant
    /// volatilities (Black and Scholes 1973). log X_i is normal with mean log x_i + (μ_i − ½ v_i²) t and covariance v_i v_j ρ_ij t.
    /// </summary>
    /// <param name="rates">μ, one number per coordinate (d).</param>
    /// <param name="volatilities">v, one number ≥ 0 per coordinate (d).</param>
    /// <param name="correlation">ρ (d × d), positive definite with ones on the diagonal.</param>
    /// <exception cref="T:System.ArgumentException">Numbers of another count, or a matrix that is not a correlation.</exception>
    /// <example><code>
    /// let two = Diffusion.geometricBrownianMotion [ 0.05; 0.05 ] [ 0.2; 0.3 ] (array2D [ [ 1.0; 0.5 ]; [ 0.5; 1.0 ] ])
    /// </code></example>
    let geometricBrownianMotion (rates: float list) (volatilities: float list) (correlation: float[,]) : Diffusion =
        let d = rates.Length
        Guard.within "rates" 1 10_000 d
        List.iter (Guard.moderate "rates") rates

        if volatilities.Length <> d then
            Guard.fail "volatilities" $"found {volatilities.Length} numbers, but rates has {d}; give one per coordinate"

        for v in volatilities do
            Guard.notNegative "volatilities" v
            Guard.moderate "volatilities" v

        Covariance.check "correlation" d (Covariance.Full correlation)

        for k in 0 .. d - 1 do
            if abs (correlation[k, k] - 1.0) > 1e-12 then
                Guard.fail "correlation" $"found {correlation[k, k]} on the diagonal, wanted ones"

        let ρ = Matrix<float>.Build.DenseOfArray correlation

        let row (numbers: float list) (x: Tensor) =
            Tensor.ofArray (Placement.ofTensor x) (List.toArray numbers)

        let noise =
            if ρ.Equals(Matrix<float>.Build.DenseIdentity d) then
                Noise.Diagonal(fun _ x -> x * row volatilities x)
            else
                let factor =
                    try
                        ρ.Cholesky().Factor
                    with :? System.ArgumentException ->
                        Guard.fail "correlation" "found a singular matrix; leave out coordinates that others determine"

                let scaled =
                    (Matrix<float>.Build.DenseOfDiagonalArray(List.toArray volatilities) * factor).ToArray()

                Noise.Full(d, (fun _ x -> x.unsqueeze -1L * Tensor.ofArray2D (Placement.ofTensor x) scaled))

        { make d (fun _ x -> x * row rates x) noise with
            Name = "geometric Brownian motion"
            DriftDivergence = fun _ x -> x.NewFull(x.shape[0], List.sum rates)
        }

    /// <summary>
    /// dX = κ (θ − X) dt + ξ √X dW on X ≥ 0 (Cox, Ingersoll and Ross 1985): an interest rate or a variance. It stays above 0 where
    /// 2κθ ≥ ξ² (Feller); X_t is a multiple of a non-central χ² variable. Paths that a step has taken below 0 have no noise there.
    /// </summary>
    /// <param name="reversion">κ &gt; 0.</param>
    /// <param name="level">θ &gt; 0.</param>
    /// <param name="volatility">ξ &gt; 0.</param>
    /// <exception cref="T:System.ArgumentException">A number is not positive.</exception>
    /// <example><code>let rate = Diffusion.coxIngersollRoss 1.5 0.04 0.3</code></example>
    let coxIngersollRoss (reversion: float) (level: float) (volatility: float) : Diffusion =
        for name, value in [ "reversion", reversion; "level", level; "volatility", volatility ] do
            Guard.positive name value
            Guard.moderate name value

        { make 1 (fun _ x -> reversion .* (level .- x)) (Noise.Diagonal(fun _ x -> volatility .* root x)) with
            Name = "Cox–Ingersoll–Ross"
            DriftDivergence = fun _ x -> x.NewFull(x.shape[0], -reversion)
            NoiseDivergence = fun _ x -> (x.zeros_like ()) .+ volatility * volatility
            NoiseCurvature = fun _ x -> x.NewFull(x.shape[0], 0.0)
        }

    /// <summary>
    /// A price S = e^X with a variance V that reverts to a level, dX = (r − ½V) dt + √V dW₁, dV = κ (θ − V) dt + ξ √V dW₂, the
    /// sources having the correlation ρ; points are (X, V) (S. Heston, Rev. Financial Studies 6, 1993).
    /// </summary>
    /// <param name="rate">r.</param>
    /// <param name="reversion">κ &gt; 0.</param>
    /// <param name="level">θ &gt; 0.</param>
    /// <param name="volatility">ξ &gt; 0.</param>
    /// <param name="correlation">ρ, between −1 and 1.</param>
    /// <exception cref="T:System.ArgumentException">A number is not finite or out of range.</exception>
    /// <example><code>let market = Diffusion.heston 0.02 2.0 0.04 0.3 -0.7</code></example>
    let heston (rate: float) (reversion: float) (level: float) (volatility: float) (correlation: float) : Diffusion =
        Guard.moderate "rate" rate

        for name, value in [ "reversion", reversion; "level", level; "volatility", volatility ] do
            Guard.positive name value
            Guard.moderate name value

        if not (abs correlation < 1.0) then
            Guard.fail "correlation" $"found {correlation}, wanted a number between -1 and 1"

        let variance (x: Tensor) : Tensor = x.narrow (1L, 1L, 1L)

        let drift _ x =
            let v = variance x
            Tensor.concatenate 1L [ rate .- 0.5 .* v; reversion .* (level .- v) ]

        let factor =
            array2D
                [
                    [ 1.0; 0.0 ]
                    [
                        volatility * correlation
                        volatility * sqrt (1.0 - correlation * correlation)
                    ]
                ]

        let σ _ (x: Tensor) =
            (root (variance x)).unsqueeze -1L
            * Tensor.ofArray2D (Placement.ofTensor x) factor

        { make 2 drift (Noise.Full(2, σ)) with
            Name = "Heston"
            DriftDivergence = fun _ x -> x.NewFull(x.shape[0], -reversion)
            // D = V [[1, ξρ]; [ξρ, ξ²]].
            NoiseDivergence =
                fun _ x ->
                    let row = [| volatility * correlation; volatility * volatility |]
                    x.zeros_like () .+ Tensor.ofArray (Placement.ofTensor x) row
            NoiseCurvature = fun _ x -> x.NewFull(x.shape[0], 0.0)
        }

    /// <summary>
    /// Lorenz's convection with noise of the same size in all three coordinates: dX = σ (Y − X) dt + ε dW₁,
    /// dY = (X (ρ − Z) − Y) dt + ε dW₂, dZ = (XY − βZ) dt + ε dW₃ (E. N. Lorenz, J. Atmos. Sci. 20, 1963, where σ = 10, ρ = 28, β = 8/3).
    /// </summary>
    /// <param name="σ">Prandtl's number.</param>
    /// <param name="ρ">Rayleigh's number over its critical value.</param>
    /// <param name="β">Shape of the cells.</param>
    /// <param name="ε">Size of the noise, ≥ 0.</param>
    /// <exception cref="T:System.ArgumentException">A number is not finite, or ε is negative.</exception>
    /// <example><code>let chaos = Diffusion.lorenz 10.0 28.0 (8.0 / 3.0) 1.0</code></example>
    let lorenz (σ: float) (ρ: float) (β: float) (ε: float) : Diffusion =
        for name, value in [ "σ", σ; "ρ", ρ; "β", β; "ε", ε ] do
            Guard.moderate name value

        Guard.notNegative "ε" ε

        let drift _ (x: Tensor) =
            let x, y, z = x.narrow (1L, 0L, 1L), x.narrow (1L, 1L, 1L), x.narrow (1L, 2L, 1L)
            Tensor.concatenate 1L [ σ .* (y - x); x * (ρ .- z) - y; x * y - β .* z ]

        { make 3 drift (Noise.Constant(Covariance.Isotropic(ε * ε))) with
            Name = "Lorenz with noise"
            DriftDivergence = fun _ x -> x.NewFull(x.shape[0], -(σ + 1.0 + β))
        }
