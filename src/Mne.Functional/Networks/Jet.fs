namespace Mne.Functional

/// A local derivative of a function of d space coordinates, at each of N points. Axes count from 0.
[<CustomComparison; CustomEquality>]
type Derivative =
    /// u itself.
    | Value
    /// ∂ⁿu/∂x_kⁿ for n = 1 to 4.
    | Partial of axis: int * order: int
    /// ∂²u/∂x_i∂x_j for i < j.
    | Mixed of i: int * j: int
    /// Δu = Σ_k ∂²u/∂x_k².
    | Laplacian

    /// Channels are stored in this order; it keeps first derivatives side by side.
    member private derivative.Rank =
        match derivative with
        | Value -> 0, 0, 0
        | Partial(k, n) -> n, k, 0
        | Mixed(i, j) -> 5, i, j
        | Laplacian -> 6, 0, 0

    override derivative.Equals other =
        match other with
        | :? Derivative as other -> derivative.Rank = other.Rank
        | _ -> false

    override derivative.GetHashCode() = hash derivative.Rank

    interface System.IComparable with
        member derivative.CompareTo other =
            match other with
            | :? Derivative as other -> compare derivative.Rank other.Rank
            | _ -> 1

/// Values and local derivatives of a function at N points, one channel per derivative.
/// Inside a network a jet has one column per unit of the layer; what comes out has one column per component of u.
type Jet =
    {
        /// The space dimension d.
        Dimension: int
        /// What each channel is, in the order of the channels.
        Channels: Derivative list
        /// channels × N × width.
        Data: Tensor
    }

/// Truncated Taylor expansions, propagated forward through a network together with its value (the forward Laplacian,
/// and Faà di Bruno's formula up to order 4 along an axis): MATH.md §1 "Local derivatives".
[<RequireQualifiedAccess>]
module Jet =

    /// All derivatives that must travel along so that those asked for can be computed, u itself included.
    /// Raises `ArgumentException` when one does not exist in d dimensions.
    let closure (d: int) (request: Set<Derivative>) : Set<Derivative> =
        let axis k =
            if k < 0 || k >= d then
                Guard.fail "derivatives" $"axis {k} asked for, but the domain has dimension {d} (axes 0 to {d - 1})"

        request
        |> Seq.collect (fun derivative ->
            match derivative with
            | Value -> [ Value ]
            | Partial(k, n) ->
                axis k

                if n < 1 || n > Activation.highestOrder then
                    Guard.fail "derivatives" $"order {n} asked for, wanted 1 to {Activation.highestOrder}"

                [ for m in 1..n -> Partial(k, m) ]
            | Mixed(i, j) ->
                axis i
                axis j

                if i >= j then
                    Guard.fail
                        "derivatives"
                        $"Mixed ({i}, {j}) asked for, wanted the smaller axis first; for equal axes ask for Partial ({i}, 2)"

                [ Partial(i, 1); Partial(j, 1); Mixed(i, j) ]
            | Laplacian -> Laplacian :: [ for k in 0 .. d - 1 -> Partial(k, 1) ])
        |> Set.ofSeq
        |> Set.add Value

    /// The jet of the coordinates themselves at the points X (N × d).
    let ofPoints (request: Set<Derivative>) (points: Tensor) : Jet =
        let d = int points.shape[1]
        let channels = closure d request |> Set.toList

        let data =
            points.new_zeros (int64 channels.Length, points.shape[0], points.shape[1])

        channels
        |> List.iteri (fun c channel ->
            match channel with
            | Value -> data[c].copy_ points |> ignore
            | Partial(k, 1) -> data[c].select(1L, int64 k).fill_ 1.0 |> ignore
            | _ -> ())

        {
            Dimension = d
            Channels = channels
            Data = data
        }

    /// Applies a linear map, and adds a constant to the value: h ↦ h Wᵀ + b with W (out × in) and b (out).
    let affine (weight: Tensor) (bias: Tensor) (jet: Jet) : Jet =
        let width = bias.shape[0]
        // No in-place writing into slices: a jet may be differentiated again by its user.
        let toValueOnly =
            if jet.Channels.Length = 1 then
                bias.view (1L, 1L, width)
            else
                Tensor.concatenate
                    0L
                    [
                        bias.view (1L, 1L, width)
                        bias.new_zeros (int64 jet.Channels.Length - 1L, 1L, width)
                    ]

        { jet with
            Data = jet.Data.matmul (weight.t ()) + toValueOnly
        }

    /// Applies an activation to every unit (chain rule; Faà di Bruno's formula for the higher derivatives).
    let activate (activation: Activation) (jet: Jet) : Jet =
        let order =
            jet.Channels
            |> List.map (function
                | Value -> 0
                | Partial(_, n) -> n
                | Mixed _
                | Laplacian -> 2)
            |> List.max

        let σ = Activation.derivatives order activation jet.Data[0] |> List.toArray

        let index =
            jet.Channels |> List.mapi (fun c channel -> channel, int64 c) |> Map.ofList

        let a channel = jet.Data[index[channel]]

        if order = 0 then
            { jet with Data = σ[0].unsqueeze 0 }
        else
            /// What comes on top of σ'(a) ∂a, which all derivatives share.
            let higher channel : Tensor option =
                match channel with
                | Value
                | Partial(_, 1) -> None
                | Partial(k, 2) -> Some(σ[2] * (a (Partial(k, 1))).square())
                | Partial(k, 3) ->
                    let a1, a2 = a (Partial(k, 1)), a (Partial(k, 2))
                    Some(3.0 * σ[2] * a1 * a2 + σ[3] * a1 * a1.square ())
                | Partial(k, _) ->
                    let a1, a2, a3 = a (Partial(k, 1)), a (Partial(k, 2)), a (Partial(k, 3))

                    Some(
                        σ[2] * (4.0 * a1 * a3 + 3.0 * a2.square ())
                        + 6.0 * σ[3] * a1.square () * a2
                        + σ[4] * a1.square().square()
                    )
                | Mixed(i, j) -> Some(σ[2] * a (Partial(i, 1)) * a (Partial(j, 1)))
                | Laplacian ->
                    let gradient = jet.Data.narrow (0L, index[Partial(0, 1)], int64 jet.Dimension)
                    Some(σ[2] * gradient.square().sum 0L)

            let shared = jet.Data * σ[1]

            let channels =
                [
                    for c, channel in List.indexed jet.Channels ->
                        match channel, higher channel with
                        | Value, _ -> σ[0]
                        | _, Some term -> shared[int64 c] + term
                        | _, None -> shared[int64 c]
                ]

            { jet with
                Data = Tensor.stack 0L channels
            }

    /// Jets of the same request side by side.
    let concatenate (jets: Jet list) : Jet =
        { jets.Head with
            Data = Tensor.concatenate -1L [ for jet in jets -> jet.Data ]
        }

    /// The sum of jets of the same request and width.
    let add (first: Jet) (second: Jet) : Jet =
        { first with
            Data = first.Data + second.Data
        }

    /// The product of jets of the same request (Leibniz's rule); one of them may have one column and the other several.
    let multiply (first: Jet) (second: Jet) : Jet =
        let index =
            first.Channels |> List.mapi (fun c channel -> channel, int64 c) |> Map.ofList

        let f channel : Tensor = first.Data[index[channel]]
        let g channel : Tensor = second.Data[index[channel]]

        /// ∂ⁿ along an axis.
        let along k n = if n = 0 then Value else Partial(k, n)

        let product channel : Tensor =
            match channel with
            | Value -> f Value * g Value
            | Partial(k, n) ->
                (([ 1.0 ]), [ 1..n ])
                ||> List.fold (fun row _ -> List.map2 (+) (0.0 :: row) (row @ [ 0.0 ]))
                |> List.mapi (fun j binomial ->
                    let term = f (along k j) * g (along k (n - j))
                    if binomial = 1.0 then term else binomial * term)
                |> List.reduce (fun x y -> x + y)
            | Mixed(i, j) ->
                let fi, fj, gi, gj =
                    f (Partial(i, 1)), f (Partial(j, 1)), g (Partial(i, 1)), g (Partial(j, 1))

                f channel * g Value + fi * gj + fj * gi + f Value * g channel
            | Laplacian ->
                let gradients (jet: Jet) =
                    jet.Data.narrow (0L, index[Partial(0, 1)], int64 jet.Dimension)

                f Laplacian * g Value
                + 2.0 * (gradients first * gradients second).sum 0L
                + f Value * g Laplacian

        { first with
            Data = Tensor.stack 0L (List.map product first.Channels)
        }

    /// The jet of one component of u, with one column. Raises `ArgumentException` when u does not have it.
    let ofComponent (index: int) (jet: Jet) : Jet =
        let count = int jet.Data.shape[2]

        if index < 0 || index >= count then
            Guard.fail "component" $"component {index} asked for, but u has {count} (components 0 to {count - 1})"

        if count = 1 then
            jet
        else
            { jet with
                Data = jet.Data.narrow (2L, int64 index, 1L)
            }

    /// One channel as it is stored (N × width). Raises `ArgumentException` when it was not asked for.
    let internal channel (derivative: Derivative) (jet: Jet) : Tensor =
        match List.tryFindIndex ((=) derivative) jet.Channels with
        | Some c -> jet.Data[c]
        | None ->
            let second = [ for k in 0 .. jet.Dimension - 1 -> Partial(k, 2) ]

            if
                derivative = Laplacian
                && second |> List.forall (fun p -> List.contains p jet.Channels)
            then
                second
                |> List.map (fun p -> jet.Data[List.findIndex ((=) p) jet.Channels])
                |> List.reduce (fun x y -> x + y)
            else
                Guard.fail
                    "derivative"
                    $"%A{derivative} was not computed (there are %A{jet.Channels}); ask for it in the request"

    /// One channel: N numbers, or N × m for u with m components. Raises `ArgumentException` when it was not asked for.
    let get (derivative: Derivative) (jet: Jet) : Tensor = (channel derivative jet).squeeze -1L

    /// u: N, or N × m for m components.
    let value jet = get Value jet

    /// ∇u: N × d, or N × d × m for m components.
    let gradient (jet: Jet) : Tensor =
        Tensor.stack 1L [ for k in 0 .. jet.Dimension - 1 -> get (Partial(k, 1)) jet ]

    /// Δu: N, or N × m for m components.
    let laplacian jet = get Laplacian jet

    /// The full matrix of second derivatives: N × d × d, or N × d × d × m for m components.
    let hessian (jet: Jet) : Tensor =
        let entry i j =
            if i = j then
                get (Partial(i, 2)) jet
            else
                get (Mixed(min i j, max i j)) jet

        Tensor.stack
            1L
            [
                for i in 0 .. jet.Dimension - 1 -> Tensor.stack 1L [ for j in 0 .. jet.Dimension - 1 -> entry i j ]
            ]

    /// The request for all first derivatives.
    let gradientRequest d =
        Set.ofList [ for k in 0 .. d - 1 -> Partial(k, 1) ]

    /// The request for all second derivatives.
    let hessianRequest d =
        Set.ofList
            [
                for i in 0 .. d - 1 do
                    Partial(i, 2)

                    for j in i + 1 .. d - 1 do
                        Mixed(i, j)
            ]
