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

    /// `count` draws of all coordinates with b = given and a distributed as the conditional density, with exact
    /// log-densities q(a | b) and weights e^{−V(a, b)} / q(a | b): their mean estimates the unnormalised marginal of b.
    /// Raises `ArgumentException` when `given` does not have one finite number for each coordinate that is given.
    let drawSeeded (seed: int) (count: int) (given: float list) (conditional: Conditional) : Draws =
        Guard.atLeast "count" 1 count
        checkGiven conditional given
        let sampler = conditional.Sampler
        let placement = sampler.Options.Placement

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let seed = Random.child seed (Random.child 6 sampler.Options.Seed)
            let reference = Process.standardNormal conditional.Drawn.Length
            let noise = reference.Draw placement seed count

            let b =
                (Tensor.ofRows placement [ Seq.ofList given ]).expand(int64 count, int64 given.Length)

            Sampler.drawFrom sampler (inside conditional noise b, reference.LogDensity noise))

    /// `drawSeeded` with the seed 0.
    let draw count given conditional : Draws = drawSeeded 0 count given conditional

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
