// What the scripts share, whatever their problem: seconds, points, signs of life, pictures, the closing line.
[<AutoOpen>]
module Shared

#load "load.fsx"

open System
open System.Diagnostics
open System.Globalization
open System.IO
open Mne.Functional
open Mne.Functional.Reporting

/// The folder for pictures and results, beside scripts/.
let output (name: string) =
    Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, "..", "output", name))

/// The numbers behind the script's name on the command line, or others where there are none.
let numbersGiven (otherwise: int list) : int list =
    match fsi.CommandLineArgs |> List.ofArray |> List.tail |> List.filter ((<>) "--open") with
    | [] -> otherwise
    | given -> List.map int given

/// The result of a computation and the seconds it took.
let timed (compute: unit -> 'a) : 'a * float =
    let clock = Stopwatch.StartNew()
    let result = compute ()
    result, clock.Elapsed.TotalSeconds

/// The processor seconds that this program has taken so far.
let processorSeconds () : float =
    System.Diagnostics.Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds

/// Signs of life of work that a script does itself: it is told which fraction is done.
let progress (run: Run) (phase: Phase) : float -> unit =
    let clock = Stopwatch.StartNew()
    fun fraction -> run.Meter(Progress.at phase nan fraction clock.Elapsed)

/// The mean of independent numbers, with its standard error.
let meanOf (values: float[]) : Estimate =
    let mean, n = Array.average values, float values.Length

    {
        Value = mean
        StandardError = sqrt (Array.sumBy (fun v -> (v - mean) ** 2.0) values / (n - 1.0) / n)
    }

/// Points of the line as an n × 1 tensor.
let column (x: float[]) : Tensor =
    Tensor.ofRows Placement.float64 [ for x in x -> [ x ] ]

/// Points as a tensor, one per row.
let points (rows: float[][]) : Tensor =
    rows |> array2D |> Tensor.ofArray2D Placement.float64

/// u(t, ·) at the points, one row per time.
let values (points: Tensor) (times: float[]) (solution: Solution) : float[][] =
    [|
        for t in times -> Scope.free (fun () -> Solution.evaluate t points solution |> Tensor.toArray)
    |]

/// One row per time as charts want it: one row per place.
let byPlace (rows: float[][]) : float[,] =
    Array2D.init rows[0].Length rows.Length (fun i k -> rows[k][i])

/// Step size, residuals, defect and effective rank over time.
let diagnostics (solution: Solution) : Chart =
    Chart.diagnostics (Solution.steps solution)
    |> Chart.titled "The evolution, step by step"

/// Saves a page under output/ and says where; behind the script's name, --open shows it in the browser too.
let picture (name: string) (page: Page) : unit =
    page |> Page.save (output $"{name}.html") |> printfn "picture: %s"

    if Array.contains "--open" fsi.CommandLineArgs then
        Page.show page |> ignore

/// The closing line of a script: its figures, to six digits, as one line of JSON.
let printResult (figures: (string * float) list) =
    let entry (name, value: float) =
        let number =
            if Double.IsFinite value then
                value.ToString("G6", CultureInfo.InvariantCulture)
            else
                "null"

        $"\"{name}\": {number}"

    figures |> List.map entry |> String.concat ", " |> printfn "result: {%s}"
