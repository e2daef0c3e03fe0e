// Burgers' equation, u_t = 0.001 u_xx − u u_x on a circle of length 2, up to t = 4: a bump steepens into a front of width
// 0.01 that travels. Published (randomized sparse Neural Galerkin, one V100): relative error 6.07e-5 in 2378 s.
#load "gallery.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let circle = Domain.periodic [ (-1.0, 1.0) ]

let initialValue (x: Tensor) : Tensor =
    let x = x.squeeze 1L
    (1.0 - x.square ()) * (-30.0 * (x + 0.5).square()).exp()

let solved =
    solve
        run
        {
            Equation = 1e-3 * Term.partial 0 2 - Term.value * Term.partial 0 1
            Network =
                Network.create
                    circle
                    [
                        Layer.harmonics 6
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                        Layer.dense 48 Sine
                    ]
            Initial = initialValue
            Fit = { closeFit with Tolerance = 1e-6 }
            FitPoints = Collocation.grid circle 512
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 450
                    Regularisation = 1e-13
                    Tolerance = 2e-7
                    // The front moves by one or two of its widths between two draws.
                    Points =
                        PointDynamics.redrawn 0.04 (Collocation.grid circle 16384) [ Derivative.Partial(0, 1) ] steep
                }
            Points = Collocation.grid circle 1000
            Until = 4.0
        }

let reference = (Problems.reference1D Problems.burgers).Solution

solved
|> finishOnLine "burgers" "Burgers' equation" (-1.0, 1.0) reference.Times (Spectral1D.onGrid 2048 reference)
