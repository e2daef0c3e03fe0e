namespace Mne.Functional.References

open System
open System.Numerics
open MathNet.Numerics

/// A one-dimensional evolution problem: `Modes` and `Steps` are where its refinement starts.
type Problem1D =
    {
        Name: string
        Equation: Spectral1D.Equation
        Initial: float -> float
        FinalTime: float
        Modes: int
        Steps: int
    }

/// A two-dimensional evolution problem on [0, 2π)²: `Modes` and `Steps` are where its refinement starts.
type Problem2D =
    {
        Name: string
        Equation: Spectral2D.Equation
        Initial: float -> float -> float
        FinalTime: float
        Modes: int * int
        Steps: int
    }

/// The evolution problems with known answers.
/// <example><code>
/// let reference = Problems.reference1D Problems.allenCahn // self-converged, with reference.Estimate
/// let exact = Spectral1D.onGrid 2048 reference.Solution // rows: t = 0.1, 0.2, …, 4
/// // error of a computed solution `values` in the same layout:
/// // Convergence.relativeL2 exact values
/// </code></example>
[<RequireQualifiedAccess>]
module Problems =

    let private tau = 2.0 * Math.PI
    let private real (x: float) = Complex(x, 0.0)

    let private gaussian rate centre (x: float) =
        exp (-rate * (x - centre) * (x - centre))

    /// 0.1, 0.2, …, T.
    let saveTimes (finalTime: float) : float[] =
        [| for i in 1 .. int (Math.Round(10.0 * finalTime)) -> float i / 10.0 |]

    /// u_t = 5e-3 u_xx + u − u³ on [0, 2π), T = 4 (randomized sparse Neural Galerkin, table of Allen–Cahn).
    let allenCahn: Problem1D =
        {
            Name = "Allen-Cahn 1-d"
            Equation =
                {
                    Low = 0.0
                    High = tau
                    Linear = fun k -> real (1.0 - 5e-3 * k * k)
                    Outer = fun _ -> real -1.0
                    Inner = fun u -> u * u * u
                }
            Initial =
                fun x ->
                    tanh (2.0 * sin x) / 3.0 - gaussian 23.5 (0.5 * Math.PI) x
                    + gaussian 27.0 4.2 x
                    + gaussian 38.0 5.4 x
            FinalTime = 4.0
            Modes = 256
            Steps = 400
        }

    /// u_t = −u u_x − u_xx − u_xxxx on [0, 22) (Kuramoto and Sivashinsky): chaotic, so that errors grow with time.
    let kuramotoSivashinsky (finalTime: float) : Problem1D =
        {
            Name = "Kuramoto-Sivashinsky 1-d"
            Equation =
                {
                    Low = 0.0
                    High = 22.0
                    Linear = fun k -> real (k * k - k * k * k * k)
                    Outer = fun k -> Complex(0.0, -0.5 * k)
                    Inner = fun u -> u * u
                }
            Initial = fun x -> let z = tau * x / 22.0 in cos z * (1.0 + sin z)
            FinalTime = finalTime
            Modes = 64
            Steps = int (ceil (40.0 * finalTime))
        }

    /// u_t = 1e-3 u_xx − u u_x on [−1, 1), T = 4. The periodic extension of u0 = (1 − x²)e^{−30(x+½)²} has a kink at ±1: its
    /// slope jumps by 2e^{−7.5} ≈ 1.1e-3, so u0 vanishes there to first order only and its Fourier coefficients fall as k⁻².
    /// Viscosity smooths it at once; `Spectral1D.solve` projects u0, so the kink does not alias.
    let burgers: Problem1D =
        {
            Name = "Burgers 1-d"
            Equation =
                {
                    Low = -1.0
                    High = 1.0
                    Linear = fun k -> real (-1e-3 * k * k)
                    Outer = fun k -> Complex(0.0, -0.5 * k)
                    Inner = fun u -> u * u
                }
            Initial = fun x -> (1.0 - x * x) * gaussian 30.0 -0.5 x
            FinalTime = 4.0
            Modes = 1024
            Steps = 2000
        }

    /// The solution of `burgers` at one point and time t > 0 by the Cole–Hopf formula on the line (Hopf, Comm. Pure Appl.
    /// Math. 3 (1950)), by quadrature: nothing in common with the spectral solution.
    let burgersColeHopf (t: float) (x: float) : float =
        let viscosity = 1e-3
        let root = sqrt 30.0

        // ∫u0 from −1 with s = x + ½ and 1 − x² = ¾ + s − s².
        let antiderivative x =
            let s = x + 0.5
            let e = exp (-30.0 * s * s)

            (0.75 - 1.0 / 60.0) * 0.5 * sqrt Math.PI / root * SpecialFunctions.Erf(root * s)
            + (s - 1.0) * e / 60.0

        let perPeriod = antiderivative 1.0 - antiderivative -1.0
        let wrap x = x - 2.0 * floor (0.5 * (x + 1.0))

        let potential x =
            floor (0.5 * (x + 1.0)) * perPeriod + antiderivative (wrap x)
            - antiderivative -1.0

        let exponent y =
            -(potential y + 0.5 * (x - y) * (x - y) / t) / (2.0 * viscosity)

        // u0 lies in [0, 1]: characteristics reach back at most t; twelve deviations of the heat kernel beyond.
        let margin = 12.0 * sqrt (2.0 * viscosity * t)
        let low, high = x - t - margin, x + margin
        let n = int (ceil ((high - low) / 1e-4))
        let y = Array.init (n + 1) (fun i -> low + (high - low) * float i / float n)
        let logs = Array.map exponent y
        let top = Array.max logs
        let weights = logs |> Array.map (fun l -> exp (l - top))

        Array.sum (Array.map2 (fun w y -> w * burgers.Initial(wrap y)) weights y)
        / Array.sum weights

    /// KdV's two solitons, u_t = −6 u u_x − u_xxx, k = (1, √5), η = (0, 10.73): exact at any t and x on the line, without
    /// overflow or cancellation: with F = Σ_j e^{s_j}, 2(ln F)_xx is twice the variance of s_j' under the weights e^{s_j}/F.
    let kdvTwoSoliton (t: float) (x: float) : float =
        let k1, k2 = 1.0, sqrt 5.0
        let first = k1 * x - k1 * k1 * k1 * t
        let second = k2 * x - k2 * k2 * k2 * t + 10.73
        let ratio = (k1 - k2) / (k1 + k2)

        let exponents = [| 0.0; first; second; first + second + 2.0 * log (abs ratio) |]

        let slopes = [| 0.0; k1; k2; k1 + k2 |]
        let top = Array.max exponents
        let weights = exponents |> Array.map (fun s -> exp (s - top))
        let total = Array.sum weights
        let mutable variance = 0.0

        for i in 0..3 do
            for j in 0 .. i - 1 do
                let gap = slopes[i] - slopes[j]
                variance <- variance + weights[i] * weights[j] * gap * gap

        2.0 * variance / (total * total)

    /// The same on the periodic box [low, high), for the spectral solver: agrees with the line as far as the tails vanish at
    /// the ends (on [−20, 40] they are 4e-9, and periodic neighbours interact at that order).
    let kdvOn (low: float) (high: float) : Problem1D =
        {
            Name = "KdV two-soliton"
            Equation =
                {
                    Low = low
                    High = high
                    Linear = fun k -> Complex(0.0, k * k * k)
                    Outer = fun k -> Complex(0.0, -3.0 * k)
                    Inner = fun u -> u * u
                }
            Initial = kdvTwoSoliton 0.0
            FinalTime = 4.0
            Modes = 256
            Steps = 4000
        }

    /// Initial value of the three problems in the plane; its period in x is π, so the solutions' is too.
    let private planar x y =
        0.04 * cosh (3.0 * sin x) * sinh (sin y)

    let private plane name linear outer inner modes steps : Problem2D =
        {
            Name = name
            Equation =
                {
                    PeriodX = Math.PI
                    PeriodY = tau
                    Linear = linear
                    Outer = outer
                    Inner = inner
                }
            Initial = planar
            FinalTime = 4.0
            Modes = modes
            Steps = steps
        }

    /// u_t = 0.1 Δu, T = 4.
    let heat2D: Problem2D =
        plane "heat 2-d" (fun k l -> real (-0.1 * (k * k + l * l))) (fun _ _ -> Complex.Zero) (fun _ -> 0.0) (32, 64) 40

    /// The solution of `heat2D` at t, x, y in closed form, by the series of cosh(3 sin x) and sinh(sin y) in modified Bessel
    /// functions (Abramowitz and Stegun 9.6.35–36).
    let heat2DExact: float -> float -> float -> float =
        let bessel (z: float) =
            Array.init 40 (fun n -> SpecialFunctions.BesselI(float n, z))

        let three, one = bessel 3.0, bessel 1.0
        let decay t n = exp (-0.1 * float (n * n) * t)
        let sign k = if k % 2 = 0 then 1.0 else -1.0

        fun t x y ->
            let inX =
                three[0]
                + 2.0
                  * Seq.sum (
                      seq { for k in 1..19 -> sign k * three[2 * k] * decay t (2 * k) * cos (float (2 * k) * x) }
                  )

            let inY =
                2.0
                * Seq.sum (
                    seq {
                        for k in 0..19 -> sign k * one[2 * k + 1] * decay t (2 * k + 1) * sin (float (2 * k + 1) * y)
                    }
                )

            0.04 * inX * inY

    /// u_t = 5e-3 Δu + u − u³, T = 4.
    let allenCahn2D: Problem2D =
        plane
            "Allen-Cahn 2-d"
            (fun k l -> real (1.0 - 5e-3 * (k * k + l * l)))
            (fun _ _ -> real -1.0)
            (fun u -> u * u * u)
            (64, 128)
            200

    /// u_t = 0.01 Δu − u(u_x + u_y), T = 4. Its certified reference takes some forty seconds; a coarser tolerance given to
    /// `Spectral2D.converged` is much quicker.
    let burgers2D: Problem2D =
        plane
            "Burgers 2-d"
            (fun k l -> real (-0.01 * (k * k + l * l)))
            (fun k l -> Complex(0.0, -0.5 * (k + l)))
            (fun u -> u * u)
            (128, 256)
            400

    /// The problem's solution at its save times, self-converged to 1e-9 (relative L2 over space and times).
    let reference1D (problem: Problem1D) : Converged<int, Spectral1D.Solution> =
        Spectral1D.converged
            1e-9
            problem.Equation
            problem.Initial
            problem.Modes
            problem.Steps
            (saveTimes problem.FinalTime)

    /// The problem's solution at its save times, self-converged to 1e-9 (relative L2 over space and times).
    let reference2D (problem: Problem2D) : Converged<int * int, Spectral2D.Solution> =
        Spectral2D.converged
            1e-9
            problem.Equation
            problem.Initial
            problem.Modes
            problem.Steps
            (saveTimes problem.FinalTime)

    /// ∫₀ᵗ a of the advection problem u_t = −a(t)·∇u in d dimensions: a_i = i sin(w_i π t) + 1.25 i,
    /// w_i = 2(1 + (i − 1)/(d − 1)), i = 1 … d (w₁ = 2 for d = 1). Its final time is 1.8.
    let advectionDisplacement (d: int) (t: float) : float[] =
        Array.init d (fun index ->
            let i = float (index + 1)
            let w = 2.0 * (1.0 + (if d = 1 then 0.0 else (i - 1.0) / float (d - 1)))
            i * (1.0 - cos (w * Math.PI * t)) / (w * Math.PI) + 1.25 * i * t)

    /// u0 of the advection problem, a density: two Gaussians of equal weight and of different axes (centres and variances
    /// are this project's choice).
    let advectionInitial (d: int) : Mixture =
        let perAxis f =
            Array.init d (fun index -> f (float (index + 1)))

        {
            Weights = [| 0.5; 0.5 |]
            Means =
                [|
                    perAxis (fun _ -> 1.1)
                    perAxis (fun i -> 0.75 * (1.5 + cos (Math.PI * i) * i / float (d + 1)))
                |]
            Variances =
                [|
                    perAxis (fun i -> 0.05 * (1.0 + i / float d))
                    perAxis (fun i -> 0.05 * (2.0 - (i - 1.0) / float d))
                |]
        }

    /// The exact solution of the advection problem at time t, again a mixture: evaluate it with `Mixture.logDensity`, draw
    /// from it with `Mixture.sample`.
    let advection (d: int) (t: float) : Mixture =
        let initial = advectionInitial d
        let shift = advectionDisplacement d t

        { initial with
            Means = initial.Means |> Array.map (fun mean -> Array.map2 (+) mean shift)
        }

    /// Position of the moving trap: a(t) = 1.25(sin πt + 1.5).
    let trapCentre (t: float) : float = 1.25 * (sin (Math.PI * t) + 1.5)

    let private trapStart d k =
        if d = 1 then 0.9 else 0.9 + 2.1 * float k / float (d - 1)

    /// Interacting particles in a moving trap, d coordinates, α = 0.25, β = 100, ρ_0 = N(linspace(0.9, 3, d), 0.1 I): the
    /// mean (d) and covariance (d × d) at the given times (T = 8). The drift −(x − a) − α(x − x̄) is linear, so ρ_t stays
    /// Gaussian and, with A = (1 + α)I − (α/d) 11ᵀ, m' = a 1 − A m and C' = −AC − CA + (2/β) I; integrated to 1e-12.
    let movingTrap (d: int) (times: float[]) : (float[] * float[][])[] =
        let alpha, beta = 0.25, 100.0

        let contract (v: float[]) =
            let centre = Array.average v
            v |> Array.map (fun x -> (1.0 + alpha) * x - alpha * centre)

        let slope t (y: float[]) =
            let mean = contract y[.. d - 1] |> Array.map (fun x -> trapCentre t - x)
            // C is symmetric, so the columns of AC are A applied to its rows, and CA is the transpose of AC.
            let product = Array.init d (fun i -> contract y[d + i * d .. d + i * d + d - 1])

            let covariance =
                Array.init (d * d) (fun e ->
                    let i, j = e / d, e % d
                    -product[i][j] - product[j][i] + (if i = j then 2.0 / beta else 0.0))

            Array.append mean covariance

        let start =
            Array.append (Array.init d (trapStart d)) (Array.init (d * d) (fun e -> if e / d = e % d then 0.1 else 0.0))

        Extrapolation.solve 1e-12 slope start times
        |> Array.map (fun y -> y[.. d - 1], Array.init d (fun i -> y[d + i * d .. d + i * d + d - 1]))
