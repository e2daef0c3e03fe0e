/// Helpers of the tests of the core: tests in a dispose scope, comparison of tensors, random tensors.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.Check

open System
open Expecto
open TorchSharp
open Mne.Functional

/// A test whose tensors are freed when it ends.
let scoped name (body: unit -> unit) =
    testCase name (fun () ->
        use _ = torch.NewDisposeScope()
        body ())

/// Seeds of the examples on which laws are tried: the same in every run, so that a failure is one of the code and not of the day.
/// MNE_LAWS=random takes others; a failing one is printed.
let private examples =
    { FsCheckConfig.defaultConfig with
        replay =
            match Environment.GetEnvironmentVariable "MNE_LAWS" with
            | "random" -> None
            | _ -> Some(20250206UL, 3645UL, None)
    }

/// MNE_CASES=10 takes ten times as many examples of every law.
let private times =
    match Int32.TryParse(Environment.GetEnvironmentVariable "MNE_CASES") with
    | true, factor -> max 1 factor
    | _ -> 1

/// A law for so many examples from generators of one's own.
let lawOf arbitrary count name law =
    testPropertyWithConfig
        { examples with
            maxTest = count * times
            arbitrary = arbitrary
        }
        name
        law

/// A law for so many examples.
let law count name law = lawOf [] count name law

/// A law for a hundred examples.
let property name law = lawOf [] 100 name law

/// max |a|, 0 for no elements.
let size (a: Tensor) =
    if a.numel () = 0L then
        0.0
    else
        Scope.free (fun () -> Tensor.toFloat (a.abs().max()))

/// The largest difference, relative to the largest expected element.
let difference (actual: Tensor) (expected: Tensor) =
    Expect.equal actual.shape expected.shape "shape"
    let scale = size expected

    Scope.free (fun () -> size (actual.detach () - expected.detach ()))
    / (if scale > 0.0 then scale else 1.0)

/// Equal up to `tolerance` relative to the largest element.
let close tolerance message (actual: Tensor) (expected: Tensor) =
    let found = difference actual expected

    if not (found <= tolerance) then
        failtest $"{message}: relative difference {found:G3}, wanted at most {tolerance:G3}"

/// The same shape, element type and bits.
let identical message (actual: Tensor) (expected: Tensor) =
    Expect.equal actual.dtype expected.dtype $"{message}: element type"
    Expect.equal actual.shape expected.shape $"{message}: shape"
    Expect.equal (Tensor.toArray actual) (Tensor.toArray expected) $"{message}: bits"

/// Standard normal numbers in double precision.
let normal seed shape =
    Random.normal Placement.float64 seed shape

/// A positive definite matrix (d × d).
let covariance seed d : float[,] =
    Scope.free (fun () ->
        let a = normal seed [ d; d ]
        Tensor.toArray2D (a.mm (a.t ()) ./ float d .+ 0.2 .* torch.eye (d, dtype = torch.float64)))

/// The body raises `ArgumentException` whose message contains all the parts.
let refuses (parts: string list) (body: unit -> unit) =
    let error = Assert.raises<ArgumentException> body

    for part in parts do
        Expect.stringContains error.Message part "message"
