// An evolution equation from a tolerance alone: network, points and steps are chosen. Change the equation, and run it again: dotnet run
open System
open Mne.Functional
open Mne.Functional.Reporting

printfn "An evolution equation. Loading libtorch …"

/// Where x lives: a circle here; Domain.dirichlet or Domain.neumann have ends.
let low, high = 0.0, 2.0 * Math.PI
let domain = Domain.periodic [ (low, high) ]

/// ∂u/∂t. Change this: terms are added and multiplied.
let equation = 0.05 * Term.laplacian + Term.value - Term.pown 3 Term.value

/// u(0, x), a number for each row of x (N × 1), and the last time.
let initial (x: Tensor) = x.squeeze(1L).sin()
let finish = 2.0

let automatic =
    AutomaticEvolution.solve (Terminal.run ()) 1e-3 equation domain initial (0.0, finish)

printfn $"∂u/∂t = {Term.show equation}"
printfn $"{automatic}"

let x = [| for i in 0..128 -> low + (high - low) * float i / 128.0 |]
let t = [| for k in 0..60 -> finish * float k / 60.0 |]
let places = Tensor.ofRows Placement.float64 [ for x in x -> [ x ] ]

let rows =
    [|
        for t in t -> Scope.free (fun () -> automatic.Solution |> Solution.evaluate t places |> Tensor.toArray)
    |]

Chart.heatmap "u(x, t)" x t (Array2D.init x.Length t.Length (fun i k -> rows[k][i]))
|> Chart.titled "The solution"
|> Chart.save "solution.html"
|> printfn "picture: %s"
