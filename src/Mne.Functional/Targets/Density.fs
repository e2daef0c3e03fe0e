namespace Mne.Functional

open TorchSharp

/// <summary>A probability density of which the formula is known up to a factor: ρ ∝ e^{−V}.</summary>
type Density =
    {
        /// <summary>The space dimension d.</summary>
        Dimension: int
        /// <summary>The energy V, points (N × d) ↦ (N); one number per point, smooth where it is finite, +∞ where there is no density.</summary>
        Energy: Tensor -> Tensor
    }

/// <summary>Densities given by formulas.</summary>
[<RequireQualifiedAccess>]
module Density =

    /// Energies with +∞ where they are not a number. Most often all of them are finite, and their sum says so.
    let private placesWithoutDensity (values: Tensor) : Tensor =
        if Tensor.isFinite values then
            values
        else
            if Scope.free (fun () -> (values.detach().isneginf().any()).item<bool>()) then
                Guard.fail
                    "energy"
                    "found −∞, where the density e^−V would be infinite; wanted numbers, or +∞ where there is no density"

            torch.where (values.isnan (), values.NewFull(values.shape[0], infinity), values)

    /// <summary>
    /// The density e^{−V} up to a factor, from its energy V: points (N × d) ↦ (N). Where V is +∞ or not a number, there is no density: such
    /// points are rejected as proposals and have the weight 0 as draws. The energy is checked wherever it is
    /// evaluated: <c>ArgumentException</c> when it returns another shape than N or −∞, which no density has.
    /// </summary>
    /// <param name="d">Dimension of space.</param>
    /// <param name="energy">V: points (N × d) ↦ (N).</param>
    /// <example><code>
    /// let ring = Density.ofEnergy 2 (fun x -&gt; 4.0 * (x.norm(1) - 2.0).square ())
    /// </code></example>
    let ofEnergy (d: int) (energy: Tensor -> Tensor) : Density =
        Guard.atLeast "d" 1 d

        {
            Dimension = d
            Energy =
                fun points ->
                    Guard.points "points" d points
                    let values = Lent.one energy points
                    Guard.vector "energy" (Tensor.rows points) values
                    Guard.samePlacement "energy" values "points" points
                    placesWithoutDensity values
        }

    /// <summary>
    /// The density of y where x = g(y) has the given density, with the same Z: −log ρ(y) = V(g(y)) − log |det g'(y)|.
    /// <c>map</c> gives g(y) (N × d) and log |det g'(y)| (N). It turns scales into positions and power tails into
    /// exponential ones; draws are brought back by g, and keep their weights.
    /// </summary>
    /// <param name="map">y (N × d) ↦ g(y) (N × d) and log |det g'(y)| (N).</param>
    /// <param name="density">A density e^{−V}, up to its constant.</param>
    /// <example><code>
    /// // x = sinh y: as fine near 0 as before, and logarithmic far out
    /// let wide = Density.transformed (fun y -&gt; y.sinh (), y.cosh().log().sum 1L) target
    /// </code></example>
    let transformed (map: Tensor -> Tensor * Tensor) (density: Density) : Density =
        ofEnergy density.Dimension (fun y ->
            let x, logDeterminant = map y
            density.Energy x - logDeterminant)

    /// <summary>
    /// A mixture of normal distributions with the given weights (they need not sum to one), means and one standard
    /// deviation each, with log Z = log Σ weights.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The lists differ in length, weights or deviations are not positive, or
    /// a mean is not finite.</exception>
    let gaussianMixture (components: (float * float list * float) list) : Density =
        if components.IsEmpty then
            Guard.fail "components" "found none, wanted at least one (weight, mean, standard deviation)"

        let _, mean, _ = components.Head
        let d = mean.Length

        for weight, mean, deviation in components do
            Guard.positive "components" weight
            Guard.positive "components" deviation

            if mean.Length <> d then
                Guard.fail "components" $"a mean of {mean.Length} numbers beside one of {d}; give all the same length"

            mean |> List.iter (Guard.moderate "components")

        let table pick placement =
            Tensor.ofArray placement [| for entry in components -> pick entry |]

        ofEnergy d (fun points ->
            Scope.keep (fun () ->
                let placement = Placement.ofTensor points

                let means =
                    Tensor.ofRows placement [ for _, mean, _ in components -> Seq.ofList mean ]

                let deviations = table (fun (_, _, s) -> s) placement

                let constants =
                    placement
                    |> table (fun (w, _, s) -> log w - float d * log s - 0.5 * float d * log (2.0 * System.Math.PI))

                let distances = (points.unsqueeze 1L - means.unsqueeze 0L).Square().sum 2L
                -(constants - 0.5 .* distances / deviations.Square()).logsumexp 1L))
