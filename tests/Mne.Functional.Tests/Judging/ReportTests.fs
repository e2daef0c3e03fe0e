module Mne.Functional.Tests.ReportTests

open System
open TorchSharp
open Expecto
open Mne.Functional
open Mne.Functional.Tests

let private small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish; Layer.dense 16 Swish ]
        Cover.FitPoints = 150
        Cover.Points = Some 150
        Evolve.Sketch = Sketch.Exact
        Evolve.Regularisation = 1e-6
        Evolve.Tolerance = 1e-2
        Fit.Steps = 25
        Fit.Regularisation = 1e-3, 1e-7
        Duration = 2.5
        Cover.Refreshes = 10
        Draw.Tolerance = 1e-3
    }

let private reportOn options reportOptions target =
    use sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck target
    sampler |> Report.ofSampler Run.quiet { reportOptions with Count = 1000 }

let private student (ν: float) =
    Density.ofEnergy 1 (fun x -> 0.5 * (ν + 1.0) * (1.0 + x.square().sum 1L / ν).log())

[<Tests>]
let tests =
    testList
        "Report"
        [
            test "a target that is reached: reliable" {
                let target = Density.gaussianMixture [ 0.7, [ 1.5 ], 0.5; 0.3, [ -1.5 ], 0.5 ]
                let report = target |> reportOn small Report.defaults
                Expect.isEmpty report.Concerns "concerns"
                Expect.equal report.Verdict Verdict.Reliable "verdict"
                Expect.isGreaterThan report.Efficiency.Value 0.9 "efficiency"
                Expect.isLessThan (abs report.LogNormaliser.Value) (5.0 * report.LogNormaliser.StandardError) "log Z"
                Expect.equal report.Coverage (Coverage.Searched 0.0) "coverage"
                Expect.stringStarts (Report.show report) "reliable" "text"
            }

            test "a mode that the first points miss: the search finds it, and exact samples tell" {
                let target =
                    Density.gaussianMixture [ 0.6, [ 0.0; 0.0 ], 0.7; 0.4, [ 9.0; 4.0 ], 0.7 ]

                let narrow =
                    { small with
                        Cover.Start = Start.Cloud(1.0, 2.0)
                    }

                let samples =
                    Tensor.concatenate
                        0L
                        [
                            0.7 * Random.normal Placement.float64 1 [ 60; 2 ]
                            0.7 * Random.normal Placement.float64 2 [ 40; 2 ]
                            + Tensor.ofArray Placement.float64 [| 9.0; 4.0 |]
                        ]

                let report =
                    target
                    |> reportOn
                        narrow
                        { Report.defaults with
                            Samples = Some samples
                        }
                // The draws themselves look perfect.
                Expect.isGreaterThan report.Efficiency.Value 0.9 "efficiency of the draws"
                Expect.equal report.Verdict Verdict.Unreliable "verdict"

                match
                    report.Concerns
                    |> List.tryPick (function
                        | Concern.MissedMass(share, x) -> Some(share, x)
                        | _ -> None)
                with
                | Some(share, x) ->
                    Expect.isLessThan (abs (share - 0.4)) 0.12 "missed mass"
                    Expect.isLessThan (abs (x[0] - 9.0) + abs (x[1] - 4.0)) 5.0 "where"
                | None -> failtest $"no missed mass among {report.Concerns}"

                Expect.isLessThan report.ForwardEfficiency.Value 0.01 "forward efficiency"

                Expect.isTrue
                    (report.Concerns
                     |> List.exists (function
                         | Concern.LowForwardEfficiency _ -> true
                         | _ -> false))
                    "forward"

                Expect.stringContains (Report.show report) "a mode or a tail is missed" "text"
                samples.Dispose()
            }

            test
                "half of the mass far away, in more dimensions than a cloud could search: unreliable, and log Z by tempering is right" {
                for d, far in [ 2, 60.0; 4, 20.0; 10, 20.0 ] do
                    let at first = first :: List.replicate (d - 1) 0.0
                    let target = Density.gaussianMixture [ 0.5, at 0.0, 1.0; 0.5, at far, 0.5 ]

                    let report =
                        target
                        |> reportOn
                            { small with
                                Fit.Steps = 10
                                Evolve.Tolerance = 3e-2
                            }
                            Report.defaults

                    Expect.equal report.Verdict Verdict.Unreliable $"d = {d}"

                    match report.Coverage with
                    | Coverage.Searched missed -> Expect.isLessThan (abs (missed - 0.5)) 0.1 $"d = {d}: missed"
                    | other -> failtest $"d = {d}: {other}"

                    match report.Concerns |> List.tryFind _.IsEvidenceDiffers with
                    | Some(Concern.EvidenceDiffers((name, tempered), _, _)) ->
                        Expect.equal name "tempering" "name"
                        Expect.isLessThan (abs tempered.Value) (4.0 * tempered.StandardError + 0.01) $"d = {d}: log Z"
                    | _ -> failtest $"d = {d}: no doubt of log Z among {report.Concerns}"
            }

            Check.scoped "mass is missed where the sampler makes it more than ten times too rare" (fun () ->
                let points = Check.normal 1 [ 4; 2 ]

                let logWeights =
                    7.0 .+ Tensor.ofArray Placement.float64 [| 0.0; log 9.9; log 50.0; log 10.1 |]

                let share, worst = Coverage.missed 7.0 points logWeights
                Expect.equal share 0.5 "share"
                Expect.equal worst (Tensor.toArray points[2L]) "the worst")

            test "conditionals and two stages are reported on: reliable where they are, and a missed mode is found" {
                // Modes at x₁ = 1 and x₁ = −1; for one of them, x₀ has a second mode far away.
                let modes =
                    [ 0.4, [ 0.0; 1.0 ], 0.6; 0.4, [ 0.5; -1.0 ], 0.6; 0.2, [ 10.0; -1.0 ], 0.6 ]

                let near = Density.gaussianMixture (List.truncate 2 modes)
                let both = Density.gaussianMixture modes

                let options =
                    { small with
                        Cover.Start = Start.Cloud(1.5, 2.0)
                    }

                let ask = { Report.defaults with Count = 600 }

                for target, missed in [ near, false; both, true ] do
                    use conditional = Conditional.evolve Run.quiet options [ 0 ] target
                    let upper = conditional |> Report.ofConditional Run.quiet ask [ 1.0 ]
                    let lower = conditional |> Report.ofConditional Run.quiet ask [ -1.0 ]

                    use marginal =
                        conditional |> Marginal.evolve Run.quiet options Process.ornsteinUhlenbeck

                    let whole = marginal |> Report.ofMarginal Run.quiet ask

                    let finds (report: Report) =
                        report.Concerns |> List.exists (fun c -> c.IsMissedMass || c.IsFlowLost)

                    Expect.equal upper.Verdict Verdict.Reliable $"given 1: %A{upper.Concerns}"
                    Expect.equal upper.Count 600 "count"

                    if missed then
                        Expect.isTrue (finds lower) $"given −1: %A{lower.Concerns}"
                        Expect.isTrue (finds whole) $"two stages: %A{whole.Concerns}"
                        Expect.equal whole.Verdict Verdict.Unreliable "two stages"
                    else
                        Expect.equal lower.Verdict Verdict.Reliable $"given −1: %A{lower.Concerns}"
                        Expect.equal whole.Verdict Verdict.Reliable $"two stages: %A{whole.Concerns}"
                        Expect.isLessThan (abs (whole.LogNormaliser.Value - log 0.8)) 0.1 "log Z"
                        Expect.equal whole.FitError (max conditional.Sampler.FitError marginal.Sampler.FitError) "fit"

                        // Sketch.Exact samples of x₀ given x₁ = 1, where the second mode has a weight of e^{−2/0.36} or so.
                        use samples = 0.6 * Check.normal 3 [ 200; 1 ]

                        let known =
                            conditional
                            |> Report.ofConditional Run.quiet { ask with Samples = Some samples } [ 1.0 ]

                        Expect.isGreaterThan known.ForwardEfficiency.Value 0.9 "forward efficiency"
            }

            test "heavy tails: the exponent is named" {
                for ν in [ 1.0; 3.0 ] do
                    let report = student ν |> reportOn small Report.defaults
                    Expect.notEqual report.Verdict Verdict.Reliable "verdict"

                    match
                        report.Concerns
                        |> List.tryPick (function
                            | Concern.HeavyTails s -> Some s
                            | _ -> None)
                    with
                    | Some s -> Expect.isLessThan (abs (s - (ν + 1.0))) 0.01 "exponent"
                    | None -> failtest $"no heavy tails among {report.Concerns}"
            }

            test "weights of a heavy tail: k̂ says so" {
                // Draws much too narrow for the target: the variance of their weights is infinite.
                use sampler = Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck (student 3.0)

                let draws: Draws =
                    Scope.keepAll (fun d -> [ d.Points; d.LogProposal; d.LogWeights ]) (fun () ->
                        let narrow = Reference.normal [ 0.0 ] (Covariance.Isotropic 0.16)
                        let x = narrow.Draw Placement.float64 1 4000
                        let logProposal = narrow.LogDensity x

                        {
                            Points = x
                            LogProposal = logProposal
                            LogWeights = -(sampler.Target.Energy x) - logProposal
                        })

                use draws = draws
                let report = Report.ofDraws Run.quiet Report.defaults sampler draws
                Expect.isGreaterThan report.ParetoShape 0.7 "k̂"

                Expect.isTrue
                    (report.Concerns
                     |> List.exists (function
                         | Concern.HeavyWeights _ -> true
                         | _ -> false))
                    "named"
            }

            test "an improper energy: unreliable where a sampler can be made, refused where not" {
                let slow = Density.ofEnergy 1 (fun x -> 0.3 * (1.0 + x.square().sum 1L).log())
                let report = slow |> reportOn small Report.defaults
                Expect.equal report.Verdict Verdict.Unreliable "verdict"

                Expect.isTrue
                    (report.Concerns
                     |> List.exists (function
                         | Concern.ImproperEnergy _ -> true
                         | _ -> false))
                    "named"

                Expect.stringContains (Report.show report) "no finite integral" "text"

                for improper in
                    [
                        Density.ofEnergy 1 (fun x -> (x.sum 1L).cos())
                        Density.ofEnergy 1 (fun x -> -0.1 * x.square().sum 1L)
                        Density.ofEnergy 2 (fun x -> -(-x.square().sum 1L).exp())
                    ] do
                    Expect.isLessThan (Report.tailExponent 3.0 improper).Value 1.0 "exponent"

                    match
                        (try
                            Ok(reportOn small Report.defaults improper)
                         with :? ArgumentException as error ->
                             Error error)
                    with
                    | Error refused -> Expect.stringContains refused.Message "cover" "no cloud covers it"
                    | Ok report ->
                        Expect.equal report.Verdict Verdict.Unreliable "verdict"

                        Expect.isTrue
                            (report.Concerns |> List.exists (fun concern -> concern.IsImproperEnergy))
                            $"named among %A{report.Concerns}"
            }

            Check.law 40 "tail exponents of Student's distributions, at any scale"
            <| fun (a: byte) (c: byte) ->
                let ν, length = 0.3 + float a / 20.0, 10.0 ** (float c / 64.0 - 2.0)

                let scaled = Density.ofEnergy 1 (fun x -> (student ν).Energy(x / length))
                abs ((Report.tailExponent length scaled).Value - (ν + 1.0)) < 0.01

            test "independent heavy tails are heavy, not improper; a density that is flat along one axis is improper" {
                // In d dimensions, along an axis ρ falls with ν + 1 only, and has a finite integral all the same.
                for d in [ 2; 5; 10; 30 ] do
                    let product =
                        Density.ofEnergy d (fun x -> (2.0 * (1.0 + x.square () / 3.0).log()).sum 1L)

                    match Tails.concern 3.0 product with
                    | Some(Concern.HeavyTails s) -> Expect.isLessThan (abs (s - 4.0)) 0.01 $"d = {d}"
                    | other -> failtest $"d = {d}: %A{other}"

                for energy in
                    [
                        fun (x: Tensor) -> 0.5 * (x.select (1L, 0L)).square()
                        fun x -> 0.5 * x.square().sum 1L - 0.6 * (x.select (1L, 1L)).square()
                        fun x -> 0.9 * (1.0 + x.square().sum 1L).log()
                    ] do
                    match Tails.concern 3.0 (Density.ofEnergy 2 energy) with
                    | Some(Concern.ImproperEnergy _) -> ()
                    | other -> failtest $"%A{other}"
            }

            test "tails that fall faster than any power" {
                for energy in
                    [
                        fun (x: Tensor) -> 0.5 * x.square().sum 1L
                        fun x -> x.abs().sum 1L
                        fun x -> (2.0 * (x.square () - 1.0).square() + 0.3 * x).sum 1L
                    ] do
                    Expect.equal (Report.tailExponent 3.0 (Density.ofEnergy 2 energy)) (Some infinity) "exponent"
            }

            test "a size of the search that is not positive is refused before any draw" {
                use sampler =
                    Density.gaussianMixture [ 1.0, [ 0.5 ], 0.8 ]
                    |> Sampler.evolve
                        Run.quiet
                        { small with
                            Fit.Steps = 2
                            Duration = 0.1
                        }
                        Process.ornsteinUhlenbeck

                for size in [ 0.0; -1.0; nan ] do
                    let silent =
                        { Run.quiet with
                            Meter = fun _ -> failtest "work before the check"
                        }

                    let refused =
                        Assert.raises<ArgumentException>(fun () ->
                            sampler
                            |> Report.ofSampler
                                silent
                                { Report.defaults with
                                    Search = Some size
                                }
                            |> ignore)

                    Expect.equal refused.ParamName "Search" $"{size}"
            }

            test "tails behind a wall: only directions with density count" {
                let behind (inside: Tensor -> Tensor) (energy: Tensor -> Tensor) =
                    Density.ofEnergy 2 (fun x ->
                        let v = energy x
                        torch.where (inside x, v, v.zeros_like () .+ infinity))

                let right (x: Tensor) = x.select(1L, 0L).GreaterThan 0.0
                let normal (x: Tensor) = 0.5 .* x.Square().sum 1L
                let power (x: Tensor) = 2.5 .* (1.0 .+ x.Square().sum 1L).log()

                Expect.equal
                    (Report.tailExponent 3.0 (behind right normal))
                    (Some infinity)
                    "half of a normal distribution"

                Expect.floatClose
                    Accuracy.low
                    (Report.tailExponent 3.0 (behind right power)).Value
                    5.0
                    "half of Student's"

                // A wall that is finite, but higher than anything that counts.
                for height in [ 1e3; 1e10 ] do
                    let walled =
                        Density.ofEnergy 2 (fun x ->
                            let v = normal x
                            torch.where (right x, v, v.zeros_like () .+ height))

                    Expect.equal (Report.tailExponent 3.0 walled) (Some infinity) $"a wall of {height}"
                    Expect.isNone (Tails.concern 3.0 walled) $"a wall of {height}"

                let low =
                    Density.ofEnergy 2 (fun x ->
                        let v = normal x
                        torch.where (right x, v, v.zeros_like () .+ 10.0))

                Expect.isTrue (Tails.concern 3.0 low |> Option.exists _.IsImproperEnergy) "a wall of 10"

                // Nowhere far out: not known, and no concern.
                let disc = behind (fun x -> x.norm(1).LessThan 2.0) normal
                Expect.isNone (Report.tailExponent 3.0 disc) "a disc"
                Expect.isNone (Tails.concern 3.0 disc) "a disc"
            }

            test "nothing leaks" {
                Assert.frees (fun () ->
                    Density.gaussianMixture [ 1.0, [ 0.5 ], 0.8 ]
                    |> reportOn small Report.defaults
                    |> ignore)
            }
        ]
