namespace Mne.Functional

open TorchSharp

/// <summary>An explicit embedded Runge–Kutta pair whose last stage is the first of the next step.</summary>
type Tableau =
    {
        /// <summary>The usual name.</summary>
        Name: string
        /// <summary>The order of the solution that is carried on.</summary>
        Order: int
        /// <summary>The order of the solution that it is compared with.</summary>
        EmbeddedOrder: int
        /// <summary>c_i, where in the step each stage lies.</summary>
        Nodes: float[]
        /// <summary>a_ij, row by row; the last row holds the weights b.</summary>
        Coupling: float[][]
        /// <summary>b_i − b̂_i: weights of the error estimate.</summary>
        Error: float[]
        /// <summary>
        /// d_i: weights of the quartic correction that makes the dense output one order better than Hermite's cubic.
        /// </summary>
        Dense: float[]
    }

/// <summary>The right-hand side of y' = f(t, y) to a method: (t, y) ↦ f(t, y).</summary>
type Slope = float -> Tensor -> Tensor

/// <summary>What one step proposes.</summary>
type Proposal =
    {
        /// <summary>y at the end of the step.</summary>
        Next: Tensor
        /// <summary>
        /// The estimated error of y (a tensor of the same shape); zeros from a method that has no estimate.
        /// </summary>
        Error: Tensor
        /// <summary>The interpolant on the step.</summary>
        Segment: Segment
        /// <summary>What the next step is given.</summary>
        Memory: Tensor list
    }

/// <summary>
/// How one step is made: a value with its own state, so that a method of one's own, explicit or implicit, is used like the ones here.
/// Its functions are pure.
/// </summary>
/// <example><code>
/// // Euler's method, without an estimate of its error: to go with `Controller.constant`.
/// let euler =
///     {
///         Name = "Euler"
///         Order = 1
///         EmbeddedOrder = 1
///         Tableau = None
///         Start = fun _ _ _ slope _ -> [ slope ]
///         Step =
///             fun f t y h memory ->
///                 let next = y + h * memory.Head
///                 let slope = f (t + h) next
///
///                 {
///                     Next = next
///                     Error = 0.0 * y
///                     Segment = Segment.hermite t h (y, memory.Head) (next, slope)
///                     Memory = [ slope ]
///                 }
///     }
/// </code></example>
[<CustomEquality; NoComparison>]
type Method =
    {
        /// <summary>The usual name.</summary>
        Name: string
        /// <summary>The order of the solution that is carried on.</summary>
        Order: int
        /// <summary>
        /// The order of the solution that it is compared with: estimates go with the step size to this power plus one.
        /// </summary>
        EmbeddedOrder: int
        /// <summary>The Runge–Kutta pair that it steps by, which files keep; None for every other method.</summary>
        Tableau: Tableau option
        /// <summary>
        /// The memory with which a piece begins: f ↦ t ↦ y ↦ f(t, y) ↦ the memory at the end of the piece before, empty at
        /// first ↦ memory.
        /// </summary>
        Start: Slope -> float -> Tensor -> Tensor -> Tensor list -> Tensor list
        /// <summary>One step: f ↦ t ↦ y ↦ h ↦ memory ↦ proposal. h is negative when time runs backwards.</summary>
        Step: Slope -> float -> Tensor -> float -> Tensor list -> Proposal
    }

    /// <summary>Methods of equal tableaus are equal; others are equal to themselves.</summary>
    override method.Equals other =
        match other with
        | :? Method as other ->
            match method.Tableau, other.Tableau with
            | Some one, Some two -> one = two
            | None, None -> obj.ReferenceEquals(method, other)
            | _ -> false
        | _ -> false

    override method.GetHashCode() = hash method.Name
    override method.ToString() = method.Name

/// <summary>Methods for initial-value problems.</summary>
[<RequireQualifiedAccess>]
module Method =

    /// Σ_i w_i k_i, leaving out zeros.
    let private combine (weights: float[]) (slopes: ResizeArray<Tensor>) : Tensor =
        let sum = torch.zeros_like slopes[0]

        weights
        |> Array.iteri (fun i w ->
            if w <> 0.0 then
                sum.AddInPlace(slopes[i], w) |> ignore)

        sum

    let private check (tableau: Tableau) =
        let stages = tableau.Nodes.Length

        if
            stages < 2
            || [ tableau.Coupling.Length; tableau.Error.Length; tableau.Dense.Length ]
               <> [ stages; stages; stages ]
        then
            Guard.fail
                "tableau"
                $"{stages} nodes, {tableau.Coupling.Length} rows of couplings, {tableau.Error.Length} weights of the error and {tableau.Dense.Length} of the dense output; wanted as many of each, two or more"

        for number in Array.concat [ tableau.Nodes; Array.concat tableau.Coupling; tableau.Error; tableau.Dense ] do
            if not (System.Double.IsFinite number) then
                Guard.fail "tableau" $"found {number} among its numbers, wanted finite ones"

        tableau.Coupling
        |> Array.iteri (fun i row ->
            if row.Length > i then
                Guard.fail
                    "tableau"
                    $"row {i} of the couplings has {row.Length} numbers, wanted at most {i}: an explicit stage knows only those before it")

    /// One step of a pair from (t, y), where `slope` is f(t, y). Evaluates f once per further stage.
    let private step (tableau: Tableau) (f: Slope) t (y: Tensor) (h: float) (slope: Tensor) : Proposal =
        Scope.keepAll (fun p -> p.Next :: p.Error :: p.Memory @ List.ofArray p.Segment.Coefficients) (fun () ->
            let slopes = ResizeArray [ slope ]

            let next =
                (y, [ 1 .. tableau.Nodes.Length - 1 ])
                ||> List.fold (fun _ i ->
                    let stage = y .+ h .* combine tableau.Coupling[i] slopes
                    slopes.Add(f (t + tableau.Nodes[i] * h) stage)
                    stage)

            let last = slopes[slopes.Count - 1]
            let cubic = Segment.hermite t h (y, slope) (next, last)

            {
                Next = next
                Error = h .* combine tableau.Error slopes
                Segment =
                    { cubic with
                        Coefficients = Array.append cubic.Coefficients[..3] [| h .* combine tableau.Dense slopes |]
                    }
                Memory = [ last ]
            })

    /// <summary>The method of a Runge–Kutta pair; its memory is f at the end of the last step.</summary>
    /// <param name="tableau">The pair; its last stage is the first of the next step.</param>
    /// <exception cref="T:System.ArgumentException">
    /// The tableau has not as many nodes as rows and weights, a number that is not finite, or a stage knows others than those before it.
    /// </exception>
    let ofTableau (tableau: Tableau) : Method =
        check tableau

        {
            Name = tableau.Name
            Order = tableau.Order
            EmbeddedOrder = tableau.EmbeddedOrder
            Tableau = Some tableau
            Start = fun _ _ _ slope _ -> [ slope ]
            Step = fun f t y h memory -> step tableau f t y h memory.Head
        }

    /// <summary>
    /// Dormand and Prince's pair of order 5(4) (J. Comput. Appl. Math. 6, 1980), with the continuous extension of order
    /// 4 in the form of Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.6.
    /// </summary>
    let dormandPrince54: Method =
        ofTableau
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

    /// The tableau of s stages, 2 or more.
    let private chebyshevPair (s: int) : Tableau =
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

    /// <summary>
    /// The second-order Runge–Kutta–Chebyshev method with a fixed number of stages s (van der Houwen and Sommeijer
    /// 1980, with the damping and the error estimate of Sommeijer, Shampine and Verwer, J. Comput. Appl. Math. 88,
    /// 1998). It is stable for negative real eigenvalues down to −0.65 (s² − 1) / h, where Dormand and Prince's pair
    /// stops at −3.3 / h: for runs whose steps are limited by diffusion rather than accuracy.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">For fewer than 3 stages.</exception>
    let chebyshev (stages: int) : Method =
        Guard.atLeast "stages" 3 stages
        Guard.within "stages" 3 1000 stages
        ofTableau (chebyshevPair stages)

    /// No step has more stages.
    let private mostStages = 250

    let private pairs = Array.init (mostStages + 1) (fun s -> lazy (chebyshevPair s))

    /// The least number of stages with which steps of size h are stable where f stretches by ρ; None where no step has as many.
    let private stagesFor (h: float) (ρ: float) : int option =
        let wanted = 1.0 + floor (sqrt (1.0 + abs h * ρ / 0.65))

        if wanted <= float mostStages then
            Some(max 2 (int wanted))
        else
            None

    /// A step that is too long to be made: its error is not a number, which asks the controller for a shorter one.
    let private tooLong t (y: Tensor) (h: float) (slope: Tensor) : Proposal =
        {
            Next = y
            Error = nan .* y
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

    /// <summary>
    /// Runge–Kutta–Chebyshev of second order with as many stages as each step needs to be stable, 250 at most: what <c>chebyshev</c>
    /// is with a fixed number of them; a step that would need more has an error that is not a number, which asks for a shorter one. The
    /// largest eigenvalue of the derivative of f is estimated by the power method, one evaluation every ten steps and where a piece
    /// begins (Sommeijer, Shampine and Verwer, J. Comput. Appl. Math. 88, 1998). For runs whose steps are limited by diffusion, or by how
    /// often points are drawn anew.
    /// </summary>
    /// <example><code>
    /// let diffusive = { Evolution.defaults with Method = Method.stabilised; Tolerance = 1e-4 }
    /// </code></example>
    let stabilised: Method =
        let memory (slope: Tensor) (v: Tensor) (ρ: float) (age: float) =
            [ slope; v; Tensor.ofArray (Placement.ofTensor slope) [| ρ; age |] ]

        let estimate f t y slope (v: Tensor) =
            let v, ρ = stretched f t y slope v
            memory slope v (allowance * ρ) 0.0

        {
            Name = "Runge–Kutta–Chebyshev 2, as many stages as are stable"
            Order = 2
            EmbeddedOrder = 2
            Tableau = None
            Start =
                fun f t y slope before ->
                    Scope.keepAll id (fun () ->
                        match before with
                        | [ _; v; _ ] -> estimate f t y slope v
                        | _ ->
                            // Until two estimates in a row agree.
                            let rec settle v ρ count =
                                let next, σ = stretched f t y slope v

                                if count = 1 || abs (σ - ρ) <= 0.05 * σ then
                                    memory slope next (allowance * max σ ρ) 0.0
                                else
                                    settle next σ (count - 1)

                            settle slope 0.0 20)
            Step =
                fun f t y h memories ->
                    let slope, v, ρ, age =
                        match memories with
                        | [ slope; v; numbers ] ->
                            let numbers = Tensor.toArray numbers

                            if numbers[1] < estimateEvery then
                                slope, v, numbers[0], numbers[1]
                            else
                                let next, ρ = stretched f t y slope v
                                slope, next, allowance * ρ, 0.0
                        | _ -> Guard.fail "memory" $"found {memories.Length} tensors, wanted the three that Start gives"

                    let proposal =
                        match stagesFor h ρ with
                        | Some stages -> step pairs[stages].Value f t y h slope
                        | None -> tooLong t y h slope

                    { proposal with
                        Memory = memory proposal.Memory.Head v ρ (age + 1.0)
                    }
        }
