namespace Mne.Functional.References

open System
open System.Numerics
open System.Threading.Tasks

/// Reference solutions of u_t = L u + M g(u), u periodic on [0, PeriodX) × [0, PeriodY): Fourier spectral in space, ETDRK4
/// in time; the two-dimensional sibling of `Spectral1D`.
/// <example><code>
/// let heat: Spectral2D.Equation =
///     { PeriodX = 2.0 * Math.PI
///       PeriodY = 2.0 * Math.PI
///       Linear = fun k l -> Complex(-0.1 * (k * k + l * l), 0.0)
///       Outer = fun _ _ -> Complex.Zero
///       Inner = fun _ -> 0.0 }
/// let reference = Spectral2D.converged 1e-9 heat (fun x y -> sin x * sin y) (32, 32) 10 [| 1.0 |]
/// let value = Spectral2D.evaluate reference.Solution 0 [| 0.3, 2.9 |]
/// </code></example>
[<RequireQualifiedAccess>]
module Spectral2D =

    /// u_t = L u + M g(u), with L and M given by their symbols at the wave numbers (k, l).
    type Equation =
        {
            /// A divisor of the domain's period is allowed where the initial value has it: less work, same solution.
            PeriodX: float
            PeriodY: float
            /// Symbol of L, for instance −ν (k² + l²) for ν Δu.
            Linear: float -> float -> Complex
            /// Symbol of M, for instance −i(k + l)/2 for −½ (∂_x + ∂_y)(u²).
            Outer: float -> float -> Complex
            /// g, pointwise.
            Inner: float -> float
        }

    /// Fourier series at each time, Nx × Ny modes, coefficients in the order of `Fourier.plane`.
    type Solution =
        {
            PeriodX: float
            PeriodY: float
            Modes: int * int
            Times: float[]
            Coefficients: Complex[][]
        }

    let private signed n k = if 2 * k < n then k else k - n

    /// The solution at the given times (increasing, not negative) from u0 at t = 0, which should be smooth (it is
    /// interpolated), with (nx, ny) modes (powers of two) and about the given number of equal steps.
    let solve
        (equation: Equation)
        (u0: float -> float -> float)
        ((nx, ny): int * int)
        (steps: int)
        (times: float[])
        : Solution =
        let plane = Fourier.plane nx ny
        let size = nx * (ny / 2 + 1)

        let symbol f =
            Array.init size (fun i ->
                f
                    (2.0 * Math.PI * float (signed nx (i % nx)) / equation.PeriodX)
                    (2.0 * Math.PI * float (i / nx) / equation.PeriodY))

        // The highest modes have no partner of the other sign, so derivatives could not be real: they stay zero.
        let paired i = i / nx < ny / 2 && i % nx <> nx / 2
        let onlyPaired = Array.mapi (fun i z -> if paired i then z else Complex.Zero)
        let outer = onlyPaired (symbol equation.Outer)
        let values = Array.zeroCreate (nx * ny)
        let linear = Array.forall (fun z -> z = Complex.Zero) outer

        let nonlinear source (target: Complex[]) =
            if not linear then
                plane.Inverse source values

                Parallel.For(
                    0,
                    nx,
                    fun i ->
                        for j in i * ny .. i * ny + ny - 1 do
                            values[j] <- equation.Inner values[j]
                )
                |> ignore

                plane.Forward values target

                for i in 0 .. size - 1 do
                    target[i] <- outer[i] * target[i]

        for i in 0 .. nx * ny - 1 do
            values[i] <-
                u0 (equation.PeriodX * float (i / ny) / float nx) (equation.PeriodY * float (i % ny) / float ny)

        let start = Array.zeroCreate size
        plane.Forward values start

        {
            PeriodX = equation.PeriodX
            PeriodY = equation.PeriodY
            Modes = nx, ny
            Times = times
            Coefficients = Etdrk4.integrate (symbol equation.Linear) nonlinear (onlyPaired start) steps times
        }

    let private coefficient solution index k l =
        let nx, ny = solution.Modes

        if 2 * abs k >= nx || 2 * l >= ny then
            Complex.Zero
        else
            solution.Coefficients[index][l * nx + (k + nx) % nx]

    /// Relative L2 distance over space and times, by Parseval's identity; infinite if either has run away.
    let distance (reference: Solution) (other: Solution) : float =
        let nx = max (fst reference.Modes) (fst other.Modes)
        let ny = max (snd reference.Modes) (snd other.Modes)

        let square (z: Complex) =
            z.Real * z.Real + z.Imaginary * z.Imaginary

        let mutable above = 0.0
        let mutable below = 0.0

        for index in 0 .. reference.Times.Length - 1 do
            for l in 0 .. ny / 2 - 1 do
                let weight = if l = 0 then 1.0 else 2.0

                for k in 1 - nx / 2 .. nx / 2 - 1 do
                    let r = coefficient reference index k l
                    above <- above + weight * square (r - coefficient other index k l)
                    below <- below + weight * square r

        let ratio = sqrt (above / below)
        if Double.IsFinite ratio then ratio else infinity

    /// The solution refined from the given modes and steps until its relative L2 change is below the tolerance.
    /// Raises `NotConvergedException` if it cannot be.
    let converged
        (tolerance: float)
        (equation: Equation)
        (u0: float -> float -> float)
        (modes: int * int)
        (steps: int)
        (times: float[])
        : Converged<int * int, Solution> =
        Convergence.refine
            (fun (nx, ny) -> 2 * nx, 2 * ny)
            (fun modes steps -> solve equation u0 modes steps times)
            distance
            tolerance
            modes
            steps

    let private powers period count x =
        let turn = x / period
        let angle = 2.0 * Math.PI * (turn - floor turn)
        Array.init count (fun k -> Complex.FromPolarCoordinates(1.0, angle * float k))

    /// Σ_k c(k, l) e^{ikx} for each l: the series along y that is left at one x.
    let private alongY solution index x =
        let nx, ny = solution.Modes
        let c = solution.Coefficients[index]
        let e = powers solution.PeriodX (nx / 2) x

        Array.init (ny / 2) (fun l ->
            let mutable sum = c[l * nx]

            for k in 1 .. nx / 2 - 1 do
                sum <- sum + c[l * nx + k] * e[k] + c[l * nx + nx - k] * Complex.Conjugate e[k]

            sum)

    let private sumY (series: Complex[]) (e: Complex[]) =
        let mutable sum = 0.5 * series[0].Real

        for l in 1 .. series.Length - 1 do
            sum <- sum + series[l].Real * e[l].Real - series[l].Imaginary * e[l].Imaginary

        2.0 * sum

    /// u at any points (in any period) and the time of the given index: the trigonometric polynomial itself, so each point
    /// costs as much as there are modes; `onGrid` is quicker for many.
    let evaluate (solution: Solution) (index: int) (points: (float * float)[]) : float[] =
        points
        |> Array.Parallel.map (fun (x, y) ->
            sumY (alongY solution index x) (powers solution.PeriodY (snd solution.Modes / 2) y))

    /// u on the tensor grid of the points x and y at the time of the given index, entry i·|y| + j at (xᵢ, yⱼ).
    let onTensorGrid (solution: Solution) (index: int) (x: float[]) (y: float[]) : float[] =
        let ey = y |> Array.map (powers solution.PeriodY (snd solution.Modes / 2))

        x
        |> Array.Parallel.collect (fun x ->
            let series = alongY solution index x
            ey |> Array.map (sumY series))

    /// u on the n × n points (2πi/n, 2πj/n), entry i·n + j, one row per time.
    let onGrid (n: int) (solution: Solution) : float[][] =
        let axis = Array.init n (fun j -> 2.0 * Math.PI * float j / float n)
        Array.init solution.Times.Length (fun index -> onTensorGrid solution index axis axis)
