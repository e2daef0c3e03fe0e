(**
---
title: Steer a run
category: Guide
categoryindex: 1
index: 10
---

# Steer a run

What ends a run before its last time, how its steps are chosen, and how one watches it. All examples are about one equation:
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
open System.Threading
open Mne.Functional

let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]
let network = Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine ]
let points = Collocation.grid circle 48
let heat = 0.1 * Term.laplacian

let start =
    Regression.fit Run.quiet { Regression.defaults with Steps = 40 } network (fun x -> x.squeeze(1L).sin()) points

let options =
    { Evolution.defaults with
        Tolerance = 1e-5
        Regularisation = 1e-8
    }

(**
## Until something happens

An event is a function of the time t, the parameters θ and the points X that passes 0. The solution ends where it does, to the accuracy of
the solution between steps, and its outcome has the name and the time. Here the size of u has fallen to a half, at t = 10 log 2:
*)

let half =
    StopEvent.create "half" Direction.Falling (fun t θ x ->
        Tensor.rms (Network.value network θ x) - 0.5 * sqrt 0.5)

let halved =
    Evolution.solve Run.quiet { options with Events = [ half ] } heat network points start (0.0, 20.0)

match halved.Outcome with
| Outcome.StoppedByEvent(name, t) -> printfn $"{name} at t = {t:F4}, exactly {10.0 * log 2.0:F4}"
| other -> printfn $"{other}"
(*** include-output ***)

(**
`Evolution.solve` takes an event for an end like any other. The function is looked at nine times in every step; where it could pass 0 there
and back between two of them, `MaximumStep` makes steps shorter.

## Until time is up, or somebody asks

Whoever may end a run hands in a `CancellationToken` with the `Run`. A source of tokens can end by itself after a time, here after a
twentieth of a second. `Evolution.trySolve` returns what was reached by then, `Evolution.solve` raises `OperationCanceledException`:
*)

let reached =
    use limit = new CancellationTokenSource(TimeSpan.FromMilliseconds 50.0)

    Evolution.trySolve
        { Run.quiet with Cancellation = limit.Token }
        { options with MaximumStep = 1e-3 }
        heat
        network
        points
        start
        (0.0, 1000.0)

printfn $"{reached.Outcome.Advice}"
printfn $"{reached.Outcome.IsCancelled}, with a solution up to some t below 1000: {Solution.stop reached < 1000.0}"
(*** include-output ***)

(**
The same token ends fits, samplers, draws and reports: it is looked at between two steps, and between two pieces of rows. For Ctrl-C in a
script:

    let source = new CancellationTokenSource()
    Console.CancelKeyPress.Add(fun e -> e.Cancel <- true; source.Cancel())

A run that should go on another day writes checkpoints: [save and resume](saving-and-resuming.html).

## Steps by a rule of your own

A controller sees each attempt at a step, with its error over the tolerance, and decides whether it stands and how long the next one is. It
may ask another one first. This one goes by the error, but never further than to the next whole multiple of a period, where a force, say, is
switched on and off:
*)

let inStepWith (period: float) =
    Controller.create "in step" (fun attempt memory ->
        let decision = Controller.proportionalIntegral.Adapt attempt memory
        let from = if decision.Accept then attempt.Time + attempt.Step else attempt.Time
        let next = period * (floor (from / period + 1e-9) + 1.0)
        { decision with Step = min decision.Step (next - from) })

let inStep =
    { options with
        Controller = inStepWith 0.25
        InitialStep = Some 0.01
    }

let switched = Evolution.solve Run.quiet inStep heat network points start (0.0, 1.0)

for step in Solution.steps switched do
    printfn $"t = {step.Time:F4}"
(*** include-output ***)

(**
What a controller wants to remember goes through `Memory`, a list of numbers, so that a run that is resumed makes the same steps. Others are
ready: `Controller.constant 0.01`, and `Controller.ofGains { Controller.gains with Safety = 0.8 }`. How a step is made is a value too: a
`Method` by a Runge–Kutta pair (`Method.ofTableau`) or by any function, explicit or implicit.

## Watch it

A meter is a function of a `Progress`, called after every step. `Terminal.run ()` has one that writes to the terminal; this one keeps the sizes
of the steps. The time left is None until 5 % is done, since first steps are short and say little about the rest.
*)

let sizes = ResizeArray<float>()

let watched =
    Evolution.solve { Run.quiet with Meter = fun p -> sizes.Add p.Step } options heat network points start (0.0, 1.0)

printfn $"{sizes.Count} signs of life, the largest step {Seq.max (Seq.skip 1 sizes):F2}"
(*** include-output ***)
