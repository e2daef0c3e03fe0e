namespace Mne.Functional

open System
open TorchSharp

/// Conditional densities ρ(a | b) for every b at once, by noising the coordinates a alone (MATH.md §4 "Marginals and
/// conditionals by partial noising"). It owns tensors; dispose of it when no longer needed.
type Conditional =
    {
        /// The evolution under partial noise.
        Sampler: Sampler
        /// The coordinates a that are drawn.
        Drawn: int list
        /// The coordinates b that are given.
        Given: int list
    }

    interface IDisposable with
        member conditional.Dispose() =
            (conditional.Sampler :> IDisposable).Dispose()

/// Conditional sampling and marginal energies from one evolution.
[<RequireQualifiedAccess>]
module Conditional =

    /// Noises the coordinates `drawn` of the target and leaves the others alone: one evolution serves every condition.
    /// Raises as `Sampler.evolve` does, and `ArgumentException` unless `drawn` names some, not all, coordinates once each.
    ///
    /// <example><code>
    /// let conditional = Conditional.evolve Sampler.defaults [ 0 ] target   // x₀ given x₁
    /// let draws = conditional |> Conditional.draw 1000 [ 2.0 ]             // x₁ = 2
    /// </code></example>
    let evolve (options: SamplerOptions) (drawn: int list) (target: Density) : Conditional =
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
            Sampler = Sampler.evolveAlong options (Process.partialNoise drawn) target
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
        Process.standardNormal conditional.Drawn.Length

    /// Draws of all coordinates from values of b (M × number of given coordinates) whose log-densities (M) are known.
    let internal drawGiven (seed: int) (b: Tensor, logDensity: Tensor) (conditional: Conditional) : Draws =
        let sampler = conditional.Sampler

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let noise =
                (reference conditional).Draw sampler.Options.Placement seed (Tensor.rows b)

            let start = inside conditional noise b
            Sampler.drawFrom sampler (start, logDensity + (reference conditional).LogDensity noise))

    /// log q(a | b) at points of all coordinates (M × d).
    let internal logProposalAt (points: Tensor) (conditional: Conditional) : Tensor =
        let drawn (x: Tensor) =
            Tensor.stack 1L [ for k in conditional.Drawn -> x.select (1L, int64 k) ]

        conditional.Sampler
        |> Sampler.logProposalFrom (fun x -> (reference conditional).LogDensity(drawn x)) points

    /// `count` draws of all coordinates with b = given and a distributed as the conditional density, with exact
    /// log-densities q(a | b) and weights e^{−V(a, b)} / q(a | b): their mean estimates the unnormalised marginal of b.
    /// Raises `ArgumentException` when `given` does not have one finite number for each coordinate that is given.
    let drawSeeded (seed: int) (count: int) (given: float list) (conditional: Conditional) : Draws =
        Guard.atLeast "count" 1 count
        checkGiven conditional given
        let options = conditional.Sampler.Options

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let b = repeated options.Placement count given
            let seed = Random.child seed (Random.child 6 options.Seed)
            conditional |> drawGiven seed (b, Tensor.zeros options.Placement [ count ]))

    /// `drawSeeded` with the seed 0.
    let draw count given conditional : Draws = drawSeeded 0 count given conditional

    /// ρ(a | b) for one b, up to a constant, as a density of the coordinates a in their order.
    /// Raises `ArgumentException` when `given` does not have one finite number for each coordinate that is given.
    ///
    /// <example><code>
    /// let atTwo = conditional |> Conditional.density [ 2.0 ]
    /// </code></example>
    let density (given: float list) (conditional: Conditional) : Density =
        checkGiven conditional given

        Density.ofEnergy conditional.Drawn.Length (fun a ->
            let b = repeated (Placement.ofTensor a) (Tensor.rows a) given
            conditional.Sampler.Target.Energy(inside conditional a b))

    /// log q(a | b) at any a (M × number of drawn coordinates) and one b, normalised: see `Sampler.logProposal`.
    /// Raises as that does, and as `density`.
    let logProposal (given: float list) (a: Tensor) (conditional: Conditional) : Tensor =
        checkGiven conditional given
        Guard.points "a" conditional.Drawn.Length a

        Scope.keep (fun () ->
            let b = repeated (Placement.ofTensor a) (Tensor.rows a) given
            conditional |> logProposalAt (inside conditional a b))

    /// The energy of the marginal density of b, up to a constant: u_T(a, b), averaged over a ~ N(0, I) (but
    /// for ½|a|² it hardly depends on a any more). b is (M × number of given coordinates); the result is (M).
    /// Raises `ArgumentException` when b has another number of columns.
    let marginalEnergy (conditional: Conditional) (b: Tensor) : Tensor =
        Guard.points "b" conditional.Given.Length b
        let sampler = conditional.Sampler
        let averaged = 16
        let network, stop = sampler.Solution.Network, Solution.stop sampler.Solution

        Scope.keep (fun () ->
            let placement = Placement.ofTensor b
            let θ = Solution.parameters stop sampler.Solution

            let noise =
                Random.normal placement (Random.child 9 sampler.Options.Seed) [ averaged; conditional.Drawn.Length ]

            [
                for row in 0 .. averaged - 1 do
                    let a =
                        noise.narrow(0L, int64 row, 1L).expand(b.shape[0], int64 conditional.Drawn.Length)

                    // Through `Propagate`, so that the energy can be differentiated with respect to b.
                    let x = inside conditional a b

                    Jet.value (network.Propagate Set.empty θ x)
                    + NormalPart.known sampler.Process sampler.NormalPart stop x
            ]
            |> Tensor.stack 0L
            |> _.mean([| 0L |]))

    /// The marginal density of b as a density of its own, to be sampled like any other: see `marginalEnergy`.
    let marginal (conditional: Conditional) : Density =
        Density.ofEnergy conditional.Given.Length (marginalEnergy conditional)
