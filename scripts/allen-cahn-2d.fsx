// The Allen–Cahn equation on a torus, u_t = 0.005 Δu + u − u³ on [0, 2π)², up to t = 4: two phases separate.
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
        Equation = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value
        Network =
            Network.create
                eighthOfTorus
                [
                    Layer.harmonics 2
                    Layer.dense 48 Sine
                    Layer.dense 48 Sine
                    Layer.dense 48 Sine
                ]
        Initial = planarInitial
        Fit = { closeFit with Tolerance = 1e-6 }
        FitPoints = Collocation.sequence eighthOfTorus 300 |> Collocation.fixedBy 0
        Evolve =
            { Evolution.defaults with
                Sketch = Sketch.Landmarks 300
                Regularisation = 1e-12
                Tolerance = 1e-6
            }
        Points = Collocation.sequence eighthOfTorus 700
        Until = 4.0
    }
|> finishOnTorus "allen-cahn-2d" "Allen–Cahn equation on a torus" Problems.allenCahn2D
