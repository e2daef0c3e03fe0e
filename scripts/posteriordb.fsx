// Posteriors of posteriordb, each by one call with the defaults, beside the reference draws of that database: errors of means and deviations in units of
// the reference deviation, effective draws, log Z, seconds, and whether the verdict is right. A line is printed as each of them ends.
//     dotnet fsi --optimize+ scripts/posteriordb.fsx FOLDER [part of a name…]     (FOLDER holds posterior_database)
// Good is: every mean within 0.05, every deviation within 5 %, effective draws at least 30 % of all, the verdict right, at most 180 s.
#load "posteriors.fsx"

open System
open Mne.Functional
open Posteriors

/// What one call made of a posterior.
type Row =
    {
        MeanError: float
        DeviationError: float
        Seconds: float
        Good: bool
    }

let private sample (reference: Reference) : Row =
    let inference, seconds =
        timed (fun () -> reference.Model |> Model.sample Run.quiet Posterior.defaults)

    use inference = inference

    let meanErrors, deviationErrors =
        Scope.free (fun () ->
            let draws = columnsOf (NamedDraws.labels reference.Published) inference.Draws

            let weights = (inference.Draws.LogWeights.softmax 0L).unsqueeze 1L
            let mean = (weights * draws).sum 0L
            let deviation = (weights * (draws - mean).Square()).sum(0L).sqrt()
            let truth = reference.Published.Values
            let unit = truth.std 0L

            Tensor.toArray ((mean - truth.mean [| 0L |]) / unit) |> Array.map abs,
            Tensor.toArray (deviation / unit .- 1.0) |> Array.map abs)

    let posterior = inference.Posterior
    let meanError, deviationError = Array.max meanErrors, Array.max deviationErrors
    let right = meanError <= 0.05 && deviationError <= 0.05

    /// A right answer is not condemned, a wrong one not trusted.
    let verdict =
        if right then
            posterior.Verdict <> Verdict.Unreliable
        else
            posterior.Verdict <> Verdict.Reliable

    let row =
        {
            MeanError = meanError
            DeviationError = deviationError
            Seconds = seconds
            Good = right && verdict && posterior.Efficiency.Value >= 0.3 && seconds <= 180.0
        }

    let evidence =
        match reference.LogNormaliser with
        | Some exact ->
            let off =
                (posterior.LogNormaliser.Value - exact) / posterior.LogNormaliser.StandardError

            $"off by {off:F1} of them"
        | None -> ""

    let concerns =
        posterior.Concerns
        |> List.map (fun concern -> (string concern).Split(' ', '\n')[0])
        |> String.concat ", "

    printfn
        "%-4s %-42s d = %2d   mean %.3f  deviation %.3f  effective %3.0f %%  %6.1f s  %s %s   log Z %.3f ± %.1e %s"
        (if row.Good then "ok" else "BAD")
        reference.Name
        reference.Density.Dimension
        meanError
        deviationError
        (100.0 * posterior.Efficiency.Value)
        seconds
        (string posterior.Verdict)
        concerns
        posterior.LogNormaliser.Value
        posterior.LogNormaliser.StandardError
        evidence

    Console.Out.Flush()
    row

let private chosen = named (List.tail (List.ofArray fsi.CommandLineArgs))

let private made = [ for _, read in chosen -> sample (read ()) ]

printResult
    [
        "posteriors", float made.Length
        "good", float (made |> List.filter _.Good |> List.length)
        "worstMeanError", made |> List.map _.MeanError |> List.max
        "worstDeviationError", made |> List.map _.DeviationError |> List.max
        "worstSeconds", made |> List.map _.Seconds |> List.max
    ]
