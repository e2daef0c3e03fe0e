namespace Mne.Functional

/// <summary>How far a result can be trusted.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Verdict =
    /// <summary>Nothing speaks against it.</summary>
    | Reliable
    /// <summary>
    /// Weighted estimates may be used with care: errors can be larger than their standard errors say.
    /// </summary>
    | Doubtful
    /// <summary>Do not use it.</summary>
    | Unreliable

/// <summary>What speaks against a result.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Concern =
    /// <summary>The weights leave less than a tenth of the draws; the fraction that they leave.</summary>
    | FewEffectiveDraws of efficiency: float
    /// <summary>
    /// The tail of the weights is so heavy that the largest rule: k̂ and the share of the largest weight.
    /// </summary>
    | HeavyWeights of shape: float * largest: float
    /// <summary>
    /// The sampler makes a part of the target at least ten times too rare: its share of the mass, and a point there.
    /// </summary>
    | MissedMass of share: float * point: float[]
    /// <summary>
    /// Exact samples of the target say that the sampler hardly reaches a part of it: the forward efficiency.
    /// </summary>
    | LowForwardEfficiency of efficiency: float
    /// <summary>The flow could not be followed from points where the target has mass.</summary>
    | FlowLost of advice: string
    /// <summary>The fitted energy is off by this part of the energy's spread.</summary>
    | PoorFit of error: float
    /// <summary>
    /// In some direction ρ falls only like a power of the distance r, ρ ~ r^{−exponent}: high moments are infinite.
    /// </summary>
    | HeavyTails of exponent: float
    /// <summary>
    /// ρ does not fall fast enough to have a finite integral: ρ ~ r^{−exponent} with exponent &lt; d, or &lt; 1 along
    /// an axis.
    /// </summary>
    | ImproperEnergy of exponent: float
    /// <summary>Two ways to log Z differ by so many of their standard errors, taken together.</summary>
    | EvidenceDiffers of one: (string * Estimate) * other: (string * Estimate) * errors: float

    /// <summary>
    /// Of modes like those that were found, but elsewhere and somewhat narrower, planted into the density as a test, the search finds this part only:
    /// it may have overlooked some of the density's own.
    /// </summary>
    | BlindSearch of recovered: float

    /// <summary>How much it speaks against the result.</summary>
    member concern.Verdict =
        match concern with
        | FewEffectiveDraws efficiency when efficiency < 0.02 -> Verdict.Unreliable
        | MissedMass(share, _) when share > 0.02 -> Verdict.Unreliable
        | LowForwardEfficiency efficiency when efficiency < 0.02 -> Verdict.Unreliable
        | HeavyWeights(shape, _) when shape > 1.0 -> Verdict.Unreliable
        | EvidenceDiffers((_, one), (_, other), _) when abs (one.Value - other.Value) > 1.0 -> Verdict.Unreliable
        | FlowLost _
        | ImproperEnergy _ -> Verdict.Unreliable
        | FewEffectiveDraws _
        | HeavyWeights _
        | MissedMass _
        | LowForwardEfficiency _
        | PoorFit _
        | EvidenceDiffers _
        | BlindSearch _
        | HeavyTails _ -> Verdict.Doubtful

    /// <summary>One or two sentences: what was found and what to do about it.</summary>
    member concern.Advice =
        match concern with
        | FewEffectiveDraws efficiency ->
            $"Weights leave {100.0 * efficiency:G3} %% of the draws: raise Cover.Points or Evolve.Sketch, lower Evolve.Regularisation, or draw more."
        | HeavyWeights(shape, largest) ->
            $"The weights have a heavy tail (k̂ = {shape:F2}, the largest has {100.0 * largest:G3} %% of the sum): estimates and their errors are governed by a few draws. Improve the sampler; more draws alone help little."
        | MissedMass(share, point) ->
            let x = point |> Array.map (fun v -> $"{v:G3}") |> String.concat ", "

            $"About {100.0 * share:G3} %% of the target's mass lies where the sampler puts less than a tenth of what is due, for instance near ({x}): a mode or a tail is missed. Let first points reach it (Cover.Start), or let them be found (Posterior.sample)."
        | LowForwardEfficiency efficiency ->
            $"At exact samples of the target the forward efficiency is {100.0 * efficiency:G3} %%: a part of the target is missed. Let first points reach it (Cover.Start), or let them be found (Posterior.sample)."
        | FlowLost advice ->
            $"From points where the target has mass the flow cannot be followed, so the energy is not known there: a part of the target is missed. ({advice})"
        | PoorFit error ->
            $"The fitted energy is off by {100.0 * error:G3} %% of its spread: raise Fit.Steps, or widen the layers."
        | HeavyTails exponent ->
            $"The density falls only like r^−{exponent:G3}: a process that ends in a normal distribution does not reach such tails. Weights of far draws are not reliable; transform the variables so that tails become exponential."
        | ImproperEnergy exponent ->
            $"In some direction the density falls like r^{-exponent:G3} or grows, which has no finite integral: e^−V is not a density, and log Z means nothing. Check the formula."
        | EvidenceDiffers((name, one), (otherName, other), errors) ->
            $"log Z is {one.Value:F3} ± {one.StandardError:G2} by {name}, but {other.Value:F3} ± {other.StandardError:G2} by {otherName}, {errors:F1} standard errors apart: one of them misses a part of the target. Compare with another seed; let first points reach farther (Cover.Start), or take more particles (Particles)."
        | BlindSearch recovered ->
            $"Of modes like those that were found, but elsewhere and {PlantedModes.narrower} times as wide, which were planted as a test, a round of the search finds {100.0 * recovered:G3} %%: it may have overlooked modes of the target as well. Compare with another seed; where you know places of modes, compare the energy there."

module internal Concern =

    /// Where two ways to log Z, each with its name, differ by more than they say.
    let ofEvidence ((_, a: Estimate) as one) ((_, b: Estimate) as other) : Concern option =
        let error = sqrt (a.StandardError ** 2.0 + b.StandardError ** 2.0 + 1e-6)
        let errors = abs (a.Value - b.Value) / error

        if errors < 5.0 then
            None
        else
            Some(Concern.EvidenceDiffers(one, other, errors))
