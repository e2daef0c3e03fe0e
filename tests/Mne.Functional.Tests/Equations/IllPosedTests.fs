/// Equations that are ill-posed by their constant coefficients.
module Mne.Functional.Tests.IllPosedTests

open System
open Expecto
open Mne.Functional

let private begin' d term span =
    let circle = Domain.periodic (List.replicate d (0.0, 2.0 * Math.PI))

    let network =
        Network.create circle [ Layer.harmonics 1; Layer.dense 6 Sine; Layer.outputs (Term.components term) ]

    use solution =
        Evolution.trySolve
            Run.quiet
            { Evolution.defaults with
                MaximumSteps = 1
            }
            term
            network
            (Collocation.grid circle 6)
            (Network.initial network 1)
            span

    solution.Outcome

let private forwards = 0.0, 1e-3
let private backwards = 1e-3, 0.0
let private u = Term.value

let private refused: (string * int * Term * (float * float) * string list) list =
    [
        "diffusion of the wrong sign",
        1,
        -0.1 * Term.laplacian,
        forwards,
        [ "−0.1 Δu"; "∂₀²u is -0.1"; "0.1 k²"; "ill-posed" ]
        "diffusion backwards in time", 2, Term.laplacian / 4.0 + u, backwards, [ "∂₀²u is 0.25" ]
        "along one axis", 2, Term.laplacian - 2.0 * Term.partial 1 2, forwards, [ "∂₁²u is -1"; "coordinate 1" ]
        "beside advection and a reaction",
        1,
        u * Term.partial 0 1 - Term.laplacian - Term.pown 3 u,
        forwards,
        [ "∂₀²u is -1" ]
        "a fourth derivative", 1, Term.laplacian + 0.5 * Term.partial 0 4, forwards, [ "∂₀⁴u is 0.5"; "0.5 k⁴" ]
        "the second component",
        1,
        Term.system [ Term.laplacian; Term.ofComponent 1 (-Term.laplacian) ],
        forwards,
        [ "∂₀²u is -1" ]
    ]

let private accepted: (string * int * Term * (float * float)) list =
    [
        "diffusion", 2, 0.1 * Term.laplacian, forwards
        "diffusion of the other sign backwards", 1, -0.1 * Term.laplacian, backwards
        "Kuramoto–Sivashinsky", 1, Equation.kuramotoSivashinsky.Term, forwards
        "Korteweg–de Vries, both ways", 1, Equation.kortewegDeVries.Term, backwards
        "waves backwards", 1, (Equation.wave 1.0 1).Term, backwards
        "Schrödinger", 1, (Equation.schroedinger (fun _ x -> 0.0 * x.select (1L, 0L)) 1.0 1).Term, forwards
        "no diffusion in the end", 1, 0.3 * Term.laplacian - 0.2 * Term.partial 0 2 - 0.1 * Term.laplacian, forwards
        "diffusion that the sum leaves", 1, 2.0 * Term.laplacian - Term.partial 0 2, forwards
        "diffusion that depends on u", 1, (1.0 + Term.pown 2 u) * Term.laplacian - Term.laplacian, forwards
        "a mixed derivative", 2, Term.laplacian - 0.5 * Term.mixed 0 1, forwards
    ]

[<Tests>]
let tests =
    testList
        "IllPosed"
        [
            for name, d, term, span, parts in refused do
                Check.scoped $"refuses {name}" (fun () ->
                    Check.refuses ("term: " :: parts) (fun () -> begin' d term span |> ignore))

            for name, d, term, span in accepted do
                Check.scoped $"accepts {name}" (fun () -> begin' d term span |> ignore)
        ]
