namespace Mne.Functional

open System
open TorchSharp

/// How to find points that cover a density without data: many short Markov chains, started far apart and cooled.
type ChainOptions =
    {
        /// Standard deviation, per coordinate, of the normal cloud in which the chains start. It has to reach every mode.
        /// Default 3.
        Spread: float
        /// The middle of that cloud; None is the origin. Default None.
        Centre: float list option
        /// Number of chains. Default 1,000.
        Chains: int
        /// Steps of cooling, from a temperature at which the starts are typical down to `Temperature`. Default 150.
        Cooling: int
        /// Steps at `Temperature` from which points are taken. Default 50.
        Sampling: int
        /// τ: the points follow e^{−V/τ}, near every mode that a chain has found. Default 2.
        Temperature: float
        /// Coordinates that stay where their chain starts: those on which all others hang, such as the logarithm of a scale, of which
        /// tempering would lose one end. Default none.
        Held: int list
    }

/// Points that cover a density of which only the energy is known (MATH.md §4 "Initial points"). Chains seldom move between
/// modes, so the weights of the modes are not right; for the points of an evolution they need not be.
[<RequireQualifiedAccess>]
module Chains =

    /// 1,000 chains from a normal cloud of standard deviation 3, cooled to τ = 2.
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

    /// The state of all chains: points (M × d), energies (M), gradients (M × d), and the step size h of every chain (M).
    type private State =
        {
            Points: Tensor
            Energy: Tensor
            Gradient: Tensor
            Step: Tensor
        }

    /// 1 for coordinates that move, 0 for those that are held (1 × d).
    let private moving (options: ChainOptions) placement d : Tensor =
        Tensor.ofRows placement [ [ for k in 0 .. d - 1 -> if List.contains k options.Held then 0.0 else 1.0 ] ]

    let private tensors state =
        [ state.Points; state.Energy; state.Gradient; state.Step ]

    /// One step of the Metropolis-adjusted Langevin algorithm at temperature τ for every chain (Roberts and Tweedie 1996);
    /// the chains' step sizes follow their acceptance (0.574 is best; Roberts and Rosenthal 1998).
    let private step (density: Density) (moving: Tensor) (τ: float) seed (state: State) : State =
        let placement = Placement.ofTensor state.Points
        let m, d = Tensor.rows state.Points, density.Dimension
        let h = state.Step.unsqueeze 1L
        let noise = moving * Random.normal placement (Random.child 0 seed) [ m; d ]

        // No drift is much longer than the noise (truncated Langevin; Roberts and Tweedie 1996, §1.4.3): where an energy is steep, far
        // out in a cloud, proposals would overshoot to where it is not finite.
        let drift (gradient: Tensor) : Tensor =
            let full = moving * (h / τ * gradient)
            let longest = 2.0 * (2.0 * h * float d).sqrt()

            full
            * (longest / (full.norm(1).unsqueeze 1L + 1e-300)).clamp_max(1.0.ToScalar())

        let proposed = state.Points - drift state.Gradient + (2.0 * h).sqrt() * noise

        let energy, gradient =
            Diff.fgrad density.Energy proposed |> fun (e, g) -> e.detach (), g.detach ()

        /// log of the density of moving from one point to another, up to a constant.
        let transition (from: Tensor) (gradientThere: Tensor) (towards: Tensor) =
            -(moving * (towards - from) + drift gradientThere).square().sum 1L
            / (4.0 * state.Step)

        let logRatio =
            (state.Energy - energy) / τ + transition proposed gradient state.Points
            - transition state.Points state.Gradient proposed

        let uniform = Random.uniform placement (Random.child 1 seed) [ m ]
        let accepted: Tensor = uniform.log().less(logRatio: Tensor)

        let choose (yes: Tensor) (no: Tensor) =
            torch.where ((if yes.dim () = 2L then accepted.unsqueeze 1L else accepted), yes, no)

        let learning = 0.3 * (accepted.``to`` state.Step.dtype - 0.574)

        {
            Points = choose proposed state.Points
            Energy = choose energy state.Energy
            Gradient = choose gradient state.Gradient
            Step = state.Step * learning.exp ()
        }

    /// `pool` with a meter, whose phase is "search", and cancellation.
    let internal poolOf
        (meter: Meter)
        (cancellation: System.Threading.CancellationToken)
        (options: ChainOptions)
        (placement: Placement)
        (seed: int)
        (density: Density)
        : Tensor =
        Guard.positive "Spread" options.Spread
        Guard.positive "Temperature" options.Temperature
        Guard.atLeast "Chains" 2 options.Chains
        Guard.atLeast "Cooling" 1 options.Cooling
        Guard.atLeast "Sampling" 5 options.Sampling
        let d = density.Dimension

        match options.Centre with
        | Some centre when centre.Length <> d ->
            Guard.fail "Centre" $"{centre.Length} numbers, but the density has dimension {d}"
        | _ -> ()

        for k in options.Held do
            if k < 0 || k >= d then
                Guard.fail "Held" $"coordinate {k}, but the density has the coordinates 0 to {d - 1}"

        NativeTorch.ensure ()
        use _ = torch.NewDisposeScope()
        // The energy is only evaluated; `Diff` records what it differentiates by itself.
        use _ = torch.no_grad ()
        let clock = System.Diagnostics.Stopwatch.StartNew()
        meter (Progress.started "search" 0.0)
        let moving = moving options placement d

        let centre =
            defaultArg options.Centre (List.replicate d 0.0)
            |> List.toArray
            |> Tensor.ofArray placement

        let starts =
            Random.normal placement (Random.child 0 seed) [ options.Chains; d ]
            * options.Spread
            + centre

        let energy, gradient =
            Diff.fgrad density.Energy starts |> fun (e, g) -> e.detach (), g.detach ()
        // The temperature at which the starts are typical: their energies exceed the lowest by about d τ / 2.
        let excess = Tensor.toFloat (energy.median () - energy.min ())
        let hottest = max options.Temperature (2.0 * excess / float d)
        let scale = options.Spread * options.Spread / float d

        let mutable state =
            {
                Points = starts
                Energy = energy
                Gradient = gradient
                Step = starts.new_full (int64 options.Chains, 0.1 * scale)
            }

        let kept = ResizeArray<Tensor>()

        let steps = options.Cooling + options.Sampling

        for k in 0 .. steps - 1 do
            cancellation.ThrowIfCancellationRequested()

            let τ =
                hottest
                * (options.Temperature / hottest) ** min 1.0 (float k / float options.Cooling)

            let next =
                Scope.keepAll tensors (fun () -> step density moving τ (Random.child (k + 1) seed) state)

            if k > 0 then
                for tensor in tensors state do
                    tensor.Dispose()

            state <- next
            NativeMemory.settle ()
            let fraction = float (k + 1) / float steps

            meter
                { Progress.started "search" 0.0 with
                    Fraction = fraction
                    Time = float (k + 1)
                    Accepted = k + 1
                    Elapsed = clock.Elapsed
                    Remaining = Progress.remaining fraction clock.Elapsed
                }

            if k >= options.Cooling && (k - options.Cooling) % 5 = 4 then
                kept.Add(state.Points.clone ())

        (Tensor.concatenate 0L kept).MoveToOuterDisposeScope()

    /// Points at temperature τ, `Chains` × (a fifth of `Sampling`) of them: every fifth state of the sampling phase.
    /// Raises `ArgumentException` when an option is out of range or an energy is not finite where a chain gets to.
    let pool (options: ChainOptions) (placement: Placement) (seed: int) (density: Density) : Tensor =
        poolOf Progress.silent System.Threading.CancellationToken.None options placement seed density

    /// A recipe that takes `count` rows of a pool at random (without repetition as far as the pool goes), others for every seed.
    let recipe (pool: Tensor) (count: int) : Collocation =
        let rows = Tensor.rows pool
        Guard.atLeast "count" 1 count

        Drawn(
            count,
            fun placement seed ->
                Scope.keep (fun () ->
                    let order = (Random.uniform Placement.float64 seed [ rows ]).argsort()
                    let indices = torch.tensor [| for i in 0 .. count - 1 -> int64 (i % rows) |]
                    let chosen = (order.index_select (0L, indices)).``to`` pool.device
                    Tensor.place placement (pool.index_select (0L, chosen)))
        )
