module Mne.Functional.Tests.ReferencesTests

open System
open System.Numerics
open Expecto
open Expecto.Flip
open FsCheck
open MathNet.Numerics.Distributions
open MathNet.Numerics.Random
open Mne.Functional.References

let private tau = 2.0 * Math.PI

let private near tolerance message expected actual =
    if not (abs (actual - expected) <= tolerance) then
        failtest $"{message}: found {actual}, expected {expected} within {tolerance}"

let private nearAll tolerance message (expected: float[]) (actual: float[]) =
    Expect.equal $"{message}: length" expected.Length actual.Length
    Array.iteri2 (fun i e a -> near tolerance $"{message} [{i}]" e a) expected actual

let private atMost limit message (found: float) =
    if not (found <= limit) then
        failtest $"{message}: found {found}, wanted at most {limit}"

let private noise seed n =
    let random = MersenneTwister(seed, false)
    Array.init n (fun _ -> 2.0 * random.NextDouble() - 1.0)

let private fourier =
    testList
        "Fourier"
        [
            for n in [ 2; 4; 8; 32; 64; 1024 ] do
                testCase $"{n} coefficients agree with MathNet's transform"
                <| fun _ ->
                    let values = noise n n
                    let oracle = values |> Array.map (fun v -> Complex(v, 0.0))

                    MathNet.Numerics.IntegralTransforms.Fourier.Forward(
                        oracle,
                        MathNet.Numerics.IntegralTransforms.FourierOptions.NoScaling
                    )

                    let found = Array.zeroCreate (n / 2 + 1)
                    (Fourier.line n).Forward values found

                    for k in 0 .. n / 2 do
                        near 1e-14 $"Re c[{k}]" (oracle[k].Real / float n) found[k].Real
                        near 1e-14 $"Im c[{k}]" (oracle[k].Imaginary / float n) found[k].Imaginary

            testCase "the plane's coefficients agree with the double sum"
            <| fun _ ->
                let nx, ny = 8, 16
                let values = noise 1 (nx * ny)
                let found = Array.zeroCreate (nx * (ny / 2 + 1))
                (Fourier.plane nx ny).Forward values found

                for l in 0 .. ny / 2 do
                    for k in 0 .. nx - 1 do
                        let mutable sum = Complex.Zero

                        for i in 0 .. nx - 1 do
                            for j in 0 .. ny - 1 do
                                let angle = -tau * (float (k * i) / float nx + float (l * j) / float ny)
                                sum <- sum + Complex.FromPolarCoordinates(1.0, angle) * values[i * ny + j]

                        let error = found[l * nx + k] - sum / float (nx * ny)
                        atMost 1e-15 $"|c[{k}, {l}] − sum|" error.Magnitude

            Check.property "the inverse restores what was transformed"
            <| fun (seed: int) (PositiveInt p) (PositiveInt q) ->
                let nx, ny = 1 <<< (1 + p % 6), 1 <<< (1 + q % 6)
                let values = noise seed (nx * ny)
                let back = Array.zeroCreate (nx * ny)
                let spectrum = Array.zeroCreate (nx * (ny / 2 + 1))
                let plane = Fourier.plane nx ny
                plane.Forward values spectrum
                plane.Inverse spectrum back
                nearAll 1e-14 "values" values back

            testCase "a length that is no power of two is refused by name"
            <| fun _ ->
                let error =
                    try
                        Fourier.plan 12 |> ignore
                        ""
                    with :? ArgumentException as e ->
                        e.Message

                Expect.stringContains "message" "n: found 12, wanted a power of two" error
        ]

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

let private dynamics =
    testList
        "Problems"
        [
            Check.property "relativeL2 of a scaled solution is the scaling"
            <| fun (NormalFloat s) (PositiveInt n) ->
                let u = [| noise n 5; noise (n + 1) 5 |]
                let scaled = u |> Array.map (Array.map (fun v -> (1.0 + s) * v))
                near (1e-13 * (1.0 + abs s)) "relativeL2" (abs s) (Convergence.relativeL2 u scaled)

            testCase "relativeL2 refuses arrays of different shape by name"
            <| fun _ ->
                Expect.throwsT<ArgumentException> "shape" (fun () ->
                    Convergence.relativeL2 [| [| 1.0; 2.0 |] |] [| [| 1.0 |] |] |> ignore)

            testCase "extrapolation solves a pendulum of many periods to near round-off"
            <| fun _ ->
                let times = [| 1.0; 10.0; 100.0 |]

                let found =
                    Extrapolation.solve 1e-14 (fun _ y -> [| y[1]; -y[0] |]) [| 0.0; 1.0 |] times

                nearAll 1e-11 "sin" (Array.map sin times) (found |> Array.map (fun y -> y[0]))

            testCase "extrapolation gives up at a pole, and says where"
            <| fun _ ->
                let error =
                    try
                        Extrapolation.solve 1e-12 (fun _ y -> [| y[0] * y[0] |]) [| 1.0 |] [| 2.0 |]
                        |> ignore

                        ""
                    with :? NotConvergedException as e ->
                        e.Message

                Expect.stringContains "message" "at t = 0.99" error

            for d in [ 1; 3; 8 ] do
                testCase $"the moving trap in {d} dimensions follows its closed form"
                <| fun _ ->
                    // Along 1 the rates are 1 (mean) and 2 (variance), across it 1.25 and 2.5.
                    let times = Problems.saveTimes 8.0

                    let start =
                        Array.init d (fun k -> if d = 1 then 0.9 else 0.9 + 2.1 * float k / float (d - 1))

                    let centre = Array.average start

                    Array.zip times (Problems.movingTrap d times)
                    |> Array.iter (fun (t, (mean, covariance)) ->
                        let pulled =
                            1.875 * (1.0 - exp -t)
                            + 1.25 * (sin (Math.PI * t) - Math.PI * cos (Math.PI * t) + Math.PI * exp -t)
                              / (1.0 + Math.PI * Math.PI)

                        start
                        |> Array.map (fun m -> exp -t * centre + pulled + exp (-1.25 * t) * (m - centre))
                        |> fun exact -> nearAll 1e-11 $"mean at {t}" exact mean

                        let along = 0.01 + 0.09 * exp (-2.0 * t)
                        let across = 0.008 + 0.092 * exp (-2.5 * t)

                        for i in 0 .. d - 1 do
                            Array.init d (fun j -> (along - across) / float d + (if i = j then across else 0.0))
                            |> fun exact -> nearAll 1e-12 $"covariance at {t}, row {i}" exact covariance[i])

            testCase "particles in the moving trap have the mean and covariance of the moment equations"
            <| fun _ ->
                let d, count, steps, final = 3, 10000, 500, 1.0
                let random = MersenneTwister(11, false)
                let h = final / float steps
                let start = [| 0.9; 1.95; 3.0 |]

                let particles =
                    Array.init count (fun _ -> Array.init d (fun k -> Normal.Sample(random, start[k], sqrt 0.1)))

                // Euler and Maruyama, the drift taken from the problem's statement.
                for s in 0 .. steps - 1 do
                    let a = Problems.trapCentre ((float s + 0.5) * h)

                    for x in particles do
                        let own = Array.average x

                        for k in 0 .. d - 1 do
                            let drift = -(x[k] - a) - 0.25 * (x[k] - own)
                            x[k] <- x[k] + h * drift + Normal.Sample(random, 0.0, sqrt (2.0 * h / 100.0))

                let mean, covariance = (Problems.movingTrap d [| final |])[0]

                // Five standard errors of the sample, and the scheme's own error of order h.
                for i in 0 .. d - 1 do
                    let found = particles |> Array.averageBy (fun x -> x[i])
                    near (5.0 * sqrt (covariance[i][i] / float count) + 2.0 * h) $"mean {i}" mean.[i] found

                    for j in 0 .. d - 1 do
                        let found =
                            particles |> Array.averageBy (fun x -> (x[i] - mean[i]) * (x[j] - mean[j]))

                        let spread = sqrt (2.0 * covariance[i][i] * covariance[j][j] / float count)
                        near (5.0 * spread + h * 0.1) $"covariance {i}, {j}" covariance.[i].[j] found

            for d in [ 1; 5 ] do
                testCase $"advection in {d} dimensions satisfies its equation"
                <| fun _ ->
                    let t, h = 0.7, 1e-5

                    let density t x =
                        exp (Mixture.logDensity (Problems.advection d t) x)

                    let velocity =
                        Array.init d (fun index ->
                            let i = float (index + 1)
                            let w = 2.0 * (1.0 + (if d = 1 then 0.0 else (i - 1.0) / float (d - 1)))
                            i * sin (w * Math.PI * t) + 1.25 * i)

                    for x in Mixture.sample 4 10 (Problems.advection d t) do
                        let shifted k s =
                            x |> Array.mapi (fun j v -> if j = k then v + s else v)

                        let inTime = (density (t + h) x - density (t - h) x) / (2.0 * h)

                        let inSpace =
                            Array.init d (fun k ->
                                velocity[k] * (density t (shifted k h) - density t (shifted k -h)) / (2.0 * h))
                            |> Array.sum

                        // Central differences err by h²/6 times third derivatives.
                        near (1e-5 * (1.0 + abs inTime)) "u_t + a·∇u" -inSpace inTime
        ]

let private sampling =
    testList
        "Quadrature and mixtures"
        [
            testCase "log integral of a Gaussian"
            <| fun _ ->
                Quadrature.logIntegral -20.0 24.0 (fun x -> 7.0 - 0.5 * (x - 2.0) ** 2.0)
                |> near 1e-12 "log Z" (7.0 + 0.5 * log tau)

            testCase "sixteen many-well pairs have the published normaliser"
            <| fun _ -> near 5e-7 "log Z" 164.695675 (Targets.manyWellLogZ 16)

            testCase "tilted double well agrees with Gauss–Legendre quadrature"
            <| fun _ ->
                let panels =
                    [
                        for i in -8 .. 7 ->
                            MathNet.Numerics.Integration.GaussLegendreRule.Integrate(
                                (fun x -> exp (Targets.tiltedDoubleWell x)),
                                float i / 2.0,
                                float (i + 1) / 2.0,
                                32
                            )
                    ]

                near 1e-12 "log Z" (log (List.sum panels)) (Targets.tiltedDoubleWellsLogZ 1)

            testCase "a density with a jump is refused with advice"
            <| fun _ ->
                Expect.throwsT<NotConvergedException> "jump" (fun () ->
                    Quadrature.logIntegral 0.0 1.0 (fun x -> if x < 0.3 then 0.0 else -5.0)
                    |> ignore)

            testCase "moments of a correlated Gaussian in three dimensions"
            <| fun _ ->
                // Precision matrix tridiagonal (−1, 2, −1): covariance min(i, j)(4 − max(i, j))/4, determinant 1/4.
                let centre = [| 0.5; -1.0; 2.0 |]

                let moments =
                    Quadrature.moments (centre |> Array.map (fun c -> c - 9.0, c + 8.5, 61)) (fun x ->
                        let z = Array.map2 (-) x centre

                        3.0
                        - 0.5
                          * (2.0 * (z[0] * z[0] + z[1] * z[1] + z[2] * z[2])
                             - 2.0 * (z[0] * z[1] + z[1] * z[2])))

                near 1e-11 "log Z" (3.0 + 1.5 * log tau - 0.5 * log 4.0) moments.LogZ
                nearAll 1e-11 "mean" centre moments.Mean

                for i in 1..3 do
                    nearAll
                        1e-11
                        $"row {i}"
                        [| for j in 1..3 -> float (min i j * (4 - max i j)) / 4.0 |]
                        moments.Covariance.[i - 1]

            testCase "the mixtures are normalised, with the moments they claim"
            <| fun _ ->
                for mixture, width in [ Targets.fourModes, 8.0; Targets.twentyFiveModes, 15.0 ] do
                    let moments =
                        Quadrature.moments [| -width, width, 201; -width, width, 201 |] (Mixture.logDensity mixture)

                    near 1e-11 "log Z" 0.0 moments.LogZ
                    nearAll 1e-10 "mean" (Mixture.mean mixture) moments.Mean
                    Array.iteri2 (fun i -> nearAll 1e-9 $"row {i}") (Mixture.covariance mixture) moments.Covariance

            Check.property "a marginal times its conditional is the joint density"
            <| fun (NormalFloat x) (NormalFloat y) (NormalFloat z) ->
                let wrap v = Math.IEEERemainder(v, 20.0)
                let x, y, z = wrap x, wrap y, wrap z
                let mixture = Problems.advection 3 0.4
                let joint = Mixture.logDensity mixture [| x; y; z |]
                let marginal = Mixture.marginal [| 2; 0 |] mixture
                let conditional = Mixture.conditional [| 2, z; 0, x |] mixture

                Mixture.logDensity marginal [| z; x |] + Mixture.logDensity conditional [| y |]
                |> near (1e-12 * (1.0 + abs joint)) "log density" joint

            testCase "draws from the four modes have their weights, and depend on the seed alone"
            <| fun _ ->
                let n = 20000
                let draws = Mixture.sample 1 n Targets.fourModes
                Expect.equal "same seed" draws (Mixture.sample 1 n Targets.fourModes)
                Expect.notEqual "other seed" draws (Mixture.sample 2 n Targets.fourModes)

                let counts =
                    draws |> Array.countBy (Mixture.nearest Targets.fourModes) |> Map.ofArray

                Targets.fourModes.Weights
                |> Array.iteri (fun m w ->
                    // Five standard errors, and the tails that lie nearer to another mode (0.1 % at 2/0.6 deviations).
                    near (5.0 * sqrt (w * (1.0 - w) / float n) + 1e-3) $"mode {m}" w (float counts[m] / float n))

                for k in 0..1 do
                    let variance = (Mixture.covariance Targets.fourModes).[k][k]

                    draws
                    |> Array.averageBy (fun x -> x[k])
                    |> near (5.0 * sqrt (variance / float n)) $"mean {k}" (Mixture.mean Targets.fourModes).[k]

            testCase "draws of the other targets follow their distributions"
            <| fun _ ->
                let n = 20000

                // Largest gap between the empirical and the exact distribution function, times √n: beyond 2.2 with
                // probability 1e-4 (Kolmogorov).
                let gap (distribution: float -> float) (draws: float[]) =
                    Array.sort draws
                    |> Array.mapi (fun i x -> abs (distribution x - (float i + 0.5) / float n))
                    |> Array.max
                    |> (*) (sqrt (float n))

                let byQuadrature low logDensity =
                    let total = Quadrature.trapezoid low -low 2000 (logDensity >> exp)

                    fun x -> Quadrature.trapezoid low x 300 (logDensity >> exp) / total

                let column k (draws: float[][]) = draws |> Array.map (fun x -> x[k])
                let normal x = Normal.CDF(0.0, 1.0, x)

                Targets.sampleTiltedDoubleWells 3 2 n
                |> column 1
                |> gap (byQuadrature -4.0 Targets.tiltedDoubleWell)
                |> atMost 2.2 "tilted double well"

                let wells = Targets.sampleManyWell 4 2 n

                wells
                |> column 2
                |> gap (byQuadrature -5.0 Targets.manyWellFirst)
                |> atMost 2.2 "many-well, first"

                wells |> column 3 |> gap normal |> atMost 2.2 "many-well, second"

                let funnel = Targets.sampleFunnel 5 3 n

                funnel
                |> Array.map (fun x -> x[0] / 3.0)
                |> gap normal
                |> atMost 2.2 "funnel, x0"

                funnel
                |> Array.map (fun x -> x[2] * exp (-0.5 * x[0]))
                |> gap normal
                |> atMost 2.2 "funnel, x2"
        ]

[<Tests>]
let tests =
    testList "References" [ fourier; oneDimension; twoDimensions; dynamics; sampling ]
