namespace Mne.Functional

open System

/// How far a result can be trusted.
type Verdict =
    /// Nothing speaks against it.
    | Reliable
    /// Weighted estimates may be used with care: errors can be larger than their standard errors say.
    | Doubtful
    /// Do not use it.
    | Unreliable

/// What speaks against a result.
type Concern =
    /// The weights leave less than a tenth of the draws; the fraction that they leave.
    | FewEffectiveDraws of efficiency: float
    /// The tail of the weights is so heavy that the largest rule: k̂ and the share of the largest weight.
    | HeavyWeights of shape: float * largest: float
    /// The sampler makes a part of the target at least ten times too rare: its share of the mass, and a point there.
    | MissedMass of share: float * point: float[]
    /// Exact samples of the target say that the sampler hardly reaches a part of it: the forward efficiency.
    | LowForwardEfficiency of efficiency: float
    /// The flow could not be followed from points where the target has mass.
    | FlowLost of advice: string
    /// The fitted energy is off by this part of the energy's spread.
    | PoorFit of error: float
    /// In some direction ρ falls only like a power of the distance r, ρ ~ r^{−exponent}: high moments are infinite.
    | HeavyTails of exponent: float
    /// ρ does not fall fast enough to have a finite integral: ρ ~ r^{−exponent} with exponent < d, or < 1 along an axis.
    | ImproperEnergy of exponent: float

    /// How much it speaks against the result.
    member concern.Verdict =
        match concern with
        | FewEffectiveDraws efficiency when efficiency < 0.02 -> Unreliable
        | MissedMass(share, _) when share > 0.02 -> Unreliable
        | LowForwardEfficiency efficiency when efficiency < 0.02 -> Unreliable
        | HeavyWeights(shape, _) when shape > 1.0 -> Unreliable
        | FlowLost _
        | ImproperEnergy _ -> Unreliable
        | FewEffectiveDraws _
        | HeavyWeights _
        | MissedMass _
        | LowForwardEfficiency _
        | PoorFit _
        | HeavyTails _ -> Doubtful

    /// One or two sentences: what was found and what to do about it.
    member concern.Advice =
        match concern with
        | FewEffectiveDraws efficiency ->
            $"Weights leave {100.0 * efficiency:G3} %% of the draws: raise PointCount or the sketch, lower Regularisation, or draw more."
        | HeavyWeights(shape, largest) ->
            $"The weights have a heavy tail (k̂ = {shape:F2}, the largest has {100.0 * largest:G3} %% of the sum): estimates and their errors are governed by a few draws. Improve the sampler; more draws alone help little."
        | MissedMass(share, point) ->
            let x = point |> Array.map (fun v -> $"{v:G3}") |> String.concat ", "

            $"About {100.0 * share:G3} %% of the target's mass lies where the sampler puts less than a tenth of what is due, for instance near ({x}): a mode or a tail is missed. Let initial points reach it (Spread, Temperature)."
        | LowForwardEfficiency efficiency ->
            $"At exact samples of the target the forward efficiency is {100.0 * efficiency:G3} %%: a part of the target is missed. Let initial points reach it (Spread, Temperature)."
        | FlowLost advice ->
            $"From points where the target has mass the flow cannot be followed, so the energy is not known there: a part of the target is missed. ({advice})"
        | PoorFit error ->
            $"The fitted energy is off by {100.0 * error:G3} %% of its spread: raise FitSteps, or widen the layers."
        | HeavyTails exponent ->
            $"The density falls only like r^−{exponent:G3}: a process that ends in a normal distribution does not reach such tails. Weights of far draws are not reliable; transform the variables so that tails become exponential."
        | ImproperEnergy exponent ->
            $"In some direction the density falls like r^{-exponent:G3} or grows, which has no finite integral: e^−V is not a density, and log Z means nothing. Check the formula."

/// The share of the target's mass that the sampler makes at least ten times too rare, and how it was looked for.
type Coverage =
    /// By samples of the target that an independent search found.
    | Searched of missed: float
    /// At the points that the sampler began with, re-weighted to the target; mass that they miss as well is not seen.
    | AtFirstPoints of missed: float
    /// Not known: too many dimensions for a search, and too few points to re-weight.
    | NotSearched

/// What a report is made from. Start from `Report.defaults`.
type ReportOptions =
    {
        /// Draws that are made for it. Default 2,000.
        Count: int
        /// Exact samples of the target (M × d), where there are any: the only sure check for missed modes. Default none.
        Samples: Tensor option
        /// Standard deviation of the cloud around 0 that searches for mass which the sampler misses; clouds three times and nine
        /// times as wide join it. Default: the `Spread` of the sampler.
        Search: float option
        /// Seed. Default 0.
        Seed: int
    }

/// Whether to trust a sampler's result, in numbers and words.
type Report =
    {
        /// The number of draws.
        Count: int
        /// Effective sample size as a fraction of the draws.
        Efficiency: Estimate
        /// k̂ of the weights.
        ParetoShape: float
        /// Share of the largest weight in the sum of all.
        LargestWeight: float
        /// log Z.
        LogNormaliser: Estimate
        /// Mean log w; log Z less this is the divergence KL(q | ρ).
        EvidenceLowerBound: Estimate
        /// Relative error of the fitted energy.
        FitError: float
        /// Efficiency seen from exact samples, where these were given.
        ForwardEfficiency: float option
        /// Target mass that the sampler misses.
        Coverage: Coverage
        /// s of ρ ~ r^{−s} in the slowest direction far out; infinite when ρ falls faster than any power, None when V overflows there.
        TailExponent: float option
        /// What speaks against the result.
        Concerns: Concern list
    }

    /// The worst verdict of any concern.
    member report.Verdict = report.Concerns |> List.map _.Verdict |> List.fold max Reliable

/// What a report is about.
type private Subject =
    {
        /// What is sampled.
        Target: Density
        /// Precision and device.
        Placement: Placement
        /// log q at points of the target.
        LogProposal: Tensor -> Tensor
        /// How it began.
        Start: Start
        /// The points that it began with, which follow e^{−V/τ}; none where these are not of the target.
        FirstPoints: Tensor option
        /// Relative error of the fitted energies.
        FitError: float
    }

/// Reports on samplers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Report =

    /// 2,000 draws, no exact samples, search up to nine times as wide as the first points.
    let defaults =
        {
            Count = 2000
            Samples = None
            Search = None
            Seed = 0
        }

    /// The exponents s with which ρ falls, ρ ~ r^{−s}, at 1,000 times the given length: the smallest of many random directions, and the
    /// smallest of the axes; infinite where s grows with r there, so that ρ falls faster than any power. None when V overflows
    /// that far out.
    let private exponents (length: float) (target: Density) : (float * float) option =
        Guard.positive "length" length
        let d = target.Dimension

        Scope.free (fun () ->
            let random = Random.normal Placement.float64 0 [ 64; d ]

            let axes =
                Tensor.ofArray2D
                    Placement.float64
                    (Array2D.init (2 * d) d (fun i k ->
                        if i / 2 <> k then 0.0
                        elif i % 2 = 0 then 1.0
                        else -1.0))

            let directions =
                Tensor.concatenate 0L [ random / random.norm(1).unsqueeze 1L; axes ]

            /// −d log ρ / d log r.
            let slopes r =
                let x = r * length * directions
                Tensor.toArray (Diff.gradv target.Energy x x)

            try
                let near, far = slopes 30.0, slopes 1000.0

                if Array.exists (Double.IsFinite >> not) (Array.append near far) then
                    None
                else
                    // A power law has the same slope at both; anything faster, a larger one farther out.
                    let exponents =
                        Array.map2 (fun near far -> if far > 0.0 && far > 1.5 * near then infinity else far) near far

                    Some(Array.min exponents[..63], Array.min exponents[64..])
            with :? ArgumentException ->
                None)

    /// The exponent s with which ρ falls, ρ ~ r^{−s}, in the slowest of many directions at 1,000 times the given length; infinite when
    /// ρ falls faster than any power in all of them, None when V overflows that far out. Where ρ falls alike in all directions, s ≤ d
    /// has no finite integral, and otherwise s − d is Student's number of degrees of freedom; along an axis of a product, s − 1 is that.
    ///
    /// <example><code>
    /// let student = Density.ofEnergy 1 (fun x -> 2.0 * (1.0 + x.square().sum 1L / 3.0).log ()) // 3 degrees of freedom
    /// Report.tailExponent 1.0 student // Some 4.0
    /// </code></example>
    let tailExponent (length: float) (target: Density) : float option =
        exponents length target |> Option.map (fun (random, axes) -> min random axes)

    /// What the tails say against a density. Random directions stand for a part of space that does not vanish: ρ has to fall faster
    /// there than r^{−d}. Around an axis ρ may fall as slowly as r^{−1}, since it falls beside the axis too.
    let internal concernOfTails (length: float) (target: Density) : Concern option =
        match exponents length target with
        | Some(random, _) when random < float target.Dimension -> Some(ImproperEnergy random)
        | Some(_, axes) when axes < 1.0 -> Some(ImproperEnergy axes)
        | Some(random, axes) when Double.IsFinite(min random axes) -> Some(HeavyTails(min random axes))
        | _ -> None

    /// About 400 samples of the target from weighted points, if these are worth at least `least` samples.
    let private resampled seed least (points: Tensor) (logWeights: Tensor) : Tensor option =
        use cloud =
            {
                Points = points.alias ()
                LogProposal = points.new_zeros points.shape[0]
                LogWeights = logWeights.alias ()
            }

        if Importance.effectiveSampleSize cloud * float (Tensor.rows points) < least then
            None
        else
            Some(Importance.resample seed 400 cloud)

    /// Samples of the target by importance resampling from normal clouds of three widths around 0, where they cover it well
    /// enough; they share nothing with the sampler that they check.
    let private search (seed: int) (placement: Placement) (width: float) (target: Density) : Tensor option =
        let d, widths, candidates =
            target.Dimension, [ width; 3.0 * width; 9.0 * width ], 20_000

        let points =
            widths
            |> List.mapi (fun i width -> width * Random.normal placement (Random.child i seed) [ candidates; d ])
            |> Tensor.concatenate 0L

        let logDensity (width: float) =
            -0.5 * points.square().sum 1L / (width * width) - float d * log width

        // All points count as drawn from the mixture of the clouds (the balance heuristic of Veach and Guibas 1995).
        let mixture = (Tensor.stack 0L (List.map logDensity widths)).logsumexp 0L

        try
            resampled (Random.child 3 seed) 50.0 points (-(target.Energy points) - mixture)
        with :? ArgumentException ->
            None // An energy that is not finite so far out cannot be searched.

    /// Samples of the target from the points that the sampler began with.
    let private fromFirstPoints (seed: int) (subject: Subject) : Tensor option =
        subject.FirstPoints
        |> Option.bind (fun points ->
            let rest = 1.0 - 1.0 / subject.Start.Temperature
            resampled seed 20.0 points (-rest * subject.Target.Energy points))

    /// log w at samples of the target, or what went wrong.
    let private logWeightsAt (points: Tensor) (subject: Subject) : Result<Tensor, string> =
        try
            Ok(Scope.keep (fun () -> -(subject.Target.Energy points) - subject.LogProposal points))
        with
        | EvolutionFailedException(Cancelled _, _) -> reraise ()
        | EvolutionFailedException(_, advice) -> Error advice
        | :? ArgumentException as error -> Error error.Message

    let private report (options: ReportOptions) (subject: Subject) (draws: Draws) : Report =
        let target, spread = subject.Target, subject.Start.Spread

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

            let width = options.Search |> Option.defaultValue spread

            let exponent = tailExponent spread target

            let missedAt points =
                logWeightsAt points subject
                |> Result.map (fun logWeights ->
                    let excess = Tensor.toArray (logWeights - logZ.Value)

                    let share = excess |> Array.averageBy (fun e -> if e > log 10.0 then 1.0 else 0.0)

                    let worst = excess |> Array.indexed |> Array.maxBy snd |> fst
                    share, Tensor.toArray points[int64 worst])

            let missed =
                match search options.Seed subject.Placement width target with
                | Some points -> Some(Searched, missedAt points)
                | None ->
                    fromFirstPoints options.Seed subject
                    |> Option.map (fun points -> AtFirstPoints, missedAt points)

            let forward =
                options.Samples
                |> Option.map (fun samples -> logWeightsAt samples subject |> Result.map Importance.forwardEfficiency)

            let concerns =
                [
                    yield! Option.toList (concernOfTails spread target)

                    if efficiency.Value < 0.1 then
                        FewEffectiveDraws efficiency.Value

                    // Where no weight stands out, the shape of their tail is of no consequence.
                    if shape > Pareto.threshold m && largest > 1.0 / (3.0 * sqrt (float m)) then
                        HeavyWeights(shape, largest)

                    match missed with
                    | Some(_, Ok(share, point)) when share > 0.005 -> MissedMass(share, point)
                    | Some(_, Error advice) -> FlowLost advice
                    | _ -> ()

                    match forward with
                    | Some(Ok value) when value < 0.1 -> LowForwardEfficiency value
                    | Some(Error advice) -> FlowLost advice
                    | _ -> ()

                    if not (subject.FitError < 0.2) then
                        PoorFit subject.FitError
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
                    match missed with
                    | Some(by, Ok(share, _)) -> by share
                    | _ -> NotSearched
                TailExponent = exponent
                Concerns = List.distinct concerns
            })

    /// The report on given draws of a sampler.
    let ofDraws (options: ReportOptions) (sampler: Sampler) (draws: Draws) : Report =
        use firstPoints = Solution.points 0.0 sampler.Solution

        draws
        |> report
            options
            {
                Target = sampler.Target
                Placement = sampler.Options.Placement
                LogProposal = fun points -> Sampler.logProposal points sampler
                Start = sampler.Options.Start
                FirstPoints = Some firstPoints
                FitError = sampler.FitError
            }

    /// The report on a sampler, from draws that are made for it.
    ///
    /// <example><code>
    /// sampler |> Report.ofSampler Report.defaults |> Report.show |> printfn "%s"
    /// </code></example>
    let ofSampler (options: ReportOptions) (sampler: Sampler) : Report =
        Guard.atLeast "Count" 25 options.Count
        use draws = Sampler.drawSeeded options.Seed options.Count sampler
        ofDraws options sampler draws

    /// The report on the conditional density for one b, as a density of the coordinates a: samples in the options, and points in the
    /// report, are of these. log Z is the logarithm of the unnormalised marginal at b.
    ///
    /// <example><code>
    /// conditional |> Report.ofConditional Report.defaults [ 2.0 ] |> Report.show |> printfn "%s"
    /// </code></example>
    let ofConditional (options: ReportOptions) (given: float list) (conditional: Conditional) : Report =
        Guard.atLeast "Count" 25 options.Count
        use draws = Conditional.drawSeeded options.Seed options.Count given conditional

        draws
        |> report
            options
            {
                Target = Conditional.density given conditional
                Placement = conditional.Sampler.Options.Placement
                LogProposal = fun a -> Conditional.logProposal given a conditional
                Start = conditional.Sampler.Options.Start
                FirstPoints = None
                FitError = conditional.Sampler.FitError
            }

    /// The report on a density that is drawn in two stages; its error of the fit is the larger one of both.
    ///
    /// <example><code>
    /// marginal |> Report.ofMarginal Report.defaults |> Report.show |> printfn "%s"
    /// </code></example>
    let ofMarginal (options: ReportOptions) (marginal: Marginal) : Report =
        Guard.atLeast "Count" 25 options.Count
        let sampler = marginal.Conditional.Sampler
        use draws = Marginal.drawSeeded options.Seed options.Count marginal
        use firstPoints = Solution.points 0.0 sampler.Solution

        draws
        |> report
            options
            {
                Target = sampler.Target
                Placement = sampler.Options.Placement
                LogProposal = fun points -> Marginal.logProposal points marginal
                Start = sampler.Options.Start
                FirstPoints = Some firstPoints
                FitError = max sampler.FitError marginal.Sampler.FitError
            }

    /// The report as text.
    let show (report: Report) : string =
        let percent (x: float) = $"{100.0 * x:F1} %%"

        let verdict =
            match report.Verdict with
            | Reliable -> "reliable: nothing speaks against these draws with their weights"
            | Doubtful -> "doubtful: use the weighted estimates with care"
            | Unreliable -> "UNRELIABLE: do not use these draws"

        String.concat
            "\n"
            [
                verdict
                $"  draws                   {report.Count}"
                $"  effective sample size   {percent report.Efficiency.Value} ± {percent report.Efficiency.StandardError}"
                $"  tail of the weights     k̂ = {report.ParetoShape:F2}, largest weight {percent report.LargestWeight} of the sum"
                $"  log Z                   {report.LogNormaliser.Value:F5} ± {report.LogNormaliser.StandardError:F5}"
                $"  KL(q | ρ)               {report.LogNormaliser.Value - report.EvidenceLowerBound.Value:F4}"
                $"  error of the first fit  {percent report.FitError}"
                match report.Coverage with
                | Searched share -> $"  mass missed             {percent share} by an independent search"
                | AtFirstPoints share ->
                    $"  mass missed             {percent share} at the first points; what they miss is not known"
                | NotSearched ->
                    "  mass missed             not known: no search was possible (give exact samples, if there are any)"
                match report.ForwardEfficiency with
                | Some value -> $"  forward efficiency      {percent value} at exact samples"
                | None -> ()
                match report.TailExponent with
                | Some s when Double.IsFinite s -> $"  tails                   ρ ~ r^{-s:G4}"
                | Some _ -> "  tails                   faster than any power"
                | None -> "  tails                   not known: V is not finite far out"
                for concern in report.Concerns do
                    $"- {concern.Advice}"
            ]
