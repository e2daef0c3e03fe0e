namespace Mne.Functional

/// <summary>
/// A parametric function u_θ on a domain, with one or several components. Parameters θ are one flat vector (p), points
/// X the rows of an N × d tensor; both carry element type and device. A network is a description and a few pure
/// functions; it holds no tensors.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Network =
    {
        /// <summary>Where the function lives.</summary>
        Domain: Domain
        /// <summary>m, the number of components of u.</summary>
        Outputs: int
        /// <summary>p, the length of θ.</summary>
        ParameterCount: int
        /// <summary>
        /// How it was made. Whoever replaces one of the functions below says so here with
        /// <c>NetworkRecipe.Function</c>.
        /// </summary>
        Recipe: NetworkRecipe
        /// <summary>Seeded initial parameters (p) with the given placement.</summary>
        Initial: Placement -> int -> Tensor
        /// <summary>Values and the requested derivatives at a moderate number of points.</summary>
        Propagate: Set<Derivative> -> Tensor -> Tensor -> Jet
        /// <summary>The tangent at the points: m N rows, component by component.</summary>
        Linearise: Tensor -> Tensor -> Tangent
    }

    /// <summary>One line that says what the network is.</summary>
    member network.Description = string network.Recipe
