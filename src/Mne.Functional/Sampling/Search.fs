namespace Mne.Functional

open System
open TorchSharp

/// A place where an energy is least, and how far around it the energy is within ½ of that: the normal distribution that has the same shape.
type internal Mode =
    {
        /// m (d).
        Centre: float[]
        /// C (d × d).
        Covariance: float[,]
        /// A with C⁻¹ = AᵀA (d × d): it makes a distance of a deviation.
        Whitener: float[,]
        /// V(m).
        Energy: float
        /// log of the integral of e^{−V} if it had that shape: −V(m) + ½ log det 2πC.
        LogMass: float
    }

/// The search for modes of a density of which nothing is known: Newton's method from many scattered starts at once, in rounds, each of which begins
/// around what the earlier ones found, until one finds nothing new.
[<RequireQualifiedAccess>]
module internal Search =

    /// Starts of a round.
    let private starts = 128

    let private mostRounds = 12

    /// Places that are looked at before a round begins, and before the first.
    let private candidateCount, firstCount = 131072, 8192

    /// Newton's steps at most.
    let private mostSteps = 40

    /// Steps after which a half of the descents is enough.
    let private fewSteps = 10

    /// A descent ends when a step gains less: what is left does not matter beside the width of a mode.
    let private enough = 1e-4

    /// Modes that hold less than e^{−this} of the mass of the largest are not kept.
    let private negligible = 15.0

    let private mostModes = 64

    /// Numbers in place of those that are not: where an energy is infinite, it has no slope.
    let private finite (t: Tensor) : Tensor = t.nan_to_num (0.0, 0.0, 0.0)

    /// V, and Newton's frame at each of the points (M × d): eigenvalues (M × d) of the Hessian in coordinates scaled to a unit diagonal, and axes
    /// (M × d × d) of these coordinates in the caller's, as columns, with the slopes along them (M × d); and the inverse of the axes.
    let private frame (target: Density) (points: Tensor) =
        let energy, gradient, hessian = Diff.fgradhessian target.Energy points
        let gradient, hessian = finite gradient, finite hessian
        let diagonal = hessian.diagonal(0L, 1L, 2L).abs()
        // Where an energy is straight, a step of the size of the point itself is the natural one.
        let straight = 1e-4 .* gradient.abs () / (points.abs().ClampMin 1.0)
        let least = 1e-24 ./ points.abs().ClampMin(1.0).Square()
        let unit = diagonal.maximum(straight).maximum(least).rsqrt()
        let scaled = unit.unsqueeze 2L * hessian * unit.unsqueeze 1L
        let symmetric = finite (0.5 .* (scaled .+ scaled.transpose (1L, 2L)))
        let struct (λ, q) = torch.linalg.eigh symmetric
        let axes = unit.unsqueeze 2L * q
        let slopes = axes.transpose(1L, 2L).matmul(gradient.unsqueeze 2L).squeeze 2L
        energy, λ, axes, slopes, q.transpose (1L, 2L) / unit.unsqueeze 1L

    /// Steps of different boldness, which are tried together (C × M × d): Newton's own, with |λ| in place of λ so that it descends, and shorter ones.
    let private steps (λ: Tensor) (axes: Tensor) (slopes: Tensor) : Tensor =
        let newton = -slopes / λ.abs().ClampMin 1e-12

        let along (step: Tensor) =
            axes.matmul(step.unsqueeze 2L).squeeze 2L

        let near = newton.Clamp(-1.0, 1.0)
        let far = newton.Clamp(-30.0, 30.0)

        Tensor.stack
            0L
            [
                for α in [ 2.0; 1.0; 0.5; 0.1 ] -> along (α .* newton)
                for α in [ 1.0; 0.25 ] -> along (α .* far)
                for α in [ 2.0; 1.0; 0.3; 0.03; 1e-3 ] -> along (α .* near)
            ]

    /// The energy of points of any shape (… × d).
    let private energyOf (target: Density) (points: Tensor) : Tensor =
        let d = Array.last points.shape

        (target.Energy(points.reshape (-1L, d))).reshape(Array.take (points.shape.Length - 1) points.shape)

    /// Where descents from the points end (M × d), and the energies there: +∞ for those that have not ended.
    let private descend (run: Run) (target: Density) (first: Tensor) : Tensor * Tensor =
        let m = Tensor.rows first

        let rec go step (points: Tensor) (energy: Tensor) (active: int[]) =
            Run.stopIfAsked run

            // The slowest are not waited for.
            if
                active.Length = 0
                || step = mostSteps
                || (step >= fewSteps && 2 * active.Length <= m)
            then
                let unfinished = torch.tensor (Array.map int64 active)
                points, energy.index_copy (0L, unfinished, energy.NewFull(int64 active.Length, infinity))
            else
                let next, value, still =
                    Scope.keepAll (fun (p, e, _) -> [ p; e ]) (fun () ->
                        let here = Tensor.pick active points
                        let before, λ, axes, slopes, _ = frame target here
                        let tried = here.unsqueeze 0L .+ steps λ axes slopes
                        let values = (energyOf target tried).nan_to_num(infinity, infinity, infinity)
                        let struct (best, which) = values.min 0L

                        let chosen =
                            tried
                                .gather(0L, which.unsqueeze(0L).unsqueeze(2L).expand_as(tried.narrow (0L, 0L, 1L)))
                                .squeeze
                                0L

                        let better = best.lt before
                        let moved = torch.where (better.unsqueeze 1L, chosen, here)
                        let reached = torch.where (better, best, before)
                        let gain = Tensor.toArray (before - reached)

                        let index = torch.tensor (Array.map int64 active)

                        points.index_copy (0L, index, moved),
                        energy.index_copy (0L, index, reached),
                        [|
                            for i, row in Array.indexed active do
                                if gain[i] > enough then
                                    row
                        |])

                points.Dispose()
                energy.Dispose()
                go (step + 1) next value still

        use _ = torch.no_grad ()
        let energy = target.Energy first
        let finite = Tensor.toArray (energy.isfinite ())

        go
            0
            (first.clone ())
            energy
            [|
                for i in 0 .. m - 1 do
                    if finite[i] > 0.0 then
                        i
            |]

    /// How far along an axis an energy rises by ½, from its rises at radii that double: found between two of them as for a power of the radius.
    let private width (radii: float[]) (rises: float[]) : float =
        match rises |> Array.tryFindIndex (fun rise -> not (rise <= 0.5)) with
        | None -> Array.last radii
        | Some 0 -> radii[0]
        | Some k ->
            let low, high = rises[k - 1], rises[k]

            if Double.IsFinite high && low > 1e-12 then
                let power = log (high / low) / log (radii[k] / radii[k - 1])
                radii[k - 1] * (0.5 / low) ** (1.0 / max 0.25 power)
            else
                radii[k - 1]

    /// Rises of the energy from a point (1 × d) along axes (d × d, as columns) at radii: one row for each axis.
    let private rises (target: Density) (point: Tensor) (energy: float) (axes: Tensor) (radii: float[]) : float[,] =
        Scope.free (fun () ->
            let tried =
                point.unsqueeze 0L
                .+ axes.t().unsqueeze 1L
                   * (Tensor.ofArray Placement.float64 radii).unsqueeze(0L).unsqueeze 2L

            Tensor.toArray2D (energyOf target tried .- energy))

    /// The mode at a point (1 × d) where a descent ended. Its axes are those of the curvature, but its widths are measured, so that flat places,
    /// edges and walls have one as well: near those of the curvature first, and where it says nothing, at lengths of every size.
    let private shape (target: Density) (point: Tensor) : Mode =
        Scope.free (fun () ->
            use _ = torch.no_grad ()
            let d = int point.shape[1]
            let energy, λ, axes, _, inverse = frame target point
            let energy = Tensor.toFloat energy
            let lengths = (λ.squeeze 0L).abs().ClampMin(1e-12).rsqrt()
            let norms = axes.squeeze(0L).norm 0
            let axes = axes.squeeze 0L * lengths.unsqueeze 0L
            let unit = axes / axes.norm(0).unsqueeze 0L

            let widths sign =
                let near = [| for k in -4 .. 8 -> 2.0 ** float k |]
                let found = rises target point energy (sign .* axes) near

                let all =
                    lazy rises target point energy (sign .* unit) [| for k in -80 .. 80 -> 2.0 ** float k |]

                let size = Tensor.toArray (axes.norm 0)

                [|
                    for k in 0 .. d - 1 ->
                        if found[k, 0] <= 0.5 && not (found[k, near.Length - 1] <= 0.5) then
                            size[k] * width near found[k, *]
                        else
                            width [| for k in -80 .. 80 -> 2.0 ** float k |] all.Value[k, *]
                |]

            let both =
                Array.map2 (fun up down -> sqrt (up * down)) (widths 1.0) (widths -1.0)
                |> Tensor.ofArray Placement.float64

            let scaled = unit * both.unsqueeze 0L
            // The axes are orthogonal in scaled coordinates, where their determinant has no round-off to speak of.
            let whitener = inverse.squeeze 0L * (norms / both).unsqueeze 1L
            let struct (_, logDeterminant) = torch.linalg.slogdet (inverse.squeeze 0L)

            {
                Centre = Tensor.toArray point
                Covariance = Tensor.toArray2D (scaled.mm (scaled.t ()))
                Whitener = Tensor.toArray2D whitener
                Energy = energy
                LogMass =
                    -energy - Tensor.toFloat logDeterminant
                    + Tensor.toFloat ((both / norms).log().sum())
                    + 0.5 * float d * log (2.0 * Math.PI)
            })

    /// (x − m)ᵀ C⁻¹ (x − m) of points (M × d) from a mode (M).
    let private distances (mode: Mode) (points: Tensor) : float[] =
        Scope.free (fun () ->
            let centred = points - Tensor.ofArray Placement.float64 mode.Centre
            Tensor.toArray ((centred.mm ((Tensor.ofArray2D Placement.float64 mode.Whitener).t())).Square().sum 1L))

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
                let mode = Scope.free (fun () -> shape target (Tensor.pick [| left[0] |] points))

                let away = Scope.free (fun () -> distances mode (Tensor.pick left points))

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
                    let away = Scope.free (fun () -> distances mode (Tensor.pick left points))

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
            let points, energy = descend run target (tried.index_select (0L, order))
            points.index_select (0L, energy.argmin().unsqueeze 0L))

    /// Modes that are not known, where descents of a round end.
    let private round (run: Run) (target: Density) (known: Mode list) seed : Mode list =
        Scope.free (fun () ->
            let first =
                match known with
                | [] -> scattered seed starts target.Dimension
                | _ -> unexplained target seed known

            let points, energy = descend run target first
            apart target known points energy)

    /// Places where further modes would be if all were strewn by one normal distribution (count × d).
    let private strewn seed (count: int) (modes: Mode list) : float[,] =
        let centres = modes |> List.map _.Centre |> array2D
        let k, d = Array2D.length1 centres, Array2D.length2 centres

        Scope.free (fun () ->
            let centres = Tensor.ofArray2D Placement.float64 centres
            let normal = Random.normal Placement.float64 (Seed.child 0 seed) [ count; d ]

            // Two of them are √2 of its deviations apart, and their mean is known to one in √K.
            let difference =
                let pairs =
                    [|
                        for i in 0 .. k - 1 do
                            for j in 0 .. i - 1 -> i, j
                    |]

                let pick index =
                    Tensor.pick [| for n in 0 .. count - 1 -> index pairs[n % pairs.Length] |] centres

                pick fst - pick snd

            let size = sqrt (0.5 * (1.0 + 1.0 / float k))
            Tensor.toArray2D (centres.mean [| 0L |] .+ size .* normal * difference))

    /// Modes that a test of the search plants, of which at least a quarter have to stand out.
    let private plantedCount = 16

    /// How wide they are, compared with those that were found.
    let narrower = 0.7

    /// A test of the search: copies of the modes that were found, elsewhere and somewhat narrower, are planted into the density; the part of them
    /// that one round finds. None where copies do not stand out from the density, as where `modes` are parts of one.
    let recovered (run: Run) (target: Density) (modes: Mode list) : float option =
        Scope.free (fun () ->
            use _ = torch.no_grad ()
            let places = strewn (Seed.child 0 run.Seed) plantedCount modes

            let copies =
                [
                    for j in 0 .. plantedCount - 1 ->
                        let mode = modes[j % modes.Length]

                        { mode with
                            Centre = places[j, *]
                            Covariance = mode.Covariance |> Array2D.map (fun c -> narrower * narrower * c)
                            Whitener = mode.Whitener |> Array2D.map (fun w -> w / narrower)
                        }
                ]

            let top = copies |> List.map _.LogMass |> List.max
            let mass = top + log (copies |> List.sumBy (fun copy -> exp (copy.LogMass - top)))
            let normals = Normals.ofMixture Placement.float64 (mixture 1.0 copies)

            let planting points =
                mass .+ Normals.logDensity normals points

            let own points =
                (-(target.Energy points)).nan_to_num(-infinity, infinity, -infinity)

            let planted =
                { target with
                    Energy = fun points -> -((own points).logaddexp(planting points))
                }

            /// Those whose own height is well above the density where they are.
            let standing =
                Tensor.toArray (own (Tensor.ofArray2D Placement.float64 places))
                |> Array.toList
                |> List.zip copies
                |> List.filter (fun (copy, own) -> -copy.Energy - float target.Dimension * log narrower > own + 3.0)
                |> List.map fst

            if 4 * standing.Length < plantedCount then
                None
            else
                let found = round run planted modes (Seed.child 1 run.Seed)

                let isFound copy =
                    found
                    |> List.exists (fun mode ->
                        (Tensor.ofRows Placement.float64 [ mode.Centre ] |> distances copy)[0] < 1.0)

                Some(float (standing |> List.filter isFound |> List.length) / float standing.Length))

    /// The modes of a density.
    let modes (run: Run) (target: Density) : Mode list =
        let d = target.Dimension
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
