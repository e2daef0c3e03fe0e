// Systematic improvement: Allen–Cahn and Korteweg–de Vries, solved with one setting at a time worse than the best; the error
// falls with width, number of points N, landmarks s, regularisation λ and tolerance, each until the others are the limit.
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let run = Terminal.run ()

type Setting =
    {
        Width: int
        Points: int
        Landmarks: int
        Regularisation: float
        Tolerance: float
    }

/// An equation with its initial value and its solution at some times, and the setting that the others are compared with.
type Study =
    {
        Name: string
        Key: string
        Term: Term
        Line: float * float
        Harmonics: int
        Initial: float -> float
        Times: float[]
        Grid: float[]
        Exact: float[][]
        Best: Setting
    }

let allenCahn =
    let reference = Problems.reference1D Problems.allenCahn
    let count = 10

    {
        Name = "Allen–Cahn up to t = 1"
        Key = "allenCahn"
        Term = (Equation.allenCahn 5e-3 1).Term
        Line = 0.0, 2.0 * Math.PI
        Harmonics = 4
        Initial = Problems.allenCahn.Initial
        Times = reference.Solution.Times[.. count - 1]
        Grid = Spectral1D.grid 0.0 (2.0 * Math.PI) 512
        Exact = (Spectral1D.onGrid 512 reference.Solution)[.. count - 1]
        Best =
            {
                Width = 48
                Points = 384
                Landmarks = 160
                Regularisation = 1e-13
                Tolerance = 1e-7
            }
    }

let kdv =
    let times = Problems.saveTimes 0.3
    let grid = Spectral1D.grid -20.0 40.0 1024

    {
        Name = "Korteweg–de Vries up to t = 0.3"
        Key = "kdv"
        Term = Equation.kortewegDeVries.Term
        Line = -20.0, 40.0
        Harmonics = 6
        Initial = Problems.kdvTwoSoliton 0.0
        Times = times
        Grid = grid
        Exact = times |> Array.map (fun t -> Array.map (Problems.kdvTwoSoliton t) grid)
        Best =
            {
                Width = 48
                Points = 384
                Landmarks = 160
                Regularisation = 1e-12
                Tolerance = 1e-7
            }
    }

let network study width =
    Network.create
        (Domain.periodic [ study.Line ])
        [
            Layer.harmonics study.Harmonics
            Layer.dense width Sine
            Layer.dense width Sine
            Layer.dense width Sine
        ]

/// The fitted initial value of a network of some width, and the relative error of the fit.
let fit study width : Tensor * float =
    let network = network study width

    let initial (x: Tensor) : Tensor =
        Tensor.toArray x |> Array.map study.Initial |> Tensor.ofArray Placement.float64

    let start =
        Regression.fit
            run
            { closeFit with
                Tolerance = 1e-8
                Steps = 150
            }
            network
            initial
            (Collocation.grid network.Domain 384)

    let error =
        Convergence.relativeL2
            [| Array.map study.Initial study.Grid |]
            [| Network.value network start (column study.Grid) |> Tensor.toArray |]

    printfn "%s: width %d, error of the fit %.1e" study.Name width error
    start, error

/// The relative error over space and times; nan when the run did not reach the end within 250 steps.
let error study (start: Tensor) setting : float =
    let network = network study setting.Width

    use solution =
        Evolution.trySolve
            Run.quiet
            { Evolution.defaults with
                Sketch = Sketch.Landmarks(min setting.Landmarks setting.Points)
                Regularisation = setting.Regularisation
                Tolerance = setting.Tolerance
                MaximumSteps = 250
            }
            study.Term
            network
            (Collocation.grid network.Domain setting.Points)
            start
            (0.0, Array.last study.Times)

    if solution.Outcome = Outcome.Completed then
        Convergence.relativeL2 study.Exact (values (column study.Grid) study.Times solution)
    else
        nan

/// What is varied: a label, its values from poor to good, and the setting with one of them.
let knobs: (string * float list * (Setting -> float -> Setting)) list =
    [
        "width", [ 12.0; 16.0; 24.0; 32.0; 48.0 ], (fun s v -> { s with Width = int v })
        "points N", [ 48.0; 64.0; 96.0; 128.0; 192.0; 384.0 ], (fun s v -> { s with Points = int v })
        "landmarks s", [ 32.0; 48.0; 64.0; 96.0; 128.0; 160.0 ], (fun s v -> { s with Landmarks = int v })
        "regularisation λ", [ 1e-3; 1e-5; 1e-7; 1e-9; 1e-11; 1e-13 ], (fun s v -> { s with Regularisation = v })
        "tolerance", [ 1e-2; 1e-3; 1e-4; 1e-5; 1e-6; 1e-7 ], (fun s v -> { s with Tolerance = v })
    ]

let sweep study =
    let widths = let _, widths, _ = knobs.Head in List.map int widths
    let fits = Map [ for width in widths -> width, fit study width ]
    let fitError = snd fits[study.Best.Width]

    let errors =
        [
            for label, values, vary in knobs ->
                let errors =
                    [
                        for value in values ->
                            let setting = vary study.Best value
                            let e = error study (fst fits[setting.Width]) setting
                            printfn "%s: %s %g, error %.2e" study.Name label value e
                            e
                    ]

                label, values, errors
        ]

    let charts =
        [
            for label, values, errors in errors ->
                let x = List.toArray values

                Chart.lines
                    [
                        Series.lineWithMarkers "error" x (List.toArray errors)
                        if label = "width" then
                            Series.dotted "error of the initial fit" x [| for w in widths -> snd fits[w] |]
                        else
                            Series.dotted "error of the initial fit" x (Array.map (fun _ -> fitError) x)
                    ]
                |> Chart.logX
                |> Chart.logY
                |> Chart.axes label "relative L² error"
                |> Chart.titled $"{study.Name}: {label}"
        ]

    charts, errors |> List.map (fun (label, _, errors) -> label, errors), fitError

let (studies, figures), seconds =
    timed (fun () ->
        [
            for study in [ allenCahn; kdv ] ->
                let charts, errors, fitError = sweep study
                let finished errors = List.filter Double.IsFinite errors
                let best = errors |> List.collect (snd >> finished) |> List.min

                charts,
                [
                    $"{study.Key}Fit", fitError
                    $"{study.Key}Best", best
                    for label, errors in errors do
                        $"{study.Key} {label}", List.head (finished errors) / List.last errors
                ]
        ]
        |> List.unzip)

Page.create
    "Error against width, points, landmarks, regularisation and tolerance"
    "One setting is varied at a time, the others are the best. The error falls until another setting, or the fit of the initial value (dotted), is the limit."
    (List.concat studies)
|> picture "convergence"

// For every setting: by how much the error falls from the poorest to the best value.
printResult (List.concat figures @ [ ("seconds", seconds) ])
