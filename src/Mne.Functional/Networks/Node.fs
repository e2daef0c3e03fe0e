namespace Mne.Functional

open System
open TorchSharp

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

/// Layers as nodes.
type internal Compiled =
    {
        Nodes: Node list
        /// p, the length of θ.
        Parameters: int
        /// m, the number of components of u.
        Outputs: int
        /// The number of units that enter the last map, to the components of u; its W and b end θ.
        Width: int
    }

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

    /// Units and parameters are counted by 32-bit numbers.
    let private counted (what: string) (count: int64) : int =
        if count > int64 Int32.MaxValue then
            Guard.fail "layers" $"they have {count} {what} or more, wanted at most {Int32.MaxValue}; make them narrower"

        int count

    /// An affine map from `width` units whose parameters begin at `offset`, and where the next ones begin.
    let private affine width units offset gain : Node * int =
        Affine(width, units, offset, gain), counted "parameters" (int64 offset + (int64 width + 1L) * int64 units)

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
                | Coordinate.Bounded(low, high, Boundary.Dirichlet, Boundary.Dirichlet) -> sine 1.0 0.0 low high
                | Coordinate.Bounded(low, high, Boundary.Dirichlet, Boundary.Neumann) -> sine 0.5 0.0 low high
                | Coordinate.Bounded(low, high, Boundary.Neumann, Boundary.Dirichlet) ->
                    sine 0.5 (Math.PI / 2.0) low high
                | _ -> ()
        ]

    let private misplacedHarmonics () =
        Guard.fail
            "layers"
            "harmonics found after another layer or on a domain without periodic or bounded coordinates; put them first, on a periodic domain or one with boundary conditions"

    let private wantNormalise (d: int) (shift: float list) (scale: float list) =
        Guard.fail
            "layers"
            $"normalise found with shifts %A{shift} and scales %A{scale}; it wants to come first, with {d} finite shifts and {d} finite scales greater than 0"

    /// Sines and cosines of the coordinates, in front of those that pass unchanged; and how many units these are.
    let private harmonics (domain: Domain) count : Node list * int =
        Guard.atLeast "layers" 1 count
        let d = domain.Dimension

        let waves =
            domain.Coordinates
            |> List.sumBy (fun coordinate ->
                if coordinate.IsPeriodic then 2L
                elif coordinate.IsBounded then 1L
                else 0L)

        if waves = 0L then
            misplacedHarmonics ()

        counted "fixed numbers" (waves * int64 count * int64 d) |> ignore

        let rows =
            [|
                for k, coordinate in List.indexed domain.Coordinates do
                    match coordinate with
                    | Coordinate.Periodic(low, high) ->
                        for m in 1..count do
                            let frequency = 2.0 * Math.PI * float m / (high - low)
                            yield k, frequency, -frequency * low
                            yield k, frequency, -frequency * low + Math.PI / 2.0
                    | Coordinate.Bounded(low, high, _, _) ->
                        for m in 1..count do
                            let frequency = Math.PI * float m / (high - low)
                            yield k, frequency, -frequency * low + Math.PI / 2.0
                    | Coordinate.Real
                    | Coordinate.Interval _ -> ()
            |]

        let frequencies =
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

        let branch = [ frequencies; Activate Sine ]

        if straight.IsEmpty then
            branch, rows.Length
        else
            let pass =
                Fixed(
                    Array2D.init straight.Length d (fun i k -> if straight[i] = k then 1.0 else 0.0),
                    Array.zeroCreate straight.Length
                )

            [ Fork [ branch; [ pass ] ] ], rows.Length + straight.Length

    let private normalise (domain: Domain) (shift: float list) (scale: float list) : Node =
        let d = domain.Dimension

        if
            shift.Length <> d
            || scale.Length <> d
            || not (List.forall Double.IsFinite (shift @ scale))
            || scale |> List.exists (fun s -> s <= 0.0)
        then
            wantNormalise d shift scale

        shift |> List.iter (Guard.moderate "layers")
        scale |> List.iter (Guard.divisor "layers")

        let weight = Array2D.init d d (fun i j -> if i = j then 1.0 / scale[i] else 0.0)
        Fixed(weight, [| for s, c in List.zip shift scale -> -s / c |])

    /// The nodes of a layer from `width` units, with parameters from `offset` on; its units, and where the next ones begin.
    let rec private ofLayer (domain: Domain) first width offset layer : Node list * int * int =
        match layer with
        | Layer.Harmonics count when first ->
            let nodes, units = harmonics domain count
            nodes, units, offset
        | Layer.Harmonics _ -> misplacedHarmonics ()
        | Layer.Normalise(shift, scale) when first -> [ normalise domain shift scale ], width, offset
        | Layer.Normalise(shift, scale) -> wantNormalise domain.Dimension shift scale
        | Layer.Dense(units, activation) ->
            Guard.atLeast "layers" 1 units
            let map, next = affine width units offset (gain activation)
            [ map; Activate activation ], units, next
        | Layer.Residual block ->
            let nodes, units, next = ofLayers domain false width offset block

            if units <> width then
                Guard.fail
                    "layers"
                    $"residual block takes {width} units and gives {units}; make its last layer {width} wide"

            [ Sum [ []; nodes ] ], width, next
        | Layer.Concatenate block ->
            let nodes, units, next = ofLayers domain false width offset block
            [ Fork [ []; nodes ] ], counted "units" (int64 width + int64 units), next
        | Layer.Outputs _ -> Guard.fail "layers" "outputs found before another layer or in a block; put them last"

    /// `ofLayer` for one layer after the other; the very first one of a network may prepare the coordinates.
    and private ofLayers domain first width offset layers =
        (((([]: Node list), width, offset)), List.indexed layers)
        ||> List.fold (fun (nodes, width, offset) (i, layer) ->
            let more, width, offset = ofLayer domain (first && i = 0) width offset layer
            nodes @ more, width, offset)

    /// A network has to keep what its domain promises.
    let private checkStart (domain: Domain) (layers: Layer list) =
        match layers with
        | Layer.Harmonics _ :: _ -> ()
        | Layer.Normalise _ :: Layer.Harmonics _ :: _ ->
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

    /// The nodes of `layers`, behind which a linear map to the components of u comes.
    /// Raises `ArgumentException` when the description does not fit the domain.
    let compile (domain: Domain) (layers: Layer list) : Compiled =
        let layers, outputs =
            match List.tryLast layers with
            | Some(Layer.Outputs count) -> List.take (layers.Length - 1) layers, count
            | _ -> layers, 1

        Guard.atLeast "layers" 1 outputs
        checkStart domain layers
        let nodes, width, offset = ofLayers domain true domain.Dimension 0 layers
        let map, parameters = affine width outputs offset 1.0

        {
            Nodes = List.foldBack (fun factor nodes -> [ Product(factor, nodes) ]) (vanishing domain) (nodes @ [ map ])
            Parameters = parameters
            Outputs = outputs
            Width = width
        }

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

                        (Random.normal placement (Seed.child (2 * i) seed) [ fanOut * fanIn ])
                        .* (gain / sqrt (float fanIn))

                        (Random.normal placement (Seed.child (2 * i + 1) seed) [ fanOut ]) .* biasScale
                ])
