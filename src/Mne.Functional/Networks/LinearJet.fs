namespace Mne.Functional

open TorchSharp

/// Functions that are linear in the d coordinates, as the first layer of a network is: their derivatives are known without products of
/// matrices, and all above the first are 0.
type internal LinearJet =
    {
        Dimension: int
        /// What the jet has once it is curved.
        Channels: Derivative list
        /// N × width.
        Values: Tensor
        /// First derivatives along the axes that channels name, in their order: axes × 1 × width, or axes × N × width where points differ.
        Slopes: Tensor
    }

[<RequireQualifiedAccess>]
module internal LinearJet =

    let private axes (channels: Derivative list) : int list =
        channels
        |> List.choose (function
            | Derivative.Partial(k, 1) -> Some k
            | _ -> None)

    /// Functions of d coordinates with the given values (N × width): `slope k` are their derivatives along axis k, for all points (1 ×
    /// width) or for each of them.
    let create (d: int) (request: Set<Derivative>) (slope: int -> Tensor) (values: Tensor) : LinearJet =
        let channels = Jet.closure d request |> Set.toList

        {
            Dimension = d
            Channels = channels
            Values = values
            Slopes =
                match axes channels with
                | [] -> values.new_zeros (0L, 1L, values.shape[1])
                | axes -> Tensor.stack 0L (List.map slope axes)
        }

    /// The coordinates themselves at the points X (N × d).
    let ofPoints (request: Set<Derivative>) (points: Tensor) : LinearJet =
        let d = points.shape[1]
        let units = torch.eye (d, dtype = points.dtype, device = points.device)
        create (int d) request (fun k -> units.narrow (0L, int64 k, 1L)) points

    /// h ↦ h Wᵀ + b with W (out × in) and b (out).
    let affine (weight: Tensor) (bias: Tensor) (jet: LinearJet) : LinearJet =
        { jet with
            Values = jet.Values.mm(weight.t ()).AddInPlace bias
            Slopes = jet.Slopes.matmul (weight.t ())
        }

    /// The derivative of the jet's channel of order n along some axes is made of the slopes there: `make` is given n and their product, a sum of
    /// products for the Laplacian.
    let private channels (make: int -> Tensor -> Tensor) (jet: LinearJet) (value: Tensor) : Jet =
        let slope =
            let place = axes jet.Channels |> List.mapi (fun i k -> k, int64 i) |> Map.ofList
            fun k -> jet.Slopes[place[k]]

        /// First derivatives are side by side, and are made at once.
        let first =
            if jet.Slopes.shape[0] = 0L then
                []
            else
                [ make 1 jet.Slopes ]

        let higher =
            jet.Channels
            |> List.choose (function
                | Derivative.Value
                | Derivative.Partial(_, 1) -> None
                | Derivative.Partial(k, n) -> Some(make n ((slope k).Power(float n)))
                | Derivative.Mixed(i, j) -> Some(make 2 (slope i * slope j))
                | Derivative.Laplacian -> Some(make 2 (jet.Slopes.Square().sum 0L)))

        {
            Dimension = jet.Dimension
            Channels = jet.Channels
            Data =
                Tensor.concatenate 0L (value.unsqueeze 0L :: first @ [ for channel in higher -> channel.unsqueeze 0L ])
        }

    /// σ of every unit: where the chain rule has one term, σ⁽ⁿ⁾(a) times slopes.
    let activate (activation: Activation) (jet: LinearJet) : Jet =
        let σ =
            Activation.derivatives (Jet.orderOf jet.Channels) activation jet.Values
            |> List.toArray

        channels (fun n slopes -> σ[n] * slopes) jet σ[0]

    /// The same as any other jet.
    let curved (jet: LinearJet) : Jet =
        let whole (slopes: Tensor) =
            slopes.expand (
                if slopes.dim () = 3L then
                    [| slopes.shape[0]; jet.Values.shape[0]; jet.Values.shape[1] |]
                else
                    [| jet.Values.shape[0]; jet.Values.shape[1] |]
            )

        channels (fun n slopes -> if n = 1 then whole slopes else jet.Values.zeros_like ()) jet jet.Values
