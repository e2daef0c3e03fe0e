namespace Mne.Functional

/// <summary>How the collocation points move while the parameters evolve.</summary>
[<RequireQualifiedAccess>]
type PointDynamics =
    /// <summary>The points stay where they are.</summary>
    | Fixed
    /// <summary>
    /// The points move with the velocity ẋ = v(t, x; u): (N × d) from the local values. <c>needs</c> lists the
    /// derivatives of u that it reads.
    /// </summary>
    | Moving of needs: Derivative list * velocity: (Local -> Tensor)
    /// <summary>The points stay for a while and are then drawn anew; u is carried on.</summary>
    | Redrawn of Redraw

/// <summary>How points are drawn anew.</summary>
and Redraw =
    {
        /// <summary>When, after the start, where points are drawn too: t0, t1 ↦ times between them.</summary>
        Times: float * float -> float list
        /// <summary>
        /// Points (N × d) for the vector field at time t and the joint state y: <c>Draw field t y seed</c>.
        /// </summary>
        Draw: VectorField -> float -> Tensor -> int -> Tensor
    }

/// <summary>The minimal neural evolution of a network: the vector field of the joint state y = (θ, X).</summary>
and VectorField =
    {
        /// <summary>The parametric function class.</summary>
        Network: Network
        /// <summary>The right-hand side A_t u.</summary>
        Term: Term
        /// <summary>How the points move.</summary>
        Points: PointDynamics
        /// <summary>N.</summary>
        PointCount: int
        /// <summary>Rows of the tangent that serve as landmarks; None for all.</summary>
        Landmarks: int[] option
        /// <summary>λ, the relative regularisation.</summary>
        Regularisation: float
        /// <summary>Conditions at walls, each at its points; none where reflections or nothing keeps them.</summary>
        Walls: WallPoints list
    }

/// <summary>The note of an evaluation of the vector field.</summary>
type FieldNote =
    {
        /// <summary>|Jθ̇ − f| / |f| at the collocation points, for which θ̇ was solved.</summary>
        Residual: float
        /// <summary>
        /// The effective dimension of the regularised kernel, to about 2 % where there are more than 32 landmarks: see
        /// <c>Sketch.effectiveRank</c> for an exact one.
        /// </summary>
        EffectiveRank: float
        /// <summary>
        /// |∂_t u − A_t u| / |A_t u| at fresh points between the collocation points, at the end of an accepted step; nan
        /// where it was not measured.
        /// </summary>
        FreshResidual: float
        /// <summary>
        /// ∫ |∂_t u − A_t u| / |u| dt since the beginning, at fresh points: about the relative error of u that the
        /// missing points have made so far (of its spread, where <c>ErrorScale</c> says so); nan where it was not
        /// measured.
        /// </summary>
        Defect: float
    }

    /// <summary>A fifth: with a larger defect, a solution is called doubtful.</summary>
    static member TolerableDefect: float = 0.2

/// <summary>
/// The vector field of minimal neural evolution (docs/mathematics.md §1 and §2; Lindsey, arXiv 2502.03645).
/// </summary>
[<RequireQualifiedAccess>]
module VectorField =

    /// <summary>One vector (p + N d) from θ (p) and X (N × d).</summary>
    /// <param name="θ">Parameters, one flat vector (p).</param>
    /// <param name="points">X (N × d).</param>
    let pack (θ: Tensor) (points: Tensor) : Tensor =
        Tensor.concatenate 0L [ θ; points.reshape -1L ]

    /// <summary>θ (p) of a joint state; it shares memory with the state.</summary>
    /// <param name="field">The vector field.</param>
    /// <param name="y">The joint state (θ, X), one vector (p + N d).</param>
    let parameters (field: VectorField) (y: Tensor) : Tensor =
        y.narrow (0L, 0L, int64 field.Network.ParameterCount)

    /// <summary>X (N × d) of a joint state; it shares memory with the state.</summary>
    /// <param name="field">The vector field.</param>
    /// <param name="y">The joint state (θ, X), one vector (p + N d).</param>
    let points (field: VectorField) (y: Tensor) : Tensor =
        let d = field.Network.Domain.Dimension

        y
            .narrow(0L, int64 field.Network.ParameterCount, int64 (field.PointCount * d))
            .view(int64 field.PointCount, int64 d)

    let private checkFinite name t (points: Tensor) (values: Tensor) =
        if not (Tensor.isFinite values) then
            let rows = Tensor.toArray (if values.dim () = 1L then values else values.sum 1L)

            let inComponent i =
                if values.dim () = 1L then
                    ""
                else
                    let row = Tensor.toArray values[int64 i]

                    match Array.tryFindIndex (fun v -> not (System.Double.IsFinite v)) row with
                    | Some c -> $" in component {c}"
                    | None -> ""

            let where =
                match Array.tryFindIndex (fun v -> not (System.Double.IsFinite v)) rows with
                | Some i ->
                    let x =
                        Tensor.toArray points[int64 i]
                        |> Array.map (fun v -> $"{v:G6}")
                        |> String.concat ", "

                    $"{name}{inComponent i} is {rows[i]} at point {i}, x = ({x}), t = {t:G6}"
                | None -> $"{name} overflows at t = {t:G6}"

            raise (FieldRefused(fun _ -> Outcome.NonFinite where))

    /// The derivatives of u in d dimensions that the equation and the moving points read.
    let internal reads (d: int) (term: Term) (points: PointDynamics) : Set<Derivative> =
        match points with
        | PointDynamics.Fixed
        | PointDynamics.Redrawn _ -> Term.needs d term
        | PointDynamics.Moving(needs, _) -> Set.union (Term.needs d term) (Set.ofList needs)

    let private local (request: Set<Derivative>) (field: VectorField) (t: float) (y: Tensor) : Local =
        let θ, x = parameters field y, points field y

        {
            Time = t
            Points = x
            Jet = Network.jet request field.Network θ x
        }

    /// A_t u at the points where a run began and where it stands: what its equation is known by.
    let internal witness (field: VectorField) (state: IntegratorState<VectorField, FieldNote>) : float[] =
        let reached = state.Reached
        let request = Term.needs field.Network.Domain.Dimension field.Term

        Scope.free (fun () ->
            [| reached.Start, reached.Segments[0].Coefficients[0]; reached.Stop, state.Y |]
            |> Array.collect (fun (t, y) -> Tensor.toArray (Term.evaluate field.Term (local request field t y))))

    /// A_t u at this rank's rows of the points (and the local values there), where all ranks have the whole state.
    let internal valuesOf (team: Team) (field: VectorField) (t: float) (y: Tensor) : Local * Tensor =
        let request = reads field.Network.Domain.Dimension field.Term field.Points
        let θ, x = parameters field y, team |> Team.own (points field y)

        let here =
            {
                Time = t
                Points = x
                Jet = Network.jet request field.Network θ x
            }

        // Means are over the points of all ranks.
        if team.IsAlone || not (Term.isNonlocal field.Term) then
            here, Term.evaluate field.Term here
        else
            here, Term.evaluateAmong (local request field t y) field.Term here

    /// The velocity of the points, N × d, of which each rank makes its rows.
    let private velocity (team: Team) (field: VectorField) (t: float) (here: Local) (x: Tensor) : Tensor =
        let n, d = field.PointCount, field.Network.Domain.Dimension

        match field.Points with
        | PointDynamics.Fixed
        | PointDynamics.Redrawn _ -> Tensor.zeros (Placement.ofTensor x) [ n; d ]
        | PointDynamics.Moving(_, velocity) ->
            let own () =
                let v = Local.lend velocity here
                Guard.vectors "velocity" (Tensor.rows here.Points) d v
                checkFinite "the velocity of the points" t here.Points v
                v

            if team.IsAlone then
                own ()
            else
                let v = team |> Team.each own
                let whole = Tensor.zeros (Placement.ofTensor x) [ n; d ]
                (Rows.narrow (Rows.own team.Ranks n) whole).copy_ v |> ignore
                Communicator.allReduceSum whole team.Ranks

    /// Raises `ArgumentException`, on every rank, where a function of the equation or of the moving points does not see each point by itself:
    /// on several ranks each has some of the points only.
    let internal checkRowwise (team: Team) (field: VectorField) (t: float) (y: Tensor) : unit =
        let refuse name =
            Guard.fail
                name
                "found values at a point that depend on which other points are there; on several ranks, each of which has some of the points, wanted functions of each point alone: write means over the points as terms, or run on one rank"

        let differ (whole: Tensor) (own: Tensor) =
            let here = team |> Team.own whole
            let size = Tensor.rms whole
            // Sums of products are rounded otherwise where rows are fewer.
            Tensor.toFloat ((here - own).abs().max()) > sqrt (Placement.epsilon (Placement.ofTensor y)) * size

        if not team.IsAlone then
            team
            |> Team.each (fun () ->
                Scope.free (fun () ->
                    let all, f = valuesOf Team.alone field t y
                    let here, own = valuesOf team field t y

                    if differ f own then
                        refuse "term"

                    match field.Points with
                    | PointDynamics.Moving(_, velocity) ->
                        if differ (Local.lend velocity all) (Local.lend velocity here) then
                            refuse "Points"
                    | PointDynamics.Fixed
                    | PointDynamics.Redrawn _ -> ()))

    /// As `evaluate`, by all ranks of a team, each of which is given the whole state and has the whole result.
    let internal evaluateBy (team: Team) (field: VectorField) (t: float) (y: Tensor) : Tensor * FieldNote =
        Scope.keepAll (fun (slope, _) -> [ slope ]) (fun () ->
            let θ, x = parameters field y, points field y

            /// The local values at own rows and A_t u there, which is finite.
            let values () =
                let here, f = valuesOf team field t y
                let f = WallDefect.prescribe field.Network field.Walls here f
                checkFinite "the right-hand side" t here.Points f
                here, f

            let refused compute =
                try
                    compute ()
                with KernelNotFactorised size ->
                    raise (FieldRefused(fun t -> Outcome.SingularKernel(t, size)))

            let here, minimal =
                if team.IsAlone then
                    let here, f = values ()

                    let f = Tangent.stacked f

                    let stack, f =
                        if field.Walls.IsEmpty then
                            Stacked.alone (Network.tangent field.Network θ x), f
                        else
                            let stack, g = WallRows.stack field.Network θ t x field.Walls

                            stack, Tensor.concatenate 0L [ f; g ]

                    here,
                    refused (fun () ->
                        Sketch.minimise (Some Sketch.signsForRank) field.Regularisation field.Landmarks stack f)
                else
                    let m, n = field.Network.Outputs, field.PointCount
                    // Landmarks are rows of all components at some points.
                    let chosen =
                        match field.Landmarks with
                        | Some rows -> Array.truncate (rows.Length / m) rows
                        | None -> Array.init n id

                    let here, f = team |> Team.each values
                    let selected = Network.tangent field.Network θ (Tensor.pick chosen x)

                    here,
                    refused (fun () ->
                        SharedSketch.minimise team field.Regularisation (n * m) selected (fun () ->
                            Network.tangent field.Network θ here.Points, Tangent.stacked f))

            checkFinite "the change of the parameters" t x (minimal.Direction.sum().expand(int64 field.PointCount))

            pack minimal.Direction (velocity team field t here x),
            {
                Residual = minimal.Residual
                EffectiveRank = minimal.EffectiveRank
                FreshResidual = nan
                Defect = nan
            })

    /// <summary>(θ̇, Ẋ) at (t, y), as one vector, with the residual and the effective rank.</summary>
    /// <param name="field">The vector field.</param>
    /// <param name="t">Time.</param>
    /// <param name="y">The joint state (θ, X), one vector (p + N d).</param>
    let evaluate (field: VectorField) (t: float) (y: Tensor) : Tensor * FieldNote = evaluateBy Team.alone field t y

    /// ∂_t u, A_t u and u at any points (M × d), each M × m, where θ moves with the slope of the state.
    let internal compare (field: VectorField) (t: float) (y: Tensor) (slope: Tensor) (points: Tensor) =
        let θ = parameters field y
        let request = Term.needs field.Network.Domain.Dimension field.Term
        let columns (values: Tensor) = values.view (points.shape[0], -1L)

        let change =
            Network.tangent field.Network θ points
            |> Tangent.times (parameters field slope)
            |> _.view(int64 field.Network.Outputs, -1L).t()

        let here =
            {
                Time = t
                Points = points
                Jet = Network.jet request field.Network θ points
            }

        // Means are over the collocation points, whose density is what they are meant for.
        let everywhere =
            if Term.isNonlocal field.Term then
                local request field t y
            else
                here

        change, columns (Term.evaluateAmong everywhere field.Term here), columns (Jet.value here.Jet)

    /// How large u is or becomes, for what it misses at walls: as it is, or what A_t u makes of 0 in the time of the run.
    let private sizeForWalls (field: VectorField) (t: float) (y: Tensor) : float =
        let here, f = valuesOf Team.alone field t y

        match field.Walls with
        | [] -> 0.0
        | first :: _ ->
            let t0, t1 = first.Span
            max (Tensor.rms (Jet.value here.Jet)) (abs (t1 - t0) * Tensor.rms f)

    /// Raises `ArgumentException` where the start is not as the walls want it, or cannot be.
    let internal checkWalls (field: VectorField) (t: float) (y: Tensor) : unit =
        if not field.Walls.IsEmpty then
            WallRows.check field.Network (parameters field y) t (sizeForWalls field t y) field.Walls

    /// What u misses at walls, relative to its size; 0 where there are none.
    let internal misfit (field: VectorField) (t: float) (y: Tensor) : float =
        if field.Walls.IsEmpty then
            0.0
        else
            fst (WallDefect.misfit field.Network (parameters field y) t (sizeForWalls field t y) field.Walls)

    /// <summary>
    /// ∂_t u − A_t u at any points (M × d) and for each component (M × m), where θ moves as the points of the state
    /// have it.
    /// </summary>
    /// <param name="field">The vector field.</param>
    /// <param name="t">Time.</param>
    /// <param name="y">The joint state (θ, X), one vector (p + N d).</param>
    /// <param name="points">X (N × d).</param>
    let residual (field: VectorField) (t: float) (y: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () ->
            let change, wanted, _ = compare field t y (fst (evaluate field t y)) points
            change - wanted)

    /// As `norm`, by all ranks of a team, each at its rows of the points; rank 0's result is that of all.
    let internal normBy
        (team: Team)
        (field: VectorField)
        (relativeToSpread: bool)
        (smallest: float)
        (tolerance: float)
        (y: Tensor)
        (δ: Tensor)
        : float =
        Scope.free (fun () ->
            let θ, x = parameters field y, points field y
            let own = team |> Team.own x
            let u = Network.value field.Network θ own

            let δu =
                (Tangent.times (parameters field δ) (Network.tangent field.Network θ own))
                    .view(int64 field.Network.Outputs, -1L)
                    .t()

            let measured =
                if relativeToSpread then
                    team |> Team.centred [ u.view (u.shape[0], -1L); δu ]
                else
                    [ u; δu ]

            let sizes = team |> Team.rms [ for values in measured -> fun () -> values ]
            let scale = max smallest sizes[0]
            let errorOfU = sizes[1] / (tolerance * (scale + tolerance))

            match field.Points with
            | PointDynamics.Fixed
            | PointDynamics.Redrawn _ -> errorOfU
            | PointDynamics.Moving _ ->
                let spread = Tensor.rms (x - x.mean ([| 0L |], keepdim = true))
                max errorOfU (Tensor.rms (points field δ) / (tolerance * (spread + tolerance)))
            |> Communicator.agree team.Ranks)

    /// <summary>
    /// The size of an error (δθ, δX) at the state y, in units of the tolerance: in function space, rms(J δθ) over the
    /// spread of u at the points or its root mean square, whichever is asked for, with all components of u together
    /// (one that is 0 for a moment has no size of its own), though never less than <c>smallest</c>; and rms(δX) over
    /// the spread of the points. Norms of δθ would let errors of u through (docs/mathematics.md §2).
    /// </summary>
    /// <param name="field">The vector field.</param>
    /// <param name="relativeToSpread">Whether errors of u are relative to its spread, and not to its root mean
    /// square.</param>
    /// <param name="smallest">The size of u that errors are relative to is never less than this.</param>
    /// <param name="tolerance">The relative error that counts as 1.</param>
    /// <param name="y">The joint state (θ, X), one vector (p + N d).</param>
    /// <param name="δ">The error (δθ, δX) of the state, one vector (p + N d).</param>
    let norm
        (field: VectorField)
        (relativeToSpread: bool)
        (smallest: float)
        (tolerance: float)
        (y: Tensor)
        (δ: Tensor)
        : float =
        normBy Team.alone field relativeToSpread smallest tolerance y δ
