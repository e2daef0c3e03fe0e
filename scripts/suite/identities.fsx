// What holds of draws from e^{−V}, whatever V: E ∂_iV = 0 and E (x_i − m_i) ∂_iV = 1. A formula that differs from that of the draws breaks
// them. Errors are in standard errors.
module Identities

#load "../shared.fsx"

open TorchSharp
open Mne.Functional

/// The mean of each column of independent rows, in standard errors from what it should be; the largest.
let deviationOfMeans (wanted: float) (values: Tensor) : float =
    Scope.free (fun () ->
        let error = values.std 0L ./ sqrt (float (Tensor.rows values))
        Tensor.toFloat (((values.mean [| 0L |] .- wanted) / error).abs().max()))

/// Some rows at a time.
let private pieces (f: Tensor -> Tensor) (points: Tensor) : Tensor =
    Scope.keep (fun () ->
        Tensor.concatenate
            0L
            [
                for first in 0..5000 .. Tensor.rows points - 1 ->
                    f (points.narrow (0L, int64 first, int64 (min 5000 (Tensor.rows points - first))))
            ])

let energies (target: Density) (points: Tensor) : Tensor =
    pieces (fun x -> (target.Energy x).detach()) points

let gradients (target: Density) (points: Tensor) : Tensor =
    pieces (fun x -> Diff.grad target.Energy x |> _.detach()) points

/// How far E ∂_iV is from 0 and E (x_i − m_i) ∂_iV from 1, in standard errors; the largest over the coordinates.
let identities (target: Density) (mean: Tensor) (draws: Tensor) : float * float =
    Scope.free (fun () ->
        let gradient = gradients target draws
        deviationOfMeans 0.0 gradient, deviationOfMeans 1.0 (gradient * (draws - mean)))
