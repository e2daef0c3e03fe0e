namespace Mne.Functional.References

open System
open TorchSharp

/// What a run of sequential Monte Carlo found, and what it asked of the energy.
type SmcResult =
    {
        LogZ: float
        /// The particles (N × d), of equal weight.
        Points: torch.Tensor
        /// At how many points the energy was evaluated, with its gradient or without.
        Energies: int64
        Temperatures: int
    }

/// How a run of sequential Monte Carlo goes.
type SmcOptions =
    {
        Particles: int
        /// The standard deviation of the normal distribution around the origin that it begins with.
        Wide: float
        /// The share of the effective sample size that a temperature keeps.
        Keep: float
        /// Trajectories of Hamiltonian Monte Carlo at every temperature, and the steps of each.
        Moves: int
        Leaps: int
    }

/// Adaptive sequential Monte Carlo as textbooks have it (Del Moral, Doucet and Jasra 2006): from a wide normal distribution q along q^{1−β} e^{−βV}, the
/// temperatures chosen by effective sample size, systematic resampling at each, and moves by Hamiltonian Monte Carlo with the deviations of the particles
/// as its metric, whose step follows its acceptance. It shares nothing with the library.
[<RequireQualifiedAccess>]
module Smc =

    let defaults =
        {
            Particles = 4000
            Wide = 10.0
            Keep = 0.5
            Moves = 3
            Leaps = 8
        }

    let private number (x: float) = Scalar.op_Implicit x
    let private floats (t: torch.Tensor) = t.data<float>().ToArray()

    let private effective (logs: float[]) =
        let top = Array.max logs
        let w = logs |> Array.map (fun l -> exp (l - top))
        Array.sum w ** 2.0 / Array.sumBy (fun w -> w * w) w / float logs.Length

    /// The largest step of the temperature that keeps the wanted share.
    let private step keep (β: float) (ratios: float[]) =
        let share δ =
            ratios |> Array.map (fun r -> δ * r) |> effective

        if share (1.0 - β) >= keep then
            1.0 - β
        else
            ((1e-12, 1.0 - β), [ 1..60 ])
            ||> List.fold (fun (low, high) _ ->
                let middle = sqrt (low * high)
                if share middle >= keep then middle, high else low, middle)
            |> fst

    let private systematic (u: float) (weights: float[]) =
        let n, total = weights.Length, Array.sum weights
        let chosen = Array.zeroCreate n
        let mutable i, sum = 0, weights[0]

        for k in 0 .. n - 1 do
            while sum < (float k + u) / float n * total && i < n - 1 do
                i <- i + 1
                sum <- sum + weights[i]

            chosen[k] <- int64 i

        chosen

    /// From an energy V of points (N × d) to N; ∞ and NaN are places without density.
    let run (seed: int) (options: SmcOptions) (d: int) (energy: torch.Tensor -> torch.Tensor) : SmcResult =
        use _ = torch.NewDisposeScope()
        let random = new torch.Generator(uint64 seed)
        let n = int64 options.Particles

        let normal () =
            torch.randn ([| n; int64 d |], dtype = torch.float64, generator = random)

        let uniform () =
            torch.rand ([| n |], dtype = torch.float64, generator = random)

        let mutable energies = 0L

        let infinite (v: torch.Tensor) =
            v.nan_to_num (infinity, infinity, infinity)

        let variance = options.Wide * options.Wide

        let start (x: torch.Tensor) : torch.Tensor =
            (x.square().sum 1L)
                .div(number (2.0 * variance))
                .add(number (0.5 * float d * log (2.0 * Math.PI * variance)))

        /// The energy at β and its slope; the target's own energy beside it.
        let at (β: float) (x: torch.Tensor) =
            energies <- energies + n
            let x = x.detach().requires_grad_ true
            let own = energy x
            let bent = (own * number β) + (start x * number (1.0 - β))
            let slope = (torch.autograd.grad ([| bent.sum () |], [| x |]))[0]
            infinite (bent.detach ()), slope.nan_to_num (0.0, 0.0, 0.0), infinite (own.detach ())

        /// One trajectory for each particle.
        let move β (size: float) (metric: torch.Tensor) (x, bent, slope, own) =
            use scope = torch.NewDisposeScope()
            let momentum = normal ()
            let ε = metric * number size
            let mutable p = momentum - ε * slope * number 0.5
            let mutable y, yBent, ySlope, yOwn = x, bent, slope, own

            for leap in 1 .. options.Leaps do
                y <- y + ε * p
                let b, s, o = at β y
                yBent <- b
                ySlope <- s
                yOwn <- o
                p <- p - ε * s * number (if leap = options.Leaps then 0.5 else 1.0)

            let change =
                (bent + momentum.square().sum(1L) * number 0.5)
                - (yBent + p.square().sum(1L) * number 0.5)

            let taken = change.gt (uniform().log())
            let each (a: torch.Tensor) b = torch.where (taken.unsqueeze 1L, a, b)

            let next =
                each y x, torch.where (taken, yBent, bent), each ySlope slope, torch.where (taken, yOwn, own)

            let rate = taken.``to``(torch.float64).mean().item<float>()
            let a, b, c, d = next

            for t in [ a; b; c; d ] do
                scope.MoveToOuter t |> ignore

            next, rate

        let next β size (x: torch.Tensor) (own: torch.Tensor) =
            use scope = torch.NewDisposeScope()
            let ratios = floats (start x - own)
            let δ = step options.Keep β ratios
            let next = if β + δ > 1.0 - 1e-9 then 1.0 else β + δ
            let logs = ratios |> Array.map (fun r -> (next - β) * r)
            let top = Array.max logs
            let weights = logs |> Array.map (fun l -> exp (l - top))

            let u =
                (torch.rand ([| 1L |], dtype = torch.float64, generator = random)).item<float>()

            let chosen = x.index_select (0L, torch.tensor (systematic u weights))
            let metric = chosen.std(0L).clamp_min(number 1e-300)
            let bent, slope, own = at next chosen

            let (x, _, _, own), size =
                (((chosen, bent, slope, own), size), [ 1 .. options.Moves ])
                ||> List.fold (fun (state, size) _ ->
                    let state, rate = move next size metric state
                    state, size * exp (rate - 0.8))

            scope.MoveToOuter(x, own) |> ignore
            next, size, top + log (Array.average weights), x, own

        let rec go temperatures β logZ size x own =
            if β >= 1.0 then
                logZ, temperatures, x
            else
                let β, size, gained, x, own = next β size x own
                go (temperatures + 1) β (logZ + gained) size x own

        let first = normal () * number options.Wide
        energies <- energies + n

        let logZ, temperatures, points =
            go 0 0.0 0.0 (0.5 / float d ** 0.25) first (infinite (energy first))

        {
            LogZ = logZ
            Points = points.MoveToOuterDisposeScope()
            Energies = energies
            Temperatures = temperatures
        }
