namespace Mne.Functional

open TorchSharp

/// Ways for the collocation points to follow the solution.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PointDynamics =

    /// Points move with a velocity that is known: (t, X (N × d)) ↦ (N × d).
    let advected (velocity: float -> Tensor -> Tensor) =
        Moving([], (fun local -> velocity local.Time local.Points))

    /// Points move along the characteristics of the equation, ẋ = −∂A/∂(∇u): with u for Burgers' equation, with b for
    /// transport along b, with ∇u for u_t = −½|∇u|². They leave fans and gather in shocks: for short times.
    /// Raises `ArgumentException` when evaluated for a term with a `Custom` part; use `Moving` and give the velocity there.
    let characteristics (d: int) (term: Term) =
        Moving(Set.toList (Term.needs d term), (fun local -> -(Term.gradientSensitivity term local)))

    /// Points are drawn anew every so often from the candidates, in proportion to a positive monitor function of u:
    /// for fronts and shocks that travel. `needs` lists the derivatives of u that the monitor reads.
    /// Raises `ArgumentException` unless the time between draws is positive.
    ///
    /// <example><code>
    /// // half of the points evenly spread, half where u is steep
    /// let steep (local: Local) = let slope = (Jet.gradient local.Jet).norm (1) in slope.mean () + slope
    /// let follow = PointDynamics.redrawn 0.1 (Collocation.grid line 8192) [ Partial(0, 1) ] steep
    /// </code></example>
    let redrawn (every: float) (candidates: Collocation) (needs: Derivative list) (monitor: Local -> Tensor) =
        Guard.positive "every" every

        Redrawn
            {
                Every = every
                Candidates = candidates
                Needs = needs
                Monitor = monitor
            }

    /// `count` of the candidates in proportion to the monitor function, at time t: systematic resampling, so that points
    /// are as even as the candidates are. Raises `ArgumentException` when the monitor is not positive and finite, or asks
    /// for more points somewhere than there are candidates.
    let internal redraw (redraw: Redraw) (network: Network) (θ: Tensor) (t: float) (seed: int) (count: int) : Tensor =
        Scope.keep (fun () ->
            let candidates =
                Collocation.points (Placement.ofTensor θ) (Random.child 2 seed) redraw.Candidates

            let m = Tensor.rows candidates

            let weights: Tensor =
                redraw.Monitor
                    {
                        Time = t
                        Points = candidates
                        Jet = Network.jet (Set.ofList redraw.Needs) network θ candidates
                    }

            Guard.vector "Monitor" m weights
            Guard.finite "Monitor" weights

            if Tensor.toFloat (weights.min ()) < 0.0 then
                Guard.fail
                    "Monitor"
                    $"a density of points of {Tensor.toFloat (weights.min ())} at t = {t:G6}, wanted numbers ≥ 0"

            let cumulative = weights.cumsum 0L
            let total = cumulative[int64 (m - 1)]

            let levels =
                Tensor.linspace (Placement.ofTensor θ) 0.5 (float count - 0.5) count
                * (total / float count)

            let chosen =
                torch.searchsorted (cumulative, levels)
                |> Tensor.toArray
                |> Array.map (fun i -> min (m - 1) (int i))

            match chosen |> Array.pairwise |> Array.tryFind (fun (i, j) -> i = j) with
            | Some(i, _) ->
                Guard.fail
                    "Candidates"
                    $"{m} candidates for {count} points, but the monitor wants candidate {i} more than once at t = {t:G6}; give more candidates or a flatter monitor"
            | None -> Tensor.pick chosen candidates)
