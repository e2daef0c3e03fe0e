module Mne.Functional.Tests.JetTests

open Expecto
open FsCheck
open TorchSharp
open Mne.Functional

let private everything d =
    [
        Derivative.Value
        Derivative.Laplacian
        for i in 0 .. d - 1 do
            for n in 1..4 do
                Derivative.Partial(i, n)

            for j in i + 1 .. d - 1 do
                Derivative.Mixed(i, j)
    ]

let private order derivative =
    match derivative with
    | Derivative.Value -> 0
    | Derivative.Partial(_, n) -> n
    | Derivative.Mixed _
    | Derivative.Laplacian -> 2

/// The sizes on which the derivatives of a jet are compared: that of the largest derivative of the same or a lower order. A derivative
/// is made of such terms, which may cancel: by (σ')² = 1 − σ² where tanh saturates, by ∂ₖ²u in Δu. What is left carries their round-off.
let private scales (expected: (Derivative * Tensor) list) =
    [
        for derivative, _ in expected ->
            derivative,
            List.max
                [
                    for other, values in expected do
                        if order other <= order derivative then
                            Check.size values
                ]
    ]
    |> Map.ofList

/// Every derivative of a jet agrees with the expected ones to 1e-11 of its scale.
let private agree name (expected: (Derivative * Tensor) list) (actual: Derivative -> Tensor) =
    let scales = scales expected

    for derivative, expected in expected do
        let found = Check.size (actual derivative - expected)

        if not (found <= 1e-11 * scales[derivative]) then
            failtest $"{name} %A{derivative}: off by {found:G3} on the scale {scales[derivative]:G3}"

[<Tests>]
let tests =
    testList
        "Jet"
        [
            // The first activation makes derivatives from slopes alone; any other makes them from all derivatives of what it is given.
            Check.scoped "functions linear in the coordinates give what their jets give" (fun () ->
                let x, slopes = Check.normal 1 [ 5; 4 ], Check.normal 2 [ 3; 5; 4 ]
                let d, request = 3, Set.ofList (everything 3)

                for name, slope in
                    [
                        "of each point", (fun k -> slopes[int64 k])
                        "of all points", (fun k -> slopes[int64 k].narrow(0L, 0L, 1L))
                    ] do
                    let linear = LinearJet.create d request slope x

                    for activation in [ Identity; Tanh; Sine; Swish; Softplus; Gelu; Square ] do
                        let expected = Jet.activate activation (LinearJet.curved linear)
                        let found = LinearJet.activate activation linear

                        agree
                            $"{activation}, slopes {name}"
                            [ for channel in expected.Channels -> channel, Jet.channel channel expected ]
                            (fun channel -> Jet.channel channel found))

            Oracle.law "every local derivative agrees with autograd to 1e-11" 40 (fun a ->
                let d = a.Coordinates.Length
                let θ, x = a.Parameters, a.Points 5 0
                let jet = Network.jet (Set.ofList (everything d)) a.Network θ x

                let expected =
                    [
                        for derivative in everything d -> derivative, Oracle.local (a.Forward θ) x derivative
                    ]

                agree "structured" expected (fun derivative -> Jet.get derivative jet))

            Oracle.law "every local derivative of every component agrees with autograd to 1e-11" 10 (fun a ->
                let a, m = a.System
                let d = a.Coordinates.Length
                let θ, x = a.Parameters, a.Points 5 0

                let generic =
                    Network.ofVectorFunction a.Domain m a.Network.ParameterCount a.Network.Initial a.Forward

                let jet = Network.jet (Set.ofList (everything d)) a.Network θ x
                let automatic = Network.jet (Set.ofList (everything d)) generic θ x

                for c in 0 .. m - 1 do
                    let expected =
                        [
                            for derivative in everything d -> derivative, Oracle.local (a.Component c θ) x derivative
                        ]

                    for name, jet in [ "structured", jet; "generic", automatic ] do
                        agree $"{name}, component {c}:" expected (fun derivative ->
                            let actual = Jet.get derivative (Jet.ofComponent c jet)
                            let column = (Jet.get derivative jet).view(5, m).select(1L, int64 c)
                            Check.identical "column" column actual
                            actual))

            Oracle.law "gradient, Hessian and Laplacian fit together" 25 (fun a ->
                let d = a.Coordinates.Length
                let θ, x = a.Parameters, a.Points 4 0

                let jet =
                    Network.jet (Set.add Derivative.Laplacian (Jet.hessianRequest d)) a.Network θ x

                let hessian = Jet.hessian jet
                Expect.equal hessian.shape [| 4L; int64 d; int64 d |] "shape"
                Check.identical "symmetric" (hessian.transpose (1L, 2L)) hessian
                let trace = hessian.diagonal(0L, 1L, 2L).sum 1L
                // The two sums may cancel: compare on the scale of the terms.
                let scale = max (Check.size hessian) 1e-300

                Expect.isLessThan (Check.size (trace - Jet.laplacian jet) / scale) 1e-11 "Δ = tr ∇²"
                Check.close 1e-13 "gradient" (Network.gradient a.Network θ x) (Jet.gradient jet)

                for i in 0 .. d - 1 do
                    for j in 0 .. d - 1 do
                        let wanted =
                            if i = j then
                                Derivative.Partial(i, 2)
                            else
                                Derivative.Mixed(min i j, max i j)

                        Check.identical $"entry {i} {j}" (hessian.select(1L, i).select(1L, j)) (Jet.get wanted jet))

            Oracle.law "what else is asked for does not change a derivative" 25 (fun a ->
                let d = a.Coordinates.Length
                let θ, x = a.Parameters, a.Points 3 0
                let all = Network.jet (Set.ofList (everything d)) a.Network θ x

                let expected =
                    [ for derivative in everything d -> derivative, Jet.get derivative all ]

                agree "alone" expected (fun derivative ->
                    Jet.get derivative (Network.jet (Set.singleton derivative) a.Network θ x)))

            Check.scoped "only what is asked for travels along" (fun () ->
                let channels request =
                    (Jet.closure 3 (Set.ofList request)).Count

                Expect.equal (channels []) 1 "value"
                Expect.equal (channels [ Derivative.Partial(1, 3) ]) 4 "a Taylor series along one axis"
                Expect.equal (channels [ Derivative.Laplacian ]) 5 "d + 2"
                Expect.equal (channels [ Derivative.Mixed(0, 2) ]) 4 "mixed")

            Check.scoped "the Laplacian is also there when all second derivatives are" (fun () ->
                let network = Network.create (Domain.euclidean 2) [ Layer.dense 4 Tanh ]
                let θ, x = Network.initial network 1, Check.normal 2 [ 3; 2 ]

                let jet =
                    Network.jet (Set.ofList [ Derivative.Partial(0, 2); Derivative.Partial(1, 2) ]) network θ x

                Check.close 1e-13 "Δ" (Jet.laplacian jet) (Network.laplacian network θ x))

            Check.scoped "jets can be differentiated in θ" (fun () ->
                let a: Oracle.Architecture =
                    {
                        Coordinates = [ Coordinate.Real; Coordinate.Real ]
                        Layers = [ Layer.Dense(4, Swish); Layer.Residual [ Layer.Dense(4, Tanh) ] ]
                        Seed = 3
                    }

                let θ, x = a.Parameters.requires_grad_ true, a.Points 4 0
                let loss = (Network.laplacian a.Network θ x).square().sum()
                loss.backward ()
                let direction = Check.normal 5 [ int θ.shape[0] ]

                let value shift =
                    Scope.free (fun () ->
                        Tensor.toFloat (
                            (Network.laplacian a.Network (θ.detach () + shift * direction) x).square().sum()
                        ))

                let slope = (value 1e-5 - value -1e-5) / 2e-5
                let gradient = nonNull θ.grad
                Expect.floatClose Accuracy.medium (Tensor.toFloat (gradient.dot direction)) slope "d/dθ")

            testList
                "refuses"
                [
                    for name, d, derivative, parts in
                        [
                            "an axis beyond the dimension",
                            2,
                            Derivative.Partial(2, 1),
                            [ "axis 2"; "dimension 2"; "0 to 1" ]
                            "a negative axis", 2, Derivative.Partial(-1, 1), [ "axis -1" ]
                            "order 5", 1, Derivative.Partial(0, 5), [ "order 5"; "1 to 4" ]
                            "order 0", 1, Derivative.Partial(0, 0), [ "order 0"; "1 to 4" ]
                            "mixed in the wrong order",
                            2,
                            Derivative.Mixed(1, 0),
                            [ "Mixed (1, 0)"; "smaller axis first" ]
                            "mixed of equal axes", 2, Derivative.Mixed(1, 1), [ "Mixed (1, 1)"; "Partial (1, 2)" ]
                            "a mixed axis beyond the dimension", 2, Derivative.Mixed(0, 2), [ "axis 2" ]
                        ] do
                        Check.scoped name (fun () ->
                            let network = Network.create (Domain.euclidean d) [ Layer.dense 3 Tanh ]
                            let θ, x = Network.initial network 1, Check.normal 2 [ 3; d ]

                            Check.refuses parts (fun () ->
                                Network.jet (Set.singleton derivative) network θ x |> ignore))

                    Check.scoped "a derivative that was not asked for" (fun () ->
                        let network = Network.create (Domain.euclidean 2) [ Layer.dense 3 Tanh ]

                        let jet =
                            Network.jet Set.empty network (Network.initial network 1) (Check.normal 2 [ 3; 2 ])

                        Check.refuses [ "Laplacian"; "not computed"; "request" ] (fun () ->
                            Jet.laplacian jet |> ignore)

                        Check.refuses [ "not computed" ] (fun () -> Jet.gradient jet |> ignore))
                ]
        ]
