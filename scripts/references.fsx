// Computes the reference solution of every evolution problem, with the evidence for its accuracy and the time it takes.
// Build tests/Mne.Functional.Tests or the library first; run with `dotnet fsi --optimize+ scripts/references.fsx`.
#load "load.fsx"
#load "../tests/Mne.Functional.Tests/References/Fourier.fs"
#load "../tests/Mne.Functional.Tests/References/Etdrk4.fs"
#load "../tests/Mne.Functional.Tests/References/Convergence.fs"
#load "../tests/Mne.Functional.Tests/References/Spectral1D.fs"
#load "../tests/Mne.Functional.Tests/References/Spectral2D.fs"
#load "../tests/Mne.Functional.Tests/References/Extrapolation.fs"
#load "../tests/Mne.Functional.Tests/References/Mixture.fs"
#load "../tests/Mne.Functional.Tests/References/Quadrature.fs"
#load "../tests/Mne.Functional.Tests/References/Problems.fs"

open System
open System.Diagnostics
open Mne.Functional.References

let report name (solve: unit -> Converged<'Modes, 'Solution>) =
    let watch = Stopwatch.StartNew()
    let reference = solve ()
    let seconds = watch.Elapsed.TotalSeconds

    printfn
        $"{name, -16} modes {reference.Modes}  steps {reference.Steps}  space {reference.SpaceEstimate:E1}  time {reference.TimeEstimate:E1}  {seconds:F1} s"

    reference, $"\"{name}\": {{\"estimate\": {reference.Estimate:E2}, \"seconds\": {seconds:F2}}}"

let one (problem: Problem1D) =
    report problem.Name (fun () -> Problems.reference1D problem)

let two (problem: Problem2D) =
    report problem.Name (fun () -> Problems.reference2D problem)

let _, allenCahn = one Problems.allenCahn
let burgersReference, burgers = one Problems.burgers
let kdvReference, kdv = one (Problems.kdvOn -30.0 50.0)
let heatReference, heat = two Problems.heat2D
let _, allenCahn2D = two Problems.allenCahn2D
let _, burgers2D = two Problems.burgers2D

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

let rows =
    String.Join(", ", [ allenCahn; burgers; kdv; heat; allenCahn2D; burgers2D ])

printfn $"result: {{{rows}, \"burgersColeHopf\": {burgersError:E2}, \"kdvExact\": {kdvError:E2}}}"
