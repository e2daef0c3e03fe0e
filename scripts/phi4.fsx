// A φ⁴ (Ginzburg–Landau) ring of 16 and of 64 sites, V = Σ ½ κ (φ_{i+1} − φ_i)² + λ (φ_i² − 1)², from the formula alone. The network is a
// sum over all sites of one network of a site and its four nearest neighbours, so that it does not change under translation.
// Compared with the transfer matrix, which is exact in one dimension, and with a long Markov chain.
//     dotnet fsi --optimize+ scripts/phi4.fsx          (or one of the sizes: phi4.fsx 16)
#load "sampling.fsx"

open TorchSharp
open Mne.Functional
open Mne.Functional.Reporting
open Sampling

let run = Terminal.run ()
let κ, λ = 1.0, 1.0

let target d =
    Density.ofEnergy d (fun φ ->
        let next = φ.roll ([| -1L |], [| 1L |])
        (0.5 * κ * (next - φ).square() + λ * (φ.square () - 1.0).square()).sum 1L)

let options d =
    { Sampler.defaults with
        Network =
            fun space ->
                Network.ofBlocks
                    space
                    [ for i in 0 .. d - 1 -> [ for j in -2 .. 2 -> (i + j + d) % d ] ]
                    [ Layer.dense 32 Swish; Layer.dense 32 Swish ]
        Cover.Points = Some 800
        Cover.FitPoints = 400
        Draw.Tolerance = 1e-4
        Duration = 3.5
        Cover.Start =
            Start.Cooled
                { Chains.defaults with
                    Chains = 500
                    Spread = 1.5
                    Temperature = 1.5
                }
    }

/// log Z, and the means of φ_i², φ_i φ_{i+1} and φ_i φ_{i+4}, by the transfer matrix on a grid.
let exact d =
    Scope.free (fun () ->
        let n, range = 400, 3.5
        let grid = Tensor.linspace Placement.float64 -range range n
        let h = 2.0 * range / float (n - 1)
        let well = λ * (grid.square () - 1.0).square()

        let k =
            (-0.5 * κ * (grid.unsqueeze 1L - grid.unsqueeze 0L).square()
             - 0.5 * (well.unsqueeze 1L + well.unsqueeze 0L))
                .exp()
            * h

        let struct (values, vectors) = torch.linalg.eigh k
        let top = Tensor.toFloat (values.max ())
        let relative = (values / top).clamp_min 0.0

        let power (m: int) =
            relative.pow (Scalar.op_Implicit (float m))

        let logZ = float d * log top + log (Tensor.toFloat ((power d).sum()))
        /// φ between eigenvectors.
        let φ = vectors.t().mm(grid.unsqueeze 1L * vectors)
        let squared = vectors.t().mm(grid.square().unsqueeze 1L * vectors)
        let norm = Tensor.toFloat ((power d).sum())

        let correlation m =
            Tensor.toFloat ((φ.square () * (power m).unsqueeze 1L * (power (d - m)).unsqueeze 0L).sum())
            / norm

        let square = Tensor.toFloat ((squared.diagonal () * power d).sum()) / norm
        logZ, [ square; correlation 1; correlation 4 ])

let observables: (string * (Tensor -> Tensor)) list =
    let shifted (m: int64) (φ: Tensor) =
        (φ * φ.roll ([| -m |], [| 1L |])).mean [| 1L |]

    [ "φ_i²", shifted 0L; "φ_i φ_{i+1}", shifted 1L; "φ_i φ_{i+4}", shifted 4L ]

/// Means over a long run of Langevin chains, with their standard errors between chains.
let markov d =
    let chains = 400
    let start = 0.7 * Random.normal Placement.float64 11 [ chains; d ]
    let rounds, before = 500, 100
    let sums = [ for _ in observables -> Array.zeroCreate<float> chains ]
    let done' = progress run (Phase.Other "chains")

    let tenSteps =
        {
            Steps = 10
            Step = Covariance.Isotropic(0.2 / float d ** (1.0 / 3.0))
        }

    (start, [ 1 .. before + rounds ])
    ||> List.fold (fun x round ->
        let chain = x |> MarkovChain.langevin { run with Seed = round } tenSteps (target d)

        if round > before then
            for sum, (_, f) in List.zip sums observables do
                Scope.free (fun () -> Tensor.toArray (f chain.Points))
                |> Array.iteri (fun i v -> sum[i] <- sum[i] + v / float rounds)

        done' (float round / float (before + rounds))
        x.Dispose()
        chain.Points)
    |> _.Dispose()

    List.map meanOf sums

for d in numbersGiven [ 16; 64 ] do
    let sampler, draws, seconds =
        target d |> sample run (options d) Process.ornsteinUhlenbeck 4000

    let logZ, exact = exact d
    let chain = markov d
    printfn $"φ⁴ ring of {d} sites"
    let results = figures logZ draws
    printfn "                 weighted draws        Markov chains          transfer matrix"

    let found = [ for _, f in observables -> draws |> Importance.expectation f ]

    for (name, _), found, chain, exact in
        List.zip3 observables found (List.zip chain exact)
        |> List.map (fun (o, f, (c, e)) -> o, f, c, e) do
        printfn
            $"  %-13s{name} {found.Value:F4} ± {found.StandardError:F4}      {chain.Value:F4} ± {chain.StandardError:F4}      {exact:F4}"

    let error =
        List.map2 (fun (f: Estimate) e -> abs (f.Value - e)) found exact |> List.max

    let chainError =
        List.map2 (fun (f: Estimate) e -> abs (f.Value - e)) chain exact |> List.max

    finish
        $"phi4-{d}"
        $"φ⁴, {d} sites"
        "A Ginzburg–Landau ring from its formula, with a network that does not change under translation."
        [
            Chart.lines
                [
                    for k in 0..4 ->
                        Series.line
                            $"draw {k + 1}"
                            [| 0.0 .. float (d - 1) |]
                            (Scope.free (fun () -> Tensor.toArray ((Importance.resample 1 5 draws)[int64 k])))
                ]
            |> Chart.titled "Five draws"
            |> Chart.axes "site" "φ"
            diagnostics sampler.Energy.Solution
        ]
        ([ ("sites", float d) ]
         @ results
         @ [ "observableError", error; "chainError", chainError; "seconds", seconds ])
