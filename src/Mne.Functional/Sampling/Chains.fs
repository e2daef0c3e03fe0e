namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// How to find points that cover a density without data: many short Markov chains, started far apart and cooled.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type ChainOptions =
    {
        /// <summary>
        /// Standard deviation, per coordinate, of the normal cloud in which the chains start. It has to reach every
        /// mode. Default 3.
        /// </summary>
        Spread: float
        /// <summary>The middle of that cloud. Default None: the origin.</summary>
        Centre: float list option
        /// <summary>Number of chains. Default 1,000.</summary>
        Chains: int
        /// <summary>
        /// Steps of cooling, from a temperature at which the starts are typical down to <c>Temperature</c>. Default
        /// 150.
        /// </summary>
        Cooling: int
        /// <summary>Steps at <c>Temperature</c> from which points are taken. Default 50.</summary>
        Sampling: int
        /// <summary>τ: the points follow e^{−V/τ}, near every mode that a chain has found. Default 2.</summary>
        Temperature: float
        /// <summary>
        /// Coordinates that stay where their chain starts: those on which all others hang, such as the logarithm of a
        /// scale, of which tempering would lose one end. Default none.
        /// </summary>
        Held: int list
    }

/// <summary>
/// Points that cover a density of which only the energy is known (docs/mathematics.md §4 "Sampling from a formula").
/// Chains seldom move between modes, so the weights of the modes are not right; for the points of an evolution they
/// need not be.
/// </summary>
[<RequireQualifiedAccess>]
module Chains =

    /// <summary>1,000 chains from a normal cloud of standard deviation 3, cooled to τ = 2.</summary>
    let defaults: ChainOptions =
        {
            Spread = 3.0
            Centre = None
            Chains = 1000
            Cooling = 150
            Sampling = 50
            Temperature = 2.0
            Held = []
        }

    /// Raises `ArgumentException` for options that do not fit a density in d dimensions; the stage that they are of precedes their names.
    let internal check (stage: string) (d: int) (options: ChainOptions) : unit =
        Guard.positive $"{stage}Spread" options.Spread
        Guard.positive $"{stage}Temperature" options.Temperature
        Guard.atLeast $"{stage}Chains" 2 options.Chains
        Guard.within $"{stage}Cooling" 1 10_000_000 options.Cooling
        Guard.within $"{stage}Sampling" 5 10_000_000 options.Sampling
        Guard.fits $"{stage}Chains" options.Chains d

        match options.Centre with
        | Some centre when centre.Length <> d ->
            Guard.fail $"{stage}Centre" $"{centre.Length} numbers, but the density has dimension {d}"
        | _ -> ()

        for k in options.Held do
            if k < 0 || k >= d then
                Guard.fail $"{stage}Held" $"coordinate {k}, but the density has the coordinates 0 to {d - 1}"

    /// The chains, and the size of a step of each, h (M): a step has the covariance 2h.
    type private Chains = { State: LangevinState; Step: Tensor }

    let private tensors chains =
        chains.Step :: Langevin.tensors chains.State

    /// One step of every chain at temperature τ; step sizes follow acceptance (0.574 is best; Roberts and Rosenthal 1998).
    let private advance (density: Density) covariance τ seed (chains: Chains) : Chains =
        let move =
            {
                Covariance = covariance
                Size = 2.0 .* chains.Step.unsqueeze 1L
                Temperature = τ
                Truncated = true
            }

        let state, accepted = Langevin.step density move seed chains.State
        let learning = 0.3 .* (accepted.``to`` chains.Step.dtype .- 0.574)

        {
            State = state
            Step = chains.Step * learning.exp ()
        }

    /// Chains in a normal cloud, and the temperature at which such starts are typical: their energies exceed the lowest by about d τ / 2.
    let private scatter (run: Run) (options: ChainOptions) (density: Density) : Chains * float =
        let d = density.Dimension

        let centre =
            defaultArg options.Centre (List.replicate d 0.0)
            |> List.toArray
            |> Tensor.ofArray run.Placement

        let starts =
            Random.normal run.Placement (Seed.child 0 run.Seed) [ options.Chains; d ]
            .* options.Spread
            .+ centre

        let state = Langevin.start density starts
        let excess = Tensor.toFloat (state.Energy.median () - state.Energy.min ())

        {
            State = state
            Step = starts.NewFull(int64 options.Chains, 0.1 * options.Spread * options.Spread / float d)
        },
        max options.Temperature (2.0 * excess / float d)

    /// <summary>Points at temperature τ, <c>Chains</c> × (a fifth of <c>Sampling</c>) of them: every fifth state of the sampling phase.</summary>
    /// <param name="run">Where the points are, their seed, and who hears of the search and may end it.</param>
    /// <param name="options">How to search.</param>
    /// <param name="density">What to cover, in d dimensions.</param>
    /// <returns>M × d.</returns>
    /// <exception cref="T:System.ArgumentException">An option is out of range, or an energy is not finite where a chain gets to.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let points = target |&gt; Chains.pool Run.quiet { Chains.defaults with Spread = 5.0 }
    /// </code></example>
    let pool (run: Run) (options: ChainOptions) (density: Density) : Tensor =
        let d = density.Dimension
        check "" d options
        Run.check run
        NativeTorch.ensure ()
        // The energy is only evaluated; `Diff` records what it differentiates by itself.
        use _ = torch.no_grad ()
        let at = run |> Run.phase Phase.Search 0.0

        let covariance =
            if options.Held.IsEmpty then
                Covariance.Isotropic 1.0
            else
                Covariance.Diagonal [ for k in 0 .. d - 1 -> if List.contains k options.Held then 0.0 else 1.0 ]

        let steps = options.Cooling + options.Sampling

        Scope.keep (fun () ->
            let first, hottest = scatter run options density

            let walk (chains: Chains, kept) k =
                Run.stopIfAsked run

                let τ =
                    hottest
                    * (options.Temperature / hottest) ** min 1.0 (float k / float options.Cooling)

                let next =
                    Scope.keepAll tensors (fun () -> advance density covariance τ (Seed.child (k + 1) run.Seed) chains)

                let kept =
                    if k >= options.Cooling && (k - options.Cooling) % 5 = 4 then
                        next.State.Points.clone () :: kept
                    else
                        kept

                for tensor in tensors chains do
                    tensor.Dispose()

                NativeMemory.settle ()

                run.Meter
                    { at (float (k + 1)) (float (k + 1) / float steps) with
                        Accepted = k + 1
                    }

                next, kept

            let _, kept = ((first, []), [ 0 .. steps - 1 ]) ||> List.fold walk
            Tensor.concatenate 0L (List.rev kept))
