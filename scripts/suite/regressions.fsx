// Linear regressions as posteriordb has them, with their log Z.
module Regressions

#load "families.fsx"

open System
open MathNet.Numerics
open TorchSharp
open Mne.Functional
open Families

/// A model, its own parameters from draws of what is published (most often the same), and log Z where an integral over σ is all that is left.
type Entry =
    {
        Model: Model
        Hidden: NamedDraws -> NamedDraws
        Evidence: float option
    }

let entry model =
    {
        Model = model
        Hidden = id
        Evidence = None
    }

let numbers (name: string) (data: Data) : float[] = Tensor.toArray data[name]

let rows (name: string) (data: Data) : float[][] =
    let table = Tensor.toArray2D data[name]
    Array.init (Array2D.length1 table) (fun i -> table[i, *])

/// y ~ N(X β, σ²). β are several parameters, one after the other, with independent normal priors or flat ones; σ has a prior of its own.
type Linear =
    {
        Coefficients: Parameter list
        Columns: float[] list
        Response: float[]
        /// Means and deviations.
        Prior: (float[] * float[]) option
        PriorSigma: Tensor -> Tensor
    }

/// log Z: β is integrated in closed form for every σ, and log σ by quadrature.
let evidence (linear: Linear) : float =
    let x = LinearAlgebra.Matrix<float>.Build.DenseOfColumnArrays linear.Columns
    let y = LinearAlgebra.Vector<float>.Build.DenseOfArray linear.Response
    let k, n = x.ColumnCount, float x.RowCount

    let mean, precisions =
        match linear.Prior with
        | Some(means, deviations) -> means, deviations |> Array.map (fun s -> 1.0 / (s * s))
        | None -> Array.zeroCreate k, Array.zeroCreate k

    let precision = LinearAlgebra.Matrix<float>.Build.DenseOfDiagonalArray precisions
    let mean = LinearAlgebra.Vector<float>.Build.DenseOfArray mean

    let gram, moment, square =
        x.TransposeThisAndMultiply x, x.TransposeThisAndMultiply y, y * y

    let prior =
        precisions
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
        Scope.free (fun () -> vector (Array.map exp logs) |> linear.PriorSigma |> Tensor.toArray)

    let values =
        Array.map2 (fun logσ prior -> given (exp logσ) + prior + logσ) logs priors

    let top = Array.max values

    top
    + log (values |> Array.sumBy (fun v -> exp (v - top)))
    + log (2.0 * range / float count)

let linearModel (linear: Linear) : Model =
    let x =
        matrix (Array2D.init linear.Response.Length linear.Columns.Length (fun i j -> linear.Columns[j][i]))

    let likelihood = Likelihood.linear x (vector linear.Response)

    let prior =
        linear.Prior
        |> Option.map (fun (means, deviations) -> vector means, vector deviations)

    Model.create (linear.Coefficients @ [ Parameter.positive "sigma" ]) (fun p ->
        let β =
            Tensor.concatenate 1L [ for parameter in linear.Coefficients -> p[parameter.Name] ]

        [
            linear.PriorSigma p["sigma"]
            likelihood β p["sigma"]
            match prior with
            | Some(means, deviations) -> Distribution.Normal(β, means, deviations)
            | None -> ()
        ])

let linear (linear: Linear) : Entry =
    { entry (linearModel linear) with
        Evidence = Some(evidence linear)
    }

/// Every σ alike.
let flat (σ: Tensor) : Tensor = torch.zeros_like σ

let halfCauchy (scale: float) (σ: Tensor) : Tensor = Distribution.HalfCauchy(σ, scale)

/// On an intercept and columns, with flat priors.
let regression (priorSigma: Tensor -> Tensor) (response: float[]) (columns: float[] list) : Entry =
    linear
        {
            Coefficients = [ Parameter.vector (1 + columns.Length) "beta" ]
            Columns = Array.create response.Length 1.0 :: columns
            Response = response
            Prior = None
            PriorSigma = priorSigma
        }

let indicator (level: float) (values: float[]) =
    values |> Array.map (fun v -> if v = level then 1.0 else 0.0)

let logs = Array.map log

let autoregression (data: Data) =
    let y, k = numbers "y" data, Data.count "K" data
    let n = y.Length - k

    linear
        {
            Coefficients = [ Parameter.real "alpha"; Parameter.vector k "beta" ]
            Columns =
                Array.create n 1.0
                :: [ for lag in 1..k -> Array.init n (fun t -> y[t + k - lag]) ]
            Response = y[k..]
            Prior = Some(Array.zeroCreate (k + 1), Array.create (k + 1) 10.0)
            PriorSigma = halfCauchy 2.5
        }

let kilpisjarvi (data: Data) =
    let x, number = numbers "x" data, fun name -> Data.number name data

    linear
        {
            Coefficients = [ Parameter.real "alpha"; Parameter.real "beta" ]
            Columns = [ Array.create x.Length 1.0; x ]
            Response = numbers "y" data
            Prior = Some([| number "pmualpha"; number "pmubeta" |], [| number "psalpha"; number "psbeta" |])
            PriorSigma = flat
        }

let blr (data: Data) =
    let columns = Array.transpose (rows "X" data)

    linear
        {
            Coefficients = [ Parameter.vector columns.Length "beta" ]
            Columns = List.ofArray columns
            Response = numbers "y" data
            Prior = Some(Array.zeroCreate columns.Length, Array.create columns.Length 10.0)
            // The prior is not halved: its density is taken as it stands.
            PriorSigma = fun σ -> Distribution.Normal(σ, 0.0, 10.0)
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
        (halfCauchy 2.5)
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
