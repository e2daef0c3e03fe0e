(**
---
title: Save and resume
category: Guide
categoryindex: 1
index: 9
---

# Save and resume

Solutions, samplers and draws are written to HDF5 files with named datasets and attributes, and reopened to the same bits.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
let folder = System.IO.Directory.CreateTempSubdirectory "mne-docs"

let file name =
    System.IO.Path.Combine(folder.FullName, name)
(** *)
open System
open System.IO
open Mne.Functional

let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine ]
let points = Collocation.grid circle 48
let equation = 0.1 * Term.laplacian + Term.value - Term.pown 3 Term.value

let start =
    Regression.fit Run.quiet { Regression.defaults with Steps = 40 } network (fun x -> 0.5 * x.squeeze(1L).sin()) points

let solution =
    Evolution.solve
        Run.quiet
        { Evolution.defaults with
            Tolerance = 1e-5
        }
        equation
        network
        points
        start
        (0.0, 1.0)

let saved =
    solution |> Storage.saveSolution (file "solution.h5") "a front on a circle"

let again = Storage.openSolution saved
let x = Tensor.ofRows Placement.float64 [ [ 1.0 ]; [ 2.0 ] ]
let before, after = Solution.evaluate 0.5 x solution, Solution.evaluate 0.5 x again

printfn $"the same bits: {Tensor.toArray before = Tensor.toArray after}"
(*** include-output ***)

(**
The file has the network's recipe, the equation as text, every option with its name, the version of the library, and your words
about the problem. In Python:

    import h5py
    f = h5py.File("solution.h5")
    f.attrs["problem"], f["equation"].attrs["rightHandSide"], f["options"].attrs["Tolerance"]
    f["trajectory/time"][:], f["trajectory/parameters"][:, 0]      # θ at the beginning of every step

Functions cannot be kept. A sampler is reopened with its target and process given again, and both are compared with what the file
knows of them:

    sampler |> Storage.saveSampler "ring.h5" "a ring of radius 2"
    let again = Storage.openSampler Process.ornsteinUhlenbeck ring "ring.h5"    // draws as before

So is a posterior, of which the formula is given again; it says what it said, and goes on drawing:

    posterior |> Storage.savePosterior "posterior.h5" "eight schools"
    let again = Storage.openPosterior target "posterior.h5"

A network by `Network.ofFunction` is given to `Storage.openSolutionWith`, and its values are compared with some in the file.

A file is written whole or not at all: readers, other writers and a kill at any moment find the old one or the new one. It ends in a seal,
the SHA-256 of all bytes before it, which is checked before anything of it is used. A file that was cut short, overwritten or changed,
by h5py too, raises `DamagedFileException`, which says what is wrong with it.

## Checkpoints

A run with a checkpoint can be killed at any moment. It goes on from the last file to the bits that it would have had; the file is
replaced at once and whole. Where it cannot be written (a full disk, a folder that is read-only), a line on standard error says so, the
run goes on, and the next interval tries again; `Checkpoint.everyOr` hands what went wrong to a function of yours. Functions in the
equation are given again, and their values compared with those in the file.
*)

let checkpoint = file "run.h5"

let solveOrResume () =
    let options =
        { Evolution.defaults with
            Tolerance = 1e-5
            Checkpoint = Checkpoint.every (CheckpointInterval.Steps 5) checkpoint // or Elapsed (TimeSpan.FromMinutes 5.0)
        }

    if File.Exists checkpoint then
        Checkpoint.read checkpoint |> Evolution.resume Run.quiet options equation
    else
        Evolution.solve Run.quiet options equation network points start (0.0, 1.0)

let first = solveOrResume ()
let resumed = solveOrResume () // takes up the checkpoint that the first run has left
let one, other = Solution.evaluate 1.0 x first, Solution.evaluate 1.0 x resumed

printfn $"the same bits: {Tensor.toArray one = Tensor.toArray other}"
(*** include-output ***)

(**
Fits have them too: `Regression.defaults.Checkpoint`, `Checkpoint.everyFit`, and `Checkpoint.readFit "fit.h5" |> Regression.resume …`, which is given
network, function and points again. `Sampler.resumeFit` goes on with a sampler from there.
*)

(**
## For other programs

`Export.csv` writes draws as text, every number with all its digits; `Export.namedCsv` does so for draws with names, `Export.solutionCsv` for a solution;
`Export.npy` writes any tensor for `numpy.load`. The same tables are written as Arrow files, in about a third of the time, by functions with `arrow` in place of `csv`:
*)

solution |> Export.solutionArrow (file "front.arrow") [ 0.0; 0.5; 1.0 ] x |> ignore

(**
Such a file (Arrow's IPC file format, which is Feather version 2) has columns of float64 under the names that the text has, without nulls: NaN stays NaN. It is read to the
same bits, piece by piece if it is long:

| Where | How |
|---|---|
| pandas | `pandas.read_feather("front.arrow")` |
| polars | `polars.read_ipc("front.arrow")` |
| DuckDB, in Python | `table = pyarrow.feather.read_table("front.arrow")`, then `duckdb.sql("SELECT t, avg(u) FROM table GROUP BY t")` |
| R | `arrow::read_feather("front.arrow")` |
| Julia | `DataFrame(Arrow.Table("front.arrow"))` |

The metadata of its schema say which version of the library wrote it. Weighted draws bring a column `logWeight`, log-weights up to a constant: weigh by
exp(logWeight − max), or resample before (`NamedDraws.resample`).
*)
(*** hide ***)
folder.Delete true
