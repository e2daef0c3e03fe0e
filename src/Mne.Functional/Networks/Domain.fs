namespace Mne.Functional

open System

/// What holds at an end of an interval.
type Boundary =
    /// u = 0.
    | Dirichlet
    /// ∂u/∂x = 0.
    | Neumann

/// What one coordinate of space is.
type Coordinate =
    /// The whole real line.
    | Real
    /// A circle: low and high are the same point.
    | Periodic of low: float * high: float
    /// A bounded interval without conditions at its ends; it says where collocation points may lie.
    | Interval of low: float * high: float
    /// A bounded interval with a condition at each end, kept exactly and for all components of u by continuing u beyond
    /// its ends: with a reflection that changes the sign (Dirichlet) or does not (Neumann). The even derivatives of u then
    /// vanish at a Dirichlet end, the odd ones at a Neumann end. This suits equations that the reflection maps to
    /// themselves (diffusion, waves, reactions; odd in u for Dirichlet). For others, as with a source at a Dirichlet
    /// end, or for values other than 0, take an `Interval` and `Network.dirichlet`.
    | Bounded of low: float * high: float * atLow: Boundary * atHigh: Boundary

/// The space on which the unknown function lives: a product of lines, circles and intervals.
type Domain =
    {
        /// One entry per coordinate.
        Coordinates: Coordinate list
    }

    /// The space dimension d.
    member domain.Dimension = domain.Coordinates.Length

/// Domains.
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

    /// A domain of any mix of coordinates.
    /// Raises `ArgumentException` when there are none, or bounds are not finite and increasing.
    let create (coordinates: Coordinate list) =
        if coordinates.IsEmpty then
            Guard.fail "coordinates" "found none, wanted at least one"

        for coordinate in coordinates do
            match coordinate with
            | Periodic(low, high)
            | Interval(low, high)
            | Bounded(low, high, _, _) -> checkedBounds [ low, high ] |> ignore
            | Real -> ()

        { Coordinates = coordinates }

    /// All of ℝ^d. Raises `ArgumentException` when d < 1.
    let euclidean d =
        Guard.atLeast "d" 1 d
        { Coordinates = List.replicate d Real }

    /// A torus: every coordinate periodic with its (low, high).
    ///
    /// <example><code>let circle = Domain.periodic [ (0.0, 2.0 * Math.PI) ]</code></example>
    let periodic (bounds: (float * float) list) =
        {
            Coordinates = checkedBounds bounds |> List.map Periodic
        }

    /// A box: every coordinate an interval (low, high).
    let box (bounds: (float * float) list) =
        {
            Coordinates = checkedBounds bounds |> List.map Interval
        }

    /// A box with u = 0 at all walls; see `Bounded`.
    ///
    /// <example><code>let string = Domain.dirichlet [ (0.0, 1.0) ]</code></example>
    let dirichlet (bounds: (float * float) list) =
        {
            Coordinates =
                [
                    for low, high in checkedBounds bounds -> Bounded(low, high, Dirichlet, Dirichlet)
                ]
        }

    /// A box through whose walls nothing flows, ∂u/∂n = 0; see `Bounded`.
    let neumann (bounds: (float * float) list) =
        {
            Coordinates =
                [
                    for low, high in checkedBounds bounds -> Bounded(low, high, Neumann, Neumann)
                ]
        }

    /// The (low, high) pairs of a bounded domain.
    /// Raises `ArgumentException` when some coordinate is the whole real line.
    let bounds (domain: Domain) =
        domain.Coordinates
        |> List.mapi (fun k coordinate ->
            match coordinate with
            | Periodic(low, high)
            | Interval(low, high)
            | Bounded(low, high, _, _) -> low, high
            | Real -> Guard.fail "domain" $"coordinate {k} is unbounded; give points, or draw them around an energy")
