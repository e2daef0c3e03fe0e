namespace Mne.Functional

open System
open TorchSharp

/// The search for modes of a density of which nothing is known: Newton's method from many scattered starts at once, in rounds, each of which begins
/// around what the earlier ones found, until one finds nothing new.
[<RequireQualifiedAccess>]
module internal Search =

    /// Starts of a round.
    let private starts = 128

    let private mostRounds = 12

    /// Places that are looked at before a round begins, and before the first.
    let private candidateCount, firstCount = 131072, 8192

    /// Modes that hold less than e^{−this} of the mass of the largest are not kept.
    let private negligible = 15.0

    let private mostModes = 64

    /// Points that are not within a deviation of a mode, nor of each other, lowest first.
    let private apart (target: Density) (known: Mode list) (points: Tensor) (energy: Tensor) : Mode list =
        let order =
            Tensor.toArray energy
            |> Array.indexed
            |> Array.filter (snd >> Double.IsFinite)
            |> Array.sortBy snd
            |> Array.map fst

        let rec go (found: Mode list) (left: int[]) =
            if left.Length = 0 || found.Length >= mostModes then
                found
            else
                let mode =
                    Scope.free (fun () -> Descent.shape target (Tensor.pick [| left[0] |] points))

                let away = Scope.free (fun () -> Descent.distances mode (Tensor.pick left points))

                go
                    (mode :: found)
                    [|
                        for i, row in Array.indexed left do
                            if i > 0 && away[i] > 1.0 then
                                row
                    |]

        let left =
            (order, known)
            ||> List.fold (fun left mode ->
                if left.Length = 0 then
                    left
                else
                    let away = Scope.free (fun () -> Descent.distances mode (Tensor.pick left points))

                    [|
                        for i, row in Array.indexed left do
                            if away[i] > 1.0 then
                                row
                    |])

        go [] left

    let private weighty (modes: Mode list) : Mode list =
        match modes with
        | [] -> []
        | _ ->
            let top = modes |> List.map _.LogMass |> List.max

            modes
            |> List.filter (fun mode -> mode.LogMass > top - negligible)
            |> List.sortByDescending _.LogMass
            |> List.truncate mostModes

    /// The mixture of the modes' normal distributions; `temper`: their masses to this power.
    let mixture (temper: float) (modes: Mode list) : Mixture =
        let top = modes |> List.map _.LogMass |> List.max
        let masses = [| for mode in modes -> exp (temper * (mode.LogMass - top)) |]

        {
            Weights = masses |> Array.map (fun mass -> mass / Array.sum masses)
            Means = [| for mode in modes -> mode.Centre |]
            Covariances = [| for mode in modes -> mode.Covariance |]
        }

    /// Where tempering begins: around all modes, by their masses and equally, near and far.
    let around (modes: Mode list) : Mixture =
        let near, far, farther =
            Mixture.widened 1.5 (mixture 0.5 modes),
            Mixture.widened 4.0 (mixture 0.25 modes),
            Mixture.widened 12.0 (mixture 0.25 modes)

        Mixture.blend [ 0.5, near; 0.35, far; 0.15, farther ]

    /// A mixture that knows nothing: of deviations 1, 3, 10, 30 around the origin.
    let anywhere (d: int) : Mixture =
        Mixture.blend
            [
                for size in [ 1.0; 3.0; 10.0; 30.0 ] ->
                    0.25,
                    Mixture.normal
                        (Array.zeroCreate d)
                        (Array2D.init d d (fun i j -> if i = j then size * size else 0.0))
            ]

    /// Points that know nothing: of sizes from 0.1 to 100, around the origin.
    let private scattered seed count d : Tensor =
        let size =
            ((3.0 .* Random.uniform Placement.float64 (Seed.child 0 seed) [ count; 1 ] .- 1.0)
             .* log 10.0)
                .exp()

        size * Random.normal Placement.float64 (Seed.child 1 seed) [ count; d ]

    /// Places as far apart as the modes that were found, in all directions (count × d).
    let private elsewhere seed (count: int) (found: Mixture) : Tensor =
        let d = found.Dimension

        let draw k =
            Mixture.draw Placement.float64 (Seed.child k seed) count found

        let uniform k =
            Random.uniform Placement.float64 (Seed.child k seed) [ count; 1 ]

        let normal k =
            Random.normal Placement.float64 (Seed.child k seed) [ count; d ]

        // Differences of two draws have the extent of everything that was found; their size is given to every direction.
        let one, other = draw 0, draw 1
        let difference = one - other
        let round = difference.norm(1).unsqueeze 1L * normal 3 ./ sqrt (float d)
        let mixed = torch.where ((uniform 4).LessThan 0.3, difference * normal 2, round)
        one.mean [| 0L |] .+ (0.4 .+ 0.6 .* uniform 8) * mixed

    /// Candidates around what was found: at it, three and ten times as far out as its modes are wide, as far as these are apart, and anywhere.
    let private candidates seed (count: int) (found: Mixture) : Tensor =
        let eighth, d = count / 8, found.Dimension

        let draw k share mixture =
            Mixture.draw Placement.float64 (Seed.child k seed) (share * eighth) mixture

        Tensor.concatenate
            0L
            [
                draw 5 3 (Mixture.widened 3.0 found)
                elsewhere seed (3 * eighth) found
                draw 6 1 (Mixture.widened 10.0 found)
                scattered (Seed.child 7 seed) eighth d
            ]

    /// Starts where the density is far higher than what was found explains, and a random half: the places where descents lead elsewhere.
    let private unexplained (target: Density) seed (modes: Mode list) : Tensor =
        let whole = mixture 1.0 modes
        let count, quarter = candidateCount, starts / 4
        let tried = candidates seed count (Mixture.widened 2.0 whole)
        let top = modes |> List.map _.LogMass |> List.max
        /// log of what was found of Z.
        let mass = top + log (modes |> List.sumBy (fun mode -> exp (mode.LogMass - top)))
        let log = (-(target.Energy tried)).nan_to_num(-1e300, -1e300, -1e300)

        /// The highest of some numbers, as far as they are above a limit.
        let highest limit (values: Tensor) =
            let struct (values, order) = values.topk quarter

            let worth =
                Tensor.toArray values |> Array.filter (fun v -> v > limit) |> Array.length

            tried.index_select (0L, order.narrow (0L, 0L, int64 worth))

        /// Where there is more mass than found modes would have with heavy tails.
        let heavier =
            let normals = Normals.ofMixture Placement.float64 (Mixture.widened 2.0 whole)
            log - Normals.logStudentDensity 3.0 normals tried

        /// The highest places among those that modes of normal shape leave unexplained, by more than what the width of a mode is uncertain.
        let beyond =
            let known =
                mass .+ Normals.logDensity (Normals.ofMixture Placement.float64 whole) tried

            let depth = Tensor.toFloat (known.max ()) .- known
            torch.where ((log - known).gt(3.0 .+ 0.1 .* depth), log, (log.NewFull(1L, -1e300)))

        Tensor.concatenate
            0L
            [
                highest (mass + 1.0) heavier
                highest -1e299 beyond
                tried[torch.TensorIndex.Slice(0L, int64 count, int64 (2 * count / starts))]
            ]

    /// Raises `ArgumentException`: nothing was found.
    let private nowhere () =
        Guard.fail
            "energy"
            $"not finite at any of {firstCount} places around the origin, at distances from 0.1 to 100; move the density to where these are (Density.transformed)"

    /// A place of low energy (1 × d): where the best of some descents ends.
    let lowest (run: Run) (target: Density) : Tensor =
        Scope.keep (fun () ->
            use _ = torch.no_grad ()
            let tried = scattered run.Seed firstCount target.Dimension
            let energy = target.Energy tried
            let finite = Tensor.toArray (energy.isfinite ()) |> Array.exists (fun f -> f > 0.0)

            if not finite then
                nowhere ()

            let struct (_, order) = (-energy).topk 8
            let points, energy = Descent.ends run target (tried.index_select (0L, order))
            points.index_select (0L, energy.argmin().unsqueeze 0L))

    /// Modes that are not known, where descents of a round end.
    let round (run: Run) (target: Density) (known: Mode list) seed : Mode list =
        Scope.free (fun () ->
            let first =
                match known with
                | [] -> scattered seed starts target.Dimension
                | _ -> unexplained target seed known

            let points, energy = Descent.ends run target first
            apart target known points energy)

    /// The modes of a density.
    let modes (run: Run) (target: Density) : Mode list =
        let d = target.Dimension

        Scope.free (fun () -> target |> Density.rowwise (scattered (Seed.child mostRounds run.Seed) 64 d))

        let at = run |> Run.phase Phase.Search 0.0

        /// Rounds until three in a row have found nothing new.
        let rec go known idle r =
            if r = mostRounds || idle = 3 || List.length known >= mostModes then
                known
            else
                let found = weighty (known @ round run target known (Seed.child r run.Seed))

                run.Meter
                    { at (float (r + 1)) (float (r + 1) / float mostRounds) with
                        Accepted = found.Length
                    }

                go found (if found.Length = known.Length && r > 0 then idle + 1 else 0) (r + 1)

        let found = go [] 0 0

        if found.IsEmpty then
            nowhere ()

        found
