// Gray and Scott's reaction on a circle of length 2.5, u_t = 2e-5 u_xx − u v² + 0.04 (1 − u), v_t = 1e-5 v_xx + u v² − 0.1 v, up to
// t = 200: a pulse splits, and its halves move apart. Compared with finite differences of sixth order, refined until they do not change.
#load "gallery.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let length = 2.5
let circle = Domain.periodic [ (0.0, length) ]

/// u and v at t = 0: where there is much of v there is less of u.
let startAt (x: float) =
    let pulse = exp (-(((x - 1.25) / 0.15) ** 2.0))
    1.0 - 0.5 * pulse, 0.25 * pulse

let initialValue (x: Tensor) : Tensor =
    let pulse = (-((x.squeeze 1L - 1.25) / 0.15).square()).exp()
    torch.stack ([ 1.0 - 0.5 * pulse; 0.25 * pulse ], 1L)

let solved =
    solve
        run
        {
            Equation = (Equation.grayScott (2e-5, 1e-5) 0.04 0.06 1).Term
            Network =
                Network.create circle [ Layer.harmonics 6; Layer.dense 48 Sine; Layer.dense 48 Sine; Layer.outputs 2 ]
            Initial = initialValue
            Fit = { closeFit with Tolerance = 1e-6 }
            FitPoints = Collocation.grid circle 256
            Evolve =
                { Evolution.defaults with
                    Regularisation = 1e-11
                }
            Points = Collocation.grid circle 256
            Until = 200.0
        }

let times = [| 20.0..20.0..200.0 |]

/// Both components, one after the other.
let reference n step =
    Anchors.grayScott (2e-5, 1e-5) 0.04 0.06 length n step startAt times
    |> Array.map (fun (u, v) -> Array.append u v)

let n = 512
let exact = reference n 0.1

let coarse = reference (n / 2) 0.2

let everySecond (row: float[]) =
    Array.init (row.Length / 2) (fun i -> row[2 * i])

printfn
    $"reference: half the points and steps differ by {Convergence.relativeL2 (Array.map everySecond exact) coarse:E1}"

let x = Spectral1D.grid 0.0 length n

let computed =
    [|
        for t in times ->
            Scope.free (fun () ->
                (Solution.evaluate t (column x) solved.Solution).t().contiguous()
                |> Tensor.toArray)
    |]

finish
    "gray-scott"
    "A splitting pulse of Gray and Scott"
    solved
    [
        heatMap (0.0, length) (Solution.ofComponent 1 solved.Solution)
        errorChart times (errors exact computed)
    ]
    [ ("relativeL2", Convergence.relativeL2 exact computed) ]
