namespace Mne.Functional

open PureHDF

/// Posteriors in files: draws as in a file of draws, and what it takes to draw more of them.
module internal PosteriorFile =

    /// What is kept of a block beside its evolved energy: shift and scale of the whitening, mixture and share of heavy draws of the proposal, plan, concerns.
    type private Block = float[] * float[,] * Mixture * float * BlockPlan * Concern list

    let private samplerOf (i: int) = $"sampler{i}"

    /// Draws at which the formula is known again.
    let private witnesses (points: Tensor) =
        points.narrow (0L, 0L, min 64L points.shape[0])

    let private put (file: H5Group) (posterior: Posterior) : Hdf5.Stack list =
        DrawsFile.put file posterior.Made
        file.Attributes["evidence"] <- posterior.Evidence.Value
        file.Attributes["evidenceError"] <- posterior.Evidence.StandardError
        file.Attributes["evaluated"] <- posterior.Evaluated
        file.Attributes["empty"] <- posterior.Empty
        file.Attributes["constant"] <- posterior.Constant
        file["place"] <- H5Dataset(posterior.Place)
        Hdf5.putText "concerns" (Notation.write posterior.Against) file

        Scope.free (fun () -> file["energy"] <- Hdf5.tensor (posterior.Formula.Energy(witnesses posterior.Made.Points)))

        let blocks: Block list =
            [
                for solved in posterior.Solved ->
                    solved.Whitening.Shift,
                    solved.Whitening.Scale,
                    solved.Proposal.Mixture,
                    solved.Proposal.Heavy,
                    solved.Plan,
                    solved.Concerns
            ]

        Hdf5.putText "blocks" (Notation.write blocks) file

        [
            for i, solved in List.indexed posterior.Solved do
                match solved.Sampler with
                | Some sampler when solved.Plan.Like = i ->
                    let group = H5Group()
                    file[samplerOf i] <- group
                    yield! SamplerFile.put group sampler
                | _ -> ()
        ]

    let private get (target: Density) (file: IH5Group) : Posterior =
        let draws = DrawsFile.get file

        if int draws.Points.shape[1] <> target.Dimension then
            Guard.fail
                "target"
                $"a density in {target.Dimension} dimensions, but the file's draws are in {draws.Points.shape[1]}"

        Scope.free (fun () ->
            let kept = Tensor.toArray (Hdf5.getTensor "energy" file)
            let found = Tensor.toArray (target.Energy(witnesses draws.Points))

            if not (Witness.agrees (1e3 * Placement.epsilon Placement.float64) kept found) then
                Guard.fail
                    "target"
                    "its energy differs from the one that the draws were made for; give the density that they were made for")

        let place = Hdf5.getFloats "place" file
        let blocks = Notation.read<Block list>(Hdf5.text "blocks" file)

        let whole =
            match blocks with
            | [ _ ] -> None
            | _ -> Some(Tensor.ofRows Placement.float64 [ place ])

        let solved =
            ([], List.indexed blocks)
            ||> List.fold (fun (before: Solved list) (i, (shift, scale, mixture, heavy, plan, concerns)) ->
                let density =
                    match whole with
                    | None -> target
                    | Some place -> Structure.density target place plan.Coordinates

                let whitening: Whitening = { Shift = shift; Scale = scale }

                let sampler =
                    if plan.Like <> i then
                        before[plan.Like].Sampler
                    elif file.LinkExists(samplerOf i) then
                        let white = Whitening.density whitening density
                        Some(SamplerFile.get None Process.ornsteinUhlenbeck white (file.Group(samplerOf i)))
                    else
                        None

                before
                @ [
                    {
                        Target = density
                        Whitening = whitening
                        Proposal = { Mixture = mixture; Heavy = heavy }
                        Sampler = sampler
                        Plan = plan
                        Concerns = concerns
                    }
                ])

        {
            Formula = target
            Solved = solved
            Made = draws
            Evidence =
                {
                    Value = Hdf5.float "evidence" file
                    StandardError = Hdf5.float "evidenceError" file
                }
            Constant = Hdf5.float "constant" file
            Place = place
            Against = Notation.read<Concern list>(Hdf5.text "concerns" file)
            Evaluated = file.Attribute("evaluated").Read<int64>()
            Empty = Hdf5.int "empty" file
        }

    let save (path: string) (problem: string) (posterior: Posterior) : string =
        Hdf5.write path "posterior" problem (fun file -> put file posterior)

    let opened (target: Density) (path: string) : Posterior =
        Scope.keepAll Posterior.tensors (fun () -> Hdf5.read path [ "posterior" ] (get target))
