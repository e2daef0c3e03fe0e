namespace Mne.Functional

open System
open TorchSharp

/// <summary>Ways for the collocation points to follow the solution.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PointDynamics =

    /// <summary>Points move with a velocity that is known: (t, X (N × d)) ↦ (N × d).</summary>
    let advected (velocity: float -> Tensor -> Tensor) =
        PointDynamics.Moving([], (fun local -> velocity local.Time local.Points))

    /// <summary>
    /// Points move along the characteristics of the equation, ẋ = −∂A/∂(∇u): with u for Burgers' equation, with b for
    /// transport along b, with ∇u for u_t = −½|∇u|². They leave fans and gather in shocks: for short times.
    /// </summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="term">The right-hand side A_t u.</param>
    /// <exception cref="T:System.ArgumentException">d is not 1 to 1,000,000; when evaluated for a term with a <c>Custom</c> part; use
    /// <c>Moving</c> and give the velocity there.</exception>
    let characteristics (d: int) (term: Term) =
        Guard.within "d" 1 1_000_000 d
        PointDynamics.Moving(Set.toList (Term.needs d term), (fun local -> -(Term.gradientSensitivity term local)))

    /// As many of the candidates as there are points, in proportion to the monitor function (M numbers ≥ 0 at M candidates), at time t
    /// and the joint state y: systematic resampling, so that points are as even as the candidates are. Raises `ArgumentException`
    /// when the monitor is negative or not finite, or asks for more points somewhere than there are candidates.
    let private choose (recipe: Collocation) monitor (field: VectorField) (t: float) (y: Tensor) (seed: int) : Tensor =
        Scope.keep (fun () ->
            let placement, count = Placement.ofTensor y, field.PointCount
            let candidates = Collocation.points placement (Seed.child 2 seed) recipe
            Guard.points "Candidates" field.Network.Domain.Dimension candidates
            let m = Tensor.rows candidates
            let weights: Tensor = monitor field t y candidates
            Guard.vector "Monitor" m weights
            Guard.finite "Monitor" weights

            if Tensor.toFloat (weights.min ()) < 0.0 then
                Guard.fail
                    "Monitor"
                    $"a density of points of {Tensor.toFloat (weights.min ())} at t = {t:G6}, wanted numbers ≥ 0"

            let chosen = Tensor.toArray weights |> Resampling.systematic 0.5 count

            match chosen |> Array.pairwise |> Array.tryFind (fun (i, j) -> i = j) with
            | Some(i, _) ->
                Guard.fail
                    "Candidates"
                    $"{m} candidates for {count} points, but the monitor wants candidate {i} more than once at t = {t:G6}; give more candidates or a flatter monitor"
            | None -> Tensor.pick chosen candidates)

    /// Points are not drawn anew more often in one evolution.
    let private mostDraws = 1_000_000

    let private redrawnBy every candidates monitor =
        Guard.positive "every" every

        /// The span in equal parts that are no longer than `every`.
        let times (t0: float, t1: float) =
            let wanted = Math.Ceiling(abs (t1 - t0) / every * (1.0 - 1e-9))

            if wanted > float mostDraws then
                Guard.fail
                    "every"
                    $"found {every} for a span of {abs (t1 - t0):G6}, which asks for {wanted:G3} draws; wanted {mostDraws} or fewer: give more time between draws"

            let parts = max 1 (int wanted)
            List.init (parts - 1) (fun i -> t0 + (t1 - t0) * float (i + 1) / float parts)

        PointDynamics.Redrawn
            {
                Times = times
                Draw = choose candidates monitor
            }

    /// <summary>
    /// Points are drawn anew every so often from the candidates, in proportion to a positive monitor function of u: for
    /// fronts and shocks that travel. <c>needs</c> lists the derivatives of u that the monitor reads.
    /// </summary>
    /// <param name="every">Time between draws, in units of the equation's time.</param>
    /// <param name="candidates">Where points are taken from; several times as many as there are points.</param>
    /// <param name="needs">The derivatives of u that the monitor reads.</param>
    /// <param name="monitor">From the local values at the candidates to positive numbers (N), in proportion to which
    /// points are drawn.</param>
    /// <exception cref="T:System.ArgumentException">Unless the time between draws is positive; when solved, if it asks for more than a million draws.</exception>
    /// <example><code>
    /// // half of the points evenly spread, half where u is large
    /// let large (local: Local) = let size = (Jet.value local.Jet).abs () in size.mean () + size
    /// let follow = PointDynamics.redrawn 0.1 (Collocation.grid line 8192) [] large
    /// </code></example>
    let redrawn (every: float) (candidates: Collocation) (needs: Derivative list) (monitor: Local -> Tensor) =
        redrawnBy every candidates (fun field t y points ->
            Local.lend
                monitor
                {
                    Time = t
                    Points = points
                    Jet = Network.jet (Set.ofList needs) field.Network (VectorField.parameters field y) points
                })

    /// Half of the points evenly, half in proportion to `size`; all evenly where that is 0.
    let private halfEven (size: Tensor) : Tensor =
        let mean = Tensor.toFloat (size.mean ())
        size .+ (if mean > 0.0 then mean else 1.0)

    /// <summary>
    /// As <c>redrawn</c>, where u is steep: half of the points evenly, half in proportion to |∇u| (of all components).
    /// </summary>
    /// <param name="every">Time between draws, in units of the equation's time.</param>
    /// <param name="candidates">Where points are taken from; several times as many as there are points.</param>
    let steep (every: float) (candidates: Collocation) =
        redrawnBy every candidates (fun field t y points ->
            let θ = VectorField.parameters field y
            let request = Jet.gradientRequest field.Network.Domain.Dimension
            let gradient = Jet.gradient (Network.jet request field.Network θ points)
            gradient.flatten(1L).Square().sum(1L).sqrt() |> halfEven)

    /// <summary>
    /// As <c>redrawn</c>, where the equation is badly satisfied: half of the points evenly, half in proportion to the
    /// residual |∂_t u − A_t u| between the present points (of all components).
    /// </summary>
    /// <param name="every">Time between draws, in units of the equation's time.</param>
    /// <param name="candidates">Where points are taken from; several times as many as there are points.</param>
    let residual (every: float) (candidates: Collocation) =
        redrawnBy every candidates (fun field t y points ->
            (VectorField.residual field t y points).Square().sum(1L).sqrt() |> halfEven)

    /// <summary>
    /// Points are drawn anew at the given times, and at the start, by a recipe for any time: placement, seed,
    /// t ↦ N × d. For solutions of which it is known where points have to be, such as the energies of a process whose
    /// samples can be drawn. An evolution raises <c>ArgumentException</c> when the recipe gives points of another
    /// number or dimension, or that are not finite.
    /// </summary>
    /// <param name="times">When points are drawn anew, after the start; increasing.</param>
    /// <param name="draw">(placement, seed, t) ↦ points (N × d), always as many.</param>
    /// <exception cref="T:System.ArgumentException">A time is not a finite number.</exception>
    /// <example><code>
    /// // a heat kernel widens; so do the points
    /// let widening = PointDynamics.refreshed [ 0.1; 0.3; 0.6 ] (fun placement seed t -&gt;
    ///     sqrt (1.0 + 2.0 * t) * Random.normal placement seed [ 500; 2 ])
    /// </code></example>
    let refreshed (times: float list) (draw: Placement -> int -> float -> Tensor) =
        times |> List.iter (Guard.real "times")

        PointDynamics.Redrawn
            {
                Times = fun _ -> times
                Draw = fun _ t y seed -> draw (Placement.ofTensor y) seed t
            }
