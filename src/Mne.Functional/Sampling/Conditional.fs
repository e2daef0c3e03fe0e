namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// Conditional densities ρ(a | b) for every b at once, by noising the coordinates a alone (docs/mathematics.md §4
/// "Marginals and conditionals by partial noising"). It owns tensors; dispose of it when no longer needed.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Conditional =
    {
        /// <summary>The evolution under partial noise.</summary>
        Sampler: Sampler
        /// <summary>The coordinates a that are drawn.</summary>
        Drawn: int list
        /// <summary>The coordinates b that are given.</summary>
        Given: int list
    }

    interface IDisposable with
        member conditional.Dispose() =
            (conditional.Sampler :> IDisposable).Dispose()

/// <summary>Conditional sampling and marginal energies from one evolution.</summary>
[<RequireQualifiedAccess>]
module Conditional =

    /// <summary>Noises some coordinates of the target and leaves the others alone: one evolution serves every condition.</summary>
    /// <param name="run">As for <c>Sampler.evolve</c>.</param>
    /// <param name="options">As for <c>Sampler.evolve</c>.</param>
    /// <param name="drawn">The coordinates a that are to be drawn: some, not all, once each, counted from 0.</param>
    /// <param name="target">ρ(a, b).</param>
    /// <exception cref="T:System.ArgumentException">As <c>Sampler.evolve</c>, and for coordinates that do not exist, are all or none, or named twice.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">As <c>Sampler.evolve</c>.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let conditional = Conditional.evolve Run.quiet Sampler.defaults [ 0 ] target   // x₀ given x₁
    /// let draws = conditional |&gt; Conditional.draw Run.quiet 1000 [ 2.0 ]             // x₁ = 2
    /// </code></example>
    let evolve (run: Run) (options: SamplerOptions) (drawn: int list) (target: Density) : Conditional =
        let d = target.Dimension
        let drawn = List.sort drawn

        if
            drawn.IsEmpty
            || drawn.Length >= d
            || List.distinct drawn <> drawn
            || drawn |> List.exists (fun k -> k < 0 || k >= d)
        then
            Guard.fail "drawn" $"found %A{drawn}, wanted some but not all of the coordinates 0 to {d - 1}, once each"

        {
            Sampler = Sampler.evolveAlong run options (Process.partialNoise drawn) target
            Drawn = drawn
            Given = List.except drawn [ 0 .. d - 1 ]
        }

    let private checkGiven (conditional: Conditional) (given: float list) =
        if
            given.Length <> conditional.Given.Length
            || given |> List.exists (Double.IsFinite >> not)
        then
            Guard.fail
                "given"
                $"found %A{given}, wanted {conditional.Given.Length} finite numbers, one for each of the coordinates %A{conditional.Given}"

    /// Points (M × d) from those of a (M × number of drawn coordinates) and of b (M × number of given coordinates).
    let internal inside (conditional: Conditional) (a: Tensor) (b: Tensor) : Tensor =
        let column k =
            match List.tryFindIndex ((=) k) conditional.Drawn with
            | Some i -> a.select (1L, int64 i)
            | None -> b.select (1L, int64 (List.findIndex ((=) k) conditional.Given))

        Tensor.stack 1L [ for k in 0 .. conditional.Sampler.Target.Dimension - 1 -> column k ]

    /// b for each of `count` rows (count × number of given coordinates).
    let private repeated placement count (given: float list) : Tensor =
        (Tensor.ofRows placement [ Seq.ofList given ]).expand(int64 count, int64 given.Length)

    /// The normal distribution of a alone in which the process ends.
    let private reference (conditional: Conditional) =
        Reference.standardNormal conditional.Drawn.Length

    let private placement (conditional: Conditional) =
        Energy.placement conditional.Sampler.Energy

    /// Draws of all coordinates from values of b (M × number of given coordinates) whose log-densities (M) are known.
    let internal drawGiven (run: Run) (seed: int) (b: Tensor, logDensity: Tensor) (conditional: Conditional) : Draws =
        Draws.keep (fun () ->
            let noise =
                (reference conditional).Draw (placement conditional) seed (Tensor.rows b)

            let start = inside conditional noise b
            Sampler.drawFrom run conditional.Sampler (start, logDensity .+ (reference conditional).LogDensity noise))

    /// log q(a | b) at points of all coordinates (M × d).
    let internal logProposalAt (run: Run) (points: Tensor) (conditional: Conditional) : Tensor =
        let drawn (x: Tensor) =
            Tensor.stack 1L [ for k in conditional.Drawn -> x.select (1L, int64 k) ]

        conditional.Sampler
        |> Sampler.logProposalFrom run (fun x -> (reference conditional).LogDensity(drawn x)) points

    /// <summary>
    /// Draws of all coordinates with b = given and a distributed as the conditional density, with exact log-densities q(a | b) and weights
    /// e^{−V(a, b)} / q(a | b): their mean estimates the unnormalised marginal of b.
    /// </summary>
    /// <param name="run">As for <c>Sampler.draw</c>.</param>
    /// <param name="count">M, how many.</param>
    /// <param name="given">b, one finite number for each coordinate that is given.</param>
    /// <param name="conditional">The conditional density.</param>
    /// <exception cref="T:System.ArgumentException">An argument does not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">The flow cannot be followed back.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let draw (run: Run) (count: int) (given: float list) (conditional: Conditional) : Draws =
        Guard.atLeast "count" 1 count
        Guard.fits "count" count conditional.Drawn.Length
        checkGiven conditional given

        Draws.keep (fun () ->
            let b = repeated (placement conditional) count given
            let logDensity = Tensor.zeros (placement conditional) [ count ]
            conditional |> drawGiven run (Stream.drawing Stream.Draws run) (b, logDensity))

    /// <summary>ρ(a | b) for one b, up to a constant, as a density of the coordinates a in their order.</summary>
    /// <param name="given">b, one number for each coordinate that is given.</param>
    /// <param name="conditional">ρ(a | b), evolved.</param>
    /// <exception cref="T:System.ArgumentException"><c>given</c> does not have one finite number for each coordinate
    /// that is given.</exception>
    /// <example><code>
    /// let atTwo = conditional |&gt; Conditional.density [ 2.0 ]
    /// </code></example>
    let density (given: float list) (conditional: Conditional) : Density =
        checkGiven conditional given

        Density.ofEnergy conditional.Drawn.Length (fun a ->
            let b = repeated (Placement.ofTensor a) (Tensor.rows a) given
            conditional.Sampler.Target.Energy(inside conditional a b))

    /// <summary>log q(a | b) at any a and one b, normalised: see <c>Sampler.logProposal</c>.</summary>
    /// <param name="run">As for <c>Sampler.logProposal</c>.</param>
    /// <param name="given">b, one finite number for each coordinate that is given.</param>
    /// <param name="a">M × number of drawn coordinates.</param>
    /// <param name="conditional">The conditional density.</param>
    /// <returns>M.</returns>
    /// <exception cref="T:System.ArgumentException">An argument does not fit.</exception>
    /// <exception cref="T:Mne.Functional.EvolutionFailedException">As <c>Sampler.logProposal</c>.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let logProposal (run: Run) (given: float list) (a: Tensor) (conditional: Conditional) : Tensor =
        checkGiven conditional given
        Guard.points "a" conditional.Drawn.Length a

        Scope.keep (fun () ->
            let b = repeated (Placement.ofTensor a) (Tensor.rows a) given
            conditional |> logProposalAt run (inside conditional a b))

    /// How many values of a the marginal energy is averaged over.
    let private averaged = 16

    /// <summary>
    /// The energy of the marginal density of b, up to a constant: u_T(a, b), averaged over a ~ N(0, I) (but for ½|a|² it hardly depends on a
    /// any more). It can be differentiated with respect to b.
    /// </summary>
    /// <param name="conditional">The conditional density.</param>
    /// <param name="b">M × number of given coordinates, with the precision and device of the conditional.</param>
    /// <returns>M.</returns>
    /// <exception cref="T:System.ArgumentException">b has another number of columns, precision or device.</exception>
    let marginalEnergy (conditional: Conditional) (b: Tensor) : Tensor =
        Guard.points "b" conditional.Given.Length b
        let energy, own = conditional.Sampler.Energy, placement conditional

        if Placement.ofTensor b <> own then
            Guard.fail
                "b"
                $"found {Placement.ofTensor b}, but the conditional was made with {own}; convert b with Tensor.place"

        Scope.keep (fun () ->
            let noise =
                Random.normal own (Seed.child (int Stream.Marginal) 0) [ averaged; conditional.Drawn.Length ]

            [
                for row in 0 .. averaged - 1 do
                    let a =
                        noise.narrow(0L, int64 row, 1L).expand(b.shape[0], int64 conditional.Drawn.Length)

                    energy |> Energy.differentiable energy.Duration (inside conditional a b)
            ]
            |> Tensor.stack 0L
            |> _.mean([| 0L |]))

    /// <summary>
    /// The marginal density of b as a density of its own, to be sampled like any other: see <c>marginalEnergy</c>.
    /// </summary>
    let marginal (conditional: Conditional) : Density =
        Density.ofEnergy conditional.Given.Length (marginalEnergy conditional)
