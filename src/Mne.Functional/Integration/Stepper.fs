namespace Mne.Functional

open TorchSharp

/// An explicit embedded Runge–Kutta pair whose last stage is the first of the next step.
type Tableau =
    {
        /// The usual name.
        Name: string
        /// The order of the solution that is carried on.
        Order: int
        /// The order of the solution that it is compared with.
        EmbeddedOrder: int
        /// c_i, where in the step each stage lies.
        Nodes: float[]
        /// a_ij, row by row; the last row holds the weights b.
        Coupling: float[][]
        /// b_i − b̂_i: weights of the error estimate.
        Error: float[]
        /// d_i: weights of the quartic correction that makes the dense output one order better than Hermite's cubic.
        Dense: float[]
    }

/// A vector field with a note on every evaluation: y' = f(t, y). It is pure.
type Field<'note> = float -> Tensor -> Tensor * 'note

/// One accepted step and the interpolant on it: y(t₀ + τh) = c₀ + τ(c₁ + τ'(c₂ + τ(c₃ + τ' c₄))), τ' = 1 − τ.
type Segment =
    {
        /// t₀.
        Start: float
        /// h, negative when time runs backwards.
        Length: float
        /// c₀ … c₄, each of the shape of y.
        Coefficients: Tensor[]
    }

/// What one step proposes.
type Proposal<'note> =
    {
        /// y at the end of the step.
        Next: Tensor
        /// f at the end of the step.
        Slope: Tensor
        /// The note of that evaluation.
        Note: 'note
        /// The estimated error of y (a tensor of the same shape).
        Error: Tensor
        /// The interpolant on the step.
        Segment: Segment
    }

/// Runge–Kutta steps.
[<RequireQualifiedAccess>]
module Stepper =

    /// Dormand and Prince's pair of order 5(4) (J. Comput. Appl. Math. 6, 1980), with the continuous extension of order 4
    /// in the form of Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.6.
    let dormandPrince54: Tableau =
        {
            Name = "Dormand–Prince 5(4)"
            Order = 5
            EmbeddedOrder = 4
            Nodes = [| 0.0; 1.0 / 5.0; 3.0 / 10.0; 4.0 / 5.0; 8.0 / 9.0; 1.0; 1.0 |]
            Coupling =
                [|
                    [||]
                    [| 1.0 / 5.0 |]
                    [| 3.0 / 40.0; 9.0 / 40.0 |]
                    [| 44.0 / 45.0; -56.0 / 15.0; 32.0 / 9.0 |]
                    [| 19372.0 / 6561.0; -25360.0 / 2187.0; 64448.0 / 6561.0; -212.0 / 729.0 |]
                    [|
                        9017.0 / 3168.0
                        -355.0 / 33.0
                        46732.0 / 5247.0
                        49.0 / 176.0
                        -5103.0 / 18656.0
                    |]
                    [|
                        35.0 / 384.0
                        0.0
                        500.0 / 1113.0
                        125.0 / 192.0
                        -2187.0 / 6784.0
                        11.0 / 84.0
                    |]
                |]
            Error =
                [|
                    71.0 / 57600.0
                    0.0
                    -71.0 / 16695.0
                    71.0 / 1920.0
                    -17253.0 / 339200.0
                    22.0 / 525.0
                    -1.0 / 40.0
                |]
            Dense =
                [|
                    -12715105075.0 / 11282082432.0
                    0.0
                    87487479700.0 / 32700410799.0
                    -10690763975.0 / 1880347072.0
                    701980252875.0 / 199316789632.0
                    -1453857185.0 / 822651844.0
                    69997945.0 / 29380423.0
                |]
        }

    /// The second-order Runge–Kutta–Chebyshev method with a fixed number of stages s (van der Houwen and Sommeijer 1980, with
    /// the damping and the error estimate of Sommeijer, Shampine and Verwer, J. Comput. Appl. Math. 88, 1998). It is stable for
    /// negative real eigenvalues down to −0.65 (s² − 1) / h, where Dormand and Prince's pair stops at −3.3 / h: for runs whose steps
    /// are limited by diffusion rather than accuracy.
    /// Raises `ArgumentException` for fewer than 3 stages.
    let chebyshev (stages: int) : Tableau =
        Guard.atLeast "stages" 3 stages
        let s = stages
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

    /// Σ_i w_i k_i, leaving out zeros.
    let private combine (weights: float[]) (slopes: ResizeArray<Tensor>) : Tensor =
        let sum = torch.zeros_like slopes[0]

        weights
        |> Array.iteri (fun i w ->
            if w <> 0.0 then
                sum.add_ (slopes[i], alpha = w.ToScalar()) |> ignore)

        sum

    /// One step of size h from (t, y), where `slope` is f(t, y). Evaluates the field once per further stage.
    let step
        (tableau: Tableau)
        (field: Field<'note>)
        (t: float)
        (y: Tensor)
        (slope: Tensor)
        (h: float)
        : Proposal<'note> =
        Scope.keepAll (fun p -> p.Next :: p.Slope :: p.Error :: List.ofArray p.Segment.Coefficients) (fun () ->
            let slopes = ResizeArray [ slope ]
            let mutable next = y
            let mutable note = Unchecked.defaultof<'note>

            for i in 1 .. tableau.Nodes.Length - 1 do
                next <- y + h * combine tableau.Coupling[i] slopes
                let k, n = field (t + tableau.Nodes[i] * h) next
                slopes.Add k
                note <- n

            let difference = next - y
            let bend = h * slope - difference
            let last = slopes[slopes.Count - 1]

            {
                Next = next
                Slope = last
                Note = note
                Error = h * combine tableau.Error slopes
                Segment =
                    {
                        Start = t
                        Length = h
                        Coefficients =
                            [|
                                y.clone ()
                                difference
                                bend
                                difference - h * last - bend
                                h * combine tableau.Dense slopes
                            |]
                    }
            })

/// Interpolation between steps.
[<RequireQualifiedAccess>]
module Segment =

    /// t₀ + h.
    let stop segment = segment.Start + segment.Length

    /// The part of y at time t that begins at `offset` and is `length` long, without computing the rest.
    let evaluatePart (offset: int64, length: int64) (t: float) (segment: Segment) : Tensor =
        Scope.keep (fun () ->
            let τ = (t - segment.Start) / segment.Length
            let c = segment.Coefficients |> Array.map (fun c -> c.narrow (0L, offset, length))
            c[0] + τ * (c[1] + (1.0 - τ) * (c[2] + τ * (c[3] + (1.0 - τ) * c[4]))))

    /// y(t) for t within the step.
    let evaluate (t: float) (segment: Segment) : Tensor =
        evaluatePart (0L, segment.Coefficients[0].shape[0]) t segment
