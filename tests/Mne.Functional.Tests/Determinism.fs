/// The same seed on the same machine gives the same bits, also in another process: every pipeline that the scripts use, in small.
module Mne.Functional.Tests.Determinism

open System
open System.Diagnostics
open System.Security.Cryptography
open Expecto
open Mne.Functional

/// The argument that makes this program a process that prints the hashes of the pipelines.
let argument = "--hash-pipelines"

let private hash (tensors: Tensor seq) : string =
    tensors
    |> Seq.collect Tensor.toArray
    |> Seq.collect BitConverter.GetBytes
    |> Seq.toArray
    |> SHA256.HashData
    |> Convert.ToHexString

let private ofSolution (solution: Solution) =
    hash
        [
            Solution.parameters (Solution.stop solution) solution
            Solution.points (Solution.stop solution) solution
        ]

let private ofDraws (draws: Draws) =
    hash [ draws.Points; draws.LogProposal; draws.LogWeights ]

let private run = { Run.quiet with Seed = 5 }

/// An equation on a circle, with points that stay or are drawn anew.
let private equation points =
    let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

    let network =
        Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine; Layer.dense 16 Sine ]

    let grid = Collocation.grid circle 48

    let start =
        Regression.fit run { Regression.defaults with Steps = 12 } network (fun x -> x.squeeze(1L).sin()) grid

    use solution =
        Evolution.solve
            run
            { Evolution.defaults with
                Points = points
                Sketch = Sketch.Landmarks 24
                Regularisation = 1e-8
                Tolerance = 1e-3
            }
            (0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value)
            network
            grid
            start
            (0.0, 0.3)

    ofSolution solution

let private target =
    Density.gaussianMixture [ 0.7, [ 1.5; 0.5 ], 0.6; 0.3, [ -1.5; -0.5 ], 0.4 ]

let private small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 12 Swish; Layer.dense 12 Swish ]
        Cover.Points = Some 90
        Cover.FitPoints = 90
        Cover.Refreshes = 4
        Fit.Steps = 8
        Evolve.Regularisation = 1e-6
        Evolve.Tolerance = 1e-2
        Draw.Tolerance = 1e-3
    }

let private chains =
    Start.Cooled
        { Chains.defaults with
            Chains = 80
            Cooling = 20
            Sampling = 10
        }

let private circleGrid =
    Collocation.uniform (Domain.periodic [ (0.0, 2.0 * Math.PI) ]) 400

/// Each by name: its numbers, from nothing but seeds.
let private pipelines: (string * (unit -> string)) list =
    [
        "an equation at points that stay", (fun () -> equation PointDynamics.Fixed)
        "an equation at points drawn anew", (fun () -> equation (PointDynamics.steep 0.1 circleGrid))
        "a sampler, its draws by the flow and by the reverse SDE",
        fun () ->
            use sampler = Sampler.evolve run small Process.ornsteinUhlenbeck target
            use flow = sampler |> Sampler.draw run 50
            use paths = sampler |> ReverseSde.draw run { ReverseSde.defaults with Steps = 8 } 50

            use annealed =
                sampler
                |> AnnealedDraws.draw
                    run
                    { AnnealedDraws.defaults with
                        Threshold = 1.0
                        Stops = 3
                    }
                    200

            ofSolution sampler.Energy.Solution + ofDraws flow + ofDraws paths
        "a standardised sampler that begins with chains",
        fun () ->
            let options, family =
                Sampler.standardise run 2.0 { small with Cover.Start = chains } target

            use sampler = Sampler.evolve run options family target
            use draws = sampler |> Sampler.draw run 50
            use chain = MarkovChain.langevin run MarkovChain.defaults target draws.Points
            ofDraws draws + hash [ chain.Points ]
        "draws of one call, resampled, and data that a model makes from them",
        fun () ->
            use posterior =
                Posterior.sample
                    run
                    { Posterior.defaults with
                        Count = 200
                        Particles = 300
                    }
                    target

            use named = posterior.Draws |> NamedDraws.ofDraws [ "a"; "b" ]
            use even = named |> NamedDraws.resample 3 50

            use data =
                named
                |> Predictive.draw 4 50 (fun seed draws ->
                    draws.Values .+ Random.normal Placement.float64 seed [ 50; 2 ])

            hash [ even.Values; data ]
        "a model, in its own units",
        fun () ->
            use inference =
                Model.create [ Parameter.real "a"; Parameter.positive "b" ] (fun p ->
                    [
                        Distribution.Normal(p["a"], 0.0, p["b"])
                        Distribution.Gamma(p["b"], 2.0, 1.0)
                    ])
                |> Model.sample
                    run
                    { Posterior.defaults with
                        Count = 100
                        Particles = 200
                    }

            hash [ inference.Draws.Values; inference.Draws.LogWeights ]
        "a conditional, and a marginal from it",
        fun () ->
            use conditional = Conditional.evolve run small [ 0 ] target
            use marginal = conditional |> Marginal.evolve run small Process.ornsteinUhlenbeck
            use given = conditional |> Conditional.draw run 30 [ 0.5 ]
            use both = marginal |> Marginal.draw run 30
            ofDraws given + ofDraws both
    ]

/// Prints a line for each pipeline. The numbers before it lie elsewhere in memory for every `shift`.
let child (shift: string) : unit =
    for name, numbers in pipelines do
        Scope.free (fun () ->
            let _elsewhere = Tensor.zeros Placement.float64 [ 37 * int shift + 1 ]
            printfn $"{name}: {numbers ()}")

/// What three processes of their own say, each a line for each pipeline.
let private said () : string[] list =
    let start (shift: int) =
        let command = ProcessStartInfo("dotnet", RedirectStandardOutput = true)

        for part in [ Reflection.Assembly.GetExecutingAssembly().Location; argument; string shift ] do
            command.ArgumentList.Add part

        Process.Start command |> Unchecked.nonNull

    let lines (running: Diagnostics.Process) =
        use running = running
        let said = running.StandardOutput.ReadToEnd()
        running.WaitForExit()
        Expect.equal running.ExitCode 0 "it ends well"
        said.Split('\n', StringSplitOptions.RemoveEmptyEntries)

    // Side by side: what each says fits into its pipe.
    [ 0..2 ] |> List.map start |> List.map lines

/// So many pipelines in three processes, and how many of them have more than one hash.
let trust () : int * int =
    let said = said ()

    let differing =
        [
            for k in 0 .. pipelines.Length - 1 do
                if
                    (said
                     |> List.map (fun lines -> Array.tryItem k lines |> Option.defaultValue "")
                     |> List.distinct)
                        .Length
                    <> 1
                then
                    printfn $"differs: {fst pipelines[k]}"
                    k
        ]

    pipelines.Length, differing.Length

[<Tests>]
let tests =
    test "three processes, one hash for each pipeline" {
        let said = said ()
        Expect.equal said.Head.Length pipelines.Length "a line for each"

        for shift in 1..2 do
            Expect.equal said[shift] said.Head $"process {shift}"
    }
