namespace Mne.Functional

open System

/// <summary>What a report is made from. Start from <c>Report.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type ReportOptions =
    {
        /// <summary>Draws that are made for it. Default 2,000.</summary>
        Count: int
        /// <summary>
        /// Exact samples of the target (M × d), where there are any: the only sure check for missed modes. Default
        /// none.
        /// </summary>
        Samples: Tensor option
        /// <summary>
        /// The size of the density, in the units of its coordinates, as far as it is known: an independent search for mass that the
        /// sampler misses begins at distances of 0.1 to 100 times this from 0. Default None: the spread of the sampler's start.
        /// </summary>
        Search: float option
    }

/// <summary>Whether to trust a sampler's result, in numbers and words.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Report =
    {
        /// <summary>The number of draws.</summary>
        Count: int
        /// <summary>Effective sample size as a fraction of the draws.</summary>
        Efficiency: Estimate
        /// <summary>k̂ of the weights.</summary>
        ParetoShape: float
        /// <summary>Share of the largest weight in the sum of all.</summary>
        LargestWeight: float
        /// <summary>log Z.</summary>
        LogNormaliser: Estimate
        /// <summary>Mean log w; log Z less this is the divergence KL(q | ρ).</summary>
        EvidenceLowerBound: Estimate
        /// <summary>Relative error of the fitted energy.</summary>
        FitError: float
        /// <summary>Efficiency seen from exact samples, where these were given.</summary>
        ForwardEfficiency: float option
        /// <summary>Target mass that the sampler misses.</summary>
        Coverage: Coverage
        /// <summary>
        /// s of ρ ~ r^{−s} in the slowest direction far out; infinite when ρ falls faster than any power, None when V is
        /// finite nowhere there.
        /// </summary>
        TailExponent: float option
        /// <summary>What speaks against the result.</summary>
        Concerns: Concern list
    }

    /// <summary>The worst verdict of any concern.</summary>
    member report.Verdict =
        report.Concerns |> List.map _.Verdict |> List.fold max Verdict.Reliable

    member private report.Words =
        match report.Verdict with
        | Verdict.Reliable -> "reliable: nothing speaks against these draws with their weights"
        | Verdict.Doubtful -> "doubtful: use the weighted estimates with care"
        | Verdict.Unreliable -> "UNRELIABLE: do not use these draws"

    /// Each with what it is called.
    member private report.Figures: (string * string) list =
        let percent (x: float) = $"{100.0 * x:F1} %%"

        [
            "draws", string report.Count
            "effective sample size", $"{percent report.Efficiency.Value} ± {percent report.Efficiency.StandardError}"
            "tail of the weights",
            $"k̂ = {report.ParetoShape:F2}, largest weight {percent report.LargestWeight} of the sum"
            "log Z", $"{report.LogNormaliser.Value:F5} ± {report.LogNormaliser.StandardError:F5}"
            "KL(q | ρ)", $"{report.LogNormaliser.Value - report.EvidenceLowerBound.Value:F4}"
            "error of the first fit", percent report.FitError
            match report.Coverage with
            | Coverage.Searched share -> "mass missed", $"{percent share} by an independent search"
            | Coverage.AtFirstPoints share ->
                "mass missed", $"{percent share} at the first points; what they miss is not known"
            | Coverage.NotSearched ->
                "mass missed", "not known: no search was possible (give exact samples, if there are any)"
            match report.ForwardEfficiency with
            | Some value -> "forward efficiency", $"{percent value} at exact samples"
            | None -> ()
            match report.TailExponent with
            | Some s when Double.IsFinite s -> "tails", $"ρ ~ r^{-s:G4}"
            | Some _ -> "tails", "faster than any power"
            | None -> "tails", "not known: V is not finite far out"
        ]

    /// <summary>A few lines of text: the verdict, figures, and what speaks against the result.</summary>
    member report.Text =
        String.concat
            "\n"
            [
                report.Words
                for name, value in report.Figures do
                    $"  {name.PadRight 24}{value}"
                for concern in report.Concerns do
                    $"- {concern.Advice}"
            ]

    /// <summary>The same as HTML.</summary>
    member report.Html =
        Table.html
            {
                Heading = report.Words
                Columns = [ "figure"; "value" ]
                Lines = [ for name, value in report.Figures -> [ name; value ] ]
                Notes = report.Concerns |> List.map _.Advice
            }

    override report.ToString() = report.Text

/// What a report is about.
type private Subject =
    {
        /// What is sampled.
        Target: Density
        /// log q at points of the target.
        LogProposal: Tensor -> Tensor
        /// What its energy was made for, and how.
        Sampler: Sampler
        /// The points that it began with, which follow e^{−V/τ}; none where these are not of the target.
        FirstPoints: Tensor option
        /// Relative error of the fitted energies.
        FitError: float
    }

/// <summary>Reports on samplers.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Report =

    /// <summary>2,000 draws, no exact samples, a search that begins up to a hundred times as far out as the first points.</summary>
    let defaults =
        {
            Count = 2000
            Samples = None
            Search = None
        }

    /// <summary>
    /// The exponent s with which ρ falls, ρ ~ r^{−s}, in the slowest of many directions at 1,000 times the given
    /// length; infinite when ρ falls faster than any power in all of them, None when V is finite in none of them. Where ρ
    /// falls alike in all directions, s ≤ d has no finite integral, and otherwise s − d is Student's number of degrees
    /// of freedom; along an axis of a product, s − 1 is that.
    /// </summary>
    /// <param name="length">A length of the size of the density, in the units of its coordinates.</param>
    /// <param name="target">The density e^{−V}, up to its constant.</param>
    /// <example><code>
    /// let student = Density.ofEnergy 1 (fun x -&gt; 2.0 * (1.0 + x.square().sum 1L / 3.0).log ()) // 3 degrees of freedom
    /// Report.tailExponent 1.0 student // Some 4.0
    /// </code></example>
    let tailExponent (length: float) (target: Density) : float option = Tails.exponent length target

    /// log w at samples of the target, or what went wrong.
    let private logWeightsAt (points: Tensor) (subject: Subject) : Result<Tensor, string> =
        try
            Ok(Scope.keep (fun () -> -(subject.Target.Energy points) - subject.LogProposal points))
        with
        | EvolutionFailedException(_, advice) -> Error advice
        | :? ArgumentException as error -> Error error.Message

    /// Before any work.
    let private checkSearch (options: ReportOptions) : unit =
        options.Search |> Option.iter (Guard.positive "Search")

    /// Samples of the target that check a sampler: how they were found, and log Z by them where it is known.
    type private Check =
        {
            Points: Tensor
            By: float -> Coverage
            LogNormaliser: Estimate option
        }

    /// Samples from an independent search, or from the first points.
    let private check (run: Run) (options: ReportOptions) (subject: Subject) : Check option =
        let target, start = subject.Target, subject.Sampler.Options.Cover.Start
        let width = options.Search |> Option.defaultValue start.Spread

        let run =
            { run with
                Placement = Energy.placement subject.Sampler.Energy
            }

        match Coverage.search run width target with
        | Some cloud ->
            Some
                {
                    Points = cloud.Points
                    By = Coverage.Searched
                    LogNormaliser = Some cloud.LogNormaliser
                }
        | None ->
            subject.FirstPoints
            |> Option.bind (fun points -> Coverage.fromFirstPoints run.Seed start.Temperature points target)
            |> Option.map (fun points ->
                {
                    Points = points
                    By = Coverage.AtFirstPoints
                    LogNormaliser = None
                })

    let private report (run: Run) (options: ReportOptions) (subject: Subject) (draws: Draws) : Report =
        let target, spread = subject.Target, subject.Sampler.Options.Cover.Start.Spread

        Scope.free (fun () ->
            let m = Tensor.rows draws.LogWeights
            let efficiency, logZ = Importance.efficiency draws, Importance.logNormaliser draws
            let shape = Importance.paretoShape draws
            let largest = Tensor.toFloat ((Importance.weights draws).max())

            let bound =
                {
                    Value = Importance.evidenceLowerBound draws
                    StandardError = Importance.standardError draws.LogWeights
                }

            let exponent = tailExponent spread target
            let check = check run options subject

            /// What the samples say of the mass that the sampler misses.
            let missed =
                check
                |> Option.map (fun check ->
                    logWeightsAt check.Points subject
                    |> Result.map (Coverage.missed logZ.Value check.Points))

            let forward =
                options.Samples
                |> Option.map (fun samples -> logWeightsAt samples subject |> Result.map Importance.forwardEfficiency)

            let concerns =
                [
                    yield! Option.toList (Tails.concern spread target)

                    if efficiency.Value < 0.1 then
                        Concern.FewEffectiveDraws efficiency.Value

                    // Where no weight stands out, the shape of their tail is of no consequence.
                    if shape > Pareto.threshold m && largest > 1.0 / (3.0 * sqrt (float m)) then
                        Concern.HeavyWeights(shape, largest)

                    match missed with
                    | Some(Ok(share, point)) when share > 0.005 -> Concern.MissedMass(share, point)
                    | Some(Error advice) -> Concern.FlowLost advice
                    | _ -> ()

                    match check |> Option.bind _.LogNormaliser with
                    | Some tempered ->
                        yield! Option.toList (Concern.ofEvidence ("tempering", tempered) ("the draws", logZ))
                    | None -> ()

                    match forward with
                    | Some(Ok value) when value < 0.1 -> Concern.LowForwardEfficiency value
                    | Some(Error advice) -> Concern.FlowLost advice
                    | _ -> ()

                    if not (subject.FitError < 0.2) then
                        Concern.PoorFit subject.FitError
                ]

            {
                Count = m
                Efficiency = efficiency
                ParetoShape = shape
                LargestWeight = largest
                LogNormaliser = logZ
                EvidenceLowerBound = bound
                FitError = subject.FitError
                ForwardEfficiency = forward |> Option.bind Result.toOption
                Coverage =
                    match check, missed with
                    | Some check, Some(Ok(share, _)) -> check.By share
                    | _ -> Coverage.NotSearched
                TailExponent = exponent
                Concerns = List.distinct concerns
            })

    /// <summary>The report on given draws of a sampler.</summary>
    /// <param name="run">Its seed is that of the search for missed mass.</param>
    /// <param name="options">What the report is made from; its count is not read.</param>
    /// <param name="sampler">The sampler.</param>
    /// <param name="draws">Its draws.</param>
    /// <exception cref="T:System.ArgumentException">Search is not positive, or draws are not whole.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let ofDraws (run: Run) (options: ReportOptions) (sampler: Sampler) (draws: Draws) : Report =
        checkSearch options
        Draws.check draws
        use firstPoints = Solution.points 0.0 sampler.Energy.Solution

        draws
        |> report
            run
            options
            {
                Target = sampler.Target
                LogProposal = fun points -> Sampler.logProposal run points sampler
                Sampler = sampler
                FirstPoints = Some firstPoints
                FitError = sampler.FitError
            }

    /// <summary>The report on a sampler, from draws that are made for it.</summary>
    /// <param name="run">Its seed is that of the draws and of the search for missed mass.</param>
    /// <param name="options">What the report is made from.</param>
    /// <param name="sampler">The sampler.</param>
    /// <exception cref="T:System.ArgumentException">Fewer than 25 draws are asked for, or Search is not positive.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// sampler |&gt; Report.ofSampler Run.quiet Report.defaults |&gt; Report.show |&gt; printfn "%s"
    /// </code></example>
    let ofSampler (run: Run) (options: ReportOptions) (sampler: Sampler) : Report =
        Guard.atLeast "Count" 25 options.Count
        checkSearch options
        use draws = Sampler.draw run options.Count sampler
        ofDraws run options sampler draws

    /// <summary>
    /// The report on the conditional density for one b, as a density of the coordinates a: samples in the options, and points in the
    /// report, are of these. log Z is the logarithm of the unnormalised marginal at b.
    /// </summary>
    /// <param name="run">Its seed is that of the draws and of the search for missed mass.</param>
    /// <param name="options">What the report is made from.</param>
    /// <param name="given">b, one finite number for each coordinate that is given.</param>
    /// <param name="conditional">The conditional density.</param>
    /// <exception cref="T:System.ArgumentException">Fewer than 25 draws are asked for, Search is not positive, or b does not fit.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// conditional |&gt; Report.ofConditional Run.quiet Report.defaults [ 2.0 ] |&gt; Report.show |&gt; printfn "%s"
    /// </code></example>
    let ofConditional (run: Run) (options: ReportOptions) (given: float list) (conditional: Conditional) : Report =
        Guard.atLeast "Count" 25 options.Count
        checkSearch options
        use draws = Conditional.draw run options.Count given conditional

        draws
        |> report
            run
            options
            {
                Target = Conditional.density given conditional
                LogProposal = fun a -> Conditional.logProposal run given a conditional
                Sampler = conditional.Sampler
                FirstPoints = None
                FitError = conditional.Sampler.FitError
            }

    /// <summary>The report on a density that is drawn in two stages; its error of the fit is the larger one of both.</summary>
    /// <param name="run">Its seed is that of the draws and of the search for missed mass.</param>
    /// <param name="options">What the report is made from.</param>
    /// <param name="marginal">Both stages.</param>
    /// <exception cref="T:System.ArgumentException">Fewer than 25 draws are asked for, or Search is not positive.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// marginal |&gt; Report.ofMarginal Run.quiet Report.defaults |&gt; Report.show |&gt; printfn "%s"
    /// </code></example>
    let ofMarginal (run: Run) (options: ReportOptions) (marginal: Marginal) : Report =
        Guard.atLeast "Count" 25 options.Count
        checkSearch options
        let sampler = marginal.Conditional.Sampler
        use draws = Marginal.draw run options.Count marginal
        Draws.check draws
        use firstPoints = Solution.points 0.0 sampler.Energy.Solution

        draws
        |> report
            run
            options
            {
                Target = sampler.Target
                LogProposal = fun points -> Marginal.logProposal run points marginal
                Sampler = sampler
                FirstPoints = Some firstPoints
                FitError = max sampler.FitError marginal.Sampler.FitError
            }

    /// <summary>The report as text.</summary>
    let show (report: Report) : string = report.Text
