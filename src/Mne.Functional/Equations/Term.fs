namespace Mne.Functional

open System

/// What the right-hand side of an evolution equation can see: time, points, and the jet of u there.
type Local =
    {
        /// t.
        Time: float
        /// X (N × d).
        Points: Tensor
        /// u and the derivatives that the term asked for, at the points, for all components of u.
        Jet: Jet
    }

/// A right-hand side A_t u of ∂_t u = A_t u, composed from local derivatives of u, numbers, and functions of (t, x).
/// Terms are added, subtracted, multiplied and divided with the usual operators, also with numbers, and raised to
/// powers with `Term.pown`. Where u has several components, terms read the first, but for what `Term.ofComponent`
/// says; `Term.system` puts the right-hand sides of all components together.
///
/// <example><code>let allenCahn = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value</code></example>
[<CustomEquality; NoComparison; StructuredFormatDisplay("{Mathematics}")>]
type Term =
    /// A constant.
    | Number of float
    /// u or one of its derivatives.
    | Of of Derivative
    /// A known function of time and points, (t, X) ↦ (N).
    | Known of name: string * f: (float -> Tensor -> Tensor)
    /// b·∇u with a known velocity b, (t, X) ↦ (N × d).
    | Transport of name: string * velocity: (float -> Tensor -> Tensor)
    /// |∇u|².
    | GradientSquared
    /// The sum of two terms.
    | Plus of Term * Term
    /// The product of two terms.
    | Times of Term * Term
    /// The quotient of two terms.
    | Over of Term * Term
    /// A term to a whole power, 2 or more.
    | Power of Term * exponent: int
    /// A function of time, points and the values of a term there, (t, X, N) ↦ (N), every value by itself.
    | Apply of name: string * f: (float -> Tensor -> Tensor -> Tensor) * Term
    /// The mean over the points, the same number at every point.
    | Mean of Term
    /// The mean over the points x_j of k(x_i, x_j) times the term at x_j; k: (X (N × d), Y (M × d)) ↦ N × M.
    | Interact of name: string * kernel: (Tensor -> Tensor -> Tensor) * Term
    /// Anything else that can be computed from the local values; it lists the derivatives that it needs.
    | Custom of name: string * needs: Set<Derivative> * f: (Local -> Tensor)
    /// A term of another component of u than the first; components inside of it that have been chosen stay.
    | OfComponent of index: int * Term
    /// The right-hand sides of all components of u.
    | System of Term list

    static member (+)(a: Term, b: Term) = Plus(a, b)
    static member (+)(a: float, b: Term) = Plus(Number a, b)
    static member (+)(a: Term, b: float) = Plus(a, Number b)
    static member (~-)(a: Term) = Times(Number -1.0, a)
    static member (-)(a: Term, b: Term) = Plus(a, -b)
    static member (-)(a: float, b: Term) = Plus(Number a, -b)
    static member (-)(a: Term, b: float) = Plus(a, Number -b)
    static member (*)(a: Term, b: Term) = Times(a, b)
    static member (*)(a: float, b: Term) = Times(Number a, b)
    static member (*)(a: Term, b: float) = Times(Number b, a)
    static member (/)(a: Term, b: float) = Times(Number(1.0 / b), a)
    static member (/)(a: Term, b: Term) = Over(a, b)
    static member (/)(a: float, b: Term) = Over(Number a, b)

    override term.Equals other = Object.ReferenceEquals(term, other)

    override term.GetHashCode() =
        Runtime.CompilerServices.RuntimeHelpers.GetHashCode term

/// Terms of evolution equations.
[<RequireQualifiedAccess>]
module Term =

    /// u.
    let value = Of Value

    /// ∂ⁿu/∂x_kⁿ, n from 1 to 4; axes count from 0. `Term.partial 0 2` is u_xx.
    /// Raises `ArgumentException` for a negative axis or another order.
    let partial axis order =
        Guard.atLeast "axis" 0 axis

        if order < 1 || order > Activation.highestOrder then
            Guard.fail "order" $"found {order}, wanted 1 to {Activation.highestOrder}"

        Of(Partial(axis, order))

    /// ∂²u/∂x_i∂x_j. Raises `ArgumentException` for a negative axis.
    let mixed i j =
        Guard.atLeast "i" 0 i
        Guard.atLeast "j" 0 j

        if i = j then
            Of(Partial(i, 2))
        else
            Of(Mixed(min i j, max i j))

    /// Δu.
    let laplacian = Of Laplacian

    /// |∇u|².
    let gradientNormSquared = GradientSquared

    /// A constant.
    let number a = Number a

    /// A known function of time and points: (t, X (N × d)) ↦ (N). The name is what `Term.show` prints.
    let known name f = Known(name, f)

    /// b·∇u with a known velocity (t, X (N × d)) ↦ (N × d).
    let transport name velocity = Transport(name, velocity)

    /// A term to a whole power. Raises `ArgumentException` when the power is negative.
    let pown exponent term =
        Guard.atLeast "exponent" 0 exponent

        match exponent with
        | 0 -> Number 1.0
        | 1 -> term
        | n -> Power(term, n)

    /// A function of the values of a term at every point, (N) ↦ (N). The name is what `Term.show` prints.
    let map name (f: Tensor -> Tensor) term = Apply(name, (fun _ _ a -> f a), term)

    /// A function of time, points and the values of a term there, (t, X (N × d), N) ↦ (N), every value by itself. The name
    /// is what `Term.show` prints.
    ///
    /// <example><code>
    /// // growth up to a capacity that depends on the place
    /// let logistic = Term.pointwise "f" (fun t x u -> u * (1.0 + x.squeeze(1L).square () - u)) Term.value
    /// </code></example>
    let pointwise name f term = Apply(name, f, term)

    /// The mean of a term over the points: over the density that the points are samples of. Where they are carried by the
    /// probability flow, that is the solution itself; where they are spread evenly, it is space: see `weightedMean`.
    let mean term = Mean term

    /// Σ w a / Σ w over the points. Where points are spread evenly, the mean of a under the density u is
    /// `Term.weightedMean Term.value a`, and under e^{−u} `Term.weightedMean (Term.map "exp" (fun v -> v.exp ()) -Term.value) a`.
    let weightedMean weight term = Mean(weight * term) / Mean weight

    /// The mean over the points x_j of k(x_i, x_j) times the term at x_j: a force or a potential that all points together
    /// exert on each (mean field). k maps (X (N × d), Y (M × d)) to N × M. Times the volume of a domain on which points are
    /// spread evenly, it is the integral ∫ k(x, y) a(y) dy; where points are samples, put `Term.number 1.0` for a.
    ///
    /// <example><code>
    /// // ∫ cos(x − y) u(y) dy on a circle with an even grid
    /// let force = 2.0 * Math.PI * Term.interaction "cos" (fun x y -> (x - y.t ()).cos ()) Term.value
    /// </code></example>
    let interaction name kernel term = Interact(name, kernel, term)

    /// A term less its mean over the points: for energies, whose additive constant does not matter.
    let centred term = term - Mean term

    /// A right-hand side given as a function of the local values; `needs` lists the derivatives that it reads.
    let custom name (needs: Derivative list) f = Custom(name, Set.ofList needs, f)

    /// A term of the component with the given index, counted from 0: every u in it is that component, unless one has been
    /// chosen inside already. Terms read component 0 where nothing is said.
    ///
    /// <example><code>
    /// let u, v = Term.ofComponent 0, Term.ofComponent 1
    /// let product = u Term.value * v Term.laplacian
    /// </code></example>
    let ofComponent index term =
        Guard.atLeast "index" 0 index
        OfComponent(index, term)

    /// The right-hand side of a system: that of component 0, of component 1, …
    ///
    /// <example><code>
    /// // the wave equation u_tt = Δu as a system of (u, v): u_t = v, v_t = Δu
    /// let wave = Term.system [ Term.ofComponent 1 Term.value; Term.laplacian ]
    /// </code></example>
    let system (terms: Term list) =
        if terms.IsEmpty then
            Guard.fail "terms" "found none, wanted the right-hand side of each component"

        System terms

    /// How many right-hand sides a term holds: 1, or those of a system.
    let components term =
        match term with
        | System terms -> terms.Length
        | _ -> 1

    /// The derivatives that a term reads, in a space of d dimensions.
    let rec needs (d: int) (term: Term) : Set<Derivative> =
        match term with
        | Number _
        | Known _ -> Set.empty
        | Of derivative -> Set.singleton derivative
        | Transport _
        | GradientSquared -> Jet.gradientRequest d
        | Plus(a, b)
        | Times(a, b)
        | Over(a, b) -> Set.union (needs d a) (needs d b)
        | Power(a, _)
        | Apply(_, _, a)
        | Mean a
        | Interact(_, _, a)
        | OfComponent(_, a) -> needs d a
        | Custom(_, needs, _) -> needs
        | System terms -> terms |> List.map (needs d) |> Set.unionMany

    /// The values of a term at the points: N, or N × m for a system of m right-hand sides.
    /// Raises `ArgumentException` when a function in it returns another shape than is due, or u does not have a component.
    let evaluate (term: Term) (local: Local) : Tensor =
        let n, d = Tensor.rows local.Points, int local.Points.shape[1]

        let vector name (tensor: Tensor) =
            Guard.vector name n tensor
            tensor

        /// `all`: what custom terms see; `jet`: the component that the others read.
        let rec within (all: Jet) (jet: Jet) term : Tensor =
            let go = within all jet

            match term with
            | Number a -> local.Points.new_full (int64 n, a)
            | Of derivative -> Jet.get derivative jet
            | Known(name, f) -> f local.Time local.Points |> vector name
            | Transport(name, velocity) ->
                let b = velocity local.Time local.Points
                Guard.vectors name n d b
                (b * Jet.gradient jet).sum 1L
            | GradientSquared -> (Jet.gradient jet).square().sum 1L
            | Plus(a, Number b)
            | Plus(Number b, a) -> go a + b
            | Plus(a, Times(Number -1.0, b)) -> go a - go b
            | Plus(a, b) -> go a + go b
            | Times(Number a, b)
            | Times(b, Number a) -> a * go b
            | Times(a, b) -> go a * go b
            | Over(Number a, b) -> a / go b
            | Over(a, b) -> go a / go b
            | Power(a, 2) -> (go a).square()
            | Power(a, n) ->
                let a = go a
                Seq.replicate n a |> Seq.reduce (fun x y -> x * y)
            | Apply(name, f, a) -> f local.Time local.Points (go a) |> vector name
            | Mean a -> (go a).mean().expand(int64 n)
            | Interact(name, kernel, a) ->
                let k = kernel local.Points local.Points
                Guard.values name n n k
                k.mv (go a) / float n
            | Custom(name, _, f) -> f { local with Jet = all } |> vector name
            | OfComponent(index, a) ->
                let own = Jet.ofComponent index local.Jet
                within own own a
            | System _ -> Guard.fail "term" "a system inside another term; a system is a list of terms without systems"

        let go = within local.Jet (Jet.ofComponent 0 local.Jet)

        Scope.keep (fun () ->
            match term with
            | System terms -> Tensor.stack 1L (List.map go terms)
            | _ -> go term)

    /// ∂A/∂(∇u) at the points (N × d): how the term answers to a change of the gradient of u. Its negative is the velocity
    /// of the characteristics of ∂_t u = A_t u. Raises `ArgumentException` for a `Custom` term and for systems.
    let gradientSensitivity (term: Term) (local: Local) : Tensor =
        let d = int local.Points.shape[1]
        let at term = (evaluate term local).unsqueeze 1L

        let rec go term : Tensor option =
            match term with
            | Number _
            | Known _
            | Mean _
            | Interact _ -> None
            | Of(Partial(k, 1)) ->
                let unit = local.Points.new_zeros local.Points.shape
                unit.select(1L, int64 k).fill_ 1.0 |> ignore
                Some unit
            | Of _ -> None
            | Transport(_, velocity) -> Some(velocity local.Time local.Points)
            | GradientSquared -> Some(2.0 * Jet.gradient local.Jet)
            | Plus(a, b) -> sum (go a) (go b)
            | Times(a, b) -> sum (go a |> Option.map (fun g -> at b * g)) (go b |> Option.map (fun g -> at a * g))
            | Over(a, b) ->
                let slope = at (pown 2 b)

                sum (go a |> Option.map (fun g -> g / at b)) (go b |> Option.map (fun g -> -(at a) * g / slope))
            | Power(a, n) -> go a |> Option.map (fun g -> float n * at (pown (n - 1) a) * g)
            | Apply(_, f, a) ->
                go a
                |> Option.map (fun g ->
                    let slope =
                        evaluate a local |> Diff.grad (fun v -> (f local.Time local.Points v).sum())

                    slope.unsqueeze 1L * g)
            | Custom(name, _, _) ->
                Guard.fail
                    "term"
                    $"the dependence of \"{name}\" on ∇u is not known; give the velocity yourself with `Moving`"
            | OfComponent _
            | System _ ->
                Guard.fail
                    "term"
                    "a system has no characteristics that all of its components share; give the velocity yourself with `Moving`"

        and sum a b =
            match a, b with
            | Some a, Some b -> Some(a + b)
            | a, None -> a
            | None, b -> b

        Scope.keep (fun () ->
            match go term with
            | Some sensitivity -> sensitivity.expand (int64 (Tensor.rows local.Points), int64 d)
            | None -> local.Points.new_zeros local.Points.shape)

    let private superscript (n: int) =
        string n |> String.map (fun c -> "⁰¹²³⁴⁵⁶⁷⁸⁹"[int c - int '0'])

    let private subscript (n: int) =
        string n |> String.map (fun c -> "₀₁₂₃₄₅₆₇₈₉"[int c - int '0'])

    /// The term as mathematics: `Term.show (5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value)` is
    /// "0.005 Δu + u − u³". Components are numbered, u₀, u₁, …, where a component has been chosen or in a system.
    let show (term: Term) : string =
        let digits (a: float) =
            a.ToString("R", Globalization.CultureInfo.InvariantCulture).Replace("-", "−")

        /// b for a term that is −b because of the number in front of it.
        let rec negated term =
            match term with
            | Number a when a < 0.0 -> Some(Number -a)
            | Times(Number -1.0, b) -> Some b
            | Times(a, b) -> negated a |> Option.map (fun a -> Times(a, b))
            | Over(a, b) -> negated a |> Option.map (fun a -> Over(a, b))
            | OfComponent(index, a) -> negated a |> Option.map (fun a -> OfComponent(index, a))
            | _ -> None

        /// Text and binding strength: 0 a sum or a negative term, 1 a product, 2 an atom. u is the name of the component.
        let rec named u term : string * int =
            match negated term with
            | Some positive -> $"−{within u 1 positive}", 0
            | None -> unsigned u term

        and unsigned u term =
            let go, within = named u, within u

            match term with
            | Number a -> digits a, 2
            | Of Value -> u, 2
            | Of(Partial(k, 1)) -> $"∂{subscript k}{u}", 2
            | Of(Partial(k, n)) -> $"∂{subscript k}{superscript n}{u}", 2
            | Of(Mixed(i, j)) -> $"∂{subscript i}∂{subscript j}{u}", 2
            | Of Laplacian -> $"Δ{u}", 2
            | Known(name, _)
            | Custom(name, _, _) -> name, 2
            | Transport(name, _) -> $"{name}·∇{u}", 1
            | GradientSquared -> $"|∇{u}|²", 2
            | Plus(a, b) ->
                let left, right = fst (go a), fst (go b)

                match negated b with
                | Some positive -> $"{left} − {within 1 positive}", 0
                | None when right.StartsWith '−' -> $"{left} + ({right})", 0
                | None -> $"{left} + {right}", 0
            | Times(Over _ as a, b) -> $"({fst (go a)}) {within 1 b}", 1
            | Times(a, b) -> $"{within 1 a} {within 1 b}", 1
            | Over(a, b) -> $"{within 1 a} / {within 2 b}", 1
            | Power(a, n) -> $"{within 2 a}{superscript n}", 2
            | Apply(name, _, a) -> $"{name}({fst (go a)})", 2
            | Mean a -> $"⟨{fst (go a)}⟩", 2
            | Interact(name, _, a) -> $"{name} ∗ {within 2 a}", 1
            | OfComponent(index, a) -> named $"u{subscript index}" a
            | System terms -> terms |> List.map (named "u₀" >> fst) |> String.concat ", " |> sprintf "(%s)", 2

        and within u strength term =
            let text, own = named u term
            if own < strength then $"({text})" else text

        fst (named "u" term)

type Term with

    /// The term as mathematics, as F# Interactive shows it: see `Term.show`.
    member term.Mathematics = Term.show term
