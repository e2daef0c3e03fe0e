namespace Mne.Functional.CSharp;

/// <summary>
/// What ArviZ calls InferenceData: draws of a posterior with what belongs to them, for files that ArviZ and xarray read. Numbers beside the draws go by the
/// names of data, such as <c>"y"</c>. Tensors stay the caller's.
/// </summary>
/// <example><code>
/// using var y = Tensors.Normal(2, 10);
/// new InferenceData { Posterior = named, ObservedData = [("y", y)] }.Save("output/posterior.nc");
/// </code></example>
public sealed record InferenceData
{
    /// <summary>Weighted draws of the posterior (M).</summary>
    public required NamedDraws Posterior { get; init; }

    /// <summary>log p(yᵢ | θ) of each observation at each draw (M × shape of the observations).</summary>
    public IReadOnlyList<(string Name, Tensor Values)> LogLikelihood { get; init; } = [];

    /// <summary>Data that the model made (R × shape of the observations), as by <see cref="Predictive.Draw"/>.</summary>
    public IReadOnlyList<(string Name, Tensor Values)> PosteriorPredictive { get; init; } = [];

    /// <summary>What was observed, in any shape.</summary>
    public IReadOnlyList<(string Name, Tensor Values)> ObservedData { get; init; } = [];

    /// <summary>
    /// Writes a netCDF-4 file with the groups posterior, log_likelihood, posterior_predictive and observed_data of ArviZ's schema, as far as there is
    /// something for them, and gives its full path. ArviZ knows no weights: draws whose weights differ are resampled in proportion to them, as many as there
    /// were, and their log-likelihoods with them. There is one chain.
    /// </summary>
    /// <param name="path">Path of the file, relative to the present folder or absolute.</param>
    /// <param name="seed">Seed of the resampling: the same seed gives the same numbers.</param>
    /// <exception cref="ArgumentException">
    /// Names are no names of variables, shapes do not fit, no draw has weight, or the path is empty.
    /// </exception>
    public string Save(string path, int seed = 0) =>
        Core.InferenceDataModule.save(
            Bridge.Wanted(path),
            seed,
            new(
                Bridge.Wanted(Posterior).Inner,
                Bridge.Tuples(LogLikelihood),
                Bridge.Tuples(PosteriorPredictive),
                Bridge.Tuples(ObservedData)));
}
