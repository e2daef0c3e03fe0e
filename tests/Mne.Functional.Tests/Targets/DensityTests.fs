module Mne.Functional.Tests.DensityTests

open System
open Expecto
open TorchSharp
open Mne.Functional
open Mne.Functional.References
open Mne.Functional.Tests

[<Tests>]
let tests =
    testList
        "Density"
        [
            Check.scoped "a mixture's energy is −log of its density" (fun () ->
                let target =
                    Density.gaussianMixture
                        [
                            for m in 0..3 -> Targets.fourModes.Weights[m], List.ofArray Targets.fourModes.Means[m], 0.6
                        ]

                let x = 3.0 * Check.normal 1 [ 40; 2 ]
                let rows = Tensor.toArray2D x

                let exact =
                    Tensor.ofArray
                        Placement.float64
                        [| for i in 0..39 -> -(Mixture.logDensity Targets.fourModes rows[i, *]) |]

                Check.close 1e-13 "energy" (target.Energy x) exact)

            Check.scoped "log Z of a mixture is the log of its weights' sum, in one dimension by quadrature" (fun () ->
                let target = Density.gaussianMixture [ 1.5, [ 0.5 ], 0.4; 2.0, [ -1.0 ], 0.9 ]
                let n = 4001
                let x = Tensor.linspace Placement.float64 -10.0 10.0 n

                let sum =
                    Tensor.toFloat ((-(target.Energy(x.unsqueeze 1L))).exp().sum()) * 20.0
                    / float (n - 1)

                Expect.floatClose Accuracy.high sum 3.5 "Z")

            Check.scoped "another variable, the same Z; draws brought back follow the density" (fun () ->
                let target = Density.gaussianMixture [ 1.0, [ 1.0 ], 0.7 ]
                let map (y: Tensor) = y.sinh (), y.cosh().log().sum 1L
                let transformed = Density.transformed map target
                let n = 8001
                let y = (Tensor.linspace Placement.float64 -4.0 4.0 n).unsqueeze 1L
                let density = (-(transformed.Energy y)).exp()
                let h = 8.0 / float (n - 1)
                Expect.floatClose Accuracy.high (Tensor.toFloat (density.sum ()) * h) 1.0 "Z"
                let mean = Tensor.toFloat ((density * (y.sinh ()).squeeze 1L).sum()) * h
                Expect.floatClose Accuracy.high mean 1.0 "mean of x")

            test "where a Cholesky factor does not exist there is no density, which changes nothing elsewhere" {
                // A correlation r with the density (1 − r²)/(4/3) on (−1, 1); there is no factor outside.
                let energy (r: Tensor) : Tensor =
                    let one = torch.ones_like r
                    let matrix = (Tensor.concatenate 1L [ one; r; r; one ]).reshape(-1L, 2L, 2L)
                    -2.0 .* (Tensor.cholesky matrix).diagonal(0L, 1L, 2L).log().sum 1L

                let target = Density.ofEnergy 1 energy

                Scope.free (fun () ->
                    let r =
                        Tensor.ofRows Placement.float64 [ for r in [ -3.0; -0.5; 0.0; 0.9; 1.5; 0.2; 7.0 ] -> [ r ] ]

                    let values, slopes = Diff.fgrad target.Energy r
                    let values, slopes = Tensor.toArray values, Tensor.toArray slopes

                    for i, r in Array.indexed (Tensor.toArray r) do
                        if abs r < 1.0 then
                            Expect.floatClose Accuracy.high values[i] -(log (1.0 - r * r)) $"V({r})"
                            Expect.floatClose Accuracy.high slopes[i] (2.0 * r / (1.0 - r * r)) $"V'({r})"
                        else
                            Expect.equal values[i] infinity $"V({r})"

                    Assert.raises<ArgumentException>(fun () -> Tensor.cholesky (r.unsqueeze 0L) |> ignore)
                    |> fun error -> Expect.stringContains error.Message "matrices" "named")

                use posterior =
                    Posterior.sample Run.quiet { Posterior.defaults with Count = 2000 } target

                let error = posterior.LogNormaliser.Value - log (4.0 / 3.0)
                Expect.isLessThan (abs error) (4.0 * posterior.LogNormaliser.StandardError + 1e-4) $"{posterior}"
            }

            test "bad input: the argument is named" {
                let refused name (body: unit -> unit) =
                    Expect.equal (Assert.raises<ArgumentException> body).ParamName name name

                refused "d" (fun () -> Density.ofEnergy 0 (fun x -> x.sum 1L) |> ignore)
                refused "components" (fun () -> Density.gaussianMixture [] |> ignore)
                refused "components" (fun () -> Density.gaussianMixture [ 1.0, [ 0.0 ], 0.0 ] |> ignore)
                refused "components" (fun () -> Density.gaussianMixture [ -1.0, [ 0.0 ], 1.0 ] |> ignore)

                refused "components" (fun () ->
                    Density.gaussianMixture [ 1.0, [ 0.0 ], 1.0; 1.0, [ 0.0; 1.0 ], 1.0 ] |> ignore)

                use _ = torch.NewDisposeScope()
                let x = Check.normal 1 [ 3; 2 ]

                let energy f =
                    (Density.ofEnergy 2 f).Energy x |> ignore

                refused "energy" (fun () -> energy (fun x -> x))
                refused "energy" (fun () -> energy (fun x -> -(x.sum 1L - x.sum 1L).reciprocal()))
                refused "energy" (fun () -> energy (fun x -> x.sum(1L).``to`` torch.ScalarType.Float32))
                refused "points" (fun () -> (Density.ofEnergy 3 (fun x -> x.sum 1L)).Energy x |> ignore)
            }

            Check.scoped "where an energy is not a number, or +∞, there is no density" (fun () ->
                let x = Tensor.ofRows Placement.float64 [ [ -1.0 ]; [ 0.0 ]; [ 1.0 ] ]
                // log of a negative number, of 0, of 1; the energy is its negative.
                let values = (Density.ofEnergy 1 (fun x -> -(x.squeeze 1L).log())).Energy x
                Expect.equal (Tensor.toArray values) [| infinity; infinity; 0.0 |] "NaN, +∞, a number")
        ]
