namespace Mne.Functional

/// Networks with prescribed values on a boundary of any shape: u(x) = data(x) + distance(x) w(x).
[<RequireQualifiedAccess>]
module internal Prescribed =

    let network (distance: Tensor -> Tensor) (data: Tensor -> Tensor) (network: Network) : Network =
        let column name m (f: Tensor -> Tensor) (points: Tensor) : Tensor =
            let values = Lent.one f points
            Guard.values name (Tensor.rows points) m values
            Guard.finite name values
            if m = 1 then values.unsqueeze 1L else values

        let factor points = column "distance" 1 distance points

        { network with
            Recipe = NetworkRecipe.Prescribed network.Recipe
            Propagate =
                fun request θ points ->
                    network.Propagate request θ points
                    |> Jet.multiply (Automatic.jet request factor points)
                    |> Jet.add (Automatic.jet request (column "data" network.Outputs data) points)
            Linearise =
                fun θ points ->
                    match network.Linearise θ points with
                    | Tangent.Structured(p, blocks) ->
                        let φ = Tangent.repeated network.Outputs (factor points)
                        Tangent.Structured(p, List.map (Block.scale φ) blocks)
                    | Tangent.Generic generic ->
                        let at (rows: Tensor) =
                            factor (rows.narrow (1L, 0L, int64 network.Domain.Dimension))

                        Tangent.Generic
                            { generic with
                                Jacobian = fun rows -> at rows * generic.Jacobian rows
                                TransposeTimes = fun rows v -> generic.TransposeTimes rows ((at rows).squeeze 1L * v)
                            }
        }
