module Mne.Functional.Tests.SamplerFileTests

open Expecto
open Mne.Functional
open Mne.Functional.Tests.Files

let private target =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]

let private small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish ]
        Cover.Points = Some 120
        Evolve.Sketch = Sketch.Landmarks 60
        Evolve.Regularisation = 1e-5
        Evolve.Tolerance = 1e-3
        Fit.Steps = 10
        Cover.FitPoints = 120
        Cover.Refreshes = 4
        Draw.Tolerance = 1e-3
    }

let private samplers =
    testList
        "a sampler"
        [
            Check.scoped "reopened gives the same draws, also far from unit size" (fun () ->
                withFile (fun path ->
                    let options, family = Sampler.standardise Run.quiet 1.0 small target
                    use sampler = Sampler.evolve Run.quiet options family target
                    Storage.saveSampler path "two modes" sampler |> ignore
                    use again = Storage.openSampler family target path
                    same again.Energy.Solution sampler.Energy.Solution
                    Expect.equal again.FitError sampler.FitError "error of the fit"

                    let found, expected =
                        Sampler.draw { Run.quiet with Seed = 3 } 40 again,
                        Sampler.draw { Run.quiet with Seed = 3 } 40 sampler

                    Check.identical "points" found.Points expected.Points
                    Check.identical "weights" found.LogWeights expected.LogWeights

                    Expect.equal again.Options.Evolve.Regularisation options.Evolve.Regularisation "options"

                    match again.Options.Cover.Start, options.Cover.Start with
                    | Start.Known found, Start.Known expected -> Check.identical "first points" found expected
                    | other -> failtest $"start: %A{other}"))

            Check.scoped "of another target or process, or another kind of file, is refused" (fun () ->
                withFile (fun path ->
                    use sampler = Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck target
                    Storage.saveSampler path "two modes" sampler |> ignore

                    let other =
                        Density.gaussianMixture [ 0.6, [ -1.0; 0.0 ], 0.7; 0.4, [ 1.0; 0.0 ], 0.7 ]

                    Check.refuses [ "target"; "differs" ] (fun () ->
                        Storage.openSampler Process.ornsteinUhlenbeck other path |> ignore)

                    Check.refuses [ "target"; "3 dimensions" ] (fun () ->
                        Storage.openSampler Process.ornsteinUhlenbeck (Density.ofEnergy 3 (fun x -> x.sum 1L)) path
                        |> ignore)

                    let faster d =
                        Process.ornsteinUhlenbeck d |> Process.scheduled (Schedule.linear 1.0 2.0 3.0)

                    Check.refuses [ "family"; "Ornstein–Uhlenbeck" ] (fun () ->
                        Storage.openSampler faster target path |> ignore)

                    Check.refuses [ "holds a sampler"; "wanted a draws" ] (fun () -> Storage.openDraws path |> ignore)

                    // Its solution can be opened by itself.
                    use solution = Storage.openSolution path
                    same solution sampler.Energy.Solution))

            Check.scoped "for conditionals, reopened gives the same draws" (fun () ->
                withFile (fun path ->
                    use conditional = Conditional.evolve Run.quiet small [ 1 ] target
                    Storage.saveConditional path "" conditional |> ignore
                    use again = Storage.openConditional target path
                    Expect.equal (again.Drawn, again.Given) (conditional.Drawn, conditional.Given) "coordinates"
                    let found = again |> Conditional.draw Run.quiet 30 [ 0.5 ]
                    let expected = conditional |> Conditional.draw Run.quiet 30 [ 0.5 ]
                    Check.identical "points" found.Points expected.Points
                    Check.identical "weights" found.LogWeights expected.LogWeights))
        ]

[<Tests>]
let tests = testList "Storage" [ samplers ]
