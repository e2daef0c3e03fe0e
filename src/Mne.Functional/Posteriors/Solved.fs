namespace Mne.Functional

open System
open System.Diagnostics
open TorchSharp

/// A density in coordinates of its own, solved: it can be drawn from.
type internal Solved =
    {
        /// The density.
        Target: Density
        /// Coordinates of unit size, in which the rest is.
        Whitening: Whitening
        /// The mixture close to it, as it is drawn from.
        Proposal: MixtureProposal
        /// The evolved energy, where that is the route.
        Sampler: Sampler option
        /// What was found and chosen.
        Plan: BlockPlan
        /// What speaks against it.
        Concerns: Concern list
    }

    interface IDisposable with
        member solved.Dispose() =
            solved.Sampler
            |> Option.iter (fun sampler -> (sampler :> IDisposable).Dispose())

/// From the formula of a density to something that can be drawn from: search, tempered samples, mixture, and, where that is not enough, an evolved
/// energy with the mixture as its known part.
[<RequireQualifiedAccess>]
module internal Solved =

    /// The tensors that it owns.
    let tensors (solved: Solved) : Tensor list =
        match solved.Sampler with
        | Some sampler -> Solution.tensors sampler.Energy.Solution
        | None -> []

    /// Where draws go on from, in the caller's coordinates.
    let private inCoordinates (whitening: Whitening) (draws: Draws) : Draws =
        let constant = Whitening.logDeterminant whitening

        {
            Points = Whitening.back whitening draws.Points
            LogProposal = draws.LogProposal .- constant
            LogWeights = draws.LogWeights.alias ()
        }

    /// M draws in the density's own coordinates, and log Z by them. Call it inside a scope.
    let draw (run: Run) (count: int) (solved: Solved) : Draws * Estimate =
        Run.stopIfAsked run
        let target = Whitening.density solved.Whitening solved.Target

        let draws, evidence =
            match solved.Plan.Route, solved.Sampler with
            | Route.Flow, Some sampler ->
                let draws = Sampler.draw run count sampler
                draws, Importance.logNormaliser draws
            | Route.Tempered, _ -> RepeatedTempering.draw run count solved.Proposal.Mixture target
            | _ ->
                let draws = MixtureProposal.weighted run target count solved.Proposal
                draws, Importance.logNormaliser draws

        inCoordinates solved.Whitening draws, evidence

    /// log q at points in whitened coordinates; none of draws that were tempered, whose density nobody knows.
    let private logProposalOf (run: Run) (solved: Solved) : (Tensor -> Tensor) option =
        match solved.Plan.Route, solved.Sampler with
        | Route.Mixture, _ -> Some(MixtureProposal.logDensity solved.Proposal)
        | Route.Flow, Some sampler -> Some(fun points -> Sampler.logProposal run points sampler)
        | _ -> None

    /// log q at points (M) in the density's own coordinates, normalised, where it is known. Call it inside a scope.
    let logProposal (run: Run) (points: Tensor) (solved: Solved) : Tensor option =
        logProposalOf run solved
        |> Option.map (fun log ->
            log (Whitening.apply solved.Whitening points)
            .- Whitening.logDeterminant solved.Whitening)

    /// Points for the network, in whitened coordinates: the samples, and wider ones where the density is not negligible.
    let private pool (run: Run) (target: Density) (mixture: Mixture) (cloud: Tensor) : Tensor =
        Scope.keep (fun () ->
            use _ = torch.no_grad ()
            let count = Tensor.rows cloud
            let typical = Tensor.toFloat (target.Energy(cloud).median())

            let more =
                MixtureProposal.draw
                    run.Placement
                    run.Seed
                    (2 * count)
                    (MixtureProposal.create 0.8 (Mixture.widened 1.4 mixture))

            let energy = target.Energy more
            let near = (energy .- typical).LessThan(6.0 + 1.0 * float target.Dimension)

            let rows =
                Tensor.toArray (near.``to`` torch.float64)
                |> Array.indexed
                |> Array.filter (fun (_, n) -> n > 0.0)
                |> Array.map fst
                |> Array.truncate count

            Tensor.concatenate 0L [ cloud; Tensor.pick rows more ])

    /// The energy evolved in the time that is left, or why it could not be.
    let private evolve (run: Run) left (options: SamplerOptions) (target: Density) (mixture: Mixture) (cloud: Tensor) =
        use points = pool (Stream.run Stream.Pool run) target mixture cloud

        let sampler run =
            Sampler.evolve
                run
                { options with
                    Known = KnownPart.Mixture mixture
                    Cover.Start = Start.Known points
                }
                Process.ornsteinUhlenbeck
                target

        try
            match Stream.run Stream.Flow run |> Run.within left sampler with
            | Some sampler -> Ok sampler
            | None -> Error "the energy could not be evolved within the budget"
        with
        | EvolutionFailedException(outcome, _) -> Error $"the energy could not be evolved: {outcome}"
        | FitFailedException(_, advice) -> Error $"the energy could not be fitted: {advice}"

    /// What weights and samples (in whitened coordinates, as `logProposal` is) say against draws: few or heavy weights, samples where there are hardly
    /// any draws.
    let private judge
        (draws: Draws)
        (evidence: Estimate)
        (logProposal: (Tensor -> Tensor) option)
        (target: Density)
        (cloud: Tensor)
        =
        let efficiency = Importance.efficiency draws
        let m = Tensor.rows draws.LogWeights
        let shape = Importance.paretoShape draws
        let largest = Tensor.toFloat ((Importance.weights draws).max())

        [
            if efficiency.Value < 0.1 then
                Concern.FewEffectiveDraws efficiency.Value

            if shape > Pareto.threshold m && largest > 1.0 / (3.0 * sqrt (float m)) then
                Concern.HeavyWeights(shape, largest)

            match logProposal with
            | Some logProposal ->
                let few = cloud.narrow (0L, 0L, min 400L cloud.shape[0])
                let logWeights = -(target.Energy few) - logProposal few
                let share, worst = Coverage.missed evidence.Value few logWeights

                if share > 0.005 then
                    Concern.MissedMass(share, worst)
            | None -> ()
        ]

    /// Where routes begin: whitened coordinates, samples in them, and a mixture.
    type private Footing =
        {
            Whitening: Whitening
            /// The density in these coordinates.
            White: Density
            Cloud: Cloud
            /// The samples in these coordinates.
            Points: Tensor
            Proposal: MixtureProposal
            /// Of the mixture.
            Efficiency: float
        }

    /// Samples by tempering from a first mixture, in coordinates `outer`, and all that follows from them.
    let private footing
        (run: Run)
        (options: PosteriorOptions)
        wanted
        (target: Density)
        (outer: Whitening)
        first
        : Footing =
        let cloud =
            Tempering.run
                (Stream.run Stream.Tempering run)
                options.Particles
                Moves.usual
                (Whitening.mixture outer first)
                (Whitening.density outer target)

        let inner = Whitening.ofPoints cloud.Points
        let whitening = Whitening.within outer inner
        let white = Whitening.density whitening target
        let points = Whitening.apply inner cloud.Points

        let proposal, efficiency =
            Whitening.mixture inner cloud.Mixture
            |> MixtureFit.improve 64 20 points (points.new_zeros points.shape[0])
            // Mixtures cost little: more is asked of them than is wanted.
            |> MixtureProposal.adapt
                (Stream.run Stream.Proposals run)
                white
                options.Particles
                (1.0 - 0.2 * (1.0 - wanted))

        {
            Whitening = whitening
            White = white
            Cloud = cloud
            Points = points
            Proposal = proposal
            Efficiency = efficiency.Value
        }

    /// The footing around the modes; where that is not a good one, as where the mode of a hierarchy is far from its mass, another that begins
    /// anywhere, if it finds more mass or is more efficient.
    let private found (run: Run) (options: PosteriorOptions) wanted (target: Density) (modes: Mode list) : Footing =
        let near =
            footing run options wanted target (Whitening.ofMixture (Search.mixture 0.5 modes)) (Search.around modes)

        if near.Efficiency >= wanted then
            near
        else
            let far =
                footing
                    (Stream.run Stream.Anywhere run)
                    options
                    wanted
                    target
                    (Whitening.none target.Dimension)
                    (Search.anywhere target.Dimension)

            let a, b = near.Cloud.LogNormaliser, far.Cloud.LogNormaliser

            let errors =
                (b.Value - a.Value) / sqrt (a.StandardError ** 2.0 + b.StandardError ** 2.0)

            if errors > 5.0 || (errors > -5.0 && far.Efficiency > near.Efficiency) then
                far
            else
                near

    /// A route that was tried.
    type private Attempt =
        {
            Solved: Solved
            Efficiency: float
            Evidence: string * Estimate
            Concerns: Concern list
        }

    /// What draws of a route, made for it, say.
    let private attempt
        (run: Run)
        (options: PosteriorOptions)
        (footing: Footing)
        (name: string)
        (solved: Solved)
        : Attempt =
        let draws, evidence = draw (Stream.run Stream.Pilot run) options.Particles solved

        {
            Solved = solved
            Efficiency = (Importance.efficiency draws).Value
            Evidence = name, evidence
            Concerns = judge draws evidence (logProposalOf run solved) footing.White footing.Points
        }

    /// From this efficiency on tempering has nothing to add, however much is wanted of one of many blocks: weights that vary so little give log Z with
    /// more digits than runs that differ from each other.
    let private untempered = 0.9

    /// The routes that are tried, dearer ones only until one has the wanted efficiency; and what went wrong.
    let private attempts run options left wanted (footing: Footing) (solved: Route -> Sampler option -> Solved) =
        let byMixture = attempt run options footing "mixture" (solved Route.Mixture None)

        /// A dearer route in the time that is left, or why there is none.
        let tryRoute name solved =
            match run |> Run.within (left ()) (fun run -> attempt run options footing name solved) with
            | Some attempt -> [ attempt ], []
            | None -> [], [ $"the budget left no time for draws by {name}" ]

        let flow, remarks =
            match options.Flow with
            | Some flow when byMixture.Efficiency < wanted ->
                match evolve run (left ()) flow footing.White footing.Proposal.Mixture footing.Points with
                | Error message -> [], [ message ]
                | Ok sampler ->
                    let attempts, remarks =
                        try
                            tryRoute "flow" (solved Route.Flow (Some sampler))
                        with EvolutionFailedException(outcome, _) ->
                            [], [ $"the flow could not be followed: {outcome}" ]

                    if attempts.IsEmpty then
                        (sampler :> IDisposable).Dispose()

                    attempts, remarks
            | _ -> [], []

        let tried = byMixture :: flow

        if tried |> List.exists (fun a -> a.Efficiency >= min wanted untempered) then
            tried, remarks
        else
            let tempered, more = tryRoute "repeated tempering" (solved Route.Tempered None)
            tried @ tempered, remarks @ more

    /// What tempering has against it where it is taken: errors of weights that all are alike say nothing of mass that the mixture, with which it
    /// begins and from which it proposes, does not reach. That makes it doubtful, not more.
    let private inherited (mixture: Attempt) (best: Attempt) : Concern list =
        match best.Solved.Plan.Route with
        | Route.Tempered ->
            [
                for concern in mixture.Concerns do
                    match concern with
                    | Concern.MissedMass(share, point) -> Concern.MissedMass(min 0.02 share, point)
                    | _ -> ()
            ]
        | _ -> []

    /// Solves a density until draws have the wanted efficiency, or all routes were tried, or no time is left.
    let solve
        (run: Run)
        (options: PosteriorOptions)
        (left: unit -> TimeSpan option)
        (wanted: float)
        (coordinates: int[])
        (like: int)
        (modes: Mode list option)
        (target: Density)
        : Solved =
        let clock = Stopwatch.StartNew()

        Scope.keepAll tensors (fun () ->
            let modes =
                modes
                |> Option.defaultWith (fun () -> Search.modes (Stream.run Stream.Modes run) target)

            let footing = found run options wanted target modes

            let solved route sampler =
                {
                    Target = target
                    Whitening = footing.Whitening
                    Proposal = footing.Proposal
                    Sampler = sampler
                    Concerns = []
                    Plan =
                        {
                            Coordinates = coordinates
                            Like = like
                            Modes = modes.Length
                            Temperatures = footing.Cloud.Temperatures
                            Components = footing.Proposal.Mixture.Components
                            Efficiencies = []
                            Route = route
                            Evidence = []
                            Remarks = []
                            Elapsed = TimeSpan.Zero
                        }
                }

            let tried, remarks = attempts run options left wanted footing solved
            let best = tried |> List.maxBy _.Efficiency
            let others = tried |> List.filter (fun a -> not (obj.ReferenceEquals(a, best)))

            for other in others do
                (other.Solved :> IDisposable).Dispose()

            let evidence =
                ("tempering", footing.Cloud.LogNormaliser) :: [ for a in others -> a.Evidence ]
                @ [ best.Evidence ]

            let blind =
                if modes.Length < 2 then
                    None
                else
                    PlantedModes.recovered (Stream.run Stream.Planted run) target modes

            { best.Solved with
                Concerns =
                    best.Concerns
                    @ inherited tried.Head best
                    @ [
                        for one in List.take (evidence.Length - 1) evidence do
                            yield! Option.toList (Concern.ofEvidence one (List.last evidence))
                    ]
                    @ [
                        match blind with
                        | Some recovered when recovered < PlantedModes.leastRecovered -> Concern.BlindSearch recovered
                        | _ -> ()
                    ]
                Plan =
                    { best.Solved.Plan with
                        Efficiencies = [ for a in tried -> a.Solved.Plan.Route, a.Efficiency ]
                        Evidence = evidence
                        Remarks = remarks
                        Elapsed = clock.Elapsed
                    }
            })
