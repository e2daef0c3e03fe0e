// Models as posteriordb has them, other than linear regressions.
module Models

#load "regressions.fsx"

open System
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Families
open Regressions

let diamonds (data: Data) =
    let columns = table "X" data |> Array.transpose |> Array.skip 1

    let centred =
        columns
        |> Array.map (fun c -> let mean = Array.average c in c |> Array.map (fun v -> v - mean))

    let y = numbers "Y" data
    let squares = squares (List.ofArray centred @ [ Array.create y.Length 1.0 ]) y
    let n = float y.Length

    model [ Real columns.Length; Real 1; Positive 1 ] (fun pieces ->
        let b, intercept, σ = pieces[0], pieces[1], pieces[2].squeeze 1L

        (normalLog 0.0 1.0 b).sum 1L
        .+ (studentLog 3.0 8.0 10.0 intercept).squeeze 1L
        .+ studentLog 3.0 0.0 10.0 σ
        .+ log 2.0
        - 0.5 .* squares (beside [ b; intercept ]) / σ.Square()
        - n .* σ.log ()
        .- 0.5 * n * log2π)

let arma (data: Data) =
    let y = numbers "y" data
    let n = float y.Length

    model [ Real 3; Positive 1 ] (fun pieces ->
        let μ, φ, θ, σ =
            coordinate 0 pieces[0], coordinate 1 pieces[0], coordinate 2 pieces[0], pieces[1].squeeze 1L

        let start = y[0] .- μ * (1.0 .+ φ)

        let _, sum =
            ((start, start.Square()), [ 1 .. y.Length - 1 ])
            ||> List.fold (fun (error, sum) t ->
                let error = y[t] .- (μ .+ y[t - 1] .* φ .+ θ * error)
                error, sum .+ error.Square())

        normalLog 0.0 10.0 μ
        .+ normalLog 0.0 2.0 φ
        .+ normalLog 0.0 2.0 θ
        .+ halfCauchyLog 2.5 σ
        - 0.5 .* sum / σ.Square()
        - n .* σ.log ()
        .- 0.5 * n * log2π)

/// log of the likelihood of a chain of two hidden states, from log of the transitions (state ↦ (N × 2)) and of what each step's observation
/// is in either state (N × steps).
let hidden (transitions: Tensor list) (emissions: Tensor list) : Tensor =
    let logs = transitions |> List.map _.log()
    let at (k: int) (t: int) = coordinate t emissions[k]
    let steps = int emissions.Head.shape[1]

    let a, b =
        ((at 0 0, at 1 0), [ 1 .. steps - 1 ])
        ||> List.fold (fun (a: Tensor, b: Tensor) t ->
            let into k =
                (a .+ coordinate k logs[0]).logaddexp(b .+ coordinate k logs[1]) .+ at k t

            into 0, into 1)

    a.logaddexp b

let hmmExample (data: Data) =
    let y = vector (numbers "y" data)

    model [ Simplex; Simplex; PositiveOrdered ] (fun pieces ->
        let μ = pieces[2]

        let emission (k: int) =
            normalLog 0.0 1.0 (y.unsqueeze 0L - μ.narrow (1L, int64 k, 1L))

        normalLog 3.0 1.0 (coordinate 0 μ)
        .+ normalLog 10.0 1.0 (coordinate 1 μ)
        .+ hidden pieces[..1] [ emission 0; emission 1 ])

let hmmDrive (data: Data) =
    let u, v, alpha =
        vector (numbers "u" data), vector (numbers "v" data), table "alpha" data

    let dirichlet (a: float[]) (θ: Tensor) : Tensor =
        (vector (a |> Array.map (fun a -> a - 1.0)) * θ.log ()).sum 1L
        .+ (SpecialFunctions.GammaLn(Array.sum a) - Array.sumBy SpecialFunctions.GammaLn a)

    model [ Simplex; Simplex; PositiveOrdered; PositiveOrdered ] (fun pieces ->
        let φ, λ = pieces[2], pieces[3]

        let exponential (rate: Tensor) (values: Tensor) : Tensor =
            rate.log () - rate * values.unsqueeze 0L

        let emission (k: int) =
            exponential (φ.narrow (1L, int64 k, 1L)) u
            .+ exponential (λ.narrow (1L, int64 k, 1L)) v

        let prior (x: Tensor) =
            normalLog 0.0 1.0 (coordinate 0 x) .+ normalLog 3.0 1.0 (coordinate 1 x)

        dirichlet alpha[0] pieces[0]
        .+ dirichlet alpha[1] pieces[1]
        .+ prior φ
        .+ prior λ
        .+ hidden pieces[..1] [ emission 0; emission 1 ])

let gaussMix (data: Data) =
    let y = vector (numbers "y" data)
    let logBeta = 2.0 * SpecialFunctions.GammaLn 5.0 - SpecialFunctions.GammaLn 10.0

    model [ Ordered; Positive 2; Unit ] (fun pieces ->
        let μ, σ, θ = pieces[0], pieces[1], pieces[2]

        let part (k: int) =
            let s = σ.narrow (1L, int64 k, 1L)
            normalLog 0.0 1.0 ((y.unsqueeze 0L - μ.narrow (1L, int64 k, 1L)) / s) - s.log ()

        (halfNormalLog 2.0 σ).sum 1L
        .+ (normalLog 0.0 2.0 μ).sum 1L
        .+ (4.0 .* (θ.log () .+ (1.0 .- θ).log())).squeeze 1L
        .- logBeta
        .+ (θ.log () .+ part 0).logaddexp((1.0 .- θ).log() .+ part 1).sum 1L)

let gaussianProcess (data: Data) =
    let x, y = numbers "x" data, numbers "y" data
    let n = y.Length
    let distances = matrix (Array2D.init n n (fun i j -> (x[i] - x[j]) ** 2.0))

    let identity, response =
        matrix (upright n), matrix (Array2D.init n 1 (fun i _ -> y[i]))

    model [ Positive 1; Positive 1; Positive 1 ] (fun pieces ->
        let ρ, α, σ = pieces[0], pieces[1], pieces[2]

        let covariance =
            α.Square().unsqueeze 2L * (-0.5 .* distances / ρ.Square().unsqueeze 2L).exp()
            .+ σ.unsqueeze 2L * identity

        let struct (factor, failed) = torch.linalg.cholesky_ex covariance

        let whitened =
            torch.linalg.solve_triangular (factor, response.expand (ρ.shape[0], int64 n, 1L), upper = false)

        let logLikelihood =
            -0.5 .* whitened.Square().sum([| 1L; 2L |])
            - factor.diagonal(dim1 = 1L, dim2 = 2L).log().sum 1L
            .- 0.5 * float n * log2π

        // Gamma(25, 4).
        let logPriorρ =
            24.0 .* ρ.log () - 4.0 .* ρ .+ (25.0 * log 4.0 - SpecialFunctions.GammaLn 25.0)

        (logPriorρ .+ halfNormalLog 2.0 α .+ halfNormalLog 1.0 σ).squeeze 1L
        .+ logLikelihood.MaskedFill(failed.``to`` torch.``bool``, -infinity))

let eightSchools (data: Data) =
    let y, s = vector (numbers "y" data), vector (numbers "sigma" data)
    let schools (pieces: Tensor list) = pieces[0] * pieces[2] .+ pieces[1]

    { model [ Real 8; Real 1; Positive 1 ] (fun pieces ->
          (normalLog 0.0 1.0 pieces[0]).sum 1L
          .+ (normalLog 0.0 1.0 ((y - schools pieces) / s) - s.log ()).sum 1L
          .+ (normalLog 0.0 5.0 pieces[1] .+ halfCauchyLog 5.0 pieces[2]).squeeze 1L) with
        Shown = fun pieces -> [ schools pieces; pieces[1]; pieces[2] ]
        Hidden = fun shown -> [ (shown[0] - shown[1]) / shown[2]; shown[1]; shown[2] ]
    }

/// The logarithms of prey and predators after each unit of time, by the classical Runge–Kutta method; where they cease to be numbers, so
/// does the energy.
let lotkaVolterra (data: Data) =
    let times, initial, observed =
        numbers "ts" data, numbers "y_init" data, table "y" data

    let perYear = 16
    let h = 1.0 / float perYear

    if times <> [| for t in 1 .. times.Length -> float t |] then
        failwith "The observations are expected at the times 1, 2, …"

    let logs = matrix (Array2D.init times.Length 2 (fun t k -> log (observed[t][k])))
    let logInitial = vector (Array.map log initial)

    model [ Positive 4; Positive 2; Positive 2 ] (fun pieces ->
        let θ, start, σ = pieces[0], pieces[1], pieces[2]
        // (α, −γ) and (−β, δ): what each grows by, and what the other adds to it.
        let growth = beside [ first θ; -(θ.narrow (1L, 2L, 1L)) ]
        let other = beside [ -(second θ); θ.narrow (1L, 3L, 1L) ]
        let slope (z: Tensor) : Tensor = growth .+ other * z.exp().flip 1L

        let step (z: Tensor) : Tensor =
            let k1 = slope z
            let k2 = slope (z .+ 0.5 * h .* k1)
            let k3 = slope (z .+ 0.5 * h .* k2)
            let k4 = slope (z .+ h .* k3)
            z .+ h / 6.0 .* (k1 .+ 2.0 .* k2 .+ 2.0 .* k3 .+ k4)

        let year (z: Tensor) : Tensor =
            (z, [ 1..perYear ]) ||> List.fold (fun z _ -> step z)

        let path =
            (start.log (), [ 1 .. times.Length ])
            ||> List.scan (fun z _ -> year z)
            |> List.tail
            |> Tensor.stack 1L

        let logPrior =
            (normalLog 1.0 0.5 (beside [ first θ; θ.narrow (1L, 2L, 1L) ])).sum 1L
            .+ (normalLog 0.05 0.05 (beside [ second θ; θ.narrow (1L, 3L, 1L) ])).sum 1L
            .+ (normalLog -1.0 1.0 (σ.log ()) - σ.log ()).sum 1L
            .+ (normalLog (log 10.0) 1.0 (start.log ()) - start.log ()).sum 1L

        logPrior
        .+ (lognormalLog (start.log ()) σ logInitial).sum 1L
        .+ (lognormalLog path (σ.unsqueeze 1L) logs).sum([| 1L; 2L |]))
