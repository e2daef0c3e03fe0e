namespace Mne.Functional.Reporting

/// <summary>How a series is drawn.</summary>
[<RequireQualifiedAccess>]
type Stroke =
    /// <summary>A solid line.</summary>
    | Solid
    /// <summary>A dashed line, for what is to be compared with a solid one.</summary>
    | Dashed
    /// <summary>A dotted line, for bounds and guides.</summary>
    | Dotted
    /// <summary>Markers without a line.</summary>
    | Markers
    /// <summary>A line with a marker at each value.</summary>
    | SolidWithMarkers

/// <summary>Named values y over x. Values that are not finite are drawn as gaps.</summary>
type Series =
    {
        /// <summary>Name in the legend.</summary>
        Name: string
        /// <summary>Abscissas.</summary>
        X: float[]
        /// <summary>Ordinates, as many as abscissas.</summary>
        Y: float[]
        /// <summary>How the series is drawn.</summary>
        Stroke: Stroke
    }

/// <summary>Named values y over x.</summary>
[<RequireQualifiedAccess>]
module Series =

    let private create stroke name x y =
        {
            Name = name
            X = x
            Y = y
            Stroke = stroke
        }

    /// <summary>A solid line through (x, y).</summary>
    /// <example><code>Series.line "network" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let line (name: string) (x: float[]) (y: float[]) : Series = create Stroke.Solid name x y

    /// <summary>A dashed line through (x, y), for what is to be compared with a solid one.</summary>
    /// <example><code>Series.dashed "exact" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let dashed (name: string) (x: float[]) (y: float[]) : Series = create Stroke.Dashed name x y

    /// <summary>A dotted line through (x, y), for bounds and guides.</summary>
    /// <example><code>Series.dotted "tolerance" [| 0.0; 4.0 |] [| 1e-6; 1e-6 |]</code></example>
    let dotted (name: string) (x: float[]) (y: float[]) : Series = create Stroke.Dotted name x y

    /// <summary>Markers at (x, y).</summary>
    /// <example><code>Series.markers "measured" [| 0.0; 1.0 |] [| 0.0; 1.0 |]</code></example>
    let markers (name: string) (x: float[]) (y: float[]) : Series = create Stroke.Markers name x y

    /// <summary>A line through (x, y) with a marker at each value.</summary>
    /// <example><code>Series.lineWithMarkers "error" [| 64.0; 256.0 |] [| 1e-3; 1e-5 |]</code></example>
    let lineWithMarkers (name: string) (x: float[]) (y: float[]) : Series = create Stroke.SolidWithMarkers name x y
