// Verifies what "targets.fsx" claims, each target by something that shares little with how its answer was found:
//   draws      moments and shares of modes of the exact draws, in standard errors
//   identity   E ∂V = 0 and E (x − m) ∂V = 1 over these draws: the energy is that of the draws
//   bridge     log Z by bridge sampling (Meng and Wong, Statistica Sinica 6, 1996) between the draws and a normal distribution
//   additive   log Z of a product, coordinate by coordinate through its energy
//   importance log Z and moments from draws of Student's distribution, where there are no exact draws
//   plane, cube  the transfer matrix on rings of two and three sites against quadrature
//     dotnet fsi --optimize+ scripts/targets-check.fsx          (or a part of the name and an offset of seeds: targets-check.fsx ring 7)
#load "targets.fsx" "suite/identities.fsx"
#load "../tests/Mne.Functional.Tests/References/Convergence.fs"
#load "../tests/Mne.Functional.Tests/References/Mixture.fs"
#load "../tests/Mne.Functional.Tests/References/Quadrature.fs"

open System
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Families
open Shapes
open SuiteTargets
open Identities

/// A check, how far off, what would be too far, and how it is written.
type Finding =
    {
        Check: string
        Off: float
        Limit: float
    }

let finding check limit off =
    {
        Check = check
        Off = off
        Limit = limit
    }

let row (values: float[]) : Tensor = Tensor.ofArray Placement.float64 values

/// Moments and shares of modes of exact draws. Where a variance is heavy-tailed, its standard error says nothing, and it is left out.
let ofDraws (target: Target) (draws: Tensor) : Finding list =
    [
        match target.Mean with
        | Some mean -> finding "means" 5.0 (deviationOfMeans 0.0 (draws - row mean))
        | None -> ()

        match target.Mean, target.Deviation with
        | Some mean, Some deviation ->
            let squares = ((draws - row mean) / row deviation).Square()
            let heavy = Tensor.toFloat (squares.max ()) > 0.02 * float (Tensor.rows draws)

            if not heavy then
                finding "deviations" 5.0 (deviationOfMeans 1.0 squares)
        | _ -> ()

        match target.Membership with
        | Some membership ->
            let shares = target.Modes |> List.map fst |> Array.ofList |> row
            finding "shares" 5.0 (deviationOfMeans 0.0 (membership draws - shares))
        | None -> ()
    ]

/// A normal distribution (mean, factor of the covariance) like the draws nearest to one of them.
let private neighbourhood (draws: Tensor) : Tensor * Tensor =
    let d = int draws.shape[1]
    let pilot = draws.narrow (0L, 0L, int64 (min 8000 (Tensor.rows draws)))
    let scale = pilot.std(0L).unsqueeze 0L

    /// The factor of the covariance, by rotations alone: its condition is not squared.
    let factorOf (x: Tensor) : Tensor =
        let struct (_, r) = torch.linalg.qr (x - x.mean ([| 0L |], true))
        let flips = r.diagonal().sign().unsqueeze 1L
        (flips * r).t() ./ sqrt (float (Tensor.rows x))

    let scaled = factorOf (pilot / scale)

    let whitened =
        torch.linalg.solve_triangular(scaled, (pilot / scale).t(), upper = false).t()

    let distances = (whitened - whitened.narrow (0L, 0L, 1L)).Square().sum 1L
    let struct (_, nearest) = distances.topk (max 600 (30 * d), 0, false)
    let near = whitened.index_select (0L, nearest)
    let local = (scale.t () * scaled).mm(factorOf near)
    pilot.index_select(0L, nearest).mean [| 0L |], local

/// log of the density of N(mean, F Fᵀ) at the points.
let private logNormal (mean: Tensor, factor: Tensor) (points: Tensor) : Tensor =
    let d = int points.shape[1]
    // Rows of very different sizes are brought to one size first.
    let scale = factor.abs().amax([| 1L |], true)

    let z =
        torch.linalg.solve_triangular (factor / scale, ((points - mean) / scale.t ()).t(), upper = false)

    -0.5 .* z.Square().sum 0L
    .- Tensor.toFloat (factor.diagonal().log().sum())
    .- 0.5 * float d * log2π

/// log Z by bridge sampling, and its standard error.
let bridge (target: Target) (draws: Tensor) : Estimate =
    let n, d = Tensor.rows draws, target.Density.Dimension
    let mean, factor = neighbourhood draws

    let others = (Random.normal Placement.float64 77 [ n; d ]).mm(factor.t ()) .+ mean

    let log1, log2 =
        -(energies target.Density draws) - logNormal (mean, factor) draws,
        -(energies target.Density others) - logNormal (mean, factor) others

    /// Means and relative variances of what the two sets of draws say, for a guess of log Z.
    let sides (logZ: float) =
        let f1 = -(log1 .- logZ).exp().log1p()
        let f2 = (log2 .- logZ).sigmoid()
        let f1 = f1.exp ()
        f1, f2

    let logZ =
        (Tensor.toFloat (log2.logsumexp 0L) - log (float n), [ 1..200 ])
        ||> List.fold (fun logZ _ ->
            Scope.free (fun () ->
                let f1, f2 = sides logZ
                logZ + log (Tensor.toFloat (f2.mean ()) / Tensor.toFloat (f1.mean ()))))

    let relative (f: Tensor) =
        Tensor.toFloat (f.var ()) / Tensor.toFloat (f.mean ()) ** 2.0 / float n

    let f1, f2 = sides logZ

    {
        Value = logZ
        StandardError = sqrt (relative f1 + relative f2)
    }

/// log Z of a density that is a product over its coordinates, through its energy: the energy is the sum of what it is along each axis from a
/// point, as is seen at random points, and each axis is integrated by itself.
let additive (target: Target) : Finding list =
    let d = target.Density.Dimension
    let mean, deviation = target.Mean.Value, target.Deviation.Value
    let origin = row mean
    let level = Tensor.toFloat (target.Density.Energy(origin.unsqueeze 0L))

    let along (k: int) (values: Tensor) : Tensor =
        let points = origin.expand(int64 (Tensor.rows values), int64 d).clone()
        (coordinate k points).copy_ values |> ignore
        target.Density.Energy points .- level

    let random =
        origin
        .+ 3.0 .* (Random.uniform Placement.float64 5 [ 200; d ] .- 0.5) * row deviation

    let parts = Tensor.stack 1L [ for k in 0 .. d - 1 -> along k (coordinate k random) ]
    let apart = target.Density.Energy random .- level - parts.sum 1L

    let logZ =
        [
            for k in 0 .. d - 1 ->
                // Far enough for exponential tails.
                let reach = 30.0 * deviation[k]

                Quadrature.logIntegral (mean[k] - reach) (mean[k] + reach) (fun x ->
                    Scope.free (fun () -> -(Tensor.toFloat (along k (row [| x |])))))
        ]
        |> List.sum

    [
        finding "sum" 1e-9 (Tensor.toFloat ((apart.abs () / (1.0 .+ parts.abs().sum 1L)).max()))
        finding "additive" 1e-6 (abs (logZ - level - target.LogNormaliser.Value))
    ]

/// log Z and moments by importance sampling from Student's distribution (ν = 3) around the claimed mean, half as wide again.
let importance (target: Target) : Finding list =
    let n, d, ν = 400_000, target.Density.Dimension, 3.0
    let mean, deviation = row target.Mean.Value, 1.5 .* row target.Deviation.Value

    let z = (student true d ν).Samples.Value 5 n

    let logProposal =
        -((student true d ν).Density.Energy z)
        .- (student true d ν).LogNormaliser.Value
        .- Tensor.toFloat (deviation.log().sum())

    let points = mean .+ deviation * z

    let draws =
        {
            Points = points
            LogProposal = logProposal
            LogWeights = -(energies target.Density points) - logProposal
        }

    let off (found: Estimate) wanted =
        abs (found.Value - wanted) / found.StandardError

    [
        finding "importance" 4.0 (off (Importance.logNormaliser draws) target.LogNormaliser.Value)

        for k in 0 .. d - 1 do
            let m, s = target.Mean.Value[k], target.Deviation.Value[k]
            finding $"mean {k}" 4.5 (off (Importance.expectation (coordinate k) draws) m)

            finding
                $"square {k}"
                4.5
                (off (draws |> Importance.expectation (fun x -> (coordinate k x .- m).Square())) (s * s))
    ]

/// The transfer matrix on rings of two and three sites.
let smallRings () : (string * Finding list) list =
    [
        for d, κ in [ 2, 1.0; 2, 4.0; 3, 1.0 ] ->
            let ring = lattice d κ 1.0
            let n = if d = 2 then 400 else 100
            let h = 7.0 / float (n - 1)
            let axis = Tensor.linspace Placement.float64 -3.5 3.5 n

            let logs =
                Tensor.concatenate
                    0L
                    [
                        for first in 0 .. n - 1 do
                            let rest = torch.cartesian_prod (Array.create (d - 1) axis)
                            let rest = rest.reshape (-1L, int64 (d - 1))
                            let start = axis.narrow(0L, int64 first, 1L).expand(rest.shape[0], 1L)
                            -(ring.Density.Energy(Tensor.concatenate 1L [ start; rest ]))
                    ]

            $"phi^4 ring of {d} sites, kappa {κ}",
            [
                finding
                    "plane, cube"
                    1e-9
                    (abs (Tensor.toFloat (logs.logsumexp 0L) + float d * log h - ring.LogNormaliser.Value))
            ]
    ]

let private isProduct (target: Target) =
    target.Family = "wells" || target.Name.StartsWith "log-gamma, 4-d"

let check (target: Target) : Finding list =
    Scope.free (fun () ->
        let d = target.Density.Dimension

        [
            match target.Samples with
            | Some samples ->
                let draws = samples 3 (if d > 30 then 20_000 else 100_000)
                yield! ofDraws target draws

                // Of an energy without walls.
                if target.Family <> "walls" then
                    let first, second = identities target.Density (row target.Mean.Value) draws
                    finding "identity 0" 5.0 first
                    finding "identity 1" 5.0 second

                if not (isProduct target) && d <= 30 then
                    let found = bridge target draws
                    finding "bridge error" 0.05 found.StandardError
                    finding "bridge" 4.0 (abs (found.Value - target.LogNormaliser.Value) / found.StandardError)
            | None -> yield! importance target

            if isProduct target then
                yield! additive target
        ])

let private print (name: string) (findings: Finding list) =
    let passes = findings |> List.forall (fun f -> f.Off <= f.Limit)

    let shown =
        findings
        |> List.map (fun f ->
            $"{f.Check} {f.Off:G2}"
            + (if f.Off <= f.Limit then "" else $" (over {f.Limit:G2})"))
        |> String.concat ", "

    printfn "%-4s %-40s %s" (if passes then "ok" else "BAD") name shown
    passes

let private words = fsi.CommandLineArgs |> Array.skip 1
let private part = words |> Array.tryItem 0 |> Option.defaultValue ""

let private offset =
    words |> Array.tryItem 1 |> Option.map int |> Option.defaultValue 0

let private passes =
    [
        for name, make in targets offset part do
            yield print name (check (make ()))

        if "phi^4".Contains part then
            for name, findings in Scope.free smallRings do
                yield print name findings
    ]

printResult
    [
        "targets", float passes.Length
        "failed", float (passes |> List.filter not |> List.length)
    ]
