namespace Mne.Functional

/// Sums of networks, each with its own weights.
[<RequireQualifiedAccess>]
module internal Summed =

    let network (networks: Network list) : Network =
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

        let parameters =
            networks |> List.sumBy (fun network -> int64 network.ParameterCount)

        if parameters > int64 System.Int32.MaxValue then
            Guard.fail
                "networks"
                $"they have {parameters} parameters together, wanted at most {System.Int32.MaxValue}; make them narrower"

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
                                    network.Initial placement (Seed.child i seed)
                            ])
            Propagate =
                fun request θ points ->
                    parts
                    |> List.map (fun (network, offset) -> network.Propagate request (own θ (network, offset)) points)
                    |> List.reduce Jet.add
            Linearise =
                fun θ points ->
                    Tangent.Structured(
                        List.last offsets,
                        [
                            for network, offset in parts do
                                match network.Linearise (own θ (network, offset)) points with
                                | Tangent.Structured(_, blocks) -> yield! List.map (Block.shift offset) blocks
                                | Tangent.Generic _ ->
                                    Guard.fail
                                        "networks"
                                        $"\"{network.Description}\" is generic; write the whole sum as one function for Network.ofFunction"
                        ]
                    )
        }
