/// Formulas of the core made wrong on purpose, each with the tests that have to notice: a copy of the sources is changed in one place,
/// built, tested, and changed back.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Mutants

open System
open System.Diagnostics
open System.IO

/// The argument that makes this program the one that tries the mutants.
let argument = "--mutants"

type private Mutant =
    {
        /// Below src/Mne.Functional, without its extension.
        File: string
        /// A text that is there once.
        From: string
        To: string
        /// The tests of lists whose names contain this have to fail.
        Tests: string
    }

let private mutant file from towards tests =
    {
        File = file
        From = from
        To = towards
        Tests = tests
    }

let private all =
    [
        mutant
            "Networks/Activation"
            "(t1.Value.Square() .+ t * t2.Value)"
            "(t1.Value.Square() - t * t2.Value)"
            "Activation"
        mutant "Networks/Activation" "4.0 .* s3.Value .+ a" "3.0 .* s3.Value .+ a" "Activation"
        mutant "Networks/Activation" "((7.0 .- q.Value)" "((6.0 .- q.Value)" "Activation"
        mutant "Networks/Jet" "3.0 .* σ[2] * a1 * a2" "2.0 .* σ[2] * a1 * a2" "Jet"
        mutant "Networks/Jet" "6.0 .* σ[3] * a1.Square() * a2" "4.0 .* σ[3] * a1.Square() * a2" "Jet"
        mutant "Networks/Jet" ".+ 3.0 .* a2.Square())" ".+ 2.0 .* a2.Square())" "Jet"
        mutant "Networks/Jet" ".+ fi * gj" ".+ fi * gi" "Jet"
        mutant
            "Networks/Jet"
            "2.0 .* (gradients first * gradients second)"
            "1.0 .* (gradients first * gradients second)"
            "Jet"
        mutant "Networks/Tangent" "values.t().reshape -1L" "values.reshape -1L" "System"
        mutant "Networks/OutputMap" "constants[k] / map.Gain" "constants[k]" "Unit of a fit"
        mutant "Integration/Controller" "0.75 * gains.Integral" "0.25 * gains.Integral" "Controller"
        mutant
            "Integration/Controller"
            "if attempt.AfterRejection then min 1.0 factor else factor"
            "factor"
            "Controller"
        mutant "Integration/Controller" "gains.Safety * attempt.Error **" "attempt.Error **" "Controller"
        mutant "Integration/Event" "Direction.Rising -> search -1.0" "Direction.Rising -> search 1.0" "Event"
        mutant "Integration/Event" "List.minBy (fun (t, _)" "List.maxBy (fun (t, _)" "Event"
        mutant "Integration/Trajectory" "h .* nextSlope - bend" "h .* nextSlope .+ bend" "Trajectory"
        mutant "Integration/Trajectory" "if forward then t <= stop else t >= stop" "t <= stop" "Trajectory"
        mutant "Integration/Method" "-2187.0 / 6784.0" "-2186.0 / 6784.0" "Method"
        mutant "Integration/Method" "-17253.0 / 339200.0" "17253.0 / 339200.0" "Method"
        mutant "Integration/Method" "-10690763975.0" "10690763975.0" "Method"
        mutant "Integration/Method" "(1.0 - b (j - 1) * value (j - 1))" "(1.0 + b (j - 1) * value (j - 1))" "Method"
        mutant "Equations/Term" "Some(2.0 .* Jet.gradient local.Jet)" "Some(Jet.gradient local.Jet)" "PointDynamics"
        mutant "Equations/Term" "Term.Mean(weight * term) / Term.Mean weight" "Term.Mean(weight * term)" "Term"
        mutant "Equations/Term" "-(at a) * g / slope" "(at a) * g / slope" "PointDynamics"
        mutant "Equations/Term" "float n .* at (pown (n - 1) a)" "at (pown (n - 1) a)" "PointDynamics"
        mutant "Equations/IllPosed" "forwards * along 4 > 0.0" "forwards * along 4 < 0.0" "IllPosed"
        mutant "Evolution/Sketch" "f - μ .* α" "f .+ μ .* α" "Sketch"
        mutant "Evolution/Sketch" "let μ = n * λ * κ" "let μ = λ * κ" "Sketch"
        mutant "Evolution/Sketch" "float factor.shape[0] - μ *" "float factor.shape[0] -" "Sketch"
        mutant "Evolution/Defect" "(c[1] - c[2] - c[3])" "(c[1] - c[2] .+ c[3])" "Defect"
        mutant "Evolution/VectorField" "(tolerance * (scale + tolerance))" "(scale + tolerance)" "Evolution"
        mutant "Targets/Pareto" "** -pareto.Shape - 1.0" "** pareto.Shape - 1.0" "Pareto"
        mutant "Targets/Pareto" "(n * raw.Shape + 10.0 * 0.5) / (n + 10.0)" "raw.Shape" "Pareto"
        mutant "Targets/Importance" "(logWeights.logsumexp 0L) - log m" "(logWeights.logsumexp 0L)" "Importance"
        mutant "Targets/Importance" "2.0 * log m" "log m" "Importance"
        mutant "Targets/Importance" "2.0 .* w / square" "w / square" "Importance"
        mutant "Targets/Resampling" "total * (float i + shift)" "total * float i" "Resampling"
        mutant
            "Targets/MarkovChain"
            "< logWeights[proposed] - logWeights[current]"
            "< logWeights[current] - logWeights[proposed]"
            "MarkovChain"
        mutant "Targets/MarkovChain" "-(target.Energy chain.Points)" "-(target.Energy draws.Points)" "MarkovChain"
        mutant "Targets/Langevin" ".+ transition proposed state" ".+ transition state proposed" "MarkovChain"
        mutant "Targets/Covariance" "[ for c in cs -> sqrt c ]" "cs" "Process"
        mutant "Targets/Density" "log w - float d * log s" "log w - log s" "Density"
        mutant "Targets/Density" "density.Energy x - logDeterminant" "density.Energy x .+ logDeterminant" "Density"
        mutant "Processes/Process" "c * (1.0 - exp (-2.0 * s))" "c * (1.0 - exp (-s))" "Process"
        mutant
            "Processes/Process"
            "f * covariance * f.Transpose() + covariance"
            "f * covariance * f.Transpose()"
            "Process"
        mutant "Processes/Process" "- Covariance.times p.Diffusion slope" ".+ Covariance.times p.Diffusion slope" "Sde"
        mutant "Processes/Schedule" "0.5 * slope * t * t" "slope * t * t" "Schedule"
        mutant "Processes/Sde" "0.5 * h .* (a .+ sde.Drift t' predicted)" "h .* a" "Sde"
        mutant
            "Processes/FokkerPlanck"
            "- 0.5 .* (gradient * diffusedGradient"
            "- 1.0 .* (gradient * diffusedGradient"
            "Process"
        mutant
            "Processes/FokkerPlanck"
            "(driftAt p local .+ 0.5 .* diffusedGradient"
            "(driftAt p local .+ 1.0 .* diffusedGradient"
            "Process"
        mutant
            "Processes/FokkerPlanck"
            "- divergenceAt p local * Jet.value"
            ".+ divergenceAt p local * Jet.value"
            "Process"
        mutant
            "Processes/Noise"
            "x |> Diff.jacobian (fun x -> (deviations f t x).Square())"
            "x |> Diff.jacobian (deviations f t)"
            "Diffusion"
        mutant
            "Processes/Noise"
            "0.5 .* (σ * jacobian.diagonal (0, 1, 2))"
            "1.0 .* (σ * jacobian.diagonal (0, 1, 2))"
            "Diffusion"
        mutant "Processes/Kolmogorov" "drift p t x - vectors p" "drift p t x .+ vectors p" "Kolmogorov"
        mutant
            "Processes/Kolmogorov"
            "- 0.5 .* numbers \"NoiseCurvature\""
            "- 1.0 .* numbers \"NoiseCurvature\""
            "Kolmogorov"
        mutant "Sampling/NormalPart" "if i = j then 0.5 else 1.0" "if i = j then 1.0 else 1.0" "NormalPart"
        mutant "Sampling/NormalPart" "(-slope[k] / λ)" "(slope[k] / λ)" "NormalPart"
        mutant "Sampling/ReverseSde" "spread.log().sum 1L .- logDeterminant" "spread.log().sum 1L" "ReverseSde"
        mutant "Sampling/ReverseSde" "(1.0 .- λ).ClampMin" "(1.0 .+ λ).ClampMin" "ReverseSde"
        mutant "Sampling/Flow" "join velocity -divergence" "join velocity divergence" "Sampler"
        mutant "Judging/Coverage" "if e > log 10.0" "if e > log 1e9" "Report"
        mutant "Judging/Tails" "far > 1.5 * near" "far > 150.0 * near" "Report"
        mutant "Storage/Seal" "digest stream count <> seal" "digest stream count = seal" "Storage"
    ]

/// Runs a command in a folder; its exit code and what it said, or None where it has not ended after so many seconds.
let private execute (seconds: int) (folder: string) (command: string) (arguments: string list) : (int * string) option =
    let info =
        ProcessStartInfo(
            command,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder
        )

    for argument in arguments do
        info.ArgumentList.Add argument

    info.Environment["MSBUILDDISABLENODEREUSE"] <- "1"
    use running = Process.Start info |> Unchecked.nonNull
    let said = running.StandardOutput.ReadToEndAsync()
    let errors = running.StandardError.ReadToEndAsync()

    if running.WaitForExit(1000 * seconds) then
        Some(running.ExitCode, said.Result + errors.Result)
    else
        running.Kill true
        None

let rec private copy (from: string) (towards: string) =
    Directory.CreateDirectory towards |> ignore

    for file in Directory.GetFiles from do
        File.Copy(file, Path.Combine(towards, string (Path.GetFileName file)))

    for folder in Directory.GetDirectories from do
        if not (List.contains (Path.GetFileName folder) [ "bin"; "obj"; ".git"; "output"; ".fsdocs" ]) then
            copy folder (Path.Combine(towards, string (Path.GetFileName folder)))

/// Why a mutant was not caught; None where it was.
let private tried (folder: string) (mutant: Mutant) : string option =
    let core = Path.Combine(folder, "src", "Mne.Functional")
    let source = Path.Combine(core, mutant.File + ".fs")
    let right = File.ReadAllText source

    if right.Split(mutant.From).Length <> 2 then
        Some "the text is not there once"
    else
        try
            File.WriteAllText(source, right.Replace(mutant.From, mutant.To))

            match execute 600 core "dotnet" [ "build"; "-c"; "Debug"; "--no-restore"; "-v"; "q" ] with
            | Some(0, _) ->
                let tests =
                    Path.Combine(folder, "tests", "Mne.Functional.Tests", "bin", "Debug", "net10.0")

                let built = Path.Combine(core, "bin", "Debug", "net10.0", "Mne.Functional.dll")
                File.Delete(Path.Combine(tests, "Mne.Functional.dll"))
                File.Copy(built, Path.Combine(tests, "Mne.Functional.dll"))

                let run =
                    [
                        "Mne.Functional.Tests.dll"
                        "--no-spinner"
                        "--filter-test-list"
                        mutant.Tests
                    ]

                match execute 600 tests "dotnet" run with
                | Some(0, _) -> Some $"no test of the lists {mutant.Tests} failed"
                | Some _
                | None -> None
            | Some(_, said) -> Some("it does not compile: " + said)
            | None -> Some "the build hangs"
        finally
            File.WriteAllText(source, right)

/// Tries every mutant whose file contains the word in a copy of the repository; prints those that are not caught, and gives how many
/// were tried and how many of those there are.
let run (repository: string) (word: string) : int * int =
    let folder = Directory.CreateTempSubdirectory "mne-mutants"

    try
        copy repository folder.FullName

        match execute 1800 folder.FullName "dotnet" [ "build"; "-c"; "Debug"; "tests/Mne.Functional.Tests" ] with
        | Some(0, _) -> ()
        | Some(_, said) -> failwith $"The copy does not build: {said}"
        | None -> failwith "The build of the copy hangs."

        let chosen = all |> List.filter (fun mutant -> mutant.File.Contains word)

        let missed =
            [
                for mutant in chosen do
                    match tried folder.FullName mutant with
                    | None -> printfn $"caught: {mutant.File}: {mutant.From} → {mutant.To}"
                    | Some reason ->
                        printfn $"NOT caught: {mutant.File}: {mutant.From} → {mutant.To}: {reason}"
                        mutant
            ]

        chosen.Length, missed.Length
    finally
        folder.Delete true
