module Mne.Functional.Tests.ReverseSdeTests

open System
open Expecto
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests

/// Paths with the exact energy (t ↦ u_t).
let private carry options seed (p: Process) T (energyAt: float -> Tensor -> Tensor) (start: Tensor) =
    ReverseSde.carry options ignore seed p (fun request t x -> Gaussian.local (energyAt t) request t x) T start

/// The exact energy of 0.7 N(1.5, ¼) + 0.3 N(−1.5, ¼) after a time t of the Ornstein–Uhlenbeck process.
let private twoModes (t: float) (x: Tensor) : Tensor =
    let variance = 1.0 + (0.25 - 1.0) * exp (-2.0 * t)

    let part (weight: float) mean =
        let z = x.squeeze 1L - mean * exp -t

        -0.5 * z.square () / variance + log weight
        - 0.5 * log (2.0 * Math.PI * variance)

    -(Tensor.stack 0L [ part 0.7 1.5; part 0.3 -1.5 ]).logsumexp 0L

let private exactKernels =
    testList
        "with the exact energy"
        [
            test "Tweedie's mean and variance are those of the posterior" {
                Scope.free (fun () ->
                    let p, T, y = Process.ornsteinUhlenbeck 1, 0.4, 0.3
                    let start = Tensor.ofArray2D Placement.float64 (array2D [ [ y ]; [ y ] ])

                    let ξ = Random.normal Placement.float64 (Seed.child 0 9) [ 2; 1 ] |> Tensor.toArray

                    let x =
                        carry
                            {
                                Kernel = ReverseKernel.Tweedie
                                Steps = 1
                            }
                            9
                            p
                            T
                            twoModes
                            start
                        |> fst
                        |> Tensor.toArray

                    // x = mean ± deviation ξ: the sign of a square root is free.
                    let deviation = (x[0] - x[1]) / (ξ[0] - ξ[1])
                    let mean = x[0] - deviation * ξ[0]

                    let logPosterior x =
                        let z = y - x * exp -T

                        let prior =
                            log (0.7 * exp (-2.0 * (x - 1.5) ** 2.0) + 0.3 * exp (-2.0 * (x + 1.5) ** 2.0))

                        prior - 0.5 * z * z / (1.0 - exp (-2.0 * T))

                    let exact = Quadrature.moments [| -8.0, 8.0, 4001 |] (fun x -> logPosterior x[0])

                    Expect.isLessThan (abs (mean - exact.Mean[0])) 1e-9 "mean"
                    Expect.isLessThan (abs (deviation ** 2.0 - exact.Covariance[0][0])) 1e-9 "variance")
            }

            test "Gaussian targets: every path has the weight Z, for any number of steps" {
                let start = Gaussian.create [ 0.5; -1.0 ] [ [ 0.8; 0.3 ]; [ 0.3; 0.5 ] ]

                for p in
                    [
                        Process.ornsteinUhlenbeck 2
                        Process.ornsteinUhlenbeckTo
                            [ 1.0; 0.0 ]
                            (Covariance.Full(array2D [ [ 2.0; 0.6 ]; [ 0.6; 0.5 ] ]))
                        |> Process.scheduled (Schedule.linear 0.1 2.0 20.0)
                        // Noise on the momentum alone: there is no density over an Euler step, but one over an exact step.
                        Process.linear
                            (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ])
                            [ 0.0; 0.0 ]
                            (Covariance.Diagonal [ 0.0; 4.0 ])
                    ] do
                    Scope.free (fun () ->
                        let at t =
                            start |> Gaussian.push (p.Transition.Value(p.Schedule.Clock t))

                        let reference = p.Stationary.Value
                        let y = reference.Draw Placement.float64 1 50
                        let u t = Gaussian.energy (at t)

                        for steps in [ 8; 40 ] do
                            let x, logRatio =
                                carry
                                    {
                                        Kernel = ReverseKernel.Tweedie
                                        Steps = steps
                                    }
                                    2
                                    p
                                    20.0
                                    u
                                    y
                            // Up to what is left of the start at T.
                            let logWeights = logRatio - Gaussian.energy start x + Gaussian.energy (at 20.0) y
                            Expect.isLessThan (Tensor.toFloat (logWeights.abs().max())) 1e-6 $"{p.Name}, {steps} steps")
            }

            test "the spread of path weights falls with the steps as theory says" {
                Scope.free (fun () ->
                    let p = Process.ornsteinUhlenbeck 1
                    let y = p.Stationary.Value.Draw Placement.float64 3 1500

                    let variance kernel steps =
                        Scope.free (fun () ->
                            let x, logRatio = carry { Kernel = kernel; Steps = steps } 4 p 4.0 twoModes y

                            let logWeights = logRatio - twoModes 0.0 x - p.Stationary.Value.LogDensity y
                            // What is left of the start at T is the same for every number of steps, and small.
                            let left = twoModes 4.0 y + p.Stationary.Value.LogDensity y
                            Tensor.toFloat ((logWeights + left).var()))

                    let ratio kernel =
                        variance kernel 25 / variance kernel 100

                    let euler, tweedie = ratio ReverseKernel.Euler, ratio ReverseKernel.Tweedie
                    // Per step of length h the log-ratio errs by h (Euler) or h^{3/2} (Tweedie), independently.
                    Expect.isTrue (euler > 3.0 && euler < 6.0) $"Euler: variance ∝ h, found the factor {euler} for 4"

                    Expect.isTrue
                        (tweedie > 11.0 && tweedie < 32.0)
                        $"Tweedie: variance ∝ h², found the factor {tweedie} for 16")
            }

            test
                "a process without noise in some moving direction is refused by Euler, one without transitions by Tweedie" {
                Scope.free (fun () ->
                    let refused kernel (p: Process) =
                        let y = Random.normal Placement.float64 1 [ 4; p.Dimension ]
                        let u _ (x: Tensor) = 0.5 * x.square().sum 1L

                        Assert.raises<ArgumentException>(fun () ->
                            carry { Kernel = kernel; Steps = 3 } 1 p 1.0 u y |> ignore)

                    let well = Density.gaussianMixture [ 1.0, [ 0.0 ], 1.0 ]

                    Expect.equal
                        (refused ReverseKernel.Euler (Process.underdampedLangevin 1.0 well)).ParamName
                        "process"
                        "Euler"

                    Expect.equal (refused ReverseKernel.Tweedie (Process.langevin well)).ParamName "Kernel" "Tweedie")
            }
        ]

/// A network too small for the target, on too few points.
let private coarse =
    { Sampler.defaults with
        // The normal part would take most of the bias away.
        Known = KnownPart.Nothing
        Network = fun domain -> Network.create domain [ Layer.dense 8 Swish; Layer.dense 8 Swish ]
        Cover.FitPoints = 50
        Cover.Points = Some 50
        Cover.Refreshes = 8
        Evolve.Sketch = Sketch.Exact
        Evolve.Regularisation = 1e-5
        Evolve.Tolerance = 1e-2
        Fit.Steps = 8
        Fit.Regularisation = 1e-3, 1e-5
        Duration = 2.0
        Draw.Tolerance = 1e-3
    }

let private target =
    Density.gaussianMixture [ 0.7, [ 1.5 ], 0.5; 0.3, [ -1.5 ], 0.5 ]

let private withCoarse seed (f: Sampler -> 'a) : 'a =
    use sampler =
        Sampler.evolve { Run.quiet with Seed = seed } coarse Process.ornsteinUhlenbeck target

    f sampler

let private bias =
    testList
        "bias"
        [
            test "30 coarse samplers: weights make Ẑ unbiased and expectations right, by the flow and by paths" {
                let kinds =
                    [
                        "flow", (fun run -> Sampler.draw run 1200)
                        "Euler",
                        (fun run ->
                            ReverseSde.draw
                                run
                                {
                                    Kernel = ReverseKernel.Euler
                                    Steps = 30
                                }
                                1200)
                        "Tweedie",
                        (fun run ->
                            ReverseSde.draw
                                run
                                {
                                    Kernel = ReverseKernel.Tweedie
                                    Steps = 20
                                }
                                1200)
                    ]

                let found =
                    [|
                        for seed in 1..30 ->
                            withCoarse seed (fun sampler ->
                                [|
                                    for _, draw in kinds ->
                                        use draws = sampler |> draw { Run.quiet with Seed = seed }

                                        exp (Importance.logNormaliser draws).Value,
                                        Scope.free (fun () -> Tensor.toFloat (draws.Points.mean ())),
                                        (draws |> Importance.expectation (fun x -> x.squeeze 1L)).Value,
                                        Importance.effectiveSampleSize draws
                                |])
                    |]

                let exact = 0.7 * 1.5 - 0.3 * 1.5

                for i, (name, _) in List.indexed kinds do
                    let column = found |> Array.map (fun row -> row[i])
                    let ratio = column |> Array.map (fun (z, _, _, _) -> z)
                    let mean = Array.average ratio
                    let deviation = sqrt ((ratio |> Array.sumBy (fun z -> (z - mean) ** 2.0)) / 29.0)
                    let error = deviation / sqrt 30.0
                    Expect.isLessThan (abs (mean - 1.0)) (3.0 * error) $"{name}: mean of Ẑ/Z = {mean} ± {error}"

                    let rms f =
                        sqrt (column |> Array.averageBy (fun c -> (f c - exact) ** 2.0))

                    let raw, weighted = rms (fun (_, r, _, _) -> r), rms (fun (_, _, w, _) -> w)
                    Expect.isGreaterThan raw 0.1 $"{name}: raw error of the mean, which 1200 exact draws give to 0.04"
                    Expect.isLessThan weighted (0.75 * raw) $"{name}: weighted error of the mean"
            }

            test "log q from the flow, followed forwards from the draws, is what they came with" {
                withCoarse 1 (fun sampler ->
                    let sampler =
                        { sampler with
                            Options =
                                { sampler.Options with
                                    Draw.Tolerance = 1e-6
                                }
                        }

                    Scope.free (fun () ->
                        let draws = Sampler.draw Run.quiet 200 sampler
                        let found = Sampler.logProposal Run.quiet draws.Points sampler
                        Expect.isLessThan (Tensor.rms (found - draws.LogProposal)) 1e-3 "log q"))
            }

            test "draws in batches are as many as asked for, the same again, and nothing leaks" {
                withCoarse 2 (fun sampler ->
                    let options =
                        {
                            Kernel = ReverseKernel.Tweedie
                            Steps = 5
                        }

                    Assert.frees (fun () ->
                        let go seed =
                            use draws =
                                ReverseSde.draw { Run.quiet with Seed = seed; Rows = 7 } options 20 sampler

                            Expect.equal draws.Points.shape [| 20L; 1L |] "shape"
                            let x = Tensor.toArray draws.Points
                            Expect.equal (Array.distinct x).Length 20 "batches differ"
                            x

                        Expect.equal (go 1) (go 1) "same"
                        Expect.notEqual (go 1) (go 2) "other"))
            }

            test "the reverse SDE as an equation, stepped by Heun's scheme" {
                withCoarse 3 (fun sampler ->
                    Scope.free (fun () ->
                        let start = Random.normal Placement.float64 1 [ 2000; 1 ]

                        let x =
                            ReverseSde.equation sampler
                            |> Sde.simulate SdeScheme.StochasticHeun 2 [ 0.0..0.02..2.0 ] start

                        use weighted =
                            ReverseSde.draw
                                Run.quiet
                                {
                                    Kernel = ReverseKernel.Tweedie
                                    Steps = 60
                                }
                                2000
                                sampler

                        let one, other = Gaussian.moments x, Gaussian.moments weighted.Points
                        // Two samples of one distribution with variance about 2.
                        Expect.isLessThan (abs ((fst one)[0] - (fst other)[0])) 0.2 "mean"
                        Expect.isLessThan (abs ((snd one)[0] / (snd other)[0] - 1.0)) 0.2 "variance"))
            }
        ]

[<Tests>]
let tests = testList "ReverseSde" [ exactKernels; bias ]
