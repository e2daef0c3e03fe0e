/// How long the parts of an evaluation take, on the processor and on the device, and what libtorch's own products take.
module Mne.Functional.DeviceCheck.Times

open System
open System.Diagnostics
open TorchSharp
open Mne.Functional

type Time =
    {
        Name: string
        /// The median of several runs, in seconds.
        Seconds: float
        /// Floating-point operations by the formula.
        Operations: float
    }

let private wait (placement: Placement) =
    match placement.Device with
    | Device.Cuda index -> torch.cuda.synchronize (torch.device (DeviceType.CUDA, index))
    | Device.Cpu -> ()

/// The median over some runs, after two that warm up.
let private measure (placement: Placement) (runs: int) name operations (compute: unit -> unit) : Time =
    let once () =
        wait placement
        let clock = Stopwatch.StartNew()
        Scope.free compute
        wait placement
        clock.Elapsed.TotalSeconds

    if runs > 1 then
        once () |> ignore

    once () |> ignore
    let times = [| for _ in 1..runs -> once () |] |> Array.sort

    {
        Name = name
        Seconds = times[times.Length / 2]
        Operations = operations
    }

let private d, width, layers = 4, 256, 3

let private network =
    Network.create (Domain.euclidean d) (List.replicate layers (Layer.dense width Tanh))

/// Times at N points and s landmarks.
let all (placement: Placement) (runs: int) (n: int) (s: int) (side: int) : Time list =
    Scope.free (fun () ->
        let θ = Tensor.place placement (Network.initial network 1)
        let x = Random.normal placement 2 [ n; d ]

        let a, b =
            Random.normal placement 3 [ side; side ], Random.normal placement 4 [ side; side ]

        let n', s' = float n, float s

        // K = Σ (B B'ᵀ) ∘ (A A'ᵀ + 1): 2 N s (fan-in + fan-out) and 3 N s for each map.
        let kernel =
            let maps = [ d, width ] @ List.replicate (layers - 1) (width, width) @ [ width, 1 ]

            maps
            |> List.sumBy (fun (fanIn, fanOut) -> n' * s' * float (2 * (fanIn + fanOut) + 3))

        let index =
            torch.tensor ([| for i in 0 .. s - 1 -> int64 (i * (n / s)) |], device = x.device)

        let tangent = Network.tangent network θ x
        let selected = Tangent.pick index tangent
        let left = Random.normal placement 5 [ n; width ]
        let right = Random.normal placement 6 [ width; s ]
        let f = x.select(1L, 0L).sin()
        let landmarks = Some [| for i in 0 .. s - 1 -> i * (n / s) |]

        let λ =
            if placement.Precision = Precision.Float32 then
                1e-4
            else
                1e-8

        let field =
            {
                Network = network
                Term = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value
                Points = PointDynamics.Fixed
                PointCount = n
                Landmarks = landmarks
                Regularisation = λ
                Walls = []
            }

        let y = VectorField.pack θ x

        [
            measure
                placement
                runs
                $"libtorch: product of two {side} × {side} matrices"
                (2.0 * float side ** 3.0)
                (fun () -> a.mm b |> ignore)
            measure placement runs $"libtorch: product {n} × {width} × {s}" (2.0 * n' * float width * s') (fun () ->
                left.mm right |> ignore)
            measure placement runs $"kernel block {n} × {s}" kernel (fun () ->
                Tangent.kernel tangent selected |> ignore)
            measure placement runs $"jet with Laplacian at {n} points" nan (fun () ->
                Network.jet (set [ Derivative.Value; Derivative.Laplacian ]) network θ x
                |> ignore)
            measure placement runs "least norm" (kernel + 2.0 * n' * s' * s') (fun () ->
                Sketch.minimalNorm λ landmarks tangent f |> ignore)
            measure placement runs $"one evaluation, N = {n}, s = {s}" nan (fun () ->
                VectorField.evaluate field 0.0 y |> ignore)
        ])
