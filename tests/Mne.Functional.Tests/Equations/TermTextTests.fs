module Mne.Functional.Tests.TermTextTests

open Expecto
open Mne.Functional
open Mne.Functional.Tests.TermTests

[<Tests>]
let tests =
    testList
        "Term as mathematics"
        [
            test "show" {
                for term, text in
                    [
                        5e-3 * Term.laplacian + Term.value - Term.pown 3 Term.value, "0.005 Δu + u − u³"
                        -(Term.partial 0 3) - 6.0 * Term.value * Term.partial 0 1, "−∂₀³u − 6 u ∂₀u"
                        Term.laplacian - Term.gradientNormSquared + transport - 2.0, "Δu − |∇u|² + v·∇u − 2"
                        (Term.value + 1.0) * Term.value, "(u + 1) u"
                        Term.pown 2 (Term.value - 1.0), "(u − 1)²"
                        Term.pown 12 Term.value, "u¹²"
                        -0.5 * Term.mixed 0 1, "−0.5 ∂₀∂₁u"
                        Term.value - (Term.laplacian + 1.0), "u − (Δu + 1)"
                        Term.value - (-Term.laplacian), "u − (−Δu)"
                        Term.value * -Term.value, "u (−u)"
                        -6.0 * Term.value * Term.laplacian, "−6 u Δu"
                        Term.value + (-Term.laplacian + 1.0), "u + (−Δu + 1)"
                        Term.value + -2.0, "u − 2"
                        Term.centred Term.value, "u − ⟨u⟩"
                        Term.map "sin" id (Term.value + 1.0), "sin(u + 1)"
                        wave * Term.number -2.0, "w (−2)"
                        Term.value / 2.0, "0.5 u"
                        Term.value / (Term.value + 1.0), "u / (u + 1)"
                        -Term.laplacian / Term.value * Term.value, "−(Δu / u) u"
                        1.0 / Term.value - Term.laplacian / (2.0 * Term.value), "1 / u − Δu / (2 u)"
                        Term.weightedMean Term.value (Term.partial 0 1), "⟨u ∂₀u⟩ / ⟨u⟩"
                        2.0 * Term.interaction "K" (fun x y -> x.mm (y.t ())) (Term.value + 1.0), "2 K ∗ (u + 1)"
                        Term.pointwise "f" (fun _ _ u -> u) Term.value, "f(u)"
                        Term.ofComponent 1 Term.laplacian - Term.value, "Δu₁ − u"
                        -(Term.ofComponent 2 (Term.value * Term.gradientNormSquared)), "−u₂ |∇u₂|²"
                        Term.ofComponent 1 -Term.value, "−u₁"
                        Term.ofComponent 1 (Term.value + transport) * Term.value, "(u₁ + v·∇u₁) u"
                        Term.system [ Term.ofComponent 1 Term.value; 4.0 * Term.laplacian ], "(u₁, 4 Δu₀)"
                    ] do
                    Expect.equal (Term.show term) text "text"
            }

            test "the bare printer of F# shows mathematics" {
                Expect.equal $"%A{0.5 * Term.laplacian - Term.value}" "0.5 Δu − u" "text"
            }
        ]
