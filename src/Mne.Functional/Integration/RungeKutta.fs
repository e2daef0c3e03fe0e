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
        /// <summary>
        /// The error goes with the size of the step to this power: one more than the order of the solution that it is compared with.
        /// </summary>
        Order: int
        /// <summary>The interpolant on the step.</summary>
        Segment: Segment
        /// <summary>What the next step is given.</summary>
        Memory: Tensor list
    }

/// Steps of explicit embedded pairs.
[<RequireQualifiedAccess>]
module internal RungeKutta =

    /// Σ_i w_i k_i, leaving out zeros.
    let private combine (weights: float[]) (slopes: ResizeArray<Tensor>) : Tensor =
        let sum = torch.zeros_like slopes[0]

        weights
        |> Array.iteri (fun i w ->
            if w <> 0.0 then
                sum.AddInPlace(slopes[i], w) |> ignore)

        sum

    /// Raises `ArgumentException` where the parts of a tableau do not fit together.
    let check (tableau: Tableau) =
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

    /// A step with what its stages say of the largest eigenvalue of f's derivative.
    type Observed =
        {
            Proposal: Proposal
            /// |f(a) − f(b)| / |a − b| at the last two stages, which both lie at the end of the step (Hairer and Wanner, Solving Ordinary Differential
            /// Equations II, IV.2); not a number where they are one.
            Stretch: float
        }

    /// One step of a pair from (t, y), where `slope` is f(t, y). Evaluates f once per further stage.
    let observed (tableau: Tableau) (f: Slope) t (y: Tensor) (h: float) (slope: Tensor) : Observed =
        let survivors observed =
            let p = observed.Proposal
            p.Next :: p.Error :: p.Memory @ List.ofArray p.Segment.Coefficients

        Scope.keepAll survivors (fun () ->
            let slopes = ResizeArray [ slope ]

            let before, next =
                ((y, y), [ 1 .. tableau.Nodes.Length - 1 ])
                ||> List.fold (fun (_, before) i ->
                    let stage = y .+ h .* combine tableau.Coupling[i] slopes
                    slopes.Add(f (t + tableau.Nodes[i] * h) stage)
                    before, stage)

            let last = slopes[slopes.Count - 1]
            let cubic = Segment.hermite t h (y, slope) (next, last)

            {
                Proposal =
                    {
                        Next = next
                        Error = h .* combine tableau.Error slopes
                        Order = tableau.EmbeddedOrder + 1
                        Segment =
                            { cubic with
                                Coefficients =
                                    Array.append cubic.Coefficients[..3] [| h .* combine tableau.Dense slopes |]
                            }
                        Memory = [ last ]
                    }
                Stretch =
                    Tensor.toFloat ((last - slopes[slopes.Count - 2]).norm())
                    / Tensor.toFloat ((next - before).norm())
            })

    /// One step of a pair from (t, y), where `slope` is f(t, y).
    let step (tableau: Tableau) (f: Slope) t (y: Tensor) (h: float) (slope: Tensor) : Proposal =
        (observed tableau f t y h slope).Proposal
