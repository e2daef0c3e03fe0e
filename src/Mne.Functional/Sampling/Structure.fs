namespace Mne.Functional

open System
open TorchSharp

/// Independence that a formula has without saying so: V(x) = Σ V_b(x_b) over blocks of coordinates. Blocks are then problems of their own, of fewer
/// dimensions.
[<RequireQualifiedAccess>]
module internal Structure =

    /// Places at which second derivatives are looked at, and pairs of places at which sums are.
    let private probes, private pairs = 16, 2048

    /// The places of finite energy among some (M × d).
    let private finite (target: Density) (points: Tensor) : Tensor =
        let found =
            Tensor.toArray (target.Energy points)
            |> Array.indexed
            |> Array.filter (snd >> Double.IsFinite)

        Tensor.pick (Array.map fst found) points

    /// Which coordinates a second derivative couples at some of the points.
    let private coupled (target: Density) (points: Tensor) : bool[,] =
        let hessian = (Diff.hessian target.Energy points).nan_to_num(1e300, 1e300, 1e300)
        let size = hessian.diagonal(0L, 1L, 2L).abs().sqrt()
        let unit = size.unsqueeze 1L * size.unsqueeze 2L
        // Round-off of second derivatives that vanish in exact arithmetic.
        let found = (hessian.abs () - 1e-9 .* unit).GreaterThan(0.0).any(0L, false)
        Tensor.toArray2D (found.``to`` torch.float64) |> Array2D.map (fun c -> c <> 0.0)

    /// Sets of coordinates that are connected, each in order.
    let private components (coupled: bool[,]) : int[] list =
        let d = Array2D.length1 coupled
        let mutable left = Set.ofList [ 0 .. d - 1 ]

        let rec spread (reached: Set<int>) (border: int list) =
            match border with
            | [] -> reached
            | k :: rest ->
                let next =
                    [
                        for j in 0 .. d - 1 do
                            if coupled[k, j] && not (reached.Contains j) then
                                j
                    ]

                spread (reached + Set.ofList next) (next @ rest)

        [
            while not left.IsEmpty do
                let block = spread (Set.singleton left.MinimumElement) [ left.MinimumElement ]
                left <- left - block
                Set.toArray block
        ]

    /// Points with the columns of a block from others.
    let private exchange (block: int[]) (others: Tensor) (points: Tensor) : Tensor =
        let index = torch.tensor (Array.map int64 block, device = points.device)
        points.index_copy (1L, index, others.index_select (1L, index))

    /// Whether V(a) + V(b) = V(a with the block of b) + V(b with the block of a), as it is for sums.
    let private additive (target: Density) (a: Tensor) (b: Tensor) (block: int[]) : bool =
        Scope.free (fun () ->
            let v = target.Energy
            let whole, mixed = v a .+ v b, v (exchange block b a) .+ v (exchange block a b)
            let size = (v a).abs() .+ (v b).abs() .+ mixed.abs ()
            Tensor.toFloat (((whole - mixed).abs() / (size .+ 1e-300)).nan_to_num(1.0, 1.0, 1.0).max()) < 1e-10)

    /// Blocks of coordinates that are independent, in order; all coordinates in one where the formula couples them. `known`: places that matter
    /// (M × d), such as modes; others of every size are looked at beside them, since far from all others a mode looks like a density by itself.
    let blocks (seed: int) (target: Density) (known: Tensor) : int[] list =
        let d = target.Dimension
        let one = [ [| 0 .. d - 1 |] ]

        if d = 1 then
            one
        else
            Scope.free (fun () ->
                use _ = torch.no_grad ()

                let normal k shape =
                    Random.normal Placement.float64 (Seed.child k seed) shape

                let size k =
                    ((3.0 .* Random.uniform Placement.float64 (Seed.child k seed) [ 2 * pairs; 1 ]
                      .- 1.0)
                     .* log 10.0)
                        .exp()

                let rows = Tensor.rows known
                let around = Tensor.pick [| for i in 0 .. 2 * pairs - 1 -> i % rows |] known
                let unit = known.abs().ClampMin(1.0).mean([| 0L |])

                let near = around .+ 0.3 .* size 0 * unit * normal 1 [ 2 * pairs; d ]
                let far = size 2 * normal 3 [ 2 * pairs; d ]
                let all = finite target (Tensor.concatenate 0L [ around; near; far ])
                let m = Tensor.rows all
                let order = (Random.uniform Placement.float64 (Seed.child 4 seed) [ m ]).argsort()
                let mixed = all.index_select (0L, order)

                if m < 4 * probes then
                    one
                else
                    let found = components (coupled target (mixed.narrow (0L, 0L, int64 probes)))
                    let half = int64 (m / 2)
                    let a, b = mixed.narrow (0L, 0L, half), mixed.narrow (0L, half, half)

                    if found.Length > 1 && found |> List.forall (additive target a b) then
                        found
                    else
                        one)

    /// The density of a block: the others stay at a place (1 × d), whose energy is left out.
    let density (target: Density) (place: Tensor) (block: int[]) : Density =
        let values = Tensor.toArray place
        let atPlace = Scope.free (fun () -> Tensor.toFloat (target.Energy place))

        {
            Dimension = block.Length
            Energy =
                fun y ->
                    let placement = Placement.ofTensor y
                    let index = torch.tensor (Array.map int64 block, device = y.device)

                    let x =
                        (Tensor.ofArray placement values)
                            .expand(y.shape[0], int64 values.Length)
                            .clone()
                            .index_copy(1L, index, y)

                    target.Energy x .- atPlace
        }

    /// For each block density the first that is the same function up to a constant, itself where none before is, and the constant: what holds for one
    /// holds for the other.
    let alike (seed: int) (densities: Density[]) : (int * float)[] =
        Scope.free (fun () ->
            use _ = torch.no_grad ()

            let fingerprint (density: Density) =
                let points = 2.0 .* Random.normal Placement.float64 seed [ 16; density.Dimension ]
                Tensor.toArray (density.Energy points)

            let prints = Array.map fingerprint densities

            /// The constant by which one exceeds the other.
            let constant (a: float[]) (b: float[]) : float option =
                let pairs =
                    Array.zip a b |> Array.filter (fun (a, b) -> not (a = infinity && b = infinity))

                match pairs with
                | [||] -> None
                // A place without density in one of them only.
                | _ when pairs |> Array.exists (fun (a, b) -> not (Double.IsFinite(a + b))) -> None
                | _ ->
                    let a0, b0 = pairs[0]

                    if
                        pairs
                        |> Array.forall (fun (a, b) ->
                            abs (a - b - (a0 - b0)) <= 1e-10 * (abs a + abs b + abs a0 + abs b0))
                    then
                        Some(a0 - b0)
                    else
                        None

            densities
            |> Array.mapi (fun i density ->
                [ 0 .. i - 1 ]
                |> List.tryPick (fun j ->
                    if densities[j].Dimension = density.Dimension then
                        constant prints[i] prints[j] |> Option.map (fun c -> j, c)
                    else
                        None)
                |> Option.defaultValue (i, 0.0)))
