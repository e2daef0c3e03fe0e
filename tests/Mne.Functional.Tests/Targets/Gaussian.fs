/// Sketch.Exact Gaussian solutions of linear diffusions, for comparison.
module Mne.Functional.Tests.Gaussian

open MathNet.Numerics.LinearAlgebra
open Mne.Functional

/// N(mean, covariance).
type Gaussian =
    {
        Mean: Vector<float>
        Covariance: Matrix<float>
    }

let create (mean: float list) (covariance: float list list) =
    {
        Mean = Vector<float>.Build.DenseOfEnumerable mean
        Covariance = Matrix<float>.Build.DenseOfRows [ for row in covariance -> Seq.ofList row ]
    }

/// Where a transition takes it.
let push (transition: Transition) (g: Gaussian) =
    let f = Matrix<float>.Build.DenseOfArray transition.Matrix

    {
        Mean = f * g.Mean + Vector<float>.Build.DenseOfArray transition.Offset
        Covariance =
            f * g.Covariance * f.Transpose()
            + Matrix<float>.Build.DenseOfArray transition.Covariance
    }

/// −log of the normalised density at the rows of X (N × d), by a formula of its own.
let energy (g: Gaussian) (x: Tensor) : Tensor =
    let placement = Placement.ofTensor x
    let precision = g.Covariance.Inverse()
    let z = x - Tensor.ofArray placement (g.Mean.ToArray())
    let d = float g.Mean.Count

    0.5 * (z.mm (Tensor.ofArray2D placement (precision.ToArray())) * z).sum 1L
    + 0.5 * (d * log (2.0 * System.Math.PI) + log (g.Covariance.Determinant()))

/// u and the requested derivatives of a given function of X, by automatic differentiation.
let local (u: Tensor -> Tensor) (request: Set<Derivative>) (t: float) (x: Tensor) : Local =
    let d = int x.shape[1]

    let network =
        Network.ofFunction (Domain.euclidean d) 1 (fun placement _ -> Tensor.zeros placement [ 1 ]) (fun θ x ->
            u x + 0.0 * θ.sum ())

    {
        Time = t
        Points = x
        Jet = Network.jet request network (Tensor.zeros (Placement.ofTensor x) [ 1 ]) x
    }

/// Sample mean and variance of each column.
let moments (x: Tensor) : float[] * float[] =
    Scope.free (fun () -> Tensor.toArray (x.mean [| 0L |]), Tensor.toArray (x.var 0L))
