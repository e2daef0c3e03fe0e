// Models as posteriordb has them: parameters, priors, and all that are linear regressions.
module Regressions

#load "families.fsx"

open System
open System.Text.Json
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Families

// --- parameters

/// A number or vector of parameters, how it is constrained, and how ℝ^n is brought there (as in Stan).
type Scale =
    | Real of int
    | Positive of int
    /// Two numbers, the second of them the greater.
    | Ordered
    | PositiveOrdered
    | Unit
    /// Two numbers that sum to one.
    | Simplex

    /// How many coordinates, how many parameters.
    member scale.Sizes =
        match scale with
        | Real n
        | Positive n -> n, n
        | Ordered
        | PositiveOrdered -> 2, 2
        | Unit -> 1, 1
        | Simplex -> 1, 2

let first (x: Tensor) : Tensor = x.narrow (1L, 0L, 1L)
let second (x: Tensor) : Tensor = x.narrow (1L, 1L, 1L)
let beside (columns: Tensor list) : Tensor = Tensor.concatenate 1L columns

/// log of the sigmoid, without overflow.
let logSigmoid (y: Tensor) : Tensor =
    y.ClampMax 0.0 - (-y.abs()).exp().log1p()

/// The parameters, and log of the Jacobian's determinant (N).
let constrain (scale: Scale) (y: Tensor) : Tensor * Tensor =
    match scale with
    | Real _ -> y, y.new_zeros (y.shape[0])
    | Positive _ -> y.exp (), y.sum 1L
    | Ordered -> beside [ first y; first y .+ (second y).exp() ], coordinate 1 y
    | PositiveOrdered ->
        let x = y.exp ()
        beside [ first x; first x .+ second x ], y.sum 1L
    | Unit -> y.sigmoid (), (logSigmoid y .+ logSigmoid (-y)).squeeze 1L
    | Simplex -> beside [ y.sigmoid (); (-y).sigmoid() ], (logSigmoid y .+ logSigmoid (-y)).squeeze 1L

let unconstrain (scale: Scale) (x: Tensor) : Tensor =
    match scale with
    | Real _ -> x
    | Positive _ -> x.log ()
    | Ordered -> beside [ first x; (second x - first x).log() ]
    | PositiveOrdered -> beside [ (first x).log(); (second x - first x).log() ]
    | Unit -> x.log () - (1.0 .- x).log()
    | Simplex -> (first x).log() - (second x).log()

/// The columns of each.
let split (sizes: int list) (x: Tensor) : Tensor list =
    (sizes, List.scan (+) 0 sizes |> List.take sizes.Length)
    ||> List.map2 (fun size start -> x.narrow (1L, int64 start, int64 size))

// --- log-densities of their priors, element by element

let normalLog (mean: float) (s: float) (x: Tensor) : Tensor =
    -0.5 .* ((x .- mean) ./ s).Square() .- (log s + 0.5 * log2π)

/// Of positive numbers: Cauchy(0, s), halved.
let halfCauchyLog (s: float) (x: Tensor) : Tensor =
    -(x ./ s).Square().log1p() .+ log (2.0 / (Math.PI * s))

let halfNormalLog (s: float) (x: Tensor) : Tensor = normalLog 0.0 s x .+ log 2.0

let studentLog (ν: float) (mean: float) (s: float) (x: Tensor) : Tensor =
    -0.5 * (ν + 1.0) .* (((x .- mean) ./ s).Square() ./ ν).log1p()
    .+ (SpecialFunctions.GammaLn(0.5 * (ν + 1.0))
        - SpecialFunctions.GammaLn(0.5 * ν)
        - 0.5 * log (ν * Math.PI)
        - log s)

let lognormalLog (mean: Tensor) (s: Tensor) (logX: Tensor) : Tensor =
    -0.5 .* ((logX - mean) / s).Square() - s.log () - logX .- 0.5 * log2π

// --- models

/// A model: parameters, log-density (N) of their pieces, what of them is shown and how that is undone, log Z.
type Model =
    {
        Parameters: Scale list
        LogDensity: Tensor list -> Tensor
        Shown: Tensor list -> Tensor list
        Hidden: Tensor list -> Tensor list
        Evidence: float option
    }

let model parameters logDensity =
    {
        Parameters = parameters
        LogDensity = logDensity
        Shown = id
        Hidden = id
        Evidence = None
    }

type Data = JsonElement

let number (name: string) (data: Data) = data.GetProperty(name).GetDouble()

let numbers (name: string) (data: Data) : float[] =
    [| for v in data.GetProperty(name).EnumerateArray() -> v.GetDouble() |]

let table (name: string) (data: Data) : float[][] =
    [|
        for row in data.GetProperty(name).EnumerateArray() -> [| for v in row.EnumerateArray() -> v.GetDouble() |]
    |]

/// y ~ N(X β, σ²) with independent normal priors of β, or flat ones where their precision is 0, and a prior of σ.
type Linear =
    {
        Columns: float[] list
        Response: float[]
        PriorMean: float[]
        PriorPrecision: float[]
        LogPriorSigma: Tensor -> Tensor
    }

/// log Z: β is integrated in closed form for every σ, and log σ by quadrature.
let evidence (linear: Linear) : float =
    let x = LinearAlgebra.Matrix<float>.Build.DenseOfColumnArrays linear.Columns
    let y = LinearAlgebra.Vector<float>.Build.DenseOfArray linear.Response
    let k, n = x.ColumnCount, float x.RowCount

    let precision =
        LinearAlgebra.Matrix<float>.Build.DenseOfDiagonalArray linear.PriorPrecision

    let mean = LinearAlgebra.Vector<float>.Build.DenseOfArray linear.PriorMean

    let gram, moment, square =
        x.TransposeThisAndMultiply x, x.TransposeThisAndMultiply y, y * y

    let prior =
        linear.PriorPrecision
        |> Array.sumBy (fun p -> if p > 0.0 then 0.5 * (log p - log2π) else 0.0)

    /// log ∫ p(y, β | σ) dβ.
    let given (σ: float) =
        let a = gram / (σ * σ) + precision
        let b = moment / (σ * σ) + precision * mean
        let cholesky = a.Cholesky()

        0.5 * (b * cholesky.Solve b)
        - 0.5 * (square / (σ * σ) + mean * (precision * mean))
        - 0.5 * cholesky.DeterminantLn
        + 0.5 * float k * log2π
        - n * (log σ + 0.5 * log2π)
        + prior

    let best = log (sqrt ((y - x * (gram.Cholesky().Solve moment)).L2Norm() ** 2.0 / n))
    let range, count = 20.0 / sqrt n, 4000

    let logs =
        [| for i in 0..count -> best + range * (2.0 * float i / float count - 1.0) |]

    let priors =
        Scope.free (fun () -> vector (Array.map exp logs) |> linear.LogPriorSigma |> Tensor.toArray)

    let values =
        Array.map2 (fun logσ prior -> given (exp logσ) + prior + logσ) logs priors

    let top = Array.max values

    top
    + log (values |> Array.sumBy (fun v -> exp (v - top)))
    + log (2.0 * range / float count)

/// |y − X β|² is what it is at its least, plus |R (β − β̂)|², so that the observations are looked at once.
let squares (columns: float[] list) (response: float[]) : Tensor -> Tensor =
    let x =
        matrix (Array2D.init response.Length columns.Length (fun i j -> columns[j][i]))

    let y = matrix (Array2D.init response.Length 1 (fun i _ -> response[i]))

    let best, r =
        Scope.keepAll (fun (b, r) -> [ b; r ]) (fun () ->
            let struct (q, r) = torch.linalg.qr x
            torch.linalg.solve_triangular (r, q.t().mm y, upper = true), r.t().contiguous())

    Scope.detach [ best; r ]
    let least = Scope.free (fun () -> Tensor.toFloat ((y - x.mm best).Square().sum()))
    fun β -> (β - best.t ()).mm(r).Square().sum 1L .+ least

let linearModel (linear: Linear) : Model =
    let n = float linear.Response.Length
    let squares = squares linear.Columns linear.Response
    let mean, precision = vector linear.PriorMean, vector linear.PriorPrecision

    let constants =
        -0.5 * n * log2π
        + Array.sumBy (fun p -> if p > 0.0 then 0.5 * (log p - log2π) else 0.0) linear.PriorPrecision

    { model [ Real linear.Columns.Length; Positive 1 ] (fun pieces ->
          let β, σ = pieces[0], pieces[1].squeeze 1L

          linear.LogPriorSigma σ
          - 0.5 .* (precision * (β - mean).Square()).sum 1L
          - 0.5 .* squares β / σ.Square()
          - n .* σ.log ()
          .+ constants) with
        Evidence = Some(evidence linear)
    }

let flat (σ: Tensor) : Tensor = torch.zeros_like σ

/// A regression on an intercept and columns.
let regression (logPriorSigma: Tensor -> Tensor) (response: float[]) (columns: float[] list) : Model =
    linearModel
        {
            Columns = Array.create response.Length 1.0 :: columns
            Response = response
            PriorMean = Array.zeroCreate (1 + columns.Length)
            PriorPrecision = Array.zeroCreate (1 + columns.Length)
            LogPriorSigma = logPriorSigma
        }

let indicator (level: float) (values: float[]) =
    values |> Array.map (fun v -> if v = level then 1.0 else 0.0)

let logs = Array.map log

let autoregression (data: Data) =
    let y, k = numbers "y" data, int (number "K" data)
    let n = y.Length - k

    linearModel
        {
            Columns =
                Array.create n 1.0
                :: [ for lag in 1..k -> Array.init n (fun t -> y[t + k - lag]) ]
            Response = y[k..]
            PriorMean = Array.zeroCreate (k + 1)
            PriorPrecision = Array.create (k + 1) 0.01
            LogPriorSigma = halfCauchyLog 2.5
        }

let kilpisjarvi (data: Data) =
    let x = numbers "x" data

    linearModel
        {
            Columns = [ Array.create x.Length 1.0; x ]
            Response = numbers "y" data
            PriorMean = [| number "pmualpha" data; number "pmubeta" data |]
            PriorPrecision = [| number "psalpha" data ** -2.0; number "psbeta" data ** -2.0 |]
            LogPriorSigma = flat
        }

let blr (data: Data) =
    let rows = table "X" data

    linearModel
        {
            Columns = List.ofArray (Array.transpose rows)
            Response = numbers "y" data
            PriorMean = Array.zeroCreate rows[0].Length
            PriorPrecision = Array.create rows[0].Length 0.01
            // The prior is not halved: its density is taken as it stands.
            LogPriorSigma = normalLog 0.0 10.0
        }

let nes (data: Data) =
    let age = numbers "age_discrete" data

    regression
        flat
        (numbers "partyid7" data)
        [
            numbers "real_ideo" data
            numbers "race_adj" data
            for level in [ 2.0; 3.0; 4.0 ] do
                indicator level age
            for name in [ "educ1"; "gender"; "income" ] do
                numbers name data
        ]

let mesquite (transform: float[] -> float[]) (data: Data) =
    regression
        flat
        (transform (numbers "weight" data))
        [
            for name in [ "diam1"; "diam2"; "canopy_height"; "total_height"; "density" ] do
                transform (numbers name data)
            numbers "group" data
        ]

let mesquiteVolumes (data: Data) =
    let first, second, height =
        logs (numbers "diam1" data), logs (numbers "diam2" data), logs (numbers "canopy_height" data)

    regression
        flat
        (logs (numbers "weight" data))
        [
            Array.map3 (fun a b h -> a + b + h) first second height
            Array.map2 (+) first second
            Array.map2 (-) first second
            logs (numbers "total_height" data)
            logs (numbers "density" data)
            numbers "group" data
        ]

let earnings (transform: float[] -> float[]) (data: Data) =
    regression flat (transform (numbers "earn" data)) [ numbers "height" data ]

let earningsInteraction (data: Data) =
    let height, male = numbers "height" data, numbers "male" data
    regression flat (logs (numbers "earn" data)) [ height; male; Array.map2 (*) height male ]

let kidscore (names: string list) (interaction: bool) (data: Data) =
    regression
        (halfCauchyLog 2.5)
        (numbers "kid_score" data)
        [
            for name in names do
                numbers name data
            if interaction then
                Array.map2 (*) (numbers "mom_hs" data) (numbers "mom_iq" data)
        ]

let kidscoreWork (data: Data) =
    let work = numbers "mom_work" data

    regression flat (numbers "kid_score" data) [ for level in [ 2.0; 3.0; 4.0 ] -> indicator level work ]
