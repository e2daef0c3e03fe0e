namespace Mne.Functional

/// <summary>
/// The share of the target's mass that the sampler makes at least ten times too rare, and how it was looked for.
/// </summary>
[<RequireQualifiedAccess>]
type Coverage =
    /// <summary>By samples of the target that an independent search found.</summary>
    | Searched of missed: float
    /// <summary>
    /// At the points that the sampler began with, re-weighted to the target; mass that they miss as well is not seen.
    /// </summary>
    | AtFirstPoints of missed: float
    /// <summary>Not known: too many dimensions for a search, and too few points to re-weight.</summary>
    | NotSearched

/// The search for mass of the target that a sampler misses.
[<RequireQualifiedAccess>]
module internal Coverage =

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
    let search (seed: int) (placement: Placement) (width: float) (target: Density) : Tensor option =
        let d, widths, candidates =
            target.Dimension, [ width; 3.0 * width; 9.0 * width ], 20_000

        let points =
            widths
            |> List.mapi (fun i width -> width .* Random.normal placement (Seed.child i seed) [ candidates; d ])
            |> Tensor.concatenate 0L

        let logDensity (width: float) =
            -0.5 .* points.Square().sum 1L ./ (width * width) .- float d * log width

        // All points count as drawn from the mixture of the clouds (the balance heuristic of Veach and Guibas 1995).
        let mixture = (Tensor.stack 0L (List.map logDensity widths)).logsumexp 0L

        try
            resampled (Seed.child 3 seed) 50.0 points (-(target.Energy points) - mixture)
        with :? System.ArgumentException ->
            None // An energy that is not finite so far out cannot be searched.

    /// Samples of the target from the points that a sampler began with, which follow e^{−V/τ}.
    let fromFirstPoints (seed: int) (temperature: float) (points: Tensor) (target: Density) : Tensor option =
        let rest = 1.0 - 1.0 / temperature
        resampled seed 20.0 points (-rest .* target.Energy points)

    /// The share of samples of the target, with their log ρ/q, that a sampler makes at least ten times too rare, and the worst of
    /// them.
    let missed (logNormaliser: float) (points: Tensor) (logWeights: Tensor) : float * float[] =
        let excess = Tensor.toArray (logWeights .- logNormaliser)
        let share = excess |> Array.averageBy (fun e -> if e > log 10.0 then 1.0 else 0.0)
        let worst = excess |> Array.indexed |> Array.maxBy snd |> fst
        share, Tensor.toArray points[int64 worst]
