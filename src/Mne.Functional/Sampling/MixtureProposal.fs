namespace Mne.Functional

open System
open TorchSharp

/// A mixture as it is drawn from: most draws from the mixture itself, a few from Student distributions around its components, so that weights stay
/// bounded where the target's tails are heavier.
type internal MixtureProposal =
    {
        Mixture: Mixture
        /// The share of the draws from Student distributions.
        Heavy: float
    }

/// Draws from mixtures, and mixtures that are made better by them.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal MixtureProposal =

    let private ν = 3.0

    /// As many heavy draws as an efficiency that is wanted leaves room for.
    let create (wanted: float) (mixture: Mixture) : MixtureProposal =
        {
            Mixture = mixture
            Heavy = min 0.1 (0.5 * (1.0 - wanted))
        }

    let private heavy (mixture: Mixture) = Mixture.widened 1.3 mixture

    /// log q at points (M). Call it inside a scope.
    let logDensity (proposal: MixtureProposal) (points: Tensor) : Tensor =
        let mixture, rest = proposal.Mixture, proposal.Heavy
        let placement = Placement.ofTensor points

        let own, wide =
            Normals.ofMixture placement mixture, Normals.ofMixture placement (heavy mixture)

        let normal = Normals.logDensity own points .+ log (1.0 - rest)
        let student = Normals.logStudentDensity ν wide points .+ log rest
        normal.logaddexp student

    /// Draws (M × d). Call it inside a scope.
    let draw (placement: Placement) (seed: int) (count: int) (proposal: MixtureProposal) : Tensor =
        let mixture, rest = proposal.Mixture, proposal.Heavy

        let uniform k shape =
            Random.uniform placement (Seed.child k seed) shape

        let normal k shape =
            Random.normal placement (Seed.child k seed) shape

        let d = mixture.Dimension
        let chi = (normal 0 [ count; int ν ]).Square().sum(1L, keepdim = true)
        let noise = normal 1 [ count; d ]

        let own =
            Normals.draw (Seed.child 2 seed) noise (Normals.ofMixture placement mixture)

        let student =
            Normals.draw (Seed.child 2 seed) (noise * (ν ./ chi).sqrt()) (Normals.ofMixture placement (heavy mixture))

        torch.where ((uniform 3 [ count; 1 ]).LessThan rest, student, own)

    /// Weighted draws.
    let weighted (run: Run) (target: Density) (count: int) (proposal: MixtureProposal) : Draws =
        Draws.keep (fun () ->
            use _ = torch.no_grad ()
            let points = draw run.Placement run.Seed count proposal
            Draws.weigh target points (logDensity proposal points))

    /// Components at most.
    let private most = 64

    /// Rounds of drawing and fitting at most.
    let private rounds = 5

    /// The mixture after rounds of drawing from it and fitting it to the weighted draws (adaptive importance sampling), which end when the wanted
    /// efficiency is reached or no more is gained; and the efficiency.
    let adapt (run: Run) (target: Density) (count: int) (wanted: float) (first: Mixture) : MixtureProposal * Estimate =
        let judged k proposal =
            let draws = weighted (Run.part k run) target count proposal
            draws, Importance.efficiency draws

        let rec go k (best: MixtureProposal) (bestEfficiency: Estimate) (draws: Draws) =
            Run.stopIfAsked run

            if k > rounds || bestEfficiency.Value >= wanted then
                (draws :> IDisposable).Dispose()
                best, bestEfficiency
            else
                let next =
                    { best with
                        Mixture = MixtureFit.improve most 20 draws.Points draws.LogWeights best.Mixture
                    }

                let nextDraws, efficiency = judged k next

                if efficiency.Value > bestEfficiency.Value + 0.01 then
                    (draws :> IDisposable).Dispose()
                    go (k + 1) next efficiency nextDraws
                else
                    (draws :> IDisposable).Dispose()
                    (nextDraws :> IDisposable).Dispose()

                    if efficiency.Value > bestEfficiency.Value then
                        next, efficiency
                    else
                        best, bestEfficiency

        let first = create wanted first
        let draws, efficiency = judged 0 first
        go 1 first efficiency draws
