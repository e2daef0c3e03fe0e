// Advection in five dimensions, u_t = −a(t)·∇u with a swaying velocity, up to t = 1.8: a density of two Gaussians travels, and
// the collocation points travel with it. The exact solution is known. Published: figures only (Neural Galerkin).
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let d = 5

/// a_i = i sin(w_i π t) + 1.25 i, w_i = 2 (1 + (i − 1)/(d − 1)).
let velocity (t: float) (x: Tensor) : Tensor =
    let a i =
        let w = 2.0 * (1.0 + (i - 1.0) / float (d - 1))
        i * sin (w * Math.PI * t) + 1.25 * i

    (Tensor.ofArray Placement.float64 [| for i in 1..d -> a (float i) |]).expand_as x

/// Draws of the exact solution at time t; with `widening` > 1 from one of larger variances.
let draws (seed: int) (count: int) (widening: float) (t: float) : float[][] =
    let exact = Problems.advection d t

    Mixture.sample
        seed
        count
        { exact with
            Variances = exact.Variances |> Array.map (Array.map (fun v -> widening * v))
        }

/// Points that cover the initial value: half of them draws, half of them draws of a wider one.
let cloud (seed: int) (count: int) : Collocation =
    Array.append (draws seed (count / 2) 1.0 0.0) (draws (seed + 1) (count - count / 2) 1.5 0.0)
    |> points
    |> Collocation.given

let initialEnergy (x: Tensor) : Tensor =
    Tensor.toArray2D x
    |> fun x ->
        [|
            for i in 0 .. Array2D.length1 x - 1 -> -(Mixture.logDensity (Problems.advection d 0.0) x[i, *])
        |]
    |> Tensor.ofArray Placement.float64

/// Halfway between the centres.
let centre =
    let means = (Problems.advection d 0.0).Means
    [ for k in 0 .. d - 1 -> 0.5 * (means[0][k] + means[1][k]) ]

let solved =
    solve
        run
        {
            // Linear and of first order: −log u obeys the equation as well. The network is −log u, whose tails are parabolas.
            Equation = (Equation.advection velocity d).Term
            Network =
                Network.create
                    (Domain.euclidean d)
                    [
                        Layer.normalise centre (List.replicate d 0.5)
                        Layer.dense 24 Swish
                        Layer.dense 24 Swish
                    ]
            Initial = initialEnergy
            Fit = { closeFit with Steps = 200 }
            FitPoints = cloud 1 1200
            Evolve =
                { Evolution.defaults with
                    // More landmarks than parameters: their tangents span the tangent space.
                    Sketch = Sketch.Landmarks 800
                    Regularisation = 1e-14
                    Tolerance = 1e-6
                    ErrorScale = ErrorScale.Spread
                    Points = PointDynamics.advected velocity
                }
            Points = cloud 3 1200
            Until = 1.8
        }

/// u and the exact solution at time t and the places.
let compare (t: float) (places: float[][]) : float[] * float[] =
    let energy =
        Scope.free (fun () -> Solution.evaluate t (points places) solved.Solution |> Tensor.toArray)

    Array.map (fun e -> exp -e) energy, places |> Array.map (Mixture.logDensity (Problems.advection d t) >> exp)

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

finish
    "advection-5d"
    "Advection in five dimensions"
    solved
    [
        Chart.animation place times [ "network", byPlace along; "exact", byPlace alongExact ]
        |> Chart.axes "place on the line from one centre (0) to the other (1)" "u"
        |> Chart.titled "Solution on the line through the centres"
        errorChart times (errors exact computed)
    ]
    [ ("relativeL2", Convergence.relativeL2 exact computed) ]
