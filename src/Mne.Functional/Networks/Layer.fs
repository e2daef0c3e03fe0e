namespace Mne.Functional

open System
open TorchSharp

/// A layer of a network, as a user describes it.
type Layer =
    /// Sines and cosines of the periodic coordinates up to the given harmonic; of bounded coordinates the cosines of half
    /// the frequencies, which are even about both ends; other coordinates pass unchanged.
    /// It makes the network periodic, or keep its boundary conditions, so it comes first, and only on such domains.
    | Harmonics of count: int
    /// x ↦ (x − shift) / scale per coordinate, with fixed numbers; it comes first.
    | Normalise of shift: float list * scale: float list
    /// h ↦ σ(W h + b) with `width` units.
    | Dense of width: int * activation: Activation
    /// h ↦ h + block(h); the block keeps the width.
    | Residual of block: Layer list
    /// h ↦ (h, block(h)).
    | Concatenate of block: Layer list
    /// h ↦ W h + b with one unit for each of `count` components of u; it comes last. A network without it has one component.
    | Outputs of count: int

/// Constructors of layers, for reading order in scripts.
[<RequireQualifiedAccess>]
module Layer =

    /// Sines and cosines of the periodic (and cosines of the bounded) coordinates up to the given harmonic.
    let harmonics count = Harmonics count

    /// x ↦ (x − shift) / scale.
    let normalise shift scale = Normalise(shift, scale)

    /// h ↦ σ(W h + b).
    let dense width activation = Dense(width, activation)

    /// h ↦ h + block(h).
    let residual block = Residual block

    /// h ↦ (h, block(h)).
    let concatenate block = Concatenate block

    /// The components of u, for systems of equations; it comes last.
    let outputs count = Outputs count

/// What a layer is made of: the few operations that values, jets and tangents know how to pass through.
type internal Node =
    /// h ↦ W h + b, with W (out × in, row by row) and then b (out) in θ from `offset` on.
    | Affine of fanIn: int * fanOut: int * offset: int * gain: float
    /// h ↦ W h + b with fixed numbers.
    | Fixed of weight: float[,] * bias: float[]
    /// σ on every unit.
    | Activate of Activation
    /// The results of all branches side by side.
    | Fork of Node list list
    /// The sum of the results of all branches.
    | Sum of Node list list
    /// The product of the results of two branches, the first of which has one unit.
    | Product of Node list * Node list

/// From a description to nodes: widths are inferred, and every affine map is given its place in θ.
module internal Node =

    /// Standard deviation of the weights, times √fan-in: 1 keeps the variance of a linear layer (LeCun);
    /// the other gains keep it through the activation (Kumar, arXiv 1704.08863; He et al., arXiv 1502.01852).
    let private gain activation =
        match activation with
        | Identity
        | Sine -> 1.0
        | Tanh -> 5.0 / 3.0
        | Swish
        | Softplus
        | Gelu -> sqrt 2.0
        | Square -> 3.0 ** -0.25 // E[(g a)⁴] = 1 for a ~ N(0, 1)

    /// Whether the coordinate enters a network through `Harmonics`.
    let private ofWaves (coordinate: Coordinate) =
        coordinate.IsPeriodic || coordinate.IsBounded

    /// The factors that vanish at the Dirichlet ends, one for each coordinate that has any: quarter or half a wave, odd
    /// about these ends and even about Neumann ends.
    let private vanishing (domain: Domain) =
        let d = domain.Dimension

        [
            for k, coordinate in List.indexed domain.Coordinates do
                let sine waves shift low high =
                    let frequency = waves * Math.PI / (high - low)

                    [
                        Fixed(
                            Array2D.init 1 d (fun _ j -> if j = k then frequency else 0.0),
                            [| shift - frequency * low |]
                        )
                        Activate Sine
                    ]

                match coordinate with
                | Bounded(low, high, Dirichlet, Dirichlet) -> sine 1.0 0.0 low high
                | Bounded(low, high, Dirichlet, Neumann) -> sine 0.5 0.0 low high
                | Bounded(low, high, Neumann, Dirichlet) -> sine 0.5 (Math.PI / 2.0) low high
                | _ -> ()
        ]

    let private harmonics (domain: Domain) count =
        let d = domain.Dimension

        let rows =
            [
                for k, coordinate in List.indexed domain.Coordinates do
                    match coordinate with
                    | Periodic(low, high) ->
                        for m in 1..count do
                            let frequency = 2.0 * Math.PI * float m / (high - low)
                            yield k, frequency, -frequency * low
                            yield k, frequency, -frequency * low + Math.PI / 2.0
                    | Bounded(low, high, _, _) ->
                        for m in 1..count do
                            let frequency = Math.PI * float m / (high - low)
                            yield k, frequency, -frequency * low + Math.PI / 2.0
                    | Real
                    | Interval _ -> ()
            ]

        let waves =
            Fixed(
                Array2D.init rows.Length d (fun i k ->
                    let axis, frequency, _ = rows[i] in if axis = k then frequency else 0.0),
                [| for _, _, phase in rows -> phase |]
            )

        let straight =
            [
                for k, coordinate in List.indexed domain.Coordinates do
                    if not (ofWaves coordinate) then
                        k
            ]

        let branch = [ waves; Activate Sine ]

        if straight.IsEmpty then
            branch, rows.Length
        else
            let pass =
                Fixed(
                    Array2D.init straight.Length d (fun i k -> if straight[i] = k then 1.0 else 0.0),
                    Array.zeroCreate straight.Length
                )

            [ Fork [ branch; [ pass ] ] ], rows.Length + straight.Length

    /// The nodes of `layers`, which end in a linear map to the components of u; the number of parameters and of components.
    /// Raises `ArgumentException` when the description does not fit the domain.
    let compile (domain: Domain) (layers: Layer list) : Node list * int * int =
        let d = domain.Dimension

        let layers, outputs =
            match List.tryLast layers with
            | Some(Outputs count) -> List.take (layers.Length - 1) layers, count
            | _ -> layers, 1

        Guard.atLeast "layers" 1 outputs

        let rec one first width offset layer : Node list * int * int =
            match layer with
            | Harmonics count ->
                Guard.atLeast "layers" 1 count

                if not first || not (List.exists ofWaves domain.Coordinates) then
                    Guard.fail
                        "layers"
                        "harmonics found after another layer or on a domain without periodic or bounded coordinates; put them first, on a periodic domain or one with boundary conditions"

                let nodes, width = harmonics domain count
                nodes, width, offset
            | Normalise(shift, scale) ->
                if
                    not first
                    || shift.Length <> d
                    || scale.Length <> d
                    || not (List.forall Double.IsFinite (shift @ scale))
                    || scale |> List.exists (fun s -> s <= 0.0)
                then
                    Guard.fail
                        "layers"
                        $"normalise found with shifts %A{shift} and scales %A{scale}; it wants to come first, with {d} finite shifts and {d} finite scales greater than 0"

                let weight = Array2D.init d d (fun i j -> if i = j then 1.0 / scale[i] else 0.0)
                let bias = [| for s, c in List.zip shift scale -> -s / c |]
                [ Fixed(weight, bias) ], width, offset
            | Dense(units, activation) ->
                Guard.atLeast "layers" 1 units

                [ Affine(width, units, offset, gain activation); Activate activation ],
                units,
                offset + (width + 1) * units
            | Residual block ->
                let nodes, blockWidth, offset = many width offset block

                if blockWidth <> width then
                    Guard.fail
                        "layers"
                        $"residual block takes {width} units and gives {blockWidth}; make its last layer {width} wide"

                [ Sum [ []; nodes ] ], width, offset
            | Concatenate block ->
                let nodes, blockWidth, offset = many width offset block
                [ Fork [ []; nodes ] ], width + blockWidth, offset
            | Outputs _ -> Guard.fail "layers" "outputs found before another layer or in a block; put them last"

        and many width offset block =
            block
            |> List.fold
                (fun (nodes, width, offset) layer ->
                    let more, width, offset = one false width offset layer
                    nodes @ more, width, offset)
                ([], width, offset)

        match layers with
        | Harmonics _ :: _ -> ()
        | Normalise _ :: Harmonics _ :: _ ->
            Guard.fail "layers" "normalise before harmonics would change the period; leave it out"
        | _ when domain.Coordinates |> List.exists _.IsPeriodic ->
            Guard.fail
                "layers"
                "the domain has periodic coordinates, but the network would not be periodic; start with Layer.harmonics"
        | _ when domain.Coordinates |> List.exists _.IsBounded ->
            Guard.fail
                "layers"
                "the domain has boundary conditions, but the network would not keep them; start with Layer.harmonics, or take an Interval and Network.dirichlet"
        | _ -> ()

        let nodes, width, offset =
            ((([]: Node list), d, 0), List.indexed layers)
            ||> List.fold (fun (nodes, width, offset) (i, layer) ->
                let more, width, offset = one (i = 0) width offset layer
                nodes @ more, width, offset)

        let free = nodes @ [ Affine(width, outputs, offset, 1.0) ]

        List.foldBack (fun factor nodes -> [ Product(factor, nodes) ]) (vanishing domain) free,
        offset + (width + 1) * outputs,
        outputs

    /// Seeded initial parameters: weights normal with standard deviation gain / √fan-in, biases normal with standard
    /// deviation 1 in hidden layers and 0 in the last map. Offsets as large as what a unit sees spread the places where the
    /// units bend over the whole range of their inputs; with small ones all bend near the origin, and fits of multimodal
    /// energies come out several times worse.
    let initial placement (seed: int) (nodes: Node list) : Tensor =
        let rec affines nodes =
            nodes
            |> List.collect (function
                | Affine(fanIn, fanOut, offset, gain) -> [ offset, fanIn, fanOut, gain ]
                | Fork branches
                | Sum branches -> List.collect affines branches
                | Product(one, two) -> affines one @ affines two
                | Fixed _
                | Activate _ -> [])

        let all = affines nodes |> List.sort

        Scope.keep (fun () ->
            Tensor.concatenate
                0L
                [
                    for i, (offset, fanIn, fanOut, gain) in List.indexed all do
                        let biasScale = if i = all.Length - 1 then 0.0 else 1.0

                        (Random.normal placement (Random.child (2 * i) seed) [ fanOut * fanIn ])
                        * (gain / sqrt (float fanIn))

                        (Random.normal placement (Random.child (2 * i + 1) seed) [ fanOut ]) * biasScale
                ])
