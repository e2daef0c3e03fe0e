module Mne.Functional.Tests.DiffusionTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests

/// A process with noise of every kind, with points at which it may be.
type Case =
    {
        Process: Diffusion
        /// σ (N × d × m), by itself.
        Sigma: float -> Tensor -> Tensor
        Points: Tensor
    }

let private positive seed n d =
    Scope.keep (fun () -> 0.3 + Random.uniform Placement.float64 seed [ n; d ])

let private any seed n d =
    Random.normal Placement.float64 seed [ n; d ]

let private sigmaOf (p: Diffusion) : float -> Tensor -> Tensor =
    match p.Noise with
    | Noise.Constant covariance ->
        fun _ x ->
            (Covariance.colour covariance (torch.eye (int64 p.Dimension, dtype = torch.float64)))
                .expand(x.shape[0], -1L, -1L)
    | Noise.Diagonal f -> fun t x -> (f t x).diag_embed()
    | Noise.Full(_, f) -> f

let private case (p: Diffusion) points =
    {
        Process = p
        Sigma = sigmaOf p
        Points = points
    }

let private turning (t: float) (x: Tensor) =
    let a, b = x.select (1L, 0L), x.select (1L, 1L)

    torch.stack (
        [
            torch.stack ([ 1.0 + 0.3 * a.sin (); 0.2 * a * b; cos t * b ], 1L)
            torch.stack ([ 0.1 * b.square (); (0.5 * a).exp(); 0.4 * torch.ones_like a ], 1L)
        ],
        1L
    )

/// In the plane, with three sources that reach both coordinates.
let threeSources =
    Diffusion.create
        2
        (fun t x -> torch.stack ([ x.select(1L, 0L).sin() * cos t; -x.prod 1L ], 1L))
        (Noise.Full(3, turning))

let correlation = array2D [ [ 1.0; 0.6 ]; [ 0.6; 1.0 ] ]

let private cases =
    [
        case
            (Diffusion.geometricBrownianMotion [ 0.1; -0.2 ] [ 0.3; 0.5 ] (array2D [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ]))
            (positive 1 6 2)
        case (Diffusion.geometricBrownianMotion [ 0.1; -0.2 ] [ 0.3; 0.5 ] correlation) (positive 2 6 2)
        case (Diffusion.coxIngersollRoss 1.5 0.4 0.7) (positive 3 6 1)
        case (Diffusion.heston 0.03 2.0 0.4 0.6 -0.7) (positive 4 6 2)
        case (Diffusion.lorenz 10.0 28.0 (8.0 / 3.0) 0.7) (any 5 6 3)
        case threeSources (any 6 6 2)
        case
            (Diffusion.stratonovich
                2
                (fun t x -> t * x.cos ())
                (Noise.Diagonal(fun t x -> 1.0 + 0.4 * (x * cos t).sin() * x.sum (1L, keepdim = true))))
            (any 7 6 2)
        case (Diffusion.stratonovich 2 (fun _ x -> -x) (Noise.Full(3, turning))) (any 8 6 2)
        case
            (Process.ornsteinUhlenbeckTo [ 1.0; 0.0 ] (Covariance.Full(array2D [ [ 1.0; 0.3 ]; [ 0.3; 0.5 ] ]))
             |> Process.scheduled (Schedule.linear 0.3 2.0 1.0)
             |> Diffusion.ofProcess)
            (any 9 6 2)
        case
            (Process.underdampedLangevin 0.8 (Density.gaussianMixture [ 1.0, [ 0.0 ], 1.0 ])
             |> Diffusion.ofProcess)
            (any 10 6 2)
    ]

/// Σ_j ∂_j f_j by differences of fourth order, for f: x ↦ N × … × d, of the last dimension.
let divergenceByDifferences (f: Tensor -> Tensor) (x: Tensor) : Tensor =
    let ε = 1e-3
    let d = int x.shape[1]

    [
        for k in 0 .. d - 1 ->
            let at (steps: float) =
                let shift =
                    Tensor.ofArray Placement.float64 [| for i in 0 .. d - 1 -> if i = k then steps * ε else 0.0 |]

                (f (x + shift)).select(-1L, int64 k)

            (8.0 * (at 1.0 - at -1.0) - (at 2.0 - at -2.0)) / (12.0 * ε)
    ]
    |> List.reduce (fun a b -> a + b)

let private covarianceAt (case: Case) t x : Tensor =
    let σ = case.Sigma t x
    σ.matmul (σ.transpose (1L, 2L))

let private derivatives =
    testList
        "derivatives"
        [
            for index, case in List.indexed cases do
                Check.scoped $"{case.Process.Name} ({index}): ∇·b, ∇·D and ∇·∇·D are what differences say" (fun () ->
                    let p, t, x = case.Process, 0.4, case.Points
                    let close = Check.close 1e-8

                    /// Where nothing is to be found, to round-off.
                    let agree name (actual: Tensor) (expected: Tensor) =
                        if Check.size expected < 1e-7 then
                            Expect.isLessThan (Check.size actual) 1e-12 name
                        else
                            close name actual expected

                    agree "∇·b" (p.DriftDivergence t x) (divergenceByDifferences (p.Drift t) x)
                    let byDifferences = divergenceByDifferences (covarianceAt case t)
                    agree "∇·D" (p.NoiseDivergence t x) (byDifferences x)
                    agree "∇·∇·D" (p.NoiseCurvature t x) (divergenceByDifferences byDifferences x))
        ]

let private readings =
    testList
        "Stratonovich's reading"
        [
            Check.scoped "adds ½ Σ σ_jk ∂_j σ_ik, as differences have it" (fun () ->
                let x, t, ε = any 11 5 2, 0.3, 1e-5

                let check (noise: Noise) (σ: Tensor -> Tensor) =
                    let b = fun _ (x: Tensor) -> x.sin ()
                    let added = (Diffusion.stratonovich 2 b noise).Drift t x - x.sin ()

                    /// Along every source k, Σ_j σ_jk ∂_j σ_ik is the change of column k in its own direction.
                    let expected =
                        [
                            for k in 0L .. (σ x).shape[2] - 1L ->
                                let column (x: Tensor) = (σ x).select(2L, k)
                                let direction = column x
                                0.5 * (column (x + ε * direction) - column (x - ε * direction)) / (2.0 * ε)
                        ]
                        |> List.reduce (fun a b -> a + b)

                    Check.close 1e-8 "added drift" added expected

                check (Noise.Full(3, turning)) (turning t)

                let own (x: Tensor) =
                    1.0 + 0.5 * x.sin () * x.sum (1L, keepdim = true)

                check (Noise.Diagonal(fun _ x -> own x)) (fun x -> (own x).diag_embed()))

            Check.scoped "constant noise is the same in both" (fun () ->
                let x = any 12 4 2
                let noise = Noise.Constant(Covariance.Isotropic 0.5)
                let b _ (x: Tensor) = -x

                Check.identical
                    "drift"
                    ((Diffusion.stratonovich 2 b noise).Drift 0.0 x)
                    ((Diffusion.create 2 b noise).Drift 0.0 x))
        ]

/// Mean, and its standard error, of a column.
let estimate (values: Tensor) : float * float =
    Scope.free (fun () ->
        Tensor.toFloat (values.mean ()), Tensor.toFloat (values.std ()) / sqrt (float values.shape[0]))

/// Within three standard errors.
let agrees name (expected: float) (values: Tensor) =
    let mean, error = estimate values
    Expect.isLessThan (abs (mean - expected)) (3.0 * error) $"{name}: {mean} ± {error}, wanted {expected}"

let private paths =
    let n = 20_000

    let from (values: float list) =
        (Tensor.ofArray Placement.float64 (List.toArray values)).expand(int64 n, int64 values.Length).clone()

    testList
        "paths"
        [
            Check.scoped
                "Milstein's step converges with order 1 to the paths of geometric Brownian motion, Euler's with ½"
                (fun () ->
                    let μ, v = 0.3, 0.8
                    let p = Diffusion.geometricBrownianMotion [ μ ] [ v ] (array2D [ [ 1.0 ] ])
                    let finest = 64
                    let kicks = [ for k in 0 .. finest - 1 -> Check.normal (100 + k) [ 4000; 1 ] ]
                    let total = kicks |> List.reduce (fun a b -> a + b)
                    let exact = ((μ - 0.5 * v * v) + v * total / sqrt (float finest)).exp()

                    let error scheme steps =
                        let sde = Diffusion.paths p

                        let final =
                            (torch.ones_like exact, List.chunkBySize (finest / steps) kicks |> List.indexed)
                            ||> List.fold (fun x (k, together) ->
                                let noise =
                                    (together |> List.reduce (fun a b -> a + b)) / sqrt (float together.Length)

                                Sde.step scheme (float k / float steps, float (k + 1) / float steps) noise x sde)

                        Tensor.toFloat ((final - exact).square().mean().sqrt())

                    let order scheme =
                        Math.Log2(error scheme 16 / error scheme 64) / 2.0

                    Expect.isGreaterThan (order SdeScheme.Milstein) 0.9 "Milstein"
                    Expect.isLessThan (order SdeScheme.Milstein) 1.2 "Milstein"
                    Expect.isGreaterThan (order SdeScheme.EulerMaruyama) 0.4 "Euler and Maruyama"
                    Expect.isLessThan (order SdeScheme.EulerMaruyama) 0.65 "Euler and Maruyama")

            Check.scoped "of Cox, Ingersoll and Ross have the exact mean and variance" (fun () ->
                let κ, θ, ξ, x0, t = 1.5, 0.4, 0.5, 0.9, 1.0
                let mean = θ + (x0 - θ) * exp (-κ * t)

                let variance =
                    x0 * ξ * ξ / κ * (exp (-κ * t) - exp (-2.0 * κ * t))
                    + θ * ξ * ξ / (2.0 * κ) * (1.0 - exp (-κ * t)) ** 2.0

                let x =
                    Diffusion.paths (Diffusion.coxIngersollRoss κ θ ξ)
                    |> Sde.simulate SdeScheme.Milstein 3 [ 0.0 .. 0.005 .. t ] (from [ x0 ])

                agrees "mean" mean (x.squeeze 1L)
                agrees "variance" variance ((x.squeeze 1L - mean).square()))

            Check.scoped "of correlated geometric Brownian motion have the exact logarithms" (fun () ->
                let p = Diffusion.geometricBrownianMotion [ 0.1; 0.3 ] [ 0.2; 0.4 ] correlation

                let logs =
                    (Diffusion.paths p
                     |> Sde.simulate SdeScheme.EulerMaruyama 4 [ 0.0..0.01..1.0 ] (from [ 1.0; 2.0 ]))
                        .log()

                let a, b = logs.select (1L, 0L), logs.select (1L, 1L)
                let meanA, meanB = 0.1 - 0.02, log 2.0 + 0.3 - 0.08
                agrees "first" meanA a
                agrees "second" meanB b
                agrees "covariance" (0.6 * 0.2 * 0.4) ((a - meanA) * (b - meanB)))

            Check.scoped "in Stratonovich's reading have the logarithms of Brownian motion" (fun () ->
                let p =
                    Diffusion.stratonovich 1 (fun _ x -> torch.zeros_like x) (Noise.Diagonal(fun _ x -> 0.5 * x))

                let logs =
                    (Diffusion.paths p
                     |> Sde.simulate SdeScheme.Milstein 5 [ 0.0..0.01..1.0 ] (from [ 1.0 ]))
                        .log()

                agrees "mean" 0.0 logs
                agrees "variance" 0.25 (logs.square ()))

            test "nothing leaks" {
                Assert.frees (fun () ->
                    use x = positive 1 10 2

                    use _ =
                        Diffusion.paths (Diffusion.heston 0.0 1.0 0.4 0.3 0.5)
                        |> Sde.simulate SdeScheme.EulerMaruyama 1 [ 0.0; 0.1; 0.2 ] x

                    use y = positive 1 10 1

                    use _ =
                        Diffusion.paths (Diffusion.coxIngersollRoss 1.0 0.4 0.3)
                        |> Sde.simulate SdeScheme.Milstein 1 [ 0.0; 0.1; 0.2 ] y

                    ())
            }
        ]

let private refusals =
    let refuses name (parts: string list) (body: unit -> unit) =
        Check.scoped name (fun () -> Check.refuses parts body)

    let still _ (x: Tensor) = torch.zeros_like x

    let step scheme (p: Diffusion) =
        let x = positive 1 4 p.Dimension

        Sde.step scheme (0.0, 0.1) (Check.normal 1 [ 4; Noise.sources p.Dimension p.Noise ]) x (Diffusion.paths p)
        |> ignore

    testList
        "refused"
        [
            refuses "Milstein's step for common sources" [ "scheme"; "common sources"; "EulerMaruyama" ] (fun () ->
                step SdeScheme.Milstein (Diffusion.heston 0.0 1.0 0.4 0.3 0.5))
            refuses
                "Milstein's step for deviations that see other coordinates"
                [ "scheme"; "other coordinates" ]
                (fun () ->
                    Diffusion.create 2 still (Noise.Diagonal(fun _ x -> x.flip 1L))
                    |> step SdeScheme.Milstein)
            refuses "deviations of another shape" [ "deviations" ] (fun () ->
                Diffusion.create 2 still (Noise.Diagonal(fun _ x -> x.sum 1L))
                |> step SdeScheme.EulerMaruyama)
            refuses "a matrix of another shape" [ "matrix"; "4 × 2"; "4 × 2 × 3" ] (fun () ->
                Diffusion.create 2 still (Noise.Full(3, (fun _ x -> x)))
                |> step SdeScheme.EulerMaruyama)
            refuses "a drift of another shape" [ "drift" ] (fun () ->
                Diffusion.create 2 (fun _ x -> x.sum 1L) (Noise.Diagonal still)
                |> step SdeScheme.EulerMaruyama)
            refuses "a covariance of another size" [ "noise" ] (fun () ->
                Diffusion.create 2 still (Noise.Constant(Covariance.Diagonal [ 1.0 ])) |> ignore)
            refuses "volatilities of another count" [ "volatilities" ] (fun () ->
                Diffusion.geometricBrownianMotion [ 0.1; 0.1 ] [ 0.2 ] correlation |> ignore)
            refuses "a covariance in place of a correlation" [ "correlation"; "ones" ] (fun () ->
                Diffusion.geometricBrownianMotion [ 0.1; 0.1 ] [ 0.2; 0.2 ] (array2D [ [ 2.0; 0.0 ]; [ 0.0; 2.0 ] ])
                |> ignore)
            refuses "a singular correlation" [ "correlation"; "singular" ] (fun () ->
                Diffusion.geometricBrownianMotion [ 0.1; 0.1 ] [ 0.2; 0.2 ] (array2D [ [ 1.0; 1.0 ]; [ 1.0; 1.0 ] ])
                |> ignore)
            refuses "a level of 0" [ "level" ] (fun () -> Diffusion.coxIngersollRoss 1.0 0.0 0.3 |> ignore)
            refuses "a correlation of 1" [ "correlation" ] (fun () -> Diffusion.heston 0.0 1.0 0.4 0.3 1.0 |> ignore)
            refuses "negative noise" [ "ε" ] (fun () -> Diffusion.lorenz 10.0 28.0 2.7 -1.0 |> ignore)
        ]

[<Tests>]
let tests = testList "Diffusion" [ derivatives; readings; paths; refusals ]
