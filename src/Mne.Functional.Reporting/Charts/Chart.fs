namespace Mne.Functional.Reporting

open Mne.Functional

/// <summary>
/// Charts of points, lines, fields and diagnostics. A chart is a value: make it, describe it, lay it over another,
/// then save it as one HTML file that draws offline.
/// </summary>
/// <example><code>
/// let x = [| 0.0 .. 0.01 .. 6.28 |]
///
/// Chart.lines [ Series.line "network" x (Array.map sin x); Series.dashed "exact" x (Array.map sin x) ]
/// |&gt; Chart.titled "Heat equation at t = 1"
/// |&gt; Chart.axes "x" "u(x, 1)"
/// |&gt; Chart.save "output/heat.html"
/// </code></example>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Chart =

    /// <summary>
    /// Lines and markers: named values over x (see <c>Series</c>). Values that are not finite are drawn as gaps.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no series, or one is empty or has not as many y as
    /// x.</exception>
    /// <example><code>
    /// Chart.lines [ Series.line "u" [| 0.0; 1.0; 2.0 |] [| 0.0; 1.0; 4.0 |] ] |&gt; Chart.axes "x" "u"
    /// </code></example>
    let lines (series: Series list) : Chart =
        Wanted.series (nameof series) series
        Model.chart (List.map Traces.series series)

    /// <summary>Points of the plane (N × 2), for instance draws.</summary>
    /// <exception cref="T:System.ArgumentException">Unless the tensor is a non-empty matrix with two
    /// columns.</exception>
    /// <example><code>
    /// Chart.points "draws" (Tensor.ofRows Placement.float64 [ [ 0.0; 1.0 ]; [ 1.0; 2.0 ] ]) |&gt; Chart.axes "x₁" "x₂"
    /// </code></example>
    let points (name: string) (points: Tensor) : Chart =
        let x, y = Wanted.pointsOfPlane (nameof points) points

        Model.chart [ Traces.points name x y ]

    /// <summary>
    /// Points of the plane (N × 2) with a weight each (N, not negative): area and colour grow with the weight.
    /// <c>name</c> is the title of the colour bar.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Unless the points are a non-empty N × 2 matrix and the weights N
    /// numbers ≥ 0.</exception>
    /// <example><code>
    /// Chart.weightedPoints "weight" (Tensor.ofRows Placement.float64 [ [ 0.0; 1.0 ]; [ 1.0; 2.0 ] ]) [| 0.3; 0.7 |]
    /// </code></example>
    let weightedPoints (name: string) (points: Tensor) (weights: float[]) : Chart =
        let x, y = Wanted.pointsOfPlane (nameof points) points
        Wanted.weights (nameof weights) weights (nameof points) x

        Model.chart [ Traces.weightedPoints name x y weights ]

    /// <summary>
    /// Paths of points of the plane: the phase portrait of a flow. <c>positions</c> are the M × 2 points at successive
    /// times; a mark shows where each path ends.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Unless there are two times or more, each with the same number of
    /// points of the plane.</exception>
    /// <example><code>
    /// let at t = Tensor.ofRows Placement.float64 [ [ cos t; sin t ]; [ 2.0 * cos t; 2.0 * sin t ] ]
    /// Chart.trajectories "paths" [ for t in 0.0 .. 0.1 .. 3.0 -&gt; at t ] |&gt; Chart.axes "x₁" "x₂" |&gt; Chart.equalAspect
    /// </code></example>
    let trajectories (name: string) (positions: Tensor list) : Chart =
        let at = Wanted.paths (nameof positions) positions
        let m = (fst at[0]).Length

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

    /// <summary>
    /// Filled contours of a function on a grid, z[i, j] = f(x[i], y[j]); a density, as a rule. Laid over by points (see
    /// <c>overlay</c>) it stays in the background.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Unless z has one row per x and one column per y.</exception>
    /// <example><code>
    /// let x = [| -2.0 .. 0.1 .. 2.0 |]
    /// Chart.contours "density" x x (Array2D.init x.Length x.Length (fun i j -&gt; exp -(x[i] * x[i] + x[j] * x[j])))
    /// </code></example>
    let contours (name: string) (x: float[]) (y: float[]) (z: float[,]) : Chart =
        Wanted.notEmpty (nameof x) x
        Wanted.notEmpty (nameof y) y
        Wanted.onGrid (nameof z) (nameof x) x (nameof y) y z

        Model.chart [ Traces.contours name x y z ]

    /// The two arguments that a name such as "u(x, t)" has.
    let private arguments (name: string) =
        let found =
            System.Text.RegularExpressions.Regex.Match(name, @"\(\s*([^(),]+?)\s*,\s*([^(),]+?)\s*\)\s*$")

        if found.Success then
            Some(found.Groups[1].Value, found.Groups[2].Value)
        else
            None

    /// <summary>
    /// A field in colours over x and t, values[i, k] = u(x[i], t[k]), with t upwards. Values of both signs get a scale
    /// with white at zero, others one from dark to light. <c>name</c> is the title of the colour bar; where it names its two arguments,
    /// as <c>u(x, t)</c> and <c>u(x, y)</c> do, these are the labels of the axes; otherwise say them with <c>axes</c>.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Unless the values have one row per x and one column per
    /// time.</exception>
    /// <example><code>
    /// let x, t = [| 0.0 .. 0.1 .. 6.2 |], [| 0.0 .. 0.1 .. 2.0 |]
    /// Chart.heatmap "u(x, t)" x t (Array2D.init x.Length t.Length (fun i k -&gt; exp -t[k] * sin x[i]))
    /// </code></example>
    let heatmap (name: string) (x: float[]) (t: float[]) (values: float[,]) : Chart =
        Wanted.notEmpty (nameof x) x
        Wanted.notEmpty (nameof t) t
        Wanted.onGrid (nameof values) (nameof x) x (nameof t) t values
        let range = Model.extent [ values ] |> Option.defaultValue (0.0, 1.0)

        Model.chart [ Traces.heatmap name x t values range ]
        |> match arguments name with
           | Some(first, second) ->
               Model.mapX (fun axis -> { axis with Label = first })
               >> Model.mapY (fun axis -> { axis with Label = second })
           | None -> id

    /// <summary>Bars side by side in each category: for instance mode weights, estimated and exact.</summary>
    /// <exception cref="T:System.ArgumentException">There are no categories or groups, or a group has not one value per
    /// category.</exception>
    /// <example><code>
    /// Chart.bars [| "(2, 2)"; "(−2, 2)" |] [ "estimated", [| 0.58; 0.42 |]; "exact", [| 0.6; 0.4 |] ]
    /// </code></example>
    let bars (categories: string[]) (groups: (string * float[]) list) : Chart =
        Wanted.groups (nameof groups) groups (nameof categories) categories

        Model.chart [ for name, values in groups -> Traces.bars name categories values ]
        |> Model.mapX (fun axis -> { axis with Names = true })

    /// <summary>
    /// Histogram of weighted values (weights ≥ 0, not all zero) as a density: its area is one, so that it can be
    /// compared with a density curve laid over it. Values that are not finite are left out.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no finite value, or the weights do not fit.</exception>
    /// <example><code>Chart.weightedHistogram "draws" [| 0.1; 0.4; 0.5 |] [| 0.2; 0.5; 0.3 |]</code></example>
    let weightedHistogram (name: string) (values: float[]) (weights: float[]) : Chart =
        Wanted.weightedValues (nameof weights) weights (nameof values) values
        Model.chart [ Traces.histogram name (Bins.ofWeighted values weights) ]

    /// <summary>
    /// Histogram of values as a density: its area is one, so that it can be compared with a density curve laid over it.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is no finite value.</exception>
    /// <example><code>
    /// let p = Series.line "exact" [| 0.0; 1.0 |] [| 1.0; 1.0 |]
    /// Chart.overlay [ Chart.histogram "draws" [| 0.1; 0.4; 0.5 |]; Chart.lines [ p ] ]
    /// </code></example>
    let histogram (name: string) (values: float[]) : Chart =
        weightedHistogram name values (Array.create values.Length 1.0)

    /// <summary>
    /// Charts drawn on the same axes, the first at the back: draws over a density, a curve over a histogram. Axes and
    /// titles are those of the first chart.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is none, or one is a stack or an animation.</exception>
    /// <example><code>
    /// Chart.overlay [ Chart.lines [ Series.line "a" [| 0.0; 1.0 |] [| 0.0; 1.0 |] ]
    ///                 Chart.lines [ Series.markers "b" [| 0.5 |] [| 0.6 |] ] ]
    /// </code></example>
    let overlay (charts: Chart list) : Chart =
        Grid.overlay (Wanted.panels (nameof charts) charts) charts.Head

    /// <summary>Charts one below the other with a common horizontal axis. The title is that of the first.</summary>
    /// <exception cref="T:System.ArgumentException">There is none, or one is a stack or an animation.</exception>
    /// <example><code>
    /// let panel name y = Chart.lines [ Series.line name [| 0.0; 1.0 |] y ] |&gt; Chart.axes "t" name
    /// Chart.stack [ panel "mean" [| 0.0; 1.0 |]; panel "variance" [| 1.0; 2.0 |] ]
    /// </code></example>
    let stack (charts: Chart list) : Chart =
        Grid.stack (Wanted.panels (nameof charts) charts) charts.Head

    /// <summary>
    /// Every coordinate of weighted points (N × d, weights N) as a histogram, and every two of them as a cloud of
    /// points drawn in proportion to the weights: what a distribution in more than two dimensions looks like.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">Unless there is a name for each of 2 to 8 coordinates, and a weight
    /// ≥ 0 for each point.</exception>
    /// <example><code>
    /// let points = Random.normal Placement.float64 1 [ 500; 3 ]
    /// Chart.corner [ "a"; "b"; "c" ] points (Array.replicate 500 1.0) |&gt; Chart.titled "Normal"
    /// </code></example>
    let corner (names: string list) (points: Tensor) (weights: float[]) : Chart =
        let d = names.Length

        if d < 2 || d > 8 then
            Guard.fail (nameof names) $"found {d}, wanted names of 2 to 8 coordinates; choose columns with index_select"

        Guard.points (nameof points) d points
        let columns = Tensor.toArray2D points
        let columns = [| for k in 0 .. d - 1 -> columns[*, k] |]

        for column in columns do
            Wanted.weightedValues (nameof weights) weights (nameof points) column

        Grid.corner (Array.ofList names) columns weights

    /// <summary>The chart with a title. Text is shown as it is: no markup.</summary>
    /// <example><code>chart |&gt; Chart.titled "Draws and density"</code></example>
    let titled (title: string) (chart: Chart) : Chart = { chart with Title = title }

    /// <summary>The chart with a line of explanation under its title.</summary>
    /// <example><code>chart |&gt; Chart.captioned "2,000 draws, before weighting"</code></example>
    let captioned (caption: string) (chart: Chart) : Chart = { chart with Caption = caption }

    /// <summary>The chart with labels of the axes; say the units: "t (s)".</summary>
    /// <example><code>chart |&gt; Chart.axes "x" "u(x, 1)"</code></example>
    let axes (x: string) (y: string) (chart: Chart) : Chart =
        chart
        |> Model.mapX (fun axis -> { axis with Label = x })
        |> Model.mapY (fun axis -> { axis with Label = y })

    /// <summary>The chart with a logarithmic horizontal axis; values that are not positive become gaps.</summary>
    /// <example><code>chart |&gt; Chart.logX |&gt; Chart.logY</code></example>
    let logX (chart: Chart) : Chart =
        chart |> Model.mapX (fun axis -> { axis with Log = true })

    /// <summary>The chart with a logarithmic vertical axis; values that are not positive become gaps.</summary>
    /// <example><code>chart |&gt; Chart.logY</code></example>
    let logY (chart: Chart) : Chart =
        chart |> Model.mapY (fun axis -> { axis with Log = true })

    /// <summary>The chart cut to low ≤ x ≤ high.</summary>
    /// <exception cref="T:System.ArgumentException">Unless low and high are finite and low &lt; high (and 0 &lt; low on
    /// a logarithmic axis).</exception>
    /// <example><code>chart |&gt; Chart.rangeX (-3.0, 3.0)</code></example>
    let rangeX (low: float, high: float) (chart: Chart) : Chart =
        chart |> Model.mapX (Wanted.cut "range" low high)

    /// <summary>The chart cut to low ≤ y ≤ high.</summary>
    /// <exception cref="T:System.ArgumentException">Unless low and high are finite and low &lt; high (and 0 &lt; low on
    /// a logarithmic axis).</exception>
    /// <example><code>chart |&gt; Chart.rangeY (1e-8, 1.0)</code></example>
    let rangeY (low: float, high: float) (chart: Chart) : Chart =
        chart |> Model.mapY (Wanted.cut "range" low high)

    /// <summary>The chart with one unit as long on both axes: for points of the plane.</summary>
    /// <example><code>Chart.points "draws" draws.Points |&gt; Chart.equalAspect</code></example>
    let equalAspect (chart: Chart) : Chart =
        chart |> Model.mapPanels (fun panel -> { panel with Equal = true })

    /// <summary>
    /// How an evolution fared: step size, relative residual (between the points, and at the points, for which it was
    /// solved), the defect so far, and effective rank over t, one below the other. Numbers that are missing (nan) become
    /// gaps.
    /// </summary>
    /// <param name="steps">The accepted steps, at least one: <c>Solution.steps</c>.</param>
    /// <exception cref="T:System.ArgumentException">There are no steps.</exception>
    /// <example><code>
    /// Chart.diagnostics (Solution.steps sampler.Energy.Solution)
    /// </code></example>
    let diagnostics (steps: StepRecord<FieldNote>[]) : Chart =
        let times = [| for s in steps -> s.Time |]
        Wanted.notEmpty (nameof steps) times

        let panel label series =
            lines
                [
                    for name, values in series -> Series.line name times [| for s in steps -> values s |]
                ]
            |> axes "t" label

        stack
            [
                panel "step size" [ "step size", _.Step ] |> logY
                panel
                    "relative residual"
                    [ "between the points", _.Note.FreshResidual; "at the points", _.Note.Residual ]
                |> logY
                panel "defect" [ "defect", _.Note.Defect ] |> logY
                panel "effective rank" [ "effective rank", _.Note.EffectiveRank ]
            ]

    /// <summary>
    /// Slices of solutions over time, with a slider and a button that plays them: for each name, values[i, k] = u(x[i],
    /// t[k]). The vertical axis stays the same at all times.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">There is nothing to show, or values have not one row per x and one
    /// column per time.</exception>
    /// <example><code>
    /// let x, t = [| 0.0 .. 0.1 .. 6.2 |], [| 0.0 .. 0.1 .. 2.0 |]
    /// Chart.animation x t [ ("u", Array2D.init x.Length t.Length (fun i k -&gt; sin (x[i] - t[k]))) ]
    /// </code></example>
    let animation (x: float[]) (t: float[]) (solutions: (string * float[,]) list) : Chart =
        Wanted.notEmpty (nameof x) x
        Wanted.notEmpty (nameof t) t

        if solutions.IsEmpty then
            Guard.fail (nameof solutions) "found none, wanted at least one"

        for _, values in solutions do
            Wanted.onGrid (nameof solutions) (nameof x) x (nameof t) t values

        let range = solutions |> List.map snd |> Model.extent |> Option.map Model.roomy

        let chart =
            solutions
            |> List.mapi (fun i (name, values) -> (if i = 0 then Series.line else Series.dashed) name x values[*, 0])
            |> lines
            |> axes "x" "u(x, t)"
            |> Model.mapY (fun axis -> { axis with Range = range })

        { chart with
            Slices =
                Some
                    {
                        Times = t
                        At = fun k -> solutions |> List.map (fun (_, values) -> values[*, k])
                    }
        }

    let private alone (chart: Chart) = Page.create "" "" [ chart ]

    /// <summary>
    /// Writes the chart to an HTML file that draws offline, making folders that are missing, and gives the file's full
    /// path. Several charts in one file: see <c>Page</c>.
    /// </summary>
    /// <exception cref="T:System.ArgumentException">The path is empty.</exception>
    /// <example><code>chart |&gt; Chart.save "output/chart.html"</code></example>
    let save (path: string) (chart: Chart) : string = Page.save path (alone chart)

    /// <summary>
    /// Writes the chart to a temporary file, opens it in the browser and gives the file's full path.
    /// Where no browser can be started, it says on standard error which file to open.
    /// </summary>
    /// <example><code>chart |&gt; Chart.show</code></example>
    let show (chart: Chart) : string = Page.show (alone chart)
