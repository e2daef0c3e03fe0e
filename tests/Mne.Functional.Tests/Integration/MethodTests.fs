module Mne.Functional.Tests.MethodTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

let private vector (values: float list) =
    Tensor.ofArray double (List.toArray values)

let private method = Method.dormandPrince54
let private tableau = method.Tableau.Value

/// One step from the state and its slope, with which the methods here begin.
let private step (method: Method) (f: Slope) t y h =
    method.Step f t y h (method.Start f t y (f t y) [])

/// The method as it behaves, not as it is written down: with stages that return unit vectors, the arguments of the
/// stages are the rows of A, the step is b, the error estimate b − b̂, and the interpolant b(τ).
let private observed =
    lazy
        (use _ = torch.NewDisposeScope()
         let s = tableau.Nodes.Length

         let unit i =
             vector [ for j in 0 .. s - 1 -> if i = j then 1.0 else 0.0 ]

         let arguments, times = ResizeArray [ Array.zeroCreate s ], ResizeArray [ 0.0 ]

         let field t (y: Tensor) =
             arguments.Add(Tensor.toArray y)
             times.Add t
             unit (arguments.Count - 1)

         let proposal = method.Step field 0.0 (Tensor.zeros double [ s ]) 1.0 [ unit 0 ]

         {|
             A = arguments.ToArray()
             C = times.ToArray()
             B = Tensor.toArray proposal.Next
             Error = Tensor.toArray proposal.Error
             Dense =
                 [
                     for τ in 0.0..0.05..1.0 -> τ, Tensor.toArray (Segment.evaluate τ proposal.Segment)
                 ]
         |})

/// A rooted tree: its branches.
type private Tree = Tree of Tree list

let rec private order (Tree branches) = 1 + List.sumBy order branches

let rec private density (Tree branches as tree) =
    float (order tree) * List.fold (fun γ branch -> γ * density branch) 1.0 branches

/// All rooted trees with n vertices.
let rec private trees n : Tree list =
    /// Lists of trees with m vertices in all, each tree no later than `bound` in the enumeration.
    let rec forests m bound : Tree list list =
        if m = 0 then
            [ [] ]
        else
            [
                for size in 1..m do
                    for i, tree in List.indexed (trees size) do
                        if compare (size, i) bound <= 0 then
                            for rest in forests (m - size) (size, i) -> tree :: rest
            ]

    [ for branches in forests (n - 1) (n, 0) -> Tree branches ]

/// The elementary weight Σ_i w_i Φ_i(tree) (Butcher).
let private weight (a: float[][]) (w: float[]) tree =
    let rec stage (Tree branches) =
        [|
            for i in 0 .. w.Length - 1 ->
                branches
                |> List.fold (fun product branch -> product * Array.sum (Array.map2 (*) a[i] (stage branch))) 1.0
        |]

    Array.sum (Array.map2 (*) w (stage tree))

/// Fixed steps of u' = f from t0 to t1; the largest error at the steps, between them, and of one step.
let private errors (field: Slope) (exact: float -> Tensor) t0 t1 n =
    use _ = torch.NewDisposeScope()
    let h = (t1 - t0) / float n
    let mutable y, atSteps, between = exact t0, 0.0, 0.0
    let mutable memory = method.Start field t0 y (field t0 y) []
    let distance (y: Tensor) t = Check.size (y - exact t)

    for i in 0 .. n - 1 do
        let t = t0 + float i * h
        let p = method.Step field t y h memory
        y <- p.Next
        memory <- p.Memory
        atSteps <- max atSteps (distance y (t + h))

        for τ in [ 0.25; 0.5; 0.75 ] do
            between <- max between (distance (Segment.evaluate (t + τ * h) p.Segment) (t + τ * h))

    atSteps, between

/// One step of size h from the exact solution: the errors of the step, of its middle, and the estimate.
let private local (field: Slope) (exact: float -> Tensor) t h =
    use _ = torch.NewDisposeScope()
    let y = exact t
    let p = step method field t y h

    Check.size (p.Next - exact (t + h)),
    Check.size (Segment.evaluate (t + 0.5 * h) p.Segment - exact (t + 0.5 * h)),
    Check.size p.Error

/// Nonlinear and autonomous: y' = y (1 − y); linear and non-autonomous: y' = y cos t.
let private problems: (string * Slope * (float -> Tensor)) list =
    [
        "logistic", (fun _ y -> y * (1.0 - y)), (fun t -> vector [ 1.0 / (1.0 + exp -t) ])
        "swing", (fun t y -> y * cos t), (fun t -> vector [ exp (sin t) ])
    ]

// A turn on the way to the unit circle: r' = r (1 − r²), φ' = 1 + t/2, in Cartesian coordinates.
let private spiral t (y: Tensor) =
    let a, b = y[0], y[1]
    let stretch, turn = 1.0 - a * a - b * b, 1.0 + 0.5 * t
    torch.stack ([| a * stretch - turn * b; b * stretch + turn * a |], 0L)

let private spiralExact t =
    let r = 1.0 / sqrt (1.0 + 3.0 * exp (-2.0 * t)) // r(0) = 1/2
    let φ = t + 0.25 * t * t
    vector [ r * cos φ; r * sin φ ]

let private slope (coarse: float) (fine: float) = Math.Log2(coarse / fine)

[<Tests>]
let tests =
    testList
        "Method"
        [
            test "there are 1, 1, 2, 4, 9, 20 rooted trees" {
                Expect.equal [ for n in 1..6 -> (trees n).Length ] [ 1; 1; 2; 4; 9; 20 ] "Cayley"
            }

            test "stages lie at the sums of their couplings, and the tableau is what is computed" {
                let m = observed.Value

                for i in 0 .. tableau.Nodes.Length - 1 do
                    Expect.floatClose Accuracy.veryHigh (Array.sum m.A[i]) tableau.Nodes[i] $"row sum {i}"
                    Expect.floatClose Accuracy.veryHigh m.C[i] tableau.Nodes[i] $"node {i}"

                Expect.equal m.A[6] m.B "the last stage is the first of the next step"
            }

            test "order conditions: 5 for b, 4 for b̂ and for the dense weights at every τ, and no more" {
                let m = observed.Value
                let embedded = Array.map2 (-) m.B m.Error

                let missed weights n τ =
                    [
                        for tree in trees n -> abs (weight m.A weights tree - τ ** float n / density tree)
                    ]
                    |> List.max

                for n in 1..5 do
                    Expect.isLessThan (missed m.B n 1.0) 1e-14 $"b, order {n}"

                for n in 1..4 do
                    Expect.isLessThan (missed embedded n 1.0) 1e-14 $"b̂, order {n}"

                    for τ, weights in m.Dense do
                        Expect.isLessThan (missed weights n τ) 1e-14 $"dense, order {n}, τ = {τ}"

                Expect.isGreaterThan (missed m.B 6 1.0) 1e-5 "b is not of order 6"
                Expect.isGreaterThan (missed embedded 5 1.0) 1e-5 "b̂ is not of order 5"
                let middle = m.Dense |> List.find (fun (τ, _) -> abs (τ - 0.5) < 1e-9) |> snd
                Expect.isGreaterThan (missed middle 5 0.5) 1e-5 "the interpolant is not of order 5"
            }

            for name, field, exact in problems do
                test $"{name}: observed local orders: step 5, dense output 4, estimate 4" {
                    // An error O(h^{p+1}) in one step is order p; root mean squares over many starting times.
                    let rms h =
                        let all = [ for t in 0.0..0.1..3.0 -> local field exact t h ]

                        let over part =
                            sqrt (List.averageBy (fun e -> part e ** 2.0) all)

                        over (fun (s, _, _) -> s), over (fun (_, d, _) -> d), over (fun (_, _, e) -> e)

                    let (s1, d1, e1), (s2, d2, e2) = rms 0.1, rms 0.05
                    Expect.isTrue (abs (slope s1 s2 - 6.0) < 0.2) $"step: {slope s1 s2}"
                    Expect.isTrue (abs (slope d1 d2 - 5.0) < 0.2) $"dense output: {slope d1 d2}"
                    Expect.isTrue (abs (slope e1 e2 - 5.0) < 0.2) $"estimate: {slope e1 e2}"
                }

                test $"{name}: observed global order of fixed steps is 5, at the steps and between them" {
                    let (s1, d1), (s2, d2) =
                        errors field exact 0.0 3.0 80, errors field exact 0.0 3.0 160

                    Expect.isTrue (abs (slope s1 s2 - 5.0) < 0.15) $"at the steps: {slope s1 s2}"
                    Expect.isTrue (abs (slope d1 d2 - 5.0) < 0.15) $"between: {slope d1 d2}"
                }

            Check.scoped "the interpolant joins values and slopes of both ends" (fun () ->
                let y = spiralExact 0.4
                let p = step method spiral 0.4 y 0.3
                let at t = Segment.evaluate t p.Segment
                Check.identical "start" (at 0.4) y
                Check.close 1e-15 "end" (at 0.7) p.Next
                let ε = 1e-6
                Check.close 1e-6 "slope at the start" ((at (0.4 + ε) - at (0.4 - ε)) / (2.0 * ε)) (spiral 0.4 y)
                Check.close 1e-6 "slope at the end" ((at (0.7 + ε) - at (0.7 - ε)) / (2.0 * ε)) p.Memory.Head
                Check.identical "slope" p.Memory.Head (spiral 0.7 p.Next))

            Check.scoped "a step costs six evaluations and leaves eight tensors" (fun () ->
                let y = spiralExact 0.0
                let mutable calls = 0

                let counted t y =
                    calls <- calls + 1
                    spiral t y

                let slope = spiral 0.0 y
                let before = Assert.settledTensors ()
                method.Step counted 0.0 y 0.1 [ slope ] |> ignore
                Expect.equal calls 6 "evaluations"
                Expect.equal (Engine.liveTensors () - before) 8L "next, slope, error, five coefficients")

            for stages in [ 3; 8; 20 ] do
                test $"Chebyshev, {stages} stages: order 2 and no more, stable down to −0.65 (s² − 1)" {
                    let chebyshev = Method.chebyshev stages
                    let t = chebyshev.Tableau.Value

                    let a =
                        Array.init (stages + 1) (fun i ->
                            Array.append t.Coupling[i] (Array.zeroCreate (stages + 1 - i)))

                    let b = a[stages]

                    let missed n =
                        [ for tree in trees n -> abs (weight a b tree - 1.0 / density tree) ]
                        |> List.max

                    for n in 1..2 do
                        Expect.isLessThan (missed n) 1e-12 $"order {n}"

                    Expect.isGreaterThan (missed 3) 1e-3 "not of order 3"

                    for i in 0..stages do
                        Expect.floatClose Accuracy.high (Array.sum a[i]) t.Nodes[i] $"node {i}"

                    /// What one step makes of y' = z y, y = 1, h = 1.
                    let grown (z: float) =
                        use _ = torch.NewDisposeScope()
                        let y = vector [ 1.0 ]
                        Tensor.toFloat (step chebyshev (fun _ y -> z * y) 0.0 y 1.0).Next

                    for k in 0..200 do
                        let z = -0.65 * float (stages * stages - 1) * float k / 200.0
                        Expect.isLessThanOrEqual (abs (grown z)) 1.0 $"at {z}"

                    Expect.isGreaterThan (abs (grown (-0.75 * float (stages * stages)))) 1.0 "beyond"
                }

            for name, field, exact in problems do
                test $"{name}: Chebyshev's method has the global order 2, and its estimate follows the error" {
                    use _ = torch.NewDisposeScope()
                    let chebyshev = Method.chebyshev 5

                    let final n =
                        let h = 2.0 / float n

                        ((exact 0.0, [ field 0.0 (exact 0.0) ]), [ 0 .. n - 1 ])
                        ||> List.fold (fun (y, memory) i ->
                            let p = chebyshev.Step field (float i * h) y h memory
                            p.Next, p.Memory)
                        |> fst

                    let error n = Check.size (final n - exact 2.0)
                    Expect.isTrue (abs (slope (error 40) (error 80) - 2.0) < 0.2) $"order {slope (error 40) (error 80)}"

                    let estimate h =
                        [
                            for t0 in 0.0..0.1..3.0 -> Check.size (step chebyshev field t0 (exact t0) h).Error
                        ]
                        |> List.average

                    let found = slope (estimate 0.1) (estimate 0.05)
                    Expect.isTrue (abs (found - 3.0) < 0.2) $"estimate of one step: order {found}"
                }

            for name, field, exact in problems do
                test $"{name}: the stabilised method has the global order 2" {
                    use _ = torch.NewDisposeScope()

                    let final n =
                        let h = 2.0 / float n
                        let start = exact 0.0

                        ((start, Method.stabilised.Start field 0.0 start (field 0.0 start) []), [ 0 .. n - 1 ])
                        ||> List.fold (fun (y, memory) i ->
                            let p = Method.stabilised.Step field (float i * h) y h memory
                            p.Next, p.Memory)
                        |> fst

                    let error n = Check.size (final n - exact 2.0)

                    Expect.isTrue
                        (abs (slope (error 80) (error 160) - 2.0) < 0.2)
                        $"order {slope (error 80) (error 160)}"
                }

            for ρ in [ 1.0; 40.0; 1e3; 2e4 ] do
                test $"the stabilised method needs stages like the root of the stiffness {ρ}, and is stable with them" {
                    use _ = torch.NewDisposeScope()
                    let mutable calls = 0
                    // Eigenvalues from −ρ to 0, of which the slope at first has the small ones only.
                    let eigenvalues = vector [ for k in 0..40 -> -ρ * (float k / 40.0) ** 2.0 ]

                    let field: Slope =
                        fun _ y ->
                            calls <- calls + 1
                            eigenvalues * y

                    let mutable y = vector [ for k in 0..40 -> exp (-0.5 * float k) ]
                    let start = Tensor.toFloat (y.norm ())
                    let mutable memory = Method.stabilised.Start field 0.0 y (field 0.0 y) []
                    Expect.isLessThan calls 25 "evaluations at the beginning"
                    let h, before = 1.0, calls

                    for i in 0..99 do
                        let p = Method.stabilised.Step field (float i * h) y h memory
                        Expect.isLessThan (Tensor.toFloat (p.Next.norm ())) (1.0001 * start) $"step {i} grows"
                        y <- p.Next
                        memory <- p.Memory

                    // Twice what a stability interval of 0.65 s² asks for, with the estimates every ten steps.
                    let needed = sqrt (1.0 + h * ρ / 0.65)
                    Expect.isLessThan (float (calls - before) / 100.0) (2.0 * needed + 2.1) "evaluations per step"

                    Expect.isGreaterThanOrEqual
                        (float (calls - before) / 100.0)
                        (min needed 2.0)
                        "no fewer than are stable"

                    // The next piece begins with what the last one knew of the stiffness.
                    let before = calls
                    Method.stabilised.Start field 100.0 y (field 100.0 y) memory |> ignore
                    Expect.equal (calls - before) 2 "evaluations at the beginning of another piece"
                }

            test "a step that would need more than 250 stages is not tried" {
                use _ = torch.NewDisposeScope()
                let stiff: Slope = fun _ y -> -1e6 .* y
                let y = vector [ 1.0 ]

                let p =
                    Method.stabilised.Step stiff 0.0 y 1.0 (Method.stabilised.Start stiff 0.0 y (stiff 0.0 y) [])

                Expect.isTrue (System.Double.IsNaN(Tensor.toFloat p.Error)) "no error"

                use trajectory =
                    Integrator.solve
                        { Integrator.create (fun t y -> stiff t y, ()) (Integrator.componentNorm 1e-3 1e-3) with
                            Method = Method.stabilised
                            InitialStep = Some 1.0
                        }
                        y
                        (0.0, 1.0)

                Expect.equal trajectory.Outcome Outcome.Completed "it ends"
                Expect.isLessThan (abs (Tensor.toFloat (Trajectory.evaluate 1.0 trajectory))) 1e-3 "at rest"
            }

            test "the stabilised method does not stumble over a state at rest" {
                use _ = torch.NewDisposeScope()
                let still: Slope = fun _ y -> 0.0 * y
                let y = vector [ 1.0; -2.0 ]

                let p =
                    Method.stabilised.Step still 0.0 y 0.5 (Method.stabilised.Start still 0.0 y (still 0.0 y) [])

                Expect.equal (Tensor.toArray p.Next) (Tensor.toArray y) "y"
                Check.refuses [ "memory"; "found 1" ] (fun () -> Method.stabilised.Step still 0.0 y 0.5 [ y ] |> ignore)
            }

            test "the automatic method is Dormand and Prince's to the bit where nothing is stiff" {
                for name, field, exact in problems do
                    let solve method =
                        Integrator.solve
                            { Integrator.create (fun t y -> field t y, ()) (Integrator.componentNorm 1e-8 1e-8) with
                                Method = method
                            }
                            (exact 0.0)
                            (0.0, 3.0)

                    use automatic = solve Method.automatic
                    use pair = solve Method.dormandPrince54
                    Expect.equal automatic.Evaluations pair.Evaluations $"{name}: evaluations"

                    Check.identical
                        $"{name}: the end"
                        (Trajectory.evaluate 3.0 automatic)
                        (Trajectory.evaluate 3.0 pair)
            }

            test
                "the automatic method takes the turns that pay: diffusion that sets in and ends again, at several tolerances" {
                // y' = −ρ(t) k² (y − cos t) − sin t: y = cos t from the start, and stiff for 1 ≤ t ≤ 2 only.
                let rates = vector [ for k in 1..30 -> 20.0 * float (k * k) ]

                let field: Field<unit> =
                    fun t y ->
                        let on = if t >= 1.0 && t <= 2.0 then 1.0 else 0.0
                        (-on .* rates * (y .- cos t)) .- sin t, ()

                for tolerance in [ 1e-3; 1e-5; 1e-7 ] do
                    let solve method =
                        Integrator.solve
                            { Integrator.create field (Integrator.componentNorm tolerance tolerance) with
                                Method = method
                            }
                            (Tensor.ones Placement.float64 [ 30 ])
                            (0.0, 3.0)

                    use automatic = solve Method.automatic
                    use pair = solve Method.dormandPrince54
                    Expect.equal automatic.Outcome Outcome.Completed $"{tolerance}"
                    let off = Check.size (Trajectory.evaluate 3.0 automatic .- cos 3.0)
                    Expect.isLessThan off (100.0 * tolerance) $"{tolerance}: the end"

                    Expect.isLessThan
                        automatic.Evaluations
                        (pair.Evaluations / 3)
                        $"{tolerance}: evaluations, of {pair.Evaluations}"

                    let late = automatic.Records |> Array.filter (fun r -> r.Time > 2.2)
                    let pairLate = pair.Records |> Array.filter (fun r -> r.Time > 2.2)
                    Expect.isLessThan late.Length (3 * pairLate.Length + 15) $"{tolerance}: steps after it"
            }

            for ρ in [ 300.0; 3e3; 1e4 ] do
                test $"the automatic method takes fewer evaluations than the pair where all is stiff: {ρ}" {
                    // y' = −ρ (k/30)⁴ (y − cos(t + k)) − sin(t + k), from beside the solution.
                    let k = vector [ 1.0 .. 30.0 ]
                    let rates = ρ .* (k ./ 30.0).Square().Square()

                    let field: Field<unit> =
                        fun t y -> -(rates * (y - (k .+ t).cos())) - (k .+ t).sin(), ()

                    for tolerance in [ 1e-3; 1e-5 ] do
                        let solve method =
                            Integrator.solve
                                { Integrator.create field (Integrator.componentNorm tolerance tolerance) with
                                    Method = method
                                }
                                (k.cos () .+ 0.1)
                                (0.0, 1.5)

                        use automatic = solve Method.automatic
                        use pair = solve Method.dormandPrince54

                        Expect.isLessThan
                            automatic.Evaluations
                            (pair.Evaluations / 2 + 250)
                            $"evaluations of {pair.Evaluations}, tolerance {tolerance}"

                        let off (trajectory: Trajectory<unit>) =
                            Check.size (Trajectory.evaluate 1.5 trajectory - Trajectory.evaluate 1.5 pair)

                        Expect.isLessThan (off automatic) (100.0 * tolerance) $"the end, tolerance {tolerance}"
                }

            test "the automatic method gives up turns that do not pay more and more rarely" {
                // Eigenvalues on a circle in the left half plane: damped oscillations, where Chebyshev's method is no better.
                let field: Field<unit> =
                    fun _ y ->
                        let a, b = y.narrow (0L, 0L, 1L), y.narrow (0L, 1L, 1L)
                        Tensor.concatenate 0L [ -100.0 .* a .+ 173.0 .* b; -173.0 .* a - 100.0 .* b ], ()

                let solve method =
                    Integrator.solve
                        { Integrator.create field (Integrator.componentNorm 1e-6 1e-6) with
                            Method = method
                        }
                        (vector [ 1.0; 0.0 ])
                        (0.0, 20.0)

                use automatic = solve Method.automatic
                use pair = solve Method.dormandPrince54
                Expect.isLessThan (float automatic.Evaluations) (1.3 * float pair.Evaluations) $"of {pair.Evaluations}"
                Expect.isLessThan (Check.size (Trajectory.evaluate 20.0 automatic)) 1e-5 "at rest"
            }

            test "the automatic method refuses a memory that is not its own" {
                use _ = torch.NewDisposeScope()
                let y = vector [ 1.0 ]

                Check.refuses [ "memory"; "found 1" ] (fun () ->
                    Method.automatic.Step (fun _ y -> -y) 0.0 y 0.5 [ y ] |> ignore)
            }

            test "methods of equal tableaus are equal, others only to themselves" {
                Expect.equal (Method.chebyshev 5) (Method.chebyshev 5) "five stages"
                Expect.notEqual (Method.chebyshev 5) (Method.chebyshev 6) "six stages"
                let own = { method with Tableau = None }
                Expect.equal own own "itself"
                Expect.notEqual own { method with Tableau = None } "another"
            }

            test "a tableau whose parts do not fit together is refused" {
                Check.refuses [ "tableau"; "6 weights of the error" ] (fun () ->
                    Method.ofTableau
                        { tableau with
                            Error = tableau.Error[..5]
                        }
                    |> ignore)

                Check.refuses [ "tableau"; "row 0"; "explicit" ] (fun () ->
                    Method.ofTableau
                        { tableau with
                            Coupling = Array.rev tableau.Coupling
                        }
                    |> ignore)

                Check.refuses [ "stages"; "found 2" ] (fun () -> Method.chebyshev 2 |> ignore)
            }
        ]
