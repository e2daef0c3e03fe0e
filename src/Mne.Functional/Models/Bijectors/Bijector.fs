namespace Mne.Functional

open TorchSharp

/// <summary>
/// Ways between ℝⁿ and constrained quantities, with log-Jacobians. Scales without constraint are those of the Stan reference manual, chapter
/// "Constraint Transforms", so that numbers can be compared; simplices are its stick-breaking, the form of Stan until version 2.36.
/// </summary>
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Bijector =

    open Bijecting

    /// A matrix of more rows has half a million numbers.
    let private mostRows = 1000

    let private shapeOf (shape: int list) : string =
        shape |> List.map string |> String.concat " × "

    /// Raises unless the tensor is M × what is wanted.
    let private check (name: string) (shape: int list) (tensor: Tensor) : unit =
        Guard.numbers name tensor
        let wanted = shape |> List.map int64

        if
            tensor.dim () = 0L
            || List.ofArray tensor.shape[1..] <> wanted
            || tensor.shape[0] = 0L
        then
            let wanted = String.concat " × " ("M" :: List.map string shape)

            Guard.fail
                name
                $"found the shape {Guard.shapeName tensor.shape}, wanted {wanted}, one or more rows; reshape it"

    /// <summary>Every number: y itself.</summary>
    let real: Bijector =
        number "a number" (fun y -> y.alias (), torch.zeros_like y) _.alias()

    /// <summary>A number greater than 0: e^y.</summary>
    let positive: Bijector =
        number "a positive number" (fun y -> y.exp (), y.alias ()) _.log()

    /// <summary>A number greater than a bound: bound + e^y.</summary>
    /// <param name="bound">What it is greater than.</param>
    /// <exception cref="T:System.ArgumentException">The bound is not finite.</exception>
    let lower (bound: float) : Bijector =
        Guard.real "bound" bound

        number $"a number greater than {bound}" (fun y -> y.exp () .+ bound, y.alias ()) (fun x -> (x .- bound).log())

    /// <summary>A number less than a bound: bound − e^y.</summary>
    /// <param name="bound">What it is less than.</param>
    /// <exception cref="T:System.ArgumentException">The bound is not finite.</exception>
    let upper (bound: float) : Bijector =
        Guard.real "bound" bound

        number $"a number less than {bound}" (fun y -> bound .- y.exp (), y.alias ()) (fun x -> (bound .- x).log())

    /// <summary>A number between two bounds, lowest + (highest − lowest) σ(y), with σ the logistic function.</summary>
    /// <param name="lowest">What it is greater than.</param>
    /// <param name="highest">What it is less than.</param>
    /// <exception cref="T:System.ArgumentException">A bound is not finite, or the second is not the greater one.</exception>
    let interval (lowest: float) (highest: float) : Bijector =
        Guard.real "lowest" lowest
        Guard.real "highest" highest
        let width = highest - lowest

        if not (width > 0.0 && System.Double.IsFinite width) then
            Guard.fail "highest" $"found {highest}, wanted a number greater than {lowest}, by a finite difference"

        number
            $"a number between {lowest} and {highest}"
            (fun y ->
                // From the nearer bound, of which the sum then keeps every digit.
                let x =
                    torch.where (y.LessThan 0.0, width .* y.sigmoid () .+ lowest, highest .- width .* (-y).sigmoid())

                x, logSlope y .+ log width)
            (fun x -> (x .- lowest).log() - (highest .- x).log())

    /// <summary>A number between 0 and 1: σ(y), with σ the logistic function.</summary>
    let unit: Bijector =
        number "a number between 0 and 1" (fun y -> y.sigmoid (), logSlope y) (fun x -> x.log () - (-x).log1p())

    /// <summary>Every number, in a unit and from an origin of its own: offset + multiplier y.</summary>
    /// <param name="offset">Where y = 0 is.</param>
    /// <param name="multiplier">Greater than 0: how long y = 1 is.</param>
    /// <exception cref="T:System.ArgumentException">A number is not finite, or the multiplier not greater than 0.</exception>
    let affine (offset: float) (multiplier: float) : Bijector =
        Guard.real "offset" offset
        Guard.positive "multiplier" multiplier

        number "a number" (fun y -> multiplier .* y .+ offset, torch.zeros_like y .+ log multiplier) (fun x ->
            (x .- offset) ./ multiplier)

    /// <summary>
    /// A point on the circle as an angle from −π to π: that of a point in the plane (y₁, y₂) = r (cos, sin). There is no edge at ±π for a sampler to
    /// stop at. One number more than there is to know: r has the density r e^{−r²/2} beside that of the angle, so that log Z is that
    /// of the angle alone. <c>inverse</c> gives the point with r = 1.
    /// </summary>
    let angle: Bijector = VectorBijectors.angle

    /// <summary>
    /// A direction: a vector of length 1, y / |y|. As for <c>angle</c>, |y| has a density of its own (that of χ with n degrees), and densities are with
    /// respect to area on the sphere. <c>inverse</c> gives the vector itself.
    /// </summary>
    /// <param name="n">How many numbers, 2 or more.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 2.</exception>
    let unitVector (n: int) : Bijector =
        Guard.atLeast "n" 2 n
        VectorBijectors.unitVector n

    /// <summary>Numbers in ascending order: x₁ = y₁, xₖ = xₖ₋₁ + e^{yₖ}.</summary>
    /// <param name="n">How many numbers.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 1.</exception>
    let ordered (n: int) : Bijector =
        Guard.atLeast "n" 1 n
        VectorBijectors.ordered n

    /// <summary>Positive numbers in ascending order: x₁ = e^{y₁}, xₖ = xₖ₋₁ + e^{yₖ}.</summary>
    /// <param name="n">How many numbers.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 1.</exception>
    let positiveOrdered (n: int) : Bijector =
        Guard.atLeast "n" 1 n
        VectorBijectors.positiveOrdered n

    /// <summary>
    /// Positive numbers that sum to 1, from n − 1 numbers: xₖ is the part σ(yₖ − log (n − k)) of what x₁ … xₖ₋₁ leave of 1 (stick-breaking). y = 0
    /// makes all of them 1/n.
    /// </summary>
    /// <param name="n">How many numbers sum to 1, 2 or more.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 2.</exception>
    let simplex (n: int) : Bijector =
        Guard.atLeast "n" 2 n
        VectorBijectors.simplex n

    /// <summary>
    /// The Cholesky factor L (n × n) of a correlation matrix L Lᵀ, from n (n − 1) / 2 numbers, row by row: tanh y are its canonical partial correlations
    /// (D. Lewandowski, D. Kurowicka and H. Joe 2009, Journal of Multivariate Analysis 100:1989–2001).
    /// </summary>
    /// <param name="n">How many rows, 2 or more.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 2, or more than 1,000.</exception>
    let correlationCholesky (n: int) : Bijector =
        Guard.within "n" 2 mostRows n
        MatrixBijectors.correlationCholesky n

    /// <summary>
    /// A correlation matrix (n × n), from the tanh of n (n − 1) / 2 numbers, its canonical partial correlations, column by column. Densities are with respect
    /// to the elements below the diagonal.
    /// </summary>
    /// <param name="n">How many rows, 2 or more.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 2, or more than 1,000.</exception>
    let correlation (n: int) : Bijector =
        Guard.within "n" 2 mostRows n
        MatrixBijectors.correlation n

    /// <summary>The Cholesky factor L (n × n) of a covariance matrix L Lᵀ, from n (n + 1) / 2 numbers row by row, of which those on the diagonal are logarithms.</summary>
    /// <param name="n">How many rows.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 1, or more than 1,000.</exception>
    let covarianceCholesky (n: int) : Bijector =
        Guard.within "n" 1 mostRows n
        MatrixBijectors.covarianceCholesky n

    /// <summary>
    /// A covariance matrix L Lᵀ (n × n), from the numbers of <c>covarianceCholesky</c>. Densities are with respect to the elements below and on the
    /// diagonal. Its elements are products: logarithms on the diagonal of L beyond ±350 are out of reach.
    /// </summary>
    /// <param name="n">How many rows.</param>
    /// <exception cref="T:System.ArgumentException">n is less than 1, or more than 1,000.</exception>
    let covariance (n: int) : Bijector =
        Guard.within "n" 1 mostRows n
        MatrixBijectors.covariance n

    /// <summary>Vectors, matrices or longer arrays of one kind: the shape of the array stands before that of its elements.</summary>
    /// <param name="shape">The lengths of the array.</param>
    /// <param name="each">What it is made of.</param>
    /// <exception cref="T:System.ArgumentException">There is no length, or one below 1.</exception>
    /// <example><code>
    /// let rates = Bijector.repeated [ 3; 2 ] Bijector.positive       // 3 × 2 positive numbers
    /// let rows = Bijector.repeated [ 3 ] (Bijector.simplex 3)        // 3 × 3, each row a simplex
    /// </code></example>
    let repeated (shape: int list) (each: Bijector) : Bijector =
        if shape.IsEmpty then
            Guard.fail "shape" "found no lengths, wanted one or more"

        shape |> List.iter (Guard.atLeast "shape" 1)
        Tensor.checkShape (each.Dimension :: shape)
        let count = List.fold (*) 1 shape
        let lengths (sizes: int list) = [| yield! List.map int64 sizes |]

        {
            Values = $"{shapeOf shape} times {each.Values}"
            Dimension = count * each.Dimension
            Shape = shape @ each.Shape
            Forward =
                fun y ->
                    let x, logJacobian = each.Forward(y.reshape (-1L, int64 each.Dimension))

                    x.reshape [| y.shape[0]; yield! lengths (shape @ each.Shape) |],
                    (logJacobian.reshape (y.shape[0], -1L)).sum 1L
            Inverse = fun x -> (each.Inverse(x.reshape [| -1L; yield! lengths each.Shape |])).reshape(x.shape[0], -1L)
        }

    /// <summary>One after the other: the values of the second at the values of the first, which are its numbers without constraint.</summary>
    /// <param name="second">What is done then.</param>
    /// <param name="first">What is done first, from ℝⁿ.</param>
    /// <exception cref="T:System.ArgumentException">The first does not make as many numbers as the second takes.</exception>
    /// <example><code>
    /// // Positive numbers in order whose logarithms are ordered
    /// let scales = Bijector.ordered 3 |&gt; Bijector.andThen (Bijector.repeated [ 3 ] Bijector.positive)
    /// </code></example>
    let andThen (second: Bijector) (first: Bijector) : Bijector =
        let between = List.fold (*) 1 first.Shape

        if between <> second.Dimension then
            Guard.fail
                "second"
                $"it takes {second.Dimension} numbers, and the first makes {between}; choose sizes that are the same"

        {
            Values = second.Values
            Dimension = first.Dimension
            Shape = second.Shape
            Forward =
                fun y ->
                    let between, logFirst = first.Forward y
                    let x, logSecond = second.Forward(between.reshape (y.shape[0], -1L))
                    x, logFirst .+ logSecond
            Inverse =
                fun x ->
                    let between = second.Inverse x

                    first.Inverse(between.reshape [| x.shape[0]; yield! List.map int64 first.Shape |])
        }

    /// <summary>The values at y, and log |det J|: what <c>Density.transformed</c> takes where values are vectors as long as y.</summary>
    /// <param name="bijector">From ℝⁿ.</param>
    /// <param name="y">Points without constraint (M × n).</param>
    /// <returns>Values (M × shape), and log |det J| (M).</returns>
    /// <exception cref="T:System.ArgumentException">The points have another shape.</exception>
    /// <example><code>
    /// // A gamma distribution for each of two numbers, as a density on the plane
    /// let gamma = Density.ofEnergy 2 (fun x -&gt; (x - 2.0 .* x.log ()).sum 1L)
    /// let density = gamma |&gt; Density.transformed (Bijector.forward (Bijector.repeated [ 2 ] Bijector.positive))
    /// </code></example>
    let forward (bijector: Bijector) (y: Tensor) : Tensor * Tensor =
        check "y" [ bijector.Dimension ] y
        Scope.keepAll (fun (x, logJacobian) -> [ x; logJacobian ]) (fun () -> bijector.Forward y)

    /// <summary>The points without constraint of values; ±∞ for values on the edge of what is allowed.</summary>
    /// <param name="bijector">From ℝⁿ.</param>
    /// <param name="values">Values that keep the constraint (M × shape); sums that it fixes may be off by 1e-8.</param>
    /// <returns>y (M × n).</returns>
    /// <exception cref="T:System.ArgumentException">They have another shape, or do not keep the constraint.</exception>
    /// <example><code>
    /// let y = Bijector.inverse (Bijector.simplex 3) (Tensor.ofRows Placement.float64 [ [ 0.5; 0.25; 0.25 ] ])
    /// </code></example>
    let inverse (bijector: Bijector) (values: Tensor) : Tensor =
        check "values" bijector.Shape values

        Scope.keep (fun () ->
            let y = bijector.Inverse values

            let wrong =
                Scope.free (fun () -> Tensor.toArray ((y.detach().reshape(y.shape[0], -1L).isnan()).any(1L)))

            match Array.tryFindIndex (fun bad -> bad <> 0.0) wrong with
            | Some row ->
                let found =
                    Scope.free (fun () -> Tensor.toArray (values.select (0L, int64 row)))
                    |> Array.truncate 9
                    |> Array.map (fun v -> v.ToString("G9", System.Globalization.CultureInfo.InvariantCulture))
                    |> String.concat ", "

                Guard.fail "values" $"found {found} in row {row}, wanted {bijector.Values}"
            | None -> y)
