/// Assertions that several tests need and Expecto does not have.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Assert

open System
open Expecto
open Mne.Functional

/// Runs the body, which has to raise an exception of the type 'e (or one derived from it), and returns that.
let raises<'e when 'e :> exn> (body: unit -> unit) : 'e =
    let raised =
        try
            body ()
            None
        with error ->
            Some error

    match raised with
    | Some(:? 'e as error) -> error
    | Some error -> failtest $"wanted {typeof<'e>.Name}, but it raised {error}"
    | None -> failtest $"wanted {typeof<'e>.Name}, but it raised nothing"

/// The number of live tensors after what other tests left to the garbage collector has gone.
let settledTensors () =
    GC.Collect()
    GC.WaitForPendingFinalizers()
    Engine.liveTensors ()

/// Runs the body and fails if it leaves another number of live tensors than it found.
let frees (body: unit -> unit) =
    let before = settledTensors ()
    body ()
    Expect.equal (Engine.liveTensors ()) before "live tensors after and before"
