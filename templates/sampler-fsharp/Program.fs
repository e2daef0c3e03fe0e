// Weighted samples from the formula of a density, log Z, and whether to trust them. Change the formula and the names, and run it again: dotnet run
open Mne.Functional
open Mne.Functional.Reporting

printfn "Samples from a formula. Loading libtorch …"

/// The energy V of the density e^{−V}, up to a constant: a number for each row of x (N × 2). Change this; write numbers beside tensors
/// with a dot: 4.0 .* x. The first argument is how many coordinates a point has.
let target = Density.ofEnergy 2 (fun x -> 4.0 .* (x.norm 1 .- 2.0).square())

/// Names of the coordinates.
let names = [ "x"; "y" ]

let posterior = Posterior.sample (Terminal.run ()) Posterior.defaults target
printfn $"{posterior}"

let summary = posterior.Draws |> NamedDraws.ofDraws names |> Summary.create 0.9
printfn $"{summary}"

// As many coordinates as there are names, two to eight.
posterior.Draws
|> NamedDraws.ofDraws names
|> DrawsChart.corner
|> Chart.titled "Draws"
|> Chart.save "draws.html"
|> printfn "picture: %s"
