namespace Mne.Functional.References

open System

/// Refinement did not bring a reference solution to the accuracy asked for; the message says where it stopped.
type NotConvergedException(message: string) =
    inherit Exception(message)

/// A reference solution with the evidence for its accuracy.
type Converged<'Modes, 'Solution> =
    {
        Solution: 'Solution
        Modes: 'Modes
        Steps: int
        /// Relative L2 difference to the solution with twice the modes in each direction.
        SpaceEstimate: float
        /// Relative L2 difference to the solution with half the steps.
        TimeEstimate: float
    }

    /// A bound on the relative L2 error over space and times, on the safe side in time (the difference is the error of the
    /// coarser run, and the finer one was kept).
    member this.Estimate = this.SpaceEstimate + this.TimeEstimate

/// Self-convergence: refine space, then time, until neither refinement changes the solution.
[<RequireQualifiedAccess>]
module Convergence =

    /// sqrt(Σ|reference − approximation|² / Σ|reference|²) over all rows (times) and columns (points).
    let relativeL2 (reference: float[][]) (approximation: float[][]) : float =
        if
            reference.Length <> approximation.Length
            || Array.exists2 (fun (r: float[]) (a: float[]) -> r.Length <> a.Length) reference approximation
        then
            raise (
                ArgumentException(
                    "approximation: wanted as many rows (times) and columns (points) as the reference has",
                    "approximation"
                )
            )

        let square = Array.sumBy (fun (v: float) -> v * v)
        let difference = Array.map2 (Array.map2 (-)) reference approximation
        sqrt (Array.sumBy square difference / Array.sumBy square reference)

    /// Refines `run modes steps` until twice the modes change it by at most half the tolerance, then until half the steps
    /// change it by at most what is left, in the given distance. Raises `NotConvergedException` after five doublings of the modes or eight of the steps.
    let refine
        (double: 'Modes -> 'Modes)
        (run: 'Modes -> int -> 'Solution)
        (distance: 'Solution -> 'Solution -> float)
        (tolerance: float)
        (modes: 'Modes)
        (steps: int)
        : Converged<'Modes, 'Solution> =
        let giveUp what found enough =
            raise (
                NotConvergedException(
                    $"doubling {what} still changes the solution by {found}, wanted at most {enough}; "
                    + "the solution may not be smooth (or round-off is reached): start finer or ask for less"
                )
            )

        let rec space doublings modes steps coarse =
            let finer = double modes
            let fine = run finer steps
            let difference = distance fine coarse

            if difference <= 0.5 * tolerance then
                modes, steps, coarse, difference
            elif doublings = 0 then
                giveUp $"the modes beyond {modes} (with {steps} steps)" difference (0.5 * tolerance)
            elif Double.IsFinite difference then
                space (doublings - 1) finer steps fine
            else
                // One of the two ran away: the step is too long for its grid.
                space (doublings - 1) modes (2 * steps) (run modes (2 * steps))

        let rec time enough doublings modes steps coarse =
            let fine = run modes (2 * steps)
            let difference = distance fine coarse

            if difference <= enough then
                2 * steps, fine, difference
            elif doublings = 0 then
                giveUp $"the steps beyond {steps} (with {modes} modes)" difference enough
            else
                time enough (doublings - 1) modes (2 * steps) fine

        let modes, steps, coarse, inSpace = space 5 modes steps (run modes steps)
        let steps, solution, inTime = time (tolerance - inSpace) 8 modes steps coarse

        {
            Solution = solution
            Modes = modes
            Steps = steps
            SpaceEstimate = inSpace
            TimeEstimate = inTime
        }
