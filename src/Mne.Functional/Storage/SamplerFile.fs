namespace Mne.Functional

open PureHDF

/// Samplers and conditional samplers in files: a solution, and by what their targets and processes are known again.
module internal SamplerFile =

    /// Points by which a target and a process are known again: where the evolution began.
    let private witnesses (sampler: Sampler) =
        let start =
            Solution.points sampler.Energy.Solution.Trajectory.Start sampler.Energy.Solution

        start.narrow (0L, 0L, min 64L start.shape[0])

    /// What a target and a process say there: energies (K), and the drift (K × d) in its own time at the end.
    let private testimony (target: Density) (p: Process) (stop: float) (points: Tensor) =
        let clock = p.Schedule.Clock stop
        target.Energy points, p.Drift clock points, clock

    let put (file: H5Group) (sampler: Sampler) : Hdf5.Stack list =
        let stacks = SolutionFile.put file sampler.Energy.Solution
        SolutionFile.putOptions "samplerOptions" file sampler.Options
        let group = H5Group()
        file["sampler"] <- group
        group.Attributes["fitError"] <- sampler.FitError
        group.Attributes["process"] <- sampler.Energy.Process.Name

        Scope.free (fun () ->
            let points = witnesses sampler

            let energy, drift, clock =
                testimony sampler.Target sampler.Energy.Process (Solution.stop sampler.Energy.Solution) points

            group.Attributes["clock"] <- clock
            group["witnesses"] <- Hdf5.tensor points

            match sampler.Energy.Known with
            | Some part ->
                group["weights"] <- Hdf5.tensor (Tensor.ofArray Placement.float64 part.Weights)
                group["means"] <- Hdf5.tensor (Tensor.ofRows Placement.float64 (Seq.map Seq.ofArray part.Means))

                group["covariances"] <-
                    Hdf5.tensor (
                        part.Covariances
                        |> Seq.map (Tensor.ofArray2D Placement.float64)
                        |> Tensor.concatenate 0L
                    )
            | None -> ()

            group["energy"] <- Hdf5.tensor energy
            group["drift"] <- Hdf5.tensor drift)

        stacks

    /// The mixture that is carried along; in files of earlier versions, a normal distribution under other names.
    let private known (group: IH5Group) : Mixture option =
        Scope.free (fun () ->
            let matrix name =
                Tensor.toArray2D (Hdf5.getTensor name group)

            if group.LinkExists "means" then
                let weights = Tensor.toArray (Hdf5.getTensor "weights" group)
                let means, covariances = matrix "means", matrix "covariances"
                let d = Array2D.length2 means

                Some
                    {
                        Weights = weights
                        Means = Array.init weights.Length (fun k -> means[k, *])
                        Covariances = Array.init weights.Length (fun k -> covariances[k * d .. (k + 1) * d - 1, *])
                    }
            elif group.LinkExists "mean" then
                Some(Mixture.normal (Tensor.toArray (Hdf5.getTensor "mean" group)) (matrix "covariance"))
            else
                None)

    let get network (family: int -> Process) (target: Density) (file: IH5Group) : Sampler =
        let solution = SolutionFile.get network file
        let group = file.Group "sampler"
        let network = solution.Network
        let p = family network.Domain.Dimension

        if target.Dimension <> network.Domain.Dimension then
            Guard.fail
                "target"
                $"a density in {target.Dimension} dimensions, but the file's sampler is in {network.Domain.Dimension}"

        Scope.free (fun () ->
            let energy, drift, clock =
                testimony target p (Solution.stop solution) (Hdf5.getTensor "witnesses" group)

            let differs (found: Tensor) (name: string) =
                let kept = Hdf5.getTensor name group
                let unit = 1e3 * Placement.epsilon (Placement.ofTensor kept)
                not (Witness.agrees unit (Tensor.toArray kept) (Tensor.toArray found))

            if differs energy "energy" then
                Guard.fail
                    "target"
                    "its energy differs from the one that the sampler was made for; give the density that it was made for"

            if
                differs drift "drift"
                || abs (clock - Hdf5.float "clock" group) > 1e-12 * abs clock
            then
                Guard.fail
                    "family"
                    $"""{p.Name} differs from the process that the sampler was made with ({Hdf5.text "process" group}); give that one, with its schedule""")

        {
            Target = target
            Energy =
                {
                    Process = p
                    Solution = solution
                    Known = known group
                }
            FitError = Hdf5.float "fitError" group
            Options =
                { Hdf5.getRecord Sampler.defaults (file.Group "samplerOptions") with
                    Network = fun _ -> network
                }
        }

    let save (path: string) (problem: string) (sampler: Sampler) : string =
        Hdf5.write path "sampler" problem (fun file -> put file sampler)

    let openWith network family target path : Sampler =
        Scope.keepAll (fun (sampler: Sampler) -> Solution.tensors sampler.Energy.Solution) (fun () ->
            Hdf5.read path [ "sampler" ] (get network family target))

    let saveConditional (path: string) (problem: string) (conditional: Conditional) : string =
        Hdf5.write path "conditional sampler" problem (fun file ->
            file.Attributes["drawn"] <- List.toArray conditional.Drawn
            file.Attributes["given"] <- List.toArray conditional.Given
            put file conditional.Sampler)

    let openConditional (target: Density) (path: string) : Conditional =
        Scope.keepAll
            (fun (conditional: Conditional) -> Solution.tensors conditional.Sampler.Energy.Solution)
            (fun () ->
                Hdf5.read path [ "conditional sampler" ] (fun file ->
                    let indices (name: string) =
                        List.ofArray (file.Attribute(name).Read<int[]>())

                    let drawn = indices "drawn"

                    {
                        Sampler = get None (Process.partialNoise drawn) target file
                        Drawn = drawn
                        Given = indices "given"
                    }))
