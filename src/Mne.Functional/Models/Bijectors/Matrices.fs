namespace Mne.Functional

open TorchSharp

/// Correlation and covariance matrices, and their Cholesky factors.
[<RequireQualifiedAccess>]
module internal MatrixBijectors =

    open Bijecting

    /// Places (row, column) below the diagonal, row by row or column by column, as Stan fills factors and correlation matrices.
    let private belowByRow (n: int) =
        [
            for i in 1 .. n - 1 do
                for j in 0 .. i - 1 -> i, j
        ]

    let private belowByColumn (n: int) =
        [
            for j in 0 .. n - 2 do
                for i in j + 1 .. n - 1 -> i, j
        ]

    /// Places below the diagonal and on it, row by row.
    let private lower (n: int) =
        [
            for i in 0 .. n - 1 do
                for j in 0..i -> i, j
        ]

    let private indices (like: Tensor) (all: seq<int>) : Tensor =
        torch.tensor (all |> Seq.map int64 |> Seq.toArray, device = like.device)

    /// Matrices (M × n × n) with the columns of y in the given places and 0 elsewhere.
    let private filled (n: int) (places: (int * int) list) (y: Tensor) : Tensor =
        let from = Map.ofList (List.mapi (fun k place -> place, k) places)

        let source =
            [
                for i in 0 .. n - 1 do
                    for j in 0 .. n - 1 -> Map.tryFind (i, j) from |> Option.defaultValue places.Length
            ]

        let padded = Tensor.concatenate 1L [ y; y.new_zeros (y.shape[0], 1L) ]
        (padded.index_select (1L, indices y source)).reshape(-1L, int64 n, int64 n)

    /// The elements in the given places (M × places).
    let private taken (n: int) (places: (int * int) list) (matrices: Tensor) : Tensor =
        (matrices.reshape (matrices.shape[0], -1L))
            .index_select(1L, indices matrices [ for i, j in places -> i * n + j ])

    let private vector (like: Tensor) (values: seq<float>) : Tensor =
        Tensor.ofArray (Placement.ofTensor like) (Seq.toArray values)

    let private transposed (matrices: Tensor) : Tensor = matrices.transpose (1L, 2L)

    /// log (1 − tanh² y).
    let private logRemainder (y: Tensor) : Tensor = logSlope (2.0 .* y) .+ log 4.0

    /// Sums of what stands before each element of its row.
    let private preceding (x: Tensor) : Tensor =
        let n = x.shape[2]
        Tensor.concatenate 2L [ x.new_zeros (x.shape[0], n, 1L); (x.cumsum 2L).narrow(2L, 0L, n - 1L) ]

    /// The factor of which each row has length 1, from canonical partial correlations tanh y: an element is its tanh y times the length that those
    /// before it leave.
    let private factor (n: int) places (y: Tensor) : Tensor =
        let below = filled n places y

        (below.tanh () .+ torch.eye (int64 n, dtype = y.dtype, device = y.device))
        * (0.5 .* preceding (logRemainder below)).exp()

    /// log of the Jacobian, Σ over places of (1 + ½ weight) log (1 − tanh² y).
    let private logJacobian (weight: int * int -> int) places (y: Tensor) : Tensor =
        (vector y [ for place in places -> 1.0 + 0.5 * float (weight place) ]
         * logRemainder y)
            .sum
            1L

    /// y of the factors L: atanh of each element over the length of it and what follows. Where that is near ±1, the remaining length tells.
    let private partial (n: int) places (factors: Tensor) : Tensor =
        let squares = 2.0 .* factors.abs().log()

        /// log of the sum of squares from each element on, −∞ behind the last.
        let from =
            Tensor.concatenate
                2L
                [
                    squares.flip(2L).logcumsumexp(2L).flip 2L
                    squares.NewFull(squares.shape[0], int64 n, -infinity).unsqueeze 2L
                ]

        let here, behind = from.narrow (2L, 0L, int64 n), from.narrow (2L, 1L, int64 n)
        let size = factors.abs ()
        let ratio = size * (-0.5 .* behind).exp()

        /// asinh, of moderate numbers.
        let near =
            (ratio .+ ratio.Square() / (1.0 .+ (1.0 .+ ratio.Square()).sqrt())).log1p()

        let far = (size * (-0.5 .* here).exp()).log1p() - 0.5 .* (behind - here)

        torch.where (ratio.LessThan 1.0, near, far) * factors.sign () |> taken n places

    /// Rows whose matrices are 0 above the diagonal.
    let private isLower (matrices: Tensor) : Tensor = small (matrices.triu 1L)

    /// Rows whose matrices are symmetric, in units of their own.
    let private isSymmetric (matrices: Tensor) : Tensor =
        let scale = matrices.diagonal(0L, 1L, 2L).abs().sqrt()

        (matrices - transposed matrices) / (scale.unsqueeze 1L * scale.unsqueeze 2L)
        |> small

    let private diagonal (matrices: Tensor) : Tensor = matrices.diagonal (0L, 1L, 2L)

    let correlationCholesky (n: int) : Bijector =
        let places = belowByRow n

        {
            Values = $"the Cholesky factor of a correlation matrix, {n} × {n}"
            Dimension = places.Length
            Shape = [ n; n ]
            Forward = fun y -> factor n places y, logJacobian (fun (i, j) -> i - 1 - j) places y
            Inverse =
                fun x ->
                    let whole =
                        (isLower x)
                            .logical_and(small (x.Square().sum 2L .- 1.0))
                            .logical_and((diagonal x).GreaterThan(0.0).all 1L)

                    partial n places x |> where whole
        }

    let correlation (n: int) : Bijector =
        let places = belowByColumn n

        {
            Values = $"a correlation matrix, {n} × {n}"
            Dimension = places.Length
            Shape = [ n; n ]
            Forward =
                fun y ->
                    let l = factor n places y
                    l.bmm (transposed l), logJacobian (fun (_, j) -> n - j - 2) places y
            Inverse =
                fun x ->
                    let whole = (isSymmetric x).logical_and(small (diagonal x .- 1.0))

                    partial n places (Tensor.cholesky x) |> where whole
        }

    /// The factor with e^y on the diagonal, and y there.
    let private scaled (n: int) (y: Tensor) : Tensor * Tensor =
        let below = filled n (lower n) y
        let logs = diagonal below
        below.tril -1L .+ logs.exp().diag_embed(), logs

    let private logScaled (n: int) (factors: Tensor) : Tensor =
        let logs = (diagonal factors).log()
        factors.tril -1L .+ logs.diag_embed () |> taken n (lower n)

    let covarianceCholesky (n: int) : Bijector =
        {
            Values = $"the Cholesky factor of a covariance matrix, {n} × {n}"
            Dimension = n * (n + 1) / 2
            Shape = [ n; n ]
            Forward =
                fun y ->
                    let l, logs = scaled n y
                    l, logs.sum 1L
            Inverse = fun x -> logScaled n x |> where (isLower x)
        }

    let covariance (n: int) : Bijector =
        {
            Values = $"a covariance matrix, {n} × {n}"
            Dimension = n * (n + 1) / 2
            Shape = [ n; n ]
            Forward =
                fun y ->
                    let l, logs = scaled n y
                    let powers = vector y [ for k in 0 .. n - 1 -> float (n - k + 1) ]
                    l.bmm (transposed l), (powers * logs).sum 1L .+ float n * log 2.0
            Inverse = fun x -> logScaled n (Tensor.cholesky x) |> where (isSymmetric x)
        }
