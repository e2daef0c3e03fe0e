(**
---
title: Trust and weights
category: Guide
categoryindex: 1
index: 7
---

# Trust and weights

Every draw comes with log q, the exact log-density that the flow gave it, and the weight w = e^{−V} / q. The mean of w is an unbiased
estimate of Z, whatever the error of the network, as long as q covers ρ.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
(** *)
open Mne.Functional

let modes = [ 0.6, [ 1.2; 0.0 ], 0.6; 0.4, [ -1.2; 0.0 ], 0.6 ]

let target = Density.gaussianMixture modes

let options =
    { Sampler.defaults with
        Cover.Start = Start.Cloud(2.0, 2.0)
        Cover.Points = Some 300
        Cover.FitPoints = 300
        Cover.Refreshes = 12
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

Weights of draws say nothing about a mode that no draw reaches. `Report.ofSampler` searches for mass that the sampler misses, by Newton's
method from many scattered starts and tempering from what they find, compares log Z with what this gives, looks at the tails of the energy,
and says in words what speaks against the result and what to do:
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

θ̇ is solved for at the points, so what is left of the equation there says little: it can be 1e-6 while u is wrong everywhere else. So
every step also measures |∂ₜu − A u| at 32 fresh points between them, other ones each time. `Solution.steps` has both, relative to
|A u|: `Note.Residual` at the points, `Note.FreshResidual` between them; a sampler's are those of `sampler.Energy.Solution`.

The relative residual grows where nothing much happens any more: an energy close to its stationary one hardly changes, and an error in
that change is large only beside it. What counts is what has become of u: `Solution.Defect` is ∫ |∂ₜu − A u| / |u| dt at the fresh
points, about the relative error that the missing points have made so far, if such errors neither decay nor cancel. They often do: with too
few points it was two to twenty times the true error of waves and heat, and with enough points it may be hundreds of times that: what is
left of the equation is then λ's, is as large at the points, and nearly cancels. Above a fifth `Solution.Doubt` says so with a remedy, the summary repeats it, and the terminal's closing
line is "done, doubtfully". The [measured](measured.html) scripts, all right to 1e-3 or better, have 1e-4 to 6e-3; samplers with an efficiency of
99.9 % have 4 to 7 % of their energy's spread, most of it far out, where no draw goes.

`Evolution.trySolve` gives what was reached and why it ended, with one sentence of advice.
*)

let solution = sampler.Energy.Solution
let notes = Solution.steps solution |> Array.map _.Note
printfn $"largest residual at the points      {notes |> Array.map _.Residual |> Array.max:E1}"
printfn $"largest residual between the points {notes |> Array.map _.FreshResidual |> Array.max:E1}"
printfn $"defect                              {solution.Defect:E1}"
printfn "%s" (solution.Doubt |> Option.defaultValue "Nothing speaks against the solution.")
(*** include-output ***)
