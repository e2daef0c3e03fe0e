namespace Mne.Functional

open TorchSharp

/// Where many chains are: points (M × d), energies (M) and gradients (M × d) of the density that they move in.
type internal LangevinState =
    {
        Points: Tensor
        Energy: Tensor
        Gradient: Tensor
    }

/// How they move: x' = x − ½ H ∇V/τ + H^½ ξ with H = s C.
type internal LangevinMove =
    {
        /// C, the shape of a step.
        Covariance: Covariance
        /// s, its size: one for all (1 × 1) or one for each chain (M × 1).
        Size: Tensor
        /// τ: the density is e^{−V/τ}.
        Temperature: float
        /// Whether no drift is much longer than the noise (truncated Langevin; Roberts and Tweedie 1996, §1.4.3): where an energy is steep, far
        /// out in a cloud, proposals would overshoot to where it is not finite.
        Truncated: bool
    }

/// The Metropolis-adjusted Langevin algorithm (Roberts and Tweedie 1996), one step of many chains at a time.
[<RequireQualifiedAccess>]
module internal Langevin =

    let tensors state =
        [ state.Points; state.Energy; state.Gradient ]

    /// Chains at the points.
    let start (target: Density) (points: Tensor) : LangevinState =
        let energy, gradient = Diff.fgrad target.Energy points

        {
            Points = points
            Energy = energy.detach ()
            // Where there is no density, there is no slope either; such proposals are not accepted.
            Gradient = gradient.detach().nan_to_num(0.0, 0.0, 0.0)
        }

    /// The one where accepted (M), and the other elsewhere.
    let choose (accepted: Tensor) (proposed: LangevinState) (state: LangevinState) : LangevinState =
        let pick (yes: Tensor) (no: Tensor) =
            torch.where ((if yes.dim () = 2L then accepted.unsqueeze 1L else accepted), yes, no)

        {
            Points = pick proposed.Points state.Points
            Energy = pick proposed.Energy state.Energy
            Gradient = pick proposed.Gradient state.Gradient
        }

    /// One step of every chain, and which of the proposals were accepted (M). Call it inside a scope.
    let step (target: Density) (move: LangevinMove) (seed: int) (state: LangevinState) : LangevinState * Tensor =
        let placement = Placement.ofTensor state.Points
        let m, d = Tensor.rows state.Points, target.Dimension

        let drift (gradient: Tensor) : Tensor =
            let full =
                0.5 .* move.Size ./ move.Temperature * Covariance.times move.Covariance gradient

            if move.Truncated then
                let longest = 2.0 .* (move.Size .* float d).sqrt()

                full * (longest / (full.norm(1).unsqueeze 1L .+ 1e-300)).ClampMax(1.0)
            else
                full

        let noise =
            Covariance.colour move.Covariance (Random.normal placement (Seed.child 0 seed) [ m; d ])

        let proposed =
            start target (state.Points - drift state.Gradient .+ move.Size.sqrt () * noise)

        /// log of the density of moving from one state to another, up to a constant (M).
        let transition (from: LangevinState) (towards: LangevinState) : Tensor =
            let forced = towards.Points - from.Points .+ drift from.Gradient

            -0.5 .* (Covariance.whiten move.Covariance forced).Square().sum 1L
            / move.Size.squeeze 1L

        let logRatio =
            (state.Energy - proposed.Energy) ./ move.Temperature
            .+ transition proposed state
            - transition state proposed

        let accepted: Tensor =
            (Random.uniform placement (Seed.child 1 seed) [ m ]).log().less logRatio

        choose accepted proposed state, accepted
