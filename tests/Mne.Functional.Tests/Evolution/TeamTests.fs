/// One computation on several ranks, here threads, gives what one rank gives.
module Mne.Functional.Tests.TeamTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional

let private plane = Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create plane [ Layer.harmonics 1; Layer.dense 16 Sine; Layer.dense 16 Sine ]

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

/// A number of points that two, three and four ranks have unlike parts of.
let private points = Collocation.sequence plane 151 |> Collocation.fixedBy 1

let private start = Network.initial network 3

let private options =
    { Evolution.defaults with
        Sketch = Sketch.Landmarks 40
        Regularisation = 1e-7
        Tolerance = 1e-4
    }

let private solve run options term until =
    Evolution.solve run options term network points start (0.0, until)

/// θ at the end, on every rank.
let private onRanks size options term until =
    Communicator.threads size (fun ranks ->
        use solution = solve (Run.quiet |> Run.among ranks) options term until
        Scope.free (fun () -> Tensor.toArray (Solution.parameters until solution)))

let private onOne options term until =
    use solution = solve Run.quiet options term until
    Scope.free (fun () -> Tensor.toArray (Solution.parameters until solution))

let private probes () =
    Random.uniform Placement.float64 5 [ 100; 2 ] .* 6.0

/// u by parameters, relative to its size: θ itself may turn where the kernel hardly sees it.
let private apart (one: float[]) (other: float[]) =
    Scope.free (fun () ->
        let u (θ: float[]) =
            Network.value network (Tensor.ofArray Placement.float64 θ) (probes ())

        Tensor.rms (u one - u other) / Tensor.rms (u one))

let private same name size options term until =
    test name {
        let expected = onOne options term until

        for found in onRanks size options term until do
            Expect.isLessThan (apart expected found) 1e-10 $"{size} ranks"
    }

[<Tests>]
let tests =
    testList
        "Team"
        [
            for size in [ 2; 3; 4 ] do
                same $"an evolution in the plane on {size} ranks is that of one" size options equation 0.05

            same
                "errors relative to the spread, by Chebyshev's method"
                3
                { options with
                    ErrorScale = ErrorScale.Spread
                    Method = Method.chebyshev 6
                }
                equation
                0.05

            same
                "points that move, each with its rank"
                3
                { options with
                    Points = PointDynamics.advected (fun t x -> 0.3 .* x.flip(1L).cos())
                }
                equation
                0.03

            same
                "points that are drawn anew where the equation is satisfied worst, and landmarks chosen anew"
                2
                { options with
                    Sketch = Sketch.Adaptive 1.0
                    Regularisation = 1e-4
                    Points = PointDynamics.residual 0.02 (Collocation.sequence plane 600)
                }
                equation
                0.05

            same "means over the points of all ranks" 3 options (equation - 0.3 * Term.centred Term.value) 0.03

            test "the results of all ranks are the same bits, and do not grow with their number" {
                let results = onRanks 4 options equation 0.02

                for other in results do
                    Expect.equal other results[0] "bits"

                let notes size =
                    Communicator.threads size (fun ranks ->
                        use solution = solve (Run.quiet |> Run.among ranks) options equation 0.02
                        let last = Array.last (Solution.steps solution)
                        last.Note.Residual, last.Note.EffectiveRank, last.Step)

                let residual, rank, step = (notes 1)[0]

                for found, directions, taken in notes 4 do
                    Expect.floatClose Accuracy.medium found residual "the residual is that of one rank"
                    Expect.floatClose Accuracy.low directions rank "the effective rank"
                    Expect.floatClose Accuracy.medium taken step "the step"
            }

            test "numbers exchanged for one evaluation: s(s + 1)/2 + 3s and a few; and θ̇ where processors are unlike" {
                let s, n = 40, 151

                let evaluated alike =
                    Communicator.threads 2 (fun ranks ->
                        let counted, bytes = Communicator.counted ranks

                        Scope.free (fun () ->
                            let x = Collocation.points Placement.float64 1 points

                            let field =
                                {
                                    Network = network
                                    Term = equation
                                    Points = PointDynamics.Fixed
                                    PointCount = n
                                    Landmarks = Sketch.landmarks 2 1 n (Sketch.Landmarks s)
                                    Regularisation = 1e-7
                                    Walls = []
                                }

                            let team, _ = Team.ofRun counted CancellationToken.None
                            Expect.isTrue team.Alike "threads of one processor are alike"
                            let before = bytes ()

                            let slope, _ =
                                VectorField.evaluateBy
                                    { team with Alike = alike }
                                    field
                                    0.0
                                    (VectorField.pack start x)

                            bytes () - before, Tensor.toArray slope))

                let few = 8L * int64 (s * (s + 1) / 2 + 3 * s + 16)
                let alike, unlike = evaluated true, evaluated false
                Expect.all alike (fun (bytes, _) -> bytes = few) $"%A{Array.map fst alike}"

                for bytes, slope in unlike do
                    Expect.equal bytes (few + 8L * int64 network.ParameterCount) "and θ̇"
                    Expect.equal slope (snd alike[0]) "which is the same here"

                Expect.equal
                    (Communicator.threads 3 (fun ranks -> Team.same ranks 7.0, Team.same ranks (float (ranks.Rank / 2))))
                    (Array.create 3 (true, false))
                    "unlike ranks are noticed"
            }

            test "the exact problem is refused above one rank, with advice, and so are fewer points than ranks" {
                let refused options points =
                    Communicator.threads 2 (fun ranks ->
                        try
                            Evolution.solve
                                (Run.quiet |> Run.among ranks)
                                options
                                equation
                                network
                                points
                                start
                                (0.0, 0.1)
                            |> ignore

                            ""
                        with :? ArgumentException as error ->
                            error.Message)

                for message in refused { options with Sketch = Sketch.Exact } points do
                    Expect.stringContains message "Landmarks" "advice"

                for message in
                    refused
                        { options with
                            Sketch = Sketch.Landmarks 1
                        }
                        (Collocation.given ((probes ()).narrow(0L, 0L, 1L))) do
                    Expect.stringContains message "found 1 for 2 ranks" "points"
            }

            test "a function that sees the other points is refused before any work" {
                let sees =
                    Term.custom "sees" [ Derivative.Value ] (fun local ->
                        let u = Jet.value local.Jet
                        u - u.mean ())

                let messages =
                    Communicator.threads 2 (fun ranks ->
                        try
                            solve (Run.quiet |> Run.among ranks) options sees 0.1 |> ignore
                            ""
                        with error ->
                            error.Message)

                for message in messages do
                    Expect.stringContains message "each point alone" "advice"
            }

            test "what is not finite on one rank rejects the step on all, and ends all with one outcome" {
                // A pole that a point of the last rank sees after a while.
                let outcomes =
                    Communicator.threads 3 (fun ranks ->
                        let pole =
                            Term.custom "pole" [ Derivative.Value ] (fun local ->
                                let u = Jet.value local.Jet

                                if local.Time > 0.01 && ranks.Rank = 2 then u .* nan else u)

                        use solution =
                            Evolution.trySolve
                                (Run.quiet |> Run.among ranks)
                                options
                                pole
                                network
                                points
                                start
                                (0.0, 0.1)

                        Solution.stop solution, solution.Outcome.Advice)

                Expect.isLessThanOrEqual (fst outcomes[0]) 0.01 "it ends there"

                for stop, _ in outcomes do
                    Expect.equal stop (fst outcomes[0]) "all end at one time"
            }

            test "one rank that is asked to stop stops all at the same step, with what was reached" {
                let stops =
                    Communicator.threads 2 (fun ranks ->
                        use asked = new CancellationTokenSource()

                        let run =
                            { Run.quiet with
                                Cancellation = asked.Token
                                Communicator = ranks
                                Meter =
                                    fun report ->
                                        if ranks.Rank = 1 && report.Accepted = 2 then
                                            asked.Cancel()
                            }

                        use solution =
                            Evolution.trySolve run options equation network points start (0.0, 1.0)

                        Expect.isTrue solution.Outcome.IsCancelled "cancelled"
                        Solution.stop solution)

                Expect.equal stops[0] stops[1] "at one time"
            }

            test "a checkpoint of three ranks goes on on two, and on one" {
                let file = IO.Path.GetTempFileName()
                let until = 0.3

                let options =
                    { options with
                        Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) file
                    }

                let expected = onRanks 3 options equation until

                let resume run =
                    Checkpoint.read file
                    |> Evolution.resume run { options with Checkpoint = ignore } equation

                let onTwo =
                    Communicator.threads 2 (fun ranks ->
                        use solution = resume (Run.quiet |> Run.among ranks)
                        Scope.free (fun () -> Tensor.toArray (Solution.parameters until solution)))

                use onOne = resume Run.quiet
                let onOne = Scope.free (fun () -> Tensor.toArray (Solution.parameters until onOne))
                IO.File.Delete file

                for found in [ onTwo[0]; onTwo[1]; onOne ] do
                    Expect.isLessThan (apart expected[0] found) 1e-10 "gone on"
            }

            test
                "a fit to drawn points, with landmarks, is that of one rank; so is an exact one, and one that goes on on fewer" {
                let g (x: Tensor) =
                    x.select(1L, 0L).sin() * x.select(1L, 1L).cos()

                let options sketch =
                    { Regression.defaults with
                        Steps = 8
                        Sketch = sketch
                        Regularisation = 1e-2, 1e-5
                    }

                let drawn = Collocation.uniform plane 151

                let fit sketch run =
                    Regression.tryFit run (options sketch) network g drawn

                for sketch in [ Sketch.Landmarks 60; Sketch.Adaptive 1.5; Sketch.Exact ] do
                    use expected = fit sketch Run.quiet
                    let whole = Tensor.toArray expected.Parameters

                    for found, error in
                        Communicator.threads 3 (fun ranks ->
                            use fitted = fit sketch (Run.quiet |> Run.among ranks)
                            Tensor.toArray fitted.Parameters, fitted.Error) do
                        Expect.isLessThan (apart whole found) 1e-9 $"{sketch}"
                        Expect.floatClose Accuracy.medium error expected.Error "its error"

                    let folder = IO.Directory.CreateTempSubdirectory "mne-team-"
                    let file = IO.Path.Combine(folder.FullName, "fit.h5")
                    let writers = Collections.Concurrent.ConcurrentBag<int>()

                    Communicator.threads 3 (fun ranks ->
                        let write = Checkpoint.everyFit (CheckpointInterval.Steps 5) file

                        let saving =
                            { options sketch with
                                Checkpoint =
                                    fun state ->
                                        writers.Add ranks.Rank
                                        write state
                            }

                        use _ = Regression.tryFit (Run.quiet |> Run.among ranks) saving network g drawn

                        ())
                    |> ignore

                    Expect.equal (set writers) (set [ 0 ]) "rank 0 writes"

                    for size in [ 1; 2 ] do
                        for found in
                            Communicator.threads size (fun ranks ->
                                use fitted =
                                    Checkpoint.readFit file
                                    |> Regression.tryResume
                                        (Run.quiet |> Run.among ranks)
                                        (options sketch)
                                        network
                                        g
                                        drawn

                                Tensor.toArray fitted.Parameters) do
                            Expect.isLessThan (apart whole found) 1e-9 $"{sketch}, gone on on {size}"

                    folder.Delete true
            }

            test "a sampler and its draws are those of one rank" {
                let target =
                    Density.ofEnergy 5 (fun x -> (0.5 .* x.Square() .+ 0.25 .* (1.5 .* x).cos()).sum 1L)

                let options =
                    { Sampler.defaults with
                        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish ]
                        Cover.Points = Some 203
                        Cover.FitPoints = 203
                        Cover.Refreshes = 3
                        Duration = 1.5
                        Fit.Steps = 20
                        Evolve.Sketch = Sketch.Landmarks 40
                        Evolve.Regularisation = 1e-4
                        Draw.Tolerance = 1e-3
                    }

                let work run =
                    let run = { run with Rows = 15 }
                    use sampler = Sampler.evolve run options Process.ornsteinUhlenbeck target
                    use draws = sampler |> Sampler.draw run 40
                    let back = Sampler.logProposal run draws.Points sampler
                    Tensor.toArray draws.Points, Tensor.toArray draws.LogWeights, Tensor.toArray back

                let points, weights, back = work Run.quiet

                for found, w, b in Communicator.threads 3 (fun ranks -> work (Run.quiet |> Run.among ranks)) do
                    for one, other in Array.concat [ Array.zip points found; Array.zip weights w; Array.zip back b ] do
                        Expect.isLessThan (abs (one - other)) 1e-10 "to rounding"
            }
        ]
