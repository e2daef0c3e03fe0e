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

    /// Tempered runs that are independent of each other and share the draws; their spread is the error of log Z.
    let private runs = 8

    /// Steps of each sample at every temperature, where it begins wide and where it begins in the mixture.
    let private walks, private finalWalks = 4, 6

    /// Where tempering begins: around all modes, by their masses and equally, near and far.
    let private wide (modes: Mode list) : Mixture =
        let near, far, farther =
            Mixture.widened 1.5 (Search.mixture 0.5 modes),
            Mixture.widened 4.0 (Search.mixture 0.25 modes),
            Mixture.widened 12.0 (Search.mixture 0.25 modes)

        Mixture.blend [ 0.5, near; 0.35, far; 0.15, farther ]

    /// Where draws go on from, in the caller's coordinates.
    let private inCoordinates (whitening: Whitening) (draws: Draws) : Draws =
        let constant = Whitening.logDeterminant whitening

        {
            Points = Whitening.back whitening draws.Points
            LogProposal = draws.LogProposal .- constant
            LogWeights = draws.LogWeights.alias ()
        }

    /// Draws by tempering from the mixture in independent runs: each draw has its run's estimate of Z as its weight.
    let private tempered (run: Run) (count: int) (mixture: Mixture) (target: Density) : Draws * Estimate =
        let share = max 25 ((count + runs - 1) / runs)

        let first =
            Mixture.blend [ 0.8, Mixture.widened 1.2 mixture; 0.2, Mixture.widened 2.5 mixture ]

        let clouds =
            [
                for k in 0 .. runs - 1 -> Tempering.run (Run.part k run) share finalWalks first target
            ]

        let z = clouds |> List.map _.LogNormaliser.Value |> List.toArray
        let top = Array.max z
        let relative = z |> Array.map (fun z -> exp (z - top))
        let mean = Array.average relative

        let between =
            sqrt (Array.averageBy (fun r -> (r / mean - 1.0) ** 2.0) relative / float (runs - 1))

        let within =
            sqrt (clouds |> List.averageBy (fun c -> c.LogNormaliser.StandardError ** 2.0))
            / sqrt (float runs)

        let points = clouds |> List.map _.Points |> Tensor.concatenate 0L
        let points = points.narrow (0L, 0L, int64 count)

        let logWeights =
            Tensor.ofArray Placement.float64 [| for i in 0 .. count - 1 -> z[i / share] |]

        {
            Points = points
            LogProposal = -(target.Energy points) - logWeights
            LogWeights = logWeights
        },
        {
            Value = top + log mean
            StandardError = max between within
        }

    /// M draws in the density's own coordinates, and log Z by them. Call it inside a scope.
    let draw (run: Run) (count: int) (solved: Solved) : Draws * Estimate =
        let target = Whitening.density solved.Whitening solved.Target

        let draws, evidence =
            match solved.Plan.Route, solved.Sampler with
            | Route.Flow, Some sampler ->
                let draws = Sampler.draw run count sampler
                draws, Importance.logNormaliser draws
            | Route.Tempered, _ -> tempered run count solved.Proposal.Mixture target
            | _ ->
                let draws = MixtureProposal.weighted run target count solved.Proposal
                draws, Importance.logNormaliser draws

        inCoordinates solved.Whitening draws, evidence

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

    /// The energy evolved, or why it could not be.
    let private evolve (run: Run) (options: SamplerOptions) (target: Density) (mixture: Mixture) (cloud: Tensor) =
        use points = pool (Stream.run Stream.Pool run) target mixture cloud

        try
            Ok(
                Sampler.evolve
                    (Stream.run Stream.Flow run)
                    { options with
                        Known = KnownPart.Mixture mixture
                        Cover.Start = Start.Known points
                    }
                    Process.ornsteinUhlenbeck
                    target
            )
        with
        | EvolutionFailedException(outcome, _) -> Error $"the energy could not be evolved: {outcome}"
        | FitFailedException(_, advice) -> Error $"the energy could not be fitted: {advice}"

    /// What weights and samples say against draws: few or heavy weights, samples where there are hardly any draws.
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

    /// Pairs of estimates that differ by more than they say.
    let private disagreements (evidence: (string * Estimate) list) : Concern list =
        let _, last = List.last evidence

        [
            for name, estimate in List.take (evidence.Length - 1) evidence do
                let error = sqrt (estimate.StandardError ** 2.0 + last.StandardError ** 2.0 + 1e-6)

                let errors = abs (estimate.Value - last.Value) / error

                if not (errors < 5.0) then
                    Concern.EvidenceDiffers((name, estimate), List.last evidence, errors)
        ]

    /// Solves a density until draws have the wanted efficiency, or all routes were tried.
    let solve
        (run: Run)
        (options: PosteriorOptions)
        (wanted: float)
        (coordinates: int[])
        (like: int)
        (modes: Mode list option)
        (target: Density)
        : Solved =
        let clock = Stopwatch.StartNew()

        Scope.keepAll
            (fun (solved: Solved) ->
                match solved.Sampler with
                | Some sampler -> Solution.tensors sampler.Energy.Solution
                | None -> [])
            (fun () ->
                let modes =
                    match modes with
                    | Some modes -> modes
                    | None -> Search.modes (Stream.run Stream.Modes run) target

                let outer = Whitening.ofMixture (Search.mixture 0.5 modes)

                let cloud =
                    Tempering.run
                        (Stream.run Stream.Tempering run)
                        options.Particles
                        walks
                        (Whitening.mixture outer (wide modes))
                        (Whitening.density outer target)

                let inner = Whitening.ofPoints cloud.Points
                let whitening = Whitening.within outer inner
                let white = Whitening.density whitening target
                let points = Whitening.apply inner cloud.Points

                let proposal, _ =
                    Whitening.mixture inner cloud.Mixture
                    |> MixtureFit.improve 64 20 points (points.new_zeros points.shape[0])
                    |> MixtureProposal.adapt
                        (Stream.run Stream.Proposals run)
                        white
                        options.Particles
                        (1.0 - 0.2 * (1.0 - wanted)) // mixtures cost little

                let mixture = proposal.Mixture
                let pilot = Stream.run Stream.Pilot run

                let plan route sampler =
                    {
                        Target = target
                        Whitening = whitening
                        Proposal = proposal
                        Sampler = sampler
                        Concerns = []
                        Plan =
                            {
                                Coordinates = coordinates
                                Like = like
                                Modes = modes.Length
                                Temperatures = cloud.Temperatures
                                Components = mixture.Components
                                Efficiencies = []
                                Route = route
                                Evidence = [ "tempering", cloud.LogNormaliser ]
                                Remarks = []
                                Elapsed = clock.Elapsed
                            }
                    }

                /// Efficiency, evidence and concerns of a route by draws of its own.
                let trial (solved: Solved) =
                    let draws, evidence = draw pilot options.Particles solved
                    let constant = Whitening.logDeterminant whitening

                    let logProposal =
                        match solved.Plan.Route, solved.Sampler with
                        | Route.Mixture, _ -> Some(MixtureProposal.logDensity proposal)
                        | Route.Flow, Some sampler -> Some(fun x -> Sampler.logProposal run x sampler)
                        | _ -> None

                    let inWhite =
                        { draws with
                            Points = Whitening.apply whitening draws.Points
                            LogProposal = draws.LogProposal .+ constant
                        }

                    (Importance.efficiency draws).Value, evidence, judge inWhite evidence logProposal white points

                let byMixture = plan Route.Mixture None
                let mixtureEfficiency, mixtureEvidence, mixtureConcerns = trial byMixture

                let tried =
                    [ byMixture, mixtureEfficiency, ("mixture", mixtureEvidence), mixtureConcerns ]

                let remarks = []

                let tried, remarks =
                    match options.Flow with
                    | Some flow when mixtureEfficiency < wanted ->
                        match evolve run flow white mixture points with
                        | Ok sampler ->
                            let byFlow = plan Route.Flow (Some sampler)

                            try
                                let e, evidence, concerns = trial byFlow
                                (byFlow, e, ("flow", evidence), concerns) :: tried, remarks
                            with EvolutionFailedException(outcome, _) ->
                                (sampler :> IDisposable).Dispose()
                                tried, $"the flow could not be followed: {outcome}" :: remarks
                        | Error message -> tried, message :: remarks
                    | _ -> tried, remarks

                let best tried =
                    tried |> List.maxBy (fun (_, e, _, _) -> e)

                let tried =
                    let _, e, _, _ = best tried

                    if e < wanted then
                        let byTempering = plan Route.Tempered None
                        let e, evidence, concerns = trial byTempering
                        (byTempering, e, ("repeated tempering", evidence), concerns) :: tried
                    else
                        tried

                let chosen, _, evidence, concerns = best tried

                for solved, _, _, _ in tried do
                    if not (obj.ReferenceEquals(solved, chosen)) then
                        (solved :> IDisposable).Dispose()

                let others =
                    [
                        for _, _, e, _ in tried do
                            if fst e <> fst evidence then
                                e
                    ]

                let all = ("tempering", cloud.LogNormaliser) :: List.rev others @ [ evidence ]

                { chosen with
                    Concerns = concerns @ disagreements all
                    Plan =
                        { chosen.Plan with
                            Efficiencies = [ for solved, e, _, _ in List.rev tried -> solved.Plan.Route, e ]
                            Evidence = all
                            Remarks = remarks
                            Elapsed = clock.Elapsed
                        }
                })
