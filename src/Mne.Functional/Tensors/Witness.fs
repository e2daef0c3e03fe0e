namespace Mne.Functional

open System

/// Values of a function at a few points, by which it is known again where it could not be kept.
module internal Witness =

    /// Whether values are those that were kept, up to rounding: each to within `tolerance` times the root mean square of all. What
    /// is not finite has to be so alike.
    let agrees (tolerance: float) (kept: float[]) (found: float[]) : bool =
        let finite = Array.filter Double.IsFinite kept

        let size =
            if Array.isEmpty finite then
                0.0
            else
                sqrt (finite |> Array.averageBy (fun v -> v * v))

        kept.Length = found.Length
        && Array.forall2
            (fun (kept: float) (found: float) ->
                if Double.IsFinite kept && Double.IsFinite found then
                    abs (found - kept) <= tolerance * size
                else
                    kept.Equals found)
            kept
            found
