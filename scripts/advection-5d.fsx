// Advection in five dimensions, u_t = −a(t)·∇u with a swaying velocity, up to t = 1.8: a density of two Gaussians travels, and
// the collocation points travel with it. The exact solution is known. Published: figures only (Neural Galerkin).
#load "load.fsx"
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let d = 5

/// a_i = i sin(w_i π t) + 1.25 i, w_i = 2 (1 + (i − 1)/(d − 1)).
let velocity (t: float) (x: Tensor) : Tensor =
    let a i =
        let w = 2.0 * (1.0 + (i - 1.0) / float (d - 1))
        i * sin (w * Math.PI * t) + 1.25 * i

    (Tensor.ofArray Placement.float64 [| for i in 1..d -> a (float i) |]).expand_as x

// The equation is linear and of first order, so that −log u obeys it as well. The network is −log u: its tails are parabolas.
let advection = (Equation.advection velocity d).Term

/// Draws of the exact solution at time t; with `widening` > 1 from one of larger variances.
let draws (seed: int) (count: int) (widening: float) (t: float) : float[][] =
    let exact = Problems.advection d t

    Mixture.sample
        seed
        count
        { exact with
            Variances = exact.Variances |> Array.map (Array.map (fun v -> widening * v))
        }

let rows (points: float[][]) : Tensor =
    points |> array2D |> Tensor.ofArray2D Placement.float64

/// Points that cover the initial value: half of them draws, half of them draws of a wider one.
let cloud (seed: int) (count: int) : Collocation =
    Array.append (draws seed (count / 2) 1.0 0.0) (draws (seed + 1) (count - count / 2) 1.5 0.0)
    |> rows
    |> Collocation.given

let initialEnergy (x: Tensor) : Tensor =
    Tensor.toArray2D x
    |> fun x ->
        [|
            for i in 0 .. Array2D.length1 x - 1 -> -(Mixture.logDensity (Problems.advection d 0.0) x[i, *])
        |]
    |> Tensor.ofArray Placement.float64

let network =
    let first, second =
        let means = (Problems.advection d 0.0).Means in means[0], means[1]

    Network.create
        (Domain.euclidean d)
        [
            Layer.normalise [ for k in 0 .. d - 1 -> 0.5 * (first[k] + second[k]) ] (List.replicate d 0.5)
            Layer.dense 24 Swish
            Layer.dense 24 Swish
        ]

printfn "∂u/∂t = %s in %d dimensions" (Term.show advection) d

let start, fitSeconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Regression.fit
                { Regression.defaults with
                    Steps = 80
                    Regularisation = 1e-2, 1e-15
                    Meter = meter
                }
                network
                initialEnergy
                (cloud 1 1200)))

let solution, seconds =
    timed (fun () ->
        Terminal.watch (fun meter ->
            Evolution.solve
                { Evolution.defaults with
                    // More landmarks than parameters: their tangents span the tangent space.
                    Sketch = Landmarks 800
                    Regularisation = 1e-12
                    Tolerance = 1e-6
                    ErrorScale = Spread
                    Points = PointDynamics.advected velocity
                    Meter = meter
                }
                advection
                network
                (cloud 3 1200)
                start
                (0.0, 1.8)))

/// u and the exact solution at time t and the points.
let compare (t: float) (points: float[][]) : float[] * float[] =
    let energy =
        Scope.free (fun () -> Solution.evaluate t (rows points) solution |> Tensor.toArray)

    Array.map (fun e -> exp -e) energy, points |> Array.map (Mixture.logDensity (Problems.advection d t) >> exp)

let times = Problems.saveTimes 1.8

let computed, exact =
    times |> Array.map (fun t -> compare t (draws 5 5000 1.0 t)) |> Array.unzip

// A picture of five dimensions: the line through the two centres, which travels with them.
let place = [| -0.8 .. 0.02..1.8 |]

let along, alongExact =
    times
    |> Array.map (fun t ->
        let means = (Problems.advection d t).Means

        compare
            t
            [|
                for r in place -> Array.map2 (fun a b -> a + r * (b - a)) means[0] means[1]
            |])
    |> Array.unzip

let table (values: float[][]) =
    Array2D.init place.Length times.Length (fun i k -> values[k][i])

save
    "advection-5d"
    "Advection in five dimensions"
    $"{network.ParameterCount} parameters, {solution.Trajectory.Evaluations} evaluations of the vector field"
    [
        Chart.animation place times [ "network", table along; "exact", table alongExact ]
        |> Chart.axes "place on the line from one centre (0) to the other (1)" "u"
        |> Chart.titled "Solution on the line through the centres"
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
