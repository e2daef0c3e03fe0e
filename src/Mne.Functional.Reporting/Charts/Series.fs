namespace Mne.Functional.Reporting

/// How a series is drawn.
type Stroke =
    /// A solid line.
    | Solid
    /// A dashed line, for what is to be compared with a solid one.
    | Dashed
    /// A dotted line, for bounds and guides.
    | Dotted
    /// Markers without a line.
    | Markers
    /// A line with a marker at each value.
    | SolidWithMarkers

/// Named values y over x. Values that are not finite are drawn as gaps.
type Series =
    {
        /// Name in the legend.
        Name: string
        /// Abscissas.
        X: float[]
        /// Ordinates, as many as abscissas.
        Y: float[]
        /// How the series is drawn.
        Stroke: Stroke
    }

/// Named values y over x.
[<RequireQualifiedAccess>]
module Series =

    let private create stroke name x y =
        {
            Name = name
            X = x
            Y = y
            Stroke = stroke
        }

    /// A solid line through (x, y).
    /// <example><code>Series.line "network" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let line (name: string) (x: float[]) (y: float[]) : Series = create Solid name x y

    /// A dashed line through (x, y), for what is to be compared with a solid one.
    /// <example><code>Series.dashed "exact" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let dashed (name: string) (x: float[]) (y: float[]) : Series = create Dashed name x y

    /// A dotted line through (x, y), for bounds and guides.
    /// <example><code>Series.dotted "tolerance" [| 0.0; 4.0 |] [| 1e-6; 1e-6 |]</code></example>
    let dotted (name: string) (x: float[]) (y: float[]) : Series = create Dotted name x y

    /// Markers at (x, y).
    /// <example><code>Series.markers "measured" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let markers (name: string) (x: float[]) (y: float[]) : Series = create Markers name x y

    /// A line through (x, y) with a marker at each value.
    /// <example><code>Series.lineWithMarkers "error" [| 64.0; 256.0 |] [| 1e-3; 1e-5 |]</code></example>
    let lineWithMarkers (name: string) (x: float[]) (y: float[]) : Series = create SolidWithMarkers name x y
