module Mne.Functional.Tests.SearchTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private run = { Run.quiet with Seed = 3 }

/// x ↦ ½ |A (x − m)|² for a rotation with very different scales.
let private rotated (scales: float[]) (mean: float) : Density =
    let d = scales.Length

    let a =
        Scope.free (fun () ->
            let struct (q, _) = torch.linalg.qr (Check.normal 4 [ d; d ])

            Tensor.toArray2D (
                Tensor.ofArray Placement.float64 (Array.map (fun s -> 1.0 / s) scales)
                |> fun s -> s.unsqueeze 1L * q
            ))

    Density.ofEnergy d (fun x ->
        Scope.keep (fun () ->
            0.5
            .* ((x .- mean).mm((Tensor.ofArray2D Placement.float64 a).t())).Square().sum 1L))

[<Tests>]
let tests =
    testList
        "Search"
        [
            Check.scoped "of a normal distribution it finds mean, covariance and mass, in every unit" (fun () ->
                for scales, mean in
                    [
                        [| 1.0; 2.0; 3.0 |], 0.5
                        [| 1e-8; 2e-8 |], 0.0
                        [| 1e8; 2e8 |], 1e9
                        [| 1e-3; 1.0; 1e3 |], 100.0
                    ] do
                    let modes = Search.modes run (rotated scales mean)
                    Expect.equal modes.Length 1 "one mode"
                    let mode = modes.Head
                    let d = float scales.Length
                    let expected = 0.5 * d * log (2.0 * Math.PI) + Array.sumBy log scales
                    Expect.isLessThan (abs (mode.LogMass - expected)) 1e-6 $"log Z of %A{scales}"

                    for m in mode.Centre do
                        Expect.isLessThan (abs (m - mean)) (1e-2 * Array.max scales) $"mean of %A{scales}"

                    let variance = Seq.sum [ for k in 0 .. scales.Length - 1 -> mode.Covariance[k, k] ]
                    Expect.floatClose Accuracy.low variance (Array.sumBy (fun s -> s * s) scales) "trace")

            Check.law
                10
                "three modes of different widths in six dimensions are found, wherever they are"
                (fun (seed: byte) ->
                    let means =
                        Scope.free (fun () -> Tensor.toArray2D (3.0 .* Check.normal (int seed + 50) [ 3; 6 ]))

                    let target =
                        Density.gaussianMixture
                            [
                                for k, s in [ 0, 0.6; 1, 1.0; 2, 1.4 ] -> 1.0 / 3.0, List.ofArray means[k, *], s
                            ]

                    let modes = Scope.free (fun () -> Search.modes { run with Seed = int seed } target)

                    for k in 0..2 do
                        let nearest =
                            modes
                            |> List.map (fun mode ->
                                sqrt (Array.sum (Array.map2 (fun a b -> (a - b) ** 2.0) mode.Centre means[k, *])))
                            |> List.min

                        // Within a deviation of the narrowest; two that overlap are one.
                        Expect.isLessThan nearest 0.6 $"mode {k}")

            test "modes of different widths are found in twenty dimensions as well, most of the time" {
                let all d seed =
                    let means =
                        Scope.free (fun () -> Tensor.toArray2D (3.0 .* Check.normal (seed + 70) [ 3; d ]))

                    let target =
                        Density.gaussianMixture
                            [
                                for k, s in [ 0, 0.7; 1, 1.0; 2, 1.4 ] -> 1.0 / 3.0, List.ofArray means[k, *], s
                            ]

                    let modes = Scope.free (fun () -> Search.modes { run with Seed = seed } target)

                    for mode in modes do
                        Expect.isLessThan (abs (mode.LogMass + log 3.0)) 0.01 "mass"

                    modes.Length = 3

                let found = [ 1..3 ] |> List.filter (all 20)
                Expect.isGreaterThanOrEqual found.Length 2 "of three seeds"
            }

            Check.scoped
                "planted modes are found where dimensions are few, and hardly where they are many and the modes narrow"
                (fun () ->
                    let two d width : Density =
                        Density.gaussianMixture
                            [
                                0.5, List.replicate d 3.0, width
                                0.5, List.init d (fun k -> if k % 2 = 0 then -3.0 else 3.0), width
                            ]

                    let recovered target =
                        Search.modes run target |> PlantedModes.recovered run target

                    Expect.isGreaterThan (recovered (two 3 1.0)).Value 0.3 "3-d"
                    Expect.isLessThan (recovered (two 24 0.2)).Value 0.2 "24-d"

                    // Kinks look like many modes, among which nothing stands out.
                    let kinks = Density.ofEnergy 2 (fun x -> x.abs().sum 1L)
                    let near = Search.modes run kinks

                    let again =
                        { near.Head with
                            Centre = [| 0.1; 0.1 |]
                        }

                    Expect.isNone (PlantedModes.recovered run kinks [ near.Head; again ]) "parts of one mode")

            Check.scoped "an edge, a kink and a plateau have widths too" (fun () ->
                let energies: (string * (Tensor -> Tensor) * float) list =
                    [
                        // V rises by ½ at ½: a normal distribution of deviation ½.
                        "kink", (fun x -> x.abs().sum 1L), 0.5
                        // Half a line: rises at once on one side.
                        "disc",
                        (fun x ->
                            let r = x.norm 1
                            torch.where (r.LessThan 2.0, r.zeros_like (), r.zeros_like () .+ infinity)),
                        2.0
                    ]

                for name, energy, size in energies do
                    let modes = Search.modes run (Density.ofEnergy 2 energy)
                    let widths = [ for mode in modes -> sqrt mode.Covariance[0, 0] ]
                    Expect.isNonEmpty modes name
                    Expect.isLessThan (List.max widths) (4.0 * size) $"{name}: not wider"
                    Expect.isGreaterThan (List.max widths) (0.2 * size) $"{name}: not narrower")

            test "an energy that is finite nowhere is refused by name" {
                let nowhere = Density.ofEnergy 2 (fun x -> x.sum 1L .+ infinity)

                let refused =
                    Assert.raises<ArgumentException>(fun () ->
                        Scope.free (fun () -> Search.modes run nowhere |> ignore))

                Expect.equal refused.ParamName "energy" "energy"
            }
        ]
