// The committor of a particle between two wells, dX = −∇V dt + √2 dW on [−1, 1] × a circle: the probability to reach x = 1 before
// x = −1. It is where the backward equation comes to rest, with u = 0 and u = 1 at the two ends. Compared with finite differences, and
// at one place with simulated paths.
#load "gallery.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()

/// Two wells at x = −1 and x = 1, the second one higher, with a barrier between them that y opens and closes.
let potential (x: float) (y: float) =
    2.0 * (x * x - 1.0) ** 2.0 + 0.5 * x + (1.0 + 0.5 * x) * cos y

let wells =
    Density.ofEnergy 2 (fun points ->
        let x, y = points.select (1L, 0L), points.select (1L, 1L)

        2.0 * (x.square () - 1.0).square() + 0.5 * x + (1.0 + 0.5 * x) * y.cos ())

let particle = Diffusion.ofProcess (Process.langevin wells)

let strip =
    Domain.create [ Coordinate.Interval(-1.0, 1.0); Coordinate.Periodic(0.0, 2.0 * Math.PI) ]

let ramp (x: Tensor) = 0.5 * (1.0 + x.select (1L, 0L))

/// A sequence: on a grid of 24 × 24 points the error is 1 %.
let spread = Collocation.sequence strip 500 |> Collocation.fixedBy 1

let solved =
    solve
        run
        {
            Equation = Kolmogorov.backward 3.0 particle
            Network =
                Network.create strip [ Layer.harmonics 2; Layer.dense 32 Tanh; Layer.dense 32 Tanh ]
                |> Network.dirichlet (fun x -> 1.0 - x.select(1L, 0L).square()) ramp
            Initial = ramp
            Fit = { closeFit with Tolerance = 1e-6 }
            FitPoints = spread
            Evolve = Evolution.defaults
            Points = spread
            Until = 3.0
        }

let n = 96
let exact = Anchors.committor potential (2 * n)
let coarse = Anchors.committor potential n

/// Both grids together have an error of fourth order.
let reference =
    Array2D.init (n + 1) n (fun i j -> (4.0 * exact[2 * i, 2 * j] - coarse[i, j]) / 3.0)

let axisX = [| for i in 0..n -> -1.0 + 2.0 * float i / float n |]
let axisY = [| for j in 0 .. n - 1 -> 2.0 * Math.PI * float j / float n |]

let grid =
    Array.allPairs axisX axisY |> Array.map (fun (x, y) -> [| x; y |]) |> points

let computed = values grid [| 2.0; 3.0 |] solved.Solution
let flat (a: float[,]) = a |> Seq.cast<float> |> Seq.toArray

printfn
    $"reference: twice the points change it by {Convergence.relativeL2 [| flat reference |] [| flat (Array2D.init (n + 1) n (fun i j -> exact[2 * i, 2 * j])) |]:E1}; u changes by {Convergence.relativeL2 [| computed[1] |] [| computed[0] |]:E1} from τ = 2 to τ = 3"

/// From (0, 1): which end paths reach, and how sure that is. What a step overshoots is small of the order of its root.
let place = [| 0.0; 1.0 |]

let paths =
    let count, step = 20_000, 2e-4
    let sde = Diffusion.paths particle

    let rec go k (x: Tensor) (reached: int) =
        if x.shape[0] = 0L then
            x.Dispose()
            float reached / float count
        else
            let right, remaining =
                Scope.keepAll (fun (_, x) -> [ x ]) (fun () ->
                    let next =
                        Sde.step
                            SdeScheme.EulerMaruyama
                            (0.0, step)
                            (Random.normal Placement.float64 (1000 + k) [ int x.shape[0]; 2 ])
                            x
                            sde

                    let first = next.select (1L, 0L)
                    let inside = first.abs().lt(torch.tensor 1.0)

                    let right =
                        int (Tensor.toFloat (first.ge(torch.tensor 1.0).sum().``to`` torch.float64))

                    right, next[inside])

            x.Dispose()
            go (k + 1) remaining (reached + right)

    go 0 ((Tensor.ofArray Placement.float64 place).expand(int64 count, 2L).clone()) 0

let there =
    Scope.free (fun () ->
        Solution.evaluate 3.0 (points [| place |]) solved.Solution
        |> Tensor.toArray
        |> Array.head)

let standardError = sqrt (paths * (1.0 - paths) / 20_000.0)
printfn $"at (0, 1): {there:F4}, by paths {paths:F4} ± {standardError:F4}"

let inColours title (values: float[]) =
    Chart.heatmap "q" axisX axisY (Array2D.init (n + 1) n (fun i j -> values[i * n + j]))
    |> Chart.axes "x" "y"
    |> Chart.titled title

finish
    "committor"
    "Which well comes first"
    solved
    [
        inColours "Committor" computed[1]
        inColours "Error" (Array.map2 (-) computed[1] (flat reference))
    ]
    [
        "relativeL2", Convergence.relativeL2 [| flat reference |] [| computed[1] |]
        "pathsInStandardErrors", (there - paths) / standardError
    ]
