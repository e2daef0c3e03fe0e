module Mne.Functional.Tests.SamplerTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests

let private small =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 16 Swish; Layer.dense 16 Swish ]
        Cover.FitPoints = 150
        Cover.Points = Some 200
        Evolve.Sketch = Sketch.Landmarks 100
        Evolve.Regularisation = 1e-6
        Evolve.Tolerance = 1e-2
        Fit.Steps = 25
        Fit.Regularisation = 1e-3, 1e-7
        Cover.Refreshes = 12
        Draw.Tolerance = 1e-5
    }

let private target =
    Density.gaussianMixture [ 0.7, [ 1.5 ], 0.5; 0.3, [ -1.5 ], 0.5 ]

let private exactDraws =
    Mixture.isotropic 0.25 [| 0.7; 0.3 |] [| [| 1.5 |]; [| -1.5 |] |]

let private withSampler options family (f: Sampler -> 'a) : 'a =
    use sampler = Sampler.evolve Run.quiet options family target
    f sampler

/// One for the tests that only draw.
let private usual =
    lazy (Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck target)

let private numbers (draws: Draws) =
    Array.concat
        [
            Tensor.toArray draws.Points
            Tensor.toArray draws.LogProposal
            Tensor.toArray draws.LogWeights
        ]

let private good (sampler: Sampler) =
    use draws = Sampler.draw Run.quiet 1000 sampler
    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.95 "effective sample size"
    let logZ = Importance.logNormaliser draws
    Expect.isLessThan (abs logZ.Value) (4.0 * logZ.StandardError + 1e-4) "log Z"
    let mean = draws |> Importance.expectation (fun x -> x.squeeze 1L)
    Expect.isLessThan (abs (mean.Value - 0.6)) (4.0 * mean.StandardError) "mean"

[<Tests>]
let tests =
    testList
        "Sampler"
        [
            test "more draws than 10,000 are followed more closely, as far as the precision goes" {
                let double, single = Placement.float64, Placement.float32
                let wanted (tolerance: float) = { Tolerance = tolerance }

                let near name expected actual =
                    Expect.floatClose Accuracy.high actual expected name

                near "10,000" 1e-4 ((wanted 1e-4).ToleranceFor(double, 10_000))
                near "few" 1e-4 ((wanted 1e-4).ToleranceFor(double, 1))

                near
                    "a million: a tenth, as the error of their mean"
                    1e-5
                    ((wanted 1e-4).ToleranceFor(double, 1_000_000))

                near
                    "single precision has a limit"
                    (256.0 * Placement.epsilon single)
                    ((wanted 1e-4).ToleranceFor(single, 1_000_000))

                near "which loosens nothing" 1e-6 ((wanted 1e-6).ToleranceFor(single, 1_000_000))
            }

            test "draws, weights and log Z of two modes" {
                let sampler = usual.Value
                Expect.isLessThan sampler.FitError 0.05 "fit"
                good sampler

                Scope.free (fun () ->
                    let samples =
                        Tensor.ofRows
                            Placement.float64
                            [ for row in Mixture.sample 1 300 exactDraws -> Seq.ofArray row ]

                    let logWeights =
                        -(target.Energy samples) - Sampler.logProposal Run.quiet samples sampler

                    Expect.isGreaterThan (Importance.forwardEfficiency logWeights) 0.95 "forward")
            }

            for name, options, family in
                [
                    "points that are never refreshed", { small with Cover.Refreshes = 1 }, Process.ornsteinUhlenbeck
                    "Dormand and Prince's pair",
                    { small with
                        Evolve.Method = Method.dormandPrince54
                    },
                    Process.ornsteinUhlenbeck
                    "a time schedule",
                    small,
                    fun d -> Process.ornsteinUhlenbeck d |> Process.scheduled (Schedule.linear 0.2 1.8 3.0)
                    "another stationary distribution",
                    small,
                    fun _ -> Process.ornsteinUhlenbeckTo [ 0.3 ] (Covariance.Isotropic 1.3)
                ] do
                test $"as good with {name}" { withSampler options family good }

            test "first points from chains, standardised, in two passes" {
                let options, family =
                    Sampler.standardise
                        Run.quiet
                        1.0
                        { small with
                            Cover.Start =
                                Start.Cooled
                                    { Chains.defaults with
                                        Chains = 300
                                        Cooling = 60
                                    }
                        }
                        target

                use sampler = Sampler.passes Run.quiet 2 options family target
                good sampler
            }

            test "draws are as right in any unit and from any origin of the coordinates" {
                let energy (x: Tensor) =
                    (0.5 * x.square () + 0.3 * x.cos ()).sum 1L

                // The trapezoidal rule converges faster than any power here.
                let exact =
                    log (
                        0.1
                        * Seq.sum (
                            seq { for k in -100 .. 100 -> exp (-0.005 * float (k * k) - 0.3 * cos (0.1 * float k)) }
                        )
                    )

                for unit in [ 1e-8; 1e8 ] do
                    let target = Density.ofEnergy 1 (fun x -> energy ((x - 1e3 * unit) / unit))

                    use known =
                        Scope.keep (fun () -> unit * (1e3 + 1.5 * Random.normal Placement.float64 5 [ 2000; 1 ]))

                    let options, family =
                        Sampler.standardise
                            Run.quiet
                            1.0
                            { small with
                                Cover.Start = Start.Known known
                            }
                            target

                    use sampler = Sampler.evolve Run.quiet options family target
                    use draws = sampler |> Sampler.draw Run.quiet 1000
                    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.95 $"efficiency, {unit}"
                    let logZ = Importance.logNormaliser draws

                    Expect.isLessThan
                        (abs (logZ.Value - log unit - exact))
                        (4.0 * logZ.StandardError + 1e-4)
                        $"log Z, {unit}"
            }

            test "behind a wall there are draws of weight 0, and log Z is right, whatever the formula gives there" {
                for outside in [ infinity; nan; 1e3 ] do
                    let half =
                        Density.ofEnergy 1 (fun x ->
                            let x = x.squeeze 1L
                            torch.where (x.GreaterThan 0.0, 0.5 .* x.Square(), x.zeros_like () .+ outside))

                    use sampler = Sampler.evolve Run.quiet small Process.ornsteinUhlenbeck half
                    use draws = Sampler.draw Run.quiet 2000 sampler
                    let logZ = Importance.logNormaliser draws
                    let error = logZ.Value - 0.5 * log (0.5 * Math.PI)
                    Expect.isLessThan (abs error) (4.0 * logZ.StandardError) $"{outside} outside: log Z"
                    // What lies behind the wall, where a smooth continuation goes, is lost.
                    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.4 $"{outside} outside: efficiency"
            }

            test "an energy that is no function of each row alone is refused before any work" {
                let impure: (string * (Tensor -> Tensor)) list =
                    [
                        "a norm over all rows", (fun x -> 0.5 .* x.Square().sum 1L .+ 0.1 .* x.norm ())
                        "a mean over all rows", (fun x -> (x - x.mean [| 0L |]).Square().sum 1L)
                        "noise",
                        (fun x -> 0.5 .* x.Square().sum 1L .+ 1e-3 .* torch.randn (x.shape[0], dtype = x.dtype))
                    ]

                for name, energy in impure do
                    let target = Density.ofEnergy 2 energy

                    let starts =
                        [
                            Start.Cloud(3.0, 2.0)
                            Start.Cooled Chains.defaults
                            Start.Known(Check.normal 1 [ 100; 2 ])
                        ]

                    let sample start run =
                        Sampler.evolve run { small with Cover.Start = start } Process.ornsteinUhlenbeck target
                        |> ignore

                    let solve run =
                        Posterior.sample run Posterior.defaults target |> ignore

                    let calls = solve :: [ for start in starts -> sample start ]

                    for call in calls do
                        let refused =
                            Assert.raises<ArgumentException>(fun () ->
                                call
                                    { Run.quiet with
                                        Meter =
                                            fun progress ->
                                                if progress.Step > 0.0 then
                                                    failtest "work before the check"
                                    })

                        Expect.equal refused.ParamName "energy" name
                        Expect.stringContains refused.Message "of that row alone" name
            }

            test "coordinates that share weights are shifted and scaled alike, others each by itself" {
                // Coordinates 0 and 2 are alike; 1 is elsewhere and narrower.
                let target =
                    Density.gaussianMixture [ 0.5, [ 3.0; -1.0; 3.0 ], 0.5; 0.5, [ 5.0; -1.0; 5.0 ], 0.5 ]

                let places blocks =
                    let options, _ =
                        Sampler.standardise
                            Run.quiet
                            2.0
                            { small with
                                Cover.Start =
                                    Start.Cooled
                                        { Chains.defaults with
                                            Chains = 300
                                            Spread = 6.0
                                        }
                                Network =
                                    fun space ->
                                        Network.add
                                            [
                                                Network.ofBlocks space blocks [ Layer.dense 4 Tanh ]
                                                Network.ofBlocks space [ [ 1 ] ] [ Layer.dense 4 Tanh ]
                                            ]
                            }
                            target

                    match (options.Network(Domain.euclidean 3)).Recipe with
                    | NetworkRecipe.Rescaled(shift, scale, _) ->
                        match options.Cover.Start with
                        | Start.Known points -> points.Dispose()
                        | _ -> ()

                        List.zip shift scale
                    | other -> failtest $"{other}"

                let shared = places [ [ 0 ]; [ 2 ] ]
                Expect.equal shared[0] shared[2] "one shift and scale"
                Expect.notEqual shared[0] shared[1] "the other coordinate"
                Expect.isLessThan (abs (fst shared[1] + 1.0)) 0.2 "its mean"
                let own = places [ [ 0 ] ]
                Expect.notEqual own[0] own[2] "nothing is shared"
                let chain = places [ [ 0; 1 ]; [ 1; 2 ] ]
                Expect.equal (List.distinct chain).Length 1 "a chain of neighbours shares everything"
            }

            test "the end of the evolution is the reference distribution, up to a constant" {
                withSampler { small with Duration = 4.0 } Process.ornsteinUhlenbeck (fun sampler ->
                    Scope.free (fun () ->
                        let x = (Tensor.linspace Placement.float64 -2.0 2.0 41).unsqueeze 1L
                        let u = Jet.value (sampler.Energy |> Energy.local Set.empty 4.0 x).Jet
                        let difference = u + (Sampler.reference sampler).LogDensity x
                        Expect.isLessThan (Tensor.rms (difference - difference.mean ())) 0.08 "u_T"))
            }

            test "the same seed gives the same bits, another seed other draws, batches no other distribution" {
                let drawnFrom sampler run =
                    use draws = Sampler.draw run 60 sampler
                    numbers draws

                let drawn = drawnFrom usual.Value

                let run = { Run.quiet with Seed = 1 }

                let first, again, other = drawn run, drawn run, drawn { run with Seed = 2 }

                Expect.equal again first "same draws"
                Expect.notEqual other first "other draws"

                // The same first points, other steps: small differences grow between modes.
                let precisely =
                    drawnFrom
                        { usual.Value with
                            Options.Draw.Tolerance = 1e-9
                        }

                (precisely { run with Rows = 17 }, precisely run)
                ||> Array.iter2 (fun a b -> Expect.isLessThan (abs (a - b)) 1e-5 "batched")

                let evolvedAgain =
                    withSampler small Process.ornsteinUhlenbeck (fun sampler ->
                        use draws = Sampler.draw run 60 sampler
                        numbers draws)

                Expect.equal evolvedAgain first "same sampler"
            }

            test "log q is as precise as asked for in many dimensions too, where it is a large number" {
                let d = 24
                let wells = Density.ofEnergy d (fun x -> (x.Square() .- 1.0).Square().sum 1L)

                let options =
                    { small with
                        Network =
                            fun space ->
                                Network.ofBlocks space [ for k in 0 .. d - 1 -> [ k ] ] [ Layer.dense 12 Swish ]
                        Cover.Start = Start.Cooled Chains.defaults
                        Draw.Tolerance = 1e-4
                    }

                use sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck wells
                use draws = Sampler.draw Run.quiet 100 sampler

                let precise =
                    { sampler with
                        Options.Draw.Tolerance = 1e-8
                    }

                use exact = precise |> Sampler.logProposal Run.quiet draws.Points
                let off = Scope.free (fun () -> Tensor.rms (draws.LogProposal - exact))
                Expect.isLessThan off 1e-3 "log q, some steps of the tolerance each"
                Expect.isGreaterThan off 1e-6 "and not for nothing"
            }

            test "progress passes through fit, evolution and draws, each to its end; cancellation ends a run" {
                let seen = ResizeArray<Progress>()

                use sampler =
                    Sampler.evolve { Run.quiet with Meter = seen.Add } small Process.ornsteinUhlenbeck target

                (Sampler.draw { Run.quiet with Meter = seen.Add } 50 sampler :> IDisposable).Dispose()
                let phases = seen |> Seq.map _.Phase |> Seq.distinct |> Seq.toList
                Expect.equal phases [ Phase.Fit; Phase.Evolve; Phase.Draw ] "phases"

                for phase in phases do
                    let fractions =
                        seen
                        |> Seq.filter (fun p -> p.Phase = phase)
                        |> Seq.map _.Fraction
                        |> Seq.toArray

                    Expect.equal fractions (Array.sort fractions) $"{phase}: never back"
                    Expect.floatClose Accuracy.high (Array.last fractions) 1.0 $"{phase}: to the end"

                use source = new Threading.CancellationTokenSource()
                source.Cancel()

                Assert.raises<OperationCanceledException>(fun () ->
                    Sampler.evolve
                        { Run.quiet with
                            Cancellation = source.Token
                        }
                        small
                        Process.ornsteinUhlenbeck
                        target
                    |> ignore)
                |> ignore
            }

            test "bad input: the argument is named" {
                let refused name options family =
                    let error =
                        Assert.raises<ArgumentException>(fun () ->
                            Sampler.evolve Run.quiet options family target |> ignore)

                    Expect.equal error.ParamName name name

                let ou = Process.ornsteinUhlenbeck
                refused "Duration" { small with Duration = 0.0 } ou
                refused "Draw.Tolerance" { small with Draw.Tolerance = nan } ou
                refused "Cover.Refreshes" { small with Cover.Refreshes = 0 } ou
                refused "Cover.Points" { small with Cover.Points = Some 1 } ou
                refused "Cover.FitPoints" { small with Cover.FitPoints = 1 } ou
                refused "Evolve.Tolerance" { small with Evolve.Tolerance = -1.0 } ou

                refused
                    "Evolve.Regularisation"
                    { small with
                        Evolve.Regularisation = 0.0
                    }
                    ou

                refused
                    "Fit.Regularisation"
                    { small with
                        Fit.Regularisation = 1e-3, 0.0
                    }
                    ou

                refused "Fit.Momentum" { small with Fit.Momentum = 1.0 } ou

                refused
                    "Evolve.Sketch"
                    { small with
                        Evolve.Sketch = Sketch.Landmarks 201
                    }
                    ou

                refused "family" small (fun d -> Process.ornsteinUhlenbeck (d + 1))

                refused
                    "Network"
                    { small with
                        Network = fun _ -> Network.create (Domain.euclidean 2) [ Layer.dense 4 Swish ]
                    }
                    ou

                refused
                    "Cover.Start"
                    { small with
                        Cover.Start = Start.Known(Tensor.zeros Placement.float64 [ 300; 2 ])
                    }
                    ou

                refused
                    "spread"
                    { small with
                        Cover.Start = Start.Cloud(1e6, 1.0)
                    }
                    ou

                refused "Fit.Tolerance" { small with Fit.Tolerance = 0.0 } ou

                // Refused at once, not after the evolution.
                let well = Density.gaussianMixture [ 1.0, [ 0.0 ], 1.0 ]
                refused "process" small (fun _ -> Process.langevin well)
            }

            test "a normal distribution needs no network: its draws are exact, however it is turned" {
                let d = 6

                Scope.free (fun () ->
                    let struct (turned, _) = torch.linalg.qr (Check.normal 4 [ d; d ])
                    // Deviations from 0.4 to 4 along axes that are not the coordinates'.
                    let scales = Tensor.linspace Placement.float64 (log 0.4) (log 4.0) d

                    let whiten (x: Tensor) = (x - 1.0).mm turned / scales.exp ()

                    let target =
                        Density.ofEnergy d (fun x -> Scope.keep (fun () -> 0.5 * (whiten x).square().sum 1L))

                    let options, family =
                        Sampler.standardise
                            Run.quiet
                            2.0
                            { small with
                                Cover.Start =
                                    Start.Cooled
                                        { Chains.defaults with
                                            Chains = 400
                                            Spread = 5.0
                                        }
                                Fit.Steps = 10
                            }
                            target

                    use sampler = Sampler.evolve Run.quiet options family target
                    use draws = sampler |> Sampler.draw Run.quiet 500
                    let logZ = 0.5 * float d * log (2.0 * Math.PI) + Tensor.toFloat (scales.sum ())
                    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.99 "efficiency"
                    Expect.isLessThan (abs ((Importance.logNormaliser draws).Value - logZ)) 0.01 "log Z"

                    match options.Cover.Start with
                    | Start.Known points -> points.Dispose()
                    | _ -> ())
            }

            test "single precision: a fit with the λ of the defaults, and the program's choice of points and sketch" {
                let options =
                    { small with
                        Cover.Points = None
                        Evolve.Sketch = Sampler.defaults.Evolve.Sketch
                        Evolve.Regularisation = 1e-6
                        Fit.Regularisation = Sampler.defaults.Fit.Regularisation
                    }

                let single =
                    { Run.quiet with
                        Placement = Placement.float32
                    }

                using (Sampler.evolve single options Process.ornsteinUhlenbeck target) (fun sampler ->
                    use draws = sampler |> Sampler.draw Run.quiet 500
                    Expect.equal draws.Points.dtype TorchSharp.torch.ScalarType.Float32 "precision"
                    Expect.isGreaterThan (Importance.effectiveSampleSize draws) 0.8 "efficiency")
            }

            test "without the normal part, the network learns all of the energy" {
                withSampler { small with Known = KnownPart.Nothing } Process.ornsteinUhlenbeck (fun sampler ->
                    Expect.isNone sampler.Energy.Known "no known part"

                    Scope.free (fun () ->
                        let x = Check.normal 2 [ 7; 1 ]

                        Check.identical
                            "u = w"
                            (Jet.value (sampler.Energy |> Energy.local Set.empty 0.3 x).Jet)
                            (Solution.evaluate 0.3 x sampler.Energy.Solution)))
            }

            test "draws and reports end when they are asked to, and a report does not call that unreliable" {
                let sampler = usual.Value

                let ended =
                    { Run.quiet with
                        Cancellation = Threading.CancellationToken true
                    }

                for body in
                    [
                        fun () -> using (Sampler.draw ended 10 sampler) ignore
                        fun () -> using (ReverseSde.draw ended ReverseSde.defaults 10 sampler) ignore
                        fun () -> using (AnnealedDraws.draw ended AnnealedDraws.defaults 10 sampler) ignore
                        fun () -> sampler |> Report.ofSampler ended { Report.defaults with Count = 50 } |> ignore
                    ] do
                    Assert.raises<OperationCanceledException> body |> ignore

                using (Sampler.draw Run.quiet 10 sampler) ignore
            }

            test "options are checked before any work: nothing is reported before they are refused" {
                let reports = ResizeArray<Progress>()

                for options in
                    [
                        { small with Evolve.Tolerance = -1.0 }
                        { small with
                            Evolve.Regularisation = 0.0
                        }
                        { small with
                            Evolve.Sketch = Sketch.Landmarks 5000
                        }
                        { small with Draw.Tolerance = 0.0 }
                        { small with
                            Evolve.Points = PointDynamics.advected (fun _ x -> x)
                        }
                    ] do
                    Assert.raises<ArgumentException>(fun () ->
                        Sampler.evolve { Run.quiet with Meter = reports.Add } options Process.ornsteinUhlenbeck target
                        |> ignore)
                    |> ignore

                Expect.equal reports.Count 0 "reports"
            }

            test "nothing leaks" {
                Assert.frees (fun () ->
                    withSampler small Process.ornsteinUhlenbeck (fun sampler ->
                        use _ = Sampler.draw Run.quiet 30 sampler
                        use x = Check.normal 1 [ 5; 1 ]
                        use _ = Sampler.logProposal Run.quiet x sampler
                        ()))
            }
        ]
