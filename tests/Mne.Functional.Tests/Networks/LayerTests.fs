module Mne.Functional.Tests.LayerTests

open System
open Expecto
open Mne.Functional

let private circle = Domain.periodic [ 0.0, 1.0 ]
let private plane = Domain.euclidean 2

[<Tests>]
let tests =
    testList
        "Layer"
        [
            test "parameters are counted" {
                let count domain layers =
                    (Network.create domain layers).ParameterCount

                Expect.equal (count plane []) 3 "a linear function"
                Expect.equal (count plane [ Layer.dense 5 Tanh ]) (2 * 5 + 5 + 6) "one hidden layer"
                Expect.equal (count circle [ Layer.harmonics 3 ]) 7 "a trigonometric polynomial"
                Expect.equal (count plane [ Layer.normalise [ 0.0; 1.0 ] [ 1.0; 2.0 ] ]) 3 "normalise has none"
                Expect.equal (count plane [ Layer.concatenate [ Layer.dense 4 Sine ] ]) (12 + 7) "skip"
                Expect.equal (count plane [ Layer.dense 5 Tanh; Layer.outputs 3 ]) (15 + 18) "components"
                Expect.equal (count plane [ Layer.residual [ Layer.dense 2 Sine ] ]) (6 + 3) "residual"
            }

            testList
                "refuses"
                [
                    for name, domain, layers, parts in
                        [
                            "no units", plane, [ Layer.dense 0 Tanh ], [ "found 0"; "at least 1" ]
                            "no harmonics", circle, [ Layer.harmonics 0 ], [ "found 0"; "at least 1" ]
                            "more parameters in a layer than can be counted",
                            plane,
                            [ Layer.dense Int32.MaxValue Tanh ],
                            [ "6442450941 parameters"; "at most 2147483647" ]
                            "more parameters between layers than can be counted",
                            plane,
                            [ Layer.dense 50_000 Tanh; Layer.dense 50_000 Tanh ],
                            [ "2500200000 parameters" ]
                            "more parameters in a block than can be counted",
                            plane,
                            [
                                Layer.dense 50_000 Tanh
                                Layer.residual [ Layer.dense 50_000 Tanh; Layer.dense 50_000 Tanh ]
                            ],
                            [ "2500200000 parameters" ]
                            "more parameters of components than can be counted",
                            plane,
                            [ Layer.outputs Int32.MaxValue ],
                            [ "6442450941 parameters" ]
                            "more units than can be counted",
                            plane,
                            List.replicate 30 (Layer.concatenate []),
                            [ "2147483648 units" ]
                            "more harmonics than can be counted",
                            circle,
                            [ Layer.harmonics Int32.MaxValue ],
                            [ "4294967294 fixed numbers" ]
                            "harmonics on a plane", plane, [ Layer.harmonics 2 ], [ "harmonics"; "periodic domain" ]
                            "harmonics behind another layer",
                            circle,
                            [ Layer.dense 3 Tanh; Layer.harmonics 2 ],
                            [ "start with Layer.harmonics" ]
                            "a periodic domain without harmonics",
                            circle,
                            [ Layer.dense 3 Tanh ],
                            [ "would not be periodic"; "Layer.harmonics" ]
                            "an empty network on a circle", circle, [], [ "would not be periodic" ]
                            "normalise before harmonics",
                            circle,
                            [ Layer.normalise [ 0.0 ] [ 1.0 ]; Layer.harmonics 1 ],
                            [ "change the period" ]
                            "normalise behind another layer",
                            plane,
                            [ Layer.dense 2 Tanh; Layer.normalise [ 0.0; 0.0 ] [ 1.0; 1.0 ] ],
                            [ "first" ]
                            "shifts of the wrong length",
                            plane,
                            [ Layer.normalise [ 0.0 ] [ 1.0; 1.0 ] ],
                            [ "2 finite shifts" ]
                            "a scale of 0",
                            plane,
                            [ Layer.normalise [ 0.0; 0.0 ] [ 1.0; 0.0 ] ],
                            [ "2 finite scales greater than 0" ]
                            "a scale that is not a number",
                            plane,
                            [ Layer.normalise [ 0.0; 0.0 ] [ 1.0; nan ] ],
                            [ "2 finite scales greater than 0" ]
                            "a shift that is not a number",
                            plane,
                            [ Layer.normalise [ nan; 0.0 ] [ 1.0; 1.0 ] ],
                            [ "2 finite shifts" ]
                            "a residual block that changes the width",
                            plane,
                            [ Layer.residual [ Layer.dense 3 Tanh ] ],
                            [ "takes 2 units and gives 3"; "2 wide" ]
                            "no components", plane, [ Layer.outputs 0 ], [ "found 0"; "at least 1" ]
                            "outputs before another layer",
                            plane,
                            [ Layer.outputs 2; Layer.dense 3 Tanh ],
                            [ "outputs"; "put them last" ]
                            "outputs in a block",
                            plane,
                            [ Layer.residual [ Layer.outputs 2 ] ],
                            [ "outputs"; "put them last" ]
                            "harmonics inside a block",
                            circle,
                            [ Layer.residual [ Layer.harmonics 1 ] ],
                            [ "harmonics" ]
                        ] do
                        test name {
                            Check.refuses ("layers" :: parts) (fun () -> Network.create domain layers |> ignore)
                        }
                ]
        ]
