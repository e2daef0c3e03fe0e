namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// A symmetric positive semi-definite matrix in d dimensions: D = σσᵀ of a diffusion, or a covariance.
type Diffusion =
    /// D = c I.
    | Isotropic of float
    /// D = diag(c_1 … c_d); zeros leave coordinates without noise.
    | Diagonal of float list
    /// Any symmetric positive semi-definite matrix.
    | Full of float[,]

/// Symmetric positive semi-definite matrices, applied to points, which are rows.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Diffusion =

    /// The matrix in d dimensions (d × d).
    let matrix (d: int) (diffusion: Diffusion) : float[,] =
        match diffusion with
        | Isotropic c -> Array2D.init d d (fun i j -> if i = j then c else 0.0)
        | Diagonal cs -> Array2D.init d d (fun i j -> if i = j then cs[i] else 0.0)
        | Full matrix -> matrix

    /// Raises `ArgumentException` unless it is finite, d × d, symmetric and has no negative eigenvalue.
    let check (name: string) (d: int) (diffusion: Diffusion) =
        match diffusion with
        | Isotropic _ -> ()
        | Diagonal cs ->
            if cs.Length <> d then
                Guard.fail name $"found {cs.Length} numbers on the diagonal, wanted {d}"
        | Full matrix ->
            let rows, columns = Array2D.length1 matrix, Array2D.length2 matrix

            if rows <> d || columns <> d then
                Guard.fail name $"found a matrix of shape {rows} × {columns}, wanted {d} × {d}"

        let entries = matrix d diffusion
        let m = Matrix<float>.Build.DenseOfArray entries

        for c in Seq.cast<float> entries do
            if not (System.Double.IsFinite c) then
                Guard.fail name $"found the entry {c}, wanted finite numbers"

        if (m - m.Transpose()).InfinityNorm() > 1e-10 * m.InfinityNorm() then
            Guard.fail name "found a matrix that is not symmetric; take ½ (D + Dᵀ)"

        let smallest =
            match diffusion with
            | Full _ -> (m.Evd Symmetricity.Symmetric).EigenValues |> Seq.map _.Real |> Seq.min
            | _ -> m.Diagonal() |> Seq.min

        if smallest < -1e-10 * m.InfinityNorm() then
            Guard.fail name $"found the eigenvalue {smallest}, wanted none below 0"

    /// c D.
    let scale (c: float) (diffusion: Diffusion) : Diffusion =
        match diffusion with
        | Isotropic a -> Isotropic(c * a)
        | Diagonal cs -> Diagonal [ for a in cs -> c * a ]
        | Full matrix -> Full(Array2D.map (fun a -> c * a) matrix)

    /// D x for each row x (N × d).
    let times (diffusion: Diffusion) (x: Tensor) : Tensor =
        match diffusion with
        | Isotropic c -> c * x
        | Diagonal cs -> x * Tensor.ofArray (Placement.ofTensor x) (List.toArray cs)
        | Full matrix -> x.mm (Tensor.ofArray2D (Placement.ofTensor x) matrix)

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

    /// σ ξ for each row ξ (N × d), with the symmetric σ = √D: noise of covariance D from standard normal numbers.
    let colour (diffusion: Diffusion) (noise: Tensor) : Tensor =
        match diffusion with
        | Isotropic c -> sqrt c * noise
        | Diagonal cs -> times (Diagonal [ for c in cs -> sqrt c ]) noise
        | Full matrix -> times (Full(fst (roots matrix))) noise

    /// σ⁺ x for each row x (N × d): the inverse of `colour` on the space that the noise reaches, 0 elsewhere.
    let whiten (diffusion: Diffusion) (x: Tensor) : Tensor =
        match diffusion with
        | Isotropic c -> x / sqrt c
        | Diagonal cs -> times (Diagonal [ for c in cs -> if c > 0.0 then 1.0 / sqrt c else 0.0 ]) x
        | Full matrix -> times (Full(snd (roots matrix))) x
