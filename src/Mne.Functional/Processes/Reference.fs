namespace Mne.Functional

open MathNet.Numerics.LinearAlgebra
open TorchSharp

/// <summary>A distribution that can be drawn from exactly and whose density is known.</summary>
[<Notebooks.TypeFormatterSource>]
type Reference =
    {
        /// <summary>Draws: placement, seed, count ↦ (N × d).</summary>
        Draw: Placement -> int -> int -> Tensor
        /// <summary>The normalised log-density: points (N × d) ↦ (N).</summary>
        LogDensity: Tensor -> Tensor
    }

/// <summary>Distributions that can be drawn from exactly.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Reference =

    /// <summary>The standard normal distribution in d dimensions.</summary>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">Unless d is positive; when used, if points do not fit.</exception>
    let standardNormal d : Reference =
        Guard.atLeast "d" 1 d

        {
            Draw = fun placement seed count -> Random.normal placement seed [ count; d ]
            LogDensity =
                fun points ->
                    Guard.points "points" d points
                    Scope.keep (fun () -> -0.5 .* points.Square().sum 1L .- 0.5 * float d * log (2.0 * System.Math.PI))
        }

    /// <summary>The normal distribution with the given mean and covariance.</summary>
    /// <param name="mean">m, one number per coordinate (d).</param>
    /// <param name="covariance">C (d × d), positive definite.</param>
    /// <exception cref="T:System.ArgumentException">Unless the covariance is positive definite and fits the
    /// mean.</exception>
    let normal (mean: float list) (covariance: Covariance) : Reference =
        let d = mean.Length
        Guard.atLeast "mean" 1 d
        Covariance.check "covariance" d covariance

        let eigenvalues =
            (Matrix<float>.Build.DenseOfArray(Covariance.matrix d covariance).Evd Symmetricity.Symmetric).EigenValues
            |> Seq.map _.Real

        if not (Seq.min eigenvalues > 1e-14 * Seq.max eigenvalues) then
            Guard.fail
                "covariance"
                $"found eigenvalues from {Seq.min eigenvalues} to {Seq.max eigenvalues}: a singular matrix, wanted a positive definite one; leave out directions that do not vary"

        let logDeterminant = eigenvalues |> Seq.sumBy log

        let standard = standardNormal d

        let centre points =
            Tensor.ofArray (Placement.ofTensor points) (List.toArray mean)

        {
            Draw =
                fun placement seed count ->
                    Scope.keep (fun () ->
                        let z = standard.Draw placement seed count
                        Covariance.colour covariance z .+ centre z)
            LogDensity =
                fun points ->
                    Guard.points "points" d points

                    Scope.keep (fun () ->
                        standard.LogDensity(Covariance.whiten covariance (points - centre points))
                        .- 0.5 * logDeterminant)
        }
