// A plucked string, u_tt = u_xx on [0, 1] with fixed ends, up to t = 2, when the pulse has come back: a system of the displacement
// and its velocity. The network is a sum of the string's harmonics. Exact solution by d'Alembert.
#load "gallery.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()
let line = Domain.dirichlet [ (0.0, 1.0) ]

let pulse (x: Tensor) : Tensor =
    (-((x.squeeze 1L - 0.5) / 0.08).square()).exp()

let solved =
    solve
        run
        {
            Equation = (Equation.wave 1.0 1).Term
            Network = Network.create line [ Layer.harmonics 48; Layer.outputs 2 ]
            Initial = fun x -> torch.stack ([ pulse x; torch.zeros_like (pulse x) ], 1L)
            Fit = closeFit
            FitPoints = Collocation.grid line 128
            Evolve =
                { Evolution.defaults with
                    Regularisation = 1e-12
                    Tolerance = 1e-7
                }
            Points = Collocation.grid line 128
            Until = 2.0
        }

let times = Problems.saveTimes 2.0
let x = Spectral1D.grid 0.0 1.0 512

let exact =
    times
    |> Array.map (fun t -> x |> Array.map (Anchors.wave (fun x -> exp (-(((x - 0.5) / 0.08) ** 2.0))) t))

{ solved with
    Solution = Solution.ofComponent 0 solved.Solution
}
|> finishOnLine "wave" "A plucked string" (0.0, 1.0) times exact
