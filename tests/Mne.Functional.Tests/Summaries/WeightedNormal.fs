/// Weighted draws of the normal distribution N(m, s²) from a wider one.
[<RequireQualifiedAccess>]
module Mne.Functional.Tests.WeightedNormal

open System
open Mne.Functional

/// Draws of "a" from N(m, (w s)²), weighted for N(m, s²); w = 1 makes all weights equal.
let draws (m: float) (s: float) (w: float) (seed: int) (count: int) : NamedDraws =
    let z = w * Random.normal Placement.float64 seed [ count; 1 ]

    {
        Quantities = [ { Name = "a"; Shape = [] } ]
        Values = m .+ s .* z
        LogWeights = (0.5 * (1.0 / (w * w) - 1.0)) .* z.Square().sum 1L
    }

/// That estimates have the exact mean, give or take four standard errors of theirs, and that the standard errors that they claim are
/// the spread they have.
let right name (exact: float) (estimates: Estimate[]) =
    let n = float estimates.Length
    let mean = estimates |> Array.averageBy _.Value

    let spread =
        sqrt ((estimates |> Array.sumBy (fun e -> (e.Value - mean) ** 2.0)) / (n - 1.0))

    let claimed = estimates |> Array.averageBy _.StandardError
    Expecto.Expect.isLessThan (abs (mean - exact)) (4.0 * spread / sqrt n) $"{name}: value"
    Expecto.Expect.floatClose { absolute = 0.0; relative = 0.2 } claimed spread $"{name}: standard error"
