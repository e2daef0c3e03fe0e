namespace Mne.Functional

open System
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

    /// As many of the candidates as there are points, in proportion to the monitor function (M numbers ≥ 0 at M candidates), at time t
    /// and the joint state y: systematic resampling, so that points are as even as the candidates are. Raises `ArgumentException`
    /// when the monitor is negative or not finite, or asks for more points somewhere than there are candidates.
    let private choose (recipe: Collocation) monitor (field: VectorField) (t: float) (y: Tensor) (seed: int) : Tensor =
        Scope.keep (fun () ->
            let placement, count = Placement.ofTensor y, field.PointCount
            let candidates = Collocation.points placement (Random.child 2 seed) recipe
            Guard.points "Candidates" field.Network.Domain.Dimension candidates
            let m = Tensor.rows candidates
            let weights: Tensor = monitor field t y candidates
            Guard.vector "Monitor" m weights
            Guard.finite "Monitor" weights

            if Tensor.toFloat (weights.min ()) < 0.0 then
                Guard.fail
                    "Monitor"
                    $"a density of points of {Tensor.toFloat (weights.min ())} at t = {t:G6}, wanted numbers ≥ 0"

            let cumulative = weights.cumsum 0L
            let total = cumulative[int64 (m - 1)]

            let levels =
                Tensor.linspace placement 0.5 (float count - 0.5) count * (total / float count)

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

    let private redrawnBy every candidates monitor =
        Guard.positive "every" every

        /// The span in equal parts that are no longer than `every`.
        let times (t0: float, t1: float) =
            let parts = max 1 (int (Math.Ceiling(abs (t1 - t0) / every * (1.0 - 1e-9))))
            List.init (parts - 1) (fun i -> t0 + (t1 - t0) * float (i + 1) / float parts)

        Redrawn
            {
                Times = times
                Draw = choose candidates monitor
            }

    /// Points are drawn anew every so often from the candidates, in proportion to a positive monitor function of u:
    /// for fronts and shocks that travel. `needs` lists the derivatives of u that the monitor reads.
    /// Raises `ArgumentException` unless the time between draws is positive.
    ///
    /// <example><code>
    /// // half of the points evenly spread, half where u is large
    /// let large (local: Local) = let size = (Jet.value local.Jet).abs () in size.mean () + size
    /// let follow = PointDynamics.redrawn 0.1 (Collocation.grid line 8192) [] large
    /// </code></example>
    let redrawn (every: float) (candidates: Collocation) (needs: Derivative list) (monitor: Local -> Tensor) =
        redrawnBy every candidates (fun field t y points ->
            monitor
                {
                    Time = t
                    Points = points
                    Jet = Network.jet (Set.ofList needs) field.Network (VectorField.parameters field y) points
                })

    /// Half of the points evenly, half in proportion to `size`; all evenly where that is 0.
    let private halfEven (size: Tensor) : Tensor =
        let mean = Tensor.toFloat (size.mean ())
        size + (if mean > 0.0 then mean else 1.0)

    /// As `redrawn`, where u is steep: half of the points evenly, half in proportion to |∇u| (of all components).
    let steep (every: float) (candidates: Collocation) =
        redrawnBy every candidates (fun field t y points ->
            let θ = VectorField.parameters field y
            let request = Jet.gradientRequest field.Network.Domain.Dimension
            let gradient = Jet.gradient (Network.jet request field.Network θ points)
            gradient.flatten(1L).square().sum(1L).sqrt() |> halfEven)

    /// As `redrawn`, where the equation is badly satisfied: half of the points evenly, half in proportion to the residual
    /// |∂_t u − A_t u| between the present points (of all components).
    let residual (every: float) (candidates: Collocation) =
        redrawnBy every candidates (fun field t y points ->
            (VectorField.residual field t y points).square().sum(1L).sqrt() |> halfEven)

    /// Points are drawn anew at the given times, and at the start, by a recipe for any time: placement, seed, t ↦ N × d. For solutions
    /// of which it is known where points have to be, such as the energies of a process whose samples can be drawn.
    /// An evolution raises `ArgumentException` when the recipe gives points of another number or dimension, or that are not finite.
    ///
    /// <example><code>
    /// // a heat kernel widens; so do the points
    /// let widening = PointDynamics.refreshed [ 0.1; 0.3; 0.6 ] (fun placement seed t ->
    ///     sqrt (1.0 + 2.0 * t) * Random.normal placement seed [ 500; 2 ])
    /// </code></example>
    let refreshed (times: float list) (draw: Placement -> int -> float -> Tensor) =
        Redrawn
            {
                Times = fun _ -> times
                Draw = fun _ t y seed -> draw (Placement.ofTensor y) seed t
            }
