/// What tests start on several ranks: `mpirun -n 3 dotnet Mne.Functional.MpiCheck.dll WORK …`. Rank 0 prints what it has found.
module Mne.Functional.MpiCheck.Program

open System
open System.Diagnostics
open System.IO
open System.Threading
open TorchSharp
open Mne.Functional

let private say (run: Run) (line: string) =
    if run.Communicator.Rank = 0 then
        Console.WriteLine line
        Console.Out.Flush()

/// The sum of 1, 2, … over ranks, and the numbers of the last rank.
let private sum (run: Run) =
    let ranks = run.Communicator
    let numbers = [| float (ranks.Rank + 1); 0.5 |]
    ranks.Sum numbers
    let shared = [| float ranks.Rank; 7.0 |]
    ranks.Share (ranks.Size - 1) shared
    ranks.Barrier()
    say run $"{ranks.Name}: {ranks.Size} ranks, sum {numbers[0]} {numbers[1]}, shared {shared[0]} {shared[1]}"

/// How long a sum takes.
let private latency (run: Run) =
    for count in [ 1; 1000; 131_000 ] do
        let numbers = Array.zeroCreate<float> count
        run.Communicator.Sum numbers
        let clock = Stopwatch.StartNew()

        for _ in 1..100 do
            run.Communicator.Sum numbers

        say run $"{count} numbers: {clock.Elapsed.TotalMilliseconds * 10.0:F1} µs"

/// The last rank raises, and the others wait.
let private raises (run: Run) =
    if run.Communicator.Rank = run.Communicator.Size - 1 then
        failwith "this rank gives up"

    run.Communicator.Barrier()

/// The last rank works for so many seconds, with nothing to say, and the others wait; a stop that is asked for is heard by all afterwards.
/// The file is there once all have begun.
let private slow (seconds: float) (file: string) (run: Run) =
    run.Communicator.Barrier()

    if run.Communicator.Rank = 0 then
        File.WriteAllText(file, "")

    if run.Communicator.Rank = run.Communicator.Size - 1 then
        Thread.Sleep(TimeSpan.FromSeconds seconds)

    run.Communicator.Barrier()
    say run $"all {run.Communicator.Size} are there, after {seconds} s"
    Run.stopIfAsked run

let private plane = Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create plane [ Layer.harmonics 1; Layer.dense 16 Sine; Layer.dense 16 Sine ]

let private equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

let private options =
    { Evolution.defaults with
        Sketch = Sketch.Landmarks 40
        Regularisation = 1e-7
        Tolerance = 1e-4
    }

/// 151 points, which no number of ranks from 2 to 4 divides.
let private planar (run: Run) options until =
    Evolution.solve
        run
        options
        equation
        network
        (Collocation.sequence plane 151 |> Collocation.fixedBy 1)
        (Network.initial network 3)
        (0.0, until)

let private probes () =
    Random.uniform Placement.float64 5 [ 100; 2 ] .* 6.0

let private valuesOf (solution: Solution) until =
    Scope.free (fun () -> Tensor.toArray (Solution.evaluate until (probes ()) solution))

/// u at the end of an evolution in the plane.
let private evolution run =
    use solution = planar run options 0.05
    valuesOf solution 0.05

/// Draws of a sampler in five dimensions, and their weights.
let private sampler (run: Run) =
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

    let run = { run with Rows = 15 }
    use sampler = Sampler.evolve run options Process.ornsteinUhlenbeck target
    use draws = sampler |> Sampler.draw run 40
    Array.append (Tensor.toArray draws.Points) (Tensor.toArray draws.LogWeights)

/// How far the results of all ranks are from that of one, relative to its size.
let private agrees (run: Run) =
    for name, work in [ "evolution", evolution; "sampler", sampler ] do
        let shared = work run
        let alone = work Run.quiet
        let size = Array.max (Array.map abs alone)

        let apart =
            [| (Array.map2 (fun a b -> abs (a - b)) shared alone |> Array.max) / size |]

        // Every rank's distance counts.
        run.Communicator.Sum apart
        say run $"{name} on {run.Communicator.Size} ranks of {run.Communicator.Name}: {apart[0]:E1} from one"

/// The time of one evaluation at N points with s landmarks, on all ranks and on this one alone, and the bytes exchanged.
let private times (n: int) (s: int) (run: Run) =
    let network =
        Network.create (Domain.euclidean 4) (List.replicate 3 (Layer.dense 128 Tanh))

    Scope.free (fun () ->
        let x = Random.normal Placement.float64 2 [ n; 4 ]

        let options =
            { Evolution.defaults with
                Sketch = Sketch.Landmarks s
                Regularisation = 1e-6
                Tolerance = 1e9
                Controller = Controller.constant 1e-4
                Method = Method.chebyshev 6
            }

        /// Seconds for each evaluation, and evaluations.
        let measure run steps =
            let clock = Stopwatch.StartNew()

            use solution =
                Evolution.solve
                    run
                    options
                    (0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value)
                    network
                    (Collocation.given x)
                    (Network.initial network 1)
                    (0.0, 1e-4 * float steps)

            clock.Elapsed.TotalSeconds, solution.Trajectory.Evaluations

        /// The difference of a longer and a shorter run leaves out what happens once.
        let each run =
            measure run 1 |> ignore
            let short, few = measure run 1
            let long, many = measure run 3
            (long - short) / float (many - few)

        let counted, bytes = Communicator.counted run.Communicator
        let _, before = measure { run with Communicator = counted } 1
        let first = bytes ()
        let _, after = measure { run with Communicator = counted } 2
        let exchanged = float (bytes () - 2L * first) / float (after - before)
        let shared = each run
        run.Communicator.Barrier()
        // Rank 0 by itself, while the others wait.
        let alone = if run.Communicator.Rank = 0 then each Run.quiet else nan

        run.Communicator.Barrier()

        say
            run
            $"N = {n}, s = {s}, {run.Communicator.Size} ranks: {1e3 * shared:F0} ms an evaluation, {1e3 * alone:F0} ms alone, ratio {shared / alone:F2}; {exchanged:F0} bytes, by the formula {8 * (s * (s + 1) / 2 + 3 * s + 16)} and norms")

/// A long evolution with checkpoints, or the rest of it; u at its end.
let private long (file: string) (until: float) (run: Run) =
    let options =
        { options with
            Controller = Controller.constant 2e-3
            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 3) file
        }

    use solution =
        if File.Exists file then
            Checkpoint.read file |> Evolution.resume run options equation
        else
            planar run options until

    let values =
        valuesOf solution until
        |> Array.map (fun v -> v.ToString "R")
        |> String.concat " "

    say run $"u: {values}"

[<EntryPoint>]
let main arguments =
    try
        match List.ofArray arguments with
        | [ "sum" ] -> Mpi.run sum
        | [ "latency" ] -> Mpi.run latency
        | [ "raises" ] -> Mpi.run raises
        | [ "slow"; seconds; file ] -> Mpi.run (slow (float seconds) file)
        | [ "agrees" ] -> Mpi.run agrees
        | [ "times"; n; s ] -> Mpi.run (times (int n) (int s))
        | [ "long"; file; until ] -> Mpi.run (long file (float until))
        | _ -> eprintfn "MpiCheck sum | latency | raises | slow SECONDS FILE | agrees | times N s | long FILE UNTIL"

        0
    with :? OperationCanceledException ->
        75
