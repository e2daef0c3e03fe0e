namespace Mne.Functional

open System
open TorchSharp

/// A named evolution equation ∂_t u = A_t u with the domain on which it is usually studied.
type Equation =
    {
        /// The usual name.
        Name: string
        /// The right-hand side A_t u.
        Term: Term
        /// The domain on which it is usually studied; any other of the same dimension serves as well.
        Domain: Domain
        /// Where it comes from.
        Source: string
    }

    override equation.ToString() =
        $"{equation.Name}: ∂u/∂t = {Term.show equation.Term}"

/// Evolution equations by name. Each is a `Term` with a domain: take the term, or add to it.
///
/// <example><code>
/// let kdv = Equation.kortewegDeVries
/// Evolution.solve Evolution.defaults kdv.Term network points start (0.0, 4.0)
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Equation =

    let private circle d =
        Domain.periodic (List.replicate d (0.0, 2.0 * Math.PI))

    let private create name source domain term =
        {
            Name = name
            Term = term
            Domain = domain
            Source = source
        }

    /// u_t = κ Δu in d dimensions, on [0, 2π)^d.
    let heat (κ: float) (d: int) =
        create "heat" "J. Fourier, Théorie analytique de la chaleur (1822)" (circle d) (κ * Term.laplacian)

    /// u_t = −b(t, x)·∇u on ℝ^d; b maps (t, X (N × d)) to N × d.
    let advection (velocity: float -> Tensor -> Tensor) (d: int) =
        create "advection" "a conservation law of transport" (Domain.euclidean d) (-(Term.transport "b" velocity))

    /// u_t = ν Δu − u Σ_k ∂_k u in d dimensions, on [0, 2π)^d; for d = 1 the usual viscous Burgers equation.
    let burgers (ν: float) (d: int) =
        let slope = [ for k in 0 .. d - 1 -> Term.partial k 1 ] |> List.reduce (+)

        create "Burgers" "J. M. Burgers, Adv. Appl. Mech. 1 (1948)" (circle d) (ν * Term.laplacian - Term.value * slope)

    /// u_t = ε Δu + u − u³ in d dimensions, on [0, 2π)^d.
    let allenCahn (ε: float) (d: int) =
        create
            "Allen–Cahn"
            "S. M. Allen and J. W. Cahn, Acta Metall. 27 (1979)"
            (circle d)
            (ε * Term.laplacian + Term.value - Term.pown 3 Term.value)

    /// u_t = −6 u u_x − u_xxx, on [−20, 40).
    let kortewegDeVries =
        create
            "Korteweg–de Vries"
            "D. J. Korteweg and G. de Vries, Philos. Mag. 39 (1895)"
            (Domain.periodic [ (-20.0, 40.0) ])
            (-6.0 * Term.value * Term.partial 0 1 - Term.partial 0 3)

    /// u_t = −u u_x − u_xx − u_xxxx, on [0, 32π): spatio-temporal chaos.
    let kuramotoSivashinsky =
        create
            "Kuramoto–Sivashinsky"
            "Y. Kuramoto and T. Tsuzuki, Prog. Theor. Phys. 55 (1976); G. I. Sivashinsky, Acta Astronaut. 4 (1977)"
            (Domain.periodic [ (0.0, 32.0 * Math.PI) ])
            (-(Term.value * Term.partial 0 1) - Term.partial 0 2 - Term.partial 0 4)

    /// u_t = κ Δu + r u (1 − u) in d dimensions, on [0, 2π)^d: an advancing population.
    let fisherKpp (κ: float) (r: float) (d: int) =
        create
            "Fisher–KPP"
            "R. A. Fisher, Ann. Eugen. 7 (1937); A. Kolmogorov, I. Petrovsky and N. Piskunov (1937)"
            (circle d)
            (κ * Term.laplacian + r * Term.value - r * Term.pown 2 Term.value)

    /// The density ρ of dX = b(t, X) dt + √(2κ) dW in ℝ^d: ρ_t = −∇·(b ρ) + κ Δρ. Give the drift b, (t, X (N × d)) ↦ N × d,
    /// and its divergence ∇·b, (t, X) ↦ N.
    let fokkerPlanckDensity
        (κ: float)
        (drift: float -> Tensor -> Tensor)
        (divergence: float -> Tensor -> Tensor)
        (d: int)
        =
        create
            "Fokker–Planck (density)"
            "A. D. Fokker, Ann. Phys. 348 (1914); M. Planck (1917)"
            (Domain.euclidean d)
            (κ * Term.laplacian
             - Term.transport "b" drift
             - Term.known "(∇·b)" divergence * Term.value)

    /// The energy u = −log ρ of the same diffusion: u_t = κ Δu − κ |∇u|² − b·∇u + ∇·b (MATH.md §4 with D = 2κ I).
    let fokkerPlanckEnergy
        (κ: float)
        (drift: float -> Tensor -> Tensor)
        (divergence: float -> Tensor -> Tensor)
        (d: int)
        =
        create
            "Fokker–Planck (energy)"
            "M. Lindsey, arXiv 2502.03645 (2025)"
            (Domain.euclidean d)
            (κ * Term.laplacian - κ * Term.gradientNormSquared - Term.transport "b" drift
             + Term.known "∇·b" divergence)

    /// u_t = κ Δu − ½ |∇u|² − V(x): the viscous Hamilton–Jacobi equation of a particle of unit mass in the potential V, X ↦ N.
    let hamiltonJacobi (κ: float) (potential: Tensor -> Tensor) (d: int) =
        create
            "Hamilton–Jacobi"
            "M. G. Crandall and P.-L. Lions, Trans. Am. Math. Soc. 277 (1983)"
            (circle d)
            (κ * Term.laplacian
             - 0.5 * Term.gradientNormSquared
             - Term.known "V" (fun _ x -> potential x))

    /// The wave equation w_tt = c² Δw as a first-order system of w and its velocity v: w_t = v, v_t = c² Δw; in d dimensions,
    /// on [0, 2π)^d. Conserves ½∫(v² + c²|∇w|²).
    let wave (c: float) (d: int) =
        create
            "wave"
            "J. le R. d'Alembert, Hist. Acad. Sci. Berlin 3 (1747)"
            (circle d)
            (Term.system [ Term.ofComponent 1 Term.value; c * c * Term.laplacian ])

    /// i ψ_t = −½ Δψ + V ψ + g |ψ|² ψ with ψ = a + i b as a system of (a, b), on [−8, 8)^d: a particle of unit mass in the
    /// potential V, (t, X (N × d)) ↦ N; with g ≠ 0 the equation of Gross and Pitaevskii. Conserves ∫|ψ|².
    /// The domain is periodic: V need not be, as long as ψ is small at its ends.
    let schroedinger (potential: float -> Tensor -> Tensor) (g: float) (d: int) =
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

    /// u_t = D_u Δu − u v² + F (1 − u), v_t = D_v Δv + u v² − (F + k) v in d dimensions, on [0, 2.5)^d: a reaction whose
    /// patterns depend on the feed rate F and the removal rate k (D_u = 2e-5, D_v = 1e-5 in Pearson's study).
    let grayScott (diffusion: float * float) (feed: float) (removal: float) (d: int) =
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
