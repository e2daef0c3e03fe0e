namespace Mne.Functional

/// <summary>What draws say of one number.</summary>
[<Notebooks.TypeFormatterSource>]
type SummaryEntry =
    {
        /// <summary>Its label, such as <c>theta[1]</c>.</summary>
        Label: string
        /// <summary>The mean, with its Monte Carlo standard error.</summary>
        Mean: Estimate
        /// <summary>The standard deviation.</summary>
        Deviation: Estimate
        /// <summary>The quantile below which half of what the mass leaves lies: 5 % for a mass of 0.9.</summary>
        Lower: Estimate
        /// <summary>The median.</summary>
        Median: Estimate
        /// <summary>The quantile above which the other half of what the mass leaves lies.</summary>
        Upper: Estimate
        /// <summary>The shortest interval that holds the mass: of highest density, where there is one mode.</summary>
        Narrowest: float * float
        /// <summary>How many independent draws without weights would give the mean as precisely; nan where the number is constant.</summary>
        EffectiveDraws: float
        /// <summary>The larger one of the probabilities of being positive and of being negative (probability of direction).</summary>
        Direction: float
    }

/// <summary>
/// What draws say of each of their quantities: as a table of text, as HTML in notebooks, as records.
/// </summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Summary =
    {
        /// <summary>The share of the probability that intervals hold.</summary>
        Mass: float
        /// <summary>How many draws there are.</summary>
        Draws: int
        /// <summary>Their effective sample size by the weights alone, as a fraction.</summary>
        Efficiency: Estimate
        /// <summary>k̂ of the weights: above 0.7 errors are larger than standard errors say.</summary>
        ParetoShape: float
        /// <summary>The share of the largest weight in the sum of all.</summary>
        LargestWeight: float
        /// <summary>A row for each number, in the order of the columns.</summary>
        Entries: SummaryEntry list
    }

    /// <summary>What speaks against the numbers, in sentences; none where nothing does.</summary>
    member summary.Doubts: string list =
        [
            if summary.Efficiency.Value < 0.1 then
                $"The weights leave {Table.percent summary.Efficiency.Value} %% of the draws: take more draws, or draws that follow the density better."
            // Where no weight stands out, the shape of their tail is of no consequence.
            if
                summary.ParetoShape > Pareto.threshold summary.Draws
                && summary.LargestWeight > 1.0 / (3.0 * sqrt (float summary.Draws))
            then
                $"The weights have a heavy tail (k̂ = {summary.ParetoShape:F2}): a few draws rule the estimates, and their errors are larger than said."
        ]

    member internal summary.Table: Table =
        let tail = 0.5 * (1.0 - summary.Mass)
        let percent = Table.percent

        {
            Heading =
                $"{summary.Draws} draws, worth {summary.Efficiency.Value * float summary.Draws:F0} by their weights"
            Columns =
                [
                    ""
                    "mean"
                    "±"
                    "sd"
                    $"{percent tail} %%"
                    "50 %"
                    $"{percent (1.0 - tail)} %%"
                    $"narrowest {percent summary.Mass} %%"
                    "ESS"
                    "direction"
                ]
            Lines =
                [
                    for row in summary.Entries do
                        let number = Table.within row.Mean.StandardError

                        [
                            row.Label
                            number row.Mean.Value
                            Table.error row.Mean.StandardError
                            number row.Deviation.Value
                            number row.Lower.Value
                            number row.Median.Value
                            number row.Upper.Value
                            $"{number (fst row.Narrowest)} … {number (snd row.Narrowest)}"
                            (if System.Double.IsFinite row.EffectiveDraws then
                                 $"{row.EffectiveDraws:F0}"
                             else
                                 "–")
                            Table.share row.Direction
                        ]
                ]
            Notes = summary.Doubts
        }

    /// <summary>The table as text, a row for each number; means to two digits of their errors.</summary>
    member summary.Text = Table.text summary.Table

    /// <summary>The table as HTML.</summary>
    member summary.Html = Table.html summary.Table

    override summary.ToString() = summary.Text

/// <summary>What draws say of each of their quantities.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Summary =

    /// <summary>
    /// Mean, deviation, quantiles, shortest interval, effective draws and probability of direction of each number, with Monte Carlo
    /// standard errors for independent draws. Draws without weight may have any values.
    /// </summary>
    /// <param name="mass">The share of the probability that intervals hold, between 0 and 1: 0.9 for the quantiles 5 % and 95 %.</param>
    /// <param name="draws">Weighted draws.</param>
    /// <exception cref="T:System.ArgumentException">The mass is not between 0 and 1, a draw with weight has a value that is not finite,
    /// or no draw has weight.</exception>
    /// <example><code>
    /// let summary = draws |&gt; NamedDraws.ofDraws [ "a"; "b" ] |&gt; Summary.create 0.9
    /// printfn $"{summary}"
    /// </code></example>
    let create (mass: float) (draws: NamedDraws) : Summary =
        Weighted.checkMass mass

        let entries =
            [
                for label, column in Weighted.columns draws do
                    match column |> Weighted.quantiles [ 0.5 * (1.0 - mass); 0.5; 0.5 * (1.0 + mass) ] with
                    | [ lower; median; upper ] ->
                        {
                            Label = label
                            Mean = Weighted.meanEstimate column
                            Deviation = Weighted.deviation column
                            Lower = lower
                            Median = median
                            Upper = upper
                            Narrowest = Weighted.narrowest mass column
                            EffectiveDraws = Weighted.effective column
                            Direction = Weighted.direction column
                        }
                    | _ -> ()
            ]

        {
            Mass = mass
            Draws = Tensor.rows draws.Values
            Efficiency = Importance.efficiencyOf draws.LogWeights
            ParetoShape = snd (Pareto.smooth (Tensor.toArray draws.LogWeights))
            LargestWeight = Array.max (Importance.normalised draws.LogWeights)
            Entries = entries
        }

    /// <summary>What is said of one number.</summary>
    /// <param name="label">Its label, such as <c>theta[1]</c>.</param>
    /// <param name="summary">The summary.</param>
    /// <exception cref="T:System.ArgumentException">There is none of that label.</exception>
    /// <example><code>(summary |&gt; Summary.entry "a").Mean</code></example>
    let entry (label: string) (summary: Summary) : SummaryEntry =
        match summary.Entries |> List.tryFind (fun row -> row.Label = label) with
        | Some row -> row
        | None ->
            let known =
                summary.Entries
                |> List.map (fun row -> $"\"{row.Label}\"")
                |> List.truncate 12
                |> String.concat ", "

            Guard.fail "label" $"found \"{label}\", wanted a label of the summary, such as {known}"
