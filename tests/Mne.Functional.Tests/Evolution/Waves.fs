/// Equations on a circle whose solutions are known, for trigonometric polynomials.
module internal Mne.Functional.Tests.Waves

open System
open Mne.Functional

let double = Placement.float64

let vector (values: float list) =
    Tensor.ofArray double (List.toArray values)

let circle = Domain.periodic [ 0.0, 2.0 * Math.PI ]

/// Trigonometric polynomials of degree 3: linear in θ, so that the equation is solved exactly but for time steps and λ.
let polynomial = Network.create circle [ Layer.harmonics 3 ]

/// Parameters of Σ_m a_m sin(m x) + b_m cos(m x) + c, in the order of the features: sin 1, cos 1, sin 2, …
let coefficients values =
    vector (values @ List.replicate (7 - List.length values) 0.0)

let grid = Collocation.grid circle 24

let fresh =
    lazy ((Tensor.linspace double 0.05 6.2 50).unsqueeze 1L).DetachFromDisposeScope()

let precise =
    { Evolution.defaults with
        Regularisation = 1e-14
        Tolerance = 1e-8
    }
