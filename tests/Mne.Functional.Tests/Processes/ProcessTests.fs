module Mne.Functional.Tests.ProcessTests

open System
open Expecto
open MathNet.Numerics.LinearAlgebra
open Mne.Functional
open Mne.Functional.Tests

let private points seed d =
    1.5 * Random.normal Placement.float64 seed [ 20; d ]

let private largest (x: Tensor) = Tensor.toFloat (x.abs().max())

/// Linear processes of every kind of drift, noise and schedule.
let private linearProcesses =
    let slow = Schedule.linear 0.2 2.0 2.0
    let skewed = array2D [ [ 2.0; 0.6 ]; [ 0.6; 0.5 ] ]
    let rotating = array2D [ [ -1.0; 0.8 ]; [ -0.5; -0.3 ] ]

    [
        "standard Ornstein–Uhlenbeck", Process.ornsteinUhlenbeck 2
        "Ornstein–Uhlenbeck, diagonal", Process.ornsteinUhlenbeckTo [ 1.0; -0.5 ] (Covariance.Diagonal [ 0.4; 2.0 ])
        "Ornstein–Uhlenbeck, full, scheduled",
        Process.ornsteinUhlenbeckTo [ 1.0; -0.5 ] (Covariance.Full skewed)
        |> Process.scheduled slow
        "rotating", Process.linear rotating [ 0.3; 0.7 ] (Covariance.Full skewed)
        "damped oscillator, scheduled",
        Process.linear (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ]) [ 0.0; 0.5 ] (Covariance.Diagonal [ 0.0; 4.0 ])
        |> Process.scheduled slow
        "noise on one coordinate",
        Process.linear (array2D [ [ -1.0; 0.0 ]; [ 0.0; 0.0 ] ]) [ 0.0; 0.0 ] (Covariance.Diagonal [ 2.0; 0.0 ])
    ]

let private start = Gaussian.create [ 0.5; -1.0 ] [ [ 0.8; 0.3 ]; [ 0.3; 0.5 ] ]

let private at (p: Process) t =
    start |> Gaussian.push (p.Transition.Value(p.Schedule.Clock t))

let private centred (x: Tensor) = x - x.mean ()

let private equations =
    testList
        "equations against exact Gaussian solutions"
        [
            for name, p in linearProcesses do
                test $"{name}: energy and density" {
                    Scope.free (fun () ->
                        let t, ε, x = 0.7, 1e-4, points 1 2

                        let difference (f: Gaussian.Gaussian -> Tensor) =
                            (f (at p (t + ε)) - f (at p (t - ε))) / (2.0 * ε)

                        let evaluate term u =
                            Gaussian.local u (Term.needs 2 term) t x |> Term.evaluate term

                        let energy = evaluate (FokkerPlanck.energy p) (Gaussian.energy (at p t))
                        let wanted = difference (fun g -> Gaussian.energy g x) |> centred
                        Expect.isLessThan (largest (energy - wanted)) (2e-6 * (1.0 + largest wanted)) "∂_t u"

                        let density =
                            evaluate (FokkerPlanck.density p) (fun x -> (-(Gaussian.energy (at p t) x)).exp())

                        let wanted = difference (fun g -> (-(Gaussian.energy g x)).exp())
                        Expect.isLessThan (largest (density - wanted)) (2e-6 * (1e-3 + largest wanted)) "∂_t ρ")
                }

                test $"{name}: the flow carries samples, and its divergence is the flow's" {
                    Scope.free (fun () ->
                        let t, ε = 0.7, 1e-4
                        let u = Gaussian.energy (at p t)
                        let x = points 2 2

                        let flow x =
                            FokkerPlanck.flow p (Gaussian.local u (FokkerPlanck.flowNeeds p) t x)

                        let v = flow x

                        // Along the flow the log-density changes by −∇·v: d/dt u_t(x_t) = ∇·v.
                        let along =
                            (Gaussian.energy (at p (t + ε)) (x + ε * v)
                             - Gaussian.energy (at p (t - ε)) (x - ε * v))
                            / (2.0 * ε)

                        let divergence =
                            FokkerPlanck.flowDivergence p (Gaussian.local u (FokkerPlanck.flowNeeds p) t x)

                        let unit k =
                            Tensor.ofArray Placement.float64 [| for i in 0..1 -> if i = k then ε else 0.0 |]

                        let differences =
                            [ 0; 1 ]
                            |> List.map (fun k ->
                                ((flow (x + unit k) - flow (x - unit k)) / (2.0 * ε)).select(1L, int64 k))
                            |> List.reduce (fun a b -> a + b)

                        Expect.isLessThan (largest (divergence - differences)) 1e-8 "∇·v by differences"
                        Expect.isLessThan (largest (along - divergence)) 1e-5 "d/dt u along the flow")
                }

            test "Langevin dynamics leave their stationary density as it is" {
                Scope.free (fun () ->
                    let potential =
                        Density.ofEnergy 2 (fun x -> (0.25 * x.square().square() + 0.3 * x).sum 1L + x.prod 1L)

                    let check (p: Process) (u: Tensor -> Tensor) =
                        let x = points 3 p.Dimension

                        let evaluate term u =
                            Gaussian.local u (Term.needs p.Dimension term) 0.3 x |> Term.evaluate term

                        Expect.isLessThan (largest (evaluate (FokkerPlanck.energy p) u)) 1e-9 $"{p.Name}: ∂_t u"

                        Expect.isLessThan
                            (largest (evaluate (FokkerPlanck.density p) (fun x -> (-(u x)).exp())))
                            1e-9
                            $"{p.Name}: ∂_t ρ"

                    check (Process.langevin potential) potential.Energy

                    check (Process.underdampedLangevin 1.7 potential) (fun x ->
                        potential.Energy(x.narrow (1L, 0L, 2L))
                        + 0.5 * (x.narrow (1L, 2L, 2L)).square().sum 1L))
            }
        ]

let private transitions =
    testList
        "transitions"
        [
            Check.law 30 "two, one after the other, are one over the whole time"
            <| fun (a: byte) (b: byte) ->
                let s, s' = 0.01 + float a / 100.0, 0.01 + float b / 100.0

                linearProcesses
                |> List.forall (fun (_, p) ->
                    let go s = Gaussian.push (p.Transition.Value s)
                    let twice, once = start |> go s |> go s', start |> go (s + s')

                    (twice.Mean - once.Mean).L2Norm() < 1e-9
                    && (twice.Covariance - once.Covariance).L2Norm() < 1e-9)

            test "they end in the stationary distribution, whose density and draws agree" {
                for name, p in linearProcesses do
                    match p.Stationary with
                    | None -> Expect.equal name "noise on one coordinate" "the only one without"
                    | Some reference ->
                        Scope.free (fun () ->
                            let final = start |> Gaussian.push (p.Transition.Value 40.0)
                            let x = points 4 2

                            Expect.isLessThan
                                (largest (reference.LogDensity x + Gaussian.energy final x))
                                1e-9
                                $"{name}: density"

                            let n = 20_000
                            let draws = reference.Draw Placement.float64 5 n
                            let mean, variance = Gaussian.moments draws

                            for k in 0..1 do
                                let exact = final.Covariance[k, k]

                                Expect.isLessThan
                                    (abs (mean[k] - final.Mean[k]))
                                    (4.0 * sqrt (exact / float n))
                                    $"{name}: mean"

                                Expect.isLessThan
                                    (abs (variance[k] / exact - 1.0))
                                    (4.0 * sqrt (2.0 / float n))
                                    $"{name}: variance")
            }
        ]

let private schedules =
    testList
        "schedules"
        [
            Check.property "the clock is the integral of the rate"
            <| fun (a: byte) (b: byte) (c: byte) ->
                let first, last, t = 0.05 + float a / 50.0, 0.05 + float b / 50.0, float c / 100.0
                let linear = Schedule.linear first last 3.0
                let quadrature = Schedule.ofRate (fun t -> first + (last - first) * min t 3.0 / 3.0)

                abs (linear.Clock t - quadrature.Clock t) < 1e-10 * (1.0 + linear.Clock t)
                && linear.Rate 0.0 = first

            test "a rate that is not positive is refused where it is met" {
                let schedule = Schedule.ofRate (fun t -> 1.0 - t)
                let error = Assert.raises<ArgumentException>(fun () -> schedule.Clock 2.0 |> ignore)
                Expect.equal error.ParamName "rate" "argument"
            }
        ]

let private refusals =
    let refused name wanted (body: unit -> unit) =
        test name {
            let error = Assert.raises<ArgumentException> body
            Expect.equal error.ParamName wanted "argument"
        }

    let still _ (x: Tensor) = x.zeros_like ()

    let create d noise () =
        Process.create d still still noise |> ignore

    testList
        "refused"
        [
            refused "a diagonal of another length" "diffusion" (create 2 (Covariance.Diagonal [ 1.0 ]))
            refused "a negative entry" "diffusion" (create 2 (Covariance.Diagonal [ 1.0; -0.1 ]))
            refused "a number that is not one" "diffusion" (create 2 (Covariance.Isotropic nan))
            refused "a matrix of another size" "diffusion" (create 2 (Covariance.Full(array2D [ [ 1.0 ] ])))
            refused
                "a matrix that is not symmetric"
                "diffusion"
                (create 2 (Covariance.Full(array2D [ [ 1.0; 0.5 ]; [ 0.4; 1.0 ] ])))
            refused
                "an indefinite matrix"
                "diffusion"
                (create 2 (Covariance.Full(array2D [ [ 1.0; 2.0 ]; [ 2.0; 1.0 ] ])))
            refused "a singular covariance" "covariance" (fun () ->
                Process.ornsteinUhlenbeckTo [ 0.0; 0.0 ] (Covariance.Diagonal [ 1.0; 0.0 ])
                |> ignore)
            refused "a covariance that round-off makes regular" "covariance" (fun () ->
                Process.ornsteinUhlenbeckTo [ 0.0; 0.0 ] (Covariance.Full(array2D [ [ 1.0; 1.0 ]; [ 1.0; 1.0 ] ]))
                |> ignore)
            refused "a time before the process begins" "t" (fun () ->
                Scope.free (fun () ->
                    let x = Check.normal 1 [ 3; 2 ]
                    Process.ornsteinUhlenbeck 2 |> Process.carry -1.0 x x |> ignore))
            for name, drift, divergence in
                [
                    "drift", (fun _ (x: Tensor) -> -x.mean([| 0L |])), still >> fun f x -> (f x).sum 1L
                    "driftDivergence", still, (fun _ (x: Tensor) -> x.new_zeros 1L)
                ] do
                refused $"{name} of a shape that could be broadcast" name (fun () ->
                    Scope.free (fun () ->
                        let p = Process.create 2 drift divergence (Covariance.Isotropic 2.0)
                        let x = Check.normal 1 [ 3; 2 ]

                        let local =
                            Gaussian.local (fun x -> x.square().sum 1L) (FokkerPlanck.flowNeeds p) 0.5 x

                        FokkerPlanck.flowDivergence p local |> ignore
                        FokkerPlanck.flow p local |> ignore))
            refused "an offset of another length" "offset" (fun () ->
                Process.linear (array2D [ [ -1.0 ] ]) [ 0.0; 0.0 ] (Covariance.Isotropic 1.0)
                |> ignore)
            refused "friction that is not positive" "friction" (fun () ->
                Process.underdampedLangevin 0.0 (Density.gaussianMixture [ 1.0, [ 0.0 ], 1.0 ])
                |> ignore)
        ]

let private nearlySingular (entries: float[,]) =
    let m = Matrix<float>.Build.DenseOfArray entries
    m.Determinant() < 1e-6 * m.InfinityNorm() ** 2.0

let private noise =
    testList
        "noise"
        [
            Check.law 30 "colour has the covariance, whiten undoes it"
            <| fun (a: int8) (b: int8) (c: int8) ->
                Scope.free (fun () ->
                    let root =
                        array2D [ [ float a / 32.0; 0.0 ]; [ float b / 32.0; 0.1 + abs (float c) / 32.0 ] ]
                        |> Matrix<float>.Build.DenseOfArray

                    let covariance = root * root.Transpose()
                    let x = points 6 2

                    let unit =
                        Tensor.ofArray2D Placement.float64 (array2D [ [ 1.0; 0.0 ]; [ 0.0; 1.0 ] ])

                    [
                        Covariance.Full(covariance.ToArray())
                        Covariance.Diagonal [ covariance[0, 0]; covariance[1, 1] ]
                        Covariance.Isotropic covariance[1, 1]
                    ]
                    |> List.forall (fun noise ->
                        let σ = Covariance.colour noise unit

                        let same = Covariance.matrix 2 noise |> Tensor.ofArray2D Placement.float64

                        largest (σ.t().mm σ - same) < 1e-10 * (1.0 + largest same)
                        // Directions that the noise does not reach stay 0.
                        && (nearlySingular (Covariance.matrix 2 noise)
                            || largest (Covariance.whiten noise (Covariance.colour noise x) - x) < 1e-6)))
        ]

[<Tests>]
let tests =
    testList "Process" [ equations; transitions; schedules; noise; refusals ]
