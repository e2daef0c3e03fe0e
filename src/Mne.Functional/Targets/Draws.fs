namespace Mne.Functional

open System

/// <summary>
/// Draws from an approximation q of a density ρ = e^{−V} / Z, with what is needed to correct for the difference.
/// They own tensors; dispose of them when they are no longer needed.
/// </summary>
[<StructuredFormatDisplay("{Summary}"); Notebooks.TypeFormatterSource>]
type Draws =
    {
        /// <summary>The points (M × d), distributed as q.</summary>
        Points: Tensor
        /// <summary>
        /// log q at the points (M): exact for the flow that made them. Where draws come with a path (reverse SDE, Markov
        /// chain), log of the path's density over that of the path given its end point if the end had the density ρ: not
        /// log q, but e to it has the mean q(x) over those paths, and everything else holds as it stands.
        /// </summary>
        LogProposal: Tensor
        /// <summary>log w = −V − log q at the points (M): the weights are proper, E[w f(x)] = ∫ f e^{−V} for every f.</summary>
        LogWeights: Tensor
    }

    /// <summary>One line that says what they are; F# Interactive shows it in place of tensors.</summary>
    member draws.Summary =
        $"{draws.Points.shape[0]} weighted draws, d = {draws.Points.shape[1]}"

    override draws.ToString() = draws.Summary

    interface IDisposable with
        member draws.Dispose() =
            draws.Points.Dispose()
            draws.LogProposal.Dispose()
            draws.LogWeights.Dispose()

/// <summary>A number and its standard error.</summary>
[<Struct; StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Estimate =
    {
        /// <summary>The estimate.</summary>
        Value: float
        /// <summary>Its standard error, from the draws themselves.</summary>
        StandardError: float
    }

    /// "1.234 ± 0.012": with the digits that the error leaves.
    member internal estimate.Text =
        if Double.IsFinite estimate.StandardError && estimate.StandardError > 0.0 then
            $"{Table.within estimate.StandardError estimate.Value} ± {Table.error estimate.StandardError}"
        else
            $"{Table.short 6 estimate.Value} ± {Table.short 2 estimate.StandardError}"

    override estimate.ToString() = estimate.Text

/// Weighted draws.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Draws =

    let tensors (draws: Draws) : Tensor list =
        [ draws.Points; draws.LogProposal; draws.LogWeights ]

    /// Draws made in a scope of their own, which they outlive.
    let keep (make: unit -> Draws) : Draws = Scope.keepAll tensors make

    /// Raises `ArgumentException` unless there is a number of each kind for every point.
    let check (draws: Draws) : unit =
        Guard.cloud "draws" draws.Points

        let m = Tensor.rows draws.Points
        Guard.vector "draws" m draws.LogProposal
        Guard.vector "draws" m draws.LogWeights

    /// Proper weights of points with the log-density q, −V − log q.
    let weigh (target: Density) (points: Tensor) (logProposal: Tensor) : Draws =
        {
            Points = points
            LogProposal = logProposal
            LogWeights = -(target.Energy points) - logProposal
        }
