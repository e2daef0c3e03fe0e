namespace Mne.Functional

open System
open PureHDF

/// Solutions, samplers and draws in HDF5 files, readable from h5py, Julia and MATLAB, and reopened to the same bits.
///
/// A file has the attributes `kind`, `library` (name and version), `written` and `problem` (the caller's words), and groups for
/// the network, the equation and the options with an attribute for every field. A solution's `trajectory` holds, for every
/// accepted step, the coefficients of θ (steps × 5 × p) and of X (steps × 5 × N × d); the first coefficient is the value at the
/// start of the step. Functions cannot be kept: what was made of functions is given again by the caller (the target of a sampler,
/// a network by `Network.ofFunction`); the functions in a reopened equation raise when it is evaluated, the solution does not.
[<RequireQualifiedAccess>]
module Storage =

    let private refuse (message: string) : 'a = Guard.fail "path" message

    let private putNetwork (file: H5Group) (network: Network) =
        let group = H5Group()
        file["network"] <- group
        Hdf5.putText "description" network.Description group
        Hdf5.putText "recipe" (Notation.write network.Recipe) group
        group.Attributes["parameters"] <- network.ParameterCount
        group.Attributes["dimension"] <- network.Domain.Dimension

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
            with :? ArgumentException when recipe.Contains "Function" ->
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
        group.Attributes["outcome"] <- Notation.write trajectory.Outcome
        group.Attributes["advice"] <- trajectory.Outcome.Advice
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

    let private putOptions (name: string) (file: H5Group) (options: 'a) =
        let group = H5Group()
        file[name] <- group
        Hdf5.putRecord options group

    let private putSolution (file: H5Group) (solution: Solution) : Hdf5.Stack list =
        putNetwork file solution.Network
        putEquation file solution.VectorField.Term
        putOptions "options" file solution.Options
        putTrajectory file solution.VectorField solution.Trajectory solution.Elapsed

    let private getSolution (network: Network option) (file: IH5Group) : Solution =
        let network = getNetwork network file
        let options = Hdf5.getRecord Evolution.defaults (file.Group "options")
        let group = file.Group "trajectory"
        let trajectory, elapsed = getTrajectory file

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
                }
            Trajectory = trajectory
            Options = options
            Elapsed = elapsed
        }

    /// The tensors of a solution that was made inside a scope, to outlive it.
    let private coefficients (solution: Solution) =
        [
            for segment in solution.Trajectory.Segments do
                yield! segment.Coefficients
        ]

    /// Writes a solution; `problem` says in the caller's words what was solved. Gives the file's full path. A file of that
    /// name is replaced at once and whole.
    ///
    /// <example><code>
    /// solution |> Storage.saveSolution "output/heat.h5" "heat on a circle, 128 points"
    /// use again = Storage.openSolution "output/heat.h5"
    /// again |> Solution.evaluate 0.5 grid          // the same bits as before
    /// </code></example>
    let saveSolution (path: string) (problem: string) (solution: Solution) : string =
        Hdf5.write path "solution" problem (fun file -> putSolution file solution)

    let private openSolutionOf network path : Solution =
        Scope.keepAll coefficients (fun () -> Hdf5.read path [ "solution"; "sampler" ] (getSolution network))

    /// The solution of a file, on the CPU. It evaluates to the bits of the one that was saved. Functions in its equation and options
    /// were not kept, and raise when evaluated. Raises `ArgumentException` when the file is not one of a solution or was made
    /// with a network by `Network.ofFunction` (see `openSolutionWith`), `FileNotFoundException` when there is none.
    let openSolution (path: string) : Solution = openSolutionOf None path

    /// As `openSolution`, with the network that the solution was made with: for networks by `Network.ofFunction`.
    let openSolutionWith (network: Network) (path: string) : Solution = openSolutionOf (Some network) path

    /// Points by which a target and a process are known again: where the evolution began.
    let private witnesses (sampler: Sampler) =
        let start = Solution.points sampler.Solution.Trajectory.Start sampler.Solution
        start.narrow (0L, 0L, min 64L start.shape[0])

    /// What a target and a process say there: energies (K), and the drift (K × d) in its own time at the end.
    let private testimony (target: Density) (p: Process) (stop: float) (points: Tensor) =
        let clock = p.Schedule.Clock stop
        target.Energy points, p.Drift clock points, clock

    let private putSampler (file: H5Group) (sampler: Sampler) : Hdf5.Stack list =
        let stacks = putSolution file sampler.Solution
        putOptions "samplerOptions" file sampler.Options
        let group = H5Group()
        file["sampler"] <- group
        group.Attributes["fitError"] <- sampler.FitError
        group.Attributes["process"] <- sampler.Process.Name

        Scope.free (fun () ->
            let points = witnesses sampler

            let energy, drift, clock =
                testimony sampler.Target sampler.Process (Solution.stop sampler.Solution) points

            group.Attributes["clock"] <- clock
            group["witnesses"] <- Hdf5.tensor points

            match sampler.NormalPart with
            | Some part ->
                group["mean"] <- Hdf5.tensor (Tensor.ofArray Placement.float64 part.Mean)
                group["covariance"] <- Hdf5.tensor (Tensor.ofArray2D Placement.float64 part.Covariance)
            | None -> ()

            group["energy"] <- Hdf5.tensor energy
            group["drift"] <- Hdf5.tensor drift)

        stacks

    let private getSampler network (family: int -> Process) (target: Density) (file: IH5Group) : Sampler =
        if Hdf5.int "format" file < 2 then
            Guard.fail
                "path"
                "its sampler was written in an older layout, without a normal part; make the sampler again"

        let solution = getSolution network file
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
                let stored = Hdf5.getTensor name group
                let unit = 1e3 * Placement.epsilon (Placement.ofTensor stored)
                Tensor.rms (found - stored) > unit * (Tensor.rms stored + 1e-300)

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
            Process = p
            Solution = solution
            NormalPart =
                if group.LinkExists "mean" then
                    Scope.free (fun () ->
                        Some
                            {
                                Mean = Tensor.toArray (Hdf5.getTensor "mean" group)
                                Covariance = Tensor.toArray2D (Hdf5.getTensor "covariance" group)
                            })
                else
                    None
            FitError = Hdf5.float "fitError" group
            Options =
                { Hdf5.getRecord Sampler.defaults (file.Group "samplerOptions") with
                    Network = fun _ -> network
                }
        }

    /// Writes a sampler; `problem` says in the caller's words what it samples. Gives the file's full path.
    ///
    /// <example><code>
    /// sampler |> Storage.saveSampler "output/ring.h5" "a ring of radius 2"
    /// use again = Storage.openSampler Process.ornsteinUhlenbeck ring "output/ring.h5"
    /// let draws = again |> Sampler.draw 1000       // the same draws as before
    /// </code></example>
    let saveSampler (path: string) (problem: string) (sampler: Sampler) : string =
        Hdf5.write path "sampler" problem (fun file -> putSampler file sampler)

    let private openSamplerOf network family target path : Sampler =
        Scope.keepAll (fun (sampler: Sampler) -> coefficients sampler.Solution) (fun () ->
            Hdf5.read path [ "sampler" ] (getSampler network family target))

    /// The sampler of a file. Its target and process, which are functions, are given again and compared with what the file
    /// knows of them. The same seed gives the same draws as before.
    /// Raises `ArgumentException` when they differ, and as `openSolution` does.
    let openSampler (family: int -> Process) (target: Density) (path: string) : Sampler =
        openSamplerOf None family target path

    /// As `openSampler`, with the network that the sampler was made with: for networks by `Network.ofFunction`.
    let openSamplerWith (network: Network) (family: int -> Process) (target: Density) (path: string) : Sampler =
        openSamplerOf (Some network) family target path

    /// Writes a conditional sampler; see `saveSampler`.
    let saveConditional (path: string) (problem: string) (conditional: Conditional) : string =
        Hdf5.write path "conditional sampler" problem (fun file ->
            file.Attributes["drawn"] <- List.toArray conditional.Drawn
            file.Attributes["given"] <- List.toArray conditional.Given
            putSampler file conditional.Sampler)

    /// The conditional sampler of a file; its target is given again. Raises as `openSampler` does.
    let openConditional (target: Density) (path: string) : Conditional =
        Scope.keepAll (fun (conditional: Conditional) -> coefficients conditional.Sampler.Solution) (fun () ->
            Hdf5.read path [ "conditional sampler" ] (fun file ->
                let indices (name: string) =
                    List.ofArray (file.Attribute(name).Read<int[]>())

                let drawn = indices "drawn"

                {
                    Sampler = getSampler None (Process.partialNoise drawn) target file
                    Drawn = drawn
                    Given = indices "given"
                }))

    /// Writes draws: `points` (M × d), `logProposal` and `logWeights` (M). Gives the file's full path.
    ///
    /// <example><code>draws |> Storage.saveDraws "output/draws.h5" "a ring of radius 2, seed 0"</code></example>
    let saveDraws (path: string) (problem: string) (draws: Draws) : string =
        Hdf5.write path "draws" problem (fun file ->
            file["points"] <- Hdf5.tensor draws.Points
            file["logProposal"] <- Hdf5.tensor draws.LogProposal
            file["logWeights"] <- Hdf5.tensor draws.LogWeights
            [])

    /// The draws of a file, bit for bit. Raises `ArgumentException` when it is not one of draws.
    let openDraws (path: string) : Draws =
        Scope.keepAll (fun (draws: Draws) -> [ draws.Points; draws.LogProposal; draws.LogWeights ]) (fun () ->
            Hdf5.read path [ "draws" ] (fun file ->
                {
                    Points = Hdf5.getTensor "points" file
                    LogProposal = Hdf5.getTensor "logProposal" file
                    LogWeights = Hdf5.getTensor "logWeights" file
                }))

    /// Writes the state of a run; see `Checkpoint`.
    let internal saveState (path: string) (problem: string) (state: EvolutionState) : string =
        Hdf5.write path "checkpoint" problem (fun file ->
            let stacks =
                putSolution
                    file
                    {
                        VectorField = state.VectorField
                        Trajectory = state.Integrator.Reached
                        Options = state.Options
                        Elapsed = state.Elapsed
                    }

            let group = H5Group()
            file["state"] <- group
            group.Attributes["stop"] <- state.Stop
            group.Attributes["step"] <- state.Integrator.Step
            group.Attributes["error"] <- state.Integrator.Error
            group["y"] <- Hdf5.tensor state.Integrator.Y
            group["slope"] <- Hdf5.tensor state.Integrator.Slope
            stacks)

    let internal openState (network: Network option) (path: string) : EvolutionState =
        let held (state: EvolutionState) =
            state.Integrator.Y
            :: state.Integrator.Slope
            :: [
                for segment in state.Integrator.Reached.Segments do
                    yield! segment.Coefficients
            ]

        Scope.keepAll held (fun () ->
            Hdf5.read path [ "checkpoint" ] (fun file ->
                let solution = getSolution network file
                let group = file.Group "state"

                {
                    VectorField = solution.VectorField
                    Stop = Hdf5.float "stop" group
                    Integrator =
                        {
                            Reached = solution.Trajectory
                            Y = Hdf5.getTensor "y" group
                            Slope = Hdf5.getTensor "slope" group
                            Step = Hdf5.float "step" group
                            Error = Hdf5.float "error" group
                        }
                    Options = solution.Options
                    Elapsed = solution.Elapsed
                }))
