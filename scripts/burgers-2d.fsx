// Burgers' equation on a torus, u_t = 0.01 Δu − u (u_x + u_y) on [0, 2π)², up to t = 4: waves steepen into curved fronts.
// Published: TENG on GPUs with 65,536 points and more (table not retrieved).
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()

// The initial value has the period π in x and the symmetry u(−x, −y) = −u(x, y). The equation keeps both, and so does the
// network: points on a quarter of the torus do for all of it.
let period = Domain.periodic [ (0.0, Math.PI); (0.0, 2.0 * Math.PI) ]
let quarter = Domain.box [ (0.0, Math.PI); (0.0, Math.PI) ]

solve
    run
    {
        Equation = (Equation.burgers 0.01 2).Term
        Network =
            Network.create
                period
                [
                    Layer.harmonics 3
                    Layer.dense 56 Sine
                    Layer.dense 56 Sine
                    Layer.dense 56 Sine
                ]
            |> Network.odd [ 0; 1 ]
        Initial = planarInitial
        Fit = { closeFit with Tolerance = 1e-6 }
        FitPoints = Collocation.sequence quarter 800 |> Collocation.fixedBy 0
        Evolve =
            { Evolution.defaults with
                Sketch = Sketch.Landmarks 1200
                Regularisation = 1e-14
                Tolerance = 5e-6
                Points =
                    PointDynamics.redrawn
                        0.25
                        (Collocation.sequence quarter 12000)
                        [ Derivative.Partial(0, 1); Derivative.Partial(1, 1) ]
                        steep
            }
        Points = Collocation.sequence quarter 2200
        Until = 4.0
    }
|> finishOnTorus "burgers-2d" "Burgers' equation on a torus" Problems.burgers2D
