namespace Mne.Functional

open MathNet.Numerics.Integration

/// <summary>
/// How fast a process runs: at time t it has run for s(t) = ∫₀ᵗ β of its own time. Drift and D are both scaled by β, so
/// the process passes through the same distributions, some of them faster, some more slowly.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Schedule =
    {
        /// <summary>β(t) &gt; 0.</summary>
        Rate: float -> float
        /// <summary>s(t) = ∫₀ᵗ β.</summary>
        Clock: float -> float
    }

/// <summary>Time schedules of processes.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Schedule =

    /// <summary>β = 1: the process's own time.</summary>
    let uniform = { Rate = (fun _ -> 1.0); Clock = id }

    /// <summary>
    /// β grows linearly from <c>first</c> at t = 0 to <c>last</c> at t = T: the schedule of variance-preserving
    /// diffusions (Song et al., ICLR 2021, appendix C). A small <c>first</c> lingers near t = 0, where an energy
    /// changes fastest.
    /// </summary>
    /// <param name="first">β at t = 0, positive.</param>
    /// <param name="last">β at t = T, positive.</param>
    /// <param name="T">When β is <c>last</c>.</param>
    let linear (first: float) (last: float) (T: float) : Schedule =
        Guard.positive "first" first
        Guard.positive "last" last
        Guard.positive "T" T
        let slope = (last - first) / T

        {
            Rate = fun t -> first + slope * t
            Clock = fun t -> first * t + 0.5 * slope * t * t
        }

    /// <summary>Any smooth positive rate β; its integral is computed by Gauss–Legendre quadrature.</summary>
    /// <exception cref="T:System.ArgumentException">Where the rate turns out not to be positive.</exception>
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
