module Mne.Functional.Tests.HamiltonianTests

open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.Tests

let private skewed = Gaussian.create [ 0.5; -1.0 ] [ [ 0.8; 0.3 ]; [ 0.3; 0.5 ] ]
let private target = Density.ofEnergy 2 (Gaussian.energy skewed)

let private move size : HamiltonianMove =
    {
        Covariance = Covariance.Full(array2D [ [ 1.0; -0.2 ]; [ -0.2; 0.3 ] ])
        Size = size
        Leaps = 6
    }

let private after size steps (points: Tensor) : LangevinState * float =
    let state = Langevin.start target points

    ((state, 0.0), [ 1..steps ])
    ||> List.fold (fun (state, rate) k ->
        let state, accepted = Hamiltonian.step target (move size) k state
        state, rate + Tensor.toFloat (accepted.``to``(torch.float64).mean()) / float steps)

[<Tests>]
let tests =
    testList
        "Hamiltonian"
        [
            Check.scoped "chains come to the density from anywhere, whatever the shape of the velocities" (fun () ->
                let n = 20_000
                let state, rate = Check.normal 1 [ n; 2 ] .+ 4.0 |> after 0.35 30
                Expect.isGreaterThan rate 0.5 "accepted"
                let mean, variance = Gaussian.moments state.Points

                for k in 0..1 do
                    let v = skewed.Covariance[k, k]
                    Expect.isLessThan (abs (mean[k] - skewed.Mean[k])) (5.0 * sqrt (v / float n)) $"mean {k}"
                    Expect.isLessThan (abs (variance[k] / v - 1.0)) (5.0 * sqrt (2.0 / float n)) $"variance {k}")

            Check.scoped "short steps keep the energy: all are accepted; energies are those of the points" (fun () ->
                let state, rate = Check.normal 2 [ 500; 2 ] |> after 1e-3 2
                Expect.isGreaterThan rate 0.999 "accepted"
                let apart = (state.Energy - target.Energy state.Points).abs().max()
                Expect.isLessThan (Tensor.toFloat apart) 1e-12 "energies")

            Check.scoped "no chain leaves where there is density" (fun () ->
                let walled =
                    Density.ofEnergy 2 (fun x ->
                        let r = x.norm 1
                        torch.where (r.LessThan 1.0, r.zeros_like (), r.zeros_like () .+ infinity))

                let state = Langevin.start walled (0.1 .* Check.normal 3 [ 500; 2 ])
                let state, accepted = Hamiltonian.step walled (move 0.3) 4 state
                Expect.isLessThan (Tensor.toFloat (state.Points.norm(1).max())) 1.0 "inside"
                let share = Tensor.toFloat (accepted.``to``(torch.float64).mean())
                Expect.isGreaterThan share 0.05 "some move"
                Expect.isLessThan share 0.999 "some are held back")
        ]
