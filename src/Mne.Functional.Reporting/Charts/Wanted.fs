namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// What charts are made of, checked: each raises `ArgumentException` that names the argument.
module internal Wanted =

    let notEmpty name (values: float[]) =
        if values.Length = 0 then
            Guard.fail name "found no values, wanted at least one"

    let sameLength name (values: 'a[]) otherName (other: 'b[]) =
        if values.Length <> other.Length then
            Guard.fail
                name
                $"found {values.Length} values, but {other.Length} in {otherName}; give one for each of {otherName}"

    /// One row per x and one column per y.
    let onGrid name xName (x: float[]) yName (y: float[]) (z: float[,]) =
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

    let series name (series: Series list) =
        if series.IsEmpty then
            Guard.fail name "found none, wanted at least one series"

        for s in series do
            if s.X.Length <> s.Y.Length then
                Guard.fail name $"\"{s.Name}\" has {s.X.Length} x and {s.Y.Length} y; give one y for each x"

            if s.X.Length = 0 then
                Guard.fail name $"\"{s.Name}\" has no values; give at least one"

    /// Both coordinates of points of the plane.
    let pointsOfPlane name (points: Tensor) : float[] * float[] =
        Guard.points name 2 points
        let xy = Tensor.toArray2D points
        xy[*, 0], xy[*, 1]

    /// Both coordinates of the same points of the plane at successive times.
    let paths name (positions: Tensor list) : (float[] * float[])[] =
        if positions.Length < 2 then
            Guard.fail name $"found points at {positions.Length} times, wanted two times or more"

        let at = [| for tensor in positions -> pointsOfPlane name tensor |]
        let m = (fst at[0]).Length

        for x, _ in at do
            if x.Length <> m then
                Guard.fail name $"{x.Length} points at one time, {m} at the first; give the same points at all times"

        at

    /// A number ≥ 0 for each of the values.
    let weights name (weights: float[]) ofName (values: float[]) =
        sameLength name weights ofName values

        weights
        |> Array.iteri (fun i w ->
            if not (Double.IsFinite w && w >= 0.0) then
                Guard.fail name $"found {w} at index {i}, wanted finite numbers ≥ 0; exponentiate log-weights")

        // Histograms and quantiles need the sum of squares.
        if not (Double.IsFinite(weights |> Array.sumBy (fun w -> w * w))) then
            Guard.fail name $"found {Array.max weights}, whose square overflows; divide the weights by their largest"

    /// As `weights`, of which one is positive on a value that can be drawn.
    let weightedValues name (given: float[]) ofName (values: float[]) =
        sameLength name given ofName values

        if not (Array.exists Double.IsFinite values) then
            Guard.fail ofName $"found no finite number among {values.Length}, wanted at least one"

        weights name given ofName values

        if not (Array.exists2 (fun v w -> Double.IsFinite v && w > 0.0) values given) then
            Guard.fail name "found only zeros on finite values, wanted at least one positive weight"

    /// Groups of values, one for each category.
    let groups name (groups: (string * float[]) list) ofName (categories: string[]) =
        if categories.Length = 0 then
            Guard.fail ofName "found none, wanted at least one category"

        if groups.IsEmpty then
            Guard.fail name "found none, wanted at least one group of values"

        for group, values in groups do
            if values.Length <> categories.Length then
                Guard.fail
                    name
                    $"\"{group}\" has {values.Length} values for {categories.Length} categories; give one for each"

    /// The panels of charts that have one each.
    let panels name (charts: Chart list) : Panel list =
        if charts.IsEmpty then
            Guard.fail name "found none, wanted at least one chart"

        charts
        |> List.map (fun chart ->
            match chart.Panels, chart.Slices with
            | [ panel ], None -> panel
            | _ ->
                Guard.fail name "found a stack or an animation, wanted charts with one panel; combine before stacking")

    /// The axis cut to low ≤ value ≤ high.
    let cut name (low: float) (high: float) (axis: Axis) : Axis =
        if not (Double.IsFinite low && Double.IsFinite high && low < high) then
            Guard.fail name $"found ({low}, {high}), wanted two finite numbers, the smaller first"

        if axis.Log && low <= 0.0 then
            Guard.fail name $"found the lower end {low} on a logarithmic axis, wanted a number greater than 0"

        { axis with Range = Some(low, high) }
