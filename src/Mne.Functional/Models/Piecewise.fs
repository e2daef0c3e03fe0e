namespace Mne.Functional

open System.Collections.Generic
open TorchSharp

/// A function whose rows depend on the same rows of its argument alone, points (N × d) ↦ (N), and how many rows are worked on at a time.
type internal RowFunction =
    {
        OfRows: Tensor -> Tensor
        AtATime: int
    }

    member this.Pieces(points: Tensor) =
        Rows.pieces this.AtATime (Tensor.rows points)

    /// The rows of a piece as a variable of its own, and the slopes there (n × d); with `graph` they can be differentiated again.
    member this.Slopes (graph: bool) (points: Tensor) : Tensor * Tensor =
        use _ = torch.enable_grad ()
        let variable = points.detach().requires_grad_ true
        let total = (this.OfRows variable).sum()

        let slopes =
            torch.autograd.grad ([| total |], [| variable |], retain_graph = graph, create_graph = graph)

        variable, slopes[0]

/// v ∇f of the rows, where v (N) is what a row's value counts.
type internal PiecewiseSlopes() =
    inherit torch.autograd.SingleTensorFunction<PiecewiseSlopes>()

    override _.Name = "PiecewiseSlopes"

    override _.forward(context, arguments) =
        let f, points, v =
            arguments[0] :?> RowFunction, arguments[1] :?> Tensor, arguments[2] :?> Tensor

        context.save_for_backward (List [ points; v ])
        context.save_data ("function", f)
        use _ = torch.no_grad ()

        f.Pieces points
        |> Rows.map 0L (fun piece ->
            snd (f.Slopes false (Rows.narrow piece points))
            * (Rows.narrow piece v).unsqueeze 1L)

    /// For u (N × d): v ∇(u · ∇f), and u · ∇f.
    override _.backward(context, u) =
        let saved, f =
            context.get_saved_variables (), context.get_data "function" :?> RowFunction

        let points, v = saved[0], saved[1]

        let parts =
            f.Pieces points
            |> Rows.each (fun (second, first) -> [ second; first ]) (fun piece ->
                let variable, slopes = f.Slopes true (Rows.narrow piece points)
                use _ = torch.enable_grad ()
                let along = (slopes * (Rows.narrow piece u).detach()).sum 1L

                let second =
                    if along.requires_grad then
                        torch.autograd.grad(
                            [| (along * (Rows.narrow piece v).detach()).sum() |],
                            [| variable |],
                            allow_unused = true
                        )[0]
                    else
                        Unchecked.defaultof<Tensor>

                // A function that is linear has none.
                (if isNull (box second) then
                     torch.zeros_like (variable.detach ())
                 else
                     second),
                along.detach ())

        List
            [
                Unchecked.defaultof<Tensor>
                Tensor.concatenate 0L (List.map fst parts)
                Tensor.concatenate 0L (List.map snd parts)
            ]

/// The values of the rows.
type internal PiecewiseValues() =
    inherit torch.autograd.SingleTensorFunction<PiecewiseValues>()

    override _.Name = "PiecewiseValues"

    override _.forward(context, arguments) =
        let f, points = arguments[0] :?> RowFunction, arguments[1] :?> Tensor
        context.save_for_backward (List [ points ])
        context.save_data ("function", f)
        use _ = torch.no_grad ()

        f.Pieces points |> Rows.map 0L (fun piece -> f.OfRows(Rows.narrow piece points))

    override _.backward(context, v) =
        let points = context.get_saved_variables()[0]

        List
            [
                Unchecked.defaultof<Tensor>
                PiecewiseSlopes.apply (context.get_data "function", points, v)
            ]

/// Functions of many rows in bounded memory, derivatives included.
[<RequireQualifiedAccess>]
module internal Piecewise =

    /// How many numbers a tensor of a piece should have: few enough that what is made of it stays near the processor.
    let private numbers = 1 <<< 18

    /// f, so many rows at a time that its tensors of `perRow` numbers for each row stay small. Nothing is kept for derivatives, for which a piece is evaluated again;
    /// they can be taken twice.
    let evaluate (perRow: int) (f: Tensor -> Tensor) (points: Tensor) : Tensor =
        let rows = Rows.within (Rows.numbers numbers points) perRow

        if Tensor.rows points <= rows then
            f points
        else
            PiecewiseValues.apply ({ OfRows = f; AtATime = rows }, points)
