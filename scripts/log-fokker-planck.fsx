// The logarithm of a density in nine dimensions, q = log N(0, e^{−t} I + 2 (1 − e^{−t}) I) on [−5, 5]⁹, up to t = 1: −q obeys the energy
// equation of dX = −½X dt + √2 dW. Told: that squares of linear functions may be useful; beside 24 such units there are 48 ordinary ones.
// Best seen elsewhere: 1.55e-3 (a script with SPRING, arXiv 2505.12149).
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let d = 9
let cube = Domain.box (List.replicate d (-5.0, 5.0))

let process' =
    Process.linear
        (Array2D.init d d (fun i j -> if i = j then -0.5 else 0.0))
        (List.replicate d 0.0)
        (Covariance.Isotropic 2.0)

/// −log of N(0, s I), s = 2 − e^{−t}.
let energy (t: float) (x: Tensor) : Tensor =
    let s = 2.0 - exp -t
    x.square().sum 1L / (2.0 * s) + 0.5 * float d * log (2.0 * Math.PI * s)

let solved =
    solve
        run
        {
            Equation = Kolmogorov.energy (Diffusion.ofProcess process')
            Network =
                Network.add
                    [
                        Network.create cube [ Layer.dense 24 Square ]
                        Network.create cube [ Layer.dense 24 Swish; Layer.dense 24 Swish ]
                    ]
            Initial = energy 0.0
            Fit = closeFit
            FitPoints = Collocation.sequence cube 600 |> Collocation.fixedBy 1
            Evolve =
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 300
                }
            Points = Collocation.sequence cube 600 |> Collocation.fixedBy 2
            Until = 1.0
        }

let times = Problems.saveTimes 1.0

/// The error at the same number of points for each time.
let errorAt (pointsAt: int -> float -> Tensor) =
    let compare =
        times
        |> Array.mapi (fun k t ->
            Scope.free (fun () ->
                let x = pointsAt k t
                Tensor.toArray (energy t x), Tensor.toArray (Solution.evaluate t x solved.Solution)))

    Convergence.relativeL2 (Array.map fst compare) (Array.map snd compare)

let uniform =
    errorAt (fun k _ -> Collocation.uniform cube 5000 |> Collocation.points Placement.float64 (100 + k))

let atDraws =
    errorAt (fun k t -> sqrt (2.0 - exp -t) * Random.normal Placement.float64 (200 + k) [ 5000; d ])

finish
    "log-fokker-planck"
    "The logarithm of a density in nine dimensions"
    solved
    []
    [ "relativeL2", uniform; "relativeL2AtDraws", atDraws ]
