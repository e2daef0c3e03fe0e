module Mne.Functional.Tests.NetworkTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private everything =
    Set.ofList [ Value; Partial(0, 1); Partial(0, 2); Partial(0, 3); Partial(0, 4); Laplacian ]

[<Tests>]
let tests =
    testList
        "Network"
        [
            Oracle.law "the value is the composition of the layers" 60 (fun a ->
                let θ, x = a.Parameters, a.Points 6 0
                Check.close 1e-12 "u" (Network.value a.Network θ x) (a.Forward θ x))

            Oracle.law "a generic network of the same function has the same derivatives" 20 (fun a ->
                let d = a.Coordinates.Length

                let request =
                    Set.ofList
                        [
                            Laplacian
                            for k in 0 .. d - 1 do
                                Partial(k, 3)

                                for j in k + 1 .. d - 1 do
                                    Mixed(k, j)
                        ]

                let generic =
                    Network.ofFunction a.Domain a.Network.ParameterCount a.Network.Initial a.Forward

                Check.identical "initial" (Network.initial generic a.Seed) (Network.initial a.Network a.Seed)
                let θ, x = a.Parameters, a.Points 4 0
                let one, two = Network.jet request a.Network θ x, Network.jet request generic θ x
                Expect.equal one.Channels two.Channels "channels"

                for derivative in one.Channels do
                    let x, y = Jet.get derivative two, Jet.get derivative one

                    if Check.size y > 0.0 then
                        Check.close 1e-11 $"%A{derivative}" x y
                    else
                        Expect.equal (Check.size x) 0.0 $"%A{derivative} vanishes")

            Oracle.law "even and odd parts: the symmetry, and derivatives and tangent as autograd has them" 20 (fun a ->
                let d = a.Coordinates.Length
                let axes = if a.Seed % 2 = 0 then [ 0 ] else [ 0 .. d - 1 ]

                let image (x: Tensor) =
                    let column k coordinate : Tensor =
                        let x = x.select (1L, int64 k)

                        match coordinate with
                        | _ when not (List.contains k axes) -> x
                        | Real -> -x
                        | Periodic(low, high)
                        | Interval(low, high)
                        | Bounded(low, high, _, _) -> low + high - x

                    Tensor.stack 1L (List.mapi column a.Coordinates)

                for sign, part in [ 1.0, Network.even axes a.Network; -1.0, Network.odd axes a.Network ] do
                    let forward (θ: Tensor) (x: Tensor) : Tensor =
                        a.Forward θ x + sign * a.Forward θ (image x)

                    let oracle =
                        Network.ofFunction a.Domain part.ParameterCount a.Network.Initial forward

                    let ofGeneric =
                        let whole =
                            Network.ofFunction a.Domain part.ParameterCount a.Network.Initial a.Forward

                        if sign > 0.0 then
                            Network.even axes whole
                        else
                            Network.odd axes whole

                    let θ, x = a.Parameters, a.Points 4 0
                    let value = Network.value part θ x
                    Check.close 1e-12 "symmetry" (sign * Network.value part θ (image x)) value

                    let request =
                        Set.ofList
                            [
                                Laplacian
                                for k in 0 .. d - 1 do
                                    Partial(k, 3)

                                    for j in k + 1 .. d - 1 do
                                        Mixed(k, j)
                            ]

                    let wanted = Network.jet request oracle θ x
                    // Parts that cancel leave round-off of their own size.
                    let scale = 1.0 + Check.size (Network.jet request a.Network θ x).Data

                    for network in [ part; ofGeneric; Network.ofRecipe part.Recipe ] do
                        let jet = Network.jet request network θ x
                        let error = Check.size (jet.Data - wanted.Data)
                        Expect.isLessThan error (1e-11 * scale) "derivatives"
                        let tangent = Network.tangent network θ x
                        let j = Oracle.jacobian forward θ x
                        let v, w = Check.normal a.Seed [ 4 ], Check.normal a.Seed [ network.ParameterCount ]
                        let size = 1.0 + Check.size (Oracle.jacobian a.Forward θ x)

                        let close name (x: Tensor) (y: Tensor) power =
                            Expect.isLessThan (Check.size (x - y)) (1e-10 * size ** power) name

                        close "kernel" (Tangent.kernel tangent tangent) (j.mm (j.t ())) 2.0
                        close "norms" (Tangent.squaredNorms tangent) (j.square().sum 1L) 2.0
                        close "Jᵀv" (Tangent.transposeTimes v tangent) (j.t().mv v) 1.0
                        close "Jw" (Tangent.times w tangent) (j.mv w) 2.0)

            Oracle.law "periodic in the periodic coordinates" 20 (fun a ->
                let θ, x = a.Parameters, a.Points 4 0

                let period =
                    Tensor.ofArray
                        Placement.float64
                        [|
                            for c in a.Coordinates ->
                                match c with
                                | Periodic(low, high) -> high - low
                                | _ -> 0.0
                        |]

                Check.close 1e-11 "u" (Network.value a.Network θ (x + period)) (Network.value a.Network θ x))

            Check.scoped "the same seed gives the same bits, another seed others" (fun () ->
                let network =
                    Network.create (Domain.euclidean 3) [ Layer.dense 8 Tanh; Layer.dense 8 Sine ]

                Check.identical "θ" (Network.initial network 7) (Network.initial network 7)

                Expect.notEqual
                    (Tensor.toArray (Network.initial network 7))
                    (Tensor.toArray (Network.initial network 8))
                    "seeds"

                let single = network.Initial Placement.float32 7
                Expect.equal single.dtype torch.ScalarType.Float32 "float32"

                Check.close
                    1e-6
                    "the same numbers, rounded"
                    (Tensor.place Placement.float64 single)
                    (Network.initial network 7))

            Check.scoped "initial weights have the documented scales" (fun () ->
                for σ, gain in
                    [
                        Identity, 1.0
                        Sine, 1.0
                        Tanh, 5.0 / 3.0
                        Swish, sqrt 2.0
                        Softplus, sqrt 2.0
                        Gelu, sqrt 2.0
                    ] do
                    let network = Network.create (Domain.euclidean 100) [ Layer.dense 200 σ ]
                    let θ = Network.initial network 1
                    // 20000 weights: the standard deviation is known to 0.5 %; 200 biases: to 5 %.
                    let weights, biases = θ.narrow (0L, 0L, 20000L), θ.narrow (0L, 20000L, 200L)
                    Expect.isLessThan (abs (Tensor.rms weights * 10.0 / gain - 1.0)) 0.02 $"%A{σ}: weights"
                    Expect.isLessThan (abs (Tensor.rms biases - 1.0)) 0.2 $"%A{σ}: biases"
                    Expect.isLessThan (abs (Tensor.rms (θ.narrow (0L, 20200L, 200L)) * sqrt 200.0 - 1.0)) 0.2 "output"
                    Expect.equal (Tensor.toFloat θ[20400L]) 0.0 "no bias at the end")

            Check.scoped "chunks do not change values and derivatives" (fun () ->
                // Six channels: chunks of 5461 rows.
                let circle = Domain.periodic [ 0.0, 2.0 ]
                let network = Network.create circle [ Layer.harmonics 1; Layer.dense 3 Sine ]

                let θ, x =
                    Network.initial network 1, Random.uniform Placement.float64 2 [ 12000; 1 ]

                let whole = Network.jet everything network θ x

                let parts =
                    Tensor.concatenate
                        1L
                        [
                            for start in 0L..1000L..11000L ->
                                (Network.jet everything network θ (x.narrow (0L, start, 1000L))).Data
                        ]

                Check.close 1e-13 "jet" whole.Data parts
                Expect.equal whole.Data.shape [| 6L; 12000L; 1L |] "shape")

            Check.scoped "nothing is left but the result" (fun () ->
                let network =
                    Network.create (Domain.periodic [ 0.0, 2.0 ]) [ Layer.harmonics 1; Layer.dense 3 Sine ]

                let generic =
                    Network.ofFunction network.Domain network.ParameterCount network.Initial (Network.value network)

                let θ, x = Network.initial network 1, Random.uniform Placement.float64 2 [ 8000; 1 ]

                for network, points in [ network, x; generic, x.narrow (0L, 0L, 5L) ] do
                    Assert.frees (fun () -> (Network.jet everything network θ points).Data.Dispose())
                    Assert.frees (fun () -> (Network.value network θ points).Dispose())
                    Assert.frees (fun () -> (Network.gradient network θ points).Dispose())
                    Assert.frees (fun () -> (Network.laplacian network θ points).Dispose())
                    Assert.frees (fun () -> (Network.initial network 1).Dispose())
                    Assert.frees (fun () -> Scope.free (fun () -> Network.tangent network θ points |> ignore)))
        ]
