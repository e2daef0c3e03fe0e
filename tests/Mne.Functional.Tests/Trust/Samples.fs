/// Right arguments for what is public, in both APIs, by the name of the function and of the parameter, or by the type.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Samples

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections.Generic
open System.IO
open System.Threading
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.Tests.SampleValues

/// The folder of the files that are opened and saved.
let folder: Lazy<string> = SampleValues.folder

let private box2 (make: unit -> 'a) : unit -> obj = fun () -> box (make ())

/// By the type alone, in the core.
let private byType: IDictionary<Type, unit -> obj> =
    let here (make: unit -> 'a) = typeof<'a>, box2 make

    dict
        [
            here (fun () -> 0.5)
            here (fun () -> 2)
            here (fun () -> 2L)
            here (fun () -> true)
            here (fun () -> "name")
            here (fun () -> TimeSpan.FromSeconds 1.0)
            here (fun () -> CancellationToken.None)
            here (fun () -> [ 0.1; 0.2 ])
            here (fun () -> [ 0 ])
            here (fun () -> [| 0.1; 0.2 |])
            here (fun () -> [| 0 |])
            here (fun () -> [| 2; 1 |])
            here (fun () -> array2D [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ])
            here (fun () -> [ (0.0, 1.0) ])
            here (fun () -> [ 0.5, [ 0.0; 1.0 ], 1.0 ])
            here (fun () -> squares)
            here (fun () -> back)
            here (fun () -> fun (_: float) -> 1.0)
            here (fun () -> Process.ornsteinUhlenbeck)
            here (fun () -> points 1)
            here (fun () -> Run.quiet)
            here (fun () -> double)
            here (fun () -> circle)
            here (fun () -> Coordinate.Interval(0.0, 1.0))
            here (fun () -> [ Coordinate.Interval(0.0, 1.0) ])
            here (fun () -> network)
            here (fun () -> network.Recipe)
            here (fun () -> [ network; network ])
            here (fun () -> [ Layer.dense 4 Tanh ])
            here (fun () -> Layer.dense 4 Tanh)
            here (fun () -> [ [ 0 ] ])
            here (fun () -> Sine)
            here (fun () -> grid)
            here (fun () -> 0.1 * Term.laplacian)
            here (fun () -> [ Term.value; Term.value ])
            here (fun () -> Set [ Derivative.Laplacian ])
            here (fun () -> Derivative.Laplacian)
            here (fun () -> [ Derivative.Value ])
            here (fun () -> local ())
            here (fun () -> fun (local: Local) -> local.Points.select (1L, 0L))
            here (fun () -> jet 1)
            here (fun () -> [ jet 1; jet 1 ])
            here (fun () -> tangent ())
            here (fun () -> target)
            here (fun () -> evolve)
            here (fun () -> fit)
            here (fun () -> small)
            here (fun () -> small.Cover)
            here (fun () -> small.Draw)
            here (fun () -> chains)
            here (fun () -> { MarkovChain.defaults with Steps = 3 })
            here (fun () -> { ReverseSde.defaults with Steps = 3 })
            here (fun () ->
                { AnnealedDraws.defaults with
                    Stops = 3
                })
            here (fun () ->
                { Report.defaults with
                    Count = 60
                    Search = None
                })
            here (fun () -> quick)
            here (fun () -> posterior.Value)
            here (fun () -> mixture)
            here (fun () -> Direction.Falling)
            here (fun () -> fun (_: float) (y: Tensor) -> Tensor.toFloat (y.sum ()))
            here (fun () -> fun (_: float) (θ: Tensor) (_: Tensor) -> Tensor.toFloat (θ.sum ()))
            here (fun () -> Controller.proportionalIntegral.Adapt)
            here (fun () -> solution.Value)
            here (fun () -> sampler.Value)
            here (fun () -> sampler.Value.Energy)
            here (fun () -> draws.Value)
            here (fun () -> named.Value)
            here (fun () -> model)
            here observations
            here (fun () -> Bijector.positive)
            here (fun () -> Parameter.positive "b")
            here (fun () -> [ Parameter.real "a"; Parameter.positive "b" ])
            here (fun () -> fun (p: ParameterValues) -> p["a"] * p["b"])
            here (fun () -> fun (p: ParameterValues) -> [ -(p["a"].Square()); -p["b"] ])
            here (fun () -> summary.Value)
            here check
            here (fun () ->
                { InferenceData.ofDraws named.Value with
                    LogLikelihood = [ "y", logLikelihood () ]
                })
            here (fun () -> [ "a", (fun (_: float) -> 0.5) ])
            here (fun () -> ([ { Name = "a"; Shape = [] }; { Name = "b"; Shape = [ 2 ] } ]: Quantity list))
            here (fun () ->
                [
                    "a", ({ Value = 1.0; StandardError = 0.1 }: Estimate)
                    "b", { Value = 2.0; StandardError = 0.2 }
                ])
            here (fun () -> [ "a", loo.Value; "b", loo.Value ])
            here (fun () -> fun (seed: int) (draws: NamedDraws) -> draws.Values .+ float (seed % 7))
            here (fun () -> conditional.Value)
            here (fun () -> marginal.Value)
            here (fun () -> report.Value)
            here (fun () -> process2)
            here (fun () -> Process.forward process2)
            here (fun () -> diffusion2)
            here (fun () -> Noise.Constant isotropic)
            here (fun () -> Reference.standardNormal 2)
            here (fun () -> Schedule.linear 0.5 1.0 1.0)
            here (fun () -> isotropic)
            here (fun () -> SdeScheme.StochasticHeun)
            here (fun () -> PointDynamics.Fixed)
            here (fun () -> Side.Low 0)
            here (fun () -> Wall.dirichlet (Side.Low 0) (Wall.constant 0.0))
            here (fun () -> Method.chebyshev 4)
            here (fun () -> Controller.ofGains gains)
            here (fun () -> gains)
            here (fun () -> tableau ())
            here (fun () -> Sketch.Landmarks 8)
            here (fun () -> Some [| 0; 2 |])
            here (fun () -> Start.Cloud(2.0, 2.0))
            here (fun () -> CheckpointInterval.Steps 2)
            here (fun () -> (Checkpoint.read (opened "checkpoint.h5")))
            here (fun () -> (Checkpoint.readFit (opened "fit.h5")))
            here (fun () -> ({ Shape = 0.3; Scale = 1.0 }: Pareto))
            here (fun () -> solution.Value.Trajectory)
            here (fun () -> Integrator.solve (integration ()) (Tensor.ones double [ 3 ]) (0.0, 0.2))
            here (fun () -> solution.Value.Trajectory.Segments[0])
            here (fun () -> solution.Value.VectorField)
            here (fun () -> integration ())
            here (fun () -> restart)
            here (fun () -> unitField)
            here (fun () -> normOf)
            here (fun () -> chart.Value)
            here (fun () -> [ chart.Value; chart.Value ])
            here (fun () -> series.Value)
            here (fun () -> [ series.Value ])
            here (fun () -> [| "a"; "b" |])
            here (fun () -> [ "a", [| 1.0; 2.0 |] ])
            here (fun () -> [ points 2; points 2 ])
            here (fun () -> Page.create "t" "d" [ chart.Value ])
            here (fun () -> Solution.steps solution.Value)
            here (fun () -> (seq [ points 1; points 1 ]: Tensor seq))
            here (fun () -> (seq [ seq [ 1.0; 2.0 ]; seq [ 3.0; 4.0 ] ]: float seq seq))
            here (fun () -> Phase.Fit)
            here (fun () -> Progress.started Phase.Fit 0.0)
        ]

let private plane name d = name, box2 (fun () -> points d)

/// Where the type does not say enough: "Module.function/parameter" or "Module/parameter".
let private byName: IDictionary<string, unit -> obj> =
    let two: (string * (unit -> obj)) list =
        [
            for owner in
                [
                    "Energy"
                    "Sampler"
                    "Posterior"
                    "Model"
                    "Mixture"
                    "Marginal"
                    "MarkovChain"
                    "Process"
                    "Sde"
                    "Reference"
                    "Density"
                    "Covariance"
                    "Chart"
                    "Collocation.ofPool"
                ] do
                for parameter in [ "points"; "noise"; "x"; "pool" ] do
                    plane $"{owner}/{parameter}" 2
                    plane $"CSharp.{owner}/{parameter}" 2
        ]

    let core: (string * (unit -> obj)) list =
        [
            "*/seed", box2 (fun () -> 1)
            "*/count", box2 (fun () -> 5)
            "*/perAxis", box2 (fun () -> 4)
            "*/index", box2 (fun () -> 0)
            "*/axis", box2 (fun () -> 0)
            "*/order", box2 (fun () -> 1)
            "*/i", box2 (fun () -> 0)
            "*/j", box2 (fun () -> 0)
            "*/t", box2 (fun () -> 0.1)
            "*/t'", box2 (fun () -> 0.2)
            "*/t0", box2 (fun () -> 0.0)
            "*/t1", box2 (fun () -> 0.2)
            "*/span_0", box2 (fun () -> 0.0)
            "*/span_1", box2 (fun () -> 0.2)
            "*/θ", box2 parameters
            "*/start", box2 parameters
            "*/T", box2 (fun () -> 1.0)
            "*/λ", box2 (fun () -> 1e-6)
            "*/outputs", box2 (fun () -> 1)
            "*/low", box2 (fun () -> 0.0)
            "*/high", box2 (fun () -> 1.0)
            "Activation.derivatives/order", box2 (fun () -> 2)
            "Collocation.given/points", box2 (fun () -> points 1)
            "Collocation.tempered/spread", box2 (fun () -> [ 2.0; 2.0 ])
            "Conditional/given", box2 (fun () -> [ 0.5 ])
            "Conditional/drawn", box2 (fun () -> [ 0 ])
            "Covariance.check/d", box2 (fun () -> 2)
            "Diff.diff/f", box2 (fun () -> fun (x: Tensor) -> x.exp ())
            "Integrator/y", box2 (fun () -> Tensor.ones double [ 3 ])
            "Integrator/times", box2 (fun () -> [ 0.0; 0.1; 0.2 ])
            "Integrator.componentNorm/absolute", box2 (fun () -> 1e-6)
            "Integrator.componentNorm/relative", box2 (fun () -> 1e-3)
            "Integrator.componentNorm/δ", box2 (fun () -> Tensor.ones double [ 3 ])
            "Jet.get/derivative", box2 (fun () -> Derivative.Value)
            "Jet.hessian/jet", box2 (fun () -> LinearJet.curved (LinearJet.ofPoints (Jet.hessianRequest 2) (points 2)))
            "Jet/d", box2 (fun () -> 1)
            "Network.dirichlet/distance", box2 (fun () -> sine)
            "Network.dirichlet/data", box2 (fun () -> sine)
            "Network.create/domain", box2 (fun () -> Domain.euclidean 1)
            "Network.rescaled/shift", box2 (fun () -> [ 0.5 ])
            "Network.rescaled/scale", box2 (fun () -> [ 2.0 ])
            "Network.rescaled/network", box2 (fun () -> Network.create (Domain.euclidean 1) [ Layer.dense 4 Tanh ])
            "Network.even/network", box2 (fun () -> Network.create (Domain.euclidean 1) [ Layer.dense 4 Tanh ])
            "Network.odd/network", box2 (fun () -> Network.create (Domain.euclidean 1) [ Layer.dense 4 Tanh ])
            "Network/parameters", box2 (fun () -> 3)
            "Network/initial", box2 (fun () -> fun placement seed -> Random.normal placement seed [ 3 ])
            "Network.ofFunction/f",
            box2 (fun () -> fun (θ: Tensor) (x: Tensor) -> (x.select (1L, 0L) + θ[0L]).sin() * θ[1L] + θ[2L])
            "Network.ofVectorFunction/f",
            box2 (fun () -> fun (θ: Tensor) (x: Tensor) -> (x.select (1L, 0L) + θ[0L]).sin() * θ[1L] + θ[2L])
            "PointDynamics/candidates", box2 (fun () -> Collocation.uniform circle 64)
            "PointDynamics/needs", box2 (fun () -> [ Derivative.Partial(0, 1) ])
            "PointDynamics.redrawn/monitor",
            box2 (fun () -> fun (local: Local) -> (Jet.gradient local.Jet).norm 1 .+ 1.0)
            "PointDynamics.refreshed/draw",
            box2 (fun () -> fun placement seed (_: float) -> Random.uniform placement seed [ 12; 1 ])
            "PointDynamics.characteristics/term", box2 (fun () -> Term.transport "c" (fun _ x -> x.cos ()))
            "PointDynamics.characteristics/d", box2 (fun () -> 1)
            "Process/driftDivergence", box2 (fun () -> sink)
            "Equation/divergence", box2 (fun () -> sink)
            "Equation/potential", box2 (fun () -> sine)
            "Equation.schroedinger/potential", box2 (fun () -> fun (_: float) -> sine)
            "Process/mean", box2 (fun () -> [ 0.0; 0.0 ])
            "Process/offset", box2 (fun () -> [ 0.0; 0.0 ])
            "Diffusion/volatilities", box2 (fun () -> [ 0.1; 0.2 ])
            "Diffusion/rates", box2 (fun () -> [ 0.1; 0.2 ])
            "Diffusion/drift", box2 (fun () -> back)
            for name in [ "coxIngersollRoss"; "heston" ] do
                for parameter in [ "reversion"; "level"; "volatility" ] do
                    $"Diffusion.{name}/{parameter}", box2 (fun () -> 0.8)
            // Of one coordinate, as the equation in which it is used.
            "Kolmogorov.flowingPoints/p", box2 (fun () -> Diffusion.ofProcess (Process.ornsteinUhlenbeck 1))
            "CSharp.Kolmogorov.FlowingPoints/diffusion",
            box2 (fun () -> CSharp.Diffusion.OfProcess(CSharp.Process.OrnsteinUhlenbeck 1))
            "CSharp.Noise.Full/matrix",
            box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> torch.diag_embed (1.0 .+ x.square ())))
            "Kolmogorov/killing", box2 (fun () -> sink)
            "Kolmogorov/source", box2 (fun () -> sink)
            "Kolmogorov/cost", box2 (fun () -> sink)
            "Kolmogorov/local", box2 (fun () -> Gaussian.local squares (Jet.gradientRequest 2) 0.1 (points 2))
            for name, sample in [ "killing", sink; "source", sink; "cost", sink ] do
                $"CSharp.Kolmogorov/{name}", box2 (fun () -> Func<float, Tensor, Tensor> sample)
            "CSharp.Kolmogorov.Flow/local",
            box2 (fun () ->
                let network =
                    CSharp.Network.Create(CSharp.Domain.Euclidean 2, CSharp.Layer.Dense(4, CSharp.Activation.Tanh))

                use solution =
                    CSharp.Evolution.TrySolve(
                        CSharp.Kolmogorov.Energy(CSharp.Diffusion.OfProcess(CSharp.Process.OrnsteinUhlenbeck 2)),
                        network,
                        CSharp.Collocation.Given(points 2),
                        network.Initial 1,
                        0.0,
                        0.1,
                        CSharp.EvolutionOptions(Tolerance = 1e-2, Regularisation = 1e-6, MaximumSteps = 20)
                    )

                solution.Local(0.05, points 2, [ CSharp.Derivative.Partial(0, 1); CSharp.Derivative.Partial(1, 1) ]))
            "CSharp.Diffusion/rates", box2 (fun () -> [| 0.1; 0.2 |])
            "CSharp.Diffusion/volatilities", box2 (fun () -> [| 0.1; 0.2 |])
            "CSharp.Diffusion/points", box2 (fun () -> points 2)
            "CSharp.Diffusion.Create/dimension", box2 (fun () -> 2)
            "CSharp.Diffusion.Stratonovich/dimension", box2 (fun () -> 2)
            "Process.linear/matrix", box2 (fun () -> array2D [ [ -1.0; 0.0 ]; [ 0.0; -1.0 ] ])
            "Regression/g", box2 (fun () -> sine)
            "AutomaticEvolution/tolerance", box2 (fun () -> 0.1)
            "AutomaticEvolution/walls", box2 (fun () -> ([]: Wall list))
            "CSharp.AutomaticEvolution/walls", box2 (fun () -> Array.empty<CSharp.Wall>)
            for name in [ "solutionCsv"; "solutionArrow" ] do
                $"Export.{name}/times", box2 (fun () -> [ 0.0; 0.1 ])
            for name in [ "SaveCsv"; "SaveArrow" ] do
                $"CSharp.Solution.{name}/times", box2 (fun () -> [| 0.0; 0.1 |])
            "Sde.simulate/times", box2 (fun () -> [ 0.0; 0.1; 0.2 ])
            "Resampling.systematic/count", box2 (fun () -> 3)
            "Posterior.draw/count", box2 (fun () -> 30)
            "Mixture.check/d", box2 (fun () -> 2)
            "Sketch.minimalNorm/f", box2 (fun () -> Tensor.ones double [ 5 ])
            "Segment.hermite/h", box2 (fun () -> 0.1)
            "Segment/offset", box2 (fun () -> 0L)
            "Trajectory/offset", box2 (fun () -> 0L)
            "Segment/y", box2 (fun () -> Tensor.ones double [ 3 ])
            "Segment/next", box2 (fun () -> Tensor.ones double [ 3 ])
            "Segment/slope", box2 (fun () -> Tensor.ones double [ 3 ])
            "Segment/nextSlope", box2 (fun () -> Tensor.ones double [ 3 ])
            "Storage.openSolution/path", box2 (fun () -> opened "solution.h5")
            "FokkerPlanck.flowingPoints/p", box2 (fun () -> Process.ornsteinUhlenbeck 1)
            "CSharp.Network.Create/domain", box2 (fun () -> CSharp.Domain.Euclidean 1)
            "CSharp.Network.OfBlocks/domain", box2 (fun () -> CSharp.Domain.Euclidean 1)
            for name in [ "Rescaled"; "Even"; "Odd" ] do
                $"CSharp.Network.{name}/this",
                box2 (fun () ->
                    CSharp.Network.Create(CSharp.Domain.Euclidean 1, CSharp.Layer.Dense(4, CSharp.Activation.Tanh)))
            "Storage.openSolutionWith/path", box2 (fun () -> opened "solution.h5")
            "Storage.openSampler/path", box2 (fun () -> opened "sampler.h5")
            "Storage.openConditional/path", box2 (fun () -> opened "conditional.h5")
            "Storage.openDraws/path", box2 (fun () -> opened "draws.h5")
            "Storage.openPosterior/path", box2 (fun () -> opened "posterior.h5")
            "Checkpoint.read/path", box2 (fun () -> opened "checkpoint.h5")
            "Checkpoint.readFit/path", box2 (fun () -> opened "fit.h5")
            "*/path", box2 (fun () -> file "out.h5")
            "Tangent.stacked/values", box2 (fun () -> points 1)
            "Tangent.pick/indices", box2 (fun () -> torch.tensor [| 0L; 2L |])
            "Tangent.transposeTimes/v", box2 (fun () -> Tensor.ones double [ 5 ])
            "Tangent.times/w", box2 parameters
            "Tensor.toFloat/tensor", box2 (fun () -> Tensor.scalar double 2.0)
            "Tensor/dimension", box2 (fun () -> 0L)
            "Term/kernel", box2 (fun () -> fun (x: Tensor) (y: Tensor) -> (x.matmul (y.t ())))
            "Term.known/f", box2 (fun () -> fun (_: float) -> sine)
            "Term.diffusion/coefficient", box2 (fun () -> Term.value)
            "CSharp.Term.Diffusion/coefficient", box2 (fun () -> CSharp.Term.Value)
            "Wall/data", box2 (fun () -> fun (_: float) -> sine)
            "CSharp.Wall/data", box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> sine x))
            "CSharp.Wall.Varying/a", box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> x.select(1L, 0L).cos()))
            "CSharp.Wall.Dirichlet/data", box2 (fun () -> 0.0)
            "CSharp.Wall.Neumann/data", box2 (fun () -> 0.0)
            "CSharp.Wall.Varying/b", box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> sine x))
            "Wall.varying/a", box2 (fun () -> fun (_: float) (x: Tensor) -> x.select(1L, 0L).cos())
            "Wall.varying/b", box2 (fun () -> fun (_: float) -> sine)
            "Collocation.inside/shape", box2 (fun () -> fun (x: Tensor) -> x.select (1L, 0L) .+ 10.0)
            "CSharp.Collocation.Inside/shape", box2 (fun () -> Func<Tensor, Tensor>(fun x -> x.select (1L, 0L) .+ 10.0))
            "CSharp.Side.Shape/distance", box2 (fun () -> Func<Tensor, Tensor>(fun x -> x.select (1L, 0L)))
            "Term.pointwise/f", box2 (fun () -> fun (_: float) (_: Tensor) (u: Tensor) -> u.sin ())
            "Term.map/f", box2 (fun () -> fun (u: Tensor) -> u.sin ())
            "Term.ofComponent/index", box2 (fun () -> 0)
            "Term/d", box2 (fun () -> 1)
            "VectorField.pack/points", box2 (fun () -> points 1)
            "VectorField/y", box2 (fun () -> Trajectory.evaluate 0.1 solution.Value.Trajectory)
            "VectorField/δ", box2 (fun () -> Trajectory.evaluate 0.1 solution.Value.Trajectory)
            "VectorField/relativeToSpread", box2 (fun () -> false)
            "Chart/x", box2 (fun () -> [| 0.0; 1.0 |])
            "Chart/y", box2 (fun () -> [| 0.0; 1.0 |])
            "Chart.axes/x", box2 (fun () -> "x")
            "Chart.axes/y", box2 (fun () -> "y")
            "Chart/weights", box2 (fun () -> [| 1.0; 1.0; 2.0; 1.0; 1.0 |])
            "Chart.weightedHistogram/weights", box2 (fun () -> [| 1.0; 2.0 |])
            "Chart/names", box2 (fun () -> [ "a"; "b" ])
            "Chart.animation/solutions", box2 (fun () -> [ "u", array2D [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ] ])
            "Page.withFigures/figures", box2 (fun () -> [ "name", "value" ])
            for owner in [ "Bijector"; "Parameter"; "CSharp.Bijector"; "CSharp.Parameter" ] do
                $"{owner}/lowest", box2 (fun () -> -1.0)
                $"{owner}/highest", box2 (fun () -> 2.0)
            "Bijector/shape", box2 (fun () -> [ 2; 3 ])
            "Parameter/shape", box2 (fun () -> [ 2; 3 ])
            "CSharp.Bijector/shape", box2 (fun () -> [| 2; 3 |])
            "CSharp.Parameter/shape", box2 (fun () -> [| 2; 3 |])
            "Bijector/values", box2 (fun () -> Tensor.ones double [ 3 ])
            "Model.conditioned/name", box2 (fun () -> "b")
            "Model.conditioned/values", box2 (fun () -> [ 0.5 ])
            "CSharp.Model.Conditioned/values", box2 (fun () -> [| 0.5 |])
            "CSharp.Model.Unconstrained/draws", box2 (fun () -> SampleFacade.model.Constrained(points 2))
            "Model.unconstrained/draws", box2 (fun () -> model |> Model.constrained (points 2))
            "Data.ofJson/text", box2 (fun () -> """{ "y": [1, 2] }""")
            "Data.ofCsv/text", box2 (fun () -> "a,b\n1,2\n3,4\n")
            "Data.json/path", box2 (fun () -> opened "data.json")
            "Data.csv/path", box2 (fun () -> opened "data.csv")
            "Data.number/name", box2 (fun () -> "n")
            "Data.count/name", box2 (fun () -> "n")
            "Likelihood.linear/predictors", box2 (fun () -> points 2)
            "Likelihood.linear/responses", box2 (fun () -> Random.normal double 4 [ 5 ])
            // One number each, which suits all; of matrices and vectors, what they want.
            for name in
                [
                    "x"
                    "mean"
                    "deviation"
                    "degrees"
                    "location"
                    "scale"
                    "shape"
                    "rate"
                    "first"
                    "second"
                    "highest"
                    "concentration"
                    "logRate"
                    "logMean"
                    "dispersion"
                    "trials"
                    "logit"
                ] do
                $"Distribution/{name}", box2 (fun () -> Tensor.ones double [ 2 ])
            "Distribution/lowest", box2 (fun () -> Tensor.zeros double [ 2 ])
            "Distribution/probability", box2 (fun () -> 0.5 .* Tensor.ones double [ 2 ])
            "Distribution/probabilities", box2 (fun () -> 0.5 .* Tensor.ones double [ 2; 2 ])
            "Distribution/logits", box2 (fun () -> Tensor.zeros double [ 2; 2 ])
            for name in [ "factor"; "covariance"; "correlation" ] do
                $"Distribution/{name}", box2 (fun () -> torch.eye (2, dtype = torch.ScalarType.Float64))
            "NamedDraws/names", box2 (fun () -> [ "a"; "b" ])
            "NamedDraws/name", box2 (fun () -> "a")
            "NamedDraws.create/values", box2 (fun () -> points 3)
            "NamedDraws.create/logWeights", box2 (fun () -> Random.normal double 3 [ 5 ])
            "Summary.entry/label", box2 (fun () -> "a")
            "LeaveOneOut/logLikelihood", box2 logLikelihood
            "Predictive.check/statistic", box2 (fun () -> squares)
            "Predictive.check/observed", box2 (fun () -> Random.normal double 5 [ 3 ])
            "Predictive.check/replicated", box2 (fun () -> Random.normal double 6 [ 20; 3 ])
            "DrawsChart.predictive/observed", box2 (fun () -> Random.normal double 5 [ 3 ])
            "DrawsChart.predictive/replicated", box2 (fun () -> Random.normal double 6 [ 20; 3 ])
            "CSharp.NamedDraws/names", box2 (fun () -> [| "a"; "b" |])
            "CSharp.NamedDraws.Create/values", box2 (fun () -> points 3)
            "CSharp.NamedDraws.Create/logWeights", box2 (fun () -> Random.normal double 3 [ 5 ])
            "CSharp.Quantity/shape", box2 (fun () -> [| 2; 3 |])
            "CSharp.Predictive.Check/statistic", box2 (fun () -> Func<Tensor, Tensor> squares)
            "Reference.normal/mean", box2 (fun () -> [ 0.0; 0.0 ])
            "Arithmetic.MaskedFill/mask", box2 (fun () -> (points 1).isfinite())
            "Importance.forwardEfficiency/logWeightsAtSamples", box2 (fun () -> Random.normal double 3 [ 60 ])
            "Importance.expectation/f", box2 (fun () -> squares)
            "Pareto.fit/exceedances", box2 (fun () -> [| 0.5; 1.0; 2.0; 3.0; 4.0 |])
            "Pareto.smooth/logWeights", box2 (fun () -> Array.init 40 (fun i -> sin (float i)))
            "*/onFailure", box2 (fun () -> fun (_: exn) -> ())
            "*/context", box2 (fun () -> ())
            "Checkpoint.readWith/path", box2 (fun () -> opened "checkpoint.h5")
            "Storage.openSamplerWith/path", box2 (fun () -> opened "sampler.h5")
            "Storage.openSamplerWith/network", box2 (fun () -> sampler.Value.Energy.Solution.VectorField.Network)
            "Report.ofConditional/given", box2 (fun () -> [ 0.5 ])
            "PointDynamics.refreshed/draw",
            box2 (fun () -> fun placement seed (_: float) -> Random.uniform placement seed [ 12; 1 ])
            "Term.system/terms", box2 (fun () -> [ 0.1 * Term.laplacian ])
            "Method.chebyshev/stages", box2 (fun () -> 4)
            "Network.ofVectorFunction/f",
            box2 (fun () ->
                fun (θ: Tensor) (x: Tensor) -> ((x.select (1L, 0L) + θ[0L]).sin() * θ[1L] + θ[2L]).unsqueeze 1L)
            "Network.ofBlocks/domain", box2 (fun () -> Domain.euclidean 1)
            "Layer.normalise/shift", box2 (fun () -> [ 0.1 ])
            "Layer.normalise/scale", box2 (fun () -> [ 0.5 ])
            "Density.transformed/map",
            box2 (fun () -> fun (x: Tensor) -> (x.neg (), torch.zeros_like (x.select (1L, 0L))))
            "Diff/v", box2 (fun () -> points 1)
            // For one point and for many, with derivatives that depend on it.
            "Diff/f", box2 (fun () -> fun (x: Tensor) -> x.sin().sum -1L)
            "CSharp.Tensors.Cholesky/matrices", box2 (fun () -> torch.eye (2, dtype = torch.ScalarType.Float64))
            "Tensor.cholesky/matrices", box2 (fun () -> torch.eye (2, dtype = torch.ScalarType.Float64))
            for name in [ "ffdiffn"; "fdiffn"; "diffn"; "fdiff"; "diff"; "fdiff2"; "diff2" ] do
                $"Diff.{name}/f", box2 (fun () -> fun (x: Tensor) -> x.exp ())
            for name in
                [
                    "fjacobianv"
                    "jacobianv"
                    "fjacobianTv"
                    "jacobianTv"
                    "fjacobian"
                    "jacobian"
                    "fdivergence"
                    "divergence"
                ] do
                $"Diff.{name}/f", box2 (fun () -> fun (x: Tensor) -> x.sin ())
            for name in [ "fcurl"; "curl"; "fcurldivergence"; "curldivergence" ] do
                $"Diff.{name}/f", box2 (fun () -> fun (x: Tensor) -> x.sin ())
                plane $"Diff.{name}/x" 3
            "CSharp.Arithmetic.MaskedFill/mask", box2 (fun () -> (points 1).isfinite())
            "CSharp.Chart.Trajectories/positions", box2 (fun () -> [| points 2; points 2 |])
            "CSharp.Chart/names", box2 (fun () -> [| "a"; "b" |])
            "CSharp.Conditional/drawn", box2 (fun () -> [| 0 |])
            "*/given", box2 (fun () -> [| 0.5 |])
            "CSharp.Evolution/from", box2 (fun () -> 0.0)
            "CSharp.Evolution/to", box2 (fun () -> 0.2)
            "CSharp.Regression.Resume/path", box2 (fun () -> opened "fit.h5")
            "CSharp.Regression.TryResume/path", box2 (fun () -> opened "fit.h5")
            "CSharp.Evolution.Resume/path", box2 (fun () -> opened "checkpoint.h5")
            "CSharp.Evolution.TryResume/path", box2 (fun () -> opened "checkpoint.h5")
            "CSharp.Solution.Open/path", box2 (fun () -> opened "solution.h5")
            "CSharp.Sampler.Open/path", box2 (fun () -> opened "sampler.h5")
            "CSharp.Sampler.Open/network", box2 (fun () -> null: obj)
            "CSharp.Draws.Open/path", box2 (fun () -> opened "draws.h5")
            "CSharp.Conditional.Open/path", box2 (fun () -> opened "conditional.h5")
            "CSharp.Draws.ForwardEfficiency/logWeightsAtSamples", box2 (fun () -> Random.normal double 3 [ 60 ])
            "CSharp.FokkerPlanck.FlowingPoints/process", box2 (fun () -> CSharp.Process.OrnsteinUhlenbeck 1)
            "CSharp.Posterior.Draw/count", box2 (fun () -> 30)
            "CSharp.Mixture.new/weights", box2 (fun () -> [| 1.0 |])
            "CSharp.Mixture.new/means", box2 (fun () -> [| [| 0.0; 1.0 |] |])
            "CSharp.Layer.Normalise/shift", box2 (fun () -> [| 0.1 |])
            "CSharp.Layer.Normalise/scale", box2 (fun () -> [| 0.5 |])
            "CSharp.Network.Rescaled/shift", box2 (fun () -> [| 0.5 |])
            "CSharp.Network.Rescaled/scale", box2 (fun () -> [| 2.0 |])
            "CSharp.Network/axes", box2 (fun () -> [| 0 |])
            "CSharp.Network/parameters", box2 (fun () -> 3)
            for name in [ "Value"; "Gradient"; "Laplacian"; "Jet"; "Kernel" ] do
                $"CSharp.Network.{name}/parameters", box2 parameters
            "CSharp.Network.OfVectorFunction/function",
            box2 (fun () ->
                Func<Tensor, Tensor, Tensor>(fun θ x ->
                    ((x.select (1L, 0L) + θ[0L]).sin() * θ[1L] + θ[2L]).unsqueeze 1L))
            "CSharp.Network/distance", box2 (fun () -> Func<Tensor, Tensor> sine)
            "CSharp.Network/data", box2 (fun () -> Func<Tensor, Tensor> sine)
            "CSharp.Collocation.Drawn/draw",
            box2 (fun () -> Func<int, Tensor>(fun seed -> Random.uniform double seed [ 5; 1 ]))
            "CSharp.Collocation.Tempered/spread", box2 (fun () -> [| 2.0; 2.0 |])
            "CSharp.Collocation.Tempered/centre", box2 (fun () -> [| 0.0; 0.0 |])
            "CSharp.PointDynamics/monitor",
            box2 (fun () -> Func<CSharp.Local, Tensor>(fun local -> local.Points.select(1L, 0L).sin().Square() .+ 1.0))
            "CSharp.PointDynamics/candidates",
            box2 (fun () -> CSharp.Collocation.Uniform(CSharp.Domain.Periodic(struct (0.0, 2.0 * Math.PI)), 64))
            "CSharp.PointDynamics.Moving/velocity",
            box2 (fun () -> Func<CSharp.Local, Tensor>(fun local -> local.Points.sin ()))
            "CSharp.PointDynamics/times", box2 (fun () -> [| 0.05 |])
            "CSharp.PointDynamics/dimension", box2 (fun () -> 1)
            "CSharp.PointDynamics.Characteristics/term",
            box2 (fun () -> CSharp.Term.Transport("c", (fun _ x -> x.cos ())))
            "CSharp.Process/divergence", box2 (fun () -> Func<float, Tensor, Tensor> sink)
            "CSharp.Process/mean", box2 (fun () -> [| 0.0; 0.0 |])
            "CSharp.Process/offset", box2 (fun () -> [| 0.0; 0.0 |])
            "CSharp.Process/noised", box2 (fun () -> [| 0 |])
            "CSharp.Reference/mean", box2 (fun () -> [| 0.0; 0.0 |])
            "CSharp.Regression/g", box2 (fun () -> Func<Tensor, Tensor> sine)
            "CSharp.Sde/from", box2 (fun () -> 0.1)
            "CSharp.Sde/to", box2 (fun () -> 0.2)
            "CSharp.Solution.Evaluate/points", box2 (fun () -> [| for row in 0..1 -> [| 0.1 |] |] |> array2D)
            "CSharp.Solution/t", box2 (fun () -> 0.1)
            "CSharp.Tensors.ToDouble/tensor", box2 (fun () -> Tensor.scalar double 2.0)
            "CSharp.Term/function", box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> sine x))
            "CSharp.Term.Map/function", box2 (fun () -> Func<Tensor, Tensor>(fun u -> u.sin ()))
            "CSharp.Term/kernel", box2 (fun () -> Func<Tensor, Tensor, Tensor>(fun x y -> x.mm (y.t ())))
            "CSharp.Equation/divergence", box2 (fun () -> Func<float, Tensor, Tensor> sink)
            "CSharp.Equation.Schroedinger/potential", box2 (fun () -> Func<float, Tensor, Tensor>(fun _ x -> sine x))
            "CSharp.Tableau/order", box2 (fun () -> 2)
            "CSharp.Tableau/embeddedOrder", box2 (fun () -> 1)
            "CSharp.Tableau/nodes", box2 (fun () -> [| 0.0; 1.0 |])
            "CSharp.Tableau/error", box2 (fun () -> [| 0.5; -0.5 |])
            "CSharp.Tableau/dense", box2 (fun () -> array2D [ [ 1.0; -0.5 ]; [ 0.0; 0.5 ] ])
            "CSharp.Placement/cudaDevice", box2 (fun () -> null: obj)
        ]

    let entries = Dictionary<string, unit -> obj>()

    for key, make in two @ core do
        entries[key] <- make

    entries

/// A right argument; None where none is known. Names of the facade are those of the core behind `CSharp.`.
let tryFind (owner: string) (parameter: string) (wanted: Type) : obj option =
    let fits (make: unit -> obj) =
        let value = make ()

        if isNull value && not wanted.IsValueType || wanted.IsInstanceOfType value then
            Some value
        else
            None

    let core =
        if owner.StartsWith("CSharp.", StringComparison.Ordinal) then
            let parts = owner.Substring(7).Split('.')
            $"{parts[0]}.{Char.ToLowerInvariant parts[1].[0]}{parts[1].Substring 1}"
        else
            owner

    let modules (name: string) = name.Substring(0, name.LastIndexOf '.')

    [ owner; modules owner; core; modules core; "*" ]
    |> List.tryPick (fun key ->
        match byName.TryGetValue $"{key}/{parameter}" with
        | true, make -> fits make
        | _ -> None)
    |> Option.orElseWith (fun () ->
        match byType.TryGetValue wanted, SampleFacade.byType.TryGetValue wanted with
        | (true, make), _
        | _, (true, make) -> Some(make ())
        | _ -> None)
