namespace Mne.Functional

open System
open TorchSharp

/// <summary>A condition at points of one wall, as an evolution keeps it.</summary>
[<Notebooks.TypeFormatterSource>]
type WallPoints =
    {
        /// <summary>The condition; its side is a single wall.</summary>
        Wall: Wall
        /// <summary>Points of the wall (M × d).</summary>
        Points: float[,]
        /// <summary>The unit normals there, out of the domain (M × d).</summary>
        Normals: float[,]
        /// <summary>The length of the domain across the wall.</summary>
        Length: float
        /// <summary>The collocation points that lie on the wall: there a prescribed value takes the equation's place.</summary>
        On: int[]
        /// <summary>
        /// At this rate what u misses of the condition is made up for; negative where time runs backwards.
        /// </summary>
        Rate: float
        /// <summary>Where the run begins and ends.</summary>
        Span: float * float
    }

/// Where the conditions of an evolution hold.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal WallPoints =

    /// ρ |t1 − t0|: errors of the start and of the steps die away over a twentieth of the run.
    let private rates = 20.0

    /// So many points on a wall across which the domain has one dimension less.
    let private usualCount (d: int) (n: int) =
        max 1 (int (ceil (float n ** (float (d - 1) / float d))))

    /// Points on an end of a coordinate, spread over the others; where these have no ends, as far as the collocation points reach.
    let private onEnd (domain: Domain) (x: Tensor) (count: int option) (axis: int) (place: float) : float[,] =
        let d = domain.Dimension
        let m = count |> Option.defaultValue (usualCount d (Tensor.rows x))

        let others =
            [
                for k in 0 .. d - 1 do
                    if k <> axis then
                        match domain.Coordinates[k] with
                        | Coordinate.Real ->
                            let column = x.select (1L, int64 k)
                            Tensor.toFloat (column.min ()), Tensor.toFloat (column.max ())
                        | Coordinate.Periodic(low, high)
                        | Coordinate.Interval(low, high)
                        | Coordinate.Bounded(low, high, _, _) -> low, high
            ]

        let along =
            match others with
            | [] -> Array2D.zeroCreate 1 0
            | [ low, high ] -> Array2D.init m 1 (fun i _ -> low + (high - low) * (float i + 0.5) / float m)
            | _ ->
                Collocation.sequence (Domain.box others) m
                |> Collocation.points Placement.float64 1
                |> Tensor.toArray2D

        Array2D.init (Array2D.length1 along) d (fun i k ->
            if k = axis then place
            elif k < axis then along[i, k]
            else along[i, k - 1])

    let private distanceAt (distance: Tensor -> Tensor) (x: Tensor) : Tensor =
        let values = Lent.one distance x
        Guard.vector "Walls" (Tensor.rows x) values
        values

    /// Points where a function is 0: Newton's method from the collocation points, and of those that it leads to, each the farthest from
    /// all before it. Their normals.
    let private onShape (domain: Domain) (x: Tensor) (count: int option) (distance: Tensor -> Tensor) =
        let n, d = Tensor.rows x, domain.Dimension
        let m = count |> Option.defaultValue (2 * d * usualCount d n)
        let φ = distanceAt distance
        let start = φ x

        if Tensor.toFloat (start.min ()) < -1e-9 * Tensor.toFloat (start.abs().max()) then
            Guard.fail
                "Walls"
                "a collocation point lies outside the shape, where its function is negative; take points inside, as Collocation.inside does"

        let newton (x: Tensor) =
            let slope = Diff.grad φ x
            x - (φ x / slope.Square().sum 1L).unsqueeze 1L * slope

        let ends = (x, [ 1..30 ]) ||> List.fold (fun x _ -> newton x)
        let missing = (φ ends).abs() ./ Tensor.toFloat (start.abs().max())

        let inside =
            domain.Coordinates
            |> List.mapi (fun k coordinate ->
                match coordinate with
                | Coordinate.Interval(low, high)
                | Coordinate.Bounded(low, high, _, _) ->
                    let column = ends.select (1L, int64 k)
                    let slack = 1e-9 * (high - low)
                    (column.GreaterThan(low - slack)).logical_and(column.LessThan(high + slack))
                | Coordinate.Real
                | Coordinate.Periodic _ -> missing.isfinite ())
            |> List.fold (fun (all: Tensor) one -> all.logical_and one) (missing.LessThan 1e-9)

        let found =
            [|
                for i, good in Array.indexed (Tensor.toArray (inside.``to`` x.dtype)) do
                    if good > 0.5 then
                        i
            |]

        if found.Length = 0 then
            Guard.fail
                "Walls"
                "no point was found where the shape's function is 0; wanted a smooth function X (N × d) ↦ (N), positive inside, with a slope on the boundary"

        let candidates = Tensor.pick found ends
        let far = (candidates - candidates[0]).Square().sum 1L

        let _, chosen =
            ((far, [ 0 ]), [ 2 .. min m found.Length ])
            ||> List.fold (fun (far, chosen) _ ->
                let next = int (far.argmax().item<int64>())
                let apart = (candidates - candidates[int64 next]).Square().sum 1L
                torch.minimum (far, apart), next :: chosen)

        let points = Tensor.pick (Array.ofList (List.rev chosen)) candidates
        let slope = Diff.grad φ points
        let size = slope.Square().sum(1L, keepdim = true).sqrt()
        Tensor.toArray2D points, Tensor.toArray2D (-slope / size)

    /// The collocation points on a wall where values are prescribed.
    let private on (x: Tensor) (wall: Wall) (length: float) (points: float[,]) : int[] =
        let near (column: Tensor) (slack: float) =
            [|
                for i, v in Array.indexed (Tensor.toArray (column.abs ())) do
                    if v <= slack then
                        i
            |]

        match wall.Condition, wall.Side with
        | WallCondition.Value _, (Side.Low axis | Side.High axis) ->
            near (x.select (1L, int64 axis) .- points[0, axis]) (1e-9 * length)
        | WallCondition.Value _, Side.Shape distance ->
            let values = distanceAt distance x
            near values (1e-9 * Tensor.toFloat (values.abs().max()))
        | _ -> [||]

    /// The walls as an evolution from t0 to t1 keeps them, for collocation points X. Raises `ArgumentException` where the domain has no
    /// such wall.
    let create (network: Network) (x: Tensor) (t0: float, t1: float) (walls: Wall list) : WallPoints list =
        let domain = network.Domain

        Scope.free (fun () ->
            let x = Tensor.place Placement.float64 x

            let rows wall length points normals =
                {
                    Wall = wall
                    Points = points
                    Normals = normals
                    Length = length
                    On = on x wall length points
                    Rate = rates / (t1 - t0)
                    Span = t0, t1
                }

            let atEnd (wall: Wall) axis side =
                let low, high =
                    match List.tryItem axis domain.Coordinates with
                    | Some(Coordinate.Interval(low, high)) -> low, high
                    | Some(Coordinate.Bounded _) ->
                        Guard.fail
                            "Walls"
                            $"{Wall.name side}: the coordinate is Bounded and keeps a condition by a reflection already; take Coordinate.Interval in its place"
                    | Some(Coordinate.Periodic _)
                    | Some Coordinate.Real ->
                        Guard.fail
                            "Walls"
                            $"{Wall.name side}: the coordinate has no ends; wanted one that is a Coordinate.Interval"
                    | None ->
                        Guard.fail
                            "Walls"
                            $"{Wall.name side}: the domain has dimension {domain.Dimension} (axes 0 to {domain.Dimension - 1})"

                let place, outward = if side.IsLow then low, -1.0 else high, 1.0
                let points = onEnd domain x wall.Points axis place

                rows { wall with Side = side } (high - low) points (Array2D.map (fun _ -> 0.0) points)
                |> fun rows ->
                    { rows with
                        Normals = rows.Normals |> Array2D.mapi (fun _ k _ -> if k = axis then outward else 0.0)
                    }

            walls
            |> List.collect (fun wall ->
                (match wall.Component with
                 | Some c when c >= network.Outputs ->
                     Guard.fail
                         "Walls"
                         $"a condition for component {c}, but u has {network.Outputs} (components 0 to {network.Outputs - 1})"
                 | _ -> ())

                match wall.Side with
                | Side.Low axis
                | Side.High axis -> [ atEnd wall axis wall.Side ]
                | Side.All ->
                    let intervals =
                        [
                            for k, coordinate in List.indexed domain.Coordinates do
                                if coordinate.IsInterval then
                                    k
                        ]

                    if intervals.IsEmpty then
                        Guard.fail "Walls" "the domain has no coordinate that is a Coordinate.Interval"

                    [
                        for axis in intervals do
                            atEnd wall axis (Side.Low axis)
                            atEnd wall axis (Side.High axis)
                    ]
                | Side.Shape distance ->
                    let points, normals = onShape domain x wall.Points distance

                    let length = Tensor.toFloat ((x.amax ([| 0L |]) - x.amin ([| 0L |])).max())

                    [ rows wall length points normals ]))

    /// The walls where the collocation points are others.
    let among (x: Tensor) (walls: WallPoints list) : WallPoints list =
        Scope.free (fun () ->
            let x = Tensor.place Placement.float64 x

            [
                for rows in walls ->
                    { rows with
                        On = on x rows.Wall rows.Length rows.Points
                    }
            ])
