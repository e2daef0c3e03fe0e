namespace Mne.Functional.References

open System
open System.Numerics
open System.Threading.Tasks

/// Discrete Fourier transforms of real periodic data: lengths are powers of two, coefficients c_k = (1/n) Σ_j u_j e^{−ikx_j},
/// of which k = 0 … n/2 are kept. Written here because MathNet's managed provider has no transform in the
/// plane, and in one dimension (where the tests compare with it) this one is several times faster.
[<RequireQualifiedAccess>]
module Fourier =

    /// A length and its roots of unity e^{−2πik/n}, k < n.
    type Plan = { Length: int; Roots: Complex[] }

    /// Prepares transforms of length n. Raises `ArgumentException` unless n is a power of two, at least 2.
    let plan (n: int) : Plan =
        if n < 2 || not (BitOperations.IsPow2 n) then
            raise (ArgumentException($"n: found {n}, wanted a power of two, at least 2", "n"))

        {
            Length = n
            Roots = Array.init n (fun k -> Complex.FromPolarCoordinates(1.0, -2.0 * Math.PI * float k / float n))
        }

    /// Stockham's self-sorting transform, radix 4 with one radix-2 pass when needed, of `plan.Length / divisor` entries
    /// from `offset`; not normalised. Answers in `data`; `scratch` is as long as `data`.
    let private transform plan divisor (inverse: bool) (data: Complex[]) (scratch: Complex[]) offset =
        let total = plan.Length / divisor
        let roots = plan.Roots
        let mutable x = data
        let mutable y = scratch
        let mutable n = total
        let mutable s = 1

        let inline turn (z: Complex) =
            if inverse then
                Complex(-z.Imaginary, z.Real)
            else
                Complex(z.Imaginary, -z.Real)

        let inline root k =
            if inverse then Complex.Conjugate roots[k] else roots[k]

        while n > 1 do
            if n = 2 then
                for q in offset .. offset + s - 1 do
                    let a = x[q]
                    let b = x[q + s]
                    y[q] <- a + b
                    y[q + s] <- a - b

                n <- 1
                s <- 2 * s
            else
                let quarter = n / 4

                for p in 0 .. quarter - 1 do
                    let w1 = root (p * s * divisor)
                    let w2 = w1 * w1
                    let w3 = w1 * w2
                    let source = offset + s * p
                    let target = offset + 4 * s * p

                    for q in 0 .. s - 1 do
                        let a = x[source + q]
                        let b = x[source + q + s * quarter]
                        let c = x[source + q + 2 * s * quarter]
                        let d = x[source + q + 3 * s * quarter]
                        let even = a + c
                        let odd = a - c
                        let evenB = b + d
                        let oddB = turn (b - d)
                        y[target + q] <- even + evenB
                        y[target + q + s] <- w1 * (odd + oddB)
                        y[target + q + 2 * s] <- w2 * (even - evenB)
                        y[target + q + 3 * s] <- w3 * (odd - oddB)

                n <- quarter
                s <- 4 * s

            let z = x
            x <- y
            y <- z

        if not (obj.ReferenceEquals(x, data)) then
            Array.blit x offset data offset total

    /// A real row of even length n as n/2 complex numbers, transformed, and taken apart into n/2 + 1 coefficients.
    let private forwardRow plan (values: float[]) from (packed: Complex[]) scratch offset (target: Complex[]) start =
        let n = plan.Length
        let m = n / 2

        for j in 0 .. m - 1 do
            packed[offset + j] <- Complex(values[from + 2 * j], values[from + 2 * j + 1])

        transform plan 2 false packed scratch offset
        let scale = 0.5 / float n

        for k in 0..m do
            let z = packed[offset + k % m]
            let mirrored = Complex.Conjugate packed[offset + (m - k) % m]
            let root = if k = m then -Complex.One else plan.Roots[k]
            let odd = (z - mirrored) * root
            target[start + k] <- scale * (z + mirrored + Complex(odd.Imaginary, -odd.Real))

    let private inverseRow plan (source: Complex[]) start (packed: Complex[]) scratch offset (values: float[]) from =
        let m = plan.Length / 2

        for k in 0 .. m - 1 do
            let c = source[start + k]
            let mirrored = Complex.Conjugate source[start + m - k]
            let odd = (c - mirrored) * Complex.Conjugate plan.Roots[k]
            packed[offset + k] <- c + mirrored + Complex(-odd.Imaginary, odd.Real)

        transform plan 2 true packed scratch offset

        for j in 0 .. m - 1 do
            values[from + 2 * j] <- packed[offset + j].Real
            values[from + 2 * j + 1] <- packed[offset + j].Imaginary

    /// The transforms of one line of n values, with their working memory: not to be used by two threads at once.
    type Line =
        {
            Forward: float[] -> Complex[] -> unit
            Inverse: Complex[] -> float[] -> unit
        }

    /// Transforms between n values and n/2 + 1 coefficients.
    let line (n: int) : Line =
        let plan = plan n
        let packed = Array.zeroCreate (n / 2)
        let scratch = Array.zeroCreate (n / 2)

        {
            Forward = fun values target -> forwardRow plan values 0 packed scratch 0 target 0
            Inverse = fun source values -> inverseRow plan source 0 packed scratch 0 values 0
        }

    let private rows count (body: int -> unit) = Parallel.For(0, count, body) |> ignore

    /// Transforms between values on an nx × ny grid (entry i·ny + j) and coefficients (entry l·nx + k for the wave numbers
    /// (k, l), l = 0 … ny/2, k = 0 … nx − 1 with k ≥ nx/2 standing for k − nx), on all cores.
    let plane (nx: int) (ny: int) : Line =
        let planX = plan nx
        let planY = plan ny
        let half = ny / 2 + 1
        let packed = Array.zeroCreate (nx * ny / 2)
        let packedScratch = Array.zeroCreate (nx * ny / 2)
        let spectrum = Array.zeroCreate (nx * half)
        let scratch = Array.zeroCreate (nx * half)
        let work = Array.zeroCreate (nx * half)
        let scale = 1.0 / float nx

        // Tiles keep both sides of the transposition in cache.
        let transpose height width (source: Complex[]) (target: Complex[]) =
            let tile = 16

            rows ((height + tile - 1) / tile) (fun block ->
                for left in 0..tile .. width - 1 do
                    for i in block * tile .. min height (block * tile + tile) - 1 do
                        for j in left .. min width (left + tile) - 1 do
                            target[j * height + i] <- source[i * width + j])

        {
            Forward =
                fun values target ->
                    rows nx (fun i ->
                        forwardRow planY values (i * ny) packed packedScratch (i * ny / 2) spectrum (i * half))

                    transpose nx half spectrum target

                    rows half (fun l ->
                        transform planX 1 false target scratch (l * nx)

                        for k in l * nx .. l * nx + nx - 1 do
                            target[k] <- scale * target[k])
            Inverse =
                fun source values ->
                    Array.blit source 0 work 0 source.Length
                    rows half (fun l -> transform planX 1 true work scratch (l * nx))
                    transpose half nx work spectrum

                    rows nx (fun i ->
                        inverseRow planY spectrum (i * half) packed packedScratch (i * ny / 2) values (i * ny))
        }
