namespace Mne.Functional

open System

/// The minimal-norm problem whose rows lie on several ranks (docs/mathematics.md, "On several ranks"). Kernels of own rows with the landmarks
/// are made where the rows are; what is summed are s(s + 1)/2 + s numbers and then s, what rank 0 decides for all are s numbers, β. The
/// parameters never travel: each rank makes θ̇ = J_sᵀβ by itself, unless processors are unlike.
module internal SharedSketch =

    /// The lower triangle of a symmetric matrix, row by row.
    let private pack (matrix: Tensor) : float[] =
        let s = int matrix.shape[0]
        let all = Tensor.toArray matrix

        [|
            for i in 0 .. s - 1 do
                yield! ArraySegment(all, i * s, i + 1)
        |]

    /// The matrix of a lower triangle, all that a factorisation reads, where another is.
    let private unpack (like: Tensor) (triangle: float[]) : Tensor =
        let s = int like.shape[0]
        let all = Array.zeroCreate<float>(s * s)

        for i in 0 .. s - 1 do
            Array.blit triangle (i * (i + 1) / 2) all (i * s) (i + 1)

        (Tensor.ofArray (Placement.ofTensor like) all).reshape(int64 s, int64 s)

    /// θ̇ for a right-hand side of which each rank has its rows: `own` gives the tangent and f at these, `selected` the tangent at the
    /// landmarks. `n` rows in all. Raises `ArgumentException` on every rank where it does on one.
    let minimise (team: Team) (λ: float) (n: int) (selected: Tangent) (own: unit -> Tangent * Tensor) : MinimalNorm =
        Guard.divisor "λ" λ

        Scope.keepAll (fun (minimal: MinimalNorm) -> [ minimal.Direction ]) (fun () ->
            let square (x: Tensor) = Tensor.toFloat ((x * x).sum())

            let (tangent, f, diagonal), sums =
                team
                |> Team.sum 2 (fun () ->
                    let tangent, f = own ()
                    let diagonal: Tensor = Tangent.squaredNorms tangent
                    Guard.samePlacement "f" f "tangent" diagonal
                    (tangent, f, diagonal), [| Tensor.toFloat (diagonal.sum ()); square f |])

            let n, κ = float n, sums[0] / float n

            if not (Double.IsFinite κ && κ > 0.0) then
                raise (KernelNotFactorised(int n))

            // θ̇ is linear in f: where squares of f overflow, it is computed for a smaller one.
            let unit = if Double.IsInfinity sums[1] then 1e-200 else 1.0
            let f = (if unit = 1.0 then f else unit .* f).unsqueeze 1L
            let μ = n * λ * κ
            let s = Tangent.rows selected
            let roundOff = Placement.epsilon (Placement.ofTensor diagonal) * float s * κ
            let triangle = s * (s + 1) / 2

            let toColumn (values: float[]) =
                (Tensor.ofArray (Placement.ofTensor f) values).unsqueeze 1L

            let (l, φ: Tensor, gram), sums =
                team
                |> Team.sum (triangle + s + 1) (fun () ->
                    let l =
                        Tangent.lowerKernel selected
                        |> Sketch.cholesky [ roundOff; 10.0 * roundOff; 100.0 * roundOff; 1e4 * roundOff ]

                    let φ = (Sketch.solveLower l ((Tangent.kernel tangent selected).t())).t()
                    let gram = Sketch.lowerGram φ
                    (l, φ, gram), Array.concat [ pack gram; Tensor.toArray (φ.t().mm f); [| square f |] ])

            let sizeOfF = sqrt sums[triangle + s]

            let (r, first), sums =
                team
                |> Team.sum s (fun () ->
                    let r =
                        unpack gram (Array.truncate triangle sums)
                        |> Sketch.cholesky [ μ; μ + roundOff * n; μ + 100.0 * roundOff * n ]

                    let solve b =
                        Sketch.solveUpper r (Sketch.solveLower r b)

                    let first = solve (toColumn (Array.sub sums triangle s))
                    (r, first), Tensor.toArray (φ.t().mm(f - φ.mm first)))

            // One step of iterative refinement: the normal equations alone lose digits when λ is near round-off.
            let solve (b: Tensor) =
                Sketch.solveUpper r (Sketch.solveLower r b)

            let γ = first .+ solve (toColumn sums - μ .* first)
            let own = Tensor.toArray (Sketch.solveUpper l γ)
            // Rank 0's, bit for bit, on every rank.
            team.Ranks.Share 0 own
            let direction = Tangent.transposeTimes ((toColumn own).squeeze 1L) selected

            // The last digits of θ̇ decide how many stages a method takes: where processors differ, those of rank 0 do.
            let direction =
                if team.Alike then
                    direction
                else
                    Communicator.broadcast direction team.Ranks

            let missing = [| square (φ.mm γ - f) |]
            team.Ranks.Sum missing

            {
                Direction = if unit = 1.0 then direction else direction ./ unit
                Residual = if sizeOfF > 0.0 then sqrt missing[0] / sizeOfF else 0.0
                EffectiveRank = Sketch.effectiveRankOf μ r (Some Sketch.signsForRank)
            })
