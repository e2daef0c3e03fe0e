namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// <summary>
/// Charts of weighted draws of quantities with names, and of what is said of them. They are charts like others: see <c>Chart</c> for titles, axes
/// and files.
/// </summary>
/// <example><code>
/// Page.create "Posterior" "" [ DrawsChart.corner named; DrawsChart.forest summary ] |&gt; Page.save "output/posterior.html"
/// </code></example>
[<RequireQualifiedAccess>]
module DrawsChart =

    /// Columns and weights as numbers; draws without weight, which may have any values, are left out.
    let private columns (draws: NamedDraws) : string[] * float[][] * float[] =
        let summary = Summary.create 0.9 draws // checks
        let weights = Scope.free (fun () -> Tensor.toArray (draws.LogWeights.softmax 0L))

        let kept =
            [|
                for i in 0 .. weights.Length - 1 do
                    if weights[i] > 0.0 then
                        i
            |]

        let column k =
            let all = Scope.free (fun () -> Tensor.toArray (draws.Values.select (1L, int64 k)))
            kept |> Array.map (fun i -> all[i])

        [| for entry in summary.Entries -> entry.Label |],
        [| for k in 0 .. summary.Entries.Length - 1 -> column k |],
        kept |> Array.map (fun i -> weights[i])

    let private upTo8 (labels: string[]) =
        if labels.Length < 2 || labels.Length > 8 then
            Guard.fail "draws" $"found {labels.Length} columns, wanted 2 to 8; choose quantities with NamedDraws.select"

    /// <summary>
    /// Every number as a weighted histogram, and every two of them as a cloud of points drawn in proportion to the weights.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There are not 2 to 8 columns, or a draw with weight has a value that is not
    /// finite.</exception>
    /// <example><code>DrawsChart.corner named |&gt; Chart.titled "Posterior"</code></example>
    let corner (draws: NamedDraws) : Chart =
        let labels, columns, weights = columns draws
        upTo8 labels
        Grid.corner labels columns weights

    /// <summary>
    /// As <c>corner</c>, but with points as they were drawn, before weighting, and those marked whose weight is more than √M times the mean (the level at which
    /// E. L. Ionides 2008, J. Comput. Graph. Stat. 17:295–311, cuts weights): where they lie, draws are too few.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There are not 2 to 8 columns, or a draw with weight has a value that is not
    /// finite.</exception>
    /// <example><code>DrawsChart.pairs named |&gt; Chart.titled "Draws, as they were made"</code></example>
    let pairs (draws: NamedDraws) : Chart =
        let labels, columns, weights = columns draws
        upTo8 labels
        let limit = 1.0 / sqrt (float (Tensor.rows draws.Values))

        let mark =
            [|
                for i in 0 .. weights.Length - 1 do
                    if weights[i] > limit then
                        i
            |]

        let said =
            match mark.Length with
            | 0 -> "No draw has an outlying weight."
            | n ->
                $"{n} with outlying weights, {100.0 * (mark |> Array.sumBy (fun i -> weights[i])):F0} %% of all weight, are marked."

        { Grid.marked labels columns weights mark with
            Caption = said
        }

    /// <summary>
    /// An interval for each number, one below the other: medians, and the quantiles between which the mass of the summary lies.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The summary is empty.</exception>
    /// <example><code>DrawsChart.forest summary |&gt; Chart.save "output/forest.html"</code></example>
    let forest (summary: Summary) : Chart =
        if summary.Entries.IsEmpty then
            Guard.fail (nameof summary) "found no entries, wanted at least one"

        let each (value: SummaryEntry -> float) =
            [| for entry in summary.Entries -> value entry |]

        let labels = [| for entry in summary.Entries -> entry.Label |]

        Model.chart
            [
                Traces.intervals $"{100.0 * summary.Mass:G3} %%" 2.6 labels (each _.Lower.Value) (each _.Upper.Value)
                Traces.places "median" labels (each _.Median.Value)
            ]
        |> Model.mapX (fun axis ->
            { axis with
                Range = Some(Model.roomy (Array.min (each _.Lower.Value), Array.max (each _.Upper.Value)))
            })
        |> Model.mapY (fun axis ->
            { axis with
                Names = true
                // The first on top.
                Range = Some(float labels.Length - 0.5, -0.5)
            })

    /// <summary>The weighted histogram of each number, three in a row, with its prior density where one is given.</summary>
    /// <param name="priors">Labels, such as <c>theta[1]</c>, and normalised densities.</param>
    /// <param name="draws">Weighted draws, of up to 30 columns.</param>
    /// <exception cref="T:System.ArgumentException">There are more than 30 columns, no column has such a label, or a draw with weight has a value that is not
    /// finite.</exception>
    /// <example><code>
    /// let normal (a: float) = exp (-0.5 * a * a) / sqrt (2.0 * Math.PI)
    /// named |&gt; DrawsChart.marginals [ ("a", normal) ] |&gt; Chart.save "output/marginals.html"
    /// </code></example>
    let marginals (priors: (string * (float -> float)) list) (draws: NamedDraws) : Chart =
        let labels, columns, weights = columns draws

        if labels.Length > 30 then
            Guard.fail
                "draws"
                $"found {labels.Length} columns, wanted up to 30; choose quantities with NamedDraws.select"

        for label, _ in priors do
            if not (Array.contains label labels) then
                let known = labels |> Array.truncate 12 |> String.concat ", "
                Guard.fail "priors" $"found one of \"{label}\", wanted labels of the draws, such as {known}"

        let panel k =
            let bins = Bins.ofWeighted columns[k] weights
            let shown = Grid.weightedRange columns[k] weights

            let prior =
                match priors |> List.tryFind (fun (label, _) -> label = labels[k]) with
                | None -> []
                | Some(_, density) ->
                    let low, high = Option.get shown
                    let x = [| for i in 0..200 -> low + (high - low) * float i / 200.0 |]
                    [ Traces.series (Series.line "prior" x (Array.map density x)) ]

            { (Model.chart (Traces.histogram "posterior" bins :: prior)).Panels.Head with
                X =
                    { Model.axis with
                        Label = labels[k]
                        Range = shown
                    }
            }

        let panels = [ for k in 0 .. labels.Length - 1 -> panel k ]
        Grid.tiles (min 3 panels.Length) panels

    /// <summary>
    /// A statistic of what was observed, a line, beside those of data sets that a model made, a histogram.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no data set.</exception>
    /// <example><code>
    /// let made = Random.normal Placement.float64 3 [ 500; 10 ]
    /// made
    /// |&gt; Predictive.check (fun y -&gt; y.std 1L) (Random.normal Placement.float64 2 [ 10 ])
    /// |&gt; DrawsChart.check
    /// |&gt; Chart.axes "standard deviation" "density"
    /// </code></example>
    let check (check: PredictiveCheck) : Chart =
        Wanted.weightedValues "check" (Array.create check.Replicated.Length 1.0) "check" check.Replicated

        let bins =
            Bins.ofWeighted check.Replicated (Array.create check.Replicated.Length 1.0)

        Model.chart
            [
                Traces.histogram "made by the model" bins
                Traces.upright "observed" check.Observed (Array.max bins.Density)
            ]
        |> Chart.axes "statistic" "density"
        |> Chart.captioned
            $"{100.0 * check.Probability.Value:F1} %% of {check.Replicated.Length} data sets have a statistic at least as large."

    /// <summary>The distribution of what was observed beside those of up to 30 data sets that a model made, as outlines of histograms.</summary>
    /// <param name="observed">What was observed (n).</param>
    /// <param name="replicated">Data sets that the model made (R × n), as by <c>Predictive.draw</c>.</param>
    /// <exception cref="T:System.ArgumentException">The shapes do not fit, or numbers are not finite.</exception>
    /// <example><code>
    /// Random.normal Placement.float64 3 [ 500; 40 ]
    /// |&gt; DrawsChart.predictive (Random.normal Placement.float64 2 [ 40 ])
    /// |&gt; Chart.axes "y" "density"
    /// </code></example>
    let predictive (observed: Tensor) (replicated: Tensor) : Chart =
        Guard.numbers "replicated" replicated

        Guard.points
            "replicated"
            (if replicated.dim () = 2L then
                 max 1 (int replicated.shape[1])
             else
                 1)
            replicated

        Guard.finite "replicated" replicated
        Guard.vector "observed" (int replicated.shape[1]) observed
        Guard.finite "observed" observed
        let seen = Tensor.toArray observed
        let count = min 30 (Tensor.rows replicated)
        let step = Tensor.rows replicated / count

        let made =
            [|
                for k in 0 .. count - 1 -> Scope.free (fun () -> Tensor.toArray replicated[int64 (k * step)])
            |]

        let all = Array.concat (seen :: List.ofArray made)
        let low, high = Model.roomy (Array.min all, Array.max all)
        let bins = max 8 (min 60 (int (3.0 * Math.Cbrt(float seen.Length))))
        let edges = [| for i in 0..bins -> low + (high - low) * float i / float bins |]
        let outline = Bins.within edges seen

        Model.chart
            [
                Traces.outlines "made by the model" (made |> Array.map (Bins.within edges))
                Traces.histogram "observed" outline
            ]
        |> Chart.axes "observation" "density"
