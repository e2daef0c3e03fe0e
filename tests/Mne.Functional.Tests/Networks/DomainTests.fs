module Mne.Functional.Tests.DomainTests

open Expecto
open Mne.Functional

[<Tests>]
let tests =
    testList
        "Domain"
        [
            test "dimension and bounds" {
                Expect.equal (Domain.euclidean 3).Dimension 3 "euclidean"
                Expect.equal (Domain.bounds (Domain.periodic [ 0.0, 1.0; -2.0, 3.0 ])) [ 0.0, 1.0; -2.0, 3.0 ] "torus"
                Expect.equal (Domain.bounds (Domain.box [ -1.0, 1.0 ])) [ -1.0, 1.0 ] "box"

                let mixed =
                    [
                        Coordinate.Real
                        Coordinate.Periodic(0.0, 1.0)
                        Coordinate.Interval(2.0, 4.0)
                    ]

                Expect.equal (Domain.create mixed).Coordinates mixed "any mix"
            }
            test "an unbounded domain has no bounds" {
                Check.refuses [ "domain"; "coordinate 1 is unbounded" ] (fun () ->
                    Domain.create [ Coordinate.Interval(0.0, 1.0); Coordinate.Real ]
                    |> Domain.bounds
                    |> ignore)
            }
        ]
