namespace Mne.Functional

open System
open System.Diagnostics
open System.Threading
open TorchSharp

/// <summary>
/// What there is to know of a density of which only the formula was given: weighted draws, log Z, whether to trust them, and what the program found and
/// chose. It owns tensors; dispose of it when it is no longer needed.
/// </summary>
[<StructuredFormatDisplay("{Text}"); Notebooks.TypeFormatterSource>]
type Posterior =
    internal
        {
            Formula: Density
            Solved: Solved list
            Made: Draws
            Evidence: Estimate
            /// What blocks leave out of log Z.
            Constant: float
            /// Where coordinates are that a block does not see.
            Place: float[]
            Against: Concern list
            Evaluated: int64
            Empty: int
        }

    /// <summary>What was asked about.</summary>
    member posterior.Target = posterior.Formula
    /// <summary>Weighted draws in the coordinates of the formula.</summary>
    member posterior.Draws = posterior.Made
    /// <summary>log Z = log ∫ e^{−V} dx with its standard error.</summary>
    member posterior.LogNormaliser = posterior.Evidence
    /// <summary>Effective sample size as a fraction of the draws.</summary>
    member posterior.Efficiency = Importance.efficiency posterior.Made
    /// <summary>What speaks against the result.</summary>
    member posterior.Concerns = posterior.Against

    /// <summary>The worst verdict of any concern.</summary>
    member posterior.Verdict =
        posterior.Against |> List.map _.Verdict |> List.fold max Verdict.Reliable

    /// <summary>What the program found and chose.</summary>
    member posterior.Plan: Plan =
        {
            Blocks = posterior.Solved |> List.map _.Plan
        }

    /// <summary>At how many points the energy was evaluated, once for each gradient as well.</summary>
    member posterior.Evaluations = posterior.Evaluated
    /// <summary>How many of the draws lie where there is no density; they have the weight 0.</summary>
    member posterior.WithoutDensity = posterior.Empty

    /// <summary>A few lines of text: log Z, efficiency, verdict, concerns, plan.</summary>
    member posterior.Text =
        let m = Tensor.rows posterior.Made.LogWeights
        let efficiency = posterior.Efficiency

        String.concat
            "\n"
            [
                $"{m} draws, d = {posterior.Formula.Dimension}: {posterior.Verdict}"
                $"log Z = {posterior.Evidence.Value:F4} ± {posterior.Evidence.StandardError:G2}, effective sample size {100.0 * efficiency.Value:F1} %% of the draws, {posterior.Evaluated} evaluations of the energy"
                if posterior.Empty > 0 then
                    $"{posterior.Empty} draws lie where there is no density and have the weight 0"
                yield! posterior.Against |> List.map (fun concern -> $"- {concern.Advice}")
                posterior.Plan.Text
            ]

    /// <summary>The same as HTML, the plan folded away.</summary>
    member posterior.Html =
        let efficiency = posterior.Efficiency
        let evidence = posterior.Evidence

        let table: Table =
            {
                Heading =
                    $"{Tensor.rows posterior.Made.LogWeights} draws, d = {posterior.Formula.Dimension}: {posterior.Verdict}"
                Columns = [ "what"; "value"; "±" ]
                Lines =
                    [
                        [
                            "log Z"
                            Table.within evidence.StandardError evidence.Value
                            Table.error evidence.StandardError
                        ]
                        [
                            "effective sample size, %"
                            Table.within (100.0 * efficiency.StandardError) (100.0 * efficiency.Value)
                            Table.error (100.0 * efficiency.StandardError)
                        ]
                        [ "evaluations of the energy"; string posterior.Evaluated; "" ]
                        if posterior.Empty > 0 then
                            [ "draws without density"; string posterior.Empty; "" ]
                    ]
                Notes =
                    match posterior.Against with
                    | [] -> [ "Nothing speaks against the result." ]
                    | concerns -> concerns |> List.map _.Advice
            }

        Table.html table + Table.folded "What was found and chosen" posterior.Plan.Text

    override posterior.ToString() = posterior.Text

    interface IDisposable with
        member posterior.Dispose() =
            (posterior.Made :> IDisposable).Dispose()

            for solved in posterior.Solved do
                (solved :> IDisposable).Dispose()

/// <summary>From the formula of a density to trustworthy draws and evidence in one call, with nothing told.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Posterior =

    /// <summary>10,000 draws, an efficiency of 0.5, 4,000 particles, no energy evolved, no limit of time.</summary>
    let defaults: PosteriorOptions =
        {
            Count = 10_000
            Efficiency = 0.5
            Particles = 4000
            Flow = None
            Budget = None
        }

    /// The tensors that it owns.
    let internal tensors (posterior: Posterior) : Tensor list =
        Draws.tensors posterior.Made @ List.collect Solved.tensors posterior.Solved

    /// Dimensions in which modes of all coordinates together are looked for before independent ones are.
    let private mostSearched = 12

    let private check (run: Run) (options: PosteriorOptions) (target: Density) =
        Run.check run

        if run.Placement <> Placement.float64 then
            Guard.fail
                "Placement"
                $"found {run.Placement}, wanted double precision on the CPU: modes are looked for by second derivatives, which single precision does not carry; leave Run.Placement as it is"

        Guard.atLeast "Count" 25 options.Count
        Guard.atLeast "Particles" 100 options.Particles

        if not (options.Efficiency > 0.0 && options.Efficiency < 1.0) then
            Guard.fail "Efficiency" $"found {options.Efficiency}, wanted a number between 0 and 1"

        options.Flow |> Option.iter (Sampler.check "Flow." target.Dimension)

        match options.Budget with
        | Some budget when budget <= TimeSpan.Zero || budget > TimeSpan.FromDays 30.0 ->
            Guard.fail "Budget" $"found {budget}, wanted more than no time and at most 30 days; None is no limit"
        | Some budget when run.Communicator.Size > 1 ->
            Guard.fail
                "Budget"
                $"found {budget} on {run.Communicator.Size} ranks, whose clocks differ, so that they would not agree on what there is time for; give no budget, or one rank"
        | _ -> ()

    /// Draws of independent blocks side by side: points in the formula's coordinates with the formula's own weights, and log Z.
    let private assemble
        (run: Run)
        (count: int)
        (target: Density)
        (constant: float)
        (solved: Solved list)
        : Draws * Estimate =
        let parts =
            solved
            |> List.mapi (fun k solved -> Solved.draw (Run.part k (Stream.run Stream.Final run)) count solved)

        let columns =
            [ for solved in solved -> solved.Plan.Coordinates ]
            |> Array.concat
            |> Array.indexed
            |> Array.sortBy snd
            |> Array.map fst

        let joined =
            parts |> List.map (fun (draws, _) -> draws.Points) |> Tensor.concatenate 1L

        let points =
            joined.index_select (1L, torch.tensor (Array.map int64 columns, device = joined.device))

        let sum pick =
            parts
            |> List.map (fun (draws, _) -> pick draws)
            |> List.reduce (fun (a: Tensor) (b: Tensor) -> a .+ b)

        {
            Points = points
            LogProposal = sum _.LogProposal
            LogWeights = sum _.LogWeights .+ constant
        },
        {
            Value = constant + List.sumBy (fun (_, e: Estimate) -> e.Value) parts
            StandardError = sqrt (parts |> List.sumBy (fun (_, e) -> e.StandardError ** 2.0))
        }

    /// <summary>
    /// Weighted draws from a density of which only the formula is known, its log Z, and whether to trust them. The program looks for modes and
    /// independent coordinates, carries samples from a wide distribution to the target, fits a mixture to them, and, where draws from that are not
    /// efficient enough, evolves the energy with the mixture as its known part (on request) or tempers from it. What it found and chose is in <c>Plan</c>. Source:
    /// docs/mathematics.md, "From a formula to draws".
    /// </summary>
    /// <param name="run">Where numbers are (double precision on the CPU), the seed of everything random, and who hears of it and may end it.</param>
    /// <param name="options">How many draws, how efficient, and how to evolve. All of them are checked before any work begins.</param>
    /// <param name="target">The formula. Where its energy is +∞ or not a number, there is no density.</param>
    /// <exception cref="T:System.ArgumentException">Options do not fit, or the energy has the wrong shape, is −∞, or is finite nowhere near the origin.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let banana = Density.ofEnergy 2 (fun x -&gt;
    ///     let a, b = x.select (1L, 0L), x.select (1L, 1L)
    ///     0.5 .* a.Square() .+ 2.0 .* (b - a.Square()).Square())
    ///
    /// use posterior = Posterior.sample Run.quiet Posterior.defaults banana
    /// printfn $"{posterior}"
    /// </code></example>
    let sample (run: Run) (options: PosteriorOptions) (target: Density) : Posterior =
        check run options target
        let clock = Stopwatch.StartNew()

        /// How much of the budget is left.
        let left () =
            options.Budget |> Option.map (fun budget -> budget - clock.Elapsed)

        NativeTorch.ensure ()
        let evaluated = ref 0L

        let counted =
            { target with
                Energy =
                    fun points ->
                        Interlocked.Add(&evaluated.contents, points.shape[0]) |> ignore

                        // What a formula holds for a point may be many times the point, such as a residual for each observation.
                        if Tensor.rows points <= run.Rows then
                            target.Energy points
                        else
                            Tensor.rows points
                            |> Rows.pieces run.Rows
                            |> Rows.map 0L (fun piece -> target.Energy(Rows.narrow piece points))
            }

        Scope.keepAll tensors (fun () ->
            run.Meter(Progress.started Phase.Search 0.0)
            let structure = Stream.seed Stream.Structure run

            /// In so many dimensions modes of the whole are looked for before parts of it.
            let modes =
                if target.Dimension <= mostSearched then
                    Some(Search.modes (Stream.run Stream.Modes run) counted)
                else
                    None

            let place, known =
                match modes with
                | Some modes ->
                    let centres =
                        Tensor.ofRows Placement.float64 [ for mode in modes -> Seq.ofArray mode.Centre ]

                    centres.narrow (0L, 0L, 1L), centres
                | None ->
                    let lowest = Search.lowest (Stream.run Stream.Structure run) counted
                    lowest, lowest

            let blocks = Structure.blocks structure counted known
            let modes = if blocks.Length = 1 then modes else None

            let densities =
                match blocks with
                | [ _ ] -> [| counted |]
                | _ -> [| for block in blocks -> Structure.density counted place block |]

            let like = Structure.alike (Stream.seed Stream.Blocks run) densities

            let constant =
                match blocks with
                | [ _ ] -> 0.0
                | _ -> -(Tensor.toFloat (counted.Energy place)) - Array.sumBy snd like

            let wanted = options.Efficiency ** (1.0 / float blocks.Length)

            let solved =
                (Map.empty, List.indexed blocks)
                ||> List.fold (fun found (i, block) ->
                    let next =
                        match Map.tryFind (fst like[i]) found with
                        | Some(first: Solved) ->
                            { first with
                                Plan =
                                    { first.Plan with
                                        Coordinates = block
                                        Like = fst like[i]
                                    }
                            }
                        | _ -> Solved.solve (Run.part i run) options left wanted block i modes densities[i]

                    Map.add i next found)
                |> Map.toList
                |> List.map snd

            let draws, evidence = assemble run options.Count counted constant solved
            let weights = Tensor.toArray draws.LogWeights
            let efficiency = Importance.efficiency draws

            {
                Formula = target
                Solved = solved
                Made = draws
                Evidence = evidence
                Constant = constant
                Place = Tensor.toArray place
                Against =
                    [
                        if efficiency.Value < 0.1 then
                            Concern.FewEffectiveDraws efficiency.Value

                        for solved in solved do
                            yield! solved.Concerns
                    ]
                    |> List.distinct
                Evaluated = evaluated.Value
                Empty = weights |> Array.filter Double.IsNegativeInfinity |> Array.length
            })

    /// <summary>More draws, by the same routes.</summary>
    /// <param name="run">Its seed is that of the draws: take another than before.</param>
    /// <param name="count">M, how many.</param>
    /// <param name="posterior">What they are drawn from.</param>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// use posterior = Posterior.sample Run.quiet Posterior.defaults (Density.gaussianMixture [ 1.0, [ 3.0; 4.0 ], 0.5 ])
    /// use more = posterior |&gt; Posterior.draw { Run.quiet with Seed = 1 } 10000
    /// </code></example>
    let draw (run: Run) (count: int) (posterior: Posterior) : Draws =
        Run.check run
        Guard.atLeast "count" 25 count

        Draws.keep (fun () -> fst (assemble run count posterior.Formula posterior.Constant posterior.Solved))

    /// <summary>
    /// log q at any points, normalised: the density that draws come from, of which their weights are e^{−V}/q. With exact draws of the target it
    /// tells what the draws miss: E_ρ [−V − log q] is an upper bound of log Z, as the mean of the draws' own log-weights is a lower one.
    /// </summary>
    /// <param name="run">Who hears of it and may end it.</param>
    /// <param name="points">Points in the coordinates of the formula (M × d).</param>
    /// <param name="posterior">Where the draws come from.</param>
    /// <returns>M numbers.</returns>
    /// <exception cref="T:System.ArgumentException">Points have another shape, or draws were tempered: nobody knows the density of such draws.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// use posterior = Posterior.sample Run.quiet Posterior.defaults (Density.gaussianMixture [ 1.0, [ 3.0; 4.0 ], 0.5 ])
    /// let atTheMean = posterior |&gt; Posterior.logProposal Run.quiet (Tensor.ofRows Placement.float64 [ [ 3.0; 4.0 ] ])
    /// </code></example>
    let logProposal (run: Run) (points: Tensor) (posterior: Posterior) : Tensor =
        Run.check run
        Guard.points "points" posterior.Formula.Dimension points

        Scope.keep (fun () ->
            use _ = torch.no_grad ()
            let points = Tensor.place Placement.float64 points

            posterior.Solved
            |> List.map (fun solved ->
                let columns =
                    torch.tensor (Array.map int64 solved.Plan.Coordinates, device = points.device)

                match Solved.logProposal run (points.index_select (1L, columns)) solved with
                | Some log -> log
                | None ->
                    Guard.fail
                        "posterior"
                        $"draws of {solved.Plan.Coordinates.Length} coordinates were tempered, which leaves their density unknown; let an energy be evolved (Flow) or ask for less (Efficiency)")
            |> List.reduce (fun a b -> a .+ b))
