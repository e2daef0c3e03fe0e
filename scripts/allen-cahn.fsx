// Allen–Cahn in one dimension, u_t = 0.005 u_xx + u − u³ on a circle, up to t = 4: fronts form and merge.
// Published (randomized sparse Neural Galerkin, one V100): relative error 1.66e-5 in 776 s.
#load "load.fsx"
#load "gallery.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let allenCahn = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value

let initialValue (x: Tensor) : Tensor =
    let x = x.squeeze 1L
    let bump (rate: float) (centre: float) = (-rate * (x - centre).square()).exp()

    (2.0 * x.sin ()).tanh() / 3.0 - bump 23.5 (Math.PI / 2.0)
    + bump 27.0 4.2
    + bump 38.0 5.4

let line = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let network =
    Network.create
        line
        [
            Layer.harmonics 4
            Layer.dense 48 Sine
            Layer.dense 48 Sine
            Layer.dense 48 Sine
        ]

printfn "∂u/∂t = %s on %s" (Term.show allenCahn) network.Description

let start, fitSeconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Regression.fit
                { Regression.defaults with
                    Tolerance = 2e-7
                    Regularisation = 1e-2, 1e-15
                    Meter = meter
                }
                network
                initialValue
                (Collocation.grid line 256)))

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    Sketch = Landmarks 256
                    Regularisation = 1e-12
                    Tolerance = 1e-7
                    Meter = meter
                }
                allenCahn
                network
                (Collocation.grid line 1024)
                start
                (0.0, 4.0)))

// The reference: Fourier in space, exponential time differencing in time, refined until it changes by less than 1e-9.
let reference = Problems.reference1D Problems.allenCahn
let x = Spectral1D.grid 0.0 (2.0 * Math.PI) 1024
let times = reference.Solution.Times
let exact = Spectral1D.onGrid x.Length reference.Solution
let computed = valuesOnLine solution x times

save
    "allen-cahn"
    "Allen–Cahn equation"
    $"{network.ParameterCount} parameters, {solution.Trajectory.Evaluations} evaluations of the vector field"
    [
        heatMap 0.0 (2.0 * Math.PI) (0.0, 4.0) (valuesOnLine solution)
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
