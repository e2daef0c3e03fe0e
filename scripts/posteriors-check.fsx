// Verifies the formulas of "posteriors.fsx" at the reference draws: E ∂V = 0 and E (x − m) ∂V = 1 in every coordinate of ℝ^d, in standard
// errors, and that the way to ℝ^d and back is the way back. log Z, where it is known, against importance sampling from Student's
// distribution with the mean and covariance of the draws.
//     dotnet fsi --optimize+ scripts/posteriors-check.fsx FOLDER [part of a name…]     (FOLDER holds posterior_database)
#load "posteriors.fsx" "suite/identities.fsx"

open TorchSharp
open Mne.Functional
open Families
open Posteriors
open Identities

/// log Z by importance sampling from draws that are like those given.
let private evidence (reference: Reference) (draws: Tensor) : Estimate =
    let n, d, ν = 50_000, reference.Density.Dimension, 6.0
    let mean = draws.mean ([| 0L |], true)
    let scale = draws.std(0L).unsqueeze 0L
    let scaled = (draws - mean) / scale

    let factor =
        torch.linalg.cholesky (scaled.t().mm scaled ./ float (Tensor.rows draws))

    let z = (student true d ν).Samples.Value 5 n
    let points = mean .+ scale * z.mm (factor.t ())

    let logProposal =
        -((student true d ν).Density.Energy z)
        .- (student true d ν).LogNormaliser.Value
        .- Tensor.toFloat (scale.log().sum() .+ factor.diagonal().log().sum())

    Importance.logNormaliser
        {
            Points = points
            LogProposal = logProposal
            LogWeights = -(energies reference.Density points) - logProposal
        }

let private check (reference: Reference) : bool =
    Scope.free (fun () ->
        let draws = reference.Model |> Model.unconstrained reference.Hidden
        let published = reference.Published.Values

        let back =
            Tensor.toFloat (((reference.Shown draws - published).abs() / published.std 0L).max())

        let first, second = identities reference.Density (draws.mean [| 0L |]) draws

        let evidence =
            reference.LogNormaliser
            |> Option.map (fun logZ ->
                let found = evidence reference draws
                found.StandardError, abs (found.Value - logZ) / found.StandardError)

        let passes =
            back < 1e-6
            && first < 4.5
            && second < 4.5
            && evidence |> Option.forall (fun (error, off) -> error < 0.02 && off < 4.0)

        let shown =
            match evidence with
            | Some(error, off) -> $"log Z {off:F2}, error {error:G2}"
            | None -> ""

        printfn
            "%-4s %-42s d = %2d   and back %.0e   E dV %.2f   E (x - m) dV %.2f   %s"
            (if passes then "ok" else "BAD")
            reference.Name
            reference.Density.Dimension
            back
            first
            second
            shown

        passes)

let private passes =
    [
        for _, read in named (List.tail (List.ofArray fsi.CommandLineArgs)) -> check (read ())
    ]

printResult
    [
        "posteriors", float passes.Length
        "failed", float (passes |> List.filter not |> List.length)
    ]
