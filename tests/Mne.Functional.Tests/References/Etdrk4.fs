namespace Mne.Functional.References

open System
open System.Numerics
open System.Threading.Tasks

/// Exponential time differencing, Runge–Kutta of order four, for v' = λ ∘ v + N(v) on Fourier coefficients.
/// Scheme: Cox and Matthews, J. Comput. Phys. 176 (2002); coefficients by contour integrals: Kassam and Trefethen,
/// SIAM J. Sci. Comput. 26 (2005).
[<RequireQualifiedAccess>]
module Etdrk4 =

    type private Coefficients =
        {
            Step: float
            Full: Complex[]
            Half: Complex[]
            Stage: Complex[]
            First: Complex[]
            Middle: Complex[]
            Last: Complex[]
        }

    let private inChunks length (body: int -> int -> unit) =
        let chunk = 32768

        if length <= chunk then
            body 0 length
        else
            Parallel.For(0, (length + chunk - 1) / chunk, (fun i -> body (i * chunk) (min length (i * chunk + chunk))))
            |> ignore

    // The half-angle offset keeps the contour away from the origin for real and for imaginary hλ.
    let private circle =
        Array.init 32 (fun j -> Complex.FromPolarCoordinates(1.0, 2.0 * Math.PI * (float j + 0.5) / 32.0))

    let private coefficients (h: float) (symbol: Complex[]) =
        let stage, first, middle, last =
            Array.zeroCreate symbol.Length,
            Array.zeroCreate symbol.Length,
            Array.zeroCreate symbol.Length,
            Array.zeroCreate symbol.Length

        inChunks symbol.Length (fun from until ->
            for i in from .. until - 1 do
                let mutable q = Complex.Zero
                let mutable f1 = Complex.Zero
                let mutable f2 = Complex.Zero
                let mutable f3 = Complex.Zero

                for r in circle do
                    let z = h * symbol[i] + r
                    let half = Complex.Exp(0.5 * z)
                    let e = half * half
                    let inverse = Complex.One / z
                    let cubed = inverse * inverse * inverse
                    q <- q + (half - Complex.One) * inverse
                    f1 <- f1 + (-4.0 - z + e * (4.0 - 3.0 * z + z * z)) * cubed
                    f2 <- f2 + (2.0 + z + e * (z - 2.0)) * cubed
                    f3 <- f3 + (-4.0 - 3.0 * z - z * z + e * (4.0 - z)) * cubed

                let scale = h / float circle.Length
                stage[i] <- scale * q
                first[i] <- scale * f1
                middle[i] <- 2.0 * scale * f2
                last[i] <- scale * f3)

        {
            Step = h
            Full = symbol |> Array.map (fun l -> Complex.Exp(h * l))
            Half = symbol |> Array.map (fun l -> Complex.Exp(0.5 * h * l))
            Stage = stage
            First = first
            Middle = middle
            Last = last
        }

    /// The coefficients at each of the times (increasing, not negative), starting from `start` at t = 0, with about `steps`
    /// equal steps up to the last time (each interval between times takes a whole number, at least one).
    /// `nonlinear v target` writes N(v) into `target`. Raises `ArgumentException` for times that do not increase.
    let integrate
        (symbol: Complex[])
        (nonlinear: Complex[] -> Complex[] -> unit)
        (start: Complex[])
        (steps: int)
        (times: float[])
        : Complex[][] =
        if
            times.Length = 0
            || times[0] < 0.0
            || Array.exists (fun (a, b) -> b <= a) (Array.pairwise times)
        then
            raise (ArgumentException("times: wanted at least one, not negative and strictly increasing", "times"))

        let size = symbol.Length
        let v = Array.copy start
        let a, b, c = Array.zeroCreate size, Array.zeroCreate size, Array.zeroCreate size

        let nv, na, nb, nc =
            Array.zeroCreate size, Array.zeroCreate size, Array.zeroCreate size, Array.zeroCreate size

        let last = times[times.Length - 1]
        let mutable weights: Coefficients option = None
        let mutable time = 0.0

        let step k =
            nonlinear v nv

            inChunks size (fun from until ->
                for i in from .. until - 1 do
                    a[i] <- k.Half[i] * v[i] + k.Stage[i] * nv[i])

            nonlinear a na

            inChunks size (fun from until ->
                for i in from .. until - 1 do
                    b[i] <- k.Half[i] * v[i] + k.Stage[i] * na[i])

            nonlinear b nb

            inChunks size (fun from until ->
                for i in from .. until - 1 do
                    c[i] <- k.Half[i] * a[i] + k.Stage[i] * (2.0 * nb[i] - nv[i]))

            nonlinear c nc

            inChunks size (fun from until ->
                for i in from .. until - 1 do
                    v[i] <-
                        k.Full[i] * v[i]
                        + k.First[i] * nv[i]
                        + k.Middle[i] * (na[i] + nb[i])
                        + k.Last[i] * nc[i])

        [|
            for next in times do
                if next > time then
                    let count = max 1 (int (Math.Round(float steps * (next - time) / last)))
                    let h = (next - time) / float count

                    let k =
                        match weights with
                        | Some k when abs (k.Step - h) <= 1e-12 * h -> k
                        | _ -> coefficients h symbol

                    weights <- Some k

                    for _ in 1..count do
                        step k

                    time <- next

                Array.copy v
        |]
