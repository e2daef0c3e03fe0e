namespace Mne.Functional

/// A stochastic differential equation with additive noise, dX = a(t, X) ds + σ dW_s, where s = clock(t).
type Sde =
    {
        /// The space dimension d.
        Dimension: int
        /// a: (t, X (N × d)) ↦ (N × d), per unit of s.
        Drift: float -> Tensor -> Tensor
        /// D = σσᵀ, per unit of s.
        Diffusion: Diffusion
        /// s as an increasing function of t; the identity where time is not changed.
        Clock: float -> float
    }

/// How a stochastic differential equation is stepped.
type SdeScheme =
    /// One evaluation of the drift per step; weak order 1.
    | EulerMaruyama
    /// The trapezoidal rule with the noise in its predictor: two evaluations, weak order 2 for additive noise
    /// (Kloeden and Platen, Numerical Solution of Stochastic Differential Equations, §15.1).
    | StochasticHeun

/// Simulation of stochastic differential equations with additive noise.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sde =

    /// One step of X (N × d) from t to t' with the standard normal numbers `noise` (N × d).
    let step (scheme: SdeScheme) (t: float, t': float) (noise: Tensor) (x: Tensor) (sde: Sde) : Tensor =
        Scope.keep (fun () ->
            let h = sde.Clock t' - sde.Clock t

            if not (h > 0.0) then
                Guard.fail "t'" $"a step from {t} to {t'}, in which the clock advances by {h}; wanted more than 0"

            let a = sde.Drift t x
            let kick = sqrt h * Diffusion.colour sde.Diffusion noise

            match scheme with
            | EulerMaruyama -> x + h * a + kick
            | StochasticHeun ->
                let predicted = x + h * a + kick
                x + 0.5 * h * (a + sde.Drift t' predicted) + kick)

    /// X (N × d) at the last of the increasing times, from X at the first; noise comes from the seed.
    /// Raises `ArgumentException` when points do not fit, times do not increase, or the path does not stay finite.
    ///
    /// <example><code>
    /// let ou = Process.forward (Process.ornsteinUhlenbeck 2)
    /// ou |> Sde.simulate StochasticHeun 1 [ 0.0 .. 0.05 .. 1.0 ] (Tensor.zeros Placement.float64 [ 1000; 2 ])
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
                            Random.normal placement (Random.child k seed) [ Tensor.rows x; sde.Dimension ]

                        step scheme span noise x sde)

                x.Dispose()
                next, k + 1)
            |> fst

        Guard.finite "the simulated points" final
        final
