namespace Mne.Functional

open System
open TorchSharp

/// <summary>A named evolution equation ∂_t u = A_t u with the domain on which it is usually studied.</summary>
[<Notebooks.TypeFormatterSource>]
type Equation =
    {
        /// <summary>The usual name.</summary>
        Name: string
        /// <summary>The right-hand side A_t u.</summary>
        Term: Term
        /// <summary>
        /// The domain on which it is usually studied; any other of the same dimension serves as well.
        /// </summary>
        Domain: Domain
        /// <summary>Where it comes from.</summary>
        Source: string
    }

    override equation.ToString() =
        $"{equation.Name}: ∂u/∂t = {Term.show equation.Term}"

/// <summary>Evolution equations by name. Each is a <c>Term</c> with a domain: take the term, or add to it.</summary>
/// <example><code>
/// // with some damping
/// let kdv = Equation.kortewegDeVries
/// let damped = kdv.Term + 0.01 * Term.laplacian
/// let network = Network.create kdv.Domain [ Layer.harmonics 4; Layer.dense 32 Sine ]
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Equation =

    let private circle d =
        Guard.within "d" 1 1_000_000 d
        Domain.periodic (List.replicate d (0.0, 2.0 * Math.PI))

    let private create name source domain term =
        {
            Name = name
            Term = term
            Domain = domain
            Source = source
        }

    /// <summary>u_t = κ Δu in d dimensions, on [0, 2π)^d.</summary>
    /// <param name="κ">Conductivity or diffusion, κ &gt; 0.</param>
    /// <param name="d">Dimension of space.</param>
    let heat (κ: float) (d: int) =
        Guard.real "κ" κ

        create "heat" "J. Fourier, Théorie analytique de la chaleur (1822)" (circle d) (κ * Term.laplacian)

    /// <summary>u_t = −b(t, x)·∇u on ℝ^d; b maps (t, X (N × d)) to N × d.</summary>
    /// <param name="velocity">b: (t, points (N × d)) ↦ (N × d).</param>
    /// <param name="d">Dimension of space.</param>
    let advection (velocity: float -> Tensor -> Tensor) (d: int) =
        create "advection" "a conservation law of transport" (Domain.euclidean d) (-(Term.transport "b" velocity))

    /// <summary>
    /// u_t = ν Δu − u Σ_k ∂_k u in d dimensions, on [0, 2π)^d; for d = 1 the usual viscous Burgers equation.
    /// </summary>
    /// <param name="ν">Viscosity, ν &gt; 0.</param>
    /// <param name="d">Dimension of space.</param>
    let burgers (ν: float) (d: int) =
        Guard.real "ν" ν
        Guard.within "d" 1 1_000_000 d
        let slope = [ for k in 0 .. d - 1 -> Term.partial k 1 ] |> List.reduce (+)

        create "Burgers" "J. M. Burgers, Adv. Appl. Mech. 1 (1948)" (circle d) (ν * Term.laplacian - Term.value * slope)

    /// <summary>u_t = ε Δu + u − u³ in d dimensions, on [0, 2π)^d.</summary>
    /// <param name="ε">Diffusion, ε &gt; 0.</param>
    /// <param name="d">Dimension of space.</param>
    let allenCahn (ε: float) (d: int) =
        Guard.real "ε" ε

        create
            "Allen–Cahn"
            "S. M. Allen and J. W. Cahn, Acta Metall. 27 (1979)"
            (circle d)
            (ε * Term.laplacian + Term.value - Term.pown 3 Term.value)

    /// <summary>u_t = −6 u u_x − u_xxx, on [−20, 40).</summary>
    let kortewegDeVries =
        create
            "Korteweg–de Vries"
            "D. J. Korteweg and G. de Vries, Philos. Mag. 39 (1895)"
            (Domain.periodic [ (-20.0, 40.0) ])
            (-6.0 * Term.value * Term.partial 0 1 - Term.partial 0 3)

    /// <summary>u_t = −u u_x − u_xx − u_xxxx, on [0, 32π): spatio-temporal chaos.</summary>
    let kuramotoSivashinsky =
        create
            "Kuramoto–Sivashinsky"
            "Y. Kuramoto and T. Tsuzuki, Prog. Theor. Phys. 55 (1976); G. I. Sivashinsky, Acta Astronaut. 4 (1977)"
            (Domain.periodic [ (0.0, 32.0 * Math.PI) ])
            (-(Term.value * Term.partial 0 1) - Term.partial 0 2 - Term.partial 0 4)

    /// <summary>u_t = κ Δu + r u (1 − u) in d dimensions, on [0, 2π)^d: an advancing population.</summary>
    /// <param name="κ">Conductivity or diffusion, κ &gt; 0.</param>
    /// <param name="r">Rate of growth.</param>
    /// <param name="d">Dimension of space.</param>
    let fisherKpp (κ: float) (r: float) (d: int) =
        Guard.real "κ" κ
        Guard.real "r" r

        create
            "Fisher–KPP"
            "R. A. Fisher, Ann. Eugen. 7 (1937); A. Kolmogorov, I. Petrovsky and N. Piskunov (1937)"
            (circle d)
            (κ * Term.laplacian + r * Term.value - r * Term.pown 2 Term.value)

    /// <summary>
    /// The density ρ of dX = b(t, X) dt + √(2κ) dW in ℝ^d: ρ_t = −∇·(b ρ) + κ Δρ. Give the drift b, (t, X
    /// (N × d)) ↦ N × d, and its divergence ∇·b, (t, X) ↦ N.
    /// </summary>
    /// <param name="κ">Conductivity or diffusion, κ &gt; 0.</param>
    /// <param name="drift">b: (t, points (N × d)) ↦ (N × d).</param>
    /// <param name="divergence">∇·b: (t, points (N × d)) ↦ (N).</param>
    /// <param name="d">Dimension of space.</param>
    let fokkerPlanckDensity
        (κ: float)
        (drift: float -> Tensor -> Tensor)
        (divergence: float -> Tensor -> Tensor)
        (d: int)
        =
        Guard.real "κ" κ

        create
            "Fokker–Planck (density)"
            "A. D. Fokker, Ann. Phys. 348 (1914); M. Planck (1917)"
            (Domain.euclidean d)
            (κ * Term.laplacian
             - Term.transport "b" drift
             - Term.known "(∇·b)" divergence * Term.value)

    /// <summary>
    /// The energy u = −log ρ of the same diffusion: u_t = κ Δu − κ |∇u|² − b·∇u + ∇·b (docs/mathematics.md §4 with
    /// D = 2κ I).
    /// </summary>
    /// <param name="κ">Conductivity or diffusion, κ &gt; 0.</param>
    /// <param name="drift">b: (t, points (N × d)) ↦ (N × d).</param>
    /// <param name="divergence">∇·b: (t, points (N × d)) ↦ (N).</param>
    /// <param name="d">Dimension of space.</param>
    let fokkerPlanckEnergy
        (κ: float)
        (drift: float -> Tensor -> Tensor)
        (divergence: float -> Tensor -> Tensor)
        (d: int)
        =
        Guard.real "κ" κ

        create
            "Fokker–Planck (energy)"
            "M. Lindsey, arXiv 2502.03645 (2025)"
            (Domain.euclidean d)
            (κ * Term.laplacian - κ * Term.gradientNormSquared - Term.transport "b" drift
             + Term.known "∇·b" divergence)

    /// <summary>
    /// u_t = κ Δu − ½ |∇u|² − V(x): the viscous Hamilton–Jacobi equation of a particle of unit mass in the potential V,
    /// X ↦ N.
    /// </summary>
    /// <param name="κ">Conductivity or diffusion, κ &gt; 0.</param>
    /// <param name="potential">V: points (N × d) ↦ (N).</param>
    /// <param name="d">Dimension of space.</param>
    let hamiltonJacobi (κ: float) (potential: Tensor -> Tensor) (d: int) =
        Guard.real "κ" κ

        create
            "Hamilton–Jacobi"
            "M. G. Crandall and P.-L. Lions, Trans. Am. Math. Soc. 277 (1983)"
            (circle d)
            (κ * Term.laplacian
             - 0.5 * Term.gradientNormSquared
             - Term.known "V" (fun _ x -> potential x))

    /// <summary>
    /// The wave equation w_tt = c² Δw as a first-order system of w and its velocity v: w_t = v, v_t = c² Δw; in d
    /// dimensions, on [0, 2π)^d. Conserves ½∫(v² + c²|∇w|²).
    /// </summary>
    /// <param name="c">Speed of the waves.</param>
    /// <param name="d">Dimension of space.</param>
    let wave (c: float) (d: int) =
        Guard.real "c" c

        create
            "wave"
            "J. le R. d'Alembert, Hist. Acad. Sci. Berlin 3 (1747)"
            (circle d)
            (Term.system [ Term.ofComponent 1 Term.value; c * c * Term.laplacian ])

    /// <summary>
    /// i ψ_t = −½ Δψ + V ψ + g |ψ|² ψ with ψ = a + i b as a system of (a, b), on [−8, 8)^d: a particle of unit mass in
    /// the potential V, (t, X (N × d)) ↦ N; with g ≠ 0 the equation of Gross and Pitaevskii. Conserves ∫|ψ|². The
    /// domain is periodic: V need not be, as long as ψ is small at its ends.
    /// </summary>
    /// <param name="potential">V: (t, points (N × d)) ↦ (N).</param>
    /// <param name="g">Strength of the self-interaction; 0 for one particle.</param>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">A number is not finite, or d is not 1 to 1,000,000.</exception>
    let schroedinger (potential: float -> Tensor -> Tensor) (g: float) (d: int) =
        Guard.real "g" g
        Guard.within "d" 1 1_000_000 d
        let a, b = Term.ofComponent 0, Term.ofComponent 1
        let density = Term.pown 2 (a Term.value) + Term.pown 2 (b Term.value)

        /// Hψ, of its real or its imaginary part.
        let hamiltonian (part: Term -> Term) =
            let linear = -0.5 * part Term.laplacian + Term.known "V" potential * part Term.value

            if g = 0.0 then
                linear
            else
                linear + g * density * part Term.value

        create
            "Schrödinger"
            "E. Schrödinger, Ann. Phys. 384 (1926); E. P. Gross, Nuovo Cimento 20 (1961); L. P. Pitaevskii, Sov. Phys. JETP 13 (1961)"
            (Domain.periodic (List.replicate d (-8.0, 8.0)))
            (Term.system [ hamiltonian b; -(hamiltonian a) ])

    /// <summary>
    /// u_t = D_u Δu − u v² + F (1 − u), v_t = D_v Δv + u v² − (F + k) v in d dimensions, on [0, 2.5)^d: a reaction
    /// whose patterns depend on the feed rate F and the removal rate k (D_u = 2e-5, D_v = 1e-5 in Pearson's study).
    /// </summary>
    /// <param name="diffusion">D_u and D_v.</param>
    /// <param name="feed">F, the feed rate.</param>
    /// <param name="removal">k, the removal rate.</param>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">A number is not finite, or d is not 1 to 1,000,000.</exception>
    let grayScott (diffusion: float * float) (feed: float) (removal: float) (d: int) =
        Guard.real "diffusion" (fst diffusion)
        Guard.real "diffusion" (snd diffusion)
        Guard.real "feed" feed
        Guard.real "removal" removal
        Guard.within "d" 1 1_000_000 d
        let u, v = Term.ofComponent 0 Term.value, Term.ofComponent 1 Term.value
        let reaction = u * Term.pown 2 v

        create
            "Gray–Scott"
            "P. Gray and S. K. Scott, Chem. Eng. Sci. 38 (1983); J. E. Pearson, Science 261 (1993)"
            (Domain.periodic (List.replicate d (0.0, 2.5)))
            (Term.system
                [
                    fst diffusion * Term.ofComponent 0 Term.laplacian - reaction + feed * (1.0 - u)
                    snd diffusion * Term.ofComponent 1 Term.laplacian + reaction
                    - (feed + removal) * v
                ])
