// Burgers' equation on a torus, u_t = 0.01 Δu − u (u_x + u_y) on [0, 2π)², up to t = 4: waves steepen into curved fronts.
// Published: TENG on GPUs with 65,536 points and more (table not retrieved).
#load "load.fsx"
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let equation = (Equation.burgers 0.01 2).Term

// The initial value has the period π in x and the symmetry u(−x, −y) = −u(x, y). The equation keeps both, and so does the
// network: points on a quarter of the torus do for all of it.
let period = Domain.periodic [ (0.0, Math.PI); (0.0, 2.0 * Math.PI) ]
let quarter = Domain.box [ (0.0, Math.PI); (0.0, Math.PI) ]

let network =
    Network.create
        period
        [
            Layer.harmonics 3
            Layer.dense 56 Sine
            Layer.dense 56 Sine
            Layer.dense 56 Sine
        ]
    |> Network.odd [ 0; 1 ]

printfn "∂u/∂t = %s on %s" (Term.show equation) network.Description

let start, fitSeconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Regression.fit
                { Regression.defaults with
                    Tolerance = 1e-6
                    Regularisation = 1e-2, 1e-15
                    Meter = meter
                }
                network
                planarInitial
                (Collocation.sequence quarter 800 |> Collocation.fixedBy 0)))

/// Half of the points evenly spread, half where u is steep.
let steep (local: Local) : Tensor =
    let steepness = (Jet.gradient local.Jet).norm(1).sqrt()
    steepness.mean () + steepness

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    Sketch = Landmarks 1200
                    Regularisation = 1e-13
                    Tolerance = 5e-6
                    Points =
                        PointDynamics.redrawn
                            0.25
                            (Collocation.sequence quarter 12000)
                            [ Partial(0, 1); Partial(1, 1) ]
                            steep
                    Meter = meter
                }
                equation
                network
                (Collocation.sequence quarter 2200)
                start
                (0.0, 4.0)))

let reference = Problems.reference2D Problems.burgers2D
let n = 128
let times = reference.Solution.Times
let exact = Spectral2D.onGrid n reference.Solution
let computed = values (planarGrid n) times solution
let last = times.Length - 1

save
    "burgers-2d"
    "Burgers' equation on a torus"
    $"{network.ParameterCount} parameters, {solution.Trajectory.Evaluations} evaluations of the vector field"
    [
        planarChart "Solution at t = 4" n computed[last]
        planarChart "Error at t = 4" n (Array.map2 (-) computed[last] exact[last])
        errorChart times (errors exact computed)
        diagnosticsChart solution
    ]

printResult
    [
        "relativeL2", Convergence.relativeL2 exact computed
        "seconds", seconds
        "evaluations", float solution.Trajectory.Evaluations
        "fitSeconds", fitSeconds
    ]
