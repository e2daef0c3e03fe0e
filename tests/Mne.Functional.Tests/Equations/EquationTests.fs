/// Named equations: what they are, and the laws that their right-hand sides keep for every u. Means over an even grid are
/// exact to round-off for the trigonometric polynomials below.
module Mne.Functional.Tests.EquationTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// Random trigonometric polynomials of degree 3 in each coordinate of a torus, with products of coordinates in two
/// dimensions: their powers up to the fourth are integrated exactly by 32 points.
type private Wave = { Dimension: int; Seed: int }

type private Waves =
    static member Wave() =
        Arb.fromGen (
            Gen.map2 (fun d seed -> { Dimension = d; Seed = seed }) (Gen.choose (1, 2)) (Gen.choose (0, 100_000))
        )

let private torus d =
    Domain.periodic (List.replicate d (0.0, 2.0 * Math.PI))

/// Σ_k a_k cos(k·x + phase_k) over some k, for each of m components.
let private waves (wave: Wave) m =
    let frequencies: Tensor =
        Tensor.ofArray2D
            double
            (if wave.Dimension = 1 then
                 array2D [ [ 0.0 ]; [ 1.0 ]; [ 2.0 ]; [ 3.0 ] ]
             else
                 array2D [ [ 0.0; 0.0 ]; [ 1.0; 0.0 ]; [ 0.0; 2.0 ]; [ 2.0; 1.0 ]; [ 1.0; -1.0 ] ])

    let count = Tensor.rows frequencies
    let phases = 3.0 * Check.normal (wave.Seed + 1) [ count ]

    Network.ofVectorFunction (torus wave.Dimension) m (m * count) (fun p _ -> Tensor.ones p [ m * count ]) (fun θ x ->
        (x.mm (frequencies.t ()) + phases).cos().mm((θ.view (int64 m, int64 count)).t()))

let private grid d =
    Collocation.points double 0 (Collocation.grid (torus d) 32)

/// The jet of a random wave with m components on the grid.
let private jet wave m request =
    let network = waves wave m
    Network.jet request network (Check.normal wave.Seed [ network.ParameterCount ]) (grid wave.Dimension)

/// u (all derivatives of a request) and A u, for a term.
let private evaluated wave m more term =
    let d = wave.Dimension
    let jet = jet wave m (Set.union (Set.ofList more) (Term.needs d term))

    jet,
    Term.evaluate
        term
        {
            Time = 0.3
            Points = grid d
            Jet = jet
        }

/// A mean that ought to be 0, on the scale of what is averaged.
let private vanishes message (values: Tensor) =
    let scale = Tensor.rms values + 1e-300
    let mean = Tensor.toFloat (values.mean ())
    Expect.isLessThan (abs mean / scale) 1e-11 message

let private law name check =
    Check.lawOf [ typeof<Waves> ] 20 name (fun (wave: Wave) ->
        use _ = torch.NewDisposeScope()
        check wave)

/// A law in one dimension.
let private lawOnCircle name check =
    law name (fun wave -> check { wave with Dimension = 1 })

/// A drift on the torus and its divergence.
let private drift (t: float) (x: Tensor) : Tensor = (x + t).sin() + 0.3 * x.flip(1L).cos()

let private divergence (t: float) (x: Tensor) : Tensor =
    let own = (x + t).cos().sum 1L
    if x.shape[1] = 1L then own - 0.3 * x.sin().sum 1L else own

[<Tests>]
let tests =
    testList
        "Equation"
        [
            test "equations print as they are known" {
                let zero _ (x: Tensor) = torch.zeros_like x

                for equation, text in
                    [
                        Equation.heat 0.5 2, "heat: ∂u/∂t = 0.5 Δu"
                        Equation.advection zero 3, "advection: ∂u/∂t = −b·∇u"
                        Equation.burgers 0.01 1, "Burgers: ∂u/∂t = 0.01 Δu − u ∂₀u"
                        Equation.burgers 0.01 2, "Burgers: ∂u/∂t = 0.01 Δu − u (∂₀u + ∂₁u)"
                        Equation.allenCahn 0.005 1, "Allen–Cahn: ∂u/∂t = 0.005 Δu + u − u³"
                        Equation.kortewegDeVries, "Korteweg–de Vries: ∂u/∂t = −6 u ∂₀u − ∂₀³u"
                        Equation.kuramotoSivashinsky, "Kuramoto–Sivashinsky: ∂u/∂t = −u ∂₀u − ∂₀²u − ∂₀⁴u"
                        Equation.fisherKpp 0.1 2.0 1, "Fisher–KPP: ∂u/∂t = 0.1 Δu + 2 u − 2 u²"
                        Equation.hamiltonJacobi 0.1 (zero 0.0) 1, "Hamilton–Jacobi: ∂u/∂t = 0.1 Δu − 0.5 |∇u|² − V"
                        Equation.fokkerPlanckDensity 0.5 zero zero 2,
                        "Fokker–Planck (density): ∂u/∂t = 0.5 Δu − b·∇u − (∇·b) u"
                        Equation.fokkerPlanckEnergy 0.5 zero zero 2,
                        "Fokker–Planck (energy): ∂u/∂t = 0.5 Δu − 0.5 |∇u|² − b·∇u + ∇·b"
                    ] do
                    Expect.equal (string equation) text "text"
                    Expect.isNotEmpty equation.Source "source"
                    // Every derivative exists on the domain.
                    let d = equation.Domain.Dimension
                    Expect.isNonEmpty (Jet.closure d (Term.needs d equation.Term)) "domain"
            }

            law "linear equations are linear: A(au + bv) = a Au + b Av" (fun wave ->
                let d = wave.Dimension

                for term in
                    [
                        (Equation.heat 0.3 d).Term
                        (Equation.advection drift d).Term
                        (Equation.fokkerPlanckDensity 0.3 drift divergence d).Term
                        (Equation.wave 1.7 d).Term
                        (Equation.schroedinger (fun _ x -> x.cos().sum 1L) 0.0 d).Term
                    ] do
                    let m = Term.components term
                    let network = waves wave m

                    let θ, θ' =
                        Check.normal wave.Seed [ network.ParameterCount ],
                        Check.normal (wave.Seed + 7) [ network.ParameterCount ]

                    let value θ =
                        Term.evaluate
                            term
                            {
                                Time = 0.3
                                Points = grid d
                                Jet = Network.jet (Term.needs d term) network θ (grid d)
                            }

                    Check.close 1e-12 (Term.show term) (value (2.0 * θ - 0.7 * θ')) (2.0 * value θ - 0.7 * value θ'))

            law "Fokker and Planck's equation keeps the mass, whatever the drift" (fun wave ->
                let term = (Equation.fokkerPlanckDensity 0.3 drift divergence wave.Dimension).Term
                vanishes "∫ρ_t" (snd (evaluated wave 1 [] term)))

            law "its energy form is its density form for ρ = e^{−u}" (fun wave ->
                let d = wave.Dimension
                let network = waves wave 1
                let θ = 0.3 * Check.normal wave.Seed [ network.ParameterCount ]

                let density =
                    Network.ofFunction network.Domain network.ParameterCount network.Initial (fun θ x ->
                        (-(Jet.value (network.Propagate Set.empty θ x))).exp())

                let value network (equation: Equation) =
                    let jet = Network.jet (Term.needs d equation.Term) network θ (grid d)

                    Term.evaluate
                        equation.Term
                        {
                            Time = 0.3
                            Points = grid d
                            Jet = jet
                        }

                let ofEnergy = value network (Equation.fokkerPlanckEnergy 0.3 drift divergence d)
                let ofDensity = value density (Equation.fokkerPlanckDensity 0.3 drift divergence d)
                // ρ_t = −ρ u_t
                Check.close 1e-10 "u_t" (-ofDensity / Network.value density θ (grid d)) ofEnergy)

            law "Allen and Cahn's energy falls at the rate ∫u_t²" (fun wave ->
                let ε, d = 0.2, wave.Dimension
                let gradient = Jet.gradientRequest d |> Set.toList

                let jet, f =
                    evaluated
                        wave
                        1
                        (Derivative.Value :: Derivative.Laplacian :: gradient)
                        (Equation.allenCahn ε d).Term

                let u = Jet.value jet
                // d/dt ∫ ε/2 |∇u|² + ¼(1 − u²)² = ∫ (−εΔu + u³ − u) u_t
                let power = (-ε * Jet.laplacian jet + u * u * u - u) * f
                Expect.isLessThan (Tensor.toFloat (power.sum ())) 0.0 "falls"
                Check.close 1e-11 "rate" (power.mean ()) (-(f.square().mean()))
                // The gradient part by itself, integrated by parts: ∫|∇u|² = −∫uΔu.
                vanishes "∫|∇u|² + uΔu" ((Jet.gradient jet).square().sum 1L + u * Jet.laplacian jet))

            lawOnCircle "Korteweg and de Vries: mass, momentum and energy are kept" (fun wave ->
                let jet, f =
                    evaluated wave 1 [ Derivative.Value; Derivative.Partial(0, 2) ] Equation.kortewegDeVries.Term

                let u = Jet.value jet
                vanishes "∫u" f
                vanishes "∫u²" (u * f)
                // ∫ u³ − ½u_x²
                vanishes "energy" ((3.0 * u * u + Jet.get (Derivative.Partial(0, 2)) jet) * f))

            lawOnCircle "Kuramoto and Sivashinsky, and Burgers: the mean is kept" (fun wave ->
                vanishes "KS" (snd (evaluated wave 1 [] Equation.kuramotoSivashinsky.Term))
                vanishes "Burgers" (snd (evaluated wave 1 [] (Equation.burgers 0.1 1).Term)))

            law "Schrödinger's equation keeps the norm, with any potential and self-interaction" (fun wave ->
                let equation =
                    Equation.schroedinger (fun t x -> (x + t).cos().sum 1L) 0.7 wave.Dimension

                let jet, f = evaluated wave 2 [ Derivative.Value ] equation.Term
                vanishes "∫|ψ|²" ((Jet.value jet * f).sum 1L))

            law "the wave equation keeps its energy" (fun wave ->
                let c, d = 1.7, wave.Dimension

                let jet, f =
                    evaluated wave 2 [ Derivative.Value; Derivative.Laplacian ] (Equation.wave c d).Term

                let column k (values: Tensor) = values.select (1L, k)
                // ½ ∫ v² + c²|∇w|²
                vanishes
                    "energy"
                    (column 1L (Jet.value jet) * column 1L f
                     - c * c * column 0L (Jet.laplacian jet) * column 0L f))

            Oracle.law "∂_i∂_j = ∂_j∂_i: mixed derivatives are those of either gradient" 15 (fun a ->
                let d = a.Coordinates.Length
                let θ, x, h = a.Parameters, a.Points 4 0, 1e-5

                if d > 1 then
                    let i, j = 0, d - 1

                    let mixed =
                        Jet.get
                            (Derivative.Mixed(i, j))
                            (Network.jet (Set.singleton (Derivative.Mixed(i, j))) a.Network θ x)

                    /// ∂_along of ∂_first, by a central difference.
                    let change along first =
                        let at (shift: float) =
                            let moved = x.clone ()
                            moved.select(1L, int64 along).add_(Tensor.scalar double shift) |> ignore

                            Jet.get
                                (Derivative.Partial(first, 1))
                                (Network.jet (Set.singleton (Derivative.Partial(first, 1))) a.Network θ moved)

                        (at h - at -h) / (2.0 * h)

                    let scale =
                        1e-3 + Check.size mixed + Check.size (change i i) + Check.size (change j j)

                    Expect.isLessThan (Check.size (mixed - change i j) / scale) 1e-6 "∂_i ∂_j"
                    Expect.isLessThan (Check.size (mixed - change j i) / scale) 1e-6 "∂_j ∂_i")

            Check.scoped "a soliton of Korteweg and de Vries keeps its shape, mass, momentum and energy" (fun () ->
                // 2k² sech²(k(x − c)) with θ = (k, c): ċ = 4k².
                let soliton =
                    Network.ofFunction (Domain.euclidean 1) 2 (fun p _ -> Tensor.ones p [ 2 ]) (fun θ x ->
                        2.0 * θ[0].square() / (θ[0] * (x.squeeze 1L - θ[1])).cosh().square())

                let k, t = 0.9, 1.0

                use solution =
                    Evolution.solve
                        Run.quiet
                        { Evolution.defaults with
                            Regularisation = 1e-14
                            Tolerance = 1e-7
                        }
                        Equation.kortewegDeVries.Term
                        soliton
                        (Collocation.given ((Tensor.linspace double -3.0 6.0 12).unsqueeze 1L))
                        (Tensor.ofArray double [| k; 0.0 |])
                        (0.0, t)

                Check.close
                    1e-5
                    "shape and place"
                    (Solution.parameters t solution)
                    (Tensor.ofArray double [| k; 4.0 * k * k * t |])

                let invariants t =
                    let x = (Tensor.linspace double -20.0 25.0 901).unsqueeze 1L
                    let jet = Solution.jet (Set.singleton (Derivative.Partial(0, 1))) t x solution
                    let u = Jet.value jet
                    let dx = 45.0 / 900.0
                    let integral (values: Tensor) = dx * Tensor.toFloat (values.sum ())
                    let slope = Jet.get (Derivative.Partial(0, 1)) jet
                    [ integral u; integral (u * u); integral (u * u * u - 0.5 * slope * slope) ]

                let before = invariants 0.0
                // By hand: ∫ 2k² sech²(kx) dx and ∫ 4k⁴ sech⁴(kx) dx.
                Expect.floatClose Accuracy.medium before.Head (4.0 * k) "mass"
                Expect.floatClose Accuracy.medium (List.item 1 before) (16.0 / 3.0 * k ** 3.0) "momentum"

                for now, before in List.zip (invariants t) before do
                    Expect.isLessThan (abs (now / before - 1.0)) 1e-5 "kept")
        ]
