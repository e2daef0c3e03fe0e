namespace Mne.Functional

open System
open System.Diagnostics

/// When the state of a run is written.
type CheckpointInterval =
    /// After every so many accepted steps.
    | Steps of int
    /// After the first step that ends later than this since the last time.
    | Elapsed of TimeSpan

/// Checkpoints of a run while it lasts, and going on from the last one after a kill at any moment, to the bits of an
/// uninterrupted run.
///
/// <example><code>
/// let options = { Evolution.defaults with Checkpoint = Checkpoint.every (Steps 20) "run.h5" }
///
/// let solution =
///     if System.IO.File.Exists "run.h5" then
///         Checkpoint.read "run.h5" |> Evolution.resume options equation
///     else
///         Evolution.solve options equation network points start (0.0, 4.0)
/// </code></example>
[<RequireQualifiedAccess>]
module Checkpoint =

    /// Writes the state to the file in the interval, for `EvolutionOptions.Checkpoint`. The file is replaced at once and whole. It
    /// holds all steps so far, so writing it takes longer as a run goes on; an interval in minutes keeps that small.
    /// Raises `ArgumentException` unless the interval is positive.
    let every (interval: CheckpointInterval) (path: string) : Lazy<EvolutionState> -> unit =
        match interval with
        | Steps steps -> Guard.atLeast "interval" 1 steps
        | Elapsed time -> Guard.positive "interval" time.TotalSeconds

        let clock = Stopwatch.StartNew()
        let steps = ref 0

        let due () =
            match interval with
            | Steps n ->
                steps.Value <- steps.Value + 1
                steps.Value % n = 0
            | Elapsed time when clock.Elapsed >= time ->
                clock.Restart()
                true
            | Elapsed _ -> false

        fun state ->
            if due () then
                let state = state.Value
                let problem = $"∂u/∂t = {Term.show state.VectorField.Term}"
                Storage.saveState path problem state |> ignore

    /// The state of a file, for `Evolution.resume`, which is given options and equation again.
    /// Raises `ArgumentException` when the file is not a checkpoint, or was made with a network by `Network.ofFunction` (see
    /// `readWith`), and `FileNotFoundException` when there is none.
    let read (path: string) : EvolutionState = Storage.openState None path

    /// As `read`, with the network of the run: for networks by `Network.ofFunction`.
    let readWith (network: Network) (path: string) : EvolutionState = Storage.openState (Some network) path
