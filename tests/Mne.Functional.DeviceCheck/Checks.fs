/// The same computation on the processor in double precision and on the device, and how far apart they are.
module Mne.Functional.DeviceCheck.Checks

open System
open TorchSharp
open Mne.Functional

/// What was compared: a distance relative to the size of the reference, and the largest that is no fault.
type Check =
    {
        Name: string
        Error: float
        Tolerance: float
    }

    /// NaN never passes.
    member check.Passes = check.Error <= check.Tolerance

let private reference = Placement.float64

/// rms of the difference over rms of the reference.
let apart (reference: Tensor) (found: Tensor) : float =
    let found = Tensor.place Placement.float64 found
    Tensor.rms (found - reference) / Tensor.rms reference

let private plane = Domain.periodic [ (0.0, 2.0 * Math.PI); (0.0, 2.0 * Math.PI) ]

let private network =
    Network.create plane [ Layer.harmonics 2; Layer.dense 48 Sine; Layer.dense 48 Sine ]

let private initial (x: Tensor) : Tensor =
    let a, b = x.select (1L, 0L), x.select (1L, 1L)
    0.5 .* a.sin () * b.cos () .+ 0.2 .* (a .+ b).cos()

/// A layered network in 4 dimensions, as large as those that are timed but for its width.
let private deep =
    Network.create (Domain.euclidean 4) (List.replicate 3 (Layer.dense 64 Tanh))

/// Kernel blocks, jets and the direction of least norm of the same θ and points.
let private linear (device: Placement) (tolerance: float) (λ: float) : Check list =
    let value placement compute =
        Scope.keep (fun () ->
            let θ = Tensor.place placement (Network.initial deep 1)
            let x = Random.normal placement 2 [ 2000; 4 ]
            Tensor.place Placement.float64 (compute θ x))

    let check name tolerance compute =
        use expected = value reference compute
        use found = value device compute

        {
            Name = name
            Error = apart expected found
            Tolerance = tolerance
        }

    let request =
        set
            [
                Derivative.Value
                Derivative.Partial(0, 1)
                Derivative.Partial(1, 3)
                Derivative.Mixed(2, 3)
                Derivative.Laplacian
            ]

    [
        check "kernel block" tolerance (fun θ x ->
            let tangent = Network.tangent deep θ x
            Tangent.kernel tangent (Tangent.pick (torch.arange (256L, device = x.device)) tangent))

        for derivative in request do
            check $"jet: {derivative}" tolerance (fun θ x -> Network.jet request deep θ x |> Jet.get derivative)

        check "least norm: the image of θ̇" (1e4 * tolerance) (fun θ x ->
            let tangent = Network.tangent deep θ x
            let f = x.select(1L, 0L).sin()
            let solved = Sketch.minimalNorm λ (Some [| for i in 0..4..1999 -> i |]) tangent f
            Tangent.times solved.Direction tangent)
    ]

/// u at the end of an evolution of Allen and Cahn's equation in the plane, and of a fit on the device.
let private evolution (device: Placement) (tolerance: float) (λ: float) : Check list =
    let equation = 0.05 * Term.laplacian + Term.value - Term.pown 3 Term.value
    let points = Collocation.grid plane 24

    let fit run =
        Regression.tryFit
            run
            { Regression.defaults with
                Steps = 30
                Regularisation = 1e-2, λ
            }
            network
            initial
            points

    use start = fit Run.quiet
    let probes = Random.uniform Placement.float64 3 [ 500; 2 ] .* (2.0 * Math.PI)

    let last (placement: Placement) =
        use solution =
            Evolution.solve
                Run.quiet
                { Evolution.defaults with
                    Sketch = Sketch.Landmarks 150
                    Regularisation = λ
                    Tolerance = max 1e-6 (0.1 * tolerance)
                }
                equation
                network
                points
                (Tensor.place placement start.Parameters)
                (0.0, 0.5)

        Scope.keep (fun () -> Tensor.place reference (Solution.evaluate 0.5 (Tensor.place placement probes) solution))

    use expected = last reference
    use found = last device
    use fitted = fit { Run.quiet with Placement = device }
    let exact = initial probes
    let ofFit = Network.value network fitted.Parameters (Tensor.place device probes)

    [
        {
            Name = "evolution in the plane: u at the end"
            Error = apart expected found
            Tolerance = tolerance
        }
        {
            Name = "fit on the device: u against the function"
            Error = apart exact ofFit
            // The fit on the processor says how good it can be.
            Tolerance = max tolerance (10.0 * start.Error)
        }
    ]

/// log Z and moments of two normal distributions, by a sampler on the device.
let private sampler (device: Placement) : Check list =
    let target =
        Density.gaussianMixture [ 0.5, [ -2.0; 0.0 ], 0.6; 0.5, [ 2.0; 0.0 ], 0.6 ]

    let run = { Run.quiet with Placement = device }

    let options =
        { Sampler.defaults with
            Network = fun domain -> Network.create domain [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
            Cover.Points = Some 400
            Evolve.Sketch = Sketch.Landmarks 150
            Evolve.Regularisation = (if device.Precision = Precision.Float32 then 1e-6 else 1e-9)
            Draw.Tolerance = (if device.Precision = Precision.Float32 then 1e-3 else 1e-5)
        }

    use sampler = Sampler.evolve run options Process.ornsteinUhlenbeck target
    use draws = sampler |> Sampler.draw run 4000
    let logZ = Importance.logNormaliser draws
    let square = draws |> Importance.expectation (fun x -> (x.select (1L, 0L)).Square())

    // The density is normalised: log Z = 0, E x₀² = 4 + 0.36.
    [
        {
            Name = "sampler: log Z in standard errors"
            Error = abs logZ.Value / max 1e-4 logZ.StandardError
            Tolerance = 4.0
        }
        {
            Name = "sampler: the mean of x₀² in standard errors"
            Error = abs (square.Value - 4.36) / square.StandardError
            Tolerance = 4.0
        }
        {
            Name = "sampler: draws lost to weights"
            Error = 1.0 - (Importance.efficiency draws).Value
            Tolerance = 0.5
        }
    ]

/// A check that fails is a row like others, and so is one that raises.
let guarded (name: string) (checks: unit -> Check list) : Check list =
    try
        Scope.free checks
    with error ->
        eprintfn $"{name}: {error}"

        [
            {
                Name = $"{name}: {error.Message}"
                Error = nan
                Tolerance = 0.0
            }
        ]

/// All checks for a device, in double and in single precision, in groups that have yet to be run.
let all (device: Placement) : (string * (unit -> Check list)) list =
    let single =
        { device with
            Precision = Precision.Float32
        }

    [
        "float64, linear", (fun () -> linear device 1e-11 1e-8)
        "float64, evolution", (fun () -> evolution device 1e-6 1e-9)
        "float64, sampler", (fun () -> sampler device)
        "float32, linear", (fun () -> linear single 1e-4 1e-4)
        "float32, evolution", (fun () -> evolution single 1e-2 1e-5)
        "float32, sampler", (fun () -> sampler single)
    ]
    |> List.map (fun (name, checks) -> name, (fun () -> guarded name checks))
