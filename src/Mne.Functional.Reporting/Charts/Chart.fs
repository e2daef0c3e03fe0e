namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// Charts of points, lines, fields and diagnostics. A chart is a value: make it, describe it, lay it over another,
/// then save it as one HTML file that draws offline.
/// <example><code>
/// let x = [| 0.0 .. 0.01 .. 6.28 |]
///
/// Chart.lines [ Series.line "network" x (Array.map sin x); Series.dashed "exact" x (Array.map sin x) ]
/// |> Chart.titled "Heat equation at t = 1"
/// |> Chart.axes "x" "u(x, 1)"
/// |> Chart.save "output/heat.html"
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Chart =

    let private notEmpty name (values: float[]) =
        if values.Length = 0 then
            Guard.fail name "found no values, wanted at least one"

    let private sameLength name (values: 'a[]) otherName (other: 'b[]) =
        if values.Length <> other.Length then
            Guard.fail
                name
                $"found {values.Length} values, but {other.Length} in {otherName}; give one for each of {otherName}"

    let private onGrid name xName (x: float[]) yName (y: float[]) (z: float[,]) =
        let rows, columns = Array2D.length1 z, Array2D.length2 z

        if rows <> x.Length || columns <> y.Length then
            let hint =
                if rows = y.Length && columns = x.Length then
                    "; transpose it"
                else
                    ""

            Guard.fail
                name
                $"found {rows} × {columns} values, wanted {x.Length} × {y.Length} ({xName} by {yName}: one row per {xName}){hint}"

    let private finiteValues (z: float[,]) =
        z |> Seq.cast<float> |> Seq.filter Double.IsFinite |> Seq.toArray

    /// Lines and markers: named values over x (see `Series`). Values that are not finite are drawn as gaps.
    /// Raises `ArgumentException` when there is no series, or one is empty or has not as many y as x.
    /// <example><code>
    /// Chart.lines [ Series.line "u" [| 0.0; 1.0; 2.0 |] [| 0.0; 1.0; 4.0 |] ] |> Chart.axes "x" "u"
    /// </code></example>
    let lines (series: Series list) : Chart =
        if series.IsEmpty then
            Guard.fail (nameof series) "found none, wanted at least one series"

        for s in series do
            if s.X.Length <> s.Y.Length then
                Guard.fail (nameof series) $"\"{s.Name}\" has {s.X.Length} x and {s.Y.Length} y; give one y for each x"

            if s.X.Length = 0 then
                Guard.fail (nameof series) $"\"{s.Name}\" has no values; give at least one"

        Model.chart (List.map Traces.series series)

    let private coordinates name (points: Tensor) =
        Guard.points name 2 points
        let xy = Tensor.toArray2D points
        xy[*, 0], xy[*, 1]

    /// Points of the plane (N × 2), for instance draws.
    /// Raises `ArgumentException` unless the tensor is a non-empty matrix with two columns.
    /// <example><code>
    /// Chart.points "draws" (Tensor.ofRows Placement.float64 [ [ 0.0; 1.0 ]; [ 1.0; 2.0 ] ]) |> Chart.axes "x₁" "x₂"
    /// </code></example>
    let points (name: string) (points: Tensor) : Chart =
        let x, y = coordinates (nameof points) points

        Model.chart [ Traces.points name x y ]

    /// Points of the plane (N × 2) with a weight each (N, not negative): area and colour grow with the weight.
    /// `name` is the title of the colour bar.
    /// Raises `ArgumentException` unless the points are a non-empty N × 2 matrix and the weights N numbers ≥ 0.
    /// <example><code>
    /// Chart.weightedPoints "weight" (Tensor.ofRows Placement.float64 [ [ 0.0; 1.0 ]; [ 1.0; 2.0 ] ]) [| 0.3; 0.7 |]
    /// </code></example>
    let weightedPoints (name: string) (points: Tensor) (weights: float[]) : Chart =
        let x, y = coordinates (nameof points) points
        sameLength (nameof weights) weights (nameof points) x

        weights
        |> Array.iteri (fun i w ->
            if not (Double.IsFinite w && w >= 0.0) then
                Guard.fail
                    (nameof weights)
                    $"found {w} at index {i}, wanted finite numbers ≥ 0; exponentiate log-weights")

        Model.chart [ Traces.weightedPoints name x y weights ]

    /// Paths of points of the plane: the phase portrait of a flow. `positions` are the M × 2 points at successive times; a mark
    /// shows where each path ends.
    /// Raises `ArgumentException` unless there are two times or more, each with the same number of points of the plane.
    /// <example><code>
    /// let at t = Tensor.ofRows Placement.float64 [ [ cos t; sin t ]; [ 2.0 * cos t; 2.0 * sin t ] ]
    /// Chart.trajectories "paths" [ for t in 0.0 .. 0.1 .. 3.0 -> at t ] |> Chart.axes "x₁" "x₂" |> Chart.equalAspect
    /// </code></example>
    let trajectories (name: string) (positions: Tensor list) : Chart =
        if positions.Length < 2 then
            Guard.fail (nameof positions) $"found points at {positions.Length} times, wanted two times or more"

        let at = [| for tensor in positions -> coordinates (nameof positions) tensor |]
        let m = (fst at[0]).Length

        for x, _ in at do
            if x.Length <> m then
                Guard.fail
                    (nameof positions)
                    $"{x.Length} points at one time, {m} at the first; give the same points at all times"

        // One line for all paths, with a gap after each.
        let along (coordinate: float[] * float[] -> float[]) =
            [|
                for i in 0 .. m - 1 do
                    for position in at do
                        (coordinate position)[i]

                    nan
            |]

        let last = at[at.Length - 1]

        lines
            [
                Series.line name (along fst) (along snd)
                Series.markers "end" (fst last) (snd last)
            ]

    /// Filled contours of a function on a grid, z[i, j] = f(x[i], y[j]); a density, as a rule.
    /// Laid over by points (see `overlay`) it stays in the background.
    /// Raises `ArgumentException` unless z has one row per x and one column per y.
    /// <example><code>
    /// let x = [| -2.0 .. 0.1 .. 2.0 |]
    /// Chart.contours "density" x x (Array2D.init x.Length x.Length (fun i j -> exp -(x[i] * x[i] + x[j] * x[j])))
    /// </code></example>
    let contours (name: string) (x: float[]) (y: float[]) (z: float[,]) : Chart =
        notEmpty (nameof x) x
        notEmpty (nameof y) y
        onGrid (nameof z) (nameof x) x (nameof y) y z

        Model.chart [ Traces.contours name x y z ]

    /// A field in colours over x and t, values[i, k] = u(x[i], t[k]), with t upwards. Values of both signs get a scale
    /// with white at zero, others one from dark to light. `name` is the title of the colour bar.
    /// Raises `ArgumentException` unless the values have one row per x and one column per time.
    /// <example><code>
    /// let x, t = [| 0.0 .. 0.1 .. 6.2 |], [| 0.0 .. 0.1 .. 2.0 |]
    /// Chart.heatmap "u(x, t)" x t (Array2D.init x.Length t.Length (fun i k -> exp -t[k] * sin x[i]))
    /// </code></example>
    let heatmap (name: string) (x: float[]) (t: float[]) (values: float[,]) : Chart =
        notEmpty (nameof x) x
        notEmpty (nameof t) t
        onGrid (nameof values) (nameof x) x (nameof t) t values
        let finite = finiteValues values

        let range =
            if finite.Length = 0 then
                0.0, 1.0
            else
                Array.min finite, Array.max finite

        Model.chart [ Traces.heatmap name x t values range ]
        |> Model.mapPanels (fun panel ->
            { panel with
                X = { panel.X with Label = "x" }
                Y = { panel.Y with Label = "t" }
            })

    /// Bars side by side in each category: for instance mode weights, estimated and exact.
    /// Raises `ArgumentException` when there are no categories or groups, or a group has not one value per category.
    /// <example><code>
    /// Chart.bars [| "(2, 2)"; "(−2, 2)" |] [ "estimated", [| 0.58; 0.42 |]; "exact", [| 0.6; 0.4 |] ]
    /// </code></example>
    let bars (categories: string[]) (groups: (string * float[]) list) : Chart =
        if categories.Length = 0 then
            Guard.fail (nameof categories) "found none, wanted at least one category"

        if groups.IsEmpty then
            Guard.fail (nameof groups) "found none, wanted at least one group of values"

        for name, values in groups do
            if values.Length <> categories.Length then
                Guard.fail
                    (nameof groups)
                    $"\"{name}\" has {values.Length} values for {categories.Length} categories; give one for each"

        Model.chart [ for name, values in groups -> Traces.bars name categories values ]
        |> Model.mapPanels (fun panel ->
            { panel with
                X = { panel.X with Names = true }
            })

    /// Histogram of weighted values (weights ≥ 0, not all zero) as a density: its area is one, so that it can be
    /// compared with a density curve laid over it. Values that are not finite are left out.
    /// Raises `ArgumentException` when there is no finite value, or the weights do not fit.
    /// <example><code>Chart.weightedHistogram "draws" [| 0.1; 0.4; 0.5 |] [| 0.2; 0.5; 0.3 |]</code></example>
    let weightedHistogram (name: string) (values: float[]) (weights: float[]) : Chart =
        sameLength (nameof weights) weights (nameof values) values

        if not (Array.exists Double.IsFinite values) then
            Guard.fail (nameof values) $"found no finite number among {values.Length}, wanted at least one"

        weights
        |> Array.iteri (fun i w ->
            if not (Double.IsFinite w && w >= 0.0) then
                Guard.fail
                    (nameof weights)
                    $"found {w} at index {i}, wanted finite numbers ≥ 0; exponentiate log-weights")

        if not (Array.exists2 (fun v w -> Double.IsFinite v && w > 0.0) values weights) then
            Guard.fail (nameof weights) "found only zeros on finite values, wanted at least one positive weight"

        Model.chart [ Traces.histogram name (Bins.ofWeighted values weights) ]

    /// Histogram of values as a density: its area is one, so that it can be compared with a density curve laid over it.
    /// Raises `ArgumentException` when there is no finite value.
    /// <example><code>
    /// let p = Series.line "exact" [| 0.0; 1.0 |] [| 1.0; 1.0 |]
    /// Chart.overlay [ Chart.histogram "draws" [| 0.1; 0.4; 0.5 |]; Chart.lines [ p ] ]
    /// </code></example>
    let histogram (name: string) (values: float[]) : Chart =
        weightedHistogram name values (Array.create values.Length 1.0)

    let private single parameter (chart: Chart) : Panel =
        match chart.Panels, chart.Slices with
        | [ panel ], None -> panel
        | _ ->
            Guard.fail parameter "found a stack or an animation, wanted charts with one panel; combine before stacking"

    let private layered parameter (charts: Chart list) : Panel list =
        if charts.IsEmpty then
            Guard.fail parameter "found none, wanted at least one chart"

        List.map (single parameter) charts

    /// Charts drawn on the same axes, the first at the back: draws over a density, a curve over a histogram.
    /// Axes and titles are those of the first chart.
    /// Raises `ArgumentException` when there is none, or one is a stack or an animation.
    /// <example><code>
    /// Chart.overlay [ Chart.lines [ Series.line "a" [| 0.0; 1.0 |] [| 0.0; 1.0 |] ]
    ///                 Chart.lines [ Series.markers "b" [| 0.5 |] [| 0.6 |] ] ]
    /// </code></example>
    let overlay (charts: Chart list) : Chart =
        let panels = layered (nameof charts) charts
        let first = charts.Head

        { first with
            Panels =
                [
                    { panels.Head with
                        Layers = panels |> List.collect _.Layers
                    }
                ]
        }

    /// Charts one below the other with a common horizontal axis. The title is that of the first.
    /// Raises `ArgumentException` when there is none, or one is a stack or an animation.
    /// <example><code>
    /// let panel name y = Chart.lines [ Series.line name [| 0.0; 1.0 |] y ] |> Chart.axes "t" name
    /// Chart.stack [ panel "mean" [| 0.0; 1.0 |]; panel "variance" [| 1.0; 2.0 |] ]
    /// </code></example>
    let stack (charts: Chart list) : Chart =
        let panels = layered (nameof charts) charts
        let last = panels.Length - 1

        { charts.Head with
            Panels =
                panels
                |> List.mapi (fun i panel ->
                    { panel with
                        Row = i
                        X =
                            if i = last then
                                panel.X
                            else
                                { panel.X with
                                    Label = ""
                                    Follows = Some last
                                }
                    })
        }

    /// Every coordinate of weighted points (N × d, weights N) as a histogram, and every two of them as a cloud of points drawn in proportion
    /// to the weights: what a distribution in more than two dimensions looks like.
    /// Raises `ArgumentException` unless there is a name for each of 2 to 8 coordinates, and a weight ≥ 0 for each point.
    /// <example><code>
    /// let points = Random.normal Placement.float64 1 [ 500; 3 ]
    /// Chart.corner [ "a"; "b"; "c" ] points (Array.replicate 500 1.0) |> Chart.titled "Normal"
    /// </code></example>
    let corner (names: string list) (points: Tensor) (weights: float[]) : Chart =
        let d = names.Length

        if d < 2 || d > 8 then
            Guard.fail (nameof names) $"found {d}, wanted names of 2 to 8 coordinates; choose columns with index_select"

        Guard.points (nameof points) d points
        let columns = Tensor.toArray2D points
        let column k = columns[*, k]

        let histograms =
            [ for k in 0 .. d - 1 -> weightedHistogram names[k] (column k) weights ]

        // Systematic resampling, so that the clouds show the weights too.
        let cumulative = Array.scan (+) 0.0 weights |> Array.tail
        let shown = min 1600 weights.Length

        let chosen =
            Array.init shown (fun i ->
                let level = cumulative[weights.Length - 1] * (float i + 0.5) / float shown
                let found = Array.BinarySearch(cumulative, level)
                min (weights.Length - 1) (if found >= 0 then found else ~~~found))

        let pick k =
            let all = column k in chosen |> Array.map (fun n -> all[n])

        // What has weight is to be seen; a stray draw without any must not set the scale.
        let range k =
            let shown = pick k
            let low, high = Array.min shown, Array.max shown
            let margin = if high > low then 0.06 * (high - low) else 1.0
            Some(low - margin, high + margin)

        let cloud j i =
            Model.chart [ Traces.points $"{names[j]}, {names[i]}" (pick j) (pick i) ]

        /// The panel in row i and column j ≤ i, row by row.
        let index i j = i * (i + 1) / 2 + j
        let last = d - 1

        let panel i j =
            let chart = if i = j then histograms[i] else cloud j i

            { chart.Panels.Head with
                Row = i
                Column = j
                X =
                    { Model.axis with
                        Label = (if i = last then names[j] else "")
                        Range = range j
                        Follows = (if i = last then None else Some(index last j))
                    }
                Y =
                    { Model.axis with
                        Label = (if j = 0 && i > 0 then names[i] else "")
                        Range = (if i = j then None else range i)
                        Follows = (if j > 0 && j < i then Some(index i 0) else None)
                        Numbered = (i <> j)
                    }
            }

        { histograms.Head with
            Panels =
                [
                    for i in 0..last do
                        for j in 0..i do
                            panel i j
                ]
        }

    /// The chart with a title. Text is shown as it is: no markup.
    /// <example><code>chart |> Chart.titled "Draws and density"</code></example>
    let titled (title: string) (chart: Chart) : Chart = { chart with Title = title }

    /// The chart with a line of explanation under its title.
    /// <example><code>chart |> Chart.captioned "2,000 draws, before weighting"</code></example>
    let captioned (caption: string) (chart: Chart) : Chart = { chart with Caption = caption }

    /// The chart with labels of the axes; say the units: "t (s)".
    /// <example><code>chart |> Chart.axes "x" "u(x, 1)"</code></example>
    let axes (x: string) (y: string) (chart: Chart) : Chart =
        chart
        |> Model.mapPanels (fun panel ->
            { panel with
                X = { panel.X with Label = x }
                Y = { panel.Y with Label = y }
            })

    /// The chart with a logarithmic horizontal axis; values that are not positive become gaps.
    /// <example><code>chart |> Chart.logX |> Chart.logY</code></example>
    let logX (chart: Chart) : Chart =
        chart
        |> Model.mapPanels (fun panel ->
            { panel with
                X = { panel.X with Log = true }
            })

    /// The chart with a logarithmic vertical axis; values that are not positive become gaps.
    /// <example><code>chart |> Chart.logY</code></example>
    let logY (chart: Chart) : Chart =
        chart
        |> Model.mapPanels (fun panel ->
            { panel with
                Y = { panel.Y with Log = true }
            })

    let private checkRange name (low: float) (high: float) =
        if not (Double.IsFinite low && Double.IsFinite high && low < high) then
            Guard.fail name $"found ({low}, {high}), wanted two finite numbers, the smaller first"

    let private checkLog name log (low: float) =
        if log && low <= 0.0 then
            Guard.fail name $"found the lower end {low} on a logarithmic axis, wanted a number greater than 0"

    /// The chart cut to low ≤ x ≤ high.
    /// Raises `ArgumentException` unless low and high are finite and low < high (and 0 < low on a logarithmic axis).
    /// <example><code>chart |> Chart.rangeX (-3.0, 3.0)</code></example>
    let rangeX (low: float, high: float) (chart: Chart) : Chart =
        checkRange "range" low high

        chart
        |> Model.mapPanels (fun panel ->
            checkLog "range" panel.X.Log low

            { panel with
                X = { panel.X with Range = Some(low, high) }
            })

    /// The chart cut to low ≤ y ≤ high.
    /// Raises `ArgumentException` unless low and high are finite and low < high (and 0 < low on a logarithmic axis).
    /// <example><code>chart |> Chart.rangeY (1e-8, 1.0)</code></example>
    let rangeY (low: float, high: float) (chart: Chart) : Chart =
        checkRange "range" low high

        chart
        |> Model.mapPanels (fun panel ->
            checkLog "range" panel.Y.Log low

            { panel with
                Y = { panel.Y with Range = Some(low, high) }
            })

    /// The chart with one unit as long on both axes: for points of the plane.
    /// <example><code>Chart.points "draws" draws |> Chart.equalAspect</code></example>
    let equalAspect (chart: Chart) : Chart =
        chart |> Model.mapPanels (fun panel -> { panel with Equal = true })

    /// How an evolution fared: step size, relative residual and effective rank over t, one below the other. Numbers
    /// that are missing (nan) become gaps.
    /// Raises `ArgumentException` when the arrays are empty or differ in length.
    /// <example><code>
    /// Chart.diagnostics [| 0.0; 0.1 |] [| 1e-3; 2e-3 |] [| 1e-6; 2e-6 |] [| 120.0; 118.0 |]
    /// </code></example>
    let diagnostics (times: float[]) (steps: float[]) (residuals: float[]) (ranks: float[]) : Chart =
        notEmpty (nameof times) times
        sameLength (nameof steps) steps (nameof times) times
        sameLength (nameof residuals) residuals (nameof times) times
        sameLength (nameof ranks) ranks (nameof times) times

        let panel label values =
            lines [ Series.line label times values ] |> axes "t" label

        stack
            [
                panel "step size" steps |> logY
                panel "relative residual" residuals |> logY
                panel "effective rank" ranks
            ]

    /// Slices of solutions over time, with a slider and a button that plays them: for each name,
    /// values[i, k] = u(x[i], t[k]). The vertical axis stays the same at all times.
    /// Raises `ArgumentException` when there is nothing to show, or values have not one row per x and one column per
    /// time.
    /// <example><code>
    /// let x, t = [| 0.0 .. 0.1 .. 6.2 |], [| 0.0 .. 0.1 .. 2.0 |]
    /// Chart.animation x t [ "u", Array2D.init x.Length t.Length (fun i k -> sin (x[i] - t[k])) ]
    /// </code></example>
    let animation (x: float[]) (t: float[]) (solutions: (string * float[,]) list) : Chart =
        notEmpty (nameof x) x
        notEmpty (nameof t) t

        if solutions.IsEmpty then
            Guard.fail (nameof solutions) "found none, wanted at least one"

        for _, values in solutions do
            onGrid (nameof solutions) (nameof x) x (nameof t) t values

        let finite = solutions |> List.map (snd >> finiteValues) |> Array.concat

        let range =
            if finite.Length = 0 then
                None
            else
                let low, high = Array.min finite, Array.max finite
                let margin = if high > low then 0.06 * (high - low) else 1.0
                Some(low - margin, high + margin)

        let chart =
            solutions
            |> List.mapi (fun i (name, values) -> (if i = 0 then Series.line else Series.dashed) name x values[*, 0])
            |> lines
            |> axes "x" "u(x, t)"
            |> Model.mapPanels (fun panel ->
                { panel with
                    Y = { panel.Y with Range = range }
                })

        { chart with
            Slices =
                Some
                    {
                        Times = t
                        At = fun k -> solutions |> List.map (fun (_, values) -> values[*, k])
                    }
        }

    let private alone (chart: Chart) = Page.create "" "" [ chart ]

    /// Writes the chart to an HTML file that draws offline, making folders that are missing, and gives the file's
    /// full path. Several charts in one file: see `Page`.
    /// Raises `ArgumentException` when the path is empty.
    /// <example><code>chart |> Chart.save "output/chart.html"</code></example>
    let save (path: string) (chart: Chart) : string = Page.save path (alone chart)

    /// Writes the chart to a temporary file, opens it in the browser and gives the file's full path.
    /// Where no browser can be started, it says on standard error which file to open.
    /// <example><code>chart |> Chart.show</code></example>
    let show (chart: Chart) : string = Page.show (alone chart)
