namespace Mne.Functional

open TorchSharp

/// Whether a network has the derivatives that an equation reads. Automatic differentiation gives the second derivative of
/// |x| as 0 everywhere: nothing fails, and the solution is wrong.
[<RequireQualifiedAccess>]
module internal Smoothness =

    /// At most so many axes are looked at, so many lines along each, so many cells of each line.
    let private axes = 8

    let private lines = 4

    let private cells = 16

    /// The steps that lead from u to a derivative: a derivative, its slope along an axis, and the axis.
    let private steps (d: int) (derivative: Derivative) : (Derivative * Derivative * int) list =
        let along k n =
            [
                for m in 1..n ->
                    (if m = 1 then
                         Derivative.Value
                     else
                         Derivative.Partial(k, m - 1)),
                    Derivative.Partial(k, m),
                    k
            ]

        match derivative with
        | Derivative.Value -> []
        | Derivative.Partial(k, n) -> along k n
        | Derivative.Mixed(i, j) -> along i 1 @ [ Derivative.Partial(i, 1), Derivative.Mixed(i, j), j ]
        | Derivative.Laplacian ->
            [
                for k in 0 .. min axes d - 1 do
                    yield! along k 2
            ]

    let private moved (axis: int) (distance: float) (x: Tensor) : Tensor =
        let y = x.clone ()

        y.select(1L, int64 axis).AddInPlace(Tensor.scalar (Placement.ofTensor x) distance)
        |> ignore

        y

    /// The cells' beginnings on lines along an axis through some of the points, as far as the points reach; the cells' width.
    let private places (axis: int) (points: Tensor) : Tensor * float =
        Scope.keepAll (fun (x, _) -> [ x ]) (fun () ->
            let n, column = Tensor.rows points, points.select (1L, int64 axis)
            let low, high = Tensor.toFloat (column.min ()), Tensor.toFloat (column.max ())
            let width = (high - low) / float cells

            let through =
                Tensor.pick [| for i in 0 .. min lines n - 1 -> i * n / min lines n |] points

            let x = through.repeat_interleave (int64 cells, 0L)
            let first = Tensor.linspace (Placement.ofTensor x) low (high - width) cells
            x.select(1L, int64 axis).copy_(first.repeat (through.shape[0])) |> ignore
            x, width)

    /// A place where a derivative of u_θ jumps, and by how much. Every cell is halved again and again, towards the larger
    /// difference between the increase of the derivative and the integral of its slope (two Gauss points). That vanishes with
    /// the cell, however steep the function, unless a jump lies inside.
    let private jump (network: Network) (θ: Tensor) (points: Tensor) (below: Derivative, slope: Derivative, axis: int) =
        let at derivative (x: Tensor) =
            (Jet.get derivative (Network.jet (Set.singleton derivative) network θ x)).view(x.shape[0], -1L)

        let increase width (x: Tensor) =
            at below (moved axis width x) - at below x

        let defect width (x: Tensor) =
            Scope.keep (fun () ->
                let gauss =
                    [
                        for sign in [ -1.0; 1.0 ] -> at slope (moved axis (0.5 * width * (1.0 + sign / sqrt 3.0)) x)
                    ]

                (increase width x - 0.5 * width .* List.reduce (.+) gauss).abs().sum 1L)

        let start, width = places axis points
        // Down to where rounding of the places would be felt.
        let halvings =
            int (-0.5 * System.Math.Log2(Placement.epsilon (Placement.ofTensor points)))

        let largest (values: Tensor) = Tensor.toFloat (values.abs().max())

        let scale =
            Scope.free (fun () -> largest (at below start) + largest (increase width start))

        // Relative to the largest value on the way: round-off is no jump.
        let last, width, scale =
            ((start, width, scale), [ 1..halvings ])
            ||> List.fold (fun (x, width, scale) _ ->
                let half = 0.5 * width

                let next =
                    Scope.keep (fun () ->
                        let right = moved axis half x
                        torch.where ((defect half right).gt(defect half x).unsqueeze 1L, right, x))

                next, half, max scale (Scope.free (fun () -> largest (at below next))))

        let found = defect width last
        let worst = int (found.argmax().item<int64>())
        let size = Tensor.toFloat found[int64 worst]

        if size > 1e-4 * scale then
            Some(Tensor.toArray last[int64 worst], size)
        else
            None

    /// Raises `ArgumentException` where a derivative that is read does not exist: where u_θ has a jump or a kink, on a few lines
    /// through the points. Networks from layers are smooth; those given as a function need not be.
    let check (request: Set<Derivative>) (network: Network) (θ: Tensor) (points: Tensor) : unit =
        if
            network.Recipe.Parts
            |> List.exists (fun part -> part.IsFunction || part.IsPrescribed)
        then
            Scope.free (fun () ->
                for below, slope, axis in request |> Seq.collect (steps network.Domain.Dimension) |> Seq.distinct do
                    match Scope.free (fun () -> jump network θ points (below, slope, axis)) with
                    | None -> ()
                    | Some(place, size) ->
                        let x = place |> Array.map (fun v -> $"{v:G6}") |> String.concat ", "

                        Guard.fail
                            "network"
                            $"{Term.show (Term.Of below)} jumps by {size:G3} at x = ({x}), so that {Term.show (Term.Of slope)}, which the equation reads, does not exist there; build the function from smooth ones, such as tanh or swish in place of relu or abs")
