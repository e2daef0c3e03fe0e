// The price of a call on the geometric mean of ten correlated stocks (Black and Scholes), by Feynman and Kac's equation in ten dimensions:
// logarithms of prices in coordinates in which their noise is white. The exact price is that of one stock with the mean's volatility. The
// kink of the payoff is smoothed over 3 % of the price with a kernel of fourth order (Kreiss, Thomée and Widlund 1970), which changes the
// price by less than it is asked for. Nothing else is told: the network does not know that only the mean counts.
#load "gallery.fsx"

open System
open MathNet.Numerics
open MathNet.Numerics.LinearAlgebra
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let d = 10
let interest, volatility, correlation, horizon = 0.05, 0.2, 0.5, 1.0
// Prices in units of the strike, which is where they begin.

/// log S = L z, where z has white noise.
let factor =
    (Matrix<float>.Build.Dense(d, d, (fun i j -> volatility * volatility * (if i = j then 1.0 else correlation))))
        .Cholesky()
        .Factor

/// mean log S = weights · z.
let weights =
    Tensor.ofArray Placement.float64 [| for j in 0 .. d - 1 -> (factor.Column j).Sum() / float d |]

let drift =
    factor.Solve(Vector<float>.Build.Dense(d, interest - 0.5 * volatility * volatility))

let logPrices =
    Process.linear (Array2D.zeroCreate d d) (List.ofSeq drift) (Covariance.Isotropic 1.0)
    |> Diffusion.ofProcess

let smoothing = 0.03

/// max(e^m − 1, 0) with its kink smoothed: 2 g_ε − g_√2ε for the convolution g_ε with a normal distribution of deviation ε.
let payoff (z: Tensor) : Tensor =
    let gain = (z.mv weights).exp() - 1.0

    let smoothed (ε: float) =
        let y = gain / ε

        gain * 0.5 * (1.0 + torch.erf (y / sqrt 2.0))
        + ε / sqrt (2.0 * Math.PI) * (-0.5 * y.square ()).exp()

    2.0 * smoothed smoothing - smoothed (sqrt 2.0 * smoothing)

let constant (a: float) _ (x: Tensor) = x.new_full (x.shape[0], a)

/// Places that log prices reach until the horizon, and somewhat more.
let cloud (seed: int) (count: int) =
    Collocation.Drawn(count, (fun placement seed -> 1.2 * Random.normal placement seed [ count; d ]))
    |> Collocation.fixedBy seed

let solved =
    solve
        run
        {
            Equation = logPrices |> Kolmogorov.feynmanKac horizon (constant interest) (constant 0.0)
            Network = Network.create (Domain.euclidean d) [ Layer.dense 32 Softplus; Layer.dense 32 Softplus ]
            Initial = payoff
            Fit = Regression.defaults
            FitPoints = Collocation.Drawn(1500, (fun placement seed -> 1.2 * Random.normal placement seed [ 1500; d ]))
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 500
                    ErrorScale = ErrorScale.Spread
                }
            Points = cloud 2 1500
            Until = horizon
        }

let normal (x: float) =
    0.5 * SpecialFunctions.Erfc(-x / sqrt 2.0)

/// The mean of logarithms is a Brownian motion of its own: Black and Scholes with its volatility, and a dividend.
let exactPrice =
    let v = volatility * sqrt ((1.0 + float (d - 1) * correlation) / float d)
    let forward = exp ((interest - 0.5 * volatility ** 2.0 + 0.5 * v * v) * horizon)
    let d1 = (log forward + 0.5 * v * v * horizon) / (v * sqrt horizon)

    exp (-interest * horizon)
    * (forward * normal d1 - normal (d1 - v * sqrt horizon))

let price =
    Scope.free (fun () ->
        Solution.evaluate horizon (Tensor.zeros Placement.float64 [ 1; d ]) solved.Solution
        |> Tensor.toArray
        |> Array.head)

printfn $"price {price:F6}, exact {exactPrice:F6}"

let mean = [| -0.5 .. 0.01..0.5 |]

/// Along the direction in which the mean grows.
let line =
    Scope.free (fun () ->
        let direction = weights / weights.square().sum()
        mean |> Array.map (fun m -> Tensor.toArray (m * direction)))

finish
    "basket"
    "A call on the mean of ten stocks"
    solved
    [
        Chart.lines
            [
                for τ in [ 0.0; 0.25; 1.0 ] ->
                    Series.line $"time to go {τ}" mean (values (points line) [| τ |] solved.Solution |> Array.head)
            ]
        |> Chart.axes "mean log price" "price of the call"
        |> Chart.titled "Value along the mean"
    ]
    [ ("priceError", abs (price / exactPrice - 1.0)) ]
