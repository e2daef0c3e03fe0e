// Allen–Cahn in one dimension, u_t = 0.005 u_xx + u − u³ on a circle, up to t = 4: fronts form and merge.
// Published (randomized sparse Neural Galerkin, one V100): relative error 1.66e-5 in 776 s.
#load "gallery.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let initialValue (x: Tensor) : Tensor =
    let x = x.squeeze 1L
    let bump (rate: float) (centre: float) = (-rate * (x - centre).square()).exp()

    (2.0 * x.sin ()).tanh() / 3.0 - bump 23.5 (Math.PI / 2.0)
    + bump 27.0 4.2
    + bump 38.0 5.4

let solved =
    solve
        run
        {
            Equation = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value
            Network =
                Network.create
                    circle
                    [
                        Layer.harmonics 4
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                    ]
            Initial = initialValue
            Fit = { closeFit with Tolerance = 2e-7 }
            FitPoints = Collocation.grid circle 256
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 192
                    Regularisation = 1e-12
                    Tolerance = 1e-7
                }
            Points = Collocation.grid circle 512
            Until = 4.0
        }

// The reference: Fourier in space, exponential time differencing in time, refined until it changes by less than 1e-9.
let reference = (Problems.reference1D Problems.allenCahn).Solution

solved
|> finishOnLine
    "allen-cahn"
    "Allen–Cahn equation"
    (0.0, 2.0 * Math.PI)
    reference.Times
    (Spectral1D.onGrid 1024 reference)
