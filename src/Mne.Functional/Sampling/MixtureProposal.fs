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

    /// Points of a piece of draws, times their dimension: log q has a number for each component of each.
    let private pieceSize = 1 <<< 18

    /// Weighted draws, a piece at a time.
    let weighted (run: Run) (target: Density) (count: int) (proposal: MixtureProposal) : Draws =
        let pieces =
            count |> Rows.pieces (max run.Rows (Rows.within pieceSize target.Dimension))

        let weigh (piece: Piece) =
            Run.stopIfAsked run

            // The first piece has the seed of the run, so that as many draws as fit in one are the same whatever the size of a piece.
            let seed =
                if piece.Index = 0 then
                    run.Seed
                else
                    Seed.child (3 + piece.Index) run.Seed

            let points = draw run.Placement seed piece.Length proposal
            Draws.weigh target points (logDensity proposal points)

        Draws.keep (fun () ->
            use _ = torch.no_grad ()
            let parts = pieces |> Rows.each Draws.tensors weigh
            let join pick = parts |> List.map pick |> Rows.join 0L

            {
                Points = join _.Points
                LogProposal = join _.LogProposal
                LogWeights = join _.LogWeights
            })

    /// Components at most.
    let private most = 64

    /// Rounds of drawing and fitting at most; draws double with each round up to so many times as many as in the first: more draws show tails that
    /// few do not.
    let private rounds, private doublings = 8, 3

    /// Weights none of which is larger than √M times their mean (Ionides 2008): one draw in a tail that no other shows does not rule a fit.
    let private truncated (logWeights: Tensor) : Tensor =
        let m = float (Tensor.rows logWeights)
        logWeights.minimum ((logWeights.logsumexp 0L) .- 0.5 * log m)

    /// The mixture after rounds of drawing from it and fitting it to the weighted draws (adaptive importance sampling), which end when the wanted
    /// efficiency is reached or no more is gained; and the efficiency.
    let adapt (run: Run) (target: Density) (count: int) (wanted: float) (first: Mixture) : MixtureProposal * Estimate =
        /// The best, and for how many rounds nothing better has come.
        let rec go k idle (best: MixtureProposal * Estimate) (proposal: MixtureProposal) =
            Run.stopIfAsked run

            let efficiency, next =
                use draws = weighted (Run.part k run) target (count <<< min k doublings) proposal

                let efficiency = Importance.efficiency draws

                efficiency,
                if efficiency.Value >= wanted || k = rounds then
                    proposal
                else
                    { proposal with
                        Mixture = MixtureFit.improve most 20 draws.Points (truncated draws.LogWeights) proposal.Mixture
                    }

            let gained = efficiency.Value - (snd best).Value
            // Of what is lost, so that blocks of which there are many go on where a hundredth matters.
            let little = min 0.01 (0.1 * (1.0 - (snd best).Value))
            // What more draws say of a mixture counts more than what fewer did, unless these left little to say.
            let best =
                if gained > 0.0 || (k <= doublings && (snd best).Value < 0.9) then
                    proposal, efficiency
                else
                    best

            let idle = if gained < little && k > doublings then idle + 1 else 0

            if efficiency.Value >= wanted || k = rounds || idle = 2 then
                best
            else
                go (k + 1) idle best next

        let first = create wanted first
        go 0 0 (first, { Value = 0.0; StandardError = 0.0 }) first
