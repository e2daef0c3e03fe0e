module Mne.Functional.Tests.KolmogorovTests

open System
open Expecto
open System.Numerics
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests
open Mne.Functional.Tests.DiffusionTests

/// The term for u, a function of the points, at time t.
let private evaluate (term: Term) (u: Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
    Gaussian.local u (Term.needs (int x.shape[1]) term) t x |> Term.evaluate term

/// ∂_t by differences of fourth order.
let private rate (u: float -> Tensor -> Tensor) (t: float) (x: Tensor) : Tensor =
    let ε = 1e-3

    (8.0 * (u (t + ε) x - u (t - ε) x) - (u (t + 2.0 * ε) x - u (t - 2.0 * ε) x))
    / (12.0 * ε)

let private uniform seed (low: float) (high: float) n d : Tensor =
    low + (high - low) * Random.uniform Placement.float64 seed [ n; d ]

let private one = array2D [ [ 1.0 ] ]

/// −log of the log-normal density of correlated geometric Brownian motion that begins at x0.
let private logNormal
    (rates: float list)
    (volatilities: float list)
    (ρ: float[,])
    (x0: float list)
    (t: float)
    (x: Tensor)
    =
    let d = rates.Length

    let law =
        Gaussian.create
            [
                for k in 0 .. d - 1 -> log x0[k] + (rates[k] - 0.5 * volatilities[k] ** 2.0) * t
            ]
            [
                for i in 0 .. d - 1 -> [ for j in 0 .. d - 1 -> volatilities[i] * volatilities[j] * ρ[i, j] * t ]
            ]

    Gaussian.energy law (x.log ()) + x.log().sum 1L

/// The density of Cox, Ingersoll and Ross's process: c times a non-central χ² variable, as a mixture of gamma densities.
let private cirDensity κ θ ξ x0 (t: float) (x: Tensor) : Tensor =
    let c = ξ * ξ * (1.0 - exp (-κ * t)) / (4.0 * κ)
    let degrees, noncentral = 4.0 * κ * θ / (ξ * ξ), x0 * exp (-κ * t) / c
    let y = x.squeeze 1L / c

    [
        for j in 0.0 .. 80.0 ->
            let shape = 0.5 * degrees + j

            let logWeight =
                -0.5 * noncentral + j * log (0.5 * noncentral)
                - SpecialFunctions.GammaLn(j + 1.0)

            ((shape - 1.0) * y.log () - 0.5 * y
             + (logWeight - shape * log 2.0 - SpecialFunctions.GammaLn shape))
                .exp()
    ]
    |> List.reduce (fun a b -> a + b)
    |> fun density -> density / c

/// The price of a call in the world of Black and Scholes (J. Political Economy 81, 1973).
let private blackScholes (r: float) (v: float) (strike: float) (τ: float) (x: Tensor) : Tensor =
    let normal (z: Tensor) = 0.5 * (1.0 + torch.erf (z / sqrt 2.0))
    let s = x.squeeze 1L
    let d1 = ((s / strike).log() + (r + 0.5 * v * v) * τ) / (v * sqrt τ)
    s * normal d1 - strike * exp (-r * τ) * normal (d1 - v * sqrt τ)

/// Heston's price of a call by its characteristic function, as a function of time to go and of points (log price, variance):
/// e^x − √K e^{(x − rτ)/2}/π ∫₀^∞ Re e^{iφk} ψ(φ − i/2) / (φ² + ¼) dφ with k = x − log K + rτ (A. Lewis 2000) and
/// ψ = e^{A + BV} (Heston 1993, with the root that stays continuous: H. Albrecher et al. 2007).
let private hestonCall
    (r: float)
    (κ: float)
    (θ: float)
    (ξ: float)
    (ρ: float)
    (strike: float)
    (τ: float)
    (x: Tensor)
    : Tensor =
    let price, variance = x.select (1L, 0L), x.select (1L, 1L)
    let i = Complex.ImaginaryOne
    let real (a: float) = Complex(a, 0.0)

    let coefficients (φ: float) =
        let u = Complex(φ, -0.5)
        let β = real κ - real (ρ * ξ) * i * u
        let d = Complex.Sqrt(β * β + real (ξ * ξ) * (i * u + u * u))
        let g = (β - d) / (β + d)
        let decay = Complex.Exp(-d * real τ)
        let b = (β - d) / real (ξ * ξ) * (Complex.One - decay) / (Complex.One - g * decay)

        let a =
            real (κ * θ / (ξ * ξ))
            * ((β - d) * real τ
               - real 2.0 * Complex.Log((Complex.One - g * decay) / (Complex.One - g)))

        a, b

    let step, last = 0.1, 80.0

    let integral =
        [
            for φ in 0.0 .. step .. last ->
                let a, b = coefficients φ
                let weight = (if φ = 0.0 then 0.5 else 1.0) * step / (φ * φ + 0.25)
                let angle = φ * (price - log strike + r * τ) + a.Imaginary + b.Imaginary * variance
                weight * (a.Real + b.Real * variance).exp() * angle.cos ()
        ]
        |> List.reduce (fun a b -> a + b)

    price.exp () - sqrt strike / Math.PI * (0.5 * (price - r * τ)).exp() * integral

let private constant (a: float) _ (x: Tensor) : Tensor = x.new_full (x.shape[0], a)

let private close = Check.close 1e-7

let private forward =
    /// The term for a density, and that for its energy, against ∂_t.
    let law name (p: Diffusion) (density: float -> Tensor -> Tensor) t (x: unit -> Tensor) =
        Check.scoped name (fun () ->
            let x = x ()
            close "ρ_t" (evaluate (Kolmogorov.forward p) (density t) t x) (rate density t x)
            let energy t x = -(density t x).log()
            close "u_t" (evaluate (Kolmogorov.energy p) (energy t) t x) (rate energy t x))

    testList
        "forward, against exact densities"
        [
            law
                "geometric Brownian motion: log-normal"
                (Diffusion.geometricBrownianMotion [ 0.3 ] [ 0.4 ] one)
                (fun t x -> (-(logNormal [ 0.3 ] [ 0.4 ] one [ 1.0 ] t x)).exp())
                0.5
                (fun () -> uniform 1 0.5 2.0 20 1)
            law
                "two correlated ones"
                (Diffusion.geometricBrownianMotion [ 0.3; -0.1 ] [ 0.4; 0.6 ] correlation)
                (fun t x -> (-(logNormal [ 0.3; -0.1 ] [ 0.4; 0.6 ] correlation [ 1.0; 1.5 ] t x)).exp())
                0.5
                (fun () -> uniform 2 0.5 2.0 20 2)
            law
                "Cox, Ingersoll and Ross: non-central χ²"
                (Diffusion.coxIngersollRoss 1.5 0.4 0.7)
                (cirDensity 1.5 0.4 0.7 0.6)
                0.5
                (fun () -> uniform 3 0.2 1.2 20 1)

            Check.scoped "the χ² density has the mass 1 and the exact mean" (fun () ->
                let at x =
                    Scope.free (fun () ->
                        cirDensity 1.5 0.4 0.7 0.6 0.5 (Tensor.ofArray2D Placement.float64 (array2D [ [ x ] ]))
                        |> Tensor.toArray
                        |> Array.head)

                let mass = Quadrature.trapezoid 1e-9 4.0 4000 at
                let mean = Quadrature.trapezoid 1e-9 4.0 4000 (fun x -> x * at x)
                Expect.floatClose { absolute = 1e-5; relative = 0.0 } mass 1.0 "mass"
                Expect.floatClose { absolute = 1e-5; relative = 0.0 } mean (0.4 + 0.2 * exp -0.75) "mean")

            Check.scoped
                "an Ornstein–Uhlenbeck process whose noise grows with the distance rests in Student's distribution"
                (fun () ->
                    // dX = −aX dt + √(2b(1 + X²)) dW has the stationary density (1 + x²)^{−1−a/2b} (E. Wong 1964).
                    let a, b = 1.2, 0.5

                    let p =
                        Diffusion.create
                            1
                            (fun _ x -> -a * x)
                            (Noise.Diagonal(fun _ x -> (2.0 * b * (1.0 + x.square ())).sqrt()))

                    let x = uniform 4 -3.0 3.0 20 1

                    let energy (x: Tensor) =
                        (1.0 + a / (2.0 * b)) * (1.0 + x.square().squeeze 1L).log()

                    Expect.isLessThan (Check.size (evaluate (Kolmogorov.energy p) energy 0.0 x)) 1e-12 "u_t"

                    Expect.isLessThan
                        (Check.size (evaluate (Kolmogorov.forward p) (fun x -> (-(energy x)).exp()) 0.0 x))
                        1e-12
                        "ρ_t"

                    // d/dt E X² = −2a E X² + 2b (1 + E X²), from 0 at t = 0.
                    let λ = 2.0 * (a - b)
                    let second = 2.0 * b / λ * (1.0 - exp -λ)

                    let paths =
                        Diffusion.paths p
                        |> Sde.simulate
                            SdeScheme.Milstein
                            6
                            [ 0.0..0.01..1.0 ]
                            (Tensor.zeros Placement.float64 [ 20_000; 1 ])

                    agrees "E X²" second (paths.squeeze(1L).square()))

            Check.scoped "noise that is the same everywhere: as Fokker and Planck's equations of the process" (fun () ->
                let x = Check.normal 7 [ 10; 2 ]

                let u (x: Tensor) =
                    x.square().sum 1L + 0.3 * x.prod(1L).sin()

                for p in
                    [
                        Process.ornsteinUhlenbeckTo
                            [ 1.0; 0.0 ]
                            (Covariance.Full(array2D [ [ 1.0; 0.3 ]; [ 0.3; 0.5 ] ]))
                        |> Process.scheduled (Schedule.linear 0.3 2.0 1.0)
                        Process.partialNoise [ 1 ] 2
                    ] do
                    let diffusion = Diffusion.ofProcess p

                    Check.close
                        1e-12
                        "density"
                        (evaluate (Kolmogorov.forward diffusion) u 0.4 x)
                        (evaluate (FokkerPlanck.density p) u 0.4 x)

                    Check.close
                        1e-12
                        "energy"
                        (evaluate (Term.centred (Kolmogorov.energy diffusion)) u 0.4 x)
                        (evaluate (FokkerPlanck.energy p) u 0.4 x)

                    let local = Gaussian.local u (FokkerPlanck.flowNeeds p) 0.4 x
                    Check.close 1e-12 "flow" (Kolmogorov.flow diffusion local) (FokkerPlanck.flow p local))

            Check.scoped "the flow carries the density: ρ_t = −∇·(ρv)" (fun () ->
                let x = uniform 8 -1.0 1.0 8 2

                let energy (x: Tensor) =
                    0.5 * x.square().sum 1L + 0.2 * x.prod(1L).sin()

                let current x =
                    let local = Gaussian.local energy (Jet.gradientRequest 2) 0.4 x
                    (-(energy x)).exp().unsqueeze 1L * Kolmogorov.flow threeSources local

                close
                    "ρ_t"
                    (evaluate (Kolmogorov.forward threeSources) (fun x -> (-(energy x)).exp()) 0.4 x)
                    (-(divergenceByDifferences current x)))

            Check.scoped "forward and backward are adjoint: ∫ f Aρ = ∫ ρ A*f" (fun () ->
                let p =
                    Diffusion.create
                        1
                        (fun t x -> t - x.sin ())
                        (Noise.Diagonal(fun _ x -> 1.0 + 0.5 * (2.0 * x).cos()))

                let x =
                    Tensor.ofArray2D Placement.float64 (Array2D.init 401 1 (fun i _ -> -8.0 + 0.04 * float i))

                let ρ (x: Tensor) =
                    (-((x - 0.3).square().squeeze 1L)).exp()

                let f (x: Tensor) =
                    (0.7 * x).sin().squeeze 1L + 0.2 * x.square().squeeze 1L
                // At the time t = 1.5 − 0.9.
                let left = (f x * evaluate (Kolmogorov.forward p) ρ 0.6 x).sum()
                let right = (ρ x * evaluate (Kolmogorov.backward 1.5 p) f 0.9 x).sum()
                Expect.floatClose Accuracy.veryHigh (Tensor.toFloat left) (Tensor.toFloat right) "sums")
        ]

let private backward =
    let law name (term: Term) (u: float -> Tensor -> Tensor) (x: unit -> Tensor) =
        Check.scoped name (fun () ->
            let x = x ()
            close "u_τ" (evaluate term (u 0.5) 0.5 x) (rate u 0.5 x))

    testList
        "backward, against exact expectations"
        [
            law
                "geometric Brownian motion: second moment"
                (Kolmogorov.backward 1.0 (Diffusion.geometricBrownianMotion [ 0.3 ] [ 0.4 ] one))
                (fun τ x -> exp ((2.0 * 0.3 + 0.16) * τ) * x.squeeze(1L).square())
                (fun () -> uniform 1 0.5 2.0 20 1)
            law
                "killing: the call of Black and Scholes"
                (Diffusion.geometricBrownianMotion [ 0.05 ] [ 0.3 ] one
                 |> Kolmogorov.feynmanKac 1.0 (constant 0.05) (constant 0.0))
                (blackScholes 0.05 0.3 1.1)
                (fun () -> uniform 2 0.6 1.8 20 1)
            law
                "Cox, Ingersoll and Ross: the price of a bond, killed at the rate X (J. C. Cox, J. E. Ingersoll, S. A. Ross 1985)"
                (Diffusion.coxIngersollRoss 1.5 0.4 0.7
                 |> Kolmogorov.feynmanKac 1.0 (fun _ x -> x.squeeze 1L) (constant 0.0))
                (fun τ x ->
                    let κ, θ, ξ = 1.5, 0.4, 0.7
                    let h = sqrt (κ * κ + 2.0 * ξ * ξ)
                    let below = 2.0 * h + (κ + h) * (exp (h * τ) - 1.0)
                    let b = 2.0 * (exp (h * τ) - 1.0) / below
                    let a = 2.0 * κ * θ / (ξ * ξ) * log (2.0 * h * exp (0.5 * (κ + h) * τ) / below)
                    (a - b * x.squeeze 1L).exp())
                (fun () -> uniform 3 0.1 1.2 20 1)
            law
                "a source that depends on time is paid at t = T − τ"
                (Diffusion.ofProcess (Process.ornsteinUhlenbeck 1)
                 |> Kolmogorov.feynmanKac 2.0 (constant 0.0) (fun t x -> exp t * x.squeeze 1L))
                // ∫₀^τ e^{T−τ+r} x e^{−r} dr
                (fun τ x -> τ * exp (2.0 - τ) * x.squeeze 1L)
                (fun () -> uniform 4 -1.0 1.0 20 1)
            law
                "Heston: the discounted price is a martingale, and E V is known"
                (Diffusion.heston 0.03 2.0 0.4 0.6 -0.7
                 |> Kolmogorov.feynmanKac 1.0 (constant 0.03) (constant 0.0))
                (fun τ x ->
                    x.select(1L, 0L).exp()
                    + exp (-0.03 * τ) * (0.4 + (x.select (1L, 1L) - 0.4) * exp (-2.0 * τ)))
                (fun () -> uniform 5 0.1 0.8 20 2)

            law
                "Heston: the call, whose price by the characteristic function is that of paths"
                (Diffusion.heston 0.03 2.0 0.4 0.6 -0.7
                 |> Kolmogorov.feynmanKac 1.0 (constant 0.03) (constant 0.0))
                (hestonCall 0.03 2.0 0.4 0.6 -0.7 1.1)
                (fun () -> uniform 9 0.1 0.6 12 2)

            Check.scoped "Heston: the call is worth what paths say" (fun () ->
                let n, steps = 20_000, 100

                let start =
                    (Tensor.ofArray Placement.float64 [| 0.1; 0.3 |]).expand(int64 n, 2L).clone()

                let final =
                    Diffusion.paths (Diffusion.heston 0.03 2.0 0.4 0.6 -0.7)
                    |> Sde.simulate SdeScheme.EulerMaruyama 7 [ for k in 0..steps -> float k / float steps ] start

                let worth = exp -0.03 * (final.select(1L, 0L).exp() - 1.1).clamp_min 0.0
                let one = Tensor.ofArray2D Placement.float64 (array2D [ [ 0.1; 0.3 ] ])
                agrees "price" (Tensor.toFloat (hestonCall 0.03 2.0 0.4 0.6 -0.7 1.1 1.0 one)) worth)

            Check.scoped "Lorenz with noise: the mean height is that of paths" (fun () ->
                let chaos = Diffusion.lorenz 10.0 28.0 (8.0 / 3.0) 2.0
                let centre, horizon = [ 2.0; 3.0; 20.0 ], 0.1

                let network =
                    Network.create
                        (Domain.euclidean 3)
                        [
                            Layer.normalise centre [ 3.0; 3.0; 3.0 ]
                            Layer.dense 24 Swish
                            Layer.dense 24 Swish
                        ]

                let points =
                    Tensor.ofArray Placement.float64 (List.toArray centre)
                    + 2.5 * Check.normal 3 [ 300; 3 ]
                    |> Collocation.given

                let height (x: Tensor) = x.select (1L, 2L)

                let fit =
                    { Regression.defaults with
                        Tolerance = 1e-5
                    }

                use start = Regression.fit Run.quiet fit network height points

                use solution =
                    Evolution.solve
                        Run.quiet
                        { Evolution.defaults with
                            Tolerance = 1e-4
                        }
                        (Kolmogorov.backward horizon chaos)
                        network
                        points
                        start
                        (0.0, horizon)

                let from = Tensor.ofArray2D Placement.float64 (array2D [ centre ])

                let final =
                    Diffusion.paths chaos
                    |> Sde.simulate
                        SdeScheme.StochasticHeun
                        8
                        [ 0.0 .. 0.001 .. horizon ]
                        (from.expand(20_000L, 3L).clone())

                agrees "E Z" (Tensor.toFloat (Solution.evaluate horizon from solution)) (height final))

            Check.scoped "Hopf and Cole: e^{−u} obeys Feynman and Kac's equation" (fun () ->
                let x = uniform 6 -1.0 1.0 10 2
                let cost t (x: Tensor) = t * x.square().sum 1L

                let u (x: Tensor) =
                    x.prod(1L).sin() + 0.5 * x.square().sum 1L

                let w x = (-(u x)).exp()

                let byValue =
                    evaluate (threeSources |> Kolmogorov.hamiltonJacobiBellman 2.0 cost) u 0.4 x

                let byExponential =
                    evaluate (threeSources |> Kolmogorov.feynmanKac 2.0 cost (constant 0.0)) w 0.4 x

                Check.close 1e-11 "u_τ = −w_τ / w" byValue (-byExponential / w x))

            Check.scoped "Hamilton, Jacobi and Bellman with D = 2I is u_τ = Δu − |∇u|²" (fun () ->
                let x = uniform 7 -1.0 1.0 10 3
                let u (x: Tensor) = (0.5 * (1.0 + x.square().sum 1L)).log()

                let brownian =
                    Diffusion.create 3 (fun _ x -> torch.zeros_like x) (Noise.Constant(Covariance.Isotropic 2.0))

                Check.close
                    1e-12
                    "u_τ"
                    (evaluate (brownian |> Kolmogorov.hamiltonJacobiBellman 1.0 (constant 0.0)) u 0.3 x)
                    (evaluate (Term.laplacian - Term.gradientNormSquared) u 0.3 x))
        ]

let private walls =
    testList
        "walls"
        [
            Check.scoped
                "survival of Brownian motion in an interval is the series of its eigenfunctions, and that of paths"
                (fun () ->
                    // P(no exit from (0, 1) in τ) = Σ_odd 4/(nπ) sin(nπx) e^{−n²π²τ/2}; 1 at τ = 0, so that the run begins a little later.
                    let survival (τ: float) (x: Tensor) =
                        [
                            for n in 1.0..2.0..99.0 ->
                                4.0 / (n * Math.PI)
                                * exp (-0.5 * (n * Math.PI) ** 2.0 * τ)
                                * (n * Math.PI * x.squeeze 1L).sin()
                        ]
                        |> List.reduce (fun a b -> a + b)

                    let interval = Domain.dirichlet [ 0.0, 1.0 ]
                    let network = Network.create interval [ Layer.harmonics 2; Layer.dense 24 Sine ]
                    let points = Collocation.grid interval 64

                    let start =
                        Regression.fit Run.quiet Regression.defaults network (survival 0.02) points

                    let brownian =
                        Diffusion.create 1 (fun _ x -> torch.zeros_like x) (Noise.Constant(Covariance.Isotropic 1.0))

                    use solution =
                        Evolution.solve
                            Run.quiet
                            Evolution.defaults
                            (Kolmogorov.backward 0.3 brownian)
                            network
                            points
                            start
                            (0.02, 0.3)

                    let x = uniform 1 0.02 0.98 50 1
                    Check.close 1e-4 "series" (Solution.evaluate 0.3 x solution) (survival 0.3 x)

                    // Paths from ⅓, killed also where the bridge between two steps has left the interval.
                    let steps, n = 60, 20_000
                    let h = 0.3 / float steps
                    let sde = Diffusion.paths brownian

                    let place = Tensor.ones Placement.float64 [ n; 1 ] / 3.0

                    let _, alive =
                        ((place, Tensor.ones Placement.float64 [ n ]), [ 0 .. steps - 1 ])
                        ||> List.fold (fun (x, alive) k ->
                            let span = float k * h, float (k + 1) * h

                            let next =
                                Sde.step SdeScheme.EulerMaruyama span (Check.normal (1000 + k) [ n; 1 ]) x sde

                            let stay (distance: Tensor) (distance': Tensor) =
                                1.0 - (-2.0 * distance * distance' / h).exp()

                            // 1 within the interval, 0 outside.
                            let inside = (0.5 - (next - 0.5).abs()).sign().clamp_min(0.0).squeeze 1L
                            let bridge = (stay x next * stay (1.0 - x) (1.0 - next)).squeeze 1L
                            next, alive * inside * bridge)

                    let third = Tensor.ofArray2D Placement.float64 (array2D [ [ 1.0 / 3.0 ] ])
                    agrees "paths" (Tensor.toFloat (Solution.evaluate 0.3 third solution)) alive)
        ]

[<Tests>]
let tests = testList "Kolmogorov" [ forward; backward; walls ]
