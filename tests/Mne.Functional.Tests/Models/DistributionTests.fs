module Mne.Functional.Tests.DistributionTests

open System
open Expecto
open TorchSharp
open MathNet.Numerics
open MathNet.Numerics.Distributions
open Mne.Functional
open Mne.Functional.References

/// A distribution of numbers by two formulas: ours of (x, parameters), and one of others.
type private Case =
    {
        Name: string
        Ours: Tensor -> Tensor[] -> Tensor
        Others: float -> float[] -> float
        Parameters: float[] list
        At: float list
        /// Where nothing is.
        Outside: float list
        Whole: bool
    }

let private continuous name ours others parameters at outside =
    {
        Name = name
        Ours = ours
        Others = others
        Parameters = parameters
        At = at
        Outside = outside
        Whole = false
    }

let private counted name ours others parameters at outside =
    { continuous name ours others parameters at outside with
        Whole = true
    }

let private line = [ -30.0; -1.5; 0.0; 0.3; 4.0; 100.0 ]
let private half = [ 1e-6; 0.3; 1.0; 4.0; 60.0 ]
let private below = [ -1e-9; -3.0 ]
let private twos = [ [| 0.0; 1.0 |]; [| -2.5; 0.3 |]; [| 10.0; 40.0 |] ]
let private positives = [ [| 1.0; 1.0 |]; [| 0.6; 2.5 |]; [| 7.0; 0.2 |] ]

let private cases =
    [
        continuous
            "normal"
            (fun x p -> Distribution.Normal(x, p[0], p[1]))
            (fun x p -> Normal.PDFLn(p[0], p[1], x))
            twos
            line
            []
        continuous
            "half normal"
            (fun x p -> Distribution.HalfNormal(x, p[0]))
            (fun x p -> Normal.PDFLn(0.0, p[0], x) + log 2.0)
            [ [| 1.0 |]; [| 0.2 |] ]
            half
            below
        continuous
            "Student"
            (fun x p -> Distribution.StudentT(x, p[0], p[1], p[2]))
            (fun x p -> StudentT.PDFLn(p[1], p[2], p[0], x))
            [ [| 3.0; 0.0; 1.0 |]; [| 0.7; -2.0; 10.0 |]; [| 40.0; 1.0; 0.1 |] ]
            line
            []
        continuous
            "half Student"
            (fun x p -> Distribution.HalfStudentT(x, p[0], p[1]))
            (fun x p -> StudentT.PDFLn(0.0, p[1], p[0], x) + log 2.0)
            [ [| 3.0; 1.0 |]; [| 1.5; 10.0 |] ]
            half
            below
        continuous
            "Cauchy"
            (fun x p -> Distribution.Cauchy(x, p[0], p[1]))
            (fun x p -> Cauchy.PDFLn(p[0], p[1], x))
            twos
            line
            []
        continuous
            "half Cauchy"
            (fun x p -> Distribution.HalfCauchy(x, p[0]))
            (fun x p -> Cauchy.PDFLn(0.0, p[0], x) + log 2.0)
            [ [| 5.0 |]; [| 0.1 |] ]
            half
            below
        continuous
            "Laplace"
            (fun x p -> Distribution.Laplace(x, p[0], p[1]))
            (fun x p -> Laplace.PDFLn(p[0], p[1], x))
            twos
            line
            []
        continuous
            "logistic"
            (fun x p -> Distribution.Logistic(x, p[0], p[1]))
            // exp z / s (1 + exp z)², with z < 0 by symmetry.
            (fun x p ->
                let z = -abs((x - p[0]) / p[1])
                z - log p[1] - 2.0 * SpecialFunctions.Log1p(exp z))
            twos
            line
            []
        continuous
            "lognormal"
            (fun x p -> Distribution.LogNormal(x, p[0], p[1]))
            (fun x p -> LogNormal.PDFLn(p[0], p[1], x))
            twos
            half
            (0.0 :: below)
        continuous
            "gamma"
            (fun x p -> Distribution.Gamma(x, p[0], p[1]))
            (fun x p -> Gamma.PDFLn(p[0], p[1], x))
            positives
            half
            below
        continuous
            "inverse gamma"
            (fun x p -> Distribution.InverseGamma(x, p[0], p[1]))
            // The density of 1/x, and the Jacobian.
            (fun x p -> Gamma.PDFLn(p[0], p[1], 1.0 / x) - 2.0 * log x)
            positives
            [ 0.03; 0.3; 1.0; 60.0 ]
            (0.0 :: below)
        continuous
            "Weibull"
            (fun x p -> Distribution.Weibull(x, p[0], p[1]))
            (fun x p -> Weibull.PDFLn(p[0], p[1], x))
            positives
            [ 1e-6; 0.3; 1.0; 1.2 ]
            below
        continuous
            "exponential"
            (fun x p -> Distribution.Exponential(x, p[0]))
            (fun x p -> Exponential.PDFLn(p[0], x))
            [ [| 0.3 |]; [| 5.0 |] ]
            (0.0 :: half)
            below
        continuous
            "beta"
            (fun x p -> Distribution.Beta(x, p[0], p[1]))
            (fun x p -> Beta.PDFLn(p[0], p[1], x))
            positives
            [ 1e-6; 0.3; 0.5; 0.99999 ]
            [ -0.1; 1.1 ]
        continuous
            "uniform"
            (fun x p -> Distribution.Uniform(x, p[0], p[1]))
            (fun x p -> ContinuousUniform.PDFLn(p[0], p[1], x))
            [ [| -2.0; 3.0 |] ]
            [ -2.0; 0.0; 3.0 ]
            [ -2.1; 3.1 ]
        counted
            "Poisson"
            (fun x p -> Distribution.Poisson(x, p[0]))
            (fun x p -> Poisson.PMFLn(p[0], int x))
            [ [| 0.2 |]; [| 7.0 |] ]
            [ 0.0; 1.0; 5.0; 40.0 ]
            [ -1.0; 0.5 ]
        counted
            "Poisson by the logarithm"
            (fun x p -> Distribution.PoissonLog(x, p[0]))
            (fun x p -> Poisson.PMFLn(exp p[0], int x))
            [ [| -1.0 |]; [| 3.0 |] ]
            [ 0.0; 1.0; 5.0; 40.0 ]
            [ -1.0; 0.5 ]
        counted
            "negative binomial"
            (fun x p -> Distribution.NegativeBinomial(x, p[0], p[1]))
            (fun x p -> NegativeBinomial.PMFLn(p[1], p[1] / (p[0] + p[1]), int x))
            positives
            [ 0.0; 1.0; 5.0; 40.0 ]
            [ -1.0; 0.5 ]
        counted
            "negative binomial by the logarithm"
            (fun x p -> Distribution.NegativeBinomialLog(x, p[0], p[1]))
            (fun x p -> NegativeBinomial.PMFLn(p[1], p[1] / (exp p[0] + p[1]), int x))
            [ [| 1.0; 0.5 |]; [| -2.0; 30.0 |] ]
            [ 0.0; 1.0; 5.0; 40.0 ]
            [ -1.0; 0.5 ]
        counted
            "binomial"
            (fun x p -> Distribution.Binomial(x, p[0], p[1]))
            (fun x p -> Binomial.PMFLn(p[1], int p[0], int x))
            [ [| 5.0; 0.3 |]; [| 9.0; 0.99 |] ]
            [ 0.0; 1.0; 5.0 ]
            [ -1.0; 0.5; 10.0 ]
        counted
            "binomial by log-odds"
            (fun x p -> Distribution.BinomialLogit(x, p[0], p[1]))
            (fun x p -> Binomial.PMFLn(1.0 / (1.0 + exp -p[1]), int p[0], int x))
            [ [| 5.0; -0.3 |]; [| 9.0; 3.0 |] ]
            [ 0.0; 1.0; 5.0 ]
            [ -1.0; 0.5; 10.0 ]
        counted
            "Bernoulli"
            (fun x p -> Distribution.Bernoulli(x, p[0]))
            (fun x p -> Bernoulli.PMFLn(p[0], int x))
            [ [| 0.3 |]; [| 0.999 |] ]
            [ 0.0; 1.0 ]
            [ -1.0; 0.5; 2.0 ]
        counted
            "Bernoulli by log-odds"
            (fun x p -> Distribution.BernoulliLogit(x, p[0]))
            (fun x p -> Bernoulli.PMFLn(1.0 / (1.0 + exp -p[0]), int x))
            [ [| -0.3 |]; [| 4.0 |] ]
            [ 0.0; 1.0 ]
            [ -1.0; 0.5; 2.0 ]
    ]

let private tensor (values: float list) =
    Tensor.ofArray Placement.float64 (Array.ofList values)

let private scalars (values: float[]) : Tensor[] =
    values |> Array.map (Tensor.scalar Placement.float64)

/// ∫ over ℝᵈ by a grid of so many points on each axis.
let private gridIntegral (d: int) (edge: float) (count: int) (logDensity: Tensor -> Tensor) : float =
    let axis = Tensor.linspace Placement.float64 -edge edge count
    let grid = torch.cartesian_prod (Array.create d axis)

    Tensor.toFloat ((logDensity (grid.reshape (-1L, int64 d))).logsumexp 0L)
    + float d * log (2.0 * edge / float (count - 1))

[<Tests>]
let tests =
    testList
        "Distribution"
        [
            for case in cases do
                Check.scoped $"{case.Name}: as others have it, and −∞ where nothing is" (fun () ->
                    for parameters in case.Parameters do
                        let ours = Tensor.toArray (case.Ours (tensor case.At) (scalars parameters))

                        for x, value in List.zip case.At (List.ofArray ours) do
                            let expected = case.Others x parameters

                            Expect.isLessThan
                                (abs (value - expected))
                                (1e-10 * (1.0 + abs expected))
                                $"at {x}, %A{parameters}"

                        if not case.Outside.IsEmpty then
                            let outside = Tensor.toArray (case.Ours (tensor case.Outside) (scalars parameters))
                            Expect.allEqual outside -infinity $"outside, %A{parameters}")

            Check.scoped "derivatives, first and second, are those of differences" (fun () ->
                for case in cases do
                    for parameters in case.Parameters do
                        // Continuous in the parameters, and in x where that is not counted; inside the range.
                        let x = case.At |> List.find (fun x -> x > 0.2 && x < 5.0)

                        let inputs =
                            if case.Whole then
                                parameters
                            else
                                Array.append parameters [| x |]

                        // How many trials is not continuous either.
                        let frozen = if case.Name.StartsWith "binomial" then 1 else 0

                        let f (moved: Tensor) : Tensor =
                            let column (k: int) : Tensor = moved.select (1L, int64 k)

                            let p =
                                Array.append
                                    (scalars parameters[.. frozen - 1])
                                    [| for k in 0 .. parameters.Length - frozen - 1 -> column k |]

                            case.Ours
                                (if case.Whole then
                                     torch.full_like (column 0, x.ToScalar())
                                 else
                                     column (inputs.Length - frozen - 1))
                                p

                        let at = (tensor (List.ofArray inputs[frozen..])).unsqueeze 0L
                        let d = at.shape[1]

                        if d > 0L && case.Name <> "uniform" then
                            let h = 1e-6

                            let differences (g: Tensor -> Tensor) =
                                Tensor.stack
                                    1L
                                    [
                                        for k in 0L .. d - 1L ->
                                            let step =
                                                h .* (1.0 .+ at.abs ())
                                                * (torch.eye (d, dtype = torch.float64)).narrow(0L, k, 1L)

                                            (g (at .+ step) - g (at - step)) / (2.0 .* step.sum ())
                                    ]

                            let gradient, hessian = Diff.gradhessian f at
                            let scale = 1.0 + Check.size hessian + Check.size gradient

                            Expect.isLessThan
                                (Check.size (gradient - differences f) / scale)
                                1e-6
                                $"{case.Name}, %A{parameters}: gradient"

                            Expect.isLessThan
                                (Check.size (hessian - differences (Diff.grad f)) / scale)
                                1e-6
                                $"{case.Name}, %A{parameters}: Hessian")

            Check.scoped "von Mises' distribution is normalised" (fun () ->
                for concentration in [ 0.01; 2.0; 400.0 ] do
                    let logZ =
                        Quadrature.logIntegral -Math.PI Math.PI (fun x ->
                            Tensor.toFloat (
                                Distribution.VonMises(Tensor.scalar Placement.float64 x, 1.0, concentration)
                            ))

                    Expect.isLessThan (abs logZ) 1e-9 $"κ = {concentration}")

            Check.scoped "vectors: the normal distribution by inverse and determinant" (fun () ->
                let covariance = Check.covariance 3 3
                let matrix = LinearAlgebra.Matrix<float>.Build.DenseOfArray covariance
                let mean = [| 0.3; -1.0; 2.0 |]
                let x = Check.normal 5 [ 4; 3 ]

                let expected =
                    [
                        for i in 0..3 ->
                            let z =
                                LinearAlgebra.Vector<float>.Build.DenseOfArray(
                                    Array.map2 (-) (Tensor.toArray (x.select (0L, int64 i))) mean
                                )

                            -0.5 * (z * (matrix.Inverse() * z))
                            - 0.5 * log (matrix.Determinant())
                            - 1.5 * log (2.0 * Math.PI)
                    ]

                let c = Tensor.ofArray2D Placement.float64 covariance
                let mean = Tensor.ofArray Placement.float64 mean
                Check.close 1e-12 "covariance" (Distribution.MultivariateNormal(x, mean, c)) (tensor expected)
                let factor = Tensor.cholesky c
                Check.close 1e-12 "factor" (Distribution.MultivariateNormalCholesky(x, mean, factor)) (tensor expected)
                // A factor for each of two draws, four vectors each.
                let factors = (Tensor.stack 0L [ factor; 2.0 .* factor ]).unsqueeze 1L
                let both = Distribution.MultivariateNormalCholesky(x.unsqueeze 0L, mean, factors)
                Expect.equal both.shape [| 2L; 4L |] "shape"
                Check.close 1e-12 "the first" (both.select (0L, 0L)) (tensor expected))

            Check.scoped "Dirichlet's distribution integrates to 1 over the simplex" (fun () ->
                let α = tensor [ 1.5; 3.0; 0.8 ]

                let logZ =
                    gridIntegral 2 40.0 401 (fun y ->
                        let x, logJacobian = Bijector.forward (Bijector.simplex 3) y
                        Distribution.Dirichlet(x, α) .+ logJacobian)

                Expect.isLessThan (abs logZ) 1e-9 "log Z")

            Check.scoped "correlations under Lewandowski, Kurowicka and Joe integrate to 1" (fun () ->
                for n, η in [ 2, 0.7; 2, 3.0; 3, 1.0; 3, 2.5 ] do
                    let d = n * (n - 1) / 2
                    let edge, count = (if d = 1 then 30.0, 2001 else 12.0, 73)

                    let factors =
                        gridIntegral d edge count (fun y ->
                            let l, logJacobian = Bijector.forward (Bijector.correlationCholesky n) y
                            Distribution.LkjCholesky(l, η) .+ logJacobian)

                    Expect.isLessThan (abs factors) 1e-6 $"factors, n = {n}, η = {η}"
                    // Matrices whose factor is not found in floating-point numbers have hardly any mass.
                    let matrices =
                        gridIntegral d (min edge 7.0) count (fun y ->
                            let r, logJacobian = Bijector.forward (Bijector.correlation n) y
                            Distribution.Lkj(r, η) .+ logJacobian)

                    Expect.isLessThan (abs matrices) 1e-4 $"matrices, n = {n}, η = {η}")

            Check.scoped "categories are counted from 1, and broadcast" (fun () ->
                let p = Tensor.ofRows Placement.float64 [ [ 0.2; 0.3; 0.5 ]; [ 0.6; 0.3; 0.1 ] ]
                let x = tensor [ 1.0; 3.0; 3.0; 2.0 ]
                let logs = Distribution.Categorical(x, p.unsqueeze 1L)

                let expected =
                    Tensor.ofRows Placement.float64 [ [ 0.2; 0.5; 0.5; 0.3 ]; [ 0.6; 0.1; 0.1; 0.3 ] ]

                Check.close 1e-14 "probabilities" (logs.exp ()) expected
                let logits = Distribution.CategoricalLogit(x, (p.log () .+ 7.0).unsqueeze 1L)
                Check.close 1e-14 "logits" (logits.exp ()) expected

                let outside =
                    Distribution.Categorical(tensor [ 0.0; 4.0; 1.5 ], tensor [ 0.2; 0.3; 0.5 ])

                Expect.allEqual (Tensor.toArray outside) -infinity "no such category")

            Check.scoped "tails: where numbers are near their ends nothing is lost" (fun () ->
                let value (t: Tensor) = Tensor.toFloat t
                let at x = Tensor.scalar Placement.float64 x
                Expect.equal (value (Distribution.BernoulliLogit(at 1.0, -700.0))) -700.0 "log σ(−700)"
                Expect.equal (value (Distribution.BernoulliLogit(at 0.0, 700.0))) -700.0 "log σ(−700)"
                Expect.equal (value (Distribution.Bernoulli(at 0.0, 0.0))) 0.0 "0 log 0"
                Expect.equal (value (Distribution.Gamma(at 0.0, 1.0, 2.0))) (log 2.0) "x⁰ at 0"
                Expect.equal (value (Distribution.Beta(at 1.0, 1.0, 1.0))) 0.0 "uniform at 1"
                let far = value (Distribution.Normal(at 1e150, 0.0, 1.0))
                Expect.isLessThan (abs (far / -0.5e300 - 1.0)) 1e-14 "far out")

            test "arguments are named, and whole numbers are numbers" {
                let x = torch.tensor ([| 0L; 1L |])
                let found = Tensor.toArray (Distribution.Poisson(x, 2))
                Expect.floatClose Accuracy.veryHigh found[1] (log 2.0 - 2.0) "log-density"

                Check.refuses [ "deviation: found null" ] (fun () ->
                    Distribution.Normal(x, 0.0, Unchecked.defaultof<Tensor>) |> ignore)

                Check.refuses [ "factor: found"; "square matrices" ] (fun () ->
                    Distribution.LkjCholesky(x, 1.0) |> ignore)
            }
        ]
