(**
---
title: Trust and weights
category: Guide
categoryindex: 1
index: 6
---

# Trust and weights

Every draw comes with log q, the exact log-density that the flow gave it, and the weight w = e^{−V} / q. The mean of w is an unbiased
estimate of Z, whatever the error of the network, as long as q covers ρ.
*)
(*** hide ***)
#load "../scripts/load.fsx"
(** *)
open Mne.Functional

let modes = [ 0.6, [ 1.2; 0.0 ], 0.6; 0.4, [ -1.2; 0.0 ], 0.6 ]

let target = Density.gaussianMixture modes

let options =
    { Sampler.defaults with
        Cover.Start = Start.Cloud(2.0, 2.0)
        Cover.Points = Some 300
        Cover.FitPoints = 300
        Fit.Steps = 40
        Evolve.Sketch = Sketch.Landmarks 150
        Evolve.Regularisation = 1e-6
        Draw.Tolerance = 1e-4
    }

let sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck target
let draws = sampler |> Sampler.draw Run.quiet 2000

let ess = Importance.efficiency draws
let logZ = Importance.logNormaliser draws

printfn $"efficiency   {ess.Value:F3} ± {ess.StandardError:F3}   (1: every weight is the same)"
printfn $"log Z        {logZ.Value:F4} ± {logZ.StandardError:F4}   (exactly 0)"
printfn $"ELBO         {Importance.evidenceLowerBound draws:F4}   (log Z less KL(q | ρ))"
printfn $"k̂            {Importance.paretoShape draws:F2}   (below 0.7: estimates converge usefully)"
(*** include-output ***)

(**
## What draws cannot know

Weights of draws say nothing about a mode that no draw reaches. `Report.ofSampler` searches for mass that the sampler misses, looks
at the tails of the energy, and says in words what speaks against the result and what to do:
*)

sampler
|> Report.ofSampler Run.quiet { Report.defaults with Count = 500 }
|> Report.show
|> printfn "%s"
(*** include-output ***)

(**
`Report.ofConditional` and `Report.ofMarginal` say the same of conditional densities and of draws in two stages.

Where exact samples of the target exist, as in tests, `Importance.forwardEfficiency` sees missed modes for certain.

## For an evolution equation

`Solution.steps` has for every step the relative residual |Jθ̇ − f| / |f|, how well the equation is satisfied at the points, and the
effective rank of the kernel; a sampler's are those of `sampler.Energy.Solution`. A residual that grows says that the network, the points or the sketch no longer suffice.
`Evolution.trySolve` gives what was reached and why it ended, with one sentence of advice.
*)

let worst =
    Solution.steps sampler.Energy.Solution |> Array.map _.Note.Residual |> Array.max

printfn $"largest residual of the evolution {worst:E1}"
(*** include-output ***)
