// What one evaluation of the vector field costs, by part, and what the machine could do: the rate of a large product of matrices, measured in
// the same run. Operations are counted from the formulas; the best of many runs is shown.
//     dotnet fsi --optimize+ scripts/evaluation.fsx [N s d width layers]        (s = N: the exact problem)
#load "load.fsx"

open System
open System.Diagnostics
open TorchSharp
open Mne.Functional

/// The shortest time of a computation in ms, over a second and a half.
let best (compute: unit -> unit) : float =
    for _ in 1..3 do
        compute ()

    let all = Stopwatch.StartNew()
    let mutable shortest = infinity

    while all.ElapsedMilliseconds < 1500L do
        let clock = Stopwatch.StartNew()
        compute ()
        shortest <- min shortest clock.Elapsed.TotalMilliseconds

    shortest

/// Times something whose tensors are freed afterwards.
let time (compute: unit -> 'a) : float =
    best (fun () -> Scope.free (fun () -> compute () |> ignore))

/// Pages that the process touched for the first time, of which the system keeps count.
let faults () : int64 =
    if OperatingSystem.IsLinux() then
        let stat = IO.File.ReadAllText "/proc/self/stat"
        int64 (stat.Substring(stat.LastIndexOf ')' + 2).Split ' ').[7]
    else
        0L

/// Gflop/s of a product of two matrices of 2,048 × 2,048 numbers.
let rate =
    lazy
        (let m = Random.normal Placement.float64 1 [ 2048; 2048 ]
         2.0 * 2.048 ** 3.0 / time (fun () -> m.mm m) * 1e3)

/// One evaluation, and its parts, in ms; the Gflop that they take.
let study (n: int, s: int, d: int, width: int, layers: int) =
    let network =
        Network.create (Domain.euclidean d) (List.replicate layers (Layer.dense width Swish))

    let θ = Network.initial network 1
    let x = Random.normal Placement.float64 2 [ n; d ]
    let term = FokkerPlanck.energy (Process.ornsteinUhlenbeck d)
    let request = Term.needs d term

    let landmarks =
        if s < n then
            Some [| for i in 0 .. s - 1 -> int (int64 i * int64 n / int64 s) |]
        else
            None

    let field =
        {
            Network = network
            Term = term
            Points = PointDynamics.Fixed
            PointCount = n
            Landmarks = landmarks
            Walls = []
            Regularisation = 1e-9
        }

    let y = VectorField.pack θ x
    let f = Random.normal Placement.float64 3 [ n ]
    let tangent = Network.tangent network θ x

    let selected =
        Tangent.pick (torch.tensor [| for i in Option.defaultValue [| 0 .. n - 1 |] landmarks -> int64 i |]) tangent

    let evaluation = time (fun () -> VectorField.evaluate field 0.1 y)
    let before = faults ()

    for _ in 1..10 do
        Scope.free (fun () -> VectorField.evaluate field 0.1 y |> ignore)

    let pages = (faults () - before) / 10L
    let n, s, w = float n, float s, float width
    // Fan-in and fan-out of every layer, with the bias.
    let inner = float d + 1.0 + w + float (layers - 1) * (2.0 * w + 1.0) + w + 1.0
    let forward = 2.0 * n * (float d * w + float (layers - 1) * w * w + w)
    let jet, back = float (d + 2) * forward, 2.0 * forward

    let problem =
        if landmarks.IsSome then
            2.0 * n * s * inner + 2.0 * n * s * s + 2.0 / 3.0 * s ** 3.0
        else
            n * n * inner + n ** 3.0 / 3.0

    let gflop = (jet + back + problem) / 1e9

    let parts =
        [
            "jet", time (fun () -> Network.jet request network θ x)
            "tangent", time (fun () -> Network.tangent network θ x)
            "kernel", time (fun () -> Tangent.kernel tangent selected)
            "θ̇ of least norm and exact rank", time (fun () -> Sketch.minimalNorm 1e-9 landmarks tangent f)
        ]

    printfn $"N = {n}, s = {s}, d = {d}, {layers} layers of {width}: p = {network.ParameterCount}"
    let share = gflop / evaluation * 1e3 / rate.Value

    printfn
        $"  one evaluation  {evaluation, 8:F2} ms, {gflop / evaluation * 1e3, 5:F1} Gflop/s: {share:P0} of the product's {rate.Value:F0}, {pages} new pages"

    for name, ms in parts do
        printfn $"    {name, -32} {ms, 8:F2} ms"

    sprintf "%gx%gx%dx%dx%d" n s d width layers, evaluation, share, pages

let studied =
    match fsi.CommandLineArgs |> Array.skip 1 |> Array.map int with
    | [| n; s; d; width; layers |] -> [ study (n, s, d, width, layers) ]
    | _ ->
        [
            631, 316, 2, 64, 2
            600, 600, 2, 64, 2
            1024, 256, 1, 64, 3
            1024, 1024, 1, 64, 3
            2000, 512, 4, 128, 3
            4096, 1024, 2, 128, 3
        ]
        |> List.map study

let figures =
    [
        for name, ms, share, pages in studied do
            $"\"{name}.ms\": {ms:G5}, \"{name}.share\": {share:G3}, \"{name}.pages\": {pages}"
    ]

printfn "result: {%s}" (String.Join(", ", figures))
