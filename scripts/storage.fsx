// A solution and draws written to HDF5, reopened here to the same bits, and read by h5py where Python has it.
//     dotnet fsi scripts/storage.fsx
#load "shared.fsx"

open System
open System.Diagnostics
open Mne.Functional
open Mne.Functional.Reporting

let run = Terminal.run ()
let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 24 Sine ]
let points = Collocation.grid circle 64
let equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

let start =
    Regression.fit run { Regression.defaults with Steps = 40 } network (fun x -> 0.5 * x.squeeze(1L).sin()) points

let solution =
    Evolution.solve
        run
        { Evolution.defaults with
            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 10) (output "storage-checkpoint.h5")
        }
        equation
        network
        points
        start
        (0.0, 2.0)

let sampler =
    Density.gaussianMixture [ 0.5, [ -1.0; 0.0 ], 0.7; 0.5, [ 1.0; 0.0 ], 0.7 ]
    |> Sampler.evolve
        run
        { Sampler.defaults with
            Cover.Points = Some 200
            Cover.FitPoints = 200
            Evolve.Sketch = Sketch.Landmarks 100
            Evolve.Regularisation = 1e-6
        }
        Process.ornsteinUhlenbeck

let draws = sampler |> Sampler.draw run 500

let solutionFile =
    solution
    |> Storage.saveSolution (output "storage-solution.h5") "Allen–Cahn on a circle"

let drawsFile =
    draws |> Storage.saveDraws (output "storage-draws.h5") "two Gaussian modes"

let npyFile = draws.Points |> Export.npy (output "storage-points.npy")

// Reopened: the same bits?
let reopened = Storage.openSolution solutionFile
let grid = Collocation.points Placement.float64 0 (Collocation.grid circle 200)

let differences =
    [
        for t in 0.0..0.125..2.0 do
            let one, other =
                Solution.evaluate t grid solution, Solution.evaluate t grid reopened

            if Tensor.toArray one <> Tensor.toArray other then
                t
    ]

printfn $"solution: {solutionFile}"
printfn $"draws: {drawsFile}"
printfn $"reopened, u differs at {differences.Length} of 17 times"

// The other side: h5py and NumPy look at the same files, and compute u's mean square from θ at a step by themselves.
let python =
    $"""
import h5py, json, numpy
with h5py.File(r'{solutionFile}') as f:
    print('h5py:', dict(f.attrs)['problem'], '|', f['equation'].attrs['rightHandSide'], '| tolerance', f['options'].attrs['Tolerance'])
    f.visititems(lambda name, item: print('h5py:   ', name, item.shape) if hasattr(item, 'shape') else None)
    theta = f['trajectory/parameters'][0, 0]
    json.loads(f['network'].attrs['recipe'])
    print('norm', repr(float(numpy.sqrt((theta ** 2).sum()))))
with h5py.File(r'{drawsFile}') as f:
    assert (f['points'][:] == numpy.load(r'{npyFile}')).all()
    w = f['logWeights'][:]
    print('h5py: draws', f['points'].shape, 'log Z', numpy.log(numpy.mean(numpy.exp(w - w.max()))) + w.max())
"""

let interpreters = [ "python3"; "/usr/bin/python3" ]

let runWith (interpreter: string) =
    try
        let start =
            ProcessStartInfo(
                interpreter,
                [| "-c"; python |],
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        use p = Process.Start start
        let text = p.StandardOutput.ReadToEnd()
        p.WaitForExit()
        if p.ExitCode = 0 then Some text else None
    with :? ComponentModel.Win32Exception ->
        None

let normError =
    match List.tryPick runWith interpreters with
    | None ->
        printfn "No Python with h5py here: that side is not checked."
        nan
    | Some text ->
        let said = text.Split '\n'

        for line in said do
            if line.StartsWith "h5py:" then
                printfn $"{line}"

        let found =
            said |> Array.find _.StartsWith("norm ") |> fun line -> float (line.Substring 5)

        let θ = Solution.parameters 0.0 solution
        abs (found / Tensor.toFloat (θ.norm ()) - 1.0)

let axis = Tensor.toArray (grid.squeeze 1L)

let chart =
    Chart.lines
        [
            Series.line "solved" axis (Tensor.toArray (Solution.evaluate 2.0 grid solution))
            Series.dashed "reopened" axis (Tensor.toArray (Solution.evaluate 2.0 grid reopened))
        ]
    |> Chart.axes "x" "u(x, 2)"

Page.create "Allen–Cahn on a circle at t = 2, solved and reopened from a file" "" [ chart ]
|> picture "storage"

printResult
    [
        "timesThatDiffer", float differences.Length
        "h5pyNormError", normError
        "bytes", float (IO.FileInfo solutionFile).Length
    ]
