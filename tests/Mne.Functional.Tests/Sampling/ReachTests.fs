module Mne.Functional.Tests.ReachTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64

/// Points from −2 to 2 in each of three coordinates, the last ten times as wide.
let private reach =
    let x = Check.normal 1 [ 400; 3 ] * Tensor.ofArray double [| 1.0; 1.0; 10.0 |]
    Reach.ofPoints [ x.narrow (0L, 0L, 200L); x.narrow (0L, 200L, 200L) ]

/// v = (sin y + x z, x² − y, cos (x y) + z / 10), with ∇·v = z − 1 + 1/10.
let private field (x: Tensor) : Tensor * Tensor =
    let x, y, z = x.select (1L, 0L), x.select (1L, 1L), x.select (1L, 2L)

    Tensor.stack 1L [ y.sin () + x * z; x.square () - y; (x * y).cos() + z / 10.0 ], z - 0.9

let private confined (x: Tensor) =
    Reach.confine reach x (field (Reach.known reach x))

/// Points along random directions, at so many times the reach.
let private at (times: float) =
    let direction = Check.normal 2 [ 20; 3 ]

    reach.Centre + times * reach.Extent * direction / direction.norm (1, true, 4.0f)

/// u = ½ x² − x⁴ / 50 for all times, which no network would be fitted to: back in time its flow runs away in finite time.
let private runaway () : Sampler =
    let network =
        Network.ofFunction (Domain.euclidean 1) 1 (fun placement _ -> Tensor.ones placement [ 1 ]) (fun θ x ->
            let x = x.squeeze 1L
            0.5 * x.square () - θ[0] * x.square().square() / 50.0)

    let solution =
        Evolution.solve
            Run.quiet
            { Evolution.defaults with
                InitialStep = Some 1.0
                MaximumStep = 1.0
            }
            (Term.known "0" (fun _ x -> x.squeeze(1L).zeros_like()))
            network
            (Collocation.given ((Tensor.linspace double -3.0 3.0 30).unsqueeze 1L))
            (Tensor.ones double [ 1 ])
            (0.0, 3.0)

    {
        Target = Density.ofEnergy 1 (fun x -> 0.5 * x.square().sum 1L)
        Energy =
            {
                Process = Process.ornsteinUhlenbeck 1
                Solution = solution
                Known = None
            }
        FitError = nan
        Options =
            { Sampler.defaults with
                Draw.Tolerance = 1e-5
            }
    }

[<Tests>]
let tests =
    testList
        "Reach"
        [
            Check.scoped "where points were, a flow is what it was; far outside it rests" (fun () ->
                let x = at 2.9
                let velocity, divergence = confined x
                Check.identical "velocity" velocity (fst (field x))
                Check.identical "divergence" divergence (snd (field x))

                for times in [ 6.1; 1e3; 1e200 ] do
                    let velocity, divergence = confined (at times)
                    Expect.equal (Tensor.rms velocity) 0.0 $"velocity at {times}"
                    Expect.equal (Tensor.rms divergence) 0.0 $"divergence at {times}")

            Check.scoped "in between, the divergence is that of the velocity" (fun () ->
                for times in [ 3.2; 4.0; 5.0; 5.8 ] do
                    let x = at times
                    let h = 1e-5

                    let differences =
                        [
                            for k in 0L .. 2L do
                                let step = x.zeros_like ()
                                step.select(1L, k).fill_(h.ToScalar()) |> ignore

                                (fst (confined (x + step)) - fst (confined (x - step))).select(1L, k)
                                / (2.0 * h)
                        ]
                        |> List.reduce (+)

                    let scale = Tensor.rms differences + Tensor.rms (fst (confined x))
                    Check.close (1e-6 * scale) $"at {times}" (snd (confined x)) differences)

            Check.scoped "draws whose flow runs away come to rest, and weights stay right" (fun () ->
                use sampler = runaway ()
                let count = 2000
                use draws = sampler |> Sampler.draw Run.quiet count
                Expect.isTrue (Tensor.isFinite draws.Points) "points"
                let far = draws.Points.abs().gt(9.0.ToScalar())
                let share = float (Tensor.toFloat (far.sum ())) / float count
                Expect.isTrue (share > 0.05 && share < 0.3) $"{share} of the draws run away"
                let found = Importance.logNormaliser draws

                Expect.isLessThan
                    (abs (found.Value - 0.5 * log (2.0 * Math.PI)))
                    (4.0 * found.StandardError)
                    $"log Z {found.Value} ± {found.StandardError}"

                // Between −8 and 8 the density has the mass that the share of draws there says.
                let inside =
                    1.0
                    - float (Tensor.toFloat ((draws.Points.abs().gt(8.0.ToScalar())).sum()))
                      / float count

                let line = Tensor.linspace double -8.0 8.0 1601
                let q = (Sampler.logProposal Run.quiet (line.unsqueeze 1L) sampler).exp()
                let mass = 0.01 * Tensor.toFloat (q.sum ())

                Expect.isLessThan
                    (abs (mass - inside))
                    (4.0 * sqrt (inside * (1.0 - inside) / float count))
                    $"mass {mass}, draws {inside}"

                let near = (draws.Points.abs().squeeze 1L).lt(3.0.ToScalar())
                let again = Sampler.logProposal Run.quiet draws.Points sampler
                let zero = again.zeros_like ()
                Check.close 1e-4 "log q" (again.where (near, zero)) (draws.LogProposal.where (near, zero)))
        ]
