namespace Mne.Functional

/// How the collocation points move while the parameters evolve.
type PointDynamics =
    /// The points stay where they are.
    | Fixed
    /// The points move with the velocity ẋ = v(t, x; u): (N × d) from the local values. `needs` lists the derivatives of u
    /// that it reads.
    | Moving of needs: Derivative list * velocity: (Local -> Tensor)
    /// The points stay for a while and are then drawn anew; u is carried on.
    | Redrawn of Redraw

/// How points are drawn anew.
and Redraw =
    {
        /// When, after the start, where points are drawn too: t0, t1 ↦ times between them.
        Times: float * float -> float list
        /// Points (N × d) for the vector field at time t and the joint state y: `Draw field t y seed`.
        Draw: VectorField -> float -> Tensor -> int -> Tensor
    }

/// The minimal neural evolution of a network: the vector field of the joint state y = (θ, X).
and VectorField =
    {
        /// The parametric function class.
        Network: Network
        /// The right-hand side A_t u.
        Term: Term
        /// How the points move.
        Points: PointDynamics
        /// N.
        PointCount: int
        /// Rows of the tangent that serve as landmarks; None for all.
        Landmarks: int[] option
        /// λ, the relative regularisation.
        Regularisation: float
    }

/// The note of an evaluation of the vector field.
type FieldNote =
    {
        /// |Jθ̇ − f| / |f|.
        Residual: float
        /// The effective dimension of the regularised kernel.
        EffectiveRank: float
    }

/// The vector field of minimal neural evolution (MATH.md §1 and §2; Lindsey, arXiv 2502.03645).
[<RequireQualifiedAccess>]
module VectorField =

    /// One vector (p + N d) from θ (p) and X (N × d).
    let pack (θ: Tensor) (points: Tensor) : Tensor =
        Tensor.concatenate 0L [ θ; points.reshape -1L ]

    /// θ (p) of a joint state; it shares memory with the state.
    let parameters (field: VectorField) (y: Tensor) : Tensor =
        y.narrow (0L, 0L, int64 field.Network.ParameterCount)

    /// X (N × d) of a joint state; it shares memory with the state.
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

            raise (FieldNotFinite where)

    /// The derivatives of u in d dimensions that the equation and the moving points read.
    let internal reads (d: int) (term: Term) (points: PointDynamics) : Set<Derivative> =
        match points with
        | Fixed
        | Redrawn _ -> Term.needs d term
        | Moving(needs, _) -> Set.union (Term.needs d term) (Set.ofList needs)

    /// (θ̇, Ẋ) at (t, y), as one vector, with the residual and the effective rank.
    let evaluate (field: VectorField) (t: float) (y: Tensor) : Tensor * FieldNote =
        Scope.keepAll (fun (slope, _) -> [ slope ]) (fun () ->
            let d = field.Network.Domain.Dimension
            let θ, x = parameters field y, points field y

            let request = reads d field.Term field.Points

            let local =
                {
                    Time = t
                    Points = x
                    Jet = Network.jet request field.Network θ x
                }

            let f = Term.evaluate field.Term local
            checkFinite "the right-hand side" t x f

            let minimal =
                Sketch.minimalNorm
                    field.Regularisation
                    field.Landmarks
                    (Network.tangent field.Network θ x)
                    (Tangent.stacked f)

            checkFinite "the change of the parameters" t x (minimal.Direction.sum().expand(int64 field.PointCount))

            let velocity =
                match field.Points with
                | Fixed
                | Redrawn _ -> Tensor.zeros (Placement.ofTensor x) [ field.PointCount; d ]
                | Moving(_, velocity) ->
                    let v = velocity local
                    Guard.vectors "velocity" field.PointCount d v
                    checkFinite "the velocity of the points" t x v
                    v

            pack minimal.Direction velocity,
            {
                Residual = minimal.Residual
                EffectiveRank = minimal.EffectiveRank
            })

    /// ∂_t u − A_t u at any points (M × d) and for each component (M × m), where θ moves as the points of the state have it.
    let residual (field: VectorField) (t: float) (y: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () ->
            let θ = parameters field y
            let direction = parameters field (fst (evaluate field t y))

            let change =
                Network.tangent field.Network θ points
                |> Tangent.times direction
                |> _.view(int64 field.Network.Outputs, -1L).t()

            let wanted =
                Term.evaluate
                    field.Term
                    {
                        Time = t
                        Points = points
                        Jet = Network.jet (Term.needs field.Network.Domain.Dimension field.Term) field.Network θ points
                    }

            change - wanted.view (change.shape[0], change.shape[1]))

    /// The size of an error (δθ, δX) at the state y, in units of the tolerance: in function space, rms(J δθ) over the
    /// spread of u at the points or its root mean square, whichever is asked for, with all components of u together (one
    /// that is 0 for a moment has no size of its own), though never less than `smallest`; and rms(δX) over the spread of the points.
    /// Norms of δθ would let errors of u through (MATH.md §2).
    let norm
        (field: VectorField)
        (relativeToSpread: bool)
        (smallest: float)
        (tolerance: float)
        (y: Tensor)
        (δ: Tensor)
        : float =
        Scope.free (fun () ->
            let θ, x = parameters field y, points field y
            let u = Network.value field.Network θ x

            let centred (values: Tensor) =
                values - values.mean ([| 0L |], keepdim = true)

            let spread values = Tensor.rms (centred values)
            let scale = max smallest (if relativeToSpread then spread u else Tensor.rms u)

            let δu =
                (Tangent.times (parameters field δ) (Network.tangent field.Network θ x))
                    .view(int64 field.Network.Outputs, -1L)
                    .t()

            let δu = if relativeToSpread then centred δu else δu
            let errorOfU = Tensor.rms δu / (tolerance * (scale + tolerance))

            match field.Points with
            | Fixed
            | Redrawn _ -> errorOfU
            | Moving _ -> max errorOfU (Tensor.rms (points field δ) / (tolerance * (spread x + tolerance))))
