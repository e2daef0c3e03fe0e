namespace Mne.Functional

/// <summary>A layer of a network, as a user describes it.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Layer =
    /// <summary>
    /// Sines and cosines of the periodic coordinates up to the given harmonic; of bounded coordinates the cosines of
    /// half the frequencies, which are even about both ends; other coordinates pass unchanged. It makes the network
    /// periodic, or keep its boundary conditions, so it comes first, and only on such domains.
    /// </summary>
    | Harmonics of count: int
    /// <summary>x ↦ (x − shift) / scale per coordinate, with fixed numbers; it comes first.</summary>
    | Normalise of shift: float list * scale: float list
    /// <summary>h ↦ σ(W h + b) with <c>width</c> units.</summary>
    | Dense of width: int * activation: Activation
    /// <summary>h ↦ h + block(h); the block keeps the width.</summary>
    | Residual of block: Layer list
    /// <summary>h ↦ (h, block(h)).</summary>
    | Concatenate of block: Layer list
    /// <summary>
    /// h ↦ W h + b with one unit for each of <c>count</c> components of u; it comes last. A network without it has one
    /// component.
    /// </summary>
    | Outputs of count: int

/// <summary>Constructors of layers, for reading order in scripts.</summary>
[<RequireQualifiedAccess>]
module Layer =

    /// <summary>
    /// Sines and cosines of the periodic (and cosines of the bounded) coordinates up to the given harmonic.
    /// </summary>
    let harmonics count = Layer.Harmonics count

    /// <summary>x ↦ (x − shift) / scale.</summary>
    /// <param name="shift">One number per coordinate (d).</param>
    /// <param name="scale">One positive number per coordinate (d).</param>
    let normalise shift scale = Layer.Normalise(shift, scale)

    /// <summary>h ↦ σ(W h + b).</summary>
    /// <param name="width">Number of units.</param>
    /// <param name="activation">The nonlinearity σ.</param>
    let dense width activation = Layer.Dense(width, activation)

    /// <summary>h ↦ h + block(h).</summary>
    let residual block = Layer.Residual block

    /// <summary>h ↦ (h, block(h)).</summary>
    let concatenate block = Layer.Concatenate block

    /// <summary>The components of u, for systems of equations; it comes last.</summary>
    let outputs count = Layer.Outputs count
