namespace Mne.Functional

/// <summary>A statistic of what was observed beside that of data which a model makes.</summary>
[<Notebooks.TypeFormatterSource>]
type PredictiveCheck =
    {
        /// <summary>The statistic of the observations.</summary>
        Observed: float
        /// <summary>The statistic of each of the data sets that the model made.</summary>
        Replicated: float[]
        /// <summary>
        /// The share of data sets whose statistic is at least that of the observations (posterior predictive p-value): near 0 or 1, the
        /// model does not make what was observed.
        /// </summary>
        Probability: Estimate
    }

/// <summary>What a model predicts, and whether it makes data like those that were observed.</summary>
[<RequireQualifiedAccess>]
module Predictive =

    /// <summary>
    /// Data that a model makes from the draws of its posterior (posterior predictive draws): draws are chosen in proportion to their
    /// weights, and a function of yours makes a data set from each.
    /// </summary>
    /// <param name="seed">Seed of everything random here: the same seed gives the same numbers.</param>
    /// <param name="count">How many data sets, R.</param>
    /// <param name="simulate">A seed and R draws, all of the same weight, ↦ R data sets of n numbers (R × n).</param>
    /// <param name="draws">Weighted draws of the posterior.</param>
    /// <returns>The data sets (R × n).</returns>
    /// <exception cref="T:System.ArgumentException">No draw has weight, the count is not 1 or more, or the function returns another shape or
    /// numbers that are not finite.</exception>
    /// <example><code>
    /// // Ten observations with the mean a and the deviation 1
    /// let data =
    ///     named
    ///     |&gt; Predictive.draw 1 500 (fun seed draws -&gt;
    ///         (NamedDraws.values "a" draws).unsqueeze 1L .+ Random.normal Placement.float64 seed [ 500; 10 ])
    /// </code></example>
    let draw (seed: int) (count: int) (simulate: int -> NamedDraws -> Tensor) (draws: NamedDraws) : Tensor =
        Guard.atLeast "count" 1 count

        Scope.keep (fun () ->
            let chosen = draws |> NamedDraws.resample (Seed.child 0 seed) count
            let data = simulate (Seed.child 1 seed) chosen
            Guard.numbers "simulate" data

            if data.dim () <> 2L || data.shape[0] <> int64 count || data.shape[1] < 1L then
                Guard.fail
                    "simulate"
                    $"it returned the shape {Guard.shapeName data.shape}, wanted a row of data for each of {count} draws"

            Guard.finite "simulate" data
            data.alias ())

    /// <summary>
    /// Whether a model makes data like those that were observed, as far as one statistic tells (A. Gelman et al., Bayesian Data Analysis,
    /// 3rd edition, §6.3).
    /// </summary>
    /// <param name="statistic">Data sets (R × n) ↦ a number for each (R).</param>
    /// <param name="observed">What was observed (n).</param>
    /// <param name="replicated">Data sets that the model made (R × n), as by <c>Predictive.draw</c>.</param>
    /// <exception cref="T:System.ArgumentException">The shapes do not fit, or the statistic returns another shape or numbers that are not
    /// finite.</exception>
    /// <example><code>
    /// let observed = Random.normal Placement.float64 2 [ 10 ]
    /// let made = Random.normal Placement.float64 3 [ 500; 10 ]
    /// let check = made |&gt; Predictive.check (fun y -&gt; y.std 1L) observed
    /// printfn $"{check.Probability.Value:F2}"
    /// </code></example>
    let check (statistic: Tensor -> Tensor) (observed: Tensor) (replicated: Tensor) : PredictiveCheck =
        Guard.cloud "replicated" replicated
        Guard.vector "observed" (int replicated.shape[1]) observed

        Scope.free (fun () ->
            let of' (data: Tensor) =
                let values = Lent.one statistic data
                Guard.vector "statistic" (Tensor.rows data) values
                Guard.finite "statistic" values
                Tensor.toArray values

            let seen = (of' (observed.unsqueeze 0L))[0]
            let made = of' replicated
            let r = float made.Length
            let p = float (made |> Array.filter (fun t -> t >= seen) |> Array.length) / r

            {
                Observed = seen
                Replicated = made
                Probability =
                    {
                        Value = p
                        StandardError = sqrt (p * (1.0 - p) / r)
                    }
            })
