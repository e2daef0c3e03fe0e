/// Mutated files of all kinds: each is refused as damaged, or has the values of the file that it was made from.
/// MNE_FUZZ=20000 takes that many in place of a few hundred.
module Mne.Functional.Tests.FuzzTests

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Mne.Functional
open Mne.Functional.Tests.Files

let private count =
    match Int32.TryParse(Environment.GetEnvironmentVariable "MNE_FUZZ") with
    | true, count -> count
    | _ -> 600

let private target =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]

/// All the numbers of a solution.
let private values (solution: Solution) =
    [|
        for coefficients in bits solution do
            yield! Tensor.toArray coefficients
    |]

/// A file of every kind in the folder, with what opens it and gives its numbers.
let private kinds (folder: string) : (string * (string -> float[])) list =
    let path name = Path.Combine(folder, name + ".h5")

    let options =
        { options with
            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) (path "checkpoint")
        }

    use start = start ()

    Regression.fit
        Run.quiet
        { Regression.defaults with
            Steps = 15
            Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1) (path "fit")
        }
        network
        sine
        points
    |> _.Dispose()

    use solution =
        Evolution.solve Run.quiet options equation network points start (0.0, 0.1)

    let options =
        { Sampler.defaults with
            Network = fun domain -> Network.create domain [ Layer.dense 8 Swish ]
            Cover.Points = Some 40
            Evolve.Sketch = Sketch.Exact
            Evolve.Regularisation = 1e-5
            Evolve.Tolerance = 1e-2
            Fit.Steps = 3
            Cover.FitPoints = 60
            Cover.Refreshes = 1
        }

    use sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck target

    use draws: Draws =
        {
            Points = Check.normal 1 [ 30; 2 ]
            LogProposal = Check.normal 2 [ 30 ]
            LogWeights = Check.normal 3 [ 30 ]
        }

    let draw path =
        use draws = Storage.openDraws path
        Array.concat [ Tensor.toArray draws.Points; Tensor.toArray draws.LogWeights ]

    use posterior =
        Posterior.sample
            Run.quiet
            { Posterior.defaults with
                Count = 30
                Particles = 100
            }
            target

    let reopen path =
        use posterior = Storage.openPosterior target path
        use more = Posterior.draw Run.quiet 25 posterior
        Array.append (Tensor.toArray posterior.Draws.LogWeights) (Tensor.toArray more.Points)

    let solve path =
        use solution = Storage.openSolution path
        values solution

    let sample path =
        use sampler = Storage.openSampler Process.ornsteinUhlenbeck target path
        values sampler.Energy.Solution

    let resume path =
        use state = Checkpoint.read path

        Array.concat
            [
                yield Tensor.toArray state.Integrator.Y
                yield! List.map Tensor.toArray state.Integrator.MethodMemory
                yield Array.ofList state.Integrator.ControllerMemory
                yield state.Witness
            ]

    let goOn path =
        use state = Checkpoint.readFit path
        Array.concat [ Tensor.toArray state.Parameters; Array.ofList state.Memory; state.Witness ]

    [
        Storage.saveDraws (path "draws") "three" draws, draw
        Storage.saveSolution (path "solution") "a front" solution, solve
        Storage.saveSampler (path "sampler") "two modes" sampler, sample
        path "checkpoint", resume
        path "fit", goOn
        Storage.savePosterior (path "posterior") "two modes" posterior, reopen
    ]

/// A mutation, by name, of the bytes of a file.
let private mutate (random: System.Random) (bytes: byte[]) : string * byte[] =
    let n = bytes.Length
    let some () = random.Next n

    let piece () =
        let from = some ()
        from, 1 + random.Next(min 4096 (n - from))

    let changed (change: byte[] -> unit) =
        let copy = Array.copy bytes
        change copy
        copy

    match random.Next 9 with
    | 0 ->
        let i, bit = some (), random.Next 8
        $"bit {bit} of byte {i}", changed (fun b -> b[i] <- b[i] ^^^ (1uy <<< bit))
    | 1 ->
        // Where the structure of the file is dense: superblock and headers.
        let i, value = random.Next(min 512 n), byte (random.Next 256)
        $"byte {i} is {value}", changed (fun b -> b[i] <- value)
    | 2 ->
        let length = some ()
        $"cut to {length}", bytes[.. length - 1]
    | 3 ->
        let from, length = piece ()
        $"{length} zeros at {from}", changed (fun b -> Array.fill b from length 0uy)
    | 4 ->
        let at, extra = random.Next(n + 1), Array.zeroCreate (1 + random.Next 64)
        random.NextBytes extra
        $"{extra.Length} more at {at}", Array.concat [ bytes[.. at - 1]; extra; bytes[at..] ]
    | 5 ->
        let from, length = piece ()
        $"{length} fewer at {from}", Array.append bytes[.. from - 1] bytes[from + length ..]
    | 6 ->
        let size = 1 + random.Next(n / 2)
        let a, b = random.Next(n - size + 1), random.Next(n - size + 1)

        $"{size} bytes of {a} and {b} swapped",
        changed (fun copy ->
            Array.blit bytes b copy a size
            Array.blit bytes a copy b size)
    | 7 ->
        let from, length = piece ()
        $"noise in {length} at {from}", changed (fun b -> random.NextBytes(b.AsSpan(from, length)))
    | _ ->
        // The end, where the seal is.
        let i, bit = n - 1 - random.Next(min 64 n), random.Next 8
        $"bit {bit} of byte {i}", changed (fun b -> b[i] <- b[i] ^^^ (1uy <<< bit))

type private Fate =
    | Refused
    | Unchanged
    | Wrong of how: string

let private tryOne
    (random: System.Random)
    (path: string)
    (bytes: byte[])
    (expected: float[])
    (read: string -> float[])
    =
    let how, mutated = mutate random bytes
    File.WriteAllBytes(path, mutated)

    let reading =
        Task.Run(fun () ->
            try
                Ok(read path)
            with error ->
                Error error)

    if not (reading.Wait 20_000) then
        Wrong $"{path}, {how}: hangs"
    else
        match reading.Result with
        | Error(:? DamagedFileException as error) when error.Path = path && error.Message.Contains error.Advice ->
            Refused
        | Error error -> Wrong $"{path}, {how}: {error}"
        | Ok found when mutated = bytes && found = expected -> Unchanged
        | Ok _ -> Wrong $"{path}, {how}: read as if it were whole"

/// What became of so many damaged files, and how many kinds there were.
let private fates (count: int) : Fate list * int =
    let folder = Directory.CreateTempSubdirectory "mne-fuzz"

    try
        let kinds =
            [
                for path, read in kinds folder.FullName -> path, File.ReadAllBytes path, read path, read
            ]

        let random = System.Random 1

        [
            for i in 0 .. count - 1 do
                let path, bytes, expected, read = kinds[i % kinds.Length]
                tryOne random path bytes expected read
        ],
        kinds.Length
    finally
        folder.Delete true

/// Damages so many files; prints those that were not refused as damaged, and gives how many were tried and how many of those there are.
let trust (count: int) : int * int =
    let fates, _ = fates count

    let wrong =
        fates
        |> List.choose (function
            | Wrong how -> Some how
            | _ -> None)

    for how in wrong do
        printfn $"{how}"

    fates.Length, wrong.Length

[<Tests>]
let tests =
    testList
        "Storage"
        [
            test "mutated files are refused as damaged, whatever the damage" {
                let fates, kinds = fates count
                let refused = fates |> List.filter _.IsRefused |> List.length
                printfn $"{fates.Length} mutated files of {kinds} kinds: {refused} refused, the others unchanged"
                Expect.isEmpty (fates |> List.filter _.IsWrong) "neither refused as damaged nor unchanged"
                Expect.isGreaterThan refused (9 * count / 10) "refused"
            }
        ]
