namespace Mne.Functional

open System

/// Following the probability flow of an energy.
[<RequireQualifiedAccess>]
module internal Flow =

    /// How far points may be followed.
    type Limits =
        {
            /// Local error of points, in units of their deviations, and of log-densities, each by its root mean square over the points.
            Tolerance: float
            /// Steps at most.
            Steps: int
        }

    let private advice (outcome: Outcome) =
        match outcome with
        | Outcome.StepTooSmall(t, _)
        | Outcome.TooManySteps(t, _) ->
            $"At t = {t:G6} a point can no longer be followed along the flow, as happens where the energy was never fitted: let first points reach farther (Cover.Start), improve the fit (Fit), or loosen Draw.Tolerance."
        | _ -> outcome.Advice

    /// Points (M × d) and their log-densities (M) carried along the flow from one time to another. Call it inside a scope.
    /// Raises `OperationCanceledException` where the run was asked to stop, and `EvolutionFailedException` where points cannot be followed.
    let carry
        (run: Run)
        (limits: Limits)
        (onStep: StepRecord<unit> -> unit)
        (span: float * float)
        (energy: Energy)
        (points: Tensor, logDensity: Tensor)
        : Tensor * Tensor =
        let m, d = points.shape[0], int64 energy.Process.Dimension
        let positions (y: Tensor) = y.narrow(0L, 0L, m * d).view(m, d)
        let logDensities (y: Tensor) = y.narrow (0L, m * d, m)

        let join (x: Tensor) (l: Tensor) =
            Tensor.concatenate 0L [ x.reshape -1L; l ]

        let clouds =
            [
                Solution.points energy.Solution.Trajectory.Start energy.Solution
                Solution.points energy.Duration energy.Solution
            ]

        let reach = Reach.ofPoints clouds

        // The least deviation of each coordinate, at either end: errors of positions are relative to it, whatever their unit and origin.
        let unit =
            clouds |> List.map (fun x -> x.std 0L) |> List.reduce (fun a b -> a.minimum b)

        // The larger of the two: of many coordinates and one log-density the mean over all would be that of the coordinates. Log-densities become weights,
        // whose errors are relative ones as they stand: however large log q is, they are not measured by it.
        let norm (y: Tensor) (δ: Tensor) =
            let size = unit .+ (positions y - reach.Centre).abs()

            max (Tensor.rms (positions δ / size)) (Tensor.rms (logDensities δ))
            / limits.Tolerance

        let field: Field<unit> =
            fun t y ->
                Scope.keep (fun () ->
                    let x = positions y

                    let velocity, divergence =
                        energy |> Energy.flow t (Reach.known reach x) |> Reach.confine reach x

                    join velocity -divergence),
                ()

        use trajectory =
            Integrator.solve
                { Integrator.create field norm with
                    OnStep = fun _ step -> onStep step
                    MaximumSteps = limits.Steps
                    KeepsSteps = false
                    Cancellation = run.Cancellation
                }
                (join points logDensity)
                span

        match trajectory.Outcome with
        | Outcome.Completed ->
            let y = Trajectory.evaluate (snd span) trajectory
            (positions y).clone(), (logDensities y).clone()
        | Outcome.Cancelled _ -> raise (OperationCanceledException run.Cancellation)
        | outcome -> raise (EvolutionFailedException(outcome, advice outcome))
