namespace Mne.Functional

open System
open TorchSharp

/// A place where an energy is least, and how far around it the energy is within ½ of that: the normal distribution that has the same shape.
type internal Mode =
    {
        /// m (d).
        Centre: float[]
        /// C (d × d).
        Covariance: float[,]
        /// A with C⁻¹ = AᵀA (d × d): it makes a distance of a deviation.
        Whitener: float[,]
        /// V(m).
        Energy: float
        /// log of the integral of e^{−V} if it had that shape: −V(m) + ½ log det 2πC.
        LogMass: float
    }

/// The way down: Newton's method from many places at once, and the shape of what is found where it ends.
[<RequireQualifiedAccess>]
module internal Descent =

    /// Newton's steps at most.
    let private mostSteps = 40

    /// Steps after which a half of the descents is enough.
    let private fewSteps = 10

    /// A descent ends when a step gains less: what is left does not matter beside the width of a mode.
    let private enough = 1e-4

    /// Numbers in place of those that are not: where an energy is infinite, it has no slope.
    let private finite (t: Tensor) : Tensor = t.nan_to_num (0.0, 0.0, 0.0)

    /// V, and Newton's frame at each of the points (M × d): eigenvalues (M × d) of the Hessian in coordinates scaled to a unit diagonal, and axes
    /// (M × d × d) of these coordinates in the caller's, as columns, with the slopes along them (M × d); and the inverse of the axes.
    let private frame (target: Density) (points: Tensor) =
        let energy, gradient, hessian = Diff.fgradhessian target.Energy points
        let gradient, hessian = finite gradient, finite hessian
        let diagonal = hessian.diagonal(0L, 1L, 2L).abs()
        // Where an energy is straight, a step of the size of the point itself is the natural one.
        let straight = 1e-4 .* gradient.abs () / (points.abs().ClampMin 1.0)
        let least = 1e-24 ./ points.abs().ClampMin(1.0).Square()
        let unit = diagonal.maximum(straight).maximum(least).rsqrt()
        let scaled = unit.unsqueeze 2L * hessian * unit.unsqueeze 1L
        let symmetric = finite (0.5 .* (scaled .+ scaled.transpose (1L, 2L)))
        let struct (λ, q) = torch.linalg.eigh symmetric
        let axes = unit.unsqueeze 2L * q
        let slopes = axes.transpose(1L, 2L).matmul(gradient.unsqueeze 2L).squeeze 2L
        energy, λ, axes, slopes, q.transpose (1L, 2L) / unit.unsqueeze 1L

    /// Steps of different boldness, which are tried together (C × M × d): Newton's own, with |λ| in place of λ so that it descends, and shorter ones.
    let private steps (λ: Tensor) (axes: Tensor) (slopes: Tensor) : Tensor =
        let newton = -slopes / λ.abs().ClampMin 1e-12

        let along (step: Tensor) =
            axes.matmul(step.unsqueeze 2L).squeeze 2L

        let near = newton.Clamp(-1.0, 1.0)
        let far = newton.Clamp(-30.0, 30.0)

        Tensor.stack
            0L
            [
                for α in [ 2.0; 1.0; 0.5; 0.1 ] -> along (α .* newton)
                for α in [ 1.0; 0.25 ] -> along (α .* far)
                for α in [ 2.0; 1.0; 0.3; 0.03; 1e-3 ] -> along (α .* near)
            ]

    /// The energy of points of any shape (… × d).
    let private energyOf (target: Density) (points: Tensor) : Tensor =
        let d = Array.last points.shape

        (target.Energy(points.reshape (-1L, d))).reshape(Array.take (points.shape.Length - 1) points.shape)

    /// Where descents from the points end (M × d), and the energies there: +∞ for those that have not ended.
    let ends (run: Run) (target: Density) (first: Tensor) : Tensor * Tensor =
        let m = Tensor.rows first

        let rec go step (points: Tensor) (energy: Tensor) (active: int[]) =
            Run.stopIfAsked run

            // The slowest are not waited for.
            if
                active.Length = 0
                || step = mostSteps
                || (step >= fewSteps && 2 * active.Length <= m)
            then
                let unfinished = torch.tensor (Array.map int64 active, device = points.device)
                points, energy.index_copy (0L, unfinished, energy.NewFull(int64 active.Length, infinity))
            else
                let next, value, still =
                    Scope.keepAll (fun (p, e, _) -> [ p; e ]) (fun () ->
                        let here = Tensor.pick active points
                        let before, λ, axes, slopes, _ = frame target here
                        let tried = here.unsqueeze 0L .+ steps λ axes slopes
                        let values = (energyOf target tried).nan_to_num(infinity, infinity, infinity)
                        let struct (best, which) = values.min 0L

                        let chosen =
                            tried
                                .gather(0L, which.unsqueeze(0L).unsqueeze(2L).expand_as(tried.narrow (0L, 0L, 1L)))
                                .squeeze
                                0L

                        let better = best.lt before
                        let moved = torch.where (better.unsqueeze 1L, chosen, here)
                        let reached = torch.where (better, best, before)
                        let gain = Tensor.toArray (before - reached)

                        let index = torch.tensor (Array.map int64 active, device = points.device)

                        points.index_copy (0L, index, moved),
                        energy.index_copy (0L, index, reached),
                        [|
                            for i, row in Array.indexed active do
                                if gain[i] > enough then
                                    row
                        |])

                points.Dispose()
                energy.Dispose()
                go (step + 1) next value still

        use _ = torch.no_grad ()
        let energy = target.Energy first
        let finite = Tensor.toArray (energy.isfinite ())

        go
            0
            (first.clone ())
            energy
            [|
                for i in 0 .. m - 1 do
                    if finite[i] > 0.0 then
                        i
            |]

    /// How far along an axis an energy rises by ½, from its rises at radii that double: found between two of them as for a power of the radius.
    let private width (radii: float[]) (rises: float[]) : float =
        match rises |> Array.tryFindIndex (fun rise -> not (rise <= 0.5)) with
        | None -> Array.last radii
        | Some 0 -> radii[0]
        | Some k ->
            let low, high = rises[k - 1], rises[k]

            if Double.IsFinite high && low > 1e-12 then
                let power = log (high / low) / log (radii[k] / radii[k - 1])
                radii[k - 1] * (0.5 / low) ** (1.0 / max 0.25 power)
            else
                radii[k - 1]

    /// Rises of the energy from a point (1 × d) along axes (d × d, as columns) at radii: one row for each axis.
    let private rises (target: Density) (point: Tensor) (energy: float) (axes: Tensor) (radii: float[]) : float[,] =
        Scope.free (fun () ->
            let tried =
                point.unsqueeze 0L
                .+ axes.t().unsqueeze 1L
                   * (Tensor.ofArray Placement.float64 radii).unsqueeze(0L).unsqueeze 2L

            Tensor.toArray2D (energyOf target tried .- energy))

    /// The mode at a point (1 × d) where a descent ended. Its axes are those of the curvature, but its widths are measured, so that flat places,
    /// edges and walls have one as well: near those of the curvature first, and where it says nothing, at lengths of every size.
    let shape (target: Density) (point: Tensor) : Mode =
        Scope.free (fun () ->
            use _ = torch.no_grad ()
            let d = int point.shape[1]
            let energy, λ, axes, _, inverse = frame target point
            let energy = Tensor.toFloat energy
            let lengths = (λ.squeeze 0L).abs().ClampMin(1e-12).rsqrt()
            let norms = axes.squeeze(0L).norm 0
            let axes = axes.squeeze 0L * lengths.unsqueeze 0L
            let unit = axes / axes.norm(0).unsqueeze 0L

            let widths sign =
                let near = [| for k in -4 .. 8 -> 2.0 ** float k |]
                let found = rises target point energy (sign .* axes) near

                let all =
                    lazy rises target point energy (sign .* unit) [| for k in -80 .. 80 -> 2.0 ** float k |]

                let size = Tensor.toArray (axes.norm 0)

                [|
                    for k in 0 .. d - 1 ->
                        if found[k, 0] <= 0.5 && not (found[k, near.Length - 1] <= 0.5) then
                            size[k] * width near found[k, *]
                        else
                            width [| for k in -80 .. 80 -> 2.0 ** float k |] all.Value[k, *]
                |]

            let both =
                Array.map2 (fun up down -> sqrt (up * down)) (widths 1.0) (widths -1.0)
                |> Tensor.ofArray Placement.float64

            let scaled = unit * both.unsqueeze 0L
            // The axes are orthogonal in scaled coordinates, where their determinant has no round-off to speak of.
            let whitener = inverse.squeeze 0L * (norms / both).unsqueeze 1L
            let struct (_, logDeterminant) = torch.linalg.slogdet (inverse.squeeze 0L)

            {
                Centre = Tensor.toArray point
                Covariance = Tensor.toArray2D (scaled.mm (scaled.t ()))
                Whitener = Tensor.toArray2D whitener
                Energy = energy
                LogMass =
                    -energy - Tensor.toFloat logDeterminant
                    + Tensor.toFloat ((both / norms).log().sum())
                    + 0.5 * float d * log (2.0 * Math.PI)
            })

    /// (x − m)ᵀ C⁻¹ (x − m) of points (M × d) from a mode (M).
    let distances (mode: Mode) (points: Tensor) : float[] =
        Scope.free (fun () ->
            let centred = points - Tensor.ofArray Placement.float64 mode.Centre
            Tensor.toArray ((centred.mm ((Tensor.ofArray2D Placement.float64 mode.Whitener).t())).Square().sum 1L))
