module Mne.Functional.Tests.ArithmeticTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional

/// A number beside a tensor, either first: the operator of TorchSharp and ours.
let private operators: (string * (Tensor -> Tensor) * (Tensor -> Tensor)) list =
    [
        "a * x", (fun x -> 0.3 * x), (fun x -> 0.3 .* x)
        "x * a", (fun x -> x * 0.3), (fun x -> x .* 0.3)
        "a / x", (fun x -> 0.3 / x), (fun x -> 0.3 ./ x)
        "x / a", (fun x -> x / 0.3), (fun x -> x ./ 0.3)
        "a + x", (fun x -> 0.3 + x), (fun x -> 0.3 .+ x)
        "x + a", (fun x -> x + 0.3), (fun x -> x .+ 0.3)
        "a - x", (fun x -> 0.3 - x), (fun x -> 0.3 .- x)
        "x - a", (fun x -> x - 0.3), (fun x -> x .- 0.3)
        "n * x", (fun x -> 3 * x), (fun x -> 3 .* x)
        "x / n", (fun x -> x / 3), (fun x -> x ./ 3)
        "n - x", (fun x -> 3 - x), (fun x -> 3 .- x)
        "x + n", (fun x -> x + 3), (fun x -> x .+ 3)
        "precedence", (fun x -> 1.0 - 2.0 * x / 3.0 + x), (fun x -> 1.0 .- 2.0 .* x ./ 3.0 + x)
        "x + y", (fun x -> x + x.exp ()), (fun x -> x .+ x.exp ())
        "square", (fun x -> x.square ()), (fun x -> x.Square())
        "power", (fun x -> x.pow (1.5.ToScalar())), (fun x -> x.Power 1.5)
        "clamp", (fun x -> x.clamp (0.4.ToScalar(), 0.6.ToScalar())), (fun x -> x.Clamp(0.4, 0.6))
        "clamp_min", (fun x -> x.clamp_min 0.4), (fun x -> x.ClampMin 0.4)
        "clamp_max", (fun x -> x.clamp_max 0.6), (fun x -> x.ClampMax 0.6)
        "masked_fill",
        (fun x -> x.masked_fill (x.lt (0.5.ToScalar()), 2.0)),
        (fun x -> x.MaskedFill(x.LessThan 0.5, 2.0))
    ]

/// The README's ring, two wells, and a funnel: energies as users write them.
let private energies: (Tensor -> Tensor) list =
    [
        fun x -> 4.0 .* (x.norm 1 .- 2.0).Square()
        fun x -> ((x.Square() .- 1.0).Square() .* 2.0 .+ 0.1 .* x).sum 1L
        fun x ->
            let first = x.select (1L, 0L)

            first.Square() ./ 18.0
            .+ 0.5 .* (x.select(1L, 1L).Square() * (-first).exp() .+ first)
    ]

/// How often a value differs from the right one, and how often an energy raises, on four threads while another collects.
let race count =
    let x = Random.uniform Placement.float64 5 [ 16; 2 ]
    let right = [| for energy in energies -> Tensor.toArray (energy x) |]
    let energies = Array.ofList energies
    let mutable wrong, raised = 0, 0
    let mutable running = true

    let collector =
        Thread(fun () ->
            while Volatile.Read &running do
                GC.Collect 0
                GC.WaitForPendingFinalizers())

    let work () =
        for i in 0 .. count / 4 - 1 do
            let k = i % energies.Length

            try
                if Scope.free (fun () -> Tensor.toArray (energies[k] x)) <> right[k] then
                    Interlocked.Increment &wrong |> ignore
            with _ ->
                Interlocked.Increment &raised |> ignore

    let workers = [ for _ in 1..4 -> Thread work ]
    collector.Start()

    for worker in workers do
        worker.Start()

    for worker in workers do
        worker.Join()

    Volatile.Write(&running, false)
    collector.Join()
    wrong, raised

[<Tests>]
let tests =
    testList
        "Arithmetic"
        [
            for name, plain, ours in operators do
                for placement in [ Placement.float64; Placement.float32 ] do
                    Check.scoped $"{name} is TorchSharp's, in {placement.Precision}, with its gradient" (fun () ->
                        let points () =
                            (Random.uniform placement 3 [ 5; 2 ]).requires_grad_()

                        let x, y = points (), points ()
                        let a, b = plain x, ours y
                        Check.identical "value" b a
                        a.sum().backward()
                        b.sum().backward()

                        match x.grad, y.grad with
                        | null, _
                        | _, null -> failtest "no gradient"
                        | expected, found -> Check.identical "gradient" found expected)

            Check.scoped "in place: the tensor itself changes" (fun () ->
                let x = Tensor.ones Placement.float64 [ 2 ]
                x.AddInPlace 1.0 |> ignore
                Expect.equal (Tensor.toArray x) [| 2.0; 2.0 |] "1 + 1"
                x.AddInPlace(Tensor.ones Placement.float64 [ 2 ], 0.5) |> ignore
                Expect.equal (Tensor.toArray x) [| 2.5; 2.5 |] "2 + 0.5 · 1"
                x.AddInPlace x |> ignore
                Expect.equal (Tensor.toArray x) [| 5.0; 5.0 |] "2.5 + 2.5"
                x.FillInPlace 7.0 |> ignore
                Expect.equal (Tensor.toArray x) [| 7.0; 7.0 |] "7")

            Check.scoped "made like another tensor" (fun () ->
                let x = Tensor.ones Placement.float32 [ 2 ]
                Expect.equal (x.NewFull(2L, 3.0).dtype) torch.ScalarType.Float32 "element type"
                Expect.equal (Tensor.toArray (x.NewFull(2L, 3.0))) [| 3.0; 3.0 |] "a vector"
                Expect.equal (Tensor.toArray2D (x.NewFull(1L, 2L, 3.0))) (array2D [ [ 3.0; 3.0 ] ]) "a matrix"
                Expect.equal (Tensor.toArray (x.NewCount 3)) [| 0.0; 1.0; 2.0 |] "counted"
                Expect.equal (x.NewCount(3).dtype) torch.ScalarType.Float32 "element type")

            testCase "on four threads while another collects no number is lost" (fun () ->
                let count =
                    match Environment.GetEnvironmentVariable "MNE_RACE" with
                    | null -> 4000
                    | count -> int (float count)

                Expect.equal (race count) (0, 0) "wrong values, and exceptions")
        ]
