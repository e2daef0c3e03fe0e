namespace Mne.Functional

open TorchSharp

/// <summary>The part of the tangent that belongs to some consecutive parameters.</summary>
[<RequireQualifiedAccess>]
type Block =
    /// <summary>
    /// An affine map W h + b of a layered network: ∂u(x_i)/∂W = δ_i h_iᵀ and ∂u(x_i)/∂b = δ_i, given as
    /// A: what enters the map, h_i (N × fan-in), and B: the sensitivity of u(x_i) to what leaves it, δ_i (N × fan-out).
    /// W (row by row) and then b begin at <c>offset</c> in θ.
    /// </summary>
    | Outer of inputs: Tensor * sensitivities: Tensor * offset: int
    /// <summary>
    /// The columns of J themselves (N × q), from <c>offset</c> on: for weights that are shared by many places.
    /// </summary>
    | Columns of jacobian: Tensor * offset: int
    /// <summary>Blocks of the same parameters, met at several places: their parts of J add up.</summary>
    | Together of Block list

/// What each kind of block does; a structured tangent does it for all of its blocks.
module internal Block =

    /// The sum of a quantity over all blocks; intermediates are freed one by one.
    let sum (quantity: 'block -> Tensor) (blocks: 'block list) : Tensor =
        let total = quantity blocks.Head

        for block in blocks.Tail do
            Scope.free (fun () -> total.AddInPlace(quantity block) |> ignore)

        total

    /// What the block holds; each tensor has one row per point.
    let rec tensors block =
        match block with
        | Block.Outer(a, b, _) -> [ a; b ]
        | Block.Columns(j, _) -> [ j ]
        | Block.Together parts -> List.collect tensors parts

    /// The block at a selection of the points.
    let rec restrict (select: Tensor -> Tensor) block =
        match block with
        | Block.Outer(a, b, offset) -> Block.Outer(select a, select b, offset)
        | Block.Columns(j, offset) -> Block.Columns(select j, offset)
        | Block.Together parts -> Block.Together(List.map (restrict select) parts)

    /// The block with its parameters moved along by `by` places.
    let rec shift by block =
        match block with
        | Block.Outer(a, b, offset) -> Block.Outer(a, b, offset + by)
        | Block.Columns(j, offset) -> Block.Columns(j, offset + by)
        | Block.Together parts -> Block.Together(List.map (shift by) parts)

    /// The block of a function that is multiplied by known factors, one for every row (N × 1).
    let rec scale (factors: Tensor) block =
        match block with
        | Block.Outer(a, b, offset) -> Block.Outer(a, b * factors, offset)
        | Block.Columns(j, offset) -> Block.Columns(j * factors, offset)
        | Block.Together parts -> Block.Together(List.map (scale factors) parts)

    /// What of a block its kernel is made of, a row per point; those of several places add up.
    type Factor =
        /// F of the kernel F F'ᵀ.
        | Plain of Tensor
        /// B and A of the kernel (B B'ᵀ) ∘ (A A'ᵀ).
        | Pair of Tensor * Tensor

    let rec factors block : Factor list =
        match block with
        | Block.Together parts -> List.collect factors parts
        | Block.Columns(j, _) -> [ Plain j ]
        | Block.Outer(a, b, _) ->
            // The bias is the weight of one more unit that is always 1.
            let extended = Tensor.concatenate 1L [ a; a.new_ones (a.shape[0], 1L) ]

            if b.shape[1] = 1L then
                [ Plain(extended * b) ]
            else
                [ Pair(b, extended) ]

    /// Something of the factor with a row per point.
    let representative factor : Tensor =
        match factor with
        | Plain f -> f
        | Pair(b, _) -> b

    /// The factor at a selection of the points.
    let select (rows: Tensor -> Tensor) factor =
        match factor with
        | Plain f -> Plain(rows f)
        | Pair(b, a) -> Pair(rows b, rows a)

    /// Adds the kernel of two factors to `total` (N × M).
    let addKernel (total: Tensor) first second : unit =
        match first, second with
        | Plain f, Plain f' -> total.addmm_ (f, f'.t ()) |> ignore
        | Pair(b, a), Pair(b', a') -> total.AddProductInPlace(b.mm (b'.t ()), a.mm (a'.t ()), 1.0) |> ignore
        | _ -> Guard.fail "second" "a tangent of another network; take both from the same network"

    /// The diagonal of `kernel first second`, of blocks with the same rows (N).
    let rec diagonal first second : Tensor =
        match first, second with
        | Block.Together parts, _ -> parts |> sum (fun part -> diagonal part second)
        | _, Block.Together parts -> parts |> sum (fun part -> diagonal first part)
        | Block.Outer(a, b, _), Block.Outer(a', b', _) -> (b * b').sum 1L * ((a * a').sum 1L .+ 1.0)
        | Block.Columns(j, _), Block.Columns(j', _) -> (j * j').sum 1L
        | _ -> Guard.fail "second" "a tangent of another network; take both from the same network"

    /// Adds the block's part of Jᵀ v to `result` (p).
    let rec addTransposeTimes (v: Tensor) (result: Tensor) block =
        match block with
        | Block.Together parts -> parts |> List.iter (addTransposeTimes v result)
        | Block.Outer(a, b, offset) ->
            let weighted = b * v.unsqueeze 1L
            let fanIn, fanOut = a.shape[1], b.shape[1]

            result.narrow(0L, int64 offset, fanOut * fanIn).view(fanOut, fanIn).AddInPlace(weighted.t().mm a)
            |> ignore

            result.narrow(0L, int64 offset + fanOut * fanIn, fanOut).AddInPlace(weighted.sum 0L)
            |> ignore
        | Block.Columns(j, offset) -> result.narrow(0L, int64 offset, j.shape[1]).AddInPlace(j.t().mv v) |> ignore

    /// The block's part of J w (N).
    let rec times (w: Tensor) block : Tensor =
        match block with
        | Block.Together parts -> parts |> sum (times w)
        | Block.Outer(a, b, offset) ->
            let fanIn, fanOut = a.shape[1], b.shape[1]
            let weight = w.narrow(0L, int64 offset, fanOut * fanIn).view(fanOut, fanIn)
            let bias = w.narrow (0L, int64 offset + fanOut * fanIn, fanOut)
            ((a.mm (weight.t ()) .+ bias) * b).sum 1L
        | Block.Columns(j, offset) -> j.mv (w.narrow (0L, int64 offset, j.shape[1]))
