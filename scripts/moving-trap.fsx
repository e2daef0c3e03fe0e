// Eight interacting particles (or as many as are given) in a trap that moves, up to t = 8: the Fokker–Planck equation for the energy u = −log ρ, with
// samples of ρ_t as moving points. The mean and the covariance obey closed equations. Published: figures only (Neural Galerkin). Of more than eight
// particles it is told that forces are linear, so that densities stay normal: the network is a sum of squares of linear functions.
#load "gallery.fsx"

open MathNet.Numerics.LinearAlgebra.Double
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let d = List.head (numbersGiven [ 8 ])
let attraction = 0.25 // α, towards the mean of the particles
let temperature = 0.01 // β⁻¹
let initialVariance = 0.1

let places =
    Tensor.ofArray Placement.float64 [| for k in 0 .. d - 1 -> 0.9 + 2.1 * float k / float (d - 1) |]

/// Towards the trap at a(t), and towards each other: (a(t) − x_i) − α (x_i − x̄).
let drift (t: float) (x: Tensor) : Tensor =
    Problems.trapCentre t - x - attraction * (x - x.mean ([| 1L |], keepdim = true))

let divergence (_: float) (x: Tensor) : Tensor =
    x.new_full (x.shape[0], -(float d + attraction * float (d - 1)))

/// Samples move with the probability flow ẋ = b + β⁻¹ ∇u, which carries ρ_0 to ρ_t without noise.
let flow =
    PointDynamics.Moving(
        [ for k in 0 .. d - 1 -> Derivative.Partial(k, 1) ],
        fun local -> drift local.Time local.Points + temperature * Jet.gradient local.Jet
    )

/// Normal points whose mean and covariance are exactly those asked for, so that the error of a finite sample does not hide
/// the error of the method.
let matched (seed: int) (count: int) (variance: float) : Tensor =
    Scope.keep (fun () ->
        let z = Random.normal Placement.float64 seed [ count; d ]
        let z = z - z.mean ([| 0L |], keepdim = true)
        let factor = torch.linalg.cholesky (z.t().mm z / float count)

        places
        + sqrt variance * torch.linalg.solve_triangular(factor, z.t (), upper = false).t())

let network =
    let layers =
        if d <= 8 then
            [ Layer.dense 48 Swish; Layer.dense 48 Swish ]
        else
            [ Layer.dense (2 * d) Square ]

    Network.create
        (Domain.euclidean d)
        (Layer.normalise (List.ofArray (Tensor.toArray places)) (List.replicate d 1.0)
         :: layers)

/// Points and landmarks; a quadratic form in d dimensions has half of d² coefficients.
let count, landmarks = if d <= 8 then 2500, 1000 else d * d, (d + 1) * (d + 2) / 2

let solved =
    solve
        run
        {
            // A constant added to the energy does not matter.
            Equation = Term.centred (Equation.fokkerPlanckEnergy temperature drift divergence d).Term
            Network = network
            Initial = fun x -> (x - places).square().sum(1L) / (2.0 * initialVariance)
            Fit = { closeFit with Tolerance = 3e-6 }
            FitPoints = Collocation.given (matched 1 (min count 1500) (1.5 * initialVariance))
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks landmarks
                    Regularisation = 1e-12
                    Tolerance = 1e-6
                    ErrorScale = ErrorScale.Spread
                    Points = flow
                }
            Points = Collocation.given (matched 2 count initialVariance)
            Until = 8.0
        }

let times = Problems.saveTimes 8.0
let exact = Problems.movingTrap d times

/// The mean (d) and the covariance (d × d) of the samples at time t.
let moments (t: float) : float[] * float[][] =
    Scope.free (fun () ->
        let x = Solution.points t solved.Solution
        let mean = x.mean [| 0L |]
        let centred = x - mean
        let covariance = centred.t().mm centred / float (Tensor.rows x)
        Tensor.toArray mean, [| for k in 0 .. d - 1 -> Tensor.toArray covariance[int64 k] |])

let computed = Array.map moments times

let meanErrors =
    Array.map2 (fun (m, _) (m', _) -> Convergence.relativeL2 [| m |] [| m' |]) exact computed

let covarianceErrors =
    Array.map2 (fun (_, c) (_, c') -> Convergence.relativeL2 c c') exact computed

// A picture of so many dimensions: the density on the line through the mean along which particle 1 moves, relative to the
// density at the mean.
let away = [| -0.8 .. 0.02..0.8 |]

let along =
    Array.map2
        (fun t (mean: float[], _) ->
            Scope.free (fun () ->
                let points =
                    Array2D.init away.Length d (fun i k -> if k = 0 then mean[0] + away[i] else mean[k])

                let u =
                    Solution.evaluate t (Tensor.ofArray2D Placement.float64 points) solved.Solution

                (-(u - u[int64 (away.Length / 2)])).exp() |> Tensor.toArray))
        times
        exact

let alongExact =
    exact
    |> Array.map (fun (_, covariance) ->
        let precision = (DenseMatrix.OfRowArrays covariance).Inverse()[0, 0]
        away |> Array.map (fun x -> exp (-0.5 * precision * x * x)))

finish
    (if d = 8 then "moving-trap" else $"moving-trap-{d}")
    "Interacting particles in a moving trap"
    solved
    [
        Chart.lines
            [
                for k in 0 .. d - 1 do
                    Series.line $"particle {k + 1}" times [| for m, _ in computed -> m[k] |]

                Series.dashed "trap" times (Array.map Problems.trapCentre times)
            ]
        |> Chart.axes "t" "mean position"
        |> Chart.titled "Particles follow the trap"
        Chart.animation away times [ "network", byPlace along; "exact", byPlace alongExact ]
        |> Chart.axes "distance of particle 1 from its mean" "ρ / ρ at the mean"
        |> Chart.titled "Density along particle 1"
        Chart.lines
            [
                Series.line "mean" times meanErrors
                Series.line "covariance" times covarianceErrors
            ]
        |> Chart.logY
        |> Chart.axes "t" "relative error"
        |> Chart.titled "Error over time"
    ]
    [
        "meanError", Array.max meanErrors
        "covarianceError", Array.max covarianceErrors
    ]
