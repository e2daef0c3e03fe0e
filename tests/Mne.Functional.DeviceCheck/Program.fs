/// Whether a device computes what the processor does, and how fast: kernel blocks, jets, a fit, an evolution, a sampler, in double and
/// in single precision, and times beside libtorch's own matrix products. It ends with `result: {json}`.
///
///     dotnet run -c Release --project tests/Mne.Functional.DeviceCheck -- [cpu | cuda:0] [quick]
///
/// Publish it for a machine without .NET, and name a libtorch that has CUDA by MNE_LIBTORCH: docs/devices.md.
module Mne.Functional.DeviceCheck.Program

open System
open System.Diagnostics
open System.Globalization
open TorchSharp
open Mne.Functional

let private number (value: float) =
    if Double.IsFinite value then
        value.ToString("G4", CultureInfo.InvariantCulture)
    else
        "null"

let private quoted (text: string) =
    "\""
    + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", " ")
    + "\""

let private object (entries: (string * string) list) =
    entries
    |> List.map (fun (name, value) -> $"{quoted name}: {value}")
    |> String.concat ", "
    |> fun inner -> "{" + inner + "}"

let private show (times: Times.Time list) =
    for time in times do
        let rate =
            if Double.IsFinite time.Operations then
                $"{time.Operations / time.Seconds / 1e9, 10:F0} Gflop/s"
            else
                ""

        printfn $"  {time.Name, -50} {1e3 * time.Seconds, 10:F2} ms {rate}"

    times |> List.map (fun time -> time.Name, number (1e3 * time.Seconds)) |> object

[<EntryPoint>]
let main arguments =
    printfn $"{Engine.describe ()}\n"
    let quick = Array.contains "quick" arguments

    let device =
        match
            arguments
            |> Array.tryFind (fun a -> a.StartsWith("cuda", StringComparison.Ordinal)),
            arguments
        with
        | Some named, _ ->
            let index = if named.Contains ':' then int (named.Split(':')[1]) else 0
            Placement.onCuda index Placement.float64
        | None, _ when torch.cuda.is_available () && not (Array.contains "cpu" arguments) ->
            Placement.onCuda 0 Placement.float64
        | None, _ -> Placement.float64

    let clock = Stopwatch.StartNew()
    let mutable failures = 0

    let checks =
        [
            for group, checks in Checks.all device @ Parts.all device do
                let found = checks ()
                printfn $"{group} (after {clock.Elapsed.TotalSeconds:F0} s)"

                for check in found do
                    let word = if check.Passes then "ok" else "FAILS"

                    if not check.Passes then
                        failures <- failures + 1

                    printfn $"  {word, -6} {check.Error, 10:G3} ≤ {check.Tolerance, -10:G3} {check.Name}"
                    yield $"{group}: {check.Name}", number check.Error
        ]

    let n, s, side, runs = if quick then 2000, 128, 512, 3 else 32000, 512, 8192, 7

    let times =
        [
            for placement in List.distinct [ device; Placement.float64 ] do
                for precision in [ Precision.Float64; Precision.Float32 ] do
                    let placement = { placement with Precision = precision }
                    let runs = if placement.Device = Device.Cpu then 1 else runs

                    let side =
                        if placement.Device = Device.Cpu then
                            min side 4096
                        else
                            side

                    let times = Times.all placement runs n s side
                    printfn $"times: {placement.Device}, {precision} (after {clock.Elapsed.TotalSeconds:F0} s)"
                    $"{placement.Device} {precision}", show times
        ]

    printfn $"{checks.Length - failures} passed, {failures} failed"

    printfn
        $"""result: {object
                         [
                             "device", quoted (string device.Device)
                             "failures", string failures
                             "errors", object checks
                             "milliseconds", object times
                         ]}"""

    min failures 1
