module Mne.Functional.Tests.KnownPartTests

open System
open Expecto
open TorchSharp
open Mne.Functional

/// One normal distribution, and several of different shapes.
let private parts d =
    let part k weight =
        weight, Mixture.normal (Tensor.toArray (Check.normal k [ d ])) (Check.covariance (k + 10) d)

    [
        "normal", snd (part 1 1.0)
        "mixture", Mixture.blend [ part 2 0.5; part 3 0.3; part 4 0.2 ]
    ]

let private jetOf request (x: Tensor) : Jet =
    let jet = LinearJet.ofPoints (Set.ofList request) x |> LinearJet.curved

    { jet with
        Data = Tensor.zeros Placement.float64 [ jet.Channels.Length; Tensor.rows x; 1 ]
    }

[<Tests>]
let tests =
    testList
        "KnownPart"
        [
            for name, part in parts 2 do
                Check.scoped $"{name}: g solves the energy's equation, for every linear process" (fun () ->
                    for p in
                        [
                            Process.ornsteinUhlenbeck 2
                            Process.ornsteinUhlenbeckTo [ 1.0; 2.0 ] (Covariance.Diagonal [ 0.5; 3.0 ])
                            Process.ornsteinUhlenbeck 2 |> Process.scheduled (Schedule.linear 0.2 3.0 1.0)
                            Process.partialNoise [ 0 ] 2
                            Process.linear
                                (array2D [ [ 0.0; 1.0 ]; [ -1.0; -2.0 ] ])
                                [ 0.0; 0.3 ]
                                (Covariance.Diagonal [ 0.0; 4.0 ])
                        ] do
                        let x = Check.normal 7 [ 40; 2 ]
                        let t, h = 0.4, 1e-4

                        let g t =
                            KnownPart.energy (KnownPart.at p t x part) x

                        let slope =
                            (8.0 .* (g (t + h) - g (t - h)) - (g (t + 2.0 * h) - g (t - 2.0 * h)))
                            ./ (12.0 * h)

                        let jet =
                            jetOf (Set.toList (FokkerPlanck.flowNeeds p)) x
                            |> KnownPart.add (KnownPart.at p t x part) x

                        let expected =
                            Term.evaluate (FokkerPlanck.energy p) { Time = t; Points = x; Jet = jet }

                        // Energies are known up to a constant.
                        Check.close 1e-7 p.Name (slope - slope.mean ()) expected)

                Check.scoped $"{name}: the equation of the rest is the whole one less that of g" (fun () ->
                    let p = Process.ornsteinUhlenbeckTo [ 1.0; 2.0 ] (Covariance.Diagonal [ 0.5; 3.0 ])
                    let x = Check.normal 8 [ 30; 2 ]
                    let g = KnownPart.at p 0.3 x part
                    let network = Network.create (Domain.euclidean 2) [ Layer.dense 4 Swish ]
                    let w = Network.jet (FokkerPlanck.flowNeeds p) network (Network.initial network 3) x

                    let evaluate term jet =
                        Term.evaluate term { Time = 0.3; Points = x; Jet = jet }

                    let rest = evaluate (FokkerPlanck.remainder (fun _ -> KnownPart.gradient g) p) w
                    let nothing = { w with Data = w.Data.zeros_like () }
                    let equation = FokkerPlanck.energy p

                    Check.close
                        1e-11
                        "∂ₜw"
                        rest
                        (evaluate equation (KnownPart.add g x w)
                         - evaluate equation (KnownPart.add g x nothing)))

            for name, part in parts 3 do
                Check.scoped $"{name}: derivatives of g agree with automatic differentiation" (fun () ->
                    let x = Check.normal 9 [ 6; 3 ]
                    let g = KnownPart.at (Process.ornsteinUhlenbeck 3) 0.2 x part

                    let request =
                        [
                            Derivative.Value
                            Derivative.Laplacian
                            Derivative.Partial(1, 1)
                            Derivative.Partial(0, 2)
                            Derivative.Mixed(0, 2)
                            if part.Components = 1 then
                                Derivative.Partial(2, 3)
                        ]

                    let jet = jetOf request x |> KnownPart.add g x

                    for derivative in request do
                        let expected = Oracle.local (KnownPart.energy g) x derivative
                        let found = Jet.get derivative jet
                        Expect.isLessThan (Check.size (found - expected)) 1e-10 $"%A{derivative}")

            test "a sampler with a mixture of the caller's is saved and reopened to the same bits" {
                let target =
                    Density.gaussianMixture [ 0.6, [ 1.0; 0.0 ], 0.5; 0.4, [ -2.0; 1.0 ], 0.8 ]

                let part =
                    Mixture.blend [ for k, weight in [ 0, 0.5; 1, 0.5 ] -> weight, snd ((parts 2)[k]) ]

                let options =
                    { Sampler.defaults with
                        Network = fun domain -> Network.create domain [ Layer.dense 12 Swish ]
                        Known = KnownPart.Mixture part
                        Cover.Points = Some 90
                        Cover.FitPoints = 90
                        Cover.Refreshes = 2
                        Fit.Steps = 8
                        Evolve.Regularisation = 1e-6
                        Evolve.Tolerance = 1e-2
                    }

                let path = IO.Path.Combine(IO.Path.GetTempPath(), $"mne-known-{Guid.NewGuid()}.h5")

                try
                    use sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck target
                    Storage.saveSampler path "test" sampler |> ignore
                    use reopened = Storage.openSampler Process.ornsteinUhlenbeck target path
                    Expect.equal reopened.Energy.Known (Some part) "the mixture"
                    use draws = sampler |> Sampler.draw Run.quiet 30
                    use again = reopened |> Sampler.draw Run.quiet 30
                    Expect.equal (Tensor.toArray again.LogWeights) (Tensor.toArray draws.LogWeights) "same bits"
                finally
                    IO.File.Delete path
            }

            Check.scoped "third derivatives of a mixture are refused" (fun () ->
                let x = Check.normal 9 [ 6; 3 ]
                let _, part = (parts 3)[1]
                let g = KnownPart.at (Process.ornsteinUhlenbeck 3) 0.2 x part

                Assert.raises<ArgumentException>(fun () ->
                    jetOf [ Derivative.Partial(2, 3) ] x |> KnownPart.add g x |> ignore)
                |> ignore)
        ]
