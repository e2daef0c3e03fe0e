namespace Mne.Functional

open System

/// <summary>
/// A density ρ(a, b) drawn in two stages: b from its marginal, then a from its conditional. It owns the second stage
/// and not the first, which it was made from; dispose of both.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Marginal =
    {
        /// <summary>ρ(a | b) for every b.</summary>
        Conditional: Conditional
        /// <summary>A sampler of the marginal of b.</summary>
        Sampler: Sampler
    }

    interface IDisposable with
        member marginal.Dispose() =
            (marginal.Sampler :> IDisposable).Dispose()

/// <summary>
/// Draws from marginals, and by way of them from densities whose coordinates live on very different scales: a
/// hierarchy, say, in which b sets the scale of a.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Marginal =

    /// <summary>Evolves the marginal energy of b that partial noising left (<c>Conditional.marginal</c>).</summary>
    /// <param name="run">As for <c>Sampler.evolve</c>; precision and device are those of the conditional.</param>
    /// <param name="options">As for <c>Sampler.evolve</c>.</param>
    /// <param name="family">The process for b in so many dimensions.</param>
    /// <param name="conditional">ρ(a | b) for every b.</param>
    /// <exception cref="T:System.ArgumentException">As <c>Sampler.evolve</c>.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">As <c>Sampler.evolve</c>.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let conditional = Conditional.evolve Run.quiet Sampler.defaults [ 0 ] target
    /// let marginal = conditional |&gt; Marginal.evolve Run.quiet Sampler.defaults Process.ornsteinUhlenbeck
    /// let draws = marginal |&gt; Marginal.draw Run.quiet 4000
    /// </code></example>
    let evolve (run: Run) (options: SamplerOptions) (family: int -> Process) (conditional: Conditional) : Marginal =
        let run =
            { run with
                Placement = Energy.placement conditional.Sampler.Energy
            }

        {
            Conditional = conditional
            Sampler = Sampler.evolve run options family (Conditional.marginal conditional)
        }

    /// <summary>
    /// Draws of all coordinates: b from the marginal, a given b, with log q(b) + log q(a | b) and the weights of the target itself. So weights
    /// correct the errors of both stages: weighted draws of b follow the true marginal.
    /// </summary>
    /// <param name="run">As for <c>Sampler.draw</c>.</param>
    /// <param name="count">M, how many.</param>
    /// <param name="marginal">Both stages.</param>
    /// <exception cref="T:System.ArgumentException">An argument is out of range.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let draw (run: Run) (count: int) (marginal: Marginal) : Draws =
        use given = Sampler.draw (Run.part 0 run) count marginal.Sampler

        marginal.Conditional
        |> Conditional.drawGiven run (Seed.child 1 run.Seed) (given.Points, given.LogProposal)

    /// <summary>log q(b) + log q(a | b) at points of all coordinates, normalised: see <c>Sampler.logProposal</c>.</summary>
    /// <param name="run">As for <c>Sampler.logProposal</c>.</param>
    /// <param name="points">M × d.</param>
    /// <param name="marginal">Both stages.</param>
    /// <returns>M.</returns>
    /// <exception cref="T:System.ArgumentException">Points do not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">As <c>Sampler.logProposal</c>.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let logProposal (run: Run) (points: Tensor) (marginal: Marginal) : Tensor =
        let conditional = marginal.Conditional
        Guard.points "points" conditional.Sampler.Target.Dimension points

        Scope.keep (fun () ->
            let b =
                Tensor.stack 1L [ for k in conditional.Given -> points.select (1L, int64 k) ]

            Sampler.logProposal run b marginal.Sampler
            .+ Conditional.logProposalAt run points conditional)
