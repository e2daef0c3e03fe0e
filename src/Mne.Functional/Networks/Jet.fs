namespace Mne.Functional

open TorchSharp

/// <summary>A local derivative of a function of d space coordinates, at each of N points. Axes count from 0.</summary>
[<CustomComparison; CustomEquality>]
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Derivative =
    /// <summary>u itself.</summary>
    | Value
    /// <summary>∂ⁿu/∂x_kⁿ for n = 1 to 4.</summary>
    | Partial of axis: int * order: int
    /// <summary>∂²u/∂x_i∂x_j for i &lt; j.</summary>
    | Mixed of i: int * j: int
    /// <summary>Δu = Σ_k ∂²u/∂x_k².</summary>
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

/// <summary>
/// Values and local derivatives of a function at N points, one channel per derivative.
/// Inside a network a jet has one column per unit of the layer; what comes out has one column per component of u.
/// </summary>
type Jet =
    {
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>What each channel is, in the order of the channels.</summary>
        Channels: Derivative list
        /// <summary>channels × N × width.</summary>
        Data: Tensor
    }

/// <summary>
/// Truncated Taylor expansions, propagated forward through a network together with its value (the forward Laplacian,
/// and Faà di Bruno's formula up to order 4 along an axis): docs/mathematics.md §1 "Local derivatives".
/// </summary>
[<RequireQualifiedAccess>]
module Jet =

    /// All derivatives that must travel along so that those asked for can be computed, u itself included. Raises `ArgumentException`
    /// where one does not exist in d dimensions.
    let internal closure (d: int) (request: Set<Derivative>) : Set<Derivative> =
        let axis k =
            if k < 0 || k >= d then
                Guard.fail "derivatives" $"axis {k} asked for, but the domain has dimension {d} (axes 0 to {d - 1})"

        request
        |> Seq.collect (fun derivative ->
            match derivative with
            | Derivative.Value -> [ Derivative.Value ]
            | Derivative.Partial(k, n) ->
                axis k

                if n < 1 || n > Activation.highestOrder then
                    Guard.fail "derivatives" $"order {n} asked for, wanted 1 to {Activation.highestOrder}"

                [ for m in 1..n -> Derivative.Partial(k, m) ]
            | Derivative.Mixed(i, j) ->
                axis i
                axis j

                if i >= j then
                    Guard.fail
                        "derivatives"
                        $"Mixed ({i}, {j}) asked for, wanted the smaller axis first; for equal axes ask for Partial ({i}, 2)"

                [ Derivative.Partial(i, 1); Derivative.Partial(j, 1); Derivative.Mixed(i, j) ]
            | Derivative.Laplacian -> Derivative.Laplacian :: [ for k in 0 .. d - 1 -> Derivative.Partial(k, 1) ])
        |> Set.ofSeq
        |> Set.add Derivative.Value

    /// The highest derivative of an activation that the channels of what follows it are made of.
    let internal orderOf (channels: Derivative list) : int =
        channels
        |> List.map (function
            | Derivative.Value -> 0
            | Derivative.Partial(_, n) -> n
            | Derivative.Mixed _
            | Derivative.Laplacian -> 2)
        |> List.max

    /// Applies a linear map, and adds a constant to the value: h ↦ h Wᵀ + b with W (out × in) and b (out).
    let internal affine (weight: Tensor) (bias: Tensor) (jet: Jet) : Jet =
        let data = jet.Data.matmul (weight.t ())
        data[0].AddInPlace bias |> ignore
        { jet with Data = data }

    /// Applies an activation to every unit (chain rule; Faà di Bruno's formula for the higher derivatives).
    let internal activate (activation: Activation) (jet: Jet) : Jet =
        let order = orderOf jet.Channels
        let σ = Activation.derivatives order activation jet.Data[0] |> List.toArray

        let index =
            jet.Channels |> List.mapi (fun c channel -> channel, int64 c) |> Map.ofList

        let a channel = jet.Data[index[channel]]

        if order = 0 then
            { jet with Data = σ[0].unsqueeze 0 }
        else
            // All derivatives share σ'(a) ∂a. What is changed in place from here on, no derivative of a jet by its user looks back at.
            let data = jet.Data * σ[1]

            /// Adds σ⁽ⁿ⁾ times something to a channel.
            let add (channel: Tensor) n (factor: Tensor) times =
                channel.AddProductInPlace(σ[n], factor, times) |> ignore

            for c, channel in List.indexed jet.Channels do
                let own = data[int64 c]

                match channel with
                | Derivative.Value -> own.copy_ σ[0] |> ignore
                | Derivative.Partial(_, 1) -> ()
                | Derivative.Partial(k, 2) ->
                    let a1 = a (Derivative.Partial(k, 1))
                    add own 2 (a1 * a1) 1.0
                | Derivative.Partial(k, 3) ->
                    let a1, a2 = a (Derivative.Partial(k, 1)), a (Derivative.Partial(k, 2))
                    add own 2 (a1 * a2) 3.0
                    add own 3 (a1 * a1 * a1) 1.0
                | Derivative.Partial(k, _) ->
                    let a1, a2, a3 =
                        a (Derivative.Partial(k, 1)), a (Derivative.Partial(k, 2)), a (Derivative.Partial(k, 3))

                    let square = a1 * a1
                    add own 2 (a1 * a3) 4.0
                    add own 2 (a2 * a2) 3.0
                    add own 3 (square * a2) 6.0
                    add own 4 (square * square) 1.0
                | Derivative.Mixed(i, j) -> add own 2 (a (Derivative.Partial(i, 1)) * a (Derivative.Partial(j, 1))) 1.0
                | Derivative.Laplacian ->
                    let gradient =
                        jet.Data.narrow (0L, index[Derivative.Partial(0, 1)], int64 jet.Dimension)

                    add own 2 ((gradient * gradient).sum 0L) 1.0

            { jet with Data = data }

    /// Jets of the same request side by side.
    let internal concatenate (jets: Jet list) : Jet =
        { jets.Head with
            Data = Tensor.concatenate -1L [ for jet in jets -> jet.Data ]
        }

    /// The sum of jets of the same request and width.
    let internal add (first: Jet) (second: Jet) : Jet =
        { first with
            Data = first.Data .+ second.Data
        }

    /// The product of jets of the same request (Leibniz's rule); one of them may have one column and the other several.
    let internal multiply (first: Jet) (second: Jet) : Jet =
        let index =
            first.Channels |> List.mapi (fun c channel -> channel, int64 c) |> Map.ofList

        let f channel : Tensor = first.Data[index[channel]]
        let g channel : Tensor = second.Data[index[channel]]

        /// ∂ⁿ along an axis.
        let along k n =
            if n = 0 then Derivative.Value else Derivative.Partial(k, n)

        let product channel : Tensor =
            match channel with
            | Derivative.Value -> f Derivative.Value * g Derivative.Value
            | Derivative.Partial(k, n) ->
                (([ 1.0 ]), [ 1..n ])
                ||> List.fold (fun row _ -> List.map2 (+) (0.0 :: row) (row @ [ 0.0 ]))
                |> List.mapi (fun j binomial ->
                    let term = f (along k j) * g (along k (n - j))
                    if binomial = 1.0 then term else binomial .* term)
                |> List.reduce (fun x y -> x .+ y)
            | Derivative.Mixed(i, j) ->
                let fi, fj, gi, gj =
                    f (Derivative.Partial(i, 1)),
                    f (Derivative.Partial(j, 1)),
                    g (Derivative.Partial(i, 1)),
                    g (Derivative.Partial(j, 1))

                f channel * g Derivative.Value
                .+ fi * gj
                .+ fj * gi
                .+ f Derivative.Value * g channel
            | Derivative.Laplacian ->
                let gradients (jet: Jet) =
                    jet.Data.narrow (0L, index[Derivative.Partial(0, 1)], int64 jet.Dimension)

                f Derivative.Laplacian * g Derivative.Value
                .+ 2.0 .* (gradients first * gradients second).sum 0L
                .+ f Derivative.Value * g Derivative.Laplacian

        { first with
            Data = Tensor.stack 0L (List.map product first.Channels)
        }

    /// <summary>The jet of one component of u, with one column.</summary>
    /// <param name="index">The component, counted from 0.</param>
    /// <param name="jet">u and derivatives at points.</param>
    /// <exception cref="T:System.ArgumentException">u does not have it.</exception>
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
            let second = [ for k in 0 .. jet.Dimension - 1 -> Derivative.Partial(k, 2) ]

            if
                derivative = Derivative.Laplacian
                && second |> List.forall (fun p -> List.contains p jet.Channels)
            then
                second
                |> List.map (fun p -> jet.Data[List.findIndex ((=) p) jet.Channels])
                |> List.reduce (fun x y -> x .+ y)
            else
                Guard.fail
                    "derivative"
                    $"%A{derivative} was not computed (there are %A{jet.Channels}); ask for it in the request"

    /// <summary>One channel: N numbers, or N × m for u with m components.</summary>
    /// <param name="derivative">The derivative that is wanted.</param>
    /// <param name="jet">u and derivatives at points.</param>
    /// <exception cref="T:System.ArgumentException">It was not asked for.</exception>
    let get (derivative: Derivative) (jet: Jet) : Tensor = (channel derivative jet).squeeze -1L

    /// <summary>u: N, or N × m for m components.</summary>
    let value jet = get Derivative.Value jet

    /// <summary>∇u: N × d, or N × d × m for m components.</summary>
    let gradient (jet: Jet) : Tensor =
        Tensor.stack 1L [ for k in 0 .. jet.Dimension - 1 -> get (Derivative.Partial(k, 1)) jet ]

    /// <summary>Δu: N, or N × m for m components.</summary>
    let laplacian jet = get Derivative.Laplacian jet

    /// <summary>The full matrix of second derivatives: N × d × d, or N × d × d × m for m components.</summary>
    let hessian (jet: Jet) : Tensor =
        let entry i j =
            if i = j then
                get (Derivative.Partial(i, 2)) jet
            else
                get (Derivative.Mixed(min i j, max i j)) jet

        Tensor.stack
            1L
            [
                for i in 0 .. jet.Dimension - 1 -> Tensor.stack 1L [ for j in 0 .. jet.Dimension - 1 -> entry i j ]
            ]

    /// <summary>The request for all first derivatives.</summary>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">d is not 1 to 1,000,000.</exception>
    let gradientRequest d =
        Guard.within "d" 1 1_000_000 d
        Set.ofList [ for k in 0 .. d - 1 -> Derivative.Partial(k, 1) ]

    /// <summary>The request for all second derivatives.</summary>
    /// <param name="d">Dimension of space.</param>
    /// <exception cref="T:System.ArgumentException">d is not 1 to 2000.</exception>
    let hessianRequest d =
        // As many derivatives as half of d².
        Guard.within "d" 1 2000 d

        Set.ofList
            [
                for i in 0 .. d - 1 do
                    Derivative.Partial(i, 2)

                    for j in i + 1 .. d - 1 do
                        Derivative.Mixed(i, j)
            ]
