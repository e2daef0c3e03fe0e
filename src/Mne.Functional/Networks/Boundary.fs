namespace Mne.Functional

/// The conditions at the ends of a domain, as a network keeps them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Boundary =

    /// Raises `ArgumentException` where u_θ does not keep the conditions of its domain, seen from some of the points:
    /// networks from layers do; those given as a function need not.
    let check (network: Network) (θ: Tensor) (points: Tensor) : unit =
        Scope.free (fun () ->
            let n = points.shape[0]
            let some = points.slice (0L, 0L, n, max 1L (n / 16L))

            let at k (place: float) derivative =
                let wall = some.clone ()
                wall.select(1L, int64 k).FillInPlace place |> ignore
                Jet.get derivative (Network.jet (Set.singleton derivative) network θ wall)

            let slack = Placement.epsilon (Placement.ofTensor θ) ** 0.5

            let compare k condition derivative (length: float) (defect: Tensor) =
                // All points: u may be tiny at some, as a pulse is in its tails.
                let inside = Network.jet (Set.singleton derivative) network θ points

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
                    | Boundary.Dirichlet ->
                        compare k $"u = 0 at {place}" Derivative.Value 1.0 (at k place Derivative.Value)
                    | Boundary.Neumann ->
                        compare
                            k
                            $"∂u/∂x = 0 at {place}"
                            (Derivative.Partial(k, 1))
                            (high - low)
                            (at k place (Derivative.Partial(k, 1)))

                match coordinate with
                | Coordinate.Periodic(low, high) ->
                    compare
                        k
                        $"the period {high - low}"
                        Derivative.Value
                        1.0
                        (at k high Derivative.Value - at k low Derivative.Value)
                | Coordinate.Bounded(low, high, atLow, atHigh) ->
                    wall (low, high) low atLow
                    wall (low, high) high atHigh
                | Coordinate.Real
                | Coordinate.Interval _ -> ())
