namespace Mne.Functional

/// <summary>
/// The tangent J = ∂u(x_i)/∂θ_j (N × p) at N points, in a form that never holds all of J (docs/mathematics.md §1).
/// For u with m components there are m N rows: those of all points for the first component, then for the second, …
/// </summary>
[<RequireQualifiedAccess>]
type Tangent =
    /// <summary>The outer-product structure of a layered network.</summary>
    | Structured of parameters: int * blocks: Block list
    /// <summary>
    /// Any differentiable function: the rows of J for a range of points, made by automatic differentiation when they
    /// are needed and forgotten afterwards, and J w, Jᵀ v by one pass each.
    /// </summary>
    | Generic of GenericTangent

/// <summary>The tangent of a network that is only known as a differentiable function.</summary>
and GenericTangent =
    {
        Parameters: int
        /// <summary>
        /// The points of the rows (N × d); for several components, with the component's number in a further column.
        /// </summary>
        Points: Tensor
        /// <summary>The rows of J (n × p) for n rows of the points.</summary>
        Jacobian: Tensor -> Tensor
        /// <summary>Jᵀ v (p) for n rows of the points and v (n).</summary>
        TransposeTimes: Tensor -> Tensor -> Tensor
    }

/// <summary>Products with the tangent and blocks of the tangent kernel K(X, Y) = J(X) J(Y)ᵀ.</summary>
[<RequireQualifiedAccess>]
module Tangent =

    /// No block of a structured kernel has more numbers than this at a time, so that the factors stay in the cache.
    let private blockSize = 1 <<< 17

    /// No rows of J that are made by automatic differentiation have more numbers than this at a time, whatever N.
    let private jacobianSize = 1 <<< 21

    /// Something with one row per point.
    let private representative tangent =
        match tangent with
        | Tangent.Structured(_, blocks) -> (Block.tensors blocks.Head).Head
        | Tangent.Generic generic -> generic.Points

    /// <summary>
    /// Values of u at N points, N or N × m, in the order of the tangent's rows (m N): component by component.
    /// </summary>
    let stacked (values: Tensor) : Tensor =
        if values.dim () = 1L then
            values
        else
            values.t().reshape -1L

    /// <summary>The number of rows: of points N, times the number of components of u.</summary>
    let rows tangent = Tensor.rows (representative tangent)

    /// <summary>The number of parameters p.</summary>
    let parameters tangent =
        match tangent with
        | Tangent.Structured(p, _) -> p
        | Tangent.Generic generic -> generic.Parameters

    let private restrict (select: Tensor -> Tensor) tangent =
        match tangent with
        | Tangent.Structured(p, blocks) -> Tangent.Structured(p, List.map (Block.restrict select) blocks)
        | Tangent.Generic generic ->
            Tangent.Generic
                { generic with
                    Points = select generic.Points
                }

    /// <summary>The tangent at the points with the given indices (a vector of integers on the same device).</summary>
    /// <param name="indices">A vector of integers, on the same device.</param>
    /// <param name="tangent">J = ∂u(x_i)/∂θ_j at N points (N × p).</param>
    let pick (indices: Tensor) tangent =
        restrict (fun rows -> rows.index_select (0L, indices)) tangent

    /// The points m times below each other, as the rows of a tangent want them.
    let internal repeated (m: int) (points: Tensor) : Tensor =
        if m = 1 then points else points.repeat ([| int64 m; 1L |])

    /// The rows of one of m components.
    let internal ofComponent (index: int) m tangent =
        let n = int64 (rows tangent / m)
        restrict (fun rows -> rows.narrow (0L, int64 index * n, n)) tangent

    /// Something made of the rows of J of a generic tangent, some of them at a time, joined along a dimension.
    let private byJacobian dimension (make: Tensor -> Tensor) (generic: GenericTangent) : Tensor =
        Tensor.rows generic.Points
        |> Rows.pieces (Rows.within (Rows.numbers jacobianSize generic.Points) generic.Parameters)
        |> Rows.map dimension (fun piece -> make (generic.Jacobian(Rows.narrow piece generic.Points)))

    /// The kernel of two lists of factors, block by block, some rows at a time; `wanted` says how many columns, from the first on, a
    /// piece of the rows is to have, and the others are 0.
    let private ofFactors (wanted: Piece -> int) (first: Block.Factor list list) (second: Block.Factor list list) =
        let count (factors: Block.Factor list list) =
            factors.Head.Head |> Block.representative |> Tensor.rows

        let n, m = count first, count second
        let result = (Block.representative first.Head.Head).new_zeros(int64 n, int64 m)

        for piece in Rows.pieces (Rows.within (Rows.numbers blockSize result) m) n do
            let columns = int64 (wanted piece)
            let part = (Rows.narrow piece result).narrow(1L, 0L, columns)

            for block, other in List.zip first second do
                for one, two in List.allPairs block other do
                    Scope.free (fun () ->
                        Block.addKernel
                            part
                            (Block.select (Rows.narrow piece) one)
                            (Block.select (fun rows -> rows.narrow (0L, 0L, columns)) two))

        result

    /// <summary>
    /// K(X, Y) = J(X) J(Y)ᵀ (N × M) of two tangents of the same network. Costs O(N M Σ_l (fan-in + fan-out)) for a
    /// layered network; temporary memory is bounded.
    /// </summary>
    /// <param name="first">J(X), at N points.</param>
    /// <param name="second">J(Y) of the same network, at M points.</param>
    /// <exception cref="T:System.ArgumentException">For tangents of different networks.</exception>
    let kernel (first: Tangent) (second: Tangent) : Tensor =
        if parameters first <> parameters second then
            Guard.fail
                "second"
                $"{parameters second} parameters, but the first tangent has {parameters first}; take both from the same network"

        match first, second with
        | Tangent.Structured(_, blocks), Tangent.Structured(_, other) ->
            Scope.keep (fun () ->
                ofFactors (fun _ -> rows second) (List.map Block.factors blocks) (List.map Block.factors other))
        | Tangent.Generic one, Tangent.Generic other ->
            one
            |> byJacobian 0L (fun j -> other |> byJacobian 1L (fun j' -> j.mm (j'.t ())))
        | _ -> Guard.fail "second" "the one tangent is structured, the other generic; take both from the same network"

    /// The lower triangle of K(X, X), all that a factorisation reads; what is above it is not K's.
    let internal lowerKernel (tangent: Tangent) : Tensor =
        match tangent with
        | Tangent.Structured(_, blocks) ->
            Scope.keep (fun () ->
                let factors = List.map Block.factors blocks
                factors |> ofFactors (fun piece -> piece.Start + piece.Length) factors)
        | Tangent.Generic _ -> kernel tangent tangent

    /// <summary>The squared norms |∂u(x_i)/∂θ|², the diagonal of K(X, X) (N).</summary>
    let squaredNorms tangent : Tensor =
        Scope.keep (fun () ->
            match tangent with
            | Tangent.Structured(_, blocks) -> blocks |> Block.sum (fun block -> Block.diagonal block block)
            | Tangent.Generic generic -> generic |> byJacobian 0L (fun j -> j.Square().sum 1L))

    /// <summary>Jᵀ v (p) for v (N).</summary>
    /// <param name="v">One number per row of J (N).</param>
    /// <param name="tangent">J = ∂u(x_i)/∂θ_j at N points (N × p).</param>
    let transposeTimes (v: Tensor) tangent : Tensor =
        Guard.vector "v" (rows tangent) v

        Scope.keep (fun () ->
            match tangent with
            | Tangent.Structured(p, blocks) ->
                let result = v.new_zeros (int64 p)

                for block in blocks do
                    Scope.free (fun () -> Block.addTransposeTimes v result block)

                result
            | Tangent.Generic generic -> generic.TransposeTimes generic.Points v)

    /// <summary>J w (N) for w (p): the change of u at the points when θ moves along w.</summary>
    /// <param name="w">A change of the parameters (p).</param>
    /// <param name="tangent">J = ∂u(x_i)/∂θ_j at N points (N × p).</param>
    let times (w: Tensor) tangent : Tensor =
        Guard.vector "w" (parameters tangent) w

        Scope.keep (fun () ->
            match tangent with
            | Tangent.Structured(_, blocks) -> Block.sum (Block.times w) blocks
            | Tangent.Generic generic -> generic |> byJacobian 0L (fun j -> j.mv w))
