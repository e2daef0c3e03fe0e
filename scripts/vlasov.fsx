// Particles in a fixed field, f_t = −v f_x + E f_v with E = −sin x on a circle of places x, up to t = 3: a bump of the density f(x, v) turns
// around x = π and is sheared. −log f obeys the same equation; points move along the characteristics, along which it stays as it is.
// Compared with the exact solution on a grid of the box [0, 2π) × [−4, 4]. Published: figures only (randomized sparse Neural Galerkin).
#load "gallery.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()

let plane =
    Domain.create [ Coordinate.Periodic(0.0, 2.0 * Math.PI); Coordinate.Real ]

/// −log f at t = 0: a bump at x = π, v = 1/2, periodic in x.
let initialAt (x: float, v: float) =
    4.0 * (1.0 + cos x) + 2.0 * (v - 0.5) * (v - 0.5)

let initialEnergy (x: Tensor) : Tensor =
    4.0 * (1.0 + x.select(1L, 0L).cos()) + 2.0 * (x.select (1L, 1L) - 0.5).square()

/// (v, sin x), by which f stays as it is.
let velocity _ (x: Tensor) : Tensor =
    torch.stack ([ x.select (1L, 1L); x.select(1L, 0L).sin() ], 1L)

let box = Domain.box [ (0.0, 2.0 * Math.PI); (-4.5, 4.5) ]

let solved =
    solve
        run
        {
            Equation = -(Term.transport "(v, sin x)" velocity)
            Network = Network.create plane [ Layer.harmonics 2; Layer.dense 32 Swish; Layer.dense 32 Swish ]
            Initial = initialEnergy
            Fit = { closeFit with Tolerance = 1e-6 }
            FitPoints = Collocation.sequence box 1000 |> Collocation.fixedBy 1
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 500
                    Regularisation = 1e-12
                    Points = PointDynamics.advected velocity
                }
            Points = Collocation.sequence box 1500 |> Collocation.fixedBy 2
            Until = 3.0
        }

let times = Problems.saveTimes 3.0
let n = 96
let axisX = Array.init n (fun i -> 2.0 * Math.PI * float i / float n)
let axisV = Array.init n (fun j -> -4.0 + 8.0 * float j / float (n - 1))
let grid = Array.allPairs axisX axisV

let exact =
    Anchors.vlasovOrigins grid times
    |> Array.map (Array.map (fun origin -> exp -(initialAt origin)))

let computed =
    values (grid |> Array.map (fun (x, v) -> [| x; v |]) |> points) times solved.Solution
    |> Array.map (Array.map (fun u -> exp -u))

let inColours title (values: float[]) =
    Chart.heatmap "f" axisX axisV (Array2D.init n n (fun i j -> values[i * n + j]))
    |> Chart.axes "x" "v"
    |> Chart.titled title

finish
    "vlasov"
    "Particles in a fixed field"
    solved
    [
        inColours "Density at t = 3" (Array.last computed)
        inColours "Error at t = 3" (Array.map2 (-) (Array.last computed) (Array.last exact))
        errorChart times (errors exact computed)
    ]
    [ ("relativeL2", Convergence.relativeL2 exact computed) ]
