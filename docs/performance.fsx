(**
---
title: Performance
category: Guide
categoryindex: 1
index: 8
---

# Performance

With N points, s landmarks, p parameters and layers of width m, one evaluation of the vector field costs

| part | operations | memory |
|---|---|---|
| values and derivatives at the points | N × p per derivative channel | bounded, whatever N |
| the kernel K (N × s) | N × s × m per layer, not N × s × p | N × s |
| factorisation | N s² + s³ | s² |

The tangent J (N × p) is never formed, so parameters are cheap. What to turn:

* `Sketch`: from `Sketch.Exact` (N³) to N s² with `Sketch.Landmarks s`; `Sketch.Adaptive 2.0` takes s from the effective rank of the
  kernel, at the start and wherever points are drawn anew.
* `Regularisation` λ: a small λ makes the equation stiff and the steps short. Ten times more λ can halve the evaluations.
* `Tolerance`: errors are measured in function space, so 1e-4 means four digits of u.
* `{ run with Placement = Placement.float32 }`: half the memory, about half the time; λ no smaller than about 1e-6.
* `{ run with Rows = 1000 }`: fewer draws are carried back together, in less memory. A sampler's options are nested by stage, so that these
  are its `Evolve.Sketch`, `Evolve.Regularisation` and `Evolve.Tolerance`.
* Threads: libtorch takes all cores, and its threads spin while they wait for each other: beside another program, a sampler with two threads took five
  to eight times as long as with one. For several runs at once, and for small problems (up to about 1,000 points), set OMP_NUM_THREADS to 1 before
  they start: four modes in the plane took 16 to 18 s with two threads and 11 to 12 s with one on an idle machine of two cores.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
(** *)
open System
open Mne.Functional

let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let network =
    Network.create circle [ Layer.harmonics 3; Layer.dense 32 Sine; Layer.dense 32 Sine ]

let points = Collocation.grid circle 256
let equation = 5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value

let start =
    Regression.fit Run.quiet { Regression.defaults with Steps = 25 } network (fun x -> 0.8 * x.squeeze(1L).sin()) points

(** How λ and the sketch trade evaluations for accuracy, here over a short time: *)

for name, options in
    [
        "exact, λ = 1e-10",
        { Evolution.defaults with
            Regularisation = 1e-10
        }
        "exact, λ = 1e-6",
        { Evolution.defaults with
            Regularisation = 1e-6
        }
        "48 landmarks, λ = 1e-10",
        { Evolution.defaults with
            Regularisation = 1e-10
            Sketch = Sketch.Landmarks 48
        }
        "adaptive, λ = 1e-10",
        { Evolution.defaults with
            Regularisation = 1e-10
            Sketch = Sketch.Adaptive 1.5
        }
    ] do
    use solution =
        Evolution.solve Run.quiet { options with Tolerance = 1e-5 } equation network points start (0.0, 0.2)

    let last = Array.last (Solution.steps solution)
    printfn $"{name, -24} {last.Evaluations, 4} evaluations, residual {last.Note.Residual:E1}, between the points {last.Note.FreshResidual:E1}"
(*** include-output ***)

(**
## On a GPU

Measured on one NVIDIA H200 with libtorch 2.11 for CUDA 13, and on the 16 processor cores beside it, by
`tests/Mne.Functional.DeviceCheck` (how to run it: [many machines](machines.html)); milliseconds, the median of 7 runs on the card and one
run on the processor, for a network of 4 coordinates and three layers of width 256, N = 32,000 points, s = 512 landmarks:

| | H200, float64 | H200, float32 | 16 cores, float64 | 16 cores, float32 |
|---|---|---|---|---|
| jet with Laplacian | 4.2 | 3.3 | 262 | 199 |
| kernel block N × s | 2.2 | 1.9 | 206 | 89 |
| θ̇ of least norm, kernel block included | 6.4 | 5.8 | 252 | 128 |
| one evaluation of the vector field | 13.3 | 10.3 | 726 | 327 |
| libtorch's product of 32,000 × 256 and 256 × 512 | 0.20 | 0.21 | 30 | 7.1 |
| libtorch's product of two 8,192 × 8,192 matrices (Tflop/s) | 56 | 51 | | |

The product of two matrices takes as long from Python's torch on the same card (19.4 and 21.8 ms, 57 and 50 Tflop/s). In double precision the
kernel block runs at 23 Tflop/s, half of what the small product reaches: it reads and writes the N × s block once for every layer. In single
precision the card's ordinary units are no faster than its matrix units are in double precision, so float32 saves memory there and little time.
What is computed is the same: kernels, derivatives and the evolution of Allen and Cahn's equation in the plane agree with the processor to
1e-16, 6e-16 and 6e-11 in float64, and to 1e-7, 6e-7 and 1e-4 in float32; so do points that move or are drawn anew, networks by autograd and files
(1e-13), and samplers, by the flow, the reverse SDE and annealed draws, are right within their errors. Small problems gain nothing on a card.

The [times of the problems](measured.html) are measured by the scripts that are named there; `tests/Mne.Functional.Benchmarks` measures the
kernel block by block.
*)
