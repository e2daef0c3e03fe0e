namespace Mne.Functional

open System
open PureHDF

/// Solutions in files: network, equation, options and trajectory.
module internal SolutionFile =

    let private refuse (message: string) : 'a = Guard.fail "path" message

    let private putNetwork (file: H5Group) (network: Network) (witness: float[] option) =
        let group = H5Group()
        file["network"] <- group
        Hdf5.putText "description" network.Description group
        Hdf5.putText "recipe" (Notation.write network.Recipe) group
        group.Attributes["parameters"] <- network.ParameterCount
        group.Attributes["dimension"] <- network.Domain.Dimension
        witness |> Option.iter (fun values -> group["witness"] <- H5Dataset values)

    /// The network of the file's recipe, or the one given, which must be of the same recipe.
    let private getNetwork (given: Network option) (file: IH5Group) : Network =
        let recipe = Hdf5.text "recipe" (file.Group "network")

        match given with
        | Some network when Notation.write network.Recipe = recipe -> network
        | Some network ->
            Guard.fail
                "network"
                $"""found {network.Description}, but the file was made with {Hdf5.text "description" (file.Group "network")}; give the network that it was made with"""
        | None ->
            try
                Network.ofRecipe (Notation.read<NetworkRecipe> recipe)
            with :? ArgumentException when recipe.Contains "Function" || recipe.Contains "Prescribed" ->
                refuse
                    $"""the file was made with {Hdf5.text "description" (file.Group "network")}, which no file can keep; give the network to the function of the same name that ends in With"""

    let private putTrajectory
        (file: H5Group)
        (field: VectorField)
        (trajectory: Trajectory<FieldNote>)
        (elapsed: TimeSpan)
        =
        let group = H5Group()
        file["trajectory"] <- group
        group.Attributes["start"] <- trajectory.Start
        group.Attributes["stop"] <- trajectory.Stop
        Hdf5.putText "outcome" (Notation.write trajectory.Outcome) group
        Hdf5.putText "advice" trajectory.Outcome.Advice group
        group.Attributes["evaluations"] <- trajectory.Evaluations
        group.Attributes["rejected"] <- trajectory.Rejected
        group.Attributes["elapsedSeconds"] <- elapsed.TotalSeconds
        group.Attributes["pointCount"] <- field.PointCount
        group.Attributes["steps"] <- trajectory.Segments.Length

        group.Attributes["interpolation"] <-
            "y(t) = c0 + s (c1 + (1 - s) (c2 + s (c3 + (1 - s) c4))) with s = (t - segmentStart) / segmentLength"

        field.Landmarks
        |> Option.iter (fun landmarks -> group["landmarks"] <- H5Dataset landmarks)

        let records = trajectory.Records
        let segments = trajectory.Segments

        if segments.Length = 0 then
            []
        else
            let column (name: string) (values: float[]) = group[name] <- H5Dataset values
            column "time" [| for r in records -> r.Time |]
            column "step" [| for r in records -> r.Step |]
            column "error" [| for r in records -> r.Error |]
            column "residual" [| for r in records -> r.Note.Residual |]
            column "effectiveRank" [| for r in records -> r.Note.EffectiveRank |]
            column "freshResidual" [| for r in records -> r.Note.FreshResidual |]
            column "defect" [| for r in records -> r.Note.Defect |]
            column "segmentStart" [| for s in segments -> s.Start |]
            column "segmentLength" [| for s in segments -> s.Length |]
            group["evaluationsSoFar"] <- H5Dataset [| for r in records -> r.Evaluations |]
            group["rejectedSoFar"] <- H5Dataset [| for r in records -> r.Rejected |]

            let p, n, d =
                int64 field.Network.ParameterCount, int64 field.PointCount, int64 field.Network.Domain.Dimension

            let placement = Placement.ofTensor segments[0].Coefficients[0]
            let order = int64 segments[0].Coefficients.Length

            let part offset length shape i : Tensor =
                Scope.keep (fun () ->
                    (Tensor.stack 0L [ for c in segments[i].Coefficients -> c.narrow (0L, offset, length) ])
                        .reshape(shape: int64[]))

            let stack (name: string) offset length shape =
                let stack = Hdf5.stack placement segments.Length shape (part offset length shape)

                group[name] <- stack.Dataset
                stack

            [
                stack "parameters" 0L p [| order; p |]
                stack "points" p (n * d) [| order; n; d |]
            ]

    let private getTrajectory (file: IH5Group) : Trajectory<FieldNote> * TimeSpan =
        let group = file.Group "trajectory"
        let steps = Hdf5.int "steps" group

        let segments, records =
            if steps = 0 then
                [||], [||]
            else
                let time, step, error =
                    Hdf5.getFloats "time" group, Hdf5.getFloats "step" group, Hdf5.getFloats "error" group

                let residual, rank =
                    Hdf5.getFloats "residual" group, Hdf5.getFloats "effectiveRank" group

                let fresh, defect =
                    Hdf5.getFloats "freshResidual" group, Hdf5.getFloats "defect" group

                let evaluations, rejected =
                    Hdf5.getInts "evaluationsSoFar" group, Hdf5.getInts "rejectedSoFar" group

                let start, length =
                    Hdf5.getFloats "segmentStart" group, Hdf5.getFloats "segmentLength" group

                let coefficients i =
                    let whole =
                        Scope.keep (fun () ->
                            let θ, x = Hdf5.getRow "parameters" i group, Hdf5.getRow "points" i group

                            Tensor.concatenate 1L [ θ; x.flatten 1L ])

                    let rows = [| for k in 0L .. whole.shape[0] - 1L -> whole[k].clone() |]
                    whole.Dispose()
                    rows

                [|
                    for i in 0 .. steps - 1 ->
                        {
                            Start = start[i]
                            Length = length[i]
                            Coefficients = Scope.keepAll List.ofArray (fun () -> coefficients i)
                        }
                |],
                [|
                    for i in 0 .. steps - 1 ->
                        {
                            Time = time[i]
                            Step = step[i]
                            Error = error[i]
                            Evaluations = evaluations[i]
                            Rejected = rejected[i]
                            Note =
                                {
                                    Residual = residual[i]
                                    EffectiveRank = rank[i]
                                    FreshResidual = fresh[i]
                                    Defect = defect[i]
                                }
                        }
                |]

        {
            Start = Hdf5.float "start" group
            Stop = Hdf5.float "stop" group
            Segments = segments
            Records = records
            Outcome = Notation.read<Outcome>(Hdf5.text "outcome" group)
            Evaluations = Hdf5.int "evaluations" group
            Rejected = Hdf5.int "rejected" group
        },
        TimeSpan.FromSeconds(Hdf5.float "elapsedSeconds" group)

    let private putEquation (file: H5Group) (term: Term) =
        let group = H5Group()
        file["equation"] <- group
        Hdf5.putText "rightHandSide" (Term.show term) group
        Hdf5.putText "term" (Notation.write term) group

    let private getEquation (file: IH5Group) : Term =
        Notation.read<Term>(Hdf5.text "term" (file.Group "equation"))

    let putOptions (name: string) (file: H5Group) (options: 'a) =
        let group = H5Group()
        file[name] <- group
        Hdf5.putRecord options group

    /// u at a few points where the run began and where it stands; none of a solution without steps.
    let private testimony (solution: Solution) : float[] option =
        let trajectory = solution.Trajectory

        let at t =
            let points = Solution.points t solution
            let few = points.narrow (0L, 0L, min 64L points.shape[0])
            Tensor.toArray (Solution.evaluate t few solution)

        if trajectory.Segments.Length = 0 then
            None
        else
            Scope.free (fun () -> Some(Array.append (at trajectory.Start) (at trajectory.Stop)))

    /// Raises unless the network is the function that the file was made with.
    let private checkTestimony (file: IH5Group) (solution: Solution) =
        let refuse how =
            Guard.fail
                "network"
                $"""{solution.Network.Description} {how} where the run of the file began and stands; give the network that it was made with (by {Hdf5.text "library" file})"""

        let found =
            try
                testimony solution
            with error when not (error :? OperationCanceledException) ->
                refuse $"raises \"{error.Message}\""

        found
        |> Option.iter (fun found ->
            let kept = Hdf5.getFloats "witness" (file.Group "network")
            let placement = Placement.ofTensor solution.Trajectory.Segments[0].Coefficients[0]

            if not (Witness.agrees (1e3 * Placement.epsilon placement) kept found) then
                refuse "has other values")

    let put (file: H5Group) (solution: Solution) : Hdf5.Stack list =
        putNetwork file solution.Network (testimony solution)
        putEquation file solution.VectorField.Term
        putOptions "options" file solution.Options
        putTrajectory file solution.VectorField solution.Trajectory solution.Elapsed

    let get (network: Network option) (file: IH5Group) : Solution =
        let network = getNetwork network file
        let options = Hdf5.getRecord Evolution.defaults (file.Group "options")
        let group = file.Group "trajectory"
        let trajectory, elapsed = getTrajectory file

        let solution =
            {
                VectorField =
                    {
                        Network = network
                        Term = getEquation file
                        Points = options.Points
                        PointCount = Hdf5.int "pointCount" group
                        Landmarks =
                            if group.LinkExists "landmarks" then
                                Some(Hdf5.getInts "landmarks" group)
                            else
                                None
                        Regularisation = options.Regularisation
                        Walls = [] // functions, which no file keeps: they are made of the options where a run goes on
                    }
                Trajectory = trajectory
                Options = options
                Elapsed = elapsed
            }

        checkTestimony file solution
        solution

    let save (path: string) (problem: string) (solution: Solution) : string =
        Hdf5.write path "solution" problem (fun file -> put file solution)

    /// The solution of a file, or that of its sampler.
    let openWith (network: Network option) (path: string) : Solution =
        Scope.keepAll Solution.tensors (fun () -> Hdf5.read path [ "solution"; "sampler" ] (get network))
