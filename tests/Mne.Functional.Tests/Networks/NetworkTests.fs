module Mne.Functional.Tests.NetworkTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private everything =
    Set.ofList
        [
            Derivative.Value
            Derivative.Partial(0, 1)
            Derivative.Partial(0, 2)
            Derivative.Partial(0, 3)
            Derivative.Partial(0, 4)
            Derivative.Laplacian
        ]

/// Values, all derivatives and the tangent of a network against autograd of a formula, θ ↦ N × d ↦ N × m.
let private agreesWith (formula: Tensor -> Tensor -> Tensor) (network: Network) =
    let d, m = network.Domain.Dimension, network.Outputs

    let θ = Network.initial network 3 + 0.1 * Check.normal 4 [ network.ParameterCount ]

    let x, y = Check.normal 5 [ 5; d ], Check.normal 6 [ 3; d ]
    let part c θ x : Tensor = (formula θ x).select(1L, int64 c)

    let everything =
        [
            Derivative.Value
            Derivative.Laplacian
            for i in 0 .. d - 1 do
                for n in 1..4 do
                    Derivative.Partial(i, n)

                for j in i + 1 .. d - 1 do
                    Derivative.Mixed(i, j)
        ]

    let jet = Network.jet (Set.ofList everything) network θ x

    for c in 0 .. m - 1 do
        for derivative in everything do
            let expected = Oracle.local (part c θ) x derivative
            let actual = Jet.get derivative (Jet.ofComponent c jet)

            if Check.size expected > 0.0 then
                Check.close 1e-11 $"%A{derivative} of component {c}" actual expected
            else
                Expect.equal (Check.size actual) 0.0 $"%A{derivative} vanishes"

    let jacobian points =
        Tensor.concatenate 0L [ for c in 0 .. m - 1 -> Oracle.jacobian (part c) θ points ]

    let tangent, j = Network.tangent network θ x, jacobian x
    let v, w = Check.normal 7 [ 5 * m ], Check.normal 8 [ network.ParameterCount ]
    Check.close 1e-11 "kernel" (Tangent.kernel tangent (Network.tangent network θ y)) (j.mm ((jacobian y).t()))
    Check.close 1e-11 "Jᵀv" (Tangent.transposeTimes v tangent) (j.t().mv v)
    Check.close 1e-10 "J w" (Tangent.times w tangent) (j.mv w)
    Check.close 1e-11 "squared norms" (Tangent.squaredNorms tangent) (j.square().sum 1L)

/// A layered network by hand, with m columns.
let private byHand d m layers θ (x: Tensor) =
    Oracle.forward (Domain.euclidean d) (layers @ [ Layer.outputs m ]) θ x

let private two = [ Layer.dense 5 Tanh; Layer.dense 4 Sine ]

let private blocks = [ [ 0; 1 ]; [ 1; 2 ]; [ 2; 0 ] ]

let private ofBlocks m =
    Network.ofBlocks (Domain.euclidean 3) blocks (two @ [ Layer.outputs m ])

/// Σ_b w(x_b).
let private sumOver (blocks: int list list) (w: Tensor -> Tensor) (x: Tensor) =
    blocks
    |> List.map (fun block -> w (Tensor.stack 1L [ for k in block -> x.select (1L, int64 k) ]))
    |> List.reduce (fun a b -> a + b)

let private blocksByHand m θ = sumOver blocks (byHand 2 m two θ)

[<Tests>]
let tests =
    testList
        "Network"
        [
            testList
                "composed networks agree with autograd"
                [
                    for m in 1..2 do
                        Check.scoped $"blocks with shared weights, {m} components" (fun () ->
                            ofBlocks m |> agreesWith (blocksByHand m))

                        for blocks in [ [ [ 0; 0 ] ]; [ [ 0; 0; 1 ]; [ 1; 2; 2 ]; [ 2; 1; 0 ]; [ 2; 2; 2 ] ] ] do
                            Check.scoped $"blocks that name a coordinate twice, %A{blocks}, {m} components" (fun () ->
                                let d, width = (List.concat blocks |> List.max) + 1, blocks.Head.Length

                                Network.ofBlocks (Domain.euclidean d) blocks (two @ [ Layer.outputs m ])
                                |> agreesWith (fun θ -> sumOver blocks (byHand width m two θ)))

                        Check.scoped $"sums, {m} components" (fun () ->
                            let whole = Network.create (Domain.euclidean 3) (two @ [ Layer.outputs m ])
                            let p = int64 whole.ParameterCount

                            Network.add [ whole; ofBlocks m ]
                            |> agreesWith (fun θ x ->
                                byHand 3 m two (θ.narrow (0L, 0L, p)) x
                                + blocksByHand m (θ.narrow (0L, p, θ.shape[0] - p)) x))

                        for scale in [ [ 2.0; 2.0; 2.0 ]; [ 0.5; 2.0; 3.0 ] ] do
                            Check.scoped $"rescaled by %A{scale}, {m} components" (fun () ->
                                let shift = [ 0.3; -1.0; 2.0 ]

                                let tensor values =
                                    Tensor.ofArray Placement.float64 (List.toArray values)

                                ofBlocks m
                                |> Network.rescaled shift scale
                                |> agreesWith (fun θ x -> blocksByHand m θ ((x - tensor shift) / tensor scale)))
                ]

            Check.scoped "a block that names a coordinate with conditions twice keeps them" (fun () ->
                let wall = Coordinate.Bounded(-1.0, 2.0, Boundary.Dirichlet, Boundary.Neumann)
                let layers = [ Layer.harmonics 2; Layer.dense 3 Tanh; Layer.outputs 1 ]
                let w = Oracle.forward (Domain.create [ wall; wall ]) layers

                Network.ofBlocks (Domain.create [ wall ]) [ [ 0; 0 ] ] layers
                |> agreesWith (fun θ -> sumOver [ [ 0; 0 ] ] (w θ)))

            Check.scoped "one component of a composed network" (fun () ->
                Network.add [ ofBlocks 2; ofBlocks 2 ]
                |> Network.ofComponent 1
                |> agreesWith (fun θ x ->
                    let p = θ.shape[0] / 2L

                    (blocksByHand 2 (θ.narrow (0L, 0L, p)) x + blocksByHand 2 (θ.narrow (0L, p, p)) x)
                        .narrow(1L, 1L, 1L)))

            Check.scoped "a recipe makes composed networks again, to the bit" (fun () ->
                for network in
                    [
                        ofBlocks 2 |> Network.rescaled [ 0.0; 1.0; 2.0 ] [ 1.0; 2.0; 3.0 ]
                        Network.add [ ofBlocks 2; ofBlocks 2 ] |> Network.ofComponent 1
                        Network.create (Domain.dirichlet [ 0.0, 1.0 ]) [ Layer.harmonics 2; Layer.outputs 2 ]
                    ] do
                    let again = Network.ofRecipe network.Recipe
                    let θ, x = Network.initial network 2, Check.normal 1 [ 4; network.Domain.Dimension ]
                    Check.identical "θ" (Network.initial again 2) θ
                    Check.identical "u" (Network.value again θ x) (Network.value network θ x))

            testList
                "composed networks refuse"
                [
                    let plane = Domain.euclidean 2

                    let generic =
                        Network.ofFunction plane 1 (fun p _ -> Tensor.ones p [ 1 ]) (fun θ x ->
                            θ[0] * x.select (1L, 0L))

                    for name, parts, body in
                        [
                            "no blocks", [ "blocks"; "none" ], (fun () -> Network.ofBlocks plane [] two |> ignore)
                            "an empty block",
                            [ "blocks"; "none" ],
                            (fun () -> Network.ofBlocks plane [ [] ] two |> ignore)
                            "a coordinate that does not exist",
                            [ "blocks"; "coordinate 2"; "0 to 1" ],
                            (fun () -> Network.ofBlocks plane [ [ 0 ]; [ 2 ] ] two |> ignore)
                            "blocks of different length",
                            [ "blocks"; "[0; 1]"; "differs" ],
                            (fun () -> Network.ofBlocks plane [ [ 0 ]; [ 0; 1 ] ] two |> ignore)
                            "no networks", [ "networks"; "none" ], (fun () -> Network.add [] |> ignore)
                            "different domains",
                            [ "networks"; "domains differ" ],
                            (fun () -> Network.add [ Network.create plane two; ofBlocks 1 ] |> ignore)
                            "a generic part of a sum",
                            [ "networks"; "generic"; "Network.ofFunction" ],
                            (fun () ->
                                let sum = Network.add [ Network.create plane []; generic ]
                                Network.tangent sum (Network.initial sum 1) (Check.normal 1 [ 3; 2 ]) |> ignore)
                            "more parameters together than can be counted",
                            [ "networks"; "4000000002 parameters"; "at most 2147483647" ],
                            (fun () ->
                                let wide = Network.create plane [ Layer.dense 500_000_000 Tanh ]
                                Network.add [ wide; wide ] |> ignore)
                            "shifts of the wrong length",
                            [ "scale"; "1 shifts"; "2 scales"; "dimension 2" ],
                            (fun () -> Network.rescaled [ 0.0 ] [ 1.0; 1.0 ] generic |> ignore)
                            "a scale of 0",
                            [ "scale"; "found 0" ],
                            (fun () -> Network.rescaled [ 0.0; 0.0 ] [ 1.0; 0.0 ] generic |> ignore)
                            "a period that would change",
                            [ "network"; "periodic coordinates" ],
                            (fun () ->
                                Network.create (Domain.periodic [ 0.0, 1.0 ]) [ Layer.harmonics 1 ]
                                |> Network.rescaled [ 0.0 ] [ 2.0 ]
                                |> ignore)
                        ] do
                        Check.scoped name (fun () -> Check.refuses parts body)
                ]

            Oracle.law "the value is the composition of the layers" 60 (fun a ->
                let θ, x = a.Parameters, a.Points 6 0
                Check.close 1e-12 "u" (Network.value a.Network θ x) (a.Forward θ x))

            Oracle.law "a generic network of the same function has the same derivatives" 20 (fun a ->
                let d = a.Coordinates.Length

                let request =
                    Set.ofList
                        [
                            Derivative.Laplacian
                            for k in 0 .. d - 1 do
                                Derivative.Partial(k, 3)

                                for j in k + 1 .. d - 1 do
                                    Derivative.Mixed(k, j)
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

            Oracle.law "even and odd parts: the symmetry, and derivatives and tangent as autograd has them" 10 (fun a ->
                let d = a.Coordinates.Length
                let axes = if a.Seed % 2 = 0 then [ 0 ] else [ 0 .. d - 1 ]

                let image (x: Tensor) =
                    let column k coordinate : Tensor =
                        let x = x.select (1L, int64 k)

                        match coordinate with
                        | _ when not (List.contains k axes) -> x
                        | Coordinate.Real -> -x
                        | Coordinate.Periodic(low, high)
                        | Coordinate.Interval(low, high)
                        | Coordinate.Bounded(low, high, _, _) -> low + high - x

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
                                Derivative.Laplacian
                                for k in 0 .. d - 1 do
                                    Derivative.Partial(k, 3)

                                    for j in k + 1 .. d - 1 do
                                        Derivative.Mixed(k, j)
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
                                | Coordinate.Periodic(low, high) -> high - low
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
                        Square, 3.0 ** -0.25
                    ] do
                    let network = Network.create (Domain.euclidean 100) [ Layer.dense 200 σ ]
                    let θ = Network.initial network 1
                    // 20000 weights: the standard deviation is known to 0.5 %; 200 biases: to 5 %.
                    let weights, biases = θ.narrow (0L, 0L, 20000L), θ.narrow (0L, 20000L, 200L)
                    Expect.isLessThan (abs (Tensor.rms weights * 10.0 / gain - 1.0)) 0.02 $"%A{σ}: weights"
                    Expect.isLessThan (abs (Tensor.rms biases - 1.0)) 0.2 $"%A{σ}: biases"
                    Expect.isLessThan (abs (Tensor.rms (θ.narrow (0L, 20200L, 200L)) * sqrt 200.0 - 1.0)) 0.2 "output"
                    Expect.equal (Tensor.toFloat θ[20400L]) 0.0 "no bias at the end")

            Check.scoped "pieces do not change values and derivatives" (fun () ->
                // Six channels: pieces of 682 rows.
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
