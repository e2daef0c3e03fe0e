module Mne.Functional.Tests.SmcReferenceTests

open System
open Expecto
open TorchSharp
open Mne.Functional.References
open Mne.Functional.Tests.Expected

let private column (k: int64) (t: torch.Tensor) =
    t.select(1L, k).contiguous().data<float>().ToArray()

[<Tests>]
let tests =
    testList
        "References.Sequential Monte Carlo"
        [
            testCase "a normal distribution far from the start: log Z, mean and deviation"
            <| fun _ ->
                use _ = torch.NewDisposeScope()

                let found =
                    Smc.run 1 Smc.defaults 3 (fun x ->
                        ((x - torch.tensor [| 5.0; -4.0; 0.0 |]) / torch.tensor [| 0.1; 1.0; 3.0 |]).square().sum 1L
                        * torch.tensor 0.5)

                near 0.08 "log Z" (1.5 * log (2.0 * Math.PI) + log 0.3) found.LogZ
                let x = column 1L found.Points
                near 0.08 "mean" -4.0 (Array.average x)
                near 0.08 "deviation" 1.0 (sqrt (x |> Array.averageBy (fun x -> (x + 4.0) ** 2.0)))

            testCase "two wells keep their masses"
            <| fun _ ->
                use _ = torch.NewDisposeScope()

                let found =
                    Smc.run 2 { Smc.defaults with Wide = 3.0 } 2 (fun x ->
                        let wells (x: torch.Tensor) =
                            let square = x.square ()

                            square * square - square * torch.tensor 4.0 - x * torch.tensor 0.25

                        wells (x.select (1L, 0L)) + wells (x.select (1L, 1L)))

                let log1 =
                    Quadrature.logIntegral -4.0 4.0 (fun x -> -(x ** 4.0) + 4.0 * x * x + 0.25 * x)

                near 0.06 "log Z" (2.0 * log1) found.LogZ

                let right =
                    Quadrature.logIntegral 0.0 4.0 (fun x -> -(x ** 4.0) + 4.0 * x * x + 0.25 * x)

                let share =
                    column 0L found.Points
                    |> Array.averageBy (fun x -> if x > 0.0 then 1.0 else 0.0)

                near 0.05 "share" (exp (right - log1)) share

            testCase "energies are counted, and the seed decides"
            <| fun _ ->
                use _ = torch.NewDisposeScope()
                let mutable asked = 0L

                let energy (x: torch.Tensor) : torch.Tensor =
                    asked <- asked + x.shape[0]
                    x.square().sum 1L

                let options = { Smc.defaults with Particles = 200 }
                let one = Smc.run 3 options 2 energy
                Expect.equal one.Energies asked "counted"
                let other = Smc.run 3 options 2 energy
                Expect.equal one.LogZ other.LogZ "same seed"
                Expect.notEqual one.LogZ (Smc.run 4 options 2 energy).LogZ "other seed"
        ]
