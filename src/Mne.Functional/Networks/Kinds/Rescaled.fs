namespace Mne.Functional

/// Networks of shifted and scaled coordinates: u(x) = w((x − shift) / scale).
[<RequireQualifiedAccess>]
module internal Rescaled =

    let network (shift: float list) (scale: float list) (network: Network) : Network =
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

        shift |> List.iter (Guard.moderate "shift")
        scale |> List.iter (Guard.divisor "scale")

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
                    | Derivative.Laplacian when not alike -> [ for k in 0 .. d - 1 -> Derivative.Partial(k, 2) ]
                    | derivative -> [ derivative ])
                |> Set.ofList

            let inner = network.Propagate needed θ (inside points)

            let rec channel derivative : Tensor =
                match derivative with
                | Derivative.Value -> Jet.channel Derivative.Value inner
                | Derivative.Partial(k, n) -> Jet.channel derivative inner ./ scale[k] ** float n
                | Derivative.Mixed(i, j) -> Jet.channel derivative inner ./ (scale[i] * scale[j])
                | Derivative.Laplacian when alike -> Jet.channel Derivative.Laplacian inner ./ (scale.Head * scale.Head)
                | Derivative.Laplacian ->
                    [ for k in 0 .. d - 1 -> channel (Derivative.Partial(k, 2)) ]
                    |> List.reduce (fun x y -> x .+ y)

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
