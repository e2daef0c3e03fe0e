namespace Mne.Functional

open MathNet.Numerics.Integration

/// How fast a process runs: at time t it has run for s(t) = ∫₀ᵗ β of its own time. Drift and D are both scaled by β, so the
/// process passes through the same distributions, some of them faster, some more slowly.
type Schedule =
    {
        /// β(t) > 0.
        Rate: float -> float
        /// s(t) = ∫₀ᵗ β.
        Clock: float -> float
    }

/// Time schedules of processes.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =

    /// β = 1: the process's own time.
    let uniform = { Rate = (fun _ -> 1.0); Clock = id }

    /// β grows linearly from `first` at t = 0 to `last` at t = T: the schedule of variance-preserving diffusions (Song et al.,
    /// ICLR 2021, appendix C). A small `first` lingers near t = 0, where an energy changes fastest.
    let linear (first: float) (last: float) (T: float) : Schedule =
        Guard.positive "first" first
        Guard.positive "last" last
        Guard.positive "T" T
        let slope = (last - first) / T

        {
            Rate = fun t -> first + slope * t
            Clock = fun t -> first * t + 0.5 * slope * t * t
        }

    /// Any smooth positive rate β; its integral is computed by Gauss–Legendre quadrature.
    /// Raises `ArgumentException` where the rate turns out not to be positive.
    let ofRate (rate: float -> float) : Schedule =
        let rate t =
            let β = rate t
            Guard.positive "rate" β
            β

        {
            Rate = rate
            Clock =
                fun t ->
                    if t = 0.0 then
                        0.0
                    else
                        GaussLegendreRule.Integrate(rate, 0.0, t, 64)
        }
