namespace Mne.Functional

open System
open TorchSharp

/// <summary>
/// How the minimal-norm problem is restricted: θ̇ = Jᵀ S β with S (N × s) chosen once per run, so that the vector field
/// stays a smooth function of (θ, X, t) (docs/mathematics.md §1 "Smooth sketching").
/// </summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Sketch =
    /// <summary>S = I: all N point tangents.</summary>
    | Exact
    /// <summary>S selects s of the N points, spread evenly over their order, with all components of u there.</summary>
    | Landmarks of s: int
    /// <summary>
    /// As many landmarks as so many times the effective rank of the kernel where the evolution begins, and again
    /// wherever its points are drawn anew, at its λ; all points where that is more. Where a network, λ and points leave
    /// few directions, most of the work is saved; 1.5 to 2 is enough.
    /// </summary>
    | Adaptive of ratio: float

/// <summary>The smallest change of θ that satisfies the equation at the points, and how well it does.</summary>
[<Notebooks.TypeFormatterSource>]
type MinimalNorm =
    {
        /// <summary>θ̇ (p).</summary>
        Direction: Tensor
        /// <summary>|Jθ̇ − f| / |f|.</summary>
        Residual: float
        /// <summary>tr((ΦᵀΦ + Nλκ)⁻¹ΦᵀΦ), the effective dimension.</summary>
        EffectiveRank: float
    }

/// A minimal-norm problem, factorised, to be solved for one or several right-hand sides.
type internal Factorisation =
    {
        /// f (N) ↦ θ̇ (p) and Jθ̇ (N).
        Solve: Tensor -> Tensor * Tensor
        /// tr((ΦᵀΦ + Nλκ)⁻¹ΦᵀΦ), the effective dimension: exactly, which costs as much as the factorisation, or from so many vectors of
        /// random signs, to 1 or 2 % from 32.
        EffectiveRank: int option -> float
    }

/// Raised when the kernel of so many points or landmarks cannot be factorised. Evolutions and fits know it by its type and do without;
/// whoever called by hand sees that λ was wrong.
type internal KernelNotFactorised(size: int) =
    inherit
        ArgumentException(
            $"λ: the kernel of {size} points or landmarks was not positive definite in floating point; wanted a larger λ, fewer points or landmarks, or float64",
            "λ"
        )

    member _.Size = size

[<AutoOpen>]
module internal KernelNotFactorisedPattern =

    let (|KernelNotFactorised|_|) (error: exn) =
        match error with
        | :? KernelNotFactorised as error -> Some error.Size
        | _ -> None

/// <summary>Minimal-norm solutions of J θ̇ = f.</summary>
[<RequireQualifiedAccess>]
module Sketch =

    /// s of n indices: evenly along a line; in more dimensions by a stride near n divided by the golden ratio, since even steps
    /// through the rows of a grid can all end in one column.
    let private spread d s n =
        if d = 1 then
            [| for i in 0 .. s - 1 -> int (int64 i * int64 n / int64 s) |]
        else
            let rec gcd a b = if b = 0 then a else gcd b (a % b)
            let golden = int (float n * 0.6180339887498949)

            let stride =
                Seq.initInfinite (fun k -> golden + k)
                |> Seq.find (fun q -> q > 0 && gcd q n = 1)

            [| for i in 0 .. s - 1 -> int (int64 i * int64 stride % int64 n) |]

    /// Raises `ArgumentException` for a sketch that no points can have.
    let internal check (name: string) (sketch: Sketch) : unit =
        match sketch with
        | Sketch.Exact -> ()
        | Sketch.Landmarks s ->
            if s < 1 then
                Guard.fail name $"found Landmarks {s}, wanted 1 or more of the points"
        | Sketch.Adaptive ratio -> Guard.positive name ratio

    /// The rows of the tangent at n points of u with m components in d dimensions that belong to the landmarks; None for the exact
    /// problem. Raises `ArgumentException` where s is not between 1 and n, and for an adaptive sketch (see `resolve`).
    let internal landmarks (d: int) (m: int) (n: int) (sketch: Sketch) : int[] option =
        match sketch with
        | Sketch.Exact -> None
        | Sketch.Landmarks s when s < 1 || s > n ->
            Guard.fail "Sketch" $"Landmarks {s}, but there are {n} points; wanted 1 to {n}"
        | Sketch.Landmarks s when s = n -> None
        | Sketch.Landmarks s ->
            let chosen = spread d s n

            Some
                [|
                    for c in 0 .. m - 1 do
                        for i in chosen -> c * n + i
                |]
        | Sketch.Adaptive _ ->
            Guard.fail "Sketch" "an adaptive sketch has no landmarks yet; resolve it for a tangent first"

    /// L with L Lᵀ = A + shift I, for the smallest shift in `shifts`, which grow, that succeeds. Only the lower triangle of A is read; its
    /// diagonal is changed.
    let internal cholesky (shifts: float list) (a: Tensor) : Tensor =
        let diagonal = a.diagonal ()

        let attempt (before: float, shift: float) =
            diagonal.AddInPlace(shift - before) |> ignore
            let struct (factor, info) = torch.linalg.cholesky_ex a
            if info.cpu().item<int>() = 0 then Some factor else None

        match List.pairwise (0.0 :: shifts) |> List.tryPick attempt with
        | Some factor -> factor
        | None -> raise (KernelNotFactorised(int a.shape[0]))

    /// The lower triangle of ΦᵀΦ, which is symmetric: some columns at a time, from the diagonal down. What is above it is not ΦᵀΦ's.
    let internal lowerGram (φ: Tensor) : Tensor =
        let s = φ.shape[1]
        let result = φ.new_zeros (s, s)
        let width = max 64L ((s + 3L) / 4L)

        for first in 0L .. width .. s - 1L do
            let rest, width = s - first, min width (s - first)
            let below = φ.narrow (1L, first, rest)

            result.narrow(0L, first, rest).narrow(1L, first, width).addmm_(below.t (), φ.narrow (1L, first, width))
            |> ignore

        result

    let internal solveLower (l: Tensor) (b: Tensor) =
        torch.linalg.solve_triangular (l, b, upper = false)

    let internal solveUpper (l: Tensor) (b: Tensor) =
        torch.linalg.solve_triangular (l.t (), b, upper = true)

    /// tr((A + μ)⁻¹A) of a factor of A + μ: s − μ tr (A + μ)⁻¹, for which random signs z give E zᵀ(A + μ)⁻¹z.
    let internal effectiveRankOf (μ: float) (factor: Tensor) (signs: int option) : float =
        Scope.free (fun () ->
            let s = int factor.shape[0]

            let vectors, weight =
                match signs with
                | Some count when count < s ->
                    (Random.uniform (Placement.ofTensor factor) 1 [ s; count ] .- 0.5).sign(), 1.0 / float count
                | _ -> torch.eye (int64 s, dtype = factor.dtype, device = factor.device), 1.0

            float s
            - μ * weight * Tensor.toFloat ((solveLower factor vectors).Square().sum()))

    /// Factorises min |Jθ̇ − f|² + N λ κ |θ̇|² over the span of the landmarks' tangents, κ = tr K / N (docs/mathematics.md §1), for any
    /// f. `landmarks` are row indices or None for all rows. Costs O(N s (s + width)). Call it inside a scope: it holds tensors. λ is
    /// relative to the mean diagonal κ of the kernel. Further rows may follow those of the equation, which N, κ and landmarks are
    /// of; all of them are landmarks too. Raises `ArgumentException` unless λ is positive and moderate.
    let internal factoriseStacked (λ: float) (landmarks: int[] option) (stack: Stacked) : Factorisation =
        Guard.divisor "λ" λ
        let tangent = stack.Own
        let diagonal = Tangent.squaredNorms tangent
        let n = float (Tensor.rows diagonal)
        let κ = Tensor.toFloat (diagonal.mean ())

        if not (Double.IsFinite κ && κ > 0.0) then
            raise (KernelNotFactorised(Tensor.rows diagonal))

        let μ = n * λ * κ

        let further =
            stack.Further
            |> Option.map (fun (rows, weights) -> rows, Stacked.factors (n * κ) (rows, weights))

        /// The right-hand side as the rows want it.
        let weighted (f: Tensor) =
            match further with
            | None -> f
            | Some(_, w) -> f * Tensor.concatenate 0L [ diagonal.new_ones diagonal.shape[0]; w ]

        let transposeTimes (own: Tangent) (v: Tensor) =
            match further with
            | None -> Tangent.transposeTimes v own
            | Some(rows, w) -> Stacked.transposeTimes own rows w v

        match landmarks with
        | None ->
            let l =
                cholesky
                    [ μ ]
                    (match further with
                     | None -> Tangent.lowerKernel tangent
                     | Some(rows, w) -> Stacked.lowerKernel tangent rows w)

            {
                Solve =
                    fun f ->
                        Guard.samePlacement "f" f "tangent" diagonal
                        let f = weighted f
                        let α = (solveUpper l (solveLower l (f.unsqueeze 1L))).squeeze 1L
                        transposeTimes tangent α, f - μ .* α
                EffectiveRank = effectiveRankOf μ l
            }
        | Some indices ->
            let tensor (rows: int[]) =
                torch.tensor (Array.map int64 rows, device = diagonal.device)

            let selected = Tangent.pick (tensor indices) tangent

            let cross =
                match further with
                | None -> Tangent.kernel tangent selected
                | Some(rows, w) -> Stacked.kernel tangent selected rows w

            let index =
                tensor (Array.append indices [| Tensor.rows diagonal .. Tensor.rows cross - 1 |])

            let s = float index.shape[0]
            let unit = Placement.epsilon (Placement.ofTensor diagonal) * s * κ
            // The jitter is the round-off of K_ss: directions below it carry no information.
            let l =
                cholesky [ unit; 10.0 * unit; 100.0 * unit; 1e4 * unit ] (cross.index_select (0L, index))

            let φ = (solveLower l (cross.t ())).t()
            let r = lowerGram φ |> cholesky [ μ; μ + unit * n; μ + 100.0 * unit * n ]
            let solve (b: Tensor) = solveUpper r (solveLower r b)

            {
                Solve =
                    fun f ->
                        Guard.samePlacement "f" f "tangent" diagonal
                        let f = (weighted f).unsqueeze 1L
                        let first = solve (φ.t().mm f)
                        // One step of iterative refinement: the normal equations alone lose digits when λ is near round-off.
                        let γ = first .+ solve (φ.t().mm(f - φ.mm first) - μ .* first)
                        let β = (solveUpper l γ).squeeze 1L
                        transposeTimes selected β, φ.mm(γ).squeeze 1L
                EffectiveRank = effectiveRankOf μ r
            }

    /// As `factoriseStacked`, of the rows of an equation alone.
    let internal factorise (λ: float) (landmarks: int[] option) (tangent: Tangent) : Factorisation =
        factoriseStacked λ landmarks (Stacked.alone tangent)

    /// As `minimalNorm`, of arguments that are known to fit, with the effective rank exactly or from so many vectors of signs. The
    /// residual is that of the equation alone.
    let internal minimise (signs: int option) λ (landmarks: int[] option) (stack: Stacked) (f: Tensor) =
        Scope.keepAll (fun (minimal: MinimalNorm) -> [ minimal.Direction ]) (fun () ->
            let problem = factoriseStacked λ landmarks stack
            let own = int64 (Tangent.rows stack.Own)

            let norm (x: Tensor) =
                Tensor.toFloat (x.narrow(0L, 0L, own).norm())

            let size = norm f
            // θ̇ is linear in f: where squares of f overflow, it is computed for a smaller one.
            let unit = if Double.IsInfinity size then 1e-200 else 1.0
            let f = if unit = 1.0 then f else unit .* f
            let size = if unit = 1.0 then size else norm f
            let direction, image = problem.Solve f

            {
                Direction = if unit = 1.0 then direction else direction ./ unit
                Residual = if size > 0.0 then norm (image - f) / size else 0.0
                EffectiveRank = problem.EffectiveRank signs
            })

    /// <summary>
    /// Solves min |Jθ̇ − f|² + N λ κ |θ̇|² for one f (N) over the span of the landmarks' tangents, κ = tr K / N
    /// (docs/mathematics.md §1). Costs O(N s (s + width)) with s landmarks.
    /// </summary>
    /// <param name="λ">λ &gt; 0, relative to the mean diagonal κ of the kernel.</param>
    /// <param name="landmarks">Rows of the tangent that serve as landmarks; None for all.</param>
    /// <param name="tangent">J = ∂u(x_i)/∂θ_j at N points (N × p).</param>
    /// <param name="f">Right-hand side at the rows of the tangent (N).</param>
    /// <exception cref="T:System.ArgumentException">Unless λ is positive, landmarks are rows of the tangent, and f has a
    /// number of the tangent's precision for every row; λ is too small for the kernel to be factorised.</exception>
    let minimalNorm (λ: float) (landmarks: int[] option) (tangent: Tangent) (f: Tensor) : MinimalNorm =
        let rows = Tangent.rows tangent
        Guard.vector "f" rows f

        match landmarks |> Option.bind (Array.tryFind (fun row -> row < 0 || row >= rows)) with
        | Some row -> Guard.fail "landmarks" $"found the row {row}, but the tangent has {rows} (rows 0 to {rows - 1})"
        | None -> ()

        minimise None λ landmarks (Stacked.alone tangent) f

    /// The effective rank, exactly or from so many vectors of signs: see `effectiveRank`.
    let rec private rank (signs: int option) (λ: float) (tangent: Tangent) : float =
        try
            Scope.free (fun () -> (factorise λ None tangent).EffectiveRank signs)
        with KernelNotFactorised n ->
            if λ < 0.1 then rank signs (10.0 * λ) tangent else float n

    /// <summary>
    /// tr((K + Nλκ)⁻¹K), κ = tr K / N: how many directions of the kernel of these points are not lost in the
    /// regularisation (docs/mathematics.md §1, the effective dimension). Where λ is below round-off, as in single
    /// precision, it is that of the least λ, in steps of ten, with which the kernel can be factorised; the number of
    /// rows where there is none. Costs N³.
    /// </summary>
    /// <param name="λ">λ &gt; 0, relative to the mean diagonal κ of the kernel.</param>
    /// <param name="tangent">J = ∂u(x_i)/∂θ_j at N points (N × p).</param>
    /// <exception cref="T:System.ArgumentException">Unless λ is positive, from 1e-100 to 1e100.</exception>
    /// <example><code>
    /// let rank = Network.tangent network θ x |&gt; Sketch.effectiveRank 1e-9
    /// </code></example>
    let effectiveRank (λ: float) (tangent: Tangent) : float = rank None λ tangent

    /// So many vectors of signs tell the effective rank to 1 or 2 %, where it need not be exact: at every stage of a run, and for the
    /// numbers of points and landmarks.
    let internal signsForRank = 32

    /// As `effectiveRank`, to 1 or 2 %: N³/3 and a kernel in place of half a dozen times as much.
    let internal roughRank (λ: float) (tangent: Tangent) : float = rank (Some signsForRank) λ tangent

    /// No more rows than this tell the effective rank.
    let private rowsForRank = 2000

    /// The sketch with a definite number of landmarks, for the tangent at n points of u with m components. An adaptive one asks for the
    /// tangent; others stay as they are. Raises `ArgumentException` unless the ratio is positive.
    let internal resolve (λ: float) (m: int) (n: int) (tangent: unit -> Tangent) (sketch: Sketch) : Sketch =
        match sketch with
        | Sketch.Exact
        | Sketch.Landmarks _ -> sketch
        | Sketch.Adaptive ratio ->
            Guard.positive "Sketch" ratio

            Scope.free (fun () ->
                let all = tangent ()
                let rows = min (n * m) rowsForRank

                let some =
                    if rows = n * m then
                        all
                    else
                        let index =
                            torch.tensor (
                                Array.map int64 (spread 2 rows (n * m)),
                                device = (Tangent.squaredNorms all).device
                            )

                        Tangent.pick index all

                let s = int (ceil (ratio * roughRank λ some / float m))
                if s >= n then Sketch.Exact else Sketch.Landmarks(max 1 s))
