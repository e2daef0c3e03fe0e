// Burgers' equation as most papers on networks have it, u_t = (0.01/π) u_xx − u u_x on [−1, 1] from −sin πx with u(±1) = 0, up to t = 1: a
// front of width 0.006 stands at x = 0. The solution is odd and of period 2, which keeps the ends at 0. Exact by Cole and Hopf.
// Published: 7.97e-14 in 346 s on an H100 (DSGNAR, arXiv 2607.02194).
// Aimed at 1e-6 in 120 s and missed: 3.2e-6 in 138 processor seconds; with λ = 1e-13 in place of 1e-15, 6.3e-6 in 70.
#load "gallery.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let circle = Domain.periodic [ (-1.0, 1.0) ]

/// Points of one half, which do for both; denser where the front will stand.
let gathered (count: int) (rate: float) =
    [|
        for i in 0 .. count - 1 -> sinh (rate * (float i + 0.5) / float count) / sinh rate
    |]
    |> column
    |> Collocation.given

let solved =
    solve
        run
        {
            Equation = 0.01 / Math.PI * Term.laplacian - Term.value * Term.partial 0 1
            Network =
                Network.create circle [ Layer.harmonics 2; Layer.dense 40 Tanh; Layer.dense 40 Tanh ]
                |> Network.odd [ 0 ]
            Initial = fun x -> -(Math.PI * x.squeeze 1L).sin()
            Fit = { closeFit with Tolerance = 1e-8 }
            FitPoints = gathered 300 5.0
            Evolve =
                { Evolution.defaults with
                    Regularisation = 1e-15
                    Tolerance = 1e-7
                }
            Points = gathered 300 5.0
            Until = 1.0
        }

let times = Problems.saveTimes 1.0
let x = Spectral1D.grid -1.0 1.0 1024

solved
|> finishOnLine
    "burgers-canonical"
    "Burgers' equation from −sin πx"
    (-1.0, 1.0)
    times
    [| for t in times -> Array.map (Anchors.burgersCanonical t) x |]
