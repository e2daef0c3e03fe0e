namespace Mne.Functional

/// Runge–Kutta–Chebyshev steps of second order, with as many stages as make them stable (Sommeijer, Shampine and Verwer, J. Comput. Appl. Math. 88,
/// 1998).
[<RequireQualifiedAccess>]
module internal Chebyshev =

    /// The tableau of s stages, 2 or more.
    let pair (s: int) : Tableau =
        let w0 = 1.0 + 2.0 / 13.0 / float (s * s)

        /// T_j, T'_j, T''_j at w₀ for j = 0 … s.
        let polynomials =
            ((1.0, 0.0, 0.0), (w0, 1.0, 0.0))
            |> Seq.unfold (fun ((t, t1, t2), (u, u1, u2)) ->
                let next =
                    2.0 * w0 * u - t, 2.0 * u + 2.0 * w0 * u1 - t1, 4.0 * u1 + 2.0 * w0 * u2 - t2

                Some((t, t1, t2), ((u, u1, u2), next)))
            |> Seq.take (s + 1)
            |> Seq.toArray

        let value j = let t, _, _ = polynomials[j] in t
        let slope j = let _, t1, _ = polynomials[j] in t1
        let curvature j = let _, _, t2 = polynomials[j] in t2
        let w1 = slope s / curvature s

        let b j =
            let j = max 2 j in curvature j / (slope j * slope j)

        /// Stage j of the recurrence as a combination of the slopes before it.
        let rows =
            let first = [| b 1 * w1 |]

            ([ first; [||] ], [ 2..s ])
            ||> List.fold (fun rows j ->
                let μ, ν, μ' =
                    2.0 * b j * w0 / b (j - 1), -b j / b (j - 2), 2.0 * b j * w1 / b (j - 1)

                let entry (row: float[]) i = if i < row.Length then row[i] else 0.0

                let row =
                    Array.init j (fun i ->
                        μ * entry rows.Head i
                        + ν * entry rows.Tail.Head i
                        + (if i = j - 1 then μ' else 0.0)
                        - (if i = 0 then
                               μ' * (1.0 - b (j - 1) * value (j - 1))
                           else
                               0.0))

                row :: rows)
            |> List.rev
            |> List.toArray

        let weights = rows[s]

        {
            Name = $"Runge–Kutta–Chebyshev 2, {s} stages"
            Order = 2
            EmbeddedOrder = 2
            Nodes = [| for row in rows -> Array.sum row |]
            Coupling = rows
            Error =
                [|
                    for i in 0..s ->
                        (if i < s then -0.8 * weights[i] else 0.0)
                        + (if i = 0 || i = s then 0.4 else 0.0)
                |]
            Dense = Array.zeroCreate (s + 1)
        }

    /// No step has more stages.
    let private most = 250

    let private pairs = Array.init (most + 1) (fun s -> lazy (pair s))

    /// The least number of stages with which steps of size h are stable where f stretches by ρ; None where no step has as many.
    let private stagesFor (h: float) (ρ: float) : int option =
        let wanted = 1.0 + floor (sqrt (1.0 + abs h * ρ / 0.65))

        if wanted <= float most then
            Some(max 2 (int wanted))
        else
            None

    /// A step that is too long to be made: its error is not a number, which asks the controller for a shorter one.
    let private tooLong t (y: Tensor) (h: float) (slope: Tensor) : Proposal =
        {
            Next = y
            Error = nan .* y
            Order = 3
            Segment = Segment.hermite t h (y, slope) (y, slope)
            Memory = [ slope ]
        }

    /// How much f stretches a small change of y along v, and what becomes of v: a step of the power method for the largest eigenvalue
    /// of f's derivative.
    let private stretched (f: Slope) t (y: Tensor) (slope: Tensor) (v: Tensor) : Tensor * float =
        let length = Tensor.toFloat (v.norm ())

        if not (System.Double.IsFinite length && length > 0.0) then
            v, 0.0
        else
            // How large y is where v is not 0: other parts of it may have another unit.
            let size = Tensor.toFloat ((y * v).abs().sum()) / length
            // Well above the square root of round-off: a vector field that solves a system of equations has fewer digits than its numbers.
            let small =
                System.Math.Cbrt(Placement.epsilon (Placement.ofTensor y))
                * (if System.Double.IsFinite size && size > 0.0 then
                       size
                   else
                       1.0)

            let image: Tensor = f t (y .+ (small / length) .* v) - slope
            let ρ = Tensor.toFloat (image.norm ()) / small

            if System.Double.IsFinite ρ && ρ > 0.0 then
                image ./ (small * ρ), ρ
            else
                v, 0.0

    /// Estimates of the power method are lower bounds.
    let private allowance = 1.5

    /// So many steps may pass between two estimates.
    let private estimateEvery = 10.0

    /// f's slope at the place reached, and what is known of its derivative there.
    type Stiffness =
        {
            /// Where the power method stands.
            Direction: Tensor
            /// How much f stretches, at most.
            Stretch: float
            /// How many steps ago that was found.
            Age: float
        }

    /// The stretch found anew from where the power method stands.
    let renewed (f: Slope) t y slope (direction: Tensor) : Stiffness =
        let next, ρ = stretched f t y slope direction

        {
            Direction = next
            Stretch = allowance * ρ
            Age = 0.0
        }

    /// The stretch found from nothing: until two estimates in a row agree.
    let settled (f: Slope) t y (slope: Tensor) : Stiffness =
        let rec settle v ρ count =
            let next, σ = stretched f t y slope v

            if count = 1 || abs (σ - ρ) <= 0.05 * σ then
                {
                    Direction = next
                    Stretch = allowance * max σ ρ
                    Age = 0.0
                }
            else
                settle next σ (count - 1)

        settle slope 0.0 20

    /// One step with as many stages as are stable, where the slope is f(t, y), and what is known after it.
    let step (f: Slope) t (y: Tensor) (h: float) (slope: Tensor) (known: Stiffness) : Proposal * Stiffness =
        let known =
            if known.Age < estimateEvery then
                known
            else
                renewed f t y slope known.Direction

        let proposal =
            match stagesFor h known.Stretch with
            | Some stages -> RungeKutta.step pairs[stages].Value f t y h slope
            | None -> tooLong t y h slope

        proposal, { known with Age = known.Age + 1.0 }
