/// Parts of the library that hold tensors of their own: each on the processor and on the device.
module Mne.Functional.DeviceCheck.Parts

open System
open System.IO
open TorchSharp
open Mne.Functional
open Mne.Functional.DeviceCheck.Checks

let private circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create circle [ Layer.harmonics 2; Layer.dense 24 Sine ]

/// A travelling wave whose parameters autograd differentiates.
let private wave =
    Network.ofFunction circle 24 (fun placement seed -> Random.normal placement seed [ 24 ]) (fun θ x ->
        let k = (x.NewCount 8 .+ 1.0).unsqueeze 0L
        let phase = k * x
        let a, b = θ.narrow (0L, 0L, 8L), θ.narrow (0L, 8L, 8L)
        let c = θ.narrow (0L, 16L, 8L)

        (phase.sin().matmul a .+ phase.cos().matmul b).tanh()
        .+ 0.1 .* (2.0 .* phase).sin().matmul c)

let private evolve (network: Network) points (term: Term) (placement: Placement) =
    Evolution.solve
        { Run.quiet with Seed = 4 }
        { Evolution.defaults with
            Sketch = Sketch.Landmarks 20
            Regularisation = 1e-6
            Tolerance = 1e-6
            Points = points
        }
        term
        network
        (Collocation.grid circle 64)
        (Tensor.place placement (0.5 .* network.Initial Placement.float64 1))
        (0.0, 0.2)

let private last network points term (placement: Placement) =
    use solution = evolve network points term placement

    Scope.keep (fun () ->
        let x = (Tensor.linspace placement 0.0 6.0 50).unsqueeze 1L
        Tensor.place Placement.float64 (Solution.evaluate 0.2 x solution))

let private reacting = 0.05 * Term.laplacian + Term.value - Term.pown 3 Term.value

/// Two normal distributions in the plane, far from unit size.
let private target =
    Density.gaussianMixture [ 0.5, [ -4.0; 0.0 ], 1.2; 0.5, [ 4.0; 0.0 ], 1.2 ]

let private sampled (device: Placement) : Check list =
    let run = { Run.quiet with Placement = device }

    let options, family =
        Sampler.standardise
            run
            2.0
            { Sampler.defaults with
                Network = fun domain -> Network.create domain [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
                Cover.Start = Start.Cooled { Chains.defaults with Spread = 6.0 }
                Cover.Points = Some 400
                Evolve.Sketch = Sketch.Adaptive 2.0
                Evolve.Regularisation = 1e-7
            }
            target

    use sampler = Sampler.evolve run options family target

    let within name (estimate: Estimate) =
        {
            Name = name
            Error = abs estimate.Value / max 1e-4 estimate.StandardError
            Tolerance = 4.0
        }

    use flow = sampler |> Sampler.draw run 2000
    use reverse = sampler |> ReverseSde.draw run ReverseSde.defaults 2000
    use annealed = sampler |> AnnealedDraws.draw run AnnealedDraws.defaults 2000
    let report = Report.ofSampler run { Report.defaults with Count = 1000 } sampler

    [
        within "cooled chains, standardised: log Z in standard errors" (Importance.logNormaliser flow)
        within "reverse SDE: log Z in standard errors" (Importance.logNormaliser reverse)
        {
            Name = "annealed draws: the mean of x₀², relative"
            Error =
                abs (
                    (annealed.Draws |> Importance.expectation (fun x -> (x.select (1L, 0L)).Square())).Value
                    / 17.44
                    - 1.0
                )
            Tolerance = 0.2
        }
        {
            Name = $"report: {report.Verdict}"
            Error = (if report.Verdict = Verdict.Unreliable then 1.0 else 0.0)
            Tolerance = 0.5
        }
    ]

/// All parts, in groups that have yet to be run.
let all (device: Placement) : (string * (unit -> Check list)) list =
    let same name tolerance compute () =
        use expected = compute Placement.float64
        use found = compute device

        [
            {
                Name = name
                Error = apart expected found
                Tolerance = tolerance
            }
        ]

    let file () =
        let path = Path.Combine(Path.GetTempPath(), $"device-check-{Guid.NewGuid():N}.h5")

        try
            use solution = evolve network PointDynamics.Fixed reacting device
            Storage.saveSolution path "device" solution |> ignore
            use again = Storage.openSolution path
            let x = (Tensor.linspace Placement.float64 0.0 6.0 50).unsqueeze 1L

            [
                {
                    Name = "a file written from the device, read on the processor"
                    Error =
                        apart (Solution.evaluate 0.1 x again) (Solution.evaluate 0.1 (Tensor.place device x) solution)
                    Tolerance = 1e-10
                }
            ]
        finally
            File.Delete path

    [
        "points that move",
        same "u at the end" 1e-6 (last network (PointDynamics.advected (fun _ x -> 0.3 .* x.sin ())) reacting)
        "points drawn anew where the equation is satisfied worst",
        same "u at the end" 1e-6 (last network (PointDynamics.residual 0.05 (Collocation.grid circle 512)) reacting)
        "means over the points",
        same "u at the end" 1e-6 (last network PointDynamics.Fixed (reacting - Term.mean reacting))
        "a network by autograd", same "u at the end" 1e-6 (last wave PointDynamics.Fixed (0.05 * Term.laplacian))
        "files", file
        "samplers", (fun () -> sampled device)
    ]
    |> List.map (fun (name, checks) -> $"parts, {name}", (fun () -> guarded name checks))
