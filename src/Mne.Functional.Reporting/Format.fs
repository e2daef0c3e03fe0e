namespace Mne.Functional.Reporting

open System
open System.Globalization

/// <summary>Numbers and durations as people read them, in the same notation whatever the machine's language.</summary>
[<RequireQualifiedAccess>]
module Format =

    let private invariant = CultureInfo.InvariantCulture

    /// <summary>A number with three significant digits: "0.995", "214", "1.23e-5"; "–" for nan.</summary>
    /// <example><code>Format.number 2.9e-5 // "2.9e-5"</code></example>
    let number (value: float) : string =
        let size = abs value

        if Double.IsNaN value then
            "–"
        elif Double.IsInfinity value then
            if value > 0.0 then "∞" else "−∞"
        elif size = 0.0 || (size >= 9.995e-3 && size < 999.5) then
            Math
                .Round(value, (if size = 0.0 then 0 else 2 - int (floor (log10 size))) |> max 0 |> min 15)
                .ToString("0.#####", invariant)
        elif size >= 999.5 && size < 99999.5 then
            value.ToString("0", invariant)
        else
            value.ToString("0.##e-0", invariant)

    /// <summary>A duration in at most two units: "0.4 s", "12 s", "3 min 05 s", "2 h 10 min".</summary>
    /// <example><code>Format.duration (TimeSpan.FromSeconds 185.0) // "3 min 05 s"</code></example>
    let duration (span: TimeSpan) : string =
        let seconds = max 0.0 span.TotalSeconds
        let whole = int64 (Math.Round seconds)

        if seconds < 9.95 then
            seconds.ToString("0.0", invariant) + " s"
        elif whole < 60L then
            $"{whole} s"
        elif whole < 3600L then
            $"{whole / 60L} min {whole % 60L:D2} s"
        else
            $"{whole / 3600L} h {whole % 3600L / 60L:D2} min"
