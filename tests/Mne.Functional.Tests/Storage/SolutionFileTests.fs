module Mne.Functional.Tests.SolutionFileTests

open System.IO
open Expecto
open PureHDF
open Mne.Functional
open Mne.Functional.Tests.Files

let private solutions =
    testList
        "a solution"
        [
            Check.scoped "reopened evaluates to the same bits, and knows how it was made" (fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.5)

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

            Check.scoped "as comma-separated text: a line for each point at each time, numbers to the bit" (fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.5)

                    let times = [ 0.0; 0.25; 0.5 ]
                    let written = Export.solutionCsv path times probe solution
                    let lines = File.ReadAllLines written
                    Expect.equal lines[0] "t,x0,u" "names"
                    let x = Tensor.toArray probe
                    Expect.equal lines.Length (1 + 3 * x.Length) "lines"

                    let found =
                        [|
                            for line in lines[1..] ->
                                line.Split ','
                                |> Array.map (fun n ->
                                    System.Double.Parse(n, System.Globalization.CultureInfo.InvariantCulture))
                        |]

                    let expected =
                        [|
                            for t in times do
                                let u = solution |> Solution.evaluate t probe |> Tensor.toArray

                                for i in 0 .. x.Length - 1 do
                                    [| t; x[i]; u[i] |]
                        |]

                    Expect.equal found expected "numbers"

                    Check.refuses [ "times"; "one or more" ] (fun () ->
                        Export.solutionCsv path [] probe solution |> ignore)

                    Check.refuses [ "points" ] (fun () ->
                        Export.solutionCsv path times (Tensor.zeros Placement.float64 [ 2; 3 ]) solution
                        |> ignore)))

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

                    use solution =
                        Evolution.solve Run.quiet options equation network points start (0.5, 0.25)

                    Storage.saveSolution path "" solution |> ignore
                    use again = Storage.openSolution path
                    same again solution
                    Expect.equal (Solution.parameters 0.3 again).dtype start.dtype "precision"
                    let probe = Tensor.place Placement.float32 probe
                    Check.identical "u" (Solution.evaluate 0.3 probe again) (Solution.evaluate 0.3 probe solution)

                    match again.VectorField.Points with
                    | PointDynamics.Moving([], velocity) ->
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
                    let options = { options with Sketch = Sketch.Exact }

                    use solution =
                        Evolution.solve Run.quiet options (0.1 * Term.laplacian) generic points start (0.0, 0.5)

                    Storage.saveSolution path "" solution |> ignore

                    Check.refuses [ "a function of 2 parameters"; "With" ] (fun () ->
                        Storage.openSolution path |> ignore)

                    Check.refuses [ "network"; "the file was made with" ] (fun () ->
                        Storage.openSolutionWith network path |> ignore)

                    // Of as many parameters, and of the same recipe; near to it, and far from it.
                    for other in
                        [
                            make (fun θ x -> wave θ x + 1e-9) 1
                            make (fun θ x -> 100.0 * θ[0] + 0.0 * x.squeeze 1L + θ[1]) 1
                            make (fun θ x -> nan * wave θ x) 1
                            make (fun θ _ -> failwith "no such function") 1
                        ] do
                        Check.refuses [ "network"; "give the network that it was made with" ] (fun () ->
                            Storage.openSolutionWith other path |> ignore)

                    use again = Storage.openSolutionWith generic path
                    Check.identical "u" (Solution.evaluate 0.3 probe again) (Solution.evaluate 0.3 probe solution)))

            Check.scoped "that failed at once is kept with its outcome" (fun () ->
                withFile (fun path ->
                    let bad = Term.known "1/0" (fun _ x -> x.squeeze (1L) * nan)

                    use solution =
                        Evolution.trySolve Run.quiet options bad network points (start ()) (0.0, 1.0)

                    Storage.saveSolution path "" solution |> ignore
                    use again = Storage.openSolution path
                    same again solution
                    Expect.isEmpty again.Trajectory.Segments "steps"))

            Check.scoped "is saved however long its equation and however deep its network" (fun () ->
                withFile (fun path ->
                    let term count =
                        List.init count (fun k -> 1e-3 * float (k + 1) * Term.value) |> List.reduce (+)

                    let rec nested depth =
                        if depth = 0 then
                            [ Layer.dense 4 Sine ]
                        else
                            [ Layer.dense 4 Sine; Layer.residual (nested (depth - 1)) ]

                    for summands, depth in [ 31, 1; 32, 1; 33, 19; 64, 20; 200, 30; 1000, 100 ] do
                        let deep = Network.create circle (Layer.harmonics 2 :: nested depth)

                        let options =
                            { options with
                                Sketch = Sketch.Exact
                                Tolerance = 1e-2
                                Regularisation = 1e-4
                                Checkpoint = Checkpoint.everyOr raise (CheckpointInterval.Steps 1) path
                                MaximumStep = 5e-4
                            }

                        use start = Network.initial deep 1

                        use solution =
                            Evolution.solve Run.quiet options (term summands) deep points start (0.0, 1e-3)

                        use state = Checkpoint.read path
                        use resumed = Evolution.resume Run.quiet options (term summands) state
                        same resumed solution
                        Storage.saveSolution path (String.replicate 300_000 "words ") solution |> ignore
                        use again = Storage.openSolution path
                        same again solution
                        Expect.equal again.Network.Description deep.Description "network"
                        Expect.equal (Term.show again.VectorField.Term) (Term.show (term summands)) "equation"))

            Check.scoped "is refused, not a stack overflow, where its equation is nested without reason" (fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.1)

                    let deep = List.replicate 200_000 Term.value |> List.reduce (+)

                    Check.refuses [ "nested too deep"; "balanced" ] (fun () -> Notation.write deep |> ignore)
                    Expect.isFalse (File.Exists path) "file"))

            Check.scoped "is laid out with named datasets and attributes" (fun () ->
                withFile (fun path ->
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.1)

                    Storage.saveSolution path "a front" solution |> ignore
                    use file = H5File.OpenRead path
                    let attribute (group: string) name = file.Group(group).Attribute(name)
                    Expect.equal (file.Attribute("problem").Read<string>()) "a front" "problem"
                    Expect.stringContains (file.Attribute("library").Read<string>()) "Mne.Functional 0." "library"
                    Expect.equal ((attribute "options" "MaximumSteps").Read<int>()) 100_000 "steps at most"
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
                    use solution =
                        Evolution.solve Run.quiet options equation network points (start ()) (0.0, 0.1)

                    Assert.frees (fun () ->
                        Storage.saveSolution path "" solution |> ignore
                        use again = Storage.openSolution path
                        (Solution.evaluate 0.05 probe again).Dispose())))
        ]

[<Tests>]
let tests = testList "Storage" [ solutions ]
