namespace Mne.Functional.References

/// What holds at an end of the line: a u + b ∂u/∂n = g(t), n outwards.
type LineEnd =
    {
        A: float
        B: float
        Data: float -> float
    }

/// u_t = f(t, x, u, u_x, u_xx) on (0, 1) for m components.
type LineProblem =
    {
        /// t, x, u, u_x, u_xx (m each) ↦ u_t (m).
        Rate: float -> float -> float[] -> float[] -> float[] -> float[]
        /// The condition of each component at 0 and at 1.
        Ends: (LineEnd * LineEnd)[]
        /// u at the beginning.
        Start: float -> float[]
        /// The largest diffusion, by which steps are short enough.
        Diffusion: float
    }

/// Finite differences of second order on an even grid with its ends, extrapolated to the fourth; the classical Runge–Kutta method in
/// time. Conditions with a slope are those of a further point beyond the end.
[<RequireQualifiedAccess>]
module FiniteDifferences =

    let private rate (problem: LineProblem) (n: int) t (u: float[][]) : float[][] =
        let m, h = problem.Ends.Length, 1.0 / float n
        let low, high = Array.zeroCreate m, Array.zeroCreate m

        // Beyond the ends, and the values where these are given.
        for c in 0 .. m - 1 do
            let beyond (side: LineEnd) own next =
                if side.B = 0.0 then
                    0.0
                else
                    next + 2.0 * h * (side.Data t - side.A * own) / side.B

            let atLow, atHigh = problem.Ends[c]
            let v = u[c]
            low[c] <- beyond atLow v[0] v[1]
            high[c] <- beyond atHigh v[n] v[n - 1]

        let result = Array.init m (fun _ -> Array.zeroCreate (n + 1))
        let value, slope, bend = Array.zeroCreate m, Array.zeroCreate m, Array.zeroCreate m

        for i in 0..n do
            for c in 0 .. m - 1 do
                let left = if i = 0 then low[c] else u[c][i - 1]
                let right = if i = n then high[c] else u[c][i + 1]
                value[c] <- u[c][i]
                slope[c] <- (right - left) / (2.0 * h)
                bend[c] <- (right - 2.0 * u[c][i] + left) / (h * h)

            let f = problem.Rate t (float i * h) value slope bend

            for c in 0 .. m - 1 do
                result[c][i] <- f[c]

        result

    /// Values that are given at ends, in place of those there.
    let private given (problem: LineProblem) (n: int) t (u: float[][]) =
        problem.Ends
        |> Array.iteri (fun c (low, high) ->
            if low.B = 0.0 then
                u[c][0] <- low.Data t / low.A

            if high.B = 0.0 then
                u[c][n] <- high.Data t / high.A)

        u

    let private solveOn (problem: LineProblem) (n: int) (times: float[]) : float[][][] =
        let m, h = problem.Ends.Length, 1.0 / float n
        let start = [| for i in 0..n -> problem.Start(float i * h) |]
        let mutable u = Array.init m (fun c -> [| for v in start -> v[c] |])
        let mutable t = 0.0

        let along scale =
            Array.map2 (Array.map2 (fun a b -> a + scale * b))

        [|
            for next in times do
                let steps = max 1 (int (ceil ((next - t) * problem.Diffusion / (0.4 * h * h))))
                let dt = (next - t) / float steps

                for _ in 1..steps do
                    let f time u =
                        rate problem n time (given problem n time u)

                    let k1 = f t u
                    let k2 = f (t + 0.5 * dt) (along (0.5 * dt) u k1)
                    let k3 = f (t + 0.5 * dt) (along (0.5 * dt) u k2)
                    let k4 = f (t + dt) (along dt u k3)

                    for c in 0 .. m - 1 do
                        for i in 0..n do
                            u[c][i] <- u[c][i] + dt / 6.0 * (k1[c][i] + 2.0 * k2[c][i] + 2.0 * k3[c][i] + k4[c][i])

                    t <- t + dt
                    u <- given problem n t u

                Array.map Array.copy u
        |]

    /// The components at each of the times (increasing) and at the ends of n intervals of the line: times × m × (n + 1).
    let solve (n: int) (times: float[]) (problem: LineProblem) : float[][][] =
        let coarse, fine = solveOn problem n times, solveOn problem (2 * n) times

        Array.map2
            (Array.map2 (fun (coarse: float[]) (fine: float[]) ->
                coarse |> Array.mapi (fun i v -> (4.0 * fine[2 * i] - v) / 3.0)))
            coarse
            fine
