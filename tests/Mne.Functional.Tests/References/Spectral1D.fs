namespace Mne.Functional.References

open System
open System.Numerics

/// Reference solutions of u_t = L u + M g(u), u periodic on [Low, High): Fourier spectral in space, ETDRK4 in time.
/// <example><code>
/// // viscous Burgers, u_t = ν u_xx − (u²/2)_x
/// let equation: Spectral1D.Equation =
///     { Low = 0.0
///       High = 2.0 * Math.PI
///       Linear = fun k -> Complex(-0.1 * k * k, 0.0)
///       Outer = fun k -> Complex(0.0, -0.5 * k)
///       Inner = fun u -> u * u }
/// let reference = Spectral1D.converged 1e-9 equation sin 64 50 [| 0.5; 1.0 |]
/// let values = Spectral1D.evaluate reference.Solution 1 [| 0.3; 2.9 |] // at t = 1
/// </code></example>
[<RequireQualifiedAccess>]
module Spectral1D =

    /// u_t = L u + M g(u), with L and M given by their symbols at the wave number k = 2πj/(High − Low).
    type Equation =
        {
            Low: float
            High: float
            /// Symbol of L, for instance −ν k² for ν u_xx.
            Linear: float -> Complex
            /// Symbol of M, for instance −ik/2 for −½ (u²)_x.
            Outer: float -> Complex
            /// g, pointwise.
            Inner: float -> float
        }

    /// Fourier series u(x, Times[i]) = Σ_k Coefficients[i][|k|] e^{2πik(x − Low)/(High − Low)} (conjugated for k < 0).
    type Solution =
        {
            Low: float
            High: float
            Times: float[]
            Coefficients: Complex[][]
        }

    /// The first modes/2 Fourier coefficients of a function on [low, high), from at least 2¹⁶ samples: a projection rather
    /// than an interpolation, which matters where the periodic extension has a kink.
    let project (low: float) (high: float) (modes: int) (f: float -> float) : Complex[] =
        let samples = max 65536 (8 * modes)

        let values =
            Array.init samples (fun j -> f (low + (high - low) * float j / float samples))

        let all = Array.zeroCreate (samples / 2 + 1)
        (Fourier.line samples).Forward values all
        // The highest mode has no partner of the other sign, so derivatives could not be real: it stays zero.
        Array.init (modes / 2 + 1) (fun k -> if k < modes / 2 then all[k] else Complex.Zero)

    /// The solution at the given times (increasing, not negative) from u0 at t = 0, with the given number of modes (grid
    /// points; a power of two) and about the given number of equal steps.
    let solve (equation: Equation) (u0: float -> float) (modes: int) (steps: int) (times: float[]) : Solution =
        let line = Fourier.line modes

        let wave =
            Array.init (modes / 2 + 1) (fun k -> 2.0 * Math.PI * float k / (equation.High - equation.Low))

        let outer =
            Array.init (modes / 2 + 1) (fun k ->
                if k < modes / 2 then
                    equation.Outer wave[k]
                else
                    Complex.Zero)

        let values = Array.zeroCreate modes

        let nonlinear source (target: Complex[]) =
            line.Inverse source values

            for j in 0 .. modes - 1 do
                values[j] <- equation.Inner values[j]

            line.Forward values target

            for k in 0 .. modes / 2 do
                target[k] <- outer[k] * target[k]

        let start = project equation.Low equation.High modes u0

        {
            Low = equation.Low
            High = equation.High
            Times = times
            Coefficients = Etdrk4.integrate (Array.map equation.Linear wave) nonlinear start steps times
        }

    /// Relative L2 distance over space and times, by Parseval's identity; infinite if either has run away.
    let distance (reference: Solution) (other: Solution) : float =
        let coefficient (c: Complex[]) k =
            if k < c.Length then c[k] else Complex.Zero

        let square (z: Complex) =
            z.Real * z.Real + z.Imaginary * z.Imaginary

        let sum f =
            Seq.zip reference.Coefficients other.Coefficients
            |> Seq.sumBy (fun (r, o) ->
                let mutable total = f (coefficient r 0) (coefficient o 0)

                for k in 1 .. max r.Length o.Length - 1 do
                    total <- total + 2.0 * f (coefficient r k) (coefficient o k)

                total)

        let ratio = sqrt (sum (fun r o -> square (r - o)) / sum (fun r _ -> square r))
        if Double.IsFinite ratio then ratio else infinity

    /// The solution refined from the given modes and steps until its relative L2 change is below the tolerance.
    /// Raises `NotConvergedException` if it cannot be.
    let converged
        (tolerance: float)
        (equation: Equation)
        (u0: float -> float)
        (modes: int)
        (steps: int)
        (times: float[])
        : Converged<int, Solution> =
        Convergence.refine
            (fun modes -> 2 * modes)
            (fun modes steps -> solve equation u0 modes steps times)
            distance
            tolerance
            modes
            steps

    /// u at any points x (in any period) and the time of the given index: the trigonometric polynomial itself.
    let evaluate (solution: Solution) (index: int) (x: float[]) : float[] =
        let c = solution.Coefficients[index]

        x
        |> Array.map (fun x ->
            let turn = (x - solution.Low) / (solution.High - solution.Low)
            let z = Complex.FromPolarCoordinates(1.0, 2.0 * Math.PI * (turn - floor turn))
            let mutable sum = Complex.Zero

            for k in c.Length - 1 .. -1 .. 1 do
                sum <- (sum + c[k]) * z

            c[0].Real + 2.0 * sum.Real)

    /// The n points Low + (High − Low) j/n, j < n.
    let grid (low: float) (high: float) (n: int) : float[] =
        Array.init n (fun j -> low + (high - low) * float j / float n)

    /// u on that grid, one row per time.
    let onGrid (n: int) (solution: Solution) : float[][] =
        let x = grid solution.Low solution.High n
        Array.init solution.Times.Length (fun i -> evaluate solution i x)
