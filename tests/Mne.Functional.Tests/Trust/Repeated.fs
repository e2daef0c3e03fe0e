/// The same work again and again, and on several threads at once: nothing stays behind, and every answer has the bits of the first.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Repeated

open System
open System.Threading
open Mne.Functional

let private circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]

let private target =
    Density.gaussianMixture [ 0.7, [ 1.5; 0.5 ], 0.6; 0.3, [ -1.5; -0.5 ], 0.4 ]

let private options =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 10 Swish ]
        Cover.Points = Some 60
        Cover.FitPoints = 60
        Cover.Refreshes = 3
        Fit.Steps = 6
        Evolve.Regularisation = 1e-6
        Evolve.Tolerance = 1e-2
        Draw.Tolerance = 1e-2
    }

/// An evolution and its values; its numbers depend on the seed.
let private evolution seed : float[] =
    use start = Network.initial network seed

    use solution =
        Evolution.solve
            { Run.quiet with Seed = seed }
            { Evolution.defaults with
                MaximumStep = 0.05
            }
            (0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value)
            network
            (Collocation.grid circle 32)
            start
            (0.0, 0.5)

    Scope.free (fun () ->
        Solution.evaluate 0.3 (Random.uniform Placement.float64 seed [ 40; 1 ]) solution
        |> Tensor.toArray)

/// A sampler, its draws both ways, and what is estimated from them.
let private sampling seed : float[] =
    let run = { Run.quiet with Seed = seed }
    use sampler = Sampler.evolve run options Process.ornsteinUhlenbeck target
    use draws = sampler |> Sampler.draw run 60
    use paths = sampler |> ReverseSde.draw run { ReverseSde.defaults with Steps = 6 } 20

    Array.concat
        [
            Tensor.toArray draws.Points
            Tensor.toArray paths.LogWeights
            [| (Importance.logNormaliser draws).Value |]
        ]

let private works: (int -> float[]) list = [ evolution; sampling ]

/// Does each work so often; how many times, and after how many of those tensors were left or the process had grown by a fifth.
let leaks (count: int) : int * int =
    for work in works do
        work 0 |> ignore

    let live = Assert.settledTensors ()
    let size () = Environment.WorkingSet / 1_000_000L
    let mutable settled = 0L

    let left =
        [
            for k in 1..count do
                for work in works do
                    work (k % 3) |> ignore

                let now = Assert.settledTensors ()

                // Allocators keep what they have been given for a while; after a third of the turns nothing more is asked for.
                if k = 1 + count / 3 then
                    settled <- size ()

                if now <> live || (settled > 0L && size () > settled + settled / 5L) then
                    printfn $"turn {k}: {now} tensors for {live}, {size ()} MB for {settled}"
                    k
        ]

    count, left.Length

/// Does the works on four threads at once, so often; how many were done, and how many had other bits than alone, or raised.
let concurrency (rounds: int) : int * int =
    let jobs =
        [|
            for work in works do
                (fun () -> work 1)
                (fun () -> work 2)
        |]

    let alone = jobs |> Array.map (fun job -> job ())
    let mutable wrong = 0

    for round in 1..rounds do
        let threads =
            jobs
            |> Array.mapi (fun i job ->
                let work () =
                    let right =
                        try
                            job () = alone[i]
                        with error ->
                            printfn $"round {round}, job {i}: {error.Message}"
                            false

                    if not right then
                        Interlocked.Increment &wrong |> ignore

                Thread(work, 16_777_216))

        for thread in threads do
            thread.Start()

        for thread in threads do
            thread.Join()

    rounds * jobs.Length, wrong
