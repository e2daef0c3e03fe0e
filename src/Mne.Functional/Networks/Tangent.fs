namespace Mne.Functional

open TorchSharp

/// The part of the tangent that belongs to one affine map of a network: ∂u(x_i)/∂W = δ_i h_iᵀ and ∂u(x_i)/∂b = δ_i.
type Block =
    {
        /// A: what enters the map, h_i (N × fan-in).
        Inputs: Tensor
        /// B: the sensitivity of u(x_i) to what leaves it, δ_i (N × fan-out).
        Sensitivities: Tensor
        /// Where W (row by row) and then b begin in θ.
        Offset: int
    }

/// The tangent J = ∂u(x_i)/∂θ_j (N × p) at N points, in a form that never holds all of J (MATH.md §1).
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
        /// The points of the rows (N × d).
        Points: Tensor
        /// The rows of J (n × p) at the given points (n × d).
        Jacobian: Tensor -> Tensor
        /// Jᵀ v (p) at the given points for v (n).
        TransposeTimes: Tensor -> Tensor -> Tensor
    }

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

    /// The number of points N.
    let rows tangent =
        match tangent with
        | Structured(_, blocks) -> Tensor.rows blocks.Head.Inputs
        | Generic generic -> Tensor.rows generic.Points

    /// The number of parameters p.
    let parameters tangent =
        match tangent with
        | Structured(p, _) -> p
        | Generic generic -> generic.Parameters

    let private restrict (select: Tensor -> Tensor) tangent =
        match tangent with
        | Structured(p, blocks) ->
            Structured(
                p,
                [
                    for block in blocks ->
                        { block with
                            Inputs = select block.Inputs
                            Sensitivities = select block.Sensitivities
                        }
                ]
            )
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

    /// Σ_l (B_l B'_lᵀ) ∘ (A_l A'_lᵀ + 1).
    let private structuredKernel (first: Block list) (second: Block list) : Tensor =
        let one = 1.0.ToScalar()

        let factors (x: Block) (y: Block) =
            x.Sensitivities.mm (y.Sensitivities.t ()), x.Inputs.mm(y.Inputs.t ()).add_(one: Scalar)

        let sum =
            Scope.keep (fun () ->
                let b, a = factors first.Head second.Head
                b.mul_ (a: Tensor))

        for x, y in List.zip first.Tail second.Tail do
            Scope.free (fun () ->
                let b, a = factors x y
                sum.addcmul_ (b, a, one) |> ignore)

        sum

    /// K(X, Y) = J(X) J(Y)ᵀ (N × M) of two tangents of the same network. Costs O(N M Σ_l (fan-in + fan-out)) for a
    /// layered network; temporary memory is bounded. Raises `ArgumentException` for tangents of different networks.
    let rec kernel (first: Tangent) (second: Tangent) : Tensor =
        if parameters first <> parameters second then
            Guard.fail
                "second"
                $"{parameters second} parameters, but the first tangent has {parameters first}; take both from the same network"

        let byRows size perRow (block: Tangent -> Tensor) =
            Scope.keep (fun () ->
                match split size (rows first) perRow with
                | [ _ ] -> block first
                | several ->
                    let like =
                        match first with
                        | Structured(_, b) -> b.Head.Inputs
                        | Generic g -> g.Points

                    let result = like.new_empty (int64 (rows first), int64 (rows second))

                    for start, length in several do
                        Scope.free (fun () ->
                            result.narrow(0L, start, length).copy_(block (narrow (start, length) first))
                            |> ignore)

                    result)

        match first, second with
        | Structured _, Structured(_, other) ->
            byRows blockSize (rows second) (function
                | Structured(_, blocks) -> Scope.keep (fun () -> structuredKernel blocks other)
                | Generic _ -> kernel first second)
        | Generic _, Generic other ->
            byRows jacobianSize (parameters first) (function
                | Generic part ->
                    Scope.keep (fun () ->
                        let jacobian = part.Jacobian part.Points

                        Tensor.concatenate
                            1L
                            [
                                for start, length in chunks (rows second) other.Parameters ->
                                    Scope.keep (fun () ->
                                        jacobian.mm ((other.Jacobian(other.Points.narrow (0L, start, length))).t()))
                            ])
                | Structured _ -> kernel first second)
        | _ -> Guard.fail "second" "the one tangent is structured, the other generic; take both from the same network"

    /// The squared norms |∂u(x_i)/∂θ|², the diagonal of K(X, X) (N).
    let squaredNorms tangent : Tensor =
        Scope.keep (fun () ->
            match tangent with
            | Structured(_, blocks) ->
                [
                    for block in blocks -> block.Sensitivities.square().sum 1L * (block.Inputs.square().sum 1L + 1.0)
                ]
                |> List.reduce (fun x y -> x + y)
            | Generic generic ->
                Tensor.concatenate
                    0L
                    [
                        for start, length in chunks (rows tangent) generic.Parameters ->
                            Scope.keep (fun () ->
                                (generic.Jacobian(generic.Points.narrow (0L, start, length))).square().sum 1L)
                    ])

    /// Jᵀ v (p) for v (N).
    let transposeTimes (v: Tensor) tangent : Tensor =
        Guard.vector "v" (rows tangent) v

        Scope.keep (fun () ->
            match tangent with
            | Structured(p, blocks) ->
                let result = v.new_zeros (int64 p)

                for block in blocks do
                    let weighted = block.Sensitivities * v.unsqueeze 1L
                    let fanIn, fanOut = block.Inputs.shape[1], weighted.shape[1]

                    let weight =
                        result.narrow(0L, int64 block.Offset, fanOut * fanIn).view(fanOut, fanIn)

                    weight.add_ (weighted.t().mm block.Inputs) |> ignore

                    result.narrow(0L, int64 block.Offset + fanOut * fanIn, fanOut).add_(weighted.sum 0L)
                    |> ignore

                result
            | Generic generic -> generic.TransposeTimes generic.Points v)

    /// J w (N) for w (p): the change of u at the points when θ moves along w.
    let times (w: Tensor) tangent : Tensor =
        Guard.vector "w" (parameters tangent) w

        Scope.keep (fun () ->
            match tangent with
            | Structured(_, blocks) ->
                [
                    for block in blocks ->
                        let fanIn, fanOut = block.Inputs.shape[1], block.Sensitivities.shape[1]
                        let weight = w.narrow(0L, int64 block.Offset, fanOut * fanIn).view(fanOut, fanIn)
                        let bias = w.narrow (0L, int64 block.Offset + fanOut * fanIn, fanOut)
                        ((block.Inputs.mm (weight.t ()) + bias) * block.Sensitivities).sum 1L
                ]
                |> List.reduce (fun x y -> x + y)
            | Generic generic ->
                Tensor.concatenate
                    0L
                    [
                        for start, length in chunks (rows tangent) generic.Parameters ->
                            Scope.keep (fun () -> (generic.Jacobian(generic.Points.narrow (0L, start, length))).mv w)
                    ])
