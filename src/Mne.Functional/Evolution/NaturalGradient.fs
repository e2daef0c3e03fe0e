namespace Mne.Functional

open System.Diagnostics
open TorchSharp

/// Fits to points that are drawn anew at every step.
module internal NaturalGradient =

    /// Where a fit to drawn points stands: θ, the last step, the errors that the last ten steps began with (latest first), and how many
    /// times λ is raised above its schedule because the steps that it makes are too long to be of use.
    type private Descent =
        {
            θ: Tensor
            Last: Tensor
            Errors: float list
            Caution: float
        }

    /// One step of the natural gradient with momentum, at points x where g has the values; the step length is the one, of a few, that lowers
    /// the error most, and 0 if none does.
    let private descend
        (options: RegressionOptions)
        (problem: FitUnit.Problem)
        λ
        (x: Tensor)
        (values: Tensor)
        (at: Descent)
        =
        let network = problem.Network
        let residual = values - Network.value network at.θ x
        let size = Tensor.rms residual
        let tangent = Network.tangent network at.θ x
        let m, n = network.Outputs, Tensor.rows x

        let landmarks =
            options.Sketch
            |> Sketch.resolve λ m n (fun () -> tangent)
            |> Sketch.landmarks network.Domain.Dimension m n

        let δ = options.Momentum .* at.Last

        let direction =
            try
                let missing = Tangent.stacked residual - Tangent.times δ tangent
                Some(δ .+ fst ((Sketch.factorise λ landmarks tangent).Solve missing))
            with KernelNotFactorised _ ->
                None

        let tried =
            [
                for direction in Option.toList direction do
                    for η in [ 1.0; 0.5; 0.25; 0.1; 0.02 ] do
                        let after =
                            Scope.free (fun () ->
                                Tensor.rms (values - Network.value network (at.θ .+ η .* direction) x))

                        if after < size then
                            after, η, direction
            ]

        let change, η =
            match tried with
            | [] -> at.Last.zeros_like (), 0.0
            | _ ->
                let _, η, direction = tried |> List.minBy (fun (after, _, _) -> after)
                η .* direction, η

        {
            θ = at.θ .+ change
            Last = change
            Errors = List.truncate 10 (FitUnit.error problem.ErrorScale (Tangent.stacked residual) :: at.Errors)
            Caution =
                if η = 0.0 then 10.0 * at.Caution
                elif η < 0.1 then 2.0 * at.Caution
                else max 1.0 (0.3 * at.Caution)
        },
        η

    /// Natural gradient with momentum, on new points at every step: the error seen before a step is an error at fresh points.
    let fit (run: Run) (options: RegressionOptions) (problem: FitUnit.Problem) draw (start: Tensor) =
        let clock = Stopwatch.StartNew()
        let first, last = options.Regularisation

        let goodEnough at =
            at.Errors.Length = 10 && List.average at.Errors < options.Tolerance

        let rec loop step (at: Descent) : FitSteps =
            if step >= options.Steps || goodEnough at then
                at.Last.Dispose()

                {
                    Parameters = at.θ
                    ErrorAtPoints = at.Errors.Head
                    Steps = step
                    End = if goodEnough at then FitEnd.Reached else FitEnd.StepsUsed
                }
            else
                Run.stopIfAsked run

                let next, η =
                    Scope.keepAll (fun (next, _) -> [ next.θ; next.Last ]) (fun () ->
                        let scheduled =
                            first * (last / first) ** (float step / float (max 1 (options.Steps - 1)))

                        let λ = min (max first 1.0) (at.Caution * scheduled)
                        let x: Tensor = draw (Seed.child (step + 1) run.Seed)
                        descend options problem λ x (problem.Function x) at)

                at.θ.Dispose()
                at.Last.Dispose()
                FitSteps.report run options clock (step + 1) (step + 1) η next.Errors.Head (goodEnough next)
                loop (step + 1) next

        loop
            0
            {
                θ = start
                Last = start.zeros_like ()
                Errors = []
                Caution = 1.0
            }
