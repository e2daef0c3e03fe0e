// The targets of the suite: families with random parameters, so that seeds can be held back, and what is known of each. Loaded by
// "suite.fsx", and by "targets-check.fsx", which verifies what is claimed here.
module SuiteTargets

#load "suite/shapes.fsx"

open System
open Mne.Functional
open Families
open Shapes

let private logUniform low high seed n =
    uniforms seed n |> Array.map (fun u -> low * (high / low) ** u)

let private turnedNormal d ratio seed =
    normal (spreadFrom1 ratio d) |> turned (Array.zeroCreate d) (rotation seed d)

/// Family, name, and how it is made from a seed; a number behind a name is its own seed.
let private entries: (string * string * (int -> Target)) list =
    let softplus1 = log (1.0 + exp 1.0)

    [
        for k in 1..10 do
            "three modes, 6-d", $"three modes, 6-d, {k}", randomMixture false 3.0 6 [| 0.6; 1.0; 1.4 |]
        for k in 1..10 do
            "eight modes, 10-d", $"eight modes, 10-d, {k}", randomMixture true 5.0 10 (Array.create 8 1.0)
        for d, modes in [ 2, 6; 3, 4; 5, 3; 8, 5; 12, 3; 20, 4 ] do
            "random mixtures",
            $"{modes} random modes, {d}-d",
            fun seed -> randomMixture false 3.0 d (logUniform 0.5 1.5 (Seed.child 9 seed) modes) seed
        for d, modes in [ 2, 4; 5, 3; 10, 3 ] do
            "turned mixtures", $"{modes} turned modes, {d}-d", turnedMixture d modes

        "grids",
        "GMM40",
        fun seed ->
            let places = uniforms seed 80 |> Array.map (fun u -> 80.0 * u - 40.0)
            mixture [| for m in 0..39 -> ball 0.025 places[2 * m .. 2 * m + 1] softplus1 |]
        "grids", "25 modes", fun _ -> grid [ -10.0; -5.0; 0.0; 5.0; 10.0 ] (sqrt 0.3)
        "grids", "nine modes", fun _ -> grid [ -5.0; 0.0; 5.0 ] 0.6
        "grids",
        "four modes",
        fun _ ->
            mixture
                [|
                    ball 0.4 [| 2.0; 2.0 |] 0.6
                    ball 0.3 [| -2.0; 2.0 |] 0.6
                    ball 0.2 [| 2.0; -2.0 |] 0.6
                    ball 0.1 [| -2.0; -2.0 |] 0.6
                |]
        "grids",
        "eight modes on a circle",
        fun _ ->
            mixture
                [|
                    for k in 0..7 ->
                        let angle = float k * Math.PI / 4.0
                        ball 0.125 [| 10.0 * cos angle; 10.0 * sin angle |] 1.0
                |]
        for d, distance, deviation in [ 2, 8.0, 1.0; 5, 10.0, 0.5 ] do
            "rare modes",
            $"rare mode, {d}-d",
            fun seed ->
                let turn = rotation seed d

                mixture
                    [|
                        ball 0.999 (Array.zeroCreate d) 1.0
                        ball 1e-3 (Array.init d (fun i -> distance * turn[i, 0])) deviation
                    |]

        for d, ratio in [ 10, 1.0; 10, 1e2; 20, 1e4; 10, 1e6 ] do
            "Gaussians", $"Gaussian, {d}-d, deviations 1 to {ratio}", turnedNormal d ratio
        "scales",
        "Gaussian, scale 1e-8",
        fun seed -> turned [| 0.0; 0.0; 0.0 |] (rotation seed 3) (normal [| 1e-8; 2e-8; 3e-8 |])
        "scales",
        "Gaussian, scale 1e8",
        fun seed -> turned [| 3e7; -1e8; 0.0 |] (rotation seed 3) (normal [| 1e8; 2e8; 3e8 |])
        "scales", "Gaussian, scales 1e-8 to 1e8", fun _ -> normal [| 1e-8; 1e-4; 1.0; 1e4; 1e8 |]
        "scales",
        "Gaussian, offset 1e6",
        fun seed ->
            let shift =
                normals (Seed.child 1 seed) 4 |> Array.map (fun z -> 1e6 * float (sign z))

            turned shift (rotation seed 4) (normal [| 1.0; 1.5; 2.0; 3.0 |])
        "scales",
        "two modes, scale 1e4, offset 1e6",
        fun seed ->
            let direction = normals seed 3

            let at s =
                direction |> Array.map (fun v -> 1e6 + s * 3e4 * v)

            mixture [| ball 0.3 (at -1.0) 1e4; ball 0.7 (at 1.0) 1e4 |]

        "bananas", "banana", fun _ -> banana 2 1 2.0 0.5
        "bananas", "banana, long", fun _ -> banana 2 1 10.0 0.03
        "bananas", "banana, strong", fun _ -> banana 2 1 10.0 0.1
        "bananas", "banana, 10-d", fun _ -> banana 10 1 10.0 0.03
        "bananas",
        "three bananas, turned",
        fun seed -> turned (Array.create 6 2.0) (rotation seed 6) (banana 6 3 1.5 0.6)
        for d in [ 3; 10 ] do
            "funnels", $"funnel, {d}-d", fun _ -> funnel d
        for d, ν in [ 2, 2.5; 5, 5.0; 10, 10.0 ] do
            "student",
            $"Student, {d}-d, nu {ν}",
            fun seed -> student true d ν |> turned (normals (Seed.child 1 seed) d) (rotation seed d)
        for d, ν in [ 2, 3.0; 4, 5.0; 10, 10.0 ] do
            "student", $"Student product, {d}-d, nu {ν}", fun _ -> student false d ν

        "rings", "ring", fun _ -> ring 2 2.0 (sqrt 0.125)
        "rings", "ring, thin", fun _ -> ring 2 10.0 0.3
        "rings", "shell, 5-d", fun _ -> ring 5 4.0 0.5
        "rings", "concentric rings", fun _ -> rings [ 2.0; 5.0; 8.0 ] 0.5
        "moons", "moons", fun _ -> moons
        "moons", "moons, interleaved", fun _ -> interleavedMoons 0.1
        for d in [ 5; 10 ] do
            "wells", $"multi-well, {d}-d", fun _ -> multiWell d 5
        for pairs in [ 16; 32; 64 ] do
            "wells", $"many-well {2 * pairs}", fun _ -> manyWell pairs
        "wells", "double wells, 10-d", fun _ -> doubleWells 10
        "Laplace", "Laplace, 2-d", fun _ -> laplace [| 1.0; 1.0 |]
        "Laplace", "Laplace, 10-d", fun seed -> laplace (logUniform 0.01 100.0 seed 10)
        "skewed", "log-gamma, 4-d", fun _ -> logGamma [| 0.5; 1.0; 2.0; 5.0 |]
        "skewed",
        "log-gamma, 8-d, turned",
        fun seed -> turned (Array.zeroCreate 8) (rotation seed 8) (logGamma (logUniform 0.5 4.0 (Seed.child 1 seed) 8))

        "walls", "disc of height 1000", fun _ -> walledBall 2 1000.0
        "walls", "disc of height 1000, smooth", fun _ -> smoothWall
        "walls", "box of height 1000, 3-d", fun _ -> walledBox 3
        "walls", "disc, infinite", fun _ -> walledBall 2 infinity
        "walls", "ball, 5-d, infinite", fun _ -> walledBall 5 infinity
        "walls", "half-space, 3-d, infinite", fun _ -> halfSpace 3
        "walls",
        "half-space, 5-d, turned, infinite",
        fun seed -> turned (Array.zeroCreate 5) (rotation seed 5) (halfSpace 5)
        "walls", "exponentials, 3-d, infinite", fun seed -> exponentials (logUniform 0.3 3.0 seed 3)

        "lattice", "phi^4, 16", fun _ -> lattice 16 1.0 1.0
        "lattice", "phi^4, 64", fun _ -> lattice 64 1.0 1.0
        "lattice", "phi^4, 16, stiff", fun _ -> lattice 16 4.0 1.0
        "logistic", "logistic, 2-d, 40 observations", logistic 40
        "logistic", "logistic, 2-d, 6 observations", logistic 6
    ]

/// The targets whose names contain the text, for an offset of all random parameters' seeds; each is made when it is asked for.
let targets (offset: int) (part: string) : (string * (unit -> Target)) list =
    [
        for family, name, make in entries do
            // Of the name, so that a target stays what it is when others are added.
            let seed = name |> Seq.fold (fun seed letter -> Seed.child (int letter) seed) offset

            if name.Contains(part, StringComparison.OrdinalIgnoreCase) then
                name,
                fun () ->
                    { make seed with
                        Name = name
                        Family = family
                    }
    ]
