module Mne.Functional.Tests.PosteriorTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References

let private small =
    { Posterior.defaults with
        Count = 2000
        Particles = 2000
    }

/// An energy that is evolved in no time, and badly.
let internal brief =
    { Sampler.defaults with
        Network = fun domain -> Network.create domain [ Layer.dense 8 Swish ]
        Cover.Points = Some 60
        Cover.FitPoints = 60
        Cover.Refreshes = 2
        Fit.Steps = 5
        Evolve.Regularisation = 1e-5
        Evolve.Tolerance = 1e-2
        Draw.Tolerance = 1e-2
    }

let private run = { Run.quiet with Seed = 11 }

let private normal (x: Tensor) = 0.5 .* x.Square().sum 1L
let private logNormal d = 0.5 * float d * log (2.0 * Math.PI)

/// log Z within four of its standard errors, which are small, and an efficiency that is enough.
let private right (name: string) (logZ: float) (posterior: Posterior) =
    let error = posterior.LogNormaliser.Value - logZ
    Expect.isLessThan posterior.LogNormaliser.StandardError 0.05 $"{name}: {posterior}"
    Expect.isLessThan (abs error) (4.0 * posterior.LogNormaliser.StandardError + 1e-3) $"{name}: {posterior}"
    Expect.isGreaterThan posterior.Efficiency.Value 0.5 $"{name}: {posterior}"
    Expect.isLessThanOrEqual posterior.Verdict Verdict.Doubtful $"{name}: {posterior}"

/// The weighted mean of a column.
let private mean (column: int) (posterior: Posterior) =
    (Importance.expectation (fun x -> x.select (1L, int64 column)) posterior.Draws).Value

[<Tests>]
let tests =
    testList
        "Posterior"
        [
            test "units, offsets and correlations need not be told" {
                let scaled (size: float) (offset: float) =
                    Density.ofEnergy 2 (fun x ->
                        let y = (x .- offset) ./ size
                        let a, b = y.select (1L, 0L), y.select (1L, 1L)
                        0.5 .* a.Square() .+ 0.5 .* ((b - 0.999 .* a) ./ 0.01).Square())

                for size, offset in [ 1.0, 0.0; 1e-6, 0.0; 1e6, 0.0; 1.0, 1e5 ] do
                    use posterior = Posterior.sample run small (scaled size offset)
                    right $"size {size}, offset {offset}" (logNormal 2 + 2.0 * log size + log 0.01) posterior
                    Expect.isLessThan (abs (mean 0 posterior - offset)) (0.15 * size) "mean"
            }

            test "many modes, none missed" {
                let modes =
                    [ 0.5, [ -4.0; 3.0 ], 0.5; 0.3, [ 5.0; 5.0 ], 1.5; 0.2, [ 0.0; -6.0 ], 0.2 ]

                use posterior = Posterior.sample run small (Density.gaussianMixture modes)
                right "mixture" 0.0 posterior
                let expected = modes |> List.sumBy (fun (w, m, _) -> w * m[0])
                Expect.isLessThan (abs (mean 0 posterior - expected)) 0.3 "mean"
                Expect.equal posterior.Plan.Blocks.Head.Modes 3 "modes"
            }

            test "independent coordinates are solved by themselves, in any number" {
                let d = 24
                // V = Σ (x² − 4)² / 2 for one half and ½ x² for the other.
                let half = int64 (d / 2)

                let target =
                    Density.ofEnergy d (fun x ->
                        (0.5 .* (x.narrow(1L, 0L, half).Square() .- 4.0).Square()).sum 1L
                        .+ normal (x.narrow (1L, half, half)))

                // Z of one coordinate by the trapezoidal rule.
                let one =
                    Array.init 4001 (fun i ->
                        let x = -5.0 + 0.0025 * float i
                        exp (-0.5 * (x * x - 4.0) ** 2.0))
                    |> Array.sum
                    |> (*) 0.0025

                use posterior = Posterior.sample run small target
                right "wells" (float half * log one + logNormal (int half)) posterior
                Expect.equal posterior.Plan.Blocks.Length d "blocks"
            }

            test "places without density are draws of weight 0, and counted" {
                // A half plane, and a disc: Z by area.
                let cut inside (energy: Tensor -> Tensor) (x: Tensor) : Tensor =
                    torch.where (inside x, energy x, x.new_zeros x.shape[0] .+ nan)

                for name, inside, energy, logZ in
                    [
                        "half plane", (fun (x: Tensor) -> (x.sum 1L).GreaterThan 0.0), normal, logNormal 2 - log 2.0
                        "disc",
                        (fun x -> (x.Square().sum 1L).LessThan 4.0),
                        (fun x -> x.new_zeros x.shape[0]),
                        log (4.0 * Math.PI)
                    ] do
                    use posterior = Posterior.sample run small (Density.ofEnergy 2 (cut inside energy))
                    right name logZ posterior

                    let without =
                        Tensor.toArray posterior.Draws.LogWeights
                        |> Array.filter Double.IsNegativeInfinity

                    Expect.equal posterior.WithoutDensity without.Length name
                    Expect.isGreaterThan without.Length 0 $"{name}: some draws fall outside"
            }

            test "a mixture that is nearly enough is not given up for tempering, whose log Z has fewer digits" {
                let wells =
                    Density.ofEnergy 8 (fun x ->
                        let square = x.Square()
                        (square.Square() - 6.0 .* square - 0.5 .* x).sum 1L)

                let one =
                    Quadrature.logIntegral -5.0 5.0 (fun x -> -(x ** 4.0) + 6.0 * x * x + 0.5 * x)

                use posterior = Posterior.sample run { small with Efficiency = 0.999 } wells

                for block in posterior.Plan.Blocks do
                    Expect.equal block.Route Route.Mixture $"{posterior}"

                right "wells" (8.0 * one) posterior
            }

            test "log q is normalised, is that of the draws, and bounds log Z from above at exact draws" {
                let modes = [ 0.7, [ 100.0; -3.0 ], 2.0; 0.3, [ 108.0; 4.0 ], 1.0 ]
                let target = Density.gaussianMixture modes
                use posterior = Posterior.sample run small target

                Scope.free (fun () ->
                    let log points =
                        posterior |> Posterior.logProposal run points

                    let made = posterior.Draws
                    let apart = (made.LogProposal - log made.Points).abs().max()
                    Expect.isLessThan (Tensor.toFloat apart) 1e-9 "that of the draws"
                    // E_q [ρ/q] = 1 for the exact density ρ, and E_ρ [q/ρ] = 1.
                    let random = Random.normal Placement.float64 5 [ 4000; 2 ]

                    let exact =
                        Tensor.concatenate
                            0L
                            [
                                2.0 .* random.narrow (0L, 0L, 2800L)
                                .+ Tensor.ofArray Placement.float64 [| 100.0; -3.0 |]
                                random.narrow (0L, 2800L, 1200L)
                                .+ Tensor.ofArray Placement.float64 [| 108.0; 4.0 |]
                            ]

                    let logRatio = log exact .+ target.Energy exact
                    // Its deviation at so many points is below 0.005.
                    Expect.isLessThan (abs (Tensor.toFloat (logRatio.exp().mean()) - 1.0)) 0.02 "∫ q"
                    let upper = -(Tensor.toFloat (logRatio.mean ()))
                    Expect.isLessThan (Importance.evidenceLowerBound made) upper "bounds"
                    Expect.isLessThan (abs (upper - Importance.evidenceLowerBound made)) 0.1 "gap")

                Assert.raises<ArgumentException>(fun () ->
                    posterior
                    |> Posterior.logProposal run (torch.zeros (3L, 3L, dtype = torch.float64))
                    |> ignore)
                |> fun error -> Expect.stringContains error.Message "points" "argument"
            }

            test "draws beyond a piece are as those within it, each from a seed of its own" {
                let target = Density.gaussianMixture [ 1.0, [ 1.0; 2.0 ], 0.5 ]
                use posterior = Posterior.sample run small target
                let count = 300_000
                use draws = posterior |> Posterior.draw { run with Seed = 3 } count

                Scope.free (fun () ->
                    Expect.equal (Tensor.rows draws.Points) count "rows"
                    let first = draws.Points.select (1L, 0L)
                    let half = int64 (count / 2)
                    let a, b = first.narrow (0L, 0L, half), first.narrow (0L, half, half)
                    Expect.isLessThan (abs (Tensor.toFloat (a.mean () - b.mean ()))) 0.01 "means of the halves"
                    let distinct = first |> Tensor.toArray |> Array.distinct
                    Expect.isGreaterThan distinct.Length (count * 99 / 100) "no draw twice"
                    let logZ = Importance.logNormaliser draws
                    Expect.isLessThan (abs logZ.Value) (4.0 * logZ.StandardError + 1e-5) "log Z")
            }

            test "where a mixture is not enough, the energy is evolved with the mixture as its known part" {
                // More is asked for than a mixture gives.
                let bananas =
                    Density.ofEnergy 2 (fun x ->
                        let a, b = x.select (1L, 0L), x.select (1L, 1L)
                        0.5 .* a.Square() .+ 2.0 .* (b - 0.5 .* a.Square()).Square())

                use posterior =
                    Posterior.sample
                        run
                        { small with
                            Efficiency = 0.999
                            Flow =
                                Some
                                    { Sampler.defaults with
                                        Network =
                                            fun domain ->
                                                Network.create domain [ Layer.dense 16 Swish; Layer.dense 16 Swish ]
                                        Cover.Points = Some 200
                                        Cover.FitPoints = 300
                                        Cover.Refreshes = 4
                                        Fit.Steps = 20
                                        Evolve.Regularisation = 1e-6
                                        Evolve.Tolerance = 1e-2
                                        Draw.Tolerance = 1e-3
                                    }
                        }
                        bananas

                let tried = posterior.Plan.Blocks.Head.Efficiencies |> List.map fst
                Expect.contains tried Route.Flow $"{posterior}"
                right "banana" (log (2.0 * Math.PI) + log 0.5) posterior
            }

            test "the same seed gives the same bits; more draws come by the same route and agree" {
                let target =
                    Density.gaussianMixture [ 0.6, [ 1.0; 0.0 ], 0.5; 0.4, [ -2.0; 1.0 ], 0.8 ]

                use one = Posterior.sample run small target
                use other = Posterior.sample run small target
                Expect.equal (Tensor.toArray one.Draws.Points) (Tensor.toArray other.Draws.Points) "points"
                Expect.equal (Tensor.toArray one.Draws.LogWeights) (Tensor.toArray other.Draws.LogWeights) "weights"
                use more = one |> Posterior.draw { run with Seed = 99 } 5000
                let logZ = Importance.logNormaliser more
                Expect.isLessThan (abs logZ.Value) (4.0 * logZ.StandardError + 1e-3) "log Z of more draws"

                Scope.free (fun () ->
                    Check.close
                        1e-11
                        "weights are −V − log q"
                        more.LogWeights
                        (-(target.Energy more.Points) - more.LogProposal))
            }

            test "a budget that is used up leaves dearer routes out, gives up one under way, and says so" {
                let bent =
                    Density.ofEnergy 2 (fun x ->
                        let a, b = x.select (1L, 0L), x.select (1L, 1L)
                        0.5 .* a.Square() .+ 8.0 .* (b - a.Square()).Square())

                let wanted =
                    { small with
                        Efficiency = 0.9999
                        Flow = Some Sampler.defaults
                    }

                // Nothing is left for any route; and some, but by far not what the flow takes.
                for budget, routes in
                    [
                        TimeSpan.FromTicks 1L, [ Route.Mixture ]
                        TimeSpan.FromSeconds 3.0, [ Route.Mixture ]
                    ] do
                    use posterior = Posterior.sample run { wanted with Budget = Some budget } bent

                    let plan = posterior.Plan.Blocks.Head
                    Expect.equal (List.map fst plan.Efficiencies) routes $"{posterior}"
                    Expect.equal plan.Route Route.Mixture $"{posterior}"
                    Expect.exists plan.Remarks _.Contains("budget") $"{posterior}"
                    Expect.isTrue (posterior.Text.Contains "budget") "said"

                // Who ends the run himself is told so.
                use ended = new CancellationTokenSource(TimeSpan.FromSeconds 2.0)

                Expect.throwsT<OperationCanceledException>
                    (fun () ->
                        Posterior.sample
                            { run with Cancellation = ended.Token }
                            { wanted with
                                Budget = Some(TimeSpan.FromHours 1.0)
                            }
                            bent
                        |> ignore)
                    "cancelled"

                // The clocks of ranks differ, and with them what there would be time for.
                Communicator.threads 2 (fun ranks ->
                    Check.refuses [ "Budget"; "2 ranks" ] (fun () ->
                        Posterior.sample
                            (run |> Run.among ranks)
                            { small with
                                Budget = Some(TimeSpan.FromSeconds 5.0)
                            }
                            bent
                        |> ignore))
                |> ignore

                for budget in [ TimeSpan.Zero; TimeSpan.FromSeconds -1.0; TimeSpan.MaxValue ] do
                    Check.refuses [ "Budget"; "found" ] (fun () ->
                        Posterior.sample run { small with Budget = Some budget } bent |> ignore)
            }

            test "blocks that are alike share one energy, which is freed once" {
                let wells = Density.ofEnergy 2 (fun x -> (x.Square() .- 1.0).Square().sum 1L)

                Assert.frees (fun () ->
                    use posterior =
                        Posterior.sample
                            run
                            { small with
                                Efficiency = 0.9999
                                Flow = Some brief
                            }
                            wells

                    Expect.equal [ for block in posterior.Plan.Blocks -> block.Like ] [ 0; 0 ] "alike"
                    Expect.contains (posterior.Plan.Blocks.Head.Efficiencies |> List.map fst) Route.Flow "evolved")
            }

            test "no tensor is left behind" {
                let target =
                    Density.gaussianMixture [ 0.6, [ 1.0; 0.0 ], 0.5; 0.4, [ -2.0; 1.0 ], 0.8 ]

                Assert.frees (fun () -> (Posterior.sample run small target :> IDisposable).Dispose())
            }

            test "bad options are refused before the energy is asked, by name" {
                let asked = ref 0

                let target =
                    Density.ofEnergy 2 (fun x ->
                        asked.Value <- asked.Value + 1
                        normal x)

                for name, options in
                    [
                        "Count", { small with Count = 3 }
                        "Particles", { small with Particles = 10 }
                        "Efficiency", { small with Efficiency = 1.0 }
                        "Efficiency", { small with Efficiency = nan }
                        "Flow.Duration",
                        { small with
                            Flow =
                                Some
                                    { Sampler.defaults with
                                        Duration = -1.0
                                    }
                        }
                    ] do
                    let refused =
                        Assert.raises<ArgumentException>(fun () -> Posterior.sample run options target |> ignore)

                    Expect.equal refused.ParamName name name

                let refused =
                    Assert.raises<ArgumentException>(fun () ->
                        Posterior.sample
                            { run with
                                Placement = Placement.float32
                            }
                            small
                            target
                        |> ignore)

                Expect.equal refused.ParamName "Placement" "single precision"
                Expect.equal asked.Value 0 "the energy was not asked"
            }

            test "it stops when it is asked to" {
                use source = new CancellationTokenSource()
                let count = ref 0

                let target =
                    Density.ofEnergy 2 (fun x ->
                        count.Value <- count.Value + 1

                        if count.Value = 20 then
                            source.Cancel()

                        normal x)

                Assert.raises<OperationCanceledException>(fun () ->
                    Posterior.sample { run with Cancellation = source.Token } small target |> ignore)
                |> ignore
            }
        ]
