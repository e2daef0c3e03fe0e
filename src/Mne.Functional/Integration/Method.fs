namespace Mne.Functional

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
///                     Order = 2
///                     Segment = Segment.hermite t h (y, memory.Head) (next, slope)
///                     Memory = [ slope ]
///                 }
///     }
/// </code></example>
[<CustomEquality; NoComparison; Notebooks.TypeFormatterSource>]
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

    /// <summary>The method of a Runge–Kutta pair; its memory is f at the end of the last step.</summary>
    /// <param name="tableau">The pair; its last stage is the first of the next step.</param>
    /// <exception cref="T:System.ArgumentException">
    /// The tableau has not as many nodes as rows and weights, a number that is not finite, or a stage knows others than those before it.
    /// </exception>
    let ofTableau (tableau: Tableau) : Method =
        RungeKutta.check tableau

        {
            Name = tableau.Name
            Order = tableau.Order
            EmbeddedOrder = tableau.EmbeddedOrder
            Tableau = Some tableau
            Start = fun _ _ _ slope _ -> [ slope ]
            Step = fun f t y h memory -> RungeKutta.step tableau f t y h memory.Head
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
        ofTableau (Chebyshev.pair stages)

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
        let memory (slope: Tensor) (known: Chebyshev.Stiffness) =
            [
                slope
                known.Direction
                Tensor.ofArray (Placement.ofTensor slope) [| known.Stretch; known.Age |]
            ]

        {
            Name = "Runge–Kutta–Chebyshev 2, as many stages as are stable"
            Order = 2
            EmbeddedOrder = 2
            Tableau = None
            Start =
                fun f t y slope before ->
                    Scope.keepAll id (fun () ->
                        match before with
                        | [ _; v; _ ] -> Chebyshev.renewed f t y slope v
                        | _ -> Chebyshev.settled f t y slope
                        |> memory slope)
            Step =
                fun f t y h memories ->
                    match memories with
                    | [ slope; v; numbers ] ->
                        let numbers = Tensor.toArray numbers

                        let proposal, known =
                            Chebyshev.step
                                f
                                t
                                y
                                h
                                slope
                                {
                                    Direction = v
                                    Stretch = numbers[0]
                                    Age = numbers[1]
                                }

                        { proposal with
                            Memory = memory proposal.Memory.Head known
                        }
                    | _ -> Guard.fail "memory" $"found {memories.Length} tensors, wanted the three that Start gives"
        }

    /// Steps by Dormand and Prince's pair at the limit of its stability, 3.3 for real eigenvalues, are about this long in units of 1/ρ, or longer.
    let private atTheLimit = 2.5

    /// Chebyshev steps shorter than this in units of 1/ρ take more evaluations than the pair's longest.
    let private worthwhile = 2.0

    /// So many steps in a row that are too short for Chebyshev's method end its turn.
    let private enough = 5.0

    /// So many steps in a row that are not at the limit say that those before them were there by chance: where stability limits steps, one that is
    /// too long is rejected, and shorter ones follow.
    let private calm = 6.0

    /// So many steps at the limit, at first, begin its turn; four times as many after each turn that was not worthwhile.
    let private patienceAtFirst, private patienceAtMost = 15.0, 4000.0

    /// <summary>
    /// Dormand and Prince's pair where accuracy limits its steps, and Runge–Kutta–Chebyshev of second order with as many stages as are stable where stability
    /// does, as diffusion makes it do: found out by the stages themselves, and changed on the way as often as it pays. Where nothing is stiff, steps
    /// are those of <c>dormandPrince54</c> to the bit.
    /// </summary>
    /// <example><code>
    /// let whatever = { Evolution.defaults with Method = Method.automatic }
    /// </code></example>
    let automatic: Method =
        let pair = dormandPrince54.Tableau.Value

        /// In both turns: the slope, where the power method stands, and numbers: whose turn it is, stretch, age, steps counted, steps in a row that
        /// were not, patience.
        let memory (slope: Tensor) (direction: Tensor) (numbers: float[]) =
            [ slope; direction; Tensor.ofArray (Placement.ofTensor slope) numbers ]

        let explicit slope count others patience =
            memory slope slope [| 0.0; 0.0; 0.0; count; others; patience |]

        let chebyshev slope (known: Chebyshev.Stiffness) count patience =
            memory slope known.Direction [| 1.0; known.Stretch; known.Age; count; 0.0; patience |]

        let read (memories: Tensor list) =
            match memories with
            | [ slope; direction; numbers ] ->
                let numbers = Tensor.toArray numbers

                let known: Chebyshev.Stiffness =
                    {
                        Direction = direction
                        Stretch = numbers[1]
                        Age = numbers[2]
                    }

                slope, (if numbers[0] = 0.0 then None else Some known), (numbers[3], numbers[4]), numbers[5]
            | _ -> Guard.fail "memory" $"found {memories.Length} tensors, wanted the three that Start gives"

        {
            Name = "Dormand–Prince 5(4) or Runge–Kutta–Chebyshev 2, as stability asks"
            Order = dormandPrince54.Order
            EmbeddedOrder = dormandPrince54.EmbeddedOrder
            Tableau = None
            Start =
                fun f t y slope before ->
                    if before.IsEmpty then
                        explicit slope 0.0 0.0 patienceAtFirst
                    else
                        match read before with
                        | _, None, (count, others), patience -> explicit slope count others patience
                        | _, Some known, (count, _), patience ->
                            Scope.keepAll id (fun () ->
                                chebyshev slope (Chebyshev.renewed f t y slope known.Direction) count patience)
            Step =
                fun f t y h memories ->
                    let slope, known, (count, others), patience = read memories

                    let turn =
                        match known with
                        | None when count >= patience -> Some(Chebyshev.settled f t y slope), 0.0, 0.0
                        | Some _ when count >= enough -> None, 0.0, 0.0
                        | _ -> known, count, others

                    match turn with
                    | None, count, others ->
                        let patience =
                            if known.IsSome then
                                min patienceAtMost (4.0 * patience)
                            else
                                patience

                        let observed = RungeKutta.observed pair f t y h slope

                        let count, others =
                            if abs h * observed.Stretch > atTheLimit then
                                count + 1.0, 0.0
                            elif others + 1.0 < calm then
                                count, others + 1.0
                            else
                                0.0, others + 1.0

                        { observed.Proposal with
                            Memory = explicit observed.Proposal.Memory.Head count others patience
                        }
                    | Some known, count, _ ->
                        let proposal, known = Chebyshev.step f t y h slope known
                        let short = abs h * known.Stretch < worthwhile

                        { proposal with
                            Memory = chebyshev proposal.Memory.Head known (if short then count + 1.0 else 0.0) patience
                        }
        }
