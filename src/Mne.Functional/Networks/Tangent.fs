namespace Mne.Functional

open TorchSharp

/// The part of the tangent that belongs to some consecutive parameters.
type Block =
    /// An affine map W h + b of a layered network: ∂u(x_i)/∂W = δ_i h_iᵀ and ∂u(x_i)/∂b = δ_i, given as
    /// A: what enters the map, h_i (N × fan-in), and B: the sensitivity of u(x_i) to what leaves it, δ_i (N × fan-out).
    /// W (row by row) and then b begin at `offset` in θ.
    | Outer of inputs: Tensor * sensitivities: Tensor * offset: int
    /// The columns of J themselves (N × q), from `offset` on: for weights that are shared by many places.
    | Columns of jacobian: Tensor * offset: int
    /// Blocks of the same parameters, met at several places: their parts of J add up.
    | Together of Block list

/// The tangent J = ∂u(x_i)/∂θ_j (N × p) at N points, in a form that never holds all of J (MATH.md §1).
/// For u with m components there are m N rows: those of all points for the first component, then for the second, …
type Tangent =
    /// The outer-product structure of a layered network.
    | Structured of parameters: int * blocks: Block list
    /// Any differentiable function: the rows of J for a range of points, made by automatic differentiation when they
    /// are needed and forgotten afterwards, and J w, Jᵀ v by one pass each.
    | Generic of GenericTangent

/// The tangent of a network that is only known as a differentiable function.
and GenericTangent =
    {
        Parameters: int
        /// The points of the rows (N × d); for several components, with the component's number in a further column.
        Points: Tensor
        /// The rows of J (n × p) for n rows of the points.
        Jacobian: Tensor -> Tensor
        /// Jᵀ v (p) for n rows of the points and v (n).
        TransposeTimes: Tensor -> Tensor -> Tensor
    }

/// What each kind of block does; a structured tangent does it for all of its blocks.
module internal Block =

    /// The sum of a quantity over all blocks; intermediates are freed one by one.
    let sum (quantity: 'block -> Tensor) (blocks: 'block list) : Tensor =
        let total = quantity blocks.Head

        for block in blocks.Tail do
            Scope.free (fun () -> total.add_ (quantity block) |> ignore)

        total

    /// What the block holds; each tensor has one row per point.
    let rec tensors block =
        match block with
        | Outer(a, b, _) -> [ a; b ]
        | Columns(j, _) -> [ j ]
        | Together parts -> List.collect tensors parts

    /// The block at a selection of the points.
    let rec restrict (select: Tensor -> Tensor) block =
        match block with
        | Outer(a, b, offset) -> Outer(select a, select b, offset)
        | Columns(j, offset) -> Columns(select j, offset)
        | Together parts -> Together(List.map (restrict select) parts)

    /// The block with its parameters moved along by `by` places.
    let rec shift by block =
        match block with
        | Outer(a, b, offset) -> Outer(a, b, offset + by)
        | Columns(j, offset) -> Columns(j, offset + by)
        | Together parts -> Together(List.map (shift by) parts)

    /// The block of a function that is multiplied by known factors, one for every row (N × 1).
    let rec scale (factors: Tensor) block =
        match block with
        | Outer(a, b, offset) -> Outer(a, b * factors, offset)
        | Columns(j, offset) -> Columns(j * factors, offset)
        | Together parts -> Together(List.map (scale factors) parts)

    /// The block's part of the kernel (N × M); for an affine map (B B'ᵀ) ∘ (A A'ᵀ + 1).
    let rec kernel first second : Tensor =
        match first, second with
        | Together parts, _ -> parts |> sum (fun part -> kernel part second)
        | _, Together parts -> parts |> sum (fun part -> kernel first part)
        | Outer(a, b, _), Outer(a', b', _) ->
            let one: Scalar = 1.0.ToScalar()
            b.mm(b'.t ()).mul_(a.mm(a'.t ()).add_ one: Tensor)
        | Columns(j, _), Columns(j', _) -> j.mm (j'.t ())
        | _ -> Guard.fail "second" "a tangent of another network; take both from the same network"

    /// The diagonal of `kernel first second`, of blocks with the same rows (N).
    let rec diagonal first second : Tensor =
        match first, second with
        | Together parts, _ -> parts |> sum (fun part -> diagonal part second)
        | _, Together parts -> parts |> sum (fun part -> diagonal first part)
        | Outer(a, b, _), Outer(a', b', _) -> (b * b').sum 1L * ((a * a').sum 1L + 1.0)
        | Columns(j, _), Columns(j', _) -> (j * j').sum 1L
        | _ -> Guard.fail "second" "a tangent of another network; take both from the same network"

    /// Adds the block's part of Jᵀ v to `result` (p).
    let rec addTransposeTimes (v: Tensor) (result: Tensor) block =
        match block with
        | Together parts -> parts |> List.iter (addTransposeTimes v result)
        | Outer(a, b, offset) ->
            let weighted = b * v.unsqueeze 1L
            let fanIn, fanOut = a.shape[1], b.shape[1]

            result.narrow(0L, int64 offset, fanOut * fanIn).view(fanOut, fanIn).add_(weighted.t().mm a)
            |> ignore

            result.narrow(0L, int64 offset + fanOut * fanIn, fanOut).add_(weighted.sum 0L)
            |> ignore
        | Columns(j, offset) -> result.narrow(0L, int64 offset, j.shape[1]).add_(j.t().mv v) |> ignore

    /// The block's part of J w (N).
    let rec times (w: Tensor) block : Tensor =
        match block with
        | Together parts -> parts |> sum (times w)
        | Outer(a, b, offset) ->
            let fanIn, fanOut = a.shape[1], b.shape[1]
            let weight = w.narrow(0L, int64 offset, fanOut * fanIn).view(fanOut, fanIn)
            let bias = w.narrow (0L, int64 offset + fanOut * fanIn, fanOut)
            ((a.mm (weight.t ()) + bias) * b).sum 1L
        | Columns(j, offset) -> j.mv (w.narrow (0L, int64 offset, j.shape[1]))

/// Products with the tangent and blocks of the tangent kernel K(X, Y) = J(X) J(Y)ᵀ.
[<RequireQualifiedAccess>]
module Tangent =

    /// No block of a structured kernel has more numbers than this at a time, so that the factors stay in the cache.
    let private blockSize = 1 <<< 17

    /// No rows of J that are made by automatic differentiation have more numbers than this at a time, whatever N.
    let private jacobianSize = 1 <<< 21

    /// Row ranges (start, length) of at most `size / perRow` rows.
    let private split size rows perRow =
        let step = max 1 (size / max 1 perRow)

        [
            for start in 0..step .. rows - 1 -> int64 start, int64 (min step (rows - start))
        ]

    let private chunks rows perRow = split jacobianSize rows perRow

    /// Something with one row per point.
    let private representative tangent =
        match tangent with
        | Structured(_, blocks) -> (Block.tensors blocks.Head).Head
        | Generic generic -> generic.Points

    /// Values of u at N points, N or N × m, in the order of the tangent's rows (m N): component by component.
    let stacked (values: Tensor) : Tensor =
        if values.dim () = 1L then
            values
        else
            values.t().reshape -1L

    /// The number of rows: of points N, times the number of components of u.
    let rows tangent = Tensor.rows (representative tangent)

    /// The number of parameters p.
    let parameters tangent =
        match tangent with
        | Structured(p, _) -> p
        | Generic generic -> generic.Parameters

    let private restrict (select: Tensor -> Tensor) tangent =
        match tangent with
        | Structured(p, blocks) -> Structured(p, List.map (Block.restrict select) blocks)
        | Generic generic ->
            Generic
                { generic with
                    Points = select generic.Points
                }

    /// The tangent at the points with the given indices (a vector of integers on the same device).
    let pick (indices: Tensor) tangent =
        restrict (fun rows -> rows.index_select (0L, indices)) tangent

    let private narrow (start, length) tangent =
        restrict (fun rows -> rows.narrow (0L, start, length)) tangent

    /// The rows of one of m components.
    let internal ofComponent index m tangent =
        let n = int64 (rows tangent / m)
        narrow (int64 index * n, n) tangent

    /// A matrix with one row per point of the tangent, made some rows at a time so that intermediates stay bounded.
    let private byRows size perRow columns (make: Tangent -> Tensor) tangent : Tensor =
        Scope.keep (fun () ->
            match split size (rows tangent) perRow with
            | [ _ ] -> make tangent
            | several ->
                let result = (representative tangent).new_empty(int64 (rows tangent), int64 columns)

                for start, length in several do
                    Scope.free (fun () ->
                        result.narrow(0L, start, length).copy_(make (narrow (start, length) tangent))
                        |> ignore)

                result)

    /// The rows of J, of a generic tangent's range of points.
    let private jacobian (start, length) (generic: GenericTangent) : Tensor =
        generic.Jacobian(generic.Points.narrow (0L, start, length))

    /// K(X, Y) = J(X) J(Y)ᵀ (N × M) of two tangents of the same network. Costs O(N M Σ_l (fan-in + fan-out)) for a
    /// layered network; temporary memory is bounded. Raises `ArgumentException` for tangents of different networks.
    let kernel (first: Tangent) (second: Tangent) : Tensor =
        if parameters first <> parameters second then
            Guard.fail
                "second"
                $"{parameters second} parameters, but the first tangent has {parameters first}; take both from the same network"

        let make part : Tensor =
            match part, second with
            | Structured(_, blocks), Structured(_, other) ->
                List.zip blocks other |> Block.sum (fun (x, y) -> Block.kernel x y)
            | Generic part, Generic other ->
                let j = part.Jacobian part.Points

                Tensor.concatenate
                    1L
                    [
                        for range in chunks (rows second) other.Parameters ->
                            Scope.keep (fun () -> j.mm ((jacobian range other).t()))
                    ]
            | _ ->
                Guard.fail "second" "the one tangent is structured, the other generic; take both from the same network"

        let size, perRow =
            match first with
            | Structured _ -> blockSize, rows second
            | Generic generic -> jacobianSize, generic.Parameters

        byRows size perRow (rows second) (fun part -> Scope.keep (fun () -> make part)) first

    /// The squared norms |∂u(x_i)/∂θ|², the diagonal of K(X, X) (N).
    let squaredNorms tangent : Tensor =
        Scope.keep (fun () ->
            match tangent with
            | Structured(_, blocks) -> blocks |> Block.sum (fun block -> Block.diagonal block block)
            | Generic generic ->
                Tensor.concatenate
                    0L
                    [
                        for range in chunks (rows tangent) generic.Parameters ->
                            Scope.keep (fun () -> (jacobian range generic).square().sum 1L)
                    ])

    /// Jᵀ v (p) for v (N).
    let transposeTimes (v: Tensor) tangent : Tensor =
        Guard.vector "v" (rows tangent) v

        Scope.keep (fun () ->
            match tangent with
            | Structured(p, blocks) ->
                let result = v.new_zeros (int64 p)

                for block in blocks do
                    Scope.free (fun () -> Block.addTransposeTimes v result block)

                result
            | Generic generic -> generic.TransposeTimes generic.Points v)

    /// J w (N) for w (p): the change of u at the points when θ moves along w.
    let times (w: Tensor) tangent : Tensor =
        Guard.vector "w" (parameters tangent) w

        Scope.keep (fun () ->
            match tangent with
            | Structured(_, blocks) -> Block.sum (Block.times w) blocks
            | Generic generic ->
                Tensor.concatenate
                    0L
                    [
                        for range in chunks (rows tangent) generic.Parameters ->
                            Scope.keep (fun () -> (jacobian range generic).mv w)
                    ])
