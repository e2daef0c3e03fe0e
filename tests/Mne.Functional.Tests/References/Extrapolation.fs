namespace Mne.Functional.References

open System

/// Ordinary differential equations to near round-off: Gragg's modified midpoint rule, extrapolated in h² to order twelve
/// (Bulirsch and Stoer), with adaptive steps. Source: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I,
/// II.9. For small smooth systems.
[<RequireQualifiedAccess>]
module Extrapolation =

    let private subdivisions = [| 2; 4; 6; 8; 10; 12 |]

    let private midpoint (f: float -> float[] -> float[]) t (y: float[]) h n =
        let step = h / float n
        let along scale = Array.map2 (fun a b -> a + scale * b)
        let mutable previous = y
        let mutable current = along step y (f t y)

        for i in 1 .. n - 1 do
            let next = along (2.0 * step) previous (f (t + float i * step) current)
            previous <- current
            current <- next

        let last = along step previous (f (t + h) current)
        Array.map2 (fun a b -> 0.5 * (a + b)) current last

    /// One step by Aitken and Neville in (1/n)²: the extrapolated value, and its distance from the next best one.
    let private extrapolate f t y h =
        let mutable row: float[][] = [||]

        for j in 0 .. subdivisions.Length - 1 do
            let next = Array.zeroCreate (j + 1)
            next[0] <- midpoint f t y h subdivisions[j]

            for k in 1..j do
                let ratio = float subdivisions[j] / float subdivisions[j - k]
                let factor = 1.0 / (ratio * ratio - 1.0)
                next[k] <- Array.map2 (fun fine coarse -> fine + factor * (fine - coarse)) next[k - 1] row[k - 1]

            row <- next

        row[row.Length - 1], row[row.Length - 2]

    /// The solution of y' = f(t, y), y(0) = start at the given times (increasing, not negative), each step within
    /// `tolerance` of the size of the solution (at least 1). Raises `NotConvergedException` if the step becomes too small.
    let solve (tolerance: float) (f: float -> float[] -> float[]) (start: float[]) (times: float[]) : float[][] =
        let mutable t = 0.0
        let mutable y = start
        let mutable h = 0.1

        [|
            for next in times do
                while next - t > 1e-14 * max 1.0 next do
                    let trial = min h (next - t)
                    let value, second = extrapolate f t y trial
                    let size = value |> Array.fold (fun m v -> max m (abs v)) 1.0
                    let error = Array.fold2 (fun m a b -> max m (abs (a - b))) 0.0 value second / size

                    if error <= tolerance then
                        t <- if trial = next - t then next else t + trial
                        y <- value

                        if error < 1e-3 * tolerance then
                            h <- max h (1.5 * trial)
                    else
                        h <- 0.5 * trial

                        if h < 1e-10 then
                            raise (
                                NotConvergedException(
                                    $"at t = {t} steps of {h} still err by {error}, wanted {tolerance}; "
                                    + "the tolerance is below round-off or the solution is not smooth"
                                )
                            )

                y
        |]
