namespace Mne.Functional

open System
open TorchSharp

/// <summary>How to fit a network to a function. Start from <c>Regression.defaults</c>.</summary>
type RegressionOptions =
    {
        /// <summary>Steps at most. Default 200.</summary>
        Steps: int
        /// <summary>
        /// The fit ends once the relative root-mean-square error falls below this: at the given points, or on average
        /// over ten steps at points that were drawn anew. Default 1e-9.
        /// </summary>
        Tolerance: float
        /// <summary>
        /// Errors are relative to the spread of g, or to this where it is larger: the size of g from which on errors
        /// matter. Default 0.
        /// </summary>
        SmallestScale: float
        /// <summary>
        /// μ, how much of the step before each step begins with (drawn points): what earlier points told is not
        /// forgotten. 0 to below 1. Default 0.95.
        /// </summary>
        Momentum: float
        /// <summary>
        /// λ at the first and at the last step, relative to the mean diagonal of the kernel; in between it falls
        /// geometrically (drawn points) or follows the progress (given points). Default 1e-2 and 1e-12.
        /// </summary>
        Regularisation: float * float
        /// <summary>How the minimal-norm problem is restricted (drawn points). Default <c>Exact</c>.</summary>
        Sketch: Sketch
    }

/// <summary>
/// Fits a network to a function with natural-gradient steps θ ← θ + η Jᵀ(K + Nλκ I)⁻¹(g(X) − u_θ(X)): minimal neural
/// evolution of a regression problem (docs/mathematics.md §3). At points that are drawn anew, a step is not the
/// smallest change that fits them but the one nearest to μ times the step before, θ ← θ + η (δ + Jᵀ(K + Nλκ I)⁻¹(g(X) −
/// u_θ(X) − J δ)) with δ = μ × that step (Goldshlager, Abrahamsen and Lin, arXiv 2401.10190).
/// </summary>
[<RequireQualifiedAccess>]
module Regression =

    /// <summary>200 steps, λ from 1e-2 to 1e-12, error 1e-9.</summary>
    let defaults: RegressionOptions =
        {
            Steps = 200
            Tolerance = 1e-9
            SmallestScale = 0.0
            Momentum = 0.95
            Regularisation = 1e-2, 1e-12
            Sketch = Sketch.Exact
        }

    let private evaluate (network: Network) (g: Tensor -> Tensor) (points: Tensor) : Tensor =
        let values = Lent.one g points
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

    let private report (run: Run) (options: RegressionOptions) progress step accepted η error finished =
        NativeMemory.settle ()
        let fraction = if finished then 1.0 else float step / float options.Steps

        run.Meter
            { progress (float step) fraction with
                Accepted = accepted
                Rejected = step - accepted
                Step = η
                Residual = error
            }

    /// Where a fit to drawn points stands: θ, the last step, the errors that the last ten steps began with (latest first), and how many
    /// times λ is raised above its schedule because the steps that it makes are too long to be of use.
    type private Descent =
        {
            θ: Tensor
            Last: Tensor
            Errors: float list
            Caution: float
        }

    /// One step of the natural gradient with momentum, at points x where g has the values; the step length is the one, of a few, that lowers
    /// the error most, and 0 if none does.
    let private descend (options: RegressionOptions) (network: Network) λ (x: Tensor) (values: Tensor) (at: Descent) =
        let residual = values - Network.value network at.θ x
        let size = Tensor.rms residual
        let tangent = Network.tangent network at.θ x
        let m, n = network.Outputs, Tensor.rows x

        let landmarks =
            options.Sketch
            |> Sketch.resolve λ m n (fun () -> tangent)
            |> Sketch.landmarks network.Domain.Dimension m n

        let δ = options.Momentum * at.Last

        let direction =
            try
                let missing = Tangent.stacked residual - Tangent.times δ tangent
                Some(δ + (Sketch.minimalNorm λ landmarks tangent missing).Direction)
            with KernelNotFactorised _ ->
                None

        let tried =
            [
                for direction in Option.toList direction do
                    for η in [ 1.0; 0.5; 0.25; 0.1; 0.02 ] do
                        let after =
                            Scope.free (fun () -> Tensor.rms (values - Network.value network (at.θ + η * direction) x))

                        if after < size then
                            after, η, direction
            ]

        let change, η =
            match tried with
            | [] -> at.Last.zeros_like (), 0.0
            | _ ->
                let _, η, direction = tried |> List.minBy (fun (after, _, _) -> after)
                η * direction, η

        {
            θ = at.θ + change
            Last = change
            Errors = List.truncate 10 (relative options.SmallestScale residual values :: at.Errors)
            Caution =
                if η = 0.0 then 10.0 * at.Caution
                elif η < 0.1 then 2.0 * at.Caution
                else max 1.0 (0.3 * at.Caution)
        },
        η

    /// Natural gradient with momentum, on new points at every step: the error seen before a step is an error at fresh points.
    let private naturalGradient
        (run: Run)
        (options: RegressionOptions)
        progress
        (network: Network)
        g
        draw
        (start: Tensor)
        =
        let first, last = options.Regularisation

        let goodEnough at =
            at.Errors.Length = 10 && List.average at.Errors < options.Tolerance

        let rec loop step (at: Descent) : Tensor =
            if step >= options.Steps || goodEnough at then
                at.Last.Dispose()
                at.θ
            else
                Run.stopIfAsked run

                let next, η =
                    Scope.keepAll (fun (next, _) -> [ next.θ; next.Last ]) (fun () ->
                        let scheduled =
                            first * (last / first) ** (float step / float (max 1 (options.Steps - 1)))

                        let λ = min (max first 1.0) (at.Caution * scheduled)
                        let x: Tensor = draw (Seed.child (step + 1) run.Seed)
                        descend options network λ x (evaluate network g x) at)

                at.θ.Dispose()
                at.Last.Dispose()
                report run options progress (step + 1) (step + 1) η next.Errors.Head (goodEnough next)
                loop (step + 1) next

        loop
            0
            {
                θ = start
                Last = start.zeros_like ()
                Errors = []
                Caution = 1.0
            }

    /// Where a fit to given points stands: θ, what is missing there, λ, and how steps fared.
    type private Ascent =
        {
            θ: Tensor
            Missing: Tensor
            λ: float
            Accepted: int
            /// Steps since the error last fell visibly.
            Stalled: int
            /// Whether the step before was rejected.
            Rejected: bool
        }

    /// A step from θ by Levenberg and Marquardt with geodesic acceleration: θ, what is missing there, and what the linear model promised.
    let private accelerated (network: Network) missingAt (x: Tensor) (at: Ascent) =
        try
            Scope.keepAll (fun (θ, missing, _) -> [ θ; missing ]) (fun () ->
                let problem = Sketch.factorise at.λ None (Network.tangent network at.θ x)
                let velocity, image = problem.Solve at.Missing

                // u(θ + hv) = u + h Jv + ½h² (v·∇)²u + …: the curvature of u along the step.
                let h = 0.1
                let change: Tensor = at.Missing - missingAt (at.θ + h * velocity)
                let curvature = (2.0 / (h * h)) * (change - h * image)
                let acceleration = -0.5 * fst (problem.Solve curvature)
                // Where the correction is not small, the expansion does not hold.
                let small = Tensor.rms acceleration <= 0.75 * Tensor.rms velocity

                let next =
                    if small then
                        at.θ + velocity + acceleration
                    else
                        at.θ + velocity

                next, missingAt next, Tensor.rms (at.Missing - image))
            |> Some
        with KernelNotFactorised _ ->
            None

    /// Takes the step where it lowers the error; λ follows the ratio of the actual to the predicted decrease.
    let private judge (least: float) (at: Ascent) (attempt: (Tensor * Tensor * float) option) : Ascent =
        let before = Tensor.rms at.Missing

        match attempt with
        | Some(next, missing: Tensor, predicted) when Tensor.rms missing < before ->
            let after = Tensor.rms missing
            let ratio = (before ** 2.0 - after ** 2.0) / (before ** 2.0 - predicted ** 2.0)

            // After a rejection the limit is near: approach it more slowly.
            let factor =
                if at.Rejected then
                    0.7
                else
                    max 0.3 (1.0 - (2.0 * ratio - 1.0) ** 3.0)

            at.Missing.Dispose()
            at.θ.Dispose()

            {
                θ = next
                Missing = missing
                λ = max least (at.λ * factor)
                Accepted = at.Accepted + 1
                Stalled = if after > 0.9999 * before then at.Stalled + 1 else 0
                Rejected = false
            }
        | _ ->
            for θ, missing, _ in Option.toList attempt do
                θ.Dispose()
                missing.Dispose()

            { at with
                λ = min 1e2 (2.0 * at.λ)
                Stalled = at.Stalled + 1
                Rejected = true
            }

    /// Levenberg and Marquardt's method on given points, in sample space, with geodesic acceleration (Transtrum and Sethna,
    /// arXiv 1201.5885): the factorisation serves a second right-hand side, which bends the step along the curved image of
    /// the network. λ follows the ratio of the actual to the predicted decrease (Nielsen 1999).
    let private levenbergMarquardt
        (run: Run)
        (options: RegressionOptions)
        progress
        (network: Network)
        g
        x
        (start: Tensor)
        =
        let first, last = options.Regularisation
        let values: Tensor = evaluate network g x

        let missingAt (θ: Tensor) : Tensor =
            Scope.keep (fun () -> Tangent.stacked (values - Network.value network θ x))

        let rec loop step (at: Ascent) : Tensor =
            let error = Scope.free (fun () -> relative options.SmallestScale at.Missing values)

            // After so many rejections round-off is reached: there is no better fit from here.
            let finished = error < options.Tolerance || at.Stalled >= 12

            if step > 0 then
                report run options progress step at.Accepted at.λ error finished

            if finished || step >= options.Steps then
                at.Missing.Dispose()
                at.θ
            else
                Run.stopIfAsked run
                loop (step + 1) (accelerated network missingAt x at |> judge last at)

        loop
            0
            {
                θ = start
                Missing = missingAt start
                λ = first
                Accepted = 0
                Stalled = 0
                Rejected = false
            }

    /// Raises `ArgumentException` for options out of range; the stage that they are of precedes their names.
    let internal check (stage: string) (options: RegressionOptions) : unit =
        let first, last = options.Regularisation
        Guard.positive $"{stage}Regularisation" first
        Guard.positive $"{stage}Regularisation" last
        Guard.positive $"{stage}Tolerance" options.Tolerance
        Guard.notNegative $"{stage}SmallestScale" options.SmallestScale

        if not (options.Momentum >= 0.0 && options.Momentum < 1.0) then
            Guard.fail $"{stage}Momentum" $"found {options.Momentum}, wanted 0 to below 1"

        Guard.atLeast $"{stage}Steps" 1 options.Steps
        Sketch.check $"{stage}Sketch" options.Sketch

    /// <summary>
    /// Parameters θ with which the network comes close to g at the points. Points that are drawn are drawn anew at every step (natural
    /// gradient with line search and falling λ; the right choice in more than two dimensions); given points are fitted by Levenberg and
    /// Marquardt's method.
    /// </summary>
    /// <param name="run">Its seed is that of drawn points; its meter hears of every step. Precision and device are those of <c>start</c>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <param name="start">θ to begin with (p).</param>
    /// <returns>θ (p).</returns>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    let fitFrom
        (run: Run)
        (options: RegressionOptions)
        (network: Network)
        (g: Tensor -> Tensor)
        (collocation: Collocation)
        (start: Tensor)
        : Tensor =
        check "" options
        Guard.vector "start" network.ParameterCount start
        Guard.finite "start" start
        let placement = Placement.ofTensor start
        let progress = run |> Run.phase Phase.Fit 0.0

        Scope.keep (fun () ->
            use _ = torch.no_grad ()

            match collocation with
            | Collocation.Given _ ->
                let x = Collocation.points placement run.Seed collocation
                levenbergMarquardt run options progress network g x (start.clone ())
            | Collocation.Drawn _ ->
                let draw seed =
                    Collocation.points placement seed collocation

                naturalGradient run options progress network g draw (start.clone ()))

    /// <summary><c>fitFrom</c> the network's initial parameters, whose seed, precision and device are those of the run.</summary>
    /// <param name="run">See <c>fitFrom</c>.</param>
    /// <param name="options">How to fit.</param>
    /// <param name="network">u_θ.</param>
    /// <param name="g">The function: points (N × d) to values, N, or N × m for a network of m components.</param>
    /// <param name="collocation">Where to fit.</param>
    /// <returns>θ (p).</returns>
    /// <exception cref="T:System.ArgumentException">g has another shape or is not finite, or arguments do not fit together.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let θ = Regression.fit Run.quiet Regression.defaults network (fun x -&gt; x.squeeze(1L).sin ()) (Collocation.grid circle 128)
    /// </code></example>
    let fit (run: Run) (options: RegressionOptions) (network: Network) g (collocation: Collocation) : Tensor =
        Scope.keep (fun () -> fitFrom run options network g collocation (network.Initial run.Placement run.Seed))
