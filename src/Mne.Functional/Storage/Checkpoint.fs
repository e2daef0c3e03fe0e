namespace Mne.Functional

open System
open System.Diagnostics
open PureHDF

/// <summary>When the state of a run is written.</summary>
[<RequireQualifiedAccess>]
type CheckpointInterval =
    /// <summary>After every so many accepted steps.</summary>
    | Steps of int
    /// <summary>After the first step that ends later than this since the last time.</summary>
    | Elapsed of TimeSpan

/// <summary>
/// Checkpoints of a run while it lasts, and going on from the last one after a kill at any moment, to the bits of an
/// uninterrupted run.
/// </summary>
/// <example><code>
/// let options = { Evolution.defaults with Checkpoint = Checkpoint.every (CheckpointInterval.Steps 20) "run.h5" }
///
/// let solution =
///     if System.IO.File.Exists "run.h5" then
///         Checkpoint.read "run.h5" |&gt; Evolution.resume Run.quiet options equation
///     else
///         Evolution.solve Run.quiet options equation network points start (0.0, 4.0)
/// </code></example>
[<RequireQualifiedAccess>]
module Checkpoint =

    let private save (path: string) (state: EvolutionState) : unit =
        let problem = $"∂u/∂t = {Term.show state.VectorField.Term}"

        Hdf5.write path "checkpoint" problem (fun file ->
            let stacks =
                SolutionFile.put
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
            Hdf5.putText "controllerMemory" (Notation.write state.Integrator.ControllerMemory) group
            group["y"] <- Hdf5.tensor state.Integrator.Y
            group.Attributes["methodMemories"] <- state.Integrator.MethodMemory.Length

            state.Integrator.MethodMemory
            |> List.iteri (fun i memory -> group[$"methodMemory{i}"] <- Hdf5.tensor memory)

            group["witness"] <- H5Dataset state.Witness
            stacks)
        |> ignore

    let private saveFit (path: string) (state: FitState) : unit =
        Hdf5.write path "fit" "a fit" (fun file ->
            let group = H5Group()
            file["state"] <- group
            group.Attributes["steps"] <- state.Steps
            group["parameters"] <- Hdf5.tensor state.Parameters

            for name, part in [ "change", state.Change; "start", state.Start ] do
                part |> Option.iter (fun part -> group[name] <- Hdf5.tensor part)

            Hdf5.putText "memory" (Notation.write state.Memory) group
            group["witness"] <- H5Dataset state.Witness
            [])
        |> ignore

    let private openWith (network: Network option) (path: string) : EvolutionState =
        let held (state: EvolutionState) =
            state.Integrator.Y :: state.Integrator.MethodMemory
            @ [
                for segment in state.Integrator.Reached.Segments do
                    yield! segment.Coefficients
            ]

        Scope.keepAll held (fun () ->
            Hdf5.read path [ "checkpoint" ] (fun file ->
                let solution = SolutionFile.get network file
                let group = file.Group "state"

                {
                    Stop = Hdf5.float "stop" group
                    Integrator =
                        {
                            Reached = solution.Trajectory
                            Context = solution.VectorField
                            Y = Hdf5.getTensor "y" group
                            MethodMemory =
                                [
                                    for i in 0 .. Hdf5.int "methodMemories" group - 1 ->
                                        Hdf5.getTensor $"methodMemory{i}" group
                                ]
                            ControllerMemory = Notation.read<float list>(Hdf5.text "controllerMemory" group)
                            Step = Hdf5.float "step" group
                        }
                    Witness = Hdf5.getFloats "witness" group
                    Options = solution.Options
                    Elapsed = solution.Elapsed
                }))

    /// One line on standard error when writing begins to fail, and when it fails otherwise.
    let private warn () : exn -> unit =
        let last = ref ""

        fun error ->
            if error.Message <> last.Value then
                last.Value <- error.Message
                Console.Error.WriteLine $"The checkpoint was not written, and the run goes on: {error.Message}"

    /// What writes the states of a run: see `everyOr`.
    let private writing
        (save: string -> 'state -> unit)
        (onFailure: exn -> unit)
        (interval: CheckpointInterval)
        (path: string)
        : Lazy<'state> -> unit =
        if String.IsNullOrWhiteSpace path then
            Guard.fail "path" "found an empty path, wanted the name of a file"

        match interval with
        | CheckpointInterval.Steps steps -> Guard.atLeast "interval" 1 steps
        | CheckpointInterval.Elapsed time -> Guard.positive "interval" time.TotalSeconds

        let clock = Stopwatch.StartNew()
        let steps = ref 0

        let due () =
            match interval with
            | CheckpointInterval.Steps n ->
                steps.Value <- steps.Value + 1
                steps.Value % n = 0
            | CheckpointInterval.Elapsed time when clock.Elapsed >= time ->
                clock.Restart()
                true
            | CheckpointInterval.Elapsed _ -> false

        fun state ->
            // Due in any case where the run is asked to stop: see `EvolutionOptions.Checkpoint`.
            if due () || state.IsValueCreated then
                try
                    save path state.Value
                with error ->
                    onFailure error

    /// <summary>As <c>every</c>, with what is done when the file cannot be written, in place of a line on standard error. The run goes
    /// on, and the next interval tries again, unless that raises.</summary>
    /// <param name="onFailure">Receives what the attempt raised: <c>IOException</c> for a full disk, for instance.</param>
    /// <param name="interval">When the state is written.</param>
    /// <param name="path">The file; it is replaced at once and whole.</param>
    /// <returns>For <c>EvolutionOptions.Checkpoint</c>.</returns>
    /// <exception cref="T:System.ArgumentException">The interval is not positive, or the path is empty.</exception>
    /// <example><code>
    /// let log = System.Collections.Generic.List&lt;string&gt;()
    /// let checkpoint = Checkpoint.everyOr (fun error -> log.Add error.Message) (CheckpointInterval.Steps 20) "run.h5"
    /// </code></example>
    let everyOr (onFailure: exn -> unit) (interval: CheckpointInterval) (path: string) : Lazy<EvolutionState> -> unit =
        writing save onFailure interval path

    /// <summary>Writes the state of a run to a file while it lasts. The file holds all steps so far, so writing it takes longer as a
    /// run goes on; an interval in minutes keeps that small. Where it cannot be written (a full disk, a folder that is read-only), a line
    /// on standard error says so, the run goes on, and the next interval tries again; <c>everyOr</c> does something else. Where the run is
    /// asked to stop, by its cancellation, the state after its last step is written, whatever the interval.</summary>
    /// <param name="interval">When the state is written.</param>
    /// <param name="path">The file; it is replaced at once and whole.</param>
    /// <returns>For <c>EvolutionOptions.Checkpoint</c>.</returns>
    /// <exception cref="T:System.ArgumentException">The interval is not positive, or the path is empty.</exception>
    /// <example><code>let options = { Evolution.defaults with Checkpoint = Checkpoint.every (CheckpointInterval.Steps 20) "run.h5" }</code></example>
    let every (interval: CheckpointInterval) (path: string) : Lazy<EvolutionState> -> unit =
        everyOr (warn ()) interval path

    /// <summary>The state of a file, for <c>Evolution.resume</c>, which is given options and equation again.</summary>
    /// <exception cref="T:System.ArgumentException">The file is not a checkpoint, or was made with a network by
    /// <c>Network.ofFunction</c> (see <c>readWith</c>).</exception>
    /// <exception cref="T:Mne.Functional.DamagedFileException">It is not what was written.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">There is none.</exception>
    let read (path: string) : EvolutionState = openWith None path

    /// <summary>As <c>read</c>, with the network of the run: for networks by <c>Network.ofFunction</c>.</summary>
    /// <param name="network">The network of the run.</param>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    let readWith (network: Network) (path: string) : EvolutionState = openWith (Some network) path

    /// <summary>As <c>everyFit</c>, with what is done when the file cannot be written; see <c>everyOr</c>.</summary>
    /// <param name="onFailure">Receives what the attempt raised: <c>IOException</c> for a full disk, for instance.</param>
    /// <param name="interval">When the state is written.</param>
    /// <param name="path">The file; it is replaced at once and whole.</param>
    /// <returns>For <c>RegressionOptions.Checkpoint</c>.</returns>
    /// <exception cref="T:System.ArgumentException">The interval is not positive, or the path is empty.</exception>
    let everyFitOr (onFailure: exn -> unit) (interval: CheckpointInterval) (path: string) : Lazy<FitState> -> unit =
        writing saveFit onFailure interval path

    /// <summary>Writes the state of a fit to a file while it lasts, as <c>every</c> does of an evolution: every so many steps, or
    /// after so much time, and where the run is asked to stop.</summary>
    /// <param name="interval">When the state is written.</param>
    /// <param name="path">The file; it is replaced at once and whole.</param>
    /// <returns>For <c>RegressionOptions.Checkpoint</c>.</returns>
    /// <exception cref="T:System.ArgumentException">The interval is not positive, or the path is empty.</exception>
    /// <example><code>let options = { Regression.defaults with Checkpoint = Checkpoint.everyFit (CheckpointInterval.Steps 10) "fit.h5" }</code></example>
    let everyFit (interval: CheckpointInterval) (path: string) : Lazy<FitState> -> unit =
        everyFitOr (warn ()) interval path

    /// <summary>The state of a fit in a file, for <c>Regression.resume</c> and <c>Sampler.resumeFit</c>, which are given the rest again.</summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <exception cref="T:System.ArgumentException">The file is not the checkpoint of a fit.</exception>
    /// <exception cref="T:Mne.Functional.DamagedFileException">It is not what was written.</exception>
    /// <exception cref="T:System.IO.FileNotFoundException">There is none.</exception>
    let readFit (path: string) : FitState =
        let held (state: FitState) =
            state.Parameters :: List.choose id [ state.Change; state.Start ]

        Scope.keepAll held (fun () ->
            Hdf5.read path [ "fit" ] (fun file ->
                let group = file.Group "state"

                let part name =
                    if group.LinkExists name then
                        Some(Hdf5.getTensor name group)
                    else
                        None

                {
                    Steps = Hdf5.int "steps" group
                    Parameters = Hdf5.getTensor "parameters" group
                    Change = part "change"
                    Memory = Notation.read<float list>(Hdf5.text "memory" group)
                    Start = part "start"
                    Witness = Hdf5.getFloats "witness" group
                }))
