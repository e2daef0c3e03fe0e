namespace Mne.Functional

open System.Diagnostics
open TorchSharp

/// Fits to given points.
module internal LevenbergMarquardt =

    /// Where a fit to given points stands: θ, what is missing there, λ, and how steps fared.
    type private Ascent =
        {
            θ: Tensor
            Missing: Tensor
            λ: float
            Accepted: int
            /// Steps since the error last fell visibly.
            Stalled: int
            /// Whether the step before was rejected.
            Rejected: bool
        }

    /// A step from θ by Levenberg and Marquardt with geodesic acceleration: θ, what is missing there, and what the linear model promised.
    let private accelerated (network: Network) missingAt (x: Tensor) (at: Ascent) =
        try
            Scope.keepAll (fun (θ, missing, _) -> [ θ; missing ]) (fun () ->
                let problem = Sketch.factorise at.λ None (Network.tangent network at.θ x)
                let velocity, image = problem.Solve at.Missing

                // u(θ + hv) = u + h Jv + ½h² (v·∇)²u + …: the curvature of u along the step.
                let h = 0.1
                let change: Tensor = at.Missing - missingAt (at.θ .+ h .* velocity)
                let curvature = (2.0 / (h * h)) .* (change - h .* image)
                let acceleration = -0.5 .* fst (problem.Solve curvature)
                // Where the correction is not small, the expansion does not hold.
                let small = Tensor.rms acceleration <= 0.75 * Tensor.rms velocity

                let next =
                    if small then
                        at.θ .+ velocity .+ acceleration
                    else
                        at.θ .+ velocity

                next, missingAt next, Tensor.rms (at.Missing - image))
            |> Some
        with KernelNotFactorised _ ->
            None

    /// Takes the step where it lowers the error; λ follows the ratio of the actual to the predicted decrease.
    let private judge (least: float) (at: Ascent) (attempt: (Tensor * Tensor * float) option) : Ascent =
        let before = Tensor.rms at.Missing

        match attempt with
        | Some(next, missing: Tensor, predicted) when Tensor.rms missing < before ->
            let after = Tensor.rms missing
            let ratio = (before ** 2.0 - after ** 2.0) / (before ** 2.0 - predicted ** 2.0)

            // After a rejection the limit is near: approach it more slowly.
            let factor =
                if at.Rejected then
                    0.7
                else
                    max 0.3 (1.0 - (2.0 * ratio - 1.0) ** 3.0)

            at.Missing.Dispose()
            at.θ.Dispose()

            {
                θ = next
                Missing = missing
                λ = max least (at.λ * factor)
                Accepted = at.Accepted + 1
                Stalled = if after > 0.9999 * before then at.Stalled + 1 else 0
                Rejected = false
            }
        | _ ->
            for θ, missing, _ in Option.toList attempt do
                θ.Dispose()
                missing.Dispose()

            { at with
                λ = min 1e2 (2.0 * at.λ)
                Stalled = at.Stalled + 1
                Rejected = true
            }

    /// Levenberg and Marquardt's method on given points, in sample space, with geodesic acceleration (Transtrum and Sethna,
    /// arXiv 1201.5885): the factorisation serves a second right-hand side, which bends the step along the curved image of
    /// the network. λ follows the ratio of the actual to the predicted decrease (Nielsen 1999).
    let fit (run: Run) (options: RegressionOptions) (problem: FitUnit.Problem) x (begun: FitState) =
        let clock = Stopwatch.StartNew()
        let first, last = options.Regularisation
        let network, values = problem.Network, problem.Function x

        let missingAt (θ: Tensor) : Tensor =
            Scope.keep (fun () -> Tangent.stacked (values - Network.value network θ x))

        let rec loop step (at: Ascent) : FitSteps =
            let error = Scope.free (fun () -> FitUnit.error problem.ErrorScale at.Missing)

            // After so many rejections round-off is reached: there is no better fit from here.
            let finished = error < options.Tolerance || at.Stalled >= 12

            if step > 0 then
                FitSteps.report run options clock step at.Accepted at.λ error finished

            if finished || step >= options.Steps then
                at.Missing.Dispose()

                {
                    Parameters = at.θ
                    ErrorAtPoints = error
                    Steps = step
                    End =
                        if error < options.Tolerance then FitEnd.Reached
                        elif finished then FitEnd.Stalled
                        else FitEnd.StepsUsed
                }
            else
                let state () =
                    { begun with
                        Steps = step
                        Parameters = at.θ.alias ()
                        Memory = [ at.λ; float at.Accepted; float at.Stalled; if at.Rejected then 1.0 else 0.0 ]
                    }

                if step > begun.Steps then
                    FitSteps.checkpoint run options false state

                if run.Cancellation.IsCancellationRequested && step > 0 then
                    FitSteps.checkpoint run options true state

                Run.stopIfAsked run
                loop (step + 1) (accelerated network missingAt x at |> judge last at)

        let λ, accepted, stalled, rejected =
            match begun.Memory with
            | [ λ; accepted; stalled; rejected ] -> λ, int accepted, int stalled, rejected > 0.0
            | _ -> first, 0, 0, false

        loop
            begun.Steps
            {
                θ = begun.Parameters
                Missing = missingAt begun.Parameters
                λ = λ
                Accepted = accepted
                Stalled = stalled
                Rejected = rejected
            }
