namespace Mne.Functional

open TorchSharp

/// How far an energy is known: where its equation was imposed.
type internal Reach =
    {
        /// c (d), the mean of the points.
        Centre: Tensor
        /// s (d), how far they are from it at most, coordinate by coordinate.
        Extent: Tensor
    }

/// Flows that come to rest far outside, where the energy is anything.
///
/// A network that has seen no points may grow there so that its flow runs away in finite time, and one draw in thousands would hold up all
/// others. The flow is χ v instead of v, with χ from 1 to 0 over a region several times as far out as the points were. Carried along
/// it, log-densities are as exact as before, and weights right: χ v is one more approximation of a flow, and the same in both directions.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module internal Reach =

    /// Of points at several times (N × d each).
    let ofPoints (clouds: Tensor list) : Reach =
        let all = Tensor.concatenate 0L clouds
        let centre = all.mean [| 0L |]
        let struct (extent, _) = (all - centre).abs().max 0L
        let least = Placement.epsilon (Placement.ofTensor all)

        {
            Centre = centre
            Extent = extent.ClampMin(least)
        }

    /// With q = Σ_k ((x_k − c_k) / s_k)⁴, χ is 1 up to the first and 0 from the second number on.
    let private still, rest = 3.0 ** 4.0, 6.0 ** 4.0

    let private scaled (reach: Reach) (x: Tensor) : Tensor = (x - reach.Centre) / reach.Extent

    let private inside (reach: Reach) (x: Tensor) : Tensor =
        ((scaled reach x).Power(4.0).sum 1L).LessThan(rest)

    /// The points (M × d), but the centre in place of those where the flow rests: the energy may overflow there.
    let known (reach: Reach) (x: Tensor) : Tensor =
        x.where ((inside reach x).unsqueeze 1L, reach.Centre)

    /// χ v (M × d) and ∇·(χ v) = χ ∇·v + ∇χ·v (M) at the points x, from v and ∇·v at the points `known`.
    let confine (reach: Reach) (x: Tensor) (velocity: Tensor, divergence: Tensor) : Tensor * Tensor =
        let inside = inside reach x
        let z = scaled reach (known reach x)
        let q = z.Power(4.0).sum 1L
        let u = ((q .- still) ./ (rest - still)).Clamp(0.0, 1.0)
        let χ = (1.0 .- u.Square() * (3.0 .- 2.0 .* u)) * inside.``to`` q.dtype
        let slope = -6.0 .* u * (1.0 .- u) ./ (rest - still)
        let along = (4.0 .* z.Power(3.0) * velocity / reach.Extent).sum 1L
        χ.unsqueeze 1L * velocity, χ * divergence .+ slope * along
