namespace Mne.Functional

/// <summary>Where a wall is.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Side =
    /// <summary>The low end of a coordinate that is an <c>Interval</c>, counted from 0.</summary>
    | Low of axis: int
    /// <summary>The high end of a coordinate that is an <c>Interval</c>, counted from 0.</summary>
    | High of axis: int
    /// <summary>Both ends of all coordinates that are an <c>Interval</c>.</summary>
    | All
    /// <summary>
    /// The boundary of a shape inside the domain: where a function X (N × d) ↦ (N) is 0. It is positive inside, like
    /// 1 − |x|², and has a slope on the boundary.
    /// </summary>
    | Shape of distance: (Tensor -> Tensor)

/// <summary>What holds at a wall; n is the normal that points out of the domain. Functions are (t, X (M × d)) ↦ (M).</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type WallCondition =
    /// <summary>u = g (Dirichlet).</summary>
    | Value of data: (float -> Tensor -> Tensor)
    /// <summary>∂u/∂n = g (Neumann).</summary>
    | Slope of data: (float -> Tensor -> Tensor)
    /// <summary>a u + b ∂u/∂n = g (Robin).</summary>
    | Both of a: (float -> Tensor -> Tensor) * b: (float -> Tensor -> Tensor) * data: (float -> Tensor -> Tensor)

/// <summary>
/// A condition at a wall, for any equation: one of <c>EvolutionOptions.Walls</c>. θ̇ satisfies it at points of the wall
/// as it satisfies the equation at the collocation points (docs/mathematics.md §1).
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Wall =
    {
        /// <summary>Where.</summary>
        Side: Side
        /// <summary>What holds there.</summary>
        Condition: WallCondition
        /// <summary>The component of u that it holds for, counted from 0; None for all of them.</summary>
        Component: int option
        /// <summary>M, the number of points on each wall; None lets the program choose.</summary>
        Points: int option
    }

/// <summary>
/// Conditions at walls, for any equation. The coordinate is an <c>Interval</c>: <c>Bounded</c> keeps its conditions by
/// reflections, exactly and without points, for equations that these map to themselves. Values may depend on time and
/// place. A wall without a condition is free, as the outflow of a first-order equation wants it.
/// </summary>
/// <example><code>
/// // a bar that is heated at one end, insulated at the other
/// let walls =
///     [ Wall.dirichlet (Side.Low 0) (fun t x -&gt; Math.Sin t * torch.ones_like (x.select (1L, 0L)))
///       Wall.neumann (Side.High 0) (Wall.constant 0.0) ]
///
/// let options = { Evolution.defaults with Walls = walls }
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Wall =

    /// <summary>The same number at all times and places.</summary>
    /// <param name="value">The number.</param>
    /// <exception cref="T:System.ArgumentException">It is not finite.</exception>
    let constant (value: float) : float -> Tensor -> Tensor =
        Guard.real "value" value
        fun _ x -> x.NewFull(x.shape[0], value)

    let private create side condition =
        (match side with
         | Side.Low axis
         | Side.High axis -> Guard.atLeast "side" 0 axis
         | Side.All
         | Side.Shape _ -> ())

        {
            Side = side
            Condition = condition
            Component = None
            Points = None
        }

    /// <summary>u = g.</summary>
    /// <param name="side">Where the wall is.</param>
    /// <param name="data">g: (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis.</exception>
    /// <example><code>let wall = Wall.dirichlet Side.All (Wall.constant 1.0)</code></example>
    let dirichlet (side: Side) (data: float -> Tensor -> Tensor) : Wall = create side (WallCondition.Value data)

    /// <summary>∂u/∂n = g; n points out of the domain.</summary>
    /// <param name="side">Where the wall is.</param>
    /// <param name="data">g: (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis.</exception>
    /// <example><code>let insulated = Wall.neumann Side.All (Wall.constant 0.0)</code></example>
    let neumann (side: Side) (data: float -> Tensor -> Tensor) : Wall = create side (WallCondition.Slope data)

    /// <summary>a u + b ∂u/∂n = g; n points out of the domain.</summary>
    /// <param name="side">Where the wall is.</param>
    /// <param name="a">The weight of u.</param>
    /// <param name="b">The weight of its normal derivative, not 0.</param>
    /// <param name="data">g: (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis, weights that are not finite, or b = 0.</exception>
    /// <example><code>
    /// // heat that is lost to surroundings of temperature 20 at the rate 2 (u − 20)
    /// let cooled = Wall.robin (Side.High 0) 2.0 1.0 (Wall.constant 40.0)
    /// </code></example>
    let robin (side: Side) (a: float) (b: float) (data: float -> Tensor -> Tensor) : Wall =
        Guard.real "a" a
        Guard.real "b" b

        if b = 0.0 then
            Guard.fail "b" "found 0, wanted the weight of the normal derivative; for values alone take Wall.dirichlet"

        create side (WallCondition.Both(constant a, constant b, data))

    /// <summary>
    /// a u + b ∂u/∂n = g where a and b depend on time and place too: for a flux b ∂u/∂n + a u through which a drift
    /// carries something.
    /// </summary>
    /// <param name="side">Where the wall is.</param>
    /// <param name="a">The weight of u: (t, points of the wall (M × d)) ↦ (M).</param>
    /// <param name="b">The weight of its normal derivative: (t, points of the wall (M × d)) ↦ (M).</param>
    /// <param name="data">g: (t, points of the wall (M × d)) ↦ (M), or (M × m) for m components.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis.</exception>
    /// <example><code>
    /// // a density with drift −x₁ along axis 0 and diffusion 0.1 that does not leave at the high end
    /// let closed =
    ///     Wall.varying (Side.High 0) (fun _ x -&gt; x.select (1L, 1L)) (Wall.constant 0.1) (Wall.constant 0.0)
    /// </code></example>
    let varying
        (side: Side)
        (a: float -> Tensor -> Tensor)
        (b: float -> Tensor -> Tensor)
        (data: float -> Tensor -> Tensor)
        : Wall =
        create side (WallCondition.Both(a, b, data))

    /// <summary>The condition for one component of u only.</summary>
    /// <param name="index">The component, counted from 0.</param>
    /// <param name="wall">The condition.</param>
    /// <exception cref="T:System.ArgumentException">The index is negative.</exception>
    /// <example><code>let clamped = Wall.dirichlet Side.All (Wall.constant 0.0) |&gt; Wall.ofComponent 1</code></example>
    let ofComponent (index: int) (wall: Wall) : Wall =
        Guard.atLeast "index" 0 index
        { wall with Component = Some index }

    /// <summary>The condition at so many points of each wall, evenly spread; in one dimension a wall is a point.</summary>
    /// <param name="count">M.</param>
    /// <param name="wall">The condition.</param>
    /// <exception cref="T:System.ArgumentException">The count is less than 1.</exception>
    let atPoints (count: int) (wall: Wall) : Wall =
        Guard.atLeast "count" 1 count
        { wall with Points = Some count }

    /// What a wall is called in messages.
    let internal name (side: Side) : string =
        match side with
        | Side.Low axis -> $"the low end of coordinate {axis}"
        | Side.High axis -> $"the high end of coordinate {axis}"
        | Side.All -> "the ends of all intervals"
        | Side.Shape _ -> "the boundary of the shape"

    /// <summary>The condition in words: "∂u/∂n = g at the low end of coordinate 0".</summary>
    /// <param name="wall">The condition.</param>
    let show (wall: Wall) : string =
        let u =
            match wall.Component with
            | Some c -> $"u[{c}]"
            | None -> "u"

        let what =
            match wall.Condition with
            | WallCondition.Value _ -> $"{u} = g"
            | WallCondition.Slope _ -> $"∂{u}/∂n = g"
            | WallCondition.Both _ -> $"a {u} + b ∂{u}/∂n = g"

        $"{what} at {name wall.Side}"
