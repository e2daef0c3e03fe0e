/// Right values of the facade, by their types.
[<RequireQualifiedAccess>]
module internal Mne.Functional.Tests.SampleFacade

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections.Generic
open System.IO
open System.Threading
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests.SampleValues

let private terms =
    Func<CSharp.ParameterValues, IEnumerable<Tensor>>(fun p -> [| -(p["a"].Square()); -p["b"] |])

let model =
    CSharp.Model.Create([| CSharp.Parameter.Real "a"; CSharp.Parameter.Positive "b" |], terms)

/// The facade's values over those of the core.
let byType: IDictionary<Type, unit -> obj> =
    let circle = CSharp.Domain.Periodic(struct (0.0, 2.0 * Math.PI))

    let layers =
        [| CSharp.Layer.Harmonics 2; CSharp.Layer.Dense(6, CSharp.Activation.Sine) |]

    let network = lazy (CSharp.Network.Create(circle, layers))
    let grid = CSharp.Collocation.Grid(circle, 16)
    let laplacian = CSharp.Term.Number(0.1) * CSharp.Term.Laplacian

    let target =
        CSharp.Density.GaussianMixture(struct (0.5, [| -1.0; 0.0 |], 0.7), struct (0.5, [| 1.0; 0.0 |], 0.7))

    let evolve =
        CSharp.EvolutionOptions(Tolerance = 1e-2, Regularisation = 1e-6, MaximumSteps = 60)

    let fit = CSharp.RegressionOptions(Steps = 5, Tolerance = 0.5)

    let small =
        CSharp.SamplerOptions(
            Network = (fun domain -> CSharp.Network.Create(domain, CSharp.Layer.Dense(6, CSharp.Activation.Swish))),
            Duration = 1.0,
            Cover =
                CSharp.CoverOptions(Points = 40, FitPoints = 40, Refreshes = 2, Start = CSharp.Start.Cloud(2.0, 2.0)),
            Fit = CSharp.RegressionOptions(Steps = 3),
            Evolve =
                CSharp.EvolutionOptions(
                    Sketch = CSharp.Sketch.Exact,
                    Regularisation = 1e-5,
                    Tolerance = 1e-1,
                    MaximumSteps = 300,
                    Method = CSharp.Method.Chebyshev 8
                ),
            Draw = CSharp.DrawOptions(Tolerance = 1e-1)
        )

    let solution =
        kept (fun () ->
            CSharp.Evolution.TrySolve(laplacian, network.Value, grid, network.Value.Initial 1, 0.0, 0.2, evolve))

    let sampler = kept (fun () -> CSharp.Sampler.Evolve(target, small))
    let draws = kept (fun () -> sampler.Value.Draw 60)
    let conditional = kept (fun () -> CSharp.Conditional.Evolve(target, [| 0 |], small))
    let marginal = kept (fun () -> CSharp.Marginal.Evolve(conditional.Value, small))

    let report =
        kept (fun () -> CSharp.Report.OfDraws(sampler.Value, draws.Value, CSharp.ReportOptions(Search = Nullable())))

    let posterior =
        kept (fun () -> CSharp.Posterior.Sample(target, CSharp.PosteriorOptions(Count = 60, Particles = 200)))

    let mixture =
        CSharp.Mixture.Normal([| 0.0; 1.0 |], array2D [ [ 1.0; 0.2 ]; [ 0.2; 2.0 ] ])

    let adapt =
        Func<CSharp.Attempt, IReadOnlyList<float>, CSharp.Decision>(fun attempt memory ->
            CSharp.Controller().Adapt(attempt, memory))

    /// Euler's method.
    let step =
        Func<Func<float, Tensor, Tensor>, float, Tensor, float, IReadOnlyList<Tensor>, CSharp.Proposal>
            (fun f t y h memory ->
                let next = y + h * memory[0]
                let slope = f.Invoke(t + h, next)
                CSharp.Proposal(next, 0.0 * y, CSharp.Segment.Hermite(t, h, y, memory[0], next, slope), [| slope |]))

    let vector () = Tensor.ones double [ 3 ]

    let segment () =
        CSharp.Segment.Hermite(0.0, 0.1, vector (), vector (), vector (), vector ())

    let process2 = CSharp.Process.OrnsteinUhlenbeck 2

    let local () =
        solution.Value.Local(0.1, points 1, [ CSharp.Derivative.Laplacian ])

    dict
        [
            typeof<CSharp.Domain>, (fun () -> box circle)
            typeof<CSharp.Coordinate>, (fun () -> CSharp.Coordinate.Periodic(0.0, 1.0))
            typeof<CSharp.Layer>, (fun () -> CSharp.Layer.Dense(4, CSharp.Activation.Tanh))
            typeof<CSharp.Network>, (fun () -> network.Value)
            typeof<CSharp.Collocation>, (fun () -> grid)
            typeof<CSharp.Term>, (fun () -> laplacian)
            typeof<CSharp.Density>, (fun () -> target)
            typeof<CSharp.EvolutionOptions>, (fun () -> evolve)
            typeof<CSharp.RegressionOptions>, (fun () -> fit)
            typeof<CSharp.SamplerOptions>, (fun () -> small)
            typeof<CSharp.CoverOptions>, (fun () -> small.Cover)
            typeof<CSharp.DrawOptions>, (fun () -> small.Draw)
            typeof<CSharp.ChainOptions>, (fun () -> CSharp.ChainOptions(Chains = 10, Cooling = 5, Sampling = 5))
            typeof<CSharp.LangevinOptions>, (fun () -> CSharp.LangevinOptions(Steps = 3))
            typeof<CSharp.ReverseOptions>, (fun () -> CSharp.ReverseOptions(Steps = 3))
            typeof<CSharp.ReportOptions>, (fun () -> CSharp.ReportOptions(Count = 60, Search = Nullable()))
            typeof<CSharp.PosteriorOptions>, (fun () -> CSharp.PosteriorOptions(Count = 60, Particles = 200))
            typeof<CSharp.Posterior>, (fun () -> posterior.Value)
            typeof<CSharp.Mixture>, (fun () -> mixture)
            typeof<float[,][]>, (fun () -> mixture.Covariances)
            typeof<CSharp.Attempt>, (fun () -> CSharp.Attempt(0.1, 0.01, 0.5, 5, false))
            typeof<CSharp.Segment>, (fun () -> segment ())
            typeof<IReadOnlyList<float>>, (fun () -> [| 1.0 |])
            typeof<IReadOnlyList<Tensor>>, (fun () -> [| vector () |])
            typeof<Func<CSharp.Attempt, IReadOnlyList<float>, CSharp.Decision>>, (fun () -> box adapt)
            typeof<Func<Func<float, Tensor, Tensor>, float, Tensor, float, IReadOnlyList<Tensor>, CSharp.Proposal>>,
            (fun () -> box step)
            typeof<CSharp.Solution>, (fun () -> solution.Value)
            typeof<CSharp.Sampler>, (fun () -> sampler.Value)
            typeof<CSharp.Draws>, (fun () -> draws.Value)
            typeof<CSharp.Bijector>, (fun () -> CSharp.Bijector.Positive)
            typeof<CSharp.Parameter>, (fun () -> CSharp.Parameter.Positive "b")
            typeof<IEnumerable<CSharp.Parameter>>,
            (fun () -> [| CSharp.Parameter.Real "a"; CSharp.Parameter.Positive "b" |])
            typeof<Func<CSharp.ParameterValues, IEnumerable<Tensor>>>, (fun () -> box terms)
            typeof<Func<CSharp.ParameterValues, Tensor>>,
            (fun () -> box <| Func<CSharp.ParameterValues, Tensor>(fun p -> p["a"] * p["b"]))
            typeof<CSharp.Model>, (fun () -> model)
            typeof<CSharp.Data>, (fun () -> CSharp.Data.OfJson """{ "n": 3, "y": [1, 2, 3] }""")
            typeof<CSharp.NamedDraws>, (fun () -> CSharp.NamedDraws.OfDraws(draws.Value, "a", "b"))
            typeof<CSharp.Summary>,
            (fun () -> CSharp.Summary.Create(CSharp.NamedDraws.OfDraws(draws.Value, "a", "b"), 0.9))
            typeof<CSharp.InferenceData>,
            (fun () -> CSharp.InferenceData(Posterior = CSharp.NamedDraws.OfDraws(draws.Value, "a", "b")))
            typeof<CSharp.PredictiveCheck>,
            (fun () -> CSharp.Predictive.Check(squares, Random.normal double 5 [ 3 ], Random.normal double 6 [ 20; 3 ]))
            typeof<struct (string * Func<float, float>)[]>,
            (fun () -> [| struct ("a", Func<float, float>(fun _ -> 0.5)) |])
            typeof<IEnumerable<CSharp.Quantity>>,
            (fun () -> [| CSharp.Quantity("a", []); CSharp.Quantity("b", [ 2 ]) |])
            typeof<IEnumerable<int>>, (fun () -> [| 2 |])
            typeof<struct (string * CSharp.Estimate)[]>,
            (fun () ->
                [|
                    struct ("a", CSharp.Estimate(1.0, 0.1))
                    struct ("b", CSharp.Estimate(2.0, 0.2))
                |])
            typeof<struct (string * CSharp.LeaveOneOut)[]>,
            (fun () ->
                let loo =
                    CSharp.LeaveOneOut.Create(logLikelihood (), CSharp.NamedDraws.OfDraws(draws.Value, "a", "b"))

                [| struct ("a", loo); struct ("b", loo) |])
            typeof<Func<int, CSharp.NamedDraws, Tensor>>,
            (fun () ->
                box
                <| Func<int, CSharp.NamedDraws, Tensor>(fun seed draws -> draws.Columns .+ float (seed % 7)))
            typeof<CSharp.Conditional>, (fun () -> conditional.Value)
            typeof<CSharp.Marginal>, (fun () -> marginal.Value)
            typeof<CSharp.Report>, (fun () -> report.Value)
            typeof<CSharp.Energy>, (fun () -> sampler.Value.Energy)
            typeof<CSharp.Process>, (fun () -> process2)
            typeof<CSharp.Schedule>, (fun () -> CSharp.Schedule.Linear(0.5, 1.0, 1.0))
            typeof<CSharp.Sde>, (fun () -> process2.Forward())
            typeof<CSharp.Diffusion>,
            (fun () ->
                CSharp.Diffusion.Create(
                    2,
                    (fun _ x -> x.neg ()),
                    CSharp.Noise.Diagonal(fun _ x -> (1.0 + x.square ()).sqrt())
                ))
            typeof<CSharp.Noise>, (fun () -> CSharp.Noise.Constant(CSharp.Covariance.Isotropic 1.0))
            typeof<CSharp.Reference>, (fun () -> CSharp.Reference.StandardNormal 2)
            typeof<CSharp.Covariance>, (fun () -> CSharp.Covariance.Isotropic 1.0)
            typeof<CSharp.Run>, (fun () -> CSharp.Run())
            typeof<CSharp.Placement>, (fun () -> CSharp.Placement.Float64)
            typeof<CSharp.Local>, (fun () -> local ())
            typeof<CSharp.Jet>,
            (fun () -> network.Value.Jet(network.Value.Initial 1, points 1, [ CSharp.Derivative.Laplacian ]))
            typeof<CSharp.Derivative>, (fun () -> CSharp.Derivative.Laplacian)
            typeof<CSharp.PointDynamics>, (fun () -> CSharp.PointDynamics.Fixed)
            typeof<CSharp.Side>, (fun () -> CSharp.Side.Low 0)
            typeof<CSharp.Wall>, (fun () -> CSharp.Wall.Dirichlet(CSharp.Side.Low 0, 0.0))
            typeof<CSharp.Method>, (fun () -> CSharp.Method.Chebyshev 4)
            typeof<CSharp.Tableau>, (fun () -> CSharp.Method.DormandPrince54.Tableau)
            typeof<CSharp.Controller>, (fun () -> CSharp.Controller())
            typeof<CSharp.Sketch>, (fun () -> CSharp.Sketch.Landmarks 8)
            typeof<CSharp.Start>, (fun () -> CSharp.Start.Cloud(2.0, 2.0))
            typeof<CSharp.StopEvent>, (fun () -> CSharp.StopEvent("e", (fun _ _ _ -> 1.0), CSharp.Direction.Either))
            typeof<CSharp.Checkpoint>, (fun () -> CSharp.Checkpoint(Path = file "c.h5", EverySteps = 5))
            typeof<CSharp.Pareto>, (fun () -> CSharp.Pareto(0.3, 1.0))
            typeof<CSharp.Transition>,
            (fun () ->
                CSharp.Transition(
                    array2D [ [ 0.5; 0.0 ]; [ 0.0; 0.5 ] ],
                    [| 0.0; 0.0 |],
                    array2D [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ]
                ))
            typeof<CSharp.Chart>, (fun () -> CSharp.Chart.Histogram("h", [| 1.0; 2.0; 2.5 |]))
            typeof<CSharp.Series>, (fun () -> CSharp.Series.Line("s", [| 0.0; 1.0 |], [| 1.0; 2.0 |]))
            typeof<CSharp.Equation>, (fun () -> CSharp.Equation.Heat(0.1, 1))
            typeof<CSharp.Estimate>, (fun () -> CSharp.Estimate(1.0, 0.1))
            typeof<CSharp.Layer[]>, (fun () -> [| CSharp.Layer.Dense(4, CSharp.Activation.Tanh) |])
            typeof<CSharp.Network[]>, (fun () -> [| network.Value; network.Value |])
            typeof<CSharp.Term[]>, (fun () -> [| laplacian |])
            typeof<CSharp.Coordinate[]>, (fun () -> [| CSharp.Coordinate.Periodic(0.0, 1.0) |])
            typeof<CSharp.Chart[]>, (fun () -> [| for _ in 1..2 -> CSharp.Chart.Histogram("h", [| 1.0; 2.0; 2.5 |]) |])
            typeof<CSharp.Series[]>, (fun () -> [| CSharp.Series.Line("s", [| 0.0; 1.0 |], [| 1.0; 2.0 |]) |])
            typeof<CSharp.Activation>, (fun () -> CSharp.Activation.Sine)
            typeof<CSharp.Boundary>, (fun () -> CSharp.Boundary.Dirichlet)
            typeof<CSharp.Direction>, (fun () -> CSharp.Direction.Either)
            typeof<CSharp.ConcernKind>, (fun () -> CSharp.ConcernKind.PoorFit)
            typeof<CSharp.Verdict>, (fun () -> CSharp.Verdict.Doubtful)
            typeof<CSharp.CoverageKind>, (fun () -> CSharp.CoverageKind.NotSearched)
            typeof<Nullable<float>>, (fun () -> 1.0)
            typeof<IEnumerable<CSharp.Derivative>>, (fun () -> [| CSharp.Derivative.Partial(0, 1) |])
            typeof<IEnumerable<float>>, (fun () -> [| 0.0; 0.1; 0.2 |])
            typeof<struct (float * float)[]>, (fun () -> [| struct (0.0, 1.0) |])
            typeof<struct (float * float)>, (fun () -> struct (0.1, 0.2))
            typeof<struct (string * float[])[]>, (fun () -> [| struct ("g", [| 1.0; 2.0 |]) |])
            typeof<struct (string * float[,])[]>, (fun () -> [| struct ("u", array2D [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]) |])
            typeof<struct (string * string)[]>, (fun () -> [| struct ("name", "value") |])
            typeof<struct (float * float[] * float)[]>, (fun () -> [| struct (0.5, [| 0.0; 1.0 |], 1.0) |])
            typeof<float[][]>, (fun () -> [| [||]; [| 1.0 |] |])
            typeof<int[][]>, (fun () -> [| [| 0 |] |])
            typeof<Func<Tensor, Tensor>>, (fun () -> box <| Func<Tensor, Tensor> squares)
            typeof<Func<Tensor, struct (Tensor * Tensor)>>,
            (fun () ->
                box
                <| Func<Tensor, struct (Tensor * Tensor)>(fun x ->
                    struct (x.neg (), torch.zeros_like (x.select (1L, 0L)))))
            typeof<Func<float, Tensor, Tensor>>, (fun () -> box <| Func<float, Tensor, Tensor> back)
            typeof<Func<Tensor, Tensor, Tensor>>,
            (fun () ->
                box
                <| Func<Tensor, Tensor, Tensor>(fun θ x -> (x.select (1L, 0L) + θ[0L]).sin() * θ[1L] + θ[2L]))
            typeof<Func<float, Tensor, Tensor, Tensor>>,
            (fun () -> box <| Func<float, Tensor, Tensor, Tensor>(fun _ _ u -> u.sin ()))
            typeof<Func<float, Tensor, Tensor, float>>,
            (fun () -> box <| Func<float, Tensor, Tensor, float>(fun _ _ _ -> 1.0))
            typeof<Func<int, Tensor>>, (fun () -> box <| Func<int, Tensor>(fun seed -> Random.normal double seed [ 3 ]))
            typeof<Func<int, float, Tensor>>,
            (fun () ->
                box
                <| Func<int, float, Tensor>(fun seed _ -> Random.uniform double seed [ 12; 1 ]))
            typeof<Func<int, int, Tensor>>,
            (fun () ->
                box
                <| Func<int, int, Tensor>(fun seed count -> Random.normal double seed [ count; 2 ]))
            typeof<Func<CSharp.Local, Tensor>>,
            (fun () -> box <| Func<CSharp.Local, Tensor>(fun local -> local.Points.select (1L, 0L)))
            typeof<Func<float, float>>, (fun () -> box <| Func<float, float>(fun _ -> 1.0))
            typeof<Func<float, CSharp.Transition>>,
            (fun () ->
                box
                <| Func<float, CSharp.Transition>(fun _ ->
                    CSharp.Transition(
                        array2D [ [ 0.5; 0.0 ]; [ 0.0; 0.5 ] ],
                        [| 0.0; 0.0 |],
                        array2D [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ]
                    )))
            typeof<CSharp.Coverage>, (fun () -> CSharp.Coverage(CSharp.CoverageKind.NotSearched, Nullable()))
        ]
