namespace Mne.Functional

open TorchSharp

/// How a network was made: enough to make it again (`Network.ofRecipe`), unless it is a function of the caller's.
[<RequireQualifiedAccess>]
type NetworkRecipe =
    /// Layers on a domain: `Network.create`.
    | Layers of Domain * Layer list
    /// Layers with weights shared between blocks of coordinates: `Network.ofBlocks`.
    | Blocks of Domain * blocks: int list list * Layer list
    /// A network of shifted and scaled coordinates: `Network.rescaled`.
    | Rescaled of shift: float list * scale: float list * NetworkRecipe
    /// The sum of networks: `Network.add`.
    | Sum of NetworkRecipe list
    /// Something that only the program that made it knows: `Network.ofFunction`, or functions of a network replaced.
    | Function of Domain * parameters: int

    /// One line that says what the network is.
    override recipe.ToString() =
        match recipe with
        | Layers(domain, layers) -> $"%A{layers} on %A{domain.Coordinates}"
        | Blocks(_, blocks, layers) -> $"Σ over %A{blocks} of %A{layers}"
        | Rescaled(shift, scale, inner) -> $"{inner} of (x − %A{shift}) / %A{scale}"
        | Sum parts -> parts |> List.map string |> String.concat " + "
        | Function(domain, parameters) -> $"a function of {parameters} parameters on %A{domain.Coordinates}"

/// A parametric function u_θ on a domain. Parameters θ are one flat vector (p), points X the rows of an N × d tensor;
/// both carry element type and device. A network is a description and a few pure functions; it holds no tensors.
type Network =
    {
        /// Where the function lives.
        Domain: Domain
        /// p, the length of θ.
        ParameterCount: int
        /// How it was made. Whoever replaces one of the functions below says so here with `NetworkRecipe.Function`.
        Recipe: NetworkRecipe
        /// Seeded initial parameters (p) with the given placement.
        Initial: Placement -> int -> Tensor
        /// Values and the requested derivatives at a moderate number of points.
        Propagate: Set<Derivative> -> Tensor -> Tensor -> Jet
        /// The tangent at the points.
        Linearise: Tensor -> Tensor -> Tangent
    }

    /// One line that says what the network is.
    member network.Description = string network.Recipe

/// Networks: creation, values, local derivatives, tangents.
[<RequireQualifiedAccess>]
module Network =

    let private weightAndBias (θ: Tensor) fanIn fanOut offset =
        θ.narrow(0L, int64 offset, int64 (fanIn * fanOut)).view(int64 fanOut, int64 fanIn),
        θ.narrow (0L, int64 (offset + fanIn * fanOut), int64 fanOut)

    /// A jet through the nodes, in order.
    let rec private propagate (θ: Tensor) (nodes: Node list) (jet: Jet) : Jet =
        (jet, nodes)
        ||> List.fold (fun jet node ->
            match node with
            | Affine(fanIn, fanOut, offset, _) ->
                let weight, bias = weightAndBias θ fanIn fanOut offset
                Jet.affine weight bias jet
            | Fixed(weight, bias) ->
                let placement = Placement.ofTensor θ
                Jet.affine (Tensor.ofArray2D placement weight) (Tensor.ofArray placement bias) jet
            | Activate activation -> Jet.activate activation jet
            | Fork branches -> Jet.concatenate [ for branch in branches -> propagate θ branch jet ]
            | Sum branches -> [ for branch in branches -> propagate θ branch jet ] |> List.reduce Jet.add)

    /// The value at the end of the nodes, and the way back: from the sensitivity of u to that value, its sensitivity
    /// to the input and the blocks of the tangent met on the way.
    let rec private linearise
        (θ: Tensor)
        (nodes: Node list)
        (input: Tensor)
        : Tensor * (Tensor -> Tensor * Block list) =
        (((input, (fun g -> g, []))), nodes)
        ||> List.fold (fun (h, back) node ->
            let next, local =
                match node with
                | Affine(fanIn, fanOut, offset, _) ->
                    let weight, bias = weightAndBias θ fanIn fanOut offset

                    h.mm(weight.t ()).add_ bias, fun (g: Tensor) -> g.mm weight, [ Outer(h, g, offset) ]
                | Fixed(weight, bias) ->
                    let placement = Placement.ofTensor θ
                    let weight = Tensor.ofArray2D placement weight
                    h.mm(weight.t ()).add_(Tensor.ofArray placement bias), (fun g -> g.mm weight, [])
                | Activate activation ->
                    match Activation.derivatives 1 activation h with
                    | [ value; slope ] -> value, (fun g -> g * slope, [])
                    | _ -> Guard.fail "order" "one derivative asked for, another number returned"
                | Fork branches ->
                    let parts = [ for branch in branches -> linearise θ branch h ]

                    Tensor.concatenate 1L (List.map fst parts),
                    fun g ->
                        let pieces = g.split ([| for value, _ in parts -> value.shape[1] |], 1L)

                        List.map2 (fun (_, back) piece -> back piece) parts (List.ofArray pieces)
                        |> merge
                | Sum branches ->
                    let parts = [ for branch in branches -> linearise θ branch h ]

                    parts |> List.map fst |> List.reduce (fun x y -> x + y),
                    (fun g -> [ for _, back in parts -> back g ] |> merge)

            next,
            fun g ->
                let g, blocks = local g
                let g, earlier = back g
                g, earlier @ blocks)

    /// Sensitivities of parallel branches add up; their blocks stand side by side.
    and private merge (branches: (Tensor * Block list) list) =
        branches |> List.map fst |> List.reduce (fun x y -> x + y), List.collect snd branches

    /// A layered network from the domain to the reals; a linear map to one output is put behind the given layers.
    /// Raises `ArgumentException` when a layer does not fit.
    ///
    /// <example><code>
    /// let network = Network.create (Domain.euclidean 2) [ Layer.dense 64 Tanh; Layer.dense 64 Tanh ]
    /// let θ = Network.initial network 1
    /// </code></example>
    let create (domain: Domain) (layers: Layer list) : Network =
        let nodes, parameters = Node.compile domain layers 1

        {
            Domain = domain
            ParameterCount = parameters
            Recipe = NetworkRecipe.Layers(domain, layers)
            Initial = fun placement seed -> Node.initial placement seed nodes
            Propagate = fun request θ points -> propagate θ nodes (Jet.ofPoints request points)
            Linearise =
                fun θ points ->
                    let value, back = linearise θ nodes points
                    Structured(parameters, snd (back (torch.ones_like value)))
        }

    /// A network given as any differentiable function of θ (p) and points X (N × d) to values (N), each value depending
    /// on its own point only. Derivatives and tangents come from automatic differentiation: correct for everything, and
    /// slower than `create`. `initial` makes parameters from a seed.
    /// Raises `ArgumentException` when the function returns another shape than N.
    ///
    /// <example><code>
    /// // a Gaussian bump of free height, centre and width
    /// let bump (θ: Tensor) (x: Tensor) = θ[0] * (-(x.squeeze 1L - θ[1]).square () * θ[2]).exp ()
    /// let network = Network.ofFunction (Domain.euclidean 1) 3 (fun placement seed -> Random.normal placement seed [ 3 ]) bump
    /// </code></example>
    let ofFunction
        (domain: Domain)
        (parameters: int)
        (initial: Placement -> int -> Tensor)
        (f: Tensor -> Tensor -> Tensor)
        : Network =
        Guard.atLeast "parameters" 1 parameters

        let evaluate (θ: Tensor) (points: Tensor) =
            let value = f θ points
            Guard.vector "f" (Tensor.rows points) value
            value

        let d = domain.Dimension

        let derivatives request (θ: Tensor) (points: Tensor) =
            let rec channel derivative : Tensor -> Tensor =
                match derivative with
                | Value -> evaluate θ
                | Partial(k, n) ->
                    let lower = if n = 1 then Value else Partial(k, n - 1)
                    fun x -> (Diff.grad (channel lower) x).select(1L, int64 k)
                | Mixed(i, j) -> fun x -> (Diff.grad (channel (Partial(i, 1))) x).select(1L, int64 j)
                | Laplacian -> Diff.laplacian (evaluate θ)

            let channels = Jet.closure d request |> Set.toList

            {
                Dimension = d
                Channels = channels
                Data = (Tensor.stack 0L [ for c in channels -> channel c points ]).unsqueeze -1L
            }

        let jacobian (θ: Tensor) (points: Tensor) =
            Tensor.stack
                0L
                [
                    for i in 0 .. Tensor.rows points - 1 ->
                        θ
                        |> Diff.grad (fun θ -> (evaluate θ (points.narrow (0L, int64 i, 1L))).squeeze 0L)
                ]

        let transposeTimes (θ: Tensor) (points: Tensor) (v: Tensor) =
            θ |> Diff.grad (fun θ -> (evaluate θ points * v).sum())

        {
            Domain = domain
            ParameterCount = parameters
            Recipe = NetworkRecipe.Function(domain, parameters)
            Initial = initial
            Propagate = derivatives
            Linearise =
                fun θ points ->
                    Generic
                        {
                            Parameters = parameters
                            Points = points
                            Jacobian = jacobian θ
                            TransposeTimes = transposeTimes θ
                        }
        }

    /// A network that reads only some coordinates, and shares its weights between several such blocks:
    /// u(x) = Σ_b w(x_b), where w is a layered network and x_b are the coordinates that block b lists. One block makes a
    /// network of these coordinates; all single coordinates, or all pairs, make a function that does not depend on their
    /// order; all neighbourhoods of a lattice, one that does not change under translation.
    /// Raises `ArgumentException` when a block is empty, names a coordinate that does not exist, or differs from the first
    /// block in length or kind of coordinates.
    ///
    /// <example><code>
    /// // a chain of 16 sites with periodic ends: every site with its two neighbours
    /// let energy = Network.ofBlocks (Domain.euclidean 16) [ for i in 0 .. 15 -> [ (i + 15) % 16; i; (i + 1) % 16 ] ] [ Layer.dense 32 Swish ]
    /// </code></example>
    let ofBlocks (domain: Domain) (blocks: int list list) (layers: Layer list) : Network =
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

        let part = create (Domain.create (kinds blocks.Head)) layers
        let m, width = int64 blocks.Length, int64 blocks.Head.Length
        let flat = blocks |> List.concat |> List.map int64 |> List.toArray

        /// The blocks of all points below each other, (N m) × width.
        let gather (points: Tensor) =
            points.index_select(1L, torch.tensor (flat, device = points.device)).view(points.shape[0] * m, width)

        let propagate request (θ: Tensor) (points: Tensor) =
            let channels = Jet.closure d request |> Set.toList
            let axis k block = List.tryFindIndex ((=) k) block

            /// What a derivative is for one block: a derivative of w, or nothing.
            let within block derivative =
                match derivative with
                | Value
                | Laplacian -> Some derivative
                | Partial(k, n) -> axis k block |> Option.map (fun k -> Partial(k, n))
                | Mixed(i, j) -> Option.map2 (fun i j -> Mixed(min i j, max i j)) (axis i block) (axis j block)

            let needed =
                [
                    for block in blocks do
                        yield! List.choose (within block) channels
                ]
                |> Set.ofList

            let inner = part.Propagate needed θ (gather points)

            let columns derivative =
                (Jet.get derivative inner).view(points.shape[0], m)

            let channel derivative : Tensor =
                match derivative with
                | Value
                | Laplacian -> (columns derivative).sum 1L
                | _ ->
                    [
                        for b, block in List.indexed blocks do
                            match within block derivative with
                            | Some inner -> (columns inner).select(1L, int64 b)
                            | None -> ()
                    ]
                    |> List.fold (fun sum term -> sum + term) (points.new_zeros points.shape[0])

            {
                Dimension = d
                Channels = channels
                Data = (Tensor.stack 0L [ for c in channels -> channel c ]).unsqueeze -1L
            }

        /// Shared weights: the gradients of all blocks of a point add up.
        let collapse (n: int64) block =
            match block with
            | Outer(a, b, offset) when m > 1L ->
                let a, b = a.view (n, m, a.shape[1]), b.view (n, m, b.shape[1])
                let weight = b.transpose(1L, 2L).bmm(a).flatten 1L
                Columns(Tensor.concatenate 1L [ weight; b.sum 1L ], offset)
            | other -> other

        {
            Domain = domain
            ParameterCount = part.ParameterCount
            Recipe = NetworkRecipe.Blocks(domain, blocks, layers)
            Initial = part.Initial
            Propagate = propagate
            Linearise =
                fun θ points ->
                    match part.Linearise θ (gather points) with
                    | Structured(p, inner) -> Structured(p, List.map (collapse points.shape[0]) inner)
                    | Generic _ as generic -> generic
        }

    /// A network that sees shifted and scaled coordinates, u(x) = w((x − shift) / scale): for domains whose coordinates are
    /// far from 0 or of different size. Any network can be rescaled, sums and blocks too.
    /// Raises `ArgumentException` unless there are d finite shifts and d positive scales.
    let rescaled (shift: float list) (scale: float list) (network: Network) : Network =
        let d = network.Domain.Dimension

        if shift.Length <> d || scale.Length <> d then
            Guard.fail "scale" $"{shift.Length} shifts and {scale.Length} scales, but the domain has dimension {d}"

        if
            network.Domain.Coordinates
            |> List.exists (fun coordinate -> coordinate.IsPeriodic)
        then
            Guard.fail
                "network"
                "its domain has periodic coordinates, whose period would change; rescale only the others"

        scale |> List.iter (Guard.positive "scale")

        let inside (points: Tensor) =
            let tensor values =
                Tensor.ofArray (Placement.ofTensor points) (List.toArray values)

            (points - tensor shift) / tensor scale

        let alike = scale |> List.forall ((=) scale.Head)

        let propagate request θ points =
            let channels = Jet.closure d request |> Set.toList

            // Where scales differ, the Laplacian is no multiple of the inner one: it is added up from its parts.
            let needed =
                channels
                |> List.collect (function
                    | Laplacian when not alike -> [ for k in 0 .. d - 1 -> Partial(k, 2) ]
                    | derivative -> [ derivative ])
                |> Set.ofList

            let inner = network.Propagate needed θ (inside points)

            let rec channel derivative : Tensor =
                match derivative with
                | Value -> Jet.value inner
                | Partial(k, n) -> Jet.get derivative inner / scale[k] ** float n
                | Mixed(i, j) -> Jet.get derivative inner / (scale[i] * scale[j])
                | Laplacian when alike -> Jet.laplacian inner / (scale.Head * scale.Head)
                | Laplacian ->
                    [ for k in 0 .. d - 1 -> channel (Partial(k, 2)) ]
                    |> List.reduce (fun x y -> x + y)

            {
                Dimension = d
                Channels = channels
                Data = (Tensor.stack 0L [ for c in channels -> channel c ]).unsqueeze -1L
            }

        { network with
            Recipe = NetworkRecipe.Rescaled(shift, scale, network.Recipe)
            Propagate = propagate
            Linearise = fun θ points -> network.Linearise θ (inside points)
        }

    /// The sum of networks on the same domain, each with its own weights: u(x) = Σ_k u_k(x); θ holds theirs one after the
    /// other. The tangent kernel of a sum is the sum of the kernels.
    /// Raises `ArgumentException` when there are none, when domains differ, or when a network is generic.
    let add (networks: Network list) : Network =
        if networks.IsEmpty then
            Guard.fail "networks" "found none, wanted at least one"

        let domain = networks.Head.Domain

        if networks |> List.exists (fun network -> network.Domain <> domain) then
            Guard.fail
                "networks"
                "their domains differ; make all of them on the same domain (Network.ofBlocks picks coordinates)"

        let offsets =
            networks |> List.scan (fun offset network -> offset + network.ParameterCount) 0

        let parts = List.zip networks (List.take networks.Length offsets)

        let own (θ: Tensor) (network: Network, offset) =
            θ.narrow (0L, int64 offset, int64 network.ParameterCount)

        {
            Domain = domain
            ParameterCount = List.last offsets
            Recipe = NetworkRecipe.Sum [ for network in networks -> network.Recipe ]
            Initial =
                fun placement seed ->
                    Scope.keep (fun () ->
                        Tensor.concatenate
                            0L
                            [
                                for i, network in List.indexed networks ->
                                    network.Initial placement (Random.child i seed)
                            ])
            Propagate =
                fun request θ points ->
                    parts
                    |> List.map (fun (network, offset) -> network.Propagate request (own θ (network, offset)) points)
                    |> List.reduce Jet.add
            Linearise =
                fun θ points ->
                    Structured(
                        List.last offsets,
                        [
                            for network, offset in parts do
                                match network.Linearise (own θ (network, offset)) points with
                                | Structured(_, blocks) -> yield! List.map (Block.shift offset) blocks
                                | Generic _ ->
                                    Guard.fail
                                        "networks"
                                        $"\"{network.Description}\" is generic; write the whole sum as one function for Network.ofFunction"
                        ]
                    )
        }

    /// The network of a recipe: the same functions, bit for bit, as the network that the recipe was taken from.
    /// Raises `ArgumentException` for a recipe that a function is part of.
    let rec ofRecipe (recipe: NetworkRecipe) : Network =
        match recipe with
        | NetworkRecipe.Layers(domain, layers) -> create domain layers
        | NetworkRecipe.Blocks(domain, blocks, layers) -> ofBlocks domain blocks layers
        | NetworkRecipe.Rescaled(shift, scale, inner) -> rescaled shift scale (ofRecipe inner)
        | NetworkRecipe.Sum parts -> add (List.map ofRecipe parts)
        | NetworkRecipe.Function _ ->
            Guard.fail
                "recipe"
                $"it stands for {recipe}, which only the program that made it knows; give the network itself"

    let private check (network: Network) (θ: Tensor) (points: Tensor) =
        Guard.vector "θ" network.ParameterCount θ
        Guard.points "points" network.Domain.Dimension points
        Guard.samePlacement "points" points "θ" θ

    /// Seeded initial parameters (p), float64 on the CPU.
    let initial (network: Network) (seed: int) : Tensor = network.Initial Placement.float64 seed

    /// Jets are propagated for this many numbers per unit of width at a time.
    let private chunkRows = 1 <<< 12

    /// u and the requested derivatives at the points (N × d); memory for intermediates is bounded whatever N.
    /// Raises `ArgumentException` when shapes or placements do not fit, or a derivative does not exist.
    let jet (request: Set<Derivative>) (network: Network) (θ: Tensor) (points: Tensor) : Jet =
        check network θ points
        let channels = (Jet.closure network.Domain.Dimension request).Count
        let rows, step = Tensor.rows points, max 1 (chunkRows / channels)

        let parts =
            [
                for start in 0..step .. rows - 1 ->
                    Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
                        network.Propagate request θ (points.narrow (0L, int64 start, int64 (min step (rows - start)))))
            ]

        match parts with
        | [ one ] -> one
        | _ ->
            let data = Tensor.concatenate 1L [ for part in parts -> part.Data ]

            for part in parts do
                part.Data.Dispose()

            { parts.Head with Data = data }

    /// u_θ at the points (N).
    let value (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.value (jet Set.empty network θ points))

    /// ∇u_θ at the points (N × d).
    let gradient (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.gradient (jet (Jet.gradientRequest network.Domain.Dimension) network θ points))

    /// Δu_θ at the points (N).
    let laplacian (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.laplacian (jet (Set.singleton Laplacian) network θ points))

    /// The tangent J = ∂u(x_i)/∂θ_j at the points, in structured form. Call it inside a scope: it holds tensors.
    let tangent (network: Network) (θ: Tensor) (points: Tensor) : Tangent =
        check network θ points

        /// What the blocks hold, each tensor once; the points are the caller's.
        let held tangent =
            match tangent with
            | Generic _ -> []
            | Structured(_, blocks) ->
                List.collect Block.tensors blocks
                |> Seq.distinctBy (fun tensor -> tensor.Handle)
                |> Seq.filter (fun tensor -> tensor.Handle <> points.Handle)
                |> Seq.toList

        Scope.keepAll held (fun () -> network.Linearise θ points)
