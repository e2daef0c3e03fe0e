// Every kind of chart on pages under output/charts-*.html, with the smallest data that show it: to look at when charts are changed.
//     dotnet fsi scripts/charts.fsx      (.ci/pictures takes pictures of the pages: wide, as on a phone, dark)
#load "shared.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting

TorchSharp.torch.set_num_threads 1
let run = Run.quiet

let page (name: string) (title: string) (charts: Chart list) =
    Page.create title "" charts |> picture $"charts-{name}"

// ---------------------------------------------------------------------------------------------------------------- lines
let x = [| 0.0..0.05..6.3 |]
let coarse = [| 0.0..0.7..6.3 |]
let powers = [| 1.0; 10.0; 100.0; 1000.0; 10000.0 |]

page
    "lines"
    "Lines"
    [
        Chart.lines
            [
                Series.line "line" x (x |> Array.map (fun x -> if abs (x - 2.5) < 0.15 then nan else sin x))
                Series.dashed "dashed" x (Array.map (fun x -> sin (x - 0.4)) x)
                Series.dotted "dotted" x (Array.map (fun x -> sin (x - 0.8)) x)
                Series.markers "markers" coarse (Array.map cos coarse)
                Series.lineWithMarkers "line with markers" coarse (Array.map (fun x -> -0.5 * cos x) coarse)
            ]
        |> Chart.titled "Lines and markers"
        |> Chart.captioned "Every kind of series, with a gap where a value is no number."
        |> Chart.axes "x" "u(x, 1)"
        Chart.lines
            [
                Series.lineWithMarkers "first order" powers (powers |> Array.map (fun n -> 0.3 / n))
                Series.lineWithMarkers "third order" powers (powers |> Array.map (fun n -> 0.2 / n ** 3.0))
            ]
        |> Chart.titled "Logarithmic axes"
        |> Chart.axes "points" "relative error"
        |> Chart.logX
        |> Chart.logY
        Chart.trajectories
            "paths"
            [
                for t in 0.0..0.1..5.0 ->
                    points
                        [|
                            for r in [ 0.5; 1.0; 1.5 ] -> [| r * exp (-0.1 * t) * cos t; r * exp (-0.1 * t) * sin t |]
                        |]
            ]
        |> Chart.titled "Trajectories"
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        Chart.bars
            [| "(2, 2)"; "(−2, 2)"; "(2, −2)"; "(−2, −2)" |]
            [ "exact", [| 0.4; 0.3; 0.2; 0.1 |]; "found", [| 0.393; 0.299; 0.203; 0.105 |] ]
        |> Chart.titled "Bars"
        |> Chart.axes "mode" "weight"
    ]

// --------------------------------------------------------------------------------------------------------------- fields
let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 24 Sine ]
let grid = Collocation.grid circle 64

let start =
    Regression.fit run Regression.defaults network (fun x -> x.squeeze(1L).sin()) grid

let solution =
    Evolution.solve run Evolution.defaults (0.5 * Term.laplacian) network grid start (0.0, 2.0)

let place = [| for i in 0..64 -> 2.0 * Math.PI * float i / 64.0 |]
let time = [| 0.0..0.1..2.0 |]
let u = byPlace (values (column place) time solution)

let exact =
    Array2D.init place.Length time.Length (fun i k -> exp (-0.5 * time[k]) * sin place[i])

page
    "fields"
    "Fields"
    [
        Chart.heatmap "u(x, t)" place time u |> Chart.titled "Values of both signs"
        Chart.heatmap "u²(x, t)" place time (Array2D.map (fun u -> u * u) u)
        |> Chart.titled "Values of one sign"
        Chart.animation place time [ "network", u; "exact", exact ]
        |> Chart.titled "An animation"
        Chart.diagnostics (Solution.steps solution)
        |> Chart.titled "The evolution, step by step"
    ]

// ---------------------------------------------------------------------------------------------------------------- draws
let plane =
    Density.gaussianMixture [ 0.7, [ 1.5; 0.0 ], 0.6; 0.3, [ -1.5; 0.5 ], 0.4 ]

let normal = Random.normal Placement.float64 1 [ 600; 2 ]
// Weights of normal draws for the mixture.
let logWeights = -(plane.Energy normal) + (normal.square().sum 1L) / 2.0
let weights = logWeights.softmax 0L |> Tensor.toArray
let first = Tensor.toArray normal[*, 0]
let axis = [| -3.5 .. 0.1..3.5 |]

let density =
    let at =
        Tensor.ofRows
            Placement.float64
            [
                for x in axis do
                    for y in axis -> [ x; y ]
            ]

    let values = (-(plane.Energy at)).exp() |> Tensor.toArray
    Array2D.init axis.Length axis.Length (fun i j -> values[i * axis.Length + j])

page
    "draws"
    "Draws"
    [
        Chart.overlay [ Chart.contours "density" axis axis density; Chart.points "draws" normal ]
        |> Chart.titled "Points over contours"
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        Chart.weightedPoints "weight" normal weights
        |> Chart.titled "Points with weights"
        |> Chart.axes "x₁" "x₂"
        |> Chart.equalAspect
        Chart.overlay
            [
                Chart.histogram "as drawn" first
                Chart.weightedHistogram "weighted" first weights
            ]
        |> Chart.titled "Histograms"
        |> Chart.axes "x₁" "density"
        Chart.corner [ "x₁"; "x₂" ] normal weights |> Chart.titled "A corner of two"
    ]

// --------------------------------------------------------------------------------------------------- draws with names
let data =
    Data.ofJson """{ "y": [28, 8, -3, 7, -1, 1, 18, 12], "sigma": [15, 10, 16, 11, 9, 11, 10, 18] }"""

let model =
    Model.create [ Parameter.real "mu"; Parameter.positive "tau"; Parameter.vector 8 "eta" ] (fun p ->
        [
            Distribution.Normal(p["mu"], 0.0, 5.0)
            Distribution.HalfCauchy(p["tau"], 5.0)
            Distribution.Normal(p["eta"], 0.0, 1.0)
            Distribution.Normal(data["y"], p["mu"] .+ p["tau"] * p["eta"], data["sigma"])
        ])
    |> Model.derived "theta" (fun p -> p["mu"] .+ p["tau"] * p["eta"])

let schools = (model |> Model.sample run Posterior.defaults).Draws
let few = schools |> NamedDraws.select [ "mu"; "tau"; "theta" ]

let made =
    schools
    |> Predictive.draw 1 400 (fun seed draws ->
        NamedDraws.values "theta" draws
        + data["sigma"] * Random.normal Placement.float64 seed [ 400; 8 ])

let ofMu (mu: float) =
    exp (-mu * mu / 50.0) / sqrt (2.0 * Math.PI * 25.0)

page
    "names"
    "Draws with names"
    [
        DrawsChart.forest (Summary.create 0.9 few) |> Chart.titled "A forest"
        made
        |> Predictive.check (fun y -> y.std 1L) data["y"]
        |> DrawsChart.check
        |> Chart.titled "A predictive check"
        |> Chart.axes "standard deviation" "density"
        made
        |> DrawsChart.predictive data["y"]
        |> Chart.titled "What was observed, among what the model makes"
        |> Chart.axes "y" "density"
        DrawsChart.marginals [ ("mu", ofMu) ] few |> Chart.titled "Marginals"
        NamedDraws.select [ "mu"; "tau" ] schools
        |> DrawsChart.pairs
        |> Chart.titled "Pairs"
    ]

page
    "corner"
    "A corner"
    [
        schools
        |> NamedDraws.select [ "eta" ]
        |> DrawsChart.corner
        |> Chart.titled "Eight columns, as many as there may be"
    ]

// -------------------------------------------------------------------------------------------------------------- sampler
let small =
    { Sampler.defaults with
        Cover.Points = Some 200
        Cover.FitPoints = 200
        Cover.Refreshes = 8
        Fit.Steps = 20
        Evolve.Sketch = Sketch.Landmarks 100
        Evolve.Regularisation = 1e-6
    }

let ring = Density.ofEnergy 2 (fun x -> 4.0 * (x.norm 1 - 2.0).square())
let sampler = Sampler.evolve run small Process.ornsteinUhlenbeck ring
let draws = sampler |> Sampler.draw run 2000

Report.ofDraws run Report.defaults sampler draws
|> SamplerPage.create "A ring, by a small network" sampler draws
|> picture "charts-sampler"
