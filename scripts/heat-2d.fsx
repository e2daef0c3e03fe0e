// The heat equation on a torus, u_t = 0.1 Δu on [0, 2π)², up to t = 4.
// Published: TENG on GPUs with 65,536 points and more (table not retrieved).
#load "gallery.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()

solve
    run
    {
        Equation = 0.1 * Term.laplacian
        Network = Network.create eighthOfTorus [ Layer.harmonics 1; Layer.dense 40 Sine; Layer.dense 40 Sine ]
        Initial = planarInitial
        Fit = { closeFit with Tolerance = 1e-6 }
        FitPoints = Collocation.sequence eighthOfTorus 250 |> Collocation.fixedBy 0
        Evolve =
            { Evolution.defaults with
                Sketch = Sketch.Landmarks 100
                Regularisation = 1e-11
                Tolerance = 1e-6
            }
        Points = Collocation.sequence eighthOfTorus 300
        Until = 4.0
    }
|> finishOnTorus "heat-2d" "Heat equation on a torus" Problems.heat2D
