module Mne.Functional.Tests.TangentTests

open Expecto
open TorchSharp
open Mne.Functional

/// The law's quantities, each with the value from the explicit Jacobian.
let private agree tolerance (tangent: Tangent) (other: Tangent) (j: Tensor) (j': Tensor) seed =
    let n, p = int j.shape[0], int j.shape[1]
    let v, w = Check.normal seed [ n ], Check.normal (seed + 1) [ p ]
    Check.close tolerance "kernel" (Tangent.kernel tangent other) (j.mm (j'.t ()))
    Check.close tolerance "transposed kernel" (Tangent.kernel other tangent) (j'.mm (j.t ()))
    Check.close tolerance "Jᵀv" (Tangent.transposeTimes v tangent) (j.t().mv v)
    Check.close tolerance "squared norms" (Tangent.squaredNorms tangent) (j.square().sum 1L)
    // J w may cancel: compare on the scale of |J| |w|.
    let scale = Check.size (j.abs().mv(w.abs ()))
    let error = Check.size (Tangent.times w tangent - j.mv w)
    Expect.isLessThanOrEqual (error / scale) tolerance "J w"

[<Tests>]
let tests =
    testList
        "Tangent"
        [
            Oracle.law "kernel, Jᵀv, J w and norms agree with autograd to 1e-11" 60 (fun a ->
                let θ, x, y = a.Parameters, a.Points 6 0, a.Points 4 1
                let network = a.Network
                let jacobian = Oracle.jacobian a.Forward θ
                Expect.equal network.ParameterCount (int θ.shape[0]) "p"
                let tangent = Network.tangent network θ x
                Expect.equal (Tangent.rows tangent) 6 "rows"
                Expect.equal (Tangent.parameters tangent) network.ParameterCount "parameters"
                agree 1e-11 tangent (Network.tangent network θ y) (jacobian x) (jacobian y) a.Seed)

            Oracle.law "a generic network agrees with autograd to 1e-11" 20 (fun a ->
                let θ, x, y = a.Parameters, a.Points 5 0, a.Points 3 1

                let network =
                    Network.ofFunction a.Domain a.Network.ParameterCount a.Network.Initial a.Forward

                let jacobian = Oracle.jacobian a.Forward θ

                agree
                    1e-11
                    (Network.tangent network θ x)
                    (Network.tangent network θ y)
                    (jacobian x)
                    (jacobian y)
                    a.Seed)

            Oracle.law "the rows of a system are those of its components, one after the other" 12 (fun a ->
                let a, m = a.System
                let θ, x, y = a.Parameters, a.Points 5 0, a.Points 3 1

                let jacobian points =
                    Tensor.concatenate 0L [ for c in 0 .. m - 1 -> Oracle.jacobian (a.Component c) θ points ]

                let generic =
                    Network.ofVectorFunction a.Domain m a.Network.ParameterCount a.Network.Initial a.Forward

                for network in [ a.Network; generic ] do
                    let tangent = Network.tangent network θ x
                    Expect.equal (Tangent.rows tangent) (5 * m) "rows"
                    agree 1e-11 tangent (Network.tangent network θ y) (jacobian x) (jacobian y) a.Seed

                    for c in 0 .. m - 1 do
                        let part = Network.ofComponent c network

                        let own points =
                            Oracle.jacobian (a.Component c) θ points

                        agree 1e-11 (Network.tangent part θ x) (Network.tangent part θ y) (own x) (own y) (a.Seed + c)

                        Check.close 1e-12 "value" (Network.value part θ x) (a.Component c θ x))

            Check.scoped "values are stacked in the order of the rows" (fun () ->
                let one, two = Check.normal 1 [ 4 ], Check.normal 2 [ 4 ]
                Check.identical "one" (Tangent.stacked one) one

                Check.identical
                    "two"
                    (Tangent.stacked (Tensor.stack 1L [ one; two ]))
                    (Tensor.concatenate 0L [ one; two ]))

            Oracle.law "picked rows are rows" 15 (fun a ->
                let tangent = Network.tangent a.Network a.Parameters (a.Points 6 0)
                let index = torch.tensor [| 4L; 0L; 3L |]
                let picked = Tangent.pick index tangent
                let kernel = Tangent.kernel tangent tangent
                Check.close 1e-13 "kernel" (Tangent.kernel picked tangent) (kernel.index_select (0L, index)))

            Oracle.law
                "the kernel is symmetric and positive semidefinite, with the squared norms on its diagonal"
                15
                (fun a ->
                    let tangent = Network.tangent a.Network a.Parameters (a.Points 6 0)
                    let kernel = Tangent.kernel tangent tangent
                    Check.close 1e-14 "symmetric" (kernel.t ()) kernel
                    Check.close 1e-13 "diagonal" (kernel.diagonal ()) (Tangent.squaredNorms tangent)

                    let struct (eigenvalues, _) = torch.linalg.eigh kernel
                    let smallest = Tensor.toFloat (eigenvalues.min ())
                    Expect.isGreaterThan smallest (-1e-12 * Check.size kernel) "semidefinite")

            Check.scoped "chunks do not change a structured kernel" (fun () ->
                // Blocks of 2¹⁷ numbers: 119 rows at a time, the last of them fewer.
                let network =
                    Network.create (Domain.euclidean 2) [ Layer.dense 3 Tanh; Layer.dense 2 Sine ]

                let θ = Network.initial network 1
                let x, y = Check.normal 2 [ 2100; 2 ], Check.normal 3 [ 1100; 2 ]
                let tangent p = Network.tangent network θ p
                let whole = Tangent.kernel (tangent x) (tangent y)

                let parts =
                    Tensor.concatenate
                        0L
                        [
                            for start in 0L..300L..1800L ->
                                Tangent.kernel (tangent (x.narrow (0L, start, 300L))) (tangent y)
                        ]

                Check.close 1e-13 "kernel" whole parts)

            Check.scoped "chunks do not change a generic tangent" (fun () ->
                // p = 2¹⁹: chunks of 4 rows of J.
                let p, n = 1 <<< 19, 10
                let frequencies = Tensor.linspace Placement.float64 0.0 3.0 p

                let network =
                    Network.ofFunction
                        (Domain.euclidean 1)
                        p
                        (fun placement _ -> Tensor.zeros placement [ p ])
                        (fun θ x -> (x * frequencies).sin().mv θ)

                let θ, x = Check.normal 1 [ p ], Check.normal 2 [ n; 1 ]
                let j = (x * frequencies).sin()
                agree 1e-12 (Network.tangent network θ x) (Network.tangent network θ x) j j 3)

            Check.scoped "float32 stays float32 and is close to float64" (fun () ->
                let network =
                    Network.create
                        (Domain.periodic [ 0.0, 1.0 ])
                        [
                            Layer.harmonics 2
                            Layer.dense 6 Swish
                            Layer.residual [ Layer.dense 6 Tanh ]
                        ]

                let θ, x = Network.initial network 1, Random.uniform Placement.float64 2 [ 7; 1 ]
                let single (t: Tensor) = Tensor.place Placement.float32 t

                let double, tangent =
                    Network.tangent network θ x, Network.tangent network (single θ) (single x)

                let w, v = Check.normal 3 [ network.ParameterCount ], Check.normal 4 [ 7 ]

                for name, low, high in
                    [
                        "kernel", Tangent.kernel tangent tangent, Tangent.kernel double double
                        "J w", Tangent.times (single w) tangent, Tangent.times w double
                        "Jᵀv", Tangent.transposeTimes (single v) tangent, Tangent.transposeTimes v double
                        "norms", Tangent.squaredNorms tangent, Tangent.squaredNorms double
                        "Δu", Network.laplacian network (single θ) (single x), Network.laplacian network θ x
                    ] do
                    Expect.equal low.dtype torch.ScalarType.Float32 name
                    Check.close 1e-4 name (Tensor.place Placement.float64 low) high)

            Check.scoped "refuses tangents of different networks and vectors of the wrong length" (fun () ->
                let domain = Domain.euclidean 1
                let x = Check.normal 1 [ 3; 1 ]

                let tangent width =
                    let network = Network.create domain [ Layer.dense width Tanh ]
                    Network.tangent network (Network.initial network 1) x

                let generic =
                    Network.ofFunction domain 7 (fun placement _ -> Tensor.zeros placement [ 7 ]) (fun θ x ->
                        x.squeeze 1L * θ[0])

                let other = Network.tangent generic (Tensor.ones Placement.float64 [ 7 ]) x

                Check.refuses [ "second"; "10 parameters"; "has 7" ] (fun () ->
                    Tangent.kernel (tangent 2) (tangent 3) |> ignore)

                Check.refuses [ "second"; "structured"; "generic" ] (fun () ->
                    Tangent.kernel (tangent 2) other |> ignore)

                Check.refuses [ "v"; "length 3" ] (fun () ->
                    Tangent.transposeTimes (Check.normal 1 [ 4 ]) (tangent 2) |> ignore)

                Check.refuses [ "w"; "length 7" ] (fun () ->
                    Tangent.times (Check.normal 1 [ 3; 1 ]) (tangent 2) |> ignore))

            Check.scoped "nothing is left but the result" (fun () ->
                let network = Network.create (Domain.euclidean 2) [ Layer.dense 3 Tanh ]
                let θ, x = Network.initial network 1, Check.normal 2 [ 5; 2 ]

                let generic =
                    Network.ofFunction network.Domain network.ParameterCount network.Initial (Network.value network)

                let v, w = Check.normal 3 [ 5 ], Check.normal 4 [ network.ParameterCount ]

                for tangent in [ Network.tangent network θ x; Network.tangent generic θ x ] do
                    for compute in
                        [
                            fun () -> Tangent.kernel tangent tangent
                            fun () -> Tangent.times w tangent
                            fun () -> Tangent.transposeTimes v tangent
                            fun () -> Tangent.squaredNorms tangent
                        ] do
                        Assert.frees (fun () -> compute().Dispose()))
        ]
