namespace Mne.Functional

open System
open System.Diagnostics
open System.Threading
open TorchSharp

/// How to fit a network to a function. Start from `Regression.defaults`.
type RegressionOptions =
    {
        /// Steps at most. Default 200.
        Steps: int
        /// The fit ends once the relative root-mean-square error falls below this: at the given points, or on average over ten steps at
        /// points that were drawn anew. Default 1e-9.
        Tolerance: float
        /// Errors are relative to the spread of g, or to this where it is larger: the size of g from which on errors matter. Default 0.
        SmallestScale: float
        /// μ, how much of the step before each step begins with (drawn points): what earlier points told is not forgotten. 0 to below
        /// 1. Default 0.95.
        Momentum: float
        /// λ at the first and at the last step, relative to the mean diagonal of the kernel; in between it falls
        /// geometrically (drawn points) or follows the progress (given points). Default 1e-2 and 1e-12.
        Regularisation: float * float
        /// How the minimal-norm problem is restricted (drawn points). Default `Exact`.
        Sketch: Sketch
        /// Seed of the initial parameters and of the points. Default 0.
        Seed: int
        /// Receives progress after every step. Default: silence.
        Meter: Meter
        /// Ends the fit early, with the parameters reached so far.
        Cancellation: CancellationToken
    }

/// Fits a network to a function with natural-gradient steps θ ← θ + η Jᵀ(K + Nλκ I)⁻¹(g(X) − u_θ(X)): minimal neural
/// evolution of a regression problem (MATH.md §3). At points that are drawn anew, a step is not the smallest change that fits
/// them but the one nearest to μ times the step before, θ ← θ + η (δ + Jᵀ(K + Nλκ I)⁻¹(g(X) − u_θ(X) − J δ)) with δ = μ × that step
/// (Goldshlager, Abrahamsen and Lin, arXiv 2401.10190).
[<RequireQualifiedAccess>]
module Regression =

    /// 200 steps, λ from 1e-2 to 1e-12, error 1e-9.
    let defaults =
        {
            Steps = 200
            Tolerance = 1e-9
            SmallestScale = 0.0
            Momentum = 0.95
            Regularisation = 1e-2, 1e-12
            Sketch = Exact
            Seed = 0
            Meter = Progress.silent
            Cancellation = CancellationToken.None
        }

    let private evaluate (network: Network) (g: Tensor -> Tensor) (points: Tensor) : Tensor =
        let values = g points
        Guard.values "g" (Tensor.rows points) network.Outputs values
        Guard.finite "g" values
        values

    /// rms(g − u) over the spread of g (its rms when g is constant), or over `smallest` where that is larger.
    let private relative smallest (residual: Tensor) (g: Tensor) =
        let spread = Tensor.rms (g - g.mean ([| 0L |]))

        let scale =
            max
                smallest
                (if spread > 1e-12 * Tensor.rms g then
                     spread
                 else
                     Tensor.rms g)

        if scale > 0.0 then
            Tensor.rms residual / scale
        else
            Tensor.rms residual

    let private report (options: RegressionOptions) (clock: Stopwatch) step accepted learningRate error finished =
        NativeMemory.settle ()
        let fraction = if finished then 1.0 else float step / float options.Steps

        options.Meter
            {
                Phase = "fit"
                Fraction = fraction
                Time = float step
                Accepted = accepted
                Rejected = step - accepted
                Step = learningRate
                Residual = error
                EffectiveRank = nan
                Elapsed = clock.Elapsed
                Remaining = Progress.remaining fraction clock.Elapsed
            }

    /// Natural gradient with momentum, on new points at every step: the error seen before a step is an error at fresh points.
    let private naturalGradient (options: RegressionOptions) (network: Network) g draw (start: Tensor) : Tensor =
        let clock = Stopwatch.StartNew()
        let first, last = options.Regularisation
        let μ = options.Momentum

        let goodEnough (errors: float list) =
            errors.Length = 10 && List.average errors < options.Tolerance

        // `caution` ≥ 1 raises λ above its schedule where the steps that it makes are too long to be of use.
        let rec loop step caution (errors: float list) (θ: Tensor) (before: Tensor) =
            if
                step >= options.Steps
                || goodEnough errors
                || options.Cancellation.IsCancellationRequested
            then
                before.Dispose()
                θ
            else
                let next, change, error, η =
                    Scope.keepAll (fun (θ, change, _, _) -> [ θ; change ]) (fun () ->
                        let scheduled =
                            first * (last / first) ** (float step / float (max 1 (options.Steps - 1)))

                        let λ = min (max first 1.0) (caution * scheduled)
                        let x: Tensor = draw (Random.child (step + 1) options.Seed)
                        let values = evaluate network g x
                        let residual = values - Network.value network θ x
                        let tangent = Network.tangent network θ x
                        let m, n = network.Outputs, Tensor.rows x

                        let landmarks =
                            options.Sketch
                            |> Sketch.resolve λ m n (fun () -> tangent)
                            |> Sketch.landmarks network.Domain.Dimension m n

                        let δ = μ * before

                        let direction =
                            try
                                let missing = Tangent.stacked residual - Tangent.times δ tangent
                                Some(δ + (Sketch.minimalNorm λ landmarks tangent missing).Direction)
                            with KernelNotFactorised _ ->
                                None

                        let size = Tensor.rms residual

                        // The step length, of a few, that lowers the error most; none, if none does.
                        let tried =
                            match direction with
                            | None -> []
                            | Some direction ->
                                [
                                    for η in [ 1.0; 0.5; 0.25; 0.1; 0.02 ] do
                                        let after =
                                            Scope.free (fun () ->
                                                Tensor.rms (values - Network.value network (θ + η * direction) x))

                                        if after < size then
                                            after, η * direction, η
                                ]

                        let error = relative options.SmallestScale residual values

                        match tried with
                        | [] -> θ.clone (), before.zeros_like (), error, 0.0
                        | _ ->
                            let _, change, η = tried |> List.minBy (fun (after, _, _) -> after)
                            θ + change, change, error, η)

                θ.Dispose()
                before.Dispose()
                let errors = List.truncate 10 (error :: errors)
                report options clock (step + 1) (step + 1) η error (goodEnough errors)

                let caution =
                    if η = 0.0 then 10.0 * caution
                    elif η < 0.1 then 2.0 * caution
                    else max 1.0 (0.3 * caution)

                loop (step + 1) caution errors next change

        loop 0 1.0 [] start (start.zeros_like ())

    /// Levenberg and Marquardt's method on given points, in sample space, with geodesic acceleration (Transtrum and Sethna,
    /// arXiv 1201.5885): the factorisation serves a second right-hand side, which bends the step along the curved image of
    /// the network. λ follows the ratio of the actual to the predicted decrease (Nielsen 1999).
    let private levenbergMarquardt
        (options: RegressionOptions)
        (network: Network)
        g
        (x: Tensor)
        (start: Tensor)
        : Tensor =
        let clock = Stopwatch.StartNew()
        let first, last = options.Regularisation
        let values: Tensor = evaluate network g x

        let residualOf (θ: Tensor) : Tensor =
            Scope.keep (fun () -> Tangent.stacked (values - Network.value network θ x))

        let rec loop step accepted stalled rejected λ (θ: Tensor) (residual: Tensor) =
            let error = Scope.free (fun () -> relative options.SmallestScale residual values)

            // After so many rejections round-off is reached: there is no better fit from here.
            let finished = error < options.Tolerance || stalled >= 12

            if step > 0 then
                report options clock step accepted λ error finished

            if
                finished
                || step >= options.Steps
                || options.Cancellation.IsCancellationRequested
            then
                residual.Dispose()
                θ
            else
                let before = Tensor.rms residual

                let attempt =
                    try
                        Some(
                            Scope.keepAll (fun (θ, r, _) -> [ θ; r ]) (fun () ->
                                let problem = Sketch.factorise λ None (Network.tangent network θ x)
                                let velocity, image = problem.Solve residual

                                // u(θ + hv) = u + h Jv + ½h² (v·∇)²u + …: the curvature of u along the step.
                                let h = 0.1
                                let change: Tensor = residual - residualOf (θ + h * velocity)
                                let curvature = (2.0 / (h * h)) * (change - h * image)
                                let acceleration = -0.5 * fst (problem.Solve curvature)
                                // Where the correction is not small, the expansion does not hold.
                                let small = Tensor.rms acceleration <= 0.75 * Tensor.rms velocity
                                let next = if small then θ + velocity + acceleration else θ + velocity
                                next, residualOf next, Tensor.rms (residual - image))
                        )
                    with KernelNotFactorised _ ->
                        None

                match attempt with
                | Some(next, r, predicted) when Tensor.rms r < before ->
                    let after = Tensor.rms r
                    let ratio = (before ** 2.0 - after ** 2.0) / (before ** 2.0 - predicted ** 2.0)
                    residual.Dispose()
                    θ.Dispose()
                    // After a rejection the limit is near: approach it more slowly.
                    let factor =
                        if rejected then
                            0.7
                        else
                            max 0.3 (1.0 - (2.0 * ratio - 1.0) ** 3.0)

                    loop
                        (step + 1)
                        (accepted + 1)
                        (if after > 0.9999 * before then stalled + 1 else 0)
                        false
                        (max last (λ * factor))
                        next
                        r
                | _ ->
                    attempt
                    |> Option.iter (fun (next, r, _) ->
                        next.Dispose()
                        r.Dispose())

                    loop (step + 1) accepted (stalled + 1) true (min 1e2 (2.0 * λ)) θ residual

        loop 0 0 0 false first start (residualOf start)

    /// Parameters θ (p) with which the network comes close to g at the points; the result has the element type and
    /// device of `start`. g maps points (N × d) to values: N, or N × m for a network of m components.
    /// Points that are drawn are drawn anew at every step (natural gradient with line search and falling λ; the right
    /// choice in more than two dimensions); given points are fitted by Levenberg and Marquardt's method.
    /// Raises `ArgumentException` when g has another shape or is not finite, or when arguments do not fit together.
    let fitFrom
        (options: RegressionOptions)
        (network: Network)
        (g: Tensor -> Tensor)
        (collocation: Collocation)
        (start: Tensor)
        : Tensor =
        let first, last = options.Regularisation
        Guard.positive "Regularisation" first
        Guard.positive "Regularisation" last
        Guard.positive "Tolerance" options.Tolerance
        Guard.notNegative "SmallestScale" options.SmallestScale

        if not (options.Momentum >= 0.0 && options.Momentum < 1.0) then
            Guard.fail "Momentum" $"found {options.Momentum}, wanted 0 to below 1"

        Guard.atLeast "Steps" 1 options.Steps
        Guard.vector "start" network.ParameterCount start
        Guard.finite "start" start
        let placement = Placement.ofTensor start
        options.Meter(Progress.started "fit" 0.0)

        Scope.keep (fun () ->
            use _ = torch.no_grad ()

            match collocation with
            | Given _ ->
                levenbergMarquardt
                    options
                    network
                    g
                    (Collocation.points placement options.Seed collocation)
                    (start.clone ())
            | Drawn _ ->
                naturalGradient
                    options
                    network
                    g
                    (fun seed -> Collocation.points placement seed collocation)
                    (start.clone ()))

    /// `fitFrom` the network's initial parameters for the seed in the options.
    ///
    /// <example><code>
    /// let θ = Regression.fit Regression.defaults network (fun x -> x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    /// </code></example>
    let fit (options: RegressionOptions) (network: Network) (g: Tensor -> Tensor) (collocation: Collocation) : Tensor =
        Scope.keep (fun () -> fitFrom options network g collocation (Network.initial network options.Seed))
