namespace Mne.Functional

/// A network and its mirror image: u(x) = w(x) + sign w(Rx), where R reflects some coordinates together.
[<RequireQualifiedAccess>]
module internal Mirrored =

    /// R; columns behind the coordinates pass unchanged.
    let private image (domain: Domain) (axes: int list) (points: Tensor) : Tensor =
        let tensor values =
            Tensor.ofArray (Placement.ofTensor points) values

        let centre k =
            match domain.Coordinates[k] with
            | Coordinate.Real -> 0.0
            | Coordinate.Periodic(low, high)
            | Coordinate.Interval(low, high)
            | Coordinate.Bounded(low, high, _, _) -> low + high

        let perColumn reflected other =
            tensor
                [|
                    for k in 0 .. int points.shape[1] - 1 -> if List.contains k axes then reflected k else other
                |]

        points * perColumn (fun _ -> -1.0) 1.0 .+ perColumn centre 0.0

    /// The sign that a derivative has of w(Rx), compared with that of w at Rx.
    let private parity (axes: int list) derivative =
        let flip k =
            if List.contains k axes then -1.0 else 1.0

        match derivative with
        | Derivative.Value
        | Derivative.Laplacian -> 1.0
        | Derivative.Partial(k, n) -> flip k ** float n
        | Derivative.Mixed(i, j) -> flip i * flip j

    let network (sign: float) (axes: int list) (network: Network) : Network =
        let domain = network.Domain

        if
            axes.IsEmpty
            || List.distinct axes <> axes
            || axes |> List.exists (fun k -> k < 0 || k >= domain.Dimension)
        then
            Guard.fail
                "axes"
                $"found %A{axes}, wanted one or several different coordinates out of 0 to {domain.Dimension - 1}"

        let image = image domain axes

        let propagate request (θ: Tensor) points =
            let here, there =
                network.Propagate request θ points, network.Propagate request θ (image points)

            let factors =
                Tensor.ofArray (Placement.ofTensor θ) [| for c in here.Channels -> sign * parity axes c |]

            { here with
                Data = here.Data .+ factors.view (-1L, 1L, 1L) * there.Data
            }

        let linearise θ (points: Tensor) =
            match network.Linearise θ points, network.Linearise θ (image points) with
            | Tangent.Structured(p, here), Tangent.Structured(_, there) ->
                let sign = points.NewFull(1L, 1L, sign)

                Tangent.Structured(
                    p,
                    List.map2 (fun here there -> Block.Together [ here; Block.scale sign there ]) here there
                )
            | Tangent.Generic generic, _
            | _, Tangent.Generic generic ->
                Tangent.Generic
                    { generic with
                        Jacobian = fun rows -> generic.Jacobian rows .+ sign .* generic.Jacobian(image rows)
                        TransposeTimes =
                            fun rows v -> generic.TransposeTimes rows v .+ sign .* generic.TransposeTimes (image rows) v
                    }

        { network with
            Recipe = NetworkRecipe.Mirrored(sign, axes, network.Recipe)
            Propagate = propagate
            Linearise = linearise
        }
