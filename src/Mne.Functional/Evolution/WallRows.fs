namespace Mne.Functional

open System
open TorchSharp

/// Rows of walls below those of the equation (docs/mathematics.md §1, "Conditions at walls"). dR/dt is linear in θ̇. Derivatives along
/// the normal of rows of J are made of differences of high order of what they are made of, at points inside; R itself has exact ones.
[<RequireQualifiedAccess>]
module internal WallRows =

    /// All rows of a wall together weigh as much as this times those of the equation: the square root is how much smaller the
    /// condition's residual is, where the two cannot both be had.
    let private weight = 100.0

    /// What R may be at the start, relative to u.
    let private slack = 0.1

    /// The slope at 0 of the polynomial through values at 0, 1, …, 6.
    let private slopes: float[] =
        let node i =
            [ 1..6 ]
            |> List.filter ((<>) i)
            |> List.fold (fun product j -> product * float j / float (j - i)) (1.0 / float i)

        [|
            yield -List.sum [ for k in 1.0 .. 6.0 -> 1.0 / k ]

            for i in 1..6 do
                yield node i
        |]

    /// A combination of what a tangent is made of at some rows and of its slopes there, a J + b ∂J/∂n (W × 1 each): `at k` selects the
    /// rows at node k along the normal, `slopes` are the nodes' factors (W × 1). The slope of an outer product is one by each factor.
    let rec private combine (a: Tensor) (b: Tensor) (at: int -> Tensor -> Tensor) (slopes: Tensor list) block : Block =
        let slope (rows: Tensor) =
            slopes |> List.mapi (fun k factor -> factor * at k rows) |> List.reduce (.+)

        match block with
        | Block.Outer(inputs, sensitivities, offset) ->
            let here = at 0 sensitivities

            if slopes.IsEmpty then
                Block.Outer(at 0 inputs, a * here, offset)
            else
                let change = slope inputs

                Block.Together
                    [
                        Block.Outer(at 0 inputs, a * here .+ b * slope sensitivities, offset)
                        Block.Outer(change, b * here, offset)
                        // The input of the bias does not change.
                        Block.Outer(change.new_zeros change.shape, -b * here, offset)
                    ]
        | Block.Columns(jacobian, offset) ->
            let here = a * at 0 jacobian
            Block.Columns((if slopes.IsEmpty then here else here .+ b * slope jacobian), offset)
        | Block.Together parts -> Block.Together(List.map (combine a b at slopes) parts)

    /// The same of a network that is known as a function only: what makes up a row stands behind the columns that the network reads.
    let private combineGeneric
        d
        (a: Tensor)
        (b: Tensor)
        (normals: Tensor)
        at
        (slopes: Tensor list)
        step
        (generic: GenericTangent)
        =
        let own = int generic.Points.shape[1]

        let factors =
            match slopes with
            | [] -> [ a ]
            | first :: rest -> a .+ b * first :: [ for slope in rest -> b * slope ]

        let columns (rows: Tensor) first count =
            rows.narrow (1L, int64 first, int64 count)

        let node (rows: Tensor) k =
            Tensor.concatenate 1L [ columns rows 0 d - (float k) .* columns rows own d; columns rows d (own - d) ]

        let factor (rows: Tensor) k = columns rows (own + d + k) 1

        let sum (each: int -> Tensor) =
            [ 0 .. factors.Length - 1 ] |> List.map each |> List.reduce (.+)

        Tangent.Generic
            { generic with
                Points = Tensor.concatenate 1L (at 0 generic.Points :: step * normals :: factors)
                Jacobian = fun rows -> sum (fun k -> factor rows k * generic.Jacobian(node rows k))
                TransposeTimes =
                    fun rows v -> sum (fun k -> generic.TransposeTimes (node rows k) ((factor rows k).squeeze 1L * v))
            }

    /// The rows of all conditions, wall by wall and component by component, what they are to be, and their weights.
    let private below (network: Network) (θ: Tensor) (t: float) (walls: WallPoints list) : Tangent * Tensor * Tensor =
        let placement = Placement.ofTensor θ
        let all = WallDefect.seen network θ walls
        let count (rows: WallPoints) = Array2D.length1 rows.Points
        let points = walls |> List.sumBy count
        let starts = walls |> List.scan (fun start rows -> start + count rows) 0

        /// For every row its wall, its component, and the number of its point among all.
        let rows =
            [|
                for start, wall, seen in List.zip3 (List.truncate walls.Length starts) walls all do
                    for c in WallDefect.components network wall do
                        for j in 0 .. count wall - 1 -> wall, seen, c, start + j
            |]

        let column (values: float seq) =
            Tensor.ofArray2D placement (array2D [ for v in values -> [ v ] ])

        let coefficients (wall: WallPoints) (seen: WallDefect.Seen) =
            match wall.Wall.Condition with
            | WallCondition.Value _ -> Array.create (count wall) (1.0, 0.0)
            | WallCondition.Slope _ -> Array.create (count wall) (0.0, 1.0)
            | WallCondition.Both(a, b, _) ->
                let a, b = WallDefect.known 1 t seen.X a, WallDefect.known 1 t seen.X b
                Array.init (count wall) (fun i -> a[i, 0], b[i, 0])

        /// Something that every wall has for each of its points, for every row.
        let forRows (each: WallPoints -> WallDefect.Seen -> 'a[]) : 'a[] =
            [|
                for wall, seen in List.zip walls all do
                    let own = each wall seen

                    for _ in WallDefect.components network wall do
                        yield! own
            |]

        let ab = forRows coefficients
        let a, b = column (Seq.map fst ab), column (Seq.map snd ab)

        let f =
            [|
                for wall, seen in List.zip walls all do
                    let wanted = WallDefect.wanted wall t seen

                    for c in 0 .. Array2D.length2 wanted - 1 do
                        yield! wanted[*, c]
            |]

        // The error of the differences goes with step⁶, their round-off with 1 / step.
        let relative = Placement.epsilon placement ** 0.2

        let steps =
            forRows (fun wall _ -> Array.create (count wall) (relative * wall.Length))

        let step = column steps

        let nodes =
            if walls |> List.forall _.Wall.Condition.IsValue then
                1
            else
                slopes.Length

        let places =
            Tensor.concatenate
                0L
                [
                    for k in 0 .. nodes - 1 do
                        for wall, seen in List.zip walls all do
                            let inward = float k * relative * wall.Length

                            Tensor.place placement seen.X
                            - inward .* Tensor.ofArray2D placement wall.Normals
                ]

        let at k (of': Tensor) : Tensor =
            let which =
                [|
                    for _, _, c, point in rows -> int64 (c * nodes * points + k * points + point)
                |]

            of'.index_select (0L, torch.tensor (which, device = of'.device))

        let slopes =
            if nodes = 1 then
                []
            else
                [ for slope in slopes -> -slope ./ step ]

        let tangent =
            match Network.tangent network θ places with
            | Tangent.Structured(p, blocks) -> Tangent.Structured(p, List.map (combine a b at slopes) blocks)
            | Tangent.Generic generic ->
                let normals =
                    Tensor.ofRows
                        placement
                        (forRows (fun wall _ -> [| for i in 0 .. count wall - 1 -> wall.Normals[i, *] :> float seq |]))

                generic |> combineGeneric network.Domain.Dimension a b normals at slopes step

        let weights =
            forRows (fun wall _ -> Array.create (count wall) (weight / float (count wall * network.Outputs)))

        tangent, Tensor.ofArray placement f, Tensor.ofArray placement weights

    /// The rows of the equation at X with those of all conditions below, and what the latter are to be.
    let stack (network: Network) (θ: Tensor) (t: float) (x: Tensor) (walls: WallPoints list) : Stacked * Tensor =
        let rows, f, weights = below network θ t walls

        {
            Own = Network.tangent network θ x
            Further = Some(rows, weights)
        },
        f

    let private checkStart (network: Network) (θ: Tensor) (t: float) (size: float) (walls: WallPoints list) : unit =
        for rows in walls do
            Scope.free (fun () ->
                let tangent, _, _ = below network θ t [ rows ]

                if not (Tensor.toFloat ((Tangent.squaredNorms tangent).max()) > 0.0) then
                    Guard.fail
                        "Walls"
                        $"{Wall.name rows.Wall.Side}: what the condition is of does not depend on the network's parameters there; take a network without prescribed values or other conditions at this wall")

        let largest =
            Scope.free (fun () ->
                [
                    for rows, seen in List.zip walls (WallDefect.seen network θ walls) do
                        let t0, t1 = rows.Span
                        let unit = WallDefect.unit rows t seen.X

                        let nothing =
                            { seen with
                                U = Array2D.map (fun _ -> 0.0) seen.U
                                Slope = Array2D.map (fun _ -> 0.0) seen.U
                            }

                        for s in [ 0.0; 0.1; 0.3; 0.5; 0.7; 1.0 ] do
                            WallDefect.rms (WallDefect.defectAt rows.Wall.Condition nothing (t0 + s * (t1 - t0)))
                            / unit
                ]
                // Data that are no numbers later end the run there, and say nothing about the start.
                |> List.filter Double.IsFinite
                |> List.fold max size)

        let found, where = WallDefect.misfit network θ t largest walls

        if found > slack then
            Guard.fail
                "Walls"
                $"{where}: u at the start misses the condition there by {found:P1} of its size; fit the start at points that reach the wall, or let the condition's data begin with what the start has and change over a short time"

    /// Raises `ArgumentException` where u at the start is not as a wall wants it, `size` being how large u is or becomes, or cannot be.
    let check (network: Network) (θ: Tensor) (t: float) (size: float) (walls: WallPoints list) : unit =
        try
            checkStart network θ t size walls
        with FieldRefused outcome ->
            match outcome t with
            | Outcome.NonFinite what ->
                Guard.fail "Walls" $"{what}, where the run begins; wanted data that are finite from there on"
            | _ -> reraise ()
