/// A block of the tangent kernel, structured against autograd: N = 2000 points in d = 4, three hidden layers of width 128.
/// `dotnet run -c Release -- --compare` prints a table of times and peak memory and ends with `result: {json}`;
/// without arguments BenchmarkDotNet measures the times.
module Mne.Functional.Benchmarks.Program

open System
open System.Diagnostics
open System.IO
open BenchmarkDotNet.Attributes
open BenchmarkDotNet.Running
open TorchSharp
open Mne.Functional

let private d, width = 4, 128

let private network =
    Network.create (Domain.euclidean d) (List.replicate 3 (Layer.dense width Tanh))

let private problem count =
    Network.initial network 1, Random.normal Placement.float64 2 [ count; d ]

/// K(X, X) from the outer-product structure.
let private structured (θ: Tensor) (x: Tensor) : Tensor =
    Scope.keep (fun () ->
        let tangent = Network.tangent network θ x
        Tangent.kernel tangent tangent)

/// K(X, X) from J, made by autograd and multiplied. libtorch's vmap is not within TorchSharp's reach, so J is made row by
/// row: one forward pass for all points, then one backward pass through one point's own graph for each row, written
/// straight into J.
let private byAutograd (θ: Tensor) (x: Tensor) : Tensor =
    Scope.keep (fun () ->
        let n, p = x.shape[0], θ.shape[0]
        let jacobian = torch.empty ([| n; p |], dtype = θ.dtype)

        let parameters =
            let mutable offset = 0L

            [
                for fanIn, fanOut in [ d, width; width, width; width, width; width, 1 ] do
                    let read (shape: int64[]) =
                        let length = Array.reduce (*) shape
                        let part = θ.narrow(0L, offset, length).view(shape).clone().requires_grad_ true
                        offset <- offset + length
                        part

                    let weight = read [| int64 fanOut; int64 fanIn |]
                    let bias = read [| int64 fanOut |]
                    yield weight, bias
            ]

        let leaves =
            [|
                for weight, bias in parameters do
                    weight
                    bias
            |]

        for i in 0L .. n - 1L do
            Scope.free (fun () ->
                let mutable h = x.narrow (0L, i, 1L)

                for l, (weight, bias) in List.indexed parameters do
                    let z = torch.nn.functional.linear (h, weight, bias)
                    h <- if l = parameters.Length - 1 then z else z.tanh ()

                let row = jacobian[i]
                let mutable offset = 0L

                for gradient in torch.autograd.grad (ResizeArray [ h.sum () ], leaves) do
                    let length = gradient.numel ()
                    row.narrow(0L, offset, length).copy_(gradient.view -1L) |> ignore
                    offset <- offset + length)

        jacobian.mm (jacobian.t ()))

type KernelBlock() =
    let mutable θ = Unchecked.defaultof<Tensor>
    let mutable x = Unchecked.defaultof<Tensor>

    [<GlobalSetup>]
    member _.Setup() =
        let first, second = problem 2000
        θ <- first
        x <- second

    [<Benchmark>]
    member _.Structured() =
        Scope.free (fun () -> structured θ x |> ignore)

    [<Benchmark(Baseline = true)>]
    member _.Autograd() =
        Scope.free (fun () -> byAutograd θ x |> ignore)

let private methods = [ "structured", structured; "autograd", byAutograd ]

let private megabytes (name: string) =
    File.ReadLines "/proc/self/status"
    |> Seq.find (fun line -> line.StartsWith name)
    |> fun line ->
        float (line.Split([| ' '; '\t' |], StringSplitOptions.RemoveEmptyEntries)[1])
        / 1024.0

/// In a process of its own: the peak of the resident memory above what libtorch, the runtime and the problem took.
/// Kernel blocks of a few points first, so that threads and compiled code are already there.
let private measure name count =
    Scope.free (fun () ->
        let run = methods |> List.find (fst >> (=) name) |> snd
        let θ, x = problem count

        for _ in 1..30 do
            (run θ (x.narrow (0L, 0L, 20L))).Dispose()

        GC.Collect()
        let before = megabytes "VmRSS"
        let clock = Stopwatch.StartNew()
        let kernel = run θ x
        let seconds = clock.Elapsed.TotalSeconds
        let peak = megabytes "VmHWM" - before
        let trace = Tensor.toFloat (kernel.diagonal().sum())
        let square = Tensor.toFloat (kernel.square().sum())

        // Warm: the best of a few more runs.
        let best =
            Seq.init (if name = "structured" then 5 else 1) (fun _ ->
                let clock = Stopwatch.StartNew()
                (run θ x).Dispose()
                clock.Elapsed.TotalSeconds)
            |> Seq.fold min seconds

        printfn "%s" (String.Join(' ', [ best; peak; trace; square ] |> List.map _.ToString("R"))))

let private inProcess (environment: (string * string) list) name (count: int) =
    let info =
        ProcessStartInfo(nonNull Environment.ProcessPath, RedirectStandardOutput = true)

    if Path.GetFileNameWithoutExtension(nonNull Environment.ProcessPath) = "dotnet" then
        info.ArgumentList.Add(Reflection.Assembly.GetExecutingAssembly().Location)

    for argument in [ "--measure"; name; string count ] do
        info.ArgumentList.Add argument

    for key, value in environment do
        info.Environment[key] <- value

    use child = nonNull (Process.Start info)
    let line = child.StandardOutput.ReadToEnd()
    child.WaitForExit()

    match
        line.Split([| ' '; '\n' |], StringSplitOptions.RemoveEmptyEntries)
        |> Array.map float
    with
    | [| seconds; megabytes; trace; square |] -> seconds, megabytes, trace, square
    | _ -> raise (InvalidOperationException $"The process that measures {name} gave up: {line}")

let private compare count =
    printfn "kernel block: N = %d, d = %d, three hidden layers of %d, p = %d" count d width network.ParameterCount
    printfn "%-12s %10s %14s" "method" "seconds" "peak MiB"

    let results =
        [
            for name, _ in methods ->
                let seconds, _, trace, square = inProcess [] name count
                // Freed tensors go back to the system at once, so that the peak counts what is alive and not what malloc
                // keeps for later; that costs time, which is therefore measured without it.
                let _, megabytes, _, _ = inProcess [ "MALLOC_MMAP_THRESHOLD_", "262144" ] name count
                printfn "%-12s %10.3f %14.1f" name seconds megabytes
                seconds, megabytes, trace, square
        ]

    let (s1, m1, t1, q1), (s2, m2, t2, q2) = results[0], results[1]
    let difference = max (abs (t1 / t2 - 1.0)) (abs (q1 / q2 - 1.0))
    printfn "ratio        %10.1f %14.1f   (the kernels' traces and norms differ by %.1e)" (s2 / s1) (m2 / m1) difference

    printfn
        "result: {\"points\": %d, \"structuredSeconds\": %.4f, \"autogradSeconds\": %.4f, \"timeRatio\": %.1f, \"structuredMiB\": %.1f, \"autogradMiB\": %.1f, \"memoryRatio\": %.1f, \"difference\": %.1e}"
        count
        s1
        s2
        (s2 / s1)
        m1
        m2
        (m2 / m1)
        difference

    if difference < 1e-9 then 0 else 1

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| "--compare" |] -> compare 2000
    | [| "--compare"; count |] -> compare (int count)
    | [| "--measure"; name; count |] ->
        measure name (int count)
        0
    | _ ->
        BenchmarkSwitcher.FromTypes([| typeof<KernelBlock> |]).Run arguments |> ignore
        0
