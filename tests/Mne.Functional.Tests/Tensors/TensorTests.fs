module Mne.Functional.Tests.TensorTests

open System
open Expecto
open FsCheck
open TorchSharp
open Mne.Functional

let private double = Placement.float64
let private single = Placement.float32

let private numbers (values: NormalFloat[]) = values |> Array.map _.Get

let private roundTrips =
    testList
        "to tensors and back"
        [
            Check.property "vectors in double precision, bit for bit"
            <| fun (values: NormalFloat[]) ->
                use tensor = Tensor.ofArray double (numbers values)

                Array.map BitConverter.DoubleToInt64Bits (Tensor.toArray tensor) =
                    Array.map BitConverter.DoubleToInt64Bits (numbers values)

            Check.property "vectors in single precision, rounded to nearest"
            <| fun (values: NormalFloat[]) ->
                use tensor = Tensor.ofArray single (numbers values)
                Tensor.toArray tensor = Array.map (float32 >> float) (numbers values)

            Check.property "matrices, row by row"
            <| fun (rows: NonEmptyArray<NormalFloat * NormalFloat * NormalFloat>) ->
                let rows = rows.Get |> Array.map (fun (a, b, c) -> [| a.Get; b.Get; c.Get |])
                use tensor = Tensor.ofRows double (Seq.map Seq.ofArray rows)

                Tensor.toArray2D tensor = array2D rows
                && Tensor.toArray tensor = Array.concat rows
                && Tensor.rows tensor = rows.Length

            test "special values pass through" {
                let values = [| nan; infinity; -infinity; -0.0; Double.Epsilon |]

                use tensor = Tensor.ofArray double values
                let back = Tensor.toArray tensor
                Expect.isTrue (values.AsSpan().SequenceEqual back) "same values"
                Expect.isTrue (Double.IsNegative back[3]) "the sign of zero"
            }

            test "views are read in their own order, gradients are left out" {
                use _ = torch.NewDisposeScope()

                let matrix =
                    Tensor.ofArray2D double (array2D [ [ 1.0; 2.0; 3.0 ]; [ 4.0; 5.0; 6.0 ] ])

                Expect.equal (Tensor.toArray (matrix.t ())) [| 1.0; 4.0; 2.0; 5.0; 3.0; 6.0 |] "transposed"
                let tracked = matrix.detach().clone().requires_grad_()
                Expect.equal (Tensor.toArray (tracked.square ())) [| 1.0; 4.0; 9.0; 16.0; 25.0; 36.0 |] "tracked"
            }

            test "ragged rows: the error names the row and both lengths" {
                let error =
                    Assert.raises<ArgumentException>(fun () ->
                        Tensor.ofRows double [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ]; [ 5.0 ] ] |> ignore)

                Expect.equal error.ParamName "rows" "argument"

                for part in [ "row 2 has 1 numbers"; "row 0 has 2" ] do
                    Expect.stringContains error.Message part "message"
            }

            test "element type and device are the placement's" {
                for placement in [ double; single ] do
                    use _ = torch.NewDisposeScope()

                    for tensor in
                        [
                            Tensor.ofArray placement [| 1.0 |]
                            Tensor.ofRows placement [ [ 1.0 ] ]
                            Tensor.scalar placement 1.0
                            Tensor.zeros placement [ 2; 3 ]
                            Tensor.ones placement [ 2 ]
                            Tensor.linspace placement 0.0 1.0 3
                        ] do
                        Expect.equal (Placement.ofTensor tensor) placement "placement"
                        Expect.equal tensor.device_type DeviceType.CPU "device"
            }
        ]

let private values =
    testList
        "values"
        [
            test "zeros, ones, linspace, scalar" {
                use _ = torch.NewDisposeScope()
                Expect.equal (Tensor.toArray2D (Tensor.zeros double [ 2; 3 ])) (Array2D.zeroCreate 2 3) "zeros"
                Expect.equal (Tensor.toArray (Tensor.ones double [ 3 ])) [| 1.0; 1.0; 1.0 |] "ones"
                Expect.equal (Tensor.toArray (Tensor.linspace double -1.0 1.0 5)) [| -1.0; -0.5; 0.0; 0.5; 1.0 |] "ends"
                Expect.equal (Tensor.toFloat (Tensor.scalar double 0.1)) 0.1 "scalar"
                Expect.equal (Tensor.scalar double 0.1).shape [||] "no dimensions"
            }

            test "pick takes rows in the order of the indices" {
                use _ = torch.NewDisposeScope()
                let rows = Tensor.ofRows double [ [ 0.0; 1.0 ]; [ 10.0; 11.0 ]; [ 20.0; 21.0 ] ]

                Expect.equal
                    (Tensor.toArray (Tensor.pick [| 2; 0; 2 |] rows))
                    [| 20.0; 21.0; 0.0; 1.0; 20.0; 21.0 |]
                    "rows 2, 0, 2"
            }

            Check.property "isFinite says whether every element is"
            <| fun (values: float[]) ->
                // Kept small, so that no sum of finite numbers overflows.
                let values =
                    values |> Array.map (fun v -> if Double.IsFinite v then Math.Tanh v else v)

                use tensor = Tensor.ofArray double values
                Tensor.isFinite tensor = Array.forall Double.IsFinite values

            test "root mean square" {
                use tensor = Tensor.ofRows double [ [ 3.0; 4.0 ]; [ 0.0; 0.0 ] ]
                Expect.floatClose Accuracy.veryHigh (Tensor.rms tensor) 2.5 "sqrt (25 / 4)"
            }

            test "epsilon is the distance from 1 to the next number" {
                Expect.equal (Placement.epsilon double) (Math.BitIncrement 1.0 - 1.0) "double"

                Expect.floatClose
                    Accuracy.high
                    (Placement.epsilon single)
                    (float (MathF.BitIncrement 1.0f - 1.0f))
                    "single"
            }

            test "a CUDA device that is not there: the error says what to do" {
                let error =
                    Assert.raises<ArgumentException>(fun () -> Placement.onCuda 1000 double |> ignore)

                for part in [ "CUDA device 1000"; "libtorch-cuda" ] do
                    Expect.stringContains error.Message part "message"
            }
        ]

let private scopes =
    testList
        "scopes"
        [
            test "keep frees all but the result" {
                Assert.frees (fun () ->
                    let before = Assert.settledTensors ()
                    let a = Tensor.ofArray double [| 3.0; 4.0 |]
                    use norm = Scope.keep (fun () -> a.square().sum().sqrt())
                    Expect.equal (Engine.liveTensors () - before) 2L "a and its norm"
                    a.Dispose()
                    Expect.equal (Tensor.toFloat norm) 5.0 "the result lives")
            }

            test "keepAll frees all but the survivors" {
                Assert.frees (fun () ->
                    let before = Assert.settledTensors ()

                    let low, high =
                        Scope.keepAll (fun (low, high) -> [ low; high ]) (fun () ->
                            let a = Tensor.ofArray double [| 3.0; 4.0 |]
                            a.min (), a.max ())

                    Expect.equal (Engine.liveTensors () - before) 2L "minimum and maximum"
                    Expect.equal (Tensor.toFloat low, Tensor.toFloat high) (3.0, 4.0) "both live"
                    low.Dispose()
                    high.Dispose())
            }

            test "free frees all" {
                Assert.frees (fun () ->
                    let sum =
                        Scope.free (fun () -> Tensor.toFloat ((Tensor.ofArray double [| 3.0; 4.0 |]).square().sum()))

                    Expect.equal sum 25.0 "computed before")
            }

            test "a nested scope hands its result to the outer one" {
                Assert.frees (fun () ->
                    let product =
                        Scope.free (fun () ->
                            let a = Scope.keep (fun () -> (Tensor.ones double [ 3 ]).mul(2.0.ToScalar()))
                            let b = Scope.keep (fun () -> a.mul a)
                            Tensor.toArray b)

                    Expect.equal product [| 4.0; 4.0; 4.0 |] "inner results live on")
            }

            test "detach outlives every scope" {
                Assert.frees (fun () ->
                    let kept =
                        Scope.free (fun () ->
                            let a = Tensor.ones double [ 3 ]
                            Scope.detach [ a ]
                            a)

                    Expect.equal (Tensor.toArray kept) [| 1.0; 1.0; 1.0 |] "still there"
                    kept.Dispose())
            }

            test "an exception frees what the scope held" {
                Assert.frees (fun () ->
                    Expect.throwsT<InvalidOperationException>
                        (fun () ->
                            Scope.keep (fun () ->
                                Tensor.ones double [ 3 ] |> ignore
                                raise (InvalidOperationException()))
                            |> ignore)
                        "the exception passes")
            }

            test "reading a tensor leaves nothing behind" {
                use tensor = Tensor.ofRows single [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]

                Assert.frees (fun () ->
                    Tensor.toArray tensor |> ignore
                    Tensor.toArray2D tensor |> ignore
                    Tensor.rms tensor |> ignore
                    Tensor.isFinite tensor |> ignore
                    (Tensor.pick [| 1 |] tensor).Dispose()
                    Guard.points "points" 2 tensor
                    Guard.finite "points" tensor)
            }
        ]

[<Tests>]
let tests = testList "Tensor" [ roundTrips; values; scopes ]
