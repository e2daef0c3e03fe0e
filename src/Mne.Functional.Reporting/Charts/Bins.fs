namespace Mne.Functional.Reporting

open System

/// A histogram: edges (n + 1) and the density in each of the n bins.
type internal Bins = { Edges: float[]; Density: float[] }

module internal Bins =

    /// Densities of values in given bins; values outside are counted in none.
    let within (edges: float[]) (values: float[]) : Bins =
        let count = edges.Length - 1
        let step = (edges[count] - edges[0]) / float count
        let density = Array.zeroCreate count

        for value in values do
            if value >= edges[0] && value <= edges[count] then
                let bin = min (count - 1) (int ((value - edges[0]) / step))
                density[bin] <- density[bin] + 1.0 / (float values.Length * step)

        { Edges = edges; Density = density }

    /// Weighted quantile of sorted values whose cumulative weights (last one: the total) are given.
    let private quantile (sorted: float[]) (cumulative: float[]) fraction =
        let goal = fraction * cumulative[cumulative.Length - 1]
        let index = cumulative |> Array.tryFindIndex (fun c -> c >= goal)
        sorted[defaultArg index (sorted.Length - 1)]

    /// Densities that integrate to one over all bins. The width is that of Freedman and Diaconis (1981), 2 IQR n^(-1/3),
    /// with n the effective sample size of the weights, but at least 3 n^(1/3) bins (ours: the quartiles of a density
    /// with several modes lie far apart) and at least 5, at most 200. Values that are not finite are left out.
    let ofWeighted (values: float[]) (weights: float[]) : Bins =
        let kept =
            Array.zip values weights
            |> Array.filter (fst >> Double.IsFinite)
            |> Array.sortBy fst

        let sorted, weights = Array.unzip kept
        let total = Array.sum weights
        let size = total * total / Array.sumBy (fun w -> w * w) weights
        let cumulative = Array.scan (+) 0.0 weights |> Array.tail
        let low, high = sorted[0], sorted[sorted.Length - 1]

        // A single value still deserves a bar: of width one around it.
        let low, high = if high > low then low, high else low - 0.5, high + 0.5
        let iqr = quantile sorted cumulative 0.75 - quantile sorted cumulative 0.25
        let width = 2.0 * iqr / Math.Cbrt size

        let least = max 5.0 (ceil (3.0 * Math.Cbrt size)) |> min 200.0

        let count =
            if width > 0.0 then
                (high - low) / width |> max least |> ceil |> min 200.0 |> int
            else
                int least

        let step = (high - low) / float count
        let density = Array.zeroCreate count

        for value, weight in kept do
            let bin = min (count - 1) (int ((value - low) / step))
            density[bin] <- density[bin] + weight / (total * step)

        {
            Edges = Array.init (count + 1) (fun i -> low + float i * step)
            Density = density
        }
