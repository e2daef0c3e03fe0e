// Targets without options of their own, all with the defaults: what a user meets first. An argument names one of them.
//     dotnet fsi --optimize+ scripts/unseen.fsx          (or: unseen.fsx banana)
#load "sampling.fsx"

open System
open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Sampling

let run = Terminal.run ()
let coordinate (k: int) (x: Tensor) = x.select (1L, int64 k)

/// A normal distribution with deviations from 1 to 10, along axes that are not the coordinates'.
let turned =
    let d = 10
    let struct (q, _) = torch.linalg.qr (Random.normal Placement.float64 3 [ d; d ])

    let deviations =
        Tensor.ofArray Placement.float64 [| for k in 0 .. d - 1 -> 10.0 ** (float k / float (d - 1)) |]

    Density.ofEnergy d (fun x -> 0.5 * (x.mm q / deviations).square().sum 1L),
    Some(0.5 * float d * log (2.0 * Math.PI) + Tensor.toFloat (deviations.log().sum()))

/// Logistic regression on 100 made-up observations of eight features, prior N(0, 4).
let logistic =
    let d, n = 8, 100
    let features = Random.normal Placement.float64 5 [ n; d ]
    let truth = Random.normal Placement.float64 6 [ d ]

    let labels =
        (torch.special.expit (features.mv truth)
         - Random.uniform Placement.float64 7 [ n ])
            .sign()

    Density.ofEnergy d (fun x ->
        let margins = x.mm (features.t ()) * labels
        // log(1 + e^{−m}) without overflow.
        let losses = (-margins).clamp_min 0.0 + (-margins.abs()).exp().log1p()
        losses.sum 1L + x.square().sum 1L / 8.0),
    None

let targets: (string * (Density * float option)) list =
    [
        "ring", (Density.ofEnergy 2 (fun x -> 4.0 * (x.norm 1 - 2.0).square()), None)
        "banana",
        (Density.ofEnergy 2 (fun x ->
            let bend = coordinate 1 x - 0.5 * (coordinate 0 x).square()
            0.125 * (coordinate 0 x).square() + 2.0 * bend.square ()),
         Some(log (2.0 * Math.PI)))
        "eight modes on a circle",
        (Density.gaussianMixture
            [
                for k in 0..7 ->
                    let angle = float k * Math.PI / 4.0
                    0.125, [ 10.0 * cos angle; 10.0 * sin angle ], 1.0
            ],
         Some 0.0)
        "turned Gaussian, d = 10", turned
        "logistic regression, d = 8", logistic
        "two modes, d = 10",
        (Density.gaussianMixture [ 0.3, List.replicate 10 1.5, 0.7; 0.7, List.replicate 10 -1.0, 0.7 ], Some 0.0)
    ]

let options =
    { Sampler.defaults with
        Cover.Start = Start.Cooled { Chains.defaults with Spread = 8.0 }
    }

let wanted = fsi.CommandLineArgs |> Array.skip 1

let rows =
    [
        for name, (target, logZ) in targets do
            if wanted.Length = 0 || wanted |> Array.exists (fun w -> name.StartsWith w) then
                printfn $"{name}"

                let sampler, draws, seconds = target |> sampleStandardised run 2.0 options 4000

                let found = Importance.logNormaliser draws
                let efficiency = Importance.effectiveSampleSize draws
                let field = sampler.Energy.Solution.VectorField

                let landmarks =
                    field.Landmarks |> Option.map _.Length |> Option.defaultValue field.PointCount

                printfn $"  points, landmarks      {field.PointCount}, {landmarks} in the end"
                printfn $"  effective sample size  {100.0 * efficiency:F1} %%"

                let exact =
                    logZ |> Option.map (fun z -> $"   (exact: {z:F4})") |> Option.defaultValue ""

                printfn $"  log Z                  {found.Value:F4} ± {found.StandardError:F4}{exact}"
                printfn $"  seconds                {seconds:F0}"

                let error =
                    logZ |> Option.map (fun z -> abs (found.Value - z)) |> Option.defaultValue nan

                yield name, efficiency, error, seconds, Importance.resample 1 1500 draws
    ]

let key (name: string) = (name.Split [| ' '; ',' |])[0]

finish
    "unseen"
    "Six targets with the default options"
    "Six densities given by their formulas, sampled with the same options."
    [
        Chart.bars
            [| for name, _, _, _, _ in rows -> name |]
            [ ("effective draws", [| for _, efficiency, _, _, _ in rows -> efficiency |]) ]
        |> Chart.titled "Effective part of the draws"
        |> Chart.axes "target" "fraction"
        for name, _, _, _, draws in rows do
            Chart.points name (draws.narrow (1L, 0L, 2L))
            |> Chart.titled name
            |> Chart.axes "x₀" "x₁"
    ]
    [
        for name, efficiency, error, seconds, _ in rows do
            $"{key name}.ess", efficiency
            $"{key name}.logZError", error
            $"{key name}.seconds", seconds
    ]
