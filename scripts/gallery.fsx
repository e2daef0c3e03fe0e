// What the scripts that solve equations share: an experiment and its course, references, errors, pictures.
#load "shared.fsx"
#load "../tests/Mne.Functional.Tests/References/Fourier.fs"
#load "../tests/Mne.Functional.Tests/References/Etdrk4.fs"
#load "../tests/Mne.Functional.Tests/References/Convergence.fs"
#load "../tests/Mne.Functional.Tests/References/Spectral1D.fs"
#load "../tests/Mne.Functional.Tests/References/Spectral2D.fs"
#load "../tests/Mne.Functional.Tests/References/Extrapolation.fs"
#load "../tests/Mne.Functional.Tests/References/Mixture.fs"
#load "../tests/Mne.Functional.Tests/References/Quadrature.fs"
#load "../tests/Mne.Functional.Tests/References/Problems.fs"
#load "../tests/Mne.Functional.Tests/References/Anchors.fs"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References

/// An equation with its initial value, and how it is solved from t = 0.
type Experiment =
    {
        Equation: Term
        Network: Network
        Initial: Tensor -> Tensor
        /// How and where the initial value is fitted.
        Fit: RegressionOptions
        FitPoints: Collocation
        /// How and where the equation is solved.
        Evolve: EvolutionOptions
        Points: Collocation
        Until: float
    }

/// What came of an experiment.
type Solved =
    {
        Solution: Solution
        FitSeconds: float
        Seconds: float
        /// Of both, by the processor: what a busy machine does not change.
        ProcessorSeconds: float
    }

/// A fit as close as it gets.
let closeFit =
    { Regression.defaults with
        Regularisation = 1e-2, 1e-15
    }

/// Half of the points evenly spread, half where u is steep.
let steep (local: Local) : Tensor =
    let steepness = (Jet.gradient local.Jet).norm(1).sqrt()
    steepness.mean () + steepness

/// Fits the initial value and follows the equation.
let solve (run: Run) (experiment: Experiment) : Solved =
    let network = experiment.Network
    printfn $"∂u/∂t = {Term.show experiment.Equation} on {network.Description}"

    let before = processorSeconds ()

    let start, fitSeconds =
        timed (fun () -> Regression.fit run experiment.Fit network experiment.Initial experiment.FitPoints)

    let solution, seconds =
        timed (fun () ->
            Evolution.solve
                run
                experiment.Evolve
                experiment.Equation
                network
                experiment.Points
                start
                (0.0, experiment.Until))

    {
        Solution = solution
        FitSeconds = fitSeconds
        Seconds = seconds
        ProcessorSeconds = processorSeconds () - before
    }

/// The error relative to the reference at each time.
let errors (reference: float[][]) (computed: float[][]) : float[] =
    Array.map2 (fun r c -> Convergence.relativeL2 [| r |] [| c |]) reference computed

/// The error over time, on a logarithmic scale.
let errorChart (times: float[]) (errors: float[]) : Chart =
    Chart.lines [ Series.line "relative L² error" times errors ]
    |> Chart.logY
    |> Chart.axes "t" "relative L² error"
    |> Chart.titled "Error over time"

/// The solution on low ≤ x ≤ high and the time span, in colours.
let heatMap (low: float, high: float) (solution: Solution) : Chart =
    let x = Array.init 257 (fun i -> low + (high - low) * float i / 256.0)
    let t = Array.init 161 (fun k -> Solution.stop solution * float k / 160.0)

    Chart.heatmap "u(x, t)" x t (byPlace (values (column x) t solution))
    |> Chart.titled "Solution"

/// Saves the page of an experiment, and prints the closing line.
let finish (name: string) (title: string) (solved: Solved) (charts: Chart list) (figures: (string * float) list) =
    let solution = solved.Solution
    let evaluations = solution.Trajectory.Evaluations

    Page.create
        title
        $"{solution.Network.ParameterCount} parameters, {evaluations} evaluations of the vector field"
        (charts @ [ diagnostics solution ])
    |> picture name

    printResult (
        figures
        @ [
            "seconds", solved.Seconds
            "evaluations", float evaluations
            "fitSeconds", solved.FitSeconds
            "processorSeconds", solved.ProcessorSeconds
        ]
    )

/// Finishes an experiment on low ≤ x < high, of which the exact values at evenly spaced x are known, one row per time.
let finishOnLine name title (low, high) (times: float[]) (exact: float[][]) (solved: Solved) =
    let x = Spectral1D.grid low high exact[0].Length
    let computed = values (column x) times solved.Solution

    finish
        name
        title
        solved
        [
            heatMap (low, high) solved.Solution
            errorChart times (errors exact computed)
        ]
        [ ("relativeL2", Convergence.relativeL2 exact computed) ]

/// An eighth of the torus [0, 2π)² of the problems in the plane. Their initial value is even about x = 0 and x = π/2, odd about
/// y = 0 and even about y = π/2; diffusion and odd reactions keep that, so the rest of the torus follows.
let eighthOfTorus =
    Domain.create
        [
            Coordinate.Bounded(0.0, Math.PI / 2.0, Boundary.Neumann, Boundary.Neumann)
            Coordinate.Bounded(0.0, Math.PI / 2.0, Boundary.Dirichlet, Boundary.Neumann)
        ]

/// The initial value of the problems in the plane, 0.04 cosh(3 sin x) sinh(sin y).
let planarInitial (x: Tensor) : Tensor =
    0.04 * (3.0 * x.select(1L, 0L).sin()).cosh() * x.select(1L, 1L).sin().sinh()

/// Finishes an experiment on the torus [0, 2π)² by comparison with the reference of its problem, at 128 × 128 points.
let finishOnTorus name title (problem: Problem2D) (solved: Solved) =
    let n = 128
    let reference = Problems.reference2D problem
    let times, exact = reference.Solution.Times, Spectral2D.onGrid n reference.Solution

    let grid =
        Collocation.grid (Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]) n
        |> Collocation.points Placement.float64 0

    let computed = values grid times solved.Solution
    let axis = Array.init n (fun i -> 2.0 * Math.PI * float i / float n)

    let inColours title (values: float[]) =
        Chart.heatmap "" axis axis (Array2D.init n n (fun i j -> values[i * n + j]))
        |> Chart.axes "x" "y"
        |> Chart.equalAspect
        |> Chart.titled $"{title} at t = {Array.last times}"

    finish
        name
        title
        solved
        [
            inColours "Solution" (Array.last computed)
            inColours "Error" (Array.map2 (-) (Array.last computed) (Array.last exact))
            errorChart times (errors exact computed)
        ]
        [ ("relativeL2", Convergence.relativeL2 exact computed) ]
