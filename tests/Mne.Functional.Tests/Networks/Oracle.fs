/// Networks as a reader of the documentation would write them down, differentiated by libtorch's autograd; and random
/// architectures. It shares no code with the library's own forward, jet and tangent computations.
module Mne.Functional.Tests.Oracle

open System
open FsCheck
open FsCheck.FSharp
open TorchSharp
open Mne.Functional

/// σ from elementary functions that autograd can differentiate as often as asked, and that do not overflow where squares of squares
/// have made a large.
let private activation σ (a: Tensor) : Tensor =
    match σ with
    | Identity -> a
    | Tanh -> a.tanh ()
    | Sine -> a.sin ()
    | Swish -> a * a.sigmoid ()
    | Softplus -> 0.5 * (a + a.abs ()) + (1.0 + (-a.abs()).exp()).log()
    | Gelu -> 0.5 * a * (1.0 + (a / Math.Sqrt 2.0).erf())
    | Square -> a * a

/// u_θ(X) for the layers and the final linear map, N, or N × m behind `Outputs m`; θ is read from front to back: W row by
/// row, then b.
let forward (domain: Domain) (layers: Layer list) (θ: Tensor) (points: Tensor) : Tensor =
    let mutable offset = 0L

    let read length =
        let part = θ.narrow (0L, offset, length)
        offset <- offset + length
        part

    let linear width (h: Tensor) =
        let weight = (read (width * h.shape[1])).view(width, h.shape[1])
        let bias = read width
        h.matmul (weight.t ()) + bias

    let rec layer (h: Tensor) description : Tensor =
        match description with
        | Layer.Harmonics count ->
            let waves, straight =
                domain.Coordinates
                |> List.mapi (fun k coordinate ->
                    let x = h.select (1L, int64 k)

                    match coordinate with
                    | Coordinate.Periodic(low, high) ->
                        let angle = (x - low) * (2.0 * Math.PI / (high - low))

                        [
                            for m in 1..count do
                                (float m * angle).sin()
                                (float m * angle).cos()
                        ],
                        []
                    | Coordinate.Bounded(low, high, _, _) ->
                        let angle = (x - low) * (Math.PI / (high - low))
                        [ for m in 1..count -> (float m * angle).cos() ], []
                    | _ -> [], [ x ])
                |> List.unzip

            Tensor.stack 1L (List.concat waves @ List.concat straight)
        | Layer.Normalise(shift, scale) ->
            let placement = Placement.ofTensor h

            (h - Tensor.ofArray placement (List.toArray shift))
            / Tensor.ofArray placement (List.toArray scale)
        | Layer.Dense(width, σ) -> linear (int64 width) h |> activation σ
        | Layer.Residual block -> h + List.fold layer h block
        | Layer.Concatenate block -> torch.cat ([| h; List.fold layer h block |], 1L)
        | Layer.Outputs count -> linear (int64 count) h

    let last = List.fold layer points layers

    /// What makes the product vanish at Dirichlet ends, odd about them and even about Neumann ends.
    let factor: Tensor =
        domain.Coordinates
        |> List.mapi (fun k coordinate ->
            let x = points.select (1L, int64 k)

            match coordinate with
            | Coordinate.Bounded(low, high, Boundary.Dirichlet, Boundary.Dirichlet) ->
                ((x - low) * (Math.PI / (high - low))).sin()
            | Coordinate.Bounded(low, high, Boundary.Dirichlet, Boundary.Neumann) ->
                ((x - low) * (0.5 * Math.PI / (high - low))).sin()
            | Coordinate.Bounded(low, high, Boundary.Neumann, Boundary.Dirichlet) ->
                ((x - high) * (-0.5 * Math.PI / (high - low))).sin()
            | _ -> torch.ones_like x)
        |> List.reduce (fun a b -> a * b)

    match List.tryLast layers with
    | Some(Layer.Outputs _) -> last * factor.unsqueeze 1L
    | _ -> (linear 1L last).squeeze 1L * factor

let private derivative (y: Tensor) (x: Tensor) : Tensor =
    if not y.requires_grad then
        torch.zeros_like x
    else
        let gradient =
            torch.autograd
                .grad(ResizeArray [ y.sum () ], [| x |], retain_graph = true, create_graph = true, allow_unused = true)
                .[0]

        if isNull (box gradient) then
            torch.zeros_like x
        else
            gradient

/// Any local derivative of f (N × d ↦ N, row by row) by repeated backward passes.
let local (f: Tensor -> Tensor) (points: Tensor) (wanted: Derivative) : Tensor =
    use _ = torch.enable_grad ()

    Scope.keep (fun () ->
        let x = points.detach().clone().requires_grad_ true
        let along k (y: Tensor) = (derivative y x).select(1L, int64 k)
        let u = f x

        let value =
            match wanted with
            | Derivative.Value -> u
            | Derivative.Partial(k, n) -> Seq.replicate n (along k) |> Seq.fold (fun y step -> step y) u
            | Derivative.Mixed(i, j) -> u |> along i |> along j
            | Derivative.Laplacian ->
                [ for k in 0 .. int x.shape[1] - 1 -> u |> along k |> along k ]
                |> List.reduce (fun a b -> a + b)

        value.detach().clone())

/// J (N × p), one backward pass per point.
let jacobian (f: Tensor -> Tensor -> Tensor) (θ: Tensor) (points: Tensor) : Tensor =
    use _ = torch.enable_grad ()

    Scope.keep (fun () ->
        let θ = θ.detach().clone().requires_grad_ true
        let u = f θ points

        Tensor.stack 0L [ for i in 0 .. Tensor.rows points - 1 -> (derivative u[int64 i] θ).detach() ])

/// A random network, and the seed of its parameters and points.
type Architecture =
    {
        Coordinates: Coordinate list
        Layers: Layer list
        Seed: int
    }

    member a.Domain = Domain.create a.Coordinates
    member a.Network = Network.create a.Domain a.Layers
    member a.Forward: Tensor -> Tensor -> Tensor = forward a.Domain a.Layers

    /// The same with m components, m from 1 to 3 depending on the seed.
    member a.System =
        let m = 1 + a.Seed % 3

        { a with
            Layers = a.Layers @ [ Layer.Outputs m ]
        },
        m

    /// One component of a system.
    member a.Component (c: int) (θ: Tensor) (points: Tensor) : Tensor =
        (a.Forward θ points).select(1L, int64 c)

    /// Parameters with biases away from zero.
    member a.Parameters: Tensor =
        Scope.keep (fun () ->
            let initial = Network.initial a.Network a.Seed
            initial + 0.1 * Check.normal (a.Seed + 1) [ int initial.shape[0] ])

    /// Points inside the domain.
    member a.Points (count: int) (salt: int) : Tensor =
        Scope.keep (fun () ->
            Tensor.stack
                1L
                [
                    for k, coordinate in List.indexed a.Coordinates ->
                        let seed = Seed.child (10 * salt + k) a.Seed

                        match coordinate with
                        | Coordinate.Real -> Random.normal Placement.float64 seed [ count ]
                        | Coordinate.Periodic(low, high)
                        | Coordinate.Bounded(low, high, _, _)
                        | Coordinate.Interval(low, high) ->
                            low + (high - low) * Random.uniform Placement.float64 seed [ count ]
                ])

let activations = [ Identity; Tanh; Sine; Swish; Softplus; Gelu; Square ]

let private coordinates: Gen<Coordinate list> =
    let bounds =
        Gen.map2
            (fun low width -> float low / 4.0, float low / 4.0 + float width / 2.0)
            (Gen.choose (-8, 8))
            (Gen.choose (4, 14))

    let one =
        Gen.oneof
            [
                Gen.constant Coordinate.Real
                Gen.map Coordinate.Periodic bounds
                Gen.map Coordinate.Interval bounds
                gen {
                    let! low, high = bounds
                    let! atLow = Gen.elements [ Boundary.Dirichlet; Boundary.Neumann ]
                    let! atHigh = Gen.elements [ Boundary.Dirichlet; Boundary.Neumann ]
                    return Coordinate.Bounded(low, high, atLow, atHigh)
                }
            ]

    Gen.bind (fun d -> Gen.listOfLength d one) (Gen.choose (1, 4))

let private dense width =
    Gen.map (fun σ -> Layer.Dense(width, σ)) (Gen.elements activations)

let private anyWidth = Gen.choose (1, 5)

/// A layer behind `width` units, and how many units it gives.
let rec private layer depth width : Gen<Layer * int> =
    let plain =
        gen {
            let! units = anyWidth
            let! layer = dense units
            return layer, units
        }

    if depth = 0 then
        plain
    else
        Gen.frequency
            [
                2, plain
                1,
                gen {
                    let! inner, units = layers (depth - 1) width
                    let! last = dense width
                    return Layer.Residual(if units = width then inner else inner @ [ last ]), width
                }
                1,
                gen {
                    let! inner, units = layers (depth - 1) width
                    return Layer.Concatenate inner, width + units
                }
            ]

and private layers depth width : Gen<Layer list * int> =
    gen {
        let! count = Gen.choose (0, 2)
        let mutable result = [], width

        for _ in 1..count do
            let! next, units = layer depth (snd result)
            result <- fst result @ [ next ], units

        return result
    }

let private architecture =
    gen {
        let! coordinates = coordinates
        let d = coordinates.Length
        let periodic = coordinates |> List.filter _.IsPeriodic |> List.length
        let bounded = coordinates |> List.filter _.IsBounded |> List.length
        let! harmonics = Gen.choose (1, 3)
        let! normalised = Gen.elements [ true; false ]
        let! shift = Gen.listOfLength d (Gen.choose (-4, 4))
        let! scale = Gen.listOfLength d (Gen.choose (1, 6))

        let first, width =
            if periodic + bounded > 0 then
                [ Layer.Harmonics harmonics ], d - periodic - bounded + harmonics * (2 * periodic + bounded)
            elif normalised then
                [
                    Layer.Normalise([ for s in shift -> float s / 2.0 ], [ for s in scale -> float s / 2.0 ])
                ],
                d
            else
                [], d

        let! firstDense = Gen.bind dense anyWidth
        let start = if first.IsEmpty then [ firstDense ] else first

        let width =
            match start with
            | [ Layer.Dense(units, _) ] -> units
            | _ -> width

        let! one, width = layers 2 width
        let! two, _ = layers 1 width
        let! seed = Gen.choose (0, 1_000_000)

        return
            {
                Coordinates = coordinates
                Layers = start @ one @ two
                Seed = seed
            }
    }

/// FsCheck's source of random architectures.
type Architectures =
    static member Architecture() = Arb.fromGen architecture

/// A law for random architectures; its tensors are freed.
let law name count (check: Architecture -> unit) =
    Check.lawOf [ typeof<Architectures> ] count name (fun (architecture: Architecture) ->
        use _ = torch.NewDisposeScope()
        check architecture)
