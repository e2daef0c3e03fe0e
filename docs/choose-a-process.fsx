(**
---
title: Choose a process
category: Guide
categoryindex: 1
index: 3
---

# Choose a process

Two records describe dX = b(t, X) dt + σ(t, X) dW. A `Process` has the same noise everywhere; it is what samplers take. A `Diffusion` has noise
that may depend on the state (`Noise.Constant`, `Noise.Diagonal`, `Noise.Full`), in Itô's reading (`Diffusion.create`) or in Stratonovich's
(`Diffusion.stratonovich`), or is some `Process` (`Diffusion.ofProcess`). Divergences and the derivatives of D = σσᵀ come from automatic
differentiation, unless you put formulas in their place.

| Named | What it is |
|---|---|
| `Process.ornsteinUhlenbeck`, `.ornsteinUhlenbeckTo`, `.linear` | linear drifts with known transitions |
| `Process.langevin`, `.underdampedLangevin` | a particle in a potential, without and with inertia |
| `Diffusion.geometricBrownianMotion` | prices with constant volatilities, correlated |
| `Diffusion.coxIngersollRoss` | a rate or a variance that stays positive |
| `Diffusion.heston` | a log price and its variance |
| `Diffusion.lorenz` | chaos with noise |

From a process come equations, which `Evolution.solve` takes as any other, and paths. Equations for what will be known at a horizon T run in the
time to go τ = T − t: what is given at T is their value at τ = 0.

| Wanted | Equation | Begins as |
|---|---|---|
| the density of X_t | `Kolmogorov.forward p` | the density of X_0 |
| its energy −log ρ, in many dimensions | `Kolmogorov.energy p` | −log ρ_0 |
| E[g(X_T)] from every x | `Kolmogorov.backward T p` | g |
| a price: E[e^{−∫r} g(X_T) + ∫ e^{−∫r} s] | `Kolmogorov.feynmanKac T r s p` | the payoff g |
| the probability to survive, walls being deadly | `Kolmogorov.backward T p` with u = 0 there | 1 |
| the committor: which of two sets comes first | the same for long times, u = 0 on the one, 1 on the other | anything |
| the least cost of steering | `Kolmogorov.hamiltonJacobiBellman T c p` | the final cost |
| a check that shares nothing with these | `Diffusion.paths p`, `Sde.simulate` | points |

## A bond

Cox, Ingersoll and Ross's interest rate X; a bond pays 1 at T = 1 and is discounted at the rate X on the way.
*)
(*** condition: prepare ***)
#load "../scripts/load.fsx"
(*** condition: ipynb ***)
#if IPYNB
#r "nuget: Mne.Functional.Reporting, {{fsdocs-package-version}}"
#r "nuget: libtorch-cpu-linux-x64, 2.10.0" // or libtorch-cpu-win-x64, libtorch-cpu-osx-arm64
#endif // IPYNB
open System
open TorchSharp
open Mne.Functional

(** *)
let reversion, level, volatility = 1.5, 0.05, 0.2
let rate = Diffusion.coxIngersollRoss reversion level volatility
let nothing _ (x: Tensor) = torch.zeros_like (x.squeeze 1L)
let bond = rate |> Kolmogorov.feynmanKac 1.0 (fun _ x -> x.squeeze 1L) nothing
printfn $"∂u/∂τ = {Term.show bond}"

let domain = Domain.box [ (0.0, 0.3) ]
let network = Network.create domain [ Layer.normalise [ 0.1 ] [ 0.1 ]; Layer.dense 16 Tanh; Layer.dense 16 Tanh ]
let points = Collocation.sequence domain 60 |> Collocation.fixedBy 1
let start = Regression.fit Run.quiet Regression.defaults network (fun x -> torch.ones_like (x.squeeze 1L)) points
let solution = Evolution.solve Run.quiet Evolution.defaults bond network points start (0.0, 1.0)

let now = Tensor.ofRows Placement.float64 [ [ 0.04 ] ]
let price = Tensor.toFloat ((Solution.evaluate 1.0 now solution).squeeze ())

(**
At x = 0 the noise vanishes and the drift points inwards, so that no condition is needed there. The formula that the authors found (1985), and the
mean of e^{−∫X} over paths:
*)
let exact =
    let h = sqrt (reversion ** 2.0 + 2.0 * volatility ** 2.0)
    let below = 2.0 * h + (reversion + h) * (exp h - 1.0)
    let a = 2.0 * reversion * level / volatility ** 2.0 * log (2.0 * h * exp (0.5 * (reversion + h)) / below)
    exp (a - 0.04 * 2.0 * (exp h - 1.0) / below)

let paths =
    let steps = 50

    // The integral is a second coordinate.
    let both =
        Diffusion.create
            2
            (fun t x -> torch.cat ([| rate.Drift t (x.narrow (1L, 0L, 1L)); x.narrow (1L, 0L, 1L) |], 1L))
            (Noise.Diagonal(fun _ x ->
                let deviation = volatility .* x.narrow(1L, 0L, 1L).ClampMin(0.0).sqrt ()
                torch.cat ([| deviation; torch.zeros_like deviation |], 1L)))

    let from = now.expand(20_000L, 1L)

    let final =
        Diffusion.paths both
        |> Sde.simulate
            SdeScheme.EulerMaruyama
            1
            [ for k in 0..steps -> float k / float steps ]
            (torch.cat ([| from; torch.zeros_like from |], 1L))

    (-(final.select (1L, 1L))).exp ()

let mean = Tensor.toFloat (paths.mean ())
let standardError = Tensor.toFloat (paths.std ()) / sqrt 20_000.0
printfn $"network {price:F6}, formula {exact:F6}, paths {mean:F6} ± {standardError:F6}"
(*** include-output ***)

(**
## Signs to look for

* A payoff with a kink, or a survival probability that is 1 up to the wall where it is 0, has no network: smooth it over a small part of what you
  resolve (`scripts/basket.fsx` uses a kernel whose smoothing costs no accuracy), or begin a little later.
* Spread points as a sequence, not on a grid: on a grid of 24 × 24 points the committor of `scripts/committor.fsx` is off by 1 %, from a sequence of
  500 it is right to 2e-5.
* In dozens of dimensions take the energy or the value function, which are close to polynomials where densities and payoffs are sharp, and points
  where the process is (`Kolmogorov.flowingPoints`, `PointDynamics.refreshed`).
* Without noise in some direction, equations transport: follow them with `PointDynamics.advected`.

Scripts: `basket` (a call on ten stocks), `hjb` (steering in a hundred dimensions), `committor`, `log-fokker-planck`.
*)
