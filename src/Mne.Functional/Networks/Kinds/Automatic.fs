namespace Mne.Functional

open TorchSharp

/// Networks given as a function of the caller's: derivatives and tangents by automatic differentiation.
[<RequireQualifiedAccess>]
module internal Automatic =

    /// The jet of any differentiable function f of points (N × d ↦ N × m) by automatic differentiation.
    let jet request (f: Tensor -> Tensor) (points: Tensor) : Jet =
        let d = int points.shape[1]

        let rec channel (f: Tensor -> Tensor) derivative : Tensor -> Tensor =
            match derivative with
            | Derivative.Value -> f
            | Derivative.Partial(k, n) ->
                let lower =
                    if n = 1 then
                        Derivative.Value
                    else
                        Derivative.Partial(k, n - 1)

                fun x -> (Diff.grad (channel f lower) x).select(1L, int64 k)
            | Derivative.Mixed(i, j) ->
                fun x -> (Diff.grad (channel f (Derivative.Partial(i, 1))) x).select(1L, int64 j)
            | Derivative.Laplacian -> Diff.laplacian f

        let channels = Jet.closure d request |> Set.toList
        let value = f points

        let column c =
            Tensor.stack
                0L
                [
                    for derivative in channels ->
                        match derivative with
                        | Derivative.Value -> value.select (1L, c)
                        | _ -> channel (fun x -> (f x).select(1L, c)) derivative points
                ]

        {
            Dimension = d
            Channels = channels
            Data = Tensor.stack 2L [ for c in 0L .. value.shape[1] - 1L -> column c ]
        }

    let network
        (domain: Domain)
        (outputs: int)
        (parameters: int)
        (initial: Placement -> int -> Tensor)
        (f: Tensor -> Tensor -> Tensor)
        : Network =
        Guard.atLeast "outputs" 1 outputs
        Guard.atLeast "parameters" 1 parameters
        let d = domain.Dimension

        let evaluate (θ: Tensor) (points: Tensor) =
            let values = Lent.two f θ points
            Guard.numbers "f" values

            if values.shape <> [| points.shape[0]; int64 outputs |] then
                Guard.fail
                    "f"
                    $"found the shape {Guard.shapeName values.shape}, wanted {points.shape[0]} × {outputs} (one row per point, one column per component)"

            values

        /// For rows that say which component is meant, in their last column: one number per row.
        let chosen (θ: Tensor) (rows: Tensor) : Tensor =
            let index = rows.narrow(1L, int64 d, 1L).``to`` torch.ScalarType.Int64
            (evaluate θ (rows.narrow (1L, 0L, int64 d))).gather(1L, index).squeeze 1L

        let jacobian (θ: Tensor) (rows: Tensor) =
            Tensor.stack
                0L
                [
                    for i in 0 .. Tensor.rows rows - 1 ->
                        θ |> Diff.grad (fun θ -> (chosen θ (rows.narrow (0L, int64 i, 1L))).squeeze 0L)
                ]

        {
            Domain = domain
            Outputs = outputs
            ParameterCount = parameters
            Recipe = NetworkRecipe.Function(domain, parameters)
            Initial = initial
            Propagate = fun request θ points -> jet request (evaluate θ) points
            Linearise =
                fun θ points ->
                    let number = points.NewCount outputs

                    Tangent.Generic
                        {
                            Parameters = parameters
                            Points =
                                Tensor.concatenate
                                    1L
                                    [
                                        Tangent.repeated outputs points
                                        number.repeat_interleave(points.shape[0], 0L).unsqueeze 1L
                                    ]
                            Jacobian = jacobian θ
                            TransposeTimes = fun rows v -> θ |> Diff.grad (fun θ -> (chosen θ rows * v).sum())
                        }
        }
