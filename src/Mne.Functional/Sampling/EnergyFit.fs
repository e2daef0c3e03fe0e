namespace Mne.Functional

/// The fit of the energy with which a sampler begins.
module internal EnergyFit =

    /// The standard deviation of the energy of a normal distribution in d dimensions: what errors of an energy are compared with at least.
    let normalSpread (d: int) : float = sqrt (0.5 * float d)

    /// The known part, and θ with which the network has what is left of the energy at time 0, with its relative error at fresh points;
    /// from a state that such a fit has left, where there is one.
    let fitEnergy
        (run: Run)
        (options: SamplerOptions)
        (p: Process)
        (network: Network)
        points
        (state: FitState option)
        (target: Density)
        =
        let drawn, count = SamplerPoints.drawn run points, options.Cover.FitPoints

        let level =
            // An additive constant of the energy is free; the network need not learn it.
            Scope.free (fun () -> Tensor.toFloat ((target.Energy(drawn Stream.Level count)).mean()))

        let part =
            match options.Known with
            | KnownPart.Mixture mixture -> Some mixture
            | KnownPart.Normal when p.Transition.IsSome ->
                Scope.free (fun () ->
                    drawn Stream.NormalPart (max count (NormalPart.wanted network))
                    |> NormalPart.fit network target.Energy
                    |> Some)
            | KnownPart.Normal
            | KnownPart.Nothing -> None

        let rest x =
            target.Energy x .- level - Energy.known p part 0.0 x

        let fit =
            { options.Fit with
                SmallestScale = max options.Fit.SmallestScale (normalSpread target.Dimension)
            }

        // How far the fit is from the whole energy is measured below, and judged with everything else.
        let θ =
            (match state with
             | Some state ->
                 Regression.tryResumeEnergy (Stream.run Stream.Fit run) fit network rest (points count) state
             | None ->
                 network.Initial run.Placement (Stream.seed Stream.InitialParameters run)
                 |> Regression.tryFitEnergy (Stream.run Stream.Fit run) fit network rest (points count))
                .Parameters

        let error =
            Scope.free (fun () ->
                let fresh = drawn Stream.FreshPoints count
                let whole = target.Energy fresh

                Tensor.rms (Network.value network θ fresh - rest fresh)
                / Tensor.rms (whole - whole.mean ()))

        part, θ, error
