namespace Mne.Functional

open TorchSharp

/// <summary>A probability density of which the formula is known up to a factor: ρ ∝ e^{−V}.</summary>
[<Notebooks.TypeFormatterSource>]
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

    /// <summary>
    /// The density e^{−V} up to a factor, from its energy V: points (N × d) ↦ (N). Where V is +∞ or not a number, there is no density: such
    /// points are rejected as proposals and have the weight 0 as draws. The energy is checked wherever it is
    /// evaluated: <c>ArgumentException</c> when it returns another shape than N or −∞, which no density has. The energy of a point is a function of
    /// that row alone; samplers refuse one that changes with the rows beside it, or from call to call.
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
                    Guard.energies "energy" values
        }

    /// Raises `ArgumentException` where the energy of a point changes with the points that it is asked together with, or from call to call: weights
    /// and log Z of such an energy mean nothing.
    let internal rowwise (points: Tensor) (density: Density) : unit =
        Scope.free (fun () ->
            use _ = torch.no_grad ()
            let whole = density.Energy points

            /// More than rounding, which grows with the numbers that an energy is a sum of.
            let rounding = if whole.dtype = torch.float64 then 1e-6 else 1e-2

            let compare (what: string) (again: Tensor) (first: Tensor) =
                let again, first = Tensor.toArray again, Tensor.toArray first

                let differs (a: float, b: float) =
                    a <> b && not (abs (a - b) <= rounding * (1.0 + min (abs a) (abs b)))

                match Array.zip first again |> Array.tryFind differs with
                | Some(a, b) ->
                    Guard.fail
                        "energy"
                        $"{a:G9} and then {b:G9} at one point{what}; the energy of a point must be a function of that row alone: no sums, norms or means over all rows, no random numbers"
                | None -> ()

            compare "" (density.Energy points) whole

            // The second half of the rows, in the opposite order.
            let half = points.shape[0] / 2L

            if half > 0L then
                let part (all: Tensor) =
                    all.narrow(0L, all.shape[0] - half, half).flip 0L

                compare ", once beside other points" (density.Energy(part points)) (part whole))

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
