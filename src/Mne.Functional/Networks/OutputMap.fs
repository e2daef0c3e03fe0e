namespace Mne.Functional

open TorchSharp

/// The linear maps in which a network ends. With u_0 for the function that is left where they are 0 (0 itself, unless values are
/// prescribed), u − u_0 is linear in them: θ ↦ S θ + T multiplies u − u_0 by a factor and adds a constant to u, for each component.
type internal OutputMap =
    {
        /// The components of u to which a constant can be added: all or none.
        Shifts: bool
        /// Factors and constants, one for each component, to S and T (p); constants are 0 where nothing can be added.
        Affine: Placement -> float[] -> float[] -> Tensor * Tensor
    }

/// Other units and origins of u, folded into θ.
module internal OutputMap =

    /// One of the maps: W (units × fan-in) and then the biases (units).
    type private End =
        {
            /// Where W begins in θ.
            Offset: int
            FanIn: int
            Units: int
            /// The unit that makes each component of u.
            Rows: int list
            /// What u gains when all biases rise by 1; 0 where no constant can be added, since u has to vanish somewhere.
            Gain: float
        }

    let private vanishes (domain: Domain) =
        domain.Coordinates
        |> List.exists (function
            | Coordinate.Bounded(_, _, low, high) -> low = Boundary.Dirichlet || high = Boundary.Dirichlet
            | _ -> false)

    let private ofLayers (domain: Domain) (layers: Layer list) (blocks: int) =
        let compiled = Node.compile domain layers

        let map =
            {
                Offset = compiled.Parameters - (compiled.Width + 1) * compiled.Outputs
                FanIn = compiled.Width
                Units = compiled.Outputs
                Rows = [ 0 .. compiled.Outputs - 1 ]
                Gain = if vanishes domain then 0.0 else float blocks
            }

        compiled.Parameters, [ map ]

    let private gaining factor (parameters: int, maps) =
        parameters, [ for map in maps -> { map with Gain = factor * map.Gain } ]

    /// The number of parameters and the last maps; None where a function of the caller's is part of the network.
    let rec private ends (recipe: NetworkRecipe) : (int * End list) option =
        match recipe with
        | NetworkRecipe.Layers(domain, layers) -> Some(ofLayers domain layers 1)
        | NetworkRecipe.Blocks(domain, blocks, layers) ->
            let inner = Domain.create [ for k in blocks.Head -> domain.Coordinates[k] ]
            Some(ofLayers inner layers blocks.Length)
        | NetworkRecipe.Rescaled(_, _, inner) -> ends inner
        | NetworkRecipe.Prescribed inner -> ends inner |> Option.map (gaining 0.0)
        | NetworkRecipe.Mirrored(sign, _, inner) -> ends inner |> Option.map (gaining (1.0 + sign))
        | NetworkRecipe.Component(index, whole) ->
            ends whole
            |> Option.map (fun (parameters, maps) ->
                parameters, [ for map in maps -> { map with Rows = [ map.Rows[index] ] } ])
        | NetworkRecipe.Sum parts ->
            ((Some(0, [])), parts)
            ||> List.fold (fun sum part ->
                match sum, ends part with
                | Some(offset, maps), Some(parameters, more) ->
                    Some(
                        offset + parameters,
                        maps
                        @ [
                            for map in more ->
                                { map with
                                    Offset = offset + map.Offset
                                }
                        ]
                    )
                | _ -> None)
        | NetworkRecipe.Function _ -> None

    let private affine parameters (maps: End list) placement (factors: float[]) (constants: float[]) =
        let s, t = Array.create parameters 1.0, Array.zeroCreate parameters

        let bias map row =
            map.Offset + map.Units * map.FanIn + row

        for map in maps do
            for k, row in List.indexed map.Rows do
                Array.fill s (map.Offset + row * map.FanIn) map.FanIn factors[k]
                s[bias map row] <- factors[k]

        for map in maps |> List.tryFind (fun map -> map.Gain <> 0.0) |> Option.toList do
            for k, row in List.indexed map.Rows do
                t[bias map row] <- constants[k] / map.Gain

        Tensor.ofArray placement s, Tensor.ofArray placement t

    /// How a network is scaled and shifted; None where a function of the caller's is part of it.
    let ofNetwork (network: Network) : OutputMap option =
        ends network.Recipe
        |> Option.map (fun (parameters, maps) ->
            {
                Shifts = maps |> List.exists (fun map -> map.Gain <> 0.0)
                Affine = affine parameters maps
            })

    /// u_0 at the points (N, or N × m).
    let rest (network: Network) (points: Tensor) : Tensor =
        let θ =
            torch.zeros (int64 network.ParameterCount, dtype = points.dtype, device = points.device)

        Network.value network θ points

    /// The network with the components of u multiplied by factors (m), for networks that cannot be scaled by their θ.
    let scaled (factors: float[]) (network: Network) : Network =
        let row (like: Tensor) =
            Tensor.ofArray (Placement.ofTensor like) factors

        { network with
            Recipe = NetworkRecipe.Function(network.Domain, network.ParameterCount)
            Propagate =
                fun request θ points ->
                    let jet = network.Propagate request θ points

                    { jet with
                        Data = jet.Data * row points
                    }
            Linearise =
                fun θ points ->
                    match network.Linearise θ points with
                    | Tangent.Structured(p, blocks) ->
                        let factors = (row points).repeat_interleave(points.shape[0], 0L).unsqueeze 1L
                        Tangent.Structured(p, List.map (Block.scale factors) blocks)
                    | Tangent.Generic generic ->
                        let at (rows: Tensor) =
                            let index =
                                rows.select(1L, int64 network.Domain.Dimension).``to`` torch.ScalarType.Int64

                            (row rows).index_select(0L, index)

                        Tangent.Generic
                            { generic with
                                Jacobian = fun rows -> (at rows).unsqueeze 1L * generic.Jacobian rows
                                TransposeTimes = fun rows v -> generic.TransposeTimes rows (at rows * v)
                            }
        }
