module Mne.Functional.Tests.PosteriorFileTests

open Expecto
open Mne.Functional
open Mne.Functional.Tests.Files

let private quick =
    { Posterior.defaults with
        Count = 200
        Particles = 400
    }

let private two =
    Density.gaussianMixture [ 0.5, [ -1.0; -0.7 ], 0.7; 0.5, [ 1.0; 0.7 ], 0.7 ]

/// The first coordinate is the scale of all others: no mixture of a few components is close to that.
let private funnel =
    Density.ofEnergy 4 (fun x ->
        let a, others = x.select (1L, 0L), x.narrow (1L, 1L, 3L)

        a.Square() ./ 8.0 .+ 1.5 .* a .+ 0.5 .* (others.Square().sum 1L * (-a).exp()))

/// Three coordinates that do not hang together, two of them alike.
let private apart =
    Density.ofEnergy 3 (fun x ->
        let well (k: int64) =
            (x.select(1L, k).Square() .- 1.0).Square()

        well 0L .+ well 2L .+ 0.5 .* (x.select (1L, 1L) .- 4.0).Square())

let private same (again: Posterior) (posterior: Posterior) =
    Check.identical "points" again.Draws.Points posterior.Draws.Points
    Check.identical "log q" again.Draws.LogProposal posterior.Draws.LogProposal
    Check.identical "log w" again.Draws.LogWeights posterior.Draws.LogWeights
    Expect.equal again.LogNormaliser posterior.LogNormaliser "log Z"
    Expect.equal again.Concerns posterior.Concerns "concerns"
    Expect.equal again.Plan posterior.Plan "plan"
    Expect.equal again.Text posterior.Text "words"

    Expect.equal
        (again.Evaluations, again.WithoutDensity)
        (posterior.Evaluations, posterior.WithoutDensity)
        "evaluations, draws without density"

[<Tests>]
let tests =
    testList
        "a posterior in a file"
        [
            for name, target, options, route in
                [
                    "a mixture", two, quick, Route.Mixture
                    "blocks", apart, { quick with Efficiency = 0.7 }, Route.Mixture
                    "tempering", funnel, { quick with Efficiency = 0.9999 }, Route.Tempered
                    "flows of blocks that are alike",
                    apart,
                    { quick with
                        Efficiency = 0.9999
                        Flow = Some PosteriorTests.brief
                    },
                    Route.Flow
                ] do
                Check.scoped $"{name}: reopened it says the same and draws the same" (fun () ->
                    withFile (fun path ->
                        use posterior = Posterior.sample Run.quiet options target

                        let tried =
                            [
                                for block in posterior.Plan.Blocks do
                                    yield! List.map fst block.Efficiencies
                            ]

                        Expect.contains tried route $"{posterior}"
                        Storage.savePosterior path "a test" posterior |> ignore
                        use again = Storage.openPosterior target path
                        same again posterior
                        let run = { Run.quiet with Seed = 3 }
                        use found = again |> Posterior.draw run 50
                        use expected = posterior |> Posterior.draw run 50
                        Check.identical "points" found.Points expected.Points
                        Check.identical "weights" found.LogWeights expected.LogWeights
                        use alone = Storage.openDraws path
                        Check.identical "its draws by themselves" alone.Points posterior.Draws.Points))

            Check.scoped "another formula is refused, also of another dimension" (fun () ->
                withFile (fun path ->
                    use posterior = Posterior.sample Run.quiet quick two
                    Storage.savePosterior path "" posterior |> ignore
                    let tilted = Density.ofEnergy 2 (fun x -> two.Energy x .+ 1e-3 .* x.select (1L, 0L))
                    Check.refuses [ "target"; "differs" ] (fun () -> Storage.openPosterior tilted path |> ignore)
                    Check.refuses [ "target"; "3 dimensions" ] (fun () -> Storage.openPosterior apart path |> ignore)

                    Check.refuses [ "holds a posterior"; "wanted a sampler" ] (fun () ->
                        Storage.openSampler Process.ornsteinUhlenbeck two path |> ignore)))

            test "it leaves nothing behind" {
                Assert.frees (fun () ->
                    withFile (fun path ->
                        use posterior = Posterior.sample Run.quiet quick two
                        Storage.savePosterior path "" posterior |> ignore
                        use _ = Storage.openPosterior two path
                        ()))
            }
        ]
