module Mne.Functional.Tests.SketchTests

open System
open Expecto
open FsCheck
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// A tangent with the given rows J (N × p).
let private tangentOf (j: Tensor) =
    Tangent.Generic
        {
            Parameters = int j.shape[1]
            Points =
                Tensor.linspace double 0.0 (float (j.shape[0] - 1L)) (int j.shape[0])
                |> fun x -> x.unsqueeze 1L
            Jacobian = fun points -> j.index_select (0L, points.squeeze(1L).``to`` torch.ScalarType.Int64)
            TransposeTimes =
                fun points v -> j.index_select(0L, points.squeeze(1L).``to`` torch.ScalarType.Int64).t().mv v
        }

/// J with singular values from 1 to 1e-3 between random bases, so that the problem is ill-conditioned but not hopeless.
let private ill seed n p =
    let basis seed rows columns =
        let struct (q, _) = torch.linalg.qr (Check.normal seed [ rows; columns ])
        q

    let r = min n p

    let values =
        Tensor.linspace double 0.0 -3.0 r
        |> fun e -> torch.pow (Tensor.scalar double 10.0, e)

    (basis seed n r * values).mm((basis (seed + 1) p r).t())

let private κ (j: Tensor) =
    Tensor.toFloat (j.square().sum()) / float (Tensor.rows j)

/// The minimiser of |Jθ − f|² + μ|θ|² as a dense least-squares problem for [J; √μ I], without any kernel.
let private ridge (μ: float) (j: Tensor) (f: Tensor) =
    let p = int j.shape[1]

    let matrix =
        torch.cat ([| j; sqrt μ * torch.eye (int64 p, dtype = torch.ScalarType.Float64) |], 0L)

    let right = torch.cat ([| f; Tensor.zeros double [ p ] |], 0L)
    let struct (solution, _, _, _) = torch.linalg.lstsq (matrix, right.unsqueeze 1L)
    solution.squeeze 1L

let private law name (check: int -> int -> int -> unit) =
    Check.law 20 name (fun (seed: int) ->
        use _ = torch.NewDisposeScope()
        let n = 6 + abs (seed % 7)
        let p = 3 + abs (seed / 7 % 20)
        check (abs (seed % 100000)) n p)

/// So many points that kernels and ΦᵀΦ are made in several pieces.
let private many () =
    let network =
        Network.create (Domain.euclidean 2) [ Layer.dense 24 Swish; Layer.dense 24 Swish ]

    let x = Random.normal double 3 [ 500; 2 ]
    Network.tangent network (Network.initial network 4) x, (x * x).sum(1L).sin()

[<Tests>]
let tests =
    testList
        "Sketch"
        [
            law "exact: the dense formula Jᵀ(K + NλκI)⁻¹f, residual and effective rank" (fun seed n p ->
                let j, f, λ = ill seed n p, Check.normal (seed + 2) [ n ], 1e-5
                let μ = float n * λ * κ j
                let found = Sketch.minimalNorm λ None (tangentOf j) f
                let θ = ridge μ j f
                Check.close 1e-8 "θ̇" found.Direction θ
                let image = j.mv θ
                let _, reached = (Sketch.factorise λ None (tangentOf j)).Solve f
                Check.close 1e-8 "Jθ̇" reached image

                Expect.floatClose
                    Accuracy.medium
                    found.Residual
                    (Tensor.toFloat ((image - f).norm() / f.norm ()))
                    "residual"

                let singular = torch.linalg.svdvals(j).square()

                Expect.floatClose
                    Accuracy.medium
                    found.EffectiveRank
                    (Tensor.toFloat ((singular / (singular + μ)).sum()))
                    "effective rank")

            law "landmarks: the dense minimum over the span of their tangents" (fun seed n p ->
                let j, f, λ = ill seed n p, Check.normal (seed + 2) [ n ], 1e-4
                let s = 1 + seed % (min n p - 1)
                let μ = float n * λ * κ j

                let rows =
                    nonNull (Sketch.landmarks 1 1 n (Sketch.Landmarks s) |> Option.toArray |> Array.head)

                let found = Sketch.minimalNorm λ (Some rows) (tangentOf j) f
                // Orthonormal basis Q of the span: θ = Qγ with |θ| = |γ|.
                let struct (q, _) = torch.linalg.qr ((Tensor.pick rows j).t())
                let φ = j.mm q
                let γ = ridge μ φ f
                Check.close 1e-7 "θ̇" found.Direction (q.mv γ)

                Expect.floatClose
                    Accuracy.medium
                    found.Residual
                    (Tensor.toFloat ((φ.mv γ - f).norm() / f.norm ()))
                    "residual"

                let singular = torch.linalg.svdvals(φ).square()

                Expect.floatClose
                    Accuracy.medium
                    found.EffectiveRank
                    (Tensor.toFloat ((singular / (singular + μ)).sum()))
                    "effective rank")

            law "among all solutions of Jθ̇ = f it is the smallest" (fun seed n _ ->
                let p = 3 * n
                let j, f = Check.normal seed [ n; p ], Check.normal (seed + 1) [ n ]
                let found = Sketch.minimalNorm 1e-13 None (tangentOf j) f
                Check.close 1e-9 "it is a solution" (j.mv found.Direction) f
                Expect.isLessThan found.Residual 1e-9 "residual"
                Expect.floatClose Accuracy.medium found.EffectiveRank (float n) "all of the kernel is used"
                // Orthogonal to what J does not see: any other solution is longer.
                let z = Check.normal (seed + 2) [ p ]
                let invisible = z - torch.linalg.pinv(j).mv(j.mv z)
                Check.close 1e-9 "another solution" (j.mv (found.Direction + invisible)) f
                Expect.isLessThan (abs (Tensor.toFloat (found.Direction.dot invisible))) 1e-9 "orthogonal")

            Check.scoped
                "500 points, in several pieces: all of them as landmarks give what the exact problem gives"
                (fun () ->
                    let tangent, f = many ()
                    let exact = Sketch.minimalNorm 1e-6 None tangent f
                    let all = Sketch.minimalNorm 1e-6 (Some [| 0..499 |]) tangent f
                    Check.close 1e-6 "θ̇" (Tangent.times all.Direction tangent) (Tangent.times exact.Direction tangent)
                    Expect.isLessThan (abs (all.Residual - exact.Residual)) 1e-8 "residual"
                    Expect.isLessThan (abs (all.EffectiveRank / exact.EffectiveRank - 1.0)) 1e-4 "rank"

                    // The half of the kernel that is factorised is the kernel's.
                    let half = Tangent.lowerKernel tangent
                    Check.close 1e-13 "lower triangle" (half.tril ()) ((Tangent.kernel tangent tangent).tril()))

            Check.scoped "32 vectors of signs tell the effective rank to a few per cent" (fun () ->
                let tangent, f = many ()

                for λ in [ 1e-2; 1e-4; 1e-8 ] do
                    for landmarks in [ None; Some [| 0..2..499 |] ] do
                        let exact =
                            (Sketch.minimise None λ landmarks (Stacked.alone tangent) f).EffectiveRank

                        let told =
                            (Sketch.minimise (Some 32) λ landmarks (Stacked.alone tangent) f).EffectiveRank

                        Expect.isLessThan (abs (told / exact - 1.0)) 0.1 $"λ = {λ}: {told} for {exact}")

            law "rotating parameters or points, and scaling, changes what it should" (fun seed n p ->
                let j, f, λ = ill seed n p, Check.normal (seed + 2) [ n ], 1e-4

                let orthogonal seed m =
                    let struct (q, _) = torch.linalg.qr (Check.normal seed [ m; m ])
                    q

                let q, u = orthogonal (seed + 3) p, orthogonal (seed + 4) n

                let solve j f =
                    Sketch.minimalNorm λ None (tangentOf j) f

                let plain = solve j f
                let rotated = solve (j.mm q) f
                Check.close 1e-8 "parameters rotate along" rotated.Direction (q.t().mv plain.Direction)
                Expect.floatClose Accuracy.medium rotated.Residual plain.Residual "residual"
                let mixed = solve (u.mm j) (u.mv f)
                Check.close 1e-8 "a rotation of the equations does not matter" mixed.Direction plain.Direction
                Expect.floatClose Accuracy.medium mixed.EffectiveRank plain.EffectiveRank "rank"
                let scaled = solve (7.0 * j) (3.0 * f)
                Check.close 1e-8 "λ is relative" scaled.Direction (3.0 / 7.0 * plain.Direction)
                let sum = solve j (f + 2.0 * j.sum 1L)
                Check.close 1e-8 "linear in f" sum.Direction (plain.Direction + 2.0 * (solve j (j.sum 1L)).Direction))

            law "all points as landmarks are the exact problem" (fun seed n _ ->
                let p = 2 * n
                let j, f = Check.normal seed [ n; p ], Check.normal (seed + 1) [ n ]
                let exact = Sketch.minimalNorm 1e-8 None (tangentOf j) f
                let all = Sketch.minimalNorm 1e-8 (Some [| 0 .. n - 1 |]) (tangentOf j) f
                Check.close 1e-7 "θ̇" all.Direction exact.Direction
                Expect.equal (Sketch.landmarks 1 1 n (Sketch.Landmarks n)) None "s = N"
                Expect.equal (Sketch.landmarks 1 1 n Sketch.Exact) None "exact")

            test "landmarks are s different rows, evenly spread" {
                for n in [ 1; 7; 100; 1023 ] do
                    for s in [ 1; n / 3; n - 1 ] do
                        if s >= 1 && s < n then
                            let rows = (Sketch.landmarks 1 1 n (Sketch.Landmarks s)).Value
                            Expect.equal rows.Length s "count"
                            Expect.equal (Array.distinct rows) rows "different"
                            Expect.all rows (fun i -> i >= 0 && i < n) "rows"
                            let gaps = rows |> Array.pairwise |> Array.map (fun (a, b) -> b - a)

                            if gaps.Length > 0 then
                                Expect.isLessThanOrEqual (Array.max gaps - Array.min gaps) 1 "even"
            }

            test "landmarks of a grid in the plane spread over its rows and columns" {
                for perAxis in [ 8; 30; 64 ] do
                    for s in [ perAxis; 4 * perAxis; perAxis * perAxis / 3 ] do
                        let rows = (Sketch.landmarks 2 1 (perAxis * perAxis) (Sketch.Landmarks s)).Value

                        Expect.equal (Array.distinct rows).Length s "different"

                        for name, coordinate in [ "rows", (fun i -> i / perAxis); "columns", (fun i -> i % perAxis) ] do
                            let counts = rows |> Array.countBy coordinate |> Array.map snd

                            // Even steps through the index would put s = perAxis landmarks into one column.
                            Expect.isGreaterThan counts.Length (perAxis * 6 / 10) $"{name} with landmarks, s = {s}"
                            Expect.isLessThan (Array.max counts) (3 * s / perAxis + 2) $"the fullest of the {name}"
            }

            Check.scoped "the effective rank in single precision, where λ is below round-off" (fun () ->
                let j =
                    (Check.normal 1 [ 120; 7 ]).mm(Check.normal 2 [ 7; 200 ])
                    |> Tensor.place Placement.float32

                let rank = Sketch.effectiveRank 1e-12 (tangentOf j)
                Expect.isTrue (rank > 6.5 && rank < 12.0) $"seven directions and round-off, found {rank}")

            Check.scoped "an adaptive sketch has as many landmarks as the kernel has directions" (fun () ->
                let λ, n = 1e-6, 120

                // Seven directions that matter, and round-off.
                let j =
                    (Check.normal 1 [ n; 7 ]).mm(Check.normal 2 [ 7; 200 ])
                    + 1e-9 * Check.normal 3 [ n; 200 ]

                let tangent = tangentOf j
                Expect.floatClose Accuracy.low (Sketch.effectiveRank λ tangent) 7.0 "effective rank"

                let resolve m ratio =
                    Sketch.resolve λ m (n / m) (fun () -> tangent) (Sketch.Adaptive ratio)

                Expect.equal (resolve 1 2.0) (Sketch.Landmarks 14) "two each"
                Expect.equal (resolve 2 2.0) (Sketch.Landmarks 7) "the rows of two components serve each point"
                Expect.equal (resolve 1 100.0) Sketch.Exact "all points at the most"

                for fixedOne in [ Sketch.Exact; Sketch.Landmarks 5 ] do
                    Expect.equal
                        (Sketch.resolve λ 1 n (fun () -> failtest "not needed") fixedOne)
                        fixedOne
                        "others stay")

            Check.scoped "f = 0 gives θ̇ = 0, without dividing by zero" (fun () ->
                let found =
                    Sketch.minimalNorm 1e-6 None (tangentOf (ill 1 5 9)) (Tensor.zeros double [ 5 ])

                Expect.equal (Check.size found.Direction) 0.0 "θ̇"
                Expect.equal found.Residual 0.0 "residual")

            Check.scoped "float32 stays float32" (fun () ->
                let network = Network.create (Domain.euclidean 1) [ Layer.dense 16 Tanh ]

                let θ, x =
                    network.Initial Placement.float32 1, Random.normal Placement.float32 2 [ 12; 1 ]

                let f = x.squeeze(1L).sin()

                for landmarks in [ None; Some [| 0; 3; 6; 9 |] ] do
                    let found = Sketch.minimalNorm 1e-3 landmarks (Network.tangent network θ x) f
                    Expect.equal found.Direction.dtype torch.ScalarType.Float32 "element type"
                    let wide (t: Tensor) = Tensor.place double t

                    let reference =
                        Sketch.minimalNorm 1e-3 landmarks (Network.tangent network (wide θ) (wide x)) (wide f)

                    Check.close 1e-2 "θ̇" (wide found.Direction) reference.Direction)

            testList
                "refuses"
                [
                    for s in [ 0; -1; 11 ] do
                        test $"{s} landmarks of 10 points" {
                            Check.refuses [ "Sketch"; $"Landmarks {s}"; "10 points"; "1 to 10" ] (fun () ->
                                Sketch.landmarks 1 1 10 (Sketch.Landmarks s) |> ignore)
                        }

                    Check.scoped "an adaptive sketch that was not resolved" (fun () ->
                        Check.refuses [ "Sketch"; "resolve" ] (fun () ->
                            Sketch.landmarks 1 1 10 (Sketch.Adaptive 2.0) |> ignore))

                    Check.scoped "a ratio that is not positive" (fun () ->
                        Check.refuses [ "Sketch"; "greater than 0" ] (fun () ->
                            Sketch.resolve 1e-6 1 5 (fun () -> tangentOf (ill 1 5 9)) (Sketch.Adaptive 0.0)
                            |> ignore))

                    for λ in [ 0.0; -1e-3; nan ] do
                        Check.scoped $"λ = {λ}" (fun () ->
                            Check.refuses [ "λ"; string λ; "greater than 0" ] (fun () ->
                                Sketch.minimalNorm λ None (tangentOf (ill 1 5 9)) (Tensor.ones double [ 5 ])
                                |> ignore))

                    Check.scoped "λ that no kernel can be factorised with, as an argument" (fun () ->
                        let tangent, f = tangentOf (Tensor.zeros double [ 3; 4 ]), Tensor.ones double [ 3 ]
                        let refused = Check.refuses [ "λ"; "kernel of 3"; "larger λ" ]
                        refused (fun () -> Sketch.minimalNorm 1e-3 None tangent f |> ignore)
                        Check.refuses [ "λ"; "1E+100" ] (fun () -> Sketch.effectiveRank 1e308 tangent |> ignore))

                    for row in [ -1; 5 ] do
                        Check.scoped $"the landmark {row} of 5 rows" (fun () ->
                            Check.refuses [ "landmarks"; $"row {row}"; "rows 0 to 4" ] (fun () ->
                                Sketch.minimalNorm
                                    1e-3
                                    (Some [| 0; row |])
                                    (tangentOf (ill 1 5 9))
                                    (Tensor.ones double [ 5 ])
                                |> ignore))

                    Check.scoped "f of another precision" (fun () ->
                        Check.refuses [ "f"; "Float32" ] (fun () ->
                            Sketch.minimalNorm 1e-3 None (tangentOf (ill 1 5 9)) (Tensor.ones Placement.float32 [ 5 ])
                            |> ignore))

                    Check.scoped "f of the wrong shape" (fun () ->
                        Check.refuses [ "f"; "5 × 1"; "length 5" ] (fun () ->
                            Sketch.minimalNorm 1e-3 None (tangentOf (ill 1 5 9)) (Tensor.ones double [ 5; 1 ])
                            |> ignore))
                ]

            Check.scoped "a large f, whose squares overflow, has the direction of a small one" (fun () ->
                let tangent, f = tangentOf (ill 1 5 9), Tensor.ones double [ 5 ]
                let small = Sketch.minimalNorm 1e-3 None tangent f
                let large = Sketch.minimalNorm 1e-3 None tangent (1e300 * f)
                Check.close 1e-12 "θ̇" (large.Direction * 1e-300) small.Direction
                Expect.floatClose Accuracy.high large.Residual small.Residual "residual")

            Check.scoped "a tangent that vanishes cannot be factorised" (fun () ->
                Assert.raises<KernelNotFactorised>(fun () ->
                    Sketch.minimalNorm 1e-3 None (tangentOf (Tensor.zeros double [ 3; 4 ])) (Tensor.ones double [ 3 ])
                    |> ignore)
                |> ignore)

            Check.scoped "nothing is left but θ̇" (fun () ->
                let network = Network.create (Domain.euclidean 1) [ Layer.dense 8 Tanh ]
                let θ, x = Network.initial network 1, Check.normal 2 [ 6; 1 ]
                let tangent, f = Network.tangent network θ x, x.squeeze 1L

                for landmarks in [ None; Some [| 0; 2; 4 |] ] do
                    Assert.frees (fun () -> (Sketch.minimalNorm 1e-6 landmarks tangent f).Direction.Dispose()))
        ]
