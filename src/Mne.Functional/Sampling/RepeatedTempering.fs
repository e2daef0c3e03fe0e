namespace Mne.Functional

/// Draws and log Z by several tempered runs that share nothing but where they begin: how much they differ is how much they are off.
[<RequireQualifiedAccess>]
module internal RepeatedTempering =

    /// Tempered runs, which share the draws; their spread is the error of log Z.
    let private runs = 8

    /// Moves of each sample at every temperature.
    let private moves = Moves.Hamiltonian 4

    /// Draws by tempering from the mixture in independent runs: each draw has its run's estimate of Z as its weight.
    let draw (run: Run) (count: int) (mixture: Mixture) (target: Density) : Draws * Estimate =
        let share = max 25 ((count + runs - 1) / runs)

        // Around the mixture, and around everything at once: between its components as well.
        let first =
            let whole = Whitening.whole mixture

            Mixture.blend
                [
                    0.5, Mixture.widened 1.2 mixture
                    0.2, Mixture.widened 2.5 mixture
                    0.2, Mixture.widened 1.2 whole
                    0.1, Mixture.widened 3.0 whole
                ]

        let clouds =
            [
                for k in 0 .. runs - 1 -> Tempering.run (Run.part k run) share moves first target
            ]

        let z = clouds |> List.map _.LogNormaliser.Value |> List.toArray
        let top = Array.max z
        let relative = z |> Array.map (fun z -> exp (z - top))
        let mean = Array.average relative

        let between =
            sqrt (Array.averageBy (fun r -> (r / mean - 1.0) ** 2.0) relative / float (runs - 1))

        let within =
            sqrt (clouds |> List.averageBy (fun c -> c.LogNormaliser.StandardError ** 2.0))
            / sqrt (float runs)

        let points = clouds |> List.map _.Points |> Tensor.concatenate 0L
        let points = points.narrow (0L, 0L, int64 count)

        let logWeights =
            Tensor.ofArray Placement.float64 [| for i in 0 .. count - 1 -> z[i / share] |]

        {
            Points = points
            LogProposal = -(target.Energy points) - logWeights
            LogWeights = logWeights
        },
        {
            Value = top + log mean
            StandardError = max between within
        }
