module Mne.Functional.Tests.NormalPartTests

open System
open Expecto
open TorchSharp
open Mne.Functional

/// A positive definite matrix.
let private covariance seed d =
    let a = Check.normal seed [ d; d ]
    Tensor.toArray2D (a.mm (a.t ()) / float d + 0.2 * torch.eye (d, dtype = torch.float64))

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
                    let c = covariance (int seed) d

                    // Twice as wide: tempered.
                    let x =
                        (Check.normal (int seed + 1) [ 400; d ])
                            .mm(torch.linalg.cholesky(2.0 * Tensor.ofArray2D Placement.float64 c).t())
                        + Tensor.ofArray Placement.float64 mean

                    let part = NormalPart.fit (layered d) (fun x -> energyOf mean c x + 3.7) x
                    close 1e-8 "covariance" part.Covariance c

                    Expect.isLessThan (Array.max (Array.map2 (fun a b -> abs (a - b)) part.Mean mean)) 1e-8 "mean")

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
                        Tensor.toArray (torch.linalg.eigvalsh (Tensor.ofArray2D Placement.float64 part.Covariance))

                    Expect.isLessThan (Array.max values) (1.15 * variance) $"{name}: widest"
                    Expect.isGreaterThan (Array.min values) (0.85 * variance / 10.0) $"{name}: narrowest")

            Check.scoped "in very many dimensions it is the normal distribution of the points" (fun () ->
                let d = 70

                let x =
                    Check.normal 6 [ 1500; d ] * Tensor.linspace Placement.float64 0.5 2.0 d + 3.0

                let part = NormalPart.fit (layered d) (fun x -> x.square().sum 1L) x
                Check.close 1e-9 "mean" (Tensor.ofArray Placement.float64 part.Mean) (x.mean [| 0L |])
                close 1e-9 "covariance" part.Covariance (Tensor.toArray2D (x.t().cov())))

            Check.scoped "single precision is enough to see a normal distribution" (fun () ->
                let single = Placement.float32
                let x = Tensor.place single (1.5 * Check.normal 5 [ 500; 3 ])
                let part = NormalPart.fit (layered 3) (fun x -> 2.0 * x.square().sum 1L) x
                close 1e-4 "covariance" part.Covariance (Array2D.init 3 3 (fun i j -> if i = j then 0.25 else 0.0)))

            Check.scoped "coordinates are coupled only where the network couples them" (fun () ->
                let c = array2D [ [ 1.0; 0.8; 0.0 ]; [ 0.8; 1.0; 0.0 ]; [ 0.0; 0.0; 0.1 ] ]
                let energy = energyOf [| 0.0; 0.0; 0.0 |] c
                let x = 1.5 * Check.normal 4 [ 3000; 3 ]

                let fitted blocks =
                    let network = Network.ofBlocks (Domain.euclidean 3) blocks [ Layer.dense 4 Swish ]

                    (NormalPart.fit network energy x).Covariance

                let separate =
                    Network.add
                        [
                            for k in 0..2 -> Network.ofBlocks (Domain.euclidean 3) [ [ k ] ] [ Layer.dense 4 Swish ]
                        ]

                let diagonal = (NormalPart.fit separate energy x).Covariance
                Expect.equal diagonal[0, 1] 0.0 "not coupled"
                Expect.notEqual diagonal[1, 1] diagonal[2, 2] "each its own"
                let shared = fitted [ [ 0 ]; [ 1 ]; [ 2 ] ]
                Expect.equal shared[0, 0] shared[2, 2] "shared weights: alike"
                Expect.isGreaterThan (fitted [ [ 0; 1; 2 ] ]).[0, 1] 0.3 "coupled")

            Check.scoped "g solves the energy's equation, for every linear process" (fun () ->
                let part =
                    {
                        Mean = [| 0.5; -1.0 |]
                        Covariance = array2D [ [ 2.0; 0.6 ]; [ 0.6; 0.5 ] ]
                    }

                for p in
                    [
                        Process.ornsteinUhlenbeck 2
                        Process.ornsteinUhlenbeckTo [ 1.0; 2.0 ] (Covariance.Diagonal [ 0.5; 3.0 ])
                        Process.ornsteinUhlenbeck 2 |> Process.scheduled (Schedule.linear 0.2 3.0 1.0)
                        Process.partialNoise [ 0 ] 2
                        Process.linear
                            (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ])
                            [ 0.0; 0.3 ]
                            (Covariance.Diagonal [ 0.0; 4.0 ])
                    ] do
                    let x = Check.normal 7 [ 40; 2 ]
                    let t, h = 0.4, 1e-4

                    let g t =
                        NormalPart.energy (NormalPart.at p t part) x

                    let slope =
                        (8.0 * (g (t + h) - g (t - h)) - (g (t + 2.0 * h) - g (t - 2.0 * h)))
                        / (12.0 * h)

                    let jet =
                        Jet.ofPoints (FokkerPlanck.flowNeeds p) x
                        |> fun jet ->
                            { jet with
                                Data = Tensor.zeros Placement.float64 [ jet.Channels.Length; 40; 1 ]
                            }
                        |> NormalPart.add (NormalPart.at p t part) x

                    let expected =
                        Term.evaluate (FokkerPlanck.energy p) { Time = t; Points = x; Jet = jet }

                    // Energies are known up to a constant.
                    Check.close 1e-7 p.Name (slope - slope.mean ()) expected)

            Check.scoped "the equation of the rest is the whole one less that of g" (fun () ->
                let p = Process.ornsteinUhlenbeckTo [ 1.0; 2.0 ] (Covariance.Diagonal [ 0.5; 3.0 ])

                let part =
                    {
                        Mean = [| 0.5; -1.0 |]
                        Covariance = array2D [ [ 2.0; 0.6 ]; [ 0.6; 0.5 ] ]
                    }

                let g = NormalPart.at p 0.3 part
                let network = layered 2
                let θ, x = Network.initial network 3, Check.normal 8 [ 30; 2 ]
                let w = Network.jet (FokkerPlanck.flowNeeds p) network θ x

                let evaluate term jet =
                    Term.evaluate term { Time = 0.3; Points = x; Jet = jet }

                let rest = evaluate (FokkerPlanck.remainder (fun _ -> NormalPart.gradient g) p) w

                let nothing = { w with Data = w.Data.zeros_like () }

                let equation = FokkerPlanck.energy p

                Check.close
                    1e-11
                    "∂ₜw"
                    rest
                    (evaluate equation (NormalPart.add g x w)
                     - evaluate equation (NormalPart.add g x nothing)))

            Check.scoped "derivatives of g agree with automatic differentiation" (fun () ->
                let part =
                    {
                        Mean = [| 0.5; -1.0; 2.0 |]
                        Covariance = covariance 3 3
                    }

                let p = Process.ornsteinUhlenbeck 3
                let g = NormalPart.at p 0.2 part
                let x = Check.normal 9 [ 6; 3 ]

                let request =
                    [
                        Derivative.Value
                        Derivative.Laplacian
                        Derivative.Partial(1, 1)
                        Derivative.Partial(2, 3)
                        Derivative.Partial(0, 2)
                        Derivative.Mixed(0, 2)
                    ]

                let jet =
                    Jet.ofPoints (Set.ofList request) x
                    |> fun jet ->
                        { jet with
                            Data = Tensor.zeros Placement.float64 [ jet.Channels.Length; 6; 1 ]
                        }
                    |> NormalPart.add g x

                for derivative in request do
                    let expected = Oracle.local (NormalPart.energy g) x derivative
                    let found = Jet.get derivative jet
                    Expect.isLessThan (Check.size (found - expected)) 1e-11 $"%A{derivative}")

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
                Expect.isTrue (first.Mean |> Array.forall Double.IsFinite) "finite"

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
