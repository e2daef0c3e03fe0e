// The Allen–Cahn equation on a torus, u_t = 0.005 Δu + u − u³ on [0, 2π)², up to t = 4: two phases separate.
// Published: TENG on GPUs with 65,536 points and more (table not retrieved).
#load "load.fsx"
#load "gallery.fsx"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let equation = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value

let network =
    Network.create
        eighthOfTorus
        [
            Layer.harmonics 2
            Layer.dense 48 Sine
            Layer.dense 48 Sine
            Layer.dense 48 Sine
        ]

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
                (Collocation.sequence eighthOfTorus 300 |> Collocation.fixedBy 0)))

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    Sketch = Landmarks 300
                    Regularisation = 1e-12
                    Tolerance = 1e-6
                    Meter = meter
                }
                equation
                network
                (Collocation.sequence eighthOfTorus 700)
                start
                (0.0, 4.0)))

let reference = Problems.reference2D Problems.allenCahn2D
let n = 128
let times = reference.Solution.Times
let exact = Spectral2D.onGrid n reference.Solution
let computed = values (planarGrid n) times solution
let last = times.Length - 1

save
    "allen-cahn-2d"
    "Allen–Cahn equation on a torus"
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
