// What the examples in documentation comments take for granted: names that they use, and defaults that make them quick.
// ExamplesTests.fs puts every example behind this, one function each, and runs them all.
#load "../../scripts/load.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting

module Regression =
    let defaults = { Regression.defaults with Steps = 10 }

module Evolution =
    let defaults =
        { Evolution.defaults with
            Sketch = Sketch.Landmarks 24
            Regularisation = 1e-6
            Tolerance = 1e-2
        }

module Sampler =
    let defaults =
        { Sampler.defaults with
            Network = fun domain -> Network.create domain [ Layer.dense 16 Swish ]
            Cover.Points = Some 60
            Cover.FitPoints = 60
            Cover.Refreshes = 3
            Fit.Steps = 5
            Evolve.Sketch = Sketch.Landmarks 30
            Evolve.Regularisation = 1e-5
            Evolve.Tolerance = 1e-2
            Draw.Tolerance = 1e-2
        }

module ReverseSde =
    let defaults = { ReverseSde.defaults with Steps = 5 }

module Report =
    let defaults = { Report.defaults with Count = 100 }

/// Pages are written, but no browser is opened.
module Page =
    let show page = Page.save "output/shown.html" page

module Chart =
    let show chart = Chart.save "output/shown.html" chart

// An evolution on a circle.
let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let line = Domain.box [ (-1.0, 1.0) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]
let points = Collocation.grid circle 24
let equation = 0.1 * Term.laplacian
let θ = Network.initial network 1

let start =
    Regression.fit Run.quiet Regression.defaults network (fun x -> x.squeeze(1L).sin()) points

let x = Tensor.linspace Placement.float64 0.0 6.0 7 |> fun x -> x.unsqueeze 1L

let solution =
    Evolution.solve Run.quiet Evolution.defaults equation network points start (0.0, 1.0)

/// Of two components.
let waves =
    let wave = Equation.wave 1.0 1

    let two =
        Network.create wave.Domain [ Layer.harmonics 1; Layer.dense 8 Sine; Layer.outputs 2 ]

    let first = Network.initial two 1
    Evolution.solve Run.quiet Evolution.defaults wave.Term two (Collocation.grid wave.Domain 24) first (0.0, 0.6)

// A density in the plane, and samplers of it.
let target =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]

let samples = Random.normal Placement.float64 1 [ 200; 2 ]

let sampler =
    Sampler.evolve Run.quiet Sampler.defaults Process.ornsteinUhlenbeck target

let draws = sampler |> Sampler.draw Run.quiet 200
let named = draws |> NamedDraws.ofDraws [ "a"; "b" ]
let summary = named |> Summary.create 0.9
let conditional = Conditional.evolve Run.quiet Sampler.defaults [ 0 ] target

let marginal =
    conditional
    |> Marginal.evolve Run.quiet Sampler.defaults Process.ornsteinUhlenbeck

let posterior =
    Posterior.sample
        Run.quiet
        { Posterior.defaults with
            Count = 200
            Particles = 300
        }
        target

// Numbers and charts.
let values = Tensor.toArray (draws.Points.select (1L, 0L))
let weights = Tensor.toArray (Importance.weights draws)
let chart = Chart.lines [ Series.line "u" [| 0.0; 1.0; 2.0 |] [| 0.5; 1.0; 4.0 |] ]
let page = Page.create "A page" "with a chart" [ chart ]

let private failures = ResizeArray<string>()

/// Runs an example and says how long it took, if that is long.
let attempt (name: string) (example: unit -> unit) =
    let watch = Diagnostics.Stopwatch.StartNew()

    try
        use _ = torch.NewDisposeScope()
        example ()
    with error ->
        failures.Add $"{name}: {error.Message}"

    if watch.Elapsed.TotalSeconds > 2.0 then
        printfn $"{name} took {watch.Elapsed.TotalSeconds:F1} s"

/// Fails the script if an example has failed.
let finish () =
    failures |> Seq.iter (eprintfn "%s")
    exit (min failures.Count 1)
