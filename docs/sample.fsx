(**
---
title: Sample from a formula
category: Guide
categoryindex: 1
index: 5
---

# Sample from a formula

`Posterior.sample` goes from a formula to draws in one call ([From a formula to draws](posterior.html)); this page is about the stage of
it that evolves an energy, for those who compose their own.

`Sampler.evolve` fits the energy V with a network, evolves it with its points through a diffusion that forgets where it began, and
keeps all of it. `Sampler.draw` carries points of the final normal distribution back along the probability flow, with their exact
densities.
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

/// Two wells, tilted: V = 2 (x² − 1)² + 0.3 x in each of two coordinates.
let wells =
    Density.ofEnergy 2 (fun x -> (2.0 * (x.square () - 1.0).square() + 0.3 * x).sum 1L)

(**
## The options that matter

They are nested by stage: which points `Cover` the target, how its energy is `Fit`, how it is made to `Evolve`, how to `Draw`.

* `Cover.Start`: the first points have to reach every mode; their weights need not be right. `Start.Cloud(spread, τ)` is a normal cloud,
  thinned by e^{−V/τ}; `Start.Cooled Chains.defaults` runs short Markov chains from scattered starts, for more dimensions.
* `Cover.Points` and `Evolve.Sketch`: more points and landmarks, better energy. Left alone, the program takes as many as the kernel of the
  fitted network has directions, up to 1,600 points; in ten dimensions `Cover.Points = Some 3000` can pay.
* `Cover.Refreshes`: how often on the way the points are drawn anew. Here 12 times, so that this page builds in seconds; 20 is the default.
* `Known`: a normal distribution close to the target is carried along exactly, and the network learns the rest. Targets that are
  nothing like one, such as funnels, may fare better with `KnownPart.Nothing`; `KnownPart.Mixture` takes a mixture of yours.
* `Evolve.Regularisation` λ: 1e-9 is accurate; 1e-6 or 1e-5 is faster. Where steps become tiny, raise it.
* `Fit.Steps` and `Fit.Tolerance`: the fit ends by itself when it is good enough; `FitError` tells how good, a percent or less is.
*)

let options =
    { Sampler.defaults with
        Cover.Start = Start.Cloud(1.5, 2.0)
        Cover.Points = Some 300
        Cover.FitPoints = 300
        Cover.Refreshes = 12
        Fit.Steps = 40
        Evolve.Sketch = Sketch.Landmarks 150
        Evolve.Regularisation = 1e-6
        Draw.Tolerance = 1e-4
    }

let sampler = Sampler.evolve Run.quiet options Process.ornsteinUhlenbeck wells
let draws = sampler |> Sampler.draw Run.quiet 1000

printfn $"error of the fit {100.0 * sampler.FitError:F1} %%"
printfn $"effective sample size {100.0 * Importance.effectiveSampleSize draws:F0} %% of the draws"
(*** include-output ***)

(**
Other seeds give other draws of the same sampler: `Sampler.draw { Run.quiet with Seed = 1 } 1000 sampler`. `Importance.resample` gives
points without weights.

## Targets that are not of unit size

`Sampler.standardise` looks for the first points and lets network and process see coordinates of unit size:
*)

let far =
    Density.gaussianMixture [ 0.5, [ 40.0; 3.0 ], 2.0; 0.5, [ 48.0; -3.0 ], 2.0 ]

let standardised, process' =
    Sampler.standardise
        Run.quiet
        1.0
        { options with
            Cover.Start =
                Start.Cooled
                    { Chains.defaults with
                        Centre = Some [ 44.0; 0.0 ]
                        Spread = 6.0
                        Chains = 300
                    }
        }
        far

let farDraws =
    far
    |> Sampler.evolve Run.quiet standardised process'
    |> Sampler.draw Run.quiet 500

let logZ = Importance.logNormaliser farDraws
printfn $"log Z = {logZ.Value:F3} ± {logZ.StandardError:F3} (exactly 0)"
(*** include-output ***)

(**
## Other processes

`Process.ornsteinUhlenbeckTo mean covariance` ends in any normal distribution; `Process.linear` takes any linear drift;
`Process.scheduled (Schedule.linear first last T)` slows a process down near t = 0, where energies change fastest; and
`Process.create` takes your own. `ReverseSde.draw` draws by the reverse stochastic differential equation instead of the flow, with
weights in path space. Where plain draws have few effective ones, `AnnealedDraws.draw` weighs them on the way against e^{−u_t}, resamples and moves
them where weights become too unequal, and at the end against the target: errors of u are repaired where they arise, and groups that share nothing
tell the error of log Z.
*)
