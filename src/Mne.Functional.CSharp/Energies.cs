namespace Mne.Functional.CSharp;

/// <summary>
/// The energy u_t = −log ρ_t of a process for 0 ≤ t ≤ T, up to a constant: the one way to read it, its derivatives and the flow that they make.
/// It is its sampler's, and freed with it.
/// </summary>
/// <example><code>
/// using var u = sampler.Energy.Value(0.5, samples);
/// var (v, divergence) = sampler.Energy.Flow(0.5, samples);
/// </code></example>
[Core.Notebooks.TypeFormatterSource]
public sealed class Energy
{
    internal Energy(Core.Energy inner) => (Inner, Solution) = (inner, new(inner.Solution));

    internal Core.Energy Inner { get; }

    /// <summary>The process, which carries the density that the energy begins with to its stationary one.</summary>
    public Process Process => new(Inner.Process);

    /// <summary>
    /// w_t, the energy less what is known of it in closed form; all of it where nothing is. It is the sampler's: do not dispose of it.
    /// </summary>
    public Solution Solution { get; }

    /// <summary>The mixture at time 0 whose energy g_t is carried along in closed form; null where there is none.</summary>
    public Mixture? Known => Inner.Known is { } known ? new(known.Value) : null;

    /// <summary>T, the time at which the process ends.</summary>
    public double Duration => Inner.Duration;

    /// <summary>u_t at the points (M × d), up to a constant: (M).</summary>
    /// <exception cref="ArgumentException">The time lies outside, or the points do not fit.</exception>
    public Tensor Value(double t, Tensor points) => Core.EnergyModule.value(t, Bridge.Wanted(points), Inner);

    /// <summary>∇u_t at the points (M × d): (M × d).</summary>
    /// <exception cref="ArgumentException">The time lies outside, or the points do not fit.</exception>
    public Tensor Gradient(double t, Tensor points) => Core.EnergyModule.gradient(t, Bridge.Wanted(points), Inner);

    /// <summary>
    /// The probability flow v_t (M × d), which moves samples of ρ_0 to samples of ρ_t without noise, and its divergence (M): along the flow
    /// d/dt log ρ_t(x_t) = −∇·v_t.
    /// </summary>
    /// <exception cref="ArgumentException">The time lies outside, or the points do not fit.</exception>
    public (Tensor Velocity, Tensor Divergence) Flow(double t, Tensor points) =>
        Core.EnergyModule.flow(t, Bridge.Wanted(points), Inner).ToValueTuple();

    /// <summary>What equations and flows read at time t and the points (M × d): u_t with the given derivatives.</summary>
    /// <example><code>var laplacian = sampler.Energy.Local(0.5, samples, Derivative.Laplacian)[Derivative.Laplacian];</code></example>
    /// <exception cref="ArgumentException">The time lies outside, or the points do not fit.</exception>
    public Local Local(double t, Tensor points, params IEnumerable<Derivative> derivatives) =>
        new(Core.EnergyModule.local(Derivative.Set(derivatives), t, Bridge.Wanted(points), Inner));
}

/// <summary>
/// What a diffusion process makes of a density ρ_t: the equations of ρ_t and of its energy u_t = −log ρ_t, and the probability flow that
/// carries its samples without noise.
/// </summary>
public static class FokkerPlanck
{
    /// <summary>The equation of the energy u = −log ρ, less its mean over the points.</summary>
    /// <example><code>
    /// var ou = Process.OrnsteinUhlenbeck(1);
    /// var options = new EvolutionOptions { Points = FokkerPlanck.FlowingPoints(ou), ErrorScale = ErrorScale.Spread };
    /// using var solution = Evolution.Solve(FokkerPlanck.Energy(ou), network, points, start, 0.0, 1.0, options);
    /// </code></example>
    public static Term Energy(Process process) => new(Core.FokkerPlanck.energy(Bridge.Wanted(process).Inner));

    /// <summary>The equation of the density ρ itself.</summary>
    public static Term Density(Process process) => new(Core.FokkerPlanck.density(Bridge.Wanted(process).Inner));

    /// <summary>The derivatives of the energy that the flow and its divergence read.</summary>
    public static IReadOnlyList<Derivative> FlowNeeds(Process process) =>
        Derivative.List(Core.FokkerPlanck.flowNeeds(Bridge.Wanted(process).Inner));

    /// <summary>The probability flow v_t (N × d), which moves samples of ρ_0 to samples of ρ_t without noise.</summary>
    /// <example><code>var process = sampler.Energy.Process;
    /// using var v = FokkerPlanck.Flow(process, sampler.Energy.Local(0.5, samples, FokkerPlanck.FlowNeeds(process)));</code></example>
    public static Tensor Flow(Process process, Local local) =>
        Core.FokkerPlanck.flow(Bridge.Wanted(process).Inner, Bridge.Wanted(local).Inner);

    /// <summary>∇·v_t (N): along the flow d/dt log ρ_t(x_t) = −∇·v_t.</summary>
    public static Tensor FlowDivergence(Process process, Local local) =>
        Core.FokkerPlanck.flowDivergence(Bridge.Wanted(process).Inner, Bridge.Wanted(local).Inner);

    /// <summary>Collocation points that move with the probability flow.</summary>
    public static PointDynamics FlowingPoints(Process process) => new(Core.FokkerPlanck.flowingPoints(Bridge.Wanted(process).Inner));
}
