namespace Mne.Functional

open System

/// A density ρ(a, b) drawn in two stages: b from its marginal, then a from its conditional. It owns the second stage and
/// not the first, which it was made from; dispose of both.
type Marginal =
    {
        /// ρ(a | b) for every b.
        Conditional: Conditional
        /// A sampler of the marginal of b.
        Sampler: Sampler
    }

    interface IDisposable with
        member marginal.Dispose() =
            (marginal.Sampler :> IDisposable).Dispose()

/// Draws from marginals, and by way of them from densities whose coordinates live on very different scales: a hierarchy, say, in
/// which b sets the scale of a.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Marginal =

    /// Evolves the marginal energy of b that partial noising left (`Conditional.marginal`) through the process `family`.
    /// Raises as `Sampler.evolve` does.
    ///
    /// <example><code>
    /// let conditional = Conditional.evolve Sampler.defaults [ 0 ] target
    /// let marginal = conditional |> Marginal.evolve Sampler.defaults Process.ornsteinUhlenbeck
    /// let draws = marginal |> Marginal.draw 4000
    /// </code></example>
    let evolve (options: SamplerOptions) (family: int -> Process) (conditional: Conditional) : Marginal =
        {
            Conditional = conditional
            Sampler = Sampler.evolve options family (Conditional.marginal conditional)
        }

    /// `count` draws of all coordinates: b from the marginal, a given b, with log q(b) + log q(a | b) and the weights of the
    /// target itself. So weights correct the errors of both stages: weighted draws of b follow the true marginal.
    let drawSeeded (seed: int) (count: int) (marginal: Marginal) : Draws =
        use given = Sampler.drawSeeded (Random.child 0 seed) count marginal.Sampler

        marginal.Conditional
        |> Conditional.drawGiven (Random.child 1 seed) (given.Points, given.LogProposal)

    /// `drawSeeded` with the seed 0.
    let draw count marginal : Draws = drawSeeded 0 count marginal

    /// log q(b) + log q(a | b) at points of all coordinates (M × d), normalised: see `Sampler.logProposal`, and raises as that does.
    let logProposal (points: Tensor) (marginal: Marginal) : Tensor =
        let conditional = marginal.Conditional
        Guard.points "points" conditional.Sampler.Target.Dimension points

        Scope.keep (fun () ->
            let b =
                Tensor.stack 1L [ for k in conditional.Given -> points.select (1L, int64 k) ]

            Sampler.logProposal b marginal.Sampler
            + Conditional.logProposalAt points conditional)
