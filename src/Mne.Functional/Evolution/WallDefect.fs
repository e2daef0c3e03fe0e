namespace Mne.Functional

open System
open TorchSharp

/// What u misses of the conditions at walls, R = a u + b ∂u/∂n − g, and what is to become of it: dR/dt = −ρ R.
[<RequireQualifiedAccess>]
module internal WallDefect =

    /// Relative to the whole run, the distance of the times by whose differences ∂R/∂t is known.
    let private instant = 1e-5

    /// The slope at s of the polynomial through values at −2, −1, 0, 1, 2.
    let private slopesAt (s: float) : float[] =
        let nodes = [ -2.0 .. 2.0 ]

        [|
            for own in nodes ->
                let others = nodes |> List.filter ((<>) own)

                others
                |> List.sumBy (fun left ->
                    others
                    |> List.filter ((<>) left)
                    |> List.fold (fun product k -> product * (s - k) / (own - k)) (1.0 / (own - left)))
        |]

    let components (network: Network) (rows: WallPoints) : int list =
        match rows.Wall.Component with
        | Some c -> [ c ]
        | None -> [ 0 .. network.Outputs - 1 ]

    /// A function of the condition at a time (M × q), of which q columns may be one.
    let known (q: int) (t: float) (x: Tensor) (f: float -> Tensor -> Tensor) : float[,] =
        let m = Tensor.rows x

        Scope.free (fun () ->
            let values = Lent.one (f t) x
            Guard.numbers "Walls" values

            if values.dim () = 1L then
                Guard.vector "Walls" m values
                let column = Tensor.toArray values
                Array2D.init m q (fun i _ -> column[i])
            else
                Guard.values "Walls" m q values

                (Tensor.toArray values)
                |> fun all -> Array2D.init m q (fun i c -> all[i * q + c]))

    /// What a condition reads: u and ∂u/∂n of its components at the points of a wall (M × q), and these points, in double precision.
    type Seen =
        {
            U: float[,]
            Slope: float[,]
            X: Tensor
        }

    let private double (θ: Tensor) =
        { Placement.ofTensor θ with
            Precision = Precision.Float64
        }

    /// What all conditions read.
    let seen (network: Network) (θ: Tensor) (walls: WallPoints list) : Seen list =
        let d = network.Domain.Dimension
        let double = double θ
        let places = [ for rows in walls -> Tensor.ofArray2D double rows.Points ]

        let request =
            if walls |> List.forall _.Wall.Condition.IsValue then
                Set.empty
            else
                Jet.gradientRequest d

        let jet =
            Network.jet request network θ (Tensor.place (Placement.ofTensor θ) (Tensor.concatenate 0L places))

        let channels =
            [ for channel in jet.Data.unbind 0 -> Tensor.toArray2D channel ]
            |> List.zip jet.Channels
            |> Map.ofList

        let starts =
            walls |> List.scan (fun start rows -> start + Array2D.length1 rows.Points) 0

        List.map3
            (fun start (rows: WallPoints) x ->
                let own = components network rows |> List.toArray
                let m = Array2D.length1 rows.Points

                {
                    U = Array2D.init m own.Length (fun i c -> channels[Derivative.Value][start + i, own[c]])
                    Slope =
                        Array2D.init m own.Length (fun i c ->
                            if request.IsEmpty then
                                0.0
                            else
                                Seq.sum
                                    [
                                        for k in 0 .. d - 1 ->
                                            rows.Normals[i, k] * channels[Derivative.Partial(k, 1)][start + i, own[c]]
                                    ])
                    X = x
                })
            (List.truncate walls.Length starts)
            walls
            places

    /// R at a time, for u and its slope as they are (M × q).
    let defectAt (condition: WallCondition) (seen: Seen) (t: float) : float[,] =
        let q = Array2D.length2 seen.U
        let at = known q t seen.X

        match condition with
        | WallCondition.Value g -> let g = at g in seen.U |> Array2D.mapi (fun i c u -> u - g[i, c])
        | WallCondition.Slope g -> let g = at g in seen.Slope |> Array2D.mapi (fun i c slope -> slope - g[i, c])
        | WallCondition.Both(a, b, g) ->
            let a, b, g = at a, at b, at g

            seen.U
            |> Array2D.mapi (fun i c u -> a[i, c] * u + b[i, c] * seen.Slope[i, c] - g[i, c])

    /// What dR/dt is to be by a change of u: −ρ R − ∂R/∂t (M × q).
    let wanted (rows: WallPoints) (t: float) (seen: Seen) : float[,] =
        let t0, t1 = rows.Span
        let h = instant * abs (t1 - t0)
        let low, high = min t0 t1, max t0 t1
        // Data need not be defined before the beginning and after the end.
        let centre = t |> max (low + 2.0 * h) |> min (high - 2.0 * h)
        let at = defectAt rows.Wall.Condition seen
        let now = at t

        let near = [| for j in -2.0 .. 2.0 -> at (centre + j * h) |]
        let factors = slopesAt ((t - centre) / h)

        let change =
            now
            |> Array2D.mapi (fun i c r -> -rows.Rate * r - Seq.sum [ for j in 0..4 -> factors[j] * near[j][i, c] ] / h)

        if change |> Seq.cast<float> |> Seq.forall Double.IsFinite then
            change
        else
            let what =
                $"the condition at {Wall.name rows.Wall.Side}, a wall, is no number at t = {t:G6}"

            raise (FieldRefused(fun _ -> Outcome.NonFinite what))

    /// The right-hand side (N, or N × m) where collocation points lie on walls with prescribed values: these rule there.
    let prescribe (network: Network) (walls: WallPoints list) (local: Local) (f: Tensor) : Tensor =
        let ruled = walls |> List.filter (fun rows -> rows.On.Length > 0)

        if ruled.IsEmpty then
            f
        else
            let result = f.clone().view(f.shape[0], -1L)
            let u = Jet.channel Derivative.Value local.Jet

            for rows in ruled do
                let index = torch.tensor (Array.map int64 rows.On, device = f.device)
                let here = Tensor.toArray2D (u.index_select (0L, index))
                let own = components network rows |> List.toArray
                let u = Array2D.init rows.On.Length own.Length (fun i c -> here[i, own[c]])

                let wanted =
                    wanted
                        rows
                        local.Time
                        {
                            U = u
                            Slope = u
                            X = Tensor.place (double f) (local.Points.index_select (0L, index))
                        }
                    |> Tensor.ofArray2D (Placement.ofTensor f)

                own
                |> Array.iteri (fun i c ->
                    result.select(1L, int64 c).index_copy_(0L, index, wanted.select (1L, int64 i))
                    |> ignore)

            result.view f.shape

    let rms (values: float[,]) =
        sqrt (Seq.averageBy (fun v -> v * v) (Seq.cast<float> values))

    /// What R of 1 is in units of u: one of slopes is one over the length of the domain.
    let unit (rows: WallPoints) (t: float) (x: Tensor) : float =
        match rows.Wall.Condition with
        | WallCondition.Value _ -> 1.0
        | WallCondition.Slope _ -> 1.0 / rows.Length
        | WallCondition.Both(a, b, _) -> rms (known 1 t x a) + rms (known 1 t x b) / rows.Length

    /// The largest of the sizes of R at all walls, relative to that of u, and where it is.
    let misfit (network: Network) (θ: Tensor) (t: float) (size: float) (walls: WallPoints list) : float * string =
        Scope.free (fun () ->
            List.zip walls (seen network θ walls)
            |> List.map (fun (rows, seen) ->
                let found = rms (defectAt rows.Wall.Condition seen t)

                (if found = 0.0 then
                     0.0
                 else
                     found / (unit rows t seen.X * size)),
                Wall.name rows.Wall.Side)
            |> List.maxBy fst)
