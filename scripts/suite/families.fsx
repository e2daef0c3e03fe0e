// Densities with known answers: normalisers, moments, shares of modes, exact draws, from closed forms or from quadratures made here. What
// all families have in common, mixtures, normal and Student's distributions; the others are in "shapes.fsx", and "../targets.fsx" lists them.
module Families

#load "../shared.fsx"

open System
open MathNet.Numerics
open TorchSharp
open Mne.Functional

/// A density, and what is known of it.
type Target =
    {
        Name: string
        Family: string
        Density: Density
        /// log ∫ e^{−V}.
        LogNormaliser: float option
        /// Of each coordinate.
        Mean: float[] option
        /// Of each coordinate.
        Deviation: float[] option
        /// Shares of the mass, and where they are.
        Modes: (float * float[]) list
        /// Points (N × d) ↦ how far each belongs to each of the modes (N × modes): its mean is their shares.
        Membership: (Tensor -> Tensor) option
        /// Seed and count ↦ exact draws.
        Samples: (int -> int -> Tensor) option
    }

let log2π = log (2.0 * Math.PI)

/// A tensor that no scope frees: constants of energies.
let constant (make: unit -> Tensor) : Tensor =
    let tensor = Scope.keep make
    Scope.detach [ tensor ]
    tensor

let vector (values: float[]) : Tensor =
    constant (fun () -> Tensor.ofArray Placement.float64 values)

let matrix (values: float[,]) : Tensor =
    constant (fun () -> Tensor.ofArray2D Placement.float64 values)

let uniforms seed n : float[] =
    Scope.free (fun () -> Tensor.toArray (Random.uniform Placement.float64 seed [ n ]))

let normals seed n : float[] =
    Scope.free (fun () -> Tensor.toArray (Random.normal Placement.float64 seed [ n ]))

/// The density e^{−V}, whose energy frees what it makes on the way. It may be infinite.
let density (d: int) (energy: Tensor -> Tensor) : Density =
    Density.ofEnergy d (fun x -> Scope.keep (fun () -> energy x))

let coordinate (k: int) (x: Tensor) : Tensor = x.select (1L, int64 k)

/// Of coordinates whose mean is 0, and of which nothing else is known.
let target (density: Density) (logZ: float) : Target =
    {
        Name = ""
        Family = ""
        Density = density
        LogNormaliser = Some logZ
        Mean = Some(Array.zeroCreate density.Dimension)
        Deviation = None
        Modes = []
        Membership = None
        Samples = None
    }

/// A rotation of d dimensions (d × d), its columns orthonormal.
let rotation (seed: int) (d: int) : float[,] =
    Scope.free (fun () ->
        let struct (q, _) = torch.linalg.qr (Random.normal Placement.float64 seed [ d; d ])
        Tensor.toArray2D q)

let upright (d: int) : float[,] =
    Array2D.init d d (fun i j -> if i = j then 1.0 else 0.0)

/// The standard deviations of Q y for uncorrelated y with the given ones.
let turnedDeviations (turn: float[,]) (deviations: float[]) : float[] =
    Array.init deviations.Length (fun i ->
        sqrt (Array.sum (Array.mapi (fun k s -> (turn[i, k] * s) ** 2.0) deviations)))

/// A target in y seen as one in x = m + Q y; means and deviations of y have to be known, and its coordinates uncorrelated.
let turned (shift: float[]) (turn: float[,]) (inner: Target) : Target =
    let shiftRow, turn' = vector shift, matrix turn
    let back (x: Tensor) : Tensor = (x - shiftRow).mm turn'

    let forward (y: Tensor) : Tensor =
        Scope.keep (fun () -> y.mm (turn'.t ()) .+ shiftRow)

    let forwardOne (y: float[]) =
        Array.init shift.Length (fun i -> shift[i] + Array.sum (Array.mapi (fun k v -> turn[i, k] * v) y))

    { inner with
        Density = density shift.Length (back >> inner.Density.Energy)
        Mean = inner.Mean |> Option.map forwardOne
        Deviation = inner.Deviation |> Option.map (turnedDeviations turn)
        Modes = [ for share, centre in inner.Modes -> share, forwardOne centre ]
        Membership = inner.Membership |> Option.map (fun f -> back >> f)
        Samples =
            inner.Samples
            |> Option.map (fun f -> fun seed count -> Scope.keep (fun () -> forward (f seed count)))
    }

// --- one coordinate, by quadrature

/// What there is to know of a density of one coordinate.
type Line =
    {
        LogZ: float
        Mean: float
        Deviation: float
        /// P(x > 0).
        Positive: float
        /// Uniform numbers ↦ draws, of the same shape.
        Draw: Tensor -> Tensor
    }

/// By the trapezoidal rule with 2¹⁷ intervals on [low, high], outside of which there is no mass to speak of.
let line (low: float) (high: float) (energy: Tensor -> Tensor) : Line =
    let n = 1 <<< 17
    let h = (high - low) / float n
    let x = constant (fun () -> Tensor.linspace Placement.float64 low high (n + 1))

    let logs =
        constant (fun () ->
            let logs = -(energy x)
            let half = torch.zeros_like logs
            half[0L].FillInPlace(-(log 2.0)) |> ignore
            half[int64 n].FillInPlace(-(log 2.0)) |> ignore
            logs .+ half)

    let sums = constant (fun () -> logs.softmax(0L).cumsum 0L)

    Scope.free (fun () ->
        let p = logs.softmax 0L
        let mean = Tensor.toFloat ((p * x).sum())

        {
            LogZ = Tensor.toFloat (logs.logsumexp 0L) + log h
            Mean = mean
            Deviation = sqrt (Tensor.toFloat ((p * (x .- mean).Square()).sum()))
            Positive = Tensor.toFloat ((p * x.GreaterThan(0.0).``to`` torch.float64).sum())
            Draw =
                fun u ->
                    Scope.keep (fun () ->
                        let right =
                            torch
                                .searchsorted(sums, u.contiguous ())
                                .clamp(Scalar.op_Implicit 1L, Scalar.op_Implicit (int64 n))

                        let at (index: Tensor) = sums.take (index), x.take (index)

                        let (s0, x0), (s1, _) = at (right .- 1), at right
                        // The mass that sums up to a point of the grid reaches half an interval beyond it.
                        let within = ((u - s0) / (s1 - s0).ClampMin 1e-300).Clamp(0.0, 1.0)
                        (x0 .+ h .* (within .+ 0.5)).Clamp(low, high))
        })

/// Independent coordinates, of which each has its energy and what is known of it.
let independent (lines: Line[]) (energy: Tensor -> Tensor) : Target =
    let d = lines.Length

    { target (density d energy) (lines |> Array.sumBy _.LogZ) with
        Mean = Some(lines |> Array.map _.Mean)
        Deviation = Some(lines |> Array.map _.Deviation)
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    let u = Random.uniform Placement.float64 seed [ count; d ]
                    Tensor.stack 1L [ for k in 0 .. d - 1 -> lines[k].Draw(coordinate k u) ]))
    }

/// With the halves x_k < 0 and x_k > 0 of some coordinates, which have a well on either side, as modes.
let withHalves (coordinates: int list) (depth: float) (lines: Line[]) (inner: Target) : Target =
    let d = lines.Length

    let half k sign =
        Array.init d (fun i -> if i = k then sign * depth else 0.0)

    { inner with
        Modes =
            [
                for k in coordinates do
                    1.0 - lines[k].Positive, half k -1.0
                    lines[k].Positive, half k 1.0
            ]
        Membership =
            Some(fun x ->
                Scope.keep (fun () ->
                    Tensor.stack
                        1L
                        [
                            for k in coordinates do
                                let right = (coordinate k x).GreaterThan(0.0).``to`` torch.float64
                                1.0 .- right
                                right
                        ]))
    }

// --- mixtures

/// A normal distribution in a mixture: x = mean + turn (deviations ∘ z).
type Component =
    {
        Weight: float
        Mean: float[]
        Deviations: float[]
        Turn: float[,] option
    }

/// Equal deviations of all coordinates.
let ball weight mean deviation : Component =
    {
        Weight = weight
        Mean = mean
        Deviations = Array.create mean.Length deviation
        Turn = None
    }

/// Weights that sum to one, no two of them further apart than a factor of four.
let randomWeights (seed: int) (count: int) : float[] =
    let raw = uniforms seed count |> Array.map (fun u -> 0.25 + 0.75 * u)
    let total = Array.sum raw
    raw |> Array.map (fun w -> w / total)

let private mixtureMoments (components: Component[]) =
    let mean =
        Array.init components[0].Mean.Length (fun i -> components |> Array.sumBy (fun c -> c.Weight * c.Mean[i]))

    let own =
        components
        |> Array.map (fun c ->
            match c.Turn with
            | Some turn -> turnedDeviations turn c.Deviations
            | None -> c.Deviations)

    let second =
        Array.init mean.Length (fun i ->
            Array.sum (
                Array.map2
                    (fun c (s: float[]) -> c.Weight * ((c.Mean[i] - mean[i]) ** 2.0 + s[i] ** 2.0))
                    components
                    own
            ))

    mean, second |> Array.map sqrt

/// A mixture of normal distributions, with log Z = log Σ weights = 0.
let mixture (components: Component[]) : Target =
    let d, modes = components[0].Mean.Length, components.Length
    let rows pick = components |> Array.map pick |> array2D
    let means, deviations = matrix (rows _.Mean), matrix (rows _.Deviations)

    /// Qᵀ of each (modes × d × d), where any is turned.
    let turns =
        if components |> Array.exists _.Turn.IsSome then
            Some(
                constant (fun () ->
                    Tensor.stack
                        0L
                        [
                            for c in components -> Tensor.ofArray2D Placement.float64 (defaultArg c.Turn (upright d))
                        ])
            )
        else
            None

    let constants =
        vector
            [|
                for c in components -> log c.Weight - Array.sumBy log c.Deviations - 0.5 * float d * log2π
            |]

    /// log (weight × density) of each mode (N × modes).
    let logs (x: Tensor) : Tensor =
        let distances = x.unsqueeze 1L - means.unsqueeze 0L

        let along =
            match turns with
            | Some turns -> distances.transpose(0L, 1L).bmm(turns).transpose(0L, 1L)
            | None -> distances

        constants - 0.5 .* (along / deviations).Square().sum 2L

    let mean, deviation = mixtureMoments components

    let sums =
        vector (components |> Array.map _.Weight |> Array.scan (+) 0.0 |> Array.skip 1)

    let samples seed count =
        Scope.keep (fun () ->
            let chosen =
                torch
                    .searchsorted(sums, Random.uniform Placement.float64 (Seed.child 0 seed) [ count ])
                    .clamp_max(Scalar.op_Implicit (int64 (modes - 1)))

            let z =
                Random.normal Placement.float64 (Seed.child 1 seed) [ count; d ]
                * deviations.index_select (0L, chosen)

            let turned =
                match turns with
                | Some turns -> turns.index_select(0L, chosen).bmm(z.unsqueeze 2L).squeeze 2L
                | None -> z

            turned .+ means.index_select (0L, chosen))

    { target (density d (fun x -> -(logs x).logsumexp 1L)) 0.0 with
        Mean = Some mean
        Deviation = Some deviation
        Modes = [ for c in components -> c.Weight, c.Mean ]
        Membership = Some(fun x -> Scope.keep (fun () -> (logs x).softmax 1L))
        Samples = Some samples
    }

/// Means ~ N(0, spread²) or uniform on ± spread, given deviations, random weights.
let randomMixture (uniform: bool) (spread: float) (d: int) (deviations: float[]) (seed: int) : Target =
    let modes = deviations.Length
    let weights = randomWeights (Seed.child 0 seed) modes

    let places =
        if uniform then
            uniforms (Seed.child 1 seed) (modes * d)
            |> Array.map (fun u -> spread * (2.0 * u - 1.0))
        else
            normals (Seed.child 1 seed) (modes * d) |> Array.map (fun z -> spread * z)

    mixture
        [|
            for m in 0 .. modes - 1 -> ball weights[m] places[m * d .. m * d + d - 1] deviations[m]
        |]

/// Means ~ N(0, 9), each mode turned its own way, its deviations spread over 0.3 to 1.5.
let turnedMixture (d: int) (modes: int) (seed: int) : Target =
    let weights = randomWeights (Seed.child 0 seed) modes

    mixture
        [|
            for m in 0 .. modes - 1 ->
                {
                    Weight = weights[m]
                    Mean = normals (Seed.child (3 * m + 1) seed) d |> Array.map (fun z -> 3.0 * z)
                    Deviations = uniforms (Seed.child (3 * m + 2) seed) d |> Array.map (fun u -> 0.3 * 5.0 ** u)
                    Turn = Some(rotation (Seed.child (3 * m + 3) seed) d)
                }
        |]

/// Equal modes at every point of axis × axis.
let grid (axis: float list) (deviation: float) : Target =
    let weight = 1.0 / float (axis.Length * axis.Length)

    mixture [| for x, y in List.allPairs axis axis -> ball weight [| x; y |] deviation |]

/// Two half-circles in each other, as a mixture of small modes along them.
let interleavedMoons (width: float) : Target =
    let count = 24

    let parts =
        [|
            for k in 0 .. count - 1 do
                let angle = Math.PI * (float k + 0.5) / float count
                ball (0.5 / float count) [| cos angle; sin angle |] width
                ball (0.5 / float count) [| 1.0 - cos angle; 0.5 - sin angle |] width
        |]

    let inner = mixture parts

    { inner with
        Modes = [ 0.5, [| 0.0; 2.0 / Math.PI |]; 0.5, [| 1.0; 0.5 - 2.0 / Math.PI |] ]
        Membership =
            inner.Membership
            |> Option.map (fun f -> fun x -> Scope.keep (fun () -> (f x).view(-1L, int64 count, 2L).sum 1L))
    }

// --- normal distributions and what comes of them

/// Independent normal coordinates.
let normal (deviations: float[]) : Target =
    let d, scales = deviations.Length, vector deviations

    { target
          (density d (fun x -> 0.5 .* (x / scales).Square().sum 1L))
          (0.5 * float d * log2π + Array.sumBy log deviations) with
        Deviation = Some deviations
        Samples =
            Some(fun seed count -> Scope.keep (fun () -> Random.normal Placement.float64 seed [ count; d ] * scales))
    }

/// d numbers from 1 to `ratio`, evenly spread in their logarithm.
let spreadFrom1 (ratio: float) (d: int) : float[] =
    Array.init d (fun k -> ratio ** (float k / float (max 1 (d - 1))))

/// χ²/ν for each of the draws (count × columns).
let private dispersion (ν: float) (seed: int) (count: int) (columns: int) : Tensor =
    let random = Random.MersenneTwister(seed, false)
    let gamma = Distributions.Gamma(0.5 * ν, 0.5 * ν, random)

    Tensor.ofArray2D Placement.float64 (Array2D.init count columns (fun _ _ -> gamma.Sample()))

/// Student's distribution: of all coordinates together, or of each by itself.
let student (together: bool) (d: int) (ν: float) : Target =
    let k = if together then d else 1

    let logZ =
        SpecialFunctions.GammaLn(0.5 * ν) + 0.5 * float k * log (ν * Math.PI)
        - SpecialFunctions.GammaLn(0.5 * (ν + float k))

    let energy (x: Tensor) : Tensor =
        if together then
            0.5 * (ν + float d) .* (x.Square().sum 1L ./ ν).log1p()
        else
            0.5 * (ν + 1.0) .* (x.Square() ./ ν).log1p().sum 1L

    { target (density d energy) (logZ * float (d / k)) with
        Deviation = Some(Array.create d (sqrt (ν / (ν - 2.0))))
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    Random.normal Placement.float64 (Seed.child 0 seed) [ count; d ]
                    / (dispersion ν (Seed.child 1 seed) count (if together then 1 else d)).sqrt()))
    }
