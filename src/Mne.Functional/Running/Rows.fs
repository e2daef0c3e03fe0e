namespace Mne.Functional

/// Consecutive rows of a batch.
type internal Piece =
    {
        /// Which piece it is, counted from 0.
        Index: int
        /// The first of its rows.
        Start: int
        /// How many rows it has.
        Length: int
    }

/// Work on many rows, some of them at a time: the one place where rows are cut into pieces, so that memory for
/// intermediates is bounded whatever the number of rows. Each piece has a scope of its own.
[<RequireQualifiedAccess>]
module internal Rows =

    /// `rows` rows in pieces of `size`, of which the last may be shorter.
    let pieces (size: int) (rows: int) : Piece list =
        Guard.atLeast "size" 1 size

        [
            for start in 0..size .. rows - 1 ->
                {
                    Index = start / size
                    Start = start
                    Length = min size (rows - start)
                }
        ]

    /// How many rows of `perRow` numbers each are `numbers` numbers; at least one.
    let within (numbers: int) (perRow: int) = max 1 (numbers / max 1 perRow)

    /// How many numbers to work on at a time where those of `tensor` are: so many on the processor, whose cache should hold them, and 64
    /// times as many on a device, which small pieces would leave idle.
    let numbers (onProcessor: int) (tensor: Tensor) : int =
        if tensor.device_type = TorchSharp.DeviceType.CUDA then
            64 * onProcessor
        else
            onProcessor

    /// This rank's part of the rows: as many as those of others, to one.
    let own (communicator: Communicator) (rows: int) : Piece =
        let first rank =
            int (int64 rank * int64 rows / int64 communicator.Size)

        {
            Index = communicator.Rank
            Start = first communicator.Rank
            Length = first (communicator.Rank + 1) - first communicator.Rank
        }

    /// The rows of a piece.
    let narrow (piece: Piece) (tensor: Tensor) : Tensor =
        tensor.narrow (0L, int64 piece.Start, int64 piece.Length)

    /// What `make` makes of each piece, in order; of the tensors made on the way only those that `survivors` lists are left.
    let each (survivors: 'a -> Tensor list) (make: Piece -> 'a) (pieces: Piece list) : 'a list =
        [ for piece in pieces -> Scope.keepAll survivors (fun () -> make piece) ]

    /// The results of all pieces, one after the other along a dimension; that of a single piece is not copied.
    let join (dimension: int64) (parts: Tensor list) : Tensor =
        match parts with
        | [ one ] -> one
        | several -> Tensor.concatenate dimension several

    /// `make` of each piece, one after the other along a dimension.
    let map (dimension: int64) (make: Piece -> Tensor) (pieces: Piece list) : Tensor =
        Scope.keep (fun () -> pieces |> each List.singleton make |> join dimension)

    /// What `make` makes of each piece, one after the other: several tensors, in which every row has one of the `shapes`. Of several ranks each makes some
    /// of the pieces, and all of them have all; what is made of a piece does not depend on who makes it. Call it inside a scope.
    let shared
        (run: Run)
        (like: Tensor)
        (shapes: int list list)
        (rows: int)
        (make: Piece -> Tensor list)
        : Tensor list =
        let ranks = run.Communicator
        let pieces = pieces run.Rows rows

        if ranks.Size = 1 then
            pieces |> each id make |> List.transpose |> List.map (join 0L)
        else
            let whole =
                [
                    for shape in shapes -> Tensor.zeros (Placement.ofTensor like) (rows :: shape)
                ]

            let part () =
                for piece in pieces do
                    if piece.Index % ranks.Size = ranks.Rank then
                        Scope.free (fun () ->
                            for result, made in List.zip whole (make piece) do
                                (narrow piece result).copy_ made |> ignore)

                (), [||]

            let asked () =
                run.Cancellation.IsCancellationRequested

            match Communicator.together ranks asked (fun _ -> None) 0 part with
            | Joint.Stopped -> raise (System.OperationCanceledException run.Cancellation)
            | Joint.Done _
            | Joint.Refused _ -> Communicator.sumAll ranks whole

    /// Writes `make` of each piece into its rows of `result`: for results so large that the pieces should not be held
    /// beside them, as `map` does.
    let fill (result: Tensor) (make: Piece -> Tensor) (pieces: Piece list) : unit =
        for piece in pieces do
            Scope.free (fun () -> (narrow piece result).copy_(make piece) |> ignore)
