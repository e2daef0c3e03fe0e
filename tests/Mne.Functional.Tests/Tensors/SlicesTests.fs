module Mne.Functional.Tests.SlicesTests

open Expecto
open FsCheck
open Mne.Functional

[<Tests>]
let tests =
    testList
        "Slices"
        [
            Check.property "a slice of a tensor is that of the array, rows and columns alike"
            <| fun (PositiveInt rows) (PositiveInt columns) (a: uint8) (b: uint8) (c: uint8) (d: uint8) ->
                let rows, columns = 1 + rows % 6, 1 + columns % 6
                let array = Array2D.init rows columns (fun i j -> float (10 * i + j))
                let x = Tensor.ofArray2D Placement.float64 array

                let between n (p: uint8) (q: uint8) =
                    min (int p % n) (int q % n), max (int p % n) (int q % n)

                let top, bottom = between rows a b
                let left, right = between columns c d

                Scope.free (fun () ->
                    Expect.equal (Tensor.toArray x[*, right]) array[*, right] "a column"
                    Expect.equal (Tensor.toArray x[top, *]) array[top, *] "a row"
                    Expect.equal (Tensor.toArray x[top..bottom, left]) array[top..bottom, left] "part of a column"
                    Expect.equal (Tensor.toArray x[bottom, left..]) array[bottom, left..] "part of a row"

                    Expect.equal
                        (Tensor.toArray2D x[top..bottom, left..right])
                        array[top..bottom, left..right]
                        "a block"

                    Expect.equal (Tensor.toArray2D x[..bottom]) array[..bottom, *] "rows")

                x.Dispose()

            Check.scoped "slices share numbers, and derivatives go through them"
            <| fun () ->
                let x = Tensor.ofRows Placement.float64 [ [ 1.0; 2.0 ]; [ 3.0; 4.0 ] ]
                x[*, 1].FillInPlace 7.0 |> ignore
                Expect.equal (Tensor.toArray x) [| 1.0; 7.0; 3.0; 7.0 |] "shared"

                let gradient =
                    Diff.grad (fun x -> x[*, 0].square() + 2.0 * x[*, 1]) x |> Tensor.toArray2D

                Expect.equal gradient (array2D [ [ 2.0; 2.0 ]; [ 6.0; 2.0 ] ]) "gradient"

            Check.scoped "what is not there is refused with what is"
            <| fun () ->
                let x = Tensor.zeros Placement.float64 [ 3; 2 ]
                Check.refuses [ "slice"; "found the index 2"; "0 to 1"; "2 columns" ] (fun () -> x[*, 2] |> ignore)
                Check.refuses [ "found the index -1" ] (fun () -> x[-1, *] |> ignore)
                Check.refuses [ "found 1..3"; "3 rows" ] (fun () -> x[1..3] |> ignore)
                Check.refuses [ "2 dimensions"; "shape 3" ] (fun () -> x[*, 0][*, 0] |> ignore)
        ]
