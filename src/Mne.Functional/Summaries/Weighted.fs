namespace Mne.Functional

open System

/// Numbers in ascending order with weights > 0 that sum to one.
type internal Weighted = { Values: float[]; Weights: float[] }

/// Statistics of independent draws from another distribution, weighted so as to stand for this one. Standard errors are those of
/// self-normalised estimates by the delta method, each over 1 − Σw² (1 − 1/M for M equal weights), which makes them infinite or not a
/// number where one draw has all the weight.
module internal Weighted =

    /// Σw²: 1/M for M equal weights.
    let private concentration (x: Weighted) =
        x.Weights |> Array.sumBy (fun w -> w * w)

    /// Summed around the number in the middle, so that those that are all the same have no spread, and an offset costs no digits.
    let mean (x: Weighted) : float =
        let middle = x.Values[x.Values.Length / 2]

        middle
        + Array.fold2 (fun sum w v -> sum + w * (v - middle)) 0.0 x.Weights x.Values

    /// The error of the mean of numbers whose mean is 0.
    let private errorOf (influence: float -> float) (x: Weighted) =
        let square =
            Array.fold2 (fun sum w v -> sum + (w * influence v) ** 2.0) 0.0 x.Weights x.Values

        sqrt (square / (1.0 - concentration x))

    let private variance (x: Weighted) =
        let μ = mean x

        let square =
            Array.fold2 (fun sum w v -> sum + w * (v - μ) ** 2.0) 0.0 x.Weights x.Values

        square / (1.0 - concentration x)

    let meanEstimate (x: Weighted) : Estimate =
        let μ = mean x

        {
            Value = μ
            StandardError = errorOf (fun v -> v - μ) x
        }

    /// The standard deviation, √(Σw (x − μ)² / (1 − Σw²)).
    let deviation (x: Weighted) : Estimate =
        let μ, square = mean x, variance x
        let s = sqrt square

        {
            Value = s
            StandardError =
                if s > 0.0 then
                    errorOf (fun v -> (v - μ) ** 2.0 - square) x / (2.0 * s)
                else
                    s
        }

    /// The weight below each number and half of its own: where it stands in the distribution.
    let private places (x: Weighted) =
        let upTo = Array.scan (+) 0.0 x.Weights
        x.Weights |> Array.mapi (fun i w -> upTo[i] + 0.5 * w)

    /// The quantile, linear between the numbers (of equal weights: definition 5 of Hyndman and Fan 1996), with its error from that of the
    /// distribution function there (R. S. Woodruff 1952, J. Am. Stat. Assoc. 47:635–646).
    let quantiles (ps: float list) (x: Weighted) : Estimate list =
        let at = places x
        let last = at.Length - 1

        let quantile p =
            match Array.BinarySearch(at, p) with
            | i when i >= 0 -> x.Values[i]
            | i ->
                match ~~~i with
                | 0 -> x.Values[0]
                | i when i > last -> x.Values[last]
                | i ->
                    x.Values[i - 1]
                    + (p - at[i - 1]) / (at[i] - at[i - 1]) * (x.Values[i] - x.Values[i - 1])

        ps
        |> List.map (fun p ->
            let value = quantile p
            let error = errorOf (fun v -> (if v <= value then 1.0 else 0.0) - p) x

            {
                Value = value
                StandardError =
                    if Double.IsFinite error then
                        0.5 * (quantile (min 1.0 (p + error)) - quantile (max 0.0 (p - error)))
                    else
                        nan
            })

    /// The shortest interval between two of the numbers with at least this share of the weight.
    let narrowest (mass: float) (x: Weighted) : float * float =
        let upTo = Array.scan (+) 0.0 x.Weights
        let last = x.Values.Length - 1
        let mutable best = 0, last
        let mutable j = 0

        for i in 0..last do
            // Sums of weights are not exact.
            while j < last && upTo[j + 1] - upTo[i] < mass - 1e-12 do
                j <- j + 1

            let width (i: int, j: int) = x.Values[j] - x.Values[i]

            if upTo[j + 1] - upTo[i] >= mass - 1e-12 && width (i, j) < width best then
                best <- i, j

        x.Values[fst best], x.Values[snd best]

    /// The larger of the shares of numbers > 0 and < 0.
    let direction (x: Weighted) : float =
        let share sign =
            Array.fold2 (fun sum w v -> if Math.Sign(v: float) = sign then sum + w else sum) 0.0 x.Weights x.Values

        min 1.0 (max (share 1) (share -1))

    /// How many independent draws of the distribution itself would give the mean as precisely; nan where all numbers are the same.
    let effective (x: Weighted) : float =
        variance x / (meanEstimate x).StandardError ** 2.0

    /// The columns of draws by their labels. Draws without weight may have any values; others have to be finite.
    let columns (draws: NamedDraws) : (string * Weighted)[] =
        NamedDraws.check draws
        let weights = Importance.normalised draws.LogWeights
        let kept = Array.init weights.Length id |> Array.filter (fun i -> weights[i] > 0.0)
        let keptWeights = kept |> Array.map (fun i -> weights[i])

        NamedDraws.labels draws
        |> List.toArray
        |> Array.mapi (fun k label ->
            let all = Scope.free (fun () -> Tensor.toArray (draws.Values.select (1L, int64 k)))
            let values = kept |> Array.map (fun i -> all[i])

            match values |> Array.tryFindIndex (Double.IsFinite >> not) with
            | Some i ->
                Guard.fail
                    "draws"
                    $"{label} is {values[i]} in draw {kept[i]}, which has weight; wanted finite numbers: leave that draw out, or give it the log-weight −∞"
            | None -> ()

            let weights = Array.copy keptWeights
            Array.Sort(values, weights)
            label, { Values = values; Weights = weights })

    let checkMass (mass: float) =
        if not (mass > 0.0 && mass < 1.0) then
            Guard.fail "mass" $"found {mass}, wanted a number between 0 and 1, such as 0.9"

    let checkProbability (p: float) =
        if not (p >= 0.0 && p <= 1.0) then
            Guard.fail "p" $"found {p}, wanted a probability, 0 to 1"
