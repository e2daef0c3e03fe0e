// Burgers' equation, u_t = 0.001 u_xx − u u_x on a circle of length 2, up to t = 4: a bump steepens into a front of width
// 0.01 that travels. Published (randomized sparse Neural Galerkin, one V100): relative error 6.07e-5 in 2378 s.
#load "load.fsx"
#load "gallery.fsx"

open MathNet.Numerics.Integration
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let line = Domain.periodic [ (-1.0, 1.0) ]

// The equation is invariant under Galilean transformations. So the network is v(t, y) = u(t, y + X(t)), in a frame that travels
// with the front: Ẋ = c = ⟨v v_y²⟩ / ⟨v_y²⟩, the mean of v where it is steep. The front then changes its shape, but not its
// place (freezing: Beyn and Thümmler, SIAM J. Appl. Dyn. Syst. 3 (2004)).
let slope = Term.partial 0 1

let speed = Term.weightedMean (Term.pown 2 slope) Term.value

let burgers = 1e-3 * Term.partial 0 2 - (Term.value - speed) * slope

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

printfn "∂v/∂t = %s on %s" (Term.show burgers) network.Description

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

/// Half of the points evenly spread, half where v is steep.
let steep (local: Local) : Tensor =
    let steepness = (Jet.gradient local.Jet).norm(1).sqrt()
    steepness.mean () + steepness

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    Sketch = Landmarks 360
                    Regularisation = 1e-13
                    Tolerance = 3e-7
                    Points = PointDynamics.redrawn 0.2 (Collocation.grid line 16384) [ Partial(0, 1) ] steep
                    Meter = meter
                }
                burgers
                network
                (Collocation.grid line 800)
                start
                (0.0, 4.0)))

/// c(t).
let speedAt (t: float) : float =
    Scope.free (fun () ->
        let points = Solution.points t solution
        let jet = Solution.jet (Term.needs 1 speed) t points solution

        Tensor.toFloat ((Term.evaluate speed { Time = t; Points = points; Jet = jet }).mean()))

/// ∫ c from one time to another within a step.
let travelled (t0: float) (t1: float) : float =
    GaussLegendreRule.Integrate(speedAt, t0, t1, 4)

/// (t, X(t)) at the ends of the steps.
let path: (float * float)[] =
    Solution.steps solution
    |> Array.scan (fun (t, place) step -> step.Time, place + travelled t step.Time) (0.0, 0.0)

/// X(t).
let place (t: float) : float =
    let last, place = path |> Array.findBack (fun (start, _) -> start <= t)
    if t > last then place + travelled last t else place

/// u(t, ·) at the points x, one row per time.
let valuesOfU (x: float[]) (times: float[]) : float[][] =
    times
    |> Array.collect (fun t ->
        let there = place t
        values (column (Array.map (fun x -> x - there) x)) [| t |] solution)

let reference = Problems.reference1D Problems.burgers
let x = Spectral1D.grid -1.0 1.0 2048
let times = reference.Solution.Times
let exact = Spectral1D.onGrid x.Length reference.Solution
let computed = valuesOfU x times

save
    "burgers"
    "Burgers' equation"
    $"{network.ParameterCount} parameters, {solution.Trajectory.Evaluations} evaluations of the vector field"
    [
        heatMap -1.0 1.0 (0.0, 4.0) valuesOfU
        errorChart times (errors exact computed)
        Chart.lines [ Series.line "X" (Array.map fst path) (Array.map snd path) ]
        |> Chart.axes "t" "X"
        |> Chart.titled "Where the frame is"
        diagnosticsChart solution
    ]

printResult
    [
        "relativeL2", Convergence.relativeL2 exact computed
        "seconds", seconds
        "evaluations", float solution.Trajectory.Evaluations
        "fitSeconds", fitSeconds
    ]
