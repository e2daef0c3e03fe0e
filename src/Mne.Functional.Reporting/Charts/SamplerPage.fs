namespace Mne.Functional.Reporting

open System
open Mne.Functional

/// <summary>What a sampler did and whether to trust it, on one page.</summary>
[<RequireQualifiedAccess>]
module SamplerPage =

    /// The distribution of one coordinate: as drawn, and weighted.
    let private marginal (draws: Draws) (weights: float[]) (k: int) : Chart =
        let values = Tensor.toArray (draws.Points.select (1L, int64 k))

        Chart.overlay
            [
                Chart.weightedHistogram "weighted" values weights
                Chart.histogram "as drawn" values
            ]
        |> Chart.titled $"Coordinate x{k}"
        |> Chart.axes $"x{k}" "density"

    /// The weights, sorted from the largest: a steep beginning means that a few draws rule.
    let private weightCurve (weights: float[]) : Chart =
        let sorted = weights |> Array.sortDescending
        let m = float sorted.Length
        let rank = sorted |> Array.mapi (fun i _ -> float (i + 1) / m)

        Chart.lines
            [
                Series.line "weights" rank (sorted |> Array.map (fun w -> w * m))
                Series.dotted "all equal" [| 1.0 / m; 1.0 |] [| 1.0; 1.0 |]
            ]
        |> Chart.titled "Weights, from the largest"
        |> Chart.captioned "Times the number of draws; level at 1 when the sampler is exact."
        |> Chart.axes "fraction of the draws" "weight × M"
        |> Chart.logY

    let private evolution (sampler: Sampler) : Chart =
        Chart.diagnostics (Solution.steps sampler.Energy.Solution)
        |> Chart.titled "The evolution, step by step"

    /// <summary>
    /// A page with the draws (in the plane where there are two coordinates, else a corner plot of the first four),
    /// their weights, the evolution, and the figures of the report with what speaks against it.
    /// </summary>
    /// <example><code>
    /// let report = Report.ofDraws Run.quiet Report.defaults sampler draws
    /// SamplerPage.create "A ring" sampler draws report |&gt; Page.save "output/ring.html"
    /// </code></example>
    let create (title: string) (sampler: Sampler) (draws: Draws) (report: Report) : Page =
        let d = sampler.Target.Dimension

        let weights = Scope.free (fun () -> Tensor.toArray (Importance.weights draws))

        let shown =
            if d = 2 then
                let m = min 2000 (Tensor.rows draws.Points)

                [
                    Scope.free (fun () -> Chart.points "draws" (Importance.resample 1 m draws))
                    |> Chart.titled $"{m} draws, resampled by weight"
                    |> Chart.axes "x0" "x1"
                    |> Chart.equalAspect
                ]
            elif d = 1 then
                [ marginal draws weights 0 ]
            else
                let k = min 4 d

                [
                    Scope.free (fun () ->
                        Chart.corner [ for i in 0 .. k - 1 -> $"x{i}" ] (draws.Points.narrow (1L, 0L, int64 k)) weights)
                    |> Chart.titled (
                        if k < d then
                            $"The first {k} coordinates, weighted"
                        else
                            "Weighted draws"
                    )
                ]

        let concerns =
            match report.Concerns with
            | [] -> "Nothing speaks against the result."
            | concerns -> concerns |> List.map _.Advice |> String.concat " "

        let estimate (e: Estimate) = $"{e.Value:G5} ± {e.StandardError:G2}"

        Page.create title concerns (shown @ [ weightCurve weights; evolution sampler ])
        |> Page.withFigures
            [
                "effective sample size", $"{100.0 * report.Efficiency.Value:F1} %%"
                "log Z", estimate report.LogNormaliser
                "lower bound of log Z", estimate report.EvidenceLowerBound
                "k̂ of the weights", $"{report.ParetoShape:F2}"
                "error of the fit", $"{100.0 * report.FitError:F2} %%"
                "defect of the evolution", $"{100.0 * sampler.Energy.Solution.Defect:F2} %%"
                "draws", string (Tensor.rows draws.Points)
            ]
