// Your own equation: change what stands between the two lines, and run it again.
//     dotnet fsi scripts/your-own-equation.fsx
// It fits the initial value, solves, draws the solution, and solves once more with another network: the difference between the
// two is an estimate of the error, which no formula is needed for.
let () =
    printfn "Your own equation. Loading the library and compiling the script take some seconds …" // before #load, so at once

#load "shared.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting

// ------------------------------------------------------------------------------------------------------------ yours from here
let low, high, T = 0.0, 2.0 * Math.PI, 4.0
let domain = Domain.periodic [ (low, high) ] // or Domain.neumann, Domain.dirichlet, Domain.create [ … ]

/// ∂u/∂t: fronts in a wind that blows to and fro, u − u³ balanced so that the total of u is kept.
let equation =
    let reaction = Term.value - Term.pown 3 Term.value
    let wind = Term.transport "b" (fun t x -> 0.5 * cos t + 0.0 * x)
    0.01 * Term.laplacian - wind + reaction - Term.mean reaction

/// u(0, x) at the points (N × 1).
let initialValue (points: Tensor) : Tensor =
    let x = points.squeeze 1L
    0.1 + 0.6 * (2.0 * x).sin() + 0.3 * (3.0 * x).cos()
// -------------------------------------------------------------------------------------------------------------------- to here

let run = Terminal.run ()
let points = Collocation.grid domain 192

/// The solution by a network with the given number of units in each layer.
let solveWith units =
    let network =
        Network.create domain [ Layer.harmonics 3; Layer.dense units Sine; Layer.dense units Sine ]

    let start =
        Regression.fit
            run
            { Regression.defaults with
                Tolerance = 1e-7
            }
            network
            initialValue
            points

    Evolution.solve
        run
        { Evolution.defaults with
            Sketch = Sketch.Landmarks 96
        }
        equation
        network
        points
        start
        (0.0, T)

printfn $"∂u/∂t = {Term.show equation}"
let solution, seconds = timed (fun () -> solveWith 40)
let other = solveWith 32

let x = [| for i in 0..256 -> low + (high - low) * float i / 256.0 |]
let t = [| for k in 0..120 -> T * float k / 120.0 |]
let u, again = values (column x) t solution, values (column x) t other

let norm (rows: float[][]) =
    sqrt (Seq.sumBy (fun v -> v * v) (Seq.concat rows))

let difference = norm (Array.map2 (Array.map2 (-)) u again) / norm u
let total (row: float[]) = Array.average row[..255]
let drift = u |> Array.map (fun row -> abs (total row - total u[0])) |> Array.max

printfn $"two networks differ by {difference:E1}; the total of u drifts by {drift:E1}"

Page.create
    "Your own equation"
    $"∂u/∂t = {Term.show equation}"
    [
        Chart.heatmap "u(x, t)" x t (byPlace u) |> Chart.titled "Solution"
        Chart.lines [ for k in 0..30..120 -> Series.line $"t = {t[k]:F0}" x u[k] ]
        |> Chart.axes "x" "u"
        |> Chart.titled "Profiles"
    ]
|> picture "your-own-equation"

printResult
    [
        "difference", difference
        "drift", drift
        "seconds", seconds
        "evaluations", float solution.Trajectory.Evaluations
    ]
