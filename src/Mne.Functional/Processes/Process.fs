namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// A distribution that can be drawn from exactly and whose density is known.
type Reference =
    {
        /// Draws: placement, seed, count ↦ (N × d).
        Draw: Placement -> int -> int -> Tensor
        /// The normalised log-density: points (N × d) ↦ (N).
        LogDensity: Tensor -> Tensor
    }

/// A Gaussian transition: given x, the distribution N(F x + c, Σ).
type Transition =
    {
        /// F (d × d).
        Matrix: float[,]
        /// c (d).
        Offset: float[]
        /// Σ (d × d).
        Covariance: float[,]
    }

/// A diffusion process dX = b_s(X) ds + σ dW_s (MATH.md §4), with s = s(t) by its schedule.
type Process =
    {
        /// What `show` and reports call it.
        Name: string
        /// The space dimension d.
        Dimension: int
        /// b_s in the process's own time: (s, X (N × d)) ↦ (N × d).
        Drift: float -> Tensor -> Tensor
        /// ∇·b_s: (s, X) ↦ (N).
        DriftDivergence: float -> Tensor -> Tensor
        /// D = σσᵀ, constant in space and in the process's own time.
        Diffusion: Diffusion
        /// How fast the process runs.
        Schedule: Schedule
        /// The distribution that the process forgets its start for, when there is one.
        Stationary: Reference option
        /// The distribution of X a time s (its own) later, where it is Gaussian and known: linear drifts.
        Transition: (float -> Transition) option
    }

/// Diffusion processes, and what they make of an energy u_t = −log ρ_t: its equation, and the flow that carries samples.
[<RequireQualifiedAccess>]
module Process =

    /// The standard normal distribution in d dimensions.
    let standardNormal d : Reference =
        {
            Draw = fun placement seed count -> Random.normal placement seed [ count; d ]
            LogDensity =
                fun points ->
                    Scope.keep (fun () -> -0.5 * points.square().sum 1L - 0.5 * float d * log (2.0 * System.Math.PI))
        }

    /// The normal distribution with the given mean and covariance.
    /// Raises `ArgumentException` unless the covariance is positive definite and fits the mean.
    let normal (mean: float list) (covariance: Diffusion) : Reference =
        let d = mean.Length
        Guard.atLeast "mean" 1 d
        Diffusion.check "covariance" d covariance

        let logDeterminant =
            (Matrix<float>.Build.DenseOfArray(Diffusion.matrix d covariance).Evd Symmetricity.Symmetric).EigenValues
            |> Seq.sumBy (fun v -> log v.Real)

        if not (System.Double.IsFinite logDeterminant) then
            Guard.fail "covariance" "found a singular matrix, wanted a positive definite one"

        let standard = standardNormal d

        let centre points =
            Tensor.ofArray (Placement.ofTensor points) (List.toArray mean)

        {
            Draw =
                fun placement seed count ->
                    Scope.keep (fun () ->
                        let z = standard.Draw placement seed count
                        Diffusion.colour covariance z + centre z)
            LogDensity =
                fun points ->
                    Scope.keep (fun () ->
                        standard.LogDensity(Diffusion.whiten covariance (points - centre points))
                        - 0.5 * logDeterminant)
        }

    /// A process with the drift b_s, its divergence, and D.
    /// Raises `ArgumentException` when D does not fit d, or is not symmetric and positive semi-definite.
    ///
    /// <example><code>
    /// // a particle in the potential Σ cos x_k
    /// let washboard = Process.create 2 (fun _ x -> x.sin ()) (fun _ x -> x.cos().sum 1L) (Isotropic 2.0)
    /// </code></example>
    let create (d: int) drift driftDivergence (diffusion: Diffusion) : Process =
        Guard.atLeast "d" 1 d
        Diffusion.check "diffusion" d diffusion

        {
            Name = "diffusion"
            Dimension = d
            Drift = drift
            DriftDivergence = driftDivergence
            Diffusion = diffusion
            Schedule = Schedule.uniform
            Stationary = None
            Transition = None
        }

    /// The process run at another speed: at time t it is where it was at its own time s(t).
    ///
    /// <example><code>
    /// // slow at first, where the energy changes fastest; at t = 1 as far as at 3 before
    /// let family d = Process.ornsteinUhlenbeck d |> Process.scheduled (Schedule.linear 0.2 5.8 1.0)
    /// </code></example>
    let scheduled (schedule: Schedule) (p: Process) : Process = { p with Schedule = schedule }

    let private constant (value: float) _ (x: Tensor) : Tensor = x.new_full (x.shape[0], value)

    /// The Ornstein–Uhlenbeck process dX = −(X − m) ds + √2 C^½ dW, which forgets its start for N(m, C).
    /// Raises `ArgumentException` unless the covariance C is positive definite and fits the mean m.
    ///
    /// <example><code>
    /// let p = Process.ornsteinUhlenbeckTo [ 1.0; -1.0 ] (Full(array2D [ [ 2.0; 0.5 ]; [ 0.5; 1.0 ] ]))
    /// </code></example>
    let ornsteinUhlenbeckTo (mean: float list) (covariance: Diffusion) : Process =
        let d = mean.Length
        let stationary = normal mean covariance
        let covarianceMatrix = Diffusion.matrix d covariance

        let drift _ (x: Tensor) =
            Tensor.ofArray (Placement.ofTensor x) (List.toArray mean) - x

        { create d drift (constant -(float d)) (Diffusion.scale 2.0 covariance) with
            Name = "Ornstein–Uhlenbeck"
            Stationary = Some stationary
            Transition =
                Some(fun s ->
                    {
                        Matrix = Array2D.init d d (fun i j -> if i = j then exp -s else 0.0)
                        Offset = [| for m in mean -> m * (1.0 - exp -s) |]
                        Covariance = covarianceMatrix |> Array2D.map (fun c -> c * (1.0 - exp (-2.0 * s)))
                    })
        }

    /// The Ornstein–Uhlenbeck process dX = −X ds + √2 dW; it forgets its start for the standard normal distribution.
    let ornsteinUhlenbeck (d: int) : Process =
        Guard.atLeast "d" 1 d

        { ornsteinUhlenbeckTo (List.replicate d 0.0) (Isotropic 1.0) with
            Stationary = Some(standardNormal d)
        }

    let private exponential (m: Matrix<float>) : Matrix<float> =
        Scope.free (fun () ->
            Tensor.ofArray2D Placement.float64 (m.ToArray())
            |> torch.matrix_exp
            |> Tensor.toArray2D
            |> Matrix<float>.Build.DenseOfArray)

    /// F, c and Σ of a linear process a time s later: over a short time by block matrix exponentials (C. Van Loan 1978, "Computing
    /// integrals involving the matrix exponential", IEEE Trans. Automatic Control 23), which is then doubled as often as
    /// needed. The blocks contain e^{−As}; over a long time at once its size would take the digits of Σ.
    let private linearTransition (a: Matrix<float>) (offset: Vector<float>) (diffusion: Matrix<float>) s : Transition =
        let d = a.RowCount
        let zero = Matrix<float>.Build.Dense(d, d)

        let blocks (rows: Matrix<float> list list) =
            Matrix<float>.Build.DenseOfMatrixArray(array2D rows)

        let doublings = max 0 (int (ceil (log (a.InfinityNorm() * s + 1e-300) / log 2.0)))
        let short = s / float (pown 2L doublings)

        let noise =
            exponential (short * blocks [ [ -a; diffusion ]; [ zero; a.Transpose() ] ])

        let f = noise.SubMatrix(d, d, d, d).Transpose()

        let shifted =
            exponential (
                short
                * blocks
                    [
                        [ a; offset.ToColumnMatrix() ]
                        [ zero.SubMatrix(0, 1, 0, d); Matrix.Build.Dense(1, 1) ]
                    ]
            )

        let f, c, covariance =
            ((f, shifted.Column(d, 0, d), f * noise.SubMatrix(0, d, d, d)), seq { 1..doublings })
            ||> Seq.fold (fun (f, c, covariance) _ -> f * f, f * c + c, f * covariance * f.Transpose() + covariance)

        {
            Matrix = f.ToArray()
            Offset = c.ToArray()
            Covariance = (0.5 * (covariance + covariance.Transpose())).ToArray()
        }

    /// The process dX = (A X + c) ds + σ dW. Its transitions are Gaussian and known; where every eigenvalue of A has a
    /// negative real part and noise reaches every direction, it has a stationary normal distribution (Lyapunov's equation,
    /// solved for all its d² unknowns: for d up to a few dozen).
    /// Raises `ArgumentException` when shapes do not fit.
    ///
    /// <example><code>
    /// // a damped oscillator: position and momentum, noise on the momentum
    /// let p = Process.linear (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ]) [ 0.0; 0.0 ] (Diagonal [ 0.0; 4.0 ])
    /// </code></example>
    let linear (matrix: float[,]) (offset: float list) (diffusion: Diffusion) : Process =
        let d = Array2D.length1 matrix
        Guard.atLeast "matrix" 1 d

        if Array2D.length2 matrix <> d then
            Guard.fail "matrix" $"found the shape {d} × {Array2D.length2 matrix}, wanted a square matrix"

        if offset.Length <> d then
            Guard.fail "offset" $"found {offset.Length} numbers, but matrix has {d} rows; give one per row"

        for entry in Seq.append (Seq.cast<float> matrix) offset do
            if not (System.Double.IsFinite entry) then
                Guard.fail "matrix" $"found the entry {entry}, wanted finite numbers"

        Diffusion.check "diffusion" d diffusion
        let a = Matrix<float>.Build.DenseOfArray matrix
        let c = Vector<float>.Build.DenseOfEnumerable offset
        let noise = Matrix<float>.Build.DenseOfArray(Diffusion.matrix d diffusion)

        let stationary =
            if a.Evd().EigenValues |> Seq.exists (fun v -> v.Real > -1e-12) then
                None
            else
                // A C + C Aᵀ = −D as one system for the columns of C, one below the other.
                let identity = Matrix<float>.Build.DenseIdentity d
                let system = identity.KroneckerProduct a + a.KroneckerProduct identity

                let entries =
                    system.Solve(-(Vector<float>.Build.DenseOfArray(noise.ToColumnMajorArray())))

                let covariance = Matrix<float>.Build.DenseOfColumnMajor(d, d, entries)
                let symmetric = 0.5 * (covariance + covariance.Transpose())

                let eigenvalues =
                    (symmetric.Evd Symmetricity.Symmetric).EigenValues |> Seq.map _.Real

                if Seq.min eigenvalues > 1e-12 * Seq.max eigenvalues then
                    Some(normal (List.ofSeq (a.Solve -c)) (Full(symmetric.ToArray())))
                else
                    None

        let drift _ (x: Tensor) =
            let placement = Placement.ofTensor x

            x.mm ((Tensor.ofArray2D placement matrix).t())
            + Tensor.ofArray placement (List.toArray offset)

        { create d drift (constant (a.Trace())) diffusion with
            Name = "linear diffusion"
            Stationary = stationary
            Transition = Some(linearTransition a c noise)
        }

    /// Ornstein–Uhlenbeck noise in the given coordinates only; the others stay where they are.
    let partialNoise (noised: int list) (d: int) : Process =
        let mask = [ for k in 0 .. d - 1 -> if List.contains k noised then 1.0 else 0.0 ]
        let matrix = Array2D.init d d (fun i j -> if i = j then -mask[i] else 0.0)

        { linear matrix (List.replicate d 0.0) (Diagonal [ for m in mask -> 2.0 * m ]) with
            Name = $"Ornstein–Uhlenbeck in the coordinates %A{noised}"
        }

    /// Overdamped Langevin dynamics in the potential U, dX = −∇U ds + √2 dW, whose stationary density is e^{−U} / Z. Give it
    /// that distribution (`Stationary`) where it can be drawn from exactly. Derivatives of U come from automatic
    /// differentiation.
    let langevin (potential: Density) : Process =
        let force _ x = -(Diff.grad potential.Energy x)
        let divergence _ x = -(Diff.laplacian potential.Energy x)

        { create potential.Dimension force divergence (Isotropic 2.0) with
            Name = "Langevin"
        }

    /// Underdamped Langevin dynamics of (q, p) in 2d dimensions, unit mass: dq = p ds, dp = (−∇U(q) − γ p) ds + √(2γ) dW. The
    /// stationary density is e^{−U(q) − |p|²/2} / Z. The noise acts on the momentum p only.
    /// Raises `ArgumentException` unless the friction γ is positive.
    let underdampedLangevin (friction: float) (potential: Density) : Process =
        Guard.positive "friction" friction
        let d = potential.Dimension

        let drift _ (x: Tensor) =
            let q, p = x.narrow (1L, 0L, int64 d), x.narrow (1L, int64 d, int64 d)
            Tensor.concatenate 1L [ p; -(Diff.grad potential.Energy q) - friction * p ]

        let noise = Diagonal(List.replicate d 0.0 @ List.replicate d (2.0 * friction))

        { create (2 * d) drift (constant (-friction * float d)) noise with
            Name = "underdamped Langevin"
        }

    /// b at time t, in the process's own time (N × d).
    let private driftAt (p: Process) (local: Local) : Tensor =
        p.Drift (p.Schedule.Clock local.Time) local.Points

    let private divergenceAt (p: Process) (local: Local) : Tensor =
        p.DriftDivergence (p.Schedule.Clock local.Time) local.Points

    /// The derivatives of u from which ½ tr(D∇²u) is computed.
    let private curvatureNeeds (p: Process) =
        match p.Diffusion with
        | Isotropic _ -> [ Laplacian ]
        | Diagonal cs ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        Partial(k, 2)
            ]
        | Full _ -> Set.toList (Jet.hessianRequest p.Dimension)

    let private gradientNeeds (p: Process) =
        Set.toList (Jet.gradientRequest p.Dimension)

    /// ½ tr(D∇²u) (N).
    let private curvature (p: Process) (jet: Jet) : Tensor =
        match p.Diffusion with
        | Isotropic c -> 0.5 * c * Jet.laplacian jet
        | Diagonal cs ->
            [
                for k, c in List.indexed cs do
                    if c <> 0.0 then
                        0.5 * c * Jet.get (Partial(k, 2)) jet
            ]
            |> List.fold (fun sum term -> sum + term) ((Jet.value jet).zeros_like())
        | Full matrix ->
            let hessian = Jet.hessian jet

            0.5
            * (hessian * Tensor.ofArray2D (Placement.ofTensor hessian) matrix).sum [| 1L; 2L |]

    /// D∇u (N × d).
    let private diffusedGradient (p: Process) (jet: Jet) : Tensor =
        Diffusion.times p.Diffusion (Jet.gradient jet)

    /// The equation of the energy, ∂_t u = β (½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b), less its mean over the points: an additive
    /// constant of u does not matter, and should not cost accuracy.
    let energyEquation (p: Process) : Term =
        let energy (local: Local) =
            let gradient = Jet.gradient local.Jet

            p.Schedule.Rate local.Time
            * (curvature p local.Jet
               - 0.5 * (gradient * diffusedGradient p local.Jet).sum 1L
               - (driftAt p local * gradient).sum 1L
               + divergenceAt p local)

        Term.custom "½ tr(D∇²u) − ½ ∇uᵀD∇u − b·∇u + ∇·b" (curvatureNeeds p @ gradientNeeds p) energy
        |> Term.centred

    /// The equation of w = u − g where g solves the energy's equation and its gradient is known, (t, X (N × d)) ↦ (N × d):
    /// ∂_t w = β (½ tr(D∇²w) − ½ ∇wᵀD∇w − (b + D∇g)·∇w), less its mean over the points.
    let internal remainderEquation (gradientOfKnown: float -> Tensor -> Tensor) (p: Process) : Term =
        let remainder (local: Local) =
            let gradient = Jet.gradient local.Jet
            let known = gradientOfKnown local.Time local.Points

            p.Schedule.Rate local.Time
            * (curvature p local.Jet
               - ((0.5 * diffusedGradient p local.Jet
                   + driftAt p local
                   + Diffusion.times p.Diffusion known)
                  * gradient)
                   .sum
                   1L)

        Term.custom "½ tr(D∇²w) − ½ ∇wᵀD∇w − (b + D∇g)·∇w" (curvatureNeeds p @ gradientNeeds p) remainder
        |> Term.centred

    /// The equation of the density itself, ∂_t ρ = β (−∇·(bρ) + ½ ∇·(D∇ρ)) (Fokker and Planck).
    let densityEquation (p: Process) : Term =
        let density (local: Local) =
            p.Schedule.Rate local.Time
            * (curvature p local.Jet
               - (driftAt p local * Jet.gradient local.Jet).sum 1L
               - divergenceAt p local * Jet.value local.Jet)

        Term.custom "½ ∇·(D∇u) − ∇·(bu)" (curvatureNeeds p @ gradientNeeds p) density

    /// The probability flow v_t = β (b + ½ D∇u) (N × d): it moves samples of ρ_0 to samples of ρ_t without noise.
    let flow (p: Process) (local: Local) : Tensor =
        p.Schedule.Rate local.Time
        * (driftAt p local + 0.5 * diffusedGradient p local.Jet)

    /// ∇·v_t = β (∇·b + ½ tr(D∇²u)) (N): along the flow d/dt log ρ_t(x_t) = −∇·v_t.
    let flowDivergence (p: Process) (local: Local) : Tensor =
        p.Schedule.Rate local.Time * (divergenceAt p local + curvature p local.Jet)

    /// Collocation points that move with the probability flow.
    let flowingPoints (p: Process) : PointDynamics = Moving(gradientNeeds p, flow p)

    /// The distribution of X at time t given X at time 0. Raises `ArgumentException` when the process has no known transition.
    let internal transition (t: float) (p: Process) : Transition =
        match p.Transition with
        | Some transition -> transition (p.Schedule.Clock t)
        | None ->
            Guard.fail
                "process"
                $"{p.Name} has no known transition; simulate it instead (Process.forward, Sde.simulate)"

    /// X at time t given X at time 0 (N × d), by the known transition with the given noise (N × d), which is standard normal where X is
    /// to be distributed as the process says.
    /// Raises `ArgumentException` when the process has no known transition, or points and noise do not fit.
    ///
    /// <example><code>
    /// let noise = Random.normal Placement.float64 1 [ 1000; 2 ]
    /// let later = Process.ornsteinUhlenbeck 2 |> Process.carry 0.5 noise points
    /// </code></example>
    let carry (t: float) (noise: Tensor) (points: Tensor) (p: Process) : Tensor =
        Guard.points "points" p.Dimension points
        Guard.vectors "noise" (Tensor.rows points) p.Dimension noise

        let at = transition t p

        Scope.keep (fun () ->
            let placement = Placement.ofTensor points

            points.mm ((Tensor.ofArray2D placement at.Matrix).t())
            + Tensor.ofArray placement at.Offset
            + Diffusion.colour (Full at.Covariance) noise)

    /// The derivatives of u that the flow and its divergence read.
    let flowNeeds (p: Process) : Set<Derivative> =
        Set.ofList (curvatureNeeds p @ gradientNeeds p)

    /// The process itself as a stochastic differential equation in t.
    let forward (p: Process) : Sde =
        {
            Dimension = p.Dimension
            Drift = fun t x -> p.Drift (p.Schedule.Clock t) x
            Diffusion = p.Diffusion
            Clock = p.Schedule.Clock
        }

    /// The process run backwards from time T, dX = (−b − D∇u) dτ + σ dW with τ = T − t, given ∇u: (t, X (N × d)) ↦ (N × d).
    /// The time of this equation is τ, from 0 to T.
    let reverse (T: float) (gradient: float -> Tensor -> Tensor) (p: Process) : Sde =
        Guard.positive "T" T
        let clock = p.Schedule.Clock

        {
            Dimension = p.Dimension
            Drift =
                fun τ x ->
                    Scope.keep (fun () ->
                        -(p.Drift (clock (T - τ)) x) - Diffusion.times p.Diffusion (gradient (T - τ) x))
            Diffusion = p.Diffusion
            Clock = fun τ -> clock T - clock (T - τ)
        }
