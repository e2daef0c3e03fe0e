namespace Mne.Functional

/// <summary>
/// A stochastic differential equation dX = a(t, X) ds + σ(t, X) dW_s (Itô), where s = clock(t).
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Sde =
    {
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>a: (t, X (N × d)) ↦ (N × d), per unit of s.</summary>
        Drift: float -> Tensor -> Tensor
        /// <summary>σ, per √s.</summary>
        Noise: Noise
        /// <summary>s as an increasing function of t; the identity where time is not changed.</summary>
        Clock: float -> float
    }

/// <summary>How a stochastic differential equation is stepped.</summary>
[<RequireQualifiedAccess>]
type SdeScheme =
    /// <summary>One evaluation of the drift per step; weak order 1, strong order ½ (1 for additive noise).</summary>
    | EulerMaruyama
    /// <summary>
    /// The trapezoidal rule for the drift with the noise in its predictor: two evaluations, weak order 2 for additive noise
    /// (Kloeden and Platen, Numerical Solution of Stochastic Differential Equations, §15.1), 1 otherwise.
    /// </summary>
    | StochasticHeun
    /// <summary>
    /// Euler and Maruyama's step and ½ σ_k ∂_kσ_k (ΔW_k² − Δs): weak and strong order 1 (Kloeden and Platen, §10.3). For noise of
    /// which each σ_k depends on its own coordinate only (<c>Noise.Diagonal</c>), and for additive noise.
    /// </summary>
    | Milstein

/// <summary>Simulation of stochastic differential equations.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sde =

    /// ½ σ_k ∂_kσ_k (ξ_k² − 1) h (N × d). Where σ_k depends on other coordinates as well, ξ does not determine the step.
    let private milstein (t: float) (h: float) (ξ: Tensor) (x: Tensor) (noise: Noise) : Tensor =
        match noise with
        | Noise.Constant _ -> x.zeros_like ()
        | Noise.Diagonal f ->
            let σ, jacobian = Diff.fjacobian (Noise.deviations f t) x
            let own = jacobian.diagonal (0, 1, 2)

            if Tensor.toFloat ((jacobian - own.diag_embed ()).abs().max()) > 0.0 then
                Guard.fail
                    "scheme"
                    "Milstein's step, but a deviation σ_k depends on other coordinates than its own; take EulerMaruyama"

            0.5 * h .* (σ * own * (ξ.Square() .- 1.0))
        | Noise.Full _ ->
            Guard.fail
                "scheme"
                "Milstein's step, but the noise of several coordinates has common sources (Noise.Full); take EulerMaruyama"

    /// <summary>One step of X (N × d) from t to t' with the standard normal numbers <c>noise</c> (N × m).</summary>
    /// <param name="scheme">The numerical scheme.</param>
    /// <param name="t">Before the step.</param>
    /// <param name="t'">After the step.</param>
    /// <param name="noise">Standard normal numbers, one for each point and source (N × m; m = d but for <c>Noise.Full</c>).</param>
    /// <param name="x">X at the first time (N × d).</param>
    /// <param name="sde">The stochastic equation.</param>
    /// <exception cref="T:System.ArgumentException">Shapes do not fit, the clock does not advance, or Milstein's step does not suit the
    /// noise.</exception>
    let step (scheme: SdeScheme) (t: float, t': float) (noise: Tensor) (x: Tensor) (sde: Sde) : Tensor =
        Guard.points "x" sde.Dimension x
        Guard.vectors "noise" (Tensor.rows x) (Noise.sources sde.Dimension sde.Noise) noise

        Scope.keep (fun () ->
            let h = sde.Clock t' - sde.Clock t

            if not (h > 0.0) then
                Guard.fail "t'" $"a step from {t} to {t'}, in which the clock advances by {h}; wanted more than 0"

            let a = Lent.one (sde.Drift t) x
            let kick = sqrt h .* Noise.colour t x noise sde.Noise

            match scheme with
            | SdeScheme.EulerMaruyama -> x .+ h .* a .+ kick
            | SdeScheme.Milstein -> x .+ h .* a .+ kick .+ milstein t h noise x sde.Noise
            | SdeScheme.StochasticHeun ->
                let predicted = x .+ h .* a .+ kick
                x .+ 0.5 * h .* (a .+ sde.Drift t' predicted) .+ kick)

    /// <summary>
    /// X (N × d) at the last of the increasing times, from X at the first; noise comes from the seed.
    /// </summary>
    /// <param name="scheme">The numerical scheme.</param>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="times">Increasing; x is X at the first of them, and steps go from each to the next.</param>
    /// <param name="x">X at the first time (N × d).</param>
    /// <param name="sde">The stochastic equation.</param>
    /// <exception cref="T:System.ArgumentException">Points do not fit, times do not increase, the scheme does not suit the noise, or
    /// the path does not stay finite.</exception>
    /// <example><code>
    /// let ou = Process.forward (Process.ornsteinUhlenbeck 2)
    /// ou |&gt; Sde.simulate SdeScheme.StochasticHeun 1 [ 0.0 .. 0.05 .. 1.0 ] (Tensor.zeros Placement.float64 [ 1000; 2 ])
    /// </code></example>
    let simulate (scheme: SdeScheme) (seed: int) (times: float list) (x: Tensor) (sde: Sde) : Tensor =
        Guard.points "x" sde.Dimension x
        Guard.atLeast "times" 2 times.Length
        let placement = Placement.ofTensor x

        let final =
            ((x.clone (), 0), List.pairwise times)
            ||> List.fold (fun (x, k) span ->
                let next =
                    Scope.keep (fun () ->
                        let noise =
                            Random.normal
                                placement
                                (Seed.child k seed)
                                [ Tensor.rows x; Noise.sources sde.Dimension sde.Noise ]

                        step scheme span noise x sde)

                x.Dispose()
                next, k + 1)
            |> fst

        Guard.finite "the simulated points" final
        final
