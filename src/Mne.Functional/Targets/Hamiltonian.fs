namespace Mne.Functional

open TorchSharp

/// How chains move along trajectories: v ~ N(0, C), then leapfrog steps of dx = v dt, dv = −C ∇V dt.
type internal HamiltonianMove =
    {
        /// C, the shape of the velocities: about that of the density.
        Covariance: Covariance
        /// The length of a leapfrog step, at most: each chain takes one between a half of it and the whole, so that none returns to where it began.
        Size: float
        /// How many leapfrog steps a trajectory has.
        Leaps: int
    }

/// Hamiltonian Monte Carlo (Duane, Kennedy, Pendleton and Roweth 1987), one trajectory of many chains at a time.
[<RequireQualifiedAccess>]
module internal Hamiltonian =

    /// One trajectory of every chain, and which of them were accepted (M). Call it inside a scope.
    let step (target: Density) (move: HamiltonianMove) (seed: int) (state: LangevinState) : LangevinState * Tensor =
        let placement = Placement.ofTensor state.Points
        let m, d = Tensor.rows state.Points, target.Dimension

        let velocity =
            Covariance.colour move.Covariance (Random.normal placement (Seed.child 0 seed) [ m; d ])

        let ε =
            move.Size
            .* (1.0 .- 0.5 .* Random.uniform placement (Seed.child 2 seed) [ m; 1 ])

        let kick (half: Tensor) (gradient: Tensor) (velocity: Tensor) : Tensor =
            velocity - half * Covariance.times move.Covariance gradient

        let half = 0.5 .* ε

        let leap (at, velocity) _ =
            let velocity = kick half at.Gradient velocity
            let next = Langevin.start target (at.Points .+ ε * velocity)
            next, kick half next.Gradient velocity

        let proposed, last = ((state, velocity), [ 1 .. move.Leaps ]) ||> List.fold leap

        let kinetic (velocity: Tensor) =
            0.5 .* (Covariance.whiten move.Covariance velocity).Square().sum 1L

        let logRatio = state.Energy .+ kinetic velocity - proposed.Energy - kinetic last

        let accepted: Tensor =
            (Random.uniform placement (Seed.child 1 seed) [ m ]).log().less logRatio

        Langevin.choose accepted proposed state, accepted
