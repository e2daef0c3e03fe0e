namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// <summary>A symmetric positive semi-definite matrix in d dimensions: a covariance, or D = σσᵀ of a diffusion.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Covariance =
    /// <summary>D = c I.</summary>
    | Isotropic of float
    /// <summary>D = diag(c_1 … c_d); zeros leave coordinates without noise.</summary>
    | Diagonal of float list
    /// <summary>Any symmetric positive semi-definite matrix.</summary>
    | Full of float[,]

/// <summary>Symmetric positive semi-definite matrices, applied to points, which are rows.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Covariance =

    /// <summary>The matrix in d dimensions (d × d).</summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    /// <exception cref="T:System.ArgumentException">d is not 1 to 100,000, or a diagonal has not d numbers.</exception>
    let matrix (d: int) (covariance: Covariance) : float[,] =
        Guard.within "d" 1 100_000 d

        match covariance with
        | Covariance.Diagonal cs when cs.Length <> d ->
            Guard.fail "covariance" $"found {cs.Length} numbers on the diagonal, wanted {d}"
        | Covariance.Isotropic c -> Array2D.init d d (fun i j -> if i = j then c else 0.0)
        | Covariance.Diagonal cs -> Array2D.init d d (fun i j -> if i = j then cs[i] else 0.0)
        | Covariance.Full matrix -> matrix

    /// <summary>
    /// Raises <c>ArgumentException</c> unless it is finite, d × d, symmetric and has no negative eigenvalue.
    /// </summary>
    /// <param name="name">The name of the argument, as the message gives it.</param>
    /// <param name="d">Dimension of space.</param>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    /// <exception cref="T:System.ArgumentException">Unless it is finite, d × d, symmetric and has no negative
    /// eigenvalue.</exception>
    let check (name: string) (d: int) (covariance: Covariance) =
        Guard.atLeast "d" 1 d

        match covariance with
        | Covariance.Isotropic _ -> ()
        | Covariance.Diagonal cs ->
            if cs.Length <> d then
                Guard.fail name $"found {cs.Length} numbers on the diagonal, wanted {d}"
        | Covariance.Full matrix ->
            let rows, columns = Array2D.length1 matrix, Array2D.length2 matrix

            if rows <> d || columns <> d then
                Guard.fail name $"found a matrix of shape {rows} × {columns}, wanted {d} × {d}"

        let entries = matrix d covariance
        let m = Matrix<float>.Build.DenseOfArray entries

        for c in Seq.cast<float> entries do
            Guard.moderate name c

        if (m - m.Transpose()).InfinityNorm() > 1e-10 * m.InfinityNorm() then
            Guard.fail name "found a matrix that is not symmetric; take ½ (D + Dᵀ)"

        let smallest =
            match covariance with
            | Covariance.Full _ -> (m.Evd Symmetricity.Symmetric).EigenValues |> Seq.map _.Real |> Seq.min
            | _ -> m.Diagonal() |> Seq.min

        if smallest < -1e-10 * m.InfinityNorm() then
            Guard.fail name $"found the eigenvalue {smallest}, wanted none below 0"

    /// <summary>c D.</summary>
    /// <param name="c">A factor, not negative.</param>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    let scale (c: float) (covariance: Covariance) : Covariance =
        match covariance with
        | Covariance.Isotropic a -> Covariance.Isotropic(c * a)
        | Covariance.Diagonal cs -> Covariance.Diagonal [ for a in cs -> c * a ]
        | Covariance.Full matrix -> Covariance.Full(Array2D.map (fun a -> c * a) matrix)

    /// Raises unless the entries are as many as x has columns, finite, and of no negative variance.
    let private suits (covariance: Covariance) (x: Tensor) : unit =
        Guard.numbers "x" x

        let wrong found =
            Guard.fail
                "covariance"
                $"found {found}, wanted finite numbers for {Guard.shapeName x.shape}, with no variance below 0"

        let variance c =
            if not (c >= 0.0 && System.Double.IsFinite c) then
                wrong $"{c}"

        match covariance with
        | Covariance.Isotropic c -> variance c
        | Covariance.Diagonal cs ->
            List.iter variance cs

            if x.dim () = 0L || int64 cs.Length <> Array.last x.shape then
                wrong $"{cs.Length} numbers on the diagonal"
        | Covariance.Full m ->
            for c in Seq.cast<float> m do
                if not (System.Double.IsFinite c) then
                    wrong $"the entry {c}"

                Guard.moderate "covariance" c

            if
                x.dim () <> 2L
                || Array2D.length1 m <> Array2D.length2 m
                || int64 (Array2D.length1 m) <> x.shape[1]
            then
                wrong $"a matrix of shape {Array2D.length1 m} × {Array2D.length2 m}"

    /// <summary>D x for each row x (N × d).</summary>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    /// <param name="x">Points, one per row (N × d).</param>
    let times (covariance: Covariance) (x: Tensor) : Tensor =
        suits covariance x

        match covariance with
        | Covariance.Isotropic c -> c .* x
        | Covariance.Diagonal cs -> x * Tensor.ofArray (Placement.ofTensor x) (List.toArray cs)
        | Covariance.Full matrix -> x.mm (Tensor.ofArray2D (Placement.ofTensor x) matrix)

    /// The symmetric square root of a full matrix, and its pseudo-inverse.
    let private roots (matrix: float[,]) =
        let evd = (Matrix<float>.Build.DenseOfArray matrix).Evd Symmetricity.Symmetric

        let values = evd.EigenValues |> Seq.map _.Real |> Seq.toArray
        let floor = 1e-14 * Array.max values

        let compose f =
            (evd.EigenVectors
             * Matrix<float>.Build.DenseOfDiagonalArray(values |> Array.map f)
             * evd.EigenVectors.Transpose())
                .ToArray()

        compose (fun v -> if v > floor then sqrt v else 0.0), compose (fun v -> if v > floor then 1.0 / sqrt v else 0.0)

    /// <summary>
    /// σ ξ for each row ξ (N × d), with the symmetric σ = √D: noise of covariance D from standard normal numbers.
    /// </summary>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    /// <param name="noise">ξ, standard normal numbers (N × d).</param>
    let colour (covariance: Covariance) (noise: Tensor) : Tensor =
        suits covariance noise

        match covariance with
        | Covariance.Isotropic c -> sqrt c .* noise
        | Covariance.Diagonal cs -> times (Covariance.Diagonal [ for c in cs -> sqrt c ]) noise
        | Covariance.Full matrix -> times (Covariance.Full(fst (roots matrix))) noise

    /// <summary>
    /// σ⁺ x for each row x (N × d): the inverse of <c>colour</c> on the space that the noise reaches, 0 elsewhere.
    /// </summary>
    /// <param name="covariance">The matrix (d × d), in any form.</param>
    /// <param name="x">Points, one per row (N × d).</param>
    let whiten (covariance: Covariance) (x: Tensor) : Tensor =
        suits covariance x

        match covariance with
        | Covariance.Isotropic c -> x ./ sqrt c
        | Covariance.Diagonal cs ->
            times (Covariance.Diagonal [ for c in cs -> if c > 0.0 then 1.0 / sqrt c else 0.0 ]) x
        | Covariance.Full matrix -> times (Covariance.Full(snd (roots matrix))) x
