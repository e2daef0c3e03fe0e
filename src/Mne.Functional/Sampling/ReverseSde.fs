namespace Mne.Functional

open TorchSharp

/// The Gaussian step by which the process is run backwards, from y at time t' to x at t < t'.
type ReverseKernel =
    /// One step of the reverse SDE by Euler and Maruyama, with ∇u; any process with noise in every coordinate that moves. Weak
    /// order 1.
    | Euler
    /// The exact mean and covariance of x given y, for processes with a known transition y | x ~ N(F x + c, Σ): with u at time t',
    /// the mean is F⁻¹(y − c − Σ∇u(y)) and the covariance F⁻¹(Σ − Σ∇²u(y)Σ)F⁻ᵀ (Tweedie's formula and its second-order form;
    /// Efron 2011; Meng, Song, Li and Ermon 2021). Only the third cumulant, of order h³, is left out: weak order 2. It needs
    /// all second derivatives of u, so its cost grows with d².
    | Tweedie

/// How to draw by the reverse SDE. Start from `ReverseSde.defaults`.
type ReverseOptions =
    {
        /// The step. Default `Tweedie`.
        Kernel: ReverseKernel
        /// n; steps end at the times T (k/n)², k = n … 0, short where the energy changes fastest. Default 100.
        Steps: int
    }

/// Draws by the reverse SDE, with weights in path space.
[<RequireQualifiedAccess>]
module ReverseSde =

    /// 100 steps by Tweedie's formula.
    let defaults = { Kernel = Tweedie; Steps = 100 }

    /// A process from time 0 to T, and u with the requested derivatives at any t and X.
    type internal Evolved =
        {
            Process: Process
            Duration: float
            Local: Set<Derivative> -> float -> Tensor -> Local
        }

    let private ofSampler (sampler: Sampler) =
        {
            Process = sampler.Process
            Duration = Solution.stop sampler.Solution
            Local = fun request t x -> Sampler.local request t x sampler
        }

    /// The reverse SDE of a sampler, in the time τ = T − t; for `Sde.simulate`, which leaves weights aside.
    ///
    /// <example><code>
    /// let start = Random.normal Placement.float64 1 [ 1000; 2 ]
    /// ReverseSde.equation sampler |> Sde.simulate StochasticHeun 1 [ 0.0 .. 0.03 .. 3.0 ] start
    /// </code></example>
    let equation (sampler: Sampler) : Sde =
        let evolved = ofSampler sampler
        let request = Jet.gradientRequest sampler.Process.Dimension

        sampler.Process
        |> Process.reverse evolved.Duration (fun t x -> Jet.gradient (evolved.Local request t x).Jet)

    let private logSum (squares: Tensor) : Tensor = 0.5 * squares.square().sum 1L

    /// One step by Euler and Maruyama: x, and log f(y | x) − log r(x | y) with the forward step of the same kind.
    let private euler (e: Evolved) (t: float, t': float) (ξ: Tensor) (y: Tensor) : Tensor * Tensor =
        let p = e.Process
        let clock = p.Schedule.Clock
        let h = clock t' - clock t
        let noise = Diffusion.scale h p.Diffusion
        let local = e.Local (Jet.gradientRequest p.Dimension) t' y

        let x =
            y
            - h
              * (p.Drift (clock t') y + Diffusion.times p.Diffusion (Jet.gradient local.Jet))
            + Diffusion.colour noise ξ

        let residual = y - x - h * p.Drift (clock t) x
        let ζ = Diffusion.whiten noise residual
        let unreached = residual - Diffusion.colour noise ζ

        if Tensor.rms unreached > 1e-9 * (Tensor.rms y + 1e-300) then
            Guard.fail
                "process"
                $"{p.Name} moves in directions without noise, where Euler steps have no density; use the kernel Tweedie, or Sampler.draw"

        // Noise only counts in directions that it reaches; the normalising constants are the same and cancel.
        let reached = Diffusion.whiten noise (Diffusion.colour noise ξ)
        x, logSum reached - logSum ζ

    /// One step with the exact posterior mean and covariance: x, and log f(y | x) − log r(x | y) with the exact forward transition.
    let private tweedie (e: Evolved) (t: float, t': float) (ξ: Tensor) (y: Tensor) : Tensor * Tensor =
        let p = e.Process

        match p.Transition with
        | None ->
            Guard.fail
                "Kernel"
                $"Tweedie needs a process whose transitions are known, which {p.Name} is not; use Process.linear or the kernel Euler"
        | Some transition ->
            let d = p.Dimension
            let clock = p.Schedule.Clock
            let forward = transition (clock t' - clock t)

            let place (matrix: float[,]) =
                Tensor.ofArray2D (Placement.ofTensor y) matrix
            // Small matrices: factorised in double precision, whatever the precision of the points.
            let f = Tensor.ofArray2D Placement.float64 forward.Matrix

            let struct (l, failed) =
                torch.linalg.cholesky_ex (Tensor.ofArray2D Placement.float64 forward.Covariance)

            if Tensor.toFloat failed <> 0.0 then
                Guard.fail
                    "process"
                    $"{p.Name} has no noise in some direction, so its steps have no density; use Sampler.draw"

            let inverse = place (Tensor.toArray2D (torch.linalg.inv f))
            let logDeterminant = Tensor.toFloat ((torch.linalg.det f).abs().log())
            let root = place (Tensor.toArray2D l)

            let request = Set.union (Jet.gradientRequest d) (Jet.hessianRequest d)
            let local = e.Local request t' y
            let slope = (Jet.gradient local.Jet).mm root // Lᵀ∇u, by rows
            let curvature = root.t().matmul((Jet.hessian local.Jet).matmul root) // Lᵀ∇²u L
            let struct (λ, q) = torch.linalg.eigh curvature
            // I − Lᵀ∇²u L is positive for the exact u, of the size of F² in the stationary distribution; an approximate u must not
            // make it otherwise.
            let floor = 1e-3 * min 1.0 (exp (2.0 * logDeterminant / float d))
            let spread = (1.0 - λ).clamp_min floor
            let kick = q.matmul((spread.sqrt () * ξ).unsqueeze 2L).squeeze 2L
            let offset = Tensor.ofArray (Placement.ofTensor y) forward.Offset
            // x = F⁻¹(y − c − L (slope − kick)), so that y − c − F x = L ζ:
            let ζ = slope - kick
            let x = (y - offset - ζ.mm (root.t ())).mm(inverse.t ())
            x, logSum ξ - logSum ζ + 0.5 * spread.log().sum 1L - logDeterminant

    /// The times of the steps, from T down to 0.
    let private times (options: ReverseOptions) (T: float) =
        [
            for k in options.Steps .. -1 .. 0 -> T * (float k / float options.Steps) ** 2.0
        ]

    /// Points at time 0 and Σ log f − Σ log r along their paths, from points y at T.
    let internal carry
        (options: ReverseOptions)
        (onStep: int -> unit)
        (seed: int)
        (e: Evolved)
        (start: Tensor)
        : Tensor * Tensor =
        let placement = Placement.ofTensor start
        let m, d = Tensor.rows start, e.Process.Dimension

        let kernel =
            match options.Kernel with
            | Euler -> euler
            | Tweedie -> tweedie

        ((start.clone (), start.new_zeros (int64 m)), List.indexed (List.pairwise (times options e.Duration)))
        ||> List.fold (fun (y, logRatio) (k, (t', t)) ->
            let next =
                Scope.keepAll (fun (x, l) -> [ x; l ]) (fun () ->
                    let ξ = Random.normal placement (Random.child k seed) [ m; d ]
                    let x, l = kernel e (t, t') ξ y
                    Guard.finite $"the points at t = {t:G4}" x
                    x, logRatio + l)

            y.Dispose()
            logRatio.Dispose()
            onStep (k + 1)
            next)

    /// `count` draws by the reverse SDE: points of the reference distribution π at T, carried back by Gaussian steps r(x | y). Their
    /// weights compare the whole path with the process itself, run forwards from e^{−V} with Gaussian steps f(y | x),
    ///
    ///     w = e^{−V(x_0)} Π f(x_{k+1} | x_k) / (π(x_T) Π r(x_k | x_{k+1})),
    ///
    /// both as discrete as they are: E[w] = Z holds for any number of steps and any error of u. Points and noise depend on the seed.
    /// Raises `ArgumentException` when the kernel does not suit the process, or when points do not stay finite.
    let drawSeeded (options: ReverseOptions) (seed: int) (count: int) (sampler: Sampler) : Draws =
        Guard.atLeast "Steps" 1 options.Steps
        Guard.atLeast "count" 1 count
        let clock = System.Diagnostics.Stopwatch.StartNew()
        let reference = Sampler.reference sampler
        let own = sampler.Options
        let evolved = ofSampler sampler
        let seed = Random.child seed (Random.child 7 own.Seed)
        own.Meter(Progress.started "draw" evolved.Duration)

        let batch index (first, length) =
            let report k =
                own.Cancellation.ThrowIfCancellationRequested()
                NativeMemory.settle ()

                let fraction =
                    (float first + float (k * length) / float options.Steps) / float count

                own.Meter
                    { Progress.started "draw" (evolved.Duration * (1.0 - float k / float options.Steps) ** 2.0) with
                        Fraction = fraction
                        Accepted = k
                        Elapsed = clock.Elapsed
                        Remaining = Progress.remaining fraction clock.Elapsed
                    }

            Scope.keepAll (fun (x, l) -> [ x; l ]) (fun () ->
                let seed = Random.child index seed
                let start = reference.Draw own.Placement (Random.child 0 seed) length
                let x, logRatio = carry options report (Random.child 1 seed) evolved start
                x, logRatio - reference.LogDensity start)

        Scope.keepAll (fun draws -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            let parts =
                [
                    for first in 0 .. own.DrawBatch .. count - 1 -> first, min own.DrawBatch (count - first)
                ]
                |> List.mapi batch

            let points = Tensor.concatenate 0L (List.map fst parts)
            let logRatio = Tensor.concatenate 0L (List.map snd parts)

            {
                Points = points
                LogProposal = -logRatio
                LogWeights = logRatio - sampler.Target.Energy points
            })

    /// `drawSeeded` with the seed 0.
    ///
    /// <example><code>
    /// let draws = sampler |> ReverseSde.draw ReverseSde.defaults 4000
    /// Importance.effectiveSampleSize draws, Importance.logNormaliser draws
    /// </code></example>
    let draw (options: ReverseOptions) (count: int) (sampler: Sampler) : Draws = drawSeeded options 0 count sampler
