namespace Mne.Functional

open TorchSharp

/// Networks that share their weights between blocks of coordinates: u(x) = Σ_b w(x_b).
[<RequireQualifiedAccess>]
module internal Blocks =

    /// The domain of w; raises `ArgumentException` unless all blocks fit it.
    let private inner (domain: Domain) (blocks: int list list) : Domain =
        let d = domain.Dimension

        if blocks.IsEmpty || blocks.Head.IsEmpty then
            Guard.fail "blocks" "found none, wanted at least one block with at least one coordinate"

        let kinds block =
            [
                for k in block ->
                    if k < 0 || k >= d then
                        Guard.fail "blocks" $"coordinate {k} named, but the domain has the coordinates 0 to {d - 1}"

                    domain.Coordinates[k]
            ]

        for block in blocks do
            if kinds block <> kinds blocks.Head then
                Guard.fail
                    "blocks"
                    $"block %A{block} differs from block %A{blocks.Head} in length or kind of coordinates; share weights only between blocks that are alike"

        for k, coordinate in List.indexed domain.Coordinates do
            match coordinate with
            | Coordinate.Bounded(_, _, low, high) when low = Boundary.Dirichlet || high = Boundary.Dirichlet ->
                for block in blocks do
                    if not (List.contains k block) then
                        Guard.fail
                            "blocks"
                            $"block %A{block} does not see coordinate {k}, so that the sum would not vanish at its Dirichlet end; give every block this coordinate, or take an Interval and Network.dirichlet"
            | _ -> ()

        Domain.create (kinds blocks.Head)

    /// What a derivative of u is for a block with these axes: a derivative of w(x_b) along them, or nothing.
    let private within (axes: int list) derivative =
        let axis k = axes |> List.tryFindIndex ((=) k)

        match derivative with
        | Derivative.Value
        | Derivative.Laplacian -> Some derivative
        | Derivative.Partial(k, n) -> axis k |> Option.map (fun k -> Derivative.Partial(k, n))
        | Derivative.Mixed(i, j) -> Option.map2 (fun i j -> Derivative.Mixed(min i j, max i j)) (axis i) (axis j)

    /// How every x_b changes along one of the axes of its block: all places change that name the same coordinate.
    let private slope (blocks: int list list) (axes: int list list) (axis: int) =
        array2D
            [
                for block, axes in List.zip blocks axes ->
                    let changed = List.tryItem axis axes
                    [ for k in block -> if Some k = changed then 1.0 else 0.0 ]
            ]

    /// The x_b of all points below each other, (N m) × width.
    let private gather (blocks: int list list) (points: Tensor) : Tensor =
        let flat = blocks |> List.concat |> List.map int64 |> List.toArray

        points
            .index_select(1L, torch.tensor (flat, device = points.device))
            .view(points.shape[0] * int64 blocks.Length, int64 blocks.Head.Length)

    /// The jet of u; the axes of a block are its different coordinates.
    let private jet blocks (axes: int list list) (compiled: Compiled) request (θ: Tensor) (points: Tensor) : Jet =
        let d, n = int points.shape[1], points.shape[0]
        let channels = Jet.closure d request |> Set.toList

        let needed =
            Set.ofList
                [
                    for axes in axes do
                        yield! List.choose (within axes) channels
                ]

        let slopes axis =
            (Tensor.ofArray2D (Placement.ofTensor points) (slope blocks axes axis)).repeat(n, 1L)

        let inner =
            gather blocks points
            |> LinearJet.create blocks.Head.Length needed slopes
            |> Layered.jet compiled θ

        let columns derivative =
            (Jet.channel derivative inner).view(n, int64 blocks.Length, -1L)

        let channel derivative : Tensor =
            match derivative with
            | Derivative.Value
            | Derivative.Laplacian -> (columns derivative).sum 1L
            | _ ->
                [
                    for b, axes in List.indexed axes do
                        match within axes derivative with
                        | Some inner -> (columns inner).select(1L, int64 b)
                        | None -> ()
                ]
                |> List.fold (fun sum term -> sum .+ term) (points.new_zeros (n, int64 compiled.Outputs))

        {
            Dimension = d
            Channels = channels
            Data = Tensor.stack 0L [ for c in channels -> channel c ]
        }

    /// Shared weights: the gradients of all m blocks of a row add up.
    let private collapse (m: int64) block =
        match block with
        | Block.Outer(a, b, offset) when m > 1L ->
            let a, b = a.view (-1L, m, a.shape[1]), b.view (-1L, m, b.shape[1])
            let weight = b.transpose(1L, 2L).bmm(a).flatten 1L
            Block.Columns(Tensor.concatenate 1L [ weight; b.sum 1L ], offset)
        | other -> other

    let network (domain: Domain) (blocks: int list list) (layers: Layer list) : Network =
        let compiled = Node.compile (inner domain blocks) layers

        {
            Domain = domain
            Outputs = compiled.Outputs
            ParameterCount = compiled.Parameters
            Recipe = NetworkRecipe.Blocks(domain, blocks, layers)
            Initial = fun placement seed -> Node.initial placement seed compiled.Nodes
            Propagate = jet blocks (List.map List.distinct blocks) compiled
            Linearise =
                fun θ points ->
                    gather blocks points
                    |> Layered.blocks compiled θ
                    |> List.map (collapse (int64 blocks.Length))
                    |> fun parts -> Tangent.Structured(compiled.Parameters, parts)
        }
