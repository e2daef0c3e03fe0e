// Densities with known answers whose level lines are no ellipsoids: bent, round, with wells, with walls, on a lattice.
module Shapes

#load "families.fsx"

open System
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Families

// --- bent

/// Pairs (x, y) with x ~ N(0, s²), y ~ N(b (x² − s²), 1), and further normal coordinates of unit size.
let banana (d: int) (pairs: int) (s: float) (b: float) : Target =
    let split (x: Tensor) : Tensor * Tensor * Tensor =
        let both = x.narrow(1L, 0L, int64 (2 * pairs)).view(-1L, int64 pairs, 2L)
        both.select (2L, 0L), both.select (2L, 1L), x.narrow (1L, int64 (2 * pairs), int64 (d - 2 * pairs))

    let energy x =
        let first, second, others = split x
        let bend = second - b .* (first.Square() .- s * s)

        0.5 / (s * s) .* first.Square().sum 1L
        .+ 0.5 .* bend.Square().sum 1L
        .+ 0.5 .* others.Square().sum 1L

    { target (density d energy) (0.5 * float d * log2π + float pairs * log s) with
        Deviation =
            Some(
                Array.init d (fun k ->
                    if k >= 2 * pairs then 1.0
                    elif k % 2 = 0 then s
                    else sqrt (1.0 + 2.0 * (b * s * s) ** 2.0))
            )
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    let first, second, others =
                        split (Random.normal Placement.float64 seed [ count; d ])

                    let first = s .* first
                    let second = second .+ b .* (first.Square() .- s * s)

                    Tensor.concatenate
                        1L
                        [
                            Tensor.stack 2L [ first; second ] |> _.view(int64 count, int64 (2 * pairs))
                            others
                        ]))
    }

/// x₀ ~ N(0, 3²), the others ~ N(0, e^{x₀}).
let funnel (d: int) : Target =
    let s = 3.0

    let energy (x: Tensor) : Tensor =
        let first, others = coordinate 0 x, x.narrow (1L, 1L, int64 (d - 1))

        0.5 / (s * s) .* first.Square()
        .+ 0.5 .* others.Square().sum 1L * (-first).exp()
        .+ 0.5 * float (d - 1) .* first

    { target (density d energy) (0.5 * float d * log2π + log s) with
        Deviation = Some(Array.init d (fun k -> if k = 0 then s else exp (0.25 * s * s)))
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    let z = Random.normal Placement.float64 seed [ count; d ]
                    let first = s .* z.narrow (1L, 0L, 1L)
                    Tensor.concatenate 1L [ first; z.narrow (1L, 1L, int64 (d - 1)) * (0.5 .* first).exp() ]))
    }

// --- densities of the radius

/// log of the surface of the unit sphere in d dimensions.
let private logSurface d =
    log 2.0 + 0.5 * float d * log Math.PI - SpecialFunctions.GammaLn(0.5 * float d)

/// The density e^{−φ(|x|)} in d dimensions, none of it beyond a radius.
let radial (d: int) (reach: float) (φ: Tensor -> Tensor) : Target =
    let radius =
        line 0.0 reach (fun r -> φ r - float (d - 1) .* (r.ClampMin 1e-300).log())

    let square = radius.Mean ** 2.0 + radius.Deviation ** 2.0

    { target (density d (fun x -> φ (x.norm 1))) (radius.LogZ + logSurface d) with
        Deviation = Some(Array.create d (sqrt (square / float d)))
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    let direction = Random.normal Placement.float64 (Seed.child 0 seed) [ count; d ]

                    let r =
                        radius.Draw(Random.uniform Placement.float64 (Seed.child 1 seed) [ count; 1 ])

                    r * direction / direction.norm (1, true)))
    }

/// A ring, or a shell: V = (r − radius)² / 2 width².
let ring (d: int) (radius: float) (width: float) : Target =
    radial d (radius + 12.0 * width) (fun r -> 0.5 / (width * width) .* (r .- radius).Square())

/// Rings around each other, which share the plane among them where they are nearest.
let rings (radii: float list) (width: float) : Target =
    let centres = vector (Array.ofList radii)

    let φ (r: Tensor) : Tensor =
        -(-0.5 / (width * width) .* (r.unsqueeze -1L - centres).Square()).logsumexp -1L

    let outer = List.last radii + 12.0 * width

    let borders =
        0.0 :: [ for a, b in List.pairwise radii -> 0.5 * (a + b) ] @ [ outer ]

    let masses =
        [
            for low, high in List.pairwise borders ->
                line low high (fun r -> φ r - (r.ClampMin 1e-300).log()) |> _.LogZ |> exp
        ]

    { radial 2 outer φ with
        Modes =
            [
                for radius, mass in List.zip radii masses -> mass / List.sum masses, [| radius; 0.0 |]
            ]
        Membership =
            Some(fun x ->
                Scope.keep (fun () ->
                    let r = x.norm 1

                    Tensor.stack
                        1L
                        [
                            for low, high in List.pairwise (borders[.. borders.Length - 2] @ [ infinity ]) ->
                                r.GreaterThan(low).logical_and(r.LessThan high).``to`` torch.float64
                        ]))
    }

/// Two half-moons back to back: a ring of radius 2 whose mass is at x₀ = ±2. By quadrature in polar coordinates.
let moons: Target =
    let energy (x: Tensor) : Tensor =
        let side = (coordinate 0 x).unsqueeze 1L - vector [| -2.0; 2.0 |]

        0.5 / 0.04 .* ((x.norm 1) .- 2.0).Square()
        - (-0.5 / 0.09 .* side.Square()).logsumexp 1L

    Scope.free (fun () ->
        let n = 400
        let r = Tensor.linspace Placement.float64 0.005 4.0 n
        let angle = 2.0 * Math.PI / float n .* r.NewCount n
        let x = (r.unsqueeze 1L * angle.cos().unsqueeze 0L).reshape -1L
        let y = (r.unsqueeze 1L * angle.sin().unsqueeze 0L).reshape -1L
        let points = Tensor.stack 1L [ x; y ]
        let logs = -(energy points) .+ points.norm(1).log()
        let p = logs.softmax 0L
        let spacing = (4.0 - 0.005) / float (n - 1) * 2.0 * Math.PI / float n

        { target (density 2 energy) (Tensor.toFloat (logs.logsumexp 0L) + log spacing) with
            Deviation = Some [| for v in [ x; y ] -> sqrt (Tensor.toFloat ((p * v.Square()).sum())) |]
            Modes = [ 0.5, [| -2.0; 0.0 |]; 0.5, [| 2.0; 0.0 |] ]
            Membership =
                Some(fun x ->
                    Scope.keep (fun () ->
                        let right = (coordinate 0 x).GreaterThan(0.0).``to`` torch.float64
                        Tensor.stack 1L [ 1.0 .- right; right ]))
        })

// --- products

let private normalLine = line -12.0 12.0 (fun x -> 0.5 .* x.Square())

/// V = Σ (x_i² − 4)² over the first coordinates, and half the square of the others.
let multiWell (d: int) (wells: int) : Target =
    let well = line -4.0 4.0 (fun x -> (x.Square() .- 4.0).Square())

    let lines = Array.init d (fun k -> if k < wells then well else normalLine)

    independent lines (fun x ->
        let deep, flat =
            x.narrow (1L, 0L, int64 wells), x.narrow (1L, int64 wells, int64 (d - wells))

        (deep.Square() .- 4.0).Square().sum 1L .+ 0.5 .* flat.Square().sum 1L)
    |> withHalves [ 0 .. wells - 1 ] 2.0 lines

/// V = a⁴ − 6a² − ½a + ½b² of each pair.
let manyWell (pairs: int) : Target =
    let one (a: Tensor) : Tensor =
        let square = a.Square()
        square.Square() - 6.0 .* square - 0.5 .* a

    let lines =
        let well = line -5.0 5.0 one
        Array.init (2 * pairs) (fun k -> if k % 2 = 0 then well else normalLine)

    independent lines (fun x ->
        let pair = x.view (-1L, int64 pairs, 2L)
        (one (pair.select (2L, 0L)) .+ 0.5 .* pair.select(2L, 1L).Square()).sum 1L)
    |> withHalves [ 0..2 .. 2 * pairs - 2 ] 1.7 lines

/// V = Σ 2 (x_i² − 1)² + 0.3 x_i.
let doubleWells (d: int) : Target =
    let one (x: Tensor) : Tensor =
        2.0 .* (x.Square() .- 1.0).Square() .+ 0.3 .* x

    let lines = Array.create d (line -4.0 4.0 one)

    independent lines (fun x -> (one x).sum 1L)
    |> withHalves [ 0 .. d - 1 ] 1.0 lines

/// V = Σ |x_i| / s_i.
let laplace (scales: float[]) : Target =
    let s = vector scales

    { target (density scales.Length (fun x -> (x / s).abs().sum 1L)) (scales |> Array.sumBy (fun s -> log (2.0 * s))) with
        Deviation = Some(scales |> Array.map (fun s -> sqrt 2.0 * s))
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    let u = Random.uniform Placement.float64 seed [ count; scales.Length ] .- 0.5
                    -(s * u.sign () * (1.0 .- 2.0 .* u.abs ()).log())))
    }

/// Logarithms of gamma variables: V = Σ e^{x_i} − a_i x_i, skewed to the left.
let logGamma (shapes: float[]) : Target =
    let a = vector shapes

    let lines =
        shapes |> Array.map (fun a -> line (-45.0 / a) 8.0 (fun x -> x.exp () - a .* x))

    { independent lines (fun x -> (x.exp () - a * x).sum 1L) with
        LogNormaliser = Some(Array.sumBy SpecialFunctions.GammaLn shapes)
        Mean = Some(Array.map SpecialFunctions.DiGamma shapes)
    }

// --- walls

/// The standard normal distribution in a ball of radius 1.5 around the origin, and outside of it an energy higher by this much.
let walledBall (d: int) (height: float) : Target =
    let radius = 1.5

    let inside =
        radial d radius (fun r -> (0.5 .* r.Square()).MaskedFill(r.GreaterThan radius, infinity))

    let energy (x: Tensor) : Tensor =
        let r = x.norm 1
        let outside = r.GreaterThan radius

        if Double.IsInfinity height then
            (0.5 .* r.Square()).MaskedFill(outside, infinity)
        else
            0.5 .* r.Square() .+ height .* outside.``to`` torch.float64

    { inside with
        Density = density d energy
    }

/// A disc with a smooth wall of height 1000, a fiftieth of the radius thick.
let smoothWall: Target =
    radial 2 3.0 (fun r -> 0.5 .* r.Square() .+ 1000.0 .* ((r .- 1.5) ./ 0.03).sigmoid())

/// The uniform distribution on [0, 1]^d, and outside an energy higher by 1000, which grows further away.
let walledBox (d: int) : Target =
    let energy (x: Tensor) : Tensor =
        let away = (-x).ClampMin 0.0 .+ (x .- 1.0).ClampMin 0.0

        1000.0 .* away.GreaterThan(0.0).any(1L).``to`` torch.float64
        .+ away.Square().sum 1L

    { target (density d energy) 0.0 with
        Mean = Some(Array.create d 0.5)
        Deviation = Some(Array.create d (sqrt (1.0 / 12.0)))
        Samples = Some(fun seed count -> Random.uniform Placement.float64 seed [ count; d ])
    }

/// The standard normal distribution where y₀ > 1, an infinite energy elsewhere.
let halfSpace (d: int) : Target =
    let cut = line 1.0 12.0 (fun y -> 0.5 .* y.Square())
    let lines = Array.init d (fun k -> if k = 0 then cut else normalLine)

    independent lines (fun y -> (0.5 .* y.Square().sum 1L).MaskedFill((coordinate 0 y).LessThan 1.0, infinity))

/// Exponential distributions where all x_i ≥ 0, an infinite energy elsewhere.
let exponentials (rates: float[]) : Target =
    let λ = vector rates

    let energy (x: Tensor) : Tensor =
        (λ * x).sum(1L).MaskedFill(x.LessThan(0.0).any 1L, infinity)

    { target (density rates.Length energy) (-(Array.sumBy log rates)) with
        Mean = Some(Array.map (fun r -> 1.0 / r) rates)
        Deviation = Some(Array.map (fun r -> 1.0 / r) rates)
        Samples =
            Some(fun seed count ->
                Scope.keep (fun () ->
                    -(1.0 .- Random.uniform Placement.float64 seed [ count; rates.Length ]).log()
                    / λ))
    }

// --- a lattice

/// A φ⁴ ring, V = Σ ½ κ (φ_{i+1} − φ_i)² + λ (φ_i² − 1)², by its transfer matrix on a grid; exact draws site by site.
let lattice (d: int) (κ: float) (λ: float) : Target =
    let n, range = 500, 3.5
    let h = 2.0 * range / float (n - 1)
    let φ = constant (fun () -> Tensor.linspace Placement.float64 -range range n)

    let well (φ: Tensor) : Tensor = λ .* (φ.Square() .- 1.0).Square()

    /// From site to site, divided by a number near its largest eigenvalue, of which this is the logarithm.
    let transfer, scale =
        Scope.keepAll (fun (k, _) -> [ k ]) (fun () ->
            let site = 0.5 .* well φ
            let bond = 0.5 * κ .* (φ.unsqueeze 1L - φ.unsqueeze 0L).Square()
            let k = h .* (-(bond .+ site.unsqueeze 1L .+ site.unsqueeze 0L)).exp()
            let top = Tensor.toFloat ((k.sum 1L).max())
            k ./ top, log top)

    Scope.detach [ transfer ]

    /// The powers 1, 2, … d of it.
    let powers () : Tensor[] =
        [| 2..d |] |> Array.scan (fun (power: Tensor) _ -> power.mm transfer) transfer

    let logZ, square =
        Scope.free (fun () ->
            let p = (Array.last (powers ())).diagonal()
            let total = Tensor.toFloat (p.sum ())
            float d * scale + log total, Tensor.toFloat ((p * φ.Square()).sum()) / total)

    let choose (p: Tensor) (u: Tensor) : Tensor =
        let sums = p.cumsum 1L
        torch.searchsorted(sums, u * sums.narrow (1L, int64 (n - 1), 1L)).clamp_max(Scalar.op_Implicit (int64 (n - 1)))

    /// Some at a time: each has n numbers at every site.
    let piece (powers: Tensor[]) (u: Tensor) : Tensor =
        Scope.keep (fun () ->
            let uniform k = u.narrow (1L, int64 k, 1L)

            let first =
                choose (powers[d - 1].diagonal().unsqueeze(0L).expand(u.shape[0], int64 n)) (uniform 0)

            let sites =
                ([ first ], [ 1 .. d - 1 ])
                ||> List.fold (fun sites k ->
                    let site =
                        Scope.keep (fun () ->
                            let onwards = transfer.index_select (0L, sites.Head.squeeze 1L)
                            let home = powers[d - k - 1].t().index_select(0L, first.squeeze 1L)
                            choose (onwards * home) (uniform k))

                    site :: sites)

            φ.take (Tensor.concatenate 1L (List.rev sites)))

    let samples seed count =
        Scope.keep (fun () ->
            let powers = powers ()
            let u = Random.uniform Placement.float64 (Seed.child 0 seed) [ count; d ]

            let jitter =
                Random.uniform Placement.float64 (Seed.child 1 seed) [ count; d ] .- 0.5

            let draws =
                Tensor.concatenate
                    0L
                    [
                        for first in 0..2000 .. count - 1 ->
                            piece powers (u.narrow (0L, int64 first, int64 (min 2000 (count - first))))
                    ]

            draws .+ h .* jitter)

    let energy (x: Tensor) : Tensor =
        (0.5 * κ .* (x.roll ([| -1L |], [| 1L |]) - x).Square() .+ well x).sum 1L

    { target (density d energy) logZ with
        Deviation = Some(Array.create d (sqrt square))
        Modes = [ 0.5, Array.create d -1.0; 0.5, Array.create d 1.0 ]
        Membership =
            Some(fun x ->
                Scope.keep (fun () ->
                    let up = (x.mean [| 1L |]).GreaterThan(0.0).``to`` torch.float64
                    Tensor.stack 1L [ 1.0 .- up; up ]))
        Samples = Some samples
    }

// --- a posterior in the plane

/// Logistic regression with intercept and one feature on made-up observations, prior N(0, 25): by quadrature in the plane.
let logistic (observations: int) (seed: int) : Target =
    let feature = normals (Seed.child 0 seed) observations

    let signs =
        Array.map2
            (fun x u -> if u < 1.0 / (1.0 + exp (1.0 - 3.0 * x)) then 1.0 else -1.0)
            feature
            (uniforms (Seed.child 1 seed) observations)

    let rows = matrix (array2D [| Array.copy signs; Array.map2 (*) signs feature |])

    let energy (x: Tensor) : Tensor =
        let margins = x.mm rows
        // log(1 + e^{−m}) without overflow.
        ((-margins).ClampMin 0.0 .+ (-margins.abs()).exp().log1p()).sum 1L
        .+ x.Square().sum 1L ./ 50.0

    Scope.free (fun () ->
        let n = 900
        let axis = Tensor.linspace Placement.float64 -40.0 40.0 n
        let x = axis.unsqueeze(1L).expand(int64 n, int64 n).reshape -1L
        let y = axis.unsqueeze(0L).expand(int64 n, int64 n).reshape -1L
        let logs = -(energy (Tensor.stack 1L [ x; y ]))
        let p = logs.softmax 0L
        let mean (v: Tensor) = Tensor.toFloat ((p * v).sum())
        let logZ = Tensor.toFloat (logs.logsumexp 0L) + 2.0 * log (80.0 / float (n - 1))

        { target (density 2 energy) logZ with
            Mean = Some [| mean x; mean y |]
            Deviation = Some [| for v in [ x; y ] -> sqrt (mean (v.Square()) - mean v ** 2.0) |]
        })
