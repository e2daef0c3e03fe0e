namespace Mne.Functional

open System
open TorchSharp

/// <summary>Where an equation is imposed, or a function fitted: a recipe for N points.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Collocation =
    /// <summary>The same points whenever they are asked for (N × d).</summary>
    | Given of points: Tensor
    /// <summary>New points for every seed: <c>draw placement seed</c> gives N × d.</summary>
    | Drawn of count: int * draw: (Placement -> int -> Tensor)

/// <summary>Recipes for collocation points.</summary>
[<RequireQualifiedAccess>]
module Collocation =

    /// <summary>The points of a recipe for a seed (N × d); given points do not depend on it.</summary>
    /// <param name="placement">Precision and device, such as <c>Placement.float64</c>.</param>
    /// <param name="seed">Seed of points that are drawn; given ones do not depend on it.</param>
    /// <param name="collocation">The recipe.</param>
    let points (placement: Placement) (seed: int) (collocation: Collocation) : Tensor =
        match collocation with
        | Collocation.Given points -> Tensor.place placement points
        | Collocation.Drawn(_, draw) -> draw placement seed

    /// <summary>The number of points.</summary>
    let count collocation =
        match collocation with
        | Collocation.Given points -> Tensor.rows points
        | Collocation.Drawn(count, _) -> count

    /// <summary>Points that the caller has (N × d).</summary>
    /// <exception cref="T:System.ArgumentException">They are not a matrix of finite numbers.</exception>
    let given (points: Tensor) =
        Guard.cloud "points" points
        Guard.finite "points" points
        Collocation.Given points

    /// <summary>
    /// The points of a recipe for one seed, the same ones whenever they are asked for: a fit then takes them as given.
    /// </summary>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="collocation">The recipe.</param>
    let fixedBy (seed: int) (collocation: Collocation) =
        Collocation.Given(points Placement.float64 seed collocation)

    let private scale (bounds: (float * float) list) (unit: Tensor) : Tensor =
        let placement = Placement.ofTensor unit
        let low = Tensor.ofArray placement [| for low, _ in bounds -> low |]
        let width = Tensor.ofArray placement [| for low, high in bounds -> high - low |]
        unit * width .+ low

    /// <summary>
    /// Equidistant points: <c>perAxis</c> along every coordinate of a bounded domain, N = perAxis^d in all. On a
    /// periodic coordinate the end, which is the beginning again, is left out; on an interval both ends are included;
    /// where a coordinate is bounded by conditions, points are half a step away from the ends, as reflections want
    /// them.
    /// </summary>
    /// <param name="domain">A bounded domain.</param>
    /// <param name="perAxis">Points along every coordinate.</param>
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
            | Coordinate.Periodic(low, high) ->
                Array.init perAxis (fun i -> low + (high - low) * float i / float perAxis)
            | Coordinate.Interval(low, high) ->
                Array.init perAxis (fun i -> low + (high - low) * float i / float (perAxis - 1))
            | Coordinate.Bounded(low, high, _, _) ->
                Array.init perAxis (fun i -> low + (high - low) * (float i + 0.5) / float perAxis)
            | Coordinate.Real -> [||] // excluded by Domain.bounds above

        let axes = domain.Coordinates |> List.map axis |> List.toArray
        let total = pown perAxis d

        Collocation.Given(
            Tensor.ofArray2D
                Placement.float64
                (Array2D.init total d (fun i k -> axes[k][i / pown perAxis (d - 1 - k) % perAxis]))
        )

    /// <summary>Independent points, uniform on a bounded domain, new for every seed.</summary>
    /// <param name="domain">A bounded domain.</param>
    /// <param name="count">N, the number of points.</param>
    let uniform (domain: Domain) (count: int) =
        Guard.atLeast "count" 1 count
        Guard.fits "count" count domain.Dimension
        let bounds = Domain.bounds domain

        Collocation.Drawn(
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

    /// <summary>
    /// A low-discrepancy sequence on a bounded domain, shifted anew for every seed: it covers the domain more evenly
    /// than independent points.
    /// </summary>
    /// <param name="domain">A bounded domain.</param>
    /// <param name="count">N, the number of points.</param>
    let sequence (domain: Domain) (count: int) =
        Guard.atLeast "count" 1 count
        Guard.fits "count" count domain.Dimension
        let bounds = Domain.bounds domain

        Collocation.Drawn(
            count,
            fun placement seed -> Scope.keep (fun () -> scale bounds (recurrence bounds.Length count placement seed))
        )

    /// <summary>
    /// The points of a recipe that lie inside a shape: where a function is positive or 0. A recipe that draws points goes
    /// on drawing until it has as many as before.
    /// </summary>
    /// <param name="shape">Points (N × d) ↦ (N), negative outside.</param>
    /// <param name="collocation">The recipe; its points are to reach everywhere in the shape.</param>
    /// <exception cref="T:System.ArgumentException">No point lies inside, at once or, where points are drawn, when they
    /// are asked for.</exception>
    /// <example><code>
    /// // a disc
    /// let box = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
    /// let points = Collocation.grid box 17 |&gt; Collocation.inside (fun x -&gt; 1.0 - x.square().sum 1L)
    /// </code></example>
    let inside (shape: Tensor -> Tensor) (collocation: Collocation) : Collocation =
        let within (points: Tensor) =
            Scope.keep (fun () ->
                let values = Lent.one shape points
                Guard.vector "shape" (Tensor.rows points) values

                let chosen =
                    [|
                        for i, value in Array.indexed (Tensor.toArray values) do
                            if value >= 0.0 then
                                i
                    |]

                if chosen.Length = 0 then
                    Guard.fail
                        "shape"
                        $"negative at all of {Tensor.rows points} points, wanted a function that is positive inside, and points that reach there"

                Tensor.pick chosen points)

        match collocation with
        | Collocation.Given points -> Collocation.Given(within points)
        | Collocation.Drawn(count, draw) ->
            Collocation.Drawn(
                count,
                fun placement seed ->
                    Scope.keep (fun () ->
                        let rec gather round (have: Tensor list) =
                            let more =
                                within (draw placement (if round = 0 then seed else Seed.child round seed))

                            let all = more :: have

                            if List.sumBy Tensor.rows all >= count then
                                (Tensor.concatenate 0L (List.rev all)).narrow(0L, 0L, int64 count)
                            else
                                gather (round + 1) all

                        gather 0 [])
            )

    /// <summary>
    /// Points that cover a density of which only the energy V is known, V: (N × d) ↦ (N): candidates from a normal
    /// cloud around <c>centre</c> with standard deviation <c>spread</c> per coordinate, thinned with the tempered
    /// weight e^{−V/τ} / (density of the cloud). τ &gt; 1 widens the density, so that the points cover it and its
    /// surroundings; weights between modes need not be right (docs/mathematics.md §4). Places where V is +∞ or
    /// not a number are never chosen. New points for every seed.
    /// </summary>
    /// <param name="τ">Temperature: the points follow e^{−V/τ}; above 1 they reach farther than the density.</param>
    /// <param name="centre">Centre of the cloud, one number per coordinate (d).</param>
    /// <param name="spread">Standard deviation of the cloud, one positive number per coordinate (d).</param>
    /// <param name="energy">V: points (N × d) ↦ (N).</param>
    /// <param name="count">N, the number of points.</param>
    /// <exception cref="T:System.ArgumentException">The energy is finite hardly anywhere in the cloud, has the wrong shape, or so few
    /// candidates survive that the cloud does not cover the density.</exception>
    let tempered (τ: float) (centre: float list) (spread: float list) (energy: Tensor -> Tensor) (count: int) =
        Guard.positive "τ" τ
        Guard.atLeast "count" 1 count
        Guard.fits "count" count (10 * centre.Length)

        if centre.Length = 0 || centre.Length <> spread.Length then
            Guard.fail "spread" $"{spread.Length} numbers, but centre has {centre.Length}; give one per coordinate"

        spread |> List.iter (Guard.positive "spread")
        let d = centre.Length

        let draw placement seed =
            Scope.keep (fun () ->
                let candidates = max 20000 (32 * count)
                let normal = Random.normal placement (Seed.child 0 seed) [ candidates; d ]

                let points =
                    normal * Tensor.ofArray placement (List.toArray spread)
                    .+ Tensor.ofArray placement (List.toArray centre)

                let values =
                    candidates
                    |> Rows.pieces 20000
                    |> Rows.map 0L (fun piece ->
                        let values: Tensor = energy (Rows.narrow piece points)
                        Guard.vector "energy" piece.Length values
                        Guard.energies "energy" values)

                // Places without density are never chosen.
                let dense = values.isfinite ()
                let few = int (Tensor.toFloat (dense.sum().``to`` values.dtype))

                if few < count then
                    Guard.fail
                        "energy"
                        $"finite in {few} of {candidates} places of a cloud with centre %A{centre} and standard deviations %A{spread}, where {count} points are wanted; move the cloud to where the density is"

                let logWeight =
                    torch.where (
                        dense,
                        -values ./ τ .+ 0.5 .* normal.Square().sum 1L,
                        values.NewFull(values.shape[0], -infinity)
                    )

                // Drawing without replacement with probabilities in proportion to the weights: the largest log w + Gumbel noise.
                let gumbel =
                    -(-(Random.uniform placement (Seed.child 1 seed) [ candidates ]).ClampMin(1e-300).log()).log()

                let struct (_, chosen) = (logWeight .+ gumbel).topk count
                let weight = (logWeight - logWeight.max ()).exp()
                let effective = Tensor.toFloat (weight.sum().Square() / weight.Square().sum())

                if effective < 2.0 * float d then
                    Guard.fail
                        "spread"
                        $"a cloud with centre %A{centre} and standard deviations %A{spread} covers the density so badly that {candidates} candidates are worth {effective:F1}; widen or move the cloud, raise τ, or let chains look for the density (Start.Cooled Chains.defaults)"

                points.index_select (0L, chosen))

        Collocation.Drawn(count, draw)

    /// <summary>A recipe that takes rows of a pool at random (without repetition as far as the pool goes), others for every seed.</summary>
    /// <param name="pool">Points (M × d) that cover more than is needed at a time, such as chains leave (<c>Chains.pool</c>).</param>
    /// <param name="count">How many rows at a time, N.</param>
    /// <exception cref="T:System.ArgumentException">There is no pool, or the count is less than 1.</exception>
    /// <example><code>
    /// let some = Collocation.ofPool (Random.normal Placement.float64 1 [ 5000; 2 ]) 300
    /// </code></example>
    let ofPool (pool: Tensor) (count: int) : Collocation =
        Guard.cloud "pool" pool
        let rows = Tensor.rows pool
        Guard.atLeast "count" 1 count
        Guard.fits "count" count (int pool.shape[1])

        Collocation.Drawn(
            count,
            fun placement seed ->
                Scope.keep (fun () ->
                    let order = (Random.uniform Placement.float64 seed [ rows ]).argsort()
                    let indices = torch.tensor [| for i in 0 .. count - 1 -> int64 (i % rows) |]
                    let chosen = (order.index_select (0L, indices)).``to`` pool.device
                    Tensor.place placement (pool.index_select (0L, chosen)))
        )
