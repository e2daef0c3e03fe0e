// Korteweg and de Vries: two solitons on a line of length 60 (periodic), u_t = −6 u u_x − u_xxx, up to t = 4; the tall one
// overtakes the low one. The exact solution is known. Published: figures only (Neural Galerkin).
#load "gallery.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let low, high = -20.0, 40.0
let circle = Domain.periodic [ (low, high) ]

/// Two solitons: u = 2 ∂²/∂x² log(1 + e^{η₁} + e^{η₂} + c e^{η₁+η₂}), which is twice a variance of wave numbers.
let twoSolitons (t: float) (x: Tensor) : Tensor =
    let x = x.squeeze 1L
    let k1, k2 = 1.0, sqrt 5.0
    let first = k1 * x - k1 ** 3.0 * t
    let second = k2 * x - k2 ** 3.0 * t + 10.73
    let both = first + second + 2.0 * log ((k2 - k1) / (k2 + k1))

    let weights =
        (Tensor.stack 0L [ torch.zeros_like x; first; second; both ]).softmax 0L

    let k = Tensor.ofRows Placement.float64 [ [ 0.0 ]; [ k1 ]; [ k2 ]; [ k1 + k2 ] ]
    let mean = (k * weights).sum 0L
    2.0 * ((k - mean).square() * weights).sum 0L

// u_xxx magnifies what the fit leaves, so the fit is a close one; the tolerance likewise.
let solved =
    solve
        run
        {
            Equation = -6.0 * Term.value * Term.partial 0 1 - Term.partial 0 3
            Network =
                Network.create
                    circle
                    [
                        Layer.harmonics 6
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                    ]
            Initial = twoSolitons 0.0
            Fit = { closeFit with Tolerance = 1e-8 }
            FitPoints = Collocation.grid circle 384
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 192
                    Regularisation = 1e-11
                    Tolerance = 1e-7
                }
            Points = Collocation.grid circle 512
            Until = 4.0
        }

let times = Problems.saveTimes 4.0
let x = Spectral1D.grid low high 2048
let exact = times |> Array.map (fun t -> x |> Array.map (Problems.kdvTwoSoliton t))

solved
|> finishOnLine "kdv" "Korteweg–de Vries equation, two solitons" (low, high) times exact
