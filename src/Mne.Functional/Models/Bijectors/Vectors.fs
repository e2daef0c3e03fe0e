namespace Mne.Functional

open TorchSharp

/// Vectors whose elements depend on each other.
[<RequireQualifiedAccess>]
module internal VectorBijectors =

    open Bijecting

    /// x₁ = y₁, xₖ = xₖ₋₁ + e^{yₖ}: Stan's.
    let ordered (n: int) : Bijector =
        {
            Values = $"a vector of {n} numbers, each greater than the one before"
            Dimension = n
            Shape = [ n ]
            Forward =
                fun y ->
                    let steps = after 1 y
                    (Tensor.concatenate 1L [ column 0 y; steps.exp () ]).cumsum 1L, steps.sum 1L
            Inverse = fun x -> Tensor.concatenate 1L [ column 0 x; (after 1 x - before 1 x).log() ]
        }

    /// x₁ = e^{y₁}, xₖ = xₖ₋₁ + e^{yₖ}: Stan's.
    let positiveOrdered (n: int) : Bijector =
        {
            Values = $"a vector of {n} positive numbers, each greater than the one before"
            Dimension = n
            Shape = [ n ]
            Forward = fun y -> y.exp().cumsum 1L, y.sum 1L
            Inverse = fun x -> Tensor.concatenate 1L [ column 0 x; after 1 x - before 1 x ] |> _.log()
        }

    /// log (n − k), k = 1 … n − 1: with these, y = 0 is the vector whose elements are the same.
    let private even (n: int) (like: Tensor) : Tensor =
        Tensor.ofArray (Placement.ofTensor like) [| for k in 1 .. n - 1 -> log (float (n - k)) |]

    /// Each element is a part zₖ = σ(yₖ − log (n − k)) of what those before leave of 1: Stan's stick-breaking.
    let simplex (n: int) : Bijector =
        {
            Values = $"a simplex: {n} positive numbers that sum to 1"
            Dimension = n - 1
            Shape = [ n ]
            Forward =
                fun y ->
                    let logits = y - even n y
                    let taken, left = logSigmoid logits, (logSigmoid -logits).cumsum 1L
                    let none = y.new_zeros (y.shape[0], 1L)
                    let rest = Tensor.concatenate 1L [ none; left ]

                    (Tensor.concatenate 1L [ taken; none ] .+ rest).exp(), (logSlope logits .+ before 1 rest).sum 1L
            Inverse =
                fun x ->
                    let rest = (after 1 x).flip(1L).cumsum(1L).flip 1L

                    (before 1 x).log() - rest.log () .+ even n x
                    |> where (small (x.sum (1L, true) .- 1.0))
        }

    /// The direction of y, whose length is left to a χ distribution: with J for |y|, ∫ over ℝⁿ is ∫ over the sphere by its own measure.
    let private direction (n: int) (y: Tensor) : Tensor * Tensor =
        let constant =
            (0.5 * float n - 1.0) * log 2.0
            + MathNet.Numerics.SpecialFunctions.GammaLn(0.5 * float n)

        y / y.Square().sum(1L, true).sqrt(), -0.5 .* y.Square().sum 1L .- constant

    let unitVector (n: int) : Bijector =
        {
            Values = $"a vector of {n} numbers with length 1"
            Dimension = n
            Shape = [ n ]
            Forward = direction n
            Inverse = fun x -> x |> where (small (x.Square().sum(1L, true) .- 1.0))
        }

    let angle: Bijector =
        {
            Values = "an angle from −π to π"
            Dimension = 2
            Shape = []
            Forward = fun y -> torch.atan2 (y.select (1L, 1L), y.select (1L, 0L)), snd (direction 2 y)
            Inverse =
                fun x ->
                    let within = (x.abs ()).LessThan(System.Math.PI + tolerance)
                    Tensor.stack 1L [ x.cos (); x.sin () ] |> where within
        }
