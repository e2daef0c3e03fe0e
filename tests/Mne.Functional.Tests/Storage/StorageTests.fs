module Mne.Functional.Tests.StorageTests

open System
open System.IO
open Expecto
open PureHDF
open Mne.Functional

/// Runs the body with the path of a file that does not exist yet, in a folder that is removed afterwards.
let private withFile (body: string -> unit) =
    let folder =
        Path.Combine(Path.GetTempPath(), $"mne-storage-{Environment.ProcessId}-{Guid.NewGuid():N}")

    try
        body (Path.Combine(folder, "file.h5"))
    finally
        if Directory.Exists folder then
            Directory.Delete(folder, true)

let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]

let private sine (x: Tensor) : Tensor = x.squeeze(1L).sin()

let private points = Collocation.grid circle 24

/// A fit that is good enough to evolve.
let private start () =
    Regression.fit { Regression.defaults with Steps = 15 } network sine points

let private options =
    { Evolution.defaults with
        Tolerance = 1e-5
        Regularisation = 1e-8
        Sketch = Landmarks 20
    }

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

let private probe = Random.uniform Placement.float64 9 [ 50; 1 ]

/// Every tensor of a solution, in order.
let private bits (solution: Solution) =
    [
        for segment in solution.Trajectory.Segments do
            yield! segment.Coefficients
    ]

let private same (actual: Solution) (expected: Solution) =
    Expect.equal actual.Trajectory.Records expected.Trajectory.Records "steps in numbers"
    Expect.equal actual.Outcome expected.Outcome "outcome"
    Expect.equal actual.Trajectory.Evaluations expected.Trajectory.Evaluations "evaluations"
    Expect.equal actual.Trajectory.Stop expected.Trajectory.Stop "end"
    Expect.equal (bits actual).Length (bits expected).Length "coefficients"
    List.iter2 (Check.identical "coefficients") (bits actual) (bits expected)

let private solutions =
    testList
        "a solution"
        [
            Check.scoped "reopened evaluates to the same bits, and knows how it was made" (fun () ->
                withFile (fun path ->
                    use solution = Evolution.solve options equation network points (start ()) (0.0, 0.5)
                    Expect.equal (Storage.saveSolution path "a front" solution) (Path.GetFullPath path) "path"
                    use again = Storage.openSolution path
                    same again solution

                    for t in [ 0.0; 0.123; 0.5 ] do
                        Check.identical "u" (Solution.evaluate t probe again) (Solution.evaluate t probe solution)
                        Check.identical "X" (Solution.points t again) (Solution.points t solution)

                    Expect.equal again.Network.Description network.Description "network"
                    Expect.equal (Term.show again.VectorField.Term) (Term.show equation) "equation"
                    Expect.equal again.VectorField.Landmarks solution.VectorField.Landmarks "landmarks"
                    Expect.equal again.Options.Tolerance options.Tolerance "tolerance"
                    Expect.equal again.Options.Sketch options.Sketch "sketch"))

            Check.scoped "in single precision, with moving points, backwards, with functions in the equation" (fun () ->
                withFile (fun path ->
                    let equation =
                        Term.known "s" (fun t x -> t * (sine x))
                        - Term.transport "b" (fun _ x -> x.ones_like ())

                    let options =
                        { options with
                            Tolerance = 1e-3
                            Regularisation = 1e-4
                            Points = PointDynamics.advected (fun _ x -> x.ones_like ())
                        }

                    let start = Tensor.place Placement.float32 (start ())
                    use solution = Evolution.solve options equation network points start (0.5, 0.25)
                    Storage.saveSolution path "" solution |> ignore
                    use again = Storage.openSolution path
                    same again solution
                    Expect.equal (Solution.parameters 0.3 again).dtype start.dtype "precision"
                    let probe = Tensor.place Placement.float32 probe
                    Check.identical "u" (Solution.evaluate 0.3 probe again) (Solution.evaluate 0.3 probe solution)

                    match again.VectorField.Points with
                    | Moving([], velocity) ->
                        Check.refuses [ "functions are not kept" ] (fun () ->
                            velocity
                                {
                                    Time = 0.0
                                    Points = probe
                                    Jet = Solution.jet Set.empty 0.3 probe again
                                }
                            |> ignore)
                    | other -> failtest $"points: %A{other}"))

            Check.scoped "of a network that is a function is reopened with the network given, and only so" (fun () ->
                withFile (fun path ->
                    let wave (θ: Tensor) (x: Tensor) : Tensor = θ[0] * (x.squeeze 1L + θ[1]).sin()

                    let make (f: Tensor -> Tensor -> Tensor) d =
                        Network.ofFunction (Domain.euclidean d) 2 (fun p s -> Random.normal p s [ 2 ]) f

                    let generic = make wave 1
                    let points = Collocation.given probe
                    let start = Tensor.ofArray Placement.float64 [| 1.0; 0.0 |]
                    let options = { options with Sketch = Exact }

                    use solution =
                        Evolution.solve options (0.1 * Term.laplacian) generic points start (0.0, 0.5)

                    Storage.saveSolution path "" solution |> ignore

                    Check.refuses [ "a function of 2 parameters"; "With" ] (fun () ->
                        Storage.openSolution path |> ignore)

                    Check.refuses [ "network"; "the file was made with" ] (fun () ->
                        Storage.openSolutionWith network path |> ignore)

                    use again = Storage.openSolutionWith generic path
                    Check.identical "u" (Solution.evaluate 0.3 probe again) (Solution.evaluate 0.3 probe solution)))

            Check.scoped "that failed at once is kept with its outcome" (fun () ->
                withFile (fun path ->
                    let bad = Term.known "1/0" (fun _ x -> x.squeeze (1L) * nan)
                    use solution = Evolution.trySolve options bad network points (start ()) (0.0, 1.0)
                    Storage.saveSolution path "" solution |> ignore
                    use again = Storage.openSolution path
                    same again solution
                    Expect.isEmpty again.Trajectory.Segments "steps"))

            Check.scoped "is laid out with named datasets and attributes" (fun () ->
                withFile (fun path ->
                    use solution = Evolution.solve options equation network points (start ()) (0.0, 0.1)
                    Storage.saveSolution path "a front" solution |> ignore
                    use file = H5File.OpenRead path
                    let attribute (group: string) name = file.Group(group).Attribute(name)
                    Expect.equal (file.Attribute("problem").Read<string>()) "a front" "problem"
                    Expect.stringContains (file.Attribute("library").Read<string>()) "Mne.Functional 0." "library"
                    Expect.equal ((attribute "options" "Seed").Read<int>()) 0 "seed"
                    Expect.equal ((attribute "options" "Tolerance").Read<float>()) 1e-5 "tolerance"
                    Expect.equal ((attribute "equation" "rightHandSide").Read<string>()) "0.1 Δu + u − u³" "equation"
                    let steps = uint64 solution.Trajectory.Segments.Length

                    let shape (name: string) =
                        (file.Group("trajectory").Dataset name).Space.Dimensions

                    Expect.equal (shape "parameters") [| steps; 5UL; uint64 network.ParameterCount |] "θ"
                    Expect.equal (shape "points") [| steps; 5UL; 24UL; 1UL |] "X"
                    Expect.equal (shape "residual") [| steps |] "residual"))

            Check.scoped "is saved and reopened without a leak" (fun () ->
                withFile (fun path ->
                    use solution = Evolution.solve options equation network points (start ()) (0.0, 0.1)

                    Assert.frees (fun () ->
                        Storage.saveSolution path "" solution |> ignore
                        use again = Storage.openSolution path
                        (Solution.evaluate 0.05 probe again).Dispose())))
        ]

let private target =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]

let private small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish ]
        PointCount = Some 120
        Sketch = Landmarks 60
        Regularisation = 1e-5
        Tolerance = 1e-3
        FitSteps = 10
        FitPointCount = 120
        DrawTolerance = 1e-3
    }

let private samplers =
    testList
        "a sampler"
        [
            Check.scoped "reopened gives the same draws, also far from unit size" (fun () ->
                withFile (fun path ->
                    let options, family = Sampler.standardise 1.0 small target
                    use sampler = Sampler.evolve options family target
                    Storage.saveSampler path "two modes" sampler |> ignore
                    use again = Storage.openSampler family target path
                    same again.Solution sampler.Solution
                    Expect.equal again.FitError sampler.FitError "error of the fit"
                    let found, expected = Sampler.drawSeeded 3 40 again, Sampler.drawSeeded 3 40 sampler
                    Check.identical "points" found.Points expected.Points
                    Check.identical "weights" found.LogWeights expected.LogWeights

                    Expect.equal again.Options.Regularisation options.Regularisation "options"

                    match again.Options.Start, options.Start with
                    | Start.Known found, Start.Known expected -> Check.identical "first points" found expected
                    | other -> failtest $"start: %A{other}"))

            Check.scoped "of the layout without normal parts is refused" (fun () ->
                withFile (fun path ->
                    let file = H5File()
                    file.Attributes["format"] <- 1
                    file.Attributes["kind"] <- "sampler"

                    Directory.CreateDirectory(Path.GetDirectoryName path |> Unchecked.nonNull)
                    |> ignore

                    file.Write path

                    Check.refuses [ "path"; "older layout"; "make the sampler again" ] (fun () ->
                        Storage.openSampler Process.ornsteinUhlenbeck target path |> ignore)))

            Check.scoped "of another target or process, or another kind of file, is refused" (fun () ->
                withFile (fun path ->
                    use sampler = Sampler.evolve small Process.ornsteinUhlenbeck target
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
                    same solution sampler.Solution))

            Check.scoped "for conditionals, reopened gives the same draws" (fun () ->
                withFile (fun path ->
                    use conditional = Conditional.evolve small [ 1 ] target
                    Storage.saveConditional path "" conditional |> ignore
                    use again = Storage.openConditional target path
                    Expect.equal (again.Drawn, again.Given) (conditional.Drawn, conditional.Given) "coordinates"
                    let found = again |> Conditional.draw 30 [ 0.5 ]
                    let expected = conditional |> Conditional.draw 30 [ 0.5 ]
                    Check.identical "points" found.Points expected.Points
                    Check.identical "weights" found.LogWeights expected.LogWeights))
        ]

let private drawn =
    {
        Points = Check.normal 1 [ 30; 2 ]
        LogProposal = Check.normal 2 [ 30 ]
        LogWeights = Check.normal 3 [ 30 ]
    }

let private draws =
    testList
        "draws"
        [
            Check.scoped "reopened have the same bits" (fun () ->
                withFile (fun path ->
                    Storage.saveDraws path "three" drawn |> ignore
                    let again = Storage.openDraws path
                    Check.identical "points" again.Points drawn.Points
                    Check.identical "log q" again.LogProposal drawn.LogProposal
                    Check.identical "log w" again.LogWeights drawn.LogWeights))

            Check.scoped "as text read back to the same bits" (fun () ->
                withFile (fun path ->
                    let lines = File.ReadAllLines(Export.csv path drawn)
                    Expect.equal lines[0] "x0,x1,logProposal,logWeight" "names"
                    Expect.equal lines.Length 31 "lines"

                    let numbers =
                        array2D
                            [
                                for line in lines[1..] ->
                                    [
                                        for entry in line.Split ',' ->
                                            Double.Parse(entry, Globalization.CultureInfo.InvariantCulture)
                                    ]
                            ]

                    Expect.equal numbers[*, 0..1] (Tensor.toArray2D drawn.Points) "points"
                    Expect.equal numbers[*, 3] (Tensor.toArray drawn.LogWeights) "log w"))

            Check.scoped "as .npy have the header and bytes of NumPy's format 1.0" (fun () ->
                withFile (fun path ->
                    for tensor, kind, shape in
                        [
                            drawn.Points, "<f8", "(30, 2)"
                            Tensor.place Placement.float32 drawn.LogWeights, "<f4", "(30,)"
                            Tensor.scalar Placement.float64 2.5, "<f8", "()"
                        ] do
                        let bytes = File.ReadAllBytes(Export.npy path tensor)

                        Expect.equal
                            bytes[..7]
                            [| 0x93uy; 78uy; 85uy; 77uy; 80uy; 89uy; 1uy; 0uy |]
                            "magic and version"

                        let start = 10 + int (BitConverter.ToUInt16(bytes, 8))
                        Expect.equal (start % 64) 0 "alignment"
                        let header = Text.Encoding.ASCII.GetString bytes[10 .. start - 1]
                        Expect.stringContains header $"'descr': '{kind}'" "type"
                        Expect.stringContains header $"'shape': {shape}" "shape"
                        Expect.stringEnds header "\n" "end of the header"

                        let values =
                            [|
                                for i in 0 .. int (tensor.numel ()) - 1 ->
                                    if kind = "<f8" then
                                        BitConverter.ToDouble(bytes, start + 8 * i)
                                    else
                                        float (BitConverter.ToSingle(bytes, start + 4 * i))
                            |]

                        Expect.equal values (Tensor.toArray tensor) "numbers"))

            testCase "in a file that is missing or something else are refused"
            <| fun () ->
                withFile (fun path ->
                    let missing =
                        Assert.raises<FileNotFoundException>(fun () -> Storage.openDraws path |> ignore)

                    Expect.stringContains missing.Message path "message"

                    Directory.CreateDirectory(Path.GetDirectoryName path |> Unchecked.nonNull)
                    |> ignore

                    File.WriteAllText(path, String.replicate 100 "no HDF5 file ")
                    Check.refuses [ "not an HDF5 file" ] (fun () -> Storage.openDraws path |> ignore)
                    H5File().Write path
                    Check.refuses [ "not written by this library" ] (fun () -> Storage.openDraws path |> ignore)
                    Check.refuses [ "empty path" ] (fun () -> Storage.saveDraws "" "" drawn |> ignore))
        ]

exception private Killed

/// Solves with checkpoints, is killed after `steps` steps, reads the last checkpoint and goes on.
let private killAndResume (options: EvolutionOptions) equation steps (t0, t1) =
    // At least ten steps, so that there is something to resume.
    let options = { options with MaximumStep = 0.1 }
    use whole = Evolution.solve options equation network points (start ()) (t0, t1)
    Expect.isGreaterThan whole.Trajectory.Records.Length (steps + 1) "steps of the whole run"

    withFile (fun path ->
        let write = Checkpoint.every (Steps 2) path
        let count = ref 0

        let killed state =
            write state
            count.Value <- count.Value + 1

            if count.Value = steps then
                raise Killed

        Assert.raises<exn>(fun () ->
            Evolution.solve { options with Checkpoint = killed } equation network points (start ()) (t0, t1)
            |> ignore)
        |> fun error -> Expect.equal error Killed "killed"

        let state = Checkpoint.read path
        Expect.equal state.Integrator.Reached.Records.Length (steps / 2 * 2) "steps in the checkpoint"
        use resumed = Evolution.resume options equation state
        same resumed whole
        Expect.equal resumed.VectorField.Landmarks whole.VectorField.Landmarks "landmarks"

        Expect.equal
            (Directory.GetFiles(Path.GetDirectoryName path |> Unchecked.nonNull))
            [| path |]
            "no file but the checkpoint")

let private checkpoints =
    testList
        "a run that was killed and resumed has the bits of one that was not"
        [
            Check.scoped "with fixed points" (fun () -> killAndResume options equation 5 (0.0, 1.0))

            Check.scoped "backwards" (fun () ->
                killAndResume options (-1.0 * Term.transport "b" (fun _ x -> x.ones_like ())) 3 (1.0, 0.0))

            Check.scoped "with moving points and functions in the equation" (fun () ->
                let options =
                    { options with
                        Points = PointDynamics.advected (fun t x -> t * x.ones_like ())
                    }

                killAndResume options (Term.known "s" (fun t x -> t * sine x) + 0.1 * Term.laplacian) 3 (0.0, 1.0))

            testList
                "with points drawn anew, between and at the draws"
                [
                    for sketch in [ options.Sketch; Adaptive 1.2 ] do
                        for steps in [ 2; 3; 4; 5; 6; 7 ] ->
                            Check.scoped $"{sketch}, after {steps} steps" (fun () ->
                                let follow (local: Local) =
                                    let slope = (Jet.gradient local.Jet).norm 1
                                    slope.mean () + slope

                                let options =
                                    { options with
                                        Sketch = sketch
                                        Points =
                                            PointDynamics.redrawn
                                                0.25
                                                (Collocation.sequence circle 200)
                                                [ Partial(0, 1) ]
                                                follow
                                    }

                                killAndResume options equation steps (0.0, 1.0))
                ]

            Check.scoped "and is refused with another equation or a file of something else" (fun () ->
                withFile (fun path ->
                    let options =
                        { options with
                            Checkpoint = Checkpoint.every (Steps 1) path
                        }

                    use solution = Evolution.solve options equation network points (start ()) (0.0, 0.5)
                    use state = Checkpoint.read path

                    Check.refuses [ "term"; "0.1 Δu + u − u³" ] (fun () ->
                        Evolution.resume options Term.laplacian state |> ignore)

                    Storage.saveSolution path "" solution |> ignore

                    Check.refuses [ "holds a solution"; "wanted a checkpoint" ] (fun () ->
                        Checkpoint.read path |> ignore)))

            Check.scoped "and leaves no tensor behind" (fun () ->
                withFile (fun path ->
                    let start = start ()

                    let options =
                        { options with
                            Checkpoint = Checkpoint.every (Steps 1) path
                        }

                    Assert.frees (fun () ->
                        use solution = Evolution.solve options equation network points start (0.0, 0.5)
                        use resumed = Evolution.resume options equation (Checkpoint.read path)
                        same resumed solution)))

            testCase "and intervals are positive"
            <| fun () ->
                Check.refuses [ "interval"; "at least 1" ] (fun () -> Checkpoint.every (Steps 0) "x" |> ignore)

                Check.refuses [ "interval"; "greater than 0" ] (fun () ->
                    Checkpoint.every (Elapsed TimeSpan.Zero) "x" |> ignore)
        ]

[<Tests>]
let tests = testList "Storage" [ solutions; samplers; draws; checkpoints ]
