namespace Mne.Functional

open System
open System.Threading
open TorchSharp

/// <summary>A vector field with a note on every evaluation: y' = f(t, y). It is pure.</summary>
type Field<'note> = float -> Tensor -> Tensor * 'note

/// <summary>
/// Where an integration stands between two steps: with the same problem, what follows depends on nothing else, so that
/// it can be taken up again from here to the same bits.
/// </summary>
type IntegratorState<'context, 'note> =
    {
        /// <summary>What has been reached; it stops at the time t from which to go on.</summary>
        Reached: Trajectory<'note>
        /// <summary>What the vector field of the present piece depends on.</summary>
        Context: 'context
        /// <summary>y(t).</summary>
        Y: Tensor
        /// <summary>What the method is given next.</summary>
        MethodMemory: Tensor list
        /// <summary>What the controller is given next.</summary>
        ControllerMemory: float list
        /// <summary>The size of the next step.</summary>
        Step: float
    }

    interface IDisposable with
        member state.Dispose() =
            (state.Reached :> IDisposable).Dispose()

            for tensor in state.Y :: state.MethodMemory do
                tensor.Dispose()

/// <summary>
/// An initial-value problem and how to integrate it. The vector field depends on a context, which may change from piece
/// to piece.
/// </summary>
type Integration<'context, 'note> =
    {
        /// <summary>y' = f(t, y); pure. y is a vector.</summary>
        Field: 'context -> Field<'note>
        /// <summary>The size of an error δ at the state y, as a multiple of what is tolerated: norm y δ.</summary>
        Norm: Tensor -> Tensor -> float
        /// <summary>How steps are made.</summary>
        Method: Method
        /// <summary>How their sizes are chosen.</summary>
        Controller: Controller
        /// <summary>The first step; None lets the program choose.</summary>
        InitialStep: float option
        /// <summary>Steps never exceed this.</summary>
        MaximumStep: float
        /// <summary>Accepted and rejected steps together never exceed this.</summary>
        MaximumSteps: int
        /// <summary>Events that end the integration.</summary>
        Events: Event list
        /// <summary>
        /// The note of an accepted step: from the context, how many steps there were before, the note of the last of
        /// them, the step itself, and the note of its last evaluation.
        /// </summary>
        Examine: 'context -> int -> 'note option -> Segment -> 'note -> 'note
        /// <summary>Called after every accepted step, with how many there are.</summary>
        OnStep: int -> StepRecord<'note> -> unit
        /// <summary>
        /// Called after every accepted step that is not the last, with the state to go on from; its tensors live until
        /// the call returns, and are only gathered when the value is asked for. Where the run is cancelled, it is called once more with
        /// the state after the last such step, whose value is there already (<c>IsValueCreated</c>).
        /// </summary>
        OnState: Lazy<IntegratorState<'context, 'note>> -> unit
        /// <summary>Ends the integration with the outcome <c>Cancelled</c>.</summary>
        Cancellation: CancellationToken
        /// <summary>
        /// Whether all steps are kept, to be evaluated in between; otherwise the trajectory has the last step only, and
        /// memory stays bounded however long it is.
        /// </summary>
        KeepsSteps: bool
    }
