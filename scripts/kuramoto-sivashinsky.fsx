// The Kuramoto–Sivashinsky equation, u_t = −u u_x − u_xx − u_xxxx on a circle of 22, up to t = 30, from a tolerance alone: stiff by its fourth derivative, and
// chaotic, so that errors grow. What is told: equation, domain, initial value, tolerance.
//     dotnet fsi --optimize+ scripts/kuramoto-sivashinsky.fsx [T]
#load "gallery.fsx"

open System
open Mne.Functional
open Mne.Functional.Reporting
open Mne.Functional.References
open Gallery

let until = float (numbersGiven [ 30 ]).Head
let run = Terminal.run ()
let circle = Domain.periodic [ (0.0, 22.0) ]

let equation =
    -(Term.value * Term.partial 0 1) - Term.partial 0 2 - Term.partial 0 4

let initial (x: Tensor) : Tensor =
    let z = 2.0 * Math.PI / 22.0 * x.squeeze 1L
    z.cos () * (1.0 + z.sin ())

let before = processorSeconds ()

let automatic, seconds =
    timed (fun () -> AutomaticEvolution.solve run 1e-3 equation circle initial (0.0, until))

let processor = processorSeconds () - before
printfn $"{automatic}"

// The reference: Fourier in space, exponential time differencing in time, refined until it changes by less than 1e-9.
let reference = (Problems.reference1D (Problems.kuramotoSivashinsky until)).Solution

{
    Solution = automatic.Solution
    FitSeconds = 0.0
    Seconds = seconds
    ProcessorSeconds = processor
}
|> finishOnLine
    "kuramoto-sivashinsky"
    "Kuramoto–Sivashinsky equation"
    (0.0, 22.0)
    reference.Times
    (Spectral1D.onGrid 256 reference)
