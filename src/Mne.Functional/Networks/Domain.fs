namespace Mne.Functional

open System

/// <summary>What holds at an end of an interval.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Boundary =
    /// <summary>u = 0.</summary>
    | Dirichlet
    /// <summary>∂u/∂x = 0.</summary>
    | Neumann

/// <summary>What one coordinate of space is.</summary>
[<RequireQualifiedAccess; Notebooks.TypeFormatterSource>]
type Coordinate =
    /// <summary>The whole real line.</summary>
    | Real
    /// <summary>A circle: low and high are the same point.</summary>
    | Periodic of low: float * high: float
    /// <summary>
    /// A bounded interval, which says where collocation points may lie; what holds at its ends is said where an equation
    /// is solved (<c>Wall</c>).
    /// </summary>
    | Interval of low: float * high: float
    /// <summary>
    /// A bounded interval with a condition at each end, kept exactly and for all components of u by continuing u beyond
    /// its ends: with a reflection that changes the sign (Dirichlet) or does not (Neumann). The even derivatives of u
    /// then vanish at a Dirichlet end, the odd ones at a Neumann end. This suits equations that the reflection maps to
    /// themselves (diffusion, waves, reactions that vanish with u for Dirichlet); an evolution refuses right-hand sides
    /// that do not vanish at a Dirichlet end, or have a slope at a Neumann end, such as advection. For these, or for
    /// values other than 0, take an <c>Interval</c> and conditions at its ends: see <c>Wall</c>.
    /// </summary>
    | Bounded of low: float * high: float * atLow: Boundary * atHigh: Boundary

/// <summary>The space on which the unknown function lives: a product of lines, circles and intervals.</summary>
[<Notebooks.TypeFormatterSource>]
type Domain =
    {
        /// <summary>One entry per coordinate.</summary>
        Coordinates: Coordinate list
    }

    /// <summary>The space dimension d.</summary>
    member domain.Dimension = domain.Coordinates.Length

/// <summary>Domains.</summary>
[<RequireQualifiedAccess>]
module Domain =

    let private checkedBounds (bounds: (float * float) list) =
        if bounds.IsEmpty then
            Guard.fail "bounds" "found none, wanted one (low, high) pair per coordinate"

        bounds
        |> List.iteri (fun k (low, high) ->
            if not (Double.IsFinite low && Double.IsFinite high && low < high) then
                Guard.fail "bounds" $"coordinate {k} runs from {low} to {high}, wanted finite numbers with low < high")

        bounds

    /// <summary>A domain of any mix of coordinates.</summary>
    /// <exception cref="T:System.ArgumentException">There are none, or bounds are not finite and
    /// increasing.</exception>
    let create (coordinates: Coordinate list) =
        if coordinates.IsEmpty then
            Guard.fail "coordinates" "found none, wanted at least one"

        for coordinate in coordinates do
            match coordinate with
            | Coordinate.Periodic(low, high)
            | Coordinate.Interval(low, high)
            | Coordinate.Bounded(low, high, _, _) -> checkedBounds [ low, high ] |> ignore
            | Coordinate.Real -> ()

        { Coordinates = coordinates }

    /// <summary>All of ℝ^d.</summary>
    /// <exception cref="T:System.ArgumentException">d &lt; 1.</exception>
    let euclidean d =
        Guard.within "d" 1 10_000_000 d

        {
            Coordinates = List.replicate d Coordinate.Real
        }

    /// <summary>A torus: every coordinate periodic with its (low, high).</summary>
    /// <example><code>let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]</code></example>
    let periodic (bounds: (float * float) list) =
        {
            Coordinates = checkedBounds bounds |> List.map Coordinate.Periodic
        }

    /// <summary>A box: every coordinate an interval (low, high).</summary>
    let box (bounds: (float * float) list) =
        {
            Coordinates = checkedBounds bounds |> List.map Coordinate.Interval
        }

    /// <summary>A box with u = 0 at all walls; see <c>Bounded</c>.</summary>
    /// <example><code>let string = Domain.dirichlet [ (0.0, 1.0) ]</code></example>
    let dirichlet (bounds: (float * float) list) =
        {
            Coordinates =
                [
                    for low, high in checkedBounds bounds ->
                        Coordinate.Bounded(low, high, Boundary.Dirichlet, Boundary.Dirichlet)
                ]
        }

    /// <summary>A box through whose walls nothing flows, ∂u/∂n = 0; see <c>Bounded</c>.</summary>
    let neumann (bounds: (float * float) list) =
        {
            Coordinates =
                [
                    for low, high in checkedBounds bounds ->
                        Coordinate.Bounded(low, high, Boundary.Neumann, Boundary.Neumann)
                ]
        }

    /// <summary>The (low, high) pairs of a bounded domain.</summary>
    /// <exception cref="T:System.ArgumentException">Some coordinate is the whole real line.</exception>
    let bounds (domain: Domain) =
        domain.Coordinates
        |> List.mapi (fun k coordinate ->
            match coordinate with
            | Coordinate.Periodic(low, high)
            | Coordinate.Interval(low, high)
            | Coordinate.Bounded(low, high, _, _) -> low, high
            | Coordinate.Real ->
                Guard.fail "domain" $"coordinate {k} is unbounded; give points, or draw them around an energy")
