module Mne.Functional.Tests.SpectralReferenceTests

open System
open System.Numerics
open Expecto
open Expecto.Flip
open FsCheck
open Mne.Functional.References
open Mne.Functional.Tests.Expected

/// u_t = u_x carries any u0 to the left unchanged.
let private transport: Spectral1D.Equation =
    {
        Low = 0.0
        High = tau
        Linear = fun k -> Complex(0.0, k)
        Outer = fun _ -> Complex.Zero
        Inner = id
    }

let private oneDimension =
    testList
        "Spectral1D"
        [
            Check.property "the interpolant is the function itself, in any period"
            <| fun (NormalFloat x) ->
                let f x = exp (sin x) * cos (3.0 * x)

                let solution = Spectral1D.solve transport f 64 1 [| 0.0 |]
                nearAll 1e-12 "u" [| f x |] (Spectral1D.evaluate solution 0 [| x |])

            testCase "transport is exact at any point and time"
            <| fun _ ->
                let f x = exp (sin x)
                let times = [| 0.3; 1.0; 7.1 |]
                let solution = Spectral1D.solve transport f 64 3 times
                let x = noise 3 20 |> Array.map (fun v -> 10.0 * v)

                times
                |> Array.iteri (fun i t ->
                    nearAll 1e-13 $"t = {t}" (Array.map (fun x -> f (x + t)) x) (Spectral1D.evaluate solution i x))

            testCase "ETDRK4 converges with order four"
            <| fun _ ->
                let problem = Problems.allenCahn

                let solve steps =
                    Spectral1D.solve problem.Equation problem.Initial 256 steps [| 1.0 |]

                let exact = solve 2048

                let errors =
                    [| 32; 64; 128 |] |> Array.map (fun n -> Spectral1D.distance exact (solve n))

                for coarse, fine in Array.pairwise errors do
                    near 0.25 "observed order" 4.0 (Math.Log2(coarse / fine))

            testCase "KdV's two solitons follow the exact formula through their collision"
            <| fun _ ->
                let low, high, n = -30.0, 50.0, 512
                let problem = Problems.kdvOn low high
                let times = [| 1.0; 2.0; 3.0; 4.0 |]

                let solution = Spectral1D.solve problem.Equation problem.Initial n 8000 times

                let exact =
                    times
                    |> Array.map (fun t -> Spectral1D.grid low high 300 |> Array.map (Problems.kdvTwoSoliton t))

                Convergence.relativeL2 exact (Spectral1D.onGrid 300 solution)
                |> atMost 1e-8 "relative L2 error"

            testCase "Burgers keeps its mass, loses energy, and agrees with Cole–Hopf"
            <| fun _ ->
                let problem = Problems.burgers
                let times = [| 0.0; 0.5; 1.0; 2.0; 4.0 |]

                let solution = Spectral1D.solve problem.Equation problem.Initial 1024 8000 times

                let mass = solution.Coefficients |> Array.map (fun c -> c[0].Real)
                nearAll 1e-15 "mass" (Array.create 5 mass[0]) mass

                let energy =
                    solution.Coefficients
                    |> Array.map (Array.sumBy (fun c -> c.Real * c.Real + c.Imaginary * c.Imaginary))

                for earlier, later in Array.pairwise energy do
                    Expect.isLessThan "energy" (later, earlier)

                let x = Spectral1D.grid -1.0 1.0 40

                let exact =
                    times[1..] |> Array.map (fun t -> x |> Array.map (Problems.burgersColeHopf t))

                let found = [| for i in 1..4 -> Spectral1D.evaluate solution i x |]
                Convergence.relativeL2 exact found |> atMost 2e-7 "relative L2 distance"

            testCase "Allen–Cahn's energy decays"
            <| fun _ ->
                let problem = Problems.allenCahn

                let solution =
                    Spectral1D.solve problem.Equation problem.Initial 256 100 (Problems.saveTimes 4.0)

                // ∫ 5e-3/2 u_x² + (1 − u²)²/4
                let energy (c: Complex[]) (u: float[]) =
                    let slopes =
                        Seq.sum (seq { for k in 1 .. c.Length - 1 -> 2.0 * float (k * k) * Complex.Abs c[k] ** 2.0 })

                    2.5e-3 * tau * slopes
                    + tau * Array.averageBy (fun u -> 0.25 * (1.0 - u * u) ** 2.0) u

                let energies =
                    Array.map2 energy solution.Coefficients (Spectral1D.onGrid 512 solution)

                for earlier, later in Array.pairwise energies do
                    Expect.isLessThan "energy" (later, earlier)

            testCase "refinement certifies Allen–Cahn, and the estimate bounds the true error"
            <| fun _ ->
                let problem = Problems.allenCahn

                let reference =
                    Spectral1D.converged 1e-7 problem.Equation problem.Initial 64 50 [| 0.5; 1.0 |]

                atMost 1e-7 "estimate" reference.Estimate

                let truth =
                    Spectral1D.solve problem.Equation problem.Initial 1024 2000 [| 0.5; 1.0 |]

                Spectral1D.distance truth reference.Solution
                |> atMost reference.Estimate "true error"

            testCase "a jump that is only carried along cannot converge, and says so"
            <| fun _ ->
                let error =
                    try
                        Spectral1D.converged 1e-9 transport (fun x -> if x < 2.0 then 1.0 else 0.0) 16 4 [| 1.0 |]
                        |> ignore

                        ""
                    with :? NotConvergedException as e ->
                        e.Message

                Expect.stringContains "message" "doubling the modes beyond 512" error

            testCase "times that do not increase are refused by name"
            <| fun _ ->
                Expect.throwsT<ArgumentException> "times" (fun () ->
                    Spectral1D.solve transport sin 8 1 [| 1.0; 1.0 |] |> ignore)
        ]

let private twoDimensions =
    testList
        "Spectral2D"
        [
            testCase "heat follows its Bessel series"
            <| fun _ ->
                let problem = Problems.heat2D
                let times = [| 0.0; 0.1; 4.0 |]

                let solution = Spectral2D.solve problem.Equation problem.Initial (32, 64) 1 times

                let axis = Spectral1D.grid 0.0 tau 12

                let exact =
                    times
                    |> Array.map (fun t ->
                        Array.allPairs axis axis |> Array.map (fun (x, y) -> Problems.heat2DExact t x y))

                Convergence.relativeL2 exact (Spectral2D.onGrid 12 solution)
                |> atMost 1e-13 "relative L2 error"

            testCase "Burgers along the diagonal is Burgers on a line"
            <| fun _ ->
                // u = f(x + y, t): f_t = 0.02 f'' − 2 f f'
                let f s = 0.4 * sin s + 0.1 * cos (2.0 * s)

                let line: Spectral1D.Equation =
                    {
                        Low = 0.0
                        High = tau
                        Linear = fun k -> Complex(-0.02 * k * k, 0.0)
                        Outer = fun k -> Complex(0.0, -k)
                        Inner = fun u -> u * u
                    }

                let plane =
                    { Problems.burgers2D.Equation with
                        PeriodX = tau
                    }

                let times = [| 0.5; 1.0 |]
                let one = Spectral1D.solve line f 64 200 times
                let two = Spectral2D.solve plane (fun x y -> f (x + y)) (64, 64) 200 times
                let points = Array.zip (noise 5 15) (noise 6 15)

                for i in 0..1 do
                    Spectral2D.evaluate two i points
                    |> nearAll 1e-10 "u" (Spectral1D.evaluate one i (points |> Array.map (fun (x, y) -> x + y)))

            testCase "Allen–Cahn of one coordinate is Allen–Cahn on a line"
            <| fun _ ->
                let one =
                    Spectral1D.solve Problems.allenCahn.Equation (fun y -> 0.5 * sin y) 64 100 [| 1.0 |]

                for swap in [ false; true ] do
                    let u0 x y = 0.5 * sin (if swap then x else y)

                    let plane =
                        { Problems.allenCahn2D.Equation with
                            PeriodX = tau
                        }

                    let two = Spectral2D.solve plane u0 (64, 64) 100 [| 1.0 |]
                    let points = Array.zip (noise 7 10) (noise 8 10)
                    let along = points |> Array.map (fun (x, y) -> if swap then x else y)
                    nearAll 1e-12 "u" (Spectral1D.evaluate one 0 along) (Spectral2D.evaluate two 0 points)

            testCase "half the period in x gives the same Burgers solution as the whole, and keeps its mass"
            <| fun _ ->
                let problem = Problems.burgers2D

                let solve period nx =
                    Spectral2D.solve
                        { problem.Equation with
                            PeriodX = period
                        }
                        problem.Initial
                        (nx, 64)
                        40
                        [| 0.0; 0.4 |]

                let half, whole = solve Math.PI 32, solve tau 64
                let a, b = Spectral2D.onGrid 16 half, Spectral2D.onGrid 16 whole
                Convergence.relativeL2 a b |> atMost 1e-12 "relative L2 distance"
                near 1e-16 "mass" whole.Coefficients[0].[0].Real whole.Coefficients[1].[0].Real

            testCase "points, tensor grid and uniform grid agree"
            <| fun _ ->
                let problem = Problems.heat2D

                let solution =
                    Spectral2D.solve problem.Equation problem.Initial (16, 32) 1 [| 0.0; 1.0 |]

                let axis = Spectral1D.grid 0.0 tau 8
                let uniform = (Spectral2D.onGrid 8 solution)[1]
                nearAll 0.0 "tensor" uniform (Spectral2D.onTensorGrid solution 1 axis axis)
                nearAll 1e-15 "points" uniform (Spectral2D.evaluate solution 1 (Array.allPairs axis axis))

            testCase "refinement certifies Allen–Cahn in the plane"
            <| fun _ ->
                let problem = Problems.allenCahn2D

                let reference =
                    Spectral2D.converged 1e-7 problem.Equation problem.Initial (16, 32) 10 [| 1.0 |]

                let truth =
                    Spectral2D.solve problem.Equation problem.Initial (128, 256) 100 [| 1.0 |]

                atMost 1e-7 "estimate" reference.Estimate

                Spectral2D.distance truth reference.Solution
                |> atMost reference.Estimate "true error"
        ]

[<Tests>]
let tests = testList "References" [ oneDimension; twoDimensions ]
