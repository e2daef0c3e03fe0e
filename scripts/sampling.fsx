// What the scripts that sample share: a sampler with its draws, references, figures, pictures.
#load "shared.fsx"
#load "../tests/Mne.Functional.Tests/References/Fourier.fs"
#load "../tests/Mne.Functional.Tests/References/Convergence.fs"
#load "../tests/Mne.Functional.Tests/References/Mixture.fs"
#load "../tests/Mne.Functional.Tests/References/Quadrature.fs"

open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References

/// The density of a mixture whose modes all have one variance.
let densityOf (mixture: Mixture) : Density =
    Density.gaussianMixture
        [
            for weight, mean, variance in Array.zip3 mixture.Weights mixture.Means mixture.Variances ->
                weight, List.ofArray mean, sqrt variance[0]
        ]

/// The density e^{ℓ} of independent coordinates with the same one-dimensional ℓ.
let independent (d: int) (energy: Tensor -> Tensor) : Density =
    Density.ofEnergy d (fun x -> (energy x).sum 1L)

/// A sampler, its draws, and the seconds of both.
let sample (run: Run) (options: SamplerOptions) (family: int -> Process) (count: int) (target: Density) =
    let (sampler, draws), seconds =
        timed (fun () ->
            let sampler = target |> Sampler.evolve run options family
            sampler, sampler |> Sampler.draw run count)

    sampler, draws, seconds

/// The same for a target that is not of unit size around the origin; the seconds include the search for first points.
let sampleStandardised (run: Run) (width: float) (options: SamplerOptions) (count: int) (target: Density) =
    let (options, family), search =
        timed (fun () -> target |> Sampler.standardise run width options)

    let sampler, draws, seconds = target |> sample run options family count
    sampler, draws, search + seconds

/// Effective sample size, error of log Z after weighting, and gap of the evidence lower bound before it.
let figures (logZ: float) (draws: Draws) : (string * float) list =
    let found = Importance.logNormaliser draws
    printfn $"  draws                  {Tensor.rows draws.Points}"
    printfn $"  effective sample size  {100.0 * Importance.effectiveSampleSize draws:F1} %%"
    printfn $"  log Z                  {found.Value:F5} ± {found.StandardError:F5}   (exact: {logZ:F5})"
    printfn $"  KL(q | ρ)              {logZ - Importance.evidenceLowerBound draws:F5}"

    [
        "ess", Importance.effectiveSampleSize draws
        "logZError", abs (found.Value - logZ)
        "elboGap", logZ - Importance.evidenceLowerBound draws
    ]

/// Forward efficiency at exact samples of the target.
let forward (samples: Tensor) (sampler: Sampler) : (string * float) list =
    let logWeights =
        -(sampler.Target.Energy samples) - Sampler.logProposal Run.quiet samples sampler

    let ess = Importance.forwardEfficiency logWeights
    printfn $"  at exact samples       {100.0 * ess:F1} %%"
    [ ("forwardEss", ess) ]

/// The weights of a mixture's modes, each mode being where its mean is the nearest; and their largest error.
let modeWeights (mixture: Mixture) (draws: Draws) : float[] * float =
    let weights = Scope.free (fun () -> Tensor.toArray (Importance.weights draws))
    let rows = Tensor.toArray2D draws.Points
    let found = Array.zeroCreate mixture.Weights.Length

    weights
    |> Array.iteri (fun i w ->
        let mode = Mixture.nearest mixture rows[i, *]
        found[mode] <- found[mode] + w)

    found, Array.map2 (fun a b -> abs (a - b)) found mixture.Weights |> Array.max

/// One coordinate of draws, and their weights.
let weighted (k: int) (draws: Draws) : float[] * float[] =
    Scope.free (fun () -> Tensor.toArray (draws.Points.select (1L, int64 k)), Tensor.toArray (Importance.weights draws))

/// Weighted values beside their exact density (log ρ up to a factor) on an interval.
let histogram
    (title: string)
    (values: float[], weights: float[])
    (low: float, high: float)
    (logDensity: float -> float)
    =
    let x = Array.init 401 (fun i -> low + (high - low) * float i / 400.0)
    let logZ = Quadrature.logIntegral low high logDensity

    Chart.overlay
        [
            Chart.weightedHistogram "weighted draws" values weights
            Chart.lines
                [
                    Series.dashed "exact" x (x |> Array.map (fun x -> exp (logDensity x - logZ)))
                ]
        ]
    |> Chart.titled title
    |> Chart.axes "x" "density"

/// The weights that a mixture's modes should have, and those that they have among the draws.
let modeChart (mixture: Mixture) (found: float[]) : Chart =
    Chart.bars [| for mean in mixture.Means -> $"({mean[0]}, {mean[1]})" |] [ "exact", mixture.Weights; "found", found ]
    |> Chart.titled "Weights of the modes"
    |> Chart.axes "mode" "weight"

/// Saves the page, and prints the closing line.
let finish (name: string) (title: string) (text: string) (charts: Chart list) (results: (string * float) list) =
    let shown =
        results
        |> List.choose (fun (name, value) ->
            match name with
            | "ess" -> Some("effective sample size", $"{100.0 * value:F1} %%")
            | "logZError" -> Some("error of log Z", $"{value:G3}")
            | "forwardEss" -> Some("efficiency at exact samples", $"{100.0 * value:F1} %%")
            | "elboGap" -> Some("KL(q | ρ)", $"{value:G3}")
            | "modeWeightError" -> Some("error of a mode's weight, at most", $"{value:G3}")
            | "meanError" -> Some("error of a mean", $"{value:G3}")
            | "deviationError" -> Some("error of a deviation", $"{value:G3}")
            | "observableError" -> Some("error of an observable, at most", $"{value:G3}")
            | "chainError" -> Some("that of Markov chains", $"{value:G3}")
            | "seconds" -> Some("seconds", $"{value:F0}")
            // Of several targets, how well each is drawn from.
            | name when name.EndsWith ".ess" -> Some(name.Replace(".ess", ""), $"{100.0 * value:F1} %%")
            | name when name.Contains '.' -> None
            | name -> Some(name, $"{value:G4}"))

    Page.create title text charts |> Page.withFigures shown |> picture name
    printResult results
