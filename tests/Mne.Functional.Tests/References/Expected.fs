/// Numbers compared with what they ought to be.
module internal Mne.Functional.Tests.Expected

open System
open Expecto
open Expecto.Flip
open MathNet.Numerics.Random

let tau = 2.0 * Math.PI

let near tolerance message expected actual =
    if not (abs (actual - expected) <= tolerance) then
        failtest $"{message}: found {actual}, expected {expected} within {tolerance}"

let nearAll tolerance message (expected: float[]) (actual: float[]) =
    Expect.equal $"{message}: length" expected.Length actual.Length
    Array.iteri2 (fun i e a -> near tolerance $"{message} [{i}]" e a) expected actual

let atMost limit message (found: float) =
    if not (found <= limit) then
        failtest $"{message}: found {found}, wanted at most {limit}"

let noise seed n =
    let random = MersenneTwister(seed, false)
    Array.init n (fun _ -> 2.0 * random.NextDouble() - 1.0)
