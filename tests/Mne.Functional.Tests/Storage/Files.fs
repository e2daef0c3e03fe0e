/// Helpers of the tests of storage: files that are removed again, and a small solution to keep in them.
module Mne.Functional.Tests.Files

open System
open System.IO
open Expecto
open Mne.Functional

/// Runs the body with the path of a file that does not exist yet, in a folder that is removed afterwards.
let withFile (body: string -> unit) =
    let folder =
        Path.Combine(Path.GetTempPath(), $"mne-storage-{Environment.ProcessId}-{Guid.NewGuid():N}")

    try
        body (Path.Combine(folder, "file.h5"))
    finally
        if Directory.Exists folder then
            Directory.Delete(folder, true)

let circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]

let network = Network.create circle [ Layer.harmonics 2; Layer.dense 12 Sine ]

let sine (x: Tensor) : Tensor = x.squeeze(1L).sin()

let points = Collocation.grid circle 24

/// A fit that is good enough to evolve.
let start () =
    Regression.fit Run.quiet { Regression.defaults with Steps = 15 } network sine points

let options =
    { Evolution.defaults with
        Tolerance = 1e-5
        Regularisation = 1e-8
        Sketch = Sketch.Landmarks 20
    }

let equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

let probe = Random.uniform Placement.float64 9 [ 50; 1 ]

/// Every tensor of a solution, in order.
let bits (solution: Solution) =
    [
        for segment in solution.Trajectory.Segments do
            yield! segment.Coefficients
    ]

let same (actual: Solution) (expected: Solution) =
    Expect.equal actual.Trajectory.Records expected.Trajectory.Records "steps in numbers"
    Expect.equal actual.Outcome expected.Outcome "outcome"
    Expect.equal actual.Trajectory.Evaluations expected.Trajectory.Evaluations "evaluations"
    Expect.equal actual.Trajectory.Stop expected.Trajectory.Stop "end"
    Expect.equal (bits actual).Length (bits expected).Length "coefficients"
    List.iter2 (Check.identical "coefficients") (bits actual) (bits expected)
