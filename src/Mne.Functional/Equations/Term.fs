namespace Mne.Functional

open System

/// <summary>
/// A right-hand side A_t u of ∂_t u = A_t u, composed from local derivatives of u, numbers, and functions of (t, x).
/// Terms are added, subtracted, multiplied and divided with the usual operators, also with numbers, and raised to
/// powers with <c>Term.pown</c>. Where u has several components, terms read the first, but for what
/// <c>Term.ofComponent</c> says; <c>Term.system</c> puts the right-hand sides of all components together.
/// </summary>
/// <example><code>let allenCahn = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value</code></example>
[<CustomEquality; NoComparison; StructuredFormatDisplay("{Mathematics}")>]
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Term =
    /// <summary>A constant.</summary>
    | Number of float
    /// <summary>u or one of its derivatives.</summary>
    | Of of Derivative
    /// <summary>A known function of time and points, (t, X) ↦ (N).</summary>
    | Known of name: string * f: (float -> Tensor -> Tensor)
    /// <summary>b·∇u with a known velocity b, (t, X) ↦ (N × d).</summary>
    | Transport of name: string * velocity: (float -> Tensor -> Tensor)
    /// <summary>|∇u|².</summary>
    | GradientSquared
    /// <summary>The sum of two terms.</summary>
    | Plus of Term * Term
    /// <summary>The product of two terms.</summary>
    | Times of Term * Term
    /// <summary>The quotient of two terms.</summary>
    | Over of Term * Term
    /// <summary>A term to a whole power, 2 or more.</summary>
    | Power of Term * exponent: int
    /// <summary>
    /// A function of time, points and the values of a term there, (t, X, N) ↦ (N), every value by itself.
    /// </summary>
    | Apply of name: string * f: (float -> Tensor -> Tensor -> Tensor) * Term
    /// <summary>∇·(A ∇u) with a term A that reads no derivatives.</summary>
    | Diffuse of coefficient: Term
    /// <summary>The mean over the points, the same number at every point.</summary>
    | Mean of Term
    /// <summary>
    /// The mean over the points x_j of k(x_i, x_j) times the term at x_j; k: (X (N × d), Y (M × d)) ↦ N × M.
    /// </summary>
    | Interact of name: string * kernel: (Tensor -> Tensor -> Tensor) * Term
    /// <summary>
    /// Anything else that can be computed from the local values; it lists the derivatives that it needs.
    /// </summary>
    | Custom of name: string * needs: Set<Derivative> * f: (Local -> Tensor)
    /// <summary>
    /// A term of another component of u than the first; components inside of it that have been chosen stay.
    /// </summary>
    | OfComponent of index: int * Term
    /// <summary>The right-hand sides of all components of u.</summary>
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
    static member (+)(a: int, b: Term) = Plus(Number(float a), b)
    static member (+)(a: Term, b: int) = Plus(a, Number(float b))
    static member (-)(a: int, b: Term) = Plus(Number(float a), -b)
    static member (-)(a: Term, b: int) = Plus(a, Number(float -b))
    static member (*)(a: int, b: Term) = Times(Number(float a), b)
    static member (*)(a: Term, b: int) = Times(Number(float b), a)
    static member (/)(a: Term, b: int) = Times(Number(1.0 / float b), a)
    static member (/)(a: int, b: Term) = Over(Number(float a), b)

    /// <summary>A term to a whole power, as <c>Term.value ** 3</c>; one below 0 is a quotient.</summary>
    static member Pow(a: Term, exponent: int) : Term =
        match exponent with
        | 0 -> Number 1.0
        | 1 -> a
        | n when n > 1 -> Power(a, n)
        | -1 -> Over(Number 1.0, a)
        | n -> Over(Number 1.0, Power(a, -n))

    /// <summary>A term to any power, where it is positive.</summary>
    static member Pow(a: Term, exponent: float) : Term =
        if exponent = floor exponent && abs exponent <= 100.0 then
            Term.Pow(a, int exponent)
        else
            Apply($"power {exponent} of ", (fun _ _ v -> v.Power exponent), a)

    static member private Elementary(name: string, f: Tensor -> Tensor, a: Term) : Term =
        Apply(name, (fun _ _ v -> f v), a)

    /// <summary>What F#'s function <c>exp</c> does to a term.</summary>
    static member Exp(a: Term) = Term.Elementary("exp", _.exp(), a)

    /// <summary>What F#'s function <c>log</c> does to a term.</summary>
    static member Log(a: Term) = Term.Elementary("log", _.log(), a)

    /// <summary>What F#'s function <c>sqrt</c> does to a term.</summary>
    static member Sqrt(a: Term) = Term.Elementary("sqrt", _.sqrt(), a)

    /// <summary>What F#'s function <c>sin</c> does to a term.</summary>
    static member Sin(a: Term) = Term.Elementary("sin", _.sin(), a)

    /// <summary>What F#'s function <c>cos</c> does to a term.</summary>
    static member Cos(a: Term) = Term.Elementary("cos", _.cos(), a)

    /// <summary>What F#'s function <c>tanh</c> does to a term.</summary>
    static member Tanh(a: Term) = Term.Elementary("tanh", _.tanh(), a)

    override term.Equals other = Object.ReferenceEquals(term, other)

    override term.GetHashCode() =
        Runtime.CompilerServices.RuntimeHelpers.GetHashCode term

/// <summary>Terms of evolution equations.</summary>
[<RequireQualifiedAccess>]
module Term =

    /// <summary>u.</summary>
    let value = Term.Of Derivative.Value

    /// <summary>∂ⁿu/∂x_kⁿ, n from 1 to 4; axes count from 0. <c>Term.partial 0 2</c> is u_xx.</summary>
    /// <param name="axis">The coordinate, counted from 0.</param>
    /// <param name="order">From 1 to 4.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis or another order.</exception>
    let partial axis order =
        Guard.atLeast "axis" 0 axis

        if order < 1 || order > Activation.highestOrder then
            Guard.fail "order" $"found {order}, wanted 1 to {Activation.highestOrder}"

        Term.Of(Derivative.Partial(axis, order))

    /// <summary>∂²u/∂x_i∂x_j.</summary>
    /// <param name="i">The one coordinate, counted from 0.</param>
    /// <param name="j">The other one.</param>
    /// <exception cref="T:System.ArgumentException">For a negative axis.</exception>
    let mixed i j =
        Guard.atLeast "i" 0 i
        Guard.atLeast "j" 0 j

        if i = j then
            Term.Of(Derivative.Partial(i, 2))
        else
            Term.Of(Derivative.Mixed(min i j, max i j))

    /// <summary>Δu.</summary>
    let laplacian = Term.Of Derivative.Laplacian

    /// <summary>|∇u|².</summary>
    let gradientNormSquared = Term.GradientSquared

    /// <summary>A constant.</summary>
    let number (a: float) =
        Guard.real "a" a
        Term.Number a

    /// <summary>
    /// A known function of time and points: (t, X (N × d)) ↦ (N). The name is what <c>Term.show</c> prints.
    /// </summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="f">(t, points (N × d)) ↦ (N).</param>
    let known name f = Term.Known(name, f)

    /// <summary>b·∇u with a known velocity (t, X (N × d)) ↦ (N × d).</summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="velocity">b: (t, points (N × d)) ↦ (N × d).</param>
    let transport name velocity = Term.Transport(name, velocity)

    /// <summary>A term to a whole power.</summary>
    /// <param name="exponent">At least 0.</param>
    /// <param name="term">The term that it is made of.</param>
    /// <exception cref="T:System.ArgumentException">The power is negative.</exception>
    let pown exponent term =
        Guard.within "exponent" 0 10_000 exponent

        match exponent with
        | 0 -> Term.Number 1.0
        | 1 -> term
        | n -> Term.Power(term, n)

    /// <summary>
    /// A function of the values of a term at every point, (N) ↦ (N). The name is what <c>Term.show</c> prints.
    /// </summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="f">(N) ↦ (N), every value by itself.</param>
    /// <param name="term">The term that it is made of.</param>
    let map name (f: Tensor -> Tensor) term =
        Term.Apply(name, (fun _ _ a -> f a), term)

    /// <summary>
    /// A function of time, points and the values of a term there, (t, X (N × d), N) ↦ (N), every value by itself. The
    /// name is what <c>Term.show</c> prints.
    /// </summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="f">(t, points (N × d), values (N)) ↦ (N), every value by itself.</param>
    /// <param name="term">The term that it is made of.</param>
    /// <example><code>
    /// // growth up to a capacity that depends on the place
    /// let logistic = Term.pointwise "f" (fun t x u -&gt; u * (1.0 + x.squeeze(1L).square () - u)) Term.value
    /// </code></example>
    let pointwise name f term = Term.Apply(name, f, term)

    /// <summary>
    /// The mean of a term over the points: over the density that the points are samples of. Where they are carried by
    /// the probability flow, that is the solution itself; where they are spread evenly, it is space: see
    /// <c>weightedMean</c>.
    /// </summary>
    let mean term = Term.Mean term

    /// <summary>
    /// Σ w a / Σ w over the points. Where points are spread evenly, the mean of a under the density u is
    /// <c>Term.weightedMean Term.value a</c>, and under e^{−u}
    /// <c>Term.weightedMean (Term.map "exp" (fun v -&gt; v.exp ()) -Term.value) a</c>.
    /// </summary>
    /// <param name="weight">w, a term too.</param>
    /// <param name="term">The term that it is made of.</param>
    let weightedMean weight term =
        Term.Mean(weight * term) / Term.Mean weight

    /// <summary>
    /// The mean over the points x_j of k(x_i, x_j) times the term at x_j: a force or a potential that all points
    /// together exert on each (mean field). k maps (X (N × d), Y (M × d)) to N × M. Times the volume of a domain on
    /// which points are spread evenly, it is the integral ∫ k(x, y) a(y) dy; where points are samples, put
    /// <c>Term.number 1.0</c> for a.
    /// </summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="kernel">k: (points (N × d), points (M × d)) ↦ (N × M).</param>
    /// <param name="term">The term that it is made of.</param>
    /// <example><code>
    /// // ∫ cos(x − y) u(y) dy on a circle with an even grid
    /// let force = 2.0 * Math.PI * Term.interaction "cos" (fun x y -&gt; (x - y.t ()).cos ()) Term.value
    /// </code></example>
    let interaction name kernel term = Term.Interact(name, kernel, term)

    /// <summary>A term less its mean over the points: for energies, whose additive constant does not matter.</summary>
    let centred term = term - Term.Mean term

    /// <summary>
    /// A right-hand side given as a function of the local values; <c>needs</c> lists the derivatives that it reads.
    /// </summary>
    /// <param name="name">What <c>Term.show</c> prints.</param>
    /// <param name="needs">The derivatives that the function reads.</param>
    /// <param name="f">From the local values to (N), or (N × m) for m components.</param>
    let custom name (needs: Derivative list) f = Term.Custom(name, Set.ofList needs, f)

    /// <summary>
    /// A term of the component with the given index, counted from 0: every u in it is that component, unless one has
    /// been chosen inside already. Terms read component 0 where nothing is said.
    /// </summary>
    /// <param name="index">The component, counted from 0.</param>
    /// <param name="term">The term that it is made of.</param>
    /// <example><code>
    /// let u, v = Term.ofComponent 0, Term.ofComponent 1
    /// let product = u Term.value * v Term.laplacian
    /// </code></example>
    let ofComponent index term =
        Guard.atLeast "index" 0 index
        Term.OfComponent(index, term)

    /// <summary>The right-hand side of a system: that of component 0, of component 1, …</summary>
    /// <example><code>
    /// // the wave equation u_tt = Δu as a system of (u, v): u_t = v, v_t = Δu
    /// let wave = Term.system [ Term.ofComponent 1 Term.value; Term.laplacian ]
    /// </code></example>
    let system (terms: Term list) =
        if terms.IsEmpty then
            Guard.fail "terms" "found none, wanted the right-hand side of each component"

        Term.System terms

    /// <summary>How many right-hand sides a term holds: 1, or those of a system.</summary>
    let components term =
        match term with
        | Term.System terms -> terms.Length
        | _ -> 1

    /// The terms of which it is the sum.
    let rec internal summands (term: Term) : Term list =
        match term with
        | Term.Plus(a, b) -> summands a @ summands b
        | Term.Times(Term.Number c, b) -> summands b |> List.map (fun b -> Term.Times(Term.Number c, b))
        | Term.Over(a, Term.Number c) -> summands a |> List.map (fun a -> Term.Over(a, Term.Number c))
        | Term.OfComponent(c, a) -> summands a |> List.map (fun a -> Term.OfComponent(c, a))
        | _ -> [ term ]

    /// <summary>The derivatives that a term reads, in a space of d dimensions.</summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="term">The term that it is made of.</param>
    let rec needs (d: int) (term: Term) : Set<Derivative> =
        match term with
        | Term.Number _
        | Term.Known _ -> Set.empty
        | Term.Of derivative -> Set.singleton derivative
        | Term.Transport _
        | Term.GradientSquared -> Jet.gradientRequest d
        | Term.Diffuse a -> needs d a + Jet.gradientRequest d |> Set.add Derivative.Laplacian
        | Term.Plus(a, b)
        | Term.Times(a, b)
        | Term.Over(a, b) -> Set.union (needs d a) (needs d b)
        | Term.Power(a, _)
        | Term.Apply(_, _, a)
        | Term.Mean a
        | Term.Interact(_, _, a)
        | Term.OfComponent(_, a) -> needs d a
        | Term.Custom(_, needs, _) -> needs
        | Term.System terms -> terms |> List.map (needs d) |> Set.unionMany

    /// Whether a term's value at a point depends on u elsewhere: on means over the points.
    let rec internal isNonlocal (term: Term) : bool =
        match term with
        | Term.Mean _
        | Term.Interact _ -> true
        | Term.Plus(a, b)
        | Term.Times(a, b)
        | Term.Over(a, b) -> isNonlocal a || isNonlocal b
        | Term.Power(a, _)
        | Term.Apply(_, _, a)
        | Term.OfComponent(_, a) -> isNonlocal a
        | Term.System terms -> List.exists isNonlocal terms
        | Term.Number _
        | Term.Of _
        | Term.Known _
        | Term.Transport _
        | Term.GradientSquared
        | Term.Diffuse _
        | Term.Custom _ -> false

    /// <summary>
    /// ∇·(A ∇u): diffusion whose coefficient is a number, a known function of time and place, or a function of u and of other
    /// components; the derivatives of A are found by automatic differentiation. With a number it is A Δu.
    /// </summary>
    /// <param name="coefficient">A, a term without derivatives of u, means and interactions.</param>
    /// <exception cref="T:System.ArgumentException">A reads derivatives of u, or depends on u elsewhere.</exception>
    /// <example><code>
    /// let porous = Term.diffusion (2.0 * Term.value)                                            // ∇·(2u ∇u)
    /// let layered = Term.diffusion (Term.known "A" (fun _ x -&gt; 1.0 + 0.5 * (x.select (1L, 0L)).sin ()))
    /// </code></example>
    let diffusion (coefficient: Term) : Term =
        match coefficient with
        | Term.Number _ -> coefficient * laplacian
        | _ ->
            if
                needs 1 coefficient
                |> Set.exists (fun derivative -> derivative <> Derivative.Value)
            then
                Guard.fail
                    "coefficient"
                    "it reads derivatives of u; wanted a function of time, place and the values of u"

            if isNonlocal coefficient then
                Guard.fail
                    "coefficient"
                    "it is of means over the points; wanted a function of time, place and the values of u"

            Term.Diffuse coefficient

    /// As `evaluate`, where means are over the points of `everywhere`.
    let internal evaluateAmong (everywhere: Local) (term: Term) (local: Local) : Tensor =
        /// `chosen`: the component that has been chosen, whose jet is then all that custom terms see.
        let rec within (place: Local) (chosen: int option) term : Tensor =
            let n, d = Tensor.rows place.Points, int place.Points.shape[1]
            let go = within place chosen

            let vector name (tensor: Tensor) =
                Guard.vector name n tensor
                Guard.samePlacement name tensor "points" place.Points
                tensor

            /// What the term reads: the first component where none has been chosen.
            let jet () =
                Jet.ofComponent (defaultArg chosen 0) place.Jet

            match term with
            | Term.Number a -> place.Points.NewFull(int64 n, a)
            | Term.Of derivative -> Jet.get derivative (jet ())
            | Term.Known(name, f) -> Lent.one (f place.Time) place.Points |> vector name
            | Term.Transport(name, velocity) ->
                let b = Lent.one (velocity place.Time) place.Points
                Guard.vectors name n d b
                (b * Jet.gradient (jet ())).sum 1L
            | Term.GradientSquared -> (Jet.gradient (jet ())).Square().sum 1L
            | Term.Plus(a, Term.Number b)
            | Term.Plus(Term.Number b, a) -> go a .+ b
            | Term.Plus(a, Term.Times(Term.Number -1.0, b)) -> go a - go b
            | Term.Plus(a, b) -> go a .+ go b
            | Term.Times(Term.Number a, b)
            | Term.Times(b, Term.Number a) -> a .* go b
            | Term.Times(a, b) -> go a * go b
            | Term.Over(Term.Number a, b) -> a ./ go b
            | Term.Over(a, b) -> go a / go b
            | Term.Power(a, 2) -> (go a).Square()
            | Term.Power(a, n) ->
                let a = go a
                Seq.replicate n a |> Seq.reduce (fun x y -> x * y)
            | Term.Apply(name, f, a) -> Lent.two (f place.Time) place.Points (go a) |> vector name
            | Term.Diffuse a ->
                // ∇A = ∂A/∂x + Σ_c ∂A/∂u_c ∇u_c.
                let all = Jet.channel Derivative.Value place.Jet

                let coefficient (x: Tensor) (values: Tensor) =
                    within
                        { place with
                            Points = x
                            Jet =
                                {
                                    Dimension = d
                                    Channels = [ Derivative.Value ]
                                    Data = values.unsqueeze 0
                                }
                        }
                        chosen
                        a

                let byPlace = Diff.grad (fun x -> coefficient x all) place.Points
                let byValue = Diff.grad (fun values -> coefficient place.Points values) all

                let slope =
                    [
                        for c in 0 .. int all.shape[1] - 1 ->
                            byValue.narrow (1L, int64 c, 1L) * Jet.gradient (Jet.ofComponent c place.Jet)
                    ]
                    |> List.fold (fun sum one -> sum .+ one) byPlace

                go a * Jet.laplacian (jet ()) .+ (slope * Jet.gradient (jet ())).sum 1L
            | Term.Mean a -> (within everywhere chosen a).mean().expand(int64 n)
            | Term.Interact(name, kernel, a) ->
                let m = Tensor.rows everywhere.Points
                let k = Lent.two kernel place.Points everywhere.Points
                Guard.values name n m k
                Guard.samePlacement name k "points" place.Points
                k.mv (within everywhere chosen a) ./ float m
            | Term.Custom(name, _, f) ->
                (match chosen with
                 | None -> place
                 | Some _ -> { place with Jet = jet () })
                |> Local.lend f
                |> vector name
            | Term.OfComponent(index, a) -> within place (Some index) a
            | Term.System _ ->
                Guard.fail "term" "a system inside another term; a system is a list of terms without systems"

        Scope.keep (fun () ->
            match term with
            | Term.System terms -> Tensor.stack 1L (List.map (within local None) terms)
            | _ -> within local None term)

    /// <summary>The values of a term at the points: N, or N × m for a system of m right-hand sides.</summary>
    /// <param name="term">The term that it is made of.</param>
    /// <param name="local">Time, points (N × d), u and derivatives there.</param>
    /// <exception cref="T:System.ArgumentException">A function in it returns another shape than is due, or u does not
    /// have a component.</exception>
    let evaluate (term: Term) (local: Local) : Tensor = evaluateAmong local term local

    /// <summary>
    /// ∂A/∂(∇u) at the points (N × d): how the term answers to a change of the gradient of u. Its negative is the
    /// velocity of the characteristics of ∂_t u = A_t u.
    /// </summary>
    /// <param name="term">The term that it is made of.</param>
    /// <param name="local">Time, points (N × d), u and derivatives there.</param>
    /// <exception cref="T:System.ArgumentException">For a <c>Custom</c> term and for systems.</exception>
    let gradientSensitivity (term: Term) (local: Local) : Tensor =
        let d = int local.Points.shape[1]
        let at term = (evaluate term local).unsqueeze 1L

        let rec go term : Tensor option =
            match term with
            | Term.Number _
            | Term.Known _
            | Term.Mean _
            | Term.Interact _ -> None
            | Term.Of(Derivative.Partial(k, 1)) ->
                let unit = local.Points.new_zeros local.Points.shape
                unit.select(1L, int64 k).FillInPlace 1.0 |> ignore
                Some unit
            | Term.Of _ -> None
            | Term.Transport(_, velocity) -> Some(Lent.one (velocity local.Time) local.Points)
            | Term.GradientSquared -> Some(2.0 .* Jet.gradient local.Jet)
            | Term.Plus(a, b) -> sum (go a) (go b)
            | Term.Times(a, b) -> sum (go a |> Option.map (fun g -> at b * g)) (go b |> Option.map (fun g -> at a * g))
            | Term.Over(a, b) ->
                let slope = at (pown 2 b)

                sum (go a |> Option.map (fun g -> g / at b)) (go b |> Option.map (fun g -> -(at a) * g / slope))
            | Term.Power(a, n) -> go a |> Option.map (fun g -> float n .* at (pown (n - 1) a) * g)
            | Term.Apply(_, f, a) ->
                go a
                |> Option.map (fun g ->
                    let slope =
                        evaluate a local
                        |> Diff.grad (fun v -> (Lent.two (f local.Time) local.Points v).sum())

                    slope.unsqueeze 1L * g)
            | Term.Custom(name, _, _) ->
                Guard.fail
                    "term"
                    $"the dependence of \"{name}\" on ∇u is not known; give the velocity yourself with `Moving`"
            | Term.Diffuse _ ->
                Guard.fail
                    "term"
                    "∇·(A ∇u) is diffusion, which has no characteristics; give the velocity yourself with `Moving`"
            | Term.OfComponent _
            | Term.System _ ->
                Guard.fail
                    "term"
                    "a system has no characteristics that all of its components share; give the velocity yourself with `Moving`"

        and sum a b =
            match a, b with
            | Some a, Some b -> Some(a .+ b)
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

    /// <summary>
    /// The term as mathematics: <c>Term.show (5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value)</c> is
    /// "0.005 Δu + u − u³". Components are numbered, u₀, u₁, …, where a component has been chosen or in a system.
    /// </summary>
    let show (term: Term) : string =
        let digits (a: float) =
            a.ToString("R", Globalization.CultureInfo.InvariantCulture).Replace("-", "−")

        /// b for a term that is −b because of the number in front of it.
        let rec negated term =
            match term with
            | Term.Number a when a < 0.0 -> Some(Term.Number -a)
            | Term.Times(Term.Number -1.0, b) -> Some b
            | Term.Times(a, b) -> negated a |> Option.map (fun a -> Term.Times(a, b))
            | Term.Over(a, b) -> negated a |> Option.map (fun a -> Term.Over(a, b))
            | Term.OfComponent(index, a) -> negated a |> Option.map (fun a -> Term.OfComponent(index, a))
            | _ -> None

        /// Text and binding strength: 0 a sum or a negative term, 1 a product, 2 an atom. u is the name of the component.
        let rec named u term : string * int =
            match negated term with
            | Some positive -> $"−{within u 1 positive}", 0
            | None -> unsigned u term

        and unsigned u term =
            let go, within = named u, within u

            match term with
            | Term.Number a -> digits a, 2
            | Term.Of Derivative.Value -> u, 2
            | Term.Of(Derivative.Partial(k, 1)) -> $"∂{subscript k}{u}", 2
            | Term.Of(Derivative.Partial(k, n)) -> $"∂{subscript k}{superscript n}{u}", 2
            | Term.Of(Derivative.Mixed(i, j)) -> $"∂{subscript i}∂{subscript j}{u}", 2
            | Term.Of Derivative.Laplacian -> $"Δ{u}", 2
            | Term.Known(name, _)
            | Term.Custom(name, _, _) -> name, 2
            | Term.Transport(name, _) -> $"{name}·∇{u}", 1
            | Term.GradientSquared -> $"|∇{u}|²", 2
            | Term.Diffuse a -> $"∇·({within 1 a} ∇{u})", 2
            | Term.Plus(a, b) ->
                let left, right = fst (go a), fst (go b)

                match negated b with
                | Some positive -> $"{left} − {within 1 positive}", 0
                | None when right.StartsWith '−' -> $"{left} + ({right})", 0
                | None -> $"{left} + {right}", 0
            | Term.Times(Term.Over _ as a, b) -> $"({fst (go a)}) {within 1 b}", 1
            | Term.Times(a, b) -> $"{within 1 a} {within 1 b}", 1
            | Term.Over(a, b) -> $"{within 1 a} / {within 2 b}", 1
            | Term.Power(a, n) -> $"{within 2 a}{superscript n}", 2
            | Term.Apply(name, _, a) -> $"{name}({fst (go a)})", 2
            | Term.Mean a -> $"⟨{fst (go a)}⟩", 2
            | Term.Interact(name, _, a) -> $"{name} ∗ {within 2 a}", 1
            | Term.OfComponent(index, a) -> named $"u{subscript index}" a
            | Term.System terms -> terms |> List.map (named "u₀" >> fst) |> String.concat ", " |> sprintf "(%s)", 2

        and within u strength term =
            let text, own = named u term
            if own < strength then $"({text})" else text

        fst (named "u" term)

type Term with

    /// <summary>The term as mathematics, as F# Interactive shows it: see <c>Term.show</c>.</summary>
    member term.Mathematics = Term.show term
