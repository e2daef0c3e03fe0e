// What the scripts that solve equations share: references, errors, pictures, the closing line.
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
open System.IO
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References

/// The result of a computation and the seconds it took.
let timed (compute: unit -> 'a) : 'a * float =
    let clock = Stopwatch.StartNew()
    let result = compute ()
    result, clock.Elapsed.TotalSeconds

/// Points of the line as an n × 1 tensor.
let column (x: float[]) : Tensor =
    Tensor.ofRows Placement.float64 [ for x in x -> [ x ] ]

/// u(t, ·) at the points, one row per time.
let values (points: Tensor) (times: float[]) (solution: Solution) : float[][] =
    [|
        for t in times -> Scope.free (fun () -> Solution.evaluate t points solution |> Tensor.toArray)
    |]

/// u(t, ·) at the points x of the line, one row per time.
let valuesOnLine (solution: Solution) (x: float[]) (times: float[]) : float[][] = values (column x) times solution

/// The error relative to the reference at each time.
let errors (reference: float[][]) (computed: float[][]) : float[] =
    Array.map2 (fun r c -> Convergence.relativeL2 [| r |] [| c |]) reference computed

/// The solution on low ≤ x ≤ high and the time span, in colours; `u x t` gives one row of values at x per time.
let heatMap (low: float) (high: float) (t0: float, t1: float) (u: float[] -> float[] -> float[][]) : Chart =
    let x = Array.init 257 (fun i -> low + (high - low) * float i / 256.0)
    let t = Array.init 161 (fun k -> t0 + (t1 - t0) * float k / 160.0)
    let u = u x t

    Chart.heatmap "u" x t (Array2D.init x.Length t.Length (fun i k -> u[k][i]))
    |> Chart.titled "Solution"

/// The error over time, on a logarithmic scale.
let errorChart (times: float[]) (errors: float[]) : Chart =
    Chart.lines [ Series.line "relative L² error" times errors ]
    |> Chart.logY
    |> Chart.axes "t" "relative L² error"
    |> Chart.titled "Error over time"

/// An eighth of the torus [0, 2π)² of the problems in the plane. Their initial value is even about x = 0 and x = π/2, odd about
/// y = 0 and even about y = π/2; diffusion and odd reactions keep that, so the rest of the torus follows.
let eighthOfTorus =
    Domain.create
        [
            Bounded(0.0, Math.PI / 2.0, Neumann, Neumann)
            Bounded(0.0, Math.PI / 2.0, Dirichlet, Neumann)
        ]

/// The initial value of the problems in the plane, 0.04 cosh(3 sin x) sinh(sin y).
let planarInitial (x: Tensor) : Tensor =
    0.04 * (3.0 * x.select(1L, 0L).sin()).cosh() * x.select(1L, 1L).sin().sinh()

/// The n × n points (2πi/n, 2πj/n) of the whole torus, row i·n + j.
let planarGrid (n: int) : Tensor =
    Collocation.grid (Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]) n
    |> Collocation.points Placement.float64 0

/// A function on the n × n points of the torus, in colours.
let planarChart (title: string) (n: int) (values: float[]) : Chart =
    let axis = Array.init n (fun i -> 2.0 * Math.PI * float i / float n)

    Chart.heatmap "" axis axis (Array2D.init n n (fun i j -> values[i * n + j]))
    |> Chart.axes "x" "y"
    |> Chart.equalAspect
    |> Chart.titled title

/// Step size, residual and effective rank over time.
let diagnosticsChart (solution: Solution) : Chart =
    let steps = Solution.steps solution

    Chart.diagnostics
        [| for s in steps -> s.Time |]
        [| for s in steps -> s.Step |]
        [| for s in steps -> s.Note.Residual |]
        [| for s in steps -> s.Note.EffectiveRank |]
    |> Chart.titled "Diagnostics"

/// Saves charts as one page under output/ and prints its path.
let save (name: string) (title: string) (caption: string) (charts: Chart list) : unit =
    let path = Path.Combine(__SOURCE_DIRECTORY__, "..", "output", name + ".html")
    printfn "picture: %s" (Page.create title caption charts |> Page.save path)
