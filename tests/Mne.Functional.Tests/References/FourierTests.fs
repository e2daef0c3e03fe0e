module Mne.Functional.Tests.FourierReferenceTests

open System
open System.Numerics
open Expecto
open Expecto.Flip
open FsCheck
open Mne.Functional.References
open Mne.Functional.Tests.Expected

[<Tests>]
let tests =
    testList
        "References.Fourier"
        [
            for n in [ 2; 4; 8; 32; 64; 1024 ] do
                testCase $"{n} coefficients agree with MathNet's transform"
                <| fun _ ->
                    let values = noise n n
                    let oracle = values |> Array.map (fun v -> Complex(v, 0.0))

                    MathNet.Numerics.IntegralTransforms.Fourier.Forward(
                        oracle,
                        MathNet.Numerics.IntegralTransforms.FourierOptions.NoScaling
                    )

                    let found = Array.zeroCreate (n / 2 + 1)
                    (Fourier.line n).Forward values found

                    for k in 0 .. n / 2 do
                        near 1e-14 $"Re c[{k}]" (oracle[k].Real / float n) found[k].Real
                        near 1e-14 $"Im c[{k}]" (oracle[k].Imaginary / float n) found[k].Imaginary

            testCase "the plane's coefficients agree with the double sum"
            <| fun _ ->
                let nx, ny = 8, 16
                let values = noise 1 (nx * ny)
                let found = Array.zeroCreate (nx * (ny / 2 + 1))
                (Fourier.plane nx ny).Forward values found

                for l in 0 .. ny / 2 do
                    for k in 0 .. nx - 1 do
                        let mutable sum = Complex.Zero

                        for i in 0 .. nx - 1 do
                            for j in 0 .. ny - 1 do
                                let angle = -tau * (float (k * i) / float nx + float (l * j) / float ny)
                                sum <- sum + Complex.FromPolarCoordinates(1.0, angle) * values[i * ny + j]

                        let error = found[l * nx + k] - sum / float (nx * ny)
                        atMost 1e-15 $"|c[{k}, {l}] − sum|" error.Magnitude

            Check.property "the inverse restores what was transformed"
            <| fun (seed: int) (PositiveInt p) (PositiveInt q) ->
                let nx, ny = 1 <<< (1 + p % 6), 1 <<< (1 + q % 6)
                let values = noise seed (nx * ny)
                let back = Array.zeroCreate (nx * ny)
                let spectrum = Array.zeroCreate (nx * (ny / 2 + 1))
                let plane = Fourier.plane nx ny
                plane.Forward values spectrum
                plane.Inverse spectrum back
                nearAll 1e-14 "values" values back

            testCase "a length that is no power of two is refused by name"
            <| fun _ ->
                let error =
                    try
                        Fourier.plan 12 |> ignore
                        ""
                    with :? ArgumentException as e ->
                        e.Message

                Expect.stringContains "message" "n: found 12, wanted a power of two" error
        ]
