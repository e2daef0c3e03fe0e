// Computes the reference solution of every evolution problem, with the evidence for its accuracy and the time it takes.
// Build tests/Mne.Functional.Tests or the library first; run with `dotnet fsi --optimize+ scripts/references.fsx`.
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

/// A reference with the seconds it took, its line of the table, and its figures under a key.
let solveReference key name (solve: unit -> Converged<'Modes, 'Solution>) =
    let reference, seconds = timed solve

    printfn
        $"{name, -16} modes {reference.Modes}  steps {reference.Steps}  space {reference.SpaceEstimate:E1}  time {reference.TimeEstimate:E1}  {seconds:F1} s"

    reference,
    (name,
     reference.SpaceEstimate,
     reference.TimeEstimate,
     [ $"{key}Estimate", reference.Estimate; $"{key}Seconds", seconds ])

let one key (problem: Problem1D) =
    solveReference key problem.Name (fun () -> Problems.reference1D problem)

let two key (problem: Problem2D) =
    solveReference key problem.Name (fun () -> Problems.reference2D problem)

// From seconds to minutes; each says when it is done.
let _, allenCahn = one "allenCahn" Problems.allenCahn
let burgersReference, burgers = one "burgers" Problems.burgers
let kdvReference, kdv = one "kdv" (Problems.kdvOn -30.0 50.0)
let heatReference, heat = two "heat2D" Problems.heat2D
let _, allenCahn2D = two "allenCahn2D" Problems.allenCahn2D
let _, burgers2D = two "burgers2D" Problems.burgers2D

let found = [ allenCahn; burgers; kdv; heat; allenCahn2D; burgers2D ]

// Against answers that share nothing with the spectral solver.
let times = Problems.saveTimes 4.0
let points = Spectral1D.grid -1.0 1.0 64

let burgersError =
    Convergence.relativeL2
        (times
         |> Array.map (fun t -> Array.Parallel.map (Problems.burgersColeHopf t) points))
        (Spectral1D.onGrid 64 burgersReference.Solution)

let kdvError =
    Convergence.relativeL2
        (times
         |> Array.map (fun t -> Spectral1D.grid -30.0 50.0 1024 |> Array.map (Problems.kdvTwoSoliton t)))
        (Spectral1D.onGrid 1024 kdvReference.Solution)

let heatError =
    let axis = Spectral1D.grid 0.0 (2.0 * Math.PI) 64

    Convergence.relativeL2
        (times
         |> Array.map (fun t -> Array.allPairs axis axis |> Array.map (fun (x, y) -> Problems.heat2DExact t x y)))
        (Spectral2D.onGrid 64 heatReference.Solution)

printfn $"Burgers against Cole-Hopf {burgersError:E1}, KdV against its formula {kdvError:E1}, heat {heatError:E1}"

let names = [| for name, _, _, _ in found -> name |]

Page.create
    "Reference solutions"
    "Fourier spectral methods with exponential Runge–Kutta steps: what another refinement of the grid, and of the steps, changes."
    [
        Chart.bars
            names
            [
                "space", [| for _, space, _, _ in found -> space |]
                "time", [| for _, _, time, _ in found -> time |]
            ]
        |> Chart.logY
        |> Chart.axes "" "estimated relative error"
        |> Chart.titled "Errors of the references"
    ]
|> picture "references"

printResult (
    List.collect (fun (_, _, _, figures) -> figures) found
    @ [ "burgersColeHopf", burgersError; "kdvExact", kdvError ]
)
