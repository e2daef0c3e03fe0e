namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// <summary>A Gaussian transition: given x, the distribution N(F x + c, Σ).</summary>
[<Notebooks.TypeFormatterSource>]
type Transition =
    {
        /// <summary>F (d × d).</summary>
        Matrix: float[,]
        /// <summary>c (d).</summary>
        Offset: float[]
        /// <summary>Σ (d × d).</summary>
        Covariance: float[,]
    }

/// <summary>
/// A diffusion process dX = b_s(X) ds + σ dW_s (docs/mathematics.md §4), with s = s(t) by its schedule.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Process =
    {
        /// <summary>What <c>show</c> and reports call it.</summary>
        Name: string
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>b_s in the process's own time: (s, X (N × d)) ↦ (N × d).</summary>
        Drift: float -> Tensor -> Tensor
        /// <summary>∇·b_s: (s, X) ↦ (N).</summary>
        DriftDivergence: float -> Tensor -> Tensor
        /// <summary>D = σσᵀ, constant in space and in the process's own time.</summary>
        Diffusion: Covariance
        /// <summary>How fast the process runs.</summary>
        Schedule: Schedule
        /// <summary>The distribution that the process forgets its start for, when there is one.</summary>
        Stationary: Reference option
        /// <summary>
        /// The distribution of X a time s (its own) later, where it is Gaussian and known: linear drifts.
        /// </summary>
        Transition: (float -> Transition) option
    }

/// <summary>
/// Diffusion processes, and what they make of an energy u_t = −log ρ_t: its equation, and the flow that carries
/// samples.
/// </summary>
[<RequireQualifiedAccess>]
module Process =

    /// <summary>A process with the drift b_s, its divergence, and D.</summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="drift">b: (s, points (N × d)) ↦ (N × d).</param>
    /// <param name="driftDivergence">∇·b: (s, points (N × d)) ↦ (N).</param>
    /// <param name="diffusion">D = σσᵀ (d × d).</param>
    /// <exception cref="T:System.ArgumentException">D does not fit d, or is not symmetric and positive
    /// semi-definite; when used, if a function returns another shape.</exception>
    /// <example><code>
    /// // a particle in the potential Σ cos x_k
    /// let washboard = Process.create 2 (fun _ x -&gt; x.sin ()) (fun _ x -&gt; x.cos().sum 1L) (Covariance.Isotropic 2.0)
    /// </code></example>
    let create (d: int) drift driftDivergence (diffusion: Covariance) : Process =
        Guard.atLeast "d" 1 d
        Covariance.check "diffusion" d diffusion

        {
            Name = "diffusion"
            Dimension = d
            Drift =
                fun s x ->
                    let b = Lent.one (drift s) x
                    Guard.vectors "drift" (Tensor.rows x) d b
                    b
            DriftDivergence =
                fun s x ->
                    let divergence = Lent.one (driftDivergence s) x
                    Guard.vector "driftDivergence" (Tensor.rows x) divergence
                    divergence
            Diffusion = diffusion
            Schedule = Schedule.uniform
            Stationary = None
            Transition = None
        }

    /// <summary>The process run at another speed: at time t it is where it was at its own time s(t).</summary>
    /// <param name="schedule">The speed β(t) of the process.</param>
    /// <param name="p">The diffusion process.</param>
    /// <example><code>
    /// // slow at first, where the energy changes fastest; at t = 1 as far as at 3 before
    /// let family d = Process.ornsteinUhlenbeck d |&gt; Process.scheduled (Schedule.linear 0.2 5.8 1.0)
    /// </code></example>
    let scheduled (schedule: Schedule) (p: Process) : Process = { p with Schedule = schedule }

    let private constant (value: float) _ (x: Tensor) : Tensor = x.NewFull(x.shape[0], value)

    /// <summary>
    /// The Ornstein–Uhlenbeck process dX = −(X − m) ds + √2 C^½ dW, which forgets its start for N(m, C).
    /// </summary>
    /// <param name="mean">m, one number per coordinate (d).</param>
    /// <param name="covariance">C (d × d), positive definite.</param>
    /// <exception cref="T:System.ArgumentException">Unless the covariance C is positive definite and fits the mean
    /// m.</exception>
    /// <example><code>
    /// let p = Process.ornsteinUhlenbeckTo [ 1.0; -1.0 ] (Covariance.Full(array2D [ [ 2.0; 0.5 ]; [ 0.5; 1.0 ] ]))
    /// </code></example>
    let ornsteinUhlenbeckTo (mean: float list) (covariance: Covariance) : Process =
        let d = mean.Length
        let stationary = Reference.normal mean covariance
        let covarianceMatrix = Covariance.matrix d covariance

        let drift _ (x: Tensor) =
            Tensor.ofArray (Placement.ofTensor x) (List.toArray mean) - x

        { create d drift (constant -(float d)) (Covariance.scale 2.0 covariance) with
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

    /// <summary>
    /// The Ornstein–Uhlenbeck process dX = −X ds + √2 dW; it forgets its start for the standard normal distribution.
    /// </summary>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">d is not 1 to 10,000.</exception>
    let ornsteinUhlenbeck (d: int) : Process =
        Guard.within "d" 1 10_000 d

        { ornsteinUhlenbeckTo (List.replicate d 0.0) (Covariance.Isotropic 1.0) with
            Stationary = Some(Reference.standardNormal d)
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

    /// <summary>
    /// The process dX = (A X + c) ds + σ dW. Its transitions are Gaussian and known; where every eigenvalue of A has a
    /// negative real part and noise reaches every direction, it has a stationary normal distribution (Lyapunov's
    /// equation, solved for all its d² unknowns: for d up to a few dozen).
    /// </summary>
    /// <param name="matrix">A (d × d).</param>
    /// <param name="offset">c (d).</param>
    /// <param name="diffusion">D = σσᵀ (d × d).</param>
    /// <exception cref="T:System.ArgumentException">Shapes do not fit.</exception>
    /// <example><code>
    /// // a damped oscillator: position and momentum, noise on the momentum
    /// let p = Process.linear (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ]) [ 0.0; 0.0 ] (Covariance.Diagonal [ 0.0; 4.0 ])
    /// </code></example>
    let linear (matrix: float[,]) (offset: float list) (diffusion: Covariance) : Process =
        let d = Array2D.length1 matrix
        Guard.atLeast "matrix" 1 d

        if Array2D.length2 matrix <> d then
            Guard.fail "matrix" $"found the shape {d} × {Array2D.length2 matrix}, wanted a square matrix"

        if offset.Length <> d then
            Guard.fail "offset" $"found {offset.Length} numbers, but matrix has {d} rows; give one per row"

        for entry in Seq.append (Seq.cast<float> matrix) offset do
            if not (System.Double.IsFinite entry) then
                Guard.fail "matrix" $"found the entry {entry}, wanted finite numbers"

        Covariance.check "diffusion" d diffusion
        let a = Matrix<float>.Build.DenseOfArray matrix
        let c = Vector<float>.Build.DenseOfEnumerable offset
        let noise = Matrix<float>.Build.DenseOfArray(Covariance.matrix d diffusion)

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
                    Some(Reference.normal (List.ofSeq (a.Solve -c)) (Covariance.Full(symmetric.ToArray())))
                else
                    None

        let drift _ (x: Tensor) =
            let placement = Placement.ofTensor x

            x.mm ((Tensor.ofArray2D placement matrix).t())
            .+ Tensor.ofArray placement (List.toArray offset)

        { create d drift (constant (a.Trace())) diffusion with
            Name = "linear diffusion"
            Stationary = stationary
            Transition = Some(linearTransition a c noise)
        }

    /// <summary>Ornstein–Uhlenbeck noise in the given coordinates only; the others stay where they are.</summary>
    /// <param name="noised">Coordinates that are noised, counted from 0.</param>
    /// <param name="d">Dimension of space.</param>
    let partialNoise (noised: int list) (d: int) : Process =
        Guard.within "d" 1 10_000 d
        let mask = [ for k in 0 .. d - 1 -> if List.contains k noised then 1.0 else 0.0 ]
        let matrix = Array2D.init d d (fun i j -> if i = j then -mask[i] else 0.0)

        { linear matrix (List.replicate d 0.0) (Covariance.Diagonal [ for m in mask -> 2.0 * m ]) with
            Name = $"Ornstein–Uhlenbeck in the coordinates %A{noised}"
        }

    /// <summary>
    /// Overdamped Langevin dynamics in the potential U, dX = −∇U ds + √2 dW, whose stationary density is e^{−U} / Z.
    /// Give it that distribution (<c>Stationary</c>) where it can be drawn from exactly. Derivatives of U come from
    /// automatic differentiation.
    /// </summary>
    let langevin (potential: Density) : Process =
        let force _ x = -(Diff.grad potential.Energy x)
        let divergence _ x = -(Diff.laplacian potential.Energy x)

        { create potential.Dimension force divergence (Covariance.Isotropic 2.0) with
            Name = "Langevin"
        }

    /// <summary>
    /// Underdamped Langevin dynamics of (q, p) in 2d dimensions, unit mass: dq = p ds, dp = (−∇U(q) − γ p) ds + √(2γ)
    /// dW. The stationary density is e^{−U(q) − |p|²/2} / Z. The noise acts on the momentum p only.
    /// </summary>
    /// <param name="friction">γ &gt; 0.</param>
    /// <param name="potential">e^{−U(q)}, the density of the positions.</param>
    /// <exception cref="T:System.ArgumentException">Unless the friction γ is positive.</exception>
    let underdampedLangevin (friction: float) (potential: Density) : Process =
        Guard.positive "friction" friction
        let d = potential.Dimension

        let drift _ (x: Tensor) =
            let q, p = x.narrow (1L, 0L, int64 d), x.narrow (1L, int64 d, int64 d)
            Tensor.concatenate 1L [ p; -(Diff.grad potential.Energy q) - friction .* p ]

        let noise =
            Covariance.Diagonal(List.replicate d 0.0 @ List.replicate d (2.0 * friction))

        { create (2 * d) drift (constant (-friction * float d)) noise with
            Name = "underdamped Langevin"
        }

    /// The distribution of X at time t given X at time 0. Raises `ArgumentException` when the process has no known transition.
    let internal transition (t: float) (p: Process) : Transition =
        match p.Transition with
        | Some transition -> transition (p.Schedule.Clock t)
        | None ->
            Guard.fail
                "process"
                $"{p.Name} has no known transition; simulate it instead (Process.forward, Sde.simulate)"

    /// <summary>
    /// X at time t given X at time 0 (N × d), by the known transition with the given noise (N × d), which is standard
    /// normal where X is to be distributed as the process says.
    /// </summary>
    /// <param name="t">Time.</param>
    /// <param name="noise">Standard normal numbers (N × d).</param>
    /// <param name="points">X at time 0 (N × d).</param>
    /// <param name="p">The diffusion process.</param>
    /// <exception cref="T:System.ArgumentException">The process has no known transition, or points and noise do not
    /// fit.</exception>
    /// <example><code>
    /// let noise = Random.normal Placement.float64 1 [ 200; 2 ]
    /// let later = Process.ornsteinUhlenbeck 2 |&gt; Process.carry 0.5 noise samples
    /// </code></example>
    let carry (t: float) (noise: Tensor) (points: Tensor) (p: Process) : Tensor =
        Guard.notNegative "t" t
        Guard.points "points" p.Dimension points
        Guard.vectors "noise" (Tensor.rows points) p.Dimension noise

        let at = transition t p

        Scope.keep (fun () ->
            let placement = Placement.ofTensor points

            points.mm ((Tensor.ofArray2D placement at.Matrix).t())
            .+ Tensor.ofArray placement at.Offset
            .+ Covariance.colour (Covariance.Full at.Covariance) noise)

    /// <summary>The process itself as a stochastic differential equation in t.</summary>
    let forward (p: Process) : Sde =
        {
            Dimension = p.Dimension
            Drift = fun t x -> p.Drift (p.Schedule.Clock t) x
            Noise = Noise.Constant p.Diffusion
            Clock = p.Schedule.Clock
        }

    /// <summary>
    /// The process run backwards from time T, dX = (−b − D∇u) dτ + σ dW with τ = T − t, given ∇u: (t, X
    /// (N × d)) ↦ (N × d). The time of this equation is τ, from 0 to T.
    /// </summary>
    /// <param name="T">The time from which it runs back.</param>
    /// <param name="gradient">∇u: (t, points (N × d)) ↦ (N × d).</param>
    /// <param name="p">The diffusion process.</param>
    /// <exception cref="T:System.ArgumentException">Unless T is positive; when simulated, if the gradient has another shape.</exception>
    let reverse (T: float) (gradient: float -> Tensor -> Tensor) (p: Process) : Sde =
        Guard.positive "T" T
        let clock = p.Schedule.Clock

        {
            Dimension = p.Dimension
            Drift =
                fun τ x ->
                    Scope.keep (fun () ->
                        let slope = Lent.one (gradient (T - τ)) x
                        Guard.vectors "gradient" (Tensor.rows x) p.Dimension slope
                        -(p.Drift (clock (T - τ)) x) - Covariance.times p.Diffusion slope)
            Noise = Noise.Constant p.Diffusion
            Clock = fun τ -> clock T - clock (T - τ)
        }
