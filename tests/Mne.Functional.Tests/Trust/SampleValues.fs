/// Right values of the core, small and quickly made; what is dear is made once.
module internal Mne.Functional.Tests.SampleValues

// What is given by reflection may be null, which is one of the things that are tried.
#nowarn "3261"

open System
open System.Collections.Generic
open System.IO
open System.Threading
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting

type Layer = Mne.Functional.Layer

let double = Placement.float64
let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let network = Network.create circle [ Layer.harmonics 2; Layer.dense 6 Sine ]

let points d = Random.normal double 3 [ 5; d ]
let grid = Collocation.grid circle 16

let parameters () = Network.initial network 1
let sine (x: Tensor) : Tensor = x.select(1L, 0L).sin()
let squares (x: Tensor) : Tensor = x.square().sum 1L
let back (_: float) (x: Tensor) : Tensor = x.neg ()

let sink (_: float) (x: Tensor) : Tensor =
    torch.ones_like(x.select (1L, 0L)).neg()

let target =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]

let fit =
    { Regression.defaults with
        Steps = 5
        Tolerance = 0.5
    }

let evolve =
    { Evolution.defaults with
        Tolerance = 1e-2
        Regularisation = 1e-6
        MaximumSteps = 60
    }

let small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 6 Swish ]
        Cover.Points = Some 40
        Cover.FitPoints = 40
        Cover.Refreshes = 2
        Cover.Start = Start.Cloud(2.0, 2.0)
        Duration = 1.0
        Fit.Steps = 3
        Evolve.Sketch = Sketch.Exact
        Evolve.Regularisation = 1e-5
        Evolve.Tolerance = 1e-1
        Evolve.MaximumSteps = 300
        Draw.Tolerance = 1e-1
    }

/// What is dear is made once, outside every scope.
let kept (make: unit -> 'a) : Lazy<'a> =
    lazy
        (let mutable made = Unchecked.defaultof<'a>
         let thread = Thread((fun () -> made <- make ()), 16 * 1024 * 1024)
         thread.Start()
         thread.Join()
         made)

let solution =
    kept (fun () -> Evolution.trySolve Run.quiet evolve (0.1 * Term.laplacian) network grid (parameters ()) (0.0, 0.2))

let sampler =
    kept (fun () -> Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck target)

let draws = kept (fun () -> Sampler.draw Run.quiet 60 sampler.Value)

/// Two parameters, of whose draws `named` has the names.
let model =
    Model.create [ Parameter.real "a"; Parameter.positive "b" ] (fun p ->
        [ Distribution.Normal(p["a"], 0.0, 1.0); Distribution.Exponential(p["b"], 1.0) ])

let observations () =
    Data.ofJson """{ "n": 3, "y": [1, 2, 3] }"""

let named = kept (fun () -> draws.Value |> NamedDraws.ofDraws [ "a"; "b" ])
let summary = kept (fun () -> Summary.create 0.9 named.Value)
let logLikelihood () = Random.normal double 7 [ 60; 3 ]
let loo = kept (fun () -> LeaveOneOut.create (logLikelihood ()) named.Value)

let check () : PredictiveCheck =
    {
        Observed = 1.0
        Replicated = [| 0.5; 1.5; 2.5 |]
        Probability = { Value = 0.5; StandardError = 0.1 }
    }

let conditional = kept (fun () -> Conditional.evolve Run.quiet small [ 0 ] target)

let marginal =
    kept (fun () -> Marginal.evolve Run.quiet small Process.ornsteinUhlenbeck conditional.Value)

let report =
    kept (fun () -> Report.ofDraws Run.quiet { Report.defaults with Search = None } sampler.Value draws.Value)

let quick =
    { Posterior.defaults with
        Count = 60
        Particles = 200
    }

let posterior = kept (fun () -> Posterior.sample Run.quiet quick target)
let mixture = Mixture.normal [| 0.0; 1.0 |] (array2D [ [ 1.0; 0.2 ]; [ 0.2; 2.0 ] ])

/// The folder of the files that are opened and saved.
let folder = lazy (Directory.CreateTempSubdirectory "mne-trust").FullName

let file name = Path.Combine(folder.Value, name)

let saved =
    lazy
        (Storage.saveSolution (file "solution.h5") "" solution.Value |> ignore
         Storage.saveSampler (file "sampler.h5") "" sampler.Value |> ignore
         Storage.saveConditional (file "conditional.h5") "" conditional.Value |> ignore
         Storage.saveDraws (file "draws.h5") "" draws.Value |> ignore
         File.WriteAllText(file "data.json", """{ "y": [1, 2] }""")
         File.WriteAllText(file "data.csv", "a,b\n1,2\n")
         Storage.savePosterior (file "posterior.h5") "" posterior.Value |> ignore

         use _ =
             Evolution.trySolve
                 Run.quiet
                 { evolve with
                     MaximumStep = 0.05
                     Checkpoint = Checkpoint.every (CheckpointInterval.Steps 1) (file "checkpoint.h5")
                 }
                 (0.1 * Term.laplacian)
                 network
                 grid
                 (parameters ())
                 (0.0, 0.2)

         use _ =
             Regression.tryFit
                 Run.quiet
                 { Regression.defaults with
                     Steps = 5
                     Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 1) (file "fit.h5")
                 }
                 network
                 (fun x -> x.squeeze(1L).sin())
                 grid

         ())

let opened name =
    saved.Force()
    file name

let local () : Local =
    {
        Time = 0.1
        Points = points 1
        Jet = Network.jet (Set [ Derivative.Laplacian ]) network (parameters ()) (points 1)
    }

let jet d =
    LinearJet.ofPoints (Set [ Derivative.Laplacian ]) (points d) |> LinearJet.curved

let tangent () =
    Network.tangent network (parameters ()) (points 1)

let process2 = Process.ornsteinUhlenbeck 2

/// With noise that depends on the state.
let diffusion2 =
    Diffusion.create 2 back (Noise.Diagonal(fun _ x -> (1.0 + x.square ()).sqrt()))

let chains =
    { Chains.defaults with
        Chains = 10
        Cooling = 5
        Sampling = 5
    }

let chart = lazy (Chart.histogram "h" [| 1.0; 2.0; 2.5 |])
let series = lazy (Series.line "s" [| 0.0; 1.0 |] [| 1.0; 2.0 |])

let gains: Gains =
    {
        Safety = 0.9
        Integral = 0.7
        Shrink = 0.2
        Growth = 5.0
    }

let isotropic = Covariance.Isotropic 1.0
let unitField (_: float) (y: Tensor) : Tensor * unit = y.neg (), ()
let normOf (_: Tensor) (δ: Tensor) = Tensor.rms δ

let integration () : Integration<unit, unit> =
    { Integrator.create unitField normOf with
        MaximumSteps = 50
    }

let restart (_: int) (context: unit) (y: Tensor) : unit * Tensor = context, y

let tableau () = Method.dormandPrince54.Tableau.Value
