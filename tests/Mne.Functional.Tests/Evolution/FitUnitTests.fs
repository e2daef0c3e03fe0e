/// Fits do not depend on the unit and the origin of u, and say what they have reached.
module Mne.Functional.Tests.FitUnitTests

open System
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64
let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]
let private square = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]
let private walls = Domain.dirichlet [ 0.0, 1.0 ]
let private unit = Domain.box [ 0.0, 1.0 ]

let private column (k: int64) (x: Tensor) : Tensor = x.select (1L, k)

/// The network of the README.
let private wide =
    Network.create circle [ Layer.harmonics 4; Layer.dense 48 Sine; Layer.dense 48 Sine ]

/// 0 at both ends of the unit interval.
let private held =
    Network.create unit [ Layer.dense 16 Sine; Layer.dense 16 Sine ]
    |> Network.dirichlet (fun x -> column 0L x * (1.0 - column 0L x)) (fun x -> torch.zeros_like (column 0L x))

/// rms(u − g) over the spread of g, by components, at points that no fit has seen.
let private errors (network: Network) θ (g: Tensor -> Tensor) domain : float list =
    let x = Collocation.points double 99 (Collocation.uniform domain 300)
    let values = (g x).view(300L, -1L)
    let u = (Network.value network θ x).view(300L, -1L)

    [
        for k in 0 .. network.Outputs - 1 ->
            let v = column k values
            Tensor.rms (column k u - v) / Tensor.rms (v - v.mean ())
    ]

let private quick =
    { Regression.defaults with
        Steps = 8
        Regularisation = 1e-2, 1e-6
    }

/// Networks of every kind that can be scaled, and whether a constant can be added to u.
let private kinds: (string * bool * Network) list =
    let plain = Network.create square [ Layer.dense 6 Tanh; Layer.dense 5 Sine ]

    [
        "layers", true, plain
        "a circle", true, Network.create circle [ Layer.harmonics 2; Layer.dense 8 Sine ]
        "walls by reflection", false, Network.create walls [ Layer.harmonics 2; Layer.dense 8 Sine ]
        "prescribed values",
        false,
        plain
        |> Network.dirichlet (fun x -> 1.0 - x.square().sum 1L) (fun x -> torch.zeros_like (column 0L x))
        "blocks", true, Network.ofBlocks square [ [ 0 ]; [ 1 ] ] [ Layer.dense 8 Tanh ]
        "rescaled",
        true,
        Network.create (Domain.euclidean 2) [ Layer.dense 8 Tanh ]
        |> Network.rescaled [ 1.0; 0.0 ] [ 2.0; 3.0 ]
        "even", true, Network.even [ 0 ] plain
        "odd", false, Network.odd [ 0; 1 ] plain
        "a sum", true, Network.add [ Network.odd [ 0 ] plain; plain ]
        "a system", true, Network.create square [ Layer.dense 8 Tanh; Layer.outputs 2 ]
        "a component",
        true,
        Network.create square [ Layer.dense 8 Tanh; Layer.outputs 3 ]
        |> Network.ofComponent 1
    ]

/// Points inside any of the domains above.
let private inside (network: Network) count seed : Tensor =
    Random.uniform double seed [ count; network.Domain.Dimension ]

/// A function with as many components as the network.
let private wavy (network: Network) (x: Tensor) : Tensor =
    let s = x.sum 1L

    match network.Outputs with
    | 1 -> (2.0 * s).sin() + 0.3 * s
    | _ -> Tensor.stack 1L [ (2.0 * s).sin(); s.square () ]

/// A factor from 1e-8 to 1e8 and a constant of any size up to a hundred times that, for each component. Factors are at most 1e12 apart,
/// since a component below the round-off of another one counts as 0.
let private units (network: Network) (seed: int) : Tensor * Tensor =
    let random k count =
        Random.uniform double (Seed.child k seed) [ count ]

    let shared, own = random 2 1 * 4.0 - 2.0, random 0 network.Outputs * 12.0 - 6.0
    let c = ((shared + own) * log 10.0).exp()
    c, c * (random 1 network.Outputs * 200.0 - 100.0)

let private one (network: Network) (row: Tensor) : Tensor =
    if network.Outputs = 1 then row.squeeze 0L else row

[<Tests>]
let tests =
    testList
        "Unit of a fit"
        [
            testList
                "the README's network"
                [
                    for name, g in
                        [
                            "sin x", (fun (x: Tensor) -> (column 0L x).sin())
                            "1000 sin x", (fun x -> 1000.0 * (column 0L x).sin())
                            "300 + 20 sin x", (fun x -> 300.0 + 20.0 * (column 0L x).sin())
                            "1e-6 sin x", (fun x -> 1e-6 * (column 0L x).sin())
                        ] do
                        Check.scoped name (fun () ->
                            let fitted =
                                Regression.tryFit Run.quiet Regression.defaults wide g (Collocation.grid circle 128)

                            let found = (errors wide fitted.Parameters g circle).Head
                            Expect.isLessThan found 1e-6 "error"
                            Expect.isLessThan (abs (log (fitted.Error / found))) (log 2.0) "as was said")
                ]

            testList
                "16 × 16, 0 at both ends"
                [
                    for size in [ 32.0; 1.0; 1e-4; 1e4 ] do
                        Check.scoped $"size {size}" (fun () ->
                            let g (x: Tensor) =
                                size / 32.0 * (5.0 * column 0L x).exp() * (Math.PI * column 0L x).sin()

                            let θ =
                                Regression.fit Run.quiet Regression.defaults held g (Collocation.grid unit 32)

                            Expect.isLessThan (errors held θ g unit).Head 1e-3 "error")
                ]

            Check.law 30 "the fit of c g + b is c times that of g, plus b" (fun (seed: int) ->
                use _ = torch.NewDisposeScope()
                let name, shifts, network = kinds[int (uint32 seed % uint32 kinds.Length)]
                let c, b = units network seed
                let c, b = one network c, one network (if shifts then b else 0.0 * b)
                let fresh = inside network 20 1

                for points in
                    [
                        Collocation.given (inside network 40 2)
                        Collocation.Drawn(40, fun _ seed -> inside network 40 seed)
                    ] do
                    let fit g =
                        let fitted = Regression.tryFit Run.quiet quick network g points
                        Network.value network fitted.Parameters fresh, fitted.Error

                    let u, error = fit (wavy network)
                    let v, scaled = fit (fun x -> c * wavy network x + b)
                    Check.close 1e-6 name ((v - b) / c) u
                    Expect.isLessThan (abs (log (scaled / error))) 1e-6 $"{name}: the error")

            Check.scoped "and it begins in the same place, from given parameters" (fun () ->
                for name, shifts, network in kinds do
                    let c, b = units network 5
                    let c, b = one network c, one network (if shifts then b else 0.0 * b)
                    let points, fresh = Collocation.given (inside network 40 2), inside network 20 1

                    let first =
                        Regression.tryFit Run.quiet { quick with Steps = 3 } network (wavy network) points

                    let scaled =
                        Regression.tryFit
                            Run.quiet
                            { quick with Steps = 3 }
                            network
                            (fun x -> c * wavy network x + b)
                            points

                    let further g (start: Fitted) =
                        let fitted =
                            Regression.tryFitFrom Run.quiet { quick with Steps = 4 } network g points start.Parameters

                        Network.value network fitted.Parameters fresh

                    Check.close
                        1e-5
                        name
                        ((further (fun x -> c * wavy network x + b) scaled - b) / c)
                        (further (wavy network) first))

            Check.scoped "data on a boundary are neither scaled nor shifted" (fun () ->
                let network =
                    Network.create unit [ Layer.dense 12 Tanh; Layer.dense 12 Tanh ]
                    |> Network.dirichlet (fun x -> column 0L x * (1.0 - column 0L x)) (fun x -> 1000.0 * column 0L x)

                let g (x: Tensor) =
                    1000.0 * column 0L x + 1000.0 * (Math.PI * column 0L x).sin()

                let θ =
                    Regression.fit Run.quiet Regression.defaults network g (Collocation.grid unit 32)

                Expect.isLessThan (errors network θ g unit).Head 1e-4 "error"
                let ends = Tensor.ofRows double [ [ 0.0 ]; [ 1.0 ] ]
                Check.close 1e-14 "ends" (Network.value network θ ends) (Tensor.ofArray double [| 0.0; 1000.0 |]))

            testList
                "components of different size are fitted equally well"
                [
                    let layered width =
                        Network.create circle [ Layer.harmonics 2; Layer.dense width Sine; Layer.outputs 3 ]

                    let system sizes (x: Tensor) =
                        let s = column 0L x
                        let large, level, small = sizes

                        Tensor.stack 1L [ large * s.sin (); level + small * (2.0 * s).cos(); torch.zeros_like s ]

                    let few = layered 6

                    // Its θ is the caller's own, so that only errors are scaled.
                    let ofCaller =
                        Network.ofVectorFunction circle 3 few.ParameterCount few.Initial (fun θ x ->
                            Jet.value (few.Propagate Set.empty θ x))

                    for name, network, sizes in
                        [
                            "layers", layered 24, (1e5, 300.0, 1e-3)
                            "a function of the caller's", ofCaller, (5.0, 0.0, 0.2)
                        ] do
                        Check.scoped name (fun () ->
                            let options =
                                { Regression.defaults with
                                    Tolerance = 1e-4
                                    Steps = 60
                                }

                            let g = system sizes

                            let fitted =
                                Regression.tryFit Run.quiet options network g (Collocation.grid circle 24)

                            let found = errors network fitted.Parameters g circle
                            Expect.isLessThan found[0] 1e-3 "large"
                            Expect.isLessThan found[1] 1e-3 "small")
                ]

            Check.scoped "numbers whose squares cannot be represented" (fun () ->
                for size in [ 1e200; 1e-200 ] do
                    let g (x: Tensor) = size * (column 0L x).sin()
                    let small = Network.create circle [ Layer.harmonics 2; Layer.dense 8 Sine ]

                    let fitted =
                        Regression.tryFit
                            Run.quiet
                            { quick with
                                Tolerance = 1e-3
                                Steps = 30
                            }
                            small
                            g
                            (Collocation.grid circle 24)

                    let x = inside small 10 1
                    Check.close 1e-2 $"{size}" (Network.value small fitted.Parameters x / size) (g x / size)
                    Expect.isTrue fitted.Met "met")

            Check.scoped "what was reached is said, and what is no fit is refused" (fun () ->
                let step (x: Tensor) = (column 0L x - 1.0).sign()
                let points = Collocation.grid circle 200
                let small = Network.create circle [ Layer.harmonics 1; Layer.dense 3 Sine ]
                let options = { Regression.defaults with Steps = 20 }
                let fitted = Regression.tryFit Run.quiet options small step points
                Expect.isFalse fitted.Met "not met"
                Expect.isGreaterThan fitted.Error 0.05 "far off"

                Expect.isLessThan
                    (abs (log (fitted.Error / (errors small fitted.Parameters step circle).Head)))
                    (log 2.0)
                    "as it is"

                let raised =
                    Assert.raises<FitFailedException>(fun () ->
                        Regression.fit Run.quiet options small step points |> ignore)

                Expect.stringStarts raised.Message fitted.Advice "the same advice"
                // Who is content with that says so.
                Regression.fit Run.quiet { options with Tolerance = 0.6 } small step points
                |> ignore)

            Check.scoped "a good fit at few points, and none between them" (fun () ->
                let g (x: Tensor) = (7.0 * column 0L x).sin()

                let fitted =
                    Regression.tryFit Run.quiet Regression.defaults wide g (Collocation.grid circle 6)

                Expect.isLessThan fitted.ErrorAtPoints 1e-6 "at the points"
                Expect.isGreaterThan fitted.Error 0.1 "between them"
                Expect.isFalse fitted.Met "not met"
                Expect.stringContains fitted.Advice "more points" "what to do")

            Check.scoped "values that were measured at the points are not looked for elsewhere" (fun () ->
                let x = (Collocation.points double 0 (Collocation.grid circle 24))
                let measured = (column 0L x).sin()
                let small = Network.create circle [ Layer.harmonics 2; Layer.dense 8 Sine ]

                let options =
                    { Regression.defaults with
                        Tolerance = 1e-4
                    }

                let fitted =
                    Regression.tryFit Run.quiet options small (fun _ -> measured) (Collocation.given x)

                Expect.isTrue (Double.IsNaN fitted.Error) "unknown"
                Expect.isTrue fitted.Met "met at the points"

                Regression.fit Run.quiet options small (fun _ -> measured) (Collocation.given x)
                |> ignore)
        ]
