namespace Mne.Functional

/// <summary>
/// A stochastic differential equation with additive noise, dX = a(t, X) ds + σ dW_s, where s = clock(t).
/// </summary>
type Sde =
    {
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>a: (t, X (N × d)) ↦ (N × d), per unit of s.</summary>
        Drift: float -> Tensor -> Tensor
        /// <summary>D = σσᵀ, per unit of s.</summary>
        Diffusion: Covariance
        /// <summary>s as an increasing function of t; the identity where time is not changed.</summary>
        Clock: float -> float
    }

/// <summary>How a stochastic differential equation is stepped.</summary>
[<RequireQualifiedAccess>]
type SdeScheme =
    /// <summary>One evaluation of the drift per step; weak order 1.</summary>
    | EulerMaruyama
    /// <summary>
    /// The trapezoidal rule with the noise in its predictor: two evaluations, weak order 2 for additive noise
    /// (Kloeden and Platen, Numerical Solution of Stochastic Differential Equations, §15.1).
    /// </summary>
    | StochasticHeun

/// <summary>Simulation of stochastic differential equations with additive noise.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sde =

    /// <summary>One step of X (N × d) from t to t' with the standard normal numbers <c>noise</c> (N × d).</summary>
    /// <param name="scheme">The numerical scheme.</param>
    /// <param name="t">Before the step.</param>
    /// <param name="t'">After the step.</param>
    /// <param name="noise">Standard normal numbers (N × d).</param>
    /// <param name="x">X at the first time (N × d).</param>
    /// <param name="sde">The stochastic equation.</param>
    let step (scheme: SdeScheme) (t: float, t': float) (noise: Tensor) (x: Tensor) (sde: Sde) : Tensor =
        Guard.points "x" sde.Dimension x
        Guard.vectors "noise" (Tensor.rows x) sde.Dimension noise

        Scope.keep (fun () ->
            let h = sde.Clock t' - sde.Clock t

            if not (h > 0.0) then
                Guard.fail "t'" $"a step from {t} to {t'}, in which the clock advances by {h}; wanted more than 0"

            let a = Lent.one (sde.Drift t) x
            let kick = sqrt h .* Covariance.colour sde.Diffusion noise

            match scheme with
            | SdeScheme.EulerMaruyama -> x .+ h .* a .+ kick
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
    /// <exception cref="T:System.ArgumentException">Points do not fit, times do not increase, or the path does not stay
    /// finite.</exception>
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
                            Random.normal placement (Seed.child k seed) [ Tensor.rows x; sde.Dimension ]

                        step scheme span noise x sde)

                x.Dispose()
                next, k + 1)
            |> fst

        Guard.finite "the simulated points" final
        final
