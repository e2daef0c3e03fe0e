namespace Mne.Functional

open System

/// <summary>
/// The nonlinearity between the layers of a network. All are smooth: four exact derivatives are known of each.
/// </summary>
[<Notebooks.TypeFormatterSource>]
type Activation =
    /// <summary>a: no nonlinearity.</summary>
    | Identity
    /// <summary>tanh a: bounded; for functions that level off.</summary>
    | Tanh
    /// <summary>sin a: for periodic and oscillating solutions.</summary>
    | Sine
    /// <summary>a / (1 + e^{−a}): for energies, whose tails grow polynomially.</summary>
    | Swish
    /// <summary>log(1 + e^a): a smooth hinge.</summary>
    | Softplus
    /// <summary>a Φ(a) with the normal distribution function Φ.</summary>
    | Gelu
    /// <summary>
    /// a²: a layer of it in front of the output gives quadratic forms, the energies of normal distributions, exactly.
    /// </summary>
    | Square

/// <summary>Activations and their derivatives.</summary>
[<RequireQualifiedAccess>]
module Activation =

    /// <summary>The highest derivative that is available.</summary>
    let highestOrder = 4

    /// <summary>
    /// σ(a), σ'(a), …, σ⁽ᵒʳᵈᵉʳ⁾(a): a list of <c>order</c> + 1 tensors of the shape of a, exact to round-off.
    /// </summary>
    /// <param name="order">From 0 to 4.</param>
    /// <param name="activation">The nonlinearity σ.</param>
    /// <param name="a">What the units receive, of any shape.</param>
    /// <exception cref="T:System.ArgumentException">Order is not between 0 and 4, or a is not made of floating-point numbers.</exception>
    let derivatives (order: int) (activation: Activation) (a: Tensor) : Tensor list =
        if order < 0 || order > highestOrder then
            Guard.fail "order" $"found {order}, wanted 0 to {highestOrder}"

        Guard.numbers "a" a

        /// s, s', …, of the logistic function s = 1 / (1 + e^{−a}), as far as `order` asks, lazily.
        let logistic () =
            let s = a.sigmoid ()
            let s1 = lazy (s * (1.0 .- s))
            let slope = lazy (1.0 .- 2.0 .* s)
            let s2 = lazy (s1.Value * slope.Value)
            let s3 = lazy (s2.Value * slope.Value - 2.0 .* s1.Value.Square())
            let s4 = lazy (s3.Value * slope.Value - 6.0 .* (s1.Value * s2.Value))
            s, s1, s2, s3, s4

        // Each entry is computed only when it is asked for.
        let all: Lazy<Tensor> list =
            match activation with
            | Identity ->
                let zero = lazy a.zeros_like ()
                [ lazy a; lazy a.ones_like (); zero; zero; zero ]
            | Tanh ->
                let t = a.tanh ()
                let t1 = lazy (1.0 .- t.Square())
                let t2 = lazy (-2.0 .* (t * t1.Value))
                let t3 = lazy (-2.0 .* (t1.Value.Square() .+ t * t2.Value))
                let t4 = lazy (-2.0 .* (3.0 .* (t1.Value * t2.Value) .+ t * t3.Value))
                [ lazy t; t1; t2; t3; t4 ]
            | Sine ->
                let s = lazy a.sin ()
                let c = lazy a.cos ()
                [ s; c; lazy -s.Value; lazy -c.Value; s ]
            | Swish ->
                let s, s1, s2, s3, s4 = logistic ()
                let value = a * s

                // σ' = s + a s' and σ'' = s' (2 + a − 2σ), in few passes.
                [
                    lazy value
                    lazy (a * s1.Value).AddInPlace s
                    lazy (s1.Value * (a .+ 2.0).AddInPlace(value, -2.0))
                    lazy (3.0 .* s2.Value .+ a * s3.Value)
                    lazy (4.0 .* s3.Value .+ a * s4.Value)
                ]
            | Softplus ->
                let s, s1, s2, s3, _ = logistic ()
                // log(1 + e^a) without overflow, and without the threshold of libtorch's own softplus.
                [ lazy (a.ClampMin 0.0 .+ (-a.abs()).exp().log1p()); lazy s; s1; s2; s3 ]
            | Gelu ->
                let Φ = lazy (0.5 .* (1.0 .+ (a .* Math.Sqrt 0.5).erf()))
                let φ = lazy ((-0.5 .* a.Square()).exp() .* (1.0 / Math.Sqrt(2.0 * Math.PI)))
                let q = lazy a.Square()

                [
                    lazy (a * Φ.Value)
                    lazy (Φ.Value .+ a * φ.Value)
                    lazy ((2.0 .- q.Value) * φ.Value)
                    lazy (a * (q.Value .- 4.0) * φ.Value)
                    lazy (((7.0 .- q.Value) * q.Value .- 4.0) * φ.Value)
                ]
            | Square ->
                let zero = lazy a.zeros_like ()
                [ lazy a.Square(); lazy (2.0 .* a); lazy (2.0 .* a.ones_like ()); zero; zero ]

        all |> List.take (order + 1) |> List.map (fun entry -> entry.Value)

    /// <summary>σ(a).</summary>
    /// <param name="activation">The nonlinearity σ.</param>
    /// <param name="a">What the units receive, of any shape.</param>
    let apply activation (a: Tensor) : Tensor = (derivatives 0 activation a).Head
