module Mne.Functional.Tests.ConditionalTests

open System
open Expecto
open TorchSharp
open MathNet.Numerics.LinearAlgebra
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests

let private options =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish; Layer.dense 16 Swish ]
        Cover.FitPoints = 200
        Cover.Points = Some 300
        Evolve.Sketch = Sketch.Landmarks 100
        Evolve.Regularisation = 1e-7
        Evolve.Tolerance = 1e-2
        Fit.Steps = 25
        Cover.Refreshes = 12
        Draw.Tolerance = 1e-4
        Cover.Start = Start.Cloud(2.0, 2.0)
    }

let private mixture =
    {
        Weights = [| 0.5; 0.3; 0.2 |]
        Means = [| [| 1.2; 1.2 |]; [| -1.2; 1.0 |]; [| 0.5; -1.2 |] |]
        Variances = Array.create 3 [| 0.36; 0.36 |]
    }

let private target =
    Density.gaussianMixture [ for m in 0..2 -> mixture.Weights[m], List.ofArray mixture.Means[m], 0.6 ]

let private conditional = lazy (Conditional.evolve Run.quiet options [ 0 ] target)

let private marginal =
    lazy (conditional.Value |> Marginal.evolve Run.quiet options Process.ornsteinUhlenbeck)

let private mean (k: int64) (draws: Draws) =
    draws |> Importance.expectation (fun x -> x.select (1L, k))

let private square (k: int64) (draws: Draws) =
    draws |> Importance.expectation (fun x -> x.select(1L, k).square())

/// log of the normalised density of x₁ at y.
let private logMarginal y =
    Mixture.logDensity (Mixture.marginal [| 1 |] mixture) [| y |]

let private within name (found: Estimate) exact =
    Expect.isLessThan
        (abs (found.Value - exact))
        (4.0 * found.StandardError)
        $"{name}: {found.Value} ± {found.StandardError}, exact {exact}"

[<Tests>]
let tests =
    testList
        "Conditional"
        [
            test "conditionals of a mixture at several values, from one evolution; log Z of each is the marginal" {
                for y in [ -1.5; -0.4; 0.3; 1.1; 1.9 ] do
                    use draws = conditional.Value |> Conditional.draw Run.quiet 1500 [ y ]
                    let exact = Mixture.conditional [| 1, y |] mixture

                    let first, second =
                        Array.head (Mixture.mean exact), Array.head (Array.head (Mixture.covariance exact))

                    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.85 $"y = {y}"
                    within $"mean given {y}" (mean 0L draws) first
                    within $"second moment given {y}" (square 0L draws) (second + first * first)
                    within $"log density of {y}" (Importance.logNormaliser draws) (logMarginal y)
                    Expect.equal (Tensor.toArray (draws.Points.select (1L, 1L)) |> Array.distinct) [| y |] "given"
            }

            test "the marginal energy is −log of the marginal density, up to a constant" {
                Scope.free (fun () ->
                    let y = [| -1.8 .. 0.2..2.0 |]
                    let b = Tensor.ofRows Placement.float64 [ for y in y -> [ y ] ]
                    let energy = Tensor.toArray (Conditional.marginalEnergy conditional.Value b)
                    let difference = Array.map2 (fun e y -> e + logMarginal y) energy y
                    let level = Array.average difference

                    for d, y in Array.zip difference y do
                        Expect.isLessThan (abs (d - level)) 0.15 $"at {y}")
            }

            test "draws by way of the marginal follow the whole density" {
                use draws = marginal.Value |> Marginal.draw Run.quiet 2000
                Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.85 "effective sample size"
                within "log Z" (Importance.logNormaliser draws) 0.0
                let centre, covariance = Mixture.mean mixture, Mixture.covariance mixture

                for k in 0..1 do
                    within $"mean {k}" (mean (int64 k) draws) centre[k]
                    let variance = covariance[k][k]
                    within $"second moment {k}" (square (int64 k) draws) (variance + centre[k] ** 2.0)

                within
                    "product"
                    (draws |> Importance.expectation (fun x -> x.prod 1L))
                    (let shared = covariance[0][1] in shared + centre[0] * centre[1])
            }

            test "a Gaussian in three dimensions: two coordinates given one, in any order" {
                let gaussian =
                    Gaussian.create [ 0.4; -0.5; 0.2 ] [ [ 1.0; 0.4; -0.3 ]; [ 0.4; 0.8; 0.2 ]; [ -0.3; 0.2; 0.6 ] ]

                use conditional =
                    Density.ofEnergy 3 (Gaussian.energy gaussian)
                    |> Conditional.evolve Run.quiet options [ 2; 0 ]

                Expect.equal (conditional.Drawn, conditional.Given) ([ 0; 2 ], [ 1 ]) "which"
                let y = 0.3
                use draws = conditional |> Conditional.draw Run.quiet 1500 [ y ]
                Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.9 "effective sample size"

                for k in [ 0; 2 ] do
                    let slope = gaussian.Covariance[k, 1] / gaussian.Covariance[1, 1]
                    let exact = gaussian.Mean[k] + slope * (y - gaussian.Mean[1])
                    let variance = gaussian.Covariance[k, k] - slope * gaussian.Covariance[k, 1]
                    within $"mean {k}" (mean (int64 k) draws) exact
                    within $"second moment {k}" (square (int64 k) draws) (variance + exact * exact)
            }

            test "conditional densities and log-densities of draws are those of the target and of the draws" {
                Scope.free (fun () ->
                    let conditional, y = conditional.Value, 0.3
                    let draws = conditional |> Conditional.draw Run.quiet 50 [ y ]
                    let a = draws.Points.narrow (1L, 0L, 1L)

                    Check.identical
                        "energy"
                        ((Conditional.density [ y ] conditional).Energy a)
                        (target.Energy draws.Points)

                    // Carried to T and back; the flow is followed to 1e-4.
                    Check.close
                        1e-2
                        "log q(a | b)"
                        (Conditional.logProposal Run.quiet [ y ] a conditional)
                        draws.LogProposal

                    let marginal = marginal.Value
                    let both = marginal |> Marginal.draw Run.quiet 50

                    Check.close
                        1e-2
                        "log q(a, b)"
                        (Marginal.logProposal Run.quiet both.Points marginal)
                        both.LogProposal

                    // log q(a, b) = log q(b) + log q(a | b), with b the last column.
                    let b = both.Points.narrow (1L, 1L, 1L)
                    let first = Sampler.logProposal Run.quiet b marginal.Sampler

                    for i in 0..4 do
                        let point = both.Points.narrow (0L, int64 i, 1L)
                        let given = point.select (1L, 1L) |> Tensor.toArray |> List.ofArray

                        let rest =
                            conditional
                            |> Conditional.logProposal Run.quiet given (point.narrow (1L, 0L, 1L))

                        let sum = Tensor.toFloat first[int64 i] + Tensor.toFloat rest[0L]
                        Expect.isLessThan (abs (sum - Tensor.toFloat both.LogProposal[int64 i])) 1e-2 $"draw {i}")
            }

            test "bad input: the argument is named" {
                let refused name (body: unit -> unit) =
                    Expect.equal (Assert.raises<ArgumentException> body).ParamName name name

                for drawn in [ []; [ 0; 1 ]; [ 0; 0 ]; [ 2 ]; [ -1 ] ] do
                    refused "drawn" (fun () -> Conditional.evolve Run.quiet options drawn target |> ignore)

                for given in [ []; [ 0.0; 1.0 ]; [ nan ] ] do
                    refused "given" (fun () -> Conditional.draw Run.quiet 10 given conditional.Value |> ignore)

                refused "count" (fun () -> Conditional.draw Run.quiet 0 [ 0.0 ] conditional.Value |> ignore)

                use b = Check.normal 1 [ 3; 2 ]
                refused "b" (fun () -> Conditional.marginalEnergy conditional.Value b |> ignore)
                refused "a" (fun () -> Conditional.logProposal Run.quiet [ 0.0 ] b conditional.Value |> ignore)
                use one = Check.normal 1 [ 3; 1 ]
                refused "given" (fun () -> Conditional.logProposal Run.quiet [] one conditional.Value |> ignore)
                refused "given" (fun () -> Conditional.density [ 0.0; 1.0 ] conditional.Value |> ignore)

                refused "points" (fun () -> Marginal.logProposal Run.quiet one marginal.Value |> ignore)
            }

            test "in single precision: refused where it meets double, and marginals follow their conditional" {
                use single = Tensor.zeros Placement.float32 [ 3; conditional.Value.Given.Length ]

                let refused =
                    Assert.raises<ArgumentException>(fun () ->
                        Conditional.marginalEnergy conditional.Value single |> ignore)

                Expect.equal refused.ParamName "b" "named"

                let run =
                    { Run.quiet with
                        Placement = Placement.float32
                    }

                use marginal =
                    conditional.Value |> Marginal.evolve run options Process.ornsteinUhlenbeck

                use draws = marginal |> Marginal.draw run 10
                Expect.equal draws.Points.dtype TorchSharp.torch.ScalarType.Float64 "precision of the conditional"
            }

            test "nothing leaks" {
                let shared = conditional.Value

                Assert.frees (fun () ->
                    use _ = shared |> Conditional.draw Run.quiet 20 [ 0.5 ]
                    use marginal = shared |> Marginal.evolve Run.quiet options Process.ornsteinUhlenbeck
                    use draws = marginal |> Marginal.draw Run.quiet 20
                    use _ = marginal |> Marginal.logProposal Run.quiet draws.Points
                    ())
            }
        ]
