// Computes the reference solution of every evolution problem, with the evidence for its accuracy and the time it takes.
// Build tests/Mne.Functional.Tests or the library first; run with `dotnet fsi --optimize+ scripts/references.fsx`.
#load "load.fsx"
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

/// The references in order, each with its name, estimates, and figures for the closing line; and what there is to compare.
let found, (burgersReference, kdvReference, heatReference) =
    Terminal.watch (fun meter ->
        let clock = Diagnostics.Stopwatch.StartNew()

        /// Solves one, of which the first `before` out of 1 are done.
        let report before key name (solve: unit -> Converged<'Modes, 'Solution>) =
            meter
                { Progress.started "references" nan with
                    Fraction = before
                    Elapsed = clock.Elapsed
                }

            let reference, seconds = timed solve

            printfn
                $"{name, -16} modes {reference.Modes}  steps {reference.Steps}  space {reference.SpaceEstimate:E1}  time {reference.TimeEstimate:E1}  {seconds:F1} s"

            reference,
            (name,
             reference.SpaceEstimate,
             reference.TimeEstimate,
             [ $"{key}Estimate", reference.Estimate; $"{key}Seconds", seconds ])

        let one before key (problem: Problem1D) =
            report before key problem.Name (fun () -> Problems.reference1D problem)

        let two before key (problem: Problem2D) =
            report before key problem.Name (fun () -> Problems.reference2D problem)

        let _, allenCahn = one 0.0 "allenCahn" Problems.allenCahn
        let burgersReference, burgers = one 0.02 "burgers" Problems.burgers
        let kdvReference, kdv = one 0.3 "kdv" (Problems.kdvOn -30.0 50.0)
        let heatReference, heat = two 0.33 "heat2D" Problems.heat2D
        let _, allenCahn2D = two 0.34 "allenCahn2D" Problems.allenCahn2D
        let _, burgers2D = two 0.45 "burgers2D" Problems.burgers2D

        meter
            { Progress.started "references" nan with
                Fraction = 1.0
                Elapsed = clock.Elapsed
            }

        [ allenCahn; burgers; kdv; heat; allenCahn2D; burgers2D ], (burgersReference, kdvReference, heatReference))

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

save
    "references"
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

printResult (
    List.collect (fun (_, _, _, figures) -> figures) found
    @ [ "burgersColeHopf", burgersError; "kdvExact", kdvError ]
)
