namespace Mne.Functional

open System

/// <summary>One of several models that are compared by their evidence.</summary>
[<Notebooks.TypeFormatterSource>]
type ModelEvidence =
    {
        /// <summary>What the model is called.</summary>
        Name: string
        /// <summary>log Z, the logarithm of the evidence.</summary>
        LogNormaliser: Estimate
        /// <summary>log of the Bayes factor of this model against the best one: 0 for that, negative for others.</summary>
        LogBayesFactor: Estimate
        /// <summary>The posterior probability of the model if all were equally probable before.</summary>
        Probability: Estimate
    }

/// <summary>Models compared by their evidence, the best first.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type EvidenceComparison =
    {
        /// <summary>The models, the best first.</summary>
        Models: ModelEvidence list
    }

    /// <summary>What follows, in sentences: how strong the evidence is, and whether the errors of log Z leave any.</summary>
    member comparison.Conclusions: string list =
        let best, others = List.head comparison.Models, List.tail comparison.Models
        let second = List.head others
        let apart = -second.LogBayesFactor.Value
        let error = second.LogBayesFactor.StandardError
        let figures = $"log Bayes factor {Table.within error apart} ± {Table.error error}"

        [
            if apart < 2.0 * error then
                $"Which of {best.Name} and {second.Name} is better cannot be told ({figures}): take more draws."
            elif apart < 1.0 then
                $"The evidence for {best.Name} over {second.Name} is hardly worth a mention ({figures})."
            elif apart < 3.0 then
                $"The evidence for {best.Name} over {second.Name} is positive ({figures})."
            elif apart < 5.0 then
                $"The evidence for {best.Name} over {second.Name} is strong ({figures})."
            else
                $"The evidence for {best.Name} over {second.Name} is very strong ({figures})."

            for model in comparison.Models do
                if model.LogNormaliser.StandardError > 0.5 then
                    $"log Z of {model.Name} is uncertain by {Table.error model.LogNormaliser.StandardError}: such an estimate rests on a few draws and is mostly too low, by more than that."
        ]

    member internal comparison.Table: Table =
        {
            Heading = ""
            Columns = [ ""; "log Z"; "±"; "log Bayes factor"; "±"; "probability"; "±" ]
            Lines =
                [
                    for model in comparison.Models do
                        let pair (estimate: Estimate) =
                            [
                                Table.within estimate.StandardError estimate.Value
                                Table.error estimate.StandardError
                            ]

                        [
                            model.Name
                            yield! pair model.LogNormaliser
                            yield! pair model.LogBayesFactor
                            Table.share model.Probability.Value
                            Table.share model.Probability.StandardError
                        ]
                ]
            Notes = comparison.Conclusions
        }

    /// <summary>The table and what follows, as text.</summary>
    member comparison.Text = Table.text comparison.Table

    /// <summary>The same as HTML.</summary>
    member comparison.Html = Table.html comparison.Table

    override comparison.ToString() = comparison.Text

/// <summary>Models compared by their evidence Z, the probability (density) of the data under prior and likelihood.</summary>
[<RequireQualifiedAccess>]
module Evidence =

    /// <summary>
    /// Bayes factors and posterior probabilities of models, which were equally probable before, from independent estimates of their
    /// log Z, with standard errors by the delta method. Words for the strength of evidence are those of R. E. Kass and A. E. Raftery
    /// (1995, J. Am. Stat. Assoc. 90:773–795). The energies have to be those of normalised priors and likelihoods, constants
    /// included: what they leave out is missing in log Z. To compare with other prior probabilities, add their logarithms to log Z.
    /// </summary>
    /// <param name="models">Names and log Z, such as <c>posterior.LogNormaliser</c>, of two models or more.</param>
    /// <exception cref="T:System.ArgumentException">There are fewer than two models, two have the same name, or a log Z or its
    /// standard error is not finite.</exception>
    /// <example><code>
    /// let logZ value error : Estimate = { Value = value; StandardError = error }
    /// let comparison = Evidence.compare [ "linear", logZ -71.2 0.01; "quadratic", logZ -69.8 0.02 ]
    /// printfn $"{comparison}"
    /// </code></example>
    let compare (models: (string * Estimate) list) : EvidenceComparison =
        if models.Length < 2 then
            Guard.fail "models" $"found {models.Length}, wanted two or more"

        match models |> List.countBy fst |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) -> Guard.fail "models" $"{count} are called \"{name}\"; give each a name of its own"
        | None -> ()

        for name, logZ in models do
            if
                not (
                    Double.IsFinite logZ.Value
                    && Double.IsFinite logZ.StandardError
                    && logZ.StandardError >= 0.0
                )
            then
                Guard.fail
                    "models"
                    $"log Z of \"{name}\" is {logZ.Value} ± {logZ.StandardError}, wanted a finite number and a finite standard error"

        let sorted = models |> List.sortByDescending (fun (_, logZ) -> logZ.Value)
        let bestName, best = sorted.Head
        let odds = sorted |> List.map (fun (_, logZ) -> exp (logZ.Value - best.Value))
        let probabilities = odds |> List.map (fun o -> o / List.sum odds)

        {
            Models =
                [
                    for (name, logZ), p in List.zip sorted probabilities do
                        {
                            Name = name
                            LogNormaliser = logZ
                            LogBayesFactor =
                                {
                                    Value = logZ.Value - best.Value
                                    StandardError =
                                        if name = bestName then
                                            0.0
                                        else
                                            sqrt (logZ.StandardError ** 2.0 + best.StandardError ** 2.0)
                                }
                            Probability =
                                {
                                    Value = p
                                    // ∂pᵢ/∂ log Zⱼ = pᵢ (δᵢⱼ − pⱼ)
                                    StandardError =
                                        List.zip sorted probabilities
                                        |> List.sumBy (fun ((other, logZ), q) ->
                                            let slope = p * ((if other = name then 1.0 else 0.0) - q)
                                            (slope * logZ.StandardError) ** 2.0)
                                        |> sqrt
                                }
                        }
                ]
        }
