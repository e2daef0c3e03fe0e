module Mne.Functional.Tests.StructureTests

open Expecto
open TorchSharp
open Mne.Functional

let private blocksOf (target: Density) =
    Scope.free (fun () ->
        Structure.blocks 1 target (Tensor.zeros Placement.float64 [ 1; target.Dimension ])
        |> List.map List.ofArray)

let private column (k: int) (x: Tensor) : Tensor = x.select (1L, int64 k)

[<Tests>]
let tests =
    testList
        "Structure"
        [
            test "sums over blocks fall apart, whatever the blocks" {
                let pair (a: Tensor) (b: Tensor) =
                    (a * b - 1.0).Square() .+ 0.1 .* (a.Square() .+ b.Square())

                for name, energy, expected in
                    [
                        "coordinates",
                        (fun (x: Tensor) -> (x.Square().Square() - x).sum 1L),
                        [ [ 0 ]; [ 1 ]; [ 2 ]; [ 3 ] ]
                        "pairs",
                        (fun x -> pair (column 0 x) (column 2 x) .+ pair (column 1 x) (column 3 x)),
                        [ [ 0; 2 ]; [ 1; 3 ] ]
                        "chain",
                        (fun x ->
                            (x.narrow (1L, 1L, 3L) - x.narrow (1L, 0L, 3L)).Square().sum 1L
                            .+ x.Square().sum 1L),
                        [ [ 0; 1; 2; 3 ] ]
                        "product", (fun x -> x.Square().sum(1L).Square()), [ [ 0; 1; 2; 3 ] ]
                    ] do
                    Expect.equal (blocksOf (Density.ofEnergy 4 energy)) expected name
            }

            test "modes that look like products by themselves do not make a product" {
                let target =
                    Density.gaussianMixture [ 0.5, [ -3.0; -3.0; 0.0 ], 0.5; 0.5, [ 3.0; 3.0; 0.0 ], 0.5 ]

                // The third coordinate is the same in both.
                Expect.equal (blocksOf target) [ [ 0; 1 ]; [ 2 ] ] "coupled by the mixture"
            }

            test "a disc couples its coordinates, a square does not" {
                let walls inside (x: Tensor) : Tensor =
                    torch.where (inside x, x.Square().sum 1L, x.new_zeros x.shape[0] .+ infinity)

                Expect.equal
                    (blocksOf (Density.ofEnergy 2 (walls (fun x -> (x.Square().sum 1L).LessThan 1.0))))
                    [ [ 0; 1 ] ]
                    "disc"

                Expect.equal
                    (blocksOf (Density.ofEnergy 2 (walls (fun x -> ((x.abs ()).LessThan 1.0).all 1L))))
                    [ [ 0 ]; [ 1 ] ]
                    "square"
            }

            Check.scoped "block densities are those of the formula, and like ones are found" (fun () ->
                let target =
                    Density.ofEnergy 3 (fun x ->
                        (x.narrow(1L, 0L, 2L).Square().Square()).sum 1L .+ 3.0 .* (column 2 x).Square())

                let place = Check.normal 2 [ 1; 3 ]
                let atPlace = Tensor.toFloat (target.Energy place)
                let densities = [| for k in 0..2 -> Structure.density target place [| k |] |]
                let like = Structure.alike 1 densities
                Expect.equal (Array.map fst like) [| 0; 0; 2 |] "alike"
                let place = Tensor.toArray place
                Expect.floatClose Accuracy.high (snd like[1]) (place[0] ** 4.0 - place[1] ** 4.0) "up to a constant"

                let halved =
                    Density.ofEnergy 2 (fun x ->
                        let inside = (column 0 x).LessThan 0.5
                        torch.where (inside, x.Square().sum 1L, x.new_zeros x.shape[0] .+ infinity))

                let halves =
                    [|
                        for k in 0..1 -> Structure.density halved (Tensor.zeros Placement.float64 [ 1; 2 ]) [| k |]
                    |]

                Expect.equal (Array.map fst (Structure.alike 1 halves)) [| 0; 1 |] "one has a wall"
                let x = Check.normal 3 [ 20; 3 ]

                let sum =
                    [ for k in 0..2 -> densities[k].Energy(x.narrow (1L, int64 k, 1L)) ]
                    |> List.reduce (fun a b -> a .+ b)

                Check.close 1e-10 "V" (sum .+ atPlace) (target.Energy x))
        ]
