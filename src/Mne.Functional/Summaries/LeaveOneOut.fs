namespace Mne.Functional

open System

/// <summary>How well a model predicts each observation from all others.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type LeaveOneOut =
    {
        /// <summary>How many draws there were.</summary>
        Draws: int
        /// <summary>
        /// Σ log p(yᵢ | all others), the expected log predictive density (elpd), with the standard error that comes from the
        /// observations, as if others could have been made.
        /// </summary>
        Expected: Estimate
        /// <summary>By how much the log density of the observations themselves is larger: the effective number of parameters.</summary>
        Parameters: Estimate
        /// <summary>The standard error of the elpd that comes from the draws alone.</summary>
        MonteCarloError: float
        /// <summary>log p(yᵢ | all others) of each observation (n).</summary>
        Pointwise: float[]
        /// <summary>k̂ of each observation (n): how heavy the tail of the weights is that leave it out.</summary>
        ParetoShapes: float[]
    }

    /// <summary>The observations (counted from 0) whose k̂ is too large for their elpd to be trusted.</summary>
    member loo.Unreliable: int list =
        let limit = Pareto.threshold loo.Draws

        [
            for i in 0 .. loo.ParetoShapes.Length - 1 do
                if not (loo.ParetoShapes[i] <= limit) then
                    i
        ]

    /// <summary>What speaks against the numbers, in sentences; none where nothing does.</summary>
    member loo.Doubts: string list =
        match loo.Unreliable with
        | [] -> []
        | bad ->
            let named = bad |> List.truncate 8 |> List.map string |> String.concat ", "
            let more = if bad.Length > 8 then ", …" else ""

            [
                $"{bad.Length} of {loo.Pointwise.Length} observations ({named}{more}; counted from 0) have so much influence (k̂ above {Pareto.threshold loo.Draws:F2}, up to {Array.max loo.ParetoShapes:F2}) that the draws do not tell what they would be without them: draw from the posterior of the others to predict these, or take a likelihood with heavier tails."
            ]

    member internal loo.Table: Table =
        {
            Heading = $"leave-one-out of {loo.Pointwise.Length} observations, from {loo.Draws} draws"
            Columns = [ ""; "value"; "±" ]
            Lines =
                [
                    for name, estimate in [ "elpd", loo.Expected; "effective parameters", loo.Parameters ] do
                        [
                            name
                            Table.within estimate.StandardError estimate.Value
                            Table.error estimate.StandardError
                        ]
                    [ "Monte Carlo error of elpd"; Table.error loo.MonteCarloError; "" ]
                    [ "largest k̂"; Table.short 2 (Array.max loo.ParetoShapes); "" ]
                ]
            Notes = loo.Doubts
        }

    /// <summary>A few lines of text.</summary>
    member loo.Text = Table.text loo.Table

    /// <summary>The same as HTML.</summary>
    member loo.Html = Table.html loo.Table

    override loo.ToString() = loo.Text

/// <summary>One of several models that are compared by leaving out observations.</summary>
[<Notebooks.TypeFormatterSource>]
type ModelPrediction =
    {
        /// <summary>What the model is called.</summary>
        Name: string
        /// <summary>How well it predicts.</summary>
        LeaveOneOut: LeaveOneOut
        /// <summary>
        /// elpd of this model less that of the best: 0 for that, negative for others. The standard error is that of the paired
        /// differences of single observations.
        /// </summary>
        Difference: Estimate
    }

/// <summary>Models compared by how well they predict each observation from all others, the best first.</summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type PredictionComparison =
    {
        /// <summary>The models, the best first.</summary>
        Models: ModelPrediction list
    }

    /// <summary>What follows, in sentences.</summary>
    member comparison.Conclusions: string list =
        let best, second = comparison.Models[0], comparison.Models[1]
        let n = best.LeaveOneOut.Pointwise.Length
        let apart, error = -second.Difference.Value, second.Difference.StandardError
        let figures = $"elpd differs by {Table.within error apart} ± {Table.error error}"

        [
            if not (apart >= 4.0) then
                $"{best.Name} and {second.Name} predict about as well as each other: {figures}, and less than 4 says little."
            elif not (apart >= 2.0 * error) then
                $"Which of {best.Name} and {second.Name} predicts better cannot be told: {figures}."
            else
                $"{best.Name} predicts better than {second.Name}: {figures}."

            if n < 100 then
                $"With {n} observations the standard error of a difference is itself uncertain, and rather too small."

            for model in comparison.Models do
                for doubt in model.LeaveOneOut.Doubts do
                    $"{model.Name}: {doubt}"
        ]

    member internal comparison.Table: Table =
        {
            Heading = ""
            Columns = [ ""; "elpd"; "±"; "difference"; "±"; "effective parameters"; "largest k̂" ]
            Lines =
                [
                    for model in comparison.Models do
                        let loo = model.LeaveOneOut

                        [
                            model.Name
                            Table.within loo.Expected.StandardError loo.Expected.Value
                            Table.error loo.Expected.StandardError
                            Table.within model.Difference.StandardError model.Difference.Value
                            Table.error model.Difference.StandardError
                            Table.within loo.Parameters.StandardError loo.Parameters.Value
                            Table.short 2 (Array.max loo.ParetoShapes)
                        ]
                ]
            Notes = comparison.Conclusions
        }

    /// <summary>The table and what follows, as text.</summary>
    member comparison.Text = Table.text comparison.Table

    /// <summary>The same as HTML.</summary>
    member comparison.Html = Table.html comparison.Table

    override comparison.ToString() = comparison.Text

/// <summary>
/// Leave-one-out cross-validation from the draws of one posterior, by Pareto-smoothed importance sampling (A. Vehtari, A. Gelman and
/// J. Gabry, Statistics and Computing 27:1413–1432, arXiv 1507.04544).
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module LeaveOneOut =

    /// Σ of numbers, with the standard error that comes from which ones there are.
    let private total (values: float[]) : Estimate =
        let n = float values.Length
        let mean = Array.average values

        {
            Value = Array.sum values
            StandardError = sqrt (n / (n - 1.0) * (values |> Array.sumBy (fun v -> (v - mean) ** 2.0)))
        }

    let private logSum (logs: float[]) =
        let top = Array.max logs
        top + log (logs |> Array.sumBy (fun l -> exp (l - top)))

    /// <summary>
    /// How well a model predicts each observation from all others. The weights that leave observation i out, w / p(yᵢ | θ) of draws with
    /// weights w, are smoothed by the Pareto distribution of their largest (arXiv 1507.02646), as long a tail of them as for independent
    /// draws, which weighted draws of a sampler are: w is a part of the weight, and k̂ sees what it and 1/p make together.
    /// </summary>
    /// <param name="logLikelihood">log p(yᵢ | θ) of each observation at each draw (M × n). Draws without weight may have any.</param>
    /// <param name="draws">Weighted draws of the posterior of all observations; of them the weights are used.</param>
    /// <exception cref="T:System.ArgumentException">The log-likelihood has not a row for each draw, is not finite at a draw with weight,
    /// or no draw has weight.</exception>
    /// <example><code>
    /// let y = Tensor.ofArray Placement.float64 [| 0.3; -0.2; 1.1 |]
    /// let a = named |&gt; NamedDraws.values "a"
    /// let loo = named |&gt; LeaveOneOut.create (-0.5 .* (y - a.unsqueeze 1L).Square() .- 0.919)
    /// printfn $"{loo}"
    /// </code></example>
    let create (logLikelihood: Tensor) (draws: NamedDraws) : LeaveOneOut =
        NamedDraws.check draws
        let m = Tensor.rows draws.Values
        let weights = Importance.normalised draws.LogWeights
        Guard.numbers "logLikelihood" logLikelihood

        if
            logLikelihood.dim () <> 2L
            || logLikelihood.shape[0] <> int64 m
            || logLikelihood.shape[1] < 1L
        then
            Guard.fail
                "logLikelihood"
                $"found the shape {Guard.shapeName logLikelihood.shape}, wanted a row for each of {m} draws and a column for each observation"

        let logWeights = weights |> Array.map log
        // What each draw adds to the error of the sum of all observations, which share the draws.
        let influence = Array.zeroCreate<float> m

        let each =
            [|
                for k in 0 .. int logLikelihood.shape[1] - 1 do
                    let column =
                        Scope.free (fun () -> Tensor.toArray (logLikelihood.select (1L, int64 k)))

                    for s in 0 .. m - 1 do
                        if weights[s] = 0.0 then
                            column[s] <- 0.0
                        elif not (Double.IsFinite column[s]) then
                            Guard.fail
                                "logLikelihood"
                                $"found {column[s]} for observation {k} at draw {s}, which has weight; wanted finite numbers: check the likelihood"

                    let smoothed, shape = Pareto.smooth (Array.map2 (-) logWeights column)
                    let normaliser = logSum smoothed
                    let left = smoothed |> Array.map (fun l -> exp (l - normaliser))
                    let elpd = logSum (Array.map2 (+) smoothed column) - normaliser
                    let lpd = logSum (Array.map2 (+) logWeights column)

                    for s in 0 .. m - 1 do
                        if left[s] > 0.0 then
                            influence[s] <- influence[s] + left[s] * (exp (column[s] - elpd) - 1.0)

                    elpd, lpd - elpd, shape
            |]

        {
            Draws = m
            Expected = total [| for elpd, _, _ in each -> elpd |]
            Parameters = total [| for _, excess, _ in each -> excess |]
            MonteCarloError = sqrt (influence |> Array.sumBy (fun e -> e * e))
            Pointwise = [| for elpd, _, _ in each -> elpd |]
            ParetoShapes = [| for _, _, shape in each -> shape |]
        }

    /// <summary>
    /// Models compared by their elpd, with the standard errors of paired differences (arXiv 1507.04544 §5.2). A difference below 4 says
    /// little, and its standard error is unreliable for fewer than about a hundred observations (T. Sivula, M. Magnusson,
    /// A. A. Matamoros and A. Vehtari, arXiv 2008.10296).
    /// </summary>
    /// <param name="models">Names and results of two models or more, for the same observations in the same order.</param>
    /// <exception cref="T:System.ArgumentException">There are fewer than two models, two have the same name, or they have different numbers of
    /// observations.</exception>
    /// <example><code>
    /// let y = Tensor.ofArray Placement.float64 [| 0.3; -0.2; 1.1 |]
    /// let loo name =
    ///     named |&gt; LeaveOneOut.create (-0.5 .* (y - (named |&gt; NamedDraws.values name).unsqueeze 1L).Square())
    /// printfn $"""{LeaveOneOut.compare [ "a", loo "a"; "b", loo "b" ]}"""
    /// </code></example>
    let compare (models: (string * LeaveOneOut) list) : PredictionComparison =
        if models.Length < 2 then
            Guard.fail "models" $"found {models.Length}, wanted two or more"

        match models |> List.countBy fst |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(name, count) -> Guard.fail "models" $"{count} are called \"{name}\"; give each a name of its own"
        | None -> ()

        let _, first = models.Head

        for name, loo in models do
            if loo.Pointwise.Length <> first.Pointwise.Length then
                Guard.fail
                    "models"
                    $"\"{name}\" has {loo.Pointwise.Length} observations, \"{fst models.Head}\" {first.Pointwise.Length}; compare models of the same observations"

        let sorted = models |> List.sortByDescending (fun (_, loo) -> loo.Expected.Value)
        let bestName, best = sorted.Head

        {
            Models =
                [
                    for name, loo in sorted do
                        {
                            Name = name
                            LeaveOneOut = loo
                            Difference =
                                if name = bestName then
                                    { Value = 0.0; StandardError = 0.0 }
                                else
                                    total (Array.map2 (-) loo.Pointwise best.Pointwise)
                        }
                ]
        }
