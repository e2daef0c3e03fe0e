namespace Mne.Functional

open TorchSharp

/// Networks of layers: how jets, and sensitivities on their way back, pass through the nodes.
[<RequireQualifiedAccess>]
module internal Layered =

    let private weightAndBias (θ: Tensor) fanIn fanOut offset =
        θ.narrow(0L, int64 offset, int64 (fanIn * fanOut)).view(int64 fanOut, int64 fanIn),
        θ.narrow (0L, int64 (offset + fanIn * fanOut), int64 fanOut)

    /// What passes through the nodes: linear in the coordinates up to the first activation.
    type private Passing =
        | Linear of LinearJet
        | Curved of Jet

    let private curved passing : Jet =
        match passing with
        | Linear jet -> LinearJet.curved jet
        | Curved jet -> jet

    let private affine weight bias passing =
        match passing with
        | Linear jet -> Linear(LinearJet.affine weight bias jet)
        | Curved jet -> Curved(Jet.affine weight bias jet)

    /// Through the nodes, in order.
    let rec private propagate (θ: Tensor) (nodes: Node list) (passing: Passing) : Passing =
        (passing, nodes)
        ||> List.fold (fun passing node ->
            let along branch = propagate θ branch passing

            match node with
            | Affine(fanIn, fanOut, offset, _) ->
                let weight, bias = weightAndBias θ fanIn fanOut offset
                affine weight bias passing
            | Fixed(weight, bias) ->
                let placement = Placement.ofTensor θ
                affine (Tensor.ofArray2D placement weight) (Tensor.ofArray placement bias) passing
            | Activate activation ->
                match passing with
                | Linear jet -> Curved(LinearJet.activate activation jet)
                | Curved jet -> Curved(Jet.activate activation jet)
            | Fork branches -> Curved(Jet.concatenate [ for branch in branches -> curved (along branch) ])
            | Sum branches -> Curved([ for branch in branches -> curved (along branch) ] |> List.reduce Jet.add)
            | Product(one, two) -> Curved(Jet.multiply (curved (along one)) (curved (along two))))

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

                    h.mm(weight.t ()).AddInPlace bias, fun (g: Tensor) -> g.mm weight, [ Block.Outer(h, g, offset) ]
                | Fixed(weight, bias) ->
                    let placement = Placement.ofTensor θ
                    let weight = Tensor.ofArray2D placement weight
                    h.mm(weight.t ()).AddInPlace(Tensor.ofArray placement bias), (fun g -> g.mm weight, [])
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

                    parts |> List.map fst |> List.reduce (fun x y -> x .+ y),
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
        branches |> List.map fst |> List.reduce (fun x y -> x .+ y), List.collect snd branches

    /// The points m times below each other, as the rows of a tangent want them.
    /// The jet of u from that of the coordinates.
    let jet (compiled: Compiled) (θ: Tensor) (coordinates: LinearJet) : Jet =
        Linear coordinates |> propagate θ compiled.Nodes |> curved

    /// The blocks of the tangent, from the coordinates (N × d).
    let blocks (compiled: Compiled) (θ: Tensor) (coordinates: Tensor) : Block list =
        let m = compiled.Outputs
        let _, back = linearise θ compiled.Nodes (Tangent.repeated m coordinates)
        // Row by row, the sensitivity of one component to all of them.
        let own = torch.eye (int64 m, dtype = θ.dtype, device = θ.device)
        snd (back (own.repeat_interleave (coordinates.shape[0], 0L)))

    let network (domain: Domain) (layers: Layer list) : Network =
        let compiled = Node.compile domain layers

        {
            Domain = domain
            Outputs = compiled.Outputs
            ParameterCount = compiled.Parameters
            Recipe = NetworkRecipe.Layers(domain, layers)
            Initial = fun placement seed -> Node.initial placement seed compiled.Nodes
            Propagate = fun request θ points -> jet compiled θ (LinearJet.ofPoints request points)
            Linearise = fun θ points -> Tangent.Structured(compiled.Parameters, blocks compiled θ points)
        }
