namespace Mne.Functional

open System

/// Whether an equation suits walls that are kept by a reflection. There u goes on as its own mirror image, and so does ∂_t u: it is 0
/// at a Dirichlet wall, and has no normal derivative at a Neumann wall. A right-hand side of which that is not true is not met there
/// by any θ̇. It is looked at from inside, where alone the caller's functions need be defined, and not on the wall itself: u / x is.
[<RequireQualifiedAccess>]
module internal Symmetry =

    /// Distances from the wall in units of `near`: polynomials through 1 to 6 and through 2, 4, …, 12 lead to the wall.
    let private distances = [ 1; 2; 3; 4; 5; 6; 8; 10; 12 ]

    /// Relative to the length of the coordinate.
    let private near = 2e-4

    /// Relative to the sum of the sizes of the summands, lengths being measured by that of the coordinate.
    let private slack = 1e-5

    /// From values at the distances to the value at the wall (order 0) or the slope there (order 1), by either polynomial: 2 × 9.
    let private toWall (order: int) : float[,] =
        let weights = [ 6.0; -15.0; 20.0; -15.0; 6.0; -1.0 ] // Lagrange's, from 1, …, 6 to 0
        let harmonic = List.sum [ for i in 1.0 .. 6.0 -> 1.0 / i ]

        let weight i =
            if order = 0 then
                weights[i - 1]
            else
                -weights[i - 1] * (harmonic - 1.0 / float i)

        array2D
            [
                for spacing in [ 1; 2 ] ->
                    [
                        for distance in distances ->
                            if distance % spacing = 0 && distance / spacing <= 6 then
                                weight (distance / spacing) / float spacing ** float order
                            else
                                0.0
                    ]
            ]

    /// The term with its means over the points as numbers and its interactions with them as known functions, so that it can be
    /// evaluated elsewhere. `index`: the component that it reads, where one has been chosen.
    let rec private settled (whole: Local) (index: int option) (term: Term) : Term =
        let go = settled whole index

        let values a =
            Term.evaluate
                (match index with
                 | Some c -> Term.OfComponent(c, a)
                 | None -> a)
                whole

        match term with
        | Term.Mean a -> Term.Number(Tensor.toFloat ((values a).mean()))
        | Term.Interact(name, kernel, a) ->
            let a = values a

            Term.Known(name, (fun _ x -> (Lent.two kernel x whole.Points).mv a ./ float (Tensor.rows whole.Points)))
        | Term.Plus(a, b) -> Term.Plus(go a, go b)
        | Term.Times(a, b) -> Term.Times(go a, go b)
        | Term.Over(a, b) -> Term.Over(go a, go b)
        | Term.Power(a, n) -> Term.Power(go a, n)
        | Term.Apply(name, f, a) -> Term.Apply(name, f, go a)
        | Term.OfComponent(c, a) -> Term.OfComponent(c, settled whole (Some c) a)
        | Term.System terms -> Term.System(List.map go terms)
        | Term.Number _
        | Term.Of _
        | Term.Known _
        | Term.Transport _
        | Term.Diffuse _
        | Term.GradientSquared
        | Term.Custom _ -> term

    /// A wall: its coordinate, where it is, the way in and how far to the opposite wall, and what holds there.
    type private Wall =
        {
            Axis: int
            Place: float
            Inward: float
            Condition: Boundary
        }

        member wall.Length = abs wall.Inward

        member wall.Order =
            match wall.Condition with
            | Boundary.Dirichlet -> 0
            | Boundary.Neumann -> 1

    let private walls (domain: Domain) : Wall list =
        [
            for k, coordinate in List.indexed domain.Coordinates do
                let wall place inward condition =
                    {
                        Axis = k
                        Place = place
                        Inward = inward
                        Condition = condition
                    }

                match coordinate with
                | Coordinate.Bounded(low, high, atLow, atHigh) ->
                    wall low (high - low) atLow
                    wall high (low - high) atHigh
                | Coordinate.Real
                | Coordinate.Periodic _
                | Coordinate.Interval _ -> ()
        ]

    /// The points with the coordinate of a wall replaced: by a column, or by one number.
    let private moved (wall: Wall) (column: Tensor) (points: Tensor) : Tensor =
        let copy = points.clone ()

        copy.select(1L, int64 wall.Axis).copy_(column.expand (points.shape[0]))
        |> ignore

        copy

    /// Whether u_θ goes on beyond the wall as its mirror image. A network given as a function may keep the condition otherwise.
    let private reflects (network: Network) (θ: Tensor) (points: Tensor) (wall: Wall) : bool =
        let image =
            moved wall (2.0 * wall.Place .- points.select (1L, int64 wall.Axis)) points

        let sign = if wall.Order = 0 then -1.0 else 1.0
        let u = Network.value network θ points
        let defect = Network.value network θ image - sign .* u
        Tensor.rms defect <= 1e-6 * Tensor.rms u

    /// What is wrong with a right-hand side at a wall, at time t and for u_θ: its size, and the summand that has most of it.
    let private defect (network: Network) (θ: Tensor) (points: Tensor) (some: Tensor) (wall: Wall) (t: float) term =
        let placement = Placement.ofTensor θ
        let request = Term.needs network.Domain.Dimension term

        let at x =
            {
                Time = t
                Points = x
                Jet = Network.jet request network θ x
            }

        let whole = at points
        let parts = Term.summands (settled whole None term)

        let lines =
            Tensor.concatenate
                0L
                [
                    for distance in distances ->
                        let place = wall.Place + near * float distance * wall.Inward
                        moved wall (Tensor.ofArray placement [| place |]) some
                ]
            |> at

        let weights =
            toWall wall.Order
            |> Array2D.map (fun w -> w / near ** float wall.Order)
            |> Tensor.ofArray2D placement

        /// 2 × the number of lines.
        let wallValues part =
            weights.mm ((Term.evaluate part lines).view(int64 distances.Length, -1L))

        let each = parts |> List.map (fun part -> part, wallValues part)
        let sum = each |> List.map snd |> List.reduce (.+)

        // What both polynomials agree on: neither round-off nor details that are finer than the distances.
        let found =
            Tensor.toFloat ((sum[0L].abs() - 10.0 .* (sum[0L] - sum[1L]).abs()).max())

        let size = parts |> List.sumBy (fun part -> Tensor.rms (Term.evaluate part whole))

        if found > slack * size then
            let culprit, _ =
                each |> List.maxBy (fun (_, values) -> Tensor.toFloat (values[0L].abs().max()))

            Some(found / wall.Length ** float wall.Order, culprit)
        else
            None

    let private refuse (wall: Wall) (t: float) (term: Term) (found: float, culprit: Term) =
        let place = $"at {wall.Place} along coordinate {wall.Axis}"

        match wall.Condition with
        | Boundary.Dirichlet ->
            Guard.fail
                "term"
                $"{Term.show term}: {place}, where u = 0 is kept by an odd reflection, it is {found:G3} (t = {t:G6}) and would have to be 0; {Term.show culprit} does not vanish there. Take Coordinate.Interval in place of Bounded, and Wall.dirichlet among the Walls of the options, which keeps u = 0 without a reflection"
        | Boundary.Neumann ->
            Guard.fail
                "term"
                $"{Term.show term}: {place}, where ∂u/∂x = 0 is kept by an even reflection, it has the slope {found:G3} (t = {t:G6}) and would have to have none; {Term.show culprit} is not even there. Take Coordinate.Interval in place of Bounded, and Wall.neumann among the Walls of the options, which keeps ∂u/∂x = 0 without a reflection"

    /// Raises `ArgumentException` where the right-hand side is not one that u, kept by reflections at the walls of its domain, can
    /// follow: for u_θ, and for u of the network's initial parameters, as the start may have symmetries of its own (u = 0).
    let check (term: Term) (network: Network) (θ: Tensor) (points: Tensor) (t0: float, t1: float) : unit =
        let walls = walls network.Domain

        if not walls.IsEmpty then
            // In double precision, as slopes at the wall are differences.
            let placement =
                { Placement.ofTensor θ with
                    Precision = Precision.Float64
                }

            let points = Tensor.place placement points
            let n = points.shape[0]
            let some = points.slice (0L, 0L, n, max 1L (n / 16L))

            let terms =
                match term with
                | Term.System terms -> terms
                | _ -> [ term ]

            let starts =
                (fun () -> Tensor.place placement θ)
                :: [ for seed in [ 1; 2 ] -> fun () -> network.Initial placement seed ]

            for start in starts do
                for wall in walls do
                    for t in [ t0; t0 + (t1 - t0) / sqrt 3.0 ] do
                        for term in terms do
                            let found =
                                Scope.free (fun () ->
                                    try
                                        let θ = start ()

                                        if reflects network θ points wall then
                                            defect network θ points some wall t term
                                        else
                                            None
                                    with
                                    | :? OperationCanceledException -> reraise ()
                                    // What cannot be evaluated for this u is no fault of symmetry; if it is one, the evolution says it.
                                    | _ -> None)

                            found |> Option.iter (refuse wall t term)
