namespace Mne.Functional

open TorchSharp

/// <summary>The Gaussian step by which the process is run backwards, from y at time t' to x at t &lt; t'.</summary>
[<RequireQualifiedAccess>]
type ReverseKernel =
    /// <summary>
    /// One step of the reverse SDE by Euler and Maruyama, with ∇u; any process with noise in every coordinate that
    /// moves. Weak order 1.
    /// </summary>
    | Euler
    /// <summary>
    /// The exact mean and covariance of x given y, for processes with a known transition y | x ~ N(F x + c, Σ): with u
    /// at time t', the mean is F⁻¹(y − c − Σ∇u(y)) and the covariance F⁻¹(Σ − Σ∇²u(y)Σ)F⁻ᵀ (Tweedie's formula and its
    /// second-order form; Efron 2011; Meng, Song, Li and Ermon 2021). Only the third cumulant, of order h³, is left
    /// out: weak order 2. It needs all second derivatives of u, so its cost grows with d².
    /// </summary>
    | Tweedie

/// <summary>How to draw by the reverse SDE. Start from <c>ReverseSde.defaults</c>.</summary>
[<Notebooks.TypeFormatterSource>]
type ReverseOptions =
    {
        /// <summary>The step. Default <c>Tweedie</c>.</summary>
        Kernel: ReverseKernel
        /// <summary>
        /// n; steps end at the times T (k/n)², k = n … 0, short where the energy changes fastest. Default 100.
        /// </summary>
        Steps: int
    }

/// <summary>Draws by the reverse SDE, with weights in path space.</summary>
[<RequireQualifiedAccess>]
module ReverseSde =

    /// <summary>100 steps by Tweedie's formula.</summary>
    let defaults =
        {
            Kernel = ReverseKernel.Tweedie
            Steps = 100
        }

    /// <summary>
    /// The reverse SDE of a sampler, in the time τ = T − t; for <c>Sde.simulate</c>, which leaves weights aside.
    /// </summary>
    /// <example><code>
    /// let start = Random.normal Placement.float64 1 [ 1000; 2 ]
    /// ReverseSde.equation sampler |&gt; Sde.simulate SdeScheme.StochasticHeun 1 [ 0.0 .. 0.03 .. 3.0 ] start
    /// </code></example>
    let equation (sampler: Sampler) : Sde =
        let energy = sampler.Energy

        energy.Process
        |> Process.reverse energy.Duration (fun t x -> Energy.gradient t x energy)

    /// u with the requested derivatives at any time and points.
    type internal Reader = Set<Derivative> -> float -> Tensor -> Local

    let private logSum (squares: Tensor) : Tensor = 0.5 .* squares.Square().sum 1L

    /// One step by Euler and Maruyama: x, and log f(y | x) − log r(x | y) with the forward step of the same kind.
    let private euler (p: Process) (read: Reader) (t: float, t': float) (ξ: Tensor) (y: Tensor) : Tensor * Tensor =
        let clock = p.Schedule.Clock
        let h = clock t' - clock t
        let noise = Covariance.scale h p.Diffusion
        let local = read (Jet.gradientRequest p.Dimension) t' y

        let x =
            y
            - h
              .* (p.Drift (clock t') y .+ Covariance.times p.Diffusion (Jet.gradient local.Jet))
            .+ Covariance.colour noise ξ

        let residual = y - x - h .* p.Drift (clock t) x
        let ζ = Covariance.whiten noise residual
        let unreached = residual - Covariance.colour noise ζ

        if Tensor.rms unreached > 1e-9 * (Tensor.rms y + 1e-300) then
            Guard.fail
                "process"
                $"{p.Name} moves in directions without noise, where Euler steps have no density; use the kernel Tweedie, or Sampler.draw"

        // Noise only counts in directions that it reaches; the normalising constants are the same and cancel.
        let reached = Covariance.whiten noise (Covariance.colour noise ξ)
        x, logSum reached - logSum ζ

    /// One step with the exact posterior mean and covariance: x, and log f(y | x) − log r(x | y) with the exact forward transition.
    let private tweedie (p: Process) (read: Reader) (t: float, t': float) (ξ: Tensor) (y: Tensor) : Tensor * Tensor =

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
            let local = read request t' y
            let slope = (Jet.gradient local.Jet).mm root // Lᵀ∇u, by rows
            let curvature = root.t().matmul((Jet.hessian local.Jet).matmul root) // Lᵀ∇²u L
            let struct (λ, q) = torch.linalg.eigh curvature
            // I − Lᵀ∇²u L is positive for the exact u, of the size of F² in the stationary distribution; an approximate u must not
            // make it otherwise.
            let floor = 1e-3 * min 1.0 (exp (2.0 * logDeterminant / float d))
            let spread = (1.0 .- λ).ClampMin floor
            let kick = q.matmul((spread.sqrt () * ξ).unsqueeze 2L).squeeze 2L
            let offset = Tensor.ofArray (Placement.ofTensor y) forward.Offset
            // x = F⁻¹(y − c − L (slope − kick)), so that y − c − F x = L ζ:
            let ζ = slope - kick
            let x = (y - offset - ζ.mm (root.t ())).mm(inverse.t ())
            x, logSum ξ - logSum ζ .+ 0.5 .* spread.log().sum 1L .- logDeterminant

    /// The times of the steps, from T down to 0.
    let private times (options: ReverseOptions) (T: float) =
        [
            for k in options.Steps .. -1 .. 0 -> T * (float k / float options.Steps) ** 2.0
        ]

    /// Points at time 0 and Σ log f − Σ log r along their paths, from points y (M × d) at T, for a process and the energy that `read` reads.
    let internal carry
        (options: ReverseOptions)
        (onStep: int -> unit)
        (seed: int)
        (p: Process)
        (read: Reader)
        (T: float)
        (start: Tensor)
        : Tensor * Tensor =
        let placement = Placement.ofTensor start
        let m, d = Tensor.rows start, p.Dimension

        let kernel =
            match options.Kernel with
            | ReverseKernel.Euler -> euler
            | ReverseKernel.Tweedie -> tweedie

        ((start.clone (), start.new_zeros (int64 m)), List.indexed (List.pairwise (times options T)))
        ||> List.fold (fun (y, logRatio) (k, (t', t)) ->
            let next =
                Scope.keepAll (fun (x, l) -> [ x; l ]) (fun () ->
                    let ξ = Random.normal placement (Seed.child k seed) [ m; d ]
                    let x, l = kernel p read (t, t') ξ y
                    Guard.finite $"the points at t = {t:G4}" x
                    x, logRatio .+ l)

            y.Dispose()
            logRatio.Dispose()
            onStep (k + 1)
            next)

    /// <summary>
    /// Draws by the reverse SDE: points of the reference distribution π at T, carried back by Gaussian steps r(x | y). Their weights compare the
    /// whole path with the process itself, run forwards from e^{−V} with Gaussian steps f(y | x),
    /// w = e^{−V(x_0)} Π f(x_{k+1} | x_k) / (π(x_T) Π r(x_k | x_{k+1})), both as discrete as they are: E[w] = Z holds for any number of
    /// steps and any error of u.
    /// </summary>
    /// <param name="run">Points and noise depend on its seed; at most <c>Rows</c> paths are followed at a time.</param>
    /// <param name="options">The kind of step, and how many.</param>
    /// <param name="count">M, how many draws.</param>
    /// <param name="sampler">The sampler.</param>
    /// <exception cref="T:System.ArgumentException">The kernel does not suit the process, or points do not stay finite.</exception>
    /// <exception cref="T:System.OperationCanceledException">The run was asked to stop.</exception>
    /// <example><code>
    /// let draws = sampler |&gt; ReverseSde.draw Run.quiet ReverseSde.defaults 4000
    /// Importance.effectiveSampleSize draws, Importance.logNormaliser draws
    /// </code></example>
    let draw (run: Run) (options: ReverseOptions) (count: int) (sampler: Sampler) : Draws =
        Guard.within "Steps" 1 10_000_000 options.Steps
        Guard.atLeast "count" 1 count
        Guard.fits "count" count sampler.Energy.Process.Dimension
        Run.check run
        let reference, energy = Sampler.reference sampler, sampler.Energy
        let T = energy.Duration
        let read request t x = Energy.local request t x energy
        let seed = Stream.drawing Stream.ReverseSde run
        let at = run |> Run.phase Phase.Draw T

        let batch (piece: Piece) =
            let report k =
                Run.stopIfAsked run
                NativeMemory.settle ()

                let fraction =
                    (float piece.Start + float (k * piece.Length) / float options.Steps)
                    / float count

                run.Meter
                    { at (T * (1.0 - float k / float options.Steps) ** 2.0) fraction with
                        Accepted = k
                    }

            let seed = Seed.child piece.Index seed

            let start =
                reference.Draw (Energy.placement energy) (Seed.child 0 seed) piece.Length

            let x, logRatio =
                carry options report (Seed.child 1 seed) energy.Process read T start

            [ x; logRatio - reference.LogDensity start ]

        Draws.keep (fun () ->
            use like = Tensor.zeros (Energy.placement energy) [ 1 ]
            let parts = Rows.shared run like [ [ energy.Process.Dimension ]; [] ] count batch
            Draws.weigh sampler.Target parts[0] -parts[1])
