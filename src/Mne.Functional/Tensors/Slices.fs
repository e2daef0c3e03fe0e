namespace Mne.Functional

/// <summary>
/// Rows and columns in F#'s notation for slices: <c>x[*, 0]</c> is the first column (N), <c>x[*, 1..2]</c> two columns (N × 2),
/// <c>x[3, *]</c> a row (d), <c>x[..9, *]</c> or <c>x[..9]</c> the first ten rows. Ends are included, as everywhere in F#. A slice shares the numbers
/// of the tensor that it is of, and derivatives go through it.
/// </summary>
/// <example><code>
/// let banana = Density.ofEnergy 2 (fun x -&gt; 0.5 * (x[*, 0].square () + 10.0 * (x[*, 1] - x[*, 0].square ()).square ()))
/// </code></example>
[<AutoOpen>]
module Slices =

    let private dimension (needed: int) (x: Tensor) =
        if int (x.dim ()) < needed then
            let shape = x.shape |> Seq.map string |> String.concat " × "

            Guard.fail
                "slice"
                $"found a slice of {needed} dimensions, but a tensor of the shape {shape}; wanted a slice of as many dimensions, or fewer"

    let private one (along: int) (index: int) (x: Tensor) =
        let length = int x.shape[along]

        if index < 0 || index >= length then
            let what = if along = 0 then "rows" else "columns"
            Guard.fail "slice" $"found the index {index}, wanted 0 to {length - 1}, since there are {length} {what}"

        x.select (int64 along, int64 index)

    let private several (along: int) (first: int option) (last: int option) (x: Tensor) =
        let length = int x.shape[along]
        let first = first |> Option.defaultValue 0
        let last = last |> Option.defaultValue (length - 1)

        if first < 0 || last >= length || last < first - 1 then
            let what = if along = 0 then "rows" else "columns"

            Guard.fail
                "slice"
                $"found {first}..{last}, wanted a part of 0..{length - 1}, since there are {length} {what}"

        x.narrow (int64 along, int64 first, int64 (last - first + 1))

    type TorchSharp.torch.Tensor with

        /// <summary>Rows <c>first</c> to <c>last</c>: <c>x[first..last]</c>.</summary>
        /// <exception cref="T:System.ArgumentException">There are no such rows.</exception>
        member x.GetSlice(first: int option, last: int option) : Tensor =
            dimension 1 x
            several 0 first last x

        /// <summary>A column of rows <c>first</c> to <c>last</c>: <c>x[first..last, column]</c>.</summary>
        /// <exception cref="T:System.ArgumentException">There are no such rows, or no such column.</exception>
        member x.GetSlice(first: int option, last: int option, column: int) : Tensor =
            dimension 2 x
            several 0 first last x |> one 1 column

        /// <summary>Columns <c>first</c> to <c>last</c> of a row: <c>x[row, first..last]</c>.</summary>
        /// <exception cref="T:System.ArgumentException">There is no such row, or there are no such columns.</exception>
        member x.GetSlice(row: int, first: int option, last: int option) : Tensor =
            dimension 2 x
            several 1 first last x |> one 0 row

        /// <summary>A block: <c>x[firstRow..lastRow, firstColumn..lastColumn]</c>.</summary>
        /// <exception cref="T:System.ArgumentException">There are no such rows, or no such columns.</exception>
        member x.GetSlice
            (firstRow: int option, lastRow: int option, firstColumn: int option, lastColumn: int option)
            : Tensor =
            dimension 2 x
            several 0 firstRow lastRow x |> several 1 firstColumn lastColumn
