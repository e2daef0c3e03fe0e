namespace Mne.Functional

/// Points that a computation has not seen, between those that it has: where an equation was not solved and a function not fitted.
module internal FreshPoints =

    /// Among so many points neighbours are looked for: at most 2048, and fewer where their distances would take too much memory.
    let private crowdOf (count: int) (d: int) =
        min 2048 ((1 <<< 22) / (count * d)) |> max 256

    /// A coordinate brought back to where it may lie: around a circle, or back from a wall.
    let private within (coordinate: Coordinate) (x: Tensor) : Tensor =
        match coordinate with
        | Coordinate.Real -> x
        | Coordinate.Periodic(low, high) ->
            let length = high - low
            x - length .* ((x .- low) ./ length).floor()
        | Coordinate.Interval(low, high)
        | Coordinate.Bounded(low, high, _, _) ->
            let length = high - low
            let turn = (x .- low) ./ (2.0 * length)
            low .+ 2.0 * length .* (turn - turn.round ()).abs()

    /// From one point to another, the short way around circles.
    let private difference (domain: Domain) (one: Tensor) (other: Tensor) : Tensor =
        let δ = other - one

        let circles =
            [
                for k, coordinate in List.indexed domain.Coordinates do
                    match coordinate with
                    | Coordinate.Periodic(low, high) -> k, high - low
                    | _ -> ()
            ]

        for k, length in circles do
            let along = δ.select (-1L, int64 k)
            along.sub_ (length .* (along ./ length).round()) |> ignore

        δ

    /// So many points (count × d) between those given (N × d): anywhere on the way from some of them, spread over all rows, to one of
    /// their neighbours; the point itself where there is only one. Where a coordinate ends in walls, half of the way and as far to the
    /// other side, so that the strip between walls and points, which reflections make one with the spaces between points, is not left out.
    let between (domain: Domain) (count: int) (seed: int) (points: Tensor) : Tensor =
        Scope.keep (fun () ->
            let n, d, k = Tensor.rows points, domain.Dimension, count
            let crowd = crowdOf k d
            let random = Tensor.toArray2D (Random.uniform Placement.float64 seed [ 3; k ])

            // One of every N/k rows that follow one another: grids lie in order, and so are covered evenly.
            let rows =
                [| for i in 0 .. k - 1 -> int ((float i + random[0, i]) * float n / float k) |]

            let anchors = Tensor.pick rows points

            let others =
                if n <= crowd then
                    points
                else
                    let first = int (random[0, 0] * float n)

                    points
                    |> Tensor.pick
                        [|
                            for i in 0 .. crowd - 1 -> (first + int (int64 i * int64 n / int64 crowd)) % n
                        |]

            let apart =
                (difference domain (anchors.unsqueeze 1L) (others.unsqueeze 0L)).Square().sum(2L)

            // As many as a point of a grid has around it, so that cells are crossed and not only their edges walked.
            let neighbours = min (Tensor.rows others - 1) (min 24 (pown 3 (min d 3) - 1))

            let struct (_, nearest) = apart.topk (neighbours + 1, largest = false)
            let nearest = nearest.cpu().data<int64>().ToArray()

            // The nearest of all is the point itself.
            let chosen =
                [|
                    for i in 0 .. k - 1 ->
                        let which = min neighbours (1 + int (random[1, i] * float neighbours))
                        int nearest[i * (neighbours + 1) + which]
                |]

            let walled =
                domain.Coordinates
                |> List.exists (function
                    | Coordinate.Bounded _ -> true
                    | _ -> false)

            let way =
                [| for i in 0 .. k - 1 -> if walled then random[2, i] - 0.5 else random[2, i] |]
                |> Tensor.ofArray (Placement.ofTensor points)
                |> _.unsqueeze(1L)

            let fresh = anchors .+ way * difference domain anchors (Tensor.pick chosen others)

            domain.Coordinates
            |> List.mapi (fun k coordinate -> within coordinate (fresh.select (1L, int64 k)))
            |> Tensor.stack 1L)
