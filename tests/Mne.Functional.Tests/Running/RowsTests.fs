module Mne.Functional.Tests.RowsTests

open Expecto
open FsCheck
open Mne.Functional

[<Tests>]
let tests =
    testList
        "Rows"
        [
            Check.property
                "pieces have every row once and in order, and only the last is shorter"
                (fun (PositiveInt size) (NonNegativeInt rows) ->
                    let pieces = Rows.pieces size rows

                    let covered =
                        pieces
                        |> List.collect (fun piece -> [ piece.Start .. piece.Start + piece.Length - 1 ])

                    Expect.equal covered [ 0 .. rows - 1 ] "rows"
                    Expect.equal (pieces |> List.map _.Index) [ 0 .. pieces.Length - 1 ] "numbers"

                    for piece in pieces do
                        if piece.Index < pieces.Length - 1 then
                            Expect.equal piece.Length size "full"
                        else
                            Expect.isTrue (piece.Length >= 1 && piece.Length <= size) "last")

            test "pieces without rows are refused" {
                Check.refuses [ "size"; "found 0"; "at least 1" ] (fun () -> Rows.pieces 0 3 |> ignore)
            }

            test "as many rows as the numbers allow, and one at least" {
                Expect.equal (Rows.within 100 7) 14 "14 rows of 7 are 98"
                Expect.equal (Rows.within 100 101) 1 "one row is too much already"
                Expect.equal (Rows.within 100 0) 100 "rows of nothing"
            }

            Check.scoped "in pieces as in one, along either dimension, and in place" (fun () ->
                let x = Check.normal 1 [ 10; 3 ]

                for size in [ 1; 3; 5; 10; 20 ] do
                    let pieces = Rows.pieces size 10
                    let exponential piece : Tensor = (Rows.narrow piece x).exp()
                    Check.identical "below each other" (Rows.map 0L exponential pieces) (x.exp ())

                    Check.identical
                        "side by side"
                        (Rows.map 1L (fun piece -> (exponential piece).t()) pieces)
                        (x.exp().t())

                    let result = x.new_zeros (10L, 3L)
                    Rows.fill result exponential pieces
                    Check.identical "in place" result (x.exp ())

                    let parts =
                        pieces
                        |> Rows.each (fun (_, a: Tensor, b: Tensor) -> [ a; b ]) (fun piece ->
                            piece.Index, exponential piece, (exponential piece).sum 1L)

                    Expect.equal [ for index, _, _ in parts -> index ] [ 0 .. pieces.Length - 1 ] "each"
                    Check.identical "first" (Rows.join 0L [ for _, a, _ in parts -> a ]) (x.exp ())
                    Check.identical "second" (Rows.join 0L [ for _, _, b in parts -> b ]) (x.exp().sum 1L))

            Check.scoped "nothing is left but the result" (fun () ->
                let x, result = Check.normal 1 [ 10; 3 ], Check.normal 2 [ 10; 3 ]
                let twice piece : Tensor = (Rows.narrow piece x).exp().exp()

                for size in [ 3; 10 ] do
                    let pieces = Rows.pieces size 10
                    Assert.frees (fun () -> (Rows.map 0L twice pieces).Dispose())
                    Assert.frees (fun () -> Rows.fill result twice pieces))
        ]
