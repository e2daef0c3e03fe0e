// All targets with known answers, each sampled by one call with the defaults: how good the draws are, and whether the verdict on them is
// right. A row is printed as it comes, then a summary of each family.
//     dotnet fsi --optimize+ scripts/suite.fsx [part of a name] [offset of seeds] [folder of posteriordb] [seconds for each at most]
// An offset other than 0 gives other random parameters: targets that nobody has tuned for. With a clone of posteriordb its posteriors are
// among the targets ("" is a part of every name).
#load "targets.fsx" "posteriors.fsx"

open System
open System.Diagnostics
open System.Threading
open Mne.Functional
open Families
open SuiteTargets
open Posteriors

/// What a sampler says.
type Answer =
    {
        Draws: Draws
        LogNormaliser: Estimate
        Efficiency: float
        Verdict: Verdict
        Concerns: string list
        /// log q at any points, where draws have a density.
        LogProposal: Tensor -> Tensor option
        /// Energy evaluations (rows) by its own count.
        Evaluations: int64
        /// What is disposed of in the end.
        Owner: IDisposable
    }

/// The one call that is measured; nothing else here knows how draws are made.
let answer (run: Run) (density: Density) : Answer =
    let posterior = density |> Posterior.sample run Posterior.defaults

    {
        Draws = posterior.Draws
        LogNormaliser = posterior.LogNormaliser
        Efficiency = posterior.Efficiency.Value
        Verdict = posterior.Verdict
        Concerns = [ for concern in posterior.Concerns -> (string concern).Split(' ', '\n')[0] ]
        LogProposal =
            fun points ->
                if posterior.Plan.Blocks |> List.exists (fun block -> block.Route = Route.Tempered) then
                    None
                else
                    Some(posterior |> Posterior.logProposal Run.quiet points)
        Evaluations = posterior.Evaluations
        Owner = posterior
    }

/// A target, its draws in the coordinates in which its moments are known, and whether these decide.
type Case =
    {
        Target: Target
        Shown: Tensor -> Tensor
        ByMoments: bool
    }

let ofTarget (target: Target) : Case =
    {
        Target = target
        Shown = _.alias()
        ByMoments = false
    }

/// A posterior: what is known are the moments of its reference draws.
let ofReference (reference: Reference) : Case =
    Scope.free (fun () ->
        {
            Target =
                { target reference.Density 0.0 with
                    Name = reference.Name
                    Family = "posteriordb"
                    LogNormaliser = reference.LogNormaliser
                    Mean = Some(Tensor.toArray (reference.Published.Values.mean [| 0L |]))
                    Deviation = Some(Tensor.toArray (reference.Published.Values.std 0L))
                }
            Shown = reference.Shown
            ByMoments = true
        })

/// How far an answer is off; nan where it is not known what it should be.
type Errors =
    {
        /// Found less exact.
        LogZ: float
        /// The largest, in standard deviations.
        Mean: float
        /// The largest, relative.
        Deviation: float
        /// The largest of a mode's share.
        Modes: float
        /// The evidence's upper bound by exact draws of the target less its lower bound by the answer's, before weighting.
        Gap: float
    }

let errors (case: Case) (answer: Answer) : Errors =
    Scope.free (fun () ->
        let target = case.Target

        let points, weights =
            case.Shown answer.Draws.Points, Importance.weights answer.Draws

        let average (values: Tensor) : Tensor = (weights.unsqueeze 1L * values).sum 0L

        let largest (values: Tensor) = Tensor.toFloat (values.abs().max())
        let row (values: float[]) = Tensor.ofArray Placement.float64 values

        {
            LogZ =
                target.LogNormaliser
                |> Option.map (fun exact -> answer.LogNormaliser.Value - exact)
                |> Option.defaultValue nan
            Mean =
                match target.Mean, target.Deviation with
                | Some mean, Some deviation -> largest ((average points - row mean) / row deviation)
                | _ -> nan
            Deviation =
                match target.Deviation with
                | Some deviation ->
                    let found = (average ((points - average points).Square())).sqrt()
                    largest (found / row deviation .- 1.0)
                | None -> nan
            Modes =
                match target.Membership with
                | Some membership ->
                    let shares = target.Modes |> List.map fst |> Array.ofList |> row
                    largest (average (membership points) - shares)
                | None -> nan
            Gap =
                match target.Samples with
                | Some samples ->
                    let exact = samples 1 4000

                    match answer.LogProposal exact with
                    | Some log ->
                        Tensor.toFloat ((-(target.Density.Energy exact) - log).mean())
                        - Importance.evidenceLowerBound answer.Draws
                    | None -> nan
                | None -> nan
        })

/// What became of a target.
type Row =
    {
        Case: Case
        /// The answer and its errors, or why there is none.
        Result: Result<Answer * Errors, string>
        Seconds: float
        /// Counted here, at the energy (rows).
        Evaluations: int64
        /// Tensors that are left when the answer has been disposed of.
        Leaked: int64
    }

/// Rounding apart: of a log Z that is exact, the stated error may be 0.
let private rounding (case: Case) =
    1e-6 * max 1.0 (abs (defaultArg case.Target.LogNormaliser 1.0))

/// ESS ≥ ½, and log Z within three stated errors; of a posterior, means within 0.1 deviations and these within 10 %.
let good (row: Row) : bool =
    match row.Result with
    | Error _ -> false
    | Ok(answer, errors) ->
        answer.Efficiency >= 0.5
        && if row.Case.ByMoments then
               errors.Mean <= 0.1 && errors.Deviation <= 0.1
           else
               abs errors.LogZ <= 3.0 * answer.LogNormaliser.StandardError + rounding row.Case

/// Wrong by far: what a verdict has to know.
let wrong (row: Row) : bool =
    match row.Result with
    | Error _ -> false
    | Ok(answer, errors) ->
        let target = row.Case.Target
        // What is no number is beyond every limit.
        let beyond limit value known = known && not (abs value <= limit)

        target.LogNormaliser.IsSome
        |> beyond (4.0 * answer.LogNormaliser.StandardError + 0.05) errors.LogZ
        || target.Membership.IsSome |> beyond 0.05 errors.Modes
        || target.Mean.IsSome |> beyond 0.2 errors.Mean

let private verdict (row: Row) =
    match row.Result with
    | Ok(answer, _) -> Some answer.Verdict
    | Error _ -> None

let falseTrust (row: Row) =
    verdict row = Some Verdict.Reliable && wrong row

let falseAlarm (row: Row) =
    verdict row = Some Verdict.Unreliable && good row

let private counted (density: Density) : Density * (unit -> int64) =
    let rows = ref 0L

    { density with
        Energy =
            fun x ->
                Interlocked.Add(rows, x.shape[0]) |> ignore
                density.Energy x
    },
    fun () -> rows.Value

/// Samples a target, for some seconds at most.
let measure (limit: float) (case: Case) : Row =
    let before = Engine.liveTensors ()
    let density, evaluations = counted case.Target.Density
    use stop = new CancellationTokenSource(TimeSpan.FromSeconds limit)

    let run =
        { Run.quiet with
            Cancellation = stop.Token
        }

    let clock = Stopwatch.StartNew()

    let result, seconds =
        try
            let answer = answer run density
            let seconds = clock.Elapsed.TotalSeconds
            use _ = answer.Owner
            Ok(answer, errors case answer), seconds
        with
        | :? OperationCanceledException -> Error $"stopped after {limit:F0} s", clock.Elapsed.TotalSeconds
        | error -> Error $"{error.GetType().Name}: {error.Message}", clock.Elapsed.TotalSeconds

    {
        Case = case
        Result = result
        Seconds = seconds
        Evaluations = evaluations ()
        Leaked = Engine.liveTensors () - before
    }

let private header =
    sprintf
        "%-42s %4s %6s %9s %8s %7s %7s %7s %7s %7s %9s %6s  %-10s %s"
        "target"
        "d"
        "ESS %"
        "log Z off"
        "stated"
        "means"
        "dev."
        "modes"
        "gap"
        "sec."
        "energies"
        "MiB"
        "verdict"
        "right?"

let private number (format: string) (value: float) =
    if Double.IsNaN value then "-" else value.ToString format

let private judgement (row: Row) =
    if falseTrust row then "FALSE TRUST"
    elif falseAlarm row then "FALSE ALARM"
    else "yes"

let private show (row: Row) : string =
    let target = row.Case.Target
    // Of the whole process, so far.
    let peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1048576L

    let start = sprintf "%-42s %4d" target.Name target.Density.Dimension

    let rest =
        match row.Result with
        | Ok(answer, errors) ->
            sprintf
                "%6.1f %9s %8s %7s %7s %7s %7s %7.1f %9s %6d  %-10s %s%s"
                (100.0 * answer.Efficiency)
                (number "F4" errors.LogZ)
                (number "F4" answer.LogNormaliser.StandardError)
                (number "F3" errors.Mean)
                (number "F3" errors.Deviation)
                (number "F3" errors.Modes)
                (number "F3" errors.Gap)
                row.Seconds
                ((float row.Evaluations).ToString "G4")
                peak
                (string answer.Verdict)
                (judgement row)
                (if good row then "" else ", not good")
        | Error message ->
            sprintf "%.1f s, %g energies: %s" row.Seconds (float row.Evaluations) (message.Split('\n')[0])

    let own =
        match row.Result with
        | Ok(answer, _) when answer.Evaluations <> row.Evaluations -> $" (it says {answer.Evaluations} energies)"
        | _ -> ""

    let concerns =
        match row.Result with
        | Ok(answer, _) when not answer.Concerns.IsEmpty ->
            let names = String.concat ", " answer.Concerns
            $" ({names})"
        | _ -> ""

    let leaked =
        if row.Leaked > 0L then
            $" ({row.Leaked} tensors left)"
        else
            ""

    $"{start} {rest}{concerns}{own}{leaked}"

let private count (holds: Row -> bool) (rows: Row list) =
    rows |> List.filter holds |> List.length

let private summary (rows: Row list) =
    printfn ""

    printfn
        "%-20s %7s %5s %11s %11s %6s %8s %9s"
        "family"
        "targets"
        "good"
        "false trust"
        "false alarm"
        "failed"
        "seconds"
        "energies"

    let line (family: string) (rows: Row list) =
        printfn
            "%-20s %7d %5d %11d %11d %6d %8.0f %9s"
            family
            rows.Length
            (count good rows)
            (count falseTrust rows)
            (count falseAlarm rows)
            (count _.Result.IsError rows)
            (rows |> List.sumBy _.Seconds)
            ((rows |> List.sumBy (fun r -> float r.Evaluations)).ToString "G4")

    for family, rows in rows |> List.groupBy _.Case.Target.Family do
        line family rows

    line "all" rows

let private words = List.ofArray fsi.CommandLineArgs |> List.tail
let private word k = List.tryItem k words

let private part = word 0 |> Option.defaultValue ""
let private offset = word 1 |> Option.map int |> Option.defaultValue 0
let private limit = word 3 |> Option.map float |> Option.defaultValue 900.0

let private cases =
    [
        for _, make in targets offset part do
            fun () -> ofTarget (make ())

        match word 2 with
        | Some folder when folder <> "" ->
            for _, read in posteriors folder part do
                fun () -> ofReference (read ())
        | _ -> ()
    ]

printfn "%s" header

let rows =
    [
        for make in cases do
            let row = measure limit (make ())
            printfn "%s" (show row)
            yield row
    ]

summary rows

printResult
    [
        "targets", float rows.Length
        "good", float (count good rows)
        "falseTrust", float (count falseTrust rows)
        "falseAlarm", float (count falseAlarm rows)
    ]
