// Posteriors of posteriordb by one call with the defaults, and by the No-U-Turn sampler of rstan (beside-nuts.R): processor seconds to the first answer, effective
// draws per second, and how far means are from the published ones. One thread each. It wants R with rstan (Debian: r-cran-rstan and libboost-dev) and a
// clone of posteriordb, whose Stan programs rstan compiles.
//     dotnet fsi --optimize+ scripts/beside-nuts.fsx FOLDER [part of a name…]     (FOLDER holds posterior_database)
// Effective draws of the chains are those of the quantity that has fewest (ess_bulk); those of weighted draws are the same for all quantities.
#load "posteriors.fsx"

open System
open System.Diagnostics
open System.Text.Json
open Mne.Functional
open Posteriors

/// What a sampler made of a posterior.
type Side =
    {
        /// Before the first draw: compilation, or nothing.
        Preparation: float
        Sampling: float
        Effective: float
        /// The largest error of a mean, in reference deviations.
        MeanError: float
    }

    member side.Seconds = side.Preparation + side.Sampling
    member side.Rate = side.Effective / side.Sampling

let private processorSeconds () =
    Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds

let private here (reference: Reference) : Side =
    let before = processorSeconds ()
    use inference = reference.Model |> Model.sample Run.quiet Posterior.defaults
    let seconds = processorSeconds () - before

    let error =
        Scope.free (fun () ->
            let draws = columnsOf (NamedDraws.labels reference.Published) inference.Draws
            let truth = reference.Published.Values
            let mean = ((inference.Draws.LogWeights.softmax 0L).unsqueeze 1L * draws).sum 0L
            Tensor.toFloat (((mean - truth.mean [| 0L |]) / truth.std 0L).abs().max()))

    {
        Preparation = 0.0
        Sampling = seconds
        Effective =
            inference.Posterior.Efficiency.Value
            * float (Tensor.rows inference.Draws.Values)
        MeanError = error
    }

let private byNuts (folder: string) (name: string) : Side =
    let start =
        ProcessStartInfo(
            "Rscript",
            [ $"{__SOURCE_DIRECTORY__}/beside-nuts.R"; folder; name ],
            RedirectStandardOutput = true
        )

    use r = Process.Start start
    let answer = r.StandardOutput.ReadToEnd()
    r.WaitForExit()

    if r.ExitCode <> 0 then
        failwith $"Rscript ended with code {r.ExitCode} for {name}."

    use document =
        answer.Split('\n') |> Array.findBack _.StartsWith('{') |> JsonDocument.Parse

    let number (key: string) =
        document.RootElement.GetProperty(key).GetDouble()

    {
        Preparation = number "compilation"
        Sampling = number "sampling"
        Effective = number "effective"
        MeanError = number "meanError"
    }

let private words = List.tail (List.ofArray fsi.CommandLineArgs)
let private chosen = named words

TorchSharp.torch.set_num_threads 1
printfn "%-42s %28s   %44s" "" "Posterior.sample" "NUTS (rstan)"

printfn
    "%-42s %7s %10s %9s   %8s %8s %8s %8s %9s"
    "posterior"
    "seconds"
    "ESS/s"
    "mean off"
    "compile"
    "sample"
    "ESS/s"
    "in all"
    "mean off"

let private made =
    [
        for name, read in chosen do
            let ours = here (read ())
            let nuts = byNuts words.Head name

            printfn
                "%-42s %7.1f %10.0f %9.3f   %8.1f %8.1f %8.0f %8.1f %9.3f"
                name
                ours.Seconds
                ours.Rate
                ours.MeanError
                nuts.Preparation
                nuts.Sampling
                nuts.Rate
                nuts.Seconds
                nuts.MeanError

            Console.Out.Flush()
            ours, nuts
    ]

let private count (wins: Side -> Side -> bool) =
    made |> List.filter (fun (ours, nuts) -> wins ours nuts) |> List.length |> float

printResult
    [
        "posteriors", float made.Length
        "firstAnswerSooner", count (fun ours nuts -> ours.Seconds < nuts.Seconds)
        "moreEffectivePerSecond", count (fun ours nuts -> ours.Rate > nuts.Rate)
        "smallerMeanError", count (fun ours nuts -> ours.MeanError < nuts.MeanError)
    ]
