namespace Mne.Functional

open System
open TorchSharp

/// A layer of a network, as a user describes it.
type Layer =
    /// Sines and cosines of the periodic coordinates up to the given harmonic; other coordinates pass unchanged.
    /// It makes the network periodic, so it comes first, and only on domains with periodic coordinates.
    | Harmonics of count: int
    /// x ↦ (x − shift) / scale per coordinate, with fixed numbers; it comes first.
    | Normalise of shift: float list * scale: float list
    /// h ↦ σ(W h + b) with `width` units.
    | Dense of width: int * activation: Activation
    /// h ↦ h + block(h); the block keeps the width.
    | Residual of block: Layer list
    /// h ↦ (h, block(h)).
    | Concatenate of block: Layer list

/// Constructors of layers, for reading order in scripts.
[<RequireQualifiedAccess>]
module Layer =

    /// Sines and cosines of the periodic coordinates up to the given harmonic.
    let harmonics count = Harmonics count

    /// x ↦ (x − shift) / scale.
    let normalise shift scale = Normalise(shift, scale)

    /// h ↦ σ(W h + b).
    let dense width activation = Dense(width, activation)

    /// h ↦ h + block(h).
    let residual block = Residual block

    /// h ↦ (h, block(h)).
    let concatenate block = Concatenate block

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
                    | _ -> ()
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
                    if not coordinate.IsPeriodic then
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

    /// The nodes of `layers`, followed by a linear map to `outputs` units; and the number of parameters.
    /// Raises `ArgumentException` when the description does not fit the domain.
    let compile (domain: Domain) (layers: Layer list) (outputs: int) : Node list * int =
        let d = domain.Dimension

        let rec one first width offset layer : Node list * int * int =
            match layer with
            | Harmonics count ->
                Guard.atLeast "layers" 1 count

                if not first || not (domain.Coordinates |> List.exists _.IsPeriodic) then
                    Guard.fail
                        "layers"
                        "harmonics found after another layer or on a domain without periodic coordinates; put them first, on a periodic domain"

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

        and many width offset block =
            block
            |> List.fold
                (fun (nodes, width, offset) layer ->
                    let more, width, offset = one false width offset layer
                    nodes @ more, width, offset)
                ([], width, offset)

        let periodic = domain.Coordinates |> List.exists _.IsPeriodic

        match layers with
        | Harmonics _ :: _ -> ()
        | Normalise _ :: Harmonics _ :: _ ->
            Guard.fail "layers" "normalise before harmonics would change the period; leave it out"
        | _ when periodic ->
            Guard.fail
                "layers"
                "the domain has periodic coordinates, but the network would not be periodic; start with Layer.harmonics"
        | _ -> ()

        let nodes, width, offset =
            ((([]: Node list), d, 0), List.indexed layers)
            ||> List.fold (fun (nodes, width, offset) (i, layer) ->
                let more, width, offset = one (i = 0) width offset layer
                nodes @ more, width, offset)

        nodes @ [ Affine(width, outputs, offset, 1.0) ], offset + (width + 1) * outputs

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
