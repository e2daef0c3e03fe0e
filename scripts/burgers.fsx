// Burgers' equation, u_t = 0.001 u_xx − u u_x on a circle of length 2, up to t = 4: a bump steepens into a front of width
// 0.01 that travels. Published (randomized sparse Neural Galerkin, one V100): relative error 6.07e-5 in 2378 s.
#load "load.fsx"
#load "gallery.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let line = Domain.periodic [ (-1.0, 1.0) ]
let burgers = 1e-3 * Term.partial 0 2 - Term.value * Term.partial 0 1

let initialValue (x: Tensor) : Tensor =
    let x = x.squeeze 1L
    (1.0 - x.square ()) * (-30.0 * (x + 0.5).square()).exp()

let network =
    Network.create
        line
        [
            Layer.harmonics 6
            Layer.dense 48 Sine
            Layer.dense 48 Sine
            Layer.dense 48 Sine
        ]

printfn "∂u/∂t = %s on %s" (Term.show burgers) network.Description

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
                initialValue
                (Collocation.grid line 512)))

/// Half of the points evenly spread, half where u is steep.
let steep (local: Local) : Tensor =
    let steepness = (Jet.gradient local.Jet).norm(1).sqrt()
    steepness.mean () + steepness

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    Sketch = Landmarks 450
                    Regularisation = 1e-13
                    Tolerance = 2e-7
                    // The front moves by one or two of its widths between two draws.
                    Points = PointDynamics.redrawn 0.04 (Collocation.grid line 16384) [ Partial(0, 1) ] steep
                    Meter = meter
                }
                burgers
                network
                (Collocation.grid line 1000)
                start
                (0.0, 4.0)))

let reference = Problems.reference1D Problems.burgers
let x = Spectral1D.grid -1.0 1.0 2048
let times = reference.Solution.Times
let exact = Spectral1D.onGrid x.Length reference.Solution
let computed = valuesOnLine solution x times

save
    "burgers"
    "Burgers' equation"
    $"{network.ParameterCount} parameters, {solution.Trajectory.Evaluations} evaluations of the vector field"
    [
        heatMap -1.0 1.0 (0.0, 4.0) (valuesOnLine solution)
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
