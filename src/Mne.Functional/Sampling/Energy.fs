namespace Mne.Functional

open System

/// <summary>
/// The energy u_t = −log ρ_t of a process for 0 ≤ t ≤ T, up to a constant: what a network learned of it, and the part that is known
/// in closed form. It is the one way to read u_t, its derivatives and the flow that they make. It owns tensors; dispose of it when it is no
/// longer needed.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Energy =
    {
        /// <summary>The process, which carries the density that the energy begins with to its stationary one.</summary>
        Process: Process
        /// <summary>w_t, the energy less what is known; all of it where nothing is.</summary>
        Solution: Solution
        /// <summary>The mixture at time 0 whose energy g_t is carried along in closed form.</summary>
        Known: Mixture option
    }

    /// <summary>T, the time at which the process ends.</summary>
    member energy.Duration = Solution.stop energy.Solution

    interface IDisposable with
        member energy.Dispose() =
            (energy.Solution :> IDisposable).Dispose()

/// <summary>Energies that evolve along a process.</summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Energy =

    /// u_t's jet at the points from that of w_t; the same where there is no part.
    let internal complete (p: Process) (part: Mixture option) (t: float) (points: Tensor) (rest: Jet) : Jet =
        match part with
        | Some part ->
            Scope.keepAll (fun jet -> [ jet.Data ]) (fun () -> KnownPart.add (KnownPart.at p t points part) points rest)
        | None -> rest

    /// g_t at the points (N); 0 where there is no part.
    let internal known (p: Process) (part: Mixture option) (t: float) (points: Tensor) : Tensor =
        match part with
        | Some part -> KnownPart.energy (KnownPart.at p t points part) points
        | None -> points.new_zeros points.shape[0]

    /// The equation of w; that of u where there is no part.
    let internal equation (p: Process) (part: Mixture option) : Term =
        match part with
        | Some part ->
            p
            |> FokkerPlanck.remainder (fun t points -> KnownPart.gradient (KnownPart.at p t points part) points)
        | None -> FokkerPlanck.energy p

    /// Points that move with the flow of u while w evolves.
    let internal flowingPoints (p: Process) (part: Mixture option) : PointDynamics =
        PointDynamics.Moving(
            Set.toList (Jet.gradientRequest p.Dimension),
            fun local ->
                FokkerPlanck.flow
                    p
                    { local with
                        Jet = complete p part local.Time local.Points local.Jet
                    }
        )

    /// <summary>Time, points, and u with the requested derivatives there: what equations and flows read.</summary>
    /// <param name="request">The derivatives.</param>
    /// <param name="t">The time, 0 to T.</param>
    /// <param name="points">X (N × d).</param>
    /// <param name="energy">u.</param>
    /// <exception cref="T:System.ArgumentException">The time lies outside, or the points do not fit.</exception>
    let local (request: Set<Derivative>) (t: float) (points: Tensor) (energy: Energy) : Local =
        {
            Time = t
            Points = points
            Jet =
                Scope.keepAll (fun jet -> [ jet.Data ]) (fun () ->
                    Solution.jet request t points energy.Solution
                    |> complete energy.Process energy.Known t points)
        }

    /// <summary>u_t, up to a constant.</summary>
    /// <param name="t">The time, 0 to T.</param>
    /// <param name="points">X (N × d).</param>
    /// <param name="energy">u.</param>
    /// <returns>N.</returns>
    /// <exception cref="T:System.ArgumentException">The time lies outside, or the points do not fit.</exception>
    /// <example><code>
    /// let atTheEnd = sampler.Energy |&gt; Energy.value sampler.Energy.Duration samples
    /// </code></example>
    let value (t: float) (points: Tensor) (energy: Energy) : Tensor =
        Scope.keep (fun () -> Jet.value (local Set.empty t points energy).Jet)

    /// <summary>∇u_t.</summary>
    /// <param name="t">The time, 0 to T.</param>
    /// <param name="points">X (N × d).</param>
    /// <param name="energy">u.</param>
    /// <returns>N × d.</returns>
    /// <exception cref="T:System.ArgumentException">The time lies outside, or the points do not fit.</exception>
    let gradient (t: float) (points: Tensor) (energy: Energy) : Tensor =
        let request = Jet.gradientRequest energy.Process.Dimension
        Scope.keep (fun () -> Jet.gradient (local request t points energy).Jet)

    /// <summary>
    /// The probability flow v_t = β (b + ½ D∇u) and its divergence, which move samples of ρ_0 to samples of ρ_t and give the density on the
    /// way: d/dt log ρ_t(x_t) = −∇·v_t.
    /// </summary>
    /// <param name="t">The time, 0 to T.</param>
    /// <param name="points">X (N × d).</param>
    /// <param name="energy">u.</param>
    /// <returns>v (N × d) and ∇·v (N).</returns>
    /// <exception cref="T:System.ArgumentException">The time lies outside, or the points do not fit.</exception>
    let flow (t: float) (points: Tensor) (energy: Energy) : Tensor * Tensor =
        Scope.keepAll (fun (v, divergence) -> [ v; divergence ]) (fun () ->
            let local = local (FokkerPlanck.flowNeeds energy.Process) t points energy
            FokkerPlanck.flow energy.Process local, FokkerPlanck.flowDivergence energy.Process local)

    /// Precision and device of u.
    let internal placement (energy: Energy) : Placement =
        Placement.ofTensor energy.Solution.Trajectory.Segments[0].Coefficients[0]

    /// u_t in one piece, to be differentiated with respect to the points (N).
    let internal differentiable (t: float) (points: Tensor) (energy: Energy) : Tensor =
        let θ = Solution.parameters t energy.Solution

        Jet.value (energy.Solution.Network.Propagate Set.empty θ points)
        .+ known energy.Process energy.Known t points
