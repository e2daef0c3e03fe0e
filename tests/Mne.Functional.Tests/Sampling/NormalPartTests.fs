module Mne.Functional.Tests.NormalPartTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private energyOf (mean: float[]) (covariance: float[,]) (x: Tensor) : Tensor =
    let centred = x - Tensor.ofArray Placement.float64 mean
    let precision = (Tensor.ofArray2D Placement.float64 covariance).inverse()
    0.5 * (centred * centred.mm precision).sum 1L

let private close tolerance message (actual: float[,]) (expected: float[,]) =
    Check.close
        tolerance
        message
        (Tensor.ofArray2D Placement.float64 actual)
        (Tensor.ofArray2D Placement.float64 expected)

let private layered d =
    Network.create (Domain.euclidean d) [ Layer.dense 4 Swish ]

[<Tests>]
let tests =
    testList
        "NormalPart"
        [
            Check.law
                15
                "the energy of a normal distribution is found exactly, from points that are not distributed as it is"
            <| fun (seed: byte) ->
                Scope.free (fun () ->
                    let d = 1 + int seed % 5
                    let mean = Array.init d (fun k -> 0.3 * float k)
                    let c = Check.covariance (int seed) d

                    // Twice as wide: tempered.
                    let x =
                        (Check.normal (int seed + 1) [ 400; d ])
                            .mm(torch.linalg.cholesky(2.0 * Tensor.ofArray2D Placement.float64 c).t())
                        + Tensor.ofArray Placement.float64 mean

                    let part = NormalPart.fit (layered d) (fun x -> energyOf mean c x + 3.7) x
                    close 1e-8 "covariance" part.Covariances[0] c

                    Expect.isLessThan (Array.max (Array.map2 (fun a b -> abs (a - b)) part.Means[0] mean)) 1e-8 "mean")

            Check.scoped "it is never wider than the points, nor ten times as curved" (fun () ->
                let x = 1.5 * Check.normal 5 [ 2000; 2 ]
                let variance = 2.25

                for name, energy in
                    [
                        "constant", (fun (x: Tensor) -> 0.0 * x.sum 1L)
                        "a hill", (fun x -> -x.square().sum 1L)
                        "two far modes", (fun x -> 2.0 * (x.square () - 4.0).square().sum 1L)
                        "very narrow", (fun x -> 1e3 * x.square().sum 1L)
                    ] do
                    let part = NormalPart.fit (layered 2) energy x

                    let values =
                        Tensor.toArray (torch.linalg.eigvalsh (Tensor.ofArray2D Placement.float64 part.Covariances[0]))

                    Expect.isLessThan (Array.max values) (1.15 * variance) $"{name}: widest"
                    Expect.isGreaterThan (Array.min values) (0.85 * variance / 10.0) $"{name}: narrowest")

            Check.scoped "in very many dimensions it is the normal distribution of the points" (fun () ->
                let d = 70

                let x =
                    Check.normal 6 [ 1500; d ] * Tensor.linspace Placement.float64 0.5 2.0 d + 3.0

                let part = NormalPart.fit (layered d) (fun x -> x.square().sum 1L) x
                Check.close 1e-9 "mean" (Tensor.ofArray Placement.float64 part.Means[0]) (x.mean [| 0L |])
                close 1e-9 "covariance" part.Covariances[0] (Tensor.toArray2D (x.t().cov())))

            Check.scoped "single precision is enough to see a normal distribution" (fun () ->
                let single = Placement.float32
                let x = Tensor.place single (1.5 * Check.normal 5 [ 500; 3 ])
                let part = NormalPart.fit (layered 3) (fun x -> 2.0 * x.square().sum 1L) x
                close 1e-4 "covariance" part.Covariances[0] (Array2D.init 3 3 (fun i j -> if i = j then 0.25 else 0.0)))

            Check.scoped "coordinates are coupled only where the network couples them" (fun () ->
                let c = array2D [ [ 1.0; 0.8; 0.0 ]; [ 0.8; 1.0; 0.0 ]; [ 0.0; 0.0; 0.1 ] ]
                let energy = energyOf [| 0.0; 0.0; 0.0 |] c
                let x = 1.5 * Check.normal 4 [ 3000; 3 ]

                let fitted blocks =
                    let network = Network.ofBlocks (Domain.euclidean 3) blocks [ Layer.dense 4 Swish ]

                    (NormalPart.fit network energy x).Covariances[0]

                let separate =
                    Network.add
                        [
                            for k in 0..2 -> Network.ofBlocks (Domain.euclidean 3) [ [ k ] ] [ Layer.dense 4 Swish ]
                        ]

                let diagonal = (NormalPart.fit separate energy x).Covariances[0]
                Expect.equal diagonal[0, 1] 0.0 "not coupled"
                Expect.notEqual diagonal[1, 1] diagonal[2, 2] "each its own"
                let shared = fitted [ [ 0 ]; [ 1 ]; [ 2 ] ]
                Expect.equal shared[0, 0] shared[2, 2] "shared weights: alike"
                Expect.isGreaterThan (fitted [ [ 0; 1; 2 ] ]).[0, 1] 0.3 "coupled")

            test
                "the same points give the same bits, wherever they lie in memory, also where features depend on each other" {
                // Coordinate 2 repeats coordinate 0: their coefficients are not determined.
                let x = 1.5 * Check.normal 5 [ 200; 2 ]
                let doubled = Tensor.concatenate 1L [ x; x.narrow (1L, 0L, 1L) ]
                let kept = ResizeArray<Tensor>()

                let fit k =
                    kept.Add(torch.zeros (3L * int64 k)) // other addresses from then on

                    Scope.free (fun () ->
                        NormalPart.fit (layered 3) (fun x -> x.square().sum 1L + (x.sum 1L).cos()) (doubled.clone ()))

                let first = fit 0
                Expect.isTrue (first.Means[0] |> Array.forall Double.IsFinite) "finite"

                for k in 1..40 do
                    Expect.equal (fit k) first "bits"

                for tensor in kept do
                    tensor.Dispose()
            }

            test "nothing leaks" {
                let x = 1.5 * Check.normal 5 [ 200; 2 ]

                Assert.frees (fun () -> NormalPart.fit (layered 2) (fun x -> x.square().sum 1L) x |> ignore)
            }
        ]
