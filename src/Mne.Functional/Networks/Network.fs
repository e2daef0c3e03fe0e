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
    /// A network and its mirror image, added or subtracted: `Network.even` and `Network.odd`.
    | Mirrored of sign: float * axes: int list * NetworkRecipe
    /// The sum of networks: `Network.add`.
    | Sum of NetworkRecipe list
    /// One component of a network: `Network.ofComponent`.
    | Component of index: int * NetworkRecipe
    /// Something that only the program that made it knows: `Network.ofFunction`, or functions of a network replaced.
    | Function of Domain * parameters: int

    /// The layered networks and functions that it is composed of.
    member internal recipe.Parts: NetworkRecipe list =
        match recipe with
        | Layers _
        | Blocks _
        | Function _ -> [ recipe ]
        | Rescaled(_, _, inner)
        | Mirrored(_, _, inner)
        | Component(_, inner) -> inner.Parts
        | Sum parts -> parts |> List.collect _.Parts

    /// One line that says what the network is.
    override recipe.ToString() =
        match recipe with
        | Layers(domain, layers) -> $"%A{layers} on %A{domain.Coordinates}"
        | Blocks(_, blocks, layers) -> $"Σ over %A{blocks} of %A{layers}"
        | Rescaled(shift, scale, inner) -> $"{inner} of (x − %A{shift}) / %A{scale}"
        | Mirrored(sign, axes, inner) ->
            let parity = if sign > 0.0 then "even" else "odd"
            $"{inner}, {parity} in the coordinates %A{axes} together"
        | Sum parts -> parts |> List.map string |> String.concat " + "
        | Component(index, whole) -> $"component {index} of {whole}"
        | Function(domain, parameters) -> $"a function of {parameters} parameters on %A{domain.Coordinates}"

/// A parametric function u_θ on a domain, with one or several components. Parameters θ are one flat vector (p), points X
/// the rows of an N × d tensor;
/// both carry element type and device. A network is a description and a few pure functions; it holds no tensors.
type Network =
    {
        /// Where the function lives.
        Domain: Domain
        /// m, the number of components of u.
        Outputs: int
        /// p, the length of θ.
        ParameterCount: int
        /// How it was made. Whoever replaces one of the functions below says so here with `NetworkRecipe.Function`.
        Recipe: NetworkRecipe
        /// Seeded initial parameters (p) with the given placement.
        Initial: Placement -> int -> Tensor
        /// Values and the requested derivatives at a moderate number of points.
        Propagate: Set<Derivative> -> Tensor -> Tensor -> Jet
        /// The tangent at the points: m N rows, component by component.
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
            | Sum branches -> [ for branch in branches -> propagate θ branch jet ] |> List.reduce Jet.add
            | Product(one, two) -> Jet.multiply (propagate θ one jet) (propagate θ two jet))

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
                | Product(one, two) ->
                    let (factor: Tensor, backOne), (h, backTwo) = linearise θ one h, linearise θ two h

                    factor * h, (fun g -> merge [ backOne ((g * h).sum(1L, keepdim = true)); backTwo (g * factor) ])

            next,
            fun g ->
                let g, blocks = local g
                let g, earlier = back g
                g, earlier @ blocks)

    /// Sensitivities of parallel branches add up; their blocks stand side by side.
    and private merge (branches: (Tensor * Block list) list) =
        branches |> List.map fst |> List.reduce (fun x y -> x + y), List.collect snd branches

    /// The points m times below each other, as the rows of a tangent want them.
    let private repeated (m: int) (points: Tensor) : Tensor =
        if m = 1 then points else points.repeat ([| int64 m; 1L |])

    /// A layered network on the domain; a linear map to the reals is put behind the given layers, or to several
    /// components if they end in `Layer.outputs`.
    /// Raises `ArgumentException` when a layer does not fit.
    ///
    /// <example><code>
    /// let network = Network.create (Domain.euclidean 2) [ Layer.dense 64 Tanh; Layer.dense 64 Tanh ]
    /// let θ = Network.initial network 1
    /// </code></example>
    let create (domain: Domain) (layers: Layer list) : Network =
        let nodes, parameters, outputs = Node.compile domain layers

        {
            Domain = domain
            Outputs = outputs
            ParameterCount = parameters
            Recipe = NetworkRecipe.Layers(domain, layers)
            Initial = fun placement seed -> Node.initial placement seed nodes
            Propagate = fun request θ points -> propagate θ nodes (Jet.ofPoints request points)
            Linearise =
                fun θ points ->
                    let _, back = linearise θ nodes (repeated outputs points)
                    // Row by row, the sensitivity of one component to all of them.
                    let own = torch.eye (int64 outputs, dtype = θ.dtype, device = θ.device)
                    Structured(parameters, snd (back (own.repeat_interleave (points.shape[0], 0L))))
        }

    /// The jet of any differentiable function f of points (N × d ↦ N × m) by automatic differentiation.
    let private automaticJet request (f: Tensor -> Tensor) (points: Tensor) : Jet =
        let d = int points.shape[1]

        let rec channel (f: Tensor -> Tensor) derivative : Tensor -> Tensor =
            match derivative with
            | Value -> f
            | Partial(k, n) ->
                let lower = if n = 1 then Value else Partial(k, n - 1)
                fun x -> (Diff.grad (channel f lower) x).select(1L, int64 k)
            | Mixed(i, j) -> fun x -> (Diff.grad (channel f (Partial(i, 1))) x).select(1L, int64 j)
            | Laplacian -> Diff.laplacian f

        let channels = Jet.closure d request |> Set.toList
        let value = f points

        let column c =
            Tensor.stack
                0L
                [
                    for derivative in channels ->
                        match derivative with
                        | Value -> value.select (1L, c)
                        | _ -> channel (fun x -> (f x).select(1L, c)) derivative points
                ]

        {
            Dimension = d
            Channels = channels
            Data = Tensor.stack 2L [ for c in 0L .. value.shape[1] - 1L -> column c ]
        }

    /// A network of m components given as any differentiable function of θ (p) and points X (N × d) to values (N × m);
    /// see `ofFunction`.
    ///
    /// <example><code>
    /// // a point that moves on a circle, seen from everywhere
    /// let rotor (θ: Tensor) (x: Tensor) = Tensor.stack 1L [ θ[0].cos () + 0.0 * x.squeeze 1L; θ[0].sin () + 0.0 * x.squeeze 1L ]
    /// let network = Network.ofVectorFunction (Domain.euclidean 1) 2 1 (fun placement _ -> Tensor.zeros placement [ 1 ]) rotor
    /// </code></example>
    let ofVectorFunction
        (domain: Domain)
        (outputs: int)
        (parameters: int)
        (initial: Placement -> int -> Tensor)
        (f: Tensor -> Tensor -> Tensor)
        : Network =
        Guard.atLeast "outputs" 1 outputs
        Guard.atLeast "parameters" 1 parameters
        let d = domain.Dimension

        let evaluate (θ: Tensor) (points: Tensor) =
            let values = f θ points

            if values.shape <> [| points.shape[0]; int64 outputs |] then
                Guard.fail
                    "f"
                    $"found the shape {Guard.shapeName values.shape}, wanted {points.shape[0]} × {outputs} (one row per point, one column per component)"

            values

        /// For rows that say which component is meant, in their last column: one number per row.
        let chosen (θ: Tensor) (rows: Tensor) : Tensor =
            let index = rows.narrow(1L, int64 d, 1L).``to`` torch.ScalarType.Int64
            (evaluate θ (rows.narrow (1L, 0L, int64 d))).gather(1L, index).squeeze 1L

        let jacobian (θ: Tensor) (rows: Tensor) =
            Tensor.stack
                0L
                [
                    for i in 0 .. Tensor.rows rows - 1 ->
                        θ |> Diff.grad (fun θ -> (chosen θ (rows.narrow (0L, int64 i, 1L))).squeeze 0L)
                ]

        {
            Domain = domain
            Outputs = outputs
            ParameterCount = parameters
            Recipe = NetworkRecipe.Function(domain, parameters)
            Initial = initial
            Propagate = fun request θ points -> automaticJet request (evaluate θ) points
            Linearise =
                fun θ points ->
                    let number =
                        torch.arange (float outputs, dtype = points.dtype, device = points.device)

                    Generic
                        {
                            Parameters = parameters
                            Points =
                                Tensor.concatenate
                                    1L
                                    [
                                        repeated outputs points
                                        number.repeat_interleave(points.shape[0], 0L).unsqueeze 1L
                                    ]
                            Jacobian = jacobian θ
                            TransposeTimes = fun rows v -> θ |> Diff.grad (fun θ -> (chosen θ rows * v).sum())
                        }
        }

    /// A network given as any differentiable function of θ (p) and points X (N × d) to values (N), each value depending
    /// on its own point only. Derivatives and tangents come from automatic differentiation: correct for everything, and
    /// slower than `create`. `initial` makes parameters from a seed. Build it from smooth functions: of a kink, as relu and abs have,
    /// automatic differentiation gives no second derivative; an evolution that reads one is refused.
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
        ofVectorFunction domain 1 parameters initial (fun θ points ->
            let value = f θ points
            Guard.vector "f" (Tensor.rows points) value
            value.unsqueeze 1L)

    /// A network that reads only some coordinates, and shares its weights between several such blocks:
    /// u(x) = Σ_b w(x_b), where w is a layered network and x_b are the coordinates that block b lists. One block makes a
    /// network of these coordinates; all single coordinates, or all pairs, make a function that does not depend on their
    /// order; all neighbourhoods of a lattice, one that does not change under translation.
    /// Raises `ArgumentException` when a block is empty, names a coordinate that does not exist, differs from the first
    /// block in length or kind of coordinates, or lacks a coordinate with a Dirichlet condition (the sum of all blocks has
    /// to vanish there).
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

        for k, coordinate in List.indexed domain.Coordinates do
            match coordinate with
            | Bounded(_, _, low, high) when low = Dirichlet || high = Dirichlet ->
                for block in blocks do
                    if not (List.contains k block) then
                        Guard.fail
                            "blocks"
                            $"block %A{block} does not see coordinate {k}, so that the sum would not vanish at its Dirichlet end; give every block this coordinate, or take an Interval and Network.dirichlet"
            | _ -> ()

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
                (Jet.channel derivative inner).view(points.shape[0], m, -1L)

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
                    |> List.fold (fun sum term -> sum + term) (points.new_zeros (points.shape[0], int64 part.Outputs))

            {
                Dimension = d
                Channels = channels
                Data = Tensor.stack 0L [ for c in channels -> channel c ]
            }

        /// Shared weights: the gradients of all blocks of a row add up.
        let collapse block =
            match block with
            | Outer(a, b, offset) when m > 1L ->
                let a, b = a.view (-1L, m, a.shape[1]), b.view (-1L, m, b.shape[1])
                let weight = b.transpose(1L, 2L).bmm(a).flatten 1L
                Columns(Tensor.concatenate 1L [ weight; b.sum 1L ], offset)
            | other -> other

        {
            Domain = domain
            Outputs = part.Outputs
            ParameterCount = part.ParameterCount
            Recipe = NetworkRecipe.Blocks(domain, blocks, layers)
            Initial = part.Initial
            Propagate = propagate
            Linearise =
                fun θ points ->
                    match part.Linearise θ (gather points) with
                    | Structured(p, inner) -> Structured(p, List.map collapse inner)
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
            |> List.exists (fun coordinate -> coordinate.IsPeriodic || coordinate.IsBounded)
        then
            Guard.fail
                "network"
                "its domain has periodic coordinates or boundary conditions, which would move; rescale only other domains"

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
                | Value -> Jet.channel Value inner
                | Partial(k, n) -> Jet.channel derivative inner / scale[k] ** float n
                | Mixed(i, j) -> Jet.channel derivative inner / (scale[i] * scale[j])
                | Laplacian when alike -> Jet.channel Laplacian inner / (scale.Head * scale.Head)
                | Laplacian ->
                    [ for k in 0 .. d - 1 -> channel (Partial(k, 2)) ]
                    |> List.reduce (fun x y -> x + y)

            {
                Dimension = d
                Channels = channels
                Data = Tensor.stack 0L [ for c in channels -> channel c ]
            }

        { network with
            Recipe = NetworkRecipe.Rescaled(shift, scale, network.Recipe)
            Propagate = propagate
            Linearise = fun θ points -> network.Linearise θ (inside points)
        }

    /// Prescribed values on a boundary of any shape: u(x) = data(x) + distance(x) w(x), where `distance` vanishes on the
    /// boundary and nowhere else, like x (1 − x) or 1 − |x|², and `data` has the wanted values there. Both map points (N × d)
    /// to N, `data` also to N × m for m components; they are differentiated automatically. Near the boundary u is then as
    /// free as a smooth function with these values is; conditions on derivatives: see `Bounded`. The data do not depend on
    /// time.
    /// Raises `ArgumentException` when used if a function returns another shape, or a number that is not finite.
    ///
    /// <example><code>
    /// // u = 1 on the unit circle
    /// let disc = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
    /// let inside = Network.create disc [ Layer.dense 32 Tanh; Layer.dense 32 Tanh ]
    /// let network = inside |> Network.dirichlet (fun x -> 1.0 - x.square().sum 1L) (fun x -> torch.ones_like (x.select (1L, 0L)))
    /// </code></example>
    let dirichlet (distance: Tensor -> Tensor) (data: Tensor -> Tensor) (network: Network) : Network =
        let column name m (f: Tensor -> Tensor) (points: Tensor) : Tensor =
            let values = f points
            Guard.values name (Tensor.rows points) m values
            Guard.finite name values
            if m = 1 then values.unsqueeze 1L else values

        let factor points = column "distance" 1 distance points

        { network with
            Recipe = NetworkRecipe.Function(network.Domain, network.ParameterCount)
            Propagate =
                fun request θ points ->
                    network.Propagate request θ points
                    |> Jet.multiply (automaticJet request factor points)
                    |> Jet.add (automaticJet request (column "data" network.Outputs data) points)
            Linearise =
                fun θ points ->
                    match network.Linearise θ points with
                    | Structured(p, blocks) ->
                        let φ = (factor points).repeat([| int64 network.Outputs; 1L |])
                        Structured(p, List.map (Block.scale φ) blocks)
                    | Generic generic ->
                        let at (rows: Tensor) =
                            factor (rows.narrow (1L, 0L, int64 network.Domain.Dimension))

                        Generic
                            { generic with
                                Jacobian = fun rows -> at rows * generic.Jacobian rows
                                TransposeTimes = fun rows v -> generic.TransposeTimes rows ((at rows).squeeze 1L * v)
                            }
        }

    /// u(x) = w(x) + sign w(Rx), where R reflects some coordinates together.
    let private mirrored (sign: float) (axes: int list) (network: Network) : Network =
        let domain = network.Domain

        if
            axes.IsEmpty
            || List.distinct axes <> axes
            || axes |> List.exists (fun k -> k < 0 || k >= domain.Dimension)
        then
            Guard.fail
                "axes"
                $"found %A{axes}, wanted one or several different coordinates out of 0 to {domain.Dimension - 1}"

        /// R; columns behind the coordinates pass unchanged.
        let image (points: Tensor) =
            let columns = int points.shape[1]

            let tensor values =
                Tensor.ofArray (Placement.ofTensor points) values

            let centre k =
                match domain.Coordinates[k] with
                | Real -> 0.0
                | Periodic(low, high)
                | Interval(low, high)
                | Bounded(low, high, _, _) -> low + high

            points
            * tensor [| for k in 0 .. columns - 1 -> if List.contains k axes then -1.0 else 1.0 |]
            + tensor
                [|
                    for k in 0 .. columns - 1 -> if List.contains k axes then centre k else 0.0
                |]

        /// The sign with which a derivative of w at Rx enters.
        let factor derivative =
            let flip k =
                if List.contains k axes then -1.0 else 1.0

            sign
            * (match derivative with
               | Value
               | Laplacian -> 1.0
               | Partial(k, n) -> flip k ** float n
               | Mixed(i, j) -> flip i * flip j)

        let propagate request (θ: Tensor) points =
            let here, there =
                network.Propagate request θ points, network.Propagate request θ (image points)

            let factors =
                Tensor.ofArray (Placement.ofTensor θ) [| for c in here.Channels -> factor c |]

            { here with
                Data = here.Data + factors.view (-1L, 1L, 1L) * there.Data
            }

        let linearise θ (points: Tensor) =
            match network.Linearise θ points, network.Linearise θ (image points) with
            | Structured(p, here), Structured(_, there) ->
                let sign = points.new_full (1L, 1L, sign)

                Structured(p, List.map2 (fun here there -> Together [ here; Block.scale sign there ]) here there)
            | Generic generic, _
            | _, Generic generic ->
                Generic
                    { generic with
                        Jacobian = fun rows -> generic.Jacobian rows + sign * generic.Jacobian(image rows)
                        TransposeTimes =
                            fun rows v -> generic.TransposeTimes rows v + sign * generic.TransposeTimes (image rows) v
                    }

        { network with
            Recipe = NetworkRecipe.Mirrored(sign, axes, network.Recipe)
            Propagate = propagate
            Linearise = linearise
        }

    /// The even part of a network, u(x) = w(x) + w(Rx): R reflects the coordinates `axes`, all of them together, about the
    /// middle of a bounded or periodic coordinate, and about 0 on the real line. For solutions that have the symmetry
    /// u(Rx) = u(x): it is kept exactly, and points on one side of the mirror do for both. Apply it again for further mirrors.
    /// Raises `ArgumentException` for coordinates that do not exist or are named twice.
    ///
    /// <example><code>let network = Network.create (Domain.euclidean 2) [ Layer.dense 32 Swish ] |> Network.even [ 0 ] |> Network.even [ 1 ]</code></example>
    let even (axes: int list) (network: Network) = mirrored 1.0 axes network

    /// The odd part of a network, u(x) = w(x) − w(Rx), for solutions with u(Rx) = −u(x); see `even`.
    ///
    /// <example><code>let network = Network.create (Domain.periodic [ (-1.0, 1.0) ]) [ Layer.harmonics 4; Layer.dense 32 Sine ] |> Network.odd [ 0 ]</code></example>
    let odd (axes: int list) (network: Network) = mirrored -1.0 axes network

    /// The sum of networks on the same domain, each with its own weights: u(x) = Σ_k u_k(x); θ holds theirs one after the
    /// other. The tangent kernel of a sum is the sum of the kernels.
    /// Raises `ArgumentException` when there are none, when domains or numbers of components differ, or when a network is
    /// generic.
    let add (networks: Network list) : Network =
        if networks.IsEmpty then
            Guard.fail "networks" "found none, wanted at least one"

        let domain = networks.Head.Domain

        if networks |> List.exists (fun network -> network.Domain <> domain) then
            Guard.fail
                "networks"
                "their domains differ; make all of them on the same domain (Network.ofBlocks picks coordinates)"

        if
            networks
            |> List.exists (fun network -> network.Outputs <> networks.Head.Outputs)
        then
            Guard.fail
                "networks"
                $"their numbers of components differ: %A{networks |> List.map _.Outputs}; end all of them in the same Layer.outputs"

        let offsets =
            networks |> List.scan (fun offset network -> offset + network.ParameterCount) 0

        let parts = List.zip networks (List.take networks.Length offsets)

        let own (θ: Tensor) (network: Network, offset) =
            θ.narrow (0L, int64 offset, int64 network.ParameterCount)

        {
            Domain = domain
            Outputs = networks.Head.Outputs
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

    /// One component of u as a network of its own, with the same parameters.
    /// Raises `ArgumentException` when u does not have it.
    let ofComponent (index: int) (network: Network) : Network =
        if index < 0 || index >= network.Outputs then
            Guard.fail
                "component"
                $"component {index} asked for, but u has {network.Outputs} (components 0 to {network.Outputs - 1})"

        if network.Outputs = 1 then
            network
        else
            { network with
                Outputs = 1
                Recipe = NetworkRecipe.Component(index, network.Recipe)
                Propagate = fun request θ points -> network.Propagate request θ points |> Jet.ofComponent index
                Linearise = fun θ points -> network.Linearise θ points |> Tangent.ofComponent index network.Outputs
            }

    /// The network of a recipe: the same functions, bit for bit, as the network that the recipe was taken from.
    /// Raises `ArgumentException` for a recipe that a function is part of.
    let rec ofRecipe (recipe: NetworkRecipe) : Network =
        match recipe with
        | NetworkRecipe.Layers(domain, layers) -> create domain layers
        | NetworkRecipe.Blocks(domain, blocks, layers) -> ofBlocks domain blocks layers
        | NetworkRecipe.Rescaled(shift, scale, inner) -> rescaled shift scale (ofRecipe inner)
        | NetworkRecipe.Mirrored(sign, axes, inner) -> mirrored sign axes (ofRecipe inner)
        | NetworkRecipe.Sum parts -> add (List.map ofRecipe parts)
        | NetworkRecipe.Component(index, whole) -> ofComponent index (ofRecipe whole)
        | NetworkRecipe.Function _ ->
            Guard.fail
                "recipe"
                $"it stands for {recipe}, which only the program that made it knows; give the network itself"

    /// Whether some part of the network takes all coordinates together.
    let internal couples (network: Network) : bool =
        network.Recipe.Parts
        |> List.exists (function
            | NetworkRecipe.Blocks(_, blocks, _) ->
                blocks
                |> List.exists (fun block -> (List.distinct block).Length = network.Domain.Dimension)
            | _ -> true)

    /// Coordinates that the network treats alike, in disjoint groups: those which blocks with shared weights have at the same place.
    let internal alike (network: Network) : Set<int> list =
        let groups =
            network.Recipe.Parts
            |> List.collect (function
                | NetworkRecipe.Blocks(_, blocks, _) -> blocks |> List.transpose |> List.map Set.ofList
                | _ -> [])

        ([ for k in 0 .. network.Domain.Dimension - 1 -> Set.singleton k ], groups)
        ||> List.fold (fun classes group ->
            let touched, others =
                classes |> List.partition (Set.intersect group >> Set.isEmpty >> not)

            Set.unionMany touched :: others)

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

    /// u_θ at the points: N, or N × m for m components.
    let value (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.value (jet Set.empty network θ points))

    /// ∇u_θ at the points: N × d, or N × d × m for m components.
    let gradient (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.gradient (jet (Jet.gradientRequest network.Domain.Dimension) network θ points))

    /// Δu_θ at the points: N, or N × m for m components.
    let laplacian (network: Network) (θ: Tensor) (points: Tensor) : Tensor =
        Scope.keep (fun () -> Jet.laplacian (jet (Set.singleton Laplacian) network θ points))

    /// The tangent J = ∂u(x_i)/∂θ_j at the points, in structured form. Call it inside a scope: it holds tensors.
    let tangent (network: Network) (θ: Tensor) (points: Tensor) : Tangent =
        check network θ points

        /// What the blocks hold, each tensor once; the points are the caller's.
        let held tangent =
            let tensors =
                match tangent with
                | Generic generic -> [ generic.Points ]
                | Structured(_, blocks) -> List.collect Block.tensors blocks

            tensors
            |> Seq.distinctBy (fun tensor -> tensor.Handle)
            |> Seq.filter (fun tensor -> tensor.Handle <> points.Handle)
            |> Seq.toList

        Scope.keepAll held (fun () -> network.Linearise θ points)

    /// Raises `ArgumentException` where u_θ does not keep the conditions of its domain, seen from some of the points:
    /// networks from layers do; those given as a function need not.
    let internal checkBoundary (network: Network) (θ: Tensor) (points: Tensor) : unit =
        Scope.free (fun () ->
            let n = points.shape[0]
            let some = points.slice (0L, 0L, n, max 1L (n / 16L))

            let at k (place: float) derivative =
                let wall = some.clone ()
                wall.select(1L, int64 k).fill_ place |> ignore
                Jet.get derivative (jet (Set.singleton derivative) network θ wall)

            let slack = Placement.epsilon (Placement.ofTensor θ) ** 0.5

            let compare k condition derivative (length: float) (defect: Tensor) =
                // All points: u may be tiny at some, as a pulse is in its tails.
                let inside = jet (Set.singleton derivative) network θ points

                let scale =
                    Tensor.rms (Jet.get derivative inside) + Tensor.rms (Jet.value inside) / length

                let found = Tensor.toFloat (defect.abs().max())

                if found > slack * scale then
                    Guard.fail
                        "network"
                        $"{condition} along coordinate {k} is missed by {found:G3}; make the function keep it, or take a domain without this condition"

            for k, coordinate in List.indexed network.Domain.Coordinates do
                let wall (low: float, high: float) place boundary =
                    match boundary with
                    | Dirichlet -> compare k $"u = 0 at {place}" Value 1.0 (at k place Value)
                    | Neumann ->
                        compare k $"∂u/∂x = 0 at {place}" (Partial(k, 1)) (high - low) (at k place (Partial(k, 1)))

                match coordinate with
                | Periodic(low, high) ->
                    compare k $"the period {high - low}" Value 1.0 (at k high Value - at k low Value)
                | Bounded(low, high, atLow, atHigh) ->
                    wall (low, high) low atLow
                    wall (low, high) high atHigh
                | Real
                | Interval _ -> ())
