module Mne.Functional.Tests.RegressionTests

open System
open System.Threading
open Expecto
open TorchSharp
open Mne.Functional

let private double = Placement.float64
let private circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]
let private plane = Domain.box [ -1.0, 1.0; -1.0, 1.0 ]

let private onCircle =
    Network.create circle [ Layer.harmonics 2; Layer.dense 16 Sine; Layer.dense 16 Sine ]

let private onPlane =
    Network.create plane [ Layer.dense 24 Tanh; Layer.dense 24 Tanh ]

let private ripple (x: Tensor) = (x.squeeze(1L).sin() - 0.5).exp()

let private hill (x: Tensor) =
    (-2.0 * x.square().sum 1L).exp() + x.select (1L, 0L)

/// rms(u − g) over the spread of g, at points that the fit has not seen.
let private error network θ (g: Tensor -> Tensor) domain =
    let x = Collocation.points double 99 (Collocation.uniform domain 400)
    let values = g x

    Tensor.rms (Network.value network θ x - values)
    / Tensor.rms (values - values.mean ())

[<Tests>]
let tests =
    testList
        "Regression"
        [
            Check.scoped "given points: a periodic function to 1e-5" (fun () ->
                let reports = ResizeArray<Progress>()
                let points = Collocation.grid circle 64

                let options =
                    { Regression.defaults with
                        Tolerance = 1e-5
                    }

                let θ =
                    Regression.fit { Run.quiet with Meter = reports.Add } options onCircle ripple points

                let steps = Seq.tail reports |> Seq.toList
                let last = List.last steps

                Expect.equal
                    (reports[0].Phase, reports[0].Fraction)
                    (Phase.Fit, 0.0)
                    "a sign of life before the first step"

                Expect.isLessThan last.Residual 1e-5 "error at the points"
                Expect.isLessThan (error onCircle θ ripple circle) 1e-4 "error between them"
                Expect.equal last.Phase Phase.Fit "phase"
                Expect.isLessThanOrEqual steps.Length 200 "steps"
                let residuals = steps |> List.map _.Residual
                Expect.equal residuals (List.sortDescending residuals) "never worse"
                Expect.equal last.Time (float steps.Length) "steps are counted")

            Check.scoped "the fit ends when the tolerance is reached" (fun () ->
                let reports = ResizeArray<Progress>()

                let options =
                    { Regression.defaults with
                        Tolerance = 1e-3
                    }

                let θ =
                    Regression.fit
                        { Run.quiet with Meter = reports.Add }
                        options
                        onCircle
                        ripple
                        (Collocation.grid circle 64)

                Expect.isLessThan (error onCircle θ ripple circle) 2e-3 "error"
                Expect.isLessThan reports.Count 40 "steps"
                Expect.equal reports[reports.Count - 1].Fraction 1.0 "done, not stopped")

            Check.scoped "a fit of drawn points that is good enough is done, not stopped" (fun () ->
                let reports = ResizeArray<Progress>()

                let options =
                    { Regression.defaults with
                        Tolerance = 0.1
                    }

                Regression.fit
                    { Run.quiet with Meter = reports.Add }
                    options
                    onPlane
                    hill
                    (Collocation.uniform plane 150)
                |> ignore

                Expect.isLessThan reports.Count 100 "steps"
                Expect.equal reports[reports.Count - 1].Fraction 1.0 "at its end")

            Check.scoped "drawn points: a function on the plane, at points never seen" (fun () ->
                let options =
                    { Regression.defaults with
                        Steps = 40
                        Regularisation = 1e-2, 1e-9
                    }

                let θ =
                    Regression.fit Run.quiet options onPlane hill (Collocation.uniform plane 150)

                Expect.isLessThan (error onPlane θ hill plane) 3e-3 "error")

            Check.scoped "momentum remembers earlier points: less error after as many steps" (fun () ->
                let after μ seed =
                    let options =
                        { Regression.defaults with
                            Steps = 100
                            Regularisation = 1e-2, 1e-8
                            Momentum = μ
                        }

                    let run = { Run.quiet with Seed = seed }
                    // Too few points at a time to fit the function by themselves.
                    log (
                        error
                            onPlane
                            (Regression.fit run options onPlane hill (Collocation.uniform plane 80))
                            hill
                            plane
                    )

                let gain = [ for seed in 1..12 -> after 0.0 seed - after 0.95 seed ] |> List.average

                Expect.isGreaterThan gain (log 1.5) "on average")

            Check.scoped "errors matter from the smallest scale on" (fun () ->
                let steps smallest =
                    let count = ref 0

                    let options =
                        { Regression.defaults with
                            Tolerance = 1e-2
                            SmallestScale = smallest
                        }

                    let run =
                        { Run.quiet with
                            Meter = fun _ -> count.Value <- count.Value + 1
                        }

                    Regression.fit run options onPlane (fun x -> 1e-3 * hill x) (Collocation.uniform plane 60)
                    |> ignore

                    count.Value

                // Ten steps are looked back upon; the function is smaller than the error that is tolerated.
                Expect.isLessThan (steps 10.0) 30 "nothing to fit"
                Expect.isGreaterThan (steps 0.0) (steps 10.0) "relative to itself")

            Check.scoped
                "a kernel that cannot be factorised is a failed step: λ is raised, and the fit goes on"
                (fun () ->
                    // A rank of 13 at most among 200 points, and a λ far below the round-off of single precision.
                    let few = Network.create plane [ Layer.dense 3 Tanh ]
                    let start = few.Initial Placement.float32 1

                    let options =
                        { Regression.defaults with
                            Steps = 40
                            Regularisation = 1e-12, 1e-14
                        }

                    let after =
                        (Regression.tryFitFrom Run.quiet options few hill (Collocation.uniform plane 200) start)
                            .Parameters

                    let errorOf θ =
                        error few (Tensor.place double θ) hill plane

                    Expect.isTrue (Tensor.isFinite after) "finite"
                    Expect.isLessThan (errorOf after) (0.7 * errorOf start) "the fit is better than its start")

            Check.scoped "drawn points with landmarks" (fun () ->
                let options =
                    { Regression.defaults with
                        Steps = 30
                        Regularisation = 1e-2, 1e-8
                        Sketch = Sketch.Landmarks 80
                    }

                let θ =
                    Regression.fit Run.quiet options onPlane hill (Collocation.sequence plane 160)

                Expect.isLessThan (error onPlane θ hill plane) 1e-2 "error")

            Check.scoped "a function that is linear in the parameters is fitted to round-off" (fun () ->
                let polynomial = Network.create circle [ Layer.harmonics 2 ]

                let g (x: Tensor) =
                    3.0 * x.squeeze(1L).sin() - (2.0 * x.squeeze 1L).cos() + 0.5

                let θ =
                    Regression.fit
                        Run.quiet
                        { Regression.defaults with
                            Tolerance = 1e-12
                        }
                        polynomial
                        g
                        (Collocation.grid circle 16)

                Check.close 1e-9 "θ" θ (Tensor.ofArray double [| 3.0; 0.0; 0.0; -1.0; 0.5 |]))

            Check.scoped "a constant, and zero, whose spread is nothing" (fun () ->
                for value in [ 2.5; 0.0 ] do
                    let g (x: Tensor) = torch.zeros_like (x.squeeze 1L) + value

                    let θ =
                        Regression.fit
                            Run.quiet
                            { Regression.defaults with
                                Tolerance = 1e-6
                                Steps = 60
                            }
                            onCircle
                            g
                            (Collocation.grid circle 32)

                    let u =
                        Network.value onCircle θ (Tensor.ofArray2D double (array2D [ [ 0.1 ]; [ 2.2 ] ]))

                    Expect.isLessThan (Check.size (u - value)) 1e-4 $"{value}")

            Check.scoped "the same seed gives the same bits" (fun () ->
                for points in [ Collocation.grid circle 24; Collocation.uniform circle 24 ] do
                    let fit seed =
                        Regression.fit
                            { Run.quiet with Seed = seed }
                            { Regression.defaults with Steps = 4 }
                            onCircle
                            ripple
                            points

                    Check.identical "θ" (fit 3) (fit 3)
                    Expect.notEqual (Tensor.toArray (fit 4)) (Tensor.toArray (fit 3)) "another seed")

            Check.scoped "it starts where it is told, and leaves the start alone" (fun () ->
                let points = Collocation.grid circle 48

                let options =
                    { Regression.defaults with
                        Tolerance = 1e-4
                    }

                let start = Regression.fit Run.quiet options onCircle ripple points
                let copy = Tensor.toArray start
                let reports = ResizeArray<Progress>()

                let θ =
                    Regression.fitFrom { Run.quiet with Meter = reports.Add } options onCircle ripple points start

                Expect.equal reports.Count 1 "nothing left to do after the first sign of life"
                Check.identical "already there" θ start

                let better =
                    Regression.fitFrom Run.quiet Regression.defaults onCircle ripple points start

                Expect.equal (Tensor.toArray start) copy "the start is not touched"
                Expect.isLessThan (error onCircle better ripple circle) (error onCircle start ripple circle) "better")

            Check.scoped "a fit that is cancelled raises within a step, and nothing of it is taken for a fit" (fun () ->
                for points in [ Collocation.grid circle 32; Collocation.uniform circle 32 ] do
                    use source = new CancellationTokenSource()
                    let reports = ResizeArray<Progress>()

                    let meter p =
                        reports.Add p

                        if reports.Count = 2 then
                            source.Cancel()

                    let run =
                        { Run.quiet with
                            Meter = meter
                            Cancellation = source.Token
                        }

                    let raised =
                        Assert.raises<OperationCanceledException>(fun () ->
                            Regression.fit run Regression.defaults onCircle ripple points |> ignore)

                    Expect.equal raised.CancellationToken source.Token "its token"
                    Expect.equal reports.Count 2 "steps")

            Check.scoped "float32 stays float32" (fun () ->
                let start = onCircle.Initial Placement.float32 0

                let options =
                    { Regression.defaults with
                        Tolerance = 1e-3
                        Regularisation = 1e-2, 1e-6
                    }

                for points in [ Collocation.grid circle 48; Collocation.uniform circle 48 ] do
                    let θ =
                        Regression.fitFrom Run.quiet { options with Steps = 60 } onCircle ripple points start

                    Expect.equal θ.dtype torch.ScalarType.Float32 "element type"
                    Expect.isLessThan (error onCircle (Tensor.place double θ) ripple circle) 2e-2 "error")

            test "what steps leave behind goes back to the system" {
                // Left to the C library alone, 40 steps at 1,000 points can leave 2 GB that nothing uses.
                let before = Environment.WorkingSet
                let most = ref before

                let options =
                    { Regression.defaults with
                        Steps = 40
                        Tolerance = 1e-15
                    }

                let run =
                    { Run.quiet with
                        Meter = fun _ -> most.Value <- max most.Value Environment.WorkingSet
                    }

                (Regression.fit run options onCircle ripple (Collocation.uniform circle 1000)).Dispose()
                Expect.isLessThan (most.Value - before) (1000L <<< 20) "bytes more than before"
            }

            test "nothing is left but θ" {
                use _ = torch.NewDisposeScope()
                // One fit first: constants that the first use creates.
                for points in [ Collocation.grid circle 24; Collocation.uniform circle 24 ] do
                    Assert.frees (fun () ->
                        (Regression.fit Run.quiet { Regression.defaults with Steps = 5 } onCircle ripple points)
                            .Dispose())
            }
        ]
