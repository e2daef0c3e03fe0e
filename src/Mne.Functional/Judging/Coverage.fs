namespace Mne.Functional

open TorchSharp

/// <summary>
/// The share of the target's mass that the sampler makes at least ten times too rare, and how it was looked for.
/// </summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
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

    /// Samples of the target that a sampler is judged at, and those that are tempered for it.
    let private samples, particles = 400, 1000

    /// Samples of the target by tempering from the modes that a search finds, and log Z by it; they share nothing with the sampler that they
    /// check. Starts of the search are 0.1 to 100 times `width` away from 0. None where nothing is found, or nothing that tempering comes to an
    /// end with.
    let search (run: Run) (width: float) (target: Density) : Cloud option =
        let run = Stream.run Stream.Check run
        let scale = Whitening.scaled width target.Dimension
        let scaled = Whitening.density scale target

        try
            Scope.keepAll (Option.toList >> List.map _.Points) (fun () ->
                use _ = torch.no_grad ()
                let first = Search.around (Search.modes run scaled)
                let cloud = Tempering.run run particles Moves.usual first scaled
                let points = cloud.Points.narrow (0L, 0L, int64 samples)

                Some
                    { cloud with
                        Points = Whitening.back scale points
                    })
        with :? System.ArgumentException ->
            None

    /// Samples of the target from the points that a sampler began with, which follow e^{−V/τ}; none where these are worth less than 20.
    let fromFirstPoints (seed: int) (temperature: float) (points: Tensor) (target: Density) : Tensor option =
        use cloud =
            {
                Points = points.alias ()
                LogProposal = points.new_zeros points.shape[0]
                LogWeights = -(1.0 - 1.0 / temperature) .* target.Energy points
            }

        if Importance.effectiveSampleSize cloud * float (Tensor.rows points) < 20.0 then
            None
        else
            Some(Importance.resample seed samples cloud)

    /// The share of samples of the target, with their log ρ/q, that a sampler makes at least ten times too rare, and the worst of
    /// them.
    let missed (logNormaliser: float) (points: Tensor) (logWeights: Tensor) : float * float[] =
        let excess = Tensor.toArray (logWeights .- logNormaliser)
        let share = excess |> Array.averageBy (fun e -> if e > log 10.0 then 1.0 else 0.0)
        let worst = excess |> Array.indexed |> Array.maxBy snd |> fst
        share, Tensor.toArray points[int64 worst]
