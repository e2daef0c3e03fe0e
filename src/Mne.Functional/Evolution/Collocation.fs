namespace Mne.Functional

open System
open TorchSharp

/// Where an equation is imposed, or a function fitted: a recipe for N points.
type Collocation =
    /// The same points whenever they are asked for (N × d).
    | Given of points: Tensor
    /// New points for every seed: `draw placement seed` gives N × d.
    | Drawn of count: int * draw: (Placement -> int -> Tensor)

/// Recipes for collocation points.
[<RequireQualifiedAccess>]
module Collocation =

    /// The points of a recipe for a seed (N × d); given points do not depend on it.
    let points (placement: Placement) (seed: int) (collocation: Collocation) : Tensor =
        match collocation with
        | Given points -> Tensor.place placement points
        | Drawn(_, draw) -> draw placement seed

    /// The number of points.
    let count collocation =
        match collocation with
        | Given points -> Tensor.rows points
        | Drawn(count, _) -> count

    /// Points that the caller has (N × d). Raises `ArgumentException` when they are not a matrix of finite numbers.
    let given (points: Tensor) =
        Guard.points "points" (if points.dim () = 2L then int points.shape[1] else 1) points
        Guard.finite "points" points
        Given points

    /// The points of a recipe for one seed, the same ones whenever they are asked for: a fit then takes them as given.
    let fixedBy (seed: int) (collocation: Collocation) =
        Given(points Placement.float64 seed collocation)

    let private scale (bounds: (float * float) list) (unit: Tensor) : Tensor =
        let placement = Placement.ofTensor unit
        let low = Tensor.ofArray placement [| for low, _ in bounds -> low |]
        let width = Tensor.ofArray placement [| for low, high in bounds -> high - low |]
        unit * width + low

    /// Equidistant points: `perAxis` along every coordinate of a bounded domain, N = perAxis^d in all. On a periodic
    /// coordinate the end, which is the beginning again, is left out; on an interval both ends are included; where a
    /// coordinate is bounded by conditions, points are half a step away from the ends, as reflections want them.
    let grid (domain: Domain) (perAxis: int) =
        Guard.atLeast "perAxis" 2 perAxis
        Domain.bounds domain |> ignore
        let d = domain.Dimension

        if float perAxis ** float d > 1e8 then
            Guard.fail
                "perAxis"
                $"{perAxis} points along each of {d} axes are more than 1e8 points; draw points instead (Collocation.sequence)"

        let axis coordinate =
            match coordinate with
            | Periodic(low, high) -> Array.init perAxis (fun i -> low + (high - low) * float i / float perAxis)
            | Interval(low, high) -> Array.init perAxis (fun i -> low + (high - low) * float i / float (perAxis - 1))
            | Bounded(low, high, _, _) ->
                Array.init perAxis (fun i -> low + (high - low) * (float i + 0.5) / float perAxis)
            | Real -> [||] // excluded by Domain.bounds above

        let axes = domain.Coordinates |> List.map axis |> List.toArray
        let total = pown perAxis d

        Given(
            Tensor.ofArray2D
                Placement.float64
                (Array2D.init total d (fun i k -> axes[k][i / pown perAxis (d - 1 - k) % perAxis]))
        )

    /// Independent points, uniform on a bounded domain, new for every seed.
    let uniform (domain: Domain) (count: int) =
        Guard.atLeast "count" 1 count
        let bounds = Domain.bounds domain

        Drawn(
            count,
            fun placement seed ->
                Scope.keep (fun () -> scale bounds (Random.uniform placement seed [ count; bounds.Length ]))
        )

    /// The additive recurrence x_i = frac(s + i (g⁻¹, g⁻², …, g⁻ᵈ)) with the root g of g^{d+1} = g + 1, which fills the
    /// unit cube evenly for every count (M. Roberts 2018, "The unreasonable effectiveness of quasirandom sequences");
    /// the seed chooses the shift s.
    let private recurrence d count placement seed : Tensor =
        let g =
            Seq.init 64 ignore
            |> Seq.fold (fun g _ -> (1.0 + g) ** (1.0 / float (d + 1))) 2.0

        Scope.keep (fun () ->
            let shift = Tensor.toArray (Random.uniform Placement.float64 seed [ d ])

            Tensor.ofArray2D
                placement
                (Array2D.init count d (fun i k ->
                    let x = shift[k] + float (i + 1) / g ** float (k + 1)
                    x - floor x)))

    /// A low-discrepancy sequence on a bounded domain, shifted anew for every seed: it covers the domain more evenly
    /// than independent points.
    let sequence (domain: Domain) (count: int) =
        Guard.atLeast "count" 1 count
        let bounds = Domain.bounds domain

        Drawn(
            count,
            fun placement seed -> Scope.keep (fun () -> scale bounds (recurrence bounds.Length count placement seed))
        )

    /// Points that cover a density of which only the energy V is known, V: (N × d) ↦ (N): candidates from a normal cloud
    /// around `centre` with standard deviation `spread` per coordinate, thinned with the tempered weight
    /// e^{−V/τ} / (density of the cloud). τ > 1 widens the density, so that the points cover it and its surroundings;
    /// weights between modes need not be right (MATH.md §4). New points for every seed.
    /// Raises `ArgumentException` when an energy is not finite everywhere, has the wrong shape, or when so few
    /// candidates survive that the cloud does not cover the density.
    let tempered (τ: float) (centre: float list) (spread: float list) (energy: Tensor -> Tensor) (count: int) =
        Guard.positive "τ" τ
        Guard.atLeast "count" 1 count

        if centre.Length = 0 || centre.Length <> spread.Length then
            Guard.fail "spread" $"{spread.Length} numbers, but centre has {centre.Length}; give one per coordinate"

        spread |> List.iter (Guard.positive "spread")
        let d = centre.Length

        let draw placement seed =
            Scope.keep (fun () ->
                let candidates = max 20000 (32 * count)
                let normal = Random.normal placement (Random.child 0 seed) [ candidates; d ]

                let points =
                    normal * Tensor.ofArray placement (List.toArray spread)
                    + Tensor.ofArray placement (List.toArray centre)

                let part first =
                    let some = points.narrow (0L, int64 first, int64 (min 20000 (candidates - first)))
                    let values: Tensor = energy some
                    Guard.vector "energy" (Tensor.rows some) values
                    Guard.finite "energy" values
                    values

                let values =
                    Tensor.concatenate
                        0L
                        [ for first in 0..20000 .. candidates - 1 -> Scope.keep (fun () -> part first) ]

                let logWeight = -values / τ + 0.5 * normal.square().sum 1L

                // Drawing without replacement with probabilities in proportion to the weights: the largest log w + Gumbel noise.
                let gumbel =
                    -(-(Random.uniform placement (Random.child 1 seed) [ candidates ]).clamp_min(1e-300).log()).log()

                let struct (_, chosen) = (logWeight + gumbel).topk count
                let weight = (logWeight - logWeight.max ()).exp()
                let effective = Tensor.toFloat (weight.sum().square() / weight.square().sum())

                if effective < 2.0 * float d then
                    Guard.fail
                        "spread"
                        $"a cloud with centre %A{centre} and standard deviations %A{spread} covers the density so badly that {candidates} candidates are worth {effective:F1}; widen or move the cloud, raise τ, or let chains look for the density (Start = Cooled Chains.defaults)"

                points.index_select (0L, chosen))

        Drawn(count, draw)
